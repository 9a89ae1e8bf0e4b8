"""Generated video from a notebook.

In a notebook::

    %load_ext runway_nb

    %%runway shot --first lighthouse-dusk --zoom 4
    The beam sweeps over the sea.

In Python::

    job = runway_nb.generate("The beam sweeps over the sea.", camera=runway_nb.Camera(zoom=4))
    job.wait().video

Without a token everything runs against a simulator that renders real videos and costs nothing.

Where things are: `request` (what is asked for, and its checks), `jobs` (from a request to a file on disk), `pictures`
(from any picture to an asset), `ledger` (the journal), `api` (the remote API), `spec` (its facts), `studio` with its
`account` and `simulator` (the facade), `errors` (every error), `notebook` (magics, panel, cards), `simulator` (the API
on this machine). `docs/architecture.md` has the map.

Names are loaded when they are used: importing this package loads neither IPython nor ipywidgets nor httpx.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import start_environment as start_environment
from .extension_points import provide

__version__ = "0.2.0"
"""Written here alone: the packages, `%runway version`, the doctor and the `User-Agent` of every request read it."""

if TYPE_CHECKING:
    from . import errors as errors
    from .api.client import RunwayClient as RunwayClient
    from .api.models import Status as Status
    from .api.models import Task as Task
    from .camera import Camera as Camera
    from .comparison import Comparison as Comparison
    from .comparison import compare as compare
    from .errors import RunwayError as RunwayError
    from .export_and_import import export as export
    from .export_and_import import import_results as import_results
    from .history_table import history as history
    from .jobs.job import Job as Job
    from .keyframes import Keyframes as Keyframes
    from .ledger.ledger import Ledger as Ledger
    from .notebook.bundling.notebook_bundle import bundle as bundle
    from .notebook.panel.panel import Panel as Panel
    from .own_models import add_model as add_model
    from .request import VideoRequest as VideoRequest
    from .settings import Settings as Settings
    from .shortcuts import concat as concat
    from .shortcuts import default_studio as default_studio
    from .shortcuts import generate as generate
    from .shortcuts import sweep as sweep
    from .spending_table import spending as spending
    from .studio import Studio as Studio
    from .sweeps.sweep import Sweep as Sweep

_HOMES = {
    "Camera": "camera",
    "Comparison": "comparison",
    "Job": "jobs.job",
    "Keyframes": "keyframes",
    "Ledger": "ledger.ledger",
    "Panel": "notebook.panel.panel",
    "RunwayClient": "api.client",
    "RunwayError": "errors",
    "Settings": "settings",
    "Status": "api.models",
    "Studio": "studio",
    "Sweep": "sweeps.sweep",
    "Task": "api.models",
    "VideoRequest": "request",
    "add_model": "own_models",
    "bundle": "notebook.bundling.notebook_bundle",
    "compare": "comparison",
    "concat": "shortcuts",
    "default_studio": "shortcuts",
    "errors": "",
    "export": "export_and_import",
    "generate": "shortcuts",
    "history": "history_table",
    "import_results": "export_and_import",
    "spending": "spending_table",
    "sweep": "shortcuts",
}

__all__ = sorted([*_HOMES, "__version__", "load_ipython_extension", "unload_ipython_extension"])


provide("job.mimebundle", "runway_nb.notebook.mimebundles:job_bundle")
provide("job.marimo", "runway_nb.notebook.cards.marimo_view:job_in_marimo")
provide("sweep.marimo", "runway_nb.notebook.cards.marimo_view:sweep_in_marimo")
provide("comparison.mimebundle", "runway_nb.notebook.mimebundles:comparison_bundle")
provide("comparison.display", "runway_nb.notebook.cards.comparison_view:display_comparison")
provide("sweep.mimebundle", "runway_nb.notebook.mimebundles:sweep_bundle")
provide("history.mimebundle", "runway_nb.notebook.rendering.history_rows:bundle")
provide("sweep.sheet", "runway_nb.sweeps.pictures:contact_sheet")
provide("sweep.frames", "runway_nb.sweeps.pictures:sweep_frames")
provide("sweep.film", "runway_nb.sweeps.film:film")
provide("film.mimebundle", "runway_nb.notebook.mimebundles:film_bundle")
provide("job.unpickled", "runway_nb.shortcuts:attached")
provide("job.see_through", "runway_nb.shortcuts:see_through")
provide("sweep.unpickled", "runway_nb.shortcuts:restored_sweep")
provide("wait.progress", "runway_nb.notebook.magics.wait_progress:progress_of")
provide("job.is_cell_task", "runway_nb.notebook.magics.cell_task:is_cell_task")
provide("request.cell", "runway_nb.notebook.language.cell_source:cell_text")
provide("panel.open", "runway_nb.notebook.panel.opening:open_in_panel")
provide("assets.mimebundle", "runway_nb.notebook.rendering.asset_gallery:bundle")
provide("export.pages", "runway_nb.notebook.rendering.gallery_page:gallery_pages")
provide("settings.configured", "runway_nb.notebook.extension:configured")
provide("settings.notebook", "runway_nb.notebook.loaded_settings:notebook_settings")


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES[name]
    return getattr(import_module(f".{home}", __name__), name) if home else import_module(f".{name}", __name__)


def __dir__() -> list[str]:
    return __all__


def load_ipython_extension(shell: Any) -> None:
    """Load the extension: `%load_ext runway_nb`."""
    from .notebook.extension import load, report_unfinished  # loads traitlets

    load(shell)
    report_unfinished()


def unload_ipython_extension(shell: Any) -> None:
    """Unload the extension: `%unload_ext runway_nb`."""
    from .notebook.extension import unload  # loads traitlets

    unload(shell)
