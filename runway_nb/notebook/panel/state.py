"""What a panel knows, as one frozen value, and what it knows after an event. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from ...api.models import Task
from ...camera import MOVES, Camera
from ...camera_words import camera_prompt
from ...jobs.job import Job
from ...keyframes import Keyframes
from ...ledger.phase import Phase
from ...models import model_named
from ...pictures.aspects import aspect_of, mixed_aspects_problem
from ...pictures.assets import AssetList
from ...request import VideoRequest
from ...spec import DEFAULT_MODEL, POSITIONS, Model, Size
from .account_text import AccountState, refusal
from .form_rows import KEEP_SEED, form_values, request_values, rows_of
from .keyframe_choices import NONE, Choice, narrowed
from .keyframe_loader import Fitting, Loaded
from .sweep_choice import SweepChoice

SENDING = "It is being sent."
SAYS_CAMERA = "camera_words"
"""The switch of models that take no camera in numbers."""


@dataclass(frozen=True)
class Keyframe:
    """The picture in a position."""

    choice: Choice = NONE
    loaded: Loaded | None = None
    """What is known of the picture; None while it is loading."""

    @property
    def is_refused(self) -> bool:
        """True when something was given that cannot be used: then the same choice is a new one."""
        return self.loaded is not None and self.loaded.is_fatal


class FitKey(NamedTuple):
    """What decides how a picture comes into the frame."""

    loaded: Loaded
    size: Size
    """Of the frame, in pixels."""
    fit: str | None
    focus: tuple[float, float] | None
    is_asset: bool


@dataclass(frozen=True)
class Listing:
    """The assets of the account, as far as they are listed."""

    assets: AssetList = field(default_factory=AssetList)
    is_known: bool = False
    """False until the first list has come, and while a new one was asked for."""
    error: str = ""
    is_reloading: bool = False


@dataclass(frozen=True, eq=False)
class Offer:
    """What the lists of keyframes offer."""

    choices: tuple[Choice, ...] = ()
    typed: Choice | None = None
    """What was typed into the filter, when it is a picture itself."""


@dataclass(frozen=True)
class Message:
    """A line below all controls."""

    text: str = ""
    is_problem: bool = True


def _no_keyframes() -> Mapping[str, Keyframe]:
    return MappingProxyType(dict.fromkeys(POSITIONS, Keyframe()))


def _no_lists() -> Mapping[str, tuple[Choice, ...]]:
    return MappingProxyType(dict.fromkeys(POSITIONS, (NONE,)))


@dataclass(frozen=True, eq=False)
class PanelState:
    """Everything that a panel shows follows from this."""

    account: AccountState
    backend: object = field(default=None, repr=False)
    """Whom a request would go to."""
    model: str = DEFAULT_MODEL.name
    """The model that is chosen. It decides what is sent of all the rest, and takes nothing away from it."""
    values: Mapping[str, Any] = field(default_factory=lambda: control_values(VideoRequest()))
    """What was typed and chosen, by the names of the controls, keyframes apart; kept whatever the model takes."""
    names_length: bool = False
    """Whether the request that was opened named its length."""
    keyframes: Mapping[str, Keyframe] = field(default_factory=_no_keyframes)
    """By position, those too that the model does not take."""
    fits: Mapping[FitKey, Fitting] = field(default_factory=dict, repr=False)
    uploads: tuple[Choice, ...] = ()
    """Files of the user, the newest first."""
    listing: Listing = field(default_factory=Listing)
    filter: str = ""
    offer: Offer = field(default_factory=Offer)
    lists: Mapping[str, tuple[Choice, ...]] = field(default_factory=_no_lists)
    """The entries of the list of each position."""
    tasks: tuple[Task, ...] = field(default=(), repr=False)
    """Those of the account."""
    entries: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the field at the top offers, and the id that each stands for."""
    open_error: str = ""
    open_text: str = ""
    """What stands in the field at the top."""
    is_sending: bool = False
    message: Message = field(default_factory=Message)
    error: str = ""
    """Why the controls cannot be read: then nothing may be sent."""
    shows_cell: bool = False
    """Whether the text of the cell stands below the panel."""
    sweep: SweepChoice = field(default_factory=SweepChoice)
    """What is varied, and what that costs."""
    phases: Mapping[str, Phase] = field(default_factory=dict)
    """Where each job stood when it last moved."""

    @property
    def row(self) -> Model:
        """The facts of the model."""
        return model_named(self.model)

    @property
    def sent_keyframes(self) -> dict[str, Keyframe]:
        """The keyframes that the model takes, by position."""
        return {name: self.keyframes[name] for name in self.row.positions}


@dataclass(frozen=True)
class Summary:
    """What follows from the controls."""

    request: VideoRequest
    sized: VideoRequest
    """What decides size and price; always one of a few values, whatever else is wrong."""
    problems: tuple[str, ...]
    refusal: str
    """Why the request cannot be sent, or nothing."""


# --- what follows -----------------------------------------------------------------------------------


def control_values(request: VideoRequest) -> dict[str, Any]:
    """Return what is held for a request, keyframes apart. The camera is said in words unless that is switched off."""
    camera = request.camera
    moves = {name: float(getattr(camera, name) or 0.0) for name in MOVES}
    says = request.camera_words is not False
    return {**moves, "static": bool(camera.static), SAYS_CAMERA: says, **form_values(request)}


def camera_of(values: Mapping[str, Any]) -> Camera:
    """Return the camera that is set; a slider at 0 gives no move."""
    if values["static"]:
        return Camera(static=True)
    # a slider hands out 0.5999999999
    moves = {name: round(values[name], 6) for name in MOVES}
    return Camera(**{name: value for name, value in moves.items() if value})


def request_of(state: PanelState) -> VideoRequest:
    """Return what Generate would send; it may be wrong still."""
    given = {name: frame.choice.picture for name, frame in state.sent_keyframes.items() if frame.choice.is_given}
    others = request_values(state.values, state.row)
    camera = sent_camera(state)
    says = True if camera != Camera() and not state.row.camera else None
    return VideoRequest(keyframes=Keyframes(**given), camera=camera, camera_words=says, model=state.model, **others)


def sent_camera(state: PanelState) -> Camera:
    """Return the camera that goes with the request: in numbers, or for the prompt; none where it is in neither."""
    camera = camera_of(state.values)
    is_sent = state.row.camera or (state.values[SAYS_CAMERA] and camera_prompt(camera))
    return camera if is_sent else Camera()


def cell_names(state: PanelState) -> dict[str, str]:
    """Return what stands for each keyframe in a cell."""
    return {name: frame.choice.cell_name for name, frame in state.sent_keyframes.items() if frame.choice.cell_name}


def summary_of(state: PanelState) -> Summary:
    """Return what follows from the controls."""
    request = request_of(state)
    sized = VideoRequest(
        model=request.model, aspect=_aspect(request, state), seconds=request.seconds, resolution=request.resolution,
        explore=request.explore, fit=request.fit, focus=request.focus,
    )  # fmt: skip
    problems = (*request.problems(), *keyframe_problems(state, request.aspect))
    why = refusal(sized, state.account, [*problems]) or (SENDING if state.is_sending else "")
    return Summary(request, sized, problems, why)


def _aspect(request: VideoRequest, state: PanelState) -> str | None:
    """Return the format that the request will have: chosen, or that of its first keyframe."""
    first = next((frame for frame in state.sent_keyframes.values() if frame.choice.is_given), None)
    size = first.loaded.size if first is not None and first.loaded is not None else None
    return request.aspect or (aspect_of(size, request.row.aspects) if size else None)


def keyframe_problems(state: PanelState, aspect: str | None) -> tuple[str, ...]:
    """Return what keeps a request from being sent: pictures that cannot be used, or not together."""
    found = [
        f"{name}: {frame.loaded.problem}"
        for name, frame in state.sent_keyframes.items()
        if frame.loaded is not None and frame.loaded.problem and frame.loaded.is_fatal
    ]
    formats = {
        name: aspect_of(frame.loaded.size, state.row.aspects)
        for name, frame in state.sent_keyframes.items()
        if frame.choice.is_given and frame.loaded is not None and frame.loaded.size
    }
    mixed = mixed_aspects_problem(formats) if aspect is None else ""
    return (*found, mixed) if mixed else tuple(found)


def fit_key(frame: Keyframe, sized: VideoRequest) -> FitKey | None:
    """Return what decides how the picture of a keyframe comes into the frame; None without a picture."""
    if frame.loaded is None or not frame.loaded.data:
        return None
    size = sized.row.aspects[sized.format]
    return FitKey(frame.loaded, size, sized.fit, sized.focus, frame.choice.asset is not None)


def fit_of(state: PanelState, frame: Keyframe, sized: VideoRequest) -> Fitting | None:
    """Return what the frame makes of the picture of a keyframe; None while that is not known."""
    key = fit_key(frame, sized)
    return state.fits.get(key) if key is not None else None


def missing_pictures(state: PanelState) -> list[Choice]:
    """Return the choices whose pictures are to be loaded."""
    return [frame.choice for frame in state.keyframes.values() if frame.choice.is_given and frame.loaded is None]


def absent_pictures(state: PanelState) -> list[Choice]:
    """Return the choices whose pictures were not there, and may be by now."""
    return [
        frame.choice
        for frame in state.keyframes.values()
        if frame.loaded is not None and frame.loaded.problem and not frame.loaded.is_fatal
    ]


def missing_fits(state: PanelState, sized: VideoRequest) -> list[FitKey]:
    """Return what is to be computed of pictures that are there."""
    keys = [fit_key(frame, sized) for frame in state.sent_keyframes.values()]
    return [key for key in dict.fromkeys(keys) if key is not None and key not in state.fits]


# --- events -----------------------------------------------------------------------------------------


def value_changed(state: PanelState, name: str, value: Any) -> PanelState:
    """Return the state after the user changed what a control contains. A seed that is typed is kept."""
    row = next((row for row in rows_of(state.row) if row.is_choice and row.name == name), None)
    if row is not None:
        value = row.read((value,))
        # the usual length is named only where the request that was opened named it: then it is the same one still
        value = None if value == row.usual and not (name == "seconds" and state.names_length) else value
    if state.values[name] == value:
        return state
    more = {KEEP_SEED: bool(value.strip())} if name == "seed" else {}
    return replace(state, values={**state.values, name: value, **more})


def model_chosen(state: PanelState, model: str) -> PanelState:
    """Return the state with another model; everything that was typed and chosen stays."""
    return state if model == state.model else replace(state, model=model)


def camera_set(state: PanelState, camera: Camera) -> PanelState:
    """Return the state with another camera."""
    moves = control_values(VideoRequest(camera=camera))
    return replace(state, values={**state.values, **{name: moves[name] for name in (*MOVES, "static")}})


def seed_set(state: PanelState, seed: int) -> PanelState:
    """Return the state with a seed that is kept."""
    return replace(state, values={**state.values, "seed": str(seed), KEEP_SEED: True})


def filled(state: PanelState, request: VideoRequest, keyframes: Mapping[str, Keyframe], offer: Offer) -> PanelState:
    """Return the state whose controls hold a request."""
    state = replace(
        state,
        model=request.model,
        values=control_values(request),
        names_length=request.seconds is not None,
        keyframes={**keyframes},
    )
    return offered(state, offer)


def picked(state: PanelState, position: str, keyframe: Keyframe, offer: Offer) -> PanelState:
    """Return the state with another picture in a position."""
    return offered(replace(state, keyframes={**state.keyframes, position: keyframe}), offer)


def swapped(state: PanelState, offer: Offer) -> PanelState:
    """Return the state with first and last exchanged, and what is known of them."""
    exchanged = {"first": state.keyframes["last"], "last": state.keyframes["first"]}
    return offered(replace(state, keyframes={**state.keyframes, **exchanged}), offer)


def uploaded(state: PanelState, choice: Choice) -> PanelState:
    """Return the state that offers a file of the user."""
    return replace(state, uploads=(choice, *(other for other in state.uploads if other != choice)))


def offered(state: PanelState, offer: Offer) -> PanelState:
    """Return the state whose lists offer these choices, narrowed by the filter; what is chosen stays."""
    lists = {
        name: tuple(narrowed(offer.choices, state.filter, frame.choice, offer.typed))
        for name, frame in state.keyframes.items()
    }
    return replace(state, offer=offer, lists=lists)


def picture_loaded(state: PanelState, choice: Choice, loaded: Loaded) -> PanelState:
    """Return the state that knows a picture, wherever this very choice is: it may be swapped or chosen anew."""
    keyframes = {
        name: replace(frame, loaded=loaded) if frame.choice is choice else frame
        for name, frame in state.keyframes.items()
    }
    return replace(state, keyframes=keyframes)


def fitted(state: PanelState, key: FitKey, fitting: Fitting, sized: VideoRequest) -> PanelState:
    """Return the state that knows what the frame makes of a picture; what is not needed any more is forgotten."""
    needed = {fit_key(frame, sized) for frame in state.sent_keyframes.values()}
    known = {**state.fits, key: fitting}
    return replace(state, fits={one: found for one, found in known.items() if one in needed})


def sending(state: PanelState) -> PanelState:
    """Return the state while a request is sent: no other is meanwhile."""
    return reported(replace(state, is_sending=True), "")


def listed(state: PanelState, **changes: Any) -> PanelState:
    """Return the state with a changed listing of assets."""
    return replace(state, listing=replace(state.listing, **changes))


def backend_changed(state: PanelState, backend: object, account: AccountState) -> PanelState:
    """Return the state for another backend, of whose account nothing is known yet."""
    return replace(state, backend=backend, account=account)


def account_learned(state: PanelState, backend: object, **facts: Any) -> PanelState:
    """Return the state that knows more of the account; what a former backend answers late is not of this one."""
    if backend is not state.backend:
        return state
    return replace(state, account=replace(state.account, **facts))


def job_moved(state: PanelState, job_id: str, phase: Phase, busy: int) -> PanelState:
    """Return the state after a job has moved. Most moves change nothing here; then it is the same state."""
    if phase is state.phases.get(job_id) and busy == state.account.busy:
        return state
    return replace(state, phases={**state.phases, job_id: phase}, account=replace(state.account, busy=busy))


def job_noted(state: PanelState, job: Job) -> PanelState:
    """Return the state that knows where a job stands."""
    return replace(state, phases={**state.phases, job.id: job.state.phase})


def sent(state: PanelState, job: Job) -> PanelState:
    """Return the state after sending: the seed stays when it is to be kept; else the next take draws its own."""
    if not state.row.seed:
        return job_noted(state, job)
    text = str(job.seed) if state.values[KEEP_SEED] and job.seed is not None else ""
    return job_noted(replace(state, values={**state.values, "seed": text}), job)


def reported(state: PanelState, text: str, *, is_problem: bool = True) -> PanelState:
    """Return the state with a line below all controls; none for no text."""
    return replace(state, message=Message(text, is_problem))
