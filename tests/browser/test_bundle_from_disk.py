"""A notebook with its videos, moved and opened from disk: every player plays, and nothing is asked of the network."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

import runway_nb
from runway_nb.notebook.rendering.result_html import EMBED_CAP
from runway_nb.notebook.rendering.result_html import bundle as result
from support.fakes import FakeTime, Party

pytestmark = pytest.mark.browser

Open = Callable[[Path], Page]
ODD = "moved to #1 %41 \u00fc"
HOSTILE = (
    "<script src='https://evil.test/x.js'></script><img src='http://evil.test/y.png'>"
    "<iframe src='https://evil.test'></iframe><link rel='stylesheet' href='https://evil.test/z.css'>"
)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle as folder and as page, moved away from the notebook, which is gone."""
    root = tmp_path_factory.mktemp("bundles")
    (root / "here").mkdir()
    with Party(root / "here", FakeTime()) as party:
        jobs = [party.ended(party.submit(prompt)) for prompt in ("A lamp <turns>", "A boat")]
        assert jobs[1].video is not None
        # a box that players pass over makes it too large for the page itself
        with jobs[1].video.open("ab") as file:
            file.write((EMBED_CAP).to_bytes(4, "big") + b"free" + b"\0" * (EMBED_CAP - 8))
        htmls = [result(job, "never")["text/html"] for job in jobs]
        outputs = [{"output_type": "display_data", "metadata": {}, "data": {"text/html": h}} for h in (*htmls, HOSTILE)]
        cell = {"cell_type": "code", "metadata": {}, "source": "shot", "execution_count": 1, "outputs": outputs}
        words = {"cell_type": "markdown", "metadata": {}, "source": "Words with $x^2$ and\n```mermaid\ngraph TD\n```"}
        saved = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [words, cell]}
        (root / "here" / "film.ipynb").write_text(json.dumps(saved))
        runway_nb.bundle(root / "here" / "film.ipynb", root / "out" / "folder", studio=party.studio)
        runway_nb.bundle(root / "here" / "film.ipynb", root / "out" / "page.html", studio=party.studio)
    shutil.rmtree(root / "here")
    return (root / "out").rename(root / ODD)


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Open]:
    """Opens a page from disk, without a network."""
    context = chromium.new_context(offline=True)

    def make(path: Path) -> Page:
        page = context.new_page()
        page.goto(path.as_uri())
        return page

    yield make
    context.close()


def play(page: Page) -> object:
    """Play all videos, and return of each whether it has data, the width of its picture and its error."""
    return page.evaluate(
        "async () => { const all = [...document.querySelectorAll('video')];"
        "await Promise.all(all.map(video => video.play()));"
        "return all.map(video => [video.readyState >= 2, video.videoWidth, video.error]); }"
    )


def test_a_page_plays_what_is_in_it_and_what_lies_beside_it(moved: Path, opened: Open) -> None:
    page = opened(moved / "page.html")
    assert play(page) == [[True, 80, None]] * 2
    schemes = page.eval_on_selector_all("video", "all => all.map(video => new URL(video.currentSrc).protocol)")
    assert schemes == ["data:", "file:"]
    assert page.get_by_text("lies beside this page: keep both together.").is_visible()
    assert page.get_by_text("A lamp <turns>", exact=True).first.is_visible()


def test_a_page_asks_nothing_of_the_network(moved: Path, chromium: Browser) -> None:
    context = chromium.new_context()
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    context.route("http*://**/*", refuse)
    page = context.new_page()
    page.goto((moved / "page.html").as_uri(), wait_until="load")
    assert page.evaluate("document.querySelectorAll('video').length") == 2
    assert asked == []
    context.close()


def test_a_notebook_of_a_moved_folder_plays(moved: Path, opened: Open) -> None:
    folder = moved / "folder"
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "html", "--output", "shown", "film.ipynb"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    page = opened(folder / "shown.html")
    assert play(page) == [[True, 80, None]] * 2
    sources = page.eval_on_selector_all("video", "all => all.map(video => video.getAttribute('src'))")
    assert all(source.startswith("videos/") for source in sources)
    assert page.eval_on_selector_all("a", "all => all.filter(each => each.href.endsWith('.mp4')).length") >= 2
