"""Render a shot to H.264: keyframes or a drawn scene, seen by the moving camera.

Two threads warp planes while the encoder takes the frames in order. The same shot gives the same bytes: the
number of threads, the preset and the quality are fixed and nothing of the clock enters the file.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from runway_nb.camera import Camera, Matrix, inverse, seen_from, weights
from runway_nb.storage.private_files import private_file

from ..parent_process import WITH_PARENT, call_when_input_ends
from . import caption, scene, tone
from .planes import SCALES, Box, Canvas, Planes, canvas, join, load, reach, split

if TYPE_CHECKING:
    import av
    from PIL.Image import Image

FPS = 24
THUMBNAIL_SIDE = 640
"""Pixels on the long side of a thumbnail."""
WARP_THREADS = 2
AHEAD = 3
"""Frames that may wait for the encoder; each takes 1.5 MB at full size."""
X264 = {"preset": "superfast", "crf": "23", "g": str(FPS)}
"""Settings of the encoder; a key frame each second keeps jumps in a player quick."""
X264_THREADS = 1
BT601, BT709, LIMITED = 6, 1, 1
"""Code points of ITU-T H.273. The matrix is BT.601 because every av reads that back right."""
INVISIBLE = 1 / 512
"""A share of a cross-dissolve too small to change a sample of eight bits."""

T = TypeVar("T")


@dataclass(frozen=True)
class Shot:
    """What to render."""

    prompt: str
    seed: int
    seconds: int
    width: int
    """Pixels, even."""
    height: int
    """Pixels, even."""
    keyframes: tuple[tuple[float, str], ...] = ()
    """Time (0, 0.5 or 1) and the path of a picture; without any, a scene is drawn from prompt and seed."""
    camera: dict[str, float] = field(default_factory=dict)
    """Moves of `runway_nb.camera.Camera`, -10 to 10, or `{"static": True}`; what is missing counts as 0."""
    audio: bool = False
    """True for a quiet tone (`tone`)."""

    @property
    def frames(self) -> int:
        """The number of frames in the clip."""
        return self.seconds * FPS

    def to_json(self) -> str:
        """Return the shot as one JSON object."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Shot:
        """Return the shot that `to_json` wrote."""
        values = json.loads(text)
        values["keyframes"] = tuple((float(time), str(path)) for time, path in values["keyframes"])
        return cls(**values)


def frame_time(number: int, frames: int) -> float:
    """Return the time 0..1 of a frame: 0 is the first, 1 the last, and frame `frames // 2` is exactly the middle.

    With an even number of frames no evenly spaced one falls on 0.5, where a keyframe may be pinned; the
    second half is therefore one step shorter.
    """
    middle = frames // 2
    if number <= middle:
        return number / (2 * middle) if middle else 0.0
    return 0.5 + (number - middle) / (2 * (frames - 1 - middle))


class Mix(NamedTuple):
    """What a frame is made of."""

    base: int
    """The keyframe that counts most."""
    other: int | None
    """The keyframe it dissolves from or into."""
    share: float
    """How much of the other is seen, 0 to 0.5."""


def mix(shares: Sequence[float]) -> Mix:
    """Return the mix of a frame, given the weight of each keyframe."""
    base = max(range(len(shares)), key=lambda index: shares[index])
    other = next((n for n, share in enumerate(shares) if n != base and share > INVISIBLE), None)
    return Mix(base, other, 0.0 if other is None else shares[other])


@dataclass(frozen=True)
class Ground:
    """A plane of a keyframe, and its neighbours in time drawn to lie on it as they will be seen.

    Neighbours that already lie in place are dissolved first and warped together: one projection for a frame,
    not two. The keyframe on top of the mix is always the one that is sampled only once.
    """

    own: Canvas
    others: Mapping[int, Image]

    def dissolved(self, mix: Mix) -> Canvas:
        """Return the canvas of a frame."""
        return self.own if mix.other is None else self.own.mixed(self.others[mix.other], mix.share)


@dataclass(frozen=True)
class Film:
    """A shot made ready: each frame can be asked for on its own, from any thread."""

    shot: Shot
    grounds: Mapping[int, tuple[Ground, ...]]
    """Y, U, V of each keyframe that is the base of a frame."""
    mixes: tuple[Mix, ...]
    views: tuple[Matrix, ...]
    """For each frame, the matrix from its pixels to those of its base."""
    caption: caption.Caption
    opacities: tuple[float, ...]
    """How opaque the caption is, for each frame."""

    def planes(self, number: int, rows: Sequence[int] | None = None) -> Planes:
        """Return the planes of a frame; `rows` asks for longer rows, which an encoder may want for alignment."""
        widths = rows or [self.shot.width // scale for scale in SCALES]
        y, u, v = (self._plane(number, index, width) for index, width in enumerate(widths))
        return y, u, v

    def _plane(self, number: int, index: int, width: int) -> Image:
        mix, box = self.mixes[number], (0, 0, width, self.shot.height // SCALES[index])
        ground = self.grounds[mix.base][index].dissolved(mix)
        return self.caption.on(ground.seen(self.views[number], box), index, self.opacities[number])

    def save_thumbnails(self, out: Path) -> None:
        """Write the thumbnails beside the clip: `<stem>.0.jpg` at time 0, `.1.jpg` at 0.5, `.2.jpg` at 1."""
        numbers = (0, self.shot.frames // 2, self.shot.frames - 1)
        paths = [out.with_name(f"{out.stem}.{index}.jpg") for index in range(len(numbers))]
        with ThreadPoolExecutor(WARP_THREADS) as pool:
            list(pool.map(self._save_thumbnail, numbers, paths))

    def _save_thumbnail(self, number: int, path: Path) -> None:
        scale = THUMBNAIL_SIDE / max(self.shot.width, self.shot.height)
        picture = join(self.planes(number), round(self.shot.width * scale), round(self.shot.height * scale))
        with _in_place(path) as part:
            picture.save(part, "JPEG", quality=85)


def prepare(shot: Shot) -> Film:
    """Load or draws what the shot shows, cut to what the camera will see of it."""
    if shot.width % 2 or shot.height % 2:
        raise ValueError(f"{shot.width} x {shot.height} pixels: width and height must be even")
    keyframes = sorted(shot.keyframes) or [(0.0, "")]
    times = [time for time, _ in keyframes]
    clock = [frame_time(number, shot.frames) for number in range(shot.frames)]
    mixes = tuple(mix(weights(t, times)) for t in clock)
    views = tuple(_view(shot, t, times[mixed.base]) for t, mixed in zip(clock, mixes, strict=True))
    with ThreadPoolExecutor(WARP_THREADS) as pool:
        sources = list(pool.map(lambda keyframe: split(_picture(shot, keyframe[1])), keyframes))
        bases = sorted({mixed.base for mixed in mixes})
        made = pool.map(lambda base: _grounds(shot, base, times, sources, mixes, views), bases)
        grounds = dict(zip(bases, made, strict=True))
    pinned = [time for time, _ in shot.keyframes]
    opacities = tuple(caption.opacity_at(t, shot.seconds, pinned) for t in clock)
    return Film(shot, grounds, mixes, views, caption.draw(shot.prompt, shot.width, shot.height), opacities)


def _picture(shot: Shot, path: str) -> Image:
    if path:
        return load(path, shot.width, shot.height)
    return scene.draw(shot.prompt, shot.seed, shot.width, shot.height)


def _view(shot: Shot, t: float, pinned: float) -> Matrix:
    """Return the matrix from pixels of the frame at `t` to those of a keyframe pinned at another time."""
    camera = Camera(**shot.camera)  # type: ignore[arg-type]  # static is a truth value among numbers
    return inverse(seen_from(camera, t, pinned, shot.width, shot.height))


def _grounds(
    shot: Shot,
    base: int,
    times: Sequence[float],
    sources: Sequence[Planes],
    mixes: Sequence[Mix],
    views: Sequence[Matrix],
) -> tuple[Ground, ...]:
    frame = (shot.width, shot.height)
    path = [view for view, mixed in zip(views, mixes, strict=True) if mixed.base == base]
    others = {mixed.other for mixed in mixes if mixed.base == base and mixed.other is not None}
    between = {other: _view(shot, times[base], times[other]) for other in others}
    out = []
    for index, scale in enumerate(SCALES):
        box = reach(path, (0, 0, *frame), frame, scale)
        laid = {other: _laid(sources[other][index], between[other], box, scale) for other in others}
        out.append(Ground(canvas(sources[base][index], box, scale), laid))
    return tuple(out)


def _laid(plane: Image, matrix: Matrix, box: Box, scale: int) -> Image:
    """Return a neighbour's plane where the base's box is, both given in samples."""
    left, top, right, bottom = (edge * scale for edge in box)
    frame = (plane.width * scale, plane.height * scale)
    source = canvas(plane, reach([matrix], (left, top, right, bottom), frame, scale), scale)
    return source.seen(matrix, box, sharp=True)


def render(shot: Shot, out: Path) -> None:
    """Write the clip as MP4 to `out`, and before it three thumbnails beside it (`Film.save_thumbnails`).

    H.264, yuv420p, 24 frames/s, `shot.seconds` long, index first; AAC where the shot has sound. A file appears under
    its name only when it is complete.
    """
    film = prepare(shot)
    film.save_thumbnails(out)
    with _in_place(out) as path:
        encode(film, path)


def encode(film: Film, path: Path) -> None:
    """Warp and encode the film's frames in order into the file."""
    import av  # loads PyAV

    shot = film.shot
    with (
        av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container,
        ThreadPoolExecutor(WARP_THREADS) as pool,
    ):
        stream = _stream(container, shot.width, shot.height)
        sound = tone.add_stream(container) if shot.audio else None
        seconds = tone.frames(shot.seed, shot.seconds)
        for number, frame in enumerate(_in_order(pool, lambda number: _frame(film, number), shot.frames)):
            if sound and number % FPS == 0:
                container.mux(sound.encode(next(seconds)))
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound:
            container.mux(sound.encode())


def _stream(container: Any, width: int, height: int) -> Any:
    stream = container.add_stream("libx264", rate=FPS, options=dict(X264))
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    coder = stream.codec_context
    coder.thread_count = X264_THREADS
    coder.colorspace, coder.color_range = BT601, LIMITED
    coder.color_primaries = coder.color_trc = BT709
    return stream


def _frame(film: Film, number: int) -> av.VideoFrame:
    import av  # loads PyAV

    frame = av.VideoFrame(film.shot.width, film.shot.height, "yuv420p")
    rows = [plane.line_size for plane in frame.planes]
    for target, plane in zip(frame.planes, film.planes(number, rows), strict=True):
        target.update(plane.tobytes())
    return frame


def _in_order(pool: ThreadPoolExecutor, make: Callable[[int], T], count: int) -> Iterator[T]:
    """Yield what `make` returns for 0, 1, ...: made by the pool a few ahead, handed out in order."""
    waiting: deque[Future[T]] = deque()
    for number in range(count):
        waiting.append(pool.submit(make, number))
        if len(waiting) > AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@contextmanager
def _in_place(path: Path) -> Iterator[Path]:
    """Yield a temporary name in the same folder, which becomes `path` when the block ends well."""
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        yield private_file(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def command(shot_file: Path, out: Path) -> list[str]:
    """Return the command line of a child process that renders the shot in a JSON file."""
    return [sys.executable, "-m", "runway_nb.simulator.rendering.renderer", str(shot_file), str(out)]


def main(arguments: Sequence[str]) -> None:
    """Render: the path of a shot as JSON, the path of the clip; `--with-parent`: no longer than its input lasts."""
    shot_file, out = map(Path, arguments[:2])
    if WITH_PARENT in arguments:
        call_when_input_ends(partial(signal.raise_signal, signal.SIGTERM))
    render(Shot.from_json(shot_file.read_text("utf-8")), out)


if __name__ == "__main__":
    main(sys.argv[1:])
