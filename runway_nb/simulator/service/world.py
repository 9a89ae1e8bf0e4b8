"""The simulated service itself, without HTTP: accounts, credits, slots, assets and tasks in time.

A task is never moved along by anyone: what it shows is computed from its record and the clock, at each
snapshot. So it goes on over a restart, and two processes on one state folder see the same.
"""

from __future__ import annotations

import json
import random
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..rendering.render_queue import Renderer, RenderQueue, RenderRequest, child_process
from . import timeline
from .accounts import BUILT_IN, Account, Accounts
from .asset_store import BEGUN, AssetStore, Pictures, new_uuid
from .contract import MAX_SEED, RefusedError, bare, composite, not_found, refuse_strangers, wrong
from .create_request import CreateRequest, Input, read_create_request
from .models import ENDPOINTS, VIDEOS, named
from .signed_links import Links
from .state_db import AssetRecord, Store, TaskRecord
from .task_options import Found, task_name, task_options

NO_CREDITS = "You do not have enough credits to run this task."
TOO_MANY = "You have too many tasks running or pending. Please wait for some of them to finish before starting more."
BROKEN = {
    "errorMessage": "The simulator could not render the video on this machine: memory, disk or handles may be short",
    "reason": "INTERNAL.BAD_OUTPUT.00",
    "message": "",
}
EXPLORE_RUNS, EXPLORE_WAITS = 1, 3
"""Tasks of an account that run in explore mode at once (Model facts 7), and how many may wait behind them; nobody
documents the second number."""
REFERENCE_SECONDS, REFERENCE_SIDE = 15, 1280
"""The longest that videos to refer to may be together, and their longest side in pixels (Model facts 5.2)."""
Shape = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Rules:
    """How the simulated service is set up."""

    speed: float = 1.0
    """Divides all times; at 1 a clip of 5 s takes 37 to 53 s."""
    accounts: int = 1
    """Built-in accounts, 0 to 2."""
    max_jobs: int = 5
    """Slots of each built-in account, 1 to 10."""
    credits: int = 2250
    """Credits of each account."""
    runway_limit: int | None = None
    """Tasks that Runway itself lets run at once, those of the web app included; None: no such limit."""
    link_seconds: float = 86400.0
    """How long a signed link is good."""

    def __post_init__(self) -> None:
        if not 0 < self.speed < 1e6:
            raise ValueError(f"speed is {self.speed}: give a number above 0, 1 is the pace of the real service")
        if not 1 <= self.max_jobs <= 10:
            raise ValueError(f"max_jobs is {self.max_jobs}: give 1 to 10")
        if not 0 <= self.accounts <= len(BUILT_IN):
            raise ValueError(f"accounts is {self.accounts}: give 0 to {len(BUILT_IN)}")


@dataclass(frozen=True)
class TaskView:
    """A task at one moment."""

    task: TaskRecord
    snapshot: timeline.Snapshot
    artifact: AssetRecord | None = None

    @property
    def identifier(self) -> str:
        """The composite id."""
        return composite(self.task.owner, self.task.email, "task", self.task.uuid)


class World:
    """Everything the service knows. The state is on disk; any number of these may share a folder."""

    def __init__(
        self,
        state: Path,
        rules: Rules | None = None,
        *,
        clock: Callable[[], float] = time.time,
        renderer: Renderer = child_process,
        pictures: Pictures | None = None,
        draw: random.Random | None = None,
    ) -> None:
        self.rules = rules or Rules()
        self.clock = clock
        self.draw = draw or random.SystemRandom()
        self.root = state.resolve()
        self.store = Store(self.root / "simulator.sqlite3")
        self.renders = RenderQueue(self.root, renderer)
        self.accounts = Accounts(self.store, self.rules.accounts, self.rules.max_jobs)
        self.assets = AssetStore(self.root, self.store, clock, lambda: pictures or _drawn_pictures(), self.draw)
        self.store.setting(BEGUN, repr(clock()).encode())
        self.links = Links(self.store.setting("secret", secrets.token_bytes(32)), self.rules.link_seconds)

    def close(self) -> None:
        """Let go of the files; tasks go on at the next start."""
        self.renders.close()
        self.store.close()

    # Credits

    def credits_used(self, owner: str, email: str) -> int:
        """Return credits that an account has spent; deleting a task gives nothing back."""
        sql = "SELECT COALESCE(SUM(cost), 0) AS used FROM tasks WHERE owner = ? AND email = ?"
        return int(self.store.rows(sql, owner, email)[0]["used"])

    # Tasks

    def create(self, owner: str, request: CreateRequest, shape: Callable[[], Shape], *, costs: bool = True) -> TaskView:
        """Start a task, or refuse: no account, unknown asset, no credits, no free slot; in this order.

        The answer has it as it begins (API facts 3.3), however long this machine takes.
        `shape` is asked for the faults of its timeline only when it does start.
        """
        accounts = self.accounts.any_of(owner)
        found = self._found(owner, request)
        self.settle()
        with self.store.write():
            account = self._account(owner, accounts, request, [asset for _, asset in found])
            cost = request.credits if costs else 0
            self._refuse_if_full(owner, account, cost, request)
            task = self._new_task(owner, account.email, request, found, shape(), cost)
            self.store.add_task(task)
            self.store.count("tasks_started")
        return TaskView(task, timeline.snapshot(task.course, 0.0, ready=False), None)

    def create_in_web_app(self, owner: str, fields: Mapping[str, Any]) -> TaskView:
        """Start a task as the web app would: it counts for Runway's limit and no scheduler tracks it.

        `fields` are those of the create call, `email`, and `model` (left out: gen3turbo); others are ignored.
        """
        model = named(str(fields.get("model", "gen3turbo")))
        if model is None:
            raise wrong("model")
        path = next(path for path, models in ENDPOINTS.items() if model in models.values())
        names = {*model.fields, *(["model"] if path == VIDEOS else [])}
        known = {name: value for name, value in fields.items() if name in names}
        request = read_create_request(path, known)
        account = self.accounts.named(owner, fields.get("email"))
        task = self._new_task(owner, account.email, request, self._found(owner, request), {}, request.credits)
        self.store.add_task(replace(task, tracked=False))
        return self.view(task)

    def get(self, owner: str, identifier: str) -> TaskView:
        """Return the task with this composite id, compared letter by letter."""
        refuse_strangers(owner, identifier)
        self.settle()
        where = "uuid = ? AND owner = ? AND deleted = 0"
        found = self._shown(self.store.tasks(where, bare("task", identifier) or "", owner))
        if not found or composite(owner, found[0].email, "task", found[0].uuid) != identifier:
            raise not_found()
        return self.view(found[0])

    def history(self, owner: str, email: str) -> list[TaskView]:
        """Return the task history of one account, newest first."""
        self.settle()
        tasks = self.store.tasks("owner = ? AND email = ? AND deleted = 0", owner, email)
        return [self.view(task) for task in self._shown(tasks)]

    def delete(self, owner: str, identifier: str) -> None:
        """Take a task out of the history. Its generation goes on and stays paid."""
        task = self.get(owner, identifier).task
        self.store.change("UPDATE tasks SET deleted = 1, tracked = 0 WHERE uuid = ?", task.uuid)

    def tracked(self, owner: str, email: str | None = None) -> list[TaskView]:
        """Return the unfinished tasks that the scheduler follows, oldest first."""
        self.settle()
        tasks = self.store.tasks("owner = ? AND tracked = 1 AND settled IS NULL", owner)
        return [self.view(task) for task in reversed(self._shown(tasks)) if email in (None, task.email)]

    def untrack(self, owner: str, identifier: str) -> None:
        """Free the slot of a task and stop its callbacks; the task itself runs on."""
        refuse_strangers(owner, identifier)
        followed = next((view for view in self.tracked(owner) if view.identifier == identifier), None)
        if followed is None:
            raise RefusedError(404, f"Unable to locate running {identifier}")
        self.store.change("UPDATE tasks SET tracked = 0 WHERE uuid = ?", followed.task.uuid)

    def _shown(self, tasks: list[TaskRecord]) -> list[TaskRecord]:
        return [task for task in tasks if task.course.is_shown(self.clock() - task.created)]

    # Time

    def view(self, task: TaskRecord) -> TaskView:
        """Return a task at this moment."""
        ready = task.settled is not None or self.renders.state(task.digest) == "ready"
        snapshot = timeline.snapshot(task.course, self.clock() - task.created, ready)
        if snapshot.is_terminal and task.settled is None:
            # the end may come between two calls of `settle`: whoever sees it first records it, so no end lacks its file
            self._record_end(task)
        artifact = self.store.assets("uuid = ?", task.asset) if snapshot.artifact else []
        return TaskView(task, snapshot, artifact[0] if artifact else None)

    def settle(self) -> None:
        """Record the ends that have come since the last call: the artifact becomes an asset, the slot is free.

        Cheap and repeatable; whoever calls first does it.
        """
        self.renders.pump()
        for task in self.store.tasks("settled IS NULL"):
            broken = task.course.gives_video and self.renders.state(task.digest) == "broken"
            view = self.view(replace(task, course=task.course.failed(BROKEN)) if broken else task)
            if not view.snapshot.is_terminal and task.course.gives_video:
                self.renders.resume(task.digest)

    def _record_end(self, task: TaskRecord) -> None:
        asset = self._artifact(task) if task.course.gives_video else None
        ended = task.created + task.course.length
        if asset:
            ended = max(ended, min(self.clock(), (self.root / asset.path).stat().st_mtime))
        sql = "UPDATE tasks SET settled = ?, course = ? WHERE uuid = ? AND settled IS NULL"
        with self.store.write():
            if self.store.change(sql, ended, task.course.to_json(), task.uuid) and asset:
                self.store.add_asset(replace(asset, created=ended))

    def _artifact(self, task: TaskRecord) -> AssetRecord:
        path = self.renders.path(task.digest)
        return AssetRecord(
            uuid=task.asset, owner=task.owner, email=task.email, created=task.created,
            name=f"{task.name}.mp4", mime="video/mp4", path=path.relative_to(self.root).as_posix(),
            size=path.stat().st_size, task=task.uuid, seconds=task.seconds, width=task.width, height=task.height,
            audio=task.audio,
        )  # fmt: skip

    # Starting a task

    def _found(self, owner: str, request: CreateRequest) -> Found:
        """Return the assets that a request names, or raise the refusal of the first that will not do."""
        found = [(one, self._input(owner, one)) for one in request.inputs]
        clips = [asset for _, asset in found if asset.media == "video"]
        if sum(asset.seconds or 0 for asset in clips) > REFERENCE_SECONDS:
            raise RefusedError(400, f"The videos are longer than {REFERENCE_SECONDS} seconds together")
        if any(max(asset.width or 0, asset.height or 0) > REFERENCE_SIDE for asset in clips):
            raise RefusedError(400, f"The longest side of a video is more than {REFERENCE_SIDE} pixels")
        return found

    def _input(self, owner: str, one: Input) -> AssetRecord:
        refuse_strangers(owner, one.identifier)
        name = bare("asset", one.identifier)
        if name is None:
            raise wrong(one.field)
        try:
            asset = self.assets.get(owner, one.identifier)
        except RefusedError:
            raise no_such_asset(name) from None
        if asset.media != one.media:
            raise wrong(one.field)
        return asset

    def _account(
        self, owner: str, accounts: list[Account], request: CreateRequest, assets: list[AssetRecord]
    ) -> Account:
        """Return the account that runs a request: that of its assets, the one it names, or any with a free slot.

        Assets of another account than the one named, or of two accounts, are refused (Model facts 3.4).
        """
        named_one = self.accounts.named(owner, request.email) if request.email else None
        if assets:
            email = named_one.email if named_one else assets[0].email
            stranger = next((asset for asset in assets if asset.email != email), None)
            account = next((account for account in accounts if account.email == email), None)
            if stranger or account is None:
                raise no_such_asset((stranger or assets[0]).uuid)
            return account
        if named_one:
            return named_one
        free = [a for a in accounts if len(self._running(owner, a.email)) < (request.max_jobs or a.max_jobs)]
        return self.draw.choice(free or accounts)

    def _running(self, owner: str, email: str) -> list[TaskRecord]:
        """Return what holds a slot. The scheduler lists the same tasks, so one that it does not show yet holds none."""
        tasks = self.store.tasks("owner = ? AND email = ? AND tracked = 1 AND settled IS NULL", owner, email)
        return self._shown(tasks)

    def _unfinished(self, owner: str, email: str) -> list[TaskRecord]:
        """Return what Runway has not ended, tracked or not."""
        return self.store.tasks("owner = ? AND email = ? AND settled IS NULL", owner, email)

    def _refuse_if_full(self, owner: str, account: Account, cost: int, request: CreateRequest) -> None:
        if self.credits_used(owner, account.email) + cost > self.rules.credits:
            raise RefusedError(412, NO_CREDITS, {"error": NO_CREDITS})
        running = self._running(owner, account.email)
        if len(running) >= (request.max_jobs or account.max_jobs):
            raise busy(account.email, list(map(running_task, running)))
        unfinished = self._unfinished(owner, account.email)
        limit = self.rules.runway_limit
        exploring = [task for task in unfinished if task.explore] if request.explore else []
        if (limit is not None and len(unfinished) >= limit) or len(exploring) >= EXPLORE_RUNS + EXPLORE_WAITS:
            raise RefusedError(429, TOO_MANY, {"error": TOO_MANY})

    def _line(self, owner: str, email: str) -> float:
        """Return the seconds until a new task in explore mode may run: one runs after the other."""
        ends = [task.created + task.course.length for task in self._unfinished(owner, email) if task.explore]
        return max(0.0, max(ends, default=0.0) - self.clock())

    def _new_task(
        self, owner: str, email: str, request: CreateRequest, found: Found, shape: Shape, cost: int
    ) -> TaskRecord:
        model = request.model
        # a model without a seed has chance all the same; it is only not shown
        seed = request.seed if request.seed is not None else self.draw.randint(1, MAX_SEED)
        line = self._line(owner, email) if request.explore else None
        course = timeline.plan(seed, model.span(request.seconds), self.rules.speed, shape, line)
        render = _render_request(request, seed, found)
        digest = self.renders.want(render) if course.gives_video else render.digest()
        name = task_name(request, seed, found)
        return TaskRecord(
            uuid=new_uuid(self.draw), owner=owner, email=email, created=self.clock(), name=name,
            options=json.dumps(task_options(name, request, seed, found)), seconds=request.seconds,
            aspect=request.aspect, task_type=model.task_type, width=render.width, height=render.height,
            explore=request.explore, audio=request.audio, cost=cost, course=course, digest=digest,
            asset=new_uuid(self.draw), folder=new_uuid(self.draw), reply_url=request.reply_url,
            reply_ref=request.reply_ref, tracked=True,
        )  # fmt: skip


def _drawn_pictures() -> Pictures:
    from ..rendering import samples  # loads Pillow

    return samples


def no_such_asset(name: str) -> RefusedError:
    """Return the refusal of a keyframe; `name` is the bare uuid (API facts 3.5)."""
    return RefusedError(404, f"Unable to retrieve assetId {name} (Not found.)")


def busy(email: str, running: list[dict[str, Any]]) -> RefusedError:
    """Return the refusal of kind A: the account's own limit is reached, by these tasks (API facts 3.4)."""
    text = f"Account {email} is busy executing {len(running)} tasks"
    return RefusedError(429, text, {"error": text, "runningTasks": {email: running}, "code": 429})


def running_task(task: TaskRecord) -> dict[str, Any]:
    """Return an item of `runningTasks` (API facts 3.4)."""
    return {"email": task.email, "id": task.uuid, **tracked_task(task)}


def tracked_task(task: TaskRecord) -> dict[str, str]:
    """Return an item of GET /scheduler (API facts 7.2)."""
    return {"taskId": composite(task.owner, task.email, "task", task.uuid), **reply_fields(task)}


def reply_fields(task: TaskRecord) -> dict[str, str]:
    """Return `replyUrl` and `replyRef`, those that were given."""
    fields = {"replyUrl": task.reply_url, "replyRef": task.reply_ref}
    return {name: value for name, value in fields.items() if value is not None}


def _render_request(request: CreateRequest, seed: int, found: Found) -> RenderRequest:
    """Return the clip to render; what it only refers to is not seen in it."""
    width, height = request.size
    keyframes = tuple((one.time, asset.path) for one, asset in found if one.time is not None)
    return RenderRequest(
        request.prompt, seed, request.seconds, width, height, keyframes, request.camera, audio=request.audio
    )
