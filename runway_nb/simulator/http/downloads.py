"""Bytes behind signed links, and pictures in another size."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from ..service.asset_store import JPEG
from ..service.contract import RefusedError, missing, not_found, read_number, wrong
from ..service.faults import Fault
from ..service.signed_links import ARTIFACTS
from ..service.state_db import AssetRecord
from .call import ENTRY, AppState, Call, HalfBody, refusal

KEY = re.compile(r"([0-9a-f-]{36})(?:-(\d))?\.\w{2,5}")
"""An asset's uuid, the number of a preview, an extension."""
FORBIDDEN = RefusedError(403, "Forbidden")
SLOW_SECONDS, PIECES = 20.0, 40
"""How long a slow download takes, and in how many pieces it comes."""
MAX_SIDE = 8192
"""Pixels; the API documents no range of the upscaler (API facts 9)."""


def download_routes(app_state: AppState) -> list[Route]:
    """Return the routes of the links."""
    return [Route(ARTIFACTS + "{key}", _download(app_state), methods=["GET"])]


def _download(app_state: AppState) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        _note_leak(app_state, request)
        key = request.path_params["key"]
        if not app_state.world.links.is_valid(key, request.query_params.get("_jwt", ""), app_state.world.clock()):
            return refusal(FORBIDDEN)
        asset, number = _parts(app_state, key)
        if number is not None:
            return await _preview(app_state, asset, number)
        app_state.world.store.count("downloads")
        return _file(app_state, asset)

    return endpoint


def _note_leak(app_state: AppState, request: Request) -> None:
    """Note a login, which does not belong here: the real links lead to another company's servers."""
    if "authorization" in request.headers:
        entry = request.scope[ENTRY]
        entry["leaks"] = [*entry.get("leaks", []), "authorization"]
        app_state.world.store.count("leaks")


def _parts(app_state: AppState, key: str) -> tuple[AssetRecord, int | None]:
    match = KEY.fullmatch(key)
    asset = app_state.world.assets.by_uuid(match[1]) if match else None
    if match is None or asset is None:
        raise not_found()
    return asset, int(match[2]) if match[2] else None


async def _preview(app_state: AppState, asset: AssetRecord, number: int) -> Response:
    path = await asyncio.to_thread(app_state.world.assets.preview, asset, number)
    if path is None:
        raise not_found()
    return FileResponse(path, media_type=JPEG)


def _file(app_state: AppState, asset: AssetRecord) -> Response:
    path = app_state.world.assets.file(asset)
    if not path.exists():
        raise not_found()
    fault = app_state.faults.take("download", "artifact") if asset.media == "video" else None
    if fault and fault.name == "artifact-500":
        return refusal(RefusedError(500, "Internal Server Error"))
    if fault and fault.name == "slow-download":
        return _slowly(path.read_bytes(), asset.mime, fault)
    if fault:
        return HalfBody(path.read_bytes(), media_type=asset.mime)
    return FileResponse(path, media_type=asset.mime)


def _slowly(data: bytes, mime: str, fault: Fault) -> Response:
    """Return all bytes, as promised, but a piece at a time."""
    seconds = float(fault.details.get("seconds", SLOW_SECONDS))
    size = -(-len(data) // PIECES)

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(data), size):
            yield data[at : at + size]
            await asyncio.sleep(seconds / PIECES)

    return StreamingResponse(pieces(), media_type=mime, headers={"Content-Length": str(len(data))})


async def upscale(call: Call) -> Response:
    """GET /image_upscaler: raw bytes of the picture in another size (API facts 9)."""
    call.note_query("image_url", "width", "height", "email")
    call.world.accounts.named(call.owner, call.query.get("email"))
    if not call.query.get("image_url"):
        raise missing("image_url")
    width = read_number(call.query, "width", 1, MAX_SIDE)
    height = read_number(call.query, "height", 1, MAX_SIDE)
    assert width is not None
    assert height is not None
    path = urlsplit(call.query["image_url"]).path
    if not path.startswith(ARTIFACTS):
        raise wrong("image_url")
    asset, number = _parts(call.app_state, path[len(ARTIFACTS) :])
    if asset.owner != call.owner or asset.media != "image" or number is not None:
        raise wrong("image_url")
    data = call.world.assets.file(asset).read_bytes()
    try:
        picture = await asyncio.to_thread(call.world.assets.pictures.upscale, data, width, height)
    except (OSError, ValueError):
        raise wrong("image_url") from None  # the bytes are no picture
    return Response(picture, media_type=JPEG)
