"""Settings of an earlier job, or of a task of the account, come back into the panel."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from runway_nb import errors
from runway_nb.api.account_queries import account_task
from runway_nb.api.models import SUCCEEDED, Account, RunningTask, Task
from runway_nb.camera import Camera
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.record import Record
from runway_nb.notebook.panel.account_text import AccountState
from runway_nb.notebook.panel.keyframe_choices import NONE, Choice, asset_choices, choice_of
from runway_nb.notebook.panel.open_field import NEWEST, Entries, OpenField, entries
from runway_nb.notebook.panel.panel import Panel
from runway_nb.notebook.panel.state import PanelState
from runway_nb.notebook.panel.store import PanelStore
from runway_nb.pictures.asset_names import linked_assets
from runway_nb.pictures.assets import AssetList
from runway_nb.request import VideoRequest
from support.account_pictures import UUID_TAIL, an_asset, asked, png
from support.fakes import EMAIL, TOKEN, Party
from support.panels import shown_text

pytestmark = pytest.mark.usefixtures("small_frames")

DOT = " \N{MIDDLE DOT} "
WISH = VideoRequest("A lamp turns", camera=Camera(zoom=4, pan=-2), seconds=10, seed=7)


def task_id(number):
    return f"user:4711-runwayml:{EMAIL}-task:{number:08x}-{UUID_TAIL}"


def a_task(number, prompt="", **fields):
    return Task(task_id(number), SUCCEEDED, prompt=prompt, **fields)


def a_record(number, prompt="", task=""):
    return Record(
        id=f"{number:08x}", phase="done", request={"text_prompt": prompt}, model="gen3turbo", digest="", reply_ref="",
        credits=25, simulated=False, task_id=task,
    )  # fmt: skip


class Client:
    """An account that holds these tasks; its words are those of the client of the API."""

    def __init__(self, *tasks, running=(), emails=(EMAIL,)):
        self.held, self.now, self.emails, self.asked = tasks, running, emails, []

    async def accounts(self):
        return tuple(map(Account, self.emails))

    async def tasks(self, limit, email):
        self.asked.append(("tasks", email))
        return [task for task in self.held if email in task.id][:limit]

    async def task(self, identifier):
        self.asked.append(("task", identifier))
        for task in self.held:
            if task.id == identifier:
                return task
        raise errors.NotFound("there is no such task", 404)

    async def running(self):
        return self.now


# --- what is offered --------------------------------------------------------------------------------


def test_jobs_are_offered_before_tasks_each_in_the_order_given() -> None:
    found = entries([a_record(2, "Two"), a_record(1, "One")], [a_task(8, "Eight"), a_task(7, "Seven")])
    assert [*found] == [
        f"00000002{DOT}Two",
        f"00000001{DOT}One",
        f"task 00000008{DOT}Eight",
        f"task 00000007{DOT}Seven",
    ]
    assert [*found.values()] == ["00000002", "00000001", task_id(8), task_id(7)]


def test_a_task_that_is_a_jobs_is_not_offered_twice() -> None:
    found = entries([a_record(1, "One", task_id(7)), a_record(2, "Two")], [a_task(7, "One"), a_task(8, "Eight")])
    assert [*found.values()] == ["00000001", "00000002", task_id(8)]


def test_equal_prompts_stay_entries_of_their_own() -> None:
    found = entries([a_record(n, "A lamp") for n in range(3)], [a_task(n, "A lamp") for n in range(3)])
    assert len(found) == 6


def test_what_is_shown_is_short_on_one_line_and_holds_no_address() -> None:
    words = f"{EMAIL} {task_id(3)} {TOKEN}\na lamp that turns and turns"
    found = entries([a_record(1, words)], [a_task(2, words), a_task(3, name=words), a_task(4)])
    for label in found:
        assert "@" not in label.replace("***@***", "")
        assert TOKEN not in label
        assert "\n" not in label
        assert len(label) < 60
    assert f"task 00000004 {DOT}".strip(f" {DOT}") in found, "a task without words has its name alone"


def test_a_task_without_a_prompt_is_known_by_its_name() -> None:
    assert [*entries([], [a_task(1, name="Gen-3 lamp")])] == [f"task 00000001{DOT}Gen-3 lamp"]


def test_a_record_that_some_accident_has_emptied_is_offered_by_its_id() -> None:
    assert entries([replace(a_record(1), request={})], []) == {"00000001": "00000001"}


# --- the field --------------------------------------------------------------------------------------


class Field:
    """The field alone, with a state of its own."""

    def __init__(self, studio, open_job):
        self.store, self.entries = PanelStore(PanelState(AccountState(False))), Entries(studio)
        made = OpenField(self.store, open_job)
        self.store.shown_by(made.show)
        self.field = made.field

    def offer(self):
        self.store.apply(self.entries.offered)

    async def load(self, client):
        tasks = await self.entries.tasks(client)
        self.store.apply(lambda state: self.entries.offered(replace(state, tasks=tasks)))


def a_field(records=(), *, broken=False):
    """The field before a ledger with these records, and what it has opened."""
    opened: list[Any] = []

    def recent(limit):
        if broken:
            raise errors.LedgerError("the disk is full")
        return [*records][:limit]

    return Field(SimpleNamespace(ledger=SimpleNamespace(recent=recent)), opened.append), opened


def test_an_entry_that_is_chosen_stands_for_its_id_and_can_be_chosen_again() -> None:
    field, opened = a_field([a_record(1, "One")])
    asyncio.run(field.load(Client(a_task(8, "Eight"))))
    for label in (f"00000001{DOT}One", f"task 00000008{DOT}Eight", f"00000001{DOT}One"):
        assert label in field.field.options
        field.field.value = label
        assert field.field.value == "", "the field is empty for the next"
    assert opened == ["00000001", task_id(8), "00000001"]


@pytest.mark.parametrize(("text", "name"), [("0000", "0000"), ("  theirs-1 ", "theirs-1"), (task_id(3), task_id(3))])
def test_what_is_typed_is_passed_on(text, name) -> None:
    field, opened = a_field([a_record(1, "One")])
    field.offer()
    field.field.value = text
    assert opened == [name]


def test_blanks_open_nothing() -> None:
    field, opened = a_field()
    field.field.value = "   "
    assert opened == []


def test_no_more_than_the_newest_are_offered() -> None:
    field, _ = a_field([a_record(number) for number in range(3 * NEWEST)])
    field.offer()
    assert len(field.field.options) == NEWEST


def test_a_list_that_is_the_same_is_not_sent_again() -> None:
    records = [a_record(1, "One")]
    field, _ = a_field(records)
    field.offer()
    seen: list[Any] = []
    field.field.observe(seen.append, "options")
    field.offer()
    assert seen == []
    asyncio.run(field.load(Client(a_task(8))))
    assert len(seen) == 1


def test_a_ledger_that_cannot_be_read_takes_nothing_from_the_tasks() -> None:
    field, opened = a_field(broken=True)
    field.offer()
    assert field.field.options == ()
    asyncio.run(field.load(Client(a_task(8, "Eight"))))
    assert field.field.options == (f"task 00000008{DOT}Eight",)
    field.field.value = "00000001"
    assert opened == ["00000001"]


def test_tasks_of_all_accounts_are_offered() -> None:
    field, _ = a_field()
    other = replace(a_task(9), id=task_id(9).replace(EMAIL, "b@b.test"))
    asyncio.run(field.load(Client(a_task(8), other, emails=(EMAIL, "b@b.test"))))
    assert field.field.options == ("task 00000008", "task 00000009")


def test_an_account_that_cannot_be_read_leaves_what_was_offered() -> None:
    class Broken(Client):
        async def accounts(self):
            raise errors.Unreachable("no connection")

    field, _ = a_field([a_record(1, "One")])
    asyncio.run(field.load(Client(a_task(8))))
    before = field.field.options
    with pytest.raises(errors.Unreachable):
        asyncio.run(field.load(Broken()))
    field.offer()
    assert field.field.options == before


# --- in the panel -----------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(party: Party, elsewhere):
    """The same, and the job has ended."""
    return lambda request: party.ended(elsewhere(request))


def test_tasks_of_the_account_come_in_the_background(bench, elsewhere) -> None:
    there = elsewhere(WISH)
    job = bench.party.ended(bench.party.submit("A harbour"))
    label = f"task {there.task.short_id}{DOT}A lamp turns"
    panel = Panel(studio=bench.studio)
    assert panel.open_field.field.options == ()
    panel._ipython_display_()
    bench.settled(panel)
    assert panel.open_field.field.options == (f"{job.id}{DOT}A harbour", label)
    panel.open_field.field.value = label
    bench.settled(panel)
    assert panel.request == WISH
    assert bench.studio.ledger.recent()[0].id == job.id, "nothing was adopted"
    assert len(bench.studio.jobs) == 1


def test_an_account_that_does_not_answer_is_reported_and_jobs_are_offered(bench) -> None:
    job = bench.party.ended(bench.party.submit("A harbour"))
    with bench.network():
        panel = bench.panel()
        assert "connection" in shown_text(panel)
        assert panel.open_field.field.options == (f"{job.id}{DOT}A harbour",)
        panel.open_field.field.value = "ffffffff"
        bench.settled(panel)
        assert "connection" in shown_text(panel)


def test_whatever_names_a_job_opens_it(bench) -> None:
    job = bench.party.ended(bench.studio.submit(WISH))
    panel = bench.panel()
    for name in (job.id, job.id[:5], job.task.id, job.task.short_id, job.request.reply_ref):
        panel.fill(VideoRequest())
        panel.open_field.field.value = name
        bench.settled(panel)
        assert panel.request == WISH, name
    assert bench.creates == 1


def test_rubbish_is_reported_and_changes_nothing(bench) -> None:
    panel = bench.panel(WISH)
    for text in ("ffffffff", "nonsense", "%runway show", "<b>x</b>", task_id(5), EMAIL, TOKEN, "0" * 999):
        panel.store.report("")
        panel.open_field.field.value = text
        bench.settled(panel)
        assert panel.request == WISH
        assert "neither the ledger nor the account has a job" in shown_text(panel), text
        assert "@" not in shown_text(panel).replace("***@***", "")
        assert TOKEN not in shown_text(panel)
        assert "<b>x" not in panel.open_field.problem.value


def test_the_report_goes_with_the_next_job_that_is_opened(bench) -> None:
    job = bench.party.ended(bench.studio.submit(WISH))
    panel = bench.panel()
    panel.open_field.field.value = "ffffffff"
    bench.settled(panel)
    panel.open_field.field.value = job.id
    bench.settled(panel)
    assert "neither" not in shown_text(panel)
    assert panel.preview.announcement == f"Settings of {job.id}."


def test_a_ledger_that_cannot_be_read_is_reported_when_it_is_needed(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_, **__):
        raise errors.LedgerError("the ledger cannot be read")

    for name in ("recent", "named", "find"):
        monkeypatch.setattr(bench.studio.ledger, name, broken)
    panel = bench.panel(WISH)
    assert panel.open_field.field.options == ()
    panel.open_field.field.value = "ffffffff"
    bench.settled(panel)
    assert "the ledger cannot be read" in shown_text(panel)
    assert panel.request == WISH


def test_a_job_that_was_made_meanwhile_is_offered_at_once(bench) -> None:
    panel = bench.press(bench.panel(WISH))
    assert panel.open_field.field.options == (f"{panel.job.id}{DOT}A lamp turns",), "its task is not offered beside it"


@pytest.mark.parametrize(
    "told", [{"seed": 0}, {"seconds": 10.0}, {"camera": {"z": 10**400}}], ids=["seed", "seconds", "move"]
)
def test_a_task_that_has_something_odd_opens_with_the_rest(bench, elsewhere, told) -> None:
    there = elsewhere(WISH)

    def odd(request, answer):
        if there.task.id in request.url.path:
            body = answer.json()
            body.get("task", body)["options"].update(told)
            return httpx.Response(200, content=json.dumps(body))
        return answer

    bench.change(odd)
    panel = bench.panel()
    panel.open_field.field.value = there.task.id
    bench.settled(panel)
    assert panel.request.prompt == WISH.prompt, shown_text(panel)
    assert panel.request.problems() == ()


def test_pictures_of_the_account_are_found_behind_the_links_of_a_task(bench, elsewhere) -> None:
    """A link expires, and is fetched and uploaded once more; the asset is there already."""
    there = elsewhere(replace(WISH, keyframes=Keyframes("harbour", last="meadow")))
    panel = bench.panel()
    panel.open_field.field.value = there.task.id
    bench.settled(panel)
    assert panel.request.keyframes == Keyframes("harbour", last="meadow")


# --- the entry for a keyframe -----------------------------------------------------------------------

OLD = "https://cdn.test/ab/lamp.jpg?_jwt=old&expires=1"
NEW = "https://cdn.test/ab/lamp.jpg?_jwt=new"


def assets_with(*links):
    return [replace(an_asset(n, f"lamp{n}.jpg"), url=link) for n, link in enumerate(links)]


@pytest.mark.parametrize("link", [OLD, NEW, NEW.partition("?")[0], NEW + "#x", "https://cdn.test/ab/lamp.jpeg"])
def test_a_link_that_was_signed_anew_is_the_asset_it_leads_to(link) -> None:
    assets = assets_with("https://cdn.test/ab/harbour.jpg?_jwt=new", NEW)
    assert linked_assets(Keyframes(last=link), assets) == Keyframes(last="lamp1")


@pytest.mark.parametrize(
    "link",
    [
        "https://cdn.test/cd/lamp.jpg?_jwt=old",
        "https://other.test/ab/lamp.jpg?_jwt=old",
        "https://cdn.test/ab/?lamp.jpg",
    ],
)
def test_a_link_to_what_is_no_asset_stays_out(link) -> None:
    assert linked_assets(Keyframes(first=link, last=NEW), assets_with(NEW)) == Keyframes(last="lamp0")


def test_assets_of_one_name_are_told_apart() -> None:
    one, two = assets_with(NEW, OLD.replace("lamp", "other"))
    found = linked_assets(Keyframes(first=NEW), [one, replace(two, name=one.name)])
    assert found == Keyframes(first=one.short_id)


def test_a_file_that_is_called_like_a_link_without_its_key_is_no_asset() -> None:
    found = choice_of("cdn.test/ab/lamp.jpg", asset_choices(AssetList(tuple(assets_with(NEW, "")))))
    assert found.asset is None


def test_an_id_or_an_asset_is_its_entry_whatever_its_link_says() -> None:
    (lamp,) = asset_choices(AssetList(tuple(assets_with(NEW))))
    assert lamp.asset is not None
    assert choice_of(lamp.asset.id, [lamp]) == lamp
    assert choice_of(replace(lamp.asset, url=OLD), [lamp]) == lamp
    assert choice_of(None, [lamp]) == NONE
    assert choice_of(png(), [lamp]).label == "picture (bytes)"


def test_the_name_of_a_link_is_that_of_its_file() -> None:
    label = choice_of("https://cdn.test/a/very/long/way/to/where/all/the/pictures/are/kept/lamp.jpg?k=1", []).label
    assert label == "lamp.jpg"
    assert choice_of(NEW, []).label == "https://cdn.test/ab/lamp.jpg"
    assert isinstance(choice_of(NEW, []), Choice)


# --- a task by what a person has of it --------------------------------------------------------------


def found(client, text):
    return asyncio.run(account_task(client, text))


def test_a_task_is_found_by_its_id_the_beginning_of_its_uuid_or_its_reference() -> None:
    client = Client(a_task(1), a_task(2), running=(RunningTask(task_id(2), "theirs"),))
    assert found(client, task_id(1)).id == task_id(1)
    assert found(client, "00000001").id == task_id(1)
    assert found(client, f"00000002-{UUID_TAIL}").id == task_id(2)
    by_reference = found(client, "theirs")
    assert (by_reference.id, by_reference.reply_ref) == (task_id(2), "theirs")


@pytest.mark.parametrize("text", [task_id(3), "00000003", "theirs", "0000", "", TOKEN, EMAIL])
def test_what_no_account_has_is_no_job_and_names_no_address(text) -> None:
    with pytest.raises(errors.JobNotFound) as told:
        found(Client(a_task(1)), text)
    assert EMAIL not in told.value.message
    assert TOKEN not in told.value.message
    assert "%runway list --account" in told.value.message


def test_a_name_that_is_too_short_for_a_task_costs_no_listing() -> None:
    client = Client(a_task(1))
    with pytest.raises(errors.JobNotFound):
        found(client, "0000000")
    assert client.asked == []


def test_a_whole_id_is_asked_for_and_no_list_is_looked_through() -> None:
    client = Client(a_task(1))
    with pytest.raises(errors.JobNotFound):
        found(client, task_id(3))
    assert client.asked == [("task", task_id(3))]


def test_an_answer_that_never_came_is_not_called_unknown() -> None:
    class Silent(Client):
        async def task(self, identifier):
            raise errors.NoAnswer("the connection broke")

    with pytest.raises(errors.NoAnswer):
        found(Silent(), task_id(1))


def test_an_id_of_the_account_that_is_no_task_is_no_job(party: Party) -> None:
    asset = party.studio.account.assets()[0]
    with pytest.raises(errors.JobNotFound):
        asked(party, lambda client: account_task(client, asset.id))
