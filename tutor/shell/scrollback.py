"""What a terminal has printed and scrolled away: where one looks, its text, what is selected in it, where prompts are.

Rows are counted from the oldest that is kept, unless they are said to be those of the view. Does not know keys or mice.
"""

from __future__ import annotations

from dataclasses import dataclass

from tutor.shell.native import GhosttyError, ffi, init_sized, lib, reported, union_fn

_SCROLL_SIGNATURE = "void(*)(GhosttyTerminal, TutorScroll)"
ffi.cdef("typedef struct { int tag; intptr_t delta; uint64_t pad; } TutorScroll;", override=True)
_TRACK_SIGNATURE = "GhosttyResult(*)(GhosttyTerminal, GhosttyPointS, GhosttyTrackedGridRef*)"
_LONGEST_LINK = 8192


@dataclass(frozen=True, slots=True)
class View:
    """Which part of the whole is looked at."""

    total: int
    """Rows that there are."""
    first: int
    """The uppermost row that is shown."""
    rows: int
    """How many are shown."""

    @property
    def back(self) -> int:
        """How many rows one has scrolled up."""
        return max(0, self.total - self.rows - self.first)


class Scrollback:
    """The rows of one terminal."""

    def __init__(self, terminal: ffi.CData) -> None:
        """Look at the present.

        Args:
            terminal: pyghostty's terminal.
        """
        self._terminal = terminal
        self._handle = terminal._t[0]
        self._anchor: ffi.CData | None = None
        self._held: ffi.CData | None = None

    # Where one looks

    @property
    def view(self) -> View:
        """What is looked at."""
        bar = self._terminal.get("scrollbar", "GhosttyTerminalScrollbar")
        return View(int(bar.total), int(bar.offset), int(bar.len))

    def scroll(self, lines: int) -> None:
        """Look further up (negative) or down."""
        self._scroll_to(lib.GHOSTTY_SCROLL_VIEWPORT_DELTA, lines)

    def scroll_to(self, row: int) -> None:
        """Let a row be the uppermost one, as far as there are enough below it."""
        self._scroll_to(lib.GHOSTTY_SCROLL_VIEWPORT_ROW, row)

    def scroll_to_end(self) -> None:
        """Look at the present again."""
        self._scroll_to(lib.GHOSTTY_SCROLL_VIEWPORT_BOTTOM, 0)

    def hold(self) -> None:
        """Remember what is looked at."""
        self._held = self._track(0, 0)

    def keep_hold(self) -> None:
        """Look at that again: where one has not scrolled back, the view goes along with what is printed."""
        if self._held is not None:
            point = ffi.new("GhosttyPointCoordinate*")
            screen = lib.GHOSTTY_POINT_TAG_SCREEN
            if not lib.ghostty_tracked_grid_ref_point(self._held[0], screen, point) and point.y != self.view.first:
                self.scroll_to(int(point.y))

    def let_go(self) -> None:
        """Hold on to nothing."""
        self._held = None

    def _scroll_to(self, tag: int, lines: int) -> None:
        # The library takes a tagged union by value, which ABI-mode cffi can't pass: a struct of the same layout can be.
        call = union_fn("ghostty_terminal_scroll_viewport", _SCROLL_SIGNATURE)
        behaviour = ffi.new("TutorScroll*", {"tag": tag, "delta": lines})
        call(self._handle, behaviour[0])

    # What is there

    def texts(self) -> list[str]:
        """All rows, without the blanks at their ends; empty ones at the very end are left out."""
        everything = init_sized("GhosttySelection")
        if lib.ghostty_terminal_select_all(self._handle, everything):
            return []
        with reported():
            first = self._row_of(everything.start)
            return [""] * first + str(self._terminal._format_sel(everything)).split("\n")

    def prompt_before(self, row: int) -> int | None:
        """The nearest row above that a prompt begins in (OSC 133)."""
        return next((y for y in range(min(row, self.view.total) - 1, -1, -1) if self._has_prompt(y)), None)

    def prompt_after(self, row: int) -> int | None:
        """The nearest row below that a prompt begins in."""
        return next((y for y in range(row + 1, self.view.total) if self._has_prompt(y)), None)

    def link_at(self, x: int, y: int) -> str:
        """The address of the hyperlink in a cell of the view; empty where there is none."""
        buffer, length = ffi.new("uint8_t[]", _LONGEST_LINK), ffi.new("size_t*")
        try:
            cell = self._terminal.ref(x, y, "viewport")
        except GhosttyError:
            return ""
        if lib.ghostty_grid_ref_hyperlink_uri(cell, buffer, _LONGEST_LINK, length):
            return ""
        return bytes(ffi.buffer(buffer, length[0])).decode("utf-8", "replace")

    def _has_prompt(self, row: int) -> bool:
        raw, kind = ffi.new("GhosttyRow*"), ffi.new("int*")
        try:
            cell = self._terminal.ref(0, row, "screen")
        except GhosttyError:
            return False
        lib.ghostty_grid_ref_row(cell, raw)
        lib.ghostty_row_get(raw[0], lib.GHOSTTY_ROW_DATA_SEMANTIC_PROMPT, kind)
        return bool(kind[0] == lib.GHOSTTY_ROW_SEMANTIC_PROMPT)

    def _row_of(self, cell: ffi.CData) -> int:
        point = ffi.new("GhosttyPointCoordinate*")
        found = lib.ghostty_terminal_point_from_grid_ref(
            self._handle, ffi.addressof(cell), lib.GHOSTTY_POINT_TAG_SCREEN, point
        )
        return 0 if found else int(point.y)

    # What is selected

    def anchor(self, x: int, y: int) -> None:
        """Begin to select at a cell of the view; it is remembered wherever output moves it."""
        self.forget()
        self._anchor = self._track(x, y)

    def _track(self, x: int, y: int) -> ffi.CData | None:
        """Something that stays with a cell of the view, wherever it goes."""
        call = union_fn("ghostty_terminal_grid_ref_track", _TRACK_SIGNATURE)
        point = ffi.new("GhosttyPointS*")
        point.tag = lib.GHOSTTY_POINT_TAG_VIEWPORT
        point.value.x, point.value.y = x, y
        terminal = self._terminal  # must outlive what is tracked in it
        found = ffi.new("GhosttyTrackedGridRef*")
        if call(self._handle, point[0], found):
            return None
        return ffi.gc(found, lambda ref, _alive=terminal: lib.ghostty_tracked_grid_ref_free(ref[0]))

    def forget(self) -> None:
        """Select nothing."""
        self._anchor = None
        lib.ghostty_terminal_set(self._handle, lib.GHOSTTY_TERMINAL_OPT_SELECTION, ffi.NULL)

    def select_to(self, x: int, y: int, *, lines: bool = False) -> None:
        """Select from the anchor to a cell of the view, both of them included; with `lines`, whole rows."""
        if self._anchor is None or not lib.ghostty_tracked_grid_ref_has_value(self._anchor[0]):
            return
        selection = init_sized("GhosttySelection")
        begin = ffi.addressof(selection, "start")
        try:
            selection.end = self._terminal.ref(x, y, "viewport")[0]
        except GhosttyError:
            return
        if lib.ghostty_tracked_grid_ref_snapshot(self._anchor[0], begin):
            return
        if lines:
            self._whole_rows(selection)
        self._select(selection)

    def select_word(self, x: int, y: int) -> bool:
        """Select the word at a cell of the view; returns whether there is one."""
        options = init_sized("GhosttyTerminalSelectWordOptions")
        return self._select_around(x, y, options, lib.ghostty_terminal_select_word)

    def select_line(self, x: int, y: int) -> bool:
        """Select the line at a cell of the view, however many rows it fills; returns whether there is one."""
        options = init_sized("GhosttyTerminalSelectLineOptions")
        return self._select_around(x, y, options, lib.ghostty_terminal_select_line)

    def _select_around(self, x: int, y: int, options: ffi.CData, find: ffi.CData) -> bool:
        self.anchor(x, y)
        selection = init_sized("GhosttySelection")
        try:
            options.ref = self._terminal.ref(x, y, "viewport")[0]
        except GhosttyError:
            return False
        if find(self._handle, options, selection):
            return False
        self._select(selection)
        return True

    def _whole_rows(self, selection: ffi.CData) -> None:
        ordered = init_sized("GhosttySelection")
        forward = lib.GHOSTTY_SELECTION_ORDER_FORWARD
        if not lib.ghostty_terminal_selection_ordered(self._handle, selection, forward, ordered):
            selection.start, selection.end = ordered.start, ordered.end
        selection.start.x = 0
        selection.end.x = int(self._terminal.get("cols")) - 1

    def _select(self, selection: ffi.CData) -> None:
        lib.ghostty_terminal_set(self._handle, lib.GHOSTTY_TERMINAL_OPT_SELECTION, selection)

    @property
    def selected_text(self) -> str:
        """What is selected: lines that were wrapped are whole, blanks at their ends are left out."""
        selection = init_sized("GhosttySelection")
        if lib.ghostty_terminal_get(self._handle, lib.GHOSTTY_TERMINAL_DATA_SELECTION, selection):
            return ""
        with reported():
            return str(self._terminal._format_sel(selection, unwrap=True))
