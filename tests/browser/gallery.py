"""Made-up jobs in every state, for looking at. Imported by cells of notebooks, so it runs in the kernel."""

from __future__ import annotations

import io
import time
from collections.abc import Coroutine
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from IPython.display import display

from runway_nb import Camera, Job, Keyframes, Status, Studio, Task, VideoRequest, errors
from runway_nb.jobs.job import control_of
from runway_nb.jobs.state import State
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.cards.output_area import OutputArea
from runway_nb.notebook.cards.sweep_view import show_sweep as display_sweep
from runway_nb.notebook.cards.view import View
from runway_nb.notebook.rendering.facts import reuse_text
from runway_nb.notebook.rendering.result_html import bundle
from runway_nb.shortcuts import default_studio
from runway_nb.simulator.rendering import samples
from runway_nb.simulator.rendering.renderer import Shot, render
from runway_nb.sweeps.plan import Axis, plan
from runway_nb.sweeps.price import SweepPrice
from runway_nb.sweeps.sweep import Sweep

PROMPT = "A lighthouse at dusk, slow waves, the beam sweeps over the sea. The camera pushes in gently."
PINES = "Fog rises between the pines while the camera cranes up"
DUNES = "Wind draws lines in the sand, noon light, nothing else moves"
CELL = f"%%runway shot --first lighthouse-dusk --zoom 4 --pan -2 --seed 1842\n{PROMPT}"


class NoStudio:
    """Keeps a card as it was shown first, and a job in doubt undecided."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        work.close()


NO_STUDIO = cast(Studio, NoStudio())


@lru_cache
def still(name: str, width: int = 240) -> bytes:
    picture = samples.draw(name)
    picture.thumbnail((width, 4 * width))
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=70)
    return data.getvalue()


def job(state: State, *names: str, prompt: str = PROMPT, simulated: bool = False, **fields: Any) -> Job:
    """A job as it would stand in `state`, its keyframes in order."""
    camera = Camera(**fields.pop("camera", {"zoom": 4, "pan": -2}))
    keyframes = dict(zip(("first", "last", "middle"), names, strict=False))
    request = VideoRequest(prompt, Keyframes(**keyframes), camera, **{"seed": 1842, **fields})
    made = Job("7f3e2c54", request, simulated=simulated, cell=CELL, created=time.time() - 94, state=state)
    control_of(made).thumbnails = {position: still(name) for position, name in keyframes.items()}
    return made


def following(word: str, sent: float = 0.0, **fields: Any) -> State:
    now = time.time()
    task = Task("t", Status(word), fields.get("progress"), fields.pop("starts_in", None))
    return State(Phase.FOLLOWING, task=task, sent=now - sent, last_poll=now, **fields)


def states() -> dict[str, Job]:
    """The word of each state, and a job in it."""
    now, both = time.time(), ("lighthouse-dusk", "city-night")
    tall: dict[str, Any] = {"aspect": "portrait", "prompt": PINES, "camera": {"vertical": 5, "tilt": -3}}
    waiting = State(Phase.WAITING, detail="2 slots busy with job 7f3e2c54, job a41b09d7", next_poll=now + 20)
    line = "2 of 2 slots busy \N{MIDDLE DOT} third in line \N{MIDDLE DOT} with jobs 7f3e2c54, a41b09d7"
    elsewhere = State(Phase.FOLLOWING, task=Task("t", Status("RUNNING")), sent=now - 40, elsewhere=True)
    loading = State(Phase.DOWNLOADING, task=Task("t", Status("SUCCEEDED")), received=1_200_000, total=2_800_000)
    return {
        "Preparing": job(State(detail="looking up the keyframes"), prompt=DUNES, camera={}),
        "Waiting for a free slot": job(waiting, "dunes-noon", prompt=DUNES, camera={"static": True}),
        "Waiting for a free slot ": job(State(Phase.WAITING, detail=line), "dunes-noon", prompt=DUNES),
        "Checking": job(State(Phase.CHECKING, sent=now - 20), "aurora-lake"),
        "In another kernel": job(elsewhere, "aurora-lake"),
        "Sending": job(State(Phase.SENDING), "aurora-lake", simulated=True),
        "Queued at Runway": job(following("PENDING", starts_in=25.0), "portrait-forest", **tall),
        "Held back by Runway": job(following("THROTTLED", next_poll=now + 20), *both),
        "Generating": job(following("RUNNING", 38.0, progress=0.42, remaining=52.0), *both, "aurora-lake"),
        "No connection": job(following("RUNNING", 60, progress=0.6, offline=True, next_poll=now + 10), *both),
        "\u201cDREAMING\u201d": job(following("DREAMING"), "sea-morning", seconds=10),
        "Queued at Runway ": job(
            following("PENDING", starts_in=25.0),
            "lighthouse-dusk",
            model="gen4turbo",
            aspect="1:1",
            camera_words=True,
        ),
        "Held back by Runway ": job(
            following("THROTTLED", next_poll=now + 20),
            "portrait-forest",
            prompt=PINES,
            model="kling-3.0-pro",
            aspect="9:16",
            audio=True,
            seed=None,
            camera_words=True,
            camera={"vertical": 5, "tilt": -3, "roll": 8},
        ),
        "Downloading": job(loading, "lighthouse-dusk", simulated=True, camera={"roll": 4, "zoom": 2}),
    }


def show_cards() -> None:
    """A card for every state, as the magic would show it."""
    for word, made in states().items():
        OutputArea(NO_STUDIO, View("live", "auto", Path.cwd())).show(made, reused=word == "Held back by Runway")


def show_offer() -> None:
    """A job in doubt, with its two buttons."""
    made = job(State(Phase.CHECKING, sent=time.time() - 60), "aurora-lake")
    OutputArea(NO_STUDIO, View("live", "auto", Path.cwd())).show(made)
    lost = "maybe sent, no clear answer: the connection broke; no task with its seed was found in 62 s"
    control_of(made).change(phase=Phase.UNKNOWN, error=errors.MaybeSent(lost), ended=time.time())


def ended(phase: Phase, error: errors.RunwayError, *names: str, **fields: Any) -> Job:
    state = State(phase, task=Task("t", Status("RUNNING")), progress=0.42, error=error, ended=time.time())
    return job(state, *names, **fields)


def show_notices() -> None:
    """Every kind of end without a video."""
    lines = [
        ended(Phase.FAILED, errors.TaskModerated("refused by moderation: SAFETY.INPUT.TEXT, category VIOLENCE")),
        ended(Phase.REFUSED, errors.NotEnoughCredits("this shot needs 25 credits, 12 of 2,250 are left (HTTP 412)")),
        ended(Phase.DETACHED, errors.DeadlineReached("no end after 30 minutes of tracking")),
        ended(Phase.STOPPED, errors.TrackingStopped("tracking was stopped")),
        ended(Phase.FAILED, errors.TaskFailed("INTERNAL.BAD_OUTPUT.01: <b>the model</b> gave nothing")),
        ended(Phase.UNKNOWN, errors.MaybeSent("maybe sent, no clear answer: the connection broke")),
        ended(Phase.REMOVED, errors.Removed("removed before sending: nothing was charged")),
        ended(Phase.FAILED, errors.DownloadError("the server answered 500"), simulated=True),
    ]
    for made in lines:
        display(bundle(made), raw=True)


def clip(folder: Path, picture: str, size: tuple[int, int], zoom: int, seed: int) -> Path:
    """Render a small shot that begins with a picture."""
    path = folder / f"{picture}-{zoom}-{seed}.mp4"
    samples.draw(picture).save(folder / f"{picture}.png")
    render(Shot(PROMPT, seed, 5, *size, ((0.0, str(folder / f"{picture}.png")),), {"zoom": zoom}), path)
    return path


def show_sweep(*, tall: bool = False) -> None:
    """A sweep of nine on its way, as live grid and as table: five finished, one refused, three still to come."""
    picture, aspect, size = ("lighthouse-dusk", "landscape", (640, 384))
    if tall:
        picture, aspect, size = ("portrait-forest", "portrait", (384, 640))
    many = plan(PROMPT, {"first": picture, "aspect": aspect}, [Axis("zoom", (-5, 0, 5)), Axis("seed", (1, 2, 3))],
                model="gen3turbo")  # fmt: skip
    now, folder = time.time(), Path.cwd()
    generating: dict[tuple[int, ...], State] = {
        place: following("RUNNING", 38.0, progress=ratio) for place, ratio in (((2, 1), 0.42), ((1, 2), 0.08))
    }
    refused = State(Phase.FAILED, task=Task("t", Status("FAILED")), sent=now - 40, ended=now,
                    error=errors.TaskModerated("SAFETY.INPUT.TEXT, category VIOLENCE"))  # fmt: skip
    others: dict[tuple[int, ...], State] = {
        (0, 2): refused,
        (2, 2): State(Phase.WAITING, detail="next in line"),
        **generating,
    }
    sweep = Sweep(many, SweepPrice(9, 0, 225, 0))
    for variant in many.variants:
        zoom, seed = ((-5, 0, 5)[variant.place[0]], variant.place[1] + 1)
        state = others.get(variant.place) or State(
            Phase.DONE, task=Task("t", Status("SUCCEEDED")), sent=now - 94, ended=now, progress=1.0,
            video=clip(folder, picture, size, zoom, seed), poster=still(picture, 320),
        )  # fmt: skip
        sweep.add(variant, Job(f"7f3e2c{zoom % 10}{seed}", variant.request, cell=CELL, created=now - 94, state=state))
    display_sweep(sweep, default_studio(), View("live", "auto", folder))


def show_results(video: str, tall: str) -> None:
    """The players of two finished files, one of the API and one of the simulator."""
    now, task = time.time(), Task("t", Status("SUCCEEDED"))
    wide = State(Phase.DONE, task=task, sent=now - 94, progress=1.0, ended=now, video=Path(video).resolve(),
                 poster=still("lighthouse-dusk", 560))  # fmt: skip
    high = State(Phase.DONE, task=task, sent=now - 6, progress=1.0, ended=now, video=Path(tall).resolve(),
                 poster=still("portrait-forest", 240))  # fmt: skip
    display(bundle(job(wide, "lighthouse-dusk"), note=reuse_text(job(wide))), raw=True)
    fields: dict[str, Any] = {"aspect": "portrait", "camera": {"vertical": 5, "tilt": -3}, "prompt": PINES}
    display(bundle(job(high, "portrait-forest", simulated=True, **fields)), raw=True)
