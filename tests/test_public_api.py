"""What `import runway_nb` gives, and what it costs."""

from __future__ import annotations

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

import runway_nb

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
HEAVY = ["IPython", "ipywidgets", "traitlets", "httpx", "httpcore", "anyio", "PIL", "sqlite3", "asyncio", "ssl"]
HEAVY += ["starlette", "uvicorn", "av", "numpy", "nest_asyncio2", "keyring", "platformdirs"]


def _fresh(code):
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_the_public_names_are_promises():
    assert runway_nb.__all__ == sorted(
        [
            "Camera",
            "Job",
            "Keyframes",
            "Ledger",
            "RunwayClient",
            "RunwayError",
            "Settings",
            "Status",
            "Studio",
            "Task",
            "VideoRequest",
            "__version__",
            "concat",
            "errors",
            "generate",
            "load_ipython_extension",
            "unload_ipython_extension",
        ]
    )


@pytest.mark.parametrize("name", runway_nb.__all__)
def test_every_public_name_is_there_and_explained(name):
    value = getattr(runway_nb, name)
    assert isinstance(value, str) or value.__doc__


def test_a_star_import_gives_all_names():
    assert _fresh("from runway_nb import *; print(*sorted(set(dir()) & {'Camera', 'generate', 'errors'}))") == [
        "Camera",
        "errors",
        "generate",
    ]


def test_the_names_are_offered_for_completion():
    assert set(runway_nb.__all__) <= set(dir(runway_nb))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = runway_nb.nonsense


def test_importing_loads_nothing_heavy():
    loaded = set(_fresh("import runway_nb, sys; print(*sys.modules)"))
    assert loaded & set(HEAVY) == set()


@pytest.mark.parametrize("names", ["Camera, VideoRequest, Keyframes", "errors, Task, Status", "Settings"])
def test_pure_parts_load_nothing_heavy_either(names):
    loaded = set(_fresh(f"from runway_nb import {names}; import sys; print(*sys.modules)"))
    assert loaded & set(HEAVY) == set()


def test_a_studio_is_used_without_a_notebook():
    loaded = set(_fresh("import runway_nb, sys; runway_nb.Studio; runway_nb.generate; print(*sys.modules)"))
    assert loaded & {"IPython", "ipywidgets", "PIL", "starlette", "uvicorn", "av", "nest_asyncio2"} == set()


# --- the package ------------------------------------------------------------------------------------


def test_the_version_is_the_same_everywhere():
    newest = re.search(r"^## (\d+\.\d+\.\d+) \((\d{4}-\d\d-\d\d)\)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert runway_nb.__version__ == PROJECT["project"]["version"] == newest[1]


@pytest.mark.parametrize("name", ["py.typed", "notebook/static/card.css", "__init__.py", "simulator/__main__.py"])
def test_the_wheel_carries_every_file(name):
    """hatchling takes the whole package but for what .gitignore names."""
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"] == {"packages": ["runway_nb"]}
    assert (ROOT / "runway_nb" / name).is_file()
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text().split() if not line.startswith("#")]
    parts = Path("runway_nb", name).parts
    assert [part for part in parts for pattern in ignored if fnmatch(part, pattern)] == []


def test_every_file_that_the_package_reads_is_beside_it():
    named = {
        match
        for path in (ROOT / "runway_nb").rglob("*.py")
        for match in re.findall(r'"([\w./-]+\.(?:css|js|html|json|sql))"', path.read_text())
    }
    shipped = {path.name for path in (ROOT / "runway_nb").rglob("*")}
    assert {name for name in named if name.endswith((".css", ".js")) and Path(name).name not in shipped} == set()


def test_every_library_of_the_package_is_a_dependency():
    wanted = {re.split(r"[<>=\[]", line)[0].lower() for line in PROJECT["project"]["dependencies"]}
    assert wanted == {"httpx", "ipython", "ipywidgets", "nest_asyncio2", "pillow", "platformdirs"}


def test_typed_use_is_checked():
    """`typing/api.py` is read by mypy as a user's program would be."""
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", "tests/typing/api.py"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
    )
    assert run.stdout + run.stderr == ""
