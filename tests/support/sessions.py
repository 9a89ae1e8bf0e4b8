"""A shell with the extension loaded, without a kernel; the simulator stands behind it."""

from __future__ import annotations

from typing import Any

from IPython.utils.capture import capture_output

from runway_nb.jobs.job import Job
from support.fakes import Party


class Session:
    """A shell with the extension loaded and a studio that talks to the simulator."""

    def __init__(self, shell: Any, party: Party) -> None:
        self.shell, self.party = shell, party

    def cell(self, line: str, body: str = "A lamp turns") -> str:
        with capture_output() as out:
            self.shell.run_cell_magic("runway", line, body)
        return str(out.stdout)

    def line(self, line: str) -> str:
        with capture_output() as out:
            self.shell.run_line_magic("runway", line)
        return str(out.stdout)

    def job(self, name: str = "shot") -> Job:
        """The job in a variable, after its end."""
        return self.party.ended(self.shell.user_ns[name])

    def keep(self, **variables: object) -> None:
        self.shell.user_ns |= variables

    @property
    def uploads(self) -> list[str]:
        """The names under which pictures were sent."""
        return [request.url.params["name"] for request in self.party.api.calls("POST", "/assets")]

    @property
    def creates(self) -> int:
        return len(self.party.api.calls("POST", "/create"))
