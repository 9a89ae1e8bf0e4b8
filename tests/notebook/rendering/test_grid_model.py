"""The live grid's view model: labels, words, counts and what is spent, as the page gets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runway_nb import errors
from runway_nb.api.models import Status, Task
from runway_nb.jobs.job import Job
from runway_nb.jobs.state import State
from runway_nb.ledger.marks import Marks
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.rendering.grid_model import CellState, cell_state, grid_plan, grid_state
from runway_nb.sweeps.plan import Axis, Variant, plan
from runway_nb.sweeps.price import SweepPrice
from runway_nb.sweeps.sweep import Sweep
from support.shown_jobs import NOW, TASK_ID, UNREACHABLE

QUEUED = "2 of 2 slots busy \N{MIDDLE DOT} third in line \N{MIDDLE DOT} with jobs 1a"
ZOOM, SEED = Axis("zoom", (-5, 0, 5)), Axis("seed", (1, 2))


def a_sweep(*axes: Axis, prompt: str = "A lamp turns", stored: int = 0, **options: Any) -> Sweep:
    many = plan(prompt, {}, axes, model="gen3turbo", **options)
    count = len(many.variants)
    return Sweep(many, SweepPrice(count, stored, 25 * (count - stored), 0))


def job_of(variant: Variant, folder: Path, created: float = NOW, **state: Any) -> Job:
    number = "".join(map(str, variant.place))
    moment = State(state.pop("phase", Phase.FOLLOWING), sent=NOW - 38, last_poll=NOW, **state)
    return Job(f"{number:0>8}", variant.request, folder=folder, created=created, state=moment)


def task(word: str) -> Task:
    return Task(TASK_ID, Status(word))


def video(folder: Path) -> Path:
    (folder / "shot.mp4").write_bytes(b"\0")
    return folder / "shot.mp4"


def shown(folder: Path, **state: Any) -> CellState:
    sweep = a_sweep(ZOOM)
    sweep.add(sweep.variants[0], job_of(sweep.variants[0], folder, **state))
    return cell_state(sweep, sweep.variants[0])


# --- what never changes -----------------------------------------------------------------------------


def test_a_grid_has_the_names_and_values_of_its_axes() -> None:
    found = grid_plan(a_sweep(ZOOM, SEED))
    assert (found["title"], found["isGrid"], found["frame"]) == (
        "Sweep zoom \N{MULTIPLICATION SIGN} seed",
        True,
        [1280, 768],
    )
    assert found["axes"][0] == {"name": "zoom", "labels": ["zoom \N{MINUS SIGN}5", "zoom 0", "zoom +5"]}
    assert [cell["label"] for cell in found["cells"][:2]] == ["zoom \N{MINUS SIGN}5, seed 1", "zoom 0, seed 1"]
    assert [cell["place"] for cell in found["cells"]] == [[x, y] for y in (0, 1) for x in (0, 1, 2)]


@pytest.mark.parametrize(
    ("axes", "options", "title"),
    [
        ((ZOOM,), {}, "Sweep zoom"),
        ((Axis("seed", (7, 8, 9), "take"),), {}, "3 takes"),
        ((Axis("zoom", (1, 2)), SEED), {"zipped": True}, "Sweep zoom, seed"),
        ((ZOOM, Axis("seed", (7, 8), "take")), {}, "Sweep zoom \N{MULTIPLICATION SIGN} take"),
    ],
)
def test_the_title_says_what_is_varied(axes: tuple[Axis, ...], options: dict[str, Any], title: str) -> None:
    assert grid_plan(a_sweep(*axes, **options))["title"] == title


def test_only_a_product_is_a_grid() -> None:
    assert not grid_plan(a_sweep(ZOOM))["isGrid"]
    assert not grid_plan(a_sweep(Axis("zoom", (1, 2)), SEED, zipped=True))["isGrid"]


def test_words_of_the_prompt_are_labels_as_they_are_and_a_token_in_them_is_masked() -> None:
    sweep = a_sweep(Axis("style", ("ink, wet", "user:1234-abcdefghijklmnop")), prompt="A {{style}} lamp")
    first, second = (cell["label"] for cell in grid_plan(sweep)["cells"])
    assert first == "style ink, wet"
    assert "abcdefghijklmnop" not in second


def test_all_of_it_is_json(tmp_path: Path) -> None:
    sweep = a_sweep(ZOOM, SEED)
    sweep.add(sweep.variants[0], job_of(sweep.variants[0], tmp_path, task=task("RUNNING"), progress=0.4))
    json.dumps([grid_plan(sweep), [cell._asdict() for cell in grid_state(sweep).cells]])


# --- how it stands ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "word", "detail", "kind"),
    [
        ({"phase": Phase.PREPARING}, "Preparing", "checking", "waiting"),
        ({"phase": Phase.WAITING, "detail": QUEUED}, "Waiting", "third in line", "waiting"),
        ({"phase": Phase.WAITING, "detail": "asking the account"}, "Waiting", "asking the account", "waiting"),
        ({"phase": Phase.SENDING}, "Sending", "", "running"),
        ({"phase": Phase.CHECKING}, "Checking", "", "running"),
        ({"task": task("PENDING")}, "Queued", "", "running"),
        ({"task": task("THROTTLED")}, "Held back", "", "running"),
        ({"task": task("RUNNING"), "progress": 0.42}, "Generating", "42 %", "running"),
        ({"task": task("RUNNING"), "offline": True, "progress": 0.4}, "No answer", "40 %", "running"),
        ({"phase": Phase.DOWNLOADING, "received": 1, "total": 4}, "Downloading", "25 %", "running"),
    ],
)  # fmt: skip
def test_a_shot_on_its_way_is_a_word_and_nothing_that_counts(
    tmp_path: Path, state: dict[str, Any], word: str, detail: str, kind: str
) -> None:
    found = shown(tmp_path, **state)
    assert (found.word, found.detail, found.state) == (word, detail, kind)


@pytest.mark.parametrize(
    ("phase", "error", "word", "detail"),
    [
        (Phase.FAILED, errors.TaskModerated("SAFETY.INPUT.TEXT"), "Refused", "moderation"),
        (Phase.REFUSED, errors.PromptRefused("no"), "Refused", "moderation"),
        (Phase.REFUSED, errors.NotEnoughCredits("12 left"), "Not sent", "12 left"),
        (Phase.REMOVED, errors.Removed("gone"), "Removed", "gone"),
    ],
)
def test_an_end_without_a_video_says_why(
    tmp_path: Path, phase: Phase, error: errors.RunwayError, word: str, detail: str
) -> None:
    found = shown(tmp_path, phase=phase, error=error, ended=NOW)
    assert (found.state, found.word, found.detail, found.ended) == ("ended", word, detail, NOW)


def test_a_finished_shot_has_its_facts_and_its_marks(tmp_path: Path) -> None:
    sweep = a_sweep(ZOOM)
    job = job_of(sweep.variants[0], tmp_path, phase=Phase.DONE, video=video(tmp_path), ended=NOW)
    sweep.add(sweep.variants[0], job)
    found = cell_state(sweep, sweep.variants[0], {job.id: Marks(star=True)})
    assert (found.state, found.word, found.star, found.rejected) == ("ready", "Done", True, False)
    assert "25 credits" in found.title
    assert job.id in found.title


@pytest.mark.parametrize("name", ["gone.mp4", f"{UNREACHABLE}/gone.mp4"], ids=["gone", "cannot be looked for"])
def test_a_file_that_is_gone_is_no_finished_shot(tmp_path: Path, name: str) -> None:
    found = shown(tmp_path, phase=Phase.DONE, video=tmp_path / name, ended=NOW)
    assert (found.state, found.word) == ("ended", "No file")


def test_a_variant_that_was_not_sent_gives_the_reason() -> None:
    sweep = a_sweep(ZOOM)
    sweep.leave_out(sweep.variants[0], errors.RunwayError("the budget of 100 credits is spent"))
    assert cell_state(sweep, sweep.variants[0])[:3] == ("ended", "Not sent", "the budget of 100 credits is spent")
    assert cell_state(sweep, sweep.variants[1])[:2] == ("waiting", "Waiting")


def test_the_status_counts_what_became_of_all(tmp_path: Path) -> None:
    sweep = a_sweep(ZOOM, SEED)
    refused: dict[str, Any] = {"phase": Phase.FAILED, "error": errors.TaskModerated("SAFETY"), "ended": NOW}
    done: dict[str, Any] = {"phase": Phase.DONE, "video": video(tmp_path), "ended": NOW}
    for variant, state in zip(
        sweep.variants, [done, done, refused, {"phase": Phase.FAILED, "ended": NOW}], strict=False
    ):
        sweep.add(variant, job_of(variant, tmp_path, **state))
    sweep.leave_out(sweep.variants[4], errors.RunwayError("spent"))
    sweep.add(sweep.variants[5], job_of(sweep.variants[5], tmp_path, phase=Phase.WAITING))
    found = grid_state(sweep)
    dot = " \N{MIDDLE DOT} "
    assert found.status == dot.join(["2 of 6 done", "1 refused", "1 failed", "1 not sent"])
    assert found.is_open


def test_what_is_spent_is_of_the_new_shots_alone(tmp_path: Path) -> None:
    sweep = a_sweep(ZOOM, stored=1)
    old, sent, waiting = sweep.variants
    sweep.add(old, job_of(old, tmp_path, NOW - 9_000, phase=Phase.DONE, video=video(tmp_path), ended=NOW - 8_000))
    sweep.add(waiting, job_of(waiting, tmp_path, phase=Phase.WAITING))
    assert grid_state(sweep).cost == "0 of 50 credits"
    sweep.add(sent, job_of(sent, tmp_path, task=task("RUNNING")))
    assert grid_state(sweep).cost == "25 of 50 credits"
    sweep.add(waiting, job_of(waiting, tmp_path, task=task("RUNNING")))
    assert grid_state(sweep).cost == "50 credits"


def test_play_money_is_not_spent(tmp_path: Path) -> None:
    sweep = a_sweep(ZOOM)
    variant = sweep.variants[0]
    sweep.add(variant, Job("7f3e2c54", variant.request, folder=tmp_path, simulated=True, state=State()))
    assert grid_state(sweep).cost == "0 credits"


def test_an_unknown_price_is_named() -> None:
    many = plan("A lamp", {}, [ZOOM], model="gen3turbo")
    assert grid_state(Sweep(many, SweepPrice(3, 0, 25, 2))).cost == "0 of 25 credits and 2 of unknown price"
    assert grid_state(Sweep(many)).cost == ""
