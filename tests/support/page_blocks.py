"""The blocks of code in a page: which there are, and how each of them is run.

Every fenced block is code that runs: `python` and `ipython` in one shell for each page, from top to bottom; `shell` is
held against the Makefile, the extras and the options that there are. `text` is what is shown, and no code. A block that
cannot run says why in its title, where its reader sees it, too: ```ipython title="not run: asks for a token".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sybil import Document, Example, Region
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

REASON = re.compile(r'title="not run: (?P<reason>[^"]+)"')
_INFO = re.compile(r"(?P<info>.*)$\n", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and why it is not run, if so."""

    language: str
    source: str
    reason: str = ""

    @classmethod
    def read(cls, info: str, source: str) -> Block:
        """Return the block whose first line says `info` after its fence."""
        found = REASON.search(info)
        return cls(info.split()[0] if info.split() else "", source, found["reason"] if found else "")


Run = Callable[[Block], str | None]
"""Runs a block, and returns what is wrong with it, if anything."""


def parser(run: Run) -> Callable[[Document], Iterable[Region]]:
    """Return a parser of Sybil for every fenced block, whatever its language."""
    lexer = RawFencedCodeBlockLexer(_INFO, {"info": "info", "source": "source"})

    def evaluate(example: Example) -> str | None:
        return run(example.parsed)

    def parse(document: Document) -> Iterable[Region]:
        for region in lexer(document):
            region.parsed = Block.read(str(region.lexemes["info"]), str(region.lexemes["source"]))
            region.evaluator = evaluate
            yield region

    return parse


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, from top to bottom."""
    return [example.parsed for example in Document.parse(str(page), parser(lambda _: None))]


def run_page(page: Path, run: Run) -> None:
    """Run every block of a page. Raises `SybilFailure` with file and line of the first that is wrong."""
    for example in Document.parse(str(page), parser(run)):
        example.evaluate()


def run_cell(shell: Any, source: str) -> str | None:
    """Run a cell as a notebook does, and return the error that it ends with, if any."""
    outcome = shell.run_cell(source.rstrip("\n"))
    error = outcome.error_before_exec or outcome.error_in_exec
    return None if error is None else f"{type(error).__name__}: {error}"
