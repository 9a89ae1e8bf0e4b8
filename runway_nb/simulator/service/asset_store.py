"""The assets of the simulated accounts: uploads, bundled samples and finished clips."""

from __future__ import annotations

import hashlib
import random
import shutil
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from runway_nb.storage.private_files import close_to_others, private_file, private_folder

from ..rendering.render_queue import write_whole
from .contract import MEDIA_TYPES, bare, composite, not_found, refuse_strangers
from .state_db import AssetRecord, Store

SAMPLE_SPACE = uuid.UUID("6f6b8a52-31a2-4a80-9c1b-8f4f7f1b7f10")
"""Sample ids are the same in every fresh state, so a notebook that names one works again."""
JPEG = "image/jpeg"
BEGUN = "begun"
"""The setting that keeps when the state was made, Unix seconds; samples are as old as the state."""


class Pictures(Protocol):
    """Draws samples, scales pictures, makes thumbnails; the module `rendering.samples` is one."""

    NAMES: tuple[str, ...]

    def write(self, folder: Path) -> list[tuple[str, Path]]:
        """Draw all samples as JPEG files: name and path of each."""

    def thumbnail(self, path: Path, out: Path, width: int = 320) -> None:
        """Write a small JPEG of a picture file."""

    def upscale(self, data: bytes, width: int, height: int) -> bytes:
        """Return the picture in another size, as JPEG."""


def new_uuid(draw: random.Random) -> str:
    """Return a random uuid, version 4."""
    return str(uuid.UUID(int=draw.getrandbits(128), version=4))


class AssetStore:
    """Asset records and their files."""

    def __init__(
        self,
        root: Path,
        store: Store,
        clock: Callable[[], float],
        pictures: Callable[[], Pictures],
        draw: random.Random,
    ) -> None:
        self.root = root
        self._store = store
        self._clock = clock
        self._pictures = pictures
        self._draw = draw
        self._stocked: set[tuple[str, str]] = set()

    @property
    def pictures(self) -> Pictures:
        """The pictures, loaded at first need."""
        return self._pictures()

    def is_stocked(self, owner: str, emails: list[str]) -> bool:
        """Return True when the samples are among the assets of these accounts."""
        return all((owner, email) in self._stocked for email in emails)

    def stock(self, owner: str, emails: list[str]) -> None:
        """Put the samples among the assets of these accounts; drawn at first need, in about a second."""
        files = self._sample_files()
        begun = float(self._store.setting(BEGUN, repr(self._clock()).encode()))
        for email in emails:
            with self._store.write():
                for number, path in enumerate(files):
                    # the first sample is the newest, so that it comes first in the list, and all are older than uploads
                    self._store.add_asset(self._sample(owner, email, path, begun - (number + 1) / 1000))
            self._stocked.add((owner, email))

    def add(self, owner: str, email: str, name: str, mime: str, data: bytes) -> AssetRecord:
        """Keep an upload. The file is named by its content, the asset anew each time."""
        extension = MEDIA_TYPES[mime]
        path = f"assets/{hashlib.sha256(data).hexdigest()[:32]}.{extension}"
        if not (self.root / path).exists():
            write_whole(self.root / path, data)
        asset = AssetRecord(
            uuid=new_uuid(self._draw), owner=owner, email=email, created=self._clock(),
            name=_with_extension(name, extension), mime=mime, path=path, size=len(data),
        )  # fmt: skip
        self._store.add_asset(asset)
        return asset

    def get(self, owner: str, identifier: str) -> AssetRecord:
        """Return the asset with this composite id, compared letter by letter."""
        refuse_strangers(owner, identifier)
        asset = self.by_uuid(bare("asset", identifier) or "")
        if asset is None or composite(asset.owner, asset.email, "asset", asset.uuid) != identifier:
            raise not_found()
        return asset

    def by_uuid(self, name: str) -> AssetRecord | None:
        """Return the asset with this uuid, whoever owns it."""
        return next(iter(self._store.assets("uuid = ? AND deleted = 0", name)), None)

    def listed(self, owner: str, email: str, media: str | None) -> list[AssetRecord]:
        """Return the assets of one account, newest first."""
        assets = self._store.assets("owner = ? AND email = ? AND deleted = 0", owner, email)
        return [asset for asset in assets if media in (None, asset.media)]

    def remove(self, owner: str, identifier: str) -> None:
        """Remove an asset; its file may still serve others."""
        asset = self.get(owner, identifier)
        self._store.change("UPDATE assets SET deleted = 1 WHERE uuid = ?", asset.uuid)

    def file(self, asset: AssetRecord) -> Path:
        """Return where the bytes are."""
        return self.root / asset.path

    def preview(self, asset: AssetRecord, number: int) -> Path | None:
        """Return a small JPEG: a frame of a clip, or a thumbnail of a picture, made at first need."""
        if asset.media == "video":
            frame = self.file(asset).with_suffix(f".{number}.jpg")
            return frame if frame.exists() else None
        out = self.root / "previews" / f"{Path(asset.path).stem}.jpg"
        if asset.media != "image" or number:
            return None
        if not out.exists():
            try:
                with tempfile.TemporaryDirectory(dir=self.root, prefix="drawing-") as folder:
                    small = private_file(Path(folder, out.name))
                    self.pictures.thumbnail(self.file(asset), small)
                    small.replace(private_folder(out.parent) / out.name)
            except (OSError, ValueError):
                return None  # not a picture after all: there is no preview of it
        return out

    def _sample(self, owner: str, email: str, path: Path, created: float) -> AssetRecord:
        name = str(uuid.uuid5(SAMPLE_SPACE, f"{owner}/{email}/{path.name}"))
        relative = path.relative_to(self.root).as_posix()
        size = path.stat().st_size
        return AssetRecord(name, owner, email, created, f"{path.stem}.jpeg", JPEG, relative, size)

    def _sample_files(self) -> list[Path]:
        folder = self.root / "samples"
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=self.root, prefix="drawing-") as parent:
                drawing = Path(parent, "samples")
                private_folder(drawing)
                for _, path in self.pictures.write(drawing):
                    close_to_others(path)
                _move_whole(drawing, folder)
        order = {name: number for number, name in enumerate(self.pictures.NAMES)}
        return sorted(folder.glob("*.jp*g"), key=lambda path: order.get(path.stem, len(order)))


def _move_whole(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError:
        # another process was first; its samples are the same
        shutil.rmtree(source, ignore_errors=True)
        if not target.exists():
            raise


def _with_extension(name: str, extension: str) -> str:
    known = {extension, "jpg"} if extension == "jpeg" else {extension}
    return name if name.rpartition(".")[2].lower() in known else f"{name}.{extension}"
