"""The page at `/`: describes what this is and lists what is in it. No scripts; everything escaped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ..service.contract import BASE
from ..service.faults import KINDS
from ..service.models import ENDPOINTS
from ..service.state_db import AssetRecord
from ..service.world import TaskView
from .access import CONTROL
from .call import AppState
from .routes import endpoints
from .serializers import iso

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    # the address of the page holds its key
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
LONGEST = 200
"""Rows of each list."""
STYLE = "body{font:15px/1.5 sans-serif;margin:2em;max-width:70em}td,th{text-align:left;padding:0 1em 0 0}"


TOKENS = {
    True: "Any token of the form <code>user:1234-abcd</code> is good; its number says who you are.",
    False: "It takes one token only.",
}


def page_routes(app_state: AppState) -> list[Route]:
    """Return the route of the page."""
    return [Route("/", _index(app_state), methods=["GET"])]


def _index(app_state: AppState) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        app_state.world.settle()
        tasks = [app_state.world.view(task) for task in app_state.world.store.tasks("deleted = 0")[:LONGEST]]
        assets = app_state.world.store.assets("deleted = 0")[:LONGEST]
        text = _page(app_state, f"{request.url.scheme}://{request.url.netloc}", tasks, assets)
        return HTMLResponse(text, headers=HEADERS)

    return endpoint


def _page(app_state: AppState, base: str, tasks: list[TaskView], assets: list[AssetRecord]) -> str:
    def link(asset: AssetRecord) -> str:
        url = app_state.world.links.url(base, asset.file_key, app_state.world.clock())
        return f'<a href="{escape(url)}">{escape(asset.name)}</a>'

    faults = ", ".join(fault.name for fault in app_state.faults.current()) or "none"
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Simulator</title>'
        f"<style>{STYLE}</style></head><body><h1>Simulator of a video API</h1>"
        "<p>It answers like the Runway API of useapi.net, costs nothing, and talks to nobody. "
        f"Base address: <code>{escape(base + BASE)}</code>. {TOKENS[app_state.access.token is None]}</p>"
        f"<p>Faults that are set: {escape(faults)}. There are {len(KINDS)}; "
        f"GET {CONTROL}/faults lists them.</p>"
        + _endpoints()
        + "<h2>Tasks</h2>"
        + _table(
            ("created", "name", "status", "progress", "video"),
            (
                (iso(view.task.created), view.task.name, view.snapshot.status, view.snapshot.ratio or "")
                for view in tasks
            ),
            [link(view.artifact) if view.artifact else "" for view in tasks],
        )
        + "<h2>Assets</h2>"
        + _table(
            ("created", "account", "size", "file"),
            ((iso(asset.created), asset.email, f"{asset.size} bytes") for asset in assets),
            [link(asset) for asset in assets],
        )
        + "</body></html>"
    )


def _endpoints() -> str:
    """Return the calls that there are, and the models of the one that has several."""
    calls = "".join(f"<li><code>{escape(call)}</code></li>" for call in endpoints())
    names = ", ".join(f"<code>{escape(name)}</code>" for models in ENDPOINTS.values() for name in models if name)
    return f"<h2>Endpoints</h2><ul>{calls}</ul><p>Models of videos/create: {names}.</p>"


def _table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]], links: list[str]) -> str:
    """Return a table; the cells of `rows` are escaped here, those of `links` are HTML and come last."""
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}<td>{link}</td></tr>"
        for row, link in zip(rows, links, strict=True)
    )
    return f"<table><tr>{head}</tr>{body}</table>" if links else "<p>None yet.</p>"
