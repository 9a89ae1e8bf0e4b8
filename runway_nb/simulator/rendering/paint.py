"""Painting with Pillow: washes, glows, ridges, cut-outs. Every stroke is smooth at its edges and repeatable.

Points are fractions of the sheet (0..1, x right, y down); radii and lengths are fractions of its shorter side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

Colour = tuple[int, int, int]
Points = Sequence[tuple[float, float]]
FINE = 2
"""Shapes are drawn this many times larger and reduced, for smooth edges."""
STEP = 4
"""Pixels between the points of a ridge."""


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour `share` (0..1) of the way from the first to the second."""
    r, g, b = (round(p + (q - p) * share) for p, q in zip(first, second, strict=True))
    return r, g, b


def noise(random: Random, count: int, octaves: int, knots: float = 3) -> list[float]:
    """Return a smooth line of `count` values, about -1..1, with `knots` bends in its slowest wave."""
    out = [0.0] * count
    for octave in range(octaves):
        bends = [random.uniform(-1, 1) for _ in range(int(knots * 2**octave) + 3)]
        for n in range(count):
            offset = n / max(1, count - 1) * knots * 2**octave
            index, rest = int(offset), offset % 1
            rest = rest * rest * (3 - 2 * rest)
            out[n] += (bends[index] * (1 - rest) + bends[index + 1] * rest) / 2 ** (octave + 0.5)
    return out


@dataclass(frozen=True)
class Sheet:
    """A picture under work; strokes change it in place."""

    picture: Image

    @property
    def width(self) -> int:
        """Pixels."""
        return self.picture.width

    @property
    def height(self) -> int:
        """Pixels."""
        return self.picture.height

    @property
    def unit(self) -> int:
        """The shorter side, pixels."""
        return min(self.picture.size)

    @property
    def columns(self) -> int:
        """How many points a ridge over the whole width has."""
        return self.width // STEP + 2

    def wash(self, stops: Sequence[Colour], top: float = 0.0, bottom: float = 1.0) -> None:
        """Paint an even run through the colours from `top` to `bottom`, over the full width."""
        first, rows = round(top * self.height), round((bottom - top) * self.height)
        self.picture.paste(_run(stops, rows).resize((self.width, rows)), (0, first))

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float = 1.0) -> None:
        """Paint light round a point: full at the centre, nothing at the radius."""
        from PIL import Image  # loads Pillow

        size = max(2, round(radius * self.unit) * 2)
        fall = [round(255 * strength * max(0.0, 1 - v / 180) ** 2.2) for v in range(256)]
        mask = Image.radial_gradient("L").point(fall).resize((size, size), Image.Resampling.BICUBIC)
        corner = round(x * self.width) - size // 2, round(y * self.height) - size // 2
        self.picture.paste(colour, (*corner, corner[0] + size, corner[1] + size), mask)

    def disc(self, x: float, y: float, radius: float, colour: Colour, opacity: float = 1.0) -> None:
        """Paint a filled circle."""
        across, down = radius * self.unit / self.width, radius * self.unit / self.height
        box = (x - across, y - down, x + across, y + down)

        def stroke(pen: ImageDraw, scale: Scale) -> None:
            pen.ellipse((*scale(box[0], box[1]), *scale(box[2], box[3])), fill=255)

        self.cut(box, stroke, colour, opacity)

    def shape(self, points: Points, colour: Colour, opacity: float = 1.0, blur: float = 0.0) -> None:
        """Paint a filled polygon; `blur` softens its edge over that length."""
        xs, ys = [x for x, _ in points], [y for _, y in points]
        soft_x, soft_y = 2 * blur * self.unit / self.width, 2 * blur * self.unit / self.height
        box = (min(xs) - soft_x, min(ys) - soft_y, max(xs) + soft_x, max(ys) + soft_y)

        def stroke(pen: ImageDraw, scale: Scale) -> None:
            pen.polygon([scale(x, y) for x, y in points], fill=255)

        self.cut(box, stroke, colour, opacity, blur)

    def land(self, crest: Sequence[float], top: Colour, foot: Colour, trees: Sequence[Points] = ()) -> None:
        """Paint the ground below a crest (one height for each of `columns`), coloured from its top to its foot."""
        last = len(crest) - 1
        outline = [(n / last, y) for n, y in enumerate(crest)]
        highest = min([*crest, *(y for tree in trees for _, y in tree)])
        rows = self.height - max(0, math.floor(highest * self.height))
        if rows <= 0:
            return

        def stroke(pen: ImageDraw, scale: Scale) -> None:
            for points in ([*outline, (1, 1.1), (0, 1.1)], *trees):
                pen.polygon([scale(x, y) for x, y in points], fill=255)

        self.cut((0.0, highest, 1.0, 1.0), stroke, _run((top, foot), rows).resize((self.width, rows)))

    def cut(
        self,
        box: tuple[float, float, float, float],
        stroke: Callable[[ImageDraw, Scale], None],
        colour: Colour | Image,
        opacity: float = 1.0,
        blur: float = 0.0,
    ) -> None:
        """Paint what `stroke` draws inside the box; a picture as colour must have the box's size."""
        from PIL import Image, ImageDraw, ImageFilter  # loads Pillow

        left, top = max(0, math.floor(box[0] * self.width)), max(0, math.floor(box[1] * self.height))
        right = min(self.width, math.ceil(box[2] * self.width))
        bottom = min(self.height, math.ceil(box[3] * self.height))
        if right <= left or bottom <= top:
            return
        fine = Image.new("L", ((right - left) * FINE, (bottom - top) * FINE))

        def scale(x: float, y: float) -> tuple[float, float]:
            return (x * self.width - left) * FINE, (y * self.height - top) * FINE

        stroke(ImageDraw.Draw(fine), scale)
        mask = fine.reduce(FINE)
        if blur:
            mask = mask.filter(ImageFilter.GaussianBlur(blur * self.unit))
        if opacity < 1:
            mask = mask.point([round(v * opacity) for v in range(256)])
        self.picture.paste(colour, (left, top, right, bottom), mask)

    def stars(self, random: Random, count: int, depth: float, colour: Colour = (255, 255, 255)) -> None:
        """Paint small lights above `depth`, thinning out towards it."""
        for _ in range(count):
            x, y = random.random(), random.random() ** 1.4 * depth
            light = random.random() ** 3
            self.glow(x, y, 0.0035 + 0.006 * light, colour, 0.45 + 0.55 * light)

    def grain(self, random: Random, strength: float = 3.0) -> None:
        """Add fine noise of at most `strength` levels, which hides the steps of smooth runs."""
        from PIL import Image, ImageChops  # loads Pillow

        dots = Image.frombytes("L", self.picture.size, random.randbytes(self.width * self.height))
        dots = dots.point([round(128 + (v - 127.5) / 127.5 * strength) for v in range(256)])
        noisy = ImageChops.add(self.picture, Image.merge("RGB", (dots, dots, dots)), 1, -128)
        self.picture.paste(noisy)


Scale = Callable[[float, float], tuple[float, float]]
"""Takes a point on the sheet to a point on the enlarged drawing."""


def sheet(width: int, height: int) -> Sheet:
    """Return an empty sheet of width x height pixels."""
    from PIL import Image  # loads Pillow

    return Sheet(Image.new("RGB", (width, height)))


def cloud(random: Random, width: int, height: int, cells: int, octaves: int = 3) -> Image:
    """Return smooth noise in two dimensions, mode "L", mean near 128, `cells` bumps along the shorter side."""
    from PIL import Image, ImageOps  # loads Pillow

    out: Image.Image | None = None
    for octave in range(octaves):
        unit = min(width, height) / (cells * 2**octave)
        size = max(2, round(width / unit)) + 2, max(2, round(height / unit)) + 2
        part = Image.frombytes("L", size, random.randbytes(size[0] * size[1]))
        part = part.resize((width, height), Image.Resampling.BICUBIC)
        out = part if out is None else Image.blend(out, part, 0.26)
    assert out is not None, "at least one octave"
    return ImageOps.autocontrast(out)


def _run(stops: Sequence[Colour], count: int) -> Image:
    """Return a column of `count` pixels that runs evenly through the colours."""
    from PIL import Image  # loads Pillow

    out = bytearray()
    for n in range(count):
        offset = n / max(1, count - 1) * (len(stops) - 1)
        index = min(int(offset), len(stops) - 2)
        out += bytes(mix(stops[index], stops[index + 1], offset - index))
    return Image.frombytes("RGB", (1, count), bytes(out))
