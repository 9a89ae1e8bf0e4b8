"""The settings of `%config RunwayMagics`, found again whatever was reloaded.

The shell keeps them, and no reload of this package resets a shell. A budget that was forgotten would be overspent, so
what cannot be found is refused and never taken for "no limit". IPython is asked only where it is loaded already.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import SettingsError
from .extension_points import provided

_CLASS = "RunwayMagics"
_PACKAGE = __name__.partition(".")[0]


def loaded_settings(shell: Any = None) -> Any:
    """The settings object of the loaded extension, the newest of a shell; None where none is loaded.

    Args:
        shell: By default the running one.
    """
    kept = getattr(sys.modules.get(_PACKAGE), "notebook_settings", None) if shell is None else None
    if kept is not None:
        return kept
    # by name: after a reload the class is another one
    found = [other for other in _parts(shell or _running_shell()) if type(other).__name__ == _CLASS]
    return found[-1] if found else None


def notebook_settings() -> tuple[Mapping[str, object] | None, Path | None]:
    """What `%config` holds at this moment, and the notebook's folder; None for each that nobody has set.

    Raises `SettingsError` when the extension is loaded and its settings are gone, or cannot be read.
    """
    settings = loaded_settings()
    if settings is not None:
        return settings.values(), settings.folder
    shell = _running_shell()
    if _PACKAGE in getattr(getattr(shell, "extension_manager", None), "loaded", ()):
        raise SettingsError(
            "the settings of %config RunwayMagics are gone, and with them its limit of credits; nothing was sent: "
            f"%reload_ext {_PACKAGE}, then set them again"
        )
    return _of_profile(shell), None


def _of_profile(shell: Any) -> Mapping[str, object] | None:
    """The settings in IPython's own configuration, for a shell in which the extension is not loaded."""
    if _CLASS not in getattr(shell, "config", ()):
        return None
    values: Mapping[str, object] = provided("settings.configured")(shell).values()
    return values


def _running_shell() -> Any:
    ask = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return ask() if ask is not None else None


def _parts(shell: Any) -> list[Any]:
    return list(getattr(shell, "configurables", ()))
