"""A sweep on one sheet: every video in its place, and why there is none."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from runway_nb import errors
from runway_nb.ledger.phase import Phase
from runway_nb.pictures.contact_sheet import Blank, draw_slots
from runway_nb.sweeps.layout import layout
from runway_nb.sweeps.pictures import sheet_of
from runway_nb.sweeps.plan import Axis
from runway_nb.sweeps.sweep import Sweep
from support.shown_jobs import NOW
from support.shown_sweeps import Tone, a_sweep, clip_of, done_job, is_tone, job_of

TONES: tuple[Tone, ...] = ((200, 60, 60), (60, 200, 60), (60, 60, 200), (200, 200, 60), (60, 200, 200), (200, 60, 200))
WIDTH = 700


def toned(folder: Path, axes: list[Axis], **options: Any) -> Sweep:
    """A sweep whose clips each have a tone of their own, in the order of the axes."""
    sweep = a_sweep(axes, **options)
    for variant, tone in zip(sweep.variants, TONES, strict=False):
        sweep.add(variant, done_job(variant, folder, clip=clip_of((tone,) * 5)))
    return sweep


def middles(sweep: Sweep, frames: int = 1) -> list[tuple[int, int]]:
    """The middle of each picture on a sheet of this width, in the order of the axes."""
    blanks = {variant.place: (Blank(80, 48),) * frames for variant in sweep.variants}
    _, slots = draw_slots(sheet_of(sweep, blanks, frames), WIDTH, (9999, 9999))
    return [(slot.left + slot.width // 2, slot.top + slot.height // 2) for slot in slots]


@pytest.mark.parametrize(
    "axes",
    [
        [Axis("zoom", (-5, 0, 5)), Axis("seed", (1, 2))],
        [Axis("zoom", (-5, 5)), Axis("pan", (1,)), Axis("seed", (1, 2, 3))],
        [Axis("seed", (1, 2, 3, 4, 5, 6))],
        [Axis("seed", (1, 2))],
    ],
)
def test_each_video_stands_in_its_place(tmp_path: Path, axes: list[Axis]) -> None:
    sweep = toned(tmp_path, axes)
    sheet = sweep.sheet(width=WIDTH)
    assert sheet.width == WIDTH
    for middle, tone in zip(middles(sweep), TONES, strict=False):
        assert is_tone(sheet, middle, tone)


def test_several_frames_show_how_a_video_goes_on(tmp_path: Path) -> None:
    sweep = a_sweep([Axis("seed", (1, 2))])
    for variant, tones in zip(sweep.variants, (TONES[:3], TONES[3:]), strict=True):
        frames = tuple(tone for tone in tones for _ in range(5))
        sweep.add(variant, done_job(variant, tmp_path, clip=clip_of(frames)))
    sheet = sweep.sheet(frames=3, width=WIDTH)
    for middle, tone in zip(middles(sweep, 3), TONES, strict=True):
        assert is_tone(sheet, middle, tone)


def test_what_has_no_video_says_why(tmp_path: Path) -> None:
    sweep = a_sweep([Axis("zoom", (1, 2, 3)), Axis("seed", (1, 2))])
    one, two, three, four, five, _ = sweep.variants
    sweep.add(one, done_job(one, tmp_path, clip=clip_of(TONES[:1] * 5)))
    sweep.add(two, job_of(two, tmp_path))
    refused = errors.TaskModerated("refused by moderation: reason SAFETY.INPUT.TEXT")
    sweep.add(three, job_of(three, tmp_path, phase=Phase.FAILED, error=refused, ended=NOW))
    sweep.leave_out(four, errors.OverBudget("this shot costs 25 credits, 0 are left"))
    sweep.add(five, done_job(five, tmp_path))
    damaged = errors.RunwayError("shot-11.mp4 is damaged")
    found: dict[tuple[int, ...], Any] = {one.place: (Blank(80, 48),), five.place: damaged}
    cells = [cell for cell in sheet_of(sweep, found).cells if cell is not None]
    assert [cell.words for cell in cells] == [
        ("", ""), ("Running", "following"), ("Refused", "moderation"),
        ("Not sent", "this shot costs 25 credits, 0 are left"), ("No picture", "shot-11.mp4 is damaged"),
        ("Running", "in line"),
    ]  # fmt: skip
    assert sweep.sheet(width=WIDTH).width == WIDTH


def test_a_sheet_without_any_video_is_a_sheet_of_words(tmp_path: Path) -> None:
    sweep = a_sweep([Axis("seed", (1, 2))])
    sweep.leave_out(sweep.variants[0], errors.OverBudget("no credits"))
    assert sweep.sheet().width == 800
    assert "0 of 2 done" in sheet_of(sweep, {}).facts


def test_a_sheet_is_saved_whole(tmp_path: Path) -> None:
    sweep = toned(tmp_path, [Axis("seed", (1, 2))])
    for name, kind in (("sheet.png", "PNG"), ("sheet.JPG", "JPEG")):
        sheet = sweep.sheet(tmp_path / name)
        with Image.open(tmp_path / name) as saved:
            assert (saved.format, saved.size) == (kind, sheet.size)
            difference = ImageChops.difference(saved.convert("RGB"), sheet)
            assert max(high for _, high in difference.getextrema()) <= (0 if kind == "PNG" else 90)  # type: ignore[misc]
    with pytest.raises(errors.InvalidRequest, match=r"path is 'sheet.gif': give a file that ends with .png, .jpg"):
        sweep.sheet("sheet.gif")
    with pytest.raises(errors.RunwayError, match="cannot be written: No such file or directory"):
        sweep.sheet(tmp_path / "nowhere" / "sheet.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runway_outputs", "sheet.JPG", "sheet.png"]


def test_without_pyav_the_kept_picture_stands_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    data = io.BytesIO()
    Image.new("RGB", (80, 48), TONES[2]).save(data, "JPEG")
    sweep = a_sweep([Axis("seed", (1, 2))])
    one, two = sweep.variants
    sweep.add(one, done_job(one, tmp_path, data.getvalue()))
    sweep.add(two, done_job(two, tmp_path, b"no picture"))
    assert is_tone(sweep.sheet(width=WIDTH), middles(sweep)[0], TONES[2])
    with pytest.raises(errors.MissingExtra, match="av is not installed"):
        sweep.sheet(frames=2)


@pytest.mark.parametrize("axes", [[Axis("aspect", ("landscape", "portrait"))], [], [Axis("seed", tuple(range(1, 8)))]])
def test_every_variant_has_one_cell_in_the_order_of_the_axes(tmp_path: Path, axes: list[Axis]) -> None:
    """By which the frames of a film find their places."""
    sweep = a_sweep(axes)
    cells = [cell for table in layout(sweep.plan) for row in table.rows for cell in row.cells if cell is not None]
    assert cells == sweep.variants
