"""The line between lesson and shell, which the mouse can take along. Does not know what it divides."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget


class Divider(Widget):
    """A vertical line."""

    class Moved(Message):
        """The mouse drags the line."""

        def __init__(self, x: int, *, last: bool = False) -> None:
            super().__init__()
            self.x, self.last = x, last
            """The column of the screen that it is dragged to; and whether it is let go there."""

    def __init__(self) -> None:
        super().__init__()
        self._dragged = False
        self.tooltip = "Drag, or press < and > in the lesson"

    def render(self) -> Text:
        """A line from top to bottom."""
        return Text("\n".join("┃" * max(1, self.size.height)))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take it."""
        event.stop()
        self._dragged = True
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Take it along."""
        if self._dragged:
            self.post_message(self.Moved(int(event.screen_x)))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go."""
        if self._dragged:
            self._dragged = False
            self.release_mouse()
            self.post_message(self.Moved(int(event.screen_x), last=True))
