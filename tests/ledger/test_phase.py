"""Phases: one home for the words and for what follows from them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import runway_nb
from runway_nb.ledger import phase as home
from runway_nb.ledger.phase import PHASE_NAMES, Phase

PACKAGE = Path(runway_nb.__file__).parent
HOME = Path(home.__file__)
MIGRATIONS = HOME.with_name("migrations.py")
NO_PHASES = {
    ("doctor", "unknown"): "a finding that could not be made",
    ("api", "failed"): "how a step of httpcore ends",
    ("ledger", "unknown"): "a day or a notebook that cannot be read",
    ("notebook/rendering", "unknown"): "a time that cannot be read",
    **dict.fromkeys(
        (("notebook/rendering", word) for word in ("waiting", "preparing", "checking", "sending", "downloading")),
        "the short text of a card",
    ),
}
"""Literals of the same spelling that mean something else, and what, by folder."""
GROUPS = {name: value for name, value in vars(home).items() if isinstance(value, tuple)}
IN_SQL = re.compile(rf"'({'|'.join(sorted(PHASE_NAMES))})'")


def _literals(path: Path) -> Iterator[str]:
    """The phase words that stand in a module as literals, alone or as a literal of SQL."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value in PHASE_NAMES:
                yield node.value
            yield from IN_SQL.findall(node.value)


def test_a_phase_is_spelt_in_its_home_only() -> None:
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        # the simulator speaks the words of the API; steps that have run on somebody's ledger are never changed
        if not name.startswith("simulator/") and path not in (HOME, MIGRATIONS):
            assert [word for word in _literals(path) if (name.rpartition("/")[0], word) not in NO_PHASES] == [], name


def test_the_search_for_phase_words_finds_them(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("""a = "done"; b = f"WHERE phase IN ('failed') AND {a}"; c = "it is done"; '''sent'''""")
    assert sorted(_literals(path)) == ["done", "failed"]


@pytest.mark.parametrize(("folder", "word"), sorted(NO_PHASES))
def test_an_exception_is_needed(folder: str, word: str) -> None:
    assert any(word in _literals(path) for path in (PACKAGE / folder).glob("*.py") if path != HOME)


def test_a_phase_is_its_word() -> None:
    for phase in Phase:
        assert (phase, str(phase), f"{phase}", {phase}) == (phase.value, phase.value, phase.value, {phase.value})


@pytest.mark.parametrize("name", sorted(GROUPS))
def test_a_group_knows_phases_and_their_words(name: str) -> None:
    group = GROUPS[name]
    assert len(set(group)) == len(group)
    assert all(isinstance(phase, Phase) and phase.value in group for phase in group)


def test_every_phase_is_at_work_settled_or_resumable() -> None:
    groups = [*home.ACTIVE, *home.SETTLED, *home.RESUMABLE]
    assert sorted(groups) == sorted(Phase)


def test_what_may_have_been_paid_is_no_phase_that_is_unsent() -> None:
    assert not {*home.IN_DOUBT, Phase.DONE, Phase.FAILED} & {phase for phase in Phase if not phase.is_sent}
    assert [phase for phase in Phase if not phase.is_sent] == [*home.UNSENT, *home.NOT_MADE]
