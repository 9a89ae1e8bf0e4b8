"""Sweeps in the schedules of `support.schedules`: killed at any step, grown, stopped, and run again until all stands.

Here a cell is a variant, and Run All runs the sweep. Variants share words and seeds, so that a task is told from
others by little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple
from unittest import mock

from runway_nb.jobs.policy import Limits
from runway_nb.ledger.record import Record
from runway_nb.pictures.files import picture_prints
from runway_nb.request import VideoRequest
from runway_nb.settings import Settings
from runway_nb.spec import DEFAULT_MODEL
from runway_nb.studio import Studio
from runway_nb.sweeps import submission as sweep_submission
from runway_nb.sweeps.plan import SweepPlan, plan, sweep_values
from runway_nb.sweeps.price import check_sweep
from runway_nb.sweeps.submission import submit_sweep
from runway_nb.sweeps.sweep import Sweep
from runway_nb.task_options import aspect_in
from support.records import recent_records
from support.schedules import MOST_RECORDS, UNSENT, Cell, Say, Schedule, Stage
from support.simulator_kit import picture

DAY = 86_400.0
STYLES = ("noir", "ink, wet", "anime", "clay")
PICTURES = "pictures"
"""The sweep of a model whose tasks show links instead of pictures."""
COLOURS = ("teal", "navy", "olive")


class Shape(NamedTuple):
    """What a sweep varies, with so many values on the axis that grows."""

    values: Callable[[int], dict[str, Any]]
    options: dict[str, Any]
    """Those of `plan` and `sweep_values`."""
    most: int
    """How many values the growing axis can have."""


def _rows(count: int) -> list[dict[str, Any]]:
    return [{"style": STYLES[n], "zoom": n - 1} for n in range(count)]


SHAPES: dict[str, Shape] = {
    "zoom and style": Shape(lambda n: {"zoom": [-5, 5], "style": [*STYLES[:n]]}, {}, 4),
    "zoom to both sides": Shape(lambda n: {"zoom": [-5, 0, 5, 2][:n], "seed": 7}, {}, 4),
    "seeds": Shape(lambda n: {"seed": range(1, 1 + n), "seconds": [5, 10]}, {}, 3),
    "takes": Shape(lambda n: {"style": [*STYLES[:n]]}, {"takes": 2}, 3),
    "models": Shape(lambda n: {"model": ["gen4_5", "gen3turbo", "sora-2"][:n], "style": [*STYLES[:2]]}, {}, 3),
    "a model without a seed": Shape(
        lambda n: {"model": "kling-3.0-pro", "aspect": ["16:9", "9:16", "1:1"][:n], "style": [*STYLES[:2]]}, {}, 3
    ),
    PICTURES: Shape(lambda n: {"first": [f"{c}.png" for c in COLOURS[:n]], "zoom": [2, 4]}, {}, 3),
    "pictures without a seed": Shape(
        lambda n: {"model": "kling-3.0-pro", "first": [f"{c}.png" for c in COLOURS[:n]]}, {}, 3
    ),
    "together": Shape(lambda n: {"zoom": [1, 2, 3, 4][:n], "seed": [1, 2, 3, 4][:n]}, {"zipped": True}, 4),
    "rows": Shape(lambda n: {"rows": _rows(n)}, {"zipped": True}, 4),
    "four axes": Shape(
        lambda n: {"zoom": [1, 2], "pan": [1, 2], "seed": range(1, 1 + n), "style": [*STYLES[:2]]}, {"limit": 6}, 3
    ),
}
"""Axes of all kinds; every one of them fits in a handful of variants."""


class SweepSchedule(Schedule):
    """One user, one sweep, up to two kernels."""

    def __init__(self, stage: Stage, seed: int, tally: Counter[str], say: Say) -> None:
        self.sweeps: list[Sweep] = []
        super().__init__(stage, seed, tally, say, (DEFAULT_MODEL.name,))

    def play(self) -> list[str]:
        """Plays it; of some sweeps the first variant only is submitted at once, and the rest in the background."""
        with mock.patch.object(sweep_submission, "AT_ONCE", self.draw.choice([1, 2, sweep_submission.AT_ONCE])):
            return super().play()

    def make_settings(self, settings: Settings) -> Settings:
        """The settings of this user: one to three slots, a brake that may bite, sometimes a budget a day."""
        self.name = self.draw.choice([*SHAPES])
        # a price that nobody knows counts as the dearest: no small budget covers it
        is_known = set(SHAPES[self.name].values(1)) & {"model"} == set()
        self.budget = self.draw.choice([None, None, 50, 100]) if is_known else None
        return replace(
            settings,
            slots=self.draw.choice([1, 2, 2, 3]),
            max_credits=self.budget,
            unknown_price=True,
            max_moderated=self.draw.choice([2, 1000]),
        )

    # --- the user -------------------------------------------------------------------------------

    def make_cells(self, seed: int) -> list[Cell]:
        self.tally[f"sweep: {self.name}"] += 1
        self.prompt = f"Lamp {seed} {{{{style}}}} turns" if "style" in str(self._values(1)) else f"Lamp {seed} turns"
        self.size = self.draw.choice([1, 2, SHAPES[self.name].most])
        self.folder.mkdir(parents=True, exist_ok=True)
        for colour in COLOURS:
            (self.folder / f"{colour}.png").write_bytes(picture(colour))
        return self._variants()

    def _values(self, size: int) -> dict[str, Any]:
        return SHAPES[self.name].values(size)

    @property
    def plan(self) -> SweepPlan:
        options = dict(SHAPES[self.name].options)
        values = self._values(self.size)
        axes, fixed, problems = sweep_values(
            self.prompt, values, takes=options.pop("takes", None), rows=values.pop("rows", None)
        )
        assert problems == []
        return plan(self.prompt, fixed, axes, model=fixed.pop("model", DEFAULT_MODEL.name), **options)

    def _variants(self) -> list[Cell]:
        return [Cell(variant.request) for variant in self.plan.variants]

    def run_all(self) -> None:
        """Run the cell of the sweep, perhaps with one more value than before."""
        # with a limit, one more value takes the place of others
        may_grow = self.size < SHAPES[self.name].most and "limit" not in SHAPES[self.name].options
        if may_grow and self.draw.random() < 0.2:
            self.size += 1
            self.tally["grown"] += 1
            self.cells += [cell for cell in self._variants() if cell not in self.cells]
        self._do(self.draw.choice(self.kernels), f"sweep {self.name} {self.size}", self._sweep)

    def _sweep(self, studio: Studio) -> None:
        sweep = submit_sweep(studio, check_sweep(studio, self.plan, Limits()), yes=True)
        self.sweeps.append(sweep)

    def act(self) -> None:
        """What happens next; a sweep has more to be done to it than a cell."""
        more = [self.stop_sweep, self.another_day, self.die_in_a_sweep, self.refuse_one]
        self.draw.choice([super().act] * 6 + more)()

    def stop_sweep(self) -> None:
        if self.sweeps:
            self.say("stop the sweep")
            self.tally["sweep stopped"] += 1
            self.draw.choice(self.sweeps[-2:]).stop()

    def refuse_one(self) -> None:
        """One of the next tasks is refused by moderation, or fails."""
        name = self.draw.choice(["moderated", "moderated", "failed"])
        self.say(f"fault {name}")
        self.service.simulator.fault(name, times=self.draw.choice([1, 1, 3]))
        self.run_all()
        self.loop.wait(self.draw.uniform(1, 60))

    def another_day(self) -> None:
        self.say("another day")
        self.tally["another day"] += 1
        self.loop.wait(self.draw.choice([1.0, 1.5]) * DAY)

    def die_in_a_sweep(self) -> None:
        """The kernel dies between the first variant and the last, or while the first of them run."""
        kernel = self._revived(self.draw.choice(self.kernels))
        kernel.process.steps_left = self.draw.randint(1, 12 * len(self.cells))
        self._do(kernel, f"sweep {self.name} {self.size}, to die in it", self._sweep)
        self.loop.wait(self.draw.uniform(0.5, 60))

    def new_take(self) -> None:
        """A single variant is run by itself, beside the sweep: no second request may come of it."""
        self.run_cell()

    @staticmethod
    def _may_ask_again(cell: Cell) -> bool:
        return False

    def set_clock(self) -> None:
        """A clock that is wrong makes days of its own: not where a budget of a day is counted."""
        if self.budget is None:
            super().set_clock()

    # --- what is known --------------------------------------------------------------------------

    def records(self, cell: Cell) -> list[Record]:
        pictured = replace(cell.request, keyframes=picture_prints(cell.request.keyframes, self.folder))
        return self.ledger.table.records("WHERE digest = ? ORDER BY rowid DESC", (pictured.digest,))

    def is_settled(self, record: Record) -> bool:
        """True also for what was not paid and may not be sent any more: nobody asks for it again."""
        is_open = record.phase in ("unknown", *UNSENT) and not record.task_id
        if self.name == PICTURES and self.is_in_doubt(record):
            return True
        request = VideoRequest.from_wire(record.original_request, record.model)
        is_void = is_open and self.is_allowed_to_be_missing(Cell(request)) and self.is_unpaid(record)
        return is_void or super().is_settled(record)

    @staticmethod
    def is_in_doubt(record: Record) -> bool:
        """True for one that the user has to decide about."""
        return record.phase == "unknown" and not record.task_id

    def _check_task(self, task: dict[str, Any], owners: list[Record]) -> None:
        """Two requests in doubt whose pictures alone differ are told apart by nothing: their task is nobody's."""
        doubts = filter(self.is_in_doubt, recent_records(self.ledger, MOST_RECORDS))
        if owners or self.name != PICTURES or not any(self.is_asked(record, task) for record in doubts):
            super()._check_task(task, owners)

    def is_allowed_to_be_missing(self, cell: Cell) -> bool:
        """True where moderation has refused the words: the variants that share them are not sent."""
        same = self.ledger.table.records("WHERE refusal != ''")
        refused = {VideoRequest.from_wire(record.request, record.model).prompt for record in same}
        return cell.prompt in refused or len(same) >= self.settings.max_moderated

    def before_round(self) -> None:
        """What a budget did not cover is sent on another day."""
        if self.budget is not None:
            self.loop.wait(DAY)

    def check(self) -> None:
        """The laws, and those of the handles: each variant has a job or a reason, and none the job of another."""
        for sweep in self.sweeps:
            jobs = [job.id for job in sweep.jobs]
            self._law(len(set(jobs)) == len(jobs), f"two variants share a job: {jobs}")
            self.tally.update(f"unsent: {type(why).__name__}" for _, why in sweep.unsent)
        super().check()

    def _check_count(self, records: list[Record], tasks: list[dict[str, Any]]) -> None:
        references = Counter(task["reply_ref"] for task in tasks)
        self._law(all(count == 1 for count in references.values()), f"a request was paid twice: {references}")
        for cell in self.cells:
            mine = self.records(cell)
            paid = [task for task in tasks if task["id"] in {record.task_id for record in mine}]
            left = [record for record in mine if not record.resent_as and record.phase not in ("removed", "refused")]
            wishes = [record for record in left if not record.is_unsent]
            lost = [record for record in wishes if record.phase == "unknown" and not record.task_id]
            self._law(len(paid) == len(wishes) - len(lost), f"{cell}: {len(paid)} tasks for {wishes}, lost {lost}")
            self._law(len(paid) <= 1, f"{cell}: {len(paid)} tasks were started")
            self._law(bool(wishes) or self.is_allowed_to_be_missing(cell), f"{cell}: never made, {mine}")

    def is_asked(self, record: Record, task: dict[str, Any]) -> bool:
        """True for a task with all that tells the variants of a sweep apart."""
        request = VideoRequest.from_wire(record.request, record.model)
        is_form = aspect_in(task, request.row) in (None, request.format)
        pictures = len(request.keyframes.given)
        shown = len(task.get("keyframes") or task.get("referenceImages") or []) if "keyframes" in task else pictures
        camera = task.get("camera") or {}
        is_camera = not camera or {camera["z"], camera["bg_x_pan"]} == {
            request.camera.zoom or 0, request.camera.pan or 0
        }  # fmt: skip
        return super().is_asked(record, task) and is_form and is_camera and shown == pictures


def run_sweep_schedule(
    stage: Stage,
    seed: int,
    tally: Counter[str] | None = None,
    say: Say = lambda words: None,
    kind: type[SweepSchedule] = SweepSchedule,
) -> list[str]:
    """Plays one schedule of a sweep; gives the laws that it has broken."""
    return kind(stage, seed, tally if tally is not None else Counter(), say).play()
