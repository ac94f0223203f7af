"""The cluster of the lab `aks` as a state built by hand, and how to change one thing of it.

Two nodes as kubenet leaves them, with pods, and the cloud between them. Nobody has named the pods' namespaces for `ip`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from types import MappingProxyType
from typing import Any

from tests.checks.conftest import link
from tests.checks.finished import DEFAULT, FORWARDING, address, chain, route
from tutor.check import (
    Cloud,
    CloudCard,
    CloudRoute,
    CloudSubnet,
    FirewallRule,
    Link,
    LinkConf,
    Match,
    Netns,
    NetworkState,
)

TABLE, SUBNET = "aks-routetable", "aks-subnet"
NODE0, NODE1 = "10.240.0.4", "10.240.0.5"
PODS = {
    "1c29ea39686a": "10.244.0.3",
    "c67bf3c52362": "10.244.0.5",
    "af61ee373e23": "10.244.0.6",
    "b8880ce70066": "10.244.0.7",
    "09d07a99816a": "10.244.0.10",
    "node1:5e0f3c6b1a27": "10.244.1.2",
    "node1:d41b97e20c58": "10.244.1.3",
}
"""Address of each pod, by its place."""
NSIDS = (1, 3, 4, 5, 6, 0, 1)
"""The link-netnsid by which each pod's node names it, in the same order."""
UP: dict[str, Any] = {"up": True, "carrier": True}
NOT_LOCAL = Match("fib daddr type", ("local",), negated=True)
EXCEPT_PODS = Match("ip daddr", ("10.244.0.0/16",), negated=True)


def masquerading(*matches: Match) -> Any:
    """The chain POSTROUTING with one rule."""
    return chain("POSTROUTING", "postrouting", FirewallRule("masquerade", matches=matches))


KUBENET = masquerading(EXCEPT_PODS, NOT_LOCAL)


def cluster() -> NetworkState:
    """Two nodes, seven pods, and the routes between them."""
    namespaces: list[Netns] = []
    for number, name in enumerate(("node0", "node1")):
        ours = [place for place in PODS if place.startswith("node1:") == bool(number)]
        inodes = {place: 100 * number + 11 + count for count, place in enumerate(ours)}
        namespaces.append(_node(name, number, inodes))
        namespaces += [_pod(name, place, inodes[place], 6 + count, number) for count, place in enumerate(ours)]
    return NetworkState(tuple(namespaces), "node0", cloud())


def cloud() -> Cloud:
    """Two cards in one subnet, whose table has a route to each node's pods."""
    return Cloud(
        networks=(IPv4Network("10.0.0.0/8"),),
        system=(
            CloudRoute("", IPv4Network("10.0.0.0/8"), "VnetLocal"),
            CloudRoute("", IPv4Network("0.0.0.0/0"), "Internet"),
            CloudRoute("", IPv4Network("192.168.0.0/16"), "None"),
        ),
        cards=(_card("node0", NODE0, "203.0.113.20"), _card("node1", NODE1, "203.0.113.21")),
        subnets=(CloudSubnet(SUBNET, IPv4Network("10.240.0.0/16"), TABLE),),
        tables=MappingProxyType(
            {TABLE: (hop("to-node0", "10.244.0.0/24", NODE0), hop("to-node1", "10.244.1.0/24", NODE1))}
        ),
    )


def hop(name: str, prefix: str, to: str = "", kind: str = "VirtualAppliance") -> CloudRoute:
    """A route of the cloud."""
    return CloudRoute(name, IPv4Network(prefix), kind, IPv4Address(to) if to else None)


def with_routes(state: NetworkState, *routes: CloudRoute, table: str = TABLE) -> NetworkState:
    """The state with these routes in a table."""
    return _with_cloud(state, tables=MappingProxyType({**state.cloud.tables, table: routes}))


def with_card(state: NetworkState, name: str, **changes: Any) -> NetworkState:
    """The state with one card changed."""
    cards = tuple(replace(card, **changes) if card.name == name else card for card in state.cloud.cards)
    return _with_cloud(state, cards=cards)


def with_table(state: NetworkState, table: str) -> NetworkState:
    """The state with another table (or none) associated with the subnet."""
    return _with_cloud(state, subnets=tuple(replace(each, route_table=table) for each in state.cloud.subnets))


def at(state: NetworkState, place: str, **changes: Any) -> NetworkState:
    """The state with fields of the namespace at `place` replaced."""
    return change(state, place, lambda netns: replace(netns, **changes))


def change(state: NetworkState, place: str, how: Callable[[Netns], Netns]) -> NetworkState:
    """The state with the namespace at `place` changed."""
    found = state.find_netns(place)
    assert found is not None
    return replace(state, namespaces=tuple(how(each) if each is found else each for each in state.namespaces))


def with_link_at(state: NetworkState, place: str, name: str, how: Callable[[Link], Link]) -> NetworkState:
    """The state with one link changed."""
    return change(
        state,
        place,
        lambda netns: replace(netns, links=tuple(how(each) if each.name == name else each for each in netns.links)),
    )


def _with_cloud(state: NetworkState, **changes: Any) -> NetworkState:
    return replace(state, cloud=replace(state.cloud, **changes))


def _card(machine: str, own: str, public: str) -> CloudCard:
    return CloudCard(f"{machine}-nic", machine, "eth0", IPv4Address(own), True, SUBNET, IPv4Address(public))


def _node(name: str, number: int, inodes: dict[str, int]) -> Netns:
    ports = []
    for index, (place, inode) in enumerate(inodes.items(), 6):
        nsid = NSIDS[list(PODS).index(place)]
        ports.append(
            link(index, veth_of(place), **UP, master=5, port=FORWARDING, peer_index=3, peer_netns=inode, peer_nsid=nsid)
        )
    links = (
        link(1, "lo", "loopback", **UP),
        link(2, "eth0", "tun", **UP),
        link(3, "docker0", "bridge", up=True),
        link(4, "lxcbr0", "bridge", up=True),
        replace(link(5, "cbr0", "bridge", **UP), flags=0x10101),
        *ports,
    )
    names = ("all", "default", *(each.name for each in links))
    return Netns(
        name,
        100 * number + 10,
        ("root",),
        links=links,
        addresses=(
            address(1, "127.0.0.1/8", "host"),
            address(2, f"10.240.0.{4 + number}/16"),
            address(3, "172.17.0.1/16"),
            address(4, "10.0.3.1/24"),
            address(5, f"10.244.{number}.1/24"),
        ),
        routes=(
            route("0.0.0.0/0", 2, "10.240.0.1"),
            route("10.240.0.0/16", 2),
            route("172.17.0.0/16", 3),
            route("10.0.3.0/24", 4),
            route(f"10.244.{number}.0/24", 5),
        ),
        conf=MappingProxyType({each: LinkConf(True) for each in names}),
        chains=(KUBENET,),
        is_home=number == 0,
    )


def veth_of(place: str) -> str:
    """The node's end of a pod's cable."""
    return "veth56780672" if place == "1c29ea39686a" else f"veth{place.rpartition(':')[2][:8]}"


def _pod(machine: str, place: str, inode: int, outer: int, number: int) -> Netns:
    name = place.rpartition(":")[2]
    return Netns(
        machine,
        inode,
        paths=(f"/run/docker/netns/{name}",),
        pids=(inode + 1000,),
        links=(
            link(1, "lo", "loopback", **UP),
            link(3, "eth0", **UP, peer_index=outer, peer_netns=100 * number + 10, peer_nsid=0),
        ),
        addresses=(address(1, "127.0.0.1/8", "host"), address(3, f"{PODS[place]}/24")),
        routes=(route(str(DEFAULT), 3, f"10.244.{number}.1"), route(f"10.244.{number}.0/24", 3)),
        conf=MappingProxyType({each: LinkConf() for each in ("all", "default", "lo", "eth0")}),
        is_home=number == 0,
    )
