"""What keeps somebody out of a page: axe, from a package, so that nothing is fetched."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator

from support.kernels import left_out

_RUN = """async root => {
  const found = await axe.run(root);
  return {passes: found.passes.length, bad: found.violations.filter(v => ['serious', 'critical'].includes(v.impact))
    .map(v => [v.id, v.nodes.map(node => [node.html, node.any.concat(node.all, node.none).map(c => c.message)])])};
}"""


def barrier_script() -> str:
    """The script that looks for barriers; without it the test is left out."""
    found = find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        left_out("axe-playwright-python is not installed")
    assert found is not None
    assert found.origin is not None
    return (Path(found.origin).parent / "axe.min.js").read_text("utf-8")


def barriers(root: Locator) -> tuple[int, list[Any]]:
    """How many rules hold in a part of a page, and what is serious; `barrier_script` has to be there."""
    seen = root.evaluate(_RUN)
    return seen["passes"], seen["bad"]
