"""Kernels that live and die in virtual time, on one thread: an event loop, a network, and a ledger to crash at.

The user is plain code outside of the loop. The loop runs only while the user waits, so everything is in one thread
and a schedule is the same each time. Whatever a kernel does to the outside (an API call, a download, a write of the
ledger) is a step, and a kernel can be told to die at any step: from then on it reaches neither network nor ledger.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import json
import random
import selectors
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import anyio.to_thread
import httpx

from runway_nb.api.client import RunwayClient
from runway_nb.api.media import MediaClient
from runway_nb.api.server_clock import ServerClock
from runway_nb.errors import LeaseLost, LedgerError, NoAnswer
from runway_nb.jobs.backend import Connection
from runway_nb.jobs.environment import Environment
from runway_nb.ledger.database import LedgerFile
from runway_nb.ledger.engine import Database
from runway_nb.ledger.job_table import JobTable
from runway_nb.ledger.lease import Clock
from runway_nb.ledger.leases import LedgerLeases
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.record import Record
from runway_nb.settings import Settings
from runway_nb.simulator import Simulator
from runway_nb.simulator.rendering import stub
from runway_nb.simulator.rendering.render_queue import write_whole
from runway_nb.studio import Studio
from support.simulator_kit import Pictures

PLACES = (
    "before a commit", "inside a transaction", "after a commit", "before a call", "after a call", "before a create",
    "after a create", "before a download", "inside a download", "after a download",
)  # fmt: skip
"""Where a process may die."""
STUCK_SECONDS = 5.0
"""Real seconds without anything to come after which a schedule is called stuck."""
MOST_TURNS = 100_000
"""Turns of the loop in one schedule; a usual one takes some thousands."""
TURN_SECONDS = 1e-6
"""What a turn of the loop takes at least."""


class Died(BaseException):
    """The process is gone; no `except Exception` of it may go on."""


# --- time --------------------


class _Skipping(selectors.DefaultSelector):
    """Waits by moving the clock. Without a timer it waits for other threads, but not for ever."""

    now = 0.0
    turns = 0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            ready = super().select(STUCK_SECONDS)
            assert ready, "nothing will happen any more: somebody waits for what never comes"
            return ready
        self.turns += 1
        assert self.turns < MOST_TURNS, "it comes to no rest: somebody asks again and again without waiting"
        ready = super().select(0)
        # a turn takes time, or a wait that is too short for the digits of a clock would be waited for ever
        self.now += TURN_SECONDS if ready else max(TURN_SECONDS, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that never sleeps. Work for a thread pool is done at once, so that no time passes by it."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)
        self.trouble: list[dict[str, Any]] = []
        self.set_exception_handler(lambda _, context: self.trouble.append(context))
        self.set_task_factory(_owned_task)

    def time(self) -> float:
        return self._skipping.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    def wait(self, seconds: float) -> None:
        """The user waits."""
        self.run_until_complete(asyncio.sleep(seconds))

    def hold(self, seconds: float) -> None:
        """Let time pass while the thread is held, as by a call that waits for a server."""
        self._skipping.now += seconds

    def outside(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start a task that belongs to no kernel."""
        return contextvars.Context().run(self.create_task, work)


@contextmanager
def no_threads() -> Iterator[None]:
    """Serve files without threads: a clock that skips would run ahead of them."""

    async def at_once(func: Callable[..., Any], *args: Any, **_: Any) -> Any:
        return func(*args)

    with mock.patch.object(anyio.to_thread, "run_sync", at_once):
        yield


# --- processes --------------------

_PROCESS: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)


def _owned_task(loop: asyncio.AbstractEventLoop, coro: Any, **how: Any) -> asyncio.Task[Any]:
    task = asyncio.Task(coro, loop=loop, **how)
    process = _PROCESS.get()
    if process is not None:
        process.own(task)
    return task


class Process:
    """What dies as a whole: the tasks of one kernel, and its ways to the outside."""

    def __init__(self, loop: VirtualLoop, tally: Counter[str]) -> None:
        self.loop = loop
        self.tally = tally
        self.alive = True
        self.steps_left: int | None = None
        """It dies at this step from now; None: it lives on."""
        self.dies_at = ""
        """The place at which it dies when it comes there."""
        self.frozen_until = 0.0
        """Loop time until which it does nothing, as in a suspended machine or a cell that holds the interpreter."""
        self.tasks: dict[asyncio.Task[Any], None] = {}
        self.escaped: list[BaseException] = []

    def own(self, task: asyncio.Task[Any]) -> None:
        self.tasks[task] = None
        task.add_done_callback(self._ended)

    def step(self, place: str) -> None:
        """One thing that is seen outside; here it may be the end."""
        if not self.alive:
            raise Died(place)
        if self.steps_left is not None:
            self.steps_left -= 1
        if self.steps_left == 0 or place == self.dies_at:
            self.die(place)
            raise Died(place)

    def die(self, place: str) -> None:
        """Gone, without a last word: what its tasks still try is refused."""
        self.alive = False
        self.tally[f"died: {place}"] += 1
        for task in list(self.tasks):
            task.cancel()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.thaw()

    async def thaw(self) -> None:
        await asyncio.sleep(max(0.0, self.frozen_until - self.loop.time()))

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.tasks.pop(task, None)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, Died):
            self.escaped.append(error)


class Answer:
    """The future of `ProcessLoop.submit`: who asks for its result lets the loop run."""

    def __init__(self, process: Process, task: asyncio.Task[Any]) -> None:
        self._process, self._task = process, task

    def result(self, timeout: float | None = None) -> Any:
        task, process = self._task, self._process
        process.loop.run_until_complete(asyncio.wait({task}, timeout=timeout))
        if not process.alive:
            raise Died("while the user waited")
        if not task.done():
            raise concurrent.futures.TimeoutError
        error = task.exception()
        if error is not None:
            process.escaped.remove(error)  # the user gets it
            raise error
        return task.result()


class ProcessLoop:
    """Stands for `loop.BackgroundLoop`: the same interface, on the virtual loop."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._stopped = False

    def submit(self, work: Coroutine[Any, Any, Any]) -> Answer:
        if not self._process.alive:
            work.close()
            raise Died("submit")
        return Answer(self._process, contextvars.Context().run(self._begin, work))

    def run(self, work: Coroutine[Any, Any, Any], timeout: float | None) -> Any:
        try:
            return self.submit(work).result(timeout)
        except concurrent.futures.TimeoutError:
            raise NoAnswer("no answer in time") from None

    def call(self, function: Callable[..., object], *args: object) -> None:
        if self.is_running:
            contextvars.Context().run(self._process.loop.call_soon, function, *args)

    def stop(self, timeout: float = 5.0) -> None:
        self._stopped = True
        left = list(self._process.tasks)
        for task in left:
            task.cancel()
        if left:
            self._process.loop.run_until_complete(asyncio.wait(left))

    @property
    def is_running(self) -> bool:
        return self._process.alive and not self._stopped

    @property
    def is_here(self) -> bool:
        return self.is_running and self._process.loop.is_running()

    def _begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        _PROCESS.set(self._process)
        return self._process.loop.create_task(work)


# --- the ledger --------------------


class MortalDatabase(Database):
    """A database as one process has it open: before, inside and after each transaction the process may die."""

    def belong_to(self, process: Process) -> None:
        """Live and die with a process."""
        self._process = process
        self.away_until = 0.0
        """Loop time until which it can be neither read nor written, as where a server keeps it."""
        self.on_change: Callable[[], None] = lambda: None
        """Called before each change."""

    @contextmanager
    def opened(self) -> Iterator[Any]:
        if not self._process.alive:
            raise Died("ledger")
        if self.away_until > self._process.loop.time():
            raise LedgerError("the ledger is away")
        with super().opened() as connection:  # type: ignore[safe-super]
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        self._process.step("before a commit")
        self.on_change()
        with super().transaction() as connection:  # type: ignore[safe-super]
            yield connection
            self._process.step("inside a transaction")
        self._process.step("after a commit")


class MortalFile(MortalDatabase, LedgerFile):
    """The file as one process has it open."""

    def __init__(self, home: Path, clock: Callable[[], float], process: Process) -> None:
        super().__init__(home, clock)
        self.belong_to(process)


class MortalLeases(LedgerLeases):
    """The leases of a process that may freeze: it renews none meanwhile."""

    def __init__(self, table: JobTable, clock: Callable[[], float], process: Process) -> None:
        super().__init__(table, clock)
        self._process = process
        self._watched: set[str] = set()
        self.owner = ""
        """Who of this process holds leases, as it said when it asked for the first."""

    def renew(self, owner: str) -> None:
        if self._process.frozen_until > self._process.loop.time():
            raise LedgerError("the kernel is frozen and renews nothing")
        super().renew(owner)

    def take(self, job_id: str, owner: str, *, to_send: bool = False, giver: str = "") -> tuple[Record, bool]:
        self.owner = owner
        record, ours = super().take(job_id, owner, to_send=to_send, giver=giver)
        if not ours:
            self._watched.add(job_id)
        elif job_id in self._watched:
            self._watched.discard(job_id)
            self._process.tally["taken over"] += 1
        return record, ours


class MortalLedger(Ledger):
    """The ledger of a process that may die or freeze."""

    def __init__(self, home: Path, clock: Clock, process: Process, monotonic: Clock, file: MortalDatabase, **how: Any):
        self.file = file
        super().__init__(home, clock, monotonic, database=file, **how)
        self._process = process
        self.leases: MortalLeases = MortalLeases(self.table, clock, process)
        self.on_claim: Callable[[], None] = lambda: None
        """Called while a claim decides, which must be alone with the ledger."""

    def claim(self, record: Record, decide: Any, **how: Any) -> Record:
        self.leases.owner = record.owner

        def watched(known: Any) -> Any:
            self.on_claim()
            return decide(known)

        return super().claim(record, watched, **how)

    def update(self, job_id: str, *, by: str = "", **changes: Any) -> None:
        try:
            super().update(job_id, by=by, **changes)
        except LeaseLost:
            self._process.tally["lease lost"] += 1
            raise


# --- the network --------------------


class Network:
    """Between all kernels and the simulator: takes time, and can be down."""

    def __init__(self, loop: VirtualLoop, simulator: Simulator, draw: random.Random) -> None:
        self.loop = loop
        self.draw = draw
        self.app = simulator.app
        self.down_until = 0.0
        self.creates_under_way = 0
        """Creates that left; the service may still start their tasks, though the sender be dead."""
        self.on_create: Callable[[Process, dict[str, Any]], None] = lambda process, body: None
        """Called as a create leaves, at its very moment."""

    @property
    def is_down(self) -> bool:
        return self.down_until > self.loop.time()

    async def travel(self) -> None:
        await asyncio.sleep(self.draw.uniform(0.02, 0.4) if self.draw.random() < 0.95 else self.draw.uniform(1, 8))

    async def served(self, request: httpx.Request) -> httpx.Response:
        """There, and back again."""
        await self.travel()
        if self.is_down:
            raise httpx.ReadError("the connection is gone")
        answer = await _served_by(self.app, request)
        await self.travel()
        if self.is_down:
            raise httpx.ReadError("the connection is gone")
        return answer

    async def created(self, request: httpx.Request) -> httpx.Response:
        self.creates_under_way += 1
        try:
            return await self.served(request)
        finally:
            self.creates_under_way -= 1


async def _served_by(app: Any, request: httpx.Request) -> httpx.Response:
    """Return the answer of an ASGI application; what httpx has for this looks for trio at each call, which is slow."""
    url, sent = request.url, []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw], "scheme": url.scheme,
        "path": url.path, "raw_path": url.raw_path.partition(b"?")[0], "query_string": url.query,
        "server": (url.host, url.port), "client": ("127.0.0.1", 1), "root_path": "",
    }  # fmt: skip
    received = [{"type": "http.request", "body": request.content}]

    async def receive() -> Any:
        return received.pop() if received else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    # half a body, as after a cut, comes without the length that was promised
    headers = [pair for pair in sent[0]["headers"] if pair[0] != b"content-length"]
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return httpx.Response(sent[0]["status"], headers=headers, content=body)


class Wire(httpx.AsyncBaseTransport):
    """The network as one process sees it."""

    def __init__(self, network: Network, process: Process, kind: str) -> None:
        self._network, self._process, self._kind = network, process, kind

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        network, process = self._network, self._process
        await request.aread()  # an upload comes in pieces
        is_create = request.method == "POST" and request.url.path.endswith("/create")
        what = "a create" if is_create else self._kind
        process.step(f"before {what}")
        if request.url.path.endswith(".jpg"):
            return httpx.Response(404)  # a still only decorates
        if network.is_down:
            await network.travel()
            raise httpx.ConnectError("no network")
        answer = await (self._create(request) if is_create else network.served(request))
        await process.thaw()
        process.step(f"after {what}")
        return answer if self._kind == "a call" else self._in_two_parts(answer)

    async def _create(self, request: httpx.Request) -> httpx.Response:
        """A create that has left goes on without its sender; the time-out is that of the client."""
        self._network.on_create(self._process, json.loads(request.content))
        work = self._network.loop.outside(self._network.created(request))
        work.add_done_callback(lambda work: work.cancelled() or work.exception())
        await asyncio.wait({work}, timeout=request.extensions["timeout"]["read"])
        if not work.done():
            raise httpx.ReadTimeout("no answer in time")
        return work.result()

    def _in_two_parts(self, answer: httpx.Response) -> httpx.Response:
        async def parts() -> Any:
            half = len(answer.content) // 2
            yield answer.content[:half]
            await self._network.travel()
            self._process.step("inside a download")
            if self._network.is_down:
                raise httpx.ReadError("the connection is gone")
            yield answer.content[half:]

        return httpx.Response(answer.status_code, headers=answer.headers, content=parts())


# --- the whole --------------------

_BOX = 8


def marked_clip(shot_file: Path, out: Path) -> None:
    """Render a real clip that says in a box of its own which shot it is, so that no file passes for another."""
    shot = json.loads(shot_file.read_text())
    mark = json.dumps([shot["prompt"], shot["seed"]]).encode()
    write_whole(out, stub.CLIP + (len(mark) + _BOX).to_bytes(4, "big") + b"free" + mark)


def mark_of(path: Path) -> list[Any]:
    """Return prompt and seed of the shot that a file shows."""
    return list(json.loads(path.read_bytes()[len(stub.CLIP) + _BOX :]))


class Service:
    """A simulator for many schedules: each has a user of its own there, and the clock of its own loop."""

    def __init__(self, folder: Path, **rules: Any) -> None:
        self.epoch = 0.0
        self.loop: VirtualLoop | None = None
        self.draw = random.Random(0)
        self.fired: Counter[str] = Counter()
        self.simulator = Simulator(
            folder, clock=self.clock, renderer=marked_clip, pictures=Pictures(), draw=self.draw,
            fault_fired=self._count_fault, **rules,
        )  # fmt: skip

    def clock(self) -> float:
        return self.epoch + (self.loop.time() if self.loop else 0.0)

    def begin(self, seed: int, loop: VirtualLoop, tally: Counter[str]) -> None:
        """Begin a new schedule: days after the last one, so that nothing of that is under way."""
        self.epoch, self.loop, self.fired = 1_700_000_000.0 + seed * 86_400.0, loop, tally
        self.draw.seed(seed)
        self.simulator.clear()

    def _count_fault(self, name: str) -> None:
        self.fired[name] += 1


class Kernel:
    """One notebook kernel: a studio in a process of its own."""

    def __init__(self, service: Service, network: Network, settings: Settings, folder: Path, tally: Any) -> None:
        self.process = process = Process(network.loop, tally)
        self._network = network
        self._service = service
        self.wrong = 0.0
        """How many seconds this machine's clock is ahead of the true time."""
        self.ledger = self._make_ledger(settings.home)
        environment = Environment(self._clock, network.loop.time, process.sleep, network.draw.randint)
        self.studio = Studio(
            settings,
            ledger=self.ledger,
            connect=self._connect,
            loop=ProcessLoop(process),  # type: ignore[arg-type]
            environment=environment,
        )
        self.studio.folder = folder

    @property
    def alive(self) -> bool:
        return self.process.alive

    def _make_ledger(self, home: Path) -> MortalLedger:
        file = MortalFile(home, self._clock, self.process)
        return MortalLedger(home, self._clock, self.process, self.process.loop.time, file)

    def _clock(self) -> float:
        return self._service.clock() + self.wrong

    def die(self, place: str = "between two steps") -> None:
        self.process.die(place)
        # the file only: the rows stay as they are, as when the system closes the files of a killed process
        self.ledger.close()

    async def _connect(self, settings: Settings) -> Connection:
        assert settings.token is not None
        sleep, network = self.process.sleep, self._network
        client = RunwayClient(
            settings.token,
            base_url=settings.base_url,
            transport=Wire(network, self.process, "a call"),
            sleep=sleep,
            jitter=network.draw.random,
            clock=ServerClock(self._clock, network.loop.time),
        )
        return Connection(
            client, MediaClient(local=True, transport=Wire(network, self.process, "a download"), sleep=sleep)
        )
