"""The panel as a whole: what it holds, what it says, what it sends, where it is shown."""

from __future__ import annotations

import json
import re
import threading
from contextlib import ExitStack
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx
import ipywidgets
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runway_nb import errors, process_studio
from runway_nb.api.client import RunwayClient
from runway_nb.camera import Camera
from runway_nb.keyframes import Keyframes
from runway_nb.notebook.magics.commands import run_line
from runway_nb.notebook.magics.front_end import FrontEnd
from runway_nb.notebook.panel import panel as module
from runway_nb.notebook.panel.keyframe_loader import Loaded, Pictures
from runway_nb.notebook.panel.panel import Panel
from runway_nb.request import VideoRequest
from runway_nb.settings import Secret
from support.account_pictures import asked, png
from support.cells import run, typed
from support.examples import examples
from support.fakes import EMAIL, TOKEN, Party
from support.panels import (
    REQUEST,
    WIDGET,
    a_bench,
    button,
    give_file,
    page_sends,
    parts,
    quickest,
    shown_text,
    wait_until,
)
from support.strategies import ASSET_ID, requests


@pytest.fixture
def benches(tmp_path, time, monkeypatch: pytest.MonkeyPatch):
    """Benches with a simulator of other rules."""
    with ExitStack() as stack:

        def make(mode="live", **rules):
            party = stack.enter_context(Party(tmp_path, time, **rules))
            return stack.enter_context(a_bench(party, monkeypatch, mode))

        yield make


def normal(request):
    """A request in the form that the controls give: what is not given has no other spelling."""
    return replace(
        request,
        prompt=request.prompt.strip(),
        seconds=request.seconds,
        camera=Camera(
            **{name: found for name, value in request.camera.moves.items() if (found := round(value, 6))},
            static=request.camera.static or None,
        ),
        explore=request.explore or None,
        upscale=request.upscale or None,
        focus=None if request.focus == (0.5, 0.5) else request.focus,
    )


# --- what it holds ----------------------------------------------------------------------------------

shares = st.integers(0, 20).map(lambda part: part / 20)
whole_requests = st.builds(
    replace,
    requests,
    fit=st.sampled_from([None, "cover", "contain", "stretch"]),
    focus=st.one_of(st.none(), st.tuples(shares, shares)),
    upscale=st.sampled_from([None, True, False]),
)


def test_any_request_comes_back_from_the_controls_and_from_the_cell(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(self, choice):
        return Loaded(problem="not looked for")

    monkeypatch.setattr(Pictures, "load", nothing)
    panel, other = bench.panel(opened=False), bench.panel(REQUEST, opened=False)

    @settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
    @given(whole_requests)
    def holds(request):
        panel.fill(request)
        if not request.problems():
            assert panel.request == normal(request)
            assert run(panel.cell)[1] == typed(panel.request)

    holds()
    bench.settled(panel)
    assert other.request == REQUEST


@pytest.mark.parametrize("zoom", [4, -0.1, 2.55, 0.59999999999])
def test_a_move_keeps_its_value(bench, zoom) -> None:
    assert bench.panel(VideoRequest("x", camera=Camera(zoom=zoom))).request.camera.zoom == round(zoom, 6)


@pytest.mark.parametrize("form", ["job", "id", "task"])
def test_a_job_an_id_and_a_task_fill_it(bench, form) -> None:
    bench.panel(REQUEST)
    job = bench.party.ended(bench.studio.submit(REQUEST))
    source = {"job": job, "id": job.id, "task": job.task.id}[form]
    assert bench.panel(source).request == REQUEST


def test_an_id_that_is_nobodys_is_an_error_at_once(bench) -> None:
    with pytest.raises(errors.JobNotFound):
        Panel("ffffffff", studio=bench.studio)


def test_a_task_as_a_keyframe_is_its_last_frame(bench) -> None:
    job = bench.party.ended(bench.party.submit())
    panel = bench.panel(VideoRequest("x", Keyframes(first=job.task)))
    assert panel.request.keyframes.first == job.last


def test_reset_gives_an_empty_request(bench) -> None:
    panel = bench.press(bench.panel(replace(REQUEST, keyframes=Keyframes("harbour"))), "Reset")
    assert panel.request == VideoRequest()


def test_request_job_and_jobs_can_be_observed(bench) -> None:
    panel, seen = bench.panel(REQUEST), []
    panel.observe(lambda change: seen.append(change["name"]), ["request", "job", "jobs"])
    panel.form.fields["prompt"].value = "A lamp stands"
    assert seen == ["request"]
    bench.press(panel)
    assert set(seen) == {"request", "job", "jobs"}
    assert panel.jobs == (panel.job,)


# --- problems ---------------------------------------------------------------------------------------


def test_problems_are_reported_and_generate_waits_until_they_are_fixed(bench) -> None:
    panel = bench.panel()
    go = button(panel, "Generate")
    assert go.disabled
    assert "write a prompt" in go.tooltip
    panel.form.fields["prompt"].value = "A lamp turns"
    assert not go.disabled
    panel.form.fields["seed"].value, panel.form.fields["reply_url"].value = "many", "ftp://x"
    assert "Seed is 'many'" in shown_text(panel)
    assert "Reply URL is 'ftp://x'" in shown_text(panel)
    assert go.disabled
    assert go.tooltip
    panel.form.fields["seed"].value, panel.form.fields["reply_url"].value = "4", ""
    assert not go.disabled
    assert "Seed is" not in shown_text(panel)


def test_what_is_wrong_when_the_panel_opens_is_no_alert_until_the_user_does_it(bench) -> None:
    panel = bench.panel()

    def seen() -> list[str]:
        return [w.value for w in parts(panel) if type(w) is ipywidgets.HTML and 'class="rnb-problem"' in w.value]

    (opened,) = seen()
    assert "write a prompt" in opened
    assert "alert" not in opened
    panel.form.fields["seed"].value = "many"
    same, new = seen()
    assert same == opened, "what has not changed is not read out with it"
    assert 'role="alert"' in new
    panel.form.fields["seed"].value, panel.form.fields["prompt"].value = "4", "A lamp turns"
    assert seen() == []
    panel.form.fields["prompt"].value = ""
    (again,) = seen()
    assert "write a prompt" in again
    assert 'role="alert"' in again


def test_a_problem_elsewhere_does_not_change_format_length_or_price(bench) -> None:
    panel = bench.panel(REQUEST)
    panel.form.fields["explore"].value = True
    panel.form.fields["seed"].value = "many"
    assert (panel.preview.frame, panel.preview.seconds) == ((768, 1280), 10)
    assert re.search(r"\b0 credits", shown_text(panel))


def test_words_of_the_user_are_text_and_no_html(bench) -> None:
    panel = bench.panel(VideoRequest("<b>x</b>", Keyframes("<script>1</script>.png"), reply_ref="<i>"))
    for widget in parts(panel):
        if isinstance(widget, ipywidgets.HTML):
            assert "<script>1" not in widget.value


def test_nothing_but_generate_sends_anything(bench) -> None:
    (bench.party.folder / "lamp.png").write_bytes(png())
    panel = bench.panel(replace(REQUEST, keyframes=Keyframes("lamp.png", last="harbour")))
    for widget in parts(panel):
        if isinstance(widget, ipywidgets.Button) and widget.description != "Generate":
            bench.press(panel, widget.description)
        if isinstance(widget, ipywidgets.Dropdown):
            widget.index = len(widget.options) - 1
    panel.fill(REQUEST)
    bench.settled(panel)
    assert bench.posts == 0


# --- price and account ------------------------------------------------------------------------------


def test_price_and_balance_stand_together(bench) -> None:
    text = shown_text(bench.panel(REQUEST))
    assert "50 credits" in text
    assert "0 of 2,250 used, 2,250 left" in text
    assert "play money" not in text


def test_too_few_credits_disable_generate_with_figures_and_explore_mode_says_what_it_means(benches) -> None:
    bench = benches(credits=30)
    panel = bench.panel(REQUEST)
    go = button(panel, "Generate")
    assert go.disabled
    assert "50" in go.tooltip
    assert "30" in go.tooltip
    assert "only 30 left" in shown_text(panel)
    panel.form.fields["explore"].value = True
    assert not go.disabled
    assert re.search(r"\b0 credits", shown_text(panel))
    assert "Unlimited plan" in shown_text(panel)
    panel.form.fields["explore"].value = False
    panel.form.fields["seconds"].value = "5 s"
    assert not go.disabled


def connect_with_token(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator of the bench answers, whether or not a token is set."""
    real = bench.party.connect
    monkeypatch.setattr(bench.party, "connect", lambda settings: real(replace(settings, token=Secret(TOKEN))))


def test_the_simulator_is_play_money(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.studio.account.backend.settings = replace(bench.studio.settings, token=None)
    connect_with_token(bench, monkeypatch)
    text = shown_text(bench.panel(REQUEST))
    assert "play money" in text
    assert "Simulator: no credits spent" in text
    assert "Simulator: no credits spent" in text


def test_a_token_set_later_is_no_play_money_any_more(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    token = bench.studio.settings
    connect_with_token(bench, monkeypatch)
    bench.studio.use(replace(token, token=None))
    panel = bench.panel(REQUEST)
    assert "play money" in shown_text(panel)
    bench.studio.use(token)
    panel.form.fields["prompt"].value = "A lamp stands"
    bench.press(panel, "Refresh")
    assert "play money" not in shown_text(panel)
    assert "no credits spent" not in shown_text(panel)


def test_one_account_is_known_by_its_first_letter(bench) -> None:
    assert "account s\N{HORIZONTAL ELLIPSIS}" in shown_text(bench.panel(REQUEST))


def test_two_accounts_are_counted_and_their_credits_shown(benches) -> None:
    text = shown_text(benches(accounts=2).panel(REQUEST))
    assert "2 accounts" in text
    assert "2,250, 2,250 left on 2 accounts" in text


def test_no_account_is_reported_with_what_to_do(benches) -> None:
    bench = benches(accounts=0)
    panel = bench.panel(REQUEST)
    assert "No Runway account is set up" in shown_text(panel)
    assert "asking for" not in shown_text(panel)
    assert button(panel, "Generate").disabled


def test_a_broken_account_is_named_and_the_other_still_has_its_balance(benches) -> None:
    bench = benches(accounts=2)

    def broken(request, answer):
        if request.url.path.endswith("/accounts"):
            body = answer.json()
            body["second@runway-nb.invalid"]["error"] = "session lost"
            return httpx.Response(200, json=body)
        if "/features" in request.url.path and "second" in str(request.url):
            return httpx.Response(596, json={"error": "session lost"})
        return answer

    bench.change(broken)
    text = shown_text(bench.panel(REQUEST))
    assert "Account s\N{HORIZONTAL ELLIPSIS} is broken (session lost): add it again" in text
    assert "2,250 left" in text


@pytest.mark.parametrize("trouble", ["down", "401"])
def test_a_problem_is_reported_and_refresh_recovers(bench, trouble) -> None:
    with ExitStack() as stack:
        if trouble == "down":
            stack.enter_context(bench.network())
        else:
            bench.party.simulator.fault("401")
        panel = bench.panel(REQUEST)
        text = shown_text(panel)
        assert {"down": "connection", "401": "token"}[trouble] in text
        assert "could not be listed" in text
        assert "asking for" not in text
        assert not button(panel, "Refresh").disabled
    bench.party.simulator.clear()
    text = shown_text(bench.press(panel, "Refresh"))
    assert "2,250 left" in text
    assert "could not be listed" not in text
    assert "2 images" in text


def test_nothing_waits_while_the_api_does_not_answer(bench) -> None:
    with bench.network(answers=False):
        panel = Panel(REQUEST, studio=bench.studio)
        panel._ipython_display_()
        panel.form.fields["prompt"].value = "warm"
        for name, control, values in (
            ("prompt", panel.form.fields["prompt"], iter("abcde")),
            ("zoom", panel.camera.sliders["zoom"], iter(range(1, 6))),
            ("seconds", panel.form.fields["seconds"], iter(["10 s", "5 s"] * 3)),
        ):
            assert quickest(lambda c=control, v=values: setattr(c, "value", next(v))) < 0.05, name
        assert "asking for the account" in shown_text(panel)
        assert not button(panel, "Generate").disabled
        bench.background.clear()


@pytest.mark.parametrize("call", ["accounts", "credits", "assets"])
def test_an_error_that_nobody_expects_is_reported(bench, monkeypatch: pytest.MonkeyPatch, call) -> None:
    async def broken(self, *_, **__):
        raise KeyError("surprise")

    monkeypatch.setattr(RunwayClient, call, broken)
    panel = Panel(REQUEST, studio=bench.studio)
    panel._ipython_display_()
    for future in bench.background:
        future.exception(5)
    bench.background.clear()
    assert "surprise" in shown_text(panel)
    assert not button(panel, "Refresh").disabled


FULL_DISK = OSError(28, "No space left on device")


def refuse(*_, **__) -> None:
    raise FULL_DISK


CALLBACKS = {
    "upload": lambda panel: give_file(panel, png()),
    "list": lambda panel: setattr(the_list(panel), "index", 1),
    "slider": lambda panel: setattr(panel.camera.sliders["zoom"], "value", 3.0),
    "preset": lambda panel: setattr(panel.camera.presets, "value", "Push in"),
    "prompt": lambda panel: setattr(panel.form.fields["prompt"], "value", "Another lamp"),
    "swap": lambda panel: button(panel, "Swap first and last").click(),
    "reset": lambda panel: button(panel, "Reset").click(),
}


def the_list(panel):
    return panel.keyframes.positions["first"].list


@pytest.mark.parametrize("name", CALLBACKS)
def test_an_error_of_a_callback_stands_in_the_panel(bench, monkeypatch: pytest.MonkeyPatch, name) -> None:
    panel = bench.panel(REQUEST)
    monkeypatch.setattr("runway_nb.notebook.panel.keyframe_sources.keep_picture", refuse)
    monkeypatch.setattr("runway_nb.notebook.panel.store.summary_of", refuse)
    CALLBACKS[name](panel)
    assert "No space left on device" in shown_text(panel)


# --- generating -------------------------------------------------------------------------------------


def test_a_click_sends_once_and_its_result_stands_below_the_newest_first(bench) -> None:
    panel = bench.press(bench.panel(REQUEST))
    assert bench.creates == 1
    one = panel.job
    panel.form.fields["prompt"].value = "A lamp stands"
    bench.press(panel)
    assert bench.creates == 2
    assert panel.jobs == (panel.job, one)
    stage = bench.shown[1][0]
    where, last = bench.updates[-1]
    assert where == stage != bench.shown[0][0]
    assert set(last) == {"text/html", "text/plain"}
    assert last["text/plain"].index("A lamp stands") < last["text/plain"].index("A lamp turns")
    assert panel.job.cell == panel.cell
    assert not button(panel, "Generate").disabled


def test_the_cell_means_the_same_whatever_model_is_set(bench) -> None:
    panel = bench.panel(REQUEST, opened=False)
    assert panel.cell.startswith("%%runway --aspect")
    bench.studio.use(replace(bench.studio.settings, model="gen4_5"))
    assert panel.cell.startswith("%%runway --model gen3turbo --aspect")
    assert run(panel.cell, "gen4_5")[1] == typed(panel.request)


@pytest.fixture
def gate(bench, monkeypatch: pytest.MonkeyPatch):
    """Until it is set nothing that was asked for goes on."""
    gate, real = threading.Event(), bench.studio.submit_checked
    monkeypatch.setattr(bench.studio, "submit_checked", lambda *a, **k: gate.wait(5) and real(*a, **k))
    return gate


@pytest.mark.parametrize("reuse", [True, False])
def test_a_double_click_sends_once(bench, gate, reuse) -> None:
    panel = bench.panel(replace(REQUEST, seed=None))
    bench.studio.account.backend.settings = replace(bench.studio.settings, reuse=reuse)
    for _ in range(3):
        button(panel, "Generate").click()
    gate.set()
    bench.settled(panel)
    assert (bench.creates, len(panel.jobs)) == (1, 1)
    assert bench.updates[-1][1]["text/plain"].count("Video ") == 1


def test_the_button_rests_while_a_request_is_sent(bench, gate) -> None:
    panel = bench.panel(REQUEST)
    button(panel, "Generate").click()
    panel.form.fields["prompt"].value = "Another lamp"
    rests = button(panel, "Generate").disabled
    gate.set()
    bench.settled(panel)
    assert rests
    assert not button(panel, "Generate").disabled
    assert panel.job.request.prompt == "A lamp turns"


def test_a_click_that_comes_too_late_sends_nothing(benches) -> None:
    bench = benches(credits=30)
    panel = bench.press(bench.panel(REQUEST))
    assert button(panel, "Generate").disabled
    assert panel.job is None
    assert bench.creates == 0


def test_an_equal_request_is_not_paid_again_and_says_so(bench) -> None:
    panel = bench.press(bench.press(bench.panel(REQUEST)))
    assert bench.creates == 1
    assert "Nothing was sent: this shot stands below already" in shown_text(panel)
    assert bench.updates[-1][1]["text/html"].count("<video") == 1


def test_an_equal_request_of_another_panel_shows_the_stored_result(bench) -> None:
    bench.press(bench.panel(REQUEST))
    bench.press(bench.panel(REQUEST))
    assert bench.creates == 1
    assert "stored result" in bench.updates[-1][1]["text/plain"]
    assert "0 credits" in bench.updates[-1][1]["text/html"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.OverBudget("it would cost too much"), "it would cost too much"),
        (errors.LedgerError("the ledger cannot be written"), "the ledger cannot be written"),
        (errors.InvalidRequest(["seed is odd"]), "seed is odd"),
        (RuntimeError("surprise"), "surprise"),
        (OSError(28, "disk full"), "disk full"),
    ],
)
def test_what_goes_wrong_while_sending_is_reported_and_can_be_tried_again(
    bench, monkeypatch: pytest.MonkeyPatch, error, words
) -> None:
    def submit_checked(*_, **__):
        raise error

    panel = bench.panel(REQUEST)
    monkeypatch.setattr(bench.studio, "submit_checked", submit_checked)
    button(panel, "Generate").click()
    bench.background.pop().exception(5)
    assert words in shown_text(panel)
    assert not button(panel, "Generate").disabled
    assert panel.job is None
    monkeypatch.undo()
    bench.watch(bench.studio, bench.party.loop)


def test_generate_takes_the_settings_of_its_moment(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """`%config` and the environment may have changed since the panel was opened."""
    panel = bench.panel(REQUEST)
    taken: list[Any] = []
    monkeypatch.setattr(bench.studio, "use", taken.append)
    process_studio.keep_studio(bench.studio, None)
    try:
        bench.press(panel)
    finally:
        process_studio.close_studio()
    assert taken


def test_a_budget_is_kept_to(bench) -> None:
    panel = bench.panel(REQUEST)
    bench.studio.account.backend.settings = replace(bench.studio.settings, max_credits=10)
    bench.press(panel)
    assert "10" in shown_text(panel)
    assert bench.creates == 0


def test_a_new_seed_is_kept_or_drawn_anew(bench) -> None:
    panel = bench.panel(VideoRequest("A lamp turns"))
    keep = next(w for w in parts(panel) if isinstance(w, ipywidgets.Checkbox) and w.description == "keep")
    bench.press(panel, "\N{DIE FACE-5}")
    assert keep.value
    seed = panel.request.seed
    assert 1 <= seed <= 4294967294
    bench.press(panel)
    assert panel.job.seed == panel.request.seed == seed
    keep.value = False
    bench.press(panel)
    assert panel.request.seed is None
    assert panel.form.fields["seed"].value == ""


def test_while_it_runs_its_card_is_below_the_panel_and_its_slot_is_counted(bench) -> None:
    bench.party.simulator.fault("throttled", seconds=1e9)
    panel = Panel(REQUEST, studio=bench.studio)
    panel._ipython_display_()
    bench.background.clear()
    button(panel, "Generate").click()
    wait_until(lambda: panel.job is not None and panel.job.task is not None)
    where, card = bench.updates[-1]
    assert where == bench.shown[1][0]
    assert "application/vnd.jupyter.widget-view+json" in card
    wait_until(lambda: "1 of 2 slots busy" in shown_text(panel))
    panel.job.stop()
    bench.settled(panel)
    assert "text/html" in bench.updates[-1][1]
    wait_until(lambda: "0 of 2 slots busy" in shown_text(panel))


def test_a_failed_shot_ends_as_a_durable_notice(bench) -> None:
    bench.party.simulator.fault("failed")
    panel = bench.press(bench.panel(REQUEST))
    assert "Not generated" in bench.updates[-1][1]["text/plain"]
    assert not button(panel, "Generate").disabled


# --- where it is shown ------------------------------------------------------------------------------


def test_shown_again_it_is_the_same_panel_on_the_same_stage(bench) -> None:
    panel = bench.panel(REQUEST)
    panel._ipython_display_()
    (one, first), (two, _), (again, second), (below, _) = bench.shown
    assert (one, two) == (again, below)
    assert one != two
    assert panel.cell in first["text/plain"]
    assert "A lamp turns" in first["text/html"]
    view = "application/vnd.jupyter.widget-view+json"
    assert first[view] == second[view]
    bench.press(panel)
    panel._ipython_display_()
    assert bench.shown[-2][0] == one
    assert bench.shown[-1][0] == two
    assert "<video" in bench.shown[-1][1]["text/html"]


@pytest.mark.parametrize("mode", ["batch", "terminal"])
def test_where_nobody_clicks_it_is_text(benches, mode, capsys: pytest.CaptureFixture[str]) -> None:
    bench = benches(mode)
    bench.panel(REQUEST)
    if mode == "terminal":
        assert "A lamp turns" in capsys.readouterr().out
        assert not bench.shown
    else:
        ((_, data),) = bench.shown
        assert set(data) == {"text/html", "text/plain"}
    assert not bench.party.api.requests


def test_where_only_widgets_live_its_results_stand_in_the_panel(benches) -> None:
    bench = benches("page")
    panel = bench.panel(REQUEST)
    ((_, data),) = bench.shown
    assert WIDGET in data
    bench.press(panel)
    assert bench.creates == 1
    (result,) = [widget for widget in parts(panel) if isinstance(widget, ipywidgets.Output)]
    assert 'src="data:video/mp4' in result.outputs[0]["data"]["text/html"]
    panel._ipython_display_()
    assert [widget for widget in parts(panel) if isinstance(widget, ipywidgets.Output)] == [result]


def test_in_a_layout_of_the_users_own_the_results_stand_in_the_panel(bench) -> None:
    panel = bench.panel(REQUEST, opened=False)
    box = ipywidgets.VBox([panel])
    bench.press(panel)
    assert [widget for widget in parts(box) if isinstance(widget, ipywidgets.Output)]


def test_a_panel_of_a_closed_studio_says_so_and_starts_nothing(bench) -> None:
    panel = bench.panel(REQUEST)
    bench.studio.close()
    button(panel, "Generate").click()
    wait_until(lambda: "closed" in shown_text(panel))
    assert bench.creates == 0


def test_its_text_stays_when_the_kernel_ends(bench) -> None:
    panel = bench.panel(REQUEST)
    bench.studio.close()
    where, data = bench.updates[-1]
    assert where == bench.shown[0][0]
    assert set(data) == {"text/html", "text/plain"}
    assert panel.cell in data["text/plain"]


def test_copy_offers_the_text_where_no_script_can(bench) -> None:
    panel = bench.press(bench.panel(REQUEST), "Copy as cell")
    areas = [w for w in parts(panel) if isinstance(w, ipywidgets.Textarea) and w.disabled]
    assert [area.value for area in areas] == [panel.cell]


# --- the magic --------------------------------------------------------------------------------------


class Desk(FrontEnd):
    studio: Any = None

    def __init__(self, bench):
        self.offered: list[str] = []
        shell = SimpleNamespace(user_ns=bench.variables, set_next_input=self.offered.append)
        super().__init__(shell, lambda: {"embed": "never"}, bench.party.folder)
        self.studio = bench.studio

    def line(self, line):
        run_line(self, line)


@pytest.fixture
def desk(bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("IPython.display.display", lambda panel: panel._ipython_display_())
    return Desk(bench)


def test_the_magic_opens_a_panel_of_a_job_and_puts_its_cell_below(bench, desk) -> None:
    job = bench.party.ended(bench.studio.submit(REQUEST))
    desk.line(f"panel {job.id}")
    panel = module.newest_panel()
    assert panel is not None
    assert panel.request == REQUEST
    bench.settled(panel)
    assert bench.shown
    panel.form.fields["prompt"].value = "Two lamps"
    desk.line("cell")
    desk.line(f"cell {job.id}")
    assert [run(cell)[1] for cell in desk.offered] == [panel.request, REQUEST]


def test_the_magic_opens_an_empty_panel(bench, desk) -> None:
    desk.line("panel")
    assert bench.settled(module.newest_panel()).request == VideoRequest()


# --- secrets ----------------------------------------------------------------------------------------


def test_no_address_and_no_token_is_on_the_panel(benches) -> None:
    bench = benches(accounts=2)
    asset = asked(bench.party, lambda client: client.assets(email=EMAIL))[0]
    bench.party.simulator.fault("404-asset")
    panel = bench.panel(
        replace(REQUEST, keyframes=Keyframes(asset.id, last=ASSET_ID.replace("studio@example.org", EMAIL)))
    )
    bench.press(panel)
    told = [json.dumps(widget.get_state(), default=repr) for widget in parts(panel)]
    told += [repr(widget) for widget in parts(panel)]
    told += [repr(panel.store.state)]
    told += [repr(data) for _, data in bench.shown + bench.updates]
    told += [repr(panel.request), repr(panel.job), repr(panel.store.state.account)]
    for text in told:
        assert "@runway-nb" not in text
        assert TOKEN not in text


def test_a_job_that_is_opened_again_and_sent_unchanged_is_not_paid_again(bench) -> None:
    job = bench.party.submit("A lamp turns", fresh=False, camera=Camera(zoom=4)).wait(10)
    panel = bench.press(bench.panel(job.id))
    assert panel.job.id == job.id
    assert bench.party.started == 1


def test_a_press_in_the_page_sends_what_the_page_shows(bench) -> None:
    """A click may overtake the values of other controls on their way to a busy kernel."""
    panel = bench.panel(REQUEST)
    page_sends(panel, "shown")
    bench.press(panel)
    assert bench.creates == 0, "the page's own message follows"
    shown = {
        "prompt": "A lamp stands",
        "zoom": -3.0,
        "seconds": "5 s",
        "static": False,
        "first": "harbour",
        "max_jobs": "3",
    }
    page_sends(panel, "press", values=shown)
    bench.settled(panel)
    wish = panel.job.original_request
    assert (wish.prompt, wish.camera, wish.length, wish.max_jobs) == ("A lamp stands", Camera(zoom=-3, pan=-2), 5, 3)
    assert bench.creates == 1


def test_after_a_page_was_loaded_anew_results_stand_in_the_panel(bench) -> None:
    panel = bench.panel(REQUEST)
    for _ in range(2):
        assert panel.output.area.root not in panel.children
        page_sends(panel, "shown", notebook=False)
    assert panel.output.area.root in panel.children


class _Panic(BaseException):
    """As machine code raises it."""


@pytest.mark.parametrize("error", [ValueError("no"), _Panic(), SystemExit(1)])
def test_an_observer_of_the_user_that_fails_hides_no_card_and_stops_no_other_job(bench, error) -> None:
    def fail(_):
        raise error

    panel = bench.panel(REQUEST)
    for name in ("request", "job", "jobs"):
        panel.observe(fail, name)
    panel.sender.press()
    bench.settled(panel)
    (job,) = panel.jobs
    assert panel.job is job
    assert panel.output.area.holds(job)
    assert bench.party.ended(job).video is not None
    assert type(error).__name__ in shown_text(panel)
    assert not button(panel, "Generate").disabled
