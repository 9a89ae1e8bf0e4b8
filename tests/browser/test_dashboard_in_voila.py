"""A panel in a page that Voila makes of a notebook: choose, Generate, watch the card, play the result."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import MILLISECONDS, find_chromium, played, start_chromium, voila
from playwright.sync_api import Page, expect, sync_playwright

from support.kernels import ROOT, left_out, shared_simulator

DASHBOARD = ROOT / "notebooks" / "07_dashboard.ipynb"
WATCH = """() => {
  window.seen = [];
  new MutationObserver(() => {
    const words = document.querySelector('.rnb-panel .rnb-body')?.innerText;
    if (words && words !== window.seen.at(-1)) window.seen.push(words);
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
"""Notes what the card says, each time that it has changed."""


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """The dashboard, opened by a visitor."""
    home, notebook = tmp_path / "home", tmp_path / "page" / DASHBOARD.name
    for folder in (home, notebook.parent):
        folder.mkdir()
    shutil.copy(DASHBOARD, notebook)
    with sync_playwright() as playwright:
        program = find_chromium(playwright)
        if program is None:
            left_out("no chromium found; make test installs one")
        with voila(notebook, home, **shared_simulator().env) as url:
            chromium = start_chromium(playwright, program)
            opened = chromium.new_page(viewport={"width": 1000, "height": 1400})
            opened.set_default_timeout(MILLISECONDS)
            opened.goto(url)
            yield opened
            chromium.close()


def test_the_card_moves_in_the_panel_and_the_result_plays(page: Page) -> None:
    panel = page.locator(".rnb-panel")
    expect(panel.locator(".rnb-surface").first).to_be_visible(timeout=MILLISECONDS)
    panel.locator("textarea").first.fill("A lamp turns")
    panel.get_by_label("First keyframe", exact=True).select_option(label="city-night")
    page.evaluate(WATCH)
    panel.get_by_role("button", name=re.compile("^Generate")).click()
    video = panel.locator("video")
    video.wait_for(timeout=MILLISECONDS)
    said = played(video)
    assert said["readyState"] >= 2
    assert said["currentSrc"].startswith("data:video/mp4")
    assert "A lamp turns" in panel.inner_text()
    assert len(page.evaluate("window.seen")) > 1, "the card has moved"
