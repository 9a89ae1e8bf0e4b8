"""Whether a refused create means that its model is gone. Pure.

No document says how a dead endpoint answers; the banner on the pages of Gen-3 reads "no longer supported" (Model facts
1). What is documented today is no such sign: a 400 is about a parameter, a 404 about an asset (API facts 2.3 and 3.5).
"""

from __future__ import annotations

import re
from enum import Enum

from ..errors import ApiError, BadRequest, ModelRetired, NotFound
from ..request import FIELDS, VideoRequest
from ..spec import MODELS
from ..succession import go_on_with


class Retirement(Enum):
    """What a refused create says of its model."""

    NONE = "none"
    LIKELY = "likely"
    """Its status says so, its text nothing."""
    SAID = "said"
    """Its text says so: nothing was started."""


_SAYS_SO = re.compile(
    r"no longer (?:supported|available|offered|exists?)|not (?:supported|available|offered) any ?(?:more|longer)"
    r"|\b(?:deprecated|retired|discontinued|decommissioned|sunset)\b|end[- ]of[- ]life"
    r"|\b(?:was|been) (?:removed|shut down)|\b(?:use|switch to|migrate to) gen-?4",
    re.IGNORECASE,
)
_NAMES = sorted({word for row in MODELS.values() for word in (row.name, row.title)})
_MODEL = re.compile(
    rf"\bmodels?\b|\bendpoint\b|gen[- ]?\d|{'|'.join(re.escape(word) for word in _NAMES)}",
    re.IGNORECASE,
)
"""What is gone has to be named: values, contents and users are removed, too."""
_WIRE_NAMES = {name for row in MODELS.values() for field in FIELDS if (name := field.wire_name(row))}
_ELSE = re.compile(
    r"asset|account|token|subscri|e-?mail|@|session|\bplan\b|\busers?\b|config|region|explore|\btask\b|image|picture"
    r"|keyframe|param|\bvalues?\b|header|ratio\b|moderat"
    rf"|\b(?:{'|'.join(sorted(_WIRE_NAMES))})\b",
    re.IGNORECASE,
)
"""What a refusal is about that is not about the model."""


def retirement(status: int, message: str, model: str = "") -> Retirement:
    """Return what a refused create means for its model.

    Args:
        status: The HTTP status.
        message: The text of the answer.
        model: What the model is called, where it is not in the table.
    """
    if status not in (400, 404, 410) or _ELSE.search(message):
        return Retirement.NONE
    is_named = _MODEL.search(message) or (model and model.casefold() in message.casefold())
    if is_named and _SAYS_SO.search(message):
        return Retirement.SAID
    return Retirement.NONE if status == 400 else Retirement.LIKELY


def as_retired(error: ApiError, request: VideoRequest) -> ApiError:
    """Return the error of a refused create, as `ModelRetired` with the model to go on with where it means that."""
    is_asked = type(error) in (BadRequest, NotFound)
    found = retirement(error.status, error.message, request.row.title) if is_asked else Retirement.NONE
    if found is Retirement.NONE:
        return error
    is_said = found is Retirement.SAID
    verb = "has been retired" if is_said else "seems to have been retired"
    text = f"{request.row.title} {verb} ({error.message.rstrip('.')})"
    return ModelRetired(": ".join(filter(None, [text, go_on_with(request)])), error.status, error.running, is_said)
