"""`%runway models` and `code`: what can be asked for, and a request in another language."""

from __future__ import annotations

from ...errors import InvalidCommand
from ...jobs.job import repeatable_request
from ...models import model_named
from ...request import VideoRequest
from ...spec import MODELS
from ...text.console import write_line
from .command_line import Arguments
from .front_end import FrontEnd

OF_PANEL = "panel"


def show_models(front_end: FrontEnd, arguments: Arguments) -> None:
    """Show the models, or all that is known of one."""
    from ..rendering.model_table import model_bundle, models_bundle  # loads the rendering

    if arguments.name:
        front_end.show_bundle(model_bundle(model_named(arguments.name)))
    else:
        front_end.show_bundle(models_bundle(list(MODELS.values()), front_end.studio.settings.model))


def write_code(front_end: FrontEnd, arguments: Arguments) -> None:
    """Write the request of the newest panel, of a job or of a task as code."""
    studio = front_end.studio
    request = _request(front_end, arguments.name)
    write_line(request.as_code(arguments.values.get("as", "curl"), studio.settings.base_url))


def _request(front_end: FrontEnd, name: str) -> VideoRequest:
    from ..panel.panel import newest_panel  # loads ipywidgets

    panel = newest_panel() if name in ("", OF_PANEL) else None
    if panel is not None:
        return panel.request
    if name == OF_PANEL:
        raise InvalidCommand("there is no panel: %runway panel opens one")
    studio = front_end.studio
    is_of_account = name and not studio.ledger.named(name)
    return studio.request_of(name) if is_of_account else repeatable_request(studio.find(name))
