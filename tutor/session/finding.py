"""What an examination of this machine says: findings, and what is looked at to get them.

Does not know which probes there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tutor.errors import TutorError
from tutor.lab.client import Lab
from tutor.lesson import Lesson


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    """All is well."""
    WARNING = "warning"
    """The labs run, but something is left out or less comfortable."""
    PROBLEM = "problem"
    """Some lessons can't run."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe found."""

    subject: str
    """What was looked at."""
    level: Level
    """How much it matters."""
    said: str
    """What was found."""
    means: str = ""
    """What that means, and for which lessons."""
    remedy: str = ""
    """What to do, exactly; empty where nothing needs to be done, or nothing is known that would help."""
    lessons: tuple[str, ...] = ()
    """The lessons that a problem keeps from running, or that a warning takes something from, by their ids."""


@dataclass(frozen=True, slots=True)
class Patient:
    """What probes look at: this machine, through what could be built on it."""

    lessons: tuple[Lesson, ...]
    """The course."""
    lab: Lab | None = None
    """A lab that was built just now; None where none could be."""
    refused: TutorError | None = None
    """Why not even an empty lab could be made; None where one could."""
    broken: Mapping[str, TutorError] = field(default_factory=dict)
    """Why labs of the course could not be built, by their names."""
    clusters: frozenset[str] = frozenset()
    """Labs of the course with a cluster in them, by their names."""

    @property
    def works(self) -> bool:
        """Whether every lab of the course could be built."""
        return self.refused is None and not self.broken

    @property
    def every_lesson(self) -> tuple[str, ...]:
        """All lessons, by their ids."""
        return tuple(lesson.id for lesson in self.lessons)

    def lessons_in(self, lab: str) -> tuple[str, ...]:
        """The lessons that are played in a lab, by their ids."""
        return tuple(lesson.id for lesson in self.lessons if lesson.lab == lab)


Probe = Callable[[Patient], Iterable[Finding]]
"""Looks at one subject."""
