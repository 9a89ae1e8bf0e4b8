"""The token and the account's e-mail appear nowhere: one session with all kinds of ends, and everything it left."""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from runway_nb import errors
from runway_nb.jobs.job import Job
from runway_nb.keyframes import Keyframes
from runway_nb.notebook.cards.card import body_html, film_html
from runway_nb.notebook.magics.dry_run import dry_run_text
from runway_nb.notebook.rendering import tables
from runway_nb.notebook.rendering.live_state import live_state
from runway_nb.notebook.rendering.plain_text import live_line, log_line
from runway_nb.notebook.rendering.result_html import bundle
from runway_nb.request import VideoRequest
from support.fakes import EMAIL, TOKEN, FakeTime, Party

SECRETS = (TOKEN, TOKEN.partition("-")[2], EMAIL, EMAIL.replace("@", "%40"))
ENDS = (
    None,
    "429-account",
    "422",
    "412",
    "404-asset",
    "lost-answer",
    "moderated",
    "failed-string",
    "cut-download",
    "401",
)


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """Everything that any logger of the process writes, at the lowest level."""
    text = io.StringIO()
    handler, root = logging.StreamHandler(text), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


def session(party: Party) -> str:
    """Run a job to each kind of end; everything that a person can see of it, as one text."""
    seen: list[str] = []

    def watch(job: Job) -> None:
        seen.append(body_html(job, live_state(job, party.time.now)) + film_html(job) + repr(job))
        seen.append(live_line(job, live_state(job, 0)) + log_line(job, live_state(job, 0)))

    asset = party.studio.account.assets()[0]
    for fault in ENDS:
        party.simulator.clear()
        if fault:
            party.simulator.fault(fault, times=None if fault != "429-account" else 2)
        with party.held():
            job = party.submit(keyframes=Keyframes(asset.id))
            job.cell = f"%%runway --first {asset.id}\nA lamp turns"
            job.observe(watch)
        party.ended(job)
        seen += [*bundle(job).values(), repr(job), repr(job.state), repr(job.request), repr(job.task), str(job.error)]
        try:
            job.wait()
        except errors.RunwayError as error:
            seen += [*error._render_traceback_(), "".join(traceback.format_exception(error)), repr(error)]
        seen.append(repr(party.studio.find(job.id)))
    return "\n".join(seen)


def listings(party: Party) -> str:
    """What the listing commands show."""
    party.simulator.clear()
    jobs = tables.jobs_bundle(party.studio.ledger.recent(), party.studio.jobs)
    tasks = tables.tasks_bundle(party.studio.account.tasks())
    plan = dry_run_text(VideoRequest("x", Keyframes(party.studio.account.assets()[0].id)))
    credit = tables.credits_text(party.studio.account.credits(), simulated=False)
    reprs = [
        party.studio,
        party.settings,
        party.studio.account.assets(),
        party.studio.ledger,
        party.studio.ledger.recent(),
    ]
    return "\n".join([*jobs.values(), *tasks.values(), plan, credit, repr(reprs)])


def test_no_secret_is_shown_logged_or_kept(tmp_path: Path, time: FakeTime, logs: io.StringIO) -> None:
    with Party(tmp_path, time) as party:
        shown = session(party) + listings(party)
        kept = {path: path.read_bytes() for path in (tmp_path / "home").glob("ledger*")}
        rows = party.studio.ledger.recent()
    assert len(rows) == len(ENDS), "each wish left a row"
    assert any(EMAIL in row.task_id for row in rows), "whole ids come back out of the ledger"
    assert "HTTP Request" in logs.getvalue(), "the logs of the HTTP client were looked at"
    for secret in SECRETS:
        assert secret not in shown
        assert secret not in logs.getvalue()
        assert not [path for path, data in kept.items() if secret.encode() in data]


def test_the_address_lies_in_a_private_file(tmp_path: Path, time: FakeTime) -> None:
    with Party(tmp_path, time) as party:
        party.submit().wait(10)
    (book,) = (tmp_path / "home" / "accounts").iterdir()
    assert book.read_text() == EMAIL
    assert book.stat().st_mode & 0o077 == 0
    assert book.parent.stat().st_mode & 0o077 == 0
