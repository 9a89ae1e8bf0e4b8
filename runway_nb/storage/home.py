"""The folder of ledger, simulator and private token; loaded with the extension, hence without the errors.

A machine may have no home for it, such as a container.
"""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from .paths import home_folder, whole_path

HOME_NAME = "RUNWAY_NB_HOME"
LEDGER_NAME = "ledger.sqlite3"
"""The file of the ledger, in the home."""
LEDGER_VARIABLE = "RUNWAY_NB_LEDGER"
"""Holds the address of a server that keeps the ledger instead."""
_LOG = logging.getLogger("runway_nb")


def default_home(environ: Mapping[str, str] = os.environ) -> Path:
    """Return RUNWAY_NB_HOME, else the user's data folder; without any the private `spare_home`.

    Raises `SettingsError` where none of them can be had.
    """
    given = environ.get(HOME_NAME)
    # it holds the token, and a traceback that shows variables would show it
    del environ
    if not given:
        return _data_folder() or spare_home()
    with suppress(ValueError):
        return whole_path(given)
    from .given_paths import setting_path  # only where it is wrong

    return setting_path(given, HOME_NAME)


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
    """Return True when the nearest folder above that exists may be written to."""
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
        raise _unusable(f"no temporary one ({error.strerror}): {cure}") from None
    if not stat.S_ISDIR(found.st_mode) or (os.name == "posix" and not _is_private(found)):
        raise _unusable(f"{path} belongs to others or can be read by them: {cure}")
    _report_once(path, cure)
    return path


def _unusable(reason: str) -> Exception:
    from ..errors import SettingsError  # only where it is wrong

    return SettingsError(f"there is no home folder, and {reason}")


def is_spare(home: Path) -> bool:
    """Return True for the folder that `spare_home` gave in this process."""
    return home in _reported


_reported: set[Path] = set()
"""The spare folders that were reported."""


def _is_private(found: os.stat_result) -> bool:
    return found.st_uid == os.getuid() and not found.st_mode & 0o077


def _report_once(path: Path, cure: str) -> None:
    if path not in _reported:
        _reported.add(path)
        _LOG.warning("there is no home folder: jobs are kept in %s, which may be emptied; %s", path, cure)
