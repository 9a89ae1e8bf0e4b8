"""The calls of the API: each takes what was sent, asks the world, and answers in the documented shape."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, Response

from ..service import accounts
from ..service.contract import (
    BASE,
    MEDIA_TYPES,
    STATUSES,
    missing,
    not_found,
    read_choices,
    read_number,
    read_window,
    wrong,
)
from ..service.create_request import read_create_request, unknown_fields
from ..service.fields import given
from ..service.models import ENDPOINTS, chosen
from ..service.state_db import AssetRecord
from ..service.world import reply_fields, tracked_task
from . import fault_answers, serializers
from .call import Call, Dropped, read_body
from .downloads import upscale

Handler = Callable[[Call], Awaitable[Response]]
MAX_TASKS, MAX_ASSETS = 1000, 50
"""Highest `limit` of the two lists (API facts 6 and 8.2)."""
SUCCESS = {"success": True}

# Tasks


async def create(call: Call, path: str) -> Response:
    """POST to one of the create calls."""
    call.world.accounts.any_of(call.owner)
    body = await _fields(call, path)
    model = chosen(path, given(body))
    faults = call.app_state.faults
    retired = faults.take("model", model.name)
    if retired:
        return fault_answers.retired(retired, model)
    call.note("unknown", unknown_fields(path, body))
    create_request = read_create_request(path, body)
    if create_request.inputs:
        await _stocked(call)
    if create_request.explore and faults.active("explore-refused"):
        return fault_answers.no_credits()
    create_request = replace(create_request, reply_url=create_request.reply_url or _default_url(call))
    costs = not create_request.explore or faults.active("explore-costs")
    view = call.world.create(call.owner, create_request, lambda: faults.take_all("timeline", "create"), costs=costs)
    if view.task.course.goes_unanswered:
        return Dropped()
    used = call.world.credits_used(call.owner, view.task.email)
    features = serializers.plan_flat(call.world.rules.credits, used)
    started = {**serializers.task(view, call.sign), "features": features, **reply_fields(view.task)}
    # clients of the newer endpoints read the one place or the other (Model facts 7)
    nested = {"task": started} if model.strict else {}
    return JSONResponse({**started, **nested, "code": 200})


async def _fields(call: Call, path: str) -> dict[str, Any]:
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return await call.json_object()
    if kind != "multipart/form-data":
        raise wrong("Content-Type")
    async with call.request.form() as form:
        parts = {name: value for name, value in form.items() if not isinstance(value, UploadFile)}
        if len(parts) < len(form):
            raise wrong(next(name for name in form if name not in parts))
    known = chosen(path, given(parts)).fields
    return {name: known[name].from_text(text) if name in known else text for name, text in parts.items()}


async def get_task(call: Call) -> Response:
    """GET /tasks/{taskId}, or /tasks/?taskId=... (API facts 5)."""
    call.note_query("taskId")
    view = call.world.get(call.owner, call.request.path_params.get("id") or call.query["taskId"])
    expired = bool(view.artifact and call.app_state.faults.take("link", "task"))
    return JSONResponse(serializers.task(view, call.sign, lambda key: call.sign(key, expired=expired)))


async def list_tasks(call: Call) -> Response:
    """GET /tasks."""
    call.note_query("email", "offset", "limit", "statuses")
    account = call.world.accounts.named(call.owner, call.query.get("email"))
    window = read_window(call.query, MAX_TASKS)
    statuses = read_choices(call.query, "statuses", STATUSES)
    tasks = call.world.history(call.owner, account.email)
    found = [view for view in tasks if not statuses or view.snapshot.status in statuses]
    return JSONResponse([serializers.task(view, call.sign) for view in found[window]])


async def delete_task(call: Call) -> Response:
    """DELETE /tasks/{taskId}."""
    call.world.delete(call.owner, call.request.path_params["id"])
    return JSONResponse(SUCCESS)


async def scheduler(call: Call) -> Response:
    """GET /scheduler."""
    call.note_query()
    return JSONResponse([tracked_task(view.task) for view in call.world.tracked(call.owner)])


async def untrack(call: Call) -> Response:
    """DELETE /scheduler/{taskId}."""
    call.world.untrack(call.owner, call.request.path_params["id"])
    return JSONResponse(SUCCESS)


# Assets


async def upload(call: Call) -> Response:
    """POST /assets: the body is the file."""
    call.note_query("name", "email", "duration", "width", "height")
    call.world.store.count("uploads_received")
    account = call.world.accounts.named(call.owner, call.query.get("email"))
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in MEDIA_TYPES:
        raise wrong("Content-Type")
    if not call.query.get("name"):
        raise missing("name")
    for name in ("duration", "width", "height"):
        read_number(call.query, name, 0, 999_999_999, required=False)
    data = await read_body(call.request)
    if not data:
        raise missing("body")
    asset = call.world.assets.add(call.owner, account.email, call.query["name"], kind, data)
    return JSONResponse(serializers.uploaded(asset, call.sign))


async def list_assets(call: Call) -> Response:
    """GET /assets."""
    call.note_query("email", "offset", "limit", "mediaType")
    account = call.world.accounts.named(call.owner, call.query.get("email"))
    window = read_window(call.query, MAX_ASSETS)
    media = call.query.get("mediaType") or None
    if media not in (None, "image", "video", "audio"):
        raise wrong("mediaType")
    await _stocked(call)
    call.world.settle()
    found = call.world.assets.listed(call.owner, account.email, media)[window]
    return JSONResponse([_asset(call, asset) for asset in found])


async def get_asset(call: Call) -> Response:
    """GET /assets/{assetId}."""
    await _stocked(call)
    call.world.settle()
    return JSONResponse(_asset(call, call.world.assets.get(call.owner, call.request.path_params["id"])))


async def delete_asset(call: Call) -> Response:
    """DELETE /assets/{assetId}."""
    await _stocked(call)
    call.world.assets.remove(call.owner, call.request.path_params["id"])
    return JSONResponse(SUCCESS)


def _asset(call: Call, asset: AssetRecord) -> dict[str, Any]:
    return serializers.listed(asset, call.sign, old=call.app_state.faults.active("old-metadata"))


async def _stocked(call: Call) -> None:
    emails = list(call.world.accounts.of(call.owner))
    if not call.world.assets.is_stocked(call.owner, emails):
        await asyncio.to_thread(call.world.assets.stock, call.owner, emails)


# Accounts


async def list_accounts(call: Call) -> Response:
    """GET /accounts."""
    found = call.world.accounts.of(call.owner)
    if not found:
        raise not_found()
    now = call.world.clock()
    return JSONResponse({email: accounts.to_json(account, now) for email, account in found.items()})


async def get_account(call: Call) -> Response:
    """GET /accounts/{email}."""
    account = call.world.accounts.get(call.owner, call.request.path_params["email"])
    return JSONResponse(accounts.to_json(account, call.world.clock()))


async def post_account(call: Call) -> Response:
    """POST /accounts/{email}."""
    email = call.request.path_params["email"]
    account = call.world.accounts.put(call.owner, email, await call.json_object())
    return JSONResponse(accounts.to_json(account, call.world.clock()))


async def delete_account(call: Call) -> Response:
    """DELETE /accounts/{email}."""
    call.world.accounts.remove(call.owner, call.request.path_params["email"])
    return JSONResponse(SUCCESS)


async def features(call: Call) -> Response:
    """GET /features."""
    call.note_query("email")
    account = call.world.accounts.named(call.owner, call.query.get("email"))
    used = call.world.credits_used(call.owner, account.email)
    return JSONResponse(serializers.plan(call.world.rules.credits, used))


async def get_user(call: Call) -> Response:
    """GET /v2/account."""
    return JSONResponse(accounts.user(call.world.store, call.owner))


async def post_user(call: Call) -> Response:
    """POST /v2/account: name and the default `replyUrl` of all calls."""
    accounts.change_user(call.world.store, call.owner, await call.json_object())
    return JSONResponse(accounts.user(call.world.store, call.owner))


def _default_url(call: Call) -> str | None:
    return accounts.user(call.world.store, call.owner).get("replyUrl")


API: dict[str, dict[str, tuple[str, Handler]]] = {
    **{path: {"POST": ("create", partial(create, path=path))} for path in ENDPOINTS},
    "/tasks": {"GET": ("tasks", list_tasks)},
    "/tasks/{id}": {"GET": ("task", get_task), "DELETE": ("delete-task", delete_task)},
    "/scheduler": {"GET": ("scheduler", scheduler)},
    "/scheduler/{id}": {"DELETE": ("untrack", untrack)},
    "/assets": {"GET": ("assets", list_assets), "POST": ("upload", upload)},
    "/assets/{id}": {"GET": ("asset", get_asset), "DELETE": ("delete-asset", delete_asset)},
    "/image_upscaler": {"GET": ("upscaler", upscale)},
    "/accounts": {"GET": ("accounts", list_accounts)},
    "/accounts/{email}": {
        "GET": ("account", get_account),
        "POST": ("add-account", post_account),
        "DELETE": ("delete-account", delete_account),
    },
    "/features": {"GET": ("features", features)},
}
"""Path and method to the name that faults use for the call, and its handler."""

USER: dict[str, tuple[str, Handler]] = {"GET": ("user", get_user), "POST": ("user", post_user)}
"""The calls of `/v2/account`, which stands beside the other paths."""

ONE_TASK: tuple[str, Handler] = ("task", get_task)
"""What a call of the list that names a task is."""


def endpoints() -> list[str]:
    """Return every call of the API as method and path."""
    calls = [f"{method} {BASE}{path}" for path, by_method in API.items() for method in by_method]
    return calls + [f"{method} /v2/account" for method in USER]
