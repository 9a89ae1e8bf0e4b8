"""Sweeps in any state, and finished ones with their files, as tables, sheets and films get them."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
from PIL import Image

from runway_nb.api.models import SUCCEEDED, Task
from runway_nb.jobs.job import Job
from runway_nb.jobs.state import State
from runway_nb.ledger.phase import Phase
from runway_nb.sweeps.plan import Axis, Variant, plan
from runway_nb.sweeps.price import SweepPrice
from runway_nb.sweeps.sweep import Sweep
from support.shown_jobs import NOW, TASK_ID

Tone = tuple[int, int, int]


@cache
def poster(size: tuple[int, int] = (560, 336), seed: int = 0) -> bytes:
    """A JPEG with as much in it as one of a clip full of leaves and waves."""
    width, height = size
    picture = Image.new("RGB", size)
    waves = [
        (x * 7 + y * 3 + seed * 31, int(128 + 90 * math.sin(x / 9 + seed)), int(128 + 90 * math.cos(y / 5)))
        for y in range(height)
        for x in range(width)
    ]
    picture.putdata([(a % 97 + 60, b, c) for a, b, c in waves])
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=60)
    return data.getvalue()


def job_of(variant: Variant, folder: Path, **state: Any) -> Job:
    number = "".join(map(str, variant.place))
    moment = State(state.pop("phase", Phase.FOLLOWING), sent=NOW - 38, last_poll=NOW, **state)
    return Job(f"{number:0>8}", variant.request, folder=folder, created=NOW - 38, state=moment)


def done_job(variant: Variant, folder: Path, picture: bytes | None = None, clip: bytes = b"\0" * 1000) -> Job:
    video = folder / "runway_outputs" / f"shot-{''.join(map(str, variant.place))}.mp4"
    video.parent.mkdir(exist_ok=True)
    video.write_bytes(clip)
    poster_of = poster() if picture is None else picture
    return job_of(
        variant, folder, phase=Phase.DONE, task=Task(TASK_ID, SUCCEEDED), video=video, poster=poster_of, ended=NOW
    )  # fmt: skip


def a_sweep(axes: Sequence[Axis], prompt: str = "A lamp turns", **options: Any) -> Sweep:
    many = plan(prompt, {}, axes, model="gen3turbo", **options)
    return Sweep(many, SweepPrice(len(many.variants), 0, 25 * len(many.variants), 0))


def finished(sweep: Sweep, folder: Path) -> Sweep:
    for variant in sweep.plan.variants:
        sweep.add(variant, done_job(variant, folder))
    return sweep


@cache
def clip_of(tones: tuple[Tone, ...], *, rate: int = 24, size: tuple[int, int] = (80, 48)) -> bytes:
    """A clip of so many frames, each of one tone."""
    data = io.BytesIO()
    with av.open(data, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number, tone in enumerate(tones):
            frame = av.VideoFrame.from_image(Image.new("RGB", size, tone)).reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return data.getvalue()


def is_tone(picture: Image.Image, at: tuple[int, int], tone: Tone) -> bool:
    """Whether a picture has a tone at a place, but for what two codecs make of it."""
    found = picture.getpixel(at)
    assert isinstance(found, tuple)
    return all(abs(one - other) <= 12 for one, other in zip(found, tone, strict=True))
