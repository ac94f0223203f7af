"""Turns the cells of a terminal's screen into what Textual draws. Does not know where the cells come from."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from tutor.shell.cells import CellStyle, Colour, Cursor, CursorShape, Run, Underline

_MOST_STYLES = 4096
_JOINER = "\u200d"
_WIDENING = {ord(_JOINER): None, 0xFE0E: None, 0xFE0F: None}


class RowStyles:
    """Styles as Rich has them, made once each."""

    def __init__(self) -> None:
        self._known: dict[CellStyle, Style] = {}

    def strip(self, runs: Iterable[Run]) -> Strip:
        """A row."""
        segments: list[Segment] = []
        width = 0
        for run in runs:
            text = run.text
            if not text.isascii():
                text = _in_cells(text, run.cells)
            segments.append(Segment(text, self.style(run.style)))
            width += run.cells
        return Strip(segments, width)

    def style(self, style: CellStyle) -> Style:
        """A style."""
        known = self._known.get(style)
        if known is None:
            if len(self._known) >= _MOST_STYLES:
                self._known.clear()
            known = self._known[style] = Style(
                color=_rich(style.foreground),
                bgcolor=_rich(style.background),
                bold=style.bold or None,
                dim=style.faint or None,
                italic=style.italic or None,
                underline=bool(style.underline or style.linked) or None,
                underline2=style.underline is Underline.DOUBLE or None,
                blink=style.blink or None,
                reverse=style.inverse or None,
                conceal=style.invisible or None,
                strike=style.strike or None,
                overline=style.overline or None,
            )
        return known


def with_cursor(strip: Strip, cursor: Cursor, *, focused: bool, base: Style) -> Strip:
    """A row with the cursor in it: an outline of it where the keys go elsewhere."""
    end = cursor.x + max(1, cell_len(strip.crop(cursor.x, cursor.x + 2).text[:1]))
    cells = list(strip.crop(cursor.x, end)) or [Segment(" ", base)]
    look = Style(underline=True)
    if focused and cursor.shape is not CursorShape.UNDERLINE:
        # Whatever is under it is reversed already, or not.
        look = Style(reverse=not (cells[0].style is not None and cells[0].style.reverse))
    return with_style(strip, cursor.x, end, look, base)


def with_style(strip: Strip, begin: int, end: int, look: Style, base: Style) -> Strip:
    """A row with some of its cells, up to before `end`, in another style."""
    cells = list(strip.crop(begin, end)) or [Segment(" ", base)]
    drawn = Strip([Segment(cell.text, (cell.style or base) + look) for cell in cells])
    return Strip.join([strip.crop(0, begin), drawn, strip.crop(end)])


def with_matches(strip: Strip, pattern: re.Pattern[str], look: Style, base: Style) -> Strip:
    """A row with what was searched for."""
    text = strip.text
    for found in pattern.finditer(text):
        begin = cell_len(text[: found.start()])
        strip = with_style(strip, begin, begin + cell_len(found[0]), look, base)
    return strip


def with_label(strip: Strip, label: str, begin: int, look: Style) -> Strip:
    """A row with a label over it, from a cell on."""
    over = Strip([Segment(label, look)])
    return Strip.join([strip.crop(0, begin), over, strip.crop(begin + over.cell_length)])


def regions(rows: Iterable[int], columns: int) -> list[Region]:
    """Rows as few regions: neighbours become one."""
    found: list[Region] = []
    for y in sorted(rows):
        if found and found[-1].bottom == y:
            found[-1] = Region(0, found[-1].y, columns, found[-1].height + 1)
        else:
            found.append(Region(0, y, columns, 1))
    return found


def _in_cells(text: str, cells: int) -> str:
    """Text that Rich finds as wide as the screen does: the rest of the row must stay in its place."""
    text = text.removesuffix(_JOINER)  # whatever comes next has cells of its own
    if cell_len(text) != cells:
        text = set_cell_size(text.translate(_WIDENING), cells)
    return text


def _rich(colour: Colour) -> str | None:
    if colour is None:
        return None
    return f"color({colour})" if isinstance(colour, int) else "rgb({},{},{})".format(*colour)
