"""Assets found by what a user types, and what to type for each."""

from __future__ import annotations

from time import mktime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_nb.api.models import Asset
from runway_nb.notebook.language.parsing import parse
from runway_nb.notebook.panel.keyframe_choices import asset_choices
from runway_nb.pictures.asset_names import created_text, match_asset, typed_names
from runway_nb.pictures.assets import AssetList
from support.assets import LAMP, SEA, an_asset
from support.examples import examples
from support.strategies import EMAIL, TASK_ID

TWINS = [an_asset("twin.png", number * 0x10000000 + 0xBBBBBBB) for number in (1, 2)]


@pytest.mark.parametrize("name", ["lamp.png", "lamp", "LAMP", "Lamp.PNG", "11111111"])
def test_an_asset_answers_to_name_stem_and_short_id(name) -> None:
    assert match_asset(name, [SEA, LAMP]) is LAMP


def refusal_of(name: str, assets: list[Asset]) -> str:
    """Return why a name names none of the assets."""
    line = match_asset(name, assets)
    assert isinstance(line, str)
    return line


def test_an_id_in_capitals_is_the_same_id() -> None:
    shouting = Asset(SEA.id.replace("aaaaaaaa", "AAAAAAAA"), "x")
    assert match_asset("AAAAaaaa", [LAMP, shouting]) is shouting
    assert match_asset("AAAAaaaa", [LAMP, SEA]) is SEA


@pytest.mark.parametrize("name", ["1111111", "png", "harbour"])
def test_a_part_of_a_name_is_not_enough(name) -> None:
    assert "is neither a file here nor an asset; assets are lamp, sea" in refusal_of(name, [LAMP, SEA])


@pytest.mark.parametrize(("name", "near"), [("lam", "lamp"), ("lamp.jpg", "lamp"), ("seas", "sea"), ("LAMPE", "lamp")])
def test_near_names_come_first(name, near) -> None:
    line = refusal_of(name, [LAMP, SEA])
    assert f"nor an asset; do you mean {near}? Assets are lamp, sea" in line


def test_a_word_of_a_long_name_leads_to_it() -> None:
    assert "do you mean the lighthouse at dusk?" in refusal_of("dusk", [LAMP, an_asset("the lighthouse at dusk.png")])


def test_a_name_of_two_assets_lists_their_ids_and_what_tells_them_apart() -> None:
    assert match_asset("twin", TWINS) == "'twin' names 2 assets: give one of the ids 1bbbbbbb, 2bbbbbbb"
    nine = mktime((2025, 3, 4, 9, 14, 40, 0, 0, -1))
    known = [
        an_asset("twin.png", 0x1BBBBBBB, created=nine, is_upload=True),
        an_asset("twin.jpg", 0x2BBBBBBB, is_upload=False),
    ]
    assert refusal_of("twin", known).endswith("ids 1bbbbbbb (upload, 4 Mar 09:14), 2bbbbbbb (generated)")
    assert match_asset("2bbbbbbb", TWINS) is TWINS[1]
    assert created_text(known[1]) == ""


FORMS = {
    # what is typed, what the account says
    "whole and apart": ("caf\u00e9", "cafe\u0301.png"),
    "apart and whole": ("cafe\u0301.png", "caf\u00e9.png"),
    "capitals": ("CAFE\u0301", "caf\u00e9.png"),
    "a narrow no-break space": ("shot at 10.15 PM.png", "shot at 10.15\u202fPM.png"),
    "a no-break space": ("two\u00a0words", "two words.png"),
    "a ligature": ("\ufb01sh", "fish.png"),
    "full width": ("\uff11\uff12", "12.png"),
    "korean": ("\ud55c", "\u1112\u1161\u11ab.png"),
    "a mark that nobody sees": ("\u200efish", "fish.png"),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_name_in_another_form_of_unicode_is_the_same_name(name) -> None:
    typed, told = FORMS[name]
    found = an_asset(told, 0x1ABBBBBB)
    assert match_asset(typed, [LAMP, found]) is found
    assert list(AssetList((LAMP, found)).only(typed)) == [found]


@pytest.mark.parametrize("name", FORMS)
def test_two_names_that_look_the_same_are_told_apart_by_their_ids_only(name) -> None:
    """Also where one of them is written exactly as it was typed: nobody sees the difference."""
    typed, told = FORMS[name]
    pair = [an_asset(typed, 0x1ABBBBBB), an_asset(told, 0x2ABBBBBB)]
    line = match_asset(typed, pair)
    assert isinstance(line, str)
    assert line.endswith("names 2 assets: give one of the ids 1abbbbbb, 2abbbbbb")
    assert list(typed_names(pair).values()) == ["1abbbbbb", "2abbbbbb"]
    labels = [choice.label for choice in asset_choices(AssetList(tuple(pair)))]
    assert ["1abbbbbb" in labels[0], "2abbbbbb" in labels[1]] == [True, True]


def test_a_name_that_looks_like_that_of_a_file_or_a_variable_carries_its_id() -> None:
    (choice,) = asset_choices(AssetList((an_asset("caf\u00e9.png", 0x1ABBBBBB),)), {"cafe\u0301"})
    assert choice.cell_name == "1abbbbbb"


def test_other_letters_that_look_alike_are_other_letters() -> None:
    latin, cyrillic = an_asset("a.png", 1), an_asset("\u0430.png", 2)
    assert match_asset("a", [latin, cyrillic]) is latin


def test_a_name_wins_over_a_short_id() -> None:
    assert match_asset("aaaaaaaa", [SEA, named := an_asset("aaaaaaaa.png")]) is named


def test_a_long_listing_is_cut_and_an_empty_one_said() -> None:
    assert refusal_of("x", []).endswith("assets are none")
    assert refusal_of("x", [an_asset(f"n{number}.png") for number in range(9)]).endswith("n6, n7, ...")
    assert "studio" not in refusal_of("x", [an_asset(f"of {EMAIL}.png")])
    assert "studio" not in refusal_of(EMAIL, [an_asset(f"of {EMAIL}.png")])


anything = st.text(max_size=40) | st.sampled_from(["lamp", "twin", "x" * 100_000, "\ud800", "'\"", EMAIL, TASK_ID])


@settings(max_examples=examples(80), deadline=None)
@given(anything, st.lists(anything, max_size=6))
def test_no_text_breaks_the_search(name, others) -> None:
    assets = [LAMP, *TWINS, *(an_asset(other[:200], number) for number, other in enumerate(others))]
    found = match_asset(name, assets)
    assert isinstance(found, Asset) or EMAIL not in found


asset_names = st.text(st.sampled_from("aA.'\" -{/=\n\u00e9\u00a0"), max_size=6) | st.text(max_size=12) | st.just(EMAIL)


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(asset_names, max_size=8))
def test_what_is_said_to_be_typed_names_the_asset(listing) -> None:
    """On the first line of a cell, and for `match_asset`."""
    assets = [an_asset(name, 0x77000000 + number) for number, name in enumerate(listing)]
    for asset_id, typed in typed_names(assets).items():
        options = parse(f"shot --first {typed} --seed 1", {})
        assert options.problems == ()
        found = match_asset(options.values["first"], assets)
        assert isinstance(found, Asset)
        assert found.id == asset_id
        assert EMAIL not in typed


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("lamp.png", "lamp"), ("two words.png", '"two words"'), ("it's.png", '"it\'s"'), ('a "b".png', "'a \"b\"'"),
        ("--zoom.png", "77000000"), ("{{x}}.png", "77000000"), (f"{EMAIL}.png", "77000000"), ("a\nb", "77000000"),
    ],
)  # fmt: skip
def test_a_name_that_cannot_stand_in_a_cell_gives_way_to_the_id(name, typed) -> None:
    assert list(typed_names([an_asset(name, 0x77000000)]).values()) == [typed]


def test_a_name_that_two_share_gives_way_to_the_ids() -> None:
    listing = [*TWINS, an_asset("TWIN.jpg", 3), LAMP]
    assert list(typed_names(listing).values()) == ["1bbbbbbb", "2bbbbbbb", "00000003", "lamp"]
