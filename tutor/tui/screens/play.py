"""The active step on the screen: how it is shown, the moment when it passes, and what the shell tells of it.

Does not know which keys there are.
"""

from __future__ import annotations

import asyncio

from textual import work
from textual.events import DescendantBlur, DescendantFocus
from textual.widgets import Input, Static

from tutor.errors import TutorError
from tutor.lesson import StepKind
from tutor.session.view import Opening, StepView
from tutor.shell import Command
from tutor.tui.advance import READING_SECONDS, SECONDS, Advance
from tutor.tui.arrangement import Side
from tutor.tui.desk import Desk
from tutor.tui.dictation import Dictation
from tutor.tui.keys import Where, keys_for
from tutor.tui.moves import one_at_a_time
from tutor.tui.onwards import UNSEEN, Onwards, leading_on
from tutor.tui.preferences import Preferences
from tutor.tui.screens.panes import PanesScreen
from tutor.tui.widgets.course_bar import CourseBar, marks_of
from tutor.tui.widgets.ending import LessonEnd
from tutor.tui.widgets.key_bar import KeyBar
from tutor.tui.widgets.network import NetworkPane
from tutor.tui.widgets.outcome import Outcome, in_brief
from tutor.tui.widgets.terminal import TerminalPane

_LOOKS, _LOOK_SECONDS = 20, 0.25
"""How often, and how far apart, one looks whether a repair has changed what is said: some of it comes late."""


class PlayScreen(PanesScreen):
    """A sitting, step by step."""

    def __init__(self, desk: Desk, preferences: Preferences) -> None:
        super().__init__(desk, preferences)
        self.view: StepView | None = None
        """The active step; None until there is one."""
        self.ran: frozenset[str] = frozenset()
        """The commands that have been run since it became active."""
        self.advance = Advance(self, self._go_on)
        """The move to the next step, while it is still to come."""
        self.dictation: Dictation
        """What is typed for the learner."""
        self.moves = asyncio.Lock()
        """Held while the learner is on the way to another step, or out."""
        self.reached = 0
        """The last step, from 0, that can be gone to in the lab as it is."""
        self._reached_in = (0, "")
        self._prompted = False
        self._ended: list[Command] = []
        self._is_open = self._tried = False
        self._onwards = Onwards.NOTHING
        self._waits_for, self._shell_title = "", "shell"
        self._looks_back = False

    def on_mount(self) -> None:
        """Know the shell."""
        self.dictation = Dictation(self.shell)

    @property
    def is_asking(self) -> bool:
        """Whether the active step waits for an answer."""
        view = self.view
        return view is not None and view.step.kind is StepKind.ANSWER and not view.passed

    async def show(self, view: StepView) -> None:
        """Show the active step as it stands now."""
        if self.view is None or self.view.step is not view.step:
            self._tried = False
            self.ran = frozenset()
            self._is_open = not view.passed or view.fresh
            self._onwards = Onwards.NOTHING
            self.advance.cancel()
        self.view = view
        self._note_reached(view)
        await self.lesson.show(view, self.ran, tried=self._tried)
        for message in self.desk.messages():
            self.notify(message, severity="warning", timeout=15)
        self.tell()
        await self._moment(view)

    def _note_reached(self, view: StepView) -> None:
        """How far one has come in this lesson, in this lab."""
        here = self.labs, view.lesson.id
        if here != self._reached_in:
            self._reached_in, self.reached = here, 0
        self.reached = max(self.reached, view.number - 1 + view.passed)

    async def _moment(self, view: StepView) -> None:
        """A step that passes is seen, and leads on."""
        if not view.passed:
            self._is_open = True
            self._onwards = Onwards.NOTHING
            self.advance.cancel()
        elif self._is_open:
            self._is_open = False
            self.lesson.query_one(Outcome).flash()
            if view.is_last:
                await self._finish(view)
            elif self.preferences.now.advance:
                self._onwards = Onwards.COMING
                self._prompted, self._ended = False, []
                self.advance.begin(READING_SECONDS if view.why else SECONDS)
            else:
                self._onwards = Onwards.WAITING
        elif self._onwards is Onwards.NOTHING:
            self._onwards = Onwards.WAITING
        self.tell()

    def lead_on_later(self) -> None:
        """The next step waits for the learner."""
        self._onwards = Onwards.WAITING
        self.tell()

    async def _finish(self, view: StepView) -> None:
        """The lesson has come to its end."""
        self._onwards = Onwards.WAITING
        if all(self.desk.done(view.lesson)):
            target = await self.desk.following()
            onwards = target[0].title if target else ""
            await self.lesson.show_end(LessonEnd(view.lesson.title, self.desk.built(), onwards))
            self._onwards = Onwards.END if target else Onwards.NOTHING

    def say(self, text: str) -> None:
        """Say what is being waited for; nothing if it is empty."""
        self._waits_for = text
        self.tell()

    def tell(self) -> None:
        """The lines above and below, and the network."""
        view = self.view
        if view is not None:
            marks = marks_of(view, self.desk.done(view.lesson))
            self.query_one(CourseBar).show(view.lesson.title, marks, *self.desk.progress())
            self.lesson.list_steps(marks)
            in_shell = self.shell.has_focus
            onwards = leading_on(self._onwards, in_shell=in_shell)
            if self.dictation.is_busy and not in_shell and view.step.kind is StepKind.SEE and not view.passed:
                onwards = UNSEEN
            self.query_one("#status", Static).update(f"{in_brief(view, tried=self._tried)}  {onwards}")
            self.lesson.query_one(Outcome).lead_on(onwards)
        self.shell.border_title = self._shell_title + (" (scratch lab)" if self.is_scratch else "")
        if self.arrangement.shows_network:
            self.query_one(NetworkPane).show(self.desk.network())
        self.query_one(KeyBar).show(keys_for(self._where, waiting=self._waits_for, asking=self.is_asking))

    @property
    def _where(self) -> Where:
        """Where the keys go."""
        if self.shell.has_focus:
            return Where.LOOKING_BACK if self._looks_back else Where.SHELL
        return Where.ANSWER if isinstance(self.focused, Input) else Where.LESSON

    async def arrived(self, opening: Opening | None, *, living: bool) -> None:
        """Bring the keys to where the step needs them."""
        self.dictation.stop()
        if opening is None and living and not self.shell.has_focus:
            # Whoever goes through the lesson goes on doing so.
            if not (self.is_asking and self.lesson.focus_choices()):
                self.turn_to(Side.LESSON)
            return
        if opening is not None and opening.first:
            await self.lesson.welcome()
        if self.arrangement.is_narrow and not (opening is not None and opening.resumed):
            self.turn_to(Side.LESSON)  # it can't be read beside the shell
            if self.is_asking:
                self.lesson.focus_answer(looking=False)
        elif not (self.is_asking and self.lesson.focus_answer(looking=False)) and not self.shell.has_focus:
            self.turn_to(Side.SHELL)

    def shell_comes(self, *, asks: bool, resumed: bool) -> None:
        """Let the learner type already, while the lesson is still being read."""
        self.say("")
        if not asks and (resumed or not self.arrangement.is_narrow):
            self.turn_to(Side.SHELL)

    def shell_opened(self) -> None:
        """Know nothing of the shell any more: it is another one."""
        self.dictation.forget()
        self.ran = frozenset()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Show the keys that work now."""
        del event
        self.tell()

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """Show the keys that work now."""
        del event
        self.tell()

    # What the shell tells

    async def on_terminal_pane_command_started(self, message: TerminalPane.CommandStarted) -> None:
        """Whoever goes on working does not wait for the next step: it is there before the command ends."""
        del message
        self.dictation.started()
        self.tell()
        # A word of the command that made the step pass may come late: only what follows a new prompt is the next one.
        if self.advance.is_coming and self._prompted:
            self.advance.cancel()
            await self._on_to_the_next()
        self._tried = True

    async def on_terminal_pane_command_done(self, message: TerminalPane.CommandDone) -> None:
        """A command has ended: a *see* step may be done, and what has no event is read again."""
        if self.view is None:
            return
        self.ran |= {message.command.text}
        if self.advance.is_coming:
            self._ended.append(message.command)
        try:
            await self.show(await self.desk.ran(message.command))
            if self.dictation.is_playing and self.is_asking:
                await self._answer_from(message.command)
        except TutorError as error:
            await self.lost(error)

    async def _answer_from(self, command: Command) -> None:
        """Solve a question: the answer stands in what its command has printed."""
        question = self.view.step.question if self.view is not None else None
        answer = question.find_answer(command.output) if question is not None else None
        if answer is not None:
            await self.show(await self.desk.answer(answer))

    def on_terminal_pane_prompt_shown(self) -> None:
        """The shell waits: type the next command, if we are solving."""
        self._prompted = True
        if self.dictation.prompted() and self.view is not None and not self.view.passed:
            if self.view.step.faults:
                self._repair_on()
            else:
                self.tell_once(
                    "The step's commands have been typed, but something else is in the way. r builds it anew."
                )

    async def next_repair(self, *, anew: bool) -> tuple[str, ...]:
        """What to type against the fault that is named now, in a step that began with faults; nothing if none fits.

        Args:
            anew: try also what has been tried before.
        """
        try:
            view, commands = await self.desk.repair(anew=anew)
        except TutorError as error:
            await self.lost(error)
            return ()
        await self.show(view)
        return commands

    @work(exclusive=True, group="type")
    async def _repair_on(self) -> None:
        """Solve a step that began with faults: type the next repair."""
        step = self.view.step if self.view is not None else None
        for _ in range(_LOOKS):
            commands = await self.next_repair(anew=False)
            view = self.view
            if view is None or view.step is not step or view.passed or self.dictation.is_busy:
                return
            if commands:
                self.dictation.play(commands)
                return
            await asyncio.sleep(_LOOK_SECONDS)
        self.tell_once("Something else is in the way, which no repair of this step mends. r builds it anew.")

    def on_terminal_pane_title_changed(self, message: TerminalPane.TitleChanged) -> None:
        """The shell's title is the pane's."""
        self._shell_title = message.title or "shell"
        self.tell()

    def on_terminal_pane_mode_changed(self, message: TerminalPane.ModeChanged) -> None:
        """The shell shows what has scrolled away, or the present again."""
        self._looks_back = message.looking_back
        self.tell()

    def on_terminal_pane_broken(self, message: TerminalPane.Broken) -> None:
        """The screen core failed."""
        self.notify(message.error, severity="warning")

    @work(group="move")
    @one_at_a_time
    async def _go_on(self) -> None:
        """On to the next step, by itself: the keys stay where they are."""
        await self._on_to_the_next()

    async def _on_to_the_next(self) -> None:
        target = await self.desk.following()
        if target is None:
            return
        lesson, step, _ = target
        try:
            await self.show(await self.desk.enter(lesson, step))
            for command in self._ended:  # what was seen while the step was still to come counts for it
                await self.show(await self.desk.ran(command))
        except TutorError as error:
            await self.lost(error)
        self._ended = []
