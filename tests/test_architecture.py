"""What the source may do: which way imports point, how long things are, what is a parameter."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "runway_nb"
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): ast.parse(path.read_text())
    for path in sorted(PACKAGE.rglob("*.py"))
}
TOP = {name: tree for name, tree in MODULES.items() if "." not in name and name != "__init__"}

STOREYS = [
    {
        "errors",
        "spec",
        "redact",
        "known",
        "spelling",
        "visible",
        "home",
        "console",
        "line_words",
        "private_files",
        "handle",
        "plain",
        "arguments",
        "setting_values",
    },
    {"camera", "picture", "request", "answer_values", "artifact", "task", "follow", "name_forms", "file_link"},
    {
        "credentials",
        "settings",
        "environment",
        "lease",
        "unfinished",
        "stills",
        "record",
        "frames",
        "fit",
        "decode",
        "deep",
        "levels",
        "arrays",
        "picture_limits",
        "picture_parts",
        "tiff_parts",
        "strangers",
        "account",
        "images",
        "sources",
        "picture_link",
        "api_http",
        "broken",
        "draft",
        "http_body",
        "http_client",
        "link_guard",
        "assets",
        "api_refusals",
        "client",
        "media",
        "mp4",
        "matching",
        "reconcile",
        "server_clock",
        "loop",
        "slots",
    },
    {
        "migrations",
        "account_book",
        "sqlite_errors",
        "ledger_file",
        "kept_uploads",
        "rows",
        "spending",
        "ledger",
        "admission",
    },
    {
        "uploads",
        "keyframes",
        "state",
        "job",
        "session",
        "stored",
        "storable",
        "run",
        "shots",
        "send",
        "track",
        "fetch",
        "workflow",
        "runner",
        "studio",
        "default",
        "loaded_settings",
    },
]
"""From the ground up; a module imports from its own storey and from those below."""
UPWARD = {
    ("assets", "notebook.gallery"),
    ("job", "notebook.display"),
    ("session", "simulator"),
    ("loaded_settings", "notebook.extension"),
    ("__init__", "notebook.extension"),
}
"""The imports that point up: inside of a function, at the moment of use."""
HOMES = {
    "httpx": {
        "api_http",
        "broken",
        "api_refusals",
        "client",
        "http_body",
        "http_client",
        "link_guard",
        "media",
        "picture_link",
        "simulator",
    },
    "sqlite3": {"ledger", "ledger_file", "sqlite_errors", "migrations", "unfinished", "simulator"},
    "IPython": {"notebook"},
    "ipywidgets": {"notebook"},
    "anywidget": {"notebook"},
    "traitlets": {"notebook"},
    "starlette": {"simulator"},
    "uvicorn": {"simulator"},
    "av": {"simulator", "frames"},
    "nest_asyncio2": {"loop"},
    "keyring": {"credentials"},
}


def _storey(name):
    return next(number for number, names in enumerate(STOREYS) if name.partition(".")[0] in names)


def _absolute(module, node):
    """What an import statement of ours names, relative to the package."""
    if not node.level:
        return [node.module or ""]
    parts = module.split(".")
    base = parts[: len(parts) - node.level]
    if node.module:
        return [".".join([*base, node.module])]
    return [".".join([*base, alias.name]) for alias in node.names]


@cache
def _imports(module):
    """Every import: (name, True when ours, True when inside a function), without those for types only."""
    return tuple(_read_imports(module))


def _read_imports(module):
    for node, inside in _walk(MODULES[module], inside=False):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, alias.name.startswith("runway_nb"), inside
        elif isinstance(node, ast.ImportFrom):
            ours = bool(node.level) or (node.module or "").startswith("runway_nb")
            for name in _absolute(module, node):
                yield name, ours, inside


def _walk(node, inside):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child, inside
        yield from _walk(child, inside or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)))


def _ours(module):
    """Our modules that a module imports, by their first name where they lie in the top level."""
    for name, ours, inside in _imports(module):
        if ours and name not in ("", "__version__") and name in MODULES | {"simulator": 0, "notebook": 0}:
            yield name, inside


# --- imports ----------------------------------------------------------------------------------------


def test_every_module_has_its_storey():
    assert set(TOP) == set().union(*STOREYS)


@pytest.mark.parametrize("module", sorted(TOP))
def test_imports_point_down(module):
    for name, inside in _ours(module):
        if (module, name) in UPWARD:
            assert inside, f"{module} imports {name} before it is used"
            continue
        assert name in TOP, f"{module} imports {name}"
        assert _storey(name) <= _storey(module), f"{module} imports {name} from above"


def test_no_two_modules_import_each_other():
    edges = {(module, name) for module in TOP for name, inside in _ours(module) if not inside}
    reached = {module: {name for start, name in edges if start == module} for module in TOP}
    for _ in TOP:
        reached = {module: names.union(*(reached[name] for name in names)) for module, names in reached.items()}
    assert [module for module, names in reached.items() if module in names] == []


@pytest.mark.parametrize("module", sorted(name for name in MODULES if name.startswith("simulator.")))
def test_the_simulator_knows_nothing_of_the_client(module):
    strangers = {name for name, _ in _ours(module) if not name.startswith("simulator")}
    assert strangers <= {"camera", "private_files"}


@pytest.mark.parametrize("module", sorted(name for name in MODULES if name.startswith("notebook.")))
def test_the_notebook_does_not_know_the_simulator(module):
    assert [name for name, _ in _ours(module) if name.startswith("simulator")] == []


@pytest.mark.parametrize("library", sorted(HOMES))
def test_a_library_is_used_in_its_homes_only(library):
    users = {
        module.partition(".")[0]
        for module in MODULES
        for name, ours, _ in _imports(module)
        if not ours and name.partition(".")[0] == library
    }
    assert users <= HOMES[library]


def test_the_package_itself_imports_nothing_of_ours_when_loaded():
    assert [name for name, inside in _ours("__init__") if not inside] == []


# --- size -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_function_is_longer_than_fifty_lines(module):
    long = [
        f"{node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(MODULES[module])
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno - node.lineno >= 50
    ]
    assert long == []


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_no_file_is_longer_than_450_lines(path):
    assert len(path.read_text().splitlines()) <= 450


# --- what is handed in ------------------------------------------------------------------------------

READS_THE_MACHINE = {
    "ledger_file": {"time.sleep"},  # while another process holds the file
    "credentials": {"os.environ"},  # Colab names itself there
    "default": {"os.environ"},  # to see that a setting has changed
    "job": {"time.time", "time.monotonic"},  # a wait of the user is real time
}
WATCHED = {"time.sleep", "time.time", "time.monotonic", "os.environ", "os.getenv", "datetime.now"}


def _attributes(tree):
    """Dotted names that are used, but for those that are defaults of parameters or of fields."""
    defaults = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arguments):
            for default in [*node.defaults, *filter(None, node.kw_defaults)]:
                defaults.update(map(id, ast.walk(default)))
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            defaults.update(map(id, ast.walk(node.value)))
    return {
        ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and id(node) not in defaults
    }


@pytest.mark.parametrize("module", sorted(set(TOP) - {"api_refusals"}))
def test_time_chance_and_environment_are_handed_in(module):
    used = _attributes(TOP[module])
    assert used & WATCHED <= READS_THE_MACHINE.get(module, set())
    assert {name for name in used if name.startswith("random.")} == set()


def test_refusals_look_at_the_clock_for_dates_only():
    assert _attributes(TOP["api_refusals"]) & WATCHED == {"datetime.now"}


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"__main__", "simulator.__main__"}))
def test_the_package_does_not_print(module):
    calls = [node for node in ast.walk(MODULES[module]) if isinstance(node, ast.Call)]
    found = [call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
    assert found == [] or module.startswith("notebook.")


# --- the tests themselves ---------------------------------------------------------------------------


def _is_fixture(node):
    return any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)


def _names_used(tree):
    loaded = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    return loaded | imported


@cache
def _used_anywhere():
    return set().union(*(_names_used(ast.parse(path.read_text())) for path in TESTS.rglob("*.py")))


@pytest.mark.parametrize("path", sorted(TESTS.glob("test_*.py")), ids=lambda path: path.stem)
def test_no_test_is_lost_for_want_of_its_prefix(path):
    """A top-level function is a test or a fixture, or somebody calls it."""
    lost = [
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and not node.name.startswith("test_")
        and not _is_fixture(node)
        and node.name not in _used_anywhere()
    ]
    assert lost == []


@pytest.mark.parametrize("path", sorted(TESTS.glob("test_*.py")), ids=lambda path: path.stem)
def test_no_test_hides_another_of_the_same_name(path):
    names = [
        node.name for node in ast.parse(path.read_text()).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    ]
    assert sorted(names) == sorted(set(names))
