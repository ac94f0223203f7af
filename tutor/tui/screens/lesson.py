"""The screen of a sitting: lesson and shell side by side, and the keys that lead through the course.

Decides what a key means. Knows the lab only through the desk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.events import Key, Paste

from tutor.errors import TutorError
from tutor.lesson import Lesson, Step, StepKind
from tutor.tui.arrangement import Side
from tutor.tui.keys import LESSON_BINDINGS
from tutor.tui.moves import one_at_a_time
from tutor.tui.screens.ask import Ask
from tutor.tui.screens.play import PlayScreen

if TYPE_CHECKING:
    from tutor.tui.widgets.blocks import CommandBlock
    from tutor.tui.widgets.question import QuestionBox


class LessonScreen(PlayScreen):
    """A sitting."""

    CSS_PATH = "lesson.tcss"
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+right_square_bracket", "switch", "shell/lesson", priority=True),
        *LESSON_BINDINGS,
    ]

    def action_switch(self) -> None:
        """From the shell to the lesson, and back."""
        if not self.shell.has_focus:
            self.turn_to(Side.SHELL)
        else:
            self.turn_to(Side.LESSON)
            if self.is_asking:
                self.lesson.focus_answer()

    def action_focus_lesson(self) -> None:
        """Out of the answer."""
        self.turn_to(Side.LESSON)

    def action_answer(self) -> None:
        """Into the answer."""
        self.turn_to(Side.LESSON)
        self.lesson.focus_answer()

    def on_key(self, event: Key) -> None:
        """A choice by its number, or the beginning of an answer that is one."""
        # Also one that was pressed before the field had the keys: what a field has taken does not come here.
        if self.is_asking and event.key.isdigit():
            event.stop()
            self.lesson.take_digit(event.key)

    @work(group="move")
    @one_at_a_time
    async def action_next(self) -> None:
        """On to the next step."""
        view = self.view
        if view is None:
            return
        self.advance.cancel()
        if not view.passed and not view.done:
            text = "This step is not done yet. The ones after it may build on it."
            if await self.app.push_screen_wait(Ask("Go on all the same?", text, {"g": "go on", "s": "stay"})) == "s":
                return
        target = await self.desk.following()
        if target is None:
            self.tell_once("This is the end of the course.")
            return
        await self._move(*target)

    def action_wait_here(self) -> None:
        """Stay at this step."""
        if self.advance.is_coming:
            self.advance.cancel()
            self.lead_on_later()

    def action_advance(self) -> None:
        """Whether a step that passes leads on by itself."""
        on = not self.preferences.now.advance
        self.advance.cancel()
        self.keep(advance=on)
        self.tell_once("A step that passes leads on by itself." if on else "After a step that passes, n leads on.")

    @work(group="move")
    @one_at_a_time
    async def action_previous(self) -> None:
        """Back to the step before."""
        if self.view is not None:
            self.advance.cancel()
            target = await self.desk.preceding()
            if target is None:
                self.tell_once("This is the beginning of the course.")
            else:
                await self._move(*target)

    @work(group="move")
    @one_at_a_time
    async def action_go_to(self, step_id: str) -> None:
        """To a step of this lesson: where one has been is only looked at again, for another a lab is built."""
        view = self.view
        step = view.lesson.find_step(step_id) if view is not None else None
        if view is not None and step is not None and step is not view.step:
            await self._move(view.lesson, step, view.lesson.steps.index(step) <= self.reached)

    async def _move(self, lesson: Lesson, step: Step, living: bool) -> None:
        if not living:
            lack = (await self.desk.lacks()).get(lesson.id)
            if lack is not None and not lack.has_lab:
                self.tell_once(f"{lesson.title}: can't be done here, as it {lack}; {lack.remedy}")
                return
            text = f"{step.title} starts in another state. A new lab is built for it; what is in this one is lost."
            if await self.app.push_screen_wait(Ask("Build a new lab?", text, {"b": "build", "s": "stay"})) == "s":
                return
        await self.place(lesson, step, living=living)

    @work(group="move")
    @one_at_a_time
    async def action_course(self) -> None:
        """The whole course, and to any place in it."""
        from tutor.tui.screens.course import CourseScreen  # not wanted at the start

        if self.view is None:
            return
        here = self.desk.here
        chosen = await self.app.push_screen_wait(CourseScreen(self.desk.outline(), here, await self.desk.lacks()))
        if chosen is not None and chosen != here:
            await self._move(*chosen, False)

    @work(group="move")
    @one_at_a_time
    async def action_reset(self) -> None:
        """The lab as it is at the start of this step."""
        view = self.view
        if view is None:
            return
        text = "A new lab is built, as it is at the start of this step. Everything that you made in this one is lost."
        seed = self.desk.drawn_seed
        if view.step.faults and seed is not None:
            text += f" Other faults are drawn; `tutor start {view.lesson.id}/{view.step.id} --seed {seed}` has these."
        if await self.app.push_screen_wait(Ask("Reset this step?", text, {"r": "reset", "s": "stay"})) == "r":
            await self.place(view.lesson, view.step, living=False)

    @work(group="show")
    async def action_hint(self) -> None:
        """One more hint."""
        view = self.view
        if view is None:
            return
        if len(view.hints) == len(view.step.hints):
            self.tell_once("There are no more hints. s solves the step for you.")
        else:
            await self.show(await self.desk.hint())

    @work(exclusive=True, group="type")
    async def action_type(self) -> None:
        """The step's next command at the prompt, not executed."""
        if self.view is not None and self._shows_commands() and self._may_type():
            self.turn_to(Side.SHELL)
            self.dictation.offer(await self.desk.commands(), self.ran)

    def _shows_commands(self) -> bool:
        """Whether the step shows what to type; a learner who is to find it is not told in passing."""
        shown = self.view is not None and bool(self.view.step.visible)
        if not shown:
            self.tell_once("The command is yours to find. h hints, s solves the step for you.")
        return shown

    def _may_type(self) -> bool:
        """Whether a command can be typed; a full-screen program would take its letters for something else."""
        if self.shell.is_full_screen:
            self.tell_once("A full-screen program has the shell. End it first (q, or :q in vim).")
        return not self.shell.is_full_screen

    @work(exclusive=True, group="type")
    async def on_command_block_chosen(self, message: CommandBlock.Chosen) -> None:
        """A click on a command."""
        if self._may_type():
            self.turn_to(Side.SHELL)
            self.dictation.offer(await self.desk.to_type((message.command,)), frozenset())

    def on_paste(self, event: Paste) -> None:
        """What is pasted while the lesson has the keys is meant for the shell: there is nothing else to paste into."""
        event.stop()
        self.turn_to(Side.SHELL)
        self.shell.take_paste(event.text.encode())

    def on_command_block_copied(self, message: CommandBlock.Copied) -> None:
        """A block for the clipboard."""
        self.app.copy_to_clipboard(message.text)
        self.tell_once("Copied.")

    @work(exclusive=True, group="type")
    async def action_copy(self) -> None:
        """The step's commands, for the clipboard."""
        if self.view is not None and self._shows_commands():
            self.app.copy_to_clipboard("\n".join(await self.desk.commands()))
            self.tell_once("The step's commands are in the clipboard, if your terminal allows it.")

    @work(exclusive=True, group="type")
    async def action_solve(self) -> None:
        """Type and execute the step's commands, one after the other, each when the one before it has ended."""
        view = self.view
        if view is None:
            return
        if view.passed:
            self.tell_once("This step is done. n leads on.")
        elif self.dictation.is_busy:
            self.tell_once("A program still runs in the shell. End it first: Ctrl-C, q or exit.")
        elif commands := await (self.next_repair(anew=True) if view.step.faults else self.desk.commands()):
            self.turn_to(Side.SHELL)
            self.dictation.play(commands)
        elif view.step.faults:
            self.tell_once("No repair of this step mends what is wrong now. r builds it anew.")

    def action_interrupt(self) -> None:
        """Copy what is selected; whoever selected nothing meant a program in the shell."""
        if self.get_selected_text():
            self.action_copy_text()
        else:
            self.tell_once("The lesson has the keys now. Ctrl-] leads to the shell, where Ctrl-C ends a program.")

    def action_look_back(self) -> None:
        """What has scrolled out of the shell."""
        self.turn_to(Side.SHELL)
        self.shell.look_back()

    def action_search(self) -> None:
        """Search what has scrolled out of the shell."""
        self.turn_to(Side.SHELL)
        self.shell.search()

    def action_redraw(self) -> None:
        """A sane terminal."""
        self.turn_to(Side.SHELL)
        self.shell.reset_screen()

    def action_help(self) -> None:
        """All keys."""
        from tutor.tui.screens.help import HelpScreen  # not wanted at the start

        self.app.push_screen(HelpScreen())

    @work(exclusive=True, group="show")
    async def action_seen(self) -> None:
        """The learner has seen it, in a shell that can't tell."""
        if self.view is not None and self.view.step.kind is StepKind.SEE:
            await self.show(await self.desk.say_seen())

    @work(exclusive=True, group="answer")
    async def on_question_box_answered(self, message: QuestionBox.Answered) -> None:
        """An answer to the question."""
        try:
            await self.show(await self.desk.answer(message.answer))
        except TutorError as error:
            await self.lost(error)
        if self.view is not None and self.view.passed:
            self.set_focus(self.lesson.text)

    @work(group="move")
    @one_at_a_time
    async def action_quit(self) -> None:
        """End the sitting, and the lab with it."""
        text = (
            "Your progress is kept. The lab ends, and what you built in it is gone; it is rebuilt where you left off."
        )
        if await self.app.push_screen_wait(Ask("Quit?", text, {"q": "quit", "s": "stay"})) == "q":
            await self.leave(end=True)
