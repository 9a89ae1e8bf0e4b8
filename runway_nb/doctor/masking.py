"""Text that may be pasted in public: no secret, no e-mail address, no name of a user in a path."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from getpass import getuser
from typing import NamedTuple

from ..redaction import redact_line
from ..storage.paths import home_folder
from .finding import Finding

GetEnv = Callable[[str], "str | None"]
"""Gives one variable. The environment as a whole holds the token, and no function has it as a variable."""

_HOMES_OF_USERS = re.compile(r"(?i)(/home/|/users/|[a-z]:\\users\\)[^/\\\s'\",;:)]+")
_END = r"(?![^/\\\s'\",;:)\]])"
_LONGEST = 600
"""Characters of a line."""
HIDDEN = "\u2026"


class Names(NamedTuple):
    """What tells in a path who its user is."""

    homes: tuple[str, ...]
    """Folders that are shown as `~`, the longest first."""
    users: tuple[str, ...]


def names_of_user(getenv: GetEnv = os.getenv, login: Callable[[], str] = getuser) -> Names:
    """Return the homes and names of the user of this process."""
    homes = {getenv("HOME"), getenv("USERPROFILE"), str(home_folder() or "")}
    homes |= {os.path.realpath(home) for home in homes if home}
    users = {getenv(name) for name in ("USER", "LOGNAME", "USERNAME", "JUPYTERHUB_USER", "RUNWAY_NB_USER")}
    with suppress(Exception):  # a container may have no name for its user
        users.add(login())
    return Names(_longest_first(home.rstrip("/\\") for home in homes if home), _longest_first(filter(None, users)))


def masked(text: str, names: Names) -> str:
    """Return a text on one line: homes as `~`, the user's name in other paths hidden, secrets masked."""
    for home in names.homes:
        text = re.sub(re.escape(home) + _END, "~", text)
    text = _HOMES_OF_USERS.sub(rf"\1{HIDDEN}", text)
    for user in names.users:
        # in a part of a path, such as the temporary folder of a program
        text = re.sub(rf"(?<=[/\\])([^/\\\s]*?)(?<![^\W_]){re.escape(user)}(?![^\W_])", rf"\1{HIDDEN}", text)
    return redact_line(text, _LONGEST)


def masked_finding(finding: Finding, names: Names) -> Finding:
    """Return a finding as it may be shown."""
    return finding._replace(text=masked(finding.text, names), advice=masked(finding.advice, names))


def _longest_first(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({text for text in texts if text}, key=lambda text: (-len(text), text)))
