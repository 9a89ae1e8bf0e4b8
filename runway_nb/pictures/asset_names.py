"""What assets are called: found by what a user types, and what to type for each."""

from __future__ import annotations

import difflib
import os
import time
from collections import Counter
from collections.abc import Iterable
from urllib.parse import urlsplit

from ..api.models import NAME, Asset
from ..keyframes import Keyframes
from ..redaction import redact, redact_line
from ..text.line_words import needs_quotes
from .unicode_names import name_key

_LONGEST = 100
"""Letters of a name that are compared for likeness."""


def asset_key(name: str) -> str:
    """Return the same text for names that look the same, in capitals or not."""
    return name_key(name_key(name).casefold())


def match_asset(name: str, assets: Iterable[Asset]) -> Asset | str:
    """Return the asset of that name (with or without its ending) or short id, or one line on what is wrong."""
    # names of assets are kept as they may be shown, so what was typed is compared in that form
    wanted, shown = asset_key(redact_line(name, NAME)), repr(redact_line(name, 60))
    everything = list(assets)
    hits = [asset for asset in everything if wanted in (asset_key(asset.name), asset_key(asset.stem))]
    hits = hits or [asset for asset in everything if len(name) >= 8 and asset.short_id.casefold().startswith(wanted)]
    if len(hits) == 1:
        return hits[0]
    if hits:
        ids = ", ".join(f"{asset.short_id}{_known(asset)}" for asset in hits[:5])
        return f"{shown} names {len(hits)} assets: give one of the ids {ids}"
    names = ", ".join(asset.stem for asset in everything[:8]) or "none"
    more = ", ..." if len(everything) > 8 else ""
    near = ", ".join(_near(wanted, everything))
    hint = f"do you mean {redact(near)}? Assets" if near else "assets"
    return f"{shown} is neither a file here nor an asset; {hint} are {redact(names)}{more}"


def linked_assets(keyframes: Keyframes, assets: Iterable[Asset]) -> Keyframes:
    """Return the assets behind the links of a task, as they are typed; a link to what is no asset any more stays out.

    A link is signed anew each time it is given out, and nobody promises that its ending is the asset's own.
    """
    typed = typed_names(assets := list(assets))
    known = {_file_of(asset.url): typed[asset.id] for asset in assets if asset.url}
    found = {position: known.get(_file_of(str(link))) for position, link in keyframes.given.items()}
    return Keyframes(**{position: name for position, name in found.items() if name})


def _file_of(link: str) -> str:
    address = urlsplit(link)
    return f"{address.netloc}{os.path.splitext(address.path)[0]}"


def typed_names(assets: Iterable[Asset]) -> dict[str, str]:
    """Return for each asset, by its id, what to type as a keyframe: the name without its ending, else the short id.

    `match_asset` finds it again by that among the same assets. A name goes only where it is the only one of its
    kind, can stand on the first line of a cell, and holds nothing to be masked.
    """
    everything = list(assets)
    users = Counter(key for asset in everything for key in {asset_key(asset.name), asset_key(asset.stem)})
    return {
        asset.id: quoted(asset.stem) if users[asset_key(asset.stem)] == 1 and _is_typable(asset) else asset.short_id
        for asset in everything
    }


def created_text(asset: Asset, form: str = "%d %b %H:%M") -> str:
    """Return when it was made, in local time, as in 3 Mar 09:14; nothing when that is not known."""
    return "" if asset.created is None else time.strftime(form, time.localtime(asset.created)).lstrip("0")


def _is_typable(asset: Asset) -> bool:
    stem = asset.stem
    both_quotes = '"' in stem and "'" in stem
    # what is typed is compared as it may be shown, so a name has to be the same in that form
    is_plain = stem.isprintable() and asset_key(redact_line(stem, NAME)) == asset_key(stem)
    return asset.has_own_name and is_plain and not (stem.startswith("--") or "{{" in stem or both_quotes)


def quoted(text: str) -> str:
    """Return the text, in quotes where the first line of a cell would cut it."""
    mark = "'" if '"' in text else '"'
    return f"{mark}{text}{mark}" if needs_quotes(text) else text


def _known(asset: Asset) -> str:
    """Return what distinguishes an asset from its namesakes, in brackets."""
    origin = {True: "upload", False: "generated", None: ""}[asset.is_upload]
    details = ", ".join(filter(None, (origin, created_text(asset))))
    return f" ({details})" if details else ""


def _near(wanted: str, assets: Iterable[Asset]) -> list[str]:
    """Return names that are spelt alike, then such as hold the word; three at most."""
    stems = {asset_key(asset.stem)[:_LONGEST]: asset.stem for asset in assets}
    close = difflib.get_close_matches(wanted[:_LONGEST], stems, 3)
    holding = [stem for stem in stems if len(wanted) >= 3 and wanted in stem]
    return [stems[stem] for stem in dict.fromkeys([*close, *holding])][:3]
