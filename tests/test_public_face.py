"""Whatever is given to a public function, an error of ours comes back or none, in one short line."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import runway_nb
from fakes import BASE, TOKEN, Party
from odd_values import ODD
from runway_nb import (
    Camera,
    Job,
    Keyframes,
    Ledger,
    RunwayClient,
    RunwayError,
    Settings,
    Studio,
    Task,
    VideoRequest,
)

PROMPT = "A lamp turns"
Call = Callable[[Any, Any], Any]
"""Calls something of a workplace with an odd value."""


class Workplace:
    """A studio, and a job that has ended."""

    def __init__(self, party: Party) -> None:
        self.party = party
        self.studio = party.studio
        self.ledger = party.studio.ledger
        self.job = party.ended(party.submit(PROMPT, seed=1))
        self.client = RunwayClient(TOKEN, base_url=BASE, transport=httpx.MockTransport(lambda _: httpx.Response(400)))

    def generate(self, **fields: Any) -> None:
        self.ended(runway_nb.generate(**{"prompt": PROMPT, "studio": self.studio, **fields}))

    def submit(self, request: Any = None, **more: Any) -> None:
        self.ended(self.studio.submit(request or VideoRequest(PROMPT), **more))

    def ended(self, job: Job) -> None:
        job.stop()
        self.party.ended(job)
        self.look(job)

    def request(self, **fields: Any) -> None:
        """Everything that a request tells of itself."""
        request = VideoRequest(**{"prompt": PROMPT, **fields})
        repr(request), request == VideoRequest(PROMPT), request.problems(), request.warnings()
        tell = ("account", "credits", "length", "format", "row", "digest")
        for ask in (*(lambda name=name: getattr(request, name) for name in tell), request.to_wire, request.to_wish):
            with contextlib.suppress(RunwayError):
                ask()
        request.check()

    def look(self, job: Job) -> None:
        repr(job), repr(job.request), job.warnings, job.credits, job.seed, job._repr_mimebundle_()

    def ask(self, method: str, *values: Any, **named: Any) -> Any:
        return asyncio.run(getattr(self.client, method)(*values, **named))


def _fields(kind: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]


def _options(function: Any) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name not in ("self", "studio")]


CALLS: dict[str, Call] = {
    **{f"generate({name})": lambda w, x, name=name: w.generate(**{name: x}) for name in _options(runway_nb.generate)},
    "generate(studio)": lambda w, x: runway_nb.generate(PROMPT, studio=x) if x is not None else None,
    **{f"VideoRequest({name})": lambda w, x, name=name: w.request(**{name: x}) for name in _fields(VideoRequest)},
    **{
        f"Camera({name})": lambda w, x, name=name: w.request(camera=Camera(**{name: x})) for name in _fields(Camera)
    },
    **{
        f"Keyframes({name})": lambda w, x, name=name: w.request(keyframes=Keyframes(**{name: x}))
        for name in _fields(Keyframes)
    },
    "Camera.from_options": lambda w, x: (Camera.from_options(x), Camera.from_options({"z": x, "static": x})),
    "Keyframes.from_options": lambda w, x: (
        Keyframes.from_options(x), Keyframes.from_options([x, {"timestamp": x, "image": x}]),
    ),
    "VideoRequest.from_options": lambda w, x: VideoRequest.from_options(x, x, x),
    "VideoRequest.from_options of a task": lambda w, x: VideoRequest.from_options(
        PROMPT, 1, {"seconds": x, "flip": x, "exploreMode": x, "camera": x}
    ),
    "VideoRequest.from_wire": lambda w, x: VideoRequest.from_wire(x),
    "VideoRequest.from_wire model": lambda w, x: VideoRequest.from_wire({}, x),
    "VideoRequest.from_wire of a row": lambda w, x: VideoRequest.from_wire(
        {"text_prompt": x, "seconds": x, "focus": x, "zoom": x, "firstImage_assetId": x}
    ),
    "Task.from_wire": lambda w, x: (Task.from_wire({"taskId": "a", "status": x, "options": x}), Task.from_wire(x)),
    **{
        f"Settings({name})": lambda w, x, name=name: repr(dataclasses.replace(w.party.settings, **{name: x}))
        for name in _fields(Settings)
    },
    # --- the studio
    "Studio": lambda w, x: Studio(x),
    "Studio.use": lambda w, x: w.studio.use(x),
    "submit(request)": lambda w, x: w.studio.submit(x),
    **{
        f"submit({name})": lambda w, x, name=name: w.submit(**{name: x})
        for name in _options(Studio.submit) if name != "request"
    },
    "attach": lambda w, x: w.studio.attach(x),
    "find": lambda w, x: w.studio.find(x),
    "resend": lambda w, x: w.studio.resend(x),
    "request_of": lambda w, x: w.studio.request_of(x),
    "new_take": lambda w, x: w.studio.new_take(x),
    "credits": lambda w, x: w.studio.credits(x),
    "tasks": lambda w, x: w.studio.tasks(x),
    "simulator_url": lambda w, x: w.studio.simulator_url(x),
    "misbehave": lambda w, x: w.studio.misbehave(x),
    "misbehave(timeout)": lambda w, x: w.studio.misbehave("timeout", x),
    **{f"assets({name})": lambda w, x, name=name: w.studio.assets(**{name: x}) for name in _options(Studio.assets)},
    "delete_asset": lambda w, x: w.studio.delete_asset(x),
    **{
        f"upload({name})": lambda w, x, name=name: w.studio.upload(**{"picture": "harbour", name: x})
        for name in ("picture", "name", "timeout", "fit", "focus", "aspect", "upscale")
    },
    "picture_bytes": lambda w, x: w.studio.run(w.studio.picture_bytes(x), 10),
    "default_studio": lambda w, x: runway_nb.default_studio(fresh=x),
    # --- a job
    **{f"wait({name})": lambda w, x, name=name: w.job.wait(**{name: x}) for name in _options(Job.wait)},
    "frame": lambda w, x: w.job.frame(x),
    "frames": lambda w, x: w.job.frames(x),
    "on_end": lambda w, x: w.job.on_end(x),
    "observe": lambda w, x: w.job.observe(x)(),
    "concat(clips)": lambda w, x: runway_nb.concat(x, w.party.folder / "out.mp4"),
    "concat(clip)": lambda w, x: runway_nb.concat([x], w.party.folder / "out.mp4"),
    "concat(out)": lambda w, x: runway_nb.concat([w.job, w.job], x),
    # --- the ledger
    "Ledger": lambda w, x: Ledger(x).recent(),
    **{
        f"Ledger.{name}": lambda w, x, name=name: getattr(w.ledger, name)(x)
        for name in ("find", "get", "named", "recent", "spending", "has_rival", "task_ids", "renew", "add", "adopt")
    },
    **{
        f"Ledger.{name}": lambda w, x, name=name: getattr(w.ledger, name)(x, x)
        for name in ("spent_today", "upload", "take", "accept", "assign", "claim")
    },
    "Ledger.update": lambda w, x: (w.ledger.update(w.job.id, message=x), w.ledger.get(w.job.id)),
    "Ledger.keep_upload": lambda w, x: w.ledger.keep_upload(x, x, x, x),
    "Ledger.forget_uploads": lambda w, x: w.ledger.forget_uploads(x, asset_id=x, account=x),
    # --- the client
    "RunwayClient": lambda w, x: RunwayClient(x),
    "RunwayClient(base_url)": lambda w, x: RunwayClient(TOKEN, base_url=x),
    **{
        f"RunwayClient.{name}": lambda w, x, name=name: w.ask(name, x)
        for name in ("create", "task", "delete_task", "stop_tracking", "asset", "delete_asset", "credits")
    },
    **{
        f"RunwayClient.{method}({name})": lambda w, x, method=method, name=name: w.ask(method, **{name: x})
        for method in ("tasks", "assets") for name in _options(getattr(RunwayClient, method))
    },
    "RunwayClient.upload": lambda w, x: w.ask("upload", x, name=x, content_type=x, email=x),
    "RunwayClient.upscaled": lambda w, x: w.ask("upscaled", x, x, x),
    # --- the panel
    "Panel": lambda w, x: runway_nb.Panel(x, studio=w.studio).close(),
    "Panel(studio)": lambda w, x: runway_nb.Panel(studio=x).close() if x is not None else None,
}  # type: ignore[misc]  # fmt: skip


@pytest.fixture
def workplace(party: Party) -> Workplace:
    return Workplace(party)


@pytest.mark.parametrize("name", CALLS)
def test_odd_values_bring_an_error_of_ours_or_none(workplace: Workplace, monkeypatch: Any, name: str) -> None:
    monkeypatch.chdir(workplace.party.folder)
    raw: list[str] = []
    for kind, make in ODD.items():
        try:
            CALLS[name](workplace, make())
        except RunwayError as error:
            if len(error.message) > 1000:
                raw.append(f"{kind}: {error.message[:200]!r}")
        except Exception as error:
            raw.append(f"{kind}: {type(error).__name__}: {str(error)[:100]}")
    runway_nb.default.close_default_studio()
    assert raw == []
