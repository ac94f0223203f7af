"""The terminal that `tutor` was started in: what it was like before the screen took it, and made like that again.

For the case that the screen could not do it itself. Does not know what the screen shows.

Sources: xterm control sequences; termios(3); tcgetpgrp(3).
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import termios
import time
from collections.abc import Iterator

_LFLAG, _CC = 3, 6
_STRING_END = b"\x1b\\"  # should it have been killed in the middle of one
_MODES_OFF = b"".join(
    b"\x1b[?%dl" % mode
    for mode in (
        2026,  # output held back
        *(1000, 1002, 1003, 1005, 1006, 1015, 1016),  # the mouse
        1004,  # the focus
        2004,  # pastes in brackets
        *(2031, 2048),  # colours and size told unasked
        1,  # cursor keys
    )
)
_LEAVE = b"\x1b[r\x1b[<u\x1b[?1049l"  # its margins, its kitty keyboard, the alternate screen itself
_LOOKS = (
    b"\x1b[?7h\x1b[?25h\x1b[0 q"  # lines wrap, a cursor, of the usual shape
    b"\x1b[m\x0f\x1b(B\x1b>"  # colours, letters, keypad
    b"\x1b]22;default\x1b\\"  # the mouse pointer's shape
)
_QUESTION = b"\x1b[c"
_ANSWER = re.compile(rb"\x1b\[\?[\d;]*c")
_ANSWER_SECONDS = 0.5
_CHUNK = 65536


class OuterTerminal:
    """The terminal on standard input and output, as it is when this object is made."""

    def __init__(self, source: int = 0, sink: int = 1) -> None:
        """Remember what it is like.

        Args:
            source: descriptor that its keys are read from.
            sink: descriptor that it is written to.
        """
        self._source, self._sink = source, sink
        self._before = termios.tcgetattr(source)

    @property
    def is_taken(self) -> bool:
        """Whether it is still in another mode than at first: nobody has restored it."""
        try:
            return termios.tcgetattr(self._source) != self._before
        except termios.error:
            return False

    def restore(self) -> None:
        """Make it what it was. Not while another job has it, which would be disturbed.

        Reports of the mouse and the like that are still on their way are waited for and thrown away, with whatever else
        was typed: they must not land at the prompt of the shell outside.
        """
        with contextlib.suppress(OSError, termios.error), _unstopped():
            if os.tcgetpgrp(self._source) != os.getpgrp():
                return
            taken = self.is_taken
            quiet = [*self._before[:_CC], [*self._before[_CC]]]
            quiet[_LFLAG] &= ~(termios.ICANON | termios.ECHO)
            quiet[_CC][termios.VMIN], quiet[_CC][termios.VTIME] = 1, 0
            termios.tcsetattr(self._source, termios.TCSANOW, quiet)
            try:
                self._write(_STRING_END + _MODES_OFF + (_LEAVE if taken else b"") + _LOOKS + _QUESTION)
                self._await_answer()
            finally:
                termios.tcsetattr(self._source, termios.TCSAFLUSH, self._before)

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._sink, data) :]

    def _await_answer(self) -> None:
        """Read until the terminal has answered: what it sent before that was for the screen."""
        read, until = b"", time.monotonic() + _ANSWER_SECONDS
        while (left := until - time.monotonic()) > 0 and not _ANSWER.search(read):
            if select.select([self._source], [], [], left)[0]:
                data = os.read(self._source, _CHUNK)
                if not data:
                    return
                read = read[-100:] + data


@contextlib.contextmanager
def _unstopped() -> Iterator[None]:
    """Be able to change the terminal's mode even where another job has just got it: else the kernel stops us."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU, signal.SIGTTIN})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
