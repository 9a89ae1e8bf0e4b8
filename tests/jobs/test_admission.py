"""Whether a wish is sent: what stands for it already, what moderation and the purse allow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.errors import ModerationBrake, OverBudget, RefusedBefore, RunwayError
from runway_nb.jobs.policy import Limits, answering, day_of, decide, prompt_hash, read_limits
from runway_nb.ledger.phase import Phase
from runway_nb.ledger.record import Record
from runway_nb.ledger.snapshot import LedgerSnapshot

NOW = 1_700_000_000.0
ANSWERS = [
    ("done", "", True), ("failed", "", True), ("failed", "VIOLENCE", True), ("refused", "", False),
    ("refused", "VIOLENCE", True), ("removed", "", False), ("unknown", "", True), ("detached", "", True),
    ("stopped", "", True), ("following", "", True), ("sending", "", True), ("checking", "", True),
    ("downloading", "", True), ("preparing", "", True), ("waiting", "", True),
]  # fmt: skip
WORDS = st.lists(st.text("abcXYZäÖñ0'-", min_size=1, max_size=6), max_size=6)
GAPS = st.sampled_from([" ", "  ", "\n", "\t ", "\u00a0"])


def _record(phase="preparing", **fields):
    fields = {
        "id": "7f3e2c54", "request": {}, "model": "gen3turbo", "digest": "v1:x", "reply_ref": "rnb", "credits": 25,
        "simulated": True, "updated": NOW, **fields,
    }  # fmt: skip
    return Record(phase=phase, **fields)


def _books(*earlier, spent=0, moderated=0, refused=None):
    return LedgerSnapshot(tuple(earlier), spent, moderated, refused)


def _admit(books, price=25, **limits):
    return decide(_record(id="0000ffff", credits=price), books, Limits(**limits))


# --- what stands for it already ---------------------------------------------------------------------


def test_the_table_names_every_phase() -> None:
    assert {phase for phase, _, _ in ANSWERS} == {phase.value for phase in Phase}


@pytest.mark.parametrize(("phase", "refusal", "stands"), ANSWERS)
def test_an_equal_wish_stands_unless_nothing_came_of_it(phase, refusal, stands) -> None:
    earlier = _record(phase, refusal=refusal)
    assert _admit(_books(earlier)) is (earlier if stands else None)


@pytest.mark.parametrize(("phase", "refusal", "stands"), ANSWERS)
def test_what_was_imported_answers_where_nothing_of_here_does(phase, refusal, stands) -> None:
    here, imported = _record(phase, refusal=refusal), _record("done", id="0000beef", imported=True, credits=0)
    for earlier in ((here, imported), (imported, here)):
        has_video = stands and phase not in ("failed", "refused")
        assert answering(earlier) is (here if has_video else imported)


def test_what_was_imported_hides_nothing_that_is_in_doubt() -> None:
    doubt, imported = _record("unknown"), _record("done", id="0000beef", imported=True, credits=0)
    assert _admit(_books(imported, doubt), reuse=False) is doubt


@pytest.mark.parametrize(("phase", "refusal", "stands"), ANSWERS)
def test_a_wish_that_was_sent_again_stands_no_more(phase, refusal, stands) -> None:
    assert _admit(_books(_record(phase, refusal=refusal, resent_as="0000aaaa"))) is None


@pytest.mark.parametrize(("phase", "refusal", "stands"), ANSWERS)
@pytest.mark.parametrize("limits", [{"fresh": True}, {"reuse": False}], ids=str)
def test_whoever_wants_a_new_one_gets_a_new_one(phase, refusal, stands, limits) -> None:
    """But for one in doubt, which only an explicit word sends again."""
    earlier = _record(phase, refusal=refusal)
    in_doubt = phase == "unknown" and "fresh" not in limits
    assert _admit(_books(earlier), **limits) is (earlier if in_doubt else None)


def test_force_is_no_wish_for_a_new_one() -> None:
    earlier = _record("done")
    assert _admit(_books(earlier), force=True) is earlier


@pytest.mark.parametrize(
    ("newest_first", "found"),
    [
        (["done", "done"], 0), (["failed", "done"], 1), (["refused!", "done"], 1), (["failed", "failed"], 0),
        (["removed", "refused", "done"], 2), (["following", "done"], 0), (["unknown", "done"], 0),
        (["failed", "removed"], 0), (["failed", "following"], 0),
    ],
)  # fmt: skip
def test_the_newest_stands_and_a_video_before_a_failure(newest_first, found) -> None:
    records = [
        _record(phase.strip("!"), id=f"{number:08x}", refusal="VIOLENCE" if "!" in phase else "")
        for number, phase in enumerate(newest_first)
    ]
    assert answering(records) is records[found]


def test_what_stands_costs_nothing_so_no_limit_is_in_its_way() -> None:
    earlier, refused = _record("done"), _record("failed", refusal="VIOLENCE")
    books = _books(earlier, spent=1000, moderated=99, refused=refused)
    assert _admit(books, cell_credits=0, day_credits=0) is earlier


def test_nothing_before_and_no_limits_mean_yes() -> None:
    assert _admit(_books()) is None


# --- moderation -------------------------------------------------------------------------------------


def test_words_that_were_refused_are_not_sent_by_themselves() -> None:
    with pytest.raises(RefusedBefore) as caught:
        _admit(_books(refused=_record("failed", refusal="SAFETY.INPUT.TEXT, category VIOLENCE")))
    for part in ("category VIOLENCE", day_of(NOW), "nothing was sent", "--fresh"):
        assert part in caught.value.message


@pytest.mark.parametrize("limits", [{"fresh": True}, {"force": True}], ids=str)
def test_an_explicit_word_sends_them_all_the_same(limits) -> None:
    assert _admit(_books(refused=_record("failed", refusal="VIOLENCE")), **limits) is None


def test_reuse_switched_off_is_no_explicit_word() -> None:
    with pytest.raises(RefusedBefore):
        _admit(_books(refused=_record("failed", refusal="VIOLENCE")), reuse=False)


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_the_brake_holds_from_the_limit_on(limit) -> None:
    assert _admit(_books(moderated=limit - 1), moderated=limit) is None
    for moderated in (limit, limit + 1):
        with pytest.raises(ModerationBrake):
            _admit(_books(moderated=moderated), moderated=limit)


def test_the_brake_names_how_many_the_limit_and_what_to_do() -> None:
    with pytest.raises(ModerationBrake) as caught:
        _admit(_books(moderated=17), moderated=4)
    for part in ("17", "4", "nothing was sent", "--force"):
        assert part in caught.value.message


def test_the_brake_is_let_go_by_force_alone() -> None:
    assert _admit(_books(moderated=9), force=True) is None
    with pytest.raises(ModerationBrake):
        _admit(_books(moderated=9), fresh=True)


# --- the purse --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("price", "limit", "allowed"), [(25, 25, True), (25, 24, False), (50, 49, False)])
def test_a_cell_may_cost_its_limit_and_no_more(price, limit, allowed) -> None:
    if allowed:
        assert _admit(_books(), price, cell_credits=limit) is None
        return
    with pytest.raises(OverBudget) as caught:
        _admit(_books(), price, cell_credits=limit)
    for part in (str(price), str(limit), "max_credits", "nothing was sent"):
        assert part in caught.value.message


@pytest.mark.parametrize(("spent", "limit", "allowed"), [(75, 100, True), (76, 100, False), (0, 24, False)])
def test_a_day_may_cost_its_limit_and_no_more(spent, limit, allowed) -> None:
    if allowed:
        assert _admit(_books(spent=spent), 25, day_credits=limit) is None
        return
    with pytest.raises(OverBudget) as caught:
        _admit(_books(spent=spent), 25, day_credits=limit)
    for part in ("25", str(spent), str(limit), "max_credits", "nothing was sent"):
        assert part in caught.value.message


@pytest.mark.parametrize("words", [{"force": True}, {"fresh": True}, {"reuse": False}], ids=str)
def test_no_word_opens_the_purse(words) -> None:
    for limits in ({"cell_credits": 24}, {"day_credits": 100}):
        with pytest.raises(OverBudget):
            _admit(_books(spent=80), **limits, **words)


@pytest.mark.parametrize("spent", [99, 100, 150])
def test_explore_mode_costs_nothing_and_passes_a_spent_budget(spent) -> None:
    assert _admit(_books(spent=spent), price=0, day_credits=100, cell_credits=0) is None


@given(
    st.integers(1, 60), st.integers(0, 200), st.none() | st.integers(0, 60), st.none() | st.integers(0, 200),
    st.booleans(), st.booleans(),
)  # fmt: skip
def test_what_is_sent_fits_every_limit(price, spent, cell, day, force, fresh) -> None:
    try:
        _admit(_books(spent=spent), price, cell_credits=cell, day_credits=day, force=force, fresh=fresh)
    except OverBudget:
        assert (cell is not None and price > cell) or (day is not None and spent + price > day)
    else:
        assert cell is None or price <= cell
        assert day is None or spent + price <= day


@given(st.integers(3, 10), st.booleans(), st.integers(101, 200))
def test_every_refusal_is_one_line_that_says_nothing_was_sent(moderated, is_refused, spent) -> None:
    refused = _record("failed", refusal="VIOLENCE") if is_refused else None
    for force in (False, True):
        with pytest.raises(RunwayError, match="nothing was sent") as caught:
            _admit(_books(moderated=moderated, refused=refused, spent=spent), day_credits=100, force=force)
        assert "\n" not in caught.value.message


# --- the words --------------------------------------------------------------------------------------


@given(WORDS, st.lists(GAPS, min_size=7, max_size=7))
def test_case_and_spacing_make_no_other_words(words, gaps) -> None:
    spread = gaps[-1] + "".join(word + gap for word, gap in zip(words, gaps, strict=False))
    assert prompt_hash(spread.upper()) == prompt_hash(" ".join(words).lower())


@given(WORDS, WORDS)
def test_other_words_have_another_hash(one, other) -> None:
    same = [word.casefold() for word in one] == [word.casefold() for word in other]
    assert (prompt_hash(" ".join(one)) == prompt_hash(" ".join(other))) is same


@given(st.text(st.characters(), max_size=30))
def test_a_hash_tells_no_word_and_any_text_has_one(prompt) -> None:
    found = prompt_hash(prompt)
    assert bool(found) is bool(prompt.split())
    assert set(found) <= set("0123456789abcdef")


@pytest.mark.parametrize("prompt", ["", " ", "\n\t\u00a0"])
def test_a_prompt_without_words_has_none(prompt) -> None:
    assert prompt_hash(prompt) == ""


# --- prices that nobody has documented --------------------------------------------------------------

KLING = {"model": "kling-3.0-pro", "request": {"text_prompt": "A lamp", "duration": 5}, "credits": 200}
UNKNOWN = "nobody has documented what kling-3.0-pro costs, and there is a limit of"


def _ask(limits, spent=0, **fields):
    new = _record(**{**KLING, "simulated": False, "backend": "api.test", **fields})
    return decide(new, _books(spent=spent), limits)


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        (Limits(cell_credits=500), "500 credits for this shot"),
        (Limits(day_credits=1000), "1000 credits a day at api.test"),
        (Limits(cell_credits=500, day_credits=1000), "500 credits for this shot"),
        (Limits(day_credits=0), "0 credits a day at api.test"),
    ],
)
def test_an_unknown_price_is_refused_where_credits_are_limited(limits, limit) -> None:
    with pytest.raises(OverBudget) as caught:
        _ask(limits)
    assert caught.value.message == (
        f"{UNKNOWN} {limit} (max_credits); nothing was sent. --yes-unknown-price, or the setting unknown_price, sends "
        "it and counts it as 200"
    )


def test_an_unknown_price_is_sent_where_nothing_is_limited_or_the_user_says_so() -> None:
    assert _ask(Limits()) is None
    assert _ask(Limits(day_credits=200, cell_credits=200, unknown_price=True)) is None


def test_an_unknown_price_counts_against_the_budget_as_the_dearest() -> None:
    with pytest.raises(OverBudget, match="this shot counts as 200 credits; 1 of the 200"):
        _ask(Limits(day_credits=200, unknown_price=True), spent=1)
    with pytest.raises(OverBudget, match="this shot counts as 200 credits, more than the 199"):
        _ask(Limits(cell_credits=199, unknown_price=True))


def test_an_uncertain_price_is_told_as_one() -> None:
    gen4_5 = {"model": "gen4_5", "request": {"text_prompt": "A lamp", "seconds": 5}, "credits": 60}
    assert _ask(Limits(cell_credits=60), **gen4_5) is None
    with pytest.raises(OverBudget, match="this shot costs about 60 credits, more than the 59"):
        _ask(Limits(cell_credits=59), **gen4_5)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "25"),
        (KLING, "price unknown, counted as 200"),
        ({**KLING, "credits": 0}, "0"),
        ({"model": "gen4_5", "request": {"seconds": 5}, "credits": 60}, "about 60"),
        ({"model": "seedance-2", "request": {"duration": 4, "resolution": "1080p"}, "credits": 160}, "160"),
    ],
    ids=["known", "unknown", "never charged", "uncertain", "by resolution"],
)
def test_a_record_tells_its_price(fields, text) -> None:
    assert _record(**fields).price_text == text


def test_the_yes_to_an_unknown_price_is_a_switch_like_the_others() -> None:
    assert read_limits(False, False, None, True)[0].unknown_price
    _, problems = read_limits(False, False, None, "maybe")
    assert ["yes_unknown_price" in line for line in problems] == [True]
