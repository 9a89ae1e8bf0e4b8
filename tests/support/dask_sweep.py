"""A sweep on a local Dask cluster, as a script of its own: each worker is a process with a ledger and a token.

    python dask_sweep.py WORKERS VIDEOS [--kill]

It prints a line of JSON once the workers are there, and one when all is done. With `--kill` a worker is killed while
its videos run. Without workers this process makes the videos.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from contextlib import suppress
from typing import Any

import runway_nb
from runway_nb.errors import RunwayError
from runway_nb.ledger.phase import Phase


def main(workers: int, videos: int, *, is_one_killed: bool) -> dict[str, Any]:
    """Make the sweep; return what came of it."""
    if not workers:
        return made(videos, None, lambda _: None)
    from distributed import Client, LocalCluster

    cluster = LocalCluster(
        n_workers=workers, threads_per_worker=2, host="127.0.0.1", dashboard_address=None, silence_logs=50
    )
    with cluster, Client(cluster) as client:
        pids = client.run(os.getpid)

        def kill_one(sweep: Any) -> None:
            if not is_one_killed:
                return
            while sum(job.task is not None for job in sweep.jobs) < workers:
                time.sleep(0.05)
            os.kill(next(iter(pids.values())), signal.SIGKILL)

        told = made(videos, client.get_executor(), kill_one)
        return told | {"by_worker": [*client.run(videos_here).values()]}


def made(videos: int, executor: Any, meanwhile: Any) -> dict[str, Any]:
    """Make so many videos; return how long it took, and what came of each."""
    print(json.dumps({"ready": True}), flush=True)
    began = time.monotonic()
    sweep = runway_nb.sweep("A lamp turns", seed=range(1, videos + 1), yes=True, executor=executor)
    meanwhile(sweep)
    sweep.wait(600)
    seconds = time.monotonic() - began
    in_doubt = [job for job in sweep.jobs if job.state.phase is Phase.UNKNOWN]
    jobs = [sent_again(job) if job in in_doubt else job for job in sweep.jobs]
    return {
        "seconds": seconds,
        "progress": sweep.progress_text,
        "in_doubt": len(in_doubt),
        "videos": [str(job.video) for job in jobs if job.video is not None],
        "without_video": [repr(job.state) for job in jobs if job.video is None],
        "warnings": [job.state.warning for job in sweep.jobs if job.state.warning],
    }


def sent_again(lost: Any) -> Any:
    """Decide as a user does on a job in doubt: its create may have left as its worker was killed.

    Another worker may look for its task meanwhile; then the job is that one's, and it is decided on after that.
    """
    job = lost
    for _ in range(5):
        with suppress(RunwayError):
            job = runway_nb.default_studio().resend(lost.id)
            job.wait(200)
        if job.video is not None:
            break
    return job


def videos_here() -> int:
    """How many videos the studio of a process has tracked to their end."""
    return sum(job.video is not None for job in runway_nb.default_studio().jobs.values())


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]), is_one_killed="--kill" in sys.argv)), flush=True)
