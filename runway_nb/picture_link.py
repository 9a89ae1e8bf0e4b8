"""A keyframe picture by its link: fetched with limits, without our token.

The link that the user gave may lead anywhere, a LAN included. Where a host sends us on from there is not the
user's word: a redirect must not reach a private place.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.request import getproxies

import httpx

from . import __version__
from .errors import InvalidRequest
from .images import LARGEST
from .redact import redact_http_logs
from .settings import is_loopback

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""Gives the addresses of a host as text; raises OSError when there are none."""

SECONDS = 30.0
"""Seconds that a fetch may take in all, redirects included."""
REDIRECTS = 5
"""Redirects that are followed."""
_BY_HAND = "download the picture yourself and give the file"
_BROKEN = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ImportError)
"""What breaks beneath us; ValueError and ImportError come from names and from proxies."""
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]*:[0-9a-f:.]*(%[a-z0-9_.-]+)?")
_NUMBER = re.compile(r"0x[0-9a-f]*|\d+")
_JSON = re.compile(rb"\{\s*[\"}]|\[\s*[\"{\[\]\d]")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class _Trouble(Exception):
    """What is wrong with a link and what to do: the words that follow "the link to example.org"."""


async def _addresses(host: str) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


async def fetch_picture(
    url: str,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    resolve: Resolve = _addresses,
    seconds: float = SECONDS,
) -> bytes:
    """Fetch what a link leads to: at most `LARGEST` bytes, unpacked, whatever they are but text of the web.

    Args:
        url: An http or https link, without a user name or a password.
        transport: An httpx transport, for tests.
        resolve: Finds the addresses of a host that a redirect leads to.
        seconds: The most that it may take in all.

    Raises `InvalidRequest` with one line, which names the host and never the rest of the link.
    """
    redact_http_logs()
    link = _read(url)
    try:
        return await asyncio.wait_for(_follow(link, transport, resolve), seconds)
    except asyncio.TimeoutError:
        raise _refusal(link, link, f"has not delivered within {seconds:g} s: try again, or {_BY_HAND}") from None


def _read(url: str) -> httpx.URL:
    """The link that the user gave. Raises `InvalidRequest`."""
    try:
        link = httpx.URL(url.strip())
        _check_form(link)
    except (httpx.InvalidURL, ValueError):
        # the words of httpx would repeat what was typed
        raise InvalidRequest(["the link cannot be read: give it as https://host/picture.png"]) from None
    except _Trouble as trouble:
        named = f"the link to {_shown(link)}" if _HOST.fullmatch(_name(link)) else "the link"
        raise InvalidRequest([f"{named} {trouble}"]) from None
    return link


def _check_form(link: httpx.URL) -> None:
    if link.scheme not in ("http", "https"):
        raise _Trouble(f"does not begin with http:// or https://: give one that does, or {_BY_HAND}")
    if link.userinfo:
        raise _Trouble(f"holds a user name or a password, and those are not sent: {_BY_HAND}")
    # a port beyond these makes the socket raise what is no OSError
    if not _HOST.fullmatch(_name(link)) or not 0 < (link.port or 80) < 65536:
        raise _Trouble("names no host that there can be: give it as https://host/picture.png")


async def _follow(typed: httpx.URL, transport: httpx.AsyncBaseTransport | None, resolve: Resolve) -> bytes:
    """The bytes at the end of the redirects. Raises `InvalidRequest`."""
    here, guard, hops = typed, None, 0
    try:
        while True:
            found = await _visit(here, transport, guard)
            if isinstance(found, bytes):
                return found
            there = _onward(here, found, hops)
            guard = None if _same_place(typed, there) else _Guard(there)
            if guard:
                await _check_public(there, resolve, proxied=transport is None and _has_proxy(there.scheme))
            here, hops = there, hops + 1
    except _Trouble as trouble:
        raise _refusal(typed, here, str(trouble)) from None
    except _BROKEN as error:
        raise _refusal(typed, here, _reason(error)) from None


def _refusal(typed: httpx.URL, here: httpx.URL, words: str) -> InvalidRequest:
    way = "" if _name(here) == _name(typed) else f" (by way of {_shown(here)})"
    return InvalidRequest([f"the link to {_shown(typed)}{way} {words}"])


# --- one answer -------------------------------------------------------------------------------------


async def _visit(link: httpx.URL, transport: httpx.AsyncBaseTransport | None, guard: _Guard | None) -> bytes | str:
    """The bytes of a picture, or the text of a redirect."""
    # a client for each host: no cookie comes along, and a link that begins on this machine leaves it with TLS
    local = is_loopback(_name(link))
    client = httpx.AsyncClient(
        headers={"User-Agent": f"runway_nb/{__version__}", "Accept": "image/*", "Accept-Encoding": "identity"},
        timeout=httpx.Timeout(None),  # one clock counts for everything
        verify=not local,
        trust_env=not local,
        transport=transport,
        event_hooks={"response": [_keep_location]},
    )
    async with client, client.stream("GET", link, extensions={"trace": guard} if guard else {}) as answer:
        if "location" in answer.extensions:
            return str(answer.extensions["location"])
        _check_status(answer.status_code)
        data = await _body(answer)
    _check_kind(data)
    return data


async def _keep_location(answer: httpx.Response) -> None:
    # httpx would read the link even when it is not to follow it, and fail in words of its own
    if answer.has_redirect_location:
        answer.extensions["location"] = answer.headers.pop("Location")


def _check_status(status: int) -> None:
    if status in (401, 403):
        raise _Trouble(f"answers that the picture is not open to everyone (HTTP {status}): {_BY_HAND}")
    if status in (404, 410):
        raise _Trouble(f"answers that the picture is not there (HTTP {status}): check the link")
    if not 200 <= status < 300:
        raise _Trouble(f"answers with HTTP {status}: try again later, or {_BY_HAND}")


async def _body(answer: httpx.Response) -> bytes:
    """The body, unpacked; the count is of unpacked bytes, and no step makes more than the limit of them."""
    promised = answer.headers.get("Content-Length", "")
    if promised.isdecimal() and (len(promised) > 18 or int(promised) > LARGEST):
        raise _too_large()
    unpack = _unpacker(answer.headers.get("Content-Encoding", "identity").strip().lower())
    data = bytearray()
    assert isinstance(answer.stream, httpx.AsyncByteStream)
    # httpx would unpack a whole chunk at once: a thousandfold of it, and more where brotli is installed
    async for chunk in answer.stream:
        data += unpack(chunk, LARGEST + 1 - len(data)) if chunk else b""
        if len(data) > LARGEST:
            raise _too_large()
    unpack(b"", 1)
    return bytes(data)


def _too_large() -> _Trouble:
    return _Trouble(f"leads to more than {LARGEST / 1e6:.0f} MB, which is the most: give a smaller picture")


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    """A function of packed bytes and the most bytes to make of them; it is called with nothing at the end."""
    if encoding in ("", "identity"):
        return lambda chunk, most: chunk[:most]
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise _Trouble(f"answers with packed bytes that were not asked for: {_BY_HAND}")
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def unpack(chunk: bytes, most: int) -> bytes:
        try:
            made = unpacking.decompress(chunk, most)
        except zlib.error:
            raise _Trouble(f"answers with packed bytes that cannot be unpacked: {_BY_HAND}") from None
        if unpacking.unused_data or (not chunk and not unpacking.eof):
            raise _Trouble(f"answers with packed bytes that end in the wrong place: {_BY_HAND}")
        return made

    return unpack


def _check_kind(data: bytes) -> None:
    """Raise for what servers send in the place of a picture; whether the rest is one is seen by its reader."""
    if not data:
        raise _Trouble(f"answers with nothing: check the link, or {_BY_HAND}")
    head = _beginning(data)
    if head.startswith((b"<!doctype html", b"<html")):
        raise _Trouble("answers with a web page, no picture: give the link of the picture itself")
    if head.startswith((b"<!doctype svg", b"<svg")):
        raise _Trouble("answers with an SVG, and an SVG is no pixel picture: export it as PNG")
    if _JSON.match(head):
        raise _Trouble("answers with JSON, no picture: give the link of the picture itself")


def _beginning(data: bytes) -> bytes:
    """The first letters in lower case, behind a byte order mark, an XML declaration and comments."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf\xff\xfe").replace(b"\0", b"").strip().lower()
    for start, end in [(b"<?xml", b"?>"), (b"<!--", b"-->")]:
        while head.startswith(start):
            head = head.partition(end)[2].lstrip()
    return head


# --- where a redirect may lead ----------------------------------------------------------------------


def _onward(here: httpx.URL, location: str, hops: int) -> httpx.URL:
    """Where a redirect leads, after `hops` of them. Raises `_Trouble`, also for a step down from https."""
    if hops >= REDIRECTS:
        raise _Trouble(f"leads on more than {REDIRECTS} times: give the link of the picture itself")
    try:
        there = here.join(location)
        _check_form(there)
    except (httpx.InvalidURL, ValueError, _Trouble):
        raise _Trouble("leads on to what is no plain http:// or https:// link: " + _BY_HAND) from None
    if here.scheme == "https" and there.scheme == "http":
        raise _Trouble(f"leads on from https to http, which anybody can read and change: {_BY_HAND}")
    return there


def _same_place(typed: httpx.URL, there: httpx.URL) -> bool:
    """True for the host and the port that the user gave, and for https in the place of http there."""
    return _name(typed) == _name(there) and typed.port == there.port


async def _check_public(link: httpx.URL, resolve: Resolve, *, proxied: bool) -> None:
    """Raise `_Trouble` when the host has a private address, or none; a proxy may know names that we do not."""
    name = _name(link)
    if _is_literal(name):
        found: Sequence[str] = [name]
    elif name == "localhost" or name.endswith(".localhost"):
        found = ["127.0.0.1"]
    else:
        found = await _resolved(name, resolve)
    if not found and not proxied:
        raise _Trouble(f"leads on to {_shown(link)}, which cannot be found: {_BY_HAND}")
    if not all(map(_is_public, found)):
        raise _private(link)


async def _resolved(name: str, resolve: Resolve) -> Sequence[str]:
    try:
        return await resolve(name)
    except (OSError, UnicodeError):
        return []


def _private(link: httpx.URL) -> _Trouble:
    return _Trouble(f"leads on to {_shown(link)}, a private address: {_BY_HAND}")


def _is_literal(name: str) -> bool:
    """True for an address, in odd spellings too: 0x7f.1 and 2130706433 are addresses to the system."""
    return ":" in name or bool(_NUMBER.fullmatch(name.rpartition(".")[2]))


def _is_public(text: str) -> bool:
    """True for an address of the public internet in its plain spelling."""
    try:
        address = _embedded(ipaddress.ip_address(text))
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and (address.scope_id or address not in _GLOBAL_UNICAST):
        return False
    return address.is_global and not address.is_multicast


def _embedded(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 address stands for, when it stands for one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


class _Guard:
    """Ends a connection to a private place before a byte is sent: a name may resolve anew to another address.

    Called by httpcore for every step of a request. A connection to a proxy is none of its business.
    """

    def __init__(self, link: httpx.URL) -> None:
        self._link = link
        self._direct = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            self._direct = info["host"] == self._link.raw_host.decode()
        elif event == "connection.connect_tcp.complete" and self._direct:
            stream = info["return_value"]
            peer = stream.get_extra_info("server_addr")
            if not peer or not _is_public(peer[0]):
                await stream.aclose()
                raise _private(self._link)


def _has_proxy(scheme: str) -> bool:
    proxies = getproxies()
    return any(proxies.get(name) for name in (scheme, "all"))


# --- words ------------------------------------------------------------------------------------------


def _name(link: httpx.URL) -> str:
    """The host in one spelling: ASCII, lower case, without the dot at its end."""
    return link.raw_host.decode().lower().rstrip(".")


def _shown(link: httpx.URL) -> str:
    name = _name(link)
    return name if len(name) <= 80 else f"{name[:80]}..."


def _reason(error: BaseException) -> str:
    """What a failure means to the user, in words of ours: those of httpx may hold the link."""
    causes = tuple(_causes(error))
    if any(isinstance(cause, (socket.gaierror, UnicodeError)) for cause in causes):
        return "leads to a host that cannot be found: check the spelling and your connection"
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return f"leads to a host whose certificate is not to be trusted: {_BY_HAND}"
    if isinstance(error, (httpx.ConnectError, OSError)):
        return f"leads to a host that cannot be reached: check the link, or {_BY_HAND}"
    # our links have been read before: what cannot be read now is the address of a proxy
    if isinstance(error, (httpx.ProxyError, httpx.InvalidURL, ValueError, ImportError)):
        return f"cannot be fetched through the proxy of this machine: check its settings, or {_BY_HAND}"
    return f"breaks off before the picture is whole: try again, or {_BY_HAND}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
