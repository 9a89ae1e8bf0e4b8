"""A cell as IPython and the magic read it, up to the request that it makes."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from runway_nb.keyframes import Keyframes
from runway_nb.notebook.magics.cell import run_cell
from runway_nb.notebook.magics.front_end import FrontEnd
from runway_nb.redaction import short_id
from runway_nb.request import VideoRequest
from runway_nb.spec import DEFAULT_MODEL

IPYTHON = TransformerManager()


class Bare(FrontEnd):
    """A shell that only notes what it would ask a studio for."""

    def __init__(self, variables: dict[str, object]) -> None:
        super().__init__(SimpleNamespace(user_ns=variables), lambda: {"embed": "auto"}, Path())
        self.asked = VideoRequest()
        self.settings = SimpleNamespace(model=DEFAULT_MODEL.name)

    @property
    def studio(self) -> Any:
        return self

    def check(self, request: VideoRequest, limits: object, problems: list[str], names: object) -> Any:
        assert not problems
        return SimpleNamespace(request=request)

    def submit_checked(self, checked: Any, **more: object) -> Any:
        self.asked = checked.request
        return SimpleNamespace(job=checked.request, is_new=True)

    def show(self, job: Any, embed: str | None = None, *, reused: bool = False) -> None:
        pass


def run(cell: str, usual_model: str = DEFAULT_MODEL.name, /, **variables: object) -> tuple[str, VideoRequest]:
    """Return the variable that a cell fills and the request that it makes. It goes through IPython before."""
    front_end = re.sub("\r\n?", "\n", cell)  # editors know one end of a line only
    (call,) = ast.parse(IPYTHON.transform_cell(front_end)).body
    _, line, body = map(ast.literal_eval, call.value.args)
    assert body, "IPython refuses a cell without a body"
    shell = Bare(variables)
    shell.settings.model = usual_model
    run_cell(shell, line, body)
    return next((name for name, value in variables.items() if value is shell.asked), ""), shell.asked


def typed(request: VideoRequest) -> VideoRequest:
    """Return the request in the form that a cell can say."""
    pictures = {
        slot: short_id(str(picture)) if str(picture).startswith("user:") else str(picture)
        for slot, picture in request.keyframes.given.items()
    }
    return replace(
        request,
        keyframes=Keyframes(**pictures),
        camera=replace(request.camera, static=request.camera.static or None),
        explore=request.explore or None,
        upscale=request.upscale or None,
        camera_words=request.camera_words or None,
    )
