"""Finding a task again whose create got no clear answer: by reference, by seed, in every account, never by sending."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timezone

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import BASE, EMAIL, TOKEN, Changed, Recorder
from runway_nb.camera import Camera
from runway_nb.client import RunwayClient
from runway_nb.errors import AccountBroken, RunwayError, Unreachable
from runway_nb.reconcile import SKEW_SECONDS, LostWish, find_task, look_for_task, own_task
from runway_nb.request import Keyframes, VideoRequest
from runway_nb.simulator import Simulator, instant
from runway_nb.simulator.contract import read_wish
from runway_nb.task import PENDING, Task
from test_simulator_kit import SECOND, Pictures

SENT = 1_700_000_000.0
SEED = 3178220541
REQUEST = VideoRequest("The lamp turns", seed=SEED, reply_ref="rnb-7f3e2c54b0d14c0f")
WISH = LostWish(REQUEST, SENT, REQUEST.reply_ref)
TASK = Task(
    "user:4711-runwayml:a@b.example-task:9c2a1f34-58c1-4f0b-b1f4-2e6f0a7d8c33", PENDING, task_type="gen3a_turbo",
    name=f"Gen-3 Alpha Turbo {SEED}, The lamp turns", created_at="2023-11-14T22:13:21.120Z", seed=SEED,
    prompt="The lamp turns",
)  # fmt: skip


def _iso(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- which task fits --------------------------------------------------------------------------------


def is_open(wish, task):
    """Only the whole task can tell."""
    return wish.may_fit(task) and not wish.fits(task)


def test_our_own_task_fits():
    assert WISH.fits(TASK)
    assert not is_open(WISH, TASK)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": SEED + 1}, {"prompt": "Another lamp"}, {"task_type": "gen4"},
        {"created_at": _iso(SENT - SKEW_SECONDS - 1)},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_task_that_differs_is_not_ours(change):
    other = replace(TASK, **change)
    assert not WISH.fits(other)
    assert not is_open(WISH, other)


def test_a_task_of_another_job_is_not_ours():
    wish = replace(WISH, others=frozenset({TASK.id}))
    assert not wish.fits(TASK)
    assert not is_open(wish, replace(TASK, seed=None, name=""))


@pytest.mark.parametrize("created_at", [_iso(SENT - SKEW_SECONDS + 1), _iso(SENT + 3000), "", "yesterday"])
def test_clocks_may_differ_and_a_time_may_be_missing(created_at):
    assert WISH.fits(replace(TASK, created_at=created_at))
    assert not WISH.is_before(replace(TASK, created_at=created_at))


@pytest.mark.parametrize(
    "created_at", ["2023-11-14T22:03:21+00:00", "2023-11-14T22:03:21", "2023-11-15T00:03:21+02:00"]
)
def test_a_time_is_read_in_every_form(created_at):
    # nine minutes and 59 s before the create, and two more seconds
    assert not WISH.is_before(replace(TASK, created_at=created_at))
    assert replace(WISH, sent=SENT + 2).is_before(replace(TASK, created_at=created_at))


@pytest.mark.parametrize("missing", [{"prompt": ""}, {"task_type": ""}, {"name": ""}])
def test_what_is_not_told_does_not_count_against_it(missing):
    assert WISH.fits(replace(TASK, **missing))


def test_a_long_seed_in_the_name_is_enough():
    assert WISH.fits(replace(TASK, seed=None, prompt=""))


@pytest.mark.parametrize(
    "name",
    [
        "",
        f"Gen-3 Alpha Turbo {SEED}0",
        f"Gen-3 Alpha Turbo 1{SEED}",
        "Gen-3 Alpha Turbo 12345678, The lamp",
        "lamp.mp4",
    ],
)
def test_a_name_without_our_seed_leaves_it_open(name):
    told = replace(TASK, seed=None, name=name)
    assert not WISH.fits(told)
    assert is_open(WISH, told)


@pytest.mark.parametrize("seed", [3, 5, 10, 1080, 99999])
def test_a_short_seed_in_a_name_may_be_any_number(seed):
    wish = replace(WISH, request=replace(REQUEST, seed=seed))
    told = replace(TASK, seed=None, name=f"Gen-3 Alpha Turbo {seed}, take 5, 10 s, 1080")
    assert not wish.fits(told)
    assert is_open(wish, told)
    assert wish.fits(replace(told, seed=seed))


@given(
    st.sampled_from([None, SEED, 7]), st.sampled_from(["", "The lamp turns", "no"]),
    st.sampled_from(["", "x", "gen3a_turbo"]), st.sampled_from(["", f"a {SEED}", "a 7"]),
    st.floats(-2000, 2000), st.booleans(),
)  # fmt: skip
def test_no_task_fits_and_is_open_at_once(seed, prompt, kind, name, age, is_taken):
    task = replace(TASK, seed=seed, prompt=prompt, task_type=kind, name=name, created_at=_iso(SENT + age))
    wish = replace(WISH, others=frozenset({TASK.id}) if is_taken else frozenset())
    assert not (wish.fits(task) and is_open(wish, task))
    if wish.fits(task) or is_open(wish, task):
        assert not is_taken
        assert prompt != "no"
        assert kind != "x"
        assert age >= -SKEW_SECONDS - 0.001
        assert seed in (None, SEED)


# --- a 429 that names our own task ------------------------------------------------------------------


def test_a_429_that_names_our_reference_tells_of_our_task():
    running = (("other", "rnb-other"), (TASK.id, WISH.reference))
    assert own_task(running, WISH).id == TASK.id


@pytest.mark.parametrize(
    ("running", "wish"),
    [
        ((), WISH),
        (((TASK.id, "rnb-other"), ("other", "")), WISH),
        (((TASK.id, ""),), replace(WISH, reference="")),
        (((TASK.id, REQUEST.reply_ref),), replace(WISH, reference="")),
        (((TASK.id, REQUEST.reply_ref),), replace(WISH, others=frozenset({TASK.id}))),
    ],
)
def test_a_429_that_does_not_tells_of_none(running, wish):
    assert own_task(running, wish) is None


# --- looking for it ---------------------------------------------------------------------------------


class Remote:
    """The simulated service, its calls, and a client; `change` sees each answer before the client does."""

    def __init__(self, folder, time, change=None, **rules):
        rules = {"max_jobs": 10, "credits": 10**6, **rules}
        self.time = time
        self.simulator = Simulator(folder, clock=time, renderer=instant.renderer, pictures=Pictures(), **rules)
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
            wish = read_wish({"text_prompt": "By hand", "seed": 10_000_000 + number})
            self.simulator.world.create_by_hand("4711", email, wish)

    def find(self, wish, transport=None, late=0.0):
        """What a whole search finds: the task's id, or None."""
        now = self.time.now + late
        found = self.run(lambda client: find_task(lambda: wish, client, now=now, pause=self.time.sleep), transport)
        assert not self.calls.calls("POST"), "a search sends nothing"
        return found and found.id

    def lists(self):
        """The e-mails whose history was read."""
        return [request.url.params.get("email", "") for request in self.calls.calls("GET", "/tasks/")]


@pytest.fixture
def remote(tmp_path, time):
    made = []

    def make(change=None, **rules):
        made.append(Remote(tmp_path / "simulator", time, change, **rules))
        return made[-1]

    yield make
    for each in made:
        each.simulator.stop()


def _lost(time, request=REQUEST, **fields):
    return LostWish(request, time.now, fields.pop("reference", request.reply_ref), **fields)


def _broken(email):
    """Answers 596 to every look into the history of an account."""

    def change(request, answer):
        if request.url.path.endswith("/tasks/") and request.url.params.get("email", "") == email:
            return httpx.Response(596, json={"error": "Session is broken", "code": 596})
        return answer

    return change


def _reversed(remote):
    """The whole history, from old to new, in pages as they are asked for."""
    whole = []

    def change(request, answer):
        if not request.url.path.endswith("/tasks/"):
            return answer
        offset, limit = (int(request.url.params[name]) for name in ("offset", "limit"))
        return httpx.Response(200, json=whole[::-1][offset : offset + limit])

    async def read(client):
        whole.extend(await client._read("/tasks/", {"offset": 0, "limit": 1000}))

    remote.run(read, remote.plain)
    return Changed(remote.plain, change)


def test_a_tracked_task_is_found_by_its_reference(remote, time):
    here = remote()
    wish, task = _lost(time), here.create()
    here.simulator.fault("list-nameless")
    assert here.find(wish) == task
    assert here.lists() == []
    assert time.sleeps == []


def test_a_tracked_task_of_another_job_is_not_ours(remote, time):
    here = remote()
    wish, task = _lost(time), here.create()
    assert here.find(replace(wish, others=frozenset({task})), late=3600.0) is None


def test_a_task_that_has_ended_is_found_by_its_seed(remote, time):
    here = remote()
    wish, task = _lost(time), here.create()
    here.create(replace(REQUEST, seed=SEED + 1, reply_ref="rnb-other"))
    time.now += 200
    assert here.find(wish) == task
    assert here.lists() == [""]


def test_a_task_that_the_scheduler_has_dropped_is_found_by_its_seed(remote, time):
    here = remote()
    wish, task = _lost(time), here.create()
    here.simulator.fault("scheduler-empty")
    assert here.find(wish) == task


@pytest.mark.parametrize(("shape", "details"), [("list-object", 0), ("list-bare", 1)])
def test_a_list_in_another_shape_still_tells_the_seed(remote, time, shape, details):
    """A list without options tells the seed in the name; the whole task then tells whether the camera agrees."""
    here = remote()
    here.web_app(3)
    wish, task = _lost(time), here.create()
    here.simulator.fault("scheduler-empty")
    here.simulator.fault(shape)
    assert here.find(wish) == task
    assert (len(here.calls.calls("GET", "-task:")) > 0) is bool(details)


@pytest.mark.parametrize(
    "told",
    [{"camera": {"z": 4}}, {"camera": {}}, {"seconds": 10}, {"keyframes": [{"timestamp": 0}, {"timestamp": 1}]}],
    ids=str,
)
def test_a_task_with_other_options_is_of_another_wish(told):
    wish = replace(WISH, request=replace(WISH.request, camera=Camera(zoom=-6), seconds=5))
    assert wish.fits(replace(TASK, options={"camera": {"z": -6, "x": 0}, "seconds": 5}))
    assert wish.fits(replace(TASK, options={}))
    assert not wish.fits(replace(TASK, options={"camera": {"z": -6}, "seconds": 5} | told))


def test_a_task_of_another_day_is_of_another_create():
    late = datetime.fromtimestamp(WISH.sent + 25 * 3600, timezone.utc).isoformat()
    assert not WISH.may_fit(replace(TASK, created_at=late))


@pytest.mark.parametrize(("shape", "seed"), [("list-nameless", SEED), ("list-bare", 3)])
def test_a_list_that_tells_no_seed_is_read_task_by_task(remote, time, shape, seed):
    here = remote()
    request = replace(REQUEST, seed=seed)
    here.create(replace(request, seed=seed + 1, reply_ref="rnb-older"))
    wish, task = _lost(time, request), here.create(request)
    here.create(replace(request, seed=seed + 2, reply_ref="rnb-newer"))
    here.simulator.fault("scheduler-empty")
    here.simulator.fault(shape)
    assert here.find(wish) == task
    assert len(here.calls.calls("GET", "-task:")) <= 3


def test_a_task_that_shows_late_is_waited_for(remote, time):
    here = remote()
    wish = _lost(time)
    here.simulator.fault("late-task", times=1, seconds=20)
    with pytest.raises(RunwayError):
        here.create()
    found = here.find(wish)
    assert found is not None
    assert 20 <= sum(time.sleeps) <= 40


def test_what_is_nowhere_is_given_up_after_about_a_minute(remote, time):
    here = remote()
    here.web_app(3)
    assert here.find(_lost(time)) is None
    assert 45 <= sum(time.sleeps) <= 90


def test_a_create_of_long_ago_is_given_up_soon(remote, time):
    here = remote()
    assert here.find(_lost(time), late=3600.0) is None
    assert sum(time.sleeps) <= 10


# --- among many -------------------------------------------------------------------------------------


def test_a_task_behind_two_full_pages_is_found(remote, time):
    here = remote()
    wish, task = _lost(time), here.create()
    here.web_app(110)
    assert here.find(wish) == task
    assert len(here.lists()) == 3


def test_the_history_is_read_no_further_than_the_create(remote, time):
    here = remote()
    here.web_app(110)
    time.now += 2 * SKEW_SECONDS
    wish = _lost(time)
    here.run(lambda client: look_for_task(wish, client))
    assert len(here.lists()) == 1


def test_a_history_from_old_to_new_is_read_to_its_end(remote, time):
    here = remote()
    here.web_app(70)
    time.now += 2 * SKEW_SECONDS
    wish, task = _lost(time), here.create()
    here.simulator.fault("scheduler-empty")
    assert here.find(wish, _reversed(here)) == task


def test_an_item_that_cannot_be_read_does_not_end_the_history(remote, time):
    def spoil(request, answer):
        if not request.url.path.endswith("/tasks/"):
            return answer
        items = answer.json()
        return httpx.Response(200, json=[*items[:5], {"status": "DELETED"}, *items[6:]])

    here = remote(spoil)
    wish, task = _lost(time), here.create()
    here.web_app(60)
    here.simulator.fault("scheduler-empty")
    assert here.find(wish) == task


def test_a_reference_of_the_users_may_name_two_tasks(remote, time):
    here = remote()
    request = replace(REQUEST, reply_ref="my-film")
    here.create(replace(request, seed=SEED + 1))
    wish, task = _lost(time, request, reference=""), here.create(request)
    here.create(replace(request, seed=SEED + 2))
    assert here.find(wish) == task


def test_a_reference_of_the_users_is_no_proof(remote, time):
    here = remote()
    request = replace(REQUEST, reply_ref="my-film")
    here.create(replace(request, seed=SEED + 1))
    assert here.find(_lost(time, request, reference="")) is None


def test_a_seed_used_twice_gives_the_task_that_is_not_anothers(remote, time):
    here = remote()
    first = here.create(replace(REQUEST, reply_ref="rnb-first"))
    wish, second = _lost(time, reference=""), here.create(replace(REQUEST, reply_ref="rnb-second"))
    for ended in (False, True):
        time.now += 200 * ended
        assert here.find(replace(wish, others=frozenset({first}))) == second
        assert here.find(replace(wish, others=frozenset({second}))) == first
        assert here.find(replace(wish, others=frozenset({first, second})), late=3600.0) is None


def test_a_seed_used_before_and_long_ago_is_not_ours(remote, time):
    here = remote()
    here.create(replace(REQUEST, reply_ref="rnb-first"))
    time.now += SKEW_SECONDS + 100
    assert here.find(_lost(time)) is None


# --- several accounts -------------------------------------------------------------------------------


@pytest.mark.parametrize("email", [EMAIL, SECOND])
def test_words_alone_may_run_on_any_account(remote, time, email):
    here = remote(accounts=2)
    here.web_app(3, EMAIL)
    here.web_app(3, SECOND)
    wish = _lost(time)
    made = here.simulator.world.create_by_hand("4711", email, read_wish({"text_prompt": REQUEST.prompt, "seed": SEED}))
    assert here.find(wish) == made.identifier


def test_a_keyframe_names_the_one_account_that_is_read(remote, time):
    here = remote(accounts=2)
    asset = here.run(lambda client: client.assets(email=SECOND), here.plain)[0].id
    request = replace(REQUEST, keyframes=Keyframes(first=asset))
    wish, task = _lost(time, request), here.create(request)
    here.simulator.fault("scheduler-empty")
    assert here.find(wish) == task
    assert here.lists() == [SECOND]


def test_a_broken_account_among_several_hides_no_other(remote, time):
    here = remote(_broken(EMAIL), accounts=2)
    wish = _lost(time)
    made = here.simulator.world.create_by_hand("4711", SECOND, read_wish({"text_prompt": REQUEST.prompt, "seed": SEED}))
    assert here.find(wish) == made.identifier
    assert here.lists() == [EMAIL, SECOND]


# --- trouble ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["tasks", "scheduler", "accounts"])
def test_trouble_in_one_round_is_survived(remote, time, call):
    here = remote()
    wish, task = _lost(time), here.create()
    time.now += 200
    here.simulator.fault("get-522", times=6, on=call)
    assert here.find(wish) == task
    assert time.sleeps


def test_trouble_to_the_end_is_no_proof_that_nothing_is_there(remote, time):
    here = remote()
    wish = _lost(time)
    here.simulator.fault("get-522", on="tasks")
    with pytest.raises(RunwayError):
        here.find(wish)


def test_without_a_connection_nothing_is_certain(remote, time):
    class Nothing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            raise httpx.ConnectError("no route to host")

    here = remote()
    with pytest.raises(Unreachable):
        here.find(_lost(time), Nothing())
    assert sum(time.sleeps) >= 45


def test_the_only_account_broken_is_no_proof_that_nothing_is_there(remote, time):
    here = remote(_broken(""))
    wish = _lost(time)
    here.create()
    time.now += 200
    with pytest.raises(AccountBroken):
        here.find(wish)


def test_the_account_of_the_keyframe_broken_is_no_proof_either(remote, time):
    here = remote(_broken(SECOND), accounts=2)
    asset = here.run(lambda client: client.assets(email=SECOND), here.plain)[0].id
    request = replace(REQUEST, keyframes=Keyframes(first=asset))
    wish = _lost(time, request)
    here.create(request)
    time.now += 200
    with pytest.raises(AccountBroken):
        here.find(wish)
