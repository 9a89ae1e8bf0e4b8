"""Ports on this machine that answer as they are told, byte by byte."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from typing import Any

Parts = Callable[["Port"], AsyncIterator[bytes]]


class Port:
    """Does with each connection as it is told, and keeps the heads of the requests and how much it got rid of.

    Args:
        serve: Gives the bytes of an answer.
        listens: It reads the head of a request first.
    """

    def __init__(self, serve: Parts, *, listens: bool = True) -> None:
        self._serve = serve
        self._listens = listens
        self.heads: list[str] = []
        self.sent = 0
        self.number = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.number}"

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._listens:
                self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            async for part in self._serve(self):
                writer.write(part)
                await writer.drain()
                self.sent += len(part)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has gone, or the test is over
        finally:
            writer.close()

    def during(self, act: Callable[[Port], Awaitable[Any]]) -> Any:
        """Return the result of `act` while the port is open."""

        async def run() -> Any:
            server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
            self.number = server.sockets[0].getsockname()[1]
            try:
                return await act(self)
            finally:
                server.close()

        return asyncio.run(run())


def head(*lines: str, status: str = "200 OK") -> bytes:
    """Return the head of an answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def says(*parts: bytes, pause: float = 0.0, forever: bytes = b"") -> Parts:
    """Return an answer of these parts, then of one for ever; with a pause before each."""

    async def serve(_: Port) -> AsyncIterator[bytes]:
        for part in parts:
            yield part
        while forever:
            await asyncio.sleep(pause)
            yield forever

    return serve


@cache
def bomb(megabytes: int, *, start: bytes = b"") -> bytes:
    """Yield zeros that are packed a thousandfold."""
    return gzip.compress(start + bytes(megabytes * 1_000_000), mtime=0)


@cache
def endless_gzip(start: bytes = b"") -> Parts:
    """Yield a packed body without an end."""

    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    first = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    # after a full flush the same bytes may come again and again
    again = packer.compress(bytes(4_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    return says(head("Connection: close", "Content-Encoding: gzip") + first, forever=again * 16)
