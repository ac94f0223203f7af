"""A folder of a machine in which network namespaces are kept as files. Does not know who put them there, or why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NetnsFolder:
    """`/run/netns`, where `ip netns` looks for names, or a folder of the same name that another program uses."""

    path: str
    """Where it is, such as `/run/docker/netns`."""
    target: str = ""
    """Where it leads, as it is written, if it is a symbolic link; the entries are then those of where it ends."""
    strangers: tuple[tuple[str, str], ...] = ()
    """Entries that are no namespaces: the name, and where it leads if it is a symbolic link (else empty)."""
