"""The screen that a terminal's output draws: rows of styled text, a cursor, modes, and replies to what programs ask.

A small interface of our own over libghostty-vt, so that it can be exchanged. Does not know who shows the rows.

Loading it takes 50 ms: import this module after the first paint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from tutor.shell.cells import Cursor, Mouse, MouseForm, Run
from tutor.shell.native import Terminal, ffi, lib, reported
from tutor.shell.picture import Picture
from tutor.shell.scrollback import Scrollback

_SCROLLBACK_LINES, _CELL_BYTES = 5000, 10
_NO_LIMIT = 1 << 40
_MOST_COPIED = 64 * 1024
_APPLICATION_CURSOR, _BRACKETED_PASTE, _FOCUS_EVENTS = 1, 2004, 1004
_SYNCHRONIZED = 2026
_CELL_PIXELS = (8, 16)
_LEAVE = b"\x1b[?1049l"
_SANE = (
    b"\x1b[!p"  # margins, letters, attributes as at first
    b"\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # the mouse
    b"\x1b]104\x07"  # the palette
    b"\x1b[?1l\x1b>\x1b[?1004l\x1b[?2026l\x1b[?25h\x1b[0 q\x1b[<9u"  # keys, focus, held output, the cursor
)

RGB = tuple[int, int, int]
"""Red, green and blue."""


class Screen:
    """One terminal's screen."""

    _FORMS: ClassVar[dict[int, MouseForm]] = {form.value: form for form in MouseForm if form.value}

    def __init__(self, columns: int, rows: int, reply: Callable[[bytes], None]) -> None:
        """Make an empty screen.

        Args:
            columns: its width in cells.
            rows: its height.
            reply: is given what the terminal answers to a program's questions (cursor position, attributes ...).
        """
        self.columns, self.rows = columns, rows
        # A limit of lines makes the core ten times slower once it is reached; one of bytes does not.
        self._terminal = Terminal(columns, rows, scrollback=_NO_LIMIT)
        self._terminal.on_reply(reply)
        self._handle = self._terminal._t[0]
        self._limit_scrollback()
        self._size = ffi.callback("GhosttyTerminalSizeFn", self._tell_size)
        self._set(lib.GHOSTTY_TERMINAL_OPT_SIZE, self._size)
        self._bell = self._copy = None
        self._picture = Picture(self._handle)
        self.scrollback = Scrollback(self._terminal)
        """What has scrolled away."""

    def _set(self, option: int, value: ffi.CData) -> None:
        lib.ghostty_terminal_set(self._handle, option, value)

    def _limit_scrollback(self) -> None:
        size = _SCROLLBACK_LINES * self.columns * _CELL_BYTES
        self._set(lib.GHOSTTY_TERMINAL_OPT_SCROLLBACK_MAX_BYTES, ffi.new("size_t*", size))

    def _tell_size(self, terminal: ffi.CData, data: ffi.CData, size: ffi.CData) -> bool:
        del terminal, data
        size.rows, size.columns = self.rows, self.columns
        size.cell_width, size.cell_height = _CELL_PIXELS
        return True

    def on_bell(self, ring: Callable[[], None]) -> None:
        """Call `ring` when a program rings the bell."""

        def rung(terminal: ffi.CData, data: ffi.CData) -> None:
            del terminal, data
            ring()

        self._bell = ffi.callback("GhosttyTerminalBellFn", rung)
        self._set(lib.GHOSTTY_TERMINAL_OPT_BELL, self._bell)

    def on_copy(self, copy: Callable[[str], None]) -> None:
        """Call `copy` with text that a program puts on the clipboard (OSC 52). What is there is never told."""

        def take(terminal: ffi.CData, data: ffi.CData, write: ffi.CData) -> None:
            del terminal, data
            for number in range(min(1, write.contents_len)):
                content = write.contents[number].data
                if 0 < content.len <= _MOST_COPIED:
                    copy(bytes(ffi.buffer(content.ptr, content.len)).decode("utf-8", "replace"))

        self._copy = ffi.callback("GhosttyTerminalClipboardWriteFn", take)
        self._set(lib.GHOSTTY_TERMINAL_OPT_CLIPBOARD_WRITE, self._copy)

    def set_colours(self, foreground: RGB, background: RGB, palette: Iterable[RGB] = ()) -> None:
        """Say what the colours look like in which it is drawn, for programs that ask.

        Args:
            foreground: of text without a colour.
            background: behind it.
            palette: the first colours of the palette; the others stay what they are everywhere.
        """
        for option, colour in (
            (lib.GHOSTTY_TERMINAL_OPT_COLOR_FOREGROUND, foreground),
            (lib.GHOSTTY_TERMINAL_OPT_COLOR_CURSOR, foreground),
            (lib.GHOSTTY_TERMINAL_OPT_COLOR_BACKGROUND, background),
        ):
            self._set(option, ffi.new("GhosttyColorRgb*", colour))
        colours = ffi.new("GhosttyColorRgb[256]")
        if lib.ghostty_terminal_get(self._handle, lib.GHOSTTY_TERMINAL_DATA_COLOR_PALETTE_DEFAULT, colours) == 0:
            for number, colour in enumerate(palette):
                colours[number] = colour
            self._set(lib.GHOSTTY_TERMINAL_OPT_COLOR_PALETTE, colours)

    def make_sane(self) -> None:
        """Turn off what a program has turned on that did not come to turn it off again. What is written stays."""
        self.feed((_LEAVE if self.is_alternate else b"") + _SANE)

    def on_reply(self, reply: Callable[[bytes], None]) -> None:
        """Give answers to `reply` from now on."""
        self._terminal.on_reply(reply)

    def feed(self, output: bytes) -> None:
        """Take output in.

        Raises:
            ShellError: the screen core failed. What runs in the terminal is none the worse.
        """
        with reported():
            self._terminal.feed(output)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; the text flows anew.

        Raises:
            ShellError: the screen core failed.
        """
        with reported():
            self._terminal.resize(columns, rows, *_CELL_PIXELS)
        self.columns, self.rows = columns, rows
        self._limit_scrollback()

    @property
    def back(self) -> int:
        """How many rows one has scrolled up."""
        return 0 if self._terminal.get("viewport_active", "bool") else self.scrollback.view.back

    @property
    def is_held(self) -> bool:
        """Whether the program is amid an update that is to be seen as a whole (synchronized output)."""
        return self._has(_SYNCHRONIZED)

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
        """Which mouse events the program asks for."""
        return max((kind for kind in Mouse if kind and self._has(kind)), default=Mouse.NONE)

    @property
    def mouse_form(self) -> MouseForm:
        """How it wants to be told of them."""
        return next((form for mode, form in self._FORMS.items() if self._has(mode)), MouseForm.X10)

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
        return self._picture.changed_rows(self.rows, also)

    def selected(self, y: int) -> tuple[int, int] | None:
        """The first and the last selected cell of a row, as of when it was last told that the row has changed."""
        return self._picture.selected.get(y)

    def _has(self, mode: int) -> bool:
        return bool(self._terminal.mode(mode))
