"""The network at the end of the paper's first section, as a state, and how to change one thing of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from types import MappingProxyType
from typing import Any

from tests.checks.conftest import LOWER_UP, NS1_INODE, ROOT_INODE, UP, link
from tutor.check import Address, BridgePort, Chain, FirewallRule, Link, LinkConf, Match, Netns, NetworkState, Route

NS2_INODE = 3
FORWARDING = BridgePort("forwarding")
DEFAULT = IPv4Network("0.0.0.0/0")


def address(index: int, text: str, scope: str = "global") -> Address:
    return Address(index, IPv4Interface(text), scope)


def route(dst: str, oif: int | None = None, via: str = "", **more: Any) -> Route:
    return Route(IPv4Network(dst), IPv4Address(via) if via else None, oif, **more)


def chain(name: str, hook: str, *rules: FirewallRule, **more: Any) -> Chain:
    kind = "nat" if hook == "postrouting" else "filter"
    given = {"hook": hook, "kind": kind, "policy": "accept" if hook else "", **more}
    return Chain("ip", kind, name, rules, **given)


def rule(action: str, *matches: tuple[str, str], target: str = "") -> FirewallRule:
    return FirewallRule(action, target, tuple(Match(field, (value,)) for field, value in matches))


MASQUERADE = chain("POSTROUTING", "postrouting", rule("masquerade", ("oifname", "eth0")))


def finished(*, forwarding: bool = True, masquerade: bool = True) -> NetworkState:
    """Root namespace, ns1 and ns2 as in the paper's figure 20."""
    up: dict[str, Any] = {"up": True, "carrier": True}
    root = Netns(
        "vm",
        ROOT_INODE,
        ("root",),
        links=(
            link(1, "lo", "loopback", **up),
            link(2, "eth0", "tun", **up),
            link(3, "br-rootns", "bridge", **up),
            link(4, "veth-a-ns1", **up, master=3, port=FORWARDING, peer_index=2, peer_netns=NS1_INODE),
            link(5, "veth-c-ns2", **up, master=3, port=FORWARDING, peer_index=2, peer_netns=NS2_INODE),
        ),
        addresses=(address(1, "127.0.0.1/8", "host"), address(2, "10.1.0.4/24"), address(3, "10.0.0.1/24")),
        routes=(route("0.0.0.0/0", 2, "10.1.0.1"), route("10.1.0.0/24", 2), route("10.0.0.0/24", 3)),
        conf=MappingProxyType(
            {name: LinkConf(forwarding) for name in ("all", "default", "lo", "eth0", "br-rootns", "veth-a-ns1")}
        ),
        chains=(MASQUERADE,) if masquerade else (),
    )
    return NetworkState(
        (
            root,
            _inside("ns1", NS1_INODE, "veth-b-ns1", "10.0.0.2", 4),
            _inside("ns2", NS2_INODE, "veth-d-ns2", "10.0.0.3", 5),
        ),
        home="vm",
    )


def with_netns(state: NetworkState, name: str, **changes: Any) -> NetworkState:
    """The state with fields of one namespace replaced."""
    return replace(state, namespaces=tuple(replace(n, **changes) if name in n.names else n for n in state.namespaces))


def with_link(state: NetworkState, name: str, change: Callable[[Link], Link]) -> NetworkState:
    """The state with one link changed, wherever it is."""
    return replace(
        state,
        namespaces=tuple(
            replace(netns, links=tuple(change(each) if each.name == name else each for each in netns.links))
            for netns in state.namespaces
        ),
    )


def down(it: Link) -> Link:
    return replace(it, flags=it.flags & ~(UP | LOWER_UP))


def _inside(name: str, inode: int, end: str, ip: str, outer: int) -> Netns:
    return Netns(
        "vm",
        inode,
        (name,),
        links=(
            link(1, "lo", "loopback", up=True, carrier=True),
            link(2, end, up=True, carrier=True, peer_index=outer, peer_netns=ROOT_INODE),
        ),
        addresses=(address(1, "127.0.0.1/8", "host"), address(2, f"{ip}/24")),
        routes=(route("0.0.0.0/0", 2, "10.0.0.1"), route("10.0.0.0/24", 2)),
        conf=MappingProxyType({each: LinkConf() for each in ("all", "default", "lo", end)}),
    )
