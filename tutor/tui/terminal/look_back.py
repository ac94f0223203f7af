"""The keyboard's way through what a terminal has printed: moving, selecting, searching, as in `less` and `vi`.

Knows the screen's scrollback; does not know how it is drawn, nor the clipboard.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len

if TYPE_CHECKING:
    from tutor.shell.scrollback import Scrollback

_HELP = "v select  y copy  / search  n next  [ ] prompts  q leave"
_WORD = re.compile(r"\S+")
_ALIASES = {
    "left": "h", "right": "l", "down": "j", "up": "k", "home": "g", "end": "G", "space": "v",
    "shift+pageup": "pageup", "shift+pagedown": "pagedown", "ctrl+b": "pageup", "ctrl+f": "pagedown",
}  # fmt: skip
_FIELD_ENDS = "enter", "escape"


class Outcome(Enum):
    """What is to be done after a key."""

    STAY = "nothing"
    LEAVE = "look at the present again"
    COPY = "copy what is selected, and leave"


class Selecting(Enum):
    """What moving selects."""

    NOTHING = 0
    CELLS = 1
    LINES = 2


class LookBack:
    """Somebody looks back."""

    def __init__(self, scrollback: Scrollback, columns: int, x: int, y: int) -> None:
        """Begin.

        Args:
            scrollback: what is looked at.
            columns: how wide it is.
            x: the cell of the view to begin at.
            y: its row.
        """
        self._scrollback = scrollback
        self._last_column = columns - 1
        self._selecting = Selecting.NOTHING
        self._forward = False
        self._origin = 0, 0
        self._message = ""
        self._kept = ""
        self.x, self.y = x, y
        """The cell of the view that one is at."""
        self.field: str | None = None
        """What is being typed to search for; None while nothing is."""
        self.pattern: re.Pattern[str] | None = None
        """What was searched for."""
        scrollback.hold()

    @property
    def line(self) -> str:
        """Where one is, and what one can do."""
        if self.field is not None:
            return f"{'/' if self._forward else '?'}{self.field}\u2588  {self._message}"
        view = self._scrollback.view
        return f"{view.first + self.y + 1} of {view.total}  {self._message or _HELP}"

    def output(self) -> None:
        """Something was printed: look where one looked before."""
        self._scrollback.keep_hold()

    def scroll(self, lines: int) -> None:
        """Look further up (negative) or down, from the same cell of the view."""
        self._scrollback.scroll(lines)
        self._scrollback.hold()

    def open_search(self, *, forward: bool = False) -> None:
        """Begin to type what to search for."""
        self.field, self._forward = "", forward
        self._origin, self._message = self._place, ""

    def key(self, key: str, character: str | None) -> Outcome:
        """Take a key, as Textual calls it."""
        if self.field is not None:
            outcome = self._type(key, character)
        else:
            self._message = ""
            outcome = self._command(key, character)
        if outcome is Outcome.STAY:
            if self._selecting is not Selecting.NOTHING:
                self._scrollback.select_to(self.x, self.y, lines=self._selecting is Selecting.LINES)
            self._scrollback.hold()
        return outcome

    # Keys

    def _command(self, key: str, character: str | None) -> Outcome:
        if key in {"q", "escape", "ctrl+c"}:
            if key != "q" and self._selecting is not Selecting.NOTHING:
                self._unselect()
                return Outcome.STAY
            return Outcome.LEAVE
        if key in {"y", "enter"}:
            if self._selecting is Selecting.NOTHING:
                self._scrollback.anchor(self.x, self.y)
                self._scrollback.select_to(self.x, self.y, lines=True)
            return Outcome.COPY
        do = self._MOVES.get(character or "") or self._MOVES.get(_ALIASES.get(key, key))
        if do is not None:
            do(self)
        return Outcome.STAY

    def _type(self, key: str, character: str | None) -> Outcome:
        """A key while the search field is open."""
        field = self.field or ""
        if key in _FIELD_ENDS or (key == "backspace" and not field) or key == "ctrl+c":
            self.field = None
            if key != "enter" or not field:
                self.pattern = None
                self._go(*self._origin)
            else:
                self._kept = field
            return Outcome.STAY
        if key == "backspace":
            field = field[:-1]
        elif key == "ctrl+u":
            field = ""
        elif character is not None and character.isprintable():
            field += character
        self.field = field
        self.pattern = _pattern(field)
        self._go(*self._origin)
        self._find(forward=self._forward, here=True)
        return Outcome.STAY

    def _next(self, *, same_way: bool) -> None:
        if self.pattern is None and self._kept:
            self.pattern = _pattern(self._kept)
        if self.pattern is None:
            self._message = "Nothing was searched for yet: / begins."
        else:
            self._find(forward=self._forward is same_way)

    # Moving

    @property
    def _place(self) -> tuple[int, int]:
        return self._scrollback.view.first + self.y, self.x

    def _go(self, row: int, x: int | None = None) -> None:
        """Go to a row of the whole, and show it."""
        view = self._scrollback.view
        row = max(0, min(row, view.total - 1))
        if not view.first <= row < view.first + view.rows:
            self._scrollback.scroll_to(max(0, min(row - view.rows // 2, view.total - view.rows)))
            view = self._scrollback.view
        self.y = max(0, min(row - view.first, view.rows - 1))
        if x is not None:
            self.x = max(0, min(x, self._last_column))

    def _step(self, lines: int) -> None:
        """Some rows up or down; the view moves no more than it has to."""
        y = self.y + lines
        view = self._scrollback.view
        if not 0 <= y < view.rows:
            self._scrollback.scroll(y if y < 0 else y - view.rows + 1)
        self.y = max(0, min(y, view.rows - 1))

    def _page(self, share: float) -> None:
        """A part of a page up or down, and the view with it."""
        rows = self._scrollback.view.rows
        lines = int(rows * share)
        before = self._scrollback.view.first
        self._scrollback.scroll(lines)
        left = lines - (self._scrollback.view.first - before)
        self.y = max(0, min(self.y + left, rows - 1))

    def _row_text(self) -> str:
        texts = self._scrollback.texts()
        row = self._place[0]
        return texts[row] if row < len(texts) else ""

    def _word(self, *, forward: bool) -> None:
        """To the next word, or the one before, in this row or the one beyond."""
        text = self._row_text()
        begins = [cell_len(text[: found.start()]) for found in _WORD.finditer(text)]
        beyond = [x for x in begins if (x > self.x if forward else x < self.x)]
        if beyond:
            self.x = beyond[0] if forward else beyond[-1]
        elif forward:
            self._step(1)
            self.x = 0
        else:
            self._step(-1)
            self.x = max(0, cell_len(self._row_text()) - 1)

    def _prompt(self, *, forward: bool) -> None:
        row = self._place[0]
        found = self._scrollback.prompt_after(row) if forward else self._scrollback.prompt_before(row)
        if found is None:
            self._message = f"No prompt {'below' if forward else 'above'}."
        else:
            self._go(found, 0)

    def _find(self, *, forward: bool, here: bool = False) -> None:
        """Go to the next match; behind the last one comes the first."""
        if self.pattern is None:
            self._message = ""
            return
        places = [
            (row, cell_len(text[: found.start()]))
            for row, text in enumerate(self._scrollback.texts())
            for found in self.pattern.finditer(text)
        ]
        at = self._place
        if not places:
            self._message = "Nothing found."
            return
        if forward:
            beyond = next((number for number, place in enumerate(places) if place > at or (here and place == at)), None)
            number = 0 if beyond is None else beyond
        else:
            before = [number for number, place in enumerate(places) if place < at or (here and place == at)]
            beyond = before[-1] if before else None
            number = len(places) - 1 if beyond is None else beyond
        self._go(*places[number])
        self._message = f"match {number + 1} of {len(places)}"
        if beyond is None:
            self._message += f", from the {'beginning' if forward else 'end'} again"

    # Selecting

    def _select(self, what: Selecting) -> None:
        if self._selecting is what:
            self._unselect()
            return
        if self._selecting is Selecting.NOTHING:
            self._scrollback.anchor(self.x, self.y)
        self._selecting = what

    def _unselect(self) -> None:
        self._selecting = Selecting.NOTHING
        self._scrollback.forget()

    def _to_end_of_row(self) -> None:
        self.x = max(0, cell_len(self._row_text()) - 1)

    def _to_column(self, x: int) -> None:
        self.x = max(0, min(x, self._last_column))

    _MOVES: ClassVar[dict[str, Callable[[LookBack], None]]] = {
        "h": lambda here: here._to_column(here.x - 1),
        "l": lambda here: here._to_column(here.x + 1),
        "j": lambda here: here._step(1),
        "k": lambda here: here._step(-1),
        "pageup": lambda here: here._page(-1),
        "pagedown": lambda here: here._page(1),
        "ctrl+u": lambda here: here._page(-0.5),
        "ctrl+d": lambda here: here._page(0.5),
        "g": lambda here: here._go(0, 0),
        "G": lambda here: here._go(here._scrollback.view.total - 1, 0),
        "0": lambda here: here._to_column(0),
        "$": lambda here: here._to_end_of_row(),
        "w": lambda here: here._word(forward=True),
        "b": lambda here: here._word(forward=False),
        "v": lambda here: here._select(Selecting.CELLS),
        "V": lambda here: here._select(Selecting.LINES),
        "/": lambda here: here.open_search(forward=True),
        "?": lambda here: here.open_search(forward=False),
        "n": lambda here: here._next(same_way=True),
        "N": lambda here: here._next(same_way=False),
        "[": lambda here: here._prompt(forward=False),
        "]": lambda here: here._prompt(forward=True),
    }


def _pattern(text: str) -> re.Pattern[str] | None:
    """What finds a text: capitals count where there are any."""
    if not text:
        return None
    return re.compile(re.escape(text), 0 if text != text.lower() else re.IGNORECASE)
