"""The tables of the pages in docs/: made from the code, and written between two marks in their pages.

    python tests/support/page_tables.py

brings all pages up to date; a test says where one is not. The pages hold the tables themselves, so that they can be
read without being built.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import runway_nb
from runway_nb import errors, settings
from runway_nb.ledger import phase
from runway_nb.notebook.extension import RunwayMagics
from runway_nb.notebook.language.options import option_rows
from runway_nb.notebook.magics.command_line import command_rows
from runway_nb.notebook.magics.commands import COMMANDS
from runway_nb.notebook.rendering.model_table import HEAD, model_row
from runway_nb.simulator.service.faults import KINDS
from runway_nb.spec import BASE_URL, MODELS

sys.path.insert(0, str(Path(__file__).parents[1]))  # for a run as a script

from support import front_end_rows

ROOT = Path(__file__).resolve().parents[2]
MARKED = re.compile(r"(<!-- table: (\w+), written by make docs -->\n\n).*?(\n\n<!-- end -->)", re.DOTALL)


def described(module_file: str, class_name: str) -> dict[str, str]:
    """Return what stands below each attribute of a class, by its name; such texts are gone at run time."""
    tree = ast.parse(Path(module_file).read_text(encoding="utf-8"))
    (body,) = [node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name]
    found = {}
    for node, below in pairwise(body):
        target = (
            node.target
            if isinstance(node, ast.AnnAssign)
            else node.targets[0]
            if isinstance(node, ast.Assign)
            else None
        )
        if isinstance(target, ast.Name) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            found[target.id] = " ".join(str(below.value.value).split())
    return found


def table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Return a table of Markdown; a bar inside of a cell is written as one."""
    lines = [" | ".join(cell.replace("|", r"\|") for cell in row) for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {line} |" for line in lines)])


# --- the tables ---------------------------------------------------------------------------------------


def settings_rows() -> Iterator[tuple[str, ...]]:
    """Yield each setting: what it is, where it is set, and what holds without it."""
    words, traits = described(settings.__file__, "Settings"), RunwayMagics.class_traits(config=True)
    decided = {"token": None, "base_url": BASE_URL, "home": "the user's data folder", "output": "runway_outputs"}
    decided |= dict.fromkeys(("user", "budget"))
    usual = {spec.name: decided.get(spec.name, spec.default) for spec in fields(settings.Settings)}
    for name, default in usual.items():
        variable = settings.VARIABLES.get(name)
        yield f"`{name}`", words[name], f"`{variable}`" if variable else "", _config(name, traits), _default(default)
    for name, trait in traits.items():
        if name not in usual:
            yield f"`{name}`", trait.help, "", _config(name, traits), "none"


def _config(name: str, traits: Mapping[str, object]) -> str:
    return f"`.{name}`" if name in traits else ""


def _default(value: object) -> str:
    words = {None: "none", True: "on", False: "off"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def error_rows() -> Iterator[tuple[str, ...]]:
    """Yield each error: what it means, what to do, and what was paid, all out of its docstring."""
    for error in vars(errors).values():
        if isinstance(error, type) and issubclass(error, errors.RunwayError) and error.__doc__:
            yield f"`{error.__name__}`", *error_words(error.__doc__)


def error_words(text: str) -> tuple[str, str, str]:
    """Return meaning, what to do and what was paid, as the first and the last paragraph of a docstring say them."""
    paragraphs = [" ".join(each.split()) for each in text.strip().split("\n\n")]
    found = re.fullmatch(r"Paid: (.*?)\. To do: (.*)\.", paragraphs[-1])
    assert found, f"no words on what was paid and what to do: {text}"
    return paragraphs[0], found[2], found[1]


def phase_rows() -> Iterator[tuple[str, ...]]:
    """Yield each phase of a job, and what it says."""
    words = described(phase.__file__, "Phase")
    yield from ((f"`{each.value}`", words[each.name]) for each in phase.Phase)


def fault_rows() -> Iterator[tuple[str, ...]]:
    """Yield each fault of the simulator."""
    yield from ((f"`{name}`", kind.description) for name, kind in KINDS.items())


def error_tree() -> str:
    """Return the tree that the docstring of the module draws."""
    lines = str(errors.__doc__).split("\n\n")[1].splitlines()
    return "\n".join(["```text", *(line.removeprefix("    ") for line in lines), "```"])


def api_names() -> str:
    """Return what has the reference of each public name written: first the functions, then the classes."""
    public = [name for name in runway_nb.__all__ if callable(getattr(runway_nb, name)) and "ipython" not in name]
    functions = [name for name in public if not isinstance(getattr(runway_nb, name), type)]
    classes = [name for name in public if name not in functions and name != "RunwayError"]
    groups = [("Functions", functions), ("Classes", classes)]
    return "\n\n".join(
        line for title, names in groups for line in (f"## {title}", *(f"::: runway_nb.{name}" for name in names))
    )


TABLES: dict[str, Callable[[], str]] = {
    "options": lambda: table(("option", "meaning"), ((f"`{typed}`", text) for typed, text in option_rows())),
    "commands": lambda: table(
        ("command", "what it does"), ((f"`%runway {typed}`", text) for typed, text in command_rows(COMMANDS))
    ),
    "models": lambda: table(HEAD, ((f"`{name}`", *rest) for name, *rest in map(model_row, MODELS.values()))),
    "settings": lambda: table(
        ("setting", "what it is", "environment", "`%config RunwayMagics`", "default"), settings_rows()
    ),
    "errors": lambda: table(("error", "what it means", "what to do", "what was paid"), error_rows()),
    "tree": error_tree,
    "names": api_names,
    "phases": lambda: table(("phase", "what it says"), phase_rows()),
    "front_ends": lambda: table(front_end_rows.HEAD, front_end_rows.front_end_rows()),
    "faults": lambda: table(("fault", "what the simulator does"), fault_rows()),
}
"""What each table is made by, by the name in its marks."""


def up_to_date(text: str) -> str:
    """Return a page with its tables made anew."""
    return MARKED.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}{found[3]}", text)


def tables_in(text: str) -> list[str]:
    """Return the names of the tables that a page holds."""
    return [found[2] for found in MARKED.finditer(text)]


def pages() -> list[Path]:
    """Return every page of the documents."""
    return sorted((ROOT / "docs").rglob("*.md"))


def main() -> None:
    for page in pages():
        before = page.read_text(encoding="utf-8")
        if (after := up_to_date(before)) != before:
            page.write_text(after, encoding="utf-8")
            sys.stdout.write(f"{page.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
