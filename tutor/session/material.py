"""A course with its checks, ready to be judged by. Does not know what is done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tutor.lesson import Lesson, Step
from tutor.lesson.lint import lint
from tutor.session.judge import Judge
from tutor.store.checks import Checks, load_checks
from tutor.store.course import Course
from tutor.store.packs import choose_pack


@dataclass(frozen=True, slots=True)
class Material:
    """What a pack teaches with."""

    course: Course
    """Its lessons."""
    checks: Checks
    """Its checks."""
    judge: Judge
    """Judges by them."""

    def lessons(self, ids: Sequence[str]) -> list[Lesson]:
        """The lessons of these ids, all of the course if there are none, each found to be sound.

        Raises:
            UsageError: there is no such lesson.
            ContentError: something is wrong with one; the first thing.
        """
        chosen = [self.course.lesson(id_) for id_ in ids] if ids else list(self.course.lessons())
        for lesson in chosen:
            self.require_sound(lesson)
        return chosen

    def place(self, text: str) -> tuple[Lesson, Step | None]:
        """The lesson, and the step if one is named, that `LESSON[/STEP]` means; raises as `lessons` does."""
        place = self.course.place(text)
        self.require_sound(place.lesson)
        return place.lesson, place.step

    def require_sound(self, lesson: Lesson) -> None:
        """See to it that a lesson and all that lead to it name only what there is."""
        for id_ in (*self.course.thread(lesson.id).lessons, lesson.id):
            named = {entry.path for entry in self.course.entries if entry.front.id == id_}
            for problem in self.course.problems():
                if problem.path in named:
                    raise problem
            for error in lint(self.course.lesson(id_), self.checks.definitions, self.checks.diagnoses):
                raise error


def load_material(pack: str) -> Material:
    """The material of the pack that `--pack` names; ours if nothing is named.

    Raises:
        UsageError: there is no such pack.
        ContentError: it is wrong.
    """
    course = Course(choose_pack(pack))
    checks = load_checks(course.pack)
    return Material(course, checks, Judge(checks.definitions))
