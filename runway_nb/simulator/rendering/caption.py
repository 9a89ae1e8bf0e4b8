"""The caption of a rendered clip: the prompt and the word "simulator", over the moving picture between keyframes."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .planes import SCALES, Planes, split

if TYPE_CHECKING:
    from PIL import ImageFont
    from PIL.Image import Image

    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

WORD = "simulator"
PLAIN = str.maketrans(
    {
        "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"',
        "\u2192": "->", "\u00b7": "-", "\u00d7": "x", "\u00df": "ss", "\u00f8": "o", "\u00d8": "O", "\u00e6": "ae",
        "\u00c6": "AE", "\u0142": "l", "\u0141": "L", "\u20ac": "EUR",
    }
)  # fmt: skip
"""Spelling of common characters that Pillow's own font lacks."""
SHADE = 150
"""Opacity (0-255) of the dark ground at the lower edge; above it fades out."""
FADE_SECONDS = 0.3
"""From nothing to fully there."""
INK, FAINT = (255, 255, 255, 235), (255, 255, 255, 190)


@dataclass(frozen=True)
class Caption:
    """The caption as planes: what to lay over the lowest rows of a frame, and how opaque."""

    top: int
    """First row of the frame under the caption."""
    ink: Planes
    masks: Planes

    def on(self, plane: Image, index: int, opacity: float) -> Image:
        """Return the plane (0 is Y, 1 is U, 2 is V) with the caption at an opacity from 0 to 1, changed in place."""
        if opacity > 0:
            mask = self.masks[index] if opacity >= 1 else self.masks[index].point(lambda value: value * opacity)
            plane.paste(self.ink[index], (0, self.top // SCALES[index]), mask)
        return plane


def opacity_at(t: float, seconds: float, pinned: Sequence[float]) -> float:
    """Return how opaque the caption is at a moment of the shot, 0 to 1.

    It is gone at both ends and at every pinned moment: a keyframe is seen exactly, and the last frame can be the
    first keyframe of the next shot.

    Args:
        t: The moment, 0 to 1.
        seconds: How long the shot is.
        pinned: The moments of the keyframes, 0 to 1.
    """
    nearest = min(abs(t - moment) for moment in (0.0, 1.0, *pinned))
    return min(1.0, nearest * seconds / FADE_SECONDS)


def draw(prompt: str, width: int, height: int) -> Caption:
    """Return the caption of a frame of width x height pixels."""
    from PIL import Image, ImageDraw, ImageFont  # loads Pillow

    font = ImageFont.load_default(_size(width, height))
    rows = rows_of(width, height)
    overlay = Image.new("RGBA", (width, rows), (8, 8, 14, 0))
    overlay.putalpha(Image.linear_gradient("L").resize((width, rows)).point(lambda v: v * SHADE // 255))
    text = Image.new("RGBA", overlay.size, (255, 255, 255, 0))
    _write(ImageDraw.Draw(text), prompt, font, overlay.size)
    overlay = Image.alpha_composite(overlay, text)
    mask = overlay.getchannel("A")
    return Caption(height - rows, split(overlay.convert("RGB")), (mask, mask.reduce(2), mask.reduce(2)))


def rows_of(width: int, height: int) -> int:
    """Return how many of the lowest rows of a frame the caption may change; even."""
    return _size(width, height) * 3 // 2 * 2


def legible(prompt: str, font: Font) -> str:
    """Return the prompt on one line, in characters the font has; others are left out with three dots."""
    line = " ".join("".join(c if c.isprintable() else " " for c in prompt.translate(PLAIN)).split())
    missing = bytes(font.getmask("\uffff"))
    known = {c: c.isascii() or bytes(font.getmask(c)) != missing for c in set(line)}
    spelled = (c if known[c] else unicodedata.normalize("NFKD", c).replace("\u2044", "/") for c in line)
    plain = (c for c in "".join(spelled) if not unicodedata.combining(c))
    return _gaps("".join(c if c.isascii() or known.get(c) else "\0" for c in plain))


def _gaps(line: str) -> str:
    """Return the line with three dots for each run of unknown characters and the blanks among them."""
    words = ["\0" if word and not word.strip("\0") else word for word in line.split(" ")]
    kept = [word for n, word in enumerate(words) if word != "\0" or n == 0 or words[n - 1] != "\0"]
    out = " ".join(kept)
    while "\0\0" in out:
        out = out.replace("\0\0", "\0")
    return out.replace("\0", "...")


def _size(width: int, height: int) -> int:
    """Return the type size in pixels."""
    return max(9, round(min(width, height) / 38))


def _write(pen: object, prompt: str, font: Font, size: tuple[int, int]) -> None:
    from PIL import ImageDraw  # loads Pillow

    assert isinstance(pen, ImageDraw.ImageDraw)
    width, rows = size
    edge, middle = rows // 3, rows * 0.56
    word = pen.textlength(WORD, font=font)
    pad = rows // 5
    chip = (width - edge - word - 2 * pad, rows * 0.26, width - edge, rows * 0.86)
    pen.rounded_rectangle(chip, radius=rows * 0.3, outline=FAINT)
    pen.text((width - edge - pad - word / 2, middle), WORD, fill=INK, font=font, anchor="mm")
    room = chip[0] - 2 * edge
    pen.text((edge, middle), _clipped(pen, legible(prompt, font), font, room), fill=INK, font=font, anchor="lm")


def _clipped(pen: object, line: str, font: Font, room: float) -> str:
    from PIL import ImageDraw  # loads Pillow

    assert isinstance(pen, ImageDraw.ImageDraw)
    if pen.textlength(line, font=font) <= room:
        return line
    fits = 0
    line = line[:400]
    while fits < len(line) and pen.textlength(line[: fits + 1] + "...", font=font) <= room:
        fits += 1
    return line[:fits].rstrip() + "..."
