"""Proxies and certificates: which variables are set, and whether they can be used. No address of a proxy is shown."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from urllib.request import getproxies

from ..errors import RunwayError
from .finding import Finding, ok, wrong
from .masking import GetEnv

PROXY_NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
CERTIFICATE_NAMES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
"""What httpx reads; REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE are those of others."""
FOREIGN_NAMES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def look_at_proxies(getenv: GetEnv = os.getenv, proxies: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """Yield which variables name a proxy, and whether it can be used; never its address, which may hold a password."""
    from ..api.http_client import check_proxies  # loads httpx

    names = [spelt for name in PROXY_NAMES for spelt in (name, name.upper()) if getenv(spelt)]
    found = getproxies() if proxies is None else proxies
    try:
        check_proxies(getenv, found)
    except RunwayError as error:
        text, _, advice = error.message.rpartition(": ")
        yield wrong("proxy", text, advice)
        return
    if names:
        yield ok("proxy", f"{', '.join(names)}: set, and can be used")
    elif any(found.get(scheme) for scheme in ("http", "https", "all")):
        yield ok("proxy", "set in the system's own settings")
    else:
        yield ok("proxy", "none is set")


def look_at_certificates(getenv: GetEnv = os.getenv) -> Iterator[Finding]:
    """Yield which variables name certificates, and whether those can be read."""
    from ..api.http_client import check_certificates  # loads httpx

    try:
        check_certificates(getenv)
    except RunwayError as error:
        text, _, advice = error.message.rpartition(": ")
        yield wrong("certificates", text, advice)
        return
    names = [name for name in CERTIFICATE_NAMES if getenv(name)]
    foreign = [name for name in FOREIGN_NAMES if getenv(name)]
    words = [f"{', '.join(names)}: set, and can be read" if names else "those of certifi"]
    if foreign and not names:
        words.append(f"{', '.join(foreign)} is not read here: SSL_CERT_FILE is")
    yield ok("certificates", "; ".join(words))
