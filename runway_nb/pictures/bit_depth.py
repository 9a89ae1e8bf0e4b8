"""Pictures of more than eight bits brought to eight, in strips: that takes little more memory than they do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from PIL import Image, ImageMath

from ..errors import InvalidRequest
from .value_scale import LITTLE, Numbers, Scale, no_value_problem, scale_of, sentinels

_STRIP = 1_000_000
"""Pixels that are counted over at once: in between they take four bytes each, several times."""

LARGEST_PLANES = 30_000_000
"""Pixels of 16 bits a channel whose lower bytes are read, too: that takes twelve bytes a pixel."""


@dataclass(frozen=True)
class Declared:
    """What a file declares about its numbers."""

    range: tuple[float, float] | None = None
    """The least and the most that they may be."""
    missing: float | None = None
    """The number that stands for none."""
    is_sixteen: bool = False
    """True for whole numbers of 16 bits without a sign, in whatever mode they come."""
    is_unsigned: bool = False
    inverted: bool = False
    """True where the least is white."""


def eight_bits(image: Image.Image, declared: Declared = Declared()) -> tuple[Image.Image, str]:
    """Return a grey picture of whole or broken numbers in 256 levels, and what was done to them.

    Raises `InvalidRequest` for pixels without a value.
    """
    scale = scale_of(_numbers(image, declared))
    made = Image.new("L", image.size)
    for top, strip in _strips(image):
        made.paste(_levels(strip, scale), (0, top))
    if declared.inverted and image.mode[0] == "I":
        made = made.point(lambda level: 255 - level)
    return made, scale.note


def eight_bits_of_planes(
    high: Image.Image, low: Callable[[], Image.Image], declared: Declared
) -> tuple[Image.Image, str]:
    """Return the same for colours of 16 bits, of which Pillow keeps the upper byte only.

    Args:
        high: The upper bytes, RGB or RGBA.
        low: Gives the lower ones; asked for when the upper ones do not suffice.
        declared: What the file declares.
    """
    spread = cast("list[tuple[int, int]]", high.getextrema())[:3]
    if max(most for _, most in spread) - min(least for least, _ in spread) >= 256 * LITTLE:
        return high, ""
    if high.width * high.height > LARGEST_PLANES:
        size = f"{LARGEST_PLANES / 1e6:.0f} million pixels"
        raise InvalidRequest([f"the picture uses a corner of its 16 bits only: save it with 8 bits, or at most {size}"])
    lower = low()
    known = [_plane_numbers(high, lower, band) for band in range(len(high.getbands()))]
    least, most = min(found.low for found in known[:3]), max(found.high for found in known[:3])
    scale = scale_of(Numbers(least, most, 16, declared.range, all(found.is_copied for found in known[:3])))
    if not scale.note:
        return high, ""
    opaque = max([*(found.high for found in known[3:]), 1])
    clear = Scale(0, 65535 if opaque >= 65536 * LITTLE else opaque)
    scales = [scale] * 3 + [clear] * (len(known) - 3)
    made = Image.new(high.mode, high.size)
    for top, *bands in zip(_tops(high), *(_joined(high, lower, band) for band in range(len(known))), strict=True):
        made.paste(Image.merge(high.mode, [_levels(*one) for one in zip(bands, scales, strict=True)]), (0, top))
    return made, scale.note


def _levels(strip: Image.Image, scale: Scale) -> Image.Image:
    factor, shift = scale.factor, scale.shift + 0.5
    return cast(Image.Image, cast(Any, strip).point(lambda value: value * factor + shift).convert("L"))


def _tops(image: Image.Image) -> range:
    return range(0, image.height, max(1, _STRIP // image.width))


def _strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """Yield the picture in parts from the top down; whole numbers in 32 bits."""
    rows = _tops(image).step
    for top in _tops(image):
        strip = image.crop((0, top, image.width, min(image.height, top + rows)))
        yield top, strip.convert("I") if strip.mode.startswith("I;") else strip


def _equal(strip: Image.Image, number: float) -> Image.Image:
    """Return where a strip has this number: 255 there, 0 elsewhere."""
    number = int(number) if strip.mode == "I" else float(number)
    found = ImageMath.lambda_eval(lambda names: names["strip"] == number, strip=strip)
    return cast(Image.Image, found.convert("L").point(lambda value: 255 if value else 0))


# --- what the numbers are -----------------------------------------------------------------------------


def _numbers(image: Image.Image, declared: Declared) -> Numbers:
    """Raise `InvalidRequest` for pixels without a value."""
    _check_values(image, declared.missing)
    low, high = _extremes(image)
    sixteen = image.mode.startswith("I;") or declared.is_sixteen
    if sixteen and _is_copied(_byte_planes(image)):
        return Numbers(low, high, 16, declared.range, is_copied=True)
    for number in sentinels(low, high, lambda without: _extremes(image, without)):
        raise _holds(image, number)
    if image.mode == "I" and declared.is_unsigned and low < 0:
        raise InvalidRequest(["the picture holds numbers above 2,147,483,647: divide them, and save it again"])
    return Numbers(low, high, 0 if image.mode == "F" else 16 if sixteen else 32, declared.range)


def _holds(image: Image.Image, number: float) -> InvalidRequest:
    return InvalidRequest(
        [
            no_value_problem(
                _counted(image, lambda strip: _equal(strip, number)), image.width * image.height, f"{number:g}"
            )
        ]
    )


def _extremes(image: Image.Image, without: Sequence[float] = ()) -> tuple[float, ...]:
    """Return the least and the most; of the others where some are left out, and nothing where there are none."""
    found = [ends for _, strip in _strips(image) if (ends := _ends(strip, without))]
    return (min(low for low, _ in found), max(high for _, high in found)) if found else ()


def _ends(strip: Image.Image, without: Sequence[float]) -> tuple[float, float] | None:
    """Return the same for a strip. Of the numbers that are left out those farther outside come first."""
    low, high = cast("tuple[float, float]", strip.getextrema())
    for number in without:
        if number not in (low, high):
            continue
        if low == high:
            return None
        strip = strip.copy()
        strip.paste(cast(Any, high if number == low else low), (0, 0), _equal(strip, number))
        low, high = cast("tuple[float, float]", strip.getextrema())
    return low, high


def _check_values(image: Image.Image, missing: float | None) -> None:
    pixels = image.width * image.height
    if image.mode == "F" and (count := _counted(image, _not_finite)):
        raise InvalidRequest([no_value_problem(count, pixels)])
    if missing is None or not (image.mode == "F" or (missing.is_integer() and abs(missing) < 2**31)):
        return
    if count := _counted(image, lambda strip: _equal(strip, missing)):
        raise InvalidRequest([no_value_problem(count, pixels, f"{missing:g}, as the file says")])


def _not_finite(strip: Image.Image) -> Image.Image:
    # what is not finite is no number when it is taken from itself
    finite = ImageMath.lambda_eval(lambda names: (names["strip"] - names["strip"]) == 0.0, strip=strip)
    return cast(Image.Image, finite.convert("L").point(lambda value: 0 if value else 255))


def _counted(image: Image.Image, mask: Callable[[Image.Image], Image.Image]) -> int:
    """Return how many pixels a mask finds."""
    return sum(sum(mask(strip).histogram()[1:]) for _, strip in _strips(image))


def _byte_planes(image: Image.Image) -> Iterator[tuple[bytes, bytes]]:
    """Yield the lower and the upper byte of each number, strip by strip."""
    for _, strip in _strips(image):
        data = strip.tobytes()
        low = 0 if sys.byteorder == "little" else 3
        yield data[low::4], data[abs(low - 1) :: 4]


def _is_copied(planes: Iterator[tuple[bytes, bytes]]) -> bool:
    """Return True for eight bits that were written twice, or shifted up, into sixteen."""
    twice = shifted = True
    for low, high in planes:
        twice = twice and low == high
        shifted = shifted and low.count(0) == len(low)
        if not twice and not shifted:
            return False
    return True


# --- colours of 16 bits -------------------------------------------------------------------------------


def _joined(high: Image.Image, low: Image.Image, band: int) -> Iterator[Image.Image]:
    """Yield the whole numbers of a channel out of its two bytes, strip by strip."""
    for upper, lower in _bands(high, low, band):
        yield ImageMath.lambda_eval(lambda names: names["high"] * 256 + names["low"], high=upper, low=lower)


def _bands(high: Image.Image, low: Image.Image, band: int) -> Iterator[tuple[Image.Image, Image.Image]]:
    for (_, upper), (_, lower) in zip(_strips(high), _strips(low), strict=True):
        yield upper.getchannel(band), lower.getchannel(band)


def _plane_numbers(high: Image.Image, low: Image.Image, band: int) -> Numbers:
    extremes = [cast("tuple[int, int]", strip.getextrema()) for strip in _joined(high, low, band)]
    least, most = min(low for low, _ in extremes), max(high for _, high in extremes)
    planes = ((lower.tobytes(), upper.tobytes()) for upper, lower in _bands(high, low, band))
    return Numbers(least, most, 16, None, _is_copied(planes))
