"""Tracked connections, dumped from ctnetlink.

Does not know when a connection ends: it is asked each time.

Source: linux/netfilter/nfnetlink_conntrack.h, nf_conntrack_common.h.
"""

from __future__ import annotations

import errno
from ipaddress import IPv4Address, IPv6Address

from tutor.check import Flow
from tutor.kernel.netlink import Message, RequestSocket, parse_attributes
from tutor.kernel.packet_words import PROTOCOLS

_IPCTNL_MSG_CT_GET = (1 << 8) | 1
_NFGENMSG_SIZE = 4
_CTA_TUPLE_ORIG, _CTA_TUPLE_REPLY, _CTA_STATUS = 1, 2, 3
_CTA_TUPLE_IP, _CTA_TUPLE_PROTO, _CTA_PROTO_NUM = 1, 2, 1
_IPS_SEEN_REPLY = 0x2
_ABSENT = frozenset({errno.EINVAL, errno.EOPNOTSUPP, errno.EPROTONOSUPPORT})


def read_flows(socket: RequestSocket) -> tuple[Flow, ...]:
    """All tracked connections; none where the kernel can't tell them."""
    try:
        return tuple(map(parse_flow, socket.dump(_IPCTNL_MSG_CT_GET, bytes(_NFGENMSG_SIZE))))
    except OSError as error:
        if error.errno in _ABSENT:
            return ()
        raise


def parse_flow(message: Message) -> Flow:
    """A tracked connection, from IPCTNL_MSG_CT_NEW."""
    found = message.attributes(_NFGENMSG_SIZE)
    src, dst, number = _parse_tuple(found[_CTA_TUPLE_ORIG])
    reply_src, reply_dst, _ = _parse_tuple(found[_CTA_TUPLE_REPLY])
    status = int.from_bytes(found.get(_CTA_STATUS, b""), "big")
    return Flow(
        PROTOCOLS.get(number, str(number)), src, dst, reply_src, reply_dst, replied=bool(status & _IPS_SEEN_REPLY)
    )


def _parse_tuple(data: bytes) -> tuple[IPv4Address | IPv6Address, IPv4Address | IPv6Address, int]:
    found = parse_attributes(data)
    addresses = parse_attributes(found[_CTA_TUPLE_IP])
    number = parse_attributes(found[_CTA_TUPLE_PROTO])[_CTA_PROTO_NUM][0]
    if 1 in addresses:
        return IPv4Address(addresses[1]), IPv4Address(addresses[2]), number
    return IPv6Address(addresses[3]), IPv6Address(addresses[4]), number
