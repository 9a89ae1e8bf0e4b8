"""Messages between the panel and its script in the page: values, views, answers."""

from __future__ import annotations

from types import SimpleNamespace

import ipywidgets
import pytest

from runway_nb.notebook.panel.bridge import Bridge
from runway_nb.notebook.panel.preview import make_preview

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
    talk = SimpleNamespace(script=script, fields=fields, done=done, acts=acts, client="")
    talk.page = Bridge(script, fields, acts, lambda: talk.client)
    return talk


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


def test_a_panel_has_left_once_every_view_of_it_is_gone_and_is_back_with_the_next(talk) -> None:
    seen = []
    for kind, view in [("shown", "a"), ("shown", "b"), ("left", "a"), ("left", "a"), ("left", "b"), ("shown", "c")]:
        talk.script.tell({"kind": kind, "view": view})
        seen.append(talk.page.has_left)
    assert seen == [False, False, False, False, True, False]


def test_each_message_does_its_own_act_once_and_brings_what_it_says(talk) -> None:
    content = {"kind": "open", "name": "7f3e2c54"}
    talk.script.tell(content)
    assert talk.done == [("open", {**content, "buffers": [], "late": []})]


@pytest.mark.parametrize(
    ("shown", "late"),
    [
        (SHOWN, {}),
        ({**SHOWN, "zoom": 4, "first": "harbour"}, {"zoom": 1.5, "first": "meadow"}),
        ({**SHOWN, "prompt": "A lamp tur", "max_jobs": "as the account says", "nonsense": 1}, {"max_jobs": "3"}),
        ({"zoom": 1.5}, {"zoom": 1.5}),
        ("zoom", {}),
    ],
    ids=["all known", "two", "one that the act leaves alone", "what comes to the same", "rubbish"],
)
def test_what_became_of_values_that_are_on_their_way_is_in_the_answer(talk, shown, late) -> None:
    """What the act has not set is none of its business: what the user types goes on coming in."""

    def act(message) -> None:
        talk.fields["zoom"].value = 1.5
        talk.page.answer(message, decided=["zoom", "first", "max_jobs"])

    talk.acts["open"] = act
    talk.script.tell({"kind": "press", "values": SHOWN})
    talk.script.tell({"kind": "open", "number": "a.1", "shown": shown})
    expected = {"kind": "answer", "number": "a.1", "text": ""}
    assert talk.script.sent[-1] == {**expected, **({"late": late} if late else {})}
    assert values(talk) == {**SHOWN, "zoom": 1.5, "max_jobs": 3}, "what is shown is not taken"


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
    "words for what is shown": {"kind": "press", "shown": "zoom"},
    "a list for what is shown of an entry": {"kind": "press", "shown": {"seconds": ["10 s"], "zoom": None}},
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


def test_a_page_without_the_script_has_sent_nothing(talk) -> None:
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


def tell_as(talk, client, message):
    """Tell something by a connection; gives what the page was sent for it."""
    talk.client = client
    before = len(talk.script.sent)
    talk.script.tell(message)
    return talk.script.sent[before:]


@pytest.fixture
def shared(talk):
    """A panel that ann has opened, in a notebook that bob has open, too."""
    talk.client = "a"
    talk.page.displayed()
    for client, name in (("b", "Bob"), ("a", "Ann")):
        tell_as(talk, client, {"kind": "shown", "notebook": True, "account": f"{name}@example.com", "name": name})
    talk.done.clear()
    return talk


def test_what_others_send_changes_nothing_and_pays_nothing(shared) -> None:
    before = values(shared)
    assert tell_as(shared, "b", {"kind": "press", "values": SHOWN}) == []
    assert tell_as(shared, "c", {"kind": "press", "values": SHOWN}) == []
    assert (shared.done, values(shared)) == ([], before)
    tell_as(shared, "a", {"kind": "press", "values": SHOWN})
    assert [kind for kind, _ in shared.done] == ["press"]
    assert values(shared) == {**SHOWN, "max_jobs": 3}


def test_a_page_that_waits_for_an_answer_gets_one_though_nothing_is_done(shared) -> None:
    answer = [{"kind": "answer", "number": "b.1", "text": ""}]
    assert tell_as(shared, "b", {"kind": "open", "number": "b.1", "name": "7f3e2c54"}) == answer
    assert tell_as(shared, "b", {"kind": "open", "number": "b.1", "late": 5}) == answer
    assert shared.done == []


def test_all_pages_are_told_whose_the_panel_is_each_time_one_comes(shared) -> None:
    told = {"kind": "owner", "name": "Ann", "pages": ["a"]}
    assert shared.script.sent[-1] == told
    assert tell_as(shared, "c", {"kind": "shown", "account": "c", "name": "Cay"}) == [told]
    assert "example" not in str(shared.script.sent)


def test_views_of_others_are_no_pages_that_were_loaded_anew(shared) -> None:
    for _ in range(3):
        tell_as(shared, "b", {"kind": "shown", "account": "Bob@example.com", "name": "Bob"})
    assert shared.page.has_script
    assert shared.page.reaches_notebook
    assert not shared.page.has_lost_displays
    tell_as(shared, "a2", {"kind": "shown", "notebook": True, "account": "Ann@example.com", "name": "Ann"})
    assert shared.page.has_lost_displays


def test_who_runs_the_cell_again_has_the_panel(shared) -> None:
    shared.client = "b"
    shared.page.displayed()
    assert shared.script.sent[-1] == {"kind": "owner", "name": "Bob", "pages": ["b"]}
    assert shared.page.is_for("b")
    assert not shared.page.is_for("a")


def test_other_messages_are_no_views(talk) -> None:
    talk.page.displayed()
    for kind in ("press", "cell", "open", "press"):
        talk.script.tell({"kind": kind, "notebook": True})
    assert not talk.page.has_script
    assert not talk.page.reaches_notebook


def test_data_for_a_display_id_the_cell_and_texts_go_to_the_page(talk) -> None:
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
    page = Bridge(preview, {}, {}, str)
    preview.observe(lambda change: seen.append(change["new"]), "texts")
    one = {"a": {"model": "1", "data": {"text/plain": "x"}}}
    page.keep(one)
    page.keep({"a": {"model": "1", "data": {"text/plain": "x"}}})
    page.keep({"b": one["a"]})
    assert seen == [one, {"b": one["a"]}], "what is the same is not sent again"
