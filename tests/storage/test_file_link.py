"""Links to files of this machine."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.errors import InvalidRequest
from runway_nb.keyframes import Keyframes
from runway_nb.request import VideoRequest
from runway_nb.storage.file_link import file_link_problem, is_file_link, path_of_link

PATHS = {
    "file:///home/x/a%20b.png": "/home/x/a b.png",
    "file:/home/x/a.png": "/home/x/a.png",
    "file://localhost/home/x/a.png": "/home/x/a.png",
    "FILE:///a.png": "/a.png",
    "file:a.png": "a.png",
    "file:pictures/a%2Bb.png": "pictures/a+b.png",
    "file:../a.png": "../a.png",
    "file:///C:/x/a.png": "C:/x/a.png",
    "file:///C:\\x\\a.png": "C:\\x\\a.png",
    "file:///c|/x/a.png": "c:/x/a.png",
    "file:///C%3A/x/a.png": "C:/x/a.png",
    "file:C:/x/a.png": "C:/x/a.png",
    "file://C:/x/a.png": "C:/x/a.png",
    "file:///caf%C3%A9.png": "/caf\u00e9.png",
    "file:///caf\u00e9.png": "/caf\u00e9.png",
    "file:///100%.png": "/100%.png",
    "  file:///a.png\n": "/a.png",
}


@pytest.mark.parametrize("link", PATHS)
def test_a_link_means_a_path(link) -> None:
    assert is_file_link(link.strip())
    assert file_link_problem(link) == ""
    assert path_of_link(link) == PATHS[link]


@pytest.mark.parametrize(
    "link",
    [
        "file://server/share/a.png", "file://10.0.0.7/a.png", "file:////server/share/a.png", "file://a.png",
        "file:///%2Fserver/share/a.png", "file:\\\\server\\share\\a.png", "file:%5C%5Cserver/a.png",
        "file://evil.example.org", "file://user@localhost/a.png",
    ],
)  # fmt: skip
def test_a_link_to_another_machine_is_refused_in_one_line(link) -> None:
    assert path_of_link(link) == ""
    (problem,) = Keyframes(link).problems()
    assert problem == "first is a link to a file of another machine: copy the file to this one and give its path"


@pytest.mark.parametrize(
    "link", ["file:", "file://", "file:///", "file://localhost", "file:///a%00b.png", "file:///a\0b"]
)
def test_a_link_without_a_file_is_refused_in_one_line(link) -> None:
    with pytest.raises(InvalidRequest, match=r"first is 'file:.*: a link to a file is file:///folder/picture.png"):
        VideoRequest("x", Keyframes(link)).check()


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\\:|"), min_size=1).map(lambda t: "/a" + t)
)
def test_every_path_has_a_link(path) -> None:
    assert path_of_link("file://" + quote(path)) == path


@given(st.text())
def test_any_text_behind_the_scheme_is_a_path_or_one_line(text) -> None:
    link = "file:" + text
    assert bool(path_of_link(link)) != bool(file_link_problem(link))
    assert "\n" not in file_link_problem(link)
