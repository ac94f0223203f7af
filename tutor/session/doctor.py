"""Can this machine run the labs? Probes that try things, each with what it means and the exact remedy.

One function a probe, in `PROBES`; each gets the lab that could be built, or None with the reason why it could not.
Does not know how
findings are shown.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tutor.errors import TutorError
from tutor.lab import idmap
from tutor.lab.client import Lab
from tutor.lab.idmap import MapKind
from tutor.lab.nursery import Nursery
from tutor.lab.programs import NEEDED, PROGRAMS, find_program, missing_programs, remedy
from tutor.lesson import Lesson
from tutor.session.remedies import namespaces_remedy
from tutor.session.workshop import Workshop, run_script

_COMFORTABLE = (120, 30)


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    """All is well."""
    WARNING = "warning"
    """The labs run, but something is left out or less comfortable."""
    PROBLEM = "problem"
    """Some lessons can't run."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe found."""

    subject: str
    """What was looked at."""
    level: Level
    """How much it matters."""
    said: str
    """What was found."""
    means: str = ""
    """What that means, and for which lessons."""
    remedy: str = ""
    """What to do, exactly."""


@dataclass(frozen=True, slots=True)
class Patient:
    """What probes look at."""

    lab: Lab | None
    """A lab that was built just now."""
    error: TutorError | None
    """Why there is none."""
    lessons: tuple[Lesson, ...]
    """The course."""


Probe = Callable[[Patient], Iterable[Finding]]
"""Looks at one subject."""


def examine(nursery: Nursery, workshop: Workshop, lessons: Iterable[Lesson]) -> list[Finding]:
    """Try everything."""
    course = tuple(lessons)
    lab, error = _try_lab(nursery, workshop, course)
    patient = Patient(lab, error, course)
    try:
        return [finding for probe in PROBES for finding in probe(patient)]
    finally:
        if lab is not None:
            lab.close()


def _try_lab(nursery: Nursery, workshop: Workshop, lessons: tuple[Lesson, ...]) -> tuple[Lab | None, TutorError | None]:
    """A lab really built: user namespace, nested one, machines, cloud."""
    lab = None
    try:
        lab = Lab(nursery.launch())
        workshop.build(lab, lessons[0].lab)
    except TutorError as error:
        if lab is not None:
            lab.close()
        return None, error
    return lab, None


def _namespaces(patient: Patient) -> Iterable[Finding]:
    subject = "user namespaces"
    if patient.lab is not None:
        yield Finding(subject, Level.OK, "a lab was built and works")
        return
    said = patient.error.message if patient.error is not None else "no lab could be built"
    hint = patient.error.hint if patient.error is not None else ""
    yield Finding(subject, Level.PROBLEM, said, "no lesson can run", namespaces_remedy() or hint)


def _ids(patient: Patient) -> Iterable[Finding]:
    kind = idmap.choose().kind
    said = {
        MapKind.ROOT: "you are root: labs get spare ids, and never your uid 0",
        MapKind.SUBUID: "newuidmap maps your range from /etc/subuid",
        MapKind.SINGLE: "a single uid: changes of id inside are answered, not done",
    }[kind]
    if kind is not MapKind.SINGLE or patient.lab is None:
        yield Finding("ids", Level.OK, said)
        return
    how = (
        remedy(["newuidmap"])
        if find_program("newuidmap") is None
        else 'sudo usermod --add-subuids 100000-165535 \
--add-subgids 100000-165535 "$USER"'
    )
    yield Finding("ids", Level.WARNING, said, "everything runs, but `su nobody` stays root", how)


@dataclass(frozen=True, slots=True)
class _Trial:
    """Something to try inside a lab."""

    subject: str
    script: str
    means: str
    """What it means when it fails."""
    essential: bool = False


_TRIALS = (
    _Trial(
        "veth and bridges",
        "ip link add d0 type veth && ip link add b0 type bridge && ip link del d0 && ip link del b0",
        "no lesson after the first can run",
        essential=True,
    ),
    _Trial(
        "nftables NAT",
        "nft add table ip d && nft 'add chain ip d c { type nat hook postrouting priority 100 ; }' && "
        "nft add rule ip d c masquerade && nft delete table ip d",
        "masquerading can't be learnt",
        essential=True,
    ),
    _Trial("the internet of the lab", "ping -c 1 -W 2 8.8.8.8", "no lesson that goes outside can run", essential=True),
    _Trial("legacy iptables NAT", "iptables-legacy -t nat -S", "ways with iptables-legacy are left out"),
    _Trial("connection tracking", "conntrack -L", "conntrack shows nothing"),
    _Trial(
        "bridge netfilter",
        "test -e /proc/sys/net/bridge/bridge-nf-call-iptables",
        "frames within a bridge pass no firewall, which is how the lessons set it anyway",
    ),
)


def _kernel(patient: Patient) -> Iterable[Finding]:
    """Features, each tried inside the lab."""
    if patient.lab is None:
        return
    for trial in _TRIALS:
        ran = run_script(patient.lab, trial.script, seconds=10)
        if ran.status == 0:
            yield Finding(trial.subject, Level.OK, "works")
            continue
        said = " ".join(ran.output.split())[-160:] or "does not work"
        level = Level.PROBLEM if trial.essential else Level.WARNING
        yield Finding(
            trial.subject, level, said, trial.means, "load the kernel's modules for it, or use a kernel that has them"
        )
    plain = (
        "as in a virtual machine (TAP)" if patient.lab.taps else "as eth0@if3 (veth: /dev/net/tun may not be opened)"
    )
    yield Finding("network cards", Level.OK, f"they show {plain}")


def _programs(patient: Patient) -> Iterable[Finding]:
    missing = missing_programs(PROGRAMS)
    if not missing:
        yield Finding("programs", Level.OK, "all that the lessons use are installed")
        return
    needed = [name for name in missing if name in NEEDED]
    without = [lesson.id for lesson in patient.lessons if set(lesson.tools) & set(missing)]
    means = "no lesson can run" if needed else f"lessons that miss something: {', '.join(without) or 'none'}"
    level = Level.PROBLEM if needed or without else Level.WARNING
    yield Finding("programs", level, f"not installed: {', '.join(missing)}", means, remedy(missing))


def _bounds(patient: Patient) -> Iterable[Finding]:
    del patient
    yield Finding(
        "bounds",
        Level.OK,
        "processes and files of a lab are bounded; its memory is not",
        "a program that eats memory in the lab eats this machine's",
    )


def _terminal(patient: Patient) -> Iterable[Finding]:
    del patient
    if not sys.stdout.isatty():
        yield Finding("terminal", Level.OK, "none here; `tutor start` needs one, nothing else does")
        return
    size = shutil.get_terminal_size()
    term, encoding = os.environ.get("TERM", ""), (sys.stdout.encoding or "").lower()
    if term in ("", "dumb"):
        yield Finding(
            "terminal", Level.WARNING, f"TERM is {term!r}", "`tutor start` can't draw", "export TERM=xterm-256color"
        )
    elif "utf" not in encoding:
        yield Finding("terminal", Level.WARNING, f"its encoding is {encoding}", "drawings break", "export LANG=C.UTF-8")
    elif size < _COMFORTABLE:
        said = f"{size.columns}x{size.lines}"
        yield Finding("terminal", Level.OK, said, f"{_COMFORTABLE[0]}x{_COMFORTABLE[1]} is comfortable")
    else:
        yield Finding("terminal", Level.OK, f"{size.columns}x{size.lines}, {term}")


def _version(patient: Patient) -> Iterable[Finding]:
    del patient
    version = Path("/proc/sys/kernel/osrelease").read_text().strip()
    yield Finding("kernel", Level.OK, version)


PROBES: tuple[Probe, ...] = (_version, _namespaces, _ids, _kernel, _programs, _bounds, _terminal)
"""All probes, in the order in which they are told."""
