"""Whatever a server, a name or a user says: nothing leaves that holds a secret or acts on a screen."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from runway_nb import errors
from runway_nb.api.account_queries import account_task
from runway_nb.api.client import RunwayClient
from runway_nb.api.models import Account, Asset, RunningTask, Status, Task, accounts, running_tasks
from runway_nb.api.status_errors import error_of
from runway_nb.jobs.job import Job
from runway_nb.jobs.state import State
from runway_nb.jobs.workflow import task_error
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.phase import Phase
from runway_nb.ledger.record import Record, Spending
from runway_nb.notebook.cards.card import body_html
from runway_nb.notebook.language.expressions import named_picture
from runway_nb.notebook.panel.account_text import AccountState, account_problems, head_text
from runway_nb.notebook.panel.keyframe_choices import Choice, asset_choices, choice_of, frame_choices, typed_choice
from runway_nb.notebook.panel.open_field import entries
from runway_nb.notebook.panel.snapshot import panel_text
from runway_nb.notebook.panel.widgets import line, problem
from runway_nb.notebook.rendering import asset_gallery
from runway_nb.notebook.rendering import tables as listing
from runway_nb.notebook.rendering.live_state import live_state
from runway_nb.notebook.rendering.notices import notice
from runway_nb.notebook.rendering.plain_text import live_line, log_line
from runway_nb.notebook.rendering.result_html import bundle, error_bundle, placeholder
from runway_nb.pictures.asset_names import match_asset, typed_names
from runway_nb.pictures.files import keep_picture
from runway_nb.pictures.resolve import file_stem
from runway_nb.redaction import know_address, know_token
from runway_nb.request import VideoRequest
from runway_nb.settings import Secret, Settings
from runway_nb.storage.video_folder import file_name
from support.fakes import EMAIL, TOKEN, Changed, Party

TAIL = TOKEN.partition("-")[2]
CODED = base64.b64encode(f"..{TOKEN}".encode()).decode()
HOSTILE = (
    f"\x1b[2J\x1b]0;owned\x07\x9b31m\u202eevil\x00\r {EMAIL} {EMAIL.upper()} {quote(EMAIL, safe='')} "
    f"{quote(quote(EMAIL, safe=''), safe='')} {EMAIL.replace('@', '&#64;')} {EMAIL.replace('@', '@' + chr(0x200B))} "
    f"{base64.b64encode(EMAIL.encode()).decode()} {TOKEN} {TAIL.upper()} {CODED} https://me:pa55word@host.test/ "
)
LONG = HOSTILE * 40
UNSEEN = frozenset("\x1b\x00\x07\r\x9b\u202e\u200b")
TASK_ID = f"user:4711-runwayml:{EMAIL}-task:9c2a1f34-58c1-4f0b-b1f4-2e6f0a7d8c33"
ASSET_ID = f"user:4711-runwayml:{EMAIL}-asset:0b6f0c1e-6a55-4f0c-9a35-3f1f6e0d2a11"


@pytest.fixture(autouse=True)
def _known() -> None:
    Secret(TOKEN)
    know_address(EMAIL)


def check(*texts: object, longest: int = 60_000) -> None:
    """Nothing that must not leave is in these."""
    for value in texts:
        text = str(value)
        small = text.lower()
        found = [secret for secret in (EMAIL, EMAIL.partition("@")[2], TAIL.lower(), "pa55word") if secret in small]
        assert not found, f"{found} in {text[:400]!r}"
        assert CODED[8:24] not in text
        assert base64.b64encode(EMAIL.encode()).decode()[:20] not in text
        assert not UNSEEN & set(text), f"{UNSEEN & set(text)} in {text[:400]!r}"
        assert len(text) <= longest


def hostile_task(**more: Any) -> Task:
    body = {
        "taskId": TASK_ID, "status": LONG, "name": LONG, "createdAt": LONG, "taskType": LONG,
        "error": {"errorMessage": LONG, "reason": LONG, "moderation_category": LONG},
        "options": {"text_prompt": LONG}, **more,
    }  # fmt: skip
    return Task.from_wire(body)


# --- what is read -----------------------------------------------------------------------------------


def test_a_status_is_one_short_word_whatever_the_server_says() -> None:
    for word in (LONG, "x" * 10_000, "\x1b[31mRUNNING", EMAIL.upper()):
        status = Task.from_wire({"taskId": TASK_ID, "status": word}).status
        check(status, repr(status), longest=80)
        assert "\n" not in status
    know_token("user:4711-onlyLETTERSinHERE")
    check(*map(Status, ("onlyLETTERSinHERE", "ONLYLETTERSINHERE")))
    assert "letters" not in Status("onlyLETTERSinHERE").lower()
    assert Status("running\r\n") == "running"
    assert Task.from_wire({"taskId": TASK_ID, "status": "\x1b[1mSUCCEEDED"}).status == "SUCCEEDED"


def test_every_text_of_a_task_is_as_it_may_be_shown() -> None:
    task = hostile_task()
    assert task.problem is not None
    check(task.name, task.created_at, task.task_type, repr(task), task.problem, task_error(task), longest=3000)
    check(repr(hostile_task(error=LONG).problem))
    assert task.prompt == LONG.encode(errors="replace").decode(), "a prompt is compared with what was sent"


def test_every_text_of_an_asset_is_as_it_may_be_shown() -> None:
    asset = Asset.from_wire({"assetId": ASSET_ID, "name": f"{LONG}.png", "mediaType": LONG})
    check(asset.name, asset.stem, asset.kind, repr(asset), longest=250)
    assert typed_names([asset])[asset.id] == asset.short_id


@pytest.mark.parametrize("name", ["simulator@runway-nb.invalid", "sam@example.org", "sam.doe@mail.example.org.png"])
def test_the_stem_of_a_name_is_no_half_of_an_address(name) -> None:
    asset = Asset(ASSET_ID, name, "image")
    for text in (asset.stem, file_stem(f"/x/{name}"), file_name(name, "7f3e2c54"), named_picture(name, {}).name):
        assert "sam" not in text
        assert "simulator" not in text


def test_an_asset_with_an_address_for_a_name_is_found_by_it() -> None:
    asset = Asset(ASSET_ID, "sam@example.org", "image")
    assert match_asset("sam@example.org", [asset]) is asset
    check(match_asset(LONG, [asset]))


def test_accounts_and_what_holds_slots() -> None:
    body = {EMAIL: {"maxJobs": 2, "error": LONG}, "new@acc.example": {"error": "of bmV3QGFjYy5leGFtcGxl"}}
    found = accounts(body)
    check(*(account.error for account in found), repr(found), longest=1500)
    assert found[1].error == "of ***@***", "an address is known as soon as it is read"
    check(repr(running_tasks([{"taskId": TASK_ID, "replyRef": LONG}])), repr(RunningTask(LONG, LONG)))
    state = AccountState(simulated=False, accounts=found, problem=LONG)
    check(*account_problems(AccountState(simulated=False, accounts=found)), head_text(state))
    check(head_text(AccountState(simulated=False, accounts=(Account("\u202e@x.example"),))))


@pytest.mark.parametrize("status", [400, 401, 402, 404, 412, 418, 422, 429, 500, 596])
@pytest.mark.parametrize("shape", [
    lambda text: {"json": {"error": text}},
    lambda text: {"json": {"error": {"errorMessage": text}}},
    lambda text: {"json": {"error": text, "runningTasks": {EMAIL: [{"taskId": TASK_ID, "replyRef": text}]}}},
    lambda text: {"text": f"<p>{text}</p>"},
    lambda text: {"content": text.encode(errors="replace") + b"\x1b[2J\xff"},
])  # fmt: skip
def test_the_error_of_an_answer(status, shape) -> None:
    for text in (LONG, "x" * 285 + EMAIL, "x" * 110 + TOKEN):
        error = error_of(httpx.Response(status, **shape(text)))
        check(error, repr(error), *error._render_traceback_(), longest=1000)
        assert EMAIL[:6] not in str(error), "nor a half of what was cut"


# --- what is shown ----------------------------------------------------------------------------------


def _jobs(tmp_path: Path) -> list[Job]:
    task, request = hostile_task(), VideoRequest(LONG, Keyframes(f"{LONG[:200]}.png"), reply_url=LONG, seed=7)
    ends = {
        Phase.FAILED: task_error(task),
        Phase.REFUSED: errors.NotEnoughCredits(LONG, 412),
        Phase.UNKNOWN: errors.MaybeSent(LONG),
        Phase.DETACHED: errors.DeadlineReached(LONG),
        Phase.DONE: None,
    }
    going = (Phase.PREPARING, Phase.WAITING, Phase.FOLLOWING, Phase.CHECKING)
    states = [State(phase, task=task, error=error, ended=2.0) for phase, error in ends.items()]
    states += [State(phase, task=task, detail=LONG) for phase in going]
    video = tmp_path / "x.mp4"
    video.write_bytes(b"video")
    states.append(State(Phase.DONE, task=task, video=video, warning=LONG, ended=2.0))
    return [Job("7f3e2c54", request, cell=f"%%runway --first {ASSET_ID}\n{LONG}", created=1.0, folder=tmp_path, state=s)
            for s in states]  # fmt: skip


@pytest.mark.slow("goes through every state of a job")
def test_a_job_in_every_state(tmp_path: Path) -> None:
    for job in _jobs(tmp_path):
        seen = live_state(job, 3.0)
        check(
            repr(job), repr(job.request), repr(job.state), job.status, live_line(job, seen), log_line(job, seen), *seen
        )
        check(body_html(job, seen), *bundle(job).values(), *placeholder(job).values(), longest=100_000)
        check(*panel_text(job.cell, [job], tmp_path).values(), *map(str, vars(notice(job)).values()))
        check(*(choice.label for choice in frame_choices([job])))
        if job.error is not None:
            check(job.error, *error_bundle(job.error).values(), *job.error._render_traceback_())


def test_tables_and_pages(tmp_path: Path) -> None:
    asset = Asset.from_wire({"assetId": ASSET_ID, "name": LONG, "mediaType": "image", "taskId": LONG})
    page = asset_gallery.bundle(asset_gallery.AssetList((asset,), (LONG,)), note=LONG, text=LONG)
    record = Record("7f3e2c54", "done", {"text_prompt": LONG}, "gen3turbo", "", "", 25, simulated=False, notebook=LONG)
    tables = [
        listing.tasks_bundle([hostile_task()]),
        listing.jobs_bundle([record], {}),
        listing.job_costs_bundle([record]),
        listing.spending_bundle([Spending("2026-11-22", LONG, LONG, 1, 25)]),
        page,
    ]
    for table in tables:
        check(*table.values())


def test_the_panel(tmp_path: Path) -> None:
    asset = Asset.from_wire({"assetId": ASSET_ID, "name": LONG, "mediaType": "image"})
    link = "https://me:pa55word@host.test/a.png?_jwt=x"
    choices = [
        *asset_choices(asset_gallery.AssetList((asset,))),
        choice_of(LONG, []),
        choice_of(link, []),
        Choice(LONG),
    ]
    choices += filter(None, [typed_choice(link, tmp_path)])
    check(*(choice.label for choice in choices), line(LONG), problem(LONG))
    check(*entries([], [hostile_task(), hostile_task(options={})]))


# --- what leaves in other ways ----------------------------------------------------------------------


def test_a_file_name_says_nothing_of_an_account(tmp_path: Path) -> None:
    for prompt in (f"mail {EMAIL} now", f"the token {TOKEN}", f"https://me:pa55word@host.test/ {CODED}", LONG):
        name = file_name(prompt, "7f3e2c54")
        assert not {"simulator", "runway-nb", "invalid", "4711", "abcdef123", "pa55word"} & {
            part for part in ("simulator", "runway-nb", "invalid", "4711", "abcdef123", "pa55word") if part in name
        }
    kept = keep_picture(b"picture", tmp_path, f"of {EMAIL}")
    assert "invalid" not in kept.name


def test_reprs_of_what_was_never_checked(tmp_path: Path) -> None:
    with pytest.raises(errors.SettingsError) as caught:
        Settings(Secret(TOKEN), "https://me:pa55word@api.example/v1", tmp_path, Path("out"))
    settings = Settings(Secret(TOKEN), "https://api.example/v1", tmp_path, Path("out"))
    request = VideoRequest(
        "x", Keyframes("https://me:pa55word@host.test/a.png"), reply_url="https://me:pa55word@h.test/"
    )
    check(caught.value.message, repr(settings), repr(request), f"{settings} {request}")
    assert "VideoRequest(prompt='x'" in repr(request)


def test_a_name_of_no_job_is_masked_before_it_is_cut() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=[]))
    client = RunwayClient("user:1-a", base_url="https://a.test", transport=transport)
    for text in ("x" * 50 + EMAIL, LONG):
        with pytest.raises(errors.JobNotFound) as caught:
            asyncio.run(account_task(client, text))
        check(caught.value)
        assert "simul" not in str(caught.value)


def test_what_is_sent_is_what_was_typed(party: Party) -> None:
    prompt = f"A lamp \u202eturns\u202c \x1b[31m{EMAIL}\u200d\u061c"
    party.submit(prompt).wait(10)
    (call,) = party.api.calls("POST", "create")
    assert json.loads(call.content)["text_prompt"] == prompt


def test_a_session_with_a_hostile_server_leaves_nothing(party: Party, capsys: pytest.CaptureFixture[str]) -> None:
    """All texts of all answers, by a server that still makes the video."""

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "json" not in answer.headers.get("content-type", ""):
            return answer
        return httpx.Response(answer.status_code, json=_poisoned(answer.json()))

    party.api.inner = Changed(party.api.inner, change)
    job = party.submit("A lamp turns").wait(10)
    seen = [
        repr(job),
        repr(job.task),
        *bundle(job).values(),
        *listing.tasks_bundle(party.studio.account.tasks()).values(),
    ]
    seen += [
        *asset_gallery.bundle(party.studio.account.assets()).values(),
        *listing.jobs_bundle(party.studio.ledger.recent(), {}).values(),
    ]
    found = party.studio.request_of(party.studio.account.tasks()[0].id)
    assert job.video is not None
    check(*seen, *capsys.readouterr(), found.prompt, job.video.name)
    party.studio.ledger.close()
    disk = b"".join(path.read_bytes() for path in (party.folder / "home").glob("ledger*"))
    for secret in (EMAIL, TAIL, CODED[8:24]):
        assert secret.encode() not in disk


def _poisoned(body: Any) -> Any:
    """The same answer with a hostile text wherever an honest one only says something."""
    if isinstance(body, list):
        return [_poisoned(item) for item in body]
    if not isinstance(body, dict):
        return body
    words = {"name": f"{LONG}.png", "text_prompt": LONG, "createdAt": LONG, "filename": LONG, "nickname": LONG}
    return {
        key: words.get(key, _poisoned(value)) if isinstance(value, str) else _poisoned(value)
        for key, value in body.items()
    }
