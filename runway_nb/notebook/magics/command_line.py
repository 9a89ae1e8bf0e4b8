"""The line of `%runway`: its parsing, help, completion and the table of the documents, read from one table."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ...errors import InvalidCommand
from ...text.line_words import OpenQuote, split
from ..language.options import Option, flag_completions, two_columns
from ..language.parsing import parse_arguments
from .front_end import FrontEnd


class Arguments(NamedTuple):
    """What stands behind a command."""

    words: list[str]
    values: dict[str, Any]
    """Field of an option to its value, only what was given."""

    @property
    def name(self) -> str:
        """The first word, or nothing."""
        return self.words[0] if self.words else ""


class Command(NamedTuple):
    """One command of `%runway`."""

    name: str
    usage: str
    """Its arguments, as help shows them."""
    help: str
    run: Callable[[FrontEnd, Arguments], None]
    options: tuple[Option, ...] = ()
    choices: Callable[[], Sequence[str]] = tuple
    """Gives the words of which one may stand behind it, where there are no others."""
    is_text: bool = False
    """Behind it stands text as people write it: what looks like a quotation mark is part of its word."""
    is_search: bool = False
    """Words are looked for: a quotation mark that nothing closes is part of its word."""

    @property
    def takes_job(self) -> bool:
        """True where an argument is the id of a job, or the variable that holds it."""
        return "ID" in self.usage.replace("[", " ").replace("]", " ").replace("...", " ").split()

    @property
    def line(self) -> str:
        """The command as it is typed."""
        return f"{self.name} {self.usage}".strip()


def read_line(line: str, table: Sequence[Command]) -> tuple[Command, Arguments]:
    """Return the command of a `%runway` line and its arguments. Raise `InvalidCommand` or `InvalidRequest`."""
    first, *words = _words(line, _named(next(iter(line.split(maxsplit=1)), ""), table)) or ["help"]
    command = _named(first, table)
    if command is None:
        names = [command.name for command in table]
        near = difflib.get_close_matches(first, names, 1)
        hint = f"do you mean {near[0]}?" if near else f"known are {', '.join(names)}"
        raise InvalidCommand(f"%runway {first} is no command: {hint}")
    return command, Arguments(*(parse_arguments(words, command.options) if command.options else (words, {})))


def _words(line: str, command: Command | None) -> list[str]:
    """Return the words of a line, as its command takes them."""
    if command is not None and command.is_text:
        return line.split()
    try:
        return split(line)
    except OpenQuote as wrong:
        if command is not None and command.is_search:
            return line.split()
        raise InvalidCommand(wrong.problem("%runway")) from None


def line_completions(line: str, symbol: str, table: Sequence[Command]) -> list[str]:
    """Return what may follow on a line of `%runway`."""
    words = line.replace("=", " ").split()
    if len(words) <= 1 + bool(symbol):
        return [command.name for command in table if command.name.startswith(symbol)]
    command = _named(words[1], table)
    if command is None:
        return []
    if (choices := command.choices()) and len(words) == 2 + bool(symbol):
        return [choice for choice in choices if choice.startswith(symbol)]
    # else a file or a name, which others complete
    return flag_completions(command.options, line, symbol, offered=symbol.startswith("-"))


LINE_USAGE = "%runway COMMAND"
LINE_INTRO = """ID is the id of a job, as cards and lists show it, or the variable that holds the job;
show, wait and stop take the variable of several videos, too."""


def help_text(table: Sequence[Command]) -> str:
    """Return the text behind `%runway?`."""
    return f"{LINE_USAGE}\n\n{LINE_INTRO}\n\nCommands:\n{two_columns(command_rows(table))}"


def command_rows(table: Sequence[Command]) -> list[tuple[str, str]]:
    """Return each command as it is typed, and what it does."""
    return [(command.line, command.help) for command in table]


def _named(name: str, table: Sequence[Command]) -> Command | None:
    return next((command for command in table if command.name == name), None)
