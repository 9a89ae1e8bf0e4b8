"""`python -m runway_nb`: what can be asked without a notebook."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from . import __version__
from .doctor.doctor import Doctor
from .doctor.report import as_json, as_text, has_wrong
from .notebook.hosts import current_place
from .notebook.session_checks import front_end_checks, session_of, without_page
from .storage.paths import working_folder
from .text.console import write_line


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command of the command line and return its exit code: 1 where something is wrong.

    Args:
        arguments: By default those of the process.
    """
    given = _parser().parse_args(arguments)
    if given.command == "follow":
        from .follow.command import follow  # loads the studio

        return follow(as_data=given.json)
    return _examine(as_data=given.json)


def _examine(*, as_data: bool) -> int:
    checks = [*front_end_checks(current_place(None), "auto"), without_page()]
    findings = Doctor(session_of({}, working_folder()), checks).examine()
    write_line(as_json(findings) if as_data else as_text(findings))
    return int(has_wrong(findings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m runway_nb",
        description="Generated video from a notebook; python -m runway_nb.simulator starts the simulator.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    text = "look at the installation: what is well, what is wrong and what to do; it spends nothing"
    doctor = commands.add_parser("doctor", help=text, description=text)
    doctor.add_argument("--json", action="store_true", help="write it as JSON")
    text = "take over the jobs whose kernels are gone, until SIGTERM or SIGINT; it sends nothing"
    follow = commands.add_parser("follow", help=text, description=text)
    follow.add_argument("--json", action="store_true", help="write each event as a line of JSON")
    return parser


if __name__ == "__main__":
    code = main()
    # at once: what hangs, such as the look-up of a host, would keep the process
    os._exit(code)
