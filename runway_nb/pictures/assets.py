"""The assets of all accounts behind the token: listed, found by name, shown small."""

from __future__ import annotations

import asyncio
import difflib
import hashlib
import math
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, overload
from urllib.parse import urlsplit

from ..api.models import NAME, Asset, working_accounts
from ..errors import RunwayError
from ..extension_points import provided
from ..ledger.thumbnails import LARGEST
from ..redaction import redact, redact_line
from ..request import Keyframes
from ..spec import LIST_LIMIT, LIST_PAGES
from ..storage.private_files import private_folder, read_private, write_private
from ..text.line_words import needs_quotes
from .name_forms import name_key
from .thumbnails import THUMBNAIL_WIDTH, fetch_thumbnail

if TYPE_CHECKING:
    from ..api.client import RunwayClient
    from ..api.media import MediaClient

T = TypeVar("T")

LISTED_AT_ONCE = 3
"""Requests for pages that are under way together, over all accounts."""
FETCHED_AT_ONCE = 6
"""Pictures that are fetched together."""
KEPT = 2_000
"""Pictures that stay on disk: the newest."""
_WORDS = {"image": ("image", "images"), "video": ("video", "videos"), "audio": ("audio file", "audio files")}
_LONGEST = 100
"""Letters of a name that are compared for likeness."""


@dataclass(frozen=True, repr=False)
class AssetList(Sequence[Asset]):
    """Assets in a fixed order, the newest first. A slice of it is another."""

    items: tuple[Asset, ...] = ()
    notes: tuple[str, ...] = ()
    """What is missing and why, in words."""

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
        """Those with `text` in the name, in capitals or not, and of that kind (image, video or audio)."""
        part = _key(text)
        found = (asset for asset in self.items if part in _key(asset.name) and kind in ("", asset.kind))
        return AssetList(tuple(found), self.notes)

    @property
    def kinds(self) -> dict[str, int]:
        """How many there are of each kind, the most frequent first."""
        return dict(Counter(asset.kind for asset in self.items).most_common())

    @property
    def counts(self) -> str:
        """How many there are of each kind, in words: 12 images, 3 videos."""
        by_words: Counter[tuple[str, str]] = Counter()
        for kind, number in self.kinds.items():
            by_words[_WORDS.get(kind, ("other file", "other files"))] += number
        return ", ".join(f"{number:,} {words[number != 1]}" for words, number in by_words.items())

    def __repr__(self) -> str:
        return f"<AssetList {self.counts or 'empty'}>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002
        """IPython's hook: a page of tiles, and a table as text."""
        bundle: dict[str, str] = provided("assets.mimebundle")(self)
        return bundle


async def all_assets(client: RunwayClient, kind: str = "") -> AssetList:
    """Every asset of every account behind the token, at most 1,050 of each; `kind` is image, video or audio.

    An account in trouble is left out while another works, and `notes` says so.

    Raises:
        RunwayError: no account could be listed.
    """
    accounts = await client.accounts()
    working = working_accounts(accounts)
    # one account alone need not be named
    emails = [account.email for account in working] if len(accounts) > 1 else [""]
    gate = asyncio.Semaphore(LISTED_AT_ONCE)
    answers = await _together(_listing(client, email, kind, gate) for email in emails)
    troubles = {email: answer for email, answer in zip(emails, answers, strict=True) if isinstance(answer, RunwayError)}
    if len(troubles) == len(answers):
        raise troubles[emails[0]]
    reasons = {account.email: account.error for account in accounts if len(accounts) > 1 and account not in working}
    reasons |= {email: trouble.message for email, trouble in troubles.items()}
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
    """The assets of one account in the order of the API, or why they cannot be had.

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
            pages = await _together(map(page, numbers))
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
    """One order of all; an asset without a date stays behind the one that the API lists before it."""
    dated: list[tuple[float, Asset]] = []
    for assets in listings:
        date = math.inf
        for asset in assets:
            date = date if asset.created is None else asset.created
            dated.append((date, asset))
    return tuple(asset for _, asset in sorted(dated, key=lambda pair: pair[0], reverse=True))


async def _together(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of all; when one fails the others are ended before its error is raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


# --- names ------------------------------------------------------------------------------------------


def _key(name: str) -> str:
    """The same text for names that look the same, in capitals or not."""
    return name_key(name_key(name).casefold())


def match_asset(name: str, assets: Iterable[Asset]) -> Asset | str:
    """The asset of that name (with or without its ending) or short id, or a line that says what is wrong."""
    # names of assets are kept as they may be shown, so what was typed is compared in that form
    wanted, shown = _key(redact_line(name, NAME)), repr(redact_line(name, 60))
    everything = list(assets)
    hits = [asset for asset in everything if wanted in (_key(asset.name), _key(asset.stem))]
    hits = hits or [asset for asset in everything if len(name) >= 8 and asset.short_id.casefold().startswith(wanted)]
    if len(hits) == 1:
        return hits[0]
    if hits:
        ids = ", ".join(f"{asset.short_id}{_known(asset)}" for asset in hits[:5])
        return f"{shown} names {len(hits)} assets: give one of the ids {ids}"
    names = ", ".join(asset.stem for asset in everything[:8]) or "none"
    more = ", ..." if len(everything) > 8 else ""
    near = ", ".join(_near(wanted, everything))
    hint = f"do you mean {redact(near)}? Assets" if near else "assets"
    return f"{shown} is neither a file here nor an asset; {hint} are {redact(names)}{more}"


def linked_assets(keyframes: Keyframes, assets: Iterable[Asset]) -> Keyframes:
    """The assets behind the links of a task, as they are typed; a link to what is no asset any more stays out.

    A link is signed anew each time it is given out, and nobody promises that its ending is the asset's own.
    """
    typed = typed_names(assets := list(assets))
    known = {_file_of(asset.url): typed[asset.id] for asset in assets if asset.url}
    found = {slot: known.get(_file_of(str(link))) for slot, link in keyframes.given.items()}
    return Keyframes(**{slot: name for slot, name in found.items() if name})


def _file_of(link: str) -> str:
    address = urlsplit(link)
    return f"{address.netloc}{os.path.splitext(address.path)[0]}"


def typed_names(assets: Iterable[Asset]) -> dict[str, str]:
    """For each asset, by its id, what to type as a keyframe: the name without its ending, else the short id.

    `match_asset` finds it again by that among the same assets. A name goes only where it is the only one of its
    kind, can stand on the first line of a cell, and holds nothing to be masked.
    """
    everything = list(assets)
    users = Counter(word for asset in everything for word in {_key(asset.name), _key(asset.stem)})
    return {
        asset.id: quoted(asset.stem) if users[_key(asset.stem)] == 1 and _is_typable(asset) else asset.short_id
        for asset in everything
    }


def created_words(asset: Asset, form: str = "%d %b %H:%M") -> str:
    """When it was made, in local time, as in 3 Mar 09:14; nothing when that is not known."""
    return "" if asset.created is None else time.strftime(form, time.localtime(asset.created)).lstrip("0")


def _is_typable(asset: Asset) -> bool:
    stem = asset.stem
    both_quotes = '"' in stem and "'" in stem
    # what is typed is compared as it may be shown, so a name has to be the same in that form
    is_plain = stem.isprintable() and _key(redact_line(stem, NAME)) == _key(stem)
    return asset.has_own_name and is_plain and not (stem.startswith("--") or "{{" in stem or both_quotes)


def quoted(words: str) -> str:
    """In quotes where the first line of a cell would cut it."""
    mark = "'" if '"' in words else '"'
    return f"{mark}{words}{mark}" if needs_quotes(words) else words


def _known(asset: Asset) -> str:
    """What tells an asset from its namesakes, in brackets."""
    origin = {True: "upload", False: "generated", None: ""}[asset.is_upload]
    words = ", ".join(filter(None, (origin, created_words(asset))))
    return f" ({words})" if words else ""


def _near(wanted: str, assets: Iterable[Asset]) -> list[str]:
    """Names that are spelt alike, then such as hold the word; three at most."""
    stems = {_key(asset.stem)[:_LONGEST]: asset.stem for asset in assets}
    close = difflib.get_close_matches(wanted[:_LONGEST], stems, 3)
    holding = [stem for stem in stems if len(wanted) >= 3 and wanted in stem]
    return [stems[stem] for stem in dict.fromkeys([*close, *holding])][:3]


# --- pictures ---------------------------------------------------------------------------------------


class Thumbnails:
    """Small JPEGs of assets in a private folder. A folder that cannot be written to costs only the memory of them."""

    _pruned: ClassVar[set[Path]] = set()

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def cached(self, asset: Asset) -> bytes | None:
        """The picture on disk, when it is there and whole."""
        with suppress(OSError):
            data = read_private(self._path(asset), LARGEST)
            return data if data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9") else None
        return None

    async def load(
        self, assets: Iterable[Asset], media: MediaClient, told: Callable[[Asset, bytes | None], None]
    ) -> None:
        """Call `told` with each asset and its picture, in the order in which they come; None when it cannot be had.

        Six are fetched at once, and none twice within a call.
        """
        waiting = iter({asset.id: asset for asset in assets}.values())

        async def work() -> None:
            for asset in waiting:
                told(asset, await self._picture(asset, media))

        await _together(work() for _ in range(FETCHED_AT_ONCE))

    async def _picture(self, asset: Asset, media: MediaClient) -> bytes | None:
        if still := await asyncio.to_thread(self.cached, asset):
            return still
        if still := await fetch_thumbnail(media, asset.still_urls, THUMBNAIL_WIDTH):
            await asyncio.to_thread(self._keep, self._path(asset), still)
        return still

    def _keep(self, path: Path, still: bytes) -> None:
        with suppress(OSError):
            private_folder(self._folder)
            self._prune()
            write_private(path, still)

    def _prune(self) -> None:
        """Remove the oldest pictures beyond what is kept, once per process."""
        if self._folder in self._pruned:
            return
        self._pruned.add(self._folder)
        with os.scandir(self._folder) as entries:
            files = [entry for entry in entries if entry.name.endswith((".jpg", ".part"))]
        files.sort(key=_written, reverse=True)
        for entry in files[KEPT:]:
            with suppress(OSError):
                os.unlink(entry)

    def _path(self, asset: Asset) -> Path:
        # the id holds an e-mail, and letters that a file name must not have
        return self._folder / f"{hashlib.sha256(asset.id.encode(errors='replace')).hexdigest()}.jpg"


def _written(entry: os.DirEntry[str]) -> float:
    """When a file was written; 0 when another kernel has removed it."""
    with suppress(OSError):
        return entry.stat().st_mtime
    return 0.0


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
        self.trouble: RunwayError | None = None
        """Why the last listing failed; None when it did not."""
        self._kept: AssetList | None = None
        self._looked = self._came = 0.0
        self._changes = 0
        """How often `forget` was called: a listing that began before the last time is out of date."""
        self._kept_at = 0
        self._task: asyncio.Task[AssetList | RunwayError] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def get(self, max_age: float = 30.0) -> AssetList:
        """The listing at once, also when it is older than `max_age` seconds and a new one is on its way.

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
        """A new listing; one that is on its way is shared. Raises `RunwayError`."""
        self._bind()
        # a caller that is cancelled must not end what others wait for
        answer = await asyncio.shield(self._begin())
        if isinstance(answer, RunwayError):
            raise answer
        return answer

    def forget(self) -> None:
        """Assets have come or gone: the next `get` waits for a listing that begins after this moment."""
        self._changes += 1

    def _bind(self) -> None:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._task, self._kept, self.trouble = loop, None, None, None

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
                self.trouble = error
                return error
            if changes == self._changes:
                self._kept, self._kept_at, self.trouble = listing, changes, None
                self._came = self._clock()
                return listing
