"""What one model takes, costs and shows: a row of the table in `models`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from .contract import MAX_SEED, MAX_TEXT
from .fields import Field
from .frame_sizes import Size, Sizes

Dialect = Literal["gen3", "gen4", "hosted"]
"""How a task tells its options back (Model facts 7)."""
MOVES = {"horizontal": "x", "vertical": "y", "roll": "r", "zoom": "z", "pan": "bg_x_pan", "tilt": "bg_y_pan"}
"""Field of a camera move to its key in `options.camera` (API facts 3.3)."""
COMMON = {
    "exploreMode": Field("flag"),
    "replyUrl": Field("text", longest=MAX_TEXT),
    "replyRef": Field("text", longest=MAX_TEXT),
    "maxJobs": Field("integer", 1, 10),
}
"""What every create call takes (API facts 20)."""
USUAL_LENGTH = 5


@dataclass(frozen=True)
class Model:
    """A way to make video at the API."""

    name: str
    """The name in its path, or the one that videos/create takes; `on` of the fault `retired` takes it, too."""
    title: str
    """Begins the names of its tasks."""
    task_type: str
    dialect: Dialect
    sizes: Sizes
    lengths: tuple[int, ...]
    """Whole seconds."""
    credits: Mapping[str, int]
    """Credits for a second, by resolution; the resolution is empty for a model that has none."""
    pace: tuple[float, float]
    """Seconds that a clip takes at speed 1, queue included, at least and at most."""
    pace_of: int | None = None
    """The length of the clip that takes so long, a longer one takes longer in proportion; None: all take the same."""
    prompt_limit: int | None = None
    """Characters; None: no limit is documented."""
    prompt_required: bool = False
    """True where the prompt is required with a picture, too."""
    frames: Mapping[str, float] = field(default_factory=dict)
    """Field of a keyframe to its time in the clip."""
    frame_required: str = ""
    """The field of the keyframe without which there is no clip."""
    references: Mapping[str, str] = field(default_factory=dict)
    """Field of something that the clip refers to, and its medium: image, video or audio."""
    text_aspects: tuple[str, ...] = ()
    """Formats that go without a picture; empty: all."""
    length_field: Literal["seconds", "duration"] = "duration"
    audio: bool = False
    """True where sound can be switched; it is on unless it is switched off."""
    seed: bool = False
    camera: bool = False
    email: bool = True
    explore: bool = True
    explore_resolutions: tuple[str, ...] = ()
    """Resolutions that go in explore mode; empty: all."""
    explore_longest: int | None = None
    """Seconds that a clip may last in explore mode; None: no other limit."""
    strict: bool = True
    """True where a parameter that is not documented is refused instead of noted."""
    successor: str = ""
    """What its own refusal advises when the model is gone."""
    not_simulated: frozenset[str] = frozenset()
    """Documented fields that the simulator does not have."""

    @cached_property
    def aspects(self) -> tuple[str, ...]:
        """The formats, the default first."""
        return tuple(dict.fromkeys(aspect for aspect, _ in self.sizes))

    @cached_property
    def resolutions(self) -> tuple[str, ...]:
        """The resolutions, the default first; one empty text for a model that has none."""
        return tuple(dict.fromkeys(resolution for _, resolution in self.sizes))

    @cached_property
    def usual_length(self) -> int:
        """The length of a request that gives none: 5 s where the model has it (Model facts 2), else its shortest."""
        return USUAL_LENGTH if USUAL_LENGTH in self.lengths else self.lengths[0]

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Every field that its create call takes, in the order in which they are checked."""
        fields = {name: Field("text") for name in (*self.frames, *self.references)}
        fields["text_prompt"] = Field("text", longest=self.prompt_limit)
        fields["aspect_ratio"] = Field("text", choices=self.aspects)
        if self.camera:
            fields |= {**dict.fromkeys(MOVES, Field("number", -10, 10)), "static": Field("flag")}
        fields[self.length_field] = Field("integer", choices=self.lengths)
        if self.resolutions != ("",):
            fields["resolution"] = Field("text", choices=self.resolutions)
        if self.audio:
            fields["audio"] = Field("flag")
        if self.seed:
            fields["seed"] = Field("integer", 1, MAX_SEED)
        if self.email:
            fields["email"] = Field("text")
        return fields | COMMON

    def span(self, seconds: int) -> tuple[float, float]:
        """Return how long a clip of that length takes at speed 1: seconds, at least and at most."""
        times = seconds / self.pace_of if self.pace_of else 1.0
        return self.pace[0] * times, self.pace[1] * times

    def size(self, aspect: str, resolution: str) -> Size:
        """Return the width and height of a clip, pixels."""
        return self.sizes[aspect, resolution]
