"""The sound of a clip: a quiet chord that swells slowly, with soft ends; which chord it is comes from the seed."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import av

RATE = 48_000
"""Samples of a second."""
CODEC, LAYOUT, BITS = "aac", "mono", 64_000
LOUDNESS = -28.5
"""Root mean square of the plain chord in dB of full scale; swell and ends take it to about -30."""
ROOTS = (146, 164, 174, 196, 220)
"""Hz; whole and even, so that every partial fits into a block without a seam."""
PARTIALS = ((1.0, 1.0), (1.5, 0.6), (2.0, 0.4))
"""Root, fifth and octave: how many times the root, and how strong."""
BLOCK_SECONDS = 2
"""The chord and its swell begin anew after so long."""
SWELL = 0.25
"""How much quieter it is between two swells, part of the whole."""
FADE_SECONDS = 0.6


def add_stream(container: Any) -> Any:
    """Return a new stream of sound in a file that is written."""
    return container.add_stream(CODEC, rate=RATE, layout=LAYOUT, bit_rate=BITS)


def frames(seed: int, seconds: int) -> Iterator[av.AudioFrame]:
    """Yield the sound of a clip second by second; the same every time."""
    import av  # loads PyAV

    block = chord(ROOTS[Random(seed).randrange(len(ROOTS))])
    for second in range(seconds):
        start = second % BLOCK_SECONDS * RATE
        samples = block[start : start + RATE]
        if second in (0, seconds - 1):  # the others are nowhere near an end
            for index in range(RATE):
                samples[index] *= fade(second + index / RATE, seconds)
        frame = av.AudioFrame(format="fltp", layout=LAYOUT, samples=RATE)
        data = samples.tobytes()
        frame.planes[0].update(data + bytes(frame.planes[0].buffer_size - len(data)))
        frame.sample_rate, frame.pts, frame.time_base = RATE, second * RATE, Fraction(1, RATE)
        yield frame


def chord(root: int) -> array[float]:
    """Return a block of samples, -1 to 1, that can be repeated without a seam; `root` in Hz."""
    rms = math.sqrt(sum(strength**2 for _, strength in PARTIALS) / 2)
    loud = 10 ** (LOUDNESS / 20) / rms
    out = array("f", bytes(4 * BLOCK_SECONDS * RATE))
    for times, strength in PARTIALS:
        # the wave of a partial repeats after a second at the latest: one is made, the block is filled with it
        step = 2 * math.pi * root * times / RATE
        wave = array("f", (loud * strength * math.sin(step * n) for n in range(RATE)))
        for n, sample in enumerate(wave * BLOCK_SECONDS):
            out[n] += sample
    turn = 2 * math.pi / len(out)
    for n in range(len(out)):
        out[n] *= 1 - SWELL * (1 - math.cos(turn * n)) / 2
    return out


def fade(moment: float, seconds: float) -> float:
    """Return how loud the sound is at a moment of the clip, 0 at both ends to 1."""
    near = min(1.0, max(0.0, min(moment, seconds - moment)) / FADE_SECONDS)
    return (1 - math.cos(math.pi * near)) / 2
