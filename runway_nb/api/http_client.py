"""HTTP as all our clients speak it: made from the machine's settings, and every failure raised as what it means.

Whether a byte of a request may have left is seen, not guessed: the transport reports its steps.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from typing import Any
from urllib.request import getproxies

import httpx

from .. import __version__
from ..errors import RunwayError, SettingsError, Unreachable
from ..redaction import redact_http_logs
from .link_guard import LinkProblem, is_host
from .transport_errors import NO_HANDLES, TransportFailure

Step = Callable[[str, Mapping[str, Any]], Awaitable[None]]
"""Called by the transport at each step of a request, with its name and what it is about."""
GetEnv = Callable[[str], "str | None"]
"""Gives one variable. The environment as a whole holds the token, and no function that raises has it as a variable."""

REDIRECTS = 5
"""Redirects that are followed, by those who follow any."""
_BEFORE = (
    httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError,
    httpx.InvalidURL, socket.gaierror, ssl.SSLCertVerificationError,
)  # fmt: skip
"""Failures before a request left, by their class (API facts 14.3)."""
_PEM = "give the path of a PEM file, or unset it"


# --- making a client --------------------------------------------------------------------------------


def make_http(
    *,
    local: bool,
    transport: httpx.AsyncBaseTransport | None = None,
    auth: httpx.Auth | None = None,
    headers: Mapping[str, str],
    timeout: httpx.Timeout,
    getenv: GetEnv = os.getenv,
) -> httpx.AsyncClient:
    """Return a client that follows no redirects; where one leads is in `extensions["location"]` of the answer.

    Args:
        local: For this machine alone: no proxy and no certificates, so that no setting of them matters.
        transport: An httpx transport, for tests.
        auth: Adds the login as a request leaves.
        headers: Sent with each request, besides our name.
        timeout: Of the single steps of a call.
        getenv: Gives a variable of the environment.

    Raises:
        SettingsError: a variable for proxies or certificates cannot be used.
        Unreachable: no file can be opened any more.
    """
    redact_http_logs()
    if not local and transport is None:
        check_certificates(getenv)
        check_proxies(getenv, getproxies())
    try:
        # a TLS context costs 20 ms and loopback has no use for one, nor for a proxy
        return httpx.AsyncClient(
            auth=auth, headers={"User-Agent": f"runway_nb/{__version__}", **headers}, timeout=timeout,
            follow_redirects=False, verify=not local, trust_env=not local, transport=transport,
            event_hooks={"response": [_keep_location]},
        )  # fmt: skip
    except Exception as error:  # noqa: BLE001 - httpx raises nearly anything for a setting that it cannot use
        problem = _unusable(error, getenv)
    raise problem


def _unusable(error: Exception, getenv: GetEnv) -> RunwayError:
    """Return what is left to be wrong once certificates and proxies are known to be good."""
    if isinstance(error, OSError):
        return _no_certificates(error, "the certificates of certifi cannot be read: install certifi again")
    if not getproxies().get("no"):
        kind = type(error).__name__
        return SettingsError(f"no connection can be made ({kind}): check the proxies and certificates of this machine")
    return SettingsError(
        f"{_spelling('no_proxy', getenv)} cannot be used: give names and addresses with commas between them, and "
        "no brackets, such as localhost,127.0.0.1,::1,example.org"
    )


def _no_certificates(error: Exception, message: str) -> RunwayError:
    if isinstance(error, OSError) and error.errno in NO_HANDLES:
        return Unreachable(
            f"no connection to the API ({TransportFailure(error, may_have_left=False)}): nothing was sent"
        )
    return SettingsError(message)


def check_certificates(getenv: GetEnv) -> None:
    """Raise `SettingsError` for a variable that names certificates, or a file for keys, which cannot be used."""
    file, folder, log = (getenv(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"))
    problem: RunwayError | None = None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if file:
        try:
            context.load_verify_locations(cafile=file)
        except (OSError, ValueError) as error:
            problem = _no_certificates(error, f"SSL_CERT_FILE names no certificates that can be read: {_PEM}")
    elif folder and not any(map(os.path.isdir, folder.split(os.pathsep))):
        problem = SettingsError("SSL_CERT_DIR names no folder that is there: give one of certificates, or unset it")
    if log and problem is None:
        try:
            context.keylog_filename = log
        except (OSError, ValueError) as error:
            problem = _no_certificates(error, "SSLKEYLOGFILE names no file that can be written: unset it")
    if problem is not None:
        raise problem


def check_proxies(getenv: GetEnv, proxies: Mapping[str, str]) -> None:
    """Raise `SettingsError` for the first proxy that is none; its address may hold a password and is not shown.

    Args:
        getenv: Gives a variable, for how it is spelt.
        proxies: Addresses by scheme, as `urllib.request.getproxies` gives them.
    """
    if "*" in [host.strip() for host in proxies.get("no", "").split(",")]:
        return
    for scheme in ("http", "https", "all"):
        if (address := proxies.get(scheme)) and (problem := _proxy_problem(address)):
            raise SettingsError(f"the proxy in {_spelling(f'{scheme}_proxy', getenv)} cannot be used: {problem}")


def _proxy_problem(address: str) -> str:
    form = "give http://host:port, or unset it"
    try:
        proxy = httpx.Proxy(url=address if "://" in address else f"http://{address}")
        good = is_host(proxy.url)
        _ = proxy.raw_auth
    except Exception:  # noqa: BLE001 - the message of httpx may hold a password
        good = False
    if not good:
        return form
    if proxy.url.scheme.startswith("socks") and find_spec("socksio") is None:
        return 'a SOCKS proxy needs another package (pip install "httpx[socks]"): install it, or give http://host:port'
    return ""


def _spelling(name: str, getenv: GetEnv) -> str:
    """Return how a variable is spelt where it is set; the system's own settings have no variable."""
    found = [key for key in (name, name.upper()) if getenv(key)]
    return found[0] if found else f"{name.upper()} (or in the settings of the system)"


async def _keep_location(answer: httpx.Response) -> None:
    # httpx would read the link even when it is not to follow it, and fail with a message of its own
    if answer.has_redirect_location:
        answer.extensions["location"] = answer.headers.pop("Location")


# --- one call ---------------------------------------------------------------------------------------


class RequestTrace:
    """Called by the transport at each step of a request: knows whether a byte of it may have left.

    Args:
        reports_steps: The transport reports its steps; those of tests do not, and the class of an error has to do.
        then: Called at each step, too.
    """

    def __init__(self, *, reports_steps: bool, then: Step | None = None) -> None:
        self._reports_steps = reports_steps
        self._then = then
        self._may_have_left = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """Take one step of a request, by its name."""
        self._reports_steps = True
        step, _, end = event.rpartition(".")
        if step.endswith(".send_request_headers"):
            if end == "started":
                # what opens a tunnel through a proxy is not the request
                self._may_have_left = info["request"].method != b"CONNECT"
            elif end == "failed" and type(info["exception"]).__name__ == "LocalProtocolError":
                self._may_have_left = False  # it could not be written down, let alone sent
        if self._then is not None:
            await self._then(event, info)

    def may_have_left(self, error: BaseException | None = None) -> bool:
        """Return True unless it is certain that no byte of the request has left."""
        return self._may_have_left if self._reports_steps else not _is_before(error)


def _is_before(error: BaseException | None) -> bool:
    """Return True for what can only happen before a request leaves."""
    if isinstance(error, UnicodeDecodeError):
        return False
    no_handle = isinstance(error, OSError) and error.errno in NO_HANDLES
    return no_handle or isinstance(error, (*_BEFORE, UnicodeError))


async def opened(http: httpx.AsyncClient, request: httpx.Request, trace: RequestTrace) -> httpx.Response:
    """Send a request; return the answer with its body unread, to be closed.

    Raises `TransportFailure`, and the `LinkProblem` of a guard.
    """
    if http.is_closed:
        raise TransportFailure(RuntimeError("closed"), may_have_left=False)
    request.extensions["trace"] = trace
    try:
        return await http.send(request, stream=True)
    except LinkProblem:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is raised as what it means for the request
        broken = TransportFailure(error, may_have_left=trace.may_have_left(error))
    raise broken


async def close(thing: httpx.Response | httpx.AsyncClient) -> None:
    """Close an answer, read or unread, or the connections of a client."""
    # what is let go cannot fail in a way that matters to anybody; a loop that is gone has closed them
    with suppress(httpx.HTTPError, OSError, RuntimeError):
        await thing.aclose()
