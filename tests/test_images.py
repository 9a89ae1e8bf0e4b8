"""Picture files: which one is meant, what is in it, and where objects are kept."""

from __future__ import annotations

import io
import os
import stat
import threading
from pathlib import Path

import pytest
from PIL import Image

from runway_nb import images
from runway_nb.errors import InvalidRequest
from runway_nb.images import keep_picture, picture_file, picture_prints, read_picture
from runway_nb.request import Keyframes
from strategies import ASSET_ID


def _picture(colour="black"):
    out = io.BytesIO()
    Image.new("RGB", (8, 6), colour).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("name", ["lamp.png", "lamp.jpg", "lamp"])
def test_a_file_is_read_as_it_is(tmp_path, name):
    (tmp_path / name).write_bytes(_picture())
    assert read_picture(tmp_path / name) == _picture()


def test_a_folder_says_why(tmp_path):
    with pytest.raises(InvalidRequest, match="Is a directory"):
        read_picture(tmp_path)


def test_a_missing_file_says_why(tmp_path):
    with pytest.raises(InvalidRequest, match="No such file"):
        read_picture(tmp_path / "lamp.png")


def test_a_file_that_may_not_be_read_says_why(tmp_path, monkeypatch):
    def refuse(self, mode):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "lamp.png").write_bytes(_picture())
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InvalidRequest, match="Permission denied"):
        read_picture(tmp_path / "lamp.png")


def test_a_file_of_the_largest_size_is_taken_and_one_byte_more_is_not(tmp_path, monkeypatch):
    data = _picture()
    (tmp_path / "lamp.png").write_bytes(data)
    monkeypatch.setattr(images, "LARGEST", len(data))
    assert read_picture(tmp_path / "lamp.png") == data
    monkeypatch.setattr(images, "LARGEST", len(data) - 1)
    with pytest.raises(InvalidRequest, match="the most is"):
        read_picture(tmp_path / "lamp.png")


def test_a_huge_file_is_not_even_read(tmp_path):
    path = tmp_path / "huge.png"
    path.touch()
    os.truncate(path, 10 * images.LARGEST)
    with pytest.raises(InvalidRequest, match="500 MB: the most is 50 MB"):
        read_picture(path)


def test_files_count_by_content_and_everything_else_as_it_stands(tmp_path):
    for name, colour in (("a.png", "navy"), ("b.png", "navy"), ("c.png", "olive")):
        (tmp_path / name).write_bytes(_picture(colour))
    prints = picture_prints(Keyframes("a.png", "b.png", tmp_path / "c.png"), tmp_path)
    assert prints.first == prints.middle != prints.last
    assert str(prints.first).startswith("sha256:")
    others = Keyframes("harbour", None, ASSET_ID)
    assert picture_prints(others, tmp_path) == others


@pytest.mark.parametrize("text", ["job:7f3e2c54", "job:7f3e2c54@2.5", "https://a.test/x.png", "harbour", ASSET_ID])
def test_what_is_no_file_counts_as_it_stands(tmp_path, text):
    assert picture_prints(Keyframes(text), tmp_path) == Keyframes(text)


# --- which file is meant ------------------------------------------------------------------------------


def test_a_file_lies_beside_the_notebook_or_where_its_path_says(tmp_path, monkeypatch):
    (tmp_path / "lamp.png").touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("lamp.png", tmp_path / "lamp.png", "./lamp.png", "~/lamp.png"):
        found = picture_file(name, tmp_path)
        assert found is not None
        assert found.samefile(tmp_path / "lamp.png")


@pytest.mark.parametrize("name", ["sea.png", ".", "x" * 5000, "a\0b", "~nobody-here/x.png", "https://a.test/x.png"])
def test_anything_else_is_no_file(tmp_path, name):
    assert picture_file(name, tmp_path) is None


def test_an_id_is_never_a_file(tmp_path):
    (tmp_path / ASSET_ID).touch()
    assert picture_file(ASSET_ID, tmp_path) is None


# --- objects are kept ---------------------------------------------------------------------------------


def _files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_equal_content_is_kept_in_one_file_other_content_in_another(tmp_path):
    kept = [keep_picture(_picture(colour), tmp_path / "pictures") for colour in ("navy", "navy", "olive")]
    assert kept[0] == kept[1] != kept[2]
    assert [path.read_bytes() for path in kept] == [_picture(colour) for colour in ("navy", "navy", "olive")]
    assert _files(tmp_path) == sorted(set(kept)), "no draft is left"


def test_a_kept_picture_carries_its_name(tmp_path):
    path = keep_picture(_picture(), tmp_path, "loss")
    assert path.name.startswith("loss-")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_kept_picture_that_was_cut_short_is_written_again(tmp_path):
    path = keep_picture(_picture(), tmp_path)
    path.write_bytes(b"")
    assert keep_picture(_picture(), tmp_path).read_bytes() == _picture()


def test_a_picture_that_is_too_large_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "LARGEST", 10)
    with pytest.raises(InvalidRequest, match="the most is"):
        keep_picture(_picture(), tmp_path)
    assert _files(tmp_path) == []


def test_a_full_disk_is_one_line_and_leaves_no_draft(tmp_path, monkeypatch):
    write = Path.write_bytes

    def half(self, data):
        write(self, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(InvalidRequest, match=r"the picture cannot be kept in .*: No space left on device"):
        keep_picture(_picture(), tmp_path / "pictures")
    assert _files(tmp_path) == []


def test_threads_that_keep_the_same_picture_agree(tmp_path):
    data, kept, start = _picture() * 1000, [], threading.Barrier(8)

    def keep():
        start.wait()
        path = keep_picture(data, tmp_path)
        kept.append((path, path.read_bytes() == data))

    threads = [threading.Thread(target=keep) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 8
    assert len(set(kept)) == 1
    assert kept[0][1]
    assert len(_files(tmp_path)) == 1
