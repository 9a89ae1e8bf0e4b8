"""Videos copied into the folder of a bundle: each once, and never in the place of another file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ...api.mp4 import check_mp4
from ...errors import RunwayError
from ...storage.atomic_file import clear_parts
from ...storage.hashed_copy import Content, content_of, copy_whole


class VideoCopies:
    """A folder that takes copies of videos; made with the first.

    Args:
        folder: Where they go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[Path, str] = {}
        """The name of each file's copy."""
        self.copied = 0
        """Files that were not there before."""

    def put(self, source: Path) -> str:
        """Copy a file unless it is there already; return the name of its copy. Raises `OSError` or `RunwayError`."""
        if source not in self.names:
            self.names[source] = self._put(source)
        return self.names[source]

    def _put(self, source: Path) -> str:
        content = content_of(source)
        for name in (source.name, f"{source.stem}-{content.sha256[:8]}{source.suffix}"):
            target = self.folder / name
            if _is_copy(target, content):
                return name
            # a copy that was cut off and a file of somebody else look alike: neither is written over
            if not target.is_symlink() and not target.exists():
                self._copy(source, target)
                return name
        raise RunwayError(f"{self.folder} holds another file in the place of {source.name}: give another folder")

    def _copy(self, source: Path, target: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        clear_parts(target)
        # what was looked at may have been replaced since: the copy itself is checked
        copy_whole(source, target, opened=lambda path: path.open("xb"), check=lambda part, _: check_mp4(part))
        self.copied += 1


def _is_copy(target: Path, content: Content) -> bool:
    with suppress(OSError):
        return target.lstat().st_size == content.size and content_of(target) == content
    return False
