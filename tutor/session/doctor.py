"""Can this machine run the labs? Probes that try things, each with what it means and the exact remedy.

A new probe is one function, and its name in `PROBES`. Does not know how findings are shown.
"""

from __future__ import annotations

from collections.abc import Iterable

from tutor.errors import TopologyError, TutorError
from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery
from tutor.lesson import Lesson
from tutor.session import host_probes, lab_probes
from tutor.session.finding import Finding, Patient, Probe
from tutor.session.workshop import Workshop

PROBES: tuple[Probe, ...] = (
    host_probes.kernel,
    lab_probes.user_namespaces,
    host_probes.switches,
    host_probes.apparmor_,
    host_probes.container,
    lab_probes.ids,
    lab_probes.labs,
    lab_probes.features,
    lab_probes.cards,
    lab_probes.programs,
    lab_probes.kubectl,
    host_probes.memory,
    host_probes.files,
    host_probes.terminal,
)
"""All probes, in the order in which they are told."""


def examine(
    nursery: Nursery, workshop: Workshop, lessons: Iterable[Lesson], probes: Iterable[Probe] = PROBES
) -> list[Finding]:
    """Build every lab of the course, then ask all `probes`."""
    patient = _admit(nursery, workshop, tuple(lessons))
    try:
        return [finding for probe in probes for finding in probe(patient)]
    finally:
        if patient.lab is not None:
            patient.lab.close()


def _admit(nursery: Nursery, workshop: Workshop, lessons: tuple[Lesson, ...]) -> Patient:
    """Labs really built: user namespace, nested ones, machines, cloud. The first that works is kept for the probes."""
    names = tuple(dict.fromkeys(lesson.lab for lesson in lessons))
    clusters = frozenset(name for name in names if _has_cluster(workshop, name))
    kept: Lab | None = None
    broken: dict[str, TutorError] = {}
    for name in names:
        try:
            lab = Lab(nursery.launch())
        except TutorError as error:
            return Patient(lessons, kept, refused=error, clusters=clusters)
        try:
            workshop.build(lab, name)
        except TutorError as error:
            broken[name] = error
            lab.close()
            continue
        if kept is None:
            kept = lab
        else:
            lab.close()
    return Patient(lessons, kept, broken=broken, clusters=clusters)


def _has_cluster(workshop: Workshop, name: str) -> bool:
    try:
        return workshop.has_cluster(name)
    except TopologyError:  # building it will tell
        return False
