"""The control path `/simulator/...`: faults, the log, counts and tasks made by hand. No part of the API."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..service.contract import CREATE, RefusedError, read_wish
from ..service.faults import KINDS
from .call import Desk, read_body

Action = Callable[[Desk, Request], Awaitable[Any]]
DEFAULT_USER = "1"
"""Owner of tasks made by hand when none is named."""


def control_routes(desk: Desk) -> list[Route]:
    """The routes of the control path."""
    return [
        Route(path, _answered(desk, action), methods=[method], name=f"{method} {path}")
        for (method, path), action in ACTIONS.items()
    ]


def _answered(desk: Desk, action: Action) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        # a page of some web site can send a form here through the user's browser, but not without its origin
        if request.headers.get("origin", own_origin(request)) != own_origin(request):
            raise RefusedError(403, "Forbidden")
        return JSONResponse(await action(desk, request))

    return endpoint


def own_origin(request: Request) -> str:
    """The origin of pages that the simulator itself serves."""
    return f"{request.url.scheme}://{request.url.netloc}"


async def set_fault(desk: Desk, request: Request) -> Any:
    """POST: name, times and details of a fault."""
    body = await _object(request)
    try:
        desk.faults.set(str(body.pop("name", "")), body.pop("times", None), **body)
    except ValueError as error:
        raise RefusedError(400, str(error)) from None
    return await list_faults(desk, request)


async def list_faults(desk: Desk, _request: Request) -> Any:
    """GET: what is set, and what could be."""
    known = {name: kind.says for name, kind in KINDS.items()}
    return {"faults": [fault.to_json() for fault in desk.faults.current()], "known": known}


async def clear_faults(desk: Desk, request: Request) -> Any:
    """DELETE: one fault or all."""
    desk.faults.clear(request.path_params.get("name"))
    return await list_faults(desk, request)


async def log(desk: Desk, _request: Request) -> Any:
    """GET: the calls so far, those of the control path left out."""
    return [entry for entry in desk.log.entries() if not str(entry.get("path", "")).startswith("/simulator/")]


async def counts(desk: Desk, _request: Request) -> Any:
    """GET: what was received, started and sent; kept over a restart."""
    return all_counts(desk)


async def make_task(desk: Desk, request: Request) -> Any:
    """POST: a task as the web app starts it; `user` and `email` beside the fields of the create call."""
    body = await _object(request)
    wish = read_wish({name: value for name, value in body.items() if name in CREATE})
    seen = desk.world.create_by_hand(str(body.get("user", DEFAULT_USER)), body.get("email"), wish)
    return {"taskId": seen.identifier}


def all_counts(desk: Desk) -> dict[str, int]:
    """Every count, those still at zero included."""
    return {**dict.fromkeys(COUNTS, 0), **desk.world.store.counts()}


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
    ("POST", "/simulator/faults"): set_fault,
    ("GET", "/simulator/faults"): list_faults,
    ("DELETE", "/simulator/faults"): clear_faults,
    ("DELETE", "/simulator/faults/{name}"): clear_faults,
    ("GET", "/simulator/log"): log,
    ("GET", "/simulator/counts"): counts,
    ("POST", "/simulator/tasks"): make_task,
}
