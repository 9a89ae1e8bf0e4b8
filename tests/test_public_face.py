"""Whatever is given to a public function, an error of ours comes back or none, in one short line."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import dataclasses
import inspect
import json
import math
import pickle
import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, partial
from operator import attrgetter
from typing import Any, cast

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import runway_nb
from runway_nb import (
    Camera,
    Job,
    Keyframes,
    Ledger,
    RunwayClient,
    RunwayError,
    Settings,
    Status,
    Studio,
    Task,
    VideoRequest,
    errors,
)
from runway_nb.account import Account
from runway_nb.embedded_simulator import EmbeddedSimulator
from runway_nb.ledger.budgets import LedgerBudgets
from runway_nb.ledger.history import LedgerHistory, read_filter
from runway_nb.ledger.leases import LedgerLeases
from runway_nb.ledger.marks import LedgerMarks
from runway_nb.ledger.tasks import LedgerTasks
from runway_nb.process_studio import close_studio
from runway_nb.sweeps.sweep import Sweep
from runway_nb.values.plain import shown
from support.fakes import BASE, TOKEN, FakeTime, Party
from support.odd_values import NUMBERS, ODD, RudeText

PROMPT = "A lamp turns"
Call = Callable[[Any, Any], Any]
"""Calls something of a workplace with an odd value."""


def spelt(value: object) -> str:
    """A value as the name of a test: without addresses, which differ from one process to the next."""
    return re.sub(r" at 0x[0-9a-f]+", "", shown(value))


class Workplace:
    """A studio, and a job that has ended."""

    def __init__(self, party: Party) -> None:
        self.party = party
        self.studio = party.studio
        self.ledger = party.studio.ledger
        self.job = party.ended(party.submit(PROMPT, seed=1))
        self.client = RunwayClient(TOKEN, base_url=BASE, transport=httpx.MockTransport(lambda _: httpx.Response(400)))

    @cached_property
    def stopped(self) -> Sweep:
        """A sweep without a video."""
        return self.sweep()

    def generate(self, **fields: Any) -> None:
        self.ended(runway_nb.generate(**{"prompt": PROMPT, "studio": self.studio, **fields}))

    def sweep(self, prompt: Any = PROMPT, **fields: Any) -> Sweep:
        made: Sweep = runway_nb.sweep(
            prompt, **{"studio": self.studio, "zoom": [1, 2], "limit": 2, "yes": True, **fields}
        )
        made.stop()
        for job in made.jobs:
            self.ended(job)
        repr(made)
        return made

    def submit(self, request: Any = None, **more: Any) -> None:
        self.ended(self.studio.submit(request or VideoRequest(PROMPT), **more))

    def ended(self, job: Job) -> None:
        job.stop()
        self.party.ended(job)
        self.look(job)

    def request(self, **fields: Any) -> None:
        """Everything that a request tells of itself."""
        request = VideoRequest(**{"prompt": PROMPT, **fields})
        repr(request), request == VideoRequest(PROMPT), request.problems(), request.warnings()
        tell = ("account", "credits", "length", "format", "row", "digest")
        for ask in (*(lambda name=name: getattr(request, name) for name in tell), request.to_wire, request.to_record):
            with contextlib.suppress(RunwayError):
                ask()
        request.check()

    def look(self, job: Job) -> None:
        repr(job), repr(job.request), job.warnings, job.credits, job.seed, job._repr_mimebundle_()

    def ask(self, method: str, *values: Any, **named: Any) -> Any:
        return asyncio.run(getattr(self.client, method)(*values, **named))


def _fields(kind: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]


def _options(function: Any) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name not in ("self", "studio")]


def _each(title: str, names: Iterable[str], call: Callable[[str, Any, Any], Any]) -> dict[str, Call]:
    """The call for each of the names, by its title."""
    return {title.format(name): partial(call, name) for name in names}


CALLS: dict[str, Call] = {
    **_each("generate({})", _options(runway_nb.generate), lambda name, w, x: w.generate(**{name: x})),
    **_each(
        "sweep({})",
        [*(name for name in _options(runway_nb.sweep) if name not in ("values", "rows")), "seed", "first", "model"],
        lambda name, w, x: w.sweep(**{name: x}),
    ),
    **_each(
        "history({})", _options(runway_nb.history),
        lambda name, w, x: str(runway_nb.history(**{name: x, "studio": w.studio})),
    ),
    "sweep(rows)": lambda w, x: w.sweep(rows=x, zoom=None),
    "sweep(row)": lambda w, x: w.sweep(rows=[{"seed": x, "pan": x}], zoom=None),
    "sweep(axis)": lambda w, x: w.sweep("A {{style}} lamp", style=[x, "noir"]),
    "sweep(studio)": lambda w, x: runway_nb.sweep(PROMPT, studio=x) if x is not None else None,
    "Sweep.wait": lambda w, x: w.sweep().wait(x),
    "Sweep.run": lambda w, x: w.stopped.run(x),
    "sweep(executor)": lambda w, x: w.sweep(executor=x) if x is not None else None,
    "Sweep.observe": lambda w, x: w.sweep().observe(x),
    **_each(
        "Sweep.sheet({})",
        ("path", "frames", "width", "executor"),
        lambda name, w, x: w.stopped.sheet(**{name: x}),
    ),
    **_each("Sweep.film({})", ("path", "width", "executor"), lambda name, w, x: w.stopped.film(**{name: x})),
    "Sweep.frames(count)": lambda w, x: w.stopped.frames(x),
    "Sweep.frames(executor)": lambda w, x: w.stopped.frames(1, executor=x),
    "generate(studio)": lambda w, x: runway_nb.generate(PROMPT, studio=x) if x is not None else None,
    **_each("VideoRequest({})", _fields(VideoRequest), lambda name, w, x: w.request(**{name: x})),
    **_each("Camera({})", _fields(Camera), lambda name, w, x: w.request(camera=Camera(**{name: x}))),
    **_each("Keyframes({})", _fields(Keyframes), lambda name, w, x: w.request(keyframes=Keyframes(**{name: x}))),
    "Camera.from_options": lambda w, x: (Camera.from_options(x), Camera.from_options({"z": x, "static": x})),
    "Keyframes.from_options": lambda w, x: (
        Keyframes.from_options(x), Keyframes.from_options([x, {"timestamp": x, "image": x}]),
    ),
    "VideoRequest.from_options": lambda w, x: VideoRequest.from_options(x, x, x),
    "VideoRequest.from_options of a task": lambda w, x: VideoRequest.from_options(
        PROMPT, 1, {"seconds": x, "flip": x, "exploreMode": x, "camera": x}
    ),
    "VideoRequest.from_wire": lambda w, x: VideoRequest.from_wire(x),
    "VideoRequest.from_wire model": lambda w, x: VideoRequest.from_wire({}, x),
    "VideoRequest.from_wire of a row": lambda w, x: VideoRequest.from_wire(
        {"text_prompt": x, "seconds": x, "focus": x, "zoom": x, "firstImage_assetId": x}
    ),
    "Task.from_wire": lambda w, x: (Task.from_wire({"taskId": "a", "status": x, "options": x}), Task.from_wire(x)),
    **_each(
        "Settings({})", _fields(Settings), lambda name, w, x: repr(dataclasses.replace(w.party.settings, **{name: x}))
    ),
    # --- the studio
    "Studio": lambda w, x: Studio(x),
    "Studio.use": lambda w, x: w.studio.use(x),
    "submit(request)": lambda w, x: w.studio.submit(x),
    **_each(
        "submit({})", [name for name in _options(Studio.submit) if name != "request"],
        lambda name, w, x: w.submit(**{name: x}),
    ),
    "attach": lambda w, x: w.studio.attach(x),
    "find": lambda w, x: w.studio.find(x),
    "resend": lambda w, x: w.studio.resend(x),
    "request_of": lambda w, x: w.studio.request_of(x),
    "new_take": lambda w, x: w.studio.new_take(x),
    "resume": lambda w, x: w.studio.resume(x),
    "Account.credits": lambda w, x: w.studio.account.credits(x),
    "Account.task": lambda w, x: w.studio.account.task(x),
    "Account.tasks": lambda w, x: w.studio.account.tasks(x),
    "EmbeddedSimulator.url": lambda w, x: w.studio.simulator.url(x),
    "EmbeddedSimulator.inject_fault": lambda w, x: w.studio.simulator.inject_fault(x),
    "EmbeddedSimulator.inject_fault(timeout)": lambda w, x: w.studio.simulator.inject_fault("timeout", x),
    **_each("Account.assets({})", _options(Account.assets), lambda name, w, x: w.studio.account.assets(**{name: x})),
    "Account.delete_asset": lambda w, x: w.studio.account.delete_asset(x),
    **_each(
        "Account.upload({})", ("picture", "name", "timeout", "fit", "focus", "aspect", "upscale"),
        lambda name, w, x: w.studio.account.upload(**{"picture": "harbour", name: x}),
    ),
    "Account.picture_bytes": lambda w, x: w.studio.run(w.studio.account.picture_bytes(x), 10),
    "default_studio": lambda w, x: runway_nb.default_studio(fresh=x),
    # --- a job
    **_each("wait({})", _options(Job.wait), lambda name, w, x: w.job.wait(**{name: x})),
    "frame": lambda w, x: w.job.frame(x),
    "frames": lambda w, x: w.job.frames(x),
    "on_end": lambda w, x: w.job.on_end(x),
    "observe": lambda w, x: w.job.observe(x)(),
    **_each("Job.{} =", ("star", "rejected", "note"), lambda name, w, x: setattr(w.job, name, x)),
    "concat(clips)": lambda w, x: runway_nb.concat(x, w.party.folder / "out.mp4"),
    "concat(clip)": lambda w, x: runway_nb.concat([x], w.party.folder / "out.mp4"),
    "compare(clips)": lambda w, x: repr(runway_nb.compare(x, x, studio=w.studio)),
    "compare(clip)": lambda w, x: repr(runway_nb.compare(w.job, x, studio=w.studio)),
    "compare(studio)": lambda w, x: runway_nb.compare(w.job, w.job, studio=x) if x is not None else None,
    "concat(out)": lambda w, x: runway_nb.concat([w.job, w.job], x),
    **_each(
        "export({})", _options(runway_nb.export),
        lambda name, w, x: runway_nb.export(**{"folder": "an-export", "studio": w.studio, name: x}),
    ),
    "export(studio)": lambda w, x: runway_nb.export("an-export", studio=x) if x is not None else None,
    **_each(
        "bundle({})", ("notebook", "out", "studio"),
        lambda name, w, x: runway_nb.bundle(**{"notebook": "none.ipynb", "out": "o", "studio": w.studio, name: x}),
    ),
    "import_results": lambda w, x: runway_nb.import_results(x, studio=w.studio),
    "import_results(studio)": lambda w, x: (
        runway_nb.import_results("an-export", studio=x) if x is not None else None
    ),
    # --- the ledger
    "Ledger": lambda w, x: Ledger(x).recent(),
    **_each(
        "Ledger.{}",
        (
            "find", "get", "named", "recent", "spending.by_day", "spending.today", "add", "adopt", "unfinished",
        ),
        lambda name, w, x: attrgetter(name)(w.ledger)(x),
    ),
    **_each(
        "Ledger.{}", ("uploads.find", "claim", "add_imported"), lambda name, w, x: attrgetter(name)(w.ledger)(x, x)
    ),
    "Ledger.refused_words": lambda w, x: w.ledger.refused_words(x),
    "Ledger.snapshot": lambda w, x: w.ledger.snapshot(x),
    "Ledger.claim(budgets)": lambda w, x: w.ledger.claim(w.ledger.get(w.job.id), lambda _: None, budgets=x),
    "Ledger.snapshot(budgets)": lambda w, x: w.ledger.snapshot(w.ledger.get(w.job.id), x),
    "LedgerBudgets.replace": lambda w, x: w.ledger.budgets.replace(x),
    "spending(studio)": lambda w, x: runway_nb.spending(studio=x) if x is not None else None,
    "LedgerLeases.take": lambda w, x: w.ledger.leases.take(x, x),
    "LedgerLeases.ownerless": lambda w, x: w.ledger.leases.ownerless(x, 0.0),
    **_each("LedgerLeases.{}", ("renew", "is_held"), lambda name, w, x: getattr(w.ledger.leases, name)(x)),
    **_each("LedgerTasks.{}", ("ids", "missing"), lambda name, w, x: getattr(w.ledger.tasks, name)(x)),
    "LedgerHistory.page(wanted)": lambda w, x: w.ledger.history.page(x),
    "LedgerHistory.page(limit)": lambda w, x: w.ledger.history.page(limit=x),
    "LedgerHistory.page(before)": lambda w, x: w.ledger.history.page(before=x),
    "LedgerHistory.wanted": lambda w, x: w.ledger.history.wanted(x, since=x),
    "LedgerHistory.all": lambda w, x: list(w.ledger.history.all(x)),
    "LedgerHistory.all(limit)": lambda w, x: list(w.ledger.history.all(limit=x)),
    "read_filter": lambda w, x: w.ledger.history.page(read_filter(0.0, x, x, x, x, x, x)),
    "LedgerMarks.of": lambda w, x: w.ledger.marks.of(x),
    "LedgerMarks.of_jobs": lambda w, x: (w.ledger.marks.of_jobs(x), w.ledger.marks.of_jobs([x])),
    "LedgerMarks.set": lambda w, x: w.ledger.marks.set(x, star=x),
    **_each(
        "LedgerMarks.set({})", ("star", "rejected", "note"),
        lambda name, w, x: w.ledger.marks.set(w.job.id, **{name: x}),
    ),
    "LedgerTasks.assign": lambda w, x: w.ledger.tasks.assign(x, x, is_certain=x),
    "Ledger.update": lambda w, x: (w.ledger.update(w.job.id, message=x), w.ledger.get(w.job.id)),
    "Ledger.uploads.keep": lambda w, x: w.ledger.uploads.keep(x, x, x, x),
    "Ledger.uploads.forget": lambda w, x: w.ledger.uploads.forget(x, asset_id=x, account=x),
    # --- the client
    "RunwayClient": lambda w, x: RunwayClient(x),
    "RunwayClient(base_url)": lambda w, x: RunwayClient(TOKEN, base_url=x),
    **_each(
        "RunwayClient.{}", ("create", "task", "delete_task", "stop_tracking", "asset", "delete_asset", "credits"),
        lambda name, w, x: w.ask(name, x),
    ),
    **_each("RunwayClient.tasks({})", _options(RunwayClient.tasks), lambda name, w, x: w.ask("tasks", **{name: x})),
    **_each("RunwayClient.assets({})", _options(RunwayClient.assets), lambda name, w, x: w.ask("assets", **{name: x})),
    **_each(
        "RunwayClient.{}(retry)", ("accounts", "credits", "running"), lambda name, w, x: w.ask(name, retry=x)
    ),
    "RunwayClient.upload": lambda w, x: w.ask("upload", x, name=x, content_type=x, email=x),
    "RunwayClient.upscaled": lambda w, x: w.ask("upscaled", x, x, x),
    # --- the panel
    "Panel": lambda w, x: runway_nb.Panel(x, studio=w.studio).close(),
    "Panel(studio)": lambda w, x: runway_nb.Panel(studio=x).close() if x is not None else None,
}  # fmt: skip


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """One for all: nothing that is refused may leave a trace."""
    with Party(tmp_path_factory.mktemp("workplace"), FakeTime()) as party:
        yield Workplace(party)


@pytest.mark.slow("calls everything public with every odd value")
@pytest.mark.parametrize("name", CALLS)
def test_odd_values_bring_an_error_of_ours_or_none(workplace: Workplace, monkeypatch: Any, name: str) -> None:
    monkeypatch.chdir(workplace.party.folder)
    raw: list[str] = []
    for kind, make in ODD.items():
        try:
            CALLS[name](workplace, make())
        except RunwayError as error:
            if len(error.message) > 1000:
                raw.append(f"{kind}: {error.message[:200]!r}")
        except Exception as error:
            raw.append(f"{kind}: {type(error).__name__}: {str(error)[:100]}")
    close_studio()
    assert raw == []


DRIVEN = {
    Studio: {"check", "submit_checked", "spawn", "run"},  # for our own screens
    Account: {"request_of"},  # a task of ours
    EmbeddedSimulator: set(),
    Job: {"until_ended"},  # for a cell that awaits
    Ledger: set(),
    LedgerBudgets: {"states", "of_user", "write"},  # of settings of ours, or of another ledger
    LedgerLeases: set(),
    LedgerHistory: set(),
    LedgerMarks: {"read", "write"},  # a row of the file
    LedgerTasks: set(),
    Sweep: {"add", "leave_out", "job_of", "reason_of", "until_ended"},  # variants of ours, and a cell that awaits
    RunwayClient: {"prepare", "send"},  # the two halves of `create`
}
"""Classes, and the methods that are not driven: what they are given comes from us."""


@pytest.mark.parametrize("kind", DRIVEN, ids=lambda kind: kind.__name__)
def test_every_public_method_that_takes_something_is_driven(kind: type) -> None:
    methods = {name for name, method in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}
    taking = {name for name in methods if len(inspect.signature(getattr(kind, name)).parameters) > 1}
    driven = {name.partition("(")[0].removeprefix(f"{kind.__name__}.") for name in CALLS}
    assert taking - driven - DRIVEN[kind] == set()


# --- numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_number_of_another_library_makes_the_same_request(kind: str) -> None:
    five = NUMBERS[kind]
    odd = VideoRequest(PROMPT, camera=Camera(zoom=five), seconds=five, seed=five, max_jobs=five, focus=(0.5, 0))
    plain = VideoRequest(PROMPT, camera=Camera(zoom=5), seconds=5, seed=5, max_jobs=5, focus=(0.5, 0))
    assert odd.problems() == ()
    assert odd == plain
    assert odd.digest == plain.digest
    assert json.dumps(odd.to_record()) == json.dumps(plain.to_record())
    assert all(type(value) in (str, int, float, list) for value in odd.to_record().values())


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({"camera": Camera(zoom=cast(float, np.float32(2.5)))}, {"camera": Camera(zoom=2.5)}),
        ({"camera": Camera(zoom=cast(float, Fraction(1, 4)))}, {"camera": Camera(zoom=0.25)}),
        ({"camera": Camera(zoom=cast(float, Decimal("0.1")))}, {"camera": Camera(zoom=0.1)}),
        ({"camera": Camera(zoom=cast(float, np.float32(0.1)))}, {"camera": Camera(zoom=float(np.float32(0.1)))}),
        ({"camera": Camera(static=cast(bool, np.bool_(True)))}, {"camera": Camera(static=True)}),
        ({"seed": np.uint32(4294967294)}, {"seed": 4294967294}),
        ({"explore": np.array(True)}, {"explore": True}),
        ({"focus": np.array([0.5, 0.25])}, {"focus": (0.5, 0.25)}),
        ({"focus": [np.float64(0.5), Decimal("0.25")]}, {"focus": (0.5, 0.25)}),
        ({"aspect": np.array(["portrait"])[0]}, {"aspect": "portrait"}),
        ({"reply_ref": RudeText("mine")}, {"reply_ref": "mine"}),
    ],
    ids=spelt,
)
def test_an_exact_value_is_taken_as_it_is_meant(fields: dict[str, Any], same: dict[str, Any]) -> None:
    odd, plain = VideoRequest(PROMPT, **fields), VideoRequest(PROMPT, **same)
    odd.check()
    assert (odd, odd.digest) == (plain, plain.digest)


@pytest.mark.parametrize(
    "fields",
    [
        {"seconds": np.bool_(True)}, {"seconds": "5"}, {"seconds": np.timedelta64(5, "s")}, {"seconds": 5.5},
        {"seed": np.float64(1.5)}, {"seed": Decimal("1.5")}, {"seed": np.array([5])}, {"seed": 5 + 0j},
        {"explore": np.int64(1)}, {"explore": "no"}, {"upscale": 0}, {"prompt": b"bytes"}, {"prompt": None},
        {"focus": (math.nan, 0)}, {"focus": {0.5, 0.2}}, {"focus": [0.1, 0.2, 0.3]}, {"reply_ref": "a\ud800"},
        {"reply_url": "https://a.example/\ud800"}, {"model": ["gen3turbo"]}, {"fit": ["cover"]},
        {"keyframes": Keyframes("x" * 100_000)}, {"camera": Camera(static="yes")},  # type: ignore[arg-type]
    ],
    ids=spelt,
)  # fmt: skip
def test_what_is_not_meant_as_such_a_value_is_refused_in_one_line(fields: dict[str, Any]) -> None:
    (problem,) = VideoRequest(**{"prompt": PROMPT, **fields}).problems()
    assert len(problem) < 200
    name = {"keyframes": "first", "camera": "static"}.get(field := next(iter(fields)), field)
    assert problem.startswith(name)


@given(st.floats(-10, 10, width=32), st.integers(1, 4294967294))
def test_every_number_of_numpy_survives(zoom: float, seed: int) -> None:
    odd = VideoRequest(PROMPT, camera=Camera(zoom=cast(float, np.float32(zoom))), seed=cast(int, np.uint32(seed)))
    plain = VideoRequest(PROMPT, camera=Camera(zoom=zoom), seed=seed)
    assert (odd, odd.digest, odd.problems()) == (plain, plain.digest, ())


def test_a_camera_of_the_wrong_kind_is_told_with_all_other_mistakes() -> None:
    with pytest.raises(errors.InvalidRequest) as caught:
        VideoRequest(PROMPT, camera={"zoom": 4}, seconds=7)  # type: ignore[arg-type]
    assert [line.partition(" ")[0] for line in caught.value.problems] == ["camera", "seconds"]


def test_an_equal_number_gives_the_job_that_there_is(party: Party) -> None:
    first = party.ended(party.submit(seed=5, camera=Camera(zoom=4), fresh=False))
    again = party.submit(seed=np.int64(5), camera=Camera(zoom=np.float64(4.0)), fresh=False)
    assert again.id == first.id
    assert party.started == 1


@pytest.mark.parametrize("limit", [math.nan, math.inf, -math.inf, -1, 24.5, "25", 10**400, np.array([1, 2])], ids=spelt)
def test_a_limit_that_is_none_lets_nothing_through(party: Party, limit: Any) -> None:
    with pytest.raises(errors.InvalidRequest, match="max_credits is"):
        runway_nb.generate(PROMPT, max_credits=limit, studio=party.studio)
    assert party.started == 0


@pytest.mark.parametrize(
    "limit",
    [np.int64(25), 25.0, Decimal(25), np.float32(25)],
    ids=spelt,
)
def test_a_limit_of_another_library_holds(party: Party, limit: Any) -> None:
    with pytest.raises(errors.OverBudget):
        runway_nb.generate(PROMPT, seconds=10, max_credits=limit, studio=party.studio)
    party.ended(runway_nb.generate(PROMPT, max_credits=limit, studio=party.studio))
    assert party.started == 1


@pytest.mark.parametrize("name", ["fresh", "force"])
@pytest.mark.parametrize("word", ["no", "False", 0, [], None])
def test_a_word_is_no_yes(party: Party, name: str, word: Any) -> None:
    with pytest.raises(errors.InvalidRequest, match=f"{name} is"):
        runway_nb.generate(PROMPT, studio=party.studio, **{name: word})
    assert party.started == 0


def test_limits_and_fields_are_refused_together(party: Party) -> None:
    with pytest.raises(errors.InvalidRequest) as caught:
        runway_nb.generate(PROMPT, seconds=7, max_credits=math.nan, fresh="no", studio=party.studio)  # type: ignore[arg-type]
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    "timeout",
    [0, -1, np.int64(0), Decimal(0), np.float32(0)],
    ids=spelt,
)
def test_no_time_to_wait_ends_the_wait_at_once(timeout: Any) -> None:
    job = Job("7f3e2c54", VideoRequest(PROMPT))
    with pytest.raises(errors.WaitTimeout):
        job.wait(timeout)


@pytest.mark.parametrize("timeout", [math.nan, "5", 1j, np.array([1, 2])], ids=spelt)
def test_a_timeout_that_is_no_time_never_waits_for_ever(party: Party, timeout: Any) -> None:
    job = Job("7f3e2c54", VideoRequest(PROMPT))
    with pytest.raises(errors.InvalidRequest, match="timeout is"):
        job.wait(timeout)
    with pytest.raises(errors.InvalidRequest, match="timeout is"):
        party.studio.account.credits(timeout)


@pytest.mark.parametrize("timeout", [1e12, math.inf, 10**30, None], ids=spelt)
def test_a_very_long_time_may_be_given(party: Party, timeout: Any) -> None:
    assert party.studio.account.credits(timeout)
    assert party.submit().wait(timeout).done


# --- what is shown ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ODD)
def test_every_value_is_shown_in_a_short_line(kind: str) -> None:
    line = shown(ODD[kind]())
    assert line.isprintable()
    assert 0 < len(line) <= 60


def test_a_secret_is_masked_before_it_is_cut() -> None:
    assert "abcDEF" not in shown("x" * 40 + TOKEN)
    assert "sam@" not in shown("x" * 40 + " sam@example.org and more words")


# --- copies -----------------------------------------------------------------------------------------


def test_a_copy_of_a_job_is_the_job(party: Party) -> None:
    job = party.ended(party.submit())
    assert copy.copy(job) is job
    assert copy.deepcopy({"shots": [job]})["shots"][0] is job
    assert copy.deepcopy(VideoRequest(PROMPT, Keyframes(first=job))).keyframes.first is job  # type: ignore[arg-type]
    assert copy.copy(party.studio) is copy.deepcopy(party.studio) is party.studio


def test_a_pickled_job_is_its_id_and_is_found_again() -> None:
    job = runway_nb.generate(PROMPT)
    data = pickle.dumps(job)
    assert len(data) < 200
    assert pickle.loads(data) is job
    job.stop()
    with pytest.raises(errors.Removed):
        job.wait(10)
    close_studio()
    found = pickle.loads(data)
    assert (found.id, found.request, found.status) == (job.id, job.request, "REMOVED")
    assert len(runway_nb.default_studio().ledger.recent()) == 1
    close_studio()


def test_after_the_studio_of_this_process_is_closed_the_next_call_has_another() -> None:
    closed = runway_nb.default_studio()
    job = runway_nb.generate(PROMPT)
    closed.close()
    with pytest.raises(errors.RunwayError, match="closed: nothing was sent"):
        closed.submit(job.request)
    found = runway_nb.generate(PROMPT)
    assert found.id in runway_nb.default_studio().jobs
    assert runway_nb.default_studio() is not closed
    found.stop()
    close_studio()


def test_a_pickled_job_of_another_ledger_is_not_found_and_nothing_is_asked(party: Party) -> None:
    data = pickle.dumps(party.ended(party.submit()))
    with pytest.raises(errors.JobNotFound):
        pickle.loads(data)
    close_studio()


@pytest.mark.parametrize("name", ["studio", "ledger", "client", "settings", "token"])
def test_what_lives_in_its_process_is_not_pickled(workplace: Workplace, name: str) -> None:
    things = {"settings": workplace.party.settings, "token": workplace.party.settings.token, **vars(workplace)}
    with pytest.raises(errors.NotPicklable) as caught:
        pickle.dumps(things[name])
    assert isinstance(caught.value, TypeError)  # what tools expect of a pickle that is none


def test_values_are_pickled(party: Party) -> None:
    job = party.ended(party.submit())
    for value in (job.request, job.state, job.task, party.studio.ledger.get(job.id), Status("RUNNING")):
        assert pickle.loads(pickle.dumps(value)) == value


ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RunwayError)]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_every_error_survives_a_copy_with_what_it_carries(kind: type[RunwayError], way: Any) -> None:
    error = kind(["one", "two"]) if kind is errors.InvalidRequest else kind("a line")
    vars(error).update({name: 429 for name in ("status", "retry_after") if hasattr(error, name)})
    error.more = "kept"  # type: ignore[attr-defined]
    found = way(error)
    assert (type(found), found.args, vars(found)) == (kind, error.args, vars(error))
