"""Routes, neighbours and net.ipv4.conf as rtnetlink tells of them, decoded here.

A namespace has dozens of routes and neighbours (IPv6 adds its own to every link), and pyroute2 takes 35 us for each
where this takes 4: with it a full read would miss its time. For net.ipv4.conf pyroute2 has no message. Does not know
the links' names.

Source: rtnetlink(7), linux/rtnetlink.h, linux/neighbour.h, linux/netconf.h.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from tutor.check import LinkConf, Neighbour, Route
from tutor.kernel.netlink import HEADER_SIZE, Message, RequestSocket, parse_attributes

CONF_ALL, CONF_DEFAULT = -1, -2
"""NETCONFA_IFINDEX_ALL and _DEFAULT: in place of an ifindex."""

_RTM_GETROUTE, _RTM_GETNEIGH, _RTM_GETNETCONF = 26, 30, 82
_AF_INET, _AF_INET6 = 2, 10

_RTMSG = struct.Struct("=BBBBBBBBI")
_RTNEXTHOP = struct.Struct("=HBBi")
_NDMSG = struct.Struct("=BxxxiHBB")
_U32 = struct.Struct("=I")
_S32 = struct.Struct("=i")
_RTM_F_CLONED = 0x200
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY, _RTA_PREFSRC = 1, 4, 5, 6, 7
_RTA_MULTIPATH, _RTA_TABLE, _RTA_VIA = 9, 15, 18
_NDA_DST, _NDA_LLADDR = 1, 2
_NETCONFA_IFINDEX, _NETCONFA_FORWARDING, _NETCONFA_RP_FILTER, _NETCONFA_PROXY_NEIGH = 1, 2, 3, 5

_SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}
_KINDS = (
    *("unspec", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable"),
    *("prohibit", "throw", "nat", "xresolve"),
)
_PROTOCOLS = {
    0: "unspec",
    1: "redirect",
    2: "kernel",
    3: "boot",
    4: "static",
    8: "gated",
    9: "ra",
    11: "zebra",
    12: "bird",
    16: "dhcp",
    17: "mrouted",
    18: "keepalived",
    42: "babel",
    186: "bgp",
    187: "isis",
    188: "ospf",
    189: "rip",
}
_NUD_NOARP = 0x40
_NEIGHBOUR_STATES = {
    0x01: "incomplete",
    0x02: "reachable",
    0x04: "stale",
    0x08: "delay",
    0x10: "probe",
    0x20: "failed",
    0x80: "permanent",
}


def name_of_scope(number: int) -> str:
    """A scope as `ip` prints it (rt_scopes)."""
    return _SCOPES.get(number, str(number))


@lru_cache(4096)
def _address(packed: bytes) -> IPv4Address | IPv6Address:
    return IPv4Address(packed) if len(packed) == 4 else IPv6Address(packed)


@lru_cache(4096)
def _network(packed: bytes, length: int) -> IPv4Network | IPv6Network:
    return IPv4Network((packed, length)) if len(packed) == 4 else IPv6Network((packed, length))


_ANYWHERE = {_AF_INET: bytes(4), _AF_INET6: bytes(16)}


def read_routes(socket: RequestSocket) -> tuple[Route, ...]:
    """All routes of all tables, IPv4 and IPv6; a route with several next hops becomes one for each."""
    return tuple(route for message in socket.dump(_RTM_GETROUTE, bytes(_RTMSG.size)) for route in parse_routes(message))


def parse_routes(message: Message) -> Iterator[Route]:
    """The routes in RTM_NEWROUTE: one, or one for each next hop; none for other families and cached copies."""
    family, dst_len, _, _, table, protocol, scope, kind, flags = _RTMSG.unpack_from(
        message.data, message.start + HEADER_SIZE
    )
    if family not in _ANYWHERE or flags & _RTM_F_CLONED:
        return
    found = message.attributes(_RTMSG.size)
    prefsrc = found.get(_RTA_PREFSRC)
    hops: Iterator[tuple[dict[int, bytes], int | None]]
    if _RTA_MULTIPATH in found:
        hops = _parse_next_hops(found[_RTA_MULTIPATH])
    else:
        oif = found.get(_RTA_OIF)
        hops = iter(((found, None if oif is None else _U32.unpack(oif)[0]),))
    for hop, index in hops:
        via = hop.get(_RTA_GATEWAY) or hop.get(_RTA_VIA, b"")[2:]  # struct rtvia: the family comes first
        yield Route(
            dst=_network(found.get(_RTA_DST, _ANYWHERE[family]), dst_len),
            gateway=_address(via) if via else None,
            oif=index,
            table=_U32.unpack(found[_RTA_TABLE])[0] if _RTA_TABLE in found else table,
            scope=name_of_scope(scope),
            protocol=_PROTOCOLS.get(protocol, str(protocol)),
            metric=_U32.unpack(found[_RTA_PRIORITY])[0] if _RTA_PRIORITY in found else 0,
            prefsrc=_address(prefsrc) if prefsrc is not None else None,
            kind=_KINDS[kind] if kind < len(_KINDS) else str(kind),
        )


def _parse_next_hops(data: bytes) -> Iterator[tuple[dict[int, bytes], int | None]]:
    at = 0
    while at + _RTNEXTHOP.size <= len(data):
        length, _, _, index = _RTNEXTHOP.unpack_from(data, at)
        if length < _RTNEXTHOP.size:
            return
        yield parse_attributes(data, at + _RTNEXTHOP.size, at + length), index
        at += (length + 3) & ~3


def read_neighbours(socket: RequestSocket) -> tuple[Neighbour, ...]:
    """The neighbour tables, without the entries that need no asking (multicast), as `ip neigh` shows them."""
    found = map(parse_neighbour, socket.dump(_RTM_GETNEIGH, bytes(_NDMSG.size)))
    return tuple(neighbour for neighbour in found if neighbour is not None)


def parse_neighbour(message: Message) -> Neighbour | None:
    """A neighbour, from RTM_NEWNEIGH; None for what is not one (NOARP, no state, a bridge's table)."""
    family, index, state, _, _ = _NDMSG.unpack_from(message.data, message.start + HEADER_SIZE)
    if family not in _ANYWHERE or not state or state & _NUD_NOARP:
        return None
    found = message.attributes(_NDMSG.size)
    return Neighbour(
        link=index,
        address=_address(found[_NDA_DST]),
        mac=found.get(_NDA_LLADDR, b"").hex(":"),
        state=next((name for bit, name in _NEIGHBOUR_STATES.items() if state & bit), str(state)),
    )


def read_conf(socket: RequestSocket) -> dict[int, LinkConf]:
    """net.ipv4.conf by ifindex, with CONF_ALL and CONF_DEFAULT."""
    request = bytes((_AF_INET, 0, 0, 0))
    return dict(found for message in socket.dump(_RTM_GETNETCONF, request) if (found := parse_conf(message)))


def parse_conf(message: Message) -> tuple[int, LinkConf] | None:
    """Whose settings, and which, from RTM_NEWNETCONF; None where it does not say whose."""
    found = message.attributes(4)
    if _NETCONFA_IFINDEX not in found:
        return None

    def number(kind: int) -> int:
        return int(_S32.unpack(found[kind])[0]) if kind in found else 0

    conf = LinkConf(
        bool(number(_NETCONFA_FORWARDING)), number(_NETCONFA_RP_FILTER), bool(number(_NETCONFA_PROXY_NEIGH))
    )
    return number(_NETCONFA_IFINDEX), conf
