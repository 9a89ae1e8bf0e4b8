"""The pictures in the simulated account's library."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from . import motifs
from .motifs import PALETTES
from .planes import opened
from .scene import MOTIFS, Motif, paint

if TYPE_CHECKING:
    from PIL.Image import Image

LANDSCAPE, PORTRAIT = (1280, 768), (768, 1280)
QUALITY = 88

_DRAWN: Mapping[str, tuple[Motif, str, tuple[int, int]]] = {
    "lighthouse-dusk": (motifs.lighthouse, "dusk", LANDSCAPE),
    "city-night": (MOTIFS["city"], "night", LANDSCAPE),
    "aurora-lake": (MOTIFS["lake"], "aurora", LANDSCAPE),
    "dunes-noon": (MOTIFS["dunes"], "desert", LANDSCAPE),
    "portrait-forest": (MOTIFS["forest"], "fog", PORTRAIT),
    "sea-morning": (MOTIFS["sea"], "dawn", LANDSCAPE),
    "paper-hills": (MOTIFS["paper"], "ember", LANDSCAPE),
    "line-chart": (MOTIFS["chart"], "night", LANDSCAPE),
}
NAMES: tuple[str, ...] = tuple(_DRAWN)


def draw(name: str) -> Image:
    """Return the sample of that name, RGB, 1280 x 768 or 768 x 1280 pixels; the same every time."""
    motif, palette, size = _DRAWN[name]
    return paint(motif, Random(name), PALETTES[palette], *size)


def write(folder: Path) -> list[tuple[str, Path]]:
    """Draw every sample into the folder as `<name>.jpg`; return names and paths in the order of `NAMES`."""
    out = []
    for name in NAMES:
        path = folder / f"{name}.jpg"
        draw(name).save(path, "JPEG", quality=QUALITY)
        out.append((name, path))
    return out


def thumbnail(path: Path, out: Path, width: int = 320) -> None:
    """Write a JPEG of the picture, upright, `width` pixels wide (or narrower, if the picture is)."""
    from PIL import Image, ImageOps  # loads Pillow

    with opened(path) as file:
        file.draft("RGB", (2 * width, 2 * width))
        picture = ImageOps.exif_transpose(file).convert("RGB")
        picture.thumbnail((width, 4 * width), Image.Resampling.LANCZOS)
    picture.save(out, "JPEG", quality=80)


def upscale(data: bytes, width: int, height: int) -> bytes:
    """Return the encoded picture resampled to width x height pixels, as JPEG."""
    from PIL import Image, ImageOps  # loads Pillow

    with opened(io.BytesIO(data)) as file:
        picture = ImageOps.exif_transpose(file).convert("RGB")
    out = io.BytesIO()
    picture.resize((width, height), Image.Resampling.LANCZOS).save(out, "JPEG", quality=90)
    return out.getvalue()
