"""Text without what acts on a screen instead of standing on it: control characters, and signs that turn its direction.

What people write stays: line breaks, tabs, joiners of emoji and of Arabic or Indic letters, flags.
"""

from __future__ import annotations

import re

LINE = 500
"""Characters of one line: a status, a name, a sentence of an error."""
BODY = 10_000
"""Characters of any other text."""
SLACK = 2_000
"""How much longer than it is shown a text is read: what is to be masked may begin before the end and go beyond it."""

_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
"""A flag of a region, such as England's: the one use of tag characters in text."""
_STRING = r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]{0,4000}(?:\x07|\x1b\\|\x9c)"
"""A command to a terminal with words of its own: a title, a link, a picture."""
_SEQUENCE = r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"
"""A command with numbers: a colour, a move of the cursor."""
_SHORT = r"\x1b[ -/]{0,8}[0-~]"
_GONE = (
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction
    "\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"  # no width, no use
)
_SPACE = "[\r\x0b\x0c\x85\u2028\u2029]"
"""What some screens take for the end of a line and others for its beginning."""
_HALF = "[\ud800-\udfff]"
_SIGN = re.compile(f"({_FLAG})|(\r\n)|({_SPACE})|({_HALF})|{_STRING}|{_SEQUENCE}|{_SHORT}|{_GONE}")
_ANY = re.compile(f"{_SPACE[:-1]}{_HALF[1:-1]}{_GONE[1:]}")


def visible(text: str) -> str:
    """Return `text` without control characters, terminal commands, signs of direction; half a character becomes ?."""
    # most texts hold none, and the one search for all is quick
    return _SIGN.sub(_kept, text) if _ANY.search(text) else text


def _kept(match: re.Match[str]) -> str:
    flag, end, space, half = match.groups()
    return flag or ("\n" if end else " " if space else "?" if half else "")


def cut(text: str, limit: int) -> str:
    """Return `text`, or its beginning and an ellipsis where it is longer than `limit` characters."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"
