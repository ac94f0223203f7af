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
from typing import Protocol, runtime_checkable

from textual._xterm_parser import XTermParser
from textual.app import ScreenStackError
from textual.drivers.linux_driver import LinuxDriver
from textual.messages import ExitApp
from textual.widget import Widget

from tutor.shell.input_split import PASTE_BEGIN, PASTE_END, InputSplit, Kind, Piece

_POLL_SECONDS = 0.1
_CHUNK = 65536
_FOCUS_SECONDS, _FOCUS_POLL_SECONDS = 0.25, 0.002


@runtime_checkable
class RawInput(Protocol):
    """A widget that takes the keyboard's bytes as they are while it has the focus.

    The methods are called from the thread that reads the keyboard.
    """

    @property
    def wants_keys(self) -> bool:
        """Whether there is anybody to take them."""

    def take_keys(self, keys: bytes) -> None:
        """Take keys."""

    def take_paste(self, text: bytes) -> None:
        """Take pasted text."""


class RawDriver(LinuxDriver):
    """A driver that hands raw input to the focused `RawInput`."""

    def run_input_thread(self) -> None:
        """Read the keyboard until the driver stops or the terminal is gone."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        split = InputSplit()

        def to_textual(data: bytes) -> None:
            for event in parser.feed(decode(data)):
                self.process_message(event)

        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                held = split.hold_seconds
                if selector.select(_POLL_SECONDS if held is None else held):
                    data = self._read()
                    if not data:
                        self.send_message(ExitApp())
                        return
                    self._hand_on(split.feed(data), to_textual)
                elif held is not None:
                    self._hand_on(split.flush(), to_textual)
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
            focused = self._focused()
            shell = focused if isinstance(focused, RawInput) and focused.wants_keys else None
            if shell is not None and piece.kind is Kind.PROGRAM:
                shell.take_keys(piece.data)
            elif shell is not None and piece.kind is Kind.PASTE:
                shell.take_paste(piece.data.removeprefix(PASTE_BEGIN).removesuffix(PASTE_END))
            else:
                to_textual(piece.data)
            if piece.kind is Kind.CHORD:
                self._await_move(focused)

    def _await_move(self, before: Widget | None) -> None:
        """Wait until the chord has moved the focus: what was typed after it is for where it goes."""
        until = time.monotonic() + _FOCUS_SECONDS
        while self._focused() is before and time.monotonic() < until and not self.exit_event.is_set():
            time.sleep(_FOCUS_POLL_SECONDS)

    def _focused(self) -> Widget | None:
        try:
            return self._app.focused
        except ScreenStackError:  # the application begins or ends
            return None
