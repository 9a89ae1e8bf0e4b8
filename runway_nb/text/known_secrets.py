"""Secrets that this process knows: tokens in use, and addresses of accounts. They are found in any spelling.

Each is kept as it reads in small letters; a new one takes the place of the oldest when there are too many.
"""

from __future__ import annotations

import binascii
import os
import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from ..spec import TOKEN_FORM
from .spelling import readings

TOKENS = 48
"""The most pieces of tokens that are kept; a token has up to three."""
ADDRESSES = 256
"""The most spellings of addresses that are kept."""
SHORTEST, LONGEST = 8, 512
"""Characters of a secret: a shorter one would be found in any text, a longer one is none."""
_PLAIN_WORD = 12
"""From this length on a piece of a token counts as a secret even if it looks like a word."""

_CODE = "[A-Za-z0-9+/_-]"
_RUN = re.compile(rf"{_CODE}{{10,}}(?:(?<={_CODE}{{60}})(?:\r?\n|\\n| ){_CODE}{{2,}})*={{0,2}}")
"""What may be base64, on one line or in lines as mails have it."""
_BREAK = re.compile(r"\r?\n|\\n| ")
_HEX = re.compile("(?:[0-9a-fA-F]{2}[: ]?){8,}[0-9a-fA-F]?")
"""What may be hexadecimal digits, together or two by two."""
NESTED = 2
"""So deep codes are looked for in one another."""
_URL_SAFE = str.maketrans("-_", "+/")


class Known(NamedTuple):
    """What is known at one moment, each in small letters, the longest first."""

    tokens: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    codes: tuple[tuple[bytes, bool], ...] = ()
    """All of them in UTF-8, and True for a token."""
    token_like: re.Pattern[bytes] | None = None
    """Finds a place in small letters where a token may lie: so many of the bytes that tokens are made of."""
    number: int = 0
    """How often something new has become known."""

    def may_be_in(self, data: bytes) -> bool:
        """Return False for bytes in small letters that hold no secret for sure; it takes one look at each."""
        return b"@" in data or bool(self.token_like and self.token_like.search(data))


class Hit(NamedTuple):
    """A secret in a text."""

    start: int
    end: int
    is_token: bool


_known = Known()
_lock = threading.Lock()
_tokens: dict[str, None] = {}
_addresses: dict[str, None] = {}
"""In order of age."""


def known() -> Known:
    """Return the secrets that are known now, the longest first."""
    return _known


def know_token(text: str) -> None:
    """Remember a token, also without its first parts: `user:4711-abc...`, `4711-abc...`, `abc...`.

    What is too short, or looks like an ordinary word, is left out: it would be found in any text.
    """
    _keep(_tokens, [piece for piece in _pieces(text.strip()) if SHORTEST <= len(piece) <= LONGEST], TOKENS)


def know_address(text: str) -> None:
    """Remember the e-mail address of an account, in both forms of its domain and without its tag."""
    address = unicodedata.normalize("NFKC", text.strip()).lower()
    if address not in _addresses and "@" in address[1:-1] and len(address) <= LONGEST:
        _keep(_addresses, _forms(address), ADDRESSES)


def _keep(kept: dict[str, None], new: Iterable[str], most: int) -> None:
    global _known
    with _lock:
        before = len(kept)
        kept |= dict.fromkeys(new)
        if len(kept) == before:
            return
        for oldest in [*kept][: max(0, len(kept) - most)]:
            del kept[oldest]
        # a piece lies in its whole, so the longest is looked for first
        tokens, addresses = (tuple(sorted(some, key=len, reverse=True)) for some in (_tokens, _addresses))
        codes = [(secret.encode(errors="replace"), some is tokens) for some in (tokens, addresses) for secret in some]
        token_like = _run_of([code for code, is_token in codes if is_token])
        _known = Known(tokens, addresses, tuple(codes), token_like, _known.number + 1)


def _run_of(tokens: Sequence[bytes]) -> re.Pattern[bytes] | None:
    """Return what finds a run of the bytes of these tokens that is as long as the shortest of them."""
    if not tokens:
        return None
    letters = b"".join(re.escape(bytes([byte])) for byte in sorted(set(b"".join(tokens))))
    return re.compile(b"[%b]{%d}" % (letters, min(map(len, tokens))))


def _pieces(written: str) -> Iterator[str]:
    """Return a token in small letters, and its parts that are secrets by themselves; of anything else such parts only.

    An id that was taken for a token is no secret: it would be masked where it is needed.
    """
    parts = written.split(":", 1)[-1], written.partition("-")[2]
    if re.fullmatch(TOKEN_FORM, written, re.IGNORECASE):
        yield from (written.lower(), parts[0].lower())
    elif "runwayml:" in written:
        return
    else:
        parts = tuple(re.findall("[A-Za-z0-9]+", written))
    for part in filter(_is_secret, parts):
        yield part.lower()


def _is_secret(text: str) -> bool:
    """Return False for what may be an ordinary word or a number."""
    is_word = text.isalpha() and text in (text.lower(), text.upper(), text.capitalize())
    return len(text) >= (_PLAIN_WORD if is_word or text.isdigit() else SHORTEST)


def _forms(address: str) -> Iterator[str]:
    """Yield an address with its domain in plain letters and in its own, each with its tag and without."""
    local, _, domain = address.rpartition("@")
    domains = [domain]
    with suppress(UnicodeError):
        domains.append(domain.encode("idna").decode())
    with suppress(UnicodeError):
        domains.append(domain.encode().decode("idna"))
    for one in dict.fromkeys(domains):
        for name in dict.fromkeys((local, local.partition("+")[0])):
            if name and one:
                yield f"{name}@{one}"
                yield unicodedata.normalize("NFD", f"{name}@{one}")


# --- looking ----------------------------------------------------------------------------------------


def hits(text: str, depth: int = 0) -> Iterator[Hit]:
    """Yield the known secrets in a text, whatever their capitals, as they are, in base64 and in hexadecimal digits.

    Args:
        text: Looked into as it is written.
        depth: In how many codes it was found.
    """
    secrets = _known
    if not secrets.codes:
        return
    small = text.lower()
    if len(small) != len(text):
        small = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
    yield from _all(small, secrets.tokens, is_token=True)
    if "@" in small:
        yield from _all(small, secrets.addresses, is_token=False)
    for run in _RUN.finditer(text):
        yield from _coded(run, secrets, depth)
    for run in _HEX.finditer(text):
        yield from _digits(run, secrets)


def _all(text: str, secrets: Iterable[str], *, is_token: bool) -> Iterator[Hit]:
    for secret in secrets:
        at = text.find(secret)
        while at >= 0:
            yield Hit(at, at + len(secret), is_token)
            at = text.find(secret, at + len(secret))


def _coded(run: re.Match[str], secrets: Known, depth: int) -> Iterator[Hit]:
    """Yield a run of letters that holds a secret in base64, whatever stands before it."""
    written = _BREAK.sub("", run[0]).rstrip("=").translate(_URL_SAFE)
    in_lines = len(written) < len(run[0].rstrip("="))
    for skipped in range(4):
        part = written[skipped:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        data = binascii.a2b_base64(part + "=" * (-len(part) % 4))
        if found := _in_bytes(data, secrets) or _spelled(data, depth + 1):
            begin, end, is_token = found
            start, stop = (run.start() + skipped + 4 * three for three in (begin // 3, -(-end // 3)))
            is_all = in_lines or stop + 4 > run.end()
            yield Hit(run.start() if in_lines else start, run.end() if is_all else stop, is_token)


def _digits(run: re.Match[str], secrets: Known) -> Iterator[Hit]:
    """Yield a run of hexadecimal digits that holds a secret, with a digit before it or none."""
    digits = run[0].replace(":", "").replace(" ", "")
    for part in (digits, digits[1:]):
        if found := _in_bytes(bytes.fromhex(part[: len(part) // 2 * 2]), secrets):
            yield Hit(run.start(), run.end(), found[2])


def _spelled(data: bytes, depth: int) -> tuple[int, int, bool] | None:
    """Return the same as `_in_bytes` for what is text again, with the secret in another spelling: all of it then."""
    if depth > NESTED or len(data) < SHORTEST or not data.isascii() or not (text := data.decode("ascii")).isprintable():
        return None
    found = next((hit for read in readings(text) for hit in hits(read.text, depth)), None)
    return None if found is None else (0, len(data), found.is_token)


def _in_bytes(data: bytes, secrets: Known) -> tuple[int, int, bool] | None:
    """Return where a secret begins and ends in bytes, and True for a token; those of UTF-16 are taken as a whole."""
    small = data.lower()
    if secrets.may_be_in(small):
        for code, is_token in secrets.codes:
            if (at := small.find(code)) >= 0:
                return at, at + len(code), is_token
    if b"\0" in small and (found := _in_bytes(small.replace(b"\0", b""), secrets)):
        return 0, len(data), found[2]
    return None


def _new_lock() -> None:
    """Make a new lock in a forked child: another thread of the parent may have held it."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_lock)
