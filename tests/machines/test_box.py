"""The parts of a box that need no packages: the disk's first sectors, what it is made of, and what is refused."""

from __future__ import annotations

import json
import struct
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.machines.box import __main__ as program
from tests.machines.box import disk

CODE = bytes(range(256)) * 2


@given(st.integers(disk.PARTITION_START + disk.SECTOR, 1 << 40))
def test_the_partition_goes_from_its_start_to_the_end_of_the_disk(size: int) -> None:
    sector = disk.boot_sector(CODE, size)
    assert len(sector) == disk.SECTOR
    status, kind, start, sectors = struct.unpack_from("<B3xB3xII", sector, 446)
    assert (status, kind) == (0x80, 0x83)
    assert start * disk.SECTOR == disk.PARTITION_START
    assert 0 <= size - (start + sectors) * disk.SECTOR < disk.SECTOR


def test_grubs_program_comes_first_and_the_signature_last() -> None:
    sector = disk.boot_sector(CODE, 1 << 30)
    assert sector[:440] == CODE[:440]
    assert sector[-2:] == b"\x55\xaa"
    assert not any(sector[462:510])  # the three other partitions


@pytest.mark.parametrize("size", [0, disk.PARTITION_START, 1 << 50])
def test_a_disk_without_room_or_beyond_what_a_table_can_say_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=str(size)):
        disk.boot_sector(CODE, size)


def test_what_is_no_boot_sector_is_refused() -> None:
    with pytest.raises(ValueError, match="not 3"):
        disk.boot_sector(b"abc", 1 << 30)


def test_what_is_in_the_partition_stays(tmp_path: Path) -> None:
    raw = tmp_path / "disk"
    raw.write_bytes(b"x" * (disk.PARTITION_START + 4096))
    disk.make_bootable(raw, CODE, b"core" * 100)
    content = raw.read_bytes()
    assert content[disk.SECTOR :].startswith(b"core" * 100 + b"x")
    assert content[disk.PARTITION_START :] == b"x" * 4096


def test_a_boot_loader_that_would_reach_into_the_partition_is_refused(tmp_path: Path) -> None:
    raw = tmp_path / "disk"
    raw.write_bytes(b"x" * (disk.PARTITION_START + 4096))
    with pytest.raises(ValueError, match="no room"):
        disk.make_bootable(raw, CODE, bytes(disk.PARTITION_START))
    assert raw.read_bytes()[:4] == b"xxxx"


def test_a_box_says_which_provider_it_is_for(tmp_path: Path) -> None:
    image = tmp_path / "box.img"
    image.write_bytes(b"QFI\xfb")
    program._pack(image, tmp_path / "tutor.box")
    with tarfile.open(tmp_path / "tutor.box", "r:gz") as archive:
        assert {*archive.getnames()} == {"metadata.json", "Vagrantfile", "box.img"}
        metadata = archive.extractfile("metadata.json")
        assert metadata is not None
        said = json.load(metadata)
    assert (said["provider"], said["format"], said["virtual_size"]) == ("libvirt", "qcow2", 8)


def test_what_is_missing_to_make_a_box_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    assert program.main([]) == 2
    assert capsys.readouterr().err == "box: not installed: sudo apt-get install mmdebstrap e2fsprogs qemu-utils\n"


def test_a_box_for_another_processor_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert program.main([]) == 2
    assert "not for aarch64" in capsys.readouterr().err
