"""Keyframes with dots on them: where a camera shows each dot, and where it is in a picture of the screen."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator

from PIL import Image, ImageChops, ImageDraw

from runway_nb.camera import Camera, apply, seen_from, weights
from runway_nb.notebook.panel.preview import preview_jpeg
from support.picture_files import brightest

SPOTS = {
    "first": [(x, y) for x in (0.2, 0.5, 0.8) for y in (0.2, 0.6)],
    "middle": [(x, y) for x in (0.3, 0.6, 0.9) for y in (0.3, 0.7)],
    "last": [(x, y) for x in (0.1, 0.4, 0.7) for y in (0.4, 0.5)],
}
CHANNELS = {"first": 0, "middle": 1, "last": 2}
TIMES = {"first": 0.0, "middle": 0.5, "last": 1.0}
FRAMES = {False: (1280, 768), True: (768, 1280)}


def marked(name: str, portrait: bool = False) -> bytes:
    """A picture of six dots in the colour of its keyframe."""
    width, height = FRAMES[portrait]
    colour = tuple(255 if channel == CHANNELS[name] else 0 for channel in range(3))
    picture = Image.new("RGB", (2 * width, 2 * height), "#808080")
    for x, y in SPOTS[name]:
        box = [2 * (x * width - 20), 2 * (y * height - 20), 2 * (x * width + 20), 2 * (y * height + 20)]
        ImageDraw.Draw(picture).ellipse(box, fill=colour)
    out = io.BytesIO()
    picture.resize((width, height)).save(out, "JPEG", quality=95, subsampling=0)
    return preview_jpeg(out.getvalue())


def centre(picture: Image.Image, channel: int, near: tuple[float, float], radius: int) -> tuple[float, float] | None:
    """The centre of what has more of a colour than of the others, around a place."""
    left, top = round(near[0]) - radius, round(near[1]) - radius
    part = picture.crop((left, top, left + 2 * radius, top + 2 * radius)).split()
    others = [plane for index, plane in enumerate(part) if index != channel]
    excess = ImageChops.subtract(part[channel], ImageChops.lighter(*others))
    peak = brightest(excess)
    if peak < 20:
        return None
    sums = [0.0, 0.0, 0.0]
    values = excess.tobytes()
    for (y, x), value in zip(itertools.product(range(2 * radius), repeat=2), values, strict=True):
        if value > peak / 4:
            sums = [sums[0] + value, sums[1] + value * (left + x + 0.5), sums[2] + value * (top + y + 0.5)]
    return sums[1] / sums[0], sums[2] / sums[0]


def near_spots(camera: Camera, t: float, names: list[str], size: tuple[int, int]) -> Iterator[tuple[int, float, float]]:
    """The dots that are well inside of the frame and well visible, and not so big that they fill their window."""
    shares = weights(t, [TIMES[name] for name in names])
    for name, share in zip(names, shares, strict=True):
        matrix = seen_from(camera, t, TIMES[name], *size)
        for spot in SPOTS[name] if share > 0.25 else ():
            x, y = apply(matrix, spot[0] * size[0], spot[1] * size[1])
            if 16 < x < size[0] - 16 and 16 < y < size[1] - 16:
                yield CHANNELS[name], x, y
