"""The folders that are written to: whether that is possible, and how much room there is."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from ..errors import RunwayError
from ..storage.atomic_file import RESERVE, free_bytes
from ..storage.home import HOME_NAME, default_home, is_spare
from ..storage.video_folder import HOW_TO_CHANGE
from .finding import Finding, ok, wrong
from .masking import GetEnv

Probe = Callable[[Path], object]
"""Writes something into a folder and removes it. Raises `OSError`."""


def write_probe(folder: Path) -> None:
    """Write a small file into a folder and remove it. Raises `OSError` where that cannot be done."""
    path = folder / f".runway_nb-{secrets.token_hex(4)}.part"
    try:
        with open(path, "xb") as file:
            file.write(b"runway_nb")
    finally:
        with suppress(OSError):
            path.unlink()


def found_home(getenv: GetEnv = os.getenv) -> Path:
    """Return the folder of ledger and token. Raises `SettingsError` where there is none."""
    return default_home({HOME_NAME: getenv(HOME_NAME) or ""})


def look_at_home(
    home: Callable[[], Path], *, probe: Probe = write_probe, free: Callable[[Path], int | None] = free_bytes
) -> Iterator[Finding]:
    """Yield whether the home can be written to and stays."""
    advice = f"set {HOME_NAME} to a folder of yours on a local disk"
    try:
        path = home()
    except RunwayError as error:
        yield wrong("home", error.message, advice)
        return
    if is_spare(path):
        yield wrong("home", f"{path} is a temporary folder, which may be emptied with what was paid for", advice)
    else:
        yield _writable("home", path, advice, probe, free)


def look_at_output(
    folder: Path, *, probe: Probe = write_probe, free: Callable[[Path], int | None] = free_bytes
) -> Iterator[Finding]:
    """Yield whether videos can be written to their folder."""
    yield _writable("output folder", folder, HOW_TO_CHANGE, probe, free)


def _writable(name: str, folder: Path, advice: str, probe: Probe, free: Callable[[Path], int | None]) -> Finding:
    """Return whether a folder, or the nearest one above in which it can be made, can be written to and has room."""
    there = next((above for above in (folder, *folder.parents) if os.path.lexists(above)), folder)
    try:
        probe(there)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        problem = "cannot be written" if there == folder else f"cannot be made in {there}"
        return wrong(name, f"{folder} {problem} ({reason})", advice)
    room = free(there)
    words = "" if room is None else f", {_size(room)} free"
    if room is not None and room < RESERVE:
        return wrong(name, f"{folder}{words}, and {_size(RESERVE)} have to stay free", f"make room, or {advice}")
    made = "" if there == folder else ", is made at the first use"
    return ok(name, f"{folder}{made}{words}")


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
