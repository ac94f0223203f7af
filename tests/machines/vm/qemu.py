"""Starts the virtual machine with qemu: with the processor's own help where that works, else emulated.

Does not know what is in the images, nor what the machine does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

EMULATED = "tcg,thread=multi,tb-size=1024"
"""The accelerator that is none: a thread for each processor, and room for what has been translated."""

_PROBE_SECONDS = 10.0
_KVM, _CPUINFO = Path("/dev/kvm"), Path("/proc/cpuinfo")
_FLAGS = {"vmx", "svm"}


@dataclass(frozen=True, slots=True)
class Processor:
    """How qemu calls a kind of machine."""

    program: str
    """The program that emulates it."""
    board: str
    """Its board."""
    console: str
    """What the kernel calls its first serial port."""


PROCESSORS = {
    "x86_64": Processor("qemu-system-x86_64", "q35", "ttyS0"),
    "aarch64": Processor("qemu-system-aarch64", "virt", "ttyAMA0"),
}
"""By what `uname -m` says."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine to start."""

    kernel: Path
    """Its kernel."""
    initramfs: Path
    """What the kernel unpacks and runs."""
    processor: Processor
    """Its kind."""
    memory: int = 3072
    """In MiB; its root's changes are kept in it, too."""

    def command(self, accelerator: str, disks: Sequence[tuple[Path, bool]] = (), said: str = "") -> list[str]:
        """The command that runs it, with its console on standard output.

        Args:
            accelerator: as qemu calls it.
            disks: files, and whether they may only be read: /dev/vda, /dev/vdb and so on.
            said: more for the kernel's command line.
        """
        emulated = accelerator.startswith("tcg")
        # An emulated processor has none of the flaws that cost time to mend.
        line = f"console={self.processor.console} quiet loglevel=3 panic=-1 mitigations=off net.ifnames=0 {said}"
        command = [self.processor.program, "-machine", self.processor.board, "-accel", accelerator]
        command += ["-cpu", "max" if emulated else "host", "-smp", str(min(4, os.cpu_count() or 1))]
        command += ["-m", str(self.memory), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
        command += ["-nic", "none", "-serial", "stdio", "-kernel", str(self.kernel), "-initrd", str(self.initramfs)]
        command += ["-append", line.strip()]
        for path, read_only in disks:
            drive = f"file={path},if=virtio,format=raw,cache=unsafe,readonly={'on' if read_only else 'off'}"
            command += ["-drive", drive]
        return command


def why_no_kvm(machine: Machine, *, kvm: Path = _KVM, cpuinfo: Path = _CPUINFO) -> str:
    """Why the processor's help can't be had; empty where a machine has really booted with it, and quickly."""
    if machine.processor.program.endswith("x86_64"):
        words = set(cpuinfo.read_text(encoding="ascii", errors="replace").split())
        if not words & _FLAGS:
            return f"the processor says neither vmx nor svm ({cpuinfo})"
    if not os.access(kvm, os.R_OK | os.W_OK):
        return f"{kvm} can't be opened" if kvm.exists() else f"there is no {kvm}"
    began = time.monotonic()
    command = machine.command("kvm", said="probe")
    try:
        tried = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"a boot with it took more than {_PROBE_SECONDS:.0f} s"
    if tried.returncode or b"VM-UP" not in tried.stdout:
        said = tried.stderr.decode(errors="replace").strip().splitlines()
        return f"a boot with it failed after {time.monotonic() - began:.1f} s: {said[-1] if said else 'no word'}"
    return ""


def choose(machine: Machine) -> str:
    """The accelerator to use here, after a word on standard error where it is the slow one."""
    why = why_no_kvm(machine)
    if why:
        sys.stderr.write(f"vm: emulated, without KVM: {why}\n")
    return EMULATED if why else "kvm"
