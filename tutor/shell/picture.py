"""Reads what a terminal shows: the rows that have changed, as runs of one style, and the cursor.

Does not know what made them change, nor who draws them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import compress
from operator import ne, sub
from typing import cast

from tutor.shell.cell_layout import RowReader
from tutor.shell.cells import PLAIN, CellStyle, Colour, Cursor, CursorShape, Run, Underline
from tutor.shell.native import broken, ffi, lib, made
from tutor.shell.palette import Palette
from tutor.shell.widths import is_disputed

_MOST_CACHED = 50_000
_MOST_STYLES = 4096
_GRAPHEME = 16
_LINKED = 1 << 16

_select_cell, _get_of_cell = lib.ghostty_render_state_row_cells_select, lib.ghostty_render_state_row_cells_get
_run = partial(tuple.__new__, Run)
_STYLE = lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_STYLE

_SHAPES = {
    lib.GHOSTTY_RENDER_STATE_CURSOR_VISUAL_STYLE_BAR: CursorShape.BAR,
    lib.GHOSTTY_RENDER_STATE_CURSOR_VISUAL_STYLE_UNDERLINE: CursorShape.UNDERLINE,
}


class Picture:
    """The picture of one terminal."""

    def __init__(self, terminal: ffi.CData) -> None:
        """Begin with nothing seen.

        Args:
            terminal: the native terminal; must live as long as the picture is asked.
        """
        self._terminal = terminal
        self._state = made("GhosttyRenderState*", lib.ghostty_render_state_new, lib.ghostty_render_state_free)
        self._row = made(
            "GhosttyRenderStateRowIterator*",
            lib.ghostty_render_state_row_iterator_new,
            lib.ghostty_render_state_row_iterator_free,
        )
        self._cells = made(
            "GhosttyRenderStateRowCells*",
            lib.ghostty_render_state_row_cells_new,
            lib.ghostty_render_state_row_cells_free,
        )
        self._view = ffi.new("GhosttyCellsView*")
        self._reader = RowReader(0)
        self._row_id = ffi.new("GhosttyRenderStateRowId*")
        self._page: int | None = None
        self._of_page: dict[int, CellStyle] = {}
        self._style = ffi.new("GhosttyStyle*")
        self._style.size = ffi.sizeof("GhosttyStyle")
        self._style_bytes = ffi.buffer(self._style)
        self._cursor = ffi.new("GhosttyRenderStateCursor*")
        self._cursor.size = ffi.sizeof("GhosttyRenderStateCursor")
        self._dirty = ffi.new("GhosttyRenderStateDirty*")
        self._row_number, self._flag = ffi.new("uint16_t*"), ffi.new("bool*")
        self._characters: dict[int, str | None] = {}
        self._keys: dict[int, int] = {}
        self._styles: dict[bytes, CellStyle] = {}
        self._linked_styles: dict[bytes, CellStyle] = {}
        self._palette = Palette(terminal)
        self._selection = ffi.new("GhosttyRenderStateRowSelection*")
        self._selection.size = ffi.sizeof("GhosttyRenderStateRowSelection")
        self.selected: dict[int, tuple[int, int]] = {}
        """The first and the last selected cell of rows."""

    def changed_rows(self, height: int, also: Iterable[int] = ()) -> tuple[dict[int, tuple[Run, ...]], Cursor | None]:
        """The rows that have changed since the last call, and those in `also`; and the cursor, None while it is hidden.

        Raises:
            ShellError: the screen core failed.
        """
        state = self._state[0]
        if lib.ghostty_render_state_update(state, self._terminal):
            raise broken("no memory for its rows")
        lib.ghostty_render_state_get(state, lib.GHOSTTY_RENDER_STATE_DATA_ROW_ITERATOR, self._row)
        lib.ghostty_render_state_get(state, lib.GHOSTTY_RENDER_STATE_DATA_DIRTY, self._dirty)
        wanted = frozenset(also)
        if self._dirty[0] == lib.GHOSTTY_RENDER_STATE_DIRTY_FULL:
            wanted = frozenset(range(height))
        rows = {}
        self._page = None
        if self._palette.has_changed():  # then all rows have
            self._styles.clear()
            self._linked_styles.clear()
        if self._dirty[0] or wanted:
            for y in self._walk(wanted):
                rows[y] = self._runs()
                self._note_selection(y)
        lib.ghostty_render_state_clean(state)
        lib.ghostty_render_state_get(state, lib.GHOSTTY_RENDER_STATE_DATA_CURSOR, self._cursor)
        return rows, self._read_cursor()

    def _walk(self, wanted: frozenset[int]) -> Iterator[int]:
        """Move the row iterator to each row that is dirty or wanted."""
        row = self._row[0]
        if not wanted:
            while lib.ghostty_render_state_row_iterator_next_dirty(row, self._row_number):
                yield int(self._row_number[0])
            return
        y = -1
        while lib.ghostty_render_state_row_iterator_next(row):
            y += 1
            lib.ghostty_render_state_row_get(row, lib.GHOSTTY_RENDER_STATE_ROW_DATA_DIRTY, self._flag)
            if self._flag[0] or y in wanted:
                yield y

    def _read_cursor(self) -> Cursor | None:
        cursor = self._cursor
        if not (cursor.visible and cursor.viewport_has_value):
            return None
        shape = _SHAPES.get(cursor.visual_style, CursorShape.BLOCK)
        x = int(cursor.viewport_x) - int(cursor.wide_tail)
        return Cursor(x, int(cursor.viewport_y), shape, blinking=bool(cursor.blinking))

    def _runs(self) -> tuple[Run, ...]:
        """The present row of the iterator."""
        view = self._view
        lib.ghostty_render_state_row_get(self._row[0], lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS_RAW, view)
        if self._reader.columns != view.len:
            self._reader = RowReader(view.len)
        text, keys = self._reader.read(view.ptr) or self._read_oddities(ffi.unpack(view.ptr, view.len))
        cells = len(keys)
        starts = [0, *compress(range(1, cells), map(ne, keys, keys[1:]))]
        whole = "".join(text)
        if is_disputed(whole):
            starts = sorted({*starts, *_disputed_cells(text)})
        elif len(starts) == 1 and not keys[0]:
            return (Run(whole, PLAIN, cells),)
        ends = [*starts[1:], cells]
        parts = [text[start:end] for start, end in zip(starts, ends, strict=True)]
        texts = cast("list[str]", parts) if isinstance(text, str) else map("".join, parts)
        return tuple(map(_run, zip(texts, self._styles_at(starts, keys), map(sub, ends, starts), strict=True)))

    def _styles_at(self, starts: list[int], keys: list[int]) -> list[CellStyle]:
        """The styles of some cells of the present row.

        Args:
            starts: which cells.
            keys: the keys of all.
        """
        # A style's number means the same in all rows of a page, while nothing is printed. The first half of what the
        # library has rows told apart by tells pages apart.
        lib.ghostty_render_state_row_get(self._row[0], lib.GHOSTTY_RENDER_STATE_ROW_DATA_ID, self._row_id)
        page = self._row_id.bits[0]
        if page != self._page:
            self._page, self._of_page = page, {0: PLAIN}
        styles = self._of_page
        wanted = [keys[x] for x in starts]
        missing = {key: x for key, x in zip(wanted, starts, strict=True) if key not in styles}
        if missing:
            self._select_row()
            for key, x in missing.items():
                styles[key] = self._style_at(x, linked=key >= _LINKED) if key > 0 else self._background(-key)
        return [styles[key] for key in wanted]

    def _read_oddities(self, raw: list[int]) -> tuple[list[str], list[int]]:
        """The texts and the keys of cells of any kind."""
        # What a raw cell means comes out of dictionaries: one call a row is much faster than a loop over its cells.
        try:
            characters = list(map(self._characters.__getitem__, raw))
        except KeyError:
            self._learn(raw)
            characters = list(map(self._characters.__getitem__, raw))
        if None in characters:
            self._select_row()
            characters = [self._composed_at(x) if text is None else text for x, text in enumerate(characters)]
        return cast("list[str]", characters), list(map(self._keys.__getitem__, raw))

    def _select_row(self) -> None:
        """Let the cells of the present row be asked for one by one."""
        lib.ghostty_render_state_row_get(self._row[0], lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS, self._cells)

    def _note_selection(self, y: int) -> None:
        if lib.ghostty_render_state_row_get(self._row[0], lib.GHOSTTY_RENDER_STATE_ROW_DATA_SELECTION, self._selection):
            self.selected.pop(y, None)
        else:
            self.selected[y] = int(self._selection.start_x), int(self._selection.end_x)

    def _learn(self, raw: Iterable[int]) -> None:
        """Find out what cells mean."""
        if len(self._characters) > _MOST_CACHED:
            self._characters.clear()
            self._keys.clear()
        decode = _decoder()
        for value in set(raw) - self._characters.keys():
            self._characters[value], self._keys[value] = decode(value)

    def _composed_at(self, x: int) -> str:
        """The character and its combining marks in a cell."""
        length = ffi.new("uint32_t*")
        cells = self._cells[0]
        lib.ghostty_render_state_row_cells_select(cells, x)
        lib.ghostty_render_state_row_cells_get(cells, lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_LEN, length)
        points = ffi.new("uint32_t[]", max(_GRAPHEME, length[0]))
        lib.ghostty_render_state_row_cells_get(cells, lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_BUF, points)
        return "".join(chr(point) for point in points[0 : length[0]]) or " "

    def _style_at(self, x: int, *, linked: bool) -> CellStyle:
        cells = self._cells[0]
        _select_cell(cells, x)
        _get_of_cell(cells, _STYLE, self._style)
        # Ids of styles are used again for other styles, so what is remembered goes by the style's own bytes.
        key = self._style_bytes[:]
        known = self._linked_styles if linked else self._styles
        style = known.get(key)
        if style is None:
            if len(known) >= _MOST_STYLES:
                known.clear()
            style = known[key] = self._read_style(self._style, linked=linked)
        return style

    def _background(self, value: int) -> CellStyle:
        """The style of a raw cell that has nothing but a background."""
        number = ffi.new("int*")
        lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_CONTENT_TAG, number)
        if number[0] == lib.GHOSTTY_CELL_CONTENT_BG_COLOR_PALETTE:
            index = ffi.new("uint8_t*")
            lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_COLOR_PALETTE, index)
            return CellStyle(background=self._palette.shown(index[0]))
        colour = ffi.new("GhosttyColorRgb*")
        lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_COLOR_RGB, colour)
        return CellStyle(background=(colour.r, colour.g, colour.b))

    def _read_style(self, raw: ffi.CData, *, linked: bool) -> CellStyle:
        return CellStyle(
            self._colour(raw.fg_color),
            self._colour(raw.bg_color),
            bool(raw.bold),
            bool(raw.faint),
            bool(raw.italic),
            Underline(raw.underline),
            bool(raw.blink),
            bool(raw.inverse),
            bool(raw.invisible),
            bool(raw.strikethrough),
            bool(raw.overline),
            linked,
        )

    def _colour(self, raw: ffi.CData) -> Colour:
        if raw.tag == lib.GHOSTTY_STYLE_COLOR_PALETTE:
            return self._palette.shown(raw.value.palette)
        if raw.tag == lib.GHOSTTY_STYLE_COLOR_RGB:
            return (raw.value.rgb.r, raw.value.rgb.g, raw.value.rgb.b)
        return None


def _disputed_cells(texts: Sequence[str]) -> Iterator[int]:
    """Where cells with disputed characters begin, and where the cells behind them do: each is a run of its own."""
    disputed = {text for text in set(texts) if is_disputed(text)}
    for x in [x for x, text in enumerate(texts) if text in disputed]:
        yield x
        end = next((end for end in range(x + 1, len(texts)) if texts[end]), None)
        if end is not None:
            yield end


def _decoder() -> Callable[[int], tuple[str | None, int]]:
    """What tells of a raw cell its character, and a key that differs where styles do.

    The character is None where there are several code points, and empty in the second half of a wide one, whose style
    is that of the first. The key of a cell that has nothing but a background is the cell itself, negative.
    """
    answers = {
        lib.GHOSTTY_CELL_DATA_CONTENT_TAG: ffi.new("int*"),
        lib.GHOSTTY_CELL_DATA_WIDE: ffi.new("int*"),
        lib.GHOSTTY_CELL_DATA_STYLE_ID: ffi.new("uint16_t*"),
        lib.GHOSTTY_CELL_DATA_HAS_HYPERLINK: ffi.new("bool*"),
        lib.GHOSTTY_CELL_DATA_CODEPOINT: ffi.new("uint32_t*"),
    }
    places = list(answers.values())
    asked, outs = ffi.new("GhosttyCellData[]", list(answers)), ffi.new("void*[]", places)

    def decode(value: int) -> tuple[str | None, int]:
        lib.ghostty_cell_get_multi(value, len(places), asked, outs, ffi.NULL)
        tag, wide, style, linked, point = (place[0] for place in places)
        key = int(style) | (_LINKED if linked else 0)
        if wide == lib.GHOSTTY_CELL_WIDE_SPACER_TAIL:
            return "", key
        if tag == lib.GHOSTTY_CELL_CONTENT_CODEPOINT:
            return (chr(point) if point else " "), key
        if tag == lib.GHOSTTY_CELL_CONTENT_CODEPOINT_GRAPHEME:
            return None, key
        return " ", -value

    return decode
