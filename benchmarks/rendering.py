"""How fast the simulator renders, as ratios taken in one run: against the encoder alone and against ffmpeg."""

from __future__ import annotations

import importlib
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from runway_nb.simulator.rendering import renderer, samples
from runway_nb.simulator.rendering.planes import Planes
from runway_nb.simulator.rendering.renderer import Film, Shot

ROUNDS = 5
CAMERA = {"horizontal": 3.0, "zoom": 4.0, "pan": -2.0, "tilt": 1.0, "roll": 3.0}
PINNED = {0.0: "lighthouse-dusk", 0.5: "city-night", 1.0: "aurora-lake"}
ENCODER = (
    *("-c:v", "libx264", "-preset", "superfast", "-crf", "23", "-g", "24"),
    *("-threads", "2", "-pix_fmt", "yuv420p", "-movflags", "+faststart"),
)
FADES = "[a][b]xfade=duration=2.5:offset=0[ab];[ab][c]xfade=duration=2.5:offset=2.5"
ZOOM = "zoompan=z='1+0.4*on/120':x='on':y='on/2':s=1280x768:fps=24:d="
TILT = "scale=1280:768,format=yuv420p,perspective=eval=frame:x0='on/2':y0='on/4':x1='W-on/2':y1=0:x2=0:y2='H-on/4'"
PEAK = """
import sys
from runway_nb.simulator.rendering.renderer import main
main(sys.argv[1:])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""

Row = tuple[str, float, str]


def measure() -> list[Row]:
    """Name, figure and goal of each measurement; a figure that cannot be taken here is NaN."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shot = full_size(folder)
        file, clip = folder / "shot.json", folder / "clip.mp4"
        file.write_text(shot.to_json(), "utf-8")
        rows = [_against_encoder(shot, clip)]
        rows += _against_ffmpeg(shot, folder)
        rows.append(("peak memory of a child process, MB", _peak(file, clip), "<= 160"))
        rows.append(("clip of 5 s with three keyframes, MB", clip.stat().st_size / 1e6, "<= 2"))
        rows.append(_small(shot, clip))
    return rows


def full_size(folder: Path) -> Shot:
    """A landscape shot of 5 s with three keyframes of 1600 x 960 pixels and every kind of move."""
    paths = dict(samples.write(folder))
    for path in paths.values():
        path.write_bytes(samples.upscale(path.read_bytes(), 1600, 960))
    keyframes = tuple((time, str(paths[name])) for time, name in PINNED.items())
    return Shot("A slow fade from dusk to night", 7, 5, 1280, 768, keyframes, CAMERA)


def _against_encoder(shot: Shot, clip: Path) -> Row:
    frames = _Made(renderer.prepare(shot))

    def whole() -> None:
        renderer.render(shot, clip)

    def alone() -> None:
        renderer.encode(frames, clip.with_name("alone.mp4"))

    ours, floor = _least(whole, alone)
    print(f"render {ours:.2f} s, {shot.frames / ours:.0f} frames/s; encode only {floor:.2f} s", file=sys.stderr)
    return "render / encode only, wall", ours / floor, "<= 2.8"


class _Made(Film):
    """A film whose frames were warped beforehand."""

    def __init__(self, film: Film) -> None:
        super().__init__(film.shot, film.grounds, film.mixes, film.views, film.caption, film.opacities)
        self._frames: list[Planes]
        object.__setattr__(self, "_frames", [film.planes(number) for number in range(film.shot.frames)])

    def planes(self, number: int, rows: Sequence[int] | None = None) -> Planes:  # noqa: ARG002
        return self._frames[number]


def _against_ffmpeg(shot: Shot, folder: Path) -> list[Row]:
    """Beside two filters of ffmpeg; zoompan can neither turn nor roll, so ours is timed with its moves as well."""
    binary = _ffmpeg()
    goals = {
        "zoompan and xfade of ffmpeg / renderer, the same kind of moves": ">= 1.25",
        "zoompan and xfade of ffmpeg / render with turns and roll": "",
        "perspective and xfade of ffmpeg / render": ">= 2",
    }
    if binary is None:
        return [(f"{name}, wall (no ffmpeg)", math.nan, goal) for name, goal in goals.items()]
    flat = replace(shot, camera={"zoom": 4.0, "horizontal": 3.0, "vertical": 1.5})
    clip = folder / "ours.mp4"
    zoompan, perspective = _process(_zoompan(binary, folder)), _process(_perspective(binary, folder))
    walls = _least(lambda: renderer.render(shot, clip), lambda: renderer.render(flat, clip), zoompan, perspective)
    texts = ", ".join(f"{wall:.2f} s" for wall in walls)
    print(f"render, render without turns, zoompan, perspective: {texts}", file=sys.stderr)
    ours, ours_flat, theirs, warped = walls
    ratios = (theirs / ours_flat, theirs / ours, warped / ours)
    return [(f"{name}, wall", ratio, goal) for (name, goal), ratio in zip(goals.items(), ratios, strict=True)]


def _zoompan(binary: str, folder: Path) -> list[str]:
    inputs = [word for name in PINNED.values() for word in ("-i", str(folder / f"{name}.jpg"))]
    graph = f"[0]{ZOOM}60[a];[1]{ZOOM}120[b];[2]{ZOOM}60[c];{FADES}"
    return [binary, "-v", "error", "-y", *inputs, "-lavfi", graph, *ENCODER, str(folder / "zoompan.mp4")]


def _perspective(binary: str, folder: Path) -> list[str]:
    lengths = zip(PINNED.values(), ("2.5", "5", "2.5"), strict=True)
    inputs = [
        word
        for name, seconds in lengths
        for word in ("-loop", "1", "-framerate", "24", "-t", seconds, "-i", str(folder / f"{name}.jpg"))
    ]
    graph = f"[0]{TILT}[a];[1]{TILT}[b];[2]{TILT}[c];{FADES}"
    return [binary, "-v", "error", "-y", *inputs, "-lavfi", graph, *ENCODER, str(folder / "perspective.mp4")]


def _ffmpeg() -> str | None:
    """The path of a binary of ffmpeg, if there is one."""
    if found := shutil.which("ffmpeg"):
        return found
    try:
        return str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return None


def _peak(file: Path, clip: Path) -> float:
    """Peak resident memory of a process that renders, MB; NaN where the system does not tell."""
    command = [sys.executable, "-c", PEAK, str(file), str(clip)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(done.stdout) * 1024 / 1e6 if done.returncode == 0 else math.nan


def _small(shot: Shot, clip: Path) -> Row:
    small = Shot(shot.prompt, shot.seed, shot.seconds, 320, 192, shot.keyframes, shot.camera)
    little, full = _least(lambda: renderer.render(small, clip), lambda: renderer.render(shot, clip))
    return "320 x 192 / 1280 x 768, wall", little / full, "<= 0.3"


def _process(command: list[str]) -> Callable[[], None]:
    def run() -> None:
        subprocess.run(command, check=True)

    return run


def _least(*tasks: Callable[[], None]) -> list[float]:
    """The least wall time of each task in seconds, the tasks taken in turn: other work only ever adds."""
    walls: list[list[float]] = [[] for _ in tasks]
    for _ in range(ROUNDS):
        for task, times in zip(tasks, walls, strict=True):
            start = time.perf_counter()
            task()
            times.append(time.perf_counter() - start)
    return [min(times) for times in walls]


def main() -> None:
    for name, value, goal in measure():
        print(f"{name:<72} {value:>8.2f}   {goal}")


if __name__ == "__main__":
    main()
