"""The history: which jobs a filter lets through, page by page, and the search in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runway_nb.errors import InvalidRequest, JobNotFound
from runway_nb.ledger import database, search_index, searched_text
from runway_nb.ledger.database import LedgerFile
from runway_nb.ledger.history import EVERYTHING, HistoryFilter, LedgerHistory, read_filter
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.marks import Marks
from runway_nb.ledger.record import UnreadableRecord
from support.fakes import TOKEN
from support.ledgers import FILE, SERVER, engine_chosen, make_ledger
from support.records import a_record
from support.strategies import EMAIL

NOW = 1_763_801_240.0
DAY = 86_400.0
MANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock, engine: str) -> Iterator[Ledger]:
    ledger = make_ledger(tmp_path, clock)
    yield ledger
    ledger.close()


def add(ledger: Ledger, prompt: str, **fields: Any) -> str:
    """A job with this prompt; its id."""
    job_id = f"{ledger.history.page().total + 1:08x}"
    ledger.add(a_record(job_id, request={"text_prompt": prompt, "seed": 7}, **fields))
    return job_id


def ids(ledger: Ledger, limit: int = 500, **wanted: Any) -> list[str]:
    page = ledger.history.page(HistoryFilter(**wanted), limit=limit)
    assert page.total >= len(page.entries)
    return [entry.record.id for entry in page.entries]


# --- filters ----------------------------------------------------------------------------------------


def test_all_jobs_are_there_the_newest_first_with_their_marks(ledger: Ledger) -> None:
    lamp, boat = add(ledger, "A lamp"), add(ledger, "A boat")
    ledger.marks.set(lamp, star=True, note="dusk")
    page = ledger.history.page()
    assert [(entry.record.id, entry.marks) for entry in page.entries] == [
        (boat, Marks()), (lamp, Marks(star=True, note="dusk")),
    ]  # fmt: skip
    assert (page.first, page.last, page.total, page.next) == (1, 2, 2, "")


def test_an_empty_ledger_has_an_empty_page(ledger: Ledger) -> None:
    page = ledger.history.page(HistoryFilter(words="lamp"))
    assert (page.entries, page.first, page.last, page.total, page.next) == ((), 1, 0, 0, "")
    assert list(ledger.history.all()) == []


def test_each_filter_lets_through_what_it_says(ledger: Ledger, clock: Clock) -> None:
    old = add(ledger, "A lamp", model="gen4_5", notebook="/home/me/film.ipynb")
    clock.now += 10 * DAY
    failed = add(ledger, "A lamp at sea", phase="failed", notebook="/home/me/other.ipynb")
    refused = add(ledger, "A boat", phase="refused", notebook="/home/me/film.ipynb")
    removed = add(ledger, "A boat", phase="removed", notebook="film")
    ledger.marks.set(old, star=True)
    ledger.marks.set(failed, rejected=True)
    assert ids(ledger, words="lamp") == [failed, old]
    assert ids(ledger, model="gen4_5") == [old]
    assert ids(ledger, since=NOW + DAY) == [removed, refused, failed]
    assert ids(ledger, stars=True) == [old]
    assert ids(ledger, failed=True) == [refused, failed]
    assert ids(ledger, notebook="film.ipynb") == [refused, old]
    assert ids(ledger, notebook="film") == [removed, refused, old]
    assert ids(ledger, notebook="me/film.ipynb") == ids(ledger, notebook="/home/me/film.ipynb") == [refused, old]
    assert ids(ledger, notebook="ilm.ipynb") == ids(ledger, notebook="%") == []
    assert ids(ledger, words="lamp", failed=True, notebook="other") == [failed]
    assert ids(ledger, words="lamp", stars=True, failed=True) == []


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "words": st.sampled_from(["lamp", "a", "boat sea", "LAMP", ""]),
        "model": st.sampled_from(["gen3turbo", "gen4_5"]),
        "since": st.sampled_from([NOW - DAY, NOW, NOW + 5]),
        "stars": st.booleans(),
        "notebook": st.sampled_from(["a.ipynb", "b"]),
        "failed": st.booleans(),
    },
)
JOBS = st.lists(
    st.tuples(
        st.sampled_from(["a lamp", "the boat at sea", "A Lamp at sea", ""]), st.sampled_from(["gen3turbo", "gen4_5"]),
        st.sampled_from(["a.ipynb", "/x/b.ipynb"]), st.sampled_from(["done", "failed", "refused"]), st.booleans(),
    ),
    max_size=12,
)  # fmt: skip


@pytest.mark.usefixtures("engine")
@pytest.mark.usefixtures("engine")
@MANY
@given(jobs=JOBS, one=FILTERS, other=FILTERS)
def test_two_filters_let_through_what_each_does(
    tmp_path_factory: pytest.TempPathFactory, jobs: Sequence[Any], one: dict[str, Any], other: dict[str, Any]
) -> None:
    clock = Clock()
    with closing(make_ledger(tmp_path_factory.mktemp("laws"), clock)) as ledger:
        for prompt, model, notebook, phase, star in jobs:
            clock.now += 1
            ledger.marks.set(add(ledger, prompt, model=model, notebook=notebook, phase=phase), star=star)
        everything = ids(ledger)
        mine, theirs, both = ids(ledger, **one), ids(ledger, **other), ids(ledger, **{**other, **one})
        assert set(mine) <= set(everything)
        assert mine == [job for job in everything if job in mine]
        if not one.keys() & other.keys():
            assert both == [job for job in mine if job in theirs]
        assert ledger.history.page(HistoryFilter(**one), limit=1).total == len(mine)
        assert [entry.record.id for entry in ledger.history.all(HistoryFilter(**one))] == mine


def test_what_a_user_asks_for_is_read_with_all_mistakes() -> None:
    wanted = read_filter(NOW, "lamp", "gen4_5", "1d", True, "film", False)
    assert wanted == HistoryFilter("lamp", "gen4_5", NOW - DAY, stars=True, notebook="film")
    assert read_filter(NOW) == EVERYTHING
    with pytest.raises(InvalidRequest) as caught:
        read_filter(NOW, 7, "gen5", "last week", "yes", [], 1)
    assert [problem.partition(" is ")[0] for problem in caught.value.problems] == [
        "words", "model", "since", "stars", "notebook", "failed",
    ]  # fmt: skip
    assert "give 7d, 24h" in caught.value.problems[2]
    assert "known are gen3turbo" in caught.value.problems[1]


# --- pages ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("engine")
@pytest.mark.usefixtures("engine")
@MANY
@given(st.integers(1, 7), st.lists(st.sampled_from(["turn", "add", "mark"]), max_size=14), st.integers(0, 12))
def test_pages_show_each_job_once_while_others_are_written(
    tmp_path_factory: pytest.TempPathFactory, limit: int, acts: list[str], count: int
) -> None:
    with closing(make_ledger(tmp_path_factory.mktemp("pages"))) as ledger:
        there = [add(ledger, "a lamp") for _ in range(count)]
        seen, before, numbers = list[str](), "", list[int]()
        for act in [*acts, *["turn"] * (count + len(acts) + 2)]:
            if act == "add":
                add(ledger, "a lamp, too")
            elif act == "mark" and there:
                ledger.marks.set(there[0], star=True)
            elif act == "turn":
                page = ledger.history.page(HistoryFilter(words="lamp"), limit=limit, before=before)
                seen += [entry.record.id for entry in page.entries]
                numbers.append(page.first)
                before = page.next
                if not before:
                    break
        assert [job for job in seen if job in there] == there[::-1]
        assert len(set(seen)) == len(seen)
        assert numbers == sorted(numbers)


def test_a_page_says_where_it_stands(ledger: Ledger) -> None:
    made = [add(ledger, "A lamp") for _ in range(5)]
    page = ledger.history.page(limit=2)
    assert (page.first, page.last, page.total, page.next) == (1, 2, 5, made[3])
    page = ledger.history.page(limit=2, before=page.next)
    assert (page.first, page.last, page.total, page.next) == (3, 4, 5, made[1])
    page = ledger.history.page(limit=2, before=page.next)
    assert (page.first, page.last, page.total, page.next) == (5, 5, 5, "")
    with pytest.raises(JobNotFound):
        ledger.history.page(before="ffffffff")


@pytest.mark.of_file
def test_a_job_that_cannot_be_read_hides_no_other(ledger: Ledger) -> None:
    lamp, spoilt, boat = (add(ledger, prompt) for prompt in ("A lamp", "A kite", "A boat"))
    ledger.marks.set(spoilt, star=True)
    with closing(sqlite3.connect(ledger.path)) as connection:
        connection.execute("UPDATE jobs SET request = '{' WHERE id = ?", (spoilt,))
        connection.commit()
    entries = ledger.history.page().entries
    assert [entry.record.id for entry in entries] == [boat, spoilt, lamp]
    assert isinstance(entries[1].record, UnreadableRecord)
    assert ids(ledger, stars=True) == [spoilt]
    assert ids(ledger, words="kite") == []
    assert ids(ledger, words=spoilt) == [spoilt]


@pytest.mark.of_file
def test_jobs_stand_in_the_order_in_which_they_were_asked_for_whenever_they_were_written(ledger: Ledger) -> None:
    now, older, spoilt, brought, also_now = (add(ledger, "A lamp") for _ in range(5))
    with closing(sqlite3.connect(ledger.path)) as connection:
        for column, job, moment in (
            ("created", older, NOW - DAY), ("created", spoilt, "long ago"), ("sent", brought, NOW - 2 * DAY),
            ("sent", also_now, NOW - 9 * DAY), ("imported", brought, 1),
        ):  # fmt: skip
            connection.execute(f"UPDATE jobs SET {column} = ? WHERE id = ?", (moment, job))
        connection.commit()
    order = [also_now, now, older, brought, spoilt]
    assert ids(ledger) == order
    assert ids(ledger, since=NOW - DAY) == order[:3]
    seen, before = list[str](), ""
    for number in range(1, 6):
        page = ledger.history.page(limit=1, before=before)
        assert (page.first, page.total) == (number, 5)
        seen.append(page.entries[0].record.id)
        before = page.next
    assert (seen, before) == (order, "")


@pytest.mark.of_file
def test_a_page_goes_on_behind_a_job_whose_id_is_spoilt(ledger: Ledger) -> None:
    made = [add(ledger, "A lamp") for _ in range(3)]
    with closing(sqlite3.connect(ledger.path)) as connection:
        connection.execute("UPDATE jobs SET id = X'00ff' WHERE id = ?", (made[1],))
        connection.commit()
    page = ledger.history.page(limit=2)
    assert (page.entries[1].record.id, page.next) == ("in row 2", "in row 2")
    assert [entry.record.id for entry in ledger.history.page(limit=2, before=page.next).entries] == [made[0]]
    assert len(list(ledger.history.all())) == 3
    with pytest.raises(JobNotFound):
        ledger.history.page(before="in row 77")


# --- search -----------------------------------------------------------------------------------------


@pytest.fixture(
    params=[
        "index", "no FTS5", "no right to make an index",
        pytest.param("on a server", marks=pytest.mark.slow("a PostgreSQL server")),
    ]
)  # fmt: skip
def searched(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """A ledger whose SQLite has FTS5, has none, or may not use it, and one on a server."""

    def connect(path: Path) -> sqlite3.Connection:
        connection = database.open_file(path)
        if request.param == "no right to make an index":
            deny = {sqlite3.SQLITE_CREATE_VTABLE: sqlite3.SQLITE_DENY}
            connection.set_authorizer(lambda action, *_: deny.get(action, sqlite3.SQLITE_OK))
        return connection

    if request.param == "no FTS5":
        monkeypatch.setattr(search_index, "has_fts5", lambda _: False)
    is_on_server = request.param == "on a server"
    with engine_chosen(SERVER if is_on_server else FILE):
        file = LedgerFile(tmp_path, lambda: NOW, connect)
        ledger = make_ledger(tmp_path) if is_on_server else Ledger(tmp_path, database=file)
        yield ledger
        ledger.close()


def test_words_are_looked_for_in_prompt_note_and_id(searched: Ledger) -> None:
    lamp, boat = add(searched, "The lamp at the Küste"), add(searched, "A boat, 東京の夜")
    searched.marks.set(boat, note="like the lamp")
    assert ids(searched, words="LAMP") == [boat, lamp]
    assert ids(searched, words="kust") == [lamp]
    assert ids(searched, words="京の") == [boat]
    assert ids(searched, words="like boat") == [boat]
    assert ids(searched, words=lamp) == [lamp]
    assert ids(searched, words="like kuste") == []


def test_a_search_knows_what_was_written_since_the_last_one(searched: Ledger, tmp_path: Path) -> None:
    lamp = add(searched, "A lamp")
    assert ids(searched, words="lamp") == [lamp]
    with closing(make_ledger(tmp_path)) as other:
        second = add(other, "Another lamp")
        other.marks.set(lamp, note="dusk")
    assert ids(searched, words="lamp") == [second, lamp]
    assert ids(searched, words="dusk") == [lamp]
    searched.marks.set(lamp, note="dawn")
    assert ids(searched, words="dusk") == []
    assert ids(searched, words="dawn lamp") == [lamp]
    searched.marks.set(lamp, note="")
    assert ids(searched, words="dawn") == []


SYNTAX = [
    '"lamp', "lamp*", "-lamp", "(lamp", "lamp)", "lamp OR", "NEAR(lamp", "^lamp", "words:lamp", "lamp'", "{lamp}",
    "lamp:", '""lamp""', "+lamp", "lamp;--", "lamp %", "lamp _",
]  # fmt: skip


@pytest.mark.parametrize("words", SYNTAX)
def test_words_are_never_syntax(searched: Ledger, words: str) -> None:
    lamp = add(searched, "Near lamp, words: lamp, or the sea")
    assert ids(searched, words=words) == [lamp]


@pytest.mark.parametrize("words", ["lamp AND boat", "lamp NOT sea", "lamp OR boat"])
def test_what_is_an_operator_elsewhere_is_a_word(searched: Ledger, words: str) -> None:
    add(searched, "The lamp at sea")
    assert ids(searched, words=words) == []


@pytest.mark.parametrize("words", ["*", '"', "--", "()", " ", "\x00", "'; DROP TABLE jobs"])
def test_punctuation_alone_asks_for_nothing(searched: Ledger, words: str) -> None:
    job = add(searched, "Drop the table of jobs")
    assert ids(searched, words=words) == [job]


@pytest.mark.usefixtures("engine")
@MANY
@given(st.lists(st.text(max_size=12), min_size=1, max_size=4), st.text(max_size=12), st.text(max_size=8))
@example([""], "0\x001", "")
def test_what_was_written_is_found_with_an_index_and_without(
    tmp_path_factory: pytest.TempPathFactory, prompts: list[str], note: str, words: str
) -> None:
    with closing(make_ledger(tmp_path_factory.mktemp("found"))) as ledger:
        jobs = [add(ledger, prompt) for prompt in prompts]
        ledger.marks.set(jobs[0], note=note)
        for job, prompt in zip(jobs, prompts, strict=True):
            for word in [prompt, *prompt.split()]:
                assert job in ids(ledger, words=word)
        assert jobs[0] in ids(ledger, words=f"{note} {prompts[0]}")
        indexed = ids(ledger, words=words)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(search_index, "has_fts5", lambda _: False)
            assert ids(ledger, words=words) == indexed


def test_very_many_words_are_looked_for(searched: Ledger) -> None:
    prompt = " ".join(f"word{number}" for number in range(1500))
    job = add(searched, prompt)
    assert ids(searched, words=prompt) == [job]
    assert ids(searched, words=f"{prompt} sea") == []


def test_a_search_holds_no_address_and_finds_by_it(searched: Ledger) -> None:
    job = add(searched, f"Ask {EMAIL} with {TOKEN}")
    assert ids(searched, words=f"ask {EMAIL}") == [job]
    is_file = isinstance(searched.table.database, LedgerFile)
    with searched.table.database.opened() as connection:
        names = "SELECT name FROM sqlite_master WHERE name LIKE 'search%'"
        tables = [name for (name,) in connection.execute(names) if "_" in name] if is_file else ["search"]
        whole = str([[tuple(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in tables])
    for part in (*EMAIL.split("@"), TOKEN):
        assert part not in whole


@pytest.mark.of_file
def test_an_index_of_another_form_is_made_anew(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    lamp = add(ledger, "A lamp")
    assert ids(ledger, words="lamp") == [lamp]
    with closing(sqlite3.connect(ledger.path)) as connection:
        connection.execute("DELETE FROM search")
        connection.commit()
    assert ids(ledger, words="lamp") == []
    monkeypatch.setattr(searched_text, "FORM", searched_text.FORM + 1)
    assert ids(ledger, words="lamp") == [lamp]


def test_more_jobs_than_fit_into_one_step_are_indexed(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searched_text, "BATCH", 3)
    made = [add(ledger, f"lamp {number}") for number in range(8)]
    assert ids(ledger, words="lamp") == made[::-1]


def test_a_search_inside_a_change_leaves_the_change_alone(ledger: Ledger) -> None:
    lamp = add(ledger, "A lamp")
    with ledger.table.database.transaction() as connection:
        connection.execute("UPDATE jobs SET notebook = 'changed.ipynb'")
        assert ids(ledger, words="lamp") == [lamp]
    assert ids(ledger, words="lamp", notebook="changed") == [lamp]


@pytest.mark.of_file
def test_nothing_of_the_index_is_written_before_somebody_searches(ledger: Ledger) -> None:
    ledger.marks.set(add(ledger, "A lamp"), note="dusk")
    ledger.history.page()
    with closing(sqlite3.connect(ledger.path)) as connection:
        assert connection.execute("SELECT 1 FROM sqlite_master WHERE name LIKE 'search%'").fetchone() is None


def test_an_sqlite_too_old_to_say_what_it_has_is_one_without_fts5() -> None:
    class Old(sqlite3.Connection):
        def execute(self, *_: Any) -> sqlite3.Cursor:
            raise sqlite3.OperationalError("no such table: pragma_module_list")

    with closing(sqlite3.connect(":memory:", factory=Old)) as old:
        assert not search_index.has_fts5(old)
    with closing(sqlite3.connect(":memory:")) as connection:
        assert search_index.has_fts5(connection)


@pytest.mark.of_file
def test_a_kernel_without_fts5_writes_on_in_a_ledger_that_has_an_index(ledger: Ledger) -> None:
    lamp = add(ledger, "A lamp")
    assert ids(ledger, words="lamp") == [lamp]
    with closing(sqlite3.connect(ledger.path)) as connection:
        # nothing else in the file names the index, so that a write to a job does not reach it
        others = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%search%'"
        assert connection.execute(others).fetchone()[0] == 0


def test_prompts_of_an_own_model_and_of_the_original_request_are_found(ledger: Ledger) -> None:
    ledger.add(
        a_record("00000001", request={"text_prompt": "sent"}, original_request={"text_prompt": "as it was asked"})
    )
    assert ids(ledger, words="asked") == ids(ledger, words="sent") == ["00000001"]


def test_the_history_of_a_ledger_says_what_it_takes(ledger: Ledger) -> None:
    assert isinstance(ledger.history, LedgerHistory)
    with pytest.raises(InvalidRequest, match="wanted is 'lamp': give a HistoryFilter"):
        ledger.history.page("lamp")  # type: ignore[arg-type]
