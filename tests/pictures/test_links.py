"""A picture by its link: whatever comes, its bytes or one line, and never a private place behind a redirect."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import socket
import ssl
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from runway_nb import __version__
from runway_nb.api import link_guard
from runway_nb.errors import InvalidRequest
from runway_nb.pictures import links
from runway_nb.pictures.links import REDIRECTS, fetch_picture
from support.ports import Port, head, says

PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 500
SECRETS = ("sig=s3cr3t", "s3cr3t", "hunter2", "?", "abcDEF123")
QUERY = "?sig=s3cr3t#part"
URL = f"https://example.org/a.png{QUERY}"
TOKEN = "user:4711-abcDEF123"
LOOKUPS = {
    "public.test": ["93.184.216.34", "2606:2800:220:1::1"],
    "lan.test": ["192.168.1.7"],
    "half.test": ["93.184.216.34", "10.0.0.7"],
    "home.test": ["::1"],
    "nat64.test": ["64:ff9b::5db8:d822"],
    "scoped.test": ["fe80::1%eth0"],
    "none.test": [],
    "xn--bcher-kva.test": ["93.184.216.34"],
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USEAPI_TOKEN", TOKEN)


async def _resolve(host):
    if host not in LOOKUPS:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return LOOKUPS[host]


class Web:
    """Hosts that give their answers in turn, the last one for ever, and remember who asked for what."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    def fetch(self, url=URL, **options):
        options = {"resolve": _resolve, "transport": httpx.MockTransport(self), **options}
        try:
            return asyncio.run(fetch_picture(url, **options))
        finally:
            self.check_headers()

    def refused(self, url=URL, **options):
        with pytest.raises(InvalidRequest) as caught:
            self.fetch(url, **options)
        return _one_line(caught.value)

    def check_headers(self):
        for request in self.requests:
            assert request.headers["User-Agent"] == f"runway_nb/{__version__}"
            assert request.headers["Accept"] == "image/*"
            assert not {"authorization", "cookie", "proxy-authorization"} & set(request.headers)
            assert "abcDEF123" not in str(request.headers.raw)


def _one_line(error):
    """The line of an error, which is one, is printable, and says nothing that is nobody's business."""
    (line,) = error.problems
    assert line.isprintable()
    assert len(line) < 300
    assert [secret for secret in SECRETS if secret in line] == []
    assert error.__cause__ is None
    return line


def _to(location, status=302, **headers):
    return lambda _: httpx.Response(status, headers={"Location": location, **headers})


def _picture(_=None):
    return httpx.Response(200, content=PNG)


def _body(content, **headers):
    return lambda _: httpx.Response(200, content=content, headers=headers)


# --- what comes back --------------------------------------------------------------------------------


def test_a_picture_comes_as_it_is() -> None:
    web = Web(_picture)
    assert web.fetch() == PNG
    assert str(web.requests[0].url) == URL


@pytest.mark.parametrize("content", [b"x", b"\0" * 9, b"<?xml version='1.0'?><plan/>", b"{not json", b"[a", b"<!---->"])
def test_what_is_no_text_of_the_web_is_left_to_the_reader_of_pictures(content) -> None:
    assert Web(_body(content)).fetch() == content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!doctype html><p>", "web page"), (b"<!DOCTYPE HTML PUBLIC>", "web page"), (b"<html>", "web page"),
        (b"\xef\xbb\xbf \r\n\t<HTML lang=en>", "web page"), ("\ufeff<!doctype html>".encode("utf-16"), "web page"),
        (b"<!-- a --><!-- b -->\n<html>", "web page"), (b"<?xml version='1.0'?>\n<html>", "web page"),
        (b"<svg xmlns='x'/>", "export it as PNG"), (b"<?xml version='1.0'?><!-- a --><svg/>", "export it as PNG"),
        (b"<!DOCTYPE svg PUBLIC>", "export it as PNG"), (b"<html><svg>", "web page"),
        (b'{"error": "no"}', "JSON"), (b" {}", "JSON"), (b"[1, 2]", "JSON"), (b'[ {"a": 1}]', "JSON"),
        (b"", "answers with nothing"),
    ],
)  # fmt: skip
def test_text_of_the_web_is_told_as_such(content, words) -> None:
    line = Web(_body(content)).refused()
    assert line.startswith("the link to example.org answers with ")
    assert words in line


def test_json_of_any_form_is_seen() -> None:
    values: tuple[Any, ...] = ({"a": [1]}, [], [[]], ["a"], {})
    for value in values:
        assert "JSON" in Web(_body(json.dumps(value, indent=1).encode())).refused()


def test_ten_thousand_comments_take_no_time() -> None:
    began = time.process_time()
    Web(_body(b"<!---->" * 10_000 + b"x")).fetch()
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "is not open to everyone"), (403, "is not open to everyone"), (404, "is not there"),
        (410, "is not there"), (400, "HTTP 400"), (429, "HTTP 429"), (500, "HTTP 500"), (503, "HTTP 503"),
        (304, "HTTP 304"), (301, "HTTP 301"),
    ],
)  # fmt: skip
def test_a_refusal_of_the_host_is_told(status, words) -> None:
    line = Web(lambda _: httpx.Response(status, content=PNG)).refused()
    assert words in line
    assert str(status) in line
    assert "example.org" in line


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ConnectError("https://example.org/?sig=s3cr3t"), "cannot be reached"),
        (httpx.ReadError("x"), "breaks off"),
        (httpx.RemoteProtocolError("x"), "breaks off"),
        (httpx.ProxyError("x"), "proxy"),
        (httpx.InvalidURL("s3cr3t"), "proxy"),
        (OSError(5, "Input/output error"), "cannot be reached"),
        (socket.gaierror(-2, "Name or service not known"), "cannot be found"),
        (ssl.SSLCertVerificationError(1, "no"), "certificate"),
        (UnicodeEncodeError("idna", "x", 0, 1, "label too long"), "cannot be found"),
        (ImportError("socksio"), "proxy"),
    ],
)
def test_trouble_below_is_told_in_our_words(error, words) -> None:
    assert words in Web(error).refused()


def test_a_cancelled_fetch_is_cancelled() -> None:
    async def cancelled():
        task = asyncio.create_task(fetch_picture(URL, transport=httpx.MockTransport(_sleep)))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def _sleep(request):
        await asyncio.sleep(60)

    asyncio.run(cancelled())


# --- the link that the user gives -------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "", " ", "a.png", "/etc/passwd", "//example.org/a.png", "file:///etc/passwd", "ftp://example.org/a.png",
        "data:image/png;base64,AAAA", "javascript:alert(1)", "https:", "https://", "https:///a.png", "https://?sig=s3cr3t",
        "https:\\\\example.org\\a.png", "https://exa mple.org/", "https://%65xample.org/", "https://exam\nple.org/",
        "https://[::1/", "https://[zz]/", "https://1.2.3.999/", "https://example.org:x/", "https://example.org:-1/",
        "https://example.org:99999/", "https://\ud800.org/", "https://xn--a\u00e4.org/",
        "https://" + "\u2603" * 99 + "/",
        "https://./", "https://user:hunter2@example.org/", "https://hunter2@example.org/a.png", "https://user:hun/ter2",
        "https://:hunter2@example.org/", "https://example.org\\@public.test/", "https://[fe80::1%25a b]/",
        "https://example.org/" + "a" * 70_000, "user:hunter2@example.org/a.png", "https://user:hunter2@/",
    ],
)  # fmt: skip
def test_what_is_no_link_to_fetch_is_refused_unsent(url) -> None:
    web = Web(_picture)
    assert web.refused(url).startswith("the link ")
    assert web.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8888/files/a.png", "http://127.0.0.1/a.png", "http://192.168.1.7/a.png", "http://[::1]:8/a",
        "http://nas.local/a.png", "HTTPS://EXAMPLE.ORG/A.PNG", "https://example.org./a.png", "http://2130706433/a",
        f" {URL}\n", "https://b\u00fccher.test/\u00e4 b.png?q=\u2603#\u00e9", "http://my_nas:5000/a", "http://0x7f.1/a",
        "https://example.org:443/a", "https://example.org/%zz%00|<>`{}", "http://[fe80::1%25eth0]/a",
    ],
)  # fmt: skip
def test_the_user_may_name_any_host(url) -> None:
    assert Web(_picture).fetch(url, resolve=None) == PNG


def test_a_very_long_host_is_cut_in_the_line() -> None:
    assert "..." in Web(_body(b"")).refused("https://" + "a." * 5000 + "org/")


# --- where a redirect may lead ----------------------------------------------------------------------

REFUSED = [
    "http://127.0.0.1/x", "http://127.0.0.1:8888/x", "http://127.8.9.1/", "http://127.0.0.1./", "http://localhost/",
    "http://LOCALHOST/", "http://localhost./", "http://a.localhost/", "http://0.0.0.0/", "http://10.0.0.7/",
    "http://172.16.0.1/", "http://192.168.1.7/", "http://169.254.169.254/latest/meta-data", "http://100.64.0.1/",
    "http://224.0.0.1/", "http://239.1.1.1/", "http://255.255.255.255/", "http://240.0.0.1/", "http://2130706433/",
    "http://0x7f.1/", "http://0x7f000001/", "http://0X7F.0.0.1/", "http://127.1/", "http://0/", "http://017700000001/",
    "http://134744072/", "http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:a00:7]/",
    "http://[::127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[64:ff9b::10.0.0.7]/", "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::1]/", "http://[2002:c0a8:107::]/", "http://[2001:0:4136:e378::1]/", "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/", "http://[2606:2800:220:1::1%25eth0]/", "http://[fd00::1]/", "http://[fec0::1]/",
    "http://[ff02::1]/", "http://[ff0e::1]/", "http://[2001:db8::1]/", "http://lan.test/", "http://LAN.test./",
    "http://half.test/", "http://home.test/", "http://scoped.test/", "http://none.test/", "http://unknown.test/",
    "//lan.test/x", "file:///etc/passwd", "ftp://public.test/a.png", "data:image/png;base64,AAAA", "javascript:1",
    "http://user:hunter2@public.test/", "http://hunter2@example.org/", "http://[::1", "http://public.test:x/",
    "http://public.test:99999/", "http://%6cocalhost/", "http://127.0.0.1%00.public.test/", "http://\\\\127.0.0.1/",
]  # fmt: skip


@pytest.mark.parametrize("target", REFUSED)
def test_a_redirect_to_a_private_place_is_not_followed(target) -> None:
    web = Web(_to(target), _picture)
    line = web.refused(f"http://example.org/a.png{QUERY}")
    assert line.startswith("the link to example.org leads on to ")
    assert [request.url.host for request in web.requests] == ["example.org"]


ALLOWED = [
    "http://public.test/b.png", "https://public.test/b.png", "https://PUBLIC.test./b.png", "http://public.test:8080/",
    "http://93.184.216.34/", "http://8.8.8.8./", "http://[2606:2800:220:1::1]/", "http://[::ffff:8.8.8.8]/",
    "http://[64:ff9b::808:808]/", "http://[2002:808:808::1]/", "http://nat64.test/", "https://b\u00fccher.test/",
    "http://", "/b.png", "b.png", "?size=large", "//example.org/b.png", "http://example.org/b.png", "http://EXAMPLE.org.:80/b.png",
    "https://example.org/b.png", "https://example.org:443/b.png",
]  # fmt: skip


@pytest.mark.parametrize("target", ALLOWED)
def test_a_redirect_to_a_public_place_or_the_same_is_followed(target) -> None:
    web = Web(_to(target.encode()), _picture)
    assert web.fetch("http://example.org/a.png") == PNG
    assert len(web.requests) == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_kind_of_redirect_is_followed_and_judged(status) -> None:
    assert Web(_to("https://public.test/b", status), _picture).fetch() == PNG
    assert "a private address" in Web(_to("https://lan.test/b", status), _picture).refused()


@pytest.mark.parametrize(
    ("typed", "target", "followed"),
    [
        ("http://localhost:8888/a", "/b", True), ("http://localhost:8888/a", "http://localhost:8888/b", True),
        ("http://localhost:8888/a", "https://localhost:8888/b", True),
        ("http://localhost/a", "https://localhost/b", True), ("http://localhost:8888/a", "http://localhost:22/", False),
        ("http://localhost:8888/a", "http://127.0.0.1:8888/", False), ("http://10.0.0.7/a", "http://10.0.0.8/", False),
        ("http://192.168.1.7/a", "http://192.168.1.7:8080/", False), ("http://home.test/a", "http://[::1]/", False),
        ("http://192.168.1.7/a", "http://public.test/", True), ("http://lan.test/a", "http://lan.test:81/", False),
        ("http://public.test/a", "http://public.test:81/", True), ("https://nas.test/a", "https://nas.test/b", True),
        ("http://lan.test/a", "https://lan.test:8443/", False), ("http://[::1]/a", "http://[::1]:9/", False),
        ("https://public.test/a", "http://public.test/b", False), ("https://lan.test/a", "http://lan.test/b", False),
        ("https://example.org/a", "http://public.test/b", False),
    ],
)  # fmt: skip
def test_the_place_that_the_user_named_is_host_and_port(typed, target, followed) -> None:
    web = Web(_to(target), _picture)
    if followed:
        assert web.fetch(typed) == PNG
    else:
        web.refused(typed)
        assert len(web.requests) == 1


def test_every_step_is_judged_and_told() -> None:
    web = Web(_to("http://public.test/b"), _to("http://lan.test/c"), _picture)
    line = web.refused("http://example.org/a")
    assert line.startswith("the link to example.org (by way of public.test) leads on to lan.test, a private address")
    assert len(web.requests) == 2


def test_a_later_step_down_from_https_is_refused() -> None:
    line = Web(_to("https://public.test/b"), _to("http://public.test/c"), _picture).refused("http://example.org/a")
    assert "from https to http" in line


def test_a_way_back_to_the_place_of_the_user_is_open() -> None:
    assert Web(_to("http://public.test/b"), _to("http://lan.test/c"), _picture).fetch("http://lan.test/a") == PNG


@pytest.mark.parametrize("number", [REDIRECTS, REDIRECTS + 1])
def test_redirects_are_counted(number) -> None:
    web = Web(*[_to("/next")] * number, _picture)
    if number <= REDIRECTS:
        assert web.fetch() == PNG
    else:
        assert "more than 5 times" in web.refused()
        assert len(web.requests) == REDIRECTS + 1


def test_cookies_stay_behind() -> None:
    web = Web(
        _to("/b", **{"Set-Cookie": "a=b"}), _to("https://public.test/", **{"Set-Cookie": "c=d; Path=/"}), _picture
    )
    assert web.fetch() == PNG
    assert len(web.requests) == 3


def test_a_login_in_the_netrc_is_left_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine example.org login u password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Web(_picture).fetch() == PNG


def test_the_body_of_a_redirect_is_not_read() -> None:
    async def endless():
        raise AssertionError("it was read")
        yield b""

    web = Web(lambda _: httpx.Response(302, headers={"Location": "/b"}, content=endless()), _picture)
    assert web.fetch() == PNG


@pytest.mark.parametrize("url", ["http://localhost/a", "http://127.0.0.1/a", "https://[::1]/a"])
def test_this_machine_needs_no_proxy_and_no_certificates_and_the_next_host_does(
    url, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    class Client(httpx.AsyncClient):
        def __init__(self, **options):
            made.append((options["verify"], options["trust_env"]))
            super().__init__(**options)

    monkeypatch.setattr(links.httpx, "AsyncClient", Client)
    assert Web(_to("https://public.test/b"), _picture).fetch(url) == PNG
    assert made == [(False, False), (True, True)]


# --- sizes, with the limit made small ---------------------------------------------------------------


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch):
    """Bytes of the largest picture."""
    monkeypatch.setattr(links, "LARGEST_FILE", 100_000)
    return 100_000


def _stream(content, **headers):
    async def chunks():
        for start in range(0, len(content), 7_000):
            yield content[start : start + 7_000]

    return lambda _: httpx.Response(200, content=chunks(), headers=headers)


@pytest.mark.parametrize("length", ["100001", "9" * 30, "9" * 5000])
def test_a_promise_is_believed_when_it_is_too_large(limit, length) -> None:
    assert "leads to more than" in Web(_body(PNG, **{"Content-Length": length})).refused()


@pytest.mark.parametrize("length", ["", "many", "-1", "\u00b2", "7"])
def test_any_other_promise_is_not_trusted(limit, length) -> None:
    assert Web(_body(PNG, **{"Content-Length": length.encode()})).fetch() == PNG


@pytest.mark.parametrize("more", [0, 1, 100_000])
@pytest.mark.parametrize("make", [_body, _stream])
@pytest.mark.parametrize("packed", [False, True])
def test_the_limit_counts_unpacked_bytes(limit, more, make, packed) -> None:
    content = b"\x89" * (limit + more)
    web = Web(make(gzip.compress(content, mtime=0), **{"Content-Encoding": "gzip"}) if packed else make(content))
    if more:
        assert "leads to more than" in web.refused()
    else:
        assert web.fetch() == content


@pytest.mark.parametrize("encoding", ["gzip", "X-GZIP", "deflate", "identity", ""])
def test_packed_bytes_are_unpacked(encoding) -> None:
    packers: dict[str, Callable[[bytes], bytes]] = {
        "deflate": zlib.compress, "gzip": gzip.compress, "x-gzip": gzip.compress,
    }  # fmt: skip
    pack = packers.get(encoding.lower(), bytes)
    assert Web(_stream(pack(PNG * 99), **{"Content-Encoding": encoding})).fetch() == PNG * 99


PACKED = gzip.compress(PNG, mtime=0)
"""Without the time, so that the test has the same name in every process."""


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (PACKED[:-9], "gzip"), (PACKED + b"more", "gzip"), (PNG, "gzip"), (b"", "gzip"), (PACKED * 2, "gzip"),
        (PNG, "br"), (PNG, "zstd"), (gzip.compress(PACKED, mtime=0), "gzip, gzip"),
    ],
)  # fmt: skip
def test_bytes_packed_badly_are_refused(content, encoding) -> None:
    assert "packed bytes" in Web(_stream(content, **{"Content-Encoding": encoding})).refused()


def test_no_packed_bytes_are_asked_for() -> None:
    web = Web(_picture)
    web.fetch()
    assert web.requests[0].headers["Accept-Encoding"] == "identity"


# --- a real server on this machine ------------------------------------------------------------------


class Server(Port):
    """A port on this machine, and the fetching of a picture from it."""

    def opened(self):
        """Called when the port is known."""

    def fetch(self, url="http://127.0.0.1:{port}/a.png" + QUERY, **options):
        async def act(_):
            self.opened()
            return await fetch_picture(url.format(port=self.number), **{"resolve": _resolve, "seconds": 5.0, **options})

        try:
            return self.during(act)
        finally:
            for lines in self.heads:
                assert not re.search("(?i)authorization|cookie|abcDEF123", lines)

    def refused(self, *args, **options):
        with pytest.raises(InvalidRequest) as caught:
            self.fetch(*args, **options)
        return _one_line(caught.value)


def test_a_picture_comes_from_a_real_server() -> None:
    server = Server(says(head(f"Content-Length: {len(PNG)}"), PNG))
    assert server.fetch() == PNG
    assert f"user-agent: runway_nb/{__version__}" in server.heads[0].lower()


def test_a_picture_without_a_length_comes_whole() -> None:
    assert Server(says(head("Connection: close"), PNG, PNG)).fetch() == PNG * 2


def test_a_bomb_of_packed_bytes_stays_small_in_memory(limit) -> None:
    bomb = gzip.compress(b"\0" * 64_000_000, mtime=0)
    server = Server(says(head(f"Content-Length: {len(bomb)}", "Content-Encoding: gzip"), bomb))
    tracemalloc.start()
    try:
        assert "leads to more than" in server.refused()
        assert tracemalloc.get_traced_memory()[1] < limit + 4_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("lines", [["Connection: close"], ["Content-Length: 99999"]])
def test_no_more_is_read_than_the_limit_and_what_lies_in_the_pipes(limit, lines) -> None:
    async def endless(_):
        yield head(*lines)
        for _ in range(3_000):
            yield b"x" * 65_536

    server = Server(endless)
    if lines == ["Connection: close"]:
        assert "leads to more than" in server.refused()
    else:
        server.fetch()
    assert server.sent < limit + 20_000_000


def test_a_length_that_is_too_large_is_believed(limit) -> None:
    async def nothing_more(_):
        yield head(f"Content-Length: {limit + 1}")
        await asyncio.sleep(60)

    began = time.perf_counter()
    assert "leads to more than" in Server(nothing_more).refused()
    assert time.perf_counter() - began < 2


def test_a_drip_without_end_is_ended() -> None:
    async def drip(_):
        yield head("Connection: close")
        while True:
            yield b"x"
            await asyncio.sleep(0.02)

    began = time.perf_counter()
    line = Server(drip).refused(seconds=0.3)
    assert line.startswith("the link to 127.0.0.1 has not delivered within 0.3 s")
    assert 0.2 < time.perf_counter() - began < 2


@pytest.mark.parametrize("before", [[], [b"HTTP/1.1 200 OK\r\nX: "]])
def test_headers_that_never_come_are_not_waited_for(before) -> None:
    async def silent(_):
        for part in before:
            yield part
        await asyncio.sleep(60)

    assert "within 0.2 s" in Server(silent).refused(seconds=0.2)


def test_one_clock_counts_for_all_redirects() -> None:
    async def slowly(_):
        await asyncio.sleep(0.15)
        yield b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"

    assert "within 0.3 s" in Server(slowly).refused(seconds=0.3)


def test_a_resolver_that_never_answers_is_not_waited_for() -> None:
    async def never(_):
        await asyncio.sleep(60)

    assert "within 0.1 s" in Web(_to("https://public.test/")).refused(resolve=never, seconds=0.1)


@pytest.mark.parametrize(
    "parts",
    [
        [], [b"junk\r\n\r\n"], [b"HTTP/1.1 200"], [head("Content-Length: 5000"), PNG],
        [head("Transfer-Encoding: chunked"), b"5\r\nabcde\r\n"], [head("Transfer-Encoding: chunked"), b"zz\r\n"],
        [head("Content-Length: -5"), PNG], [head("Content-Length: 1, 2"), PNG],
        [b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 99_999],
    ],
)  # fmt: skip
def test_an_answer_that_breaks_off_is_told(parts) -> None:
    assert "breaks off" in Server(says(*parts)).refused()


def test_a_port_where_nobody_listens_is_told() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert "cannot be reached" in Web(_picture).refused(
            f"http://127.0.0.1:{unused.getsockname()[1]}/a.png{QUERY}", transport=None
        )


def test_a_server_without_tls_is_told() -> None:
    server = Server(says(b"HTTP/1.1 400 no\r\n\r\n"), listens=False)
    assert "certificate" in server.refused("https://127.0.0.1:{port}/a?sig=s3cr3t")


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 64 + ".test", "a..b"])
def test_a_host_that_does_not_exist_is_told(host, monkeypatch: pytest.MonkeyPatch) -> None:
    _system_names(monkeypatch, {})
    assert "cannot be found" in Web(_picture).refused(f"http://{host}/a.png", transport=None)


def _system_names(monkeypatch, names) -> None:
    """What the system finds for a name; this machine is found as ever."""
    real = socket.getaddrinfo

    def getaddrinfo(host, *args, **options):
        host = host.decode() if isinstance(host, bytes) else host
        if host not in names and host != "127.0.0.1":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(names.get(host, host), *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_names_are_found_by_the_system_when_nobody_else_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    _system_names(monkeypatch, {"inner.test": "127.0.0.1"})
    options = {"resolve": link_guard.system_addresses}
    for name, words in [("inner.test", "a private address"), ("b" * 64 + ".test", "cannot be found")]:
        assert words in Web(_to(f"https://{name}/"), _picture).refused(**options)


def _redirected_to(target):
    async def serve(server):
        location = target.format(port=server.number)
        first = len(server.heads) == 1
        yield f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode() if first else head()

    return serve


def test_a_name_that_resolves_anew_to_this_machine_gets_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look finds a public address, the connection goes to a private one."""
    _system_names(monkeypatch, {"public.test": "127.0.0.1"})
    server = Server(_redirected_to("http://public.test:{port}/secret"))
    assert "public.test, a private address" in server.refused()
    assert [lines.partition("\r\n")[0] for lines in server.heads if lines] == ["GET /a.png?sig=s3cr3t HTTP/1.1"]


# --- behind a proxy ---------------------------------------------------------------------------------


class Proxy(Server):
    """A proxy on this machine; names are known to it alone."""

    def opened(self):
        self._patch.setenv("HTTP_PROXY", self.address)
        self._patch.setenv("http_proxy", self.address)

    def fetch(self, url="http://far.test/a.png" + QUERY, **options):
        with pytest.MonkeyPatch.context() as self._patch:
            return super().fetch(url, **options)


def _first_then(location):
    async def serve(server):
        if len(server.heads) == 1:
            yield f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
        else:
            yield head(f"Content-Length: {len(PNG)}") + PNG

    return serve


@pytest.mark.parametrize("target", ["http://unknown.test/b.png", "http://public.test/b.png"])
def test_a_name_that_only_the_proxy_knows_is_its_affair(target) -> None:
    server = Proxy(_first_then(target))
    assert server.fetch() == PNG
    assert [lines.split()[1] for lines in server.heads] == ["http://far.test/a.png?sig=s3cr3t", target]


@pytest.mark.parametrize("target", ["http://lan.test/", "http://127.0.0.1/", "http://localhost/", "http://0x7f.1/"])
def test_a_proxy_opens_no_private_place(target) -> None:
    server = Proxy(_first_then(target))
    assert "a private address" in server.refused()
    assert len(server.heads) == 1


@pytest.mark.parametrize("proxy", ["socks9://127.0.0.1:1", "http://[zz]:1", "http://127.0.0.1:x"])
def test_a_proxy_that_is_none_is_told(proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    assert "through the proxy" in Web(_picture).refused("http://far.test/a.png", transport=None)
