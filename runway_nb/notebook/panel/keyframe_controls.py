"""The keyframes of a panel: a list for each position over one filter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ipywidgets

from ...errors import InvalidRequest
from ...spec import POSITIONS
from .keyframe_choices import Choice, found_text, listed_text
from .keyframe_position import PositionControls, keyframe_lack
from .keyframe_sources import KeyframeSources, refused
from .state import Keyframe, PanelState, Summary, fit_of, listed, offered, picked, swapped, uploaded
from .store import PanelStore
from .widgets import button, caption, line, make_widget, problem

LISTING = line("loading the list of assets")


class KeyframeControls:
    """Positions, filter and refresh.

    Args:
        store: Holds what is chosen.
        sources: Give what there is to choose from.
        preview: Shows the pictures.
        reload: Asks for the list of assets again, and all else that Refresh brings.
    """

    def __init__(self, store: PanelStore, sources: KeyframeSources, preview: Any, reload: Callable[[], None]) -> None:
        self._store, self._sources, self._preview = store, sources, preview
        self.positions = {name: PositionControls(name, store, self.pick, self.take) for name in POSITIONS}
        self.filter = make_widget(
            ipywidgets.Text,
            placeholder="Filter, or a link or file",
            description="Filter assets",
            classes="rnb-sr-label rnb-filter",
        )
        store.listen(self.filter, self._narrow)
        self.listing = make_widget(ipywidgets.HTML, LISTING, classes="rnb-list-state")
        self._refresh = button("Refresh", store.guarded(reload), hint="Load the list of assets again")
        self._swap = button("Swap first and last", store.guarded(self.swap), "rnb-plain rnb-act-swap")
        bar = [caption("Keyframes"), self.listing, self._swap, self.filter, self._refresh]
        head = make_widget(ipywidgets.HBox, bar, classes="rnb-bar-line")
        boxes = make_widget(ipywidgets.Box, [one.box for one in self.positions.values()], classes="rnb-keys")
        self.block = make_widget(ipywidgets.VBox, [head, boxes], classes="rnb-keyblock")

    @property
    def fields(self) -> dict[str, Any]:
        """The lists by position."""
        return {name: position.list for name, position in self.positions.items()}

    def show(self, state: PanelState, summary: Summary) -> None:
        """Bring lists, positions and the pictures of the preview up to date."""
        self.listing.value = listing_html(state)
        self._refresh.disabled = state.listing.is_reloading
        for position in self.positions.values():
            position.show(state, summary)
        self._swap.tooltip = keyframe_lack(state.row, "last") or keyframe_lack(state.row, "first")
        self._swap.disabled = bool(self._swap.tooltip)
        notes = []
        for name in POSITIONS:
            keyframe = state.sent_keyframes.get(name, Keyframe())
            fit = fit_of(state, keyframe, summary.sized)
            setattr(self._preview, name, fit.preview if fit is not None and keyframe.choice.is_given else b"")
            notes += [f"{name} {fit.text}"] if fit is not None else []
        self._preview.crop_note = ", ".join(notes)

    def pick(self, position: str, choice: Choice) -> None:
        """Choose a picture as the user does."""
        present = self._store.state.keyframes[position]
        if choice != present.choice or present.is_refused:
            keyframe = self._sources.kept(choice)
            self._store.apply(lambda state: picked(state, position, keyframe, self._sources.offer(state)))

    def take(self, position: str, name: str, data: bytes) -> None:
        """Take a file of the user's, unless the model has no such position."""
        if lack := keyframe_lack(self._store.state.row, position):
            return self._store.report(f"{name} is not taken: {lack}.")
        try:
            choice = self._sources.upload(name, data)
        except InvalidRequest as error:
            unusable = replace(self._store.state.keyframes[position], loaded=refused(error))
            return self._store.apply(lambda state: picked(state, position, unusable, state.offer))
        self._store.apply(lambda state: uploaded(state, choice))
        return self.pick(position, choice)

    def swap(self) -> None:
        """Exchange first and last."""
        self._store.apply(lambda state: swapped(state, self._sources.offer(state)))

    def offer_again(self) -> None:
        """Offer what jobs, variables and files there are now."""
        self._store.apply(self.offered_again)

    def offered_again(self, state: PanelState) -> PanelState:
        """Return the state that offers what there is now."""
        return offered(state, self._sources.offer(state))

    def assets_changed(self, **changes: Any) -> None:
        """Take what is known of the list of assets."""
        self._store.apply(lambda state: self.offered_again(listed(state, **changes)))

    def _narrow(self, text: str) -> None:
        self._store.apply(lambda state: self.offered_again(replace(state, filter=text.strip())))


def listing_html(state: PanelState) -> str:
    """Return where the list of assets stands; while something is typed, what that finds."""
    listing, offer = state.listing, state.offer
    if state.filter:
        return line(found_text(offer.choices, state.filter, offer.typed))
    if listing.error:
        return problem(f"the assets could not be listed: {listing.error}")
    if not listing.is_known:
        return LISTING
    return line(listed_text(listing.assets)) + "".join(map(problem, listing.assets.notes))
