"""A keyframe picture by its link: fetched with limits, without our token.

The link that the user gave may lead anywhere, a LAN included. Where a host sends us on from there is not the
user's choice: a redirect must not reach a private place.
"""

from __future__ import annotations

import asyncio
import re

import httpx

from ..api.http_body import body
from ..api.http_client import REDIRECTS, RequestTrace, Step, close, make_http, opened
from ..api.link_guard import (
    LinkProblem,
    PeerGuard,
    Resolve,
    check_public,
    has_proxy,
    host_name,
    is_host,
    shown_host,
    system_addresses,
)
from ..api.transport_errors import CONNECTION, HANDLES, NAME, PROXY, TLS, BodyProblem, TransportFailure
from ..errors import InvalidRequest, RunwayError
from ..settings import is_loopback
from .limits import LARGEST_FILE

SECONDS = 30.0
"""Seconds that a fetch may take in all, redirects included."""
_BY_HAND = "download the picture yourself and give the file"
_JSON = re.compile(rb"\{\s*[\"}]|\[\s*[\"{\[\]\d]")
_REASONS = {
    HANDLES: "cannot be fetched, since too many files are open: close some, or raise the limit with ulimit -n",
    NAME: "leads to a host that cannot be found: check the spelling and your connection",
    TLS: f"leads to a host whose certificate is not to be trusted: {_BY_HAND}",
    CONNECTION: f"leads to a host that cannot be reached: check the link, or {_BY_HAND}",
    PROXY: f"cannot be fetched through the proxy of this machine: check its settings, or {_BY_HAND}",
}


async def fetch_picture(
    url: str,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    resolve: Resolve = system_addresses,
    seconds: float = SECONDS,
) -> bytes:
    """Fetch what a link leads to: at most `LARGEST_FILE` bytes, unpacked, whatever they are but text of the web.

    Args:
        url: An http or https link, without a user name or a password.
        transport: An httpx transport, for tests.
        resolve: Finds the addresses of a host that a redirect leads to.
        seconds: The most that it may take in all.

    Raises `InvalidRequest` with one line, which names the host and never the rest of the link.
    """
    link = _read(url)
    try:
        return await asyncio.wait_for(_follow(link, transport, resolve), seconds)
    except asyncio.TimeoutError:
        raise _refusal(link, link, f"has not delivered within {seconds:g} s: try again, or {_BY_HAND}") from None


def _read(url: str) -> httpx.URL:
    """Return the link that the user gave. Raises `InvalidRequest`."""
    try:
        link = httpx.URL(url.strip())
        _check_form(link)
    except (httpx.InvalidURL, ValueError):
        # the message of httpx would repeat what was typed
        raise InvalidRequest(["the link cannot be read: give it as https://host/picture.png"]) from None
    except LinkProblem as problem:
        named = f"the link to {shown_host(link)}" if is_host(link) else "the link"
        raise InvalidRequest([f"{named} {problem}"]) from None
    return link


def _check_form(link: httpx.URL) -> None:
    if link.scheme not in ("http", "https"):
        raise LinkProblem(f"does not begin with http:// or https://: give one that does, or {_BY_HAND}")
    if link.userinfo:
        raise LinkProblem(f"holds a user name or a password, and those are not sent: {_BY_HAND}")
    if not is_host(link):
        raise LinkProblem("names no host that there can be: give it as https://host/picture.png")


async def _follow(typed: httpx.URL, transport: httpx.AsyncBaseTransport | None, resolve: Resolve) -> bytes:
    """Return the bytes at the end of the redirects. Raises `InvalidRequest`."""
    here, guard, hops = typed, None, 0
    try:
        while True:
            found = await _visit(here, transport, guard)
            if isinstance(found, bytes):
                return found
            there = _onward(here, found, hops)
            guard = None if _same_origin(typed, there) else PeerGuard(there)
            if guard:
                await _check_public(there, resolve, proxied=transport is None and has_proxy(there.scheme))
            here, hops = there, hops + 1
    except LinkProblem as problem:
        raise _refusal(typed, here, str(problem)) from None
    except TransportFailure as broken:
        reason = _REASONS.get(broken.kind, f"breaks off before the picture is whole: try again, or {_BY_HAND}")
        raise _refusal(typed, here, reason) from None
    except RunwayError as error:
        way = " through the proxy of this machine" if "proxy" in error.message.lower() else ""
        raise _refusal(typed, here, f"cannot be fetched{way}: {error.message}") from None


def _refusal(typed: httpx.URL, here: httpx.URL, reason: str) -> InvalidRequest:
    way = "" if host_name(here) == host_name(typed) else f" (by way of {shown_host(here)})"
    return InvalidRequest([f"the link to {shown_host(typed)}{way} {reason}"])


# --- one answer -------------------------------------------------------------------------------------


async def _visit(link: httpx.URL, transport: httpx.AsyncBaseTransport | None, guard: Step | None) -> bytes | str:
    """Return the bytes of a picture, or the text of a redirect."""
    # a client for each host: no cookie comes along, and a link that begins on this machine leaves it with TLS
    http = make_http(
        local=is_loopback(host_name(link)),
        transport=transport,
        headers={"Accept": "image/*", "Accept-Encoding": "identity"},
        timeout=httpx.Timeout(None),  # one clock counts for everything
    )
    try:
        answer = await opened(
            http, http.build_request("GET", link), RequestTrace(reports_steps=transport is None, then=guard)
        )
        try:
            return await _read_answer(answer)
        finally:
            await close(answer)
    finally:
        await close(http)


async def _read_answer(answer: httpx.Response) -> bytes | str:
    if "location" in answer.extensions:
        return str(answer.extensions["location"])
    _check_status(answer.status_code)
    try:
        data = await body(answer, LARGEST_FILE)
    except BodyProblem as problem:
        advice = "give a smaller picture" if str(problem).startswith("more than") else _BY_HAND
        raise LinkProblem(f"leads to {problem}: {advice}") from None
    _check_kind(data)
    return data


def _check_status(status: int) -> None:
    if status in (401, 403):
        raise LinkProblem(f"answers that the picture is not open to everyone (HTTP {status}): {_BY_HAND}")
    if status in (404, 410):
        raise LinkProblem(f"answers that the picture is not there (HTTP {status}): check the link")
    if not 200 <= status < 300:
        raise LinkProblem(f"answers with HTTP {status}: try again later, or {_BY_HAND}")


def _check_kind(data: bytes) -> None:
    """Raise for what servers send in the place of a picture; whether the rest is one is seen by its reader."""
    if not data:
        raise LinkProblem(f"answers with nothing: check the link, or {_BY_HAND}")
    head = _beginning(data)
    if head.startswith((b"<!doctype html", b"<html")):
        raise LinkProblem("answers with a web page, no picture: give the link of the picture itself")
    if head.startswith((b"<!doctype svg", b"<svg")):
        raise LinkProblem("answers with an SVG, and an SVG is no pixel picture: export it as PNG")
    if _JSON.match(head):
        raise LinkProblem("answers with JSON, no picture: give the link of the picture itself")


def _beginning(data: bytes) -> bytes:
    """Return the first letters in lower case, behind a byte order mark, an XML declaration and comments."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf\xff\xfe").replace(b"\0", b"").strip().lower()
    for start, end in [(b"<?xml", b"?>"), (b"<!--", b"-->")]:
        while head.startswith(start):
            head = head.partition(end)[2].lstrip()
    return head


# --- where a redirect may lead ----------------------------------------------------------------------


def _onward(here: httpx.URL, location: str, hops: int) -> httpx.URL:
    """Return where a redirect leads, after `hops` of them. Raises `LinkProblem`, also for a step down from https."""
    if hops >= REDIRECTS:
        raise LinkProblem(f"leads on more than {REDIRECTS} times: give the link of the picture itself")
    try:
        there = here.join(location)
        _check_form(there)
    except (httpx.InvalidURL, ValueError, LinkProblem):
        raise LinkProblem("leads on to what is no plain http:// or https:// link: " + _BY_HAND) from None
    if here.scheme == "https" and there.scheme == "http":
        raise LinkProblem(f"leads on from https to http, which anybody can read and change: {_BY_HAND}")
    return there


def _same_origin(typed: httpx.URL, there: httpx.URL) -> bool:
    """Return True for the host and the port that the user gave, and for https in the place of http there."""
    return host_name(typed) == host_name(there) and typed.port == there.port


async def _check_public(link: httpx.URL, resolve: Resolve, *, proxied: bool) -> None:
    try:
        await check_public(link, resolve, proxied=proxied)
    except LinkProblem as problem:
        raise LinkProblem(f"{problem}: {_BY_HAND}") from None
