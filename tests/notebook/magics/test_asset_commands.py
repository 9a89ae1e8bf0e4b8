"""`%runway assets`, `upload` and `delete`: what is shown, what is asked, what is done to the account."""

from __future__ import annotations

import asyncio
import io
import time as real_time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import IPython.display
import matplotlib.figure
import numpy as np
import pytest
from PIL import Image

from runway_nb.api.media import MediaClient
from runway_nb.errors import InvalidCommand, InvalidRequest, RunwayError
from runway_nb.keyframes import Keyframes
from runway_nb.notebook.magics import asset_commands as module
from runway_nb.notebook.magics.commands import run_line
from runway_nb.notebook.magics.front_end import FrontEnd
from runway_nb.pictures.thumbnails import Thumbnails
from support.account_pictures import UUID_TAIL, an_asset, asked, png, shelve
from support.fakes import EMAIL, TOKEN, Party
from support.sanitizer import check_sanitized

WRONG = (InvalidRequest, InvalidCommand)


class Screen:
    """What was displayed, and when."""

    def __init__(self):
        self.first = []
        self.updates = []
        self.times = []
        self.ids = set()

    def display(self, bundle, *, raw, display_id=""):
        assert raw
        self.first.append(bundle)
        self._note(display_id)

    def update(self, bundle, *, raw, display_id):
        assert raw
        self.updates.append(bundle)
        self._note(display_id)

    def _note(self, display_id):
        self.times.append(real_time.monotonic())
        self.ids.add(display_id)

    @property
    def last(self):
        return (self.first + self.updates)[-1]

    @property
    def html(self):
        return self.last["text/html"]

    @property
    def text(self):
        return self.last["text/plain"]


class CaughtFrontEnd(FrontEnd):
    """A shell with a kernel, before a party's studio."""

    studio: Any = None
    mode = "live"

    def __init__(self, party, screen):
        super().__init__(SimpleNamespace(user_ns={}), lambda: {"embed": "auto"}, party.folder)
        self.party, self.studio, self.screen = party, party.studio, screen
        self.background = []

    def line(self, line):
        run_line(self, line)

    def settled(self):
        """After what was begun in the background has ended."""
        while self.background:
            self.background.pop().result(5)
        return self.screen

    @property
    def names(self):
        """What really lies on the account."""
        return [asset.name for asset in asked(self.party, lambda client: client.assets())]

    @property
    def uploads(self):
        return self.party.simulator.counts()["uploads_received"]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch):
    screen = Screen()
    for shows in (module, IPython.display):
        monkeypatch.setattr(shows, "display", screen.display)
    monkeypatch.setattr(module, "update_display", screen.update)
    return screen


@pytest.fixture
def front_end(party: Party, screen, monkeypatch: pytest.MonkeyPatch):
    front_end = CaughtFrontEnd(party, screen)

    def spawn(work):
        front_end.background.append(party.loop.submit(work))

    monkeypatch.setattr(party.studio, "spawn", spawn)
    return front_end


def add_elsewhere(party, name, data=None, content_type="image/png"):
    """An upload that this notebook knows nothing of."""
    return asked(party, lambda client: client.upload(data or png(), name=name, content_type=content_type))


@pytest.fixture
def stills(monkeypatch: pytest.MonkeyPatch):
    """Pictures that come without a host, one after the other and never before `pause` has passed."""
    fetched = SimpleNamespace(urls=[], pause=0.0, data=png(size=(40, 24)))

    async def picture(self, url):
        fetched.urls.append(url)
        await asyncio.sleep(fetched.pause)
        return fetched.data

    monkeypatch.setattr(MediaClient, "picture", picture)
    return fetched


# --- assets: live -----------------------------------------------------------------------------------


def test_a_page_is_shown_at_once_and_its_pictures_follow(front_end) -> None:
    front_end.line("assets")
    (first,) = front_end.screen.first
    assert "harbour" in first["text/html"]
    assert "loading" in first["text/html"]
    screen = front_end.settled()
    assert screen.html.count("<img ") == 2
    assert "loading" not in screen.html
    assert screen.updates
    assert len(screen.first) == len(screen.ids) == 1
    check_sanitized(screen.html)
    assert set(screen.last) == {"text/html", "text/plain"}


def test_the_pictures_are_there_at_once_the_second_time(front_end) -> None:
    front_end.line("assets")
    front_end.settled()
    fetched = len(front_end.party.media.requests)
    front_end.line("assets")
    assert front_end.screen.first[1]["text/html"].count("<img ") == 2
    front_end.settled()
    assert len(front_end.party.media.requests) == fetched


def test_updates_keep_their_distance_and_the_last_one_is_complete(front_end, stills) -> None:
    shelve(front_end.party, *(an_asset(number) for number in range(50)))
    stills.pause = 0.08
    front_end.line("assets")
    screen = front_end.settled()
    assert screen.html.count("<img ") == 50
    between = [later - earlier for earlier, later in zip(screen.times[1:-1], screen.times[2:-1], strict=False)]
    assert len(between) >= 1
    assert min(between) > module.UPDATE_SECONDS - 0.1  # the time that drawing takes varies
    assert "loading" in screen.updates[0]["text/html"]
    assert all("loading" not in update["text/html"] for update in screen.updates[-1:])


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("assets", {"Sea one", "sea-two", "hill", "clip", "song"}),
        ("assets sea", {"Sea one", "sea-two"}),
        ("assets SEA", {"Sea one", "sea-two"}),
        ("assets sea one", {"Sea one"}),
        ('assets "sea one"', {"Sea one"}),
        ("assets --type image", {"Sea one", "hill"}),
        ("assets --type=video", {"sea-two", "clip"}),
        ("assets sea --type video", {"sea-two"}),
        ("assets --type audio --page 1", {"song"}),
        ("assets --page 9", {"Sea one", "sea-two", "hill", "clip", "song"}),
        ("assets --page 0", {"Sea one", "sea-two", "hill", "clip", "song"}),
        ("assets --page -3", {"Sea one", "sea-two", "hill", "clip", "song"}),
    ],
)
def test_a_page_holds_what_was_asked_for(front_end, stills, line, shown) -> None:
    kinds = {"Sea one": "image", "sea-two": "video", "hill": "image", "clip": "video", "song": "audio"}
    shelve(front_end.party, *(an_asset(number, name, kind) for number, (name, kind) in enumerate(kinds.items())))
    front_end.line(line)
    html = front_end.settled().html
    assert {name for name in kinds if f'title="{name}"' in html} == shown


@pytest.mark.parametrize(
    ("page", "shown", "hint"),
    [
        (1, range(50), "More: %runway assets --page 2"),
        (2, range(50, 100), "More: %runway assets --page 3"),
        (3, range(100, 120), "These are the last"),
        (99, range(100, 120), "These are the last"),
    ],
)
def test_more_than_a_page_comes_in_pages_and_only_its_pictures_are_fetched(
    front_end, stills, page, shown, hint
) -> None:
    shelve(front_end.party, *(an_asset(number) for number in range(120)))
    front_end.line(f"assets --page {page}")
    screen = front_end.settled()
    assert {f"https://m.test/{number}" for number in shown} == set(stills.urls)
    assert len(stills.urls) == len(shown) == screen.html.count("<img ")
    assert hint in screen.html
    assert "of 120 assets" in screen.text


def test_the_way_to_the_next_page_keeps_the_kind_and_the_text(front_end, stills) -> None:
    shelve(front_end.party, *(an_asset(number, kind="video") for number in range(60)), an_asset(99))
    front_end.line("assets n --type video")
    hint = next(line for line in front_end.settled().text.splitlines() if line.startswith("More: "))
    for word in ("%runway assets", " n", "--type video", "--page 2"):
        assert word in hint


def test_an_account_with_nothing_says_how_to_begin(front_end) -> None:
    shelve(front_end.party)
    front_end.line("assets")
    assert "No assets yet: %runway upload FILE." in front_end.settled().text


@pytest.mark.parametrize("line", ["assets nothing", "assets --type audio"])
def test_a_page_with_nothing_does_not_call_the_account_empty(front_end, stills, line) -> None:
    shelve(front_end.party, an_asset(1))
    front_end.line(line)
    assert "No assets yet" not in front_end.settled().text
    assert "see all with %runway assets" in front_end.screen.text


def test_a_video_shows_a_still_and_is_no_keyframe(front_end) -> None:
    front_end.party.ended(front_end.party.submit())
    front_end.line("assets --type video")
    screen = front_end.settled()
    assert screen.html.count("<img ") == 1
    assert "no keyframe" in screen.html
    assert "1 video" in screen.text


def test_what_was_uploaded_elsewhere_appears_without_running_the_cell_again(front_end) -> None:
    front_end.line("assets")
    front_end.settled()
    add_elsewhere(front_end.party, "dunes")
    front_end.party.time.now += 5
    front_end.line("assets")
    assert "dunes" not in front_end.screen.first[-1]["text/html"]
    screen = front_end.settled()
    assert "dunes" in screen.html
    assert screen.html.count("<img ") == 3
    assert "loading" not in screen.html


def test_a_page_that_is_gone_when_the_listing_is_new_becomes_the_last_one_with_its_pictures(front_end, stills) -> None:
    held = shelve(front_end.party, *(an_asset(number) for number in range(60)))
    front_end.studio.account.assets()
    del held[40:]
    front_end.party.time.now += 5
    front_end.line("assets --page 2")
    screen = front_end.settled()
    assert "40 images." in screen.text
    assert screen.html.count("<img ") == 40


def test_a_listing_that_is_fresh_is_not_asked_for_again(front_end) -> None:
    front_end.line("assets")
    front_end.settled()
    assert len(front_end.party.api.calls("GET", "/assets")) == 1


@pytest.mark.parametrize("kind", ["image", ""])
def test_the_word_under_a_picture_finds_it_as_a_keyframe(front_end, kind) -> None:
    asset = add_elsewhere(front_end.party, "dunes")
    shelve(front_end.party, replace(asset, name="dunes.png", kind=kind))
    front_end.line("assets")
    assert "what to type after --first" in front_end.settled().html
    job = front_end.party.ended(front_end.party.submit(keyframes=Keyframes("dunes")))
    assert job.error is None
    assert job.request.keyframes.first == asset.id


# --- assets: trouble --------------------------------------------------------------------------------


def test_trouble_with_the_listing_is_said_and_the_known_one_stays(front_end) -> None:
    front_end.line("assets")
    front_end.settled()
    front_end.party.time.now += 5
    front_end.party.simulator.fault("get-500", on="assets")
    front_end.line("assets")
    screen = front_end.settled()
    assert "Not all could be loaded: " in screen.text
    assert "Not all could be loaded: " in screen.html
    assert screen.html.count("<img ") == 2
    assert "loading" not in screen.html


def test_trouble_while_pictures_come_in_loses_nothing(front_end, monkeypatch: pytest.MonkeyPatch) -> None:
    load = Thumbnails.load

    async def breaks(self, assets, media, told):
        await load(self, list(assets)[:1], media, told)
        raise RunwayError(f"the connection broke ({EMAIL})")

    monkeypatch.setattr(Thumbnails, "load", breaks)
    front_end.line("assets")
    screen = front_end.settled()
    assert "Not all could be loaded: the connection broke (***@***)." in screen.text
    assert screen.html.count("<img ") == 1
    assert {"harbour", "meadow"} <= set(screen.html.replace("<", " ").replace(">", " ").split())


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\xff\xd8\xff", png()[:80]])
def test_a_picture_that_cannot_be_read_has_no_preview(front_end, stills, data) -> None:
    shelve(front_end.party, an_asset(1), an_asset(2))
    stills.data = data
    front_end.line("assets")
    assert front_end.settled().html.count("no preview") == 2


def test_media_that_cannot_be_fetched_have_no_preview(front_end, monkeypatch: pytest.MonkeyPatch) -> None:
    shelve(front_end.party, an_asset(1))
    front_end.line("assets")
    assert front_end.settled().html.count("no preview") == 1


def test_a_page_that_is_broken_off_does_not_stay_loading(front_end, stills) -> None:
    """What a notebook saves is read without a kernel."""
    shelve(front_end.party, an_asset(1), an_asset(2))
    stills.pause = 30.0
    front_end.line("assets")
    front_end.party.studio.close()
    assert "loading" not in front_end.screen.html
    assert "n1.png" in front_end.screen.text


def test_an_account_that_cannot_be_listed_is_one_line(front_end) -> None:
    front_end.party.simulator.fault("401", times=None)
    with pytest.raises(RunwayError):
        front_end.line("assets")
    assert not front_end.screen.first


def test_no_address_and_no_token_is_ever_shown(front_end, stills) -> None:
    shelve(
        front_end.party,
        an_asset(1, "me@example.org.png"), an_asset(2, f"{TOKEN}.png"), an_asset(3, "clip.mp4", "video"),
        an_asset(4, "<b>bold</b>.png"), an_asset(5, f"user:1-runwayml:{EMAIL}-task:{5:08x}-{UUID_TAIL}"),
    )  # fmt: skip
    for line in ("assets", "assets @", "assets me@example.org"):
        front_end.line(line)
    front_end.settled()
    for shown in front_end.screen.first + front_end.screen.updates:
        for text in shown.values():
            assert EMAIL not in text
            assert "me@example.org" not in text
            assert TOKEN not in text
            assert "<b>bold" not in shown["text/html"]


# --- assets: batch and terminal ---------------------------------------------------------------------


def test_a_batch_run_gets_one_display_and_it_is_complete(front_end) -> None:
    front_end.mode = "batch"
    front_end.line("assets")
    assert len(front_end.screen.first) == 1
    assert not front_end.screen.updates
    assert not front_end.background
    assert front_end.screen.html.count("<img ") == 2
    assert "loading" not in front_end.screen.html


def test_a_batch_run_does_not_fail_over_pictures_that_do_not_come(
    front_end, stills, monkeypatch: pytest.MonkeyPatch
) -> None:
    front_end.mode = "batch"
    monkeypatch.setattr(module, "LOAD_SECONDS", 0.2)
    stills.pause = 3.0
    front_end.line("assets")
    assert "harbour" in front_end.screen.text
    assert "loading" not in front_end.screen.html


def test_a_terminal_gets_a_table_and_fetches_no_picture(front_end, capsys: pytest.CaptureFixture[str]) -> None:
    front_end.mode = "terminal"
    front_end.line("assets --type image")
    table = capsys.readouterr().out
    assert "2 images." in table
    assert "harbour" in table
    assert "<" not in table
    assert not front_end.screen.first
    assert not front_end.party.media.requests


@pytest.mark.parametrize("mode", ["batch", "terminal"])
def test_where_nothing_is_updated_the_listing_is_not_an_old_one(
    front_end, capsys: pytest.CaptureFixture[str], mode
) -> None:
    front_end.mode = mode
    front_end.line("assets")
    add_elsewhere(front_end.party, "dunes")
    front_end.party.time.now += 600
    front_end.line("assets")
    assert "dunes" in capsys.readouterr().out + str(front_end.screen.first[1:])


@pytest.mark.parametrize(
    ("line", "problems"),
    [
        ("assets --typ image", ["--typ is no option: do you mean --type?"]),
        ("assets --type film", ["--type is 'film': give image, video, audio"]),
        ("assets --type", ["--type needs a value: --type T"]),
        ("assets --page two --page 2", ["--page is 'two': give a whole number", "--page is given twice"]),
        (
            "assets --frobnicate sea --page x --type film",
            ["--frobnicate is no option: see %runway help", "--page is 'x': give a whole number",
             "--type is 'film': give image, video, audio"],
        ),
        ("delete a --yes=1", ["--yes takes no value"]),
        (
            "upload a.png --first b --fit wide",
            ["--first is no option: do you mean --fit?", "--fit is 'wide': give cover, contain, stretch"],
        ),
    ],
)  # fmt: skip
def test_wrong_options_are_all_told_at_once_and_nothing_is_done(front_end, line, problems) -> None:
    with pytest.raises(InvalidRequest) as caught:
        front_end.line(line)
    assert list(caught.value.problems) == problems
    assert not front_end.party.api.requests
    assert not front_end.screen.first


# --- upload -----------------------------------------------------------------------------------------


def test_a_file_goes_to_the_account_and_its_name_is_told(front_end, capsys: pytest.CaptureFixture[str]) -> None:
    (front_end.party.folder / "lamp.png").write_bytes(png())
    front_end.line("upload lamp.png")
    assert capsys.readouterr().out == "lamp.png is on the account: --first lamp\n"
    assert "lamp.png" in front_end.names
    assert front_end.studio.account.assets()[0].stem == "lamp"


def test_several_files_go_one_after_the_other(front_end, capsys: pytest.CaptureFixture[str]) -> None:
    for name, colour in (("one", "red"), ("two words", "green"), ("three", "blue")):
        (front_end.party.folder / f"{name}.png").write_bytes(png(colour))
    front_end.line("upload one.png 'two words.png' three.png")
    lines = capsys.readouterr().out.splitlines()
    told = [line for line in lines if "is on the account" in line]
    assert [line.rpartition("--first ")[2] for line in told] == ["one", '"two words"', "three"]
    assert front_end.uploads == 3


def test_what_was_done_to_a_picture_is_told(front_end, capsys: pytest.CaptureFixture[str]) -> None:
    (front_end.party.folder / "tiny.png").write_bytes(png(size=(40, 30)))
    front_end.line("upload tiny.png")
    first, *notes = capsys.readouterr().out.splitlines()
    assert first.endswith("--first tiny")
    assert notes
    assert all(note.startswith("  ") for note in notes)


def test_a_missing_file_after_a_good_one_leaves_the_good_one_and_says_so(
    front_end, capsys: pytest.CaptureFixture[str]
) -> None:
    (front_end.party.folder / "lamp.png").write_bytes(png())
    with pytest.raises(WRONG) as caught:
        front_end.line("upload lamp.png lmp.png never.png")
    assert "lamp.png is on the account" in capsys.readouterr().out
    assert front_end.uploads == 1
    assert "'lmp.png'" in caught.value.message
    assert "nothing was sent" not in " ".join(caught.value._render_traceback_())


def test_a_mistake_in_an_upload_does_not_speak_of_keyframes_that_nobody_gave(
    front_end, capsys: pytest.CaptureFixture[str]
) -> None:
    (front_end.party.folder / "tiny.png").write_bytes(png(size=(40, 30)))
    front_end.line("upload tiny.png")
    assert "first keyframe" not in capsys.readouterr().out
    with pytest.raises(WRONG) as caught:
        front_end.line("upload never.png")
    assert not caught.value.message.startswith("first")


@pytest.mark.parametrize("kind", ["figure", "array", "image", "bytes", "path", "name"])
def test_a_variable_goes_to_the_account_under_its_name(front_end, capsys: pytest.CaptureFixture[str], kind) -> None:
    (front_end.party.folder / "sea.png").write_bytes(png())
    values = {
        "figure": matplotlib.figure.Figure(figsize=(5, 3)),
        "array": np.zeros((768, 1280, 3), np.uint8),
        "image": Image.new("RGB", (1280, 768)),
        "bytes": png(),
        "path": front_end.party.folder / "sea.png",
        "name": "sea.png",
    }
    front_end.shell.user_ns["Still_1"] = values[kind]
    front_end.line("upload Still_1")
    told = capsys.readouterr().out
    assert told.startswith("Still_1 is on the account: --first ")
    name = front_end.studio.account.assets()[0].name
    assert name.startswith("sea" if kind in ("path", "name") else "still_1")


def test_the_word_after_first_finds_what_was_uploaded(front_end, capsys: pytest.CaptureFixture[str]) -> None:
    front_end.shell.user_ns["fig"] = matplotlib.figure.Figure(figsize=(5, 3))
    front_end.line("upload fig")
    word = capsys.readouterr().out.splitlines()[0].rpartition("--first ")[2]
    assert front_end.party.ended(front_end.party.submit(keyframes=Keyframes(word))).video is not None
    assert front_end.uploads == 1


def test_a_frame_of_a_finished_job_can_be_uploaded(front_end, capsys: pytest.CaptureFixture[str]) -> None:
    front_end.shell.user_ns["shot"] = front_end.party.ended(front_end.party.submit())
    front_end.line("upload shot.last shot.frame(2.5)")
    assert capsys.readouterr().out.count("is on the account") == 2
    assert front_end.studio.account.assets()[0].name.startswith("job-")


def test_a_job_stands_for_its_last_frame(front_end, capsys: pytest.CaptureFixture[str]) -> None:
    front_end.shell.user_ns["shot"] = front_end.party.ended(front_end.party.submit())
    front_end.line("upload shot shot.last")
    assert capsys.readouterr().out.count("is on the account") == 2
    assert front_end.uploads == 1


def test_a_frame_of_a_job_that_runs_is_one_clear_line(front_end) -> None:
    front_end.party.simulator.fault("throttled", forever=True)
    front_end.shell.user_ns["shot"] = job = front_end.party.submit()
    with pytest.raises(RunwayError, match="has no video yet"):
        front_end.line("upload shot.last")
    job.stop()


@pytest.mark.parametrize(
    "link", ["http://127.0.0.1:1/secret.png", "https://me:secret@x.test/a.png", "http://x y/secret"]
)
def test_a_link_that_leads_nowhere_is_refused_without_repeating_it(front_end, link) -> None:
    with pytest.raises(WRONG, match="the link ") as caught:
        front_end.line(f"upload '{link}'")
    assert "secret" not in caught.value.message
    assert front_end.uploads == 0


def test_the_options_of_a_picture_are_passed_on(front_end, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []

    def upload(picture, **more):
        given.append(more)
        return an_asset(1), ()

    monkeypatch.setattr(front_end.studio.account, "upload", upload)
    front_end.line("upload a.png --fit contain --focus 0.2,0.8 --aspect portrait --upscale")
    expected = {"fit": "contain", "focus": (0.2, 0.8), "aspect": "portrait", "upscale": True}
    assert given == [{"name": "a-png", "model": "gen3turbo", **expected}]


def test_a_format_that_the_model_has_not_is_refused_with_the_models_that_have_it(front_end) -> None:
    (front_end.party.folder / "lamp.png").write_bytes(png())
    with pytest.raises(
        WRONG, match="aspect is 'square': give landscape or portrait, or a model that has it: gen4turbo"
    ):
        front_end.line("upload lamp.png --aspect square")
    assert front_end.uploads == 0


def test_a_picture_is_brought_to_the_frame_of_a_model(front_end) -> None:
    (front_end.party.folder / "lamp.png").write_bytes(png())
    front_end.line("upload lamp.png --model gen4turbo --aspect square --fit stretch")
    data = asked(front_end.party, lambda client: client.assets())[0]
    with Image.open(io.BytesIO(front_end.studio.run(_media(front_end, data.url), 5))) as sent:
        assert sent.size == (960, 960)


@pytest.mark.parametrize(("options", "notes"), [("", "enlarged"), ("--upscale", "by Runway's upscaler")])
def test_runways_upscaler_is_used_when_asked_for(front_end, capsys: pytest.CaptureFixture[str], options, notes) -> None:
    (front_end.party.folder / "tiny.png").write_bytes(png(size=(160, 96)))
    front_end.line(f"upload tiny.png {options}")
    assert notes in capsys.readouterr().out
    assert bool(front_end.party.api.calls("GET", "image_upscaler")) == bool(options)


def test_the_format_that_is_asked_for_is_the_size_on_the_account(front_end) -> None:
    (front_end.party.folder / "lamp.png").write_bytes(png())
    front_end.line("upload lamp.png --aspect portrait --fit stretch")
    data = asked(front_end.party, lambda client: client.assets())[0]
    with Image.open(io.BytesIO(front_end.studio.run(_media(front_end, data.url), 5))) as sent:
        assert sent.size == (768, 1280)


async def _media(front_end, url):
    return await (await front_end.studio.account.backend.connected()).media.picture(url)


def test_the_same_picture_is_sent_once(front_end, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("lamp.png", "copy.png"):
        (front_end.party.folder / name).write_bytes(png())
    front_end.line("upload lamp.png lamp.png copy.png")
    front_end.line("upload lamp.png")
    assert front_end.uploads == 1
    assert capsys.readouterr().out.count("--first lamp\n") == 4


def test_a_name_that_is_taken_is_told_as_an_id(front_end, capsys: pytest.CaptureFixture[str]) -> None:
    (front_end.party.folder / "harbour.jpg").write_bytes(png())
    front_end.line("upload harbour.jpg")
    asset = front_end.studio.account.assets()[0]
    assert capsys.readouterr().out == f"harbour.jpg is on the account: --first {asset.short_id}\n"


def test_what_lies_there_already_is_told_and_not_sent(front_end, capsys: pytest.CaptureFixture[str]) -> None:
    front_end.line("upload harbour")
    assert "harbour is on the account: --first harbour" in capsys.readouterr().out
    assert front_end.uploads == 0


def test_an_upload_is_told_although_the_listing_fails_after_it(front_end, capsys: pytest.CaptureFixture[str]) -> None:
    (front_end.party.folder / "lamp.png").write_bytes(png())
    front_end.party.simulator.fault("get-500", on="assets")
    front_end.line("upload lamp.png")
    assert "lamp.png is on the account" in capsys.readouterr().out


def test_an_upload_of_nothing_says_what_to_do(front_end) -> None:
    with pytest.raises(InvalidCommand, match="needs a picture: a file, a link or a variable"):
        front_end.line("upload")
    with pytest.raises(InvalidCommand, match="needs a picture"):
        front_end.line("upload --fit cover")


def test_an_upload_appears_in_the_next_listing(front_end) -> None:
    front_end.line("assets")
    (front_end.party.folder / "lamp.png").write_bytes(png())
    front_end.line("upload lamp.png")
    front_end.line("assets")
    assert "lamp" in front_end.screen.first[-1]["text/html"]
    front_end.settled()


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_picture_is_refused_by_name(front_end, content) -> None:
    (front_end.party.folder / "lamp.png").write_bytes(content)
    with pytest.raises(WRONG, match=r"lamp\.png: "):
        front_end.line("upload lamp.png")
    assert front_end.uploads == 0


# --- delete -----------------------------------------------------------------------------------------


def answers(monkeypatch, *words):
    """Let the user answer; gives what was asked."""
    left, questions = list(words), []

    def ask(question=""):
        questions.append(question)
        answer = left.pop(0)
        if isinstance(answer, type):
            raise answer
        return answer

    monkeypatch.setattr("builtins.input", ask)
    return questions


@pytest.mark.parametrize("answer", ["y", "Y", "yes", " YES ", "Yes"])
def test_a_yes_deletes(front_end, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer) -> None:
    questions = answers(monkeypatch, answer)
    front_end.line("delete harbour")
    (question,) = questions
    assert "harbour" in question
    assert "for good? [y/N]" in question
    assert "is deleted" in capsys.readouterr().out
    assert front_end.names == ["meadow.jpeg"]


@pytest.mark.parametrize("answer", ["", "n", "no", "ye", "yess", "j", "harbour", "0"])
def test_anything_else_keeps(
    front_end, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer
) -> None:
    answers(monkeypatch, answer)
    front_end.line("delete harbour")
    assert "stays." in capsys.readouterr().out
    assert len(front_end.names) == 2


@pytest.mark.parametrize(
    ("error", "raised"), [(EOFError, InvalidCommand), (KeyboardInterrupt, KeyboardInterrupt)], ids=str
)
def test_a_question_that_is_broken_off_deletes_nothing(
    front_end, monkeypatch: pytest.MonkeyPatch, error, raised
) -> None:
    answers(monkeypatch, error, "y")
    with pytest.raises(raised):
        front_end.line("delete harbour meadow")
    assert len(front_end.names) == 2


def test_each_is_asked_for(front_end, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    questions = answers(monkeypatch, "n", "y")
    front_end.line("delete harbour meadow")
    assert len(questions) == 2
    assert front_end.names == ["harbour.jpeg"]
    capsys.readouterr()


@pytest.mark.parametrize("mode", ["live", "batch", "terminal"])
def test_yes_beforehand_asks_nothing(
    front_end, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mode
) -> None:
    front_end.mode = mode
    questions = answers(monkeypatch)
    front_end.line("delete --yes harbour")
    assert questions == []
    assert front_end.names == ["meadow.jpeg"]
    capsys.readouterr()


def test_a_batch_run_must_say_yes_beforehand(front_end, monkeypatch: pytest.MonkeyPatch) -> None:
    front_end.mode = "batch"
    questions = answers(monkeypatch)
    with pytest.raises(InvalidCommand, match="--yes"):
        front_end.line("delete harbour")
    assert questions == []
    assert len(front_end.names) == 2


def test_a_name_of_several_lists_them_and_deletes_nothing(front_end) -> None:
    first, second = add_elsewhere(front_end.party, "twin"), add_elsewhere(front_end.party, "twin", png("red"))
    with pytest.raises(WRONG, match="names 2 assets: give one of the ids") as caught:
        front_end.line("delete twin --yes")
    assert first.short_id in caught.value.message
    assert second.short_id in caught.value.message
    assert len(front_end.names) == 4
    front_end.line(f"delete {first.short_id} --yes")
    assert len(front_end.names) == 3


@pytest.mark.parametrize("line", ["delete harbour hrbour --yes", "delete xyz harbour meadow --yes"])
def test_one_wrong_name_among_several_deletes_nothing(front_end, line) -> None:
    with pytest.raises(WRONG):
        front_end.line(line)
    assert len(front_end.names) == 2


def test_a_wrong_name_to_delete_offers_the_near_one_and_no_file(front_end) -> None:
    (front_end.party.folder / "lamp.png").write_bytes(png())
    with pytest.raises(WRONG, match="do you mean harbour") as caught:
        front_end.line("delete hrbour --yes")
    assert "neither a file here" not in caught.value.message


def test_the_same_asset_twice_is_deleted_once(front_end, capsys: pytest.CaptureFixture[str]) -> None:
    front_end.line("delete harbour harbour.jpeg --yes")
    assert capsys.readouterr().out.count("is deleted") == 1
    assert front_end.names == ["meadow.jpeg"]


def test_a_delete_of_nothing_says_what_to_do(front_end) -> None:
    for line in ("delete", "delete --yes"):
        with pytest.raises(InvalidCommand, match="%runway assets shows them"):
            front_end.line(line)


def test_after_a_delete_the_listing_shows_it_no_more_and_an_upload_sends_it_again(
    front_end, capsys: pytest.CaptureFixture[str]
) -> None:
    (front_end.party.folder / "lamp.png").write_bytes(png())
    front_end.line("upload lamp.png")
    front_end.line("delete lamp --yes")
    front_end.line("assets")
    assert "lamp" not in front_end.screen.first[-1]["text/html"]
    assert "lamp" not in front_end.settled().html
    front_end.line("upload lamp.png")
    assert front_end.uploads == 2
    assert "lamp.png" in front_end.names
    capsys.readouterr()


def test_what_was_uploaded_elsewhere_can_be_deleted_at_once(front_end, capsys: pytest.CaptureFixture[str]) -> None:
    front_end.studio.account.assets()
    add_elsewhere(front_end.party, "dunes")
    front_end.party.time.now += 600
    front_end.line("delete dunes --yes")
    assert "dunes.png" not in front_end.names
    capsys.readouterr()


def test_what_is_gone_already_is_one_line_and_the_listing_knows_it_then(front_end) -> None:
    harbour = next(asset for asset in front_end.studio.account.assets() if asset.stem == "harbour")
    asked(front_end.party, lambda client: client.delete_asset(harbour.id))
    with pytest.raises(RunwayError):
        front_end.line("delete harbour --yes")
    assert [asset.stem for asset in front_end.studio.account.assets()] == ["meadow"]


def test_no_address_is_shown_by_a_delete(
    front_end, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add_elsewhere(front_end.party, "me@example.org")
    questions = answers(monkeypatch, "y")
    front_end.line("delete me@example.org")
    assert "me@example.org" not in "".join(questions) + capsys.readouterr().out
    assert len(front_end.names) == 2


@pytest.mark.parametrize("kind", ["live", "batch", "terminal"])
def test_a_video_can_be_deleted_too(front_end, capsys: pytest.CaptureFixture[str], kind) -> None:
    front_end.mode = kind
    front_end.party.ended(front_end.party.submit())
    video = front_end.studio.account.assets(kind="video")[0]
    front_end.line(f"delete {video.short_id} --yes")
    assert not front_end.studio.account.assets(kind="video")
    capsys.readouterr()
