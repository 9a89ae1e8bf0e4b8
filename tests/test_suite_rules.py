"""What the tests may do: each stands alone, asks for behaviour, and says why it is slow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from support.durations import known_durations, read_durations, written_durations
from support.parts import in_parts, weights
from support.syntax import nodes

TESTS = Path(__file__).parent
FILES = sorted(path for path in TESTS.rglob("*.py") if "__pycache__" not in path.parts)
PROTOCOLS = {
    "_replace",
    "_asdict",
    "_fields",
    "_make",
    "_esm",
    "_css",
    "_view_name",
    "_model_name",
    "_set_running_loop",
}
"""Names with an underscore that their libraries document: named tuples, anywidget, ipywidgets, event loops."""
SLEEPS = {"browser/test_jupyterlab.py": 1.0}
"""Where a test may pause for longer: messages that go to no page are seen by nobody."""


def is_private(name: str) -> bool:
    """Return whether a name belongs to its module; IPython's `_repr_html_` and the like are for everybody."""
    return name.startswith("_") and not name.endswith("_") and name not in PROTOCOLS


def own_names(path: Path) -> set[str]:
    """Return every name that a file defines: functions, classes, variables, parameters, attributes of its objects."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_own(node.value):
            found.add(node.attr)
    return found


def is_own(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in ("self", "cls")


def last_name(value: ast.expr) -> str:
    """Return the name of what is called, without what it is taken from."""
    if isinstance(value, ast.Attribute):
        return value.attr
    return value.id if isinstance(value, ast.Name) else ""


def reached(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of everything private that is taken from elsewhere."""
    for node in nodes(path):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and not is_own(node.value):
            yield node.lineno, node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, alias.name) for alias in node.names if is_private(alias.name))
        elif isinstance(node, ast.Call) and last_name(node.func) in ("setattr", "getattr", "delattr"):
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            names = [text.rpartition(".")[2] for text in texts]
            yield from ((node.lineno, name) for name in names if is_private(name) and name.isidentifier())


@cache
def private_names() -> dict[str, list[str]]:
    """Return where each private name of another module is reached."""
    found: dict[str, list[str]] = {}
    for path in FILES:
        own = own_names(path)
        for line, name in reached(path):
            if name not in own:
                found.setdefault(name, []).append(f"{path.relative_to(TESTS).as_posix()}:{line}")
    return found


def test_no_test_reaches_a_private_name_of_another_module() -> None:
    assert private_names() == {}


def test_each_test_module_has_a_name_of_its_own() -> None:
    """Two of one name could not be collected in one run."""
    names = [path.name for path in FILES if path.stem.startswith("test_")]
    assert sorted(names) == sorted(set(names))


def test_no_test_module_imports_another() -> None:
    """Also not in a script that it starts; what several need lies in `support`."""
    modules = {path.stem for path in FILES if path.stem.startswith("test_")} | {"conftest"}
    found = []
    for path in FILES:
        for node in nodes(path):
            names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                lines = [line.split() for line in node.value.splitlines()]
                names = [words[1] for words in lines if len(words) > 1 and words[0] in ("import", "from")]
            found += [f"{path.name}: {name}" for name in names if modules & set(name.split("."))]
    assert found == []


def test_a_slow_test_says_why() -> None:
    found = []
    for path in FILES:
        for node in nodes(path):
            if isinstance(node, ast.Attribute) and ast.unparse(node) == "pytest.mark.slow":
                found.append((path.name, node.lineno, reason_at(path, node)))
    assert found != []
    assert [each for each in found if not each[2]] == []


def reason_at(path: Path, marker: ast.Attribute) -> str:
    """Return the reason of a marker, or nothing."""
    calls = [node for node in nodes(path) if isinstance(node, ast.Call) and node.func is marker]
    texts = [arg.value for call in calls for arg in call.args if isinstance(arg, ast.Constant)]
    return next((text for text in texts if isinstance(text, str)), "")


def test_no_test_sleeps_in_its_own_thread() -> None:
    """A test that waits for something waits for that; a pause between two looks is shorter than what it looks for."""
    longest = 0.1
    found = []
    for path in FILES:
        for node in nodes(path):
            if not (isinstance(node, ast.Call) and node.args and last_name(node.func) == "sleep"):
                continue
            if ast.unparse(node.func) in ("time.sleep", "clock.sleep"):
                seconds = node.args[0]
                name = path.relative_to(TESTS).as_posix()
                pause = seconds.value if isinstance(seconds, ast.Constant) else 0
                if isinstance(pause, (int, float)) and pause > SLEEPS.get(name, longest):
                    found.append(f"{name}:{node.lineno}")
    assert found == []


def test_the_parts_of_a_run_hold_every_file_once_and_weigh_the_same() -> None:
    sizes = weights(path for path in FILES if path.stem.startswith("test_"))
    for count in (1, 2, 3):
        parts = in_parts(sizes, count)
        assert sorted(path for part in parts for path in part) == sorted(sizes)
        sums = [sum(sizes[path] for path in part) for part in parts]
        assert max(sums) - min(sums) < max(sizes.values())


def test_what_make_quick_leaves_out_is_there() -> None:
    table = known_durations()
    known = {
        f"tests/{path.relative_to(TESTS).as_posix()}::{node.name}"
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert table.long != frozenset()
    assert table.long - known == frozenset(), "make durations writes tests/durations.txt anew"


def test_the_quickest_tests_are_kept_up_to_a_limit() -> None:
    """A test of many cases is judged by one of them, and stays or goes with all."""
    cases = {"a.py::quick": [0.25] * 4, "a.py::long": [3.0], "b.py::middle": [0.5, 1.5], "b.py::longer": [4.0]}
    kept = read_durations(written_durations(cases, limit=3.0))
    assert kept == ({"a.py": 1.0, "b.py": 2.0}, {"a.py::long", "b.py::longer"})
    assert read_durations(written_durations(cases, limit=10.0)).long == set()
