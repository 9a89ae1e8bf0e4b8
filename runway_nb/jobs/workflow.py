"""The life of one paid request: journal the request, POST once, follow, download, verify, journal the result.

Runs on the background loop. Whatever happens, a job ends in a phase that tells the truth about the money and
the file.
"""

from __future__ import annotations

from asyncio import CancelledError, to_thread
from collections.abc import Awaitable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path

from anyio import fail_after, move_on_after

from .. import errors
from ..api.models import SUCCEEDED, Task
from ..ledger.phase import Phase
from ..ledger.record import REFUSED_FOR_NOW, Record
from ..ledger.thumbnails import Folders, keep_thumbnail, kept_thumbnail
from ..pictures.thumbnails import middle_jpeg
from ..request import VideoRequest
from ..storage.video_folder import folder_problem
from ..values.plain import unexpected
from .context import HandedOver, JobContext, Start, Stopped, WrongTask
from .download import fetch
from .hand_over import until_taken
from .ledger_away import ask_ledger
from .matching import kin
from .poll import track
from .restore import is_found_again, is_over, resting_state, restore_pictures, resumed_state, task_of, video_file
from .state import State, failed_phase
from .submit import check, prepare, search, search_instead, send, started_already
from .submit_queue import QueueEntry
from .turns import give_up_place, is_wanted, occupy_slot

WATCH_SECONDS = 1.0
"""Between two looks into the ledger at a job that another kernel tracks."""
STOP_SECONDS = 5.0
"""Seconds that a stop waits for the API to free the slot."""
SEARCH_SECONDS = 20.0
"""Seconds that a stop waits for the word whether a create that was refused has started a task."""

FOUND_AGAIN = {"phase": Phase.DONE.value, "error": "", "message": ""}
"""What is written of a job whose file has come back."""


class Workflow:
    """Sees one job through.

    Args:
        context: The job and what its steps need.
        output: The folder of the finished file.
        posters: Folders of thumbnails, for `%runway show`.
    """

    def __init__(self, context: JobContext, *, output: Path, posters: Folders) -> None:
        self.context = context
        self._output = output
        self._posters = posters
        self._worker: Future[None] | None = None
        """The call to the worker that was asked to see the job through."""

    async def run(self, start: Start) -> None:
        """Bring the job to its end: a file on disk, or an error that tells the truth."""
        self.context.start = start
        await self._run_to_end(self._make() if start.is_new else self._resume(start.is_to_send))

    # --- the two ways ---------------------------------------------------------------------------

    async def _make(self) -> None:
        context = self.context
        entry = context.queue.reserve(context.job.id, context.job.request.account)
        try:
            await prepare(context)
            request = context.job.request
            context.queue.join(entry, request.account, kin(request))
            # once more: it may have waited long, or come from another day
            if problem := await to_thread(folder_problem, self._output, context.job.id):
                raise problem
            task = await self._take_up(await send(context, entry), entry, None)
        finally:
            context.queue.leave(entry)
        await self._fetch(task)

    async def _resume(self, to_send: bool = False) -> None:
        record = await self._taken(to_send)
        self._worker = None
        self.context.sent = record.sent
        # keyframes may lie on the account by now
        self.context.control.request = VideoRequest.from_wire(record.request, record.model)
        if is_over(record) or is_found_again(record):
            await self._keep_poster(record)
            return self._rest(record)
        if record.is_unsent:
            self.context.control.become(resumed_state(record))
            return await self._make()
        task = task_of(record) or await self._found(record, to_send)
        if task is None:
            self.context.control.become(State())
            return await self._make()
        entry = occupy_slot(self.context, task.id)
        try:
            task = await self._take_up(task, entry, 0.0)
        finally:
            self.context.queue.leave(entry)
        return await self._fetch(task)

    async def _hand_over(self) -> None:
        """Leave the job to a worker and watch it; it is seen through here where no worker takes it."""
        context = self.context
        give_up_place(context)
        self._worker = context.control.take_offer()
        context.move(Phase.WAITING, at_worker=True, detail="", next_poll=None)
        try:
            is_taken = await until_taken(context, self._worker)
        finally:
            context.control.is_handed_over = False
        context.control.change(at_worker=is_taken)
        if is_taken:
            return await self._resume(to_send=True)
        self._worker = None
        return await self._make()

    async def _found(self, record: Record, to_send: bool) -> Task | None:
        """Return the task of a create whose answer is missing; None when it was refused for now and is to be resent."""
        if not record.was_refused_for_now:
            return await check(self.context, "the answer to the create was never read", record)
        self.context.busy = errors.RateLimited(REFUSED_FOR_NOW)
        task = await search(self.context, REFUSED_FOR_NOW, record)
        if task is None and not to_send:
            raise self.context.busy
        self.context.busy = None if task is not None else self.context.busy
        return task

    async def _take_up(
        self, task: Task, entry: QueueEntry, first_wait: float | None, *, is_second: bool = False
    ) -> Task:
        """Follow a task that exists to its end; its slot is free from then on. One that is another's is looked for."""
        context = self.context
        # the id once more: the line of its own may have failed
        known = {"task_id": task.id, "status": str(task.status), "error": "", "message": ""}
        context.move(Phase.FOLLOWING, task=task, journal=known)
        client = (await context.connected()).client
        try:
            task = await track(context, task, client, first_wait, lambda: is_wanted(context, entry))
        except WrongTask as wrong:
            if is_second:
                raise errors.NotFound(str(wrong), 404) from None
            return await self._take_up(await search_instead(context, str(wrong)), entry, None, is_second=True)
        context.queue.leave(entry)
        if task.status != SUCCEEDED:
            raise task_error(task)
        return task

    async def _fetch(self, task: Task) -> None:
        await fetch(self.context, task, await self.context.connected(), self._output, self._posters)

    # --- jobs of other kernels ------------------------------------------------------------------

    async def _taken(self, to_send: bool) -> Record:
        """Return the record once the lease is ours, or the job has settled; until then its owner is watched."""
        context = self.context
        record, ours = await self._asked(to_send)
        while not ours and not is_over(record):
            # what waits at a worker can still be taken back
            phase = Phase(record.phase) if self._worker and record.is_unsent else Phase.FOLLOWING
            context.control.change(
                phase=phase, task=task_of(record), sent=record.sent, elsewhere=True, at_worker=self._worker is not None
            )
            await context.pause(WATCH_SECONDS, context.poll_now)
            record, ours = await self._asked(to_send)
        context.control.change(elsewhere=False, at_worker=False)
        return record

    async def _asked(self, to_send: bool) -> tuple[Record, bool]:
        """Return what the ledger says when it is asked for the lease; while it is away it is waited for."""
        context = self.context
        answer = await ask_ledger(
            context, partial(self._take, to_send), lambda text: context.control.change(detail=text)
        )
        if context.job.state.detail:
            context.control.change(detail="")
        return answer

    def _take(self, to_send: bool) -> tuple[Record, bool]:
        """Take the lease, if it is free, or once who gives it has prepared the request."""
        context, giver = self.context, self.context.start.giver
        leases, record = context.ledger.leases, context.ledger.get(context.job.id) if giver else None
        if record is not None and record.owner == giver and record.phase == Phase.PREPARING and leases.is_held(record):
            return record, False
        return leases.take(context.job.id, context.owner, to_send=to_send, giver=giver)

    # --- ends -----------------------------------------------------------------------------------

    async def _run_to_end(self, work: Awaitable[None]) -> None:
        context = self.context
        try:
            await work
        except Stopped:
            await self._stop()
        except HandedOver:
            await self._run_to_end(self._hand_over())
        except errors.LeaseLost:
            await self._run_to_end(self._resume())
        except errors.RunwayError as error:
            self._fail(error)
        except CancelledError:
            self._fail(errors.Detached("tracking ended with the session"))
            raise
        except Exception as error:  # noqa: BLE001 - a paid request must not vanish through a mistake of ours
            self._fail(unexpected(error))
        finally:
            if not context.job.state.phase.is_final:
                self._fail(errors.Detached("tracking ended with the session"))

    async def _stop(self) -> None:
        """Stop the job: before sending the request is taken back; after it the slot is freed (API facts 7.3)."""
        context, task = self.context, self.context.job.task
        if self._worker is not None:
            self._worker.cancel()
        if (context.job.state.elsewhere or self._worker is not None) and self._has_ended_elsewhere():
            return None
        if task is None and context.busy is not None:
            try:
                with fail_after(SEARCH_SECONDS):
                    task = await started_already(context, (await context.connected()).client)
            except (errors.RunwayError, TimeoutError):
                return self._fail(errors.NoAnswer("the account could not be looked at"))
        if task is None and context.job.state.phase.is_sent:
            return self._fail(errors.NoAnswer("it was stopped before its task was found"))
        if task is None:
            why = f"not sent: {reason}; " if (reason := context.control.stop_reason) else "removed before sending: "
            return self._end(Phase.REMOVED, errors.Removed(f"{why}nothing was charged"))
        try:
            with suppress(errors.RunwayError), move_on_after(STOP_SECONDS):
                # a courtesy to the account's other tasks; a task that is tracked no more answers 404
                await (await context.connected()).client.stop_tracking(task.id)
        finally:
            self._end(Phase.STOPPED, errors.TrackingStopped("tracking was stopped"))
        return None

    def _has_ended_elsewhere(self) -> bool:
        """End the watch of a job that another has; return False where it is ours again, not sent yet."""
        context, record = self.context, self._taken_back()
        if record is not None and record.is_unsent and record.owner == context.owner:
            context.control.change(elsewhere=False, at_worker=False)
            return False
        if record is not None and is_over(record):
            self._rest(record)
            return True
        who = "another kernel" if self._worker is None else "a worker"
        self._end(Phase.DETACHED, errors.Detached(f"{who} sees it through"))
        return True

    def _taken_back(self) -> Record | None:
        """Return the record of a job that a worker has, once it is ours if that has not sent it; None of all others."""
        context = self.context
        if self._worker is None:
            return None
        with suppress(errors.LedgerError):
            record = context.ledger.get(context.job.id)
            if record.is_unsent:
                record, _ = context.ledger.leases.take(record.id, context.owner, to_send=True, giver=record.owner)
            return record
        return None

    async def _keep_poster(self, record: Record) -> None:
        """Keep a poster of a video that another machine has brought, where that has kept its own."""
        video = video_file(record)
        if video is not None and kept_thumbnail(self._posters, record.id) is None:
            picture = await to_thread(middle_jpeg, video)
            if picture is not None:
                await to_thread(keep_thumbnail, self._posters, record.id, picture)

    def _rest(self, record: Record) -> None:
        """Show what a job has come to, and give its lease back."""
        context = self.context
        if record.owner == context.owner:
            context.journal(lease=0.0, **(FOUND_AGAIN if is_found_again(record) else {}))
        restore_pictures(context.job, self._posters)
        context.control.become(resting_state(record, self._posters))

    def _fail(self, error: errors.RunwayError) -> None:
        state = self.context.job.state
        phase = Phase.DETACHED if state.elsewhere else failed_phase(state.phase, error)
        if self.context.busy is not None:
            # by its word a 429 starts nothing: the next who asks for this looks for a task, then sends it again
            phase, error = Phase.UNKNOWN, still_refused(error)
        elif phase is Phase.UNKNOWN:
            error = errors.MaybeSent(f"maybe sent, no clear answer: {error.message}")
        self._end(phase, error)

    def _end(self, phase: Phase, error: errors.RunwayError) -> None:
        journal = {"error": type(error).__name__, "message": error.message, "lease": 0.0}
        if not phase.is_sent:
            journal["credits"] = 0
        if isinstance(error, (errors.TaskModerated, errors.PromptRefused)):
            journal["refusal"] = refusal_message(error)
        try:
            self.context.journal(phase=phase.value, **journal)
        except errors.LeaseLost:  # what becomes of it, and what it costs, is no longer ours to say
            known = isinstance(error, errors.Detached)
            phase, error = Phase.DETACHED, error if known else errors.Detached("another kernel sees it through")
        self.context.control.change(phase=phase, error=error, ended=self.context.env.clock(), next_poll=None)


def still_refused(error: errors.RunwayError) -> errors.RateLimited:
    """Return the error of a job that was refused for now and is still not sent, with the reason where one is known."""
    reason = error.message.removeprefix(REFUSED_FOR_NOW).removeprefix("; ")
    # that the session ended is said already
    is_said = not reason or isinstance(error, errors.Detached)
    return errors.RateLimited(REFUSED_FOR_NOW if is_said else f"{REFUSED_FOR_NOW}; still not sent: {reason}")


def refusal_message(error: errors.RunwayError) -> str:
    """Return what moderation said, for the next time that somebody asks for the same."""
    return error.message.removeprefix("refused by moderation: ") or "no reason was given"


def task_error(task: Task) -> errors.TaskError:
    """Return the error that the end of a task without a video means (API facts 4.1, 4.3)."""
    if task.is_cancelled:
        return errors.TaskCancelled("the task was cancelled at Runway")
    problem = task.problem
    if problem is None:
        return errors.TaskFailed("Runway gave no reason")
    parts = [problem.message, problem.reason and f"reason {problem.reason}"]
    if problem.is_moderation:
        parts = [problem.reason or problem.message, problem.category and f"category {problem.category}"]
        return errors.TaskModerated(f"refused by moderation: {', '.join(filter(None, parts))}")
    return errors.TaskFailed(", ".join(filter(None, parts)) or "Runway gave no reason")
