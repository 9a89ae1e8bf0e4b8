"""The picture of a tile, and the box in which it lies. Pure functions."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from html import escape

from ...errors import InvalidRequest
from . import styles
from .result_html import jpeg_uri

QUALITY = 60
_KEPT = 200
"""Pictures that are kept: a page is drawn again while others come in, or when one turns back."""


@lru_cache(maxsize=_KEPT)
def small_picture(picture: bytes, frame: tuple[int, int]) -> tuple[bytes, int, int] | None:
    """Return a picture as a JPEG that fits into the frame, with its width and height; None when it cannot be read."""
    from ...pictures.fit import measure, thumbnail  # loads Pillow

    with suppress(InvalidRequest):
        small = thumbnail(picture, frame, QUALITY)
        return small, *measure(small)
    return None


def picture_box(picture: bytes | None, frame: tuple[int, int], alt: str, absent: str, link: str = "") -> str:
    """Return the box of a tile.

    Args:
        picture: A JPEG or PNG; None where there is none.
        frame: Width and height of the box in pixels.
        alt: What the picture shows.
        absent: Stands there where there is no picture, or none that can be read.
        link: Where the picture leads, or nothing.
    """
    small = small_picture(picture, frame) if picture else None
    if small is None:
        inner = f'<span style="{styles.QUIET}">{escape(absent)}</span>'
    else:
        data, width, height = small
        style = styles.tile_picture((frame[1] - height) // 2)
        size = f'width="{width}" height="{height}"'
        inner = f'<img src="{jpeg_uri(data)}" alt="{escape(alt)}" {size} style="{style}">'
    if link:
        inner = f'<a href="{escape(link, quote=True)}">{inner}</a>'
    return f'<div style="{styles.tile_box(frame[1])}">{inner}</div>'
