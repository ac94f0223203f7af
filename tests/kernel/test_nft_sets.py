from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutor.kernel.netlink import pack_attribute
from tutor.kernel.nft_sets import Contents, Element, parse_elements, parse_set

INTERVAL, MAP, TIMEOUT = 0x4, 0x8, 0x10


def port(number: int) -> bytes:
    return number.to_bytes(2, "big")


@given(st.sets(st.integers(1, 0xFFFE), max_size=12), st.randoms(use_true_random=False))
def test_intervals_are_what_their_ends_say_in_whatever_order_they_come(edges: set[int], random: object) -> None:
    pairs = list(zip(*[iter(sorted(edges))] * 2, strict=False))
    elements = [Element(port(0), ends=True)]
    for first, after in pairs:
        elements += [Element(port(first)), Element(port(after), ends=True)]
    random.shuffle(elements)  # type: ignore[attr-defined]  # hypothesis gives a random.Random, its type says less
    expected = tuple((port(first), port(after - 1)) for first, after in pairs)
    assert parse_set(INTERVAL, 2, elements) == Contents(2, expected)


def test_interval_that_never_ends_goes_to_the_greatest_key() -> None:
    assert parse_set(INTERVAL, 2, [Element(port(1024))]).intervals == ((port(1024), port(0xFFFF)),)


def test_interval_that_begins_where_another_ends() -> None:
    elements = [Element(port(10)), Element(port(20), ends=True), Element(port(20)), Element(port(30), ends=True)]
    assert parse_set(INTERVAL, 2, elements).intervals == ((port(10), port(19)), (port(20), port(29)))


def test_plain_set_is_its_keys() -> None:
    assert parse_set(0, 2, [Element(port(443)), Element(port(80))]).intervals == (
        (port(80), port(80)),
        (port(443), port(443)),
    )


def test_set_whose_elements_time_out_is_not_certain() -> None:
    assert not parse_set(TIMEOUT, 2, [Element(port(80))]).certain


def test_map_is_not_certain() -> None:
    assert not parse_set(MAP, 2, [Element(port(80))]).certain


def test_set_with_a_catchall_element_is_not_certain() -> None:
    assert not parse_set(0, 2, [Element(port(80)), Element(b"", catchall=True)]).certain


def test_elements_are_read_from_their_attributes() -> None:
    key = pack_attribute(1, pack_attribute(1, port(80)))
    end = key + pack_attribute(3, (1).to_bytes(4, "big"))
    assert list(parse_elements(pack_attribute(1, key) + pack_attribute(1, end))) == [
        Element(port(80)),
        Element(port(80), ends=True),
    ]
