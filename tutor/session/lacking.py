"""What lessons need of this machine and do not find: which of them can't be done here, and what to do about it.

Cheap: no lab is made to find out. Does not know how it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from tutor.errors import MissingTool, TopologyError
from tutor.lab.programs import NEEDED, OF_CLUSTERS, STOOD_IN, missing_programs, remedy
from tutor.lesson import Lesson
from tutor.store.course import Course


@dataclass(frozen=True, slots=True)
class Lack:
    """What a lesson needs and this machine has not."""

    programs: tuple[str, ...]
    """The programs, at least one."""
    has_lab: bool
    """Whether its lab can be built all the same: then it can be begun, though not be done to its end."""

    def __str__(self) -> str:
        """What it is, after the name of the lesson."""
        return f"needs {', '.join(self.programs)}, not installed here"

    @property
    def remedy(self) -> str:
        """How to get them."""
        return remedy(self.programs)


def lacks_of(lessons: Iterable[Lesson], with_cluster: Callable[[str], bool]) -> dict[str, Lack]:
    """What lessons lack, by their ids; those that lack nothing are left out.

    Args:
        lessons: any lessons.
        with_cluster: whether the lab of a name has a cluster in it; asked only where that makes a difference.
    """
    every = tuple(lessons)
    missing = set(missing_programs({*NEEDED, *OF_CLUSTERS, *(tool for lesson in every for tool in lesson.tools)}))
    found = {}
    for lesson in every if missing else ():
        of_cluster = OF_CLUSTERS if missing & set(OF_CLUSTERS) and with_cluster(lesson.lab) else ()
        of_lab = [name for name in (*NEEDED, *of_cluster) if name in missing]
        tools = [name for name in lesson.tools if name in missing and name not in STOOD_IN]
        if of_lab or tools:
            found[lesson.id] = Lack(tuple(dict.fromkeys((*of_lab, *tools))), has_lab=not of_lab)
    return found


def lacks_in(course: Course, lessons: Iterable[Lesson]) -> dict[str, Lack]:
    """What lessons of a course lack, by their ids; a lab that can't be read counts as one without a cluster."""
    return lacks_of(lessons, cache(partial(_has_cluster, course)))


def require_lab(course: Course, lesson: Lesson) -> None:
    """See to it that the lab of a lesson can be built here, as far as programs go.

    Raises:
        MissingTool: it can't.
    """
    lack = lacks_in(course, [lesson]).get(lesson.id)
    if lack is not None and not lack.has_lab:
        raise _refusal(lesson.id, lack)


def without_lacking(
    course: Course, lessons: Sequence[Lesson], *, named: bool
) -> tuple[list[Lesson], Mapping[str, Lack]]:
    """Those lessons that can be done here, and what each of the others lacks.

    Args:
        course: whose lessons they are.
        lessons: all that is wanted.
        named: whether they were asked for one by one; then none of them may be left out.

    Raises:
        MissingTool: one that was asked for can't be done here, or none at all can.
    """
    lacks = lacks_in(course, lessons)
    able = [lesson for lesson in lessons if lesson.id not in lacks]
    if lacks and (named or not able):
        raise _refusal(*next(iter(lacks.items())))
    return able, lacks


def remedy_of(lacks: Iterable[Lack]) -> str:
    """The one way to get all that is lacking."""
    return remedy(tuple(dict.fromkeys(program for lack in lacks for program in lack.programs)))


def _refusal(lesson: str, lack: Lack) -> MissingTool:
    return MissingTool(f"{lesson} can't be done here: it {lack}", hint=lack.remedy)


def _has_cluster(course: Course, lab: str) -> bool:
    from tutor.session.workshop import has_cluster  # what reads labs is seldom needed here

    try:
        return has_cluster(course, lab)
    except TopologyError:
        return False
