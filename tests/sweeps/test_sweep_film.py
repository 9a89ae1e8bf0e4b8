"""A sweep as one film: each clip in its place and in step, whole or not at all."""

from __future__ import annotations

import itertools
import shutil
import sys
from pathlib import Path

import av
import pytest
from PIL import Image

from runway_nb import errors
from runway_nb.pictures.contact_sheet import Blank, Slot, draw_slots
from runway_nb.pictures.side_by_side import side_by_side
from runway_nb.pictures.video_frames import duration, frames
from runway_nb.simulator.rendering import renderer
from runway_nb.simulator.rendering.renderer import Shot
from runway_nb.sweeps.film import progress_to_console
from runway_nb.sweeps.pictures import sheet_of
from runway_nb.sweeps.plan import Axis
from runway_nb.sweeps.sweep import Sweep
from support.shown_sweeps import Tone, a_sweep, clip_of, done_job, is_tone

A, B, C, D = (200, 60, 60), (60, 200, 60), (60, 60, 200), (200, 200, 60)
WIDTH = 320
SLOTS = [Slot(10, 10, 80, 48), Slot(110, 10, 80, 48)]
PAGE = Image.new("RGB", (200, 68), "#ffffff")


def written(folder: Path, *clips: bytes) -> list[Path]:
    paths = [folder / f"{number}.mp4" for number in range(len(clips))]
    for path, clip in zip(paths, clips, strict=True):
        path.write_bytes(clip)
    return paths


def seen(film: Path, slots: list[Slot]) -> list[list[Tone]]:
    """The tone in the middle of each slot, for every frame."""
    with av.open(str(film)) as container:
        pictures = [frame.to_image() for frame in container.decode(video=0)]
    middles = [(slot.left + slot.width // 2, slot.top + slot.height // 2) for slot in slots]
    return [
        [next(tone for tone in (A, B, C, D) if is_tone(picture, middle, tone)) for middle in middles]
        for picture in pictures
    ]  # fmt: skip


def test_clips_of_different_rates_and_lengths_play_in_step(tmp_path: Path) -> None:
    """The slow one shows each frame twice, the short one holds its last."""
    fast = clip_of((A,) * 6 + (B,) * 6, rate=24)
    slow = clip_of((C,) * 3 + (D,) * 3, rate=12)
    short = clip_of((A, B), rate=24)
    film = side_by_side(written(tmp_path, fast, slow), PAGE, SLOTS, tmp_path / "film.mp4")
    assert seen(film, SLOTS) == [[A, C]] * 6 + [[B, D]] * 6
    assert duration(film) == 0.5
    film = side_by_side(written(tmp_path, slow, short), PAGE, SLOTS, tmp_path / "film.mp4")
    assert seen(film, SLOTS) == [[C, A]] + [[C, B]] * 5 + [[D, B]] * 6


def test_a_clip_shorter_than_half_a_frame_of_the_film_is_seen(tmp_path: Path) -> None:
    film = side_by_side(
        written(tmp_path, clip_of((A,), rate=120), clip_of((B,) * 3, rate=60)), PAGE, SLOTS, tmp_path / "film.mp4"
    )
    assert seen(film, SLOTS) == [[A, B]] * 3


def test_a_film_is_what_every_player_takes(tmp_path: Path) -> None:
    clips = written(tmp_path, clip_of((A,) * 3, rate=120), clip_of((B,) * 3))
    with av.open(str(side_by_side(clips, PAGE, SLOTS, tmp_path / "film.mp4"))) as container:
        (stream,) = container.streams
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height, stream.average_rate) == (200, 68, 60)


def test_what_cannot_be_read_leaves_nothing_behind_and_an_older_film_as_it_was(tmp_path: Path) -> None:
    whole = clip_of(tuple((A, B)[number % 2] for number in range(48)))
    clips = written(tmp_path, clip_of((A,) * 3), whole[: len(whole) * 2 // 3])
    (tmp_path / "film.mp4").write_bytes(b"older")
    with pytest.raises(errors.RunwayError, match=r"1\.mp4 cannot be read as a video"):
        side_by_side(clips, PAGE, SLOTS, tmp_path / "film.mp4")
    assert (tmp_path / "film.mp4").read_bytes() == b"older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.mp4", "1.mp4", "film.mp4"]
    with pytest.raises(errors.RunwayError, match="cannot be written: No such file or directory"):
        side_by_side(clips[:1], PAGE, SLOTS[:1], tmp_path / "nowhere" / "film.mp4")
    for several in ([], clips[:1] * 65):
        with pytest.raises(errors.InvalidRequest, match="from 1 to 64 can play side by side"):
            side_by_side(several, PAGE, SLOTS, tmp_path / "film.mp4")


# --- of a sweep -------------------------------------------------------------------------------------


def a_toned_sweep(folder: Path) -> Sweep:
    """Four variants, the last without a video; the clips change their tones at the same time."""
    sweep = a_sweep([Axis("zoom", (-5, 5)), Axis("seed", (1, 2))])
    *done, last = sweep.variants
    for variant, (before, after) in zip(done, ((A, B), (B, C), (C, D)), strict=True):
        sweep.add(variant, done_job(variant, folder, clip=clip_of((before,) * 4 + (after,) * 4)))
    sweep.leave_out(last, errors.OverBudget("no credits are left"))
    return sweep


def test_each_video_of_a_sweep_plays_in_its_place(tmp_path: Path) -> None:
    sweep = a_toned_sweep(tmp_path)
    film = sweep.film(tmp_path / "film.mp4", width=WIDTH)
    blanks = {variant.place: (Blank(80, 48),) for variant in sweep.variants[:3]}
    page, slots = draw_slots(sheet_of(sweep, blanks), WIDTH, (9999, 9999))
    assert frames(film.path, 1)[0].size == page.size
    assert seen(film.path, slots) == [[A, B, C]] * 4 + [[B, C, D]] * 4


def rendered(folder: Path, tone: Tone) -> bytes:
    """What the simulator makes of a keyframe of one tone."""
    Image.new("RGB", (160, 96), tone).save(folder / "keyframe.png")
    shot = Shot("", 1, 1, 160, 96, ((0.0, str(folder / "keyframe.png")),), {"zoom": 4.0})
    renderer.render(shot, folder / "rendered.mp4")
    return (folder / "rendered.mp4").read_bytes()


def test_clips_of_the_simulator_stand_in_their_places_on_sheet_and_film(tmp_path: Path) -> None:
    sweep = a_sweep([Axis("zoom", (-5, 0, 5))])
    for variant, tone in zip(sweep.variants, (A, B, C), strict=True):
        sweep.add(variant, done_job(variant, tmp_path, clip=rendered(tmp_path, tone)))
    blanks = {variant.place: (Blank(160, 96),) for variant in sweep.variants}
    _, slots = draw_slots(sheet_of(sweep, blanks), 600, (9999, 9999))
    film = sweep.film(width=600)
    assert duration(film.path) == 1.0
    for picture in (sweep.sheet(width=600), *frames(film.path, 3)):
        for slot, tone in zip(slots, (A, B, C), strict=True):
            # the caption stands at the lower edge
            assert is_tone(picture, (slot.left + slot.width // 2, slot.top + slot.height // 3), tone)


def test_a_film_lies_beside_the_videos_and_plays_where_it_is_shown(tmp_path: Path) -> None:
    film = a_toned_sweep(tmp_path).film(width=WIDTH)
    assert film.path == tmp_path / "runway_outputs" / "film-00000000.mp4"
    assert shutil.copy(film, tmp_path / "copy.mp4") == tmp_path / "copy.mp4"
    shown = film._repr_mimebundle_()
    assert '<video src="runway_outputs/film-00000000.mp4"' in shown["text/html"]
    assert shown["text/plain"].startswith("Film    runway_outputs/film-00000000.mp4 (")
    film.path.unlink()
    assert film._repr_mimebundle_() == {
        "text/plain": "Film    runway_outputs/film-00000000.mp4 (it is not there any more)"
    }


def test_mistakes_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = a_toned_sweep(tmp_path)
    with pytest.raises(errors.InvalidRequest, match=r"path is 'film.gif': give a file that ends with .mp4"):
        sweep.film("film.gif")
    with pytest.raises(errors.RunwayError, match=r"no video is there yet \(0 of 1 done\): wait for the sweep"):
        a_sweep([Axis("seed", (1,))]).film()
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(errors.MissingExtra, match="av is not installed"):
        sweep.film()


@pytest.mark.parametrize(("step", "lines"), [(10.0, ["film: 25 %", "film: 50 %", "film: 75 %"]), (0.1, [])])
def test_progress_is_said_now_and_then(capsys: pytest.CaptureFixture[str], step: float, lines: list[str]) -> None:
    times = itertools.count()
    tell = progress_to_console(lambda: next(times) * step)
    for done in range(1, 9):
        tell(done, 8)
    assert capsys.readouterr().out.splitlines() == lines
