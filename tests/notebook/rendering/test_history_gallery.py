"""A page of the history: tiles that survive the sanitizer, and a table."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from runway_nb.ledger.history import HistoryFilter, HistoryPage
from runway_nb.ledger.ledger import Ledger
from runway_nb.notebook.rendering.history_gallery import FRAME, USUAL, Shown, bundle
from support.fakes import TOKEN
from support.records import a_record
from support.sanitizer import check_sanitized, tags
from support.strategies import EMAIL, TASK_ID

NOW = 1_763_801_240.0
PROMPT = "A lighthouse at dusk"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "home", lambda: NOW)
    yield ledger
    ledger.close()


def a_poster(width: int = 560, height: int = 336) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((width, height), 12).convert("RGB").save(out, "JPEG", quality=60)
    return out.getvalue()


def add(ledger: Ledger, number: int = 1, prompt: str = PROMPT, **fields: Any) -> str:
    seed = fields.pop("seed", 7)
    given = {"phase": "done", "request": {"text_prompt": prompt, "seed": seed, **fields.pop("given", {})}, **fields}
    return ledger.add(a_record(f"{number:08x}", **given)).id


def page(ledger: Ledger, **wanted: Any) -> HistoryPage:
    return ledger.history.page(HistoryFilter(**wanted), limit=USUAL)


def made(
    ledger: Ledger, poster: Callable[[str], bytes | None] = lambda _: None, folder: Path = Path("/notebooks"),
    **wanted: Any,
) -> dict[str, str]:  # fmt: skip
    return bundle(page(ledger, **wanted), HistoryFilter(**wanted), Shown({}, poster, folder))


def test_a_tile_says_everything_of_a_job(ledger: Ledger) -> None:
    lamp = add(ledger, 1, seed=7)
    add(ledger, 2, seed=8, model="gen4_5")
    ledger.marks.set(lamp, star=True, note="the good one")
    html = made(ledger)["text/html"]
    for text in (
        PROMPT,
        "\N{BLACK STAR} starred",
        "the good one",
        "seed 7",
        "seed 8",
        "gen4_5",
        "done",
        "25 credits",
        lamp,
    ):
        assert text in html
    check_sanitized(html)
    assert f'title="runway_nb job {lamp}"' in html


def test_the_default_model_is_not_said(ledger: Ledger) -> None:
    add(ledger)
    assert "gen3turbo" not in made(ledger)["text/html"] + made(ledger)["text/plain"]


def test_posters_are_asked_for_on_the_page_only_and_made_small(ledger: Ledger) -> None:
    for number in range(1, 31):
        add(ledger, number)
    asked: list[str] = []
    picture = a_poster()

    def poster(job_id: str) -> bytes:
        asked.append(job_id)
        return picture

    html = made(ledger, poster)["text/html"]
    assert asked == [f"{number:08x}" for number in range(30, 30 - USUAL, -1)]
    images = [attributes for tag, attributes in tags(html) if tag == "img"]
    assert len(images) == USUAL
    assert all(attributes["width"] == str(FRAME[0]) for attributes in images)
    assert all((attributes["alt"] or "").startswith("video A lighthouse") for attributes in images)
    assert len(html) < USUAL * 30_000


def test_a_poster_leads_to_the_file_from_the_notebook(ledger: Ledger, tmp_path: Path) -> None:
    video = tmp_path / "runway_outputs" / "a lamp.mp4"
    video.parent.mkdir()
    video.write_bytes(b"mp4")
    add(ledger, 1, video=str(video))
    add(ledger, 2, video=str(tmp_path / "gone.mp4"))
    html = made(ledger, folder=tmp_path)["text/html"]
    assert [attributes["href"] for tag, attributes in tags(html) if tag == "a"] == ["runway_outputs/a%20lamp.mp4"]
    check_sanitized(html)


def test_why_there_is_no_video_is_said(ledger: Ledger) -> None:
    add(ledger, 1, phase="failed", error="TaskFailed", message="the model <broke>")
    html = made(ledger, failed=True)["text/html"]
    assert "the model &lt;broke&gt;" in html
    assert ">failed</span>" in html
    assert "1 job that ended without a video." in html


def test_no_secret_is_shown_wherever_it_stands(ledger: Ledger) -> None:
    job = add(
        ledger, 1, f"Ask {EMAIL} {TOKEN}", given={"firstImage_assetId": TASK_ID}, phase="failed", message=f"no {EMAIL}"
    )
    add(ledger, 2, notebook=f"/home/{EMAIL}/film.ipynb")
    ledger.marks.set(job, note=f"of {EMAIL}, {TOKEN}")
    choices: tuple[dict[str, Any], ...] = ({}, {"words": EMAIL}, {"notebook": f"/home/{EMAIL}/film.ipynb"})
    for wanted in choices:
        shown = made(ledger, **wanted)
        for text in shown.values():
            assert EMAIL not in text
            assert TOKEN not in text
        assert "<script" not in shown["text/html"]


def test_what_a_user_wrote_is_escaped(ledger: Ledger) -> None:
    job = add(ledger, 1, '<img src=x onerror="alert(1)">')
    ledger.marks.set(job, note="<b>bold</b>")
    html = made(ledger, lambda _: a_poster(), words="img")["text/html"]
    check_sanitized(html)
    assert "<b>" not in html
    assert [attributes["alt"] for tag, attributes in tags(html) if tag == "img"] == [
        'video <img src=x onerror="alert(1)">'
    ]


def test_a_poster_that_cannot_be_read_is_a_word(ledger: Ledger) -> None:
    add(ledger, 1, phase="failed")
    assert ">failed</span>" in made(ledger, lambda _: b"no picture")["text/html"]


def test_a_job_that_cannot_be_read_is_a_tile_as_well(ledger: Ledger) -> None:
    add(ledger, 1)
    with ledger.table.database.transaction() as connection:
        connection.execute("UPDATE jobs SET phase = 'archived'")
    shown = made(ledger)
    for text in shown.values():
        assert "written by a newer runway_nb" in text
        assert "cannot be read" in text


def test_the_table_is_for_terminals(ledger: Ledger) -> None:
    add(ledger, 1)
    text = made(ledger)["text/plain"]
    assert text.splitlines()[1].split() == ["id", "when", "state", "credits", "prompt"]
    assert text.splitlines()[2].endswith("done   25       A lighthouse at dusk")


@pytest.mark.parametrize(
    ("wanted", "head"),
    [
        ({}, "2 jobs."),
        ({"words": " dusk  lighthouse "}, '2 jobs with "dusk lighthouse".'),
        ({"model": "gen4_5"}, "1 job by gen4_5."),
        ({"notebook": "film"}, "2 jobs in film."),
        ({"stars": True}, "No jobs with a star: %runway history shows all."),
        (
            {"words": "boat", "failed": True},
            'No jobs with "boat", that ended without a video: %runway history shows all.',
        ),
    ],
)
def test_the_head_says_what_is_shown(ledger: Ledger, wanted: dict[str, Any], head: str) -> None:
    add(ledger, 1, notebook="film.ipynb")
    add(ledger, 2, notebook="film.ipynb", model="gen4_5")
    assert made(ledger, **wanted)["text/plain"].splitlines()[0] == head


def test_a_time_is_said_as_a_date(ledger: Ledger) -> None:
    add(ledger)
    assert made(ledger, since=NOW - 60)["text/plain"].startswith("1 job since 22 Nov 2025 ")
