"""The jobs of a process are gone through on several threads while others come and go."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

from runway_nb.jobs.job import Job
from runway_nb.jobs.living_jobs import LivingJobs
from runway_nb.jobs.restore import restored_job
from support.records import a_record


def made(count: int) -> dict[str, Job]:
    return {f"{number:08x}": restored_job(a_record(f"{number:08x}", phase="done"), ()) for number in range(count)}


def test_who_goes_through_them_meets_those_that_were_there_as_it_began() -> None:
    jobs, (first, second, third) = LivingJobs(), made(3).items()
    jobs.update([first, second])
    met = []
    for job_id, job in jobs.items():
        met.append((job_id, job))
        jobs.pop(second[0], None)
        jobs.update([third])
    assert met == [first, second]
    assert list(jobs) == list(jobs.keys()) == [first[0], third[0]]
    assert list(jobs.values()) == [first[1], third[1]]
    assert jobs == dict([first, third])


def test_one_that_is_taken_in_again_is_the_newest() -> None:
    jobs, known = LivingJobs(), made(3)
    jobs.update(known)
    again = restored_job(a_record("00000000"), ())
    jobs["00000000"] = again
    assert list(jobs.values()) == [known["00000001"], known["00000002"], again]


def test_one_that_is_not_there_cannot_be_forgotten() -> None:
    with pytest.raises(KeyError):
        del LivingJobs()["00000000"]


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hurried")
def test_none_is_lost_that_several_threads_take_in_at_once() -> None:
    jobs, (job,), together = LivingJobs(), made(1).values(), threading.Barrier(4)
    ids = [f"{number:08x}" for number in range(2000)]

    def take_in(mine: list[str]) -> None:
        together.wait()
        for job_id in mine:
            jobs[job_id] = job

    threads = [threading.Thread(target=take_in, args=(ids[part::4],)) for part in range(4)]
    for thread in threads:
        thread.start()
    seen = [len([*jobs.values()]) for _ in range(200)]
    for thread in threads:
        thread.join()
    assert sorted(jobs) == ids
    assert seen == sorted(seen), "what is there stays there"
