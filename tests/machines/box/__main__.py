"""Makes a box for Vagrant from Debian's packages, with all that the lab and the lessons run: see docs/platforms.md.

    python3 -m tests.machines.box [--suite SUITE] [--to FOLDER]

Prints the path of the box. It is made once for each root, each set of wheels and each way to make it, and kept in
${XDG_CACHE_HOME:-~/.cache}/tutor/boxes. Exit status: 0 when it is there, 2 when it could not be made.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.machines import roots, wheels
from tests.machines.box import disk

NAME = "tutor.box"

_HERE = Path(__file__).resolve().parent
_CHECKOUT = _HERE.parents[2]
_KERNEL = "linux-image-cloud-amd64"
_SYSTEM = ("systemd-sysv", "systemd-resolved", "dbus", "udev", "openssh-server", "sudo", "initramfs-tools", "zstd")
_TO_BOOT = ("grub-pc-bin", "e2fsprogs")
_TO_WORK_IN = ("rsync", "make", "git", "less", "nano", "bash-completion")
_GIGABYTES = 8
_PROGRAMS = {"mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs", "qemu-img": "qemu-utils"}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line of this module."""
    parser = argparse.ArgumentParser("python3 -m tests.machines.box", description="Make a box for Vagrant.")
    parser.add_argument("--suite", default="bookworm", choices=("bookworm", "trixie"), help="which Debian")
    parser.add_argument("--to", type=Path, default=_CHECKOUT / "build/box", help="where the box goes")
    given = parser.parse_args(arguments)
    if platform.machine() != "x86_64":
        return _can_not(
            f"a box is made for x86_64 only, not for {platform.machine()}: see docs/platforms.md for others"
        )
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
    missing = [package for program, package in _PROGRAMS.items() if shutil.which(program, path=path) is None]
    if missing:
        return _can_not(f"not installed: sudo apt-get install {' '.join(missing)}")
    os.environ["PATH"] = path
    try:
        box = _box(given.suite)
    except subprocess.CalledProcessError as error:
        return _can_not(f"{Path(error.cmd[0]).name} failed with status {error.returncode}")
    except KeyError as error:
        return _can_not(f"the root lacks {error}")
    except ValueError as error:
        return _can_not(str(error))
    given.to.mkdir(parents=True, exist_ok=True)
    copy = given.to / NAME
    copy.unlink(missing_ok=True)
    try:
        copy.hardlink_to(box)
    except OSError:  # another file system
        shutil.copyfile(box, copy)
    sys.stdout.write(f"{copy}\n")
    return 0


def _box(suite: str) -> Path:
    """The box of a release, made where it is not kept yet."""
    root = roots.make(suite, (_KERNEL, *_SYSTEM, *_TO_BOOT, *_TO_WORK_IN))
    version = roots.python_version(root)
    packages = wheels.fetch(version, platform.machine())
    parts = [root.name, packages.name, str(_GIGABYTES)]
    parts += [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(_HERE.iterdir()) if path.is_file()]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    box = roots.kept("boxes") / f"{suite}-{key}.box"
    with box.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not box.exists():
            began = time.monotonic()
            _make(root, packages, box)
            sys.stderr.write(f"box: made in {time.monotonic() - began:.0f} s, {box.stat().st_size >> 20} MB\n")
    return box


def _make(root: Path, wheels: Path, box: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="box-", ignore_cleanup_errors=True) as place:
        # For a user namespace's root, too, who is somebody else out here.
        Path(place).chmod(0o711)
        folder = Path(place, "work")
        folder.mkdir()
        folder.chmod(0o777)
        shutil.copytree(wheels, folder / "wheels")
        shutil.copyfile(_HERE / "authorized_keys", folder / "authorized_keys")
        raw = folder / "disk"
        raw.touch()
        raw.chmod(0o666)
        os.truncate(raw, _GIGABYTES << 30)
        kibibytes = ((_GIGABYTES << 30) - disk.PARTITION_START) >> 10
        command = ["mmdebstrap", "--unshare-helper", "bash", "-c", (_HERE / "inside.sh").read_text(encoding="utf-8")]
        command += ["inside.sh", str(folder), str(disk.PARTITION_START), str(kibibytes)]
        with root.open("rb") as archive:
            subprocess.run(command, stdin=archive, check=True)
        disk.make_bootable(raw, (folder / "boot.img").read_bytes(), (folder / "core.img").read_bytes())
        image = Path(place, "box.img")
        options = ["-c", "-O", "qcow2", "-o", "compression_type=zstd"]
        subprocess.run(["qemu-img", "convert", "-f", "raw", *options, str(raw), str(image)], check=True)
        new = box.with_suffix(".new")
        _pack(image, new)
        new.rename(box)


def _pack(image: Path, box: Path) -> None:
    """A box of vagrant-libvirt's first format, which vagrant-qemu takes, too."""
    place = image.parent
    said = {"provider": "libvirt", "format": "qcow2", "virtual_size": _GIGABYTES, "architecture": "amd64"}
    (place / "metadata.json").write_text(json.dumps(said) + "\n", encoding="utf-8")
    (place / "Vagrantfile").write_text('Vagrant.configure("2") do |config|\nend\n', encoding="utf-8")
    # The image is compressed already.
    with tarfile.open(box, "w:gz", compresslevel=1) as archive:
        for name in ("metadata.json", "Vagrantfile", "box.img"):
            archive.add(place / name, name)


def _can_not(why: str) -> int:
    sys.stderr.write(f"box: {why}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
