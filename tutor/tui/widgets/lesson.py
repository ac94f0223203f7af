"""The lesson's pane: its steps up to the active one, and how that one stands. Does not know how a step is judged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING

from rich.markup import escape
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from tutor.lesson import Lesson
from tutor.session.view import StepView
from tutor.tui.widgets.course_bar import StepMark
from tutor.tui.widgets.outcome import Outcome
from tutor.tui.widgets.welcome import Welcome

if TYPE_CHECKING:
    from tutor.tui.widgets.section import StepSection

_SETTLE_SECONDS = 1.5
"""How long the next bit of a step may take to be laid out; what the learner scrolls after that stays."""
_MOST_STEPS = 11
"""How many steps are listed: the text below needs room, too."""
_TALL = 20
"""From how many rows on an introduction leaves room for the step below it."""


class LessonPane(Vertical):
    """The lesson: its text, which scrolls, and below it how the step stands, which is always to be seen."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # as every widget calls it
        super().__init__(id=id)
        self._lesson: Lesson | None = None
        self._active: StepSection | None = None
        self._turning = asyncio.Lock()
        self._brought_up: Widget | None = None
        self._settled_at = 0.0
        self._is_shown = True
        self._looks_at_answer = False
        self._title = ""

    def compose(self) -> ComposeResult:
        """Until there is a step."""
        yield Static(id="steps")
        with VerticalScroll(id="text", can_focus=True):
            yield Static("Reading the course ...", classes="waiting")
        yield Outcome(id="outcome")

    def on_mount(self) -> None:
        """Know whether there is more to read than is seen, and keep in sight what is read."""
        self.watch(self.text, "scroll_y", self._tell_whether_more, init=False)
        for name in ("virtual_size", "size"):
            self.watch(self.text, name, self._laid_out, init=False)

    def _laid_out(self) -> None:
        """The text or its room has another size: Markdown is laid out bit by bit, and so is what stands below it."""
        self._tell_whether_more()
        self.call_after_refresh(self._bring_up_now)

    def _tell_whether_more(self) -> None:
        text = self.text
        more = text.scroll_y < text.max_scroll_y
        self.border_title = f"{self._title}  ▾ more: PgDn" if more and self._title else self._title

    @property
    def text(self) -> VerticalScroll:
        """What scrolls, and takes the focus."""
        return self.query_one("#text", VerticalScroll)

    @property
    def active(self) -> StepSection | None:
        """The active step's section; None until there is one."""
        return self._active

    async def show(self, view: StepView, ran: frozenset[str], *, tried: bool = True) -> None:
        """Show a step, or how the one that is shown stands now.

        Args:
            view: the step.
            ran: the commands that have been run since it became active.
            tried: whether anything has been done about it.
        """
        async with self._turning:
            section = self._active
            if section is None or section.step is not view.step:
                section = await self._turn_to(view)
            await self._show(section, view, ran, tried=tried)

    async def _show(self, section: StepSection, view: StepView, ran: frozenset[str], *, tried: bool) -> None:
        section.tick(passed=view.passed, ran=ran)
        if view.passed and view.answer:
            section.settle(view.answer)
        self.query_one(Outcome).show(view, tried=tried)
        if await section.show_hints(view.hints):
            self.call_after_refresh(self.text.scroll_end, animate=False)

    async def show_end(self, end: Vertical) -> None:
        """Show what a lesson comes to, below its last step."""
        await self.query(".end").remove()
        end.add_class("end")
        await self.text.mount(end)
        self._bring_up(end)

    def list_steps(self, marks: Sequence[StepMark]) -> None:
        """Show the lesson's steps, where there is room for a list of them; of many those around the active one."""
        active = next((place for place, mark in enumerate(marks) if mark.active), 0)
        shown = around(active, len(marks))
        lines = [_line(place + 1, marks[place]) for place in shown]
        for left, place in ((shown.start, 0), (len(marks) - shown.stop, len(lines))):
            if left:
                lines.insert(place, f"[$text-muted]  ... {left} more[/]")
        self.query_one("#steps", Static).update("\n".join(lines))

    async def welcome(self) -> None:
        """Explain the screen, until the next step. A question stays where it can be answered."""
        await self.text.mount(Welcome(), before=0)
        if self._active is None or self._active.question is None:
            self._bring_up(None)

    async def _turn_to(self, view: StepView) -> StepSection:
        """Add a section; everything is laid anew for another lesson, or on the way back."""
        from tutor.tui.widgets.section import Introduction, StepSection  # Markdown takes long to load

        steps = view.lesson.steps
        before = self._active.step if self._active is not None and self._lesson is view.lesson else None
        follows = before in steps and steps.index(before) + 1 == view.number - 1
        if not follows:
            await self.text.remove_children()
            if view.number == 1:
                await self.text.mount(Introduction(view.lesson.intro))
        await self.query(".end, Welcome").remove()
        section = StepSection(view.step, view.number)
        await self.text.mount(section)
        self._lesson, self._active = view.lesson, section
        self._title = f"step {view.number} of {len(steps)}"
        self._tell_whether_more()
        if view.number > 1 or self.text.size.height < _TALL:
            self._bring_up(section)
        else:
            self._bring_up(None)
        return section

    def _bring_up(self, part: Widget | None) -> None:
        """Scroll until a part is at the top, None for the beginning, and stay there until all is laid out."""
        self._looks_at_answer = False
        self._brought_up, self._settled_at = part, inf
        self._is_shown = self.display
        self.call_after_refresh(self._bring_up_now)

    def on_show(self) -> None:
        """What came while the pane was hidden is brought up now."""
        if not self._is_shown:
            self._bring_up(self._brought_up)

    def _bring_up_now(self) -> None:
        now = time.monotonic()
        if now < self._settled_at:
            self._settled_at = now + _SETTLE_SECONDS
            part = self._brought_up
            if part is None:
                self.text.scroll_home(animate=False)
            elif part.is_attached:
                self.text.scroll_to_widget(part, animate=False, top=True)
        focused = self.screen.focused if self.is_attached else None
        if self._looks_at_answer and focused is not None and self.text in focused.ancestors:
            focused.scroll_visible(animate=False)

    def focus_answer(self, *, looking: bool = True) -> bool:
        """Go to where the answer is given, if the step has a question; with `looking` it is brought into view."""
        question = self._active.question if self._active is not None else None
        if question is not None:
            self._looks_at_answer = looking
            question.take_focus()
            self.call_after_refresh(self._bring_up_now)
        return question is not None

    def focus_choices(self) -> bool:
        """Go to where the answer is chosen, if it is not typed: a list leaves the lesson its keys."""
        question = self._active.question if self._active is not None else None
        return question is not None and question.is_chosen and self.focus_answer(looking=False)

    def take_digit(self, digit: str) -> None:
        """Answer the step's question by the number of a choice, or begin to type the answer."""
        question = self._active.question if self._active is not None else None
        if question is not None and not question.choose(int(digit)):
            question.begin(digit)


def around(active: int, number: int, most: int = _MOST_STEPS) -> range:
    """The places of the steps to list: all, or where there are more than `most` those around the active one."""
    if number <= most:
        return range(number)
    first = max(0, min(active - most // 2, number - most))
    return range(first, first + most)


def _line(number: int, mark: StepMark) -> str:
    style = "b $accent" if mark.active else "$text-success" if mark.done else "$text-muted"
    return f"[@click=screen.go_to('{mark.id}')][{style}]{mark.sign} {number}  {escape(mark.title)}[/][/]"
