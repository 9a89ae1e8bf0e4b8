"""A PostgreSQL server of the tests' own: in a temporary folder, on a socket, gone with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from functools import cache
from glob import glob
from pathlib import Path

import pytest

from runway_nb.ledger_address import LedgerAddress

from .leftovers import at_end

MISSING = "PostgreSQL's server is not installed (Debian: apt install postgresql)"
_QUICK = {"fsync": "off", "full_page_writes": "off", "max_connections": "100", "listen_addresses": ""}
"""No disk is waited for: what is lost with the machine is lost."""


def program(name: str) -> str | None:
    """Return where a program of the server is; None where it is not installed."""
    return shutil.which(name) or next(iter(sorted(glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)), None)


class PostgresServer:
    """A server that can be stopped, killed and started again. It lies on a socket, and no port is open."""

    def __init__(self, **settings: str) -> None:
        postgres, initdb = program("postgres"), program("initdb")
        if postgres is None or initdb is None:
            if os.environ.get("CI") == "true":
                pytest.fail(f"{MISSING}, and CI=true forbids leaving this out")
            pytest.skip(MISSING)
        self._postgres = postgres
        # the path of a socket may have about a hundred characters
        self.folder = Path(tempfile.mkdtemp(prefix="rnb-pg-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
        self._user = {"user": "postgres", "group": "postgres", "extra_groups": ()} if os.geteuid() == 0 else {}
        if self._user:
            entry = pwd.getpwnam("postgres")
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        data = self.folder / "data"
        subprocess.run(
            [initdb, "--pgdata", str(data), "--auth", "trust", "--username", "ann", "--no-sync", "--encoding", "UTF8"],
            check=True, capture_output=True, cwd="/", **self._user,  # type: ignore[call-overload]
        )  # fmt: skip
        self._settings = [f"-c{name}={value}" for name, value in (_QUICK | settings).items()]
        self._process: subprocess.Popen[bytes] | None = None
        self._has_template = False
        self._made: Counter[str] = Counter()
        self.start()

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"postgresql://ann:never-shown-7f3@/postgres?host={self.folder}"

    def new_database(self, name: str) -> str:
        """Make a database with an empty ledger, and return its address; the second of a name has a number."""
        import psycopg  # in the cluster extra

        with psycopg.connect(self.url, autocommit=True) as connection:
            if not self._has_template:
                connection.execute("CREATE DATABASE empty_ledger")
                _make_tables(self._url_of("empty_ledger"))
                self._has_template = True
            self._made[name] += 1
            name += f"_{self._made[name]}" if self._made[name] > 1 else ""
            connection.execute(f"CREATE DATABASE {name} TEMPLATE empty_ledger".encode())
        return self._url_of(name)

    def _url_of(self, name: str) -> str:
        return self.url.replace("/postgres?", f"/{name}?")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        import psycopg  # in the cluster extra

        command = [self._postgres, "-D", str(self.folder / "data"), "-k", str(self.folder), *self._settings]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **self._user)  # type: ignore[call-overload]
        for _ in range(600):
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.02)
            else:
                return
        raise AssertionError((self.folder / "log").read_text())

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT cuts its connections, SIGQUIT is what a machine that goes down does."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def restart(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it, and start it again."""
        self.stop(how)
        self.start()

    def remove(self) -> None:
        """Stop it for good, and remove its files."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


def _make_tables(url: str) -> None:
    from runway_nb.ledger.postgres.clock import ServerClock  # loads psycopg
    from runway_nb.ledger.postgres.server import LedgerServer

    database = LedgerServer(LedgerAddress(url), ServerClock())
    with database.opened():
        pass
    database.close()


@cache
def shared_server() -> PostgresServer:
    """Return the server that most tests of a process share; it goes with the process."""
    server = PostgresServer()
    at_end(server.remove)
    return server
