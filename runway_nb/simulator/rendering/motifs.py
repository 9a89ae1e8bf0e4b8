"""What the simulator draws: motifs in layers from far to near, each in the colours of a palette."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from .paint import Colour, Points, Sheet, cloud, mix, noise

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

    from .paint import Scale


class Palette(NamedTuple):
    """The colours of a scene's light, air and ground."""

    high: Colour
    middle: Colour
    low: Colour
    """The sky from the zenith to the horizon."""
    sun: Colour
    far: Colour
    near: Colour
    """The ground, which takes on the air's colour with distance."""
    accent: Colour

    @classmethod
    def of(cls, digits: str) -> Palette:
        """Return the palette written as seven colours of six hexadecimal digits."""
        numbers = [int(word, 16) for word in digits.split()]
        return cls(*((number >> 16, number >> 8 & 255, number & 255) for number in numbers))


PALETTES: Mapping[str, Palette] = {
    "dusk": Palette.of("24285c 8c5886 faa676 ffe4b6 9c6c86 16142e f06054"),
    "dawn": Palette.of("608abe e2bac6 ffe2b8 fff7e0 b29ab6 302e54 ec7878"),
    "noon": Palette.of("2c7ac8 84c0e6 ecf0e2 fffbec 80b2c0 164e4e fac450"),
    "night": Palette.of("070a20 181e4e 544a8a eeecfa 363468 070816 ffcc78"),
    "fog": Palette.of("96b4ba c8d8d4 eeeee2 fffbf0 a4bcb6 122e2e de9660"),
    "desert": Palette.of("4a94ce a6ccde fce6c2 fffbe8 ecc490 924a26 3e8496"),
    "ember": Palette.of("280e2e 982842 ff924c ffe8a0 9c3648 1a081a ffc45c"),
    "mint": Palette.of("0e4258 52a6a0 eef2ce fffce2 68aa9a 082c32 faaa6e"),
    "lilac": Palette.of("3e367e a486d0 fed8de fff4ec 8e76ba 221a4a fa8c96"),
    "aurora": Palette.of("050c1e 0a263c 22706c aaffce 143e4e 040c16 966ef0"),
}


def sky(page: Sheet, random: Random, palette: Palette, horizon: float = 0.7, sun: float | None = None) -> float:
    """Paint the sky down to the horizon, with sun or moon at `sun` across; return that point."""
    page.wash((palette.high, palette.middle, palette.low, palette.low), 0, min(1.0, horizon + 0.06))
    x = random.uniform(0.22, 0.78) if sun is None else sun
    y = horizon * random.uniform(0.42, 0.66)
    dark = sum(palette.high) < 120
    if dark:
        page.stars(random, 170, horizon)
        y *= 0.55
    page.glow(x, y, 1.25, palette.sun, 0.42)
    page.glow(x, y, 0.42, palette.sun, 0.5)
    page.disc(x, y, 0.062 if not dark else 0.045, mix(palette.sun, (255, 255, 255), 0.35))
    if not dark:
        _haze(page, random, palette, horizon)
    return x


def _haze(page: Sheet, random: Random, palette: Palette, horizon: float) -> None:
    """Paint a few long thin clouds."""
    for _ in range(5):
        y, length = random.uniform(0.12, 0.8) * horizon, random.uniform(0.25, 0.6)
        x = random.uniform(-0.1, 1.0 - length / 2)
        line = noise(random, 40, 3)
        rise = [math.sin(math.pi * n / 39) * (0.008 + 0.010 * abs(line[n])) for n in range(40)]
        upper = [(x + length * n / 39, y - rise[n]) for n in range(40)]
        lower = [(px, y + rise[n] * 0.4) for n, (px, _) in enumerate(upper)]
        page.shape([*upper, *reversed(lower)], mix(palette.low, palette.sun, 0.5), 0.4, blur=0.006)


def ridges(
    page: Sheet, random: Random, palette: Palette, top: float, layers: int = 6, octaves: int = 6, pines: int = 0
) -> None:
    """Paint ridge behind ridge, the far ones pale; the `pines` nearest carry trees."""
    for layer in range(layers):
        near = layer / (layers - 1)
        base = top + (0.98 - top) * near**1.15 * 0.86
        rough = 0.075 + 0.055 * near
        bends = 2.2 + 2.0 * (1 - near)
        crest = [base + rough * v for v in noise(random, page.columns, octaves, bends)]
        colour = mix(mix(palette.far, palette.low, 0.35), palette.near, near**1.1)
        foot = mix(colour, palette.low, 0.5 * (1 - near))
        trees = _pines(random, page, crest, 0.035 + 0.10 * near**2) if layer >= layers - pines else []
        page.land(crest, colour, foot, trees)


def _pines(random: Random, page: Sheet, crest: Sequence[float], size: float) -> list[Points]:
    """Return pines along a crest, `size` (a fraction of the shorter side) tall on average."""
    trees, x = [], -0.01
    while x < 1.01:
        tall = size * random.uniform(0.55, 1.45)
        foot = crest[min(len(crest) - 1, max(0, round(x * (len(crest) - 1))))] + 0.01
        trees.append(_pine(x, foot, tall * page.unit / page.height, tall * page.unit / page.width))
        x += size * random.uniform(0.10, 0.42) * page.unit / page.width
    return trees


def _pine(x: float, foot: float, tall: float, across: float) -> Points:
    right, tiers = [(x, foot - tall)], 5
    for tier in range(1, tiers + 1):
        y, half = foot - tall * (1 - tier / tiers), across * 0.20 * tier / tiers
        right += [(x + half, y), (x + half * 0.55, y - tall * 0.012)]
    return [*right, *((2 * x - px, y) for px, y in reversed(right[1:]))]


def hills(page: Sheet, random: Random, palette: Palette) -> None:
    """Paint mountains in the haze."""
    sky(page, random, palette)
    ridges(page, random, palette, random.uniform(0.46, 0.54), layers=6, octaves=7, pines=random.randrange(3))


def forest(page: Sheet, random: Random, palette: Palette) -> None:
    """Paint wooded slopes, fog between them."""
    sky(page, random, palette)
    top = 0.44
    for layer in range(6):
        near = layer / 5
        base = top + 0.50 * near**1.1
        crest = [base + 0.07 * v for v in noise(random, page.columns, 4, 2.5)]
        colour = mix(mix(palette.far, palette.low, 0.5), palette.near, near)
        trees = _pines(random, page, crest, 0.05 + 0.17 * near**1.6)
        page.land(crest, colour, mix(colour, palette.low, 0.75 * (1 - near) + 0.08), trees)


def dunes(page: Sheet, random: Random, palette: Palette) -> None:
    """Paint sand in long soft waves, each with a lit and a shaded side."""
    sky(page, random, palette, 0.6)
    for layer in range(6):
        near = layer / 5
        base = 0.50 + 0.40 * near**1.2
        line = noise(random, page.columns, 2, 1.6 + 1.2 * (1 - near))
        crest = [base + (0.05 + 0.05 * near) * v for v in line]
        colour = mix(mix(palette.far, palette.low, 0.45 * (1 - near)), palette.near, 0.12 + 0.55 * near)
        page.land(crest, mix(colour, palette.sun, 0.34), mix(colour, palette.near, 0.25 + 0.3 * near))
        _lee(page, random, crest, mix(colour, palette.near, 0.6), 0.10 + 0.12 * near)


def _lee(page: Sheet, random: Random, crest: Sequence[float], colour: Colour, deep: float) -> None:
    """Paint the shaded side of a dune: from the crest down to a wandering edge."""
    last = len(crest) - 1
    drops = noise(random, len(crest), 2, 2.4)
    upper = [(n / last, y + 0.001) for n, y in enumerate(crest)]
    lower = [(n / last, y + max(0.0, drops[n] + 0.1) * deep) for n, y in enumerate(crest)]
    page.shape([*upper, *reversed(lower)], colour, 0.62, blur=0.0025)


def sea(page: Sheet, random: Random, palette: Palette) -> None:
    """Open water under the sun, an island or two."""
    horizon = random.uniform(0.52, 0.6)
    x = sky(page, random, palette, horizon)
    for _ in range(2):
        island(page, random, mix(palette.far, palette.near, 0.35), random.random(), horizon)
    water(page, random, palette, horizon, x)


def island(page: Sheet, random: Random, colour: Colour, x: float, horizon: float, wide: float = 0.2) -> None:
    """Paint a far hump on the horizon, centred on x."""
    line = noise(random, 60, 5, 4)
    rise = [math.sin(math.pi * n / 59) ** 1.3 * (0.045 + 0.03 * line[n]) for n in range(60)]
    top = [(x + wide * (n / 59 - 0.5), horizon - max(0.0, rise[n])) for n in range(60)]
    page.shape([*top, (x + wide / 2, horizon + 0.01), (x - wide / 2, horizon + 0.01)], colour)


def water(page: Sheet, random: Random, palette: Palette, horizon: float, sun: float) -> None:
    """Paint water from the horizon down, dark towards the viewer, glitter below the sun."""
    deep = mix(palette.high, palette.near, 0.55)
    page.wash((mix(palette.low, palette.middle, 0.35), mix(palette.middle, deep, 0.5), deep), horizon, 1.0)
    _ripples(page, random, horizon, 420, None, mix(palette.low, palette.sun, 0.3), 0.20)
    _ripples(page, random, horizon, 260, None, palette.near, 0.22)
    _ripples(page, random, horizon, 330, sun, mix(palette.sun, (255, 255, 255), 0.3), 0.8)


def _ripples(
    page: Sheet, random: Random, horizon: float, count: int, sun: float | None, colour: Colour, opacity: float
) -> None:
    """Paint flat strokes of light or shade, longer and farther apart towards the viewer."""
    strokes = []
    for _ in range(count):
        near = random.random() ** 1.7
        y = horizon + 0.004 + (1.02 - horizon) * near
        spread = (0.025 + 0.13 * near) * page.unit / page.width
        x = random.random() if sun is None else random.gauss(sun, spread)
        half = (0.006 + 0.045 * near * random.random()) * page.unit / page.width
        strokes.append((x - half, y, x + half, y + 0.0012 + 0.0045 * near))

    def stroke(pen: ImageDraw, scale: Scale) -> None:
        for left, top, right, bottom in strokes:
            pen.ellipse((*scale(left, top), *scale(right, bottom)), fill=255)

    page.cut((0.0, horizon, 1.0, 1.0), stroke, colour, opacity)


def lighthouse(page: Sheet, random: Random, palette: Palette) -> None:
    """Paint a tower on a rock above the sea, its beam to the left."""
    horizon = 0.62
    sky(page, random, palette, horizon, 0.7)
    island(page, random, mix(palette.far, palette.near, 0.25), 0.86, horizon, 0.34)
    water(page, random, palette, horizon, 0.7)
    x, foot, wide = 0.36, 0.66, page.unit / page.width
    beam = [(x, foot - 0.415), (-0.02, foot - 0.62), (-0.02, foot - 0.36)]
    page.shape(beam, mix(palette.sun, (255, 255, 255), 0.3), 0.34, blur=0.012)
    rock = noise(random, 80, 5, 5)
    top = [(n / 79 * 0.74 - 0.02, foot + 0.02 + 1.5 * abs(n / 79 - 0.515) ** 1.35 + 0.022 * rock[n]) for n in range(80)]
    page.shape([*top, (0.72, 1.05), (-0.02, 1.05)], mix(palette.near, palette.high, 0.12))
    tower(page, palette, x, foot + 0.045, wide)


def tower(page: Sheet, palette: Palette, x: float, foot: float, wide: float) -> None:
    """Paint a banded lighthouse, 0.5 of the height tall."""
    top, low, high = foot - 0.42, 0.040 * wide, 0.024 * wide
    white, red, dark = (240, 230, 222), (184, 62, 60), mix(palette.near, (0, 0, 0), 0.2)

    def half(y: float) -> float:
        return high + (low - high) * (y - top) / (foot - top)

    def band(y0: float, y1: float, colour: Colour) -> None:
        left, right = ((x - half(y), y) for y in (y0, y1)), ((x + half(y), y) for y in (y1, y0))
        page.shape([*left, *right], colour)

    band(top, foot, white)
    for n in range(3):
        band(top + 0.06 + 0.125 * n, top + 0.122 + 0.125 * n, red)
    shade = [(x + half(top) * 0.25, top), (x + half(top), top), (x + half(foot), foot), (x + half(foot) * 0.25, foot)]
    page.shape(shade, palette.near, 0.26, blur=0.004)
    page.glow(x, top - 0.028, 0.17, palette.sun, 0.85)
    page.shape(_box(x, top - 0.052, 0.019 * wide, top), (255, 244, 204))
    page.shape(_box(x, top - 0.010, 0.034 * wide, top + 0.006), dark)
    page.shape([(x - 0.026 * wide, top - 0.050), (x, top - 0.088), (x + 0.026 * wide, top - 0.050)], dark)


def _box(x: float, top: float, half: float, bottom: float) -> Points:
    return [(x - half, top), (x + half, top), (x + half, bottom), (x - half, bottom)]


def lake(page: Sheet, random: Random, palette: Palette) -> None:
    """Paint northern lights over mountains, doubled in still water."""
    from PIL import Image  # loads Pillow

    shore = 0.64
    page.wash((palette.high, palette.middle, palette.low), 0, shore + 0.02)
    page.stars(random, 190, shore)
    for n in range(3):
        _curtain(page, random, mix(palette.sun, palette.accent, 0.38 * n), 0.30 + 0.07 * n)
    for n in range(3):
        crest = [0.50 + 0.045 * n + (0.07 - 0.012 * n) * v for v in noise(random, page.columns, 7, 4)]
        colour = mix(palette.far, palette.near, 0.25 + 0.35 * n)
        page.land(crest, colour, mix(colour, palette.low, 0.25))
    rows = page.height - round(shore * page.height)
    above = page.picture.crop((0, page.height - 2 * rows, page.width, page.height - rows))
    mirror = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    page.picture.paste(Image.blend(mirror, Image.new("RGB", mirror.size, palette.near), 0.34), (0, page.height - rows))
    _ripples(page, random, shore, 240, None, palette.low, 0.28)
    bank = [0.93 + 0.035 * v for v in noise(random, page.columns, 5, 3)]
    page.land(bank, palette.near, palette.near, _pines(random, page, bank, 0.16))


def _curtain(page: Sheet, random: Random, colour: Colour, y: float) -> None:
    """Paint one band of northern lights: rays of uneven length that stand on a waving line."""
    from PIL import Image  # loads Pillow

    across, down = 160, 96
    line, rays = noise(random, across, 3, 2), noise(random, across, 6, 7)
    light = Image.new("L", (across, down))
    levels = []
    for row in range(down):
        for column in range(across):
            above = y + 0.11 * line[column] - row / down
            tall = 0.12 + 0.11 * (rays[column] + 1)
            fall = max(0.0, 1 - above / tall) ** 1.6 if above > 0 else max(0.0, 1 + above / 0.022)
            levels.append(round(215 * fall * (0.42 + 0.38 * abs(rays[column] + 0.3))))
    light.putdata(levels)
    page.picture.paste(colour, (0, 0), light.resize(page.picture.size, Image.Resampling.BICUBIC))


def city(page: Sheet, random: Random, palette: Palette) -> None:
    """Paint a skyline at the water, windows lit."""
    from PIL import Image, ImageFilter  # loads Pillow

    quay = 0.78
    sky(page, random, palette, 0.76)
    for layer in range(4):
        _blocks(page, random, palette, layer / 3, quay)
    rows = page.height - round(quay * page.height)
    above = page.picture.crop((0, page.height - 3 * rows, page.width, page.height - rows))
    mirror = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((page.width, rows))
    mirror = mirror.filter(ImageFilter.BoxBlur(0.003 * page.height))
    page.picture.paste(Image.blend(mirror, Image.new("RGB", mirror.size, palette.near), 0.45), (0, page.height - rows))
    _ripples(page, random, quay, 300, None, palette.near, 0.4)
    _ripples(page, random, quay, 90, None, mix(palette.low, palette.accent, 0.5), 0.22)


def _blocks(page: Sheet, random: Random, palette: Palette, near: float, foot: float) -> None:
    """Paint one row of buildings from left to right."""
    colour = mix(mix(palette.far, palette.low, 0.3), palette.near, 0.15 + 0.85 * near)
    x = -0.03
    while x < 1.0:
        wide = random.uniform(0.045, 0.10) * (0.8 + 0.4 * near) * page.unit / page.width
        tall = random.uniform(0.10, 0.34) * (1.12 - 0.45 * near) + (0.14 if random.random() < 0.13 else 0)
        _block(page, random, (x, foot - tall, x + wide, foot), colour, palette, near)
        x += wide * random.uniform(0.9, 1.25)


def _block(
    page: Sheet,
    random: Random,
    box: tuple[float, float, float, float],
    colour: Colour,
    palette: Palette,
    near: float,
) -> None:
    from PIL import Image, ImageDraw  # loads Pillow

    left, top, right, bottom = (round(v * (page.height if n % 2 else page.width)) for n, v in enumerate(box))
    pen, pixel = ImageDraw.Draw(page.picture), max(1, round(page.unit / 384))
    face = Image.linear_gradient("L").resize((max(1, right - left), max(1, bottom - top)))
    page.picture.paste(colour, (left, top, right, bottom))
    glow = face.point([round(v * 0.30 * (1 - 0.6 * near)) for v in range(256)])
    page.picture.paste(palette.low, (left, top), glow)
    if random.random() < 0.4:
        middle, mast = (left + right) // 2, random.randrange(8, 30) * pixel // 2
        pen.rectangle((middle, top - mast, middle + pixel - 1, top), fill=colour)
    if near > 0.2:
        _windows(pen, random, (left, top, right, bottom), palette, pixel)


def _windows(pen: ImageDraw, random: Random, box: tuple[int, int, int, int], palette: Palette, pixel: int) -> None:
    left, top, right, bottom = box
    lit, warm = random.uniform(0.12, 0.5), mix(palette.accent, (255, 236, 190), 0.4)
    for y in range(top + 4 * pixel, bottom - 4 * pixel, 5 * pixel):
        for x in range(left + 3 * pixel, right - 4 * pixel, 4 * pixel):
            if random.random() < lit:
                colour = mix(warm, (170, 200, 255) if random.random() < 0.2 else warm, random.random())
                pen.rectangle((x, y, x + 2 * pixel - 1, y + 3 * pixel - 1), fill=colour)


def paper(page: Sheet, random: Random, palette: Palette) -> None:
    """Paint sheets of cut paper, one above the other, each with its shadow."""
    from PIL import Image, ImageFilter  # loads Pillow

    field = cloud(random, page.width, page.height, 2, 2)
    stops = [palette.near, palette.high, palette.middle, palette.low, palette.sun]
    if random.random() < 0.4:
        stops.reverse()
    page.picture.paste(stops[0], (0, 0, *page.picture.size))
    levels, shift, soft = 9, round(0.008 * page.unit), page.unit / 300
    crisp = [min(255, max(0, round((v - 127.5) * 1.6 * soft + 127.5))) for v in range(256)]
    for level in range(1, levels):
        edge = 255 * level / levels
        rough = field.point([255 * (v >= edge) for v in range(256)])
        mask = rough.filter(ImageFilter.GaussianBlur(soft)).point(crisp)
        shadow = rough.reduce(4).filter(ImageFilter.GaussianBlur(soft * 0.7))
        shadow = shadow.resize(mask.size, Image.Resampling.BILINEAR).point([round(v * 0.42) for v in range(256)])
        offset = level / (levels - 1) * (len(stops) - 1)
        index = min(int(offset), len(stops) - 2)
        page.picture.paste(mix(palette.near, (0, 0, 0), 0.6), (shift, shift), shadow)
        page.picture.paste(mix(stops[index], stops[index + 1], offset - index), (0, 0), mask)
