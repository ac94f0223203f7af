from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.check import Match
from tutor.kernel.xtables import parse_xt_match, parse_xt_target

KNOWN = [
    *(("addrtype", 0), ("addrtype", 1), ("comment", 0), ("conntrack", 2), ("conntrack", 3), ("icmp", 0)),
    *(("limit", 0), ("mark", 1), ("multiport", 1), ("state", 0), ("tcp", 0), ("udp", 0)),
]


@given(st.sampled_from(KNOWN), st.binary(max_size=180))
def test_any_structure_is_read_or_refused(extension: tuple[str, int], info: bytes) -> None:
    name, revision = extension
    found = parse_xt_match(name, revision, info, 6)
    assert found is None or all(match.values for match in found)


@given(st.sampled_from(["SNAT", "DNAT", "MASQUERADE", "REDIRECT"]), st.integers(0, 2), st.binary(max_size=60))
def test_any_target_is_read_or_refused(name: str, revision: int, info: bytes) -> None:
    found = parse_xt_target(name, revision, info)
    assert found is None or found[0] == name.lower()


def test_address_types_of_the_first_revision() -> None:
    info = struct.pack("=HHII", 0, 1 << 2, 0, 1)
    assert parse_xt_match("addrtype", 0, info, None) == (Match("fib daddr type", ("local",), negated=True),)


def test_address_type_of_one_link_only_is_not_understood() -> None:
    assert parse_xt_match("addrtype", 1, struct.pack("=HHI", 0, 4, 4), None) is None


def test_address_type_without_a_word_is_not_understood() -> None:
    assert parse_xt_match("addrtype", 1, struct.pack("=HHI", 0, 1 << 2 | 1 << 13, 0), None) is None


def test_ports_of_an_older_iptables() -> None:
    info = struct.pack("=4H4B", 0, 0xFFFF, 80, 90, 0, 0, 0, 2)
    assert parse_xt_match("tcp", 0, info, 6) == (Match("tcp dport", ("80-90",), negated=True),)


def test_tcp_flags_of_an_older_iptables_are_not_understood() -> None:
    assert parse_xt_match("tcp", 0, struct.pack("=4H4B", 0, 0xFFFF, 0, 0xFFFF, 0, 23, 2, 0), 6) is None


def test_conntrack_that_asks_for_more_than_the_state_is_not_understood() -> None:
    info = bytes(146) + struct.pack("=HHH", 0x3, 0, 2) + bytes(14)
    assert parse_xt_match("conntrack", 3, info, None) is None


def test_connection_that_was_translated_is_no_state_that_nft_knows() -> None:
    info = bytes(146) + struct.pack("=HHH", 0x1, 0, 64) + bytes(14)
    assert parse_xt_match("conntrack", 3, info, None) is None


@pytest.mark.parametrize(("average", "expected"), [(10_000, "1/second"), (120_000, "5/minute"), (36_000_000, "1/hour")])
def test_limit_is_a_rate(average: int, expected: str) -> None:
    info = struct.pack("=II", average, 5) + bytes(32)
    assert parse_xt_match("limit", 0, info, None) == (Match("limit rate", (expected,)),)


def test_port_range_and_single_port_of_multiport() -> None:
    numbers, opens = [80, 443, 445, *[0] * 12], [0, 1, *[0] * 13]
    info = struct.pack("=BB15H15BB", 1, 3, *numbers, *opens, 1)
    assert parse_xt_match("multiport", 1, info, 17) == (Match("udp dport", ("80", "443-445"), negated=True),)


def test_unknown_extension_is_not_understood() -> None:
    assert parse_xt_match("physdev", 0, bytes(40), None) is None
    assert parse_xt_target("MARK", 2, bytes(8)) is None
