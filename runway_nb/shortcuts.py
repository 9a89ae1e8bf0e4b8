"""The studio of this process, and the function that makes a video in one call."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path, PurePath
from typing import Any, cast

from .camera import Camera
from .errors import InvalidRequest
from .extension_points import provided
from .jobs.job import Job, video_frames
from .jobs.policy import read_limits
from .keyframes import Keyframes
from .own_models import add_models
from .process_studio import keep_studio, made_studio, studio_lock
from .request import VideoRequest
from .settings import resolve
from .storage.given_paths import read_path
from .studio import Studio
from .sweeps.call import sweep_call
from .sweeps.plan import MOST_VARIANTS, plan, sweep_values
from .sweeps.price import check_sweep
from .sweeps.submission import submit_sweep
from .sweeps.sweep import Sweep, SweepParts, sweep_of
from .values.plain import (
    checked_executor,
    checked_kind,
    checked_switch,
    checked_text,
    checked_whole,
    is_a,
    shown,
    unexpected,
)


def default_studio(*, fresh: bool = False) -> Studio:
    """Return the studio of this process, made at first use, and anew after it was closed.

    In a notebook `%config RunwayMagics` and the notebook's folder come from the loaded extension. Settings are
    decided again when that or our part of the environment has changed, or when asked to with `fresh`: asking
    the keyring takes time.

    Raises `SettingsError` when a setting cannot be used, or those of the loaded extension are gone.
    """
    fresh = checked_switch(fresh, "fresh")
    config, folder = provided("settings.notebook")()
    # here as well: the rows are gone where the modules of this package were loaded again
    add_models((config or {}).get("models", {}), missing_only=True)
    mark = config, environment_mark()
    with studio_lock():
        studio, mark_before = made_studio()
        if studio is None:
            studio = Studio(resolve(config=config))
        elif fresh or mark != mark_before:
            studio.use(resolve(config=config))
        keep_studio(studio, mark)
        if folder is not None:
            studio.folder = folder
        # set by Jupyter's server for each notebook; a folder may hold several
        studio.notebook = os.environ.get("JPY_SESSION_NAME", "")
        return studio


def chosen_studio(studio: object) -> Studio:
    """Return the studio that was given, or the one of this process. Raises `InvalidRequest` for what is none."""
    if studio is None:
        return default_studio()
    return cast(Studio, checked_kind(studio, "studio", Studio, "a runway_nb.Studio"))


def environment_mark() -> int:
    """Return a number that changes when our part of the environment does.

    No copy of that: a traceback would show the token in it.
    """
    ours = ("USEAPI_", "RUNWAY_NB_")
    return hash(frozenset((name, os.environ.get(name)) for name in os.environ if name.startswith(ours)))


def attached(job_id: str) -> Job:
    """Return the job of that id in this process's studio: what a pickled job becomes. An unfinished one is followed.

    Raises `JobNotFound` where the ledger does not have it: nothing is asked of the account, and nothing is sent.
    """
    studio = default_studio()
    known = studio.jobs.get(job_id)
    return known if known is not None else studio.attach(studio.ledger.get(job_id).id)


def see_through(job_id: str, giver: str, payer: str) -> Job:
    """Take a job into this process's studio, as a worker of an executor does (`Workers.see_through`)."""
    return default_studio().workers.see_through(job_id, giver, payer)


def restored_sweep(parts: SweepParts) -> Sweep:
    """Return the sweep of those parts in this process's studio: what a pickled sweep becomes.

    A job that its ledger does not have stands among the unsent ones, with the reason.
    """
    return sweep_of(parts, default_studio().workers.hand_over, attached)


def concat(clips: Sequence[Job | str | os.PathLike[str]], out: str | os.PathLike[str]) -> Path:
    """Join finished clips of equal size into one MP4, without encoding them again where that is possible.

    Args:
        clips: Jobs whose videos are finished, or files, in the order in which they play.
        out: The file to write; a relative one lies in the working directory.

    Raises:
        InvalidRequest: the clips differ in size, or there are none; a path that cannot be one.
        RunwayError: a job without a video, or a file that cannot be read.
        MissingExtra: PyAV is not installed.
    """
    target = read_path(out, "out")
    if not target.name:
        raise InvalidRequest([f"out is {shown(out)}: give the path of a file"])
    if is_a(clips, str, bytes, PurePath, Mapping) or not is_a(clips, Iterable):
        raise InvalidRequest([f"clips is {shown(clips)}: give a list of jobs and files"])
    try:
        given = list(clips)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a generator may raise anything
        raise unexpected(error, "the clips cannot be read") from None
    return cast(Path, video_frames().concat([_file_of(clip) for clip in given], target))


def _file_of(clip: Any) -> Path:
    return cast(Job, clip).finished() if is_a(clip, Job) else read_path(clip, "a clip")


def generate(
    prompt: str = "",
    *,
    model: str | None = None, first: Any = None, middle: Any = None, last: Any = None,
    fit: str | None = None, focus: tuple[float, float] | None = None, upscale: bool | None = None,
    camera: Camera | None = None, camera_words: bool | None = None,
    aspect: str | None = None, seconds: int | None = None, resolution: str | None = None, audio: bool | None = None,
    seed: int | None = None, explore: bool | None = None, max_jobs: int | None = None,
    reply_url: str | None = None, reply_ref: str | None = None, studio: Studio | None = None,
    fresh: bool = False, force: bool = False, max_credits: int | None = None, yes_unknown_price: bool = False,
) -> Job:  # fmt: skip
    """Submit a video and return its job at once; an equal request gives the job that there is, for nothing.
    Raises `InvalidRequest` with all mistakes, `OverBudget` or `ModerationBrake`; then nothing was sent.

    Args:
        prompt: What should happen.
        model: A name of `%runway models`; that of the settings when not given, `gen3turbo` by default.
        first: Picture at the start: anything that is a picture (`Keyframes`), a job, a task or an asset.
        middle: Picture at half of the shot.
        last: Picture at the end.
        fit: How pictures are brought to the frame: `cover` (default), `contain` or `stretch`.
        focus: Where `cover` crops, 0 to 1 from left and top.
        upscale: Let Runway's own upscaler, which is free, enlarge pictures that are too small.
        camera: Six moves from -10 to 10, or static.
        camera_words: Say the move at the end of the prompt, where the model takes no numbers.
        aspect: A format of the model, such as `landscape` or `16:9`; the first keyframe's when not given.
        seconds: A length of the model; 5 by default where it has that.
        resolution: Such as `720p`, where the model has several.
        audio: Sound on or off, where the model has it.
        seed: 1 to 4294967294; drawn when not given and the model takes one, see `job.seed`.
        explore: Explore mode, for old Unlimited plans.
        max_jobs: How many tasks the account may run at once, 1 to 10.
        reply_url: Where the API posts progress.
        reply_ref: Your own reference; ours when not given.
        fresh: Make it again although an equal request was made before.
        force: Send it although moderation has refused too much lately.
        max_credits: The most that this video may cost.
        yes_unknown_price: Send it although nobody knows its price and credits are limited; it counts as the dearest.
        studio: By default the one of this process.
    """
    made_by = chosen_studio(studio)
    request = VideoRequest(
        prompt=prompt, model=made_by.settings.model if model is None else model, max_jobs=max_jobs, seed=seed,
        keyframes=Keyframes(first, middle, last), camera=Camera() if camera is None else camera,
        camera_words=camera_words, fit=fit, focus=focus, upscale=upscale, aspect=aspect, seconds=seconds,
        resolution=resolution, audio=audio, explore=explore, reply_url=reply_url, reply_ref=reply_ref,
    )  # fmt: skip
    return made_by.submit(
        request, fresh=fresh, force=force, max_credits=max_credits, yes_unknown_price=yes_unknown_price
    )


def sweep(
    prompt: str = "",
    *,
    takes: int | None = None, rows: Any = None, zip: bool = False, limit: int | None = None, yes: bool = False,  # noqa: A002 - as it is typed in a cell
    fresh: bool = False, force: bool = False, max_credits: int | None = None, yes_unknown_price: bool = False,
    executor: Executor | None = None, studio: Studio | None = None,
    **values: Any,
) -> Sweep:  # fmt: skip
    """Submit variants of a video and return the handle of all at once; those that are there already cost nothing.

    Args:
        prompt: Holds `{{name}}` where a value of that name is filled in.
        takes: So many videos that differ by their seed alone.
        rows: A DataFrame, or a list of mappings: a row is a variant, its columns are options and names of the prompt.
        zip: Take the first value of each axis together, then the second, and so on, instead of every combination.
        limit: Make only so many, 1 or more: the ends of the axes first, then what lies between.
        yes: Send it although it costs more than `confirm_credits`.
        fresh: Make each again although an equal request was made before.
        force: Send them although moderation has refused too much lately.
        max_credits: The most that each video may cost.
        yes_unknown_price: Send them although nobody knows their price and credits are limited.
        executor: Its workers see the videos through, see `Sweep.run`; by default this process does.
        studio: By default the one of this process.
        **values: What `generate` takes, and names of the prompt. A list, a range, an array or a column is an axis.

    Raises `InvalidRequest` with the mistakes of all variants, `NeedsConfirmation`, or what `generate` raises for the
    first of them; then nothing was sent.
    """
    made_by = chosen_studio(studio)
    executor = None if executor is None else checked_executor(executor)
    limits, problems = read_limits(fresh, force, max_credits, yes_unknown_price)
    prompt = checked_text(prompt, "prompt")
    axes, fixed, unreadable = sweep_values(prompt, values, takes=takes, rows=rows)
    if problems := [*problems, *unreadable]:
        raise InvalidRequest(problems)
    many = plan(
        prompt, fixed, axes, model=fixed.pop("model", made_by.settings.model), variables=fixed,
        zipped=checked_switch(zip, "zip") or rows is not None,
        limit=None if limit is None else checked_whole(limit, "limit", 1, MOST_VARIANTS),
    )  # fmt: skip
    again = sweep_call(prompt, {**values, "takes": takes, "rows": rows, "zip": zip, "limit": limit, "yes": yes})
    checked = check_sweep(made_by, many, limits)
    return submit_sweep(made_by, checked, yes=checked_switch(yes, "yes"), cell=again, executor=executor)
