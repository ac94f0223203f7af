"""The words of nft for what a firewall compares: fields of packets, their values, and ranges of them.

Values are plain numbers here; in which order their bytes lie is for the reader of rules to know.

Sources: nft(8), linux/netfilter/nf_tables.h, nf_conntrack_common.h.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from typing import cast


class Kind(Enum):
    """How values of a field are written."""

    IPV4 = auto()
    IPV6 = auto()
    PORT = auto()
    PROTOCOL = auto()
    ETHER_TYPE = auto()
    NAME = auto()
    LINK_INDEX = auto()
    CT_STATE = auto()
    CT_STATUS = auto()
    CT_DIRECTION = auto()
    ADDRESS_TYPE = auto()
    NF_FAMILY = auto()
    MARK = auto()
    ICMP_TYPE = auto()
    ICMPV6_TYPE = auto()
    TCP_FLAGS = auto()
    PACKET_TYPE = auto()
    NUMBER = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """Something of a packet that can be compared."""

    name: str
    """In nft's words: `ip saddr`."""
    kind: Kind
    """How its values are written."""
    size: int
    """Bytes that it has in all."""


PROTOCOLS = {
    0: "ip",
    1: "icmp",
    2: "igmp",
    4: "ipencap",
    6: "tcp",
    17: "udp",
    33: "dccp",
    41: "ipv6",
    47: "gre",
    50: "esp",
    51: "ah",
    58: "ipv6-icmp",
    89: "ospf",
    103: "pim",
    112: "vrrp",
    132: "sctp",
    136: "udplite",
}
"""Protocols above IP by number, as in /etc/protocols."""

ADDRESS_TYPES = {
    0: "unspec",
    1: "unicast",
    2: "local",
    3: "broadcast",
    4: "anycast",
    5: "multicast",
    6: "blackhole",
    7: "unreachable",
    8: "prohibit",
    9: "throw",
    10: "nat",
}
"""Types of the address (RTN_*)."""

CT_STATES = {1: "invalid", 2: "established", 4: "related", 8: "new", 64: "untracked"}
"""Bits of a tracked connection's state."""
CT_STATUS = {
    1 << 0: "expected",
    1 << 1: "seen-reply",
    1 << 2: "assured",
    1 << 3: "confirmed",
    1 << 4: "snat",
    1 << 5: "dnat",
    1 << 9: "dying",
}
"""Bits of its status."""
TCP_FLAGS = {1: "fin", 2: "syn", 4: "rst", 8: "psh", 16: "ack", 32: "urg", 64: "ecn", 128: "cwr"}
"""Bits of a TCP header's flags."""

_WORDS: Mapping[Kind, Mapping[int, str]] = {
    Kind.PROTOCOL: PROTOCOLS,
    Kind.ETHER_TYPE: {0x0800: "ip", 0x0806: "arp", 0x86DD: "ip6", 0x8100: "vlan"},
    Kind.CT_STATE: CT_STATES,
    Kind.CT_STATUS: CT_STATUS,
    Kind.CT_DIRECTION: {0: "original", 1: "reply"},
    Kind.ADDRESS_TYPE: ADDRESS_TYPES,
    Kind.NF_FAMILY: {2: "ipv4", 3: "arp", 7: "bridge", 10: "ipv6"},
    Kind.ICMP_TYPE: {
        0: "echo-reply",
        3: "destination-unreachable",
        4: "source-quench",
        5: "redirect",
        8: "echo-request",
        9: "router-advertisement",
        10: "router-solicitation",
        11: "time-exceeded",
        12: "parameter-problem",
        13: "timestamp-request",
        14: "timestamp-reply",
    },
    Kind.ICMPV6_TYPE: {
        1: "destination-unreachable",
        2: "packet-too-big",
        3: "time-exceeded",
        4: "parameter-problem",
        128: "echo-request",
        129: "echo-reply",
        133: "nd-router-solicit",
        134: "nd-router-advert",
        135: "nd-neighbor-solicit",
        136: "nd-neighbor-advert",
        137: "nd-redirect",
    },
    Kind.TCP_FLAGS: TCP_FLAGS,
    Kind.PACKET_TYPE: {0: "host", 1: "broadcast", 2: "multicast", 3: "other"},
}
_BITS = frozenset({Kind.CT_STATE, Kind.CT_STATUS, Kind.TCP_FLAGS})
_ORDERED = frozenset({Kind.IPV4, Kind.IPV6, Kind.PORT, Kind.PROTOCOL, Kind.MARK, Kind.NUMBER})


def has_bits(kind: Kind) -> bool:
    """Whether values of this kind are sets of bits with a word for each."""
    return kind in _BITS


def has_order(kind: Kind) -> bool:
    """Whether a range of such values means something."""
    return kind in _ORDERED


def find_value(kind: Kind, number: int) -> str | None:
    """One value in nft's words; None where there is no word (then it must not be guessed)."""
    match kind:
        case Kind.IPV4:
            return str(IPv4Address(number))
        case Kind.IPV6:
            return str(IPv6Address(number))
        case Kind.MARK:
            return hex(number)
        case Kind.PORT | Kind.NUMBER:
            return str(number)
        case Kind.NAME | Kind.LINK_INDEX:
            return None
        case Kind.CT_STATE | Kind.CT_STATUS | Kind.TCP_FLAGS:
            return _WORDS[kind].get(number)
        case _:
            return _WORDS[kind].get(number, str(number))


def find_range(kind: Kind, first: int, last: int) -> tuple[str, ...] | None:
    """All values from `first` to `last`: a network where they are one, else `a-b`; None where there are no words."""
    if first == last:
        value = find_value(kind, first)
        return None if value is None else (value,)
    if not has_order(kind) or first > last:
        return None
    if kind in (Kind.IPV4, Kind.IPV6):
        make = IPv4Address if kind is Kind.IPV4 else IPv6Address
        networks = list(summarize_address_range(cast(IPv4Address, make(first)), cast(IPv4Address, make(last))))
        if len(networks) == 1:
            return (str(networks[0]),)
    return (f"{find_value(kind, first)}-{find_value(kind, last)}",)


def find_network(kind: Kind, number: int, prefix: int) -> str | None:
    """The network of an address with `prefix` bits; the bare address where that is all of it. None for other kinds."""
    bits = {Kind.IPV4: 32, Kind.IPV6: 128}.get(kind)
    if bits is None or not 0 <= prefix <= bits:
        return None
    return str(find_value(kind, number)) if prefix == bits else f"{find_value(kind, number)}/{prefix}"


def find_bits(kind: Kind, mask: int) -> tuple[str, ...] | None:
    """A word for each bit of `mask`; None when one has none."""
    words = tuple(word for bit, word in _WORDS[kind].items() if bit & mask)
    known = sum(bit for bit in _WORDS[kind] if bit & mask)
    return words if mask and known == mask else None


def prefix_length(mask: int, bits: int) -> int | None:
    """How many leading ones `mask` has, None when there are others too.

    >>> prefix_length(0xffff8000, 32), prefix_length(0xff0000ff, 32)
    (17, None)
    """
    length = mask.bit_count()
    return length if mask == ((1 << length) - 1) << (bits - length) else None


def ports(first: int, last: int) -> str:
    """One port or a range of them."""
    return str(first) if first == last else f"{first}-{last}"
