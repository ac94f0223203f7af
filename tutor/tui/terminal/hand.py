"""What a learner does with what a terminal has printed: scrolls, selects with the mouse, looks back with the keyboard.

Does not know the program in the terminal, nor the clipboard.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.geometry import Offset

from tutor.tui.terminal.look_back import LookBack, Outcome
from tutor.tui.terminal.mouse import MouseSelection

if TYPE_CHECKING:
    from tutor.shell.screen import Screen
    from tutor.tui.terminal.canvas import Canvas


class Hand:
    """A learner's hand on one pane."""

    def __init__(
        self, canvas: Canvas, *, copied: Callable[[str], None], mode_changed: Callable[[bool], object]
    ) -> None:
        """Touch nothing yet.

        Args:
            canvas: shows the screen.
            copied: is given text that is to go to the clipboard.
            mode_changed: is told when somebody begins to look back with the keyboard, and when not any more.
        """
        self._canvas = canvas
        self._copied, self._mode_changed = copied, mode_changed
        self._screen: Screen | None = None
        self._mouse: MouseSelection | None = None
        self._looking: LookBack | None = None
        self._scrolled = False
        self.is_still = True
        """Whether keys are for nobody but the program: nothing is scrolled nor selected. Read from any thread."""

    @property
    def is_looking_back(self) -> bool:
        """Whether keys move through what was printed."""
        return self._looking is not None

    @property
    def is_dragging(self) -> bool:
        """Whether the mouse selects."""
        return self._mouse is not None and self._mouse.pressed

    def take(self, screen: Screen | None) -> None:
        """Work on another screen."""
        if self._looking is not None:
            self._leave()
        self._screen = screen
        self._mouse = None if screen is None else MouseSelection(screen.scrollback)
        self._scrolled = False
        self._note()

    def _note(self) -> None:
        selected = self._mouse is not None and (self._mouse.shown or self._mouse.pressed)
        self.is_still = not (self._scrolled or selected or self._looking is not None)

    # Scrolling

    def scroll(self, lines: int) -> None:
        """Look further up (negative) or down."""
        screen = self._screen
        if screen is None:
            return
        if self._looking is not None:
            self._looking.scroll(lines)
            self._show()
        else:
            screen.scrollback.scroll(lines)
            self._scrolled = screen.back > 0
            self._canvas.soon()
        self._note()

    def come_back(self) -> None:
        """Look at the present, with nothing selected."""
        if self._looking is not None:
            self._leave()
        elif not self.is_still and self._screen is not None:
            self._scrolled = False
            if self._mouse is not None and self._mouse.shown:
                self._mouse.clear()
                self._canvas.repaint = True
            self._screen.scrollback.scroll_to_end()
            self._canvas.soon()
            self._note()

    # Looking back

    def look_back(self, *, searching: bool = False) -> None:
        """Let keys move through what was printed."""
        screen = self._screen
        if screen is None:
            return
        if self._looking is None:
            if self._mouse is not None:
                self._mouse.clear()
            cursor = self._canvas.cursor
            at = (cursor.x, cursor.y) if cursor is not None else (0, screen.rows - 1)
            self._looking = LookBack(screen.scrollback, screen.columns, *at)
            self._mode_changed(True)
        if searching:
            self._looking.open_search()
        self._note()
        self._show()

    def key(self, key: str, character: str | None) -> None:
        """A key, as Textual calls it, while somebody looks back."""
        if self._looking is None:
            return
        match self._looking.key(key, character):
            case Outcome.STAY:
                self._show()
            case Outcome.LEAVE:
                self._leave()
            case Outcome.COPY:
                text = "" if self._screen is None else self._screen.scrollback.selected_text
                self._leave()
                if text:
                    self._copied(text)

    def type(self, text: str) -> None:
        """Text that is pasted while somebody looks back: into the search field, if that is open."""
        for character in text.splitlines()[0] if text else "":
            if self._looking is not None and self._looking.field is not None:
                self.key(character, character)

    def output(self) -> None:
        """Something was printed."""
        if self._looking is not None:
            self._looking.output()
            self._show()

    def _show(self) -> None:
        looking = self._looking
        if looking is not None:
            self._canvas.overlay(pointer=Offset(looking.x, looking.y), pattern=looking.pattern, footer=looking.line)

    def _leave(self) -> None:
        self._looking = None
        self._scrolled = False
        if self._screen is not None:
            self._screen.scrollback.let_go()
            self._screen.scrollback.forget()
            self._screen.scrollback.scroll_to_end()
        if self._mouse is not None:
            self._mouse.clear()
        self._canvas.overlay(pointer=None, pattern=None, footer="")
        self._note()
        self._mode_changed(False)

    # The mouse

    def press(self, at: Offset) -> None:
        """The button went down on a cell."""
        if self._mouse is not None:
            self._mouse.press(at.x, at.y, time.monotonic())
            self._selected()

    def drag(self, at: Offset) -> None:
        """The pointer moved with the button down."""
        screen = self._screen
        if self._mouse is not None and screen is not None:
            self._mouse.drag(at.x, at.y, screen.columns, screen.rows)
            self._scrolled = self._scrolled or screen.back > 0
            self._selected()

    def release(self) -> None:
        """The button was let go: what is selected is copied."""
        text = self._mouse.release() if self._mouse is not None else ""
        if text:
            self._copied(text)
        self._note()

    def _selected(self) -> None:
        self._canvas.repaint = True
        self._canvas.soon()
        self._note()
