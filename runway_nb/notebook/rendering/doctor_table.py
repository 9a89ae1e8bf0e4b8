"""The doctor's report as HTML: a table with a word and a sign for each line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from ...doctor.finding import Finding
from ...doctor.report import as_json, as_text, summary
from . import styles

SIGNS = {"ok": "\u2713", "wrong": "!", "unknown": "?"}
"""Beside the word of each state."""
_TONES = {"ok": "good", "wrong": "warn", "unknown": "calm"}
_WIDTHS = (17, 22, 61)
"""Percent of the table's width."""
_CLIP_SIZE = (160, 96)


def report_bundle(findings: Sequence[Finding], clips: str = "", *, as_data: bool = False) -> dict[str, str]:
    """Return findings as a MIME bundle.

    Args:
        findings: In order.
        clips: HTML that stands below them.
        as_data: Whether they are shown as JSON.
    """
    if as_data:
        text = as_json(findings)
        return {"text/html": f'<pre style="{styles.CELL}">{escape(text)}</pre>{clips}', "text/plain": text}
    plain = f'<tr style="{styles.NO_BACKGROUND}">'
    titles = ("State", "What", "Found")
    head = "".join(
        f'<th scope="col" style="{styles.wrapped_title(percent)}">{title}</th>'
        for title, percent in zip(titles, _WIDTHS, strict=True)
    )
    rows = "".join(f"{plain}{_cells(finding)}</tr>" for finding in findings)
    html = (
        f'<div style="{styles.HELP}"><table style="{styles.WRAPPED_TABLE}"><thead style="{styles.TABLE_HEAD}">'
        f'{plain}{head}</tr></thead><tbody>{rows}</tbody></table><div style="{styles.REPORT_END}">'
        f"{escape(summary(findings))}</div>{clips}</div>"
    )
    return {"text/html": html, "text/plain": as_text(findings)}


def clips_html(sources: Mapping[str, str], titles: Mapping[str, str], question: str = "") -> str:
    """Return clips of one second as HTML; nothing without any.

    Args:
        sources: The `src` of each.
        titles: The title of each, by which the page's script finds it.
        question: Stands above them.
    """
    width, height = _CLIP_SIZE
    players = "".join(
        f'<video controls loop muted preload="auto" title="{escape(titles[key])}" width="{width}" height="{height}" '
        f'style="{styles.player(width)}" src="{escape(source)}"></video>'
        for key, source in sources.items()
    )
    above = f'<div style="{styles.ABOVE}">{escape(question)}</div>' if question else ""
    return f'<div style="{styles.CLIPS}">{above}<div style="{styles.CLIP_ROW}">{players}</div></div>' if sources else ""


def _cells(finding: Finding) -> str:
    sign = f'<span style="{styles.mark(_TONES[finding.state])}">{SIGNS[finding.state]}</span>'
    advice = f'<div style="{styles.ADVICE}">{escape(finding.advice)}</div>' if finding.advice else ""
    return (
        f'<td style="{styles.WRAPPED_CELL}">{sign}{finding.state}</td>'
        f'<td style="{styles.WRAPPED_CELL}">{escape(finding.name)}</td>'
        f'<td style="{styles.WRAPPED_CELL}">{escape(finding.text)}{advice}</td>'
    )
