"""The API over HTTP: requests built whole, each sent once on one clock, its answer read whole or an error of ours."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from anyio import fail_after

from .. import errors
from ..request import VideoRequest
from ..settings import Secret, checked_url, is_loopback
from ..values.plain import HALF
from .http_body import beginning, body
from .http_client import RequestTrace, close, make_http, opened
from .link_guard import is_host
from .transport_errors import BodyProblem, TransportFailure

T = TypeVar("T")

JSON_LIMIT = 32_000_000
"""Bytes of the largest answer that is read, unpacked; a full page of tasks has some hundred thousand."""
ERROR_LIMIT, BUSY_LIMIT = 64 * 1024, 4_000_000
"""Bytes of a refusal that are read; that of a 429 names tasks, and none of them may be overlooked."""


@dataclass(frozen=True)
class PreparedCreate:
    """A create as it leaves, whole and encoded: nothing of ours can fail any more between here and the wire."""

    request: VideoRequest = field(repr=False)
    path: str
    """Of the call, below the API's address; by the row that the body was made of."""
    content_type: str
    content: bytes = field(repr=False)


class _Bearer(httpx.Auth):
    """Adds the token as a request leaves; until then nobody holds it as plain text."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        yield request


class ApiHttp:
    """The connections to one API.

    Args:
        base: Its address, checked.
        token: As `read_secret` gives it; sent there and nowhere else.
        transport: An httpx transport, for tests.
        timeout: Of the single steps of a call that names none.
        seen: Called with the head of each answer.

    Raises `SettingsError` for a proxy or certificates that cannot be used.
    """

    def __init__(
        self,
        base: str,
        token: Secret,
        transport: httpx.AsyncBaseTransport | None,
        timeout: httpx.Timeout,
        seen: Callable[[httpx.Response], None],
    ) -> None:
        self._base = base
        self._seen = seen
        self._reports_steps = transport is None
        self._http = make_http(
            local=is_loopback(urlsplit(base).hostname),
            transport=transport,
            auth=_Bearer(token),
            headers={"Accept": "application/json", "Accept-Encoding": "gzip"},
            timeout=timeout,
        )

    @property
    def is_closed(self) -> bool:
        """True after `aclose`."""
        return self._http.is_closed

    async def aclose(self) -> None:
        """Close the connections."""
        await close(self._http)

    def built(self, method: str, path: str, **parts: Any) -> httpx.Request:
        """Return a request. Raises `InvalidRequest` for what cannot be written down; nothing is sent."""
        try:
            return self._http.build_request(method, self._base + path, **parts)
        except Exception as error:  # noqa: BLE001 - httpx raises nearly anything
            problem = unwritable(error)
        raise problem

    async def call(self, request: httpx.Request, seconds: float, limit: int = JSON_LIMIT) -> httpx.Response:
        """Return the whole answer to a request that is sent once; all of it on one clock, and at most `limit` bytes.

        Raises:
            Unreachable: nothing was sent.
            NoAnswer: it was sent, and no whole answer came.
            ServerError: the answer is too large, or cannot be unpacked.
        """
        trace = RequestTrace(reports_steps=self._reports_steps)
        try:
            with fail_after(seconds):
                return await self._answered(request, trace, limit)
        except TimeoutError:
            lost = _lost(f"no whole answer within {seconds:.0f} s", may_have_left=trace.may_have_left())
        except TransportFailure as broken:
            lost = _lost(str(broken), may_have_left=broken.may_have_left)
        raise lost

    async def _answered(self, request: httpx.Request, trace: RequestTrace, limit: int) -> httpx.Response:
        answer = await opened(self._http, request, trace)
        try:
            self._seen(answer)
            return await _whole(answer, limit)
        finally:
            await close(answer)


def unwritable(error: Exception) -> errors.InvalidRequest:
    """Return the mistake of a request that cannot be written down; foreign texts may hold anything, and stay out."""
    if isinstance(error, UnicodeError):
        return errors.InvalidRequest([f"the request {HALF}"])
    return errors.InvalidRequest(
        [f"the request cannot be written down ({type(error).__name__}): check its ids, names and numbers"]
    )


def read_as(read: Callable[[Any], T], found: Any) -> T:
    """Return what an answer means. Raises `ServerError` when it cannot be understood."""
    try:
        return read(found)
    except errors.RunwayError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever somebody has put into an answer
        failure = errors.ServerError(f"the answer cannot be understood ({type(error).__name__})", 200)
    raise failure


def _lost(reason: str, *, may_have_left: bool) -> errors.RunwayError:
    """Return a call without an answer, told apart by whether the request can have left."""
    if may_have_left:
        return errors.NoAnswer(f"the connection broke before an answer came ({reason})")
    return errors.Unreachable(f"no connection to the API ({reason}): nothing was sent")


async def _whole(answer: httpx.Response, limit: int) -> httpx.Response:
    """Return the answer with its body read, unpacked; of a refusal as much as shows what it is about."""
    status = answer.status_code
    if not answer.is_success and status != 429:
        return _with_body(answer, await beginning(answer, ERROR_LIMIT))
    try:
        return _with_body(answer, await body(answer, limit if answer.is_success else BUSY_LIMIT))
    except BodyProblem as problem:
        failure = errors.ServerError(f"the answer has {problem} (HTTP {status})", status)
    raise failure


def _with_body(answer: httpx.Response, data: bytes) -> httpx.Response:
    packed = ("content-encoding", "content-length", "transfer-encoding")
    headers = [(name, value) for name, value in answer.headers.multi_items() if name.lower() not in packed]
    return httpx.Response(answer.status_code, headers=headers, content=data)


def checked_base(base_url: str) -> str:
    """Return the address of the API as it can be called. Raises `SettingsError`."""
    base_url = checked_url(base_url)
    try:
        url = httpx.URL(base_url)
        good = is_host(url) and not url.query and not url.fragment
    except (httpx.InvalidURL, ValueError):
        good = False
    if not good:
        raise errors.SettingsError(f"base_url is {base_url[:80]!r}: give an address such as https://host/path")
    return base_url
