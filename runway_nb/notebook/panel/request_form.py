"""The rest of a request: prompt, format, length, seed, explore mode, and what is rarely needed."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets

from ...request import VideoRequest
from ...spec import DEFAULT_MODEL, FITS, MAX_JOBS_RANGE, REPLY_LENGTH, SEED_RANGE
from .widgets import Mute, button, lean, problem

NOT_GIVEN = "as first"
"""The format is that of the first keyframe."""
LABELS = {"seed": "Seed", "reply_url": "Reply URL", "reply_ref": "Reply reference"}
"""Controls whose problems stand beside them: what they are called there."""
Draw = Callable[[int, int], int]


class RequestControls:
    """Controls of everything but camera and keyframes.

    Args:
        changed: Called after a change by the user.
        draw: Gives a whole number between two bounds, for the dice.
    """

    def __init__(self, changed: Callable[[], None], draw: Draw) -> None:
        self._changed, self._draw = changed, draw
        self._mute = Mute()
        self._names_length = False
        lengths = [f"{n} s" for n in DEFAULT_MODEL.seconds]
        self.prompt = lean(
            ipywidgets.Textarea,
            placeholder="Describe the shot: subject, action, camera, light",
            description="Prompt",
            rows=3,
            classes="rnb-sr-label rnb-words",
        )
        self._count = lean(ipywidgets.HTML, _count(""), classes="rnb-count")
        self.aspect = _radio("Aspect", [NOT_GIVEN, *DEFAULT_MODEL.aspects])
        self.seconds = _radio("Length", lengths)
        self.seed = lean(ipywidgets.Text, placeholder="drawn", description="Seed", classes="rnb-seed-text")
        dice = button(
            "\N{DIE FACE-5}", self.throw, "rnb-dice rnb-act-dice", hint="New random seed, kept until it is changed"
        )
        self._lock = lean(
            ipywidgets.Checkbox,
            description="keep",
            indent=False,
            tooltip="Keep the seed for the next take",
            classes="rnb-lock",
        )
        self.explore = lean(ipywidgets.Checkbox, description="Explore mode (0 credits, slow)", indent=False)
        self._beside = {name: lean(ipywidgets.HTML, classes="rnb-problems") for name in ("", *LABELS)}
        self._more = self._make_more()
        seed = lean(ipywidgets.HBox, [self.seed, dice, self._lock], classes="rnb-seed")
        row = lean(ipywidgets.HBox, [self.aspect, self.seconds, seed, self.explore], classes="rnb-options")
        title = "More: fitting, call-back, slots"
        self._fold = lean(ipywidgets.Accordion, [self._more], titles=(title,), selected_index=None, classes="rnb-more")
        rows = [self.prompt, self._count, self._beside[""], row, self._beside["seed"], self._fold]
        self.block = lean(ipywidgets.VBox, rows, classes="rnb-wordblock")
        for control in self.fields.values():
            control.observe(self._tell, "value")

    def _make_more(self) -> ipywidgets.VBox:
        self.fit = _radio("Fit", list(FITS))
        self.focus_x, self.focus_y = _focus("Focus across"), _focus("Focus down")
        self.upscale = lean(ipywidgets.Checkbox, description="Let Runway enlarge small pictures (free)", indent=False)
        self.reply_url = lean(ipywidgets.Text, description="Reply URL", placeholder="https://... gets progress by POST")
        self.reply_ref = lean(
            ipywidgets.Text, description="Reply reference", placeholder=f"up to {REPLY_LENGTH:,} characters"
        )
        low, high = MAX_JOBS_RANGE
        self.max_jobs = lean(
            ipywidgets.Dropdown,
            options=[("as the account says", 0), *((str(n), n) for n in range(low, high + 1))],
            description="Tasks at once",
        )
        focus = lean(ipywidgets.HBox, [self.focus_x, self.focus_y], classes="rnb-focus")
        beside = self._beside
        rows = [
            self.fit, focus, self.upscale, self.reply_url, beside["reply_url"], self.reply_ref, beside["reply_ref"],
            self.max_jobs,
        ]  # fmt: skip
        return lean(ipywidgets.VBox, rows, classes="rnb-more-rows")

    @property
    def fields(self) -> dict[str, Any]:
        """The controls by the name of what they give."""
        names = (
            "prompt", "aspect", "seconds", "seed", "explore", "fit", "focus_x", "focus_y", "upscale", "reply_url",
            "reply_ref", "max_jobs",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}

    def read(self) -> dict[str, Any]:
        """Fields of a `VideoRequest`; what was not given is None."""
        return {
            "prompt": self.prompt.value.strip(),
            "aspect": None if self.aspect.value == NOT_GIVEN else self.aspect.value,
            "seconds": self._chosen_seconds(),
            "seed": _whole(self.seed.value),
            "explore": True if self.explore.value else None,
            "fit": None if self.fit.value == FITS[0] else self.fit.value,
            "focus": _place(self.focus_x.value, self.focus_y.value),
            "upscale": True if self.upscale.value else None,
            "reply_url": self.reply_url.value.strip() or None,
            "reply_ref": self.reply_ref.value.strip() or None,
            "max_jobs": self.max_jobs.value or None,
        }

    def write(self, request: VideoRequest) -> None:
        """Set every control, and call nobody."""
        x, y = request.focus or (0.5, 0.5)
        values = {
            self.prompt: request.prompt, self.aspect: request.aspect or NOT_GIVEN, self.seconds: f"{request.length} s",
            self.seed: "" if request.seed is None else str(request.seed), self.explore: bool(request.explore),
            self.fit: request.fit or FITS[0], self.focus_x: x, self.focus_y: y, self.upscale: bool(request.upscale),
            self.reply_url: request.reply_url or "", self.reply_ref: request.reply_ref or "",
            self.max_jobs: request.max_jobs or 0,
        }  # fmt: skip
        with self._mute:
            for control, value in values.items():
                control.value = value
        self._names_length = request.seconds is not None
        self._lock.value = request.seed is not None
        self._tell_count()

    def _chosen_seconds(self) -> int | None:
        """The length; None for the usual one, unless the request that was opened named it: it is the same wish then."""
        seconds = int(self.seconds.value.split()[0])
        return seconds if self._names_length or seconds != DEFAULT_MODEL.seconds[0] else None

    def after_sending(self, seed: int | None) -> None:
        """The seed that was sent stays when it is to be kept; else the next take draws its own."""
        with self._mute:
            self.seed.value = str(seed) if self._lock.value and seed is not None else ""

    def show_problems(self, lines: list[str]) -> None:
        """What is wrong, beside the control that has it where it is one of these; what is folded away is unfolded."""
        told: dict[str, list[str]] = {name: [] for name in (*LABELS, "")}
        for line in lines:
            name = line.split(" ", 1)[0]
            told[name if name in LABELS else ""].append(line.replace(name, LABELS.get(name, name), 1))
        for name, place in self._beside.items():
            place.value = "".join(map(problem, told[name]))
        if told["reply_url"] or told["reply_ref"]:
            self._fold.selected_index = 0

    def throw(self) -> None:
        """A new seed, which is kept."""
        self._lock.value = True
        self.seed.value = str(self._draw(*SEED_RANGE))

    def _tell(self, change: Any) -> None:
        if self._mute:
            return
        if change["owner"] is self.prompt:
            self._tell_count()
        if change["owner"] is self.seed:
            self._lock.value = bool(self.seed.value.strip())
        self._changed()

    def _tell_count(self) -> None:
        self._count.value = _count(self.prompt.value.strip())


def _count(text: str) -> str:
    words = f"{len(text):,} characters, {len(text.split()):,} words"
    return f'<div class="rnb-detail rnb-num">{escape(words)}</div>'


def _radio(name: str, options: list[str]) -> ipywidgets.RadioButtons:
    return lean(ipywidgets.RadioButtons, options=options, value=options[0], description=name, orientation="horizontal")


def _focus(name: str) -> ipywidgets.BoundedFloatText:
    return lean(ipywidgets.BoundedFloatText, value=0.5, min=0, max=1, step=0.05, description=name)


def _whole(text: str) -> int | str | None:
    """A whole number; other text as it is, so that the request can say what is wrong with it."""
    text = text.strip().replace(",", "")
    try:
        return int(text) if text else None
    except ValueError:
        return text


def _place(x: float, y: float) -> tuple[float, float] | None:
    return None if (x, y) == (0.5, 0.5) else (x, y)
