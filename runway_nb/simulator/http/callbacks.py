"""Posts to `replyUrl`: several per task, the last one terminal (API facts 12). Loopback addresses only."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from ..service.world import TaskView, reply_fields
from . import serializers
from .call import AppState

TIMEOUT = 5.0
"""Seconds that a receiver may take."""
QUARTERS = 4
"""Posts while a task runs: at most one for each quarter of its progress."""


def is_loopback(url: str) -> bool:
    """Return True for a http address on this machine; nothing else is ever posted to."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return parts.scheme == "http" and (host == "localhost" or ipaddress.ip_address(host).is_loopback)
    except ValueError:
        return False


class Callbacks:
    """Sends what is due; the record keeps what was sent last, so that a restart repeats nothing."""

    def __init__(self, app_state: AppState, base: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._app_state = app_state
        self._base = base
        # the environment may name a proxy, and a receiver may redirect: neither may lead off this machine
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT, trust_env=False, follow_redirects=False, transport=transport,
            verify=False,  # noqa: S501 - never TLS, so nothing depends on the machine's certificates
        )  # fmt: skip

    async def tick(self) -> None:
        """Post every state that is new since the last tick."""
        world = self._app_state.world
        world.settle()
        where = "reply_url IS NOT NULL AND tracked = 1 AND posted NOT LIKE 'end:%'"
        due = []
        for task in world.store.tasks(where):
            view = world.view(task)
            mark = _mark(view)
            # whoever changes the mark posts; another process on the same folder finds it changed
            sql = "UPDATE tasks SET posted = ? WHERE uuid = ? AND posted = ?"
            if mark != task.posted and world.store.change(sql, mark, task.uuid, task.posted):
                due.append(self._send(view))
        await asyncio.gather(*due)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _send(self, view: TaskView) -> None:
        active = self._app_state.faults.active
        await self._post(view)
        if active("callback-twice"):
            await self._post(view)
        if active("callback-disorder") and view.snapshot.is_terminal:
            await self._post(
                replace(view, snapshot=replace(view.snapshot, status="RUNNING", ratio="0.5"), artifact=None)
            )

    async def _post(self, view: TaskView) -> None:
        url = view.task.reply_url or ""
        allowed = is_loopback(url)
        status = await self._status(url, self._body(view)) if allowed else None
        self._app_state.world.store.count("callbacks_sent" if allowed else "callbacks_refused")
        self._app_state.log.add({
            "callback": url, "task": view.identifier, "state": view.snapshot.status, "sent": allowed,
            "status": status,
        })  # fmt: skip

    async def _status(self, url: str, body: dict[str, Any]) -> int | None:
        try:
            return (await self._client.post(url, json=body)).status_code
        except httpx.HTTPError:
            return None  # nobody retries: the API documents no second try

    def _body(self, view: TaskView) -> dict[str, Any]:
        world = self._app_state.world

        def sign(key: str) -> str:
            return world.links.url(self._base, key, world.clock())

        return {**serializers.task(view, sign), **reply_fields(view.task), "code": 200}


def _mark(view: TaskView) -> str:
    if view.snapshot.is_terminal:
        return f"end:{view.snapshot.status}"
    return f"{view.snapshot.status}:{int(float(view.snapshot.ratio or 0) * QUARTERS)}"
