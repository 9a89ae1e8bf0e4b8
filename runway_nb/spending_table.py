"""Who spent what, as a table for Python: a DataFrame where pandas is there, else a list of rows."""

from __future__ import annotations

from datetime import datetime, timezone
from importlib import import_module
from typing import Any

from .ledger.record import UserSpending
from .redaction import redact_line
from .shortcuts import chosen_studio
from .studio import Studio

COLUMNS = ("user", "where", "simulated", "model", "videos", "credits", "last")
"""The columns, as `spending` describes them."""


def spending(*, studio: Studio | None = None) -> Any:
    """Return who spent what in this ledger: a DataFrame where pandas is installed, else a list of mappings.

    Columns: `user`, the name, nothing for none, and for an e-mail address the key that stands for it in the ledger;
    `where`, `simulator` or the host of the API; `simulated`; `model`; `videos` that were made; `credits`, what counts
    as spent, play money where `simulated`; `last`, when the last one was asked for (UTC).

    `studio` is by default the one of this process. Raises `InvalidRequest`, `LedgerError`.
    """
    rows = [_row(each) for each in chosen_studio(studio).ledger.spending.by_user()]
    try:
        pandas = import_module("pandas")
    except ImportError:
        return rows
    frame = pandas.DataFrame(rows, columns=list(COLUMNS))
    frame["last"] = pandas.to_datetime(frame["last"], utc=True)
    return frame


def _row(each: UserSpending) -> dict[str, Any]:
    last = None if each.last is None else datetime.fromtimestamp(each.last, timezone.utc)
    return {
        "user": redact_line(each.user), "where": redact_line(each.backend), "simulated": each.backend == "simulator",
        "model": redact_line(each.model), "videos": each.videos, "credits": each.credits, "last": last,
    }  # fmt: skip
