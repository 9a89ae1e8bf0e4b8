"""Whose a panel is: of the one whose page has run its cell, on each page of that person and no other."""

from __future__ import annotations

import pytest

from runway_nb.notebook.panel.ownership import NOBODY, Ownership, Person, person_of

ANN, BOB = Person("ann@example.com", "Ann"), Person("bob", "Bob")


def test_it_belongs_to_who_has_run_the_cell_in_whatever_order_the_pages_come() -> None:
    for order in ((("a", ANN), ("b", BOB)), (("b", BOB), ("a", ANN))):
        panel = Ownership().opened("a")
        for client, person in order:
            panel = panel.met(client, person)
        assert panel.owner == ANN
        assert (panel.allows("a"), panel.allows("b"), panel.allows("unknown")) == (True, False, False)


def test_another_page_of_the_same_person_may_use_it_and_writes_from_then_on() -> None:
    panel = Ownership().opened("a").met("a", ANN).met("b", BOB).met("a2", ANN)
    assert panel.allows("a2")
    assert panel.told() == {"name": "Ann", "pages": ["a", "a2"]}
    assert panel.met("a", ANN).told()["pages"] == ["a2", "a"], "shown anew in the first page"


def test_it_changes_hands_when_another_one_runs_the_cell() -> None:
    panel = Ownership().opened("a").met("a", ANN).met("b", BOB).opened("b")
    assert (panel.owner, panel.allows("a"), panel.allows("b")) == (BOB, False, True)
    assert panel.met("a", ANN).owner == BOB


def test_where_nobody_is_known_it_is_everybody_s() -> None:
    panel = Ownership().opened("a").met("a", NOBODY).met("b", NOBODY)
    assert panel.allows("a")
    assert panel.allows("b")
    assert panel.allows("")
    assert not panel.is_shared
    assert panel.told() == {"name": "", "pages": []}


def test_where_a_server_runs_the_cells_it_is_everybody_s() -> None:
    panel = Ownership().opened("server").met("a", ANN).met("b", BOB)
    assert panel.allows("a")
    assert panel.allows("b")
    assert panel.told() == {"name": "", "pages": []}


def test_without_a_kernel_nobody_opens_it() -> None:
    assert Ownership().opened("").met("", ANN).owner == NOBODY


def test_pages_are_told_a_name_and_connections_and_no_account() -> None:
    told = Ownership().opened("a").met("a", person_of({"account": "ann@example.com", "name": "ann@example.com"})).told()
    assert "example" not in str(told)
    assert told["name"]


@pytest.mark.parametrize(
    ("message", "person"),
    [
        ({"account": "u1", "name": "Ann"}, Person("u1", "Ann")),
        ({"account": "u1"}, Person("u1", "")),
        ({"name": "Ann"}, NOBODY),
        ({"account": None, "name": None}, NOBODY),
        ({}, NOBODY),
    ],
)
def test_a_page_says_who_looks_at_it(message, person) -> None:
    assert person_of(message) == person


def test_an_owner_without_a_name_is_somebody_else() -> None:
    assert Ownership().opened("a").met("a", Person("u1")).told()["name"] == "somebody else"


def test_a_long_name_is_cut_and_stays_on_one_line() -> None:
    name = person_of({"account": "u", "name": "Ann\nAnn " * 50}).name
    assert "\n" not in name
    assert len(name) <= 41
