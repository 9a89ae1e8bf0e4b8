"""All checks at a time, each on a thread of its own, within a time that is given."""

from __future__ import annotations

import contextvars
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from ..errors import RunwayError
from ..text.import_problems import import_problem
from ..values.plain import kind_of, message_of
from .finding import Check, Finding, unknown, wrong

T = TypeVar("T")

SECONDS = 14.0
"""How long all checks together take at most; with what comes before and after them it is a second more."""
PENDING = "not known yet"
_Answers = queue.SimpleQueue[tuple[int, list[Finding]]]


class Examination:
    """Checks that are made all at a time.

    Args:
        checks: In the order of the report.
        seconds: How long they have together.
        clock: Monotonic seconds.
    """

    def __init__(
        self, checks: Sequence[Check], *, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._checks = checks
        self._seconds = seconds
        self._clock = clock
        self._found: dict[int, list[Finding]] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is known by now, in order; a check that has not answered stands there as such."""
        return tuple(
            finding
            for number, check in enumerate(self._checks)
            for finding in self._found.get(number, [unknown(check.name, PENDING)])
        )

    @property
    def is_hanging(self) -> bool:
        """True when the thread of a check still runs."""
        return len(self._found) < len(self._checks)

    def run(self, changed: Callable[[], None] = lambda: None) -> tuple[Finding, ...]:
        """Make all checks and return what was found; `changed` is called whenever something new is known."""
        answers: _Answers = queue.SimpleQueue()
        give_up = self._clock() + self._seconds
        for number, check in enumerate(self._checks):
            _start(number, check, answers)
        while self.is_hanging and (left := give_up - self._clock()) > 0:
            try:
                number, found = answers.get(timeout=left)
            except queue.Empty:
                break
            self._found[number] = found
            changed()
        late = f"no answer within {self._seconds:.0f} s"
        return tuple(finding._replace(text=late) if finding.text == PENDING else finding for finding in self.findings)


def _start(number: int, check: Check, answers: _Answers) -> None:
    """Begin a check on a daemon thread: one that hangs holds up neither the others nor the end of the process."""

    def look() -> None:
        answers.put((number, looked(check)))

    thread = threading.Thread(target=look, name=f"runway_nb doctor: {check.name}", daemon=True)
    try:
        # what a check loads may print, and must not print into the running cell
        contextvars.Context().run(thread.start)
    except RuntimeError as error:
        answers.put((number, [unknown(check.name, f"no thread can be started ({message_of(error)})")]))


def within(seconds: float, act: Callable[[], T]) -> T:
    """Return the result of something that may hang, or raise what it raises; `TimeoutError` when it takes too long."""
    done: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put((act(), None))
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            done.put((None, error))

    contextvars.Context().run(threading.Thread(target=run, daemon=True).start)
    try:
        result, error = done.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer within {seconds:.0f} s") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]


def looked(check: Check) -> list[Finding]:
    """Return the findings of a check; whatever it raises is one, too."""
    try:
        return list(check.look())
    except ImportError as error:
        problem = import_problem(str(error.name or "a module"), error)
        return [wrong(check.name, problem, "install runway_nb again, in a new environment")]
    except RunwayError as error:
        # a setting that cannot be used: the message says what to do
        text, _, advice = error.message.partition(": ")
        return [wrong(check.name, text, advice)]
    except BaseException as error:  # noqa: BLE001 - a report about what is broken must not break by it
        text = message_of(error)
        return [unknown(check.name, f"it could not be looked at ({': '.join(filter(None, (kind_of(error), text)))})")]
