"""JupyterLab on this machine and a chromium that looks at it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Locator, Page, Playwright, expect

from support.kernels import MARIMO, PATIENCE, clean_env
from support.leftovers import ended_with_parent
from support.modes import heed_modes

MILLISECONDS = PATIENCE * 1000
expect.set_options(timeout=MILLISECONDS)
NO_NEWS = {"fetchNews": "false", "checkForUpdates": False}
CHROMIUM_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
                    "--disable-background-networking", "--disable-sync",
                    "--autoplay-policy=no-user-gesture-required"]  # fmt: skip
SLEEP = "import os, time\nwhile not os.path.exists('awake'):\n    time.sleep(0.02)\nos.remove('awake')"
"""A cell that runs until the test wakes it (`Notebook.wake`)."""
HERE = Path(__file__).parent
LOAD = "%load_ext runway_nb"
LOST = "Error displaying widget"
OWN_OF_JUPYTERLAB = (
    # a kernel that ends right after its notebook was opened
    re.compile(r"Could not restore the debugger state: Canceled future"),
    # the splash screen of a change of theme is sometimes taken away twice
    re.compile(r"'removeChild' on 'Node'.*/static/lab/", re.DOTALL),
    # a notebook that is opened without a kernel
    re.compile(r"null \(reading 'kernel'\).*jupyterlab-manager", re.DOTALL),
    # an output that is replaced while the widgets in it are still being made
    re.compile(r"Could not add child view to box|reading 'widgets'\).*jupyterlab-manager", re.DOTALL),
    # a player may ask for its file at the page's own address before JupyterLab has put the right one in place
    re.compile(r"404 \(Not Found\) http://127\.0\.0\.1:\d+/([\w-]+/user/\w+/)?(lab/(tree/)?)?runway_outputs/"),
)
OWN_OF_NOTEBOOK_7 = (
    # its settings are asked for before they are there
    re.compile(r"reading 'schema'.*/static/notebook/notebook_core", re.DOTALL),
    # what opens a path may be asked for before its file browser is there
    re.compile(r"Command 'filebrowser:open-path' not registered.*/static/notebook/notebook_core", re.DOTALL),
    # a font of its own that its server does not give out
    re.compile(r"403 \(Forbidden\) http://127\.0\.0\.1:\d+/static/notebook/\w+\.woff2"),
)
PLAY = """async video => {
  video.muted = true; // what may begin without a click in every browser
  const give_up = performance.now() + 20000;
  await Promise.race([video.play(), new Promise(done => setTimeout(done, 20000))]); // for ever where no data comes
  const begins = () => video.currentTime < 0.2 || video.readyState < 4 || !video.videoWidth;
  while (begins() && performance.now() < give_up)
    await new Promise(done => setTimeout(done, 50));
  video.pause();
  const {readyState, duration, currentTime, videoWidth, currentSrc} = video;
  return {readyState, duration, currentTime, videoWidth, currentSrc};
}"""
"""Plays a video for a moment; what the player says then."""
TELL = """async code => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({code, store_history: false});
  let said = '';
  future.onIOPub = message => {
    if (message.header.msg_type === 'stream') said += message.content.text;
    if (message.header.msg_type === 'error') throw new Error(message.content.evalue);
  };
  await future.done;
  return said.trim();
}"""


def find_chromium(playwright: Playwright) -> str | None:
    """The program to start: as named by CHROMIUM, the system's own, or Playwright's."""
    own = playwright.chromium.executable_path
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or (own if Path(own).exists() else None)


def start_chromium(playwright: Playwright, program: str) -> Browser:
    return playwright.chromium.launch(executable_path=program, args=CHROMIUM_OPTIONS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def jupyter_lab(root: Path, **more: str) -> Iterator[str]:
    """A server for the notebooks in `root`, with every file of its own under `root.parent / "home"`.

    Read-only folders are read-only for it, whoever runs the tests.
    """
    home = root.parent / "home"
    env = clean_env(home, **{"JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
                             "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
                             "PYTHONPATH": str(HERE)} | more)  # fmt: skip
    write_setting(home / "settings", NO_NEWS)
    port = free_port()
    log = home / "server.log"
    options = [f"--port={port}", f"--ServerApp.root_dir={root}", "--ip=127.0.0.1", "--no-browser", "--allow-root",
               "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True",
               "--JupyterNotebookApp.expose_app_in_browser=True", "--LabApp.news_url=",
               "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with served(["jupyterlab", *options], root, env, log, f"{url}/api"):
        yield url


@contextlib.contextmanager
def voila(notebook: Path, home: Path, **more: str) -> Iterator[str]:
    """A page for one notebook: each visit runs it in a kernel of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ["voila", str(notebook), f"--port={port}", "--Voila.ip=127.0.0.1", "--no-browser"]
    with served(
        arguments, notebook.parent, clean_env(home, **more), home / "voila.log", f"{url}/voila/static/voila.js"
    ):
        yield url


@contextlib.contextmanager
def marimo(notebook: Path, home: Path, **more: str) -> Iterator[str]:
    """A notebook of marimo's as a page: each visit runs it in a kernel of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ["marimo", "run", str(notebook), "--headless", "--no-token", "--host=127.0.0.1", f"--port={port}"]
    env = clean_env(home, PYTHONPATH=str(MARIMO), **more)
    with served(arguments, notebook.parent, env, home / "marimo.log", f"{url}/health"):
        yield url


@contextlib.contextmanager
def served(
    arguments: list[str], folder: Path, env: dict[str, str], log: Path, url: str, python: str = sys.executable
) -> Iterator[None]:
    """A server, from the answer at an address on; it ends with all its kernels."""
    with log.open("w") as out:
        server = subprocess.Popen(
            [python, "-m", *arguments], cwd=folder, env=env, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=_before_it_starts,
        )  # fmt: skip
    try:
        _wait_for(arguments[0], url, server, log)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself, which is told already
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _before_it_starts() -> None:
    ended_with_parent()
    heed_modes()


def write_setting(folder: Path, values: dict[str, Any]) -> None:
    place = folder / "@jupyterlab" / "apputils-extension"
    place.mkdir(parents=True)
    (place / "notification.jupyterlab-settings").write_text(json.dumps(values))


def _wait_for(name: str, url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < give_up:
        with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"{name} did not start: {log.read_text()[-2000:]}")


class Lab:
    """JupyterLab in a tab of any browser; `page` is the tab."""

    url: str
    root: Path
    page: Page

    def settle(self) -> None:
        """After the application has come up."""
        self.page.wait_for_function("window.jupyterapp && jupyterapp.shell && jupyterapp.serviceManager.isReady")
        self.page.evaluate("() => jupyterapp.restored.then(() => jupyterapp.shell.collapseLeft())")
        # what is opened before the launcher is there may not be seen at all
        self.page.wait_for_function("() => jupyterapp.shell.currentWidget !== null")

    def theme(self, name: str) -> None:
        self.page.evaluate("name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)
        light = str(name.endswith("Light")).lower()
        self.page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=light)

    def end_unseen(self, name: str) -> None:
        """Close a notebook, and end its kernel while no page looks."""
        self.page.evaluate(
            "async n => { jupyterapp.shell.currentWidget.dispose(); const { sessions } = jupyterapp.serviceManager;"
            " await sessions.refreshRunning();"
            " for (const s of [...sessions.running()]) if (s.path === n) await sessions.shutdown(s.id); }",
            name,
        )

    def open_without_kernel(self, name: str) -> Notebook:
        """Open a notebook as the only one, with "No Kernel"."""
        self.page.evaluate(
            "async n => { for (const w of [...jupyterapp.shell.widgets('main')]) w.dispose();"
            " const { docRegistry } = jupyterapp; const usual = docRegistry.getKernelPreference;"
            " docRegistry.getKernelPreference = (...of) => ({ ...usual.apply(docRegistry, of), shouldStart: false });"
            " try { await jupyterapp.commands.execute('docmanager:open', {path: n, factory: 'Notebook'}); }"
            " finally { docRegistry.getKernelPreference = usual; } }",
            name,
        )
        self.page.locator(".jp-Toolbar-kernelName", has_text="No Kernel").wait_for()
        return Notebook(self, name)

    def open(self, name: str) -> Notebook:
        """Open a notebook as the only one; its kernel starts."""
        self.page.evaluate(
            "async n => { for (const w of [...jupyterapp.shell.widgets('main')]) w.dispose();"
            " await jupyterapp.commands.execute('docmanager:open', {path: n, factory: 'Notebook'}); }",
            name,
        )
        notebook = Notebook(self, name)
        notebook.wait_for_kernel()
        return notebook


class App(Lab):
    """One tab of chromium with JupyterLab in it; what it complained about and asked for is kept.

    Args:
        chromium: Gets a context of its own.
        url: Of the server.
        root: The folder that it serves.
        enter: Called with the context before the first page is opened, to log a user in.
    """

    def __init__(
        self, chromium: Browser, url: str, root: Path, enter: Callable[[BrowserContext], None] = lambda _: None
    ) -> None:
        self.url, self.root = url, root
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._context = chromium.new_context(viewport={"width": 1100, "height": 900}, device_scale_factor=1.5)
        self._context.set_default_timeout(MILLISECONDS)
        enter(self._context)
        self._new_tab()

    def _new_tab(self, address: str = "lab?reset") -> None:
        page = self._context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(f"{error.message} {error.stack}"))
        page.on("request", lambda request: self.requests.append(request.url))
        self.page = page
        page.goto(f"{self.url}/{address}")
        self.settle()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} {message.location.get('url')}")

    def reopen(self) -> None:
        """Close the tab and open a new one."""
        self.page.close()
        self._new_tab()

    def open_in_notebook_7(self, name: str) -> Notebook:
        """Close the tab and open a new one with the notebook alone, in the other application."""
        self.page.close()
        self._new_tab(f"notebooks/{name}")
        notebook = Notebook(self, name)
        notebook.wait_for_kernel()
        return notebook

    def close(self) -> None:
        self._context.close()


def held_widget(output: Any) -> str:
    """Return the id of the widget in whose place a saved output holds a text; empty for an output of another kind."""
    return str(output.metadata.get("runway_nb", {}).get("widget", ""))


PANEL = "const panel = jupyterapp.shell.currentWidget;"
WIDEN = """w => document.querySelectorAll('.jp-OutputArea-child').forEach(e => {
  e.style.width = w + (e.querySelector('.jp-OutputPrompt')?.offsetWidth ?? 0) + 'px'; e.style.maxWidth = 'none'; })"""
"""Gives outputs the width they would have in a window that is wider or narrower."""
SAMPLER = """([cell, others]) => {
  window.samples = []; clearInterval(window.sampler); let last = null;
  const nodes = document.querySelectorAll('.jp-Notebook .jp-Cell');
  window.sampler = setInterval(() => {
    const card = nodes[cell].querySelector('.rnb-body');
    const busy = others.filter(i => nodes[i].querySelector('.jp-InputPrompt').innerText.includes('*'));
    const seen = JSON.stringify([card ? card.innerText : null, busy]);
    if (seen !== last) { last = seen; window.samples.push(JSON.parse(seen)); }
  }, 40);
}"""


class Notebook:
    """A notebook that stands open in the tab."""

    def __init__(self, app: Lab, name: str) -> None:
        self.app, self.name, self.path = app, name, app.root / name

    @property
    def page(self) -> Page:
        return self.app.page

    def wait_for_kernel(self) -> None:
        self.page.wait_for_function(
            "name => { const w = jupyterapp.shell.currentWidget; const k = w?.sessionContext?.session?.kernel;"
            " return w?.context?.path === name && w.context.isReady && w.content.widgets.length"
            " && k?.connectionStatus === 'connected' && k.status === 'idle' }",
            arg=self.name,
        )

    def start(self, index: int) -> None:
        """Run a cell and return at once."""
        self.page.evaluate(
            f"i => {{ {PANEL} panel.content.activeCellIndex = i; panel.content.deselectAll();"
            " jupyterapp.commands.execute('notebook:run-cell'); }",
            index,
        )

    def run(self, *indices: int) -> None:
        """Run cells and wait for each."""
        for index in indices:
            self.page.evaluate(
                f"async i => {{ {PANEL} panel.content.activeCellIndex = i; panel.content.deselectAll();"
                " await jupyterapp.commands.execute('notebook:run-cell'); }",
                index,
            )

    def run_all(self) -> None:
        self.page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells'); }")

    def prompt(self, index: int) -> str:
        return self.cell(index).locator(".jp-InputPrompt").inner_text()

    def wake(self) -> None:
        """End a cell of `SLEEP`."""
        (self.app.root / "awake").touch()

    def is_busy(self, index: int) -> bool:
        """Whether the cell runs; what the kernel says of itself does not tell."""
        return "*" in self.prompt(index)

    def wait_until_done(self, index: int) -> None:
        """After the cell has ended: its last output may be there before that."""
        self.page.wait_for_function(
            "i => !document.querySelectorAll('.jp-Notebook .jp-InputPrompt')[i].innerText.includes('*')", arg=index
        )

    def cell(self, index: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def output(self, index: int) -> Locator:
        return self.cell(index).locator(".jp-Cell-outputArea").first

    def wait_for_text(self, index: int, text: str) -> None:
        self.output(index).get_by_text(text).first.wait_for(timeout=MILLISECONDS)

    def video(self, index: int) -> Locator:
        """The player of a cell, once it is there."""
        video = self.output(index).locator("video")
        video.wait_for(timeout=MILLISECONDS)
        return video

    def sample(self, index: int, others: list[int]) -> None:
        """Begin to note what the card says, and which of the other cells run meanwhile."""
        self.page.evaluate(SAMPLER, [index, others])

    def samples(self) -> list[tuple[str | None, list[int]]]:
        return self.page.evaluate("() => window.samples")

    def interrupt(self) -> None:
        self.page.evaluate(f"() => {{ {PANEL} return panel.sessionContext.session.kernel.interrupt(); }}")

    def restart(self) -> None:
        self.page.evaluate(f"() => {{ {PANEL} return panel.sessionContext.restartKernel(); }}")
        self.wait_for_kernel()

    def save(self) -> Any:
        """The notebook as it is on disk after saving."""
        self.page.evaluate(f"() => {{ {PANEL} return panel.context.save(); }}")
        return nbformat.read(self.path, as_version=4)

    def saved_when(self, is_there: Callable[[Any], bool]) -> Any:
        """The notebook as it is saved once something is there: what the page shows may come into it a moment later."""
        give_up = time.monotonic() + PATIENCE
        while not is_there(saved := self.save()):
            assert time.monotonic() < give_up, json.dumps(saved)
            self.page.wait_for_timeout(100)
        return saved

    def is_trusted(self) -> bool:
        return self.page.evaluate(
            f"() => {{ {PANEL} return panel.content.widgets.every(cell => cell.model.trusted); }}"
        )

    def shutdown(self) -> None:
        self.page.evaluate(f"() => {{ {PANEL} return panel.sessionContext.shutdown(); }}")


def played(video: Locator, attempts: int = 5) -> dict[str, Any]:
    """Play it for a moment: what the player says then. The page may just be putting a fresh player in its place."""
    for _ in range(attempts - 1):
        try:
            return _play(video)
        except Error as error:
            if "removed from the document" not in str(error):
                raise
    return _play(video)


def _play(video: Locator) -> dict[str, Any]:
    return video.evaluate(PLAY)


def kill(notebook: Notebook) -> None:
    """End the kernel without a word."""
    os.kill(int(tell(notebook, "import os; print(os.getpid())")), signal.SIGKILL)


def tell(notebook: Notebook, code: str) -> str:
    """Have the kernel run something that is in no cell; what it printed."""
    return notebook.page.evaluate(TELL, code)
