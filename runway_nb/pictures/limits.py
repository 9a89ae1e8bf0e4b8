"""How large pictures may be, and how large small ones are; asked of a header, before anything is decoded."""

from __future__ import annotations

from ..errors import InvalidRequest

LARGEST_FILE = 50_000_000
"""Bytes of a picture; the API names no limit, its own tool stops at 50 MB (API facts 8.1)."""
THUMBNAIL_WIDTH, POSTER_WIDTH = 240, 560
"""Pixels of a small picture, shown 120 wide, and of the poster of a video; on dense screens twice as many."""
LARGEST_PIXELS = 89_000_000
"""At four bytes a pixel this holds a picture within 360 MB; it is more than a camera makes, and just under the 89.5
million at which Pillow itself complains."""
LARGEST_WEBP = 40_000_000
"""Pixels of a WebP: its decoder keeps four copies at four bytes a pixel."""
LARGEST_SIDE = 1_000_000
"""Pixels."""
FEW_PIXELS = 4_000_000
"""Up to this many a picture is decoded however few bytes it has."""
PIXELS_PER_BYTE = 10_000
"""More than these hold no picture with something in it: a white page of lines has some thousand."""


def check_pixels(name: str, width: int, height: int, most: int | None = None) -> None:
    """Raise `InvalidRequest` for a picture without pixels, and for one with more than `most`."""
    most = LARGEST_PIXELS if most is None else min(most, LARGEST_PIXELS)
    if width < 1 or height < 1:
        raise InvalidRequest([f"{name} has {width} × {height} pixels: give one with something to see"])
    if width * height > most:
        found = f"{name} has {width} × {height} = {width * height / 1e6:.0f} million pixels"
        raise InvalidRequest([f"{found}: the most is {most / 1e6:.0f} million"])
    if max(width, height) > LARGEST_SIDE:
        raise InvalidRequest([f"{name} has {width} × {height} pixels: the most on one side is {LARGEST_SIDE:,}"])


def check_weight(width: int, height: int, size: int) -> None:
    """Raise `InvalidRequest` for a file of `size` bytes that unpacks to far more than there is in it."""
    if width * height > max(FEW_PIXELS, size * PIXELS_PER_BYTE):
        found = f"{width * height / 1e6:.0f} million pixels in {size:,} bytes"
        raise InvalidRequest([f"the picture claims {found}, so there is nothing to see in it: give another"])
