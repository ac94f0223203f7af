"""Probes that look at the machine around the labs: its switches, its limits, this user's files and terminal.

Does not know what is tried inside of a lab.
"""

from __future__ import annotations

import curses
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tutor.errors import TutorError
from tutor.session import apparmor
from tutor.session.finding import Finding, Level, Patient
from tutor.session.remedies import SWITCHES, SYSCTLS, Confinement, confinement
from tutor.store.paths import runtime_dir
from tutor.store.progress import ProgressStore

_SMALLEST, _COMFORTABLE = (60, 20), (120, 30)
_COLOURS = 256
_CGROUPS = Path("/sys/fs/cgroup")
_SYSTEMD = Path("/run/systemd/system")
"""There when systemd is the init of this machine: sd_booted(3)."""
_PAGE = 4096
_HUGE = 1 << 60
"""A version 1 control group without a limit says some number near 2**63."""


def kernel(patient: Patient) -> Iterable[Finding]:
    """Which kernel this is."""
    del patient
    made = os.uname()
    yield Finding("kernel", Level.OK, f"{made.sysname} {made.release}, {made.machine}")


def switches(patient: Patient, root: Path = SYSCTLS, user: int | None = None) -> Iterable[Finding]:
    """The sysctls that can forbid labs; those that this kernel lacks forbid nothing."""
    subject = "sysctls"
    forbidding = [switch for switch in SWITCHES if switch.is_forbidding(root, user)]
    for switch in forbidding:
        said = f"{switch.name} is {switch.value(root)}"
        if patient.works:
            yield Finding(subject, Level.OK, f"{said}, and labs are made all the same")
        else:
            means = "it forbids what labs are made of"
            yield Finding(subject, Level.PROBLEM, said, means, switch.remedy(), patient.every_lesson)
    if not forbidding:
        there = ", ".join(f"{switch.name}={switch.value(root)}" for switch in SWITCHES if switch.value(root))
        yield Finding(subject, Level.OK, f"none forbids labs ({there})" if there else "none that forbids labs is here")


def apparmor_(patient: Patient) -> Iterable[Finding]:
    """Whether AppArmor keeps programs from making user namespaces, and whether our profile allows it to us."""
    subject, guard = "AppArmor", apparmor.guard()
    if not guard.restricts:
        if guard.enabled:
            yield Finding(subject, Level.OK, "it is in use, and does not restrict user namespaces")
    elif guard.label == apparmor.NAME:
        yield Finding(
            subject, Level.OK, f"it restricts user namespaces, and its profile {guard.label} allows them to tutor"
        )
    elif patient.works:
        yield Finding(subject, Level.OK, "it restricts user namespaces, and labs are made all the same")


def container(patient: Patient) -> Iterable[Finding]:
    """Whether this is a container, and whether it is in the way."""
    found = confinement()
    if not (found.engine or found.masked or found.profile):
        return
    said = ", ".join(
        text
        for text in (
            f"run by {found.engine}" if found.engine else "",
            f"/proc is covered in {len(found.masked)} places, {found.masked[0]} first" if found.masked else "",
            "a seccomp filter is on" if found.filtered else "",
            f"AppArmor confines it ({found.profile})" if found.profile else "",
        )
        if text
    )
    how = found.remedy or (_uncover(found) if found.masked else "")
    if patient.works or not how:
        yield Finding("container", Level.OK, f"{said}{'; labs work in it' if patient.works else ''}")
        return
    means = "this forbids what labs are made of"
    yield Finding("container", Level.PROBLEM, said, means, how, patient.every_lesson)


def _uncover(found: Confinement) -> str:
    """What to ask for where the engine is not one whose options we know; in a pod's securityContext, for one."""
    wanted = (
        ("nothing over /proc (in a pod: procMount: Unmasked and hostUsers: false)", bool(found.masked)),
        ("no seccomp filter (seccompProfile: {type: Unconfined})", found.filtered),
        ("no AppArmor profile (appArmorProfile: {type: Unconfined})", bool(found.profile)),
    )
    asked = ", ".join(text for text, is_in_the_way in wanted if is_in_the_way)
    return f"start the container with {asked}" if asked else ""


@dataclass(frozen=True, slots=True)
class MemoryBound:
    """How much memory a lab started from here may use, as the control group says."""

    limit: int | None
    """In bytes; None: no limit of ours, nor of a group above."""
    delegated: bool
    """Whether this user may make control groups with a memory limit below our own."""


def memory_bound(groups: str, root: Path = _CGROUPS) -> MemoryBound:
    """Read the bound of our control group and of those above it.

    Args:
        groups: the text of /proc/self/cgroup (cgroups(7)).
        root: where control groups are mounted.
    """
    limits: list[int] = []
    delegated = False
    for line in groups.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            top, file = root, "memory.max"
            folder = top / path.strip("/")
            has = "memory" in _text(folder / "cgroup.controllers").split()
            delegated = has and os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK)
        elif "memory" in controllers.split(","):
            top, file = root / "memory", "memory.limit_in_bytes"
            folder = top / path.strip("/")
        else:
            continue
        for group in (folder, *folder.parents):
            said = _text(group / file)
            if said.isdigit() and int(said) < _HUGE:
                limits.append(int(said))
            if group == top:
                break
    return MemoryBound(min(limits, default=None), delegated)


def memory(patient: Patient) -> Iterable[Finding]:
    """Whether something bounds the memory of a lab. A lab bounds its processes and files, but not that."""
    del patient
    bound = memory_bound(_text(Path("/proc/self/cgroup")))
    if bound.limit is not None:
        said = f"a lab gets {bound.limit / 2**30:.1f} GiB at most: the limit of the control group that tutor runs in"
        yield Finding("memory", Level.OK, said)
        return
    said = "a lab's is not bounded: " + (
        "a control group is delegated to you, but a lab does not make its own"
        if bound.delegated
        else "no control group is delegated to you"
    )
    how = ""
    if _SYSTEMD.is_dir():
        how = f"systemd-run {'' if os.geteuid() == 0 else '--user '}--scope -p MemoryMax=2G tutor start"
    yield Finding("memory", Level.WARNING, said, "a program that eats memory in the lab eats this machine's", how)


def files(patient: Patient) -> Iterable[Finding]:
    """Whether progress can be kept, and labs that wait can be found again."""
    del patient
    store = ProgressStore("doctor")
    try:
        store.read()
        runtime_dir()
    except TutorError as error:
        yield Finding("files", Level.PROBLEM, error.message, "`tutor start` can't keep anything", error.hint)
        return
    folder = next(folder for folder in store.path.parents if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            file.write(bytes(_PAGE))
    except OSError as error:
        why = error.strerror
    else:
        yield Finding("files", Level.OK, f"progress is kept in {store.path}")
        return
    means = "the lessons run, and tomorrow nobody knows how far you came"
    how = f"make room in {folder} and make it yours, or set XDG_STATE_HOME to a folder of yours"
    yield Finding("files", Level.WARNING, f"nothing can be written in {folder}: {why}", means, how)


def terminal(patient: Patient) -> Iterable[Finding]:
    """Whether this terminal serves for `tutor start`."""
    del patient
    # What is said may go elsewhere, into a pager or a file.
    ours = next((descriptor for descriptor in (1, 2, 0) if os.isatty(descriptor)), None)
    if ours is None:
        yield Finding("terminal", Level.OK, "none here; `tutor start` needs one, nothing else does")
        return
    size = os.get_terminal_size(ours)
    yield from judge_terminal((size.columns, size.lines), os.environ, sys.stdout.encoding or "", _colours(ours))


def judge_terminal(
    size: tuple[int, int], environment: Mapping[str, str], encoding: str, colours: int
) -> Iterable[Finding]:
    """Judge a terminal.

    Args:
        size: columns and rows.
        environment: what is set in it.
        encoding: of what is written to it.
        colours: how many terminfo says that it has.
    """
    subject, warning, name = "terminal", Level.WARNING, environment.get("TERM", "")
    columns, rows = size
    if name in ("", "dumb"):
        yield Finding(
            subject, warning, f"TERM is {name!r}", "`tutor start` can't move its cursor", "export TERM=xterm-256color"
        )
        return
    if columns < _SMALLEST[0] or rows < _SMALLEST[1]:
        how = f"make it larger: {_COMFORTABLE[0]}x{_COMFORTABLE[1]} is comfortable"
        need = f"`tutor start` needs {_SMALLEST[0]}x{_SMALLEST[1]}"
        yield Finding(subject, warning, f"it is {columns}x{rows}", need, how)
    if encoding.lower().replace("-", "") != "utf8":
        yield Finding(
            subject,
            warning,
            f"its encoding is {encoding}",
            "frames and ticks become other signs",
            "export LANG=C.UTF-8",
        )
    many = environment.get("COLORTERM", "") in ("truecolor", "24bit")
    if not many and colours < _COLOURS:
        said = f"{name} has {max(colours, 0)} colours"
        yield Finding(subject, warning, said, "the lesson is harder to read", "export TERM=xterm-256color")
    comfortable = "" if columns >= _COMFORTABLE[0] and rows >= _COMFORTABLE[1] else ", a little narrow"
    shown = "16 million" if many else str(colours)
    yield Finding(subject, Level.OK, f"{columns}x{rows}{comfortable}, {name}, {shown} colours, {encoding}")


def _colours(descriptor: int) -> int:
    try:
        curses.setupterm(fd=descriptor)
        return curses.tigetnum("colors")
    except curses.error:  # terminfo does not know this terminal
        return -1


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
