"""What an export says of a job, and what another machine makes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.jobs.exported_job import (
    exported_job,
    imported_digest,
    imported_record,
    known_prints,
    last_part,
    with_files,
    without_folders,
    without_paths,
)
from runway_nb.jobs.freeze import Asker, new_record
from runway_nb.jobs.manifest import ExportedFile, UnreadableLine, line_of, read_line
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.marks import NO_MARKS
from runway_nb.ledger.phase import Phase
from runway_nb.ledger.record import Record
from runway_nb.ledger.rows import record_problem
from runway_nb.references import asset_account
from runway_nb.request import VideoRequest
from runway_nb.settings import Settings
from support.strategies import ASSET_ID, EMAIL, requests_of_any_model, texts

SHA = "0123456789abcdef" * 4
NOWHERE = Path("/nowhere")
SETTINGS = Settings(None, "http://127.0.0.1", NOWHERE / "home", Path("out"))


def recorded(request: VideoRequest) -> Record:
    record, _ = new_record(
        request, Asker(NOWHERE, "film.ipynb", "%%runway\nA lamp", "me"), SETTINGS, lambda low, _: low
    )
    return replace(record, phase=Phase.DONE.value, created=1.7e9, updated=1.7e9, sent=1.7e9, took=40.0, owner="")


@given(requests_of_any_model, texts)
def test_an_equal_request_is_found_under_the_same_digest(request: VideoRequest, note: str) -> None:
    request = replace(request, prompt=f"{request.prompt}{note}")
    record = recorded(request)
    job = read_line(line_of(exported_job(record, NO_MARKS._replace(star=True), {})))
    assert imported_digest(job, {}) == record.digest
    is_whole = not any(map(asset_account, request.keyframes.given.values()))
    assert (job.masked == ()) is is_whole
    made = imported_record(job, job.id, record.digest, pictures={}, ids={}, folder=str(NOWHERE))
    assert record_problem(made) == ""
    assert (made.credits, made.task_id, made.reply_ref, made.prompt_hash, made.owner) == (0, "", "", "", "")
    if is_whole:
        wished = VideoRequest.from_wire(made.original_request, made.model)
        assert wished.digest == record.digest
        assert (
            VideoRequest.from_wire(made.request, made.model).seed
            == VideoRequest.from_wire(record.request, record.model).seed
        )
    assert EMAIL not in line_of(job)


def test_a_picture_file_counts_by_its_content_and_comes_along() -> None:
    request = VideoRequest("A lamp", Keyframes(first="lamp.png", last="harbour"))
    digest = replace(request, keyframes=Keyframes(first=f"sha256:{SHA}", last="harbour")).digest
    record = replace(recorded(request), digest=digest)
    prints = {"first": f"sha256:{SHA}", "last": "harbour"}
    assert known_prints(record, prints) == {"first": SHA}
    assert known_prints(record, {**prints, "first": "sha256:" + "0" * 64}) == {}
    job = exported_job(record, NO_MARKS, known_prints(record, prints))
    file = ExportedFile("pictures/lamp-01234567.png", SHA, 12)
    job = read_line(line_of(with_files(job, None, None, {"first": file, "last": file})))
    assert job.keyframes["first"].file == file
    assert job.keyframes["last"].file is None
    assert imported_digest(job, {}) == digest
    made = imported_record(job, job.id, digest, pictures={"first": "/kept/lamp"}, ids={}, folder="/x")
    given_ = VideoRequest.from_wire(made.original_request, made.model).keyframes.given
    assert given_ == {"first": "/kept/lamp", "last": "harbour"}


def test_a_line_whose_request_was_changed_is_refused() -> None:
    job = exported_job(recorded(VideoRequest("A lamp")), NO_MARKS, {})
    with pytest.raises(UnreadableLine, match="its digest is not that"):
        imported_digest(replace(job, original_request={"text_prompt": "Another"}), {})
    with pytest.raises(UnreadableLine, match="cannot be read"):
        imported_digest(replace(job, model="x"), {})


def test_a_task_that_was_made_elsewhere_has_no_digest() -> None:
    record = replace(recorded(VideoRequest("A lamp")), digest="", original_request={})
    job = exported_job(record, NO_MARKS, {})
    assert (job.digest, imported_digest(job, {})) == ("", "")


def test_what_stands_for_an_address_stays_behind_too() -> None:
    job = exported_job(
        recorded(VideoRequest("write to account~0123456789ab")), NO_MARKS._replace(note="account~" + "0" * 12), {}
    )
    assert "account~" not in line_of(job)
    assert job.masked == ("text_prompt",)


def test_an_asset_is_named_as_it_can_be_typed() -> None:
    job = exported_job(recorded(VideoRequest("A lamp", Keyframes(first=ASSET_ID))), NO_MARKS, {})
    assert job.keyframes["first"].name == ASSET_ID.rpartition(":")[2][:8]
    assert job.masked == ("first",)


@pytest.mark.parametrize(
    ("line", "cut"),
    [
        ("%%runway --first /home/sam/a.png --zoom 4", "%%runway --first a.png --zoom 4"),
        ("%%runway --first=/home/sam/a.png", "%%runway --first=a.png"),
        ("%%runway --first '/home/sam/my a.png'", "%%runway --first 'my a.png'"),
        ('%%runway --first "C:\\Users\\sam\\a.png" --pan 2', '%%runway --first "a.png" --pan 2'),
        ("%%runway --first C:/Users/sam/a.png", "%%runway --first a.png"),
        ("%%runway --first ~/a.png --last ~sam/b.png", "%%runway --first a.png --last b.png"),
        ("%%runway --first file:///home/sam/a.png", "%%runway --first a.png"),
        ("%%runway --first \\\\server\\share\\a.png", "%%runway --first a.png"),
        ("%%runway --first pictures/a.png --last ../b.png", "%%runway --first pictures/a.png --last ../b.png"),
        ("%%runway --sweep zoom=0..1/0.25 --focus 0.5,0.2", "%%runway --sweep zoom=0..1/0.25 --focus 0.5,0.2"),
        ("%%runway --sweep first=/a/b.png,/c/d.png", "%%runway --sweep first=b.png,d.png"),
        ("%%runway --first https://example.org/a/b.png", "%%runway --first https://example.org/a/b.png"),
    ],
)
def test_whole_paths_of_a_cell_lose_their_folders(line: str, cut: str) -> None:
    body = "\nA road /from here/ to ~/there"
    assert without_paths(line + body) == cut + body


@given(st.text())
def test_a_cell_is_cut_whatever_it_is(cell: str) -> None:
    assert len(without_paths(cell)) <= len(cell)
    assert without_paths(f"%%runway\n{cell}") == f"%%runway\n{cell}"


def test_the_names_of_folders_go() -> None:
    text = "in /home/sam/film and /home/sam"
    assert without_folders(text, ["/home/sam", "/home/sam/film", "", "/"]) == "in \u2026 and \u2026"
    assert [last_part(path) for path in ("/a/b.ipynb", "C:\\a\\b.ipynb", "b.ipynb", "/a/b/", "")] == [
        "b.ipynb", "b.ipynb", "b.ipynb", "b", "",
    ]  # fmt: skip
