"""What may be shown: short ids, and text without tokens, signed links, e-mail addresses and control characters.

The one door for text that leaves: a screen, a widget, a file name, a log, an error. Task ids and asset ids carry the
account's e-mail (API facts 2.1), and so do some messages of the API. Secrets are known by their form, and those that
this process has met (`know_token`, `know_address`) in any spelling.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from .spec import ID_FORM, TOKEN_FORM
from .text.known_secrets import hits, known
from .text.known_secrets import know_address as know_address
from .text.known_secrets import know_token as know_token
from .text.spelling import readings
from .text.visible import BODY, SLACK, cut, visible
from .text.visible import LINE as LINE

TOKEN, ADDRESS = "***", "***@***"
"""What stands in place of a secret."""
_KEYHOLE = f"{TOKEN}@"
"""What stands in place of user name and password before the host of a link."""
PASSES = 6
"""So often a text is gone through at most: what was masked may bring two harmless pieces together."""

_ID = re.compile(ID_FORM.replace(".+?", ".{1,400}?"), re.IGNORECASE)
_ID_ADDRESS = re.compile(r"runwayml:(?P<address>[^\s\"]{1,320}?)-[a-z]{1,20}:", re.IGNORECASE)
_TOKEN = re.compile(TOKEN_FORM, re.IGNORECASE)
_TOKEN_APART = re.compile(TOKEN_FORM.replace("-[", "-(?!runwayml:)[", 1), re.IGNORECASE)
"""A token that stands for itself; the beginning of an id looks like one."""
_UNCUT = r"(?!\*{0,3}\u2026)"
"""Not before what is left of a mask at the end of a line that was cut."""
_BEARER = re.compile(
    rf"\b(?:authorization\W{{1,4}}bearer\s+{_UNCUT}\S+|bearer\s+{_UNCUT}(?=\S{{0,400}}\d)\S{{6,}})", re.IGNORECASE
)
_BEARER_WORD = re.compile(r"bearer\s+", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?")
_NAMES = (
    r"_?jwt|(?:access_|id_|refresh_|session_?)?token|sig|signature|x-(?:amz|goog)-[a-z-]{1,40}|policy|key-pair-id"
    r"|api[_-]?key|password|passwd|pwd|secret|client_secret"
)
_SIGNATURE = re.compile(
    rf"(?:(?<![a-z])_jwt|[?&;#](?:amp;)?(?:{_NAMES}))=(?P<value>{_UNCUT}[^&\s\"'<>]+)", re.IGNORECASE
)
_FIELD = re.compile(rf'"(?:{_NAMES})"\s{{0,9}}:\s{{0,9}}"(?P<value>[^"\n]+)"', re.IGNORECASE)
_PASSWORD = re.compile(r"(?<=://)[^\s/\"'<>]*@")
"""User name and password of an address on the web; nothing before the last @ belongs to the host."""
_DOMAIN = re.compile(r"@(?:[\w-]{1,63}(?:\.[\w-]{1,63})+|\[[0-9a-fA-F:.]{3,45}\])")
_LOCAL = re.compile(r"[\w.+'%-]")
_ANY_LETTER = re.compile(r"[^\W\d_]")
_LONGEST_LOCAL = 320
_SHORT = 160
"""Characters of a text that may come again, such as a phase and an owner."""


class _Mask(NamedTuple):
    """A place of a text, and what stands there instead."""

    start: int
    end: int
    text: str


def short_id(identifier: str) -> str:
    """Return the first eight characters of the uuid of a task id or asset id; other text is cut to eight."""
    match = _ID.search(identifier)
    return match["uuid"][:8] if match else redact(identifier)[:8]


def redact(text: str) -> str:
    """Return `text` as it may be shown: ids short, secrets masked, control characters gone, at most `BODY` characters.

    Masked are tokens, passwords and signatures of links, and e-mail addresses. What is left of a text stays as it is.
    """
    return _settled(_beginning(text), BODY)


def redact_line(text: str, limit: int = LINE) -> str:
    """Return the same on one line, of at most `limit` characters: it is masked first and cut then."""
    return _settled(" ".join(visible(_beginning(text)).split()), limit)


def redact_cell(text: str) -> str:
    """Return a cell with its ids shortened to what can be typed again, and secrets masked."""
    return redact(_ID.sub(lambda match: match["uuid"][:8], text))


def without_secrets(text: str) -> str:
    """Return `text` with its ids shortened to what can be typed again and its secrets masked, and else as it is.

    Nothing is cut and no sign is taken out: a text without secrets comes back itself.
    """
    text = _ID.sub(lambda match: match["uuid"][:8], text)
    for _ in range(PASSES):
        again = _filled(text, _found(text, _masks))
        if again == text:
            break
        text = again
    return text


def mask_tokens(text: str) -> str:
    """Return `text` without tokens, for what is kept; ids and all else are left whole."""
    ids = [match.span() for match in _ID.finditer(text)]
    masks = _found(text, _tokens_apart)
    # an id that is not whole finds nothing any more
    return _filled(text, [m for m in masks if not any(start < m.end and m.start < end for start, end in ids)])


def addresses(text: str) -> list[tuple[int, int]]:
    """Return where e-mail addresses and passwords of links begin and end in a text, in any spelling; in order."""
    return [(mask.start, mask.end) for mask in _found(text, _addresses)]


def may_hold_secrets(text: str) -> bool:
    """Return False for a text with no id of an account, in which `mask_tokens` and `addresses` find nothing.

    It is one look at the text instead of two, and at a short one that comes again none.
    """
    look = _looked_at if len(text) <= _SHORT else _looked_at.__wrapped__
    return look(text, known().number)


@lru_cache(maxsize=256)
def _looked_at(text: str, number: int) -> bool:  # noqa: ARG001 - what was found with fewer secrets known is forgotten
    return "runwayml:" in text.lower() or any(True for read in readings(text) for _ in _kept_out(read.text))


def know_id(identifier: str) -> None:
    """Remember the e-mail address inside a task id or asset id, also where the id has another form."""
    if "@" not in identifier:
        return
    if match := _ID_ADDRESS.search(identifier):
        know_address(match["address"])
    else:
        for mask in _emails(identifier):
            know_address(identifier[mask.start : mask.end])


# --- the way through the door -----------------------------------------------------------------------


def _beginning(text: str) -> str:
    """Return as much of a text as can be shown; where it goes on, what is masked may reach beyond that."""
    if len(text) <= BODY + SLACK:
        return text
    seen = visible(text[: BODY + 2 * SLACK])
    limit = len(seen) - SLACK
    masks = [mask for mask in _found(seen, _masks) if mask.start < limit]
    end = max([limit, *(mask.end for mask in masks)])
    return _filled(seen[:end], masks)


def _settled(text: str, limit: int) -> str:
    for _ in range(PASSES):
        seen = visible(text)
        again = cut(_filled(seen, _found(seen, _masks)), limit)
        if again == text:
            break
        text = again
    return text


def _filled(text: str, masks: Iterable[_Mask]) -> str:
    parts, at = list[str](), 0
    for mask in masks:
        parts += [text[at : mask.start], mask.text]
        at = mask.end
    return "".join(parts) + text[at:] if at else text


def _found(text: str, find: Callable[[str], Iterable[_Mask]]) -> list[_Mask]:
    """Return what is to be masked, in order; of places that overlap, the one that begins first has its say.

    Of two that begin together it is the one that is looked for first.
    """
    placed = [
        _Mask(*read.source(mask.start, mask.end), mask.text) for read in readings(text) for mask in find(read.text)
    ]
    merged: list[_Mask] = []
    for mask in sorted(placed, key=lambda mask: mask.start):
        if merged and mask.start < merged[-1].end:
            if merged[-1].text == _KEYHOLE:
                continue  # with the host it looks like an e-mail address
            merged[-1] = merged[-1]._replace(end=max(merged[-1].end, mask.end))
        else:
            merged.append(mask)
    return merged


# --- what is masked ---------------------------------------------------------------------------------


def _masks(text: str) -> Iterator[_Mask]:
    """Yield all that must not be shown. Each search is made only where a text holds what it begins with."""
    small = text.lower()
    if "user:" in small:
        for match in _ID.finditer(text):
            yield _Mask(*match.span(), f"{match['kind'].lower()} {match['uuid'][:8]}")
    if "bearer" in small:
        for match in _BEARER.finditer(text):
            word = _BEARER_WORD.search(match[0])
            yield _Mask(match.start() + (word.start() if word else 0), match.end(), f"Bearer {TOKEN}")
    for match in _values(text):
        yield _Mask(*match.span("value"), TOKEN)
    if "eyj" in small:
        for match in _JWT.finditer(text):
            yield _Mask(*match.span(), TOKEN)
    if "://" in text:
        for match in _PASSWORD.finditer(text):
            yield _Mask(*match.span(), _KEYHOLE)
    yield from _tokens(text, _TOKEN)
    yield from _emails(text)
    yield from _known(text)


def _tokens_apart(text: str) -> Iterator[_Mask]:
    yield from _tokens(text, _TOKEN_APART)
    yield from (mask for mask in _known(text) if mask.text == TOKEN)


def _addresses(text: str) -> Iterator[_Mask]:
    yield from _emails(text)
    yield from (mask for mask in _known(text) if mask.text == ADDRESS)
    yield from _passwords(text)


def _kept_out(text: str) -> Iterator[_Mask]:
    """Yield what may not be kept as it stands: tokens, also at the beginning of an id, and what is an address."""
    yield from _tokens(text, _TOKEN)
    yield from _emails(text)
    yield from _passwords(text)
    yield from _known(text)


def _passwords(text: str) -> Iterator[_Mask]:
    """Yield user names and passwords of links, without the @ behind them."""
    if "@" not in text:
        return
    for match in _PASSWORD.finditer(text):
        if match.end() - match.start() > 1:
            yield _Mask(match.start(), match.end() - 1, "")


def _values(text: str) -> Iterator[re.Match[str]]:
    """Yield signatures in links, and secrets in JSON."""
    if "=" in text:
        yield from _SIGNATURE.finditer(text)
    if '":' in text or '" :' in text:
        yield from _FIELD.finditer(text)


def _tokens(text: str, form: re.Pattern[str]) -> Iterator[_Mask]:
    """Yield what has the form of a token."""
    # a long s, say, is an s to a pattern and not in small letters
    if "user:" in text.lower() or not text.isascii():
        yield from (_Mask(*match.span(), TOKEN) for match in form.finditer(text))


def _known(text: str) -> Iterator[_Mask]:
    """Yield what this process knows."""
    for hit in hits(text):
        yield _Mask(hit.start, hit.end, TOKEN if hit.is_token else ADDRESS)


def _emails(text: str) -> Iterator[_Mask]:
    """Yield what has the form of an e-mail address; found by its @, so that text without one costs nothing."""
    if "@" not in text:
        return
    for match in _DOMAIN.finditer(text):
        start = _local_start(text, match.start())
        # job:7f3e2c54@2.5 is a frame at a time
        is_named = _ANY_LETTER.search(match[0].rpartition(".")[2]) or match[0].count(".") == 3
        if start < match.start() and (is_named or match[0].endswith("]")):
            yield _Mask(start, match.end(), ADDRESS)


def _local_start(text: str, at: int) -> int:
    """Return where the local part begins that ends at a place; a quoted one is taken whole."""
    if text[at - 1 : at] == '"':
        opened = text.rfind('"', max(0, at - _LONGEST_LOCAL), at - 1)
        return at if opened < 0 or "\n" in text[opened:at] else opened
    start = at
    while start > max(0, at - _LONGEST_LOCAL) and _LOCAL.match(text[start - 1]):
        start -= 1
    # the letter of an escape, as of a line break in JSON, is not part of a name
    return start + (text[start - 1 : start] == "\\" and text[start : start + 1] in "nrtbf")


# --- logs -------------------------------------------------------------------------------------------

LOGGERS = (
    "runway_nb",
    "httpx",
    *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")),
    *("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"),
)
"""Loggers whose records may hold addresses with ids, headers, or an error with either."""


class _RedactFilter(logging.Filter):
    """Rewrites what a record says, its error included, so that no handler ever sees the original."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(_message(record)), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        # a handler that formats the error itself would show it as it was
        record.exc_info = None
        record.exc_text = redact(record.exc_text) if record.exc_text else None
        record.stack_info = redact(record.stack_info) if record.stack_info else None
        return True


def _message(record: logging.LogRecord) -> str:
    with suppress(Exception):  # whatever arguments do that do not fit
        return record.getMessage()
    return str(record.msg)


_FILTER = _RedactFilter()


def redact_http_logs() -> None:
    """Redact what is logged of HTTP: httpx writes every URL, and ours hold ids with an e-mail in them."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)


logging.getLogger("runway_nb").addFilter(_FILTER)
