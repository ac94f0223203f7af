from __future__ import annotations

from ipaddress import IPv4Address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from tutor.kernel.packet_words import Kind, find_bits, find_network, find_range, find_value, prefix_length

ipv4 = st.integers(0, 2**32 - 1)


@given(ipv4, ipv4)
def test_range_of_addresses_says_exactly_its_first_and_last(one: int, other: int) -> None:
    first, last = sorted((one, other))
    (text,) = find_range(Kind.IPV4, first, last) or ("",)
    if "-" in text:
        assert text == f"{IPv4Address(first)}-{IPv4Address(last)}"
    else:
        network = ip_network(text)
        assert (int(network.network_address), int(network.broadcast_address)) == (first, last)


@given(ipv4, st.integers(0, 32))
def test_range_that_is_a_network_is_written_as_one(address: int, prefix: int) -> None:
    network = ip_network((address, prefix), strict=False)
    first, last = int(network.network_address), int(network.broadcast_address)
    expected = str(network.network_address) if prefix == 32 else str(network)
    assert find_range(Kind.IPV4, first, last) == (expected,)
    assert find_network(Kind.IPV4, first, prefix) == expected


@given(st.integers(0, 32))
def test_prefix_length_of_a_netmask(prefix: int) -> None:
    assert prefix_length(int(ip_network((0, prefix)).netmask), 32) == prefix


@given(st.integers(1, 2**32 - 1))
def test_bits_have_words_for_all_of_them_or_none(mask: int) -> None:
    words = find_bits(Kind.CT_STATE, mask)
    known = 1 | 2 | 4 | 8 | 64
    assert (words is None) == bool(mask & ~known)
    assert words is None or len(words) == mask.bit_count()


def test_reversed_range_has_no_words() -> None:
    assert find_range(Kind.PORT, 90, 80) is None


def test_range_of_what_has_no_order_has_no_words() -> None:
    assert find_range(Kind.CT_STATE, 2, 4) is None


def test_names_of_links_are_no_numbers() -> None:
    assert find_value(Kind.NAME, 1) is None


def test_protocol_without_a_name_is_its_number() -> None:
    assert find_value(Kind.PROTOCOL, 200) == "200"
