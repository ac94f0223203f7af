"""Reads what a terminal shows: the rows that have changed, as runs of one style, and the cursor.

Does not know what made them change, nor who draws them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import cast

from tutor.shell.cells import PLAIN, CellStyle, Colour, Cursor, CursorShape, Run, Underline
from tutor.shell.native import broken, ffi, lib, made

_MOST_CACHED = 50_000
_MOST_STYLES = 4096
_GRAPHEME = 16
_LINKED = 1 << 16

_select_cell, _get_of_cell = lib.ghostty_render_state_row_cells_select, lib.ghostty_render_state_row_cells_get
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
        row = self._row[0]
        lib.ghostty_render_state_row_get(row, lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS_RAW, self._view)
        raw = ffi.unpack(self._view.ptr, self._view.len)
        # What a raw cell means comes out of dictionaries: one call a row is much faster than a loop over its cells.
        try:
            characters = list(map(self._characters.__getitem__, raw))
        except KeyError:
            self._learn(raw)
            characters = list(map(self._characters.__getitem__, raw))
        keys = list(map(self._keys.__getitem__, raw))
        if None in characters:
            self._select_row()
            texts = [self._composed_at(x) if text is None else text for x, text in enumerate(characters)]
        else:
            texts = cast("list[str]", characters)
        if not any(keys):
            return (Run("".join(texts), PLAIN, len(texts)),)
        self._select_row()
        styles: dict[int, CellStyle] = {0: PLAIN}
        runs: list[Run] = []
        x = 0
        for key, cells in groupby(keys):
            end = x + len(tuple(cells))
            style = styles.get(key)
            if style is None:
                style = styles[key] = self._style_at(x, linked=key >= _LINKED) if key > 0 else _background(-key)
            runs.append(Run("".join(texts[x:end]), style, end - x))
            x = end
        return tuple(runs)

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
        for value in set(raw) - self._characters.keys():
            self._characters[value], self._keys[value] = _decode(value)

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
            style = known[key] = _read_style(self._style, linked=linked)
        return style


def _decode(value: int) -> tuple[str | None, int]:
    """A raw cell: its character, and a key that differs where styles do.

    The character is None where there are several code points, and empty in the second half of a wide one, whose style
    is that of the first. The key of a cell that has nothing but a background is the cell itself, negative.
    """
    number, style, linked = ffi.new("int*"), ffi.new("uint16_t*"), ffi.new("bool*")
    lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_CONTENT_TAG, number)
    tag = number[0]
    lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_WIDE, number)
    lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_STYLE_ID, style)
    lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_HAS_HYPERLINK, linked)
    key = int(style[0]) | (_LINKED if linked[0] else 0)
    if number[0] == lib.GHOSTTY_CELL_WIDE_SPACER_TAIL:
        return "", key
    if tag == lib.GHOSTTY_CELL_CONTENT_CODEPOINT:
        point = ffi.new("uint32_t*")
        lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_CODEPOINT, point)
        return (chr(point[0]) if point[0] else " "), key
    if tag == lib.GHOSTTY_CELL_CONTENT_CODEPOINT_GRAPHEME:
        return None, key
    return " ", -value


def _background(value: int) -> CellStyle:
    """The style of a raw cell that has nothing but a background."""
    number = ffi.new("int*")
    lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_CONTENT_TAG, number)
    if number[0] == lib.GHOSTTY_CELL_CONTENT_BG_COLOR_PALETTE:
        index = ffi.new("uint8_t*")
        lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_COLOR_PALETTE, index)
        return CellStyle(background=int(index[0]))
    colour = ffi.new("GhosttyColorRgb*")
    lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_COLOR_RGB, colour)
    return CellStyle(background=(colour.r, colour.g, colour.b))


def _read_style(raw: ffi.CData, *, linked: bool) -> CellStyle:
    return CellStyle(
        _colour(raw.fg_color),
        _colour(raw.bg_color),
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


def _colour(raw: ffi.CData) -> Colour:
    if raw.tag == lib.GHOSTTY_STYLE_COLOR_PALETTE:
        return int(raw.value.palette)
    if raw.tag == lib.GHOSTTY_STYLE_COLOR_RGB:
        return (raw.value.rgb.r, raw.value.rgb.g, raw.value.rgb.b)
    return None
