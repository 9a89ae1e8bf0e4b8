"""What looking through ten thousand past jobs costs: a page, a search, a mark, a table; and an old file, once."""

from __future__ import annotations

import io
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

from benchmarks.ledger import JOBS, Row, fill, took
from runway_nb.history_table import table_of
from runway_nb.ledger import migrations
from runway_nb.ledger.history import HistoryFilter, HistoryPage
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.thumbnails import Folders, keep_thumbnail, kept_thumbnail
from runway_nb.notebook.rendering import tiles
from runway_nb.notebook.rendering.history_gallery import USUAL, Shown, bundle

ROUNDS = 15
WORDS = (
    "lamp", "fog", "rolls", "lighthouse", "harbour", "dusk", "boat", "camera", "slow", "red", "blue", "ink", "noir",
    "sea", "storm", "Küste", "東京の夜", "evening", "light", "turns", "wind", "gulls", "over", "the", "old", "town",
    "while", "rain", "falls",
)  # fmt: skip
BEFORE_MARKS = 7
"""Steps of a ledger that knows no marks."""


def measure() -> list[Row]:
    """Name, figure and goal of each measurement."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        return [*_old_file(home / "old"), *_looked_through(home / "new")]


def bodies() -> Iterator[str]:
    """Prompts of fifteen words, and a number that no other has."""
    random = Random(7)
    for number in range(JOBS):
        prompt = f"{' '.join(random.choices(WORDS, k=15))} number{number}"
        yield json.dumps({"text_prompt": prompt, "seconds": 10, "seed": 3_000_000_000 + number})


def _old_file(home: Path) -> list[Row]:
    """A file of the version before marks."""
    home.mkdir()
    with closing(sqlite3.connect(home / "ledger.sqlite3", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN")
        for number, step in enumerate(migrations.STEPS[:BEFORE_MARKS], start=1):
            step(connection)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
        fill(connection, bodies())
    ledger = Ledger(home)
    bringing = took(lambda: ledger.get("00000000"))
    ledger.close()
    return [(f"{JOBS:,} jobs of the version before: brought up to date and one read, ms", bringing, "")]


def _looked_through(home: Path) -> list[Row]:
    ledger = Ledger(home)
    ledger.recent(1)
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as connection:
        fill(connection, bodies())
    posters = (home / "posters",)
    for number in range(JOBS - 2 * USUAL, JOBS):
        keep_thumbnail(posters, f"{number:08x}", _poster(number))
    name = f"{JOBS:,} jobs"
    rows = [(f"{name}: the first search, which makes the index, ms", took(lambda: _page(ledger, words="lamp")), "")]
    acts: dict[str, tuple[Callable[[], object], str]] = {
        "first page with new posters": (lambda: _shown(ledger, posters), "<= 100"),
        "a page in the middle, without posters": (
            lambda: ledger.history.page(limit=USUAL, before=f"{JOBS // 2:08x}"), "<= 100",
        ),
        "search for a word that half of them have": (lambda: _page(ledger, words="lamp"), "<= 50"),
        "search for a word that one has": (lambda: _page(ledger, words="number4711"), "<= 50"),
        "search for the beginnings of three words": (lambda: _page(ledger, words="li ha kust"), "<= 50"),
        "search in a script without blanks": (lambda: _page(ledger, words="京の夜"), "<= 50"),
        "all filters at once": (
            lambda: _page(ledger, words="lamp", model="gen3turbo", since=1.0, notebook="film"), "<= 50",
        ),
        "a star set": (lambda: ledger.marks.set("00000001", star=True), ""),
        "search after a star was set": (lambda: _marked_and_searched(ledger), "<= 50"),
        "marks of 50 jobs": (lambda: ledger.marks.of_jobs([f"{number:08x}" for number in range(50)]), ""),
        "a table of 1,000 rows": (lambda: table_of(ledger.history.all(limit=1000), home), ""),
    }  # fmt: skip
    for act, (work, goal) in acts.items():
        rows.append((f"{name}: {act}, ms", statistics.median(took(work) for _ in range(ROUNDS)), goal))
    ledger.close()
    return rows


def _page(ledger: Ledger, **wanted: Any) -> HistoryPage:
    return ledger.history.page(HistoryFilter(**wanted), limit=USUAL)


def _shown(ledger: Ledger, posters: Folders) -> dict[str, str]:
    """A page as `%runway history` shows it, in a kernel that has shown none before."""
    tiles.small_picture.cache_clear()
    page = ledger.history.page(limit=USUAL)
    return bundle(page, HistoryFilter(), Shown({}, lambda job_id: kept_thumbnail(posters, job_id), posters[0]))


def _marked_and_searched(ledger: Ledger) -> HistoryPage:
    ledger.marks.set("00000001", note=f"as of {time.perf_counter()}")
    return _page(ledger, words="lamp")


def _poster(number: int) -> bytes:
    out = io.BytesIO()
    wave = Image.effect_mandelbrot((560, 336), (-2.0, -1.2, 1.0, 0.6), 40 + number % 30).convert("RGB")
    wave.save(out, "JPEG", quality=60)
    return out.getvalue()
