from __future__ import annotations

import io
import itertools
import math
import random
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.picture_files import darkest, pixel

av = pytest.importorskip("av")

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps, ImageStat  # noqa: E402

from runway_nb.camera import MOVES, Camera, apply, seen_from  # noqa: E402
from runway_nb.simulator.rendering import caption, samples, scene  # noqa: E402
from runway_nb.simulator.rendering.planes import load  # noqa: E402
from runway_nb.simulator.rendering.renderer import FPS, Shot, command, frame_time, mix, prepare, render  # noqa: E402

WIDTH, HEIGHT = 320, 192
ALL_MOVES = {"horizontal": 4.0, "vertical": -3.0, "zoom": 5.0, "pan": 3.0, "tilt": -2.0, "roll": 4.0}


def shot(
    keyframes: tuple[tuple[float, Path], ...] = (),
    camera: dict[str, float] | None = None,
    seconds: int = 1,
    prompt: str = "A lighthouse at dusk",
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> Shot:
    pinned = tuple((time, str(path)) for time, path in keyframes)
    return Shot(prompt, 7, seconds, *size, pinned, camera or {})


def frames(path: Path) -> list[Image.Image]:
    with av.open(str(path)) as container:
        return [frame.to_image() for frame in container.decode(video=0)]


def psnr(first: Image.Image, second: Image.Image) -> float:
    squares = ImageStat.Stat(ImageChops.difference(first, second)).rms
    mean = sum(value**2 for value in squares) / 3
    return 10 * math.log10(255**2 / mean) if mean else math.inf


def above_caption(picture: Image.Image) -> Image.Image:
    rows = caption.rows_of(*picture.size)
    return picture.crop((0, 0, picture.width, picture.height - rows))


def boxes(path: Path) -> list[str]:
    data, names, place = path.read_bytes(), [], 0
    while place < len(data):
        size, name = struct.unpack(">I4s", data[place : place + 8])
        names.append(name.decode())
        place += size
    return names


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("keyframes")
    paths = []
    for name in ("lighthouse-dusk", "city-night", "dunes-noon"):
        path = folder / f"{name}.png"
        samples.draw(name).save(path, compress_level=1)
        paths.append(path)
    return paths


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory, pictures: list[Path]) -> tuple[Shot, Path]:
    out = tmp_path_factory.mktemp("clip") / "clip.mp4"
    made = shot(tuple(zip((0.0, 0.5, 1.0), pictures, strict=True)), ALL_MOVES)
    render(made, out)
    return made, out


@pytest.mark.slow("renders a clip")
def test_a_full_size_clip_has_the_form_that_the_api_delivers(tmp_path: Path) -> None:
    out = tmp_path / "clip.mp4"
    render(shot(camera={"zoom": 3.0}, seconds=5, size=(768, 1280)), out)
    with av.open(str(out)) as container:
        (stream,) = container.streams
        codec = stream.codec_context
        assert (codec.name, codec.pix_fmt, codec.width, codec.height) == ("h264", "yuv420p", 768, 1280)
        assert (stream.average_rate, stream.frames, container.duration) == (24, 120, 5_000_000)
        packets = [packet.pts for packet in container.demux(stream) if packet.size]
    assert len(packets) == 120
    assert out.stat().st_size < 2_000_000
    with Image.open(out.with_name("clip.1.jpg")) as still:
        assert still.size == (384, 640)


def test_the_index_comes_before_the_data(moving: tuple[Shot, Path]) -> None:
    names = boxes(moving[1])
    assert names[0] == "ftyp"
    assert names.index("moov") < names.index("mdat")


def test_the_number_of_frames_is_exact(moving: tuple[Shot, Path]) -> None:
    assert len(frames(moving[1])) == moving[0].frames == FPS


@pytest.mark.parametrize(("number", "picture"), [(0, 0), (FPS // 2, 1), (FPS - 1, 2)])
def test_a_keyframe_is_seen_exactly_at_its_time(
    moving: tuple[Shot, Path], pictures: list[Path], number: int, picture: int
) -> None:
    expected = ImageOps.fit(Image.open(pictures[picture]), (WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    seen = frames(moving[1])[number]
    assert psnr(seen, expected) >= 30


def test_stills_show_the_start_the_middle_and_the_end(moving: tuple[Shot, Path], pictures: list[Path]) -> None:
    for index, path in enumerate(pictures):
        with Image.open(moving[1].with_name(f"clip.{index}.jpg")) as still:
            assert still.size == (640, 384)
            expected = ImageOps.fit(Image.open(path), (WIDTH, HEIGHT), Image.Resampling.LANCZOS)
            assert psnr(still.resize((WIDTH, HEIGHT)), expected) >= 28


@pytest.mark.slow("starts a process")
def test_the_same_shot_gives_the_same_bytes_in_every_process(moving: tuple[Shot, Path], tmp_path: Path) -> None:
    again, child, request = tmp_path / "again.mp4", tmp_path / "child.mp4", tmp_path / "shot.json"
    render(moving[0], again)
    request.write_text(moving[0].to_json(), "utf-8")
    subprocess.run(command(request, child), check=True)
    assert again.read_bytes() == child.read_bytes() == moving[1].read_bytes()
    names = {f"{stem}{end}" for stem in ("again", "child") for end in (".mp4", ".0.jpg", ".1.jpg", ".2.jpg")}
    assert {path.name for path in tmp_path.iterdir()} == names | {"shot.json"}


def test_a_shot_survives_json(moving: tuple[Shot, Path]) -> None:
    assert Shot.from_json(moving[0].to_json()) == moving[0]


def test_the_middle_frame_stands_at_the_middle_of_the_time() -> None:
    times = [frame_time(number, 120) for number in range(120)]
    assert (times[0], times[60], times[-1]) == (0.0, 0.5, 1.0)
    assert times == sorted(set(times))
    assert max(abs(time - n / 119) for n, time in enumerate(times)) < 0.005


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("pinned", [0.0, 1.0])
def test_a_mark_moves_where_the_camera_model_says(tmp_path: Path, move: str, pinned: float) -> None:
    spot = 200.0, 70.0
    picture = Image.new("RGB", (WIDTH * 4, HEIGHT * 4), "white")
    ImageDraw.Draw(picture).ellipse(tuple(4 * v + r for r in (-32, 32) for v in spot), fill="black")
    picture.resize((WIDTH, HEIGHT), Image.Resampling.BOX).save(tmp_path / "mark.png")
    moves: dict[str, Any] = {move: 6.0}
    film = prepare(shot(((pinned, tmp_path / "mark.png"),), moves))
    for number in (0, 9, FPS - 1):
        matrix = seen_from(Camera(**moves), frame_time(number, FPS), pinned, WIDTH, HEIGHT)
        found = centre(above_caption(film.planes(number)[0]))
        assert math.dist(found, apply(matrix, *spot)) < 1.5


def centre(luma: Image.Image) -> tuple[float, float]:
    """The centre of what is dark."""
    dark = luma.point([255 if v < 100 else 0 for v in range(256)])
    spots = [divmod(n, luma.width) for n, value in enumerate(dark.tobytes()) if value]
    ys, xs = zip(*spots, strict=True)
    return sum(xs) / len(xs) + 0.5, sum(ys) / len(ys) + 0.5


@pytest.mark.slow("renders a clip")
@pytest.mark.parametrize("size", [(128, 76), (76, 128)])
def test_no_pose_shows_an_empty_border(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size, "white").save(tmp_path / "white.png")
    poses = random.Random(3).sample(list(itertools.product((-10.0, 10.0), repeat=6)), 12)
    for pose in poses:
        pinned = tuple((time, tmp_path / "white.png") for time in (0.0, 0.5, 1.0))
        for keyframes in (pinned[:1], pinned[2:], pinned[::2], pinned):
            film = prepare(shot(keyframes, dict(zip(MOVES, pose, strict=True)), size=size))
            for number in (0, 5, 13, FPS - 1):
                y, u, v = film.planes(number)
                rows = caption.rows_of(*size)
                assert darkest(y.crop((0, 0, size[0], size[1] - rows))) >= 233
                assert darkest(u) >= 127
                assert darkest(v) >= 127


def test_a_static_camera_holds_still(pictures: list[Path]) -> None:
    film = prepare(shot(((0.0, pictures[0]),), {"static": True}))
    assert film.planes(0)[0].tobytes() == film.planes(FPS - 1)[0].tobytes()


def test_a_dissolve_is_led_by_the_keyframe_that_counts_more() -> None:
    assert mix([1.0, 0.0]) == (0, None, 0.0)
    assert mix([0.7, 0.3, 0.0]) == (0, 1, 0.3)
    assert mix([0.0, 0.4, 0.6]) == (2, 1, 0.4)


def test_a_dissolve_changes_evenly_where_the_lead_passes_on(pictures: list[Path]) -> None:
    film = prepare(shot(((0.0, pictures[0]), (1.0, pictures[1])), ALL_MOVES))
    lumas = [film.planes(number)[0] for number in range(FPS)]
    steps = [ImageStat.Stat(ImageChops.difference(a, b)).mean[0] for a, b in itertools.pairwise(lumas)]
    passing = next(n for n, mixed in enumerate(film.mixes) if mixed.base == 1) - 1
    assert steps[passing] < 1.3 * max(steps[passing - 1], steps[passing + 1])


@pytest.mark.parametrize("width", [330, 322])
def test_rows_that_the_encoder_pads_stay_in_place(tmp_path: Path, width: int) -> None:
    ramp = Image.linear_gradient("L").rotate(90).resize((width, HEIGHT)).convert("RGB")
    ramp.save(tmp_path / "ramp.png")
    render(shot(((0.0, tmp_path / "ramp.png"),), {"roll": 1.0}, size=(width, HEIGHT)), tmp_path / "clip.mp4")
    assert psnr(frames(tmp_path / "clip.mp4")[0], ramp) > 35


def test_odd_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="even"):
        prepare(shot(size=(321, 192)))


def test_a_failed_rendering_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    (tmp_path / "no.png").write_text("not a picture")
    with pytest.raises(OSError, match="cannot identify"):
        render(shot(((0.0, tmp_path / "no.png"),)), tmp_path / "clip.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["no.png"]


PROMPTS = [
    "",
    "\n\t",
    "x" * 5000,
    "海の灯台 🌊",
    "\ud800 half a pair",
    "שלום עולם",
    "a\0b",
    "Žluťoučký kůň — “so”",
    "é" * 300,
]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_any_prompt_can_be_drawn(prompt: str) -> None:
    film = prepare(Shot(prompt, 1, 1, 96, 64))
    assert film.planes(0)[0].size == (96, 64)
    assert Shot.from_json(film.shot.to_json()) == film.shot


def test_the_caption_spells_what_its_font_lacks() -> None:
    from PIL import ImageFont

    font = ImageFont.load_default(20)
    assert caption.legible("Žluťoučký\n kůň — ½", font) == "Zlutoucky kun - 1/2"
    assert caption.legible("海の 灯台 at dusk 🌊", font) == "... at dusk ..."
    assert caption.legible("", font) == caption.legible(" \n", font) == ""


def test_the_caption_keeps_to_its_rows(pictures: list[Path]) -> None:
    still: dict[str, float] = {"static": True}
    plain, written = (prepare(shot(((0.0, pictures[2]),), still, prompt=text)) for text in ("", "W" * 500))
    difference = ImageChops.difference(plain.planes(FPS // 2)[0], written.planes(FPS // 2)[0])
    box = difference.point([255 * (v > 0) for v in range(256)]).getbbox()
    assert box is not None
    assert box[1] >= HEIGHT - caption.rows_of(WIDTH, HEIGHT)
    assert box[2] < WIDTH * 0.85


@pytest.mark.parametrize(
    ("t", "opacity"), [(0, 0), (0.03, 0.5), (0.1, 1), (0.45, 5 / 6), (0.5, 0), (0.97, 0.5), (1, 0)]
)
def test_the_caption_is_gone_at_keyframes_and_at_both_ends(t: float, opacity: float) -> None:
    assert caption.opacity_at(t, 5.0, [0.5]) == pytest.approx(opacity)
    assert caption.opacity_at(0.5, 5.0, []) == 1


def test_scenes_depend_on_prompt_and_seed_only() -> None:
    first = scene.draw("waves", 1, 128, 76).tobytes()
    assert first == scene.draw("waves", 1, 128, 76).tobytes()
    assert len({first, scene.draw("waves", 2, 128, 76).tobytes(), scene.draw("hills", 1, 128, 76).tobytes()}) == 3


@pytest.mark.parametrize("motif", sorted(scene.MOTIFS))
def test_every_motif_has_something_to_follow(motif: str) -> None:
    picture = scene.draw(motif, 5, 160, 96).convert("L")
    assert ImageStat.Stat(picture).stddev[0] > 6
    assert ImageStat.Stat(picture.filter(ImageFilter.FIND_EDGES)).mean[0] > 2


def test_a_keyframe_is_turned_upright_and_put_on_black(tmp_path: Path) -> None:
    wide = Image.new("RGB", (80, 40), "red")
    wide.paste("blue", (0, 0, 40, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    wide.save(tmp_path / "turned.jpg", exif=exif, quality=95, subsampling=0)
    upright = load(tmp_path / "turned.jpg", 20, 40)
    assert pixel(upright, (10, 5))[2] > 200
    assert pixel(upright, (10, 35))[0] > 200
    Image.new("RGBA", (50, 50), (255, 255, 255, 0)).save(tmp_path / "clear.png")
    assert load(tmp_path / "clear.png", 20, 20).getextrema() == ((0, 0),) * 3


@pytest.mark.parametrize(("size", "kept"), [((200, 100), "green"), ((100, 200), "green")])
def test_a_keyframe_is_cropped_round_its_centre(tmp_path: Path, size: tuple[int, int], kept: str) -> None:
    picture = Image.new("RGB", size, "red")
    picture.paste(kept, (size[0] // 2 - 50, size[1] // 2 - 50, size[0] // 2 + 50, size[1] // 2 + 50))
    picture.save(tmp_path / "picture.png")
    cropped = load(tmp_path / "picture.png", 64, 64)
    assert cropped.getpixel((5, 5)) == cropped.getpixel((58, 58)) == (0, 128, 0)


@pytest.mark.slow("renders a clip")
def test_samples_are_the_same_every_time(tmp_path: Path) -> None:
    written = samples.write(tmp_path)
    assert tuple(name for name, _ in written) == samples.NAMES
    assert len({path.read_bytes() for _, path in written}) == len(samples.NAMES)
    for name, path in written[:2]:
        again = io.BytesIO()
        samples.draw(name).save(again, "JPEG", quality=samples.QUALITY)
        assert again.getvalue() == path.read_bytes()
    assert {Image.open(path).size for _, path in written} == {(1280, 768), (768, 1280)}


def test_thumbnails_and_upscaled_pictures_have_the_size_asked_for(tmp_path: Path) -> None:
    samples.draw("line-chart").save(tmp_path / "chart.jpg")
    samples.thumbnail(tmp_path / "chart.jpg", tmp_path / "small.jpg")
    assert Image.open(tmp_path / "small.jpg").size == (320, 192)
    large = samples.upscale((tmp_path / "small.jpg").read_bytes(), 1280, 768)
    assert Image.open(io.BytesIO(large)).size == (1280, 768)
