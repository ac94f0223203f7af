"""A sitting that is played without a terminal: the whole application, on a real lab, driven through Textual's pilot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from tests.waiting import SECONDS
from tutor.errors import TutorError
from tutor.lab.nursery import Nursery
from tutor.shell import Command
from tutor.store.config import ConfigStore
from tutor.tui.app import TutorApp
from tutor.tui.desk import Desk
from tutor.tui.screens.ask import Ask
from tutor.tui.screens.lesson import LessonScreen
from tutor.tui.widgets.lesson import LessonPane
from tutor.tui.widgets.outcome import Outcome
from tutor.tui.widgets.terminal import TerminalPane


class HeardApp(TutorApp):
    """The tutor, with a record of what the shell has told, and of what it tells. The lesson hears it first."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.commands: list[Command] = []
        self.prompts = 0
        self.told: list[str] = []

    def notify(self, message: str, **how: Any) -> None:
        self.told.append(message)
        super().notify(message, **how)

    def on_terminal_pane_command_done(self, message: TerminalPane.CommandDone) -> None:
        self.commands.append(message.command)

    def on_terminal_pane_prompt_shown(self) -> None:
        self.prompts += 1


class Sitting:
    """An application that runs, as a learner sees it."""

    def __init__(self, app: HeardApp, pilot: Pilot[TutorError | None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def screen(self) -> LessonScreen:
        """The lesson, whether or not a question is over it."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, LessonScreen))

    @property
    def pane(self) -> TerminalPane:
        return self.screen.query_one(TerminalPane)

    @property
    def lesson(self) -> LessonPane:
        return self.screen.query_one(LessonPane)

    @property
    def step(self) -> str:
        """The title of the step that is shown; empty until there is one."""
        return self.lesson.active.title if self.lesson.active is not None else ""

    @property
    def outcome(self) -> str:
        """How the step stands."""
        return self.lesson.query_one(Outcome).text

    @property
    def bar(self) -> str:
        return str(self.screen.query_one("#bar", Static).render())

    @property
    def course(self) -> str:
        """How far one is in the course."""
        return str(self.screen.query_one("#progress", Static).render())

    @property
    def question(self) -> str:
        """The title of the question over the screen; empty if there is none."""
        top = self.app.screen
        return str(top.query_one("#ask").border_title) if isinstance(top, Ask) and top.query("#ask") else ""

    @property
    def has_keys(self) -> bool:
        """Whether some part of the screen has the keys, and knows it."""
        focused = self.app.focused
        return focused is not None and focused.has_focus

    @property
    def notices(self) -> str:
        """What has been told in passing, however short it was to be seen."""
        return "\n".join(self.app.told)

    @property
    def shown(self) -> str:
        """What the shell's pane shows."""
        rows = (self.pane.render_line(y).text.rstrip() for y in range(self.pane.size.height))
        return "\n".join(rows).rstrip()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until it is so."""
        end = time.monotonic() + SECONDS
        while not is_so():
            assert time.monotonic() < end, self.report()
            await asyncio.sleep(0.01)

    def report(self) -> str:
        parts = {
            "step": self.step, "outcome": self.outcome, "question": self.question, "bar": self.bar,
            "notices": self.notices, "shell": self.shown,
        }  # fmt: skip
        return "\n".join(f"{name}: {text}" for name, text in parts.items())

    async def run(self, command: str) -> Command:
        """Type a command and wait until the lesson has heard of its end, and the shell waits for the next one."""
        app = self.app
        commands, prompts = len(app.commands), app.prompts
        self.pane.type_text(command + "\n")
        await self.until(lambda: any(done.text == command for done in app.commands[commands:]))
        await self.until(lambda: app.prompts > prompts and self.shown.endswith("~#"))
        return next(done for done in app.commands[commands:] if done.text == command)

    async def until_the_shell_is_as_large_as_its_pane(self) -> None:
        """Wait until a program in the shell finds its terminal so: it is told a moment after the pane has its size."""
        end = time.monotonic() + SECONDS
        found = ""
        while found != f"{self.pane.size.height} {self.pane.size.width}\n":
            assert time.monotonic() < end, self.report()
            found = (await self.run("stty size")).output

    async def click_until(
        self, what: type[Widget] | str, is_so: Callable[[], bool], *, offset: tuple[int, int] = (0, 0)
    ) -> None:
        """Click on something until that has an effect: its place changes while what is above it is laid out."""
        end = time.monotonic() + SECONDS
        while not is_so():
            assert time.monotonic() < end, self.report()
            await self.pilot.click(what, offset=offset)
            for _ in range(20):
                await asyncio.sleep(0.05)
                if is_so():
                    break

    async def to_lesson(self) -> None:
        """Take the focus out of the shell."""
        if self.app.focused is self.pane:
            await self.pilot.press("ctrl+right_square_bracket")
            await self.until(lambda: self.app.focused is not self.pane)
        if self.app.focused is not None and self.app.focused.id == "answer":
            await self.pilot.press("escape")
        await self.until(lambda: self.app.focused is self.lesson.text)

    async def press_in_lesson(self, *keys: str) -> None:
        """Press keys that the lesson understands, once it is not under way any more: meanwhile it heeds none."""
        await self.to_lesson()
        await self.until(lambda: not self.screen.moves.locked())
        await self.pilot.press(*keys)


@asynccontextmanager
async def sitting(
    nursery: Nursery, place: str = "", *, pack: str = "", size: tuple[int, int] = (120, 34), advance: bool = False
) -> AsyncIterator[Sitting]:
    """Play until the block ends; the lab ends with it. Steps lead on by themselves only if `advance` says so."""
    ConfigStore().update(advance=advance)
    app = HeardApp(Desk(nursery, pack, place))
    async with app.run_test(size=size) as pilot:
        try:
            yield Sitting(app, pilot)
        finally:
            for screen in app.screen_stack:
                if isinstance(screen, LessonScreen) and not screen.is_ending:
                    await screen.leave(end=True)


@asynccontextmanager
async def at_step(
    nursery: Nursery, place: str = "", *, size: tuple[int, int] = (120, 34), advance: bool = False
) -> AsyncIterator[Sitting]:
    """Play from a step on, with a shell that is ready."""
    async with sitting(nursery, place, size=size, advance=advance) as playing:
        await playing.until(lambda: playing.screen.has_begun and playing.app.prompts > 0 and playing.has_keys)
        await playing.until(lambda: playing.shown != "" or not playing.pane.is_on_screen)
        yield playing
