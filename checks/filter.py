"""Packets that a firewall drops. Source: nft(8), iptables(8)."""

from __future__ import annotations

from tutor.check import Cause, Diagnosis, Fault, Netns

from ._firewall import Fate, Packet
from .link import called

POLICY = Diagnosis("filter.policy", Cause.FILTER, "the policy of a base chain drops the packet")
RULE = Diagnosis("filter.rule", Cause.FILTER, "a rule drops or rejects the packet")


def dropped(netns: Netns, packet: Packet, fate: Fate) -> Fault:
    """The fault of a packet that a chain of `netns` has dropped."""
    chain = fate.chain
    name, table = (chain.name, chain.table) if chain is not None else ("?", "?")
    tool = " (iptables-legacy)" if chain is not None and chain.origin == "legacy" else ""
    which = f"{name} of the table {table}{tool} in {called(netns)}"
    what = f"{'the answer' if packet.reply else 'what goes'} from {packet.src} to {packet.dst}"
    if fate.rule is None:
        return Fault(
            POLICY,
            f"The chain {which} has the policy drop, and none of its rules accepts {what}.",
            found=f"{name}: policy drop",
            expected=f"{name}: policy accept, or a rule that accepts",
        )
    return Fault(
        RULE,
        f"A rule in the chain {which} has the verdict {fate.rule.action}, and it matches {what}.",
        found=f"{name}: {fate.rule.action}",
        expected=f"{name}: no such rule",
    )
