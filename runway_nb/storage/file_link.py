"""Links to files of this machine, as they come by drag and drop: `file:///home/x/a%20b.png`."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote_to_bytes

_LINK = re.compile(
    r"file:(?://(?P<host>[^/\\:|]*)(?=[/\\]|$)|//(?=[A-Za-z][:|]))?(?P<path>.*)", re.IGNORECASE | re.DOTALL
)
_DRIVE = re.compile(r"[/\\]*([A-Za-z])[:|](?=[/\\]|$)")
_HERE = ("", "localhost")
_ELSEWHERE = "is a link to a file of another machine: copy the file to this one and give its path"


def is_file_link(text: str) -> bool:
    """Return True for a link to a file."""
    return text[:5].lower() == "file:"


def file_link_problem(text: str) -> str:
    """Return what is wrong with a link to a file, or nothing."""
    host, path = _parts(text)
    if host.lower() not in _HERE or path.startswith(("//", "\\\\")):
        return _ELSEWHERE
    if not path.strip("/\\") or "\0" in path:
        return f"is {text[:60]!r}: a link to a file is file:///folder/picture.png"
    return ""


def path_of_link(text: str) -> str:
    """Return the path that a link to a file means, decoded; nothing where something is wrong with it."""
    return "" if file_link_problem(text) else _parts(text)[1]


def _parts(text: str) -> tuple[str, str]:
    """Return the machine, and the path on it."""
    match = _LINK.fullmatch(text.strip())
    if match is None:
        return "", ""
    path = os.fsdecode(unquote_to_bytes(match["path"]))
    drive = _DRIVE.match(path)
    return match["host"] or "", f"{drive[1]}:{path[drive.end() :]}" if drive else path
