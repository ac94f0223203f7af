"""How the panes share the screen: side by side, or one at a time where there is little room.

Pure: sizes in, sizes out. Does not know what is in the panes.
"""

from __future__ import annotations

from enum import Enum

from tutor.store.config import SPLIT_LEAST, SPLIT_MOST

_NARROW = 100
_TALL = 44
_LESSON_LEAST, _SHELL_LEAST = 36, 40
_NETWORK_SHARE = 4


class Side(Enum):
    """Which pane is worked in."""

    LESSON = "lesson"
    SHELL = "shell"


class Arrangement:
    """The layout of one screen."""

    def __init__(self, split: int, width: int = 120, height: int = 30) -> None:
        """Lay it out.

        Args:
            split: the lesson's share of the width, in percent.
            width: of the screen, in cells.
            height: likewise.
        """
        self.side = Side.SHELL
        """The pane that is worked in; where there is little room, the only one to be seen."""
        self._split = split
        self._width, self._height = width, height
        self._network: bool | None = None

    @property
    def split(self) -> int:
        """The lesson's share of the width, in percent."""
        return self._split

    @split.setter
    def split(self, percent: int) -> None:
        self._split = min(max(percent, SPLIT_LEAST), SPLIT_MOST)
        if not self.is_narrow:
            # What can't be shown is not remembered: the way back would begin with keys that do nothing.
            shown = 100 * self.lesson_width / self._width
            self._split = min(max(self._split, int(shown)), int(shown) + 1)

    @property
    def is_narrow(self) -> bool:
        """Whether one pane at a time is to be seen."""
        return self._width < _NARROW

    @property
    def is_tall(self) -> bool:
        """Whether there is room for a list of the steps, and for the network below the shell."""
        return self._height >= _TALL

    @property
    def shows_lesson(self) -> bool:
        """Whether the lesson is to be seen."""
        return not self.is_narrow or self.side is Side.LESSON

    @property
    def shows_shell(self) -> bool:
        """Whether the shell is to be seen."""
        return not self.is_narrow or self.side is Side.SHELL

    @property
    def shows_network(self) -> bool:
        """Whether the network is to be seen: as the learner wants it, else where there is room."""
        return self.is_tall and not self.is_narrow if self._network is None else self._network

    @property
    def lesson_width(self) -> int:
        """How many columns the lesson has beside the shell."""
        wanted = round(self._width * self._split / 100)
        return max(min(wanted, self._width - _SHELL_LEAST - 1), min(_LESSON_LEAST, self._width // 2))

    @property
    def network_height(self) -> int:
        """How many rows the network has below the shell."""
        return max(6, self._height // _NETWORK_SHARE)

    @property
    def shell_size(self) -> tuple[int, int]:
        """Columns and rows that the shell will have: below the top line and its title, above the line of keys."""
        rows = self._height - 3 - (self.network_height if self.shows_network else 0)
        if self.is_narrow:
            return self._width, rows - 1  # a line says how the step stands
        return self._width - self.lesson_width - 1, rows

    def resize(self, width: int, height: int) -> bool:
        """A size; returns whether it is another one than before."""
        before = self._width, self._height
        self._width, self._height = width, height
        return before != (width, height)

    def divide_at(self, x: int) -> None:
        """Let the lesson end at a column."""
        self.split = round(100 * x / max(1, self._width))

    def toggle_network(self) -> None:
        """Show the network, or hide it."""
        self._network = not self.shows_network
