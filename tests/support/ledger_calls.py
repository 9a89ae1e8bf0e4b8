"""Every call of a ledger that reads or writes its file."""

from __future__ import annotations

from collections.abc import Callable

from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.marks import Marks

from .records import JOB, a_record
from .strategies import ASSET_ID, EMAIL, TASK_ID

CALLS: dict[str, Callable[[Ledger], object]] = {
    "add": lambda ledger: ledger.add(a_record("0000000a")),
    "adopt": lambda ledger: ledger.adopt(a_record("0000000a", task_id=TASK_ID)),
    "add_imported": lambda ledger: ledger.add_imported(a_record("0000000a"), Marks(star=True)),
    "claim": lambda ledger: ledger.claim(a_record("0000000a"), lambda _: None),
    "leases.take": lambda ledger: ledger.leases.take(JOB, "me/1/0a"),
    "leases.renew": lambda ledger: ledger.leases.renew("me/1/0a"),
    "tasks.assign": lambda ledger: ledger.tasks.assign(JOB, TASK_ID, is_certain=True),
    "tasks.ids": lambda ledger: ledger.tasks.ids(),
    "tasks.missing": lambda ledger: ledger.tasks.missing("b"),
    "update": lambda ledger: ledger.update(JOB, message="x"),
    "get": lambda ledger: ledger.get(JOB),
    "find": lambda ledger: ledger.find("7f3e"),
    "named": lambda ledger: ledger.named(TASK_ID),
    "recent": lambda ledger: ledger.recent(),
    "newest": lambda ledger: ledger.newest(),
    "unfinished": lambda ledger: ledger.unfinished(),
    "unreadable": lambda ledger: ledger.unreadable(),
    "spending.by_day": lambda ledger: ledger.spending.by_day(),
    "spending.today": lambda ledger: ledger.spending.today("b"),
    "uploads.find": lambda ledger: ledger.uploads.find("a", "b", EMAIL),
    "uploads.keep": lambda ledger: ledger.uploads.keep("a", "b", EMAIL, ASSET_ID),
    "uploads.forget": lambda ledger: ledger.uploads.forget("b", account=EMAIL),
}
