"""Which repair a diagnosis asks for, in a step that began with faults: what is said leads to it, as it leads a learner.

Pure. Does not know which faults were drawn, nor how a repair is typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tutor.check import Fault
from tutor.lesson import Step, StepFault
from tutor.session.judge import StepVerdict


class Mender:
    """Finds the repairs of one step, one after the other."""

    def __init__(self, step: Step) -> None:
        """Nothing has been tried yet."""
        self._step = step
        self._tried: set[tuple[str, str, str]] = set()
        self._left = len(step.faults)

    def find_repair(self, said: Fault | None) -> StepFault | None:
        """The fault of the step whose repair fits what is said now; None where none does.

        One that has been tried fits no more while the very same is said: it has not helped, or not yet.
        """
        if said is None or self._left == 0:
            return None
        fitting = [fault for fault in fitting_faults(self._step, said) if self._trial(fault, said) not in self._tried]
        return fitting[0] if fitting else None

    def try_repair(self, fault: StepFault, said: Fault) -> None:
        """Know that a fault's repair is being typed because of what was said."""
        self._tried.add(self._trial(fault, said))
        self._left -= 1

    def _trial(self, fault: StepFault, said: Fault) -> tuple[str, str, str]:
        return fault.id, said.diagnosis.id, said.message


Look = Callable[[Callable[[StepVerdict], bool]], StepVerdict]
"""Judges the step until the verdict is one that is waited for, or time is over; returns the last verdict."""


def mend(step: Step, look: Look, type_: Callable[[StepFault], None]) -> StepVerdict:
    """Repair what is said to be broken, one after the other, until the step passes or no repair fits any more.

    Args:
        step: a step with faults, in a lab where some of them have been brought about.
        look: judges it.
        type_: types the repair of a fault.

    Returns:
        The last verdict.
    """
    mender = Mender(step)
    while True:
        verdict = look(lambda seen: seen.passed or mender.find_repair(seen.fault) is not None)
        said = verdict.fault
        repair = mender.find_repair(said)
        if verdict.error or said is None or repair is None:
            return verdict
        mender.try_repair(repair, said)
        type_(repair)


def fitting_faults(step: Step, said: Fault) -> list[StepFault]:
    """The faults of a step that get this diagnosis and whose names all stand in its message, the most exact first."""
    fitting = [
        fault for fault in step.faults if fault.diagnosis == said.diagnosis.id and not unsaid(fault.names, said.message)
    ]
    return sorted(fitting, key=lambda fault: (-len(fault.names), -sum(map(len, fault.names))))


def unsaid(names: tuple[str, ...], message: str) -> list[str]:
    """The names that do not stand in a message as words of their own (10.244.0.1 is not in 10.244.0.10)."""
    return [name for name in names if not re.search(rf"(?<!\w)(?!(?<=\d\.)\d){re.escape(name)}(?!\w|\.\d)", message)]
