"""The only place that talks to the API. Async, one client for all calls.

Reads are repeated with back-off. A create is sent once: what comes back is a task, a refusal that is certain
(`ApiError`, `Unreachable`), or a doubt (`ServerError`, `NoAnswer`) that the caller must not answer with a
second create (API facts 2.3, 14).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx

from .. import errors
from ..request import VideoRequest
from ..settings import Secret, read_secret, secret_of
from ..spec import BASE_URL, LIST_LIMIT
from ..values.arguments import plain_arguments
from ..values.handle import Handle
from ..values.plain import can_be_sent, checked_kind, checked_text, checked_texts, pair, shown
from ..values.whole_text import whole_text
from .answer_values import is_same_id
from .http_body import PIECE, read_json
from .http_calls import ApiHttp, PreparedCreate, checked_base, read_as, unwritable
from .models import Account, Asset, Credits, RunningTask, Task, accounts, listed, running_tasks
from .retirement import as_retired
from .server_clock import ServerClock
from .status_errors import UNREADABLE, error_of
from .transport_errors import BodyProblem

T = TypeVar("T")
Sent = Callable[[int, int], None]
"""Called with bytes sent and bytes in all."""
Sleep = Callable[[float], Awaitable[None]]

READ_PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds between the attempts of a read."""
UPLOAD_PAUSES = (1.0, 4.0)
"""Seconds between the attempts of an upload."""
LONGEST_PAUSE = 30.0
"""A longer Retry-After is not obeyed in a read; the caller sees the error instead."""
CREATE_SECONDS = 120.0
"""Seconds that a create may take in all, its whole answer included; then it is in doubt."""
READ_SECONDS = 45.0
"""The same for one attempt of a read or a delete."""
UPLOAD_SECONDS, UPLOAD_PACE = 120.0, 16_000
"""The same for one attempt of an upload or an enlargement, and the bytes for which an upload gets a second more."""
CREATE_TIMEOUT = httpx.Timeout(120.0, connect=20.0)
READ_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
PICTURE_LIMIT = 64_000_000
"""Bytes of the largest picture of the upscaler."""

LONGEST_TEXT = 8000
"""Characters of a text in an address; links with a signature are long."""


class RunwayClient(Handle):
    """Calls of the API, as methods. Use it as an async context manager, or call `aclose`.

    Args:
        token: Sent to `base_url` and nowhere else.
        base_url: https, or http on loopback.
        multipart: Send a create as multipart/form-data instead of JSON.
        transport: An httpx transport, for tests.
        sleep: Waits between the attempts of a read.
        jitter: Gives numbers from 0 to 1 that spread those waits.
        clock: Keeps the server's time.
    """

    _base = ""

    def __init__(
        self,
        token: Secret | str,
        *,
        base_url: str = BASE_URL,
        multipart: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        clock: ServerClock | None = None,
    ) -> None:
        # the plain text is gone from here before anything can fail
        hidden = secret_of(token)
        del token
        secret = read_secret(hidden)
        self._base = checked_base(checked_text(base_url, "base_url"))
        self._multipart = multipart
        self._sleep = sleep
        self._jitter = jitter
        self._clock = clock or ServerClock()
        self._asking = asyncio.Lock()
        self._http = ApiHttp(self._base, secret, transport, READ_TIMEOUT, self._note_time)

    async def __aenter__(self) -> RunwayClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def __repr__(self) -> str:
        return f"<RunwayClient {self._base}>"

    @property
    def is_closed(self) -> bool:
        """True after `aclose`."""
        return self._http.is_closed

    @property
    def origin(self) -> str:
        """Scheme and host of the API."""
        parts = urlsplit(self._base)
        return f"{parts.scheme}://{parts.netloc}"

    # --- the server's clock ---------------------------------------------------------------------

    async def server_time(self) -> float | None:
        """Return Unix seconds by the server's own clock, asked for when it is not known; None where it sends none."""
        async with self._asking:  # once for all that ask at a time, who then go on in their order
            if self._clock.now() is None and not self._clock.is_silent:
                with contextlib.suppress(errors.RunwayError):
                    await self._read("/scheduler/", retry=False)
        return self._clock.now()

    @property
    def clock_offset(self) -> float:
        """How many seconds the server's clock is before this machine's; 0 where it is not known."""
        return self._clock.offset()

    def _note_time(self, answer: httpx.Response) -> None:
        self._clock.read(answer.headers.get("Date"))

    # --- tasks ----------------------------------------------------------------------------------

    async def create(self, request: VideoRequest) -> Task:
        """POST the request, once (API facts 3).

        Raises:
            InvalidRequest: before anything is sent.
            Unreachable, ApiError: refused for certain; nothing was started.
            NoAnswer, ServerError: in doubt; the task may exist.
        """
        return await self.send(self.prepare(request))

    def prepare(self, request: VideoRequest) -> PreparedCreate:
        """Return the create call of a request, whole and encoded. Raises `InvalidRequest`; nothing was sent."""
        checked_kind(request, "request", VideoRequest, "a runway_nb.VideoRequest").check()
        wire = request.to_wire()
        content: dict[str, Any] = {"json": wire}
        try:
            if self._multipart:
                content = {"files": {name: (None, _form_text(value)) for name, value in wire.items()}}
            path = request.row.path
            built = self._http.built("POST", path, **content)
            return PreparedCreate(request, path, built.headers["Content-Type"], built.read())
        except errors.InvalidRequest:
            raise
        except Exception as error:  # noqa: BLE001 - whatever somebody has put into a field
            problem = unwritable(error)
        raise problem

    async def send(self, prepared: PreparedCreate) -> Task:
        """POST what was prepared, once. Raises what `create` raises."""
        headers = {"Content-Type": prepared.content_type}
        parts: dict[str, Any] = {"content": prepared.content, "headers": headers, "timeout": CREATE_TIMEOUT}
        answer = await self._http.call(self._http.built("POST", prepared.path, **parts), CREATE_SECONDS)
        if not answer.is_success:
            refusal = read_as(error_of, answer)
            if _names_task(answer):
                raise errors.ServerError(f"{refusal.message}, yet it names a task", answer.status_code)
            raise as_retired(refusal, prepared.request)
        return read_as(Task.from_wire, await _body_of(answer))

    @plain_arguments
    async def task(self, task_id: str, *, retry: bool = True) -> Task:
        """GET one task by its composite id (API facts 5). With `retry` False a failure is raised at once."""
        task = read_as(Task.from_wire, await self._read(f"/tasks/{path_id(task_id)}", retry=retry))
        _check_id("task", task.id, task_id)
        return task

    @plain_arguments
    async def tasks(
        self, *, offset: int = 0, limit: int = LIST_LIMIT, statuses: Sequence[str] = (), email: str = ""
    ) -> list[Task]:
        """GET the account's history of tasks, newest first (API facts 6)."""
        query = _query_of(
            offset=offset, limit=limit, statuses=",".join(checked_texts(statuses, "statuses")), email=email
        )
        return _readable(Task.from_wire, listed(await self._read("/tasks/", query), "tasks"))

    @plain_arguments
    async def delete_task(self, task_id: str) -> None:
        """Remove a task from the account's history; it is not a way to cancel (API facts 7.1)."""
        await self._delete(f"/tasks/{path_id(task_id)}")

    @plain_arguments
    async def running(self, *, retry: bool = True) -> tuple[RunningTask, ...]:
        """GET the tasks that useapi.net tracks now (API facts 7.2). `retry` as in `task`."""
        found = listed(await self._read("/scheduler/", retry=retry), "scheduler")
        return read_as(running_tasks, found)

    @plain_arguments
    async def stop_tracking(self, task_id: str) -> None:
        """Free the slot. Runway goes on and the credits stay spent (API facts 7.3)."""
        await self._delete(f"/scheduler/{path_id(task_id)}")

    # --- assets ---------------------------------------------------------------------------------

    @plain_arguments
    async def assets(self, *, offset: int = 0, limit: int = LIST_LIMIT, kind: str = "", email: str = "") -> list[Asset]:
        """GET one page of assets, at most 50 (API facts 8.2). `kind` is image, video or audio."""
        query = _query_of(offset=offset, limit=limit, mediaType=kind, email=email)
        return _readable(Asset.from_wire, listed(await self._read("/assets/", query), "assets"))

    @plain_arguments
    async def asset(self, asset_id: str) -> Asset:
        """GET one asset (API facts 8.3)."""
        asset = read_as(Asset.from_wire, await self._read(f"/assets/{path_id(asset_id)}"))
        _check_id("asset", asset.id, asset_id)
        return asset

    @plain_arguments
    async def upload(
        self, data: bytes, *, name: str, content_type: str, email: str = "", progress: Sent | None = None
    ) -> Asset:
        """POST a file as raw bytes (API facts 8.1). The account chosen here runs what uses the asset.

        Sent again after a failure that may pass: at worst the account has it twice, and it costs nothing.
        `progress` is called with bytes sent and bytes in all.
        """
        checked_kind(data, "data", bytes, "the bytes of a file")

        async def post() -> Any:
            request = self._http.built(
                "POST",
                "/assets/",
                params=_query_of(name=whole_text(name), email=email),
                content=_in_pieces(data, progress or (lambda *_: None)),
                headers={"Content-Type": content_type, "Content-Length": str(len(data))},
                timeout=CREATE_TIMEOUT,
            )
            return await _body_of(await self._http.call(request, UPLOAD_SECONDS + len(data) / UPLOAD_PACE))

        return read_as(Asset.from_wire, await self._repeated(post, UPLOAD_PAUSES))

    @plain_arguments
    async def upscaled(self, image_url: str, size: tuple[int, int], email: str = "") -> bytes:
        """GET a picture of the account in another size, free of charge (API facts 9); the bytes of a picture."""
        sides = pair(size)
        if not (isinstance(sides, tuple) and all(type(side) is int and side > 0 for side in sides)):
            raise errors.InvalidRequest([f"size is {shown(size)}: give width and height in pixels"])
        query = _query_of(image_url=image_url, width=sides[0], height=sides[1], email=email)

        async def get() -> bytes:
            request = self._http.built("GET", "/image_upscaler/", params=query, timeout=CREATE_TIMEOUT)
            answer = await self._http.call(request, UPLOAD_SECONDS, PICTURE_LIMIT)
            if not answer.is_success:
                raise read_as(error_of, answer)
            return answer.content

        return await self._repeated(get, UPLOAD_PAUSES)

    @plain_arguments
    async def delete_asset(self, asset_id: str) -> None:
        """Delete an asset for good (API facts 8.4)."""
        await self._delete(f"/assets/{path_id(asset_id)}")

    # --- accounts -------------------------------------------------------------------------------

    @plain_arguments
    async def accounts(self, *, retry: bool = True) -> tuple[Account, ...]:
        """GET the Runway accounts behind the token; secrets in the answer are not read (API facts 10).

        `retry` as in `task`.
        """
        try:
            return read_as(accounts, await self._read("/accounts", retry=retry))
        except errors.NotFound:
            return ()

    @plain_arguments
    async def credits(self, email: str = "", *, retry: bool = True) -> Credits:
        """GET the credits of an account (API facts 11). `email` is needed with several accounts.

        `retry` as in `task`.
        """
        return read_as(Credits.from_wire, await self._read("/features/", _query_of(email=email), retry=retry))

    # --- sending --------------------------------------------------------------------------------

    async def _read(self, path: str, query: Mapping[str, Any] | None = None, *, retry: bool = True) -> Any:
        """GET a path, again through 429, 5xx, HTML and broken connections."""
        return await self._repeated(lambda: self._get(path, query), READ_PAUSES if retry else ())

    async def _repeated(self, call: Callable[[], Awaitable[T]], pauses: Sequence[float]) -> T:
        """Make a call that may be made again: once more after each pause while it fails in a way that may pass."""
        for pause in pauses:
            try:
                return await call()
            except (errors.ServerError, errors.NoAnswer, errors.Unreachable):
                await self._sleep(pause * (0.8 + 0.4 * self._jitter()))
            except errors.RateLimited as busy:
                if (busy.retry_after or 0.0) > LONGEST_PAUSE:
                    raise
                await self._sleep(max(pause, busy.retry_after or 0.0))
        return await call()

    async def _get(self, path: str, query: Mapping[str, Any] | None) -> Any:
        return await _body_of(await self._http.call(self._http.built("GET", path, params=query), READ_SECONDS))

    async def _delete(self, path: str) -> None:
        answer = await self._http.call(self._http.built("DELETE", path), READ_SECONDS)
        if not answer.is_success:
            raise read_as(error_of, answer)


def _readable(read: Callable[[Any], T], items: Sequence[Any]) -> list[T]:
    """Return the items that can be read; one without an id must not hide the others."""
    found = []
    for item in items:
        with contextlib.suppress(errors.ServerError):
            found.append(read_as(read, item))
    return found


def _check_id(what: str, found: str, asked: str) -> None:
    """Raise `ServerError` when an answer is about something else than was asked for."""
    if not is_same_id(found, asked):
        raise errors.ServerError(f"the answer is about another {what} than was asked for", 200)


def path_id(identifier: str) -> str:
    """Return an id as it stands in a path: raw but for what would break the path (API facts 2)."""
    return quote(_short_enough(identifier, "the id"), safe=":@-._~+")


def _short_enough(text: str, name: str) -> str:
    """Return a text that an address can carry. Raises `InvalidRequest`."""
    if len(text) <= LONGEST_TEXT and can_be_sent(text):
        return text
    raise errors.InvalidRequest([f"{name} is {shown(text)}: no address carries this"])


async def _in_pieces(data: bytes, sent: Sent) -> AsyncIterator[bytes]:
    """Yield the bytes a piece at a time; report after each how many were sent."""
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]
        sent(min(start + PIECE, len(data)), len(data))


def _form_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _query_of(**values: Any) -> dict[str, Any]:
    texts = {name: _short_enough(value, name) for name, value in values.items() if isinstance(value, str) and value}
    return {name: value for name, value in values.items() if not isinstance(value, str)} | texts


async def _body_of(answer: httpx.Response) -> Any:
    """Return the JSON of a success; raise the error that any other answer means."""
    if not answer.is_success:
        raise read_as(error_of, answer)
    try:
        return await read_json(answer.content)
    except BodyProblem as problem:
        error = errors.ServerError(f"the answer is no JSON that can be read: {problem}", answer.status_code)
    raise error


def _names_task(answer: httpx.Response) -> bool:
    """Return True for an answer that is a task, whatever its status is."""
    with contextlib.suppress(errors.ServerError, *UNREADABLE):
        return bool(read_as(Task.from_wire, answer.json()))
    return False
