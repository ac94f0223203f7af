"""A pack's lessons in order: looked up by id, read when they are needed, and the thread that leads to each.

Heads of lessons are read all at once, which is cheap; a body, and the Markdown parser with it, only when asked for.
Does not know what is in a lab, or what a learner has done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tutor.errors import ContentError, LessonError, UsageError
from tutor.lesson.front import parse_front
from tutor.lesson.model import Continues, Front, Lesson, Starts, Step, Variant
from tutor.lesson.problems import suggestion
from tutor.store.packs import Pack

DEFAULT_VARIANT = "default"
"""The variant of a lab that its first lesson starts from."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A lesson of a course, of which only the head was read."""

    path: Path
    """The file."""
    front: Front
    """Its head."""


@dataclass(frozen=True, slots=True)
class Place:
    """A lesson, or a step of it."""

    lesson: Lesson
    """The lesson."""
    step: Step | None = None
    """The step; None for the lesson as a whole."""

    def __str__(self) -> str:
        return f"{self.lesson.id}/{self.step.id}" if self.step else self.lesson.id


@dataclass(frozen=True, slots=True)
class Thread:
    """How to get to the state in which a lesson starts."""

    lab: str
    """The lab."""
    variant: str
    """The variant of the lab to begin with."""
    lessons: tuple[str, ...]
    """The lessons whose steps are then done, in order; the lesson itself is not among them."""


class Course:
    """The lessons of one pack."""

    def __init__(self, pack: Pack) -> None:
        """Read nothing yet."""
        self.pack = pack
        """The pack."""
        self._lessons: dict[str, Lesson] = {}

    @cached_property
    def heads(self) -> tuple[Entry | LessonError, ...]:
        """The heads of all lessons, in order; for a broken one what is wrong with it."""
        return tuple(_read_head(self.pack.lessons / name) for name in self.pack.files)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The heads that can be read, in order."""
        return tuple(head for head in self.heads if isinstance(head, Entry))

    @property
    def errors(self) -> tuple[LessonError, ...]:
        """What is wrong with the other heads."""
        return tuple(head for head in self.heads if isinstance(head, LessonError))

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the lessons, in order, less those of broken ones."""
        return tuple(entry.front.id for entry in self.entries)

    def entry(self, lesson: str) -> Entry:
        """The head of a lesson, and its file.

        Raises:
            UsageError: there is no such lesson.
            LessonError: there is none, but there is one whose head can't be read: it may be that.
        """
        found = next((entry for entry in self.entries if entry.front.id == lesson), None)
        if found is not None:
            return found
        if self.errors:
            raise self.errors[0]
        raise UsageError(f"there is no lesson {lesson!r}", hint=suggestion(lesson, self.ids))

    def lesson(self, lesson: str) -> Lesson:
        """A whole lesson.

        Raises:
            UsageError: there is no such lesson.
            LessonError: it is wrong; the first thing.
        """
        if lesson not in self._lessons:
            path = self.entry(lesson).path
            # Imported only here: the Markdown parser takes longer to import than the heads of all lessons to read.
            from tutor.lesson.parse import parse_lesson

            self._lessons[lesson] = parse_lesson(read_text(path), path)
        return self._lessons[lesson]

    def lessons(self) -> tuple[Lesson, ...]:
        """All lessons in order; raises as `lesson` does."""
        if self.errors:
            raise self.errors[0]
        return tuple(self.lesson(lesson) for lesson in self.ids)

    def place(self, text: str) -> Place:
        """The place that `LESSON` or `LESSON/STEP` names.

        Raises:
            UsageError: there is no such lesson or step.
            LessonError: the lesson is wrong.
        """
        lesson_id, slash, step_id = text.partition("/")
        lesson = self.lesson(lesson_id)
        if not slash:
            return Place(lesson)
        step = lesson.find_step(step_id)
        if step is None:
            hint = suggestion(step_id, (step.id for step in lesson.steps))
            raise UsageError(f"there is no step {step_id!r} in the lesson {lesson_id!r}", hint=hint)
        return Place(lesson, step)

    def following(self, lesson: str) -> str | None:
        """The lesson after `lesson`; None after the last. Raises as `entry` does."""
        index = self.entries.index(self.entry(lesson))
        return self.ids[index + 1] if index + 1 < len(self.ids) else None

    def thread(self, lesson: str) -> Thread:
        """What leads to the state in which a lesson starts.

        Raises:
            UsageError: there is no such lesson.
            LessonError: it, or one on the way, continues a lesson that it can't continue, or has a broken head.
        """
        lab = self.entry(lesson).front.lab
        before: list[str] = []
        start = self._start(self.entry(lesson))
        while isinstance(start, Continues):
            before.insert(0, start.lesson)
            start = self._start(self.entry(start.lesson))
        return Thread(lab, start.name, tuple(before))

    def problems(self) -> tuple[ContentError, ...]:
        """What is wrong with the lessons taken together: ids given twice, labs and lessons that are not there."""
        found: list[ContentError] = list(self.errors)
        for entry in self.entries:
            found.extend(self._problems_of(entry))
        for path in sorted(self.pack.lessons.glob("*.md")):
            if path.name not in self.pack.files:
                hint = f"name it in {self.pack.course_file.name}, or remove it"
                found.append(LessonError("the course does not name this file", path=path, hint=hint))
        return tuple(found)

    def _problems_of(self, entry: Entry) -> Iterator[ContentError]:
        front, lines = entry.front, entry.front.lines
        first = self.entry(front.id)
        if first is not entry:
            hint = f"{first.path.name} has the same id"
            yield LessonError(f"a second lesson {front.id!r}", path=entry.path, line=lines["id"], hint=hint)
        labs = sorted(path.stem for path in self.pack.labs.glob("*.toml"))
        if front.lab not in labs:
            hint = suggestion(front.lab, labs, "lab in this pack")
            yield LessonError(f"there is no lab {front.lab!r}", path=entry.path, line=lines["lab"], hint=hint)
        try:
            self._start(entry)
        except LessonError as error:
            # That another's head is broken is told already.
            if error not in self.errors:
                yield error

    def _start(self, entry: Entry) -> Starts:
        """Where a lesson starts, with the order of the course taken into account."""
        starts, lab = entry.front.starts, entry.front.lab
        if isinstance(starts, Variant):
            return starts
        if starts is not None and starts.lesson in self.ids:
            return self._judged(entry, starts)
        for head in reversed(self.heads[: self.heads.index(entry)]):
            if isinstance(head, LessonError):
                raise head
            if starts is None and head.front.lab == lab:
                return Continues(head.front.id)
        if starts is None:
            return Variant(DEFAULT_VARIANT)
        hint = suggestion(starts.lesson, self.ids)
        raise LessonError(f"there is no lesson {starts.lesson!r}", path=entry.path, line=starts.line, hint=hint)

    def _judged(self, entry: Entry, starts: Continues) -> Continues:
        """`starts`, if it names an earlier lesson of the same lab."""
        other = self.entry(starts.lesson)
        if other.front.lab != entry.front.lab:
            message = f"{starts.lesson!r} is played in the lab {other.front.lab!r}"
            hint = "continue a lesson with the same lab, or start from a variant"
        elif self.entries.index(other) >= self.entries.index(entry):
            message, hint = f"{starts.lesson!r} comes no earlier in the course", "continue an earlier lesson"
        else:
            return starts
        raise LessonError(message, path=entry.path, line=starts.line, hint=hint)


def read_text(path: Path) -> str:
    """The text of a lesson file.

    Raises:
        LessonError: it can't be read, or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        hint = "look at its name, and at the lessons that course.toml lists"
        raise LessonError(f"the lesson can't be read: {error.strerror}", path=path, hint=hint) from error
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LessonError("this is not UTF-8", path=path, line=line, hint="save the file as UTF-8") from error


def _read_head(path: Path) -> Entry | LessonError:
    try:
        return Entry(path, parse_front(read_text(path), path))
    except LessonError as error:
        return error
