"""Pictures on a sheet: each in its place, whatever its shape; labels, words and marks are always there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from runway_nb.errors import InvalidRequest
from runway_nb.pictures.contact_sheet import (
    LARGEST_SIDE,
    Blank,
    ContactSheet,
    SheetCell,
    SheetRow,
    SheetTable,
    draw_sheet,
    draw_slots,
    fitted_size,
    picture_width,
)
from support.shown_sweeps import Tone, is_tone

LARGEST = (3840, 2160)


def tone_of(number: int) -> Tone:
    return 40 + number * 37 % 160, 40 + number * 71 % 160, 40 + number * 113 % 160


def a_sheet(across: int, down: int, sizes: list[tuple[int, int]], *, is_labelled: bool = False) -> ContactSheet:
    """A sheet of flat pictures, each with a tone of its own."""
    cells = [
        SheetCell((Image.new("RGB", sizes[number % len(sizes)], tone_of(number)),), f"shot {number}" * is_labelled)
        for number in range(across * down)
    ]
    rows = [SheetRow(f"seed {row}", tuple(cells[row * across : (row + 1) * across])) for row in range(down)]
    columns = () if is_labelled else tuple(f"zoom {column}" for column in range(across))
    return ContactSheet("A lamp turns", "5 s", (SheetTable("", columns, tuple(rows)),))


SHAPES = st.lists(st.sampled_from([(80, 48), (48, 80), (60, 60), (640, 100), (9, 16)]), min_size=1, max_size=3)


@given(st.integers(1, 4), st.integers(1, 3), SHAPES, st.booleans())
def test_each_picture_stands_once_in_its_place_and_keeps_its_shape(
    across: int, down: int, shapes: list[tuple[int, int]], is_labelled: bool
) -> None:  # fmt: skip
    sheet = a_sheet(across, down, shapes, is_labelled=is_labelled)
    page, slots = draw_slots(sheet, 800, LARGEST)
    assert len(slots) == across * down
    for number, slot in enumerate(slots):
        assert is_tone(page, (slot.left + slot.width // 2, slot.top + slot.height // 2), tone_of(number))
        width, height = shapes[number % len(shapes)]
        assert abs(slot.width - slot.height * width / height) <= 1 + width / height
        assert slot.left > 0
        assert slot.left + slot.width < page.width
        assert slot.top > 0
        assert slot.top + slot.height < page.height
    for number, slot in enumerate(slots):
        others = slots[number + 1 : number // across * across + across], slots[number + across :: across]
        assert all(slot.left + slot.width <= other.left for other in others[0])
        assert all(slot.top + slot.height <= other.top for other in others[1])


def changed(one: ContactSheet, other: ContactSheet) -> tuple[int, int, int, int] | None:
    """The box in which two sheets differ."""
    return ImageChops.difference(draw_sheet(one, 800), draw_sheet(other, 800)).getbbox()


def test_labels_stand_above_their_columns_and_before_their_rows() -> None:
    sheet = a_sheet(2, 2, [(80, 48)])
    (table,) = sheet.tables
    _, slots = draw_slots(sheet, 800, LARGEST)
    other = table._replace(columns=("zoom 0", "zoom 8"))
    box = changed(sheet, sheet._replace(tables=(other,)))
    assert box is not None
    assert box[0] >= slots[1].left
    assert box[3] <= slots[1].top
    first, second = table.rows
    other = table._replace(rows=(first, second._replace(label="seed 8")))
    box = changed(sheet, sheet._replace(tables=(other,)))
    assert box is not None
    assert box[2] <= slots[2].left
    assert slots[2].top <= box[1] <= box[3] <= slots[2].top + slots[2].height


@pytest.mark.parametrize("cell", [{"mark": "starred"}, {"mark": "rejected"}, {"label": "zoom 8"}])
def test_a_mark_and_a_label_of_its_own_are_drawn(cell: dict[str, str]) -> None:
    sheet = a_sheet(2, 1, [(80, 48)], is_labelled=True)
    (table,) = sheet.tables
    (row,) = table.rows
    assert row.cells[1] is not None
    other = table._replace(rows=(row._replace(cells=(row.cells[0], row.cells[1]._replace(**cell))),))  # type: ignore[arg-type]
    assert changed(sheet, sheet._replace(tables=(other,))) is not None


def test_a_place_without_a_picture_says_why() -> None:
    def sheet(*words: str) -> ContactSheet:
        cells = (SheetCell(words=(words[0], words[1])), None)
        return ContactSheet("A lamp", "", (SheetTable("", ("a", "b"), (SheetRow("", cells),)),))

    assert changed(sheet("Refused", "moderation"), sheet("Failed", "moderation")) is not None
    assert changed(sheet("Refused", "moderation"), sheet("Refused", "no credits")) is not None


def test_a_sheet_is_as_wide_as_asked_for_and_never_too_large() -> None:
    assert draw_sheet(a_sheet(3, 1, [(80, 48)]), 500).width == 500
    assert draw_sheet(a_sheet(1, 1, [(80, 48)])).width == 640
    many = a_sheet(1, 100, [(48, 80)])
    assert draw_sheet(many).height <= LARGEST_SIDE
    with pytest.raises(InvalidRequest, match="is too large: give a smaller width"):
        draw_sheet(many, 3000)
    with pytest.raises(InvalidRequest, match="is too large: show fewer of them"):
        draw_sheet(a_sheet(1, 1500, [(48, 80)]))


def test_a_film_is_even_and_no_larger_than_players_take() -> None:
    for sheet in (a_sheet(3, 3, [(80, 48)]), a_sheet(8, 8, [(80, 48)]), a_sheet(4, 16, [(48, 80)])):
        page, _ = draw_slots(sheet, None, LARGEST)
        assert (page.width % 2, page.height % 2) == (0, 0)
        assert page.width <= LARGEST[0]
        assert page.height <= LARGEST[1]
    with pytest.raises(InvalidRequest, match="1500 clips are too many beside each other"):
        draw_slots(a_sheet(1, 1500, [(80, 48)]), None, LARGEST)


def test_the_place_of_a_picture_can_be_left_blank() -> None:
    pictures = a_sheet(2, 1, [(80, 48)])
    (table,) = pictures.tables
    blanks = table._replace(rows=(SheetRow("seed 0", (SheetCell((Blank(80, 48),)), SheetCell((Blank(80, 48),)))),))
    assert draw_slots(pictures, 800, LARGEST)[1] == draw_slots(pictures._replace(tables=(blanks,)), 800, LARGEST)[1]
    assert picture_width(pictures, 800) == draw_slots(pictures, 800, LARGEST)[1][0].width


@given(size=st.tuples(st.integers(1, 5000), st.integers(1, 5000)), width=st.integers(4, 2000))
def test_what_was_fitted_for_its_place_is_not_fitted_again(size: tuple[int, int], width: int) -> None:
    """By which a picture that was shrunk elsewhere is drawn as it came."""
    fitted = fitted_size(size, width)
    assert fitted[0] <= width
    assert fitted_size(fitted, width) == fitted
