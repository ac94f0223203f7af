"""The lab of a new sitting, built by a process of its own while the screen is still being loaded.

What builds a lab and what draws a screen each take a while to load, and a process does one after the other. So the
screen finds a lab with a shell in it, and can show that before it has read the first lesson.
Does not know how anything is shown.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass

from tutor.errors import TutorError
from tutor.lab.client import Lab
from tutor.lab.kept import Kept
from tutor.lab.nursery import Nursery
from tutor.lab.opened_shell import Shell
from tutor.lab.process import fork_to
from tutor.store.paths import runtime_dir

_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Started:
    """A lab that has been built, and is ours now."""

    kept: Kept
    """Its place, which is taken."""
    lab_name: str
    """What the course calls it."""
    lab: Lab
    """The lab."""
    shell: Shell
    """The learner's shell."""
    lesson: str
    """Id of the lesson that it stands in."""
    step: str
    """Id of the step."""
    asks: bool
    """Whether the step is a question, which is answered in the lesson."""
    note: str
    """What is written down in the lab about it."""


class Headstart:
    """The process that builds."""

    def __init__(
        self, nursery: Nursery, pack: str, place: str, columns: int, rows: int, seed: int | None = None
    ) -> None:
        """Begin. It builds nothing where something has to be asked first: a lab that waits, or another tutor.

        Args:
            nursery: makes labs.
            pack: as `--pack` names it.
            place: `LESSON[/STEP]`; empty for where the learner left off.
            columns: how wide the shell will be, as far as one can tell.
            rows: how high.
            seed: draws what steps begin with; None for another one with each lab.
        """
        self._told, tell = os.pipe()

        def work() -> None:
            os.close(self._told)
            told = _build(nursery, pack, place, columns, rows, seed)
            os.write(tell, json.dumps(told).encode())

        self._pid = fork_to(work, tell)
        os.close(tell)

    def started(self) -> Started | None:
        """Wait for it, and take over what it has built; None where there is nothing. To be called once."""
        told = b""
        while chunk := os.read(self._told, _CHUNK):
            told += chunk
        os.close(self._told)
        os.waitpid(self._pid, 0)
        try:
            said = json.loads(told)
        except ValueError:  # it has failed, and the screen will find out why
            return None
        return _take_over(**said) if said is not None else None


def _build(
    nursery: Nursery, pack: str, place: str, columns: int, rows: int, seed: int | None
) -> dict[str, object] | None:
    from tutor.lesson import StepKind
    from tutor.session.opening import Beginning  # what reads a course takes long to load: not in the screen's process

    begun = Beginning(nursery, pack, seed)
    opening = begun.open(place)
    if opening.busy or opening.resumed or opening.found_at:
        return None
    lesson, step = opening.lesson, opening.step
    begun.sitting.build(lesson, step)
    begun.sitting.open_shell(columns, rows)
    asks = step.kind is StepKind.ANSWER and not begun.play.progress.is_done(lesson.id, step.id)
    name = begun.sitting.kept_name
    begun.sitting.release()
    return {"name": name, "lab_name": lesson.lab, "lesson": lesson.id, "step": step.id, "asks": asks}


def _take_over(name: str, lab_name: str, lesson: str, step: str, asks: bool) -> Started | None:
    kept = Kept(runtime_dir(), name)
    if not kept.take():
        return None
    lab = None
    with contextlib.suppress(TutorError):
        lab = kept.find()
        if lab is not None:
            status = lab.status()
            (terminal,) = status.terminals
            return Started(kept, lab_name, lab, lab.attach_shell(terminal), lesson, step, asks, status.note)
    if lab is not None:
        lab.close()
    kept.release()
    return None
