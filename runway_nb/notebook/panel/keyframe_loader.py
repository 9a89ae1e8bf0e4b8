"""The picture behind a choice: small for its position, larger for the preview, and what the frame will cut of it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...errors import InvalidRequest, JobNotFound, RunwayError
from ...pictures.asset_pictures import asset_picture
from ...pictures.limits import THUMBNAIL_WIDTH
from ...pictures.thumbnails import small_jpeg
from ...request import VideoRequest
from .keyframe_choices import Choice
from .preview import preview_jpeg
from .widgets import unexpected

if TYPE_CHECKING:
    from ...pictures.fit import Fit, Fitted
    from ...studio import Studio

KEPT = 12
"""Pictures that are kept in memory."""
SHOWN_WHOLE = 0.5
"""Of a picture that keeps less than this in the frame, only that part goes to the preview: it would be too coarse."""


@dataclass(frozen=True, eq=False)
class Loaded:
    """A picture that was read, or why it cannot be shown."""

    data: bytes = field(default=b"", repr=False)
    thumbnail: bytes = field(default=b"", repr=False)
    """A small JPEG."""
    size: tuple[int, int] | None = None
    """Width and height as seen."""
    problem: str = ""
    """One line."""
    is_fatal: bool = False
    """True when a request with it cannot be sent; a picture that is merely not there yet can."""


class Pictures:
    """Reads pictures on the background loop, each once."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._kept: OrderedDict[str, Loaded] = OrderedDict()

    async def load(self, choice: Choice) -> Loaded:
        """Return the picture of a choice; a problem is a result."""
        key = str(choice.picture)
        if key not in self._kept:
            found = await self._found(choice)
            # a file of the user may be written anew; ours are named by their content
            is_lasting = choice.asset is not None or key.startswith(str(self._studio.settings.pictures))
            if is_lasting and not found.problem:
                self._kept[key] = found
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            return found
        return self._kept[key]

    async def _found(self, choice: Choice) -> Loaded:
        try:
            data = await self.read(choice)
            return await asyncio.to_thread(_decoded, data)
        except InvalidRequest as error:
            # Runway may well be able to read an asset that we cannot
            return Loaded(problem="; ".join(error.problems), is_fatal=choice.asset is None)
        except JobNotFound as error:
            return Loaded(problem=error.message, is_fatal=True)
        except RunwayError as error:
            return Loaded(problem=error.message)
        except Exception as error:  # noqa: BLE001 - nobody else would ever report it
            return Loaded(problem=unexpected(error))

    async def read(self, choice: Choice) -> bytes:
        """Return the bytes of the picture of a choice. Raises `RunwayError`."""
        if choice.asset is not None:
            connection = await self._studio.account.backend.connected()
            return await asset_picture(choice.asset, connection.client, connection.media)
        return await self._studio.account.picture_bytes(choice.picture)


@dataclass(frozen=True)
class Fitting:
    """What the frame makes of a picture."""

    text: str
    """For the position: fits, or what is cut."""
    preview: bytes = field(default=b"", repr=False)
    """What is sent, as a JPEG of at most 960 pixels."""
    sheet: bytes = field(default=b"", repr=False)
    """A small JPEG of before and after, when they differ."""
    problem: str = ""


def fitting(loaded: Loaded, request: VideoRequest, *, is_asset: bool) -> Fitting:
    """Return how a picture comes into the frame; an asset is cut by Runway itself, in the middle."""
    from ...pictures.fit import Fit, fit_picture  # loads Pillow

    fit = Fit() if is_asset else Fit(request.fit or "cover", request.focus or (0.5, 0.5))
    try:
        fitted = fit_picture(loaded.data, request.row.aspects[request.format], fit)
        text = fit_text(fitted.box, fitted.source_size, fitted.size, fit.mode)
        return Fitting(text, _preview(loaded.data, fitted, fit), _sheet(loaded.data, fitted, text))
    except InvalidRequest as error:
        return Fitting("cannot be used", problem="; ".join(error.problems))


def _preview(data: bytes, fitted: Fitted, fit: Fit) -> bytes:
    """Return the whole picture where the page cuts it as the frame does, and can show the cut; else what is sent."""
    left, top, right, bottom = fitted.box
    cut_alike = fit.mode == "cover" and fit.focus == (0.5, 0.5) and (right - left) * (bottom - top) >= SHOWN_WHOLE
    return preview_jpeg(data if cut_alike else fitted.data)


def _sheet(data: bytes, fitted: Fitted, text: str) -> bytes:
    """Return before and after, when they differ."""
    from ...pictures.fit import comparison  # loads Pillow

    return b"" if text == FITS_WHOLE else comparison(data, fitted)


FITS_WHOLE = "fits"


def fit_text(box: tuple[float, float, float, float], source: tuple[int, int], size: tuple[int, int], mode: str) -> str:
    """Return one of: fits; cut 20 % of height; bars left and right; stretched."""
    left, top, right, bottom = box
    shapes_differ = abs(source[0] / source[1] / (size[0] / size[1]) - 1) > 0.005
    if not shapes_differ:
        return FITS_WHOLE
    if mode == "contain":
        return "bars left and right" if source[0] / source[1] < size[0] / size[1] else "bars above and below"
    if mode == "stretch":
        return "stretched"
    lost, side = (1 - (bottom - top), "height") if right - left > bottom - top else (1 - (right - left), "width")
    return f"cut {lost:.0%} of {side}".replace("%", " %")


def _decoded(data: bytes) -> Loaded:
    """Return a picture measured and decoded as it is seen. Raises `InvalidRequest` for what cannot be used."""
    from ...pictures.fit import fit_picture, measure  # loads Pillow

    width, height = size = measure(data)
    scale = min(1.0, THUMBNAIL_WIDTH / width, 2 * THUMBNAIL_WIDTH / height)
    small = fit_picture(data, (max(1, round(width * scale)), max(1, round(height * scale))))
    return Loaded(data, small_jpeg(small.data, THUMBNAIL_WIDTH) or b"", size)
