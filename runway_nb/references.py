"""What the text of a keyframe means: an asset id, a link, a frame of another job, or else a name or a path."""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from pathlib import PurePath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .spec import ID_FORM
from .storage.file_link import file_link_problem, is_file_link
from .values.plain import is_a, is_number, pair, path_text, shown

Picture = str | os.PathLike[str]
"""An asset id, the name of an asset, the path or the link of a picture file, or a frame of a job (`shot_frame`)."""

LONGEST_NAME = 10_000
"""Characters of a keyframe at most; links with a signature are long."""
_ID = re.compile(ID_FORM)
_LINK = re.compile(r"https?://", re.IGNORECASE)
_FRAME = re.compile(r"job:(?P<job>[0-9a-f]{8})(@(?P<seconds>\d{1,4}(\.\d{1,6})?))?")


class ShotFrame(NamedTuple):
    """A frame of a job's video."""

    job_id: str
    seconds: float | None = None
    """From the start; None for the last frame."""

    def __str__(self) -> str:
        return f"job:{self.job_id}" + (
            "" if self.seconds is None else "@" + f"{self.seconds:.6f}".rstrip("0").rstrip(".")
        )

    @property
    def description(self) -> str:
        """The frame as a person names it."""
        which = "the last frame" if self.seconds is None else f"the frame at {self.seconds:g} s"
        return f"{which} of job {self.job_id}"


def read_picture_name(picture: object) -> Any:
    """Return a keyframe as it is kept: a name as plain text or `Path`, an object as it is (`plain.Unusable`)."""
    return picture if is_a(picture, PurePath) else path_text(picture)


def _is_name(picture: object) -> bool:
    return is_a(picture, str, PurePath)


def asset_account(picture: object) -> str | None:
    """Return the account's e-mail inside an asset id; None for anything else."""
    match = _ID.fullmatch(str(picture)) if _is_name(picture) else None
    return match["email"] if match and match["kind"] == "asset" else None


def task_account(task_id: str) -> str:
    """Return the account's e-mail inside a task id, or nothing."""
    match = _ID.fullmatch(task_id)
    return match["email"] if match else ""


def bare_id(asset_id: str) -> str:
    """Return the number at the end of an asset's id, which may stand alone; anything else as it is."""
    match = _ID.fullmatch(asset_id)
    return (match["uuid"] if match else asset_id).lower()


def is_link(picture: Picture) -> bool:
    """Return True for the address of a picture on the web."""
    return bool(_LINK.match(str(picture)))


def shot_frame(picture: Picture) -> ShotFrame | None:
    """Return the frame that `job:7f3e2c54` (its last one) or `job:7f3e2c54@2.5` (at 2.5 seconds) names."""
    match = _FRAME.fullmatch(str(picture))
    return ShotFrame(match["job"], float(match["seconds"]) if match["seconds"] else None) if match else None


def picture_problem(picture: object) -> str:
    """Return what is wrong with a keyframe as it is written, or nothing."""
    text = str(picture) if _is_name(picture) else ""
    if not text.strip():
        return f"is {shown(picture)}: give a picture, a picture file, or an asset's name or id"
    if len(text) > LONGEST_NAME:
        return f"is a text of {len(text):,} characters: give a picture, a picture file, or an asset's name or id"
    if is_file_link(text) and (problem := file_link_problem(text)):
        return problem
    if is_link(text) and not _can_be_split(text):
        return "is a link that cannot be read: give it as https://host/picture.png"
    if text.startswith("job:") and shot_frame(text) is None:
        return f"is {shown(text)}: a frame of a job is job:ID or job:ID@SECONDS"
    return ""


def _can_be_split(link: str) -> bool:
    try:
        parts = urlsplit(link)
        if "[" in parts.netloc:
            ip_address(parts.hostname or "")  # Python before 3.11.4 takes anything for one
    except ValueError:
        return False
    return parts.hostname is not None


def is_point(value: object) -> bool:
    """Return True for two numbers from 0 to 1: how far from the left and from the top of a picture."""
    found = pair(value)
    return isinstance(found, tuple) and all(is_number(part) and 0 <= part <= 1 for part in found)
