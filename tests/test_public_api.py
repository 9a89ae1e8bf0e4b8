"""What `import runway_nb` gives, and what it costs."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import runway_nb
from support.fakes import Party

pytestmark = pytest.mark.usefixtures("small_frames")

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


def test_the_public_names_are_promises() -> None:
    assert runway_nb.__all__ == sorted(
        [
            "Camera",
            "Comparison",
            "Job",
            "Keyframes",
            "Ledger",
            "Panel",
            "RunwayClient",
            "RunwayError",
            "Settings",
            "Status",
            "Studio",
            "Sweep",
            "Task",
            "VideoRequest",
            "add_model",
            "__version__",
            "bundle",
            "compare",
            "concat",
            "default_studio",
            "errors",
            "export",
            "generate",
            "history",
            "import_results",
            "load_ipython_extension",
            "spending",
            "sweep",
            "unload_ipython_extension",
        ]
    )


@pytest.mark.parametrize("name", runway_nb.__all__)
def test_every_public_name_is_there_and_explained(name) -> None:
    value = getattr(runway_nb, name)
    assert isinstance(value, str) or value.__doc__


@pytest.mark.slow("starts a process")
def test_a_star_import_gives_all_names() -> None:
    assert _fresh("from runway_nb import *; print(*sorted(set(dir()) & {'Camera', 'generate', 'errors'}))") == [
        "Camera",
        "errors",
        "generate",
    ]


def test_the_names_are_offered_for_completion() -> None:
    assert set(runway_nb.__all__) <= set(dir(runway_nb))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = runway_nb.nonsense


@pytest.mark.slow("starts a process")
def test_importing_loads_nothing_heavy() -> None:
    loaded = set(_fresh("import runway_nb, sys; print(*sys.modules)"))
    assert loaded & set(HEAVY) == set()


@pytest.mark.slow("starts a process")
@pytest.mark.parametrize("names", ["Camera, VideoRequest, Keyframes", "errors, Task, Status", "Settings"])
def test_pure_parts_load_nothing_heavy_either(names) -> None:
    loaded = set(_fresh(f"from runway_nb import {names}; import sys; print(*sys.modules)"))
    assert loaded & set(HEAVY) == set()


@pytest.mark.slow("starts a process")
def test_a_studio_is_used_without_a_notebook() -> None:
    loaded = set(_fresh("import runway_nb, sys; runway_nb.Studio; runway_nb.generate; print(*sys.modules)"))
    assert loaded & {"IPython", "ipywidgets", "PIL", "starlette", "uvicorn", "av", "nest_asyncio2"} == set()


# --- pictures ---------------------------------------------------------------------------------------


@pytest.fixture
def shot(party: Party):
    return party.ended(party.submit("A lamp", seed=1))


KINDS = ["figure", "array", "image", "bytes", "uri", "path", "name", "asset", "id", "job", "last", "frame", "task"]


@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_is_a_picture_can_be_first(party: Party, shot, kind) -> None:
    image = Image.new("RGB", (160, 96), "teal")
    file = party.folder / "lamp.png"
    image.save(file)
    harbour = party.studio.account.assets("harbour")[0]
    pictures = {
        "figure": Figure(figsize=(5, 3)),
        "array": np.zeros((96, 160, 3), np.uint8),
        "image": image,
        "bytes": file.read_bytes(),
        "uri": "data:image/png;base64," + base64.b64encode(file.read_bytes()).decode(),
        "path": Path("lamp.png"),
        "name": "harbour",
        "asset": harbour,
        "id": harbour.id,
        "job": shot,
        "last": shot.last,
        "frame": shot.frame(2.5),
        "task": shot.task,
    }
    job = party.ended(runway_nb.generate("A lamp turns", first=pictures[kind], studio=party.studio))
    assert job.error is None
    assert job.request.keyframes.first
    assert job.video is not None


@pytest.mark.parametrize(
    ("picture", "line"),
    [
        (7, "first is 7: give a picture"),
        ([], "first is []: give a picture"),
        ("", "first is '': give a picture"),
        (np.zeros(3), "first: the array has the shape (3,)"),
        (Image.new("RGB", (0, 5)), "first: the PIL image has 0"),
        (b"", "first: the picture is empty"),
    ],
    ids=["number", "list", "nothing", "row", "empty image", "empty bytes"],
)
def test_what_is_no_picture_is_refused_at_once(party: Party, picture, line) -> None:
    with pytest.raises(runway_nb.errors.InvalidRequest) as caught:
        runway_nb.generate("A lamp turns", first=picture, studio=party.studio)
    (problem,) = caught.value.problems
    assert problem.startswith(line)
    assert not party.api.requests


def test_the_last_frame_of_a_job_is_a_text_from_the_beginning(party: Party) -> None:
    party.simulator.fault("throttled", forever=True)
    job = party.submit()
    assert type(job.last) is str
    assert job.last == f"job:{job.id}"
    job.stop()


def test_a_studio_lists_uploads_and_deletes(party: Party) -> None:
    studio = party.studio
    assert [asset.stem for asset in studio.account.assets()] == ["harbour", "meadow"]
    assert [asset.stem for asset in studio.account.assets("MEA", "image")] == ["meadow"]
    assert len(studio.account.assets(kind="video")) == 0
    picture = Image.new("RGB", (160, 96), "teal")
    asset, notes = studio.account.upload(picture, name="lamp", fit="contain", aspect="portrait")
    assert asset.stem.startswith("lamp")
    assert notes
    assert studio.account.upload(picture, name="other", fit="contain", aspect="portrait")[0].id == asset.id
    assert studio.account.assets()[0].id == asset.id
    studio.account.delete_asset(asset)
    assert asset.id not in [other.id for other in studio.account.assets()]
    with pytest.raises(runway_nb.errors.NotFound):
        studio.account.delete_asset(asset)


def test_a_wrong_option_of_an_upload_is_refused_before_anything_is_sent(party: Party) -> None:
    with pytest.raises(runway_nb.errors.InvalidRequest) as caught:
        party.studio.account.upload(Image.new("RGB", (160, 96)), fit="wide", focus=(2, 2), aspect="square")
    assert len(caught.value.problems) == 3
    assert not party.api.requests


# --- the package ------------------------------------------------------------------------------------


def test_the_version_is_the_same_everywhere() -> None:
    newest = re.search(r"^## (\d+\.\d+\.\d+) \((\d{4}-\d\d-\d\d)\)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert runway_nb.__version__ == newest[1]
    assert "version" not in PROJECT["project"]
    assert PROJECT["tool"]["hatch"]["version"] == {"path": "runway_nb/__init__.py"}


@pytest.mark.parametrize("name", ["py.typed", "notebook/static/card.css", "__init__.py", "simulator/__main__.py"])
def test_the_wheel_carries_every_file(name) -> None:
    """hatchling takes the whole package but for what .gitignore names."""
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"] == {"packages": ["runway_nb"]}
    assert (ROOT / "runway_nb" / name).is_file()
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text().split() if not line.startswith("#")]
    parts = Path("runway_nb", name).parts
    assert [part for part in parts for pattern in ignored if fnmatch(part, pattern)] == []


def test_every_file_that_the_package_reads_is_beside_it() -> None:
    named = {
        match
        for path in (ROOT / "runway_nb").rglob("*.py")
        for match in re.findall(r'"([\w./-]+\.(?:css|js|html|json|sql))"', path.read_text())
    }
    shipped = {path.name for path in (ROOT / "runway_nb").rglob("*")}
    assert {name for name in named if name.endswith((".css", ".js")) and Path(name).name not in shipped} == set()


def test_every_library_of_the_package_is_a_dependency() -> None:
    wanted = {re.split(r"[<>=\[]", line)[0].lower() for line in PROJECT["project"]["dependencies"]}
    assert wanted == {"anyio", "anywidget", "httpx", "ipython", "ipywidgets", "nest_asyncio2", "pillow", "platformdirs"}


@pytest.mark.slow("runs mypy")
def test_typed_use_is_checked() -> None:
    """`typing/api.py` is read by mypy as a user's program would be."""
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", "tests/typing/api.py"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
    )
    assert run.stdout + run.stderr == ""
