"""The table of a sweep under one display id: brought up to date while its jobs run, durable at the end."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import runway_nb
from runway_nb.notebook.cards import live_grid, sweep_view
from runway_nb.notebook.cards.sweep_view import show_sweep
from runway_nb.notebook.cards.view import View
from runway_nb.sweeps.sweep import Sweep
from support.fakes import Party

pytestmark = pytest.mark.usefixtures("small_frames")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """What was displayed, and each update, with the display id of both."""
    seen = SimpleNamespace(first=[], updates=[])

    def into(listed: list[Any]) -> Callable[..., None]:
        def note(data: dict[str, str], *, raw: bool, display_id: str, metadata: dict[str, Any]) -> None:
            assert raw
            assert metadata == {"runway_nb": {"place": display_id}}
            listed.append(SimpleNamespace(data=data, display_id=display_id))

        return note

    monkeypatch.setattr(sweep_view, "display", into(seen.first))
    monkeypatch.setattr(sweep_view, "update_display", into(seen.updates))
    monkeypatch.setattr(sweep_view, "UPDATE_SECONDS", 0.0)
    # what is said of the table alone; test_live_grid.py says what stands above it
    monkeypatch.setattr(live_grid, "make_grid", lambda **_: None)
    return seen


def sweep(party: Party, **values: Any) -> Sweep:
    made: Sweep = runway_nb.sweep("A lamp turns", studio=party.studio, yes=True, **values)
    return made


def test_a_table_that_runs_ends_as_players(party: Party, shown: SimpleNamespace, tmp_path: Path) -> None:
    made = sweep(party, seed=[1, 2, 3])
    show_sweep(made, party.studio, View("live", "auto", party.folder))
    made.wait(20)
    (first,) = shown.first
    assert set(first.data) == {"text/html", "text/plain"}
    assert {update.display_id for update in shown.updates} == {first.display_id}
    counts = [update.data["text/html"].count("<video") for update in shown.updates]
    assert (counts[-1], counts) == (3, sorted(counts)), "it is up to date before those who wait are told"
    bodies = [update.data["text/html"] for update in shown.updates]
    assert all(one != next_ for one, next_ in itertools.pairwise(bodies)), "only when something changed"


def test_a_batch_run_shows_the_beginning_and_the_end(party: Party, shown: SimpleNamespace) -> None:
    made = sweep(party, seed=[1, 2])
    show_sweep(made, party.studio, View("batch", "capped", party.folder))
    made.wait(20)
    (update,) = shown.updates
    assert update.data["text/html"].count('src="data:video/mp4') == 2


def test_a_video_is_put_into_the_notebook_at_the_end_only(party: Party, shown: SimpleNamespace) -> None:
    made = sweep(party, seed=[1, 2])
    show_sweep(made, party.studio, View("live", "always", party.folder))
    made.wait(20)
    embedded = ["data:video/mp4" in update.data["text/html"] for update in shown.updates]
    assert (embedded[-1], any(embedded[:-1])) == (True, False)


def test_what_has_ended_is_shown_once(party: Party, shown: SimpleNamespace) -> None:
    made = sweep(party, seed=[1, 2]).wait(20)
    show_sweep(made, party.studio, View("live", "auto", party.folder))
    assert (len(shown.first), shown.updates) == (1, [])
    assert shown.first[0].data["text/html"].count("<video") == 2


def test_a_table_can_be_shown_twice(party: Party, shown: SimpleNamespace) -> None:
    made = sweep(party, seed=[1])
    for _ in range(2):
        show_sweep(made, party.studio, View("live", "auto", party.folder))
    asyncio.run(made.until_ended())
    last = {update.display_id: update.data["text/html"] for update in shown.updates}
    assert [html.count("<video") for html in last.values()] == [1, 1]


def test_a_terminal_has_one_line_and_later_the_table(
    party: Party, shown: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    made = sweep(party, seed=[1, 2])
    show_sweep(made, party.studio, View("terminal", "auto", party.folder))
    assert capsys.readouterr().out.startswith("2 shots, 50 credits, ")
    made.wait(20)
    assert capsys.readouterr().out == ""
    show_sweep(made, party.studio, View("terminal", "auto", party.folder))
    assert capsys.readouterr().out.splitlines()[1] == "2 shots, 50 credits, 2 of 2 done"
    assert shown.first == []
