"""One step's text in the lesson: title, prose, commands, hints, question. Does not know why it is ticked.

Markdown takes 30 ms to load: import this module when there is something to read.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Collapsible, Static

from tutor.lesson import Block, Hint, Step
from tutor.tui.widgets.blocks import CommandBlock, shown, shown_hint
from tutor.tui.widgets.question import QuestionBox


class Introduction(Vertical):
    """What stands before a lesson's first step."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        super().__init__(*(shown(block) for block in blocks))


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
        self.tick(passed=False, ran=frozenset())

    @property
    def title(self) -> str:
        """The step's title."""
        return self.step.title

    @property
    def question(self) -> QuestionBox | None:
        """Its question; None where it has none."""
        return next(iter(self.query(QuestionBox)), None)

    def tick(self, *, passed: bool, ran: frozenset[str]) -> None:
        """Show whether it is done, and which commands have been run."""
        sign = "[$text-success]✓[/]" if passed else "▸"
        self.query_one(".title", Static).update(f"{sign} {self._number}  {escape(self.step.title)}")
        self.set_class(passed, "-passed")
        for block in self.query(CommandBlock):
            block.tick(ran)

    def settle(self, answer: str) -> None:
        """Show the right answer to the question, and take no other."""
        if self.question is not None:
            self.question.settle(answer)

    async def show_hints(self, hints: Sequence[Hint]) -> bool:
        """Unfold the hints that were asked for, the ones before fold up; returns whether there are new ones."""
        if len(hints) <= self._hints:
            return False
        for shown_before in self.query(".hint").results(Collapsible):
            shown_before.collapsed = True
        for number, hint in enumerate(hints[self._hints :], self._hints + 1):
            await self.mount(shown_hint(hint, number))
        self._hints = len(hints)
        return True
