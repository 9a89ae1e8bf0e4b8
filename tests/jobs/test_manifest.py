"""A line of a manifest: what is written is read again, and what a stranger may have written is refused."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.jobs.manifest import (
    LONGEST_LINE,
    ExportedFile,
    ExportedJob,
    ExportedPicture,
    UnreadableLine,
    line_of,
    read_line,
)
from runway_nb.ledger.phase import PHASE_NAMES
from support.records import JOB

SHA = "0123456789abcdef" * 4
VIDEO = ExportedFile(f"videos/a-lamp-{JOB}.mp4", SHA, 965)
A_JOB = ExportedJob(
    JOB, "done", "gen3turbo", "api.useapi.net", simulated=False, digest=f"v1:{SHA}",
    original_request={"text_prompt": "A lamp"}, request={"text_prompt": "A lamp", "seed": 1842, "focus": [0.5, 0.2]},
    keyframes={
        "first": ExportedPicture("lamp.png", SHA, ExportedFile("pictures/lamp-01234567.png", SHA, 12)),
        "last": ExportedPicture("job:0000000a@2.5"),
    },
    credits=25, task="9c2a1f34", status="SUCCEEDED", created=1_700_000_000.0, sent=1_700_000_001.5, took=42.25,
    star=True, note="the best", notebook="film.ipynb", cell="%%runway\nA lamp", video=VIDEO,
    poster=ExportedFile(f"posters/a-lamp-{JOB}.jpg", SHA, 308),
)  # fmt: skip

texts = st.text(max_size=60) | st.sampled_from(
    ["\u2028\u2029\x85\x0b\r\n", "x" * 3_000, '"}\n{"', "\ud83c\udf0a", "\x00"]
)
whole_texts = texts.filter(lambda text: not any("\ud800" <= sign <= "\udfff" for sign in text))
shas = st.binary(min_size=32, max_size=32).map(bytes.hex)
names = st.sampled_from([f"a-lamp-{JOB}.mp4", "x", "0-_.a1", "a" * 100 + ".jpg"])
moments = st.floats(0, 2e9) | st.integers(0, 2_000_000_000).map(float)


def files(folder: str) -> st.SearchStrategy[ExportedFile]:
    return st.builds(ExportedFile, names.map(lambda name: f"{folder}/{name}"), shas, st.integers(0, 10**9))


values: st.SearchStrategy[Any] = st.one_of(
    whole_texts,
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(-1e9, 1e9),
    st.lists(st.floats(0, 1), max_size=2),
)
bodies = st.dictionaries(whole_texts, values, max_size=4)
pictures = whole_texts.map(ExportedPicture) | st.builds(
    lambda name, file, is_there: ExportedPicture(name, file.sha256, file if is_there else None),
    whole_texts,
    files("pictures"),
    st.booleans(),
)
jobs = st.builds(
    ExportedJob,
    id=st.binary(min_size=4, max_size=4).map(bytes.hex),
    phase=st.sampled_from(sorted(PHASE_NAMES)),
    model=st.sampled_from(["gen3turbo", "gen4", "a model to come"]),
    backend=st.sampled_from(["simulator", "api.useapi.net"]),
    simulated=st.booleans(),
    digest=st.just("") | shas.map(lambda sha: f"v1:{sha}"),
    original_request=bodies,
    request=bodies,
    keyframes=st.dictionaries(st.sampled_from(["first", "middle", "last"]), pictures),
    masked=st.lists(whole_texts.filter(bool), max_size=3).map(tuple),
    credits=st.integers(0, 10**6),
    message=whole_texts,
    created=moments,
    sent=st.none() | moments,
    took=st.none() | st.floats(0, 1e6),
    star=st.booleans(),
    note=whole_texts.map(lambda text: text[:2_000]),
    cell=whole_texts,
    video=st.none() | files("videos"),
    poster=st.none() | files("posters"),
)


@given(jobs)
def test_what_is_written_is_read_again(job: ExportedJob) -> None:
    line = line_of(job)
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert read_line(line) == job


def test_a_line_of_every_field_is_read_again() -> None:
    assert read_line(line_of(A_JOB)) == A_JOB
    assert A_JOB.made == 1_700_000_043.75


def test_half_a_character_comes_back_as_a_whole_one() -> None:
    assert read_line(line_of(replace(A_JOB, note="a \ud800 b"))).note == "a ? b"


def changed(**values: Any) -> str:
    return json.dumps({**json.loads(line_of(A_JOB)), **values})


def file(name: object = VIDEO.name, sha256: object = SHA, size: object = 965) -> dict[str, object]:
    return {"file": name, "sha256": sha256, "bytes": size}


ELSEWHERE = [
    "videos/../../../etc/passwd", "/etc/passwd", "../x.mp4", "videos/..", "videos/.ssh", "videos/a/b.mp4", "x.mp4",
    "posters/x.mp4", "videos\\x.mp4", "C:\\x.mp4", "videos/C:x.mp4", "~/x.mp4", "videos/x.mp4\0", "videos/X.MP4",
    "videos/x.mp4\n", "file:///x.mp4", "https://example.org/x.mp4", "", "videos/", "videos/" + "a" * 300,
]  # fmt: skip
DEEP = "[" * 100_000 + "]" * 100_000
REFUSED: dict[str, tuple[str, str]] = {
    "nothing": ("", "no whole JSON object"),
    "no JSON": ("<html>", "no whole JSON object"),
    "half a line": (line_of(A_JOB)[:-30], "no whole JSON object"),
    "a list": ("[]", "no JSON object"),
    "too deep": (DEEP, "no whole JSON object"),
    "too long": ('"' + "x" * LONGEST_LINE + '"', "more than any line"),
    "NaN": (changed(took=math.nan), "NaN is no number"),
    "infinity": (changed(created=math.inf), "Infinity is no number"),
    "a number too large for a float": (changed(took=1).replace('"took": 1', '"took": 1e999'), "a number of seconds"),
    "a number of too many digits": (changed(credits=1).replace('"credits": 1', '"credits": ' + "9" * 5000), "JSON"),
    "a huge number": (changed(credits=10**30), "a price in credits"),
    "a time of no calendar": (changed(created=1e30), "a time in Unix seconds"),
    "a switch for a number": (changed(took=True), "a number of seconds"),
    "a name twice": (changed().replace('"status":', '"id": "0000000a", "status":'), "stands in it twice"),
    "a version to come": (changed(version=2), "newer runway_nb"),
    "no version": (changed(version=None), "'version' is wrong"),
    "a version that is no number": (changed(version="1"), "'version' is wrong"),
    "an id of another form": (changed(id="../../x"), "eight hexadecimal digits"),
    "an id in capitals": (changed(id="7F3E2C54"), "eight hexadecimal digits"),
    "an id that is a number": (changed(id=12345678), "'id' is wrong"),
    "a phase to come": (changed(phase="dreaming"), "'phase' is wrong"),
    "a word for a switch": (changed(star="yes"), "true or false"),
    "a digest of another form": (changed(digest="v1:x"), "a digest"),
    "a request that is a text": (changed(request="x"), "a JSON object"),
    "an object in a request": (changed(request={"text_prompt": {"a": 1}}), "made of texts, numbers and switches"),
    "nothing in a request": (changed(request={"seed": None}), "made of texts, numbers and switches"),
    "a huge number in a request": (changed(request={"seed": 10**400}), "made of texts, numbers and switches"),
    "texts in a list of numbers": (changed(request={"focus": ["a", 1]}), "made of texts, numbers and switches"),
    "a note without end": (changed(note="x" * 3_000), "text of at most"),
    "a position that there is not": (changed(keyframes={"<b>": {"name": "x"}}), "no position '<b>'"),
    "a keyframe that is a text": (changed(keyframes={"first": "x"}), "a JSON object"),
    "a picture elsewhere": (
        changed(keyframes={"first": {"name": "x", **file("pictures/../x.png")}}), "no file of an export",
    ),
    "a file without a hash": (changed(video=file(sha256="0")), "the hash of a file"),
    "a file of no size": (changed(video=file(size=-1)), "'bytes' is wrong"),
    "a file without end": (changed(video=file(size=10**12)), "'bytes' is wrong"),
    "half a byte": (changed(video=file(size=1.5)), "'bytes' is wrong"),
    "a video that is a text": (changed(video=VIDEO.name), "a JSON object"),
    **{f"a video called {name[:30]!r}": (changed(video=file(name)), "no file of an export") for name in ELSEWHERE},
    "a name that is a number": (changed(video=file(7)), "'file' is wrong"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_line_of_an_export_is_refused_with_its_reason(kind: str) -> None:
    line, reason = REFUSED[kind]
    with pytest.raises(UnreadableLine) as wrong:
        read_line(line)
    assert reason in str(wrong.value)
    assert len(str(wrong.value)) < 400


def test_a_star_and_a_rejection_are_one_star() -> None:
    job = read_line(changed(star=True, rejected=True))
    assert (job.star, job.rejected) == (True, False)


def test_fields_that_are_not_known_yet_are_left_alone() -> None:
    assert read_line(changed(colour="red")) == A_JOB


@given(st.text() | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda parts: st.lists(parts) | st.dictionaries(st.sampled_from([*json.loads(line_of(A_JOB)), "file"]), parts),
).map(lambda value: json.dumps(value)))  # fmt: skip
def test_whatever_stands_in_a_line_it_is_read_or_refused(line: str) -> None:
    with suppress(UnreadableLine):
        read_line(line)
