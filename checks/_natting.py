"""What becomes of a source on its way out, and of the answer that comes back to it.

Does not know whether that is right.

Source: net/netfilter/nf_nat_core.c, nf_nat_masquerade.c: a connection is translated once, by its first packet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import Self

from tutor.check import Netns

from ._firewall import Fate, Packet, translated
from ._wire import End
from .address import interfaces_of


@dataclass(frozen=True, slots=True)
class Translation:
    """A source that was changed."""

    out: End
    """The link by which the packet left, and the namespace that changed it."""
    packet: Packet
    """The packet as it was before."""
    fate: Fate
    """The chain and rule that did it."""
    src: IPv4Address
    """The source since then."""

    @classmethod
    def of(cls, out: End, leaving: Packet) -> Self | None:
        """How a packet is translated that leaves by `out`; None where its source stays what it is."""
        if not out.netns.chains:
            return None
        fate = translated(out.netns, "postrouting", leaving)
        src = _source(fate, out, leaving)
        return cls(out, leaving, fate, src) if src is not None and src != leaving.src else None


def undone(translations: Iterable[Translation], netns: Netns, packet: Packet) -> Packet:
    """An answer as the namespace sees it once it has remembered whom it is for."""
    if packet.reply:
        for each in translations:
            if (each.out.netns.inode, each.src, each.packet.dst) == (netns.inode, packet.dst, packet.src):
                return replace(packet, dst=each.packet.src)
    return packet


def first_of(target: str) -> IPv4Address | None:
    """The first address of a translation's target (`10.1.0.4`, `10.1.0.4-10.1.0.5`, `10.1.0.4:1024-2048`)."""
    try:
        return IPv4Address(target.partition(":")[0].partition("-")[0])
    except ValueError:
        return None


def _source(fate: Fate, out: End, leaving: Packet) -> IPv4Address | None:
    if fate.action == "snat" and fate.rule is not None:
        return first_of(fate.rule.target)
    own = interfaces_of(out.netns, out.link) if fate.action == "masquerade" else []
    near = (each.ip for each in own if leaving.dst in each.network)
    return next(near, own[0].ip if own else None)
