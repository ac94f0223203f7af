"""Lays out a disk that starts by itself with GRUB: one partition, the boot loader before it.

Writes plain bytes: neither a loop device nor root is needed for it. Does not know what is in the partition.
"""

from __future__ import annotations

import struct
from pathlib import Path

SECTOR = 512
PARTITION_START = 1 << 20
"""Where the partition begins, in bytes: what lies before it is GRUB's."""

_TABLE = 446
_SIGNATURE = b"\x55\xaa"
_BOOTABLE, _LINUX = 0x80, 0x83
_NO_CYLINDERS = b"\xfe\xff\xff"
"""For a place that can't be said in cylinders, heads and sectors: whoever reads it counts sectors."""
_CODE = 440
"""So much of GRUB's boot.img is program; after it the partition table's own bytes begin."""


def boot_sector(code: bytes, size: int) -> bytes:
    """The first sector of a disk: `boot.img` of GRUB, and a table with one partition up to the end.

    Args:
        code: GRUB's boot.img; it goes on with what is in the second sector.
        size: the disk's, in bytes.

    Raises:
        ValueError: it is no boot.img, or the disk has no room for a partition.
    """
    if len(code) != SECTOR:
        raise ValueError(f"a boot sector has {SECTOR} bytes, not {len(code)}")
    sectors = (size - PARTITION_START) // SECTOR
    if not 0 < sectors < 1 << 32:
        raise ValueError(f"no partition table of this kind fits a disk of {size} bytes")
    entry = struct.pack(
        "<B3sB3sII", _BOOTABLE, _NO_CYLINDERS, _LINUX, _NO_CYLINDERS, PARTITION_START // SECTOR, sectors
    )
    return code[:_CODE].ljust(_TABLE, b"\0") + entry + bytes(3 * 16) + _SIGNATURE


def make_bootable(disk: Path, boot: bytes, core: bytes) -> None:
    """Put GRUB, whose core.img can read the partition, and the partition table onto a disk.

    Args:
        disk: a file with the partition's file system at PARTITION_START.
        boot: GRUB's boot.img.
        core: GRUB's core.img, made for this disk; its place is the second sector, where boot.img looks for it.

    Raises:
        ValueError: they don't fit.
    """
    if SECTOR + len(core) > PARTITION_START:
        raise ValueError(f"a core.img of {len(core)} bytes has no room before the partition")
    with disk.open("r+b") as file:
        file.write(boot_sector(boot, disk.stat().st_size) + core)
