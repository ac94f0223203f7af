"""What one needs to know of the screen when one sees it for the first time. Does not know when that is."""

from __future__ import annotations

from textual.widgets import Static

_TEXT = """This is the lesson; the other side is a real shell on a machine of your own: you are root there, and can \
break nothing outside of it. A step ticks by itself as soon as the kernel shows that it is done; if something is \
wrong, the line at the bottom says what.
[b $accent]Ctrl-][/] goes from one side to the other. In the lesson [b $accent]t[/] types a command, \
[b $accent]h[/] hints, [b $accent]?[/] shows all keys."""


class Welcome(Static):
    """A few lines."""

    def __init__(self) -> None:
        super().__init__(_TEXT)
        self.border_title = "How this works"
