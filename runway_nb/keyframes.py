"""From what the user calls a picture to an asset of the account."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .client import RunwayClient
from .errors import DownloadError, InvalidRequest, NotFound, RunwayError
from .images import picture_file, read_picture
from .media import MediaClient, small_jpeg
from .redact import redact, short_id
from .request import Keyframes, VideoRequest, asset_account
from .spec import FITS, LIST_LIMIT, LIST_PAGES, Model
from .task import Asset

if TYPE_CHECKING:
    from .fit import Fitted

MIDDLE = (0.5, 0.5)
"""Where a picture is cropped when nothing else is asked for."""
STILL_WIDTH = 240
"""Pixels; the card shows a keyframe 120 wide, on dense screens twice as many."""


class Resolved(NamedTuple):
    """Keyframes as the API takes them."""

    request: VideoRequest
    """The request with asset ids as keyframes, in the format of the first picture file when none was given."""
    assets: dict[str, Asset]
    """Slot to asset."""
    notes: tuple[str, ...]
    """What was done to picture files, for the user."""
    comparisons: dict[str, bytes]
    """Slot to a small JPEG: the picture file with the part that is seen, beside what was sent."""


async def resolve_keyframes(request: VideoRequest, folder: Path, client: RunwayClient) -> Resolved:
    """Asset ids for all keyframes: ids are checked, names looked up, picture files fitted to the frame and uploaded.

    Files are read and fitted before anything is uploaded, and all mistakes are reported together.

    Raises:
        InvalidRequest: a picture that is neither a file nor an asset; nothing was sent.
        RunwayError: the API failed; nothing was paid.
    """
    given = request.keyframes.given
    files = {slot: path for slot, picture in given.items() if (path := picture_file(picture, folder))}
    contents, problems = await asyncio.to_thread(_read_all, files)
    words = _aspects(contents, request.row, problems) if contents else {}
    request = _with_aspect(request, words, problems)
    sound = {slot: contents[slot] for slot in words}
    fitted_files = await asyncio.to_thread(_fit_all, sound, request, problems) if sound else {}
    named = {slot: str(picture) for slot, picture in given.items() if slot not in files}
    found = await _find_all(named, client, problems)
    if problems:
        raise InvalidRequest(problems)
    email = await _upload_account(client, found) if contents else ""
    for slot, file in fitted_files.items():
        name = files[slot].stem
        found[slot] = await client.upload(file.data, name=name, content_type=file.content_type, email=email)
    notes = tuple(f"{slot} keyframe: {note}" for slot, file in fitted_files.items() for note in file.notes)
    keyframes = Keyframes(**{slot: asset.id for slot, asset in found.items()})
    sheets = await asyncio.to_thread(_comparisons, contents, fitted_files)
    return Resolved(replace(request, keyframes=keyframes), found, notes, sheets)


async def keyframe_stills(assets: dict[str, Asset], media: MediaClient) -> dict[str, bytes]:
    """Small JPEGs for the card; a picture that cannot be fetched is left out, since it only decorates."""
    stills = {}
    for slot, asset in assets.items():
        for url in (*asset.preview_urls, asset.url)[:1]:
            with suppress(DownloadError):
                if still := small_jpeg(await media.still(url), STILL_WIDTH):
                    stills[slot] = still
    return stills


async def all_assets(client: RunwayClient, kind: str = "image") -> list[Asset]:
    """Every asset of every account behind the token, in the order of the API."""
    emails = [account.email for account in await client.accounts()]
    found: list[Asset] = []
    for email in emails if len(emails) > 1 else [""]:
        for page in range(LIST_PAGES):
            items = await client.assets(offset=page * LIST_LIMIT, kind=kind, email=email)
            found += items
            if len(items) < LIST_LIMIT:
                break
    return found


def match_asset(name: str, assets: Iterable[Asset]) -> Asset | str:
    """The asset of that name (with or without its ending) or short id, or a line that says what is wrong."""
    wanted, shown = name.casefold(), repr(name)[:60]
    everything = list(assets)
    hits = [asset for asset in everything if wanted in (asset.name.casefold(), _stem(asset.name).casefold())]
    hits = hits or [asset for asset in everything if len(name) >= 8 and short_id(asset.id).startswith(wanted)]
    if len(hits) == 1:
        return hits[0]
    if hits:
        ids = ", ".join(short_id(asset.id) for asset in hits[:5])
        return f"{shown} names {len(hits)} assets: give one of the ids {ids}"
    names = ", ".join(_stem(asset.name) for asset in everything[:8]) or "none"
    more = ", ..." if len(everything) > 8 else ""
    return f"{shown} is neither a file here nor an asset; assets are {redact(names)}{more}"


class _File(NamedTuple):
    path: Path
    data: bytes


@contextmanager
def _noted(problems: list[str], slot: str, path: Path) -> Iterator[None]:
    """What is wrong with a picture file becomes lines, so that all mistakes are reported together."""
    try:
        yield
    except InvalidRequest as error:
        problems += [f"{slot}: {path.name}: {problem}" for problem in error.problems]


def _read_all(files: dict[str, Path]) -> tuple[dict[str, _File], list[str]]:
    """The files that can be read, and a line for each that cannot."""
    contents: dict[str, _File] = {}
    problems: list[str] = []
    for slot, path in files.items():
        with _noted(problems, slot, path):
            contents[slot] = _File(path, read_picture(path))
    return contents, problems


def _aspects(contents: dict[str, _File], model: Model, problems: list[str]) -> dict[str, str]:
    """The format word of each file that is a picture; a line is added to `problems` for each that is none."""
    from .fit import aspect_of, measure

    words: dict[str, str] = {}
    for slot, file in contents.items():
        with _noted(problems, slot, file.path):
            words[slot] = aspect_of(measure(file.data), model.aspects)
    return words


def _with_aspect(request: VideoRequest, words: dict[str, str], problems: list[str]) -> VideoRequest:
    """The request in the format of its first keyframe, when that is a file and no format was given."""
    if request.aspect is not None or not words:
        return request
    if len(set(words.values())) > 1:
        told = ", ".join(f"{slot} is {word}" for slot, word in words.items())
        problems.append(f"the keyframes have two formats ({told}): choose one with aspect, or give pictures of one")
    first = next(iter(request.keyframes.given))
    return replace(request, aspect=words[first]) if first in words else request


def _fit_all(contents: dict[str, _File], request: VideoRequest, problems: list[str]) -> dict[str, Fitted]:
    """The pictures fitted to the frame; a line is added to `problems` for each that cannot be."""
    from .fit import Fit, fit_picture

    fit, size = Fit(request.fit or FITS[0], request.focus or MIDDLE), request.row.aspects[request.format]
    fitted: dict[str, Fitted] = {}
    for slot, file in contents.items():
        with _noted(problems, slot, file.path):
            fitted[slot] = fit_picture(file.data, size, fit)
    return fitted


def _comparisons(contents: dict[str, _File], fitted: dict[str, Fitted]) -> dict[str, bytes]:
    from .fit import comparison

    return {slot: comparison(contents[slot].data, picture) for slot, picture in fitted.items()}


async def _find_all(named: dict[str, str], client: RunwayClient, problems: list[str]) -> dict[str, Asset]:
    """The assets that are there; a line is added to `problems` for each that is not."""
    assets = await all_assets(client) if any(not asset_account(name) for name in named.values()) else []
    found: dict[str, Asset] = {}
    for slot, name in named.items():
        match = await _by_id(name, client) if asset_account(name) else match_asset(name, assets)
        if isinstance(match, Asset):
            found[slot] = match
        else:
            problems.append(f"{slot}: {match}")
    return found


async def _by_id(asset_id: str, client: RunwayClient) -> Asset | str:
    try:
        return await client.asset(asset_id)
    except NotFound:
        return f"asset {short_id(asset_id)} does not exist on the account"


async def _upload_account(client: RunwayClient, found: dict[str, Asset]) -> str:
    """The account that uploads: that of the other keyframes; none has to be named while there is one only."""
    for asset in found.values():
        if email := asset_account(asset.id):
            return email
    accounts = await client.accounts()
    if not accounts:
        raise RunwayError("no Runway account is set up at useapi.net: add one there first")
    working = [account for account in accounts if not account.error] or list(accounts)
    return working[0].email if len(accounts) > 1 else ""


def _stem(name: str) -> str:
    return Path(name).stem if Path(name).suffix else name
