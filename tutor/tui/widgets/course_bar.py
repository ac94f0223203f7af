"""The line at the top: the lesson, its steps with their state, and how far one is in the course.

Does not know what a step asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.markup import escape
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from tutor.session.view import StepView


@dataclass(frozen=True, slots=True)
class StepMark:
    """A step in the line."""

    id: str
    """Its id."""
    title: str
    """Its title."""
    done: bool
    """Whether it was passed at any time."""
    active: bool
    """Whether it is the active one."""

    @property
    def sign(self) -> str:
        """The sign for it."""
        return "▸" if self.active and not self.done else "✓" if self.done else "○"


def marks_of(view: StepView, done: Sequence[bool]) -> tuple[StepMark, ...]:
    """The steps of the active lesson."""
    steps = zip(view.lesson.steps, done, strict=True)
    return tuple(StepMark(step.id, step.title, is_done, step is view.step) for step, is_done in steps)


class CourseBar(Horizontal):
    """Where one is."""

    def compose(self) -> ComposeResult:
        """Three parts; the first one gives way where there is little room."""
        yield Static("tutor", id="where")
        yield Static(id="marks")
        yield Static(id="progress")

    def show(self, title: str, marks: Sequence[StepMark], done: int, total: int) -> None:
        """Show a lesson, its steps, and how many steps of the course are done."""
        self.query_one("#where", Static).update(f"[b]{escape(title)}[/]")
        active = next((number for number, mark in enumerate(marks, 1) if mark.active), 0)
        signs = "".join(_sign(mark) for mark in marks)
        self.query_one("#marks", Static).update(f"{signs}  {active}/{len(marks)}")
        progress = self.query_one("#progress", Static)
        progress.update(f"[@click=screen.course]course {done}/{total}[/]")
        progress.tooltip = "Steps of the course that are done. A click shows them all."


def _sign(mark: StepMark) -> str:
    style = "reverse $accent" if mark.active else "$text-success" if mark.done else "$text-muted"
    return f"[@click=screen.go_to('{mark.id}')][{style}] {mark.sign} [/][/]"
