"""What a keyframe can be chosen from: frames of jobs, pictures of the notebook and of disk, assets. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count
from pathlib import Path
from typing import Any

from ...api.models import Asset
from ...jobs.job import Job
from ...jobs.restore import video_file
from ...ledger.record import AnyRecord, Record
from ...pictures.asset_names import typed_names
from ...pictures.assets import AssetList
from ...pictures.files import picture_file
from ...pictures.objects import is_picture
from ...pictures.unicode_names import name_key
from ...redaction import redact_line, short_id
from ...references import ShotFrame, asset_account, is_link, shot_frame
from ...storage.file_link import path_of_link
from ..rendering.facts import prompt_text

LONGEST_LIST = 100
"""Entries of a list that are shown at once; the filter reaches the others."""
VARIABLES = 40
"""Pictures of the notebook that are offered, the last defined first."""
_LONGEST_PROMPT, _LONGEST_NAME, _LONGEST_LABEL = 24, 60, 120


@dataclass(frozen=True)
class Choice:
    """An entry of a keyframe's list."""

    label: str
    picture: Any = field(default="", repr=False, compare=False)
    """Anything that may be a keyframe; nothing for no keyframe."""
    cell_name: str = ""
    """What stands for it in a cell."""
    asset: Asset | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", redact_line(self.label, _LONGEST_LABEL))

    @property
    def is_given(self) -> bool:
        """False for the entry that stands for no keyframe."""
        return self != NONE


NONE = Choice("none")


def frame_choices(jobs: Iterable[Job]) -> list[Choice]:
    """Return the last frames of jobs that have a video or may get one, the newest first."""
    alive = [job for job in jobs if job.video is not None or not job.done]
    return [Choice(f"last frame of {job.id} ({_short(job)})", job.last, job.last) for job in reversed(alive)]


def stored_frame_choices(records: Iterable[AnyRecord], but: Collection[str]) -> list[Choice]:
    """Return the last frames of videos that the ledger knows from other sessions, in its order."""
    readable = [record for record in records if isinstance(record, Record) and record.id not in but]
    frames = [(record, str(ShotFrame(record.id))) for record in readable if video_file(record) is not None]
    return [
        Choice(f"last frame of {record.id} ({shortened(str(record.request.get('text_prompt', '')))})", frame, frame)
        for record, frame in frames
    ]


def variable_choices(variables: Mapping[str, Any]) -> list[Choice]:
    """Return the variables of the notebook that hold pictures."""
    variables = dict(variables)  # another thread may delete one meanwhile
    names = [name for name in reversed([*variables]) if not name.startswith("_") and name not in ("In", "Out")]
    found = [name for name in names if is_picture(variables[name]) and not _is_other_array(variables[name])][:VARIABLES]
    return [Choice(f"{name} ({type(variables[name]).__name__})", variables[name], name) for name in found]


def asset_choices(assets: AssetList, taken: Collection[str] = ()) -> list[Choice]:
    """Return the pictures of the account, the newest first.

    Names that are not unique, or mean something else, carry their id.

    Args:
        assets: All kinds of them.
        taken: Names that mean a variable or a file first.
    """
    pictures = assets.only(kind="image")
    typed, others = typed_names(pictures), set(map(name_key, taken))
    names = {asset.id: asset.short_id if name_key(asset.stem) in others else typed[asset.id] for asset in pictures}
    return [_asset_choice(asset, names[asset.id]) for asset in pictures]


def listed_text(assets: AssetList) -> str:
    """Return how many pictures the account has, and how many of them a list shows at once."""
    pictures = assets.only(kind="image")
    listed = f", newest {LONGEST_LIST} listed" if len(pictures) > LONGEST_LIST else ""
    return f"{pictures.counts or 'no pictures yet'}{listed}"


def found_text(choices: Iterable[Choice], text: str, typed: Choice | None) -> str:
    """Return what the text of the filter finds."""
    if typed is not None:
        return f"{typed.label} is offered"
    count = len(_matching(choices, text))
    if count:
        return f"{count:,} found"
    return "no such file" if "/" in text else "nothing found"


def choice_of(picture: Any, choices: Sequence[Choice]) -> Choice:
    """Return the entry for a keyframe of a request; one of its own when the lists do not have it."""
    if picture is None:
        return NONE
    if isinstance(picture, Job):
        picture = picture.last
    if isinstance(picture, Asset):
        picture = picture.id
    if is_picture(picture):
        return Choice(f"picture ({type(picture).__name__})", picture)
    text = str(picture)
    for choice in choices:
        known = (choice.picture, choice.cell_name, choice.asset.id if choice.asset is not None else "")
        if isinstance(choice.picture, str) and text in known:
            return replace(choice, picture=text)  # an id stays one
    return Choice(_name(text), text, short_id(text) if asset_account(text) else text)


def typed_choice(text: str, folder: Path) -> Choice | None:
    """Return what was typed, when it is a link, a frame of a job or a picture file: then it is a keyframe itself."""
    if is_link(text) or shot_frame(text) is not None or picture_file(text, folder) is not None:
        return Choice(f"{_name(text)} (as typed)", text, text)
    return None


def narrowed(choices: Sequence[Choice], text: str, chosen: Choice, typed: Choice | None = None) -> list[Choice]:
    """Return the entries whose label holds all words of a text, as many as a list can show.

    The entry for none, the typed and the chosen one are always among them.
    """
    kept = _matching(choices, text)[:LONGEST_LIST]
    head = [choice for choice in dict.fromkeys((NONE, typed, chosen)) if choice is not None and choice not in kept]
    return [*head, *kept]


def distinct(labels: Iterable[str]) -> list[str]:
    """Return the labels, numbered where one is there already: a page names an entry by what it shows."""
    found: dict[str, None] = {}
    for label in labels:
        numbered = (f"{label} ({number})" for number in count(2))
        found[next(name for name in chain([label], numbered) if name not in found)] = None
    return list(found)


def _matching(choices: Iterable[Choice], text: str) -> list[Choice]:
    words = name_key(text).casefold().split()
    return [choice for choice in choices if all(word in name_key(choice.label).casefold() for word in words)]


def _is_other_array(value: Any) -> bool:
    """Return True for an array that holds objects or has no picture's shape: the axes of a figure, a row of numbers."""
    shape, kind = getattr(value, "shape", None), getattr(getattr(value, "dtype", None), "kind", "f")
    return isinstance(shape, tuple) and (len(shape) not in (2, 3) or kind not in "buif")


def _asset_choice(asset: Asset, cell_name: str) -> Choice:
    name = redact_line(asset.stem, _LONGEST_NAME)
    if cell_name == asset.short_id:
        return Choice(f"{name} ({asset.short_id})", cell_name, cell_name, asset)
    # the same name as in a cell, so that both make the same request
    return Choice(name, asset.stem, asset.stem, asset)


def _name(text: str) -> str:
    """Return what a stored keyframe is called."""
    if (frame := shot_frame(text)) is not None:
        return frame.description
    if asset_account(text):
        return f"asset {short_id(text)}"
    if is_link(text):
        address = redact_line(text).partition("?")[0]
        return address if len(address) <= _LONGEST_NAME else address.rpartition("/")[2][:_LONGEST_NAME]
    return redact_line(Path(path_of_link(text) or text).name, _LONGEST_NAME)


def _short(job: Job) -> str:
    return shortened(prompt_text(job.request))


def shortened(text: str) -> str:
    """Return the beginning of a prompt, on one line."""
    line = redact_line(text)
    return line if len(line) <= _LONGEST_PROMPT else line[: _LONGEST_PROMPT - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
