"""What a check says: passed, or failed with faults; and which fault explains the others.

Does not know what is checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum


class Cause(IntEnum):
    """Where on the way from nothing to an answered packet a fault lies: the earlier explains the later."""

    EXISTS = 0
    WHERE = 1
    UP = 2
    MASTER = 3
    ADDRESS = 4
    ROUTE = 5
    FORWARDING = 6
    FILTER = 7
    NAT = 8
    REACH = 9


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A kind of fault, with a stable id that lessons name in their mistakes."""

    id: str
    """Like `link.down`: the kernel's noun, and what is wrong with it."""
    cause: Cause
    """Where in the chain of causes it lies."""
    summary: str
    """One line for authors: when a check says this."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in one state."""

    diagnosis: Diagnosis
    """Which kind of fault."""
    message: str
    """What was found and what would be expected, in the learner's words."""
    found: str = ""
    """What there is, short, for a display side by side; may be empty."""
    expected: str = ""
    """What there should be, in the same words as `found`; may be empty."""


class Outcome(Enum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    """Our own mistake or the machine's: never shown as the learner's."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check says of one state."""

    outcome: Outcome
    """Passed, failed or errored."""
    faults: tuple[Fault, ...] = ()
    """What is wrong, when it failed: at least one."""
    error: str = ""
    """What went wrong with the check itself, when it errored."""

    @property
    def passed(self) -> bool:
        """Whether it passed."""
        return self.outcome is Outcome.PASSED

    @property
    def root_cause(self) -> Fault | None:
        """The earliest of its faults; None unless it failed."""
        return earliest(self.faults)


PASSED = Verdict(Outcome.PASSED)
"""The verdict of a check that holds."""


def failed(
    diagnosis: Diagnosis, message: str, *, found: str = "", expected: str = "", also: Iterable[Fault] = ()
) -> Verdict:
    """A failed verdict with one fault, and `also` others that were seen on the way."""
    return Verdict(Outcome.FAILED, (Fault(diagnosis, message, found, expected), *also))


def failed_with(*faults: Fault) -> Verdict:
    """A failed verdict with these faults; passed where there are none."""
    return Verdict(Outcome.FAILED, faults) if faults else PASSED


def errored(error: str) -> Verdict:
    """A check that could not judge, and why."""
    return Verdict(Outcome.ERRORED, error=error)


def earliest(faults: Iterable[Fault]) -> Fault | None:
    """The fault that explains the others: the earliest in the order of `Cause`, the first named among equals."""
    return min(faults, key=lambda fault: fault.diagnosis.cause, default=None)
