"""What a page says of itself: its browser, and which of two clips it loads; and what that means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..doctor.finding import Finding, ok, unknown, wrong
from ..redaction import redact_line
from .hosts import Place

SCRIPT, BROWSER, BY_PATH, EMBEDDED = "page script", "browser", "video by its path", "video embedded"
"""The names of the lines that a page answers for."""
CLIP_LINES = {"path": BY_PATH, "data": EMBEDDED}
CLIP_STATES = ("loaded", "error", "loading", "missing")
"""How a clip may come out in the page."""
WAITING = "waiting for the page"
_AGENT, _WORD = 160, 20
"""Characters of what a browser says of itself."""
_SCRIPTS = "reload the page, and allow its scripts; results are shown all the same, the panel and live cards are not"
_ALWAYS = "%config RunwayMagics.embed = 'always' puts videos into the notebook"
_OTHER_BROWSER = "take a browser that plays it, such as Chrome, Edge, Firefox or Safari; any player opens the file"


class PageAnswer(NamedTuple):
    """What the page's script has reported."""

    agent: str
    """The browser's own name."""
    video: str
    """What it says of H.264 in MP4: `probably`, `maybe` or nothing."""
    sound: str
    """The same with AAC sound."""
    clips: Mapping[str, str]
    """How each clip came out, by its key."""


class Carried(NamedTuple):
    """How results get onto the page here."""

    by_path: bool
    """By a path, as long as they lie in the notebook's folder."""
    problem: str = ""
    """Why no clip could be laid down for the page; nothing where it was."""


def carried_in(place: Place, embed: str) -> Carried:
    """Return how a front end carries results with a setting of `embed`."""
    return Carried(embed == "never" or (embed == "auto" and not place.host.embeds))


def read_answer(content: object) -> PageAnswer | None:
    """Return what a message of the page says; None for another message."""
    if not isinstance(content, Mapping) or content.get("kind") != "page":
        return None
    plays, clips = _mapping(content.get("plays")), _mapping(content.get("clips"))
    states = {key: str(state) for key, state in clips.items() if key in CLIP_LINES and state in CLIP_STATES}
    agent = redact_line(str(content.get("agent") or ""), _AGENT)
    video, sound = (redact_line(str(plays.get(name) or ""), _WORD) for name in ("video", "sound"))
    return PageAnswer(agent, video, sound, states)


def waiting_findings() -> tuple[Finding, ...]:
    """Return the page's lines before it has answered."""
    return tuple(unknown(name, WAITING) for name in (SCRIPT, BROWSER, BY_PATH, EMBEDDED))


def silent_findings(seconds: float, problem: str = "") -> tuple[Finding, ...]:
    """Return the page's lines where it has not answered.

    Args:
        seconds: For so long it was waited.
        problem: Why it could not be asked at all.
    """
    if problem:
        script = wrong(SCRIPT, f"not asked: {problem}", "pip install anywidget")
    else:
        script = wrong(SCRIPT, f"no answer within {seconds:.0f} s", _SCRIPTS)
    return script, *(unknown(name, "see whether the clip plays that stands below") for name in CLIP_LINES.values())


def page_findings(answer: PageAnswer, carried: Carried) -> tuple[Finding, ...]:
    """Return the page's lines from what it has answered."""
    return ok(SCRIPT, "has answered"), _of_browser(answer), *_of_clips(answer.clips, carried)


def _of_browser(answer: PageAnswer) -> Finding:
    name = f" ({answer.agent})" if answer.agent else ""
    if not answer.video:
        return wrong(BROWSER, f"it says that it plays no H.264 in MP4{name}", _OTHER_BROWSER)
    if not answer.sound:
        return wrong(BROWSER, f"it says that it plays H.264 and no AAC sound{name}", _OTHER_BROWSER)
    return ok(BROWSER, f"H.264 in MP4: {answer.video}, with AAC sound: {answer.sound}{name}")


def _of_clips(clips: Mapping[str, str], carried: Carried) -> Iterator[Finding]:
    path, data = clips.get("path", "missing"), clips.get("data", "missing")
    if carried.problem:
        yield unknown(BY_PATH, f"not tried: {carried.problem}")
    elif path == "loaded":
        yield ok(BY_PATH, "loads")
    elif path == "missing":
        yield unknown(BY_PATH, "the page's script does not see it")
    elif carried.by_path:
        yield wrong(BY_PATH, "does not load, and results are shown that way here", _ALWAYS)
    else:
        yield ok(BY_PATH, "does not load; results are embedded here")
    if data == "loaded":
        yield ok(EMBEDDED, "loads")
    elif data == "missing":
        yield unknown(EMBEDDED, "the page's script does not see it")
    else:
        advice = "%config RunwayMagics.embed = 'never' shows videos by their path" if path == "loaded" else ""
        yield wrong(EMBEDDED, "does not load", advice or _OTHER_BROWSER)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
