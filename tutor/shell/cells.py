"""What a screen shows, as plain values: styled runs of cells, and a cursor. Does not know how it got there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import NamedTuple

Colour = int | tuple[int, int, int] | None
"""An index of the palette of 256, or red, green and blue; None for the default."""


class Underline(IntEnum):
    """The kinds of lines below text."""

    NONE = 0
    SINGLE = 1
    DOUBLE = 2
    CURLY = 3
    DOTTED = 4
    DASHED = 5


@dataclass(frozen=True, slots=True)
class CellStyle:
    """How text looks."""

    foreground: Colour = None
    """Of the text."""
    background: Colour = None
    """Behind it."""
    bold: bool = False
    """Heavier."""
    faint: bool = False
    """Paler."""
    italic: bool = False
    """Slanted."""
    underline: Underline | bool = False
    """With a line below: of which kind."""
    blink: bool = False
    """Going on and off."""
    inverse: bool = False
    """With the two colours exchanged."""
    invisible: bool = False
    """Not to be seen."""
    strike: bool = False
    """With a line through it."""
    overline: bool = False
    """With a line above."""
    linked: bool = False
    """Part of a hyperlink (OSC 8)."""


PLAIN = CellStyle()
"""As nobody has styled it."""


class Run(NamedTuple):
    """Neighbouring cells of one style. A thousand of them may come in one picture: a tuple is made fastest."""

    text: str
    """What stands in them; a wide character fills two."""
    style: CellStyle
    """How it looks."""
    cells: int
    """How many there are."""


class CursorShape(Enum):
    """How the cursor is drawn."""

    BLOCK = "block"
    UNDERLINE = "underline"
    BAR = "bar"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the cursor is to be seen."""

    x: int
    """Column, from 0; the first one of a wide character."""
    y: int
    """Row, from 0."""
    shape: CursorShape = CursorShape.BLOCK
    """How it is drawn."""
    blinking: bool = False
    """Whether it goes on and off."""


class Mouse(IntEnum):
    """Which mouse events a program asks for; each kind includes the ones before it."""

    NONE = 0
    PRESS = 9
    CLICK = 1000
    DRAG = 1002
    MOVE = 1003


class MouseForm(IntEnum):
    """How a program is told of the mouse: the mode that asks for it, the best one first."""

    PIXELS = 1016
    SGR = 1006
    URXVT = 1015
    UTF8 = 1005
    X10 = 0
