"""Which clips are compared, and what is said of those that cannot be."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import pytest

import runway_nb
from runway_nb import errors
from support.fakes import Party

pytestmark = pytest.mark.usefixtures("small_frames")


def two_jobs(party: Party) -> list[Any]:
    return [party.ended(party.submit(seed=seed)) for seed in (1, 2)]


def names(comparison: runway_nb.Comparison) -> list[str]:
    return [clip.title for clip in comparison.clips]


def test_jobs_ids_files_and_sweeps_are_compared(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(party.folder)
    one, two = two_jobs(party)
    assert one.video is not None
    file = os.path.relpath(one.video)
    found = runway_nb.compare(one, two.id, file, Path(file), studio=party.studio)
    assert names(found) == [f"A {one.id}", f"B {two.id}", f"C {one.video.name}", f"D {one.video.name}"]
    assert [clip.video for clip in found.clips] == [one.video, two.video, one.video, one.video]
    assert [clip.job for clip in found.clips] == [one, two, None, None]
    sweep = runway_nb.sweep("A lamp turns", seed=[1, 2, 3], studio=party.studio).wait(20)
    assert [clip.job for clip in runway_nb.compare(sweep, studio=party.studio).clips] == sweep.jobs
    assert names(runway_nb.compare([one, two], studio=party.studio)) == names(
        runway_nb.compare(one, two, studio=party.studio)
    )


def test_a_comparison_is_no_copy_and_names_its_clips(party: Party) -> None:
    one, two = two_jobs(party)
    found = runway_nb.compare(one, two, studio=party.studio)
    assert repr(found) == f"<Comparison of A {one.id} and B {two.id}>"
    assert copy.copy(found) is found
    assert set(found._repr_mimebundle_()) == {"text/html", "text/plain"}


@pytest.mark.parametrize("count", [0, 1, 5])
def test_the_number_of_clips_is_said(party: Party, count: int) -> None:
    job = party.ended(party.submit(seed=1))
    with pytest.raises(errors.InvalidRequest, match=rf"compare has {count} clips?: give 2 to 4"):
        runway_nb.compare(*[job] * count, studio=party.studio)


def test_what_is_no_clip_is_one_clear_line(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(party.folder)
    job = party.ended(party.submit(seed=1))
    Path("note.mp4").write_text("no video at all")
    Path("folder.mp4").mkdir()
    for clip, line in {
        7: "clip B is 7: give a job, its id, the file of a clip, or a sweep",
        "": "clip B is '': give a path",
        "gone.mp4": "gone.mp4 cannot be compared: No such file or directory",
        "note.mp4": "note.mp4 cannot be compared: the file is no MP4",
        "folder.mp4": "folder.mp4 cannot be compared: ",
        "ffffffff": "ffffffff",
    }.items():
        with pytest.raises(errors.RunwayError) as caught:
            runway_nb.compare(job, clip, studio=party.studio)  # type: ignore[arg-type]
        assert line in caught.value.message


def test_a_job_without_a_video_is_named_with_the_reason(party: Party) -> None:
    done = party.ended(party.submit(seed=1))
    party.simulator.fault("moderated")
    refused = party.ended(party.submit(seed=2))
    with pytest.raises(errors.RunwayError, match=rf"job {refused.id} has no video: .*moderation"):
        runway_nb.compare(done, refused, studio=party.studio)
    party.simulator.fault("throttled", forever=True)
    running = party.submit(seed=3)
    with pytest.raises(errors.RunwayError, match=rf"job {running.id} has no video yet"):
        runway_nb.compare(done, running, studio=party.studio)
    running.stop()
    assert done.video is not None
    done.video.unlink()
    with pytest.raises(errors.RunwayError, match=rf"%runway attach {done.id}"):
        runway_nb.compare(done, done, studio=party.studio)
