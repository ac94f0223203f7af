"""How a machine comes to what labs can do with: the exact commands."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.lab import idmap, programs
from tutor.lab.idmap import IdMap, MapKind
from tutor.session import equipment, remedies
from tutor.session.equipment import free_range, ids_remedy, load_modules, powerless_mappers, tun_remedy
from tutor.session.remedies import Confinement, is_chroot, namespaces_remedy


@pytest.fixture(autouse=True)
def learner(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ordinary user at a machine of its own, whoever runs the tests and where."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(equipment, "confinement", Confinement)
    monkeypatch.setattr(remedies, "confinement", Confinement)


def _modules(folder: Path, *names: str, built_in: str = "") -> Path:
    folder.joinpath("modules.dep").write_text("".join(f"kernel/net/{name}.ko.xz: kernel/x.ko\n" for name in names))
    folder.joinpath("modules.builtin").write_text(f"kernel/net/{built_in}.ko\n")
    return folder


def test_modules_are_loaded_now_and_at_every_boot(tmp_path: Path) -> None:
    told = load_modules(
        ["nf_tables", "nft_masq"], _modules(tmp_path, "nf_tables", built_in="nft-masq"), contained=False
    )
    assert told == (
        "sudo modprobe -a nf_tables nft_masq  # until the next boot; to keep it: "
        "printf '%s\\n' nf_tables nft_masq | sudo tee /etc/modules-load.d/kubenet-tutor.conf"
    )
    printing = told.partition("to keep it: ")[2].partition(" | ")[0]
    assert subprocess.run(["sh", "-c", printing], capture_output=True, check=True).stdout == b"nf_tables\nnft_masq\n"


def test_a_container_is_told_to_have_modules_loaded_outside() -> None:
    assert load_modules(["veth"], contained=True) == "on the container's host: sudo modprobe -a veth"


def test_a_kernel_that_was_replaced_under_our_feet_is_told(tmp_path: Path) -> None:
    assert "boot the kernel that is installed" in load_modules(["veth"], tmp_path / "gone", contained=False)


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("ID=ubuntu\nID_LIKE=debian\n", "sudo apt-get install linux-modules-extra-{} && sudo modprobe -a veth"),
        ("ID=fedora\n", "sudo dnf install kernel-modules-extra-{} && sudo modprobe -a veth"),
        (
            'ID=rocky\nID_LIKE="rhel centos fedora"\n',
            "sudo dnf install kernel-modules-extra-{} && sudo modprobe -a veth",
        ),
        ("ID=debian\n", "sudo modprobe -a veth  # until"),
    ],
)
def test_modules_that_are_packed_apart_are_installed_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, command: str
) -> None:
    release = tmp_path / "os-release"
    release.write_text(said)
    monkeypatch.setattr(programs, "OS_RELEASE", release)
    told = load_modules(["veth"], _modules(tmp_path, "bridge"), contained=False)
    assert told.startswith(command.format(os.uname().release))


_RANGES = st.lists(st.tuples(st.integers(0, 2**31), st.integers(1, 2**20)))


@given(_RANGES)
def test_a_new_range_overlaps_nobody_elses(ranges: list[tuple[int, int]]) -> None:
    first = free_range([*(f"user:{start}:{count}" for start, count in ranges), "# a comment", "broken:x:1", ""])
    assert first >= 100000
    assert all(start + count <= first for start, count in ranges)


def test_a_user_without_a_range_is_told_one_that_nobody_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "missing_programs", lambda names: ())
    monkeypatch.setattr(equipment, "powerless_mappers", list)
    monkeypatch.setattr(idmap, "choose", lambda: IdMap(MapKind.SINGLE, (), ()))
    monkeypatch.setattr(equipment, "_own_name", lambda: "learner")
    subuid = tmp_path / "subuid"
    subuid.write_text("other:100000:65536\n")
    assert ids_remedy(subuid, tmp_path / "none") == (
        "sudo usermod --add-subuids 165536-231071 --add-subgids 165536-231071 learner"
    )


@pytest.mark.parametrize(
    ("device", "known", "told"),
    [
        (True, True, "sudo chmod 0666 {device}"),
        (True, False, "sudo modprobe tun && sudo chmod 0666 {device}"),
        (False, True, "sudo mkdir -p {folder} && sudo mknod -m 0666 {device} c 10 200"),
        (False, False, "sudo modprobe tun && sudo chmod 0666 {device}"),
    ],
)
def test_a_tap_device_comes_from_the_kernel_and_then_its_rights(
    tmp_path: Path, device: bool, known: bool, told: str
) -> None:
    node, misc = tmp_path / "net/tun", tmp_path / "misc"
    node.parent.mkdir()
    if device:
        node.touch()
    if known:
        misc.touch()
    assert tun_remedy(node, misc) == told.format(device=node, folder=node.parent)


def test_a_container_is_given_the_tap_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equipment, "confinement", lambda: Confinement(engine="podman"))
    assert tun_remedy(tmp_path / "tun").endswith("podman run --device /dev/net/tun")


@pytest.mark.parametrize(
    ("points", "first_root", "first_tree", "expected"),
    [
        ("/ /proc", "root", "mnt:[1]", False),
        ("/proc", "root", "mnt:[1]", True),
        ("/ /proc", "outside", "mnt:[1]", True),
        ("/ /proc", "outside", "mnt:[2]", False),
        ("/ /proc", "", "", False),
    ],
)
def test_a_chroot_is_told_from_a_root(
    tmp_path: Path, points: str, first_root: str, first_tree: str, expected: bool
) -> None:
    for folder in ("root", "outside", "self/ns", "1/ns"):
        tmp_path.joinpath(folder).mkdir(parents=True)
    lines = "".join(f"1 0 8:1 / {point} rw - ext4 /dev/sda1 rw\n" for point in points.split())
    tmp_path.joinpath("self/mountinfo").write_text(lines)
    tmp_path.joinpath("self/ns/mnt").symlink_to("mnt:[1]")
    if first_root:
        tmp_path.joinpath("1/root").symlink_to(tmp_path / first_root)
        tmp_path.joinpath("1/ns/mnt").symlink_to(first_tree)
    assert is_chroot(tmp_path, tmp_path / "root") is expected


def test_mappers_without_rights_are_given_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, mode in (("newuidmap", 0o755), ("newgidmap", 0o4755)):
        tmp_path.joinpath(name).write_text("#!/bin/sh\n")
        tmp_path.joinpath(name).chmod(mode)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "missing_programs", lambda names: ())
    assert powerless_mappers() == [str(tmp_path / "newuidmap")]
    assert ids_remedy() == f"sudo chmod u+s {tmp_path / 'newuidmap'}"


def test_root_of_a_container_has_no_range_to_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "give this container more ids" in ids_remedy()


def test_mappers_that_refuse_for_reasons_of_their_own_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "missing_programs", lambda names: ())
    monkeypatch.setattr(equipment, "powerless_mappers", list)
    monkeypatch.setattr(idmap, "choose", lambda: IdMap(MapKind.SUBUID, (), ()))
    assert ids_remedy().startswith("see why newuidmap refuses: ")


def test_a_filter_that_is_no_containers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remedies, "SWITCHES", ())
    monkeypatch.setattr(remedies, "has_ids_to_lend", lambda lent, own: True)
    monkeypatch.setattr(idmap, "choose", lambda: IdMap(MapKind.SINGLE, (), ()))
    assert namespaces_remedy() == ""
    monkeypatch.setattr(remedies, "confinement", lambda: Confinement(filtered=True))
    assert namespaces_remedy().startswith("run tutor in a terminal of its own")
