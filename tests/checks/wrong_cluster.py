"""A state of the cluster for each diagnosis that needs one: the check, its arguments, and what the message must say."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any

from tests.checks.cluster_world import (
    NODE0,
    NODE1,
    TABLE,
    at,
    cluster,
    hop,
    masquerading,
    with_card,
    with_routes,
    with_table,
)
from tests.checks.conftest import link, state
from tests.checks.finished import address
from tutor.check import NetworkState

TO0, TO1 = hop("to-node0", "10.244.0.0/24", NODE0), hop("to-node1", "10.244.1.0/24", NODE1)
ROUTE1 = {"table": TABLE, "prefix": "10.244.1.0/24", "next_hop": NODE1}
SUBNET = {"subnet": "aks-subnet", "table": TABLE}
OVER = {"src": "1c29ea39686a", "dst": "10.244.1.2"}


def _to1(*given: Any, **more: Any) -> NetworkState:
    return with_routes(cluster(), TO0, hop("to-node1", *given, **more))


WRONG: Mapping[str, tuple[str, NetworkState, dict[str, Any], tuple[str, ...]]] = {
    "cloud.no-card": ("cloud.ip_forwarding", cluster(), {"nic": "node7-nic"}, ("node7-nic", "node0-nic", "node1-nic")),
    "cloud.no-table": ("cloud.table_exists", cluster(), {"table": "mine"}, ("mine", TABLE)),
    "cloud.no-subnet": ("cloud.associated", cluster(), {**SUBNET, "subnet": "mine"}, ("mine", "aks-subnet")),
    "cloud.has-routes": ("cloud.has_no_routes", cluster(), {"table": TABLE}, (TABLE, "to-node0", "to-node1")),
    "cloud.associated": ("cloud.not_associated_yet", cluster(), {"subnet": "aks-subnet"}, ("aks-subnet", TABLE)),
    "cloud.not-associated": ("cloud.associated", with_table(cluster(), ""), SUBNET, ("aks-subnet", TABLE)),
    "cloud.forwarding-on": ("cloud.no_ip_forwarding", cluster(), {"nic": "node0-nic"}, ("node0-nic",)),
    "cloud.forwarding-off": (
        "cloud.ip_forwarding",
        with_card(cluster(), "node1-nic", ip_forwarding=False),
        {"nic": "node1-nic"},
        ("node1-nic", "node1", NODE1),
    ),
    "cloud.no-route": ("cloud.routes", with_routes(cluster(), TO0), ROUTE1, (TABLE, "10.244.1.0/24", NODE1)),
    "cloud.dead-next-hop": ("cloud.routes", _to1("10.244.1.0/24", "10.240.0.9"), ROUTE1, ("to-node1", "10.240.0.9")),
    "cloud.wrong-next-hop": ("cloud.routes", _to1("10.244.1.0/24", NODE0), ROUTE1, ("to-node1", NODE0, NODE1, "node0")),
    "cloud.wrong-prefix": ("cloud.routes", _to1("10.244.0.0/16", NODE1), ROUTE1, ("to-node1", "10.244.0.0/16", NODE1)),
    "cloud.wrong-hop-type": (
        "cloud.routes",
        _to1("10.244.1.0/24", kind="Internet"),
        ROUTE1,
        ("to-node1", "Internet", "VirtualAppliance"),
    ),
    "cloud.next-hop-none": ("cloud.routes", _to1("10.244.1.0/24", kind="None"), ROUTE1, ("to-node1", "None")),
    "cloud.foreign-address": (
        "reach.untranslated",
        at(cluster(), "node1:root", addresses=(address(2, "10.240.0.9/16"), address(5, "10.244.1.1/24"))),
        {"src": "root", "dst": str(IPv4Address(NODE1))},
        ("node1-nic", NODE1, "10.240.0.9/16", "node1"),
    ),
    "link.not-promiscuous": (
        "link.promiscuous",
        state(link(2, "cbr0", "bridge", up=True)),
        {"link": "cbr0"},
        ("cbr0", "link set cbr0 promisc on"),
    ),
    "nat.too-wide": (
        "reach.untranslated",
        at(cluster(), "root", chains=(masquerading(),)),
        OVER,
        ("masquerade", "POSTROUTING", "the root namespace", "10.244.0.3", NODE0),
    ),
}
