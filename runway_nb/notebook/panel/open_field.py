"""The field that brings the settings of an earlier job, or of a task of the account, back into the panel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets

from ...api.account_queries import account_tasks
from ...api.models import Task
from ...errors import InvalidRequest, LedgerError
from ...jobs.job import Job
from ...ledger.record import AnyRecord, Record
from ...redaction import redact_line
from ...request import VideoRequest
from ...values.plain import is_a, plain, shown
from ..rendering.facts import DOT
from .keyframe_choices import shortened
from .state import PanelState, Summary
from .store import PanelStore
from .widgets import LastShown, make_widget, problem

if TYPE_CHECKING:
    from ...api.client import RunwayClient
    from ...studio import Studio

NEWEST = 40
"""Jobs of the ledger that are offered; any other can be typed."""
_LONGEST = 60
"""Letters that are left in the field of what could not be opened."""


class OpenField:
    """Takes an id, and offers those of the newest jobs and tasks.

    Args:
        store: Holds what is offered, and what could not be opened.
        open_job: Called with what was chosen or typed: an id, or a replyRef.
    """

    def __init__(self, store: PanelStore, open_job: Callable[[str], None]) -> None:
        self._store, self._open = store, open_job
        self._shown = LastShown()
        self.field = make_widget(
            ipywidgets.Combobox,
            description="Open a job or task",
            placeholder="Open a job or task",
            continuous_update=False,
            ensure_option=False,
            classes="rnb-sr-label rnb-reopen",
        )
        self.problem = make_widget(ipywidgets.HTML, classes="rnb-problems")
        store.listen(self.field, self._chosen)

    def show(self, state: PanelState, _: Summary) -> None:
        """Bring the field up to date."""
        if self.field.options != (offered := tuple(state.entries)):
            self.field.options = offered
        self._shown.show({"open": self.field}, {"open": state.open_text})
        self.problem.value = problem(state.open_error)

    def _chosen(self, _: str) -> None:
        text = self._shown.taken("open", self.field).strip()
        self._store.apply(lambda state: replace(state, open_text="", open_error="" if text else state.open_error))
        if text:
            self._open(self._store.state.entries.get(text, text))


class Entries:
    """What the field offers, from the ledger and the account."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def offered(self, state: PanelState) -> PanelState:
        """Return the state that offers what ledger and account have."""
        return replace(state, entries=entries(self._recent(), state.tasks))

    async def tasks(self, client: RunwayClient) -> tuple[Task, ...]:
        """Return the tasks of the account. Raises `RunwayError`."""
        return tuple(await account_tasks(client))

    def _recent(self) -> list[AnyRecord]:
        try:
            return self._studio.ledger.recent(NEWEST)
        except LedgerError:
            return []  # reported where something is to be written


def not_opened(state: PanelState, name: str, text: str) -> PanelState:
    """Return the state that says why nothing was opened, beside what was typed."""
    return replace(state, open_error=text, open_text=redact_line(name, _LONGEST))


def entries(records: Iterable[AnyRecord], tasks: Iterable[Task]) -> dict[str, str]:
    """Return what is offered, to the id that it stands for: jobs as given, then tasks that are no job's."""
    records = list(records)
    known = {record.task_id for record in records}
    jobs = {_entry(record.id, _prompt(record)): record.id for record in records}
    others = [task for task in tasks if task.id not in known]
    return jobs | {_entry(f"task {task.short_id}", task.prompt or task.name): task.id for task in others}


def _prompt(record: AnyRecord) -> str:
    return str(record.request.get("text_prompt", "")) if isinstance(record, Record) else "cannot be read"


def _entry(name: str, prompt: str) -> str:
    return DOT.join(filter(None, (name, shortened(prompt))))


def readable_source(source: Any) -> VideoRequest | Job | str | None:
    """Return what a panel begins with. Raises `InvalidRequest` for what is none of it."""
    if source is None or is_a(source, VideoRequest, Job):
        return source
    if type(name := plain(source)) is str:
        return name
    raise InvalidRequest([f"a panel begins with a request, a job or the id of one, and not with {shown(source)}"])
