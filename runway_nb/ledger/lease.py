"""Who tracks a job: a lease that its owner renews, and that anybody may take once it has run out.

One owner is one studio of one process. A process that is gone for certain frees its jobs at once; one that
cannot be asked (another machine, another user), or that lives and renews nothing, when its lease has run out.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

Clock = Callable[[], float]
LEASE_SECONDS = 20.0
"""How long a lease holds after it was last renewed."""
RENEW_SECONDS = 5.0
"""Seconds between two renewals."""


def new_owner() -> str:
    """Return a name for an owner: machine, process, its start, and a random part, since process numbers come again."""
    return f"{_namespace()}/{os.getpid()}/{os.urandom(4).hex()}.{_began(os.getpid()) or ''}".rstrip(".")


def machine_of(owner: str) -> str:
    """Return where the process of an owner runs, as its name says: a machine, on Linux a namespace of it."""
    return owner.partition("/")[0]


def is_held(owner: str, lease: float, now: float) -> bool:
    """Return True while the lease of `owner` until `lease` (Unix seconds) seems to keep others away, by the clock.

    One that ends later than any renewal could make it comes from a clock that was set back since. Clocks are set, and
    those of two machines differ: this is for what is shown. `LeaseWatch` says whether a job may be taken.
    """
    return now < lease <= now + 2 * LEASE_SECONDS and not is_gone(owner)


class Beat(NamedTuple):
    """When a lease was last renewed, whatever the clock on the wall said."""

    boot: str
    """Which run of which machine."""
    seconds: float
    """Seconds that never jump, of that run."""


class LeaseWatch:
    """Distinguishes leases that are renewed from those that are not, whatever any clock on the wall says.

    On one machine its own seconds show how long ago that was. A lease from elsewhere is held while it moves: for
    `seconds` after it was first seen here as it stands.

    Args:
        monotonic: Seconds that never jump, the same for all processes of this machine.
        seconds: How long a lease holds.
        boot: Which run of which machine this is.
    """

    def __init__(self, monotonic: Clock, seconds: float = LEASE_SECONDS, boot: str | None = None) -> None:
        self._monotonic = monotonic
        self._seconds = seconds
        self.boot = _boot() if boot is None else boot
        self._seen: dict[str, tuple[str, float, float]] = {}

    def beat(self) -> Beat:
        """Return what stands for a renewal of this moment."""
        return Beat(self.boot, self._monotonic())

    def is_held(
        self,
        job_id: str,
        owner: str,
        lease: float,
        beat: Beat | None,
        gone: Callable[[str], bool] | None = None,
    ) -> bool:
        """Return True while the owner of a job's lease keeps others away.

        Args:
            job_id: The job.
            owner: Who holds its lease.
            lease: As it stands; 0 at rest.
            beat: When it was last renewed, where that is known.
            gone: Says whether the process of an owner has ended; by default `is_gone`.
        """
        if not owner or lease <= 0 or (gone or is_gone)(owner):
            self._seen.pop(job_id, None)
            return False
        now = self._monotonic()
        if beat is not None and beat.boot == self.boot and beat.seconds <= now:
            return now - beat.seconds < self._seconds
        seen = self._seen.get(job_id)
        if seen is None or seen[:2] != (owner, lease) or now < seen[2]:
            self._seen[job_id] = (owner, lease, now)
            return True
        return now - seen[2] < self._seconds


def steady(clock: Clock, wall: Clock = time.time, monotonic: Clock = time.monotonic) -> Clock:
    """Return seconds that never jump: the machine's own for its own clock; another clock stands for both."""
    return monotonic if clock is wall else clock


def uptime(monotonic: Clock, machine: Clock = time.monotonic) -> Clock:
    """Return seconds of this run of the machine, those in which it slept included where the system counts them."""
    if monotonic is machine and hasattr(time, "CLOCK_BOOTTIME"):
        return lambda: time.clock_gettime(time.CLOCK_BOOTTIME)
    return monotonic


def is_gone(owner: str) -> bool:
    """Return True when the process of `owner` has ended for certain."""
    namespace, _, rest = owner.partition("/")
    number, _, part = rest.partition("/")
    # Windows has no harmless way to ask: signal 0 would end the process there
    is_number = number.isascii() and number.isdigit() and len(number) < 10
    if namespace != _namespace() or not is_number or os.name != "posix":
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # it belongs to another user
    began, then = _began(int(number)), part.partition(".")[2]
    # one that has ended and that nobody has asked about yet, or another one with the same number
    return began == "" or bool(began and then and began != then)


def _began(number: int) -> str | None:
    """Return when a process began, as its system counts; nothing when it has ended; None where that is not known."""
    with suppress(OSError, ValueError):
        if os.readlink("/proc/self") != str(os.getpid()):
            return None  # the numbers there are those of another namespace
        fields = Path(f"/proc/{number}/stat").read_bytes().rpartition(b")")[2].split()
        return "" if fields[0] in (b"Z", b"X") else str(int(fields[19]))
    return None


@lru_cache(maxsize=1)
def _boot() -> str:
    """Return which run of this machine it is, else the machine itself, whose seconds begin anew with each."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return socket.gethostname()


@lru_cache(maxsize=1)
def _namespace() -> str:
    """Return where process numbers mean the same: a machine, and on Linux a namespace of it (a container's, say)."""
    names = [socket.gethostname()]
    with suppress(OSError):
        names.append(os.readlink("/proc/self/ns/pid"))
    with suppress(OSError):  # two machines of one name may share a ledger on a server
        names.append(Path("/etc/machine-id").read_text().strip())
    return " ".join(filter(None, names)).replace("/", "-")
