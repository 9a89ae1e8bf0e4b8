"""API, account, credits and slots: four questions, and each has an answer of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from runway_nb.api.client import RunwayClient
from runway_nb.credentials import Secret
from runway_nb.doctor.account import Api, look_at_account, look_at_api, look_at_credits, look_at_slots
from runway_nb.doctor.finding import Finding
from runway_nb.doctor.token import TokenFound
from runway_nb.errors import SettingsError
from support.fakes import BASE, EMAIL, TOKEN, Party

PATHS = {"accounts": {EMAIL: {"maxJobs": 2}}, "features": {"used": {"numPlanCredits": 10},
         "permitted": {"numPlanCredits": 2250}}, "scheduler": {"scheduler": []}}  # fmt: skip
"""What a sound API answers."""
FOUND = TokenFound("the keyring", Secret(TOKEN))


class Server(httpx.AsyncBaseTransport):
    """An API that answers by path; a path may be an answer of its own, an error, or hang."""

    def __init__(self, **others: Any) -> None:
        self.paths = {**PATHS, **others}
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = next(found for path, found in self.paths.items() if path in request.url.path)
        if answer == "hangs":
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)


@contextmanager
def api_of(transport: httpx.AsyncBaseTransport, token: TokenFound = FOUND, seconds: float = 10.0) -> Iterator[Api]:
    api = Api(
        lambda: token,
        lambda: BASE,
        lambda secret, url: RunwayClient(secret, base_url=url, transport=transport),
        seconds,
    )
    yield api
    api.close()


def looked(api: Api, slots: int = 2) -> dict[str, Finding]:
    found = [*look_at_api(api), *look_at_account(api), *look_at_credits(api), *look_at_slots(api, lambda: slots)]
    return {finding.name: finding for finding in found}


def of(token: TokenFound = FOUND, slots: int = 2, **answers: Any) -> dict[str, Finding]:
    with api_of(Server(**answers), token) as api:
        return looked(api, slots)


def test_a_sound_account_is_told_by_its_figures() -> None:
    assert of() == {
        "API": Finding("API", "ok", "127.0.0.1 answers and takes the token"),
        "account": Finding("account", "ok", "1 account"),
        "credits": Finding("credits", "ok", "the account: 2,240 of 2,250 left"),
        "slots": Finding("slots", "ok", "0 in use; the setting slots is 2, the account has 2"),
    }


def test_the_simulator_answers_as_the_api_does(party: Party) -> None:
    with api_of(party.api) as api:
        found = looked(api)
    assert {finding.state for finding in found.values()} == {"ok"}
    assert {request.method for request in party.api.requests} == {"GET"}


def test_nothing_but_gets_is_sent_each_once() -> None:
    server = Server()
    with api_of(server) as api:
        looked(api)
    assert [request.method for request in server.requests] == ["GET"] * 3
    assert sorted({request.url.path.rsplit("/v1/runwayml")[-1] for request in server.requests}) == [
        "/accounts", "/features/", "/scheduler/"
    ]  # fmt: skip


def test_a_token_that_is_not_taken_is_wrong() -> None:
    refused = httpx.Response(401, json={"error": f"Unauthorized {TOKEN}"})
    found = of(accounts=refused, scheduler=refused)
    assert found["API"].state == "wrong"
    assert "does not take the token" in found["API"].text
    assert "%runway login" in found["API"].advice
    assert {found[name].state for name in ("account", "credits", "slots")} == {"unknown"}
    assert TOKEN not in repr(found)


def test_a_subscription_that_has_ended_is_wrong_with_what_to_do() -> None:
    found = of(accounts=httpx.Response(402, json={"error": "Subscription expired"}))
    assert found["API"] == Finding(
        "API", "wrong", "127.0.0.1 answers with an error (Subscription expired (HTTP 402))",
        "renew the useapi.net subscription",
    )  # fmt: skip


@pytest.mark.parametrize("failure", [httpx.ConnectError("no route"), httpx.ReadError("cut")])
def test_a_machine_that_is_offline_is_told_so_and_asks_once(failure: Exception) -> None:
    server = Server(accounts=failure, scheduler=failure)
    with api_of(server) as api:
        found = looked(api)
    assert found["API"].state == "wrong"
    assert "online" in found["API"].advice
    assert len(server.requests) == 2, "a question that failed is not asked again"


def test_an_answer_that_never_comes_leaves_the_others() -> None:
    with api_of(Server(accounts="hangs"), seconds=0.2) as api:
        found = looked(api)
    assert found["API"].state == "wrong"
    assert found["account"].state == found["credits"].state == "unknown"
    assert found["slots"] == Finding("slots", "ok", "0 in use; the setting slots is 2")


def test_credits_that_never_come_leave_the_others() -> None:
    with api_of(Server(features="hangs"), seconds=0.2) as api:
        found = looked(api)
    assert found["credits"].state == "unknown"
    assert found["API"].state == found["account"].state == found["slots"].state == "ok"


def test_an_address_that_cannot_be_used_is_wrong() -> None:
    def no_address() -> str:
        raise SettingsError("base_url is 'http://x': give an https:// address")

    api = Api(lambda: FOUND, no_address)
    (finding,) = look_at_api(api)
    api.close()
    assert finding == Finding("API", "wrong", "base_url is 'http://x'", "give an https:// address")


def test_without_a_token_nothing_is_sent() -> None:
    server = Server()
    with api_of(server, TokenFound()) as api:
        found = looked(api)
    assert {finding.state for finding in found.values()} == {"ok"}
    assert server.requests == []


def test_with_a_token_that_cannot_be_used_nothing_is_sent() -> None:
    server = Server()
    with api_of(server, TokenFound("the private file", None, "can be read by others")) as api:
        found = looked(api)
    assert {finding.state for finding in found.values()} == {"unknown"}
    assert server.requests == []


def test_a_token_without_an_account_is_wrong() -> None:
    found = of(accounts={})
    assert found["account"].state == "wrong"
    assert "useapi.net" in found["account"].advice


def test_an_account_with_an_error_is_wrong_and_its_address_is_not_shown() -> None:
    two = {EMAIL: {"maxJobs": 2}, f"second-{EMAIL}": {"error": f"session of {EMAIL} is over"}}
    found = of(accounts=two)
    assert found["account"].state == "wrong"
    assert found["account"].text.startswith("account 2 has an error (session of ")
    assert EMAIL not in repr(found)
    assert found["credits"].text.startswith("account 1: 2,240 of 2,250 left; account 2:")


def test_an_account_without_credits_is_wrong() -> None:
    empty = {"used": {"numPlanCredits": 2250}, "permitted": {"numPlanCredits": 2250}}
    found = of(features=empty)["credits"]
    assert (found.state, found.text) == ("wrong", "the account: 0 of 2,250 left")
    assert of(features={})["credits"].text == "the account: the API does not say"


def test_more_slots_than_the_account_has_are_wrong() -> None:
    found = of(slots=5)["slots"]
    assert found.state == "wrong"
    assert "RunwayMagics.slots = 2" in found.advice
