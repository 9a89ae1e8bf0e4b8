"""Finding a task again whose create got no clear answer: in the scheduler, in every account, never by sending."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from runway_nb.api.client import RunwayClient
from runway_nb.errors import AccountBroken, MaybeSent, RunwayError, Unreachable
from runway_nb.jobs.matching import SKEW_SECONDS, LostRequest, Search
from runway_nb.jobs.recover import find_task, search_for_task
from runway_nb.keyframes import Keyframes
from runway_nb.request import VideoRequest
from runway_nb.simulator import Simulator
from runway_nb.simulator.rendering import stub
from support.fakes import BASE, EMAIL, TOKEN, Changed, FakeTime, Recorder
from support.simulator_kit import SECOND, Pictures

SEED = 3178220541
REQUEST = VideoRequest("The lamp turns", seed=SEED, reply_ref="rnb-7f3e2c54b0d14c0f")


# --- looking for it ---------------------------------------------------------------------------------


class Remote:
    """The simulated service, its calls, and a client; `change` sees each answer before the client does."""

    def __init__(self, folder, time, change=None, **rules):
        rules = {"max_jobs": 10, "credits": 10**6, **rules}
        self.time = time
        self.simulator = Simulator(folder, clock=time, renderer=stub.renderer, pictures=Pictures(), **rules)
        self.plain = httpx.ASGITransport(self.simulator.app)
        self.calls = Recorder(Changed(self.plain, change) if change else self.plain)

    def run(self, work, transport=None):
        """What `work` gives with a client."""

        async def go():
            transport_ = transport or self.calls
            async with RunwayClient(TOKEN, base_url=BASE, transport=transport_, sleep=self.time.sleep) as client:
                return await work(client)

        return asyncio.run(go())

    def create(self, request=REQUEST):
        """The id of a task whose answer nobody will hear of."""
        return self.run(lambda client: client.create(request), self.plain).id

    def web_app(self, count, email=EMAIL):
        """Tasks that somebody made by hand, one a second."""
        for number in range(count):
            self.time.now += 1
            self.simulator.web_task("4711", email=email, text_prompt="By hand", seed=10_000_000 + number)

    def find(self, search, transport=None, is_late=False):
        """What a whole search finds: the task's id, or None."""

        async def work(client):
            return await find_task(lambda: search, client, is_late=is_late, pause=self.time.sleep)

        found = self.run(work, transport)
        assert not self.calls.calls("POST"), "a search sends nothing"
        return found and found.task.id

    def lists(self):
        """The e-mails whose history was read."""
        return [request.url.params.get("email", "") for request in self.calls.calls("GET", "/tasks/")]


@pytest.fixture
def remote(tmp_path: Path, time: FakeTime):
    made = []

    def make(change=None, **rules):
        made.append(Remote(tmp_path / "simulator", time, change, **rules))
        return made[-1]

    yield make
    for each in made:
        each.simulator.stop()


def _lost(time, request=REQUEST, *, reference=None, has_own_seed=True, **more):
    reference = request.reply_ref if reference is None else reference
    lost = LostRequest(request, time.now, time.now, reference, has_own_seed, "7f3e2c54")
    return Search(lost, **more)


def _broken(email):
    """Answers 596 to every look into the history of an account."""

    def change(request, answer):
        if request.url.path.endswith("/tasks/") and request.url.params.get("email", "") == email:
            return httpx.Response(596, json={"error": "Session is broken", "code": 596})
        return answer

    return change


def _reversed(remote):
    """The whole history, from old to new, in pages as they are asked for."""
    whole: list[Any] = []

    def change(request, answer):
        if not request.url.path.endswith("/tasks/"):
            return answer
        offset, limit = (int(request.url.params[name]) for name in ("offset", "limit"))
        return httpx.Response(200, json=whole[::-1][offset : offset + limit])

    def keep(request, answer):
        whole.extend(answer.json())
        return answer

    remote.run(lambda client: client.tasks(limit=1000), Changed(remote.plain, keep))
    return Changed(remote.plain, change)


def test_a_tracked_task_is_found_by_its_reference(remote, time: FakeTime) -> None:
    here = remote()
    search, task = _lost(time), here.create()
    here.simulator.fault("list-nameless")
    assert here.find(search) == task
    assert here.lists() == []
    assert time.sleeps == []


def test_a_tracked_task_of_another_job_is_not_ours(remote, time: FakeTime) -> None:
    here = remote()
    search, task = _lost(time), here.create()
    assert here.find(replace(search, taken=frozenset({task})), is_late=True) is None


def test_a_task_that_has_ended_is_found_by_its_seed(remote, time: FakeTime) -> None:
    here = remote()
    search, task = _lost(time), here.create()
    here.create(replace(REQUEST, seed=SEED + 1, reply_ref="rnb-other"))
    time.now += 200
    assert here.find(search) == task
    assert here.lists() == [""]


def test_a_task_that_the_scheduler_has_dropped_is_found_by_its_seed(remote, time: FakeTime) -> None:
    here = remote()
    search, task = _lost(time), here.create()
    here.simulator.fault("scheduler-empty")
    assert here.find(search) == task


@pytest.mark.parametrize(("shape", "details"), [("list-object", 0), ("list-bare", 1)])
def test_a_list_in_another_shape_still_tells_the_seed(remote, time: FakeTime, shape, details) -> None:
    """A list without options tells the seed in the name; the whole task then tells whether the camera agrees."""
    here = remote()
    here.web_app(3)
    search, task = _lost(time), here.create()
    here.simulator.fault("scheduler-empty")
    here.simulator.fault(shape)
    assert here.find(search) == task
    assert (len(here.calls.calls("GET", "-task:")) > 0) is bool(details)


@pytest.mark.parametrize(("shape", "seed"), [("list-nameless", SEED), ("list-bare", 3)])
def test_a_list_that_tells_no_seed_is_read_task_by_task(remote, time: FakeTime, shape, seed) -> None:
    here = remote()
    request = replace(REQUEST, seed=seed)
    here.create(replace(request, seed=seed + 1, reply_ref="rnb-older"))
    search, task = _lost(time, request), here.create(request)
    here.create(replace(request, seed=seed + 2, reply_ref="rnb-newer"))
    here.simulator.fault("scheduler-empty")
    here.simulator.fault(shape)
    assert here.find(search) == task
    assert len(here.calls.calls("GET", "-task:")) <= 3


def test_a_task_that_shows_late_is_waited_for(remote, time: FakeTime) -> None:
    here = remote()
    search = _lost(time)
    here.simulator.fault("late-task", times=1, seconds=20)
    with pytest.raises(RunwayError):
        here.create()
    found = here.find(search)
    assert found is not None
    assert 20 <= sum(time.sleeps) <= 40


def test_what_is_nowhere_is_given_up_after_about_a_minute(remote, time: FakeTime) -> None:
    here = remote()
    here.web_app(3)
    assert here.find(_lost(time)) is None
    assert 45 <= sum(time.sleeps) <= 90


def test_a_create_of_long_ago_is_given_up_soon(remote, time: FakeTime) -> None:
    here = remote()
    assert here.find(_lost(time), is_late=True) is None
    assert sum(time.sleeps) <= 10


# --- among many -------------------------------------------------------------------------------------


def test_a_task_behind_two_full_pages_is_found(remote, time: FakeTime) -> None:
    here = remote()
    search, task = _lost(time), here.create()
    here.web_app(110)
    assert here.find(search) == task
    assert len(here.lists()) == 3


def test_the_history_is_read_no_further_than_the_create(remote, time: FakeTime) -> None:
    here = remote()
    here.web_app(110)
    time.now += 2 * SKEW_SECONDS
    search = _lost(time)
    here.run(lambda client: search_for_task(search, client))
    assert len(here.lists()) == 1


def test_a_history_from_old_to_new_is_read_to_its_end(remote, time: FakeTime) -> None:
    here = remote()
    here.web_app(70)
    time.now += 2 * SKEW_SECONDS
    search, task = _lost(time), here.create()
    here.simulator.fault("scheduler-empty")
    assert here.find(search, _reversed(here)) == task


def test_an_item_that_cannot_be_read_does_not_end_the_history(remote, time: FakeTime) -> None:
    def spoil(request, answer):
        if not request.url.path.endswith("/tasks/"):
            return answer
        items = answer.json()
        return httpx.Response(200, json=[*items[:5], {"status": "DELETED"}, *items[6:]])

    here = remote(spoil)
    search, task = _lost(time), here.create()
    here.web_app(60)
    here.simulator.fault("scheduler-empty")
    assert here.find(search) == task


def test_a_reference_of_the_users_may_name_two_tasks(remote, time: FakeTime) -> None:
    here = remote()
    request = replace(REQUEST, reply_ref="my-film")
    here.create(replace(request, seed=SEED + 1))
    search, task = _lost(time, request, reference=""), here.create(request)
    here.create(replace(request, seed=SEED + 2))
    assert here.find(search) == task


def test_a_reference_of_the_users_is_no_proof(remote, time: FakeTime) -> None:
    here = remote()
    request = replace(REQUEST, reply_ref="my-film")
    here.create(replace(request, seed=SEED + 1))
    assert here.find(_lost(time, request, reference="")) is None


def test_a_seed_used_twice_gives_the_task_that_is_not_anothers(remote, time: FakeTime) -> None:
    here = remote()
    first = here.create(replace(REQUEST, reply_ref="rnb-first"))
    search, second = (
        _lost(time, reference="", has_own_seed=False),
        here.create(replace(REQUEST, reply_ref="rnb-second")),
    )
    for ended in (False, True):
        time.now += 200 * ended
        assert here.find(replace(search, taken=frozenset({first}))) == second
        assert here.find(replace(search, taken=frozenset({second}))) == first
        assert here.find(replace(search, taken=frozenset({first, second})), is_late=True) is None


def test_a_seed_used_before_and_long_ago_is_not_ours(remote, time: FakeTime) -> None:
    here = remote()
    here.create(replace(REQUEST, reply_ref="rnb-first"))
    time.now += SKEW_SECONDS + 100
    assert here.find(_lost(time, has_own_seed=False)) is None


# --- several accounts -------------------------------------------------------------------------------


@pytest.mark.parametrize("email", [EMAIL, SECOND])
def test_words_alone_may_run_on_any_account(remote, time: FakeTime, email) -> None:
    here = remote(accounts=2)
    here.web_app(3, EMAIL)
    here.web_app(3, SECOND)
    search = _lost(time)
    made = here.simulator.web_task("4711", email=email, text_prompt=REQUEST.prompt, seed=SEED)
    assert here.find(search) == made


def test_a_keyframe_names_the_one_account_that_is_read(remote, time: FakeTime) -> None:
    here = remote(accounts=2)
    asset = here.run(lambda client: client.assets(email=SECOND), here.plain)[0].id
    request = replace(REQUEST, keyframes=Keyframes(first=asset))
    search, task = _lost(time, request), here.create(request)
    here.simulator.fault("scheduler-empty")
    assert here.find(search) == task
    assert here.lists() == [SECOND]


def test_a_broken_account_among_several_hides_no_other(remote, time: FakeTime) -> None:
    here = remote(_broken(EMAIL), accounts=2)
    search = _lost(time)
    made = here.simulator.web_task("4711", email=SECOND, text_prompt=REQUEST.prompt, seed=SEED)
    assert here.find(search) == made
    assert here.lists() == [EMAIL, SECOND]


# --- trouble ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["tasks", "scheduler", "accounts"])
def test_trouble_in_one_round_is_survived(remote, time: FakeTime, call) -> None:
    here = remote()
    search, task = _lost(time), here.create()
    time.now += 200
    here.simulator.fault("get-522", times=6, on=call)
    assert here.find(search) == task
    assert time.sleeps


def test_trouble_to_the_end_is_no_proof_that_nothing_is_there(remote, time: FakeTime) -> None:
    here = remote()
    search = _lost(time)
    here.simulator.fault("get-522", on="tasks")
    with pytest.raises(RunwayError):
        here.find(search)


def test_without_a_connection_nothing_is_certain(remote, time: FakeTime) -> None:
    class Nothing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            raise httpx.ConnectError("no route to host")

    here = remote()
    with pytest.raises(Unreachable):
        here.find(_lost(time), Nothing())
    assert sum(time.sleeps) >= 45


def test_the_only_account_broken_is_no_proof_that_nothing_is_there(remote, time: FakeTime) -> None:
    here = remote(_broken(""))
    search = _lost(time)
    here.create()
    time.now += 200
    with pytest.raises(AccountBroken):
        here.find(search)


def test_the_account_of_the_keyframe_broken_is_no_proof_either(remote, time: FakeTime) -> None:
    here = remote(_broken(SECOND), accounts=2)
    asset = here.run(lambda client: client.assets(email=SECOND), here.plain)[0].id
    request = replace(REQUEST, keyframes=Keyframes(first=asset))
    search = _lost(time, request)
    here.create(request)
    time.now += 200
    with pytest.raises(AccountBroken):
        here.find(search)


# --- before it is sent again ------------------------------------------------------------------------


def test_a_task_that_another_one_in_doubt_may_have_is_no_proof_that_nothing_was_started(remote, time) -> None:
    """A 429 may have started a task for all that it says: a sweep's variants differ in what a task does not show."""
    there = remote()
    pictured = replace(REQUEST, keyframes=Keyframes("boat.png"))
    other = replace(pictured, keyframes=Keyframes("lake.png"), reply_ref="rnb-0000000000000000")
    rival = LostRequest(other, time.now, time.now, other.reply_ref or "", job_id="00000000")
    search = _lost(time, pictured, has_own_seed=False, others=(rival,))

    async def look(client):
        return await search_for_task(search, client, is_to_send=True)

    assert there.run(look) is None
    there.create(replace(REQUEST, reply_ref="rnb-ffffffffffffffff"))
    time.now += 300
    with pytest.raises(MaybeSent, match="may be that of another request in doubt"):
        there.run(look)
    assert there.find(search) is None, "a search alone leaves it open"
