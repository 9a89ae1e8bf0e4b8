"""A notebook as one HTML page that opens from disk: nothing is loaded over the network, no script above all."""

from __future__ import annotations

import base64
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

from ...errors import RunwayError
from ...text.import_problems import import_problem
from .notebook_file import write_shared
from .saved_outputs import Notebook, without_widgets

GENERATOR = "runway_nb bundle"
"""What a page says of itself, so that no page of somebody else is written over."""
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; font-src data:; "
    "img-src 'self' file: data: blob: https:; media-src 'self' file: data: blob: https:"
)
"""Pictures and videos of the web that a notebook itself shows stay; scripts, styles and requests of the web do not."""
_NO_LINKS = (
    "require_js_url",
    "jquery_url",
    "mathjax_url",
    "mermaid_js_url",
    "mermaid_layout_elk_js_url",
    "jupyter_widgets_base_url",
)
_EMPTY_SCRIPT = re.compile(r'<script src="">\s*</script>')
_BEGINNING = 2_000


def page_text(notebook: Notebook, title: str) -> str:
    """Return a notebook as a page. Raise `RunwayError` where nbconvert is not installed or cannot make one."""
    try:
        html: Any = import_module("nbconvert.exporters.html")
        nbformat: Any = import_module("nbformat.v4")
    except ImportError as error:
        raise RunwayError(
            f"{import_problem('nbconvert', error)}: a page needs it (pip install nbconvert); for a folder, give a "
            "name that does not end in .html"
        ) from None
    exporter = html.HTMLExporter()
    for name in _NO_LINKS:
        if exporter.has_trait(name):
            setattr(exporter, name, "")
    try:
        # as it is, without checks: those would give cells new ids, and each page another text
        node = nbformat.reads_json(json.dumps(without_widgets(notebook)))
        text, _ = exporter.from_notebook_node(node, {"metadata": {"name": title}})
    except Exception as error:  # noqa: BLE001 - what a damaged notebook makes nbconvert raise has no common class
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise RunwayError(f"nbconvert cannot make a page of this notebook ({reason})") from None
    return _closed(str(text))


def _closed(page: str) -> str:
    """Return a page that asks nothing of the network."""
    head = (
        f'<meta charset="utf-8"><meta name="generator" content="{GENERATOR}">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    )
    return _HEAD.sub(lambda found: found[0] + head, _EMPTY_SCRIPT.sub("", page), count=1)


def check_page(path: Path) -> None:
    """Raise `RunwayError` where a page would take the place of another file. Raises `OSError`."""
    if not path.exists() and not path.is_symlink():
        return
    if not path.is_symlink() and path.is_file():
        with path.open("rb") as file:
            if f'content="{GENERATOR}"'.encode() in file.read(_BEGINNING):
                return
    raise RunwayError(f"{path} is another file, and would be lost: give another name")


def write_page(path: Path, text: str) -> None:
    """Write a page, whole. Raises `OSError`."""
    write_shared(path, text.encode("utf-8", "replace"))


def video_uri(video: Path) -> str:
    """Return a video as a data URI. Raises `OSError`."""
    return "data:video/mp4;base64," + base64.b64encode(video.read_bytes()).decode()
