"""What a table of videos keeps folded: the settings of all, each video by its id, and what makes them again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import NamedTuple

from ...jobs.job import Job
from ...ledger.marks import Marks
from ...redaction import redact_cell, redact_line
from ...request import VideoRequest
from ...sweeps.layout import shown_value, variant_label
from ...sweeps.plan import Axis, Variant
from ...sweeps.states import ShotState, shot_state
from ...sweeps.sweep import Sweep
from . import styles
from .differences import settings_of
from .facts import DOT, made
from .result_html import job_id


class Shot(NamedTuple):
    """One variant of a sweep at one moment: the ledger and the disk are asked once for all that shows it."""

    variant: Variant
    job: Job | None
    """None where it was not sent."""
    name: str
    """What distinguishes it: `zoom +5, seed 1`; nothing where there is no axis."""
    state: ShotState
    marks: Marks


def shots_of(sweep: Sweep) -> dict[tuple[int, ...], Shot]:
    """Return the variants by their places, in the order of the axes."""
    return {variant.place: _shot_of(sweep, variant) for variant in sweep.variants}


def _shot_of(sweep: Sweep, variant: Variant) -> Shot:
    job = sweep.job_of(variant)
    marks = Marks() if job is None else job.marks
    return Shot(variant, job, variant_label(sweep.plan, variant), shot_state(sweep, variant), marks)


def settings_of_sweep(sweep: Sweep) -> dict[str, str]:
    """Return the settings by name: the values of each axis, then what all variants have in common."""
    axes = {along.title or along.name: _values(along) for along in sweep.plan.axes}
    requests = [_asked(sweep, variant) for variant in sweep.plan.variants]
    models = {request.row.title for request in requests}
    common = {each.name: each.values[0] for each in settings_of(requests) if not each.differs}
    model = {"model": next(iter(models))} if len(models) == 1 else {}
    return {**axes, **{name: text for name, text in {**model, **common}.items() if name not in axes}}


def _values(along: Axis) -> str:
    """Return the values of an axis in their order; of takes their seeds."""
    return ", ".join(shown_value(along, index) for index in range(len(along.values)))


def _asked(sweep: Sweep, variant: Variant) -> VideoRequest:
    """Return the request of a variant: of its job, where pictures have their names."""
    job = sweep.job_of(variant)
    return variant.request if job is None else job.original_request


def details_html(sweep: Sweep, shots: Iterable[Shot], settings: Mapping[str, str]) -> str:
    """Return the settings of `settings_of_sweep`, the cell, and what became of each video, folded."""
    rows = "".join(_setting(name, text) for name, text in settings.items())
    cell = f'<pre style="{styles.CELL}">{escape(redact_cell(sweep.cell))}</pre>' if sweep.cell else ""
    return (
        f'<details style="{styles.DETAILS}"><summary style="{styles.SUMMARY}">'
        f"{'Settings and cell' if cell else 'Settings'}</summary>"
        f'<table style="{styles.SETTINGS}"><tbody>{rows}</tbody></table>{cell}'
        f'<table style="{styles.SETTINGS}"><thead style="{styles.TABLE_HEAD}">{_titles()}</thead>'
        f"<tbody>{''.join(map(_shot_row, shots))}</tbody></table></details>"
    )


def _setting(name: str, text: str) -> str:
    return (
        f'<tr style="{styles.NO_BACKGROUND}"><th scope="row" style="{styles.SETTING_NAME}">{escape(name)}</th>'
        f'<td style="{styles.SETTING}">{escape(redact_line(text))}</td></tr>'
    )


def _titles() -> str:
    cells = "".join(f'<th scope="col" style="{styles.SETTING_NAME}">{title}</th>' for title in ("shot", "id", "result"))
    return f'<tr style="{styles.NO_BACKGROUND}">{cells}</tr>'


def _shot_row(shot: Shot) -> str:
    cells = (job_id(shot.job) if shot.job else "", escape(DOT.join(_result(shot))))
    columns = "".join(f'<td style="{styles.SHOT_FACT}">{cell}</td>' for cell in cells)
    return (
        f'<tr style="{styles.NO_BACKGROUND}"><th scope="row" style="{styles.SHOT_NAME}">'
        f"{escape(shot.name or 'the only one')}</th>{columns}</tr>"
    )


def _result(shot: Shot) -> list[str]:
    """Return how long it took, or why there is no video; then its mark and its note."""
    result = made(shot.job) if shot.job is not None and shot.state.is_done else ": ".join(filter(None, shot.state))
    return [*filter(None, [result, shot.marks.word, redact_line(shot.marks.note)])]
