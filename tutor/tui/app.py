"""The application: one screen for the sitting, on a driver that gives the shell its keys. Decides nothing."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen

from tutor.errors import TutorError
from tutor.tui.desk import Desk
from tutor.tui.driver import RawDriver
from tutor.tui.keys import LESSON_BINDINGS, commands_of
from tutor.tui.preferences import Preferences
from tutor.tui.screens.lesson import LessonScreen
from tutor.tui.themes import BRIGHT_ANSI, CONTRAST, DARK, LIGHT, THEMES

_LOADED_SECONDS = 2.0
"""How long after the start all is loaded."""


class TutorApp(App[TutorError | None], inherit_bindings=False):
    """The tutor."""

    TITLE = "tutor"
    BINDINGS: ClassVar[list[BindingType]] = []
    COMMAND_PALETTE_BINDING = "ctrl+backslash"  # the screen binds keys of its own to it

    def __init__(self, desk: Desk, preferences: Preferences | None = None) -> None:
        super().__init__(driver_class=RawDriver)
        self._desk = desk
        self._preferences = preferences or Preferences()
        for theme in THEMES.values():
            self.register_theme(theme)
        self._usual_ansi = self.ansi_theme_dark
        wanted = self._preferences.now.theme
        self.wear(wanted if wanted in self.available_themes else DARK.name)

    @property
    def is_shell_to_come(self) -> bool:
        """Whether the shell, which what is typed is for, is still to come; asked from another thread."""
        screens = self.screen_stack
        if len(screens) < 2:  # only Textual's own, which is empty
            return True
        return isinstance(screens[-1], LessonScreen) and screens[-1].is_shell_to_come

    def wear(self, theme: str) -> None:
        """Put on a theme, and the colours that go with it for programs in the shell."""
        self.ansi_theme_dark = BRIGHT_ANSI if theme == CONTRAST.name else self._usual_ansi
        self.theme = theme

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What our style sheets need of themes that are not ours."""
        return (DARK if self.current_theme.dark else LIGHT).variables

    def on_mount(self) -> None:
        """Show the sitting."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            # Leave the terminal as it was found; the lab waits, as after any end that nobody asked for.
            loop.add_signal_handler(number, partial(self.exit, return_code=128 + number))
        loop.set_exception_handler(self._failed)
        self.push_screen(LessonScreen(self._desk, self._preferences))
        self.set_timer(_LOADED_SECONDS, _spare_what_is_loaded)

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A callback of the loop has failed, not one of Textual's: no less an end, rather than a screen that lies."""
        error = context.get("exception")
        if isinstance(error, Exception) and "handle" in context:
            self.call_later(_raise, error)
        else:
            loop.default_exception_handler(context)

    def _wear_and_keep(self, screen: LessonScreen, theme: str) -> None:
        self.wear(theme)
        screen.keep(theme=theme)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers: everything that a key does, and the themes."""
        if not isinstance(screen, LessonScreen):
            return
        for title, words, action in commands_of(LESSON_BINDINGS):
            yield SystemCommand(title, words, partial(screen.run_action, action))
        yield SystemCommand("Move on by itself", "on or off: after a step that passes", screen.action_advance)
        for name in [*THEMES, *(name for name in self.available_themes if name not in THEMES)]:
            words = "colours of the screen" if name in THEMES else "one of Textual's"
            yield SystemCommand(f"Theme: {name}", words, partial(self._wear_and_keep, screen, name))


def _raise(error: Exception) -> None:
    raise error


def _spare_what_is_loaded() -> None:
    """Let the garbage collector pass over what lives until the end: else it keeps a key or a tick waiting for 35 ms."""
    gc.collect()
    gc.freeze()
    gc.enable()


def run(desk: Desk, preferences: Preferences) -> int:
    """Run the application; returns its exit status.

    Raises:
        TutorError: the sitting could not begin.
    """
    app = TutorApp(desk, preferences)
    error = app.run(inline=False)
    if isinstance(error, TutorError):
        raise error
    return app.return_code or 0
