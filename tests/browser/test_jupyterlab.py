"""What a user sees in JupyterLab, seen by a real browser."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from urllib.parse import urlsplit

import nbformat
import pytest
from lab import LOAD, LOST, OWN_OF_JUPYTERLAB, WIDEN, App, Notebook, held_widget, played, tell
from playwright.sync_api import expect

from support.kernels import RESULT, shared_simulator
from support.notebooks import write_notebook

pytestmark = pytest.mark.browser

PROMPT = "A lighthouse <at> dusk, slow waves"
BUSY = "while True: sum(range(1000))"
WORDS = ["Waiting for a free slot", "Sending", "Checking", "In another kernel", "Queued at Runway",
         "Held back by Runway", "Generating", "No connection", "Downloading"]  # fmt: skip


def quick() -> str:
    """A first cell that takes the quick simulator for the API: no badge, and credits count."""
    env = shared_simulator().env | {"RUNWAY_NB_REUSE": "0", "RUNWAY_NB_MAX_MODERATED": "1000"}
    hurry = "import runway_nb.jobs.recover\nrunway_nb.jobs.recover.ROUND_PAUSES = (0.2,)"
    return f"import os, time\nos.environ.update({env!r})\n{hurry}\n{LOAD}"


HELD = """
import pathlib, threading
from runway_nb.jobs import poll_schedule
from runway_nb.shortcuts import default_studio
poll_schedule.FIRST_POLL = poll_schedule.LONGEST = 600
def poll_when_told():
    while not pathlib.Path("go").exists():
        time.sleep(0.05)
    for job in list(default_studio().jobs.values()):
        job.refresh()
threading.Thread(target=poll_when_told, daemon=True).start()
"""
"""Nobody looks how far a job is before `let_go`: its card stands for as long as a test needs."""


@contextlib.contextmanager
def let_go(app: App) -> Iterator[None]:
    """Have the jobs polled that were held."""
    (app.root / "go").touch()
    yield
    (app.root / "go").unlink()


@pytest.fixture(scope="module")
def film(app: App) -> SimpleNamespace:
    """A video of the embedded simulator, made while other cells compute; what was seen on the way."""
    write_notebook(app.root / "film.ipynb", [
        LOAD, f"%%runway shot --first lighthouse-dusk --zoom 4 --pan -2 --seed 1842\n{PROMPT}",
        "import time; time.sleep(7)", BUSY,
    ])  # fmt: skip
    notebook = app.open("film.ipynb")
    notebook.run(0, 1)
    notebook.sample(1, [2, 3])
    notebook.start(2)
    notebook.start(3)
    player = played(notebook.video(1))
    busy, samples = notebook.is_busy(3), notebook.samples()
    notebook.interrupt()
    saved = notebook.save()
    notebook.shutdown()
    return SimpleNamespace(player=player, busy=busy, samples=samples, saved=saved, notebook=notebook)


# --- beside other cells ------------------------------------------------------------------------------


def test_the_card_moves_while_another_cell_sleeps_and_while_one_computes(film: SimpleNamespace) -> None:
    for index in (2, 3):
        seen = {text for text, busy in film.samples if text and busy[:1] == [index]}
        assert len(seen) >= 3, film.samples


def test_the_video_plays_while_another_cell_computes(film: SimpleNamespace) -> None:
    assert film.busy
    assert film.player["readyState"] == 4
    assert film.player["duration"] == pytest.approx(5, abs=0.1)
    assert film.player["currentTime"] >= 0.2
    assert film.player["videoWidth"] == 1280


# --- what stays --------------------------------------------------------------------------------------


def test_the_file_holds_the_player_and_no_widget(film: SimpleNamespace) -> None:
    (output,) = film.saved.cells[1].outputs
    assert set(output.data) == RESULT
    assert "widgets" not in film.saved.metadata
    assert "widget-view" not in json.dumps(film.saved)
    assert len(json.dumps(output)) < 40_000


def test_it_plays_after_the_kernel_is_gone(app: App, film: SimpleNamespace) -> None:
    notebook = app.open(film.notebook.name)
    assert played(notebook.video(1))["readyState"] == 4
    assert LOST not in notebook.output(1).inner_text()
    notebook.shutdown()


def test_it_plays_in_a_notebook_that_is_not_trusted(app: App, film: SimpleNamespace) -> None:
    changed = json.loads(json.dumps(film.saved).replace("slow waves", "calm waves"))
    nbformat.write(nbformat.from_dict(changed), app.root / "stranger.ipynb")
    notebook = app.open("stranger.ipynb")
    assert not notebook.is_trusted()
    seen = played(notebook.video(1))
    assert seen["readyState"] == 4
    assert seen["currentTime"] >= 0.2
    text = notebook.output(1).inner_text()
    assert LOST not in text
    assert "calm waves" in text
    notebook.shutdown()


def test_a_tab_closed_during_the_job_shows_the_player_when_it_is_opened_again(app: App, notebook) -> None:
    page = notebook(quick() + HELD, f"%%runway shot\n{PROMPT}", "shot.wait(); print('ended')")
    page.run(0, 1)
    page.output(1).locator(".rnb-card").wait_for()
    page.save()
    app.page.close()
    with let_go(app):
        wait_for_file(app, "*-at-dusk-*.mp4")
    app.reopen()
    again = app.open(page.name)
    assert again.video(1).get_attribute("src")
    assert LOST not in again.output(1).inner_text()
    again.run(2)
    assert "ended" in again.output(2).inner_text()


def test_a_notebook_saved_during_the_job_tells_where_it_went_without_any_kernel(app: App, notebook) -> None:
    page = notebook(quick() + HELD, f"%%runway shot\n{PROMPT}")
    page.run(0, 1)
    page.output(1).locator(".rnb-card").wait_for()
    name = tell(page, "while shot.task is None: time.sleep(0.05)\nprint(shot.id)")
    (saved,) = page.save().cells[1].outputs
    assert held_widget(saved)
    assert set(saved.data) == RESULT
    assert "Runway is working on it." in saved.data["text/plain"], "it was paid, and the file does not say otherwise"
    app.end_unseen(page.name)
    opened = app.open_without_kernel(page.name)
    opened.output(1).get_by_text(f"%runway wait {name}").wait_for()
    assert "Loading widget" not in opened.output(1).inner_text()


def wait_for_file(app: App, pattern: str) -> None:
    give_up = time.monotonic() + 60
    before = set(app.root.glob(f"runway_outputs/{pattern}"))
    while set(app.root.glob(f"runway_outputs/{pattern}")) <= before:
        assert time.monotonic() < give_up
        time.sleep(0.1)
    time.sleep(1.0)  # the messages about it have gone to nobody


# --- the card in every state -------------------------------------------------------------------------

MEASURE = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = node => { for (; node; node = node.parentElement) {
    const colour = rgba(getComputedStyle(node).backgroundColor); if (colour[3] === 255) return colour; }
    return [255, 255, 255]; };
  const contrast = node => { const a = light(rgba(getComputedStyle(node).color)), b = light(ground(node));
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); };
  return [...document.querySelectorAll('.rnb-card')].map(card => {
    const texts = [...card.querySelectorAll('*')].filter(node => node.checkVisibility()
      && [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim()));
    const bar = card.querySelector('[role=progressbar]');
    return {
      word: card.querySelector('.rnb-word').innerText.trim(), height: card.getBoundingClientRect().height,
      width: card.getBoundingClientRect().width, texts: texts.length, contrast: Math.min(...texts.map(contrast)),
      overflow: card.scrollHeight > card.clientHeight + 1 || card.scrollWidth > card.clientWidth + 1,
      button: card.querySelector('button').innerText, title: card.querySelector('button').title,
      bar: bar && [bar.ariaLabel, bar.ariaValueNow, bar.ariaValueMin, bar.ariaValueMax],
      animations: card.getAnimations({subtree: true}).length,
    };
  });
}"""


@pytest.fixture(scope="module")
def gallery(app: App) -> Iterator[Notebook]:
    """A card for every state, of made-up jobs."""
    write_notebook(app.root / "gallery.ipynb", ["import gallery; gallery.show_cards()"])
    notebook = app.open("gallery.ipynb")
    notebook.run(0)
    app.page.locator(".rnb-card").nth(len(WORDS) + 1).wait_for()
    yield notebook
    app.theme("JupyterLab Light")


def measured(app: App, width: int) -> list[dict]:
    app.page.evaluate(WIDEN, width)
    narrow = "80px" if width <= 620 else "120px"
    app.page.wait_for_function("w => getComputedStyle(document.querySelector('.rnb-frames')).width === w", arg=narrow)
    return app.page.evaluate(MEASURE)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.parametrize("width", [900, 560])
def test_every_state_of_the_card_is_of_one_height_and_can_be_read(app: App, gallery: Notebook, theme, width) -> None:
    app.theme(theme)
    cards = measured(app, width)
    assert set(WORDS) <= {card["word"] for card in cards}
    assert {card["height"] for card in cards} == {90}
    for card in cards:
        assert not card["overflow"], card
        assert card["texts"] >= 5, card
        assert card["contrast"] >= 4.5, card
        assert card["animations"] == 0, card
        assert card["button"] in ("Stop tracking", "Stop watching", "Remove")
        assert card["title"]


def test_progress_is_told_to_screen_readers(app: App, gallery: Notebook) -> None:
    bars = {card["word"]: card["bar"] for card in app.page.evaluate(MEASURE) if card["bar"]}
    assert bars == {
        "Generating": ["Generating", "42", "0", "100"],
        "No connection": ["No connection", "60", "0", "100"],
        "Downloading": ["Downloading", "43", "0", "100"],
    }


def test_the_button_is_reached_by_tab_and_has_a_name(app: App, gallery: Notebook) -> None:
    names = app.page.locator(".rnb-card").get_by_role("button", name="Stop tracking", disabled=False)
    assert names.count() >= 5
    app.page.locator(".jp-Notebook .jp-Cell").first.locator(".jp-InputPrompt").click()
    for _ in range(60):
        app.page.keyboard.press("Tab")
        if app.page.evaluate("() => !!document.activeElement.closest('.rnb-card')"):
            break
    focused = app.page.evaluate(
        "() => { const e = document.activeElement; return [e.tagName, e.innerText, getComputedStyle(e).outlineStyle] }"
    )
    assert focused == ["BUTTON", "Remove", "solid"]


# --- stopping and coming back ------------------------------------------------------------------------


def test_stop_tracking_then_attach_then_show_after_a_restart(app: App, notebook) -> None:
    cells = (f"%%runway shot\n{PROMPT}", "%runway attach {shot.id}", "print(shot.id)", "%runway show")
    page = notebook(quick() + HELD, *cells)
    page.run(0, 1)
    page.wait_for_text(1, "Queued at Runway")
    page.output(1).get_by_role("button", name="Stop tracking").click()
    page.wait_for_text(1, "Tracking stopped")
    page.run(3)
    name = page.output(3).inner_text().strip()
    assert f"%runway attach {name}" in page.output(1).inner_text()
    page.run(2)
    with let_go(app):
        assert page.video(2).get_attribute("src")
    page.restart()
    page.run(0, 4)
    assert page.video(4).get_attribute("src")
    assert name in page.output(4).inner_text()


def test_a_job_that_waits_for_a_slot_can_be_removed(notebook) -> None:
    before = shared_simulator().counts()["tasks_started"]
    shared_simulator().fault("429-account")
    page = notebook(quick(), f"%%runway shot\n{PROMPT}")
    page.run(0, 1)
    page.wait_for_text(1, "Waiting for a free slot")
    page.output(1).get_by_role("button", name="Remove").click()
    page.wait_for_text(1, "Removed before sending")
    assert "Nothing was charged." in page.output(1).inner_text()
    assert shared_simulator().counts()["tasks_started"] == before


def test_a_job_in_doubt_offers_to_look_again_and_to_send_again(notebook) -> None:
    before = shared_simulator().counts()["tasks_started"]
    shared_simulator().fault("lost-before")
    page = notebook(quick(), f"%%runway shot\n{PROMPT}")
    page.run(0, 1)
    page.output(1).get_by_role("button", name="Check again").wait_for()
    tell(page, "runway_nb.jobs.recover.ROUND_PAUSES = (5.0,)")
    page.output(1).get_by_role("button", name="Check again").click()
    page.wait_for_text(1, "Checking")
    page.output(1).get_by_role("button", name="Send again (25 credits)").click()
    assert page.video(1).get_attribute("src")
    assert "Maybe sent" not in page.output(1).inner_text()
    assert shared_simulator().counts()["tasks_started"] == before + 1
    assert [set(output.data) for output in page.save().cells[1].outputs] == [RESULT]


def test_a_new_take_has_its_own_card_and_both_results_stay(notebook) -> None:
    before = shared_simulator().counts()["tasks_started"]
    shared_simulator().fault("throttled", seconds=600)
    page = notebook(quick(), f"%%runway shot\n{PROMPT}")
    page.run(0, 1)
    page.output(1).get_by_role("button", name="New take", disabled=False).click()
    page.output(1).locator(".rnb-card").nth(1).wait_for()
    page.page.wait_for_function("n => document.querySelectorAll('.jp-OutputArea video').length === n", arg=2)
    assert shared_simulator().counts()["tasks_started"] == before + 2
    expect(page.output(1).locator(".rnb-card")).to_have_count(0)  # a video stands in its card first
    (output,) = page.save().cells[1].outputs
    assert set(output.data) == RESULT
    assert output.data["text/html"].count("<video") == 2


def test_an_unchanged_cell_shows_its_stored_result(notebook) -> None:
    page = notebook(quick(), "%config RunwayMagics.reuse = True", f"%%runway\nThe same again. {PROMPT}")
    page.run(0, 1, 2)
    page.video(2)
    before = shared_simulator().counts()["creates_received"]
    page.run(2)
    page.wait_for_text(2, "0 credits; --fresh for a new take")
    assert page.video(2).get_attribute("src")
    assert shared_simulator().counts()["creates_received"] == before


# --- mistakes, waiting, failures ---------------------------------------------------------------------


def test_a_mistake_is_one_line_and_stops_run_all(notebook) -> None:
    page = notebook(quick(), "%%runway --zom 4\nA lamp", "print('reached')")
    page.run_all()
    page.wait_for_text(1, "do you mean --zoom?")
    line = page.output(1).inner_text().strip()
    assert line == "InvalidRequest: --zom is no option: do you mean --zoom? (nothing was sent)"
    page.wait_for_kernel()
    assert page.prompt(2).strip() in ("[ ]:", "[\xa0]:")
    assert "reached" not in page.output(2).inner_text()
    assert [o.output_type for o in page.save().cells[1].outputs] == ["error"]


def test_wait_keeps_the_cell_busy_until_the_end(app: App, notebook) -> None:
    page = notebook(quick() + HELD, f"%%runway shot --wait\n{PROMPT}")
    page.run(0)
    page.start(1)
    page.output(1).locator(".rnb-card").wait_for()
    assert page.is_busy(1)
    with let_go(app):
        page.video(1)
    page.wait_until_done(1)
    assert [set(o.data) for o in page.save().cells[1].outputs] == [RESULT]


def test_an_interrupted_wait_says_so_in_one_line_and_the_card_goes_on(app: App, notebook) -> None:
    page = notebook(quick() + HELD, f"%%runway shot --wait\n{PROMPT}")
    page.run(0)
    page.start(1)
    page.output(1).locator(".rnb-card").wait_for()
    page.interrupt()
    page.wait_for_text(1, "WaitInterrupted")
    assert page.output(1).locator("video").count() == 0
    page.wait_until_done(1)
    with let_go(app):
        page.video(1)
    card, error = page.save().cells[1].outputs
    assert set(card.data) == RESULT
    assert len(error.traceback) == 1


FAILURES = {
    "moderated": "Not generated: refused by moderation",
    "failed": "Not generated: Runway reported an error",
    "412": "Not sent: not enough credits",
    "422": "Not sent: refused by moderation",
    "cancelled": "Not generated: Runway reported an error",
}


def test_each_failure_ends_in_a_notice_that_stays(notebook) -> None:
    page = notebook(quick(), *(f"%%runway\nA shot that ends with {name}" for name in FAILURES))
    page.run(0)
    simulator = shared_simulator()
    for index, name in enumerate(FAILURES, start=1):
        before = simulator.counts()["creates_received"]
        simulator.fault(name)
        page.run(index)
        while simulator.counts()["creates_received"] == before:
            time.sleep(0.05)
    for index, title in enumerate(FAILURES.values(), start=1):
        page.wait_for_text(index, title)
    for cell in page.save().cells[1:]:
        assert [set(output.data) for output in cell.outputs] == [RESULT]


# --- over all of it ----------------------------------------------------------------------------------


def test_nothing_complained_and_nothing_was_asked_for_beyond_this_machine(app: App, film: SimpleNamespace) -> None:
    hosts = {urlsplit(url).hostname for url in app.requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}
    assert [words for words in app.complaints if not any(own.search(words) for own in OWN_OF_JUPYTERLAB)] == []
