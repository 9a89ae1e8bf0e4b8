"""Words, durable HTML, live card and plain text: pure functions of a job."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import Any

import pytest

from runway_nb import errors
from runway_nb.api.models import Status, Task
from runway_nb.camera import Camera
from runway_nb.jobs.job import Job, control_of
from runway_nb.jobs.state import State
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.phase import Phase
from runway_nb.ledger.record import REFUSED_FOR_NOW
from runway_nb.notebook.cards import card
from runway_nb.notebook.rendering import plain_text
from runway_nb.notebook.rendering.facts import cost, made, megabytes
from runway_nb.notebook.rendering.live_state import ATTACH_HINT, live_state
from runway_nb.notebook.rendering.notices import notice
from runway_nb.notebook.rendering.result_html import EMBED_CAP, bundle, notice_html, source
from runway_nb.request import VideoRequest
from support.sanitizer import check_sanitized, tags

PROMPT = "A lighthouse at dusk, slow waves, the beam sweeps over the sea."
NOW = 1_795_000_000.0
TASK_ID = "user:4711-runwayml:studio@example.org-task:9c2a1f34-58c1-4f0b-b1f4-2e6f0a7d8c33"


def a_job(
    phase: Phase = Phase.FOLLOWING, *, status: str = "RUNNING", simulated: bool = False, cell: str = "", **state: Any
) -> Job:
    request = VideoRequest(PROMPT, Keyframes("lighthouse"), Camera(zoom=4, pan=-2), seed=1842)
    task = None if phase in (Phase.PREPARING, Phase.WAITING, Phase.SENDING) else Task(TASK_ID, Status(status))
    moment = State(phase, task=state.pop("task", task), sent=NOW - 38, last_poll=NOW, **state)
    return Job(
        "7f3e2c54", request, simulated=simulated, cell=cell, folder=Path("/notebooks"), created=NOW - 38, state=moment
    )


def a_result(folder: Path, size: int = 2_800_000, **job: Any) -> Job:
    video = folder / "runway_outputs" / "lighthouse-7f3e2c54.mp4"
    video.parent.mkdir(exist_ok=True)
    video.write_bytes(b"\0" * size)
    made = a_job(Phase.DONE, status="SUCCEEDED", video=video, poster=b"\xff\xd8jpeg", ended=NOW + 56, **job)
    made.folder = folder
    return made


# --- the text of the live card --------------------------------------------------------------------------

LOOKS: dict[str, tuple[dict[str, Any], tuple[str, str, str, str]]] = {
    "waiting": (
        {"phase": Phase.WAITING, "detail": "2 slots busy with job a, job b", "next_poll": NOW + 14},
        ("Waiting for a free slot", "next try in 0:14 · 2 slots busy with job a, job b", "not sent yet", "Remove"),
    ),
    "sending": (
        {"phase": Phase.SENDING},
        ("Sending", "one request, never repeated by itself", "POST", "Stop tracking"),
    ),
    "pending": (
        {"task": Task(TASK_ID, Status("PENDING"), starts_in=25.0)},
        ("Queued at Runway", "starts in about 0:25", "PENDING", "Stop tracking"),
    ),
    "pending without an estimate": (
        {"task": Task(TASK_ID, Status("PENDING"))},
        ("Queued at Runway", "starts soon", "PENDING", "Stop tracking"),
    ),
    "throttled": (
        {"status": "THROTTLED", "next_poll": NOW + 20},
        ("Held back by Runway", "too many tasks on the account · next look in 0:20", "THROTTLED", "Stop tracking"),
    ),
    "running": (
        {"progress": 0.42, "remaining": 52.4},
        ("Generating", "0:38 elapsed · about 0:52 left", "RUNNING", "Stop tracking"),
    ),
    "running without an estimate": ({"progress": 0.42}, ("Generating", "0:38 elapsed", "RUNNING", "Stop tracking")),
    "offline": (
        {"offline": True, "progress": 0.42, "next_poll": NOW + 10},
        ("No connection", "trying again in 0:10 · the task is safe", "network error", "Stop tracking"),
    ),
    "downloading": (
        {"phase": Phase.DOWNLOADING, "received": 1_200_000, "total": 2_800_000},
        ("Downloading", "1.2 of 2.8 MB", "SUCCEEDED", "Stop tracking"),
    ),
    "an unknown word": ({"status": "DREAMING"}, ("“DREAMING”", "tracking goes on", "DREAMING", "Stop tracking")),
}


@pytest.mark.parametrize("name", LOOKS)
def test_the_card_says(name: str) -> None:
    state, expected = LOOKS[name]
    seen = live_state(a_job(**state), NOW)
    assert (seen.word, seen.detail, seen.api, seen.button) == expected


def test_the_bar_keeps_its_value_while_offline_and_is_empty_before_it_is_known() -> None:
    assert live_state(a_job(offline=True, progress=0.42), NOW).ratio == 0.42
    assert live_state(a_job(), NOW).ratio is None


def test_the_hints_of_the_buttons_are_sentences_about_money_and_what_goes_on() -> None:
    assert live_state(a_job(), NOW).hint == "Runway goes on and the credits stay spent. Resume with %runway attach."
    assert live_state(a_job(Phase.WAITING), NOW).hint == "Not sent yet: nothing is charged."
    hint = "Nothing is sent meanwhile. To check again later: %runway attach."
    assert live_state(a_job(Phase.CHECKING), NOW).hint == hint
    assert live_state(a_job(elsewhere=True), NOW).detail == "running · another kernel is tracking this job"
    assert ATTACH_HINT == "Looks for the task on the account; sends nothing."


def test_the_button_rests_while_the_request_is_on_its_way() -> None:
    assert not live_state(a_job(Phase.SENDING), NOW).enabled


def test_the_progress_bar_is_one_for_screen_readers() -> None:
    html = card.body_html(a_job(progress=0.42), live_state(a_job(progress=0.42), NOW))
    assert 'role="progressbar" aria-label="Generating" aria-valuemin="0" aria-valuemax="100" aria-valuenow="42"' in html


def test_the_card_shows_facts_badge_price_and_id() -> None:
    job = a_job(simulated=True, progress=0.1)
    html = re.sub(r"<[^>]+>", "|", card.body_html(job, live_state(job, NOW)))
    for words in ("Simulator", "zoom +4 · pan −2", "5 s landscape", "seed 1842", "0 credits", "7f3e2c54"):
        assert words in html


# --- notices ------------------------------------------------------------------------------------------------

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
    told = notice(job)
    assert (told.title, told.reason, told.command) == (title, reason, command)
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


# --- the durable result --------------------


def test_the_player_survives_an_untrusted_notebook(tmp_path: Path) -> None:
    html = bundle(a_result(tmp_path))["text/html"]
    check_sanitized(html)
    (video,) = [attributes for tag, attributes in tags(html) if tag == "video"]
    assert video["src"] == "runway_outputs/lighthouse-7f3e2c54.mp4"
    assert {"controls", "loop", "muted"} <= set(video)
    assert "autoplay" not in video
    assert (video["preload"], video["poster"]) == ("metadata", "data:image/jpeg;base64,/9hqcGVn")


@pytest.mark.parametrize("error", [errors.TaskFailed("x"), errors.MaybeSent("y"), errors.DeadlineReached("z")])
def test_a_notice_survives_an_untrusted_notebook(error: errors.RunwayError) -> None:
    check_sanitized(bundle(a_job(Phase.DETACHED, error=error))["text/html"])


def test_the_plain_text_of_a_result(tmp_path: Path) -> None:
    cell = "%%runway shot --first lighthouse-dusk.jpg --zoom 4 --pan -2 --seed 1842\n" + PROMPT
    assert bundle(a_result(tmp_path, cell=cell))["text/plain"].splitlines() == [
        "Video   runway_outputs/lighthouse-7f3e2c54.mp4  (1280 x 768, 5 s, 2.8 MB)",
        f"Prompt  {PROMPT}",
        f"Shot    zoom +4, pan -2, 5 s, seed 1842, 25 credits, {made(a_result(tmp_path))}, id 7f3e2c54",
        "Cell    %%runway shot --first lighthouse-dusk.jpg --zoom 4 --pan -2 --seed 1842",
    ]


def test_a_picture_that_stands_in_the_cell_as_text_is_cut_short(tmp_path: Path) -> None:
    cell = f"%%runway --first data:image/png;base64,iVBORw0KGgo{9000 * 'A'}= --zoom 4\n{PROMPT}"
    told = bundle(a_result(tmp_path, cell=cell))["text/plain"].splitlines()[-1]
    assert told == "Cell    %%runway --first data:image/png;base64,iVBORw0K\N{HORIZONTAL ELLIPSIS} --zoom 4"


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</video></div>", "'\"&<>"]
)
def test_hostile_words_stay_words(tmp_path: Path, hostile: str) -> None:
    job = a_result(tmp_path, cell=f"%%runway\n{hostile}")
    control_of(job).request = VideoRequest(hostile, Keyframes(hostile), seed=1)
    for html in (
        bundle(job)["text/html"],
        card.body_html(job, live_state(a_job(), NOW)),
        notice_html(job, notice(a_job())),
    ):
        check_sanitized(re.sub(r"<svg.*?</svg>", "", html).replace(' role="', ' x="').replace(" aria-", " x-"))
        assert not [tag for tag, _ in tags(html) if tag in ("script", "img")]


def test_a_path_with_spaces_and_signs_is_quoted(tmp_path: Path) -> None:
    video = tmp_path / "my clips" / "50% #1.mp4"
    video.parent.mkdir()
    video.write_bytes(b"x")
    assert source(video, tmp_path, "auto") == "my%20clips/50%25%20%231.mp4"


def test_embedding(tmp_path: Path) -> None:
    inside = a_result(tmp_path, 1000).video
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    assert inside is not None
    assert source(inside, tmp_path, "auto").startswith("runway_outputs/")
    assert source(inside, outside, "auto").startswith("data:video/mp4;base64,")
    assert source(inside, outside, "never") == "../runway_outputs/lighthouse-7f3e2c54.mp4"
    assert source(inside, tmp_path, "always").startswith("data:")
    assert source(inside, tmp_path, "capped").startswith("data:")
    inside.write_bytes(b"\0" * (EMBED_CAP + 1))
    assert not source(inside, outside, "auto").startswith("data:")
    assert not source(inside, tmp_path, "capped").startswith("data:")
    assert source(inside, tmp_path, "always").startswith("data:")


def test_a_video_that_cannot_be_read_is_not_embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    (tmp_path / "a.mp4").write_bytes(b"0")
    monkeypatch.setattr(Path, "read_bytes", fail)
    assert source(tmp_path / "a.mp4", tmp_path, "always") == "a.mp4"


def test_an_embedded_video_offers_no_dead_link(tmp_path: Path) -> None:
    html = bundle(a_result(tmp_path, 1000), "always")["text/html"]
    assert not [attributes for tag, attributes in tags(html) if tag == "a"]


def test_a_job_that_goes_on_says_how_to_see_its_end() -> None:
    assert "%runway wait 7f3e2c54" in bundle(a_job())["text/plain"]


# --- plain text --------------------


def test_the_line_of_a_terminal_fits_and_is_ascii() -> None:
    line = plain_text.live_line(a_job(progress=0.42), live_state(a_job(progress=0.42, remaining=52.4), NOW))
    assert line == "runway 7f3e2c54  generating  [######--------] 42 %  0:38 elapsed, about 0:52 left"[:79]
    assert line.isascii()


def test_a_log_has_a_line_for_each_state_and_quarter() -> None:
    keys = {plain_text.log_key(live_state(a_job(progress=p / 100), NOW)) for p in range(101)}
    assert len(keys) == 5
    job = a_job(Phase.WAITING, detail="2 slots busy", next_poll=NOW + 5)
    line = "runway --------  waiting: next try in 0:05, 2 slots busy"
    assert plain_text.log_line(job, live_state(job, NOW)) == line


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ({"progress": 0.25, "remaining": 52.4}, "generating: 25 % after 0:38"),
        ({"task": Task(TASK_ID, Status("PENDING"), starts_in=25.0)}, "queued at Runway: starts in about 0:25"),
        (
            {"offline": True, "progress": 0.42, "next_poll": NOW + 10},
            "no answer: 42 % trying again in 0:10, the task is safe",
        ),
        (
            {"phase": Phase.DOWNLOADING, "received": 1_200_000, "total": 2_800_000},
            "downloading: 43 % 1.2 of 2.8 MB",
        ),
    ],
)
def test_the_line_of_a_log_says(state: dict[str, Any], line: str) -> None:
    job = a_job(**state)
    assert plain_text.log_line(job, live_state(job, NOW)) == f"runway 7f3e2c54  {line}"


def test_a_log_tells_price_and_end(tmp_path: Path) -> None:
    job = a_result(tmp_path)
    assert plain_text.sent_line(job) == "runway 7f3e2c54  sent: 25 credits"
    told = Task(TASK_ID, Status("PENDING"), credits_used=1340, credits_permitted=2250)
    assert plain_text.sent_line(a_job(task=told)) == "runway 7f3e2c54  sent: 25 credits, 1,340 of 2,250 used"
    assert plain_text.done_line(job) == "runway 7f3e2c54  done in 1:34: runway_outputs/lighthouse-7f3e2c54.mp4"


@pytest.mark.parametrize(("size", "words"), [(None, "unknown size"), (50_000, "50 kB"), (2_841_733, "2.8 MB")])
def test_sizes(size: int | None, words: str) -> None:
    assert megabytes(size) == words


def test_prices() -> None:
    assert (cost(a_job()), cost(a_job(simulated=True))) == ("25 credits", "0 credits")


def test_the_film_shows_the_keyframes_it_has() -> None:
    job = a_job()
    assert "<img" not in card.film_html(job)
    control_of(job).thumbnails = {"last": b"b", "first": b"a"}
    assert re.findall(r'alt="(\w+) keyframe"', card.film_html(job)) == ["first", "last"]


def test_the_style_sheet_animates_nothing_and_uses_the_theme() -> None:
    sheet = card.style_sheet()
    assert "@keyframes" not in sheet
    assert "--jp-layout-color1" in sheet
    assert "prefers-reduced-motion" in sheet
