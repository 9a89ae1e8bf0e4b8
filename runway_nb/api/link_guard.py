"""Where a link may lead that the user did not give: to the public internet, never to a private place.

A name is judged before it is connected to, and the peer again once the connection stands, before a byte is sent: a
name may resolve anew to another address. Behind a proxy the peer is the proxy, and the name alone is judged.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.request import getproxies

import httpx

from ..settings import is_loopback

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""Gives the addresses of a host as text; raises OSError when there are none."""

_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]*:[0-9a-f:.]*(%[a-z0-9_.-]+)?")
_NUMBER = re.compile(r"0x[0-9a-f]*|\d+")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_PUBLIC = (
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv4Network("192.88.99.0/24"),
    ipaddress.IPv6Network("3fff::/20"),
)
"""Special networks that not every version of Python knows (IANA's registries of special-purpose addresses)."""


class LinkProblem(Exception):
    """What is wrong with a link: the text that follows "the link to example.org"."""


class HostNotFound(LinkProblem):
    """Its host cannot be found now, as where the network is just coming up; the link may be as it should."""


async def system_addresses(host: str) -> Sequence[str]:
    """Return the addresses of a host, as the system finds them. Raises OSError or UnicodeError when there are none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def host_name(link: httpx.URL) -> str:
    """Return the host in one spelling: ASCII, lower case, without the dot at its end."""
    return link.raw_host.decode().lower().rstrip(".")


def shown_host(link: httpx.URL) -> str:
    """Return the host as it is shown, cut where it is very long."""
    name = host_name(link)
    return name if len(name) <= 80 else f"{name[:80]}..."


def is_host(link: httpx.URL) -> bool:
    """Return True when the link names a host and a port that there can be."""
    # a port beyond these makes the socket raise what is no OSError
    return bool(_HOST.fullmatch(host_name(link))) and 0 < (80 if link.port is None else link.port) < 65536


def is_public(text: str) -> bool:
    """Return True for an address of the public internet in its plain spelling."""
    try:
        address = _embedded(ipaddress.ip_address(text))
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and (address.scope_id or address not in _GLOBAL_UNICAST):
        return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _NOT_PUBLIC)


def _embedded(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, when it stands for one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


async def check_public(link: httpx.URL, resolve: Resolve | None, *, proxied: bool) -> None:
    """Raise `LinkProblem` when the host has a private address, `HostNotFound` when it has none.

    Args:
        link: With a host.
        resolve: Finds the addresses of a name; None: names are taken for public (a test's transport knows them).
        proxied: A proxy fetches it, which may know names that this machine does not.
    """
    name = host_name(link)
    if _is_literal(name):
        found: Sequence[str] = [name]
    elif name == "localhost" or name.endswith(".localhost"):
        found = ["127.0.0.1"]
    elif resolve is None:
        return
    else:
        found = await _resolved(name, resolve)
    if not found and not proxied:
        raise HostNotFound(f"leads on to {shown_host(link)}, which cannot be found")
    if not all(map(is_public, found)):
        raise _private(link)


async def _resolved(name: str, resolve: Resolve) -> Sequence[str]:
    try:
        return await resolve(name)
    except (OSError, UnicodeError):
        return []


def _private(link: httpx.URL) -> LinkProblem:
    return LinkProblem(f"leads on to {shown_host(link)}, a private address")


def _is_literal(name: str) -> bool:
    """Return True for an address, in odd spellings too: 0x7f.1 and 2130706433 are addresses to the system."""
    return ":" in name or bool(_NUMBER.fullmatch(name.rpartition(".")[2]))


def is_same_origin(link: httpx.URL, origin: httpx.URL) -> bool:
    """Return True for scheme, host and port of an API on this machine, where `localhost` stands for its addresses."""
    ours, theirs = host_name(origin), host_name(link)
    same_host = ours == theirs or ("localhost" in (ours, theirs) and is_loopback(ours) and is_loopback(theirs))
    return same_host and (link.scheme, link.port) == (origin.scheme, origin.port)


class PeerGuard:
    """Ends a connection to a private place before a byte is sent.

    Called by httpcore for every step of a request. A connection to a proxy is none of its business.
    """

    def __init__(self, link: httpx.URL) -> None:
        self._link = link
        self._direct = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """Take one step of a request, by its name."""
        if event == "connection.connect_tcp.started":
            self._direct = info["host"] == self._link.raw_host.decode()
        elif event == "connection.connect_tcp.complete" and self._direct:
            stream = info["return_value"]
            peer = stream.get_extra_info("server_addr")
            if not peer or not is_public(peer[0]):
                await stream.aclose()
                raise _private(self._link)


def has_proxy(scheme: str) -> bool:
    """Return True when this machine's settings name a proxy for links of that scheme."""
    proxies = getproxies()
    return any(proxies.get(name) for name in (scheme, "all"))
