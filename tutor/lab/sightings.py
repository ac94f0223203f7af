"""Finds the network namespaces of a lab's machines: named, bind-mounted by hand, or held by a process.

Runs in the agent. Holds no descriptor of what it finds: that would keep alive what a learner has deleted. Does not
know what is inside of a namespace.

Source: proc_pid_mountinfo(5), namespaces(7), ip-netns(8).
"""

from __future__ import annotations

import os
import re
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from tutor.lab import netns
from tutor.lab import syscalls as sc
from tutor.lab.folders import Folder, inode_at, look_into
from tutor.lab.machine import Machine

_NSFS = re.compile(r"^\d+ \d+ \S+ net:\[(\d+)\] (\S+) .* - nsfs ")
_OCTAL = re.compile(r"\\([0-7]{3})")
_RTM_GETNSID = 90
_NETNSA_NSID, _NETNSA_FD = 1, 3
_PIDS_KEPT = 16


@dataclass(slots=True)
class Sighting:
    """One namespace, and the ways to it."""

    machine: str
    """Whose it is."""
    inode: int
    """Its identity."""
    names: list[str] = field(default_factory=list)
    """As `ip netns` lists it; `root` for the machine's first one."""
    paths: list[str] = field(default_factory=list)
    """Other files that it is mounted on."""
    pids: list[int] = field(default_factory=list)
    """Processes in it, as the agent counts."""
    shown_pids: list[int] = field(default_factory=list)
    """The same, as the machine counts."""
    folders: list[Folder] = field(default_factory=list)
    """With a machine's first one: the folders that hold namespaces of the machine as files."""


def scan(machines: Iterable[Machine]) -> list[Sighting]:
    """All namespaces of all machines, each machine's own first."""
    machines = list(machines)
    found: list[Sighting] = []
    by_pid_namespace: dict[int, str] = {}
    for machine in machines:
        own = os.fstat(machine.netns).st_ino
        sightings = {own: Sighting(machine.name, own, ["root"])}
        by_pid_namespace[os.fstat(machine.namespaces["pid"]).st_ino] = machine.name
        for inode, path in _mounted(machine):
            sighting = sightings.setdefault(inode, Sighting(machine.name, inode))
            if inode != own:
                sighting.paths.append(path)
        for inode, name in _named(machine):
            if inode in sightings and inode != own:
                sightings[inode].names.append(name)
        paths = [path for sighting in sightings.values() for path in sighting.paths]
        sightings[own].folders = look_into(machine.root, paths, sightings.keys())
        found.extend(sightings.values())
    _add_processes(found, by_pid_namespace)
    by_name = {machine.name: machine for machine in machines}
    return [each for each in found if each.names or each.pids or _is_within_reach(by_name[each.machine], each)]


def open_namespace(machines: dict[str, Machine], sighting: Sighting) -> int:
    """A descriptor of a namespace that was sighted.

    Raises:
        FileNotFoundError: it is gone.
    """
    machine = machines[sighting.machine]
    if sighting.names == ["root"] and os.fstat(machine.netns).st_ino == sighting.inode:
        return os.dup(machine.netns)
    descriptor = _open_path(machine, sighting)
    if descriptor is not None:
        return descriptor
    for pid in sighting.pids:
        try:
            descriptor = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue
        if os.fstat(descriptor).st_ino == sighting.inode:
            return descriptor
        os.close(descriptor)
    raise FileNotFoundError(f"net:[{sighting.inode}] is gone")


def _open_path(machine: Machine, sighting: Sighting) -> int | None:
    """A descriptor of a namespace by a file that it is mounted on; None where none leads to it."""
    for path in sighting.paths:
        try:
            # A FIFO may lie on top of the namespace: O_NONBLOCK, or we would wait for somebody who writes to it.
            descriptor = sc.open_in_root(machine.root, path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            continue
        if os.fstat(descriptor).st_ino == sighting.inode:
            return descriptor
        os.close(descriptor)
    return None


def _is_within_reach(machine: Machine, sighting: Sighting) -> bool:
    """Whether a namespace can be entered by a path: not where another mount covers all of its own."""
    descriptor = _open_path(machine, sighting)
    if descriptor is None:
        return False
    os.close(descriptor)
    return True


def nsids(machines: dict[str, Machine], of: Sighting, others: Iterable[Sighting]) -> dict[int, int]:
    """By the number that the namespace `of` has for it (`link-netnsid`): the inode of each other one (RTM_GETNSID)."""
    numbers: dict[int, int] = {}
    inside = open_namespace(machines, of)
    try:
        with netns.inside(inside):
            asking = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
    finally:
        os.close(inside)
    with asking:
        for other in others:
            try:
                descriptor = open_namespace(machines, other)
            except FileNotFoundError:
                continue
            try:
                number = _ask_nsid(asking, descriptor)
            finally:
                os.close(descriptor)
            if number >= 0:
                numbers[number] = other.inode
    return numbers


def _ask_nsid(asking: socket.socket, descriptor: int) -> int:
    """The number of the namespace behind `descriptor`, -1 if it has none."""
    body = struct.pack("=B3xHHi", 0, 8, _NETNSA_FD, descriptor)
    asking.send(struct.pack("=IHHII", 16 + len(body), _RTM_GETNSID, 1, 1, 0) + body)
    answer = asking.recv(4096)
    at, kind = 20, struct.unpack_from("=H", answer, 4)[0]
    while kind == _RTM_GETNSID - 2 and at + 8 <= len(answer):
        length, attribute = struct.unpack_from("=HH", answer, at)
        if attribute == _NETNSA_NSID:
            return int(struct.unpack_from("=i", answer, at + 4)[0])
        at += max(4, (length + 3) & ~3)
    return -1


def _mounted(machine: Machine) -> list[tuple[int, str]]:
    """Inode and mount point of every network namespace that is mounted in the machine."""
    try:
        with open(f"/proc/{machine.init}/mountinfo", errors="surrogateescape") as file:
            matches = [match for line in file if (match := _NSFS.match(line))]
    except OSError:
        return []
    return [(int(match[1]), _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), match[2])) for match in matches]


def _named(machine: Machine) -> list[tuple[int, str]]:
    """Inode and name of every entry of /run/netns: what `ip netns` lists. The folder may be a symbolic link."""
    try:
        folder = sc.open_in_root(machine.root, "run/netns", os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return []
    named = []
    try:
        for name in sorted(os.listdir(folder)):
            # An entry that is a symbolic link to such a file does for `ip` as well.
            inode = inode_at(machine.root, f"run/netns/{name}")
            if inode is not None:
                named.append((inode, name))
    finally:
        os.close(folder)
    return named


def _add_processes(found: list[Sighting], by_pid_namespace: dict[int, str]) -> None:
    """Add the processes in each namespace, and the namespaces that only a process holds."""
    by_key = {(sighting.machine, sighting.inode): sighting for sighting in found}
    roots = {(sighting.machine, sighting.inode) for sighting in found if sighting.names == ["root"]}
    machine_of: dict[int, str] = {}
    for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
        try:
            inode = os.stat(f"/proc/{pid}/ns/net").st_ino
            with open(f"/proc/{pid}/status", errors="replace") as file:  # a process may name itself as it likes
                status = dict(line.rstrip("\n").split(":\t", 1) for line in file if line.startswith(("PPid", "NSpid")))
            pid_namespace = os.stat(f"/proc/{pid}/ns/pid").st_ino
        except (OSError, ValueError):
            continue
        # A process in a pid namespace of the learner's own making belongs to the machine that its parent belongs to.
        machine = by_pid_namespace.get(pid_namespace) or machine_of.get(int(status.get("PPid", 0)), "")
        if not machine:
            continue
        machine_of[pid] = machine
        if (machine, inode) in roots:
            continue
        sighting = by_key.get((machine, inode))
        if sighting is None:
            sighting = by_key[machine, inode] = Sighting(machine, inode)
            found.append(sighting)
        if len(sighting.pids) < _PIDS_KEPT:
            sighting.pids.append(pid)
            shown = status.get("NSpid", "").split()
            sighting.shown_pids.append(int(shown[1]) if len(shown) > 1 else pid)
