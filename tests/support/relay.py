"""A relay on this machine in front of a PostgreSQL server, which cuts a connection exactly in COMMIT."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import suppress
from pathlib import Path

_COMMIT = b"COMMIT\0"
_CHUNK = 65_536


class Relay:
    """Passes bytes between clients on a port and the server's socket, each connection in a thread of its own.

    Args:
        server: The folder of the server's socket.
    """

    def __init__(self, server: Path) -> None:
        self._server = str(server / ".s.PGSQL.5432")
        self._port = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._cut_at = 0
        self._behind = self._keeps_server_side = False
        self._refuse = 0
        self.refusals = 0
        """How many more connections are refused."""
        self.commits = 0
        """How many have come by."""
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def address_of(self, url: str) -> str:
        """Return the address by which the database of `url` is reached over this."""
        head, _, _ = url.partition("?")
        before, _, path = head.rpartition("@")
        return f"{before}@127.0.0.1:{self._port.getsockname()[1]}{path}"

    def cut_at_commit(self, number: int, *, behind: bool, refusing: int = 0, half: bool = False) -> None:
        """Cut the connection in a COMMIT, counted from now.

        Args:
            number: Which one, from 1.
            behind: Whether the server still gets it; its answer is lost in any case.
            refusing: How many connections are refused then.
            half: Whether the server hears nothing of it, as of a machine that has lost its network.
        """
        self._cut_at, self._behind, self._refuse, self._keeps_server_side = (
            self.commits + number, behind, refusing, half,
        )  # fmt: skip

    def cut(self, refusing: int) -> None:
        """Cut all connections now, and refuse so many."""
        self.refusals = refusing
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let everything through again."""
        self.refusals = self._cut_at = 0

    def close(self) -> None:
        """End it, and all that goes over it."""
        with suppress(OSError):
            self._port.shutdown(socket.SHUT_RDWR)
        self._port.close()
        self.cut(0)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._port.accept()
                if self.refusals:
                    self.refusals -= 1
                    client.close()
                else:
                    threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as server, client:
            server.connect(self._server)
            self._open |= {client, server}
            try:
                while self._pass_some(client, server):
                    pass
            finally:
                self._open -= {client, server}

    def _pass_some(self, client: socket.socket, server: socket.socket) -> bool:
        ready, _, _ = select.select([client, server], [], [])
        for one in ready:
            data = one.recv(_CHUNK)
            if not data or (one is client and _COMMIT in data and self._is_cut(data, client, server)):
                return False
            (server if one is client else client).sendall(data)
        return True

    def _is_cut(self, data: bytes, client: socket.socket, server: socket.socket) -> bool:
        self.commits += 1
        if self.commits != self._cut_at:
            return False
        self.cuts += 1
        self.refusals = self._refuse
        if self._behind:
            server.sendall(data)
            server.recv(_CHUNK)
        client.close()
        if self._keeps_server_side:
            server.recv(_CHUNK)  # until the server has had enough of it
        return True
