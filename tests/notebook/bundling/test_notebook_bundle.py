"""A notebook with its videos in one folder or one page: it shows them there, and nothing private comes along."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import nbformat
import pytest

import runway_nb
from runway_nb.errors import CopyInterrupted, InvalidRequest, RunwayError
from runway_nb.jobs.job import Job
from runway_nb.notebook.bundling import notebook_bundle, notebook_page
from runway_nb.notebook.bundling.notebook_bundle import Bundle, run_bundle
from runway_nb.notebook.bundling.saved_outputs import STATE, VIEW
from runway_nb.notebook.rendering import sweep_grid
from runway_nb.notebook.rendering.result_html import bundle as result
from runway_nb.simulator.rendering.stub import CLIP
from runway_nb.sweeps.plan import Axis
from support.fakes import EMAIL, TOKEN, FakeTime, Party
from support.shown_sweeps import a_sweep, done_job

ODD = "a folder #1 %41 \u00fc"
Make = Callable[..., Bundle]


def clip(size: int = 0, seed: bytes = b"") -> bytes:
    """Return a whole MP4 of at least a size: a box that players pass over stands at its end."""
    body = seed + b"\0" * max(0, size - len(CLIP) - 8)
    return CLIP + (len(body) + 8).to_bytes(4, "big") + b"free" + body


def player(src: str) -> str:
    return f'<video src="{src}" controls></video><a href="{src}">Open file</a>'


def write(path: Path, *htmls: str, metadata: dict[str, Any] | None = None, minor: int = 5) -> Path:
    cells = [nbformat.v4.new_markdown_cell("# A film \u00fc")]
    for html in htmls:
        data = {"text/html": html, "text/plain": "Video"}
        output = nbformat.v4.new_output("display_data", data, metadata={"runway_nb": {"place": "p"}})
        cells.append(nbformat.v4.new_code_cell("%%runway shot\nA lamp", outputs=[output], metadata={"tags": ["t"]}))
    if minor < 5:
        for cell in cells:
            del cell["id"]
    made = nbformat.v4.new_notebook(cells=cells, metadata=metadata or {}, nbformat_minor=minor)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(made))
    return path


def sources(path: Path) -> list[str]:
    """Return what links of a bundled notebook lead to."""
    found = json.loads(path.read_text())
    htmls = ["".join(o["data"]["text/html"]) for cell in found["cells"] for o in cell.get("outputs", [])]
    return [unescape(url) for html in htmls for url in re.findall(r'(?:src|href)="([^"]*)"', html)]


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The notebook's folder, with a name that needs care."""
    (tmp_path / ODD).mkdir()
    return tmp_path / ODD


@pytest.fixture
def party(root: Path) -> Any:
    with Party(root, FakeTime()) as made:
        yield made


@pytest.fixture
def bundled(party: Party) -> Make:
    def make(notebook: Path, out: Path) -> Bundle:
        return runway_nb.bundle(notebook, out, studio=party.studio)

    return make


@pytest.fixture
def shot(party: Party) -> Job:
    return party.ended(party.submit("A lamp"))


def html_of(job: Job) -> str:
    return result(job, "never")["text/html"]


def test_a_moved_folder_shows_the_videos(root: Path, shot: Job, bundled: Make, tmp_path: Path) -> None:
    saved = write(root / "film.ipynb", html_of(shot), html_of(shot))
    made = bundled(saved, tmp_path / "out")
    assert (made.videos, made.copied, made.problems) == (1, 1, ())
    assert made.text == f"Bundled 1 video with the notebook: {tmp_path / 'out' / 'film.ipynb'}"
    there = (tmp_path / "out").rename(tmp_path / "else where")
    shutil.rmtree(root / "runway_outputs")
    links = sources(there / "film.ipynb")
    assert shot.video is not None
    assert set(links) == {f"videos/{shot.video.name}"}
    assert (there / links[0]).read_bytes() == CLIP


@pytest.mark.parametrize("minor", [4, 5])
def test_all_but_the_links_stays(root: Path, bundled: Make, tmp_path: Path, minor: int) -> None:
    (root / "a.mp4").write_bytes(CLIP)
    saved = write(root / "film.ipynb", player("a.mp4"), metadata={"authors": ["\u00fc"], "mine": 1.5}, minor=minor)
    bundled(saved, tmp_path / "out")
    text = (tmp_path / "out" / "film.ipynb").read_text()
    assert json.loads(text.replace("videos/a.mp4", "a.mp4")) == json.loads(saved.read_text())


def test_a_notebook_without_videos_is_copied_as_it_is(root: Path, bundled: Make, tmp_path: Path) -> None:
    saved = root / "film.ipynb"
    saved.write_bytes(b'{"nbformat":4, "nbformat_minor":5,"metadata":{},"cells":[ ],"x":"\\ud800"}')
    made = bundled(saved, tmp_path / "out")
    assert (made.videos, made.path.read_bytes()) == (0, saved.read_bytes())


def test_videos_inside_the_notebook_stay_there_and_are_counted(
    root: Path, shot: Job, bundled: Make, tmp_path: Path
) -> None:
    saved = write(root / "film.ipynb", result(shot, "always")["text/html"], html_of(shot))
    made = bundled(saved, tmp_path / "out")
    assert (made.videos, made.carried) == (1, 1)
    assert made.text.startswith("Bundled 1 video with the notebook and the 1 inside it: ")
    assert made.path.read_text().count("data:video/mp4;base64,") == 1
    assert bundled(saved, tmp_path / "film.html").path.read_text().count("data:video/mp4;base64,") == 2


def test_names_that_need_care(root: Path, bundled: Make, tmp_path: Path) -> None:
    name = "\u00fc #1 %41 & 'x'.mp4"
    (root / "my videos").mkdir()
    (root / "my videos" / name).write_bytes(CLIP)
    saved = write(root / "film.ipynb", player(quote(f"my videos/{name}").replace("&", "&amp;") + "#t=1"))
    bundled(saved, tmp_path / ODD / "out")
    links = sources(tmp_path / ODD / "out" / "film.ipynb")
    assert [unquote(link.removesuffix("#t=1")) for link in links] == [f"videos/{name}"] * 2


def test_two_files_of_one_name_stay_two(root: Path, bundled: Make, tmp_path: Path) -> None:
    for folder, seed in (("one", b"1"), ("two", b"2")):
        (root / folder).mkdir()
        (root / folder / "a.mp4").write_bytes(clip(seed=seed))
    saved = write(root / "film.ipynb", player("one/a.mp4"), player("two/a.mp4"), player("one/../two/a.mp4"))
    made = bundled(saved, tmp_path / "out")
    links = sources(made.path)[::2]
    assert made.copied == 2
    assert links[1] == links[2]
    assert [(tmp_path / "out" / link).read_bytes() for link in links[:2]] == [clip(seed=b"1"), clip(seed=b"2")]


@pytest.mark.parametrize("out", ["out", "out/page.html"])
def test_again_it_makes_the_same_and_copies_nothing(root: Path, bundled: Make, tmp_path: Path, out: str) -> None:
    (root / "a.mp4").write_bytes(CLIP)
    (root / "b.mp4").write_bytes(clip(8_500_000))
    saved = write(root / "film.ipynb", player("a.mp4"), player("b.mp4"))
    first = bundled(saved, tmp_path / out)
    before = state(tmp_path / "out")
    again = bundled(saved, tmp_path / out)
    assert state(tmp_path / "out") == before
    assert (again.videos, again.copied, again.beside) == (2, 0, first.beside)
    assert not [name for name in before if name.endswith(".part")]


def test_what_is_new_is_added(root: Path, bundled: Make, tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        (root / name).write_bytes(CLIP)
    bundled(write(root / "film.ipynb", player("a.mp4")), tmp_path / "out")
    made = bundled(write(root / "film.ipynb", player("a.mp4"), player("b.mp4")), tmp_path / "out")
    assert (made.videos, made.copied) == (2, 1)
    bundled(write(root / "other.ipynb", player("a.mp4")), tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "film.ipynb", "other.ipynb", "videos", "bundle.json",
    }  # fmt: skip


def test_what_is_kept_for_a_widget_goes_along(root: Path, bundled: Make, tmp_path: Path) -> None:
    (root / "a.mp4").write_bytes(CLIP)
    output = {"output_type": "display_data", "data": {"text/html": player("a.mp4")}, "metadata": {}}
    model = {"model_name": "OutputModel", "model_module": "@jupyter-widgets/output", "state": {"outputs": [output]}}
    widgets = {STATE: {"version_major": 2, "version_minor": 0, "state": {"m": model}}}
    saved = write(root / "film.ipynb", "", metadata={"widgets": widgets})
    found = json.loads(saved.read_text())
    found["cells"][1]["outputs"][0]["data"] = {VIEW: {"model_id": "m"}, "text/plain": "Output()"}
    saved.write_text(json.dumps(found))
    bundled(saved, tmp_path / "out")
    assert 'src=\\"videos/a.mp4\\"' in (tmp_path / "out" / "film.ipynb").read_text()
    assert "data:video/mp4" in bundled(saved, tmp_path / "film.html").path.read_text()


def test_a_table_of_a_sweep_goes_along_whole(root: Path, bundled: Make, tmp_path: Path) -> None:
    sweep = a_sweep([Axis("seed", (1, 2, 3))])
    for number, variant in enumerate(sweep.variants):
        sweep.add(variant, done_job(variant, root, clip=clip(seed=bytes([number]))))
    saved = write(root / "film.ipynb", sweep_grid.bundle(sweep, "never")["text/html"])
    made = bundled(saved, tmp_path / "out")
    links = sources(made.path)
    assert [link for link in links if not link.startswith("data:image")] != []
    for link in links:
        assert link.startswith("data:image") or (tmp_path / "out" / link).is_file()
    page = bundled(saved, tmp_path / "film.html").path.read_text()
    before = sources(saved)
    assert page.count("data:video/mp4") == 3
    assert page.count("<img") == sum(link.startswith("data:image") for link in before)


# --- what does not go along -------------------------------------------------------------------------


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A film of the user's own that lies outside of the notebook's folder."""
    (tmp_path / "private.mp4").write_bytes(CLIP)
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "private.mp4"


HOSTILE = [
    "../private.mp4", "..%2Fprivate.mp4", "x/../../private.mp4", "../secret.txt", "../../../../../../etc/passwd",
    "/etc/passwd", "%2Fetc%2Fpasswd", "\\etc\\passwd", "notes.mp4", "a%00.mp4", "linked.mp4", "away/private.mp4",
    "pipe.mp4", "folder.mp4", ".", "..", "cut.mp4", "film.ipynb", "loop.mp4", "a" * 999 + ".mp4",
]  # fmt: skip


def lay_traps(root: Path, private: Path) -> None:
    (root / "x").mkdir()
    (root / "folder.mp4").mkdir()
    (root / "notes.mp4").write_text("my notes, and no video at all")
    (root / "cut.mp4").write_bytes(CLIP[:-9])
    (root / "linked.mp4").symlink_to(private)
    (root / "loop.mp4").symlink_to("loop.mp4")
    (root / "away").symlink_to(private.parent, target_is_directory=True)
    os.mkfifo(root / "pipe.mp4")


@pytest.mark.parametrize("link", HOSTILE)
def test_a_hostile_notebook_takes_nothing_private_along(
    root: Path, private: Path, bundled: Make, tmp_path: Path, link: str
) -> None:
    lay_traps(root, private)
    made = bundled(write(root / "film.ipynb", player(link)), tmp_path / "out")
    assert (made.videos, made.copied, len(made.problems)) == (0, 0, 1)
    assert not (tmp_path / "out" / "videos").exists()
    assert sources(made.path) == [link] * 2


def test_nor_does_a_page_of_it(root: Path, private: Path, bundled: Make, tmp_path: Path) -> None:
    lay_traps(root, private)
    made = bundled(write(root / "film.ipynb", *map(player, HOSTILE)), tmp_path / "out" / "page.html")
    assert (made.videos, made.copied) == (0, 0)
    assert len(made.problems) == len({unquote(link) for link in HOSTILE})
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["page.html"]
    assert "data:video" not in made.path.read_text()


def test_a_video_of_the_ledger_goes_along_from_anywhere(
    root: Path, party: Party, shot: Job, bundled: Make, tmp_path: Path
) -> None:
    assert shot.video is not None
    away = shutil.move(shot.video, tmp_path / shot.video.name)
    party.studio.ledger.update(shot.id, video=str(away))
    for link in (f"../{shot.video.name}", f"gone/{shot.video.name}"):
        made = bundled(write(root / "film.ipynb", player(link)), tmp_path / "out")
        assert (made.videos, made.problems) == (1, ())
        assert set(sources(made.path)) == {f"videos/{shot.video.name}"}


def test_what_is_missing_is_named_with_the_way_back(
    root: Path, party: Party, shot: Job, bundled: Make, tmp_path: Path
) -> None:
    assert shot.video is not None
    shot.video.unlink()
    saved = write(root / "film.ipynb", html_of(shot), player(f"runway_outputs/{shot.video.name}"), player("a.mp4"))
    problems = bundled(saved, tmp_path / "out").problems
    assert f"runway_outputs/{shot.video.name} is not there: %runway attach {shot.id} downloads it again" in problems
    assert "a.mp4 is not there: %runway import DIR takes it out of an export of the machine that made it" in problems
    party.studio.ledger.update(shot.id, imported=True)
    assert "%runway import DIR" in bundled(saved, tmp_path / "out").text


def test_nothing_secret_is_added(root: Path, shot: Job, bundled: Make, tmp_path: Path) -> None:
    saved = write(root / "film.ipynb", html_of(shot))
    bundled(saved, tmp_path / "out" / "folder")
    bundled(saved, tmp_path / "out" / "page.html")
    for path in (tmp_path / "out").rglob("*"):
        text = path.read_bytes() if path.is_file() else b""
        assert not [secret for secret in (TOKEN, EMAIL, str(root), str(tmp_path)) if secret.encode() in text], path


@pytest.mark.parametrize("where", ["source", "text"])
def test_a_token_in_a_cell_is_told_and_not_shown(root: Path, bundled: Make, tmp_path: Path, where: str) -> None:
    saved = write(root / "film.ipynb", "", "")
    found = json.loads(saved.read_text())
    if where == "source":
        found["cells"][2]["source"] = f"%env USEAPI_TOKEN={TOKEN}"
    else:
        found["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["a\n", f"{TOKEN}\n"]}]
    saved.write_text(json.dumps(found))
    made = bundled(saved, tmp_path / "out")
    assert made.notes == ("Cell 3 holds what looks like a token or an address: take it out before this is handed on.",)
    assert TOKEN not in made.text


def test_an_id_of_a_task_is_no_token(root: Path, bundled: Make, tmp_path: Path) -> None:
    saved = write(root / "film.ipynb", "")
    saved.write_text(saved.read_text().replace("A lamp", "user:4711-runwayml:me-task:9c2a1f34"))
    assert bundled(saved, tmp_path / "out").notes == ()


# --- what is not written over -----------------------------------------------------------------------


def test_a_folder_with_other_files_stays_as_it_is(root: Path, bundled: Make, tmp_path: Path) -> None:
    saved = write(root / "film.ipynb", "")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(RunwayError, match="holds other files"):
        bundled(saved, tmp_path / "out")
    with pytest.raises(RunwayError, match="holds other files"):
        bundled(saved, root)
    (tmp_path / "film.html").write_text("<html>mine")
    with pytest.raises(RunwayError, match="is another file"):
        bundled(saved, tmp_path / "film.html")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_work_in_a_bundled_notebook_is_not_lost(root: Path, bundled: Make, tmp_path: Path) -> None:
    saved = write(root / "film.ipynb", "")
    made = bundled(saved, tmp_path / "out")
    write(made.path, "changed there")
    with pytest.raises(RunwayError, match="was changed since it was bundled"):
        bundled(saved, tmp_path / "out")
    with pytest.raises(RunwayError, match="is the folder of the notebook itself"):
        bundled(made.path, tmp_path / "out")
    assert "changed there" in made.path.read_text()


def test_another_video_in_the_bundle_is_not_written_over(root: Path, bundled: Make, tmp_path: Path) -> None:
    (root / "a.mp4").write_bytes(CLIP)
    saved = write(root / "film.ipynb", player("a.mp4"))
    bundled(saved, tmp_path / "out")
    mine = tmp_path / "out" / "videos" / "a.mp4"
    mine.write_bytes(b"mine")
    made = bundled(saved, tmp_path / "out")
    assert mine.read_bytes() == b"mine"
    assert (tmp_path / "out" / unquote(sources(made.path)[0])).read_bytes() == CLIP


@pytest.mark.parametrize(
    "data", [b"", b" \n", b"{", b"[]", b'{"nbformat": 3, "worksheets": []}', b"\xff\xfe", b"[" * 99_999, CLIP]
)
def test_what_is_no_notebook_is_refused(root: Path, bundled: Make, tmp_path: Path, data: bytes) -> None:
    (root / "film.ipynb").write_bytes(data)
    with pytest.raises(RunwayError, match="is empty: save it first" if not data.strip() else "is no notebook"):
        bundled(root / "film.ipynb", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_that_is_nested_too_deeply_is_refused(root: Path, bundled: Make, tmp_path: Path) -> None:
    deep = "[" * 700 + "]" * 700
    text = f'{{"nbformat": 4, "nbformat_minor": 5, "metadata": {{"x": {deep}}}, "cells": []}}'
    (root / "film.ipynb").write_text(text)
    with pytest.raises(RunwayError, match=r"is nested too deeply|is no notebook"):
        bundled(root / "film.ipynb", tmp_path / "out")


def test_an_interrupt_leaves_what_is_whole_and_goes_on(
    root: Path, bundled: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.mp4", "b.mp4"):
        (root / name).write_bytes(clip(seed=name.encode()))
    saved = write(root / "film.ipynb", player("a.mp4"), player("b.mp4"))
    put = notebook_bundle.VideoCopies.put

    def interrupted(self: Any, source: Path) -> str:
        if source.name == "b.mp4":
            raise KeyboardInterrupt
        return put(self, source)

    monkeypatch.setattr(notebook_bundle.VideoCopies, "put", interrupted)
    with pytest.raises(CopyInterrupted, match="the same command goes on"):
        bundled(saved, tmp_path / "out")
    monkeypatch.undo()
    assert not (tmp_path / "out" / "film.ipynb").exists()
    assert bundled(saved, tmp_path / "out").copied == 1


def test_a_folder_that_cannot_be_written_is_named(root: Path, bundled: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunwayError, match="cannot be written to"):
        bundled(write(root / "film.ipynb", ""), tmp_path / "file" / "out")


# --- a page -----------------------------------------------------------------------------------------


def test_a_page_carries_videos_inside_and_large_ones_beside(root: Path, bundled: Make, tmp_path: Path) -> None:
    (root / "a.mp4").write_bytes(CLIP)
    (root / "b.mp4").write_bytes(clip(8_500_000))
    made = bundled(write(root / "film.ipynb", player("a.mp4"), player("b.mp4")), tmp_path / "out" / "my film.html")
    text = made.path.read_text()
    assert text.count("data:video/mp4;base64,") == 1
    assert made.beside == ("my film-videos/b.mp4",)
    assert 'src="my%20film-videos/b.mp4"' in text
    assert "my film-videos/b.mp4 (8.5 MB) lies beside this page: keep both together." in text
    assert "keep them beside it: my film-videos/b.mp4" in made.text
    assert (tmp_path / "out" / "my film-videos" / "b.mp4").stat().st_size == (root / "b.mp4").stat().st_size
    assert not (tmp_path / "out" / "my film-videos" / "a.mp4").exists()


@pytest.mark.parametrize("out", ["out", "film.html"])
def test_what_was_left_behind_says_so_no_more_once_it_goes_along(
    root: Path, shot: Job, bundled: Make, tmp_path: Path, out: str
) -> None:
    assert shot.video is not None
    shot.video.write_bytes(clip(8_500_000))
    html = result(shot, "capped")["text/html"]
    stays = html.replace(shot.video.name, "gone.mp4")
    saved = write(root / "film.ipynb", html, stays)
    assert saved.read_text().count("is too large to be in the notebook") == 2
    text = bundled(saved, tmp_path / out).path.read_text()
    assert text.count("is too large to be in the notebook") == 1
    assert "gone.mp4 (8.5 MB) is too large to be in the notebook" in text


def test_a_video_inside_a_page_is_named_where_a_link_led_to_it(
    root: Path, shot: Job, bundled: Make, tmp_path: Path
) -> None:
    assert shot.video is not None
    text = bundled(write(root / "film.ipynb", html_of(shot)), tmp_path / "film.html").path.read_text()
    assert "Open file" not in text
    assert f">{shot.video.name}</a>" in text
    assert 'href="runway_outputs' not in text


def test_a_page_loads_no_script(root: Path, bundled: Make, tmp_path: Path) -> None:
    saved = write(root / "film.ipynb", "<script src='https://evil.test/x.js'></script>")
    text = bundled(saved, tmp_path / "film.html").path.read_text()
    assert re.findall(r"<script[^>]*\ssrc=[\"']?([^\"'>]*)", text) == ["https://evil.test/x.js"]
    assert text.index("Content-Security-Policy") < text.index("<script")
    assert "script-src 'unsafe-inline';" in text


def test_a_page_says_what_to_install(
    root: Path, bundled: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}", name="nbconvert")

    monkeypatch.setattr(notebook_page, "import_module", missing)
    (root / "b.mp4").write_bytes(clip(8_500_000))
    with pytest.raises(RunwayError, match=r"nbconvert is not installed: a page needs it \(pip install nbconvert\)"):
        bundled(write(root / "film.ipynb", player("b.mp4")), tmp_path / "out" / "film.html")
    assert bundled(root / "film.ipynb", tmp_path / "folder").videos == 1


# --- the notebook that runs -------------------------------------------------------------------------


def running(party: Party, variables: dict[str, Any], environ: dict[str, str]) -> Bundle:
    return run_bundle(party.studio, None, None, variables=variables, rewrites=False, environ=environ)


@pytest.mark.parametrize("server", [True, False])
def test_the_notebook_that_runs_is_the_default(root: Path, party: Party, server: bool) -> None:
    saved = write(root / "film.ipynb", "")
    made = running(
        party, {} if server else {"__vsc_ipynb_file__": str(saved)}, {"JPY_SESSION_NAME": str(saved)} if server else {}
    )
    assert made.path == root / "film-bundle" / "film.ipynb"
    assert re.fullmatch(r"It is the notebook as it was saved at \d\d:\d\d:\d\d\.", made.notes[0])


def test_one_that_was_not_saved_since_a_job_ended_says_so(root: Path, party: Party) -> None:
    saved = write(root / "film.ipynb", "")
    os.utime(saved, (party.time.now - 60, party.time.now - 60))
    job = party.ended(party.submit("A lamp"))
    made = running(party, {}, {"JPY_SESSION_NAME": str(saved)})
    assert made.notes[0].startswith("Save the notebook first and run this again: it was saved at ")
    assert f"job {job.id} ended since." in made.text


@pytest.mark.parametrize("name", ["", "console-1", "gone.ipynb", "/nowhere/film-jvsc-1.ipynb"])
def test_one_that_cannot_be_told_is_asked_for(party: Party, name: str) -> None:
    with pytest.raises(InvalidRequest, match="which notebook this is cannot be told here: give its file"):
        running(party, {"__vsc_ipynb_file__": None}, {"JPY_SESSION_NAME": name})
