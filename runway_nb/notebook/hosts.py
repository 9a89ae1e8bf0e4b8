"""Where a session runs: a table with one row for each front end, and how it is told from the others.

A row says who watches, whether widgets reach the kernel, and how a video gets onto the page. A new front end is a row.
What stands behind it: Jupyter facts, sections 1 and 3.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from ..jobs.loop import IN_BROWSER
from .served_folder import is_beyond_root

Mode = Literal["live", "batch", "terminal"]
"""live: somebody watches, and widgets live; batch: nobody can be asked, and a cell waits; terminal: text only."""

_CONSOLE = re.compile(r"jupyter[-_ ](?:qt)?console|qtconsole|spyder")


class Signs(NamedTuple):
    """What a session shows of where it runs."""

    shell: str = ""
    """The class of the IPython shell with its module; nothing in plain Python."""
    has_kernel: bool = False
    is_watched: bool = True
    """Whether the running cell may ask its user: `allow_stdin` of its request."""
    cell: str = ""
    """What the front end calls the running cell; JupyterLab and VS Code do."""
    server: str = ""
    """`SERVER_SOFTWARE`, which names the program that serves the page."""
    parent: str = ""
    """The command that started the kernel, where no server did."""
    has_vscode_path: bool = False
    """Whether VS Code has set `__vsc_ipynb_file__`, as it does in kernels that it starts itself."""
    in_marimo: bool = False
    is_beyond_root: bool = False
    """Whether the server that shows the notebook gives out nothing that lies beside it."""
    platform: str = "linux"


class Host(NamedTuple):
    """One front end."""

    name: str
    mode: Mode
    """Of a cell."""
    has_widgets: bool
    """Whether a widget on the page reaches the kernel, also after its cell has run."""
    embeds: bool
    """Whether a video has to be carried inside the output: no path leads to its file, or the output is moved."""
    sign: Callable[[Signs], str]
    """Return by which sign it is told; nothing where it is another."""
    panel: str = ""
    """What is said in place of a panel's controls; nothing where they live."""
    has_magics: bool = True
    """Whether `%runway` is understood there, so that a next step can be named by it."""
    problem: str = ""
    """Why nothing can be sent from there, and what to do instead."""

    @property
    def embed(self) -> str:
        """How a video is carried where nobody has chosen: see `rendering.result_html.bundle`."""
        return "capped" if self.embeds else "auto"

    @property
    def only_widgets(self) -> bool:
        """Whether the page, once made, is brought up to date by its widgets alone: other outputs stay as they are."""
        return self.has_widgets and self.mode == "batch"


class Place(NamedTuple):
    """Where a session runs, and why that is thought."""

    host: Host
    reason: str


_IN_TERMINAL = (
    "A terminal cannot show its controls: open a notebook in a browser for them. This cell makes the same request here."
)

HOSTS: tuple[Host, ...] = (
    Host(
        "JupyterLite", "batch", False, True,
        lambda signs: "Python runs in the browser" if signs.platform == "emscripten" else "",
        problem=IN_BROWSER,
    ),
    Host(
        "marimo", "batch", False, True,
        lambda signs: "marimo runs this notebook" if signs.in_marimo else "",
        "marimo cannot show these controls: ask with runway_nb.generate(), or open the panel in JupyterLab.",
        has_magics=False,
    ),
    Host(
        "plain Python", "terminal", False, False,
        lambda signs: "" if signs.shell else "there is no IPython shell",
        "Its controls need a notebook in a browser: ask with runway_nb.generate() here.",
        has_magics=False,
    ),
    Host(
        "Voila", "batch", True, True,
        lambda signs: f"SERVER_SOFTWARE is {signs.server}" if signs.server.startswith("voila/") else "",
    ),
    Host(
        "Colab", "live", True, True,
        lambda signs: f"the shell is {signs.shell}" if signs.shell.startswith("google.colab") else "",
    ),
    Host(
        "IPython", "terminal", False, False,
        lambda signs: "" if signs.has_kernel else "the shell has no kernel",
        _IN_TERMINAL,
    ),
    Host(
        "batch run", "batch", False, True,
        lambda signs: "" if signs.is_watched else "the running cell may ask nobody (allow_stdin)",
        "This notebook was run as a whole, with nobody to use the controls: they come when the cell is run by itself.",
    ),
    Host(
        "VS Code", "live", True, True,
        lambda signs: "__vsc_ipynb_file__ is set" if signs.has_vscode_path
        else "the cell is named as VS Code does" if signs.cell.startswith("vscode-") else "",
    ),
    Host(
        "Jupyter console", "terminal", False, False,
        lambda signs: "" if signs.cell or not _CONSOLE.search(signs.parent) else "a console has started the kernel",
        _IN_TERMINAL,
    ),
    Host(
        "JupyterLab behind a link", "live", True, True,
        lambda signs: "it lies below a link, where its server gives out no file" if signs.is_beyond_root else "",
    ),
    Host("JupyterLab or Notebook", "live", True, False, lambda _: "it is none of the others"),
)  # fmt: skip
"""All front ends; the first whose sign is there is the one."""


def place_of(signs: Signs) -> Place:
    """Return where a session with these signs runs."""
    return next(Place(host, reason) for host in HOSTS if (reason := host.sign(signs)))


def current_place(shell: Any) -> Place:
    """Return where the session of an IPython shell runs at this moment: one kernel may serve several front ends."""
    kind = type(shell)
    request = shell.get_parent() if hasattr(shell, "kernel") else {}
    return place_of(
        Signs(
            shell="" if shell is None else f"{kind.__module__}.{kind.__qualname__}",
            has_kernel=hasattr(shell, "kernel"),
            is_watched=bool(request.get("content", {}).get("allow_stdin", True)),
            cell=str(request.get("metadata", {}).get("cellId") or ""),
            server=os.environ.get("SERVER_SOFTWARE", ""),
            parent=starter() if hasattr(shell, "kernel") and "JPY_SESSION_NAME" not in os.environ else "",
            has_vscode_path="__vsc_ipynb_file__" in getattr(shell, "user_ns", {}),
            in_marimo=_is_in_marimo(),
            is_beyond_root=is_beyond_root(os.environ),
            platform=sys.platform,
        )
    )


def current_client(shell: Any) -> str:
    """Return the connection to the kernel by which the running cell or message came; nothing without a kernel."""
    request = shell.get_parent() if hasattr(shell, "kernel") else {}
    return str(request.get("header", {}).get("session") or "")


def _is_in_marimo() -> bool:
    """Return True where marimo runs this notebook; that it is installed, or imported, says nothing."""
    marimo = sys.modules.get("marimo")
    return marimo is not None and bool(marimo.running_in_notebook())


@lru_cache(maxsize=1)
def starter() -> str:
    """Return the command line of the process that started this kernel; nothing where it cannot be read."""
    try:
        import psutil  # comes with ipykernel
    except (ImportError, NotImplementedError):
        return ""
    try:
        return " ".join(psutil.Process(int(os.environ["JPY_PARENT_PID"])).cmdline())
    except (KeyError, ValueError, OSError, psutil.Error):
        return ""
