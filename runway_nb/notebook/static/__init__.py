"""Scripts and style sheets, as text: they are read the same way from a folder and from a zip file."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files

STATIC = files(__package__)
"""Their folder."""

IMPORT = re.compile(r'^import \{(?P<names>[\w\s,]+)\} from "\./(?P<file>\w+\.js)";\n', re.MULTILINE)
"""The one form of import that our modules have: names as they are, from a file beside."""
EXPORT = re.compile(r"^export (?=(?:async function|function|class|const|let) (?P<name>\w+))", re.MULTILINE)


def static_text(name: str) -> str:
    """Return the content of one of these files."""
    return (STATIC / name).read_text("utf-8")


def join_modules(entry: str, read: Callable[[str], str] = static_text) -> str:
    """Return a module and all that it imports, each once and before those that need it, as one without imports.

    All names come into one scope, so no two modules may declare the same one at their top level.

    Raises:
        ValueError: Modules import each other in a circle, or a name that is not exported, or in another form.
    """
    texts: dict[str, str] = {}
    exported: dict[str, set[str]] = {}

    def add(name: str, *importers: str) -> None:
        if name in importers:
            raise ValueError(f"modules import each other: {' <- '.join([name, *reversed(importers)])}")
        if name in texts:
            return
        text = read(name)
        for found in IMPORT.finditer(text):
            add(found["file"], *importers, name)
            if missing := {*re.findall(r"\w+", found["names"])} - exported[found["file"]]:
                raise ValueError(f"{name} imports {', '.join(sorted(missing))}: {found['file']} exports no such name")
        exported[name] = {found["name"] for found in EXPORT.finditer(text)}
        texts[name] = EXPORT.sub("", IMPORT.sub("", text))
        if other := re.search(r"^(?:import\b|export (?!default\b)).*", texts[name], re.MULTILINE):
            raise ValueError(f"{name} cannot be joined: {other[0]}")

    add(entry)
    return "\n".join(texts.values())
