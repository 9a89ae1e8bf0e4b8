"""The client on the wire: what is sent, what each answer means, and what is never sent twice."""

from __future__ import annotations

import asyncio
import http.server
import json
import logging
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_nb import errors
from runway_nb.api.client import PIECE, READ_PAUSES, UPLOAD_PAUSES, RunwayClient, path_id
from runway_nb.api.models import RunningTask
from runway_nb.api.status_errors import error_of, retry_after
from runway_nb.camera import Camera
from runway_nb.jobs.state import is_refusal
from runway_nb.keyframes import Keyframes
from runway_nb.request import VideoRequest
from runway_nb.settings import Secret
from runway_nb.spec import REFUSALS
from support.examples import examples
from support.fakes import Party
from support.strategies import ASSET_ID, EMAIL, TASK_ID, json_values

TOKEN = "user:4711-abcDEF123"
BASE = "https://api.test/v1/runwayml"
WIRE = Path(__file__).parents[1] / "wire"
REQUEST = VideoRequest("A lamp turns", seed=7, reply_ref="rnb-1")
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
HTML = "<html><head><style>p{}</style></head><body><h1>522</h1>error code: 522</body></html>"


def _wire(name):
    return json.loads((WIRE / f"{name}.json").read_text())


class Api:
    """Answers with what it was given, last one for ever; keeps requests and pauses."""

    def __init__(self, *answers, multipart=False, base=BASE, jitter=lambda: 0.5):
        self.answers = list(answers)
        self.requests = []
        self.sleeps = []
        self.client = RunwayClient(
            Secret(TOKEN),
            base_url=base,
            multipart=multipart,
            transport=httpx.MockTransport(self._answer),
            sleep=self._sleep,
            jitter=jitter,
        )

    async def _sleep(self, seconds):
        self.sleeps.append(seconds)

    async def _answer(self, request):
        await request.aread()
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, type):
            raise answer(f"broken near {TOKEN}", request=request)
        return answer() if callable(answer) else answer

    def call(self, name, /, *arguments, **options):
        return asyncio.run(getattr(self.client, name)(*arguments, **options))

    def fails(self, name, /, *arguments, **options):
        with pytest.raises(errors.RunwayError) as caught:
            self.call(name, *arguments, **options)
        assert TOKEN not in f"{caught.value} {caught.value!r}"
        assert EMAIL not in f"{caught.value} {caught.value!r}"
        return caught.value


def _json(body, status=200, **headers):
    return lambda: httpx.Response(status, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


def _html(status=200):
    return lambda: httpx.Response(status, html=HTML)


ANSWER = _json(_wire("create_answer"))


# --- on the wire ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "body", "line"),
    [
        ("task", (TASK_ID,), _wire("task_succeeded"), f"GET /v1/runwayml/tasks/{TASK_ID}"),
        ("delete_task", (TASK_ID,), {"success": True}, f"DELETE /v1/runwayml/tasks/{TASK_ID}"),
        ("stop_tracking", (TASK_ID,), {"success": True}, f"DELETE /v1/runwayml/scheduler/{TASK_ID}"),
        ("asset", (ASSET_ID,), _wire("asset"), f"GET /v1/runwayml/assets/{ASSET_ID}"),
        ("delete_asset", (ASSET_ID,), {"success": True}, f"DELETE /v1/runwayml/assets/{ASSET_ID}"),
        ("tasks", (), _wire("tasks"), "GET /v1/runwayml/tasks/?offset=0&limit=50"),
        ("assets", (), _wire("assets"), "GET /v1/runwayml/assets/?offset=0&limit=50"),
        ("running", (), _wire("scheduler"), "GET /v1/runwayml/scheduler/"),
        ("accounts", (), _wire("accounts"), "GET /v1/runwayml/accounts"),
        ("credits", (), _wire("features"), "GET /v1/runwayml/features/"),
        ("create", (REQUEST,), _wire("create_answer"), "POST /v1/runwayml/gen3turbo/create"),
    ],
)
def test_each_call_has_its_documented_line_with_ids_raw(name, arguments, body, line) -> None:
    api = Api(_json(body))
    api.call(name, *arguments)
    (request,) = api.requests
    assert f"{request.method} {request.url.raw_path.decode()}" == line


def test_queries_are_encoded_and_empty_parts_left_out() -> None:
    api = Api(_json([]))
    api.call("tasks", statuses=("PENDING", "RUNNING"), email=EMAIL)
    api.call("assets", offset=50, kind="image", email=EMAIL)
    api.call("credits", EMAIL)
    assert [dict(request.url.params) for request in api.requests] == [
        {"offset": "0", "limit": "50", "statuses": "PENDING,RUNNING", "email": EMAIL},
        {"offset": "50", "limit": "50", "mediaType": "image", "email": EMAIL},
        {"email": EMAIL},
    ]


@pytest.mark.parametrize(
    ("identifier", "path"),
    [
        (TASK_ID, TASK_ID),
        ("user:1-runwayml:sam+x@a.b-task:1~_.", "user:1-runwayml:sam+x@a.b-task:1~_."),
        ("a/b?c#d e", "a%2Fb%3Fc%23d%20e"),
    ],
)
def test_an_id_is_raw_but_for_what_breaks_a_path(identifier, path) -> None:
    assert path_id(identifier) == path
    api = Api(_json({**_wire("task_succeeded"), "taskId": identifier}))
    api.call("task", identifier)
    assert api.requests[0].url.raw_path.decode() == f"/v1/runwayml/tasks/{path}"


def test_every_call_carries_token_and_name() -> None:
    api = Api(ANSWER)
    api.call("create", REQUEST)
    headers = api.requests[0].headers
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Accept"] == "application/json"
    assert headers["User-Agent"].startswith("runway_nb/")


def test_a_create_is_json_by_default() -> None:
    api = Api(ANSWER)
    task = api.call("create", REQUEST)
    assert task.id == TASK_ID
    assert api.requests[0].headers["Content-Type"] == "application/json"
    assert json.loads(api.requests[0].content) == REQUEST.to_wire()


def test_a_create_can_be_a_form() -> None:
    api = Api(ANSWER, multipart=True)
    api.call("create", VideoRequest("é", camera=Camera(static=False), seconds=5, explore=True, seed=7))
    request = api.requests[0]
    assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    text = request.content.decode()
    for name, value in [
        ("text_prompt", "é"),
        ("static", "false"),
        ("seconds", "5"),
        ("exploreMode", "true"),
        ("seed", "7"),
    ]:
        assert f'name="{name}"\r\n\r\n{value}\r\n' in text
    assert "filename" not in text


def test_an_upload_is_the_raw_file() -> None:
    api = Api(_json(_wire("upload_answer")))
    asset = api.call("upload", b"\x89PNG", name="a & b", content_type="image/png", email=EMAIL)
    request = api.requests[0]
    assert (request.method, request.url.path, request.content) == ("POST", "/v1/runwayml/assets/", b"\x89PNG")
    assert request.headers["Content-Type"] == "image/png"
    assert request.headers["Content-Length"] == "4"
    assert "Transfer-Encoding" not in request.headers
    assert dict(request.url.params) == {"name": "a & b", "email": EMAIL}
    assert asset.id == ASSET_ID


@pytest.mark.parametrize("size", [1, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE + 7])
def test_an_upload_tells_how_far_it_has_come(size) -> None:
    api, reported = Api(_json(_wire("upload_answer"))), []
    data = bytes(range(256)) * (size // 256 + 1)
    api.call("upload", data[:size], name="a", content_type="image/png", progress=lambda *step: reported.append(step))
    assert api.requests[0].content == data[:size]
    assert reported == [(min(n * PIECE + PIECE, size), size) for n in range(-(-size // PIECE))]


def test_an_enlargement_has_its_documented_line_and_gives_bytes() -> None:
    api = Api(lambda: httpx.Response(200, content=b"\xff\xd8picture", headers={"Content-Type": "image/jpeg"}))
    link = "https://cdn.test/a.jpg?_jwt=a.b.c"
    assert api.call("upscaled", link, (1280, 768), EMAIL) == b"\xff\xd8picture"
    assert api.call("upscaled", link, (768, 1280)) == b"\xff\xd8picture"
    queries = [dict(request.url.params) for request in api.requests]
    assert queries == [
        {"image_url": link, "width": "1280", "height": "768", "email": EMAIL},
        {"image_url": link, "width": "768", "height": "1280"},
    ]
    assert {(request.method, request.url.path) for request in api.requests} == {("GET", "/v1/runwayml/image_upscaler/")}


def test_a_wish_with_mistakes_is_not_sent() -> None:
    api = Api(ANSWER)
    assert isinstance(api.fails("create", VideoRequest(seconds=7)), errors.InvalidRequest)
    assert api.requests == []


# --- what an answer means ---------------------------------------------------------------------------

STATUSES = [
    (400, errors.BadRequest, "HTTP 400"),
    (401, errors.Unauthorized, "USEAPI_TOKEN"),
    (402, errors.NoSubscription, "renew"),
    (404, errors.NotFound, "HTTP 404"),
    (410, errors.NotFound, "HTTP 410"),
    (412, errors.NotEnoughCredits, "add credits"),
    (422, errors.PromptRefused, "change the words"),
    (429, errors.RateLimited, "HTTP 429"),
    (596, errors.AccountBroken, "add the Runway account"),
    (418, errors.ApiError, "HTTP 418"),
]
DOUBTFUL = [408, 500, 502, 503, 504, 520, 521, 522, 524, 300, 301, 302, 303, 304, 307, 308]


@pytest.mark.parametrize(("status", "kind", "words"), STATUSES)
@pytest.mark.parametrize("shape", ["envelope", "object", "html", "empty"])
def test_each_status_has_its_class_and_says_what_to_do(status, kind, words, shape) -> None:
    contents: dict[str, dict[str, Any]] = {
        "envelope": {"json": {"error": f"It broke for {EMAIL} at {TASK_ID}.", "code": status}},
        "object": {"json": {"error": {"message": "It broke.", "reason": "X"}}},
        "html": {"html": HTML},
        "empty": {},
    }
    api = Api(lambda: httpx.Response(status, **contents[shape]))
    # a create of a model that is gone may be answered so: test_retirement
    error = api.fails("task", TASK_ID) if kind is errors.NotFound else api.fails("create", REQUEST)
    assert type(error) is kind
    assert error.status == status
    assert words in error.message
    assert "<" not in error.message
    assert {"envelope": "It broke for ***@*** at task 9c2a1f34", "object": "It broke", "html": "error code: 522"}.get(
        shape, "without words"
    ) in error.message
    assert len(api.requests) == 1


@pytest.mark.parametrize("body", [[], "x", None, 5, {"error": None}, {"error": []}, {"error": {}}, {"error": 5}])
def test_a_refusal_of_any_form_is_still_a_refusal(body) -> None:
    assert isinstance(error_of(httpx.Response(400, json=body)), errors.BadRequest)


@settings(max_examples=examples(60))
@given(st.sampled_from([400, 404, 412, 429, 500]), json_values)
def test_no_body_breaks_the_reader_of_refusals(status, body) -> None:
    error = error_of(httpx.Response(status, content=json.dumps(body).encode()))
    assert error.status == status
    assert EMAIL not in error.message


@given(st.sampled_from([200, 400, 429, 503]), st.binary(max_size=60))
def test_no_bytes_break_the_reader_of_refusals(status, body) -> None:
    assert error_of(httpx.Response(status, content=body)).status == status


def test_the_limit_of_the_account_names_who_holds_the_slots() -> None:
    error = Api(_json(_wire("busy_account"), 429)).fails("create", REQUEST)
    assert isinstance(error, errors.RateLimited)
    assert error.running == (
        ("user:4711-runwayml:studio@example.org-task:11111111-2222-4333-8444-555555555555", "rnb-aaaa"),
    )
    assert "busy executing 2 tasks" in error.message
    assert error.retry_after is None


def test_the_limit_of_runway_names_nobody() -> None:
    error = Api(_json(_wire("busy_runway"), 429)).fails("create", REQUEST)
    assert isinstance(error, errors.RateLimited)
    assert error.running == ()


@pytest.mark.parametrize(
    "holders", [None, [], "x", {"a": None}, {"a": [None, 5, {"email": "x"}]}, {"a": {"taskId": "x"}}]
)
def test_odd_lists_of_holders_are_no_holders(holders) -> None:
    error = error_of(httpx.Response(429, json={"error": "busy", "runningTasks": holders}))
    assert isinstance(error, errors.RateLimited)
    assert error.running == ()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("20", 20.0), (" 7.5 ", 7.5), (12, 12.0), ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0),
        ("Thu, 01 Jan 2026 01:00:30 +0100", 30.0), ("2026-01-01T00:01:00.000Z", 60.0), ("2026-01-01T00:01:00", 60.0),
        ("Thu, 01 Jan 2015 00:00:00 GMT", 0.0), (None, None), ("", None), ("soon", None), ("-5", None), (True, None),
        ({}, None), ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999999999", None), ("Thu Jan  1 00:00:30 2026", 30.0),
    ],
)  # fmt: skip
def test_a_time_to_wait_is_seconds_a_date_or_an_iso_time(value, seconds) -> None:
    assert retry_after(value, NOW) == seconds


@settings(max_examples=examples(60))
@given(st.one_of(st.text("0123456789 :-+TZ.,GMTWedNov", max_size=30), json_values))
def test_no_time_to_wait_breaks_its_reader(value) -> None:
    found = retry_after(value, NOW)
    assert found is None or found >= 0.0


def test_a_date_to_wait_for_is_by_the_clock_of_the_server() -> None:
    headers = {"Retry-After": "Thu, 01 Jan 2015 00:00:20 GMT", "Date": "Thu, 01 Jan 2015 00:00:00 GMT"}
    error = error_of(httpx.Response(429, json={"error": "busy"}, headers=headers))
    assert isinstance(error, errors.RateLimited)
    assert error.retry_after == 20.0


@pytest.mark.parametrize("status", [400, 429, 500])
@pytest.mark.parametrize("charset", ["hex", "bz2", "zlib", "rot13", "idna", "undefined", "utf-16", "\x00", "nosuch"])
def test_the_charset_of_a_refusal_is_not_called(status, charset) -> None:
    headers = {"Content-Type": f"text/html; charset={charset}"}
    error = error_of(httpx.Response(status, headers=headers, content=b"<b>out of order \xff</b>"))
    assert (error.status, error.message) == (status, f"out of order \ufffd (HTTP {status})")


@pytest.mark.parametrize("status", sorted(REFUSALS))
def test_a_refusal_that_names_a_task_is_a_doubt(status) -> None:
    error = Api(_json({"error": "no", "taskId": TASK_ID}, status)).fails("create", REQUEST)
    assert isinstance(error, errors.ServerError)
    assert not is_refusal(error)


def test_an_answer_that_cannot_be_read_is_no_refusal_whatever_its_status() -> None:
    error = Api(httpx.Response(429, headers={"Content-Encoding": "br"}, stream=httpx.ByteStream(b"x")))
    assert not is_refusal(error.fails("create", REQUEST))


def test_the_header_goes_before_the_body() -> None:
    body = {"error": "busy", "retryAfter": "2999-01-01T00:00:00Z"}
    header = error_of(httpx.Response(429, json=body, headers={"Retry-After": "12"}))
    assert isinstance(header, errors.RateLimited)
    assert header.retry_after == 12.0
    alone = error_of(httpx.Response(429, json=body))
    assert isinstance(alone, errors.RateLimited)
    assert alone.retry_after is not None
    assert alone.retry_after > 1e6


# --- a create is sent once --------------------------------------------------------------------------

BROKEN_AFTER = [httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError]
BROKEN_BEFORE = [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol]


@pytest.mark.parametrize("broken", BROKEN_AFTER)
def test_a_create_whose_connection_breaks_is_a_doubt_and_sent_once(broken) -> None:
    api = Api(broken)
    assert type(api.fails("create", REQUEST)) is errors.NoAnswer
    assert len(api.requests) == 1


@pytest.mark.parametrize("broken", BROKEN_BEFORE)
def test_a_create_without_a_connection_was_certainly_not_sent(broken) -> None:
    api = Api(broken)
    error = api.fails("create", REQUEST)
    assert type(error) is errors.Unreachable
    assert "nothing was sent" in error.message
    assert len(api.requests) == 1


@pytest.mark.parametrize("status", DOUBTFUL)
def test_a_doubtful_status_is_a_doubt_and_the_create_is_sent_once(status) -> None:
    api = Api(lambda: httpx.Response(status, html=HTML, headers={"Location": "https://evil.test/create"}))
    assert type(api.fails("create", REQUEST)) is errors.ServerError
    assert len(api.requests) == 1
    assert api.sleeps == []


@pytest.mark.parametrize(
    "answer",
    [
        _html(),
        _json({}),
        _json({"code": 200}),
        _json([]),
        _json({"id": "9c2a1f34"}),
        lambda: httpx.Response(204),
        lambda: httpx.Response(200, content=b"\xff\xfe\x00{"),
    ],
)
def test_a_success_that_cannot_be_read_is_a_doubt_and_the_create_is_sent_once(answer) -> None:
    api = Api(answer)
    assert type(api.fails("create", REQUEST)) is errors.ServerError
    assert len(api.requests) == 1


@pytest.mark.parametrize("name", ["create_answer", "create_answer_nested"])
def test_both_shapes_of_an_answer_are_a_task(name) -> None:
    assert Api(_json(_wire(name))).call("create", REQUEST).id == TASK_ID


@pytest.mark.parametrize("answer", [_html(522), httpx.ReadTimeout, _json({}, 429)])
def test_a_delete_is_sent_once_too(answer) -> None:
    api = Api(answer)
    api.fails("delete_task", TASK_ID)
    assert len(api.requests) == 1


# --- uploads and enlargements are repeated ----------------------------------------------------------

UPLOAD = ("upload", (b"x" * 10,), {"name": "a", "content_type": "image/png"}, _json(_wire("upload_answer")))
NO_OPTIONS: dict[str, str] = {}
UPSCALED = (
    "upscaled", ("https://cdn.test/a", (1280, 768)), NO_OPTIONS, lambda: httpx.Response(200, content=b"picture")
)  # fmt: skip
PASSING = [
    _html(500), _html(502), _html(522), _html(524), _json({}, 408), _json({}, 429), httpx.ReadTimeout, httpx.WriteError,
    httpx.RemoteProtocolError, httpx.ConnectError,
]  # fmt: skip


@pytest.mark.parametrize("call", [UPLOAD, UPSCALED], ids=lambda call: call[0])
@pytest.mark.parametrize("trouble", PASSING)
def test_an_upload_is_sent_again_after_trouble_that_may_pass(trouble, call) -> None:
    name, arguments, options, answer = call
    api = Api(trouble, trouble, answer)
    assert api.call(name, *arguments, **options)
    assert len(api.requests) == len(UPLOAD_PAUSES) + 1
    assert api.sleeps == list(UPLOAD_PAUSES)
    assert len({(str(request.url), request.content) for request in api.requests}) == 1, "the same each time"


@pytest.mark.parametrize("call", [UPLOAD, UPSCALED], ids=lambda call: call[0])
@pytest.mark.parametrize("trouble", PASSING)
def test_an_upload_is_given_up_after_its_last_pause(trouble, call) -> None:
    name, arguments, options, _ = call
    api = Api(trouble)
    error = api.fails(name, *arguments, **options)
    assert isinstance(error, (errors.ServerError, errors.NoAnswer, errors.Unreachable, errors.RateLimited))
    assert len(api.requests) == len(UPLOAD_PAUSES) + 1


@pytest.mark.parametrize("call", [UPLOAD, UPSCALED], ids=lambda call: call[0])
@pytest.mark.parametrize("status", [400, 401, 402, 404, 412, 422, 596])
def test_a_certain_refusal_of_an_upload_is_not_repeated(status, call) -> None:
    name, arguments, options, _ = call
    api = Api(_json({"error": "no"}, status))
    assert api.fails(name, *arguments, **options).status == status
    assert (len(api.requests), api.sleeps) == (1, [])


@pytest.mark.parametrize("call", [UPLOAD, UPSCALED], ids=lambda call: call[0])
def test_a_busy_upload_waits_as_long_as_it_is_told_but_not_for_an_hour(call) -> None:
    name, arguments, options, answer = call
    api = Api(_json({}, 429, Retry_After="17"), answer)
    api.call(name, *arguments, **options)
    assert api.sleeps == [17.0]
    api = Api(_json({"error": "busy"}, 429, Retry_After="3600"))
    assert isinstance(api.fails(name, *arguments, **options), errors.RateLimited)
    assert (len(api.requests), api.sleeps) == (1, [])


@pytest.mark.parametrize("answer", [_html(), _json({}), _json({"id": "0b6f0c1e"})])
def test_an_upload_whose_answer_names_no_asset_fails(answer) -> None:
    assert isinstance(Api(answer).fails(*UPLOAD[:1], *UPLOAD[1], **UPLOAD[2]), errors.ServerError)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("call", [UPLOAD, UPSCALED], ids=lambda call: call[0])
def test_an_upload_follows_no_redirect(status, call) -> None:
    name, arguments, options, _ = call
    api = Api(lambda: httpx.Response(status, headers={"Location": "https://evil.test/"}))
    api.fails(name, *arguments, **options)
    assert {request.url.host for request in api.requests} == {"api.test"}


# --- reads are repeated -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [_html(522), _html(), _json({}, 500), _json({}, 408), httpx.ReadTimeout, httpx.ConnectError, httpx.ReadError],
)
def test_a_read_is_repeated_with_growing_pauses(trouble) -> None:
    api = Api(trouble, trouble, trouble, _json(_wire("task_succeeded")))
    assert api.call("task", TASK_ID).status == "SUCCEEDED"
    assert api.sleeps == list(READ_PAUSES[:3])


def test_a_read_is_given_up_after_its_last_pause() -> None:
    api = Api(_html(522))
    assert isinstance(api.fails("task", TASK_ID), errors.ServerError)
    assert len(api.requests) == len(READ_PAUSES) + 1


@pytest.mark.parametrize(("draw", "first"), [(0.0, 0.8), (1.0, 1.2)])
def test_pauses_are_spread_by_a_fifth(draw, first) -> None:
    api = Api(_html(522), jitter=lambda: draw)
    api.fails("task", TASK_ID)
    assert api.sleeps[0] == pytest.approx(first * READ_PAUSES[0])


@pytest.mark.parametrize("status", [400, 401, 402, 404, 410, 412, 422, 596])
def test_a_certain_refusal_of_a_read_is_not_repeated(status) -> None:
    api = Api(_json({"error": "no"}, status))
    api.fails("task", TASK_ID)
    assert len(api.requests) == 1


def test_a_busy_read_waits_as_long_as_it_is_told() -> None:
    api = Api(_json({}, 429, Retry_After="17"), _json({}, 429), _json(_wire("task_succeeded")))
    api.call("task", TASK_ID)
    assert api.sleeps == [17.0, READ_PAUSES[1]]


def test_a_read_does_not_wait_for_an_hour() -> None:
    api = Api(_json({"error": "busy"}, 429, Retry_After="3600"))
    assert isinstance(api.fails("task", TASK_ID), errors.RateLimited)
    assert api.sleeps == []


def test_a_read_can_be_told_to_fail_at_once() -> None:
    api = Api(_html(522))
    api.fails("task", TASK_ID, retry=False)
    assert (len(api.requests), api.sleeps) == (1, [])


def test_no_account_is_an_empty_list() -> None:
    assert Api(_json({"error": "Not found."}, 404)).call("accounts") == ()


def test_an_answer_of_a_list_under_a_key_is_a_list() -> None:
    (task,) = Api(_json(_wire("tasks_keyed"))).call("tasks")
    assert task.progress == 0.42
    assert Api(_json(_wire("scheduler"))).call("running") == (RunningTask(TASK_ID, "rnb-7f3e2c54b0d14c0f"),)


# --- the token stays here ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("name", ["task", "delete_task"])
def test_a_redirect_is_not_followed_with_the_token(status, name) -> None:
    api = Api(lambda: httpx.Response(status, headers={"Location": "https://evil.test/"}))
    api.fails(name, TASK_ID)
    assert {request.url.host for request in api.requests} == {"api.test"}


def test_a_client_does_not_show_its_token() -> None:
    client = Api(ANSWER).client
    assert "abcDEF123" not in repr(client)
    assert "abcDEF123" not in repr(vars(client))


def test_the_context_closes_the_client() -> None:
    async def use():
        async with Api(ANSWER).client as client:
            assert not client.is_closed
        return client.is_closed

    assert asyncio.run(use())


class _Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(302)
        self.send_header("Location", f"/tasks/{TASK_ID}?email={EMAIL}")
        self.send_header("Set-Cookie", f"who={EMAIL}")
        self.end_headers()

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_):
        pass


def test_no_log_holds_the_token_or_an_email(caplog: pytest.LogCaptureFixture) -> None:
    """Against a real port, so that the lower layers log as well."""
    server = http.server.HTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()

    async def at_once(_):
        pass

    async def calls():
        async with RunwayClient(TOKEN, base_url=f"http://127.0.0.1:{server.server_port}/v1", sleep=at_once) as client:
            with pytest.raises(errors.ServerError):
                await client.task(TASK_ID, retry=False)
            with pytest.raises(errors.ServerError):
                await client.upload(b"x", name=f"of {EMAIL}", content_type="image/png", email=EMAIL)
            with pytest.raises(errors.ServerError):
                await client.upscaled(f"https://cdn.test/{EMAIL}?_jwt=abcDEF123", (8, 8), EMAIL)
            with pytest.raises(errors.ServerError):
                await client.create(VideoRequest("x", Keyframes(ASSET_ID)))

    with caplog.at_level(logging.DEBUG):
        asyncio.run(calls())
    server.shutdown()
    server.server_close()
    assert {"httpx", "httpcore.http11"} <= {record.name for record in caplog.records}
    for record in caplog.records:
        text = f"{record.getMessage()} {record.__dict__}"
        assert "abcDEF123" not in text
        assert EMAIL not in text
        assert "studio%40" not in text


# --- against the simulator --------------------------------------------------------------------------


@pytest.fixture
def connected(party: Party):
    """A call of the client that the party's studio would use."""

    def call(act):
        async def run():
            connection = await party.connect(party.settings)
            return await act(connection.client)

        return asyncio.run(run())

    return call


def test_client_and_simulator_agree_on_a_whole_life(party: Party, connected) -> None:
    async def act(client):
        task = await client.create(REQUEST)
        assert (await client.running())[0] == RunningTask(task.id, "rnb-1")
        party.time.now += 60
        seen = await client.task(task.id)
        assert seen.status == "SUCCEEDED"
        assert seen.video is not None
        assert [item.id for item in await client.tasks()] == [task.id]
        (account,) = await client.accounts()
        assert (await client.credits(account.email)).used == 25.0
        await client.delete_task(task.id)
        with pytest.raises(errors.NotFound):
            await client.task(task.id)
        return seen

    assert connected(act).seed == 7
    assert party.started == 1


def test_client_and_simulator_agree_on_assets(connected) -> None:
    async def act(client):
        asset = await client.upload(b"\x89PNG\r\n\x1a\n", name="lamp", content_type="image/png")
        assert asset.name == "lamp.png"
        assert (await client.asset(asset.id)).size == 8
        names = [item.name for item in await client.assets(kind="image")]
        await client.delete_asset(asset.id)
        with pytest.raises(errors.NotFound):
            await client.asset(asset.id)
        return names

    assert "lamp.png" in connected(act)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("401", errors.Unauthorized), ("402", errors.NoSubscription), ("404-asset", errors.NotFound),
        ("412", errors.NotEnoughCredits), ("422", errors.PromptRefused), ("429-account", errors.RateLimited),
        ("429-runway", errors.RateLimited), ("522-before", errors.ServerError), ("596", errors.AccountBroken),
        ("522", errors.ServerError), ("not-json", errors.ServerError), ("no-task-id", errors.ServerError),
    ],
)  # fmt: skip
def test_each_refusal_of_the_simulator_is_its_error(party: Party, connected, fault, kind) -> None:
    party.simulator.fault(fault)

    async def act(client):
        with pytest.raises(errors.ApiError) as caught:
            await client.create(REQUEST)
        return caught.value

    assert type(connected(act)) is kind
    assert len(party.api.calls("POST")) == 1


@pytest.mark.parametrize("fault", ["nested", "both"])
def test_each_shape_of_the_simulator_is_a_task(party: Party, connected, fault) -> None:
    party.simulator.fault(fault)
    assert connected(lambda client: client.create(REQUEST)).status == "PENDING"


@pytest.mark.parametrize("fault", ["get-522", "get-500", "get-429", "get-html"])
def test_trouble_with_reads_passes(party: Party, connected, fault) -> None:
    async def act(client):
        task = await client.create(REQUEST)
        party.simulator.fault(fault, times=2)
        return await client.task(task.id)

    assert connected(act).seed == 7
    assert len(party.time.sleeps) == 2
