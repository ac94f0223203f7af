"""All keys, over the screen. Does not know what they do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tutor.tui.keys import help_rows

_SHELL = (
    ("every key", "is the program's, save Ctrl-]"),
    ("Shift-PgUp, wheel", "scroll back; the next key that you type returns to the present"),
    ("drag", "select, and copy on release; with Shift where the program takes the mouse itself"),
    ("Ctrl-] v", "look back with the keys: arrows move, Space selects, Enter copies, / searches, q leaves"),
)


class HelpScreen(ModalScreen[None]):
    """The help."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1,enter", "dismiss", "close")]

    def compose(self) -> ComposeResult:
        """Two lists of keys."""
        with Vertical(id="box") as box:
            box.border_title = "Keys"
            box.border_subtitle = "Esc closes"
            with VerticalScroll():
                yield Static(_table("While the lesson has the keys", help_rows()))
                yield Static(_table("While the shell has the keys", _SHELL))
                yield Static(
                    "[$text-muted]A click on a word in the bottom line, on a command or on a step does the same.[/]"
                )


def _table(title: str, rows: Sequence[tuple[str, str]]) -> Content:
    wide = max(len(key) for key, _ in rows)
    lines = [Content.assemble((f"{key:>{wide}}", "bold $accent"), f"  {words}\n") for key, words in rows]
    return Content.assemble((f"{title}\n", "bold"), *lines)
