"""The styles of results: one home, and nothing in them that a sanitizer takes away."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runway_nb.notebook.rendering import styles
from support.sanitizer import check_sanitized

NOTEBOOK = Path(styles.__file__).parents[1]
EVERY = {
    **{name: value for name, value in vars(styles).items() if name.isupper() and isinstance(value, str)},
    **{f"notice {tone}": styles.notice(tone) for tone in styles.TONES},
    **{f"mark {tone}": styles.mark(tone) for tone in styles.TONES},
    **{f"column {kind}": styles.video_column(240, portrait=kind) for kind in (True, False)},
    "player": styles.player(560),
    "sweep table": styles.sweep_table(270, 880),
    "label column": styles.label_column(54),
    **{f"shot {mark}": styles.shot_picture(256, mark) for mark in ("starred", "rejected", "")},
    **{f"shot mark {tone}": styles.shot_mark(tone) for tone in styles.TONES},
    "shot player": styles.shot_player(150, 266),
    "tile": styles.tile(136),
    "box": styles.tile_box(82),
    "picture": styles.tile_picture(3),
}


@pytest.mark.parametrize("name", EVERY)
def test_a_style_survives_the_strictest_sanitizer(name: str) -> None:
    check_sanitized(f'<div style="{EVERY[name]}"></div>')
    assert not re.search(r"(?<![\d])\.\d", EVERY[name]), "a number without its zero is not read everywhere"


def test_results_have_their_styles_from_there() -> None:
    written = {path.name: path.read_text() for path in NOTEBOOK.rglob("*.py")}
    literal = {name: re.findall(r'style="(?!width:\{)([^{"]+)', text) for name, text in written.items()}
    assert {name: found for name, found in literal.items() if found} == {}
