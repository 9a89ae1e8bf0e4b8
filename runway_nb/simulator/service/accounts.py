"""The Runway accounts of a user of the simulator. No password is ever kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .contract import MAX_TEXT, RefusedError, missing, not_found, wrong
from .state_db import Store

BUILT_IN = ("simulator@runway-nb.invalid", "second@runway-nb.invalid")
"""Accounts that every user has until one is added, in order."""
STORAGE_GB = 500
MASK = "…"
NO_ACCOUNT = "Please configure at least one account"


@dataclass(frozen=True)
class Account:
    """A Runway account."""

    email: str
    max_jobs: int
    """Tasks that may run at once, 1 to 10."""


class Accounts:
    """Who may generate: the built-in accounts and those added over the API."""

    def __init__(self, store: Store, built_in: int, max_jobs: int) -> None:
        self._store = store
        self._built_in = {email: Account(email, max_jobs) for email in BUILT_IN[:built_in]}

    def of(self, owner: str) -> dict[str, Account]:
        """Return the accounts of a user by email."""
        accounts = dict(self._built_in)
        for row in self._store.rows("SELECT email, max_jobs, gone FROM accounts WHERE owner = ?", owner):
            if row["gone"]:
                accounts.pop(row["email"], None)
            else:
                accounts[row["email"]] = Account(row["email"], row["max_jobs"])
        return accounts

    def any_of(self, owner: str) -> list[Account]:
        """Return all accounts of a user, at least one."""
        accounts = list(self.of(owner).values())
        if not accounts:
            raise RefusedError(400, NO_ACCOUNT)
        return accounts

    def named(self, owner: str, email: str | None) -> Account:
        """Return the account that a call names; `email` may be left out with one account (API facts 13)."""
        accounts = self.any_of(owner)
        if not email:
            if len(accounts) > 1:
                raise missing("email")
            return accounts[0]
        found = next((account for account in accounts if account.email == email), None)
        if found is None:
            raise wrong("email")
        return found

    def get(self, owner: str, email: str) -> Account:
        """Return the account in a path."""
        account = self.of(owner).get(email)
        if account is None:
            raise not_found()
        return account

    def put(self, owner: str, email: str, body: Mapping[str, Any]) -> Account:
        """Add or change an account (API facts 10); the password is looked at and dropped.

        The first account that a user adds takes the place of the built-in ones.
        """
        for name in ("email", "password", "maxJobs"):
            if not body.get(name):
                raise missing(name)
        if body["email"] != email or "@" not in email:
            raise wrong("email")
        jobs = body["maxJobs"]
        if isinstance(jobs, bool) or not isinstance(jobs, int) or not 1 <= jobs <= 10:
            raise wrong("maxJobs")
        with self._store.write():
            if email not in BUILT_IN and not self._has_added(owner):
                for account in self.of(owner).values():
                    self._write(owner, account.email, account.max_jobs, gone=True)
            self._write(owner, email, jobs, gone=False)
        return Account(email, jobs)

    def remove(self, owner: str, email: str) -> None:
        """Remove an account."""
        account = self.get(owner, email)
        self._write(owner, email, account.max_jobs, gone=True)

    def _has_added(self, owner: str) -> bool:
        """Return True when a user has added an account before, even one that is gone."""
        rows = self._store.rows("SELECT email FROM accounts WHERE owner = ?", owner)
        return any(row["email"] not in BUILT_IN for row in rows)

    def _write(self, owner: str, email: str, jobs: int, *, gone: bool) -> None:
        sql = "INSERT OR REPLACE INTO accounts (owner, email, max_jobs, gone) VALUES (?, ?, ?, ?)"
        self._store.change(sql, owner, email, jobs, int(gone))


def to_json(account: Account, now: float) -> dict[str, Any]:
    """Return the answer of GET /accounts/{email}, secrets masked."""
    jwt = {"token": MASK, "exp": now + 30 * 86400, "iat": now, "id": 900001}
    return {"email": account.email, "password": MASK, "maxJobs": account.max_jobs, "jwt": jwt}


def user(store: Store, owner: str) -> dict[str, Any]:
    """Return the answer of GET /v2/account (API facts 11)."""
    row = next(iter(store.rows("SELECT name, reply_url FROM users WHERE owner = ?", owner)), None)
    known = {"name": row["name"] if row else None, "replyUrl": row["reply_url"] if row else None}
    return {
        "name": known["name"] or f"Simulator user {owner}",
        "email": f"user-{owner}@runway-nb.invalid",
        "verified": "2025-01-02T03:04:05.678Z",
        "sub": "991231",
        **({"replyUrl": known["replyUrl"]} if known["replyUrl"] else {}),
    }


def change_user(store: Store, owner: str, body: Mapping[str, Any]) -> None:
    """Set the name and the default `replyUrl` of a user of the service; what is left out goes away."""
    name, url = body.get("name") or None, body.get("replyUrl") or None
    for field, value in (("name", name), ("replyUrl", url)):
        if value is not None and not isinstance(value, str):
            raise wrong(field)
    if url and len(url) > MAX_TEXT:
        raise RefusedError(400, "replyUrl is too long")
    store.change("INSERT OR REPLACE INTO users (owner, name, reply_url) VALUES (?, ?, ?)", owner, name, url)
