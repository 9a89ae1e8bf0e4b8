"""Install a wheel and an sdist, each alone into a fresh environment, and run what a user runs first.

    python tests/check_distributions.py [dist]

Neither sees the checkout: each works in a folder of its own, with the lesson out of the sdist and without PYTHONPATH.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from support.distributions import sdist_problems, sources, wheel_problems

LESSON = ("01_first_video.ipynb", "run_demo.py")
TARGETS = ("demo", "lab", "quick", "test", "lowest", "newest", "dist", "bench")
"""Of the Makefile: whatever they need must be in the sdist."""
WHERE = "import runway_nb; print(runway_nb.__file__)"
NO_EXTRA = "import runway_nb; runway_nb.generate('A lighthouse at dusk').wait()"
PLAYED = 2
"""Videos that the first lesson makes at least."""


class Failure(Exception):
    """A distribution that is not fit to be published; the message says why."""


def main(folder: Path) -> int:
    """Check everything in `folder` and return the exit code."""
    [wheel], [sdist] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    try:
        with _timed("contents"):
            _check_contents(wheel, sdist)
        with tempfile.TemporaryDirectory(prefix="distribution-") as place:
            unpacked = _unpack(sdist, Path(place))
            with _timed("the targets of the sdist's Makefile"):
                _run(["make", "--dry-run", *TARGETS], unpacked)
            for archive in (wheel, sdist):
                _try(archive, unpacked / "notebooks", Path(place, archive.suffix.strip(".")))
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    print(f"{wheel.name} and {sdist.name} are fit to be published")
    return 0


def _check_contents(wheel: Path, sdist: Path) -> None:
    files = sources()
    problems = [*wheel_problems(wheel, files), *sdist_problems(sdist, files)]
    if problems:
        raise Failure("\n".join(problems))


def _unpack(sdist: Path, place: Path) -> Path:
    with tarfile.open(sdist) as archive:
        # the filter came with a security release of each Python
        archive.extractall(place, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))  # type: ignore[arg-type]
    return place / sdist.name.removesuffix(".tar.gz")


def _try(archive: Path, notebooks: Path, place: Path) -> None:
    """Install one of both, first without an extra and then with that of the demo, and run the first lesson."""
    python = _environment(place / "venv")
    with _timed(f"{archive.name}: installed"):
        _run([python, "-m", "pip", "install", "--quiet", str(archive.resolve())], place)
    if not Path(_run([python, "-c", WHERE], place).strip()).is_relative_to(place / "venv"):
        raise Failure("another runway_nb than the installed one was found")
    with _timed(f"{archive.name}: what it says without an extra"):
        said = _run([python, "-c", NO_EXTRA], place, code=1)
        if "the simulator needs its extra, and " not in said or "is not installed" not in said:
            raise Failure(f"without the extra it says: {said}")
    with _timed(f"{archive.name}: installed with its demo"):
        _run([python, "-m", "pip", "install", "--quiet", f"{archive.resolve()}[demo]"], place)
    with _timed(f"{archive.name}: its commands"):
        _run([python, "-m", "runway_nb", "--version"], place)
        _run([python, "-m", "runway_nb", "doctor"], place)
        _run([python, "-m", "runway_nb.simulator", "--help"], place)
    with _timed(f"{archive.name}: the first lesson"):
        _run_lesson(python, notebooks, place)


def _run_lesson(python: str, notebooks: Path, place: Path) -> None:
    for name in LESSON:
        (place / name).write_bytes((notebooks / name).read_bytes())
    _run([python, LESSON[1], "made"], place)
    videos = list(Path(place, "made", "runway_outputs").glob("*.mp4"))
    if len(videos) < PLAYED:
        raise Failure(f"the first lesson left {len(videos)} videos")


def _environment(folder: Path) -> str:
    """Return the interpreter of a new environment."""
    venv.EnvBuilder(with_pip=True).create(folder)
    return str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def _run(command: Sequence[str], folder: Path, code: int = 0) -> str:
    """Return what a command says. Raise `Failure` where it ends in another way than with `code`."""
    system = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "RUNWAY_NB_", "USEAPI_"))
    }
    system |= {"RUNWAY_NB_HOME": str(folder / "home"), "PYTHONNOUSERSITE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        command, cwd=folder, env=system, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    if done.returncode != code:
        raise Failure(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


@contextmanager
def _timed(what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    print(f"{time.monotonic() - started:6.1f} s  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "dist")))
