"""`python -m runway_nb.simulator`: the simulator alone, for a class, for curl, for CI."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from .parent_process import WITH_PARENT, call_when_input_ends
from .rendering import stub
from .rendering.render_queue import child_process
from .server import HOST_NAMES, Simulator
from .service.faults import KINDS

DEFAULT_PORT = 8765
SEEN = "Others can read it in the list of processes"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted or terminated."""
    parser = make_parser()
    given = parser.parse_args(arguments)
    if given.host not in HOST_NAMES:
        parser.error("--host: the simulator listens on 127.0.0.1 only")
    with ExitStack() as rest:
        try:
            state = given.state or Path(rest.enter_context(tempfile.TemporaryDirectory(prefix="simulator-")))
            simulator = rest.enter_context(_simulator(given, state))
        except (ValueError, ImportError, OSError, RuntimeError) as error:
            parser.error(str(error))
        print(_first_line(simulator), flush=True)
        _wait_for_the_end(with_parent=given.with_parent)
    return 0


def _first_line(simulator: Simulator) -> str:
    """Return the line that other programs read the address and the key from: its beginning stays as it is."""
    return f"simulator at {simulator.base_url}, page {simulator.page}, state in {simulator.world.root}"


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m runway_nb.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="127.0.0.1; nothing else is allowed")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 for a free one (default %(default)s)")
    parser.add_argument("--speed", type=float, default=1.0, help="divides all times; 1 is the real pace")
    parser.add_argument("--state", type=Path, help="folder that keeps the state; default: none is kept")
    text = "default: any user:<digits>-<letters>; the digits say whose things are seen"
    parser.add_argument("--token", help=f"the only token that is good; {text}. {SEEN}")
    doors = parser.add_mutually_exclusive_group()
    text = "opens the page and the control path, as ?key=KEY or in the header X-Simulator-Key"
    doors.add_argument("--key", help=f"{text}; default: one is drawn and printed. {SEEN}")
    text = "no key, for a class: there every user of this machine sees and changes what all have"
    doors.add_argument("--open", action="store_true", help=text)
    parser.add_argument("--accounts", type=int, default=1, help="Runway accounts, 0 to 2 (default %(default)s)")
    parser.add_argument("--max-jobs", type=int, default=5, help="slots of an account (default %(default)s)")
    parser.add_argument("--credits", type=int, default=2250, help="credits of an account (default %(default)s)")
    parser.add_argument("--runway-limit", type=int, help="tasks that Runway itself lets run at once")
    parser.add_argument("--link-seconds", type=float, default=86400.0, help="life of a link (default %(default)s)")
    parser.add_argument(
        WITH_PARENT,
        action="store_true",
        help="end when standard input ends, as it does with a pipe whose writer is gone",
    )
    parser.add_argument("--instant", action="store_true", help="no rendering: the same tiny clip for all tasks")
    names = ", ".join(KINDS)
    text = f"may be repeated: {names}"
    parser.add_argument("--fault", action="append", default=[], choices=list(KINDS), metavar="NAME", help=text)
    return parser


def _simulator(given: argparse.Namespace, state: Path) -> Simulator:
    simulator = Simulator(
        state,
        speed=given.speed,
        port=given.port,
        token=given.token,
        key=given.key,
        open_to_all=given.open,
        accounts=given.accounts,
        renderer=stub.renderer if given.instant else child_process,
        max_jobs=given.max_jobs,
        credits=given.credits,
        runway_limit=given.runway_limit,
        link_seconds=given.link_seconds,
    )
    for name in given.fault:
        simulator.fault(name)
    return simulator


def _wait_for_the_end(*, with_parent: bool) -> None:
    ended = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: ended.set())
    if with_parent:
        call_when_input_ends(ended.set)
    while not ended.wait(0.5):  # a plain wait() would not notice the signal on Windows
        pass


if __name__ == "__main__":
    sys.exit(main())
