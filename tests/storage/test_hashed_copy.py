"""Files that are copied whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from pathlib import Path
from typing import IO

import pytest

from runway_nb.storage.hashed_copy import ROOM, Content, content_of, copy_whole, open_regular

DATA = bytes(range(256)) * 10_000


def opened(path: Path) -> IO[bytes]:
    return path.open("xb")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    path.write_bytes(DATA)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    return path


def test_a_copy_is_the_same_with_its_time_and_hash(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "b.mp4"
    target.write_bytes(b"an older one")
    wanted = Content(hashlib.sha256(DATA).hexdigest(), len(DATA))
    assert copy_whole(source, target, opened=opened) == wanted == content_of(target)
    assert target.read_bytes() == DATA
    assert target.stat().st_mtime == 1_600_000_000


def test_a_copy_that_is_not_taken_leaves_no_trace(source: Path, tmp_path: Path) -> None:
    def refused(part: Path, found: Content) -> None:
        assert (part.read_bytes(), found.size) == (DATA, len(DATA))
        raise LookupError

    (tmp_path / "b.mp4").write_bytes(b"an older one")
    with pytest.raises(LookupError):
        copy_whole(source, tmp_path / "b.mp4", opened=opened, check=refused)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]
    assert (tmp_path / "b.mp4").read_bytes() == b"an older one"


def test_an_interrupt_leaves_no_trace(source: Path, tmp_path: Path) -> None:
    def interrupted(path: Path) -> IO[bytes]:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_whole(source, tmp_path / "b.mp4", opened=interrupted)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize("free", [0, len(DATA), len(DATA) + ROOM - 1])
def test_a_disk_without_room_is_not_begun_on(source: Path, tmp_path: Path, free: int) -> None:
    with pytest.raises(OSError, match="free on the disk") as full:
        copy_whole(source, tmp_path / "b.mp4", opened=opened, free=lambda _: free)
    assert full.value.errno == errno.ENOSPC
    assert copy_whole(source, tmp_path / "b.mp4", opened=opened, free=lambda _: None).size == len(DATA)


@pytest.mark.skipif(sys.platform == "win32", reason="no such files there")
def test_what_is_no_regular_file_is_not_opened(source: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(source)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", ".", "missing"):
        with pytest.raises(OSError):  # noqa: PT011 - whatever the system calls it
            open_regular(tmp_path / name)
