"""Why a screen begins anew in a sitting that goes on: the one before it has crashed. Does not know who noticed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Comeback:
    """What the new screen has to know."""

    report: str
    """Path of a file that says what is known of the crash; empty where none could be written."""
    blank: bool = False
    """Whether to begin with an empty screen: showing the last output again may be what made it crash."""

    @property
    def message(self) -> str:
        """For the learner."""
        text = "The screen had crashed and is back. Nothing is lost: your shell went on."
        if self.blank:
            text += " What it had printed is not shown again, as that may be what did it."
        return f"{text} For a report of this error: {self.report}" if self.report else text
