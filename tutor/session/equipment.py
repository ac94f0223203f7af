"""How this machine comes to what labs can do with: modules of the kernel, TAP links, subordinate ids.

Does not know who lacks them. What forbids labs altogether is the business of `remedies`.

Sources: modprobe(8), modules-load.d(5), usermod(8), subuid(5); Documentation/networking/tuntap.rst; the packages
linux-modules-extra of Ubuntu and kernel-modules-extra of Fedora.
"""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from tutor.lab import idmap, programs
from tutor.lab.idmap import MapKind
from tutor.session.remedies import TOLD_WITH_OPTIONS, as_root, confinement, lines_of

_SUBORDINATES = 65536
_FIRST_SUBORDINATE = 100000
"""The first id that distributions give away as a subordinate one: SUB_UID_MIN in login.defs(5)."""


def ids_remedy(subuid: Path = Path("/etc/subuid"), subgid: Path = Path("/etc/subgid")) -> str:
    """What gives this user a range of subordinate ids: the programs that map it, their rights, or a range."""
    if os.geteuid() == 0:  # of a container that itself has few ids, or may not lend them
        return "run tutor as an ordinary user with a range in /etc/subuid, or give this container more ids"
    missing = programs.missing_programs(["newuidmap", "newgidmap"])
    if missing:
        return programs.remedy(missing)
    if powerless := powerless_mappers():
        return as_root(f"chmod u+s {' '.join(powerless)}")
    if idmap.choose().kind is MapKind.SUBUID:  # and a lab was made without it
        return "see why newuidmap refuses: unshare --user --map-auto --map-root-user true"
    first = free_range([*lines_of(subuid), *lines_of(subgid)])
    last = first + _SUBORDINATES - 1
    return as_root(f"usermod --add-subuids {first}-{last} --add-subgids {first}-{last} {_own_name()}")


def powerless_mappers() -> list[str]:
    """Where newuidmap and newgidmap lie, as far as they have not the rights that they take to map ids."""
    found = (shutil.which(name) for name in ("newuidmap", "newgidmap"))
    return [path for path in found if path and not _may_map(path)]


def _may_map(path: str) -> bool:
    """Whether a program runs with more rights than its caller: set-uid, or with capabilities of its own."""
    try:
        return bool(Path(path).stat().st_mode & stat.S_ISUID) or "security.capability" in os.listxattr(path)
    except OSError:
        return True  # nothing is known that would have to be changed


def _own_name() -> str:
    """This user's, for a command; a shell does not always know it ($USER)."""
    try:
        return shlex.quote(pwd.getpwuid(os.geteuid()).pw_name)
    except KeyError:
        return "$(id -un)"


def free_range(lines: Iterable[str]) -> int:
    """The first id of a range that none of these lines of /etc/subuid or /etc/subgid gives away."""
    numbers = [found for line in lines if (found := re.fullmatch(r"[^:]+:(\d+):(\d+)\s*", line))]
    return max([_FIRST_SUBORDINATE, *(int(taken[1]) + int(taken[2]) for taken in numbers)])


def load_modules(modules: Sequence[str], folder: Path | None = None, contained: bool | None = None) -> str:
    """What makes the kernel know something that lies in modules of it.

    Args:
        modules: their names.
        folder: where the modules of the running kernel lie.
        contained: whether this is a container, which can load none itself.
    """
    if confinement().engine if contained is None else contained:
        return f"on the container's host: sudo modprobe -a {' '.join(modules)}"
    release = os.uname().release
    folder = Path("/lib/modules") / release if folder is None else folder
    loading = as_root(f"modprobe -a {' '.join(modules)}")
    keeping = f"printf '%s\\n' {' '.join(modules)} | {as_root('tee /etc/modules-load.d/kubenet-tutor.conf')}"
    load = f"{loading}  # until the next boot; to keep it: {keeping}"
    if not folder.is_dir():
        return f"{loading}  # should it not find them: {folder} is not there, so boot the kernel that is installed"
    has = {Path(line.partition(":")[0]).name.partition(".ko")[0].replace("-", "_") for line in _indexed(folder)}
    if set(modules) <= has:
        return load
    package = _extra_modules(release)
    return f"{as_root(package)} && {loading}" if package else load


def _indexed(folder: Path) -> Iterable[str]:
    """Lines that start with the path of a module, of those that can be loaded and those that are built in."""
    return [*lines_of(folder / "modules.dep"), *lines_of(folder / "modules.builtin")]


def _extra_modules(release: str) -> str:
    """The command that installs the modules which a distribution packs apart from its kernel; empty without any."""
    said = "\n".join(lines_of(programs.OS_RELEASE))
    if re.search(r"^ID(_LIKE)?=.*\bubuntu\b", said, re.MULTILINE):
        return f"apt-get install linux-modules-extra-{release}"
    if re.search(r"^ID(_LIKE)?=.*\b(fedora|rhel)\b", said, re.MULTILINE):
        return f"dnf install kernel-modules-extra-{release}"
    return ""


def tun_remedy(device: Path = Path("/dev/net/tun"), known: Path = Path("/sys/class/misc/tun")) -> str:
    """What lets this user make TAP links.

    Args:
        device: what is opened for one.
        known: what is there when the kernel knows how to.
    """
    engine = confinement().engine
    if engine in TOLD_WITH_OPTIONS and not device.exists():
        return f"start the container with: {engine} run --device /dev/net/tun"
    commands = [] if known.exists() else ["modprobe tun"]
    if device.exists():
        commands.append(f"chmod 0666 {device}")
    elif known.exists():
        commands += [f"mkdir -p {device.parent}", f"mknod -m 0666 {device} c 10 200"]
    else:  # where there is udev, it makes the device as soon as the kernel knows it
        commands.append(f"chmod 0666 {device}")
    return " && ".join(map(as_root, commands))
