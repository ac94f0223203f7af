from __future__ import annotations

import errno
import os
import struct
from ipaddress import IPv4Address, IPv6Address

import pytest

from tutor.check import Flow
from tutor.kernel.conntrack import parse_flow, read_flows
from tutor.kernel.netlink import Message, RequestSocket, pack_attribute
from tutor.kernel.nftables import read_chains


class Refusing(RequestSocket):
    """A kernel that answers every request with an error."""

    def __init__(self, number: int) -> None:
        self.number = number

    def dump(self, kind: int, body: bytes) -> list[Message]:
        raise OSError(self.number, os.strerror(self.number))


def tuple_of(source: bytes, destination: bytes, protocol: int) -> bytes:
    first = 1 if len(source) == 4 else 3
    addresses = pack_attribute(first, source) + pack_attribute(first + 1, destination)
    return pack_attribute(1, addresses) + pack_attribute(2, pack_attribute(1, bytes((protocol,))))


def flow_message(original: bytes, reply: bytes, status: int) -> Message:
    body = bytes(4) + pack_attribute(1, original) + pack_attribute(2, reply)
    body += pack_attribute(3, struct.pack(">I", status))
    data = struct.pack("=IHHII", 16 + len(body), 0x100, 0, 1, 0) + body
    return Message(0x100, data, 0, len(data))


def test_translated_connection_is_answered_to_another_address() -> None:
    pod, node, server = (IPv4Address(text).packed for text in ("10.244.0.2", "10.1.0.4", "8.8.8.8"))
    found = parse_flow(flow_message(tuple_of(pod, server, 1), tuple_of(server, node, 1), 0x2))
    assert found == Flow(
        *("icmp", IPv4Address(pod), IPv4Address(server), IPv4Address(server), IPv4Address(node)), replied=True
    )


def test_connection_of_ipv6_without_an_answer() -> None:
    here, there = IPv6Address("fd00::1").packed, IPv6Address("fd00::2").packed
    found = parse_flow(flow_message(tuple_of(here, there, 17), tuple_of(there, here, 17), 0))
    assert (found.protocol, found.dst, found.replied) == ("udp", IPv6Address("fd00::2"), False)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EOPNOTSUPP])
def test_kernel_without_connection_tracking_or_nftables_has_none(number: int) -> None:
    assert read_flows(Refusing(number)) == ()
    assert read_chains(Refusing(number), {}) == ()


def test_kernel_that_refuses_to_tell_is_an_error() -> None:
    with pytest.raises(PermissionError):
        read_flows(Refusing(errno.EPERM))
    with pytest.raises(PermissionError):
        read_chains(Refusing(errno.EPERM), {})
