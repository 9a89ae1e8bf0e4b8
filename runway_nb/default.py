"""The studio of this process, and the function that makes a video in one call."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .camera import Camera
from .job import Job
from .request import Keyframes, VideoRequest
from .settings import resolve
from .studio import Studio

_default: tuple[Studio, object] | None = None
_default_lock = threading.RLock()


def default_studio(*, fresh: bool = False) -> Studio:
    """The studio of this process, made at first use.

    In a notebook `%config RunwayMagics` and the notebook's folder come from the loaded extension. Settings are
    decided again when that or our part of the environment has changed, or when asked to with `fresh`: asking
    the keyring takes time.
    """
    global _default
    config, folder = _notebook()
    ours = _environment_mark()
    with _default_lock:
        if _default is None:
            _default = Studio(resolve(config=config)), (config, ours)
            atexit.register(close_default_studio)
        elif fresh or (config, ours) != _default[1]:
            _default[0].use(resolve(config=config))
            _default = _default[0], (config, ours)
        if folder is not None:
            _default[0].folder = folder
        # set by Jupyter's server for each notebook; a folder may hold several
        _default[0].notebook = os.environ.get("JPY_SESSION_NAME", "")
        return _default[0]


def _environment_mark() -> int:
    """Changes when our part of the environment does. No copy of that: a traceback would show the token in it."""
    ours = ("USEAPI_", "RUNWAY_NB_")
    return hash(frozenset((name, os.environ.get(name)) for name in os.environ if name.startswith(ours)))


def is_default(studio: Studio) -> bool:
    """True for the studio of this process."""
    made = _default
    return made is not None and made[0] is studio


def _notebook() -> tuple[Mapping[str, object] | None, Path | None]:
    """What the extension knows, when it is loaded; the package's front door keeps it."""
    loaded = sys.modules[__package__].__dict__.get("notebook_settings")
    return (loaded.values(), loaded.folder) if loaded is not None else (None, None)


def close_default_studio() -> None:
    """Stop following and forget the studio of this process."""
    global _default
    with _default_lock:
        made, _default = _default, None
    atexit.unregister(close_default_studio)
    if made is not None:
        made[0].close()


def _forget_default_studio() -> None:
    """In a forked child: loop, connections and locks belong to the parent, and so do its jobs."""
    global _default, _default_lock
    _default, _default_lock = None, threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_default_studio)


def concat(clips: Sequence[Job | str | os.PathLike[str]], out: str | os.PathLike[str]) -> Path:
    """Join finished clips of equal size into one MP4, without encoding them again where that is possible.

    Args:
        clips: Jobs whose videos are finished, or files, in the order in which they play.
        out: The file to write; a relative one lies in the working directory.

    Raises:
        InvalidRequest: the clips differ in size, or there are none.
        RunwayError: a job without a video, or a file that cannot be read.
        MissingExtra: PyAV is not installed.
    """
    from . import frames

    paths = [clip.finished() if isinstance(clip, Job) else Path(clip).expanduser() for clip in clips]
    return frames.concat(paths, Path(out).expanduser())


def generate(
    prompt: str = "",
    *,
    first: Any = None,
    middle: Any = None,
    last: Any = None,
    fit: str | None = None,
    focus: tuple[float, float] | None = None,
    upscale: bool | None = None,
    camera: Camera | None = None,
    aspect: str | None = None,
    seconds: int | None = None,
    seed: int | None = None,
    explore: bool | None = None,
    reply_url: str | None = None,
    reply_ref: str | None = None,
    max_jobs: int | None = None,
    fresh: bool = False,
    force: bool = False,
    max_credits: int | None = None,
    studio: Studio | None = None,
) -> Job:
    """Submit a video and return its job at once; an equal request gives the job that there is, for nothing.
    Raises `InvalidRequest` with all mistakes, `OverBudget` or `ModerationBrake`; then nothing was sent.

    Args:
        prompt: What should happen.
        first: Keyframe at the start: anything that is a picture (`Keyframes`), a job, a task or an asset.
        middle: Keyframe at half of the shot.
        last: Keyframe at the end.
        fit: How pictures are brought to the frame: `cover` (default), `contain` or `stretch`.
        focus: Where `cover` crops, 0 to 1 from left and top.
        upscale: Let Runway's own upscaler, which is free, enlarge pictures that are too small.
        camera: Six moves from -10 to 10, or static.
        aspect: `landscape` (default) or `portrait`.
        seconds: 5 (default) or 10.
        seed: 1 to 4294967294; drawn when not given, see `job.seed`.
        explore: Explore mode, for Unlimited plans.
        reply_url: Where the API posts progress.
        reply_ref: Your own reference; ours when not given.
        max_jobs: How many tasks the account may run at once, 1 to 10.
        fresh: Make it again although an equal request was made before.
        force: Send it although moderation has refused too much lately.
        max_credits: The most that this video may cost.
        studio: By default the one of this process.
    """
    pictures, moves = Keyframes(first, middle, last), camera or Camera()
    request = VideoRequest(prompt, pictures, moves, aspect, seconds, seed, explore, reply_url, reply_ref, max_jobs,
                           fit=fit, focus=focus, upscale=upscale)  # fmt: skip
    return (studio or default_studio()).submit(request, fresh=fresh, force=force, max_credits=max_credits)
