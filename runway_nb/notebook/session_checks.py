"""What the doctor is told of a session in a notebook, and its checks of the front end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ..doctor.doctor import Session
from ..doctor.finding import Check, Finding, ok, unknown, wrong
from ..process_studio import made_studio
from .hosts import Place

NO_PAGE = "no page here"
_NEVER, _ALWAYS = "never", "always"


def session_of(config: Mapping[str, object], folder: Path) -> Session:
    """Return what the doctor looks at: settings of this moment, the notebook's folder, the token that is in use."""
    studio, _ = made_studio()
    return Session(config, folder, studio.settings.token if studio is not None else None)


def front_end_checks(place: Place, embed: str) -> list[Check]:
    """Return the checks of the front end; `embed` is the setting."""
    return [
        Check("front end", lambda: look_at_front_end(place)),
        Check("embedding", lambda: look_at_embedding(place, embed)),
    ]


def without_page() -> Check:
    """Return the line of a session that has no page to ask."""
    return Check("page", lambda: [unknown("page", NO_PAGE)])


def look_at_front_end(place: Place) -> Iterator[Finding]:
    """Yield which front end this is, in which mode, and why that is thought."""
    text = f"{place.host.name}, {place.host.mode}: {place.reason}"
    if place.host.problem:
        problem, _, advice = place.host.problem.partition(": ")
        yield wrong("front end", f"{text}; {problem}", advice)
    else:
        yield ok("front end", text)


def look_at_embedding(place: Place, embed: str) -> Iterator[Finding]:
    """Yield how a result carries its video."""
    host = place.host
    if embed == _NEVER and host.embeds:
        yield wrong(
            "embedding", f"never, and in {host.name} no path leads to the file", "%config RunwayMagics.embed = 'auto'"
        )
    elif embed in (_ALWAYS, _NEVER):
        yield ok("embedding", f"{embed}, as it is set")
    elif host.embeds:
        yield ok("embedding", f"auto: into the output, up to 8 MB, as {host.name} needs it")
    else:
        yield ok("embedding", "auto: by its path; into the output where it lies outside of the notebook's folder")
