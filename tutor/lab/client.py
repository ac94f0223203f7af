"""The tutor's hold of a lab: what it may ask the agent, and what the agent tells unasked.

Does not know what is inside a namespace, nor lessons.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tutor.errors import LabError, LabGone, MissingTool
from tutor.lab import wire
from tutor.lab.environment import ENVIRONMENT
from tutor.lab.opened_shell import Shell
from tutor.lab.programs import remedy
from tutor.lab.ring import Ring
from tutor.lab.wire import Message
from tutor.patience import patiently

_ANSWER_SECONDS = 30.0
_ERRORS: Mapping[str, type[LabError]] = {"LabGone": LabGone, "MissingTool": MissingTool}


@dataclass(frozen=True, slots=True)
class Sighted:
    """A network namespace of the lab."""

    machine: str
    """Whose it is."""
    inode: int
    """Its identity."""
    names: tuple[str, ...]
    """As `ip netns` lists it; `root` for the machine's first one."""
    paths: tuple[str, ...]
    """Other files that it is mounted on."""
    pids: tuple[int, ...]
    """Processes in it, as the machine counts."""
    folders: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = ()
    """With a machine's first one: each folder that holds namespaces as files, with its path, where it leads if it is a
    symbolic link, and the entries that are no namespaces (name, and where a link leads)."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a lab says of itself."""

    built: bool
    """Whether there is anything in it yet."""
    lab: str
    """Which lab it is (`vm`)."""
    home: str
    """The learner's machine."""
    machines: tuple[str, ...]
    """All its machines."""
    taps: bool
    """Whether cards are TAP links, as in a virtual machine, rather than veth."""
    terminals: tuple[int, ...]
    """Shells that run."""
    note: str
    """What its owner wrote down about it."""
    started: float
    """Seconds since the epoch."""
    owners: int
    """How many tutors live in it now."""
    seconds_left: float | None
    """Of its grace time; None while it has an owner."""
    faults: tuple[str, ...] = ()
    """Errors of ours that it has survived; a test that uses a lab may want to see none."""


class Lab:
    """A lab, through the socket of its agent. Closing the last owner of a private lab ends the lab."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._next = 0
        self._notices: deque[Message] = deque()
        self.home = ""
        """The learner's machine, once built."""
        self.machines: tuple[str, ...] = ()
        """All machines, once built."""
        self.taps = False
        """Whether cards are TAP links."""

    @classmethod
    def connect(cls, path: Path) -> Lab:
        """Join a kept lab.

        Raises:
            LabGone: nobody listens at `path`.
        """
        control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with wire.short_path(path) as address:
                control.connect(address)
        except OSError as error:
            control.close()
            raise LabGone("that lab has ended", hint="`tutor start` makes a new one") from error
        return cls(control)

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the lab."""
        self._control.close()

    def fileno(self) -> int:
        """Can be read when a notice has come."""
        return self._control.fileno()

    def build(self, name: str, topology: str, files: Mapping[str, str], *, variant: str = "default") -> None:
        """Build the lab.

        Args:
            name: of the topology.
            topology: its TOML.
            files: further files of each machine, by path; `@MACHINE@` in a text becomes its name.
            variant: the state of it that is wanted.
        """
        answer, _ = self._call("build", name=name, topology=topology, files=dict(files), variant=variant)
        self._note_built(answer["home"], answer["machines"], answer["taps"])

    def status(self) -> Status:
        """What the lab says of itself."""
        said, _ = self._call("status")
        self._note_built(said["home"], said["machines"], said["taps"])
        return Status(
            said["built"],
            said["lab"],
            said["home"],
            tuple(said["machines"]),
            said["taps"],
            tuple(item["terminal"] for item in said["terminals"]),
            said["note"],
            said["started"],
            said["owners"],
            said["seconds_left"],
            tuple(said["faults"]),
        )

    def visit(self) -> None:
        """Be a visitor: look, but keep the lab alive for nobody."""
        self._call("visit")

    def write_note(self, text: str) -> None:
        """Write down something about the lab for whoever joins it later."""
        self._call("note", text=text)

    def write_file(self, path: str, text: str, *, machine: str = "") -> None:
        """Write a file in a machine (default: the learner's)."""
        self._call("write", path=path, text=text, machine=machine)

    def end(self) -> None:
        """End the lab, for everybody in it."""
        with contextlib.suppress(LabGone):
            self._call("end")
        while self._receive(1.0) is not None:
            pass

    def open_shell(
        self,
        *,
        machine: str = "",
        columns: int = 80,
        rows: int = 24,
        argv: Sequence[str] = ("bash",),
        **environment: str,
    ) -> Shell:
        """Start an interactive shell in a machine (default: the learner's)."""
        answer, descriptors = self._call(
            "terminal",
            machine=machine,
            columns=columns,
            rows=rows,
            argv=list(argv),
            environment={**ENVIRONMENT, **environment},
        )
        return Shell(answer["terminal"], answer["machine"], descriptors[0], Ring(descriptors[1]))

    def attach_shell(self, terminal: int) -> Shell:
        """Take over a shell that runs.

        Raises:
            LabGone: it has ended.
        """
        answer, descriptors = self._call("attach", terminal=terminal)
        return Shell(terminal, answer["machine"], descriptors[0], Ring(descriptors[1]))

    def watch_shell(self, terminal: int) -> tuple[Ring, int, int]:
        """The record of a shell's output, to look at while somebody else has the shell; its columns and rows."""
        answer, descriptors = self._call("attach", terminal=terminal, watch=True)
        return Ring(descriptors[0]), answer["columns"], answer["rows"]

    def start(
        self, argv: Sequence[str], stdio: Sequence[int], *, machine: str = "", netns: int = 0, **environment: str
    ) -> int:
        """Start a program in a machine; returns the number of the job, whose end `wait` awaits.

        Args:
            argv: the program and its arguments.
            stdio: three descriptors for it.
            machine: default: the learner's.
            netns: inode of another network namespace of the lab to be in (see `scan`).
            environment: in addition to `ENVIRONMENT`.
        """
        answer, _ = self._call(
            "run", stdio, argv=list(argv), machine=machine, netns=netns, environment={**ENVIRONMENT, **environment}
        )
        return int(answer["job"])

    def wait(self, job: int, seconds: float | None = None) -> int | None:
        """Wait for the end of a job.

        Returns:
            Its exit status (negative: the signal that ended it), or None when `seconds` have passed before.

        Raises:
            LabGone: the lab ended.
        """
        until = None if seconds is None else time.monotonic() + seconds
        while True:
            for notice in self._notices:
                if notice["notice"] == "exited" and notice["job"] == job:
                    self._notices.remove(notice)
                    return int(notice["status"])
            left = None if until is None else max(0.0, until - time.monotonic())
            if not self._await_notice(left) and left == 0:
                return None

    def send_datagrams(self, exchanges: Sequence[tuple[int, int, str]]) -> list[tuple[str, bool]]:
        """Send a datagram from one namespace to another for each of `exchanges`, and wait for what becomes of them.

        Args:
            exchanges: the inode of the namespace that sends, of the one that is to get it, and the address.

        Returns:
            For each: the source address under which it was got (empty where it was not), and whether its answer came
            back.
        """
        answer, _ = self._call("datagrams", exchanges=[list(each) for each in exchanges])
        until = time.monotonic() + patiently(_ANSWER_SECONDS)
        while True:
            for notice in self._notices:
                if notice["notice"] == "datagrams" and notice["job"] == answer["job"]:
                    self._notices.remove(notice)
                    return [(str(seen_as), bool(answered)) for seen_as, answered in notice["arrivals"]]
            if not self._await_notice(max(0.0, until - time.monotonic())):
                raise LabError("the lab does not answer", hint="`tutor reset` ends it")

    def notices(self) -> list[Message]:
        """What the agent has told since the last call; does not wait.

        Kinds: `mounts`, `cloud` (its resources have changed), `exited`, `shell-ended`, `machine-down`.

        Raises:
            LabGone: the lab ended.
        """
        while select.select([self._control], [], [], 0)[0]:
            self._await_notice(0)
        told = list(self._notices)
        self._notices.clear()
        return told

    # What the reader of the kernel asks (tutor.kernel.NamespaceSource):

    def scan(self) -> tuple[Sighted, ...]:
        """All network namespaces of all machines now."""
        answer, _ = self._call("scan")
        return tuple(
            Sighted(
                item["machine"],
                item["inode"],
                tuple(item["names"]),
                tuple(item["paths"]),
                tuple(item["pids"]),
                tuple((path, target, tuple(map(tuple, others))) for path, target, others in item["folders"]),
            )
            for item in answer["namespaces"]
        )

    def open_sockets(self, inode: int, protocols: Sequence[int]) -> tuple[int, ...]:
        """Fresh netlink sockets in a namespace, one for each protocol number; the caller closes them."""
        _, descriptors = self._call("sockets", inode=inode, protocols=list(protocols))
        return tuple(descriptors)

    def nsids(self, inode: int) -> Mapping[int, int]:
        """By `link-netnsid` as seen in a namespace: the inode of the namespace that is meant."""
        answer, _ = self._call("nsids", inode=inode)
        return dict(answer["nsids"])

    def read_sysctls(self, inode: int, names: Sequence[str]) -> Mapping[str, str]:
        """Sysctls of a namespace by name with slashes; what does not exist is left out."""
        answer, _ = self._call("sysctls", inode=inode, names=list(names))
        values: dict[str, str] = answer["values"]
        return values

    def legacy_rules(self, inode: int) -> str:
        """What iptables-legacy-save prints in a namespace; empty where no legacy table is in use."""
        answer, _ = self._call("legacy", inode=inode)
        return str(answer["rules"])

    def cloud(self) -> Mapping[str, Any]:
        """The cloud's resources as plain values: `networks`, `cards`, `subnets`, `tables` (`Cloud.as_message`)."""
        answer, _ = self._call("cloud")
        resources: dict[str, Any] = answer["cloud"]
        return resources

    def drops(self) -> Mapping[str, int]:
        """How many packets the cloud has dropped, by reason."""
        answer, _ = self._call("drops")
        counted: dict[str, int] = answer["drops"]
        return counted

    def _note_built(self, home: str, machines: Sequence[str], taps: bool) -> None:
        self.home, self.machines, self.taps = home, tuple(machines), taps

    def _call(self, operation: str, given: Sequence[int] = (), **parameters: Any) -> tuple[Message, list[int]]:
        self._next += 1
        number = self._next
        try:
            wire.send(self._control, {"op": operation, "id": number, **parameters}, given)
        except OSError as error:
            raise _gone() from error
        until = time.monotonic() + patiently(_ANSWER_SECONDS)
        while True:
            heard = self._receive(until - time.monotonic())
            if heard is None:
                raise _gone()
            message, descriptors = heard
            if message.get("re") != number:
                self._notices.append(message)
                continue
            if message.get("kind") == MissingTool.__name__:
                # The agent can't read this machine's own files any more: what to install is known out here.
                raise MissingTool(message["error"], hint=remedy((message["error"].split()[0],)))
            if "error" in message:
                raise _ERRORS.get(message["kind"], LabError)(message["error"], hint=message["hint"])
            return message, descriptors

    def _await_notice(self, seconds: float | None) -> bool:
        """Take one notice in; False when none comes within `seconds`."""
        if seconds is not None and not select.select([self._control], [], [], seconds)[0]:
            return False
        heard = self._receive(None)
        if heard is None:
            raise _gone()
        self._notices.append(heard[0])
        return True

    def _receive(self, seconds: float | None) -> tuple[Message, list[int]] | None:
        """The next message; None when the lab is gone."""
        self._control.settimeout(seconds if seconds is None else max(0.001, seconds))
        try:
            return wire.receive(self._control)
        except TimeoutError as error:
            raise LabError("the lab does not answer", hint="`tutor reset` ends it") from error
        except OSError as error:
            if error.errno in (errno.ECONNRESET, errno.EPIPE, errno.EBADF):
                return None
            raise


def _gone() -> LabGone:
    return LabGone("the lab has ended", hint="it can be built anew, at the step where you are")
