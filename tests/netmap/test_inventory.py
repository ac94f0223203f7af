"""A machine's network in a few words."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Interface, IPv6Interface
from types import MappingProxyType

from tutor.check import Address, Link, LinkConf, Netns, NetworkState
from tutor.check.state import IFF_LOWER_UP, IFF_UP
from tutor.netmap import LinkLine, inventory

UP, PLUGGED = IFF_UP, IFF_UP | IFF_LOWER_UP
ROOT = Netns(
    "vm",
    1,
    ("root",),
    links=(
        Link(1, "lo", "loopback", PLUGGED),
        Link(2, "veth-a", "veth", PLUGGED, master=3, peer_index=2, peer_netns=9),
        Link(3, "br", "bridge", UP),
    ),
    addresses=(
        Address(1, IPv4Interface("127.0.0.1/8")),
        Address(3, IPv4Interface("10.0.0.1/24")),
        Address(3, IPv6Interface("fe80::1/64")),
    ),
    conf=MappingProxyType({"all": LinkConf(forwarding=True)}),
)
NS1 = Netns("vm", 9, ("ns1",), links=(Link(2, "veth-b", "veth", peer_index=2, peer_netns=1),))


def test_the_root_namespace_comes_first_and_says_whether_it_forwards() -> None:
    assert [(part.name, part.forwards) for part in inventory(NetworkState((ROOT, NS1)))] == [
        ("root", True),
        ("ns1", False),
    ]


def test_a_link_says_how_it_is_and_what_it_is_plugged_into() -> None:
    root, ns1 = inventory(NetworkState((ROOT, NS1)))
    assert root.links == (
        LinkLine("lo", "up", ("127.0.0.1/8",)),
        LinkLine("veth-a", "up", (), "port of br, to veth-b in ns1"),
        LinkLine("br", "no carrier", ("10.0.0.1/24",)),
    )
    assert ns1.links == (LinkLine("veth-b", "down", (), "to veth-a in root"),)


def test_a_peer_in_the_same_namespace_is_named_alone() -> None:
    pair = (Link(2, "a", "veth", peer_index=3, peer_netns=1), Link(3, "b", "veth", peer_index=2, peer_netns=1))
    (root,) = inventory(NetworkState((replace(ROOT, links=pair, addresses=()),)))
    assert [line.joins for line in root.links] == ["to b", "to a"]


def test_the_other_machines_come_after_the_learners_and_are_named() -> None:
    far = replace(ROOT, machine="node1", inode=20, is_home=False)
    pod = Netns("node1", 21, (), ("/run/docker/netns/5e0f3c6b1a27",), is_home=False)
    state = NetworkState((far, pod, ROOT, NS1), home="vm")
    assert [part.name for part in inventory(state)] == ["root", "ns1", "node1:root", "node1:5e0f3c6b1a27"]
