"""What the source may do: which way imports point, how long things are, what is a parameter."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from support.syntax import nodes, parsed

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "runway_nb"
SOURCES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path.read_text()
    for path in sorted(PACKAGE.rglob("*.py"))
}
MODULES = {module: ast.parse(source) for module, source in SOURCES.items()}


def last_line(node: ast.stmt) -> int:
    assert node.end_lineno is not None
    return node.end_lineno


FLOORS = """
    spec
    text
    redaction
    errors
    values
    extension_points
    storage
    models camera camera_words template references task_options keyframes model_checks request_code request_fields
    request
    succession own_models
    start_environment
    budgets ledger_address setting_values credentials settings
    simulator.parent_process
    simulator.rendering
    simulator.service
    simulator.http
    simulator
    api
    ledger
    pictures
    jobs
    account embedded_simulator
    process_studio
    studio
    sweeps
    shortcuts comparison export_and_import
    history_table spending_table
    doctor
    follow
    notebook.served_folder
    notebook.loaded_settings notebook.hosts
    notebook.static notebook.rendering
    notebook.mimebundles notebook.session_checks notebook.page_answer notebook.bundling
    notebook.language
    notebook.cards
    notebook.panel
    notebook.magics
    notebook.extension
    __main__
    __init__
"""
"""From the ground up: a package, or a module that lies in none, imports from its own floor and from those below."""
FLOOR = {room: number for number, line in enumerate(FLOORS.strip().splitlines()) for room in line.split()}
HOMES = {
    "httpx": {"api", "pictures.links", "simulator"},
    "sqlite3": {"ledger", "simulator"},
    "psycopg": {"ledger"},
    "IPython": {"notebook"},
    "ipywidgets": {"notebook"},
    "anywidget": {"notebook"},
    "traitlets": {"notebook"},
    "starlette": {"simulator"},
    "uvicorn": {"simulator"},
    "av": {"simulator", "pictures.video_frames"},
    "nest_asyncio2": {"jobs.loop"},
    "keyring": {"credentials"},
}
"""Where each library may be used: a package, or one module."""


def _room(module):
    """The row of `FLOORS` in which a module lies; nothing for a package's own `__init__`."""
    parts = module.split(".")
    names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((name for name in names if name in FLOOR), "")


def _absolute(module, node):
    """What an import statement names, relative to the package: a module, or a name in one."""
    base = node.module.split(".")[1:] if not node.level and node.module else []
    if node.level:
        parts = module.removesuffix(".__init__").split(".") if module != "__init__" else []
        parts = [*parts, ""] if module.endswith("__init__") else parts
        base = [*parts[: len(parts) - node.level], *(node.module or "").split(".")]
    for alias in node.names:
        names = [part for part in base if part]
        whole = ".".join([*names, alias.name])
        yield whole if whole in MODULES else ".".join(names)


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
    """Our modules that a module imports, and whether it does so inside of a function."""
    return [(name, inside) for name, ours, inside in _imports(module) if ours and name]


# --- imports ----------------------------------------------------------------------------------------


def test_every_module_has_its_floor() -> None:
    packages = {"notebook.__init__", *(f"{room}.__init__" for room in FLOOR)}
    assert [module for module in MODULES if not _room(module) and module not in packages] == []
    assert {_room(module) for module in MODULES} - {""} == set(FLOOR)


def test_imports_point_down() -> None:
    def is_above(name: str, module: str) -> bool:
        return FLOOR.get(_room(name), -1) > FLOOR.get(_room(module), -1)

    assert [f"{module}: {name}" for module in MODULES for name, _ in _ours(module) if is_above(name, module)] == []


def test_no_two_rooms_import_each_other() -> None:
    edges = {(_room(module), _room(name)) for module in MODULES for name, _ in _ours(module)}
    assert sorted((a, b) for a, b in edges if a < b and (b, a) in edges) == []


def test_no_two_modules_import_each_other() -> None:
    edges = {module: {name for name, inside in _ours(module) if not inside} for module in MODULES}
    reached = edges
    for _ in range(len(MODULES).bit_length()):
        reached = {
            module: names.union(*(reached.get(name, set()) for name in names)) for module, names in reached.items()
        }
    assert [module for module, names in reached.items() if module in names] == []


def test_the_simulator_knows_nothing_of_the_client() -> None:
    inside = [module for module in MODULES if module.startswith("simulator.")]
    strangers = {name for module in inside for name, _ in _ours(module) if not name.startswith("simulator")}
    assert strangers <= {"camera", "storage.atomic_file", "storage.private_files", "text.import_problems"}


def test_the_notebook_does_not_know_the_simulator() -> None:
    inside = [module for module in MODULES if module.startswith("notebook.")]
    assert [module for module in inside for name, _ in _ours(module) if name.startswith("simulator")] == []


@pytest.mark.parametrize("library", sorted(HOMES))
def test_a_library_is_used_in_its_homes_only(library) -> None:
    users = {
        module
        for module in MODULES
        for name, ours, _ in _imports(module)
        if not ours and name.partition(".")[0] == library
    }
    homes = HOMES[library]
    assert [
        user for user in users if user not in homes and not user.startswith(tuple(f"{home}." for home in homes))
    ] == []


def test_the_package_itself_imports_nothing_of_ours_when_loaded() -> None:
    assert [name for name, inside in _ours("__init__") if not inside] == ["start_environment", "extension_points"]


def _gives_no_reason(node: ast.Import | ast.ImportFrom, lines: list[str]) -> bool:
    is_noted = any("#" in lines[number - 1] for number in (node.lineno, last_line(node)))
    return not is_noted and not lines[node.lineno - 2].lstrip().startswith("#")


def test_an_import_inside_a_function_gives_its_reason() -> None:
    """A comment on its line, or on the line above it: load time alone is a reason, and it says of what."""
    silent = [
        f"{module}, line {node.lineno}: {ast.unparse(node)}"
        for module in MODULES
        for node, inside in _walk(MODULES[module], inside=False)
        if inside and isinstance(node, (ast.Import, ast.ImportFrom))
        if _gives_no_reason(node, SOURCES[module].splitlines())
    ]
    assert silent == []


# --- size -------------------------------------------------------------------------------------------


def test_no_function_is_longer_than_fifty_lines() -> None:
    functions = [
        (f"{module}.{node.name}", last_line(node) - node.lineno + 1)
        for module in MODULES
        for node in ast.walk(MODULES[module])
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    assert [function for function in functions if function[1] > 50] == []


def test_no_file_is_longer_than_450_lines() -> None:
    assert [module for module, source in SOURCES.items() if len(source.splitlines()) > 450] == []


# --- what is handed in ------------------------------------------------------------------------------

READS_THE_MACHINE = {
    "start_environment": {"os.environ"},
    "ledger.database": {"time.sleep"},  # while another process opens the file
    "ledger.sqlite_lock": {"time.sleep"},  # while another process holds the file
    "credentials": {"os.environ"},  # Colab names itself there
    "sweeps.sweep": {"time.monotonic"},  # how long a wait may take
    "sweeps.film": {"time.monotonic"},  # how often its progress is said
    "shortcuts": {"os.environ"},  # to see that a setting has changed
    "jobs.job": {"time.time", "time.monotonic"},  # a wait of the user is real time
}
WATCHED = {"time.sleep", "time.time", "time.monotonic", "os.environ", "os.getenv", "datetime.now"}


def _attributes(tree):
    """Dotted names that are used, but for those that are defaults of parameters or of fields."""
    defaults: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arguments):
            for default in [*node.defaults, *filter(None, node.kw_defaults)]:
                defaults.update(map(id, ast.walk(default)))
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            defaults.update(map(id, ast.walk(node.value)))
    return {_dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and id(node) not in defaults}


def _dotted(node: ast.expr) -> str:
    """Return a name with its dots; of what is no name, the part behind it."""
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def test_time_chance_and_environment_are_handed_in() -> None:
    library = [name for name in MODULES if not name.startswith(("notebook.", "simulator.", "api.status_errors"))]
    found = {
        module: {name for name in _attributes(MODULES[module]) if name in WATCHED or name.startswith("random.")}
        for module in library
    }
    assert {module: names for module, names in found.items() if names - READS_THE_MACHINE.get(module, set())} == {}


def test_refusals_look_at_the_clock_for_dates_only() -> None:
    assert _attributes(MODULES["api.status_errors"]) & WATCHED == {"datetime.now"}


def test_the_package_does_not_print() -> None:
    calls = [
        (module, node.func)
        for module in MODULES
        if not module.startswith(("notebook.", "simulator.__main__"))
        for node in ast.walk(MODULES[module])
        if isinstance(node, ast.Call)
    ]
    assert [module for module, function in calls if isinstance(function, ast.Name) and function.id == "print"] == []


# --- the tests themselves ---------------------------------------------------------------------------


def _is_fixture(node):
    return any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)


def _names_used(path):
    loaded = {node.id for node in nodes(path) if isinstance(node, ast.Name)}
    imported = {alias.name for node in nodes(path) if isinstance(node, ast.ImportFrom) for alias in node.names}
    return loaded | imported


@cache
def _used_anywhere():
    return set().union(*(_names_used(path) for path in TESTS.rglob("*.py")))


def test_no_test_is_lost_for_want_of_its_prefix() -> None:
    """A top-level function is a test or a fixture, or somebody calls it."""
    lost = [
        f"{path.stem}.{node.name}"
        for path in TESTS.rglob("test_*.py")
        for node in parsed(path).body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if not (node.name.startswith("test_") or _is_fixture(node) or node.name in _used_anywhere())
    ]
    assert lost == []


def test_no_test_hides_another_of_the_same_name() -> None:
    for path in TESTS.rglob("test_*.py"):
        names = [node.name for node in parsed(path).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
        assert sorted(names) == sorted(set(names)), path
