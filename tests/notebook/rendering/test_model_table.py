"""The table of models, in a notebook, in a terminal and on its page."""

from __future__ import annotations

from pathlib import Path

import pytest

from runway_nb.notebook.rendering.model_table import model_bundle, models_bundle, per_second_text
from runway_nb.spec import DEFAULT_MODEL, MODELS, Model
from support.page_tables import TABLES
from support.sanitizer import check_sanitized

PAGE = Path(__file__).parents[3] / "docs" / "models.md"
ROWS = list(MODELS.values())


def test_its_page_holds_the_table_as_it_is() -> None:
    table = TABLES["models"]()
    assert table in PAGE.read_text(encoding="utf-8"), f"make docs writes the table, which is now\n{table}"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gen3turbo", "5"),
        ("gen4_5", "about 12"),
        ("veo-3.1", "unknown"),
        ("sora-2", "unknown"),
        ("seedance-2", "36 (480p, 720p), 40 (1080p)"),
        ("seedance-2-5", "20 (480p), 30 (720p)"),
    ],
)
def test_a_price_is_as_certain_as_it_is_known(name: str, words: str) -> None:
    assert per_second_text(MODELS[name]) == words


def test_a_price_that_is_known_in_part_says_which() -> None:
    row = DEFAULT_MODEL._replace(resolutions={"480p": 8, "720p": None}, credits_per_second=None)
    assert per_second_text(row) == "8 (480p), unknown (720p)"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gen3turbo", ("Gen-3 Alpha Turbo: 5 or 10 s, 5 credits per second; discouraged, successor gen4turbo",
                       "landscape (5:3), portrait (3:5)", "first, middle, last", "camera in numbers", "no sound")),
        ("gen4turbo", ("16:9, 9:16, 1:1, 4:3, 3:4, 21:9;", "first (needed)", "camera in words")),
        ("kling-3.0-pro", ("5, 10, 15 s, price unknown", "first, last", "; sound")),
        ("seedance-2", ("4 to 15 s",)),
    ],
)  # fmt: skip
def test_a_model_is_a_paragraph_of_a_terminal(name: str, words: tuple[str, ...]) -> None:
    text = models_bundle([MODELS[name]], "gen3turbo")["text/plain"]
    assert text.isascii()
    assert all(len(line) <= 100 for line in text.splitlines())
    assert [word for word in words if word not in " ".join(text.split())] == []


def test_the_table_of_a_notebook_has_every_model_and_survives_the_sanitizer() -> None:
    html = models_bundle(ROWS, "gen4")["text/html"]
    check_sanitized(html)
    for model in ROWS:
        for words in (model.name, model.title, per_second_text(model)):
            assert f">{words}</td>" in html
    assert "A request that names no model uses gen4 (RUNWAY_NB_MODEL" in html
    assert "color:#" not in html, "the colour of a text is that of the theme"


@pytest.mark.parametrize("model", ROWS, ids=lambda model: model.name)
def test_a_model_is_shown_with_all_that_is_known(model: Model) -> None:
    bundle = model_bundle(model)
    check_sanitized(bundle["text/html"])
    text = bundle["text/plain"]
    known = [
        model.title,
        f"POST {model.path}",
        *model.fixed.values(),
        *model.aspects,
        *model.resolutions,
        *model.positions,
    ]
    assert [str(word) for word in known if str(word) not in text] == []
    assert f"%%runway --model {model.name}" in text


def test_what_a_model_does_not_have_or_nobody_knows_is_said() -> None:
    text = model_bundle(MODELS["gen4_5"])["text/plain"]
    assert "no document of this API names the price" in text
    assert "without a picture: 16:9 only" in text
    assert "16:9 (landscape), 1280 x 720 pixels" in text
    text = model_bundle(MODELS["seedance-2"])["text/plain"]
    for words in (
        "last goes with first only",
        "the size of the frame is not documented",
        "not in 1080p",
        "cannot be repeated",
    ):
        assert words in text
    assert "it may stop any day" in model_bundle(DEFAULT_MODEL)["text/plain"]


def test_a_model_of_ones_own_is_shown_as_it_is_and_escaped() -> None:
    row = DEFAULT_MODEL._replace(name="mine", title="<b>Mine</b>", credits_per_second=None)
    html = models_bundle([row], "mine")["text/html"]
    assert "<b>" not in html
    assert "unknown" in html
