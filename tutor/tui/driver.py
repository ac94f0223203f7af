"""Reads the keyboard: while the shell has the focus every byte goes to it, and Textual gets only what is the screen's.

Textual's own parser takes some keys and loses others (Ctrl-Q, Alt-Backspace ...); a shell must get them all. Does not
know what the shell does with them.

The terminal must not speak the kitty keyboard protocol: TEXTUAL_DISABLE_KITTY_KEY=1 has to be in the environment before
Textual is first imported.
"""

from __future__ import annotations

import os
import selectors
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from textual._xterm_parser import XTermParser
from textual.app import ScreenStackError
from textual.messages import ExitApp
from textual.widget import Widget

from tutor.shell.input_split import PASTE_BEGIN, PASTE_END, InputSplit, Kind, Piece
from tutor.tui.terminal.early import Early
from tutor.tui.terminal.holding import HoldingDriver
from tutor.tui.terminal.outlet import Outlet
from tutor.tui.terminal.steady import steady

_POLL_SECONDS = 0.1
_CHUNK = 65536
_FOCUS_SECONDS, _FOCUS_POLL_SECONDS = 0.25, 0.002
_FOCUS_IN = b"\x1b[I"
_HIDE_CURSOR, _SHOW_CURSOR, _USUAL_CURSOR = "\x1b[?25l", "\x1b[?25h", "\x1b[0 q"


@dataclass(frozen=True, slots=True)
class TerminalCursor:
    """The outer terminal's own cursor."""

    x: int
    """Column, from 0."""
    y: int
    """Row, from 0."""
    shape: int
    """As DECSCUSR has it: 1 block, 3 underline, 5 bar, each one more where it does not blink."""


@runtime_checkable
class RawInput(Protocol):
    """A widget that takes the keyboard's bytes as they are while it has the focus.

    `wants_keys` and the methods are called from the thread that reads the keyboard.
    """

    @property
    def wants_keys(self) -> bool:
        """Whether there is anybody to take them."""

    def take_keys(self, keys: bytes) -> None:
        """Take keys."""

    def take_paste(self, text: bytes) -> None:
        """Take pasted text."""

    @property
    def terminal_cursor(self) -> TerminalCursor | None:
        """Where the terminal's cursor is to be while the widget has the focus; None for nowhere."""


@runtime_checkable
class ShellAwaiting(Protocol):
    """An application with a `RawInput` that is not there from the start."""

    @property
    def is_shell_to_come(self) -> bool:
        """Whether it is still to come; asked from the thread that reads the keyboard."""


class RawDriver(HoldingDriver):
    """A driver that hands raw input to the focused `RawInput`, and puts the terminal's cursor where that wants it."""

    _drawing = False
    _cursor: TerminalCursor | None = None
    _shape = 0

    def start_application_mode(self) -> None:
        """Take the terminal."""
        self._cursor, self._shape = None, 0
        super().start_application_mode()
        self._drawing = True
        if self._writer_thread is not None and self._file is not None:
            self._writer_thread.stop()
            self._writer_thread = Outlet(self._file)
            self._writer_thread.start()

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was."""
        self._drawing = False
        if self._shape:
            self.write(_USUAL_CURSOR)
        super().stop_application_mode()

    def write(self, data: str) -> None:
        """Draw, each character in its column."""
        super().write(steady(data, self._app.size.width) if self._drawing else data)

    @property
    def behind(self) -> int:
        """Bytes that the terminal has not taken yet."""
        return self._writer_thread.behind if isinstance(self._writer_thread, Outlet) else 0

    def draw(self, text: str, end: str = "") -> None:
        """Write what moves the cursor about, put it where it belongs, and end with `end`."""
        self.write(f"{_HIDE_CURSOR if self._cursor else ''}{text}{self._cursor_moves(hidden=True)}{end}")

    def flush(self) -> None:
        """Called when something was drawn, wherever that has left the cursor."""
        moves = self._cursor_moves(hidden=False) if self._drawing else ""
        if moves:
            self.write(moves)
        super().flush()

    def _cursor_moves(self, *, hidden: bool) -> str:
        """What puts the terminal's cursor in its place."""
        focused = self._focused()
        before, self._cursor = self._cursor, focused.terminal_cursor if isinstance(focused, RawInput) else None
        cursor = self._cursor
        if cursor is None:
            return _HIDE_CURSOR if before is not None and not hidden else ""
        shape, self._shape = self._shape, cursor.shape
        look = f"\x1b[{cursor.shape} q" if cursor.shape != shape else ""
        return f"{look}\x1b[{cursor.y + 1};{cursor.x + 1}H{_SHOW_CURSOR if hidden or before is None else ''}"

    def run_input_thread(self) -> None:
        """Read the keyboard until the driver stops or the terminal is gone."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        split = InputSplit()
        early = Early(self._is_shell_to_come, lambda: self._shell() is not None)

        def to_textual(data: bytes) -> None:
            for event in parser.feed(decode(data)):
                self.process_message(event)

        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                held = split.hold_seconds
                if selector.select(early.poll_seconds or _POLL_SECONDS if held is None else held):
                    data = self._read()
                    if not data:
                        self.send_message(ExitApp())
                        return
                    self._hand_on(early.sift(split.feed(data)), to_textual)
                else:
                    self._hand_on(early.sift(split.flush() if held is not None else ()), to_textual)
                for event in parser.tick():
                    self.process_message(event)

    def _read(self) -> bytes:
        """What was typed; nothing once the terminal is gone."""
        try:
            return os.read(self.fileno, _CHUNK)
        except OSError:
            return b""

    def _hand_on(self, pieces: Iterable[Piece], to_textual: Callable[[bytes], None]) -> None:
        """Give each piece to whom it is for."""
        for piece in pieces:
            if piece.kind is Kind.ANSWER:
                continue  # Textual would take it for keys
            focused, shell = self._focused(), self._shell()
            if shell is not None and piece.kind is Kind.PROGRAM:
                shell.take_keys(piece.data)
            elif shell is not None and piece.kind is Kind.PASTE:
                shell.take_paste(piece.data.removeprefix(PASTE_BEGIN).removesuffix(PASTE_END))
            else:
                to_textual(piece.data)
            if piece.kind is Kind.CHORD or (piece.data == _FOCUS_IN and focused is None):
                self._await_move(focused)

    def _await_move(self, before: Widget | None) -> None:
        """Wait until the focus has moved: what was typed after the chord, or after a click, is for where it goes."""
        until = time.monotonic() + _FOCUS_SECONDS
        while self._focused() is before and time.monotonic() < until and not self.exit_event.is_set():
            time.sleep(_FOCUS_POLL_SECONDS)

    def _shell(self) -> RawInput | None:
        """Who takes the keyboard's bytes now."""
        focused = self._focused()
        return focused if isinstance(focused, RawInput) and focused.wants_keys else None

    def _is_shell_to_come(self) -> bool:
        return isinstance(self._app, ShellAwaiting) and self._app.is_shell_to_come

    def _focused(self) -> Widget | None:
        try:
            return self._app.focused
        except ScreenStackError:  # the application begins or ends
            return None
