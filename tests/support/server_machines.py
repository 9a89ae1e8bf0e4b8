"""Machines that share one ledger on a real PostgreSQL server, in virtual time: `virtual` and `schedules` for many.

Each machine has its own connection and its own clock. The server's clock is the virtual one. What a machine says to
the server goes over its link, which can be cut before or behind any statement, COMMIT among them, and for a while;
and the server may be restarted in the middle of anybody's change.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg

from runway_nb import errors
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.opening import BOOT
from runway_nb.ledger.postgres.addresses import AddressTable
from runway_nb.ledger.postgres.clock import ServerClock
from runway_nb.ledger.postgres.connection import ServerConnection, connect
from runway_nb.ledger.postgres.server import LOCK, LedgerServer
from runway_nb.ledger_address import LedgerAddress
from support.postgres import shared_server
from support.schedules import TOLD, WRONG_CLOCKS, Schedule
from support.virtual import Kernel, MortalDatabase, MortalLedger, Process

Clock = Callable[[], float]
SILENT_SECONDS = {"statement": 10.0, "connect": 5.0}
"""How long it takes to notice that nobody answers, as the connection is set up."""
REAL_RESTARTS = 0.15
"""How many of the restarts are real; the others cut all connections and let nobody in for a while."""
GONE = "server closed the connection unexpectedly"


class SharedServer:
    """A database for many schedules, one after the other, by a clock that is given."""

    def __init__(self) -> None:
        self.process = shared_server()
        self.address = LedgerAddress(self.process.new_database("machines"))
        self.clock: Clock = lambda: 0.0
        self.hold: Callable[[float], None] = lambda seconds: None
        self.away_until = 0.0
        """Virtual Unix seconds until which it lets nobody in."""
        self._admin: psycopg.Connection[Any] | None = None

    def ask(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask it past all machines."""
        if self._admin is None or self._admin.closed:
            self._admin = psycopg.connect(self.address.reveal(), autocommit=True)
            self._admin.execute("SET search_path TO runway_nb")
        found = self._admin.execute(statement.encode(), values or None)
        return found.fetchall() if found.description else []

    def begin(self, clock: Clock, hold: Callable[[float], None]) -> None:
        """Begin a new schedule with an empty ledger."""
        self.clock, self.hold, self.away_until = clock, hold, 0.0
        tables = self.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'runway_nb' AND tablename != 'steps'")
        self.ask("; ".join(f"DELETE FROM {table}" for (table,) in tables))

    def behind(self, address: LedgerAddress) -> SharedServer:
        """Return it as it is reached by another address."""
        found = copy(self)
        found.address = address
        return found

    def restart(self, seconds: float, *, really: bool) -> None:
        """Cut all connections and undo what is open; nobody gets in for a while."""
        self.away_until = self.clock() + seconds
        if really:
            self.restart_really(signal.SIGQUIT)
            return
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"
        self.ask(f"SELECT pg_terminate_backend(pid, 5000) {others}")

    def restart_really(self, how: signal.Signals) -> None:
        """Stop it and start it again."""
        self.close()
        self.process.restart(how)

    def close(self) -> None:
        """Leave it; the next question connects again."""
        if self._admin is not None:
            self._admin.close()


class Link:
    """The way of one machine to the server."""

    def __init__(self, server: SharedServer) -> None:
        self.server = server
        self.down_until = 0.0
        """Virtual Unix seconds until which nothing comes through."""
        self.is_silent = False
        """Whether nothing is heard meanwhile, instead of a refusal at once."""
        self.left = 0
        """At which statement from now something happens; 0: at none."""
        self.only_commits = False
        self.behind = False
        """Whether the statement still reaches the server."""
        self.happens: Callable[[], None] = lambda: None

    @property
    def is_down(self) -> bool:
        return max(self.down_until, self.server.away_until) > self.server.clock()

    def mend(self) -> None:
        """Everything comes through again."""
        self.down_until, self.left = 0.0, 0

    def connect(self, address: LedgerAddress) -> ServerConnection:
        """Open a connection over it."""
        if self.is_down:
            self._wait("connect")
            raise psycopg.OperationalError("connection failed: Connection refused")
        return LinkedConnection(connect(address).raw, self)

    def carried(self, raw: psycopg.Connection[Any], statement: Any, values: Any, **how: Any) -> Any:
        """Return the answer to a statement, unless the link is cut before or behind it."""
        if self.is_down:
            self._wait("statement")
            return self._lost(raw)
        is_hit = self._is_hit(statement)
        if is_hit and self.behind:
            raw.execute(statement, values, **how)
        if is_hit:
            self.happens()
            if self.is_down:
                return self._lost(raw)
        return raw.execute(statement, values, **how)

    def _is_hit(self, statement: Any) -> bool:
        if not self.left or (self.only_commits and statement != "COMMIT"):
            return False
        self.left -= 1
        return self.left == 0

    def _lost(self, raw: psycopg.Connection[Any]) -> Any:
        raw.close()
        raise psycopg.OperationalError(GONE)

    def _wait(self, what: str) -> None:
        if self.is_silent:
            self.server.hold(SILENT_SECONDS[what])


class LinkedRaw:
    """A connection of psycopg whose statements go over a link."""

    def __init__(self, raw: psycopg.Connection[Any], link: Link) -> None:
        self._raw, self._link = raw, link

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def execute(self, statement: Any, values: Any = None, **how: Any) -> Any:
        return self._link.carried(self._raw, statement, values, **how)

    def commit(self) -> None:
        self._link.carried(self._raw, "COMMIT", None)


class LinkedConnection(ServerConnection):
    """A connection of the ledger over a link, to a server whose clock is the virtual one."""

    def __init__(self, raw: Any, link: Link) -> None:
        super().__init__(LinkedRaw(raw, link))  # type: ignore[arg-type]
        self._link = link

    def execute(self, statement: str, values: Any = None, /) -> Any:
        return super().execute(self._of_now(statement), values)

    def begin(self, statements: str) -> Any:
        return super().begin(self._of_now(statements))

    def _of_now(self, statement: str) -> str:
        return statement.replace("clock_timestamp()", f"to_timestamp({self._link.server.clock()!r})")


class MortalServer(MortalDatabase, LedgerServer):
    """The ledger on a server, as one process of a machine has it open."""

    def __init__(self, link: Link, clock: ServerClock, process: Process) -> None:
        loop = process.loop
        super().__init__(link.server.address, clock, link.connect, loop.time, loop.hold)
        self.belong_to(process)


class Machine(Kernel):
    """A kernel on a machine of its own, which shares nothing with the others but the ledger and a folder."""

    def __init__(self, server: SharedServer, *parts: Any) -> None:
        self.link = Link(server)
        super().__init__(*parts)

    def _make_ledger(self, home: Path) -> MortalLedger:
        clock = ServerClock(self._clock, self.process.loop.time)
        file = MortalServer(self.link, clock, self.process)
        return MortalLedger(home, clock, self.process, clock, file, boot=BOOT, addresses=AddressTable(file))


class MachinesSchedule(Schedule):
    """Several machines with one ledger on a server, each of which may lose it at any moment."""

    told = (*TOLD, errors.LedgerError)
    number = 2
    server: SharedServer

    @property
    def machines(self) -> list[Machine]:
        """The machines that are there."""
        return [kernel for kernel in self.kernels if isinstance(kernel, Machine)]

    @classmethod
    def on(cls, server: SharedServer) -> type[MachinesSchedule]:
        """Return these schedules on a server."""
        return type(cls.__name__, (cls,), {"server": server})

    def make_ledger(self) -> Ledger:
        """The ledger as it is looked at from outside, over a link that always holds."""
        self.most_kernels = self.number
        self.server.begin(self.service.clock, self.loop.hold)
        self.tally["machines"] += self.number
        clock = ServerClock(self.service.clock, self.loop.time)
        self._outside = LedgerServer(self.server.address, clock, self._connect_outside)
        return Ledger(self.folder / "outside", clock, clock, BOOT, self._outside, AddressTable(self._outside))

    def _connect_outside(self, address: LedgerAddress) -> ServerConnection:
        return LinkedConnection(connect(address).raw, _Open(self.server))

    def begin(self) -> None:
        """Run All on each of them at once, often with trouble ahead."""
        while len(self.kernels) < self.number:
            self.second_kernel()
        for machine in self.kernels:
            machine.wrong = self.draw.choice(WRONG_CLOCKS)
        if self.draw.random() < 0.5:
            self.lose_ledger_soon()
        super().begin()
        self.run_all()

    def act(self) -> None:
        """What happens next."""
        if self.draw.random() < 0.4:
            self.lose_ledger_soon()
        super().act()

    def before_round(self) -> None:
        """What comes before each Run All at the end."""
        self.server.away_until = 0.0
        for machine in self.machines:
            machine.link.mend()

    def lose_ledger_soon(self) -> None:
        """One machine loses the server for a while, or the server is restarted: at one of its next statements."""
        kernel = self._revived(self.draw.choice(self.kernels))
        (machine,) = [machine for machine in self.machines if machine is kernel]
        link, seconds = machine.link, self.draw.choice([0.0, 0.3, 2.0, 4.0, 15.0, 40.0, 150.0])
        link.only_commits = self.draw.random() < 0.5
        link.left = self.draw.choice([1, 1, 2, 3, 4, 6, 9] if link.only_commits else [1, 2, 3, 5, 8, 13, 21, 34, 55])
        link.behind, link.is_silent = self.draw.random() < 0.5, self.draw.random() < 0.3
        what = self.draw.choice(["partition", "partition", "restart"])
        really = what == "restart" and self.draw.random() < REAL_RESTARTS
        place = f"{'behind' if link.behind else 'before'} {'a commit' if link.only_commits else 'a statement'}"

        def go() -> None:
            self.tally[f"{what} {place}"] += 1
            self.tally["real restart"] += really
            if what == "restart":
                self.server.restart(seconds, really=really)
            # a connection that is cut and a way that is free again
            link.down_until = self.server.clock() + max(seconds, 1e-9)

        link.happens = go
        self.say(f"{what} of {self.kernels.index(machine)} for {seconds} s {place} {link.left}, really: {really}")

    def _kernel(self) -> Machine:
        home = self.folder / f"home-{self.draw.randrange(100)}"  # a container begins with an empty one
        machine = Machine(
            self.server, self.service, self.network, replace(self.settings, home=home), self.folder, self.tally
        )
        machine.ledger.on_claim = self._check_alone
        return machine

    def _check_alone(self) -> None:
        (is_free,) = self.server.ask("SELECT pg_try_advisory_xact_lock(%s)", LOCK)[0]
        self._law(not is_free, "a claim decides while others can write")

    def _check_database(self) -> None:
        """The server looks after its files itself; who still holds a change would hold up all others."""
        held = self.server.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")[0][0]
        self._law(held == 0, f"{held} changes were left open")


class FourMachinesSchedule(MachinesSchedule):
    """The same with four."""

    number = 4


class _Open(Link):
    """A link that is never down."""

    @property
    def is_down(self) -> bool:
        return False
