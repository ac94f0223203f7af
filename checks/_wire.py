"""What hangs on one wire: cables (veth pairs) and bridges that pass frames on, and the IP stacks that hear them.

A *wire* is all that a frame reaches without anybody routing it: a broadcast domain. Does not know addresses or routes.
Source: veth(4), bridge(8).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tutor.check import Link, Netns, NetworkState

_FAKE_CABLES = ("veth", "bridge")


@dataclass(frozen=True, slots=True)
class End:
    """A link and the namespace that it is in."""

    netns: Netns
    """The namespace."""
    link: Link
    """The link."""

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from all others: the namespace's inode and the ifindex."""
        return self.netns.inode, self.link.index


@dataclass(frozen=True, slots=True)
class Wire:
    """One broadcast domain, as seen from one of its ends."""

    ends: tuple[End, ...]
    """All links on it, the nearest first; ports of bridges too."""
    before: dict[tuple[int, int], End | None]
    """For each end's key: the end that a frame comes from on its way from the first."""

    @property
    def stacks(self) -> tuple[End, ...]:
        """Those behind which an IP stack listens: all but the ports of bridges."""
        return tuple(end for end in self.ends if bridge_of(end) is None)

    def find(self, netns: Netns) -> End | None:
        """The nearest end in `netns` behind which its IP stack listens, or None."""
        return next((end for end in self.stacks if end.netns.inode == netns.inode), None)

    def way_to(self, end: End) -> list[End]:
        """The ends from the first to `end`, both included."""
        way, at = [end], self.before[end.key]
        while at is not None:
            way.append(at)
            at = self.before[at.key]
        return way[::-1]


def wire_from(state: NetworkState, start: End, *, broken_too: bool = False) -> Wire:
    """The wire that `start` is on.

    Args:
        state: the network.
        start: a link with an IP stack behind it, or any other.
        broken_too: go on across links that are down and ports that are blocked, as if they were mended.
    """
    ends, before = [start], dict[tuple[int, int], End | None]({start.key: None})
    queue = deque(ends if broken_too or start.link.up else [])
    while queue:
        end = queue.popleft()
        for other in _next(state, end):
            if other.key not in before and (broken_too or passes(other)):
                before[other.key] = end
                ends.append(other)
                queue.append(other)
    return Wire(tuple(ends), before)


def passes(end: End) -> bool:
    """Whether frames pass a link: it is up and, for a port, its bridge lets them through."""
    port = end.link.port
    return end.link.up and (port is None or port.state == "forwarding" or bridge_of(end) is None)


def bridge_of(port: End) -> Link | None:
    """The bridge that a link is a port of, or None."""
    master = port.netns.find_link_by_index(port.link.master) if port.link.master is not None else None
    return master if master is not None and master.kind == "bridge" else None


def leads_outside(state: NetworkState, end: End) -> bool:
    """Whether what leaves by a link goes to the world around the machine: a card, or a cable whose peer is not ours."""
    if end.link.kind == "veth":
        return state.find_peer(end.link) is None
    return end.link.kind not in _FAKE_CABLES and not end.link.flags & 0x8 and end.link.kind != "dummy"


def _next(state: NetworkState, end: End) -> list[End]:
    found = []
    if end.link.kind == "bridge":
        found += [End(end.netns, port) for port in end.netns.ports_of(end.link)]
    bridge = bridge_of(end)
    if bridge is not None:
        found.append(End(end.netns, bridge))
    peer = state.find_peer(end.link)
    if peer is not None:
        found.append(End(*peer))
    return found
