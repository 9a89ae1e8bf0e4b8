"""Tables: jobs of the ledger, tasks of the account, credits, versions."""

from __future__ import annotations

import platform
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from importlib import metadata
from pathlib import PurePath
from types import MappingProxyType
from typing import NamedTuple

from ... import __version__
from ...api.models import Credits, Task
from ...jobs.job import Job
from ...jobs.restore import is_missing_here
from ...ledger.record import AnyRecord, Record, Spending, UnreadableRecord
from ...models import model_of_task, sum_text
from ...redaction import redact_line
from ...request import VideoRequest
from ...spec import DEFAULT_MODEL
from . import styles
from .differences import settings_texts
from .facts import prompt_text

PACKAGES = ("ipython", "ipykernel", "ipywidgets", "jupyterlab", "httpx", "nest_asyncio2", "av")
_PROMPT = 44
_LINES = 10
"""Lines about jobs that cannot be read."""


def table_bundle(
    head: Sequence[str], rows: Sequence[Sequence[str]], empty: str, whole: Collection[str] = ()
) -> dict[str, str]:
    """Return a table as text/html and text/plain, each word as it may be shown.

    Args:
        head: Names of the columns.
        rows: Each with a text for each column.
        empty: Stands there when there are no rows.
        whole: Columns whose texts are not broken into lines.
    """
    rows = [[redact_line(word) for word in row] for row in rows]
    if not rows:
        return {"text/html": f"<div>{escape(empty)}</div>", "text/plain": empty}
    widths = [max(len(line[i]) for line in (head, *rows)) for i in range(len(head))]
    text = "\n".join(
        "  ".join(f"{word:<{widths[i]}}" for i, word in enumerate(line)).rstrip() for line in (head, *rows)
    )
    begin = f'<tr style="{styles.NO_BACKGROUND}">'
    titles = "".join(f'<th scope="col" style="{styles.TABLE_TITLE}">{escape(word)}</th>' for word in head)
    cells = [f"{styles.TABLE_CELL};white-space:nowrap" if name in whole else styles.TABLE_CELL for name in head]
    body = "".join(
        begin
        + "".join(f'<td style="{cell}">{escape(word)}</td>' for cell, word in zip(cells, row, strict=True))
        + "</tr>"
        for row in rows
    )
    html = (
        f'<table style="{styles.TABLE}"><thead style="{styles.TABLE_HEAD}">{begin}{titles}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )
    return {"text/html": html, "text/plain": text}


class JobLine(NamedTuple):
    """What is listed of a job."""

    id: str
    when: str
    state: str
    credits: str
    prompt: str
    """The whole of it, or why the job cannot be read."""
    model: str = ""
    """Nothing for a job that cannot be read."""
    settings: str = ""
    """What distinguishes it from the others that are listed."""

    @property
    def title(self) -> str:
        """The prompt, cut to the width of a table."""
        return _short(self.prompt) if self.model else self.prompt


def job_lines(records: Sequence[AnyRecord], living: Mapping[str, Job]) -> list[JobLine]:
    """Return what is listed of jobs; those of this process with their state of this moment. Prompts are whole."""
    lines = [_job_line(record, living.get(record.id)) for record in records]
    return [line._replace(settings=text) for line, text in zip(lines, _settings(records), strict=True)]


def shows_models(lines: Iterable[JobLine]) -> bool:
    """Return True where one of some jobs is not of the default model."""
    return bool({line.model for line in lines} - {"", DEFAULT_MODEL.name})


def job_columns(
    lines: Sequence[JobLine], more: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the head and the rows of a table of jobs; columns that would be empty, or all alike, are left out.

    Args:
        lines: What is listed of each.
        more: Further columns behind the prompt, a text for each job.
    """
    columns: dict[str, Sequence[str]] = {
        "id": [line.id for line in lines],
        "when": [line.when for line in lines],
        "state": [line.state for line in lines],
        "model": [line.model for line in lines] if shows_models(lines) else (),
        "credits": [line.credits for line in lines],
        "settings": [line.settings for line in lines],
        "prompt": [line.title for line in lines],
        **more,
    }
    shown = {name: texts for name, texts in columns.items() if any(texts) or name == "prompt"}
    return tuple(shown), list(zip(*shown.values(), strict=True))


def missing_text(records: Iterable[AnyRecord]) -> str:
    """Return how to fetch the videos again that are not on this machine; nothing where all are."""
    found = [each for each in records if isinstance(each, Record) and is_missing_here(each)]
    lost = [each.id for each in found if not each.task_id]
    ids = [each.id for each in found if each.task_id]
    lines = []
    if ids:
        each = "it" if len(ids) == 1 else "each"
        name = ids[0] if len(ids) == 1 else "ID"
        lines.append(f"Missing here: {', '.join(ids)}. %runway attach {name} fetches {each} again, for nothing.")
    if lost:
        lines.append(f"Missing here: {', '.join(lost)}. %runway import DIR brings what was imported again.")
    return "\n".join(lines)


def jobs_bundle(records: Iterable[AnyRecord], living: Mapping[str, Job]) -> dict[str, str]:
    """Return the newest jobs of the ledger; those of this process with their state of this moment.

    Their models stand there where one of them is not the default, and of their settings those that differ.
    """
    records = list(records)
    bundle = table_bundle(*job_columns(job_lines(records, living)), "No jobs yet.")
    if not (missing := missing_text(records)):
        return bundle
    foot = "".join(f'<div style="{styles.QUIET}">{escape(line)}</div>' for line in missing.splitlines())
    return {"text/html": f"<div>{bundle['text/html']}{foot}</div>", "text/plain": f"{bundle['text/plain']}\n{missing}"}


def _settings(records: Sequence[AnyRecord]) -> list[str]:
    """Return for each record what distinguishes it from the others; nothing for one that cannot be read."""
    readable = [record for record in records if not isinstance(record, UnreadableRecord)]
    asked = [VideoRequest.from_wire(each.original_request or each.request, each.model) for each in readable]
    sent = [VideoRequest.from_wire(each.request, each.model).seed for each in readable]
    found = {each.id: text for each, text in zip(readable, settings_texts(asked, sent), strict=True)}
    return [found.get(record.id, "") for record in records]


def _job_line(record: AnyRecord, job: Job | None) -> JobLine:
    when = _when(record.asked)
    if isinstance(record, UnreadableRecord):
        price = "simulator" if record.backend == "simulator" else record.price_text
        return JobLine(record.id, when, "cannot be read", price, record.problem)
    state = f"sent again as {record.resent_as}" if record.resent_as and not record.task_id else record.phase
    if job is not None and not job.done:
        percent = "" if job.progress is None else f" {job.progress:.0%}".replace("%", " %")
        state = f"{job.state.phase.value}{percent}"
    request = VideoRequest.from_wire(record.request, record.model)
    if job is None and record.is_unsent and not record.is_held(time.time()):
        state = "not sent"
    if is_missing_here(record) and state == record.phase:
        state = f"{state}, missing here"
    price = "simulator" if record.simulated else "imported" if record.imported else record.price_text
    return JobLine(record.id, when, state, price, prompt_text(request), record.model)


def tasks_bundle(tasks: Iterable[Task]) -> dict[str, str]:
    """Return the newest tasks of the account, made anywhere; of an unknown model what the API calls it."""
    rows = [(task.short_id, task.created_at[:16].replace("T", " "), str(task.status), _task_model(task),
             str(task.seed or ""), _short(redact_line(task.prompt or task.name))) for task in tasks]  # fmt: skip
    head = ("task", "created (UTC)", "status", "model", "seed", "prompt")
    return table_bundle(head, rows, "The account has no tasks.")


def _task_model(task: Task) -> str:
    model = model_of_task(task.task_type, task.options)
    return task.task_type if model is None else model.name


def credits_text(rows: Iterable[tuple[str, Credits]], simulated: bool) -> str:
    """Return a line for each account."""
    lines = []
    for account, balance in rows:
        name = "Simulator" if simulated else account
        if balance.left is None:
            lines.append(f"{name}: the API does not say")
        else:
            lines.append(
                f"{name}: {balance.used:,.0f} of {balance.permitted:,.0f} credits used, {balance.left:,.0f} left"
            )
    note = "\nThe simulator's credits are play money." if simulated else ""
    return ("\n".join(lines) or "No Runway account is set up at useapi.net.") + note


def budget_text(limit: int | None, spent: int) -> str:
    """Return what all notebooks spent today, and what they may spend."""
    allowed = "no limit is set" if limit is None else f"{limit:,} a day may be spent"
    return f"All notebooks together: {spent:,} credits today; {allowed} (max_credits)."


def spending_bundle(rows: Iterable[Spending]) -> dict[str, str]:
    """Return what each notebook spent on each day with each model."""
    lines = [
        (
            row.day, _name(row.notebook), _backend(row.backend), row.model, str(row.jobs),
            sum_text(row.model, row.credits),
        )
        for row in rows
    ]  # fmt: skip
    return table_bundle(("day", "notebook", "where", "model", "jobs", "credits"), lines, "Nothing was spent yet.")


def job_costs_bundle(records: Iterable[AnyRecord]) -> dict[str, str]:
    """Return what each of the newest jobs cost; 0 when it is certain that nothing was charged."""
    rows = [
        (record.id, _when(record.created), "cannot be read", "", record.price_text, record.problem)
        if isinstance(record, UnreadableRecord)
        else (
            record.id, _when(record.asked), record.phase, record.model, record.price_text, _name(record.notebook)
        )
        for record in records
    ]  # fmt: skip
    return table_bundle(("job", "when", "state", "model", "credits", "notebook"), rows, "No jobs yet.")


def unreadable_text(records: Sequence[UnreadableRecord]) -> str:
    """Return a line for each job that cannot be read, and how many there are beyond these."""
    lines = [f"{record.line}." for record in records[:_LINES]]
    more = len(records) - _LINES
    return "\n".join([*lines, f"{more} more cannot be read."] if more > 0 else lines)


def _name(notebook: str) -> str:
    return PurePath(notebook).name or notebook


def _backend(backend: str) -> str:
    return "simulator (play money)" if backend == "simulator" else backend


def versions() -> str:
    """Return the versions of this package and of what it stands on."""
    # what runs, which a checkout need not be installed as
    found = [f"python {platform.python_version()}", f"runway_nb {__version__}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name} not installed")
    return "\n".join(found)


def _when(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    return time.strftime("%d %b %H:%M", time.localtime(seconds)).lstrip("0")


def _short(prompt: str) -> str:
    return prompt if len(prompt) <= _PROMPT else prompt[: _PROMPT - 3] + "..."
