"""One table of options and one of commands: parser, help, completion and README's tables come from them."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ...errors import InvalidCommand, InvalidRequest
from ...spec import CAMERA_LIMIT, DEFAULT_MODEL, EMBED, FITS, MAX_JOBS_RANGE, REPLY_LENGTH, SEED_RANGE
from ...text.line_words import DASHES, OpenQuote, plain_number, plain_signs, shortened, split
from .template import REFERENCE, fill
from .template import by_number as by_number
from .template import literal as literal


class Option(NamedTuple):
    """One option of `%%runway`."""

    flag: str
    kind: str
    """number, whole, place, choice, text, picture or switch."""
    metavar: str
    help: str
    choices: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        """The name of its value."""
        return self.flag.lstrip("-").replace("-", "_")

    @property
    def usage(self) -> str:
        """The option as it is typed."""
        return f"{self.flag} {self.metavar}".strip()


_MOVE = f"-{CAMERA_LIMIT} to {CAMERA_LIMIT}"
_PICTURE = "a file, a link, a variable (picture, figure, array, job), Out[n], shot.last, or an asset's name or id"
_LENGTHS = tuple(map(str, DEFAULT_MODEL.seconds))

OPTIONS: tuple[Option, ...] = (
    Option("--first", "picture", "X", f"Picture at the start: {_PICTURE}."),
    Option("--middle", "picture", "X", "Picture at half of the shot."),
    Option("--last", "picture", "X", "Picture at the end."),
    Option("--fit", "choice", "F", "How a picture file is brought to the frame; cover when not given.", FITS),
    Option("--focus", "place", "X,Y", "Where cover crops, 0 to 1 from left and top; 0.5,0.5 is the middle."),
    Option("--upscale", "switch", "", "Let Runway's own upscaler, which is free, enlarge small pictures."),
    Option("--aspect", "choice", "A", "Format; the first keyframe's when not given.", tuple(DEFAULT_MODEL.aspects)),
    Option("--seconds", "whole", "N", f"Length, {' or '.join(_LENGTHS)}; 5 when not given.", _LENGTHS),
    Option("--seed", "whole", "N", f"{SEED_RANGE[0]} to {SEED_RANGE[1]}; drawn when not given, and shown."),
    Option("--horizontal", "number", "N", f"Camera to the right, {_MOVE}."),
    Option("--vertical", "number", "N", f"Camera up, {_MOVE}."),
    Option("--roll", "number", "N", f"Camera clockwise round its axis, {_MOVE}."),
    Option("--zoom", "number", "N", f"Camera in, {_MOVE}."),
    Option("--pan", "number", "N", f"Camera looks to the right, {_MOVE}."),
    Option("--tilt", "number", "N", f"Camera looks up, {_MOVE}."),
    Option("--static", "switch", "", "Camera holds still; not together with a move."),
    Option("--explore", "switch", "", "Explore mode: no credits on an Unlimited plan, a slow queue."),
    Option("--reply-url", "text", "U", f"Where the API posts progress, at most {REPLY_LENGTH:,} characters."),
    Option("--reply-ref", "text", "R", f"Your own reference, at most {REPLY_LENGTH:,} characters."),
    Option("--max-jobs", "whole", "N", f"Tasks at once on the account, {MAX_JOBS_RANGE[0]} to {MAX_JOBS_RANGE[1]}."),
    Option("--wait", "switch", "", "Keep the cell busy until the video is there."),
    Option("--keep-loop", "switch", "", "Like --wait, and your own asyncio tasks go on (nest_asyncio2)."),
    Option("--fresh", "switch", "", "Make a new take although an equal request was made before; it is paid again."),
    Option("--force", "switch", "", "Send it although moderation has refused too much today."),
    Option("--max-credits", "whole", "N", "Send nothing if this shot costs more than N credits."),
    Option("--dry-run", "switch", "", "Check everything and show what would be sent and its price; send nothing."),
    Option("--embed", "choice", "E", "Put the video into the notebook file; auto when not given.",
           EMBED),
)  # fmt: skip


FITTING = tuple(option for option in OPTIONS if option.flag in ("--fit", "--focus", "--upscale", "--aspect"))
"""The options of `%runway upload`."""
LISTING = (
    Option("--type", "choice", "T", "What kind is listed; all when not given.", ("image", "video", "audio")),
    Option("--page", "whole", "N", "Which page, from 1."),
)
"""The options of `%runway assets`."""
DELETING = (Option("--yes", "switch", "", "Do not ask."),)
"""The options of `%runway delete`."""


class Command(NamedTuple):
    """One command of `%runway`."""

    name: str
    arguments: str
    help: str


COMMANDS: tuple[Command, ...] = (
    Command("help", "", "Show the options and commands."),
    Command("login", "", "Ask for the useapi.net token and keep it outside the notebook."),
    Command("list", "[--account]", "Show the newest jobs; with --account the newest tasks of the account."),
    Command("show", "[ID]", "Show a result again: after a restart, a closed tab or a cleared output."),
    Command("resume", "", "Follow every unfinished job again and fetch what was paid for; sends nothing."),
    Command("resend", "ID", "Send a job again that got no clear answer; it is looked for once more before that."),
    Command("wait", "[ID]", "Keep the cell busy until a job ends, and show it."),
    Command("stop", "[ID]", "Take a job back before it is sent, or stop tracking it."),
    Command("attach", "ID", "Follow a job again, or a task of the account: our id, a task id, or a replyRef."),
    Command("panel", "[ID]", "Open the panel: sliders, keyframes, preview; with the settings of a job or task."),
    Command("cell", "[ID]", "Put the cell of a job, or of the newest panel, below this one."),
    Command("assets", "[TEXT] [--type T] [--page N]", "Show what lies on the account, by a part of the name."),
    Command(
        "upload",
        "X... [--fit F] [--focus X,Y] [--upscale] [--aspect A]",
        "Put pictures on the account as keyframes would be; one that is there already is not sent again.",
    ),
    Command("delete", "NAME... [--yes]", "Delete assets from the account for good, after a question."),
    Command("credits", "", "Show the credits of the account, and what each notebook, day and job has cost."),
    Command(
        "simulator", "[FAULT]", "Show the address of the embedded simulator, or let it do one thing wrong, by name."
    ),
    Command("version", "", "Show the versions that matter in a bug report."),
)

_ARGUMENTS = {"assets": LISTING, "upload": FITTING, "delete": DELETING}
_BY_FLAG = {option.flag: option for option in OPTIONS}
_NAME = re.compile(r"[^\W\d]\w*")
_LONGEST_FLAG, _NAMES_TOLD = 40, 8


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
        words = deque(fill(word, variables, problems) for word in split(REFERENCE.sub(r"{{\1}}", line)))
    except OpenQuote as wrong:
        return CellOptions("", {}, (wrong.told("%%runway"),))
    names = _read_words(words, values, problems, OPTIONS)
    problems += _name_problems(names)
    return CellOptions(names[0] if len(names) == 1 else "", values, tuple(problems))


def parse_arguments(words: Iterable[str], table: Sequence[Option]) -> tuple[list[str], dict[str, Any]]:
    """The arguments of a `%runway` command: plain words, and the values of options. Raises `InvalidRequest`."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    plain = _read_words(deque(words), values, problems, table)
    problems += [
        f"{option.flag} is {shortened(str(value))}: give {', '.join(option.choices)}"
        for option in table
        if option.kind == "choice" and (value := values.get(option.field)) not in (None, *option.choices)
    ]
    if problems:
        raise InvalidRequest(problems)
    return plain, values


def wants_await(line: str) -> bool:
    """True when the options ask for `--wait`, which a kernel carries out as a top-level await."""
    try:
        words = split(line)
    except OpenQuote:
        return False
    return "--wait" in words and "--keep-loop" not in words


def _read_words(words: deque[str], values: dict[str, Any], problems: list[str], table: Sequence[Option]) -> list[str]:
    """Read all options of a table, and give the words that are none."""
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
    """The option that a word begins, or that it means: other dashes, capitals, "=" without dashes. Else nothing."""
    name, equals, _ = word.partition("=")
    stem = name.lstrip(DASHES)
    flag = "--" + unicodedata.normalize("NFKC", stem).casefold().replace("_", "-")
    is_meant = bool(equals) or stem != name
    return flag if is_meant and any(option.flag == flag for option in table) else ""


def reads_as_value(option: Option, text: str) -> bool:
    """True when an option may have this value, as far as its kind tells; a variable is not looked up."""
    problems: list[str] = []
    if "{{" not in text:
        _converted(option, text, problems)
    is_chosen = option.kind != "choice" or "{{" in text or text in option.choices
    return is_chosen and not problems and not text.startswith("--")


def _drop_value(word: str, rest: deque[str]) -> None:
    """The word after an option that is none is its value, and no name of the job."""
    if rest and "=" not in word and not rest[0].startswith(tuple(DASHES)):
        rest.popleft()


def _read_option(
    word: str, rest: deque[str], values: dict[str, Any], problems: list[str], table: Sequence[Option]
) -> None:
    """Read one option of a table and, from `rest`, its value."""
    flag, equals, text = word.partition("=")
    known = {option.flag: option for option in table}
    option = known.get(flag)
    if option is None:
        problems.append(_unknown(word, table))
        _drop_value(word, rest)
        return
    if option.field in values:
        problems.append(f"{flag} is given twice")
    if option.kind == "switch":
        values[option.field] = True
        if equals:
            problems.append(f"{flag} takes no value")
        return
    if not equals and (not rest or rest[0].startswith("--")):
        problems.append(f"{flag} needs a value: {option.usage}")
        return
    values[option.field] = _converted(option, text if equals else rest.popleft(), problems)


def _unknown(word: str, table: Sequence[Option]) -> str:
    flag = word.partition("=")[0]
    meant = known_flag(word, table) or next(iter(difflib.get_close_matches(flag, [o.flag for o in table], 1)), "")
    shown = flag if flag.isprintable() and len(flag) <= _LONGEST_FLAG else shortened(flag)
    return f"{shown} is no option: " + (f"do you mean {meant}?" if meant else "see %runway help")


def _converted(option: Option, text: str, problems: list[str]) -> Any:
    """The value in its type; a range is checked with the request, a wrong kind of value here."""
    kinds: dict[str, Callable[[str], Any]] = {"number": _number, "whole": _whole, "place": _place}
    kind = kinds.get(option.kind)
    if kind is None:
        return text
    try:
        return kind(text)
    except ValueError:
        if any(problem.startswith(f"{match[0]} ") for match in REFERENCE.finditer(text) for problem in problems):
            return None  # what is wrong with the variable is told already
        what = {"number": "a number", "whole": "a whole number", "place": "two numbers, such as 0.5,0.2"}[option.kind]
        problems.append(f"{option.flag} is {shortened(text)}: give {what}")
        return None


def _number(text: str) -> float:
    return float(plain_number(text))


def _whole(text: str) -> int:
    return int(plain_signs(text))


def _place(text: str) -> tuple[float, ...]:
    """Two numbers; where their points are commas, a semicolon stands between them."""
    x, y = text.split(";") if ";" in text else plain_signs(text).split(",")
    return _number(x), _number(y)


def _name_problems(names: list[str]) -> list[str]:
    if len(names) > 1:
        found = " ".join(map(shortened, names[:_NAMES_TOLD]))
        more = f" and {len(names) - _NAMES_TOLD} more" if len(names) > _NAMES_TOLD else ""
        flag = next((f"--{name}" for name in names if f"--{name}" in _BY_FLAG), "")
        hint = f"type {flag} for the option" if flag else "quote values that hold spaces"
        return [f"one name for the job at most, found {found}{more}: {hint}"]
    if names and not _NAME.fullmatch(names[0]):
        return [f"{shortened(names[0])} cannot be the name of a variable"]
    return []


def command_of(line: str) -> tuple[str, list[str]]:
    """The command of a `%runway` line and its arguments. Raises `InvalidCommand`."""
    try:
        words = split(line) or ["help"]
    except OpenQuote as wrong:
        raise InvalidCommand(wrong.told("%runway")) from None
    names = [command.name for command in COMMANDS]
    if words[0] not in names:
        near = difflib.get_close_matches(words[0], names, 1)
        hint = f"do you mean {near[0]}?" if near else f"known are {', '.join(names)}"
        raise InvalidCommand(f"%runway {words[0]} is no command: {hint}")
    return words[0], words[1:]


def completions(line: str, symbol: str) -> list[str]:
    """What may follow on the first line of a cell, or after `%runway`."""
    words = line.replace("=", " ").split()
    if words and words[0] == "%runway":
        if words[1:2] == ["list"] and len(words) == 2 + bool(symbol):
            return [word for word in ("--account",) if word.startswith(symbol)]
        if len(words) <= 1 + bool(symbol):
            return [c.name for c in COMMANDS if c.name.startswith(symbol)]
        flags = {option.flag: option for option in _ARGUMENTS.get(words[1], ())}
    else:
        flags = _BY_FLAG
    before = words[-2:-1] if symbol else words[-1:]
    option = flags.get(before[0]) if before else None
    if option is not None and option.choices:
        return [choice for choice in option.choices if choice.startswith(symbol)]
    used = {word.partition("=")[0] for word in words if word != symbol}
    wanted = flags is _BY_FLAG or symbol.startswith("-")  # else a file or a name, which others complete
    return [flag for flag in flags if wanted and flag.startswith(symbol) and flag not in used]


def cell_help() -> str:
    """The text behind `%%runway?`."""
    width = max(len(option.usage) for option in OPTIONS)
    rows = "\n".join(f"  {option.usage:<{width}}  {option.help}{_choice_words(option)}" for option in OPTIONS)
    return (
        "%%runway [NAME] [options]\n\nMake a video from the words in the cell. The cell returns at once; "
        "the job goes to the variable NAME.\nThe words are taken literally, but {{name}} is replaced by a "
        "variable, and {{U+7B}} by the character of\nthat number: {{U+7B}}{name}} is the text {{name}}. "
        "All options stand on the first line; words that\nread like one are written {{U+2D}}-zoom.\n\n"
        f"Options:\n{rows}"
    )


def _choice_words(option: Option) -> str:
    return f" One of {', '.join(option.choices)}." if option.kind == "choice" else ""


def line_help() -> str:
    """The text behind `%runway?`."""
    width = max(len(f"{command.name} {command.arguments}") for command in COMMANDS)
    rows = "\n".join(f"  {f'{c.name} {c.arguments}':<{width}}  {c.help}" for c in COMMANDS)
    return f"%runway COMMAND\n\nCommands:\n{rows}"


def readme_tables() -> tuple[str, str]:
    """The tables of README: options, commands."""
    options = [f"| `{option.usage}` | {option.help}{_choice_words(option)} |" for option in OPTIONS]
    commands = [f"| `%runway {f'{c.name} {c.arguments}'.strip()}` | {c.help} |" for c in COMMANDS]
    return (
        "\n".join(["| option | meaning |", "|---|---|", *options]),
        "\n".join(["| command | what it does |", "|---|---|", *commands]),
    )
