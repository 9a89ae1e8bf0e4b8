"""Who uses this process and what may be spent in it, as the environment said when it began.

A notebook can change its own environment later on: what was allowed to it at the start stays.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

USER_NAME, HUB_USER_NAME = "RUNWAY_NB_USER", "JUPYTERHUB_USER"
BUDGET_NAME = "RUNWAY_NB_BUDGET"


class StartEnvironment(NamedTuple):
    """What was set at the start of the process."""

    user: str
    """Who asks for videos; nothing where nobody is named."""
    budget: str
    """The credits that may be spent, as they were written."""


def named_user(environ: Mapping[str, str]) -> str:
    """Return the name of the user: ours where it is set, else that of the hub."""
    return environ.get(USER_NAME) or environ.get(HUB_USER_NAME) or ""


AT_START = StartEnvironment(named_user(os.environ), os.environ.get(BUDGET_NAME, ""))
"""Of this process."""
