"""The ledger's tables, as numbered steps. Steps are only ever appended."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from urllib.parse import urlsplit

from ..settings import backend_name, is_loopback
from .engine import Connection

Step = Callable[[sqlite3.Connection], None]


def _m001_jobs(connection: sqlite3.Connection) -> None:
    connection.execute(
        """CREATE TABLE jobs (
            id TEXT PRIMARY KEY,
            created REAL NOT NULL,
            updated REAL NOT NULL,
            phase TEXT NOT NULL,
            model TEXT NOT NULL,
            request TEXT NOT NULL,
            digest TEXT NOT NULL,
            reply_ref TEXT NOT NULL,
            credits INTEGER NOT NULL,
            simulated INTEGER NOT NULL,
            task_id TEXT NOT NULL DEFAULT '',
            status TEXT NOT NULL DEFAULT '',
            error TEXT NOT NULL DEFAULT '',
            message TEXT NOT NULL DEFAULT '',
            video TEXT NOT NULL DEFAULT '',
            took REAL,
            folder TEXT NOT NULL DEFAULT '',
            cell TEXT NOT NULL DEFAULT ''
        )"""
    )
    connection.execute("CREATE INDEX jobs_created ON jobs (created)")
    connection.execute("CREATE INDEX jobs_digest ON jobs (digest)")
    connection.execute("CREATE INDEX jobs_reply_ref ON jobs (reply_ref)")


def _m002_owners_and_books(connection: sqlite3.Connection) -> None:
    """Who sees a job through, where its money went, and what moderation refused."""
    for column in (
        "wish TEXT NOT NULL DEFAULT ''",
        "party TEXT NOT NULL DEFAULT ''",
        "notebook TEXT NOT NULL DEFAULT ''",
        "sent REAL",
        "owner TEXT NOT NULL DEFAULT ''",
        "lease REAL NOT NULL DEFAULT 0",
        "words TEXT NOT NULL DEFAULT ''",
        "refusal TEXT NOT NULL DEFAULT ''",
        "resent_as TEXT NOT NULL DEFAULT ''",
    ):
        connection.execute(f"ALTER TABLE jobs ADD COLUMN {column}")
    # rows of before: what is known of them, so that they are found like any other
    connection.execute("UPDATE jobs SET party = CASE simulated WHEN 1 THEN 'simulator' ELSE 'api.useapi.net' END")
    connection.execute("UPDATE jobs SET notebook = folder, sent = created")
    connection.execute("UPDATE jobs SET credits = 0 WHERE phase IN ('refused', 'removed')")
    connection.execute(
        "UPDATE jobs SET refusal = CASE message WHEN '' THEN 'no reason was given' "
        "ELSE replace(message, 'refused by moderation: ', '') END WHERE error IN ('TaskModerated', 'PromptRefused')"
    )
    connection.execute("CREATE INDEX jobs_words ON jobs (words)")
    connection.execute("CREATE INDEX jobs_refused ON jobs (updated) WHERE refusal != ''")
    connection.execute("CREATE INDEX jobs_unsent ON jobs (phase) WHERE phase IN ('preparing', 'waiting')")
    connection.execute("CREATE INDEX jobs_owner ON jobs (owner) WHERE lease > 0")


def _m003_uploads(connection: sqlite3.Connection) -> None:
    """Which pictures lie on an account already."""
    connection.execute(
        """CREATE TABLE uploads (
            content TEXT NOT NULL,
            party TEXT NOT NULL,
            account TEXT NOT NULL,
            asset_id TEXT NOT NULL,
            created REAL NOT NULL,
            PRIMARY KEY (content, party, account)
        ) WITHOUT ROWID"""
    )


def _m004_evidence(connection: sqlite3.Connection) -> None:
    """When a create left by the server's clock, and whether a task was only thought to be a job's."""
    connection.execute("ALTER TABLE jobs ADD COLUMN server_sent REAL")
    connection.execute("ALTER TABLE jobs ADD COLUMN guessed INTEGER NOT NULL DEFAULT 0")
    # a time that an earlier step filled in, not that of a create
    connection.execute("UPDATE jobs SET sent = NULL WHERE phase IN ('preparing', 'waiting') AND sent = created")


def _m005_one_name_for_a_backend(connection: sqlite3.Connection) -> None:
    """What was paid at one backend is one sum, however its address was spelt."""
    for table in ("jobs", "uploads"):
        parties = [row[0] for row in connection.execute(f"SELECT DISTINCT party FROM {table}")]  # noqa: S608 - our own names
        for party in filter(lambda party: isinstance(party, str), parties):
            if party and party != "simulator" and (name := _name_of(party)) != party:
                # an upload that is known under both names is one
                connection.execute(f"UPDATE OR REPLACE {table} SET party = ? WHERE party = ?", (name, party))  # noqa: S608


def _name_of(party: str) -> str:
    try:
        scheme = "http" if is_loopback(urlsplit(f"//{party}").hostname) else "https"
        return backend_name(f"{scheme}://{party}")
    except ValueError:
        return party  # some accident has spoilt it


def _m006_beats(connection: sqlite3.Connection) -> None:
    """When each lease was last renewed, by the seconds of its owner's machine: a clock on the wall may be set."""
    connection.execute(
        "CREATE TABLE beats (job_id TEXT PRIMARY KEY, boot TEXT NOT NULL, seconds REAL NOT NULL) WITHOUT ROWID"
    )
    # the same of the moment in which a job was written down, for the day's budget
    connection.execute("ALTER TABLE jobs ADD COLUMN boot TEXT NOT NULL DEFAULT ''")
    connection.execute("ALTER TABLE jobs ADD COLUMN uptime REAL")
    connection.execute("CREATE INDEX jobs_uptime ON jobs (boot, uptime)")


def _m007_names_of_fields(connection: sqlite3.Connection) -> None:
    """Columns are called as the fields of a record: `original_request`, `backend`, `prompt_hash`.

    Kernels of an earlier version may have the file open, with paid jobs that they track. For them the old columns and
    the old table of uploads stay, and triggers fill in what the other version does not write. A later step may drop
    all of it.
    """
    for column in ("original_request", "backend", "prompt_hash"):
        connection.execute(f"ALTER TABLE jobs ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
    connection.execute("UPDATE jobs SET original_request = wish, backend = party, prompt_hash = words")
    # jobs under way may need theirs there; the others would only take up room
    connection.execute("UPDATE jobs SET wish = '' WHERE phase IN ('done', 'refused', 'removed', 'failed')")
    connection.execute(
        """CREATE TRIGGER jobs_of_earlier_versions AFTER INSERT ON jobs
        WHEN NEW.backend = '' AND (NEW.party != '' OR NEW.wish != '' OR NEW.words != '') BEGIN
            UPDATE jobs SET original_request = NEW.wish, backend = NEW.party, prompt_hash = NEW.words
            WHERE rowid = NEW.rowid;
        END"""
    )
    connection.execute(
        """CREATE TRIGGER jobs_for_earlier_versions AFTER INSERT ON jobs WHEN NEW.backend != '' BEGIN
            UPDATE jobs SET party = NEW.backend, words = NEW.prompt_hash WHERE rowid = NEW.rowid;
        END"""
    )
    connection.execute("DROP INDEX jobs_words")
    connection.execute("CREATE INDEX jobs_prompt_hash ON jobs (prompt_hash)")
    connection.execute(
        """CREATE TABLE uploaded (
            content TEXT NOT NULL,
            backend TEXT NOT NULL,
            account TEXT NOT NULL,
            asset_id TEXT NOT NULL,
            created REAL NOT NULL,
            PRIMARY KEY (content, backend, account)
        ) WITHOUT ROWID"""
    )
    connection.execute("INSERT INTO uploaded SELECT content, party, account, asset_id, created FROM uploads")


def _m008_marks(connection: sqlite3.Connection) -> None:
    """Star, rejection and note, in a table of their own, which kernels of an earlier version leave alone.

    `change` numbers the changes: what has a higher number than the last one that somebody has seen is new.
    """
    connection.execute(
        """CREATE TABLE marks (
            job_id TEXT PRIMARY KEY,
            star INTEGER NOT NULL DEFAULT 0,
            rejected INTEGER NOT NULL DEFAULT 0,
            note TEXT NOT NULL DEFAULT '',
            change INTEGER NOT NULL
        ) WITHOUT ROWID"""
    )
    connection.execute("CREATE UNIQUE INDEX marks_change ON marks (change)")


def _m009_imported(connection: sqlite3.Connection) -> None:
    """Which jobs came with an export of another machine."""
    connection.execute("ALTER TABLE jobs ADD COLUMN imported INTEGER NOT NULL DEFAULT 0")


def _m010_index_of_imported(connection: sqlite3.Connection) -> None:
    """The few jobs that imports have brought, so that no long row is read to see that it is none of them."""
    connection.execute("CREATE INDEX jobs_imported ON jobs (imported) WHERE imported = 1")


def _m011_slots(connection: sqlite3.Connection) -> None:
    """Who holds the slots of an account or waits for one, and which accounts take no more for a while."""
    connection.execute(
        """CREATE TABLE slots (
            job_id TEXT PRIMARY KEY,
            backend TEXT NOT NULL,
            payer TEXT NOT NULL,
            account TEXT NOT NULL,
            number INTEGER NOT NULL
        ) WITHOUT ROWID"""
    )
    connection.execute(
        """CREATE TABLE closed_accounts (
            backend TEXT NOT NULL,
            payer TEXT NOT NULL,
            account TEXT NOT NULL,
            boot TEXT NOT NULL,
            until REAL NOT NULL,
            level INTEGER NOT NULL,
            in_row INTEGER NOT NULL,
            PRIMARY KEY (backend, payer, account)
        ) WITHOUT ROWID"""
    )


def _m012_budgets(connection: sqlite3.Connection) -> None:
    """Who asked for a job, and how much each may spend."""
    connection.execute("ALTER TABLE jobs ADD COLUMN asked_by TEXT NOT NULL DEFAULT ''")
    # all that a sum over all time needs: no long row is read for it
    connection.execute("CREATE INDEX jobs_spent ON jobs (credits, backend, asked_by, phase)")
    connection.execute(
        """CREATE TABLE budgets (
            scope TEXT NOT NULL,
            name TEXT NOT NULL,
            credits INTEGER NOT NULL,
            period TEXT NOT NULL,
            PRIMARY KEY (scope, name, period)
        ) WITHOUT ROWID"""
    )


STEPS: tuple[Step, ...] = (
    _m001_jobs,
    _m002_owners_and_books,
    _m003_uploads,
    _m004_evidence,
    _m005_one_name_for_a_backend,
    _m006_beats,
    _m007_names_of_fields,
    _m008_marks,
    _m009_imported,
    _m010_index_of_imported,
    _m011_slots,
    _m012_budgets,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring an open ledger to the newest step, inside the caller's transaction."""
    for number, step in enumerate(STEPS[version(connection) :], start=version(connection) + 1):
        step(connection)
        connection.execute(f"PRAGMA user_version = {number}")


def version(connection: Connection) -> int:
    """Return how many steps have been applied."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
