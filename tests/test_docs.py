"""The documents: what is cited exists, what is linked is there, and the map names every part."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from support.page_tables import TABLES, pages, tables_in, up_to_date

ROOT = Path(__file__).parents[1]
FACTS = {"API": "api-facts.md", "Jupyter": "jupyter-facts.md", "Model": "model-facts.md"}
SOURCES = sorted(
    path for folder in ("runway_nb", "tests", "benchmarks", "docs") for path in (ROOT / folder).rglob("*.*")
    if path.suffix in (".py", ".js", ".css", ".md")
)  # fmt: skip
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
NUMBERS = r"\d+(?:\.\d+)?(?:(?:, | and | to |, and )\d+(?:\.\d+)?)*"
CITATION = re.compile(rf"\b(API|Jupyter|Model) facts,? (?:sections? )?({NUMBERS})")
BARE = re.compile(rf"(?<!facts, )\bsections? ({NUMBERS})")
OWN_SECTIONS = {"runway_nb/spec.py": "api-facts.md", **{f"docs/{name}": name for name in FACTS.values()}}
"""Files that cite sections of one document without naming it."""


class Citation(NamedTuple):
    """A section of a document that a file cites."""

    file: str
    document: str
    section: str


@cache
def sections(document: str) -> frozenset[str]:
    """The numbers of a document's headings, and `14.3` for the third point of the list in section 14."""
    found: set[str] = set()
    for line in (ROOT / "docs" / document).read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"##+ (\d+(?:\.\d+)?)\.? ", line):
            found.add(heading[1])
            current = heading[1]
        elif found and (point := re.match(r"(\d+)\. ", line)):
            found.add(f"{current}.{point[1]}")
    return frozenset(found)


def prose(path: Path) -> str:
    """The text of a file with each run of white space, and of comment marks, as one blank."""
    return re.sub(r"\s+(?:(?:#|//|\*)\s+)?", " ", path.read_text(encoding="utf-8"))


def citations(path: Path) -> list[Citation]:
    """Everything that a file cites."""
    file, text = path.relative_to(ROOT).as_posix(), prose(path)
    named = [(FACTS[name], numbers) for name, numbers in CITATION.findall(text)]
    bare = [(OWN_SECTIONS.get(file, "of no document"), numbers) for numbers in BARE.findall(text)]
    found = named + bare if path != Path(__file__) else []
    return [
        Citation(file, document, section)
        for document, numbers in found
        for section in re.findall(r"[\d.]+\d|\d", numbers)
    ]


CITED = [citation for path in SOURCES for citation in citations(path)]


def test_every_cited_section_exists() -> None:
    assert [
        each
        for each in CITED
        if not (ROOT / "docs" / each.document).is_file() or each.section not in sections(each.document)
    ] == []


def test_citations_are_found() -> None:
    """More than a hundred of them: a pattern that finds nothing would hold nothing."""
    assert len([each for each in CITED if each.file.startswith("runway_nb/")]) > 100
    assert {each.document for each in CITED} >= {"api-facts.md", "jupyter-facts.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not target.startswith(("https://", "#"))]
    assert [target for target in targets if not (page.parent / target.partition("#")[0]).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_files_and_folders_that_a_page_names_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    named = re.findall(r"`((?:[\w-]+/)+(?:[\w-]+\.(?:py|js|md|ipynb))?|[\w-]+\.(?:py|md))`", text)
    parents = (
        ROOT,
        ROOT / "runway_nb",
        ROOT / "runway_nb" / "simulator",
        ROOT / "runway_nb" / "notebook",
        ROOT / "docs",
    )
    inside = (ROOT / "runway_nb" / "notebook" / "language",)
    assert [each for each in named if not any((parent / each).exists() for parent in (*parents, *inside))] == []


def test_the_map_names_every_package_and_module() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    parts = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in (ROOT / "runway_nb").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert [part for part in sorted(parts - {"__init__.py"}) if f"`{part}`" not in text] == []


def test_words_of_the_glossary_stand_once_and_in_order() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = [word.strip("`").lower() for word in re.findall(r"^\| ([^|]+) \|", text, flags=re.MULTILINE)][1:]
    words = [word for word in words if not word.startswith("---")]
    assert words == sorted(set(words))


@pytest.mark.parametrize(
    "page", [page for page in pages() if tables_in(page.read_text("utf-8"))], ids=lambda page: page.name
)
def test_tables_that_come_from_the_code_are_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert up_to_date(text) == text, "make docs writes them"


def test_every_table_stands_on_one_page() -> None:
    assert sorted(name for page in pages() for name in tables_in(page.read_text("utf-8"))) == sorted(TABLES)


def test_the_nav_names_every_page_once() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = re.findall(r"^ +- [^:\n]+: ([\w-]+\.md)$", text, flags=re.MULTILINE)
    assert sorted(named) == [page.relative_to(ROOT / "docs").as_posix() for page in pages()]


def test_the_page_of_installation_names_every_package_and_extra() -> None:
    """Each with its reason; what the tests alone need is said in pyproject.toml."""
    page = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8").lower()
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lists = dict(re.findall(r"^(\w+) = \[(.*?)\]$", project, flags=re.MULTILINE | re.DOTALL))
    extras = re.findall(
        r"^(\w+) = \[", project.split("[project.optional-dependencies]")[1].split("\n[")[0], re.MULTILINE
    )
    assert [extra for extra in extras if f"| `{extra}` |" not in page] == []
    needed = " ".join(text for name, text in lists.items() if name in ("dependencies", *extras) and name != "test")
    packages = set(re.findall(r'"([\w-]+)[><=\[]', needed)) - {"runway_nb"}
    assert [package for package in sorted(packages) if package not in page] == []


def test_readme_is_one_page_without_links_that_an_index_breaks() -> None:
    """A package index shows README alone: a relative link or picture of it leads nowhere."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 80
    targets = re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", text)
    assert [target for target in targets if not target.startswith("https://")] == []
