"""The findings as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from textwrap import wrap

from .finding import Finding

_WIDTH = 100


def as_text(findings: Sequence[Finding]) -> str:
    """Return the findings as lines, and at the end how many are wrong."""
    widest = max((len(finding.name) for finding in findings), default=0)
    lines = []
    for finding in findings:
        begin = f"{finding.state:<8} {finding.name:<{widest}}  "
        texts = [finding.text, *([f"-> {finding.advice}"] if finding.advice else [])]
        parts = [line for text in texts for line in _wrapped(text, _WIDTH - len(begin))]
        lines += [f"{begin if number == 0 else ' ' * len(begin)}{part}" for number, part in enumerate(parts)]
    return "\n".join([*lines, "", summary(findings)])


def as_json(findings: Sequence[Finding]) -> str:
    """Return the findings as JSON, with `ok` for all of them together."""
    lines = [finding._asdict() for finding in findings]
    return json.dumps({"ok": not has_wrong(findings), "findings": lines}, indent=2)


def summary(findings: Sequence[Finding]) -> str:
    """Return what all of them come to."""
    count = sum(finding.state == "wrong" for finding in findings)
    if count:
        return "1 thing is wrong." if count == 1 else f"{count} things are wrong."
    return "Nothing is wrong."


def has_wrong(findings: Sequence[Finding]) -> bool:
    """Return True when something is wrong."""
    return any(finding.state == "wrong" for finding in findings)


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
