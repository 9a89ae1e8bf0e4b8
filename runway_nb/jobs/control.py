"""The inner side of a job: what its work moves, and how those who watch it are notified."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import fields, replace
from typing import Any

from ..request import VideoRequest
from ..values.plain import is_interrupt, unexpected
from .state import State

_LOG = logging.getLogger("runway_nb")

Watcher = Callable[[], None]


class JobControl:
    """Moves a job and notifies its observers; passes what the user asks for on to the job's work.

    Made with the job (`job.control_of`). All methods may be called from any thread.

    Args:
        job_id: The job's.
        request: What is sent.
        state: Where the job stands.
    """

    def __init__(self, job_id: str, request: VideoRequest, state: State) -> None:
        self.request = request
        """What is sent: keyframes as asset ids once they are found, a seed always."""
        self.thumbnails: dict[str, bytes] = {}
        """Small JPEGs of the keyframes, by position."""
        self.comparisons: dict[str, bytes] = {}
        """Small JPEGs by position: a picture file, and what of it was sent."""
        self.notes: tuple[str, ...] = ()
        """What was done to picture files before they were sent."""
        self.stop_requested = threading.Event()
        self.stop_reason = ""
        """Why it was stopped, where that was not the user's wish."""
        self.offer: Future[None] | None = None
        """The call to a worker that is to see it through, until the work takes note of it."""
        self.is_handed_over = False
        """Whether a worker was asked that has not begun."""
        self.is_begun_here = False
        """Whether that worker turned out to be one of this process."""
        self.ended = threading.Event()
        """Set when the job has ended and its observers know it."""
        self._job_id = job_id
        self._state = state
        self._lock = threading.RLock()
        self._observers: tuple[Watcher, ...] = ()
        self._on_stop: Callable[[], None] | None = None
        self._on_refresh: Callable[[], None] | None = None
        self._on_offer: Callable[[], None] | None = None
        if state.phase.is_final:
            self.ended.set()

    @property
    def state(self) -> State:
        """Everything known at this moment, as one frozen value."""
        return self._state

    # --- for the work ---------------------------------------------------------------------------

    def connect(
        self, *, on_stop: Callable[[], None], on_refresh: Callable[[], None], on_offer: Callable[[], None]
    ) -> None:
        """Connect the job to the work that runs for it."""
        self._on_stop, self._on_refresh, self._on_offer = on_stop, on_refresh, on_offer

    def take_offer(self) -> Future[None]:
        """Return the call to the worker, of which the work takes note now."""
        offer, self.offer = self.offer, None
        assert offer is not None
        self.is_handed_over = True
        return offer

    def change(self, **changes: Any) -> None:
        """Move to the next state and notify the observers; `ended` is set after they were notified."""
        with self._lock:
            self._state = replace(self._state, **changes)
            observers = self._observers
        try:
            for observer in observers:
                self._notify(observer)
        finally:
            if self._state.phase.is_final:
                self.ended.set()

    def notify(self) -> None:
        """Notify the observers that something beside the state has changed, on this thread."""
        for observer in self._observers:
            self._notify(observer)

    def become(self, state: State) -> None:
        """Take over a state as a whole."""
        self.change(**{spec.name: getattr(state, spec.name) for spec in fields(state)})

    # --- for the user ---------------------------------------------------------------------------

    def stop(self, reason: str = "") -> None:
        """Ask the work to stop; `reason` says why, where that is not the user's wish."""
        self.stop_reason = self.stop_reason or reason
        self.stop_requested.set()
        if self._on_stop is not None:
            self._on_stop()

    def refresh(self) -> None:
        """Ask the work to poll now."""
        if self._on_refresh is not None:
            self._on_refresh()

    # --- for workers ----------------------------------------------------------------------------

    def hand_over(self, worker: Future[None]) -> None:
        """Ask the work to leave the job to a worker, if it is not sent yet."""
        self.offer = worker
        if self._on_offer is not None:
            self._on_offer()

    def begin_here(self) -> None:
        """Let the work go on: the worker that was asked is one of this process."""
        self.is_begun_here = True
        self.refresh()

    def observe(self, observer: Watcher) -> Callable[[], None]:
        """Call `observer` after every change, on the thread that makes it; return a function that ends this."""
        with self._lock:
            self._observers = (*self._observers, observer)

        def forget() -> None:
            with self._lock:
                self._observers = tuple(other for other in self._observers if other is not observer)

        return forget

    def on_end(self, act: Watcher) -> None:
        """Call `act` once when the job ends, before `ended` is set; at once if it has ended."""
        forget: list[Callable[[], None]] = []

        def watch() -> None:
            with self._lock:  # changes may come on two threads, and one inside another: by an observer that sets a mark
                is_first = self._state.phase.is_final and bool(forget)
                leave = forget.pop() if is_first else None
            if leave is not None:
                leave()
                act()

        with self._lock:
            ended = self._state.phase.is_final
            if not ended:
                forget.append(self.observe(watch))
        if ended:
            self._notify(act)

    def _notify(self, observer: Watcher) -> None:
        """Call an observer: a screen that fails must stop neither the work for a paid request nor its loop."""
        try:
            observer()
        except BaseException as error:  # whatever a display raises, an exit of the process included
            if is_interrupt(error):
                raise
            _LOG.warning("%s", unexpected(error, f"job {self._job_id} could not be shown").message)
