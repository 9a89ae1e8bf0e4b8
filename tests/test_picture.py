"""What the text of a keyframe means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.references import ShotFrame, asset_account, is_link, is_point, picture_problem, shot_frame, task_account
from support.strategies import ASSET_ID, EMAIL, TASK_ID


def test_an_id_names_its_account() -> None:
    assert (asset_account(ASSET_ID), task_account(TASK_ID)) == (EMAIL, EMAIL)
    assert [asset_account(text) for text in (TASK_ID, "lamp.png", f"{ASSET_ID}x", "", None)] == [None] * 5
    assert task_account("x") == ""


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("job:7f3e2c54", ShotFrame("7f3e2c54")),
        ("job:7f3e2c54@2.5", ShotFrame("7f3e2c54", 2.5)),
        ("job:7f3e2c54@0", ShotFrame("7f3e2c54", 0.0)),
        ("job:7f3e2c54@10.000001", ShotFrame("7f3e2c54", 10.000001)),
    ],
)
def test_a_frame_of_a_job_is_read(text: str, frame: ShotFrame) -> None:
    assert shot_frame(text) == frame
    assert picture_problem(text) == ""
    assert not is_link(text)


@pytest.mark.parametrize(
    "text",
    ["job:", "job:7f3e2c5", "job:7f3e2c544", "job:7F3E2C54", "job:7f3e2c54@", "job:7f3e2c54@x", "job:7f3e2c54@-1",
     "job:7f3e2c54@1e3", "job:7f3e2c54@.5", "job:7f3e2c54@12345", "job:7f3e2c54\n", " job:7f3e2c54"],
    ids=ascii,
)  # fmt: skip
def test_a_frame_that_is_written_wrongly_is_none(text: str) -> None:
    assert shot_frame(text) is None
    assert ("a frame of a job is job:ID or job:ID@SECONDS" in picture_problem(text)) == text.startswith("job:")


@given(st.from_regex(r"[0-9a-f]{8}", fullmatch=True), st.none() | st.integers(0, 9_999_999_999))
def test_a_frame_is_read_as_it_is_written(job_id: str, millionths: int | None) -> None:
    frame = ShotFrame(job_id, None if millionths is None else millionths / 1_000_000)
    found = shot_frame(str(frame))
    assert found is not None
    assert found.job_id == job_id
    if frame.seconds is None:
        assert found.seconds is None
    else:
        assert found.seconds == pytest.approx(frame.seconds, abs=1e-6)


def test_a_frame_has_words_for_people() -> None:
    assert ShotFrame("7f3e2c54").description == "the last frame of job 7f3e2c54"
    assert ShotFrame("7f3e2c54", 2.5).description == "the frame at 2.5 s of job 7f3e2c54"


@pytest.mark.parametrize(
    ("text", "link"),
    [("https://a.test/x.png", True), ("HTTP://a.test", True), ("http://[", True), ("ftp://a.test/x", False),
     ("lamp.png", False), ("/https://a.test", False), (Path("https:") / "a", False)],
    ids=str,
)  # fmt: skip
def test_a_link_begins_with_its_scheme(text: Any, link: bool) -> None:
    assert is_link(text) is link


@pytest.mark.parametrize("picture", ["", "  ", 5, b"\x89PNG" * 500, ["a"], None], ids=lambda value: repr(value)[:9])
def test_what_is_no_text_is_a_short_problem(picture: Any) -> None:
    assert "give a picture, a picture file, or an asset's name or id" in picture_problem(picture)
    assert len(picture_problem(picture)) < 150


@pytest.mark.parametrize("picture", ["lamp.png", Path("lamp.png"), ASSET_ID, "https://a.test/x.png", "jobs.png"])
def test_a_name_of_any_kind_is_no_problem(picture: Any) -> None:
    assert picture_problem(picture) == ""


@pytest.mark.parametrize(
    ("value", "is_one"),
    [((0.5, 0.2), True), ([0, 1], True), ((0, 1.01), False), ((-0.1, 0), False), ((True, 0), False), ((0.5,), False),
     ((0, 0, 0), False), ("01", False), (0.5, False), ((float("nan"), 0), False), (("0", "1"), False), (None, False)],
    ids=str,
)  # fmt: skip
def test_a_point_is_two_numbers_from_0_to_1(value: Any, is_one: bool) -> None:
    assert is_point(value) is is_one
