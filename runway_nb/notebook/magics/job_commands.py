"""`%runway list`, `show`, `wait`, `stop`, `attach`, `resume`, `resend`, `panel` and `cell`: jobs of this ledger."""

from __future__ import annotations

from ...errors import InvalidCommand, RunwayError, WaitInterrupted
from ...jobs.job import Job
from ...redaction import redact
from ...sweeps.sweep import Sweep
from ...text.console import write_line
from .command_line import Arguments
from .front_end import FrontEnd

OF_ACCOUNT = "--account"


def list_jobs(front_end: FrontEnd, arguments: Arguments) -> None:
    """Show the newest jobs of the ledger, or the newest tasks of the account."""
    from ..rendering.tables import jobs_bundle, tasks_bundle  # loads the rendering

    if arguments.name not in ("", OF_ACCOUNT):
        raise InvalidCommand(f"%runway list {arguments.name}: give nothing or {OF_ACCOUNT}")
    studio = front_end.studio
    front_end.show_bundle(
        tasks_bundle(studio.account.tasks()) if arguments.name else jobs_bundle(studio.ledger.recent(20), studio.jobs)
    )


def show_job(front_end: FrontEnd, arguments: Arguments) -> None:
    """Show a job or a sweep again, by default the newest job."""
    if (sweep := _sweep(front_end, arguments.name)) is not None:
        front_end.show_sweep(sweep)
        return
    front_end.show(front_end.studio.find(arguments.name))


def wait_for(front_end: FrontEnd, arguments: Arguments) -> None:
    """Show jobs and wait for their end: what is named, else all that run, else the newest."""
    if (sweep := _sweep(front_end, arguments.name)) is not None:
        from .wait import wait  # loads the rendering

        front_end.show_sweep(sweep)
        wait(sweep, front_end.mode)
        return
    running = _running(front_end)
    jobs = [front_end.studio.find(arguments.name)] if arguments.name or not running else running
    for job in jobs:
        front_end.show(job)
    _wait(front_end, jobs)


def stop(front_end: FrontEnd, arguments: Arguments) -> None:
    """Stop a job or a sweep, by default the newest job that runs."""
    if (sweep := _sweep(front_end, arguments.name)) is not None:
        sweep.stop()
        write_line(f"Stopping {sweep.progress_text}: what is not sent is withdrawn, what Runway has begun goes on.")
        return
    running = _running(front_end)
    job = front_end.studio.find(arguments.name) if arguments.name or not running else running[-1]
    if job.done:
        raise InvalidCommand(f"job {job.id} has ended already: {job.status}")
    sent = job.state.phase.is_sent
    job.stop()
    what = "what Runway has begun goes on" + ("" if job.simulated else ", and its credits stay spent")
    write_line(f"Stopping job {job.id}: {what if sent else 'it is withdrawn, nothing is charged'}.")


def attach(front_end: FrontEnd, arguments: Arguments) -> None:
    """Track a job again, or a task of the account."""
    if not arguments.name:
        raise InvalidCommand("%runway attach needs the id of a job: %runway list shows them")
    _show_resumed(front_end, [front_end.studio.attach(arguments.name)])


def resume(front_end: FrontEnd, _: Arguments) -> None:
    """Track every unfinished job of the present backend again, and name those of other backends."""
    from ..rendering.tables import unreadable_text  # loads the rendering

    studio = front_end.studio
    jobs = studio.resume()
    elsewhere = [record for record in studio.ledger.unfinished() if record.backend != studio.settings.backend]
    for backend in sorted({record.backend for record in elsewhere}):
        ids = ", ".join(record.id for record in elsewhere if record.backend == backend)
        need = "unset the token" if backend == "simulator" else "set its token and address"
        write_line(f"Made at {redact(backend)}: {ids}. To pick up these, {need} first.")
    unreadable = studio.ledger.unreadable()
    if unreadable:
        write_line(unreadable_text(unreadable))
    if not jobs and not elsewhere and not unreadable:
        write_line("Nothing is unfinished.")
    _show_resumed(front_end, jobs)


def resend(front_end: FrontEnd, arguments: Arguments) -> None:
    """Send a job in doubt again."""
    if not arguments.name:
        raise InvalidCommand("%runway resend needs the id of a job in doubt: %runway list shows them")
    _show_resumed(front_end, [front_end.studio.resend(arguments.name)])


def open_panel(front_end: FrontEnd, arguments: Arguments) -> None:
    """Open the panel, with the settings of a job or task when one is named."""
    from IPython.display import display  # loads IPython

    from ..panel.panel import Panel  # loads ipywidgets

    display(Panel(arguments.name or None, studio=front_end.studio))


def write_cell(front_end: FrontEnd, arguments: Arguments) -> None:
    """Put the cell of a job, or of the newest panel, below the running one."""
    from ..language.cell_source import job_cell  # loads the language
    from ..language.past_cell import past_cell  # loads the language
    from ..panel.panel import newest_panel  # loads ipywidgets

    if not arguments.name and (panel := newest_panel()) is not None:
        front_end.shell.set_next_input(panel.cell)
        return
    studio = front_end.studio
    job, usual = studio.find(arguments.name), studio.settings.model
    # what this kernel has typed finds its variables
    is_ours = job.id in studio.jobs
    front_end.shell.set_next_input(job_cell(job, usual) if is_ours else past_cell(job, front_end.folder, usual))


def _sweep(front_end: FrontEnd, name: str) -> Sweep | None:
    """Return the sweep that a variable holds; None where it holds none."""
    value = front_end.variables.get(name)
    return value if isinstance(value, Sweep) else None


def _running(front_end: FrontEnd) -> list[Job]:
    return [job for job in front_end.studio.jobs.values() if not job.done]


def _show_resumed(front_end: FrontEnd, jobs: list[Job]) -> None:
    """Show jobs that are tracked again; where nobody watches, wait for them too."""
    for job in jobs:
        front_end.show(job)
    if front_end.mode == "batch":
        _wait(front_end, jobs)


def _wait(front_end: FrontEnd, jobs: list[Job]) -> None:
    """Wait for the end of all jobs; raise the first failure after that."""
    from .wait import wait  # loads the rendering

    failed: list[RunwayError] = []
    for job in jobs:
        try:
            wait(job, front_end.mode)
        except WaitInterrupted:
            raise
        except RunwayError as error:
            # the others are waited for all the same
            failed.append(error)
    if failed:
        raise failed[0]
