"""The gallery of an export, opened from disk: it plays, it is read without seeing it, and nothing leaves the folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from barriers import barrier_script
from PIL import Image
from playwright.sync_api import Browser, Page

from runway_nb.jobs.export_folder import PAGE
from runway_nb.keyframes import Keyframes
from support.exports import exported
from support.fakes import FakeTime, Party

PROMPTS = [
    "A lighthouse at dusk, slow waves",
    "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">",
    "\u0636\u0648\u0621 \u0627\u0644\u0642\u0645\u0631",
    "one more detail of the same picture, " * 12,
    "withoutanyspace" * 20,
]
Open = Callable[..., Page]


def until(page: Page, condition: str) -> None:
    """Wait for a condition; the page itself lets no script look for it."""
    page.evaluate(f"async () => {{ while (!({condition})) await new Promise(done => setTimeout(done, 20)); }}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export with everything in it, in a folder whose name needs care."""
    root = tmp_path_factory.mktemp("an export #1 %41")
    with Party(root, FakeTime()) as party:
        Image.new("RGB", (1280, 768), "teal").save(root / "lamp.png")
        jobs = [party.ended(party.submit(prompt)) for prompt in PROMPTS]
        jobs.append(party.ended(party.submit("With a picture", keyframes=Keyframes(first="lamp.png"))))
        party.ended(party.submit("Tall", aspect="portrait"))
        jobs[0].star, jobs[0].note, jobs[2].rejected = True, "the best", True
        exported(party, root / "export")
    return root / "export"


@pytest.fixture
def opened(chromium: Browser, folder: Path) -> Iterator[Open]:
    """Opens the page; what it reports or asks beyond the disk fails the test."""
    wrong: list[str] = []

    def make(width: int = 1280, scheme: Any = "light") -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: wrong.extend([] if asked.url.startswith("file://") else [asked.url]))
        page.goto((folder / PAGE).as_uri())
        return page

    yield make
    for context in chromium.contexts:
        context.close()
    assert wrong == []


def test_a_video_plays_from_disk_and_not_before_it_is_asked_to(opened: Open) -> None:
    page = opened()
    states = page.eval_on_selector_all("video", "all => all.map(video => [video.readyState, video.paused])")
    assert states == [[0, True]] * (len(PROMPTS) + 2)
    video = page.locator("video").first
    video.evaluate("video => video.play()")
    until(page, "document.querySelector('video').currentTime > 0.2")
    assert video.evaluate("video => [video.videoWidth, video.error]") == [80, None]


def test_every_poster_and_picture_is_there(opened: Open) -> None:
    page = opened()
    sources = page.eval_on_selector_all("video", "all => all.map(video => video.poster)")
    assert len(sources) == len(PROMPTS) + 2
    for source in sources:
        width = page.evaluate(
            "async source => { const image = new Image(); image.src = source; await image.decode(); "
            "return image.naturalWidth }",
            source,
        )
        assert width > 0
    page.locator("summary").nth(1).click()
    until(page, "document.querySelector('dd img').naturalWidth === 1280")


def test_prompts_are_text(opened: Open) -> None:
    page = opened()
    assert page.title() == f"{len(PROMPTS) + 2} videos"
    assert page.locator("h2").filter(has_text="<script>").count() == 1
    assert page.locator("main script, main h2 img").count() == 0


@pytest.mark.parametrize("width", [320, 360, 1280, 2200])
def test_nothing_stands_over_the_edge(opened: Open, width: int) -> None:
    page = opened(width)
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    columns = page.evaluate("getComputedStyle(document.querySelector('main')).gridTemplateColumns.split(' ').length")
    assert columns == {320: 1, 360: 1, 1280: 3, 2200: 4}[width]


def test_what_is_shown_is_chosen_without_a_script(opened: Open) -> None:
    page = opened()
    seen = "all => all.filter(each => getComputedStyle(each).display !== 'none').length"
    assert page.eval_on_selector_all("article", seen) == len(PROMPTS) + 2
    page.get_by_label("Starred").check()
    assert page.eval_on_selector_all("article", seen) == 1
    page.get_by_label("Without rejected").check()
    assert page.eval_on_selector_all("article", seen) == len(PROMPTS) + 1


def test_the_keyboard_reaches_everything(opened: Open) -> None:
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "show-all"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.checked && document.activeElement.id") == "show-starred"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "VIDEO"
    page.keyboard.press("Space")
    until(page, "!document.activeElement.paused")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_read_without_seeing_it_and_has_contrast(opened: Open, scheme: str) -> None:
    page = opened(1280, scheme)
    for summary in page.locator("summary").all():
        summary.click()
    page.evaluate(barrier_script())
    wrong = page.evaluate(
        "async () => (await axe.run(document)).violations.map(each => `${each.id}: ${each.nodes[0].html}`)"
    )
    assert wrong == []


def test_it_is_dark_where_the_system_is(opened: Open) -> None:
    colours = {
        scheme: opened(1280, scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert colours == {"light": "rgb(251, 250, 247)", "dark": "rgb(22, 21, 20)"}
