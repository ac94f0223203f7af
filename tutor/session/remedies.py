"""What forbids user namespaces here, and the exact command that allows them. Does not know who wants them.

Sources: user_namespaces(7); Debian's and Ubuntu's patches (kernel.unprivileged_userns_clone,
kernel.apparmor_restrict_unprivileged_userns); Documentation/admin-guide/sysctl/user.rst; mount_too_revealing in
fs/namespace.c.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tutor.lab import idmap

SYSCTLS = Path("/proc/sys")
"""Where sysctls lie."""

_PROC = Path("/proc/self")
_ENOUGH = 16
_PLENTY = 15000
_TOLD_WITH_OPTIONS = ("podman", "docker")
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


def _set(setting: str) -> Callable[[], str]:
    def remedy() -> str:
        name, _, _ = setting.partition("=")
        return (
            f"sudo sysctl -w {setting}  # until the next boot; to keep it: "
            f"echo {setting} | sudo tee /etc/sysctl.d/60-{name.rpartition('.')[2].replace('_', '-')}.conf"
        )

    return remedy


def _profile() -> str:
    """Lift Ubuntu's ban, for all or for this Python alone: a profile that confines nothing may make namespaces."""
    python = os.path.realpath(sys.executable)
    text = f"abi <abi/4.0>,\\nprofile tutor {python} flags=(unconfined) {{\\n  userns,\\n}}\\n"
    return (
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0  # for everybody, until the next boot; or for "
        f"this Python alone, and for good: printf {shlex.quote(text)} | sudo tee /etc/apparmor.d/tutor && "
        "sudo apparmor_parser -r /etc/apparmor.d/tutor"
    )


def _is_few(value: str) -> bool:
    return value.isdigit() and int(value) < _ENOUGH


SWITCHES = (
    *(
        Switch(f"user.max_{kind}_namespaces", _is_few, _set(f"user.max_{kind}_namespaces={_PLENTY}"))
        for kind in ("user", "net", "mnt", "pid", "uts", "ipc", "cgroup")
    ),
    Switch(
        "kernel.unprivileged_userns_clone",
        lambda value: value == "0",
        _set("kernel.unprivileged_userns_clone=1"),
        spares_root=True,
    ),
    Switch(
        "kernel.apparmor_restrict_unprivileged_userns",
        lambda value: value not in ("", "0"),
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
        if self.engine not in _TOLD_WITH_OPTIONS:
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
    engine = next(iter(_lines(root / "run/systemd/container")), "")
    if (root / "run/.containerenv").exists():
        engine = "podman"
    elif (root / ".dockerenv").exists():
        engine = "docker"
    mounted = (line.split()[4] for line in _lines(proc / "mountinfo"))
    masked = tuple(dict.fromkeys(path for path in mounted if path.startswith("/proc/") and path != _HARMLESS))
    filtered = any(line.split() == ["Seccomp:", "2"] for line in _lines(proc / "status"))
    profile = next(iter(_lines(proc / "attr/current")), "").strip("\0 ")
    return Confinement(engine, masked, filtered, "" if profile == "unconfined" else profile.partition(" ")[0])


def namespaces_remedy() -> str:
    """What lets this user make user namespaces; empty if nothing here is known to forbid them."""
    forbidding = [switch.remedy() for switch in SWITCHES if switch.is_forbidding()]
    if forbidding:
        return forbidding[0]
    if not has_ids_to_lend(idmap.choose().uid_lines, _lines(_PROC / "uid_map")):
        return "run tutor as an ordinary user: here root has no spare ids to lend (a rootless container is like that)"
    return confinement().remedy


def has_ids_to_lend(lent: Iterable[tuple[int, int, int]], own: Iterable[str]) -> bool:
    """Whether all ids that a lab is to get are ids of ours.

    Args:
        lent: lines of the lab's map: first id inside, first id outside, count.
        own: lines of our own map, /proc/self/uid_map.
    """
    ours = [(int(first), int(first) + int(count)) for first, _, count in (line.split() for line in own)]
    return all(any(low <= first and first + count <= high for low, high in ours) for _, first, count in lent)


def _lines(path: Path) -> Iterable[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
