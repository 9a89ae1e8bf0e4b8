"""The assets of all accounts behind the token: listed, and kept fresh in a cache."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from ..api.models import Asset, working_accounts
from ..errors import RunwayError
from ..extension_points import provided
from ..redaction import redact
from ..spec import LIST_LIMIT, LIST_PAGES
from .asset_names import asset_key
from .concurrency import gather_or_cancel

if TYPE_CHECKING:
    from ..api.client import RunwayClient

LISTED_AT_ONCE = 3
"""Requests for pages that are under way together, over all accounts."""
_KIND_NAMES = {"image": ("image", "images"), "video": ("video", "videos"), "audio": ("audio file", "audio files")}
"""Singular and plural."""


@dataclass(frozen=True, repr=False)
class AssetList(Sequence[Asset]):
    """Assets in a fixed order, the newest first. A slice of it is another."""

    items: tuple[Asset, ...] = ()
    notes: tuple[str, ...] = ()
    """What is missing and why, for people."""

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Asset]:
        return iter(self.items)

    @overload
    def __getitem__(self, index: int) -> Asset: ...
    @overload
    def __getitem__(self, index: slice) -> AssetList: ...
    def __getitem__(self, index: int | slice) -> Asset | AssetList:
        return AssetList(self.items[index], self.notes) if isinstance(index, slice) else self.items[index]

    def only(self, text: str = "", kind: str = "") -> AssetList:
        """Return those with `text` in the name, in capitals or not, and of that kind (image, video or audio)."""
        part = asset_key(text)
        found = (asset for asset in self.items if part in asset_key(asset.name) and kind in ("", asset.kind))
        return AssetList(tuple(found), self.notes)

    @property
    def kinds(self) -> dict[str, int]:
        """How many there are of each kind, the most frequent first."""
        return dict(Counter(asset.kind for asset in self.items).most_common())

    @property
    def counts(self) -> str:
        """How many there are of each kind, as a text: 12 images, 3 videos."""
        by_name: Counter[tuple[str, str]] = Counter()
        for kind, number in self.kinds.items():
            by_name[_KIND_NAMES.get(kind, ("other file", "other files"))] += number
        return ", ".join(f"{number:,} {names[number != 1]}" for names, number in by_name.items())

    def __repr__(self) -> str:
        return f"<AssetList {self.counts or 'empty'}>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002
        """Return what IPython shows: a page of tiles, and a table as text."""
        bundle: dict[str, str] = provided("assets.mimebundle")(self)
        return bundle


async def all_assets(client: RunwayClient, kind: str = "") -> AssetList:
    """Return every asset of every account behind the token, at most 1,050 of each; `kind` is image, video or audio.

    An account that fails is left out while another works, and `notes` reports it.

    Raises:
        RunwayError: no account could be listed.
    """
    accounts = await client.accounts()
    working = working_accounts(accounts)
    # one account alone need not be named
    emails = [account.email for account in working] if len(accounts) > 1 else [""]
    gate = asyncio.Semaphore(LISTED_AT_ONCE)
    answers = await gather_or_cancel(_listing(client, email, kind, gate) for email in emails)
    failures = {email: answer for email, answer in zip(emails, answers, strict=True) if isinstance(answer, RunwayError)}
    if len(failures) == len(answers):
        raise failures[emails[0]]
    reasons = {account.email: account.error for account in accounts if len(accounts) > 1 and account not in working}
    reasons |= {email: failure.message for email, failure in failures.items()}
    notes = [
        f"the assets of account {number} of {len(accounts)} are missing: {redact(reasons[account.email])}"
        for number, account in enumerate(accounts, start=1)
        if account.email in reasons
    ]
    found = [answer for answer in answers if isinstance(answer, list)]
    if any(len(assets) >= LIST_PAGES * LIST_LIMIT for assets in found):
        notes.append(f"the API lists {LIST_PAGES * LIST_LIMIT:,} assets of an account at most; older ones are missing")
    return AssetList(_newest_first(found), tuple(notes))


async def _listing(client: RunwayClient, email: str, kind: str, gate: asyncio.Semaphore) -> list[Asset] | RunwayError:
    """Return the assets of one account in the order of the API, or why they cannot be had.

    The end is a page that is short, or pages that bring nothing new. The first page is asked for alone: most
    accounts have no second one.
    """

    async def page(number: int) -> list[Asset]:
        async with gate:
            return await client.assets(offset=number * LIST_LIMIT, kind=kind, email=email)

    found: dict[str, Asset] = {}
    at, ahead = 0, 1
    try:
        while at < LIST_PAGES:
            numbers, before = range(at, min(at + ahead, LIST_PAGES)), len(found)
            pages = await gather_or_cancel(map(page, numbers))
            for asset in (asset for assets in pages for asset in assets):
                # what is added meanwhile moves the rest down, so that a page repeats the end of the one before
                found.setdefault(asset.id, asset)
            if len(found) == before or any(len(assets) < LIST_LIMIT for assets in pages):
                break
            at, ahead = numbers.stop, LISTED_AT_ONCE
    except RunwayError as error:
        return error
    return list(found.values())


def _newest_first(listings: Iterable[Iterable[Asset]]) -> tuple[Asset, ...]:
    """Return one order of all; an asset without a date stays behind the one that the API lists before it."""
    dated: list[tuple[float, Asset]] = []
    for assets in listings:
        date = math.inf
        for asset in assets:
            date = date if asset.created is None else asset.created
            dated.append((date, asset))
    return tuple(asset for _, asset in sorted(dated, key=lambda pair: pair[0], reverse=True))


# --- kept fresh -------------------------------------------------------------------------------------


class AssetCache:
    """The listing, kept and made fresh in the background. Bound to the loop that uses it; a new loop starts anew.

    Args:
        list_all: Gives a listing.
        clock: Seconds that only grow.
    """

    def __init__(self, list_all: Callable[[], Awaitable[AssetList]], clock: Callable[[], float]) -> None:
        self._list_all = list_all
        self._clock = clock
        self.error: RunwayError | None = None
        """Why the last listing failed; None when it did not."""
        self._kept: AssetList | None = None
        self._looked = self._came = 0.0
        self._changes = 0
        """How often `forget` was called: a listing that began before the last time is out of date."""
        self._kept_at = 0
        self._task: asyncio.Task[AssetList | RunwayError] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def get(self, max_age: float = 30.0) -> AssetList:
        """Return the listing at once, also when it is older than `max_age` seconds and a new one is on its way.

        Only without one, and after `forget`, it waits. Raises `RunwayError` then when there is none to be had.
        """
        self._bind()
        if self._kept is None or self._kept_at != self._changes:
            return await self.refreshed()
        if self._clock() - self._looked >= max_age:
            self._begin()
        return self._kept

    @property
    def age(self) -> float:
        """Seconds since the kept listing came, also while a new one is on its way; infinite without one."""
        return math.inf if self._kept is None else self._clock() - self._came

    async def refreshed(self) -> AssetList:
        """Return a new listing; one that is on its way is shared. Raises `RunwayError`."""
        self._bind()
        # a caller that is cancelled must not end what others wait for
        answer = await asyncio.shield(self._begin())
        if isinstance(answer, RunwayError):
            raise answer
        return answer

    def forget(self) -> None:
        """Note that assets have come or gone: the next `get` waits for a listing that begins after this moment."""
        self._changes += 1

    def _bind(self) -> None:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._task, self._kept, self.error = loop, None, None, None

    def _begin(self) -> asyncio.Task[AssetList | RunwayError]:
        if self._task is None or self._task.done():
            self._looked = self._clock()
            self._task = asyncio.create_task(self._list())
        return self._task

    async def _list(self) -> AssetList | RunwayError:
        """List, and once more when something has changed meanwhile. The error is a result: nobody may be waiting."""
        while True:
            changes = self._changes
            try:
                listing = await self._list_all()
            except RunwayError as error:
                self.error = error
                return error
            if changes == self._changes:
                self._kept, self._kept_at, self.error = listing, changes, None
                self._came = self._clock()
                return listing
