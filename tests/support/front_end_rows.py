"""What the code does in each front end, as a page tells it: a row for each of `notebook.hosts.HOSTS`."""

from __future__ import annotations

from collections.abc import Iterator

from runway_nb.notebook.hosts import HOSTS, Host
from runway_nb.notebook.rendering.result_html import EMBED_CAP

HEAD = ("front end", "a job that goes on", "its video", "the panel")
MODES = {
    "live": "moves while other cells run",
    "batch": "is waited for by its cell",
    "terminal": "is one line of text",
}


def front_end_rows() -> Iterator[tuple[str, ...]]:
    """Yield each front end: how a job is shown, how its video gets onto the page, and what becomes of the panel."""
    yield from ((host.name, *_row(host)) for host in HOSTS)


def _row(host: Host) -> tuple[str, str, str]:
    if host.problem:
        return f"cannot be: {host.problem}", "", ""
    return _job(host), _video(host), _quoted(host.panel) if host.panel else "lives"


def _job(host: Host) -> str:
    if host.name == "marimo":  # which brings the card up to date by itself
        return MODES["live"]
    return f"{MODES[host.mode]}; in the panel it moves" if host.only_widgets else MODES[host.mode]


def _video(host: Host) -> str:
    if host.mode == "terminal":
        return "the path of its file"
    megabytes = EMBED_CAP // 1_000_000
    return f"carried inside, up to {megabytes} MB" if host.embeds else "by its path from the notebook"


def _quoted(words: str) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{words}\N{RIGHT DOUBLE QUOTATION MARK}"
