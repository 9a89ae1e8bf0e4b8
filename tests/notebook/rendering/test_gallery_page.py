"""The gallery of an export: whatever stands in a manifest, the page is a page."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.jobs.manifest import ExportedFile, ExportedJob, ExportedPicture
from runway_nb.notebook.rendering.gallery_page import PER_PAGE, gallery_pages
from runway_nb.spec import MODELS
from support.records import JOB
from support.sanitizer import tags
from support.strategies import TASK_ID

SHA = "0" * 64
A_JOB = ExportedJob(
    JOB, "done", "gen3turbo", "api.useapi.net", simulated=False, digest="",
    original_request={"text_prompt": "A lighthouse at dusk"},
    request={"text_prompt": "A lighthouse at dusk", "seed": 1842, "zoom": 4, "aspect_ratio": "portrait"},
    keyframes={"first": ExportedPicture("lamp.png", SHA, ExportedFile("pictures/lamp-0.png", SHA, 12))},
    credits=25, created=1.7e9, sent=1.7e9, took=42.0, cell="%%runway shot --zoom 4\nA lighthouse at dusk",
    video=ExportedFile(f"videos/a-lighthouse-{JOB}.mp4", SHA, 2_800_000),
    poster=ExportedFile(f"posters/a-lighthouse-{JOB}.jpg", SHA, 308),
)  # fmt: skip
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>' \u202e\x00 {{x}}"
LOOSE = {"meta", "img", "input", "link", "br"}


def page(*jobs: ExportedJob) -> str:
    return gallery_pages(jobs)["index.html"]


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html.partition("</style>")[2])).split())


def test_a_video_waits_until_it_is_played_and_says_what_it_is() -> None:
    html = page(A_JOB)
    ((_, video),) = [found for found in tags(html) if found[0] == "video"]
    assert video == {
        "src": f"videos/a-lighthouse-{JOB}.mp4", "controls": None, "loop": None, "playsinline": None, "muted": None,
        "preload": "none", "poster": f"posters/a-lighthouse-{JOB}.jpg", "width": "768", "height": "1280",
        "aria-label": "Video: A lighthouse at dusk",
    }  # fmt: skip
    assert "autoplay" not in html


def test_a_page_tells_prompt_settings_and_cell() -> None:
    text = words(page(A_JOB))
    for said in (
        "1 video", "A lighthouse at dusk", "Gen-3 Alpha Turbo \u00b7 zoom +4 \u00b7 5 s \u00b7 seed 1842",
        "25 credits", "768 x 1280", "first keyframe lamp.png", "(2.8 MB)", f"job {JOB}",
        "%%runway shot --zoom 4 A lighthouse at dusk",
    ):  # fmt: skip
        assert said in text, text
    images = [attributes for tag, attributes in tags(page(A_JOB)) if tag == "img"]
    assert images == [{"src": "pictures/lamp-0.png", "alt": "first keyframe: lamp.png", "loading": "lazy"}]


def test_a_job_without_a_cell_shows_one_that_asks_for_the_same() -> None:
    assert "%%runway --first lamp.png A lighthouse at dusk" in words(page(replace(A_JOB, cell="")))


def test_stars_rejections_and_notes_are_shown_and_chosen_by() -> None:
    jobs = [replace(A_JOB, star=True, note="the best"), replace(A_JOB, id="0000000a", rejected=True), A_JOB]
    html = page(*jobs)
    classes = [attributes.get("class") for tag, attributes in tags(html) if tag == "article"]
    assert classes == ["starred", "rejected", None]
    assert "Show All 3 \u2605 Starred 1 Without rejected" in words(html)
    assert "the best" in words(html)
    assert "<fieldset>" not in page(A_JOB), "nothing to choose from"


def test_who_asked_for_sound_hears_it() -> None:
    model = next(name for name, row in MODELS.items() if row.audio)
    job = replace(A_JOB, model=model, request={"text_prompt": "Waves", "audio": True}, keyframes={})
    assert " muted" not in page(job).partition("<main>")[2]


def test_a_failure_says_why() -> None:
    job = replace(A_JOB, phase="failed", video=None, poster=None, message="Runway reported: INTERNAL")
    html = page(job)
    assert "<video" not in html
    assert "0 videos" in words(html)
    assert "Without a video Runway reported: INTERNAL" in words(html)


def test_a_long_prompt_is_folded() -> None:
    prompt = "a b " * 300
    html = page(replace(A_JOB, request={"text_prompt": prompt}, original_request={}, cell=""))
    above, _, folded = html.partition("<details>")
    assert len(words(above)) < 700
    assert prompt.strip() in folded


def test_of_a_model_that_is_not_known_the_page_shows_what_it_can() -> None:
    job = replace(A_JOB, model="gen9", cell="", request={"text_prompt": "A lamp", "zoom": 1})
    text = words(page(job))
    assert "A lamp" in text
    assert "gen9" in text


def test_many_videos_stand_on_several_pages() -> None:
    pages = gallery_pages([A_JOB] * (2 * PER_PAGE + 1))
    assert list(pages) == ["index.html", "page-2.html", "page-3.html"]
    assert [html.count("<article") for html in pages.values()] == [PER_PAGE, PER_PAGE, 1]
    links = [attributes for tag, attributes in tags(pages["page-2.html"]) if tag == "a" and "page" in str(attributes)]
    assert links[0] == {"href": "page-2.html", "aria-current": "page"}


def test_an_empty_export_is_a_page() -> None:
    assert "Nothing was exported yet." in words(page())


hostile = st.just(HOSTILE) | st.text(max_size=40)


@given(hostile, hostile, hostile, hostile, hostile)
def test_whatever_stands_there_is_text(prompt: str, note: str, cell: str, name: str, word: str) -> None:
    job = replace(
        A_JOB, request={"text_prompt": prompt, "taskType": word}, original_request={"text_prompt": prompt}, note=note,
        cell=cell, keyframes={"first": ExportedPicture(name)}, model=word or "x", backend=word, notebook=name,
        message=note, star=True,
    )  # fmt: skip
    for html in (page(job), page(replace(job, video=None, model="gen3turbo"))):
        found = tags(html.partition("</head>")[2])
        kinds = {tag for tag, _ in found}
        assert kinds <= {
            "body", "header", "h1", "p", "fieldset", "legend", "label", "input", "main", "article", "video", "a", "h2",
            "span", "details", "summary", "dl", "dt", "dd", "pre", "code", "footer", "div", "strong",
        }  # fmt: skip
        names = {attribute for _, attributes in found for attribute in attributes}
        assert not [name for name in names if name.startswith("on")]
        links = [attributes.get("href") or attributes.get("src") or "" for _, attributes in found]
        assert {link.partition("/")[0] for link in links} <= {"", "videos"}


@pytest.mark.parametrize("secret", ["sam@example.org", TASK_ID, "https://a.example/v?_jwt=eyJhbGciOi.eyJzdWIi.c2ln"])
def test_secrets_of_an_older_manifest_are_masked_too(secret: str) -> None:
    job = replace(A_JOB, request={"text_prompt": secret}, note=secret, cell=f"%%runway\n{secret}", message=secret)
    assert secret not in page(job)
    assert "example.org" not in page(job)
