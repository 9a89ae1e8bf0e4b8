"""Picture files as the API takes them."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from runway_nb import images
from runway_nb.errors import InvalidRequest
from runway_nb.images import content_type, read_picture


def _picture(kind):
    out = io.BytesIO()
    Image.new("RGB", (8, 6)).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "sent"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif"), ("WEBP", "image/webp"), ("MPO", "image/jpeg")],
)
@pytest.mark.parametrize("name", ["lamp.png", "lamp.jpg", "lamp.txt", "lamp"])
def test_the_type_is_told_by_the_bytes_never_by_the_name(tmp_path, kind, sent, name):
    (tmp_path / name).write_bytes(_picture(kind))
    found = read_picture(tmp_path / name)
    assert (found.name, found.content_type, found.data) == ("lamp", sent, _picture(kind))


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM"])
def test_other_pictures_are_refused_with_what_to_give(tmp_path, kind):
    (tmp_path / "lamp.png").write_bytes(_picture(kind))
    with pytest.raises(InvalidRequest, match="give a PNG, JPEG, GIF or WebP file"):
        read_picture(tmp_path / "lamp.png")


@pytest.mark.parametrize("data", [b"", b"<svg/>", b"RIFF\0\0\0\0WAVE", b"\x89PN", b"RIFF"])
def test_what_is_no_picture_has_no_type(data):
    assert content_type(data) is None


@pytest.mark.parametrize("content", [b"", b"words"])
def test_an_empty_or_wrong_file_is_named(tmp_path, content):
    (tmp_path / "lamp.png").write_bytes(content)
    with pytest.raises(InvalidRequest, match=r"lamp\.png is no picture"):
        read_picture(tmp_path / "lamp.png")


def test_a_folder_is_no_picture(tmp_path):
    with pytest.raises(InvalidRequest, match="is no picture"):
        read_picture(tmp_path)


def test_a_missing_file_says_why(tmp_path):
    with pytest.raises(InvalidRequest, match="No such file"):
        read_picture(tmp_path / "lamp.png")


def test_a_file_that_may_not_be_read_says_why(tmp_path, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "lamp.png").write_bytes(_picture("PNG"))
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InvalidRequest, match="Permission denied"):
        read_picture(tmp_path / "lamp.png")


def test_a_file_of_the_largest_size_is_taken_and_one_byte_more_is_not(tmp_path, monkeypatch):
    data = _picture("PNG")
    (tmp_path / "lamp.png").write_bytes(data)
    monkeypatch.setattr(images, "LARGEST", len(data))
    assert read_picture(tmp_path / "lamp.png").data == data
    monkeypatch.setattr(images, "LARGEST", len(data) - 1)
    with pytest.raises(InvalidRequest, match="the most is"):
        read_picture(tmp_path / "lamp.png")


def test_a_huge_file_is_not_even_read(tmp_path):
    path = tmp_path / "huge.png"
    path.touch()
    os.truncate(path, 10 * images.LARGEST)
    with pytest.raises(InvalidRequest, match="500 MB: the most is 50 MB"):
        read_picture(path)


def test_a_repr_does_not_print_the_picture(tmp_path):
    (tmp_path / "lamp.png").write_bytes(_picture("PNG"))
    assert "PNG" not in repr(read_picture(tmp_path / "lamp.png"))
