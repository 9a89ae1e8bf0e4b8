"""The doctor's clip of one second, laid into the folder of videos, and taken away again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ...storage.atomic_file import write_private
from ...storage.private_files import private_folder
from ..rendering.result_html import source
from ..static import STATIC

NAME = "runway_nb-doctor.mp4"
_CLIP = "one_second.mp4"


def clip_bytes() -> bytes:
    """Return the clip: H.264, 160 x 96, without sound."""
    return (STATIC / _CLIP).read_bytes()


class ClipFile:
    """The clip as a file in the folder of videos.

    Args:
        output: That folder.
        folder: The notebook's folder.
    """

    def __init__(self, output: Path, folder: Path) -> None:
        self._path, self._folder = output / NAME, folder
        self._was_there = output.is_dir()

    def write(self) -> str:
        """Write the file and return its `src`. Raises `OSError`."""
        private_folder(self._path.parent, tighten=False)
        write_private(self._path, clip_bytes())
        return source(self._path, self._folder, "never")

    @property
    def is_inside(self) -> bool:
        """True where the folder of videos lies in that of the notebook."""
        return self._path.is_relative_to(self._folder)

    def remove(self) -> None:
        """Remove the file, and the folder where it was made for it and nothing else lies there."""
        with suppress(OSError):
            self._path.unlink()
        if not self._was_there:
            with suppress(OSError):
                self._path.parent.rmdir()
