"""The lab that `tutor shell` opens: at a place of a lesson, as it is before any lesson, or the kept one.

Loads as little as it can: no check is needed to open a shell. Does not know what is run in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tutor.errors import LabGone, UsageError
from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery
from tutor.session.overview import living_labs
from tutor.session.workshop import Workshop
from tutor.store.course import Course
from tutor.store.packs import choose_pack
from tutor.store.paths import runtime_dir


@contextmanager
def open_place(
    nursery: Nursery, pack: str, place: str, lab_name: str, *, attach: bool = False, seed: int = 0
) -> Iterator[Lab]:
    """A lab for a shell, for as long as it is needed.

    Args:
        nursery: makes the lab.
        pack: as `--pack` names it.
        place: `LESSON[/STEP]`; empty for the first lesson of the course.
        lab_name: a lab's name, instead of a place.
        attach: join the kept lab instead.
        seed: draws what the place begins with.

    Raises:
        UsageError: there is no such place, lab, or kept lab.
    """
    course = Course(choose_pack(pack))
    if attach:
        with _kept(course) as lab:
            yield lab
        return
    workshop = Workshop(nursery, course)
    if lab_name:
        known = sorted(path.stem for path in course.pack.labs.glob("*.toml"))
        if lab_name not in known:
            raise UsageError(f"there is no lab {lab_name!r}", hint=f"one of: {', '.join(known)}")
        with workshop.private() as lab:
            workshop.build(lab, lab_name)
            yield lab
        return
    found = course.place(place or course.ids[0])
    with workshop.at(found.lesson, found.step, seed=seed) as lab:
        yield lab


@contextmanager
def _kept(course: Course) -> Iterator[Lab]:
    for _, lab, _ in living_labs(runtime_dir(), course.pack.id):
        yield lab
        return
    raise LabGone("no lab is running", hint="`tutor start` starts one; `tutor shell LESSON` makes one of its own")
