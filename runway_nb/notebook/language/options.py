"""The options of `%%runway`: one table, from which parser, help, completion and README's table come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...request import FIELDS
from ...request_fields import Field, Kind, OptionText
from ...spec import EMBED, MODELS


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
    choices = tuple(dict.fromkeys(str(choice) for model in MODELS.values() for choice in field.choices(model)))
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


BY_FLAG = {option.flag: option for option in OPTIONS}


def completions(line: str, symbol: str) -> list[str]:
    """Return what may follow on the first line of a cell."""
    return flag_completions(OPTIONS, line, symbol)


def flag_completions(table: Sequence[Option], line: str, symbol: str, *, offered: bool = True) -> list[str]:
    """Return the values of the option before the cursor, else the options that are not on the line yet.

    Args:
        table: The options that the line can have.
        line: The whole line.
        symbol: The word at the cursor, as far as it is typed.
        offered: Whether options follow here at all.
    """
    words = line.replace("=", " ").split()
    flags = {option.flag: option for option in table}
    before = words[-2:-1] if symbol else words[-1:]
    option = flags.get(before[0]) if before else None
    if option is not None and option.choices:
        return [choice for choice in option.choices if choice.startswith(symbol)]
    used = {word.partition("=")[0] for word in words if word != symbol}
    return [flag for flag in flags if offered and flag.startswith(symbol) and flag not in used]


def cell_help() -> str:
    """Return the text behind `%%runway?`."""
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


def options_table() -> str:
    """Return README's table of options."""
    rows = [f"| `{option.usage}` | {option.help}{_choice_words(option)} |" for option in OPTIONS]
    return "\n".join(["| option | meaning |", "|---|---|", *rows])
