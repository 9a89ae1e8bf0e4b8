"""Exports that a party has made, and their import into another one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import runway_nb
from runway_nb.jobs.export_folder import MANIFEST
from runway_nb.jobs.export_jobs import Export
from runway_nb.jobs.import_jobs import Import
from support.fakes import Party


def exported(party: Party, folder: Path, **wanted: Any) -> Export:
    """Export the jobs of a party."""
    made: Export = runway_nb.export(folder, studio=party.studio, **wanted)
    return made


def imported(party: Party, folder: Path) -> Import:
    """Import an export into the ledger of a party."""
    made: Import = runway_nb.import_results(folder, studio=party.studio)
    return made


def lines(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a manifest as JSON reads them."""
    return [json.loads(line) for line in (folder / MANIFEST).read_text().splitlines()]


def change_lines(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change every line of a manifest in place."""
    found = lines(folder)
    for line in found:
        change(line)
    (folder / MANIFEST).write_text("".join(f"{json.dumps(line)}\n" for line in found))
