"""What is looked for in the packages before they are published (`make dist`)."""

from __future__ import annotations

import io
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from lowest_versions import lowest
from support.distributions import (
    OF_SDIST,
    OF_WHEEL,
    ROOT,
    description_problems,
    sdist_problems,
    sources,
    wheel_problems,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
FILES = {*OF_WHEEL, *OF_SDIST, "runway_nb/__init__.py", ".github/workflows/ci.yml"}
INFO = ("METADATA", "WHEEL", "RECORD", "licenses/LICENSE")


def wheel(folder: Path, names: Iterable[str], description: str = "Video from a cell.") -> Path:
    path = folder / "runway_nb-0.2.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, f"Name: runway_nb\n\n{description}" if name.endswith("METADATA") else "")
    return path


def of_wheel() -> set[str]:
    return {name for name in FILES if name.startswith("runway_nb/")} | {f"runway_nb-0.2.0.dist-info/{n}" for n in INFO}


def sdist(folder: Path, names: Iterable[str]) -> Path:
    path = folder / "runway_nb-0.2.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(f"runway_nb-0.2.0/{name}"), io.BytesIO())
    return path


def test_a_wheel_has_the_package_and_nothing_else(tmp_path: Path) -> None:
    assert wheel_problems(wheel(tmp_path, of_wheel()), FILES) == []
    assert wheel_problems(wheel(tmp_path, of_wheel() - {"runway_nb/py.typed"}), FILES) == [
        "runway_nb/py.typed is missing"
    ]
    assert wheel_problems(wheel(tmp_path, of_wheel() | {"tests/conftest.py"}), FILES) == [
        "tests/conftest.py does not belong there"
    ]


def test_what_is_gone_from_the_repository_is_missing_in_the_wheel(tmp_path: Path) -> None:
    gone = {"runway_nb/notebook/static/card.css"}
    assert wheel_problems(wheel(tmp_path, of_wheel() - gone), FILES - gone) == [f"{gone.pop()} is missing"]


def test_an_sdist_has_everything_but_what_the_repository_alone_needs(tmp_path: Path) -> None:
    names = FILES - {".github/workflows/ci.yml"} | {"PKG-INFO"}
    assert sdist_problems(sdist(tmp_path, names), FILES) == []
    assert sdist_problems(sdist(tmp_path, names - {"Makefile"} | {"runway_nb/x.pyc"}), FILES) == [
        "Makefile is missing",
        "runway_nb/x.pyc does not belong there",
    ]


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("See [the API](https://useapi.net) and [below](#below).", []),
        ("![A notebook](docs/first-video.png)", ["docs/first-video.png"]),
        ("[more](CONTRIBUTING.md)", ["CONTRIBUTING.md"]),
        ('<img alt="" src="docs/first-video.png">', ["docs/first-video.png"]),
        ("[plain](http://useapi.net)", ["http://useapi.net"]),
    ],
)
def test_a_description_leads_to_nothing_that_an_index_lacks(text: str, broken: list[str], tmp_path: Path) -> None:
    expected = [f"the description leads to {target}, which an index does not have" for target in broken]
    assert description_problems(text) == expected
    assert wheel_problems(wheel(tmp_path, of_wheel(), text), FILES) == expected


def test_a_description_says_something() -> None:
    assert description_problems(" \n") == ["the description is empty"]


def test_the_picture_of_readme_stays_out_of_the_description() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert description_problems(text)
    hook = PROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    assert hook["fragments"] == [{"path": "README.md"}]
    shown = text
    for each in hook["substitutions"]:
        shown = re.sub(each["pattern"], each["replacement"], shown)
    assert description_problems(shown) == []
    assert len(text.splitlines()) - len(shown.splitlines()) == 2, "the picture, its empty line, and nothing else"


def test_the_sources_of_an_unpacked_sdist_are_all_that_lies_there_but_what_is_ignored(tmp_path: Path) -> None:
    for name in (".gitignore", "Makefile", "PKG-INFO", "runway_nb/a.py", "runway_nb/__pycache__/a.pyc", "build/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("build/\n" if name == ".gitignore" else "")
    assert sources(tmp_path) == {".gitignore", "Makefile", "runway_nb/a.py"}


def test_the_lowest_version_of_each_package_is_pinned() -> None:
    text = 'dependencies = ["av>=17.0", "httpx>=0.28,<1", "zensical>=0.0.73,<0.1; python_version>=\'3.11\'"]'
    assert lowest(text) == ["av==17.0", "httpx==0.28", "zensical==0.0.73"]
