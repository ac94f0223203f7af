"""Probes that ask the lab itself: what could be built is used, and what is tried is tried in there.

Does not know what is wrong with the host when something fails; `remedies` does.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from tutor.errors import MissingTool, TutorError
from tutor.lab import idmap
from tutor.lab.client import Lab
from tutor.lab.idmap import MapKind
from tutor.lab.kubenet.plugins import PLUGINS
from tutor.lab.programs import (
    BROUGHT,
    NEEDED,
    OF_CLUSTERS,
    PROGRAMS,
    STOOD_IN,
    find_program,
    missing_programs,
    remedy,
)
from tutor.lesson import Lesson
from tutor.session.equipment import ids_remedy, load_modules, tun_remedy
from tutor.session.finding import Finding, Level, Patient
from tutor.session.remedies import namespaces_remedy
from tutor.session.workshop import run_script

_TRIAL_SECONDS = 10.0
_WORDS_SHOWN = 240
_OUTSIDE_ONLY = ("newuidmap", "newgidmap")
"""Programs that make labs; in them nobody needs these."""
_WHERE_TO_INSTALL = "install them in /usr or /usr/local: nothing else of this machine shows in the lab"
EXEC_SINCE = (1, 31)
"""From this version on kubectl runs commands in pods over WebSocket, and the lab's API server speaks nothing else."""
_NEWER_KUBECTL = "put a newer one into /usr/local/bin (https://kubernetes.io/docs/tasks/tools/)"


@dataclass(frozen=True, slots=True)
class Trial:
    """Something to try inside of a lab."""

    subject: str
    """What is tried."""
    script: str
    """How: its exit status is 0 when it works."""
    means: str
    """What it means when it does not."""
    modules: str = ""
    """The kernel's modules that it needs."""
    program: str = ""
    """The program that it needs, where not every lab has it."""
    essential: bool = False
    """Whether lessons can't run without it."""
    of_clusters: bool = False
    """Whether only labs with a cluster need it."""
    words: tuple[str, ...] = ()
    """Lessons with one of these in a solution use it; without any, all lessons do."""
    clusters_too: bool = False
    """Whether every lesson in a lab with a cluster uses it as well."""
    lasts: bool = False
    """Whether what a lesson makes with it is still there in the later lessons of that lab."""

    def users(self, patient: Patient) -> tuple[str, ...]:
        """The lessons that use it, by their ids."""
        found: list[str] = []
        begun: set[str] = set()
        for lesson in patient.lessons:
            if lesson.lab in begun or self._is_used_by(lesson, lesson.lab in patient.clusters):
                found.append(lesson.id)
                if self.lasts:
                    begun.add(lesson.lab)
        return tuple(found)

    def _is_used_by(self, lesson: Lesson, in_cluster: bool) -> bool:
        if self.of_clusters or (self.clusters_too and in_cluster):
            return in_cluster
        solutions = [command for step in lesson.steps for command in step.solution]
        return not self.words or any(word in command for word in self.words for command in solutions)


TRIALS = (
    Trial(
        "veth pairs",
        # Names of its own: the links of a deleted namespace go in the kernel's own time.
        "ip netns add v && ip link add v0 type veth peer name v1 netns v && ip netns del v",
        "no lesson after the first can run",
        modules="veth",
        essential=True,
        words=("type veth",),
        clusters_too=True,
        lasts=True,
    ),
    Trial(
        "bridges",
        "ip link add d0 type bridge && ip link add d1 type veth peer name d2 && ip link set d1 master d0 && "
        "ip link del d1 && ip link del d0",
        "no lesson about bridges can run",
        modules="bridge",
        essential=True,
        words=("type bridge", "brctl"),
        clusters_too=True,
        lasts=True,
    ),
    Trial(
        "nftables NAT",
        "nft add table ip d && nft 'add chain ip d c { type nat hook postrouting priority 100 ; }' && "
        "nft add rule ip d c masquerade && nft delete table ip d",
        "masquerading can't be learnt",
        modules="nf_tables nft_chain_nat nft_masq",
        essential=True,
        words=("MASQUERADE", "masquerade"),
    ),
    Trial(
        "the internet of the lab",
        "ping -c 1 -W 2 8.8.8.8",
        "no lesson that goes outside can run",
        essential=True,
        words=("8.8.8.8", "example.com"),
    ),
    Trial(
        "iptables NAT",
        "iptables -t nat -A POSTROUTING -o d0 -j MASQUERADE && iptables -t nat -D POSTROUTING -o d0 -j MASQUERADE",
        "the lessons' own way to masquerade fails",
        modules="nft_compat xt_MASQUERADE",
        program="iptables",
        words=("iptables",),
    ),
    Trial(
        "kubenet's rule",
        "rule='POSTROUTING -m comment --comment d -m addrtype ! --dst-type LOCAL ! -d 10.0.0.0/8 -j MASQUERADE' && "
        "iptables -t nat -A $rule && iptables -t nat -D $rule",
        "no lab with a cluster can be built",
        modules="nft_compat xt_comment xt_addrtype xt_MASQUERADE",
        program="iptables",
        essential=True,
        of_clusters=True,
    ),
    Trial(
        "legacy iptables NAT",
        "iptables-legacy -t nat -S",
        "ways with iptables-legacy are left out",
        modules="iptable_nat",
        program="iptables-legacy",
        words=("iptables-legacy",),
    ),
    Trial(
        "connection tracking",
        "conntrack -L",
        "conntrack shows nothing",
        modules="nf_conntrack nf_conntrack_netlink",
        program="conntrack",
        words=("conntrack",),
    ),
    Trial(
        "bridge netfilter",
        "test -e /proc/sys/net/bridge/bridge-nf-call-iptables",
        "frames within a bridge pass no firewall, which is how the lessons set it anyway",
        modules="br_netfilter",
        words=("type bridge", "brctl"),
        clusters_too=True,
        lasts=True,
    ),
)
"""Features of the kernel that lessons use."""


def user_namespaces(patient: Patient) -> Iterable[Finding]:
    """Whether a user namespace can be made at all, and all others in it."""
    subject = "user namespaces"
    if patient.refused is None:
        yield Finding(subject, Level.OK, "one was made, with a network of its own in it")
        return
    error, every = patient.refused, patient.every_lesson
    how = namespaces_remedy() or _hint_of(error)
    yield Finding(subject, Level.PROBLEM, error.message, "no lesson can run", how, every)


def labs(patient: Patient) -> Iterable[Finding]:
    """Whether every lab of the course can be built: each machine of it is in a nested user namespace."""
    if patient.refused is not None:
        return
    for name in dict.fromkeys(lesson.lab for lesson in patient.lessons):
        subject = f"the lab {name}"
        error = patient.broken.get(name)
        if error is None:
            yield Finding(subject, Level.OK, "was built, with machines in nested user namespaces")
            continue
        how = error.hint if isinstance(error, MissingTool) else namespaces_remedy() or _hint_of(error)
        players = patient.lessons_in(name)
        yield Finding(subject, Level.PROBLEM, error.message, f"these can't run: {', '.join(players)}", how, players)


def _hint_of(error: TutorError) -> str:
    """What an error says to do; empty when that is to ask us."""
    return "" if "tutor doctor" in error.hint else error.hint


def ids(patient: Patient) -> Iterable[Finding]:
    """Whose ids the labs get."""
    if patient.refused is not None:
        return
    wanted = idmap.choose().kind
    kind = MapKind.SINGLE if patient.lab is not None and _has_single_id(patient.lab) else wanted
    said = {
        MapKind.ROOT: "root lends spare ids, and never uid 0",
        MapKind.SUBUID: "newuidmap maps your range from /etc/subuid",
        MapKind.SINGLE: "a single uid: changes of id inside are answered, not done",
    }[kind]
    if kind is not MapKind.SINGLE:
        yield Finding("ids", Level.OK, said)
        return
    if wanted is MapKind.SUBUID:
        said += "; newuidmap refuses to map your range"
    how = ids_remedy()
    yield Finding("ids", Level.WARNING, said, "everything runs, but `su nobody` stays root", how)


def _has_single_id(lab: Lab) -> bool:
    """Whether a lab had to be made with the one id that needs nothing, whatever this user seems to have."""
    lines = run_script(lab, "cat /proc/self/uid_map", seconds=_TRIAL_SECONDS).output.split()
    return lines[2:] == ["1"]


def features(patient: Patient) -> Iterable[Finding]:
    """Features of the kernel, each tried inside of the lab."""
    if patient.lab is not None:
        for trial in TRIALS:
            if patient.clusters or not trial.of_clusters:
                yield _try(patient, patient.lab, trial)


def _try(patient: Patient, lab: Lab, trial: Trial) -> Finding:
    ran = run_script(lab, trial.script, seconds=_TRIAL_SECONDS)
    if ran.status == 0:
        return Finding(trial.subject, Level.OK, "works")
    level, users = Level.PROBLEM if trial.essential else Level.WARNING, trial.users(patient)
    if trial.program and find_program(trial.program) is None:
        said = f"{trial.program} is not installed"
        return Finding(trial.subject, level, said, trial.means, remedy([trial.program]), users)
    said = _last_words(ran.output) or ("no answer" if ran.status is None else "this kernel has it not")
    how = load_modules(trial.modules.split()) if trial.modules else ""
    return Finding(trial.subject, level, said, trial.means, how, users)


def cards(patient: Patient) -> Iterable[Finding]:
    """How network cards show: as a virtual machine's, or as one end of a pair."""
    if patient.lab is None:
        return
    if patient.lab.taps:
        yield Finding("network cards", Level.OK, "they show as in a virtual machine (TAP)")
        return
    yield Finding(
        "network cards",
        Level.WARNING,
        "they show as eth0@if3 (veth): /dev/net/tun is missing or may not be opened",
        "everything runs; a name with an @ shows earlier than the course explains it",
        tun_remedy(),
        patient.every_lesson,
    )


def programs(patient: Patient) -> Iterable[Finding]:
    """The programs that labs and lessons run: installed, and to be found inside of the lab."""
    every = dict.fromkeys((*PROGRAMS, *(tool for lesson in patient.lessons for tool in lesson.tools)))
    elsewhere = {*STOOD_IN, *(() if patient.clusters else PLUGINS)}
    wanted = tuple(name for name in every if name not in elsewhere)
    missing = missing_programs(wanted)
    unseen = _unseen(patient.lab, [name for name in wanted if name not in missing])
    if missing:
        yield _lacking(patient, "programs", f"not installed: {', '.join(missing)}", missing, remedy(missing))
    if unseen:
        said = f"installed where the lab does not see them: {', '.join(unseen)}"
        yield _lacking(patient, "programs in the lab", said, unseen, _WHERE_TO_INSTALL)
    if not missing and not unseen:
        yield Finding("programs", Level.OK, "all that the lessons use are installed")


def kubectl(patient: Patient) -> Iterable[Finding]:
    """Whether labs with a cluster have a kubectl of this machine, and whether that can run commands in pods."""
    subject, program = "kubectl", "kubectl"
    if not patient.clusters:
        return
    using = tuple(lesson.id for lesson in patient.lessons if program in lesson.tools)
    users = ", ".join(using)
    means = "a stand-in in the lab knows `get` and `describe node`, and no more"
    means += f"; these use kubectl: {users}" if users else ""
    if missing_programs([program]):
        yield Finding(subject, Level.WARNING, "it is not installed", means, remedy([program]), using)
    elif _unseen(patient.lab, [program]):
        said = f"it is installed where the lab does not see it: {find_program(program)}"
        yield Finding(subject, Level.WARNING, said, means, _WHERE_TO_INSTALL, using)
    elif patient.lab is not None:
        ran = run_script(patient.lab, "kubectl version --client -o json", seconds=_TRIAL_SECONDS)
        version = parse_kubectl_version(ran.output)
        if version is None:
            said = "it does not say its version: " + (_last_words(ran.output) or "no answer")
            yield Finding(subject, Level.WARNING, said, "it may not work in the lab", _NEWER_KUBECTL, using)
        elif version < EXEC_SINCE:
            said = f"it is {_dotted(version)}"
            means = f"all of it works but `kubectl exec`, which takes {_dotted(EXEC_SINCE)} or later"
            yield Finding(subject, Level.WARNING, said, means, _NEWER_KUBECTL, using)
        else:
            yield Finding(subject, Level.OK, f"{_dotted(version)}, and the lab sees it")


def parse_kubectl_version(text: str) -> tuple[int, int] | None:
    """The version in what `kubectl version --client -o json` prints; None where there is none."""
    found = re.search(r'"gitVersion": *"v(\d+)\.(\d+)', text)
    return (int(found[1]), int(found[2])) if found is not None else None


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def _unseen(lab: Lab | None, names: Iterable[str]) -> tuple[str, ...]:
    """Those of `names` that the learner's shell does not find, though it should."""
    # What clusters need is in no PATH, and a lab with a cluster can't even be built where it does not see them.
    asked = [name for name in names if name not in (*_OUTSIDE_ONLY, *BROUGHT, *PLUGINS)]
    if lab is None or not asked:
        return ()
    words = " ".join(shlex.quote(name) for name in asked)
    script = f'for name in {words}; do command -v "$name" >/dev/null || echo "$name"; done'
    return tuple(run_script(lab, script, seconds=_TRIAL_SECONDS).output.split())


def _lacking(patient: Patient, subject: str, said: str, missing: tuple[str, ...], how: str) -> Finding:
    """A finding that some programs are not there, with the lessons that need them."""
    lessons: dict[tuple[str, ...], list[str]] = {}
    for lesson in patient.lessons:
        needed = (*(OF_CLUSTERS if lesson.lab in patient.clusters else ()), *lesson.tools)
        lacks = tuple(dict.fromkeys(name for name in needed if name in missing))
        if lacks:
            lessons.setdefault(lacks, []).append(lesson.id)
    if set(missing) & set(NEEDED):
        means = "no lab can be built"
    elif lessons:
        without = (f"{', '.join(ids)} ({', '.join(lacks)})" for lacks, ids in lessons.items())
        means = "these can't run: " + "; ".join(without)
    else:
        means = "every lesson runs; ways that use them are left out"
    level = Level.PROBLEM if lessons or set(missing) & set(NEEDED) else Level.WARNING
    touched = (
        patient.every_lesson if set(missing) & set(NEEDED) else tuple(id_ for ids_ in lessons.values() for id_ in ids_)
    )
    return Finding(subject, level, said, means, how, touched)


def _last_words(text: str) -> str:
    """What a program has said, on one line; of much only the end."""
    said = " ".join(text.split())
    return said if len(said) <= _WORDS_SHOWN else f"… {said[-_WORDS_SHOWN:].partition(' ')[2]}"
