"""One call on its way through the simulator: who asks, what is noted about it, and how answers leave."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from ..service.contract import MAX_BODY, RefusedError
from ..service.faults import Faults
from ..service.world import World
from .access import Access

ENTRY, CUT = "simulator.entry", "simulator.cut"
"""Keys of an ASGI scope: the log entry of the call, and the function that ends its connection."""
DROPPED = "dropped"
"""Stands for the status in the log where the connection was cut instead of an answer."""
HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


class Log:
    """The calls that a simulator has received, without tokens and without the values of queries."""

    def __init__(self, longest: int = 10_000) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=longest)
        self._lock = threading.Lock()

    def add(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Keep an entry, which may be completed later."""
        with self._lock:
            self._entries.append(entry)
        return entry

    def entries(self) -> list[dict[str, Any]]:
        """Return a copy of all entries, oldest first."""
        with self._lock:
            return [dict(entry) for entry in self._entries]


@dataclass(frozen=True)
class AppState:
    """What every handler needs."""

    world: World
    faults: Faults
    log: Log
    access: Access = field(default_factory=Access)


@dataclass(frozen=True)
class Call:
    """A call whose token was found good."""

    app_state: AppState
    request: Request
    owner: str
    """The digits of the token; the user number in all ids."""

    @property
    def world(self) -> World:
        """The simulated service."""
        return self.app_state.world

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the query."""
        return self.request.query_params

    @property
    def base(self) -> str:
        """The address that the caller used, so that links come back the same way."""
        return f"{self.request.url.scheme}://{self.request.url.netloc}"

    def sign(self, key: str, *, expired: bool = False) -> str:
        """Return a link to a file, good from now on."""
        return self.world.links.url(self.base, key, self.world.clock(), expired=expired)

    def note(self, name: str, values: list[str]) -> None:
        """Add to the log entry of this call."""
        if values:
            entry = self.request.scope[ENTRY]
            entry[name] = [*entry.get(name, []), *values]

    def note_query(self, *known: str) -> None:
        """Note query parameters that no page documents for this call."""
        self.note("unknown", [name for name in self.query if name not in known])

    async def json_object(self) -> dict[str, Any]:
        """Return the body as one JSON object."""
        try:
            body = json.loads(await read_body(self.request))
        except (ValueError, RecursionError):
            raise RefusedError(400, "Parameter body has incorrect format") from None
        if not isinstance(body, dict):
            raise RefusedError(400, "Parameter body has incorrect format")
        return body


async def read_body(request: Request) -> bytes:
    """Return the bytes of a body, up to a limit of the simulator's own."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise RefusedError(413, f"The simulator takes up to {MAX_BODY} bytes")
        parts.append(part)
    return b"".join(parts)


def refusal(error: RefusedError) -> Response:
    """Return the answer to a refused call."""
    return JSONResponse(error.body, error.status)


def html(status: int, title: str) -> Response:
    """Return an answer as a proxy in front of the service gives it."""
    return HTMLResponse(HTML.format(title), status)


class Dropped(Response):
    """Ends the connection without an answer.

    On a real connection the transport is cut. Without one (an ASGI transport of httpx) the caller gets what a
    cut looks like to httpx.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Cut."""
        cut: Callable[[bool], None] | None = scope.get(CUT)
        scope[ENTRY]["status"] = DROPPED
        if cut is None:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        cut(True)
        # the server takes an unanswered call for a fault of ours until it has seen the cut
        while (await receive())["type"] != "http.disconnect":
            pass


class HalfBody(Response):
    """Promises all bytes in Content-Length, sends half of them and ends the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half."""
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        cut: Callable[[bool], None] | None = scope.get(CUT)
        await send({"type": "http.response.body", "body": half, "more_body": cut is not None})
        if cut is not None:
            cut(False)
            while (await receive())["type"] != "http.disconnect":
                pass
