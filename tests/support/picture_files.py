"""Picture files made by hand, and how near one picture is to another."""

from __future__ import annotations

import io
import math
import struct
import warnings
import zlib
from typing import Any

from PIL import Image, ImageChops, ImageStat

from runway_nb.errors import InvalidRequest
from runway_nb.pictures.fit import Fit, fit_picture

SMALL = (20, 12)
SMALL_FRAME = (160, 96)
"""The size of a landscape frame in tests that use the fixture `small_frames`."""


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Return the file of a picture, in one of Pillow's formats."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """Return a part of a PNG file, with its length and its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def decibels(one: Image.Image, other: Image.Image) -> float:
    """Return how near two pictures of one size are (peak signal to noise); infinite when they are equal."""
    assert one.size == other.size
    found = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB")))
    error = sum(found.sum2) / sum(found.count)
    return math.inf if not error else 10 * math.log10(255**2 / error)


def is_fitted_or_refused(data: bytes, fit: Fit | None = None) -> bool:
    """Return whether bytes become a picture of the size asked for, or are refused in one line; all else is raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fitted = fit_picture(data, SMALL, fit or Fit())
            picture = Image.open(io.BytesIO(fitted.data))
            picture.load()
            return fitted.size == picture.size == SMALL
        except InvalidRequest as refused:
            return len(refused.problems) == 1


def pixel(picture: Image.Image, at: tuple[int, int]) -> tuple[int, ...]:
    """Return the channels of a picture of several, at one place."""
    channels = picture.getpixel(at)
    assert isinstance(channels, tuple)
    return channels


def darkest(plane: Image.Image) -> float:
    """Return the least value of a picture of one channel."""
    least, _ = plane.getextrema()
    assert not isinstance(least, tuple)
    return least


def brightest(plane: Image.Image) -> float:
    """Return the greatest value of a picture of one channel."""
    _, greatest = plane.getextrema()
    assert not isinstance(greatest, tuple)
    return greatest
