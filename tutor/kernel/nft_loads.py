"""What an nftables expression loads into a register: which field of the packet, and in which byte order.

Does not know what the value is compared with.

Source: linux/netfilter/nf_tables.h (nft_payload_bases, nft_meta_keys, nft_ct_keys, nft_fib_result).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from tutor.kernel.packet_words import Field, Kind

HOST_ORDER = sys.byteorder == "big"
"""Value of `Load.big_endian` for what the kernel keeps as numbers of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """What a register holds: a field of the packet, as far as it was loaded and masked."""

    text: str
    """What it is, for whoever has no word for it."""
    field: Field | None
    """Which field; None when there is no word for it."""
    size: int
    """Bytes loaded: less than the field's where only a prefix matters."""
    big_endian: bool = True
    """The order of its bytes."""
    mask: bytes | None = None
    """Bits that are left of it."""


_META: dict[int, Field] = {
    1: Field("meta protocol", Kind.ETHER_TYPE, 2),
    3: Field("meta mark", Kind.MARK, 4),
    4: Field("iif", Kind.LINK_INDEX, 4),
    5: Field("oif", Kind.LINK_INDEX, 4),
    6: Field("iifname", Kind.NAME, 16),
    7: Field("oifname", Kind.NAME, 16),
    10: Field("meta skuid", Kind.NUMBER, 4),
    11: Field("meta skgid", Kind.NUMBER, 4),
    15: Field("meta nfproto", Kind.NF_FAMILY, 1),
    16: Field("meta l4proto", Kind.PROTOCOL, 1),
    17: Field("ibrname", Kind.NAME, 16),
    18: Field("obrname", Kind.NAME, 16),
    19: Field("meta pkttype", Kind.PACKET_TYPE, 1),
}
_META_PROTOCOL = 1
_CT: dict[int, Field] = {
    0: Field("ct state", Kind.CT_STATE, 4),
    1: Field("ct direction", Kind.CT_DIRECTION, 1),
    2: Field("ct status", Kind.CT_STATUS, 4),
    3: Field("ct mark", Kind.MARK, 4),
}
_FIB_RESULT_TYPE = 3
_FIB_FLAGS = {1: "saddr", 2: "daddr", 4: "mark", 8: "iif", 16: "oif"}

_LINK, _NETWORK, _TRANSPORT = 0, 1, 2
_BASES = {_LINK: "ll", _NETWORK: "nh", _TRANSPORT: "th"}
_IPV4 = {
    9: Field("ip protocol", Kind.PROTOCOL, 1),
    12: Field("ip saddr", Kind.IPV4, 4),
    16: Field("ip daddr", Kind.IPV4, 4),
    8: Field("ip ttl", Kind.NUMBER, 1),
}
_IPV6 = {
    6: Field("ip6 nexthdr", Kind.PROTOCOL, 1),
    8: Field("ip6 saddr", Kind.IPV6, 16),
    24: Field("ip6 daddr", Kind.IPV6, 16),
    7: Field("ip6 hoplimit", Kind.NUMBER, 1),
}
_ETHER_TYPE = Field("ether type", Kind.ETHER_TYPE, 2)
_TRANSPORT_FIELDS: dict[int | None, dict[int, Field]] = {
    1: {0: Field("icmp type", Kind.ICMP_TYPE, 1), 1: Field("icmp code", Kind.NUMBER, 1)},
    6: {
        0: Field("tcp sport", Kind.PORT, 2),
        2: Field("tcp dport", Kind.PORT, 2),
        13: Field("tcp flags", Kind.TCP_FLAGS, 1),
    },
    17: {0: Field("udp sport", Kind.PORT, 2), 2: Field("udp dport", Kind.PORT, 2)},
    58: {0: Field("icmpv6 type", Kind.ICMPV6_TYPE, 1), 1: Field("icmpv6 code", Kind.NUMBER, 1)},
    132: {0: Field("sctp sport", Kind.PORT, 2), 2: Field("sctp dport", Kind.PORT, 2)},
    None: {0: Field("th sport", Kind.PORT, 2), 2: Field("th dport", Kind.PORT, 2)},
}


def load_meta(key: int) -> Load:
    """What `meta load` with this NFT_META_* key loads."""
    field = _META.get(key)
    return Load(
        field.name if field else f"meta {key}", field, field.size if field else 0, HOST_ORDER or key == _META_PROTOCOL
    )


def load_ct(key: int, has_direction: bool) -> Load:
    """What `ct load` with this NFT_CT_* key loads."""
    field = None if has_direction else _CT.get(key)
    return Load(field.name if field else f"ct {key}", field, field.size if field else 0, HOST_ORDER)


def load_fib(result: int, flags: int) -> Load:
    """What a lookup in the routing tables gives: the type of an address is all that there is a word for."""
    asked = " . ".join(word for bit, word in _FIB_FLAGS.items() if flags & bit)
    known = result == _FIB_RESULT_TYPE and not flags & ~sum(_FIB_FLAGS)
    field = Field(f"fib {asked} type", Kind.ADDRESS_TYPE, 4) if known else None
    return Load(field.name if field else f"fib {asked} {result}", field, 4, HOST_ORDER)


def load_payload(base: int, offset: int, size: int, network: int | None, transport: int | None) -> Load:
    """What bytes of the packet these are.

    Args:
        base: NFT_PAYLOAD_*_HEADER.
        offset: bytes into that header.
        size: bytes loaded.
        network: 2 for IPv4, 10 for IPv6, None where the rule does not say.
        transport: number of the protocol above IP, None where the rule does not say.
    """
    field = None
    if base == _NETWORK:
        field = {2: _IPV4, 10: _IPV6}.get(network or 0, {}).get(offset)
    elif base == _TRANSPORT:
        field = _TRANSPORT_FIELDS.get(transport, {}).get(offset)
    elif base == _LINK and offset == 12:
        field = _ETHER_TYPE
    if field is not None and size != field.size and not (field.kind in (Kind.IPV4, Kind.IPV6) and size < field.size):
        field = None
    return Load(field.name if field else f"@{_BASES.get(base, base)},{offset * 8},{size * 8}", field, size)
