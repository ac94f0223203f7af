"""The screen of a sitting: lesson and shell side by side, and the keys that lead through the course.

Decides what a key, a kernel event or the end of a shell means. Knows the lab only through the desk.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import DescendantBlur, DescendantFocus, Resize
from textual.screen import Screen
from textual.widgets import Input, Static

from tutor.errors import LabGone, TutorError
from tutor.lab.wire import Message as Notice
from tutor.lesson import Lesson, Step, StepKind
from tutor.session.play import StepView
from tutor.tui.desk import Desk
from tutor.tui.moves import one_at_a_time
from tutor.tui.screens.ask import Ask
from tutor.tui.screens.watch import WatchScreen
from tutor.tui.widgets.lesson import CommandBlock, LessonPane
from tutor.tui.widgets.terminal import TerminalPane

_NARROW = 100
_RESCAN_SECONDS = 1.0
_IN_SHELL = "[b]Ctrl-][/] to the lesson and its keys"
_IN_ANSWER = "[b]Ctrl-][/] shell  [b]Enter[/] answers  [b]Esc[/] to the lesson and its other keys"
_KEYS = "next", "previous", "hint", "type it", "solve it for me", "reset", "quit"
_IN_LESSON = "[b]Ctrl-][/] shell  " + "  ".join(f"[b]{word[0]}[/]{word[1:]}" for word in _KEYS)


class LessonScreen(Screen[int]):
    """A sitting."""

    CSS_PATH = "lesson.tcss"
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+right_square_bracket", "switch", "shell/lesson", priority=True),
        Binding("n", "next", "next"),
        Binding("p", "previous", "previous"),
        Binding("h", "hint", "hint"),
        Binding("t", "type", "type it"),
        Binding("s", "solve", "solve it for me"),
        Binding("r", "reset", "reset"),
        Binding("a", "answer", "answer"),
        Binding("y", "seen", "I have seen it"),
        Binding("q", "quit", "quit"),
        Binding("escape", "focus_lesson", "lesson", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._view: StepView | None = None
        self._watched: tuple[int, ...] = ()
        self._to_type: deque[str] = deque()
        self._ending = False
        self._pumping = False
        self.moves = asyncio.Lock()
        """Held while the learner is on the way to another step, or out."""

    def compose(self) -> ComposeResult:
        """The two panes and the bar."""
        with Container(id="panes"):
            yield LessonPane(id="lesson")
            yield TerminalPane(id="shell")
        yield Static("Preparing the lab ...", id="bar")

    def on_mount(self) -> None:
        """Begin once the first picture is there."""
        self.call_after_refresh(self._begin)
        self.set_interval(_RESCAN_SECONDS, self._pump_now)

    def on_resize(self, event: Resize) -> None:
        """One above the other where there is no room side by side."""
        self.set_class(event.size.width < _NARROW, "-narrow")

    @property
    def _lesson(self) -> LessonPane:
        return self.query_one("#lesson", LessonPane)

    @property
    def _shell(self) -> TerminalPane:
        return self.query_one("#shell", TerminalPane)

    @property
    def _is_asking(self) -> bool:
        """Whether the active step waits for an answer."""
        view = self._view
        return view is not None and view.step.kind is StepKind.ANSWER and not view.passed

    # Beginning and ending

    @work
    async def _begin(self) -> None:
        try:
            opening = await self._desk.open()
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
                await self._leave(end=False)
                return
        if opening.found_at:
            text = (
                f"A lab is still running, at {opening.found_at}. A new one takes its place, and what you made is lost."
            )
            if await self.app.push_screen_wait(Ask("Build a new lab?", text, {"b": "build", "q": "quit"})) == "q":
                await self._leave(end=False)
                return
        await self._place(lesson, step, living=opening.resumed)
        if opening.resumed:
            self.notify("Your lab was still running; you are back in it.")

    async def _watch_other(self, lesson: Lesson) -> None:
        try:
            ring, columns, rows = await self._desk.watch(lesson)
        except TutorError as error:
            self.app.exit(error, return_code=2)
            return
        self.app.switch_screen(WatchScreen(ring, columns, rows))

    async def _place(self, lesson: Lesson, step: Step, *, living: bool) -> None:
        """Go to a step, in the lab as it is or in a new one; what fails becomes a question."""
        self._to_type.clear()
        try:
            if living:
                view = await self._desk.enter(lesson, step)
            else:
                self._say("Building the lab ...")
                self._watch(())
                self._shell.detach()
                view = await self._desk.build(lesson, step)
            await self._show(view)
            if not (self._is_asking and self._lesson.focus_answer()):
                self.set_focus(self._shell)
            if not living or not self._shell.wants_keys:
                await self._open_shell()
            self._watch(self._desk.filenos())
            self._say()
        except TutorError as error:
            await self._trouble(error, lesson, step)

    async def _open_shell(self) -> None:
        columns, rows = self._shell.columns_and_rows
        self._shell.attach(await self._desk.shell(columns, rows))

    async def _trouble(self, error: TutorError, lesson: Lesson, step: Step) -> None:
        text = error.message + (f"\n\n{error.hint}" if error.hint else "")
        choice = await self.app.push_screen_wait(Ask("The lab is not there", text, {"b": "build it anew", "q": "quit"}))
        if choice == "b":
            await self._place(lesson, step, living=False)
        else:
            await self._leave(end=True, status=2)

    async def _leave(self, *, end: bool, status: int = 0) -> None:
        self._ending = True
        self._watch(())
        self._shell.detach()
        with contextlib.suppress(TutorError):
            await self._desk.close(end=end)
        self.app.exit(return_code=status)

    # What happens in the lab

    def _watch(self, descriptors: tuple[int, ...]) -> None:
        """Be told when the lab has something to tell."""
        loop = asyncio.get_running_loop()
        for descriptor in self._watched:
            loop.remove_reader(descriptor)
        for descriptor in descriptors:
            loop.add_reader(descriptor, self._pump_now)
        self._watched = descriptors

    def _pump_now(self) -> None:
        if self._view is not None and not self._ending and not self._pumping:
            self._pumping = True
            self._watch(())  # until what is there has been read, on the desk's own thread
            self._pump()

    @work(group="pump")
    async def _pump(self) -> None:
        try:
            view, notices = await self._desk.pump()
            if view is not None:
                await self._show(view)
            for notice in notices:
                await self._notice(notice)
        except TutorError as error:
            await self._lost(error)
        finally:
            self._pumping = False
            if not self._ending:
                self._watch(self._desk.filenos())

    async def _notice(self, notice: Notice) -> None:
        if notice["notice"] == "shell-ended":
            self._to_type.clear()
            self._shell.detach()
            await self._desk.shell_ended()
            await self._open_shell()
            self.notify("That shell has ended. Here is a new one.")
        elif notice["notice"] == "machine-down":
            raise LabGone(f"the machine {notice['machine']} has gone down", hint="it can be built anew, at this step")

    async def _lost(self, error: TutorError) -> None:
        self._shell.detach()
        if self._view is not None and not self._ending:
            await self._trouble(error, self._view.lesson, self._view.step)

    async def on_terminal_pane_command_done(self, message: TerminalPane.CommandDone) -> None:
        """A command has ended: a *see* step may be done, and what has no event is read again."""
        if self._view is None:
            return
        try:
            await self._show(await self._desk.ran(message.command))
        except TutorError as error:
            await self._lost(error)

    def on_terminal_pane_prompt_shown(self) -> None:
        """The shell waits: type the next command, if we are solving."""
        if self._to_type:
            self._shell.type_text(self._to_type.popleft() + "\n")

    def on_terminal_pane_broken(self, message: TerminalPane.Broken) -> None:
        """The screen core failed."""
        self.notify(message.error, severity="warning")

    async def _show(self, view: StepView) -> None:
        self._view = view
        await self._lesson.show(view)
        for message in self._desk.messages():
            self.notify(message, severity="warning", timeout=15)
        self._say()

    def _say(self, text: str = "") -> None:
        done, total = self._desk.progress()
        keys = _IN_SHELL if self._shell.has_focus else _IN_LESSON
        if isinstance(self.focused, Input):
            keys = _IN_ANSWER
        elif self._is_asking and not self._shell.has_focus:
            keys = keys.replace("[b]h[/]int", "[b]a[/]nswer  [b]h[/]int")
        where = f"[$text-muted]{done} of {total} steps done[/]  " if total else ""
        self.query_one("#bar", Static).update(text or where + keys)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Show the keys that work now."""
        del event
        self._say()

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """Show the keys that work now."""
        del event
        self._say()

    # Keys

    def action_switch(self) -> None:
        """From the shell to the lesson, and back."""
        if not self._shell.has_focus:
            self.set_focus(self._shell)
        elif self._is_asking:
            self._lesson.focus_answer()
        else:
            self.set_focus(self._lesson.text)

    def action_focus_lesson(self) -> None:
        """Out of the answer."""
        self.set_focus(self._lesson.text)

    def action_answer(self) -> None:
        """Into the answer."""
        self._lesson.focus_answer()

    @work(group="move")
    @one_at_a_time
    async def action_next(self) -> None:
        """On to the next step."""
        view = self._view
        if view is None:
            return
        if not view.passed and not view.done:
            text = "This step is not done yet. The ones after it may build on it."
            if await self.app.push_screen_wait(Ask("Go on all the same?", text, {"g": "go on", "s": "stay"})) == "s":
                return
        target = await self._desk.following()
        if target is None:
            self.notify("This is the end of the course.")
            return
        await self._move(*target)

    @work(group="move")
    @one_at_a_time
    async def action_previous(self) -> None:
        """Back to the step before."""
        if self._view is not None:
            target = await self._desk.preceding()
            if target is None:
                self.notify("This is the beginning of the course.")
            else:
                await self._move(*target)

    async def _move(self, lesson: Lesson, step: Step, living: bool) -> None:
        if not living:
            text = f"{lesson.title} starts in another state. A new lab is built for it; what is in this one is lost."
            if await self.app.push_screen_wait(Ask("Build a new lab?", text, {"b": "build", "s": "stay"})) == "s":
                return
        await self._place(lesson, step, living=living)

    @work(group="move")
    @one_at_a_time
    async def action_reset(self) -> None:
        """The lab as it is at the start of this step."""
        view = self._view
        if view is None:
            return
        text = "A new lab is built, as it is at the start of this step. Everything that you made in this one is lost."
        if await self.app.push_screen_wait(Ask("Reset this step?", text, {"r": "reset", "s": "stay"})) == "r":
            await self._place(view.lesson, view.step, living=False)

    @work(exclusive=True, group="show")
    async def action_hint(self) -> None:
        """One more hint."""
        view = self._view
        if view is None:
            return
        if len(view.hints) == len(view.step.hints):
            self.notify("There are no more hints. `s` solves the step for you.")
        else:
            await self._show(await self._desk.hint())

    @work(exclusive=True, group="type")
    async def action_type(self) -> None:
        """The step's command at the prompt, not executed."""
        if self._view is not None:
            self._type(await self._desk.commands())

    @work(exclusive=True, group="type")
    async def on_command_block_chosen(self, message: CommandBlock.Chosen) -> None:
        """A click on a command block."""
        self._type(await self._desk.to_type(message.commands))

    def _type(self, commands: tuple[str, ...]) -> None:
        """Put commands at the prompt; all but the last one are executed, as they must be typed in order."""
        if commands:
            self.set_focus(self._shell)
            self._shell.type_text("\n".join(commands))

    @work(exclusive=True, group="type")
    async def action_solve(self) -> None:
        """Type and execute the step's commands, one after the other, each when the one before it has ended."""
        commands = list(await self._desk.commands()) if self._view is not None else []
        if commands:
            self._to_type = deque(commands[1:])
            self.set_focus(self._shell)
            self._shell.type_text(commands[0] + "\n")

    @work(exclusive=True, group="show")
    async def action_seen(self) -> None:
        """The learner has seen it, in a shell that can't tell."""
        if self._view is not None and self._view.step.kind is StepKind.SEE:
            await self._show(await self._desk.say_seen())

    @work(exclusive=True, group="answer")
    async def on_lesson_pane_answered(self, message: LessonPane.Answered) -> None:
        """An answer to the question."""
        try:
            await self._show(await self._desk.answer(message.answer))
        except TutorError as error:
            await self._lost(error)
        if self._view is not None and self._view.passed:
            self.set_focus(self._lesson.text)

    @work(group="move")
    @one_at_a_time
    async def action_quit(self) -> None:
        """End the sitting, and the lab with it."""
        text = (
            "Your progress is kept. The lab ends, and what you built in it is gone; it is rebuilt where you left off."
        )
        if await self.app.push_screen_wait(Ask("Quit?", text, {"q": "quit", "s": "stay"})) == "q":
            await self._leave(end=True)
