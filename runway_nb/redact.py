"""What may be shown: short ids, and text without tokens, signed links or e-mail addresses.

Task ids and asset ids carry the account's e-mail (API facts 2.1), and so do some messages of the API, so
every text that comes from outside passes `redact` before a person, a log or a notebook sees it.
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache

from .spec import ID_FORM, TOKEN_FORM

_ID = re.compile(ID_FORM)
_TOKEN = re.compile(TOKEN_FORM.replace(":", "(?::|%3[Aa])"))
_TOKEN_APART = re.compile(_TOKEN.pattern.replace("-[", "-(?!runwayml:)[", 1))
"""A token that stands for itself; the beginning of an id looks like one."""
_BEARER = re.compile(r"(?i)\bbearer\s+\S+")
_EMAIL = re.compile(r"(?<![\w.+'%-])[\w.+'%-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+")
_SIGNATURE = re.compile(r"(_jwt(?:=|%3[Dd]))[^&\s\"']+")


def short_id(identifier: str) -> str:
    """The first eight characters of the uuid of a task id or asset id; other text is cut to eight."""
    match = _ID.search(identifier)
    return (match["uuid"] if match else redact(identifier))[:8]


def redact(text: str) -> str:
    """`text` with ids shortened, and tokens, signatures of links and e-mail addresses masked."""
    text = _ID.sub(lambda match: f"{match['kind']} {match['uuid'][:8]}", text)
    text = _BEARER.sub("Bearer ***", text)
    text = _TOKEN.sub("***", text)
    text = _SIGNATURE.sub(r"\1***", text)
    return _EMAIL.sub("***@***", text).encode(errors="replace").decode()


def mask_tokens(text: str) -> str:
    """`text` without tokens, for what is kept; ids are left whole."""
    return _TOKEN_APART.sub("***", text)


def redact_cell(text: str) -> str:
    """A cell with its ids shortened to what can be typed again, and secrets masked."""
    return redact(_ID.sub(lambda match: match["uuid"][:8], text))


class _RedactFilter(logging.Filter):
    """Rewrites the finished message of a record, so that no handler ever sees the original."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


@lru_cache(maxsize=1)
def redact_http_logs() -> None:
    """Redact what httpx logs: it writes every URL, and ours hold ids with an e-mail in them."""
    for name in ("httpx", "httpcore.http11", "httpcore.connection"):
        logging.getLogger(name).addFilter(_RedactFilter())
