"""Drive every environment that can run here, and write what was seen into docs/environments.md, with day and versions.

    python tests/environments/drive.py [--only NAME ...]

Everything runs against a simulator on this machine. Tools that no test needs are installed below build/environments,
where the screenshots go, too. With `--only` other rows stay as they are. A row is written when all is as it should be;
else the status is 1.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
sys.path.insert(0, str(Path(__file__).parents[1]))

from lab import find_chromium, start_chromium
from playwright.sync_api import sync_playwright

from environments import batch_runs, books, pages, terminals
from environments.bench import Bench, Environment
from environments.rooms import ROOMS
from environments.seen_table import Row, rows_in, with_rows
from support.kernels import ROOT, SimulatorProcess

VERSION_COMMANDS = {
    "firefox": ["firefox-esr", "--version"],
    "webkit": ["dpkg-query", "-W", "-f", "WebKitGTK ${Version}", "webkit2gtk-driver"],  # it does not say it itself
}
PAGE = ROOT / "docs" / "environments.md"
PICTURES = ROOMS / "pictures"
SPEED = "12"
"""Of the simulator: a card is seen to move, and nobody waits for a minute."""
ENVIRONMENTS: tuple[Environment, ...] = (
    *pages.ENVIRONMENTS,
    *batch_runs.ENVIRONMENTS,
    *books.ENVIRONMENTS,
    *terminals.ENVIRONMENTS,
)


def main(chosen: Sequence[Environment]) -> int:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place, sync_playwright() as playwright:
        program = find_chromium(playwright)
        if program is None:
            sys.exit("no chromium found; make environments installs one")
        home = Path(place) / "simulator"
        home.mkdir()
        simulator = SimulatorProcess(home, "--speed", SPEED, "--max-jobs", "10")
        bench = Bench(Path(place), simulator, start_chromium(playwright, program), PICTURES)
        try:
            seen = [driven(environment, bench) for environment in chosen]
        finally:
            bench.chromium.close()
            simulator.stop()
    keep([row for row in seen if row])
    return 0 if all(seen) else 1


def driven(environment: Environment, bench: Bench) -> Row | None:
    """Return the row of an environment; None where something was not as it should be, which is printed."""
    began = time.monotonic()
    try:
        seen = environment.drive(bench)
        packages = environment.room.versions(*environment.packages)
        versions = ", ".join(filter(None, (packages, version_of(environment.browser, bench))))
    except Exception as error:
        traceback.print_exc()
        print(f"FAILED {environment.name}: {type(error).__name__}: {error}", flush=True)
        return None
    print(f"{environment.name} ({time.monotonic() - began:.0f} s): {seen}", flush=True)
    return Row(*environment[:3], seen, versions, time.strftime("%Y-%m-%d"))


def version_of(browser: str, bench: Bench) -> str:
    """Return the name of a browser with its version; nothing for none."""
    if browser == "chromium":
        return f"Chromium {bench.chromium.version}"
    command = VERSION_COMMANDS.get(browser)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() if command else ""


def keep(seen: Sequence[Row]) -> None:
    """Write rows into the page, in the order of the environments; those that are no environment any more go."""
    page = PAGE.read_text(encoding="utf-8")
    rows = rows_in(page) | {row.environment: row for row in seen}
    kept = [rows[each.name] for each in ENVIRONMENTS if each.name in rows]
    PAGE.write_text(with_rows(page, kept), encoding="utf-8")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--only", nargs="+", metavar="NAME", default=[], choices=[each.name for each in ENVIRONMENTS])
    only = options.parse_args().only
    sys.exit(main([each for each in ENVIRONMENTS if not only or each.name in only]))
