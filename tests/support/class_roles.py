"""The roles of a class on a server of the tests, made by the statements of `docs/hub.md`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from runway_nb.ledger.opening import open_ledger
from runway_nb.ledger_address import LedgerAddress

from .fakes import FakeTime
from .page_blocks import blocks_of
from .postgres import shared_server

HUB_PAGE = Path(__file__).parents[2] / "docs" / "hub.md"
PASSWORD = "never-shown-7f3"


class ClassRoles(NamedTuple):
    """Addresses of one ledger, for those who own it and for those who use it."""

    teacher: str
    students: str


@cache
def class_roles() -> ClassRoles:
    """Return the roles; at the first call the page is followed: roles and database, the tables, the rights."""
    first, then = (block.source for block in blocks_of(HUB_PAGE) if block.language == "sql")
    url = shared_server().url
    roles = ClassRoles(
        *(f"postgresql://{role}:{PASSWORD}@/course?{url.partition('?')[2]}" for role in ("teacher", "students"))
    )
    _run(url, first)
    ledger = open_ledger(Path("/nowhere"), LedgerAddress(roles.teacher), FakeTime(), FakeTime())
    assert ledger.count() == 0
    ledger.close()
    _run(roles.teacher, then)
    return roles


def _run(url: str, source: str) -> None:
    import psycopg  # in the cluster extra

    with psycopg.connect(url, autocommit=True) as connection:
        for statement in filter(None, (part.strip() for part in source.split(";"))):
            connection.execute(statement.encode())
