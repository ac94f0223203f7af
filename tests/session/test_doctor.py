"""What a machine may lack, and what `tutor doctor` says to do about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import termios
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.session.conftest import ROOT, SMALL, Pack
from tutor.errors import SandboxForbidden
from tutor.lab import idmap, programs
from tutor.lab.client import Lab
from tutor.lab.idmap import IdMap, MapKind
from tutor.lab.nursery import Nursery
from tutor.session import equipment, host_probes, lab_probes
from tutor.session.doctor import PROBES, examine
from tutor.session.finding import Finding, Level, Patient
from tutor.session.host_probes import judge_terminal, memory_bound
from tutor.session.lab_probes import TRIALS, Trial
from tutor.session.material import Material, load_material
from tutor.session.remedies import has_ids_to_lend
from tutor.session.workshop import Workshop

LEARNER = 1000


@pytest.mark.parametrize(
    ("subject", "users"),
    [
        ("bridges", ("bridge", "second-namespace", "masquerade", "cluster", "capstone")),
        ("veth pairs", ("veth-pair", "bridge", "cluster", "capstone")),
        ("kubenet's rule", ("cluster", "kubenet-node", "capstone")),
        ("iptables NAT", ("masquerade",)),
    ],
)
def test_a_feature_is_told_with_the_lessons_that_use_it(
    material: Material, subject: str, users: tuple[str, ...]
) -> None:
    (trial,) = (trial for trial in TRIALS if trial.subject == subject)
    found = trial.users(Patient(material.course.lessons(), clusters=frozenset({"aks"})))
    assert set(users) <= set(found)
    assert "initial-state" not in found


def _group(root: Path, path: str, **files: str) -> None:
    folder = root / path
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        folder.joinpath(name.replace("_", ".", 1)).write_text(text + "\n")


def test_the_smallest_limit_on_the_way_up_bounds_memory(tmp_path: Path) -> None:
    _group(tmp_path, "a", memory_max="2000000")
    _group(tmp_path, "a/b", memory_max="max")
    _group(tmp_path, "a/b/c", memory_max="3000000")
    assert memory_bound("0::/a/b/c\n", tmp_path).limit == 2000000
    assert memory_bound("0::/\n", tmp_path).limit is None
    assert memory_bound("", tmp_path).limit is None


def test_a_delegated_group_is_seen_as_one(tmp_path: Path) -> None:
    _group(tmp_path, "user", cgroup_controllers="cpu memory pids", cgroup_procs="1")
    _group(tmp_path, "other", cgroup_controllers="cpu pids", cgroup_procs="1")
    assert memory_bound("0::/user\n", tmp_path).delegated
    assert not memory_bound("0::/other\n", tmp_path).delegated
    assert not memory_bound("0::/gone\n", tmp_path).delegated


def test_groups_of_the_first_version_bound_memory_too(tmp_path: Path) -> None:
    _group(tmp_path, "memory/box", memory_limit_in_bytes="5000000")
    _group(tmp_path, "memory", memory_limit_in_bytes=str(2**63 - 4096))
    assert memory_bound("4:memory:/box\n0::/\n", tmp_path).limit == 5000000
    assert memory_bound("4:cpu,memory:/\n", tmp_path).limit is None


def test_a_limit_is_told_and_none_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, level in ((2**31, Level.OK), (None, Level.WARNING)):
        bound = host_probes.MemoryBound(limit, delegated=False)
        monkeypatch.setattr(host_probes, "memory_bound", lambda groups, bound=bound: bound)
        (finding,) = host_probes.memory(Patient(()))
        assert finding.level is level
        assert ("2.0 GiB" in finding.said) is (limit is not None)


def _judged(size: tuple[int, int] = (120, 30), encoding: str = "utf-8", colours: int = 256, **given: str) -> list[str]:
    findings = judge_terminal(size, {"TERM": "xterm-256color", **given}, encoding, colours)
    return [f"{finding.level}: {finding.said} {finding.remedy}".strip() for finding in findings]


def test_a_terminal_that_serves() -> None:
    assert _judged() == ["ok: 120x30, xterm-256color, 256 colours, utf-8"]
    assert _judged((80, 24), COLORTERM="truecolor", colours=8) == [
        "ok: 80x24, a little narrow, xterm-256color, 16 million colours, utf-8"
    ]


def test_a_terminal_that_does_not_serve_is_told_why() -> None:
    assert "export TERM=xterm-256color" in _judged(TERM="dumb")[0]
    assert "40x10" in _judged((40, 10))[0]
    assert _judged(encoding="ANSI_X3.4-1968")[0].endswith("export LANG=C.UTF-8")
    assert "8 colours" in _judged(colours=8)[0]


def test_a_terminal_is_judged_though_what_is_said_goes_elsewhere() -> None:
    ours, theirs = os.openpty()
    try:
        termios.tcsetwinsize(theirs, (31, 97))
        script = "from tutor.session.host_probes import terminal; print(*(found.said for found in terminal(None)))"
        done = subprocess.run(
            [sys.executable, "-c", script],
            stdin=theirs,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)},
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert "97x31" in done.stdout


def test_a_program_that_a_lesson_needs_is_told_with_the_lesson(pack: Pack) -> None:
    course = load_material(str(pack(SMALL.replace("lab: vm", "lab: vm\ntools: [ip, no-such-program]")))).course
    (finding,) = lab_probes.programs(Patient(course.lessons()))
    assert finding.level is Level.PROBLEM
    assert finding.said.startswith("not installed: ")
    assert "small (no-such-program)" in finding.means


def test_a_program_that_no_lesson_needs_is_no_problem(material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_probes, "missing_programs", lambda wanted: ("conntrack",))
    (finding,) = lab_probes.programs(Patient(material.course.lessons()))
    assert finding.level is Level.WARNING
    assert "conntrack" in finding.remedy or "package manager" in finding.remedy
    assert finding.means == "every lesson runs; ways that use them are left out"
    monkeypatch.setattr(lab_probes, "missing_programs", lambda wanted: ("nft",))
    (finding,) = lab_probes.programs(Patient(material.course.lessons()))
    assert (finding.level, finding.means) == (Level.PROBLEM, "no lab can be built")


def test_a_single_uid_is_a_warning_with_the_way_to_a_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idmap, "choose", lambda: IdMap(MapKind.SINGLE, (), ()))
    monkeypatch.setattr(os, "geteuid", lambda: LEARNER)
    monkeypatch.setattr(equipment, "powerless_mappers", list)
    for missing, words in (((), "usermod --add-subuids"), (("newuidmap",), "uidmap")):
        monkeypatch.setattr(programs, "missing_programs", lambda names, missing=missing: missing)
        (finding,) = lab_probes.ids(Patient(()))
        assert finding.level is Level.WARNING
        assert words in finding.remedy or "package manager" in finding.remedy


@pytest.mark.netns
def test_a_range_that_could_not_be_mapped_is_told(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idmap, "choose", lambda: IdMap(MapKind.SUBUID, (), ()))
    for single, level in ((False, Level.OK), (True, Level.WARNING)):
        monkeypatch.setattr(lab_probes, "_has_single_id", lambda lab, single=single: single)
        (finding,) = lab_probes.ids(Patient((), lab))
        assert finding.level is level
        assert ("refuses" in finding.said) is single
        assert bool(finding.remedy) is single


@pytest.mark.netns
def test_the_ids_of_a_lab_are_those_that_it_was_made_with(nursery: Nursery, workshop: Workshop) -> None:
    for single in (False, True):
        if single and os.geteuid() == 0:
            continue  # root never lends its own id
        with Lab(nursery.launch(single=single)) as lab:
            workshop.build(lab, "vm")
            expected = single or idmap.choose().kind is MapKind.SINGLE
            assert lab_probes._has_single_id(lab) is expected


def test_files_that_can_not_be_written_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [finding.level for finding in host_probes.files(Patient(()))] == [Level.OK]
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    (finding,) = host_probes.files(Patient(()))
    assert finding.level is Level.WARNING
    assert "XDG_STATE_HOME" in finding.remedy
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    (finding,) = host_probes.files(Patient(()))
    assert finding.level is Level.PROBLEM
    assert "XDG_RUNTIME_DIR" in finding.remedy


def _by_subject(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings}


@pytest.mark.netns
def test_everything_is_tried_in_a_lab(nursery: Nursery, workshop: Workshop, material: Material) -> None:
    found = _by_subject(examine(nursery, workshop, material.course.lessons()))
    assert {trial.subject for trial in TRIALS} <= found.keys()
    assert {"kernel", "user namespaces", "ids", "the lab vm", "network cards", "memory", "terminal"} <= found.keys()
    for trial in TRIALS:
        if trial.essential:
            assert found[trial.subject].level is Level.OK, found[trial.subject]
    for finding in found.values():
        assert finding.level is Level.OK or finding.means
        assert finding.level is not Level.PROBLEM or finding.remedy


@pytest.mark.netns
def test_what_fails_in_the_lab_is_told_in_its_own_words(
    nursery: Nursery, workshop: Workshop, material: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = (
        Trial("broken", "echo it is broken; false", "nothing works", modules="veth", essential=True),
        Trial("silent", "false", "less works"),
        Trial("missing", "no-such-program", "less works", program="no-such-program"),
        Trial("talkative", "seq -f word%g 100; false", "less works"),
    )
    monkeypatch.setattr(lab_probes, "TRIALS", trials)
    broken, silent, missing, talkative = examine(nursery, workshop, material.course.lessons(), [lab_probes.features])
    every = tuple(lesson.id for lesson in material.course.lessons())
    how = equipment.load_modules(["veth"])
    assert broken == Finding("broken", Level.PROBLEM, "it is broken", "nothing works", how, every)
    assert (silent.level, silent.said) == (Level.WARNING, "this kernel has it not")
    assert missing.said == "no-such-program is not installed"
    first, *rest = talkative.said.split()
    assert first == "…"
    assert rest == [f"word{number}" for number in range(101 - len(rest), 101)]


@pytest.mark.netns
def test_a_program_that_lies_where_the_lab_sees_nothing_is_told(
    nursery: Nursery, pack: Pack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "only-out-here"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{tmp_path}")
    course = load_material(str(pack(SMALL.replace("lab: vm", "lab: vm\ntools: [only-out-here]")))).course
    found = _by_subject(examine(nursery, Workshop(nursery, course), course.lessons(), [lab_probes.programs]))
    assert "only-out-here" in found["programs in the lab"].said
    assert "small (only-out-here)" in found["programs in the lab"].means


@pytest.mark.netns
def test_a_lab_that_can_not_be_built_is_told_with_its_lessons(nursery: Nursery, pack: Pack) -> None:
    root = pack(SMALL)
    (root / "lessons/labs/vm.toml").write_text("home = [\n")
    course = load_material(str(root)).course
    found = _by_subject(examine(nursery, Workshop(nursery, course), course.lessons()))
    assert found["user namespaces"].level is Level.OK
    assert found["the lab vm"].level is Level.PROBLEM
    assert found["the lab vm"].means == "these can't run: small"
    assert found["the lab vm"].lessons == ("small",)
    assert "veth pairs" not in found


@pytest.mark.netns
def test_user_namespaces_that_are_really_forbidden_are_told_with_the_remedy(tmp_path: Path) -> None:
    script = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
    argv = ["unshare", "-Ur", "sh", "-c", script, "sh", sys.executable, "-m", "tutor.cli", "doctor", "--json"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1, done.stderr
    found = {finding["subject"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert found["user namespaces"]["level"] == "problem"
    assert found["user namespaces"]["lessons"][0] == "initial-state"
    assert found["user namespaces"]["remedy"].startswith("sysctl -w user.max_user_namespaces=15000")
    assert found["sysctls"]["said"] == "user.max_user_namespaces is 0"


@pytest.mark.netns
@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user who seems to be root lends the own id")
def test_root_without_ids_to_lend_is_told_what_to_do_instead() -> None:
    argv = ["unshare", "-Ur", sys.executable, "-m", "tutor.cli", "doctor", "--json"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1, done.stderr
    found = {finding["subject"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert found["user namespaces"]["remedy"].startswith("run tutor as an ordinary user")


def test_ids_can_be_lent_only_by_whom_they_belong_to() -> None:
    lent = [(0, 1_000_000, 65536)]
    assert has_ids_to_lend(lent, ["         0          0 4294967295"])
    assert not has_ids_to_lend(lent, ["0 100000 65536"])
    assert not has_ids_to_lend(lent, ["0 0 1000100"])
    assert has_ids_to_lend([(0, 1000, 1), (1, 100000, 65536)], ["0 0 1001", "100000 7 70000"])


def test_every_probe_can_say_something_of_a_machine_without_a_lab(material: Material) -> None:
    patient = Patient(material.course.lessons(), refused=SandboxForbidden("no", hint="a hint"))
    for probe in PROBES:
        for finding in probe(patient):
            assert finding.subject
            assert finding.said
    assert replace(patient, refused=None).works
