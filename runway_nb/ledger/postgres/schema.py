"""The ledger's tables on a server, as numbered steps under one lock. Steps are only ever appended.

All of it lies in a schema of its own, so that one database may serve other programs too.
"""

from __future__ import annotations

from collections.abc import Callable

from ..engine import Connection

SCHEMA = "runway_nb"
_FUNCTIONS = (
    """CREATE FUNCTION typeof(anyelement) RETURNS text LANGUAGE sql STABLE AS $$
        SELECT CASE WHEN $1 IS NULL THEN 'null' WHEN pg_typeof($1) = 'text'::regtype THEN 'text'
               WHEN pg_typeof($1) = 'double precision'::regtype THEN 'real' ELSE 'integer' END $$""",
    "CREATE FUNCTION instr(text, text) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT strpos($1, $2)'",
    """CREATE FUNCTION date(double precision, text, text) RETURNS text LANGUAGE sql STABLE AS
        $$SELECT to_char(to_timestamp($1), 'YYYY-MM-DD')$$""",
)
"""What SQLite has and the statements of the ledger use. A column here holds what its type says, nothing else."""


_JOBS = """CREATE TABLE jobs (
    rowid BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE,
    id TEXT PRIMARY KEY,
    created DOUBLE PRECISION NOT NULL,
    updated DOUBLE PRECISION NOT NULL,
    phase TEXT NOT NULL,
    model TEXT NOT NULL,
    request TEXT NOT NULL,
    original_request TEXT NOT NULL DEFAULT '',
    digest TEXT NOT NULL,
    prompt_hash TEXT NOT NULL DEFAULT '',
    reply_ref TEXT NOT NULL,
    credits BIGINT NOT NULL,
    simulated INTEGER NOT NULL,
    task_id TEXT NOT NULL DEFAULT '',
    guessed INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    refusal TEXT NOT NULL DEFAULT '',
    video TEXT NOT NULL DEFAULT '',
    took DOUBLE PRECISION,
    folder TEXT NOT NULL DEFAULT '',
    cell TEXT NOT NULL DEFAULT '',
    backend TEXT NOT NULL DEFAULT '',
    notebook TEXT NOT NULL DEFAULT '',
    sent DOUBLE PRECISION,
    server_sent DOUBLE PRECISION,
    owner TEXT NOT NULL DEFAULT '',
    lease DOUBLE PRECISION NOT NULL DEFAULT 0,
    resent_as TEXT NOT NULL DEFAULT '',
    imported INTEGER NOT NULL DEFAULT 0,
    boot TEXT NOT NULL DEFAULT '',
    uptime DOUBLE PRECISION
)"""
_INDEXES = {
    "created": "(created)", "digest": "(digest)", "reply_ref": "(reply_ref)", "prompt_hash": "(prompt_hash)",
    "uptime": "(boot, uptime)", "task": "(task_id)", "phase": "(phase)",
    "resent": "(resent_as) WHERE resent_as != ''",
    "moderated": "(updated) WHERE refusal != ''", "owner": "(owner) WHERE lease > 0",
    "imported": "(imported) WHERE imported = 1",
}  # fmt: skip
_OTHERS = (
    "CREATE TABLE beats (job_id TEXT PRIMARY KEY, boot TEXT NOT NULL, seconds DOUBLE PRECISION NOT NULL)",
    """CREATE TABLE uploaded (
            content TEXT NOT NULL, backend TEXT NOT NULL, account TEXT NOT NULL, asset_id TEXT NOT NULL,
            created DOUBLE PRECISION NOT NULL, PRIMARY KEY (content, backend, account)
        )""",
    """CREATE TABLE marks (
            job_id TEXT PRIMARY KEY, star INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0,
            note TEXT NOT NULL DEFAULT '', change BIGINT NOT NULL UNIQUE
        )""",
    "CREATE TABLE search (row_number BIGINT PRIMARY KEY, words tsvector NOT NULL)",
    "CREATE INDEX search_words ON search USING gin (words)",
    "CREATE TABLE searchable (form INTEGER, last_row BIGINT, last_change BIGINT)",
    "CREATE TABLE addresses (key TEXT PRIMARY KEY, address TEXT NOT NULL)",
)
"""The other tables. Addresses of accounts and passwords of links lie apart from the rows: every machine needs them."""


def _p001_tables(connection: Connection) -> None:
    for statement in (*_FUNCTIONS, _JOBS, *_OTHERS):
        connection.execute(statement)
    for name, columns in _INDEXES.items():
        connection.execute(f"CREATE INDEX jobs_{name} ON jobs {columns}")


def _p002_slots(connection: Connection) -> None:
    """Who holds the slots of an account or waits for one, and which accounts take no more for a while."""
    connection.execute(
        """CREATE TABLE slots (
            job_id TEXT PRIMARY KEY, backend TEXT NOT NULL, payer TEXT NOT NULL, account TEXT NOT NULL,
            number BIGINT NOT NULL
        )"""
    )
    connection.execute(
        """CREATE TABLE closed_accounts (
            backend TEXT NOT NULL, payer TEXT NOT NULL, account TEXT NOT NULL, boot TEXT NOT NULL,
            until DOUBLE PRECISION NOT NULL, level INTEGER NOT NULL, in_row INTEGER NOT NULL,
            PRIMARY KEY (backend, payer, account)
        )"""
    )


def _p003_budgets(connection: Connection) -> None:
    """Who asked for a job, and how much each may spend."""
    connection.execute("ALTER TABLE jobs ADD COLUMN asked_by TEXT NOT NULL DEFAULT ''")
    connection.execute("CREATE INDEX jobs_spent ON jobs (credits, backend, asked_by, phase)")
    connection.execute(
        """CREATE TABLE budgets (
            scope TEXT NOT NULL, name TEXT NOT NULL, credits BIGINT NOT NULL, period TEXT NOT NULL,
            PRIMARY KEY (scope, name, period)
        )"""
    )


STEPS: tuple[Callable[[Connection], None], ...] = (_p001_tables, _p002_slots, _p003_budgets)


def migrate(connection: Connection) -> None:
    """Bring the server to the newest step, inside the caller's transaction."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    connection.execute("CREATE TABLE IF NOT EXISTS steps (step INTEGER PRIMARY KEY)")
    for number, step in enumerate(STEPS[version(connection) :], start=version(connection) + 1):
        step(connection)
        connection.execute("INSERT INTO steps VALUES (?)", (number,))


def version(connection: Connection) -> int:
    """Return how many steps have been applied; 0 where there is no ledger yet."""
    if connection.execute("SELECT to_regclass(?)", (f"{SCHEMA}.steps",)).fetchone()[0] is None:
        return 0
    return int(connection.execute("SELECT COALESCE(MAX(step), 0) FROM steps").fetchone()[0])
