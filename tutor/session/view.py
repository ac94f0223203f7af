"""What a screen is told: how a sitting begins, and how the active step stands.

Values only, quickly loaded. Does not know who shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutor.check import Fault
    from tutor.lesson import Hint, Lesson, Step


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check of the active step, for a list with ticks."""

    text: str
    """What must be so, in words."""
    passed: bool | None
    """Whether it is; None while it could not be asked."""


@dataclass(frozen=True, slots=True)
class StepView:
    """The active step, as it stands now."""

    lesson: Lesson
    """The lesson."""
    step: Step
    """The step."""
    passed: bool = False
    """Whether it holds now."""
    done: bool = False
    """Whether it was passed at any time."""
    checks: tuple[CheckLine, ...] = ()
    """Of a *do* step."""
    fault: Fault | None = None
    """The one thing to mend first."""
    missing: tuple[str, ...] = ()
    """Of a *see* step: what the last command that showed something of it did not show."""
    answer: str = ""
    """Of an *answer* step: what was answered last."""
    why: str = ""
    """One sentence after the right answer."""
    hints: tuple[Hint, ...] = ()
    """Those that the learner has asked for."""
    error: str = ""
    """What went wrong on our side."""
    fresh: bool = False
    """Whether it was passed for the first time, and since it became active."""

    @property
    def number(self) -> int:
        """Which step of the lesson it is, from 1."""
        return self.lesson.steps.index(self.step) + 1

    @property
    def is_last(self) -> bool:
        """Whether it is the last of its lesson."""
        return self.number == len(self.lesson.steps)


@dataclass(frozen=True, slots=True)
class Opening:
    """How a sitting begins."""

    lesson: Lesson
    """Where the learner is to be."""
    step: Step
    """The step."""
    busy: bool = False
    """Whether another tutor has the kept lab."""
    resumed: bool = False
    """Whether the kept lab was found alive, at this very place."""
    built: bool = False
    """Whether the lab has been built already, with a shell in it."""
    found_at: str = ""
    """Where the kept lab was found alive, when the learner asked for another place."""
    first: bool = False
    """Whether the learner has never been here before."""
    comeback: bool = False
    """Whether the sitting goes on after a crash of the screen, which the learner is told of."""
