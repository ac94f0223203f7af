"""Boots a Debian made from packages in a virtual machine, and solves the course there: see docs/platforms.md.

    python3 -m tests.machines.vm [--suite SUITE] [--arch PROCESSOR] [--results FOLDER] [LESSON...]

The exit status is that of the job in the machine: 0 when all went well there, 1 when something failed, 2 when it could
not be tried.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import platform
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.machines import roots, wheels
from tests.machines.vm import cargo, initramfs, qemu

_HERE = Path(__file__).resolve().parent
_CHECKOUT = _HERE.parents[2]
_ALSO = ("busybox-static", "make", "sudo")
_RESULT_BYTES = 64 << 20
_PROGRAMS = {"sqfstar": "squashfs-tools", "mmdebstrap": "mmdebstrap"}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line of this module."""
    parser = argparse.ArgumentParser("python3 -m tests.machines.vm", description="Solve the course in a real VM.")
    parser.add_argument("--suite", default="bookworm", choices=("bookworm", "trixie"), help="which Debian")
    parser.add_argument("--results", type=Path, default=_CHECKOUT / "build/vm", help="where JUnit and the rest go")
    parser.add_argument("--limit", type=float, default=45.0, metavar="MINUTES", help="give up after that")
    parser.add_argument("--emulate", action="store_true", help="without KVM, even where it works")
    parser.add_argument(
        "--arch", default=platform.machine(), choices=tuple(qemu.PROCESSORS), help="the processor; default: this one's"
    )
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="only these; default: the whole course")
    given = parser.parse_args(arguments)
    processor = qemu.PROCESSORS.get(given.arch)
    if processor is None:
        return _can_not(f"no virtual machine is known for {given.arch}")
    needed = {**_PROGRAMS, processor.program: f"qemu-system-{'x86' if 'x86' in processor.program else 'arm'}"}
    missing = [package for program, package in needed.items() if shutil.which(program) is None]
    if missing:
        return _can_not(f"not installed: sudo apt-get install {' '.join(missing)}")
    try:
        return _run(given, processor)
    except subprocess.CalledProcessError as error:
        return _can_not(f"{Path(error.cmd[0]).name} failed with status {error.returncode}")
    except KeyError as error:
        return _can_not(f"the root lacks {error}")


def _run(given: argparse.Namespace, processor: qemu.Processor) -> int:
    began = time.monotonic()
    root = roots.make(given.suite, (f"linux-image-cloud-{roots.DEBIAN[given.arch]}", *_ALSO), given.arch)
    kernel, initial, image = _images(root)
    version = roots.python_version(root)
    packages = wheels.fetch(version, given.arch)
    machine = qemu.Machine(kernel, initial, processor)
    is_emulated = given.emulate or given.arch != platform.machine()
    accelerator = qemu.EMULATED if is_emulated else qemu.choose(machine)
    settings = {"LESSONS": " ".join(given.lessons)}
    with tempfile.TemporaryDirectory(prefix="vm-") as folder:
        load, scratch = Path(folder, "cargo.tar"), Path(folder, "results.tar")
        cargo.pack(load, _CHECKOUT, packages, _HERE / "job.sh", settings)
        with scratch.open("wb") as file:
            file.truncate(_RESULT_BYTES)
        command = machine.command(accelerator, [(image, True), (load, True), (scratch, False)])
        sys.stderr.write(f"vm: ready to start after {time.monotonic() - began:.1f} s, with {accelerator[:3]}\n")
        began = time.monotonic()
        in_time = _watch(command, given.limit * 60)
        sys.stderr.write(f"vm: ran for {time.monotonic() - began:.0f} s\n")
        shutil.rmtree(given.results, ignore_errors=True)
        given.results.mkdir(parents=True)
        with contextlib.suppress(tarfile.ReadError), tarfile.open(scratch) as archive:
            archive.extractall(given.results, filter="data")
    if not in_time:
        return _can_not(f"it was not done within {given.limit:g} minutes")
    try:
        status = int((given.results / "status").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return _can_not("it went down without a result: see what it said above")
    sys.stderr.write(f"vm: status {status}; results in {given.results}\n")
    return status


def _watch(command: Sequence[str], seconds: float) -> bool:
    """Run qemu with its console as our output; whether it ended by itself in time. It never outlives us."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as running:
        try:
            running.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        finally:
            running.kill()
    return True


def _images(root: Path) -> tuple[Path, Path, Path]:
    """The kernel, the initramfs and the image of a root, made once for each root and each way to boot it."""
    scripts = [_HERE / name for name in ("init.sh", "boot.sh", "initramfs.py")]
    key = hashlib.sha256(b"".join([root.name.encode(), *(script.read_bytes() for script in scripts)])).hexdigest()[:16]
    keep = roots.kept("vm")
    kernel, initial, image = keep / f"{key}.kernel", keep / f"{key}.initramfs", keep / f"{root.stem}.squashfs"
    with _alone(keep):
        if not (kernel.exists() and initial.exists()):
            contents = initramfs.read_root(root, *scripts[:2])
            for path, content in zip((kernel, initial), contents, strict=True):
                path.with_suffix(".new").write_bytes(content)
                path.with_suffix(".new").rename(path)
        if not image.exists():
            new = image.with_suffix(".new")
            new.unlink(missing_ok=True)
            command = ["sqfstar", "-comp", "lz4", "-no-progress", "-quiet", str(new)]
            with root.open("rb") as archive:
                subprocess.run(command, stdin=archive, stdout=subprocess.DEVNULL, check=True)
            new.rename(image)
    return kernel, initial, image


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else makes images meanwhile."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _can_not(why: str) -> int:
    sys.stderr.write(f"vm: {why}\n")
    return 2


if __name__ == "__main__":
    for _number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(_number, lambda *_: sys.exit(2))  # so that qemu and its files go, too
    sys.exit(main())
