"""A lesson file's text -> a `Lesson`, and everything that is wrong with the text. Does not know which checks exist."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tutor.errors import LessonError
from tutor.lesson.front import normalise, read_front, split_front
from tutor.lesson.model import Front, Lesson, Step
from tutor.lesson.node import NAME
from tutor.lesson.outline import Content, Heading, Piece, read_outline
from tutor.lesson.problems import Problems
from tutor.lesson.step import read_intro, read_step


@dataclass(frozen=True, slots=True)
class Parsed:
    """What came of a lesson's text."""

    lesson: Lesson | None
    """The lesson, less what could not be read; None where its front matter could not."""
    errors: tuple[LessonError, ...] = ()
    """All that is wrong, by line; none for a good text."""


def parse_lesson(text: str, path: Path | None = None) -> Lesson:
    """Read a lesson.

    Raises:
        LessonError: the first thing that is wrong with it.
    """
    parsed = parse_lesson_all(text, path)
    if parsed.errors or parsed.lesson is None:
        raise parsed.errors[0]
    return parsed.lesson


def parse_lesson_all(text: str, path: Path | None = None) -> Parsed:
    """Read a lesson as far as it can be read, and tell everything that is wrong with its text."""
    problems = Problems(path)
    text = normalise(text)
    front = read_front(text, problems)
    split = split_front(text)
    if split is None:
        return Parsed(None, problems.in_order())
    outline = _Outline(problems)
    for piece in read_outline(text, split[1], problems):
        outline.take(piece)
    _judge_title(outline.title, front, split[1], problems)
    intro = read_intro(outline.intro, problems)
    steps = tuple(_steps(outline.steps, problems))
    return Parsed(Lesson(front, intro, steps, path) if front else None, problems.in_order())


class _Outline:
    """The pieces of a lesson by the heading that they stand below."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self.title: Heading | None = None
        self.intro: list[Content] = []
        self.steps: list[tuple[Heading, list[Content]]] = []

    def take(self, piece: Piece) -> None:
        """Add the next piece."""
        if not isinstance(piece, Heading):
            (self.steps[-1][1] if self.steps else self.intro).append(piece)
        elif piece.level > 1:
            self.steps.append((piece, []))
        elif self.title is not None:
            self._problems.add(piece.line, "a second title", "`# …` stands once; a step begins with `## Title {#id}`")
        else:
            self.title = piece
            if self.intro or self.steps:
                self._problems.add(piece.line, "the title comes late", "put it right below the front matter")


def _judge_title(title: Heading | None, front: Front | None, above: int, problems: Problems) -> None:
    if title is None:
        hint = f"write `# {front.title if front else 'Title'}` below the front matter"
        problems.add(above + 1, "there is no title", hint)
    elif front is not None and title.title != front.title:
        hint = "make the two the same"
        problems.add(title.line, f"the heading is not the front matter's title, {front.title!r}", hint)


def _steps(sections: Iterable[tuple[Heading, list[Content]]], problems: Problems) -> Iterator[Step]:
    seen: dict[str, int] = {}
    for heading, pieces in sections:
        id_, line = heading.id, heading.line
        if not NAME.fullmatch(id_):
            what = f"the step's id is {id_!r}" if id_ else "a step without an id"
            problems.add(line, what, f"write `## {heading.title} {{#{_as_name(id_ or heading.title)}}}`")
        elif id_ in seen:
            problems.add(line, f"a second step {id_!r}", f"the first is in line {seen[id_]}")
        step = read_step(heading, pieces, problems)
        if step is not None and id_ not in seen:
            yield step
        seen.setdefault(id_, line)


def _as_name(title: str) -> str:
    words = re.findall(r"[a-z0-9]+", title.lower())
    return "-".join(words[:3]).lstrip("0123456789-") or "step"
