"""Work inside a network namespace, from the agent: make one, visit one, run a program or set a sysctl there.

The agent is single-threaded, so it may go into a namespace and come back. Does not know what the namespaces are for.
"""

from __future__ import annotations

import glob
import os
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from tutor.errors import LabError, MissingTool
from tutor.lab import memory
from tutor.lab import syscalls as sc
from tutor.lab.process import default_signals

HOST_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where the programs that build a lab are looked for."""

_RTM_NEWNSID, _NETNSA_NSID, _NETNSA_FD = 88, 1, 3
_NLM_F_REQUEST, _NLM_F_ACK = 1, 4

_ENVIRONMENT = {"PATH": HOST_PATH, "LANG": "C.UTF-8", "HOME": "/"}


def make() -> int:
    """A new network namespace without any process, as a descriptor; this process stays where it is."""
    back = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        sc.unshare(sc.CLONE_NEWNET)
        made = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        sc.setns(back, sc.CLONE_NEWNET)
        return made
    finally:
        os.close(back)


@contextmanager
def inside(netns: int) -> Iterator[None]:
    """Be in the network namespace `netns` for a while."""
    back = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        sc.setns(netns, sc.CLONE_NEWNET)
        try:
            yield
        finally:
            sc.setns(back, sc.CLONE_NEWNET)
    finally:
        os.close(back)


def set_sysctls(netns: int, values: Mapping[str, str]) -> None:
    """Set sysctls of a network namespace.

    Args:
        netns: descriptor.
        values: by name with slashes (`net/ipv4/ip_forward`); a `*` stands for every entry there, and what this kernel
        does not
            have (bridge netfilter, say) is left out.
    """
    with inside(netns):
        for name, value in values.items():
            for path in glob.glob(f"/proc/sys/{name}"):
                with open(path, "w") as file:
                    file.write(value)


def read_sysctls(netns: int, names: Sequence[str]) -> dict[str, str]:
    """Values of sysctls of a network namespace, by name with slashes; what does not exist is left out."""
    values = {}
    with inside(netns):
        for name in names:
            try:
                with open(f"/proc/sys/{name}") as file:
                    values[name] = file.read().strip()
            except OSError:
                continue
    return values


def set_nsid(netns: int, other: int, number: int) -> None:
    """Have the namespace `netns` call the namespace `other` by a number (`link-netnsid`; RTM_NEWNSID).

    Raises:
        LabError: the number is taken, or `other` has one already.
    """
    body = struct.pack("=B3xHHiHHi", 0, 8, _NETNSA_NSID, number, 8, _NETNSA_FD, other)
    with inside(netns), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as asking:
        asking.send(struct.pack("=IHHII", 16 + len(body), _RTM_NEWNSID, _NLM_F_REQUEST | _NLM_F_ACK, 1, 0) + body)
        (error,) = struct.unpack_from("=i", asking.recv(4096), 16)
    if error:
        raise LabError(f"a namespace could not be given the number {number}: {os.strerror(-error)}")


def spawn(netns: int, argv: Sequence[str], stdin: str = "") -> Running:
    """Start a program of the host in a network namespace, in the file system that the agent sees."""
    given, output = memory.to_read(stdin), memory.to_gather()
    with inside(netns):
        pid = os.fork()
        if pid == 0:
            try:
                for source, target in ((given, 0), (output, 1), (output, 2)):
                    os.dup2(source, target)
                default_signals()
                os.execvpe(argv[0], list(argv), _ENVIRONMENT)
            finally:
                os._exit(127)
    os.close(given)
    return Running(pid, argv, output)


class Running:
    """A program that `spawn` has started."""

    def __init__(self, pid: int, argv: Sequence[str], output: int) -> None:
        self._pid, self._argv, self._output = pid, argv, output

    def finish(self) -> str:
        """Wait for the end of the program; returns what it printed.

        Raises:
            MissingTool: there is no such program.
            LabError: it failed.
        """
        _, status = os.waitpid(self._pid, 0)
        text = memory.gathered(self._output)
        os.close(self._output)
        code = os.waitstatus_to_exitcode(status)
        if code == 127:
            raise MissingTool(f"{self._argv[0]} is not installed", hint="run `tutor doctor`")
        if code:
            raise LabError(f"{' '.join(self._argv)} failed while the lab was built: {' '.join(text.split())[:300]}")
        return text
