"""Options and magics where they are not read: a cell is refused over them, since it would be paid without them.

They are looked for where they are hardly prose: options with which a prompt begins, a line ends, or that have a line
to themselves; a cell magic with which a prompt begins; `%runway` or `%load_ext` with which a line begins. Whoever means
the words writes their first character by its number, as `literal_prompt` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from ...pictures.asset_names import quoted
from ...template import by_number
from ...text.line_words import NO_WIDTH, OpenQuote, seen, split
from .options import BY_FLAG
from .parsing import known_flag, parse, reads_as_value

_WORD = re.compile(r"\S+")
_LONGEST = 60
"""Characters of a word that a message shows whole."""
_OUR_MAGIC = re.compile(r"\s*(%%runway|%runway|%load_ext)(?!\w)")
_CELL_MAGIC = re.compile(r"\s*(%%[^\W\d]\w*)")


class _Read(NamedTuple):
    """What stands at the beginning of a line."""

    options: list[str]
    """Options as they would be right, each with its value."""
    rest: list[str]
    """The words after them."""
    typed: str = ""
    """The word that begins the first of them, as it stands there."""
    is_open: bool = False
    """True when the only word of the rest is an option that still waits for its value."""


_NOTHING = _Read([], [])


def stray_problem(line: str, body: str) -> str:
    """Return the mistake of a cell whose options or magics stand where they are not read, on one line; else nothing.

    Args:
        line: What follows `%%runway` on the first line.
        body: The rest of the cell.
    """
    rows = [row for row in map(seen, body.splitlines()) if row.strip()]
    if magic := _magic_among(rows):
        return f"{magic} stands in the prompt: put it into a cell of its own ({_as_prose(magic, body)})"
    head, is_continued = _without_backslash(line)
    found = _leading(rows)
    found = found if found.options else _elsewhere(rows)
    if found.options:
        return (
            f"options stand on the first line, and {_short(found.typed)} stands below it: "
            f"{_right_line(head, found.options)} ({_as_prose(found.typed, body)})"
        )
    return f"a backslash does not continue the first line: {_right_line(head, [])}" if is_continued else ""


def _as_prose(word: str, body: str) -> str:
    """Return how a prompt holds a word that reads like an option or a magic, to the letter."""
    marks = f"[{NO_WIDTH}]*"
    # marks without width are not shown in a message, and belong to what was typed
    typed = re.search(marks + marks.join(map(re.escape, _short(word))), body)
    return f"a prompt that holds this word writes it {_by_number_at(typed[0] if typed else word, 0)}"


def _short(word: str) -> str:
    """Return a word without its value where that is long."""
    return word if len(word) <= _LONGEST else word.partition("=")[0]


def literal_prompt(text: str) -> str:
    """Return a prompt in which each word that could be taken for an option or a magic begins with a number."""
    rows = text.splitlines(keepends=True)
    text = "".join(_by_number_at(row, row.index("%")) if _magic_of(seen(row)) else row for row in rows)
    return _WORD.sub(lambda match: _by_number_at(match[0], 0) if _is_flag(match[0]) else match[0], text)


def _is_flag(word: str) -> bool:
    """Return True for a word that is an option, also with the backslash that continues a line."""
    return bool(known_flag(seen(word).rstrip("\\")))


def _by_number_at(text: str, index: int) -> str:
    return text[:index] + by_number(text[index]) + text[index + 1 :]


def _right_line(head: str, found: list[str]) -> str:
    """Return what to do: the first line as it would be right, where it would be."""
    line = " ".join(filter(None, [head, *found]))
    if parse(line, _AnyVariable()).problems:
        return "write all options at the end of the first line"
    return f"write {' '.join(filter(None, ['%%runway', line]))}"


def _magic_among(rows: list[str]) -> str:
    """Return the magic that a prompt begins with, or one of ours on any of its lines."""
    begun = [_magic_of(row) for row in rows[:1]] + [_OUR_MAGIC.match(row) for row in rows[1:]]
    return next((match[1] for match in begun if match), "")


def _magic_of(row: str) -> re.Match[str] | None:
    return _OUR_MAGIC.match(row) or _CELL_MAGIC.match(row)


def _without_backslash(line: str) -> tuple[str, bool]:
    """Return the first line, and True when a backslash at its end was to continue it."""
    bare = line.strip()
    try:
        is_continued = bare.endswith("\\") and split(bare)[-1].endswith("\\")
    except OpenQuote:
        return bare, False
    return (bare[:-1].rstrip(), True) if is_continued else (bare, False)


def _leading(rows: list[str]) -> _Read:
    """Return the options with which a prompt begins, over as many lines as they take."""
    found: list[str] = []
    waiting = typed = ""
    for row in rows:
        if waiting and not all(map(known_flag, row.split()[1:2])):
            break  # words follow the option, and the first of them is no value
        read = _read(f"{waiting} {row}".strip())
        typed = typed or read.typed
        if read.is_open:
            found += read.options
            waiting = read.rest[0]
            continue
        if read.rest:
            # prose may begin with a dash and a word; two hyphens and the name of an option are no prose
            is_option = bool(waiting) or row.split()[0].startswith("--")
            return _Read(found + read.options if is_option else found, [], typed)
        found, waiting = found + read.options, ""
    return _Read([*found, waiting] if waiting else found, [], typed)


def _elsewhere(rows: list[str]) -> _Read:
    """Return the options that have a line to themselves, or else with which a line ends."""
    return _joined(map(_whole, rows)) or _joined(map(_tail, rows)) or _NOTHING


def _joined(reads: Iterable[_Read]) -> _Read | None:
    """Return the options of several lines, if there are any."""
    found = [read for read in reads if read.options]
    return _Read([option for read in found for option in read.options], [], found[0].typed) if found else None


def _whole(row: str) -> _Read:
    """Return the options of a line that holds nothing else."""
    read = _read(row)
    return _NOTHING if read.rest else read


def _tail(row: str) -> _Read:
    """Return the options at the end of a line; a dash before a word is a dash there, unless a value follows."""
    words = row.split()
    starts = [start for start, word in enumerate(words) if word.startswith("--") or not _is_switch(word)]
    reads = (_whole(" ".join(words[start:])) for start in starts)
    return next((read for read in reads if read.options), _NOTHING)


def _is_switch(word: str) -> bool:
    flag = known_flag(word)
    return not flag or not BY_FLAG[flag].takes_value


def _read(row: str) -> _Read:
    """Return the options at the beginning of a line; a backslash at its end is none of it."""
    bare = row.rstrip().removesuffix("\\")
    try:
        words, raw = split(bare), split(bare, _in_quotes)
    except OpenQuote:
        words = raw = bare.split()
    pieces = bare.split()
    found: list[str] = []
    first = ""
    while words and (flag := known_flag(words[0])):
        source = raw if BY_FLAG[flag].kind == "axis" else words  # of its values each may stand in quotes
        name, equals, value = source[0].partition("=")
        typed = next((piece for piece in pieces if piece.startswith(name)), "")
        if not typed:
            break  # in quotes it is no option
        first = first or typed
        if BY_FLAG[flag].takes_value and not equals and len(words) == 1:
            return _Read(found, words, first, is_open=True)
        taken = _taken(flag, [value] if equals else source[1:2], bool(equals))
        if taken is None:
            break
        used = 1 if equals or taken == flag else 2
        found, words, raw = [*found, taken], words[used:], raw[used:]
    spoilt = not found and bool(words) and words[0].startswith("--") and bool(known_flag(words[0]))
    if spoilt:
        return _Read([words[0].partition("=")[0]], words[1:] or [""], first or words[0].split()[0])
    return _Read(found, words, first if found else "")


def _taken(flag: str, value: list[str], has_equals: bool) -> str | None:
    """Return an option as it is typed on the first line; None where its value cannot be one."""
    option = BY_FLAG[flag]
    if not option.takes_value:
        return None if has_equals else flag
    text = value[0] if option.kind == "axis" else quoted(value[0])
    return f"{flag} {text}" if reads_as_value(option, value[0]) else None


def _in_quotes(text: str) -> str:
    mark = "'" if '"' in text else '"'
    return f"{mark}{text}{mark}"


class _AnyVariable(dict[str, object]):
    """Variables of any name: whether they are there is checked with the first line itself."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return "1"
