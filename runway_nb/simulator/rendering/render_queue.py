"""Clips in the making: a short queue of renderers, each in a process of its own.

A clip is known by the digest of its shot, so the same request gives the same file and is rendered once. Files
appear whole (the renderer renames them), so two simulators on one folder may race without harm.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from runway_nb.storage.atomic_file import write_private
from runway_nb.storage.private_files import private_folder

from ..parent_process import WITH_PARENT

MAX_RUNNING = 2
NICENESS = 10
MAX_TRIES = 3
"""How often a renderer is started that ended without a file and without an exit code of its own."""


END_SECONDS = 2.0
"""How long a renderer that was told to end is waited for; it does not listen to the signal, which ends it."""

MAX_STARTS = 100
"""How often a renderer is started that the machine refuses a process, memory or file handles; about 20 s."""


class Running(Protocol):
    """A renderer at work; `subprocess.Popen` is one."""

    def poll(self) -> int | None:
        """Return the exit code, or None while it works."""

    def terminate(self) -> None:
        """Ask it to stop."""


Renderer = Callable[[Path, Path], "Running | None"]
"""Takes the file of a shot and the path of the clip to write; None means that it is done already."""

State = Literal["ready", "waiting", "broken"]


@dataclass(frozen=True)
class RenderRequest:
    """A shot to render, in the terms of `renderer.Shot`; paths of keyframes are relative to the state."""

    prompt: str
    seed: int
    seconds: int
    width: int
    height: int
    keyframes: tuple[tuple[float, str], ...] = ()
    camera: dict[str, float | bool] = field(default_factory=dict)
    audio: bool = False
    """True for a clip with a quiet tone."""

    def digest(self) -> str:
        """Return the name of the clip: equal requests, equal names."""
        text = json.dumps(self._values(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def shot(self, root: Path) -> str:
        """Return the JSON that `renderer.Shot.from_json` reads."""
        keyframes = [(time, str(root / path)) for time, path in self.keyframes]
        return json.dumps({**self._values(), "keyframes": keyframes})

    def _values(self) -> dict[str, Any]:
        """Return all values. A silent clip says nothing of sound, so that its name is that of earlier revisions."""
        values = asdict(self)
        return values if self.audio else {name: value for name, value in values.items() if name != "audio"}


class RenderProcess(subprocess.Popen[bytes]):
    """A renderer in a process of its own, whose pipe is closed and whose exit code is fetched as it ends."""

    def poll(self) -> int | None:
        """Return the exit code, or None while it works."""
        code = super().poll()
        if code is not None:
            self._close_pipe()
        return code

    def terminate(self) -> None:
        """End it."""
        super().terminate()
        with suppress(subprocess.TimeoutExpired):
            self.wait(END_SECONDS)
        self._close_pipe()

    def _close_pipe(self) -> None:
        if self.stdin is not None:
            self.stdin.close()


def child_process(shot_file: Path, out: Path) -> RenderProcess:
    """Start the renderer in a process of its own, with lower priority and out of reach of an interrupt."""
    from . import renderer  # loads the camera and the planes

    quiet = subprocess.DEVNULL
    child = RenderProcess(
        # nobody writes to the pipe: it ends with this process, whatever ends that
        [*renderer.command(shot_file, out), WITH_PARENT], stdin=subprocess.PIPE, stdout=quiet, stderr=quiet,
        start_new_session=True,
        # where this process works may be gone, or hold modules of a user whose names are those of libraries
        cwd=out.parent, env={**os.environ, "PYTHONPATH": os.pathsep.join(_import_paths())},
    )  # fmt: skip
    if hasattr(os, "setpriority"):
        with suppress(OSError):  # it may have ended already, and a sandbox may forbid it
            os.setpriority(os.PRIO_PROCESS, child.pid, NICENESS)
    return child


def _import_paths() -> list[str]:
    """Return where this process finds its modules, this package among them: in a zip, or put on the path by hand."""
    here = str(Path(__file__).parents[3])
    with suppress(OSError):  # the working directory may be gone; what is found from there is, too
        return [*dict.fromkeys([*map(os.path.abspath, filter(None, sys.path)), here])]
    return [*dict.fromkeys([*filter(os.path.isabs, sys.path), here])]


class RenderQueue:
    """The queue of one simulator. Safe to use from any thread."""

    def __init__(self, root: Path, renderer: Renderer = child_process, limit: int = MAX_RUNNING) -> None:
        self.root = root
        self._renderer = renderer
        self._limit = limit
        self._lock = threading.Lock()
        self._queue: deque[str] = deque()
        self._running: dict[str, Running] = {}
        self._tries: dict[str, int] = {}
        self._starts: dict[str, int] = {}
        private_folder(root / "videos")

    def path(self, digest: str) -> Path:
        """Return where the clip is, or will be."""
        return self.root / "videos" / f"{digest}.mp4"

    def state(self, digest: str) -> State:
        """Return whether the clip is there, on its way, or cannot be made."""
        if self.path(digest).exists():
            return "ready"
        return "broken" if self._mark(digest).exists() else "waiting"

    def want(self, request: RenderRequest) -> str:
        """Have the clip rendered unless it is there or on its way; return its digest."""
        digest = request.digest()
        shot_file = self.path(digest).with_suffix(".json")
        if not shot_file.exists():
            write_whole(shot_file, request.shot(self.root).encode())
        self.resume(digest)
        return digest

    def resume(self, digest: str) -> None:
        """Have a clip rendered that was wanted before, perhaps by a process that is gone."""
        with self._lock:
            if self.state(digest) == "waiting" and digest not in self._queue and digest not in self._running:
                self._queue.append(digest)
        self.pump()

    def pump(self) -> None:
        """Take note of renderers that have ended and start the next ones; quick, call it often."""
        with self._lock:
            for digest, running in list(self._running.items()):
                code = running.poll()
                if code is not None:
                    del self._running[digest]
                    self._ended(digest, code)
            while self._queue and len(self._running) < self._limit and self._start(self._queue[0]):
                self._queue.popleft()

    def close(self) -> None:
        """Stop what runs; a clip that is still wanted is started again at the next pump."""
        with self._lock:
            self._queue.clear()
            for running in self._running.values():
                running.terminate()
            self._running.clear()

    def _start(self, digest: str) -> bool:
        """Return False when the machine has no room for a renderer now; the next pump tries again, for a while."""
        path = self.path(digest)
        try:
            running = self._renderer(path.with_suffix(".json"), path)
        except OSError as error:
            self._starts[digest] = self._starts.get(digest, 0) + 1
            if self._starts[digest] < MAX_STARTS:
                return False
            self._give_up(digest, f"no renderer could be started: {error}")
            return True
        if running is not None:
            self._running[digest] = running
        return True

    def _ended(self, digest: str, code: int) -> None:
        if self.path(digest).exists():
            return
        self._tries[digest] = self._tries.get(digest, 0) + 1
        # below zero: ended by a signal, which means nothing about the shot
        if code > 0 or self._tries[digest] >= MAX_TRIES:
            self._give_up(digest, f"the renderer ended with code {code}")

    def _give_up(self, digest: str, why: str) -> None:
        with suppress(OSError):  # then it is tried again later
            write_whole(self._mark(digest), f"{why}\n".encode())

    def _mark(self, digest: str) -> Path:
        return self.path(digest).with_suffix(".failed")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever sees a part of it."""
    private_folder(path.parent)
    write_private(path, data)
