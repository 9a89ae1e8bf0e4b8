"""Text for the terminal, whatever its encoding, and where there is none."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TextIO


def as_shown(text: str, stream: object) -> str:
    r"""Return `text` as a stream can take it: a character that its encoding lacks becomes an escape, as in \u706f."""
    encoding = getattr(stream, "encoding", None)
    if encoding is None:
        return text  # a stream in memory takes every text
    try:
        return text.encode(encoding, "backslashreplace").decode(encoding)
    except (LookupError, TypeError, UnicodeError):
        return _ascii(text)  # it names an encoding that Python does not know


def is_terminal(out: TextIO | None = None) -> bool:
    """Return True where a person watches `out`, by default standard output, so that a line can be written over."""
    stream: TextIO | None = sys.stdout if out is None else out
    try:
        return stream is not None and stream.isatty()
    except (AttributeError, ValueError):
        return False  # it is no file, or closed


def write(text: str, out: TextIO | None = None) -> None:
    """Write `text` to `out`, by default to standard output; nothing where that is missing or closed.

    Raises nothing: what cannot be shown must not stop the work for a paid request.
    """
    stream: TextIO | None = sys.stdout if out is None else out
    if stream is None:
        return  # pythonw has no standard output
    # the terminal may be closed, or who reads the pipe be gone
    with suppress(OSError, ValueError):
        try:
            stream.write(as_shown(text, stream))
        except UnicodeError:
            stream.write(_ascii(text))  # it takes less than it says
        stream.flush()


def write_line(text: str, out: TextIO | None = None) -> None:
    """Write `text` and the end of a line, as `write` does."""
    write(f"{text}\n", out)


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode("ascii")
