"""The application: one screen for the sitting, on a driver that gives the shell its keys. Decides nothing."""

from __future__ import annotations

import asyncio
import gc
import signal
from functools import partial
from typing import ClassVar

from textual.app import App
from textual.binding import BindingType

from tutor.errors import TutorError
from tutor.tui.desk import Desk
from tutor.tui.driver import RawDriver
from tutor.tui.screens.lesson import LessonScreen

_LOADED_SECONDS = 2.0
"""How long after the start all is loaded."""


class TutorApp(App[TutorError | None]):
    """The tutor."""

    TITLE = "tutor"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, desk: Desk) -> None:
        super().__init__(driver_class=RawDriver)
        self._desk = desk

    def on_mount(self) -> None:
        """Show the sitting."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            # Leave the terminal as it was found; the lab waits, as after any end that nobody asked for.
            loop.add_signal_handler(number, partial(self.exit, return_code=128 + number))
        self.push_screen(LessonScreen(self._desk))
        self.set_timer(_LOADED_SECONDS, _spare_what_is_loaded)


def _spare_what_is_loaded() -> None:
    """Let the garbage collector pass over what lives until the end: else it keeps a key or a tick waiting for 35 ms."""
    gc.collect()
    gc.freeze()


def run(desk: Desk) -> int:
    """Run the application; returns its exit status.

    Raises:
        TutorError: the sitting could not begin.
    """
    app = TutorApp(desk)
    error = app.run(inline=False)
    if isinstance(error, TutorError):
        raise error
    return app.return_code or 0
