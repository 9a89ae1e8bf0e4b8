"""The folder of videos, and their names.

It may be full, read-only, or on a mount with ideas of its own: the message says what is wrong and names the setting.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from pathlib import Path

from ..errors import SettingsError
from ..redaction import redact
from .atomic_file import part_path
from .private_files import open_private, private_folder

LONGEST_SLUG = 32
"""Letters of a prompt in the name of its video, about."""
HOW_TO_CHANGE = "set another folder with %config RunwayMagics.output = '~/videos' or RUNWAY_NB_OUTPUT"


def unwritable(folder: Path, error: Exception) -> str:
    """Return what is wrong with a folder, and what to do, as it follows "the video"."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"cannot be written to {folder} ({reason}): {HOW_TO_CHANGE}"


def folder_problem(folder: Path, job_id: str) -> SettingsError | None:
    """Return why a job's video could not be written to a folder, or None. The folder is made, nothing else left."""
    probe = part_path(folder / file_name("w" * LONGEST_SLUG, job_id))
    try:
        private_folder(folder, tighten=False)
        try:
            with open_private(probe) as file:
                file.write(b"runway_nb")
        finally:
            with suppress(OSError, ValueError):
                probe.unlink()
    except (OSError, ValueError) as error:
        return SettingsError(f"output cannot be used, nothing was sent: a video {unwritable(folder, error)}")
    return None


def file_name(prompt: str, job_id: str) -> str:
    """Return a short, stable name such as `a-lighthouse-at-dusk-7f3e2c54.mp4`: ASCII without secrets."""
    plain = unicodedata.normalize("NFKD", redact(prompt)).encode("ascii", "ignore").decode().lower()
    found = re.findall(r"[a-z0-9]+", plain)
    slug = ""
    for word in found:
        if len(slug) + len(word) > LONGEST_SLUG:
            break
        slug = f"{slug}-{word}" if slug else word
    return f"{slug or 'video'}-{job_id}.mp4"
