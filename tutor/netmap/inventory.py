"""A lab's network in a few words: its namespaces, and in each the links with what one looks up most often.

Pure: a state becomes values. Does not know how they are laid out.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Interface

from tutor.check import Link, Netns, NetworkState


@dataclass(frozen=True, slots=True)
class LinkLine:
    """A link, in a few words."""

    name: str
    """As `ip` calls it, without `@...`."""
    condition: str
    """`up`; `down` when nobody has set it up; `no carrier` when it is up and its other end is not."""
    addresses: tuple[str, ...] = ()
    """IPv4, with prefix lengths."""
    joins: str = ""
    """What it is plugged into: its bridge, or where its peer is; empty for nothing."""


@dataclass(frozen=True, slots=True)
class NetnsPart:
    """A namespace and its links."""

    name: str
    """What `ip netns` calls it; `root` for the learner's machine's first, `node1:root` for another machine's."""
    forwards: bool
    """Whether it passes packets on (net.ipv4.ip_forward)."""
    links: tuple[LinkLine, ...]
    """By ifindex."""


def inventory(state: NetworkState) -> tuple[NetnsPart, ...]:
    """The learner's machine, its root namespace first; then the others."""
    own = tuple(state.of())
    others = tuple(netns for netns in state.namespaces if netns not in own)
    return tuple(
        NetnsPart(state.place_of(netns), netns.forwarding, tuple(_line(state, netns, link) for link in netns.links))
        for netns in (*own, *others)
    )


def _line(state: NetworkState, netns: Netns, link: Link) -> LinkLine:
    addresses = tuple(
        str(each.interface) for each in netns.addresses_of(link) if isinstance(each.interface, IPv4Interface)
    )
    return LinkLine(link.name, _condition(link), addresses, _joins(state, netns, link))


def _condition(link: Link) -> str:
    if not link.up:
        return "down"
    return "up" if link.carrier else "no carrier"


def _joins(state: NetworkState, netns: Netns, link: Link) -> str:
    found = []
    master = netns.find_link_by_index(link.master)
    if master is not None:
        found.append(f"port of {master.name}")
    end = state.find_peer(link)
    if end is not None:
        where, peer = end
        found.append(f"to {peer.name}" + (f" in {state.place_of(where)}" if where != netns else ""))
    return ", ".join(found)
