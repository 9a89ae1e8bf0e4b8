"""The folder of ledger, simulator and private token."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def default_home(environ: Mapping[str, str] = os.environ) -> Path:
    """RUNWAY_NB_HOME, else the user's data folder."""
    from platformdirs import user_data_path

    given = environ.get("RUNWAY_NB_HOME")
    # whole, since a notebook may change its working directory later
    return (Path(given).expanduser() if given else user_data_path("runway_nb", appauthor=False)).absolute()
