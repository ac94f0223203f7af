"""What a tutor writes down in its lab about it, for the tutor that comes after a crash. Does not know who reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabNote:
    """Where a lab stands in its course, and what has been drawn for it."""

    lesson: str
    """Id of the lesson."""
    step: str
    """Id of the step."""
    seed: int = 0
    """Draws what steps of this lab begin with."""
    broken: tuple[str, ...] = ()
    """The steps (`lesson/step`) whose faults have come about in this lab, or never will: those passed over."""

    def text(self) -> str:
        """As it is written down."""
        said = {"lesson": self.lesson, "step": self.step, "seed": self.seed, "broken": list(self.broken)}
        return json.dumps(said)


def parse_note(text: str) -> LabNote | None:
    """What a tutor wrote down; None if it is nothing of the kind."""
    try:
        said = json.loads(text)
        lesson, step, seed, broken = said["lesson"], said["step"], said.get("seed", 0), said.get("broken", [])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if not (isinstance(lesson, str) and isinstance(step, str) and type(seed) is int and isinstance(broken, list)):
        return None
    return LabNote(lesson, step, seed, tuple(str(each) for each in broken))
