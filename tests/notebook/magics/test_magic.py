"""The magics in a real shell, without a kernel; the simulator stands behind them."""

from __future__ import annotations

import re
import types
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from runway_nb import __version__
from runway_nb.errors import InvalidCommand, InvalidRequest, JobNotFound, LedgerError, MaybeSent, OverBudget
from runway_nb.jobs.job import Job
from runway_nb.notebook import extension
from runway_nb.request import VideoRequest
from runway_nb.studio import Studio
from support.fakes import TOKEN
from support.picture_files import pixel
from support.sessions import Session

pytestmark = pytest.mark.usefixtures("small_frames")


def test_a_cell_shows_its_line_at_once_and_keeps_the_job(session: Session) -> None:
    assert session.cell("shot --seed 7").startswith("runway ")
    job = session.shell.user_ns["shot"].wait(10)
    assert (job.seed, job.request.prompt) == (7, "A lamp turns")
    assert job.cell == "%%runway shot --seed 7\nA lamp turns"


def test_wait_prints_the_result(session: Session) -> None:
    shown = session.cell("--wait --zoom 4 --pan -2")
    assert "Video   runway_outputs/a-lamp-turns-" in shown
    assert "Shot    zoom +4, pan -2, 5 s, seed " in shown
    assert "Cell    %%runway --wait --zoom 4 --pan -2" in shown


def test_keep_loop_waits_as_well(session: Session) -> None:
    assert "Video   " in session.cell("--keep-loop")


def test_a_dry_run_sends_nothing_and_tells_the_price(session: Session) -> None:
    shown = session.cell("--dry-run --seconds 10 --zoom 3")
    assert "Price: 50 credits." in shown
    assert '"zoom": 3' in shown
    assert "a camera move without a keyframe" in shown
    assert not session.party.api.requests
    assert not session.party.studio.ledger.path.exists()


def test_a_dry_run_shows_the_model_its_frame_and_what_is_said_of_the_camera(session: Session) -> None:
    shown = session.cell("--dry-run --model gen4_5 --zoom 2 --pan -1 --camera-words --aspect landscape")
    assert '"text_prompt": "A lamp turns. The camera pushes in slowly, turning slightly left."' in shown
    assert shown.splitlines()[-4:] == [
        "Model: Gen-4.5, 1280 x 720, 5 s.",
        "Camera, in words: The camera pushes in slowly, turning slightly left.",
        "Price: about 60 credits.",
        "The seed is drawn when it is sent.",
    ]
    shown = session.cell("--dry-run --model kling-3.0-pro --no-audio")
    assert shown.splitlines()[-2:] == ["Model: Kling 3.0 Pro, 16:9, 5 s, without sound.", "Price: unknown."]


def test_an_unknown_price_needs_a_yes_where_credits_are_limited(session: Session) -> None:
    with pytest.raises(OverBudget, match="--yes-unknown-price"):
        session.cell("shot --model sora-2 --max-credits 1000")
    assert session.creates == 0
    session.cell("shot --model sora-2 --max-credits 1000 --yes-unknown-price")
    assert session.job().request.model == "sora-2"


def test_the_list_names_models_where_one_is_not_the_default(session: Session) -> None:
    session.cell("shot")
    session.job()
    assert "model" not in session.line("list")
    session.cell("shot --model gen4_5")
    session.job()
    head, newest, older = session.line("list").splitlines()
    assert head.split() == ["id", "when", "state", "model", "credits", "prompt"]
    assert ("gen4_5" in newest, "gen3turbo" in older) == (True, True)


def test_the_list_of_the_account_names_the_model_of_each_task(session: Session) -> None:
    session.cell("shot --model gen4_5")
    session.job()
    session.cell("shot --model veo-3.1")
    session.job()
    head, *rows = session.line("list --account").splitlines()
    assert " model " in head
    assert [any(word in row for row in rows) for word in (" gen4_5 ", " veo")] == [True, True]


def test_variables_are_filled_into_the_prompt(session: Session) -> None:
    session.shell.user_ns |= {"what": "lamp", "n": 3}
    session.cell("shot", "{{n}} x {{what}}, {literally}")
    assert session.shell.user_ns["shot"].request.prompt == "3 x lamp, {literally}"


def test_all_mistakes_of_line_and_request_come_together(session: Session) -> None:
    with pytest.raises(InvalidRequest) as caught:
        session.cell("--zom 3 --tilt 11 --seconds 7 --embed maybe", "{{missing}}")
    assert len(caught.value.problems) == 5
    assert len(caught.value._render_traceback_()) == 6
    assert not session.party.api.requests


def test_a_variable_may_hold_the_name_of_a_picture(session: Session) -> None:
    session.shell.user_ns["still"] = "harbour"
    session.cell("shot --first still --wait")
    assert session.shell.user_ns["shot"].request.keyframes.first.endswith(
        session.party.studio.account.assets()[0].id[-36:]
    )


# --- models -----------------------------------------------------------------------------------------


def test_a_cell_may_name_its_model(session: Session) -> None:
    session.cell("shot --model gen4_5 --seconds 8 --zoom 4 --camera-words")
    request = session.job().request
    assert (request.model, request.seconds, request.credits) == ("gen4_5", 8, 96)
    assert session.job().cell == "%%runway shot --model gen4_5 --seconds 8 --zoom 4 --camera-words\nA lamp turns"
    (create,) = session.party.api.calls("POST", "/gen4_5/create")
    assert b"A lamp turns. The camera pushes in." in create.content


def test_an_unknown_model_is_a_mistake_like_any_other(session: Session) -> None:
    with pytest.raises(InvalidRequest, match="model is 'gen5': known are gen3turbo, gen4turbo"):
        session.cell("--model gen5")
    assert not session.party.api.requests


def test_the_model_of_the_settings_is_taken_and_kept_in_the_cell(session: Session) -> None:
    studio = session.party.studio
    Studio.use(studio, replace(studio.settings, model="gen4_5"))
    session.cell("shot")
    assert session.job().request.model == "gen4_5"
    assert session.job().cell == "%%runway shot --model gen4_5\nA lamp turns"
    Studio.use(studio, replace(studio.settings, model="gen3turbo"))
    session.cell("again --model gen4_5")
    assert session.job("again").id == session.job().id


@pytest.mark.parametrize(
    ("line", "usual", "cell"),
    [
        ("shot", "gen3turbo", "%%runway shot\nA lamp turns"),
        ("shot", "gen4_5", "%%runway shot --model gen3turbo\nA lamp turns"),
        ("shot --model gen4_5", "gen4_5", "%%runway shot --model gen4_5\nA lamp turns"),
    ],
)
def test_the_cell_of_a_job_makes_the_same_whatever_is_set_by_now(
    session: Session, line: str, usual: str, cell: str
) -> None:
    session.cell(line)
    job, studio = session.job(), session.party.studio
    Studio.use(studio, replace(studio.settings, model=usual))
    written: list[str] = []
    session.shell.set_next_input = written.append
    session.line(f"cell {job.id}")
    assert written == [cell]


@pytest.mark.filterwarnings("ignore:.*pending deprecation:PendingDeprecationWarning")
def test_the_model_of_the_settings_completes(session: Session) -> None:
    def offered() -> list[str]:
        line = "%%runway --aspect "
        return [word for word in session.shell.complete("", line, len(line))[1] if ":" in word or "land" in word]

    assert offered() == ["landscape"]
    session.shell.run_line_magic("config", "RunwayMagics.model = 'kling-3.0-pro'")
    assert sorted(offered()) == ["16:9", "1:1", "9:16"]


def test_the_models_are_a_table_and_each_is_shown_in_full(session: Session) -> None:
    assert "Gen-4 Turbo: 5 or 10 s, 5 credits per second" in session.line("models")
    assert "POST /gen4turbo/create" in session.line("models gen4turbo")
    with pytest.raises(InvalidRequest, match="model is 'gen5': known are gen3turbo"):
        session.line("models gen5")


# --- code -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("", "curl -sS"),
        ("--as curl", "curl -sS"),
        ("--as python", "urllib.request"),
        ("--as javascript", "await fetch"),
    ],
)
def test_the_request_of_a_job_is_written_as_code(
    session: Session, options: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runway_nb.notebook.panel.panel.newest_panel", lambda: None)  # one of an earlier test
    session.cell("shot --model gen4_5 --seed 7")
    job = session.job()
    for name in ("", job.id):
        code = session.line(f"code {name} {options}")
        assert words in code
        assert "A lamp turns" in code
        assert session.party.settings.base_url in code
        assert "USEAPI_TOKEN" in code
        assert "replyRef" not in code, "the reference of a job belongs to its own task"
        assert not any(secret in code for secret in (TOKEN, "@"))


def test_code_that_cannot_be_written_says_so(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runway_nb.notebook.panel.panel.newest_panel", lambda: None)
    with pytest.raises(JobNotFound):
        session.line("code nothing")
    with pytest.raises(InvalidCommand, match="there is no panel: %runway panel opens one"):
        session.line("code panel")
    with pytest.raises(InvalidRequest, match="--as is 'ruby': give curl, python, javascript"):
        session.line("code --as ruby")


# --- pictures of the notebook ---------------------------------------------------------------------


def a_figure(title: str = "waves") -> Figure:
    figure = Figure(figsize=(5, 3))
    figure.subplots().plot([1, 3, 2])
    figure.suptitle(title)
    return figure


@pytest.mark.parametrize("kind", ["figure", "axes", "array", "image"])
def test_a_picture_of_the_notebook_is_a_keyframe_and_gives_the_asset_its_name(session: Session, kind: str) -> None:
    figure = a_figure()
    pictures = {
        "figure": figure,
        "axes": figure.axes[0],
        "array": np.zeros((96, 160, 3), np.uint8),
        "image": Image.new("RGB", (160, 96), "teal"),
    }
    session.keep(Waves_1=pictures[kind])
    session.cell("shot --first Waves_1")
    job = session.job()
    assert job.error is None
    (name,) = session.uploads
    assert name.startswith("waves_1")
    assert str(job.request.keyframes.first).endswith(session.party.studio.account.assets(kind="image")[0].id[-36:])


@pytest.mark.parametrize(("word", "name"), [("Out[3]", "out-3"), ("_3", "3"), ("shots[wide]", "shots-wide")])
def test_an_expression_is_a_keyframe(session: Session, word: str, name: str) -> None:
    picture = Image.new("RGB", (160, 96), "teal")
    session.keep(Out={3: picture}, _3=picture, shots={"wide": picture})
    session.cell(f"shot --first {word}")
    assert session.job().error is None
    assert session.uploads[0].startswith(name)


@pytest.mark.parametrize("word", ["one", "one.last", "one.last_frame", "one.frame(2.5)", "shots[0].last"])
def test_a_job_that_still_runs_is_a_keyframe_at_once(session: Session, word: str) -> None:
    session.party.simulator.fault("throttled", seconds=300)
    session.cell("one --seed 1")
    one = session.shell.user_ns["one"]
    session.keep(shots=[one])
    session.cell(f"two --first {word}")
    two = session.job("two")
    assert two.error is None
    assert str(two.original_request.keyframes.first).startswith(f"job:{one.id}")
    assert one.video is not None
    assert session.creates == 2


def test_a_typo_on_a_job_is_one_line_and_nothing_is_sent(session: Session) -> None:
    session.cell("one --wait")
    session.party.api.requests.clear()
    with pytest.raises(InvalidRequest) as caught:
        session.cell("two --first one.lst")
    assert [line.split(":")[:2] for line in caught.value.problems] == [
        ["first", " one.lst is nothing"],
    ]
    assert "two" not in session.shell.user_ns
    assert not session.party.api.requests


def test_mistakes_of_options_pictures_and_request_come_together(session: Session) -> None:
    session.keep(Out={}, row=np.zeros(7), shot=Job("7f3e2c54", VideoRequest("x")))
    with pytest.raises(InvalidRequest) as caught:
        session.cell("a --zom 3 --seconds 7 --first Out[9] --middle row --last shot.lst", "{{missing}}")
    assert sorted(problem.split(" ")[0] for problem in caught.value.problems) == [
        "--zom", "first:", "last:", "middle:", "seconds", "{{missing}}",
    ]  # fmt: skip
    assert not session.party.api.requests


def test_a_dry_run_with_a_figure_sends_nothing(session: Session) -> None:
    session.keep(fig=a_figure())
    shown = session.cell("shot --first fig --dry-run")
    assert "Price: 25 credits." in shown
    assert "fig-" in shown
    assert not session.party.api.requests
    assert "shot" not in session.shell.user_ns
    assert not session.party.studio.ledger.path.exists()


def test_a_dry_run_shows_mistakes_in_a_picture(session: Session) -> None:
    session.keep(row=np.zeros(7))
    with pytest.raises(InvalidRequest, match="first: the array has the shape"):
        session.cell("--first row --dry-run")


def test_one_variable_in_two_places_is_sent_once(session: Session) -> None:
    session.keep(fig=a_figure())
    session.cell("shot --first fig --last fig")
    keyframes = session.job().request.keyframes
    assert keyframes.first == keyframes.last
    assert len(session.uploads) == 1


def test_an_equal_figure_is_found_again_for_nothing(session: Session) -> None:
    session.keep(fig=a_figure())
    session.cell("shot --first fig")
    first = session.job()
    session.keep(fig=a_figure())
    shown = session.cell("shot --first fig")
    assert session.shell.user_ns["shot"].id == first.id
    assert session.creates == session.party.started == 1
    assert "0 credits" in shown


def test_another_figure_of_the_same_name_is_another_shot(session: Session) -> None:
    for title in ("waves", "tides"):
        session.keep(fig=a_figure(title))
        session.cell("shot --first fig --wait")
    assert session.creates == len(session.uploads) == 2


def test_drawing_on_does_not_change_what_was_asked_for(session: Session) -> None:
    session.party.simulator.fault("429-runway", times=2)
    picture = Image.new("RGB", (160, 96), "teal")
    session.keep(pic=picture)
    session.cell("shot --first pic")
    picture.paste("red", (0, 0, 160, 96))
    del session.shell.user_ns["pic"]
    job = session.job()
    assert job.error is None
    assert pixel(Image.open(BytesIO(job.thumbnails["first"])).convert("RGB").resize((1, 1)), (0, 0))[0] < 100


@pytest.mark.parametrize(("name", "word"), [("meadow", "meadow"), ("lamp", "lamp.png")])
def test_a_job_named_after_its_picture_is_not_paid_again_when_the_cell_is_run_again(
    session: Session, name: str, word: str
) -> None:
    Image.new("RGB", (160, 96), "teal").save(session.party.folder / "lamp.png")
    for _ in range(2):
        session.cell(f"{name} --first {word}")
        assert session.job(name).error is None
    assert session.creates == 1


@pytest.mark.parametrize("word", ["shot", "shot.last", "shot.frame(2.5)"])
def test_a_cell_that_goes_on_from_its_own_name_is_not_paid_again_when_it_is_run_again(
    session: Session, word: str
) -> None:
    session.cell("shot --seed 7")
    before = session.job()
    jobs = []
    for _ in range(3):
        session.cell(f"shot --first {word}", "It goes on")
        jobs.append(session.job())
    assert {job.id for job in jobs} == {jobs[0].id} != {before.id}
    assert jobs[0].error is None
    assert str(jobs[0].original_request.keyframes.first).startswith(f"job:{before.id}")
    assert session.creates == 2


def test_a_cell_that_gives_its_pictures_name_to_its_job_is_not_paid_again_but_with_another_picture(
    session: Session,
) -> None:
    session.keep(shot=np.zeros((96, 160, 3), np.uint8), end=np.zeros((96, 160, 3), np.uint8))
    cell = "shot --first shot --last end"
    for _ in range(2):
        session.cell(cell)
        assert session.job().error is None
    assert session.creates == 1
    session.keep(end=np.full((96, 160, 3), 200, np.uint8))
    session.cell(cell)
    assert session.job().error is None
    assert session.creates == 2


def test_a_table_hides_no_picture_file(session: Session) -> None:
    Image.new("RGB", (160, 96), "teal").save(session.party.folder / "lamp.png")
    session.keep(lamp={"png": 1})
    session.cell("shot --first lamp.png")
    assert session.job().error is None
    assert session.uploads == ["lamp"]


def test_a_picture_object_of_a_function_is_not_called(session: Session) -> None:
    def draw() -> None:
        raise AssertionError("a function of the user was called")

    session.keep(draw=draw)
    session.cell("shot --first draw")
    assert "'draw' is neither a file here nor an asset" in str(session.job().error)
    assert session.creates == 0


def test_the_commands_for_pictures_work_in_a_terminal(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.keep(fig=a_figure())
    assert "harbour" in session.line("assets har")
    told = session.line("upload fig --fit contain")
    word = told.splitlines()[0].rpartition("--first ")[2]
    assert word.startswith("fig-")
    monkeypatch.setattr("builtins.input", lambda question: "y")
    assert "is deleted" in session.line(f"delete {word}")
    assert "fig-" not in session.line("assets")


@pytest.mark.parametrize("error", [EOFError, RuntimeError("input(): lost sys.stdin"), ValueError, OSError(5, "x")])
def test_a_question_that_nobody_answers_deletes_nothing(
    session: Session, monkeypatch: pytest.MonkeyPatch, error: Any
) -> None:
    def asked(question: str) -> str:
        raise error

    monkeypatch.setattr("builtins.input", asked)
    with pytest.raises(InvalidCommand, match="nobody is there to ask"):
        session.line("delete harbour")
    assert "harbour" in session.line("assets har")


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("shot", "--zoom 4 --seconds 10\nA lamp"),
        ("shot \\", "--zoom 4\nA lamp"),
        ("shot", "%%runway other\nA lamp"),
        ("shot", "A lamp --dry-run"),
        ("shot --seed {{big}}", "A lamp"),
        ("shot", "{{big}}"),
        ("shot --max-credits -5 --dry-run", "A lamp"),
        ("shot --first \u201cof a lamp", "A lamp"),
        ("shot \u2014zoom 4", "A lamp"),
    ],
)
def test_a_cell_that_is_misread_sends_nothing_and_makes_no_variable(session: Session, line: str, body: str) -> None:
    session.keep(big=10**5000)
    with pytest.raises(InvalidRequest) as caught:
        session.cell(line, body)
    assert len(caught.value.problems) == 1
    assert "shot" not in session.shell.user_ns
    assert not session.party.api.requests


def test_all_mistakes_come_with_options_below_the_first_line(session: Session) -> None:
    with pytest.raises(InvalidRequest) as caught:
        session.cell("shot --zom 3", "--zoom 4\nA lamp")
    assert [problem.split()[0] for problem in caught.value.problems] == ["options", "--zom"]


def test_a_prompt_from_python_is_literal(session: Session) -> None:
    job = session.party.ended(session.party.studio.submit(VideoRequest("--zoom 4 --seconds 10")))
    assert job.request.prompt == "--zoom 4 --seconds 10"
    assert session.creates == 1


# --- the commands -----------------------------------------------------------------------------------


def test_list_show_wait_and_credits(session: Session) -> None:
    assert session.line("list") == "No jobs yet.\n"
    session.cell("shot --wait")
    job = session.shell.user_ns["shot"]
    assert job.id in session.line("list")
    assert "SUCCEEDED" in session.line("list --account")
    for name in ("", job.id, job.id[:5]):
        assert "Video   " in session.line(f"show {name}")
    assert "Video   " in session.line(f"wait {job.id}")
    assert "25 of 2,250 credits used, 2,225 left" in session.line("credits")
    assert f"runway_nb {__version__}" in session.line("version")
    assert "A token is set" in session.line("simulator")


def test_a_command_takes_the_variable_that_holds_a_job(session: Session) -> None:
    """By its id no other job is meant: a variable that holds something else is a name like any other."""
    session.cell("shot --wait")
    job = session.shell.user_ns["shot"]
    session.shell.user_ns[job.id[:5]] = "no job"
    for name in ("shot", job.id[:5]):
        assert "Video   " in session.line(f"show {name}")
    assert "text_prompt" in session.line("code shot --as python")
    session.shell.user_ns["shot"] = 7
    with pytest.raises(JobNotFound):
        session.line("show shot")


@pytest.mark.parametrize("word", ["shots[0]", "shots[-1]", "held.shot", 'by_name["a"]'])
def test_a_command_takes_an_expression_that_is_a_job(session: Session, word: str) -> None:
    session.cell("shot --seed 7")
    job = session.job()
    session.keep(shots=[job], held=types.SimpleNamespace(shot=job), by_name={"a": job})
    assert job.id in session.line(f"show {word}")


@pytest.mark.parametrize("word", ["shots[7]", "shot.frame(1)", "shot.nothing", "nobody.shot"])
def test_an_expression_that_is_no_job_is_looked_for_as_it_stands(session: Session, word: str) -> None:
    session.cell("shot --seed 7")
    session.keep(shots=[session.job()])
    with pytest.raises(JobNotFound, match=re.escape(word)):
        session.line(f"show {word}")


def test_help_shows_everything(session: Session) -> None:
    assert "--keep-loop" in session.line("help")
    assert "--keep-loop" in session.shell.magics_manager.magics["cell"]["runway"].getdoc()
    assert "attach" in session.shell.magics_manager.magics["line"]["runway"].getdoc()


@pytest.mark.parametrize(
    ("line", "kind"),
    [("show nothing", JobNotFound), ("stop", JobNotFound), ("attach", InvalidCommand), ("list --all", InvalidCommand)],
)
def test_commands_that_cannot_be_done_say_so(session: Session, line: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        session.line(line)


def test_a_job_that_ended_cannot_be_stopped(session: Session) -> None:
    session.cell("--wait")
    with pytest.raises(InvalidCommand, match="has ended already: SUCCEEDED"):
        session.line("stop")


@pytest.mark.filterwarnings("ignore:.*pending deprecation:PendingDeprecationWarning")
@pytest.mark.parametrize(
    ("line", "symbol", "expected"),
    [
        ("%%runway --zo", "--zo", "--zoom"),
        ("%%runway --upsc", "--upsc", "--upscale"),
        ("%runway as", "as", "assets"),
        ("%runway models gen4", "gen4", "gen4turbo"),
        ("%runway code --as p", "p", "python"),
        ("%runway upl", "upl", "upload"),
        ("%runway assets --ty", "--ty", "--type"),
        ("%runway delete --y", "--y", "--yes"),
    ],
)
def test_the_names_complete(session: Session, line: str, symbol: str, expected: str) -> None:
    _, matches = session.shell.complete(symbol, line, len(line))
    assert expected in matches


def test_a_cell_with_wait_is_awaited_only_where_the_kernel_itself_runs_it(session: Session) -> None:
    async def do_execute(transform: Any) -> str:
        return str(transform("%%runway x --wait\nA lamp"))

    shell = session.shell
    shell.input_transformers_cleanup.append(extension.await_cell)
    try:
        of_kernel = _result(do_execute(shell.transform_cell))
        shell.run_line_magic("autoawait", "False")
        without = _result(do_execute(shell.transform_cell))
    finally:
        shell.run_line_magic("autoawait", "True")
        shell.input_transformers_cleanup.remove(extension.await_cell)
    assert of_kernel.startswith("await ")
    assert without == shell.transform_cell("%%runway x --wait\nA lamp")
    assert without.startswith("get_ipython().run_cell_magic('runway', 'x --wait'")


def _result(work: Any) -> Any:
    """What a coroutine gives that waits for nothing."""
    with pytest.raises(StopIteration) as end:
        work.send(None)
    return end.value.value


def test_a_cell_with_wait_is_complete_with_its_blank_line_only(session: Session) -> None:
    manager = session.shell.input_transformer_manager

    async def do_execute(cell: str) -> str:
        return str(manager.check_complete(cell)[0])

    manager.cleanup_transforms.append(extension.await_cell)
    try:
        for head in ("%%runway x --wait", "%%runway\u00a0x --wait"):
            for typed in ("", "\n", "\nA lamp", "\nA lamp\n"):
                assert _result(do_execute(head + typed)) == "incomplete", typed
            assert _result(do_execute(f"{head}\nA lamp\n\n")) == "complete"
    finally:
        manager.cleanup_transforms.remove(extension.await_cell)


@pytest.mark.parametrize(
    ("cell", "call"),
    [
        ("%%runway\u00a0x --wait\nA lamp", "run_cell_magic('runway', 'x --wait', 'A lamp\\n')"),
        ("%%runway\tx\nA lamp", "run_cell_magic('runway', 'x', 'A lamp\\n')"),
        ("\ufeff%%runway\u200b x\nA lamp", "run_cell_magic('runway', ' x', 'A lamp\\n')"),
        ("\u00a0%%runway x\nA lamp", "run_cell_magic('runway', 'x', 'A lamp\\n')"),
        ("%%runway x\n%runway\u00a0A lamp", "run_cell_magic('runway', 'x', '%runway\\xa0A lamp\\n')"),
        ("%runway\u00a0list", "run_line_magic('runway', 'list')"),
        ("x = 1\n%runway\u3000show", "run_line_magic('runway', 'show')"),
        ("%%runways\u00a0x\nA", "run_cell_magic('runways\\xa0x', '', 'A\\n')"),
        ("\u061c%%runway\u202a x\nA lamp", "run_cell_magic('runway', ' x', 'A lamp\\n')"),
        ("if x:\n    %runway\u00a0show", "run_line_magic('runway', 'show')"),
        ('x = """\n%runway\u00a0A\n"""\n%runway\u00a0list', "run_line_magic('runway', 'list')"),
    ],
)
def test_what_looks_like_a_space_behind_a_magic_is_one(session: Session, cell: str, call: str) -> None:
    assert call in session.shell.transform_cell(cell)


@pytest.mark.parametrize(
    "cell",
    [
        'x = """\n%runway\u00a0list\n"""\n',
        "x = (7\n%runway\u2003)\n",
        "x = '''\n  %%runway\u200b\u00a0shot\n'''\nprint(x)\n",
        "x = 7\n# %runway\u00a0list\n",
    ],
)
def test_a_text_of_the_users_own_is_left_as_it_is(session: Session, cell: str) -> None:
    assert session.shell.transform_cell(cell) == cell


def test_unload_takes_back_what_load_did(session: Session) -> None:
    shell = session.shell
    shell.extension_manager.unload_extension("runway_nb")
    assert "runway" not in shell.magics_manager.magics["cell"]
    assert "runway" not in shell.magics_manager.magics["line"]
    assert not [t for t in shell.input_transformers_cleanup if "runway_nb" in t.__module__]
    assert not [c for c in shell.configurables if type(c).__name__ == "RunwayMagics"]
    shell.extension_manager.load_extension("runway_nb")
    assert "runway" in shell.magics_manager.magics["cell"]


@pytest.mark.parametrize(
    ("lines", "awaits"),
    [
        (["%%runway x --wait\n", "a lamp\n"], True),
        (["%%runway x\n", "a lamp --wait\n"], False),
        (["%%runway x --wait --keep-loop\n", "a lamp\n"], False),
        (["%%time\n", "%%runway --wait\n"], False),
        ([], False),
    ],
)
def test_wait_becomes_an_await(lines: list[str], awaits: bool) -> None:
    out = extension.as_await(lines)
    assert out[:1] != lines[:1] if awaits else out == lines
    if awaits:
        compile(out[0].removeprefix("await "), "cell", "eval")
        assert "'x --wait', 'a lamp\\n'" in out[0]


def test_a_job_that_cannot_be_read_is_a_line_of_each_list_and_stops_no_command(session: Session) -> None:
    jobs = []
    for seed in (1, 2, 3):
        session.cell(f"shot --seed {seed}")
        jobs.append(session.job().id)
    ledger, studio = session.party.studio.ledger, session.party.studio
    with ledger.table.database.transaction() as connection:
        connection.execute("UPDATE jobs SET phase = 'archived' WHERE id = ?", (jobs[1],))
        connection.execute("UPDATE jobs SET phase = 'detached', video = '' WHERE id = ?", (jobs[0],))
    studio.jobs.clear()
    new = "written by a newer runway_nb (phase 'archived')"
    for command in ("list", "credits"):
        said = session.line(command)
        assert all(job_id in said for job_id in jobs)
        assert said.count(new) == 1
    assert f"job {jobs[1]} cannot be read: {new}." in session.line("resume")
    assert session.party.ended(studio.jobs[jobs[0]]).video
    studio.jobs.clear()
    assert jobs[2] in session.line("show")
    for command in ("show", "attach", "resend", "cell", "wait"):
        with pytest.raises(LedgerError, match="cannot be read"):
            session.shell.run_line_magic("runway", f"{command} {jobs[1]}")
    with pytest.raises(MaybeSent, match="--fresh"):
        session.cell("shot --seed 2")
    assert session.creates == 3
