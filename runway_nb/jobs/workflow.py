"""The life of one paid request: journal the wish, POST once, follow, download, verify, journal the result.

Runs on the background loop. Whatever happens, a job ends in a phase that tells the truth about the money and
the file.
"""

from __future__ import annotations

from asyncio import CancelledError, to_thread
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path

from anyio import fail_after, move_on_after

from .. import errors
from ..api.models import SUCCEEDED, Task
from ..ledger.phase import Phase
from ..ledger.record import REFUSED_FOR_NOW, Record
from ..references import task_account
from ..storage.draft import folder_problem
from ..values.plain import unexpected
from .context import Run, Stopped, WrongTask
from .download import fetch
from .poll import track
from .restore import is_over, state_of, stored_task, waking_state
from .state import State, failed_phase
from .submit import check, look_instead, prepare, search, send, started_already
from .submit_queue import Ticket

WATCH_SECONDS = 1.0
"""Between two looks at a job that another kernel sees through."""
STOP_SECONDS = 5.0
"""Seconds that a stop waits for the API to free the slot."""
SEARCH_SECONDS = 20.0
"""Seconds that a stop waits for the word whether a create that was refused has started a task."""


class Workflow:
    """Sees one job through.

    Args:
        run: The job and what its steps need.
        output: The folder of the finished file.
        posters: The folder of small stills, for `%runway show`.
    """

    def __init__(self, run: Run, *, output: Path, posters: Path) -> None:
        self.run = run
        self._output = output
        self._posters = posters

    async def make(self) -> None:
        """From a wish in the ledger to a file on disk."""
        await self._see_through(self._make())

    async def resume(self, *, to_send: bool = False) -> None:
        """From wherever the ledger says that the job stands to a file on disk.

        `to_send`: a cell asks for it, so a wish whose owner has gone before sending it is sent.
        """
        await self._see_through(self._resume(to_send))

    # --- the two ways ---------------------------------------------------------------------------

    async def _make(self) -> None:
        run = self.run
        await prepare(run)
        ticket = run.queue.join(run.job.id, run.job.request.account)
        try:
            # once more: it may have waited long, or come from another day
            if problem := await to_thread(folder_problem, self._output, run.job.id):
                raise problem
            task = await self._take_up(await send(run, ticket), ticket, None)
        finally:
            run.queue.leave(ticket)
        await self._fetch(task)

    async def _resume(self, to_send: bool = False) -> None:
        record = await self._taken(to_send)
        if is_over(record):
            if record.owner == self.run.owner:
                self.run.journal(lease=0.0)
            self.run.job.become(state_of(record, self._posters))
            return None
        if record.is_unsent:
            self.run.job.become(waking_state(record))
            return await self._make()
        task = stored_task(record) or await self._found(record, to_send)
        if task is None:
            self.run.job.become(State())
            return await self._make()
        ticket = self.run.queue.occupy(self.run.job.id, task_account(task.id))
        try:
            task = await self._take_up(task, ticket, 0.0)
        finally:
            self.run.queue.leave(ticket)
        return await self._fetch(task)

    async def _found(self, record: Record, to_send: bool) -> Task | None:
        """The task of a create whose answer is missing; None when it was refused for now and is to be sent again."""
        if not record.was_refused_for_now:
            return await check(self.run, "the answer to the create was never read", record)
        self.run.busy = errors.RateLimited(REFUSED_FOR_NOW)
        task = await search(self.run, REFUSED_FOR_NOW, record)
        if task is None and not to_send:
            raise self.run.busy
        self.run.busy = None if task is not None else self.run.busy
        return task

    async def _take_up(self, task: Task, ticket: Ticket, first_wait: float | None, *, is_second: bool = False) -> Task:
        """Follow a task that exists to its end; its slot is free from then on. One that is another's is looked for."""
        run = self.run
        # the id once more: the line of its own may have failed
        known = {"task_id": task.id, "status": str(task.status), "error": "", "message": ""}
        run.move(Phase.FOLLOWING, task=task, journal=known)
        client = (await run.connected()).client
        try:
            task = await track(run, task, client, first_wait)
        except WrongTask as wrong:
            if is_second:
                raise errors.NotFound(str(wrong), 404) from None
            return await self._take_up(await look_instead(run, str(wrong)), ticket, None, is_second=True)
        run.queue.leave(ticket)
        if task.status != SUCCEEDED:
            raise task_error(task)
        return task

    async def _fetch(self, task: Task) -> None:
        await fetch(self.run, task, await self.run.connected(), self._output, self._posters)

    # --- jobs of other kernels ------------------------------------------------------------------

    async def _taken(self, to_send: bool) -> Record:
        """The record once the lease is ours, or the job has settled; until then its owner is watched."""
        run = self.run
        record, ours = run.ledger.take(run.job.id, run.owner, to_send=to_send)
        while not ours and not is_over(record):
            run.job.change(phase=Phase.FOLLOWING, task=stored_task(record), sent=record.sent, elsewhere=True)
            await run.pause(WATCH_SECONDS)
            record, ours = run.ledger.take(run.job.id, run.owner, to_send=to_send)
        run.job.change(elsewhere=False)
        return record

    # --- ends -----------------------------------------------------------------------------------

    async def _see_through(self, work: Awaitable[None]) -> None:
        run = self.run
        try:
            await work
        except Stopped:
            await self._stop()
        except errors.LeaseLost:
            await self._see_through(self._resume())
        except errors.RunwayError as error:
            self._fail(error)
        except CancelledError:
            self._fail(errors.Detached("tracking ended with the session"))
            raise
        except Exception as error:  # noqa: BLE001 - a paid wish must not vanish through a mistake of ours
            self._fail(unexpected(error))
        finally:
            if not run.job.state.phase.is_final:
                self._fail(errors.Detached("tracking ended with the session"))

    async def _stop(self) -> None:
        """Before sending the wish is taken back; after it the slot is freed (API facts 7.3)."""
        run, task = self.run, self.run.job.task
        if run.job.state.elsewhere:
            return self._end(Phase.DETACHED, errors.Detached("another kernel sees it through"))
        if task is None and run.busy is not None:
            try:
                with fail_after(SEARCH_SECONDS):
                    task = await started_already(run, (await run.connected()).client)
            except (errors.RunwayError, TimeoutError):
                return self._fail(errors.NoAnswer("the account could not be looked at"))
        if task is None and run.job.state.phase.is_sent:
            return self._fail(errors.NoAnswer("it was stopped before its task was found"))
        if task is None:
            return self._end(Phase.REMOVED, errors.Removed("removed before sending: nothing was charged"))
        try:
            with suppress(errors.RunwayError), move_on_after(STOP_SECONDS):
                # a courtesy to the account's other tasks; a task that is tracked no more answers 404
                await (await run.connected()).client.stop_tracking(task.id)
        finally:
            self._end(Phase.STOPPED, errors.TrackingStopped("tracking was stopped"))
        return None

    def _fail(self, error: errors.RunwayError) -> None:
        phase = failed_phase(self.run.job.state.phase, error)
        if self.run.busy is not None:
            # by its word a 429 starts nothing: the next who asks for this looks for a task, then sends it again
            phase, error = Phase.UNKNOWN, errors.RateLimited(REFUSED_FOR_NOW)
        elif phase is Phase.UNKNOWN:
            error = errors.MaybeSent(f"maybe sent, no clear answer: {error.message}")
        self._end(phase, error)

    def _end(self, phase: Phase, error: errors.RunwayError) -> None:
        journal = {"error": type(error).__name__, "message": error.message, "lease": 0.0}
        if not phase.is_sent:
            journal["credits"] = 0
        if isinstance(error, (errors.TaskModerated, errors.PromptRefused)):
            journal["refusal"] = refusal_words(error)
        with suppress(errors.LeaseLost):
            self.run.journal(phase=phase.value, **journal)
        self.run.job.change(phase=phase, error=error, ended=self.run.env.clock(), next_look=None)


def refusal_words(error: errors.RunwayError) -> str:
    """What moderation said, for the next time that somebody asks for the same."""
    return error.message.removeprefix("refused by moderation: ") or "no reason was given"


def task_error(task: Task) -> errors.TaskError:
    """The error that the end of a task without a video means (API facts 4.1, 4.3)."""
    if task.is_cancelled:
        return errors.TaskCancelled("the task was cancelled at Runway")
    problem = task.problem
    if problem is None:
        return errors.TaskFailed("Runway gave no reason")
    words = [problem.message, problem.reason and f"reason {problem.reason}"]
    if problem.is_moderation:
        words = [problem.reason or problem.message, problem.category and f"category {problem.category}"]
        return errors.TaskModerated(f"refused by moderation: {', '.join(filter(None, words))}")
    return errors.TaskFailed(", ".join(filter(None, words)) or "Runway gave no reason")
