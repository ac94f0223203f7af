"""What forbids user namespaces here, and the exact command that allows them. Does not know who wants them.

Sources: user_namespaces(7); Debian's and Ubuntu's patches (kernel.unprivileged_userns_clone,
kernel.apparmor_restrict_unprivileged_userns); Documentation/admin-guide/sysctl/user.rst; mount_too_revealing in
fs/namespace.c.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tutor.lab import idmap
from tutor.session import apparmor

SYSCTLS = Path("/proc/sys")
"""Where sysctls lie."""

_PROC = Path("/proc/self")
_ENOUGH = 16
_PLENTY = 15000
TOLD_WITH_OPTIONS = ("podman", "docker")
"""Engines that are told with options what a container may do."""

_HARMLESS = "/proc/sys/fs/binfmt_misc"
"""Mounted over proc on every machine, and in nobody's way: the folder below is always empty."""


@dataclass(frozen=True, slots=True)
class Switch:
    """A sysctl that can forbid user namespaces, or what a lab makes in them."""

    name: str
    """As sysctl(8) writes it."""
    forbids: Callable[[str], bool]
    """Whether a value of it does."""
    remedy: Callable[[], str]
    """The command that lifts the ban."""
    spares_root: bool = False
    """Whether root may do it all the same."""

    def value(self, root: Path = SYSCTLS) -> str:
        """What it is set to; empty where this kernel has no such switch."""
        try:
            return (root / self.name.replace(".", "/")).read_text(encoding="ascii").strip()
        except OSError:
            return ""

    def is_forbidding(self, root: Path = SYSCTLS, user: int | None = None) -> bool:
        """Whether it forbids labs to `user` (default: us)."""
        user = os.geteuid() if user is None else user
        return not (self.spares_root and user == 0) and self.forbids(self.value(root))


def as_root(command: str) -> str:
    """A command as this user has to type it for root to run it."""
    return command if os.geteuid() == 0 else f"sudo {command}"


def _set(setting: str) -> Callable[[], str]:
    def remedy() -> str:
        name, _, _ = setting.partition("=")
        file = f"/etc/sysctl.d/60-{name.rpartition('.')[2].replace('_', '-')}.conf"
        return (
            f"{as_root(f'sysctl -w {setting}')}  # until the next boot; to keep it: "
            f"echo {setting} | {as_root(f'tee {file}')}"
        )

    return remedy


def _profile() -> str:
    """Lift Ubuntu's ban, for tutor alone or for all: a profile that confines nothing may make namespaces."""
    everybody = as_root(f"sysctl -w {apparmor.RESTRICTION}=0")
    return (
        f"{apparmor.command('--install-profile')}  # for tutor alone, and for good; or for every program, until the "
        f"next boot: {everybody}"
    )


def _is_without_profile(value: str) -> bool:
    return value not in ("", "0") and apparmor.guard().label != apparmor.NAME


def _is_few(value: str) -> bool:
    return value.isdigit() and int(value) < _ENOUGH


SWITCHES = (
    *(
        Switch(f"user.max_{kind}_namespaces", _is_few, _set(f"user.max_{kind}_namespaces={_PLENTY}"))
        for kind in ("user", "net", "mnt", "pid", "uts", "ipc", "cgroup", "time")
    ),
    Switch(
        "kernel.unprivileged_userns_clone",
        lambda value: value == "0",
        _set("kernel.unprivileged_userns_clone=1"),
        spares_root=True,
    ),
    Switch(
        apparmor.RESTRICTION,
        _is_without_profile,
        _profile,
        spares_root=True,
    ),
)
"""All that we know of."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a container puts around us."""

    engine: str = ""
    """`podman`, `docker`, `lxc` or another; empty where nothing says that this is a container."""
    masked: tuple[str, ...] = ()
    """What is mounted over parts of /proc. No proc can then be mounted in a new namespace."""
    filtered: bool = False
    """Whether a seccomp filter is on."""
    profile: str = ""
    """The AppArmor profile that confines us; empty without one."""

    @property
    def remedy(self) -> str:
        """How to run the container so that labs can be made in it; empty where there is none."""
        if self.engine == "lxc":
            return "on the container's host: lxc config set CONTAINER security.nesting=true"
        if self.engine not in TOLD_WITH_OPTIONS:
            return ""
        options = []
        if self.masked:
            options.append("unmask=ALL" if self.engine == "podman" else "systempaths=unconfined")
        if self.filtered:
            options.append("seccomp=unconfined")
        if self.profile:
            options.append("apparmor=unconfined")
        given = "".join(f" --security-opt {option}" for option in options)
        return f"start the container with: {self.engine} run{given}" if given else ""


def confinement(proc: Path = _PROC, root: Path = Path("/")) -> Confinement:
    """What a container puts around us, if anything does.

    Args:
        proc: our folder in /proc.
        root: the root of the file system.
    """
    engine = next(iter(lines_of(root / "run/systemd/container")), "")
    if (root / "run/.containerenv").exists():
        engine = "podman"
    elif (root / ".dockerenv").exists():
        engine = "docker"
    mounted = (line.split()[4] for line in lines_of(proc / "mountinfo"))
    masked = tuple(dict.fromkeys(path for path in mounted if path.startswith("/proc/") and path != _HARMLESS))
    filtered = any(line.split() == ["Seccomp:", "2"] for line in lines_of(proc / "status"))
    label = next(iter(lines_of(proc / "attr/current")), "").strip("\0 ")
    confines = label != "unconfined" and not label.endswith("(unconfined)")  # a profile may confine nothing
    return Confinement(engine, masked, filtered, label.partition(" ")[0] if confines else "")


def namespaces_remedy() -> str:
    """What lets this user make user namespaces; empty if nothing here is known to forbid them."""
    if not (_PROC / "ns/user").exists():
        return "boot a kernel that has user namespaces: this one was built without them (CONFIG_USER_NS)"
    if is_chroot():
        return (
            "leave the chroot: the kernel lets nobody in one make user namespaces (user_namespaces(7)); "
            "systemd-nspawn and podman run --rootfs take the same folder"
        )
    forbidding = [switch.remedy() for switch in SWITCHES if switch.is_forbidding()]
    if forbidding:
        return forbidding[0]
    if not has_ids_to_lend(idmap.choose().uid_lines, lines_of(_PROC / "uid_map")):
        return "run tutor as an ordinary user: here root has no ids to lend but the machine's own uid 0"
    found = confinement()
    if found.filtered and not found.engine:
        return "run tutor in a terminal of its own: the program that this one belongs to forbids it (seccomp)"
    return found.remedy


def is_chroot(proc: Path = _PROC.parent, root: Path = Path("/")) -> bool:
    """Whether we are in a chroot; one that is a mount of its own only root can tell from a root.

    Args:
        proc: where processes are told of.
        root: the root of the file system.
    """
    points = [line.split()[4] for line in lines_of(proc / "self/mountinfo")]
    if points and "/" not in points:
        return True
    try:
        in_one_tree = (proc / "1/ns/mnt").readlink() == (proc / "self/ns/mnt").readlink()
        return in_one_tree and not (proc / "1/root").samefile(root)
    except OSError:
        return False


def has_ids_to_lend(lent: Iterable[tuple[int, int, int]], own: Iterable[str]) -> bool:
    """Whether all ids that a lab is to get are ids of ours.

    Args:
        lent: lines of the lab's map: first id inside, first id outside, count.
        own: lines of our own map, /proc/self/uid_map.
    """
    ours = [(int(first), int(first) + int(count)) for first, _, count in (line.split() for line in own)]
    return all(any(low <= first and first + count <= high for low, high in ours) for _, first, count in lent)


def lines_of(path: Path) -> Sequence[str]:
    """The lines of a file; none where it can't be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
