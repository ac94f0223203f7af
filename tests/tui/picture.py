"""A screen as text, to be compared and to be read: its rows, and below them a letter for the look of each cell."""

from __future__ import annotations

from string import ascii_letters
from typing import Any

from rich.style import Style
from textual.app import App
from textual.screen import Screen


def picture_of(app: App[Any]) -> str:
    """The screen that is on top, with all that lies under it."""
    screen: Screen[Any] = app.screen
    strips = screen._compositor.render_strips(screen.size)
    looks: dict[str, str] = {}
    rows, letters = [], []
    for strip in strips:
        rows.append(strip.text.rstrip())
        row = []
        for segment in strip:
            look = _look(segment.style or Style())
            letter = looks.setdefault(look, ascii_letters[len(looks) % len(ascii_letters)])
            row.append(letter * segment.cell_length)
        letters.append("".join(row))
    legend = [f"{letter} {look}" for look, letter in looks.items()]
    return "\n".join([*rows, "", *letters, "", *legend, ""])


def _look(style: Style) -> str:
    """Colours and attributes in words."""
    words = [str(colour.get_truecolor().hex) if colour else "-" for colour in (style.color, style.bgcolor)]
    attributes = ("bold", "dim", "italic", "underline", "reverse", "strike")
    return " ".join([*words, *(name for name in attributes if getattr(style, name))])
