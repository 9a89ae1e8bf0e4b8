"""`%runway help` in a notebook: tables that wrap, and the same words as text."""

from __future__ import annotations

import re
from html import unescape
from typing import Any, cast

import pytest

from runway_nb.notebook.language.options import OPTIONS
from runway_nb.notebook.magics.command_line import Arguments
from runway_nb.notebook.magics.commands import COMMANDS, show_help
from runway_nb.notebook.rendering.help_tables import HelpSection, help_html
from support.sanitizer import check_sanitized, tags


class Shown:
    """A front end that keeps what it is to show."""

    def __init__(self) -> None:
        self.bundles: list[dict[str, str]] = []

    def show_bundle(self, bundle: dict[str, str]) -> None:
        self.bundles.append(bundle)


@pytest.fixture
def shown() -> dict[str, str]:
    front_end = Shown()
    show_help(cast(Any, front_end), Arguments([], {}))
    (bundle,) = front_end.bundles
    return bundle


def test_every_option_and_command_is_in_both_forms(shown: dict[str, str]) -> None:
    cells = re.findall(r"<td[^>]*>(.*?)</td>", shown["text/html"])
    words = [unescape(re.sub("<[^>]*>", "", cell)) for cell in cells]
    for option in OPTIONS:
        assert option.usage in words
        assert option.usage in shown["text/plain"]
    for command in COMMANDS:
        assert command.line in words
        assert command.help in words
        assert command.line in shown["text/plain"]


def test_its_tables_survive_the_sanitizer_and_wrap(shown: dict[str, str]) -> None:
    check_sanitized(shown["text/html"])
    found = [(tag, attributes["style"] or "") for tag, attributes in tags(shown["text/html"]) if "style" in attributes]
    assert [style for tag, style in found if tag in ("td", "th") and "white-space:normal" not in style] == []
    assert [style for tag, style in found if tag == "table" and "table-layout:fixed" not in style] == []


def test_what_is_typed_is_no_markup() -> None:
    section = HelpSection("%%runway <b>", "a\nline & another", "Options", [("--x <N>", "Below <5> & above.")])
    html = help_html([section])
    assert "%%runway &lt;b&gt;" in html
    assert "a line &amp; another" in html
    assert "--x &lt;N&gt;" in html
