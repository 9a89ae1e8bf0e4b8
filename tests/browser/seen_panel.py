"""The panel as a page of JupyterLab shows it, for tests to look at and to use."""

from __future__ import annotations

import re
import time

from lab import LOAD, App, Notebook, tell
from playwright.sync_api import Locator

from support.kernels import CREDITS, PATIENCE, shared_simulator
from support.notebooks import write_notebook

ASK = """
def _asked():
    from runway_nb import Camera, Keyframes, VideoRequest
    from runway_nb.notebook.panel.panel import newest_panel

    p = newest_panel()
    return {}
print(_asked())
"""


def setting_up() -> str:
    """A first cell that takes the quick simulator for the API."""
    hurry = "from runway_nb.jobs import poll_schedule as s\ns.FIRST_POLL = s.SHORTEST = s.LONGEST = 0.3\ndel s"
    env = shared_simulator("panel").env
    return f"import os\nos.environ.update({env!r})\n{hurry}\n{LOAD}"


class Seen:
    """A panel as the page shows it."""

    def __init__(self, notebook: Notebook, index: int = 1) -> None:
        self.notebook, self.index, self.page = notebook, index, notebook.page
        self.output = notebook.output(index)
        self.root = self.output.locator(".rnb-panel")

    def opened(self) -> Seen:
        """After the account and the assets have come."""
        self.root.get_by_text(re.compile(r"^\d+ images")).wait_for()
        self.root.get_by_text(re.compile(f"of {CREDITS:,} used")).wait_for()
        self.root.locator(".rnb-scrub").wait_for()
        return self

    def position(self, name: str) -> Locator:
        return self.root.locator(f".rnb-keyframe-{name.lower()}")

    def keyframe(self, name: str) -> Locator:
        return self.root.get_by_role("combobox", name=f"{name} keyframe", exact=True)

    def chosen(self, name: str) -> str:
        return self.keyframe(name).evaluate("list => list.selectedOptions[0].label").replace("\xa0", " ")

    def offered(self, name: str = "First") -> list[str]:
        labels = self.keyframe(name).evaluate("list => [...list.options].map(option => option.label)")
        return [label.replace("\xa0", " ") for label in labels]

    def field(self, name: str) -> Locator:
        return self.root.get_by_role("textbox", name=name, exact=True)

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def handle(self, move: str) -> Locator:
        return self.root.locator(f".rnb-axis-{move} .noUi-handle")

    @property
    def model(self) -> Locator:
        return self.root.get_by_role("combobox", name="Model", exact=True)

    def choose(self, title: str) -> None:
        """Choose a model; after the kernel has heard."""
        self.model.select_option(title)
        self.until(f"p.model.list.label == {title!r} and [*p.preview.fields][0] == 'model'")

    def press_slider(self, move: str, *keys: str) -> None:
        for key in keys:
            self.handle(move).press(key)

    def wait_for_pictures(self, count: int) -> None:
        """After the preview shows so many keyframes, and the keyframes so many thumbnails."""
        self.page.wait_for_function(
            """([panel, count]) => panel.querySelectorAll('.rnb-view:first-child .rnb-layer').length === count
              && panel.querySelectorAll('.rnb-thumb img').length === count""",
            arg=[self.root.element_handle(), count],
        )

    def transform(self) -> str:
        return self.root.locator(".rnb-surface").first.evaluate("surface => surface.style.transform")

    def asked(self, expression: str) -> str:
        """What the kernel says of the newest panel, `p`."""
        return tell(self.notebook, ASK.format(expression))

    def until(self, condition: str) -> None:
        """After the kernel has heard."""
        give_up = time.monotonic() + PATIENCE
        while self.asked(condition) != "True":
            assert time.monotonic() < give_up, f"not {condition}: {self.asked('p.request')}"
            time.sleep(0.05)

    def reset(self) -> None:
        """Everything as at the beginning."""
        self.button("Reset").click()
        self.until("p.request in (VideoRequest(), VideoRequest(''))")
        self.wait_for_pictures(0)

    def wait_for_generate(self, *, enabled: bool = True) -> None:
        """After the kernel has said whether there is anything that can be sent."""
        button = self.button("Generate").element_handle()
        self.page.wait_for_function("([button, enabled]) => button.disabled !== enabled", arg=[button, enabled])

    def generate(self) -> None:
        self.wait_for_generate()
        self.button("Generate").click()

    @property
    def videos(self) -> Locator:
        return self.output.locator("video")

    def wait_for_videos(self, count: int) -> None:
        self.videos.nth(count - 1).wait_for()
        assert self.videos.count() == count


def open_panel(app: App, name: str, *more: str) -> Seen:
    write_notebook(app.root / name, [setting_up(), "%runway panel", *more])
    notebook = app.open(name)
    notebook.run(0, 1)
    return Seen(notebook).opened()
