"""Compared clips as a page of JupyterLab shows them, for tests to look at and to use."""

from __future__ import annotations

from typing import Any

from lab import Notebook
from playwright.sync_api import Locator

_PIXEL = """([canvas, across]) => {
  const {width, height} = canvas;
  const {data} = canvas.getContext('2d').getImageData(Math.round(across * (width - 1)), Math.round(height * 0.7), 1, 1);
  return [...data].slice(0, 3);
}"""
_BRIGHTEST = """canvas => {
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.reduce((most, value, at) => at % 4 === 3 ? most : Math.max(most, value), 0);
}"""
_PLAYED = """async ([root, seconds]) => {
  const clips = [...root.querySelectorAll('.rnb-cmp-clip canvas')], seen = [];
  const grey = canvas => canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data[0];
  root.querySelector('.rnb-cmp-bar button').click();
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    await new Promise(requestAnimationFrame);
    seen.push(clips.map(canvas => [Number(canvas.dataset.seconds), grey(canvas)]));
  }
  root.querySelector('.rnb-cmp-bar button').click();
  return seen;
}"""


class SeenComparison:
    """A live comparison as the page shows it."""

    def __init__(self, notebook: Notebook, index: int) -> None:
        self.notebook, self.index, self.page = notebook, index, notebook.page
        self.output = notebook.output(index)
        self.root = self.output.locator(".rnb-cmp")
        self.stage = self.root.locator(".rnb-cmp-stage")
        self.over = self.root.locator(".rnb-cmp-overlay canvas")
        self.durable = self.output.locator(".runway-nb-comparison")

    def ready(self) -> SeenComparison:
        """After all frames have come."""
        self.root.locator(".rnb-cmp-clip canvas[data-seconds]").last.wait_for(state="attached")
        return self

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def slider(self, name: str) -> Locator:
        return self.root.get_by_role("slider", name=name)

    def view(self, name: str) -> None:
        self.root.get_by_role("radio", name=name, exact=True).check(force=True)

    def choose(self, label: str, clip: str) -> None:
        """Choose the clip of a side, by its letter, where two are laid over each other."""
        self.root.get_by_label(f"{label} clip", exact=True).select_option(str("ABCD".index(clip)))

    def seek(self, seconds: float) -> None:
        self.slider("Time in all clips").fill(str(round(seconds * 100)))

    def played(self, seconds: float) -> list[list[tuple[float, int]]]:
        """Play for a while: for each picture of the page the time and the grey of each clip."""
        seen: list[Any] = self.page.evaluate(_PLAYED, [self.root.element_handle(), seconds])
        return [[(time, grey) for time, grey in clips] for clips in seen]

    def pixel(self, across: float = 0.5) -> list[int]:
        """The colour of the large picture at a place from its left, 0 to 1."""
        found: list[int] = self.page.evaluate(_PIXEL, [self.over.element_handle(), across])
        return found

    def brightest(self) -> int:
        found: int = self.over.evaluate(_BRIGHTEST)
        return found

    def said(self) -> str:
        return self.root.get_by_role("status").inner_text()
