"""How the pane paints a screen: colours as its theme has them. Does not know what is on the screen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.color import Color
from rich.color_triplet import ColorTriplet
from textual.app import App
from textual.filter import dim_color

from tests.tui.final_screens import Cell, Final
from tutor.shell.cells import Colour, Underline


@dataclass(frozen=True, slots=True)
class Paint:
    """The colours that stand for what a program left as it was."""

    foreground: tuple[int, int, int]
    """Of the text."""
    background: tuple[int, int, int]
    """Behind it."""

    @classmethod
    def of(cls, blank: Final) -> Paint:
        """As a screen has them on which nothing was printed."""
        corner = blank.cells[0][0]
        assert isinstance(corner.foreground, tuple)
        assert isinstance(corner.background, tuple)
        return cls(corner.foreground, corner.background)

    def painted(self, final: Final) -> Final:
        """What the outer terminal should show of a screen."""
        return Final(tuple(tuple(self._cell(cell) for cell in row) for row in final.cells), final.cursor)

    def _cell(self, cell: Cell) -> Cell:
        foreground = self._shade(cell.foreground, self.foreground)
        background = self._shade(cell.background, self.background)
        if "faint" in cell.marks:  # Textual paints it so, instead of leaving it to the terminal
            mixed = dim_color(_rich(background), _rich(foreground)).triplet
            assert mixed is not None
            foreground = (mixed.red, mixed.green, mixed.blue)
        return replace(
            cell, foreground=foreground, background=background, marks=cell.marks - {"faint"},
            underline=_line_below(cell), text=cell.text.replace("\ufe0f", ""),  # which some find wide
        )  # fmt: skip

    def _shade(self, colour: Colour, default: tuple[int, int, int]) -> tuple[int, int, int]:
        if colour is None:
            return default
        if isinstance(colour, tuple):
            return colour
        triplet = Color.from_ansi(colour).get_truecolor(_THEME)
        return triplet.red, triplet.green, triplet.blue


def _line_below(cell: Cell) -> int:
    """Textual knows single and double lines; a link is underlined."""
    kind = Underline(cell.underline)
    return int(kind if kind is Underline.DOUBLE else bool(kind or cell.linked))


_THEME = App[None]().ansi_theme


def _rich(colour: tuple[int, int, int]) -> Color:
    return Color.from_triplet(ColorTriplet(*colour))
