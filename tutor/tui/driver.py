"""Reads the keyboard: while the shell has the focus every byte goes to it, and Textual gets only what is the screen's.

Textual's own parser takes some keys and loses others (Ctrl-Q, Alt-Backspace ...); a shell must get them all. Does not
know what
the shell does with them.
"""

from __future__ import annotations

import os
import selectors
from codecs import getincrementaldecoder
from typing import Protocol, runtime_checkable

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from tutor.shell.input_split import InputSplit

_POLL_SECONDS = 0.1
_HOLD_SECONDS = 0.02
_CHUNK = 65536


@runtime_checkable
class RawInput(Protocol):
    """A widget that takes the keyboard's bytes as they are while it has the focus."""

    def take_keys(self, keys: bytes) -> None:
        """Take bytes; called from the thread that reads the keyboard."""

    @property
    def wants_keys(self) -> bool:
        """Whether there is anybody to take them."""


class RawDriver(LinuxDriver):
    """A driver that hands raw input to the focused `RawInput`."""

    def run_input_thread(self) -> None:
        """Read the keyboard until the driver stops."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        split = InputSplit()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_HOLD_SECONDS if split.is_holding else _POLL_SECONDS):
                    data = os.read(self.fileno, _CHUNK)
                    if not data:
                        break
                    rest = self._to_shell(split, data)
                elif split.is_holding:
                    rest = self._to_shell(split, b"")
                else:
                    rest = b""
                if rest:
                    for event in parser.feed(decode(rest)):
                        self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)

    def _to_shell(self, split: InputSplit, data: bytes) -> bytes:
        """Hand the shell what is its own; returns what is left for Textual.

        No data means that nothing has followed for a while.
        """
        focused = self._app.focused
        shell = focused if isinstance(focused, RawInput) and focused.wants_keys else None
        pieces = split.feed(data) if data else split.flush()
        if shell is None:
            held = split.flush() if split.is_holding else None
            return data if held is not None or data else pieces.program
        if pieces.program:
            shell.take_keys(pieces.program)
        return pieces.screen
