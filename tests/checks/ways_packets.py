"""Equal ways through the steps of the lessons on forwarding and masquerading: the first of each is the lesson's."""

from __future__ import annotations

from collections.abc import Mapping

from tests.checks.ways import BR, NS1, NS2, A, B, C, D, Way, along
from tests.checks.ways_firewall import (
    Ipt,
    IptChain,
    IptFlush,
    IptPolicy,
    Nft,
    NftChain,
    came_in,
    dst,
    forward,
    masquerade,
    match,
    out,
    proto,
    snat,
    src,
)
from tests.checks.ways_ops import AddrAdd, AddrDel, Master, Up, down
from tests.checks.ways_routes import Forwarding, RouteAdd, RouteDel, RpFilter, RuleAdd
from tests.checks.world import Op
from tutor.check import Match

BRIDGE = "10.0.0.1"
POD_NET = "10.0.0.0/24"
ANSWERS = match("ct state", "established", "related")


def _gateway(netns: str, link: str, own: str, other: str) -> tuple[Way, ...]:
    def by(dst: str = "0.0.0.0/0", via: str = BRIDGE, metric: int = 0, replace: bool = False) -> RouteAdd:
        return RouteAdd(dst, via, netns=netns, metric=metric, replace=replace)

    return (
        along(by()),
        ((by("0.0.0.0/1"),), (by("128.0.0.0/1"),)),
        ((by("0.0.0.0/2"),), (by("64.0.0.0/2"),), (by("128.0.0.0/1"),)),
        ((by(via=other),), (by("0.0.0.0/1"),), (by("128.0.0.0/1"),)),
        ((by(),), (by(via=other, metric=50),)),
        along(by(metric=7)),
        along(by(via=other), by(replace=True)),
        along(by(via=other), RouteDel(netns=netns), by()),
        along(RouteAdd(dev=link, netns=netns), RouteDel(netns=netns), by()),
        along(RouteAdd(via=BRIDGE, dev=link, netns=netns, onlink=True)),
        ((by(),), (by("8.8.8.8/32"),), (by("198.51.100.0/24"),)),
        ((by(),), (RouteAdd(kind="unreachable", netns=netns, metric=4000),)),
        along(by(), down(link, netns), Up(link, netns), by()),
        along(AddrDel(own, link, netns), AddrAdd(own, link, netns), by()),
        ((RouteAdd(via=BRIDGE, netns=netns, table=100),), (RuleAdd(33000, 100, netns=netns),)),
    )


_ON: tuple[Op, ...] = (Forwarding(),)
_ASYMMETRIC: tuple[Op, ...] = (
    RouteAdd(POD_NET, dev=BR, table=100),
    RuleAdd(900, 100, to=POD_NET, iif="eth0"),
    RouteAdd("10.0.0.2/32", "10.1.0.1"),
)
"""Answers come back to ns1, although the main table would send it elsewhere."""

FORWARD: tuple[Way, ...] = (
    along(*_ON),
    ((Forwarding(link=BR),), (Forwarding(link="eth0"),)),
    along(Forwarding(), Forwarding(False, "lo")),
    along(Forwarding(), Forwarding(False), Forwarding()),
    along(Forwarding(False), Forwarding(link=BR), Forwarding(link="eth0"), Forwarding(link=A)),
    (_ON, (Forwarding(netns=NS1),)),
    (_ON, (RpFilter(1),)),
    (_ON, (RpFilter(1, "eth0"),), (RpFilter(2, BR),)),
    (_ON, (*_ASYMMETRIC,), (RpFilter(2, BR),)),
    (_ON, (IptPolicy("FORWARD", "drop"),), (forward("accept", came_in(BR)), forward("accept", ANSWERS))),
    (_ON, (IptPolicy("FORWARD", "drop"),), (forward("accept", src(POD_NET)),), (forward("accept", dst(POD_NET)),)),
    (_ON, (IptPolicy("FORWARD", "drop"), IptPolicy("FORWARD", "accept"))),
    (
        _ON,
        (
            IptChain("filter", "MINE"),
            IptChain("filter", "YES"),
            Ipt("filter", "YES", "accept"),
            Ipt("filter", "MINE", "return", (proto("sctp"),)),
            Ipt("filter", "MINE", "goto", (match("iifname", "br-*"),), "YES"),
            forward("jump", target="MINE"),
            forward("jump", ANSWERS, target="YES"),
            IptPolicy("FORWARD", "drop"),
        ),
    ),
    (
        _ON,
        (
            NftChain("pass", "forward", "inet", policy="drop"),
            Nft("pass", "accept", (came_in(BR), out("eth0")), family="inet"),
            Nft("pass", "accept", (dst(POD_NET), ANSWERS), family="inet"),
        ),
    ),
    (_ON, (forward("drop", src("192.168.0.0/16")),), (forward("drop", out("eth0", negated=True), dst("9.9.9.9")),)),
    (_ON, (forward("reject", came_in("eth0"), match("ct state", "new")),)),
    (_ON, (IptChain("filter", "NO"), Ipt("filter", "NO", "drop"))),
    (_ON, (NftChain("unused"), Nft("unused", "drop"))),
    (_ON, (NftChain("six", "forward", "ip6", policy="drop"),)),
    (_ON, (IptPolicy("INPUT", "drop"),)),
    (_ON, (forward("accept", src(POD_NET)), forward("accept", dst(POD_NET)), forward("drop"))),
    (_ON, (RouteAdd("0.0.0.0/1", "10.1.0.1"),), (RouteAdd("128.0.0.0/1", "10.1.0.1"),)),
    (_ON, (down(C), Up(C)), (Master(A, ""), Master(A, BR))),
)


def _nft(*rules: Nft, family: str = "ip", priority: int = 100) -> Way:
    return along(NftChain("out", "postrouting", family, priority), *rules)


def _nft_masquerade(*matches: Match, family: str = "ip") -> Nft:
    return Nft("out", "masquerade", matches, family=family)


MASQUERADE: tuple[Way, ...] = (
    along(masquerade(out("eth0"))),
    along(masquerade()),
    along(masquerade(src(POD_NET), out("eth0"))),
    along(masquerade(src(POD_NET), dst(POD_NET, negated=True))),
    along(masquerade(src(POD_NET), out(BR, negated=True))),
    along(masquerade(dst("10.0.0.0/8", negated=True))),
    along(masquerade(out("eth*"))),
    along(masquerade(out("eth0"), first=True)),
    along(masquerade(out("eth0"), src("192.168.0.0/16", negated=True))),
    along(masquerade(match("fib daddr type", "local", negated=True), dst(POD_NET, negated=True))),
    ((masquerade(src("10.0.0.2"), out("eth0")),), (masquerade(src("10.0.0.3"), out("eth0")),)),
    ((masquerade(src("10.0.0.0/25")),), (masquerade(src("10.0.0.128/25")),)),
    tuple((masquerade(proto(each), out("eth0")),) for each in ("icmp", "tcp", "udp")),
    ((masquerade(proto("tcp"), out("eth0")),), (masquerade(proto("tcp", negated=True), out("eth0")),)),
    along(snat("10.1.0.4", out("eth0"))),
    along(snat("10.1.0.4", src(POD_NET))),
    along(masquerade(out("lo")), masquerade(out("eth0"))),
    along(masquerade(out("eth0")), Ipt("nat", "POSTROUTING", "accept")),
    along(Ipt("nat", "POSTROUTING", "accept", (dst(POD_NET),)), masquerade()),
    along(Ipt("nat", "POSTROUTING", "return", (src("192.168.0.0/16"),)), masquerade(out("eth0"))),
    along(Ipt("nat", "POSTROUTING", "accept"), IptFlush("nat", "POSTROUTING"), masquerade(out("eth0"))),
    along(masquerade(out("eth0"), legacy=True)),
    along(
        IptChain("nat", "MASK"),
        Ipt("nat", "MASK", "masquerade", (out("eth0"),)),
        Ipt("nat", "POSTROUTING", "jump", (src(POD_NET),), "MASK"),
    ),
    along(
        IptChain("nat", "KEEP"),
        IptChain("nat", "MASK"),
        Ipt("nat", "KEEP", "return", (dst(POD_NET),)),
        Ipt("nat", "KEEP", "goto", (), "MASK"),
        Ipt("nat", "MASK", "masquerade"),
        Ipt("nat", "POSTROUTING", "jump", (), "KEEP"),
    ),
    along(IptChain("nat", "KEEP"), Ipt("nat", "POSTROUTING", "jump", (), "KEEP"), masquerade(out("eth0"))),
    _nft(_nft_masquerade(out("eth0"))),
    _nft(_nft_masquerade(match("oif", "eth0"))),
    _nft(_nft_masquerade(src("10.0.0.2", "10.0.0.3"))),
    _nft(_nft_masquerade(out("eth0", "eth1"), family="inet"), family="inet"),
    _nft(_nft_masquerade(src(POD_NET), dst(POD_NET, negated=True), family="inet"), family="inet", priority=99),
    _nft(_nft_masquerade(proto("icmp", "tcp", "udp")), priority=50),
    _nft(_nft_masquerade(match("ip protocol", "icmp")), _nft_masquerade(match("ip protocol", "icmp", negated=True))),
    _nft(Nft("out", "snat", (out("eth0"),), "10.1.0.4")),
    _nft(Nft("out", "accept", (dst("10.0.0.0/8"),)), _nft_masquerade()),
    along(
        NftChain("mask"),
        Nft("mask", "masquerade"),
        NftChain("out", "postrouting", priority=100),
        Nft("out", "jump", (src(POD_NET),), "mask"),
    ),
    ((masquerade(out("eth0")),), (masquerade(netns=NS1),)),
    ((masquerade(out("eth0")),), (IptPolicy("FORWARD", "drop"), forward("accept"))),
    ((masquerade(out("eth0")),), (RpFilter(1),)),
    ((masquerade(out("eth0")),), (Forwarding(False), Forwarding(link=BR), Forwarding(link="eth0"))),
)

WAYS: Mapping[str, tuple[Way, ...]] = {
    "forwarding/gateway": _gateway(NS1, B, "10.0.0.2/24", "10.0.0.3"),
    "forwarding/gateway-ns2": _gateway(NS2, D, "10.0.0.3/24", "10.0.0.2"),
    "forwarding/forward": FORWARD,
    "masquerade/masquerade": MASQUERADE,
}
