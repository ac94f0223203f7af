"""What forbids labs on a machine, and the command or the option that allows them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tutor.errors import SandboxForbidden
from tutor.session import apparmor, host_probes
from tutor.session.finding import Level, Patient
from tutor.session.host_probes import switches
from tutor.session.material import Material
from tutor.session.remedies import SWITCHES, Confinement, confinement

LEARNER = 1000


def _sysctls(folder: Path, **values: str) -> Path:
    for name, value in values.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{value}\n")
    return folder


def _forbidding(root: Path, user: int) -> list[str]:
    return [switch.name for switch in SWITCHES if switch.is_forbidding(root, user)]


@pytest.mark.parametrize(
    ("values", "forbids", "forbids_root", "remedy"),
    [
        ({"user__max_user_namespaces": "0"}, True, True, "sudo sysctl -w user.max_user_namespaces=15000"),
        ({"user__max_net_namespaces": "3"}, True, True, "sudo sysctl -w user.max_net_namespaces=15000"),
        ({"user__max_time_namespaces": "0"}, True, True, "sudo sysctl -w user.max_time_namespaces=15000"),
        ({"kernel__unprivileged_userns_clone": "0"}, True, False, "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
        (
            {"kernel__apparmor_restrict_unprivileged_userns": "1"},
            True,
            False,
            f"{apparmor.command('--install-profile')}  # for tutor alone",
        ),
        ({"user__max_user_namespaces": "15000", "kernel__unprivileged_userns_clone": "1"}, False, False, ""),
        ({"kernel__apparmor_restrict_unprivileged_userns": "0"}, False, False, ""),
        ({}, False, False, ""),
    ],
)
def test_a_switch_that_forbids_is_named_with_the_command_that_lifts_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    values: dict[str, str],
    forbids: bool,
    forbids_root: bool,
    remedy: str,
    material: Material,
) -> None:
    course = material.course
    monkeypatch.setattr(os, "geteuid", lambda: LEARNER)
    root = _sysctls(tmp_path, **values)
    assert bool(_forbidding(root, LEARNER)) is forbids
    assert bool(_forbidding(root, 0)) is forbids_root
    refused = Patient(course.lessons(), refused=SandboxForbidden("no", hint="hint"))
    (finding,) = switches(refused, root, LEARNER)
    assert finding.lessons == (refused.every_lesson if forbids else ())
    assert finding.level is (Level.PROBLEM if forbids else Level.OK)
    assert finding.remedy.startswith(remedy)
    for name in values:
        assert name.replace("__", ".") in finding.said


def test_a_switch_that_forbids_is_no_problem_where_labs_are_made_all_the_same(tmp_path: Path) -> None:
    root = _sysctls(tmp_path, kernel__apparmor_restrict_unprivileged_userns="1")
    (finding,) = switches(Patient(()), root, LEARNER)
    assert finding.level is Level.OK
    assert "all the same" in finding.said
    assert finding.remedy == ""


def test_root_is_told_no_sudo_and_everybody_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    switch = SWITCHES[0]
    for user, start in ((0, "sysctl -w "), (LEARNER, "sudo sysctl -w ")):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        assert switch.remedy().startswith(start)
        assert ("| sudo tee" in switch.remedy()) is (user != 0)


def test_apparmor_forbids_nothing_to_who_runs_under_our_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = _sysctls(tmp_path, kernel__apparmor_restrict_unprivileged_userns="1")
    for label, forbids in (("", True), ("other", True), ("kubenet-tutor", False)):
        guard = apparmor.Guard(enabled=True, restricts=True, label=label)
        monkeypatch.setattr(apparmor, "guard", lambda guard=guard: guard)
        assert bool(_forbidding(root, LEARNER)) is forbids


@pytest.mark.parametrize(
    ("guard", "said"),
    [
        (apparmor.Guard(enabled=False, restricts=False), []),
        (apparmor.Guard(enabled=True, restricts=False), ["it is in use, and does not restrict user namespaces"]),
        (
            apparmor.Guard(enabled=True, restricts=True, label="kubenet-tutor"),
            ["it restricts user namespaces, and its profile kubenet-tutor allows them to tutor"],
        ),
        (
            apparmor.Guard(enabled=True, restricts=True),
            ["it restricts user namespaces, and labs are made all the same"],
        ),
    ],
)
def test_what_apparmor_does_is_told(monkeypatch: pytest.MonkeyPatch, guard: apparmor.Guard, said: list[str]) -> None:
    monkeypatch.setattr(apparmor, "guard", lambda: guard)
    assert [finding.said for finding in host_probes.apparmor_(Patient(()))] == said


def _machine(folder: Path, *, mounts: str = "", seccomp: int = 0, profile: str = "unconfined", mark: str = "") -> Path:
    proc = folder / "proc"
    proc.joinpath("attr").mkdir(parents=True)
    lines = "".join(f"1 2 0:1 / {path} rw - tmpfs tmpfs rw\n" for path in ["/", "/proc", *mounts.split()])
    proc.joinpath("mountinfo").write_text(lines)
    proc.joinpath("status").write_text(f"Name:\tx\nSeccomp:\t{seccomp}\nSeccomp_filters:\t1\n")
    proc.joinpath("attr/current").write_text(profile + "\n")
    if mark:
        path = folder / mark
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("lxc\n")
    return proc


def test_a_plain_machine_is_not_confined(tmp_path: Path) -> None:
    proc = _machine(tmp_path, mounts="/proc/sys/fs/binfmt_misc")
    assert confinement(proc, tmp_path) == Confinement()
    assert confinement(proc, tmp_path).remedy == ""


@pytest.mark.parametrize(
    ("mark", "given", "remedy"),
    [
        (
            ".dockerenv",
            {"mounts": "/proc/kcore /proc/acpi", "seccomp": 2, "profile": "docker-default (enforce)"},
            "docker run --security-opt systempaths=unconfined --security-opt seccomp=unconfined "
            "--security-opt apparmor=unconfined",
        ),
        ("run/.containerenv", {"mounts": "/proc/kcore"}, "podman run --security-opt unmask=ALL"),
        (
            "run/.containerenv",
            {"mounts": "/proc/kcore", "seccomp": 2},
            "podman run --security-opt unmask=ALL --security-opt seccomp=unconfined",
        ),
        ("run/.containerenv", {"seccomp": 2}, "podman run --security-opt seccomp=unconfined"),
        ("run/systemd/container", {"mounts": "/proc/cpuinfo"}, "lxc config set CONTAINER security.nesting=true"),
    ],
)
def test_a_container_is_told_with_the_options_that_it_lacks(
    tmp_path: Path, mark: str, given: dict[str, str], remedy: str
) -> None:
    assert confinement(_machine(tmp_path, mark=mark, **given), tmp_path).remedy.endswith(remedy)  # type: ignore[arg-type]  # one of them is a number


def test_a_profile_that_confines_nothing_is_no_confinement(tmp_path: Path) -> None:
    assert confinement(_machine(tmp_path, profile="kubenet-tutor (unconfined)"), tmp_path) == Confinement()


def test_a_container_of_an_unknown_engine_is_told_what_is_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_probes, "confinement", lambda: Confinement(masked=("/proc/kcore",), filtered=True))
    (finding,) = host_probes.container(Patient((), refused=SandboxForbidden("no", hint="hint")))
    assert finding.level is Level.PROBLEM
    assert "procMount: Unmasked" in finding.remedy
    assert "seccompProfile" in finding.remedy
    assert "appArmorProfile" not in finding.remedy
    (finding,) = host_probes.container(Patient(()))
    assert (finding.level, finding.remedy) == (Level.OK, "")
