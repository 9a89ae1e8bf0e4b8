"""Pictures as Y, U and V planes, and the camera's view of them.

Warping three planes costs two thirds of warping RGB and gives the encoder what it takes; Pillow alone
does it, outside the interpreter's lock. A plane is a mode "L" picture; U and V have half the width and height.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from runway_nb.camera import Matrix, apply

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom lie outside."""
Planes = tuple["Image", "Image", "Image"]

TO_YUV = (
    0.25679, 0.50413, 0.09791, 16.0,
    -0.14822, -0.29099, 0.43922, 128.0,
    0.43922, -0.36779, -0.07143, 128.0,
)  # fmt: skip
"""RGB to limited-range YUV after ITU-R BT.601, rows Y, U, V, the last number of a row is its offset."""
TO_RGB = (
    1.16438, 0.0, 1.59603, -222.921,
    1.16438, -0.39176, -0.81297, 135.576,
    1.16438, 2.01723, 0.0, -276.836,
)  # fmt: skip
"""The inverse of `TO_YUV`."""
SCALES = (1, 2, 2)
"""How many pixels of the picture one sample of Y, U, V spans."""
KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""Of the files that are opened. Pillow also knows kinds that run other programs."""
LARGEST_PIXELS = 40_000_000
"""Of an upload that is looked into: a few bytes can claim any number."""
REACH = 7
"""Frames of mirrored picture on each side, at most. From a first keyframe no view needs more than 2 (camera model,
"No empty border"); a last keyframe seen from the start of an extreme move needs 6.3."""
MARGIN = 2
"""Samples round what is seen, for the neighbours that bilinear sampling takes."""


def opened(source: Path | str | BinaryIO) -> ImageFile:
    """Return the picture in a file, nothing of it decoded yet. Raises OSError for too many pixels or no picture."""
    from PIL import Image  # loads Pillow

    try:
        file = Image.open(source, formats=KINDS)
    except Image.DecompressionBombError as bomb:
        raise OSError(str(bomb)) from None
    if file.width * file.height > LARGEST_PIXELS:
        file.close()
        raise OSError(f"{file.width} x {file.height} pixels are more than {LARGEST_PIXELS:,}")
    return file


def load(path: Path | str, width: int, height: int) -> Image:
    """Return the picture in a file, upright, centre-cropped to cover width x height, RGB, transparency on black."""
    from PIL import Image, ImageOps  # loads Pillow

    with opened(path) as file:
        longest = max(width, height)
        file.draft("RGB", (longest, longest))
        picture = ImageOps.exif_transpose(file)
        if picture.has_transparency_data:
            ground = Image.new("RGBA", picture.size, "black")
            picture = Image.alpha_composite(ground, picture.convert("RGBA"))
        return ImageOps.fit(picture.convert("RGB"), (width, height), Image.Resampling.LANCZOS)


def split(picture: Image) -> Planes:
    """Return the planes of an RGB picture of even width and height."""
    y, u, v = picture.convert("RGB", TO_YUV).split()
    return y, u.reduce(2), v.reduce(2)


def join(planes: Planes, width: int, height: int) -> Image:
    """Return the RGB picture of three planes, scaled to width x height pixels."""
    from PIL import Image  # loads Pillow

    scaled = [plane.resize((width, height), Image.Resampling.BICUBIC) for plane in planes]
    return Image.merge("RGB", scaled).convert("RGB", TO_RGB)


@dataclass(frozen=True)
class Canvas:
    """One plane and as much of its mirror images as a shot sees."""

    image: Image
    left: int
    top: int
    """Where the image's corner lies in the plane; negative on the mirrored side."""
    scale: int

    def seen(self, matrix: Matrix, box: Box, sharp: bool = False) -> Image:
        """Return what lies in a box of the frame (samples); `matrix` takes pixels of the frame to the picture's.

        A camera that does not turn needs no more than `resize`, which takes half the time of a projection and
        averages where the picture shrinks. `sharp` takes longer.
        """
        from PIL import Image  # loads Pillow

        filtering = Image.Resampling.BICUBIC if sharp else Image.Resampling.BILINEAR
        a, b, c, d, e, f, g, h, i = self._sampled(matrix, box)
        width, height = box[2] - box[0], box[3] - box[1]
        part = (c / i, f / i, (a * width + c) / i, (e * height + f) / i)
        if not (b or d or g or h) and self._holds(part):
            if part == tuple(map(round, part)) and a == e == i:
                return self.image.crop((round(part[0]), round(part[1]), round(part[2]), round(part[3])))
            return self.image.resize((width, height), filtering, box=part)
        data = (a / i, b / i, c / i, d / i, e / i, f / i, g / i, h / i)
        return self.image.transform((width, height), Image.Transform.PERSPECTIVE, data, filtering)

    def mixed(self, other: Image, share: float) -> Canvas:
        """Return the canvas dissolved into an image of its size, of which it takes on `share` (0..1)."""
        from PIL import Image  # loads Pillow

        return Canvas(Image.blend(self.image, other, share), self.left, self.top, self.scale)

    @property
    def box(self) -> Box:
        """The part of the plane it covers, samples."""
        return self.left, self.top, self.left + self.image.width, self.top + self.image.height

    def _holds(self, part: tuple[float, float, float, float]) -> bool:
        return min(part[:2]) >= 0 and part[2] <= self.image.width and part[3] <= self.image.height

    def _sampled(self, matrix: Matrix, box: Box) -> Matrix:
        """Return the matrix from samples counted from the box's corner to samples counted from the image's."""
        a, b, c, d, e, f, g, h, i = matrix
        c, f, g, h = c / self.scale, f / self.scale, g * self.scale, h * self.scale
        x, y = box[0], box[1]
        c, f, i = a * x + b * y + c, d * x + e * y + f, g * x + h * y + i
        x, y = self.left, self.top
        return a - x * g, b - x * h, c - x * i, d - y * g, e - y * h, f - y * i, g, h, i


def canvas(plane: Image, box: Box, scale: int) -> Canvas:
    """Return the part of the endlessly mirrored plane inside the box, given in samples."""
    from PIL import Image  # loads Pillow

    left, top, right, bottom = box
    width, height = plane.size
    image = Image.new("L", (right - left, bottom - top))
    for column in range(left // width, -(-right // width)):
        for row in range(top // height, -(-bottom // height)):
            tile = _mirrored(plane, column % 2 == 1, row % 2 == 1)
            image.paste(tile, (column * width - left, row * height - top))
    return Canvas(image, left, top, scale)


def _mirrored(plane: Image, sideways: bool, upside: bool) -> Image:
    from PIL import Image  # loads Pillow

    if sideways and upside:
        return plane.transpose(Image.Transpose.ROTATE_180)
    if sideways:
        return plane.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return plane.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if upside else plane


def reach(matrices: Iterable[Matrix], box: Box, frame: tuple[int, int], scale: int) -> Box:
    """Return the box of samples that the views of a box of the frame (pixels) take together.

    `matrices` take pixels of the frame to pixels of the picture. The corners are enough: a homography keeps
    straight lines straight.
    """
    corners = [(x, y) for x in box[0::2] for y in box[1::2]]
    points = [apply(matrix, x, y) for matrix in matrices for x, y in corners]
    left, right = _span([x for x, _ in points], frame[0], scale)
    top, bottom = _span([y for _, y in points], frame[1], scale)
    return left, top, right, bottom


def _span(positions: Sequence[float], size: int, scale: int) -> tuple[int, int]:
    low = max(min(positions), -REACH * size)
    high = min(max(positions), (1 + REACH) * size)
    return math.floor(low / scale) - MARGIN, math.ceil(high / scale) + MARGIN
