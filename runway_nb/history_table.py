"""The history as a table for Python: a DataFrame where pandas is there, else a list of rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any

from .camera import MOVES
from .extension_points import provided
from .jobs.restore import video_file
from .ledger.history import ALL, HistoryEntry
from .ledger.record import Record, UnreadableRecord
from .redaction import redact, redact_line, short_id
from .references import asset_account
from .request import VideoRequest
from .shortcuts import chosen_studio
from .spec import POSITIONS
from .studio import Studio
from .values.plain import checked_whole

COLUMNS = (
    "id", "made", "prompt", "model", "status", "credits", "simulated", "seed", *MOVES, "static", "format", "length",
    "resolution", *POSITIONS, "seconds_to_make", "file", "star", "rejected", "note", "notebook", "error",
)  # fmt: skip
"""The columns, as `history` describes them."""
_WHOLE = ("credits", "seed", "length")
"""Columns of whole numbers some of which may be missing."""


class HistoryTable(list[dict[str, Any]]):
    """Rows of the history by column, which show themselves as a table."""

    columns = COLUMNS

    def __repr__(self) -> str:
        return str(provided("history.mimebundle")(self)["text/plain"])

    def _repr_html_(self) -> str:
        return str(provided("history.mimebundle")(self)["text/html"])


def history(
    words: str = "",
    *,
    model: str | None = None,
    since: Any = None,
    stars: bool = False,
    notebook: str | None = None,
    failed: bool = False,
    limit: int | None = 1000,
    studio: Studio | None = None,
) -> Any:
    """Return past jobs as a table, the newest first: a DataFrame where pandas is installed, else a list of mappings.

    Columns: `id`; `made`, when it was asked for (UTC); `prompt`; `model`; `status`, as in `%runway list`; `credits`, 0
    for play money and where nothing was charged; `simulated`; `seed`, as it was sent; the six camera moves, -10 to 10,
    0 where none was given; `static`; `format`; `length` of the video in seconds; `resolution`; `first`, `middle` and
    `last`, the keyframes by name or short id; `seconds_to_make`, from sending to the finished file; `file`, from the
    notebook's folder where it lies there; `star`, `rejected`, `note`; `notebook`; `error`, why there is no video.

    Args:
        words: Each stands in the prompt, the note or the id, at least as the beginning of a word.
        model: A name of `%runway models`.
        since: Such as `7d`, `24h`, `yesterday` or `2026-11-01`, or a date.
        stars: Those with a star only.
        notebook: The name of a notebook, or the end of its path.
        failed: Those that ended without a video only.
        limit: How many at most, from 1; None for all.
        studio: By default the one of this process.

    Raises `InvalidRequest` with all mistakes, `LedgerError`.
    """
    made_by = chosen_studio(studio)
    found = made_by.ledger.history
    wanted = found.wanted(words, model=model, since=since, stars=stars, notebook=notebook, failed=failed)
    most = ALL if limit is None else checked_whole(limit, "limit", 1, ALL)
    return table_of(found.all(wanted, limit=most), made_by.folder)


def table_of(entries: Iterable[HistoryEntry], folder: Path) -> Any:
    """Return the table of some jobs; `folder` is the notebook's."""
    rows = [_row(entry, folder) for entry in entries]
    try:
        pandas = import_module("pandas")
    except ImportError:
        return HistoryTable(rows)
    frame = pandas.DataFrame(rows, columns=list(COLUMNS))
    frame["made"] = pandas.to_datetime(frame["made"], utc=True)
    return frame.astype(dict.fromkeys(_WHOLE, "Int64"))


def _row(entry: HistoryEntry, folder: Path) -> dict[str, Any]:
    """Return one job by column. What a user wrote is redacted: a table is saved with its notebook."""
    record = entry.record
    of_record = _unreadable(record) if isinstance(record, UnreadableRecord) else _readable(record, folder)
    made = None if record.asked is None else datetime.fromtimestamp(record.asked, timezone.utc)
    marks = {"star": entry.marks.star, "rejected": entry.marks.rejected, "note": redact(entry.marks.note)}
    row = {"id": record.id, "made": made, **of_record, **marks}
    return {name: row[name] for name in COLUMNS}


def _unreadable(record: UnreadableRecord) -> dict[str, Any]:
    credits_ = record.credits if record.is_price_known else None
    is_simulated = record.backend == "simulator"
    texts = dict.fromkeys(("prompt", "model", "format", "resolution", *POSITIONS, "file", "notebook"), "")
    numbers = dict.fromkeys(("seed", *MOVES, "static", "length", "seconds_to_make"))
    error = redact_line(record.problem)
    return {
        **texts, **numbers, "status": "cannot be read", "credits": 0 if is_simulated else credits_,
        "simulated": is_simulated, "error": error,
    }  # fmt: skip


def _readable(record: Record, folder: Path) -> dict[str, Any]:
    sent = VideoRequest.from_wire(record.request, record.model)
    asked = VideoRequest.from_wire(record.original_request or record.request, record.model)
    price = 0 if record.simulated else record.credits if record.is_price_known else None
    pictures = {position: _picture(asked.keyframes.given.get(position, "")) for position in POSITIONS}
    return {
        "prompt": redact(asked.prompt), "model": record.model, "status": record.phase, "credits": price,
        "simulated": record.simulated, "seed": sent.seed,
        **{name: float(getattr(asked.camera, name) or 0) for name in MOVES}, "static": bool(asked.camera.static),
        "format": sent.format, "length": sent.length, "resolution": sent.resolution or "", **pictures,
        "seconds_to_make": record.took, "file": _file(video_file(record), folder),
        "notebook": redact_line(PurePath(record.notebook).name or record.notebook),
        "error": redact_line(record.message),
    }  # fmt: skip


def _picture(picture: object) -> str:
    text = str(picture)
    return short_id(text) if asset_account(text) else redact_line(PurePath(text).name)


def _file(video: Path | None, folder: Path) -> str:
    """Return the path of a file, from the notebook's folder where it lies in it; nothing where there is none."""
    if video is None:
        return ""
    return redact_line(str(video.relative_to(folder) if video.is_relative_to(folder) else video))
