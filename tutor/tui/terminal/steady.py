"""Keeps what is drawn in its columns, however wide the terminal thinks that a character is.

What stands right of an emoji of several code points would else be drawn too far left or right, to the end of the row.
Pure; does not know what is drawn.
"""

from __future__ import annotations

import re
import unicodedata

from rich.cells import cell_len

from tutor.shell.widths import DISPUTED, is_disputed

_TO_PLACE = r"\x1b\[\d+;(?P<column>\d+)H"
_STAYS = r"\x1b\[[0-9;:]*m|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
_CONTROL = re.compile(rf"{_TO_PLACE}|(?P<stays>{_STAYS})|\x1b\[[0-?]*[ -/]*[@-~]|\x1b.|[\x00-\x1a\x1c-\x1f]")

_WITH_BLANKS = re.compile(rf"({DISPUTED.pattern})( *)", re.DOTALL)
_MAYBE_WIDE = "\u2000"


def steady(drawn: str, width: int) -> str:
    """What is drawn, with the cursor put where it belongs behind each disputed character.

    Args:
        drawn: text and control sequences; rows begin with a cursor position.
        width: of the terminal.
    """
    if not is_disputed(drawn):
        return drawn
    made: list[str] = []
    column: int | None = None
    at = 0
    for control in _CONTROL.finditer(drawn):
        column = _place(drawn[at : control.start()], column, width, made)
        made.append(control[0])
        at = control.end()
        if control["column"] is not None:
            column = int(control["column"])
        elif control["stays"] is None:
            column = None  # wherever that has gone
    _place(drawn[at:], column, width, made)
    return "".join(made)


def _place(text: str, column: int | None, width: int, made: list[str]) -> int | None:
    """Add text that begins in a column; returns the one behind it."""
    at = 0
    if column is not None and is_disputed(text):
        for found in _WITH_BLANKS.finditer(text):
            before, character, blanks = text[at : found.start()], found[1], found[2]
            begin = column + cell_len(before)
            column = begin + cell_len(character) + len(blanks)
            at = found.end()
            # The blanks are drawn first: there must be something where it is narrower than thought, and where it is
            # wider than Rich thinks, they are what makes up for that. It must not go on into the next row.
            shown = character if begin + _most_cells(character) <= width + 1 else ""
            made.append(f"{before}{' ' * (column - begin)}\x1b[{begin}G{shown}\x1b[{column}G")
    made.append(text[at:])
    return None if column is None else column + cell_len(text[at:])


def _most_cells(text: str) -> int:
    """How wide a terminal may find it at most."""
    standing = [character for character in text if unicodedata.category(character) not in ("Mn", "Me", "Cf")]
    return max(1, sum(2 if character >= _MAYBE_WIDE else max(1, cell_len(character)) for character in standing))
