"""A film of several videos as a durable result."""

from __future__ import annotations

from pathlib import Path

import pytest

from runway_nb.notebook.rendering.film_html import bundle
from runway_nb.notebook.rendering.result_html import EMBED_CAP
from runway_nb.sweeps.film import Film
from support.sanitizer import check_sanitized
from support.shown_jobs import UNREACHABLE


def test_a_file_whose_folder_cannot_be_looked_into_is_as_one_that_is_gone(tmp_path: Path) -> None:
    text = bundle(Film(tmp_path / UNREACHABLE / "two.mp4", "two", tmp_path))["text/plain"]
    assert text.endswith("(it is not there any more)")


@pytest.mark.parametrize(("embed", "is_said"), [("capped", True), ("auto", False), ("always", False)])
def test_one_that_is_too_large_to_travel_says_where_it_lies(tmp_path: Path, embed: str, is_said: bool) -> None:
    path = tmp_path / "a & b.mp4"
    with path.open("wb") as file:
        file.truncate(EMBED_CAP + 1)
    html = bundle(Film(path, "two", tmp_path), embed)["text/html"]
    check_sanitized(html)
    assert ("a &amp; b.mp4 (8.0 MB) is too large to be in the notebook. It lies at a &amp; b.mp4." in html) is is_said
