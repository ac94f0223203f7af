"""Splits what a keyboard sends into what is for the program in the terminal, and what is for the screen around it.

Mouse, focus, the terminal's own reports and one chord are the screen's; what was pasted is told apart; every other byte
goes to the program untouched.
Pure: bytes to bytes. Does not know who reads or writes them.

Source: xterm control sequences; bracketed paste.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

CHORD = b"\x1d"
"""Ctrl-]: the one key that the program does not get."""

PASTE_BEGIN, PASTE_END = b"\x1b[200~", b"\x1b[201~"
"""What a terminal puts around pasted text, where it was asked to."""

_OTHERS = re.compile(
    rb"(?P<paste>\x1b\[200~)"
    rb"|(?P<chord>\x1d)"
    rb"|\x1b\[<-?\d+;-?\d+;-?\d+[Mm]"  # mouse (SGR)
    rb"|\x1b\[(?:\d+;\d+;\d+M|M[\x20-\xff]{3})"  # mouse (urxvt, X10)
    rb"|\x1b\[[IO]"  # focus
    rb"|\x1b\[\?[\d;:]*\$y"  # modes
    rb"|\x1b\[48[;:][\d;:]*t"  # size
    rb"|\x1b\[201~"  # the end of no paste
    rb"|(?P<answer>"
    rb"\x1b\[\?[\d;:]*[cun]"  # attributes, kitty's keyboard, colour scheme
    rb"|\x1b\[>[\d;]*c"
    rb"|\x1b\[[468][;:][\d;:]*t"  # sizes
    rb"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # colours
    rb"|\x1bP[^\x1b]*\x1b\\)"  # names, settings
)
_BEGUN = re.compile(rb"\x1b(?:\[(?:<[\d;-]*|M[\x20-\xff]{0,2}|[0-?]*[ -/]*)|[\]P][^\x07\x1b]*\x1b?)?\Z")
_LONGEST_REPORT = 4096
_HOLD_SECONDS, _REPORT_SECONDS, _PASTE_SECONDS = 0.02, 0.25, 1.0


class Kind(Enum):
    """What a piece of input is."""

    PROGRAM = "keys for the program"
    PASTE = "a whole paste, with its marks"
    SCREEN = "for the screen around the program"
    CHORD = "the key that leaves the program"
    ANSWER = "what the terminal answers to a question that neither of them has asked"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of input. All pieces one after the other are what was read."""

    kind: Kind
    """For whom it is."""
    data: bytes
    """As it was read."""


class InputSplit:
    """Splits a stream that is read in parts of any size."""

    def __init__(self) -> None:
        self._held = b""
        self._paste: bytearray | None = None

    @property
    def hold_seconds(self) -> float | None:
        """How long to wait for the rest of what is held back; call `flush` then. None where nothing is.

        An Escape that nothing follows must get through soon; no key begins like a report, and a paste may well pause on
        its way.
        """
        if self._paste is not None:
            return _PASTE_SECONDS
        if self._held.startswith((b"\x1b[<", b"\x1b[?")):
            return _REPORT_SECONDS
        return _HOLD_SECONDS if self._held else None

    def feed(self, data: bytes) -> list[Piece]:
        """Take a part in; returns what is complete, in order."""
        data = self._held + data
        self._held = b""
        pieces: list[Piece] = []
        at = 0
        while at < len(data) or self._paste is not None:
            if self._paste is not None:
                known = max(0, len(self._paste) - len(PASTE_END))
                self._paste += data[at:]
                end = self._paste.find(PASTE_END, known)
                if end < 0:
                    return pieces
                end += len(PASTE_END)
                at = len(data) - (len(self._paste) - end)
                pieces.append(Piece(Kind.PASTE, bytes(self._paste[:end])))
                self._paste = None
                continue
            found = _OTHERS.search(data, at)
            if found is None:
                pieces += self._program(data[at:])
                break
            if found.start() > at:
                pieces.append(Piece(Kind.PROGRAM, data[at : found.start()]))
            at = found.end()
            if found["paste"]:
                self._paste = bytearray(found[0])
            else:
                kind = Kind.CHORD if found["chord"] else Kind.ANSWER if found["answer"] else Kind.SCREEN
                pieces.append(Piece(kind, found[0]))
        return pieces

    def flush(self) -> list[Piece]:
        """Nothing has followed: what was held back is for the program (a lone Escape, say)."""
        if self._paste is not None:
            piece = Piece(Kind.PASTE, bytes(self._paste) + PASTE_END)
            self._paste = None
            return [piece]
        held, self._held = self._held, b""
        return [Piece(Kind.PROGRAM, held)] if held else []

    def _program(self, data: bytes) -> list[Piece]:
        """The last keys of a part; what may be the beginning of something else is held back."""
        begun = _BEGUN.search(data)
        if begun is not None and len(begun[0]) < _LONGEST_REPORT:
            self._held = begun[0]
            data = data[: begun.start()]
        return [Piece(Kind.PROGRAM, data)] if data else []
