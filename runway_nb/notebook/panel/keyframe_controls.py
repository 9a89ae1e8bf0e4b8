"""The keyframes of a panel: three slots over one filter, filled and loaded in the background."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets

from ...api.models import Task
from ...errors import InvalidRequest, LedgerError, RunwayError
from ...ledger.record import Found
from ...pictures.aspects import aspect_of, mixed_aspects_problem
from ...pictures.assets import AssetList
from ...pictures.files import keep_picture
from ...redaction import redact_line
from ...request import Keyframes, VideoRequest
from ...spec import DEFAULT_MODEL
from .keyframe_choices import (
    Choice,
    asset_choices,
    choice_of,
    found_words,
    frame_choices,
    listed_words,
    stored_frame_choices,
    typed_choice,
    variable_choices,
)
from .keyframe_loader import Fitting, Loaded, Pictures, fitting
from .keyframe_position import NAMES, Slot
from .widgets import button, caption, lean, line, problem, unexpected

if TYPE_CHECKING:
    from ...studio import Studio

RECENT = 12
"""Videos of other sessions whose last frames are offered."""
FRESH_SECONDS = 30.0
"""How old a list may be that is not asked for again at once."""
LISTING = line("loading the list of assets")
PLACES = {name: place for name, _, place in DEFAULT_MODEL.keyframes}


class KeyframeControls:
    """Slots, filter and refresh.

    Args:
        studio: Gives assets and pictures.
        variables: The notebook's variables, asked anew each time.
        changed: Called after every change, from any thread.
        guard: Makes of a callback one whose errors stand in the panel: files and lists can fail in many ways.
    """

    def __init__(
        self,
        studio: Studio,
        variables: Callable[[], Mapping[str, Any]],
        changed: Callable[[], None],
        guard: Callable[[Callable[..., None]], Callable[..., None]],
    ) -> None:
        self._studio, self._variables, self._changed = studio, variables, changed
        self._pictures = Pictures(studio)
        self._assets = AssetList()
        self._made: tuple[AssetList, set[str], list[Choice]] | None = None
        self._files: list[Choice] = []
        self._fits: dict[str, tuple[object, Fitting]] = {}
        self._under_way: set[object] = set()
        length = DEFAULT_MODEL.seconds[0]
        picked, uploaded = guard(self._picked), guard(self._uploaded)
        self.slots = {name: Slot(name, _when(name, length), picked, uploaded) for name in NAMES}
        self._filter = lean(
            ipywidgets.Text,
            placeholder="Filter, or a link or file",
            description="Filter assets",
            classes="rnb-sr-label rnb-filter",
        )
        self._filter.observe(guard(lambda _: self._offer()), "value")
        self._listing = LISTING
        self._told = lean(ipywidgets.HTML, LISTING, classes="rnb-list-state")
        self.refresh = button("Refresh", guard(self.reload), hint="Load the list of assets again")
        swap = button("Swap first and last", guard(self.swap), "rnb-plain rnb-act-swap")
        parts = [caption("Keyframes"), self._told, swap, self._filter, self.refresh]
        head = lean(ipywidgets.HBox, parts, classes="rnb-bar-line")
        boxes = lean(ipywidgets.Box, [slot.box for slot in self.slots.values()], classes="rnb-keys")
        self.block = lean(ipywidgets.VBox, [head, boxes], classes="rnb-keyblock")

    @property
    def fields(self) -> dict[str, Any]:
        """The lists by the name of their slot."""
        return {name: slot.list for name, slot in self.slots.items()}

    # --- reading and writing --------------------------------------------------------------------

    def read(self) -> Keyframes:
        """The keyframes that are chosen, in a form that can be written down."""
        given = {name: slot.choice.picture for name, slot in self.slots.items() if slot.choice.is_given}
        return Keyframes(**given)

    def words(self) -> dict[str, str]:
        """What stands for each of them in a cell."""
        return {name: slot.choice.word for name, slot in self.slots.items() if slot.choice.word}

    def write(self, keyframes: Keyframes) -> None:
        """Choose what a request has, and call nobody."""
        choices = self._choices()
        for name, slot in self.slots.items():
            picture = getattr(keyframes, name)
            if isinstance(picture, Task):
                picture = self._studio.attach(picture.id)
            slot.put(choice_of(picture, choices))
            self._keep_object(slot)
            self._load(slot)
        self._offer()

    def size_of_first(self) -> tuple[int, int] | None:
        """Of the first keyframe that is given, once it is known: it decides the format where none is chosen."""
        given = next((slot for slot in self.slots.values() if slot.choice.is_given), None)
        return given.loaded.size if given is not None and given.loaded is not None else None

    def trouble(self, aspect: str | None) -> list[str]:
        """What keeps a request from being sent: pictures that cannot be used, or not together."""
        told = [
            f"{name}: {slot.loaded.trouble}"
            for name, slot in self.slots.items()
            if slot.loaded is not None and slot.loaded.trouble and slot.loaded.is_fatal
        ]
        formats = {
            name: aspect_of(slot.loaded.size, DEFAULT_MODEL.aspects)
            for name, slot in self.slots.items()
            if slot.choice.is_given and slot.loaded is not None and slot.loaded.size
        }
        mixed = mixed_aspects_problem(formats) if aspect is None else ""
        return [*told, mixed] if mixed else told

    # --- what the lists offer -------------------------------------------------------------------

    def reload(self) -> None:
        """Ask for the assets again, in the background."""
        self._tell_listing(LISTING)
        self.refresh.disabled = True
        self._studio.backend.asset_cache.forget()
        self._studio.spawn(self.load_list())

    def offer_again(self) -> None:
        """Jobs or variables have come or gone, and pictures that were not there may be."""
        self._offer()
        for slot in self.slots.values():
            if slot.loaded is not None and slot.loaded.trouble and not slot.loaded.is_fatal:
                slot.loaded = None
                self._load(slot)

    async def load_list(self) -> None:
        """The assets that are known at once; then those that are there."""
        cache = self._studio.backend.asset_cache
        try:
            self._take(await cache.get())
            if cache.age > FRESH_SECONDS:
                self._take(await cache.refreshed())
        except RunwayError as error:
            self._tell_listing(problem(f"the assets could not be listed: {error.message}"))
        except Exception as error:  # noqa: BLE001 - nobody else would ever tell it
            self._tell_listing(problem(f"the assets could not be listed: {unexpected(error)}"))
        finally:
            self.refresh.disabled = False

    def _take(self, assets: AssetList) -> None:
        self._assets = assets
        self._tell_listing(line(listed_words(assets)) + "".join(map(problem, assets.notes)))

    def _tell_listing(self, html: str) -> None:
        """Where the list of assets stands; while something is typed, what that finds stands in its place."""
        self._listing = html
        self._offer()

    def _choices(self) -> list[Choice]:
        return [
            *frame_choices(list(self._studio.jobs.values())),
            *stored_frame_choices(self._recent(), self._studio.jobs),
            *self._files,
            *variable_choices(self._variables()),
            *self._asset_choices(),
        ]

    def _recent(self) -> list[Found]:
        try:
            return self._studio.ledger.recent(RECENT)
        except LedgerError:
            return []  # told where something is to be written

    def _asset_choices(self) -> list[Choice]:
        """Made once for a listing: a thousand names take a while."""
        taken = self._taken_names()
        if self._made is None or self._made[0] is not self._assets or self._made[1] != taken:
            self._made = (self._assets, taken, asset_choices(self._assets, taken))
        return self._made[2]

    def _taken_names(self) -> set[str]:
        """Names that a cell would take for a variable, or a request for a file."""
        try:
            files = os.listdir(self._studio.folder)
        except OSError:
            files = []
        return {*files, *self._variables()}

    def _offer(self) -> None:
        choices, text = self._choices(), self._filter.value.strip()
        typed = typed_choice(text, self._studio.folder) if text else None
        self._told.value = line(found_words(choices, text, typed)) if text else self._listing
        for slot in self.slots.values():
            slot.offer(choices, text, typed)

    # --- what the user does ---------------------------------------------------------------------

    def _picked(self, slot: Slot) -> None:
        self._keep_object(slot)
        self._load(slot)
        self._offer()
        self._changed()

    def _keep_object(self, slot: Slot) -> None:
        """A variable's picture of this moment, as a file: a request has to outlive the kernel."""
        choice = slot.choice
        if isinstance(choice.picture, str):
            return
        try:
            request = VideoRequest(keyframes=Keyframes(first=choice.picture))
            kept = self._studio.checked(request, names={"first": choice.word or "picture"}).keyframes.first
            slot.put(replace(choice, picture=str(kept)))
        except InvalidRequest as error:
            slot.put(Choice(choice.label, "-", choice.word))
            slot.loaded = Loaded(trouble="; ".join(error.problems), is_fatal=True)

    def _uploaded(self, slot: Slot, name: str, data: bytes) -> None:
        """A file from the user's disk; it goes to the account when a request is sent with it."""
        try:
            path = keep_picture(
                data, self._studio.settings.pictures, Path(redact_line(name, 100)).stem[:40] or "picture"
            )
        except InvalidRequest as error:
            slot.loaded = Loaded(trouble="; ".join(error.problems), is_fatal=True)
            return self._changed()
        choice = Choice(f"{redact_line(Path(name).name, 60)} (file)", str(path), str(path))
        self._files = [choice, *(other for other in self._files if other != choice)]
        return slot.pick(choice)

    def swap(self) -> None:
        """First and last change places."""
        first, last = self.slots["first"], self.slots["last"]
        (first.choice, first.loaded), (last.choice, last.loaded) = (
            (last.choice, last.loaded),
            (first.choice, first.loaded),
        )
        self._offer()
        self._changed()

    # --- pictures -------------------------------------------------------------------------------

    def _load(self, slot: Slot) -> None:
        if slot.choice.is_given and slot.loaded is None:
            self._studio.spawn(self._load_picture(slot.choice))

    async def _load_picture(self, choice: Choice) -> None:
        """For the slot that has this very choice when it comes: it may be swapped or chosen anew meanwhile."""
        loaded = await self._pictures.load(choice)
        for slot in self.slots.values():
            if slot.choice is choice:
                slot.loaded = loaded
        self._changed()

    def show(self, request: VideoRequest, preview: Any) -> None:
        """Bring slots and preview up to date; what has to be computed follows from the background."""
        notes = []
        for name, slot in self.slots.items():
            key = (slot.loaded, request.format, request.fit, request.focus)
            kept = self._fits.get(name)
            fit = kept[1] if kept is not None and kept[0] == key else None
            slot.show(_when(name, request.length), fit)
            setattr(preview, name, fit.preview if fit is not None and slot.choice.is_given else b"")
            if fit is not None:
                notes.append(f"{name} {fit.words}")
            elif slot.loaded is not None and slot.loaded.data and key not in self._under_way:
                self._under_way.add(key)
                self._studio.spawn(self._fit(slot, slot.loaded, key, request))
        preview.crop_note = ", ".join(notes)

    async def _fit(self, slot: Slot, loaded: Loaded, key: object, request: VideoRequest) -> None:
        is_asset = slot.choice.asset is not None
        try:
            found = await asyncio.to_thread(fitting, loaded, request, is_asset=is_asset)
        except Exception as error:  # noqa: BLE001 - nobody else would ever tell it
            found = Fitting("cannot be shown", trouble=unexpected(error))
        self._fits[slot.name] = (key, found)
        self._under_way.discard(key)
        self._changed()


def _when(name: str, seconds: int) -> str:
    """Where in a shot of so many seconds a keyframe is seen."""
    return f"{PLACES[name] * seconds:g} s"
