"""`--dry-run`: what would be sent, and its price."""

from __future__ import annotations

import json

from ...redaction import redact
from ...request import VideoRequest
from ...sweeps.price import CheckedSweep

_LABELS = 12
"""Variants that are named."""


def sweep_dry_run_text(checked: CheckedSweep) -> str:
    """Return the price of a sweep, what distinguishes its variants, and what would be sent for the first of them."""
    labels = [variant.label for variant in checked.plan.variants]
    more = [f"  and {len(labels) - _LABELS} more"] if len(labels) > _LABELS else []
    lines = [f"{checked.price.text}, in this order:", *(f"  {label}" for label in labels[:_LABELS]), *more]
    return "\n".join([*lines, "", f"{labels[0]}:", dry_run_text(checked.requests[0].request)])


def dry_run_text(request: VideoRequest) -> str:
    """Return what would be sent, and its price."""
    from ..rendering.facts import camera_words_text, frame_text, take_facts  # loads the rendering

    row = request.row
    body = redact(json.dumps(request.to_wire(), indent=2, ensure_ascii=False))
    # a format that is not given is that of the first picture
    frame = [] if request.aspect is None and request.keyframes.given else [frame_text(request)]
    lines = [
        f"Dry run, nothing was sent. POST {row.path}",
        body,
        f"Model: {', '.join([row.title, *frame, *take_facts(request)])}.",
        camera_words_text(request),
        f"Price: {request.price_text.removeprefix('price ')}.",
        "" if request.seed is not None or not row.seed else "The seed is drawn when it is sent.",
        *(f"Note: {warning}." for warning in request.warnings()),
    ]
    return "\n".join(filter(None, lines))
