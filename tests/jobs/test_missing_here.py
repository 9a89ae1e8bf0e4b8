"""A ledger that several machines share names videos that lie on one of them: the others say so and fetch them again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from runway_nb.errors import DownloadError
from runway_nb.jobs.job import Job
from runway_nb.ledger.history import read_filter
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.rendering.history_gallery import Shown, bundle
from runway_nb.notebook.rendering.tables import jobs_bundle
from runway_nb.studio import Studio
from support.fakes import Party
from support.records import a_record


@pytest.fixture
def job(party: Party, tmp_path: Path) -> Job:
    """A job of another machine, whose folders are not here."""
    party.studio.folder = tmp_path / "machine-one"
    job = party.submit("A lamp is far away").wait(10)
    party.studio.close()
    shutil.rmtree(tmp_path / "machine-one")
    shutil.rmtree(party.studio.settings.posters[0], ignore_errors=True)
    party.studio = party.make_studio()
    party.studio.folder = tmp_path / "machine-two"
    return job


@pytest.fixture
def away(party: Party) -> Path:
    """The folder of a video on a disk that was away, while Runway has forgotten the task and the cell was run again."""
    job = party.submit("A lamp comes back").wait(10)
    assert job.video is not None
    assert job.task is not None
    away = job.video.parent.rename(party.folder / "away")
    client = asyncio.run(party.connect(party.settings)).client
    asyncio.run(client.delete_task(job.task.id))
    party.restart()
    again = party.ended(party.submit("A lamp comes back", fresh=False))
    assert (again.id, again.state.phase) == (job.id, Phase.DETACHED)
    shutil.rmtree(job.video.parent, ignore_errors=True)
    return away


def lists(studio: Studio) -> list[str]:
    shown = Shown({}, lambda _: None, studio.folder)
    wanted = read_filter(now=0.0)
    whole = [
        jobs_bundle(studio.ledger.recent(), studio.jobs),
        bundle(studio.ledger.history.page(wanted), wanted, shown),
    ]
    return [text for each in whole for text in each.values()]


def test_lists_say_that_it_is_missing_here_and_how_to_fetch_it(party: Party, job: Job) -> None:
    for text in lists(party.studio):
        assert "done, missing here" in text
        assert f"%runway attach {job.id} fetches it again, for nothing" in text


def test_what_is_shown_of_it_says_so_too(party: Party, job: Job) -> None:
    found = party.studio.find(job.id)
    text = found._repr_mimebundle_()["text/plain"]
    assert "is missing here" in text
    assert f'attach("{job.id}")' in text, "a call where there are no magics"
    assert found.video is None
    for ask in (found.finished, lambda: found.poster, lambda: found.last_frame):
        with pytest.raises(DownloadError, match=f"is missing here: %runway attach {job.id} fetches it again"):
            ask()


def test_attach_brings_it_into_the_folder_of_this_machine_and_pays_nothing(party: Party, job: Job) -> None:
    found = party.studio.attach(job.id).wait(10)
    assert found.video is not None
    assert found.video.parent.parent == party.studio.folder
    assert found.video.is_file()
    assert found.state.poster is not None
    assert party.started == 1
    assert not Path(party.studio.ledger.get(job.id).folder).exists(), "no folder of another machine is made here"
    assert "missing here" not in "".join(lists(party.studio))


def test_the_same_cell_again_fetches_it_and_pays_nothing(party: Party, job: Job) -> None:
    again = party.submit("A lamp is far away", fresh=False).wait(10)
    assert (again.id, party.started) == (job.id, 1)
    assert again.video is not None
    assert again.video.is_file()


CALLS: list[Callable[[Party], Job]] = [
    lambda party: party.submit("A lamp comes back", fresh=False),
    lambda party: party.studio.attach(party.studio.ledger.recent()[0].id),
    lambda party: party.studio.resume()[0],
]
"""What takes a job up again."""


@pytest.mark.parametrize("call", CALLS)
def test_a_file_that_is_in_its_place_again_is_the_result_though_its_task_is_gone(
    party: Party, away: Path, call: Callable[[Party], Job]
) -> None:
    away.rename(away.with_name("runway_outputs"))
    party.restart()
    calls = len(party.api.requests)
    job = party.ended(call(party))
    assert (job.state.phase, job.error) == (Phase.DONE, None)
    assert job.finished().is_file()
    record = party.studio.ledger.get(job.id)
    assert (record.phase, record.error, record.message, record.lease) == ("done", "", "", 0.0)
    assert record.credits
    assert (party.started, len(party.api.requests)) == (1, calls), "nothing is asked for, and nothing is paid"
    assert party.studio.attach(job.id).done


def test_a_file_that_stays_away_is_still_looked_for(party: Party, away: Path) -> None:
    party.restart()
    job = party.ended(party.submit("A lamp comes back", fresh=False))
    assert job.state.phase is Phase.DETACHED
    assert party.started == 1


def test_several_and_imported_ones_are_named_in_one_line_each(party: Party) -> None:
    for number in (1, 2):
        party.studio.ledger.add(a_record(f"0000000{number}", phase="done", video="/gone/a.mp4", task_id=f"t{number}"))
    party.studio.ledger.add(a_record("00000003", phase="done", video="/gone/b.mp4", imported=True))
    for text in lists(party.studio):
        assert "00000001" in text
        assert "%runway attach ID fetches each again, for nothing." in text
        assert "Missing here: 00000003. %runway import DIR brings what was imported again." in text
