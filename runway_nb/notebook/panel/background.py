"""What a panel asks for in the background: account, assets, tasks, pictures and how they fit."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...api.models import Account, Credits
from ...errors import RunwayError
from ...request import VideoRequest
from .account_text import AccountState
from .keyframe_choices import Choice
from .keyframe_controls import KeyframeControls
from .keyframe_loader import Fitting, Pictures, fitting
from .open_field import Entries
from .state import (
    FitKey,
    PanelState,
    absent_pictures,
    account_learned,
    backend_changed,
    fitted,
    listed,
    missing_fits,
    missing_pictures,
    picture_loaded,
)
from .store import PanelStore
from .widgets import unexpected

if TYPE_CHECKING:
    from ...api.client import RunwayClient
    from ...jobs.backend import Backend
    from ...studio import Studio

FRESH_SECONDS = 30.0
"""How old a list may be that is not asked for again at once."""


class BackgroundWork:
    """Asks on the background loop; each answer is an event of the store.

    Args:
        studio: Knows the backend that the next request goes to.
        store: Takes what is learned.
        keyframes: Take the list of assets.
        entries: What the field at the top offers.
    """

    def __init__(self, studio: Studio, store: PanelStore, keyframes: KeyframeControls, entries: Entries) -> None:
        self._studio, self._store = studio, store
        self._keyframes, self._entries = keyframes, entries
        self._pictures = Pictures(studio)
        self._under_way: set[object] = set()

    # --- the account ----------------------------------------------------------------------------

    def follow_settings(self) -> bool:
        """Return True when another backend would get the request than was shown before; from now on it is shown."""
        backend, shown = self._studio.account.backend, list[object]()

        def follow(state: PanelState) -> PanelState:
            if state.backend is backend:
                return state
            shown.append(state.backend)
            return backend_changed(state, backend, unknown_account(backend))

        self._store.apply(follow)
        has_changed = any(before is not None for before in shown)
        if has_changed:
            self.reload()
        return has_changed

    def count_slots(self) -> None:
        """Take over how many slots the jobs of this notebook hold."""
        busy = self._studio.account.backend.queue.busy
        self._store.apply(
            lambda state: state if state.account.busy == busy else account_learned(state, state.backend, busy=busy)
        )

    def reload(self) -> None:
        """Ask again for everything that the account has."""
        self._keyframes.assets_changed(is_known=False, error="", is_reloading=True)
        self._studio.account.backend.asset_cache.forget()
        self._studio.spawn(self.load_assets())
        self._studio.spawn(self.load_account_and_tasks())

    async def load_all(self) -> None:
        """Ask for everything; what is chosen from comes first."""
        await self.load_assets()
        await self.load_account_and_tasks()

    async def load_account_and_tasks(self) -> None:
        """Ask for accounts, balances and tasks."""
        await self.load_account()
        with suppress(RunwayError):  # as it is reported beside the account
            tasks = await self._entries.tasks((await self._studio.account.backend.connected()).client)
            self._store.apply(lambda state: self._entries.offered(replace(state, tasks=tasks)))

    async def load_account(self) -> None:
        """Ask for accounts and balances; each may fail alone."""
        backend, facts = self._studio.account.backend, dict[str, Any](problem="")
        try:
            client = (await backend.connected()).client
            facts["accounts"] = accounts = await client.accounts()
            facts["credits"] = tuple([await _credits(client, one, facts) for one in accounts])
        except RunwayError as error:
            facts["problem"] = error.message
        except Exception as error:  # noqa: BLE001 - nobody else would ever report it
            facts["problem"] = unexpected(error)
        facts["busy"] = backend.queue.busy
        self._store.apply(lambda state: account_learned(state, backend, **facts))

    # --- assets ---------------------------------------------------------------------------------

    async def load_assets(self) -> None:
        """Take the assets that are known at once; then those that are there."""
        cache = self._studio.account.backend.asset_cache
        try:
            self._keyframes.assets_changed(assets=await cache.get(), is_known=True, error="")
            if cache.age > FRESH_SECONDS:
                self._keyframes.assets_changed(assets=await cache.refreshed(), is_known=True, error="")
        except RunwayError as error:
            self._keyframes.assets_changed(error=error.message)
        except Exception as error:  # noqa: BLE001 - nobody else would ever report it
            self._keyframes.assets_changed(error=unexpected(error))
        finally:
            self._store.apply(lambda state: listed(state, is_reloading=False))

    # --- pictures -------------------------------------------------------------------------------

    def load_missing(self) -> None:
        """Begin what the present state still needs, each picture and each fit once."""
        state, summary = self._store.now
        for choice in missing_pictures(state):
            self._begin_picture(choice)
        for key in missing_fits(state, summary.sized):
            if key not in self._under_way:
                self._under_way.add(key)
                self._studio.spawn(self._fit(key, summary.sized))

    def look_for_absent(self) -> None:
        """Load what was not there, and may be by now."""
        for choice in absent_pictures(self._store.state):
            self._begin_picture(choice)

    def _begin_picture(self, choice: Choice) -> None:
        if id(choice) not in self._under_way:
            self._under_way.add(id(choice))
            self._studio.spawn(self._load_picture(choice))

    async def _load_picture(self, choice: Choice) -> None:
        loaded = await self._pictures.load(choice)
        self._under_way.discard(id(choice))
        self._store.apply(lambda state: picture_loaded(state, choice, loaded))

    async def _fit(self, key: FitKey, sized: VideoRequest) -> None:
        try:
            found = await asyncio.to_thread(fitting, key.loaded, sized, is_asset=key.is_asset)
        except Exception as error:  # noqa: BLE001 - nobody else would ever report it
            found = Fitting("cannot be shown", problem=unexpected(error))
        self._under_way.discard(key)
        self._store.apply(lambda state: fitted(state, key, found, self._store.summary.sized))


def unknown_account(backend: Backend) -> AccountState:
    """Return what is known of the account of a backend before it is asked."""
    return AccountState(backend.settings.simulated, busy=backend.queue.busy, slots=backend.settings.slots)


async def _credits(client: RunwayClient, account: Account, facts: dict[str, Any]) -> Credits:
    """Return the balance of an account; unknown for one that is broken, so that the others have theirs."""
    try:
        return await client.credits(account.email)
    except RunwayError as error:
        if not account.error:
            facts["problem"] = error.message
        return Credits()
