"""`%runway star`, `reject` and `note`: what a user marks jobs with."""

from __future__ import annotations

from ...errors import InvalidCommand
from ...jobs.job import Job
from ...redaction import redact_line
from ...text.console import write_line
from .command_line import Arguments
from .front_end import FrontEnd

OFF = "--off"


def star(front_end: FrontEnd, arguments: Arguments) -> None:
    """Star jobs, or take their stars back."""
    is_on = not arguments.values.get("off", False)
    for job in _named(front_end, arguments, "star"):
        job.star = is_on
        write_line(f"Job {job.id} is {'starred' if is_on else 'not starred any more'}.")


def reject(front_end: FrontEnd, arguments: Arguments) -> None:
    """Mark jobs as rejected, or take it back."""
    is_on = not arguments.values.get("off", False)
    for job in _named(front_end, arguments, "reject"):
        job.rejected = is_on
        write_line(f"Job {job.id} is {'rejected' if is_on else 'not rejected any more'}.")


def note(front_end: FrontEnd, arguments: Arguments) -> None:
    """Note words on a job, show what is noted on it, or take that back."""
    words = arguments.words[1:]
    job = _named(front_end, arguments._replace(words=arguments.words[:1]), "note")[0]
    if words:
        job.note = "" if words == [OFF] else " ".join(words)
    text = redact_line(job.note)
    write_line(f"Note on job {job.id}: {text}" if text else f"Nothing is noted on job {job.id}.")


def _named(front_end: FrontEnd, arguments: Arguments, command: str) -> list[Job]:
    """Return the jobs that the words name. All are looked up before one is marked."""
    if not arguments.words:
        raise InvalidCommand(f"%runway {command} needs the id of a job: %runway list shows them")
    return [front_end.studio.find(word) for word in arguments.words]
