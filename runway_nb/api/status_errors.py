"""What an answer of the API other than a success means: the error, its message, and the tasks that it names.

Nothing of its form is trusted: the body may be JSON, HTML or rubbish, and `error` a text or an object (API facts 2.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone

import httpx

from .. import errors
from ..redaction import redact_line
from .answer_values import moment_in
from .models import running_tasks
from .server_clock import date_of

LONGEST_MESSAGE = 300
"""Characters of an error text that are read."""
_BY_STATUS: dict[int, type[errors.ApiError]] = {
    400: errors.BadRequest,
    401: errors.Unauthorized,
    402: errors.NoSubscription,
    404: errors.NotFound,
    410: errors.NotFound,
    412: errors.NotEnoughCredits,
    422: errors.PromptRefused,
    596: errors.AccountBroken,
}
_ADVICE = {
    401: "check the token (%runway login, or USEAPI_TOKEN)",
    402: "renew the useapi.net subscription",
    412: "add credits at Runway, or use explore mode with an Unlimited plan",
    422: "change the words or the picture; many refusals can suspend the account",
    596: "the Runway session at useapi.net is broken: add the Runway account there again",
}
UNREADABLE = (ValueError, RecursionError)
"""What reading JSON raises: no JSON, wrong letters, numbers or nesting without end."""


def error_of(answer: httpx.Response) -> errors.ApiError:
    """Return the error that an answer means (API facts 2.2, 2.3); its text is read without trusting its form."""
    status = answer.status_code
    try:
        body = answer.json()
    except UNREADABLE:
        body = None
    message = _message(body) or _plain(answer)
    if status == 429:
        # a date in it is by the server's own clock
        now = date_of(answer.headers.get("Date", "")) or datetime.now(timezone.utc)
        after = answer.headers.get("Retry-After", body.get("retryAfter") if isinstance(body, Mapping) else None)
        return errors.RateLimited(f"{message.rstrip('.')} (HTTP 429)", 429, _holders(body), retry_after(after, now))
    kind = _BY_STATUS.get(status)
    if kind is None:
        doubtful = status == 408 or status >= 500 or status < 400
        kind = errors.ServerError if doubtful else errors.ApiError
    advice = f": {_ADVICE[status]}" if status in _ADVICE else ""
    return kind(f"{message.rstrip('.')} (HTTP {status}){advice}", status, _holders(body))


def _message(body: object) -> str:
    """Return the text of `error`: a string, or an object passed through from the wrapped service."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, Mapping):
        error = next((error[name] for name in ("errorMessage", "message", "reason") if error.get(name)), None)
    try:
        return redact_line(str(error), LONGEST_MESSAGE) if error else ""
    except RecursionError:
        return ""


def _plain(answer: httpx.Response) -> str:
    """Return the beginning of a body that is no JSON, without markup."""
    # not as the charset of its head says: what some names stand for unpacks, or decodes no text
    text = answer.content[:4000].decode(errors="replace")[:2000]
    text = re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL | re.IGNORECASE)
    return redact_line(text, 120) or "the server answered without words"


def _holders(body: object) -> tuple[tuple[str, str], ...]:
    """Return the tasks that hold the slots, as (id, replyRef); they come with kind A of a 429 only (API facts 3.4)."""
    holders = body.get("runningTasks") if isinstance(body, Mapping) else None
    lists = holders.values() if isinstance(holders, Mapping) else ()
    running = running_tasks(item for group in lists if isinstance(group, list) for item in group)
    return tuple((task.id, task.reply_ref) for task in running)


def retry_after(value: object, now: datetime) -> float | None:
    """Return seconds to wait out of a Retry-After: seconds, an HTTP date or an ISO time (API facts 2.3)."""
    text = str(value).strip() if value is not None else ""
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
        return float(text)
    moment = date_of(text) or moment_in(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())
