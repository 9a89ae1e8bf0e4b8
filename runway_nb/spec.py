"""Facts of the remote API, as data. Numbers and names of the API stand here and nowhere else.

The section numbers are those of the API facts this project keeps; a new model is a new row in `MODELS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

BASE_URL = "https://api.useapi.net/v1/runwayml"
TOKEN_FORM = r"user:\d+-[A-Za-z0-9]+"  # noqa: S105 - a pattern, not a token
"""The form of a token (section 2)."""
ID_FORM = r"user:\d+-runwayml:(?P<email>.+?)-(?P<kind>task|asset):(?P<uuid>[0-9a-fA-F-]{36})"
"""The form of a task id or asset id; it carries the account's e-mail (section 2.1)."""

CAMERA_LIMIT = 10
SEED_RANGE = (1, 4294967294)
REPLY_LENGTH = 1024
MAX_JOBS_RANGE = (1, 10)
DEFAULT_SLOTS = 2
"""Tasks that Runway lets run at once on an account, in practice (section 13)."""
RETRY_SECONDS = (10.0, 30.0)
"""How long to wait after a 429 that names no time of its own (section 3.4)."""
REFUSALS = frozenset({400, 401, 402, 404, 412, 422, 429, 596})
"""Statuses of a create that has started nothing for certain; any other is a doubt (sections 2.3 and 14.3)."""
LIST_PAGES = 21
"""Pages of a list that are read at most: an offset of 1,000 is the last (sections 6 and 8.2)."""
LIST_LIMIT = 50
"""The most items of one GET /assets page (section 8.2)."""


MOST_CREDITS = 10**9
"""No price and no limit is higher: beyond it a number is an accident; a choice of ours."""
MAX_MODERATED = 3
"""Refusals by moderation within a day after which we ask for an explicit word; a choice of ours."""
FITS = ("cover", "contain", "stretch")
"""How a picture is brought to the frame; a choice of ours."""
EMBED = ("auto", "always", "never")
"""How a result carries its video inside the notebook; a choice of ours, not of the API."""


POSITIONS = ("first", "middle", "last")
"""The keyframes of a request, in the order of time; which of them a model takes stands in its row."""


class KeyframeField(NamedTuple):
    """One keyframe that a model takes."""

    position: str
    """One of `POSITIONS`."""
    wire: str
    """Its name in the create call."""
    time: float
    """Where it stands in the shot, from 0 to 1."""


class Model(NamedTuple):
    """One row of the table of models (sections 3 and 20)."""

    name: str
    title: str
    path: str
    task_type: str
    aspects: dict[str, tuple[int, int]]
    """Aspect word to frame size in pixels."""
    seconds: Sequence[int]
    credits_per_second: int
    keyframes: tuple[KeyframeField, ...]
    wire_names: Mapping[str, str] = MappingProxyType({})
    """Field of a request to its name in the create call, where that is not the usual one (`request.FIELDS`)."""
    lacks: frozenset[str] = frozenset()
    """Fields of a request that it does not take, keyframes apart."""

    @property
    def positions(self) -> tuple[str, ...]:
        """The keyframes that it takes, in the order of time."""
        return tuple(field.position for field in self.keyframes)


GEN3_TURBO = Model(
    name="gen3turbo",
    title="Gen-3 Alpha Turbo",
    path="/gen3turbo/create",
    task_type="gen3a_turbo",
    aspects={"landscape": (1280, 768), "portrait": (768, 1280)},
    seconds=(5, 10),
    credits_per_second=5,
    keyframes=(
        KeyframeField("first", "firstImage_assetId", 0.0),
        KeyframeField("middle", "middleImage_assetId", 0.5),
        KeyframeField("last", "lastImage_assetId", 1.0),
    ),
)

MODELS = {model.name: model for model in (GEN3_TURBO,)}
DEFAULT_MODEL = GEN3_TURBO
