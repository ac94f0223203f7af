"""The parts of the virtual machine that need none: its initramfs, its cargo, and how it is started."""

from __future__ import annotations

import io
import lzma
import subprocess
import tarfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.machines.vm import __main__ as program
from tests.machines.vm import cargo, initramfs, qemu

CHECKOUT = Path(__file__).resolve().parents[2]
DEPENDENCIES = """\
kernel/fs/overlayfs/overlay.ko:
kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/virtio/virtio_ring.ko:
kernel/drivers/net/virtio-net.ko.xz: kernel/drivers/virtio/virtio.ko
"""


def order(*wanted: str, builtin: str = "") -> list[str]:
    return [Path(file).name for file in initramfs.module_order(DEPENDENCIES, builtin, wanted)]


def test_a_module_comes_after_all_that_it_needs() -> None:
    assert order("virtio_blk", "overlay") == ["virtio_ring.ko", "virtio.ko", "virtio_blk.ko", "overlay.ko"]


def test_a_module_is_known_by_its_name_whatever_its_file_is_called() -> None:
    assert order("virtio_net") == ["virtio.ko", "virtio-net.ko.xz"]


def test_what_the_kernel_has_inside_is_not_loaded() -> None:
    assert order("virtio_blk", "overlay", builtin="kernel/drivers/block/virtio_blk.ko\n") == ["overlay.ko"]


def test_a_module_that_the_kernel_lacks_is_named() -> None:
    with pytest.raises(KeyError, match="squashfs"):
        order("squashfs")


def unpacked(archive: bytes) -> dict[str, bytes | None]:
    """What the kernel would unpack: contents by path, None for a folder."""
    found: dict[str, bytes | None] = {}
    at = 0
    while True:
        assert at % 4 == 0
        assert archive[at : at + 6] == b"070701"
        numbers = [int(archive[at + 6 + 8 * field : at + 14 + 8 * field], 16) for field in range(13)]
        mode, size, length = numbers[1], numbers[6], numbers[11]
        name = archive[at + 110 : at + 110 + length]
        assert name[-1:] == b"\0"
        at += 110 + length + -(110 + length) % 4
        if name == b"TRAILER!!!\0":
            return found
        found[name[:-1].decode()] = None if mode & 0o040000 else archive[at : at + size]
        at += size + -size % 4


@given(st.dictionaries(st.from_regex(r"[a-z]{1,9}(/[a-z.]{1,9}f){0,2}", fullmatch=True), st.binary(max_size=99)))
def test_an_archive_holds_every_file_and_its_folders_first(files: dict[str, bytes]) -> None:
    files = {path: content for path, content in files.items() if not any(o.startswith(f"{path}/") for o in files)}
    found = unpacked(initramfs.cpio(files))
    assert {path: content for path, content in found.items() if content is not None} == files
    paths = list(found)
    for path in files:
        for parent in Path(path).parents[:-1]:
            assert paths.index(str(parent)) < paths.index(path)


def a_root(folder: Path, **more: bytes) -> Path:
    modules = "usr/lib/modules/6.1.0-1-cloud-amd64"
    names = ("virtio_pci", "virtio_blk", "squashfs", "overlay")
    files = {
        "boot/vmlinuz-6.1.0-1-cloud-amd64": b"the kernel",
        "usr/bin/busybox": b"busybox",
        f"{modules}/modules.dep": "".join(f"{name}.ko:\n" for name in names).encode(),
        f"{modules}/modules.builtin": b"",
        **{f"{modules}/{name}.ko": name.encode() for name in names},
        **more,
    }
    with tarfile.open(folder / "root.tar", "w") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(f"./{path}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return folder / "root.tar"


def scripts(folder: Path) -> tuple[Path, Path]:
    init, boot = folder / "init.sh", folder / "boot.sh"
    init.write_text("init\n")
    boot.write_text("boot\n")
    return init, boot


def test_kernel_and_initramfs_come_out_of_the_root(tmp_path: Path) -> None:
    kernel, initial = initramfs.read_root(a_root(tmp_path), *scripts(tmp_path))
    assert kernel == b"the kernel"
    found = unpacked(initial)
    assert found["init"] == b"init\n"
    assert found["busybox"] == b"busybox"
    assert found["modules/order"] == b"virtio_pci.ko\nvirtio_blk.ko\nsquashfs.ko\noverlay.ko\n"
    assert found["modules/squashfs.ko"] == b"squashfs"


def test_a_compressed_module_is_unpacked(tmp_path: Path) -> None:
    modules = "usr/lib/modules/6.1.0-1-cloud-amd64"
    listed = b"virtio_pci.ko:\nvirtio_blk.ko:\nsquashfs.ko.xz:\noverlay.ko:\n"
    more = {f"{modules}/modules.dep": listed, f"{modules}/squashfs.ko.xz": lzma.compress(b"small")}
    _, initial = initramfs.read_root(a_root(tmp_path, **more), *scripts(tmp_path))
    assert unpacked(initial)["modules/squashfs.ko"] == b"small"


def test_what_is_carried_in_is_the_tree_as_it_is_now(tmp_path: Path) -> None:
    for path in ("kept", "gone", "new", "made"):
        (tmp_path / path).touch()
    (tmp_path / ".gitignore").write_text("made\n")
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "kept", "gone"], check=True)
    (tmp_path / "gone").unlink()
    assert cargo.tree_files(tmp_path) == [".gitignore", "kept", "new"]


def test_a_tree_without_git_is_carried_without_what_is_made_in_it(tmp_path: Path) -> None:
    for path in ("tutor/a.py", ".venv/bin/python", "tutor/__pycache__/a.pyc", ".mypy_cache/b"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert cargo.tree_files(tmp_path) == ["tutor/a.py"]


def test_the_job_can_read_its_settings(tmp_path: Path) -> None:
    packages, job = tmp_path / "wheels", tmp_path / "job.sh"
    packages.mkdir()
    (packages / "a.whl").touch()
    job.touch()
    settings = {"LESSONS": "one's two", "PATIENCE": ""}
    cargo.pack(tmp_path / "cargo.tar", CHECKOUT / "tests/machines", packages, job, settings)
    with tarfile.open(tmp_path / "cargo.tar") as archive:
        assert {"wheels/a.whl", "job.sh", "tree/root.sh"} <= {*archive.getnames()}
        archive.extract("settings", tmp_path, filter="data")
    said = subprocess.run(
        ["bash", "-euc", '. "$0"; echo "$LESSONS|$PATIENCE"', tmp_path / "settings"], capture_output=True, check=True
    )
    assert said.stdout == b"one's two|\n"


def a_machine(program: Path | str) -> qemu.Machine:
    return qemu.Machine(Path("/k"), Path("/i"), qemu.Processor(str(program), "q35", "ttyS0"))


def test_the_machine_has_its_disks_and_no_network() -> None:
    command = a_machine("qemu").command("kvm", [(Path("/image"), True), (Path("/out"), False)])
    drives = [value for option, value in pairwise(command) if option == "-drive"]
    assert ["readonly=on" in drive for drive in drives] == [True, False]
    assert command[command.index("-nic") + 1] == "none"


@pytest.fixture
def with_kvm(tmp_path: Path) -> tuple[Path, Path]:
    device, cpuinfo = tmp_path / "kvm", tmp_path / "cpuinfo"
    device.touch()
    cpuinfo.write_text("flags\t\t: fpu vmx sse\n")
    return device, cpuinfo


def tried(tmp_path: Path, script: str, kvm: tuple[Path, Path]) -> str:
    program = tmp_path / "qemu-system-x86_64"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return qemu.why_no_kvm(a_machine(program), kvm=kvm[0], cpuinfo=kvm[1])


def test_kvm_is_used_where_a_machine_boots_with_it(tmp_path: Path, with_kvm: tuple[Path, Path]) -> None:
    assert tried(tmp_path, "echo VM-UP", with_kvm) == ""


def test_kvm_is_not_tried_on_a_processor_without_it(tmp_path: Path, with_kvm: tuple[Path, Path]) -> None:
    with_kvm[1].write_text("flags\t\t: fpu sse\n")
    assert "neither vmx nor svm" in tried(tmp_path, "echo VM-UP", with_kvm)


def test_kvm_is_not_tried_without_its_device(tmp_path: Path, with_kvm: tuple[Path, Path]) -> None:
    with_kvm[0].unlink()
    assert f"there is no {with_kvm[0]}" in tried(tmp_path, "echo VM-UP", with_kvm)


def test_kvm_that_aborts_is_not_used(tmp_path: Path, with_kvm: tuple[Path, Path]) -> None:
    assert "no such feature" in tried(tmp_path, "echo VM-UP; echo no such feature >&2; exit 1", with_kvm)


def test_kvm_that_boots_nothing_is_not_used(tmp_path: Path, with_kvm: tuple[Path, Path]) -> None:
    assert "failed" in tried(tmp_path, "exit 0", with_kvm)


def test_kvm_that_hangs_is_not_waited_for(
    tmp_path: Path, with_kvm: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qemu, "_PROBE_SECONDS", 0.2)
    assert "took more than" in tried(tmp_path, "exec sleep 600", with_kvm)


def test_a_machine_that_is_not_done_in_time_is_switched_off() -> None:
    assert not program._watch(["sleep", "6000"], 0.1)  # comes back only when it is gone


def test_a_machine_that_ends_by_itself_is_in_time() -> None:
    assert program._watch(["true"], 600)


def test_what_can_not_be_tried_has_a_status_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert program.main([]) == 2
    assert "sudo apt-get install squashfs-tools mmdebstrap qemu-system-x86" in capsys.readouterr().err
