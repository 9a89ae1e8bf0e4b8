"""`%%runway`: a cell is read, checked, submitted and shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...errors import InvalidRequest
from ...jobs.job import Job
from ...jobs.policy import Limits, read_limits
from ...request import VideoRequest
from ...spec import EMBED
from ...sweeps.sweep import Sweep
from ...template import fill
from ...text.console import write_line
from ...values.plain import shown
from ..language import parsing
from ..language.cell_source import with_model
from ..language.expressions import Named, base_name, named_pictures
from ..language.options import makes_several
from ..language.parsing import CellOptions
from ..language.stray_options import stray_problem
from .dry_run import dry_run_text
from .front_end import FrontEnd
from .sweep_cell import submit_sweep_cell


def run_cell(front_end: FrontEnd, line: str, body: str) -> None:
    """Run `%%runway`; wait when asked to, and in batch runs always."""
    from .wait import wait  # loads the rendering

    job, values = submit(front_end, line, body)
    if job is None:
        return
    mode = front_end.mode
    if values.get("wait") or values.get("keep_loop") or mode == "batch":
        wait(job, mode, keep_loop=bool(values.get("keep_loop")))


async def run_cell_async(front_end: FrontEnd, line: str, body: str) -> None:
    """Run `%%runway --wait` in a kernel, as a top-level await."""
    from .wait import wait_async  # loads the rendering

    job, _ = submit(front_end, line, body)
    if job is not None:
        await wait_async(job, front_end.mode)


def submit(front_end: FrontEnd, line: str, body: str) -> tuple[Job | Sweep | None, dict[str, Any]]:
    """Check a cell, submit what it asks for and show it; return it with the options. It is None after a dry run."""
    # before the work starts, so that the two need not share the processor
    from ..cards import output_area  # noqa: F401 - loads ipywidgets

    read = parsing.parse(line, front_end.variables)
    limits, unreadable = _limits(read.values)
    problems = [*read.problems, *unreadable, *_wrong_choices(read.values)]
    if stray := stray_problem(line, body):
        # a line that was to go on has no other mistake of its own
        raise InvalidRequest([stray, *([] if line.rstrip().endswith("\\") else problems)])
    if makes_several(read.values):
        cell = _typed(line, body, read.values, front_end.studio.settings.model)
        return submit_sweep_cell(front_end, read, body.strip(), limits, problems, cell), read.values
    return _submit_job(front_end, line, body, read, limits, problems), read.values


def _submit_job(
    front_end: FrontEnd, line: str, body: str, read: CellOptions, limits: Limits, problems: list[str]
) -> Job | None:
    """Check the request of a cell, submit it and show its job; None after a dry run."""
    studio = front_end.studio
    model = read.values.get("model", studio.settings.model)
    text = _typed(line, body, read.values, studio.settings.model)
    prompt = fill(body.strip(), front_end.variables, problems)
    pictures = _pictures(front_end, read, text, problems)
    request = _request({**read.values, "prompt": prompt}, model, pictures)
    names = {position: named.name for position, named in pictures.items()}
    checked = studio.check(request, limits, problems, names)
    if read.values.get("dry_run"):
        write_line(dry_run_text(checked.request))
        return None
    submitted = studio.submit_checked(checked, cell=text, folder=front_end.folder)
    if read.name:
        front_end.variables[read.name] = submitted.job
    front_end.show(submitted.job, read.values.get("embed"), reused=not submitted.is_new)
    return submitted.job


def _typed(line: str, body: str, values: dict[str, Any], usual_model: str) -> str:
    """Return the cell as it was typed, with the model that it had by the settings where those may differ."""
    # IPython refuses a cell without a body, so a cell without a prompt ends with a blank line
    text = f"%%runway {line}".strip() + f"\n{body.strip() or chr(10)}"
    if "rows" in values or any(axis.name == "model" for axis in values.get("sweep", [])):
        return text  # its models may be named there
    return with_model(text, values.get("model", usual_model), usual_model)


def _wrong_choices(values: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each option that is no part of the request and cannot be used."""
    embed = values.get("embed")
    if embed not in (None, *EMBED):
        yield f"embed is {shown(embed)}: give {', '.join(EMBED)}"
    if not makes_several(values):
        yield from (
            f"--{name} goes with --sweep, --takes or --rows" for name in ("zip", "limit", "yes") if name in values
        )


def _pictures(front_end: FrontEnd, read: CellOptions, text: str, problems: list[str]) -> dict[str, Named]:
    """Return the keyframes of a cell by position; run again, it means the same.

    A name that holds the job of this very cell held something else before, or nothing: what it meant then counts.
    """
    made = front_end.variables.get(read.name)
    if not (isinstance(made, Job) and made.cell == text):
        return named_pictures(read.values, problems, front_end.variables)
    variables = {key: value for key, value in front_end.variables.items() if key != read.name}
    found, used = named_pictures(read.values, problems, variables), made.original_request.keyframes.given
    return {
        position: Named(used[position], named.name)
        if position in used and base_name(read.values[position]) == read.name
        else named
        for position, named in found.items()
    }


def _request(values: dict[str, Any], model: str, pictures: dict[str, Named]) -> VideoRequest:
    """Return the request that is meant."""
    keyframes = {position: named.picture for position, named in pictures.items()}
    return VideoRequest.from_values({**values, **keyframes}, model)


def _limits(values: dict[str, Any]) -> tuple[Limits, list[str]]:
    """Return what the options of a cell allow, and a line for each that cannot be read."""
    fresh, force, unknown_price = (bool(values.get(name)) for name in ("fresh", "force", "yes_unknown_price"))
    return read_limits(fresh, force, values.get("max_credits"), unknown_price)
