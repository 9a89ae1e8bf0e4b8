"""What belongs into the wheel and the sdist, and what does not."""

from __future__ import annotations

import re
import subprocess
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "runway_nb"
OF_WHEEL = (
    "runway_nb/py.typed",
    "runway_nb/__main__.py",
    "runway_nb/simulator/__main__.py",
    "runway_nb/notebook/static/card.css",
    "runway_nb/notebook/static/one_second.mp4",
)
"""Some of what must be there, by name: a list of files alone would not miss what is gone from the repository, too."""
OF_SDIST = (
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "docs/architecture.md",
    "notebooks/01_first_video.ipynb",
    "package-lock.json",
    "pyproject.toml",
    "runway_nb/py.typed",
    "tests/browser/install_chromium.sh",
    "tests/conftest.py",
)
OF_REPOSITORY = (".ci/*", ".github/*")
"""What only the repository needs."""
MADE = ("PKG-INFO", ".git", "*/__pycache__/*")
"""What no list of sources has."""


def sources(root: Path = ROOT) -> set[str]:
    """Return the files of the project, as git knows them, or all that lie in an unpacked sdist."""
    if (root / ".git").exists():
        asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        said = subprocess.run(asked, cwd=root, capture_output=True, check=True).stdout.decode("utf-8")
        return {name for name in said.split("\0") if name and (root / name).is_file()}
    return {name for name in _files(root) if not any(fnmatch(name, pattern) for pattern in MADE)}


def _files(root: Path) -> Iterator[str]:
    ignored = [line.strip("/") for line in (root / ".gitignore").read_text("utf-8").split()]
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.is_file() and not any(fnmatch(part, pattern) for part in parts for pattern in ignored):
            yield "/".join(parts)


def wheel_problems(wheel: Path, files: set[str]) -> list[str]:
    """Return what is wrong with the contents of a wheel; `files` are the project's."""
    info = f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        found = set(archive.namelist())
        description = archive.read(f"{info}/METADATA").decode("utf-8").partition("\n\n")[2]
    made = {f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "licenses/LICENSE")}
    wanted = {name for name in files if name.startswith(f"{PACKAGE}/")}
    return [*_differences(found, wanted | made, OF_WHEEL), *description_problems(description)]


def sdist_problems(sdist: Path, files: set[str]) -> list[str]:
    """Return what is wrong with the contents of an sdist; `files` are the project's."""
    top = sdist.name.removesuffix(".tar.gz")
    with tarfile.open(sdist) as archive:
        found = {each.name.removeprefix(f"{top}/") for each in archive if not each.isdir()}
    wanted = {name for name in files if not any(fnmatch(name, pattern) for pattern in OF_REPOSITORY)}
    return _differences(found, wanted | {"PKG-INFO"}, OF_SDIST)


def description_problems(text: str) -> list[str]:
    """Return what a package index would show broken: it has the description alone, without the files around it."""
    targets = re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=[\"']([^\"']+)", text)
    return [
        *([] if text.strip() else ["the description is empty"]),
        *(
            f"the description leads to {target}, which an index does not have"
            for target in map("".join, targets)
            if not target.startswith(("https://", "#"))
        ),
    ]


def _differences(found: set[str], wanted: set[str], needed: Iterable[str]) -> list[str]:
    return [
        *(f"{name} is missing" for name in sorted({*wanted, *needed} - found)),
        *(f"{name} does not belong there" for name in sorted(found - wanted)),
    ]
