"""Python and packages: their versions against the bounds that the installed distribution declares."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module, metadata
from typing import Any, NamedTuple

from ..text.import_problems import import_problem
from .finding import Finding, ok, unknown, wrong

DISTRIBUTION = "runway_nb"
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)\s*(?:\[[^\]]*\])?\s*\(?(?P<bounds>[^;)]*)\)?\s*(?:;(?P<marker>.*))?"
)
_EXTRA = re.compile(r"extra\s*==\s*['\"](?P<extra>[\w.-]+)['\"]")
_BOUND = re.compile(r"(?P<sign>>=|<=|==|!=|~=|>|<)\s*(?P<version>[^,\s]+)")
_COMPARE: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": lambda found, bound: found >= bound,
    "<=": lambda found, bound: found <= bound,
    ">": lambda found, bound: found > bound,
    "<": lambda found, bound: found < bound,
    "==": lambda found, bound: found == bound,
    "!=": lambda found, bound: found != bound,
    "~=": lambda found, bound: found >= bound and found[: len(bound) - 1] == bound[:-1],
}

FindVersion = Callable[[str], str]
"""Gives the version of an installed distribution. Raises `PackageNotFoundError`."""


class Requirement(NamedTuple):
    """A package that is needed, by its name on an index."""

    name: str
    bounds: str
    extra: str = ""
    """The extra that needs it; nothing where all do."""

    @property
    def text(self) -> str:
        """As `pip install` takes it."""
        return f"{self.name}{self.bounds}"


def read_requirements(lines: Iterable[str]) -> list[Requirement]:
    """Return what a distribution's metadata require, as `importlib.metadata.requires` gives it, without ourselves."""
    found = []
    for line in lines:
        if (match := _REQUIREMENT.fullmatch(line.strip())) and match["name"].replace("-", "_") != DISTRIBUTION:
            extra = _EXTRA.search(match["marker"] or "")
            bounds = ",".join(sorted((part.strip() for part in match["bounds"].split(",")), reverse=True))
            found.append(Requirement(match["name"], bounds, extra["extra"] if extra else ""))
    return found


def is_within(version: str, bounds: str) -> bool:
    """Return whether a version lies within bounds such as `>=0.27,<1`; by the numbers it begins with."""
    return all(
        _COMPARE[match["sign"]](*_even(_numbers(version), _numbers(match["version"])))
        for match in _BOUND.finditer(bounds)
    )


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"\d+(?:\.\d+)*", version.strip().lstrip("v"))
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def _even(found: tuple[int, ...], bound: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return both with as many numbers as the bound has at least: 1.0 is 1."""
    return found + (0,) * (len(bound) - len(found)), bound + (0,) * (len(found) - len(bound))


# --- findings -------------------------------------------------------------------------------------


def look_at_python(version: str = platform.python_version(), needed: str | None = None) -> Iterator[Finding]:
    """Yield whether this Python is one for which the package is made."""
    bounds = needed if needed is not None else str(_metadata("Requires-Python") or "")
    if is_within(version, bounds):
        yield ok("Python", f"{version} (needed: {bounds or 'any'})")
    else:
        yield wrong("Python", f"{version}, and {bounds} is needed", "make an environment with a newer Python")


def look_at_installation(
    loaded: str, find_version: FindVersion = metadata.version, *, editable: bool | None = None
) -> Iterator[Finding]:
    """Yield whether the version that runs is the one that is installed.

    Args:
        loaded: The version that runs.
        find_version: Gives the version that is installed.
        editable: Whether a checkout is what is installed; looked up when not given.
    """
    try:
        installed = find_version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        yield unknown(DISTRIBUTION, f"{loaded} runs, and no distribution of it is installed", "pip install runway_nb")
        return
    if installed == loaded:
        yield ok(DISTRIBUTION, loaded)
    elif is_editable() if editable is None else editable:
        text = f"{loaded} runs from a checkout that was installed as {installed}"
        yield unknown(DISTRIBUTION, text, "pip install --editable it again: what it needs may have changed")
    else:
        yield wrong(DISTRIBUTION, f"{loaded} runs, and {installed} is installed", "restart the kernel")


def is_editable(find: Callable[[str], Any] = metadata.distribution) -> bool:
    """Return whether a checkout is what is installed, whose version moves on without a new installation.

    `find` gives the installed distribution. Installers note their origin in `direct_url.json` (PEP 610).
    """
    try:
        origin = json.loads(find(DISTRIBUTION).read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return False
    return bool(origin.get("dir_info", {}).get("editable"))


def look_at_packages(
    lines: Iterable[str] | None = None, find_version: FindVersion = metadata.version
) -> Iterator[Finding]:
    """Yield a finding for the packages that are always needed, and one for those of each extra."""
    required = read_requirements(_required() if lines is None else lines)
    for extra in dict.fromkeys(each.extra for each in sorted(required, key=lambda each: bool(each.extra))):
        yield _of_extra(extra, [each for each in required if each.extra == extra], find_version)


def _of_extra(extra: str, required: list[Requirement], find_version: FindVersion) -> Finding:
    name = f"extra {extra}" if extra else "packages"
    versions = {each: _version(each.name, find_version) for each in required}
    outside = [each for each, found in versions.items() if found and not is_within(found, each.bounds)]
    missing = [each for each, found in versions.items() if not found]
    wanted = [*outside, *([] if extra else missing)]
    if wanted:
        words = [f"{each.name} {versions[each] or 'is missing'} (needed: {each.bounds or 'any'})" for each in wanted]
        return wrong(name, ", ".join(words), f"pip install {' '.join(_quoted(each.text) for each in wanted)}")
    present = ", ".join(f"{each.name} {found}" for each, found in versions.items() if found)
    if not missing:
        return ok(name, present)
    absent = f"not installed: {', '.join(each.name for each in missing)}"
    return ok(name, f"{present}; {absent}" if present else absent)


def look_at_module(module: str, is_needed: Callable[[], bool], find: Callable[[str], Any] = import_module) -> Finding:
    """Return whether a module of the simulator can be imported.

    Args:
        module: Its name.
        is_needed: Whether nothing can be made without it; asked only where it is not installed.
        find: Imports it.
    """
    name, advice = f"module {module}", 'pip install "runway_nb[simulator]"'
    try:
        found = find(module)
    except ModuleNotFoundError as error:
        problem = import_problem(module, error)
        if error.name == module and not is_needed():
            return ok(name, f"{problem}; only the simulator and frames of clips need it ({advice})")
        return wrong(name, problem, advice)
    except BaseException as error:  # noqa: BLE001 - a module may raise anything while it is imported
        return wrong(name, import_problem(module, error), advice.replace("install", "install --force-reinstall"))
    return ok(name, f"can be imported{_of_module(found)}")


def _of_module(module: object) -> str:
    version = getattr(module, "__version__", "")
    return f" ({version})" if isinstance(version, str) and version else ""


def _version(name: str, find_version: FindVersion) -> str:
    """Return the version of an installed package; nothing where there is none, or its metadata are broken."""
    try:
        return str(find_version(name) or "")
    except metadata.PackageNotFoundError:
        return ""


def _quoted(text: str) -> str:
    return f'"{text}"' if re.search(r"[<>=!~]", text) else text


def _required() -> list[str]:
    return metadata.requires(DISTRIBUTION) or []


def _metadata(field: str) -> str | None:
    return metadata.metadata(DISTRIBUTION)[field]
