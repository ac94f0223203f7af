"""Ways through a step and ways to go wrong, as frozen values. Does not know what a step is passed by."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.lesson.script import split


@dataclass(frozen=True, slots=True)
class Script:
    """Commands for bash, as the lesson has them."""

    text: str
    """The source, comments and all, without the last line end."""
    line: int = 0
    """Line of its first line in the file."""
    needs: tuple[str, ...] = ()
    """Programs without which it can't run; where one is missing it is left out, visibly."""

    @property
    def commands(self) -> tuple[str, ...]:
        """The logical lines that one types: without comments, continued lines joined, here-documents whole."""
        return split(self.text).commands


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong way, which must be rejected."""

    script: Script
    """What is typed, from the state in which the step begins."""
    diagnosis: str = ""
    """Id of the diagnosis that it must get; empty in a *see* step, where the commands just do not show it."""
    names: tuple[str, ...] = ()
    """Words that the diagnosis' message must hold."""
    repair: Script | None = None
    """What repairs it and leads on; None where the step's solution does."""
    line: int = 0
    """Line of its fence."""


@dataclass(frozen=True, slots=True)
class StepFault:
    """Something broken that a step may begin with."""

    id: str
    """Its name, unique in its step."""
    script: Script
    """What brings it about."""
    diagnosis: str = ""
    """Id of the diagnosis that it must get, where it is alone."""
    names: tuple[str, ...] = ()
    """Words that the diagnosis' message must hold: by them the repair is found."""
    repair: Script | None = None
    """What mends it, typed in the learner's shell."""
    group: str = ""
    """Of the faults of one group at most one is drawn; empty where it goes with all others."""
    machine: str = ""
    """Whose shell brings it about; empty for the learner's machine."""
    line: int = 0
    """Line of its fence."""


@dataclass(frozen=True, slots=True)
class Draw:
    """How many of a step's faults are drawn."""

    least: int
    """At least so many."""
    most: int
    """At most so many."""
    line: int = 0
    """Line in the file."""
