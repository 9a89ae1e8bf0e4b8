"""The account behind the token: its credits, its tasks, its assets, and pictures put there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from .api.account_queries import account_credits, account_task, account_tasks
from .api.models import Asset, Credits, Task
from .errors import InvalidRequest, RunwayError
from .jobs.backend import Backend, Backends, Frame
from .jobs.loop import BackgroundLoop
from .keyframes import Keyframes
from .ledger.ledger import Ledger
from .pictures.asset_names import linked_assets
from .pictures.assets import AssetList
from .redaction import redact
from .references import Picture, picture_problem, read_picture_name
from .request import VideoRequest
from .values.arguments import plain_arguments
from .values.handle import Handle
from .values.plain import checked_kind

if TYPE_CHECKING:
    from .api.client import RunwayClient

T = TypeVar("T")

QUERY_SECONDS = 60.0
"""How long an answer about the account is waited for."""
UPLOAD_SECONDS = 600.0
TASK_SECONDS = 120.0
"""How long a task is looked for, on all pages of all accounts."""


class PictureAccess(NamedTuple):
    """How an account comes by pictures that are not on it."""

    freeze: Callable[[VideoRequest, str], VideoRequest]
    """Checks a request and makes its picture objects files, under a name; raises `InvalidRequest`."""
    folder: Callable[[], Path]
    """The folder of relative picture files."""
    frame: Frame
    """Gives a frame of a finished job."""


class Account(Handle):
    """The account that pays for the next request; with the simulator, the simulator's.

    Made by `Studio` as `studio.account`. All methods may be called from any thread but the background loop's.

    Args:
        backends: Where the account is.
        ledger: What has been spent.
        loop: The background loop.
        pictures: How it comes by pictures that are not on it.
    """

    def __init__(self, backends: Backends, ledger: Ledger, loop: BackgroundLoop, pictures: PictureAccess) -> None:
        self._backends = backends
        self._ledger = ledger
        self._loop = loop
        self._pictures = pictures

    def __repr__(self) -> str:
        return f"<Account at {redact(self.backend.settings.backend)}>"

    @property
    def backend(self) -> Backend:
        """The backend to which the next request goes."""
        return self._backends.current

    def credits(self, timeout: float = QUERY_SECONDS) -> list[tuple[str, Credits]]:
        """Return the credits of each account behind the token, as (name, credits); no name is an e-mail address."""
        return self._loop.run(_answer(self.backend, account_credits), timeout)

    def spent_today(self) -> int:
        """Return the credits that all notebooks of this ledger have spent at this backend since midnight."""
        return self._ledger.spending.today(self.backend.settings.backend)

    def tasks(self, timeout: float = QUERY_SECONDS) -> list[Task]:
        """Return the newest tasks of all accounts behind the token, those made elsewhere included."""
        return self._loop.run(_answer(self.backend, account_tasks), timeout)

    def task(self, text: str, backend: Backend | None = None) -> Task:
        """Return the task that `text` names, made anywhere. Raises `JobNotFound`."""
        work = _answer(backend or self.backend, lambda client: account_task(client, text))
        return self._loop.run(work, TASK_SECONDS)

    def request_of(self, task: Task) -> VideoRequest:
        """Return what a task asked for; without its pictures while the account cannot be listed."""
        request = VideoRequest.from_options(redact(task.prompt), task.seed, task.options, task.task_type)
        links = Keyframes.from_options(task.options)
        with suppress(RunwayError):
            images = self.assets(kind="image") if links.given else ()
            return replace(request, keyframes=linked_assets(links, images))
        return request

    @plain_arguments
    def assets(self, text: str = "", kind: str = "", *, timeout: float = QUERY_SECONDS) -> AssetList:
        """Return what lies on all accounts behind the token, the newest first.

        A listing that is known is given at once, and made fresh in the background when it is older than half a
        minute.

        Args:
            text: A part of the name.
            kind: `image`, `video` or `audio`; by default all.
            timeout: Seconds to wait at most.
        """
        return self._loop.run(self.backend.asset_cache.get(), timeout).only(text, kind)

    @plain_arguments
    def upload(
        self, picture: Any, *, name: str = "picture", timeout: float = UPLOAD_SECONDS, **fitting: Any
    ) -> tuple[Asset, tuple[str, ...]]:
        """Put a picture on the account as a keyframe would be: fitted to the frame, and only if it is not there yet.

        Args:
            picture: Anything that may be a keyframe.
            name: Of a picture that is no file.
            timeout: Seconds to wait at most.
            **fitting: `model`, `fit`, `focus`, `aspect`, `upscale` of a `VideoRequest`; the model of the settings by
                default.

        Returns the asset, and what was done to the picture. Raises what `Studio.submit` raises.
        """
        # a prompt is not sent here, and some models need one
        usual = {"prompt": "-", "model": self.backend.settings.model}
        request = self._pictures.freeze(VideoRequest(keyframes=Keyframes(first=picture), **{**usual, **fitting}), name)
        return self._loop.run(self.backend.upload(request, self._pictures.folder(), self._pictures.frame), timeout)

    def delete_asset(self, asset: Asset, timeout: float = QUERY_SECONDS) -> None:
        """Delete an asset from the account, for good; nobody is asked."""
        checked_kind(asset, "asset", Asset, "an asset, as studio.account.assets() lists them")
        self._loop.run(self.backend.delete_asset(asset), timeout)

    async def picture_bytes(self, picture: Picture) -> bytes:
        """Return the picture that a keyframe means, on the background loop. Raises `RunwayError`."""
        if problem := picture_problem(picture := read_picture_name(picture)):
            raise InvalidRequest([f"the picture {problem}"])
        return await self.backend.picture(picture, self._pictures.folder(), self._pictures.frame)


async def _answer(backend: Backend, question: Callable[[RunwayClient], Awaitable[T]]) -> T:
    return await question((await backend.connected()).client)
