"""Arrays of numpy, and what follows its protocol, as pictures of whole numbers from 0 to 255."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import InvalidRequest
from .limits import check_pixels
from .value_scale import SLACK, Numbers, Scale, no_value_problem, scale_of, sentinels

_BLOCK = 1_000_000
"""Values that are counted over at once: in between they take eight bytes each."""


def levels_of(value: Any) -> tuple[Any, str]:
    """Return an array of whole numbers from 0 to 255, contiguous, and what was done to get there.

    Args:
        value: (height, width), or (height, width, channels) with 1, 3 or 4 channels; bool, whole numbers or floats.

    Raises:
        InvalidRequest: One line that names what was given, and what to give.
    """
    import numpy as np  # loads numpy

    # asked before anything is copied: it may lie on a disk, or in lazy pieces
    _check_shape(tuple(int(side) for side in np.shape(value)))
    hidden = np.ma.getmaskarray(value) if isinstance(value, np.ma.MaskedArray) else None
    array = value.data if hidden is not None else np.asarray(value)
    _check_shape(array.shape)
    _check_kind(array)
    return _masked(array, hidden, np) if hidden is not None and hidden.any() else _levels(array, None, np)


def _check_shape(shape: tuple[int, ...]) -> None:
    """Raise `InvalidRequest` for a shape that no picture has."""
    found = f"the array has the shape {shape}"
    if len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4)):
        return check_pixels("the array", shape[1], shape[0])
    if len(shape) == 3 and shape[0] in (1, 3, 4):
        cure = "give np.moveaxis(a, 0, -1), of a tensor a.permute(1, 2, 0)"
        raise InvalidRequest([f"{found}, its channels come first: {cure}"])
    one = ", one picture at a time" if len(shape) > 3 else ""
    raise InvalidRequest([f"{found}: give (height, width), or (height, width, channels) with 1, 3 or 4 channels{one}"])


def _check_kind(array: Any) -> None:
    if array.dtype.kind not in "buif" or array.dtype.names:
        name = array.dtype.name[:40]
        raise InvalidRequest([f"an array of {name} is no picture: give whole numbers 0 to 255, or floats 0 to 1"])


def _masked(array: Any, hidden: Any, np: Any) -> tuple[Any, str]:
    """Return what lies under a mask is anything: it counts for nothing, and becomes black."""
    spots = int((hidden.any(axis=2) if hidden.ndim == 3 else hidden).sum())
    pixels = array.shape[0] * array.shape[1]
    if hidden.all():
        raise InvalidRequest([no_value_problem(spots, pixels, "masked")])
    levels, note = _levels(array, ~hidden, np)
    levels = np.where(hidden, np.uint8(0), levels)
    return levels, "; ".join(filter(None, (note, f"{spots:,} of {pixels:,} pixels are masked and become black")))


def _levels(array: Any, seen: Any, np: Any) -> tuple[Any, str]:
    """Return the levels of what is seen of it (all of it with None), in blocks that keep the memory small."""
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array), ""
    if array.dtype.kind == "b":
        return np.where(array, np.uint8(255), np.uint8(0)), ""
    _check_values(array, seen, np)
    is_clear = array.shape[2:] == (4,)
    colours = array[..., :3] if is_clear else array
    looked_at = seen[..., :3] if is_clear and seen is not None else seen
    scale = scale_of(_numbers(colours, looked_at))
    levels = np.empty(array.shape, np.uint8)
    _fill(levels[..., :3] if is_clear else levels, colours, scale, np)
    if is_clear:
        _fill(levels[..., 3], array[..., 3], _opacity(array[..., 3]), np)
    return levels, scale.note


def _fill(levels: Any, array: Any, scale: Scale, np: Any) -> None:
    factor, black = scale.factor, scale.black
    for part in _blocks(array):
        numbers = (array[part].astype(np.float64) - black) * factor
        # what lies under a mask may be no number
        levels[part] = np.rint(np.clip(np.nan_to_num(numbers), 0, 255))


def _blocks(array: Any) -> Iterator[slice]:
    """Return rows of an array, as many as make a block."""
    rows = max(1, _BLOCK * len(array) // array.size)
    return (slice(start, start + rows) for start in range(0, len(array), rows))


def _opacity(alpha: Any) -> Scale:
    """Return how much stands for opaque: 1, 255 or 65535, or the most there is where that is much less."""
    most = float(alpha.max())
    if alpha.dtype.kind == "f" and most <= 1 + SLACK:
        return Scale(0, 1)
    if most <= 255:
        return Scale(0, 255)
    return Scale(0, 65535 if 16384 <= most <= 65535 else most)


# --- what the numbers are -----------------------------------------------------------------------------


def _check_values(array: Any, seen: Any, np: Any) -> None:
    """Raise `InvalidRequest` with how many pixels have no value."""
    if array.dtype.kind != "f":
        return
    count = 0
    for part in _blocks(array):
        bad = ~np.isfinite(array[part])
        bad = bad if seen is None else bad & seen[part]
        count += int((bad.any(axis=2) if bad.ndim == 3 else bad).sum())
    if count:
        pixels = array.shape[0] * array.shape[1]
        name = f"the {'x'.join(str(side) for side in array.shape)} {array.dtype.name} array"
        cure = "np.nan_to_num(a) puts numbers in their place"
        raise InvalidRequest([f"{name} holds NaN or inf in {count:,} of {pixels:,} pixels: {cure}"])


def _numbers(array: Any, seen: Any) -> Numbers:
    low, high = _extremes(array, seen)
    kind = array.dtype.kind
    bits = 0 if kind == "f" else 16 if kind == "u" and array.dtype.itemsize == 2 else 32
    if bits == 16 and _is_copied(array):
        return Numbers(low, high, bits, None, is_copied=True)
    for number in sentinels(low, high, lambda without: _extremes(array, seen, without)):
        spots = array == array.dtype.type(number)
        count = int((spots.any(axis=2) if spots.ndim == 3 else spots).sum())
        raise InvalidRequest([no_value_problem(count, array.shape[0] * array.shape[1], f"{number:g}")])
    return Numbers(low, high, bits)


def _extremes(array: Any, seen: Any, without: Sequence[float] = ()) -> tuple[float, ...]:
    """Return the least and the most of what is seen; of the others where some are left out, nothing without any."""
    found: list[tuple[float, float]] = []
    for part in _blocks(array):
        block = array[part] if seen is None else array[part][seen[part]]
        for number in without:
            block = block[block != block.dtype.type(number)]
        if block.size:
            found.append((float(block.min()), float(block.max())))
    return (min(low for low, _ in found), max(high for _, high in found)) if found else ()


def _is_copied(array: Any) -> bool:
    """Return True for eight bits that were written twice, or shifted up, into sixteen."""
    return any(not any((array[part] % step).any() for part in _blocks(array)) for step in (257, 256))
