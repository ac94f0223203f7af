"""A state for each diagnosis: the check that gives it, its arguments, and the names that its message must say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from tests.checks.conftest import NS1_INODE, ROOT_INODE, link, moved, pair, state
from tests.checks.finished import (
    address,
    chain,
    finished,
    route,
    rule,
    with_link,
    with_netns,
)
from tutor.check import BridgePort, Chain, FirewallRule, LinkConf, Match, Netns, NetworkState, PolicyRule

ENDS = {"a": "veth-a-ns1", "b": "veth-b-ns1"}
A, B = pair()
B_MOVED = moved(B, ROOT_INODE)
INTO = {"outer": "veth-a-ns1", "inner": "veth-b-ns1", "netns": "ns1"}
NS1_ADDRESS = {"address": "10.0.0.2/24", "link": "veth-b-ns1", "netns": "ns1"}
BRIDGE_ADDRESS = {"address": "10.0.0.1/24", "link": "br-rootns"}
PORT = {"bridge": "br-rootns", "port": "veth-a-ns1"}
DEFAULT = {"gateway": "10.0.0.1", "netns": "ns1"}
BETWEEN = {"between": ["br-rootns", "eth0"]}
OUT = {"src": ["ns1", "ns2"], "out": "eth0"}
FAR = {"src": "ns1", "dst": "8.8.8.8"}
NEAR = {"src": "ns1", "dst": "10.0.0.3"}
LO = address(1, "127.0.0.1/8", "host")
LOCAL_ROUTE = route("10.0.0.0/24", 2)
UNNAMED = Netns("vm", 9, pids=(42,), links=(link(1, "lo", "loopback"),))


def _addresses(name: str, *texts: tuple[int, str]) -> NetworkState:
    return with_netns(finished(), name, addresses=(LO, *(address(*text) for text in texts)))


def _routes(name: str, *routes: Any) -> NetworkState:
    return with_netns(finished(), name, routes=routes)


def _conf(**closed: LinkConf) -> NetworkState:
    root = finished().namespaces[0]
    return with_netns(finished(), "root", conf=MappingProxyType({**root.conf, **closed}))


def _chains(*chains: Chain, name: str = "root") -> NetworkState:
    return with_netns(finished(masquerade=False), name, chains=chains)


def _masquerade(*matches: Match) -> NetworkState:
    return _chains(chain("POSTROUTING", "postrouting", FirewallRule("masquerade", matches=matches)))


def _both_here() -> NetworkState:
    """Both ends of a pair in the root namespace, and an empty ns1."""
    return state(A, B, ns1=())


def _on_another_bridge() -> NetworkState:
    moved_there = with_link(finished(), "veth-a-ns1", lambda it: replace(it, master=9))
    return with_netns(moved_there, "root", links=(*moved_there.namespaces[0].links, link(9, "br1", "bridge")))


def _strict() -> NetworkState:
    """rp_filter on the bridge, while ns1 is reached by another way."""
    strict = _conf(**{"br-rootns": LinkConf(True, rp_filter=1)})
    astray, back = route("10.0.0.2/32", 2, "10.1.0.1"), route("10.0.0.0/24", 3, table=100)
    rules = (PolicyRule(0, 255), PolicyRule(9, 100, iif="eth0"), PolicyRule(32766, 254))
    return with_netns(strict, "root", routes=(*finished().namespaces[0].routes, astray, back), rules=rules)


WRONG: Mapping[str, tuple[str, NetworkState, dict[str, Any], tuple[str, ...]]] = {
    "link.missing": ("link.exists", state(), {"link": "eth7"}, ("eth7",)),
    "link.wrong-kind": (
        "link.exists",
        state(link(2, "br0", "bridge")),
        {"link": "br0", "kind": "veth"},
        ("br0", "bridge", "veth"),
    ),
    "link.no-netns": ("link.exists", state(), {"link": "lo", "netns": "ns1"}, ("ns1", "lo")),
    "link.elsewhere": (
        "link.is_up",
        state(moved(A, NS1_INODE), ns1=(B_MOVED,)),
        {"link": "veth-b-ns1"},
        ("veth-b-ns1", "ns1", "the root namespace"),
    ),
    "link.down": ("link.is_up", state(A, B), {"link": "veth-a-ns1"}, ("veth-a-ns1", "down")),
    "link.up": (
        "link.is_down",
        state(*pair(a_up=True)),
        {"link": "veth-a-ns1"},
        ("veth-a-ns1", "ip link set veth-a-ns1 down"),
    ),
    "link.no-carrier": (
        "link.has_carrier",
        state(link(2, "eth0", "tun", up=True)),
        {"link": "eth0"},
        ("eth0", "cable"),
    ),
    "link.carrier": (
        "link.has_no_carrier",
        state(*pair(a_up=True, b_up=True)),
        {"link": "veth-b-ns1"},
        ("veth-b-ns1", "carrier"),
    ),
    "veth.missing": ("veth.pair", state(), ENDS, ("veth-a-ns1", "veth-b-ns1")),
    "veth.end-missing": ("veth.pair", state(*pair(b="veth9")), ENDS, ("veth-a-ns1", "veth9", "veth-b-ns1")),
    "veth.wrong-kind": ("veth.pair", state(link(2, "veth-a-ns1", "dummy")), ENDS, ("veth-a-ns1", "dummy")),
    "veth.no-pair": (
        "veth.pair",
        state(*pair(b="veth8"), *pair("veth9", "veth-b-ns1", first=7)),
        ENDS,
        ("veth-a-ns1", "veth-b-ns1", "veth8"),
    ),
    "veth.wrong-end": (
        "veth.leads_into",
        state(moved(B, NS1_INODE), ns1=(moved(A, ROOT_INODE),)),
        INTO,
        ("veth-a-ns1", "veth-b-ns1", "ns1"),
    ),
    "veth.not-moved": ("veth.leads_into", _both_here(), INTO, ("veth-b-ns1", "ns1")),
    "netns.missing": ("netns.exists", finished(), {"netns": "ns9"}, ("ns9", "ns1", "ns2")),
    "netns.unnamed": (
        "netns.exists",
        replace(state(), namespaces=(*state().namespaces, UNNAMED)),
        {"netns": "ns1"},
        ("ns1", "42"),
    ),
    "netns.not-empty": ("netns.has_only_lo", finished(), {"netns": "ns1"}, ("ns1", "veth-b-ns1")),
    "bridge.no-master": (
        "bridge.has_port",
        with_link(finished(), "veth-a-ns1", lambda it: replace(it, master=None, port=None)),
        PORT,
        ("veth-a-ns1", "br-rootns"),
    ),
    "bridge.port-of-another": (
        "bridge.has_port",
        _on_another_bridge(),
        PORT,
        ("veth-a-ns1", "br-rootns", "br1"),
    ),
    "bridge.port-blocked": (
        "reach.pings",
        with_link(finished(), "veth-a-ns1", lambda it: replace(it, port=BridgePort("blocking"))),
        NEAR,
        ("veth-a-ns1", "blocking"),
    ),
    "address.missing": ("address.has", _addresses("ns1"), NS1_ADDRESS, ("veth-b-ns1", "10.0.0.2/24", "ns1")),
    "address.wrong-prefix": (
        "address.has",
        _addresses("ns1", (2, "10.0.0.2/32")),
        NS1_ADDRESS,
        ("veth-b-ns1", "10.0.0.2/32", "10.0.0.2/24", "ip -n ns1 addr del"),
    ),
    "address.elsewhere": (
        "address.has",
        _addresses("root", (2, "10.0.0.1/24")),
        BRIDGE_ADDRESS,
        ("10.0.0.1/24", "eth0", "br-rootns"),
    ),
    "address.on-port": (
        "address.has",
        _addresses("root", (4, "10.0.0.1/24")),
        BRIDGE_ADDRESS,
        ("10.0.0.1/24", "veth-a-ns1", "br-rootns"),
    ),
    "address.duplicate": (
        "reach.pings",
        _addresses("ns2", (2, "10.0.0.3/24"), (2, "10.0.0.2/24")),
        NEAR,
        ("ns1", "ns2", "10.0.0.2"),
    ),
    "route.missing": ("route.default", _routes("ns1", LOCAL_ROUTE), DEFAULT, ("ns1", "10.0.0.1")),
    "route.no-gateway": (
        "route.default",
        _routes("ns1", LOCAL_ROUTE, route("0.0.0.0/0", 2)),
        DEFAULT,
        ("ns1", "veth-b-ns1", "10.0.0.1"),
    ),
    "route.wrong-gateway": (
        "route.default",
        _routes("ns1", LOCAL_ROUTE, route("0.0.0.0/0", 2, "10.0.0.3")),
        DEFAULT,
        ("ns1", "10.0.0.3", "ns2", "10.0.0.1"),
    ),
    "route.only-some": (
        "route.default",
        _routes("ns1", LOCAL_ROUTE, route("8.0.0.0/8", 2, "10.0.0.1")),
        DEFAULT,
        ("ns1", "8.0.0.0/8", "10.0.0.1"),
    ),
    "route.refused": (
        "route.default",
        _routes("ns1", LOCAL_ROUTE, route("0.0.0.0/0", 2, "10.0.0.1"), route("8.0.0.0/8", kind="blackhole")),
        DEFAULT,
        ("ns1", "8.8.8.8", "blackhole"),
    ),
    "route.wrong-link": (
        "reach.pings",
        _routes("root", route("0.0.0.0/0", 2, "10.1.0.1"), route("10.1.0.0/24", 2)),
        {"src": "root", "dst": "10.0.0.2"},
        ("10.0.0.2", "eth0", "ns1"),
    ),
    "forwarding.off": ("forwarding.is_on", finished(forwarding=False), BETWEEN, ("root namespace", "ip_forward")),
    "forwarding.wrong-netns": (
        "forwarding.is_on",
        with_netns(finished(forwarding=False), "ns1", conf=MappingProxyType({"all": LinkConf(True)})),
        BETWEEN,
        ("ns1", "root namespace", "ip_forward"),
    ),
    "forwarding.one-way": (
        "forwarding.is_on",
        _conf(eth0=LinkConf(False)),
        BETWEEN,
        ("eth0", "br-rootns", "net.ipv4.conf.eth0.forwarding"),
    ),
    "forwarding.reverse-path": ("reach.carried", _strict(), FAR, ("br-rootns", "10.0.0.2", "rp_filter")),
    "filter.policy": (
        "reach.carried",
        _chains(chain("FORWARD", "forward", policy="drop")),
        FAR,
        ("FORWARD", "drop", "10.0.0.2", "8.8.8.8"),
    ),
    "filter.rule": (
        "reach.carried",
        _chains(
            chain("FORWARD", "forward", rule("jump", ("iifname", "br-rootns"), target="MINE")),
            chain("MINE", "", rule("reject", ("ip saddr", "10.0.0.0/24")), kind="filter"),
        ),
        FAR,
        ("MINE", "reject", "10.0.0.2", "8.8.8.8"),
    ),
    "nat.missing": ("nat.translates", _chains(), OUT, ("10.0.0.2", "ns1", "eth0")),
    "nat.wrong-link": ("nat.translates", _masquerade(Match("oifname", ("br-rootns",))), OUT, ("br-rootns", "eth0")),
    "nat.wrong-source": (
        "nat.translates",
        _masquerade(Match("ip saddr", ("10.0.0.2",))),
        OUT,
        ("10.0.0.2", "10.0.0.3", "ns2"),
    ),
    "nat.wrong-destination": (
        "nat.translates",
        _masquerade(Match("ip daddr", ("10.0.0.0/24",))),
        OUT,
        ("10.0.0.0/24", "8.8.8.8"),
    ),
    "nat.one-protocol": ("nat.translates", _masquerade(Match("meta l4proto", ("tcp",))), OUT, ("tcp", "icmp")),
    "nat.wrong-netns": (
        "nat.translates",
        with_netns(_chains(), "ns1", chains=(chain("POSTROUTING", "postrouting", rule("masquerade")),)),
        OUT,
        ("ns1", "root namespace", "masquerade"),
    ),
    "nat.foreign-address": (
        "nat.translates",
        _chains(chain("POSTROUTING", "postrouting", rule("snat", target="10.0.0.1"))),
        OUT,
        ("10.0.0.1", "10.1.0.4", "eth0"),
    ),
    "nat.skipped": (
        "nat.translates",
        _chains(chain("POSTROUTING", "postrouting", rule("accept", ("ip saddr", "10.0.0.0/24")), rule("masquerade"))),
        OUT,
        ("POSTROUTING", "accept", "10.0.0.2"),
    ),
    "reach.unanswered": ("reach.pings", finished(), FAR, ("ns1", "8.8.8.8", "timed out")),
}
