"""A virtual environment for each tool that the tests do not need: none may change what another finds."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from typing import NamedTuple

from support.kernels import ROOT

ROOMS = ROOT / "build" / "environments"
PATIENCE = 900
"""Seconds that an installation may take."""
VERSIONS = """
import sys
from importlib.metadata import metadata
for name in sys.argv[1:]:
    found = metadata(name)
    print(found["Name"], found["Version"])
"""


class Room(NamedTuple):
    """What an environment runs in: an interpreter with packages."""

    name: str = ""
    """Of its folder; nothing for the interpreter that runs the script, which has the packages of the tests."""
    packages: tuple[str, ...] = ()
    """As pip takes them."""

    @property
    def python(self) -> str:
        """The interpreter. Made when it is missing. Raises `subprocess.CalledProcessError` where that fails."""
        return _made(self.name, self.packages) if self.name else sys.executable

    def versions(self, *names: str) -> str:
        """Return packages with their versions, as `Sphinx 8.2, myst-nb 1.3`."""
        if not names:
            return ""
        command = [self.python, "-c", VERSIONS, *names]
        said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
        return ", ".join(said.splitlines())


HERE = Room()


@cache
def _made(name: str, packages: tuple[str, ...]) -> str:
    folder = ROOMS / name
    python, done = folder / "bin" / "python", folder / "installed.txt"
    wanted = "\n".join(packages)
    if not done.is_file() or done.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True, timeout=PATIENCE)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "--editable", f"{ROOT}[demo]", *packages], check=True, timeout=PATIENCE)
        done.write_text(wanted)
    return str(python)
