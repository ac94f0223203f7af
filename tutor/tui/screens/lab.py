"""A screen with a lab behind it: how a sitting begins, goes to a place, loses its lab, and ends.

What the learner sees of it is for the screen that is made of it. Does not know widgets but the shell's.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from abc import abstractmethod
from importlib import import_module

from textual import work
from textual.screen import Screen

from tutor.errors import LabGone, TutorError
from tutor.lab.wire import Message as Notice
from tutor.lesson import Lesson, Step, StepKind
from tutor.session.view import Opening, StepView
from tutor.tui.desk import Desk
from tutor.tui.screens.ask import Ask
from tutor.tui.screens.watch import WatchScreen
from tutor.tui.terminal.making import Handle
from tutor.tui.watching import LabWatch
from tutor.tui.widgets.terminal import TerminalPane

_RESCAN_SECONDS = 1.0
_SCREEN = "tutor.shell.screen"
_SHORT_SECONDS, _MOST_SHORT_LIVED = 1.0, 3


class LabScreen(Screen[int]):
    """A sitting, from its beginning to its end."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        """The lab, and where one is in the course."""
        self.is_ending = False
        """Whether the sitting is over."""
        self._watch = LabWatch(self._pump_now)
        self._pumping = False
        self._changing = asyncio.Lock()
        self._short_lived = 0
        self.labs = 0
        """How many labs have been built for this screen."""
        self._shell_since = 0.0
        self.is_scratch = False
        """Whether this lab is one beside that of another tutor."""
        self.has_begun = False
        """Whether the learner is at a step."""
        self._has_had_shell = False

    @property
    def is_shell_to_come(self) -> bool:
        """Whether the first shell is still to come, or the focus that leads to it or elsewhere."""
        return not (self._has_had_shell and self.focused is not None)

    # What the screen is asked for

    @property
    @abstractmethod
    def shell(self) -> TerminalPane:
        """The learner's shell."""

    @abstractmethod
    async def show(self, view: StepView) -> None:
        """Show the active step as it stands now."""

    @abstractmethod
    async def arrived(self, opening: Opening | None, *, living: bool) -> None:
        """Bring the keys to where the step needs them.

        Args:
            opening: how the sitting begins; None later on.
            living: whether the lab is the one that was there before.
        """

    @abstractmethod
    def shell_comes(self, *, asks: bool, resumed: bool) -> None:
        """Let the learner type already, while the lesson is still being read.

        Args:
            asks: whether the step is answered in the lesson.
            resumed: whether the learner was in this shell before.
        """

    @abstractmethod
    def shell_opened(self) -> None:
        """Know nothing of the shell any more: it is another one."""

    @abstractmethod
    def say(self, text: str) -> None:
        """Say what is being waited for; nothing if it is empty."""

    # Beginning and ending

    def on_mount(self) -> None:
        """Begin once the first picture is there."""
        self.call_after_refresh(self._begin)
        self.set_interval(_RESCAN_SECONDS, self._pump_now)

    @work
    async def _begin(self) -> None:
        self.say("Preparing the lab ...")
        try:
            started = await self.desk.take_over()
            if started is not None:
                # Everything that changes the layout comes before the first prompt: it must not keep a key waiting.
                self.shell_comes(asks=started.asks, resumed=False)
            await asyncio.to_thread(import_module, _SCREEN)  # takes a while: painting goes on meanwhile
            if started is not None:
                self._take_shell(started.shell)
            opening = await self.desk.open()
        except TutorError as error:
            self.app.exit(error, return_code=2)
            return
        lesson, step = opening.lesson, opening.step
        if opening.busy:
            text = "Another tutor has this lab open. You can watch its shell, or work in a lab of your own meanwhile."
            choices = {"w": "watch", "s": "scratch lab", "q": "quit"}
            choice = await self.app.push_screen_wait(Ask("The lab is in use", text, choices))
            if choice == "w":
                await self._watch_other(lesson)
                return
            if choice == "q":
                await self.leave(end=False)
                return
            self.is_scratch = True
        if opening.found_at:
            text = (
                f"A lab is still running, at {opening.found_at}. A new one takes its place, and what you made is lost."
            )
            if await self.app.push_screen_wait(Ask("Build a new lab?", text, {"b": "build", "q": "quit"})) == "q":
                await self.leave(end=False)
                return
        await self.place(lesson, step, living=opening.resumed or opening.built, opening=opening)
        if opening.resumed and not opening.comeback:
            self.notify("Your lab went on; you are back in it.")

    async def _watch_other(self, lesson: Lesson) -> None:
        try:
            ring, columns, rows = await self.desk.watch(lesson)
        except TutorError as error:
            self.app.exit(error, return_code=2)
            return
        self.app.switch_screen(WatchScreen(ring, columns, rows))

    async def place(self, lesson: Lesson, step: Step, *, living: bool, opening: Opening | None = None) -> None:
        """Go to a step, in the lab as it is or in a new one; what fails becomes a question."""
        try:
            async with self._changing:
                if not living:
                    self.labs += 1
                    self.say("Building the lab ...")
                    self._watch.pause()
                    self.shell.detach()
                    await self.desk.build(lesson, step)
                if not living or not self.shell.has_terminal:
                    self._short_lived = 0
                    # First, for what is typed as soon as the prompt is seen is for the shell.
                    self.shell_comes(asks=step.kind is StepKind.ANSWER, resumed=opening is not None and opening.resumed)
                    await self._open_shell()
            view = await self.desk.enter(lesson, step)
            await self.show(view)
            await self.arrived(opening, living=living)
            self.has_begun = True
            if not self.is_ending:
                self._watch.over(self.desk.filenos())
                self.say("")
        except TutorError as error:
            await self._trouble(error, lesson, step)

    async def _open_shell(self) -> None:
        columns, rows = self.shell.columns_and_rows
        self._take_shell(await self.desk.shell(columns, rows))
        self._shell_since = time.monotonic()

    def _take_shell(self, shell: Handle) -> None:
        self.shell.attach(shell)
        self._has_had_shell = True
        self.shell_opened()

    async def _trouble(self, error: TutorError, lesson: Lesson, step: Step) -> None:
        text = error.message + (f"\n\n{error.hint}" if error.hint else "")
        choice = await self.app.push_screen_wait(Ask("The lab is not there", text, {"b": "build it anew", "q": "quit"}))
        if choice == "b":
            await self.place(lesson, step, living=False)
        else:
            await self.leave(end=True, status=2)

    async def leave(self, *, end: bool, status: int = 0) -> None:
        """Go; with `end` the lab ends too."""
        self.is_ending = True
        self._watch.pause()
        self.shell.detach()
        with contextlib.suppress(TutorError):
            await self.desk.close(end=end)
        self.app.exit(return_code=status)

    # What happens in the lab

    def _pump_now(self) -> None:
        if self.has_begun and not self.is_ending and not self._pumping:
            self._pumping = True
            self._watch.pause()  # until what is there has been read, on the desk's own thread
            self._pump()

    @work(group="pump")
    async def _pump(self) -> None:
        labs = self.labs
        try:
            view, notices = await self.desk.pump()
            if view is not None and labs == self.labs:
                await self.show(view)
            for notice in notices:
                await self._notice(notice, labs)
        except TutorError as error:
            await self.lost(error)
        finally:
            self._pumping = False
            if not self.is_ending:
                self._watch.over(self.desk.filenos())

    async def _notice(self, notice: Notice, labs: int) -> None:
        """Something has happened in a lab; by now there may be another one, as `labs` tells."""
        if notice["notice"] == "shell-ended":
            async with self._changing:
                if labs == self.labs:
                    await self._replace_shell()
        elif notice["notice"] == "machine-down" and labs == self.labs:
            raise LabGone(f"the machine {notice['machine']} has gone down", hint="it can be built anew, at this step")

    async def _replace_shell(self) -> None:
        self.shell.detach()
        await self.desk.shell_ended()
        lasted = time.monotonic() - self._shell_since
        self._short_lived = self._short_lived + 1 if lasted < _SHORT_SECONDS else 0
        if self._short_lived == _MOST_SHORT_LIVED:
            raise LabGone(
                "The shell ends as soon as it begins: files that it needs may be gone.",
                hint="The lab can be built anew, at this step.",
            )
        await self._open_shell()
        self.tell_once("That shell has ended. Here is a new one.")

    def tell_once(self, text: str) -> None:
        """Tell something in passing, in place of what was told before."""
        self.app.clear_notifications()
        self.notify(text)

    async def lost(self, error: TutorError) -> None:
        """The lab is not there any more, or does not answer."""
        self.shell.detach()
        if self.has_begun and not self.is_ending:
            await self._trouble(error, *self.desk.here)
