"""Where files of this package lie: the folder of ledger, simulator and private token; `~`; the working directory.

A machine may have none of them: a container without a home, a working directory that was deleted.
"""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..errors import InvalidRequest, SettingsError
from ..values.plain import can_be_sent, is_a, path_text, shown

HOME_NAME = "RUNWAY_NB_HOME"
LONGEST = 4096
"""Characters of a path that any system takes at most."""
_LOG = logging.getLogger("runway_nb")


def default_home(environ: Mapping[str, str] = os.environ) -> Path:
    """RUNWAY_NB_HOME, else the user's data folder; without any the private `spare_home`.

    Raises `SettingsError` where none of them can be had.
    """
    given = environ.get(HOME_NAME)
    # it holds the token, and a traceback that shows variables would show it
    del environ
    if given:
        return setting_path(given, HOME_NAME)
    return _data_folder() or spare_home()


def setting_path(value: object, name: str) -> Path:
    """Return the whole path that a setting names. Raises `SettingsError`."""
    try:
        # whole, since a notebook may change its working directory later
        return whole_path(read_path(value, name), name)
    except InvalidRequest as error:
        raise SettingsError(error.message) from None


def read_path(value: object, name: str) -> Path:
    """Return the path that an argument names, `~` filled in. Raises `InvalidRequest`."""
    text = path_text(value)
    if not is_a(text, str) or not str(text).strip():
        raise InvalidRequest([f"{name} is {shown(value)}: give a path"])
    try:
        return expanded(str(text))
    except ValueError as error:
        raise InvalidRequest([f"{name} is {shown(text)}: {error}"]) from None


def expanded(text: str) -> Path:
    """Return a path with `~` filled in. Raises `ValueError` with the reason where it cannot be one."""
    if "\0" in text:
        raise ValueError("no path holds the character NUL")
    if len(text) > LONGEST:
        raise ValueError(f"no path has {len(text):,} characters")
    # what a file system gave may hold bytes that are no text
    if os.name == "posix" and not can_be_sent(text):
        _encoded(text)
    if not text.startswith("~"):
        return Path(text)
    first, *rest = Path(text).parts
    home = home_folder() if first == "~" else _home_of(first)
    if home is None:
        who = "you have no home folder here" if first == "~" else f"there is no home folder {first}"
        raise ValueError(f"{who}, give the whole path")
    return home.joinpath(*rest)


def _encoded(text: str) -> None:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise ValueError("no path holds half a character (a lone surrogate)") from None


def home_folder(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The user's home; None where there is none. HOME counts only as a whole path: an empty one would mean `/`."""
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


def whole_path(path: Path, name: str) -> Path:
    """Return the path from the root on. Raises `InvalidRequest` where there is no working directory to begin at."""
    found = working_folder() / path
    if found.is_absolute():
        return found
    raise InvalidRequest([f"{name} is {shown(str(path))} and the working directory is deleted: give the whole path"])


def result_folder(folder: object, output: Path) -> Path:
    """Return the whole path of a notebook's folder. Raises `SettingsError` where a result would have no place in it."""
    found = working_folder() / read_path(folder, "folder")
    if (found / output).is_absolute():
        return found
    raise SettingsError(
        f"output is {shown(str(output))} and the working directory is deleted: set RUNWAY_NB_OUTPUT to a whole path, "
        "or go to another folder with os.chdir"
    )


def _data_folder(system: Mapping[str, str] = os.environ) -> Path | None:
    """Return the user's data folder, by the habit of the system; None where it cannot be made."""
    from platformdirs import user_data_path  # loads platformdirs

    home, unsound = home_folder(system), os.name == "posix" and not os.path.isabs(system.get("HOME", "/"))
    if system.get("XDG_DATA_HOME", "").strip() or (home is not None and not unsound):
        found = user_data_path("runway_nb", appauthor=False)
    elif home is not None:
        # with such a HOME it would come to lie in `/`, or in a folder called `~`
        found = home / ".local" / "share" / "runway_nb"
    else:
        return None
    # one that is there holds what was paid for: it is never passed over
    return found if found.is_absolute() and (os.path.exists(found) or _can_be_made(found)) else None


def _can_be_made(path: Path) -> bool:
    """True when the nearest folder above that exists may be written to."""
    try:
        above = next(folder for folder in path.parents if os.path.lexists(folder))
        return above.is_dir() and os.access(above, os.W_OK | os.X_OK)
    except OSError:
        return False


def spare_home(temporary: str = "") -> Path:
    """Return a private folder among the temporary files, for a machine where the user has none. Says so once.

    Raises `SettingsError` where it cannot be made, or belongs to somebody else.
    """
    cure = f"set {HOME_NAME} to a folder of yours"
    try:
        path = Path(temporary or tempfile.gettempdir()) / f"runway_nb-{getattr(os, 'getuid', os.getpid)()}"
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise SettingsError(f"there is no home folder, and no temporary one ({error.strerror}): {cure}") from None
    if not stat.S_ISDIR(found.st_mode) or (os.name == "posix" and not _is_private(found)):
        raise SettingsError(f"there is no home folder, and {path} belongs to others or can be read by them: {cure}")
    _report_once(path, cure)
    return path


def is_spare(home: Path) -> bool:
    """True for the folder that `spare_home` gave in this process."""
    return home in _reported


_reported: set[Path] = set()
"""The spare folders that were reported."""


def _is_private(found: os.stat_result) -> bool:
    return found.st_uid == os.getuid() and not found.st_mode & 0o077


def _report_once(path: Path, cure: str) -> None:
    if path not in _reported:
        _reported.add(path)
        _LOG.warning("there is no home folder: jobs are kept in %s, which may be emptied; %s", path, cure)
