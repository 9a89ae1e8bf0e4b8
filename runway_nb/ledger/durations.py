"""How long the videos of a model took."""

from __future__ import annotations

from .job_table import JobTable
from .phase import IS_DONE_SQL
from .record import Record


def finished_of(table: JobTable, backend: str, model: str, limit: int) -> list[Record]:
    """Return the jobs of a model that brought a video at a backend and whose duration is known, the newest first."""
    clause = (
        f"WHERE model = ? AND backend = ? AND {IS_DONE_SQL} AND took > 0 AND digest != '' ORDER BY rowid DESC LIMIT ?"
    )
    return table.records(clause, (model, backend, limit))
