"""From what the user calls a picture to an asset of the account."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import urlsplit

from ..api.client import RunwayClient
from ..api.media import MediaClient
from ..api.models import Asset
from ..errors import InvalidRequest, NotFound, RunwayError
from ..keyframes import Keyframes
from ..redaction import redact_line, short_id
from ..references import Picture, ShotFrame, asset_account, is_link, shot_frame
from ..request import VideoRequest
from ..spec import FITS, Model
from ..storage.file_link import is_file_link
from .aspects import aspect_of, mixed_aspects_problem
from .asset_names import match_asset
from .asset_pictures import asset_picture
from .assets import AssetCache, AssetList
from .files import file_problem, picture_files, read_picture
from .limits import THUMBNAIL_WIDTH
from .links import fetch_picture
from .thumbnails import fetch_thumbnail
from .unicode_names import escaped_name
from .uploads import Content, Uploads, enlarged, plain

if TYPE_CHECKING:
    from .fit import Fit, Fitted

MIDDLE = (0.5, 0.5)
"""Where a picture is cropped when nothing else is asked for."""
MUCH = 0.1
"""From this part of a picture on a note reports that so much is cut away."""

Report = Callable[[str], None]
"""Takes a line on what is being done."""


class PictureSources(NamedTuple):
    """Where the pictures of a request come from, and where they go."""

    folder: Path
    """The notebook's folder, where picture files lie."""
    client: RunwayClient
    media: MediaClient
    uploads: Uploads
    asset_cache: AssetCache
    frame: Callable[[ShotFrame], Awaitable[bytes]]
    """Gives a frame of a job, once it is there."""
    fetch: Callable[[str], Awaitable[bytes]] = fetch_picture
    """Gives the picture behind a link."""


class Resolved(NamedTuple):
    """Keyframes as the API takes them."""

    request: VideoRequest
    """The request with asset ids as keyframes, in the format of the first one when none was given."""
    assets: dict[str, Asset]
    """Position to asset."""
    notes: tuple[str, ...]
    """What was done to pictures, for the user."""
    comparisons: dict[str, bytes]
    """Position to a small JPEG: the picture with the part that is seen, beside what was sent."""


async def resolve_keyframes(
    request: VideoRequest, sources: PictureSources, report: Report = lambda _: None
) -> Resolved:
    """Return asset ids for all keyframes: ids are checked, names looked up, pictures fitted to the frame and uploaded.

    Pictures are read and fitted before anything is uploaded, and mistakes are reported together. Frames of jobs
    that still run are waited for last, when all else is known to be right.

    Raises:
        InvalidRequest: a picture that cannot be used; nothing was sent.
        RunwayError: the API failed; nothing was paid.
    """
    readers, problems = _readers(request.keyframes, sources), list[str]()
    at_hand = {position: reader for position, reader in readers.items() if not reader.is_awaited}
    named = {position: str(picture) for position, picture in request.keyframes.given.items() if position not in readers}
    pictures = await _read_all(at_hand, request, report, problems)
    found = await _find_all(named, sources, problems)
    _raise_any(problems)
    known = {} if request.aspect is not None else await _asset_aspects(found, request.row, sources)
    _with_aspect(request, pictures, known)  # two formats are a mistake that need not wait
    awaited = {position: reader for position, reader in readers.items() if reader.is_awaited}
    pictures |= await _await_all(awaited, request, report, problems)
    _raise_any(problems)
    request = _with_aspect(request, pictures, known)
    fitted = await asyncio.to_thread(_fit_all, pictures, request)
    sheets = await asyncio.to_thread(_comparisons, pictures, fitted)
    contents = await asyncio.to_thread(_contents, pictures, fitted, request, sources)
    assets = found | await _upload_all(contents, found, sources, report)
    keyframes = Keyframes(**{position: assets[position].id for position in request.keyframes.given})
    notes = tuple(
        f"{position} keyframe: {note}" for position, picture in fitted.items() for note in _notes(picture, request)
    )
    return Resolved(replace(request, keyframes=keyframes), assets, notes, sheets)


async def read_keyframe(picture: Picture, sources: PictureSources) -> bytes:
    """Return the bytes of the picture that a keyframe means, as it is. Raises what `resolve_keyframes` raises."""
    readers = _readers(Keyframes(first=picture), sources)
    if (reader := readers.get("first")) is not None:
        return await reader.read()
    problems: list[str] = []
    found = await _find_all({"first": str(picture)}, sources, problems)
    _raise_any(problems)
    return await asset_picture(found["first"], sources.client, sources.media)


async def keyframe_thumbnails(assets: Mapping[str, Asset], media: MediaClient) -> dict[str, bytes]:
    """Return small JPEGs for the card; a picture that cannot be fetched is left out, since it only decorates."""
    found = {
        position: await fetch_thumbnail(media, asset.thumbnail_urls, THUMBNAIL_WIDTH)
        for position, asset in assets.items()
    }
    return {position: thumbnail for position, thumbnail in found.items() if thumbnail}


def _raise_any(problems: list[str]) -> None:
    if problems:
        raise InvalidRequest(problems)


@contextmanager
def _noted(problems: list[str], position: str, name: str) -> Iterator[None]:
    """Turn what is wrong with a picture into lines, so that all mistakes are reported together."""
    try:
        yield
    except InvalidRequest as error:
        problems += [f"{position}: {name}: {problem}" for problem in error.problems]


# --- reading ----------------------------------------------------------------------------------------


class _Reader(NamedTuple):
    """A picture of ours: how it is called, and how it is read."""

    name: str
    """For people."""
    stem: str
    """For the account."""
    read: Callable[[], Awaitable[bytes]]
    is_awaited: bool = False
    """True when it may not be there for a while."""


class _Picture(NamedTuple):
    """A picture that was read; by its header it is one."""

    reader: _Reader
    data: bytes
    aspect: str
    """The format whose shape is nearest."""
    fitted: Fitted
    """As it is sent when the request has that format."""


def _readers(keyframes: Keyframes, sources: PictureSources) -> dict[str, _Reader]:
    """Return the keyframes that are pictures of ours; the others name assets."""
    readers: dict[str, _Reader] = {}
    for position, picture in keyframes.given.items():
        if (frame := shot_frame(picture)) is not None:
            readers[position] = _Reader(
                frame.description, f"{frame}".replace(":", "-"), partial(sources.frame, frame), True
            )
        elif is_link(picture):
            link = urlsplit(str(picture))
            name = f"the picture at {link.hostname}"
            readers[position] = _Reader(name, file_stem(link.path) or "picture", partial(sources.fetch, str(picture)))
        elif paths := picture_files(picture, sources.folder):
            readers[position] = _file_reader(picture, paths)
        elif is_file_link(str(picture)):
            name = redact_line(str(picture), 60)
            readers[position] = _Reader(name, "", partial(_refuse, "there is no such file: check the path"))
    return readers


def _file_reader(picture: Picture, paths: list[Path]) -> _Reader:
    """Return the reader of a picture file, or of several between which nobody can choose by what is typed."""
    if len(paths) == 1:
        name, path = unicodedata.normalize("NFC", paths[0].name), paths[0]
        return _Reader(redact_line(name), file_stem(name), partial(asyncio.to_thread, read_picture, path))
    names = ", ".join(sorted(escaped_name(path.name) for path in paths[:5]))
    line = f"the names of {len(paths)} files look like that ({names}): rename the one you mean"
    return _Reader(redact_line(Path(picture).name), "", partial(_refuse, line))


async def _refuse(line: str) -> bytes:
    raise InvalidRequest([line])


def file_stem(name: str) -> str:
    """Return the name of a file without its ending, for the account: masked before it is cut: no half of it stays."""
    return Path(redact_line(Path(name).name, 200)).stem[:60]


async def _await_all(
    readers: dict[str, _Reader], request: VideoRequest, report: Report, problems: list[str]
) -> dict[str, _Picture]:
    """Return the same side by side, ended by the first that will never come."""
    pictures: dict[str, _Picture] = {}

    async def read(position: str) -> None:
        pictures.update(await _read_all({position: readers[position]}, request, report, problems))

    works = [asyncio.ensure_future(read(position)) for position in readers]
    try:
        for work in asyncio.as_completed(works):
            await work
            if problems:
                break
    finally:
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
    return {position: pictures[position] for position in readers if position in pictures}


async def _read_all(
    readers: dict[str, _Reader], request: VideoRequest, report: Report, problems: list[str]
) -> dict[str, _Picture]:
    """Return the pictures that can be read; a line is added to `problems` for each that cannot."""
    pictures: dict[str, _Picture] = {}
    for position, reader in readers.items():
        report(f"reading {reader.name}")
        with _noted(problems, position, reader.name):
            data = await reader.read()
            aspect = request.format if request.aspect else await asyncio.to_thread(_aspect, data, request.row)
            fitted = await asyncio.to_thread(_fit_one, data, aspect, request)
            pictures[position] = _Picture(reader, data, aspect, fitted)
    return pictures


# --- shape ------------------------------------------------------------------------------------------


def _aspect(data: bytes, model: Model) -> str:
    from .fit import measure  # loads Pillow

    return aspect_of(measure(data), model.aspects)


def _fit_one(data: bytes, aspect: str, request: VideoRequest) -> Fitted:
    from .fit import fit_picture  # loads Pillow

    return fit_picture(data, request.row.aspects[aspect], _fit_of(request))


def _with_aspect(request: VideoRequest, pictures: dict[str, _Picture], found: dict[str, str]) -> VideoRequest:
    """Return the request in the format of its first keyframe when none was given. Raises `InvalidRequest` for two."""
    if request.aspect is not None:
        return request
    known = {position: picture.aspect for position, picture in pictures.items()} | found
    aspects = {position: known[position] for position in request.keyframes.given if position in known}
    if problem := mixed_aspects_problem(aspects):
        raise InvalidRequest([problem])
    return replace(request, aspect=next(iter(aspects.values()), None))


async def _asset_aspects(found: dict[str, Asset], model: Model, sources: PictureSources) -> dict[str, str]:
    """Return the format of each asset whose size is known or can be measured: the API sends none of uploads (8.2)."""
    aspects: dict[str, str] = {}
    for position, asset in found.items():
        with suppress(RunwayError):  # then the format is not known
            if asset.width and asset.height:
                aspects[position] = aspect_of((asset.width, asset.height), model.aspects)
            elif asset.url:
                data = await asset_picture(asset, sources.client, sources.media)
                aspects[position] = await asyncio.to_thread(_aspect, data, model)
    return aspects


def _fit_all(pictures: dict[str, _Picture], request: VideoRequest) -> dict[str, Fitted]:
    """Return the pictures fitted to the frame. Raises `InvalidRequest` with a line for each that cannot be."""
    return {
        position: picture.fitted
        if picture.aspect == request.format
        else _fit_one(picture.data, request.format, request)
        for position, picture in pictures.items()
    }


def _fit_of(request: VideoRequest) -> Fit:
    from .fit import Fit  # loads Pillow

    return Fit(request.fit or FITS[0], request.focus or MIDDLE)


def _comparisons(pictures: dict[str, _Picture], fitted: dict[str, Fitted]) -> dict[str, bytes]:
    if not fitted:
        return {}
    from .fit import comparison  # loads Pillow

    return {position: comparison(pictures[position].data, picture) for position, picture in fitted.items()}


def _is_enlarged(fitted: Fitted, request: VideoRequest) -> bool:
    """Return True when Runway's upscaler is asked for, and there is something to enlarge."""
    return bool(request.upscale) and fitted.is_soft


def _notes(fitted: Fitted, request: VideoRequest) -> tuple[str, ...]:
    """Return what was done to a picture, for people."""
    left, top, right, bottom = fitted.box
    lost = 1 - (right - left) * (bottom - top)
    cut = (f"{lost:.0%} cut away to fill the frame (fit contain keeps all)".replace("%", " %"),)
    notes = (*cut, *fitted.notes) if lost >= MUCH else fitted.notes
    if not _is_enlarged(fitted, request):
        return notes
    # the last note warns of what the upscaler is there to fix
    return (*notes[:-1], f"enlarged {fitted.scale:.1f} times by Runway's upscaler")


# --- assets -----------------------------------------------------------------------------------------


async def _find_all(named: dict[str, str], sources: PictureSources, problems: list[str]) -> dict[str, Asset]:
    """Return the assets that are there; a line is added to `problems` for each that is not, or is no picture."""
    found: dict[str, Asset] = {}
    for position, name in named.items():
        match = await (_by_id(name, sources.client) if asset_account(name) else _by_name(name, sources.asset_cache))
        if isinstance(match, str):
            reason = file_problem(name, sources.folder)
            problems.append(f"{position}: {match}" + (f" (as a file: {reason})" if reason else ""))
        elif match.kind not in ("", "image"):
            problems.append(f"{position}: asset {match.short_id} is of the kind {match.kind}: a keyframe is a picture")
        else:
            found[position] = match
    problems += Keyframes(**{position: asset.id for position, asset in found.items()}).problems()
    return found


async def _by_name(name: str, cache: AssetCache) -> Asset | str:
    """Return the asset of that name, looked for in a new listing too when the kept one lacks it; or what is wrong."""
    match = match_asset(name, _pictures(await cache.get()))
    return match if isinstance(match, Asset) else match_asset(name, _pictures(await cache.refreshed()))


def _pictures(assets: AssetList) -> AssetList:
    return AssetList(tuple(asset for asset in assets if asset.kind in ("", "image")), assets.notes)


async def _by_id(asset_id: str, client: RunwayClient) -> Asset | str:
    try:
        return await client.asset(asset_id)
    except NotFound:
        return f"asset {short_id(asset_id)} does not exist on the account"


# --- uploading --------------------------------------------------------------------------------------


def _contents(
    pictures: dict[str, _Picture], fitted: dict[str, Fitted], request: VideoRequest, sources: PictureSources
) -> dict[str, Content]:
    """Return what is uploaded: the fitted pictures, or what Runway's upscaler makes of their small forms."""
    contents: dict[str, Content] = {}
    for position, picture in fitted.items():
        stem = pictures[position].reader.stem
        contents[position] = plain(picture, stem)
        if _is_enlarged(picture, request):
            small = _shrunk(pictures[position].data, picture, _fit_of(request))
            contents[position] = enlarged(small, picture.size, stem, sources.uploads, sources.client)
    return contents


def _shrunk(data: bytes, fitted: Fitted, fit: Fit) -> Fitted:
    """Return the same part of the picture with no more pixels than it has."""
    from .fit import fit_picture  # loads Pillow

    width, height = (max(1, round(side / fitted.scale)) for side in fitted.size)
    return fit_picture(data, (width, height), fit)


async def _upload_all(
    contents: dict[str, Content], found: dict[str, Asset], sources: PictureSources, report: Report
) -> dict[str, Asset]:
    """Return our pictures on the account of the others. Raises the first failure, once no upload is under way."""
    if not contents:
        return {}
    email = next((asset_account(asset.id) for asset in found.values()), "")
    email = email or await sources.uploads.account_for([*contents.values()], sources.client)

    async def upload(position: str) -> Asset:
        def sent(done: int, size: int) -> None:
            report(f"uploading the {position} keyframe, {100 * done // size} %")

        report(f"looking for the {position} keyframe on the account")
        return await sources.uploads.asset(contents[position], email, sources.client, sent)

    results = await asyncio.gather(*map(upload, contents), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return dict(zip(contents, cast("list[Asset]", results), strict=True))
