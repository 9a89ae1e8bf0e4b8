"""What the lists of keyframes offer, read from jobs, ledger, notebook and account; and pictures kept as files."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...api.models import Task
from ...errors import InvalidRequest, LedgerError
from ...keyframes import Keyframes
from ...ledger.record import AnyRecord
from ...pictures.assets import AssetList
from ...pictures.files import keep_picture
from ...redaction import redact_line
from ...request import VideoRequest
from ...spec import POSITIONS
from .keyframe_choices import (
    Choice,
    asset_choices,
    choice_of,
    frame_choices,
    stored_frame_choices,
    typed_choice,
    variable_choices,
)
from .keyframe_loader import Loaded
from .state import Keyframe, Offer, PanelState

if TYPE_CHECKING:
    from ...studio import Studio

RECENT = 12
"""Videos of other sessions whose last frames are offered."""


class KeyframeSources:
    """Reads what there is to choose from, and keeps what was chosen.

    Args:
        studio: Gives jobs, ledger and folders.
        variables: Gives the notebook's variables, asked anew each time.
    """

    def __init__(self, studio: Studio, variables: Callable[[], Mapping[str, Any]]) -> None:
        self._studio, self._variables = studio, variables
        self._made: tuple[AssetList, set[str], list[Choice]] | None = None

    def offer(self, state: PanelState) -> Offer:
        """Return what there is to choose from now."""
        choices = [
            *frame_choices(self._studio.jobs.values()),
            *stored_frame_choices(self._recent(), self._studio.jobs),
            *state.uploads,
            *variable_choices(self._variables()),
            *self._asset_choices(state.listing.assets),
        ]
        typed = typed_choice(state.filter, self._studio.folder) if state.filter else None
        return Offer(tuple(choices), typed)

    def keyframes_of(self, keyframes: Keyframes, offer: Offer) -> dict[str, Keyframe]:
        """Return the entries for the keyframes of a request; entries of their own where the lists have none."""
        found = {}
        for position in POSITIONS:
            picture = getattr(keyframes, position)
            if isinstance(picture, Task):
                picture = self._studio.attach(picture.id)
            found[position] = self.kept(choice_of(picture, offer.choices))
        return found

    def kept(self, choice: Choice) -> Keyframe:
        """Return a choice with a variable's picture of this moment as a file: a request has to outlive the kernel."""
        if isinstance(choice.picture, str):
            return Keyframe(choice)
        try:
            request = VideoRequest(keyframes=Keyframes(first=choice.picture))
            kept = self._studio.check(request, names={"first": choice.cell_name or "picture"}).request.keyframes.first
            return Keyframe(replace(choice, picture=str(kept)))
        except InvalidRequest as error:
            return Keyframe(Choice(choice.label, "-", choice.cell_name), refused(error))

    def upload(self, name: str, data: bytes) -> Choice:
        """Keep a file from the user's disk; it goes to the account when a request is sent with it.

        Raises `InvalidRequest` for what is no picture.
        """
        stem = Path(redact_line(name, 100)).stem[:40] or "picture"
        path = keep_picture(data, self._studio.settings.pictures, stem)
        return Choice(f"{redact_line(Path(name).name, 60)} (file)", str(path), str(path))

    def _recent(self) -> list[AnyRecord]:
        try:
            return self._studio.ledger.recent(RECENT)
        except LedgerError:
            return []  # reported where something is to be written

    def _asset_choices(self, assets: AssetList) -> list[Choice]:
        """Return them, made once for a listing: a thousand names take a while."""
        taken = self._taken_names()
        if self._made is None or self._made[0] is not assets or self._made[1] != taken:
            self._made = (assets, taken, asset_choices(assets, taken))
        return self._made[2]

    def _taken_names(self) -> set[str]:
        """Return names that a cell would take for a variable, or a request for a file."""
        try:
            files = os.listdir(self._studio.folder)
        except OSError:
            files = []
        return {*files, *self._variables()}


def refused(error: InvalidRequest) -> Loaded:
    """Return what is known of a picture that cannot be used."""
    return Loaded(problem="; ".join(error.problems), is_fatal=True)
