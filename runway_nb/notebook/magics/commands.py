"""What `%%runway` and `%runway` do: the place where library and notebook are put together."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InvalidCommand, InvalidRequest, RunwayError, WaitInterrupted
from ...jobs.job import Job
from ...jobs.policy import Limits, checked_limits
from ...redaction import redact
from ...request import VideoRequest
from ...spec import EMBED, POSITIONS
from ...text.console import as_shown, write_line
from ..language import options, parsing
from ..language.expressions import Named, named_picture
from ..language.stray_options import stray_problem
from ..language.template import fill

if TYPE_CHECKING:
    from ...settings import Secret
    from ...studio import Studio
    from ..cards.card import View


class Magics:
    """The two magics of one shell.

    Args:
        shell: The IPython shell.
        config: Gives what `%config RunwayMagics` holds at this moment.
        folder: The notebook's folder: the working directory when the extension was loaded.
    """

    def __init__(self, shell: Any, config: Callable[[], dict[str, object]], folder: Path) -> None:
        self.shell = shell
        self.folder = folder
        self._config = config

    # --- the cell -------------------------------------------------------------------------------

    def cell(self, line: str, cell: str) -> None:
        """`%%runway`; waits when asked to, and in batch runs always."""
        from .wait import wait

        job, chosen = self._submit(line, cell)
        if job is None:
            return
        mode = self.view().mode
        if chosen.get("wait") or chosen.get("keep_loop") or mode == "batch":
            wait(job, mode, keep_loop=bool(chosen.get("keep_loop")))

    async def cell_async(self, line: str, cell: str) -> None:
        """The same for `--wait` in a kernel, as a top-level await."""
        from .wait import wait_async

        job, _ = self._submit(line, cell)
        if job is not None:
            await wait_async(job, self.view().mode)

    def show(self, job: Job, embed: str | None = None, *, reused: bool = False) -> None:
        """Show a job in the running cell: its live card, or its durable result."""
        from ..cards.card import show

        show(job, self.studio, self.view(embed), reused=reused)

    def _submit(self, line: str, cell: str) -> tuple[Job | None, dict[str, Any]]:
        """Check, submit and show; the job is None after a dry run."""
        from ..cards import card as live  # noqa: F401 - before the work starts, so that the two need not share the processor

        read = parsing.parse(line, self.shell.user_ns)
        problems = [*read.problems, *checked_limits(_limits(read.values))[1]]
        if stray := stray_problem(line, cell):
            # a line that was to go on has no other mistake of its own
            raise InvalidRequest([stray, *([] if line.rstrip().endswith("\\") else problems)])
        # IPython refuses a cell without a body, so a cell without words ends with a blank line
        text = f"%%runway {line}".strip() + f"\n{cell.strip() or chr(10)}"
        prompt = fill(cell.strip(), self.shell.user_ns, problems)
        request = self._request(prompt, read.values, problems, self._variables(read.name, text))
        if read.values.get("dry_run"):
            write_line(dry_run_text(request))
            return None, read.values
        asked = self.studio.ask(request, _limits(read.values), cell=text, folder=self.folder)
        if read.name:
            self.shell.user_ns[read.name] = asked.job
        self.show(asked.job, read.values.get("embed"), reused=not asked.is_new)
        return asked.job, read.values

    def _variables(self, name: str, text: str) -> dict[str, Any]:
        """The notebook's variables, but for the job that this very cell has made: run again, it means the same."""
        made = self.shell.user_ns.get(name)
        if not (isinstance(made, Job) and made.cell == text):
            return self.shell.user_ns
        return {key: value for key, value in self.shell.user_ns.items() if key != name}

    def _request(
        self, prompt: str, values: dict[str, Any], problems: list[str], variables: dict[str, Any]
    ) -> VideoRequest:
        """The request that is meant; raises all mistakes of options and request together."""
        embed = values.get("embed")
        if embed not in (None, *EMBED):
            problems.append(f"embed is {embed!r}: give {', '.join(EMBED)}")
        pictures = self._pictures(values, problems, variables)
        given = {**values, "prompt": prompt, **{position: named.picture for position, named in pictures.items()}}
        request = VideoRequest.from_values(given)
        return self.studio.checked(request, problems, {position: named.name for position, named in pictures.items()})

    def _pictures(self, values: dict[str, Any], problems: list[str], variables: dict[str, Any]) -> dict[str, Named]:
        """The keyframes that are meant; a line is added to `problems` for each that leads nowhere."""
        found: dict[str, Named] = {}
        for position in POSITIONS:
            if (word := values.get(position)) is None:
                continue
            try:
                found[position] = named_picture(word, variables)
            except InvalidRequest as error:
                problems += [f"{position}: {problem}" for problem in error.problems]
                found[position] = Named(word, "picture")
        return found

    # --- the line -------------------------------------------------------------------------------

    def line(self, line: str) -> None:
        """`%runway`."""
        name, arguments = parsing.command_of(line)
        command = getattr(self, f"_{name}")
        command(*arguments if name in ("assets", "upload", "delete") else arguments[:1])

    def _help(self, *_: str) -> None:
        write_line(f"{options.cell_help()}\n\n{options.line_help()}")

    def _version(self, *_: str) -> None:
        from ..rendering.tables import versions

        write_line(versions())

    def _login(self, *_: str) -> None:
        import os

        from ...settings import TOKEN_NAME, save_token
        from ...shortcuts import default_studio
        from ...storage.home import default_home

        if self.view().mode == "batch":
            raise InvalidCommand("nobody is there to ask for a token: set USEAPI_TOKEN instead")
        where = save_token(_typed_token(), default_home())
        default_studio(fresh=True)
        first = f", after {TOKEN_NAME}, which is set and comes first" if os.environ.get(TOKEN_NAME) else ""
        write_line(redact(f"Kept in {where}; it is used from now on{first}."))

    def _list(self, what: str = "") -> None:
        from IPython.display import display

        from ..rendering.tables import jobs_bundle, tasks_bundle

        if what not in ("", "--account"):
            raise InvalidCommand(f"%runway list {what}: give nothing or --account")
        studio = self.studio
        bundle = tasks_bundle(studio.tasks()) if what else jobs_bundle(studio.ledger.recent(20), studio.jobs)
        self._print_or_display(bundle, display)

    def _show(self, name: str = "") -> None:
        self.show(self.studio.find(name))

    def _wait(self, name: str = "") -> None:
        running = self._running()
        jobs = [self.studio.find(name)] if name or not running else running
        for job in jobs:
            self.show(job)
        self._wait_for(jobs)

    def _wait_for(self, jobs: list[Job]) -> None:
        """See all jobs to their end; the first failure is raised after that."""
        from .wait import wait

        failed: list[RunwayError] = []
        for job in jobs:
            try:
                wait(job, self.view().mode)
            except WaitInterrupted:
                raise
            except RunwayError as error:
                # the others are waited for all the same
                failed.append(error)
        if failed:
            raise failed[0]

    def _stop(self, name: str = "") -> None:
        running = self._running()
        job = self.studio.find(name) if name or not running else running[-1]
        if job.done:
            raise InvalidCommand(f"job {job.id} has ended already: {job.status}")
        sent = job.state.phase.is_sent
        job.stop()
        what = "what Runway has begun goes on" + ("" if job.simulated else ", and its credits stay spent")
        write_line(f"Stopping job {job.id}: {what if sent else 'it is taken back, nothing is charged'}.")

    def _running(self) -> list[Job]:
        return [job for job in self.studio.jobs.values() if not job.done]

    def _attach(self, name: str = "") -> None:
        if not name:
            raise InvalidCommand("%runway attach needs the id of a job: %runway list shows them")
        self._show_woken([self.studio.attach(name)])

    def _resume(self, *_: str) -> None:
        from ..rendering.tables import unreadable_text

        jobs = self.studio.resume()
        elsewhere = [r for r in self.studio.ledger.unfinished() if r.backend != self.studio.settings.party]
        for backend in sorted({record.backend for record in elsewhere}):
            ids = ", ".join(record.id for record in elsewhere if record.backend == backend)
            need = "unset the token" if backend == "simulator" else "set its token and address"
            write_line(f"Made at {redact(backend)}: {ids}. To pick up these, {need} first.")
        unreadable = self.studio.ledger.unreadable()
        if unreadable:
            write_line(unreadable_text(unreadable))
        if not jobs and not elsewhere and not unreadable:
            write_line("Nothing is unfinished.")
        self._show_woken(jobs)

    def _resend(self, name: str = "") -> None:
        if not name:
            raise InvalidCommand("%runway resend needs the id of a job in doubt: %runway list shows them")
        self._show_woken([self.studio.resend(name)])

    def _show_woken(self, jobs: list[Job]) -> None:
        """Show jobs that are followed again; where nobody watches, wait for them too."""
        for job in jobs:
            self.show(job)
        if self.view().mode == "batch":
            self._wait_for(jobs)

    def _panel(self, name: str = "") -> None:
        from IPython.display import display

        from ..panel.panel import Panel

        display(Panel(name or None, studio=self.studio))

    def _cell(self, name: str = "") -> None:
        from ..language.cell_source import cell_text
        from ..panel.panel import newest_panel

        if not name and (panel := newest_panel()) is not None:
            self.shell.set_next_input(panel.cell)
        else:
            job = self.studio.find(name)
            self.shell.set_next_input(job.cell or cell_text(job.original_request))

    def _assets(self, *arguments: str) -> None:
        from .asset_commands import show_assets

        words, values = parsing.parse_arguments(arguments, options.LISTING)
        show_assets(self.studio, self.view().mode, " ".join(words), values.get("type", ""), values.get("page", 1))

    def _upload(self, *arguments: str) -> None:
        from .asset_commands import upload

        words, values = parsing.parse_arguments(arguments, options.FITTING)
        upload(self.studio, words, values, self.shell.user_ns)

    def _delete(self, *arguments: str) -> None:
        from .asset_commands import delete

        words, values = parsing.parse_arguments(arguments, options.DELETING)
        if self.view().mode == "batch" and not values.get("yes"):
            raise InvalidCommand("nobody is there to ask: %runway delete NAME --yes deletes without a question")
        delete(self.studio, words, None if values.get("yes") else _answer)

    def _credits(self, *_: str) -> None:
        from IPython.display import display

        from ..rendering.tables import budget_text, credits_text, job_costs_bundle, spending_bundle

        studio = self.studio
        try:
            write_line(credits_text(studio.credits(), studio.settings.simulated))
        except RunwayError as error:
            # what was spent is known without the API
            write_line(f"The account's own figures could not be had: {error.message}")
        write_line(budget_text(studio.settings.max_credits, studio.spent_today()))
        for bundle in (spending_bundle(studio.ledger.spending()), job_costs_bundle(studio.ledger.recent(20))):
            self._print_or_display(bundle, display)

    def _simulator(self, fault: str = "") -> None:
        if fault:
            self.studio.misbehave(fault)
            write_line(f"The simulator will do one thing wrong: {fault}.")
            return
        if not self.studio.settings.simulated:
            write_line("A token is set, so the simulator is not used.")
            return
        address = self.studio.simulator_url()
        write_line(f"The embedded simulator answers at {address} (this machine only, with this key).")

    def _print_or_display(self, bundle: dict[str, str], display: Any) -> None:
        if self.view().mode == "terminal":
            write_line(bundle["text/plain"])
        else:
            display(bundle, raw=True)

    # --- where we are ---------------------------------------------------------------------------

    @property
    def studio(self) -> Studio:
        """The studio of this process, with the settings of this moment."""
        from ...shortcuts import default_studio

        return default_studio()

    def view(self, embed: str | None = None) -> View:
        """How results are shown: asked anew each time, since one kernel may serve several front ends."""
        from ..cards.card import View

        chosen, mode = str(embed or self._config()["embed"]), self._mode()
        # what a batch run writes is moved, or written elsewhere to begin with, and leaves a file beside it behind
        travels = chosen == "auto" and (mode == "batch" or self._is_hosted())
        return View(mode, "capped" if travels else chosen, self.folder)

    def _mode(self) -> str:
        """No kernel: a terminal. A front end that cannot be asked: nobody watches (Jupyter facts, section 1)."""
        if not hasattr(self.shell, "kernel"):
            return "terminal"
        content = self.shell.get_parent().get("content", {})
        return "live" if content.get("allow_stdin", True) else "batch"

    def _is_hosted(self) -> bool:
        """Colab and VS Code, where a relative path does not reach the file (Jupyter facts, section 3)."""
        return "google.colab" in str(type(self.shell)) or "__vsc_ipynb_file__" in self.shell.user_ns


def _answer(question: str) -> str:
    """What the user types after a question. Raises `InvalidCommand` where nobody is there."""
    try:
        return input(as_shown(question, sys.stdout))
    except (EOFError, RuntimeError, ValueError, OSError):  # standard input is at its end, missing or closed
        raise InvalidCommand("nobody is there to ask: %runway delete NAME --yes deletes without a question") from None


def _typed_token() -> Secret:
    """What the user types, hidden at once. Raises `InvalidCommand` where nothing can be typed."""
    from getpass import getpass

    from ...settings import Secret

    try:
        return Secret(getpass("Token of useapi.net (user:...): "))
    except Exception as error:  # noqa: BLE001 - each front end has its own
        problem = type(error).__name__
    raise InvalidCommand(f"no token could be typed here ({problem}): set USEAPI_TOKEN instead")


def _limits(values: dict[str, Any]) -> Limits:
    """What the options of a cell allow."""
    return Limits(
        fresh=bool(values.get("fresh")), force=bool(values.get("force")), cell_credits=values.get("max_credits")
    )


def dry_run_text(request: VideoRequest) -> str:
    """What would be sent, and its price."""
    body = json.dumps(request.to_wire(), indent=2, ensure_ascii=False)
    seed = "" if request.seed is not None else "\nThe seed is drawn when it is sent."
    notes = "".join(f"\nNote: {warning}." for warning in request.warnings())
    price = f"{request.credits} credits" + (" (explore mode)" if request.explore else "")
    return f"Dry run, nothing was sent. POST {request.row.path}\n{redact(body)}\nPrice: {price}.{seed}{notes}"
