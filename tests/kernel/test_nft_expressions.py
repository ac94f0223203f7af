"""Rules as lists of expressions, put together by hand: what nft never writes, and what it only sometimes does."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.check import FirewallRule, Match
from tutor.kernel.netlink import pack_attribute
from tutor.kernel.nft_expressions import parse_rule
from tutor.kernel.nft_reading import Context
from tutor.kernel.nft_sets import Contents

Expression = tuple[str, dict[int, bytes]]
IP, INET = 2, 1
EQ, NEQ, LT, LTE, GT, GTE = range(6)


def number(value: int) -> bytes:
    return struct.pack(">I", value)


def data(value: bytes) -> bytes:
    return pack_attribute(1, value)


def saddr(size: int = 4) -> Expression:
    return "payload", {1: number(1), 2: number(1), 3: number(12), 4: number(size)}


def dport() -> Expression:
    return "payload", {1: number(1), 2: number(2), 3: number(2), 4: number(2)}


def meta(key: int) -> Expression:
    return "meta", {1: number(1), 2: number(key)}


def cmp(value: bytes, operation: int = EQ) -> Expression:
    return "cmp", {1: number(1), 2: number(operation), 3: data(value)}


def masked(mask: bytes, xor: bytes | None = None) -> Expression:
    size = number(len(mask))
    return "bitwise", {1: number(1), 2: number(1), 3: size, 4: data(mask), 5: data(xor or bytes(len(mask)))}


def verdict(code: int, chain: bytes = b"") -> Expression:
    inner = pack_attribute(1, struct.pack(">i", code)) + (pack_attribute(2, chain + b"\0") if chain else b"")
    return "immediate", {1: number(0), 2: pack_attribute(2, inner)}


def rule(*expressions: Expression, family: int = IP, sets: Mapping[str, Contents] | None = None) -> FirewallRule:
    return parse_rule(expressions, Context(family, {3: "eth0"}, sets or {}))


ACCEPT = verdict(1)


@given(st.integers(0, 2**32 - 1), st.integers(1, 32))
def test_any_prefix_of_a_source_is_read_however_it_is_loaded(address: int, prefix: int) -> None:
    mask = (0xFFFFFFFF << (32 - prefix)) & 0xFFFFFFFF
    raw, raw_mask = (address & mask).to_bytes(4, "big"), mask.to_bytes(4, "big")
    with_mask = rule(saddr(), masked(raw_mask), cmp(raw), ACCEPT)
    assert len(with_mask.matches) == 1
    assert not with_mask.not_understood
    if prefix % 8 == 0:
        assert rule(saddr(prefix // 8), cmp(raw[: prefix // 8]), ACCEPT) == with_mask


def test_mask_with_holes_is_not_understood() -> None:
    found = rule(saddr(), masked(b"\xff\0\0\xff"), cmp(b"\x0a\0\0\x01"), ACCEPT)
    assert (found.matches, found.action) == ((), "accept")
    assert found.not_understood == ("ip saddr & 0xff0000ff == 0x0a000001",)


def test_comparison_that_can_not_hold_under_its_mask_is_not_understood() -> None:
    assert rule(saddr(), masked(b"\xff\0\0\0"), cmp(b"\x0a\0\0\x01"), ACCEPT).not_understood


def test_flipped_bits_are_not_understood() -> None:
    assert rule(saddr(), masked(b"\xff\0\0\0", b"\1\0\0\0"), cmp(b"\x0a\0\0\0"), ACCEPT).not_understood


def test_masked_twice_is_not_understood() -> None:
    mask = masked(b"\xff\0\0\0")
    assert rule(saddr(), mask, mask, cmp(b"\x0a\0\0\0"), ACCEPT).not_understood


def test_payload_in_inet_without_a_family_is_not_taken_for_ipv4() -> None:
    assert rule(saddr(), cmp(b"\x0a\0\0\1"), ACCEPT, family=INET).not_understood


def test_payload_in_inet_after_nfproto_is_ipv4() -> None:
    found = rule(meta(15), cmp(b"\2"), saddr(), cmp(b"\x0a\0\0\1"), ACCEPT, family=INET)
    assert found.matches == (Match("meta nfproto", ("ipv4",)), Match("ip saddr", ("10.0.0.1",)))


def test_payload_after_a_family_that_was_excluded_is_not_understood() -> None:
    assert rule(meta(15), cmp(b"\2", NEQ), saddr(), cmp(b"\x0a\0\0\1"), ACCEPT, family=INET).not_understood


def test_port_without_a_protocol_is_that_of_any() -> None:
    assert rule(dport(), cmp(b"\0\x50"), ACCEPT).matches == (Match("th dport", ("80",)),)


def test_both_bounds_of_a_register_are_one_range() -> None:
    found = rule(dport(), cmp(b"\0\x50", GTE), cmp(b"\0\x5a", LTE), ACCEPT)
    assert found.matches == (Match("th dport", ("80-90",)),)


def test_bounds_of_two_loads_are_two_ranges() -> None:
    found = rule(dport(), cmp(b"\0\x50", GTE), dport(), cmp(b"\0\x5a", LTE), ACCEPT)
    assert found.matches == (Match("th dport", ("80-65535",)), Match("th dport", ("0-90",)))


def test_bounds_that_exclude_each_other_are_not_understood() -> None:
    found = rule(dport(), cmp(b"\0\x5a", GT), cmp(b"\0\x50", LT), ACCEPT)
    assert (len(found.matches), len(found.not_understood)) == (0, 1)


def test_bound_of_a_number_in_host_order_is_not_understood() -> None:
    assert rule(meta(3), cmp(b"\1\0\0\0", GT), ACCEPT).not_understood


def test_register_that_an_unknown_expression_may_have_written_is_forgotten() -> None:
    found = rule(saddr(), ("numgen", {}), cmp(b"\x0a\0\0\1"), ACCEPT)
    assert found.matches == ()
    assert found.not_understood == ("numgen", "cmp of a constant")


def test_second_family_of_registers_is_the_same_register() -> None:
    load: Expression = ("payload", {1: number(8), 2: number(1), 3: number(12), 4: number(4)})
    assert rule(load, cmp(b"\x0a\0\0\1"), ACCEPT).matches == (Match("ip saddr", ("10.0.0.1",)),)


def test_link_index_without_a_link_is_not_understood() -> None:
    assert rule(meta(4), cmp(struct.pack("=I", 99)), ACCEPT).not_understood
    assert rule(meta(4), cmp(struct.pack("=I", 3)), ACCEPT).matches == (Match("iif", ("eth0",)),)


def test_lookup_in_a_set_of_pairs_is_not_understood() -> None:
    lookup: Expression = ("lookup", {1: b"pairs\0", 2: number(1)})
    assert rule(saddr(), lookup, ACCEPT, sets={"pairs": Contents(8)}).not_understood == ("ip saddr == @pairs",)


def test_lookup_in_a_set_that_was_not_read_is_not_understood() -> None:
    lookup: Expression = ("lookup", {1: b"gone\0", 2: number(1)})
    assert rule(saddr(), lookup, ACCEPT).not_understood == ("ip saddr == @gone",)


def test_inverted_lookup_is_negated() -> None:
    lookup: Expression = ("lookup", {1: b"s\0", 2: number(1), 5: number(1)})
    key = b"\x0a\0\0\1"
    found = rule(saddr(), lookup, ACCEPT, sets={"s": Contents(4, ((key, key),))})
    assert found.matches == (Match("ip saddr", ("10.0.0.1",), negated=True),)


@pytest.mark.parametrize("key", [3, 17, 200])
def test_statement_that_sets_something_makes_the_action_unknown(key: int) -> None:
    found = rule(("meta", {2: number(key), 3: number(1)}))
    assert (found.action, len(found.not_understood)) == ("unknown", 1)


def test_rule_that_only_counts_continues() -> None:
    found = rule(("counter", {1: struct.pack(">Q", 840), 2: struct.pack(">Q", 10)}))
    assert (found.action, found.packets, found.not_understood) == ("continue", 10, ())


def test_queue_is_no_verdict_that_is_known() -> None:
    assert rule(verdict(3)).action == "unknown"


def test_address_translation_to_what_a_map_says_keeps_its_action_without_a_target() -> None:
    lookup: Expression = ("lookup", {1: b"m\0", 2: number(1), 3: number(1)})
    found = rule(saddr(), lookup, ("nat", {1: number(1), 2: number(2), 3: number(1), 4: number(1)}))
    assert (found.action, found.target) == ("dnat", "")
    assert found.not_understood


names = st.sampled_from(
    [*("bitwise", "byteorder", "cmp", "counter", "ct", "fib", "immediate", "limit", "lookup", "masq", "match"),
     *("meta", "nat", "objref", "payload", "range", "redir", "reject", "target", "whatever")]
)  # fmt: skip
small = st.integers(0, 12).map(number)
payloads = small | st.binary(max_size=24) | st.binary(max_size=20).map(data)


@given(
    st.lists(st.tuples(names, st.dictionaries(st.integers(0, 8), payloads)), max_size=8), st.sampled_from([1, 2, 10])
)
def test_whatever_a_rule_holds_it_is_read_or_not_understood(expressions: list[Expression], family: int) -> None:
    found = rule(*expressions, family=family)
    assert found.action
    assert found.action != "unknown" or found.not_understood
