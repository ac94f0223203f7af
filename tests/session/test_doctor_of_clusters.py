"""What a machine may lack for labs with a cluster, and what `tutor doctor` says to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.session.lacking import mixed_pack
from tutor.lab import programs
from tutor.lab.client import Lab
from tutor.lab.kubenet import plugins
from tutor.lab.kubenet.plugins import PLUGINS
from tutor.lab.nursery import Nursery
from tutor.lab.programs import remedy
from tutor.session import lab_probes
from tutor.session.doctor import examine
from tutor.session.finding import Level, Patient
from tutor.session.lab_probes import parse_kubectl_version
from tutor.session.material import Material, load_material
from tutor.session.workshop import Workshop, run_script


@pytest.fixture
def mixed(tmp_path: Path) -> Material:
    """A course with a lesson in a lab with a cluster, which uses kubectl and what the lab brings along."""
    return load_material(str(mixed_pack(tmp_path, tools="kubectl, az, matrix, drops, ssh")))


def _missing(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(programs, "find_program", lambda name: None if name in names else f"/usr/bin/{name}")


def test_missing_plugins_are_told_with_the_lessons_that_need_them(
    mixed: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    _missing(monkeypatch, "cni:host-local", "cni:loopback")
    (finding,) = lab_probes.programs(Patient(mixed.course.lessons(), clusters=frozenset({"aks"})))
    assert (finding.level, finding.said) == (Level.PROBLEM, "not installed: cni:host-local, cni:loopback")
    assert finding.means == "these can't run: nodes (cni:host-local, cni:loopback)"
    assert finding.remedy == remedy(["cni:host-local", "cni:loopback"])


def test_what_only_clusters_need_is_not_told_where_no_lab_has_one(
    material: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    _missing(monkeypatch, *PLUGINS, "kubectl")
    patient = Patient(tuple(lesson for lesson in material.course.lessons() if lesson.lab == "vm"))
    assert [finding.level for finding in lab_probes.programs(patient)] == [Level.OK]
    assert list(lab_probes.kubectl(patient)) == []


def test_what_a_lab_brings_along_is_never_told_to_be_missing(mixed: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    _missing(monkeypatch, "az", "matrix", "drops", "ssh")
    (finding,) = lab_probes.programs(Patient(mixed.course.lessons(), clusters=frozenset({"aks"})))
    assert finding.level is Level.OK


def test_without_kubectl_lessons_run_and_its_stand_in_is_told(mixed: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    _missing(monkeypatch, "kubectl")
    patient = Patient(mixed.course.lessons(), clusters=frozenset({"aks"}))
    assert [finding.level for finding in lab_probes.programs(patient)] == [Level.OK]
    (finding,) = lab_probes.kubectl(patient)
    assert (finding.level, finding.said) == (Level.WARNING, "it is not installed")
    assert "stand-in" in finding.means
    assert finding.means.endswith("these use kubectl: nodes")
    assert finding.remedy == remedy(["kubectl"])


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('{"clientVersion": {"major": "1", "gitVersion": "v1.20.2"}}', (1, 20)),
        ('{\n "clientVersion": {\n  "gitVersion":"v1.32.4-dispatcher"', (1, 32)),
        ("kubectl: command not found", None),
        ("", None),
    ],
)
def test_kubectls_version_is_read_from_what_it_prints(text: str, version: tuple[int, int] | None) -> None:
    assert parse_kubectl_version(text) == version


@pytest.mark.netns
@pytest.mark.parametrize(
    ("script", "level", "words"),
    [
        ("""echo '{"clientVersion": {"gitVersion": "v1.20.2"}}'""", Level.WARNING, "it is 1.20"),
        ("""echo '{"clientVersion": {"gitVersion": "v1.31.0"}}'""", Level.OK, "1.31, and the lab sees it"),
        ("echo it is broken; false", Level.WARNING, "it does not say its version: it is broken"),
    ],
)
def test_a_kubectl_is_asked_in_the_lab_whether_it_is_new_enough(
    lab: Lab, mixed: Material, monkeypatch: pytest.MonkeyPatch, script: str, level: Level, words: str
) -> None:
    _missing(monkeypatch)
    there = f"cat >/usr/local/bin/kubectl <<'END'\n#!/bin/sh\n{script}\nEND\nchmod 755 /usr/local/bin/kubectl"
    assert run_script(lab, there).status == 0
    (finding,) = lab_probes.kubectl(Patient(mixed.course.lessons(), lab, clusters=frozenset({"aks"})))
    assert (finding.level, finding.said) == (level, words)
    assert (finding.remedy == "") == (level is Level.OK)


@pytest.mark.netns
def test_a_machine_without_the_plugins_has_the_other_labs(mixed: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "FOLDERS", ("/nowhere",))
    nursery = Nursery()  # has to know of it
    try:
        told = examine(nursery, Workshop(nursery, mixed.course), mixed.course.lessons())
    finally:
        nursery.close()
    found = {finding.subject: finding for finding in told}
    assert found["the lab vm"].level is Level.OK
    broken = found["the lab aks"]
    assert (broken.level, broken.said) == (Level.PROBLEM, "cni:bridge (a CNI plugin) is not installed")
    assert (broken.means, broken.remedy) == ("these can't run: nodes", remedy(["cni:bridge"]))
    assert "nodes (cni:bridge, cni:host-local, cni:loopback)" in found["programs"].means
    assert found["kubenet's rule"].level is Level.OK
    assert "programs in the lab" not in found
