"""The screen that a terminal's output draws: rows of styled text, a cursor, modes, and replies to what programs ask.

A small interface of our own over libghostty-vt, so that it can be exchanged. Does not know who shows the rows.

Loading it takes 125 ms: import this module after the first paint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pyghostty import Terminal
from pyghostty._ffi import union_fn

from tutor.shell.cells import Cursor, Mouse, Run
from tutor.shell.native import ffi, lib, reported
from tutor.shell.picture import Picture

_SCROLLBACK_LINES = 5000
_APPLICATION_CURSOR, _BRACKETED_PASTE, _FOCUS_EVENTS = 1, 2004, 1004
_SGR_MOUSE, _SYNCHRONIZED = 1006, 2026

_SCROLL_SIGNATURE = "void(*)(GhosttyTerminal, TutorScroll)"
ffi.cdef("typedef struct { int tag; intptr_t delta; uint64_t pad; } TutorScroll;", override=True)


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
        self._picture = Picture(self._handle)

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
            self._terminal.resize(columns, rows)
        self.columns, self.rows = columns, rows

    def scroll(self, lines: int) -> None:
        """Look further up (negative) or down in what has scrolled away."""
        self._scroll_to(lib.GHOSTTY_SCROLL_VIEWPORT_DELTA, lines)

    def scroll_to_end(self) -> None:
        """Look at the present again."""
        self._scroll_to(lib.GHOSTTY_SCROLL_VIEWPORT_BOTTOM, 0)

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
        return self._picture.changed_rows(self.rows, also)

    def _has(self, mode: int) -> bool:
        return bool(self._terminal.mode(mode))

    def _scroll_to(self, tag: int, lines: int) -> None:
        # The library takes a tagged union by value, which ABI-mode cffi can't pass: a struct of the same layout can be.
        call = union_fn("ghostty_terminal_scroll_viewport", _SCROLL_SIGNATURE)
        behaviour = ffi.new("TutorScroll*", {"tag": tag, "delta": lines})
        call(self._handle, behaviour[0])
