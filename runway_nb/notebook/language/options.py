"""The options of `%%runway`: one table, from which parser, help, completion and the documents' table come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from textwrap import wrap
from typing import Literal, NamedTuple

from ...request import FIELDS
from ...request_fields import Field, Kind, OptionText
from ...spec import DEFAULT_MODEL, EMBED, MODELS, Model

_WIDTH, _LEFT = 100, 24
"""Columns of a help text, and of what is typed in it."""
Choose = Callable[[Sequence[Model]], tuple[str, ...]]
"""Gives the values of an option that these models have."""


OptionKind = Kind | Literal["axis"]
"""An axis is a name and several values: `zoom=-5,0,5`."""


class Option(NamedTuple):
    """One option of `%%runway`."""

    flag: str
    kind: OptionKind
    metavar: str
    help: str
    fixed: tuple[str, ...] = ()
    """Its values, where they are the same for all models."""
    choose: Choose | None = None
    is_repeatable: bool = False
    """Whether it may stand on the line several times; its value is a list then."""

    @property
    def field(self) -> str:
        """The name of its value."""
        return self.flag.lstrip("-").replace("-", "_")

    @property
    def usage(self) -> str:
        """The option as it is typed."""
        return "/".join(self.flags) if self.kind == "toggle" else f"{self.flag} {self.metavar}".strip()

    @property
    def flags(self) -> tuple[str, ...]:
        """The option, and for a toggle what switches it off."""
        return (self.flag, f"--no-{self.flag.lstrip('-')}") if self.kind == "toggle" else (self.flag,)

    @property
    def takes_value(self) -> bool:
        """True where a value follows it."""
        return self.kind not in ("switch", "toggle")

    @property
    def choices(self) -> tuple[str, ...]:
        """Its values, of all models together."""
        return self.choices_of(list(MODELS.values()))

    def choices_of(self, models: Sequence[Model]) -> tuple[str, ...]:
        """Return its values as these models have them."""
        return self.fixed if self.choose is None else self.choose(models)


def _of_field(field: Field, text: OptionText) -> Option:
    def choose(models: Sequence[Model]) -> tuple[str, ...]:
        found = dict.fromkeys(str(choice) for model in models for choice in field.choices(model))
        # of one model in its own order, the default first
        is_mixed = len(models) > 1 and all(choice.rstrip("p").isdecimal() for choice in found)
        return tuple(sorted(found, key=lambda choice: int(choice.rstrip("p"))) if is_mixed else found)

    option = Option(f"--{field.name.replace('_', '-')}", field.kind, text.metavar, text.help)
    same = len({choose([model]) for model in MODELS.values()}) == 1
    return option._replace(fixed=choose([DEFAULT_MODEL])) if same else option._replace(choose=choose)


def _of_fields() -> tuple[Option, ...]:
    typed = [(field, field.option) for field in FIELDS if field.option is not None]
    return tuple(_of_field(field, text) for field, text in sorted(typed, key=lambda pair: pair[1].section))


MODEL = Option(
    "--model", "choice", "M", f"Model, by its name in %runway models; {DEFAULT_MODEL.name} when neither given nor set.",
    choose=lambda _: tuple(MODELS),
)  # fmt: skip
OF_REQUEST = (MODEL, *_of_fields())
"""The options that make a request, in the order in which a cell is written."""
OF_SWEEP = (
    Option("--takes", "whole", "N", "Make N takes, which differ by their seed alone."),
    Option(
        "--sweep", "axis", "K=V,...",
        "Make a video for each value of an option or of a {{name}} of the prompt: a list, a range such as 1..5 or "
        "0..1/0.25, or @variable. May be given several times, for every combination.",
        choose=lambda _: tuple(f"{option.field}=" for option in OF_REQUEST), is_repeatable=True,
    ),
    Option(
        "--rows", "text", "@T",
        "Make a video for each row of a DataFrame or a list of mappings; columns are options and names of the prompt.",
    ),
    Option("--zip", "switch", "", "Take the values of several --sweep together, first with first."),
    Option("--limit", "whole", "N", "Make N of these videos at most: the ends of the values first."),
    Option("--yes", "switch", "", "Send them although they cost more than the setting confirm_credits."),
)  # fmt: skip
"""The options of a cell that makes several videos."""
OPTIONS: tuple[Option, ...] = (
    *OF_REQUEST,
    *OF_SWEEP,
    Option("--wait", "switch", "", "Keep the cell busy until the video is there."),
    Option("--keep-loop", "switch", "", "Like --wait, and your own asyncio tasks go on (nest_asyncio2)."),
    Option("--fresh", "switch", "", "Make a new take although an equal request was made before; it is paid again."),
    Option("--force", "switch", "", "Send it although moderation has refused too much today."),
    Option("--max-credits", "whole", "N", "Send nothing if this shot costs more than N credits."),
    Option("--yes-unknown-price", "switch", "", "Send it although nobody knows its price and credits are limited."),
    Option("--dry-run", "switch", "", "Check everything and show what would be sent and its price; send nothing."),
    Option("--embed", "choice", "E", "Put the video into the notebook file; auto when not given.",
           EMBED),
)  # fmt: skip


def makes_several(values: Mapping[str, object]) -> bool:
    """Return True for the options of a cell that makes several videos."""
    return not {"takes", "sweep", "rows"}.isdisjoint(values)


BY_FLAG = {flag: option for option in OPTIONS for flag in option.flags}


def completions(line: str, symbol: str, model: str = "") -> list[str]:
    """Return what may follow on the first line of a cell.

    Args:
        line: The whole line.
        symbol: The word at the cursor, as far as it is typed.
        model: The name of the model where the line gives none; without one, what any model has is offered.
    """
    words = line.replace("=", " ").split()
    given = [after for word, after in pairwise(words) if word == MODEL.flag]
    row = MODELS.get(given[-1] if given else model)
    return flag_completions(OPTIONS, line, symbol, models=list(MODELS.values()) if row is None else [row])


def flag_completions(
    table: Sequence[Option], line: str, symbol: str, *, offered: bool = True, models: Sequence[Model] = ()
) -> list[str]:
    """Return the values of the option before the cursor, else the options that are not on the line yet.

    Args:
        table: The options that the line can have.
        line: The whole line.
        symbol: The word at the cursor, as far as it is typed.
        offered: Whether options follow here at all.
        models: Whose values are offered; those of all without one.
    """
    words = line.replace("=", " ").split()
    flags = {flag: option for option in table for flag in option.flags}
    before = words[-2:-1] if symbol else words[-1:]
    option = flags.get(before[0]) if before else None
    if option is not None and (choices := option.choices_of(models or list(MODELS.values()))):
        return [choice for choice in choices if choice.startswith(symbol)]
    used = {flags[flag] for word in words if word != symbol and (flag := word.partition("=")[0]) in flags}
    return [
        flag
        for flag, one in flags.items()
        if offered and flag.startswith(symbol) and (one not in used or one.is_repeatable)
    ]


CELL_USAGE = "%%runway [NAME] [options]"
CELL_INTRO = """Make a video from the words in the cell. The cell returns at once; the job goes to the variable NAME.
The words are taken literally, but {{name}} is replaced by a variable, and {{U+7B}} by the character of
that number: {{U+7B}}{name}} is the text {{name}}. All options stand on the first line; words that
read like one are written {{U+2D}}-zoom."""


def cell_help() -> str:
    """Return the text behind `%%runway?`."""
    return f"{CELL_USAGE}\n\n{CELL_INTRO}\n\nOptions:\n{two_columns(option_rows())}"


def option_rows() -> list[tuple[str, str]]:
    """Return each option as it is typed, and what it does."""
    return [(option.usage, f"{option.help}{_choice_words(option)}") for option in OPTIONS]


def two_columns(rows: Sequence[tuple[str, str]]) -> str:
    """Return what is typed and what it does, side by side; a long one has a line of its own."""
    width = max(len(typed) for typed, _ in rows if len(typed) <= _LEFT)
    lines: list[str] = []
    for typed, text in rows:
        right = wrap(text, _WIDTH - width - 4, break_long_words=False, break_on_hyphens=False)
        if len(typed) > width:
            lines.append(f"  {typed}")
            typed = ""
        lines += [f"  {left:<{width}}  {line}" for left, line in zip([typed, *[""] * len(right)], right, strict=False)]
    return "\n".join(lines)


def _choice_words(option: Option) -> str:
    return f" One of {', '.join(option.choices)}." if option.kind == "choice" else ""
