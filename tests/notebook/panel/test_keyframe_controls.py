"""The keyframes of the panel: what the lists offer, what is picked, what is shown of it."""

from __future__ import annotations

import asyncio
import io
import threading
import time as real_time
from types import SimpleNamespace
from typing import Any

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from runway_nb.api.media import MediaClient
from runway_nb.errors import RunwayError, Unreachable
from runway_nb.keyframes import Keyframes
from runway_nb.notebook.panel.keyframe_choices import LONGEST_LIST, NONE
from runway_nb.notebook.panel.keyframe_loader import Pictures
from runway_nb.pictures.assets import AssetCache, AssetList
from runway_nb.request import VideoRequest
from support.account_pictures import an_asset, png, shelve
from support.cells import run
from support.panels import REQUEST, button, page_sends, parts, position, quickest, shown_text, the, upload

LAMP = VideoRequest("A lamp turns", seconds=5)


@pytest.fixture
def stills(monkeypatch: pytest.MonkeyPatch):
    """The media host: one picture for every link; `gates` hold an answer back, by the end of the link."""
    host = SimpleNamespace(data=png(), gates={})

    async def picture(self, url):
        if gate := host.gates.get(url.rpartition("/")[2]):
            await asyncio.to_thread(gate.wait, 5)
        return host.data

    monkeypatch.setattr(MediaClient, "picture", picture)
    return host


def listed(panel, name="first"):
    return [*the(panel, ipywidgets.Dropdown, name).options]


def pick(bench, panel, label, name="first", *, wait=True):
    """Choose an entry as the page does."""
    menu = the(panel, ipywidgets.Dropdown, name)
    menu.index = next(number for number, option in enumerate(menu.options) if option.startswith(label))
    return bench.settled(panel) if wait else panel


def clear(bench, panel, name="first"):
    the(panel, ipywidgets.Button, name)
    control = next(w for w in parts(position(panel, name).box) if getattr(w, "description", "") == "Clear")
    assert not control.disabled
    control.click()
    return bench.settled(panel)


def words(panel, name="first"):
    return shown_text(SimpleNamespace(children=[position(panel, name).box]))


def colour(data):
    return Image.open(io.BytesIO(data)).convert("RGB").resize((1, 1)).getpixel((0, 0))


def is_red(data):
    red, green, _ = colour(data)
    return red > 200 and green < 80


# --- lists ------------------------------------------------------------------------------------------


def test_the_lists_hold_frames_files_variables_and_assets_the_newest_first(bench, stills) -> None:
    shelve(bench.party, an_asset(1, "new.png"), an_asset(2, "clip.mp4", kind="video"), an_asset(3, "old.png"))
    one = bench.party.ended(bench.party.submit("First lamp"))
    two = bench.party.ended(bench.party.submit("Second lamp"))
    bench.variables |= {"early": Image.new("RGB", (8, 6)), "_hidden": png(), "number": 4, "late": png()}
    panel = upload(bench, bench.panel(LAMP), png(), "disk.png")
    assert listed(panel, "last") == [
        "none",
        f"last frame of {two.id} (Second lamp)",
        f"last frame of {one.id} (First lamp)",
        "disk.png (file)",
        "late (bytes)",
        "early (Image)",
        "new",
        "old",
    ]


def test_what_comes_later_is_offered_again_and_the_choice_stays(bench) -> None:
    bench.variables["fig"] = png()
    panel = pick(bench, bench.panel(LAMP), "fig")
    job = bench.party.ended(bench.party.submit())
    del bench.variables["fig"]
    bench.variables["other"] = png()
    panel.offer_again()
    assert listed(panel)[1].startswith("fig")
    assert any(label.startswith(f"last frame of {job.id}") for label in listed(panel))
    assert "other (bytes)" in listed(panel)
    assert the(panel, ipywidgets.Dropdown).label == "fig (bytes)"


def test_a_panel_that_no_page_shows_asks_for_nothing_until_one_shows_it_again(bench) -> None:
    """Each run of the cell of a panel leaves one behind, for as long as the kernel runs."""
    panel = bench.panel(LAMP)
    for kind in ("shown", "left"):
        page_sends(panel, kind, view="a")
    asked = len(bench.party.api.calls("GET", "/accounts"))
    for word in ("one", "two"):
        bench.variables[word] = png()
        job = bench.party.submit(f"Lamp {word}")
        panel.after_cell()
        bench.party.ended(job)
        bench.settled(panel)
    assert len(bench.party.api.calls("GET", "/accounts")) == asked
    assert "two (bytes)" not in listed(panel)
    page_sends(panel, "shown", view="b")
    bench.settled(panel)
    assert len(bench.party.api.calls("GET", "/accounts")) > asked
    assert "two (bytes)" in listed(panel)
    bench.variables["three"] = png()
    panel.after_cell()
    assert "three (bytes)" in listed(panel)


def test_more_assets_than_a_list_shows_are_reached_by_the_filter(bench, stills) -> None:
    shelve(bench.party, *(an_asset(number, f"shot {number:04}.png") for number in range(1050)))
    panel = bench.panel(LAMP)
    assert len(listed(panel)) == LONGEST_LIST + 1
    text = next(w for w in parts(panel.keyframes.block) if isinstance(w, ipywidgets.Text))
    text.value = "SHOT 1049"
    assert listed(panel) == ["none", "shot 1049"]
    pick(bench, panel, "shot 1049")
    for value in ("shot 0001", "", "nothing at all"):
        text.value = value
        assert the(panel, ipywidgets.Dropdown).label == "shot 1049"
        assert panel.request.keyframes.first == "shot 1049"
    assert bench.posts == 0


def test_many_assets_keep_a_change_quick(bench, stills) -> None:
    shelve(bench.party, *(an_asset(number, f"shot {number:04}.png") for number in range(1050)))
    panel = bench.panel(LAMP)
    assert quickest(panel.offer_again) < 0.05


def test_a_list_that_cannot_be_loaded_says_why_and_refresh_fixes_it(bench, stills) -> None:
    answers = [Unreachable("no connection to the API"), AssetList((an_asset(1, "new.png"),))]

    async def listing():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    bench.studio.account.backend.asset_cache = AssetCache(listing, bench.party.time)
    panel = bench.panel(LAMP)
    assert "could not be listed: no connection to the API" in shown_text(panel)
    bench.press(panel, "Refresh")
    assert "could not be listed" not in shown_text(panel)
    assert "1 image" in shown_text(panel)
    assert "new" in listed(panel)


def test_what_is_missing_of_a_list_is_reported(bench) -> None:
    async def listing():
        return AssetList((an_asset(1, "new.png"),), ("the assets of account 2 of 2 are missing: session lost",))

    bench.studio.account.backend.asset_cache = AssetCache(listing, bench.party.time)
    assert "account 2 of 2 are missing" in shown_text(bench.panel(LAMP))


# --- picking ----------------------------------------------------------------------------------------


def test_a_picked_asset_is_shown_and_sent_and_cleared_again(bench, stills) -> None:
    shelve(bench.party, an_asset(1, "new.png"))
    stills.data = png("red", (1280, 960))
    panel = pick(bench, bench.panel(LAMP), "new")
    assert panel.request.keyframes == Keyframes(first="new")
    assert "--first new" in panel.cell
    assert "cut 20 % of height" in words(panel)
    assert "first cut 20 % of height" in panel.preview.crop_note
    assert "<img" in position(panel).box.children[1].value
    assert is_red(panel.preview.first)
    clear(bench, panel)
    assert panel.request.keyframes == Keyframes()
    assert panel.preview.first == b""
    assert panel.preview.crop_note == ""
    assert "optional" in words(panel)


def test_an_asset_called_none_is_one(bench, stills) -> None:
    shelve(bench.party, an_asset(1, "none.png"))
    panel = bench.panel(LAMP)
    the(panel, ipywidgets.Dropdown).index = 1
    bench.settled(panel)
    assert panel.request.keyframes.first == "none"
    assert panel.store.state.keyframes["first"].choice != NONE


def test_an_asset_id_stays_itself_when_the_list_knows_it(bench, stills) -> None:
    (asset,) = shelve(bench.party, an_asset(1, "new.png"))
    panel = bench.panel(LAMP)
    panel.fill(VideoRequest("x", Keyframes(first=asset.id)))
    bench.settled(panel)
    assert panel.request.keyframes.first == asset.id
    assert the(panel, ipywidgets.Dropdown).label == "new"


def test_an_asset_is_itself_and_not_a_file_of_its_name(bench, stills) -> None:
    shelve(bench.party, an_asset(1, "lamp.png"))
    (bench.party.folder / "lamp").write_bytes(png("red"))
    panel = pick(bench, bench.panel(LAMP), "lamp")
    assert panel.request.keyframes.first == "00000001"


def test_an_asset_that_we_cannot_read_can_be_sent_all_the_same(bench, stills) -> None:
    shelve(bench.party, an_asset(1, "new.heic"))
    stills.data = b"\0\0\0\x18ftypheic" + bytes(90)
    panel = bench.panel(LAMP)
    the(panel, ipywidgets.Dropdown).index = 1
    bench.settled(panel)
    assert "HEIC" in words(panel)
    assert not button(panel, "Generate").disabled


def test_an_asset_that_is_called_like_a_variable_is_the_asset_in_the_cell_too(bench, stills) -> None:
    shelve(bench.party, an_asset(1, "lamp.png"))
    bench.variables["lamp"] = png("red")
    panel = bench.panel(LAMP)
    the(panel, ipywidgets.Dropdown).index = listed(panel).index(next(x for x in listed(panel)[2:] if "lamp" in x))
    bench.settled(panel)
    assert run(panel.cell, **bench.variables)[1] == panel.request


def test_swap_changes_the_two_and_what_is_known_of_them(bench, stills) -> None:
    shelve(bench.party, an_asset(1, "one.png"), an_asset(2, "two.png"))
    panel = pick(bench, pick(bench, bench.panel(LAMP), "one"), "two", "last")
    bench.press(panel, "Swap first and last")
    assert panel.request.keyframes == Keyframes(first="two", last="one")
    assert [the(panel, ipywidgets.Dropdown, name).label for name in ("first", "last")] == ["two", "one"]
    assert "loading" not in words(panel) + words(panel, "last")


def test_a_picture_that_is_swapped_while_it_loads_arrives(bench, stills) -> None:
    shelve(bench.party, an_asset(1, "one.png"))
    stills.gates["1"] = threading.Event()
    panel = pick(bench, bench.panel(LAMP), "one", wait=False)
    button(panel, "Swap first and last").click()
    stills.gates["1"].set()
    bench.settled(panel)
    assert panel.request.keyframes == Keyframes(last="one")
    assert "loading" not in words(panel, "last")
    assert panel.preview.last


def test_a_slow_picture_does_not_overwrite_a_later_pick(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    gates: dict[str, asyncio.Event] = {}
    real = Pictures.read

    async def slow(self, choice):
        gate = gates.setdefault(str(choice.picture), asyncio.Event())
        await asyncio.wait_for(gate.wait(), 5)
        return await real(self, choice)

    monkeypatch.setattr(Pictures, "read", slow)
    panel = bench.panel(LAMP)
    for paint in ("red", "teal"):
        bench.variables["fig"] = png(paint)
        panel.offer_again()
        pick(bench, panel, "none", wait=False)
        pick(bench, panel, "fig", wait=False)
    while len(gates) < 2:
        real_time.sleep(0.005)
    first, second = gates.values()
    bench.party.loop.call(second.set)
    real_time.sleep(0.1)
    bench.party.loop.call(first.set)
    bench.settled(panel)
    assert not is_red(panel.preview.first)
    assert not is_red(panel.store.state.keyframes["first"].loaded.thumbnail)


def test_a_variable_that_has_changed_is_taken_anew(bench) -> None:
    bench.variables["fig"] = png("red")
    panel = pick(bench, bench.panel(LAMP), "fig")
    before = panel.request.keyframes.first
    assert is_red(panel.preview.first)
    assert "--first fig" in panel.cell
    bench.variables["fig"] = png("teal")
    panel.offer_again()
    assert panel.request.keyframes.first == before
    pick(bench, pick(bench, panel, "none"), "fig")
    assert panel.request.keyframes.first != before
    assert not is_red(panel.preview.first)


def test_a_file_that_was_written_anew_is_read_anew(bench) -> None:
    path = bench.party.folder / "lamp.png"
    panel = bench.panel(LAMP)
    for paint in ("red", "teal"):
        path.write_bytes(png(paint))
        panel.fill(LAMP)
        panel.fill(VideoRequest("x", Keyframes(first="lamp.png")))
        bench.settled(panel)
    assert not is_red(panel.preview.first)


class Unlucky:
    def _repr_png_(self):
        raise RuntimeError("no power")


@pytest.mark.parametrize(("bad", "line"), [(np.zeros((4, 6, 7)), "the array has the shape"), (Unlucky(), "no power")])
def test_a_variable_that_cannot_be_a_picture_is_one_line_and_another_pick_fixes_it(bench, bad, line) -> None:
    bench.variables |= {"good": png(), "bad": bad}
    panel = pick(bench, bench.panel(LAMP), "bad")
    assert button(panel, "Generate").disabled
    assert line in words(panel)
    pick(bench, panel, "good")
    assert not button(panel, "Generate").disabled
    assert line not in shown_text(panel)


def test_the_last_frame_of_a_job_that_runs_is_no_reason_to_wait(bench) -> None:
    bench.party.simulator.fault("throttled", seconds=1e9)
    job = bench.party.submit()
    panel = pick(bench, bench.panel(LAMP), f"last frame of {job.id}")
    assert panel.request.keyframes.first == job.last
    assert not button(panel, "Generate").disabled
    assert "no video yet" in words(panel)
    bench.party.simulator.clear()
    job.stop()


def test_a_last_frame_is_shown_once_its_job_has_ended(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[Any] = []

    async def frame(picture):
        if not frames:
            raise RunwayError("job 7f3e2c54 has no video yet")
        return frames[0]

    monkeypatch.setattr(bench.studio.account, "picture_bytes", frame)
    panel = bench.panel(VideoRequest("x", Keyframes("job:7f3e2c54")))
    assert "no video yet" in words(panel)
    frames.append(png("red"))
    panel.offer_again()
    bench.settled(panel)
    assert is_red(panel.preview.first)


def test_a_shot_of_the_panel_is_offered_as_a_keyframe_at_once(bench) -> None:
    panel = bench.press(bench.panel(LAMP))
    assert any(label.startswith(f"last frame of {panel.job.id}") for label in listed(panel))


def test_two_formats_are_reported_before_they_are_refused(bench) -> None:
    panel = upload(bench, upload(bench, bench.panel(LAMP), png()), png("red", (768, 1280)), "tall.png", "last")
    assert button(panel, "Generate").disabled
    assert "two formats" in shown_text(panel)
    panel.form.fields["aspect"].value = "landscape"
    bench.settled(panel)
    assert not button(panel, "Generate").disabled
    assert "two formats" not in shown_text(panel)


# --- uploads ----------------------------------------------------------------------------------------


def test_an_upload_is_kept_as_a_file_and_sent_with_the_request_only(bench) -> None:
    panel = upload(bench, bench.panel(LAMP), png("red"), "../my lamp.png")
    assert bench.posts == 0
    assert is_red(panel.preview.first)
    assert "my lamp.png (file)" in listed(panel)
    assert "my lamp.png (file)" in listed(panel, "last")
    assert the(panel, ipywidgets.FileUpload).value == ()
    bench.press(panel)
    assert panel.job.error is None
    assert len(bench.party.api.calls("POST", "/assets")) == bench.creates == 1
    assert run(panel.cell)[1] == panel.request


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"<!doctype html><p>x", "web page"),
        (b"", "empty"),
        (png()[:2000], "cut off"),
        (b"\xff\xd8\xff" + bytes(900), "broken"),
        (bytes(60_000_000), "60 MB"),
    ],
    ids=["html", "empty", "truncated", "broken", "large"],
)
@pytest.mark.parametrize("fix", ["clear", "upload"])
def test_a_hostile_upload_is_one_line_and_can_be_fixed(bench, data, line, fix) -> None:
    panel = upload(bench, bench.panel(LAMP), data)
    go = button(panel, "Generate")
    assert line in words(panel)
    assert go.disabled
    assert go.tooltip
    if fix == "clear":
        clear(bench, panel)
    else:
        upload(bench, panel, png())
    assert line not in shown_text(panel)
    assert not go.disabled


def test_an_upload_that_is_refused_leaves_the_picture_that_can_be_kept(bench) -> None:
    bench.variables["fig"] = png()
    panel = upload(bench, pick(bench, bench.panel(LAMP), "fig"), bytes(60_000_000))
    assert button(panel, "Generate").disabled
    pick(bench, pick(bench, panel, "none"), "fig")
    assert not button(panel, "Generate").disabled


# --- the fit ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "changes", "told"),
    [
        ((1280, 768), {}, "fits"),
        ((1280, 960), {}, "cut 20 % of height"),
        ((1600, 768), {}, "cut 20 % of width"),
        ((960, 768), {"fit": "contain"}, "bars left and right"),
        ((1280, 640), {"fit": "contain"}, "bars above and below"),
        ((960, 768), {"fit": "stretch"}, "stretched"),
        ((768, 1280), {"aspect": "portrait"}, "fits"),
        ((768, 1280), {"aspect": "landscape"}, "cut 64 % of height"),
        ((768, 1280), {}, "fits"),
    ],
)
def test_the_fit_that_will_be_made_is_shown(bench, size, changes, told) -> None:
    panel = upload(bench, bench.panel(LAMP), png(size=size))
    for name, value in changes.items():
        panel.form.fields[name].value = value
    bench.settled(panel)
    assert told in words(panel)
    is_portrait = size == (768, 1280) and changes.get("aspect") != "landscape"
    assert panel.preview.frame == ((768, 1280) if is_portrait else (1280, 768))


def test_the_focus_decides_what_is_seen(bench) -> None:
    picture = Image.new("RGB", (1280, 3000), "teal")
    picture.paste("red", (0, 0, 1280, 1000))
    out = io.BytesIO()
    picture.save(out, "PNG")
    panel = upload(bench, bench.panel(LAMP), out.getvalue())
    panel.form.fields["aspect"].value = "landscape"
    bench.settled(panel)
    assert not is_red(panel.preview.first)
    panel.form.fields["focus_y"].value = 0
    bench.settled(panel)
    assert is_red(panel.preview.first)


@pytest.mark.parametrize("size", [(2000, 1500), (500, 2000), (300, 200)])
def test_the_preview_gets_small_jpegs(bench, size) -> None:
    panel = upload(bench, bench.panel(LAMP), png(size=size))
    with Image.open(io.BytesIO(panel.preview.first)) as seen:
        assert seen.format == "JPEG"
        assert max(seen.size) <= 960


def test_a_photo_that_lies_on_its_side_stands_upright_in_its_position(bench) -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[274] = 6
    Image.new("RGB", (1280, 768), "teal").save(out, "JPEG", exif=exif)
    panel = upload(bench, bench.panel(LAMP), out.getvalue(), "photo.jpg")
    assert panel.preview.frame == (768, 1280)
    with Image.open(io.BytesIO(panel.store.state.keyframes["first"].loaded.thumbnail)) as thumbnail:
        assert thumbnail.height > thumbnail.width


def test_a_problem_elsewhere_leaves_the_fit_as_it_is(bench) -> None:
    panel = upload(bench, bench.panel(REQUEST), png(size=(768, 1280)))
    panel.form.fields["seed"].value = "many"
    bench.settled(panel)
    assert "fits" in words(panel)


def test_the_note_on_cutting_goes_with_the_picture(bench, stills) -> None:
    shelve(bench.party, an_asset(1, "one.png"), an_asset(2, "two.png"))
    stills.data = png(size=(1280, 960))
    panel = pick(bench, bench.panel(LAMP), "one")
    stills.data = b"<html>"
    pick(bench, panel, "two")
    assert panel.preview.crop_note == ""


def test_one_picture_in_two_positions_is_shown_in_both(bench, stills) -> None:
    shelve(bench.party, an_asset(1, "one.png"))
    panel = pick(bench, pick(bench, bench.panel(LAMP), "one"), "one", "last")
    assert panel.preview.first == panel.preview.last != b""


def list_state(panel):
    return panel.keyframes.listing.value


def test_before_the_list_has_come_nobody_says_that_it_is_empty(bench) -> None:
    panel = bench.panel(LAMP, opened=False)
    assert "loading the list of assets" in list_state(panel)
    assert "no pictures" not in shown_text(panel)


def test_why_the_list_could_not_be_loaded_stays_until_it_is_asked_for_again(bench) -> None:
    with bench.network():
        panel = bench.panel(LAMP)
        assert "could not be listed" in list_state(panel)
        panel.offer_again()
        assert "could not be listed" in list_state(panel), "a cell has run"
    bench.press(panel, "Refresh")
    assert "2 images" in list_state(panel)


@pytest.mark.parametrize(
    ("typed", "told"), [("harb", "1 found"), ("zzz", "nothing found"), ("/no/such.png", "no such file")]
)
def test_the_filter_says_what_it_finds(bench, typed, told) -> None:
    panel = bench.panel(LAMP)
    panel.keyframes.filter.value = typed
    assert told in list_state(panel)
    panel.keyframes.filter.value = ""
    assert "2 images" in list_state(panel)
