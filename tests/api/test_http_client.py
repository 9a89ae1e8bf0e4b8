"""Clients where the settings for proxies and certificates are broken: one line, and this machine still works."""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
import sys
from pathlib import Path

import httpx
import pytest

from runway_nb import errors
from runway_nb.api.client import RunwayClient
from runway_nb.api.media import MediaClient
from runway_nb.errors import SettingsError
from runway_nb.jobs.backend import connect
from runway_nb.pictures.links import fetch_picture
from runway_nb.request import VideoRequest
from runway_nb.settings import Secret, Settings
from support.ports import Port, head, says
from support.strategies import TASK_ID

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir", "sslkeylogfile")
BROKEN = [
    ("HTTPS_PROXY", "socks9://u:hunter2@127.0.0.1:1"), ("HTTP_PROXY", "http://[zz]:1"), ("ALL_PROXY", "ftp://x"),
    ("https_proxy", "http://u:hunter2@127.0.0.1:x"), ("http_proxy", "http://127.0.0.1:99999"), ("all_proxy", ":::"),
    ("ALL_PROXY", "http://"), ("HTTPS_PROXY", "http://a b:3"), ("HTTPS_PROXY", "http://$(hunter2)"),
    ("HTTPS_PROXY", "http://127.0.0.1:0"), ("HTTPS_PROXY", "http://\x7f"), ("HTTPS_PROXY", "https://"),
    ("ALL_PROXY", "socks5://u:hunter2@127.0.0.1:1"), ("https_proxy", "socks5h://127.0.0.1:1"),
    ("HTTPS_PROXY", "socks4://127.0.0.1:1"), ("HTTPS_PROXY", "file:///etc/passwd"),
    ("NO_PROXY", "localhost,[::1]"), ("no_proxy", "[::1"), ("NO_PROXY", "example.org,a b:c:d,[fe80::1]"),
    ("SSL_CERT_FILE", "/dev/null/nonexistent/cacert.pem"), ("SSL_CERT_FILE", "/"), ("SSL_CERT_FILE", __file__),
    ("SSL_CERT_FILE", os.devnull), ("SSL_CERT_DIR", "/dev/null/nonexistent"), ("SSL_CERT_DIR", __file__),
    ("SSLKEYLOGFILE", "/dev/null/nonexistent/keys"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(sys.modules, "socksio", None)


@pytest.fixture(params=BROKEN, ids=lambda pair: f"{pair[0]}={pair[1]!r}"[:40])
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    """A variable that is set to what cannot be used."""
    name, value = request.param
    monkeypatch.setenv(name, value)
    return name


def _line(error, name) -> None:
    assert name in error.message
    assert "hunter2" not in error.message
    assert error.__cause__ is None
    assert "unset it" in error.message or "give" in error.message
    assert error._render_traceback_() == [f"SettingsError: {error.message}"]


@pytest.mark.parametrize("make", [lambda: RunwayClient("user:4711-abcDEF123"), MediaClient], ids=["api", "media"])
def test_a_broken_variable_is_named_and_its_value_is_not(broken, make) -> None:
    with pytest.raises(SettingsError) as caught:
        make()
    _line(caught.value, broken)


def test_no_frame_has_the_environment_as_a_variable(broken) -> None:
    with pytest.raises(SettingsError) as caught:
        MediaClient()
    at = caught.value.__traceback__
    while at is not None:
        assert not [name for name, value in at.tb_frame.f_locals.items() if value is os.environ]
        at = at.tb_next


def test_a_link_of_the_user_is_a_mistake_that_names_the_variable(broken) -> None:
    with pytest.raises(errors.InvalidRequest) as caught:
        asyncio.run(fetch_picture("https://example.org/a.png"))
    assert broken in caught.value.message
    assert "hunter2" not in caught.value.message


def test_a_job_ends_in_that_line_and_nothing_was_sent(broken, tmp_path: Path) -> None:
    from runway_nb.studio import Studio

    studio = Studio(Settings(Secret("user:4711-abcDEF123"), "https://api.test", tmp_path / "home", tmp_path / "out"))
    try:
        job = studio.submit(VideoRequest("A lamp"))
        with pytest.raises(errors.RunwayError):
            job.wait(10)
        _line(job.error, broken)
        assert job.status == "REFUSED"
        assert studio.ledger.get(job.id).credits == 0
    finally:
        studio.close()


def test_this_machine_needs_none_of_them(broken) -> None:
    async def act(port):
        async with RunwayClient("user:4711-abcDEF123", base_url=port.address) as client:
            return await client.create(VideoRequest("x"))

    body = f'{{"taskId": "{TASK_ID}"}}'.encode()
    assert Port(says(head(f"Content-Length: {len(body)}") + body)).during(act).id == TASK_ID


def test_the_embedded_simulator_needs_none_of_them(broken, tmp_path: Path) -> None:
    async def act():
        connection = await connect(Settings(None, "https://api.test", tmp_path, tmp_path))
        try:
            return await connection.client.create(VideoRequest("x"))
        finally:
            await connection.client.aclose()
            await connection.media.aclose()
            await asyncio.to_thread(connection.release)

    assert asyncio.run(act()).status == "PENDING"


@pytest.mark.parametrize(
    "settings",
    [
        {"NO_PROXY": "*", "HTTPS_PROXY": "socks9://x"}, {"NO_PROXY": "localhost,127.0.0.1,::1,.example.org"},
        {"HTTPS_PROXY": "proxy.example.org:3128"}, {"HTTP_PROXY": "http://u:p%40ss@proxy.example.org"},
        {"ALL_PROXY": "https://[2001:db8::1]:3128"}, {"HTTPS_PROXY": "", "SSL_CERT_FILE": "", "NO_PROXY": ""},
        {"SSL_CERT_DIR": "/dev/null/nonexistent" + os.pathsep + os.getcwd()},
    ],
)  # fmt: skip
def test_what_can_be_used_is_used(monkeypatch: pytest.MonkeyPatch, settings) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert RunwayClient("user:4711-abcDEF123").origin == "https://api.useapi.net"


def test_what_nobody_thought_of_is_one_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_):
        raise KeyError("hunter2")

    monkeypatch.setattr(httpx, "AsyncClient", broken)
    with pytest.raises(SettingsError, match=r"no connection can be made \(KeyError\)"):
        RunwayClient("user:4711-abcDEF123")


@pytest.mark.parametrize("where", ["load_verify_locations", "AsyncClient"])
def test_without_a_handle_left_it_is_no_setting(monkeypatch: pytest.MonkeyPatch, where) -> None:
    def none_left(*_, **__):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setenv("SSL_CERT_FILE", ssl.get_default_verify_paths().cafile or __file__)
    if where == "AsyncClient":
        monkeypatch.delenv("SSL_CERT_FILE")
        monkeypatch.setattr(httpx, "AsyncClient", none_left)
    else:
        monkeypatch.setattr(ssl.SSLContext, where, none_left)
    with pytest.raises(errors.Unreachable, match="ulimit -n"):
        RunwayClient("user:4711-abcDEF123")
