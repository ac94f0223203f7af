"""The file system of a machine: the host's /usr, read-only, and everything else its own, in memory.

Built in the lab's outer user namespace, before the machine's own is made: from inside, its mounts are locked and can
be neither
undone nor made writable. Nothing that the invoking user owns is ever bound. Does not know links or addresses.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping

from tutor.lab import syscalls as sc
from tutor.lab.machinecode import pause_program

HIDDEN = "/dev/.lab"
"""Where the machine keeps what is ours: its init, a second sysfs (see `mount_kernel_views`), the way to the agent."""

_PLAIN = sc.MS_NOSUID | sc.MS_NODEV | sc.MS_NOEXEC

HOST_LOCAL = "/opt/host-local"
"""The host's /usr/local, as the machine sees it."""

PATH = f"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:{HOST_LOCAL}/sbin:{HOST_LOCAL}/bin"
"""Where the machine's shells look for programs."""

_DIRECTORIES = (
    "usr etc/pam.d proc sys dev/pts dev/shm dev/.lab/sysfs dev/.lab/replies run/lock tmp root home mnt srv media "
    "opt/host-local opt/cni var/log var/lib/misc var/tmp var/cache/man var/spool"
).split()
_LOCAL_DIRECTORIES = "bin sbin etc lib share man src games include".split()

_ETC_FILES = (
    "group nsswitch.conf services protocols ethertypes localtime bash.bashrc profile inputrc ld.so.cache ld.so.conf "
    "debian_version os-release shells login.defs host.conf gai.conf networks manpath.config man_db.conf environment "
    "bash_completion nanorc issue rpc netconfig"
).split()
_ETC_TREES = (
    "alternatives iproute2 ld.so.conf.d pam.d security terminfo profile.d bash_completion.d vim nftables"
).split()
_FOR_ALL = 0o666
_STICKY = 0o1777  # for everybody, as such folders are everywhere
_DEVICES = "null zero full random urandom tty".split()
_LAST_SYSTEM_UID = 999

_SUDO = """\
#!/bin/sh
# You are root in this machine, so sudo has nothing to grant. It runs the command, as another user when -u names one.
user=root login=
while [ $# -gt 0 ]; do
    case $1 in
        --) shift; break ;;
        -u|--user) user=$2; shift 2 ;;
        -[gGhpCTrtUDR]) shift 2 ;;
        -i|-s|--login|--shell) login=yes; shift ;;
        -[vkK]|--validate|--reset-timestamp) exit 0 ;;
        -*) shift ;;
        *=*) export "$1"; shift ;;
        *) break ;;
    esac
done
if [ $# -eq 0 ]; then
    [ -n "$login" ] || { echo "usage: sudo [-u user] command" >&2; exit 1; }
    set -- bash
fi
[ "$user" = root ] || set -- runuser -u "$user" -- "$@"
exec "$@"
"""


def build(root: str, hostname: str, hosts: Mapping[str, str]) -> None:
    """Mount and fill a machine's root directory at `root`.

    Args:
        root: where; made if need be.
        hostname: what /etc/hostname says.
        hosts: further names and their addresses for /etc/hosts.
    """
    os.makedirs(root, exist_ok=True)
    sc.mount("tmpfs", root, "tmpfs", sc.MS_NOSUID, "size=64m,mode=755,nr_inodes=16k")
    for directory in _DIRECTORIES:
        os.makedirs(f"{root}/{directory}", exist_ok=True)
    for directory in ("tmp", "var/tmp", "dev/shm", f"{HIDDEN[1:]}/replies"):
        os.chmod(f"{root}/{directory}", _STICKY)
    os.chmod(f"{root}/root", 0o700)
    os.symlink("/run", f"{root}/var/run")
    os.symlink("/run/lock", f"{root}/var/lock")
    _show_programs(root)
    _fill_etc(root, hostname, hosts)
    _make_devices(root)
    _write(f"{root}{HIDDEN}/init", pause_program(), 0o755)
    os.mkfifo(f"{root}{HIDDEN}/ask")
    os.chmod(f"{root}{HIDDEN}/ask", _FOR_ALL)
    _write(f"{root}/usr/local/bin/sudo", _SUDO.encode(), 0o755)


def mount_kernel_views(root: str) -> None:
    """Mount proc and sysfs for the namespaces that this process is in.

    sysfs is mounted twice: `ip netns exec` takes /sys away and mounts it anew, which the kernel allows in a user
    namespace only
    while another sysfs is fully visible (mount_too_revealing in fs/namespace.c). Not mounted where it is there already:
    see `has_to_be_read_only`.
    """
    sc.mount("proc", f"{root}/proc", "proc", _PLAIN)
    if not os.path.ismount(f"{root}/sys"):
        mount_sysfs(f"{root}/sys")
        mount_sysfs(f"{root}{HIDDEN}/sysfs")
    sc.mount("devpts", f"{root}/dev/pts", "devpts", sc.MS_NOSUID | sc.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")


def mount_own_views(root: str) -> None:
    """Mount proc and sysfs once more, for the namespaces of a pod that this process is in."""
    sc.mount("proc", f"{root}/proc", "proc", _PLAIN)
    mount_sysfs(f"{root}/sys")


def mount_sysfs(target: str) -> None:
    """Mount sysfs for the network namespace that this process is in: read-only where the kernel allows no more."""
    try:
        sc.mount("sysfs", target, "sysfs", _PLAIN)
    except PermissionError:
        sc.mount("sysfs", target, "sysfs", _PLAIN | sc.MS_RDONLY)


def has_to_be_read_only() -> bool:
    """Whether the lab's own sysfs is read-only, and so each of a machine must be: a container's is like that.

    `ip netns exec` does not expect it where it can take /sys away, and fails. So a machine's is then mounted before the
    machine's mount namespace is made, and is locked in it: `ip` can't take it away, and lays a read-only one over it.
    """
    return bool(os.statvfs("/sys").f_flag & os.ST_RDONLY)


def _show_programs(root: str) -> None:
    sc.bind_read_only("/usr", f"{root}/usr")
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        if os.path.islink(f"/{name}"):
            os.symlink(os.readlink(f"/{name}"), f"{root}/{name}")
        elif os.path.isdir(f"/{name}"):  # a host that has not merged it into /usr
            os.mkdir(f"{root}/{name}")
            sc.bind_read_only(f"/{name}", f"{root}/{name}")
    if os.path.isdir("/usr/local") and not _is_ours("/usr/local"):
        sc.bind_read_only("/usr/local", f"{root}{HOST_LOCAL}")
    local = f"{root}/run/.local"
    os.mkdir(local)
    for directory in _LOCAL_DIRECTORIES:
        os.mkdir(f"{local}/{directory}")
    sc.mount(local, f"{root}/usr/local", None, sc.MS_BIND)
    sc.mount("tmpfs", f"{root}/run", "tmpfs", sc.MS_NOSUID | sc.MS_NODEV, "size=32m,mode=755,nr_inodes=4k")
    os.mkdir(f"{root}/run/lock")


def _is_ours(path: str) -> bool:
    """Whether the user who runs the lab owns `path`: inside, that user is root."""
    return os.stat(path).st_uid == 0


def _fill_etc(root: str, hostname: str, hosts: Mapping[str, str]) -> None:
    etc = f"{root}/etc"
    for name in _ETC_FILES:
        _copy(f"/etc/{name}", f"{etc}/{name}")
    for name in _ETC_TREES:
        _copy_tree(f"/etc/{name}", f"{etc}/{name}")
    users = _system_users()
    _write(f"{etc}/passwd", os.fsencode("".join(users)))
    # Nobody has a password; root needs none, and `su` refuses to work without the file.
    _write(
        f"{etc}/shadow", os.fsencode("".join(f"{line.split(':')[0]}:*:19000:0:99999:7:::\n" for line in users)), 0o600
    )
    _write(f"{etc}/hostname", f"{hostname}\n".encode())
    names = {hostname: "127.0.1.1", **hosts}
    lines = ["127.0.0.1 localhost\n", "::1 localhost ip6-localhost ip6-loopback\n"]
    _write(f"{etc}/hosts", "".join([*lines, *(f"{address} {name}\n" for name, address in names.items())]).encode())
    _write(f"{etc}/resolv.conf", b"nameserver 8.8.8.8\noptions timeout:1 attempts:1\n")
    _write(f"{etc}/fstab", b"# This machine lives in memory.\n")
    if not os.path.lexists(f"{etc}/mtab"):
        os.symlink("/proc/self/mounts", f"{etc}/mtab")


def _system_users() -> list[str]:
    """Lines of /etc/passwd: the host's system users, and a root whose shell is bash and whose home is /root."""
    lines = ["root:x:0:0:root:/root:/bin/bash\n"]
    try:
        with open("/etc/passwd", errors="surrogateescape") as file:
            for line in file:
                fields = line.split(":")
                if len(fields) != 7 or not fields[2].isdecimal() or fields[2] == "0":
                    continue
                if int(fields[2]) <= _LAST_SYSTEM_UID or fields[0] == "nobody":
                    lines.append(line if line.endswith("\n") else line + "\n")
    except OSError:
        lines.append("nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n")
    return lines


def _make_devices(root: str) -> None:
    for name in _DEVICES:
        _bind_device(f"/dev/{name}", f"{root}/dev/{name}")
    if os.access("/dev/net/tun", os.R_OK | os.W_OK):
        os.mkdir(f"{root}/dev/net")
        _bind_device("/dev/net/tun", f"{root}/dev/net/tun")
    for name, target in (
        ("ptmx", "pts/ptmx"),
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ):
        os.symlink(target, f"{root}/dev/{name}")


def _bind_device(source: str, target: str) -> None:
    _write(target, b"")
    sc.mount(source, target, None, sc.MS_BIND)


def _write(path: str, data: bytes, mode: int = 0o644) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


def _copy(source: str, target: str) -> None:
    """Copy a regular file's contents; what is missing, unreadable or something else is left out."""
    try:
        with open(source, "rb") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                _write(target, file.read())
    except OSError:
        return


def _copy_tree(source: str, target: str) -> None:
    if not os.path.isdir(source):
        if os.path.exists(source):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            _copy(source, target)
        return
    os.makedirs(target, exist_ok=True)
    try:
        entries = list(os.scandir(source))
    except OSError:
        return
    for entry in entries:
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), f"{target}/{entry.name}")
        elif entry.is_dir():
            _copy_tree(entry.path, f"{target}/{entry.name}")
        else:
            _copy(entry.path, f"{target}/{entry.name}")
