"""What the simulated API returns: records become JSON in the documented shapes (API facts 3.3, 4, 8)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..service.accounts import STORAGE_GB
from ..service.contract import composite
from ..service.state_db import AssetRecord, TaskRecord
from ..service.task_options import signed
from ..service.world import TaskView

Sign = Callable[[str], str]
"""File key to signed link."""
USER_ID = 900001
FRAME_RATE = 24
THUMBNAILS = 3
"""Preview pictures of a clip."""


def iso(seconds: float) -> str:
    """Return Unix seconds as ISO 8601 in UTC, with milliseconds and `Z` (API facts 2)."""
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def task(view: TaskView, sign: Sign, sign_video: Sign | None = None) -> dict[str, Any]:
    """Return the flat task object; `sign_video` signs the link of the clip, `sign` all others."""
    record, snapshot = view.task, view.snapshot
    return {
        "taskId": view.identifier,
        "id": record.uuid,
        "name": record.name,
        "image": None,
        "createdAt": iso(record.created),
        "updatedAt": iso(max(record.created + snapshot.changed, record.settled or 0.0)),
        "taskType": record.task_type,
        "options": signed(json.loads(record.options), sign),
        "status": snapshot.status,
        "error": snapshot.error,
        "progressText": None,
        "progressRatio": snapshot.ratio,
        "estimatedTimeToStartSeconds": snapshot.eta,
        "artifacts": [_artifact(view.artifact, record, sign, sign_video or sign)] if view.artifact else [],
        "sharedAsset": None,
    }


def plan_flat(permitted: int, used: int) -> dict[str, int]:
    """Return `features` in the answer of the create call."""
    return {"storageGB": STORAGE_GB, "numPlanCredits_permitted": permitted, "numPlanCredits_used": used}


def plan(permitted: int, used: int) -> dict[str, Any]:
    """Return the answer of GET /features (API facts 11)."""
    return {
        "permitted": {"storageGB": STORAGE_GB, "numPlanCredits": permitted},
        "used": {"numPlanCredits": used},
    }


def uploaded(asset: AssetRecord, sign: Sign) -> dict[str, Any]:
    """Return the answer of POST /assets: `size` and `type`, where the list has `fileSize` and `mediaType`."""
    return {
        **_common(asset, sign),
        "user": _user(asset.email),
        "description": "",
        "type": {"name": asset.media, "type": asset.media, "isDirectory": False},
        "size": asset.size,
        "permissions": {"read": True, "write": True, "admin": True},
        "annotated": False,
        "isUserUpload": True,
        "sourceApplication": "web",
        "createdBy": _user(asset.email),
    }


def listed(asset: AssetRecord, sign: Sign, *, old: bool = False) -> dict[str, Any]:
    """Return an item of GET /assets, and of GET /assets/{assetId}; `old`: metadata as before August 2025."""
    made_by = {"taskId": composite(asset.owner, asset.email, "task", asset.task)} if asset.task else {}
    return {
        **_common(asset, sign),
        "mediaType": asset.media,
        "mediaSubtype": None,
        "fileSize": asset.size,
        "fileExtStandardized": Path(asset.name).suffix.lstrip("."),
        "isUserUpload": asset.task is None,
        "metadata": _metadata(asset, old),
        "username": _user(asset.email)["username"],
        "userPicture": None,
        "userId": USER_ID,
        "createdBy": USER_ID,
        "privateInTeam": True,
        "parentAssetGroupId": None,
        **made_by,
    }


def _artifact(asset: AssetRecord, record: TaskRecord, sign: Sign, sign_video: Sign) -> dict[str, Any]:
    common = _common(asset, sign)
    return {
        **{name: common[name] for name in ("assetId", "id", "createdAt", "updatedAt", "private", "favorite")},
        "userId": USER_ID,
        "createdBy": USER_ID,
        "taskId": composite(record.owner, record.email, "task", record.uuid),
        "parentAssetGroupId": record.folder,
        "filename": asset.name,
        "url": sign_video(asset.file_key),
        "fileSize": str(asset.size),
        "isDirectory": False,
        "previewUrls": common["previewUrls"],
        "privateInTeam": True,
        "deleted": asset.deleted,
        "reported": False,
        "metadata": _metadata(asset, old=True),
    }


def _common(asset: AssetRecord, sign: Sign) -> dict[str, Any]:
    return {
        "assetId": composite(asset.owner, asset.email, "asset", asset.uuid),
        "id": asset.uuid,
        "createdAt": iso(asset.created),
        "updatedAt": iso(asset.created),
        "name": asset.name,
        "url": sign(asset.file_key),
        "previewUrls": [sign(f"{asset.uuid}-{number}.jpg") for number in range(_previews(asset))],
        "fileCount": 1,
        "private": True,
        "favorite": False,
    }


def _previews(asset: AssetRecord) -> int:
    if asset.media == "video":
        return THUMBNAILS if asset.task else 0
    return 1 if asset.media == "image" else 0


def _metadata(asset: AssetRecord, old: bool) -> Mapping[str, Any] | None:
    if asset.task is None:
        return None
    size = {"width": asset.width, "height": asset.height}
    measured: dict[str, Any] = {"frameRate": FRAME_RATE, "duration": float(asset.seconds or 0)}
    if old:
        return {**measured, "dimensions": [asset.width, asset.height], "size": size}
    return {**measured, **size, "hasAlphaChannel": False, "hasAudio": asset.audio}


def _user(email: str) -> dict[str, Any]:
    name = email.partition("@")[0]
    return {
        "id": USER_ID,
        "username": name,
        "firstName": "Sam",
        "lastName": "Doe",
        "picture": None,
        "teamName": name,
        "teamPicture": None,
    }
