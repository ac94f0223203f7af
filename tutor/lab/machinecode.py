"""The machine code that a lab needs: two programs that only wait, and two filters of system calls.

Both for x86-64 and arm64. Does not know who installs or runs them.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Mapping

_EM_X86_64, _EM_AARCH64 = 62, 183

_PAUSE_CODE: Mapping[str, tuple[int, bytes]] = {
    # mov eax, 34 (pause); syscall; jmp back
    "x86_64": (_EM_X86_64, bytes.fromhex("b8220000000f05ebf7")),
    # mov x0..x4, 0; mov x8, 73 (ppoll); svc 0; b back: arm64 has no pause(2)
    "aarch64": (
        _EM_AARCH64,
        struct.pack(
            "<8I",
            0xD2800000,
            0xD2800001,
            0xD2800002,
            0xD2800003,
            0xD2800004,
            0xD2800928,
            0xD4000001,
            0x14000000 | (-7 & 0x3FFFFFF),
        ),
    ),
}


_WAIT_CODE: Mapping[str, tuple[int, bytes]] = {
    # mov eax, 61 (wait4); mov rdi, -1; xor esi, esi; xor edx, edx; xor r10d, r10d; syscall; mov eax, 60 (exit); xor
    # edi, edi; syscall
    "x86_64": (
        _EM_X86_64,
        bytes.fromhex("b83d00000048c7c7ffffffff31f631d24531d20f05b83c00000031ff0f05"),
    ),
    # mov x0, -1; mov x1..x3, 0; mov x8, 260 (wait4); svc 0; mov x0, 0; mov x8, 93 (exit); svc 0
    "aarch64": (
        _EM_AARCH64,
        struct.pack(
            "<9I",
            0x92800000,
            0xD2800001,
            0xD2800002,
            0xD2800003,
            0xD2802088,
            0xD4000001,
            0xD2800000,
            0xD2800BA8,
            0xD4000001,
        ),
    ),
}


def pause_program(machine: str = "") -> bytes:
    """A static ELF executable that waits for ever and ignores its arguments.

    So it can have any line in `ps` that one likes; 4 KiB resident.

    Args:
        machine: as `platform.machine()` names it; default: this one.

    Raises:
        KeyError: no code for this processor.
    """
    return _executable(*_PAUSE_CODE[machine or platform.machine()])


def wait_program(machine: str = "") -> bytes:
    """A static ELF executable that waits until a child ends, and then ends itself with 0.

    Raises:
        KeyError: no code for this processor.
    """
    return _executable(*_WAIT_CODE[machine or platform.machine()])


def _executable(elf_machine: int, code: bytes) -> bytes:
    base, headers = 0x400000, 64 + 56
    size = headers + len(code)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    elf = struct.pack("<HHIQQQIHHHHHH", 2, elf_machine, 1, base + headers, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x1000)
    return ident + elf + segment + code


_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_ID_CALLS: Mapping[str, tuple[int, ...]] = {
    # chown fchown lchown fchownat setuid setgid setreuid setregid setgroups setresuid setresgid setfsuid setfsgid
    "x86_64": (92, 93, 94, 260, 105, 106, 113, 114, 116, 117, 119, 122, 123),
    # fchownat fchown setregid setgid setreuid setuid setresuid setresgid setfsuid setfsgid setgroups
    "aarch64": (54, 55, 143, 144, 145, 146, 147, 149, 151, 152, 159),
}
_KEY_CALLS: Mapping[str, tuple[int, ...]] = {
    # add_key request_key keyctl
    "x86_64": (248, 249, 250),
    "aarch64": (217, 218, 219),
}
_X32 = 0x40000000  # on x86-64, the bit that marks the calls of the x32 ABI
_LOAD, _JUMP_EQUAL, _JUMP_NOT_BELOW, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ANSWER_ZERO, _ANSWER_UNKNOWN = 0x7FFF0000, 0x00050000, 0x00050000 | errno.ENOSYS


def pretend_ids_filter(machine: str = "") -> bytes:
    """A seccomp program (classic BPF) that answers 0 to every change of ids and owners, without doing it.

    With a single uid mapped, `tcpdump` and `su` could not give up or take on an id and would refuse to work.
    """
    machine = machine or platform.machine()
    calls = _ID_CALLS[machine]
    program = [
        (_LOAD, 0, 0, 4),  # the architecture of the call
        (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD, 0, 0, 0),  # its number
        *((_JUMP_EQUAL, len(calls) - at, 0, number) for at, number in enumerate(calls)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ANSWER_ZERO),
    ]
    return _assembled(program)


def no_keys_filter(machine: str = "") -> bytes:
    """A seccomp program that leaves no way to the kernel's keyrings (keyrings(7)), as in a kernel without them.

    No namespace separates them: they belong to the user, and the session's keys are inherited. Programs for another
    processor's calls (32 bits, x32) do not run at all, or they would get around it.
    """
    machine = machine or platform.machine()
    calls = _KEY_CALLS[machine]
    return _assembled(
        [
            (_LOAD, 0, 0, 4),
            (_JUMP_EQUAL, 0, len(calls) + 3, _AUDIT_ARCH[machine]),
            (_LOAD, 0, 0, 0),
            (_JUMP_NOT_BELOW, len(calls) + 1, 0, _X32),
            *((_JUMP_EQUAL, len(calls) - at, 0, number) for at, number in enumerate(calls)),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _ANSWER_UNKNOWN),
        ]
    )


def _assembled(program: list[tuple[int, int, int, int]]) -> bytes:
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)
