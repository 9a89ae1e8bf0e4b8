"""`runway_nb.history`: past jobs as a table."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import runway_nb
from runway_nb import Camera, Keyframes
from runway_nb.errors import InvalidRequest
from runway_nb.history_table import COLUMNS, HistoryTable, history
from runway_nb.jobs.job import Job
from support.fakes import TOKEN, Party
from support.strategies import EMAIL

HARBOUR = Keyframes("harbour")
pytestmark = pytest.mark.usefixtures("small_frames")


@pytest.fixture
def jobs(party: Party) -> list[Job]:
    """A lamp with a move, starred; a kite; a boat that was refused."""
    lamp = party.ended(
        party.submit("A lamp turns", keyframes=HARBOUR, seed=7, camera=Camera(zoom=4, pan=-2.5), seconds=10)
    )
    lamp.star = True
    lamp.note = "the good one"
    kite = party.ended(party.submit("A kite", seed=9, keyframes=HARBOUR, camera=Camera(static=True)))
    party.simulator.fault("moderated")
    boat = party.ended(party.submit("A boat\nat the Küste", seed=8))
    return [lamp, kite, boat]


@pytest.fixture
def no_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)


def table(party: Party, words: str = "", **options: Any) -> Any:
    return history(words, studio=party.studio, **options)


def test_a_table_has_a_row_for_each_job_the_newest_first(party: Party, jobs: list[Job]) -> None:
    frame = table(party)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == list(COLUMNS)
    assert list(frame["id"]) == [job.id for job in reversed(jobs)]
    row = frame.iloc[2]
    assert row["made"] == pd.Timestamp(jobs[0].created, unit="s", tz="UTC")
    assert (row["prompt"], row["model"], row["status"]) == ("A lamp turns", "gen3turbo", "done")
    assert (row["credits"], row["simulated"], row["seed"], row["length"]) == (50, False, 7, 10)
    assert (row["zoom"], row["pan"], row["roll"], row["static"]) == (4.0, -2.5, 0.0, False)
    assert (row["format"], row["first"], row["last"]) == ("landscape", "harbour", "")
    assert (row["star"], row["rejected"], row["note"], row["error"]) == (True, False, "the good one", "")
    assert row["seconds_to_make"] > 0
    assert jobs[0].video is not None
    assert Path(party.studio.folder, row["file"]) == jobs[0].video
    assert list(frame["static"]) == [False, True, False]


def test_a_job_without_a_video_says_why(party: Party, jobs: list[Job]) -> None:
    frame = table(party, failed=True)
    assert list(frame["id"]) == [jobs[2].id]
    assert frame["error"][0]
    assert (frame["file"][0], frame["prompt"][0]) == ("", "A boat\nat the Küste")


def test_columns_have_types_to_calculate_with(party: Party, jobs: list[Job]) -> None:
    for frame in (table(party), table(party, "nothing fits")):
        assert str(frame["made"].dtype).endswith("UTC]")
        assert [str(frame[name].dtype) for name in ("seed", "credits", "length")] == ["Int64"] * 3
    assert table(party).groupby("zoom")["credits"].sum().to_dict()[4.0] == 50
    assert jobs


def test_words_and_options_choose(party: Party, jobs: list[Job]) -> None:
    lamp, kite, boat = (job.id for job in jobs)
    chosen: list[tuple[dict[str, Any], list[str]]] = [
        ({"words": "kuste"}, [boat]), ({"stars": True}, [lamp]), ({"limit": 2}, [boat, kite]),
        ({"limit": None}, [boat, kite, lamp]), ({"model": "gen4_5"}, []), ({"since": "1h"}, [boat, kite, lamp]),
        ({"since": datetime(2100, 1, 1, tzinfo=timezone.utc)}, []), ({"notebook": "no.ipynb"}, []),
    ]  # fmt: skip
    for options, ids in chosen:
        assert list(table(party, **options)["id"]) == ids


def test_mistakes_are_told_together(party: Party) -> None:
    with pytest.raises(InvalidRequest) as caught:
        table(party, since="soon", model="gen9", stars="yes")
    assert len(caught.value.problems) == 3
    with pytest.raises(InvalidRequest, match="limit is 0"):
        table(party, limit=0)


@pytest.mark.usefixtures("no_pandas")
def test_without_pandas_it_is_a_list_of_rows_that_shows_itself(party: Party, jobs: list[Job]) -> None:
    rows = table(party)
    assert isinstance(rows, HistoryTable)
    assert [row["id"] for row in rows] == [job.id for job in reversed(jobs)]
    assert [list(row) for row in rows] == [list(COLUMNS)] * 3
    assert rows[2]["made"] == datetime.fromtimestamp(jobs[0].created, timezone.utc)
    text = repr(rows)
    for part in ("A lamp turns", "the good one", jobs[0].id, "yes"):
        assert part in text
        assert part in rows._repr_html_()
    assert repr(table(party, "nothing fits")) == "No jobs."
    assert pickle.loads(pickle.dumps(rows)) == rows


@pytest.mark.usefixtures("no_pandas")
def test_a_long_list_shows_its_beginning(party: Party, jobs: list[Job]) -> None:
    rows = HistoryTable(list(table(party)) * 10)
    assert repr(rows).splitlines()[-1] == "10 more rows"
    assert len(repr(rows).splitlines()) == 22
    assert jobs


@pytest.mark.parametrize("find", [table], ids=["pandas"])
def test_no_secret_is_in_any_column(party: Party, find: Callable[..., Any]) -> None:
    job = party.ended(party.submit(f"Ask {EMAIL} {TOKEN}", seed=1, keyframes=HARBOUR))
    job.note = f"of {EMAIL}, {TOKEN}"
    whole = find(party).to_json(date_format="iso") + str(table(party, EMAIL).to_dict())
    assert EMAIL not in whole
    assert TOKEN not in whole
    assert "runwayml:" not in whole


def test_a_job_that_cannot_be_read_is_a_row(party: Party, jobs: list[Job]) -> None:
    with party.studio.ledger.table.database.transaction() as connection:
        connection.execute("UPDATE jobs SET phase = 'archived' WHERE id = ?", (jobs[2].id,))
    frame = table(party)
    row = frame[frame["id"] == jobs[2].id].iloc[0]
    assert (row["status"], row["prompt"]) == ("cannot be read", "")
    assert "newer runway_nb" in row["error"]


def test_the_description_names_every_column() -> None:
    text = " ".join((runway_nb.history.__doc__ or "").split())
    moves = {"horizontal", "vertical", "roll", "zoom", "pan", "tilt"}
    assert [name for name in COLUMNS if name not in moves and f"`{name}`" not in text] == []


def test_no_module_stands_in_the_place_of_the_function() -> None:
    import runway_nb.history_table
    import runway_nb.ledger.history

    assert runway_nb.history is history
