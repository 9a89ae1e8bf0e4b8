"""Many pictures on one sheet, in tables with labels. Pure drawing: what stands where is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ..errors import InvalidRequest
from .lettering import Lettering, lettering
from .limits import LARGEST_PIXELS

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

PICTURE = 320
"""Pixels of a picture across, where no width is given."""
USUAL = 640, 3840
"""Pixels of a sheet across, where no width is given: at least and at most."""
NARROWEST, WIDEST = 240, 16_000
"""Pixels that a sheet may have across."""
LARGEST_SIDE = 65_000
"""Pixels; a JPEG has no more."""
PAPER, INK, QUIET, LINE, FACE = "#ffffff", "#212121", "#5f5f5f", "#c8c8c8", "#f0f0f0"
STAR = "#3d85c6"
"""The edge of what is starred, as in the table of a notebook."""
_SMALLEST, _LARGEST = 11, 30
"""Pixels of the letters."""
_LINES = {"prompt": 4, "facts": 3, "label": 3, "reason": 5}
"""Lines of each kind of text at most."""
_TALLEST = 1.8
"""Height of a row at most, for each pixel of its pictures' width."""


class Blank(NamedTuple):
    """A place for a picture of this size, in pixels, that is put there later."""

    width: int
    height: int


class SheetCell(NamedTuple):
    """What stands in one place of a table."""

    pictures: tuple[Image | Blank, ...] = ()
    """Beside each other; none where there is nothing to see."""
    label: str = ""
    """What it is called, where its column has no label."""
    words: tuple[str, str] = ("", "")
    """Why there is no picture: in a word, and more about it."""
    mark: str = ""
    """`starred`, `rejected` or nothing."""


class SheetRow(NamedTuple):
    """A row of cells."""

    label: str
    cells: tuple[SheetCell | None, ...]
    """None where nothing belongs."""


class SheetTable(NamedTuple):
    """Cells that stand together."""

    title: str
    columns: tuple[str, ...]
    """What the columns are called; empty where each cell has a label."""
    rows: tuple[SheetRow, ...]

    @property
    def across(self) -> int:
        """How many cells stand beside each other."""
        return max(len(row.cells) for row in self.rows)


class ContactSheet(NamedTuple):
    """Everything on a sheet."""

    prompt: str
    facts: str
    """What all have in common, on one line that is wrapped."""
    tables: tuple[SheetTable, ...]
    frames: int = 1
    """Pictures beside each other in a cell."""

    @property
    def cells(self) -> Iterator[SheetCell]:
        """Yield every cell."""
        for table in self.tables:
            for row in table.rows:
                yield from (cell for cell in row.cells if cell is not None)


@dataclass(frozen=True)
class _Measures:
    """Sizes of a sheet, in pixels."""

    width: int
    across: int
    labels: int
    """Of the column of labels."""
    frames: int

    @property
    def gap(self) -> int:
        return max(4, self.width // 160)

    @property
    def margin(self) -> int:
        return 2 * self.gap

    @property
    def cell(self) -> int:
        """Across a cell."""
        room = self.width - 2 * self.margin - self.labels - self.gap * (self.across - 1)
        return max(8, room // self.across)

    @property
    def picture(self) -> int:
        """Across a picture."""
        return max(4, (self.cell - 2 * self.edge - (self.frames - 1) * 2) // self.frames)

    @property
    def edge(self) -> int:
        return max(2, self.gap // 2)

    @property
    def text(self) -> Lettering:
        return lettering(min(_LARGEST, max(_SMALLEST, min(self.width // 64, self.cell // 12))))

    @property
    def heading(self) -> Lettering:
        return lettering(min(_LARGEST, max(_SMALLEST, self.width // 56)))


def picture_width(sheet: ContactSheet, width: int | None = None) -> int:
    """Return how many pixels wide a picture of the sheet is at most: more of them are not worth reading."""
    return _measured(sheet, width).picture


def fitted_size(size: tuple[int, int], width: int) -> tuple[int, int]:
    """Return the size, in pixels, of a picture in a place of a sheet that is so wide; a fitted one keeps its own."""
    scale = min(width / size[0], width * _TALLEST / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def resized(picture: Image, size: tuple[int, int]) -> Image:
    """Return a picture in another size, as a sheet shows it."""
    from PIL import Image  # loads Pillow

    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def draw_sheet(sheet: ContactSheet, width: int | None = None) -> Image:
    """Return a sheet as an RGB picture.

    Args:
        sheet: What stands on it.
        width: Pixels across, 240 to 16,000; None for as much as its pictures need.

    Raises `InvalidRequest` for a sheet that has more pixels than a picture may have.
    """
    from PIL import Image, ImageDraw  # loads Pillow

    measures = _measured(sheet, width)
    height = _Page(measures, None).draw(sheet)
    while width is None and _is_too_large(measures.width, height) and measures.width > NARROWEST:
        measures = _measured(sheet, max(NARROWEST, measures.width * 2 // 3))
        height = _Page(measures, None).draw(sheet)
    if _is_too_large(measures.width, height):
        what = "give a smaller width" if measures.width > NARROWEST else "show fewer of them"
        raise InvalidRequest([f"a sheet of {measures.width} x {height} pixels is too large: {what}"])
    page = Image.new("RGB", (measures.width, height), PAPER)
    _Page(measures, ImageDraw.Draw(page), page).draw(sheet)
    return page


def _is_too_large(width: int, height: int) -> bool:
    return width * height > LARGEST_PIXELS or height > LARGEST_SIDE


def _measured(sheet: ContactSheet, width: int | None) -> _Measures:
    across = max((table.across for table in sheet.tables), default=1)
    if width is None:
        width = min(max(USUAL[0], across * sheet.frames * PICTURE + PICTURE // 2), USUAL[1])
    labels = [row.label for table in sheet.tables for row in table.rows if row.label]
    plain = _Measures(width, across, 0, sheet.frames)
    longest = max((plain.text.length(plain.text.spelled(label)) for label in labels), default=0.0)
    return _Measures(width, across, int(min(longest + plain.gap, width / 6)) if labels else 0, sheet.frames)


class Slot(NamedTuple):
    """Where a picture stands on a sheet, in pixels."""

    left: int
    top: int
    width: int
    height: int


def draw_slots(sheet: ContactSheet, width: int | None, largest: tuple[int, int]) -> tuple[Image, list[Slot]]:
    """Return a sheet and the places of its pictures, in the order of `ContactSheet.cells`.

    It has an even number of pixels on either side, and no more than `largest`, across and down: where it would be
    larger it is narrower than `width`.

    Raises `InvalidRequest` where it would be too narrow for that.
    """
    from PIL import Image, ImageDraw  # loads Pillow

    measures = _measured(sheet, width)
    height = _Page(measures, None).draw(sheet)
    while measures.width > largest[0] or height > largest[1]:
        if measures.width <= NARROWEST:
            raise InvalidRequest([f"{len([*sheet.cells])} clips are too many beside each other: give fewer"])
        measures = _measured(sheet, max(NARROWEST, min(largest[0], measures.width * 9 // 10)))
        height = _Page(measures, None).draw(sheet)
    page = Image.new("RGB", (measures.width + measures.width % 2, height + height % 2), PAPER)
    drawn = _Page(measures, ImageDraw.Draw(page), page)
    drawn.draw(sheet)
    return page, drawn.slots


class _Page:
    """Draws from top to bottom, or measures how high all of it is where there is no pen."""

    def __init__(self, measures: _Measures, pen: ImageDraw | None, page: Image | None = None) -> None:
        self._m, self._pen, self._page = measures, pen, page
        self._top = measures.margin
        self.slots: list[Slot] = []

    def draw(self, sheet: ContactSheet) -> int:
        """Draw a sheet; return how high it is."""
        m = self._m
        self._paragraph(sheet.prompt, m.heading, INK, _LINES["prompt"])
        self._paragraph(sheet.facts, m.text, QUIET, _LINES["facts"])
        for table in sheet.tables:
            self._table(table)
        return self._top + m.margin

    def _paragraph(self, text: str, font: Lettering, colour: str, most: int) -> None:
        room = self._m.width - 2 * self._m.margin
        for line in font.lines(text, room, most):
            self._write((self._m.margin, self._top), line, font, colour)
            self._top += font.line_height
        self._top += self._m.gap // 2

    def _table(self, table: SheetTable) -> None:
        m = self._m
        self._top += m.gap
        if table.title:
            self._paragraph(table.title, m.heading, INK, _LINES["label"])
        if table.columns:
            labels = [m.text.lines(label, m.cell, _LINES["label"]) for label in table.columns]
            bottom = self._top + max(map(len, labels)) * m.text.line_height
            for number, lines in enumerate(labels):
                top = bottom - len(lines) * m.text.line_height
                self._block(self._left(number), top, m.cell, lines, INK)
            self._top = bottom + m.gap // 2
        for row in table.rows:
            self._row(row)

    def _left(self, column: int) -> int:
        m = self._m
        return m.margin + m.labels + column * (m.cell + m.gap)

    def _row(self, row: SheetRow) -> None:
        m = self._m
        cells = [cell for cell in row.cells if cell is not None]
        above = max((len(self._label(cell)) for cell in cells), default=0) * m.text.line_height
        below = m.text.line_height if any(cell.mark for cell in cells) else 0
        height = max((self._height(cell) for cell in cells), default=0)
        label = m.text.lines(row.label, m.labels - m.gap, _LINES["reason"])
        height = max(height, len(label) * m.text.line_height)
        middle = self._top + above + (height - len(label) * m.text.line_height) // 2
        self._block(m.margin, middle, m.labels, label, INK, centred=False)
        for number, cell in enumerate(row.cells):
            if cell is not None:
                self._block(self._left(number), self._top, m.cell, self._label(cell), INK)
                self._cell(cell, (self._left(number), self._top + above), height)
        self._top += above + height + below + m.gap

    def _label(self, cell: SheetCell) -> list[str]:
        return self._m.text.lines(cell.label, self._m.cell, _LINES["label"])

    def _height(self, cell: SheetCell) -> int:
        m = self._m
        if not cell.pictures:
            return max(round(m.picture * 0.6), (len(self._reason(cell)) + 2) * m.text.line_height)
        return max(self._fitted(picture)[1] for picture in cell.pictures) + 2 * m.edge

    def _fitted(self, picture: Image | Blank) -> tuple[int, int]:
        return fitted_size((picture.width, picture.height), self._m.picture)

    def _reason(self, cell: SheetCell) -> list[str]:
        room = self._m.cell - 2 * self._m.gap
        return [
            *self._m.text.lines(cell.words[0], room, _LINES["label"]),
            *self._m.text.lines(cell.words[1], room, _LINES["reason"]),
        ]

    def _cell(self, cell: SheetCell, at: tuple[int, int], height: int) -> None:
        """Draw the pictures of a cell, or its words."""
        m = self._m
        left, top = at
        if not cell.pictures:
            self._box(at, (m.cell, height), FACE, LINE)
            lines = self._reason(cell)
            self._block(left, top + (height - len(lines) * m.text.line_height) // 2, m.cell, lines, INK)
            return
        sizes = [self._fitted(picture) for picture in cell.pictures]
        across = sum(width for width, _ in sizes) + 2 * (len(sizes) - 1)
        tall = max(high for _, high in sizes)
        x, y = left + (m.cell - across) // 2, top + (height - tall) // 2
        if cell.mark:
            frame = (x - m.edge, y - m.edge), (across + 2 * m.edge, tall + 2 * m.edge)
            self._box(*frame, STAR if cell.mark == "starred" else LINE, None)
            self._block(left, y + tall + m.edge, m.cell, [cell.mark], INK)
        for picture, size in zip(cell.pictures, sizes, strict=True):
            self._picture(picture, (x, y), size, is_faded=cell.mark == "rejected")
            x += size[0] + 2

    # --- what is drawn ------------------------------------------------------------------------------

    def _picture(self, picture: Image | Blank, at: tuple[int, int], size: tuple[int, int], *, is_faded: bool) -> None:
        self.slots.append(Slot(*at, *size))
        if self._page is None or isinstance(picture, Blank):
            return
        from PIL import Image  # loads Pillow

        small = resized(picture, size)
        if is_faded:
            small = Image.blend(small.convert("RGB"), Image.new("RGB", size, PAPER), 0.5)
        self._page.paste(small, at)

    def _box(self, at: tuple[int, int], size: tuple[int, int], fill: str, line: str | None) -> None:
        if self._pen is not None:
            corner = at[0] + size[0] - 1, at[1] + size[1] - 1
            self._pen.rectangle((*at, *corner), fill=fill, outline=line)

    def _block(
        self, left: int, top: int, width: int, lines: Sequence[str], colour: str, *, centred: bool = True
    ) -> None:
        """Draw lines below each other."""
        font = self._m.text
        for number, line in enumerate(lines):
            indent = (width - font.length(line)) / 2 if centred else 0
            self._write((left + max(0, round(indent)), top + number * font.line_height), line, font, colour)

    def _write(self, at: tuple[int, int], line: str, font: Lettering, colour: str) -> None:
        if self._pen is not None:
            font.write(self._pen, at, line, colour)
