"""A request: prompt, keyframes, camera and format. Every check at once; to the wire; price; digest.

To add a field: declare it in `VideoRequest`, with its type and default, and add its row to `FIELDS`. Checks, body,
digest, option, help, completion, cell text and panel come from the row.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from .camera import Camera
from .camera_words import camera_prompt
from .errors import InvalidRequest
from .keyframes import Keyframes
from .model_checks import model_problems, model_warnings
from .models import dearest_second, model_named, model_of_task
from .redaction import redact
from .references import asset_account
from .request_code import as_code
from .request_fields import (
    Control,
    Field,
    OptionText,
    Section,
    address_of,
    one_of,
    own_word,
    point,
    switch,
    text_of,
    whole_of,
    wire_value,
)
from .spec import BASE_URL, CAMERA_LIMIT, DEFAULT_MODEL, FITS, MAX_JOBS_RANGE, REPLY_LENGTH, SEED_RANGE, Model
from .task_options import aspect_in, audio_in, explore_in, resolution_in, seconds_in
from .values.plain import HALF, can_be_sent, checked_kind, is_a, is_number, plain, shown


@dataclass(frozen=True)
class VideoRequest:
    """Everything of one create call (API facts 3.1). `check` raises all mistakes together.

    Numbers and texts of other libraries are read when the request is made, and kept as plain ones: numpy's 4.0,
    `Decimal("4")` and 4 make equal requests. Raises `InvalidRequest` at once for what is no `Keyframes` or `Camera`.
    """

    prompt: str = ""
    """What should happen; taken literally."""
    keyframes: Keyframes = field(default_factory=Keyframes)
    camera: Camera = field(default_factory=Camera)
    aspect: str | None = None
    """A format of the model: `landscape` (5:3) or `portrait` (3:5) of Gen-3, `16:9`, `9:16`, `1:1` ... of the others.

    `landscape` and `portrait` are 16:9 and 9:16 there. By default that of the first keyframe, or the model's first.
    """
    seconds: int | None = None
    """A length of the model; 5 by default, or the shortest."""
    seed: int | None = None
    """1 to 4294967294. One is drawn before sending when none is given and the model takes one."""
    explore: bool | None = None
    """Explore mode, a legacy of old Unlimited plans: no credits, a slow queue (Model facts 6)."""
    reply_url: str | None = None
    """Where the API posts progress, at most 1,024 characters."""
    reply_ref: str | None = None
    """Your own reference, stored with the task, at most 1,024 characters. Ours is sent when none is given."""
    max_jobs: int | None = None
    """How many tasks the account may run at once, 1 to 10."""
    model: str = DEFAULT_MODEL.name
    """A row of `spec.MODELS`."""
    fit: str | None = None
    """How a picture file is brought to the frame: `cover` (the default), `contain` or `stretch`."""
    focus: tuple[float, float] | None = None
    """Where `cover` crops: 0 to 1 from the left and from the top; the middle when not given."""
    upscale: bool | None = None
    """Let Runway's own upscaler, which is free, enlarge a picture that is too small (API facts 9)."""
    resolution: str | None = None
    """Such as `720p`, where the model has several; its first by default."""
    audio: bool | None = None
    """Sound on or off, where the model has it; the API's default is on."""
    camera_words: bool | None = None
    """Say the move of the camera in words at the end of the prompt, where the model takes none in numbers."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", plain(self.model))
        for row in OWN_FIELDS:
            object.__setattr__(self, row.name, row.read(getattr(self, row.name)))
        parts = {"keyframes": (Keyframes, "first=..."), "camera": (Camera, "zoom=4")}
        wrong = {name: kind for name, kind in parts.items() if not is_a(getattr(self, name), kind[0])}
        if wrong:
            lines = [
                f"{name} is {shown(getattr(self, name))}: give runway_nb.{kind.__name__}({hint})"
                for name, (kind, hint) in wrong.items()
            ]
            others = replace(self, **{name: kind() for name, (kind, _) in wrong.items()})
            raise InvalidRequest([*lines, *others.problems()])

    def __repr__(self) -> str:
        given = (
            f"{spec.name}={value!r}" for spec in fields(self) if (value := getattr(self, spec.name)) != spec.default
        )
        return redact(f"VideoRequest({', '.join(given)})")

    @property
    def row(self) -> Model:
        """The facts of the model. Raises `InvalidRequest` for one that is not known."""
        return model_named(self.model)

    @property
    def account(self) -> str:
        """The e-mail of the account that owns the keyframes, or nothing while that is open (API facts 13)."""
        return next(filter(None, map(asset_account, self.keyframes.given.values())), "")

    @property
    def credits(self) -> int | None:
        """The price in credits, 0 in explore mode; None where nobody has documented it (Model facts 6)."""
        if self.explore:
            return 0
        row = self.row
        price = row.prices.get(self.resolution or next(iter(row.prices)), row.credits_per_second)
        return None if price is None else self.length * price

    @property
    def counted_credits(self) -> int:
        """What counts against a budget: the price, or for an unknown one that of the dearest model per second."""
        return self.length * dearest_second() if (price := self.credits) is None else price

    @property
    def price_text(self) -> str:
        """The price as it is shown: `25 credits`, `about 60 credits`, `price unknown`, `0 credits (explore mode)`."""
        if self.explore:
            return "0 credits (explore mode)"
        if (price := self.credits) is None:
            return "price unknown"
        return f"{'' if self.row.is_price_certain else 'about '}{price} credits"

    @property
    def length(self) -> int:
        """Seconds of video; the model's default where none is given, or none that there is."""
        chosen, row = self.seconds, self.row
        return chosen if chosen is not None and is_number(chosen) and chosen in row.seconds else row.usual_seconds

    @property
    def format(self) -> str:
        """The format in the model's own word; its default where none is given, or none that there is."""
        row = self.row
        word = own_word(self.aspect, row.aspect_words)
        return word if isinstance(word, str) and word in row.aspects else next(iter(row.aspects))

    @property
    def camera_sentence(self) -> str:
        """The move as it is said in the prompt; nothing where the model takes numbers or it is not to be said."""
        return camera_prompt(self.camera) if self.camera_words and not self.row.camera else ""

    @property
    def sent_prompt(self) -> str:
        """The prompt as it is sent: with the move of the camera where that is said in words."""
        if not (sentence := self.camera_sentence):
            return self.prompt
        text = self.prompt.rstrip()
        stop = "" if not text or text.endswith(tuple(".!?…。！？")) else "."
        return " ".join(filter(None, [text + stop, sentence]))

    def problems(self) -> tuple[str, ...]:
        """Return all mistakes; each names the value, the allowed range and what to do."""
        try:
            model = self.row
        except InvalidRequest as unknown:
            return unknown.problems
        return (
            *self._prompt_problems(),
            *self._row_problems(_TEXTS, model),
            *self.keyframes.problems(),
            *self.camera.problems(),
            *self._row_problems(_OTHERS, model),
            *model_problems(self, model),
        )

    def check(self) -> None:
        """Raise `InvalidRequest` with all mistakes; return when there is none."""
        if problems := self.problems():
            raise InvalidRequest(problems)

    def warnings(self) -> tuple[str, ...]:
        """Return what is allowed and probably not meant (API facts 3.1, Model facts 2 and 6)."""
        return tuple(model_warnings(self, self.row))

    def _prompt_problems(self) -> Iterator[str]:
        if not isinstance(self.prompt, str):
            yield f"prompt is {shown(self.prompt)}: give text"
        elif not can_be_sent(self.prompt):
            yield f"prompt {HALF}"
        elif not self.prompt.strip() and not self.keyframes.given:
            yield "there is nothing to generate from: write a prompt, or give a keyframe"

    def _row_problems(self, rows: Sequence[Field], model: Model) -> Iterator[str]:
        for row in rows:
            if row.part != "camera" or model.camera:
                yield from row.problems(row.value_in(self), model)

    def to_wire(self) -> dict[str, Any]:
        """Return the body of the create call; what was not given stays out (API facts 3.1, Model facts 3 to 5).

        Nothing is checked here.
        """
        return {**self.row.fixed, **self._sent([row for row in FIELDS if row.is_sent])}

    def as_code(self, language: str, base_url: str = BASE_URL) -> str:
        """Return code that sends this request: `curl`, `python` or `javascript` (`request_code.as_code`).

        Raises `InvalidRequest` with all mistakes.
        """
        return as_code(self, language, base_url)

    def to_record(self) -> dict[str, Any]:
        """Return all that was given, by the names of the body or of the fields; for the ledger."""
        model = self.row
        given = [(row, value) for row in FIELDS if row.is_given(value := row.value_in(self))]
        return {row.record_name(model): wire_value(value) for row, value in given}

    def to_wish(self) -> dict[str, Any]:
        """The old name of `to_record`."""
        warnings.warn("to_wish is now called to_record", DeprecationWarning, stacklevel=2)
        return self.to_record()

    def _sent(self, rows: Sequence[Field]) -> dict[str, Any]:
        model = self.row
        given = [(row, value) for row in rows if row.is_given(value := row.sent_value(self))]
        return {name: wire_value(value) for row, value in given if (name := row.wire_name(model))}

    @classmethod
    def from_values(cls, values: Mapping[str, Any], model: str = DEFAULT_MODEL.name) -> VideoRequest:
        """Return the request with these values by the names of `FIELDS`, such as `first`, `zoom`, `seed`.

        Names that are no field stay out.
        """
        given = {
            part: {row.name: values[row.name] for row in FIELDS if row.part == part and row.name in values}
            for part in ("", "keyframes", "camera")
        }
        return cls(
            keyframes=Keyframes(**given["keyframes"]), camera=Camera(**given["camera"]), model=model, **given[""]
        )

    @classmethod
    def from_wire(cls, body: Mapping[str, Any], model: str = DEFAULT_MODEL.name) -> VideoRequest:
        """Return the request behind a body that `to_wire` or `to_record` made.

        Raises `InvalidRequest` for an unknown model.
        """
        facts = model_named(plain(model))
        checked_kind(body, "body", Mapping, "what to_wire() gives")
        names = {row.name: row.record_name(facts) for row in FIELDS}
        return cls.from_values({name: body[wire] for name, wire in names.items() if wire in body}, model)

    @classmethod
    def from_options(
        cls, prompt: str, seed: int | None, options: Mapping[str, Any], task_type: str = ""
    ) -> VideoRequest:
        """Return the request behind a task that was made elsewhere, as far as its options name it (`task_options`).

        A value that cannot be read stays out. So do its keyframes: they are links there and no assets, and expire
        (`Keyframes.from_options` gives them). A task of a type that no row has is read as one of the default model.
        """
        options = options if is_a(options, Mapping) else {}
        model = model_of_task(task_type, options) or DEFAULT_MODEL
        values = {row.name: row.read_task(options, model) for row in OWN_FIELDS if row.read_task is not None}
        camera = Camera.from_options(options.get("camera")) if model.camera else Camera()
        found = cls(prompt, camera=camera, model=model.name)
        for name, value in {**values, "seed": seed if model.seed else None}.items():
            more = replace(found, **{name: value})
            found = more if more.problems() == found.problems() else found
        return found

    @property
    def digest(self) -> str:
        """The SHA-256 of what decides the picture, as canonical JSON: equal requests, equal digests.

        References, call-back address and slot limit do not count; a seed counts when it is set. Raises
        `InvalidRequest` for a request that holds what cannot be sent.
        """
        counted = self._sent([row for row in FIELDS if row.is_counted and not row.shown_in])
        try:
            text = json.dumps({"model": self.model, **counted}, sort_keys=True, separators=(",", ":"))
        except Exception:  # noqa: BLE001 - what foreign values raise when they are asked
            # a picture object, or what cannot be read
            names = ", ".join(name for name, value in counted.items() if not is_a(value, str, int, float, list))
            raise InvalidRequest(self.problems() or [f"{names} cannot be written down: submit the request"]) from None
        return "v1:" + hashlib.sha256(text.encode()).hexdigest()


# --- the table --------------------------------------------------------------------------------------

_MOVE = f"-{CAMERA_LIMIT} to {CAMERA_LIMIT}"
_PICTURE = "a file, a link, a variable (picture, figure, array, job), Out[n], shot.last, or an asset's name or id"


def _aspects(model: Model) -> Sequence[str]:
    return tuple(model.aspects)


def _aspect_words(model: Model) -> Mapping[str, str]:
    return model.aspect_words


def _lengths(model: Model) -> Sequence[int]:
    return model.seconds


def _resolutions(model: Model) -> Sequence[str]:
    return tuple(model.resolutions)


def _sent_length(request: VideoRequest) -> int | None:
    return request.length if request.seconds is None and request.row.sends_seconds else request.seconds


def _fits(_: Model) -> Sequence[str]:
    return FITS


def _picture(position: str, text: str) -> Field:
    return Field(position, "picture", part="keyframes", option=OptionText(Section.PICTURES, "X", text))


def _camera(model: Model) -> bool:
    return model.camera


def _move(name: str, section: Section, direction: str) -> Field:
    option = OptionText(section, "N", f"{direction}, {_MOVE}.")
    return Field(name, "number", part="camera", takes=_camera, option=option)


FIELDS: tuple[Field, ...] = (
    _picture("first", f"Picture at the start: {_PICTURE}."),
    _picture("middle", "Picture at half of the shot."),
    _picture("last", "Picture at the end."),
    Field(
        "prompt", "text", wire="text_prompt", default="", sent=lambda request: request.sent_prompt,
        control=Control("Prompt", "Describe the shot: subject, action, camera, light"),
    ),
    Field(
        "aspect", "choice", one_of(_aspects, _aspect_words), wire="aspect_ratio", choices=_aspects,
        sent=lambda request: own_word(request.aspect, request.row.aspect_words),
        option=OptionText(
            Section.FORMAT, "A", "Format; the first keyframe's when not given. landscape is 5:3 on Gen-3, else 16:9."
        ),
        control=Control("Aspect", unset="as first"), read_task=aspect_in,
    ),
    _move("horizontal", Section.PLANE, "Camera to the right"),
    _move("vertical", Section.PLANE, "Camera up"),
    _move("zoom", Section.DEPTH, "Camera in"),
    _move("pan", Section.DEPTH, "Camera looks to the right"),
    _move("tilt", Section.DEPTH, "Camera looks up"),
    _move("roll", Section.PLANE, "Camera clockwise round its axis"),
    Field(
        "static", "switch", part="camera", takes=_camera,
        option=OptionText(Section.DEPTH, "", "Camera holds still; not together with a move."),
    ),
    Field(
        "camera_words", "switch", switch, is_sent=False, shown_in="prompt",
        option=OptionText(Section.DEPTH, "", "Say the move at the end of the prompt where a model takes no numbers."),
        control=Control("Camera in words", place="camera"),
    ),
    Field(
        "seconds", "whole", one_of(_lengths), choices=_lengths, sent=_sent_length,
        option=OptionText(Section.FORMAT, "N", "Length in seconds; the model's default when not given."),
        control=Control("Length"), read_task=lambda options, _: seconds_in(options),
    ),
    Field(
        "resolution", "choice", one_of(_resolutions), choices=_resolutions, takes=lambda model: model.resolutions,
        lack="has one only",
        option=OptionText(Section.FORMAT, "R", "Resolution, where the model has several; its lowest when not given."),
        control=Control("Resolution"), read_task=lambda options, _: resolution_in(options),
    ),
    Field(
        "audio", "toggle", switch, takes=lambda model: model.audio, lack="has no switch for sound",
        option=OptionText(Section.FORMAT, "", "Sound on or off, where the model has it; on when not given."),
        control=Control("Sound", unset="on"), read_task=lambda options, _: audio_in(options),
    ),
    Field(
        "seed", "whole", whole_of(*SEED_RANGE), takes=lambda model: model.seed,
        option=OptionText(Section.FORMAT, "N", f"{SEED_RANGE[0]} to {SEED_RANGE[1]}; drawn when not given, and shown."),
        control=Control("Seed", "drawn"),
    ),
    Field(
        "explore", "switch", switch, wire="exploreMode", takes=lambda model: model.explore,
        lack="has no explore mode",
        option=OptionText(Section.DELIVERY, "", "Explore mode, for old Unlimited plans: no credits, a slow queue."),
        control=Control("Explore mode (0 credits, slow)"), read_task=lambda options, _: explore_in(options),
    ),
    Field(
        "reply_url", "text", address_of(1, REPLY_LENGTH), wire="replyUrl", is_counted=False,
        option=OptionText(Section.DELIVERY, "U", f"Where the API posts progress, at most {REPLY_LENGTH:,} characters."),
        control=Control("Reply URL", "https://... gets progress by POST", is_folded=True),
    ),
    Field(
        "reply_ref", "text", text_of(1, REPLY_LENGTH), wire="replyRef", is_counted=False,
        option=OptionText(Section.DELIVERY, "R", f"Your own reference, at most {REPLY_LENGTH:,} characters."),
        control=Control("Reply reference", f"up to {REPLY_LENGTH:,} characters", is_folded=True),
    ),
    Field(
        "max_jobs", "whole", whole_of(*MAX_JOBS_RANGE), wire="maxJobs", is_counted=False,
        option=OptionText(
            Section.DELIVERY, "N", f"Tasks at once on the account, {MAX_JOBS_RANGE[0]} to {MAX_JOBS_RANGE[1]}."
        ),
        control=Control(
            "Tasks at once", is_folded=True, unset="as the account says",
            menu=range(MAX_JOBS_RANGE[0], MAX_JOBS_RANGE[1] + 1),
        ),
    ),
    Field(
        "fit", "choice", one_of(_fits), is_sent=False, choices=_fits,
        option=OptionText(Section.PICTURES, "F", "How a picture file is brought to the frame; cover when not given."),
        control=Control("Fit", is_folded=True),
    ),
    Field(
        "focus", "point", point, is_sent=False,
        option=OptionText(
            Section.PICTURES, "X,Y", "Where cover crops, 0 to 1 from left and top; 0.5,0.5 is the middle."
        ),
        control=Control("Focus", is_folded=True),
    ),
    Field(
        "upscale", "switch", switch, is_sent=False,
        option=OptionText(Section.PICTURES, "", "Let Runway's own upscaler, which is free, enlarge small pictures."),
        control=Control("Let Runway enlarge small pictures (free)", is_folded=True),
    ),
)  # fmt: skip
"""Every field of a request but its model, in the order of the create call. A cell without the prompt is its options."""
OWN_FIELDS = tuple(field for field in FIELDS if not field.part)
"""The fields of the request itself."""
_TEXTS = [field for field in OWN_FIELDS if field.kind == "text"]
_OTHERS = sorted((field for field in FIELDS if field.kind != "text"), key=lambda field: field.kind == "switch")
"""What is checked first, and what last, when all mistakes of a request are reported together."""
UNCOUNTED = tuple(field.name for field in FIELDS if not field.is_counted)
"""Fields that do not change the video."""
