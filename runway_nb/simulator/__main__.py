"""`python -m runway_nb.simulator`: the simulator alone, for a class, for curl, for CI."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from . import instant
from .faults import KINDS
from .renders import child_process
from .server import HOST_NAMES, Simulator

DEFAULT_PORT = 8765


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until interrupted or terminated."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.host not in HOST_NAMES:
        parser.error("--host: the simulator listens on 127.0.0.1 only")
    with tempfile.TemporaryDirectory(prefix="simulator-") as place:
        try:
            simulator = _simulator(given, Path(place))
        except (ValueError, ImportError) as error:
            parser.error(str(error))
        with simulator:
            print(f"simulator at {simulator.base_url}, state in {simulator.world.root}", flush=True)
            _wait_for_the_end()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m runway_nb.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="127.0.0.1; nothing else is allowed")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 for a free one (default %(default)s)")
    parser.add_argument("--speed", type=float, default=1.0, help="divides all times; 1 is the real pace")
    parser.add_argument("--state", type=Path, help="folder that keeps the state; default: none is kept")
    parser.add_argument("--token", help="the only token that is good; default: any user:<digits>-<letters>")
    parser.add_argument("--accounts", type=int, default=1, help="Runway accounts, 0 to 2 (default %(default)s)")
    parser.add_argument("--max-jobs", type=int, default=5, help="slots of an account (default %(default)s)")
    parser.add_argument("--credits", type=int, default=2250, help="credits of an account (default %(default)s)")
    parser.add_argument("--runway-limit", type=int, help="tasks that Runway itself lets run at once")
    parser.add_argument("--link-seconds", type=float, default=86400.0, help="life of a link (default %(default)s)")
    parser.add_argument("--instant", action="store_true", help="no rendering: the same tiny clip for all tasks")
    names = ", ".join(KINDS)
    text = f"may be repeated: {names}"
    parser.add_argument("--fault", action="append", default=[], choices=list(KINDS), metavar="NAME", help=text)
    return parser


def _simulator(given: argparse.Namespace, place: Path) -> Simulator:
    simulator = Simulator(
        given.state or place,
        speed=given.speed,
        port=given.port,
        token=given.token,
        accounts=given.accounts,
        renderer=instant.renderer if given.instant else child_process,
        max_jobs=given.max_jobs,
        credits=given.credits,
        runway_limit=given.runway_limit,
        link_seconds=given.link_seconds,
    )
    for name in given.fault:
        simulator.fault(name)
    return simulator


def _wait_for_the_end() -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(0.5):  # a plain wait() would not notice the signal on Windows
        pass


if __name__ == "__main__":
    sys.exit(main())
