"""What the pane shows: the screen's rows as strips, the cursor in them, and when and how they get painted.

Knows a screen and the widget that shows it; does not know where output comes from, nor what keys do.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset
from textual.strip import Strip

from tutor.errors import ShellError
from tutor.shell.cells import Cursor, CursorShape
from tutor.tui.rows import RowStyles, regions, with_cursor, with_label, with_matches, with_style
from tutor.tui.terminal.direct import DirectPainter
from tutor.tui.terminal.pace import Pace

if TYPE_CHECKING:
    from textual.widget import Widget

    from tutor.shell.screen import Screen

_BEHIND_SECONDS = 0.004
_BROKEN = ("The screen could not be drawn.", "The shell goes on, and so does what runs in it.", "Ctrl-L: draw it anew.")
_MATCH = Style(color="black", bgcolor="yellow", reverse=False)
_SELECTED = Style(color="black", bgcolor="bright_cyan", reverse=False)
_LABEL = Style(bold=True, reverse=True)
_SHAPES = {CursorShape.BLOCK: 1, CursorShape.UNDERLINE: 3, CursorShape.BAR: 5}


class Canvas:
    """The picture of a screen in a widget."""

    def __init__(
        self, widget: Widget, *, direct: bool, painted: Callable[[], None], failed: Callable[[ShellError], None]
    ) -> None:
        """An empty picture.

        Args:
            widget: shows it; its `render_line` asks for `line`.
            direct: whether rows may be painted without waiting for Textual.
            painted: is called after each picture.
            failed: is called when the screen core fails.
        """
        self._widget = widget
        self._painted, self._failed = painted, failed
        self._direct = DirectPainter(widget) if direct else None
        self._styles = RowStyles()
        self._strips: list[Strip] = []
        self._base: Style | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.pace = Pace()
        """When to paint."""
        self.screen: Screen | None = None
        """What is shown."""
        self.cursor: Cursor | None = None
        """Where the cursor is, if it is to be seen."""
        self.scheduled = False
        """Whether a picture is to come."""
        self.pointer: Offset | None = None
        """The cell that somebody who looks back is at."""
        self.pattern: re.Pattern[str] | None = None
        """What is highlighted wherever it stands."""
        self.footer = ""
        """A line over the first row; over the last one while the pointer is in the first."""
        self.repaint = False
        """Whether the next picture is to be whole."""
        self.badge = ""
        """A label at the right end of the first row."""

    def overlay(self, *, pointer: Offset | None, pattern: re.Pattern[str] | None, footer: str) -> None:
        """Show somebody who looks back what there is to see, and paint everything."""
        self.pointer, self.pattern, self.footer = pointer, pattern, footer
        self.repaint = True
        self.soon()

    def start(self, screen: Screen | None, columns: int, rows: int) -> None:
        """Show another screen."""
        self._loop = asyncio.get_running_loop()
        self.screen, self.cursor = screen, None
        self._strips = [Strip.blank(columns)] * rows
        self.repaint = True
        self.soon()

    def give_up(self) -> None:
        """Say that there is no screen."""
        self.screen = self.cursor = None
        self._strips = [Strip([Segment(line)]) for line in _BROKEN]
        self._widget.refresh()

    def soon(self) -> None:
        """Something has changed: paint as soon as it is time to."""
        if self.scheduled or self._loop is None:
            return
        wait = self.pace.wait(time.perf_counter())
        if wait:
            self.scheduled = True
            self._loop.call_later(wait, self._paint_if_possible)
        else:
            self._paint_if_possible()

    def key(self) -> None:
        """Somebody has done something; may be called from any thread."""
        self.pace.key(time.perf_counter())

    def _later(self, seconds: float) -> None:
        if self._loop is not None:
            self.scheduled = True
            self._loop.call_later(seconds, self._paint_if_possible)

    def _paint_if_possible(self) -> None:
        self.scheduled = False
        screen, began = self.screen, time.perf_counter()
        if screen is None or not self._widget.is_attached:
            return
        if self._direct is not None and self._direct.is_behind:
            self._later(_BEHIND_SECONDS)  # a slow terminal is shown the latest, not everything
        elif screen.is_held and self.pace.hold(began):
            self._later(_BEHIND_SECONDS)
        else:
            self._paint(screen)
            self.pace.painted(began, time.perf_counter())

    def _paint(self, screen: Screen) -> None:
        before = self.cursor
        try:
            rows, self.cursor = screen.changed_rows()
        except ShellError as error:
            self._failed(error)
            return
        for y, runs in rows.items():
            if y < len(self._strips):
                self._strips[y] = self._styles.strip(runs)
        changed = set(rows)
        if before != self.cursor:
            changed |= {cursor.y for cursor in (before, self.cursor) if cursor is not None}
        badge = self._badge(screen)
        if badge != self.badge:
            self.badge = badge
            changed.add(0)
        if self.repaint:
            self.repaint = False
            changed = set(range(self._widget.size.height))
        if changed:
            self.refresh_rows(changed)
        self._painted()

    def _badge(self, screen: Screen) -> str:
        """How far back one looks; nothing for not at all, or where the footer says it."""
        back = 0 if self.footer else screen.back
        return f" {back} {'line' if back == 1 else 'lines'} back \u25bc " if back else ""

    def is_badge(self, at: Offset) -> bool:
        """Whether a cell belongs to the label that says how far back one looks."""
        return bool(self.badge) and at.y == 0 and at.x >= self._widget.size.width - cell_len(self.badge)

    def refresh_rows(self, rows: Iterable[int]) -> None:
        """Paint rows again."""
        size = self._widget.size
        parts = regions((y for y in rows if y < size.height), size.width)
        if parts and not (self._direct is not None and self._direct.paint(parts)):
            self._widget.refresh(*parts)

    def refresh_cursor(self) -> None:
        """Paint the row of the cursor again."""
        if self.cursor is not None:
            self.refresh_rows([self.cursor.y])

    def has_own_cursor(self) -> bool:
        """Whether the terminal's own cursor is shown instead of a drawn one."""
        return self._direct is not None and self._direct.has_cursor and self._widget.has_focus

    def terminal_cursor(self) -> tuple[Offset, int] | None:
        """Where on the terminal its own cursor belongs, and its shape as DECSCUSR has it; None for nowhere."""
        cursor = self._shown_cursor()
        if cursor is None or self._direct is None or not self._widget.has_focus:
            return None
        at = self._direct.seen_at(Offset(cursor.x, cursor.y))
        return None if at is None else (at, _SHAPES[cursor.shape] + (not cursor.blinking))

    def restyle(self) -> None:
        """The widget looks otherwise now."""
        self._base = None

    def line(self, y: int) -> Strip:
        """A row as it is drawn, as wide as the widget."""
        width, base = self._widget.size.width, self._base
        if base is None:
            base = self._base = self._widget.rich_style  # slow to make, for each row
        if y >= len(self._strips):
            return Strip.blank(width, base)
        strip = self._strips[y].apply_style(base)
        if self.pattern is not None:
            strip = with_matches(strip, self.pattern, _MATCH, base)
        selected = None if self.screen is None else self.screen.selected(y)
        if selected is not None:
            strip = strip.adjust_cell_length(width, base)
            strip = with_style(strip, selected[0], selected[1] + 1, _SELECTED, base)
        cursor = self._shown_cursor()
        if cursor is not None and cursor.y == y and not self.has_own_cursor():
            strip = with_cursor(strip, cursor, focused=self._widget.has_focus, base=base)
        strip = strip.adjust_cell_length(width, base)
        if self.footer and y == self._footer_row():
            strip = with_label(strip, set_cell_size(f" {self.footer}", width), 0, base + _LABEL)
        elif self.badge and y == 0 and cell_len(self.badge) < width:
            strip = with_label(strip, self.badge, width - cell_len(self.badge), base + _LABEL)
        return strip

    def _footer_row(self) -> int:
        last = self._widget.size.height - 1
        # One looks back from the prompt, which is mostly in the last row: so the line has its place at the top.
        return last if self.pointer is not None and self.pointer.y == 0 else 0

    def _shown_cursor(self) -> Cursor | None:
        return self.cursor if self.pointer is None else Cursor(self.pointer.x, self.pointer.y)
