"""The fitting of a keyframe picture to the frame before it is sent: bytes in, bytes out.

Runway crops whatever has another shape than the frame, unseen; here it is done in the open. What comes out has
exactly the size of the frame, in sRGB, eight bits, without transparency and without metadata: the place where a
photo was taken does not leave the machine. A picture that is all this already goes through byte for byte.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from PIL import Image, ImageCms, ImageDraw

from ..errors import InvalidRequest
from ..references import is_point
from ..spec import FITS
from .decode import BROKEN, TURNS, Source, decoding, load, open_picture, working
from .decode import Size as Size
from .limits import THUMBNAIL_WIDTH
from .parsers import MOST_COUNTED, is_bare_jpeg, is_bare_png
from .value_scale import flatness

UPSCALE_WARNING = 1.5
"""From this enlargement on a note says that the picture may look soft."""
LARGEST_PNG = 8_000_000
"""Bytes; a bigger one is sent as a JPEG."""
QUALITY = 95
"""Of a JPEG, with the colours at full resolution."""
GAP = 3
"""A picture that is much too large is first made smaller by a whole factor, to this many times what is needed."""
_ROWS = 1_000_000
"""Pixels of a large picture that are brought to the colours of the result at once."""

Box = tuple[float, float, float, float]
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)

_LOSSLESS = ("PNG", "GIF", "BMP", "TIFF")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class Fit:
    """How a picture of another shape is brought to the frame."""

    mode: str = "cover"
    """`cover` crops, `contain` adds bars, `stretch` distorts."""
    focus: tuple[float, float] = (0.5, 0.5)
    """Where the crop is centred, as far as the picture reaches: (0, 0) is the top left, (1, 1) the bottom right."""
    background: str = "#000000"
    """Behind transparent parts, and the bars of `contain`."""

    def problems(self) -> Iterator[str]:
        """Yield each mistake as one line."""
        if self.mode not in FITS:
            yield f"fit is {self.mode!r:.60}: choose {', '.join(FITS[:-1])} or {FITS[-1]}"
        if not is_point(self.focus):
            yield f"focus is {self.focus!r:.60}: give two numbers from 0 to 1, such as (0.5, 0) for the top"
        if not (isinstance(self.background, str) and _COLOUR.fullmatch(self.background)):
            yield f"background is {self.background!r:.60}: give a colour such as #000000 or #ff8800"


@dataclass(frozen=True)
class Fitted:
    """A picture that has the size of the frame, and what was done to it."""

    data: bytes = field(repr=False)
    content_type: str
    size: Size
    source_size: Size
    """As seen: after the rotation that the EXIF data ask for."""
    box: Box
    """The part of the source that is seen, from 0 to 1: left, top, right, bottom."""
    scale: float
    """Output pixels for each pixel of the source, on the axis where they are more; above 1 it is enlarged."""
    notes: tuple[str, ...]
    """What the user may want to know; the last one, when it `is_soft`, is about that."""

    @property
    def is_soft(self) -> bool:
        """True when it was enlarged so much that it may look soft."""
        return self.scale > UPSCALE_WARNING


def measure(data: bytes) -> Size:
    """Return width and height as seen; nothing is decoded. Raises `InvalidRequest` with what is wrong."""
    return open_picture(data).size


def fit_picture(data: bytes, size: Size, fit: Fit = Fit()) -> Fitted:
    """Bring a picture to exactly this size. Raises `InvalidRequest` with what is wrong."""
    if problems := list(fit.problems()):
        raise InvalidRequest(problems)
    source = open_picture(data)
    source_size = source.size
    if source_size == size and _passes(source, data):
        flatness_notes = _flatness(source.image)
        return Fitted(data, f"image/{source.kind.lower()}", size, size, WHOLE, 1.0, flatness_notes)
    box, inner, scale = plan_fit(source_size, size, fit)
    picture = rendered_part(source, box, inner, fit.background)
    if inner != size:
        framed = Image.new("RGB", size, fit.background)
        framed.paste(picture, (round((size[0] - inner[0]) / 2), round((size[1] - inner[1]) / 2)))
        picture = framed
    notes = list(source.notes)
    if scale > UPSCALE_WARNING:
        notes.append(f"enlarged {scale:.1f} times: it may look soft (with upscale, Runway enlarges it)")
    return Fitted(*_encode(picture, source.kind in _LOSSLESS), size, source_size, box, scale, tuple(notes))


def comparison(data: bytes, fitted: Fitted, width: int = THUMBNAIL_WIDTH) -> bytes:
    """Return a small JPEG, `width` across: the source with the seen part outlined, and beside it the fitted picture."""
    gap = max(2, width // 30)
    pane = max(1, (width - gap) // 2)
    source = open_picture(data)
    before = rendered_part(source, WHOLE, _inside(source.size, (pane, pane)), "#000000")
    left, top, right, bottom = (part * side for part, side in zip(fitted.box, before.size * 2, strict=True))
    corners = (int(left), int(top), max(int(left), math.ceil(right) - 1), max(int(top), math.ceil(bottom) - 1))
    if fitted.box != WHOLE:
        seen = Image.new("L", before.size, 0)
        ImageDraw.Draw(seen).rectangle(corners, fill=255)
        before = Image.composite(before, before.point(lambda value: value * 0.35), seen)
    ImageDraw.Draw(before).rectangle(corners, outline="#ffffff")
    sent = open_picture(fitted.data)
    after = rendered_part(sent, WHOLE, _inside(sent.size, (pane, pane)), "#000000")
    height = max(before.height, after.height)
    sheet = Image.new("RGB", (max(width, 2 * pane + gap), height), "#808080")
    for picture, start in ((before, 0), (after, sheet.width - pane)):
        sheet.paste(picture, (start + (pane - picture.width) // 2, (height - picture.height) // 2))
    return _saved(sheet, "JPEG", quality=85, subsampling=0)


def thumbnail(data: bytes, size: Size, quality: int = 60) -> bytes:
    """Return the picture as a small JPEG that fits within this size, upright, never enlarged.

    Raises `InvalidRequest` with what is wrong.
    """
    source = open_picture(data)
    inner = _inside(source.size, (min(size[0], source.size[0]), min(size[1], source.size[1])))
    return _saved(rendered_part(source, WHOLE, inner, "#000000"), "JPEG", quality=quality, optimize=True)


def _passes(source: Source, data: bytes) -> bool:
    """Return True for a plain picture with nothing in the file besides; it is decoded once to see that it is whole."""
    bare = {"PNG": is_bare_png, "JPEG": is_bare_jpeg}.get(source.kind)
    if bare is None or source.parsed.orientation != 1 or source.image.mode != "RGB" or not bare(data):
        return False
    with decoding():
        source.image.load()
    return True


def plan_fit(source: Size, size: Size, fit: Fit) -> tuple[Box, Size, float]:
    """Return the part of the source that is seen, the size it gets, and how much it is enlarged."""
    across, down = size[0] / source[0], size[1] / source[1]
    if fit.mode == "stretch":
        return WHOLE, size, max(across, down)
    if fit.mode == "contain":
        return WHOLE, _inside(source, size), min(across, down)
    scale = max(across, down)
    left, right = _span(across / scale, fit.focus[0])
    top, bottom = _span(down / scale, fit.focus[1])
    return (left, top, right, bottom), size, scale


def _span(length: float, centre: float) -> tuple[float, float]:
    """Return a span within 0 and 1 of this length, its middle as near to the centre as it can be."""
    start = min(max(centre - length / 2, 0.0), 1.0 - length)
    return start, min(start + length, 1.0)


def _inside(source: Size, size: Size) -> Size:
    """Return the greatest size of the source's shape within another size."""
    scale = min(size[0] / source[0], size[1] / source[1])
    width, height = (min(most, max(1, round(side * scale))) for side, most in zip(source, size, strict=True))
    return width, height


def rendered_part(source: Source, box: Box, size: Size, background: str) -> Image.Image:
    """Return a part of the source at this size, upright, opaque, in sRGB. Adds to the source's notes what was done."""
    turn, swapped, _, _ = TURNS[source.parsed.orientation]
    part = stored_box(box, source.parsed.orientation)
    wanted = size[::-1] if swapped else size
    source.notes.extend(_frames(source))
    needed = [math.ceil(side / (part[i + 2] - part[i])) for i, side in enumerate(wanted)]
    image, extent = load(source, (needed[0], needed[1]))
    if source.kind == "TIFF":
        turn, part, wanted = None, box, size  # Pillow has turned it
    if image.mode == "CMYK":
        source.notes.append("CMYK turned to RGB")
    area = tuple(fraction * side for fraction, side in zip(part, (*extent, *extent), strict=True))
    with working():
        small, area = _reduced(image, cast(Box, area), wanted)
        small = small.resize(wanted, Image.Resampling.LANCZOS, box=area)
    if turn is not None:
        small = small.transpose(turn)
    picture = _opaque(small, source.profile, background, source.notes)
    source.notes.extend(_flatness(picture))
    return picture


def _reduced(image: Image.Image, area: Box, wanted: Size) -> tuple[Image.Image, Box]:
    """Return what is seen of a picture, in a mode that can be resized, and where in it; smaller by a whole factor where
    that is not seen. It is done in strips: a large picture is never there twice.
    """
    left, top, right, bottom = math.floor(area[0]), math.floor(area[1]), math.ceil(area[2]), math.ceil(area[3])
    across, down = (max(1, int((area[i + 2] - area[i]) / wanted[i] / GAP)) for i in (0, 1))
    rows = max(1, _ROWS // (right - left) // down) * down
    made: Image.Image | None = None
    for start in range(top, bottom, rows):
        strip = _flat(image.crop((left, start, right, min(bottom, start + rows))))
        if strip is None:
            raise InvalidRequest([f"the picture's pixels are of the kind {image.mode}: save it as an RGB PNG or JPEG"])
        strip = strip.reduce((across, down)) if (across, down) != (1, 1) else strip
        if made is None:
            made = Image.new(strip.mode, (strip.width, math.ceil((bottom - top) / down)))
        made.paste(strip, (0, (start - top) // down))
    assert made is not None
    seen = ((area[0] - left) / across, (area[1] - top) / down, (area[2] - left) / across, (area[3] - top) / down)
    return made, (seen[0], seen[1], min(seen[2], made.width), min(seen[3], made.height))


def _flatness(picture: Image.Image) -> tuple[str, ...]:
    """Return a note for a picture in which there is next to nothing to see."""
    return tuple(filter(None, [flatness([band.histogram() for band in picture.split()])]))


def stored_box(box: Box, orientation: int) -> Box:
    """Return where a part of the seen picture lies in the stored one."""
    _, swapped, from_right, from_bottom = TURNS[orientation]
    left, top, right, bottom = box
    if swapped:
        left, top, right, bottom = top, left, bottom, right
    if from_right:
        left, right = 1 - right, 1 - left
    if from_bottom:
        top, bottom = 1 - bottom, 1 - top
    return left, top, right, bottom


def _frames(source: Source) -> Iterator[str]:
    """Report what was done before it became a file, and what of the file is left behind."""
    if source.parsed.note:
        yield source.parsed.note
    frames = source.parsed.frames
    if frames > 1:
        count = f"more than {MOST_COUNTED - 1}" if frames >= MOST_COUNTED else f"{frames}"
        one = {"TIFF": f"page of {count} of a TIFF", "JPEG": f"picture of {count} in a JPEG (MPO)"}
        yield "first " + one.get(source.kind, f"frame of {count} of an animated {source.kind}")


def _flat(image: Image.Image) -> Image.Image | None:
    """Return the same picture in a mode that can be resized: L, RGB, CMYK, or with alpha multiplied in, La or RGBa."""
    if image.mode == "LA":
        return image.convert("La")
    if image.mode not in ("La", "RGBa") and image.has_transparency_data:
        # dark or coloured fringes come from pixels that nobody sees: multiplied in, they count for nothing
        return (image if image.mode == "RGBA" else image.convert("RGBA")).convert("RGBa")
    if image.mode in ("1", "P", "YCbCr", "RGBX"):
        return image.convert("L" if image.mode == "1" else "RGB")
    return image if image.mode in ("L", "RGB", "CMYK", "La", "RGBa") else None


def _opaque(picture: Image.Image, profile: bytes | None, background: str, notes: list[str]) -> Image.Image:
    """Return the colours in sRGB, on the background where they are transparent, and nothing else kept of the file."""
    alpha: Any = None
    if picture.mode in ("La", "RGBa"):
        picture = picture.convert(picture.mode.upper())
        alpha = picture.getchannel("A")
        picture = picture.convert(picture.mode[:-1])
    picture = _srgb(picture, profile, notes)
    if alpha is not None and alpha.getextrema() != (255, 255):
        notes.append(f"transparent parts stand on {background}")
        picture = Image.composite(picture, Image.new("RGB", picture.size, background), alpha)
    picture.info = {}
    return picture


def _srgb(picture: Image.Image, profile: bytes | None, notes: list[str]) -> Image.Image:
    """Return the colours in sRGB: through the profile when it can be used, else as if there were none."""
    if not profile:
        return picture.convert("RGB")
    try:
        found: Any = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = " ".join((found.profile.profile_description or "").split())[:40]
        if found.profile.xcolor_space == "RGB ":
            picture = picture.convert("RGB")
        turned = ImageCms.profileToProfile(picture, found, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, ImportError, *BROKEN):
        notes.append("its colour profile cannot be used and is left out")
        return picture.convert("RGB")
    if "srgb" not in name.lower():
        notes.append(f"colours turned from {name or 'its own profile'} to sRGB")
    return cast(Image.Image, turned)


def _encode(picture: Image.Image, lossless: bool) -> tuple[bytes, str]:
    if lossless and len(data := _saved(picture, "PNG")) < LARGEST_PNG:
        return data, "image/png"
    return _saved(picture, "JPEG", quality=QUALITY, subsampling=0), "image/jpeg"


def _saved(picture: Any, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()
