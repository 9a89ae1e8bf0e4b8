"""One face for a tab of Chromium, Firefox and WebKit, so that a test is written once; and JupyterLab in such a tab."""

from __future__ import annotations

import contextlib
import io
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import webdriver
from lab import MILLISECONDS, Lab, Notebook, find_chromium, start_chromium
from PIL import Image
from playwright.sync_api import Page, Playwright

from support.kernels import PATIENCE, left_out
from support.notebooks import write_notebook

ENGINES = ("chromium", "firefox", "webkit")
WIDTH, HEIGHT = 1300, 900
Point = tuple[float, float]
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Home": "\ue011", "End": "\ue010", "ArrowLeft": "\ue012",
        "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015"}  # fmt: skip
"""Of WebDriver, for keys that are no character."""
COMPLAINTS = """() => {
  window.complaints = [];
  const note = (...words) => window.complaints.push(words.map(word => word?.stack ?? String(word)).join(' '));
  addEventListener('error', event => note(event.message, event.error));
  addEventListener('unhandledrejection', event => note(event.reason));
  const {error} = console;
  console.error = (...words) => { note(...words); error.apply(console, words); };
}"""
CALLED = """const done = arguments[1];
(async argument => { const found = (%s); return typeof found === 'function' ? found(argument) : found; })(arguments[0])
  .then(value => done({value}), error => done({error: `${error}`}));"""
UNTIL = """async argument => {
  const found = (%s), holds = typeof found === 'function' ? found : () => (%s);
  const give_up = performance.now() + %d;
  while (!(await holds(argument))) {
    if (performance.now() > give_up) return false;
    await new Promise(done => setTimeout(done, 30));
  }
  return true;
}"""
FOUND = """([cell, selector, scrolled]) => {
  const node = document.querySelectorAll('.jp-Notebook .jp-Cell')[cell]?.querySelector(selector);
  if (!node?.checkVisibility()) return null;
  if (scrolled) node.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'});
  const {x, y, width, height} = node.getBoundingClientRect();
  return {x, y, width, height};
}"""


class Tab(ABC):
    """A tab of any engine, as much of it as all of them have. Functions are JavaScript, as Playwright takes them."""

    @abstractmethod
    def goto(self, address: str) -> None: ...

    @abstractmethod
    def evaluate(self, function: str, arg: Any = None) -> Any: ...

    @abstractmethod
    def drag(self, *points: Point) -> None:
        """Press the mouse at the first point, and release it at the last."""

    @abstractmethod
    def type(self, *keys: str) -> None:
        """Press keys of `KEYS`, or ones with a character, quickly."""

    @abstractmethod
    def photograph(self) -> Image.Image:
        """Return what is seen, a pixel for each of CSS."""

    def wait_for_function(self, function: str, arg: Any = None) -> None:
        expected = f"({function})"
        if not self.evaluate(UNTIL % (expected, expected, MILLISECONDS), arg):
            shown = self.evaluate("() => (document.querySelector('.jp-Notebook') ?? document.body)?.innerText ?? ''")
            raise AssertionError(f"not after {PATIENCE} s: {function}, {arg}; the page shows {shown[-3000:]!r}")


class ChromiumTab(Tab):
    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(MILLISECONDS)

    def goto(self, address: str) -> None:
        self.page.goto(address)

    def evaluate(self, function: str, arg: Any = None) -> Any:
        return self.page.evaluate(function, arg)

    def drag(self, *points: Point) -> None:
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point)
        self.page.mouse.up()

    def type(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def photograph(self) -> Image.Image:
        return Image.open(io.BytesIO(self.page.screenshot(scale="css"))).convert("RGB")


class WebDriverTab(Tab):
    def __init__(self, connection: webdriver.Connection) -> None:
        self.connection = connection
        connection.ask("patience", script=int(2 * MILLISECONDS), pageLoad=int(MILLISECONDS))
        connection.ask("resize", x=0, y=0, width=WIDTH, height=webdriver.SCREEN[1])

    def goto(self, address: str) -> None:
        self.connection.ask("open", url=address)

    def evaluate(self, function: str, arg: Any = None) -> Any:
        answer = self.connection.ask("run", script=CALLED % function, args=[arg])
        if "error" in answer:
            raise webdriver.Refused(answer["error"])
        return answer.get("value")

    def drag(self, *points: Point) -> None:
        moves = [{"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)} for x, y in points]
        held = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
        self._act({"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": held})

    def type(self, *keys: str) -> None:
        values = [KEYS.get(key, key) for key in keys]
        pressed = [{"type": kind, "value": value} for value in values for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keys", "actions": pressed})

    def _act(self, source: dict[str, Any]) -> None:
        self.connection.ask("act", actions=[source])

    def photograph(self) -> Image.Image:
        return webdriver.photograph(self.connection)


@contextlib.contextmanager
def started(engine: str, playwright: Playwright) -> Iterator[Tab]:
    """A tab of an engine; the test is left out where it is not installed."""
    if engine == "chromium":
        program = find_chromium(playwright)
        if program is None:
            left_out("no chromium found; make test installs one")
        browser = start_chromium(playwright, str(program))
        try:
            yield ChromiumTab(browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}))
        finally:
            browser.close()
        return
    find, start = {
        "firefox": (webdriver.find_firefox, webdriver.firefox),
        "webkit": (webdriver.find_minibrowser, webdriver.webkit),
    }[engine]
    program = find()
    if program is None:
        left_out(f"no {engine} and what drives it found; as root on Debian make test installs them")
    with start(str(program)) as connection:
        yield WebDriverTab(connection)


class EngineLab(Lab):
    """JupyterLab in a tab of an engine."""

    def __init__(self, engine: str, tab: Tab, url: str, root: Path) -> None:
        self.engine, self.tab, self.url, self.root = engine, tab, url, root
        self.page: Any = tab  # `Notebook` asks it for no more than a `Tab` has
        self.load()

    def load(self) -> None:
        """Load the whole page, again or for the first time."""
        for is_last in (False, True):
            self.tab.goto(f"{self.url}/lab?reset")
            try:
                self.settle()
                break
            except AssertionError:  # a page of a busy machine may never come up; nothing of ours is in it yet
                if is_last:
                    raise
        self.tab.evaluate(COMPLAINTS)

    def written(self, name: str, *cells: str) -> Cells:
        """A new notebook, opened."""
        write_notebook(self.root / f"{self.engine}-{name}.ipynb", cells)
        return self.opened(name)

    def opened(self, name: str) -> Cells:
        """A notebook of this engine's."""
        self.open(f"{self.engine}-{name}.ipynb")
        return Cells(self, f"{self.engine}-{name}.ipynb")

    def complaints(self) -> list[str]:
        """What went wrong since the page was loaded."""
        return self.tab.evaluate("() => window.complaints")


class Cells(Notebook):
    """A notebook in a tab of an engine: its cells by number, what is in them by selectors of CSS."""

    app: EngineLab

    @property
    def tab(self) -> Tab:
        return self.app.tab

    def box(self, cell: int, selector: str, *, scrolled: bool = True) -> dict[str, float]:
        """Where something is in the tab, once it is visible; it is brought into view."""
        self.tab.wait_for_function(f"argument => ({FOUND})(argument) !== null", [cell, selector, False])
        return self.tab.evaluate(FOUND, [cell, selector, scrolled])

    def click(self, cell: int, selector: str) -> None:
        box = self.box(cell, selector)
        self.tab.drag((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))

    def drag(self, cell: int, selector: str, right: float) -> None:
        """Take hold of the middle of something, and move it in steps."""
        box = self.box(cell, selector)
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.tab.drag(*((x + right * step / 10, y) for step in range(11)))

    def look(self, cell: int, selector: str, function: str) -> Any:
        """What a function of an element says."""
        return self.tab.evaluate(self._of(cell, selector, function))

    def until(self, cell: int, selector: str, condition: str) -> None:
        """After a function of an element holds."""
        self.tab.wait_for_function(self._of(cell, selector, f"node => node && ({condition})(node)"))

    @staticmethod
    def _of(cell: int, selector: str, function: str) -> str:
        nodes = "document.querySelectorAll('.jp-Notebook .jp-Cell')"
        return f"() => ({function})({nodes}[{cell}].querySelector({selector!r}))"

    def text(self, cell: int) -> str:
        return self.look(cell, ".jp-Cell-outputArea", "node => node?.innerText ?? ''")

    def picture(self, cell: int, selector: str) -> Image.Image:
        """What is seen of an element, once the page has painted."""
        box = self.box(cell, selector)
        self.tab.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        left, top = round(box["x"]), round(box["y"])
        return self.tab.photograph().crop((left, top, left + round(box["width"]), top + round(box["height"])))
