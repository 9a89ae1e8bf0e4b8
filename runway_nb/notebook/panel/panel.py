"""The panel: choose pictures and camera, see the move before paying, generate, and get the cell for it."""

from __future__ import annotations

import asyncio
import secrets
import sys
import threading
import weakref
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets
from IPython import get_ipython
from IPython.display import display, update_display

from ...admission import Limits
from ...default import default_studio, is_default
from ...environment import Environment
from ...errors import InvalidRequest, JobNotFound, RunwayError
from ...fit import aspect_of
from ...job import Job
from ...request import Keyframes, VideoRequest
from ...task import Account, Credits
from ..cell_text import cell_text
from ..live import Stage, View, style_sheet
from .account import AccountState, account_trouble, head_words, price_html, price_words, refusal
from .camera import CameraControls
from .keyframes import KeyframeControls
from .parts import button, lean, problem, unexpected
from .preview import make_preview
from .words import RequestControls

if TYPE_CHECKING:
    from ...client import RunwayClient
    from ...session import Session
    from ...studio import Studio

SIMULATED = '<span class="rnb-badge">Simulator: no credits spent</span>'
HINT = "Run this cell again to open the panel; %runway show ID shows a result again."


_newest: weakref.ref[Panel] | None = None


def newest_panel() -> Panel | None:
    """The panel that was made last, while it is there."""
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

    def __init__(self, source: VideoRequest | Job | str | None = None, *, studio: Studio | None = None) -> None:
        self._studio = studio or default_studio()
        self._view, self._variables = _surroundings(self._studio.folder)
        self._session: Session | None = None
        self._state = AccountState(self._studio.settings.simulated)
        self._is_sending = False
        self._changing = threading.RLock()
        self._display_id = ""
        self._stage = Stage(self._studio, self._view, newest_first=True)
        self.preview = make_preview()
        self.camera = CameraControls(self.preview, self._changed)
        self.keyframes = KeyframeControls(self._studio, lambda: self._variables, self._changed)
        self.words = RequestControls(self._changed, Environment().draw)
        self._head, self._badge = lean(ipywidgets.HTML), lean(ipywidgets.HTML)
        self.keyframes.refresh.on_click(lambda _: self._studio.spawn(self._load()))
        self._trouble = lean(ipywidgets.HTML).add_class("rnb-problems")
        self._cost, self._said = lean(ipywidgets.HTML), lean(ipywidgets.HTML).add_class("rnb-said")
        self._generate = button("Generate", self._click, "rnb-primary", hint="Send this shot")
        self._text = lean(ipywidgets.Textarea, description="Cell", disabled=True, rows=3)
        super().__init__(
            [lean(ipywidgets.HTML, style_sheet("card.css", "panel.css")).add_class("rnb-style"), self._frame()]
        )
        self.add_class("rnb-root").add_class("rnb-panel")
        self._fields = {**self.camera.fields, **self.keyframes.fields, **self.words.fields}
        self._displays, self._pages = 0, 0
        self.preview.fields = self._fields
        self.preview.on_msg(lambda _, content, __: self._heard(content))
        self.fill(source)
        global _newest
        _newest = weakref.ref(self)

    # --- what it holds --------------------------------------------------------------------------

    def fill(self, source: VideoRequest | Job | str | None) -> None:
        """Set every control from a request, a job, or the id of a job or a task of the account.

        Raises `JobNotFound` for an unknown id, `InvalidRequest` for values that no control has.
        """
        request = _request_of(self._found(source) if isinstance(source, str) else source)
        # words and pictures may still be missing; a value that no control can show is a mistake at once
        replace(request, prompt=request.prompt or "-", keyframes=Keyframes()).check()
        self.camera.write(request.camera)
        self.words.write(request)
        self.keyframes.write(request.keyframes)
        self._changed()

    def _found(self, text: str) -> Job:
        """A job of the ledger; else one for a task of the account."""
        try:
            return self._studio.find(text)
        except JobNotFound:
            return self._studio.attach(text)

    @property
    def cell(self) -> str:
        """The `%%runway` cell that makes the same request."""
        return cell_text(self.request, slots=self.keyframes.words())

    # --- layout ---------------------------------------------------------------------------------

    def _frame(self) -> ipywidgets.VBox:
        head = lean(ipywidgets.HBox, [self._head, self._badge]).add_class("rnb-head")
        left = lean(ipywidgets.VBox, [self.preview]).add_class("rnb-left")
        top = lean(ipywidgets.HBox, [left, self.camera.column]).add_class("rnb-top")
        camera = lean(ipywidgets.VBox, [top, self.camera.presets]).add_class("rnb-cam")
        reset = button("Reset", lambda: self.fill(VideoRequest()), "rnb-plain", hint="Everything back to the defaults")
        copy = button("Copy as cell", self._offer_text, "rnb-copy", hint="Copy the equal %%runway cell")
        actions = lean(ipywidgets.HBox, [self._cost, reset, copy, self._generate]).add_class("rnb-actions")
        parts = [head, self._trouble, camera, self.keyframes.block, self.words.block, actions, self._said]
        return lean(ipywidgets.VBox, parts).add_class("rnb-frame")

    def _offer_text(self) -> None:
        """Where no script can reach the clipboard, the text itself."""
        if not getattr(self.preview, "has_script", False) and self._text not in self.children:
            self.children = (*self.children, self._text)

    # --- after every change ---------------------------------------------------------------------

    def _changed(self) -> None:
        """Read all controls, and tell price, problems and preview. May be called from any thread."""
        with self._changing:
            self._follow_settings()
            request = VideoRequest(keyframes=self.keyframes.read(), camera=self.camera.read(), **self.words.read())
            self.request = request
            problems = [*request.problems(), *self.keyframes.trouble(request.aspect)]
            # what decides size and price is always one of a few values, whatever else is wrong
            sized = VideoRequest(
                aspect=self._aspect(request), seconds=request.seconds, explore=request.explore, fit=request.fit,
                focus=request.focus,
            )  # fmt: skip
            self._tell(sized, problems)
            self.preview.portrait, self.preview.seconds = sized.format == "portrait", sized.length
            self.keyframes.show(sized, self.preview)

    def look_again(self) -> None:
        """Settings may have changed."""
        if self._follow_settings():
            self._changed()

    def _aspect(self, request: VideoRequest) -> str | None:
        """The format that the request will have: chosen, or that of its first keyframe."""
        size = self.keyframes.size_of_first()
        return request.aspect or (aspect_of(size, request.row.aspects) if size else None)

    def _follow_settings(self) -> bool:
        """True when another party would get the request than is told here; from now on that is told."""
        session = self._studio.session
        if session is self._session:
            return False
        was, self._session = self._session, session
        self._state = AccountState(session.settings.simulated, slots=session.settings.slots)
        self._tell_account()
        if was:
            self.keyframes.reload()
            self._studio.spawn(self._load())
        return bool(was)

    def _tell(self, priced: VideoRequest, problems: list[str]) -> None:
        self.words.show_problems(problems)
        self._cost.value = price_html(*price_words(priced, self._state))
        why = refusal(priced, self._state, problems)
        why = why or ("It is being sent." if self._is_sending else "")
        self._generate.disabled, self._generate.tooltip = bool(why), why or "Send this shot"
        self.preview.cell_text = self._text.value = self._cell_or_reason()

    def _cell_or_reason(self) -> str:
        try:
            return self.cell
        except InvalidRequest as error:
            return f"# {'; '.join(error.problems)}"

    def _tell_account(self) -> None:
        self._state = replace(self._state, busy=self._studio.session.queue.busy)
        self._badge.value = SIMULATED if self._state.simulated else ""
        words = escape(head_words(self._state, VideoRequest().row.title))
        self._head.value = (
            f'<div class="rnb-row"><span class="rnb-title">Runway</span>'
            f'<span class="rnb-grow rnb-detail">{words}</span></div>'
        )
        self._trouble.value = "".join(map(problem, account_trouble(self._state)))

    # --- in the background ----------------------------------------------------------------------

    async def _load(self) -> None:
        """Account and balance; each may fail alone."""
        self._state = replace(self._state, trouble="")
        try:
            client = (await self._studio.session.connected()).client
            accounts = await client.accounts()
            self._state = replace(self._state, accounts=accounts)
            self._state = replace(self._state, credits=tuple([await self._credits(client, one) for one in accounts]))
        except RunwayError as error:
            self._state = replace(self._state, trouble=error.message)
        except Exception as error:  # noqa: BLE001 - nobody else would ever tell it
            self._state = replace(self._state, trouble=unexpected(error))
        self._tell_account()
        self._changed()

    def _tell_busy(self) -> None:
        if self._state.busy != self._studio.session.queue.busy:
            self._tell_account()

    async def _after_job(self, job: Job) -> None:
        self.preview.say = f"Job {job.id}: {job.error.message if job.error else 'the video is there'}."
        self.keyframes.offer_again()
        await self._load()

    async def _credits(self, client: RunwayClient, account: Account) -> Credits:
        """The balance of an account; unknown for one that is broken, so that the others have theirs."""
        try:
            return await client.credits(account.email)
        except RunwayError as error:
            if not account.error:
                self._state = replace(self._state, trouble=error.message)
            return Credits()

    # --- generating -----------------------------------------------------------------------------

    def _click(self) -> None:
        """Where a page has the script, its own message follows, with the values that it shows."""
        if not self._pages:
            self._press()

    def _heard(self, content: Mapping[str, Any]) -> None:
        """What the script in the page tells: that it is there, or that Generate was pressed."""
        if content.get("kind") == "shown":
            self._pages += 1
            if self._pages > self._displays:
                self._keep_results_here()
        elif content.get("kind") == "press":
            for name, value in content.get("values", {}).items():
                _take(self._fields[name], value)
            self._press()

    def _keep_results_here(self) -> None:
        """A page that was loaded anew no longer knows the place below: from now on results stand in the panel, too."""
        if self._stage.root not in self.children:
            self.children = (*self.children, self._stage.root)

    def _press(self) -> None:
        """One click, one request; the button waits until its card stands."""
        if is_default(self._studio):
            default_studio()  # takes the settings of this moment
        with self._changing:
            if self._follow_settings():
                self._said.value = problem("Token or address have changed: look at the account, then press again.")
                return self._changed()
            if self._is_sending or self._generate.disabled:
                return None
            self._is_sending = self._generate.disabled = True
        self._said.value = ""
        return self._studio.spawn(asyncio.to_thread(self._submit, self.request, self._cell_or_reason()))

    def _submit(self, request: VideoRequest, cell: str) -> None:
        try:
            asked = self._studio.ask(request, Limits(), cell=cell, folder=self._view.folder)
        except RunwayError as error:
            self._said.value = problem(error.message)
        except Exception as error:  # noqa: BLE001 - nobody else would ever tell it
            self._said.value = problem(unexpected(error))
        else:
            self.job = asked.job
            self.jobs = (asked.job, *(job for job in self.jobs if job is not asked.job))
            self._stage.add(asked.job, reused=not asked.is_new)
            self.words.after_sending(asked.job.seed)
            self.preview.say = f"Sent: job {asked.job.id}."
            self.keyframes.offer_again()
            asked.job.observe(lambda _: self._tell_busy())
            asked.job.on_end(lambda job: self._studio.spawn(self._after_job(job)))
        finally:
            self._is_sending = False
        self._tell_account()
        self._changed()

    # --- showing --------------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        """IPython's hook: the panel, and below it the place of its jobs."""
        if self._view.mode == "terminal":
            return print(self._durable()["text/plain"])
        if self._view.mode == "batch":
            return display(self._durable(), raw=True)
        first = not self._display_id
        self._displays += 1
        self._display_id = self._display_id or f"runway-{secrets.token_hex(8)}"
        display(
            {**self._repr_mimebundle_(), "text/plain": self._cell_or_reason()}, raw=True, display_id=self._display_id
        )
        self._stage.open()
        if first:
            self._begin()
        return None

    def _begin(self) -> None:
        self._tell_account()
        self._studio.spawn(self.keyframes.load_list())
        self._studio.spawn(self._load())
        self._studio.spawn(self._end_with_kernel())
        if (shell := get_ipython()) is not None:
            panel = weakref.ref(self)
            # a panel that is gone is no reason to go on listening, and the event cannot be told by that
            shell.events.register("post_run_cell", lambda *_: _offer_again(panel()))

    async def _end_with_kernel(self) -> None:
        """A saved widget reopens as an error: its text takes its place when the kernel ends in order."""
        try:
            # kept, since a task that waits for what nobody else holds is collected
            self._closed = asyncio.Event()
            await self._closed.wait()
        finally:
            update_display(self._durable(), raw=True, display_id=self._display_id)

    def _durable(self) -> dict[str, str]:
        """The request as text."""
        cell = self._cell_or_reason()
        html = (
            f'<div style="font-weight:600">Runway panel</div><div style="opacity:.74">{escape(HINT)}</div>'
            f'<pre style="margin:6px 0;padding:8px 10px;border:1px solid rgba(128,128,128,.35);border-radius:4px">'
            f"{escape(cell)}</pre>"
        )
        return {"text/html": html, "text/plain": f"Runway panel\n{cell}\n{HINT}"}


def _surroundings(folder: Path) -> tuple[View, Mapping[str, Any]]:
    """How results are shown, and the notebook's variables: from the extension where it is loaded."""
    loaded = sys.modules["runway_nb"].__dict__.get("notebook_settings")
    shell = get_ipython()
    variables = shell.user_ns if shell is not None else {}
    if loaded is not None:
        return loaded.magics.view(), variables
    return View("live" if hasattr(shell, "kernel") else "terminal", "auto", folder), variables


def _take(control: Any, value: Any) -> None:
    """Set a control as the page does, which hears nothing of it; an entry that is not in a list any more is left."""
    labels = getattr(control, "_options_labels", None)
    if labels is None:
        control.set_state({"value": value})
    elif value in labels:
        control.set_state({"index": labels.index(value)})


def _offer_again(panel: Panel | None) -> None:
    """A cell has run: its variables may be pictures."""
    if panel is not None:
        panel.keyframes.offer_again()
        panel.look_again()


def _request_of(source: VideoRequest | Job | None) -> VideoRequest:
    return source.wish if isinstance(source, Job) else source or VideoRequest()
