"""Write the lowest versions that pyproject.toml allows, as constraints of pip, for a run of the tests with those.

python tests/lowest_versions.py > build/lowest.txt
"""

from __future__ import annotations

import re
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
BOUND = re.compile(r'"(?P<name>[A-Za-z0-9_-]+)>=(?P<version>[0-9.]+)[^"]*"')


def lowest(text: str) -> list[str]:
    """Return a line `name==version` for each package that is named with a lower bound."""
    found = {match["name"]: match["version"] for match in BOUND.finditer(text)}
    return [f"{name}=={version}" for name, version in sorted(found.items())]


if __name__ == "__main__":
    print("\n".join(lowest(PYPROJECT.read_text("utf-8"))))
