"""Videos into a folder, and out of it on another machine: the same cell shows them there, and sends nothing."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import runway_nb
from runway_nb import errors
from runway_nb.api.models import Asset
from runway_nb.camera import Camera
from runway_nb.jobs import export_folder as folder_module
from runway_nb.jobs.copy_progress import Progress
from runway_nb.jobs.export_folder import MANIFEST, PAGE
from runway_nb.jobs.export_jobs import Export, export_jobs
from runway_nb.jobs.import_jobs import Shelf, import_jobs
from runway_nb.jobs.job import Job
from runway_nb.jobs.policy import Limits
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.marks import Marks
from runway_nb.ledger.record import Record
from runway_nb.notebook.rendering.gallery_page import gallery_pages
from runway_nb.request import VideoRequest
from runway_nb.simulator.rendering.stub import CLIP
from runway_nb.sweeps.sweep import Sweep
from support.exports import change_lines, exported, imported, lines
from support.fakes import EMAIL, TOKEN, FakeTime, Party
from support.picture_files import SMALL_FRAME

pytestmark = pytest.mark.usefixtures("small_frames")

SECRET = "write to sam@example.org"
ODD = {
    "plain": "A lamp turns",
    "of several scripts": "Ein Licht \u7af9 \u0636\u0648\u0621 \U0001f3ee in der Nacht",
    "with ends of lines": "one\ntwo\u2028three\u2029four\x85five\ttab",
    "with marks of HTML": "<script>alert('x')</script> & \"quoted\" {{U+20}}",
    "very long": "more " * 90,
    "with an address": SECRET,
}


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Party]:
    """Another machine: a ledger, a folder and an account of its own."""
    (tmp_path / "there").mkdir()
    with Party(tmp_path / "there", FakeTime()) as made:
        yield made


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return tmp_path / "export"


def shot(party: Party, prompt: str = "A lamp turns", **fields: Any) -> Job:
    return party.ended(party.submit(prompt, **fields))


def again(party: Party, prompt: str = "A lamp turns", **fields: Any) -> Job:
    """The same cell run: what stands for it is shown."""
    return party.ended(party.submit(prompt, fresh=False, **fields))


def posts(party: Party) -> int:
    return len(party.api.calls("POST"))


def entries(party: Party) -> Any:
    return party.studio.ledger.history.all()


def run(party: Party, folder: Path, **more: Any) -> Export:
    return export_jobs(entries(party), party.settings.posters, folder, gallery_pages, **more)


def shelf(party: Party) -> Shelf:
    settings = party.settings
    return Shelf(party.studio.ledger, party.folder / settings.output, party.folder, settings.posters, settings.pictures)


# --- the same request -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ODD)
def test_the_same_cell_shows_the_imported_video_and_sends_nothing(
    party: Party, there: Party, export: Path, kind: str
) -> None:
    made = shot(party, ODD[kind], camera=Camera(zoom=2.5))
    exported(party, export)
    assert imported(there, export).jobs == (made.id,)
    found = again(there, ODD[kind], camera=Camera(zoom=2.5))
    assert found.id == made.id
    assert found.video is not None
    assert found.video.read_bytes() == CLIP
    assert found.video.parent == there.folder / "runway_outputs"
    assert (posts(there), there.started) == (0, 0)
    assert again(there, ODD[kind], camera=Camera(zoom=2)).id != made.id, "another request is another one"


def picture(folder: Path, colour: str = "red") -> Path:
    path = folder / "lamp.png"
    Image.new("RGB", SMALL_FRAME, colour).save(path)
    return path


def array() -> Any:
    return np.full((*SMALL_FRAME[::-1], 3), 40, np.uint8)


def test_a_picture_file_counts_by_its_content(party: Party, there: Party, export: Path) -> None:
    made = shot(party, keyframes=Keyframes(first=picture(party.folder)))
    exported(party, export)
    imported(there, export)
    (there.folder / "lamp.png").write_bytes((party.folder / "lamp.png").read_bytes())
    assert again(there, keyframes=Keyframes(first="lamp.png")).id == made.id
    assert posts(there) == 0
    picture(there.folder, "blue")
    assert again(there, keyframes=Keyframes(first="lamp.png")).id != made.id


@pytest.mark.parametrize("name", ["lamp.png", "stills/night 2/a lamp.PNG", "stills/Stra\u00dfe.jpg"])
def test_a_picture_is_put_where_the_cell_looks_for_it(party: Party, there: Party, export: Path, name: str) -> None:
    (party.folder / name).parent.mkdir(parents=True, exist_ok=True)
    picture(party.folder).rename(party.folder / name)
    made = shot(party, keyframes=Keyframes(first=name))
    exported(party, export)
    found = imported(there, export)
    assert found.pictures == (name,)
    assert f"Put beside the notebook, where cells look for them: {name}." in found.text
    assert again(there, keyframes=Keyframes(first=name)).id == made.id
    assert posts(there) == 0
    assert imported(there, export).pictures == ()


def test_a_picture_takes_nobodys_place(party: Party, there: Party, export: Path) -> None:
    shot(party, keyframes=Keyframes(first=picture(party.folder)))
    shot(party, "Another", keyframes=Keyframes(first="lamp.png"))
    exported(party, export)
    mine = picture(there.folder, "blue").read_bytes()
    found = imported(there, export)
    assert (len(found.jobs), found.pictures, found.other_pictures) == (2, (), ("lamp.png",))
    assert "Other files have these names here, so cells with them ask anew: lamp.png." in found.text
    assert (there.folder / "lamp.png").read_bytes() == mine


def test_a_picture_that_came_along_is_that_of_the_job(party: Party, there: Party, export: Path) -> None:
    """So that its settings can be opened, and sent again, where nobody has the file."""
    made = shot(party, keyframes=Keyframes(first=picture(party.folder)))
    exported(party, export)
    imported(there, export)
    request = there.studio.find(made.id).original_request
    assert Path(str(request.keyframes.first)).read_bytes() == (party.folder / "lamp.png").read_bytes()
    assert there.ended(there.studio.submit(request)).id == made.id
    assert posts(there) == 0


def test_a_picture_object_counts_by_its_content(party: Party, there: Party, export: Path) -> None:
    made = shot(party, keyframes=Keyframes(first=array()))
    exported(party, export)
    imported(there, export)
    assert again(there, keyframes=Keyframes(first=array())).id == made.id
    assert posts(there) == 0


def test_a_frame_of_another_job_counts_by_its_id(party: Party, there: Party, export: Path) -> None:
    first = shot(party)
    made = shot(party, "The next shot", keyframes=Keyframes(first=first.last))
    exported(party, export)
    imported(there, export)
    here = again(there)
    assert again(there, "The next shot", keyframes=Keyframes(first=here.last)).id == made.id
    assert posts(there) == 0


def asset(party: Party) -> Asset:
    found, _ = party.studio.account.upload(picture(party.folder))
    return found


def test_an_asset_counts_by_its_id_and_that_is_not_told(party: Party, export: Path, tmp_path: Path) -> None:
    on_account = asset(party)
    made = shot(party, keyframes=Keyframes(first=on_account.id))
    exported(party, export)
    (line,) = lines(export)
    assert line["keyframes"] == {"first": {"name": on_account.short_id}}
    assert line["masked"] == ["first"]
    # another home on the same account
    party.settings = replace(party.settings, home=tmp_path / "another")
    party.restart()
    sent = posts(party)
    assert imported(party, export).jobs == (made.id,)
    assert again(party, keyframes=Keyframes(first=on_account.id)).id == made.id
    assert posts(party) == sent


def test_a_picture_that_has_changed_since_is_not_taken_for_the_one_that_was_given(
    party: Party, there: Party, export: Path
) -> None:
    path = picture(party.folder)
    before = path.read_bytes()
    made = shot(party, keyframes=Keyframes(first="lamp.png"))
    picture(party.folder, "blue")
    exported(party, export)
    (line,) = lines(export)
    assert (line["keyframes"], line["masked"]) == ({"first": {"name": "lamp.png"}}, ["first"])
    imported(there, export)
    (there.folder / "lamp.png").write_bytes(before)
    assert again(there, keyframes=Keyframes(first="lamp.png")).id == made.id


def test_an_own_video_answers_before_an_imported_one(party: Party, there: Party, export: Path) -> None:
    shot(party)
    mine = shot(there)
    exported(party, export)
    imported(there, export)
    assert again(there).id == mine.id


# --- what an imported job is, and what it is not ----------------------------------------------------------


def test_an_imported_job_has_cost_nothing_here(party: Party, there: Party, export: Path) -> None:
    made = shot(party)
    exported(party, export)
    imported(there, export)
    ledger, backend = there.studio.ledger, there.settings.backend
    assert (ledger.spending.today(backend), ledger.spending.by_day()) == (0, [])
    found = there.studio.find(made.id)
    assert (found.credits, found.price_text, found.imported) == (0, "0 credits (imported)", True)
    assert ledger.get(made.id).sent == party.studio.ledger.get(made.id).sent
    there.settings = replace(there.settings, max_credits=25)
    there.studio.use(there.settings)
    assert shot(there, "Another lamp", seed=5).video is not None


def test_an_imported_job_is_neither_followed_nor_looked_for(party: Party, there: Party, export: Path) -> None:
    made = shot(party)
    exported(party, export)
    imported(there, export)
    assert there.studio.resume() == []
    assert there.studio.attach(made.id).video is not None
    assert there.studio.ledger.tasks.ids() == (frozenset(), frozenset())
    assert there.studio.ledger.get(made.id).task_id == ""
    assert there.api.requests == []
    with pytest.raises(errors.InvalidCommand, match="not in doubt"):
        there.studio.resend(made.id)


def test_an_imported_video_says_nothing_about_moderation_here(party: Party, there: Party, export: Path) -> None:
    made = shot(party, "A lamp turns")
    exported(party, export)
    there.simulator.fault("moderated", times=1)
    refused = shot(there, "A lamp turns", seed=9)
    assert isinstance(refused.error, errors.TaskModerated)
    imported(there, export)
    request = VideoRequest("A lamp turns", seed=11)
    with pytest.raises(errors.RefusedBefore):
        there.studio.submit_checked(there.studio.check(request, Limits()))
    assert again(there, "A lamp turns").id == made.id


def test_what_has_secrets_in_its_prompt_is_not_sent_without_them(party: Party, there: Party, export: Path) -> None:
    made = shot(party, SECRET)
    exported(party, export)
    imported(there, export)
    with pytest.raises(errors.InvalidCommand, match="stayed behind"):
        there.studio.new_take(there.studio.find(made.id))
    assert posts(there) == 0


def test_another_take_of_an_imported_job_is_an_own_one(party: Party, there: Party, export: Path) -> None:
    made = shot(party)
    exported(party, export)
    imported(there, export)
    take = there.ended(there.studio.new_take(there.studio.find(made.id)))
    assert (take.imported, take.video is not None, there.started) == (False, True, 1)


def test_a_job_of_the_simulator_stays_one(party: Party, there: Party, export: Path) -> None:
    made = shot(party)
    ledger = party.studio.ledger
    ledger.update(made.id, simulated=True, backend="simulator")
    exported(party, export)
    imported(there, export)
    record = there.studio.ledger.get(made.id)
    assert (record.simulated, record.backend) == (True, "simulator")
    assert again(there).id != made.id, "the account's cell does not show what the simulator made"


def test_the_first_frame_of_a_next_shot_comes_out_of_an_imported_one(party: Party, there: Party, export: Path) -> None:
    made = shot(party)
    exported(party, export)
    imported(there, export)
    following = shot(there, "The next shot", keyframes=Keyframes(first=there.studio.find(made.id).last))
    assert following.video is not None


def test_an_imported_job_was_made_when_it_was_made(party: Party, there: Party, export: Path) -> None:
    made = shot(party)
    exported(party, export)
    there.time.now += 90 * 86_400
    mine = shot(there, "Mine")
    imported(there, export)
    found = there.studio.find(made.id)
    assert (found.created, found.state.ended) == (made.created, made.state.ended)
    history = there.studio.ledger.history
    later = history.wanted(since="30d")
    assert [entry.record.id for entry in history.all(later)] == [mine.id]
    assert [entry.record.asked for entry in history.all() if entry.record.id == made.id] == [made.created]


def test_a_sweep_finds_all_its_videos_and_makes_what_is_missing(party: Party, there: Party, export: Path) -> None:
    def swept(where: Party, *zooms: int) -> Sweep:
        many: Sweep = runway_nb.sweep("A lamp turns", zoom=list(zooms), studio=where.studio, yes=True)
        for job in many.jobs:
            where.ended(job)
        return many

    made = swept(party, -5, 0, 5)
    exported(party, export)
    imported(there, export)
    again_ = swept(there, -5, 0, 5)
    assert [job.id for job in again_.jobs] == [job.id for job in made.jobs]
    assert posts(there) == 0
    assert len(swept(there, -5, 0, 5, 7).jobs) == 4
    assert there.started == 1


def test_imported_videos_are_imported_further(party: Party, there: Party, export: Path, tmp_path: Path) -> None:
    made = shot(party)
    made.star = True
    exported(party, export)
    imported(there, export)
    exported(there, tmp_path / "further")
    one, other = (lines(folder)[0] for folder in (export, tmp_path / "further"))
    assert {**one, "created": 0, "task": ""} == {**other, "created": 0}


# --- twice ------------------------------------------------------------------------------------------------


def test_nothing_is_imported_twice(party: Party, there: Party, export: Path) -> None:
    made = shot(party)
    exported(party, export)
    imported(there, export)
    second = imported(there, export)
    assert (second.jobs, second.known, second.problems) == ((), (made.id,), ())
    assert "1 was here already" in second.text
    assert [entry.record.id for entry in entries(there)] == [made.id]
    assert len(list((there.folder / "runway_outputs").iterdir())) == 1


def test_an_export_brings_nothing_back_to_where_it_is_from(party: Party, export: Path) -> None:
    made = shot(party)
    exported(party, export)
    assert imported(party, export).known == (made.id,)
    assert not party.studio.ledger.get(made.id).imported


def test_star_and_note_come_along_and_take_the_place_of_none(party: Party, there: Party, export: Path) -> None:
    made = shot(party)
    exported(party, export)
    imported(there, export)
    made.star, made.note = True, "theirs"
    exported(party, export)
    imported(there, export)
    marks = there.studio.ledger.marks
    assert marks.of(made.id) == Marks(star=True, note="theirs")
    marks.set(made.id, rejected=True, note="mine")
    imported(there, export)
    assert marks.of(made.id) == Marks(rejected=True, note="mine")


def test_a_video_that_was_lost_is_brought_again(party: Party, there: Party, export: Path) -> None:
    made = shot(party)
    exported(party, export)
    imported(there, export)
    video = there.studio.find(made.id).video
    assert video is not None
    video.unlink()
    with pytest.raises(errors.RunwayError):
        there.studio.find(made.id).finished()
    assert imported(there, export).known == (made.id,)
    assert there.studio.find(made.id).finished().read_bytes() == CLIP


def test_a_file_that_lies_there_already_is_taken_and_another_is_left_alone(
    party: Party, there: Party, export: Path
) -> None:
    one, other = shot(party, "One"), shot(party, "Other")
    exported(party, export)
    outputs = there.folder / "runway_outputs"
    outputs.mkdir()
    (outputs / f"one-{one.id}.mp4").write_bytes(CLIP)
    (outputs / f"other-{other.id}.mp4").write_bytes(b"mine")
    imported(there, export)
    assert sorted(path.name for path in outputs.iterdir()) == sorted(
        [f"one-{one.id}.mp4", f"other-{other.id}.mp4", f"other-{other.id}-2.mp4"]
    )
    assert (outputs / f"other-{other.id}.mp4").read_bytes() == b"mine"


def test_a_job_whose_id_is_taken_gets_another_and_its_frames_with_it(party: Party, there: Party, export: Path) -> None:
    first = shot(party)
    following = shot(party, "The next shot", keyframes=Keyframes(first=first.last))
    exported(party, export)
    here = shot(there, "Something else")
    change_lines(export, lambda line: _swap(line, first.id, here.id))
    (new, next_) = imported(there, export).jobs
    assert (new != here.id, next_) == (True, following.id)
    assert again(there).id == new
    assert again(there, "The next shot", keyframes=Keyframes(first=f"job:{new}")).id == following.id
    assert imported(there, export).known == (new, following.id)


def _swap(line: dict[str, Any], old: str, new: str) -> None:
    """As if the export had been made by a machine that drew the same id."""
    if line["id"] == old:
        line["id"] = new
    if line["keyframes"]:
        line["keyframes"]["first"]["name"] = f"job:{new}"
        request = VideoRequest.from_wire(line["original_request"])
        line["digest"] = replace(request, keyframes=Keyframes(first=f"job:{new}")).digest


# --- again, interrupted, full -----------------------------------------------------------------------------


def inodes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in (folder / "videos").iterdir()}


def test_an_export_is_added_to_and_copies_nothing_again(party: Party, export: Path) -> None:
    one = shot(party, "One")
    assert exported(party, export).copied == 1
    before = inodes(export)
    two = shot(party, "Two")
    one.star = True
    made = exported(party, export)
    assert (made.copied, sorted(made.jobs)) == (1, sorted([one.id, two.id]))
    assert before.items() <= inodes(export).items()
    assert {line["id"]: line["star"] for line in lines(export)} == {one.id: True, two.id: False}
    assert exported(party, export, words="Two").jobs == (two.id,)
    assert len(lines(export)) == 2, "what the filter leaves out stays"
    assert "One" in (export / PAGE).read_text()


def interrupt_at(number: int) -> Any:
    def report(progress: Progress) -> None:
        if progress.done == number:
            raise KeyboardInterrupt

    return report


@pytest.mark.parametrize("number", [0, 1, 3])
def test_an_interrupted_export_goes_on_where_it_stopped(party: Party, export: Path, number: int) -> None:
    for prompt in ("One", "Two", "Three"):
        shot(party, prompt)
    with pytest.raises(errors.CopyInterrupted, match=f"{number} of 3 jobs are in"):
        run(party, export, report=interrupt_at(number))
    assert len(lines(export)) == number
    assert (export / PAGE).exists()
    before = inodes(export)
    made = run(party, export)
    assert (made.copied, len(made.jobs), len(lines(export))) == (3 - number, 3, 3)
    assert before.items() <= inodes(export).items()


def test_what_a_killed_export_left_is_not_taken_for_whole(party: Party, export: Path) -> None:
    made = shot(party, "One")
    name = f"one-{made.id}"
    (export / "videos").mkdir(parents=True)
    (export / "videos" / f".{name}-0a1b2c3d.part").write_bytes(CLIP[:100])
    (export / "videos" / f"{name}.mp4").write_bytes(b"\0" * len(CLIP))
    assert exported(party, export).copied == 1
    assert [path.name for path in (export / "videos").iterdir()] == [f"{name}.mp4"]
    assert (export / "videos" / f"{name}.mp4").read_bytes() == CLIP


def test_a_whole_copy_that_no_line_names_is_taken(party: Party, export: Path) -> None:
    shot(party, "One")
    exported(party, export)
    (export / MANIFEST).unlink()
    (export / PAGE).unlink()
    assert exported(party, export).copied == 0
    assert len(lines(export)) == 1


def test_a_copy_that_was_changed_is_made_anew(party: Party, export: Path) -> None:
    shot(party, "One")
    exported(party, export)
    (copy,) = (export / "videos").iterdir()
    copy.write_bytes(b"\0" * len(CLIP))
    os.utime(copy, (1, 1))
    assert exported(party, export).copied == 1
    assert copy.read_bytes() == CLIP


def test_a_full_disk_is_one_clear_line_and_what_is_there_is_whole(
    party: Party, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for prompt in ("One", "Two", "Three"):
        shot(party, prompt)
    copies = iter([True, False])
    real = folder_module.copy_whole

    def until_full(*values: Any, **more: Any) -> Any:
        if next(copies):
            return real(*values, **more)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(folder_module, "copy_whole", until_full)
    with pytest.raises(errors.RunwayError, match=r"No space left on device.*1 of 3 jobs are in it") as full:
        exported(party, export)
    assert "\n" not in full.value.message
    assert len(lines(export)) == len(inodes(export)) == 1
    monkeypatch.undo()
    assert exported(party, export).copied == 2


def test_a_folder_that_cannot_be_written_to_is_one_clear_line(party: Party, tmp_path: Path) -> None:
    shot(party)
    (tmp_path / "file").write_text("x")
    with pytest.raises(errors.RunwayError, match=r"cannot be (read|written)"):
        exported(party, tmp_path / "file")
    with pytest.raises(errors.RunwayError, match=r"cannot be (read|written).*"):
        exported(party, tmp_path / "file" / "below")


@pytest.mark.parametrize("name", ["index.html", "photo.jpg", MANIFEST])
def test_a_folder_of_other_files_is_left_alone(party: Party, export: Path, name: str) -> None:
    shot(party)
    export.mkdir()
    (export / name).write_text("mine")
    with pytest.raises(errors.RunwayError, match="holds other files"):
        exported(party, export)
    assert [path.name for path in export.iterdir()] == [name]
    assert (export / name).read_text() == "mine"


def test_a_page_of_somebody_else_is_not_written_over(party: Party, export: Path) -> None:
    shot(party)
    exported(party, export)
    (export / PAGE).write_text("<html>mine</html>")
    with pytest.raises(errors.RunwayError, match="holds other files"):
        exported(party, export)


def test_lines_that_are_not_known_here_stay(party: Party, export: Path) -> None:
    shot(party)
    exported(party, export)
    with (export / MANIFEST).open("a") as file:
        file.write('{"version": 2, "id": "of a version to come"}\n')
    exported(party, export)
    assert lines(export)[-1] == {"version": 2, "id": "of a version to come"}


def test_a_video_that_is_not_on_disk_is_named_and_left_out(party: Party, export: Path) -> None:
    gone, made = shot(party, "Gone"), shot(party, "There")
    assert gone.video is not None
    gone.video.unlink()
    found = exported(party, export)
    assert found.jobs == (made.id,)
    assert found.problems == (f"job {gone.id}: its video {gone.video.name} is not on disk",)
    assert f"Left out: job {gone.id}" in found.text


def test_what_failed_is_exported_when_it_is_asked_for(party: Party, there: Party, export: Path) -> None:
    party.simulator.fault("failed", times=1)
    failed = shot(party, "Fails")
    made = shot(party, "Works", seed=2)
    found = exported(party, export)
    assert (found.jobs, found.without_video) == ((made.id,), 1)
    assert exported(party, export, failed=True).jobs == (failed.id,)
    assert {line["id"]: line["video"] is None for line in lines(export)} == {failed.id: True, made.id: False}
    result = imported(there, export)
    assert (result.jobs, result.without_video) == ((made.id,), 1)


def test_an_interrupted_import_goes_on_where_it_stopped(party: Party, there: Party, export: Path) -> None:
    made = [shot(party, prompt).id for prompt in ("One", "Two", "Three")]
    exported(party, export)
    with pytest.raises(errors.CopyInterrupted, match="2 jobs are imported"):
        import_jobs(export, shelf(there), interrupt_at(2))
    found = imported(there, export)
    assert (found.known, found.jobs) == (tuple(made[:2]), tuple(made[2:]))


# --- what no export holds ---------------------------------------------------------------------------------


def test_an_export_holds_no_secret_and_no_folder_of_this_machine(party: Party, export: Path) -> None:
    path = picture(party.folder)
    asset_id = asset(party).id
    link = "https://cdn.example.org/a.mp4?_jwt=eyJhbGciOi.eyJzdWIi.c2ln"
    cell = f'%%runway shot --first {path} --last "{path}" --reply-url {link}\n{SECRET} {TOKEN} {asset_id}'
    made = party.ended(
        party.studio.submit(
            VideoRequest(SECRET, Keyframes(first=path, last=asset_id), reply_url=link, reply_ref="my@example.org"),
            cell=cell,
        )
    )
    assert made.video is not None, made.error
    made.note = f"{SECRET}, {TOKEN}, {link}"
    party.studio.ledger.update(made.id, message=f"cannot be written to {party.folder}/runway_outputs for {EMAIL}")
    exported(party, export)
    assert len(lines(export)) == 1
    for name in (MANIFEST, PAGE):
        text = (export / name).read_text()
        for secret in ("sam@example", "my@example", EMAIL, TOKEN, "eyJ", str(party.folder), str(Path.home()), "rnb-"):
            assert secret not in text, (name, secret)
        assert "--first lamp.png" in text
    (line,) = lines(export)
    assert line["task"] == re.sub(r".*-task:", "", party.studio.ledger.get(made.id).task_id)[:8]
    assert line["notebook"] == party.folder.name
    assert line["keyframes"]["first"]["name"] == "lamp.png"


def test_names_of_files_are_readable_unique_and_portable(party: Party, export: Path) -> None:
    for prompt in ("CON", "CON", "a/b\\c:d*e?", "\u7af9\u7af9", "x" * 300):
        shot(party, prompt)
    exported(party, export)
    names = [path.name for path in (export / "videos").iterdir()]
    assert len(names) == 5
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,60}-[0-9a-f]{8}\.mp4", name) for name in names)


# --- what a stranger may have written ---------------------------------------------------------------------


def spoilt_video(export: Path, line: dict[str, Any], data: bytes, *, is_told: bool) -> None:
    path = export / line["video"]["file"]
    path.write_bytes(data)
    if is_told:
        line["video"] |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def linked(export: Path, line: dict[str, Any]) -> None:
    path = export / line["video"]["file"]
    shutil.move(path, export.parent / "elsewhere.mp4")
    path.symlink_to(export.parent / "elsewhere.mp4")


SPOILT: dict[str, tuple[Any, str]] = {
    "a bit": (lambda e, x: spoilt_video(e, x, CLIP[:-1] + b"x", is_told=False), "its hash is not the one"),
    "its end": (lambda e, x: spoilt_video(e, x, CLIP[:-9], is_told=False), "has 956 bytes, and 965 stand"),
    "no video": (lambda e, x: spoilt_video(e, x, b"<html>" * 99, is_told=True), "the file is no MP4"),
    "half a video": (lambda e, x: spoilt_video(e, x, CLIP[:-9], is_told=True), "cut off or no MP4"),
    "a file that is gone": (lambda e, x: (e / x["video"]["file"]).unlink(), "cannot be read"),
    "a link": (linked, "cannot be read"),
    "a folder": (lambda e, x: ((e / x["video"]["file"]).unlink(), (e / x["video"]["file"]).mkdir()), "cannot be read"),
    "no file named": (lambda _, x: x.update(video=None), "names no video"),
    "a path": (lambda _, x: x["video"].update(file="videos/../../x.mp4"), "no file of an export"),
    "another prompt": (lambda _, x: x["original_request"].update(text_prompt="x"), "its digest is not that"),
    "a model that nobody knows": (lambda _, x: x.update(model="<b>x"), "not known here"),
    "a maker that is none": (lambda _, x: x.update(simulated=True), "whether the simulator made it"),
    "a maker without a name": (lambda _, x: x.update(backend=" "), "whether the simulator made it"),
    "a format to come": (lambda _, x: x["request"].update(aspect_ratio="round"), "aspect 'round'"),
    "a seed that is a text": (lambda _, x: x["request"].update(seed="x"), "is spoilt"),
    "an id that stands twice": (lambda e, x: x.update(id=lines(e)[0]["id"]), "stands in line 1 already"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_line_that_cannot_be_taken_is_refused_and_the_others_are_imported(
    party: Party, there: Party, export: Path, kind: str
) -> None:
    good, bad = shot(party, "Good"), shot(party, "Bad")
    exported(party, export)
    change, reason = SPOILT[kind]
    change_lines(export, lambda line: change(export, line) if line["id"] == bad.id else None)
    found = imported(there, export)
    assert found.jobs == (good.id,)
    (problem,) = found.problems
    assert problem.startswith("line 2: ")
    assert reason in problem
    assert [path.name for path in (there.folder / "runway_outputs").iterdir()] == [f"good-{good.id}.mp4"]
    assert len(list(entries(there))) == 1


def test_a_folder_that_leads_elsewhere_is_not_followed(party: Party, there: Party, export: Path) -> None:
    shot(party)
    exported(party, export)
    shutil.move(export / "videos", export.parent / "elsewhere")
    (export / "videos").symlink_to(export.parent / "elsewhere")
    (problem,) = imported(there, export).problems
    assert "is a link that leads elsewhere" in problem


def test_a_picture_that_is_damaged_is_not_taken(party: Party, there: Party, export: Path) -> None:
    shot(party, keyframes=Keyframes(first=picture(party.folder)))
    exported(party, export)
    (copy,) = (export / "pictures").iterdir()
    copy.write_bytes(copy.read_bytes()[:-1] + b"x")
    (problem,) = imported(there, export).problems
    assert "is damaged" in problem


def test_a_poster_that_is_none_only_leaves_its_place_empty(party: Party, there: Party, export: Path) -> None:
    made = shot(party)
    exported(party, export)
    (poster,) = (export / "posters").iterdir()
    poster.write_bytes(b"<svg onload=alert(1)>".ljust(poster.stat().st_size))
    assert imported(there, export).jobs == (made.id,)
    assert there.studio.find(made.id).state.poster is None


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("%%runway shot --zoom 4\nA lamp turns", True),
        ("import os; os.remove('x')", False),
        ("%%runway\nA lamp \u202edeppilf", False),
        ("%%runway\nwrite to ***@***", False),
    ],
)
def test_a_cell_is_taken_over_where_it_asks_for_what_it_shows(
    party: Party, there: Party, export: Path, cell: str, kept: bool
) -> None:
    made = shot(party)
    exported(party, export)
    change_lines(export, lambda line: line.update(cell=cell))
    imported(there, export)
    assert there.studio.find(made.id).cell == (cell if kept else "")


def test_of_many_lines_that_are_refused_some_are_shown(there: Party, export: Path) -> None:
    export.mkdir()
    (export / MANIFEST).write_text('{"version": 1}\n' * 500)
    found = imported(there, export)
    assert len(found.problems) == 500
    assert len(found.text.splitlines()) == 21
    assert found.text.endswith("Refused: 480 more.")


def test_a_video_that_lies_behind_a_link_is_exported(party: Party, export: Path, tmp_path: Path) -> None:
    made = shot(party)
    assert made.video is not None
    shutil.move(made.video, tmp_path / "another disk.mp4")
    made.video.symlink_to(tmp_path / "another disk.mp4")
    assert exported(party, export).copied == 1
    assert exported(party, export).copied == 0
    (copy,) = (export / "videos").iterdir()
    assert copy.read_bytes() == CLIP
    assert not copy.is_symlink()


@pytest.mark.parametrize("text", ["", "\n\n", '{"version": '])
def test_a_manifest_without_a_good_line_brings_nothing(there: Party, export: Path, text: str) -> None:
    export.mkdir()
    (export / MANIFEST).write_text(text)
    found = imported(there, export)
    assert (found.jobs, len(found.problems)) == ((), 1 if text.strip() else 0)


def test_what_is_no_export_says_so(there: Party, export: Path) -> None:
    with pytest.raises(errors.RunwayError, match="is no export"):
        imported(there, export)
    export.mkdir()
    (export / MANIFEST).write_text(json.dumps(["x"]))
    with pytest.raises(errors.RunwayError, match="is no export"):
        imported(there, export)


def test_a_row_that_cannot_be_read_is_named_and_left_out(party: Party, export: Path) -> None:
    made = shot(party)
    record = party.studio.ledger.get(made.id)
    assert isinstance(record, Record)
    party.studio.ledger.update(made.id, model="no model of ours")
    found = exported(party, export)
    assert (found.jobs, len(found.problems)) == ((), 1)
    assert "cannot be read" in found.problems[0]
