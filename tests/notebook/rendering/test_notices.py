"""What an end without a video says: title, reason, and the command that helps."""

from __future__ import annotations

import pytest

from runway_nb import errors
from runway_nb.jobs.job import Job
from runway_nb.jobs.state import State
from runway_nb.ledger.phase import Phase
from runway_nb.ledger.record import REFUSED_FOR_NOW
from runway_nb.notebook.rendering.notices import in_python, notice
from runway_nb.notebook.rendering.result_html import bundle
from runway_nb.request import VideoRequest
from support.sanitizer import check_sanitized
from support.shown_jobs import a_job

NOTICES: list[tuple[Phase, errors.RunwayError, str, str, str]] = [
    (Phase.FAILED, errors.TaskModerated("refused by moderation: SAFETY.INPUT.TEXT, category VIOLENCE"),
     "Not generated: refused by moderation", "Reason from Runway: SAFETY.INPUT.TEXT, category VIOLENCE.", ""),
    (Phase.REFUSED, errors.NotEnoughCredits("this shot needs 25 credits, 12 of 2,250 are left (HTTP 412)", 412),
     "Not sent: not enough credits", "This shot needs 25 credits, 12 of 2,250 are left (HTTP 412).", ""),
    (Phase.REFUSED, errors.PromptRefused("no", 422), "Not sent: refused by moderation", "No.", ""),
    (Phase.DETACHED, errors.DeadlineReached("no end after 30 minutes of tracking"), "Detached: still running at Runway",
     "No end after 30 minutes of tracking. The task goes on and nothing is lost.", "%runway attach 7f3e2c54"),
    (Phase.STOPPED, errors.TrackingStopped("x"), "Tracking stopped",
     "You stopped it at 42 %. Runway finishes the video; its 25 credits stay spent.", "%runway attach 7f3e2c54"),
    (Phase.FAILED, errors.TaskFailed("a <b>bad</b> frame"), "Not generated: Runway reported an error",
     "A <b>bad</b> frame.", ""),
    (Phase.UNKNOWN, errors.MaybeSent("maybe sent, no clear answer: the connection broke"),
     "Maybe sent: no clear answer", "The request left once; the connection broke.",
     "%runway attach 7f3e2c54  # check again\n%runway resend 7f3e2c54  # send again, 25 credits"),
    (Phase.UNKNOWN, errors.RateLimited(REFUSED_FOR_NOW), "Not sent yet: all slots were taken",
     "Refused for now (HTTP 429), and its session ended before it was sent again.",
     "%runway attach 7f3e2c54  # checks, sends nothing"),
    (Phase.REFUSED, errors.RateLimited("Runway takes no more tasks now (HTTP 429)"), "Not sent",
     "Runway takes no more tasks now (HTTP 429).", ""),
    (Phase.REMOVED, errors.Removed("x"), "Removed before sending", "", ""),
    (Phase.DETACHED, errors.DownloadError("the download broke off"), "Not downloaded: the video is finished at Runway",
     "The download broke off.", "%runway attach 7f3e2c54"),
    (Phase.DETACHED, errors.NoVideo("the task succeeded and names no video yet"),
     "Finished at Runway, but no video yet", "The task succeeded and names no video yet.", "%runway attach 7f3e2c54"),
    (Phase.REFUSED, errors.Unauthorized("Unauthorized (HTTP 401)", 401), "Not sent", "Unauthorized (HTTP 401).", ""),
    (Phase.DETACHED, errors.Detached("tracking ended with the session"), "Detached: not tracked here",
     "Tracking ended with the session.", "%runway attach 7f3e2c54"),
]  # fmt: skip


@pytest.mark.parametrize(("phase", "error", "title", "reason", "command"), NOTICES, ids=lambda value: str(value)[:30])
def test_an_end_without_a_video_says(
    phase: Phase, error: errors.RunwayError, title: str, reason: str, command: str
) -> None:
    job = a_job(phase, error=error, progress=0.42)
    shown = notice(job)
    assert (shown.title, shown.reason, shown.command) == (title, reason, command)
    plain = bundle(job)["text/plain"]
    assert plain.startswith(title)
    assert plain.isascii()
    assert "<b>" not in bundle(job)["text/html"].replace("<b>", "", 0) or "&lt;b&gt;" in bundle(job)["text/html"]


def test_what_was_never_sent_says_so_and_names_no_price_as_paid() -> None:
    html = bundle(a_job(Phase.REFUSED, error=errors.NotEnoughCredits("x", 412), task=None))["text/html"]
    assert "25 credits needed" in html
    assert "not sent" in html


def test_moderation_may_be_charged_but_not_by_the_simulator() -> None:
    error = errors.TaskModerated("refused by moderation: SAFETY.INPUT.TEXT")
    assert "25 credits, may be charged" in bundle(a_job(Phase.FAILED, error=error))["text/html"]
    simulated = bundle(a_job(Phase.FAILED, error=error, simulated=True))["text/html"]
    assert "charged" not in simulated.replace("Nothing was charged", "")
    assert "Simulator: no credits spent" in simulated


@pytest.mark.parametrize("error", [errors.TaskFailed("x"), errors.MaybeSent("y"), errors.DeadlineReached("z")])
def test_a_notice_survives_an_untrusted_notebook(error: errors.RunwayError) -> None:
    check_sanitized(bundle(a_job(Phase.DETACHED, error=error))["text/html"])


def test_a_job_that_goes_on_says_how_to_see_its_end() -> None:
    assert "%runway wait 7f3e2c54" in bundle(a_job())["text/plain"]


def test_an_imported_video_that_is_gone_is_imported_again() -> None:
    """There is no task to fetch it from."""
    state = State(Phase.DETACHED, error=errors.DownloadError("its file a.mp4 is not there any more"))
    found = notice(Job("7f3e2c54", VideoRequest("A lamp"), state=state, imported=True))
    assert found.command == "%runway import DIR"
    assert "its file a.mp4 is not there any more" in found.reason.casefold()


@pytest.mark.parametrize(("phase", "error", "title", "reason", "command"), NOTICES, ids=lambda value: str(value)[:30])
def test_where_there_are_no_magics_the_next_step_is_a_call(
    phase: Phase, error: errors.RunwayError, title: str, reason: str, command: str
) -> None:
    said = in_python(notice(a_job(phase, error=error, progress=0.42)))
    assert (said.title, said.reason) == (title, reason)
    assert "%runway" not in said.command + said.todo
    assert "--" not in said.todo
    if command:
        compile(said.command, "the next step", "exec")


def test_a_job_that_goes_on_is_waited_for_by_a_call() -> None:
    text = bundle(a_job(Phase.FOLLOWING), has_magics=False)["text/plain"]
    assert 'runway_nb.default_studio().attach("7f3e2c54").wait()' in text
