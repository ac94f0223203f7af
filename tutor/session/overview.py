"""The course at a glance: lessons, steps, what is done, and which labs live. Does not know how it is printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutor.errors import LabError
from tutor.lab.client import Lab, Status
from tutor.lab.kept import all_kept
from tutor.lesson import Lesson
from tutor.session.lacking import Lack
from tutor.session.note import parse_note
from tutor.store.progress import Progress


@dataclass(frozen=True, slots=True)
class KeptLab:
    """A lab that lives, with or without its tutor."""

    name: str
    """Of its pack and lab."""
    place: str
    """Where it stands (`lesson/step`), as far as it is known."""
    seconds_left: float | None
    """Of its grace time; None while a tutor has it."""


def kept_labs(folder: Path, pack: str) -> list[KeptLab]:
    """The labs of a pack that live, by name; looking keeps none of them alive."""
    labs = living_labs(folder, pack)
    return [KeptLab(name, place_of(status.note), status.seconds_left) for name, _, status in labs]


def end_labs(folder: Path, pack: str, lesson: str = "") -> int:
    """End the labs of a pack that stand in `lesson`, all of them if it is empty; returns how many."""
    ended = 0
    for _, lab, status in living_labs(folder, pack):
        if not lesson or place_of(status.note).partition("/")[0] == lesson:
            lab.end()
            ended += 1
    return ended


def living_labs(folder: Path, pack: str) -> Iterator[tuple[str, Lab, Status]]:
    """The labs of a pack that live, by name, as a visitor; each is closed when the next is asked for."""
    for name, lab in all_kept(folder):
        with lab:
            try:
                status = lab.status()
            except LabError:
                continue
            # The name of another pack may begin with that of this one.
            if name.partition(".")[0] == f"{pack}-{status.lab}" if status.built else name.startswith(f"{pack}-"):
                yield name, lab, status


def place_of(note: str) -> str:
    """`lesson/step`, from what a tutor wrote down in its lab; empty if it wrote nothing of the kind."""
    said = parse_note(note)
    return f"{said.lesson}/{said.step}" if said is not None else ""


def overview_json(
    lessons: Iterable[Lesson], progress: Progress, labs: Iterable[KeptLab], lacks: Mapping[str, Lack]
) -> dict[str, Any]:
    """The course at a glance, as tools read it.

    Args:
        lessons: of the course, in order.
        progress: what is done.
        labs: those that live.
        lacks: what lessons need and this machine lacks, by their ids.
    """
    at = progress.at
    return {
        "lessons": [
            {
                "id": lesson.id,
                "title": lesson.title,
                "lab": lesson.lab,
                "figures": list(lesson.figures),
                "lacks": list(lacks[lesson.id].programs) if lesson.id in lacks else [],
                "done": all(progress.is_done(lesson.id, step.id) for step in lesson.steps),
                "steps": [
                    {
                        "id": step.id,
                        "title": step.title,
                        "kind": step.kind.value,
                        "done": progress.is_done(lesson.id, step.id),
                    }
                    for step in lesson.steps
                ],
            }
            for lesson in lessons
        ],
        "at": {"lesson": at.lesson, "step": at.step} if at is not None else None,
        "labs": [{"name": lab.name, "place": lab.place, "seconds_left": lab.seconds_left} for lab in labs],
    }
