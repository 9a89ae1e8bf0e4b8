"""What a notebook calls a picture, as the bytes of a picture file.

Taken are the bytes of a file, `data:` texts, images of PIL, arrays, figures of matplotlib, plotly and altair, and
whatever shows itself in a notebook as PNG or JPEG. Nothing is read from disk or from the net, and no value is
changed, except that an image that PIL has only opened is loaded, as by showing it. No library is imported before
the value itself has come from it.
"""

from __future__ import annotations

import base64
import binascii
import io
import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from ..errors import InvalidRequest
from ..values.plain import kind_of, message_of, name_of
from .limits import LARGEST_FILE, check_pixels
from .parsers import NOTE_KEY
from .tiff_parser import check_planes
from .unsupported import RAW_LINE, is_raw

Frames = Sequence[tuple[int, int]]

LARGEST_FIGURE = 16_000_000
"""Pixels that a figure is drawn with at most, however large it is."""
ALLOWED = "the bytes of a picture file, a PIL image, an array, or a figure of matplotlib, plotly or altair"
_BUNDLED = ("image/png", "image/jpeg", "image/webp", "image/gif")
"""Kinds of pictures that are taken from a mime bundle, the first one that is there."""
_ADRIFT = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)
_CONTROLS = {"ipywidgets", "anywidget"}
"""Widgets show themselves, but as controls and not as pictures."""
_TABLE_MAKERS = {"pandas", "polars", "pyarrow"}
_TABLES = {"DataFrame", "Series", "LazyFrame"}
"""Tables follow the array protocol too; as a picture one is hardly meant."""
_SEEN_AS = {"La": "LA", "RGBa": "RGBA", "PA": "RGBA"} | dict.fromkeys(("RGBX", "YCbCr", "LAB", "HSV"), "RGB")
"""Modes of PIL that no file keeps, or that look the same in another: the mode they are brought to."""
_DRAWN = ("EPS", "WMF", "EMF", "PDF")
"""Formats whose pixels another program makes."""
_IN_PNG = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
"""Modes of PIL that PNG keeps; the rest goes into a TIFF."""


def is_picture(value: object) -> bool:
    """Return True for what `picture_bytes` reads, or refuses with its own line. Cheap: nothing is drawn or decoded."""
    return _kind_of(value) is not None


def picture_bytes(value: object, frames: Frames) -> bytes:
    """Return the picture as a file that `fit.fit_picture` takes.

    Args:
        value: Anything for which `is_picture` is true.
        frames: Width and height of each frame it may be for, at least one, each side from 1 on. A figure is drawn
            large enough to fill the one whose shape is nearest, with up to `LARGEST_FIGURE` pixels.

    Raises:
        InvalidRequest: One line that names what was given, and what to give.
    """
    kind = _kind_of(value)
    if kind is None:
        raise InvalidRequest([f"{_name(value)} is no picture: give {ALLOWED}"])
    data = kind.read(value, frames)
    if not data:
        raise InvalidRequest([f"the picture is empty (0 bytes of {_name(value)}): give {ALLOWED}"])
    return data


class _Kind(NamedTuple):
    """One kind of picture. `fits` only looks at types and the beginning of a text."""

    fits: Callable[[Any], bool]
    read: Callable[[Any, Frames], bytes]


def _kind_of(value: object) -> _Kind | None:
    if issubclass(type(value), _ADRIFT) or _has(value, "__fspath__") or _is_table(value) or _makers(value) & _CONTROLS:
        return None
    return next((kind for kind in _KINDS if kind.fits(value)), None)


def _has(value: object, method: str) -> bool:
    """Return True when its class defines the method; an object that answers to any name does not get in by that."""
    return callable(next((vars(base)[method] for base in type(value).__mro__ if method in vars(base)), None))


def _makers(value: object) -> set[str]:
    """Return the packages that its class and the classes above come from."""
    return {str(type.__dict__["__module__"].__get__(base)).partition(".")[0] for base in type(value).__mro__}


def _is_table(value: object) -> bool:
    names = {name_of(base) for base in type(value).__mro__}
    return bool(_makers(value) & _TABLE_MAKERS or names & _TABLES)


def _is_a(value: object, module: str, name: str) -> bool:
    """Return True for an object of a class of a module; where that is not loaded there can be none."""
    known = getattr(sys.modules.get(module), name, None)
    return isinstance(known, type) and issubclass(type(value), known)


def _name(value: object) -> str:
    return f"the class {name_of(value):.40}" if isinstance(value, type) else kind_of(value)


@contextmanager
def _foreign(failure: str, cure: str) -> Iterator[None]:
    """Stand around code of others, which may raise anything; it becomes one line."""
    try:
        yield
    except (InvalidRequest, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - no list is whole, and a panic of machine code is no Exception
        text = message_of(error)[:120]
        reason = kind_of(error) + (f": {text}" if text else "")
        raise InvalidRequest([f"{failure} ({reason}): {cure}"]) from None


# --- bytes and text -----------------------------------------------------------------------------------


def _is_bytes(value: object) -> bool:
    return issubclass(type(value), (bytes, bytearray, memoryview))


def _of_bytes(value: Any, _: Frames) -> bytes:
    with _foreign(f"the {_name(value)} cannot be read", "give the bytes of a picture file"):
        return bytes(value)


def _is_uri(value: Any) -> bool:
    return issubclass(type(value), str) and value[:5].lower() == "data:"


def _of_uri(value: str, _: Frames = ()) -> bytes:
    """Return the content of a `data:` text, base64 or percent-encoded."""
    head, comma, body = value.partition(",")
    kind, *parameters = (part.strip().lower() for part in head[5:].split(";"))
    if not comma:
        raise InvalidRequest(["the data: text has no comma, its content is missing: copy it again, whole"])
    if not kind.startswith("image/"):
        raise InvalidRequest([f"the data: text is of the kind {kind[:40] or 'text/plain'}, no picture: give image/png"])
    if kind.startswith("image/svg"):
        raise InvalidRequest(["an SVG is no pixel picture: give a data: text of a PNG"])
    data = unquote_to_bytes(body)
    if "base64" in parameters:
        data = _decoded(data, f"the data: text of {kind[:40]}")
    if not data:
        raise InvalidRequest([f"the data: text of {kind[:40]} is empty: copy it again, whole"])
    return data


def _decoded(text: bytes | str, name: str) -> bytes:
    """Return what base64 holds, with or without line breaks and the = at the end. Never shows the text."""
    raw = b"".join((text.encode("ascii", "replace") if isinstance(text, str) else text).split()).rstrip(b"=")
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
    except binascii.Error:
        raise InvalidRequest([f"{name} is broken base64: copy it again, whole"]) from None


# --- PIL ----------------------------------------------------------------------------------------------


def _is_pil(value: object) -> bool:
    return _is_a(value, "PIL.Image", "Image")


def _of_pil(image: Any, _: Frames) -> bytes:
    """Return the frame an image stands on, lossless, with its transparency and its colour profile."""
    check_pixels("the PIL image", *image.size)
    with _foreign("the PIL image cannot be read", "open it again, its file is cut off, broken or closed"):
        _check_opened(image)
        return _file_of(image) or _saved(_upright(image))


def _check_opened(image: Any) -> None:
    """Raise `InvalidRequest` for what an image was opened from and is no finished picture.

    Some kinds are drawn by other programs, at the moment in which their pixels are asked for.
    """
    if _is_a(image, "PIL.ImageFile", "StubImageFile") or (image.format in _DRAWN and getattr(image, "tile", None)):
        raise InvalidRequest([f"the PIL image was opened from {image.format}: export it as PNG or JPEG"])
    if image.format != "TIFF":
        return
    if (data := _opened_from(image)) and is_raw(data):
        raise InvalidRequest([RAW_LINE])
    if tags := getattr(image, "tag_v2", None):
        # what Pillow has made of them is wrong, and nothing shows it
        check_planes(tags.get(284, 1), max(tags.get(258, (1,))), tags.get(259, 1))


def _opened_from(image: Any) -> bytes:
    """Return the file of an image whose pixels have not been read yet; nothing for any other."""
    file = getattr(image, "fp", None) or getattr(image, "_fp", None)
    if not getattr(image, "tile", None) or file is None or getattr(file, "closed", False):
        return b""
    at = file.tell()
    try:
        file.seek(0)
        data = file.read(LARGEST_FILE + 1)
    finally:
        file.seek(at)
    return data if isinstance(data, bytes) and len(data) <= LARGEST_FILE else b""


def _file_of(image: Any) -> bytes:
    """Return the file itself where it holds 16 bits a channel in colour, of which Pillow reads only eight."""
    is_deep = image.mode in ("RGB", "RGBA") and any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))
    return _opened_from(image) if is_deep and image.format in ("PNG", "TIFF") else b""


def _upright(image: Any) -> Any:
    """Return a copy as it is seen. The orientation in EXIF data holds for what was opened from a file, as it does for
    the file; whatever was derived from that carries the same EXIF data on, turned or not, and is seen as it lies.
    """
    from PIL import ImageFile, ImageOps  # loads Pillow

    image.load()  # outside of the try below, which must hide nothing that is wrong with the pixels
    if isinstance(image, ImageFile.ImageFile):
        try:
            return ImageOps.exif_transpose(image)
        except Exception:  # noqa: BLE001 - EXIF data that cannot be read turn nothing, and break in any way
            return image.copy()
    return image.copy()


def _saved(image: Any, note: str = "") -> bytes:
    """Return an image of any mode as a file, and in it a note on what was done to it. It is the image's last use: its
    own notes are thrown away.
    """
    # the profile of a LAB image describes LAB, and holds no longer
    kept = ("transparency",) if image.mode == "LAB" else ("transparency", "icc_profile")
    if image.mode in _SEEN_AS:
        image = image.convert(_SEEN_AS[image.mode])
    image.info = {key: image.info[key] for key in kept if image.info.get(key) is not None}
    out = io.BytesIO()
    if image.mode in _IN_PNG:
        from PIL.PngImagePlugin import PngInfo  # loads Pillow

        texts = PngInfo()
        if note:
            texts.add_itxt(NOTE_KEY, note)
        image.save(out, "PNG", compress_level=1, pnginfo=texts)
    else:
        image.save(out, "TIFF")
    return out.getvalue()


# --- arrays -------------------------------------------------------------------------------------------


def _is_array(value: object) -> bool:
    if _is_a(value, "numpy", "generic"):
        return False  # a number
    return _has(value, "__array__") or _has(value, "__array_interface__")


def _of_array(value: Any, _: Frames) -> bytes:
    with _foreign(f"the {_name(value)} cannot become an array", "give a numpy array"):
        from .arrays import levels_of  # loads numpy

        levels, note = levels_of(value)
    from PIL import Image  # loads Pillow

    return _saved(Image.fromarray(levels[:, :, 0] if levels.shape[2:] == (1,) else levels), note)


# --- figures ------------------------------------------------------------------------------------------


def _scale(width: float, height: float, frames: Frames) -> float:
    """Return how many times larger than its own size a figure is drawn: filling the frame that is nearest in shape."""
    width, height = max(width, 1.0), max(height, 1.0)
    shape = math.log(width / height)
    across, down = min(frames, key=lambda frame: abs(math.log(frame[0] / frame[1]) - shape))
    # the half pixel is for those who cut off what is broken
    filling = max(1.0, (across + 0.5) / width, (down + 0.5) / height)
    return min(filling, math.sqrt(LARGEST_FIGURE / (width * height)))


def _is_matplotlib(value: object) -> bool:
    return _has(value, "savefig") or ("matplotlib" in _makers(value) and _has(value, "get_figure"))


def _of_matplotlib(value: Any, frames: Frames) -> bytes:
    """Return a figure, the figure that an artist stands in, or that of a grid of seaborn."""
    with _foreign(f"the {_name(value)} cannot be drawn", "see that it shows in the notebook"):
        figure = _figure(value)
        if figure is None:
            raise InvalidRequest([f"the {_name(value)} stands in no figure: give the figure itself"])
        across, down = (float(side) * figure.dpi for side in figure.get_size_inches())
        if not across * down:
            raise InvalidRequest([f"the {_name(value)} has a side of 0 inches: give one with something to see"])
        dpi = figure.dpi * _scale(across, down, frames)
        colours = {"facecolor": figure.get_facecolor(), "edgecolor": figure.get_edgecolor(), "transparent": False}
        out = io.BytesIO()
        # where the user's rcParams ask for a tighter box the picture would be smaller than the frame
        with sys.modules["matplotlib"].rc_context({"savefig.bbox": None}):
            figure.savefig(out, format="png", dpi=dpi, **colours)
        return out.getvalue()


def _figure(value: Any) -> Any:
    """Return the whole figure, up from a part of a part of it."""
    for _ in range(8):
        if value is None or _is_a(value, "matplotlib.figure", "Figure"):
            return value
        value = getattr(value, "figure", None) or getattr(value, "fig", None)
    return None


def _is_plotly(value: object) -> bool:
    return "plotly" in _makers(value) and _has(value, "to_image")


def _of_plotly(figure: Any, frames: Frames) -> bytes:
    failure = "a plotly figure needs the package kaleido to become a picture: pip install kaleido"
    with _foreign(failure, "see that figure.to_image() works"):
        layout = figure.layout
        width = layout.width or layout.template.layout.width or 700
        height = layout.height or layout.template.layout.height or 500
        scale = _scale(width, height, frames)
        return bytes(figure.to_image(format="png", width=width, height=height, scale=scale))


def _is_altair(value: object) -> bool:
    return "altair" in _makers(value) and _has(value, "save") and _has(value, "to_dict")


def _of_altair(chart: Any, frames: Frames) -> bytes:
    """Return how large a chart becomes is known only when it is laid out; as an SVG that costs no pixels."""
    cure = "it needs the package vl-convert (pip install vl-convert-python), and to show in the notebook"
    with _foreign(f"the altair {_name(chart)} cannot be drawn", cure):
        drawing, out = io.StringIO(), io.BytesIO()
        chart.save(drawing, format="svg")
        head = drawing.getvalue()[:2000]
        sides = [re.search(rf'<svg[^>]*\s{side}="([\d.]+)', head) for side in ("width", "height")]
        width, height = (float(side[1]) if side else 300.0 for side in sides)
        chart.save(out, format="png", scale_factor=_scale(width, height, frames))
        return out.getvalue()


# --- what shows itself --------------------------------------------------------------------------------


def _shows(value: object) -> bool:
    return any(_has(value, f"_repr_{way}_") for way in ("png", "jpeg", "mimebundle", "svg"))


def _of_shown(value: Any, _: Frames) -> bytes:
    """Return the picture as it shows itself in a notebook."""
    name = _name(value)
    for way in ("png", "jpeg", "mimebundle"):
        if not _has(value, f"_repr_{way}_"):
            continue
        options = {"include": set(_BUNDLED), "exclude": None} if way == "mimebundle" else {}
        with _foreign(f"the {name} cannot show itself as {way}", "see that it shows in the notebook"):
            found = getattr(value, f"_repr_{way}_")(**options)
        found = found[0] if isinstance(found, tuple) and found else found
        if isinstance(found, dict):
            found = next((found[kind] for kind in _BUNDLED if found.get(kind)), None)
        if found is not None:
            return _content(found, name)
    return _not_shown(value, name)


def _content(found: object, name: str) -> bytes:
    if isinstance(found, str):
        return _decoded(found, f"what the {name} shows")
    if isinstance(found, (bytes, bytearray, memoryview)):
        return bytes(found)
    raise InvalidRequest([f"the {name} shows itself as {_name(found)}, no bytes of a picture: give {ALLOWED}"])


def _not_shown(value: Any, name: str) -> bytes:
    """Return the picture that an image of IPython may still point at; refuse anything else by what it does show."""
    if "IPython" in _makers(value):
        url: Any = getattr(value, "url", None)
        if _is_uri(url):
            return _of_uri(url)
        for name_of_source in ("url", "filename"):
            if getattr(value, name_of_source, None):
                raise InvalidRequest(
                    [f"the IPython {name} holds no picture, only a {name_of_source}: give its {name_of_source} as text"]
                )
    if _has(value, "_repr_svg_"):
        raise InvalidRequest([f"an SVG is no pixel picture: export the {name} as PNG"])
    raise InvalidRequest([f"the {name} shows itself neither as PNG nor as JPEG: give {ALLOWED}"])


_KINDS = (
    _Kind(_is_bytes, _of_bytes),
    _Kind(_is_uri, _of_uri),
    _Kind(_is_pil, _of_pil),
    _Kind(_is_array, _of_array),
    _Kind(_is_matplotlib, _of_matplotlib),
    _Kind(_is_plotly, _of_plotly),
    _Kind(_is_altair, _of_altair),
    _Kind(_shows, _of_shown),
)
"""The first that fits is taken: what a value shows of itself comes last, as that may be a poorer picture (PIL shows
some modes as JPEG, and nothing turned) or a smaller one (a figure)."""
