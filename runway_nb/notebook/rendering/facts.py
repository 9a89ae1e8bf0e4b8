"""Facts of a job in a few words, wherever it is shown: camera, prompt, price, time, size. Pure functions."""

from __future__ import annotations

from ...camera import signed
from ...jobs.job import Job
from ...jobs.policy import day_of
from ...ledger.phase import Phase
from ...redaction import redact
from ...request import VideoRequest
from ...spec import DEFAULT_MODEL

DOT = " \N{MIDDLE DOT} "
MINUS = "\N{MINUS SIGN}"
WITH_SOUND = "with sound"
JOINED = "same request as before; --fresh for a new take"


def clock(seconds: float) -> str:
    """Return 0:25 for 25 seconds."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def megabytes(size: int | None) -> str:
    """Return 2.8 MB, or 50 kB below a tenth of that."""
    if size is None:
        return "unknown size"
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.0f} kB"


def axis(value: float) -> str:
    """Return a value as +4 or, with a true minus sign, -4."""
    return signed(value)


def camera_text(request: VideoRequest) -> str:
    """Return the moves, as in "zoom +4, pan -2"; or static; or no camera move."""
    if request.camera.static:
        return "static"
    moves = [f"{name} {axis(value)}" for name, value in request.camera.moves.items() if value]
    return DOT.join(moves) or "no camera move"


def prompt_text(request: VideoRequest) -> str:
    """Return the prompt on one line, as it may be shown."""
    return " ".join(redact(request.prompt).split()) or "(no prompt)"


def cost(job: Job) -> str:
    """Return the price, as in "25 credits"; 0 with the simulator and in explore mode."""
    return job.price_text


def facts(job: Job, price: str = "") -> list[str]:
    """Return camera, model, length, seed, price; the model where it is not the default one."""
    request = job.request
    is_usual = request.model == DEFAULT_MODEL.name and not job.foreign_type
    title = [] if is_usual else [model_title(job)]
    seed = [] if request.seed is None else [f"seed {request.seed}"]
    return [camera_text(request), *title, *take_facts(request), *seed, price or cost(job)]


def model_title(job: Job) -> str:
    """Return what the model is called; of a task that no row knows, what the API calls it."""
    return job.foreign_type or job.request.row.title


def take_facts(request: VideoRequest) -> list[str]:
    """Return length, resolution and sound, as far as the model has them."""
    return [f"{request.length} s", *filter(None, [resolution_text(request), sound_text(request)])]


def resolution_text(request: VideoRequest) -> str:
    """Return the resolution, the model's first where none is given; nothing where it has one only."""
    return request.resolution or next(iter(request.row.resolutions), "")


def sound_text(request: VideoRequest) -> str:
    """Return "with sound" or "without sound"; nothing for a model that has none to switch."""
    if not request.row.audio:
        return ""
    return "without sound" if request.audio is False else WITH_SOUND


def camera_words_text(request: VideoRequest) -> str:
    """Return what is said of the camera at the end of the prompt; nothing where it is not said."""
    return f"Camera, in words: {request.camera_sentence}" if request.camera_sentence else ""


def frame_text(request: VideoRequest) -> str:
    """Return the frame, as in "1280 x 768"; the format alone where its pixels are not documented."""
    width, height = request.row.aspects[request.format]
    return f"{width} x {height}" if request.row.has_pixels else request.format


def is_tall(request: VideoRequest) -> bool:
    """Return True for a frame that is higher than wide."""
    width, height = request.row.aspects[request.format]
    return height > width


def _for_price(request: VideoRequest) -> str:
    return "at an unknown price" if request.credits is None else f"for {request.price_text}"


def made(job: Job) -> str:
    """Return "made in 1:34, 22 Nov 2026"."""
    state = job.state
    ended = state.ended or job.created
    return f"made in {clock(ended - (state.sent or job.created))}, {day_of(ended)}"


def shows_id(job: Job) -> bool:
    """Return True when there may be a task behind the job, so that its id is worth showing."""
    return job.state.phase.is_sent and job.state.phase is not Phase.SENDING


def reuse_text(job: Job) -> str:
    """Return why nothing was sent for an unchanged cell, and how to make another."""
    state = job.state
    day = day_of(state.ended or job.created)
    if not state.phase.is_final:
        return f"{JOINED}, 0 credits more"
    if job.video is not None:
        return f"stored result of {day}, 0 credits; --fresh for a new take"
    again = f"--fresh sends it again {_for_price(job.request)}"
    return f"this is how it ended on {day}; nothing was sent now, {again}"


def sentence(text: str) -> str:
    """Return a line with a capital at its beginning and one full stop at its end."""
    text = text.strip()
    return (text[:1].upper() + text[1:]).rstrip(".") + "." if text else ""
