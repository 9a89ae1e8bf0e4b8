"""`%%runway` and `%runway`: the place where library and notebook are put together.

Loading registers names and nothing else; every import that costs time waits for the first use.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from traitlets import Bool, Enum, Unicode

from ..errors import InvalidRequest, JobNotFound, RunwayError
from . import options

if TYPE_CHECKING:
    from ..job import Job
    from ..request import VideoRequest
    from ..studio import Studio
    from .live import View


@magics_class
class RunwayMagics(Magics):
    """The two magics and the settings of `%config RunwayMagics`."""

    base_url = Unicode("", help="Address of the API; the default is useapi.net.").tag(config=True)
    output = Unicode("", help="Folder of finished videos; a relative one lies beside the notebook.").tag(config=True)
    embed = Enum(
        ("auto", "always", "never"), "auto", help="Whether the video is put into the notebook file itself."
    ).tag(config=True)
    multipart = Bool(False, help="Send the create call as multipart/form-data.").tag(config=True)

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.folder = Path.cwd()

    # --- the cell -------------------------------------------------------------------------------

    @cell_magic("runway")
    def runway_cell(self, line: str, cell: str) -> None:
        """Filled in from the table of options."""
        from .waiting import wait

        job, chosen = self._submit(line, cell)
        if job is None:
            return
        mode = self.view().mode
        if chosen.get("wait") or chosen.get("keep_loop") or mode == "batch":
            wait(job, mode, keep_loop=bool(chosen.get("keep_loop")))

    async def runway_cell_async(self, line: str, cell: str) -> None:
        """The same for `--wait` in a kernel, as a top-level await."""
        from .waiting import wait_async

        job, _ = self._submit(line, cell)
        if job is not None:
            await wait_async(job, self.view().mode)

    def _submit(self, line: str, cell: str) -> tuple[Job | None, dict[str, Any]]:
        """Check, submit and show; the job is None after a dry run."""
        from .live import show

        read = options.parse(line, self.shell.user_ns)
        problems = list(read.problems)
        prompt = options.fill(cell.strip(), self.shell.user_ns, problems)
        request = self._request(prompt, read.values, problems)
        if read.values.get("dry_run"):
            print(dry_run_text(request))
            return None, read.values
        job = self.studio.submit(request, cell=f"%%runway {line}".strip() + f"\n{cell.strip()}", folder=self.folder)
        if read.name:
            self.shell.user_ns[read.name] = job
        show(job, self.studio, self.view(read.values.get("embed")))
        return job, read.values

    def _request(self, prompt: str, values: dict[str, Any], problems: list[str]) -> VideoRequest:
        """The request that is meant; raises all mistakes of options and request together."""
        from ..camera import MOVES, Camera
        from ..request import Keyframes, VideoRequest

        embed = values.get("embed")
        if embed not in (None, "auto", "always", "never"):
            problems.append(f"embed is {embed!r}: give auto, always or never")
        pictures = {slot: self._variable(values.get(slot)) for slot in ("first", "middle", "last")}
        plain = ("aspect", "seconds", "seed", "explore", "reply_url", "reply_ref", "max_jobs")
        fields: dict[str, Any] = {name: values.get(name) for name in plain}
        camera = Camera(**{name: values.get(name) for name in (*MOVES, "static")})
        request = VideoRequest(prompt=prompt, keyframes=Keyframes(**pictures), camera=camera, **fields)
        if problems or request.problems():
            raise InvalidRequest([*problems, *request.problems()])
        return request

    def _variable(self, word: str | None) -> Any:
        """The value of a variable that holds the name of a picture; any other word stands for itself."""
        value = self.shell.user_ns.get(word) if word and word.isidentifier() else None
        return value if isinstance(value, (str, Path)) else word

    # --- the line -------------------------------------------------------------------------------

    @line_magic("runway")
    def runway_line(self, line: str) -> None:
        """Filled in from the table of commands."""
        name, arguments = options.command_of(line)
        command = getattr(self, f"_{name}")
        command(*arguments[:1])

    def _help(self, *_: str) -> None:
        print(f"{options.cell_help()}\n\n{options.line_help()}")

    def _version(self, *_: str) -> None:
        from .listing import versions

        print(versions())

    def _login(self, *_: str) -> None:
        from getpass import getpass

        from ..settings import resolve, save_token
        from ..studio import default_studio

        if self.view().mode == "batch":
            raise RunwayError("nobody is there to ask for a token: set USEAPI_TOKEN instead")
        home = resolve(config=self._config()).home
        token = getpass("Token of useapi.net (user:...): ")
        where = save_token(token, home)
        default_studio(self._config(), fresh=True)
        print(f"Kept in {where}; it is used from now on.")

    def _list(self, what: str = "") -> None:
        from IPython.display import display

        from .listing import jobs_bundle, tasks_bundle

        if what not in ("", "--account"):
            raise InvalidRequest([f"%runway list {what}: give nothing or --account"])
        studio = self.studio
        bundle = tasks_bundle(studio.tasks()) if what else jobs_bundle(studio.ledger.recent(20), studio.jobs)
        self._print_or_display(bundle, display)

    def _show(self, name: str = "") -> None:
        from .live import show

        show(self.studio.find(name), self.studio, self.view())

    def _wait(self, name: str = "") -> None:
        from .live import show
        from .waiting import wait

        running = [job for job in self.studio.jobs.values() if not job.done]
        for job in [self.studio.find(name)] if name or not running else running:
            show(job, self.studio, self.view())
            wait(job, self.view().mode)

    def _stop(self, name: str = "") -> None:
        job = self.studio.find(name)
        if job.done:
            raise JobNotFound(f"job {job.id} has ended already: {job.status}")
        job.stop()
        print(f"Stopping job {job.id}: what Runway has begun goes on, and its credits stay spent.")

    def _attach(self, name: str = "") -> None:
        from .live import show
        from .waiting import wait

        if not name:
            raise InvalidRequest(["%runway attach needs the id of a job: %runway list shows them"])
        job = self.studio.attach(name)
        show(job, self.studio, self.view())
        if self.view().mode == "batch":
            wait(job, "batch")

    def _credits(self, *_: str) -> None:
        from .listing import credits_text

        print(credits_text(self.studio.credits(), self.studio.settings.simulated))

    def _simulator(self, *_: str) -> None:
        if not self.studio.settings.simulated:
            print("A token is set, so the simulator is not used.")
            return
        print(f"The embedded simulator answers at {self.studio.simulator_url()}/ (this machine only).")

    def _print_or_display(self, bundle: dict[str, str], display: Any) -> None:
        if self.view().mode == "terminal":
            print(bundle["text/plain"])
        else:
            display(bundle, raw=True)

    # --- where we are ---------------------------------------------------------------------------

    @property
    def studio(self) -> Studio:
        """The studio of this process, with the settings of this moment."""
        from ..studio import default_studio

        studio = default_studio(self._config())
        studio.folder = self.folder
        return studio

    def _config(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("base_url", "output", "embed", "multipart")}

    def view(self, embed: str | None = None) -> View:
        """How results are shown: asked anew each time, since one kernel may serve several front ends."""
        from .live import View

        chosen = embed or self.embed
        return View(self._mode(), "capped" if chosen == "auto" and self._is_hosted() else chosen, self.folder)

    def _mode(self) -> str:
        """No kernel: a terminal. A front end that cannot be asked: nobody watches (Jupyter facts, section 1)."""
        if not hasattr(self.shell, "kernel"):
            return "terminal"
        content = self.shell.get_parent().get("content", {})
        return "live" if content.get("allow_stdin", True) else "batch"

    def _is_hosted(self) -> bool:
        """Colab and VS Code, where a relative path does not reach the file (Jupyter facts, section 3)."""
        return "google.colab" in str(type(self.shell)) or "__vsc_ipynb_file__" in self.shell.user_ns


RunwayMagics.runway_cell.__doc__ = options.cell_help()
RunwayMagics.runway_line.__doc__ = options.line_help()


def dry_run_text(request: VideoRequest) -> str:
    """What would be sent, and its price."""
    from ..redact import redact

    body = json.dumps(request.to_wire(), indent=2, ensure_ascii=False)
    seed = "" if request.seed is not None else "\nThe seed is drawn when it is sent."
    notes = "".join(f"\nNote: {warning}." for warning in request.warnings())
    price = f"{request.credits} credits" + (" (explore mode)" if request.explore else "")
    return f"Dry run, nothing was sent. POST {request.row.path}\n{redact(body)}\nPrice: {price}.{seed}{notes}"


def await_cell(lines: list[str]) -> list[str]:
    """Input transformer: `%%runway ... --wait` becomes a top-level await (Jupyter facts, section 1)."""
    head = lines[0].split() if lines else []
    if head[:1] != ["%%runway"] or "--wait" not in head or "--keep-loop" in head:
        return lines
    line = lines[0].strip().removeprefix("%%runway").strip()
    cell = "".join(lines[1:])
    return [f"await get_ipython().magics_manager.registry['RunwayMagics'].runway_cell_async({line!r}, {cell!r})\n"]


def complete(_: Any, event: Any) -> list[str]:
    """Tab completion for both magics."""
    return options.completions(event.line, event.symbol)


def load(shell: Any) -> None:
    """Register magics, completion, the transformer of `--wait`, and the live view of jobs."""
    magics = RunwayMagics(shell)
    shell.register_magics(magics)
    for key in ("%%runway", "%runway"):
        shell.set_hook("complete_command", complete, str_key=key)
    if not hasattr(shell, "kernel"):
        return
    shell.input_transformers_cleanup.append(await_cell)

    def show_job(job: Job) -> None:
        from .live import show

        show(job, magics.studio, magics.view())

    shell.display_formatter.ipython_display_formatter.for_type_by_name("runway_nb.job", "Job", show_job)


def unload(shell: Any) -> None:
    """Take back everything that `load` registered, and stop following."""
    import sys

    for kind in ("cell", "line"):
        shell.magics_manager.magics[kind].pop("runway", None)
    magics = shell.magics_manager.registry.pop("RunwayMagics", None)
    if magics in shell.configurables:
        shell.configurables.remove(magics)
    if await_cell in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(await_cell)
    for key in ("%%runway", "%runway"):
        shell.strdispatchers["complete_command"].strs.pop(key, None)
    if "runway_nb.studio" in sys.modules:
        from ..studio import close_default_studio

        close_default_studio()
