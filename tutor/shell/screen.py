"""The screen that a terminal's output draws: rows of styled text, a cursor, modes, and replies to what programs ask.

A small interface of our own over libghostty-vt, so that it can be exchanged. Does not know who shows the rows.

Loading it takes 125 ms: import this module after the first paint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from pyghostty import GhosttyError, Terminal, ffi, lib
from pyghostty._ffi import union_fn

from tutor.errors import ShellError
from tutor.shell.cells import PLAIN, CellStyle, Colour, Cursor, CursorShape, Mouse, Run

_SCROLLBACK_LINES = 5000
_MOST_CACHED = 50_000
_GRAPHEME = 16
_APPLICATION_CURSOR, _BRACKETED_PASTE, _FOCUS_EVENTS = 1, 2004, 1004
_SGR_MOUSE = 1006

_SCROLL_SIGNATURE = "void(*)(GhosttyTerminal, TutorScroll)"
ffi.cdef("typedef struct { int tag; intptr_t delta; uint64_t pad; } TutorScroll;", override=True)


_SHAPES = {
    lib.GHOSTTY_RENDER_STATE_CURSOR_VISUAL_STYLE_BAR: CursorShape.BAR,
    lib.GHOSTTY_RENDER_STATE_CURSOR_VISUAL_STYLE_UNDERLINE: CursorShape.UNDERLINE,
}


class Screen:
    """One terminal's screen."""

    def __init__(self, columns: int, rows: int, reply: Callable[[bytes], None]) -> None:
        """Make an empty screen.

        Args:
            columns: its width in cells.
            rows: its height.
            reply: is given what the terminal answers to a program's questions (cursor position, attributes ...).
        """
        self.columns, self.rows = columns, rows
        self._terminal = Terminal(columns, rows, scrollback=_SCROLLBACK_LINES)
        self._terminal.on_reply(reply)
        self._handle = self._terminal._t[0]
        self._state = _made("GhosttyRenderState*", lib.ghostty_render_state_new, lib.ghostty_render_state_free)
        self._row = _made(
            "GhosttyRenderStateRowIterator*",
            lib.ghostty_render_state_row_iterator_new,
            lib.ghostty_render_state_row_iterator_free,
        )
        self._cells = _made(
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
        self._known_cells: dict[int, tuple[str, int, bool]] = {}
        self._known_styles: dict[bytes, CellStyle] = {}

    def on_reply(self, reply: Callable[[bytes], None]) -> None:
        """Give answers to `reply` from now on."""
        self._terminal.on_reply(reply)

    def feed(self, output: bytes) -> None:
        """Take output in.

        Raises:
            ShellError: the screen core failed. What runs in the terminal is none the worse.
        """
        with _reported():
            self._terminal.feed(output)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; the text flows anew.

        Raises:
            ShellError: the screen core failed.
        """
        with _reported():
            self._terminal.resize(columns, rows)
        self.columns, self.rows = columns, rows

    def scroll(self, lines: int) -> None:
        """Look further up (negative) or down in what has scrolled away."""
        self._scroll_to(lib.GHOSTTY_SCROLL_VIEWPORT_DELTA, lines)

    def scroll_to_end(self) -> None:
        """Look at the present again."""
        self._scroll_to(lib.GHOSTTY_SCROLL_VIEWPORT_BOTTOM, 0)

    @property
    def application_cursor(self) -> bool:
        """Whether cursor keys are to be sent as ESC O (DECCKM)."""
        return self._has(_APPLICATION_CURSOR)

    @property
    def bracketed_paste(self) -> bool:
        """Whether the program wants to be told what was pasted."""
        return self._has(_BRACKETED_PASTE)

    @property
    def wants_focus(self) -> bool:
        """Whether the program asks to be told of the focus."""
        return self._has(_FOCUS_EVENTS)

    @property
    def mouse(self) -> Mouse:
        """Which mouse events the program asks for. Only the SGR form counts: what asks for mouse today asks for it."""
        if not self._has(_SGR_MOUSE):
            return Mouse.NONE
        return max((kind for kind in Mouse if kind and self._has(kind)), default=Mouse.NONE)

    @property
    def is_alternate(self) -> bool:
        """Whether a full-screen program has the screen."""
        return bool(self._terminal.get("active_screen", "int") == lib.GHOSTTY_TERMINAL_SCREEN_ALTERNATE)

    @property
    def title(self) -> str:
        """What the program calls its window; empty at first."""
        title = self._terminal.get("title", "GhosttyString")
        return bytes(ffi.buffer(title.ptr, title.len)).decode(errors="replace") if title.len else ""

    def text(self) -> str:
        """The visible screen as plain text."""
        return str(self._terminal.text())

    def changed_rows(self, also: Iterable[int] = ()) -> tuple[dict[int, tuple[Run, ...]], Cursor | None]:
        """The rows that have changed since the last call, and those in `also`; and the cursor, None while it is hidden.

        Raises:
            ShellError: the screen core failed.
        """
        state = self._state[0]
        if lib.ghostty_render_state_update(state, self._handle):
            raise _broken("no memory for its rows")
        lib.ghostty_render_state_get(state, lib.GHOSTTY_RENDER_STATE_DATA_ROW_ITERATOR, self._row)
        lib.ghostty_render_state_get(state, lib.GHOSTTY_RENDER_STATE_DATA_DIRTY, self._dirty)
        wanted = frozenset(also)
        if self._dirty[0] == lib.GHOSTTY_RENDER_STATE_DIRTY_FULL:
            wanted = frozenset(range(self.rows))
        rows = {y: self._runs() for y in self._walk(wanted)} if self._dirty[0] or wanted else {}
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
        return Cursor(int(cursor.viewport_x) - int(cursor.wide_tail), int(cursor.viewport_y), shape)

    def _has(self, mode: int) -> bool:
        return bool(self._terminal.mode(mode))

    def _scroll_to(self, tag: int, lines: int) -> None:
        # The library takes a tagged union by value, which ABI-mode cffi can't pass: a struct of the same layout can be.
        call = union_fn("ghostty_terminal_scroll_viewport", _SCROLL_SIGNATURE)
        behaviour = ffi.new("TutorScroll*", {"tag": tag, "delta": lines})
        call(self._handle, behaviour[0])

    def _runs(self) -> tuple[Run, ...]:
        """The present row of the iterator."""
        lib.ghostty_render_state_row_get(self._row[0], lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS_RAW, self._view)
        raw = memoryview(ffi.buffer(self._view.ptr, self._view.len * 8)).cast("B").cast("Q")
        runs: list[Run] = []
        text: list[str] = []
        style, style_of = PLAIN, 0
        styled = False
        for x, value in enumerate(raw):
            known = self._known_cells.get(value)
            if known is None:
                known = self._decode(value)
            character, key, special = known
            if special or key != style_of or (key and not text):
                if not styled:
                    lib.ghostty_render_state_row_get(self._row[0], lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS, self._cells)
                    styled = True
                if text:
                    runs.append(Run("".join(text), style, len(text)))
                    text = []
                style, style_of = (self._style_at(x, value) if key or special else PLAIN), key
                if special and character == "":
                    character = self._grapheme_at(x)
            text.append(character)
        if text:
            runs.append(Run("".join(text), style, len(text)))
        return tuple(runs)

    def _decode(self, value: int) -> tuple[str, int, bool]:
        """A raw cell: its character, a key that differs where styles do, and whether it needs a closer look."""
        number = ffi.new("int*")
        lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_CONTENT_TAG, number)
        tag = number[0]
        lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_WIDE, number)
        width = number[0]
        short = ffi.new("uint16_t*")
        lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_STYLE_ID, short)
        if width == lib.GHOSTTY_CELL_WIDE_SPACER_TAIL:
            # The second half of a wide character: it takes no text, and the style of the first half.
            decoded = ("", int(short[0]), False)
        elif tag == lib.GHOSTTY_CELL_CONTENT_CODEPOINT:
            point = ffi.new("uint32_t*")
            lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_CODEPOINT, point)
            decoded = (chr(point[0]) if point[0] else " ", int(short[0]), False)
        elif tag == lib.GHOSTTY_CELL_CONTENT_CODEPOINT_GRAPHEME:
            decoded = ("", int(short[0]), True)
        else:
            decoded = (" ", -value, False)
        if len(self._known_cells) > _MOST_CACHED:
            self._known_cells.clear()
        self._known_cells[value] = decoded
        return decoded

    def _grapheme_at(self, x: int) -> str:
        """The character and its combining marks in a cell."""
        length = ffi.new("uint32_t*")
        cells = self._cells[0]
        lib.ghostty_render_state_row_cells_select(cells, x)
        lib.ghostty_render_state_row_cells_get(cells, lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_LEN, length)
        points = ffi.new("uint32_t[]", max(_GRAPHEME, length[0]))
        lib.ghostty_render_state_row_cells_get(cells, lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_BUF, points)
        return "".join(chr(point) for point in points[0 : length[0]]) or " "

    def _style_at(self, x: int, value: int) -> CellStyle:
        number = ffi.new("int*")
        lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_CONTENT_TAG, number)
        if number[0] == lib.GHOSTTY_CELL_CONTENT_BG_COLOR_PALETTE:
            index = ffi.new("uint8_t*")
            lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_COLOR_PALETTE, index)
            return CellStyle(background=int(index[0]))
        if number[0] == lib.GHOSTTY_CELL_CONTENT_BG_COLOR_RGB:
            colour = ffi.new("GhosttyColorRgb*")
            lib.ghostty_cell_get(value, lib.GHOSTTY_CELL_DATA_COLOR_RGB, colour)
            return CellStyle(background=(colour.r, colour.g, colour.b))
        cells = self._cells[0]
        lib.ghostty_render_state_row_cells_select(cells, x)
        lib.ghostty_render_state_row_cells_get(cells, lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_STYLE, self._style)
        # Ids of styles are used again for other styles, so what is remembered goes by the style's own bytes.
        key = bytes(self._style_bytes)
        style = self._known_styles.get(key)
        if style is None:
            if len(self._known_styles) > _MOST_CACHED:
                self._known_styles.clear()
            style = self._known_styles[key] = self._read_style()
        return style

    def _read_style(self) -> CellStyle:
        raw = self._style
        return CellStyle(
            _colour(raw.fg_color),
            _colour(raw.bg_color),
            bool(raw.bold),
            bool(raw.faint),
            bool(raw.italic),
            bool(raw.underline),
            bool(raw.blink),
            bool(raw.inverse),
            bool(raw.invisible),
            bool(raw.strikethrough),
            bool(raw.overline),
        )


@contextmanager
def _reported() -> Iterator[None]:
    """What the library calls an error becomes ours."""
    try:
        yield
    except GhosttyError as error:
        raise _broken(str(error)) from error


def _broken(why: str) -> ShellError:
    return ShellError(f"the screen could not be drawn: {why}", hint="your shell goes on; a new screen may do better")


def _colour(raw: ffi.CData) -> Colour:
    if raw.tag == lib.GHOSTTY_STYLE_COLOR_PALETTE:
        return int(raw.value.palette)
    if raw.tag == lib.GHOSTTY_STYLE_COLOR_RGB:
        return (raw.value.rgb.r, raw.value.rgb.g, raw.value.rgb.b)
    return None


def _made(kind: str, make: Callable[..., int], free: Callable[..., None]) -> ffi.CData:
    """A native object behind a pointer, freed with the pointer."""
    pointer = ffi.gc(ffi.new(kind), lambda made: free(made[0]))
    if make(ffi.NULL, pointer):
        raise ShellError("the screen could not be made", hint="is there memory left?")
    return pointer
