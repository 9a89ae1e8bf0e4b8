"""The pictures of a sweep over an executor: the same as without, whatever becomes of its workers."""

from __future__ import annotations

import io
import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from runway_nb import errors
from runway_nb.pictures.contact_sheet import Slot
from runway_nb.pictures.mapping import mapped
from runway_nb.pictures.side_by_side import side_by_side
from runway_nb.pictures.video_frames import clip_index, timed_frames
from runway_nb.sweeps.plan import Axis
from runway_nb.sweeps.sweep import Sweep
from support.shown_sweeps import Tone, a_sweep, clip_of, done_job

WIDTH = 240
SLOTS = [Slot(10, 10, 80, 48), Slot(110, 10, 80, 48)]
PAGE = Image.new("RGB", (200, 68), "#ffffff")
End = Callable[["Future[Any]"], None]
"""How a task ends that a worker did not do."""


class Worker(Executor):
    """Does tasks at once, as a process in another folder would, and a number of them only.

    Args:
        folder: Where it works.
        most: Tasks that it does; None for all.
        end: What becomes of the others.
    """

    def __init__(self, folder: Path, most: int | None = None, end: End = lambda _: None) -> None:
        self.folder, self.left, self.end = folder, most, end
        self.answers: list[bytes] = []
        self.futures: list[Future[Any]] = []

    def submit(self, function: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.futures.append(future)
        if self.left is not None and self.left <= 0:
            self.end(future)
            return future
        self.left = None if self.left is None else self.left - 1
        try:
            future.set_result(pickle.loads(self.answer(pickle.dumps((function, args)))))
        except errors.RunwayError as error:
            future.set_exception(pickle.loads(pickle.dumps(error)))
        return future

    def answer(self, task: bytes) -> bytes:
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            function, args = pickle.loads(task)
            self.answers.append(pickle.dumps(function(*args)))
        finally:
            os.chdir(before)
        return self.answers[-1]


def waiting(_: Future[Any]) -> None:
    """It never begins."""


def shut_down(_: Future[Any]) -> None:
    raise RuntimeError("cannot schedule new futures after shutdown")


def broken(future: Future[Any]) -> None:
    future.set_exception(BrokenExecutor("a worker has died"))


def cancelled(future: Future[Any]) -> None:
    future.cancel()


def without_the_package(future: Future[Any]) -> None:
    future.set_exception(ModuleNotFoundError("No module named 'runway_nb'"))


def without_the_extra(future: Future[Any]) -> None:
    future.set_exception(errors.MissingExtra("frames and joined clips need an extra, and av is not installed"))


def without_the_file(future: Future[Any]) -> None:
    future.set_exception(errors.RunwayError("shot-00.mp4 cannot be read as a video: No such file or directory"))


def elsewhere(folder: Path) -> Path:
    (folder / "elsewhere").mkdir(exist_ok=True)
    return folder / "elsewhere"


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    """Two of them, which begin with nothing of this one."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture(
    params=["threads", "a worker", pytest.param("processes", marks=pytest.mark.slow("starts processes of its own"))]
)
def executor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Executor]:
    if request.param == "processes":
        yield request.getfixturevalue("processes")
    elif request.param == "a worker":
        yield Worker(elsewhere(tmp_path))
    else:
        with ThreadPoolExecutor(2) as pool:
            yield pool


def ramp(count: int, first: int = 0) -> tuple[Tone, ...]:
    """So many tones that each differ from the next."""
    return tuple(((number * 67 + first) % 256, 255 - number * 31 % 256, 128) for number in range(count))


def shown(folder: Path) -> Sweep:
    """Three variants with videos of different lengths and rates, and one without any between them."""
    sweep = a_sweep([Axis("zoom", (-5, 5)), Axis("seed", (1, 2))])
    one, two, three, four = sweep.variants
    sweep.add(one, done_job(one, folder, clip=clip_of(ramp(49), rate=12)))
    sweep.leave_out(two, errors.OverBudget("no credits are left"))
    sweep.add(three, done_job(three, folder, clip=clip_of(ramp(15, 90), rate=6)))
    sweep.add(four, done_job(four, folder, clip=clip_of(ramp(26, 180), rate=12)))
    return sweep


def shots(film: Path) -> list[tuple[Fraction, Image.Image]]:
    """The frames of a film, each with the time at which it ends."""
    return [(end, frame.to_image()) for frame, end in timed_frames(film, clip_index(film))]


def assert_same_film(one: Path, other: Path) -> None:
    before, after = shots(one), shots(other)
    assert [end for end, _ in before] == [end for end, _ in after]
    for (_, mine), (_, theirs) in zip(before, after, strict=True):
        assert max(ImageStat.Stat(ImageChops.difference(mine, theirs)).mean) < 2


def payloads(film: bytes) -> list[bytes]:
    """The packets of a film."""
    with av.open(io.BytesIO(film)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


# --- the same as without ----------------------------------------------------------------------------


@pytest.mark.parametrize(("frames", "width"), [(1, None), (1, 300), (3, 500)])
def test_a_sheet_is_the_same_by_any_executor(tmp_path: Path, executor: Executor, frames: int, width: Any) -> None:
    sweep = shown(tmp_path)
    sheet = sweep.sheet(frames=frames, width=width)
    assert sweep.sheet(frames=frames, width=width, executor=executor).tobytes() == sheet.tobytes()


def test_frames_are_those_of_each_job_by_any_executor(tmp_path: Path, executor: Executor) -> None:
    sweep = shown(tmp_path)
    first, second, third = ([each.tobytes() for each in job.frames(4)] for job in sweep.jobs)
    for found in (sweep.frames(4), sweep.frames(4, executor=executor)):
        assert [[each.tobytes() for each in pictures] for pictures in found] == [first, [], second, third]


def test_a_film_has_the_same_frames_at_the_same_times_by_any_executor(tmp_path: Path, executor: Executor) -> None:
    sweep = shown(tmp_path)
    alone = sweep.film(tmp_path / "alone.mp4", width=WIDTH)
    film = sweep.film(tmp_path / "film.mp4", width=WIDTH, executor=executor)
    assert_same_film(alone.path, film.path)
    assert len(shots(film.path)) == 49


@pytest.mark.parametrize("rate", [25, Fraction(24000, 1001), Fraction(29, 2)])
def test_segments_of_any_rate_follow_each_other_without_a_gap(tmp_path: Path, rate: Any) -> None:
    clips = [tmp_path / "0.mp4", tmp_path / "1.mp4"]
    clips[0].write_bytes(clip_of(ramp(75), rate=rate))
    clips[1].write_bytes(clip_of(ramp(33), rate=Fraction(rate) / 2))
    alone = side_by_side(clips, PAGE, SLOTS[:2], tmp_path / "alone.mp4")
    film = side_by_side(clips, PAGE, SLOTS[:2], tmp_path / "film.mp4", executor=Worker(tmp_path))
    assert_same_film(alone, film)


# --- what goes to a worker, and comes back ----------------------------------------------------------


def test_pictures_come_back_as_small_as_the_sheet_shows_them(tmp_path: Path) -> None:
    sweep = a_sweep([Axis("seed", (1, 2))])
    for variant in sweep.variants:
        sweep.add(variant, done_job(variant, tmp_path, clip=clip_of(ramp(5), size=(640, 384))))
    worker = Worker(tmp_path)
    sheet = sweep.sheet(frames=2, width=400, executor=worker)
    assert sheet.tobytes() == sweep.sheet(frames=2, width=400).tobytes()
    assert [len(answer) < 2 * 100 * 60 * 3 for answer in worker.answers] == [True, True]


def test_segments_are_joined_as_they_were_encoded(tmp_path: Path) -> None:
    clips = [tmp_path / "0.mp4"]
    clips[0].write_bytes(clip_of(ramp(49), rate=12))
    worker, told = Worker(tmp_path), list[tuple[int, int]]()
    film = side_by_side(clips, PAGE, SLOTS[:1], tmp_path / "film.mp4", lambda done, of: told.append((done, of)), worker)
    pieces = [pickle.loads(answer) for answer in worker.answers]
    assert payloads(film.read_bytes()) == [packet for piece in pieces for packet in payloads(piece)]
    assert told == [(24, 49), (48, 49), (49, 49)]


def test_a_worker_in_another_folder_finds_files_that_were_named_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    worker = Worker(elsewhere(tmp_path))
    sweep = shown(Path())
    assert sweep.film("film.mp4", width=WIDTH, executor=worker).path.is_file()
    assert [len(pictures) for pictures in sweep.frames(2, executor=worker)] == [2, 0, 2, 2]


# --- workers that fail ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "most"), [(shut_down, 0), (broken, 1), (cancelled, 1), (without_the_package, 1), (without_the_extra, 1)]
)
def test_what_an_executor_does_not_do_is_done_here(tmp_path: Path, end: End, most: int) -> None:
    sweep, folder = shown(tmp_path), elsewhere(tmp_path)
    assert sweep.sheet(width=300, executor=Worker(folder, most, end)).tobytes() == sweep.sheet(width=300).tobytes()
    assert [len(pictures) for pictures in sweep.frames(2, executor=Worker(folder, most, end))] == [2, 0, 2, 2]
    sweep.film(tmp_path / "alone.mp4", width=WIDTH)
    sweep.film(tmp_path / "film.mp4", width=WIDTH, executor=Worker(folder, most, end))
    assert_same_film(tmp_path / "alone.mp4", tmp_path / "film.mp4")


@pytest.mark.slow("starts a process of its own")
def test_a_pool_whose_process_has_died_leaves_it_to_this_one(tmp_path: Path) -> None:
    sweep = shown(tmp_path)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        with suppress(BrokenExecutor):
            pool.submit(signal.raise_signal, signal.SIGTERM).result()
        assert [len(pictures) for pictures in sweep.frames(2, executor=pool)] == [2, 0, 2, 2]


def test_what_a_worker_cannot_read_is_named_and_leaves_nothing_behind(tmp_path: Path) -> None:
    sweep, worker = shown(tmp_path), Worker(elsewhere(tmp_path), 1, without_the_file)
    (tmp_path / "film.mp4").write_bytes(b"older")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(errors.RunwayError, match=r"^shot-00\.mp4 cannot be read as a video: No such file"):
        sweep.film(tmp_path / "film.mp4", executor=worker)
    assert (tmp_path / "film.mp4").read_bytes() == b"older"
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_video_that_cannot_be_read_raises_in_a_list_and_says_so_on_a_sheet(
    tmp_path: Path, executor: Executor
) -> None:
    sweep = shown(tmp_path)
    damaged = sweep.jobs[1].video
    assert damaged is not None
    damaged.write_bytes(clip_of(ramp(5))[:700])
    for given in (None, executor):
        with pytest.raises(errors.RunwayError, match=rf"{damaged.name} cannot be read as a video"):
            sweep.frames(2, executor=given)
    assert sweep.sheet(executor=executor).tobytes() == sweep.sheet().tobytes()


def test_after_a_failure_what_has_not_begun_is_taken_back(tmp_path: Path) -> None:
    ends = iter([without_the_file, waiting, waiting])
    worker = Worker(tmp_path, 0, lambda future: next(ends)(future))
    with pytest.raises(errors.RunwayError, match="shot-00"):
        [*mapped(worker, len, ["a", "bc", "def"])]
    assert [future.cancelled() for future in worker.futures] == [False, True, True]


# --- what is given ----------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [Sweep.sheet, lambda sweep, **more: sweep.frames(2, **more), Sweep.film])
def test_what_is_no_executor_is_refused_before_anything(tmp_path: Path, make: Callable[..., Any]) -> None:
    sweep = a_sweep([Axis("seed", (1, 2))])
    line = r"^executor is 4: give one of concurrent\.futures, such as ProcessPoolExecutor\(\); Dask's is .*get_executor"
    with pytest.raises(errors.InvalidRequest, match=line):
        make(sweep, executor=4)


@pytest.mark.parametrize("count", [0, 10_001, "many"])
def test_a_count_is_that_of_a_job(tmp_path: Path, count: Any) -> None:
    with pytest.raises(errors.InvalidRequest, match=r"count is .*: give a whole number from 1 to 10000"):
        a_sweep([Axis("seed", (1, 2))]).frames(count)


def test_without_a_video_there_are_no_frames() -> None:
    assert a_sweep([Axis("seed", (1, 2))]).frames(3) == [[], []]
