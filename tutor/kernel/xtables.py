"""Matches and targets of iptables that travel inside nftables rules as C structures (nft_compat).

Which of them iptables-nft hands on like this, and which it writes as nft expressions, differs between its versions.
What is not known here, or carries options that have no words, is None. Does not know what else is in a rule.

Source: linux/netfilter/xt_*.h, linux/netfilter_ipv4/ip_tables.h, linux/netfilter/nf_nat.h.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address

from tutor.check import Match
from tutor.kernel.packet_words import ADDRESS_TYPES, CT_STATES, Kind, find_value, ports

_TCP, _UDP, _SCTP = 6, 17, 132
_ALL_PORTS = (0, 0xFFFF)
_XT_CONNTRACK_STATE, _XT_CONNTRACK_STATE_ALIAS = 0x0001, 0x2000
_XT_ADDRTYPE_INVERT_SOURCE, _XT_ADDRTYPE_INVERT_DEST, _XT_ADDRTYPE_LIMIT_IFACE = 0x1, 0x2, 0xC
_NF_NAT_RANGE_MAP_IPS, _NF_NAT_RANGE_PROTO_SPECIFIED, _NF_NAT_RANGE_NETMAP = 0x1, 0x2, 0x40
# xt_conntrack has states of its own in 64 (SNAT) and 128 (DNAT); what is 64 for nft and xt_state comes behind them.
_XT_CONNTRACK_STATES = {bit: word for bit, word in CT_STATES.items() if word != "untracked"} | {256: "untracked"}

Matches = tuple[Match, ...]
Parsed = tuple[str, str]
"""Action and target of a `FirewallRule`."""


def parse_xt_match(name: str, revision: int, info: bytes, transport: int | None) -> Matches | None:
    """What a match asks, none where it only comments; None when it is not understood.

    Args:
        name: of the extension, as after `-m`.
        revision: of its structure.
        info: the structure.
        transport: the protocol that the rule is about, as far as it has said so.
    """
    parse = _MATCHES.get((name, revision))
    try:
        return parse(info, transport) if parse is not None else None
    except struct.error:
        return None


def parse_xt_target(name: str, revision: int, info: bytes) -> Parsed | None:
    """What a target does; None when it is not understood."""
    if name in ("LOG", "NFLOG"):
        return "continue", ""
    if name == "REJECT":
        return "reject", ""
    if name not in ("MASQUERADE", "SNAT", "DNAT", "REDIRECT"):
        return None
    try:
        target = _parse_nat_range(info, old=(name, revision) not in _NEW_NAT_RANGE)
    except struct.error:
        return None
    return None if target is None else (name.lower(), target)


_NEW_NAT_RANGE = frozenset({("SNAT", 1), ("SNAT", 2), ("DNAT", 1), ("DNAT", 2)})


def _parse_nat_range(info: bytes, *, old: bool) -> str | None:
    """nf_nat_ipv4_multi_range_compat or, since it knows IPv6, nf_nat_range."""
    if old:
        count, flags, low, high, first, last = struct.unpack_from("=II4s4s2s2s", info)
        if count != 1:
            return None
        addresses: tuple[object, object] = IPv4Address(low), IPv4Address(high)
    else:
        flags, low, high, first, last = struct.unpack_from("=I16s16s2s2s", info)
        # An IPv4 address lies in the first bytes of the union, and nothing behind it.
        make = IPv6Address if any(low[4:]) else lambda packed: IPv4Address(packed[:4])
        addresses = make(low), make(high)
    if flags & _NF_NAT_RANGE_NETMAP:
        return None
    target = ""
    if flags & _NF_NAT_RANGE_MAP_IPS:
        target = str(addresses[0]) if addresses[0] == addresses[1] else f"{addresses[0]}-{addresses[1]}"
    if flags & _NF_NAT_RANGE_PROTO_SPECIFIED:
        target = f"[{target}]" if ":" in target else target
        target += ":" + ports(int.from_bytes(first, "big"), int.from_bytes(last, "big"))
    return target


def _parse_addrtype(info: bytes, _transport: int | None) -> Matches | None:
    source, dest, flags = struct.unpack_from("=HHI", info)
    if flags & _XT_ADDRTYPE_LIMIT_IFACE:
        return None
    return _address_types(
        (source, bool(flags & _XT_ADDRTYPE_INVERT_SOURCE)), (dest, bool(flags & _XT_ADDRTYPE_INVERT_DEST))
    )


def _parse_addrtype_0(info: bytes, _transport: int | None) -> Matches | None:
    source, dest, not_source, not_dest = struct.unpack_from("=HHII", info)
    return _address_types((source, bool(not_source)), (dest, bool(not_dest)))


def _address_types(source: tuple[int, bool], dest: tuple[int, bool]) -> Matches | None:
    if (source[0] | dest[0]) >> len(ADDRESS_TYPES):
        return None
    return tuple(
        Match(f"fib {which} type", tuple(word for number, word in ADDRESS_TYPES.items() if mask >> number & 1), negated)
        for which, (mask, negated) in (("saddr", source), ("daddr", dest))
        if mask
    )


def _parse_conntrack(info: bytes, _transport: int | None) -> Matches | None:
    """xt_conntrack_mtinfo2 and 3, as far as only the state is asked (`-m state` is an alias that leaves a mark)."""
    flags, inverted, mask = struct.unpack_from("=HHH", info, 146)
    if flags & ~_XT_CONNTRACK_STATE_ALIAS != _XT_CONNTRACK_STATE:
        return None
    return _states(mask, _XT_CONNTRACK_STATES, bool(inverted & _XT_CONNTRACK_STATE))


def _parse_state(info: bytes, _transport: int | None) -> Matches | None:
    return _states(struct.unpack_from("=I", info)[0], CT_STATES, False)


def _states(mask: int, states: Mapping[int, str], negated: bool) -> Matches | None:
    words = tuple(word for bit, word in states.items() if mask & bit)
    known = sum(bit for bit in states if mask & bit) == mask
    return (Match("ct state", words, negated),) if words and known else None


def _parse_multiport(info: bytes, transport: int | None) -> Matches | None:
    flags, count, *rest = struct.unpack_from("=BB15H15BB", info)
    side = {0: "sport", 1: "dport"}.get(flags)
    prefix = _PORT_PREFIX.get(transport)
    if side is None or prefix is None or count > 15:
        return None
    numbers, opens, inverted = rest[:15], rest[15:30], rest[30]
    values, index = [], 0
    while index < count:
        if opens[index] and index + 1 < count:
            values.append(ports(numbers[index], numbers[index + 1]))
            index += 1
        else:
            values.append(ports(numbers[index], numbers[index]))
        index += 1
    return (Match(f"{prefix} {side}", tuple(values), bool(inverted)),)


_PORT_PREFIX: Mapping[int | None, str] = {_TCP: "tcp", _UDP: "udp", _SCTP: "sctp", None: "th"}


def _parse_mark(info: bytes, _transport: int | None) -> Matches | None:
    mark, mask, inverted = struct.unpack_from("=IIB", info)
    value = f"{mark:#x}" if mask == 0xFFFFFFFF else f"{mark:#x}/{mask:#x}"
    return (Match("meta mark", (value,), bool(inverted)),)


def _parse_tcp(info: bytes, _transport: int | None) -> Matches | None:
    *numbers, option, mask, _compared, inverted = struct.unpack_from("=4H4B", info)
    return None if option or mask or inverted & ~0x3 else _port_pairs("tcp", numbers, inverted)


def _parse_udp(info: bytes, _transport: int | None) -> Matches | None:
    *numbers, inverted = struct.unpack_from("=4HB", info)
    return _port_pairs("udp", numbers, inverted)


def _port_pairs(protocol: str, numbers: list[int], inverted: int) -> Matches:
    source, dest = (numbers[0], numbers[1]), (numbers[2], numbers[3])
    return tuple(
        Match(f"{protocol} {side}", (ports(*pair),), bool(inverted & bit))
        for side, pair, bit in (("sport", source, 1), ("dport", dest, 2))
        if pair != _ALL_PORTS or inverted & bit
    )


def _parse_icmp(info: bytes, _transport: int | None) -> Matches | None:
    kind, first, last, inverted = struct.unpack_from("=BBBB", info)
    if kind == 0xFF and not inverted:
        return ()  # any
    if (first, last) != (0, 0xFF):
        return None
    return (Match("icmp type", (str(find_value(Kind.ICMP_TYPE, kind)),), bool(inverted & 1)),)


def _parse_limit(info: bytes, _transport: int | None) -> Matches | None:
    average, _burst = struct.unpack_from("=II", info)
    for unit, seconds in (("second", 1), ("minute", 60), ("hour", 3600), ("day", 86400)):
        if average and not 10_000 * seconds % average:  # in ten thousandths of a second per packet
            return (Match("limit rate", (f"{10_000 * seconds // average}/{unit}",)),)
    return None


def _parse_comment(_info: bytes, _transport: int | None) -> Matches | None:
    return ()


_MATCHES: Mapping[tuple[str, int], Callable[[bytes, int | None], Matches | None]] = {
    ("addrtype", 0): _parse_addrtype_0,
    ("addrtype", 1): _parse_addrtype,
    ("comment", 0): _parse_comment,
    ("conntrack", 2): _parse_conntrack,
    ("conntrack", 3): _parse_conntrack,
    ("icmp", 0): _parse_icmp,
    ("limit", 0): _parse_limit,
    ("mark", 1): _parse_mark,
    ("multiport", 1): _parse_multiport,
    ("state", 0): _parse_state,
    ("tcp", 0): _parse_tcp,
    ("udp", 0): _parse_udp,
}
