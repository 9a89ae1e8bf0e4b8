"""The panel: choose pictures and camera, see the move before paying, generate, and get the cell for it."""

from __future__ import annotations

import weakref
from collections import ChainMap
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets
from IPython import get_ipython

from ...jobs.environment import Environment
from ...jobs.job import Job
from ...keyframes import Keyframes
from ...request import VideoRequest
from ...shortcuts import chosen_studio
from ...sweeps.sweep import Sweep
from ..cards.card import style_sheet
from ..hosts import current_client
from .account_bar import AccountBar
from .action_bar import ActionBar, cell_of, cell_shown
from .background import BackgroundWork, unknown_account
from .bridge import Bridge
from .camera_controls import CameraControls
from .keyframe_controls import KeyframeControls
from .keyframe_sources import KeyframeSources
from .model_choice import ModelChoice
from .open_field import Entries, OpenField, readable_source
from .output import PanelOutput, surroundings
from .page_acts import PageActs
from .preview import keyframe_times, make_preview
from .request_form import RequestForm
from .request_sender import RequestSender
from .state import PanelState, Summary, filled
from .store import PanelStore
from .sweep_form import SweepForm
from .sweep_sender import SweepSender
from .widgets import make_widget, reports_errors

if TYPE_CHECKING:
    from ...studio import Studio

_newest: weakref.ref[Panel] | None = None


def newest_panel() -> Panel | None:
    """Return the panel that was made last, while it is there."""
    return _newest() if _newest is not None else None


class Panel(ipywidgets.VBox):
    """Controls for one request, the preview of its camera move, and the jobs made from it.

    Shown again in another cell it is the same panel. Results stay in the saved notebook; the panel itself ends as
    the text of its request when the kernel ends.

    Args:
        source: What it begins with: a request, a job, or the id of a job or task.
        studio: By default the one of this process.
    """

    children: Any
    request = traitlets.Any(VideoRequest(), help="What Generate would send, as it stands; checked only then.")
    job = traitlets.Any(None, allow_none=True, help="The newest job made here.")
    jobs = traitlets.Tuple(help="All jobs made here, the newest first.")
    sweep = traitlets.Any(None, allow_none=True, help="The newest sweep made here.")

    def __init__(self, source: VideoRequest | Job | str | None = None, *, studio: Studio | None = None) -> None:
        source = readable_source(source)
        self._studio = studio = chosen_studio(studio)
        view, variables = surroundings(studio.folder)
        self.store = store = PanelStore(PanelState(unknown_account(studio.account.backend), studio.account.backend))
        self.preview = make_preview(_dom_classes=["rnb-left"])
        self._sources, self._entries = KeyframeSources(studio, lambda: variables), Entries(studio)
        self.model = ModelChoice(store)
        self.camera = CameraControls(store, self.preview)
        self.keyframes = KeyframeControls(store, self._sources, self.preview, lambda: self._work.reload())
        self.form = RequestForm(store, Environment().draw)
        self.sweep_form = self._make_sweep_form()
        acts = PageActs(self, studio)
        self.open_field = OpenField(store, acts.open_job)
        self._work = BackgroundWork(studio, store, self.keyframes, self._entries)
        self._is_behind = False
        frame = self._frame(acts)
        sheet = make_widget(ipywidgets.HTML, style_sheet("card.css", "panel.css"), classes="rnb-style")
        super().__init__([sheet, frame], _dom_classes=["rnb-root", "rnb-panel"])
        # the model first: the choices of the others follow it
        groups = (self.sweep_form, self.form, self.keyframes, self.camera, self.model)
        self._fields = ChainMap(*(group.fields for group in groups))
        self.preview.fields = dict(self._fields)
        self.bridge = Bridge(self.preview, self._fields, acts.by_kind, lambda: current_client(get_ipython()))
        self.output = PanelOutput(self, studio, store, self.bridge, view, lambda: self.jobs)
        self.sender = RequestSender(studio, store, self._work, self.output, self._take_on, self.offer_again)
        self.sweep_sender = SweepSender(
            studio, store, self._work, self.output, self.sender, lambda: variables, self._take_sweep
        )  # fmt: skip
        controls = (self.model, self.camera, self.keyframes, self.form, self.sweep_form, self.open_field)
        for part in (*controls, self._account, self._actions):
            store.shown_by(part.show)
        store.shown_by(self._show_frame)
        followers = (self._work.follow_settings, self._follow, self.output.keep_text, self._work.load_missing)
        store.followed_by(*followers, self.sweep_sender.follow)
        self.fill(source)
        global _newest
        _newest = weakref.ref(self)

    def fill(self, source: VideoRequest | Job | str | None) -> None:
        """Set every control from a request, a job, or the id of a job or a task of the account; nothing is sent.

        Raises `JobNotFound` for an unknown id, `InvalidRequest` for values that no control has.
        """
        source = readable_source(source)
        request = self._studio.request_of(source) if isinstance(source, str) else self._request_of(source)
        # text and pictures may still be missing; a value that no control can show is a mistake at once
        pictures = Keyframes(**dict.fromkeys(request.row.positions[:1], "-"))
        replace(request, prompt=request.prompt or "-", keyframes=pictures).check()
        offer = self._sources.offer(self.store.state)
        keyframes = self._sources.keyframes_of(request.keyframes, offer)
        self.store.apply(lambda state: filled(state, request, keyframes, offer))

    @property
    def request_fields(self) -> Collection[str]:
        """The names of the controls that hold the request: all but those of a sweep."""
        return self._fields.keys() - self.sweep_form.fields.keys()

    @property
    def cell(self) -> str:
        """The `%%runway` cell that makes the same request."""
        return cell_of(*self.store.now)

    def code(self, language: str) -> str:
        """Return code that sends the same request to the API: `curl`, `python` or `javascript`.

        Raises `InvalidRequest` with all mistakes.
        """
        return self.store.summary.request.as_code(language, self._studio.settings.base_url)

    def is_of(self, studio: Studio) -> bool:
        """Return True when this studio sends what the panel shows."""
        return self._studio is studio

    def reveal(self, seconds: float) -> bool:
        """Bring the panel into view, and return False where no page shows it. Blocks for so many seconds at most."""
        return self.output.is_displayed and (not self.preview.has_script or self.bridge.reveal(seconds))

    def embed(self) -> None:
        """Make the panel ready to stand in another widget, with its results in it."""
        self.output.embed()
        self._begin()

    def durable_bundle(self) -> dict[str, str]:
        """Return the panel as text with its results, for the durable form of the widget that it stands in."""
        return self.output.durable_bundle()

    def when_text_changes(self, act: Callable[[], object]) -> None:
        """Call `act` after what `durable_bundle` returns has changed, on any thread."""
        self.output.kept_by(act)

    def offer_again(self) -> None:
        """Offer the jobs, variables and pictures that there are now."""
        self.store.apply(lambda state: self._entries.offered(self.keyframes.offered_again(state)))
        self._work.look_for_absent()
        self.sender.watch_others()
        self.sweep_sender.look_again()

    def look_again(self) -> None:
        """Follow settings that may have changed."""
        self._work.follow_settings()

    def after_cell(self) -> None:
        """Follow what a cell may have changed: variables may be pictures, and its job costs something.

        A panel that no page shows waits until one does: each run of its cell leaves one behind.
        """
        self._is_behind = self.bridge.has_left
        if not self._is_behind:
            self.offer_again()
            self.look_again()

    def catch_up(self) -> None:
        """Follow what cells have changed while no page showed the panel."""
        if self._is_behind:
            self.after_cell()
            self._studio.spawn(self._work.load_account_and_tasks())

    # --- layout ---------------------------------------------------------------------------------

    def _frame(self, acts: PageActs) -> ipywidgets.VBox:
        self._account = account = AccountBar()
        self._actions = ActionBar(
            self.store, account.price,
            {"reset": acts.reset, "copy": self._offer_cell, "generate": lambda: self.sender.click()},
        )  # fmt: skip
        head = make_widget(ipywidgets.HBox, [account.head, self.open_field.field], classes="rnb-head")
        top = make_widget(ipywidgets.HBox, [self.preview, self.camera.column], classes="rnb-top")
        camera = make_widget(ipywidgets.VBox, [top, self.camera.presets], classes="rnb-cam")
        rows = [
            head,
            self.open_field.problem,
            account.problems,
            self.model.line,
            camera,
            self.keyframes.block,
            self.form.block,
            self.sweep_form.block,
            self._actions.line,
            self._actions.message,
        ]
        return make_widget(ipywidgets.VBox, rows, classes="rnb-frame")

    def _make_sweep_form(self) -> SweepForm:
        acts: dict[str, Callable[[], None]] = {
            "sweep": lambda: self.sweep_sender.click(is_agreed=False),
            "agree": lambda: self.sweep_sender.click(is_agreed=True),
            "copy": lambda: None if self.preview.has_script else self.sweep_form.show_cell(),
        }
        return SweepForm(self.store, acts)

    def _request_of(self, source: VideoRequest | Job | None) -> VideoRequest:
        """Return the request of a job, or an empty one for the model of the settings."""
        if isinstance(source, Job):
            return source.original_request
        return source or VideoRequest(model=self._studio.settings.model)

    def _offer_cell(self) -> None:
        """Show the text itself where no script can reach the clipboard."""
        if not self.preview.has_script:
            self.store.apply(cell_shown)

    def _show_frame(self, state: PanelState, summary: Summary) -> None:
        """Bring the format of the preview up to date, and what stands below the frame."""
        model, sized, preview = state.row, summary.sized, self.preview
        with preview.hold_sync():
            preview.frame, preview.times = model.aspects[sized.format], keyframe_times(model)
            preview.seconds, preview.fields = sized.length, dict(self._fields)
            preview.priced_model = state.model
            found = state.sweep.found
            preview.priced_sweep = found.price.new_text if found is not None and found.price is not None else ""
        if state.shows_cell and self._actions.cell not in self.children:
            self.children = (*self.children, self._actions.cell)

    # --- what can be observed -------------------------------------------------------------------

    def _follow(self) -> None:
        """Set the request as the controls have it; another thread may have set an older one meanwhile."""
        summary = None
        while summary is not self.store.summary:
            summary = self.store.summary
            if self.request != summary.request:
                with reports_errors(self.store.report):
                    self.request = summary.request

    def _take_on(self, job: Job) -> None:
        """Set the jobs that were made here; an observer that fails hides nothing."""
        for name, value in {"job": job, "jobs": (job, *(old for old in self.jobs if old.id != job.id))}.items():
            with reports_errors(self.store.report):
                setattr(self, name, value)

    def _take_sweep(self, sweep: Sweep) -> None:
        """Set the sweep that was made here."""
        with reports_errors(self.store.report):
            self.sweep = sweep

    # --- showing --------------------------------------------------------------------------------

    def __repr__(self) -> str:
        """Name the panel; by default all its widgets are told, for a text that each display makes and throws away."""
        named = f"<Panel with {len(self.jobs)} jobs>"
        # where no shell shows it, this is all that is seen of it
        return named if get_ipython() is not None else f"{named} {self.output.reason}"

    def _mime_(self) -> tuple[str, str]:
        """Return what marimo shows: the line that says why there are no controls."""
        return "text/html", self.output.reason_html

    def _ipython_display_(self) -> None:
        """Show the panel, as IPython's hook, and below it the place of its jobs."""
        if self.output.display():
            self._begin()
        self.output.keep_text()

    def _begin(self) -> None:
        self._work.count_slots()
        self.store.apply(self._entries.offered)
        self._studio.spawn(self._work.load_all())
        if (shell := get_ipython()) is not None:
            panel = weakref.ref(self)
            # a panel that is gone is no reason to go on listening, and the event cannot be told by that
            shell.events.register("post_run_cell", lambda *_: _after_cell(panel()))


def _after_cell(panel: Panel | None) -> None:
    if panel is not None:
        panel.after_cell()
