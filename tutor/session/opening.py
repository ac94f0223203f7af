"""How a sitting begins: the course is read, the place found, and the kept lab taken if it is free.

Does not know how any of it is shown, nor whether this process will stay.
"""

from __future__ import annotations

from dataclasses import replace

from tutor.errors import TutorError
from tutor.lab.nursery import Nursery
from tutor.lesson import Lesson, Step
from tutor.session.comeback import Comeback
from tutor.session.headstart import Started
from tutor.session.material import load_material
from tutor.session.play import Play, first_open_step
from tutor.session.sitting import Sitting
from tutor.session.view import Opening
from tutor.session.workshop import Workshop
from tutor.store.paths import runtime_dir
from tutor.store.progress import ProgressStore


class Beginning:
    """A sitting that begins."""

    def __init__(self, nursery: Nursery, pack: str, seed: int | None = None) -> None:
        """Read the course and the progress.

        Args:
            nursery: makes labs.
            pack: as `--pack` names it.
            seed: draws what steps begin with; None for another one with each lab.

        Raises:
            UsageError: there is no such pack.
            ContentError: it is wrong.
        """
        self.material = load_material(pack)
        """The course."""
        course = self.material.course
        self.play = Play(course, self.material.judge, ProgressStore(course.pack.id))
        """The way through it."""
        self.sitting = Sitting(nursery, Workshop(nursery, course), course, runtime_dir(), seed=seed)
        """The lab."""

    def open(self, asked: str) -> Opening:
        """Take the kept lab, if it is free and alive, at the place that is asked for.

        Args:
            asked: `LESSON[/STEP]`; empty for where the learner left off.

        Raises:
            UsageError: there is no such place.
        """
        lesson, step = self._wanted(asked)
        if not self.sitting.take(lesson.lab):
            return Opening(lesson, step, busy=True)
        return self._opened(lesson, step, asked)

    def _opened(self, lesson: Lesson, step: Step, asked: str) -> Opening:
        """The kept lab is ours: whether it lives, and where it stands."""
        first = self.play.progress.at is None
        place = self.sitting.resume()
        if place is None:
            return Opening(lesson, step, first=first)
        try:
            found_lesson, found_step = self.material.place(f"{place.lesson}/{place.step}")
        except TutorError:
            return Opening(lesson, step)
        if asked and (found_lesson.id, getattr(found_step, "id", "")) != (lesson.id, step.id):
            return Opening(lesson, step, found_at=f"{place.lesson}/{place.step}")
        return Opening(found_lesson, found_step or found_lesson.steps[0], resumed=True)

    def open_started(self, started: Started) -> Opening:
        """Go on in the lab that has been built meanwhile."""
        self.sitting.adopt(started)
        lesson, step = self.material.place(f"{started.lesson}/{started.step}")
        return Opening(lesson, step or lesson.steps[0], built=True, first=self.play.progress.at is None)

    def open_again(self, asked: str, comeback: Comeback) -> Opening:
        """Go on where a screen has crashed. The place that was asked for may be long ago: the living lab tells."""
        self.play.messages.append(comeback.message)
        lesson, step = self._wanted("")
        opening = self._opened(lesson, step, "") if self.sitting.take_back(lesson.lab) else None
        if opening is None or not opening.resumed:
            self.sitting.release()
            opening = self.open(asked)
        if comeback.blank and self.sitting.shell is not None:
            self.sitting.shell.forget()
        return replace(opening, comeback=True)

    def _wanted(self, asked: str) -> tuple[Lesson, Step]:
        """The place that was asked for, else where the learner left off, else the beginning."""
        progress = self.play.progress
        course = self.material.course
        if asked:
            lesson, step = self.material.place(asked)
        elif progress.at is not None and progress.at.lesson in course.ids:
            lesson = self.material.lessons([progress.at.lesson])[0]
            step = lesson.find_step(progress.at.step)
        else:
            lesson, step = self.material.lessons([course.ids[0]])[0], None
        return lesson, step or first_open_step(lesson, progress)
