"""Pictures of an export beside the notebook: within its folder, and in nobody's place."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from runway_nb.jobs.notebook_pictures import may_lie_beside, put_beside


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 3), "red").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "notebook"
    path.mkdir()
    return path


@pytest.mark.parametrize("name", ["lamp.png", "a b/c-d/lamp (2).JPG", "\u7af9.webp", "x.y.tiff"])
def test_a_picture_is_put_there_for_its_owner_alone(folder: Path, name: str) -> None:
    assert put_beside(png(), name, folder)
    assert (folder / name).read_bytes() == png()
    assert (folder / name).stat().st_mode & 0o077 == 0
    assert not put_beside(png(), name, folder), "once"


ELSEWHERE = [
    "../lamp.png", "a/../../lamp.png", "/tmp/lamp.png", "C:\\lamp.png", "C:lamp.png", "a\\lamp.png", "~/lamp.png", "",
    ".lamp.png", ".git/lamp.png", "a//lamp.png", "a/", "lamp.png/", "lamp.png\n", "lamp\0.png", "lamp .png/x.png ",
    "a/b/c/d/lamp.png", "x" * 200 + ".png", "file:lamp.png", "https://example.org/lamp.png", "lamp.png.",
]  # fmt: skip
NO_PICTURES = ["lamp.py", "lamp", "film.ipynb", "sitecustomize.py", "conftest.py", "lamp.svg", "lamp.html", "png"]


@pytest.mark.parametrize("name", ELSEWHERE + NO_PICTURES)
def test_a_name_that_leads_elsewhere_or_is_that_of_no_picture_is_not_taken(folder: Path, name: str) -> None:
    assert not may_lie_beside(name)
    assert not put_beside(png(), name, folder)
    assert list(folder.parent.rglob("*")) == [folder]


@given(st.text(alphabet="a./\\~: \0\n-_\u00e4", max_size=12))
def test_whatever_is_taken_stays_within_the_folder(name: str) -> None:
    name = f"{name}.png"
    if may_lie_beside(name):
        assert (Path("/folder") / name).is_relative_to("/folder")
        assert ".." not in Path(name).parts
        assert not any(part.startswith(".") for part in Path(name).parts)


def test_what_is_no_picture_is_not_taken(folder: Path) -> None:
    for data in (b"", b"import os", b"<svg onload=alert(1)>", png()[:20]):
        assert not put_beside(data, "lamp.png", folder)
    assert list(folder.iterdir()) == []


def test_a_folder_that_leads_elsewhere_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / "a").symlink_to(tmp_path / "elsewhere")
    (folder / "b").write_text("a file")
    assert not put_beside(png(), "a/lamp.png", folder)
    assert not put_beside(png(), "b/lamp.png", folder)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_that_leads_nowhere_is_somebodys_too(folder: Path) -> None:
    (folder / "lamp.png").symlink_to(folder / "nowhere")
    assert not put_beside(png(), "lamp.png", folder)
