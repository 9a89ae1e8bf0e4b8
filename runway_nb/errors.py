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
    """The base of all errors. The message holds no token, no e-mail address and no control character."""

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
    """Mistakes in what was asked; `problems` lists all of them. Nothing was sent."""

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
    """A `%runway` line that cannot be carried out as it stands."""


class SettingsError(RunwayError, ValueError):
    """A setting or a token that cannot be used."""


class MissingExtra(RunwayError, ImportError):
    """An optional part is not installed; the message names the extra."""


class NotPicklable(RunwayError, TypeError):
    """It lives in this process only, and is written to no file and sent to no other process."""


class OverBudget(RunwayError):
    """It would cost more than the user allows. Nothing was sent."""


class NeedsConfirmation(OverBudget):
    """It costs more than may be spent without an explicit yes. Nothing was sent."""


class ModerationBrake(RunwayError):
    """Moderation has refused too much within a day; more of it needs an explicit yes. Nothing was sent."""


class RefusedBefore(ModerationBrake):
    """Moderation has refused the same prompt before. Nothing was sent."""


class ApiError(RunwayError):
    """The API answered with an error. `status` is the HTTP status.

    `running` holds a (task id, replyRef) pair for each task that the answer names as holding a slot.
    """

    def __init__(self, message: str, status: int = 0, running: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.running = running


class BadRequest(ApiError):
    """400: a parameter is missing or wrong."""


class Unauthorized(ApiError):
    """401: the token is wrong."""


class NoSubscription(ApiError):
    """402: the useapi.net subscription is missing or has expired."""


class NotFound(ApiError):
    """404 or 410: no such task or asset."""


class NotEnoughCredits(ApiError):
    """412: the Runway account has too few credits."""


class PromptRefused(ApiError):
    """422: refused by moderation before a task was made."""


class ModelRetired(ApiError):
    """400, 404 or 410 of a create: its model is gone; the message names the one to go on with.

    `is_certain` is False where the status alone says so: a 410 without words leaves it open whether a task was started.
    """

    def __init__(
        self, message: str, status: int = 0, running: tuple[tuple[str, str], ...] = (), is_certain: bool = True
    ) -> None:
        super().__init__(message, status, running)
        self.is_certain = is_certain


class RateLimited(ApiError):
    """429: all slots are taken.

    `running` is empty when Runway itself is full. `retry_after` is in seconds, or None (API facts 3.4).
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
    """596: the stored Runway session is broken; the account has to be added again at useapi.net."""


class ServerError(ApiError):
    """5xx, 52x, or an answer that cannot be read. After a create the task may exist."""


class Unreachable(RunwayError):
    """No connection was made, so nothing was sent."""


class NoAnswer(RunwayError):
    """The connection broke after the request left. After a create the task may exist."""


class TaskError(RunwayError):
    """The task exists at Runway and made no video."""


class TaskFailed(TaskError):
    """Runway reported an error."""


class TaskModerated(TaskFailed):
    """Refused by moderation. Never send it again unchanged: accounts are suspended over it."""


class TaskCancelled(TaskFailed):
    """Cancelled at Runway."""


class NoVideo(TaskError):
    """The task succeeded and names no file."""


class MaybeSent(RunwayError):
    """No clear answer to a create: it may have been paid, and is never sent again by itself."""


class Detached(RunwayError):
    """Waiting ended; the task goes on at Runway and can be picked up again."""


class WaitTimeout(Detached, TimeoutError):
    """`wait(timeout=...)` ended first."""


class WaitInterrupted(Detached, KeyboardInterrupt):
    """The wait was interrupted; also a KeyboardInterrupt, so that a script ends as it would."""


class DeadlineReached(Detached):
    """No end within the deadline of tracking."""


class LeaseLost(Detached):
    """Another kernel has taken the job over and tracks it."""


class TrackingStopped(Detached):
    """Tracking was stopped by the user."""


class Removed(RunwayError):
    """Taken back before it was sent: nothing was charged."""


class DownloadError(RunwayError):
    """The video is finished but could not be fetched. It can be fetched again."""


class LinkExpired(DownloadError):
    """The link to the video has expired; reading the task again gives a fresh one."""


class NotVideo(DownloadError):
    """The link leads to something that is no video, such as a picture or a web page."""


class CopyInterrupted(RunwayError, KeyboardInterrupt):
    """An export or import was interrupted; what is done stays, and the same goes on from there.

    Also a KeyboardInterrupt, so that a script ends as it would.
    """


class JobNotFound(RunwayError, LookupError):
    """No stored job answers to that name."""


class LedgerError(RunwayError):
    """The ledger cannot be read or written."""
