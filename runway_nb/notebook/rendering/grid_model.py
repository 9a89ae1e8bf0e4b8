"""A sweep as the live grid shows it: what never changes, and how every shot stands. Pure functions.

The page gets both as JSON. No text here counts seconds: a grid of many shots sends only what really changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from ...jobs.job import Job
from ...ledger.marks import NO_MARKS, Marks
from ...ledger.phase import UNSENT
from ...redaction import redact, redact_line
from ...sweeps.layout import shown_label, variant_label
from ...sweeps.plan import Variant
from ...sweeps.states import ShotState, new_jobs, shot_state
from ...sweeps.sweep import Sweep, has_ended
from .facts import DOT, cost, take_facts
from .live_state import live_state
from .notices import notice

WAITING, RUNNING, READY, ENDED = "waiting", "running", "ready", "ended"
"""How a shot stands for the page: nothing is sent, somebody is at work on it, its video is there, there is none."""

ONLY = "the only shot"
"""What a shot is called where nothing distinguishes it."""


class CellState(NamedTuple):
    """How one shot stands."""

    state: str
    word: str
    """What is said of it first, such as Generating."""
    detail: str = ""
    ratio: float | None = None
    """0 to 1, None while unknown."""
    tone: str = ""
    """bad, warn or calm, of an end without a video."""
    title: str = ""
    """The whole sentence, as tooltip."""
    star: bool = False
    rejected: bool = False
    ended: float = 0.0
    """When it ended, Unix seconds; 0 before."""


class GridState(NamedTuple):
    """How a sweep stands at one moment."""

    status: str
    """`5 of 9 done, 1 refused, about 2:10 left`, with dots between."""
    cost: str
    """`200 of 225 credits`."""
    is_open: bool
    """Whether something is not sent yet."""
    cells: tuple[CellState, ...]
    """In the order of the axes."""


# --- what never changes -----------------------------------------------------------------------------


def grid_plan(sweep: Sweep) -> dict[str, Any]:
    """Return title, axes and places of a sweep, for the page."""
    plan = sweep.plan
    return {
        "title": _title(sweep),
        "prompt": " ".join(redact(plan.prompt).split()),
        "isGrid": len(plan.axes) > 1 and not plan.is_zipped,
        "axes": [
            {
                "name": each.title or each.name,
                "labels": [redact(shown_label(each, at)) for at in range(len(each.values))],
            }
            for each in plan.axes
        ],
        "cells": [
            {"place": [*each.place], "label": redact(variant_label(plan, each)) or ONLY} for each in sweep.variants
        ],
        "frame": _frame(sweep),
        "simulated": any(job.simulated for job in sweep.jobs),
    }


def _title(sweep: Sweep) -> str:
    plan = sweep.plan
    names = [each.title or each.name for each in plan.axes]
    if [bool(each.title) for each in plan.axes] == [True]:
        return f"{len(plan.variants)} {names[0]}s"
    between = ", " if plan.is_zipped else " \N{MULTIPLICATION SIGN} "
    return " ".join(filter(None, ["Sweep", between.join(names)]))


def _frame(sweep: Sweep) -> list[int]:
    """Return width and height of the first shot, which all cells have."""
    request = sweep.variants[0].request
    return [*request.row.aspects[request.format]]


# --- how it stands ----------------------------------------------------------------------------------


def grid_state(sweep: Sweep, marks: Mapping[str, Marks] = MappingProxyType({})) -> GridState:
    """Return how a sweep stands at this moment; `marks` are those of its jobs, by id."""
    cells = tuple(cell_state(sweep, each, marks) for each in sweep.variants)
    return GridState(_status(sweep, cells), _cost(sweep), any(map(_is_unsent, sweep.jobs)), cells)


def _is_unsent(job: Job) -> bool:
    return job.state.phase in UNSENT


def _status(sweep: Sweep, cells: tuple[CellState, ...]) -> str:
    """Return how many are done, and how many of each kind are without a video."""
    ended = Counter(cell.word.lower() for cell in cells if cell.state == ENDED)
    done = sum(cell.state == READY for cell in cells)
    others = [f"{count} {word}" for word, count in ended.items()]
    return DOT.join(filter(None, [f"{done} of {len(cells)} done", *others, sweep.time_left_text]))


def _cost(sweep: Sweep) -> str:
    """Return what is spent of what the new shots cost."""
    price = sweep.price
    if price is None:
        return ""
    if any(job.simulated for job in sweep.jobs):
        return "0 credits"
    sent = [job.request.credits or 0 for job in new_jobs(sweep) if job.state.phase.is_sent]
    spent = min(price.credits, sum(sent))
    total = f"{price.credits:,} credits"
    unknown = f" and {price.unknown} of unknown price" if price.unknown else ""
    return f"{total if spent == price.credits else f'{spent:,} of {total}'}{unknown}"


def cell_state(sweep: Sweep, variant: Variant, marks: Mapping[str, Marks] = MappingProxyType({})) -> CellState:
    """Return how one shot stands."""
    job = sweep.job_of(variant)
    if job is None and sweep.reason_of(variant) is None:
        return CellState(WAITING, "Waiting")
    found = _ended(job, shot_state(sweep, variant)) if job is None or has_ended(job) else _live(job)
    mark = marks.get(job.id, NO_MARKS) if job is not None else NO_MARKS
    return found._replace(star=mark.star, rejected=mark.rejected)


def _live(job: Job) -> CellState:
    seen = live_state(job, job.created)  # the time does not matter: nothing that counts on is taken
    is_unsent = _is_unsent(job)
    # of all that is said of a place in the queue there is room for the place
    place = next((part for part in seen.detail.split(DOT) if part.endswith("in line")), seen.detail)
    percent = "" if seen.ratio is None else f"{seen.ratio * 100:.0f} %"
    detail = percent or (place if is_unsent else "")
    return CellState(WAITING if is_unsent else RUNNING, seen.short.capitalize(), detail, seen.ratio, title=seen.word)


def _ended(job: Job | None, shot: ShotState) -> CellState:
    ended = 0.0 if job is None else job.state.ended or job.created
    if job is not None and shot.is_done:
        return CellState(READY, shot.word, title=shot_facts(job), ended=ended)
    found = None if job is None else notice(job)
    whole = shot.reason if found is None else redact_line(f"{found.title}. {found.reason}")
    tone = "warn" if found is None else found.tone
    return CellState(ENDED, shot.word, shot.reason, tone=tone, title=whole, ended=ended)


def shot_facts(job: Job) -> str:
    """Return length, seed, price and id of a job on one line."""
    seed = [] if job.seed is None else [f"seed {job.seed}"]
    return DOT.join([*take_facts(job.request), *seed, cost(job), job.id])
