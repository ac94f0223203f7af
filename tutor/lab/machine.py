"""A machine: a user namespace of its own inside the lab's, and with it every other kind of namespace.

Runs in the agent. Does not know what is plugged into the machine.
"""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import termios
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from tutor.errors import LabGone
from tutor.lab import rootfs
from tutor.lab import syscalls as sc
from tutor.lab.idmap import nested
from tutor.lab.process import FAILED, close_descriptors, default_signals, detach, fork_and_stand_in, fork_to

PROCESS_LIMIT = 512
"""How many processes the machines of a lab can hold together: a fork bomb ends here."""

_HAS_TIME = os.path.exists("/proc/self/ns/time")
"""Whether this kernel was built with time namespaces.

The clocks of a machine's are the host's. It is there because `nsenter --all` enters it like the others, and may only
enter what belongs to the machine.
"""
_NAMESPACES = ("user", "cgroup", "ipc", "uts", *(("time",) if _HAS_TIME else ()), "net", "mnt")
"""In the order in which they must be entered: the user namespace gives the right to the others."""


@dataclass(slots=True)
class Machine:
    """A running machine, as the agent holds it."""

    name: str
    """Its host name."""
    init: int
    """Its pid 1, as the agent counts."""
    namespaces: dict[str, int] = field(default_factory=dict)
    """A descriptor of each of its first namespaces, by kind."""
    root: int = -1
    """A descriptor of its root directory."""
    terminals: int = -1
    """A descriptor of its /dev/pts: terminals can be opened even after `rm -rf /`."""

    @property
    def netns(self) -> int:
        """Descriptor of its first network namespace."""
        return self.namespaces["net"]

    def enter(self) -> None:
        """Move this process, which must be a fresh child of the agent, into the machine.

        The pid namespace is not among them: the agent set it before it forked (setns(2): only children get it).
        """
        # From its first namespace on a learner may trace it, while it still has the agent's root and descriptors.
        sc.make_undumpable()
        limit_processes()
        for kind in _NAMESPACES:
            sc.setns(self.namespaces[kind])

    def close(self) -> None:
        """Let go of its namespaces."""
        for descriptor in (*self.namespaces.values(), self.root, self.terminals):
            if descriptor >= 0:
                os.close(descriptor)
        self.namespaces.clear()
        self.root = self.terminals = -1

    def write_file(self, path: str, content: str | bytes, mode: int = 0o644) -> None:
        """Write a file in the machine; a symbolic link in `path` leads nowhere outside of it."""
        # Not to wait for a reader, should a FIFO lie there: O_NONBLOCK.
        descriptor = sc.open_in_root(self.root, path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            os.fchmod(file.fileno(), mode)  # whatever the umask is

    def spawn(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        stdio: Sequence[int],
        *,
        terminal: bool = False,
        netns: int = -1,
        enter: Callable[[], None] | None = None,
    ) -> int:
        """Start a program in the machine; returns its pid, as the agent counts.

        A program that can't be executed says so on its standard error and ends with 127.

        Args:
            argv: the program and its arguments.
            environment: all of its environment.
            stdio: descriptors for its standard input, output and error.
            terminal: whether `stdio` is a terminal that it is to control.
            netns: another network namespace of the machine to be in.
            enter: moves the process further in, into a pod, say; it then forks once more, so that it is in its pids.

        Raises:
            LabGone: the machine's init is dead, so nothing can be started in it any more.
        """

        def become() -> None:
            self.enter()
            if netns >= 0:
                sc.setns(netns, sc.CLONE_NEWNET)
            if enter is not None:
                enter()
                fork_and_stand_in()
            os.setsid()
            for target, source in enumerate(stdio):
                os.dup2(source, target)
            if terminal:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            close_descriptors()
            default_signals()
            os.chdir("/root" if os.path.isdir("/root") else "/")
            os.umask(0o022)
            try:
                os.execvpe(argv[0], list(argv), dict(environment))
            except OSError as error:
                os.write(2, f"tutor: {argv[0]}: {error.strerror}\n".encode())
                os._exit(127)

        own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        try:
            sc.setns(self.namespaces["pid"], sc.CLONE_NEWPID)
            try:
                return fork_to(become, stdio[2])
            except OSError as error:
                raise LabGone(f"the machine {self.name} is down ({error.strerror})", hint="reset the lab") from error
            finally:
                sc.setns(own, sc.CLONE_NEWPID)
        finally:
            os.close(own)


def limit_processes() -> None:
    """Bound the number of processes of this user namespace.

    Since Linux 5.14 the limit that a process has when it makes a user namespace holds for all in it
    (user_namespaces(7)).
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    limit = PROCESS_LIMIT if hard == resource.RLIM_INFINITY else min(PROCESS_LIMIT, hard)
    resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))


def start(name: str, hosts: Mapping[str, str]) -> Machine:
    """Start a machine: its root, its namespaces, its init.

    Args:
        name: its host name.
        hosts: names and addresses for its /etc/hosts.

    Raises:
        OSError: the kernel refused one of the steps; the text says which.
    """
    ours, theirs = os.pipe(), os.pipe()
    maker = fork_to(lambda: _make(name, hosts, say=ours[1], hear=theirs[0]), ours[1])
    os.close(ours[1])
    os.close(theirs[0])
    with os.fdopen(ours[0], "r") as said:
        try:
            _hear(said, "user")
            for kind in ("uid", "gid"):
                Path(f"/proc/{maker}/{kind}_map").write_text(nested(Path(f"/proc/self/{kind}_map")))
            os.write(theirs[1], b"mapped")
            init = int(_hear(said, "init"))
            _hear(said, "ready")
        finally:
            os.close(theirs[1])
            os.waitpid(maker, 0)
    machine = Machine(name, init)
    for kind in (*_NAMESPACES, "pid"):
        machine.namespaces[kind] = os.open(f"/proc/{init}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)
    machine.root = os.open(f"/proc/{init}/root", os.O_PATH | os.O_CLOEXEC)
    machine.terminals = os.open(f"/proc/{init}/root/dev/pts", os.O_PATH | os.O_CLOEXEC)
    return machine


def _hear(said: TextIO, word: str) -> str:
    """What the maker says after `word`, in a line of its own."""
    for line in said:
        kind, _, rest = line.rstrip("\n").partition(" ")
        if kind == word:
            return rest
        if kind == FAILED:
            raise OSError(rest)
    raise OSError("the machine's maker ended without a word")


def _make(name: str, hosts: Mapping[str, str], *, say: int, hear: int) -> None:
    """In the maker: build the root, make the namespaces, fork the init; ends the process."""
    root = f"/run/machine-{name}"
    sc.unshare(sc.CLONE_NEWNS)
    sc.mount(None, "/", None, sc.MS_REC | sc.MS_PRIVATE)
    rootfs.build(root, name, hosts)
    show_sysfs = _prepare_sysfs(root, say) if rootfs.has_to_be_read_only() else None
    limit_processes()
    sc.unshare(sc.CLONE_NEWUSER)
    os.write(say, b"user\n")
    os.read(hear, 16)
    os.setgid(0)
    os.setuid(0)
    sc.make_dumpable()
    sc.unshare(sc.CLONE_NEWNET)
    if show_sysfs is not None:
        show_sysfs()
    sc.unshare(sc.CLONE_NEWNS | sc.CLONE_NEWPID | sc.CLONE_NEWUTS | sc.CLONE_NEWIPC | sc.CLONE_NEWCGROUP)
    if _HAS_TIME:
        sc.unshare(sc.CLONE_NEWTIME)
    # The init speaks only after the maker has told its pid.
    told, tell = os.pipe()
    init = fork_to(lambda: _become_init(name, root, say=say, told=told), say)
    os.write(say, f"init {init}\n".encode())
    os.write(tell, b".")
    os._exit(0)


def _prepare_sysfs(root: str, say: int) -> Callable[[], None]:
    """Leave a process behind in the outer user namespace; what is returned makes it mount sysfs for our network."""
    told, tell = os.pipe()
    maker = os.getpid()

    def mount() -> None:
        os.close(tell)
        if not os.read(told, 1):
            return
        netns = os.open(f"/proc/{maker}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        sc.setns(netns, sc.CLONE_NEWNET)
        rootfs.mount_sysfs(f"{root}/sys")

    mounter = fork_to(mount, say)
    os.close(told)

    def show() -> None:
        os.write(tell, b".")
        os.close(tell)
        os.waitpid(mounter, 0)

    return show


def _become_init(name: str, root: str, *, say: int, told: int) -> None:
    """Finish the machine from inside, then become a program that waits.

    With SIGCHLD ignored the kernel reaps the machine's orphans for it.
    """
    sc.sethostname(name)
    sc.mount(root, root, None, sc.MS_BIND | sc.MS_REC)
    rootfs.mount_kernel_views(root)
    sc.pivot_root(root)
    os.read(told, 1)
    os.write(say, b"ready\n")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    detach()
    close_descriptors()
    os.execve(f"{rootfs.HIDDEN}/init", ["/sbin/init"], {})
