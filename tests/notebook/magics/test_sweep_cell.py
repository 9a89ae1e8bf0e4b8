"""`%%runway` with `--takes`, `--sweep` and `--rows` in a real shell, without a kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from runway_nb import errors
from runway_nb.errors import InvalidRequest, NeedsConfirmation
from runway_nb.studio import Studio
from runway_nb.sweeps.sweep import Sweep
from support.sessions import Session

pytestmark = pytest.mark.usefixtures("small_frames")


def sweep_of(session: Session, name: str = "grid") -> Sweep:
    made = session.shell.user_ns[name]
    assert isinstance(made, Sweep)
    return made.wait(20)


def problems_of(session: Session, line: str, body: str = "A lamp turns") -> list[str]:
    with pytest.raises(InvalidRequest) as caught:
        session.cell(line, body)
    assert session.creates == 0
    return list(caught.value.problems)


def test_a_sweep_makes_every_combination_and_goes_to_its_name(session: Session) -> None:
    shown = session.cell("grid --sweep zoom=-2,2 --sweep seed=1..2 --seconds 10 --yes")
    assert shown.splitlines()[0] == "4 shots, 200 credits, 0 of 4 done, 4 running"
    made = sweep_of(session)
    assert [(job.request.camera.zoom, job.seed, job.request.length) for job in made.jobs] == [
        (-2, 1, 10), (2, 1, 10), (-2, 2, 10), (2, 2, 10)
    ]  # fmt: skip
    assert session.creates == 4


def test_takes_differ_by_their_seed_and_run_again_cost_nothing(session: Session) -> None:
    session.cell("grid --takes 3")
    seeds = [job.seed for job in sweep_of(session).jobs]
    assert len(set(seeds)) == 3
    session.cell("grid --takes 4")
    assert [job.seed for job in sweep_of(session).jobs][:3] == seeds
    assert session.creates == 4


def test_names_of_the_prompt_are_filled_for_each_video(session: Session) -> None:
    """A name that is an axis need not be a variable; one that is a variable is filled, and its commas part nothing."""
    session.keep(where="at sea, alone", mood="calm, slow")
    session.cell('grid --sweep style=noir,"ink, wet",{{mood}}', "A {{style}} lamp {{where}}, {{U+7B}}{x}}")
    assert [job.request.prompt for job in sweep_of(session).jobs] == [
        f"A {style} lamp at sea, alone, {{{{x}}}}" for style in ("noir", "ink, wet", "calm, slow")
    ]  # fmt: skip


def test_values_come_from_a_list_an_array_or_a_column(session: Session) -> None:
    pandas = pytest.importorskip("pandas")
    session.keep(styles=["noir", "ink, wet"], zooms=np.array([1, 2]), table=pandas.DataFrame({"pan": [3, 4]}))
    session.cell("grid --sweep style=@styles --sweep zoom=@zooms --sweep pan=@table.pan --zip", "A {{style}} lamp")
    found = [(job.request.prompt, job.request.camera.zoom, job.request.camera.pan) for job in sweep_of(session).jobs]
    assert found == [("A noir lamp", 1, 3), ("A ink, wet lamp", 2, 4)]


@pytest.mark.parametrize("name", ["style", "size", "pan"])
def test_a_column_comes_before_what_a_table_has_of_that_name(session: Session, name: str) -> None:
    pandas = pytest.importorskip("pandas")
    session.keep(table=pandas.DataFrame({name: [1, 2]}))
    session.cell(f"grid --sweep {name}=@table.{name}", f"A lamp {{{{{name}}}}}" if name != "pan" else "A lamp")
    assert len(sweep_of(session).jobs) == 2


def test_rows_of_a_table_are_videos(session: Session) -> None:
    session.keep(rows=[{"style": "noir", "zoom": 1}, {"style": "ink", "zoom": 2}])
    session.cell("grid --rows @rows", "A {{style}} lamp")
    found = [(job.request.prompt, job.request.camera.zoom) for job in sweep_of(session).jobs]
    assert found == [("A noir lamp", 1), ("A ink lamp", 2)]


def test_pictures_are_an_axis_too(session: Session) -> None:
    session.keep(dark=np.zeros((80, 140, 3), np.uint8), light=np.full((80, 140, 3), 200, np.uint8))
    session.cell("grid --sweep first=dark,light")
    assert len({str(job.request.keyframes.first) for job in sweep_of(session).jobs}) == 2
    assert session.creates == 2


def test_a_limit_makes_the_ends_first(session: Session) -> None:
    session.cell("grid --sweep seed=1..5 --limit 2")
    assert [variant.label for variant in sweep_of(session).variants] == ["seed 1", "seed 5"]


# --- the price first --------------------------------------------------------------------------------


def test_a_dry_run_tells_price_labels_and_the_first_body(session: Session) -> None:
    shown = session.cell("--sweep zoom=1..5 --sweep seed=1..3 --dry-run").splitlines()
    assert shown[0] == "15 shots, 375 credits, in this order:"
    assert shown[1] == "  zoom 1, seed 1"
    assert shown[13:17] == ["  and 3 more", "", "zoom 1, seed 1:", "Dry run, nothing was sent. POST /gen3turbo/create"]
    assert '  "zoom": 1,' in shown
    assert not session.party.api.requests


def test_what_costs_much_asks_for_a_yes(session: Session) -> None:
    with pytest.raises(NeedsConfirmation, match=r"5 shots, 125 credits: .* --yes") as caught:
        session.cell("grid --takes 5")
    assert "\n" not in str(caught.value)
    assert session.creates == 0
    assert "grid" not in session.shell.user_ns
    session.cell("grid --takes 5 --yes")
    assert len(sweep_of(session).jobs) == session.creates == 5


# --- waiting ----------------------------------------------------------------------------------------


def test_waiting_tells_each_end_on_one_line_and_then_the_table(session: Session) -> None:
    first, *lines = session.cell("grid --sweep seed=1..2 --wait").splitlines()
    assert first == "2 shots, 50 credits, 0 of 2 done, 2 running"
    assert sorted(line.partition(": done in ")[0] for line in lines[:2]) == ["seed 1", "seed 2"]
    assert lines[1].endswith("(2 of 2 done)")
    assert lines[2:4] == ["A lamp turns", "2 shots, 50 credits, 2 of 2 done"]
    assert lines[4].split() == ["shot", "state", "id", "file"]
    assert [line.split()[:3] for line in lines[5:7]] == [["seed", "1", "done"], ["seed", "2", "done"]]
    assert lines[8] == "Cell      %%runway grid --sweep seed=1..2 --wait"


def test_waiting_ends_with_the_failure_of_one_after_all_have_ended(session: Session) -> None:
    session.party.simulator.fault("failed", times=1)
    with pytest.raises(errors.TaskFailed):
        session.cell("grid --takes 3 --wait")
    assert session.shell.user_ns["grid"].progress_text == "2 of 3 done, 1 failed"


def test_what_a_budget_does_not_cover_is_named(session: Session) -> None:
    studio = session.party.studio
    Studio.use(studio, replace(studio.settings, max_credits=50))
    with pytest.raises(errors.OverBudget):
        session.cell("grid --takes 3 --wait")
    assert session.creates == 2
    assert session.shell.user_ns["grid"].progress_text == "2 of 3 done, 1 not sent"


def test_commands_take_the_variable_of_a_sweep(session: Session) -> None:
    session.cell("grid --takes 2")
    waited = session.line("wait grid").splitlines()
    assert waited[-5].split() == ["shot", "state", "id", "file"]
    assert [line.split()[2] for line in waited[-4:-2]] == ["done", "done"]
    assert session.line("show grid").splitlines() == waited[-7:]
    session.party.simulator.fault("throttled", forever=True)
    session.cell("more --takes 1", "Another lamp turns")
    assert session.line("stop more").startswith("Stopping 0 of 1 done, 1 ")
    assert sweep_of(session, "more").progress_text == "0 of 1 done, 1 failed"


# --- mistakes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("--sweep zoom=1,fast", "--sweep zoom is 'fast': give a number"),
        ("--sweep zoom", "--sweep is 'zoom': give a name and values, such as"),
        ('--sweep "zoom=1,2"', "--sweep is 'zoom=1,2': give a name and values, such as"),
        ("--sweep zoom=1..2/0", "--sweep has the range 1..2/0: give a step above 0"),
        ("--sweep seed=1..900000000", "--sweep has the range 1..900000000, which is 900,000,000 values"),
        ("--sweep zoom=@nothing", "--sweep zoom: @nothing is no variable: define nothing first"),
        ("--sweep zoom=@seven", "--sweep zoom: @seven is 7: give a list, a range, an array or a column"),
        ("--sweep zoom=@empty", "--sweep zoom: @empty has no value: give some"),
        ("--sweep zoom=1,2 --zoom 3", "zoom is given twice: leave it out once"),
        ("--sweep zoom=1,2 --sweep zoom=3,4", "zoom is given twice: leave it out once"),
        ("--sweep explore=maybe", "--sweep explore is 'maybe': give on or off"),
        ("--sweep zooom=1,2", "zooom is no option, and the prompt has no {{zooom}}: write it there, or leave it out"),
        ("--sweep zoom=5,11", "zoom 11: zoom is 11: the range is -10 to 10"),
        ("--rows @nothing", "--rows: @nothing is no variable: define nothing first"),
        ("--rows @seven", "rows is 7: give a DataFrame or a list of mappings"),
        ("--takes 0", "takes is 0: give a whole number from 1 to 1000"),
        ("--takes many", "--takes is 'many': give a whole number"),
        ("--takes 2 --limit 0", "limit is 0: give a whole number from 1 to 1000"),
        ("--takes 2 --seed 7", "takes differ by their seed: leave out seed, or takes"),
        ("--zip", "--zip goes with --sweep, --takes or --rows"),
        ("--yes --limit 2", "--yes goes with --sweep, --takes or --rows"),
    ],
)
def test_a_mistake_is_one_clear_line_and_nothing_is_sent(session: Session, line: str, problem: str) -> None:
    session.keep(seven=7, empty=[])
    assert [found for found in problems_of(session, line) if found.startswith(problem)]


def test_mistakes_of_the_sweep_are_told_with_all_others(session: Session) -> None:
    assert problems_of(session, "grid --sweep zoom=fast --embed some --pann 3 --seconds 7", "A {{style}} lamp") == [
        "--pann is no option: do you mean --pan?",
        "--sweep zoom is 'fast': give a number",
        "embed is 'some': give auto, always, never",
        "{{style}} is no variable: define style first",
        "seconds is 7: give 5 or 10, or a model that has it: videos-gen4.5, seedance-2, seedance-2-5",
    ]


# --- back to one ------------------------------------------------------------------------------------


def test_the_cell_of_a_variant_makes_that_variant_alone(session: Session) -> None:
    session.cell("grid --sweep zoom=-2,2 --sweep style=noir", "A {{style}} lamp")
    job = sweep_of(session).jobs[1]
    session.line(f"cell {job.id}")
    cell = session.shell.rl_next_input
    line, _, body = cell.partition("\n")
    assert (body, "--zoom 2" in line, "--sweep" in line) == ("A noir lamp", True, False)
    session.cell(line.removeprefix("%%runway").strip() + " --wait", body)
    assert session.creates == 2, "it is the stored result"


def test_a_job_of_a_sweep_is_shown_as_any_other(session: Session) -> None:
    session.cell("grid --takes 2")
    job = sweep_of(session).jobs[0]
    assert session.line(f"show {job.id}").startswith("Video   runway_outputs/")


def test_the_list_shows_what_distinguishes_takes(session: Session) -> None:
    session.cell("grid --takes 2 --zoom 3")
    made = sweep_of(session)
    head, *rows = session.line("list").splitlines()
    assert head.split() == ["id", "when", "state", "credits", "settings", "prompt"]
    assert {f" seed {job.seed} " in row for job, row in zip(made.jobs[::-1], rows, strict=True)} == {True}
    assert not any("zoom" in row for row in rows)


def test_a_sweep_keeps_the_cell_that_makes_it_again(session: Session) -> None:
    session.cell("grid --sweep zoom=-2,2 --seed 1", "A lamp turns\n")
    made = sweep_of(session)
    assert made.cell == "%%runway grid --sweep zoom=-2,2 --seed 1\nA lamp turns"
    session.shell.run_cell(made.cell)
    assert [job.id for job in sweep_of(session).jobs] == [job.id for job in made.jobs]
    assert session.creates == 2


@pytest.mark.parametrize(
    ("line", "written"), [("--takes 2 --yes", "--takes 2 --yes --model gen4_5"), ("--sweep model=gen3turbo,gen4_5", "")]
)
def test_a_cell_names_the_model_that_it_had_by_the_settings(session: Session, line: str, written: str) -> None:
    studio = session.party.studio
    Studio.use(studio, replace(studio.settings, model="gen4_5"))
    session.cell(f"grid {line}")
    assert sweep_of(session).cell.partition("\n")[0] == f"%%runway grid {written or line}"
