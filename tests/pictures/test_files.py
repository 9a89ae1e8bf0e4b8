"""Picture files: which one is meant, what is in it, and where objects are kept."""

from __future__ import annotations

import io
import os
import stat
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from runway_nb.errors import InvalidRequest
from runway_nb.keyframes import Keyframes
from runway_nb.pictures import files
from runway_nb.pictures.files import keep_picture, picture_file, picture_files, picture_prints, read_picture
from support.strategies import ASSET_ID


def _picture(colour="black"):
    out = io.BytesIO()
    Image.new("RGB", (8, 6), colour).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("name", ["lamp.png", "lamp.jpg", "lamp"])
def test_a_file_is_read_as_it_is(tmp_path: Path, name) -> None:
    (tmp_path / name).write_bytes(_picture())
    assert read_picture(tmp_path / name) == _picture()


def test_a_folder_says_why(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="Is a directory"):
        read_picture(tmp_path)


def test_a_missing_file_says_why(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="No such file"):
        read_picture(tmp_path / "lamp.png")


def test_a_file_that_may_not_be_read_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self, mode):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "lamp.png").write_bytes(_picture())
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InvalidRequest, match="Permission denied"):
        read_picture(tmp_path / "lamp.png")


def test_a_file_of_the_largest_size_is_taken_and_one_byte_more_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = _picture()
    (tmp_path / "lamp.png").write_bytes(data)
    monkeypatch.setattr(files, "LARGEST_FILE", len(data))
    assert read_picture(tmp_path / "lamp.png") == data
    monkeypatch.setattr(files, "LARGEST_FILE", len(data) - 1)
    with pytest.raises(InvalidRequest, match="the most is"):
        read_picture(tmp_path / "lamp.png")


def test_a_huge_file_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    path.touch()
    os.truncate(path, 10 * files.LARGEST_FILE)
    with pytest.raises(InvalidRequest, match="500 MB: the most is 50 MB"):
        read_picture(path)


def test_files_count_by_content_and_everything_else_as_it_stands(tmp_path: Path) -> None:
    for name, colour in (("a.png", "navy"), ("b.png", "navy"), ("c.png", "olive")):
        (tmp_path / name).write_bytes(_picture(colour))
    prints = picture_prints(Keyframes("a.png", "b.png", tmp_path / "c.png"), tmp_path)
    assert prints.first == prints.middle != prints.last
    assert str(prints.first).startswith("sha256:")
    others = Keyframes("harbour", None, ASSET_ID)
    assert picture_prints(others, tmp_path) == others


@pytest.mark.parametrize("text", ["job:7f3e2c54", "job:7f3e2c54@2.5", "https://a.test/x.png", "harbour", ASSET_ID])
def test_what_is_no_file_counts_as_it_stands(tmp_path: Path, text) -> None:
    assert picture_prints(Keyframes(text), tmp_path) == Keyframes(text)


# --- which file is meant ------------------------------------------------------------------------------


def test_a_file_lies_beside_the_notebook_or_where_its_path_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lamp.png").touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("lamp.png", tmp_path / "lamp.png", "./lamp.png", "~/lamp.png"):
        found = picture_file(name, tmp_path)
        assert found is not None
        assert found.samefile(tmp_path / "lamp.png")


@pytest.mark.parametrize("name", ["sea.png", ".", "x" * 5000, "a\0b", "~nobody-here/x.png", "https://a.test/x.png"])
def test_anything_else_is_no_file(tmp_path: Path, name) -> None:
    assert picture_file(name, tmp_path) is None


APART, WHOLE = "cafe\u0301.png", "caf\u00e9.png"
SHOT = "Screenshot 2026-11-28 at 10.15.30\u202fPM.png"


@pytest.mark.parametrize(
    ("typed", "there"),
    [(WHOLE, APART), (APART, WHOLE), (SHOT.replace("\u202f", " "), SHOT), (SHOT, SHOT.replace("\u202f", " "))],
    ids=ascii,
)
def test_a_file_is_found_by_a_name_in_another_form(tmp_path: Path, typed, there) -> None:
    (tmp_path / there).write_bytes(_picture())
    (tmp_path / "other.png").touch()
    for name in (typed, tmp_path / typed, f"./{typed}", f"file:{quote(typed)}"):
        assert picture_file(name, tmp_path) == tmp_path / there
    assert picture_prints(Keyframes(typed), tmp_path) == picture_prints(Keyframes(there), tmp_path)
    assert picture_file(typed.upper(), tmp_path) is None, "capitals count"


def test_so_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "e\u0301te\u0301" / "deeper one"
    folder.mkdir(parents=True)
    (folder / APART).touch()
    assert picture_file(f"\u00e9t\u00e9/deeper\u00a0one/{WHOLE}", tmp_path) == folder / APART


def test_the_file_of_exactly_that_name_goes_before_one_that_looks_the_same(tmp_path: Path) -> None:
    (tmp_path / APART).touch()
    (tmp_path / WHOLE).touch()
    assert picture_file(WHOLE, tmp_path) == tmp_path / WHOLE
    assert picture_file(APART, tmp_path) == tmp_path / APART


def test_between_files_that_look_the_same_nobody_chooses(tmp_path: Path) -> None:
    twins = ["caf\u00e9\u00a0a.png", "cafe\u0301\u2009a.png"]
    for name in twins:
        (tmp_path / name).touch()
    assert picture_file("caf\u00e9 a.png", tmp_path) is None
    assert {path.name for path in picture_files("caf\u00e9 a.png", tmp_path)} == set(twins)


def test_a_name_of_plain_letters_looks_like_no_other_and_no_folder_is_read_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", lambda _: pytest.fail("a folder was read"))
        assert picture_file("lamp.png", tmp_path) is None


def test_a_link_to_a_file_means_the_file(tmp_path: Path) -> None:
    path = tmp_path / "two words #1 100%.png"
    path.write_bytes(_picture())
    for link in (path.as_uri(), path.as_uri().replace("file://", "file://localhost"), f"file:{path}"):
        assert picture_file(link.replace("100%.png", "100%25.png"), tmp_path) == path
    assert picture_file("file:two%20words%20%231%20100%25.png", tmp_path) == path
    assert picture_file(f"file://elsewhere{path}", tmp_path) is None


def test_an_id_is_never_a_file(tmp_path: Path) -> None:
    (tmp_path / ASSET_ID).touch()
    assert picture_file(ASSET_ID, tmp_path) is None


# --- objects are kept ---------------------------------------------------------------------------------


def _files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_equal_content_is_kept_in_one_file_other_content_in_another(tmp_path: Path) -> None:
    kept = [keep_picture(_picture(colour), tmp_path / "pictures") for colour in ("navy", "navy", "olive")]
    assert kept[0] == kept[1] != kept[2]
    assert [path.read_bytes() for path in kept] == [_picture(colour) for colour in ("navy", "navy", "olive")]
    assert _files(tmp_path) == sorted(set(kept)), "no draft is left"


def test_a_kept_picture_carries_its_name(tmp_path: Path) -> None:
    path = keep_picture(_picture(), tmp_path, "loss")
    assert path.name.startswith("loss-")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_kept_picture_that_was_cut_short_is_written_again(tmp_path: Path) -> None:
    path = keep_picture(_picture(), tmp_path)
    path.write_bytes(b"")
    assert keep_picture(_picture(), tmp_path).read_bytes() == _picture()


def test_a_picture_that_is_too_large_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_FILE", 10)
    with pytest.raises(InvalidRequest, match="the most is"):
        keep_picture(_picture(), tmp_path)
    assert _files(tmp_path) == []


def test_a_full_disk_is_one_line_and_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(path):
        path.write_bytes(_picture()[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("runway_nb.storage.atomic_file.open_private", half)
    with pytest.raises(InvalidRequest, match=r"the picture cannot be kept in .*: No space left on device"):
        keep_picture(_picture(), tmp_path / "pictures")
    assert _files(tmp_path) == []


def test_threads_that_keep_the_same_picture_agree(tmp_path: Path) -> None:
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
