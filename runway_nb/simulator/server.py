"""The simulator on a loopback port, in a thread of its own."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..text.import_problems import import_problem
from .rendering.render_queue import Renderer, child_process
from .service.asset_store import Pictures
from .service.contract import BASE
from .service.faults import Faults
from .service.state_db import StoreError
from .service.world import Rules, World

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.types import ASGIApp

HOST = "127.0.0.1"
"""The only address that is ever listened on."""
HOST_NAMES = frozenset({"127.0.0.1", "localhost"})
TICK = 0.2
"""Seconds between two checks of renderers and callbacks."""
START_TIMEOUT, STOP_TIMEOUT = 10.0, 3.0
NEEDS = ("starlette", "uvicorn", "python_multipart", "av")
"""The modules of its extra; the last one is loaded in the processes that render."""
HOW_TO_INSTALL = 'the simulator needs its extra, and {problem}: pip install "runway_nb[simulator]"'


class Simulator:
    """A simulator with its state in a folder.

    Args:
        state: The folder; several simulators may share it.
        speed: Divides all times (`EMBEDDED_SPEED`: about 8 s for a clip of 5 s).
        port: 0 means a free one.
        token: The only one that is good; None: any of the right form.
        key: Opens the page and the control path; None draws one.
        open_to_all: Ask for no key.
        embedded: Draw a token as well, without which nothing is answered.
        accounts: How many Runway accounts each user has without adding any, 0 to 2.
        clock: Gives Unix seconds.
        renderer: Makes a clip; by default in a process of its own.
        pictures: Draw samples and scale pictures; by default those of this package.
        draw: The source of all random numbers.
        max_jobs: Slots of each of those accounts, 1 to 10.
        credits: What each account has.
        runway_limit: How many tasks Runway itself lets run at once; None: no limit.
        link_seconds: How long a signed link is good.
        fault_fired: Called with the name of each fault as it acts.

    Raises `ValueError` for a number out of its range or a short key, `OSError` for a state that cannot be used.
    """

    def __init__(
        self,
        state: Path,
        *,
        speed: float = 1.0,
        port: int = 0,
        token: str | None = None,
        key: str | None = None,
        open_to_all: bool = False,
        embedded: bool = False,
        accounts: int = 1,
        clock: Callable[[], float] = time.time,
        renderer: Renderer = child_process,
        pictures: Pictures | None = None,
        draw: random.Random | None = None,
        max_jobs: int = 5,
        credits: int = 2250,  # noqa: A002 - the word of the API
        runway_limit: int | None = None,
        link_seconds: float = 86400.0,
        fault_fired: Callable[[str], None] = lambda name: None,  # noqa: ARG005
    ) -> None:
        _check_extra(renderer)
        from .http.access import Access, checked_key, embedded_access, new_key  # loads Starlette
        from .http.app import make_app  # loads Starlette
        from .http.call import AppState, Log  # loads Starlette

        access = (
            embedded_access() if embedded else Access(token, None if open_to_all else checked_key(key or new_key()))
        )
        rules = Rules(speed, accounts, max_jobs, credits, runway_limit, link_seconds)
        self.world = World(Path(state), rules, clock=clock, renderer=renderer, pictures=pictures, draw=draw)
        self.app_state = AppState(self.world, Faults(fault_fired), Log(), access)
        self.app: Starlette = make_app(self.app_state)
        self.port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._failure = ""

    @property
    def address(self) -> str:
        """`http://127.0.0.1:PORT`, where the page and the control path are."""
        return f"http://{HOST}:{self.port}"

    @property
    def page(self) -> str:
        """The address of the page with the key that opens it, and the control path as the header X-Simulator-Key."""
        return f"{self.address}/" + (f"?key={self.key}" if self.key else "")

    @property
    def key(self) -> str | None:
        """What opens the page and the control path; None when they are open to all."""
        return self.app_state.access.key

    @property
    def token(self) -> str | None:
        """The only token that is good; None: any of the right form."""
        return self.app_state.access.token

    @property
    def base_url(self) -> str:
        """The address of the API."""
        return self.address + BASE

    def start(self) -> Simulator:
        """Listen, and return as soon as calls are answered."""
        if self._thread:
            return self
        if self._stopped:
            raise RuntimeError("a stopped simulator stays stopped: make another one with the same state")
        import uvicorn  # loads uvicorn

        try:
            listener = _listener(self.port)
            loop = _loop_for(listener)
        except OSError as error:
            self.stop()
            advice = "give another one, or --port 0 for a free one" if self.port else "no port can be had"
            raise OSError(f"port {self.port} cannot be used ({error.strerror}): {advice}") from None
        self.port = listener.getsockname()[1]
        # no handlers, no output: this lives in other people's processes
        config = uvicorn.Config(
            _guarded(self.app), http="h11", ws="none", lifespan="off", log_config=None, log_level="critical",
            access_log=False, timeout_graceful_shutdown=0, server_header=False, date_header=False,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, args=(loop, listener), name="simulator", daemon=True)
        self._thread.start()
        self._wait_for_start()
        return self

    def stop(self) -> None:
        """Stop listening. Tasks go on at the next start with the same state."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join(STOP_TIMEOUT)
        self._server = self._thread = None
        self._stopped = True
        self.world.close()

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def fault(self, name: str, *, times: int | None = None, **details: Any) -> None:
        """Set a fault by name; `times` None means until it is cleared. See `faults.KINDS`."""
        self.app_state.faults.set(name, times, **details)

    def clear(self, name: str | None = None) -> None:
        """Clear one fault, or all."""
        self.app_state.faults.clear(name)

    def counts(self) -> dict[str, int]:
        """Return what was received, started and sent; kept with the state."""
        from .http.control import all_counts  # loads Starlette

        return all_counts(self.app_state)

    def log(self) -> list[dict[str, Any]]:
        """Return the calls so far, oldest first: method, path, status, unknown fields, leaks; never a token."""
        return self.app_state.log.entries()

    def web_task(self, user: str, **fields: Any) -> str:
        """Start a task as by hand in the web app, for the user with this number; return its taskId.

        `fields` are those of the create call, and `email`. No scheduler tracks it.
        """
        return self.world.create_in_web_app(user, fields).identifier

    async def post_callbacks(self, transport: Any = None) -> None:
        """Post the callbacks that are due now; a started simulator does it by itself."""
        from .http.callbacks import Callbacks  # loads Starlette

        callbacks = Callbacks(self.app_state, self.address, transport)
        await callbacks.tick()
        await callbacks.close()

    def _wait_for_start(self) -> None:
        assert self._server
        assert self._thread
        give_up = time.monotonic() + START_TIMEOUT
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > give_up:
                raise RuntimeError(f"the simulator did not start{self._failure}")
            time.sleep(0.005)

    def _run(self, loop: asyncio.AbstractEventLoop, listener: socket.socket) -> None:
        # not asyncio.run: notebooks patch it
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(self._serve(listener))
            rest = asyncio.all_tasks(loop)
            for task in rest:
                task.cancel()
            # not gather, which asks for a current loop: where somebody sets another policy there is none
            if rest:
                loop.run_until_complete(asyncio.wait(rest))
        except Exception as error:  # noqa: BLE001 - reported to whoever started it; the thread has nobody to report to
            self._failure = f" ({error})"
            self.app_state.log.add({"error": repr(error)})
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    async def _serve(self, listener: socket.socket) -> None:
        assert self._server
        ticker = asyncio.ensure_future(self._tick_on())
        try:
            await self._server.serve(sockets=[listener])
        finally:
            ticker.cancel()
            with suppress(asyncio.CancelledError):
                await ticker

    async def _tick_on(self) -> None:
        from .http.callbacks import Callbacks  # loads Starlette

        callbacks = Callbacks(self.app_state, self.address)
        try:
            while True:
                try:
                    await callbacks.tick()
                except (OSError, StoreError) as error:
                    # a full disk or a busy file must not end the ticking; calls meet the same and say so
                    self.app_state.log.add({"error": repr(error)})
                await asyncio.sleep(TICK)
        finally:
            await callbacks.close()


def _check_extra(renderer: Renderer) -> None:
    """Raise `ImportError` with the first module of the extra that fails, and why."""
    *served, rendered = NEEDS
    for name in served:
        try:
            import_module(name)
        except Exception as error:  # noqa: BLE001 - a module may raise anything while it is imported
            raise ImportError(HOW_TO_INSTALL.format(problem=import_problem(name, error)), name=name) from None
    if renderer is child_process and not _is_installed(rendered):
        problem = import_problem(rendered, ModuleNotFoundError(name=rendered))
        raise ImportError(HOW_TO_INSTALL.format(problem=problem), name=rendered)


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False  # in place of what cannot be imported stands None


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _loop_for(listener: socket.socket) -> asyncio.AbstractEventLoop:
    """Return a loop; made before its thread, so that whoever starts the simulator hears of a lack of file handles."""
    try:
        return asyncio.new_event_loop()
    except OSError:
        listener.close()
        raise


def _guarded(app: ASGIApp) -> ASGIApp:
    """Return the application behind a real port: connections can be cut, and only this machine's names are answered.

    A page in a browser may resolve a name of its own to 127.0.0.1; its calls carry that name and are refused.
    """
    from starlette.responses import PlainTextResponse  # loads Starlette

    from .http.call import CUT  # loads Starlette

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        host = dict(scope.get("headers", ())).get(b"host", b"").decode("latin-1")
        if host.rpartition(":")[0] not in HOST_NAMES and host not in HOST_NAMES:
            await PlainTextResponse("Forbidden", 403)(scope, receive, send)
            return

        def cut(at_once: bool) -> None:
            transport = send.__self__.transport
            transport.abort() if at_once else transport.close()

        await app({**scope, CUT: cut}, receive, send)

    return guarded
