"""Multicast messages, and which parts of a namespace each one makes dirty.

Does not know what the messages carry beyond their type, family and ifindex.

Sources: rtnetlink(7), linux/rtnetlink.h, linux/netfilter/nfnetlink.h.
"""

from __future__ import annotations

import struct
from collections.abc import Container
from dataclasses import dataclass, field

from tutor.kernel.change import Change, Part
from tutor.kernel.netlink import HEADER_SIZE, Message

ROUTE_GROUPS = (1, 3, 5, 7, 8, 9, 11, 24, 28)
"""RTNLGRP_: LINK, NEIGH, IPV4_IFADDR, IPV4_ROUTE, IPV4_RULE, IPV6_IFADDR, IPV6_ROUTE, IPV4_NETCONF, NSID."""
NETFILTER_GROUPS = (1, 3, 7)
"""NFNLGRP_: CONNTRACK_NEW, CONNTRACK_DESTROY, NFTABLES."""

_RTM_NEWLINK, _RTM_DELLINK = 16, 17
_RTM_NEWNEIGH, _RTM_DELNEIGH = 28, 29
_RTM_NEWNSID, _RTM_DELNSID = 88, 89
_AF_BRIDGE = 7

# The kernel does not tell that the routes of a link went when the link went down, nor those with a source address that
# was taken away (fib_flush in net/ipv4/fib_frontend.c), and neighbours go with the link's carrier.
_PARTS: dict[int, tuple[Part, ...]] = {
    _RTM_NEWLINK: (Part.LINKS, Part.ROUTES, Part.NEIGHBOURS),
    _RTM_DELLINK: (Part.LINKS, Part.ROUTES, Part.NEIGHBOURS, Part.CONF),
    20: (Part.ADDRESSES, Part.ROUTES),  # RTM_NEWADDR
    21: (Part.ADDRESSES, Part.ROUTES),
    24: (Part.ROUTES,),  # RTM_NEWROUTE
    25: (Part.ROUTES,),
    _RTM_NEWNEIGH: (Part.NEIGHBOURS,),
    _RTM_DELNEIGH: (Part.NEIGHBOURS,),
    32: (Part.RULES,),  # RTM_NEWRULE
    33: (Part.RULES,),
    80: (Part.CONF,),  # RTM_NEWNETCONF
    81: (Part.CONF,),
}
_NFNL_SUBSYS_CTNETLINK, _NFNL_SUBSYS_NFTABLES = 1, 10
_IFINFO = struct.Struct("=BxHi")


@dataclass(slots=True)
class Events:
    """What a batch of messages of one namespace means."""

    dirty: set[Part] = field(default_factory=set)
    """What has to be read again."""
    change: Change = field(default_factory=Change)
    """What to tell the caller."""
    link_moved: bool = False
    """A link came or went: the other end of a veth is told nothing of it, so links are dirty everywhere."""
    nsid_given: bool = False
    """Another namespace was given a number."""
    nsid_taken: bool = False
    """Another namespace lost its number, which the next one may get: what was resolved by it is void."""


def interpret_route_messages(messages: list[Message], known_links: Container[int]) -> Events:
    """Say what messages of rtnetlink make dirty.

    Args:
        messages: as they were received.
        known_links: ifindexes of the links when they were last read.
    """
    events = Events()
    network = traffic = False
    for message in messages:
        kind = message.kind
        if kind in (_RTM_NEWNSID, _RTM_DELNSID):
            events.nsid_given = events.nsid_given or kind == _RTM_NEWNSID
            events.nsid_taken = events.nsid_taken or kind == _RTM_DELNSID
            continue
        parts = _PARTS.get(kind)
        if parts is None:
            continue
        family, _, index = _IFINFO.unpack_from(message.data, message.start + HEADER_SIZE)
        if kind in (_RTM_NEWNEIGH, _RTM_DELNEIGH):
            traffic = True
            if family == _AF_BRIDGE:
                continue  # a bridge learned where somebody is: nothing that is read
        else:
            network = True
        if family != _AF_BRIDGE and (kind == _RTM_DELLINK or (kind == _RTM_NEWLINK and index not in known_links)):
            events.link_moved = True
        events.dirty.update(parts)
    events.change = Change(network, traffic)
    return events


def interpret_netfilter_messages(messages: list[Message]) -> Events:
    """Say what messages of nfnetlink make dirty."""
    events = Events()
    subsystems = {message.kind >> 8 for message in messages}
    if _NFNL_SUBSYS_NFTABLES in subsystems:
        events.dirty.add(Part.CHAINS)
    events.change = Change(_NFNL_SUBSYS_NFTABLES in subsystems, _NFNL_SUBSYS_CTNETLINK in subsystems)
    return events
