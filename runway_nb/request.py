"""A wish: prompt, keyframes, camera and format. Every check at once; to the wire; price; digest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import PurePath
from typing import Any

from .camera import MOVES, Camera
from .errors import InvalidRequest
from .redaction import redact
from .references import Picture, asset_account, is_link, is_place, picture_problem, read_picture_name
from .spec import DEFAULT_MODEL, FITS, MAX_JOBS_RANGE, MODELS, REPLY_LENGTH, SEED_RANGE, Model
from .values.plain import Unusable, can_be_sent, checked_kind, is_a, is_number, pair, plain, shown, whole

HALF = "holds half a character (a lone surrogate): take it out"
"""What is wrong with text that cannot be encoded."""
_UNCOUNTED = ("replyRef", "replyUrl", "maxJobs")


def _one_spelling(value: Any) -> Any:
    """Numbers in one spelling: 4.0 and 4, or -0.0 and 0, are the same wish and get the same digest."""
    return int(value) if type(value) is float and value.is_integer() else value


def _is_sound_link(link: object) -> bool:
    return type(link) is str and is_link(link) and can_be_sent(link)


def _is_name(picture: object) -> bool:
    return is_a(picture, str, PurePath, Unusable)


def _named(picture: object) -> str:
    return repr(redact(str(picture))) if is_a(picture, str, PurePath) else shown(picture)


def _slot_at(time: object) -> str:
    at = plain(time)
    return next((slot for slot, _, place in DEFAULT_MODEL.keyframes if at == place), "")


@dataclass(frozen=True)
class Keyframes:
    """The pictures of a shot: asset ids, names of assets, picture files, links, frames of jobs (`picture.Picture`).

    `Studio.submit` and `generate` also take objects: figures, arrays, images, bytes (see `sources`; kept as files),
    a job (its last frame), a task, an asset.
    """

    first: Picture | None = None
    """Seen at the start of the shot."""
    middle: Picture | None = None
    """Seen at half of the shot."""
    last: Picture | None = None
    """Seen at the end of the shot."""

    def __post_init__(self) -> None:
        for slot, picture in self.given.items():
            object.__setattr__(self, slot, read_picture_name(picture))

    def __eq__(self, other: object) -> bool:
        """Objects such as arrays are equal to themselves only: their own comparison gives no yes or no."""
        if not isinstance(other, Keyframes):
            return NotImplemented
        pairs = ((getattr(self, spec.name), getattr(other, spec.name)) for spec in fields(self))
        return all(mine is theirs or (_is_name(mine) and _is_name(theirs) and mine == theirs) for mine, theirs in pairs)

    @classmethod
    def from_options(cls, keyframes: object) -> Keyframes:
        """The links in a task's `options.keyframes`, by their time (API facts 3.3); what cannot be read stays out."""
        told = [item for item in keyframes if is_a(item, Mapping)] if type(keyframes) is list else []
        links = {_slot_at(item.get("timestamp")): link for item in told if _is_sound_link(link := item.get("image"))}
        return cls(**{slot: link for slot, link in links.items() if slot})

    @property
    def given(self) -> dict[str, Picture]:
        """Slot to picture, only the slots that are filled, in time order."""
        slots = {spec.name: getattr(self, spec.name) for spec in fields(self)}
        return {slot: picture for slot, picture in slots.items() if picture is not None}

    def __repr__(self) -> str:
        return f"Keyframes({', '.join(f'{slot}={_named(picture)}' for slot, picture in self.given.items())})"

    def problems(self) -> Iterator[str]:
        """Each mistake as one line."""
        for slot, picture in self.given.items():
            if problem := picture_problem(picture):
                yield f"{slot} {problem}"
            elif asset_account(picture) and not can_be_sent(str(picture)):
                # the name of a file may hold one: only what is in it is sent
                yield f"{slot} {HALF}"
        if len({account for picture in self.given.values() if (account := asset_account(picture))}) > 1:
            yield "the keyframes belong to two accounts: one request takes pictures of one account only"


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
    """`landscape` (1280 x 768, the API's default) or `portrait` (768 x 1280)."""
    seconds: int | None = None
    """5 (the API's default) or 10."""
    seed: int | None = None
    """1 to 4294967294. One is drawn before sending when none is given."""
    explore: bool | None = None
    """Explore mode: no credits on an Unlimited plan, a slow queue."""
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

    def __post_init__(self) -> None:
        for name, read in _READ.items():
            object.__setattr__(self, name, read(getattr(self, name)))
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
        if isinstance(self.model, str) and self.model in MODELS:
            return MODELS[self.model]
        raise InvalidRequest([self._model_problem()])

    @property
    def account(self) -> str:
        """The e-mail of the account that owns the keyframes, or nothing while that is open (API facts 13)."""
        return next(filter(None, map(asset_account, self.keyframes.given.values())), "")

    @property
    def credits(self) -> int:
        """The price in credits: 5 per second of video, 0 in explore mode (API facts 3)."""
        return 0 if self.explore else self.length * self.row.credits_per_second

    @property
    def length(self) -> int:
        """Seconds of video; the API's default where none is given, or none that there is."""
        lengths = self.row.seconds
        return self.seconds if is_number(self.seconds) and self.seconds in lengths else lengths[0]

    @property
    def format(self) -> str:
        """The aspect word; the API's default where none is given, or none that there is."""
        return self.aspect if self.aspect in self.row.aspects else next(iter(self.row.aspects))

    def problems(self) -> tuple[str, ...]:
        """All mistakes; each names the value, the allowed range and what to do."""
        if not (isinstance(self.model, str) and self.model in MODELS):
            return (self._model_problem(),)
        return (
            *self._text_problems(),
            *self.keyframes.problems(),
            *self.camera.problems(),
            *self._format_problems(),
        )

    def check(self) -> None:
        """Raise `InvalidRequest` with all mistakes; return when there is none."""
        if problems := self.problems():
            raise InvalidRequest(problems)

    def warnings(self) -> tuple[str, ...]:
        """What is allowed and probably not meant (API facts 3.1)."""
        if self.keyframes.given:
            return ()
        if self.camera.is_moving:
            return ("a camera move without a keyframe: Runway may ignore the move or refuse the request",)
        return ("no keyframe: Runway may refuse a request of words alone",)

    def _model_problem(self) -> str:
        return f"model is {shown(self.model)}: known are {', '.join(MODELS)}"

    def _text_problems(self) -> Iterator[str]:
        if not isinstance(self.prompt, str):
            yield f"prompt is {shown(self.prompt)}: give text"
        elif not can_be_sent(self.prompt):
            yield f"prompt {HALF}"
        elif not self.prompt.strip() and not self.keyframes.given:
            yield "there is nothing to generate from: write a prompt, or give a keyframe"
        for name, text in (("reply_url", self.reply_url), ("reply_ref", self.reply_ref)):
            if text is not None and (not isinstance(text, str) or not 1 <= len(text) <= REPLY_LENGTH):
                found = f"{len(text):,} characters long" if isinstance(text, str) else shown(text)
                yield f"{name} is {found}: give text of 1 to {REPLY_LENGTH:,} characters"
            elif text is not None and not can_be_sent(text):
                yield f"{name} {HALF}"
        if isinstance(self.reply_url, str) and not re.match(r"https?://[^\s/]+", self.reply_url):
            yield f"reply_url is {shown(self.reply_url)}: give an address that starts with https://"

    def _format_problems(self) -> Iterator[str]:
        if self.aspect is not None and self.aspect not in self.row.aspects:
            yield f"aspect is {shown(self.aspect)}: give {' or '.join(self.row.aspects)}"
        if self.seconds is not None and not (is_number(self.seconds) and self.seconds in self.row.seconds):
            yield f"seconds is {shown(self.seconds)}: give {' or '.join(map(str, self.row.seconds))}"
        for name, value, (low, high) in (
            ("seed", self.seed, SEED_RANGE),
            ("max_jobs", self.max_jobs, MAX_JOBS_RANGE),
        ):
            if value is not None and (type(value) is not int or not low <= value <= high):
                yield f"{name} is {shown(value)}: give a whole number from {low} to {high}"
        if self.fit is not None and self.fit not in FITS:
            yield f"fit is {shown(self.fit)}: give {', '.join(FITS)}"
        if self.focus is not None and not is_place(self.focus):
            yield f"focus is {shown(self.focus)}: give two numbers from 0 to 1, such as 0.5,0.2"
        for name, value in (("explore", self.explore), ("upscale", self.upscale)):
            if value is not None and not isinstance(value, bool):
                yield f"{name} is {shown(value)}: give True or False"

    def to_wire(self) -> dict[str, Any]:
        """The body of the create call; what was not given stays out (API facts 3.1). Nothing is checked here."""
        pictures = {wire: getattr(self.keyframes, slot) for slot, wire, _ in self.row.keyframes}
        body = {
            **{wire: str(picture) if is_a(picture, str, PurePath) else picture for wire, picture in pictures.items()},
            "text_prompt": self.prompt or None,
            "aspect_ratio": self.aspect,
            **self.camera.to_wire(),
            "seconds": self.seconds,
            "seed": self.seed,
            "exploreMode": self.explore,
            "replyUrl": self.reply_url,
            "replyRef": self.reply_ref,
            "maxJobs": self.max_jobs,
        }
        return {name: _one_spelling(value) for name, value in body.items() if value is not None}

    def to_wish(self) -> dict[str, Any]:
        """The body, and what is done to pictures before they are sent; for the ledger."""
        focus = [_one_spelling(part) for part in self.focus] if isinstance(self.focus, tuple) else self.focus
        ours = {"fit": self.fit, "focus": focus, "upscale": self.upscale}
        return {**self.to_wire(), **{name: value for name, value in ours.items() if value is not None}}

    @classmethod
    def from_wire(cls, body: Mapping[str, Any], model: str = DEFAULT_MODEL.name) -> VideoRequest:
        """The request behind a body that `to_wire` or `to_wish` made. Raises `InvalidRequest` for an unknown model."""
        row = cls(model=model).row
        checked_kind(body, "body", Mapping, "what to_wire() gives")
        return cls(
            prompt=body.get("text_prompt", ""),
            keyframes=Keyframes(**{slot: body.get(wire) for slot, wire, _ in row.keyframes}),
            camera=Camera(**{name: body.get(name) for name in (*MOVES, "static")}),
            aspect=body.get("aspect_ratio"),
            seconds=body.get("seconds"),
            seed=body.get("seed"),
            explore=body.get("exploreMode"),
            reply_url=body.get("replyUrl"),
            reply_ref=body.get("replyRef"),
            max_jobs=body.get("maxJobs"),
            model=model,
            fit=body.get("fit"),
            focus=body.get("focus"),
            upscale=body.get("upscale"),
        )

    @classmethod
    def from_options(cls, prompt: str, seed: int | None, options: Mapping[str, Any]) -> VideoRequest:
        """The request behind a task that was made elsewhere, as far as the task tells (API facts 3.3).

        A value that cannot be read stays out. So do its keyframes: they are links there and no assets, and expire
        (`Keyframes.from_options` gives them).
        """
        options = options if is_a(options, Mapping) else {}
        aspect = "portrait" if options.get("flip") is True else None
        found = cls(prompt, camera=Camera.from_options(options.get("camera")), aspect=aspect)
        explore = plain(options.get("exploreMode")) or None
        more: dict[str, Any] = {"seed": seed, "seconds": options.get("seconds"), "explore": explore}
        for name, value in more.items():
            told = replace(found, **{name: value})
            found = told if told.problems() == found.problems() else found
        return found

    @property
    def digest(self) -> str:
        """SHA-256 of what decides the picture, as canonical JSON: equal requests, equal digests.

        References, call-back address and slot limit do not count; a seed counts when it is set. Raises
        `InvalidRequest` for a request that holds what cannot be sent.
        """
        counted = {name: value for name, value in self.to_wish().items() if name not in _UNCOUNTED}
        try:
            text = json.dumps({"model": self.model, **counted}, sort_keys=True, separators=(",", ":"))
        except Exception:  # noqa: BLE001 - what foreign values raise when they are asked
            # a picture object, or what cannot be read
            names = ", ".join(name for name, value in counted.items() if not is_a(value, str, int, float, list))
            raise InvalidRequest(self.problems() or [f"{names} cannot be written down: submit the request"]) from None
        return "v1:" + hashlib.sha256(text.encode()).hexdigest()


_READ: dict[str, Callable[[object], Any]] = {
    **dict.fromkeys(("prompt", "aspect", "reply_url", "reply_ref", "model", "fit", "explore", "upscale"), plain),
    **dict.fromkeys(("seconds", "seed", "max_jobs"), whole),
    "focus": pair,
}
"""How each field is read, once, when a request is made."""
