"""What is typed on the first line of a cell and after `%runway`: options, values, the name of the job, commands."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ...errors import InvalidRequest
from ...template import REFERENCE, fill
from ...text.line_words import DASHES, OpenQuote, shortened, split
from .option_values import axis_values, converted
from .options import BY_FLAG, OPTIONS, Option
from .sweep_values import part_of_value

_NAME = re.compile(r"[^\W\d]\w*")
_LONGEST_FLAG, _NAMES_SHOWN = 40, 8
_AXES = frozenset(option.flag for option in OPTIONS if option.kind == "axis")


class CellOptions(NamedTuple):
    """What stood on the first line of a cell."""

    name: str
    """The variable that receives the job, or nothing."""
    values: dict[str, Any]
    """Field to value, only what was given."""
    problems: tuple[str, ...]


def parse(line: str, variables: Mapping[str, object]) -> CellOptions:
    """Read the first line of a cell. Mistakes are collected, to be reported with all others."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    try:
        typed = split(REFERENCE.sub(r"{{\1}}", line), part_of_value)
    except OpenQuote as wrong:
        return CellOptions("", {}, (wrong.problem("%%runway"),))
    names = _read_words(deque(_filled(typed, variables, problems)), values, problems, OPTIONS)
    if "sweep" in values:
        axes = [axis for axis in values["sweep"] if axis is not None]
        values["sweep"] = [axis._replace(values=axis_values(axis, variables, problems)) for axis in axes]
    problems += _name_problems(names)
    return CellOptions(names[0] if len(names) == 1 else "", values, tuple(problems))


def _filled(words: Iterable[str], variables: Mapping[str, object], problems: list[str]) -> Iterator[str]:
    """Yield the words of a line with their variables; the values of an axis are filled after it is parted."""
    before = ""
    for word in words:
        is_axis = before in _AXES or word.partition("=")[0] in _AXES
        yield word if is_axis else fill(word, variables, problems)
        before = word


def parse_arguments(words: Iterable[str], table: Sequence[Option]) -> tuple[list[str], dict[str, Any]]:
    """Return the plain words and the values of options of a `%runway` command. Raises `InvalidRequest`."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    plain = _read_words(deque(words), values, problems, table)
    problems += [
        f"{option.flag} is {shortened(str(value))}: give {', '.join(option.fixed)}"
        for option in table
        # what depends on the model is checked with the request
        if option.fixed and (value := values.get(option.field)) not in (None, *option.fixed)
    ]
    if problems:
        raise InvalidRequest(problems)
    return plain, values


def wants_await(line: str) -> bool:
    """Return True when the options ask for `--wait`, which a kernel carries out as a top-level await."""
    try:
        words = split(line)
    except OpenQuote:
        return False
    return "--wait" in words and "--keep-loop" not in words


def _read_words(words: deque[str], values: dict[str, Any], problems: list[str], table: Sequence[Option]) -> list[str]:
    """Read all options of a table, and return the words that are none."""
    plain: list[str] = []
    while words:
        word = words.popleft()
        if word.startswith("--"):
            _read_option(word, words, values, problems, table)
        elif flag := known_flag(word, table):
            problems.append(f"{shortened(word)} is no option: type {flag}")
            _drop_value(word, words)
        else:
            plain.append(word)
    return plain


def known_flag(word: str, table: Sequence[Option] = OPTIONS) -> str:
    """Return the option that a word begins or means: other dashes, capitals, "=" without dashes. Else nothing."""
    name, equals, _ = word.partition("=")
    stem = name.lstrip(DASHES)
    flag = "--" + unicodedata.normalize("NFKC", stem).casefold().replace("_", "-")
    is_meant = bool(equals) or stem != name
    return flag if is_meant and any(flag in option.flags for option in table) else ""


def reads_as_value(option: Option, text: str) -> bool:
    """Return True when an option may have this value, as far as its kind tells; a variable is not looked up."""
    problems: list[str] = []
    if "{{" not in text:
        converted(option, text, problems)
    is_chosen = option.kind != "choice" or "{{" in text or text in option.choices
    return is_chosen and not problems and not text.startswith("--")


def _drop_value(word: str, rest: deque[str]) -> None:
    """Take out the value of an option that is none: it is no name of the job."""
    if rest and "=" not in word and not rest[0].startswith(tuple(DASHES)):
        rest.popleft()


def _read_option(
    word: str, rest: deque[str], values: dict[str, Any], problems: list[str], table: Sequence[Option]
) -> None:
    """Read one option of a table and, from `rest`, its value."""
    flag, equals, text = word.partition("=")
    option = next((option for option in table if flag in option.flags), None)
    if option is None:
        problems.append(_unknown(word, table))
        _drop_value(word, rest)
        return
    if option.field in values and not option.is_repeatable:
        problems.append(f"{option.usage if option.kind == 'toggle' else flag} is given twice")
    if not option.takes_value:
        values[option.field] = flag == option.flag
        if equals:
            problems.append(f"{flag} takes no value")
        return
    if not equals and (not rest or rest[0].startswith("--")):
        problems.append(f"{flag} needs a value: {option.usage}")
        return
    value = converted(option, text if equals else rest.popleft(), problems)
    values[option.field] = [*values.get(option.field, []), value] if option.is_repeatable else value


def _unknown(word: str, table: Sequence[Option]) -> str:
    flag = word.partition("=")[0]
    flags = [known for option in table for known in option.flags]
    meant = known_flag(word, table) or next(iter(difflib.get_close_matches(flag, flags, 1)), "")
    shown = flag if flag.isprintable() and len(flag) <= _LONGEST_FLAG else shortened(flag)
    return f"{shown} is no option: " + (f"do you mean {meant}?" if meant else "see %runway help")


def _name_problems(names: list[str]) -> list[str]:
    if len(names) > 1:
        found = " ".join(map(shortened, names[:_NAMES_SHOWN]))
        more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        flag = next((f"--{name}" for name in names if f"--{name}" in BY_FLAG), "")
        hint = f"type {flag} for the option" if flag else "quote values that hold spaces"
        return [f"one name for the job at most, found {found}{more}: {hint}"]
    if names and not _NAME.fullmatch(names[0]):
        return [f"{shortened(names[0])} cannot be the name of a variable"]
    return []
