"""The API over HTTP: routes, who may call, and where faults come in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from email.utils import formatdate
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ..service.contract import BASE, RefusedError
from . import fault_answers
from .access import Access
from .call import ENTRY, AppState, Call, refusal
from .control import control_routes
from .downloads import download_routes
from .index_page import page_routes
from .routes import API, ONE_TASK, USER, Handler, endpoints


def make_app(app_state: AppState) -> Starlette:
    """Return the whole simulator as an ASGI application."""
    routes = [Route(BASE + path, _by_method(app_state, calls), methods=list(calls)) for path, calls in API.items()]
    routes.append(Route("/v2/account", _by_method(app_state, USER), methods=list(USER)))
    routes += [*control_routes(app_state), *download_routes(app_state), *page_routes(app_state)]
    handlers: dict[Any, Any] = {RefusedError: _refused, HTTPException: _http_error}
    middleware = [Middleware(AccessMiddleware, app_state=app_state)]
    app = Starlette(routes=routes, middleware=middleware, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return app


class AccessMiddleware:
    """Every call passes here: its path is taken as it was sent, it is written into the log, and it may come in."""

    def __init__(self, app: ASGIApp, app_state: AppState) -> None:
        self._app = app
        self._app_state = app_state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = self._path(scope)
        noted_path = _without_secrets(path, scope, self._app_state.access)
        entry = self._app_state.log.add({"method": scope["method"], **noted_path, "status": None})

        async def noted(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = entry["status"] or message["status"]
                date = formatdate(self._app_state.world.clock(), usegmt=True).encode()
                message = {**message, "headers": [*message.get("headers", ()), (b"date", date)]}
            await send(message)

        try:
            self._app_state.access.check(path, scope)
            await self._app({**scope, "path": path, ENTRY: entry}, receive, noted)
        except RefusedError as error:
            await refusal(error)(scope, receive, noted)
        except Exception as error:
            # the server is told to be quiet, so this is where it can be read
            entry["error"] = repr(error)
            raise

    def _path(self, scope: Scope) -> str:
        """Return the path without a last slash; ids in it stay undecoded, as the service does it (API facts 2)."""
        sent = scope.get("raw_path") or scope["path"].encode()
        path = (
            scope["path"] if self._app_state.faults.active("decoded-ids") else sent.partition(b"?")[0].decode("latin-1")
        )
        return path.rstrip("/") or "/"


def _without_secrets(path: str, scope: Scope, access: Access) -> dict[str, Any]:
    """Return the path for the log; a token in the address is taken out and noted as a leak."""
    login = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    token = login.rpartition(" ")[2]
    leaks = ["address"] if token and token in path + scope["query_string"].decode("latin-1") else []
    path = access.masked(path.replace(token, "…") if leaks else path)
    return {"path": path, **({"leaks": leaks} if leaks else {})}


def _by_method(
    app_state: AppState, calls: Mapping[str, tuple[str, Handler]]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        name, handler = calls["GET" if request.method == "HEAD" else request.method]
        if name == "tasks" and request.query_params.get("taskId"):
            name, handler = ONE_TASK
        return await _answered(app_state, request, name, handler)

    return endpoint


async def _answered(app_state: AppState, request: Request, name: str, handler: Handler) -> Response:
    if name == "create":
        app_state.world.store.count("creates_received")
    call = Call(app_state, request, app_state.access.owner(request.headers.get("authorization")))
    fault = app_state.faults.take("before", name)
    if fault:
        return fault_answers.instead(call, fault)
    answer = await handler(call)
    if answer.status_code != 200:
        return answer
    answer = fault_answers.reshaped(app_state.faults.take_all("reshape", name), answer)
    fault = app_state.faults.take("after", name)
    return await fault_answers.afterwards(fault, answer) if fault else answer


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return refusal(error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code in (404, 405):
        return refusal(_no_endpoint(request, error.status_code))
    return refusal(RefusedError(error.status_code, error.detail))


def _no_endpoint(request: Request, status: int) -> RefusedError:
    """Return the refusal of a call that the simulator does not have: which one, and which there are."""
    # the path as the log has it, where no token is left
    text = f"{request.method} {request.scope[ENTRY]['path']} is no endpoint of the simulator"
    return RefusedError(status, text, {"error": text, "code": status, "endpoints": endpoints()})
