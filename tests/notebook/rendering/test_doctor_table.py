"""The doctor's report as HTML: words and signs that survive the sanitizer."""

from __future__ import annotations

import json

from runway_nb.doctor.finding import ok, unknown, wrong
from runway_nb.notebook.rendering.doctor_table import SIGNS, clips_html, report_bundle
from support.sanitizer import check_sanitized, tags

FOUND = (ok("Python", "3.11"), wrong("token", "it is <short> & old", "copy it <whole>"), unknown("page", "no page"))
SOURCES = {"path": "runway_outputs/a%20b.mp4", "data": "data:video/mp4;base64,AAAA"}
TITLES = {"path": "by its path", "data": 'in the "notebook"'}


def test_each_line_has_a_sign_a_word_what_was_found_and_what_to_do() -> None:
    html = report_bundle(FOUND)["text/html"]
    check_sanitized(html)
    for finding in FOUND:
        assert f">{SIGNS[finding.state]}</span>{finding.state}</td>" in html
    assert "it is &lt;short&gt; &amp; old" in html
    assert "copy it &lt;whole&gt;" in html
    assert "1 thing is wrong." in html


def test_its_text_is_the_same_report() -> None:
    text = report_bundle(FOUND)["text/plain"]
    assert text.splitlines()[0] == "ok       Python  3.11"
    assert "-> copy it <whole>" in text


def test_as_json_both_forms_are_json() -> None:
    bundle = report_bundle(FOUND, as_data=True)
    assert json.loads(bundle["text/plain"])["ok"] is False
    assert "&quot;ok&quot;: false" in bundle["text/html"]
    check_sanitized(bundle["text/html"])


def test_the_clips_are_players_that_are_found_by_their_titles() -> None:
    html = clips_html(SOURCES, TITLES, "Which plays?")
    check_sanitized(html)
    players = [attributes for tag, attributes in tags(html) if tag == "video"]
    assert [(each["src"], each["title"]) for each in players] == [(SOURCES[key], TITLES[key]) for key in SOURCES]
    assert all("autoplay" not in each for each in players)
    assert "Which plays?" in html
    assert clips_html({}, TITLES) == ""
    assert html in report_bundle(FOUND, html)["text/html"]
