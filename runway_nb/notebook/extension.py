"""Loading and unloading. Registers names and nothing else; what they do is imported at their first use."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from traitlets import Bool, Dict, Enum, Int, TraitError, Unicode, validate
from traitlets.config import Configurable

from ..storage.paths import working_folder
from .loaded_settings import loaded_settings, remember

if TYPE_CHECKING:
    from ..jobs.job import Job
    from ..sweeps.sweep import Sweep
    from .magics.front_end import FrontEnd


ANSWER_SECONDS = 1.0
"""How long loading waits for a ledger on a server: one nearby answers in a quarter of that."""
WORTH_TELLING = 7 * 24 * 60 * 60.0
"""Seconds after which a job in doubt is not reported any more; it stays in the list."""


_CLASS = "RunwayMagics"
_SHOWN = (("runway_nb.jobs.job", "Job"), ("runway_nb.sweeps.sweep", "Sweep"))
"""The classes whose views are registered, by module and name."""
_ON_THE_WAY = ("IPython.", __name__)
"""Modules between who runs a cell and a transformer of its text."""


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
    max_credits = Int(
        None, allow_none=True, help="The most credits that may be spent on a day, by all notebooks together."
    ).tag(config=True)
    max_moderated = Int(
        None, allow_none=True, help="Refusals by moderation within a day after which --force is needed; 3 by default."
    ).tag(config=True)
    unknown_price = Bool(
        None, allow_none=True, help="Whether to send what nobody knows the price of, although credits are limited."
    ).tag(config=True)
    confirm_credits = Int(
        None, allow_none=True, help="Credits of a sweep above which it asks for --yes; 100 by default."
    ).tag(config=True)
    model = Unicode("", help="The model of a cell that names none; gen3turbo by default.").tag(config=True)
    slots = Int(None, allow_none=True, help="How many tasks run at once on an account, 1 to 10; 2 by default.").tag(
        config=True
    )

    models = Dict(
        help="Models that are no rows yet, or in place of rows: name to the columns of runway_nb.spec.Model."
    ).tag(config=True)

    @validate("models")
    def _add_models(self, proposal: Any) -> Any:
        """Add the rows at once, so that a mistake is reported by the line that makes it."""
        from ..errors import InvalidRequest  # loaded with the first row only
        from ..own_models import add_models  # loaded with the first row only

        try:
            add_models(proposal["value"])
        except InvalidRequest as wrong:
            raise TraitError(f"models: {wrong.message}") from None
        return proposal["value"]

    def __init__(self, shell: Any) -> None:
        super().__init__(parent=shell)
        self._shell = shell
        self.folder = working_folder()
        """The notebook's folder: kernels start there, and `%cd` comes later."""
        self._front_end: FrontEnd | None = None

    @property
    def front_end(self) -> FrontEnd:
        """The shell as the magics see it, made at the first use."""
        from .magics.front_end import FrontEnd  # loads the errors

        # after a reload the class is another one, and the parts of two loads do not fit together
        if type(self._front_end) is not FrontEnd:
            self._front_end = FrontEnd(self._shell, self.values, self.folder)
        return self._front_end

    def values(self) -> dict[str, object]:
        """Return the settings of this moment."""
        return {name: getattr(self, name) for name in self.trait_names(config=True)}


class CellMagic:
    """`%%runway`, as IPython calls it."""

    _ipython_magic_no_var_expand = True
    """The line is taken literally: `{{name}}` is ours, and `{name}` or `$name` would be evaluated by IPython."""

    def __init__(self, home: RunwayMagics) -> None:
        self.home = home

    def __call__(self, line: str, cell: str) -> None:  # noqa: D102 - IPython shows it as help
        from .magics.cell import run_cell  # loads the library

        run_cell(self.home.front_end, line, cell)

    async def awaited(self, line: str, cell: str) -> None:
        """Run the cell with `--wait`, as a top-level await."""
        from .magics.cell import run_cell_async  # loads the library

        await run_cell_async(self.home.front_end, line, cell)

    def getdoc(self) -> str:
        """Return the text behind `%%runway?`."""
        from .language.options import cell_help  # first use

        return cell_help()


class LineMagic:
    """`%runway`, as IPython calls it."""

    def __init__(self, home: RunwayMagics) -> None:
        self.home = home

    def __call__(self, line: str) -> None:  # noqa: D102 - IPython shows it as help
        from .magics.commands import run_line  # loads the library

        run_line(self.home.front_end, line)

    def getdoc(self) -> str:
        """Return the text behind `%runway?`."""
        from .magics.commands import line_help  # loads the library

        return line_help()


def spell_magic(lines: list[str]) -> list[str]:
    """Return the cell with plain spaces around `%%runway` or `%runway`, where others, or unseen marks, stand there."""
    if not any("%runway" in line for line in lines):
        return lines
    from .language.magic_spelling import respelt  # first use

    return respelt(lines)


def await_cell(lines: list[str]) -> list[str]:
    """Return a cell with `%%runway ... --wait` as a top-level await (Jupyter facts, section 1).

    Only in a cell that the kernel is about to run and can await: inside of `%%time`, `%%capture`, `run_cell` or a
    notebook that another one runs, the magic itself waits.
    """
    cell = as_await(lines)
    return cell if cell is lines or _is_awaited() else lines


await_cell.has_side_effects = True  # type: ignore[attr-defined]
"""Whether a cell is complete is asked without it: a cell magic ends with a blank line, an await with its line."""


def _is_awaited() -> bool:
    """Return True when the cell that is transformed is run by the kernel itself, on a loop that awaits it."""
    from IPython import get_ipython  # loads IPython

    shell = get_ipython()
    if shell is None or not shell.autoawait or shell.loop_runner is not shell.loop_runner_map["asyncio"][0]:
        return False
    frame = sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith(_ON_THE_WAY):
        frame = frame.f_back
    return frame.f_code.co_name == "do_execute"


def as_await(lines: list[str]) -> list[str]:
    """Return the cell as a top-level await where its options ask to wait, else the same list."""
    if not lines or not lines[0].startswith("%%runway ") or "--wait" not in lines[0]:
        return lines
    from .language.parsing import wants_await  # first use

    line = lines[0].removeprefix("%%runway").strip()
    if not wants_await(line):
        return lines
    cell = "".join(lines[1:])
    return [f"await get_ipython().magics_manager.magics['cell']['runway'].awaited({line!r}, {cell!r})\n"]


def complete(shell: Any, event: Any) -> list[str]:
    """Return what Tab offers for both magics."""
    if event.line.split()[:1] == ["%runway"]:
        from .magics.commands import completions  # loads the library

        return completions(event.line, event.symbol)
    from .language.options import completions as cell_completions  # loads the errors

    return cell_completions(event.line, event.symbol, _usual_model(shell))


def _usual_model(shell: Any) -> str:
    """Return the name of the model of a cell that names none; whether there is such a model is not checked."""
    from ..settings import MODEL_NAME  # loads the settings
    from ..spec import DEFAULT_MODEL  # first use

    settings = loaded_settings(shell)
    return getattr(settings, "model", "") or os.environ.get(MODEL_NAME, "") or DEFAULT_MODEL.name


def configured(shell: Any) -> RunwayMagics:
    """Return the settings as IPython's configuration has them. Raises `SettingsError` for one that cannot be used."""
    try:
        return RunwayMagics(shell)
    except TraitError as wrong:
        from ..errors import SettingsError  # only where one is wrong

        raise SettingsError(f"IPython's configuration of RunwayMagics cannot be used: {wrong}") from None


def load(shell: Any) -> RunwayMagics:
    """Register magics, settings, completion, the transformers, and the view of jobs.

    Settings of an extension that was loaded before stay. Raises `SettingsError` for one that cannot be used.
    """
    _refuse_hopeless(shell)
    _take_back(shell)
    home = configured(shell)
    shell.configurables.append(home)
    shell.input_transformers_cleanup.append(spell_magic)
    shell.register_magic_function(CellMagic(home), "cell", "runway")
    shell.register_magic_function(LineMagic(home), "line", "runway")
    for key in ("%%runway", "%runway"):
        shell.set_hook("complete_command", complete, str_key=key)
    if not hasattr(shell, "kernel"):
        for module, name in _SHOWN:
            shell.display_formatter.mimebundle_formatter.for_type_by_name(module, name, _terminal_bundle)
        remember(home)
        return home
    shell.input_transformers_cleanup.append(await_cell)

    def show_job(job: Job) -> None:
        home.front_end.show(job)

    def show_sweep(sweep: Sweep) -> None:
        home.front_end.show_sweep(sweep)

    for (module, name), show in zip(_SHOWN, (show_job, show_sweep), strict=True):
        shell.display_formatter.ipython_display_formatter.for_type_by_name(module, name, show)
    remember(home)
    return home


def _refuse_hopeless(shell: Any) -> None:
    """Raise `SettingsError` where nothing could ever be sent; better than after a cell has been written."""
    if sys.platform != "emscripten":
        return  # in a browser there is time for the rest
    from ..errors import SettingsError  # there only
    from .hosts import current_place  # there only

    raise SettingsError(current_place(shell).host.problem)


def _terminal_bundle(shown: Job | Sweep) -> dict[str, str]:
    """Return a job or a sweep for a terminal, with the signs that it has."""
    from ..text.console import as_shown  # first use

    return {"text/plain": as_shown(shown._repr_mimebundle_()["text/plain"], sys.stdout)}


def report_unfinished() -> None:
    """Write one quiet line about jobs of earlier kernels; nothing when there are none, or no ledger yet.

    A ledger on a server may be slow, or away: it is waited for `ANSWER_SECONDS`, and nothing is said without an answer.
    """
    from ..storage.home import LEDGER_VARIABLE  # first use

    address = os.environ.get(LEDGER_VARIABLE, "")
    if message := unfinished_message(_count_on_server(address) if address else _count_in_file()):
        from ..text.console import write_line  # first use

        write_line(message)


def _count_in_file() -> int:
    from ..storage.home import LEDGER_NAME, default_home  # first use

    try:
        ledger = default_home() / LEDGER_NAME
    except ValueError:
        return 0  # a `SettingsError`: the first cell that needs it says what is wrong, with what to do
    if not os.path.isfile(ledger):
        return 0
    from ..ledger.unfinished import count_unfinished  # loads sqlite3

    return count_unfinished(ledger, time.time(), WORTH_TELLING)


def _count_on_server(address: str) -> int:
    """Return how many jobs of this user or folder wait; 0 without an answer in time. The thread ends by itself."""
    from ..ledger_address import LedgerAddress  # first use
    from ..start_environment import AT_START, named_user  # first use

    asked = LedgerAddress(address)
    del address
    user, folder, counts = AT_START.user or named_user(os.environ), str(working_folder()), [0]

    def ask() -> None:
        try:
            from ..ledger.postgres.unfinished import count_on_server  # loads psycopg
        except ImportError:
            return  # the first cell that needs it says what is missing
        counts.append(count_on_server(asked, user, folder, WORTH_TELLING))

    if asked.problem:
        return 0  # as above
    thread = threading.Thread(target=ask, name="runway_nb unfinished", daemon=True)
    thread.start()
    thread.join(ANSWER_SECONDS)
    return counts[-1]


def unfinished_message(count: int) -> str:
    """Return how many jobs wait to be picked up; nothing when none does."""
    if not count:
        return ""
    jobs, them = ("1 unfinished job", "it") if count == 1 else (f"{count} unfinished jobs", "them")
    return f"runway_nb: {jobs}; %runway resume picks {them} up, %runway list shows {them}."


def unload(shell: Any) -> None:
    """Take back everything that `load` registered, and stop following. The settings come back with the next load."""
    from ..process_studio import close_studio  # first use

    remember(None)
    _take_back(shell)
    close_studio()


def _take_back(shell: Any) -> None:
    """Unregister what `load` registered, also by a copy of this package that was loaded before."""
    for kind in ("cell", "line"):
        shell.magics_manager.magics[kind].pop("runway", None)
    if (settings := loaded_settings(shell)) is not None:
        # not forgotten: a budget that was set holds in this shell
        shell.config[_CLASS].update(settings.values())
    shell.configurables[:] = [other for other in shell.configurables if type(other).__name__ != _CLASS]
    transformers = shell.input_transformers_cleanup
    transformers[:] = [other for other in transformers if getattr(other, "__module__", "") != __name__]
    for key in ("%%runway", "%runway"):
        shell.strdispatchers["complete_command"].strs.pop(key, None)
    for formatter in (shell.display_formatter.ipython_display_formatter, shell.display_formatter.mimebundle_formatter):
        for module, name in _SHOWN:
            _forget_view(formatter, f"{module}.{name}")


def _forget_view(formatter: Any, kind: str) -> None:
    """Forget how a class is shown: by name until the first was, by each type of that name after it."""
    while formatter.pop(kind, None) is not None:
        pass
