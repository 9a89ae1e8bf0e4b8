"""The site of `make docs`: built without a warning, its links lead somewhere, and nothing is fetched from elsewhere."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest

from support.page_tables import ROOT

HERE = sys.version_info >= (3, 11) and importlib.util.find_spec("zensical") is not None
pytestmark = [
    pytest.mark.slow("the site is built in a process of its own"),
    pytest.mark.skipif(
        not HERE and not (os.environ.get("CI") and sys.version_info >= (3, 11)),
        reason="Zensical, which builds the site, is not installed (Python 3.11 or newer): make docs installs it",
    ),
]
LOADING = {"script": "src", "img": "src", "video": "src", "source": "src", "iframe": "src", "audio": "src"}
"""What a page fetches by itself; of a `link` only some kinds, see `loaded`."""
FETCHED_LINKS = {"stylesheet", "icon", "preload", "preconnect", "dns-prefetch", "modulepreload"}
CODE_IN_CSS = ("@import", "url(http", "url(//")


class Element(NamedTuple):
    """The start of an element, with its attributes."""

    name: str
    attributes: dict[str, str]


class Elements(HTMLParser):
    """The elements of a page, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[Element] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(Element(tag, {name: value or "" for name, value in attrs}))


class Site:
    """A built site, with what its builder said."""

    def __init__(self, folder: Path, output: str) -> None:
        self.folder, self.output = folder, output
        self.pages = {
            page.relative_to(folder).as_posix(): Elements(page.read_text(encoding="utf-8")).found
            for page in sorted(folder.rglob("*.html"))
        }

    def targets(self) -> Iterator[tuple[str, str]]:
        """Yield each page with each place inside of the site that it points at."""
        for page, elements in self.pages.items():
            for element in elements:
                for name in ("href", "src", "poster"):
                    target = element.attributes.get(name, "")
                    if target and not urlsplit(target).scheme and page != "404.html":
                        yield page, target

    def leads_somewhere(self, page: str, target: str) -> bool:
        parts = urlsplit(target)
        path = (self.folder / page).parent / unquote(parts.path) if parts.path else self.folder / page
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            return False
        name = path.resolve().relative_to(self.folder.resolve()).as_posix()
        anchors = {each.attributes.get("id") for each in self.pages.get(name, [])}
        return not parts.fragment or name not in self.pages or unquote(parts.fragment) in anchors


def loaded(element: Element) -> str:
    """Return the address that a page fetches for an element by itself, or nothing."""
    if element.name == "link" and FETCHED_LINKS & set(element.attributes.get("rel", "").split()):
        return element.attributes.get("href", "")
    return element.attributes.get(LOADING.get(element.name, ""), "") or element.attributes.get("poster", "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site, built from this checkout into a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    for name in ("docs", "runway_nb"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"):
        shutil.copy(ROOT / name, folder)
    run = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict", "--clean"],
        cwd=folder, capture_output=True, text=True, timeout=120, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return Site(folder / "build" / "site", run.stdout + run.stderr)


def test_the_site_is_built_without_a_warning(site: Site) -> None:
    words = ("warning", "griffe", "error:")
    assert [line for line in site.output.splitlines() if any(word in line.lower() for word in words)] == []
    assert {"index.html", "api.html", "changelog.html", "contributing.html"} <= set(site.pages)


def test_every_link_picture_and_clip_is_there(site: Site) -> None:
    targets = list(site.targets())
    assert len(targets) > 1000
    assert [each for each in targets if not site.leads_somewhere(*each)] == []


def test_nothing_is_fetched_from_elsewhere(site: Site) -> None:
    addresses = [(page, loaded(element)) for page, elements in site.pages.items() for element in elements]
    assert [each for each in addresses if urlsplit(each[1]).netloc] == []
    styles = {path.name: path.read_text(encoding="utf-8") for path in site.folder.rglob("*.css")}
    assert [name for name, text in styles.items() if any(word in text for word in CODE_IN_CSS)] == []


def test_clips_wait_to_be_asked_for(site: Site) -> None:
    clips = [each.attributes for elements in site.pages.values() for each in elements if each.name == "video"]
    assert len(clips) == 3
    assert all("controls" in clip and "autoplay" not in clip and clip["preload"] == "none" for clip in clips)
    assert all(clip["poster"] and clip["title"] for clip in clips)


def test_the_reference_holds_every_public_name(site: Site) -> None:
    import runway_nb

    anchors = {each.attributes.get("id", "") for each in site.pages["api.html"]}
    names = [name for name in runway_nb.__all__ if name not in ("__version__", "errors", "RunwayError")]
    missing = [name for name in names if f"runway_nb.{name}" not in anchors and not name.endswith("ipython_extension")]
    assert missing == []
