"""Reads the keyboard: while the shell has the focus every byte goes to it, and Textual gets only what is the screen's.

Textual's own parser takes some keys and loses others (Ctrl-Q, Alt-Backspace ...); a shell must get them all. Does not
know what
the shell does with them.
"""

from __future__ import annotations

import os
import selectors
import time
from codecs import getincrementaldecoder
from typing import Any, Protocol, runtime_checkable

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from tutor.shell.input_split import CHORD, InputSplit, Pieces

_POLL_SECONDS = 0.1
_HOLD_SECONDS = 0.02
_CHUNK = 65536
_TURN_SECONDS = 0.5


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

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._split = InputSplit()
        self._shell: RawInput | None = None
        self._turned: tuple[bool, float] | None = None

    def run_input_thread(self) -> None:
        """Read the keyboard until the driver stops."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                rest = b""
                if selector.select(_HOLD_SECONDS if self._split.is_holding else _POLL_SECONDS):
                    data = os.read(self.fileno, _CHUNK)
                    if not data:
                        break
                    rest = self._hand_out(data)
                elif self._split.is_holding:
                    rest = self._deliver(self._split.flush())
                for event in parser.feed(decode(rest)) if rest else ():
                    self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)

    def _hand_out(self, data: bytes) -> bytes:
        """Hand the shell what is its own; returns what is left for Textual.

        Behind the chord the keys are for the other side, even while the focus has not moved yet.
        """
        rest = b""
        while (chord := data.find(CHORD)) >= 0:
            rest += self._deliver(self._split.feed(data[:chord])) + CHORD
            self._turned = (not self._is_in_shell(), time.monotonic() + _TURN_SECONDS)
            data = data[chord + 1 :]
        return rest + (self._deliver(self._split.feed(data)) if data else b"")

    def _deliver(self, pieces: Pieces) -> bytes:
        """Give the shell its piece, if the keys are for it now; returns what is for Textual."""
        if self._is_in_shell() and self._shell is not None:
            if pieces.program:
                self._shell.take_keys(pieces.program)
            return pieces.screen
        return pieces.program + pieces.screen

    def _is_in_shell(self) -> bool:
        """Whether keys are for the shell now."""
        focused = self._app.focused
        in_shell = isinstance(focused, RawInput) and focused.wants_keys
        if isinstance(focused, RawInput) and in_shell:
            self._shell = focused
        if self._turned is not None:
            wanted, until = self._turned
            if wanted != in_shell and time.monotonic() < until:
                return wanted and self._shell is not None
            self._turned = None
        return in_shell
