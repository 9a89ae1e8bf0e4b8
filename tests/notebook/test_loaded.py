"""The settings of `%config RunwayMagics`, and the budget among them, over every kind of reload."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import runway_nb
from runway_nb import shortcuts as default_module
from runway_nb.errors import SettingsError
from runway_nb.notebook.loaded_settings import loaded_settings, notebook_settings, remember, running_shell
from runway_nb.process_studio import close_studio
from runway_nb.request import VideoRequest
from runway_nb.spec import MODELS
from support import shells
from support.kernels import PATIENCE, clean_env, shared_simulator

FORGET = "for n in [n for n in sys.modules if n.partition('.')[0] == 'runway_nb']: del sys.modules[n]\n"
RELOADS = {
    "nothing": "pass",
    "importlib.reload of the package": "importlib.reload(runway_nb)",
    "importlib.reload of the module with the studio": "importlib.reload(sys.modules['runway_nb.process_studio'])",
    "importlib.reload of the module that makes it": "importlib.reload(sys.modules['runway_nb.shortcuts'])",
    "another name of the session": "os.environ['JPY_SESSION_NAME'] = 'renamed.ipynb'",
    "another folder": "os.mkdir('deep'); os.chdir('deep')",
    "loading it twice": "runway_nb.load_ipython_extension(shell)",
    "%reload_ext": "shell.run_line_magic('reload_ext', 'runway_nb')",
    "unloading and loading": "[shell.run_line_magic(m, 'runway_nb') for m in ('unload_ext', 'load_ext')]",
    "a spelling of the address": "shell.run_line_magic('config', f'RunwayMagics.base_url = {address.upper()!r}')",
    "the right address again": "shell.run_line_magic('config', f'RunwayMagics.base_url = {address!r}')",
    "its modules forgotten": FORGET + "import runway_nb",
    "its modules forgotten, then loaded": FORGET + "shell.run_line_magic('reload_ext', 'runway_nb')",
    "its settings gone": "importlib.import_module('runway_nb.notebook.loaded_settings').remember(None); "
    "gone = shell.configurables[:]; "
    "shell.configurables[:] = []",
    "its settings back": "shell.configurables[:] = gone",
    "unloading": "shell.run_line_magic('unload_ext', 'runway_nb')",
}
SCRIPT = """
import importlib, json, os, sys
import runway_nb
shell, address = get_ipython(), ADDRESS
shell.run_line_magic("load_ext", "runway_nb")
shell.run_line_magic("config", f"RunwayMagics.base_url = {address!r}")
shell.run_line_magic("config", "RunwayMagics.max_credits = 25")
running = runway_nb.generate("A lamp turns")
first = runway_nb.default_studio()
def outcome():
    try:
        importlib.import_module("runway_nb").generate("Another lamp turns")
        return "sent"
    except Exception as error:
        return type(error).__name__
reported = {}
for name, code in json.loads(RELOADS).items():
    exec(code)
    module = importlib.import_module("runway_nb")
    same = name not in ("its settings gone", "unloading") and module.default_studio() is first
    r = shell.run_cell("%%runway\\nAnother lamp turns")
    cell = r.error_in_exec or r.error_before_exec
    reported[name] = [outcome(), type(cell).__name__ if cell is not None else "sent", same]
    if name == "another folder":
        reported["running"] = [running.wait(30).status, running.id in module.default_studio().jobs]
print("RESULTS " + json.dumps(reported))
"""


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of a shot over budget after each kind of reload, in one IPython, one after the other."""
    folder = tmp_path_factory.mktemp("reloads")
    (folder / "home").mkdir()
    simulator = shared_simulator()
    script = SCRIPT.replace("ADDRESS", repr(simulator.base_url)).replace("RELOADS", repr(json.dumps(RELOADS)))
    (folder / "cells.ipy").write_text(script)
    env = clean_env(folder / "home", USEAPI_TOKEN=simulator.env["USEAPI_TOKEN"], NO_COLOR="1")
    before = simulator.counts()["creates_received"]
    run = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "cells.ipy"],
        cwd=folder, env=env, capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    lines = [line for line in run.stdout.splitlines() if line.startswith("RESULTS ")]
    assert lines, run.stdout + run.stderr
    found: dict[str, Any] = json.loads(lines[0].removeprefix("RESULTS "))
    found["creates"] = simulator.counts()["creates_received"] - before
    return found


@pytest.mark.slow("starts a process")
@pytest.mark.kernel
@pytest.mark.parametrize("name", RELOADS)
def test_a_budget_holds_over_every_kind_of_reload(reported: dict[str, Any], name) -> None:
    python, cell, _ = reported[name]
    assert python == ("SettingsError" if name == "its settings gone" else "OverBudget")
    assert cell == ("UsageError" if name == "unloading" else python)


@pytest.mark.kernel
def test_nothing_was_sent_over_the_budget_and_a_job_that_ran_ends(reported: dict[str, Any]) -> None:
    assert reported["creates"] == 1
    assert reported["running"] == ["SUCCEEDED", True]


@pytest.mark.slow("starts a process")
@pytest.mark.kernel
def test_a_reload_of_python_modules_makes_no_second_studio(reported: dict[str, Any]) -> None:
    kept = [name for name in RELOADS if reported[name][2]]
    assert kept == [*RELOADS][:7]  # all before %reload_ext, which closes it


# --- one shell ----------------------------------------------------------------------------------------


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    monkeypatch.chdir(tmp_path)
    remember(None)
    with shells.own_shell() as shell:
        yield shell
    remember(None)


def test_without_a_shell_nothing_is_set() -> None:
    assert notebook_settings() == (None, None)


def test_a_shell_without_the_extension_has_no_settings(shell: Any) -> None:
    assert loaded_settings() is None
    assert notebook_settings() == (None, None)


def test_the_settings_of_a_profile_hold_without_the_extension(shell: Any) -> None:
    shell.config.RunwayMagics.max_credits = 25
    config, folder = notebook_settings()
    assert config is not None
    assert (config["max_credits"], folder) == (25, None)


@pytest.mark.parametrize(("name", "value"), [("max_credits", "many"), ("embed", "perhaps"), ("reuse", "no")])
def test_a_setting_of_a_profile_that_cannot_be_used_is_one_line(shell: Any, name: str, value: str) -> None:
    setattr(shell.config.RunwayMagics, name, value)
    with pytest.raises(SettingsError, match=name):
        notebook_settings()
    with pytest.raises(SettingsError, match=name):
        runway_nb.load_ipython_extension(shell)


def test_settings_come_back_when_the_extension_is_loaded_again(shell: Any) -> None:
    manager = shell.extension_manager
    manager.load_extension("runway_nb")
    shell.run_line_magic("config", "RunwayMagics.max_credits = 25")
    shell.run_line_magic("config", "RunwayMagics.output = 'films'")
    manager.unload_extension("runway_nb")
    config, _ = notebook_settings()
    assert config is not None
    assert config["max_credits"] == 25
    manager.load_extension("runway_nb")
    assert (loaded_settings().max_credits, loaded_settings().output) == (25, "films")
    shell.run_line_magic("config", "RunwayMagics.max_credits = None")
    manager.reload_extension("runway_nb")
    assert loaded_settings().max_credits is None
    manager.unload_extension("runway_nb")


GEN5 = {"path": "/gen5/create", "aspects": {"16:9": (1280, 720)}, "seconds": [5, 10]}


@pytest.fixture
def _own_models() -> Iterator[None]:
    before = dict(MODELS)
    yield
    MODELS.clear()
    MODELS.update(before)


@pytest.mark.usefixtures("_own_models")
def test_a_model_of_ones_own_is_a_setting(shell: Any) -> None:
    shell.extension_manager.load_extension("runway_nb")
    shell.run_line_magic("config", f"RunwayMagics.models = { ({'gen5': GEN5})!r}")
    assert VideoRequest("A lamp", model="gen5", seconds=10).problems() == ()
    del MODELS["gen5"]  # as after its modules are loaded again
    assert default_module.default_studio().settings.model == "gen3turbo"
    assert MODELS["gen5"].path == "/gen5/create"
    close_studio()
    shell.extension_manager.unload_extension("runway_nb")


@pytest.mark.usefixtures("_own_models")
def test_a_model_of_ones_own_comes_from_a_profile(shell: Any) -> None:
    shell.config.RunwayMagics.models = {"gen5": GEN5}
    notebook_settings()
    assert [*MODELS["gen5"].seconds] == [5, 10]


@pytest.mark.parametrize(
    ("models", "line"),
    [
        ({"gen5": {"path": "/gen5/create"}}, "a model needs aspects, seconds"),
        ({"gen5": {**GEN5, "colour": 1}}, "a model has no colour"),
        ({"gen5": 7}, "the model 'gen5' is 7: give a mapping"),
    ],
)
@pytest.mark.usefixtures("_own_models")
def test_a_model_that_cannot_be_used_is_one_line_and_changes_nothing(shell: Any, models: Any, line: str) -> None:
    shell.config.RunwayMagics.models = models
    with pytest.raises(SettingsError, match=line):
        notebook_settings()
    assert "gen5" not in MODELS


def test_loading_twice_registers_once(shell: Any) -> None:
    for _ in range(2):
        runway_nb.load_ipython_extension(shell)
    assert [type(c).__name__ for c in shell.configurables].count("RunwayMagics") == 1
    assert len([t for t in shell.input_transformers_cleanup if "runway_nb" in t.__module__]) == 1
    runway_nb.unload_ipython_extension(shell)


def test_settings_that_are_gone_are_refused_and_not_taken_for_no_limit(shell: Any) -> None:
    shell.extension_manager.load_extension("runway_nb")
    remember(None)
    shell.configurables.clear()
    with pytest.raises(SettingsError, match="%reload_ext runway_nb"):
        default_module.default_studio()
    shell.extension_manager.unload_extension("runway_nb")


def test_a_reload_of_the_package_keeps_its_settings(shell: Any) -> None:
    runway_nb.load_ipython_extension(shell)
    kept = loaded_settings()
    importlib.reload(runway_nb)
    assert kept is not None
    assert loaded_settings() is kept
    runway_nb.unload_ipython_extension(shell)


def test_a_reload_of_the_module_itself_keeps_the_settings(shell: Any) -> None:
    runway_nb.load_ipython_extension(shell)
    kept = loaded_settings()
    importlib.reload(sys.modules["runway_nb.notebook.loaded_settings"])
    shell.configurables.clear()
    assert loaded_settings() is kept
    runway_nb.unload_ipython_extension(shell)


def test_settings_hold_that_were_loaded_into_a_shell_which_is_not_ipythons_own(shell: Any) -> None:
    other = shells.another_shell()
    runway_nb.load_ipython_extension(other)
    other.run_line_magic("config", "RunwayMagics.max_credits = 25")
    config, _ = notebook_settings()
    assert config is not None
    assert config["max_credits"] == 25
    runway_nb.unload_ipython_extension(other)
    shells.forget(other)


def test_a_script_has_no_shell_and_does_not_load_ipython() -> None:
    code = (
        "import sys, runway_nb.notebook.loaded_settings as loaded; "
        "print(loaded.running_shell(), loaded.notebook_settings(), 'IPython' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE)
    assert run.stdout == "None (None, None) False\n", run.stderr


def test_the_running_shell_is_ipythons_own(shell: Any) -> None:
    assert running_shell() is shell
