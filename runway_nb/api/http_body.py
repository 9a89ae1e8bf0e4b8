"""Bodies of HTTP answers, none larger than its reader can take: counted unpacked, unpacked in small steps."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import Any

import httpx

from .transport_errors import BodyProblem, TransportFailure

PIECE = 64 * 1024
"""Bytes of a body that are sent, or unpacked and handed on, at a time."""
LARGE = 256 * 1024
"""Bytes of JSON from which it is read off the loop."""
MOST_VALUES = 500_000
"""Values in an answer of the API; a page of its lists has some thousand. Each takes a hundred bytes in memory."""
DEEPEST = 64
"""How deep the values of an answer lie in one another; those of the API do so about five deep."""


async def pieces(answer: httpx.Response, limit: int) -> AsyncGenerator[bytes, None]:
    """Yield the body in pieces of at most 64 KB, unpacked, `limit` bytes in all.

    Raises `BodyProblem` for a larger one before more than that is unpacked, and `TransportFailure`.
    """
    promised = promised_bytes(answer)
    if promised is not None and promised > limit:
        raise too_large(limit)
    unpack, received = unpacker(answer.headers.get("Content-Encoding", "")), 0
    async with aclosing(_chunks(answer)) as chunks:
        async for chunk in chunks:
            for piece in unpack(chunk):
                received += len(piece)
                if received > limit:
                    raise too_large(limit)
                yield piece


async def body(answer: httpx.Response, limit: int) -> bytes:
    """Return the whole body, unpacked. Raises what `pieces` raises."""
    data = bytearray()
    async with aclosing(pieces(answer, limit)) as coming:
        async for piece in coming:
            data += piece
    return bytes(data)


async def beginning(answer: httpx.Response, limit: int) -> bytes:
    """Return the body as far as it can be read, `limit` bytes at most; the rest is left. Raises `TransportFailure`."""
    data = bytearray()
    try:
        async with aclosing(pieces(answer, 2**62)) as coming:
            async for piece in coming:
                data += piece
                if len(data) >= limit:
                    break
    except BodyProblem:
        pass  # what cannot be unpacked says nothing, and its status says enough
    return bytes(data[:limit])


def promised_bytes(answer: httpx.Response) -> int | None:
    """Return the Content-Length, packed as the body comes; None without one that can be read."""
    text = answer.headers.get("Content-Length", "")
    # digits without end would take long to read
    return int(text if len(text) <= 18 else "9" * 18) if text.isascii() and text.isdecimal() else None


def too_large(limit: int) -> BodyProblem:
    """Return the problem of a body with more bytes than that."""
    return BodyProblem(f"more than {limit / 1e9:g} GB" if limit >= 10**9 else f"more than {limit / 1e6:.3g} MB")


async def _chunks(answer: httpx.Response) -> AsyncGenerator[bytes, None]:
    """Yield the bytes as they come, still packed, and nothing at the end.

    httpx would unpack a whole chunk at once: a thousandfold of it, and more where brotli is installed.
    """
    assert isinstance(answer.stream, httpx.AsyncByteStream)
    stream = answer.stream.__aiter__()
    while True:
        try:
            chunk = await stream.__anext__()
        except StopAsyncIteration:
            yield b""
            return
        except Exception as error:  # noqa: BLE001 - whatever breaks in the middle of an answer
            broken = TransportFailure(error, may_have_left=True)
            break
        if chunk:
            yield chunk
    raise broken


def unpacker(encoding: str) -> Callable[[bytes], Iterator[bytes]]:
    """Return a function of packed bytes that gives pieces of at most 64 KB; it is called with nothing at the end.

    Raises `BodyProblem`, as the function does.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return _cut
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise BodyProblem("packed bytes that were not asked for")
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def unpack(chunk: bytes) -> Iterator[bytes]:
        is_end = not chunk
        made = b"."
        while chunk or (is_end and made):
            try:
                made = unpacking.decompress(chunk, PIECE)
            except zlib.error:
                raise BodyProblem("packed bytes that cannot be unpacked") from None
            if unpacking.unused_data:
                raise BodyProblem("packed bytes that end in the wrong place")
            if made:
                yield made
            chunk = unpacking.unconsumed_tail
        if is_end and not unpacking.eof:
            raise BodyProblem("packed bytes that end in the wrong place")

    return unpack


def _cut(chunk: bytes) -> Iterator[bytes]:
    for start in range(0, len(chunk), PIECE):
        yield chunk[start : start + PIECE]


async def read_json(data: bytes) -> Any:
    """Return the value of a JSON text, large ones read off the loop.

    Raises `BodyProblem` for what is none, and for more or deeper values than an answer of the API has.
    """
    return await asyncio.to_thread(parsed, data) if len(data) > LARGE else parsed(data)


def parsed(data: bytes) -> Any:
    """Return the same at once."""
    # the reader of JSON holds the interpreter until it is done, on whatever thread
    if sum(map(data.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise BodyProblem(f"more than {MOST_VALUES:,} values")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError, MemoryError):
        raise BodyProblem("no JSON") from None
    if _is_deep(value):
        raise BodyProblem("values too deep in one another")
    return value


def _is_deep(value: Any) -> bool:
    """Return True beyond what the code that copies, stores and shows an answer can follow."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(DEEPEST):
        if not level:
            return False
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
    return bool(level)
