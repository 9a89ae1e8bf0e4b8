"""The models that the simulator has, each with the endpoint that serves it: a reading of Model facts 2 to 7.

What nobody documents is marked so: a number or a word there is the simulator's own, and a client must not learn it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .contract import RefusedError, missing
from .fields import unsupported
from .frame_sizes import GEN3, GEN4, by_ratios, seedance
from .model import Model

VIDEOS = "/videos/create"
"""The path whose calls name a model."""
SIX = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")
THREE = ("16:9", "9:16", "1:1")
TWO = ("16:9", "9:16")
BOTH_HD = ("720p", "1080p")
FIVE_TEN = (5, 10)
QUICK = (60.0, 120.0)
"""Gen-4 Turbo and Veo: 1 to 2 minutes (Model facts 7)."""
SLOW = (420.0, 780.0)
"""videos/create: about 10 minutes on average (Model facts 7)."""
OWN_PACE = (90.0, 180.0)
"""Nobody documents how long Gen-4 and Gen-4.5 take on their own paths."""
OWN_PRICE: Mapping[str, int] = {"": 20, "480p": 20, "720p": 20, "1080p": 20}
"""Nobody documents the price of these models: the simulator's own."""
NOT_SIMULATED = (
    "kling-o3-4k", "kling-o3-pro", "kling-o3-standard", "kling-3.0-motion-control", "kling-2.6-i2v", "wan-2.2-animate",
)  # fmt: skip
"""Models that videos/create documents and the simulator does not have."""
MULTISHOT = frozenset(f"multishot_{part}_{number}" for part in ("prompt", "duration") for number in range(1, 7))
BOTH_FRAMES = {"imageAssetId1": 0.0, "imageAssetId2": 1.0}
REFERENCES = {
    **{f"imageAssetId{number}": "image" for number in range(1, 12)},
    **dict.fromkeys(("videoAssetId", "videoAssetId2", "videoAssetId3"), "video"),
    **{f"audioAssetId{number}": "audio" for number in range(1, 4)},
}

GEN3_TURBO = Model(
    "gen3turbo", "Gen-3 Alpha Turbo", "gen3a_turbo", "gen3", GEN3, FIVE_TEN, {"": 5}, (36.6, 53.4),
    frames={"firstImage_assetId": 0.0, "middleImage_assetId": 0.5, "lastImage_assetId": 1.0},
    pace_of=5, length_field="seconds", seed=True, camera=True, email=False, strict=False,
    successor="gen4turbo/create",
)  # fmt: skip

_FIRST = {"firstImage_assetId": 0.0}


def _gen4(name: str, title: str, task_type: str, credits_: int, pace: tuple[float, float]) -> Model:
    """Return one of the two models of Model facts 3.3."""
    return Model(
        name, title, task_type, "gen4", GEN4, FIVE_TEN, {"": credits_}, pace, prompt_limit=1000, frames=_FIRST,
        frame_required="firstImage_assetId", length_field="seconds", seed=True, email=False,
    )  # fmt: skip


GEN4_TURBO = _gen4("gen4turbo", "Gen-4 Turbo", "gen4_turbo", 5, QUICK)
GEN4_OWN = _gen4("gen4", "Gen-4", "gen4", 12, OWN_PACE)
GEN4_5 = Model(
    "gen4_5", "Gen-4.5", "gen4_5", "gen4", GEN4, (5, 8, 10), {"": 12}, OWN_PACE, prompt_limit=5000, frames=_FIRST,
    text_aspects=("16:9",), length_field="seconds", seed=True,
)  # fmt: skip
"""Model facts 3.4; the task type may be `gen4.5` as well (Model facts 7)."""


def _seedance(name: str, title: str, task_type: str, lengths: range, credits_: Mapping[str, int]) -> Model:
    return Model(
        name, title, task_type, "hosted", seedance(tuple(credits_)), tuple(lengths), credits_, SLOW,
        prompt_limit=3500, frames={"startFrameAssetId": 0.0, "endFrameAssetId": 1.0}, references=REFERENCES,
        audio=True, explore_resolutions=("480p", "720p"), explore_longest=15,
    )  # fmt: skip


def _kling(tier: str) -> Model:
    return Model(
        f"kling-3.0-{tier}", f"Kling 3.0 {tier.title()}", "kling_3", "hosted", by_ratios(THREE), (5, 10, 15),
        OWN_PRICE, SLOW, prompt_limit=2500, frames=BOTH_FRAMES, audio=True, not_simulated=MULTISHOT,
    )  # fmt: skip


def _gen4_video(name: str, title: str, task_type: str, credits_: int, pace: tuple[float, float]) -> Model:
    """Return Gen-4 or Gen-4 Turbo as videos/create has them: a prompt is required; of its two limits the newer."""
    return Model(
        name, title, task_type, "gen4", GEN4, FIVE_TEN, {"": credits_}, pace, prompt_limit=512, prompt_required=True,
        frames={"imageAssetId1": 0.0}, frame_required="imageAssetId1", seed=True,
    )  # fmt: skip


_PICTURE = {"imageAssetId1": 0.0}
_HOSTED = (
    _seedance("seedance-2", "Seedance 2", "seedance_2", range(4, 16), {"480p": 36, "720p": 36, "1080p": 40}),
    # price and task type: the simulator's own
    _seedance("seedance-2-fast", "Seedance 2 Fast", "seedance_2_fast", range(4, 16), dict.fromkeys(
        ("480p", *BOTH_HD), OWN_PRICE[""])),
    # from 4 s on, and everything else, as seedance-2 (inferred); 30 s at the longest
    _seedance("seedance-2-5", "Seedance 2.5", "seedance_2_5", range(4, 31), {"480p": 20, "720p": 30}),
    _kling("pro"),
    _kling("standard"),
    # task types and prices from here to Sora: the simulator's own
    Model(
        "kling-2.6-pro", "Kling 2.6 Pro", "kling_2_6", "hosted", by_ratios(TWO), FIVE_TEN, OWN_PRICE, SLOW,
        prompt_limit=2500, prompt_required=True, frames=_PICTURE, audio=True,
    ),
    Model(
        "veo-3.1", "Veo 3.1", "veo_3_1", "hosted", by_ratios(TWO, BOTH_HD), (4, 6, 8), OWN_PRICE, QUICK,
        prompt_limit=5000, frames=BOTH_FRAMES, audio=True, explore=False,
    ),
    Model(
        "grok-imagine-1.5", "Grok Imagine 1.5", "grok_imagine_1_5", "hosted",
        by_ratios((*SIX[:5], "2:3", "3:2"), ("480p", "720p")), tuple(range(3, 16)), OWN_PRICE, SLOW,
        prompt_limit=2500, frames=_PICTURE, frame_required="imageAssetId1",
    ),
    Model(
        "happyhorse-1.0", "HappyHorse 1.0", "happyhorse_1_0", "hosted", by_ratios(SIX[:5], BOTH_HD),
        tuple(range(3, 16)), OWN_PRICE, SLOW, prompt_limit=2500, frames=_PICTURE,
    ),
    Model(
        # its formats: the simulator's own
        "wan-2.6-flash", "Wan 2.6 Flash", "wan_2_6_flash", "hosted", by_ratios(THREE, BOTH_HD), (5, 10, 15),
        OWN_PRICE, SLOW, prompt_limit=5000, prompt_required=True, frames=_PICTURE, frame_required="imageAssetId1",
        audio=True,
    ),
    Model(
        "sora-2", "Sora 2", "sora_2", "hosted", by_ratios(TWO), (4, 8, 12), OWN_PRICE, SLOW, prompt_limit=5000,
        frames=_PICTURE,
    ),
    Model(
        "sora-2-pro", "Sora 2 Pro", "sora_2_pro", "hosted", by_ratios(TWO, BOTH_HD), (4, 8, 12), OWN_PRICE, SLOW,
        prompt_limit=5000, frames=_PICTURE,
    ),
    Model(
        "gen4.5", "Gen-4.5", "gen4_5", "gen4", GEN4, tuple(range(2, 11)), {"": 12}, SLOW, prompt_limit=5000,
        frames=_PICTURE, text_aspects=("16:9",), audio=True, seed=True,
    ),
    _gen4_video("gen4", "Gen-4", "gen4", 12, SLOW),
    _gen4_video("gen4-turbo", "Gen-4 Turbo", "gen4_turbo", 5, QUICK),
)  # fmt: skip

ENDPOINTS: Mapping[str, Mapping[str, Model]] = {
    **{f"/{model.name}/create": {"": model} for model in (GEN3_TURBO, GEN4_TURBO, GEN4_OWN, GEN4_5)},
    VIDEOS: {model.name: model for model in _HOSTED},
}
"""Path of a create call to its models by the parameter `model`; the name is empty where the path has one model."""


def chosen(path: str, body: Mapping[str, Any]) -> Model:
    """Return the model that a create call asks for, or raise a refusal."""
    models = ENDPOINTS[path]
    if "" in models:
        return models[""]
    name = body.get("model")
    if name is None:
        raise missing("model")
    if name in NOT_SIMULATED:
        raise RefusedError(400, f"The simulator does not have the model {name}; it has: {', '.join(models)}")
    if not isinstance(name, str) or name not in models:
        raise unsupported("model", tuple(models))
    return models[name]


def named(name: str) -> Model | None:
    """Return the model of that name; where two have it, the one with its own path."""
    every = [model for models in ENDPOINTS.values() for model in models.values()]
    return next((model for model in every if model.name == name), None)
