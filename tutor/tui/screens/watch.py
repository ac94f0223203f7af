"""Looks at the shell of another tutor, and can do nothing there. Does not know which lesson is played in it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from tutor.lab.ring import Ring
from tutor.tui.widgets.terminal import TerminalPane

_SECONDS = 0.05


class WatchScreen(Screen[int]):
    """A shell, seen from outside."""

    CSS_PATH = "watch.tcss"
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "quit", "quit")]

    def __init__(self, ring: Ring, columns: int, rows: int) -> None:
        """Prepare to watch.

        Args:
            ring: the record of the shell's output.
            columns: the width of its terminal.
            rows: the height.
        """
        super().__init__()
        self._ring, self._columns, self._rows = ring, columns, rows
        self._seen = 0

    def compose(self) -> ComposeResult:
        """The shell and one line."""
        pane = TerminalPane(id="watched")
        pane.can_focus = False
        yield pane
        yield Static(
            "[b]q[/] quit   This is another tutor's shell: you see what happens in it, and can do nothing there.",
            id="bar",
        )

    def on_mount(self) -> None:
        """Begin."""
        pane = self.query_one(TerminalPane)
        pane.present(self._columns, self._rows)
        self._look()
        self.set_interval(_SECONDS, self._look)

    def _look(self) -> None:
        output, self._seen = self._ring.since(self._seen)
        if output:
            self.query_one(TerminalPane).show(output)

    def action_quit(self) -> None:
        """Look no more."""
        self.app.exit(return_code=0)
