"""The shell in which the magics run: its variables, its settings, and how results are shown in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...text.console import write_line
from ..hosts import Host, Mode, current_place

if TYPE_CHECKING:
    from ...jobs.job import Job
    from ...studio import Studio
    from ...sweeps.sweep import Sweep
    from ..cards.view import View


class FrontEnd:
    """One shell with the extension loaded.

    Args:
        shell: The IPython shell.
        config: Gives what `%config RunwayMagics` holds at this moment.
        folder: The notebook's folder: the working directory when the extension was loaded.
    """

    def __init__(self, shell: Any, config: Callable[[], dict[str, object]], folder: Path) -> None:
        self.shell = shell
        self.folder = folder
        self._config = config

    @property
    def studio(self) -> Studio:
        """The studio of this process, with the settings of this moment."""
        from ...shortcuts import default_studio  # loads the studio

        return default_studio()

    @property
    def config(self) -> dict[str, object]:
        """What `%config RunwayMagics` holds at this moment."""
        return self._config()

    @property
    def variables(self) -> dict[str, Any]:
        """The notebook's variables."""
        variables: dict[str, Any] = self.shell.user_ns
        return variables

    @property
    def host(self) -> Host:
        """The front end of this moment."""
        return current_place(self.shell).host

    @property
    def mode(self) -> Mode:
        """`live`; `terminal` where only text is shown; `batch` where nobody can be asked."""
        return self.host.mode

    def view(self, embed: str | None = None) -> View:
        """Return how results are shown: asked anew each time, since one kernel may serve several front ends."""
        from ..cards.view import view_in  # loads the rendering

        return view_in(self.host, str(embed or self._config()["embed"]), self.folder)

    def show(self, job: Job, embed: str | None = None, *, reused: bool = False) -> None:
        """Show a job in the running cell: its live card, or its durable result."""
        from ..cards.view import show  # loads the rendering

        show(job, self.studio, self.view(embed), reused=reused)

    def show_sweep(self, sweep: Sweep, embed: str | None = None) -> None:
        """Show all videos of a sweep in the running cell, as one table."""
        from ..cards.sweep_view import show_sweep  # loads the rendering

        show_sweep(sweep, self.studio, self.view(embed))

    def show_bundle(self, bundle: dict[str, str]) -> None:
        """Display a MIME bundle; in a terminal, print its text."""
        from IPython.display import display  # loads IPython

        if self.mode == "terminal":
            write_line(bundle["text/plain"])
        else:
            display(bundle, raw=True)
