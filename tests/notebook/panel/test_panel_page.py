"""What the panel and the pages that show it tell each other: values, texts that stay, results, jobs that are opened."""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import comm
import ipywidgets
import pytest

from runway_nb import errors
from runway_nb.api.models import SUCCEEDED, Status, Task
from runway_nb.camera import Camera
from runway_nb.jobs.job import Job, Submission, control_of
from runway_nb.jobs.state import State
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.panel import panel as module
from runway_nb.notebook.panel.bridge import Bridge
from runway_nb.notebook.panel.keyframe_loader import Loaded, Pictures
from runway_nb.notebook.panel.panel import Panel
from runway_nb.notebook.panel.preview import make_preview
from runway_nb.notebook.panel.widgets import button as make_button
from runway_nb.notebook.panel.widgets import make_widget
from runway_nb.request import VideoRequest
from support.account_pictures import an_asset, asked, png, shelve
from support.fakes import EMAIL, TOKEN, Party
from support.panels import REQUEST, a_bench, button, parts, said, tell, the, upload, wait_until
from support.strategies import ASSET_ID, TASK_ID

SMALL = (320, 192)
WIDGET = "application/vnd.jupyter.widget-view+json"
OTHER = replace(REQUEST, prompt="A harbour", camera=Camera(roll=3), seconds=None, aspect=None, seed=None)


@pytest.fixture
def bench(party: Party, monkeypatch: pytest.MonkeyPatch):
    with a_bench(party, monkeypatch) as made:
        yield made


# --- a page alone -----------------------------------------------------------------------------------


class Script:
    """What a preview carries between the page and the kernel."""

    def __init__(self):
        self.sent, self.texts, self.announcement = [], {}, ""

    def on_msg(self, heard):
        self._heard = heard

    def send(self, content):
        self.sent.append(content)

    def tell(self, content):
        self._heard(self, content, [])


@pytest.fixture
def talk():
    """A page with controls of each kind; what was done at its messages."""
    script, done = Script(), []
    fields = {
        "zoom": ipywidgets.FloatSlider(min=-10, max=10),
        "prompt": ipywidgets.Textarea(),
        "static": ipywidgets.Checkbox(),
        "seconds": ipywidgets.RadioButtons(options=["5 s", "10 s"]),
        "first": ipywidgets.Dropdown(options=["none", "harbour", "meadow"]),
        "max_jobs": ipywidgets.Dropdown(options=[("as the account says", 0), ("3", 3)]),
    }
    acts = {kind: lambda content, kind=kind: done.append((kind, content)) for kind in ("shown", "press", "open")}
    return SimpleNamespace(script=script, fields=fields, done=done, acts=acts, page=Bridge(script, fields, acts))


def values(talk):
    return {name: control.value for name, control in talk.fields.items()}


SHOWN = {"zoom": -3.5, "prompt": "A lamp", "static": True, "seconds": "10 s", "first": "meadow", "max_jobs": "3"}


def test_the_values_that_a_page_shows_are_taken_before_anything_is_done(talk) -> None:
    seen = []
    talk.acts["press"] = lambda _: seen.append(values(talk))
    talk.script.tell({"kind": "press", "values": SHOWN})
    assert seen == [{**SHOWN, "max_jobs": 3}]


def test_a_message_without_values_leaves_them(talk) -> None:
    talk.script.tell({"kind": "press", "values": SHOWN})
    before = values(talk)
    talk.script.tell({"kind": "press"})
    talk.script.tell({"kind": "press", "values": {}})
    assert values(talk) == before
    assert len(talk.done) == 3


def test_an_entry_that_is_not_in_a_list_any_more_is_left(talk) -> None:
    talk.script.tell({"kind": "press", "values": {**SHOWN, "first": "gone", "seconds": "7 s", "max_jobs": 3}})
    assert (talk.fields["first"].value, talk.fields["seconds"].value, talk.fields["max_jobs"].value) == (
        "none",
        "5 s",
        0,
    )
    assert talk.fields["zoom"].value == -3.5


def test_what_follows_the_controls_hears_of_values_that_are_taken(talk) -> None:
    seen = []
    talk.fields["zoom"].observe(lambda change: seen.append(change["new"]), "value")
    talk.script.tell({"kind": "press", "values": {"zoom": 2.0}})
    talk.script.tell({"kind": "press", "values": {"zoom": 2.0}})
    assert seen == [2.0]


def test_a_message_of_a_kind_that_nobody_knows_does_nothing(talk) -> None:
    for kind in ("", "pressed", "Press", "keep"):
        talk.script.tell({"kind": kind})
    talk.script.tell({})
    assert (talk.done, talk.script.sent) == ([], [])
    assert not talk.page.has_script


def test_each_message_does_its_own_act_once_and_brings_what_it_says(talk) -> None:
    content = {"kind": "open", "name": "7f3e2c54"}
    talk.script.tell(content)
    assert talk.done == [("open", {**content, "buffers": []})]


RUBBISH = {
    "a field that is not there": {"kind": "press", "values": {"nonsense": 1}},
    "words for a number": {"kind": "press", "values": {"zoom": "many"}},
    "a list for a number": {"kind": "press", "values": {"zoom": [1]}},
    "nothing for a number": {"kind": "press", "values": {"zoom": None}},
    "a number for words": {"kind": "press", "values": {"prompt": 5}},
    "words for a truth": {"kind": "press", "values": {"static": "no"}},
    "a list for an entry": {"kind": "press", "values": {"seconds": ["10 s"], "first": {"a": 1}}},
    "a number beyond the range": {"kind": "press", "values": {"zoom": 1e300}},
    "no values": {"kind": "press", "values": None},
    "values that are a list": {"kind": "press", "values": ["zoom", 3]},
    "values that are text": {"kind": "press", "values": "zoom"},
    "a list for a kind": {"kind": ["press"]},
    "no message": None,
    "a message that is text": "press",
}


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_of_a_page_raises_nothing_and_leaves_every_control_with_a_value_of_its_kind(talk, name) -> None:
    """An error here would be a traceback in the log of the front end, and no word in the panel."""
    talk.script.tell(RUBBISH[name])
    assert -10 <= talk.fields["zoom"].value <= 10
    assert [type(value) for value in values(talk).values()] == [float, str, bool, str, str, int]
    assert talk.fields["prompt"].value == ""
    talk.script.tell({"kind": "press", "values": SHOWN})
    assert values(talk) == {**SHOWN, "max_jobs": 3}, "the next message is heard as ever"


@pytest.mark.parametrize("bad", [{"nonsense": 1}, {"zoom": "many"}, {"prompt": None}], ids=["field", "number", "words"])
def test_a_value_that_cannot_be_read_takes_no_other_with_it(talk, bad) -> None:
    """Half of what a page shows would be a request that nobody has seen."""
    talk.script.tell({"kind": "press", "values": {**bad, "seconds": "10 s", "static": True}})
    assert (talk.fields["seconds"].value, talk.fields["static"].value) == ("10 s", True)


def test_a_page_without_the_script_has_told_nothing(talk) -> None:
    assert not talk.page.has_script
    assert not talk.page.reaches_notebook
    assert not talk.page.has_lost_displays


@pytest.mark.parametrize(
    ("events", "lost"),
    [("d", 0), ("dv", 0), ("dvv", 1), ("dvdv", 0), ("ddvv", 0), ("ddv", 0), ("ddvvv", 1), ("dvvdv", 1), ("v", 1)],
)
def test_a_view_more_than_was_displayed_is_a_page_that_was_loaded_anew(talk, events, lost) -> None:
    for event in events:
        if event == "d":
            talk.page.displayed()
        else:
            talk.script.tell({"kind": "shown", "notebook": True})
    assert talk.page.has_lost_displays == bool(lost)
    assert talk.page.has_script == ("v" in events)


def test_the_page_that_came_last_says_whether_the_notebook_can_be_reached(talk) -> None:
    for notebook, reaches in ((True, True), (False, False), (True, True), (None, False), ("yes", True)):
        talk.script.tell({"kind": "shown", "notebook": notebook})
        assert talk.page.reaches_notebook is reaches
    talk.script.tell({"kind": "shown"})
    assert talk.page.reaches_notebook is False


def test_other_messages_are_no_views(talk) -> None:
    talk.page.displayed()
    for kind in ("press", "cell", "open", "press"):
        talk.script.tell({"kind": kind, "notebook": True})
    assert not talk.page.has_script
    assert not talk.page.reaches_notebook


def test_data_for_a_place_the_cell_and_words_go_to_the_page(talk) -> None:
    data = {"text/plain": "a lamp"}
    talk.page.put("runway-1", data)
    talk.page.answer({"number": "a.1"}, "%%runway\na lamp")
    talk.page.announce("Sent.")
    data["text/plain"] = "changed"
    assert talk.script.sent == [
        {"kind": "put", "display_id": "runway-1", "data": {"text/plain": "a lamp"}},
        {"kind": "answer", "number": "a.1", "text": "%%runway\na lamp"},
    ]
    assert talk.script.announcement == "Sent."


def test_texts_are_kept_in_the_place_of_those_before() -> None:
    preview, seen = make_preview(), []
    page = Bridge(preview, {}, {})
    preview.observe(lambda change: seen.append(change["new"]), "texts")
    one = {"a": {"model": "1", "data": {"text/plain": "x"}}}
    page.keep(one)
    page.keep({"a": {"model": "1", "data": {"text/plain": "x"}}})
    page.keep({"b": one["a"]})
    assert seen == [one, {"b": one["a"]}], "what is the same is not sent again"


# --- small widgets ------------------------------------------------------------------------------------


class Wire:
    """Every message from the widgets that are made, with what is in it."""

    def __init__(self, monkeypatch):
        self.sent = []
        wire = self

        class Comm(comm.DummyComm):
            def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
                wire.sent.append((msg_type, self.comm_id, data or {}))

        monkeypatch.setattr(comm, "create_comm", Comm)

    @property
    def opened(self):
        return [data["state"] for kind, _, data in self.sent if kind == "comm_open"]

    @property
    def updates(self):
        """The widget and the traits of each update."""
        return [(model, data["state"]) for _, model, data in self.sent if data.get("method") == "update"]

    @property
    def custom(self):
        return [data["content"] for _, _, data in self.sent if data.get("method") == "custom"]

    def of(self, trait):
        return [state[trait] for _, state in self.updates if trait in state]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch, bench):
    """Everything that panels send; their preview is the real one."""
    monkeypatch.setattr(module, "make_preview", make_preview)
    return Wire(monkeypatch)


def test_a_lean_part_opens_with_its_classes_and_sends_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    make_widget(ipywidgets.HTML)  # what all share is there
    wire = Wire(monkeypatch)
    make_widget(ipywidgets.HTML, "x", classes="rnb-a rnb-b")
    make_widget(ipywidgets.HBox, [], classes="rnb-c")
    make_widget(ipywidgets.Text, description="Seed")
    make_button("Go", lambda: None, "rnb-primary rnb-go")
    opened = [tuple(state["_dom_classes"]) for state in wire.opened if "_dom_classes" in state]
    assert opened == [("rnb-a", "rnb-b"), ("rnb-c",), (), ("rnb-primary", "rnb-go")]
    assert wire.updates == []


def test_a_panel_is_made_with_few_messages_and_none_for_a_class(bench, wire) -> None:
    panel = Panel(REQUEST, studio=bench.studio)
    stage = {widget.model_id for widget in parts(panel.output.area.root)}
    assert len(wire.opened) > 50
    assert len(wire.updates) < 40
    assert not [state for model, state in wire.updates if "_dom_classes" in state and model not in stage]
    assert len(wire.of("texts")) == 0
    bench.settled(panel)


def test_a_panel_shares_its_looks(bench, wire) -> None:
    panel = bench.panel(REQUEST)
    kinds = Counter(state["_model_name"] for state in wire.opened)
    assert kinds["LayoutModel"] <= 6
    assert len({widget.layout.model_id for widget in parts(panel.children[1])}) <= 3


# --- texts that stay --------------------------------------------------------------------------------


class Hands:
    """A studio's jobs that go on when they are told to."""

    def __init__(self, bench, monkeypatch):
        self.bench, self.jobs, self.asked = bench, [], []
        monkeypatch.setattr(bench.studio, "submit_checked", self.submit_checked)

    def submit_checked(self, checked, *, cell, folder):
        self.asked.append(cell)
        request = checked.request
        sent = replace(request, seed=7)
        job = Job(f"{len(self.jobs) + 1:08x}", sent, original_request=request, cell=cell, folder=folder, state=State())
        self.jobs.append(job)
        return Submission(job, True)

    def press(self, panel):
        """Send a request, and give its job once the panel has taken it on."""
        count = len(self.jobs)
        tell(panel, "press")
        wait_until(lambda: len(panel.jobs) == count + 1 and not button(panel, "Generate").disabled)
        return panel.jobs[0]

    def finish(self, panel, job):
        video = self.bench.party.folder / "runway_outputs" / f"lamp-{job.id}.mp4"
        video.parent.mkdir(exist_ok=True)
        video.write_bytes(bytes(1000))
        control_of(job).change(
            phase=Phase.DONE, task=Task(TASK_ID, SUCCEEDED), video=video, poster=b"\xff\xd8", ended=1.0
        )
        return self.bench.settled(panel)

    def end(self):
        for job in self.jobs:
            if not job.done:
                control_of(job).change(phase=Phase.REMOVED, error=errors.Removed("taken back"))


@pytest.fixture
def hands(bench, monkeypatch: pytest.MonkeyPatch):
    made = Hands(bench, monkeypatch)
    monkeypatch.setattr(bench.party, "ended", lambda job, timeout=5: job)
    yield made
    made.end()
    for future in bench.background:
        future.exception(5)


def places(bench):
    """Where the panel stands, and where its results."""
    return bench.shown[0][0], bench.shown[1][0]


def test_before_it_is_displayed_nothing_is_kept(bench, wire) -> None:
    panel = bench.panel(REQUEST, opened=False)
    panel.form.fields["prompt"].value = "Another lamp"
    panel.fill(OTHER)
    bench.settled(panel)
    assert panel.preview.texts == {}
    assert wire.of("texts") == []


def test_displayed_it_keeps_its_request_in_its_own_place_alone(bench) -> None:
    panel = bench.panel(REQUEST)
    here, _ = places(bench)
    assert [*panel.preview.texts] == [here]
    kept = panel.preview.texts[here]
    assert kept["model"] == panel.model_id
    assert set(kept["data"]) == {"text/html", "text/plain"}
    assert panel.cell in kept["data"]["text/plain"]
    assert "A lamp turns" in kept["data"]["text/html"]


def test_a_request_that_cannot_be_a_cell_keeps_the_reason(bench) -> None:
    panel = bench.panel(REQUEST)
    panel.form.fields["seed"].value = "many"
    (kept,) = panel.preview.texts.values()
    assert "seed is 'many'" in kept["data"]["text/plain"]


def test_a_change_of_the_request_is_kept_at_once_and_an_equal_one_sent_never(bench, wire) -> None:
    panel = bench.panel(REQUEST)
    count = len(wire.of("texts"))
    assert count == 1
    panel.form.fields["prompt"].value = "Another lamp"
    assert len(wire.of("texts")) == 2
    assert "Another lamp" in json.dumps(wire.of("texts")[-1])
    panel.fill(panel.request)
    panel.look_again()
    panel.offer_again()
    panel._ipython_display_()
    tell(panel, "shown", notebook=True)
    bench.settled(panel)
    assert len(wire.of("texts")) == 2


def test_while_a_job_runs_both_places_have_a_text(bench, hands) -> None:
    panel = bench.panel(REQUEST)
    here, below = places(bench)
    job = hands.press(panel)
    for phase, words in (
        (Phase.PREPARING, "Its pictures"),
        (Phase.WAITING, "It is waiting"),
        (Phase.FOLLOWING, "Runway is working"),
    ):
        control_of(job).change(phase=phase)
        texts = panel.preview.texts
        assert [*texts] == [here, below]
        assert texts[below]["model"] == panel.output.area.root.model_id
        assert f"%runway wait {job.id}" in texts[below]["data"]["text/plain"]
        assert f"{job.id}: {words}" in texts[here]["data"]["text/plain"]
        assert panel.cell in texts[here]["data"]["text/plain"]


def test_at_the_end_the_file_is_named_and_the_result_needs_no_text_any_more(bench, hands) -> None:
    panel = bench.panel(REQUEST)
    here, _ = places(bench)
    job = hands.press(panel)
    hands.finish(panel, job)
    assert [*panel.preview.texts] == [here]
    lines = panel.preview.texts[here]["data"]["text/plain"].splitlines()
    assert f"{job.id}: runway_outputs/lamp-{job.id}.mp4" in lines
    assert str(bench.party.folder) not in json.dumps(panel.preview.texts)


def test_while_another_job_runs_the_text_below_has_results_and_the_running_one(bench, hands) -> None:
    panel = bench.panel(REQUEST)
    here, below = places(bench)
    one = hands.press(panel)
    two = hands.press(panel)
    control_of(one).change(phase=Phase.FAILED, error=errors.TaskFailed("no power"))
    texts = panel.preview.texts
    assert [*texts] == [here, below]
    words = texts[below]["data"]["text/plain"]
    assert words.index(f"%runway wait {two.id}") < words.index("Not generated")
    lines = [line for line in texts[here]["data"]["text/plain"].splitlines() if line.startswith("0000")]
    assert [line[:8] for line in lines] == [two.id, one.id]


def test_progress_sends_no_texts_and_a_new_phase_one(bench, wire, hands) -> None:
    panel = bench.panel(REQUEST)
    job = hands.press(panel)
    control_of(job).change(phase=Phase.FOLLOWING, task=Task(TASK_ID, Status("RUNNING")))
    before = len(wire.of("texts"))
    for percent in range(200):
        control_of(job).change(progress=percent / 200, remaining=200.0 - percent, last_poll=float(percent))
    assert len(wire.of("texts")) == before
    control_of(job).change(phase=Phase.DOWNLOADING, received=0, total=1000)
    assert len(wire.of("texts")) == before + 1
    for received in range(100):
        control_of(job).change(received=10 * received)
    assert len(wire.of("texts")) == before + 1


def test_a_job_that_is_asked_for_again_is_told_once(bench) -> None:
    panel = bench.press(bench.press(bench.panel(REQUEST)))
    assert bench.creates == 1
    assert [job.id for job in panel.jobs] == [panel.job.id]
    (kept,) = panel.preview.texts.values()
    assert kept["data"]["text/plain"].count(f"{panel.job.id}: ") == 1


def test_no_address_and_no_token_is_in_the_texts(bench, hands) -> None:
    asset = asked(bench.party, lambda client: client.assets(email=EMAIL))[0]
    panel = bench.panel(replace(REQUEST, keyframes=Keyframes(ASSET_ID.replace("studio@example.org", EMAIL))))
    before = panel.preview.texts
    panel.fill(replace(REQUEST, keyframes=Keyframes(asset.id)))
    bench.settled(panel)
    told = [before, panel.preview.texts]
    panel.preview.observe(lambda change: told.append(change["new"]), "texts")
    job = hands.press(panel)
    control_of(job).change(phase=Phase.FOLLOWING, task=Task(TASK_ID, Status("RUNNING")))
    control_of(job).change(phase=Phase.FAILED, error=errors.TaskFailed(f"{TASK_ID} of {EMAIL}, {TOKEN}"))
    bench.settled(panel)
    assert len(told) > 3
    text = json.dumps(told)
    assert "@" not in text.replace("***@***", "")
    assert TOKEN not in text


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """No picture is looked for."""

    async def nothing(self, choice):
        return Loaded(problem="not looked for")

    monkeypatch.setattr(Pictures, "load", nothing)


def test_the_signature_of_a_link_is_in_no_text(bench, unseen) -> None:
    link = "https://cdn.test/artifacts/lamp.jpeg?_jwt=eyJhbGciOi.c2lnbmVk"
    panel = bench.panel(replace(REQUEST, keyframes=Keyframes(link)))
    assert "lamp.jpeg" in json.dumps(panel.preview.texts)
    assert "eyJhbGciOi" not in json.dumps(panel.preview.texts)
    assert "eyJhbGciOi" not in json.dumps([data for _, data in bench.shown])


# --- after a page was loaded anew -------------------------------------------------------------------


def puts(wire):
    return [content for content in wire.custom if content["kind"] == "put"]


def test_the_first_page_gets_results_as_ever(bench, wire) -> None:
    panel = bench.panel(REQUEST)
    tell(panel, "shown", notebook=True)
    tell(panel, "press")
    bench.settled(panel)
    assert puts(wire) == []
    assert panel.output.area.root not in panel.children
    assert "<video" in bench.updates[-1][1]["text/html"]


def test_a_page_that_can_reach_the_notebook_puts_results_in_their_place(bench, wire, hands) -> None:
    panel = bench.panel(REQUEST)
    _, below = places(bench)
    tell(panel, "shown", notebook=True)
    job = hands.press(panel)
    assert puts(wire) == []
    tell(panel, "shown", notebook=True)
    (put,) = puts(wire)
    assert put["display_id"] == below
    assert put["data"][WIDGET]["model_id"] == panel.output.area.root.model_id
    for percent in range(50):
        control_of(job).change(phase=Phase.FOLLOWING, progress=percent / 50)
    assert len(puts(wire)) == 1, "the card that stands there moves by itself"
    hands.finish(panel, job)
    last = puts(wire)[-1]
    assert last["display_id"] == below
    assert set(last["data"]) == {"text/html", "text/plain"}
    assert "<video" in last["data"]["text/html"]
    assert panel.output.area.root not in panel.children


def test_a_page_that_cannot_shows_results_in_the_panel(bench, wire, hands) -> None:
    panel = bench.panel(REQUEST)
    tell(panel, "shown", notebook=False)
    job = hands.press(panel)
    tell(panel, "shown")
    assert panel.children.count(panel.output.area.root) == 1
    tell(panel, "shown")
    hands.finish(panel, job)
    assert panel.children.count(panel.output.area.root) == 1
    assert puts(wire) == []


def test_a_panel_that_is_displayed_again_has_lost_nothing(bench, wire) -> None:
    panel = bench.panel(REQUEST)
    tell(panel, "shown", notebook=True)
    panel._ipython_display_()
    tell(panel, "shown", notebook=True)
    assert puts(wire) == []


# --- messages ---------------------------------------------------------------------------------------


def test_the_cell_that_is_asked_for_is_that_of_what_the_page_shows(bench, wire) -> None:
    panel = bench.panel(REQUEST)
    tell(panel, "cell", number="a.1", values={"prompt": "A lamp stands", "zoom": 2.0})
    (answer,) = wire.custom
    assert answer == {"kind": "answer", "number": "a.1", "text": panel.cell}
    assert "A lamp stands" in answer["text"]
    assert "--zoom 2" in answer["text"]
    assert bench.posts == 0


def test_a_request_that_cannot_be_a_cell_gives_none_and_the_reason_stands_in_the_panel(bench, wire) -> None:
    panel = bench.panel(REQUEST)
    tell(panel, "cell", number="a.2", values={"seed": "many"})
    assert wire.custom == [{"kind": "answer", "number": "a.2", "text": ""}]
    assert "seed is 'many'" in said(panel)


ACTS = {
    "preset": ({"value": "Push in"}, lambda p: p.request.camera == Camera(zoom=4)),
    "swap": ({}, lambda p: p.request.keyframes == Keyframes(last="harbour")),
    "dice": ({}, lambda p: p.request.seed not in (None, 7)),
    "reset": ({}, lambda p: p.request == VideoRequest()),
    "clear-first": ({}, lambda p: p.request.keyframes == Keyframes()),
}


@pytest.mark.parametrize("name", ACTS)
def test_what_only_the_kernel_can_do_is_done_before_it_is_answered(bench, wire, name) -> None:
    panel = bench.panel(replace(REQUEST, keyframes=Keyframes("harbour")))
    content, is_done = ACTS[name]
    seen = []
    panel.preview.send = lambda answer: seen.append((answer, is_done(panel)))
    tell(panel, "act", name=name, number="a.1", **content)
    assert seen == [({"kind": "answer", "number": "a.1", "text": ""}, True)]
    assert bench.creates == 0


@pytest.mark.parametrize("name", ["", "nothing", None, ["reset"]])
def test_an_act_that_nobody_knows_is_answered_and_changes_nothing(bench, wire, name) -> None:
    panel = bench.panel(REQUEST)
    tell(panel, "act", name=name, number="a.1")
    assert wire.custom[-1]["kind"] == "answer"
    assert panel.request == REQUEST


def test_a_file_that_is_too_large_for_a_message_comes_in_pieces(bench) -> None:
    panel, data = bench.panel(REQUEST), png()
    half = len(data) // 2
    for piece in (data[:half], data[half:]):
        assert panel.request.keyframes == Keyframes()
        told = {"kind": "piece", "position": "last", "file": "a.9", "count": 2, "name": "big.png"}
        panel.preview._handle_custom_msg(told, [memoryview(piece)])
        panel.preview._handle_custom_msg({**told, "file": "b.1", "count": 3}, [memoryview(b"of another file")])
    bench.settled(panel)
    assert panel.store.state.keyframes["last"].choice.label == "big.png (file)"
    assert panel.store.state.keyframes["last"].loaded.problem == ""


def test_two_presses_send_once(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, real = threading.Event(), bench.studio.submit_checked
    monkeypatch.setattr(bench.studio, "submit_checked", lambda *a, **k: gate.wait(5) and real(*a, **k))
    panel = bench.panel(replace(REQUEST, seed=None))
    bench.studio.account.backend.settings = replace(bench.studio.settings, reuse=False)
    tell(panel, "shown")
    for _ in range(3):
        tell(panel, "press", values={"prompt": "A lamp stands"})
    assert button(panel, "Generate").disabled
    gate.set()
    bench.settled(panel)
    assert (bench.creates, len(panel.jobs)) == (1, 1)
    assert panel.job.original_request.prompt == "A lamp stands"
    assert not button(panel, "Generate").disabled


def test_a_press_with_values_that_may_not_be_sent_sends_nothing(bench) -> None:
    panel = bench.panel(REQUEST)
    tell(panel, "press", values={"seed": "many"})
    bench.settled(panel)
    assert bench.creates == 0
    assert "Seed is 'many'" in said(panel)


@pytest.mark.parametrize("shown", [{"zoom": "many"}, {"nonsense": 1}, ["zoom"]], ids=["value", "field", "list"])
def test_a_press_that_cannot_be_read_sends_nothing_that_was_not_shown_and_is_told(bench, shown) -> None:
    panel = bench.panel(REQUEST)
    before = said(panel)
    tell(panel, "press", values=shown)
    bench.settled(panel)
    assert panel.request == REQUEST
    assert bench.creates == 0 or panel.job.original_request == REQUEST
    assert said(panel) != before, "a click that does nothing says why"


def test_a_picture_that_is_called_like_another_stays_chosen(bench) -> None:
    panel = upload(bench, bench.panel(REQUEST), png("red", SMALL), "lamp.png")
    panel = upload(bench, panel, png("teal", SMALL), "lamp.png", "last")
    before = panel.request.keyframes
    assert before.first != before.last
    shown = {name: the(panel, ipywidgets.Dropdown, name).label for name in ("first", "middle", "last")}
    tell(panel, "press", values=shown)
    bench.settled(panel)
    assert panel.job.original_request.keyframes == before, "another picture than the one that is seen would be paid for"


def test_a_picture_that_is_called_none_stays_chosen(bench, unseen) -> None:
    shelve(bench.party, an_asset(1, "none.png"))
    panel = bench.panel(replace(REQUEST, keyframes=Keyframes("none")))
    assert the(panel, ipywidgets.Dropdown).label == "none (2)"
    tell(panel, "cell", values={"first": "none (2)"})
    bench.settled(panel)
    assert panel.request.keyframes == Keyframes("none")


def test_an_entry_that_the_page_shows_is_chosen_and_none_is_no_keyframe(bench) -> None:
    bench.variables["fig"] = png()
    panel = bench.panel(replace(REQUEST, keyframes=Keyframes("harbour")))
    tell(panel, "cell", values={"first": "fig (bytes)", "last": "none"})
    bench.settled(panel)
    assert "fig" in panel.request.keyframes.first
    assert "--first fig" in panel.cell
    tell(panel, "cell", values={"first": "none"})
    assert panel.request.keyframes == Keyframes()


# --- open -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["id", "beginning", "task"])
def test_an_open_fills_the_panel_with_a_job_and_sends_nothing(bench, form) -> None:
    job = bench.party.ended(bench.studio.submit(REQUEST))
    panel = bench.panel(OTHER)
    tell(panel, "open", name={"id": job.id, "beginning": job.id[:6], "task": job.task.id}[form])
    bench.settled(panel)
    assert panel.request == REQUEST
    assert (
        panel.preview.announcement
        == f"Settings of {job.task.short_id if form == 'task' else job.id[: 8 if form == 'id' else 6]}."
    )
    assert bench.creates == 1
    assert panel.jobs == ()
    assert "A lamp turns" in json.dumps(panel.preview.texts)


def test_an_open_of_a_job_that_nobody_knows_is_told_and_leaves_the_request(bench) -> None:
    panel = bench.panel(OTHER)
    tell(panel, "open", name="ffffffff")
    bench.settled(panel)
    assert panel.request == OTHER
    assert "neither the ledger nor the account has a job 'ffffffff'" in said(panel)
    assert not button(panel, "Generate").disabled


@pytest.mark.parametrize("content", [{}, {"name": ""}, {"name": None}, {"name": ["a"]}])
def test_an_open_that_names_no_job_leaves_the_request(bench, content) -> None:
    bench.party.ended(bench.studio.submit(REQUEST))
    panel = bench.panel(OTHER)
    tell(panel, "open", **content)
    bench.settled(panel)
    assert panel.request == OTHER
    assert "job" in panel.open_field.problem.value


def test_while_a_job_runs_another_can_be_opened_and_the_texts_have_both(bench, hands) -> None:
    panel = bench.panel(REQUEST)
    running = hands.press(panel)
    panel.fill(OTHER)
    here, below = places(bench)
    assert "A harbour" in panel.preview.texts[here]["data"]["text/plain"]
    assert f"{running.id}: " in panel.preview.texts[here]["data"]["text/plain"]
    assert f"%runway wait {running.id}" in panel.preview.texts[below]["data"]["text/plain"]
    assert "A lamp turns" in panel.preview.texts[below]["data"]["text/html"]


@contextmanager
def an_error(bench, monkeypatch, error):
    def broken(text):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(bench.studio, "request_of", broken)
        yield


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.Unreachable("no connection"), "no connection"),
        (errors.LedgerError("the ledger cannot be read"), "the ledger cannot be read"),
        (RuntimeError(f"surprise of {EMAIL}"), "surprise"),
    ],
)
def test_what_goes_wrong_at_an_open_is_told_and_goes_with_the_next(
    bench, monkeypatch: pytest.MonkeyPatch, error, words
) -> None:
    job = bench.party.ended(bench.studio.submit(REQUEST))
    panel = bench.panel(OTHER)
    with an_error(bench, monkeypatch, error):
        tell(panel, "open", name="7f3e2c54")
        bench.settled(panel)
    assert words in said(panel)
    assert EMAIL not in said(panel)
    assert panel.request == OTHER
    tell(panel, "open", name=job.id)
    bench.settled(panel)
    assert words not in said(panel)
    assert panel.request == REQUEST
