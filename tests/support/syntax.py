"""The syntax of the tests' own files, read once for all that is asked of it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


@cache
def parsed(path: Path) -> ast.Module:
    """What is written in a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a file, in no particular order."""
    return tuple(ast.walk(parsed(path)))
