"""The lesson's pane: its steps up to the active one, and how that one stands. Does not know how a step is judged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from rich.markup import escape
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Collapsible, Static

from tutor.lesson import Hint, Lesson, Step
from tutor.session.play import StepView
from tutor.tui.widgets.blocks import CommandBlock, shown, shown_hint
from tutor.tui.widgets.course_bar import StepMark
from tutor.tui.widgets.outcome import Outcome
from tutor.tui.widgets.question import QuestionBox
from tutor.tui.widgets.welcome import Welcome

_TALL = 20
"""From how many rows on an introduction leaves room for the step below it."""


class StepSection(Vertical):
    """One step's text."""

    def __init__(self, step: Step, number: int) -> None:
        super().__init__()
        self.step, self._number = step, number
        self._hints = 0

    def compose(self) -> ComposeResult:
        """Title, text, question."""
        yield Static(classes="title")
        for block in self.step.body:
            yield shown(block)
        if self.step.question is not None:
            yield QuestionBox(self.step.question)

    def on_mount(self) -> None:
        """Begin as a step that is not done."""
        self.tick(passed=False)

    @property
    def title(self) -> str:
        """The step's title."""
        return self.step.title

    def tick(self, *, passed: bool) -> None:
        """Show whether it is done."""
        sign = "[$text-success]✓[/]" if passed else "▸"
        self.query_one(".title", Static).update(f"{sign} {self._number}  {escape(self.step.title)}")
        self.set_class(passed, "-passed")

    async def show_hints(self, hints: Sequence[Hint]) -> None:
        """Unfold the hints that were asked for; the ones before fold up."""
        if len(hints) <= self._hints:
            return
        for shown_before in self.query(".hint").results(Collapsible):
            shown_before.collapsed = True
        for number, hint in enumerate(hints[self._hints :], self._hints + 1):
            await self.mount(shown_hint(hint, number))
        self._hints = len(hints)


class LessonPane(Vertical):
    """The lesson: its text, which scrolls, and below it how the step stands, which is always to be seen."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # as every widget calls it
        super().__init__(id=id)
        self._lesson: Lesson | None = None
        self._active: StepSection | None = None
        self._turning = asyncio.Lock()
        self._to_come: Widget | None = None

    def compose(self) -> ComposeResult:
        """Until there is a step."""
        yield Static(id="steps")
        with VerticalScroll(id="text", can_focus=True):
            yield Static("Reading the course ...", classes="waiting")
        yield Outcome(id="outcome")

    @property
    def text(self) -> VerticalScroll:
        """What scrolls, and takes the focus."""
        return self.query_one("#text", VerticalScroll)

    @property
    def active(self) -> StepSection | None:
        """The active step's section; None until there is one."""
        return self._active

    async def show(self, view: StepView, ran: frozenset[str]) -> None:
        """Show a step, or how the one that is shown stands now.

        Args:
            view: the step.
            ran: the commands that have been run since it became active.
        """
        async with self._turning:
            section = self._active
            if section is None or section.step is not view.step:
                section = await self._turn_to(view)
            await self._show(section, view, ran)

    async def _show(self, section: StepSection, view: StepView, ran: frozenset[str]) -> None:
        section.tick(passed=view.passed)
        for block in section.query(CommandBlock):
            block.tick(ran)
        self.query_one(Outcome).show(view)
        hints = len(self.query(".hint"))
        await section.show_hints(view.hints)
        if len(self.query(".hint")) > hints:
            self.call_after_refresh(self.text.scroll_end, animate=False)

    async def show_end(self, end: Vertical) -> None:
        """Show what a lesson comes to, below its last step."""
        await self.query(".end").remove()
        end.add_class("end")
        await self.text.mount(end)
        self._bring_up(end)

    def list_steps(self, marks: Sequence[StepMark]) -> None:
        """Show the lesson's steps, where there is room for a list of them."""
        self.query_one("#steps", Static).update("\n".join(_line(number, mark) for number, mark in enumerate(marks, 1)))

    async def welcome(self) -> None:
        """Explain the screen, until the next step. A question stays where it can be answered."""
        await self.text.mount(Welcome(), before=0)
        if self._active is None or not self._active.query(QuestionBox):
            self.call_after_refresh(self.text.scroll_home, animate=False)

    async def _turn_to(self, view: StepView) -> StepSection:
        """Add a section; everything is laid anew for another lesson, or on the way back."""
        steps = view.lesson.steps
        before = self._active.step if self._active is not None and self._lesson is view.lesson else None
        follows = before in steps and steps.index(before) + 1 == view.number - 1
        if not follows:
            await self.text.remove_children()
            if view.number == 1:
                intro = Vertical(*(shown(block) for block in view.lesson.intro), classes="intro")
                await self.text.mount(intro)
        await self.query(".end, Welcome").remove()
        section = StepSection(view.step, view.number)
        await self.text.mount(section)
        self._lesson, self._active = view.lesson, section
        self.border_title = f"step {view.number} of {len(steps)}"
        if view.number > 1 or self.text.size.height < _TALL:
            self._bring_up(section)
        else:
            self.text.scroll_home(animate=False)
        return section

    def _bring_up(self, part: Widget) -> None:
        """Scroll until a part is at the top, as soon as it is laid out: the pane may be hidden."""
        self._to_come = part
        if self.display:
            self.call_after_refresh(self._bring_up_now)

    def on_show(self) -> None:
        """What came while the pane was hidden is brought up now."""
        self.call_after_refresh(self._bring_up_now)

    def _bring_up_now(self) -> None:
        part, self._to_come = self._to_come, None
        if part is not None and part.is_attached:
            self.text.scroll_to_widget(part, animate=False, top=True)

    def focus_answer(self) -> bool:
        """Go to where the answer is given, if the step has a question."""
        for box in self._active.query(QuestionBox) if self._active is not None else ():
            box.take_focus()
            return True
        return False

    def choose(self, number: int) -> bool:
        """Answer the step's question by the number of a choice; False where there is none of that number."""
        boxes = list(self._active.query(QuestionBox)) if self._active is not None else []
        return bool(boxes) and boxes[0].key_number(number)


def _line(number: int, mark: StepMark) -> str:
    style = "b $accent" if mark.active else "$text-success" if mark.done else "$text-muted"
    return f"[@click=screen.go_to('{mark.id}')][{style}]{mark.sign} {number}  {escape(mark.title)}[/][/]"
