"""`%runway assets`, `upload` and `delete`: the pictures of the account, on the screen."""

from __future__ import annotations

import math
import secrets
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from IPython.display import display, update_display

from ...api.models import Asset
from ...errors import InvalidCommand, InvalidRequest, NoAnswer, RunwayError
from ...pictures.asset_names import created_text, match_asset, typed_names
from ...pictures.assets import AssetList
from ...pictures.thumbnails import Thumbnails
from ...redaction import redact_line
from ...text.console import as_shown, write_line
from ..language.expressions import named_picture
from ..rendering.asset_gallery import PAGE, bundle
from .command_line import Arguments
from .front_end import FrontEnd

if TYPE_CHECKING:
    from ...studio import Studio

UPDATE_SECONDS = 0.3
"""Between two updates of the screen while pictures come in."""
FRESH_SECONDS = 5.0
"""How old a listing may be that is shown for good, or deleted from."""
LIST_SECONDS = 60.0
"""How long a listing may take."""
LOAD_SECONDS = 60.0
"""How long a batch run waits for thumbnails."""
NOBODY_TO_ASK = "nobody is there to ask: %runway delete NAME --yes deletes without a question"


def show_assets(front_end: FrontEnd, arguments: Arguments) -> None:
    """Show a page of what lies on the account; in a live notebook its pictures come in one by one."""
    studio, mode, values = front_end.studio, front_end.mode, arguments.values
    listing = studio.account.assets() if mode == "live" else _fresh(studio)
    text, kind, number = " ".join(arguments.words), values.get("type", ""), values.get("page", 1)
    page = _AssetPage(studio, listing, text, kind, number)
    if mode == "live":
        page.begin()
        return
    if mode == "batch":
        with suppress(NoAnswer):
            studio.run(page.load(), LOAD_SECONDS)
    front_end.show_bundle(page.bundle())


def _fresh(studio: Studio) -> AssetList:
    """Return a listing that is new enough to act on."""
    cache = studio.account.backend.asset_cache
    return studio.account.assets() if cache.age < FRESH_SECONDS else studio.run(cache.refreshed(), LIST_SECONDS)


class _AssetPage:
    """One page on the screen, kept up to date until its pictures are there and its listing is new."""

    def __init__(self, studio: Studio, listing: AssetList, text: str, kind: str, page: int) -> None:
        self._studio = studio
        self._listing = listing
        self._text, self._kind = text, kind
        self._wanted = page
        self._thumbnails = Thumbnails(studio.settings.thumbnails)
        self._thumbnails_by_id: dict[str, bytes | None] = {
            asset.id: small for asset in self._shown if (small := self._thumbnails.cached(asset))
        }
        self._display_id = ""
        self._updated = 0.0
        self._problem = ""

    @property
    def _found(self) -> AssetList:
        return self._listing.only(self._text, self._kind)

    @property
    def _page(self) -> int:
        return min(max(self._wanted, 1), max(1, math.ceil(len(self._found) / PAGE)))

    @property
    def _shown(self) -> AssetList:
        return self._found[(self._page - 1) * PAGE : self._page * PAGE]

    def bundle(self, *, loading: bool = False) -> dict[str, str]:
        """Return the page at this moment."""
        return bundle(
            self._found, self._thumbnails_by_id, page=self._page, note=self._problem, text=self._text, loading=loading,
            among=self._listing, kind=self._kind,
        )  # fmt: skip

    def begin(self) -> None:
        """Show what is known at once; the rest follows from the background."""
        self._display_id = f"runway-{secrets.token_hex(8)}"
        display(self.bundle(loading=True), raw=True, display_id=self._display_id)
        self._studio.spawn(self._complete())

    async def load(self) -> None:
        """Fetch the pictures that are missing."""
        missing = [asset for asset in self._shown if asset.id not in self._thumbnails_by_id]
        connection = await self._studio.account.backend.connected()
        await self._thumbnails.load(missing, connection.media, self._take)

    async def _complete(self) -> None:
        cache = self._studio.account.backend.asset_cache
        try:
            await self.load()
            if cache.age > UPDATE_SECONDS:
                self._listing = await cache.refreshed()
                await self.load()
        except RunwayError as error:
            self._problem = f"not all could be loaded: {error.message}"
        finally:
            update_display(self.bundle(), raw=True, display_id=self._display_id)

    def _take(self, asset: Asset, thumbnail: bytes | None) -> None:
        self._thumbnails_by_id[asset.id] = thumbnail
        if self._display_id and time.monotonic() - self._updated > UPDATE_SECONDS:
            self._updated = time.monotonic()
            update_display(self.bundle(loading=True), raw=True, display_id=self._display_id)


def upload(front_end: FrontEnd, arguments: Arguments) -> None:
    """Put pictures on the account, one after the other; each is reported when it is there.

    Those before a failure stay.
    """
    if not arguments.words:
        raise InvalidCommand("%runway upload needs a picture: a file, a link or a variable")
    studio = front_end.studio
    fitting = {"model": studio.settings.model, **arguments.values}
    for typed in arguments.words:
        named = named_picture(typed, front_end.variables)
        try:
            asset, notes = studio.account.upload(named.picture, name=named.name, **fitting)
        except InvalidRequest as error:
            raise InvalidCommand("; ".join(p.removeprefix("first: ") for p in error.problems)) from None
        name = asset.short_id
        with suppress(RunwayError):
            name = typed_names(studio.account.assets()).get(asset.id, name)
        lines = "".join(f"\n  {redact_line(note)}" for note in notes)
        write_line(f"{redact_line(typed, 60)} is on the account: --first {name}{lines}")


def delete(front_end: FrontEnd, arguments: Arguments) -> None:
    """Delete assets for good, each after a yes; without a question where `--yes` has answered it."""
    agreed = bool(arguments.values.get("yes"))
    if front_end.mode == "batch" and not agreed:
        raise InvalidCommand(NOBODY_TO_ASK)
    studio = front_end.studio
    for asset in _meant(arguments.words, _fresh(studio)):
        name = redact_line(asset.name)
        if not agreed and not _agrees_to_delete(asset):
            write_line(f"{name} stays.")
            continue
        studio.account.delete_asset(asset)
        write_line(f"{name} ({asset.short_id}) is deleted.")


def _meant(words: Sequence[str], assets: AssetList) -> list[Asset]:
    """Return the assets that are named, each once. Raise `InvalidRequest` or `InvalidCommand`."""
    found = [match_asset(word, assets) for word in words]
    wrong = [match for match in found if isinstance(match, str)]
    if wrong:
        raise InvalidRequest([line.replace("neither a file here nor an asset", "no asset") for line in wrong])
    if not found:
        raise InvalidCommand("%runway delete needs the name or id of an asset: %runway assets shows them")
    return list({match.id: match for match in found if isinstance(match, Asset)}.values())


def _agrees_to_delete(asset: Asset) -> bool:
    """Return True when the user answers yes to the question whether to delete an asset.

    Raise `InvalidCommand` where nobody is there to answer.
    """
    facts = ", ".join(filter(None, (asset.short_id, asset.kind, created_text(asset))))
    question = f"Delete {redact_line(asset.name)} ({facts}) from the account for good? [y/N] "
    try:
        answer = input(as_shown(question, sys.stdout))
    except (EOFError, RuntimeError, ValueError, OSError):  # standard input is at its end, missing or closed
        raise InvalidCommand(NOBODY_TO_ASK) from None
    return answer.strip().lower() in ("y", "yes")
