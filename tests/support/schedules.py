"""Schedules in virtual time that try to break the promise: pay once for each request, and get every paid video.

A schedule is drawn from a seed: cells run in any order, new takes, crashes at any step, restarts, a second kernel,
frozen kernels, a network that goes away, and the faults of the simulator. Each ends with Run All until nothing more
happens; then the simulator's own count is compared with what was asked for.

To replay one: `run_schedule(Stage(folder), seed)`, with `models=MODEL_NAMES` for one of all models; with `say=print`
it tells what the user does.
"""

from __future__ import annotations

import contextlib
import gc
import json
import random
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import methodcaller
from pathlib import Path
from typing import Any

from runway_nb import errors
from runway_nb.api.media import check_mp4
from runway_nb.jobs.policy import Limits, prompt_hash
from runway_nb.jobs.submit import search_once
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.lease import LEASE_SECONDS
from runway_nb.ledger.ledger import Ledger, Record
from runway_nb.ledger.phase import IN_DOUBT
from runway_nb.request import VideoRequest
from runway_nb.settings import Secret, Settings
from runway_nb.simulator.service.faults import OUTAGES, REFUSALS
from runway_nb.spec import DEFAULT_MODEL, MODELS, SEED_RANGE
from runway_nb.studio import Studio
from runway_nb.task_options import prompt_in, seconds_in
from support.records import recent_records
from support.simulator_kit import picture
from support.virtual import PLACES, Died, Kernel, Network, Process, Service, VirtualLoop, mark_of, no_threads

MODEL_NAMES = (
    "gen3turbo", "gen4turbo", "gen4_5", "videos-gen4.5",
    "kling-3.0-pro", "veo-3.1", "seedance-2", "sora-2",
)  # fmt: skip
"""Models with a seed, one of which needs a picture, and models without."""
BASE = "http://127.0.0.1/v1/runwayml"
SPEED = 4.0
RULES: tuple[dict[str, Any], ...] = ({}, {"accounts": 2}, {"max_jobs": 1}, {"accounts": 2, "max_jobs": 2})
"""The accounts behind the token, drawn by the seed."""
UNSENT = ("preparing", "waiting", "removed")
SETTLED = ("done", "refused", "removed", "failed")
MOST_RECORDS = 1000
SETTLING_ROUNDS = 8
LONGEST_ROUND = 4000.0
"""Virtual seconds for which one Run All may be under way at the end."""
WRONG_CLOCKS = (0.0, 0.0, 7.0, -7.0, 900.0, -900.0, 86_400.0, -86_400.0, 400 * 86_400.0, -400 * 86_400.0)
"""Seconds by which the clock of a machine may be ahead."""
TOLD = (
    errors.JobNotFound, errors.InvalidCommand, errors.ApiError, errors.NoAnswer, errors.Unreachable,
    errors.RefusedBefore, errors.ModerationBrake, errors.OverBudget,
)  # fmt: skip
"""What the studio may refuse."""
Say = Callable[[str], object]


def _status(draw: random.Random) -> dict[str, Any]:
    return {"status": draw.choice(list(OUTAGES))}


def _place(draw: random.Random) -> dict[str, Any]:
    return {"on": draw.choice(["task", "task", "tasks", "scheduler", "accounts"])}


def _none(draw: random.Random) -> dict[str, Any]:
    return {}


FAULTS: dict[str, Callable[[random.Random], dict[str, Any]]] = {
    "lost-answer": _none,
    "lost-before": _none,
    "522": _status,
    "522-before": _status,
    "not-json": _none,
    "no-task-id": _none,
    "late-task": lambda draw: {"seconds": draw.choice([8, 40, 160, 600])},
    "slow-answer": lambda draw: {"seconds": draw.choice([5, 30, 150])},
    "refused": lambda draw: {"status": draw.choice(list(REFUSALS))},
    "429-started": lambda draw: draw.choice([{}, {"retry_after": 12}]),
    "other-answer": lambda draw: {"what": draw.choice(["all", "reference", "seed", "prompt"])},
    "get-other": _none,
    "nested": _none,
    "both": _none,
    "list-bare": _none,
    "list-nameless": _none,
    "list-object": _none,
    "scheduler-empty": _none,
    "412": _none,
    "422": _none,
    "429-account": lambda draw: draw.choice([{}, {"retry_after": 12}]),
    "429-runway": lambda draw: draw.choice([{}, {"retry_after": 40}]),
    "moderated": _none,
    "failed": _none,
    "failed-string": _none,
    "cancelled": _none,
    "throttled": _none,
    "unknown-status": _none,
    "no-artifact": lambda draw: {"late": draw.choice([20, 120, 600])},
    "get-500": _place,
    "get-522": lambda draw: {**_status(draw), **_place(draw)},
    "get-drop": _place,
    "get-html": _place,
    "get-429": lambda draw: {**draw.choice([{}, {"retry_after": 20}, {"retry_after": 90}]), **_place(draw)},
    "expired-link": _none,
    "cut-download": _none,
    "artifact-500": _none,
}
"""The simulator's faults that are drawn, with their details."""
CREATE_FAULTS = (
    "lost-answer",
    "lost-before",
    "522",
    "522-before",
    "not-json",
    "no-task-id",
    "late-task",
    "429-account",
    "refused",
    "429-started",
    "other-answer",
)


@dataclass
class Cell:
    """A cell of the notebook: what it asks for, and how often the user has said that it shall be made."""

    request: VideoRequest
    takes: int = 1

    @property
    def prompt(self) -> str:
        return self.request.prompt

    @property
    def has_only_own_tasks(self) -> bool:
        """False where a cell has several takes and nothing but a reference of ours tells their tasks apart."""
        has_fixed_seed = self.request.seed is not None
        return self.takes == 1 or (self.request.row.seed and not has_fixed_seed)


class Stage:
    """What schedules share: a folder, and the simulators."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._services: dict[int, Service] = {}

    def service(self, seed: int) -> Service:
        rules = seed % len(RULES)
        if rules not in self._services:
            folder = self.folder / f"simulator-{rules}"
            self._services[rules] = Service(folder, speed=SPEED, credits=100_000, **RULES[rules])
        return self._services[rules]

    def close(self) -> None:
        for service in self._services.values():
            service.simulator.stop()


class Schedule:
    """One user, one notebook, up to two kernels."""

    told: tuple[type[Exception], ...] = TOLD
    """What the studio may refuse."""
    most_kernels = 2

    def __init__(self, stage: Stage, seed: int, tally: Counter[str], say: Say, models: Sequence[str]) -> None:
        self.seed = seed
        self.draw = random.Random(seed)
        self.models = models
        self.tally, self.say = tally, say
        self.loop = VirtualLoop()
        self.service = stage.service(seed)
        self.service.begin(seed, self.loop, tally)
        self.network = Network(self.loop, self.service.simulator, random.Random(seed + 1))
        self.network.on_create = self._check_create
        self.folder = stage.folder / f"notebook-{seed}"
        self.owner = str(1000 + seed)
        self.settings = self.make_settings(
            Settings(Secret(f"user:{self.owner}-abc"), BASE, self.folder / "home", Path("out"), max_moderated=1000)
        )
        self.ledger = self.make_ledger()
        self.wrong: list[str] = []
        self.cells = self.make_cells(seed)
        self.other: sqlite3.Connection | None = None
        """A second writer of the ledger's file."""
        self.resends = self.draw.random() < 0.5
        """Whether this user sends a lost wish again once it is certain that nothing was started for it."""
        self.kernels = [self._kernel()]
        self.gone: list[Kernel] = []

    def make_settings(self, settings: Settings) -> Settings:
        """The settings of this user."""
        return settings

    def make_ledger(self) -> Ledger:
        """The ledger as it is looked at from outside of the kernels."""
        return Ledger(self.settings.home, self.service.clock)

    def play(self) -> list[str]:
        """Plays it; gives the laws that it has broken."""
        try:
            self.begin()
            for _ in range(self.draw.randint(3, 8)):
                self.act()
            self.settle()
            self.check()
        except Exception as error:
            raise AssertionError(f"seed {self.seed} came to no end") from error
        finally:
            self.end()
            shutil.rmtree(self.folder, ignore_errors=True)
        return self.wrong

    # --- the user -------------------------------------------------------------------------------

    def make_cells(self, seed: int) -> list[Cell]:
        draw = self.draw
        seeds = [None, None, 7, draw.randint(*SEED_RANGE)]
        references = [None, None, "class-7"]
        requests = [
            VideoRequest(
                f"Lamp {seed}.{number} turns",
                seed=draw.choice(seeds),
                seconds=draw.choice([None, None, 10]),
                reply_ref=draw.choice(references),
            )
            for number in range(draw.randint(1, 3))
        ]
        return [Cell(self._with_model(request)) for request in requests]

    def _with_model(self, request: VideoRequest) -> VideoRequest:
        """The request for one of the models, with what that takes of it."""
        if len(self.models) == 1:
            return replace(request, model=self.models[0])
        row = MODELS[self.draw.choice(self.models)]
        return replace(
            request,
            model=row.name,
            seed=request.seed if row.seed else None,
            seconds=None if request.seconds is None else row.seconds[-1],
            keyframes=Keyframes(self._picture()) if row.needs_picture else Keyframes(),
        )

    def _picture(self) -> str:
        """A file beside the notebook: it is uploaded to one of the accounts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "boat.png").write_bytes(picture())
        return "boat.png"

    def begin(self) -> None:
        """Run All, often with trouble ahead."""
        for _ in range(self.draw.choice([0, 1, 2, 3])):
            self.trouble()
        if self.draw.random() < 0.3:
            self.crash_soon()
        self.run_all()

    def act(self) -> None:
        """What happens next."""
        acts: list[tuple[int, Callable[[], None]]] = [
            (3, self.run_cell), (3, self.run_all), (2, self.new_take), (10, self.wait), (7, self.trouble),
            (2, self.outage), (6, self.crash_soon), (2, self.crash), (1, self.close), (3, self.second_kernel),
            (2, self.freeze), (2, self.attach), (2, self.resume), (1, self.stop), (2, self.resend_lost),
            (1, self.look), (2, self.sleep_in_line), (2, self.die_while_sending),
            (1, self.resend_twice), (2, self.die_while_fetching), (2, self.set_clock),
        ]  # fmt: skip
        weights, choices = zip(*acts, strict=True)
        self.draw.choices(choices, weights)[0]()
        self.loop.wait(self.draw.choice([0.0, 0.05, 0.3, 1.0]))

    def run_cell(self) -> None:
        self._submit(self.draw.choice(self.kernels), self.draw.choice(self.cells))

    def run_all(self) -> None:
        number = self.draw.randrange(len(self.kernels))
        for cell in self.cells:
            self._submit(self.kernels[number], cell)
            self.loop.wait(self.draw.choice([0.0, 0.01, 0.2]))

    def new_take(self) -> None:
        """The user asks for one more: a wish of its own."""
        cell, kernel = self.draw.choice(self.cells), self.draw.choice(self.kernels)
        if self._may_ask_again(cell):
            self._submit(kernel, cell, fresh=True)

    @staticmethod
    def _may_ask_again(cell: Cell) -> bool:
        return cell.takes < 3

    def wait(self) -> None:
        low, high = self.draw.choice([(0.01, 0.6), (0.2, 1.5), (0.5, 5), (5, 20), (5, 40), (20, 90), (60, 700)])
        seconds = self.draw.uniform(low, high)
        self.say(f"wait {seconds:.2f} s")
        self.loop.wait(seconds)

    def trouble(self) -> None:
        name = self.draw.choice([*FAULTS, *CREATE_FAULTS])
        times, details = self.draw.choice([1, 1, 2, 3, 6]), FAULTS[name](self.draw)
        self.say(f"fault {name} {times} times {details}")
        self.service.simulator.fault(name, times=times, **details)
        if name.startswith(("list-", "scheduler-")):
            # only a search meets it
            self.service.simulator.fault("lost-answer", times=1)

    def outage(self) -> None:
        seconds = self.draw.choice([0.3, 2.0, 15.0, 100.0])
        self.say(f"no network for {seconds} s")
        self.tally["outage"] += 1
        self.network.down_until = self.loop.time() + seconds

    def crash_soon(self) -> None:
        """The kernel will die at one of its next steps."""
        kernel = self._revived(self.draw.choice(self.kernels))
        if self.draw.random() < 0.5:
            kernel.process.steps_left = self.draw.choice([1, 2, 3, 4, 5, 6, 8, 10, 15, 25, 40])
        else:
            kernel.process.dies_at = self.draw.choice(PLACES)
        place = kernel.process.dies_at or f"step {kernel.process.steps_left}"
        self.say(f"kernel {self.kernels.index(kernel)} dies at {place}")

    def crash(self) -> None:
        kernel = self.draw.choice(self.kernels)
        self.say(f"kernel {self.kernels.index(kernel)} is killed")
        if kernel.alive:
            kernel.die()

    def close(self) -> None:
        """The kernel is restarted by its menu: the studio may still write where it stands."""
        kernel = self.draw.choice(self.kernels)
        self.say(f"kernel {self.kernels.index(kernel)} is closed")
        self._closed(kernel)

    def second_kernel(self) -> None:
        if len(self.kernels) < self.most_kernels:
            self.say("a second kernel")
            self.tally["second kernel"] += 1
            self.kernels.append(self._kernel())

    def freeze(self) -> None:
        """A machine that sleeps, or a cell that holds the interpreter: its leases may run out meanwhile."""
        self._freeze(self.draw.choice(self.kernels), self.draw.choice([3.0, 25.0, 60.0]))

    def _freeze(self, kernel: Kernel, seconds: float) -> None:
        self.say(f"kernel {self.kernels.index(kernel)} freezes for {seconds} s")
        self.tally["frozen"] += 1
        kernel.process.frozen_until = self.loop.time() + seconds

    def set_clock(self) -> None:
        """A machine whose clock is wrong, or set right."""
        kernel = self._revived(self.draw.choice(self.kernels))
        kernel.wrong = self.draw.choice(WRONG_CLOCKS)
        self.say(f"the clock of kernel {self.kernels.index(kernel)} is {kernel.wrong:.0f} s ahead")
        self.tally["clock set"] += 1

    def sleep_in_line(self) -> None:
        """A kernel falls asleep while its wishes wait for a slot; another one is asked for the same meanwhile."""
        self.second_kernel()
        self.service.simulator.fault(self.draw.choice(["429-account", "429-runway"]), times=len(self.cells))
        sleeper, other = self.draw.sample(range(len(self.kernels)), 2)
        for cell in self.cells:
            self._submit(self.kernels[sleeper], cell, fresh=self._may_ask_again(cell))
        self.loop.wait(self.draw.uniform(0.5, 5))
        self._freeze(self.kernels[sleeper], 60.0)
        self.loop.wait(self.draw.uniform(18, 30))
        for cell in self.cells:
            self._submit(self.kernels[other], cell)
        self.loop.wait(self.draw.uniform(20, 60))

    def die_while_sending(self) -> None:
        """The kernel dies within some steps of a create that may get no good answer."""
        kernel = self._revived(self.draw.choice(self.kernels))
        cell = self.draw.choice(self.cells)
        name = self.draw.choice(CREATE_FAULTS)
        self.service.simulator.fault(name, times=1, **FAULTS[name](self.draw))
        self._submit(kernel, cell, fresh=self._may_ask_again(cell))
        kernel.process.steps_left = self.draw.randint(2, 9)
        self.loop.wait(self.draw.uniform(0.5, 4))

    def die_while_fetching(self) -> None:
        kernel = self._revived(self.draw.choice(self.kernels))
        self._submit(kernel, self.draw.choice(self.cells))
        kernel.process.dies_at = self.draw.choice(PLACES[-3:])
        self.loop.wait(self.draw.uniform(15, 30))

    def attach(self) -> None:
        if records := recent_records(self.ledger, MOST_RECORDS):
            record = self.draw.choice(records)
            name = self.draw.choice([record.id, record.task_id or record.id, record.reply_ref])
            self._do(self.draw.choice(self.kernels), f"attach {name[-12:]}", lambda studio: studio.attach(name))

    def resume(self) -> None:
        self._do(self.draw.choice(self.kernels), "resume", lambda studio: studio.resume())

    def stop(self) -> None:
        kernel = self.draw.choice(self.kernels)
        jobs = [job for job in kernel.studio.jobs.values() if not job.done]
        if jobs and kernel.alive:
            self.say("stop a job")
            self.tally["stop"] += 1
            self.draw.choice(jobs).stop()

    def look(self) -> None:
        kernel = self.draw.choice(self.kernels)
        for job in kernel.studio.jobs.values() if kernel.alive else ():
            job.refresh()

    def resend_lost(self) -> None:
        """Only what is in doubt, and only when the service itself knows that nothing was started for it."""
        for record in recent_records(self.ledger, MOST_RECORDS):
            if self._may_resend(record):
                self.tally["resent"] += 1
                kernel = self.draw.choice(self.kernels)
                self._do(kernel, f"resend {record.id}", methodcaller("resend", record.id))

    def _may_resend(self, record: Record) -> bool:
        lost = record.phase == "unknown" and not record.task_id and not record.resent_as
        return self.resends and lost and self.is_unpaid(record)

    def resend_twice(self) -> None:
        """Both kernels look for a lost task, both find nothing, and then both send: in pieces, since they overlap."""
        lost = next(filter(self._may_resend, recent_records(self.ledger, MOST_RECORDS)), None)
        if lost is None or len(self.kernels) < 2:
            return
        self.tally["resent twice"] += 1
        request = VideoRequest.from_wire(lost.original_request, lost.model)

        def look(studio: Studio) -> object:
            return studio.run(search_once(studio.account.backend, lost, studio.ledger), 120.0)

        def send(studio: Studio) -> object:
            checked = studio.check(request, Limits(fresh=True))
            return studio.submit_checked(checked, folder=self.folder, replaces=lost.id)

        if all(self._do(kernel, f"look for {lost.id}", look) for kernel in list(self.kernels)):
            for kernel in list(self.kernels):
                self._do(kernel, f"resend {lost.id} all the same", send)

    # --- how the user's deeds are done ----------------------------------------------------------

    def _kernel(self) -> Kernel:
        kernel = Kernel(self.service, self.network, self.settings, self.folder, self.tally)
        kernel.ledger.on_claim = self._check_alone
        return kernel

    def _revived(self, kernel: Kernel) -> Kernel:
        """The kernel, or a new one in its place when it is dead."""
        if kernel.alive:
            return kernel
        self.gone.append(kernel)
        self.tally["restart"] += 1
        new = self._kernel()
        new.wrong = kernel.wrong
        self.kernels[self.kernels.index(kernel)] = new
        return new

    def _closed(self, kernel: Kernel) -> None:
        if kernel.alive:
            with contextlib.suppress(Died):
                kernel.studio.close()
                self.tally["closed"] += 1
            kernel.process.alive = False

    def _do(self, kernel: Kernel, words: str, deed: Callable[[Studio], object]) -> bool:
        """True when it was done; what the studio may refuse is told to the user, who goes on."""
        kernel = self._revived(kernel)
        self.say(f"{self.loop.time():.2f} kernel {self.kernels.index(kernel)}: {words}")
        try:
            deed(kernel.studio)
        except Died as place:
            self.say(f"... died {place}")
            return False
        except self.told as no:
            self.tally[f"told: {type(no).__name__}"] += 1
            return False
        return True

    def _submit(self, kernel: Kernel, cell: Cell, *, fresh: bool = False) -> None:
        before = self.records(cell)
        standing = [record for record in before if self._stands(record)]
        self._do(kernel, f"run {cell.prompt!r} {fresh}", lambda studio: studio.submit(cell.request, fresh=fresh))
        new = len(self.records(cell)) - len(before)
        if fresh and before:
            # as the ledger tells a user after a crash: it was written down, or it was not
            cell.takes += new
        elif standing and new:
            self.wrong.append(f"{cell.prompt} was asked for again though {standing} stands")

    @staticmethod
    def _stands(record: Record) -> bool:
        """True for a wish that was sent, or that moderation has refused: the same cell must not make a new one."""
        unsent = record.phase in UNSENT or (record.phase == "refused" and not record.refusal)
        return not unsent and not record.resent_as

    # --- what the service knows -----------------------------------------------------------------

    def records(self, cell: Cell) -> list[Record]:
        return self.ledger.table.records("WHERE prompt_hash = ?", (prompt_hash(cell.prompt),))

    def tasks(self) -> list[dict[str, Any]]:
        """All tasks that were started for this user, from the service's own file."""
        store = self.service.simulator.world.store
        rows = store.rows("SELECT * FROM tasks WHERE owner = ?", self.owner)
        tasks = [{**dict(row), **_shown(json.loads(row["options"])), **json.loads(row["course"])} for row in rows]
        return [{**task, "id": f"user:{self.owner}-runwayml:{task['email']}-task:{task['uuid']}"} for task in tasks]

    def is_unpaid(self, record: Record) -> bool:
        """True when no task was started that can be this wish's, and none can come any more."""
        known = {other.task_id for other in recent_records(self.ledger, MOST_RECORDS)}
        open_tasks = [task for task in self.tasks() if task["id"] not in known]
        return not self.network.creates_under_way and not any(self.is_asked(record, task) for task in open_tasks)

    def is_asked(self, record: Record, task: dict[str, Any]) -> bool:
        """True for a task with what a record asks for: prompt, model's length, and seed where the model takes one."""
        request = VideoRequest.from_wire(record.request, record.model)
        is_seeded = request.seed is None or request.seed == task.get("seed")
        return (request.prompt, request.length) == (task["text_prompt"], task["seconds"]) and is_seeded

    def _check_create(self, process: Process, body: dict[str, Any]) -> None:
        """A create leaves only with SENDING on disk, and from the holder of the lease."""
        (owner,) = [kernel.ledger.leases.owner for kernel in self.kernels if kernel.process is process]
        mine = self.ledger.table.records("WHERE phase = 'sending' AND owner = ? AND task_id = ''", (owner,))
        if body not in [VideoRequest.from_wire(record.request, record.model).to_wire() for record in mine]:
            self.wrong.append(f"a create left that the ledger does not hold for its sender: {body}")

    def _check_alone(self) -> None:
        """Between the look into the books and the new record nobody else can write, in any process."""
        if self.other is None:
            self.other = sqlite3.connect(self.ledger.path, timeout=0, isolation_level=None)
        try:
            self.other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return
        self.other.rollback()
        self.wrong.append("a claim decides while others can write")

    # --- the end --------------------------------------------------------------------------------

    def settle(self) -> None:
        """All troubles end, the kernels are restarted, and Run All is pressed until nothing more happens."""
        self.say("--- the troubles end")
        self.service.simulator.clear()
        self.network.down_until = 0.0
        for kernel in self.kernels:
            end = self.draw.choice([self._closed, lambda kernel: kernel.alive and kernel.die()])
            end(kernel)
        while self.network.creates_under_way:
            self.loop.wait(1.0)
        if self.draw.random() < 0.8:
            # the leases of the dead have run out; to watch them do so is slow
            self.loop.wait(LEASE_SECONDS)
        for _ in range(SETTLING_ROUNDS):
            self.before_round()
            self._leave_one()
            self.run_all()
            self.resume()
            self._wait_for_all()
            if self.draw.random() < 0.5:
                self.second_kernel()
                self.resend_twice()
            self.resend_lost()
            self._wait_for_all()
            if not self.unsettled():
                return
            # a lease of the dead may run still, and nobody here waits for it
            self.loop.wait(LEASE_SECONDS / 4)
        self.wrong.append(f"it does not settle: {self.unsettled()}")

    def before_round(self) -> None:
        """What comes before each Run All at the end."""

    def _leave_one(self) -> None:
        for kernel in self.kernels[1:]:
            self._closed(kernel)
            self.gone.append(kernel)
        self.kernels = self.kernels[:1]

    def _wait_for_all(self) -> None:
        began = self.loop.time()
        while self._are_busy() and self.loop.time() < began + LONGEST_ROUND:
            self.loop.wait(5.0)

    def _are_busy(self) -> bool:
        return any(not job.done for kernel in self.kernels if kernel.alive for job in kernel.studio.jobs.values())

    def unsettled(self) -> list[str]:
        """What should still come to an end."""
        open_ = [
            f"{r!r} {r.task_id} {r.error} {r.message}"
            for r in recent_records(self.ledger, MOST_RECORDS)
            if not self.is_settled(r)
        ]
        idle = [cell for cell in self.cells if not any(map(self._stands, self.records(cell)))]
        return open_ + [f"nothing stands for {c}" for c in idle if not self.is_allowed_to_be_missing(c)]

    def is_allowed_to_be_missing(self, cell: Cell) -> bool:
        """True for a cell that need not be made."""
        return False

    def is_settled(self, record: Record) -> bool:
        if record.phase in IN_DOUBT and not record.task_id:
            given_up = record.phase == "unknown" and not self.resends and self.is_unpaid(record)
            return bool(record.resent_as) or given_up
        return record.phase in SETTLED

    def check(self) -> None:
        """The laws."""
        records, tasks = recent_records(self.ledger, MOST_RECORDS), self.tasks()
        self._check_count(records, tasks)
        for task in tasks:
            self._check_task(task, [record for record in records if record.task_id == task["id"]])
        self._check_books(records, tasks)
        self._check_machinery()

    def _check_count(self, records: list[Record], tasks: list[dict[str, Any]]) -> None:
        # equal requests without a seed of ours may exchange their tasks, which nothing tells apart: counted below
        exchangeable = {cell.prompt for cell in self.cells if not cell.has_only_own_tasks}
        told_apart = [task for task in tasks if task["text_prompt"] not in exchangeable]
        references = Counter(task["reply_ref"] for task in told_apart if task["reply_ref"].startswith("rnb-"))
        self._law(all(count == 1 for count in references.values()), f"a wish was paid twice: {references}")
        started = Counter(task["text_prompt"] for task in tasks)
        for cell in self.cells:
            paid = started[cell.prompt]
            mine = [record for record in records if record.request["text_prompt"] == cell.prompt]
            wishes = [record for record in mine if record.phase not in ("removed", "refused") and not record.resent_as]
            lost = [record for record in wishes if record.phase == "unknown" and not self.resends]
            refused = any(record.refusal for record in mine)
            self._law(paid == len(wishes) - len(lost), f"{cell}: {paid} tasks for {wishes}, lost {lost}")
            self._law(paid <= cell.takes, f"{cell}: {paid} tasks were started")
            self._law(bool(wishes) or refused, f"{cell}: never made")

    def _check_task(self, task: dict[str, Any], owners: list[Record]) -> None:
        if len(owners) != 1:
            self.wrong.append(f"task {task['id'][-36:]} ({task['reply_ref']}) belongs to {owners}")
            return
        (record,) = owners
        self._law(self.is_asked(record, task), f"{record!r} has the task of another wish")
        if task["end"] != "SUCCEEDED":
            self._law(record.phase == "failed", f"{record!r} has a task that ended {task['end']}")
            return
        path = Path(record.video or "nowhere")
        if record.phase != "done" or not path.is_file():
            self.wrong.append(f"{record!r}: its video {record.video!r} is not there")
            return
        check_mp4(path)
        prompt, seed = mark_of(path)
        is_made = prompt == task["text_prompt"] and seed == task.get("seed", seed)
        self._law(is_made and record.id in path.name, f"{path.name} is the file of {mark_of(path)}")

    def _check_books(self, records: list[Record], tasks: list[dict[str, Any]]) -> None:
        known = [record for record in records if record.task_id]
        self._law(len({record.task_id for record in known}) == len(known), "two records share a task")
        cost = {task["id"]: task["cost"] for task in tasks}
        for record in known:
            # an unknown price is the simulator's own there, and counts as the dearest here
            is_booked = record.credits == cost[record.task_id] if record.is_price_known else record.credits > 0
            self._law(is_booked, f"{record.credits} credits are booked for a task that cost {cost[record.task_id]}")
        free = [record for record in records if record.phase in ("refused", "removed")]
        self._law(all(record.credits == 0 for record in free), "what was never sent is booked with credits")
        videos = [record.video for record in records if record.video]
        self._law(len(set(videos)) == len(videos), "two records share a file")
        marks = [tuple(mark_of(Path(video))) for video in videos if Path(video).is_file()]
        fixed = {cell.request.seed for cell in self.cells}
        drawn = [mark for mark in marks if mark[1] not in fixed]
        self._law(len(set(drawn)) == len(drawn), "two records have the video of one task")
        self._check_database()

    def _check_database(self) -> None:
        with contextlib.closing(sqlite3.connect(self.ledger.path)) as file:
            self._law(file.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "the ledger is damaged")

    def _check_machinery(self) -> None:
        for kernel in self.kernels:
            self._closed(kernel)
        self.loop.wait(0.0)
        for kernel in [*self.gone, *self.kernels]:
            # a failed upload is a task of its own, whose error its job reports
            reported = [job.error for job in kernel.studio.jobs.values()]
            escaped = [error for error in kernel.process.escaped if error not in reported]
            self._law(not escaped, f"exceptions escaped: {escaped}")
            self._law(not kernel.process.tasks, f"tasks were left: {list(kernel.process.tasks)}")
        self._law(not self.loop.trouble, f"the loop complains: {self.loop.trouble}")

    def _law(self, holds: bool, words: str) -> None:
        if not holds:
            self.wrong.append(words)

    def end(self) -> None:
        for kernel in [*self.gone, *self.kernels]:
            kernel.process.alive = False
            kernel.ledger.close()
        self.ledger.close()
        if self.other is not None:
            self.other.close()
        self.loop.close()


def _shown(options: dict[str, Any]) -> dict[str, Any]:
    """What a task shows of its request, by one name in each of the three manners."""
    return {**options, "text_prompt": prompt_in(options), "seconds": seconds_in(options)}


class LedgerAwaySchedule(Schedule):
    """The same with a ledger that goes away from a kernel, as one on a server does."""

    told = (*TOLD, errors.LedgerError)

    def begin(self) -> None:
        if self.draw.random() < 0.5:
            self.lose_ledger_soon()
        super().begin()

    def act(self) -> None:
        if self.draw.random() < 0.3:
            self.lose_ledger_soon()
        super().act()

    def before_round(self) -> None:
        for kernel in self.kernels:
            kernel.ledger.file.on_change, kernel.ledger.file.away_until = lambda: None, 0.0

    def lose_ledger_soon(self) -> None:
        """The ledger will be away before one of the next changes of a kernel, or goes now."""
        kernel = self._revived(self.draw.choice(self.kernels))
        file, left = kernel.ledger.file, [self.draw.choice([0, 1, 2, 3, 4, 6, 9, 14])]
        seconds = self.draw.choice([0.3, 2.0, 15.0, 40.0, 150.0])

        def go() -> None:
            left[0] -= 1
            if left[0] <= 0:
                self.tally["ledger away"] += 1
                file.on_change, file.away_until = lambda: None, self.loop.time() + seconds

        file.on_change = go
        self.say(f"the ledger of kernel {self.kernels.index(kernel)} goes for {seconds} s before change {left[0]}")
        if not left[0]:
            go()


def run_schedule(
    stage: Stage,
    seed: int,
    tally: Counter[str] | None = None,
    say: Say = lambda words: None,
    models: Sequence[str] = (DEFAULT_MODEL.name,),
    kind: type[Schedule] = Schedule,
) -> list[str]:
    """Plays one schedule; gives the laws that it has broken."""
    return kind(stage, seed, tally if tally is not None else Counter(), say, models).play()


def without_collecting(seeds: Iterable[int]) -> Iterator[int]:
    """The seeds. Rubbish is collected now and then only: it is mostly what dead kernels leave."""
    gc.disable()
    try:
        for seed in seeds:
            yield seed
            if seed % 50 == 0:
                gc.collect()
    finally:
        gc.enable()


@contextlib.contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """A stage in memory where there is such a folder, else in `folder`."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else folder) as place, no_threads():
        made = Stage(Path(place))
        yield made
        made.close()


BUDGET = 75
"""Credits that a user of a `BudgetSchedule` may spend, until the troubles end: three videos."""


class BudgetSchedule(Schedule):
    """The same with a budget that is less than what is wished for; in the end who keeps it takes it away."""

    def make_settings(self, settings: Settings) -> Settings:
        return super().make_settings(replace(settings, user="ann"))

    def begin(self) -> None:
        self.ledger.budgets.replace(f"user={BUDGET}")
        super().begin()

    def act(self) -> None:
        super().act()
        self._look_at_budget()

    def settle(self) -> None:
        self._look_at_budget()
        self.ledger.budgets.replace("")
        super().settle()

    def _look_at_budget(self) -> None:
        spent = sum(task["cost"] for task in self.tasks())
        self._law(spent <= BUDGET, f"{spent} credits were spent of a budget of {BUDGET}")
        self.tally["at the limit"] += spent == BUDGET
