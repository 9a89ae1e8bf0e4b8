"""`%%runway`: a cell is read, checked, submitted and shown."""

from __future__ import annotations

import json
from typing import Any

from ...errors import InvalidRequest
from ...jobs.job import Job
from ...jobs.policy import Limits, read_limits
from ...redaction import redact
from ...request import VideoRequest
from ...spec import EMBED, POSITIONS
from ...template import fill
from ...text.console import write_line
from ...values.plain import shown
from ..language import parsing
from ..language.cell_source import with_model
from ..language.expressions import Named, named_picture
from ..language.stray_options import stray_problem
from .front_end import FrontEnd


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


def submit(front_end: FrontEnd, line: str, body: str) -> tuple[Job | None, dict[str, Any]]:
    """Check a cell, submit its request and show the job; return it with the options. It is None after a dry run."""
    # before the work starts, so that the two need not share the processor
    from ..cards import output_area  # noqa: F401 - loads ipywidgets

    read = parsing.parse(line, front_end.variables)
    limits, unreadable = _limits(read.values)
    problems = [*read.problems, *unreadable]
    if stray := stray_problem(line, body):
        # a line that was to go on has no other mistake of its own
        raise InvalidRequest([stray, *([] if line.rstrip().endswith("\\") else problems)])
    studio = front_end.studio
    model = read.values.get("model", studio.settings.model)
    # IPython refuses a cell without a body, so a cell without a prompt ends with a blank line
    text = f"%%runway {line}".strip() + f"\n{body.strip() or chr(10)}"
    text = with_model(text, model, studio.settings.model)
    prompt = fill(body.strip(), front_end.variables, problems)
    pictures = _named_pictures(read.values, problems, _variables(front_end, read.name, text))
    request = _request({**read.values, "prompt": prompt}, model, pictures, problems)
    names = {position: named.name for position, named in pictures.items()}
    checked = studio.check(request, limits, problems, names)
    if read.values.get("dry_run"):
        write_line(dry_run_text(checked.request))
        return None, read.values
    submitted = studio.submit_checked(checked, cell=text, folder=front_end.folder)
    if read.name:
        front_end.variables[read.name] = submitted.job
    front_end.show(submitted.job, read.values.get("embed"), reused=not submitted.is_new)
    return submitted.job, read.values


def _variables(front_end: FrontEnd, name: str, text: str) -> dict[str, Any]:
    """Return the notebook's variables, but for the job that this very cell has made: run again, it means the same."""
    made = front_end.variables.get(name)
    if not (isinstance(made, Job) and made.cell == text):
        return front_end.variables
    return {key: value for key, value in front_end.variables.items() if key != name}


def _request(values: dict[str, Any], model: str, pictures: dict[str, Named], problems: list[str]) -> VideoRequest:
    """Return the request that is meant; add a line to `problems` for an option that cannot be used."""
    embed = values.get("embed")
    if embed not in (None, *EMBED):
        problems.append(f"embed is {shown(embed)}: give {', '.join(EMBED)}")
    keyframes = {position: named.picture for position, named in pictures.items()}
    return VideoRequest.from_values({**values, **keyframes}, model)


def _named_pictures(values: dict[str, Any], problems: list[str], variables: dict[str, Any]) -> dict[str, Named]:
    """Return the keyframes that are meant; add a line to `problems` for each that leads nowhere."""
    found: dict[str, Named] = {}
    for position in POSITIONS:
        if (typed := values.get(position)) is None:
            continue
        try:
            found[position] = named_picture(typed, variables)
        except InvalidRequest as error:
            problems += [f"{position}: {problem}" for problem in error.problems]
            found[position] = Named(typed, "picture")
    return found


def _limits(values: dict[str, Any]) -> tuple[Limits, list[str]]:
    """Return what the options of a cell allow, and a line for each that cannot be read."""
    fresh, force, unknown_price = (bool(values.get(name)) for name in ("fresh", "force", "yes_unknown_price"))
    return read_limits(fresh, force, values.get("max_credits"), unknown_price)


def dry_run_text(request: VideoRequest) -> str:
    """Return what would be sent, and its price."""
    from ..rendering.facts import camera_words_text, frame_text, take_facts  # loads the rendering

    row = request.row
    body = redact(json.dumps(request.to_wire(), indent=2, ensure_ascii=False))
    # a format that is not given is that of the first picture
    frame = [] if request.aspect is None and request.keyframes.given else [frame_text(request)]
    lines = [
        f"Dry run, nothing was sent. POST {row.path}",
        body,
        f"Model: {', '.join([row.title, *frame, *take_facts(request)])}.",
        camera_words_text(request),
        f"Price: {request.price_text.removeprefix('price ')}.",
        "" if request.seed is not None or not row.seed else "The seed is drawn when it is sent.",
        *(f"Note: {warning}." for warning in request.warnings()),
    ]
    return "\n".join(filter(None, lines))
