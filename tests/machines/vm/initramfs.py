"""Makes the tiny initramfs of the virtual machine: a static busybox, a few modules of its kernel, and what it runs.

Reads all of it from the archive of a root file system, so that nothing of the machine that makes it is in it. Does not
know how the machine is started.
"""

from __future__ import annotations

import lzma
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

WANTED = ("virtio_pci", "virtio_blk", "squashfs", "overlay")
"""The modules that find the disks and put the root together; the others are the root's business."""

_FILE, _FOLDER = 0o100755, 0o040755
_MODULES = "usr/lib/modules/"
_TRAILER = "TRAILER!!!"


def module_order(dependencies: str, builtin: str, wanted: Iterable[str]) -> list[str]:
    """The files to load for `wanted` modules, each after those that it needs.

    Args:
        dependencies: the text of modules.dep: a file, a colon, and the files that it needs, the nearest first.
        builtin: the text of modules.builtin: what the kernel has without a file.
        wanted: names of modules.

    Raises:
        KeyError: the kernel has no such module.
    """
    lines = [line.partition(":") for line in dependencies.splitlines() if ":" in line]
    needs = {file: needed.split() for file, _, needed in lines}
    files = {_name(file): file for file in needs}
    inside = {_name(line) for line in builtin.splitlines()}
    order: list[str] = []
    for name in wanted:
        if name in inside:
            continue
        file = files[name]
        order += [*reversed(needs[file]), file]
    return list(dict.fromkeys(order))


def cpio(files: Mapping[str, bytes]) -> bytes:
    """An archive as the kernel wants its initramfs: cpio's `newc` format, with the folders on the way to each file."""
    folders = {str(parent) for path in files for parent in PurePosixPath(path).parents} - {"."}
    entries: list[tuple[str, int, bytes]] = [(folder, _FOLDER, b"") for folder in sorted(folders)]
    entries += [(path, _FILE, content) for path, content in sorted(files.items())]
    out = bytearray()
    for inode, (path, mode, content) in enumerate([*entries, (_TRAILER, 0, b"")], start=1):
        name = path.encode() + b"\0"
        fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
        for part in (b"070701" + b"".join(b"%08x" % field for field in fields) + name, content):
            out += part
            out += bytes(-len(out) % 4)
    return bytes(out)


def read_root(root: Path, init: Path, boot: Path) -> tuple[bytes, bytes]:
    """The kernel and the initramfs of a root.

    Args:
        root: a tar archive with a kernel, its modules and a static busybox.
        init: the script that the kernel starts.
        boot: the script that goes on in the root.

    Raises:
        KeyError: the archive lacks one of them.
    """
    texts: dict[str, bytes] = {}
    with tarfile.open(root) as archive:
        members = {member.name.removeprefix("./"): member for member in archive if member.isfile()}

        def content(path: str) -> bytes:
            file = archive.extractfile(members[path])
            return file.read() if file is not None else b""

        versions = sorted({path.removeprefix(_MODULES).split("/")[0] for path in members if path.startswith(_MODULES)})
        if not versions:
            raise KeyError("a kernel")
        version = versions[-1]
        folder = f"{_MODULES}{version}/"
        order = module_order(
            content(f"{folder}modules.dep").decode(), content(f"{folder}modules.builtin").decode(), WANTED
        )
        for path in order:
            module = content(folder + path)
            texts[f"modules/{_name(path)}.ko"] = lzma.decompress(module) if path.endswith(".xz") else module
        texts["modules/order"] = "".join(f"{_name(path)}.ko\n" for path in order).encode()
        texts["busybox"] = content("usr/bin/busybox")
        kernel = content(f"boot/vmlinuz-{version}")
    texts["init"], texts["boot.sh"] = init.read_bytes(), boot.read_bytes()
    return kernel, cpio(texts)


def _name(path: str) -> str:
    """The name of a module, as modprobe knows it: `kernel/fs/virtio-x.ko.xz` is `virtio_x`."""
    return PurePosixPath(path).name.partition(".ko")[0].replace("-", "_")
