"""Splits what a keyboard sends into what is for the program in the terminal, and what is for the screen around it.

Mouse, focus, paste, the terminal's own reports and one chord are the screen's; every other byte goes to the program
untouched.
Pure: bytes to bytes. Does not know who reads or writes them.

Source: xterm control sequences; bracketed paste.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CHORD = b"\x1d"
"""Ctrl-]: the one key that the program does not get."""

_PASTE_BEGIN, _PASTE_END = b"\x1b[200~", b"\x1b[201~"
_SCREENS = re.compile(
    rb"\x1b\[<\d+;\d+;\d+[Mm]"  # mouse (SGR)
    rb"|\x1b\[[IO](?![\w;])"  # focus
    rb"|\x1b\[\?[\d;]*(?:\$y|[cu])"  # reports of modes, attributes, kitty's keyboard
    rb"|\x1b\[>[\d;]*c"
    rb"|\x1b\[48;[\d;:]*t"  # size
    rb"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # answers about colours
    rb"|\x1bP[^\x1b]*\x1b\\"
    rb"|\x1d"
)
_BEGUN = re.compile(
    rb"\x1b(?:\[(?:<[\d;]*|\?[\d;]*\$?|>[\d;]*|48;[\d;:]*|2(?:0(?:0)?)?)?|\][^\x07\x1b]*\x1b?|P[^\x1b]*\x1b?)?$"
)
_LONGEST_REPORT = 4096


@dataclass(frozen=True, slots=True)
class Pieces:
    """What one read brought."""

    program: bytes
    """For the program."""
    screen: bytes
    """For the screen around it."""


class InputSplit:
    """Splits a stream that is read in pieces of any size."""

    def __init__(self) -> None:
        self._held = b""
        self._pasting = False

    @property
    def is_holding(self) -> bool:
        """Whether something may be only the beginning of a sequence: call `flush` when nothing follows soon."""
        return bool(self._held)

    def feed(self, data: bytes) -> Pieces:
        """Take a piece in."""
        data = self._held + data
        self._held = b""
        program, screen = bytearray(), bytearray()
        while data:
            if self._pasting:
                end = data.find(_PASTE_END)
                cut = end + len(_PASTE_END) if end >= 0 else len(data)
                screen += data[:cut]
                data = data[cut:]
                self._pasting = end < 0
                continue
            begin = data.find(_PASTE_BEGIN)
            before = data if begin < 0 else data[:begin]
            at = 0
            for token in _SCREENS.finditer(before):
                program += before[at : token.start()]
                screen += token[0]
                at = token.end()
            rest = before[at:]
            if begin >= 0:
                program += rest
                data = data[begin:]
                self._pasting = True
                continue
            begun = _BEGUN.search(rest)
            if begun is not None and len(begun[0]) < _LONGEST_REPORT:
                self._held = begun[0]
                rest = rest[: begun.start()]
            program += rest
            data = b""
        return Pieces(bytes(program), bytes(screen))

    def flush(self) -> Pieces:
        """Nothing has followed: what was held back is for the program (a lone Escape, say)."""
        held, self._held = self._held, b""
        return Pieces(held, b"")
