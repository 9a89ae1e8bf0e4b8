"""Every model at its endpoint: what is taken, what is refused, what it costs and what its task shows.

The table is written from docs/model-facts.md, not from the simulator's own rows; the section stands beside each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.examples import examples
from support.simulator_kit import EMAIL, Api

SIX = ["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]
THREE = ["16:9", "9:16", "1:1"]
GEN4_PIXELS = {
    "16:9": (1280, 720), "9:16": (720, 1280), "1:1": (960, 960), "4:3": (1104, 832), "3:4": (832, 1104),
    "21:9": (1584, 672),
}  # fmt: skip
"""Model facts 3.5."""


@dataclass(frozen=True)
class Documented:
    """A row of Model facts 2, 3 or 5.1."""

    path: str
    model: str
    lengths: list[int]
    first: str = "imageAssetId1"
    """The field of the first frame."""
    last: str = ""
    needs_picture: bool = False
    aspects: list[str] = field(default_factory=lambda: SIX)
    limit: int = 5000
    seed: bool = False
    audio: bool = False
    resolutions: list[str] = field(default_factory=list)
    email: bool = True
    explore: bool = True
    credits: dict[str, int] = field(default_factory=dict)
    """For a second, by resolution; empty where nobody documents it (Model facts 6)."""

    def __str__(self) -> str:
        return f"videos/{self.model}" if self.model else self.path.split("/")[1]

    @property
    def length(self) -> str:
        return "duration" if self.model else "seconds"

    def body(self, picture: str, **more: Any) -> dict[str, Any]:
        """Return a good request, with a picture where one is needed."""
        named = {"model": self.model} if self.model else {}
        return {**named, "text_prompt": "A lamp turns", **({self.first: picture} if self.needs_picture else {}), **more}


VIDEOS = "/videos/create"
ROWS = [
    # 2, 3.3 and 3.4
    Documented("/gen4turbo/create", "", [5, 10], "firstImage_assetId", needs_picture=True, limit=1000, seed=True,
               email=False, credits={"": 5}),
    Documented("/gen4/create", "", [5, 10], "firstImage_assetId", needs_picture=True, limit=1000, seed=True,
               email=False, credits={"": 12}),
    Documented("/gen4_5/create", "", [5, 8, 10], "firstImage_assetId", seed=True, credits={"": 12}),
    # 5.1 and 6
    Documented(VIDEOS, "seedance-2", list(range(4, 16)), "startFrameAssetId", "endFrameAssetId", limit=3500,
               audio=True, resolutions=["480p", "720p", "1080p"], credits={"480p": 36, "720p": 36, "1080p": 40}),
    Documented(VIDEOS, "seedance-2-fast", list(range(4, 16)), "startFrameAssetId", "endFrameAssetId", limit=3500,
               audio=True, resolutions=["480p", "720p", "1080p"]),
    Documented(VIDEOS, "seedance-2-5", list(range(4, 31)), "startFrameAssetId", "endFrameAssetId", limit=3500,
               audio=True, resolutions=["480p", "720p"], credits={"480p": 20, "720p": 30}),
    Documented(VIDEOS, "kling-3.0-pro", [5, 10, 15], last="imageAssetId2", aspects=THREE, limit=2500, audio=True),
    Documented(VIDEOS, "kling-3.0-standard", [5, 10, 15], last="imageAssetId2", aspects=THREE, limit=2500, audio=True),
    Documented(VIDEOS, "kling-2.6-pro", [5, 10], aspects=THREE[:2], limit=2500, audio=True),
    Documented(VIDEOS, "veo-3.1", [4, 6, 8], last="imageAssetId2", aspects=THREE[:2], audio=True,
               resolutions=["720p", "1080p"], explore=False),
    Documented(VIDEOS, "sora-2", [4, 8, 12], aspects=THREE[:2]),
    Documented(VIDEOS, "sora-2-pro", [4, 8, 12], aspects=THREE[:2], resolutions=["720p", "1080p"]),
    Documented(VIDEOS, "grok-imagine-1.5", list(range(3, 16)), needs_picture=True, limit=2500,
               aspects=["16:9", "9:16", "1:1", "4:3", "3:4", "2:3", "3:2"], resolutions=["480p", "720p"]),
    Documented(VIDEOS, "happyhorse-1.0", list(range(3, 16)), aspects=SIX[:5], limit=2500,
               resolutions=["720p", "1080p"]),
    Documented(VIDEOS, "wan-2.6-flash", [5, 10, 15], needs_picture=True, aspects=THREE, audio=True,
               resolutions=["720p", "1080p"]),
    Documented(VIDEOS, "gen4.5", list(range(2, 11)), audio=True, seed=True, credits={"": 12}),
    Documented(VIDEOS, "gen4", [5, 10], needs_picture=True, limit=512, seed=True, credits={"": 12}),
    Documented(VIDEOS, "gen4-turbo", [5, 10], needs_picture=True, limit=512, seed=True, credits={"": 5}),
]  # fmt: skip
each_row = pytest.mark.parametrize("row", ROWS, ids=str)
PLENTY = 1_000_000


@pytest.fixture
def api(tmp_path: Path):
    yield Api(tmp_path, credits=PLENTY, max_jobs=10)
    Api.stop_all()


@pytest.fixture
def picture(api: Api) -> str:
    return str(api.upload("boat").json()["assetId"])


def posted(api: Api, row: Documented, body: dict[str, Any]) -> httpx.Response:
    return api.call("POST", row.path, json=body)


def refused(answer: httpx.Response, *words: str) -> None:
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == 400
    assert all(word in answer.json()["error"] for word in words), answer.text


def freed(api: Api) -> None:
    """Let go of every slot; what runs goes on."""
    for item in api.get("/scheduler"):
        api.call("DELETE", f"/scheduler/{item['taskId']}")


@each_row
def test_a_plain_request_starts_a_task_and_answers_flat_and_nested(api: Api, picture: str, row: Documented) -> None:
    answer = posted(api, row, row.body(picture, replyRef="rnb-1"))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    nested = body.pop("task")
    assert body.pop("code") == 200
    assert nested == body
    assert body["status"] == "PENDING"
    assert body["replyRef"] == "rnb-1"
    assert api.task(body["taskId"])["options"] == body["options"]


@pytest.mark.parametrize(
    "lengths",
    [
        pytest.param(lambda row: {1, 31} | {n + d for n in row.lengths for d in (-1, 0, 1)}, id="at the edges"),
        pytest.param(lambda row: range(1, 32), marks=pytest.mark.deep, id="all"),
    ],
)
@each_row
def test_the_lengths_are_those_of_the_document(
    api: Api, picture: str, row: Documented, lengths: Callable[[Documented], Iterable[int]]
) -> None:
    for seconds in lengths(row):
        answer = posted(api, row, row.body(picture, **{row.length: seconds}))
        if seconds not in row.lengths:
            refused(answer, row.length)
        else:
            options = answer.json()["options"]
            assert options.get("seconds", options.get("duration")) == seconds
        freed(api)


@each_row
def test_the_formats_are_those_of_the_document(api: Api, picture: str, row: Documented) -> None:
    for aspect in [*SIX, "2:3", "3:2", "landscape", "portrait", "16x9"]:
        answer = posted(api, row, row.body(picture, **{row.first: picture, "aspect_ratio": aspect}))
        if aspect not in row.aspects:
            refused(answer, "aspect_ratio", row.aspects[0])
            continue
        options = answer.json()["options"]
        if row.seed:
            assert (options["width"], options["height"]) == GEN4_PIXELS[aspect]
        else:
            assert options["aspectRatio"] == aspect
        freed(api)


@each_row
def test_the_picture_is_needed_where_the_document_says_so(api: Api, picture: str, row: Documented) -> None:
    body = {name: value for name, value in row.body(picture).items() if name != row.first}
    answer = posted(api, row, body)
    if row.needs_picture:
        refused(answer, f"Required param {row.first} is missing or empty")
    else:
        assert answer.status_code == 200, answer.text


@each_row
def test_the_prompt_is_as_long_as_the_document_says(api: Api, picture: str, row: Documented) -> None:
    assert posted(api, row, row.body(picture, text_prompt="x" * row.limit)).status_code == 200
    refused(posted(api, row, row.body(picture, text_prompt="x" * (row.limit + 1))), "text_prompt")


NEED_WORDS = {"kling-2.6-pro", "wan-2.6-flash", "gen4", "gen4-turbo"}
"""Those with a star in Model facts 5.1."""


@each_row
def test_a_picture_alone_does_where_no_prompt_is_required(api: Api, picture: str, row: Documented) -> None:
    answer = posted(api, row, row.body(picture, **{row.first: picture, "text_prompt": ""}))
    if row.model in NEED_WORDS:
        refused(answer, "text_prompt")
    else:
        assert answer.status_code == 200, answer.text


@each_row
def test_without_words_and_pictures_there_is_nothing_to_make(api: Api, picture: str, row: Documented) -> None:
    body = {name: value for name, value in row.body(picture).items() if name not in ("text_prompt", row.first)}
    refused(posted(api, row, body), "is missing or empty")


PARAMETERS: list[tuple[str, Any, Callable[[Documented], bool]]] = [
    ("seed", 7, lambda row: row.seed),
    ("audio", False, lambda row: row.audio),
    ("resolution", "720p", lambda row: bool(row.resolutions)),
    ("email", EMAIL, lambda row: row.email),
    ("exploreMode", True, lambda row: row.explore),
    ("maxJobs", 3, lambda row: True),
    ("replyUrl", "http://127.0.0.1:1/x", lambda row: True),
    ("zoom", 3, lambda row: False),
    ("static", True, lambda row: False),
    ("middleImage_assetId", "…", lambda row: False),
    ("lastImage_assetId", "…", lambda row: False),
    ("captchaToken", "abc", lambda row: False),
    ("sedd", 1, lambda row: False),
]
"""Each with a good value, and which rows have it."""


@each_row
def test_a_parameter_that_the_document_does_not_have_is_refused_by_name(
    api: Api, picture: str, row: Documented
) -> None:
    for name, value, has in PARAMETERS:
        if not has(row):
            refused(posted(api, row, row.body(picture, **{name: value})), name)
    assert api.sim.counts()["tasks_started"] == 0


@each_row
def test_a_parameter_that_the_document_has_is_taken(api: Api, picture: str, row: Documented) -> None:
    for name, value, has in PARAMETERS:
        if has(row):
            answer = posted(api, row, row.body(picture, **{name: value}))
            assert answer.status_code == 200, (name, answer.text)
            freed(api)


@each_row
def test_the_length_of_the_other_door_is_refused(api: Api, picture: str, row: Documented) -> None:
    other = "seconds" if row.length == "duration" else "duration"
    refused(posted(api, row, row.body(picture, **{other: 5})), other)


@each_row
def test_an_empty_text_and_null_count_as_left_out(api: Api, picture: str, row: Documented) -> None:
    empty = dict.fromkeys(["aspect_ratio", row.length, "replyUrl", "email", "lastImage_assetId", "seed"], "")
    answer = posted(api, row, row.body(picture, **empty, maxJobs=None, middleImage_assetId=None))
    assert answer.status_code == 200, answer.text
    assert posted(api, row, row.body(picture)).json()["options"].keys() == answer.json()["options"].keys()


@each_row
def test_the_credits_of_a_second_are_taken(api: Api, picture: str, row: Documented) -> None:
    for resolution in row.resolutions or [""]:
        before = api.get("/features/")["used"]["numPlanCredits"]
        more = {"resolution": resolution} if resolution else {}
        seconds = row.lengths[-1]
        answer = posted(api, row, row.body(picture, **{row.length: seconds}, **more))
        used = answer.json()["features"]["numPlanCredits_used"]
        assert used == api.get("/features/")["used"]["numPlanCredits"]
        if row.credits:
            assert used - before == seconds * row.credits[resolution]
        else:
            assert used > before


@each_row
def test_too_few_credits_are_412_and_start_nothing(tmp_path: Path, row: Documented) -> None:
    api = Api(tmp_path, credits=1)
    answer = posted(api, row, row.body(api.upload().json()["assetId"]))
    assert answer.status_code == 412
    assert answer.json() == {"error": "You do not have enough credits to run this task."}
    assert api.sim.counts()["tasks_started"] == 0


@each_row
def test_the_last_frame_is_taken_where_there_is_one_and_needs_the_first(
    api: Api, picture: str, row: Documented
) -> None:
    last = row.last or {"/gen4turbo/create": "lastImage_assetId"}.get(row.path, "imageAssetId2")
    answer = posted(api, row, row.body(picture, **{row.first: picture, last: picture}))
    if not row.last:
        refused(answer, last)
        return
    shown = answer.json()["options"]["referenceImages"]
    assert [item["type"] for item in shown] == ["first_frame", "last_frame"]
    refused(posted(api, row, row.body(picture, **{last: picture})), row.first)


@each_row
def test_the_clip_comes_with_its_size_its_length_and_its_sound(api: Api, picture: str, row: Documented) -> None:
    task_id = posted(api, row, row.body(picture, **{row.length: row.lengths[-1]})).json()["taskId"]
    api.clock.pass_(900)
    task = api.task(task_id)
    assert task["status"] == "SUCCEEDED"
    artifact = task["artifacts"][0]
    size = {"seedance": [864, 496], "grok": [854, 480]}.get(row.model.split("-")[0], [1280, 720])  # 3.5 and 5.3
    assert artifact["metadata"]["dimensions"] == size
    asset = api.get(f"/assets/{artifact['assetId']}")
    assert asset["metadata"]["duration"] == row.lengths[-1]
    assert asset["metadata"]["hasAudio"] is row.audio
    assert api.download(artifact["url"]).status_code == 200


# Laws


@st.composite
def good_requests(draw: st.DrawFn) -> tuple[Documented, dict[str, Any]]:
    """Return a row and optional parameters that it documents."""
    row = draw(st.sampled_from(ROWS))
    choices = {row.length: st.sampled_from(row.lengths), "aspect_ratio": st.sampled_from(row.aspects)}
    if row.resolutions:
        choices["resolution"] = st.sampled_from(row.resolutions)
    if row.audio:
        choices["audio"] = st.booleans()
    if row.seed:
        choices["seed"] = st.integers(1, 4294967294)
    return row, draw(st.fixed_dictionaries({}, optional=choices))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(60), deadline=None)
@given(request=good_requests())
def test_what_a_request_says_its_task_says_again(api: Api, request: tuple[Documented, dict[str, Any]]) -> None:
    row, fields = request
    freed(api)
    picture = api.upload().json()["assetId"]
    used = api.get("/features/")["used"]["numPlanCredits"]
    answer = posted(api, row, row.body(picture, **{row.first: picture}, **fields))
    assert answer.status_code == 200, answer.text
    options = answer.json()["options"]
    seconds = options.get("seconds", options.get("duration"))
    assert seconds == fields.get(row.length, 5 if 5 in row.lengths else row.lengths[0])
    if row.seed:
        assert (options["width"], options["height"]) == GEN4_PIXELS[fields.get("aspect_ratio", "16:9")]
        assert options["seed"] == fields.get("seed", options["seed"])
    else:
        assert options["aspectRatio"] == fields.get("aspect_ratio", "16:9")
    assert options.get("resolution", "") == fields.get("resolution", (row.resolutions or [""])[0])
    assert options.get("generateAudio", False) is fields.get("audio", row.audio)
    if row.credits:
        cost = api.get("/features/")["used"]["numPlanCredits"] - used
        assert cost == seconds * row.credits[options.get("resolution", "")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(60), deadline=None)
@given(
    row=st.sampled_from(ROWS),
    extra=st.dictionaries(
        st.sampled_from(
            ["seed", "audio", "resolution", "aspect_ratio", "zoom", "seconds", "duration", "noise", "email"]
        ),
        st.one_of(st.none(), st.booleans(), st.integers(-5, 40), st.sampled_from(["", "1:1", "720p", "1080p", "x"])),
        max_size=4,
    ),
)
def test_whatever_is_sent_a_refusal_names_a_parameter_and_costs_nothing(api: Api, row: Documented, extra: dict) -> None:
    freed(api)
    sent = row.body(api.upload().json()["assetId"], **extra)
    used, started = api.get("/features/")["used"]["numPlanCredits"], api.sim.counts()["tasks_started"]
    answer = posted(api, row, sent)
    cost = api.get("/features/")["used"]["numPlanCredits"] - used
    if answer.status_code == 200:
        options = answer.json()["options"]
        assert cost > 0
        assert cost % options.get("seconds", options.get("duration")) == 0
        assert api.sim.counts()["tasks_started"] == started + 1
    else:
        assert answer.status_code == 400, answer.text
        assert any(name in answer.json()["error"] for name in extra), answer.text
        assert (cost, api.sim.counts()["tasks_started"]) == (0, started)
