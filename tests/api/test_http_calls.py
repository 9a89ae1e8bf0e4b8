"""One call of the API on the wire: on one clock, no larger than it may be, and "maybe sent" only when it may be."""

from __future__ import annotations

import asyncio
import errno
import gzip
import json
import socket
import ssl
import time
import tracemalloc
from pathlib import Path

import httpx
import pytest

from runway_nb import errors
from runway_nb.api import client as client_module
from runway_nb.api.client import RunwayClient
from runway_nb.api.http_body import DEEPEST, MOST_VALUES, read_json
from runway_nb.api.http_calls import BUSY_LIMIT, JSON_LIMIT
from runway_nb.keyframes import Keyframes
from runway_nb.request import VideoRequest
from runway_nb.settings import Secret
from runway_nb.values.plain import HALF
from support.ports import Port, bomb, endless_gzip, head, says
from support.strategies import ASSET_ID, TASK_ID

TOKEN = "user:4711-abcDEF123"
REQUEST = VideoRequest("A lamp turns", seed=7, reply_ref="rnb-1")
CALLS = {
    "create": (REQUEST,), "task": (TASK_ID,), "tasks": (), "running": (), "assets": (), "asset": (ASSET_ID,),
    "accounts": (), "credits": (), "delete_task": (TASK_ID,), "stop_tracking": (TASK_ID,), "delete_asset": (ASSET_ID,),
    "upscaled": ("https://cdn.test/a", (8, 8)),
}  # fmt: skip
READS = [name for name in CALLS if name != "create"]


async def _at_once(_) -> None:
    pass


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks of a tenth of a second."""
    for name in ("CREATE_SECONDS", "READ_SECONDS", "UPLOAD_SECONDS"):
        monkeypatch.setattr(client_module, name, 0.1)
    for name in ("READ_PAUSES", "UPLOAD_PAUSES"):
        monkeypatch.setattr(client_module, name, ())


def _fails(port, name, /, *arguments, base="", **options):
    """The error of a call; whatever it is, it is one of ours, and knows no foreign one."""

    async def act(port):
        async with RunwayClient(Secret(TOKEN), base_url=base or port.address, sleep=_at_once) as client:
            with pytest.raises(errors.RunwayError) as caught:
                await getattr(client, name)(*(arguments or CALLS.get(name, ())), **options)
            return caught.value

    error = port.during(act)
    assert error.__cause__ is None
    assert TOKEN not in repr(error)
    return error


# --- time -------------------------------------------------------------------------------------------

PACKED = gzip.compress(b"{}", mtime=0)
"""The same in every process: it stands in the names of tests."""
SLOW = {
    "a head that never comes": says(b"HTTP/1.1 200 OK\r\n", pause=0.02, forever=b"x"),
    "a head without an end": says(b"HTTP/1.1 200 OK\r\n", pause=0.02, forever=b"x: y\r\n"),
    "a body, byte by byte": says(head("Connection: close"), pause=0.02, forever=b" "),
    "a chunk that never begins": says(head("Transfer-Encoding: chunked") + b"1;", pause=0.02, forever=b"x"),
    "nothing but hints": says(pause=0.02, forever=b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "a refusal, byte by byte": says(head("Connection: close", status="400 no"), pause=0.02, forever=b" "),
}


def _given_up_after(answer, name, /, *arguments, **options) -> float:
    """The seconds after which a call without a whole answer is given up.

    Asked again where a busy machine did not even connect in the tenth of a second: then nothing was sent.
    """
    for _ in range(5):
        began = time.perf_counter()
        error = _fails(Port(SLOW[answer]), name, *arguments, **options)
        seconds = time.perf_counter() - began
        if type(error) is not errors.Unreachable:
            break
    assert type(error) is errors.NoAnswer
    return seconds


@pytest.mark.parametrize("answer", SLOW)
@pytest.mark.parametrize("name", ["create", "task", "upscaled", "delete_task"])
def test_no_call_takes_longer_than_its_clock(hurry, answer, name) -> None:
    assert 0.08 < _given_up_after(answer, name) < 1.5


def test_an_upload_has_a_clock_that_grows_with_it(hurry, monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"name": "a", "content_type": "image/png"}
    assert _given_up_after("a body, byte by byte", "upload", b"x", **data) < 1.5
    monkeypatch.setattr(client_module, "UPLOAD_PACE", 2.0)
    assert _given_up_after("a body, byte by byte", "upload", b"xx", **data) > 1.1


def test_a_connection_that_is_never_made_is_no_doubt(hurry) -> None:
    """The queue of a port that takes nobody in."""

    async def act(port):
        async with RunwayClient(TOKEN, base_url=f"https://127.0.0.1:{port.number}") as client:
            with pytest.raises(errors.Unreachable, match="nothing was sent"):
                await client.create(REQUEST)

    # it takes the connection and says nothing to the greeting of TLS
    Port(says(pause=0.05, forever=b""), listens=False).during(act)


# --- size -------------------------------------------------------------------------------------------


@pytest.mark.slow("unpacks 100 MB")
@pytest.mark.parametrize("name", ["create", "task", "tasks"])
def test_a_packed_bomb_is_not_unpacked(name) -> None:
    port = Port(says(head("Content-Encoding: gzip", "Connection: close") + bomb(100)))
    tracemalloc.start()
    try:
        error = _fails(port, name)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert type(error) is errors.ServerError
    assert "more than 32 MB" in error.message
    assert peak < 2.2 * JSON_LIMIT


@pytest.mark.parametrize("name", ["create", "task", "upscaled"])
def test_a_body_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch, name) -> None:
    monkeypatch.setattr(client_module, "PICTURE_LIMIT", 1_000_000)
    monkeypatch.setattr("runway_nb.api.http_calls.ApiHttp.call.__defaults__", (1_000_000,))
    monkeypatch.setattr(client_module, "READ_PAUSES", ())
    monkeypatch.setattr(client_module, "UPLOAD_PAUSES", ())
    for serve in (endless_gzip(), says(head("Connection: close"), forever=bytes(65536))):
        port = Port(serve)
        assert "more than 1 MB" in _fails(port, name).message
        assert port.sent < 20_000_000


def test_a_promise_that_is_too_large_is_believed() -> None:
    port = Port(says(head(f"Content-Length: {JSON_LIMIT + 1}"), pause=1.0, forever=b" "))
    began = time.perf_counter()
    assert type(_fails(port, "create")) is errors.ServerError
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "nonsense"])
def test_bytes_packed_unasked_are_a_doubt(encoding) -> None:
    error = _fails(Port(says(head(f"Content-Encoding: {encoding}", "Connection: close") + b"x" * 99)), "create")
    assert type(error) is errors.ServerError
    assert "packed" in error.message


@pytest.mark.parametrize("packed", [PACKED[:-3], b"{}", b"", PACKED * 2])
def test_bytes_packed_badly_are_a_doubt(packed) -> None:
    port = Port(says(head("Content-Encoding: gzip", "Connection: close") + packed))
    assert type(_fails(port, "create")) is errors.ServerError


def test_packed_json_is_read() -> None:
    body = gzip.compress(json.dumps({"taskId": TASK_ID, "status": "PENDING"}).encode())
    port = Port(says(head("Content-Encoding: gzip", f"Content-Length: {len(body)}") + body))

    async def act(port):
        async with RunwayClient(TOKEN, base_url=port.address) as client:
            return await client.create(REQUEST)

    assert port.during(act).id == TASK_ID
    assert "accept-encoding: gzip\r\n" in port.heads[0].lower()


@pytest.mark.parametrize(("status", "kind"), [(400, errors.BadRequest), (412, errors.NotEnoughCredits)])
def test_a_refusal_stays_one_however_long_it_is(status, kind) -> None:
    for serve in (
        says(head("Connection: close", status=f"{status} no") + b'{"error": "', forever=b"x" * 65536),
        says(head("Content-Encoding: gzip", "Connection: close", status=f"{status} no") + bomb(100)),
        says(head("Content-Encoding: br", "Connection: close", status=f"{status} no") + b"x"),
        says(head("Content-Length: 999999999", status=f"{status} no") + b"no" * 99_999),
    ):
        port = Port(serve)
        assert type(_fails(port, "create")) is kind
        assert port.sent < 20_000_000


def test_the_tasks_that_a_429_names_are_all_read_or_it_is_a_doubt() -> None:
    holders = {"a": [{"taskId": f"{TASK_ID[:-4]}{n:04}", "replyRef": "r" * 900} for n in range(500)]}
    body = json.dumps({"error": "busy", "runningTasks": holders}).encode()
    port = Port(says(head(f"Content-Length: {len(body)}", status="429 busy") + body))
    error = _fails(port, "create")
    assert isinstance(error, errors.RateLimited)
    assert len(error.running) == 500
    port = Port(says(head(f"Content-Length: {BUSY_LIMIT + 1}", status="429 busy")))
    assert type(_fails(port, "create")) is errors.ServerError


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000, "[" * (DEEPEST + 2) + "]" * (DEEPEST + 2), '{"a":' * 900 + "1" + "}" * 900,
        "[" + "[]," * MOST_VALUES + "1]", "[" + "1," * (MOST_VALUES + 1) + "1]", '{"taskId":%s}' % ("9" * 5000),
        "nonsense", "", "\ufeff{}", '{"taskId"',
    ],
    ids=lambda text: text[:9],
)  # fmt: skip
def test_json_that_is_none_or_too_much_is_a_doubt(text) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=text))
    client = RunwayClient(TOKEN, base_url="https://a.test", transport=transport)
    began = time.process_time()
    with pytest.raises(errors.ServerError):
        asyncio.run(client.create(REQUEST))
    assert time.process_time() - began < 1


def test_a_large_page_is_read_off_the_loop() -> None:
    page = json.dumps([{"taskId": f"{TASK_ID}{n}", "name": "x" * 400} for n in range(5_000)]).encode()

    async def read():
        turns = 0
        work = asyncio.ensure_future(read_json(page))
        while not work.done():
            turns += 1
            await asyncio.sleep(0)
        return turns, len(work.result())

    turns, length = asyncio.run(read())
    assert length == 5_000
    assert turns > 2


def test_an_answer_that_cannot_be_understood_is_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(_):
        raise ZeroDivisionError

    monkeypatch.setattr(client_module.Task, "from_wire", odd)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"taskId": TASK_ID}))
    client = RunwayClient(TOKEN, base_url="https://a.test", transport=transport)
    with pytest.raises(errors.ServerError, match="cannot be understood"):
        asyncio.run(client.create(REQUEST))


# --- maybe sent, or certainly not -------------------------------------------------------------------


@pytest.mark.parametrize("parts", [[], [b"junk\r\n\r\n"], [b"HTTP/1.1 200"], [head("Content-Length: 50") + b"{"]])
def test_what_breaks_after_the_request_left_is_a_doubt(parts) -> None:
    assert type(_fails(Port(says(*parts)), "create")) is errors.NoAnswer


def test_a_port_where_nobody_listens_got_nothing() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{unused.getsockname()[1]}"
        assert type(_fails(Port(says()), "create", base=base)) is errors.Unreachable


def test_a_host_without_tls_got_nothing() -> None:
    async def act(port):
        async with RunwayClient(TOKEN, base_url=f"https://127.0.0.1:{port.number}") as client:
            with pytest.raises(errors.Unreachable, match="nothing was sent"):
                await client.create(REQUEST)

    Port(says(head(status="400 no")), listens=False).during(act)


@pytest.mark.parametrize(
    "answer",
    [head(status="403 no"), head(status="407 who"), head(), b"junk\r\n\r\n", b""],
    ids=["refuses", "asks who", "no tls behind", "junk", "hangs up"],
)
def test_a_tunnel_that_is_not_opened_carried_nothing(monkeypatch: pytest.MonkeyPatch, answer) -> None:
    port = Port(says(answer))

    async def act(port):
        monkeypatch.setenv("HTTPS_PROXY", port.address)
        async with RunwayClient(TOKEN, base_url="https://api.test/v1") as client:
            with pytest.raises(errors.Unreachable, match="nothing was sent") as caught:
                await client.create(REQUEST)
            return caught.value

    assert port.during(act).__cause__ is None
    assert [line.split()[0] for line in port.heads] == ["CONNECT"]
    assert "4711" not in port.heads[0]


def test_without_a_handle_for_a_connection_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_, **__):
        raise OSError(errno.EMFILE, "Too many open files")

    async def act(port):
        async with RunwayClient(TOKEN, base_url=port.address) as client:
            with monkeypatch.context() as patch:
                patch.setattr(socket, "socket", none_left)
                with pytest.raises(errors.Unreachable, match=r"ulimit -n.*nothing was sent"):
                    await client.create(REQUEST)

    port = Port(says(head("Content-Length: 2") + b"{}"))
    port.during(act)
    assert port.heads == []


@pytest.mark.parametrize(
    ("host", "error"),
    [
        ("a" * 64 + ".test", UnicodeError("label empty or too long")),
        ("nowhere.invalid", socket.gaierror(socket.EAI_NONAME, "Name or service not known")),
    ],
    ids=["too long", "unknown"],
)
def test_a_name_that_cannot_be_found_got_nothing(monkeypatch: pytest.MonkeyPatch, host, error) -> None:
    def getaddrinfo(*_, **__):
        raise error

    async def act():
        async with RunwayClient(TOKEN, base_url=f"https://{host}") as client:
            with pytest.raises(errors.Unreachable, match=r"cannot be found.*nothing was sent"):
                await client.create(REQUEST)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    asyncio.run(act())


def test_a_closed_client_sends_nothing() -> None:
    async def act():
        client = RunwayClient(TOKEN, base_url="http://127.0.0.1:9")
        await client.aclose()
        with pytest.raises(errors.Unreachable, match="nothing was sent"):
            await client.create(REQUEST)

    asyncio.run(act())


BEFORE = [
    httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x"), httpx.UnsupportedProtocol("x"),
    httpx.ProxyError("x"), httpx.InvalidURL("x"), OSError(errno.EMFILE, "x"), OSError(errno.ENFILE, "x"),
    socket.gaierror(-2, "x"), ssl.SSLCertVerificationError(1, "x"), UnicodeError("x"),
    UnicodeEncodeError("idna", "x", 0, 1, "x"),
]  # fmt: skip
AFTER = [
    httpx.ReadError("x"), httpx.WriteError("x"), httpx.ReadTimeout("x"), httpx.WriteTimeout("x"),
    httpx.RemoteProtocolError("x"), httpx.DecodingError("x"), httpx.CloseError("x"), httpx.StreamClosed(),
    OSError(5, "x"), ConnectionResetError("x"), ssl.SSLError("x"), ValueError("x"), RuntimeError("x"), KeyError("x"),
    AssertionError("x"), UnicodeDecodeError("utf-8", b"x", 0, 1, "x"), RecursionError("x"), MemoryError("x"),
]  # fmt: skip


@pytest.mark.parametrize("name", ["create", "task", "delete_task", "upscaled"])
@pytest.mark.parametrize("error", [*BEFORE, *AFTER], ids=repr)
def test_whatever_a_transport_raises_is_one_of_our_errors(monkeypatch: pytest.MonkeyPatch, name, error) -> None:
    def broken(_):
        raise error

    monkeypatch.setattr(client_module, "READ_PAUSES", ())
    monkeypatch.setattr(client_module, "UPLOAD_PAUSES", ())
    client = RunwayClient(TOKEN, base_url="https://a.test", transport=httpx.MockTransport(broken))
    with pytest.raises(errors.RunwayError) as caught:
        asyncio.run(getattr(client, name)(*CALLS[name]))
    assert type(caught.value) is (errors.Unreachable if error in BEFORE else errors.NoAnswer)
    assert caught.value.__cause__ is None


# --- what is prepared, and what cannot be -----------------------------------------------------------

LONE = "a\ud800b"


@pytest.mark.parametrize("multipart", [False, True])
def test_what_is_prepared_is_whole_and_is_what_leaves(multipart) -> None:
    seen = []

    def answer(request):
        seen.append(request)
        return httpx.Response(200, json={"taskId": TASK_ID})

    client = RunwayClient(
        TOKEN, base_url="https://a.test/v1", multipart=multipart, transport=httpx.MockTransport(answer)
    )
    prepared = client.prepare(REQUEST)
    assert seen == []
    assert asyncio.run(client.send(prepared)).id == TASK_ID
    (request,) = seen
    assert (request.content, request.headers["Content-Type"]) == (prepared.content, prepared.content_type)
    assert request.headers["Content-Length"] == str(len(prepared.content))
    assert TOKEN not in repr(prepared)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (VideoRequest(LONE), "prompt"), (VideoRequest("x", reply_ref=LONE), "reply_ref"),
        (VideoRequest("x", reply_url=f"https://a.test/{LONE}"), "reply_url"),
        (VideoRequest("x", Keyframes(first=ASSET_ID.replace("@", f"{LONE}@"))), "first"),
        (VideoRequest("x", Keyframes(last=ASSET_ID.replace("@", f"{LONE}@"))), "last"),
    ],
)  # fmt: skip
def test_half_a_character_in_any_field_is_a_mistake_like_others(wish, field) -> None:
    (problem,) = wish.problems()
    assert problem == f"{field} {HALF}"
    assert len(VideoRequest(wish.prompt, wish.keyframes, reply_ref=LONE, seconds=7).problems()) >= 2
    client = RunwayClient(
        TOKEN, base_url="https://a.test", transport=httpx.MockTransport(lambda _: httpx.Response(200, json={}))
    )
    with pytest.raises(errors.InvalidRequest):
        client.prepare(wish)


@pytest.mark.parametrize(
    ("wire", "multipart"),
    [
        ({"a": LONE}, False), ({"a": float("nan")}, False), ({"a": object()}, False), ({LONE: "a"}, False),
        ({"a": LONE}, True), ({LONE: "a"}, True), ({"a": 10**5000}, False), ({"a": 10**5000}, True),
    ],
)  # fmt: skip
def test_what_cannot_be_written_down_is_never_sent(monkeypatch: pytest.MonkeyPatch, wire, multipart) -> None:
    monkeypatch.setattr(VideoRequest, "to_wire", lambda _: wire)
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={})

    transport = httpx.MockTransport(answer)
    client = RunwayClient(TOKEN, base_url="https://a.test", multipart=multipart, transport=transport)
    with pytest.raises(errors.InvalidRequest, match="the request"):
        client.prepare(REQUEST)
    assert sent == []


@pytest.mark.parametrize("name", [name for name in READS if CALLS[name]])
def test_an_id_with_half_a_character_is_one_of_our_errors(name) -> None:
    async def act():
        transport = httpx.MockTransport(lambda _: httpx.Response(404))
        async with RunwayClient(TOKEN, base_url="https://a.test", transport=transport) as client:
            with pytest.raises(errors.RunwayError):
                await getattr(client, name)(*[LONE if isinstance(word, str) else word for word in CALLS[name]])

    asyncio.run(act())


@pytest.mark.parametrize("email", [LONE, "a\nb", "a b"])
def test_an_address_of_any_form_is_one_of_our_errors(email) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(404))
    client = RunwayClient(TOKEN, base_url="https://a.test", transport=transport)
    with pytest.raises(errors.RunwayError):
        asyncio.run(client.credits(email))
    with pytest.raises(errors.RunwayError):
        asyncio.run(client.upload(b"x", name="a", content_type=f"image/{email}", email=email))


@pytest.mark.parametrize(
    "base",
    [
        "https://a.test:x", "https://a.test:99999", "https://[::1", "https://exa mple.test/v1", "https://a.test?x=1",
        "https://a.test#x", "https://", "https://\ud800.test", "https://xn--a\u00e4.org", "https://a.test:0", "x",
        "http://[::1]:99999", "http://127.0.0.1:x",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_called_is_found_before_anything_is(base) -> None:
    with pytest.raises(errors.SettingsError, match="base_url"):
        RunwayClient(TOKEN, base_url=base)


@pytest.mark.parametrize(
    "token", ["user:1-\u00e4", "user:1-a\nb", "", " ", "user:1-a b", LONE, "user:1-a\x00", None, 5]
)
def test_a_token_that_cannot_be_sent_is_found_before_anything_is(token) -> None:
    with pytest.raises(errors.SettingsError, match="token") as caught:
        RunwayClient(token, base_url="https://a.test")
    assert not token or str(token) == " " or str(token) not in caught.value.message


# --- the token stays where it is --------------------------------------------------------------------


def _locals_behind(error):
    """All that a tool shows which prints the local variables of a traceback, and of all tracebacks behind it."""
    found, at = [], error.__traceback__
    while at is not None:
        if Path(at.tb_frame.f_code.co_filename) != Path(__file__):
            found += [repr(value) for value in list(at.tb_frame.f_locals.values())]
        at = at.tb_next
    behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "".join(found) + (_locals_behind(behind) if behind is not None else "")


@pytest.mark.parametrize("base", ["https://a.test", "x", "https://a.test:x"])
def test_no_local_variable_of_a_failed_start_holds_the_token(monkeypatch: pytest.MonkeyPatch, base) -> None:
    for name, value in {
        "SSL_CERT_FILE": "/dev/null/nonexistent",
        "HTTPS_PROXY": "socks9://x",
        "NO_PROXY": "[::1]",
    }.items():
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            with pytest.raises(errors.SettingsError) as caught:
                RunwayClient(TOKEN, base_url=base)
        assert "abcDEF123" not in _locals_behind(caught.value)


@pytest.mark.parametrize("name", ["create", "task", "upscaled", "delete_task"])
def test_no_local_variable_of_a_failed_call_holds_the_token(hurry, name) -> None:
    for serve in (says(), SLOW["a body, byte by byte"], says(head("Content-Length: 2") + b"{}")):
        try:
            error = _fails(Port(serve), name)
        except pytest.fail.Exception:
            continue  # an empty answer to a delete is none
        assert "abcDEF123" not in _locals_behind(error)
