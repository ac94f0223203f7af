"""The 256 colours of a terminal, of which programs may change some (OSC 4). Does not know what is drawn in them."""

from __future__ import annotations

from tutor.shell.cells import Colour
from tutor.shell.native import ffi, lib

_COLOURS = 256


class Palette:
    """The palette of one terminal."""

    def __init__(self, terminal: ffi.CData) -> None:
        """Know of no change.

        Args:
            terminal: the native terminal; must live as long as the palette is asked.
        """
        self._terminal = terminal
        self._present, self._usual = (ffi.new("GhosttyColorRgb[]", _COLOURS) for _ in range(2))
        self._bytes = ffi.buffer(self._present), ffi.buffer(self._usual)
        self._seen = b""
        self._changed: dict[int, Colour] = {}

    def has_changed(self) -> bool:
        """Look which colours are not what they usually are, and tell whether that is otherwise than before. Is fast."""
        get = lib.ghostty_terminal_get
        get(self._terminal, lib.GHOSTTY_TERMINAL_DATA_COLOR_PALETTE, self._present)
        get(self._terminal, lib.GHOSTTY_TERMINAL_DATA_COLOR_PALETTE_DEFAULT, self._usual)
        present, usual = self._bytes[0][:], self._bytes[1][:]
        seen, self._seen = self._seen, b"" if present == usual else present + usual
        if seen == self._seen:
            return False
        self._changed = {}
        if self._seen:
            theirs, ours = ([(it.r, it.g, it.b) for it in colours] for colours in (self._present, self._usual))
            self._changed = {number: theirs[number] for number in range(_COLOURS) if theirs[number] != ours[number]}
        return True

    def shown(self, index: int) -> Colour:
        """What a colour is to be drawn in: what a program has made of it, else itself, whatever that looks like."""
        return self._changed.get(index, index)
