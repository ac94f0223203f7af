"""What the reader needs from whoever holds the lab: where the namespaces are, and sockets opened inside of them.

Plain values only, so that the lab's client can be a `NamespaceSource` without either package knowing the other. Does
not know how a namespace is entered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Folder = tuple[str, str, tuple[tuple[str, str], ...]]
"""A folder that holds namespaces as files: the fields of `tutor.check.NetnsFolder`."""


class Sighted(Protocol):
    """Anything that says of a namespace what `Sighting` says."""

    @property
    def machine(self) -> str:
        """The machine that it belongs to."""

    @property
    def inode(self) -> int:
        """Its identity."""

    @property
    def names(self) -> tuple[str, ...]:
        """As `ip netns` lists it."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Other files that it is mounted on."""

    @property
    def pids(self) -> tuple[int, ...]:
        """Processes in it."""

    @property
    def folders(self) -> tuple[Folder, ...]:
        """With a machine's first one: the folders that hold namespaces of the machine as files."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A network namespace as it was found; the words are those of `tutor.check.Netns`."""

    machine: str
    """The machine that it belongs to."""
    inode: int
    """Its identity: the inode of its nsfs file."""
    names: tuple[str, ...] = ()
    """As `ip netns` lists it; `root` for a machine's own."""
    paths: tuple[str, ...] = ()
    """Other files that it is bind-mounted on."""
    pids: tuple[int, ...] = ()
    """Processes that live in it, as the machine numbers them."""
    folders: tuple[Folder, ...] = ()
    """With a machine's first one: the folders that hold namespaces of the machine as files."""


class NamespaceSource(Protocol):
    """Finds the namespaces of a lab and opens sockets in them.

    Every method that takes an inode raises `LabError` when that namespace is gone; all raise `LabGone` when the lab is.
    """

    @property
    def home(self) -> str:
        """The learner's machine."""

    def scan(self) -> Sequence[Sighted]:
        """All namespaces of all machines now: named, bind-mounted by hand, or held by a process."""

    def open_sockets(self, inode: int, protocols: Sequence[int], /) -> tuple[int, ...]:
        """Descriptors of fresh, unbound netlink sockets in a namespace, one for each protocol number (netlink(7))."""

    def nsids(self, inode: int, /) -> Mapping[int, int]:
        """By `link-netnsid` as seen in a namespace: the inode of the namespace that is meant."""

    def read_sysctls(self, inode: int, names: Sequence[str], /) -> Mapping[str, str]:
        """Values by name (`net/bridge/bridge-nf-call-iptables`); what does not exist is left out."""

    def legacy_rules(self, inode: int, /) -> str:
        """What `iptables-legacy-save` prints in a namespace; empty where no legacy table is in use."""

    def cloud(self) -> Mapping[str, Any]:
        """The cloud's resources, as plain values: see `tutor.kernel.cloud`; empty where there is no cloud."""

    def drops(self) -> Mapping[str, int]:
        """Packets that the cloud dropped, by reason."""
