"""From the axes of the panel to the price of its sweep, and from a press to the table of its jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from ...errors import InvalidRequest
from ...jobs.policy import DEFAULT_LIMITS
from ...process_studio import is_of_process
from ...shortcuts import default_studio
from ...spec import DEFAULT_MODEL
from ...sweeps.price import CheckedSweep, check_sweep, reason_to_confirm
from ...sweeps.submission import submit_sweep
from ...sweeps.sweep import Sweep
from .background import BackgroundWork
from .output import PanelOutput
from .request_sender import SETTINGS_CHANGED, RequestSender
from .state import SAYS_CAMERA, PanelState, Summary, cell_names, keyframe_problems
from .store import PanelStore
from .sweep_choice import Found, SweepChoice
from .sweep_request import SweepMistakes, SweepRequest, sweep_request
from .widgets import reports_errors, unexpected

if TYPE_CHECKING:
    from ...jobs.backend import Backend
    from ...studio import Studio

QUIET_SECONDS = 0.3
"""How long nothing is typed before the price is worked out."""
PRICE_CHANGED = "The price of the sweep has changed: look at it, then press again."


class SweepSender:
    """Works out what a sweep costs while it is chosen, and sends it, once for each press.

    Args:
        studio: Checks and sends.
        store: Holds what is chosen.
        work: Knows whether the settings have changed.
        output: Shows the table.
        jobs: Tracks the jobs that are made.
        variables: Gives the notebook's variables.
        made: Called with the sweep.
    """

    def __init__(
        self, studio: Studio, store: PanelStore, work: BackgroundWork, output: PanelOutput, jobs: RequestSender,
        variables: Callable[[], Mapping[str, Any]], made: Callable[[Sweep], None],
    ) -> None:  # fmt: skip
        self._studio, self._store, self._work, self._output = studio, store, work, output
        self._jobs, self._variables, self._made = jobs, variables, made
        self._followed: tuple[object, ...] = ()
        self._turn = 0

    # --- the price ------------------------------------------------------------------------------

    def follow(self) -> None:
        """Work the price out anew where something that decides it has changed."""
        state, summary = self._store.now
        says = state.values[SAYS_CAMERA]
        followed = (state.sweep.axes, summary.request, summary.problems, says, state.backend)
        if followed == self._followed:
            return
        self._followed = followed
        if state.sweep.found is not None:
            self._set(lambda sweep: replace(sweep, found=None, is_asking=False))
        self.look_again()

    def look_again(self) -> None:
        """Work the price out anew: jobs have ended, or variables and settings may have changed."""
        self._turn += 1
        if self._store.state.sweep.given:
            self._studio.spawn(self._price(self._turn))

    async def _price(self, turn: int) -> None:
        await asyncio.sleep(QUIET_SECONDS)
        if turn != self._turn:
            return
        found = await asyncio.to_thread(self._find)
        if turn == self._turn:
            self._set(lambda sweep: replace(sweep, found=found))

    def _find(self) -> Found:
        """Return price or mistakes of what is chosen; nothing is sent."""
        try:
            return self._found(*self._checked(*self._store.now))
        except SweepMistakes as wrong:
            return Found(problems=wrong.by_direction)
        except InvalidRequest as wrong:
            return Found(problems={"": tuple(wrong.problems)})
        except Exception as error:  # noqa: BLE001 - nobody else would ever report it
            return Found(problems={"": (unexpected(error),)})

    @property
    def cell(self) -> str:
        """The cell that makes what is chosen. Raises `InvalidRequest` where none can."""
        return self._asked(*self._store.now).cell.text

    def _asked(self, state: PanelState, summary: Summary) -> SweepRequest:
        """Return the sweep that is chosen. Raises `SweepMistakes`."""
        backend = cast("Backend | None", state.backend)
        usual = DEFAULT_MODEL.name if backend is None else backend.settings.model
        request = summary.request
        if not state.row.camera and state.values[SAYS_CAMERA] and state.sweep.varies_camera:
            request = replace(request, camera_words=True)
        return sweep_request(
            state.sweep, request, self._variables(), usual_model=usual, pictures=cell_names(state)
        )  # fmt: skip

    def _checked(self, state: PanelState, summary: Summary) -> tuple[CheckedSweep, SweepRequest]:
        """Return the sweep checked and priced. Raises `InvalidRequest`."""
        if problems := keyframe_problems(state, summary.request.aspect):
            raise InvalidRequest(problems)
        asked = self._asked(state, summary)
        return check_sweep(self._studio, asked.plan, DEFAULT_LIMITS), asked

    def _found(self, checked: CheckedSweep, asked: SweepRequest) -> Found:
        why = reason_to_confirm(self._studio, checked.price)
        return Found(checked.price, cell=asked.cell.text, note=asked.cell.note, why=why)

    # --- sent -----------------------------------------------------------------------------------

    def click(self, *, is_agreed: bool) -> None:
        """Press; where a page has the script, its own message follows, with the values that it shows."""
        found = self._store.state.sweep.found
        if not self._output.bridge.has_script and found is not None and found.price is not None:
            self.press(found.price.new_text, is_agreed=is_agreed)

    def press(self, seen: str, *, is_agreed: bool) -> None:
        """Send the sweep: one press, one sweep, until its table stands.

        Args:
            seen: The price that stood beside the button; at any other nothing is sent.
            is_agreed: Whether that price was asked about.
        """
        if is_of_process(self._studio):
            default_studio()  # takes the settings of this moment
        if self._work.follow_settings():
            return self._store.report(SETTINGS_CHANGED)
        taken: list[tuple[PanelState, Summary]] = []

        def begin(state: PanelState) -> PanelState:
            if state.sweep.is_sending or not state.sweep.given:
                return state
            taken.append(self._store.now)
            return replace(state, sweep=replace(state.sweep, is_sending=True))

        self._store.apply(begin)
        for state, summary in taken:
            try:
                self._studio.spawn(asyncio.to_thread(self._send, state, summary, seen, is_agreed))
            except BaseException:  # nothing was begun, so the next press may
                self._set(lambda sweep: replace(sweep, is_sending=False))
                raise
        return None

    def _send(self, state: PanelState, summary: Summary, seen: str, is_agreed: bool) -> None:
        self._store.report("")
        try:
            with reports_errors(self._store.report):
                checked, asked = self._checked(state, summary)
                found = self._found(checked, asked)
                if seen != checked.price.new_text:
                    self._set(lambda sweep: replace(sweep, found=found, is_asking=False))
                    self._store.report(PRICE_CHANGED)
                elif found.why and not (is_agreed and state.sweep.is_asking):
                    self._ask(found)
                else:
                    self._submit(checked, found)
        finally:
            self._set(lambda sweep: replace(sweep, is_sending=False))
            self._work.count_slots()

    def _ask(self, found: Found) -> None:
        assert found.price is not None
        self._set(lambda sweep: replace(sweep, found=found, is_asking=True))
        self._output.bridge.announce(f"{found.price.new_text}: {found.why}. Press Send to send them.")

    def _submit(self, checked: CheckedSweep, found: Found) -> None:
        folder = self._output.view.folder
        sweep = submit_sweep(self._studio, checked, yes=True, folder=folder, cell=found.cell)
        self._set(lambda choice: replace(choice, is_asking=False))
        self._output.add_sweep(sweep)
        self._output.bridge.announce(f"Sent: {checked.price.new_text}.")
        for job in reversed(sweep.jobs):
            self._jobs.track(job)
        self._made(sweep)
        self.look_again()

    def _set(self, change: Callable[[SweepChoice], SweepChoice]) -> None:
        self._store.apply(lambda state: replace(state, sweep=change(state.sweep)))
