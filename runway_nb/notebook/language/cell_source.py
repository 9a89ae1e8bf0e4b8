"""The `%%runway` cell of a request, and the request of a cell. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ...errors import InvalidRequest, RunwayError
from ...jobs.job import Job, repeatable_request
from ...pictures.asset_names import quoted
from ...redaction import short_id
from ...request import FIELDS, VideoRequest
from ...spec import DEFAULT_MODEL, ID_FORM
from ...template import by_number, fill, literal
from .options import MODEL, OF_REQUEST, Option, makes_several
from .parsing import CellOptions, parse
from .stray_options import literal_prompt, stray_problem

_MAGIC = "%%runway"
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, all that ends a line or turns its direction, half characters: not every front end gives them
back, and a cell must show what it does."""
_UNSEEN_IN_PROMPT = re.compile(rf"(?![\n\t]){_UNSEEN.pattern}")
_LOST = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"^()([^\S\n])(?=[^\S\n]*$)",  # the spaces of a blank line
        r"\A()(\s)",  # space at the beginning
        r"()(\s)\Z",  # space at the end
        r"^([^\S\n]*)(>)(?=>>)",  # the marks of a pasted session
        r"\A()(\.)(?=\.\.)",
        r"\A()(I)(?=n \[)",
    )
)
"""What IPython or the magic would take away from a prompt, kept by writing the second group by its number."""


def cell_text(
    request: VideoRequest,
    name: str = "",
    *,
    pictures: Mapping[str, str] = MappingProxyType({}),
    usual_model: str = DEFAULT_MODEL.name,
) -> str:
    """Return the cell that asks for a request: a line with NAME and options in the order of `OPTIONS`, then the prompt.

    Running the cell gives an equal request, whoever runs it. Only what was given is written, and the model where it is
    not everybody's default. Four things come back in another form:

    - False of explore, upscale, camera_words and static: a cell can only switch them on, so it comes back as not given.
    - A path object comes back as its text, a list of `focus` as a tuple.
    - An asset id holds the account's e-mail, and a cell is seen by others: it comes back as the short id. That
      finds the same asset, but the request's `account` is open again and its `digest` is another.
    - A word that is also the name of a variable means the variable, where the cell runs and it holds a picture.

    What the line or the prompt would lose is written by its number, as {{U+20}} for a space at the end. The prompt
    may be empty, even without a keyframe: a blank line stands for it, since IPython refuses a cell without a body.

    Args:
        request: Its keyframes are text or paths.
        name: The variable that receives the job.
        pictures: Position to the word that stands for its keyframe, where that is not the stored one: a variable.
            As it is meant, for it is quoted here.
        usual_model: The one that a cell has here by the settings; another one is written, even the default.

    Raises:
        InvalidRequest: the request or the name is not valid.
    """
    # a cell without a prompt is one whose prompt is still to be written
    (replace(request, prompt="-") if request.prompt == "" else request).check()
    if parse(name, {}) != CellOptions(name, {}, ()):
        raise InvalidRequest([f"{name!r} cannot be the name of a variable"])
    values = {**_values(request, pictures), "model": written_model(request.model, usual_model)}
    given = [
        typed_option(option, values[option.field]) for option in OF_REQUEST if values.get(option.field) is not None
    ]
    line = " ".join(filter(None, (_MAGIC, name, *given)))
    return f"{line}\n{prompt_text(request.prompt) or chr(10)}"


def job_cell(job: Job, usual_model: str = DEFAULT_MODEL.name) -> str:
    """Return the cell that makes the video of a job again: as it was typed, else that of its request.

    Raises `InvalidCommand` where no cell can.
    """
    request = repeatable_request(job)
    return with_model(job.cell, request.model, usual_model) if job.cell else cell_text(request, usual_model=usual_model)


def job_cells(jobs: Iterable[Job], usual_model: str = DEFAULT_MODEL.name) -> list[str]:
    """Return the cells of several jobs, equal ones once; a comment where a job has none."""
    return [*dict.fromkeys(_cell_or_comment(job, usual_model) for job in jobs)]


def joined_cells(cells: Iterable[str]) -> str:
    """Return several cells as one text, each after a blank line: each begins with its magic, which no prompt does.

    A notebook refuses the whole of it as one cell, and sends nothing.
    """
    return "\n\n".join(cell.rstrip("\n") for cell in cells) + "\n"


def _cell_or_comment(job: Job, usual_model: str) -> str:
    try:
        return job_cell(job, usual_model)
    except RunwayError as error:
        return f"# job {job.id}: {error.message}"


def written_model(model: str, usual_model: str) -> str | None:
    """Return the model as it is written into a cell; None where all who run it have it by default."""
    return None if model == usual_model == DEFAULT_MODEL.name else model


def with_model(cell: str, model: str, usual_model: str) -> str:
    """Return a `%%runway` cell that was typed, with the model that it had by the settings where those may differ."""
    line, end, body = cell.partition("\n")
    magic, _, options = line.partition(" ")
    written = written_model(model, usual_model)
    if written is None or magic.rstrip() != _MAGIC or MODEL.field in parse(options, {}).values:
        return cell
    return f"{line.rstrip()} {MODEL.flag} {quoted_value(written)}{end}{body}"


def request_of_cell(text: str) -> VideoRequest | None:
    """Return the request that a cell asks for, not checked; None where it is no `%%runway` cell, makes several videos
    or cannot be read.

    Variables are not known: a cell with {{name}} cannot be read, and a keyframe is the word that stands there.
    """
    line, _, body = text.partition("\n")
    magic, _, options = line.partition(" ")
    if magic.rstrip() != _MAGIC:
        return None
    read = parse(options, {})
    if makes_several(read.values):
        return None
    problems = [*read.problems, *filter(None, [stray_problem(options, body)])]
    prompt = fill(body.strip(), {}, problems)
    if problems:
        return None
    return VideoRequest.from_values({**read.values, "prompt": prompt}, read.values.get("model", DEFAULT_MODEL.name))


def _values(request: VideoRequest, pictures: Mapping[str, str]) -> dict[str, Any]:
    """Return the value of each field by its name, pictures as they are typed."""
    typed = {
        name: without_email(pictures.get(name) or str(picture)) for name, picture in request.keyframes.given.items()
    }
    return {**{field.name: field.value_in(request) for field in FIELDS}, **typed}


def without_email(picture: str) -> str:
    """Return the name of a picture without the e-mail of an id."""
    return re.sub(ID_FORM, lambda match: short_id(match[0]), picture)


def typed_option(option: Option, value: Any) -> str:
    """Return an option as it is typed; nothing for a switch that is off."""
    if option.kind == "switch":
        return option.flag if value else ""
    if option.kind == "toggle":
        return option.flags[0 if value else 1]
    if option.kind == "point":
        return f"{option.flag} {','.join(map(number_text, value))}"
    if option.kind in ("number", "whole"):
        return f"{option.flag} {number_text(value)}"
    # a word with two dashes would be the next option
    return f"{option.flag}{'=' if value.startswith('--') else ' '}{quoted_value(value)}"


def number_text(value: float) -> str:
    """Return the shortest spelling that reads back equal: 4, -2.5."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def quoted_value(text: str, *, must: bool = False) -> str:
    """Return a value as it is typed on the line; in quotes where it has to be, or else `must` be."""
    text = _UNSEEN.sub(lambda match: by_number(match[0]), literal(text))
    if '"' in text and "'" in text:
        text = text.replace('"', by_number('"'))
    found = quoted(text)
    return f'"{text}"' if must and found == text else found


def prompt_text(text: str, *, is_template: bool = False) -> str:
    """Return a prompt as it is typed, so that nothing of it is taken away before it is read.

    In a template {{name}} stands for a variable; elsewhere it is these letters.
    """
    text = text if is_template else literal(text)
    text = _UNSEEN_IN_PROMPT.sub(lambda match: by_number(match[0]), text)
    for lost in _LOST:
        text = lost.sub(lambda match: match[1] + by_number(match[2]), text)
    return literal_prompt(text)
