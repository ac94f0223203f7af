"""Shows a run while it goes on, and its outcome: one line a step. Does not know what is run."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from tutor.session.lacking import Lack, remedy_of
from tutor.session.results import RunResult, StepResult


class ProgressLines:
    """Prints each step's result as it comes; a spinner says what is being done, on a terminal."""

    def __init__(self, doing: str, *, quiet: bool) -> None:
        """Begin.

        Args:
            doing: what is done to lessons, for the spinner.
            quiet: print nothing at all.
        """
        self._console = Console(highlight=False, quiet=quiet)
        self._status: Status | None = None
        self._doing = doing
        self._lesson = ""
        if not quiet and sys.stdout.isatty():
            self._status = self._console.status(doing)
            self._status.start()

    def step(self, lesson: str, step: StepResult) -> None:
        """A step has ended."""
        if lesson != self._lesson:
            self._lesson = lesson
            self._console.print(f"[bold]{escape(lesson)}[/]")
        mark = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[dim]-[/]"}[step.passed]
        note = f"  {escape(step.message)}" if step.message and step.passed is not True else ""
        skipped = sum(1 for case in step.cases if case.skipped)
        tried = f"  [dim]{len(step.cases) - skipped} ways tried[/]" if step.cases else ""
        left_out = f" [yellow]{skipped} left out[/]" if skipped else ""
        self._console.print(
            f"  {mark} {escape(step.id)} [dim]{step.kind}, {step.seconds:.1f} s[/]{tried}{left_out}{note}"
        )
        for case in step.cases:
            if case.skipped:
                self._console.print(f"      [yellow]line {case.line}: {case.kind} left out: {escape(case.skipped)}[/]")
            elif not case.passed:
                self._console.print(f"      [red]line {case.line}: {case.kind}:[/] {escape(case.message)}")
        if self._status is not None:
            self._status.update(f"{self._doing} {escape(lesson)}")

    def left_out(self, lacks: Mapping[str, Lack]) -> None:
        """Lessons are left out, by their ids."""
        for lesson, lack in lacks.items():
            self._console.print(f"[bold]{escape(lesson)}[/]\n  [yellow]- left out: it {escape(str(lack))}[/]")
        if lacks:
            self._console.print(f"    {escape(remedy_of(lacks.values()))}", soft_wrap=True)

    def finish(self, run: RunResult | None) -> None:
        """All has ended; None: it was broken off."""
        if self._status is not None:
            self._status.stop()
        if run is None:
            return
        skipped = sum(bool(lesson.skipped) for lesson in run.lessons)
        steps = [step for lesson in run.lessons for step in lesson.steps if not lesson.skipped]
        failed = sum(step.passed is False for step in steps)
        colour = "green" if run.passed else "red"
        word = "all passed" if run.passed else f"{failed} failed"
        lessons = f"; {skipped} lesson{'s' if skipped > 1 else ''} left out" if skipped else ""
        self._console.print(f"[{colour}]{len(steps)} steps, {word}[/] in {run.seconds:.1f} s{lessons}")
