"""The control path `/simulator/...`: faults, the log, counts and tasks made by hand. No part of the API."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..service.contract import RefusedError
from ..service.faults import KINDS
from .access import CONTROL, EMBEDDED_USER
from .call import AppState, read_body

Action = Callable[[AppState, Request], Awaitable[Any]]


def control_routes(app_state: AppState) -> list[Route]:
    """Return the routes of the control path."""
    return [
        Route(path, _answered(app_state, action), methods=[method], name=f"{method} {path}")
        for (method, path), action in ACTIONS.items()
    ]


def _answered(app_state: AppState, action: Action) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        # a page of some web site can send a form here through the user's browser, but not without its origin
        if request.headers.get("origin", own_origin(request)) != own_origin(request):
            raise RefusedError(403, "Forbidden")
        return JSONResponse(await action(app_state, request))

    return endpoint


def own_origin(request: Request) -> str:
    """Return the origin of pages that the simulator itself serves."""
    return f"{request.url.scheme}://{request.url.netloc}"


async def set_fault(app_state: AppState, request: Request) -> Any:
    """POST: name, times and details of a fault."""
    body = await _object(request)
    try:
        app_state.faults.set(str(body.pop("name", "")), body.pop("times", None), **body)
    except ValueError as error:
        raise RefusedError(400, str(error)) from None
    return await list_faults(app_state, request)


async def list_faults(app_state: AppState, _request: Request) -> Any:
    """GET: what is set, and what could be."""
    known = {name: kind.description for name, kind in KINDS.items()}
    return {"faults": [fault.to_json() for fault in app_state.faults.current()], "known": known}


async def clear_faults(app_state: AppState, request: Request) -> Any:
    """DELETE: one fault or all."""
    app_state.faults.clear(request.path_params.get("name"))
    return await list_faults(app_state, request)


async def log(app_state: AppState, _request: Request) -> Any:
    """GET: the calls so far, those of the control path left out."""
    return [entry for entry in app_state.log.entries() if not str(entry.get("path", "")).startswith(f"{CONTROL}/")]


async def counts(app_state: AppState, _request: Request) -> Any:
    """GET: what was received, started and sent; kept over a restart."""
    return all_counts(app_state)


async def make_task(app_state: AppState, request: Request) -> Any:
    """POST: a task as the web app starts it; `user` and `email` beside the fields of the create call."""
    body = await _object(request)
    view = app_state.world.create_in_web_app(str(body.get("user", EMBEDDED_USER)), body)
    return {"taskId": view.identifier}


def all_counts(app_state: AppState) -> dict[str, int]:
    """Return every count, those still at zero included."""
    return {**dict.fromkeys(COUNTS, 0), **app_state.world.store.counts()}


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await read_body(request))
    except (ValueError, RecursionError):
        raise RefusedError(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise RefusedError(400, "the body is not a JSON object")
    return body


COUNTS = (
    "creates_received", "tasks_started", "uploads_received", "downloads", "leaks", "callbacks_sent",
    "callbacks_refused",
)  # fmt: skip
ACTIONS: dict[tuple[str, str], Action] = {
    ("POST", f"{CONTROL}/faults"): set_fault,
    ("GET", f"{CONTROL}/faults"): list_faults,
    ("DELETE", f"{CONTROL}/faults"): clear_faults,
    ("DELETE", CONTROL + "/faults/{name}"): clear_faults,
    ("GET", f"{CONTROL}/log"): log,
    ("GET", f"{CONTROL}/counts"): counts,
    ("POST", f"{CONTROL}/tasks"): make_task,
}
