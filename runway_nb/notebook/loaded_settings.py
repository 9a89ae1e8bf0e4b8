"""The settings of `%config RunwayMagics`, found again whatever was reloaded.

The shell keeps them: no reload of this package, and no removal of its modules, resets a shell. A budget that was
forgotten would be overspent, so what cannot be found is refused and never taken for "no limit".
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..extension_points import provided

_CLASS = "RunwayMagics"
_PACKAGE = __name__.partition(".")[0]
_loaded: Any = globals().get("_loaded")  # kept by a reload of this module


def remember(settings: Any) -> None:
    """Keep the settings of an extension that was loaded, for a shell that is not IPython's own; None forgets them."""
    global _loaded
    _loaded = settings


def loaded_settings(shell: Any = None) -> Any:
    """Return the settings object of the loaded extension, the newest of a shell; None where none is loaded.

    Args:
        shell: By default the running one.
    """
    if shell is None and _loaded is not None:
        return _loaded
    # by name: after a reload the class is another one
    parts = list(getattr(shell or running_shell(), "configurables", ()))
    found = [part for part in parts if type(part).__name__ == _CLASS]
    return found[-1] if found else None


def notebook_settings() -> tuple[Mapping[str, object] | None, Path | None]:
    """Return what `%config` holds at this moment, and the notebook's folder; None for each that nobody has set.

    Raises `SettingsError` when the extension is loaded and its settings are gone, or cannot be read.
    """
    settings = loaded_settings()
    if settings is not None:
        return settings.values(), settings.folder
    shell = running_shell()
    if _PACKAGE in getattr(getattr(shell, "extension_manager", None), "loaded", ()):
        from ..errors import SettingsError  # loaded with the extension, which needs no errors

        raise SettingsError(
            "the settings of %config RunwayMagics are gone, and with them its limit of credits; nothing was sent: "
            f"%reload_ext {_PACKAGE}, then set them again"
        )
    return _of_profile(shell), None


def running_shell() -> Any:
    """Return IPython's own shell; None where IPython is not loaded, for then it runs no shell."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython  # loads IPython

    return get_ipython()


def _of_profile(shell: Any) -> Mapping[str, object] | None:
    """Return the settings in IPython's own configuration, for a shell in which the extension is not loaded."""
    if _CLASS not in getattr(shell, "config", ()):
        return None
    values: Mapping[str, object] = provided("settings.configured")(shell).values()
    return values
