"""The modules of the page on their own: node's test runner, and the one script that they are joined into."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from runway_nb.notebook.cards.comparison_widget import comparison_script
from runway_nb.notebook.cards.grid_widget import grid_script
from runway_nb.notebook.cards.page_probe import probe_script
from runway_nb.notebook.panel.script import facts, script

ROOT = Path(__file__).parents[2]
TESTS = sorted(path.name for path in Path(__file__).parent.glob("*.test.js"))


def node(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run node: the one that the test extra brings, or any other of this machine."""
    program = shutil.which("node", path=sysconfig.get_path("scripts")) or shutil.which("node")
    assert program, "the test extra brings node: pip install -e '.[test]'"
    environment = {**os.environ, "RUNWAY_FACTS": json.dumps(facts())}
    command = [program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, timeout=120)


@pytest.mark.parametrize("name", TESTS)
def test_the_tests_of_the_page_pass(name: str) -> None:
    run = node("--test", "--test-reporter=tap", str(Path(__file__).with_name(name)))
    counts = {key: int(count) for key, count in re.findall(r"^# (\w+) (\d+)$", run.stdout, re.MULTILINE)}
    assert run.returncode == 0, run.stdout + run.stderr
    assert counts["pass"] == counts["tests"] > 0


@pytest.mark.parametrize(
    ("joined", "widget", "entries"),
    [
        (script, "module.default", "[ 'initialize', 'render' ]"),
        (probe_script, "module.default", "[ 'render' ]"),
        (grid_script, "module.default()", "[ 'initialize', 'render' ]"),
        (comparison_script, "module.default", "[ 'initialize', 'render' ]"),
    ],
)
def test_a_joined_script_is_one_module_without_a_name_twice(
    tmp_path: Path, joined: Callable[[], str], widget: str, entries: str
) -> None:
    """In a module a name that is declared twice is an error of syntax."""
    path = tmp_path / "script.mjs"
    path.write_text(joined(), "utf-8")
    lines = f"const module = await import({json.dumps(path.as_uri())}); console.log(Object.keys({widget}))"
    run = node("--input-type=module", "--eval", lines)
    assert (run.stdout.strip(), run.stderr) == (entries, "")


@pytest.mark.parametrize("name", ["package.json", "package-lock.json", "tsconfig.json", "biome.json", ".npmrc"])
def test_what_checks_the_page_names_no_registry(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "resolved" not in text.replace("omit-lockfile-registry-resolved", "")
    assert "registry." not in text


def test_every_tool_is_pinned() -> None:
    wanted = json.loads((ROOT / "package.json").read_text("utf-8"))["devDependencies"]
    locked = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert all(entry["integrity"] for path, entry in locked.items() if path)
