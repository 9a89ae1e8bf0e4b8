"""A saved notebook with all its videos, made into one folder or one page."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from ...errors import CopyInterrupted, RunwayError
from ...jobs.copy_progress import Progress, ProgressLine
from ...jobs.export_jobs import listed_lines
from ...jobs.job import Job
from ...redaction import redact_line
from ...shortcuts import chosen_studio
from ...spec import TOKEN_FORM
from ...storage.given_paths import read_path
from ...storage.paths import working_folder
from ...studio import Studio
from ...text.console import is_terminal
from ...text.known_secrets import hits
from ..loaded_settings import running_shell
from ..rendering.facts import megabytes
from ..rendering.result_html import EMBED_CAP, without_beside_lines
from .bundle_folder import VIDEOS, BundleFolder
from .local_videos import LocalVideos
from .notebook_file import SavedNotebook, current_notebook, notebook_bytes, read_notebook
from .notebook_page import check_page, page_text, video_uri, write_page
from .saved_outputs import Notebook, cell_texts, html_texts, with_html
from .video_copies import VideoCopies
from .video_links import Link, NewLink, carried_count, relinked, video_links

PAGE_SUFFIXES = (".html", ".htm")
_TOKEN = re.compile(TOKEN_FORM.replace("-[", "-(?!runwayml:)[", 1))
"""A token; the beginning of an id looks like one."""
_LATE = 2.0
"""Seconds by which a job may end after its notebook was saved: some disks keep even seconds only."""


@dataclass(frozen=True)
class Bundle:
    """What became of a bundle."""

    path: Path
    """The notebook in its folder, or the page."""
    videos: int = 0
    """Videos that go along."""
    copied: int = 0
    """Those that were copied this time; what is inside a page is not copied."""
    carried: int = 0
    """Players of which the saved notebook itself carries the video."""
    beside: tuple[str, ...] = ()
    """Videos that are too large for a page and lie beside it, as paths from there."""
    problems: tuple[str, ...] = ()
    """A line for each video that does not go along."""
    notes: tuple[str, ...] = ()
    """What its user should know before it is handed on."""

    @property
    def text(self) -> str:
        """What became of it, in a few lines."""
        count = f"{self.videos} video{'s' * (self.videos != 1)}"
        inside = f" and the {self.carried} inside it" if self.carried else ""
        lines = [f"Bundled {count} with the notebook{inside}: {redact_line(str(self.path))}"]
        if self.beside:
            lines.append(
                f"Too large for the page itself, so keep them beside it: {redact_line(', '.join(self.beside))}"
            )
        return "\n".join([*lines, *self.notes, *listed_lines("Left out", self.problems)])

    def __repr__(self) -> str:
        return self.text


def bundle(
    notebook: str | os.PathLike[str] | None = None,
    out: str | os.PathLike[str] | None = None,
    *,
    studio: Studio | None = None,
) -> Bundle:
    """Copy a saved notebook with the videos that its outputs show, so that it can be handed on; nothing is run.

    Run again, it makes the same and copies what is new. What is not on this machine is named.

    Args:
        notebook: The .ipynb file; by default the one that runs, as it was last saved.
        out: A new or empty folder or an earlier bundle; or a name that ends in .html, for one page that carries videos
            of up to 8 MB inside and larger ones beside it. By default a folder beside the notebook.
        studio: Whose ledger and folder of videos; by default the one of this process.

    Raises:
        InvalidRequest: something is no path, or it cannot be told which notebook runs.
        RunwayError: it is no notebook, or nothing can be written there without loss.
        CopyInterrupted: from the keyboard; the same goes on where it stopped.
    """
    made_by = chosen_studio(studio)
    variables = getattr(running_shell(), "user_ns", {})
    return run_bundle(made_by, notebook, out, variables=variables, rewrites=is_terminal())


def run_bundle(
    studio: Studio, notebook: object, out: object, *, variables: Mapping[str, Any], rewrites: bool,
    environ: Mapping[str, str] = os.environ,
) -> Bundle:  # fmt: skip
    """Bundle as `bundle` does.

    Args:
        studio: Whose ledger and folder of videos.
        notebook: As in `bundle`.
        out: As in `bundle`.
        variables: Of the running notebook.
        rewrites: Whether a line that shows how far it is can be written over.
        environ: Of the process.
    """
    here = working_folder()
    is_current = notebook is None
    path = current_notebook(environ, variables, here) if is_current else here / read_path(notebook, "notebook")
    target = path.parent / f"{path.stem}-bundle" if out is None else here / read_path(out, "out")
    saved = read_notebook(path)
    videos = LocalVideos(path.parent, studio.folder / studio.settings.output, studio.ledger)
    line = ProgressLine("Bundling", rewrites=rewrites)
    make = _page if target.suffix.lower() in PAGE_SUFFIXES else _folder
    try:
        notes = _unsaved(saved, studio.jobs.values()) if is_current else ()
        return make(saved, target, videos, line, (*notes, *_secrets(saved.json)))
    except KeyboardInterrupt:
        raise CopyInterrupted(
            f"the bundle was interrupted: what is in {target} is whole, and the same command goes on from there"
        ) from None
    except RecursionError:
        raise RunwayError(f"{path.name} is nested too deeply to be read") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise RunwayError(f"the bundle cannot be written to {target} ({reason}): give another one") from None
    finally:
        line.end()


def _secrets(notebook: Notebook) -> tuple[str, ...]:
    """Return a line about cells in which a token seems to stand: nothing is changed, and it is handed on."""
    cells = dict.fromkeys(
        number for number, text in cell_texts(notebook) if _TOKEN.search(text) or next(hits(text), None) is not None
    )
    if not cells:
        return ()
    named = ("Cell " if len(cells) == 1 else "Cells ") + ", ".join(map(str, cells))
    hold, them = ("holds", "it") if len(cells) == 1 else ("hold", "them")
    return (f"{named} {hold} what looks like a token or an address: take {them} out before this is handed on.",)


Report = Callable[[Progress], None]


def _folder(saved: SavedNotebook, target: Path, videos: LocalVideos, report: Report, notes: tuple[str, ...]) -> Bundle:
    """Put the notebook and its videos into a folder. Raises `OSError`."""
    folder = BundleFolder(target)
    folder.check(saved.path)
    chosen = _Chosen(saved, videos)
    folder.begin()
    copies = VideoCopies(target / VIDEOS)
    for number, source in enumerate(chosen.files):
        report(Progress(number, len(chosen.files)))
        copies.put(source)

    def new(link: Link) -> NewLink | None:
        source = chosen.file(link)
        return None if source is None else NewLink(_moved(link.url, f"{VIDEOS}/{copies.names[source]}"))

    folder.put(saved.path.name, notebook_bytes(saved, chosen.taken_along(new)))
    made = target / saved.path.name
    return Bundle(made, len(chosen.files), copies.copied, chosen.carried, problems=chosen.problems, notes=notes)


def _page(saved: SavedNotebook, target: Path, videos: LocalVideos, report: Report, notes: tuple[str, ...]) -> Bundle:
    """Make a page of the notebook, with its videos inside or beside it. Raises `OSError`."""
    check_page(target)
    chosen = _Chosen(saved, videos)
    inside = [source for source in chosen.files if source.stat().st_size <= EMBED_CAP]
    # nbconvert reads all of a page: the videos are put in at the end, where nothing but this can have put a mark
    mark = f"video-{secrets.token_hex(16)}-"
    copies = VideoCopies(target.parent / f"{target.stem}-{VIDEOS}")

    def new(link: Link) -> NewLink | None:
        source = chosen.file(link)
        if source is None:
            return None
        if source in inside:
            # browsers refuse to follow a link to a data URI
            at = f"{mark}{inside.index(source)}"
            return NewLink(at) if link.is_player else NewLink("", words=redact_line(source.name))
        where = f"{copies.folder.name}/{copies.put(source)}"
        line = f"{where} ({megabytes(source.stat().st_size)}) lies beside this page: keep both together."
        return NewLink(_moved(link.url, where), below=redact_line(line) if link.is_player else "")

    # without nbconvert nothing is copied
    text = page_text(chosen.taken_along(new), saved.path.stem)
    write_page(target, re.sub(rf"{mark}(\d+)", lambda found: video_uri(inside[int(found[1])]), text))
    report(Progress(1, 1))
    beside = tuple(f"{copies.folder.name}/{name}" for name in copies.names.values())
    return Bundle(target, len(chosen.files), copies.copied, chosen.carried, beside, chosen.problems, notes)


class _Chosen:
    """The videos of a notebook that go along."""

    def __init__(self, saved: SavedNotebook, videos: LocalVideos) -> None:
        self._saved, self._videos = saved, videos
        htmls = html_texts(saved.json)
        self.carried = sum(map(carried_count, htmls))
        urls = dict.fromkeys(link.url for html in htmls for link in video_links(html))
        found = [videos.find(url) for url in urls]
        self.files = tuple(dict.fromkeys(each.path for each in found if each.path is not None))
        self.problems = tuple(dict.fromkeys(each.problem for each in found if each.problem))

    def taken_along(self, new: Callable[[Link], NewLink | None]) -> Notebook:
        """Return the notebook with other links, and without the words that a video of it stays behind."""
        names = {source.name for source in self.files}
        return with_html(self._saved.json, lambda html: without_beside_lines(relinked(html, new), names))

    def file(self, link: Link) -> Path | None:
        """Return what goes along for a link."""
        return self._videos.find(link.url).path


def _moved(url: str, path: str) -> str:
    """Return a link to another path; the moment at which a video begins stays."""
    parts = urlsplit(url)
    return urlunsplit(("", "", quote(path), "", parts.fragment))


def _unsaved(saved: SavedNotebook, jobs: Iterable[Job]) -> tuple[str, ...]:
    """Return what the file of the running notebook cannot have: it holds what was there when it was saved."""
    when = time.strftime("%H:%M:%S", time.localtime(saved.saved))
    late = [job.id for job in jobs if (job.state.ended or 0.0) > saved.saved + _LATE]
    if not late:
        return (f"It is the notebook as it was saved at {when}.",)
    ended = f"job {late[0]} ended" if len(late) == 1 else f"{len(late)} jobs ended"
    return (f"Save the notebook first and run this again: it was saved at {when}, and {ended} since.",)
