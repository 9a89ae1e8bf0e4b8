"""Lines of a shell, as the pages show them, held against what there is: targets, extras, options, variables, files."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

from runway_nb.settings import VARIABLES
from runway_nb.simulator.__main__ import make_parser

ROOT = Path(__file__).resolve().parents[2]
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
ELSEWHERE = {"voila", "marimo", "pre-commit"}
"""Programs that come with a package of their own."""


def problem_of(line: str) -> str | None:
    """Return what is wrong with a line, or None."""
    words = [word for word in shlex.split(line, comments=True) if word != "&"]
    if not words:
        return None
    program = words[0].rpartition("/")[2] or words[0]
    check = CHECKS.get(program)
    if check is None:
        return f"nobody knows how to look at {line!r}"
    return check(words[1:])


def _make(words: list[str]) -> str | None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [word for word in words if "=" not in word]
    return next((f"no target {each}" for each in targets if not re.search(rf"^{each}:", makefile, re.MULTILINE)), None)


def _pip(words: list[str]) -> str | None:
    if words[:1] != ["install"]:
        return "pip does nothing but install here"
    for word in words[1:]:
        name, _, extras = word.partition("[")
        if name in ("runway_nb", "."):
            missing = [each for each in extras.rstrip("]").split(",") if each and not has_extra(each)]
            if missing:
                return f"no extra {missing[0]}"
        elif not word.startswith("-") and name not in ELSEWHERE:
            return f"pip installs {name}, which nothing here knows"
    return None


def has_extra(name: str) -> bool:
    """Return whether pyproject.toml has an extra of that name."""
    return bool(re.search(rf"^{re.escape(name)} = \[", PROJECT, re.MULTILINE))


def _python(words: list[str]) -> str | None:
    if words[:1] != ["-m"]:
        path = words[0] if words else ""
        return None if (ROOT / path).is_file() else f"there is no file {path}"
    if words[1] == "runway_nb":
        is_command = words[2:3] in (["doctor"], ["follow"]) and words[3:] in ([], ["--json"])
        return None if is_command else f"no such command: {words[2:]}"
    if words[1] == "runway_nb.simulator":
        make_parser().parse_args(words[2:])
        return None
    return None if words[1] in ("pytest", "venv", "benchmarks", "http.server") else f"nobody knows {words[1]}"


def _export(words: list[str]) -> str | None:
    known = variables()
    return next((f"no setting reads {word}" for word in words if word.partition("=")[0] not in known), None)


@cache
def variables() -> frozenset[str]:
    """Return the names that settings have in the environment."""
    return frozenset(VARIABLES.values())


def _notebook(words: list[str]) -> str | None:
    files = [word for word in words if word.endswith((".ipynb", ".py"))]
    return next((f"there is no file {each}" for each in files if not (ROOT / each).is_file()), None)


CHECKS = {
    "make": _make, "pip": _pip, "python": _python, "export": _export, "voila": _notebook, "marimo": _notebook,
}  # fmt: skip
"""What looks at a line, by its program."""
