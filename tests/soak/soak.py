"""Scripts are killed at random moments until everything settles; then every wish must be paid once and be there.

    python tests/soak/soak.py [--schedules 300] [--first SEED] [--lanes 3]

Each schedule draws from its seed: one to three wishes, or a sweep of two to six variants, some trouble at the API, and
rounds of one or two processes (`worker.py`) on one ledger, each ended by SIGKILL. In some rounds one of two is frozen
for longer than its lease, as under a closed lid, and then goes on. A last process runs to its end.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from runway_nb.ledger.ledger import Ledger, Record
from runway_nb.simulator.rendering.stub import CLIP
from support.kernels import ROOT, SimulatorProcess, clean_env
from support.leftovers import ended_with_parent
from support.records import recent_records

WORKER = str(ROOT / "tests" / "soak" / "worker.py")
SIMULATOR = ("--speed", "100", "--instant", "--max-jobs", "10")
"""A task takes half a second: long enough to be killed in, short enough for hundreds of schedules."""
LEASE = 0.8
"""Seconds of a lease where a process is frozen. It comes back before another one would have given up its search."""
PATIENCE = 100.0
"""Seconds after which a process that nobody kills counts as hanging."""
CLOCKS = (0.0, 900.0, -900.0, 86_400.0, -86_400.0, 400 * 86_400.0, -400 * 86_400.0)
"""Seconds by which the clock of a machine may be ahead."""
TRIES = 3
"""Undisturbed processes until everything must have settled."""
TROUBLE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("lost-answer", {}), ("522", {}), ("not-json", {}), ("no-task-id", {}), ("slow-answer", {"seconds": 0.6}),
    ("late-task", {}), ("lost-before", {}), ("522-before", {}), ("nested", {}),
    ("get-522", {}), ("get-drop", {}), ("get-html", {}), ("list-object", {}), ("list-bare", {}),
    ("scheduler-empty", {}),
    ("refused", {"status": 409}), ("refused", {"status": 425}), ("refused", {"status": 403}), ("429-started", {}),
    ("other-answer", {}), ("other-answer", {"what": "seed"}), ("other-answer", {"what": "reference"}),
    ("get-other", {}),
    ("expired-link", {}), ("cut-download", {}), ("artifact-500", {}), ("slow-download", {"seconds": 0.6}),
)  # fmt: skip


class Kill(NamedTuple):
    """How a process begins, and when it is killed."""

    manner: str
    aim: str
    """The phase that it must have told of first; nothing: from its start."""
    seconds: float
    """How long after that."""
    frozen: float = 0.0
    """How long it is stopped at its moment, before it goes on; it is killed a little later."""


class Schedule(NamedTuple):
    """What happens, as drawn from the seed."""

    seed: int
    wishes: tuple[str, ...]
    slots: int
    trouble: tuple[tuple[str, dict[str, Any]], ...]
    rounds: tuple[tuple[Kill, ...], ...]
    """The processes of each round."""
    clocks: tuple[float, ...]
    """By how many seconds the machine's clock is ahead, from one process to the next."""
    is_sweep: bool
    """The wishes are the variants of one sweep."""

    def __str__(self) -> str:
        words = ", ".join(name for name, _ in self.trouble) or "no trouble"
        kind = "variants of a sweep" if self.is_sweep else "wishes"
        return f"seed {self.seed}: {len(self.wishes)} {kind}, {words}, {sum(map(len, self.rounds))} processes to kill"


def draw(seed: int) -> Schedule:
    chance = random.Random(seed)
    wishes = tuple(f"Soak {seed} wish {n}" for n in range(chance.choice((1, 1, 2, 3))))
    trouble = tuple(chance.sample(TROUBLE, chance.choice((0, 1, 1, 2))))
    rounds = tuple(_round(chance) for _ in range(chance.choice((1, 2, 3))))
    clocks = tuple(chance.choice(CLOCKS) for _ in range(4)) if chance.random() < 0.4 else (0.0,)
    slots, is_sweep = chance.choice((1, 2)), chance.random() < 0.4
    if is_sweep:
        wishes = tuple(f"Soak {seed} variant {n}" for n in range(chance.choice((2, 4, 6))))
    return Schedule(seed, wishes, slots, trouble, rounds, clocks, is_sweep)


def _round(chance: random.Random) -> tuple[Kill, ...]:
    if chance.random() < 0.15:
        return _frozen_round(chance)
    return tuple(_kill(chance) for _ in range(chance.choice((1, 1, 2))))


def _kill(chance: random.Random) -> Kill:
    """Half of them anywhere in the first moments or in a whole life, half close behind a phase."""
    aim = chance.choice(("", "", "", "", "waiting", "sending", "sending", "following", "downloading"))
    seconds = chance.uniform(0.0, 0.04 if aim else chance.choice((0.1, 0.3, 0.3, 0.6, 1.5)))
    return Kill(chance.choice(("ask", "resume")), aim, seconds)


def _frozen_round(chance: random.Random) -> tuple[Kill, ...]:
    """One is frozen while another is there to take its jobs over."""
    kill = _kill(chance)._replace(manner="ask", frozen=chance.uniform(1.0, 1.8) * LEASE)
    return kill, Kill("ask", "", 4 * LEASE)


class Place:
    """The ledger, the videos and the account of one schedule."""

    def __init__(self, schedule: Schedule, simulator: SimulatorProcess, folder: Path) -> None:
        self.schedule, self.simulator, self.folder = schedule, simulator, folder
        self.token = f"user:{schedule.seed + 1}-soak"  # an account of its own: its tasks can be counted
        more = {"SOAK_SWEEP": "1"} if schedule.is_sweep else {}
        more |= {"SOAK_LEASE": str(LEASE)} if any(kill.frozen for kills in schedule.rounds for kill in kills) else {}
        self.env = clean_env(
            folder, USEAPI_TOKEN=self.token, USEAPI_BASE_URL=simulator.base_url, RUNWAY_NB_SLOTS=str(schedule.slots),
            **more,
        )  # fmt: skip
        self.said: list[str] = []
        self.kills = self.frozen = self.started = 0
        self.phases: Counter[str] = Counter()
        """In which phases jobs were left by a kill."""

    def start(self, manner: str) -> subprocess.Popen[str]:
        """A process that is ready and waits for its line."""
        ahead = self.schedule.clocks[self.started % len(self.schedule.clocks)]
        self.started += 1
        return subprocess.Popen(
            [sys.executable, WORKER, manner, *self.schedule.wishes], cwd=self.folder, text=True,
            env={**self.env, "SOAK_CLOCK": str(ahead)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=ended_with_parent,
        )  # fmt: skip

    def tasks(self) -> list[dict[str, Any]]:
        """All that the account was charged for."""
        address = f"{self.simulator.base_url}/tasks?offset=0&limit=100"
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    @property
    def output(self) -> Path:
        return self.folder / "runway_outputs"


def run_schedule(seed: int, simulator: SimulatorProcess, folder: Path) -> tuple[Place, list[str]]:
    """Run one schedule; gives where it was, and what was violated, which should be nothing."""
    schedule = draw(seed)
    folder.mkdir(parents=True)
    place = Place(schedule, simulator, folder)
    before = simulator.counts()["tasks_started"]
    for name, details in schedule.trouble:
        simulator.fault(name, 1, **details)
    for processes in schedule.rounds:
        _killed_round(place, processes)
    settled = any(_undisturbed(place) for _ in range(TRIES))
    simulator.clear_faults()
    problems = [] if settled else ["it does not settle"]
    started = simulator.counts()["tasks_started"] - before
    if started != len(schedule.wishes):
        problems.append(f"{started} tasks for {len(schedule.wishes)} wishes")
    problems += violations(place)
    return place, problems + (["the processes said:", *place.said] if problems else [])


def _killed_round(place: Place, kills: Sequence[Kill]) -> None:
    """Start all, let them go at once, and kill each at its moment."""
    running = [place.start(kill.manner) for kill in kills]
    for process in running:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        process.stdin.write("go\n")
        process.stdin.flush()
    with ThreadPoolExecutor(len(running)) as pool:
        for process, said in zip(running, pool.map(_kill_at_its_moment, running, kills), strict=True):
            place.said.append(said)
            place.kills += process.returncode == -signal.SIGKILL
    place.frozen += sum(kill.frozen > 0 for kill in kills)
    place.phases.update(_phases_now(place))


def _kill_at_its_moment(process: subprocess.Popen[str], kill: Kill) -> str:
    """What the process said; one that ends before its moment is not killed."""
    assert process.stdout is not None
    said = []
    while kill.aim and (line := process.stdout.readline()):
        said.append(line)
        if line.endswith(f" {kill.aim}\n"):
            break
    time.sleep(kill.seconds)
    if kill.frozen:
        process.send_signal(signal.SIGSTOP)
        time.sleep(kill.frozen)
        process.send_signal(signal.SIGCONT)
        time.sleep(LEASE)
    process.kill()
    return "".join(said) + process.communicate()[0] + "-- killed\n"


def _phases_now(place: Place) -> list[str]:
    """The phases of all jobs, read from a copy: whoever opens the file first after a kill repairs it."""
    with tempfile.TemporaryDirectory() as copy:
        for path in (place.folder / "runway").glob("ledger.sqlite3*"):
            shutil.copy(path, copy)
        with closing(sqlite3.connect(f"{copy}/ledger.sqlite3")) as connection:
            try:
                return [row[0] for row in connection.execute("SELECT phase FROM jobs")]
            except sqlite3.OperationalError:  # killed before it made the table
                return []


def _undisturbed(place: Place) -> bool:
    """A process that nobody kills; True when it brought everything."""
    process = place.start("ask")
    try:
        place.said.append(process.communicate("go\n", timeout=PATIENCE)[0])
    except subprocess.TimeoutExpired:
        process.kill()
        place.said.append(process.communicate()[0] + "hangs")
    return process.returncode == 0


def violations(place: Place) -> list[str]:
    """What is not as it should be once everything has settled."""
    return [*_of_ledger(place), *_of_files(place)]


def _records(place: Place) -> list[Record]:
    ledger = Ledger(place.folder / "runway")
    with closing(ledger):
        return recent_records(ledger, 1000)


def _of_ledger(place: Place) -> Iterator[str]:
    with closing(sqlite3.connect(place.folder / "runway" / "ledger.sqlite3")) as connection:
        if (said := connection.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            yield f"the ledger is damaged: {said}"
    records = _records(place)
    done = [record for record in records if record.phase == "done"]
    tasks = place.tasks()
    if unended := [task["status"] for task in tasks if task["status"] != "SUCCEEDED"]:
        yield f"tasks have not ended: {unended}"
    if sorted(record.task_id for record in done) != sorted(task["taskId"] for task in tasks):
        yield f"{len(tasks)} tasks, but {len(done)} finished jobs, or not the same"
    if sorted(record.request["text_prompt"] for record in done) != sorted(place.schedule.wishes):
        yield f"finished are {[record.request['text_prompt'] for record in done]}"
    for record in records:
        if record.phase not in ("done", "removed") and not record.resent_as:
            yield f"job {record.id} is left {record.phase} {record.error}"
        if record.phase == "removed" and (record.task_id or record.credits):
            yield f"job {record.id} was never sent, and has a task or a price"


def _of_files(place: Place) -> Iterator[str]:
    videos = {Path(record.video) for record in _records(place) if record.phase == "done"}
    for video in videos:
        if not video.is_file() or video.read_bytes() != CLIP:
            yield f"{video.name} is not the whole video"
    found = {path for path in place.output.iterdir() if not path.name.startswith(".")} if videos else set()
    if strangers := found - videos:
        yield f"files that no job knows: {sorted(path.name for path in strangers)}"


class Sums:
    """What the soak has come to so far."""

    def __init__(self) -> None:
        self.schedules = self.kills = self.frozen = self.tasks = self.drafts = self.violated = 0
        self.phases: Counter[str] = Counter()
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def add(self, place: Place, problems: list[str]) -> None:
        """Count a schedule and tell of it."""
        with self._lock:
            self.schedules += 1
            self.kills += place.kills
            self.frozen += place.frozen
            self.tasks += len(place.schedule.wishes)
            self.drafts += len(list(place.output.glob(".*")))
            self.violated += bool(problems)
            self.phases.update(place.phases)
            print(
                place.schedule, "VIOLATED" if problems else "ok", *problems, sep="\n  " if problems else " ", flush=True
            )

    def __str__(self) -> str:
        seconds = time.monotonic() - self._began
        return (
            f"jobs after a kill: {dict(self.phases.most_common())}\n"
            f"{self.schedules} schedules, {self.kills} kills, {self.frozen} frozen, {self.tasks} tasks, "
            f"{seconds:.0f} s; {self.drafts} drafts of killed downloads left; {self.violated} schedules violated"
        )


def run_lane(seeds: Sequence[int], root: Path, sums: Sums) -> None:
    """Schedules one after the other, on a simulator of their own: trouble is set for one at a time."""
    home = root / f"lane-{seeds[0]}"
    home.mkdir()
    simulator = SimulatorProcess(home, *SIMULATOR)
    try:
        for seed in seeds:
            sums.add(*run_schedule(seed, simulator, root / str(seed)))
    finally:
        simulator.stop()


def run(seeds: Sequence[int], lanes: int, root: Path) -> Sums:
    """All schedules, some of them at once."""
    sums = Sums()
    shares = [seeds[n::lanes] for n in range(min(lanes, len(seeds)))]
    with ThreadPoolExecutor(len(shares)) as pool:
        for lane in [pool.submit(run_lane, share, root, sums) for share in shares]:
            lane.result()
    return sums


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=300)
    parser.add_argument("--first", type=int, default=random.SystemRandom().randrange(10**6), help="the first seed")
    parser.add_argument("--lanes", type=int, default=3, help="schedules at once")
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.schedules)
    print(f"seeds {seeds.start} to {seeds.stop - 1}; one alone: python tests/soak/soak.py --schedules 1 --first SEED")
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as root:
        sums = run(seeds, given.lanes, Path(root))
    print(sums)
    return 1 if sums.violated else 0


if __name__ == "__main__":
    sys.exit(main())
