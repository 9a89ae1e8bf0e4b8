"""WebDriver, as Firefox (Marionette) and WebKit (WebKitWebDriver) speak it, on a screen that nobody sees."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, Protocol

from lab import free_port
from PIL import Image

from support.kernels import PATIENCE
from support.leftovers import ended_with_parent

SCREEN = (1300, 1000)
MINIBROWSERS = ("webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0")
PREFERENCES: dict[str, Any] = {
    "app.normandy.enabled": False,
    "app.update.auto": False,
    "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage": "about:blank",
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.disable_beforeunload": True,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "media.autoplay.default": 0,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}
"""A Firefox that asks for nothing beyond this machine, and plays without a click, as the other engines here."""
COMMANDS = {
    "open": ("POST", "url", "Navigate"),
    "run": ("POST", "execute/async", "ExecuteAsyncScript"),
    "act": ("POST", "actions", "PerformActions"),
    "release": ("DELETE", "actions", "ReleaseActions"),
    "resize": ("POST", "window/rect", "SetWindowRect"),
    "photograph": ("GET", "screenshot", "TakeScreenshot"),
    "patience": ("POST", "timeouts", "SetTimeouts"),
    "close": ("DELETE", "", "DeleteSession"),
}
"""What is asked of a browser: as HTTP, and as Marionette's command."""


class Refused(Exception):
    """The browser's answer to a command that went wrong."""


class Connection(Protocol):
    """One session with a browser."""

    def ask(self, command: str, **parameters: Any) -> Any: ...


class Http:
    """A session over HTTP, as in the standard."""

    def __init__(self, address: str, capabilities: dict[str, Any]) -> None:
        self.address = f"{address}/session"
        made = self._send("POST", "", {"capabilities": {"alwaysMatch": capabilities}})
        self.address += f"/{made['sessionId']}"

    def ask(self, command: str, **parameters: Any) -> Any:
        method, path, _ = COMMANDS[command]
        return self._send(method, f"/{path}".rstrip("/"), parameters)

    def _send(self, method: str, path: str, body: dict[str, Any]) -> Any:
        data = json.dumps(body).encode() if method == "POST" else None
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=3 * PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise Refused(json.load(error)["value"]["message"]) from None


class Marionette:
    """A session over Firefox's own socket: each message is its length, a colon and a list of JSON."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=3 * PATIENCE)
        self.file = self.socket.makefile("rb")
        self.number = 0
        self._read()  # what it is called
        self._send("WebDriver:NewSession", {"strictFileInteractability": False})

    def ask(self, command: str, **parameters: Any) -> Any:
        return self._send(f"WebDriver:{COMMANDS[command][2]}", parameters)

    def zoom_text(self, factor: float) -> None:
        """Make all text larger, and nothing else, as in Firefox's menu."""
        browser = "Services.wm.getMostRecentWindow('navigator:browser').gBrowser.selectedBrowser"
        self._send("Marionette:SetContext", {"value": "chrome"})
        script = f"{browser}.browsingContext.textZoom = {factor}"
        self._send("WebDriver:ExecuteScript", {"script": script, "args": []})
        self._send("Marionette:SetContext", {"value": "content"})

    def _send(self, name: str, parameters: dict[str, Any]) -> Any:
        self.number += 1
        message = json.dumps([0, self.number, name, parameters]).encode()
        self.socket.sendall(b"%d:%b" % (len(message), message))
        _, _, error, result = self._read()
        if error:
            raise Refused(error["message"])
        return result["value"] if isinstance(result, dict) and set(result) == {"value"} else result

    def _read(self) -> Any:
        length = b""
        while (byte := self.file.read(1)) != b":":
            if not byte:
                raise Refused("Firefox has ended")
            length += byte
        return json.loads(self.file.read(int(length)))


@contextlib.contextmanager
def screen() -> Iterator[str]:
    """A screen that nobody sees; its name for DISPLAY."""
    reader, writer = os.pipe()
    size = "x".join(map(str, SCREEN))
    options = ["-displayfd", str(writer), "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    with running(["Xvfb", *options], dict(os.environ), pass_fds=[writer]):
        os.close(writer)
        with os.fdopen(reader) as named:
            yield f":{named.readline().strip()}"


@contextlib.contextmanager
def running(command: list[str], env: dict[str, str], pass_fds: Collection[int] = ()) -> Iterator[None]:
    """A program and all that it starts."""
    program = subprocess.Popen(
        command, env=env, start_new_session=True, preexec_fn=ended_with_parent, pass_fds=pass_fds,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGTERM)
        try:
            program.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()


def find_firefox() -> str | None:
    """The program to start: as named by FIREFOX, or the system's own."""
    return os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")


def find_minibrowser() -> str | None:
    """WebKit's own small browser, where its driver and a screen for it are there, too."""
    if not (shutil.which("WebKitWebDriver") and shutil.which("Xvfb")):
        return None
    places = [place for name in MINIBROWSERS for place in Path("/usr").glob(f"lib*/**/{name}/MiniBrowser")]
    return str(places[0]) if places else None


@contextlib.contextmanager
def firefox(program: str) -> Iterator[Connection]:
    """A Firefox without a window, with a profile of its own."""
    with tempfile.TemporaryDirectory(prefix="rnb-firefox-", ignore_cleanup_errors=True) as home:
        port = free_port()
        chosen = PREFERENCES | {"marionette.port": port}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in chosen.items()]
        Path(home, "user.js").write_text("\n".join(lines))
        options = ["--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", home]
        env = os.environ | {"HOME": home, "MOZ_CRASHREPORTER_DISABLE": "1"}
        with running([program, *options], env):
            yield until(lambda: Marionette(port))


@contextlib.contextmanager
def webkit(program: str) -> Iterator[Connection]:
    """A WebKit on a screen of its own; its sandbox would need rights that root in a container has not."""
    with screen() as display, tempfile.TemporaryDirectory(prefix="rnb-webkit-", ignore_cleanup_errors=True) as home:
        port = free_port()
        env = os.environ | {"DISPLAY": display, "HOME": home, "XDG_RUNTIME_DIR": home, "NO_AT_BRIDGE": "1",
                            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}  # fmt: skip
        asked = {"webkitgtk:browserOptions": {"binary": program, "args": ["--automation"]}}
        with running(["WebKitWebDriver", f"--port={port}"], env):
            connection = until(lambda: Http(f"http://127.0.0.1:{port}", asked))
            try:
                yield connection
            finally:
                connection.ask("close")


def until(connect: Callable[[], Connection]) -> Connection:
    """The connection, once the browser takes it."""
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            return connect()
        except (OSError, urllib.error.URLError):
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)


def photograph(connection: Connection) -> Image.Image:
    """The page as it is seen, without the parts that are scrolled away."""
    extra = {"full": False} if isinstance(connection, Marionette) else {}
    return Image.open(io.BytesIO(base64.b64decode(connection.ask("photograph", **extra)))).convert("RGB")
