"""`%runway help` as HTML: what is typed and what it does, in tables whose words wrap."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from . import styles

_TYPED = 32
"""Percent of the width for what is typed."""


class HelpSection(NamedTuple):
    """What is said about one magic."""

    usage: str
    intro: str
    title: str
    """What its rows are: options, commands."""
    rows: Sequence[tuple[str, str]]
    """What is typed, and what it does."""


def help_html(sections: Sequence[HelpSection]) -> str:
    """Return sections of help as HTML."""
    return f'<div style="{styles.HELP}">{"".join(map(_section, sections))}</div>'


def _section(section: HelpSection) -> str:
    plain = f'<tr style="{styles.NO_BACKGROUND}">'
    head = "".join(
        f'<th scope="col" style="{styles.wrapped_title(percent)}">{escape(title)}</th>'
        for title, percent in ((section.title, _TYPED), ("What it does", 100 - _TYPED))
    )
    rows = "".join(
        f'{plain}<td style="{styles.TYPED_CELL}">{_unbroken(typed)}</td>'
        f'<td style="{styles.WRAPPED_CELL}">{escape(text)}</td></tr>'
        for typed, text in section.rows
    )
    return (
        f'<div style="{styles.HELP_USAGE}">{escape(section.usage)}</div>'
        f'<div style="{styles.HELP_INTRO}">{escape(" ".join(section.intro.split()))}</div>'
        f'<table style="{styles.WRAPPED_TABLE}"><thead style="{styles.TABLE_HEAD}">{plain}{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _unbroken(typed: str) -> str:
    """Return what is typed as HTML whose lines break between optional parts, and not at the hyphens of their names."""
    return re.sub(r"\[[^\]]*\]", lambda part: f'<span style="{styles.UNBROKEN}">{part[0]}</span>', escape(typed))
