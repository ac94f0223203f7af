"""The sandbox of a pod: a process that only waits, in namespaces of its own, which a container engine makes first.

Runs in the agent. Does not know what cables are plugged in.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from dataclasses import dataclass, field

from tutor.errors import LabError
from tutor.lab import rootfs, wire
from tutor.lab import syscalls as sc
from tutor.lab.machine import Machine
from tutor.lab.process import FAILED, close_descriptors, detach, fork_to
from tutor.lab.topology import PodSpec

PAUSE = "/pause"
"""The program of a sandbox, as the pause image has it."""

NETNS_FOLDER = "/run/docker/netns"
"""Where a container engine keeps its network namespaces (as /var/run/docker/netns, the same place)."""

_KINDS = ("net", "mnt", "uts", "ipc", "pid")
_LONGEST_HOST_NAME = 63


@dataclass(slots=True)
class Sandbox:
    """A pod's sandbox that runs, or has run."""

    pod: PodSpec
    """The pod."""
    machine: Machine
    """Where it runs."""
    pid: int = 0
    """Of its process, as the machine counts."""
    alive: int = -1
    """A descriptor of the process: it can be read once the process has ended (pidfd_open(2))."""
    namespaces: dict[str, int] = field(default_factory=dict)
    """A descriptor of each of its namespaces, by kind."""
    started: float = field(default_factory=time.time)
    """Seconds since the epoch."""
    uid: str = field(default_factory=lambda: _uid(os.urandom(16).hex()))
    """What tells it from all other pods that there ever were."""

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return not select.select([self.alive], [], [], 0)[0]

    def enter(self) -> None:
        """Move this process, which is in its machine already, into the sandbox; only its children are in its pids."""
        for kind in _KINDS:
            sc.setns(self.namespaces[kind])


def start(machine: Machine, pod: PodSpec) -> Sandbox:
    """Start the sandbox of a pod.

    Raises:
        LabError: the kernel refused.
    """
    sandbox = Sandbox(pod, machine)
    ours, theirs = wire.pair()
    told, tell = os.pipe()
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        sc.setns(machine.namespaces["pid"], sc.CLONE_NEWPID)
        try:
            maker = fork_to(lambda: _make(machine, pod, theirs, tell), tell)
        finally:
            sc.setns(own, sc.CLONE_NEWPID)
    finally:
        os.close(own)
        theirs.close()
        os.close(tell)
    with os.fdopen(told) as said, ours:
        os.waitpid(maker, 0)
        heard = wire.receive(ours)
        if heard is None or heard[0].get("pid") is None:
            problem = said.readline().strip().removeprefix(FAILED).strip()
            raise LabError(f"the sandbox of {pod.name} could not be started: {problem or 'it ended at once'}")
        sandbox.pid = int(heard[0]["pid"])
        given = wire.receive(ours)
        if given is None:
            raise LabError(f"the sandbox of {pod.name} could not be started: {said.readline().strip()}")
        sandbox.alive, *namespaces = given[1]
        sandbox.namespaces = dict(zip(_KINDS, namespaces, strict=True))
    return sandbox


def _uid(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _make(machine: Machine, pod: PodSpec, tell: socket.socket, say: int) -> None:
    """In a child that the machine counts among its own: make the namespaces, and fork the one who waits in them."""
    machine.enter()
    sc.unshare(sc.CLONE_NEWNET | sc.CLONE_NEWNS | sc.CLONE_NEWPID | sc.CLONE_NEWUTS | sc.CLONE_NEWIPC)
    # The waiting one speaks only after its pid has been told.
    told, go = os.pipe()
    pid = fork_to(lambda: _wait(pod, tell, told), say)
    wire.send(tell, {"pid": pid})
    os.write(go, b".")


def _wait(pod: PodSpec, tell: socket.socket, told: int) -> None:
    sc.sethostname(pod.name[:_LONGEST_HOST_NAME])
    sc.mount(None, "/", None, sc.MS_REC | sc.MS_PRIVATE)
    rootfs.mount_own_views("")
    os.read(told, 1)
    # Of itself a process may open these before it executes; of one like this nobody else may.
    alive = os.pidfd_open(os.getpid())
    namespaces = [os.open(f"/proc/self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in _KINDS]
    wire.send(tell, {}, [alive, *namespaces])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps what is left behind by who came in
    detach()
    close_descriptors()
    with contextlib.suppress(FileNotFoundError):
        os.execve(PAUSE, [PAUSE], {})
