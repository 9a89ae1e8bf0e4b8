"""The lesson for marimo as a page: the shot moves while a later cell waits for it, and plays; the panel is a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import MILLISECONDS, find_chromium, marimo, played, start_chromium
from playwright.sync_api import Page, expect, sync_playwright

from support.kernels import MARIMO, ROOT, left_out, shared_simulator

LESSON = ROOT / "notebooks" / "marimo_first_video.py"
WITH_PANEL = """

@app.cell
def _(runway_nb):
    runway_nb.Panel()
    return


if __name__ == "__main__":
"""
WATCH = """() => {
  window.seen = [];
  window.watch = setInterval(() => {
    const roots = [document];
    for (const root of roots)
      for (const element of root.querySelectorAll('*')) if (element.shadowRoot) roots.push(element.shadowRoot);
    const card = roots.map(root => root.querySelector('.rnb-body')).find(found => found);
    if (card && card.innerText !== window.seen.at(-1)) window.seen.push(card.innerText);
  }, 50);
}"""
"""Notes what the card says, each time that it has changed, wherever marimo puts it."""


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """The lesson and a panel, opened by a visitor."""
    if not MARIMO.is_dir():
        left_out(f"no marimo in {MARIMO}: make test brings it")
    home, notebook = tmp_path / "home", tmp_path / "page" / LESSON.name
    for folder in (home, notebook.parent):
        folder.mkdir()
    notebook.write_text(LESSON.read_text().replace('\n\nif __name__ == "__main__":\n', WITH_PANEL))
    with sync_playwright() as playwright:
        program = find_chromium(playwright)
        if program is None:
            left_out("no chromium found; make test installs one")
        with marimo(notebook, home, **shared_simulator().env) as url:
            chromium = start_chromium(playwright, program)
            opened = chromium.new_page(viewport={"width": 1000, "height": 1400})
            opened.set_default_timeout(MILLISECONDS)
            opened.add_init_script(f"({WATCH})()")
            opened.goto(url)
            yield opened
            chromium.close()


def test_a_shot_moves_by_itself_and_plays(page: Page) -> None:
    video = page.locator("video")
    video.wait_for(timeout=MILLISECONDS)
    seen = page.evaluate("window.seen")
    assert len(seen) > 1, "the card has moved"
    assert all("The beam sweeps over the sea." in words for words in seen)
    said = played(video)
    assert said["readyState"] >= 2
    assert said["currentSrc"].startswith("data:video/mp4")
    # the cell that waited for the video shows its last frame
    expect(page.locator("img[src^='data:image/png']")).to_be_visible()
    expect(page.get_by_text("marimo cannot show these controls: ask with runway_nb.generate()")).to_be_visible()
    assert "jupyter widgets are not supported" not in page.content().lower()
