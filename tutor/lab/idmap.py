"""Which uids and gids of the host a lab uses, and how its user namespace learns of them.

Three ways, one outcome (uid 0 inside): root lends a spare range and never the machine's uid 0; an ordinary user has
`newuidmap` write its range from /etc/subuid; without that there is a single uid. Root of a container that is itself in
a user namespace has the ids that this one maps, and is an ordinary user to the machine. Does not know what a lab is.

Sources: user_namespaces(7), newuidmap(1), subuid(5).
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tutor.errors import SandboxForbidden

RANGE = 65536
"""How many ids a lab has where it may have a range."""

_ROOT_LENDS_FROM = 1_000_000
_FEWEST = 1000
"""A lab with a range has at least the ids of system accounts, which programs like tcpdump become: login.defs(5)."""

_PROC = Path("/proc")


class MapKind(Enum):
    """How the ids of a lab are mapped."""

    ROOT = "root"
    """By root: a spare range, without host uid 0."""
    SUBUID = "subuid"
    """By newuidmap: the user's own id as 0, its subordinate range as the others."""
    SINGLE = "single"
    """The user's own id as 0, and no other."""


@dataclass(frozen=True, slots=True)
class IdMap:
    """The ids that a user's labs get."""

    kind: MapKind
    """Which of the three ways."""
    uid_lines: tuple[tuple[int, int, int], ...]
    """Lines of /proc/PID/uid_map: first id inside, first id outside, count."""
    gid_lines: tuple[tuple[int, int, int], ...]
    """The same for gids."""

    def write(self, pid: int) -> None:
        """Give the ids to the user namespace that process `pid` has just made.

        Raises:
            SandboxForbidden: the kernel or newuidmap refused.
        """
        try:
            if self.kind is MapKind.SUBUID:
                _run_mapper("newuidmap", pid, self.uid_lines)
                _run_mapper("newgidmap", pid, self.gid_lines)
                return
            if self.kind is MapKind.SINGLE:
                Path(f"/proc/{pid}/setgroups").write_text("deny")
            Path(f"/proc/{pid}/uid_map").write_text(_text(self.uid_lines))
            Path(f"/proc/{pid}/gid_map").write_text(_text(self.gid_lines))
        except OSError as error:
            raise SandboxForbidden(
                f"the kernel does not let us map ids into a user namespace ({error.strerror})",
                hint="run `tutor doctor`: it says what forbids it here and how to allow it",
            ) from error


def choose(*, single: bool = False) -> IdMap:
    """The best map that this user can have; `single` asks for the one that needs nothing."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        return choose_for_root(_PROC, single=single, is_the_machines=_owns_the_machine())
    if not single and shutil.which("newuidmap") and shutil.which("newgidmap"):
        name = _user_name(uid)
        uids, gids = find_range(Path("/etc/subuid"), uid, name), find_range(Path("/etc/subgid"), uid, name)
        if uids and gids:
            return IdMap(MapKind.SUBUID, ((0, uid, 1), (1, *uids)), ((0, gid, 1), (1, *gids)))
    return IdMap(MapKind.SINGLE, ((0, uid, 1),), ((0, gid, 1),))


def choose_for_root(proc: Path, *, single: bool, is_the_machines: bool) -> IdMap:
    """The best map that root can have in the user namespace that it is in.

    Args:
        proc: where our own maps lie, in `self`.
        single: ask for the one that needs nothing; it would be uid 0 of the machine itself if that is who we are, so
            that one goes without it.
        is_the_machines: whether our uid 0 is the machine's, and not an ordinary user's seen from within a container.
    """
    uids, gids = find_spare(proc / "self/uid_map"), find_spare(proc / "self/gid_map")
    if uids and gids and (is_the_machines or not single):
        return IdMap(MapKind.ROOT, ((0, *uids),), ((0, *gids),))
    if not is_the_machines:
        return IdMap(MapKind.SINGLE, ((0, 0, 1),), ((0, os.getegid(), 1),))
    lent = ((0, _ROOT_LENDS_FROM, RANGE),)  # the kernel refuses these, and `tutor doctor` says why
    return IdMap(MapKind.ROOT, lent, lent)


def find_spare(map_file: Path) -> tuple[int, int] | None:
    """Ids of a user namespace that its root can lend, as (first, count); None where there are too few.

    From a million up where they are mapped, for nobody has those; else the highest that are, and never id 0. All from
    one line of the map: the kernel takes no line that spans two of the parent's.
    """
    spare = (0, 0)
    for line in map_file.read_text().splitlines():
        first, _, count = (int(number) for number in line.split())
        end, first = first + count, max(first, 1)
        if first <= _ROOT_LENDS_FROM and end >= _ROOT_LENDS_FROM + RANGE:
            return _ROOT_LENDS_FROM, RANGE
        many = min(end - first, RANGE)
        spare = max(spare, (many, end - many))
    many, first = spare
    return (first, many) if many >= _FEWEST else None


def nested(map_file: Path) -> str:
    """The text of a map that passes all ids of this namespace on to a child namespace, unchanged.

    One line for each of ours: the kernel takes no line that spans two of the parent's.
    """
    lines = (line.split() for line in map_file.read_text().splitlines())
    return "".join(f"{inside} {inside} {count}\n" for inside, _, count in lines)


def find_range(file: Path, uid: int, name: str) -> tuple[int, int] | None:
    """The first subordinate range of a user in /etc/subuid or /etc/subgid, as (first, count); None without one."""
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        owner, _, numbers = line.partition(":")
        first, _, count = numbers.partition(":")
        if owner in (name, str(uid)) and first.isdecimal() and count.isdecimal() and int(count) > 0:
            return int(first), min(int(count), RANGE - 1)
    return None


def _owns_the_machine() -> bool:
    """Whether our uid 0 is the kernel's own: the one that the switches of the whole machine belong to."""
    return (_PROC / "sys/kernel").stat().st_uid == 0


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _text(lines: tuple[tuple[int, int, int], ...]) -> str:
    return "".join(f"{inside} {outside} {count}\n" for inside, outside, count in lines)


def _run_mapper(program: str, pid: int, lines: tuple[tuple[int, int, int], ...]) -> None:
    numbers = [str(number) for line in lines for number in line]
    done = subprocess.run([program, str(pid), *numbers], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SandboxForbidden(
            f"{program} refused: {done.stderr.strip()}",
            hint="check this user's lines in /etc/subuid and /etc/subgid, or delete them to use a single uid",
        )
