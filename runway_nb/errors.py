"""Every error this package raises on purpose.

    RunwayError
    ├── InvalidRequest          mistakes in what was asked; lists all of them, nothing was sent
    ├── InvalidCommand          a `%runway` line that cannot be carried out as it stands
    ├── SettingsError           a setting or a token that cannot be used
    ├── MissingExtra            an optional part is not installed
    ├── NotPicklable            it lives in this process only; also a TypeError
    ├── OverBudget              it would cost more than is allowed; nothing was sent
    │   └── NeedsConfirmation   a sweep that costs more than is spent without an explicit yes; nothing was sent
    ├── ModerationBrake         moderation has refused too much within a day; nothing was sent
    │   └── RefusedBefore       moderation has refused the same prompt; nothing was sent
    ├── ApiError                the API refused: nothing was started (carries .status)
    │   ├── BadRequest          400
    │   ├── Unauthorized        401
    │   ├── NoSubscription      402
    │   ├── NotFound            404, 410
    │   ├── NotEnoughCredits    412
    │   ├── PromptRefused       422, moderated before a task was made
    │   ├── ModelRetired        400, 404 or 410 of a create whose model is gone; names the one to go on with
    │   ├── RateLimited         429 (carries .running and .retry_after)
    │   ├── AccountBroken       596, the Runway account has to be added again at useapi.net
    │   └── ServerError         5xx, 52x, or an answer that cannot be read; a create may have been started
    ├── Unreachable             no connection was made: nothing was sent
    ├── NoAnswer                the connection broke after the request left
    ├── TaskError               the task exists and made no video
    │   ├── TaskFailed          FAILED
    │   │   ├── TaskModerated   FAILED, refused by moderation
    │   │   └── TaskCancelled   CANCELLED
    │   └── NoVideo             SUCCEEDED, without a file
    ├── MaybeSent               no clear answer to a create: it may have been paid
    ├── Detached                waiting ended, the task goes on
    │   ├── WaitTimeout         also a TimeoutError
    │   ├── WaitInterrupted     the wait was interrupted; also a KeyboardInterrupt
    │   ├── DeadlineReached     no end within the deadline of tracking
    │   ├── LeaseLost           another kernel has taken the job over
    │   └── TrackingStopped     stopped by the user
    ├── Removed                 taken back before it was sent
    ├── DownloadError           the video is finished but could not be fetched
    │   ├── LinkExpired         its link has expired; reading the task again gives a fresh one
    │   └── NotVideo            its link leads to something that is no video
    ├── CopyInterrupted         an export or import was interrupted, what is done stays; also a KeyboardInterrupt
    ├── JobNotFound             no stored job answers to that name
    └── LedgerError             the ledger cannot be read or written
        └── LedgerInDoubt       its server went away and has not said whether it kept the last change

In a notebook each prints one line instead of a traceback, and the cell still counts as failed.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable

from .text.console import as_shown

RENAMED = {"ServerTrouble": "ServerError"}
"""Earlier names of classes, as they stand in the rows of ledgers, in pickles and in notebooks."""


def error_class(name: str) -> type[RunwayError] | None:
    """Return the class of that name, present or earlier; None for any other word."""
    found = globals().get(RENAMED.get(name, name))
    return found if isinstance(found, type) and issubclass(found, RunwayError) else None


def __getattr__(name: str) -> type[RunwayError]:
    found = error_class(name) if name in RENAMED else None
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warnings.warn(
        f"errors.{name} is errors.{found.__name__} now; the old name goes with the next version",
        DeprecationWarning,
        stacklevel=2,
    )
    return found


def masked(message: str) -> str:
    """Return the text as it may be shown (`redact`)."""
    from .redaction import redact  # at the first error: loading the extension needs none of it

    return redact(message)


class RunwayError(Exception):
    """The base of all errors. The message holds no token, no e-mail address and no control character.

    Paid: as the error below it says. To do: read the line: it says what to do.
    """

    def __init__(self, message: str) -> None:
        super().__init__(masked(message))

    @property
    def message(self) -> str:
        """What happened, in one or two sentences."""
        return str(self.args[0])

    def _render_traceback_(self) -> list[str]:
        """Return, for IPython's hook, one clear line in place of a traceback, with signs that the terminal has."""
        return [as_shown(line, sys.stdout) for line in self._lines()]

    def _lines(self) -> list[str]:
        return [f"{type(self).__name__}: {self.message}"]


class InvalidRequest(RunwayError, ValueError):
    """Mistakes in what was asked; `problems` lists all of them. Nothing was sent.

    Paid: nothing. To do: correct what the list names and run the cell again.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(masked(problem) for problem in problems)
        super().__init__("; ".join(self.problems))

    def __reduce__(self) -> tuple[type[InvalidRequest], tuple[tuple[str, ...]], dict[str, object]]:
        return type(self), (self.problems,), vars(self)

    def _lines(self) -> list[str]:
        if len(self.problems) == 1:
            return [f"{type(self).__name__}: {self.problems[0]} (nothing was sent)"]
        head = f"{type(self).__name__}: {len(self.problems)} mistakes, nothing was sent"
        return [head, *(f"  - {problem}" for problem in self.problems)]


class InvalidCommand(RunwayError, ValueError):
    """A `%runway` line that cannot be carried out as it stands.

    Paid: nothing. To do: correct the line; `%runway help` shows each command.
    """


class SettingsError(RunwayError, ValueError):
    """A setting or a token that cannot be used.

    Paid: nothing. To do: correct what it names: a setting, a token, a proxy, certificates or the output folder.
    """


class MissingExtra(RunwayError, ImportError):
    """An optional part is not installed; the message names the extra.

    Paid: nothing. To do: install what the message names.
    """


class NotPicklable(RunwayError, TypeError):
    """It lives in this process only, and is written to no file and sent to no other process.

    Paid: nothing. To do: make it anew in the other process, or pass on a job's id.
    """


class OverBudget(RunwayError):
    """It would cost more than the user allows. Nothing was sent.

    Paid: nothing. To do: ask for less, or raise `--max-credits` or `max_credits`; a limit of the environment and
    a budget stay.
    """


class NeedsConfirmation(OverBudget):
    """It costs more than may be spent without an explicit yes. Nothing was sent.

    Paid: nothing. To do: look at the price, then press the button, or send with `--yes`.
    """


class ModerationBrake(RunwayError):
    """Moderation has refused too much within a day; more of it needs an explicit yes. Nothing was sent.

    Paid: nothing. To do: change the words; `--force` sends them all the same, at the account's risk.
    """


class RefusedBefore(ModerationBrake):
    """Moderation has refused the same prompt before. Nothing was sent.

    Paid: nothing. To do: change the words or the picture; `--fresh` sends the same again.
    """


class ApiError(RunwayError):
    """The API answered with an error. `status` is the HTTP status.

    `running` holds a (task id, replyRef) pair for each task that the answer names as holding a slot.

    Paid: nothing, unless the row of its class says otherwise. To do: see the classes below.
    """

    def __init__(self, message: str, status: int = 0, running: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.running = running


class BadRequest(ApiError):
    """400: a parameter is missing or wrong.

    Paid: nothing. To do: change what the message names.
    """


class Unauthorized(ApiError):
    """401: the token is wrong.

    Paid: nothing. To do: `%runway login` with the token that useapi.net shows.
    """


class NoSubscription(ApiError):
    """402: the useapi.net subscription is missing or has expired.

    Paid: nothing. To do: renew the subscription at useapi.net.
    """


class NotFound(ApiError):
    """404 or 410: no such task or asset.

    Paid: nothing by the call; a job whose task is gone may have been. To do: look at `%runway list --account` or
    `%runway assets`.
    """


class NotEnoughCredits(ApiError):
    """412: the Runway account has too few credits.

    Paid: nothing. To do: add credits at Runway, or ask for a shorter video or a cheaper model.
    """


class PromptRefused(ApiError):
    """422: refused by moderation before a task was made.

    Paid: nothing. To do: change the words or the picture; repeated refusals can suspend the account.
    """


class ModelRetired(ApiError):
    """400, 404 or 410 of a create: its model is gone; the message names the one to go on with.

    `is_certain` is False where the status alone says so: a 410 without words leaves it open whether a task was started.

    Paid: nothing, or maybe after a 410 without words. To do: run the cell for its successor, which the card holds.
    """

    def __init__(
        self, message: str, status: int = 0, running: tuple[tuple[str, str], ...] = (), is_certain: bool = True
    ) -> None:
        super().__init__(message, status, running)
        self.is_certain = is_certain


class RateLimited(ApiError):
    """429: all slots are taken.

    `running` is empty when Runway itself is full. `retry_after` is in seconds, or None (API facts 3.4).

    Paid: nothing yet. To do: wait: a job stays in line and is sent when a slot is free.
    """

    def __init__(
        self,
        message: str,
        status: int = 429,
        running: tuple[tuple[str, str], ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, status, running)
        self.retry_after = retry_after


class AccountBroken(ApiError):
    """596: the stored Runway session is broken; the account has to be added again at useapi.net.

    Paid: nothing. To do: add the Runway account again at useapi.net.
    """


class ServerError(ApiError):
    """5xx, 52x, or an answer that cannot be read. After a create the task may exist.

    Paid: maybe, after a create. To do: wait: the task is looked for, and nothing is sent again by itself.
    """


class Unreachable(RunwayError):
    """No connection was made, so nothing was sent.

    Paid: nothing. To do: look at the network and the proxy (`%runway doctor`), then run the cell again.
    """


class NoAnswer(RunwayError):
    """The connection broke after the request left. After a create the task may exist.

    Paid: maybe, after a create. To do: wait: the task is looked for, and nothing is sent again by itself.
    """


class TaskError(RunwayError):
    """The task exists at Runway and made no video.

    Paid: maybe. To do: see the classes below.
    """


class TaskFailed(TaskError):
    """Runway reported an error.

    Paid: maybe. To do: read Runway's reason in the message; `--fresh` makes another attempt.
    """


class TaskModerated(TaskFailed):
    """Refused by moderation. Never send it again unchanged: accounts are suspended over it.

    Paid: maybe. To do: change the words or the picture; repeated refusals can suspend the account.
    """


class TaskCancelled(TaskFailed):
    """Cancelled at Runway.

    Paid: maybe. To do: `--fresh` makes another attempt.
    """


class NoVideo(TaskError):
    """The task succeeded and names no file.

    Paid: the price. To do: `%runway attach ID` looks for the file again.
    """


class MaybeSent(RunwayError):
    """No clear answer to a create: it may have been paid, and is never sent again by itself.

    Paid: maybe. To do: run the cell again to check again; `%runway resend ID` sends it again, by your decision.
    """


class Detached(RunwayError):
    """Waiting ended; the task goes on at Runway and can be picked up again.

    Paid: the price. To do: `%runway attach ID` picks it up.
    """


class WaitTimeout(Detached, TimeoutError):
    """`wait(timeout=...)` ended first.

    Paid: the price, if it was sent. To do: wait again, or `%runway attach ID` later.
    """


class WaitInterrupted(Detached, KeyboardInterrupt):
    """The wait was interrupted; also a KeyboardInterrupt, so that a script ends as it would.

    Paid: the price, if it was sent. To do: `%runway wait`, or `%runway attach ID` later.
    """


class DeadlineReached(Detached):
    """No end within the deadline of tracking.

    Paid: the price. To do: `%runway attach ID` picks it up.
    """


class LeaseLost(Detached):
    """Another kernel has taken the job over and tracks it.

    Paid: the price, if it was sent. To do: look at it in the other kernel; `%runway attach ID` there or here, once
    that has ended.
    """


class TrackingStopped(Detached):
    """Tracking was stopped by the user.

    Paid: the price. To do: `%runway attach ID` picks it up.
    """


class Removed(RunwayError):
    """Taken back before it was sent: nothing was charged.

    Paid: nothing. To do: run the cell again to send it.
    """


class DownloadError(RunwayError):
    """The video is finished but could not be fetched. It can be fetched again.

    Paid: the price. To do: `%runway attach ID` fetches the video.
    """


class LinkExpired(DownloadError):
    """The link to the video has expired; reading the task again gives a fresh one.

    Paid: the price. To do: `%runway attach ID` asks for a fresh link.
    """


class NotVideo(DownloadError):
    """The link leads to something that is no video, such as a picture or a web page.

    Paid: the price. To do: `%runway attach ID` tries once more; the account at Runway has the video, too.
    """


class CopyInterrupted(RunwayError, KeyboardInterrupt):
    """An export or import was interrupted; what is done stays, and the same goes on from there.

    Also a KeyboardInterrupt, so that a script ends as it would.

    Paid: nothing. To do: run the same again: it goes on from there.
    """


class JobNotFound(RunwayError, LookupError):
    """No stored job answers to that name.

    Paid: nothing. To do: look at `%runway list` or `%runway history`.
    """


class LedgerError(RunwayError):
    """The ledger cannot be read or written.

    Paid: nothing. To do: do what the message says; a damaged file is set aside under the name that it gives.
    """


class LedgerInDoubt(LedgerError):
    """The server that keeps the ledger went away, and has not said yet whether it kept the last change.

    Paid: nothing, for nothing is sent before the change is known to be kept. To do: run the cell again when the
    server is back; what it kept is found then.
    """
