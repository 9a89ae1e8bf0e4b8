"""Versions against bounds, and the modules of the simulator."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from runway_nb.doctor.finding import Finding
from runway_nb.doctor.packages import (
    is_editable,
    is_within,
    look_at_installation,
    look_at_module,
    look_at_packages,
    look_at_python,
    read_requirements,
)

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
LINES = (
    "httpx<1,>=0.27",
    "nest-asyncio2>=1.7",
    'av>=13.0; extra == "simulator"',
    "uvicorn (>=0.30) ; extra == 'simulator'",
    'runway-nb[simulator]; extra == "all"',
)
GOOD = {"httpx": "0.28.1", "nest-asyncio2": "1.7.4", "av": "14.2.0", "uvicorn": "0.30.0"}


def installed(versions: dict[str, str]) -> Callable[[str], str]:
    def find(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    return find


def looked(**versions: str | None) -> dict[str, Finding]:
    found = {**GOOD, **versions}
    present = {name: version for name, version in found.items() if version is not None}
    return {finding.name: finding for finding in look_at_packages(LINES, installed(present))}


@pytest.mark.parametrize(
    ("version", "bounds", "expected"),
    [
        ("0.27", ">=0.27,<1", True), ("0.26.9", ">=0.27,<1", False), ("1.0", ">=0.27,<1", False),
        ("0.100.0", ">=0.27,<1", True), ("1.0", "==1", True), ("1.0.1", "==1", False), ("2", "!=2.0", False),
        ("1.9", "~=1.4", True), ("2.0", "~=1.4", False), ("13.0.0rc1", ">=13.0", True), ("v9", ">8", True),
        ("1", "", True), ("8", "<=8.0", True),
    ],
)  # fmt: skip
def test_versions_are_compared_by_their_numbers(version: str, bounds: str, expected: bool) -> None:
    assert is_within(version, bounds) is expected


def test_every_bound_that_the_project_declares_is_read() -> None:
    declared = re.findall(r'"([\w-]+)((?:[<>=!~]+[\w.]+,?)+)"', PYPROJECT.read_text().partition("[tool.")[0])
    assert len(declared) > 20
    for name, bounds in declared:
        lines = (f"{name}{bounds}", f"{name}{','.join(reversed(bounds.split(',')))}; extra == 'all'")
        found = [(each.name, each.bounds, each.extra) for each in read_requirements(lines)]
        if name != "runway_nb":
            assert found == [(name, bounds, ""), (name, bounds, "all")]


def test_by_default_the_metadata_of_the_installed_distribution_are_read() -> None:
    found = {finding.name: finding for finding in look_at_packages()}
    assert found["packages"].state == "ok"
    assert "httpx 0." in found["packages"].text
    assert set(found) >= {"packages", "extra simulator", "extra test"}


def test_packages_within_their_bounds_are_named_with_their_versions() -> None:
    found = looked()
    assert found["packages"] == Finding("packages", "ok", "httpx 0.28.1, nest-asyncio2 1.7.4")
    assert found["extra simulator"] == Finding("extra simulator", "ok", "av 14.2.0, uvicorn 0.30.0")
    assert list(found) == ["packages", "extra simulator"]


def test_a_package_outside_of_its_bounds_is_named_with_what_installs_it() -> None:
    assert looked(httpx="1.2")["packages"] == Finding(
        "packages", "wrong", "httpx 1.2 (needed: >=0.27,<1)", 'pip install "httpx>=0.27,<1"'
    )
    assert looked(av="12.3")["extra simulator"].advice == 'pip install "av>=13.0"'


def test_a_missing_package_is_wrong_where_all_need_it_and_no_matter_in_an_extra() -> None:
    found = looked(httpx=None, av=None)
    assert found["packages"].state == "wrong"
    assert "httpx is missing" in found["packages"].text
    assert found["extra simulator"] == Finding("extra simulator", "ok", "uvicorn 0.30.0; not installed: av")
    assert looked(av=None, uvicorn=None)["extra simulator"].text == "not installed: av, uvicorn"


@pytest.mark.parametrize(("version", "state"), [("3.10.0", "ok"), ("3.14.1", "ok"), ("3.9.18", "wrong")])
def test_this_python_is_new_enough_or_not(version: str, state: str) -> None:
    (finding,) = look_at_python(version, ">=3.10")
    assert finding.state == state
    assert finding.text.startswith(version)
    assert bool(finding.advice) is (state == "wrong")


def test_by_default_the_python_that_runs_is_looked_at() -> None:
    (finding,) = look_at_python()
    assert finding.text == f"{'.'.join(map(str, sys.version_info[:3]))} (needed: >=3.10)"


@pytest.mark.parametrize(
    ("versions", "state"), [({"runway_nb": "0.2"}, "ok"), ({"runway_nb": "0.3"}, "wrong"), ({}, "unknown")]
)
def test_what_runs_is_what_is_installed(versions: dict[str, str], state: str) -> None:
    (finding,) = look_at_installation("0.2", installed(versions), editable=False)
    assert finding.state == state
    assert "0.2" in finding.text


def test_a_checkout_moves_on_without_a_new_installation() -> None:
    (finding,) = look_at_installation("0.3", installed({"runway_nb": "0.2"}), editable=True)
    assert finding.state == "unknown"
    assert "0.3 runs from a checkout that was installed as 0.2" in finding.text
    assert "pip install --editable" in finding.advice
    (finding,) = look_at_installation("0.3", installed({"runway_nb": "0.3"}), editable=True)
    assert finding.state == "ok"


# what pip writes into direct_url.json (PEP 610)
@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('{"url": "file:///src", "dir_info": {"editable": true}}', True),
        ('{"url": "file:///src", "dir_info": {}}', False),
        ('{"url": "https://example.org/runway_nb.whl", "archive_info": {}}', False),
        (None, False),
        ("{", False),
    ],
)
def test_whether_a_checkout_is_installed_is_read_from_what_pip_noted(written: str | None, expected: bool) -> None:
    assert is_editable(lambda _: SimpleNamespace(read_text=lambda name: written)) is expected


def test_where_nothing_is_installed_no_checkout_is() -> None:
    assert is_editable(failing(metadata.PackageNotFoundError("runway_nb"))) is False


# --- modules --------------------------------------------------------------------------------------


def failing(error: BaseException) -> Callable[[str], NoReturn]:
    def find(name: str) -> NoReturn:
        raise error

    return find


def never() -> bool:
    raise AssertionError("nobody asks for it")


def module(find: Callable[[str], Any], is_needed: Callable[[], bool] = never) -> Finding:
    return look_at_module("av", is_needed, find)


def test_a_module_that_can_be_imported_is_named_with_its_version() -> None:
    assert module(lambda _: SimpleNamespace(__version__="14.2")) == Finding("module av", "ok", "can be imported (14.2)")


def test_a_module_that_is_not_installed_is_wrong_where_the_simulator_is_needed() -> None:
    missing = failing(ModuleNotFoundError("No module named 'av'", name="av"))
    assert module(missing, lambda: True) == Finding(
        "module av", "wrong", "av is not installed", 'pip install "runway_nb[simulator]"'
    )
    assert module(missing, lambda: False).state == "ok"
    assert "av is not installed" in module(missing, lambda: False).text


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ModuleNotFoundError(name="numpy"), "av cannot be imported, since numpy is not installed"),
        (ImportError("libavcodec.so.61: cannot open"), "av cannot be imported (ImportError: libavcodec.so.61"),
        (SystemError("bad magic number"), "av cannot be imported (SystemError: bad magic number)"),
    ],
)
def test_a_module_whose_import_fails_is_wrong_with_the_reason(error: BaseException, reason: str) -> None:
    finding = module(failing(error))
    assert finding.state == "wrong"
    assert finding.text.startswith(reason)
    assert "pip install" in finding.advice
