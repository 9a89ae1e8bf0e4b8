"""The gallery of an export: pages that open from disk, without a script. Pure functions.

Everything that came from a user or a server is escaped, every link leads to a file beside the page. Videos are
loaded when they are played; who cannot see them is told what they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from html import escape
from urllib.parse import quote

from ...errors import RunwayError
from ...extension_points import provided
from ...jobs.export_folder import GENERATOR, PAGE
from ...jobs.manifest import ExportedJob
from ...jobs.policy import day_of
from ...ledger.phase import Phase
from ...ledger.record import FOREIGN_TYPE
from ...models import model_named
from ...redaction import redact, redact_cell, redact_line
from ...request import FIELDS, VideoRequest
from ...text.visible import cut
from ..static import static_text
from .facts import DOT, camera_text, frame_text, megabytes, take_facts

PER_PAGE = 120
"""Videos of a page: more would make a browser slow."""
STAR = "\N{BLACK STAR}"
_SEEN = ("png", "jpg", "gif", "webp")
"""Pictures that every browser shows."""
_POLICY = "script-src 'none'; object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'none'"
_NAMED = 3
_LONG = 280
"""Characters of a prompt that stand below its video; a longer one is folded with the settings."""
_FOOTER = (
    "Made with runway_nb. On another machine <code>%runway import</code> of this folder makes these videos stored "
    "results: nothing is paid for them again."
)


def gallery_pages(jobs: Sequence[ExportedJob]) -> dict[str, str]:
    """Return the pages of a gallery by their names, `index.html` first; jobs stand in the order in which they are."""
    parts = [jobs[start : start + PER_PAGE] for start in range(0, len(jobs), PER_PAGE)] or [[]]
    names = [_page_name(number) for number in range(1, len(parts) + 1)]
    return {name: _page(part, jobs, names, name) for name, part in zip(names, parts, strict=True)}


def _page_name(number: int) -> str:
    return PAGE if number == 1 else f"page-{number}.html"


def _page(part: Sequence[ExportedJob], jobs: Sequence[ExportedJob], names: Sequence[str], name: str) -> str:
    title = _title(jobs)
    return "".join([
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
        f'<meta name="generator" content="{GENERATOR}">\n',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        f"<title>{title}</title>\n<style>\n{static_text('gallery_page.css')}</style>\n</head>\n<body>\n",
        f"<header>\n<h1>{title}</h1>\n<p>{escape(_summary(jobs))}</p>\n{_filter(part)}</header>\n",
        f"<main>\n{''.join(map(_article, part))}</main>\n",
        _navigation(names, name),
        f"<footer>{_FOOTER}</footer>\n</body>\n</html>\n",
    ])  # fmt: skip


# --- the page -----------------------------------------------------------------------------------------


def _title(jobs: Sequence[ExportedJob]) -> str:
    videos = sum(job.video is not None for job in jobs)
    return f"{videos} video{'s' * (videos != 1)}"


def _summary(jobs: Sequence[ExportedJob]) -> str:
    """Return when and by whom they were made, in one line."""
    if not jobs:
        return "Nothing was exported yet."
    days = list(dict.fromkeys(day_of(moment) for moment in sorted(job.made for job in jobs)))
    failed = sum(job.video is None for job in jobs)
    starred, simulated = (sum(getattr(job, name) for job in jobs) for name in ("star", "simulated"))
    return DOT.join(filter(None, [
        days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}",
        _listed(dict.fromkeys(map(_model_title, jobs))),
        f"{starred} starred" if starred else "",
        f"{failed} without a video" if failed else "",
        f"{'all' if simulated == len(jobs) else simulated} by the simulator" if simulated else "",
    ]))  # fmt: skip


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"{', '.join(found[:_NAMED])}{more}"


def _filter(jobs: Sequence[ExportedJob]) -> str:
    """Return the choice of what is shown, where there is anything to choose."""
    starred, rejected = sum(job.star for job in jobs), sum(job.rejected for job in jobs)
    choices = [("show-all", f"All {len(jobs)}")]
    choices += [("show-starred", f"{STAR} Starred {starred}")] if starred else []
    choices += [("show-kept", "Without rejected")] if rejected else []
    if len(choices) == 1:
        return ""
    radios = "\n".join(
        f'<label><input type="radio" name="show" id="{name}"{" checked" * (not number)}>{words}</label>'
        for number, (name, words) in enumerate(choices)
    )
    return f"<fieldset>\n<legend>Show</legend>\n{radios}\n</fieldset>\n"


def _navigation(names: Sequence[str], here: str) -> str:
    if len(names) == 1:
        return ""
    current = {here: ' aria-current="page"'}
    links = "\n".join(f'<a href="{name}"{current.get(name, "")}>{number}</a>' for number, name in enumerate(names, 1))
    return f'<nav aria-label="Pages">\n<span>Page</span>\n{links}\n</nav>\n'


# --- a job --------------------------------------------------------------------------------------------


def _article(job: ExportedJob) -> str:
    request = _request(job)
    mark = "starred" if job.star else "rejected" if job.rejected else ""
    note = f'<p class="note" dir="auto">{_text(job.note)}</p>\n' if job.note.strip() else ""
    kind = f' class="{mark}"' if mark else ""
    return (
        f'<article id="job-{job.id}"{kind}>\n{_picture(job, request)}'
        f'<h2 dir="auto">{_text(cut(_prompt(job, request), _LONG)) or "(no prompt)"}</h2>\n'
        f'<p class="facts">{_facts(job, request, mark)}</p>\n{note}{_details(job, request)}</article>\n'
    )


def _request(job: ExportedJob) -> VideoRequest | None:
    """Return what was sent; None for a model that is not known here."""
    with suppress(RunwayError):
        return VideoRequest.from_wire(job.request, job.model)
    return None


def _prompt(job: ExportedJob, request: VideoRequest | None) -> str:
    found = request.prompt if request is not None else job.request.get("text_prompt", "")
    return found.strip() if isinstance(found, str) else ""


def _picture(job: ExportedJob, request: VideoRequest | None) -> str:
    """Return the player, or why there is none."""
    if job.video is None:
        words = "Without a video" if job.phase != Phase.DONE else "Its file is not here"
        reason = f"<span>{escape(redact_line(job.message))}</span>" if job.message else ""
        return f'<div class="state"><strong>{words}</strong>{reason}</div>\n'
    width, height = request.row.aspects[request.format] if request is not None else (1280, 768)
    poster = f' poster="{quote(job.poster.name)}"' if job.poster is not None else ""
    muted = "" if request is not None and request.audio else " muted"
    label = escape(" ".join(redact_line(_prompt(job, request)).split()) or job.id)
    return (
        f'<video src="{quote(job.video.name)}" controls loop playsinline{muted} preload="none"{poster} '
        f'width="{width}" height="{height}" aria-label="Video: {label}">'
        f'<a href="{quote(job.video.name)}">Open the video</a></video>\n'
    )


def _facts(job: ExportedJob, request: VideoRequest | None, mark: str) -> str:
    sign = f"{STAR} {mark}" if job.star else mark
    words = [_model_title(job), *(_request_facts(request) if request is not None else [])]
    head = f'<span class="mark">{sign}</span>{DOT}' if mark else ""
    return head + escape(DOT.join(filter(None, [*words, "simulator" if job.simulated else ""])))


def _request_facts(request: VideoRequest) -> list[str]:
    """Return camera, length, resolution, sound and seed, as far as there are any."""
    camera = [camera_text(request)] if request.camera.static or any(request.camera.moves.values()) else []
    seed = [] if request.seed is None else [f"seed {request.seed}"]
    return [*camera, *take_facts(request), *seed]


def _model_title(job: ExportedJob) -> str:
    foreign = job.request.get(FOREIGN_TYPE)
    if isinstance(foreign, str) and foreign:
        return redact_line(foreign, 80)
    with suppress(RunwayError):
        return model_named(job.model).title or job.model
    return redact_line(job.model, 80)


def _details(job: ExportedJob, request: VideoRequest | None) -> str:
    """Return settings and cell, folded."""
    rows = [(name, escape(redact_line(value))) for name, value in _settings(job, request).items() if value]
    rows[:0] = [(f"{position} keyframe", _keyframe(job, position)) for position in job.keyframes]
    if job.video is not None:
        link = f'<a href="{quote(job.video.name)}">{escape(job.video.name)}</a>'
        rows.append(("file", f"{link} ({megabytes(job.video.size)})"))
    cell = _cell(job)
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>\n" for name, value in rows)
    prompt = _prompt(job, request)
    whole = f'<p class="whole" dir="auto">{_text(prompt)}</p>\n' if len(prompt) > _LONG else ""
    block = f"<pre><code>{escape(redact_cell(cell))}</code></pre>\n" if cell else ""
    return f"<details>\n<summary>Settings and cell</summary>\n<dl>\n{listed}</dl>\n{whole}{block}</details>\n"


def _settings(job: ExportedJob, request: VideoRequest | None) -> dict[str, str]:
    spent = "play money" if job.simulated else f"{job.credits} credits"
    return {
        **({"camera in words": request.camera_sentence, "frame": frame_text(request)} if request is not None else {}),
        "made": day_of(job.made),
        "by": "the simulator" if job.simulated else job.backend,
        "cost": spent,
        "notebook": job.notebook,
        "job": job.id,
    }


def _keyframe(job: ExportedJob, position: str) -> str:
    """Return how a keyframe was named, and the picture where it came along and a browser shows it."""
    picture = job.keyframes[position]
    name = escape(redact_line(picture.name, 200))
    if picture.file is None:
        return name
    path = quote(picture.file.name)
    image = f'<img src="{path}" alt="{position} keyframe: {name}" loading="lazy">'
    return f'<a href="{path}">{name}</a>{image if path.endswith(_SEEN) else ""}'


def _cell(job: ExportedJob) -> str:
    """Return the cell as it was run, or one that asks for the same."""
    if job.cell:
        return job.cell
    with suppress(RunwayError):
        request = VideoRequest.from_wire(_with_keyframes(job), job.model)
        cell: str = provided("request.cell")(request)
        return cell
    return ""


def _with_keyframes(job: ExportedJob) -> Mapping[str, object]:
    row = model_named(job.model)
    names = {field.record_name(row): job.keyframes[field.name].name for field in FIELDS if field.name in job.keyframes}
    return {**job.original_request, **names}


def _text(text: str) -> str:
    """Return a text of several lines, as it may be shown."""
    return escape(redact(text))
