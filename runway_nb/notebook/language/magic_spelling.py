"""The names of the magics, as keyboards and copied text spell them: with spaces that only look like one, or like none.

IPython would take a no-break space for a part of the name.
"""

from __future__ import annotations

import re
import tokenize

from ...text.line_words import JOINERS, NO_WIDTH

_UNSEEN = f"[{NO_WIDTH}{JOINERS}]"
_BEFORE = re.compile(rf"^(?:\s|{_UNSEEN})+(?=%%runway\b)")
_AFTER = re.compile(rf"^(\s*)(?:{_UNSEEN})*(%%?runway)(?:[^\S\n ]|{_UNSEEN})+")


def respelt(lines: list[str]) -> list[str]:
    """Return the lines of a cell with nothing but a space around `%%runway` or `%runway`, where they are magics."""
    spelt = [_AFTER.sub(r"\1\2 ", _BEFORE.sub("", lines[0])), *lines[1:]]
    if spelt[0].startswith("%%"):
        return spelt  # the lines below a cell magic are its own
    meant = {number: _AFTER.sub(r"\1\2 ", line) for number, line in enumerate(spelt) if _AFTER.match(line)}
    if not meant:
        return spelt
    begun = _lines_begun_by_magic([meant.get(number, line) for number, line in enumerate(spelt)])
    return [meant[number] if number in begun and number in meant else line for number, line in enumerate(spelt)]


def _lines_begun_by_magic(lines: list[str]) -> set[int]:
    """Return the lines that IPython takes for a line magic: none in a text or within brackets."""
    from IPython.core.inputtransformer2 import make_tokens_by_line  # loaded by any shell, and by nothing else of ours

    skipped = (tokenize.INDENT, tokenize.DEDENT)
    firsts = (next((t for t in tokens if t.type not in skipped), None) for tokens in make_tokens_by_line(lines))
    return {token.start[0] - 1 for token in firsts if token is not None and token.string == "%"}
