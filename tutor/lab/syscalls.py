"""The system calls that Python 3.11 has no words for, through ctypes. Does not know what they are used for.

Sources: unshare(2), setns(2), mount(2), mount_setattr(2), pivot_root(2), openat2(2), prctl(2), seccomp(2).
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct

CLONE_NEWTIME = 0x00000080
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC = 1, 2, 4, 8, 32, 4096, 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2
_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_NOSUID = 1, 2
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_RESOLVE_IN_ROOT = 0x10

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NAME, _PR_SET_SECCOMP = 1, 4, 15, 22
_SECCOMP_MODE_FILTER = 2

# mount_setattr and openat2 have the same number everywhere; pivot_root is older than that habit.
_NR_MOUNT_SETATTR, _NR_OPENAT2 = 442, 437
_NR_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)
_libc.syscall.restype = ctypes.c_long


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else os.fsencode(text)


def unshare(flags: int) -> None:
    """Leave the namespaces named by the CLONE_NEW* bits for new ones."""
    _checked(_libc.unshare(flags), f"unshare({flags:#x})")


def setns(descriptor: int, kind: int = 0) -> None:
    """Enter the namespace behind `descriptor`; `kind` is its CLONE_NEW* bit, or 0 for whatever it is."""
    _checked(_libc.setns(descriptor, kind), "setns")


def mount(source: str | None, target: str, filesystem: str | None = None, flags: int = 0, data: str = "") -> None:
    """Show a file system somewhere; `data` are the file system's own options."""
    result = _libc.mount(_bytes(source), _bytes(target), _bytes(filesystem), flags, _bytes(data) if data else None)
    _checked(result, f"mount {source} on {target}")


def unmount(target: str) -> None:
    """Detach what is mounted on `target` (umount2 with MNT_DETACH)."""
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount {target}")


def bind_read_only(source: str, target: str) -> None:
    """Show `source` at `target` with all below it, read-only, and with no set-uid programs."""
    mount(source, target, None, MS_BIND | MS_REC)
    attributes = struct.pack("=QQQQ", _MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID, 0, 0, 0)
    result = _libc.syscall(
        _NR_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(target), _AT_RECURSIVE, attributes, ctypes.c_size_t(len(attributes))
    )
    if result < 0:  # before Linux 5.12: the top mount only, which is all that there is on an ordinary machine
        mount(None, target, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID)


def pivot_root(new_root: str) -> None:
    """Make `new_root` (a mount point) the root of this mount namespace and drop the old one."""
    os.chdir(new_root)
    number = _NR_PIVOT_ROOT[platform.machine()]
    _checked(_libc.syscall(number, b".", b"."), "pivot_root")
    unmount(".")
    os.chdir("/")


def open_in_root(root: int, path: str, flags: int, mode: int = 0) -> int:
    """Open `path` as a process would whose root directory is `root`: absolute symbolic links stay inside (openat2)."""
    how = struct.pack("=QQQ", flags | os.O_CLOEXEC, mode, _RESOLVE_IN_ROOT)
    result = _libc.syscall(_NR_OPENAT2, root, os.fsencode(path.lstrip("/") or "."), how, ctypes.c_size_t(len(how)))
    return _checked(result, f"open {path}")


def sethostname(name: str) -> None:
    """Set the host name of this UTS namespace."""
    encoded = name.encode()
    _checked(_libc.sethostname(encoded, len(encoded)), "sethostname")


def die_with_parent(signal_number: int) -> None:
    """Have the kernel send `signal_number` to this process when the thread that forked it ends."""
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "prctl(PDEATHSIG)")


def make_dumpable() -> None:
    """Undo what a change of uid did: /proc/PID/ns/* is unreadable for others while a process is not dumpable."""
    _checked(_libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl(DUMPABLE)")


def make_undumpable() -> None:
    """Let nobody of a user namespace below trace this process or look at its root or descriptors, until it executes."""
    _checked(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl(DUMPABLE)")


def set_process_name(name: str) -> None:
    """Name this process in `ps -e` and /proc/PID/comm (15 bytes)."""
    _libc.prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def install_seccomp(program: bytes) -> None:
    """Filter the system calls of this process and all that it starts (seccomp(2)); needs CAP_SYS_ADMIN here.

    Args:
        program: classic BPF, eight bytes an instruction (struct sock_filter).
    """
    code = ctypes.create_string_buffer(program, len(program))

    class _Program(ctypes.Structure):
        _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    filter_ = _Program(len(program) // 8, ctypes.addressof(code))
    _checked(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filter_), 0, 0), "prctl(SECCOMP)")
