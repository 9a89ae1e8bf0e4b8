"""What a task shows of its request: its name and its `options`, in the three dialects of Model facts 7.

Pictures are names of files here (`AssetRecord.file_key`) until links are signed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from textwrap import shorten
from typing import Any

from .create_request import CreateRequest, Input
from .model import MOVES
from .state_db import AssetRecord

Found = Sequence[tuple[Input, AssetRecord]]
"""What a request names, with the assets that were found."""
REFERENCE_LISTS = ("referenceImages", "referenceVideos", "referenceAudio")
FRAME_TYPES = {0.0: "first_frame", 1.0: "last_frame"}
GROUP = "Generative Video"


def task_name(request: CreateRequest, seed: int, found: Found) -> str:
    """Return the name: title and, where the model has one, seed, the start of the prompt, the first picture."""
    start = shorten(request.prompt, 24, placeholder="") or request.prompt[:24]
    first = Path(found[0][1].name).stem if found else ""
    title = f"{request.model.title} {seed}" if request.model.seed else request.model.title
    return ", ".join(part for part in (title, start.strip(), first) if part)


def task_options(name: str, request: CreateRequest, seed: int, found: Found) -> dict[str, Any]:
    """Return the options of a new task."""
    return _DIALECTS[request.model.dialect](name, request, seed, found)


def signed(options: dict[str, Any], sign: Callable[[str], str]) -> dict[str, Any]:
    """Return options with links where names of files stand."""
    keyframes = [{**keyframe, "image": sign(keyframe["image"])} for keyframe in options.get("keyframes", ())]
    lists = {
        name: [{**item, "url": sign(item["url"])} for item in options[name]]
        for name in REFERENCE_LISTS
        if name in options
    }
    links: Mapping[str, Any] = {"keyframes": keyframes} if "keyframes" in options else {}
    if keyframes:
        links = {**links, "init_image": keyframes[0]["image"]}
    elif options.get("init_image"):
        links = {**links, "init_image": sign(options["init_image"])}
    return {**options, **links, **lists}


def _gen3(name: str, request: CreateRequest, seed: int, found: Found) -> dict[str, Any]:
    """Return the options of API facts 3.3."""
    camera = {key: request.camera.get(move, 0) for move, key in MOVES.items()}
    return {
        "name": name,
        "seconds": request.seconds,
        "text_prompt": request.prompt,
        "seed": seed,
        "exploreMode": request.explore,
        "watermark": False,
        "enhance_prompt": True,
        "flip": request.aspect == "portrait",
        "keyframes": [{"image": asset.file_key, "timestamp": one.time} for one, asset in found],
        "camera": {**camera, "static": bool(request.camera.get("static", False))},
        "assetGroupName": GROUP,
        "recordingEnabled": True,
    }


def _gen4(name: str, request: CreateRequest, seed: int, found: Found) -> dict[str, Any]:
    """Return width and height instead of a format, and no keyframes; ids of assets are bare, as Runway has them."""
    width, height = request.size
    first = {"init_image": found[0][1].file_key, "imageAssetId": found[0][1].uuid} if found else {}
    sound = {"generateAudio": request.audio} if request.model.audio else {}
    return {
        "route": "i2v" if found else "t2v",
        "name": name,
        "text_prompt": request.prompt,
        "seconds": request.seconds,
        "width": width,
        "height": height,
        **first,
        **sound,
        "seed": seed,
        "exploreMode": request.explore,
        "watermark": False,
        "creationSource": "tool-mode",
        "assetGroupId": None,
    }


def _hosted(name: str, request: CreateRequest, _seed: int, found: Found) -> dict[str, Any]:
    """Return what Runway keeps for models of others: no seed, and the format as a word."""
    resolution = {"resolution": request.resolution} if request.resolution else {}
    sound = {"generateAudio": request.audio} if request.model.audio else {}
    lists: dict[str, list[dict[str, Any]]] = {listed: [] for listed in REFERENCE_LISTS}
    for one, asset in found:
        item = {"assetId": asset.uuid, "url": asset.file_key}
        kind = {} if one.time is None else {"type": FRAME_TYPES[one.time]}
        lists[_LISTS[one.media]].append({**item, **kind})
    return {
        "name": name,
        "textPrompt": request.prompt,
        "duration": request.seconds,
        "aspectRatio": request.aspect,
        **resolution,
        **sound,
        **lists,
        "exploreMode": request.explore,
        "recordingEnabled": True,
    }


_LISTS = dict(zip(("image", "video", "audio"), REFERENCE_LISTS, strict=True))
_DIALECTS = {"gen3": _gen3, "gen4": _gen4, "hosted": _hosted}
