"""A learner's sitting: the kept lab, the shell in it, and the way back to both after a crash.

Does not know which step is active, nor how anything is shown.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from tutor.errors import LabError, LabGone
from tutor.lab.client import Lab
from tutor.lab.kept import Kept
from tutor.lab.nursery import Nursery
from tutor.lab.opened_shell import Shell
from tutor.lab.ring import Ring
from tutor.lesson import Lesson, Step
from tutor.session.headstart import Started
from tutor.session.live import Live
from tutor.session.note import LabNote, parse_note
from tutor.session.workshop import Workshop
from tutor.store.course import Course

_BESIDE = range(2, 10)
"""Numbers of the labs beside the kept one, for those who start `tutor` while another has that."""

_SEEDS = 10_000
"""So many seeds are drawn from: a learner can type one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lab stands in its course."""

    lesson: str
    """Id of the lesson."""
    step: str
    """Id of the step."""


class Sitting:
    """The kept lab of one course and lab, from one tutor's point of view."""

    def __init__(
        self, nursery: Nursery, workshop: Workshop, course: Course, folder: Path, *, seed: int | None = None
    ) -> None:
        """Have no lab yet.

        Args:
            nursery: makes labs.
            workshop: builds them.
            course: the lessons.
            folder: where kept labs lie.
            seed: draws what steps begin with; None for another one with each lab.
        """
        self._nursery, self._workshop, self._course, self._folder = nursery, workshop, course, folder
        self._seed = seed
        self._note: LabNote | None = None
        self._kept: Kept | None = None
        self._kept_for = ""
        self.lab: Lab | None = None
        """The lab, while there is one."""
        self.live: Live | None = None
        """The state of its network."""
        self.shell: Shell | None = None
        """The learner's shell."""

    def take(self, lab_name: str) -> bool:
        """Become the tutor of the kept lab called `lab_name`; False when another tutor is."""
        kept = self._place(lab_name)
        if not kept.take():
            return False
        self._settle_at(kept, lab_name)
        return True

    def adopt(self, started: Started) -> None:
        """Go on in a lab that another process has built."""
        self._settle_at(started.kept, started.lab_name)
        self._settle(started.lab, parse_note(started.note))
        self.shell = started.shell

    @property
    def kept_name(self) -> str:
        """Under which name the lab is kept; empty where it is not."""
        return self._kept.name if self._kept is not None else ""

    @property
    def drawn_seed(self) -> int | None:
        """The seed that was drawn for this lab; None where it was given, or there is no lab."""
        return self._note.seed if self._note is not None and self._seed is None else None

    def take_back(self, lab_name: str) -> bool:
        """After a crash: become the tutor of the kept lab that lives and has none; False when there is none.

        It may be one beside the kept lab that another tutor has or had.
        """
        for number in (1, *_BESIDE):
            kept = self._place(lab_name, number)
            if kept.socket.exists() and kept.take():
                if _lives(kept):
                    self._settle_at(kept, lab_name)
                    return True
                kept.release()
        return False

    def watch(self, lab_name: str) -> tuple[Lab, Ring, int, int]:
        """Look at the kept lab that another tutor has: the lab, the record of its shell's output, columns and rows.

        Raises:
            LabGone: it has ended meanwhile, or has no shell.
        """
        lab = self._place(lab_name).find()
        if lab is None:
            raise LabGone("that lab has just ended", hint="`tutor start` again")
        lab.visit()
        for terminal in lab.status().terminals:
            return (lab, *lab.watch_shell(terminal))
        lab.close()
        raise LabGone("that lab has no shell to watch", hint="`tutor start` again")

    def resume(self) -> Place | None:
        """Come back to the kept lab if it still lives; returns where it stands."""
        lab = self._kept.find() if self._kept is not None else None
        if lab is None:
            return None
        try:
            status = lab.status()
        except LabError:
            lab.close()
            return None
        note = parse_note(status.note)
        if note is None:
            lab.close()
            return None
        self._settle(lab, note)
        for terminal in status.terminals:
            try:
                self.shell = lab.attach_shell(terminal)
                break
            except LabGone:
                continue
        return Place(note.lesson, note.step)

    def build(self, lesson: Lesson, step: Step) -> None:
        """Make the lab anew, at the start of a step, with the faults that the step begins with.

        What was in the old one is lost.

        Raises:
            LabError: it could not be built.
        """
        self.leave()
        if lesson.lab != self._kept_for and not (self._kept_for and self.take(lesson.lab)):
            self._take_beside(lesson.lab)
        if self._kept is not None:
            lab = self._kept.launch(self._nursery, cluster=self._workshop.has_cluster(lesson.lab))
        else:
            lab = self._workshop.private()
        seed = self._seed if self._seed is not None else int.from_bytes(os.urandom(8)) % _SEEDS
        try:
            self._workshop.build_for(lab, lesson, step, seed=seed)
        except BaseException:
            lab.end()
            lab.close()
            raise
        until_here = lesson.steps[: lesson.steps.index(step) + 1]
        broken = tuple(_name(lesson, each) for each in until_here if each.faults)
        self._settle(lab, LabNote(lesson.id, step.id, seed, broken))
        self._write_down()

    def enter(self, lesson: Lesson, step: Step) -> None:
        """Know that a step becomes the active one: what it begins with comes about, once in the life of a lab.

        Raises:
            LabError: it did not come about in time.
        """
        if self.lab is None or self.live is None:
            return
        note = self._note or LabNote(lesson.id, step.id, self._seed or 0)
        name = _name(lesson, step)
        due = bool(step.faults) and name not in note.broken
        self._note = replace(note, lesson=lesson.id, step=step.id, broken=(*note.broken, name) if due else note.broken)
        # First, so that whoever comes after a crash breaks nothing a second time.
        self._write_down()
        if due:
            self._workshop.bring_about(self.lab, step, note.seed)
            self.live.state(rescan=True)  # or a step could pass by what was there before it was broken

    def _write_down(self) -> None:
        """Write down in the lab where it stands, for the tutor that comes after a crash."""
        if self.lab is not None and self._note is not None:
            self.lab.write_note(self._note.text())

    def open_shell(self, columns: int, rows: int) -> Shell:
        """The learner's shell: the one that runs, or a new one."""
        if self.lab is None:
            raise LabGone("there is no lab", hint="reset the step to get a new one")
        if self.shell is None:
            self.shell = self.lab.open_shell(columns=columns, rows=rows)
        else:
            self.shell.resize(columns, rows)
        return self.shell

    def shell_ended(self) -> None:
        """The shell has ended: the next one will be new."""
        if self.shell is not None:
            self.shell.close()
            self.shell = None

    def leave(self) -> None:
        """End the lab and everything in it."""
        lab = self.lab
        self._let_go()
        if lab is not None:
            lab.end()
            lab.close()

    def release(self) -> None:
        """Stop being the lab's tutor, and leave it as it is."""
        lab = self.lab
        self._let_go()
        if lab is not None:
            lab.close()
        if self._kept is not None:
            self._kept.release()
            self._kept = None
            self._kept_for = ""

    def _place(self, lab_name: str, number: int = 1) -> Kept:
        """Where the kept lab called `lab_name` is, or, from 2 on, one beside it."""
        return Kept(self._folder, f"{self._course.pack.id}-{lab_name}{f'.{number}' if number > 1 else ''}")

    def _take_beside(self, lab_name: str) -> None:
        """Take a place beside the kept lab of another tutor, where no lab waits. Without one, ours is private."""
        for number in _BESIDE:
            kept = self._place(lab_name, number)
            if kept.take():
                if not _lives(kept):
                    self._settle_at(kept, lab_name)
                    return
                kept.release()
        self.release()

    def _settle_at(self, kept: Kept, lab_name: str) -> None:
        self.release()
        self._kept, self._kept_for = kept, lab_name

    def _settle(self, lab: Lab, note: LabNote | None) -> None:
        self._let_go()
        self.lab, self.live, self._note = lab, Live(lab), note

    def _let_go(self) -> None:
        self.shell_ended()
        if self.live is not None:
            self.live.close()
        self.lab = self.live = self._note = None


def _name(lesson: Lesson, step: Step) -> str:
    return f"{lesson.id}/{step.id}"


def _lives(kept: Kept) -> bool:
    """Whether there is a lab in a place; one that just ends may still be found for a moment."""
    lab = kept.find()
    if lab is None:
        return False
    with lab:
        try:
            lab.status()
        except LabError:
            return False
    return True
