"""One JupyterLab and one chromium for the module, a notebook with its own kernel for each test."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.kernels import left_out

sync_api = pytest.importorskip("playwright.sync_api")
from engines import ENGINES, EngineLab, started  # noqa: E402
from lab import App, Notebook, find_chromium, jupyter_lab, start_chromium  # noqa: E402

from support.notebooks import write_notebook  # noqa: E402

Open = Callable[..., Notebook]


# of a module, not of the session: Playwright keeps an event loop running, and other tests run their own
@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """JupyterLab in a tab."""
    root = tmp_path_factory.mktemp("lab") / "notebooks"
    root.mkdir()
    (root.parent / "home").mkdir()
    with sync_api.sync_playwright() as playwright:
        program = find_chromium(playwright)
        if program is None:
            left_out("no chromium found; make test installs one")
        with jupyter_lab(root) as url:
            chromium = start_chromium(playwright, program)
            app = App(chromium, url, root)
            yield app
            app.close()
            chromium.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser without JupyterLab, for pages that are opened from disk."""
    with sync_api.sync_playwright() as playwright:
        program = find_chromium(playwright)
        if program is None:
            left_out("no chromium found; make test installs one")
        browser = start_chromium(playwright, program)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], EngineLab]]:
    """JupyterLab in a tab of an engine, by the engine's name; all of them with one server."""
    root = tmp_path_factory.mktemp("engines") / "notebooks"
    root.mkdir()
    (root.parent / "home").mkdir()
    with sync_api.sync_playwright() as playwright, jupyter_lab(root) as url, contextlib.ExitStack() as opened:

        @functools.lru_cache
        def lab_in(engine: str) -> EngineLab:
            return EngineLab(engine, opened.enter_context(started(engine, playwright)), url, root)

        yield lab_in


@pytest.fixture(scope="module", params=[pytest.param(name, marks=getattr(pytest.mark, name)) for name in ENGINES])
def lab(labs: Callable[[str], EngineLab], request: pytest.FixtureRequest) -> EngineLab:
    """JupyterLab in one engine after the other."""
    return labs(request.param)


@pytest.fixture
def notebook(app: App, request: pytest.FixtureRequest) -> Iterator[Open]:
    """`notebook(*cells)` opens a new one; its kernel ends with the test."""
    opened: list[Notebook] = []

    def make(*cells: str) -> Notebook:
        name = "".join(c if c.isalnum() else "-" for c in request.node.name) + f"-{len(opened)}.ipynb"
        write_notebook(app.root / name, list(cells))
        opened.append(app.open(name))
        return opened[-1]

    yield make
    for each in opened:
        if app.page.evaluate("name => jupyterapp.shell.currentWidget?.context?.path === name", each.name):
            each.shutdown()


@pytest.fixture
def folder(app: App) -> Path:
    """Where the notebooks lie."""
    return app.root
