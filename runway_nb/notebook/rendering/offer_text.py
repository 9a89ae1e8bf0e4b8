"""A sweep that waits for a yes, as text/html and text/plain: right with the buttons beside it and without. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ...redaction import redact
from . import styles
from .facts import sentence
from .plain_text import ascii_text
from .result_html import div

AGAIN = "run the cell again with --yes"


def offer_bundle(title: str, lines: Sequence[str], tone: str = "warn") -> dict[str, str]:
    """Return a notice about a sweep.

    Args:
        title: What it is about, on one line.
        lines: Why, and what to do; empty ones stay out.
        tone: bad, warn or calm.
    """
    shown = [sentence(redact(line)) for line in lines if line]
    mark = {"bad": "\N{MULTIPLICATION X}", "warn": "!"}.get(tone, "\N{BLACK SQUARE}")
    head = (
        f'<div><span style="{styles.mark(tone)}">{mark}</span>'
        f'<strong style="{styles.TITLE}">{escape(redact(title))}</strong></div>'
    )
    html = div(styles.notice(tone), head + "".join(f"<div>{escape(line)}</div>" for line in shown))
    return {"text/html": html, "text/plain": ascii_text("\n".join([redact(title), *shown]))}


def waiting_lines(why: str, name: str) -> list[str]:
    """Return what is said while the buttons stand there; all of it is true without a kernel, too."""
    unbound = f"the variable {name} has no value until it is sent" if name else ""
    return [why, f"nothing was sent: press Send below, or {AGAIN}", unbound]


def withdrawn_lines(why: str, name: str) -> list[str]:
    """Return what is said once the buttons are gone and nothing was sent."""
    unbound = f"the variable {name} has no value" if name else ""
    return [why, f"nothing was sent: {AGAIN} to send it", unbound]
