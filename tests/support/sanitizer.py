"""What JupyterLab's sanitizer leaves of an output that is not trusted."""

from __future__ import annotations

from html.parser import HTMLParser


class Tags(HTMLParser):
    """Collects tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(html)
    return parser.found


STRIPPED = {"script", "style", "source", "svg", "iframe", "link", "object"}


STRIPPED_STYLE = ("var(", "currentcolor", "inherit", "aspect-ratio", "object-fit", "overflow-wrap")


def check_sanitized(html: str) -> None:
    """Check that a text has nothing that JupyterLab takes out of an untrusted output (Jupyter facts, section 8)."""
    for tag, attributes in tags(html):
        assert tag not in STRIPPED
        assert not [
            name
            for name in attributes
            if name.startswith(("on", "aria", "data-")) or name in ("id", "role", "download")
        ]
        assert not [word for word in STRIPPED_STYLE if word in (attributes.get("style") or "").lower()]
