"""From a press of Generate to the card of a job, and what the panel notes of jobs that move."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ...jobs.job import Job
from ...process_studio import is_of_process
from ...request import VideoRequest
from ...shortcuts import default_studio
from .action_bar import cell_or_reason
from .background import BackgroundWork
from .output import PanelOutput
from .state import PanelState, job_moved, job_noted, reported, sending, sent
from .store import PanelStore
from .widgets import reports_errors

if TYPE_CHECKING:
    from ...studio import Studio

SAME = "Nothing was sent: this shot stands below already. Change something, or draw a new seed for another take"
SETTINGS_CHANGED = "Token or address have changed: look at the account, then press again."


class RequestSender:
    """Sends what the panel shows, once for each press.

    Args:
        studio: Sends it.
        store: Holds the request, and whether one is being sent.
        work: Knows whether the settings have changed, and asks for the balance.
        output: Shows the cards.
        made: Called with a job that was asked for here; may raise what observers of the user raise.
        offer_again: Called when jobs have come.
    """

    def __init__(
        self, studio: Studio, store: PanelStore, work: BackgroundWork, output: PanelOutput,
        made: Callable[[Job], None], offer_again: Callable[[], None],
    ) -> None:  # fmt: skip
        self._studio, self._store, self._work, self._output = studio, store, work, output
        self._made, self._offer_again = made, offer_again

    def click(self) -> None:
        """Press; where a page has the script, its own message follows, with the values that it shows."""
        if not self._output.bridge.has_script:
            self.press()

    def press(self) -> None:
        """Send the request: one click, one request, until its card stands."""
        if is_of_process(self._studio):
            default_studio()  # takes the settings of this moment
        if self._work.follow_settings():
            return self._store.report(SETTINGS_CHANGED)
        taken: list[tuple[VideoRequest, str]] = []

        def begin(state: PanelState) -> PanelState:
            summary = self._store.summary
            if summary.refusal:
                return state
            taken.append((summary.request, cell_or_reason(state, summary)))
            return sending(state)

        self._store.apply(begin)
        for request, cell in taken:
            self._begin(request, cell)
        return None

    def _begin(self, request: VideoRequest, cell: str) -> None:
        try:
            self._studio.spawn(asyncio.to_thread(self._submit, request, cell))
        except BaseException:  # nothing was begun, so the next press may
            self._store.apply(lambda state: replace(state, is_sending=False))
            raise

    def _submit(self, request: VideoRequest, cell: str) -> None:
        try:
            with reports_errors(self._store.report):
                checked = self._studio.check(request)
                submitted = self._studio.submit_checked(checked, cell=cell, folder=self._output.view.folder)
                self._take_on(submitted.job, is_new=submitted.is_new)
        finally:
            self._store.apply(lambda state: replace(state, is_sending=False))
            self._work.count_slots()

    def _take_on(self, job: Job, *, is_new: bool) -> None:
        """Show a job that was asked for here."""
        if not self._output.add(job, is_new=is_new):
            self._store.apply(lambda state: reported(state, f"{SAME} (job {job.id}).", is_problem=False))
        self._store.apply(lambda state: sent(state, job))
        self._output.bridge.announce(f"{'Sent' if is_new else 'Nothing was sent'}: job {job.id}.")
        self._offer_again()
        self.track(job)

    def track(self, job: Job) -> None:
        """Count a job among those that were made here, and note where it stands until its end."""
        self._made(job)
        job.observe(self._follow)
        job.on_end(lambda job: self._studio.spawn(self._after_job(job)))

    def watch_others(self) -> None:
        """Ask for the balance when a job of a cell ends: what it costs is known then."""
        for job in self._studio.jobs.values():
            if job.id not in self._store.state.phases and not job.done:
                self._store.apply(partial(job_noted, job=job))
                job.on_end(lambda _: self._studio.spawn(self._work.load_account()))

    def _follow(self, job: Job) -> None:
        """Note that a job has moved; most moves change nothing here, and then nothing is sent."""
        busy = self._studio.account.backend.queue.busy
        self._store.apply(lambda state: job_moved(state, job.id, job.state.phase, busy))

    async def _after_job(self, job: Job) -> None:
        self._output.bridge.announce(f"Job {job.id}: {job.error.message if job.error else 'the video is there'}.")
        self._offer_again()
        await self._work.load_account_and_tasks()
