"""What of a job can be searched for: prompt, note and id; and the rows that an index has to read for it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from ..request import FIELDS
from ..spec import DEFAULT_MODEL, MODELS

FORM = 2
"""How the tokens are made (`search_text`); an index of another form is made anew."""
BATCH = 1000
"""Jobs that are indexed in one transaction: others wait for the lock meanwhile."""
_PROMPT = next(field for field in FIELDS if field.name == "prompt")
_TEXTS = (
    "SELECT jobs.rowid, id, model, request, original_request, note FROM jobs LEFT JOIN marks ON marks.job_id = jobs.id"
)
NEW = f"{_TEXTS} WHERE jobs.rowid > ? ORDER BY jobs.rowid LIMIT ?"
MARKED = f"{_TEXTS} WHERE marks.change > ?"


def searched_text(job_id: Any, model: Any, request: Any, original: Any, note: Any) -> str:
    """Return what of a job can be searched for: prompt, note and id; of what cannot be read nothing."""
    prompts = dict.fromkeys(_prompt(body, model) for body in (original, request))
    return "\n".join(filter(None, [*prompts, note if isinstance(note, str) else "", str(job_id)]))


def _prompt(body: Any, model: Any) -> str:
    found: Any = None
    with suppress(TypeError, ValueError, RecursionError):
        found = json.loads(body)
    row = MODELS.get(model, DEFAULT_MODEL) if isinstance(model, str) else DEFAULT_MODEL
    prompt = found.get(_PROMPT.record_name(row)) if isinstance(found, dict) else ""
    return prompt if isinstance(prompt, str) else ""
