"""What a keyframe can be chosen from, as values."""

from __future__ import annotations

import pytest

from runway_nb.notebook.panel.keyframe_choices import NONE, narrowed, typed_choice, variable_choices
from support.account_pictures import png


def test_a_variable_that_goes_while_the_list_is_made_is_left_out() -> None:
    class Going(dict):
        def __getitem__(self, name):
            raise KeyError(name)

    variable_choices(Going(fig=png()))


def test_a_link_a_frame_or_a_file_that_is_typed_is_offered_itself(tmp_path) -> None:
    (tmp_path / "map.png").write_bytes(b"x")
    for text, label in (
        ("https://example.org/a/map.png?key=1", "https://example.org/a/map.png (as typed)"),
        ("job:7f3e2c54@2.5", "the frame at 2.5 s of job 7f3e2c54 (as typed)"),
        ("map.png", "map.png (as typed)"),
    ):
        typed = typed_choice(text, tmp_path)
        assert typed is not None
        assert (typed.label, typed.picture, typed.cell_name) == (label, text, text)
        assert narrowed([], text, NONE, typed) == [NONE, typed]
    assert typed_choice("lamp", tmp_path) is None


def test_arrays_of_no_pictures_shape_are_not_offered() -> None:
    numpy = pytest.importorskip("numpy")
    picture, grey = numpy.zeros((4, 6, 3), "uint8"), numpy.zeros((4, 6))
    others = {"row": numpy.zeros(3), "axes": numpy.array([[object()]]), "film": numpy.zeros((2, 4, 6, 3))}
    found = variable_choices({"picture": picture, "grey": grey, **others})
    assert [choice.cell_name for choice in found] == ["grey", "picture"]
