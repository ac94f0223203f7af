"""The programs that wait, and the filters of system calls, on this processor and, as far as can be, on the other."""

from __future__ import annotations

import errno
import platform
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.lab.machinecode import no_keys_filter, pause_program, pretend_ids_filter, wait_program

MACHINES = ("x86_64", "aarch64")
ELF_MACHINE = {"x86_64": 62, "aarch64": 183}
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CHOWN_AND_SETUID = {"x86_64": (92, 105), "aarch64": (55, 146)}
KEYCTL = {"x86_64": 250, "aarch64": 219}
X32 = 0x40000000
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
# In a user namespace of its own, without any map: there it may install a filter.
TRY = """
import ctypes, errno, os, sys
from tutor.lab import syscalls as sc
from tutor.lab.machinecode import no_keys_filter, pretend_ids_filter
sc.unshare(sc.CLONE_NEWUSER)
before = os.getresuid(), os.getresgid()
sc.install_seccomp(pretend_ids_filter())
sc.install_seccomp(no_keys_filter())
os.setuid(4711)
os.setgid(4711)
os.setgroups([1, 2, 3])
assert (os.getresuid(), os.getresgid()) == before
made = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
owner = os.fstat(made).st_uid
os.fchown(made, 4711, 4711)
os.chown(sys.argv[1], 4711, 4711)
os.lchown(sys.argv[1], 4711, 4711)
assert os.fstat(made).st_uid == owner
libc = ctypes.CDLL(None, use_errno=True)
assert libc.syscall(int(sys.argv[2]), 0, 0, 0) == -1 and ctypes.get_errno() == errno.ENOSYS
print(os.waitstatus_to_exitcode(os.system("true")))
"""


@pytest.mark.parametrize("machine", MACHINES)
def test_the_programs_are_elf_files_for_their_processor(machine: str) -> None:
    for program in (pause_program(machine), wait_program(machine)):
        assert program[:4] == b"\x7fELF"
        assert struct.unpack_from("<H", program, 18)[0] == ELF_MACHINE[machine]
        entry, first_header = struct.unpack_from("<QQ", program, 24)
        kind, flags, offset, address, _, in_file, in_memory, _ = struct.unpack_from("<IIQQQQQQ", program, first_header)
        assert (kind, flags, offset) == (1, 5, 0)
        assert in_file == in_memory == len(program)
        assert address < entry < address + len(program)


def test_a_processor_that_we_have_no_code_for_is_named() -> None:
    for make in (pause_program, wait_program, pretend_ids_filter, no_keys_filter):
        with pytest.raises(KeyError, match="mips"):
            make("mips")


@pytest.mark.parametrize("machine", MACHINES)
def test_the_program_that_pauses_goes_on_until_it_is_killed(tmp_path: Path, machine: str) -> None:
    with subprocess.Popen(_runnable(tmp_path, machine, pause_program(machine))) as waiting:
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(0.2)
        waiting.kill()


@pytest.mark.parametrize("machine", MACHINES)
def test_the_program_that_waits_ends_with_its_child(tmp_path: Path, machine: str) -> None:
    argv = _runnable(tmp_path, machine, wait_program(machine))
    assert subprocess.run(argv, timeout=5, check=False).returncode == 0
    child = ["sh", "-c", 'sleep 0.3 & exec "$@"', "sh", *argv]
    with subprocess.Popen(child) as waiting:
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(0.1)
        assert waiting.wait(5) == 0


@pytest.mark.netns
def test_the_filters_do_what_they_say_to_a_real_process(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", TRY, str(tmp_path / "file"), str(KEYCTL[platform.machine()])]
    done = subprocess.run(argv, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False, timeout=10)
    assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.parametrize("machine", MACHINES)
@given(number=st.integers(0, 500))
def test_all_other_calls_are_let_through(machine: str, number: int) -> None:
    ids, keys = (
        _run(pretend_ids_filter(machine), ARCH[machine], number),
        _run(no_keys_filter(machine), ARCH[machine], number),
    )
    assert ids in (ALLOW, ERRNO)
    assert keys == (ERRNO | errno.ENOSYS if KEYCTL[machine] - 2 <= number <= KEYCTL[machine] else ALLOW)


@pytest.mark.parametrize("machine", MACHINES)
def test_changes_of_owner_and_id_are_answered_with_zero(machine: str) -> None:
    for number in CHOWN_AND_SETUID[machine]:
        assert _run(pretend_ids_filter(machine), ARCH[machine], number) == ERRNO


@given(arch=st.integers(0, 2**32 - 1).filter(lambda arch: arch not in ARCH.values()), number=st.integers(0, 2**32 - 1))
def test_another_processors_calls_are_no_way_around_to_the_keys(arch: int, number: int) -> None:
    for machine in MACHINES:
        assert _run(no_keys_filter(machine), arch, number) == ERRNO | errno.ENOSYS
        assert _run(no_keys_filter(machine), ARCH[machine], X32 | number) == ERRNO | errno.ENOSYS


def _run(program: bytes, arch: int, number: int) -> int:
    """What a classic BPF program answers to a system call (struct seccomp_data: the number at 0, the arch at 4)."""
    data, value, at = {0: number, 4: arch}, 0, 0
    steps = [struct.unpack_from("<HBBI", program, start) for start in range(0, len(program), 8)]
    while True:
        code, yes, no, operand = steps[at]
        at += 1
        if code == 0x20:
            value = data[operand]
        elif code == 0x15:
            at += yes if value == operand else no
        elif code == 0x35:
            at += yes if value >= operand else no
        else:
            assert code == 0x06
            return int(operand)


def _runnable(folder: Path, machine: str, program: bytes) -> list[str]:
    path = folder / "program"
    path.write_bytes(program)
    path.chmod(0o755)
    if machine == platform.machine():
        return [str(path)]
    emulator = shutil.which(f"qemu-{machine}-static") or shutil.which(f"qemu-{machine}")
    if emulator is None:
        pytest.skip(f"no qemu-{machine} here to run it with")
    return [emulator, str(path)]
