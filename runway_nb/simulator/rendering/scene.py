"""A picture drawn from prompt and seed: a landscape, the sea, a city, paper hills, a chart.

Words of the prompt choose the motif and the light where they can; chance, seeded by prompt and seed, does the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING

from . import charts, motifs
from .motifs import PALETTES, Palette
from .paint import Sheet, mix, sheet

if TYPE_CHECKING:
    from PIL.Image import Image

Motif = Callable[[Sheet, Random, Palette], None]

MOTIFS: Mapping[str, Motif] = {
    "hills": motifs.hills,
    "lighthouse": motifs.lighthouse,
    "sea": motifs.sea,
    "city": motifs.city,
    "dunes": motifs.dunes,
    "lake": motifs.lake,
    "forest": motifs.forest,
    "paper": motifs.paper,
    "chart": lambda page, random, palette: charts.chart(page, random, dark=sum(palette.low) < 520),
}
CUES: Mapping[str, str] = {
    "hills": "mountain mountains hill hills valley ridge alps volcano",
    "lighthouse": "lighthouse lighthouses",
    "sea": "sea ocean wave waves beach island boat ship sail harbour harbor coast",
    "city": "city street skyline tower building buildings town rooftop neon urban",
    "dunes": "desert dune dunes sand sahara camel",
    "lake": "aurora lake northern borealis pond mirror",
    "forest": "forest wood woods tree trees pine pines jungle",
    "paper": "abstract paper pattern contour map landscape surface gradient smoke ink cell cells",
    "chart": "chart plot data graph curve histogram scatter regression dataset model loss series",
}
LIGHT: Mapping[str, str] = {
    "dusk": "dusk sunset evening twilight golden",
    "dawn": "dawn sunrise morning spring pink",
    "noon": "noon day daylight summer sunny blue",
    "aurora": "aurora northern borealis",
    "night": "night midnight moon moonlit dark stars starry neon",
    "fog": "fog foggy mist misty rain rainy grey gray winter snow",
    "desert": "desert dune dunes sand sahara",
    "ember": "fire lava ember red volcano autumn",
    "mint": "green mint jungle tropical",
    "lilac": "violet purple lilac dream dreamy",
}


def draw(prompt: str, seed: int, width: int, height: int) -> Image:
    """Return the scene of a prompt and a seed, RGB, width x height pixels; the same every time."""
    text = prompt.encode("utf-8", "surrogatepass")
    random = Random(hashlib.sha256(text + b"\0" + str(seed).encode()).hexdigest())
    words = "".join(c if c.isalnum() else " " for c in prompt.lower()).split()
    motif = _cued(words, CUES) or random.choice(sorted(set(MOTIFS) - {"chart", "lighthouse"}))
    palette = PALETTES[_cued(words, LIGHT) or random.choice(sorted(PALETTES))]
    return paint(MOTIFS[motif], random, tinted(palette, random), width, height)


def paint(motif: Motif, random: Random, palette: Palette, width: int, height: int) -> Image:
    """Return one motif in one palette, with a fine grain."""
    page = sheet(width, height)
    motif(page, random, palette)
    page.grain(random)
    return page.picture


def tinted(palette: Palette, random: Random, share: float = 0.10) -> Palette:
    """Return the palette with a breath of a chance colour, so that two seeds differ at a glance."""
    tint = (random.randrange(256), random.randrange(256), random.randrange(256))
    return Palette(
        *(mix(colour, tint, share * (0.4 + 0.6 * random.random())) for colour in palette),
    )


def _cued(words: list[str], cues: Mapping[str, str]) -> str | None:
    """Return the first name one of whose cues is a word of the prompt; earlier words count first."""
    for word in words:
        for name, known in cues.items():
            if word in known.split():
                return name
    return None
