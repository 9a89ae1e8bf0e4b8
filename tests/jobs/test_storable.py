"""Whatever is a picture becomes text that can be written down."""

from __future__ import annotations

import base64
import io
import pathlib
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from runway_nb import errors
from runway_nb.api.models import Asset, Task
from runway_nb.camera import Camera
from runway_nb.jobs.freeze import storable
from runway_nb.jobs.job import Job
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.phase import Phase
from runway_nb.pictures.files import picture_prints
from runway_nb.request import VideoRequest
from runway_nb.shortcuts import generate
from support.fakes import EMAIL, Party
from support.picture_files import SMALL_FRAME
from support.strategies import ASSET_ID, TASK_ID

NAVY = Image.new("RGB", (64, 40), "navy")
PIXELS = np.asarray(NAVY)
FRAME = SMALL_FRAME

pytestmark = pytest.mark.usefixtures("small_frames")


def _png(picture: Image.Image = NAVY) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _figure(height: float = 1.0) -> Figure:
    figure = Figure(figsize=(2.5, 1.5))
    axes = figure.add_subplot()
    axes.plot([0, 1, 2], [0, height, 0.5])
    axes.set_title("Loss")
    return figure


def _uri(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


OBJECTS: dict[str, Any] = {
    "PIL": lambda: NAVY.copy(),
    "opened": lambda: Image.open(io.BytesIO(_png())),
    "array": lambda: PIXELS.copy(),
    "figure": _figure,
    "bytes": _png,
    "bytearray": lambda: bytearray(_png()),
    "data": lambda: _uri(_png()),
}
"""Each gives a picture that is new and equal."""
OTHERS: dict[str, Any] = {
    "PIL": lambda: Image.new("RGB", (64, 40), "olive"),
    "opened": lambda: Image.open(io.BytesIO(_png(Image.new("RGB", (64, 40), "olive")))),
    "array": lambda: PIXELS + 1,
    "figure": lambda: _figure(2.0),
    "bytes": lambda: _png(Image.new("RGB", (64, 40), "olive")),
    "bytearray": lambda: bytearray(_png(Image.new("RGB", (64, 40), "olive"))),
    "data": lambda: _uri(_png(Image.new("RGB", (64, 40), "olive"))),
}


def _attach(task_id: str) -> Job:
    raise AssertionError(f"nobody attaches {task_id}")


def _stored(folder: Path, *pictures: Any, attach: Any = _attach, names: Any = None, **fields: Any) -> Any:
    request = VideoRequest("A lamp", Keyframes(*pictures), **fields)
    return storable(request, folder, attach, names or {})


def _kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


# --- each kind ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", OBJECTS)
def test_a_picture_object_becomes_a_file_that_is_named_by_its_content(tmp_path: Path, kind: str) -> None:
    requests = []
    for make in (OBJECTS[kind], OBJECTS[kind], OTHERS[kind]):
        request, problems = _stored(tmp_path / "pictures", make())
        assert problems == []
        requests.append(request)
    first, again, other = (request.keyframes.first for request in requests)
    assert first == again != other
    assert len(_kept(tmp_path)) == 2
    assert all(type(picture) is str and Path(picture).is_file() for picture in (first, other))
    prints = [replace(r, keyframes=picture_prints(r.keyframes, tmp_path)).digest for r in requests]
    assert prints[0] == prints[1] != prints[2]
    assert Image.open(first).size[0] >= 64


def test_the_digest_does_not_depend_on_the_name_of_the_variable(tmp_path: Path) -> None:
    requests = [_stored(tmp_path / "pictures", PIXELS, names={"first": name})[0] for name in ("fig", "plot")]
    assert [Path(str(request.keyframes.first)).name.partition("-")[0] for request in requests] == ["fig", "plot"]
    digests = {replace(r, keyframes=picture_prints(r.keyframes, tmp_path)).digest for r in requests}
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("picture", "text"),
    [
        (Asset(ASSET_ID, "lamp.png"), ASSET_ID), ("lamp.png", "lamp.png"), ("https://a.test/x.png", "https://a.test/x.png"),
        ("job:7f3e2c54@2.5", "job:7f3e2c54@2.5"), (Job("7f3e2c54", VideoRequest("x")), "job:7f3e2c54"),
        (pathlib.Path("a") / "lamp.png", str(Path("a", "lamp.png"))),
        (pathlib.PurePosixPath("a/lamp.png"), "a/lamp.png"),
    ],
    ids=["asset", "name", "link", "frame", "job", "path", "pure path"],
)  # fmt: skip
def test_what_has_a_name_keeps_it_and_no_file_is_made(tmp_path: Path, picture: Any, text: str) -> None:
    request, problems = _stored(tmp_path / "pictures", picture)
    assert problems == []
    assert str(request.keyframes.first) == text
    assert request.to_record()["firstImage_assetId"] == text
    assert not (tmp_path / "pictures").exists()


def test_a_task_stands_for_the_last_frame_of_its_job(tmp_path: Path) -> None:
    asked = []

    def attach(task_id: str) -> Job:
        asked.append(task_id)
        return Job("7f3e2c54", VideoRequest("x"))

    request, problems = _stored(tmp_path, Task(TASK_ID, "RUNNING"), attach=attach)  # type: ignore[arg-type]
    assert (request.keyframes.first, problems, asked) == ("job:7f3e2c54", [], [TASK_ID])


def test_a_figure_is_drawn_for_the_format_that_is_asked_for(tmp_path: Path) -> None:
    sizes = []
    for aspect in ("landscape", "portrait"):
        request, _ = _stored(tmp_path, _figure(), aspect=aspect)
        sizes.append(Image.open(str(request.keyframes.first)).size)
    assert sizes[0][0] >= FRAME[0]
    assert sizes[1][1] >= FRAME[0]


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    request, _ = _stored(tmp_path / "home" / "pictures", PIXELS)
    path = Path(str(request.keyframes.first))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


# --- mistakes -------------------------------------------------------------------------------------------


def test_all_mistakes_come_together_with_those_of_the_request(party: Party) -> None:
    wish = VideoRequest(
        "A lamp", Keyframes(b"", np.zeros((2, 2, 7)), "job:x"), Camera(zoom=11), seconds=7, seed=0  # type: ignore[arg-type]
    )  # fmt: skip
    with pytest.raises(errors.InvalidRequest) as caught:
        party.studio.submit(wish)
    starts = [problem.partition(":")[0].partition(" ")[0] for problem in caught.value.problems]
    assert starts == ["first", "middle", "last", "zoom", "seconds", "seed"]
    assert party.studio.ledger.recent() == []
    assert party.api.requests == []


@pytest.mark.parametrize(
    "picture", [5, object(), [1, 2], {"a": 1}, print, Image, b""], ids=lambda value: str(value)[:9]
)
def test_what_is_no_picture_is_one_short_line(party: Party, picture: Any) -> None:
    with pytest.raises(errors.InvalidRequest) as caught:
        party.submit(keyframes=Keyframes(middle=picture))
    (line,) = caught.value.problems
    assert line.startswith("middle")
    assert len(line) < 250


@pytest.mark.parametrize(
    "fields", [{"model": "gen9"}, {"aspect": ["landscape"]}, {"aspect": {}}, {"aspect": "square"}], ids=str
)
@pytest.mark.parametrize("picture", [None, "lamp.png", PIXELS], ids=["none", "name", "array"])
def test_a_wrong_format_or_model_is_one_line_with_any_picture(party: Party, fields: Any, picture: Any) -> None:
    with pytest.raises(errors.InvalidRequest) as caught:
        party.submit(keyframes=Keyframes(picture), **fields)
    assert len(caught.value.problems) == 1


def test_a_task_that_nobody_knows_is_a_mistake_like_any_other(party: Party) -> None:
    unknown = Task(TASK_ID.replace("studio@example.org", EMAIL), "RUNNING")  # type: ignore[arg-type]
    with pytest.raises(errors.InvalidRequest) as caught:
        party.submit(keyframes=Keyframes(unknown, b""), seconds=7)  # type: ignore[arg-type]
    starts = [problem.partition(":")[0].partition(" ")[0] for problem in caught.value.problems]
    assert starts == ["first", "middle", "seconds"]


def test_a_folder_that_cannot_be_written_is_one_line(party: Party) -> None:
    party.settings.home.mkdir(parents=True, exist_ok=True)
    party.settings.pictures.write_text("a file where a folder should be")
    with pytest.raises(errors.InvalidRequest) as caught:
        party.submit(keyframes=Keyframes(PIXELS))  # type: ignore[arg-type]
    (line,) = caught.value.problems
    assert line.startswith(f"first: the picture cannot be kept in {party.settings.pictures}: ")


@pytest.mark.parametrize("name", ["a/b", "../../evil", "x" * 300, "a\0b", "", ".", "Ä b", "a\nb"], ids=ascii)
def test_a_picture_of_any_name_is_kept_in_its_folder(party: Party, name: str) -> None:
    asset, _ = party.studio.account.upload(PIXELS, name=name)
    assert asset.kind == "image"
    (path,) = _kept(party.settings.pictures)
    assert path.resolve().is_relative_to(party.settings.pictures.resolve())
    assert not [path for path in party.folder.glob("**/evil*") if party.settings.pictures not in path.parents]


# --- the wish -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", OBJECTS)
def test_an_equal_picture_that_is_drawn_afresh_is_not_paid_twice(party: Party, kind: str) -> None:
    wishes = [VideoRequest("A lamp turns", Keyframes(make())) for make in (OBJECTS[kind], OBJECTS[kind])]
    first, second = (party.studio.submit(wish).wait(10) for wish in wishes)
    assert (second.id, second.video, party.started) == (first.id, first.video, 1)


def test_another_figure_is_another_wish(party: Party) -> None:
    for height in (1.0, 2.0, 1.0):
        party.submit(keyframes=Keyframes(_figure(height)), fresh=False).wait(10)  # type: ignore[arg-type]
    assert party.started == 2


def test_a_picture_outlives_the_kernel(party: Party) -> None:
    wish = Keyframes(PIXELS, None, _png(Image.new("RGB", (64, 40), "olive")))  # type: ignore[arg-type]
    first = party.submit(keyframes=wish, fresh=False).wait(10)
    party.studio.close()
    party.studio = party.make_studio()
    stored = party.studio.find(first.id)
    assert party.studio.new_take(stored).wait(10).video is not None
    assert party.started == 2
    assert len(party.api.calls("POST", "assets")) == 2


def test_a_video_that_runs_and_an_array_go_together(party: Party) -> None:
    party.simulator.fault("throttled", seconds=100, times=1)
    first = party.submit("The first shot")
    second = generate("The next shot", first=first, last=PIXELS, studio=party.studio).wait(10)
    assert second.video is not None
    assert second.original_request.keyframes.first == first.last


def test_the_task_of_a_job_stands_for_its_last_frame(party: Party) -> None:
    first = party.submit("The first shot").wait(10)
    second = party.submit(keyframes=Keyframes(first.task)).wait(10)  # type: ignore[arg-type]
    assert second.original_request.keyframes.first == first.last


def test_an_asset_of_a_listing_is_a_keyframe(party: Party) -> None:
    asset = party.studio.account.assets("harbour")[0]
    job = party.submit(keyframes=Keyframes(asset)).wait(10)  # type: ignore[arg-type]
    assert job.request.keyframes.first == asset.id


def test_a_path_beside_the_notebook_is_a_keyframe(party: Party) -> None:
    NAVY.save(party.folder / "lamp.png")
    for path in (Path("lamp.png"), party.folder / "lamp.png"):
        assert party.submit(keyframes=Keyframes(path)).wait(10).state.phase is Phase.DONE


def test_the_users_picture_is_not_changed(tmp_path: Path) -> None:
    array, image = PIXELS.copy(), NAVY.copy()
    _stored(tmp_path, array, image)
    assert (array == PIXELS).all()
    assert image.tobytes() == NAVY.tobytes()


def test_home_is_private_although_a_picture_was_its_first_content(party: Party) -> None:
    home = party.settings.home
    assert not (home / "ledger.sqlite3").exists()
    party.submit(keyframes=Keyframes(PIXELS)).wait(10)  # type: ignore[arg-type]
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
