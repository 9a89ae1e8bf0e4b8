"""The running notebook bundled from itself in JupyterLab, and opened where it was put: the video plays there."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from lab import LOAD, App, Notebook, played

pytestmark = pytest.mark.browser

Open = Callable[..., Notebook]


def test_the_running_notebook_is_known_and_its_copy_plays(app: App, notebook: Open) -> None:
    opened = notebook(LOAD, "%%runway shot --seed 11 --wait\nA lamp turns", "%runway export --notebook 'a bundle #1'")
    opened.run(0, 1)
    opened.run(2)
    opened.wait_for_text(2, "Save the notebook first and run this again")
    opened.save()
    shutil.rmtree(app.root / "a bundle #1")
    opened.run(2)
    opened.wait_for_text(2, "Bundled 1 video with the notebook")
    (app.root / "a bundle #1").rename(app.root / "moved #1")
    name = opened.name
    opened.shutdown()
    shutil.rmtree(app.root / "runway_outputs")
    app.reopen()
    moved = app.open(f"moved #1/{name}")
    video = moved.video(1)
    assert "moved%20%231/videos/" in (video.get_attribute("src") or "")
    assert played(video)["readyState"] >= 2
    moved.shutdown()
