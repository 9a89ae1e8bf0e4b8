"""Pictures: fitted, not sent twice, listed, drawn (performance goal 9).

The photo is drawn here and stands for one of a camera: noise in octaves, each 0.85 times as strong as the coarser
one before it, which is a little smoother than the 1/f of natural pictures, and gives 3 MB at quality 90.

The plain way decodes a photo whole and resizes the part that is seen with LANCZOS; it encodes nothing. `fit_picture`
encodes as well, so that its time is told with and without that.
"""

from __future__ import annotations

import asyncio
import io
import math
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
from PIL import Image, ImageChops, ImageStat

from runway_nb.api.client import RunwayClient
from runway_nb.keyframes import Keyframes
from runway_nb.notebook.rendering import asset_gallery, tiles
from runway_nb.pictures import fit
from runway_nb.pictures.asset_names import match_asset
from runway_nb.pictures.assets import AssetList, all_assets
from runway_nb.pictures.decode import open_picture
from runway_nb.pictures.objects import picture_bytes
from runway_nb.simulator import Simulator
from runway_nb.spec import LIST_LIMIT

Row = tuple[str, float, str]
ROUNDS = 11
PHOTO, FRAME = (4000, 3000), (1280, 768)
SMOOTHER = 0.85
ASSETS = 1_000
OWNER, EMAIL = "4711", "simulator@runway-nb.invalid"
PEAK = """
import sys
from pathlib import Path
from benchmarks.pictures import fit, plain, small

def memory(name):
    return int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith(name)))

data = Path(sys.argv[2]).read_bytes()
way = plain if sys.argv[1] == "plain" else lambda photo: fit.fit_picture(photo, (1280, 768))
way(small())
before = memory("VmRSS")
way(data)
print(memory("VmHWM") - before)
"""


def measure() -> list[Row]:
    """Name, figure and goal of each measurement; a figure that cannot be taken here is NaN."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = jpeg(photo(PHOTO), quality=90)
        (folder / "photo.jpg").write_bytes(data)
        rows = [("photo of 12 megapixels, MB", len(data) / 1e6, "")]
        rows += [*_fitting(data), *_likeness(data), *_memory(folder / "photo.jpg")]
        return [*rows, *_uploads(folder), *asyncio.run(_listing(folder / "listing")), *_figures()]


# --- the photo ----------------------------------------------------------------------------------------


def photo(size: fit.Size) -> Image.Image:
    """The same one each time; the light has twice the contrast of the octaves, the colours half."""
    light, blue, red = (_plane(size, random.Random(seed)) for seed in (1, 2, 3))
    gains = ((light, 2.0), (blue, 0.5), (red, 0.5))
    planes = [plane.point([_level(128 + (value - 128) * gain) for value in range(256)]) for plane, gain in gains]
    return Image.merge("YCbCr", planes).convert("RGB")


def _level(value: float) -> int:
    return min(max(round(value), 0), 255)


def _plane(size: fit.Size, draw: random.Random) -> Image.Image:
    plane, weight, total, across = Image.new("L", size), 1.0, 0.0, 4
    while across <= size[0]:
        grid = (across, across * size[1] // size[0])
        octave = Image.frombytes("L", grid, draw.randbytes(grid[0] * grid[1])).resize(size, Image.Resampling.BICUBIC)
        total += weight
        plane = Image.blend(plane, octave, weight / total)
        weight, across = weight * SMOOTHER, across * 2
    return plane


def jpeg(picture: Any, **options: int) -> bytes:
    """As a file."""
    out = io.BytesIO()
    picture.save(out, "JPEG", **options)
    return out.getvalue()


def small() -> bytes:
    """A photo of few pixels: what is loaded at the first use is loaded by it."""
    return jpeg(Image.new("RGB", (400, 300), "#336699"))


# --- fitting ------------------------------------------------------------------------------------------


def plain(data: bytes) -> Image.Image:
    """Decode it whole, resize the part that is seen."""
    image = Image.open(io.BytesIO(data))
    return image.resize(FRAME, Image.Resampling.LANCZOS, box=_part(image.size))


def _part(size: fit.Size) -> fit.Box:
    """What is seen of a picture of this size, in its pixels."""
    left, top, right, bottom = fit.plan_fit(size, FRAME, fit.Fit())[0]
    return left * size[0], top * size[1], right * size[0], bottom * size[1]


def _pixels(data: bytes) -> Image.Image:
    """As `fit_picture` does it, not encoded."""
    source = open_picture(data)
    box, inner, _ = fit.plan_fit(source.size, FRAME, fit.Fit())
    return fit.rendered_part(source, box, inner, "#000000")


def _drafted(data: bytes) -> Any:
    """Decoded at half the size."""
    image: Any = Image.open(io.BytesIO(data))
    image.draft(None, (PHOTO[0] // 2, PHOTO[1] // 2))
    image.load()
    return image


def _encoded(picture: Image.Image) -> bytes:
    return jpeg(picture, quality=fit.QUALITY, subsampling=0)


def _resized(half: Image.Image, name: str) -> Image.Image:
    return half.resize(FRAME, Image.Resampling[name], box=_part(half.size))


def _fitting(data: bytes) -> list[Row]:
    """CPU time of one thread each; the parts come without what they need of each other."""
    half, seen = _drafted(data), plain(data)
    ways: dict[str, tuple[Callable[[], object], str]] = {
        "fit_picture, which encodes, / plain decode and resize, CPU": (lambda: fit.fit_picture(data, FRAME), "<= 0.35"),
        "the same without encoding": (lambda: _pixels(data), "<= 0.35"),
        "  of it: header, count of scans": (lambda: fit.measure(data), ""),
        "  of it: decode at half the size": (lambda: _drafted(data), ""),
        "  of it: resize, LANCZOS": (lambda: _resized(half, "LANCZOS"), ""),
        "  resize, BICUBIC, not used": (lambda: _resized(half, "BICUBIC"), ""),
        "  resize, HAMMING, not used": (lambda: _resized(half, "HAMMING"), ""),
        "  encode": (lambda: _encoded(seen), ""),
    }
    floor, *times = _least(lambda: plain(data), *(way for way, _ in ways.values()), clock=time.process_time)
    rows = [(name, seconds / floor, goal) for (name, (_, goal)), seconds in zip(ways.items(), times, strict=True)]
    both = times[0] / (floor + times[-1])
    return [("plain decode and resize, ms", floor * 1000, ""), *rows, ("with encoding on both sides", both, "")]


def _likeness(data: bytes) -> list[Row]:
    """Beside the plain pixels; what the JPEG itself takes away is told by what it takes from those."""
    seen, half = plain(data), _drafted(data)
    pictures = {
        "fitted pixels beside the plain ones, PSNR, dB": _pixels(data),
        "  with BICUBIC, not used": _resized(half, "BICUBIC"),
        "  with HAMMING, not used": _resized(half, "HAMMING"),
        "  in the JPEG that is sent": Image.open(io.BytesIO(fit.fit_picture(data, FRAME).data)),
        "  the plain pixels themselves in such a JPEG": Image.open(io.BytesIO(_encoded(seen))),
    }
    goals = [">= 40", *[""] * 4]
    return [(name, decibels(seen, one), goal) for (name, one), goal in zip(pictures.items(), goals, strict=True)]


def decibels(one: Image.Image, other: Image.Image) -> float:
    """PSNR over all channels."""
    found = ImageStat.Stat(ImageChops.difference(one, other.convert("RGB")))
    error = sum(found.sum2) / sum(found.count)
    return 10 * math.log10(255**2 / error) if error else math.inf


def _memory(file: Path) -> list[Row]:
    ours, theirs = _peak("fit", file), _peak("plain", file)
    return [
        ("peak memory of fit_picture, which encodes, / plain", ours / theirs, ""),
        ("peak memory of fit_picture, MB", ours, ""),
    ]


def _peak(way: str, file: Path) -> float:
    """By how much the resident memory of a process grows, MB; NaN where the system does not tell."""
    command = [sys.executable, "-c", PEAK, way, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    return int(done.stdout) * 1024 / 1e6 if done.returncode == 0 else math.nan


# --- uploads ------------------------------------------------------------------------------------------


def _uploads(folder: Path) -> list[Row]:
    """Against the simulator without a port; what is counted does not hang on time."""
    sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]
    fakes = import_module("fakes")
    with fakes.Party(folder / "party", fakes.FakeTime()) as party:
        party.folder.mkdir(exist_ok=True)
        (party.folder / "photo.jpg").write_bytes((folder / "photo.jpg").read_bytes())
        first = _sent(party, "A lamp turns", "photo.jpg")
        again = _sent(party, "A lamp turns again", "photo.jpg")
        drawn = [_sent(party, "The curve rises", _drawing()) for _ in range(2)]
    return [
        ("first run with a keyframe: kB uploaded", first[0] / 1000, ""),
        ("first run: requests before the create call", float(first[1]), ""),
        ("another request, the keyframe unchanged: bytes uploaded", float(again[0]), "= 0"),
        ("another request, the keyframe unchanged: requests before the create call", float(again[1]), "<= 1"),
        ("cell with a figure, first run: kB uploaded", drawn[0][0] / 1000, ""),
        ("cell with an equal figure drawn anew: requests in all", float(drawn[1][2]), "= 0"),
    ]


def _sent(party: Any, prompt: str, keyframe: Any) -> tuple[int, int, int]:
    """Run a cell: bytes of pictures that were uploaded, requests before the create call, requests in all."""
    start, media = len(party.api.requests), len(party.media.requests)
    party.submit(prompt, fresh=False, keyframes=Keyframes(keyframe)).wait(60)
    requests = party.api.requests[start:]
    pictures = [r for r in requests if r.method == "POST" and "/assets" in r.url.path]
    creates = [n for n, r in enumerate(requests) if r.method == "POST" and r not in pictures]
    size = sum(int(request.headers["Content-Length"]) for request in pictures)
    return size, (creates or [len(requests)])[0], len(requests) + len(party.media.requests) - media


def _drawing(size: tuple[float, float] = (6.4, 4.8)) -> Any:
    """A figure as a cell draws it; without matplotlib a picture of PIL."""
    try:
        figure = import_module("matplotlib.figure").Figure(figsize=size)
    except ImportError:
        return Image.radial_gradient("L")
    axes = figure.subplots()
    axes.plot([math.sin(x / 20) * x for x in range(400)], label="sin")
    axes.scatter(range(0, 400, 4), [x % 97 for x in range(100)], s=9)
    axes.set(title="The curve rises", xlabel="time", ylabel="height")
    axes.legend()
    return figure


# --- listing ------------------------------------------------------------------------------------------


class Counted(httpx.AsyncHTTPTransport):
    """Counts the requests that pass."""

    requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on."""
        self.requests += 1
        return await super().handle_async_request(request)


async def _listing(state: Path) -> list[Row]:
    """A thousand assets of the simulator over real HTTP."""
    transport = Counted(verify=False)
    with Simulator(state) as simulator:
        async with RunwayClient(f"user:{OWNER}-bench", base_url=simulator.base_url, transport=transport) as client:
            missing = ASSETS - len(await all_assets(client))
            for number in range(missing):
                simulator.world.assets.add(OWNER, EMAIL, f"keyframe {number:03}", "image/jpeg", small())
            before = transport.requests
            assets = await all_assets(client)
            asked = transport.requests - before
            ours, bare = await _in_turn(lambda: all_assets(client), lambda: _pages(client))
    assert len(assets) == ASSETS
    return [
        (f"{ASSETS:,} assets: requests for a listing (20 full pages, accounts, end)", float(asked), ""),
        (f"{ASSETS:,} assets: listing / 20 bare GETs, one after the other", ours / bare, ""),
        (f"{ASSETS:,} assets: listing, ms", ours * 1000, ""),
        *_shown(assets),
    ]


async def _pages(client: RunwayClient) -> None:
    """The same pages with the same connections; the answers are not understood."""
    for number in range(ASSETS // LIST_LIMIT):
        query = {"offset": number * LIST_LIMIT, "limit": LIST_LIMIT}
        answer = await client._http.call(client._http.built("GET", "/assets/", params=query), 60.0)
        assert answer.status_code == 200


async def _in_turn(*works: Callable[[], Any]) -> list[float]:
    """The least wall time of each, in seconds."""
    walls = [math.inf] * len(works)
    for _ in range(ROUNDS):
        for number, work in enumerate(works):
            start = time.perf_counter()
            await work()
            walls[number] = min(walls[number], time.perf_counter() - start)
    return walls


def _shown(assets: AssetList) -> list[Row]:
    """Found by name, and laid out as a page."""
    still = jpeg(photo((240, 180)))
    stills = {asset.id: still + bytes([number]) for number, asset in enumerate(assets[: asset_gallery.PAGE])}

    def anew() -> None:
        tiles.small_picture.cache_clear()
        asset_gallery.bundle(assets, stills)

    works = {
        "a name found, ms": lambda: match_asset("keyframe 500", assets),
        "a name that is not there, and what it may mean, ms": lambda: match_asset("keyfrane 5000", assets),
        "a page of the gallery without pictures, ms": lambda: asset_gallery.bundle(assets),
        "a page of the gallery with 50 new pictures, ms": anew,
        "a page of the gallery with 50 known pictures, ms": lambda: asset_gallery.bundle(assets, stills),
    }
    times = _least(*works.values())
    return [(f"{ASSETS:,} assets: {name}", t * 1000, "") for name, t in zip(works, times, strict=True)]


# --- figures ------------------------------------------------------------------------------------------


def _figures() -> list[Row]:
    """From a figure to a fitted keyframe; a figure of 4 : 3 is cropped, one of 5 : 3 has the shape of the frame."""
    rows: list[Row] = []
    for shape, size in {"4 : 3": (6.4, 4.8), "5 : 3": (6.4, 3.84)}.items():
        name = f"figure of {shape} to a fitted keyframe / bare savefig with 200 dpi, CPU"
        figure = _drawing(size)
        if isinstance(figure, Image.Image):
            rows.append((f"{name} (no matplotlib)", math.nan, ""))
            continue
        drawn, bare, fitted = _least(*_ways(figure), clock=time.process_time)
        rows += [(name, (drawn + fitted) / bare, ""), (f"  of it: the drawing, {shape}", drawn / bare, "")]
    return rows


def _ways(figure: Any) -> tuple[Callable[[], object], ...]:
    """Ours, theirs, and the fitting of ours."""
    data = picture_bytes(figure, [FRAME])
    return (
        lambda: picture_bytes(figure, [FRAME]),
        lambda: figure.savefig(io.BytesIO(), format="png", dpi=200),
        lambda: fit.fit_picture(data, FRAME),
    )


def _least(*works: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """The least time of each in seconds, taken in turn: other work only ever adds."""
    times = [math.inf] * len(works)
    for _ in range(ROUNDS):
        for number, work in enumerate(works):
            start = clock()
            work()
            times[number] = min(times[number], clock() - start)
    return times


def main() -> None:
    for name, value, goal in measure():
        print(f"{name:<72} {value:>8.2f}   {goal}")


if __name__ == "__main__":
    main()
