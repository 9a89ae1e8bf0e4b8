"""What Hypothesis draws from: cameras, requests and anything that JSON can say."""

from __future__ import annotations

from hypothesis import strategies as st

from runway_nb.camera import MOVES, Camera
from runway_nb.keyframes import Keyframes
from runway_nb.request import VideoRequest
from runway_nb.spec import MODELS, Model

EMAIL = "studio@example.org"
UUID = "0b6f0c1e-6a55-4f0c-9a35-3f1f6e0d2a11"
ASSET_ID = f"user:4711-runwayml:{EMAIL}-asset:{UUID}"
TASK_ID = f"user:4711-runwayml:{EMAIL}-task:9c2a1f34-58c1-4f0b-b1f4-2e6f0a7d8c33"

texts = st.text(st.characters(codec="utf-8"), max_size=20)
moves = st.one_of(st.none(), st.integers(-10, 10), st.floats(-10.0, 10.0))
moving_cameras = st.builds(Camera, **dict.fromkeys(MOVES, moves), static=st.none())
cameras = st.one_of(moving_cameras, st.builds(Camera, static=st.booleans()))
asset_ids = st.uuids().map(lambda uuid: f"user:4711-runwayml:{EMAIL}-asset:{uuid}")
pictures = st.one_of(st.none(), asset_ids, st.sampled_from(["lamp.png", "harbour"]))
requests = st.builds(
    VideoRequest,
    prompt=texts.map(lambda text: text.strip() or "a lamp"),
    keyframes=st.builds(Keyframes, pictures, pictures, pictures),
    camera=cameras,
    aspect=st.sampled_from([None, "landscape", "portrait"]),
    seconds=st.sampled_from([None, 5, 10]),
    seed=st.one_of(st.none(), st.integers(1, 4294967294)),
    explore=st.sampled_from([None, True, False]),
    reply_url=st.sampled_from([None, "https://hooks.example.org/r/1"]),
    reply_ref=st.one_of(st.none(), st.text("abcdef-", min_size=1, max_size=12)),
    max_jobs=st.one_of(st.none(), st.integers(1, 10)),
)


def requests_of(model: Model) -> st.SearchStrategy[VideoRequest]:
    """Requests that a model takes."""
    positions = dict.fromkeys(model.positions, pictures)
    return st.builds(
        VideoRequest,
        model=st.just(model.name),
        prompt=texts.map(lambda text: text.strip() or "a lamp"),
        keyframes=st.builds(Keyframes, **positions),
        camera=cameras,
        camera_words=st.sampled_from([None, True, False] if model.camera else [True]),
        aspect=st.sampled_from([None, *model.aspects, *model.aspect_words]),
        seconds=st.sampled_from([None, *model.seconds]),
        resolution=st.sampled_from([None, *model.resolutions]),
        audio=st.sampled_from([None, True, False] if model.audio else [None]),
        seed=st.none() | st.integers(1, 4294967294) if model.seed else st.none(),
        explore=st.sampled_from([None, True, False] if model.explore else [None, False]),
        reply_ref=st.none() | st.text("abcdef-", min_size=1, max_size=12),
        max_jobs=st.none() | st.integers(1, 10),
        fit=st.sampled_from([None, "cover", "contain", "stretch"]),
        focus=st.none() | st.tuples(st.floats(0, 1), st.floats(0, 1)),
        upscale=st.sampled_from([None, True, False]),
    ).filter(lambda request: not request.problems())


requests_of_any_model = st.sampled_from(list(MODELS.values())).flatmap(requests_of)

words = st.sampled_from(
    [
        "taskId",
        "task",
        "id",
        "status",
        "error",
        "artifacts",
        "progressRatio",
        "options",
        "seed",
        "url",
        "assetId",
        "previewUrls",
        "fileSize",
        "features",
        "replyRef",
        "reason",
        "message",
        "runningTasks",
        "permitted",
        "used",
        "numPlanCredits",
        "asset",
        "type",
        "name",
        "estimatedTimeToStartSeconds",
        "maxJobs",
        "retryAfter",
        "a@b.c",
    ]
)
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(), texts, st.sampled_from([TASK_ID, ASSET_ID])
)
json_values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=6)),
    max_leaves=12,
)
