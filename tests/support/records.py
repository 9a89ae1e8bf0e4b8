"""Rows of the ledger, for tests that do not ask how they came to be."""

from __future__ import annotations

from typing import Any

from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.record import Record

JOB = "7f3e2c54"
"""The id of the job that most tests speak of."""


def a_record(job_id: str = JOB, **fields: Any) -> Record:
    """Return a job that is polled, with what is given in place of its usual fields."""
    usual: dict[str, Any] = {
        "phase": "following", "request": {"text_prompt": "A lamp"}, "model": "gen3turbo", "digest": f"v1:{job_id}",
        "reply_ref": f"rnb-{job_id}", "credits": 25, "simulated": False,
    }  # fmt: skip
    return Record(job_id, **{**usual, **fields})


def recent_records(ledger: Ledger, limit: int = 50) -> list[Record]:
    """Return the jobs that were written last, the newest first, each of which must be readable."""
    found = []
    for record in ledger.recent(limit):
        assert isinstance(record, Record), f"{record!r} cannot be read"
        found.append(record)
    return found
