"""A job: the durable handle of one request."""

from __future__ import annotations

import asyncio
import math
import os
import sys
import time
from collections.abc import Callable, Coroutine, Generator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..api.models import Task
from ..errors import DownloadError, InvalidCommand, RunwayError, WaitInterrupted, WaitTimeout
from ..extension_points import provided
from ..ledger.marks import LedgerMarks, Marks
from ..ledger.phase import LEFT
from ..redaction import TOKEN, redact_line
from ..references import ShotFrame
from ..request import VideoRequest
from ..storage.paths import working_folder
from ..text.console import as_shown
from ..values.deprecation import warn_renamed
from ..values.handle import Handle
from ..values.plain import checked_call, checked_number, checked_switch, checked_timeout, checked_whole, unexpected
from .control import JobControl
from .job_marks import JobMarks
from .loop import check_may_wait, is_background_thread, run_nested
from .shown_wait import Tick, shown_while
from .state import State

if TYPE_CHECKING:
    from PIL.Image import Image

SLICE = 0.1
"""Seconds of one slice of a wait; an interrupt gets through at each."""
MOST_FRAMES = 10_000
"""Frames that are taken at once; a clip has some 240."""


Observer = Callable[["Job"], None]


class Job(Handle):
    """A request that was submitted: its state, its video, and ways to wait for it.

    Made by `generate`, `Studio.submit` and `Studio.attach`. All methods may be called from any thread. A copy of a
    job is the job; pickled it is its id, by which the studio of the other process finds it (`shortcuts.attached`).
    """

    def __init__(
        self,
        job_id: str,
        request: VideoRequest,
        *,
        simulated: bool = False,
        original_request: VideoRequest | None = None,
        cell: str = "",
        folder: Path | None = None,
        created: float | None = None,
        state: State | None = None,
        advice: str = "",
        foreign_type: str = "",
        imported: bool = False,
        marks: LedgerMarks | None = None,
    ) -> None:
        self.id = job_id
        """Eight hexadecimal digits, ours; the name of the job in `%runway` and in file names."""
        self.original_request = original_request or request
        """What was asked for: pictures as they were named, a seed only when one was given."""
        self.simulated = simulated
        """True when the embedded simulator makes the video."""
        self.cell = cell
        """The cell that asked for it."""
        self.folder = folder or working_folder()
        """The notebook's folder."""
        self.created = time.time() if created is None else created
        self.advice = advice
        """What is said with the first job of its kind in a session, such as that its model may stop any day."""
        self.foreign_type = foreign_type
        """The type of a task that was made elsewhere with a model that no row knows: its request is a guess."""
        self.imported = imported
        """True when it came with an export of another machine: nothing was sent or spent here."""
        self._control = JobControl(job_id, request, state or State())
        self._marks = JobMarks(job_id, marks, self._control.notify)

    # --- what it is -----------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Everything known at this moment, as one frozen value."""
        return self._control.state

    @property
    def request(self) -> VideoRequest:
        """What is sent: keyframes as asset ids once they are found, a seed always."""
        return self._control.request

    @property
    def thumbnails(self) -> dict[str, bytes]:
        """Small JPEGs of the keyframes, by position."""
        return self._control.thumbnails

    @property
    def comparisons(self) -> dict[str, bytes]:
        """Small JPEGs by position: a picture file, and what of it was sent."""
        return self._control.comparisons

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to picture files before they were sent."""
        return self._control.notes

    @property
    def status(self) -> str:
        """The API's own word while there is a task, else ours in capitals, such as SENDING or REFUSED."""
        state = self.state
        if state.task is not None and state.phase not in LEFT:
            return str(state.task.status)
        return state.phase.value.upper()

    @property
    def progress(self) -> float | None:
        """0 to 1, never backwards, or None while unknown."""
        return self.state.progress

    @property
    def task(self) -> Task | None:
        """The task as last seen, or None before it exists."""
        return self.state.task

    @property
    def video(self) -> Path | None:
        """The finished file, or None before it is on disk."""
        return self.state.video

    @property
    def seed(self) -> int | None:
        """The seed that was sent."""
        return self.request.seed

    @property
    def credits(self) -> int | None:
        """The price in credits; 0 with the simulator, in explore mode and when imported, None where it is unknown."""
        if self.simulated or self.imported:
            return 0
        return None if self.foreign_type else self.request.credits

    @property
    def price_text(self) -> str:
        """The price as it is shown, such as `25 credits` (`VideoRequest.price_text`); of play money none is spent."""
        if self.simulated or self.imported:
            return "0 credits (imported)" if self.imported else "0 credits"
        return "price unknown" if self.foreign_type else self.request.price_text

    @property
    def error(self) -> RunwayError | None:
        """Why there is no video, or None."""
        return self.state.error

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed and probably not meant, and what went wrong without harm to the video."""
        return (
            *filter(None, [self.advice]),
            *self.request.warnings(),
            *self.notes,
            *filter(None, [self.state.warning]),
        )

    @property
    def done(self) -> bool:
        """True when nothing more happens by itself."""
        return self._control.ended.is_set()

    def __repr__(self) -> str:
        progress = self.state.progress
        percent = f" {progress:.0%}".replace("%", " %") if progress is not None and not self.done else ""
        prompt = redact_line(self.request.prompt)
        text = prompt if len(prompt) <= 40 else prompt[:37] + "..."
        # a console of few signs would raise when a job is printed
        return as_shown(f"<Job {self.id} {self.status}{percent}: {text!r}>", sys.stdout)

    def __reduce__(self) -> tuple[Callable[[str], Job], tuple[str]]:
        return provided("job.unpickled"), (self.id,)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        bundle: dict[str, str] = provided("job.mimebundle")(self)
        return bundle

    def _display_(self) -> object:
        """Return what marimo shows, as its hook."""
        return provided("job.marimo")(self)

    @property
    def wish(self) -> VideoRequest:
        """The old name of `original_request`, for this version."""
        warn_renamed("job.wish", "job.original_request")
        return self.original_request

    # --- its marks ------------------------------------------------------------------------------

    @property
    def marks(self) -> Marks:
        """Star, rejection and note, read from the ledger at this moment: another kernel may set them."""
        return self._marks.read()

    @property
    def star(self) -> bool:
        """True when it is starred. Set it: `job.star = True`, which takes a rejection back."""
        return self.marks.star

    @star.setter
    def star(self, value: bool) -> None:
        self._marks.set(star=value)

    @property
    def rejected(self) -> bool:
        """True when it is rejected. Set it: `job.rejected = True`, which takes a star back."""
        return self.marks.rejected

    @rejected.setter
    def rejected(self, value: bool) -> None:
        self._marks.set(rejected=value)

    @property
    def note(self) -> str:
        """What was noted on it. Set it to a text of at most 2,000 characters; an empty one takes it back."""
        return self.marks.note

    @note.setter
    def note(self, text: str) -> None:
        self._marks.set(note=text)

    # --- its pictures ---------------------------------------------------------------------------

    @property
    def poster(self) -> Image:
        """A small picture of the finished video, as it is shown before it plays."""
        from PIL import Image  # loads Pillow

        return Image.open(BytesIO(self.state.poster)) if self.state.poster else self.frames(1)[0]

    @property
    def last(self) -> str:
        """Its last frame as a keyframe of another shot, which waits for it: `generate(first=shot.last)`."""
        return str(ShotFrame(self.id))

    @property
    def last_frame(self) -> Image:
        """The last frame of the finished video, as an RGB picture of Pillow. Raises as `frames` does."""
        picture: Image = video_frames().last_frame(self.finished())
        return picture

    def frame(self, seconds: float) -> Image:
        """Return the frame at a time, in seconds from the start. Raises as `frames` does, and `InvalidRequest`."""
        seconds = checked_number(seconds, "seconds", "a time in seconds from the start")
        picture: Image = video_frames().frame_at(self.finished(), seconds)
        return picture

    def frames(self, count: int) -> list[Image]:
        """Return `count` frames evenly over the finished video, first and last included; one alone is from the middle.

        `count` is 1 to 10,000. Raises `InvalidRequest` for another, `RunwayError` without a video (the job's own,
        if it has one), `MissingExtra` without PyAV.
        """
        count = checked_whole(count, "count", 1, MOST_FRAMES)
        pictures: list[Image] = video_frames().frames(self.finished(), count)
        return pictures

    def finished(self) -> Path:
        """Return the file of the finished video. Raises `RunwayError` while there is none, and the job's own error."""
        if not self.state.phase.is_final:
            raise RunwayError(f"job {self.id} has no video yet ({self.status}): wait for it with job.wait()")
        error, video = self.state.error, self.state.video
        if isinstance(error, DownloadError):
            raise type(error)(f"{error.message}: {self._cure}")
        self.result()
        if video is None or not os.path.isfile(video):
            raise RunwayError(f"the video of job {self.id} is missing here: {self._cure}")
        return video

    @property
    def _cure(self) -> str:
        """How the video comes here again."""
        return "%runway import brings it again" if self.imported else f"%runway attach {self.id} fetches it again"

    # --- waiting --------------------------------------------------------------------------------

    def wait(self, timeout: float | None = None, *, keep_loop: bool = False, on_tick: Tick | None = None) -> Job:
        """Block until the video is on disk, and return this job.

        Args:
            timeout: Seconds to wait at most, None for as long as it takes; the job itself goes on.
            keep_loop: Let your own tasks on this thread's event loop run meanwhile (nest_asyncio2 is applied
                to it, at this call and not before).
            on_tick: Called without arguments about ten times a second, on this thread; by default a line shows the
                progress where IPython runs.

        Raises:
            WaitTimeout: the time is up.
            WaitInterrupted: interrupted from the keyboard; the job goes on.
            InvalidRequest: an argument that cannot be read.
            InvalidCommand: called in a function that was given to `observe` or `on_end`, before the job has ended.
            RunwayError: the job ended without a video; the same error as `error`.
        """
        if is_background_thread():
            if not self.state.phase.is_final:
                check_may_wait(f"job {self.id}")
            return self.result()
        try:
            with shown_while(self, on_tick) as tick_of:
                tick = self._ticking(timeout, tick_of)
                if checked_switch(keep_loop, "keep_loop"):
                    run_nested(self.until_ended(timeout, tick_of))
                else:
                    while not self._control.ended.wait(SLICE):
                        tick()
        except KeyboardInterrupt:  # also as the wait begins: what shows it is loaded then
            raise self.interrupted() from None
        return self.result()

    async def until_ended(self, timeout: float | None = None, on_tick: Tick | None = None) -> None:
        """Wait for the end, whatever it is, without blocking the loop. Raises `WaitTimeout`."""
        # in slices: the kernel's interrupt does not wake a sleeping loop (Jupyter facts, section 1)
        tick = self._ticking(timeout, on_tick)
        while not self._control.ended.is_set():
            tick()
            await asyncio.sleep(SLICE)

    def __await__(self) -> Generator[Any, None, Job]:
        yield from awaited(self.until_ended(), self.interrupted)
        return self.result()

    def result(self) -> Job:
        """Return this job once it has ended with a video; raises its error otherwise."""
        if self.state.error is not None:
            raise self.state.error.with_traceback(None)
        return self

    def interrupted(self) -> WaitInterrupted:
        """Return the error for a wait that was interrupted: the job goes on, and how to come back to it."""
        return WaitInterrupted(
            f"stopped waiting; job {self.id} goes on and nothing is lost: %runway wait {self.id} waits again, "
            f"%runway stop {self.id} stops tracking"
        )

    def _ticking(self, timeout: float | None, on_tick: Tick | None) -> Tick:
        """Return what each slice of a wait that begins now does: raise when the time is up, else call `on_tick`."""
        limit = checked_timeout(timeout)
        deadline = math.inf if limit is None else time.monotonic() + limit
        if on_tick is not None:
            checked_call(on_tick, "on_tick")

        def tick() -> None:
            if time.monotonic() >= deadline:
                raise WaitTimeout(
                    f"not finished after {limit or 0:g} s; job {self.id} goes on in the background: "
                    f"%runway wait {self.id}, or job.wait()"
                )
            if on_tick is not None:
                on_tick()

        return tick

    # --- acting ---------------------------------------------------------------------------------

    def stop(self) -> None:
        """Take the request back if it is not sent yet, else stop tracking it.

        There is no true cancel: what Runway has begun goes on and its credits stay spent (API facts 7.3).
        """
        self._control.stop()

    def refresh(self) -> Job:
        """Poll the task now instead of at the next time; returns at once."""
        self._control.refresh()
        return self

    def on_end(self, act: Observer) -> None:
        """Call `act(job)` once when the job ends, before `done` becomes true; at once if it has ended."""
        checked_call(act, "act")
        self._control.on_end(lambda: act(self))

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer(job)` after every change; return a function that ends this.

        It is called on the background thread, or on that which sets a mark.
        """
        checked_call(observer, "observer")
        return self._control.observe(lambda: observer(self))


def awaited(ended: Coroutine[Any, Any, None], interrupted: Callable[[], WaitInterrupted]) -> Generator[Any, None, None]:
    """Wait for an end as `await` does; a cell that is interrupted says how to come back.

    Args:
        ended: Waits for the end.
        interrupted: Gives the error of a wait that a cell's interrupt has ended.
    """
    try:
        yield from ended.__await__()
    except asyncio.CancelledError:
        # anywhere but in a cell a cancellation belongs to who cancelled
        if not provided("job.is_cell_task")():
            raise
        raise interrupted() from None


def control_of(job: Job) -> JobControl:
    """Return the inner side of a job, for the work that moves it."""
    return job._control


def repeatable_request(job: Job) -> VideoRequest:
    """Return the request that makes the video of a job again, as the user gave it.

    Raises `InvalidCommand` for a task that was made elsewhere with a model that is no row: another would make it; and
    for an imported job whose prompt held what no export holds.
    """
    if job.imported and TOKEN in job.original_request.prompt:
        raise InvalidCommand(
            f"job {job.id} was imported, and secrets in its prompt stayed behind ({TOKEN}): write the prompt anew"
        )
    if job.foreign_type:
        raise InvalidCommand(
            f"job {job.id} was made by {redact_line(job.foreign_type)}, which is no model here: %runway models shows "
            "those there are, and runway_nb.add_model adds one"
        )
    return job.original_request


class Submission(NamedTuple):
    """What became of a request."""

    job: Job
    is_new: bool
    """False when an equal request was made before: nothing is sent, nothing is paid."""


def video_frames() -> Any:
    """Return the module that reads clips, loaded at its first use. Raises `RunwayError` where no file can be opened."""
    try:
        from ..pictures import video_frames as frames  # first use
    except OSError as error:
        raise unexpected(error, "a part of the package cannot be loaded") from None
    return frames
