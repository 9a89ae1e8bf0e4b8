"""Coming back to a wish: an equal one, a lost one, one of another kernel, one that was made elsewhere."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from runway_nb import errors
from runway_nb.camera import Camera
from runway_nb.jobs import submit
from runway_nb.jobs.backend import Backend
from runway_nb.jobs.job import Job
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.ledger import Ledger, Record
from runway_nb.ledger.phase import Phase
from runway_nb.request import VideoRequest
from runway_nb.shortcuts import concat
from runway_nb.studio import Studio
from support.fakes import EMAIL, FakeTime, Party

pytestmark = pytest.mark.usefixtures("small_frames")

NEVER = "lost-before"
"""A create whose answer is lost and that started nothing."""


def again(party: Party, prompt: str = "A lamp turns", **fields: Any) -> Job:
    """As a cell that is run again."""
    return party.submit(prompt, fresh=False, **fields)


# --- an equal wish ------------------------------------------------------------------------------------


def test_an_equal_wish_gives_the_stored_video_and_sends_nothing(party: Party) -> None:
    first = again(party).wait(10)
    second = again(party).wait(10)
    assert (second.id, second.video) == (first.id, first.video)
    assert (party.started, len(party.api.calls("POST"))) == (1, 1)


def test_an_equal_wish_of_another_kernel_and_day_too(party: Party) -> None:
    first = again(party).wait(10)
    party.time.now += 3 * 86400
    second = party.make_studio().submit(VideoRequest("A lamp turns"))
    assert (second.video, party.started) == (first.video, 1)


def test_an_equal_wish_joins_the_job_that_runs(party: Party) -> None:
    party.simulator.fault("throttled", seconds=600)
    assert again(party) is again(party)
    again(party).wait(10)
    assert party.started == 1


def test_a_video_whose_file_is_gone_is_fetched_again_for_nothing(party: Party) -> None:
    first = again(party).wait(10)
    assert first.video is not None
    first.video.unlink()
    second = again(party).wait(10)
    assert second.video is not None
    assert second.video.is_file()
    assert party.started == 1


@pytest.mark.parametrize(
    "fields",
    [{"seed": 7}, {"camera": Camera(zoom=1)}, {"seconds": 10}, {"aspect": "portrait"}, {"explore": True},
     {"keyframes": Keyframes("harbour")}],
    ids=lambda fields: next(iter(fields)),
)  # fmt: skip
def test_any_other_wish_is_made(party: Party, fields: dict[str, Any]) -> None:
    again(party).wait(10)
    again(party, **fields).wait(10)
    assert party.started == 2


@pytest.mark.parametrize("fields", [{"reply_ref": "mine"}, {"max_jobs": 3}], ids=lambda fields: next(iter(fields)))
def test_what_does_not_reach_the_picture_makes_no_other_wish(party: Party, fields: dict[str, Any]) -> None:
    again(party).wait(10)
    again(party, **fields).wait(10)
    assert party.started == 1


def test_a_picture_file_counts_by_its_content(party: Party) -> None:
    from PIL import Image

    for name, colour in (("a.png", "navy"), ("b.png", "navy"), ("c.png", "olive")):
        Image.new("RGB", (64, 40), colour).save(party.folder / name)
    one, same, other = (again(party, keyframes=Keyframes(name)).wait(10) for name in ("a.png", "b.png", "c.png"))
    assert one.id == same.id != other.id
    Image.new("RGB", (64, 40), "white").save(party.folder / "a.png")
    again(party, keyframes=Keyframes("a.png")).wait(10)
    assert party.started == 3


def test_fresh_makes_another_and_the_newest_answers_from_then_on(party: Party) -> None:
    first, second = again(party).wait(10), party.submit().wait(10)
    assert first.id != second.id
    assert again(party).id == second.id
    assert party.started == 2


def test_reuse_can_be_turned_off(party: Party) -> None:
    party.studio.use(replace(party.settings, reuse=False))
    assert again(party).wait(10).id != again(party).wait(10).id


def test_a_failed_wish_is_not_repeated_by_itself(party: Party) -> None:
    party.simulator.fault("failed", times=1)
    first = party.ended(again(party))
    second = again(party)
    assert (second.id, type(second.error), party.started) == (first.id, errors.TaskFailed, 1)
    party.submit().wait(10)
    assert again(party).video is not None, "a later success answers"


@pytest.mark.parametrize("fault", ["412", "401", "404-asset", "596", "402"])
def test_a_wish_that_was_refused_for_nothing_is_simply_made_again(party: Party, fault: str) -> None:
    party.simulator.fault(fault, times=1)
    refused = party.ended(again(party, keyframes=Keyframes("harbour")))
    assert refused.state.phase is Phase.REFUSED
    assert again(party, keyframes=Keyframes("harbour")).wait(10).video is not None
    assert party.started == 1
    assert party.studio.ledger.get(refused.id).credits == 0


def test_the_simulators_result_never_stands_for_runways(party: Party) -> None:
    again(party).wait(10)
    party.studio.use(replace(party.settings, base_url="http://127.0.0.1:81/v1/runwayml"))
    again(party).wait(10)
    assert party.started == 2


@pytest.mark.parametrize(
    "ask", [again, lambda party: party.studio.new_take(party.studio.find())], ids=["submit", "new take"]
)
def test_settings_that_change_while_a_request_is_prepared_hold_for_the_next_one(
    party: Party, ask: Callable[[Party], Job]
) -> None:
    elsewhere = replace(party.settings, base_url="http://127.0.0.1:81/v1/runwayml")
    again(party, "A first lamp").wait(10)

    def change(low: int, _: int) -> int:
        party.studio.use(elsewhere)
        return low

    party.environment = party.environment._replace(draw=change)
    party.studio = party.make_studio()
    job = ask(party).wait(10)
    assert party.studio.settings.backend == elsewhere.backend
    assert {request.url.port for request in party.api.requests} == {None}
    assert party.studio.ledger.get(job.id).backend == party.settings.backend


# --- a lost answer --------------------------------------------------------------------------------------


def test_a_job_in_doubt_is_looked_for_again_and_never_sent_again(party: Party) -> None:
    party.simulator.fault(NEVER, times=1)
    first = party.ended(again(party))
    assert first.state.phase is Phase.UNKNOWN
    second = party.ended(again(party))
    assert (second.id, second.state.phase, party.started) == (first.id, Phase.UNKNOWN, 0)
    assert len(party.api.calls("POST", "create")) == 1
    assert "no task with its seed was found" in second.error.message  # type: ignore[union-attr]


def test_a_job_in_doubt_is_not_sent_again_even_where_nothing_is_reused(party: Party) -> None:
    party.studio.use(replace(party.settings, reuse=False))
    party.simulator.fault(NEVER, times=1)
    first = party.ended(again(party))
    second = party.ended(again(party))
    assert (second.id, len(party.api.calls("POST", "create"))) == (first.id, 1)
    party.submit().wait(10)
    assert party.started == 1


def test_the_search_lasts_about_a_minute(party: Party) -> None:
    party.simulator.fault(NEVER, times=1)
    job = party.ended(party.submit())
    assert job.state.ended is not None
    assert job.state.sent is not None
    assert 55 <= job.state.ended - job.state.sent <= 75
    assert len(party.api.calls("GET", "scheduler")) >= 6


def test_resend_sends_it_once_whoever_asks(party: Party) -> None:
    party.simulator.fault(NEVER, times=1)
    lost = party.ended(again(party, seed=7))
    sent = party.studio.resend(lost.id).wait(10)
    assert (sent.video is not None, sent.seed, sent.id != lost.id) == (True, 7, True)
    assert party.studio.resend(lost.id).id == sent.id
    assert party.make_studio().resend(lost.id).id == sent.id
    assert again(party, seed=7).id == sent.id
    assert party.started == 1


def test_resend_follows_a_task_that_came_to_light_meanwhile(party: Party) -> None:
    party.simulator.fault("late-task", times=1, seconds=500)
    lost = party.ended(party.submit())
    assert lost.state.phase is Phase.UNKNOWN
    party.time.now += 600
    found = party.studio.resend(lost.id).wait(10)
    assert (found.id, party.started) == (lost.id, 1)


def test_resend_sends_nothing_when_another_kernel_finds_the_task_meanwhile(
    party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    party.simulator.fault("late-task", times=1, seconds=600)
    lost = party.ended(party.submit())
    other, search_once = party.make_studio(), submit.search_once

    async def look_and_be_slow(backend: Backend, record: Record, ledger: Ledger) -> bool:
        found = await search_once(backend, record, ledger)
        party.time.now += 600
        await asyncio.to_thread(other.attach(record.id).wait, 10)
        return found

    monkeypatch.setattr(submit, "search_once", look_and_be_slow)
    found = party.studio.resend(lost.id)
    assert (found.id, found.video is not None, party.started) == (lost.id, True, 1)
    other.close()


def test_resend_of_a_job_that_is_not_in_doubt_is_refused(party: Party) -> None:
    job = party.submit().wait(10)
    with pytest.raises(errors.InvalidCommand, match="is not in doubt"):
        party.studio.resend(job.id)
    assert party.started == 1


def test_a_search_that_is_stopped_leaves_the_job_in_doubt(party: Party) -> None:
    party.simulator.fault(NEVER, times=1)
    with party.held():
        job = party.submit()
        job.observe(lambda job: job.stop() if job.state.phase is Phase.CHECKING else None)
    party.ended(job)
    assert (job.state.phase, type(job.error)) == (Phase.UNKNOWN, errors.MaybeSent)
    assert "stopped" in job.error.message  # type: ignore[union-attr]


def test_one_place_that_fails_does_not_hide_the_task_in_another(party: Party) -> None:
    party.simulator.fault("lost-answer", times=1)
    party.simulator.fault("get-500", on="scheduler")
    assert party.submit().wait(10).video is not None
    assert party.started == 1


def test_without_a_connection_nothing_is_certain(party: Party) -> None:
    party.simulator.fault(NEVER, times=1)
    party.simulator.fault("get-drop", on="scheduler")
    job = party.ended(party.submit())
    assert job.state.phase is Phase.UNKNOWN
    assert "could not be looked at" in job.error.message  # type: ignore[union-attr]
    party.simulator.clear()
    assert "no task" in party.ended(party.studio.attach(job.id)).error.message  # type: ignore[union-attr]


# --- jobs of other kernels ------------------------------------------------------------------------------


def test_resume_picks_up_what_was_left_and_nothing_else(party: Party) -> None:
    party.submit("Done").wait(10)
    party.simulator.fault("throttled", forever=True)
    with party.held():
        left = party.submit("Left")
        left.observe(lambda job: job.stop() if job.task is not None else None)
    party.ended(left)
    assert left.state.phase is Phase.STOPPED
    party.simulator.clear()
    other = party.make_studio()
    (job,) = other.resume()
    assert job.id == left.id
    assert len(party.api.calls("POST", "create")) == 2
    other.close()


# --- tasks that were made elsewhere -----------------------------------------------------------------------


@pytest.fixture
def stranger(party: Party, tmp_path: Path, time: FakeTime) -> Job:
    """A task of the account that another ledger knows."""
    home = party.settings.home
    party.settings = replace(party.settings, home=tmp_path / "elsewhere")
    studio = party.make_studio()
    wish = VideoRequest("Made elsewhere", camera=Camera(zoom=2, pan=-3), seconds=10, seed=77, reply_ref="theirs-1")
    job = studio.submit(wish).wait(10)
    studio.close()
    party.settings = replace(party.settings, home=home)
    return job


def test_a_task_that_was_made_elsewhere_can_be_attached(party: Party, stranger: Job) -> None:
    assert stranger.task is not None
    for name in (stranger.task.id, stranger.task.id.rpartition(":")[2][:8]):
        job = party.studio.attach(name).wait(10)
        assert job.video is not None
        assert job.video != stranger.video
    assert (job.request.prompt, job.request.seed, job.request.length) == ("Made elsewhere", 77, 10)
    assert job.request.camera.moves == {"zoom": 2, "pan": -3}
    assert party.started == 1
    (record,) = party.studio.ledger.recent()
    assert record.credits == 0, "it was paid elsewhere"
    assert EMAIL in record.task_id


def test_a_lost_task_that_is_attached_by_its_id_goes_to_its_own_job(party: Party) -> None:
    party.simulator.fault("late-task", times=1, seconds=600)
    lost = party.ended(again(party))
    party.time.now += 700
    (task,) = party.studio.account.tasks()
    found = party.studio.attach(task.id).wait(10)
    assert (found.id, again(party).id, party.started) == (lost.id, lost.id, 1)
    assert len(party.studio.ledger.recent()) == 1


def test_a_reference_finds_a_running_task(party: Party, tmp_path: Path) -> None:
    party.simulator.fault("throttled", forever=True)
    home, party.settings = party.settings, replace(party.settings, home=tmp_path / "elsewhere")
    studio = party.make_studio()
    job = studio.submit(VideoRequest("Made elsewhere", reply_ref="theirs-1"))
    while job.task is None:
        assert not job.done
    studio.close()
    party.settings = home
    found = party.studio.attach("theirs-1")
    assert found.task is not None
    assert found.task.id == job.task.id
    assert party.started == 1


def test_a_name_that_nobody_knows_says_so(party: Party) -> None:
    with pytest.raises(errors.JobNotFound, match="neither the ledger nor the account"):
        party.studio.attach("ffffffff")


# --- budget and brake -------------------------------------------------------------------------------------


def test_a_shot_over_its_limit_is_refused_before_anything_is_sent(party: Party) -> None:
    with pytest.raises(errors.OverBudget, match="costs 50 credits, more than the 30"):
        party.studio.submit(VideoRequest("A lamp", seconds=10), max_credits=30)
    assert not party.api.requests
    assert party.studio.ledger.recent() == []


def test_the_budget_is_of_a_day_and_of_all_notebooks_whatever_their_names(party: Party) -> None:
    party.studio.use(replace(party.settings, max_credits=50))
    party.submit().wait(10)
    party.submit().wait(10)
    for name in ("", "renamed.ipynb"):
        party.studio.notebook = name
        with pytest.raises(errors.OverBudget, match=r"50 of the 50 that may be spent a day.*all notebooks together"):
            party.submit()
    party.studio.folder = party.folder / "moved"
    with pytest.raises(errors.OverBudget):
        party.submit()
    party.studio.folder, party.studio.notebook = party.folder, ""
    assert again(party).video is not None, "a stored result costs nothing"
    assert party.started == 2
    party.time.now += 86400
    party.submit().wait(10)
    assert party.started == 3


def test_two_kernels_have_their_own_limits_over_one_sum(party: Party) -> None:
    other = party.make_studio()
    other.use(replace(party.settings, max_credits=75))
    party.studio.use(replace(party.settings, max_credits=25))
    party.submit("One").wait(10)
    with pytest.raises(errors.OverBudget, match="25 of the 25"):
        party.submit("Two")
    other.submit(VideoRequest("Two")).wait(10)
    other.submit(VideoRequest("Three")).wait(10)
    with pytest.raises(errors.OverBudget, match="75 of the 75"):
        other.submit(VideoRequest("Four"))
    other.close()
    assert party.started == 3


@pytest.mark.parametrize("address", ["HTTP://127.0.0.1/v1/runwayml", "http://127.0.0.1:80/v1/runwayml"])
def test_another_spelling_of_the_address_is_no_other_budget(party: Party, address: str) -> None:
    party.studio.use(replace(party.settings, max_credits=25))
    party.submit().wait(10)
    party.studio.use(replace(party.settings, max_credits=25, base_url=address))
    with pytest.raises(errors.OverBudget):
        party.submit()
    assert again(party).video is not None
    assert party.started == 1


@pytest.mark.parametrize(
    "limit",
    [float("nan"), -1, "25", True, 2.5, float("inf"), object()],
    ids=["nan", "-1", "text", "True", "2.5", "inf", "object"],
)
def test_a_limit_that_is_no_amount_limits_nothing_and_is_refused(party: Party, limit: Any) -> None:
    with pytest.raises(errors.InvalidRequest, match=r"max_credits is .*: give a whole number"):
        party.studio.submit(VideoRequest("A lamp"), max_credits=limit)
    assert not party.api.requests


def test_explore_mode_passes_a_spent_budget(party: Party) -> None:
    party.studio.use(replace(party.settings, max_credits=0))
    party.submit(explore=True).wait(10)
    assert party.started == 1


def test_what_was_refused_is_given_back_to_the_budget(party: Party) -> None:
    party.studio.use(replace(party.settings, max_credits=25))
    party.simulator.fault("412", times=1)
    party.ended(party.submit())
    party.submit().wait(10)
    assert party.studio.account.spent_today() == 25


def test_three_refusals_within_a_day_ask_for_force(party: Party) -> None:
    party.simulator.fault("moderated", times=3)
    for number in range(3):
        party.ended(party.submit(f"Words {number}"))
    with pytest.raises(errors.ModerationBrake, match=r"refused 3 of your requests.*--force"):
        party.studio.submit(VideoRequest("Other words"))
    assert party.started == 3
    party.studio.submit(VideoRequest("Other words"), force=True).wait(10)
    party.time.now += 86401
    party.studio.submit(VideoRequest("Words of tomorrow")).wait(10)


def test_words_that_were_made_after_all_are_free_again(party: Party) -> None:
    party.simulator.fault("moderated", times=1)
    party.ended(again(party))
    party.studio.submit(VideoRequest("A lamp turns"), fresh=True).wait(10)
    party.studio.submit(VideoRequest("A lamp turns", camera=Camera(zoom=3))).wait(10)
    assert party.started == 3


def test_a_refused_picture_says_nothing_about_the_words(party: Party) -> None:
    party.simulator.fault("moderated", times=1, reason="SAFETY.INPUT.IMAGE")
    party.ended(again(party, keyframes=Keyframes("harbour")))
    again(party, keyframes=Keyframes("meadow")).wait(10)


@pytest.mark.parametrize("fault", ["moderated", "422"])
def test_refused_words_are_not_sent_again_unasked(party: Party, fault: str) -> None:
    party.simulator.fault(fault, times=1)
    first = party.ended(again(party))
    assert again(party).id == first.id
    with pytest.raises(errors.RefusedBefore, match="--fresh"):
        party.studio.submit(VideoRequest("a  LAMP turns", camera=Camera(zoom=1)))
    assert len(party.api.calls("POST", "create")) == 1
    party.studio.submit(VideoRequest("A lamp turns"), fresh=True).wait(10)


# --- the queue --------------------------------------------------------------------------------------------


def test_two_run_at_once_and_the_next_goes_when_one_ends(party: Party) -> None:
    most: list[int] = []
    with party.held():
        jobs = [party.submit(f"Shot {number}") for number in range(5)]
        for job in jobs:
            job.observe(lambda _: most.append(sum(other.state.phase is Phase.FOLLOWING for other in jobs)))
    for job in jobs:
        job.wait(20)
    assert max(most) == 2
    sent = [json.loads(request.read())["text_prompt"] for request in party.api.calls("POST", "create")]
    assert sent == [f"Shot {number}" for number in range(5)]


def test_another_take_of_a_simulated_job_is_not_paid_at_runway(party: Party) -> None:
    job = party.submit().wait(10)
    party.studio.use(replace(party.settings, base_url="http://127.0.0.1:81/v1/runwayml"))
    with pytest.raises(errors.RunwayError, match=r"was made at 127\.0\.0\.1"):
        party.studio.new_take(job)
    assert party.started == 1


def test_another_take_has_another_seed(party: Party) -> None:
    first = party.submit(seed=7, camera=Camera(zoom=2)).wait(10)
    second = party.studio.new_take(first).wait(10)
    assert second.seed != 7
    assert second.request.camera == first.request.camera
    assert party.started == 2


# --- pictures of a finished video ---------------------------------------------------------------------------


@pytest.fixture
def shot(party: Party) -> Job:
    return party.submit().wait(10)


def test_a_finished_job_gives_its_frames(shot: Job) -> None:
    from runway_nb.pictures import video_frames

    assert shot.video is not None
    whole = video_frames.frames(shot.video, 3)
    assert [frame.tobytes() for frame in shot.frames(3)] == [frame.tobytes() for frame in whole]
    assert shot.last_frame.tobytes() == whole[-1].tobytes()
    assert shot.frame(0).tobytes() == whole[0].tobytes()
    assert shot.poster.width > 0


def test_of_clips_that_begin_alike_a_picture_of_the_middle_is_kept(party: Party) -> None:
    """What begins with words alone is told apart by its poster."""
    job = party.submit(keyframes=Keyframes("harbour")).wait(10)
    middle = job.state.middle
    assert middle is not None
    picture = Image.open(io.BytesIO(middle)).convert("L").resize((8, 5))
    expected = job.frames(1)[0].convert("L").resize((8, 5))
    differences = [abs(a - b) for a, b in zip(picture.tobytes(), expected.tobytes(), strict=True)]
    assert max(differences) < 12
    party.studio.close()
    party.studio = party.make_studio()
    assert party.studio.attach(job.id).state.middle == middle
    assert party.submit("A lamp turns").wait(10).state.middle is None


def test_a_job_without_a_video_gives_no_frame(party: Party) -> None:
    party.simulator.fault("failed", times=1)
    job = party.ended(party.submit())
    for ask in (lambda: job.last_frame, lambda: job.frames(2), lambda: concat([job], "film.mp4")):
        with pytest.raises(errors.TaskFailed):
            ask()


def test_clips_are_joined_in_order(shot: Job, party: Party) -> None:
    from runway_nb.pictures import video_frames

    assert shot.video is not None
    film = concat([shot, shot.video], party.folder / "film.mp4")
    assert video_frames.duration(film) == pytest.approx(2 * video_frames.duration(shot.video), abs=0.05)


# --- the facade ---------------------------------------------------------------------------------------


def test_the_studio_has_few_public_names() -> None:
    own = [name for name in vars(Studio) if not name.startswith("_")]
    assert len(own) <= 15, own


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *((name, f"account.{name}") for name in ("assets", "credits", "delete_asset", "picture_bytes", "spent_today")),
        ("tasks", "account.tasks"),
        ("upload", "account.upload"),
        ("simulator_url", "simulator.url"),
        ("misbehave", "simulator.inject_fault"),
    ],
)
def test_an_old_name_of_the_studio_works_and_warns(party: Party, old: str, new: str) -> None:
    part, _, name = new.partition(".")
    with pytest.warns(DeprecationWarning, match=rf"studio\.{old} is studio\.{new} now"):
        assert getattr(party.studio, old) == getattr(getattr(party.studio, part), name)


def test_a_name_that_the_studio_never_had_is_an_attribute_error(party: Party) -> None:
    assert not hasattr(party.studio, "resubmit")


def test_a_request_is_checked_once_and_handed_on_as_it_is(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = party.studio.check(VideoRequest("A lamp turns", seed=7))
    monkeypatch.setattr(VideoRequest, "from_wire", None)  # nothing is made again out of a body
    asked = party.studio.submit_checked(checked)
    assert asked.is_new
    assert asked.job.original_request is checked.request
    assert party.ended(asked.job).video


def test_a_checked_request_goes_to_the_backend_that_it_was_asked_of(party: Party) -> None:
    checked = party.studio.check(VideoRequest("A lamp turns"))
    party.studio.use(replace(party.settings, base_url="https://other.invalid/v1"))
    job = party.ended(party.studio.submit_checked(checked).job)
    assert (job.error, party.started) == (None, 1)


@pytest.mark.slow("forks")
def test_a_studio_that_was_made_before_a_fork_sends_nothing_in_the_child(tmp_path: Path) -> None:
    """It would take the jobs, the slots and the leases of its parent for its own, and pay for what that has sent."""
    script = """
    import os
    from runway_nb.errors import RunwayError
    from runway_nb.ledger.record import Record
    from runway_nb.request import VideoRequest
    from runway_nb.settings import resolve
    from runway_nb.studio import Studio
    studio = Studio(resolve())
    record = Record("00000001", "following", {}, "gen3turbo", "v1:x", "rnb-00000001", 25, True, backend="simulator")
    studio.ledger.add(record)
    child = os.fork()
    if child == 0:
        for ask in (
            lambda: studio.submit(VideoRequest("A lamp turns")),
            lambda: studio.attach("00000001"),
            lambda: studio.resume("00000001"),
        ):
            try:
                ask()
            except RunwayError as error:
                print(type(error).__name__, error, flush=True)
        print(studio.ledger.count(), studio.ledger.get("00000001").lease, flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    studio.close()
    """
    environment = {**os.environ, "RUNWAY_NB_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(script)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=tmp_path, env=environment)
    *said, ledger = run.stdout.splitlines()
    refused = "RunwayError this studio was made before its process was forked: nothing was sent"
    assert [line.partition(";")[0] for line in said] == [refused] * 3
    assert ledger == "1 0.0", "no request is written down, and no lease is taken"
    assert run.returncode == 0, run.stderr
