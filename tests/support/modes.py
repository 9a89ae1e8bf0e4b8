"""Folders that cannot be written to, for root as well: it heeds no modes, and tests may run as root."""

from __future__ import annotations

import ctypes
import sys

_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE = 24, 1  # linux/prctl.h, linux/capability.h


def heed_modes() -> None:
    """Let what this process starts heed the modes of files and folders; whoever is not root does already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0)
