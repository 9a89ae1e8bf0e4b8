"""A page of assets: tiles as text/html, a table as text/plain. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from ...api.models import Asset
from ...pictures.asset_names import created_text, quoted, typed_names
from ...pictures.assets import AssetList
from ...redaction import redact, short_id
from . import styles
from .facts import DOT, megabytes, sentence
from .tables import table_bundle
from .tiles import picture_box

PAGE = 50
"""Tiles on a page."""
FRAME = (136, 82)
"""Pixels of the picture of a tile."""
_LETTERS = 44
"""The longest name in the table."""
_NOTHING: Mapping[str, bytes | None] = {}
_HOW = "The bold line under a picture is what to type after --first or --last."


def bundle(
    assets: AssetList,
    thumbnails: Mapping[str, bytes | None] = _NOTHING,
    *,
    page: int = 1,
    note: str = "",
    text: str = "",
    loading: bool = False,
    among: AssetList | None = None,
    kind: str = "",
) -> dict[str, str]:
    """Return a page of assets as a MIME bundle, at most 50 of them.

    Args:
        assets: What is shown.
        thumbnails: Asset id to a small JPEG; None for one that cannot be had.
        page: From 1; a number beyond the pages is brought to the nearest.
        note: A sentence above, or nothing.
        text: The part of a name that chose these assets, or nothing.
        kind: The kind that chose them, or nothing.
        loading: Pictures that are missing are on their way.
        among: All assets, when these are a part of them: a name is to be typed only where it is the only one there.
    """
    page = min(max(page, 1), _pages(assets))
    start = (page - 1) * PAGE
    shown = assets[start : start + PAGE]
    above = [*map(_note_line, filter(None, (note, *assets.notes))), _count(assets, start, text, kind)]
    below = _more(assets, page, text, kind)
    names = typed_names(assets if among is None else among)
    absent = "loading" if loading else "no preview"
    tiles = [
        _tile(asset, names.get(asset.id, asset.short_id), _box(asset, thumbnails.get(asset.id, b""), absent))
        for asset in shown
    ]
    how = _HOW if any(map(_is_picture, shown)) else ""
    return {
        "text/html": _page_html([*above, how], tiles, below),
        "text/plain": "\n".join(filter(None, (*above, _table(shown), below))),
    }


def _page_html(above: list[str], tiles: list[str], below: str) -> str:
    head = "".join(f'<div style="{styles.QUIET}">{escape(line)}</div>' for line in above if line)
    foot = f'<div style="{styles.QUIET}">{escape(below)}</div>' if below else ""
    grid = f'<div style="{styles.TILES}">{"".join(tiles)}</div>' if tiles else ""
    return f'<div style="{styles.GALLERY}">{head}{grid}{foot}</div>'


def _tile(asset: Asset, typed: str, box: str) -> str:
    name = escape(_name(asset))
    return (
        f'<div style="{styles.tile(FRAME[0])}">{box}'
        f'<div style="{styles.TILE_NAME}" title="{name}">{name}</div>'
        f'<div style="{styles.TILE_FACTS}">{escape(DOT.join(filter(None, (_kind(asset), _measure(asset)))))}</div>'
        f"{_typed_lines(asset, typed)}</div>"
    )


def _typed_lines(asset: Asset, typed: str) -> str:
    """Return the short id, and what can be done with the asset."""
    if not _is_picture(asset):
        hint = f"its frames: %runway attach {short_id(asset.task_id)}" if asset.task_id else ""
        lines = [(styles.TILE_ID, asset.short_id), (styles.QUIET, "no keyframe"), (styles.QUIET, hint)]
    else:
        lines = [(styles.TILE_ID, asset.short_id)] if typed != asset.short_id else []
        lines.append((styles.TILE_TYPED, typed))
    return "".join(f'<div style="{style}">{escape(text)}</div>' for style, text in lines if text)


def _box(asset: Asset, picture: bytes | None, absent: str) -> str:
    """Return the picture, or a text instead; `picture` is empty while not known and None when it cannot be had."""
    return picture_box(picture, FRAME, f"{_kind(asset)} {_name(asset)}", absent if picture == b"" else "no preview")


def _table(assets: AssetList) -> str:
    rows = [
        (asset.short_id, _name(asset, _LETTERS), _kind(asset), _measure(asset), created_text(asset, "%d %b %Y %H:%M"))
        for asset in assets
    ]
    return table_bundle(("id", "name", "kind", "size", "date"), rows, "")["text/plain"]


def _count(assets: AssetList, start: int, text: str, kind: str = "") -> str:
    """Return how many are shown of how many; for none, what to do."""
    part = f" with {quoted(redact(text))} in the name" if text else ""
    if not assets:
        return (
            f"No assets{part}: see all with %runway assets." if text or kind else "No assets yet: %runway upload FILE."
        )
    if len(assets) <= PAGE:
        return f"{assets.counts}{part}."
    return f"{start + 1:,} to {min(start + PAGE, len(assets)):,} of {len(assets):,} assets{part}: {assets.counts}."


def _more(assets: AssetList, page: int, text: str, kind: str = "") -> str:
    """Return how to see the others."""
    if _pages(assets) == 1:
        return ""
    chosen = (f" {quoted(redact(text))}" if text else "") + (f" --type {kind}" if kind else "")
    next_page = f"More: %runway assets{chosen} --page {page + 1}"
    back = f"These are the last. From the beginning: %runway assets{chosen}"
    return f"{next_page if page < _pages(assets) else back}, or by a part of the name: %runway assets TEXT"


def _pages(assets: AssetList) -> int:
    return max(1, -(-len(assets) // PAGE))


def _is_picture(asset: Asset) -> bool:
    """Return True for what can be a keyframe; one of unknown kind may be."""
    return asset.kind in ("image", "")


def _kind(asset: Asset) -> str:
    return asset.kind if asset.kind in ("image", "video", "audio") else "file"


def _measure(asset: Asset) -> str:
    """Return the length of a video, size of a picture, else of the file."""
    if asset.seconds and not _is_picture(asset):
        return f"{asset.seconds:.1f} s"
    if asset.width and asset.height:
        return f"{asset.width} x {asset.height}"
    return megabytes(asset.size) if asset.size else ""


def _name(asset: Asset, letters: int = 200) -> str:
    """Return the name on one line, without what must not be shown."""
    name = " ".join(redact(asset.name).split()) or "(no name)"
    return name if len(name) <= letters else name[: letters - 3] + "..."


def _note_line(note: str) -> str:
    return sentence(redact(note))
