"""The mouse's way to select: dragging, double and triple clicks. Does not know the clipboard, nor a program's mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutor.shell.scrollback import Scrollback

_CLICK_SECONDS = 0.4
_WORD, _LINE = 2, 3


class MouseSelection:
    """What the mouse selects in one terminal."""

    def __init__(self, scrollback: Scrollback) -> None:
        self._scrollback = scrollback
        self._clicks = 0
        self._last = (float("-inf"), -1, -1)
        self.pressed = False
        """Whether the button is down."""
        self.shown = False
        """Whether anything is selected."""

    def press(self, x: int, y: int, now: float) -> None:
        """The button went down on a cell of the view, at a time in seconds."""
        before, last_x, last_y = self._last
        again = (last_x, last_y) == (x, y) and now - before < _CLICK_SECONDS
        self._clicks = self._clicks % _LINE + 1 if again else 1
        self._last = now, x, y
        self.pressed = True
        if self._clicks == _WORD:
            self.shown = self._scrollback.select_word(x, y)
        elif self._clicks == _LINE:
            self.shown = self._scrollback.select_line(x, y)
        else:
            self._scrollback.anchor(x, y)
            self.shown = False

    def drag(self, x: int, y: int, columns: int, rows: int) -> bool:
        """The pointer moved with the button down, perhaps out of the view; returns whether the view has moved."""
        moved = not 0 <= y < rows
        if moved:
            self._scrollback.scroll(y if y < 0 else y - rows + 1)
        if moved or self._last[1:] != (x, y):
            self._last = (float("-inf"), x, y)
            self.shown = True
            self._scrollback.select_to(max(0, min(x, columns - 1)), max(0, min(y, rows - 1)))
        return moved

    def release(self) -> str:
        """The button was let go; returns what is selected."""
        self.pressed = False
        return self._scrollback.selected_text if self.shown else ""

    def clear(self) -> None:
        """Select nothing."""
        self.shown = self.pressed = False
        self._scrollback.forget()
