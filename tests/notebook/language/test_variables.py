"""Pictures named on a line: what a word means beside the variables of the notebook."""

from __future__ import annotations

import keyword
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from runway_nb.errors import InvalidRequest
from runway_nb.jobs.job import Job
from runway_nb.notebook.language.expressions import named_picture
from runway_nb.request import VideoRequest
from support.examples import examples
from support.strategies import ASSET_ID

ID = "7f3e2c54"
FRAME = f"job:{ID}"
PICTURE = Image.new("RGB", (4, 3))


def a_job() -> Job:
    return Job(ID, VideoRequest("A lamp turns"))


class Lamp:
    """An object of the user; counts how often it is asked."""

    kind = "lamp"

    def __init__(self):
        self.asked = 0
        self.called = 0

    @property
    def picture(self):
        self.asked += 1
        return PICTURE

    @property
    def broken(self):
        raise RuntimeError("no power")

    def draw(self):
        self.called += 1
        return PICTURE


class Table:
    """Looks like a table of pandas: anything is a column."""

    def __getattr__(self, name):
        return [name]

    def __getitem__(self, key):
        return [key]


Table.__name__ = "DataFrame"


def meant(word, **variables):
    return named_picture(word, variables).picture


def refusal(word, **variables):
    with pytest.raises(InvalidRequest) as caught:
        named_picture(word, variables)
    (line,) = caught.value.problems
    assert "\n" not in line
    return line


# --- expressions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word",
    ["fig", "lamp.picture", "Out[7]", "_7", "_", "shots[0]", "shots[-1]", "by_name[key]", "by_name[two words]",
     "deep.lamp.picture", "deep[a][0]", "größe", "图"],
)  # fmt: skip
def test_an_expression_is_its_value(word) -> None:
    class Deep:
        lamp = Lamp()

        def __getitem__(self, key):
            return [PICTURE]

    names = {"fig": PICTURE, "lamp": Lamp(), "Out": {7: PICTURE}, "_7": PICTURE, "_": PICTURE, "shots": [PICTURE]}
    names |= {"by_name": {"key": PICTURE, "two words": PICTURE}, "deep": Deep(), "größe": PICTURE, "图": PICTURE}
    assert named_picture(word, names).picture is PICTURE


@pytest.mark.parametrize(
    "value", [PICTURE, np.zeros((3, 4), np.uint8), b"\x89PNG", "data:image/png;base64,AA==", Path("a.png"), a_job()]
)
def test_every_kind_of_picture_is_taken_from_a_variable(value) -> None:
    assert meant("x", x=value) is value


@pytest.mark.parametrize("text", ["harbour", "https://x.test/a.png", ASSET_ID, "two words.png"])
def test_a_text_of_a_variable_goes_in_the_place_of_its_name(text) -> None:
    assert meant("still", still=text) == text


def test_a_key_of_digits_finds_a_text_as_well_as_a_number() -> None:
    assert meant("shots[1]", shots={1: PICTURE}) is PICTURE
    assert meant("shots[1]", shots={"1": PICTURE}) is PICTURE


@pytest.mark.parametrize("word", ["Out[3]", "Out[-1]", "Out[3].last"])
def test_a_result_that_is_not_there_is_one_line(word) -> None:
    assert refusal(word, Out={1: PICTURE}).startswith(word.partition(".")[0] + " is not there: that cell has no result")


def test_without_a_notebook_out_is_a_word_like_any_other() -> None:
    assert meant("Out[3]") == "Out[3]"


# --- jobs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("shot.last", FRAME),
        ("shot.last_frame", FRAME),
        ("shot.frame(2.5)", f"{FRAME}@2.5"),
        ("shot.frame(0)", f"{FRAME}@0"),
        ("shots[0].last", FRAME),
        ("shots[0].last_frame", FRAME),
        ("shots[0].frame(3)", f"{FRAME}@3"),
        ("Out[2].last", FRAME),
        ("Out[2].frame(.5)", f"{FRAME}@0.5"),
    ],
)
def test_a_frame_of_a_job_is_named_and_not_waited_for(word, expected) -> None:
    job = a_job()
    assert meant(word, shot=job, shots=[job], Out={2: job}) == expected


def test_a_job_stands_for_itself() -> None:
    job = a_job()
    assert meant("shot", shot=job) is meant("shots[0]", shots=[job]) is job


@pytest.mark.parametrize("word", ["shot.lst", "shots[0].lats", "shot[0]", "shot.frame(1.2.3)", "shot.frame(.)"])
def test_a_typo_on_a_job_is_one_line_at_once(word) -> None:
    assert word in refusal(word, shot=a_job(), shots=[a_job()])


@pytest.mark.parametrize("word", ["shot.frame", "shot.video"])
def test_what_a_job_has_beside_pictures_is_refused_at_once(word) -> None:
    assert word in refusal(word, shot=a_job())


@pytest.mark.parametrize("word", ["shot.frame(x)", "shot.frame(-1)", "shot.frame()"])
def test_a_frame_without_a_number_is_the_word(word) -> None:
    assert meant(word, shot=a_job(), x=2.5) == word


def test_a_poster_that_is_not_there_yet_is_not_called_a_typo() -> None:
    line = refusal("shot.poster", shot=a_job())
    assert "no video yet" in line


def test_a_frame_of_something_else_is_the_word() -> None:
    assert meant("fig.frame(2)", fig=PICTURE) == "fig.frame(2)"


# --- words that only look like an expression --------------------------------------------------------


class PathLike(Lamp):
    png = Path("elsewhere.png")


@pytest.mark.parametrize("value", [1, None, 2.5, [PICTURE], {"png": 1}, Table(), Lamp(), len, np, Lamp, lambda: 1])
@pytest.mark.parametrize("word", ["lamp", "lamp.png", "lamp.broken", "lamp[0].png", "lamp[png]"])
def test_a_variable_without_a_picture_hides_no_file(word, value) -> None:
    assert meant(word, lamp=value) == word


def test_a_variable_with_such_a_picture_comes_first() -> None:
    assert meant("lamp.png", lamp=PathLike()) == Path("elsewhere.png")


@pytest.mark.parametrize("word", ["lamp.png", "lamp.jpg", "lamp.jpeg", "lamp.webp"])
def test_a_job_hides_no_file_of_its_name(word) -> None:
    """`%%runway lamp --first lamp.png` is run a second time."""
    assert meant(word, lamp=a_job()) == word


@pytest.mark.parametrize(
    "word",
    ["", " ", "two words.png", "./fig", "~/fig", "pictures/fig.png", r"C:\fig.png", "fig.", ".fig", "fig..png", "fig[]",
     "fig[0", "fig]", "7", "0x1f", "fig()", "draw()", "fig.draw()", "fig+fig", "fig-1", "-fig", "fig\n", "fig\x00",
     "[fig]", "'fig'", "https://x.test/fig", ASSET_ID, "fig.png.", "fig fig", "job:7f3e2c54", "\ud800"],
)  # fmt: skip
def test_a_word_that_is_no_expression_stands_for_itself(word) -> None:
    fig = Lamp()
    assert meant(word, fig=fig, draw=fig.draw, two=1, x=1) == word
    assert fig.called == fig.asked == 0


@pytest.mark.parametrize("word", keyword.kwlist)
def test_a_keyword_of_python_is_a_word(word) -> None:
    assert meant(word) == word


def test_a_property_is_read_once() -> None:
    lamp = Lamp()
    assert meant("lamp.picture", lamp=lamp) is PICTURE
    assert (lamp.asked, lamp.called) == (1, 0)


def test_a_method_is_never_called() -> None:
    lamp = Lamp()
    assert meant("lamp.draw", lamp=lamp) == "lamp.draw"
    assert lamp.called == 0


def test_a_variable_that_cannot_even_tell_its_class_is_no_picture() -> None:
    class Gone:
        @property  # type: ignore[misc]
        def __class__(self):
            raise ReferenceError("weakly-referenced object no longer exists")

    assert meant("x", x=Gone()) == "x"
    assert meant("x.png", x=Gone()) == "x.png"


# --- any text ---------------------------------------------------------------------------------------

PARTS = ["fig", "shot", "lamp", "Out", "_7", "[0]", "[7]", "[-1]", "[key]", "[²]", "[--1]", ".last", ".last_frame",
         ".frame(2.5)", ".frame(x)", ".frame(.)", ".draw", ".draw()", ".picture", ".broken", ".png", ".__class__",
         ".__init__", ".__dict__", " ", "(", ")", "{{", "\n", "é", "．", "1", "-"]  # fmt: skip


@settings(max_examples=examples(400), deadline=None)
@example("shot.frame(" + "9" * 400 + ")")
@example("Out[" + "9" * 5000 + "]")
@example("shots[²].last")
@given(st.one_of(st.text(max_size=30), st.lists(st.sampled_from(PARTS), max_size=6).map("".join)))
def test_any_text_is_a_picture_or_a_clear_refusal(word) -> None:
    lamp, job = Lamp(), a_job()
    variables = {"fig": PICTURE, "shot": job, "shots": [job], "lamp": lamp, "Out": {7: job, 0: lamp}, "_7": lamp.draw}
    kept = dict(variables)
    with suppress(InvalidRequest):
        picture, name = named_picture(word, variables)
        assert picture is not None
        assert 1 <= len(name) <= 40
        assert name == name.lower()
        assert not re.search(r"[\s/\\:*?\"<>|.\x00]", name)
        assert len(f"{name}-{'0' * 16}".encode()) <= 255
    assert lamp.called == 0
    assert variables == kept


# --- names for the account --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("fig", "fig"),
        ("Fig_2", "fig_2"),
        ("Out[7]", "out-7"),
        ("_7", "7"),
        ("_", "picture"),
        ("shots[-1].last", "shots-1-last"),
        ("shot.frame(2.5)", "shot-frame-2-5"),
        ("ÜBER", "über"),
        ("../../etc/passwd", "etc-passwd"),
        ("", "picture"),
        ("...", "picture"),
        ("\ud800", "picture"),
        ("x" * 90, "x" * 40),
        ("x" * 39 + ".last", "x" * 39),
    ],
)
def test_the_name_on_the_account_is_short_and_safe(word, name) -> None:
    assert named_picture(word, {}).name == name
