"""The cloud that checks see is the one that the lab tells of; and which route of it a packet takes."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.aks.conftest import AKS
from tutor.kernel.cloud import read_cloud
from tutor.lab.cloud import APPLIANCE, INTERNET, LOCAL, NONE, Card, Cloud, Route, RouteTable, Subnet, cloud_of
from tutor.lab.topology_file import parse_topology


def _cloud() -> Cloud:
    return cloud_of(parse_topology(AKS.read_text(), name="aks"))


def test_what_the_lab_tells_is_what_checks_see() -> None:
    seen = read_cloud(_cloud().as_message(), {"no-owner": 2})
    assert [(card.name, card.machine, card.link, str(card.address)) for card in seen.cards] == [
        ("node0-nic", "node0", "eth0", "10.240.0.4"),
        ("node1-nic", "node1", "eth0", "10.240.0.5"),
    ]
    assert all(card.ip_forwarding and card.subnet == "aks-subnet" for card in seen.cards)
    assert [(str(route.prefix), str(route.next_hop)) for route in seen.tables["aks-routetable"]] == [
        ("10.244.0.0/24", "10.240.0.4"),
        ("10.244.1.0/24", "10.240.0.5"),
    ]
    assert seen.drops == {"no-owner": 2}
    assert seen.card_of("node1", "eth0") == seen.card_with(IPv4Address("10.240.0.5"))


def test_without_a_cloud_there_is_nothing_to_see() -> None:
    seen = read_cloud({}, {})
    assert (seen.cards, seen.subnets, dict(seen.tables)) == ((), (), {})


@pytest.mark.parametrize(
    ("dst", "source", "kind"),
    [
        ("10.244.1.9", "User", APPLIANCE),
        ("10.244.2.9", "Default", LOCAL),
        ("10.240.0.5", "Default", LOCAL),
        ("8.8.8.8", "Default", INTERNET),
        ("192.168.1.1", "Default", NONE),
    ],
)
def test_the_longest_prefix_goes_first(dst: str, source: str, kind: str) -> None:
    cloud = _cloud()
    route = cloud.route_for(cloud.cards[0], IPv4Address(dst))
    assert (route.source, route.next_hop_type) == (source, kind)


PREFIXES = (
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.240.0.0/16",
    "10.244.0.0/16",
    "10.244.1.0/24",
    "10.244.1.128/25",
    "8.0.0.0/8",
)
ADDRESSES = st.sampled_from(
    ["10.244.1.2", "10.244.1.200", "10.240.0.5", "10.9.9.9", "8.8.8.8", "1.1.1.1", "172.16.0.1"]
)


@given(st.lists(st.sampled_from(PREFIXES), unique=True), ADDRESSES)
def test_lab_and_checks_agree_on_the_route_that_a_packet_takes(prefixes: list[str], text: str) -> None:
    """Two who each know how the cloud looks routes up: the command line, and the walk of the checks."""
    cloud = _cloud()
    cloud.tables[0].routes[:] = [
        Route(f"r{number}", IPv4Network(prefix), APPLIANCE, IPv4Address("10.240.0.5"))
        for number, prefix in enumerate(prefixes)
    ]
    dst = IPv4Address(text)
    told = cloud.route_for(cloud.cards[0], dst)
    seen = read_cloud(cloud.as_message(), {})
    walked = seen.route_for(seen.cards[0], dst)
    assert (walked.name if walked is not None else "") == (told.name if told.source == "User" else "")


def test_a_card_of_no_subnet_has_no_table() -> None:
    card = Card("c", "m", "eth0", "nic-0.0", IPv4Address("10.0.0.4"), "", None, "", False)
    cloud = Cloud("", "", "", (), ("m",), [card], [Subnet("s", IPv4Network("10.1.0.0/16"), "t")], [RouteTable("t")])
    assert cloud.table_for(card) is None
