"""One user's script in the soak: it asks for its wishes and sees all of them through; it may be killed anywhere.

    python tests/soak/worker.py resume|ask WISH...

With SOAK_SWEEP the wishes are the variants of one sweep, the first of them submitted at once and the rest in the
background. With SOAK_CLOCK its clock is so many seconds ahead. With SOAK_LEASE its leases are that short, so that
another process takes over from one that is frozen. It says "ready", waits for a line, says each phase of each job, and
ends with 0 once every wish has its video.
"""

# ruff: noqa: E402

from __future__ import annotations

import os
import sys
import threading
import time

_true_time = time.time
# the clock of this machine may be wrong; before anything of ours is loaded, which takes it as it is then
time.time = lambda: _true_time() + float(os.environ.get("SOAK_CLOCK", 0))

# also what is otherwise loaded at first use: the moments to be killed in come after that
from runway_nb import Job, RunwayError, generate, sweep
from runway_nb.jobs import runner
from runway_nb.ledger import job_table, ledger
from runway_nb.ledger.phase import Phase
from runway_nb.shortcuts import default_studio
from runway_nb.sweeps import submission as sweep_submission

ROUNDS = 8
"""How often a user comes back to what has not brought a video."""
POLL_SECONDS, SEARCH_SECONDS = 0.05, 0.3
"""Between two looks at a task, and between two rounds of a search: the real paces would take minutes."""


def main(manner: str, wishes: list[str]) -> int:
    """Ask, wait, come back."""
    if lease := float(os.environ.get("SOAK_LEASE", 0)):
        ledger.LEASE_SECONDS = job_table.LEASE_SECONDS = lease
        runner.RENEW_SECONDS = lease / 4
    studio = default_studio()
    print("ready", flush=True)
    sys.stdin.readline()
    threading.Thread(target=hurry, daemon=True).start()
    if manner == "resume":
        studio.resume()
    for _ in range(ROUNDS):
        jobs = ask_for_sweep(wishes) if os.environ.get("SOAK_SWEEP") else [ask(wish) for wish in wishes]
        without = [job for job in jobs if not has_video(job)]
        if not without and len(jobs) == len(wishes):
            return 0
        for job in without:
            decide(job)
    return 1


def ask(wish: str) -> Job:
    """Ask for one wish."""
    job = generate(wish)
    job.observe(tell)
    return job


def ask_for_sweep(wishes: list[str]) -> list[Job]:
    """Ask for all wishes as the variants of a sweep; give the jobs of those that were submitted."""
    sweep_submission.AT_ONCE = 1
    made = sweep("{{wish}}", wish=wishes, zoom=[2], yes=True)
    told: list[Job] = []
    while len(told) + len(made.unsent) < len(wishes):
        for job in made.jobs:
            if job not in told:
                told.append(job)
                job.observe(tell)
        time.sleep(0.001)
    return told


def tell(job: Job) -> None:
    """Say the phase, so that somebody can aim at it."""
    print(f"{job.id} {job.state.phase.value}", flush=True)


def hurry() -> None:
    """Press "look now" all the time."""
    searched = 0.0
    while True:
        time.sleep(POLL_SECONDS)
        now = time.monotonic()
        search = now - searched > SEARCH_SECONDS
        searched = now if search else searched
        for job in list(default_studio().jobs.values()):
            if job.task is not None or search:
                job.refresh()


def has_video(job: Job) -> bool:
    """Wait for the end, whatever it is."""
    try:
        job.wait(60)
    except RunwayError as error:
        print(f"{job.id} {job.status} {type(error).__name__}: {error}", flush=True)
    return job.video is not None


def decide(job: Job) -> None:
    """What a patient user does about a wish in doubt: look once more, then send it again."""
    if job.state.phase is Phase.UNKNOWN:
        print(f"{job.id} is sent again", flush=True)
        try:
            default_studio().resend(job.id)
        except RunwayError as error:  # the other script was faster, or the account could not be looked at
            print(f"{job.id} {type(error).__name__}: {error}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
