"""The links to videos in saved HTML, and the same HTML with other links. Pure functions.

Nothing else of the HTML changes, whoever wrote it: only the attribute is written anew, escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape, unescape
from typing import NamedTuple
from urllib.parse import urlsplit

from ..rendering import styles

_TAG = re.compile(r"<(?P<tag>video|source|a)(?=[\s/])", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""[\s/]*(?:(?P<end>>)|(?P<whole>(?P<name>[^\s/>][^\s/>=]*)(?:\s*=\s*(?P<value>"[^"]*"|'[^']*'|[^\s>"'][^\s>]*))?))"""
)
_CLOSING = re.compile(r"</video\s*>", re.IGNORECASE)
_LINKS = {"video": "src", "source": "src", "a": "href"}


class Link(NamedTuple):
    """A link in a piece of HTML."""

    is_player: bool
    """It is what a player plays; otherwise it leads there."""
    url: str
    start: int
    """Where its attribute begins."""
    end: int
    """Where its attribute ends."""
    tag_end: int


class NewLink(NamedTuple):
    """What stands in the place of a link."""

    url: str
    """Where it leads now; nothing takes the link away."""
    words: str = ""
    """Stands in the place of the words of a link that is taken away; a picture stays."""
    below: str = ""
    """A line of text below the player."""


def video_links(html: str) -> list[Link]:
    """Return the links that may lead to a video on disk: relative or absolute paths, never an address on the web."""
    return [link for link in _links(html) if _may_be_video(link)]


def carried_count(html: str) -> int:
    """Return how many players carry their video inside the HTML."""
    return sum(link.is_player and link.url.startswith("data:video/") for link in _links(html))


def relinked(html: str, new: Callable[[Link], NewLink | None]) -> str:
    """Return the HTML with other links to videos.

    Args:
        html: As it was saved.
        new: Gives what stands in the place of a link; None leaves it as it is.
    """
    pieces: list[tuple[int, int, str]] = []
    for link in video_links(html):
        made = new(link)
        if made is None:
            continue
        name = "src" if link.is_player else "href"
        pieces.append((link.start, link.end, f'{name}="{escape(made.url, quote=True)}"' if made.url else ""))
        if made.below:
            closing = _CLOSING.search(html, link.tag_end)
            at = closing.end() if closing else link.tag_end
            pieces.append((at, at, f'<div style="{styles.FACTS}">{escape(made.below)}</div>'))
        elif made.words and html.startswith("</a", end := html.find("<", link.tag_end)):
            pieces.append((link.tag_end, end, escape(made.words)))
    return _replaced(html, sorted(pieces, key=lambda piece: piece[:2]))


def _replaced(html: str, pieces: list[tuple[int, int, str]]) -> str:
    parts, at = [], 0
    for start, end, text in pieces:
        parts += [html[at:start], text]
        at = end
    return "".join([*parts, html[at:]])


def _links(html: str) -> Iterator[Link]:
    """Yield all links of the three kinds of elements, each tag read once: quoted text in it is no tag and no link."""
    at = 0
    while tag := _TAG.search(html, at):
        at, wanted = tag.end(), _LINKS[tag["tag"].lower()]
        found: list[re.Match[str]] = []
        while attribute := _ATTRIBUTE.match(html, at):
            at = attribute.end()
            if attribute["end"]:
                break
            if attribute["name"].lower() == wanted and attribute["value"]:
                found.append(attribute)
        else:
            return  # a tag without an end takes in all that follows
        # of two attributes of one name browsers take the first
        for each in found[:1]:
            url = unescape(_unquoted(each["value"])).strip()
            yield Link(wanted == "src", url, each.start("whole"), each.end("whole"), at)


def _unquoted(value: str) -> str:
    return value[1:-1] if value[:1] in "\"'" else value


def _may_be_video(link: Link) -> bool:
    try:
        parts = urlsplit(link.url)
    except ValueError:
        return False
    if parts.scheme or parts.netloc or not parts.path:
        return False
    return link.is_player or parts.path.lower().endswith(".mp4")
