"""Loading and unloading. Registers names and nothing else; what they do is imported at their first use."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from traitlets import Bool, Enum, Int, Unicode
from traitlets.config import Configurable

from ..errors import SettingsError
from ..home import working_folder

if TYPE_CHECKING:
    from ..job import Job
    from .magic import Magics


WORTH_TELLING = 7 * 24 * 60 * 60.0
"""Seconds after which a job in doubt is not told of any more; it stays in the list."""


class RunwayMagics(Configurable):
    """The settings of `%config RunwayMagics`, and the way to what the magics do."""

    base_url = Unicode("", help="Address of the API; the default is useapi.net.").tag(config=True)
    output = Unicode("", help="Folder of finished videos; a relative one lies beside the notebook.").tag(config=True)
    embed = Enum(
        ("auto", "always", "never"), "auto", help="Whether the video is put into the notebook file itself."
    ).tag(config=True)
    multipart = Bool(False, help="Send the create call as multipart/form-data.").tag(config=True)
    reuse = Bool(
        None, allow_none=True, help="Whether an unchanged cell shows its stored result; it does by default."
    ).tag(config=True)
    max_credits = Int(None, allow_none=True, help="The most credits that this notebook may spend on a day.").tag(
        config=True
    )
    max_moderated = Int(
        None, allow_none=True, help="Refusals by moderation within a day after which --force is needed; 3 by default."
    ).tag(config=True)
    slots = Int(None, allow_none=True, help="How many tasks run at once on an account, 1 to 10; 2 by default.").tag(
        config=True
    )

    def __init__(self, shell: Any) -> None:
        super().__init__(parent=shell)
        self._shell = shell
        self.folder = working_folder()
        """The notebook's folder: kernels start there, and `%cd` comes later."""
        self._magics: Magics | None = None

    @property
    def magics(self) -> Magics:
        """Made at the first use."""
        if self._magics is None:
            from .magic import Magics

            self._magics = Magics(self._shell, self.values, self.folder)
        return self._magics

    def values(self) -> dict[str, object]:
        """The settings of this moment."""
        return {name: getattr(self, name) for name in self.trait_names(config=True)}


class CellMagic:
    """`%%runway`, as IPython calls it."""

    _ipython_magic_no_var_expand = True
    """The line is taken literally: `{{name}}` is ours, and `{name}` or `$name` would be evaluated by IPython."""

    def __init__(self, home: RunwayMagics) -> None:
        self.home = home

    def __call__(self, line: str, cell: str) -> None:  # noqa: D102 - IPython shows it as help
        self.home.magics.cell(line, cell)

    async def awaited(self, line: str, cell: str) -> None:
        """The same with `--wait`, as a top-level await."""
        await self.home.magics.cell_async(line, cell)

    def getdoc(self) -> str:
        """The text behind `%%runway?`."""
        from .options import cell_help

        return cell_help()


class LineMagic:
    """`%runway`, as IPython calls it."""

    def __init__(self, home: RunwayMagics) -> None:
        self.home = home

    def __call__(self, line: str) -> None:  # noqa: D102 - IPython shows it as help
        self.home.magics.line(line)

    def getdoc(self) -> str:
        """The text behind `%runway?`."""
        from .options import line_help

        return line_help()


def await_cell(lines: list[str]) -> list[str]:
    """Input transformer: `%%runway ... --wait` becomes a top-level await (Jupyter facts, section 1)."""
    if not lines or not lines[0].startswith("%%runway ") or "--wait" not in lines[0]:
        return lines
    from .options import wants_await

    line = lines[0].removeprefix("%%runway").strip()
    if not wants_await(line):
        return lines
    cell = "".join(lines[1:])
    return [f"await get_ipython().magics_manager.magics['cell']['runway'].awaited({line!r}, {cell!r})\n"]


def complete(_: Any, event: Any) -> list[str]:
    """Tab completion for both magics."""
    from .options import completions

    return completions(event.line, event.symbol)


def load(shell: Any) -> RunwayMagics:
    """Register magics, settings, completion, the transformer of `--wait`, and the live view of jobs."""
    home = RunwayMagics(shell)
    shell.configurables.append(home)
    shell.register_magic_function(CellMagic(home), "cell", "runway")
    shell.register_magic_function(LineMagic(home), "line", "runway")
    for key in ("%%runway", "%runway"):
        shell.set_hook("complete_command", complete, str_key=key)
    if not hasattr(shell, "kernel"):
        return home
    shell.input_transformers_cleanup.append(await_cell)

    def show_job(job: Job) -> None:
        home.magics.show(job)

    shell.display_formatter.ipython_display_formatter.for_type_by_name("runway_nb.job", "Job", show_job)
    return home


def tell_unfinished() -> None:
    """One quiet line about jobs of earlier kernels; nothing when there are none, or no ledger yet."""
    from ..home import default_home
    from ..unfinished import count_unfinished

    try:
        home = default_home()
    except SettingsError:
        return  # the first cell that needs it says what is wrong, with what to do
    count = count_unfinished(home / "ledger.sqlite3", time.time(), WORTH_TELLING)
    if words := unfinished_words(count):
        print(words)


def unfinished_words(count: int) -> str:
    """How many jobs wait to be picked up; nothing when none does."""
    if not count:
        return ""
    jobs, them = ("1 unfinished job", "it") if count == 1 else (f"{count} unfinished jobs", "them")
    return f"runway_nb: {jobs}; %runway resume picks {them} up, %runway list shows {them}."


def unload(shell: Any) -> None:
    """Take back everything that `load` registered, and stop following."""
    for kind in ("cell", "line"):
        shell.magics_manager.magics[kind].pop("runway", None)
    shell.configurables[:] = [other for other in shell.configurables if not isinstance(other, RunwayMagics)]
    if await_cell in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(await_cell)
    for key in ("%%runway", "%runway"):
        shell.strdispatchers["complete_command"].strs.pop(key, None)
    _forget_job_view(shell.display_formatter.ipython_display_formatter)
    if "runway_nb.default" in sys.modules:
        from ..default import close_default_studio

        close_default_studio()


def _forget_job_view(formatter: Any) -> None:
    """Out of both places: by name until the first job was shown, by type after it."""
    formatter.deferred_printers.pop(("runway_nb.job", "Job"), None)
    if "runway_nb.job" in sys.modules:
        formatter.type_printers.pop(sys.modules["runway_nb.job"].Job, None)
