"""The field that brings the settings of an earlier job, or of a task of the account, back into the panel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import ipywidgets

from ...api.account_queries import account_tasks
from ...api.models import Task
from ...errors import InvalidRequest, LedgerError
from ...jobs.job import Job
from ...ledger.record import Found, Record
from ...redaction import redact_line
from ...request import VideoRequest
from ...values.plain import is_a, plain, shown
from ..rendering.messages import DOT
from .keyframe_choices import shortened
from .widgets import Mute, lean, problem

if TYPE_CHECKING:
    from ...api.client import RunwayClient
    from ...studio import Studio

NEWEST = 40
"""Jobs of the ledger that are offered; any other can be typed."""
_LONGEST = 60
"""Letters that are left in the field of what could not be opened."""


class ReopenField:
    """Takes an id, and offers those of the newest jobs and tasks.

    Args:
        studio: Knows the jobs.
        reopen: Called with what was chosen or typed: an id, or a replyRef.
    """

    def __init__(self, studio: Studio, reopen: Callable[[str], None]) -> None:
        self._studio, self._reopen = studio, reopen
        self._tasks: tuple[Task, ...] = ()
        self._names: dict[str, str] = {}
        self._mute = Mute()
        self.field = lean(
            ipywidgets.Combobox,
            description="Open a job or task",
            placeholder="Open a job or task",
            continuous_update=False,
            ensure_option=False,
            classes="rnb-sr-label rnb-reopen",
        )
        self.trouble = lean(ipywidgets.HTML, classes="rnb-problems")
        self.field.observe(self._chosen, "value")

    def offer(self) -> None:
        """List what the ledger and the account have."""
        self._names = entries(self._recent(), self._tasks)
        if self.field.options != tuple(self._names):
            self.field.options = tuple(self._names)

    async def load(self, client: RunwayClient) -> None:
        """Ask the account for its tasks. Raises `RunwayError`."""
        self._tasks = tuple(await account_tasks(client))
        self.offer()

    def _recent(self) -> list[Found]:
        try:
            return self._studio.ledger.recent(NEWEST)
        except LedgerError:
            return []  # told where something is to be written

    def refuse(self, name: str, words: str) -> None:
        """Nothing was opened: why, beside what was typed."""
        self.trouble.value = problem(words)
        with self._mute:
            self.field.value = redact_line(name, _LONGEST)

    def _chosen(self, change: Any) -> None:
        if not self._mute and (text := change["new"].strip()):
            self.field.value = self.trouble.value = ""
            self._reopen(self._names.get(text, text))


def entries(records: Iterable[Found], tasks: Iterable[Task]) -> dict[str, str]:
    """What is offered, to the id that it stands for: jobs as given, then tasks that are no job's."""
    records = list(records)
    known = {record.task_id for record in records}
    jobs = {_entry(record.id, _words(record)): record.id for record in records}
    others = [task for task in tasks if task.id not in known]
    return jobs | {_entry(f"task {task.short_id}", task.prompt or task.name): task.id for task in others}


def _words(record: Found) -> str:
    return str(record.request.get("text_prompt", "")) if isinstance(record, Record) else "cannot be read"


def _entry(name: str, words: str) -> str:
    return DOT.join(filter(None, (name, shortened(words))))


def readable_source(source: Any) -> VideoRequest | Job | str | None:
    """What a panel begins with. Raises `InvalidRequest` for what is none of it."""
    if source is None or is_a(source, VideoRequest, Job):
        return source
    if type(name := plain(source)) is str:
        return name
    raise InvalidRequest([f"a panel begins with a request, a job or the id of one, and not with {shown(source)}"])
