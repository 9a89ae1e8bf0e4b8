"""A bundle on disk: a folder with a notebook, its videos, and a list of the notebooks that were put there."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from ...errors import RunwayError
from .notebook_file import is_same_file, write_shared

LIST, VIDEOS = "bundle.json", "videos"
_GENERATOR = "runway_nb bundle"
_UNSEEN = re.compile(r"\..*|Thumbs\.db|desktop\.ini", re.IGNORECASE)
"""What systems leave in a folder that counts as empty."""


class BundleFolder:
    """The folder of a bundle, opened to put a notebook into it.

    Args:
        path: A new or empty one, or an earlier bundle; made with the first file.

    Raises `RunwayError` for a folder that holds anything else. Raises `OSError` for one that cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written = self._read()
        """The hash of each notebook as it was written, by name."""

    def check(self, notebook: Path) -> None:
        """Raise `RunwayError` where the notebook would take the place of another file, or of itself."""
        target = self.path / notebook.name
        if is_same_file(target, notebook) or is_same_file(self.path, notebook.parent):
            raise RunwayError(f"{self.path} is the folder of the notebook itself: give another folder")
        if notebook.name == LIST or not (target.exists() or target.is_symlink()):
            return
        if target.is_symlink() or not target.is_file() or _hash(target.read_bytes()) not in self._known(notebook.name):
            raise RunwayError(
                f"{target} was changed since it was bundled, and would be lost: move it away or give another folder"
            )

    def begin(self) -> None:
        """Mark the folder as a bundle. Raises `OSError`."""
        self._save()

    def put(self, name: str, data: bytes) -> None:
        """Write the notebook. Raises `OSError`."""
        # the list first: whatever ends this between the two, the notebook is known by one of them
        before, now = self._written.get(name, []), _hash(data)
        self._written[name] = [now, *(known for known in before if known != now)][:2]
        self._save()
        write_shared(self.path / name, data)
        self._written[name] = [now]
        self._save()

    def _known(self, name: str) -> list[str]:
        return self._written.get(name, [])

    def _save(self) -> None:
        made = {"generator": _GENERATOR, "notebooks": dict(sorted(self._written.items()))}
        write_shared(self.path / LIST, f"{json.dumps(made, indent=1)}\n".encode())

    def _read(self) -> dict[str, list[str]]:
        if not self.path.exists():
            return {}
        names = [each.name for each in self.path.iterdir() if not _UNSEEN.fullmatch(each.name)]
        if not names:
            return {}
        try:
            found = json.loads((self.path / LIST).read_text()) if LIST in names else {}
        except ValueError:
            found = {}
        if not isinstance(found, dict) or found.get("generator") != _GENERATOR:
            raise RunwayError(
                f"{self.path} holds other files, and a notebook would mix with them: give a new or empty folder"
            )
        listed = found.get("notebooks")
        written = listed if isinstance(listed, dict) else {}
        return {name: known for name, known in written.items() if isinstance(known, list)}


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
