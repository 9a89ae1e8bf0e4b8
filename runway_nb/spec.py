"""Facts of the remote API, as data. Numbers and names of the API stand here and nowhere else.

Section numbers without a name are those of the API facts. A new model is a new row in `MODELS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

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
CONFIRM_CREDITS = 100
"""Credits of a sweep above which it asks for an explicit yes; a choice of ours."""
MAX_MODERATED = 3
"""Refusals by moderation within a day after which we ask for an explicit word; a choice of ours."""
FITS = ("cover", "contain", "stretch")
"""How a picture is brought to the frame; a choice of ours."""
EMBED = ("auto", "always", "never")
"""How a result carries its video inside the notebook; a choice of ours, not of the API."""


POSITIONS = ("first", "middle", "last")
"""The keyframes of a request, in the order of time; which of them a model takes stands in its row."""
STATES = ("current", "discouraged", "retired")
"""Whether a model may be used: discouraged ones may stop any day, retired ones have."""


class KeyframeField(NamedTuple):
    """One keyframe that a model takes."""

    position: str
    """One of `POSITIONS`."""
    wire: str
    """Its name in the create call."""
    time: float
    """Where it stands in the shot, from 0 to 1."""


Size = tuple[int, int]
"""Width and height in pixels."""
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_USUAL_SECONDS = 5


class Model(NamedTuple):
    """One row of the table of models (sections 3 and 20, Model facts 11). Only what is documented is a fact here.

    A row of your own (`own_models.add_model`) needs name, path, aspects, seconds, and keyframes if it takes pictures.
    """

    name: str
    """What a cell calls it."""
    path: str
    """Of its create call, below the API's address."""
    aspects: dict[str, Size]
    """Format to frame in pixels, the default first. Pictures are brought to that size."""
    seconds: Sequence[int]
    """Lengths of a video; a `range` where every whole number of it goes. 5 is the default, or else the first."""
    title: str = ""
    """Its name on the screen."""
    fixed: Mapping[str, Any] = _NOTHING
    """What each create call of it holds besides the request."""
    task_types: tuple[str, ...] = ()
    """What a task calls it; empty where nobody knows."""
    has_certain_type: bool = False
    """True where a document of this API names the type: then a task of any other type is another model's."""
    keyframes: tuple[KeyframeField, ...] = ()
    wire_names: Mapping[str, str] = _NOTHING
    """Field of a request to its name in the create call, where that is not the usual one (`request.FIELDS`)."""
    aspect_words: Mapping[str, str] = _NOTHING
    """Other words for its formats."""
    has_pixels: bool = True
    """False where only the shape of a frame is known: the pixels are then ours."""
    text_aspects: tuple[str, ...] | None = None
    """Formats without a picture; None for all of them."""
    needs_picture: bool = False
    """The first keyframe has to be given."""
    needs_prompt: bool = False
    last_needs_first: bool = False
    """An end frame goes with a start frame only."""
    doubts_text: bool = False
    """A request of words alone is documented and may be refused."""
    sends_seconds: bool = True
    """The length is sent even where the request gives none: False where the API's own default is documented."""
    prompt_limit: int | None = None
    """Characters of a prompt; None where nobody knows."""
    prompt_doubt: int | None = None
    """Characters from which on another document has the prompt refused."""
    camera: bool = False
    """It takes the moves of `Camera` as numbers."""
    seed: bool = False
    explore: bool = False
    email: bool = False
    """The account can be named; the keyframes decide where there are any."""
    audio: bool = False
    """Sound can be switched off and on; the API's default is on."""
    resolutions: Mapping[str, int | None] = _NOTHING
    """Resolution to credits per second, the default first; None where the price is not known."""
    paid_resolutions: tuple[str, ...] = ()
    """Resolutions that explore mode does not have."""
    explore_seconds: int | None = None
    """The longest video of explore mode, where that is shorter."""
    credits_per_second: int | None = None
    """None where nobody knows; of a model with resolutions theirs count (`prices`)."""
    is_price_certain: bool = True
    """False for a price that no document of this API names."""
    state: str = "current"
    """One of `STATES`."""
    state_reason: str = ""
    """Why it should not be used any more."""
    successor: str = ""
    """The nearest model to go on with."""

    def __repr__(self) -> str:
        return f"<Model {self.name}: POST {self.path}>"

    @property
    def positions(self) -> tuple[str, ...]:
        """The keyframes that it takes, in the order of time."""
        return tuple(field.position for field in self.keyframes)

    @property
    def prices(self) -> Mapping[str, int | None]:
        """Resolution to credits per second, the default first; an empty name for a model that has none."""
        return self.resolutions or {"": self.credits_per_second}

    @property
    def usual_seconds(self) -> int:
        """The length of a request that gives none."""
        return _USUAL_SECONDS if _USUAL_SECONDS in self.seconds else self.seconds[0]


GEN3_TURBO = Model(
    name="gen3turbo",
    title="Gen-3 Alpha Turbo",
    path="/gen3turbo/create",
    task_types=("gen3a_turbo",),
    has_certain_type=True,
    aspects={"landscape": (1280, 768), "portrait": (768, 1280)},
    aspect_words={"5:3": "landscape", "3:5": "portrait"},
    seconds=(5, 10),
    keyframes=(
        KeyframeField("first", "firstImage_assetId", 0.0),
        KeyframeField("middle", "middleImage_assetId", 0.5),
        KeyframeField("last", "lastImage_assetId", 1.0),
    ),
    doubts_text=True,
    sends_seconds=False,
    camera=True,
    seed=True,
    explore=True,
    credits_per_second=5,
    state="discouraged",
    state_reason="Runway's website no longer supports Gen-3, and it may stop any day",
    successor="gen4turbo",
)

# Model facts 3.5
_GEN4_ASPECTS: dict[str, Size] = {
    "16:9": (1280, 720), "9:16": (720, 1280), "1:1": (960, 960),
    "4:3": (1104, 832), "3:4": (832, 1104), "21:9": (1584, 672),
}  # fmt: skip
_PLAIN_WORDS = {"landscape": "16:9", "portrait": "9:16", "square": "1:1"}
_START = (KeyframeField("first", "firstImage_assetId", 0.0),)

# Model facts 3.3; the limit of the prompt: Model facts 2 and 11.1
GEN4_TURBO = Model(
    name="gen4turbo",
    title="Gen-4 Turbo",
    path="/gen4turbo/create",
    task_types=("gen4_turbo",),
    aspects=_GEN4_ASPECTS,
    aspect_words=_PLAIN_WORDS,
    seconds=(5, 10),
    keyframes=_START,
    needs_picture=True,
    sends_seconds=False,
    prompt_limit=1000,
    prompt_doubt=512,
    seed=True,
    explore=True,
    credits_per_second=5,
)
GEN4 = GEN4_TURBO._replace(name="gen4", title="Gen-4", path="/gen4/create", task_types=("gen4",), credits_per_second=12)
# Model facts 3.4; its price is that of another door: Model facts 6
GEN4_5 = GEN4_TURBO._replace(
    name="gen4_5",
    title="Gen-4.5",
    path="/gen4_5/create",
    task_types=("gen4_5", "gen4.5"),
    seconds=(5, 8, 10),
    text_aspects=("16:9",),
    needs_picture=False,
    prompt_limit=5000,
    prompt_doubt=None,
    email=True,
    credits_per_second=12,
    is_price_certain=False,
)

# Model facts 5: one path, the model's name in the body; lengths have no documented default
_HOSTED = Model(
    name="",
    path="/videos/create",
    aspects={word: _GEN4_ASPECTS[word] for word in ("16:9", "9:16", "1:1")},
    aspect_words=_PLAIN_WORDS,
    has_pixels=False,
    seconds=(5, 10, 15),
    wire_names={"seconds": "duration"},
    keyframes=(KeyframeField("first", "imageAssetId1", 0.0), KeyframeField("last", "imageAssetId2", 1.0)),
    last_needs_first=True,
    prompt_limit=5000,
    explore=True,
    email=True,
)


def _hosted(model: str, title: str, **columns: Any) -> Model:
    return _HOSTED._replace(**{"name": model, "title": title, "fixed": {"model": model}, **columns})


KLING_3_PRO = _hosted(
    "kling-3.0-pro", "Kling 3.0 Pro", prompt_limit=2500, audio=True, task_types=("kling_3",)
)  # fmt: skip
_WIDE_OR_TALL: dict[str, Any] = {
    "aspects": {word: _GEN4_ASPECTS[word] for word in ("16:9", "9:16")},
    "aspect_words": {word: aspect for word, aspect in _PLAIN_WORDS.items() if aspect != "1:1"},
}
VEO_3_1 = _hosted(
    "veo-3.1", "Veo 3.1", **_WIDE_OR_TALL, seconds=(4, 6, 8), audio=True, explore=False,
    resolutions={"720p": None, "1080p": None},
)  # fmt: skip
SORA_2 = _hosted(
    "sora-2", "Sora 2", **_WIDE_OR_TALL, seconds=(4, 8, 12),
    keyframes=(KeyframeField("first", "imageAssetId1", 0.0),), last_needs_first=False,
)  # fmt: skip
# Model facts 5.1, 5.3 and 6; 480p is the API's default
SEEDANCE_2 = _hosted(
    "seedance-2", "Seedance 2", aspects=_GEN4_ASPECTS, seconds=range(4, 16), prompt_limit=3500, audio=True,
    keyframes=(KeyframeField("first", "startFrameAssetId", 0.0), KeyframeField("last", "endFrameAssetId", 1.0)),
    task_types=("seedance_2",), resolutions={"480p": 36, "720p": 36, "1080p": 40}, paid_resolutions=("1080p",),
)  # fmt: skip
SEEDANCE_2_5 = SEEDANCE_2._replace(
    name="seedance-2-5", title="Seedance 2.5", fixed={"model": "seedance-2-5"}, seconds=range(4, 31), prompt_limit=None,
    task_types=("seedance_2_5",), resolutions={"480p": 20, "720p": 30}, paid_resolutions=(),
    explore_seconds=15,
)  # fmt: skip
VIDEOS_GEN4_5 = _hosted(
    "videos-gen4.5", "Gen-4.5 with sound", fixed={"model": "gen4.5"}, aspects=_GEN4_ASPECTS, text_aspects=("16:9",),
    has_pixels=True, seconds=range(2, 11), keyframes=(KeyframeField("first", "imageAssetId1", 0.0),),
    last_needs_first=False, seed=True, audio=True, task_types=("gen4_5", "gen4.5"),
    credits_per_second=12, is_price_certain=False,
)  # fmt: skip

MODELS = {
    model.name: model
    for model in (
        GEN3_TURBO, GEN4_TURBO, GEN4, GEN4_5, VIDEOS_GEN4_5, KLING_3_PRO, VEO_3_1, SEEDANCE_2, SEEDANCE_2_5, SORA_2
    )
}  # fmt: skip
"""Name to row, the documented and cheap ones first; `own_models.add_model` adds a row of your own."""
BUILT_IN: Mapping[str, Model] = MappingProxyType(dict(MODELS))
"""The rows as they come, by which a row of your own is told from them."""
DEFAULT_MODEL = GEN3_TURBO
"""The model of a request that names none."""
