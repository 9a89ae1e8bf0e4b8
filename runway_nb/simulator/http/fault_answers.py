"""Faults become answers: instead of a call, after it, or in another shape."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from ..service.asset_store import new_uuid
from ..service.contract import RefusedError, composite
from ..service.faults import OUTAGES, REFUSALS, Fault
from ..service.model import Model
from ..service.world import NO_CREDITS, TOO_MANY, busy, no_such_asset, running_task
from .call import Call, Dropped, html, refusal

SLOW_SECONDS = 30.0
TEXTS = {
    "401": (401, "Unauthorized"),
    "402": (402, "Account has no subscription or subscription expired"),
    "422": (422, "The prompt was rejected by moderation"),
    "596": (596, "The Runway session of this account is no longer valid. Please add the account again."),
    "get-500": (500, "Internal Server Error"),
    "get-429": (429, "Too many requests"),
}
TIMED_OUT = 522
CONFLICT = 409
GONE = 410
ANOTHER = "00000000-0000-4000-8000-000000000000"
"""The uuid of a task that is nobody's."""
OWN = frozenset({408, 500})
"""Those that the service gives itself, in its usual envelope; the others come from the proxy, in HTML."""
LISTS = frozenset({"list-object", "list-bare", "list-nameless", "scheduler-empty"})


def instead(call: Call, fault: Fault) -> Response:
    """Return the answer that a fault gives before anything happens."""
    name = fault.name
    if name in TEXTS:
        return _timed(refusal(RefusedError(*TEXTS[name])), fault)
    if name in ("lost-before", "get-drop"):
        return Dropped()
    if name in ("522-before", "get-522"):
        return _outage(fault)
    if name == "get-html":
        return html(200, "Just a moment...")
    if name == "412":
        return no_credits()
    if name == "404-asset":
        return refusal(no_such_asset(new_uuid(call.world.draw)))
    if name == "429-runway":
        return _timed(JSONResponse({"error": TOO_MANY}, 429), fault)
    return _timed(refusal(_busy(call)), fault)


def retired(fault: Fault, model: Model) -> Response:
    """Return the answer for a model that is gone; nobody has seen one, so it has the banner's words (Model facts 1)."""
    text = f"{model.title} is no longer supported by Runway."
    advice = f" Please use {model.successor} instead." if model.successor else ""
    said = str(fault.details.get("text", text + advice))
    return refusal(RefusedError(int(fault.details.get("status", GONE)), said))


async def afterwards(fault: Fault, answer: Response) -> Response:
    """Return what is left of a good answer when a fault has been at it."""
    if fault.name == "lost-answer" or isinstance(answer, Dropped):
        return Dropped()
    if fault.name == "522":
        return _outage(fault)
    if fault.name == "refused":
        status = int(fault.details.get("status", CONFLICT))
        return refusal(RefusedError(status, REFUSALS[status]))
    if fault.name == "429-started":
        return _timed(JSONResponse({"error": TOO_MANY}, 429), fault)
    if fault.name in ("other-answer", "get-other"):
        return JSONResponse(_of_another(json.loads(bytes(answer.body)), str(fault.details.get("what", "all"))))
    if fault.name == "not-json":
        return html(200, "Service is being updated")
    if fault.name == "no-task-id":
        body = json.loads(bytes(answer.body))
        kept = {name: value for name, value in body.items() if name not in ("taskId", "id", "task")}
        return JSONResponse(kept)
    await asyncio.sleep(float(fault.details.get("seconds", SLOW_SECONDS)))
    return answer


def _of_another(body: dict[str, Any], what: str) -> dict[str, Any]:
    """Return an answer that contradicts what was asked, in all or in one thing; flat or nested, as it was."""
    nested = {"task": _contradicting(body["task"], what)} if "task" in body else {}
    flat = _contradicting(body, what) if "taskId" in body else body
    return {**flat, **nested}


def _contradicting(task: dict[str, Any], what: str) -> dict[str, Any]:
    options = dict(task.get("options") or {})
    if what in ("all", "seed") and "seed" in options:
        options["seed"] = int(options["seed"] or 0) + 1
    if what in ("all", "prompt"):
        options["textPrompt" if "textPrompt" in options else "text_prompt"] = "What somebody else asked for"
    changed = {**task, "options": options, "name": ""}
    if what in ("all", "reference"):
        changed["replyRef"] = "rnb-of-another"
    if what == "all":
        head = str(task["taskId"]).rpartition("-task:")[0]
        changed |= {"id": ANOTHER, "taskId": f"{head}-task:{ANOTHER}"}
    return changed


def reshaped(names: Mapping[str, Any], answer: Response) -> Response:
    """Return a good answer in another of the shapes that clients have met (API facts 3.3, 6 and 14)."""
    if not names or isinstance(answer, Dropped):
        return answer
    body = json.loads(bytes(answer.body))
    if LISTS & names.keys():
        return JSONResponse(_listed(names, body))
    task = {name: value for name, value in body.items() if name not in ("code", "task")}
    if "flat" in names:
        return JSONResponse({**task, "code": 200})
    flat = body if "both" in names else {"code": 200}
    return JSONResponse({**flat, "task": task})


def no_credits() -> Response:
    """Return 412, the one refusal without `code` (API facts 2.2)."""
    return JSONResponse({"error": NO_CREDITS}, 412)


def _listed(names: Mapping[str, Any], items: list[dict[str, Any]]) -> Any:
    if "scheduler-empty" in names:
        return []
    if "list-bare" in names or "list-nameless" in names:
        items = [{key: value for key, value in item.items() if key != "options"} for item in items]
    if "list-nameless" in names:
        items = [{**item, "name": ""} for item in items]
    return {"tasks": items} if "list-object" in names else items


def _outage(fault: Fault) -> Response:
    status = int(fault.details.get("status", TIMED_OUT))
    text = OUTAGES[status]
    return refusal(RefusedError(status, text)) if status in OWN else html(status, f"{status}: {text}")


def _timed(answer: Response, fault: Fault) -> Response:
    if "retry_after" in fault.details:
        answer.headers["Retry-After"] = str(fault.details["retry_after"])
    return answer


def _busy(call: Call) -> RefusedError:
    """Return 429 of kind A; with nothing running, the task of somebody else holds the slots."""
    email = call.world.accounts.any_of(call.owner)[0].email
    other = new_uuid(call.world.draw)
    stranger = {"email": email, "taskId": composite(call.owner, email, "task", other), "id": other}
    running = [running_task(view.task) for view in call.world.tracked(call.owner, email)]
    return busy(email, running or [stranger])
