"""A frame of another job as a keyframe."""

from __future__ import annotations

import asyncio
import io
import math
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from runway_nb import errors
from runway_nb.camera import Camera
from runway_nb.jobs.job import Job
from runway_nb.jobs.job_frames import frame_png
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.ledger import Record
from runway_nb.ledger.phase import Phase
from runway_nb.pictures import video_frames
from runway_nb.references import ShotFrame
from runway_nb.request import VideoRequest
from runway_nb.simulator.rendering import stub
from runway_nb.simulator.rendering.renderer import Shot, render
from runway_nb.spec import MODELS
from support.fakes import FakeTime, Party
from support.picture_files import SMALL_FRAME

STRANGER = "another-machine/1/aaaaaaaa"
FRAME = SMALL_FRAME

pytestmark = pytest.mark.usefixtures("small_frames")


def chained(party: Party, picture: Job | str, **fields: Any) -> Job:
    """Another shot that begins with a frame of a job."""
    picture = picture.last if isinstance(picture, Job) else picture
    return party.submit("The next shot", keyframes=Keyframes(first=picture), **fields)


def refused(party: Party, picture: Job | str) -> str:
    """The one line of a job that ended unsent and unpaid."""
    uploads = len(party.api.calls("POST", "assets"))
    job = party.ended(chained(party, picture))
    assert job.state.phase is Phase.REFUSED, job
    assert isinstance(job.error, errors.InvalidRequest)
    (line,) = job.error.problems
    assert (job.task, len(party.api.calls("POST", "assets"))) == (None, uploads)
    assert party.studio.ledger.get(job.id).credits == 0
    return line


def details(job: Job) -> list[str]:
    """All that the job says on the way, from now on."""
    seen: list[str] = []
    job.observe(lambda job: seen.append(job.state.detail) if job.state.detail not in seen else None)
    return seen


def sent_pictures(party: Party) -> list[Image.Image]:
    folder = party.folder / "simulator" / "assets"
    return [Image.open(path).convert("RGB") for path in sorted(folder.glob("*"), key=lambda path: path.stat().st_mtime)]


def decibels(one: Image.Image, other: Image.Image) -> float:
    assert one.size == other.size
    found = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB")))
    error = sum(found.sum2) / sum(found.count)
    return math.inf if not error else 10 * math.log10(255**2 / error)


# --- waiting ------------------------------------------------------------------------------------------


def test_a_shot_waits_for_the_one_before_and_says_so(party: Party) -> None:
    party.simulator.fault("throttled", seconds=300)
    first = party.submit("The first shot")
    with party.held():
        second = chained(party, first)
        seen = details(second)
    second.wait(20)
    assert first.done
    assert f"waiting for the last frame of job {first.id}, which still runs" in seen
    assert second.state.sent is not None
    assert first.state.ended is not None
    assert second.state.sent >= first.state.ended
    assert party.started == 2


def test_a_job_stands_for_its_last_frame(party: Party) -> None:
    first = party.submit("The first shot")
    second = party.submit("The next shot", keyframes=Keyframes(first=first)).wait(10)  # type: ignore[arg-type]
    assert second.original_request.keyframes.first == first.last == f"job:{first.id}"


def test_a_shot_holds_no_slot_while_it_waits(party: Party) -> None:
    party.studio.use(replace(party.settings, slots=1))
    party.simulator.fault("throttled", seconds=100)
    first = party.submit("The first shot")
    chain = [chained(party, first)]
    chain.append(chained(party, chain[0]))
    for job in chain:
        job.wait(20)
    assert party.started == 3


def test_a_finished_shot_is_not_waited_for(party: Party) -> None:
    first = party.submit("The first shot").wait(10)
    with party.held():
        second = chained(party, first)
        seen = details(second)
    second.wait(10)
    assert not [line for line in seen if line.startswith("waiting for")]


def test_the_last_frame_is_what_is_sent(party: Party) -> None:
    first = party.submit("The first shot").wait(10)
    chained(party, first, aspect="landscape").wait(10)
    (sent,) = sent_pictures(party)
    assert sent.size == FRAME
    assert sent.getpixel((80, 48)) == pytest.approx(first.last_frame.getpixel((40, 24)), abs=2)


def test_a_stop_while_waiting_takes_the_wish_back(party: Party) -> None:
    party.simulator.fault("throttled", forever=True)
    is_sent = threading.Event()
    with party.held():
        first = party.submit("The first shot")
        first.observe(lambda job: is_sent.set() if job.task is not None else None)
    assert is_sent.wait(10)
    with party.held():
        second = chained(party, first)
        second.observe(lambda job: job.stop() if job.state.detail.startswith("waiting for") else None)
    party.ended(second)
    assert (second.state.phase, type(second.error)) == (Phase.REMOVED, errors.Removed)
    assert party.studio.ledger.get(second.id).credits == 0
    assert not first.done
    assert party.started == 1
    first.stop()


def test_a_stop_of_the_shot_before_ends_the_wait(party: Party) -> None:
    party.simulator.fault("throttled", forever=True)
    first = party.submit("The first shot")
    with party.held():
        second = chained(party, first)
        second.observe(lambda job: first.stop() if job.state.detail.startswith("waiting for") and first.task else None)
    party.ended(second)
    assert second.state.phase is Phase.REFUSED
    assert f"%runway attach {first.id} picks it up" in second.error.message  # type: ignore[union-attr]
    assert party.started == 1


def test_a_closed_studio_ends_the_wait_unpaid(party: Party) -> None:
    party.simulator.fault("throttled", forever=True)
    first, waiting = party.submit("The first shot"), threading.Event()
    with party.held():
        second = chained(party, first)
        second.observe(lambda job: waiting.set() if job.state.detail.startswith("waiting for") else None)
    assert waiting.wait(10)
    party.studio.close()
    assert second.done
    assert not second.state.phase.is_sent
    party.studio = party.make_studio()
    assert party.studio.ledger.get(second.id).credits == 0


# --- which frame --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "at"), [("2.5", 2.5), ("0", 0.0), ("0.000001", 1e-06)])
def test_a_frame_is_taken_at_its_time(party: Party, seconds: str, at: float, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    taken = video_frames.frame_at
    monkeypatch.setattr(video_frames, "frame_at", lambda path, at: asked.append(at) or taken(path, at))  # type: ignore[func-returns-value]
    first = party.submit("The first shot").wait(10)
    chained(party, f"job:{first.id}@{seconds}").wait(10)
    assert asked == [at]
    (upload,) = party.api.calls("POST", "assets")
    assert upload.url.params["name"].startswith(f"job-{first.id}@")


def test_the_end_of_the_clip_is_its_last_frame(party: Party) -> None:
    first = party.submit("The first shot").wait(10)
    assert first.video is not None
    chained(party, f"job:{first.id}").wait(10)
    chained(party, f"job:{first.id}@{video_frames.duration(first.video):g}").wait(10)
    assert len(party.api.calls("POST", "assets")) == 1, "the same picture"


def test_a_time_after_the_end_is_refused(party: Party) -> None:
    first = party.submit("The first shot").wait(10)
    line = refused(party, f"job:{first.id}@60")
    assert line.startswith(f"first: the frame at 60 s of job {first.id}: ")
    assert "has no frame at 60 s: give 0 to 5 s" in line


def test_a_png_of_the_frame_is_exact(party: Party) -> None:
    first = party.submit("The first shot").wait(10)
    for frame, wanted in (
        (ShotFrame(first.id), first.last_frame),
        (ShotFrame(first.id, 2.5), first.frame(2.5)),
    ):
        seen = Image.open(io.BytesIO(frame_png(first, frame)))
        assert (seen.format, seen.mode, seen.tobytes()) == ("PNG", "RGB", wanted.tobytes())


# --- there will be none -------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["failed", "moderated", "cancelled"])
def test_a_shot_that_made_no_video_gives_no_frame(party: Party, fault: str) -> None:
    party.simulator.fault(fault, times=1)
    first = party.ended(party.submit("The first shot"))
    line = refused(party, first)
    assert f"job {first.id} ended without a video" in line
    assert "attach" not in line, "there is nothing to come back to"


@pytest.mark.parametrize("fault", ["failed", "moderated"])
def test_a_shot_that_fails_while_it_is_waited_for_gives_none_either(party: Party, fault: str) -> None:
    party.simulator.fault(fault, times=1)
    party.simulator.fault("throttled", seconds=100, times=1)
    first = party.submit("The first shot")
    line = refused(party, first)
    assert f"job {first.id} ended without a video" in line


def test_a_shot_that_was_refused_unsent_gives_none(party: Party) -> None:
    party.simulator.fault("412", times=1)
    first = party.ended(party.submit("The first shot"))
    line = refused(party, first)
    assert f"job {first.id} ended without a video (REFUSED" in line
    assert "credits" in line


def test_a_shot_that_was_stopped_can_be_picked_up(party: Party) -> None:
    party.simulator.fault("throttled", seconds=300, times=1)
    with party.held():
        first = party.submit("The first shot")
        first.observe(lambda job: job.stop() if job.task is not None else None)
    party.ended(first)
    assert refused(party, first).endswith(f": %runway attach {first.id} picks it up")
    again = party.studio.attach(first.id)
    assert chained(party, again).wait(10).video is not None


def test_a_shot_that_was_lost_from_sight_can_be_picked_up(party: Party) -> None:
    party.simulator.fault("throttled", forever=True)
    first = party.ended(party.submit("The first shot"), 30)
    assert first.state.phase is Phase.DETACHED
    assert refused(party, first).endswith(f": %runway attach {first.id} picks it up")


def test_a_shot_in_doubt_gives_none_and_can_be_looked_for(party: Party) -> None:
    party.simulator.fault("lost-before", times=1)
    first = party.ended(party.submit("The first shot"))
    assert first.state.phase is Phase.UNKNOWN
    assert refused(party, first).endswith(f": %runway attach {first.id} picks it up")


def test_a_shot_whose_file_is_gone_says_how_to_fetch_it(party: Party) -> None:
    first = party.submit("The first shot").wait(10)
    assert first.video is not None
    first.video.unlink()
    for studio in (party.studio, party.make_studio()):
        before, party.studio = party.studio, studio
        assert f"%runway attach {first.id}" in refused(party, f"job:{first.id}")
        party.studio = before
    studio.close()


def test_an_unknown_shot_is_refused(party: Party) -> None:
    line = refused(party, "job:ffffffff")
    assert line.startswith("first: the last frame of job ffffffff: no job 'ffffffff' in the ledger")


def test_an_unknown_shot_is_refused_before_another_is_waited_for(party: Party) -> None:
    party.simulator.fault("throttled", forever=True)
    first = party.submit("The first shot")
    with party.held():
        second = party.submit("The next shot", keyframes=Keyframes(first.last, None, "job:ffffffff"))
        second.observe(lambda job: first.stop() if job.state.detail.startswith("waiting for") else None)
    party.ended(second)
    assert second.state.phase is Phase.REFUSED
    (line,) = second.error.problems  # type: ignore[union-attr]
    assert line.startswith("last: the last frame of job ffffffff: ")
    first.stop()


@pytest.mark.parametrize("text", ["job:", "job:7f3e", "job:7F3E2C54", "job:7f3e2c54@", "job:7f3e2c54@-1", "job:x@2"])
def test_a_frame_that_is_written_wrongly_is_refused_at_once(party: Party, text: str) -> None:
    with pytest.raises(errors.InvalidRequest, match="a frame of a job is job:ID or job:ID@SECONDS"):
        chained(party, text)
    assert party.studio.ledger.recent() == []


def test_without_pyav_it_says_what_to_install(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    first = party.submit("The first shot").wait(10)
    monkeypatch.setitem(sys.modules, "av", None)
    assert 'pip install "runway_nb[simulator]"' in refused(party, first)


# --- other kernels ------------------------------------------------------------------------------------


def record_of(party: Party, **fields: Any) -> Record:
    """A job that another kernel sees through."""
    fields = {
        "phase": "following", "request": {"text_prompt": "x"}, "model": "gen3turbo", "digest": "v1:x",
        "reply_ref": "rnb-x", "credits": 25, "simulated": False, "backend": party.settings.backend, "owner": STRANGER,
        **fields,
    }  # fmt: skip
    return party.studio.ledger.add(Record("0a0a0a0a", **fields))


def test_a_shot_of_another_kernel_is_waited_for(party: Party) -> None:
    done = party.submit("The first shot").wait(10)
    record = record_of(party)
    ledger = party.studio.ledger
    finished = threading.Event()

    async def sleep(seconds: float) -> None:
        """The clock stands still while the shot is waited for: its lease holds as long as the test takes to look."""
        await (party.environment.sleep(seconds) if finished.is_set() else asyncio.sleep(0.01))

    party.restart(sleep=sleep)

    def finish(job: Job) -> None:
        if job.state.detail.startswith("waiting for the last frame of job 0a0a0a0a"):
            ledger.update(record.id, phase="done", video=str(done.video), lease=0.0, owner="")
            finished.set()

    with party.held():
        second = chained(party, f"job:{record.id}")
        second.observe(finish)
    assert second.wait(10).video is not None


def test_a_shot_of_a_kernel_that_is_gone_is_waited_for_no_longer_than_its_lease(party: Party) -> None:
    record = record_of(party)
    with party.held():
        second = chained(party, f"job:{record.id}")
        seen = details(second)
    party.ended(second)
    assert any(line.startswith("waiting for") for line in seen)
    assert second.state.phase is Phase.REFUSED
    assert f"%runway attach {record.id} picks it up" in second.error.message  # type: ignore[union-attr]
    assert second.state.ended is not None
    assert 10 <= second.state.ended - record.created <= 30


def test_a_shot_that_nobody_sees_through_is_not_waited_for(party: Party) -> None:
    record = record_of(party, owner="")
    assert f"%runway attach {record.id} picks it up" in refused(party, f"job:{record.id}")


# --- the wish -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", ["", "@2.5"])
def test_a_chain_that_is_run_again_after_a_restart_costs_nothing(party: Party, seconds: str) -> None:
    first = party.submit("The first shot", fresh=False).wait(10)
    picture = f"{first.last}{seconds}"
    second = chained(party, picture, fresh=False).wait(10)
    party.studio.close()
    party.studio = party.make_studio()
    party.api.requests.clear()
    first_again = party.submit("The first shot", fresh=False)
    second_again = chained(party, f"{first_again.last}{seconds}", fresh=False)
    assert (second_again.id, second_again.video) == (second.id, second.video)
    assert (party.started, party.api.requests) == (2, [])
    assert str(second_again.original_request.keyframes.first) == picture


def test_another_frame_is_another_wish(party: Party) -> None:
    first = party.submit("The first shot").wait(10)
    ids = {chained(party, f"job:{first.id}{at}", fresh=False).wait(10).id for at in ("", "@0", "@2.5")}
    assert len(ids) == 3


def test_a_frame_of_a_job_can_be_uploaded_by_hand(party: Party) -> None:
    first = party.submit("The first shot").wait(10)
    asset, _ = party.studio.account.upload(first.last)
    assert chained(party, first).wait(10).request.keyframes.first == asset.id


def test_a_frame_of_a_shot_that_runs_cannot_be_uploaded_by_hand(party: Party) -> None:
    party.simulator.fault("throttled", forever=True)
    first = party.submit("The first shot")
    with pytest.raises(errors.RunwayError, match="no video yet"):
        party.studio.account.upload(first.last)
    first.stop()


# --- seen ---------------------------------------------------------------------------------------------


def _render(shot_file: Path, out: Path) -> None:
    """One second of it: the first and the last frame are looked at."""
    render(replace(Shot.from_json(shot_file.read_text("utf-8")), seconds=1), out)


@pytest.mark.slow("renders clips of the full size")
def test_the_next_shot_begins_with_what_the_first_one_ended_with(
    tmp_path: Path, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stub, "renderer", _render)
    monkeypatch.setitem(MODELS["gen3turbo"].aspects, "landscape", (1280, 768))
    still = Camera(static=True)
    with Party(tmp_path, time) as party:
        first = party.submit("A lighthouse at dusk", camera=still)
        second = party.studio.submit(VideoRequest("The sea", Keyframes(first.last), still)).wait(30)
        assert second.request.aspect == "landscape"
        assert decibels(second.frame(0), first.last_frame) >= 30
