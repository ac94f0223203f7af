"""Which of a step's faults a seed draws: the same ones on every machine and with every Python.

Does not know how a fault is brought about.
"""

from __future__ import annotations

from tutor.lesson.model import Step
from tutor.lesson.ways import StepFault


def draw(step: Step, seed: int) -> tuple[StepFault, ...]:
    """The faults that `seed` draws, in the order in which they are brought about; none for a step without faults.

    No two of them are of one group. A fault that is added to the step may be drawn too, but changes nothing about the
    order of the others.
    """
    if step.draw is None:
        return ()
    wanted = step.draw.least + _number(seed, "how many") % (step.draw.most - step.draw.least + 1)
    drawn: list[StepFault] = []
    for fault in sorted(step.faults, key=lambda fault: (_number(seed, f"fault {fault.id}"), fault.id)):
        taken = {each.group for each in drawn if each.group}
        if len(drawn) < wanted and fault.group not in taken:
            drawn.append(fault)
    return tuple(drawn)


def most_together(step: Step) -> int:
    """How many of a step's faults can be drawn together at most."""
    groups = [fault.group for fault in step.faults]
    return groups.count("") + len(set(groups) - {""})


def _number(seed: int, word: str) -> int:
    """A number that looks drawn by lot. A generator of Python's may change with its version; a hash never does."""
    from hashlib import sha256  # takes a while to load, and few steps draw

    return int.from_bytes(sha256(f"{seed} {word}".encode()).digest())
