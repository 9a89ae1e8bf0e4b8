"""Paths as a user writes them, and the folders that `~` and a relative one begin at; without any import of ours.

A machine may have none of them: a container without a home, a working directory that was deleted.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

LONGEST = 4096
"""Characters of a path that any system takes at most."""


def expanded(text: str) -> Path:
    """Return a path with `~` filled in. Raises `ValueError` with the reason where it cannot be one."""
    if "\0" in text:
        raise ValueError("no path holds the character NUL")
    if len(text) > LONGEST:
        raise ValueError(f"no path has {len(text):,} characters")
    try:
        # what a file system gave may hold bytes that are no text, and on Windows anything
        text.encode(errors="surrogateescape" if os.name == "posix" else "surrogatepass")
    except UnicodeEncodeError:
        raise ValueError("no path holds half a character (a lone surrogate)") from None
    if not text.startswith("~"):
        return Path(text)
    first, *rest = Path(text).parts
    home = home_folder() if first == "~" else _home_of(first)
    if home is None:
        who = "you have no home folder here" if first == "~" else f"there is no home folder {first}"
        raise ValueError(f"{who}, give the whole path")
    return home.joinpath(*rest)


def home_folder(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the user's home, or None. Only a whole path counts in HOME: an empty one would mean `/`."""
    if os.name != "posix":
        return _home_of("~")
    given = environ.get("HOME", "")
    if os.path.isabs(given):
        return Path(given)
    return _passwd_home()


def _passwd_home() -> Path | None:
    import pwd  # not on Windows

    try:
        found = pwd.getpwuid(os.getuid()).pw_dir
    except (KeyError, OSError):
        return None
    return Path(found) if os.path.isabs(found) else None


def _home_of(user: str) -> Path | None:
    """Return what `~` or `~name` stands for, by the system."""
    try:
        return Path(user).expanduser()
    except (RuntimeError, OSError, ValueError, KeyError):
        return None


def working_folder() -> Path:
    """Return the working directory; the relative path `.` where it was deleted, and nothing can lie in it."""
    try:
        return Path.cwd()
    except OSError:
        return Path()


def whole_path(text: str) -> Path:
    """Return the path that a text names, from the root on. Raises `ValueError` with the reason where there is none."""
    if not text.strip():
        raise ValueError("give a path")
    # whole, since a notebook may change its working directory later
    found = working_folder() / expanded(text)
    if not found.is_absolute():
        raise ValueError("the working directory is deleted, give the whole path")
    return found
