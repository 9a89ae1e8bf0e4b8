"""Who is answered: on a machine with other users a port protects nothing."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from runway_nb import errors
from runway_nb.jobs.backend import connect
from runway_nb.settings import Settings
from runway_nb.simulator import Simulator
from runway_nb.simulator.http import access
from runway_nb.simulator.http.access import Access
from runway_nb.simulator.http.control import ACTIONS
from runway_nb.simulator.http.routes import API
from runway_nb.simulator.rendering import stub
from runway_nb.studio import Studio
from support.simulator_kit import EMAIL, LONG, TOKEN, Api, Clock

SITE = "http://sim.test"
ID = f"user:1-runwayml:{EMAIL}-task:0b6f0c1e-6a55-4f0c-9a35-3f1f6e0d2a11"
CALLS = [
    *[(m, "/v1/runwayml" + path.format(id=ID, email=EMAIL)) for path, calls in API.items() for m in calls],
    ("GET", "/v2/account"), ("POST", "/v2/account"),
]  # fmt: skip
CONTROLS = [(method, path.format(name="412")) for method, path in ACTIONS]
NOWHERE = [("GET", "/nothing"), ("OPTIONS", "/"), ("PUT", "/v1/runwayml/tasks"), ("GET", "/simulator"),
           ("GET", "/v1/runwayml/%2e%2e/simulator/log"), ("GET", "//simulator/log"), ("GET", "/%73imulator/log"),
           ("DELETE", "/artifacts/x.mp4"), ("GET", "/artifacts"), ("HEAD", "/")]  # fmt: skip
LINKS = [("GET", "/artifacts/0b6f0c1e-6a55-4f0c-9a35-3f1f6e0d2a11.mp4"), ("GET", "/artifacts/x?_jwt=a.b.c")]
STRANGERS = [None, "user:1-simulator", "user:1-a", "user:4711-abcDEF123", "user:1-", "", "é"]


@pytest.fixture
def embedded(tmp_path: Path) -> Api:
    return Api(tmp_path, embedded=True)


def call(api: Api, method: str, path: str, token: str | None, **headers: str) -> int:
    """The status of a call that brings this token, and no key."""
    login = {b"Authorization": f"Bearer {token}".encode()} if token is not None else {}
    more = {name.encode(): value.encode() for name, value in headers.items()}

    async def send() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(api.sim.app)) as client:
            return (await client.request(method, SITE + path, headers={**login, **more})).status_code

    return asyncio.run(send())


# --- the embedded one ---------------------------------------------------------------------------------


@pytest.mark.parametrize("token", STRANGERS)
def test_an_embedded_simulator_answers_no_stranger_on_any_path(embedded: Api, token) -> None:
    found = {
        (m, path): call(embedded, m, path, token) for m, path in [*CALLS, *CONTROLS, *NOWHERE, *LINKS, ("GET", "/")]
    }
    assert set(found.values()) <= {401, 403}, found
    assert embedded.sim.counts()["creates_received"] == 0


def test_an_embedded_simulator_answers_its_own_process_on_every_path(embedded: Api) -> None:
    for method, path in [*CALLS, *CONTROLS, ("GET", "/")]:
        assert call(embedded, method, path, embedded.sim.token) not in (401, 403), path


def test_the_key_of_an_embedded_one_opens_its_page_and_control_path_and_nothing_else(embedded: Api) -> None:
    key = embedded.sim.key
    assert call(embedded, "GET", f"/?key={key}", None) == 200
    assert call(embedded, "GET", f"/simulator/log?key={key}", None) == 200
    assert call(embedded, "GET", f"/v1/runwayml/tasks?key={key}", None) == 401
    assert call(embedded, "GET", "/v1/runwayml/tasks", key) == 401


def test_tokens_and_keys_are_long_and_drawn_anew_for_each(tmp_path: Path) -> None:
    made = [Simulator(tmp_path, renderer=stub.renderer, embedded=True) for _ in range(3)]
    secrets = {secret for sim in made for secret in (sim.token, sim.key)}
    for sim in made:
        assert sim.token is not None
        assert re.fullmatch(r"user:1-[0-9a-f]{40}", sim.token)
        assert repr(sim.token) not in repr(sim.app_state), "not in a traceback that prints variables"
        sim.stop()
    assert len(secrets) == 6


def test_secrets_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def noted(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(access.hmac, "compare_digest", noted)
    good = Access("user:1-abcdef", "k" * 20, embedded=True)
    with pytest.raises(Exception, match="Unauthorized"):
        good.owner("Bearer user:1-abcdeg")
    assert (b"user:1-abcdeg", b"user:1-abcdef") in compared


def test_another_process_sees_what_the_one_before_has_made(tmp_path: Path) -> None:
    clock = Clock()
    first = Api(tmp_path, embedded=True, clock=clock)
    task_id = first.call("POST", "/gen3turbo/create", token=first.sim.token, json={"text_prompt": "A lamp"}).json()[
        "taskId"
    ]
    first.sim.stop()
    clock.pass_(LONG)
    second = Api(tmp_path, embedded=True, clock=clock)
    assert second.call("GET", f"/tasks/{task_id}", token=first.sim.token).status_code == 401
    task = second.call("GET", f"/tasks/{task_id}", token=second.sim.token).json()
    assert task["status"] == "SUCCEEDED"
    assert second.download(task["artifacts"][0]["url"]).content == stub.CLIP


def test_a_job_of_a_kernel_before_is_found_again_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    settings = Settings(None, "https://api.useapi.net/v1/runwayml", tmp_path / "home", tmp_path / "out")
    first = Studio(settings)
    (asset, *_) = first.account.assets()
    first.close()
    second = Studio(settings)
    assert asset.id in [each.id for each in second.account.assets()]
    assert asset.id.startswith("user:1-")
    second.close()


# --- where its address is shown -----------------------------------------------------------------------


@pytest.fixture
def studio(tmp_path: Path):
    made = Studio(Settings(None, "https://api.useapi.net/v1/runwayml", tmp_path / "home", tmp_path / "out"))
    yield made
    made.close()


def test_the_address_of_the_page_carries_the_key(studio) -> None:
    url = studio.simulator.url()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?key=[0-9a-f]{40}", url)
    answer = httpx.get(url)
    assert answer.status_code == 200
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers, "a cookie would go to every port of this machine"
    address, _, key = url.partition("?key=")
    assert key not in answer.text
    assert httpx.get(address).status_code == 403
    assert httpx.get(f"{address}simulator/log").status_code == 403


def test_a_page_of_a_web_site_cannot_reach_it_by_a_name_of_its_own(studio) -> None:
    url = studio.simulator.url()
    for host in ("evil.example.org", "127.0.0.1.evil.example.org", "evil.example.org:80", "", "localhost.evil.org:1"):
        assert httpx.get(url, headers={"Host": host}).status_code in (400, 403), host


def test_no_secret_is_written_into_the_log(embedded: Api) -> None:
    token, key = embedded.sim.token, embedded.sim.key
    assert token is not None
    assert key is not None
    call(embedded, "GET", f"/?key={key}", token)
    call(embedded, "GET", f"/simulator/faults/{key}", None, **{"X-Simulator-Key": key})
    call(embedded, "GET", f"/v1/runwayml/tasks/{token}", "user:1-a")
    call(embedded, "GET", f"/v1/runwayml/tasks?key={key}&token={token}", token)
    text = repr(embedded.sim.log())
    assert len(embedded.sim.log()) == 4
    assert token not in text
    assert key not in text


def test_a_state_that_cannot_be_used_is_one_line_of_ours(tmp_path: Path) -> None:
    (tmp_path / "home" / "simulator").mkdir(parents=True)
    (tmp_path / "home" / "simulator" / "simulator.sqlite3").write_bytes(b"no database" * 100)
    settings = Settings(None, "https://api.useapi.net/v1/runwayml", tmp_path / "home", tmp_path / "out")
    with pytest.raises(
        errors.RunwayError, match=r"the embedded simulator cannot be started .*the state in .* cannot be used"
    ):
        asyncio.run(connect(settings))


# --- links --------------------------------------------------------------------------------------------


def test_each_state_signs_with_a_secret_of_its_own_that_is_not_derived(tmp_path: Path) -> None:
    secrets = []
    for name in ("one", "two"):
        Api(tmp_path / name).sim.stop()
        with closing(sqlite3.connect(tmp_path / name / "simulator.sqlite3")) as state:
            secrets += state.execute("SELECT value FROM settings WHERE name = 'secret'").fetchone()
    assert len(set(secrets)) == 2
    assert {len(secret) for secret in secrets} == {32}


def test_a_link_cannot_be_forged_nor_moved_to_another_file(embedded: Api) -> None:
    def run(method, path, **more):
        return embedded.call(method, path, token=embedded.sim.token, **more)

    ids = [run("POST", "/gen3turbo/create", json={"text_prompt": text}).json()["taskId"] for text in ("a", "b")]
    embedded.clock.pass_(LONG)
    one, two = (run("GET", f"/tasks/{task_id}").json()["artifacts"][0]["url"] for task_id in ids)
    assert embedded.download(one).status_code == 200
    signed = parse_qs(urlsplit(one).query)["_jwt"][0]
    head, claims, signature = signed.split(".")
    place = two.partition("?")[0]
    none = "eyJhbGciOiJub25lIn0"
    for forged in (signed, f"{none}.{claims}.", f"{head}.{claims}.", f"{head}.{claims}.{signature[:-2]}", "..", ""):
        assert embedded.download(f"{place}?_jwt={forged}").status_code == 403, forged
    assert embedded.download(place).status_code == 403


# --- one that stands alone ----------------------------------------------------------------------------


def test_each_user_of_one_that_stands_alone_sees_its_own_things_only(tmp_path: Path) -> None:
    api, other = Api(tmp_path), "user:5-other"
    done = api.finish(text_prompt="A lamp of mine")
    running = api.start(text_prompt="Another of mine")
    asset = api.upload("photo").json()["assetId"]
    made = done["artifacts"][0]["assetId"]
    api.call("POST", "/accounts/mine@example.org", json={"email": "mine@example.org", "password": "x", "maxJobs": 2})

    def seen(method: str, path: str, **more) -> httpx.Response:
        return api.call(method, path, token=other, **more)

    for task_id in (done["taskId"], running):
        assert seen("GET", f"/tasks/{task_id}").status_code == 403
        assert seen("DELETE", f"/tasks/{task_id}").status_code == 403
        assert seen("DELETE", f"/scheduler/{task_id}").status_code == 403
    for asset_id in (asset, made):
        assert seen("GET", f"/assets/{asset_id}").status_code == 403
        assert seen("DELETE", f"/assets/{asset_id}").status_code == 403
        body = {"text_prompt": "x", "firstImage_assetId": asset_id}
        assert seen("POST", "/gen3turbo/create", json=body).status_code == 403
    assert seen("GET", "/tasks?offset=0&limit=9").json() == []
    assert seen("GET", "/scheduler").json() == []
    names = {each["assetId"] for each in seen("GET", "/assets?offset=0&limit=50").json()}
    assert names.isdisjoint({asset, made})
    assert list(seen("GET", "/accounts").json()) == [EMAIL]
    assert seen("DELETE", "/accounts/mine@example.org").status_code == 404
    link = {"image_url": api.get(f"/assets/{asset}")["url"], "width": 8, "height": 6}
    assert seen("GET", "/image_upscaler", params=link).status_code == 400
    assert seen("GET", "/features").json()["used"]["numPlanCredits"] == 0
    # and the owner still has all of it
    assert api.task(running)["taskId"] == running
    assert api.call("GET", f"/assets/{asset}").status_code == 200


def test_one_that_stands_alone_takes_every_token_of_the_form_and_gives_its_page_to_none(tmp_path: Path) -> None:
    api = Api(tmp_path)
    for token in (TOKEN, "user:1-simulator", "user:0-a", "user:99999-Z9"):
        assert call(api, "GET", "/v1/runwayml/accounts", token) == 200
        for method, path in [("GET", "/"), *CONTROLS]:
            assert call(api, method, path, token) == 403, path
    assert call(api, "GET", "/v1/runwayml/nothing", None) == 404
