"""Picture files: which one is meant, and what is in it."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from runway_nb import images
from runway_nb.errors import InvalidRequest
from runway_nb.images import picture_prints, read_picture
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
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "lamp.png").write_bytes(_picture())
    monkeypatch.setattr(Path, "read_bytes", refuse)
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
