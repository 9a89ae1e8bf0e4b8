"""The tables of options and of commands: parser, help, completion and README's tables come from them."""

from __future__ import annotations

from typing import NamedTuple

from ...request import FIELDS
from ...request_fields import Field, Kind, OptionText
from ...spec import DEFAULT_MODEL, EMBED


class Option(NamedTuple):
    """One option of `%%runway`."""

    flag: str
    kind: Kind
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


def _of_field(field: Field, text: OptionText) -> Option:
    choices = tuple(map(str, field.choices(DEFAULT_MODEL)))
    return Option(f"--{field.name.replace('_', '-')}", field.kind, text.metavar, text.help, choices)


def _of_fields() -> tuple[Option, ...]:
    typed = [(field, field.option) for field in FIELDS if field.option is not None]
    return tuple(_of_field(field, text) for field, text in sorted(typed, key=lambda pair: pair[1].section))


OF_REQUEST = _of_fields()
"""The options that are fields of a request, in the order in which a cell is written."""
OPTIONS: tuple[Option, ...] = (
    *OF_REQUEST,
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
BY_FLAG = {option.flag: option for option in OPTIONS}


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
        flags = BY_FLAG
    before = words[-2:-1] if symbol else words[-1:]
    option = flags.get(before[0]) if before else None
    if option is not None and option.choices:
        return [choice for choice in option.choices if choice.startswith(symbol)]
    used = {word.partition("=")[0] for word in words if word != symbol}
    wanted = flags is BY_FLAG or symbol.startswith("-")  # else a file or a name, which others complete
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
