from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Interface

from tests.checks.conftest import Say, link, state
from tutor.check import Address, NetworkState, Route


def _machine() -> NetworkState:
    bare = state(link(2, "eth0", "tun", up=True))
    root = replace(
        bare.namespaces[0],
        addresses=(
            Address(1, IPv4Interface("127.0.0.1/8"), "host"),
            Address(2, IPv6Interface("fe80::1/64"), "link"),
            Address(2, IPv4Interface("10.1.0.4/24")),
        ),
        routes=(
            Route(IPv4Network("10.1.0.0/24"), oif=2),
            Route(IPv4Network("0.0.0.0/0"), IPv4Address("10.1.0.9"), 2, table=100),
            Route(IPv4Network("0.0.0.0/0"), IPv4Address("10.1.0.1"), 2),
        ),
    )
    return NetworkState((root,), home="vm")


def test_an_address_is_shown_with_its_length_or_its_mask(say: Say) -> None:
    shown = say("address.shown", _machine(), link="eth0")
    assert shown.is_in("inet 10.1.0.4/24 brd 10.1.0.255")
    assert shown.is_in("inet 10.1.0.4  netmask 255.255.255.0")
    assert not shown.is_in("inet 10.1.0.41/24")
    assert not say("address.shown", state(), link="lo").is_in("127.0.0.1/8")
    assert not say("address.shown", state(), link="gone").is_in("")


def test_two_addresses_must_both_be_shown(say: Say) -> None:
    shown = say("address.of_two", _machine(), first="lo", second="eth0")
    assert shown.is_in("127.0.0.1/8 ... 10.1.0.4/24")
    assert not shown.is_in("10.1.0.4/24")
    assert not say("address.of_two", state(), first="lo", second="eth0").is_in("")


def test_the_scope_of_an_address(say: Say) -> None:
    assert say("address.scope_of", _machine(), link="lo").accepts("host")
    assert say("address.scope_of", _machine(), link="eth0").accepts("global")
    assert say("address.scope_of", _machine(), link="gone").accepted == ()


def test_the_default_route_of_the_main_table_is_shown_by_ip_and_by_route(say: Say) -> None:
    shown = say("route.default_shown", _machine())
    assert shown.is_in("default via 10.1.0.1 dev eth0")
    assert shown.is_in("0.0.0.0         10.1.0.1        0.0.0.0         UG    0      0        0 eth0")
    assert not shown.is_in("default via 10.1.0.9 dev eth0")
    assert not say("route.default_shown", state()).is_in("default")
    assert not say("route.default_shown", state(), netns="ns9").is_in("default")


def test_an_answer_to_a_ping_is_shown(say: Say) -> None:
    shown = say("reach.answered", state(), dst="8.8.8.8")
    assert shown.is_in("64 bytes from 8.8.8.8: icmp_seq=1 ttl=63 time=1.2 ms")
    assert not shown.is_in("From 8.8.8.8 icmp_seq=1 Destination Host Unreachable".replace("From", "to"))
