"""`%%runway` with `--takes`, `--sweep` or `--rows`: all variants are checked together, priced, submitted and shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ...errors import InvalidRequest
from ...jobs.policy import Limits
from ...studio import Studio
from ...sweeps.plan import MOST_VARIANTS, SweepPlan, plan, sweep_values
from ...sweeps.price import CheckedSweep, check_sweep, reason_to_confirm
from ...sweeps.submission import submit_sweep
from ...sweeps.sweep import Sweep
from ...template import REFERENCE
from ...text.console import write_line
from ...values.plain import checked_whole
from ..language.expressions import named_pictures, named_value
from ..language.options import OF_REQUEST
from ..language.parsing import CellOptions
from ..language.sweep_axes import listed_values
from .dry_run import sweep_dry_run_text
from .front_end import FrontEnd

_OF_REQUEST = {option.field for option in OF_REQUEST}


class _Given(NamedTuple):
    """What the line of a cell gives for its variants."""

    values: dict[str, Any]
    """One value of an option, or the list of them."""
    names: dict[str, str]
    """What the pictures that all have are called on the account, by position."""
    rows: Any
    unread: set[str]
    """Names whose values cannot be used; that is among the problems."""


def submit_sweep_cell(
    front_end: FrontEnd, read: CellOptions, prompt: str, limits: Limits, problems: Iterable[str], cell: str
) -> Sweep | None:
    """Check all variants of a cell, submit and show them; return None after a dry run.

    `cell` is the whole of it as it was typed.

    Raises `InvalidRequest` with the mistakes of all, and what `submit_sweep` raises.
    """
    studio, values = front_end.studio, read.values
    checked = _checked(studio, read, prompt, limits, front_end.variables, [*problems])
    if values.get("dry_run"):
        write_line(sweep_dry_run_text(checked))
        return None
    if not values.get("yes") and front_end.mode == "live" and reason_to_confirm(studio, checked.price):
        _ask(front_end, checked, read, cell)
        return None
    # a variant has no cell of its own: its job gives one that makes it alone
    sweep = submit_sweep(studio, checked, yes=bool(values.get("yes")), folder=front_end.folder, cell=cell)
    if read.name:
        front_end.variables[read.name] = sweep
    front_end.show_sweep(sweep, values.get("embed"))
    return sweep


def _ask(front_end: FrontEnd, checked: CheckedSweep, read: CellOptions, cell: str) -> None:
    """Show the price and a button in the place of the sweep; meanwhile its name stands for no other one."""
    from ..cards.sweep_offer import SweepAsked, SweepOffer  # loads ipywidgets

    variables, name = front_end.variables, read.name
    variables.pop(name, None)

    def bind(sweep: Sweep) -> None:
        if name:
            variables[name] = sweep

    view = front_end.view(read.values.get("embed"))
    SweepOffer(SweepAsked(checked, name, cell), view, lambda: front_end.studio, bind).open()


def _checked(
    studio: Studio, read: CellOptions, prompt: str, limits: Limits, variables: Mapping[str, Any], problems: list[str]
) -> CheckedSweep:
    given = _given(read.values, variables, problems)
    try:
        many = _plan(given, read.values, prompt, studio.settings.model, variables)
    except InvalidRequest as wrong:
        raise InvalidRequest([*problems, *wrong.problems]) from None
    if problems:
        raise InvalidRequest(problems)
    return check_sweep(studio, many, limits, given.names)


def _plan(
    given: _Given, values: Mapping[str, Any], prompt: str, usual_model: str, variables: Mapping[str, Any]
) -> SweepPlan:
    takes, limit = values.get("takes"), values.get("limit")
    axes, common, problems = sweep_values(prompt, given.values, takes=takes, rows=given.rows)
    if limit is not None:
        try:
            limit = checked_whole(limit, "limit", 1, MOST_VARIANTS)
        except InvalidRequest as wrong:
            problems += wrong.problems
            limit = 1
    if problems and "rows" in values:
        raise InvalidRequest(problems)  # what its columns would fill in is no mistake of the prompt
    used = {match[1] for match in REFERENCE.finditer(prompt)}
    known = {name: variables[name] for name in used if name in variables}
    try:
        many = plan(
            prompt, common, axes, model=common.pop("model", usual_model),
            variables={**known, **dict.fromkeys(given.unread, "")},
            zipped=bool(values.get("zip")) or given.rows is not None, limit=limit,
        )  # fmt: skip
    except InvalidRequest as wrong:
        raise InvalidRequest([*problems, *wrong.problems]) from None
    if problems:
        raise InvalidRequest(problems)
    return many


def _given(values: Mapping[str, Any], variables: Mapping[str, Any], problems: list[str]) -> _Given:
    """Return what the options give; add a line to `problems` for each that cannot be used."""
    pictures = named_pictures(dict(values), problems, dict(variables))
    found = {name: value for name, value in values.items() if name in _OF_REQUEST}
    found |= {position: named.picture for position, named in pictures.items()}
    unread: set[str] = set()
    for axis in values.get("sweep", []):
        if axis.name in found:
            problems.append(f"{axis.name} is given twice: leave it out once")
        elif listed := listed_values(axis, variables, problems):
            found[axis.name] = listed
        else:
            unread.add(axis.name)
    names = {position: named.name for position, named in pictures.items()}
    return _Given(found, names, _rows(values.get("rows"), variables, problems), unread)


def _rows(expression: str | None, variables: Mapping[str, Any], problems: list[str]) -> Any:
    """Return the table of `--rows @table`."""
    if expression is None:
        return None
    try:
        return named_value(expression.removeprefix("@"), variables)
    except InvalidRequest as wrong:
        problems += [f"--rows: {problem}" for problem in wrong.problems]
        return None
