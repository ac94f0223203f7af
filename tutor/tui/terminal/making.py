"""A terminal as the pane gets it, and how its screen is made. Does not know the pane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from textual.widget import Widget

from tutor.lab.ring import Piece, Replay

if TYPE_CHECKING:
    from tutor.shell.screen import Screen


class Handle(Protocol):
    """A terminal that the pane may read and write."""

    @property
    def fd(self) -> int:
        """The master of the pseudo terminal, non-blocking."""

    def keep(self, data: bytes) -> None:
        """Record output for a screen that comes after this one."""

    def replay(self) -> Replay:
        """The last output, with what was in force before it."""

    def resize(self, columns: int, rows: int) -> None:
        """Tell the programs in it how large it is."""

    def narrow(self, columns: int, rows: int) -> None:
        """Say for a moment that it is less wide: at `resize`, programs draw everything anew."""


def make_screen(columns: int, rows: int, before: Sequence[Piece]) -> Screen:
    """A screen on which `before` was printed, while it had the size that each piece was printed for.

    Raises:
        ShellError: the screen core failed.
    """
    from tutor.shell.screen import Screen  # takes long to load, and is not needed for the first picture

    # Answers to questions that were asked long ago would be typed into whatever runs now.
    size = (before[0].columns, before[0].rows) if before else (columns, rows)
    screen = Screen(*size, _unanswered)
    for piece in (*before, Piece(columns, rows, b"")):
        if (piece.columns, piece.rows) != (screen.columns, screen.rows):
            screen.resize(piece.columns, piece.rows)
        screen.feed(piece.output)
    return screen


def tell_colours(screen: Screen | None, widget: Widget) -> None:
    """Let programs that ask for colours be told those that are seen in a widget."""
    style, theme = widget.rich_style, widget.app.ansi_theme
    if screen is not None and style.color is not None and style.bgcolor is not None:
        palette = () if widget.app.native_ansi_color else [theme.ansi_colors[number] for number in range(16)]
        foreground, background = (colour.get_truecolor(theme) for colour in (style.color, style.bgcolor))
        screen.set_colours(foreground, background, palette)


def _unanswered(reply: bytes) -> None:
    """Drop an answer."""
    del reply
