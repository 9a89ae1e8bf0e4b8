"""Frame sizes in pixels by format and resolution (Model facts 3.5 and 5.3). All are even, as the encoder wants them."""

from __future__ import annotations

from collections.abc import Mapping

Size = tuple[int, int]
"""Width and height, pixels."""
Sizes = Mapping[tuple[str, str], Size]
"""Size of a clip by format and resolution; the resolution is empty for a model that has none."""

GEN3: Sizes = {("landscape", ""): (1280, 768), ("portrait", ""): (768, 1280)}
GEN4: Sizes = {
    ("16:9", ""): (1280, 720),
    ("9:16", ""): (720, 1280),
    ("1:1", ""): (960, 960),
    ("4:3", ""): (1104, 832),
    ("3:4", ""): (832, 1104),
    ("21:9", ""): (1584, 672),
}
"""Gen-4 and Gen-4 Turbo; those of Gen-4.5 but 16:9 are inferred (Model facts 3.5)."""
HD = "720p"
"""The resolution of models that have no field for it, and the one that the others are scaled from."""
_SEEDANCE_480 = {"16:9": (864, 496), "9:16": (496, 864)}
_SEEDANCE_720 = {
    "16:9": (1280, 720),
    "9:16": (720, 1280),
    "1:1": (960, 960),
    "4:3": (1112, 834),
    "3:4": (834, 1112),
    "21:9": (1470, 630),
}


def seedance(resolutions: tuple[str, ...]) -> Sizes:
    """Return the sizes of the Seedance models.

    At 480p only 16:9 and its turned form are known, the others are sized by their ratio; 1080p is 720p scaled.
    """
    sizes: dict[tuple[str, str], Size] = {}
    for resolution in resolutions:
        for aspect, (width, height) in _SEEDANCE_720.items():
            scale = lines(resolution) / lines(HD)
            sizes[aspect, resolution] = (even(width * scale), even(height * scale))
            if resolution == "480p":
                sizes[aspect, resolution] = _SEEDANCE_480.get(aspect) or by_ratio(aspect, resolution)
    return sizes


def by_ratios(aspects: tuple[str, ...], resolutions: tuple[str, ...] = ()) -> Sizes:
    """Return sizes for models whose pixels nobody documents: the ratio, the shorter side as the resolution says."""
    names = resolutions or ("",)
    return {(aspect, name): by_ratio(aspect, name or HD) for aspect in aspects for name in names}


def by_ratio(aspect: str, resolution: str) -> Size:
    """Return width and height of a ratio such as `16:9`; the shorter side is that of the resolution."""
    across, down = (int(number) for number in aspect.split(":"))
    scale = lines(resolution) / min(across, down)
    return even(across * scale), even(down * scale)


def lines(resolution: str) -> int:
    """Return the number in a word such as `720p`."""
    return int(resolution.removesuffix("p"))


def even(pixels: float) -> int:
    """Return the nearest even number."""
    return 2 * round(pixels / 2)
