"""What the API reports about all accounts behind the token, put together."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import JobNotFound, NotFound
from ..redaction import redact_line
from ..references import task_account
from .models import Credits, Task

if TYPE_CHECKING:
    from .client import RunwayClient

NEWEST = 20
"""Tasks of an account that are listed."""
SHORTEST_ID = 8
"""Characters of a task's uuid that name it."""


async def account_credits(client: RunwayClient) -> list[tuple[str, Credits]]:
    """Return the credits of each account, as (name, credits); no name is an e-mail address."""
    emails = [account.email for account in await client.accounts()]
    names = [f"Account {n}" for n in range(1, len(emails) + 1)] if len(emails) > 1 else ["Account"]
    return [(name, await client.credits(email)) for name, email in zip(names, emails)]  # noqa: B905 - no account, no row


async def account_tasks(client: RunwayClient) -> list[Task]:
    """Return the newest tasks of each account, those made elsewhere included."""
    emails = [account.email for account in await client.accounts()]
    return [task for email in emails for task in await client.tasks(limit=NEWEST, email=email)]


async def account_task(client: RunwayClient, text: str) -> Task:
    """Return the task that `text` names: its id, the beginning of its uuid while it is new, its replyRef while it runs.

    Raises `JobNotFound` when the account has none.
    """
    if (task := await _named_task(client, text)) is None:
        raise JobNotFound(
            f"neither the ledger nor the account has a job {redact_line(text, 60)!r}: see %runway list --account "
            "(a replyRef is known while its task runs, a task id always)"
        )
    return task


async def _named_task(client: RunwayClient, text: str) -> Task | None:
    if task_account(text):
        with suppress(NotFound):
            return await client.task(text)
        return None
    for running in await client.running():
        if running.reply_ref == text:
            return replace(await client.task(running.id), reply_ref=text)
    tasks = await account_tasks(client) if len(text) >= SHORTEST_ID else []
    return next((task for task in tasks if f"-task:{text}" in task.id), None)
