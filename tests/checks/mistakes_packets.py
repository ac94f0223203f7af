"""Single faults in the steps of the lessons on forwarding and masquerading, each with the diagnosis that it gets."""

from __future__ import annotations

from collections.abc import Mapping

from tests.checks.ways import BR, NS1, NS2, A, B, C, D, Wrong, wrong
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
from tests.checks.ways_links import ON_BRIDGE
from tests.checks.ways_ops import AddrAdd, AddrDel, LinkDel, Master, NetnsDel, PortOff, Up, down
from tests.checks.ways_packets import BRIDGE, POD_NET
from tests.checks.ways_routes import Forwarding, RouteAdd, RouteDel, RpFilter, RuleAdd
from tests.checks.world import Op


def _gateway(netns: str, link: str, own: str, other: str, others: str) -> tuple[Wrong, ...]:
    right = RouteAdd(via=BRIDGE, netns=netns)

    def by(dst: str, via: str = BRIDGE) -> RouteAdd:
        return RouteAdd(dst, via, netns=netns)

    return (
        wrong("nothing", "route.missing", f"{netns} {BRIDGE}"),
        wrong(
            "in the other namespace",
            "route.missing",
            f"{netns} {BRIDGE}",
            RouteAdd(via=BRIDGE, netns=others, replace=True),
        ),
        wrong("in the root namespace", "route.missing", f"{netns} {BRIDGE}", RouteAdd(via=BRIDGE, metric=5)),
        wrong("by a gateway that is no neighbour", "route.missing", netns, RouteAdd(via="10.1.0.1", netns=netns)),
        wrong(
            "by the other namespace",
            "route.wrong-gateway",
            f"{netns} {other} {others} {BRIDGE}",
            by("0.0.0.0/0", other),
        ),
        wrong("by itself", "route.wrong-gateway", f"{netns} {own} {BRIDGE}", by("0.0.0.0/0", own)),
        wrong("by nobody", "route.wrong-gateway", f"{netns} 10.0.0.77 {BRIDGE}", by("0.0.0.0/0", "10.0.0.77")),
        wrong(
            "halves by the other namespace",
            "route.wrong-gateway",
            f"{netns} {other} {BRIDGE}",
            right,
            by("0.0.0.0/1", other),
            by("128.0.0.0/1", other),
        ),
        wrong(
            "the worse of two",
            "route.wrong-gateway",
            f"{netns} {other} {BRIDGE}",
            RouteAdd(via=BRIDGE, netns=netns, metric=100),
            by("0.0.0.0/0", other),
        ),
        wrong("no gateway", "route.no-gateway", f"{netns} {link} {BRIDGE}", RouteAdd(dev=link, netns=netns)),
        wrong("one host", "route.only-some", f"{netns} 8.8.8.8 {BRIDGE}", by("8.8.8.8/32")),
        wrong("one network", "route.only-some", f"{netns} 8.0.0.0/8 {BRIDGE}", by("8.0.0.0/8")),
        wrong("one half", "route.only-some", f"{netns} 0.0.0.0/1 {BRIDGE}", by("0.0.0.0/1")),
        wrong("the other half", "route.only-some", f"{netns} 128.0.0.0/1 {BRIDGE}", by("128.0.0.0/1")),
        wrong(
            "a black hole",
            "route.refused",
            f"{netns} 8.8.8.8 {BRIDGE}",
            right,
            RouteAdd("8.8.8.0/24", kind="blackhole", netns=netns),
        ),
        wrong("only a refusal", "route.refused", f"{netns} unreachable", RouteAdd(kind="unreachable", netns=netns)),
        wrong(
            "a table that is asked first",
            "route.wrong-gateway",
            f"{netns} {other}",
            right,
            RouteAdd(via=other, netns=netns, table=100),
            RuleAdd(1000, 100, netns=netns),
        ),
        wrong("lost when the link went down", "route.missing", netns, right, down(link, netns), Up(link, netns)),
        wrong("deleted again", "route.missing", netns, right, RouteDel(netns=netns)),
        wrong("the namespace is gone", "netns.missing", netns, NetnsDel(netns)),
    )


_PORTS = tuple(
    (f"{name}: {kind}", diagnosis, names, op)
    for name, link in (("ns1", A), ("ns2", C))
    for kind, diagnosis, names, op in (
        ("the port is down", "link.down", link, down(link)),
        ("pulled out", "bridge.no-master", f"{link} {BR}", Master(link, "")),
        ("the port is off", "bridge.port-blocked", f"{link} disabled", PortOff(link)),
    )
)


def _on_the_way(*done: Op) -> tuple[Wrong, ...]:
    """Faults anywhere on the way from a namespace to the outside, once `done` is done."""
    return (
        *(wrong(kind, diagnosis, names, *done, op) for kind, diagnosis, names, op in _PORTS),
        wrong("the bridge is down", "link.down", BR, *done, down(BR)),
        wrong("the near end is down", "link.down", f"{B} {NS1}", *done, down(B, NS1)),
        wrong("the bridge lost its address", "address.missing", BRIDGE, *done, AddrDel(ON_BRIDGE, BR)),
        wrong(
            "the bridge has no neighbours",
            "address.missing",
            f"10.0.0.1/32 10.0.0.2 {BR}",
            *done,
            AddrDel(ON_BRIDGE, BR),
            AddrAdd("10.0.0.1/32", BR),
        ),
        wrong("no way out of ns2", "route.missing", f"{NS2} 8.8.8.8", *done, RouteDel(netns=NS2)),
        wrong("no way out of the machine", "route.missing", "root 8.8.8.8", *done, RouteDel()),
        wrong(
            "ns1 has another gateway",
            "route.wrong-gateway",
            f"{NS1} 10.0.0.3",
            *done,
            RouteAdd(via="10.0.0.3", netns=NS1, replace=True),
        ),
        wrong(
            "ns1 is its own gateway",
            "route.wrong-gateway",
            f"{NS1} 10.0.0.2",
            *done,
            RouteAdd(via="10.0.0.2", netns=NS1, replace=True),
        ),
        wrong("refused", "route.refused", "8.8.8.8 blackhole", *done, RouteAdd("8.8.8.8/32", kind="blackhole")),
        wrong(
            "refused in ns2",
            "route.refused",
            f"{NS2} 8.8.8.8 prohibit",
            *done,
            RouteAdd("8.0.0.0/8", kind="prohibit", netns=NS2),
        ),
        wrong("the way back astray", "route.wrong-link", "10.0.0.3 eth0", *done, RouteAdd("10.0.0.3/32", "10.1.0.1")),
        wrong("off", "forwarding.off", "ip_forward", *done, Forwarding(False)),
        wrong("only in", "forwarding.one-way", f"{BR} eth0", *done, Forwarding(False), Forwarding(link=BR)),
        wrong("only back", "forwarding.one-way", f"{BR} eth0", *done, Forwarding(False, BR), Forwarding(link="eth0")),
        *(
            wrong(
                f"in {each}", "forwarding.wrong-netns", f"{each} root", *done, Forwarding(False), Forwarding(netns=each)
            )
            for each in (NS1, NS2)
        ),
        *(
            wrong(
                f"sources are checked, asked of {link}",
                "forwarding.reverse-path",
                f"{BR} rp_filter 10.0.0.2",
                *done,
                RouteAdd(POD_NET, dev=BR, table=100),
                RuleAdd(900, 100, to=POD_NET, iif="eth0"),
                RouteAdd("10.0.0.2/32", "10.1.0.1"),
                RpFilter(1, link),
            )
            for link in (BR, "all")
        ),
        wrong("policy", "filter.policy", "FORWARD drop", *done, IptPolicy("FORWARD", "drop")),
        wrong(
            "policy, and only requests pass",
            "filter.policy",
            "FORWARD drop",
            *done,
            IptPolicy("FORWARD", "drop"),
            forward("accept", came_in(BR)),
        ),
        wrong(
            "policy, and only answers pass",
            "filter.policy",
            "FORWARD drop",
            *done,
            IptPolicy("FORWARD", "drop"),
            forward("accept", match("ct state", "established", "related")),
        ),
        wrong("policy of nft", "filter.policy", "mine pass drop", *done, NftChain("pass", "forward", policy="drop")),
        wrong("a rule", "filter.rule", "FORWARD drop", *done, forward("drop", came_in(BR))),
        wrong(
            "a rule before others",
            "filter.rule",
            "FORWARD reject",
            *done,
            forward("accept"),
            forward("reject", first=True),
        ),
        wrong("a rule about ns2", "filter.rule", "FORWARD drop 10.0.0.3", *done, forward("drop", src("10.0.0.3"))),
        wrong(
            "a rule about answers", "filter.rule", "FORWARD drop", *done, forward("drop", came_in("eth0"), dst(POD_NET))
        ),
        wrong(
            "a rule about the outside",
            "filter.rule",
            "FORWARD drop",
            *done,
            forward("drop", dst("10.0.0.0/8", negated=True), proto("icmp")),
        ),
        wrong("a rule of legacy iptables", "filter.rule", "FORWARD drop", *done, forward("drop", legacy=True)),
        wrong(
            "a chain of one's own",
            "filter.rule",
            "NO drop 10.0.0.2",
            *done,
            IptChain("filter", "NO"),
            Ipt("filter", "NO", "drop"),
            forward("jump", came_in(BR), target="NO"),
        ),
        wrong(
            "a chain behind a chain",
            "filter.rule",
            "NO reject",
            *done,
            IptChain("filter", "NO"),
            IptChain("filter", "ASK"),
            Ipt("filter", "NO", "reject"),
            Ipt("filter", "ASK", "return", (proto("tcp"),)),
            Ipt("filter", "ASK", "goto", (out("eth0"),), "NO"),
            forward("jump", target="ASK"),
            forward("accept"),
        ),
        *(
            wrong(
                f"a table of one's own, asked {when}",
                "filter.rule",
                "pass mine drop 10.0.0.2",
                *done,
                forward("accept"),
                NftChain("pass", "forward", "inet", priority),
                Nft("pass", "drop", (src("10.0.0.2"),), family="inet"),
            )
            for when, priority in (("before", -10), ("after", 10))
        ),
        wrong("the cable is gone", "address.missing", NS1, *done, LinkDel(A)),
        wrong("ns1 is gone", "netns.missing", NS1, *done, NetnsDel(NS1)),
    )


def _nat(kind: str, diagnosis: str, names: str, *ops: Op) -> Wrong:
    return wrong(f"nat: {kind}", f"nat.{diagnosis}", names, *ops)


_MASK = masquerade(out("eth0"))
_NAT = (
    _nat("nothing", "missing", "10.0.0.2 eth0"),
    _nat("flushed", "missing", "10.0.0.2 eth0", _MASK, IptFlush("nat", "POSTROUTING")),
    _nat("in the wrong chain", "missing", "10.0.0.2 eth0", Ipt("nat", "PREROUTING", "masquerade")),
    _nat("accepts what comes in", "missing", "eth0", Ipt("nat", "PREROUTING", "accept", (came_in("eth0"),))),
    _nat("nobody jumps", "missing", "eth0", IptChain("nat", "MASK"), Ipt("nat", "MASK", "masquerade")),
    _nat("a chain without a hook", "missing", "eth0", NftChain("out"), Nft("out", "masquerade")),
    _nat(
        "for IPv6",
        "missing",
        "eth0",
        NftChain("out", "postrouting", "ip6", 100),
        Nft("out", "masquerade", family="ip6"),
    ),
    *(_nat(f"by {link}", "wrong-link", f"{link} eth0", masquerade(out(link))) for link in (BR, A, C, "lo", "eth1")),
    _nat("not by eth0", "wrong-link", "eth0", masquerade(out("eth0", negated=True))),
    _nat("by all bridges", "wrong-link", "br-* eth0", masquerade(src(POD_NET), out("br-*"))),
    _nat(
        "by a link, said in a chain of one's own",
        "wrong-link",
        f"{BR} eth0",
        IptChain("nat", "MASK"),
        Ipt("nat", "MASK", "masquerade", (out(BR),)),
        Ipt("nat", "POSTROUTING", "jump", (src(POD_NET),), "MASK"),
    ),
    _nat(
        "by a link, with nft",
        "wrong-link",
        f"{BR} eth0",
        NftChain("out", "postrouting", priority=100),
        Nft("out", "masquerade", (out(BR, A),)),
    ),
    *(
        _nat(f"of {each}", "wrong-source", f"{each} 10.0.0.2", masquerade(src(each), out("eth0")))
        for each in ("10.0.1.0/24", "10.1.0.0/16", "192.168.0.0/16", "10.0.0.4/30", "10.0.0.1")
    ),
    _nat(
        "not of the namespaces",
        "wrong-source",
        f"{POD_NET} 10.0.0.2",
        masquerade(src(POD_NET, negated=True), out("eth0")),
    ),
    _nat("of ns1 only", "wrong-source", "10.0.0.2 10.0.0.3 ns2", masquerade(src("10.0.0.2"), out("eth0"))),
    _nat("of ns2 only", "wrong-source", "10.0.0.3 10.0.0.2 ns1", masquerade(src("10.0.0.3"), out("eth0"))),
    _nat("not of ns2", "wrong-source", "10.0.0.3 ns2", masquerade(src("10.0.0.3", negated=True), out("eth0"))),
    *(
        _nat(f"towards {each}", "wrong-destination", each, masquerade(dst(each)))
        for each in (POD_NET, "10.0.0.0/8", "192.168.0.0/16", "8.8.8.8", "1.1.1.1")
    ),
    *(
        _nat(f"only {each}", "one-protocol", f"{each} {others}", masquerade(proto(each), out("eth0")))
        for each, others in (("tcp", "icmp"), ("udp", "icmp"), ("icmp", "tcp"))
    ),
    _nat("not icmp", "one-protocol", "icmp", masquerade(proto("icmp", negated=True), out("eth0"))),
    _nat(
        "only two protocols",
        "one-protocol",
        "icmp",
        NftChain("out", "postrouting", priority=100),
        Nft("out", "masquerade", (proto("tcp", "udp"), out("eth0"))),
    ),
    *(_nat(f"in {each}", "wrong-netns", f"{each} root", masquerade(netns=each)) for each in (NS1, NS2)),
    *(
        _nat(f"as {each}", "foreign-address", f"{each} 10.1.0.4 eth0", snat(each, out("eth0")))
        for each in ("203.0.113.10", "10.1.0.5", BRIDGE)
    ),
    _nat(
        "as another, with nft",
        "foreign-address",
        "10.1.0.99 10.1.0.4 eth0",
        NftChain("out", "postrouting", "inet", 100),
        Nft("out", "snat", (src(POD_NET),), "10.1.0.99", family="inet"),
    ),
    _nat("as another first", "foreign-address", "10.1.0.5 10.1.0.4 eth0", snat("10.1.0.5", src(POD_NET)), _MASK),
    _nat(
        "accepted before", "skipped", "POSTROUTING accept", Ipt("nat", "POSTROUTING", "accept", (src(POD_NET),)), _MASK
    ),
    _nat("accepted first", "skipped", "POSTROUTING accept", _MASK, Ipt("nat", "POSTROUTING", "accept", first=True)),
)

WRONG: Mapping[str, tuple[Wrong, ...]] = {
    "forwarding/gateway": _gateway(NS1, B, "10.0.0.2", "10.0.0.3", NS2),
    "forwarding/gateway-ns2": _gateway(NS2, D, "10.0.0.3", "10.0.0.2", NS1),
    "forwarding/forward": (wrong("nothing", "forwarding.off", "ip_forward"), *_on_the_way(Forwarding())),
    "masquerade/masquerade": (
        *_NAT,
        *_on_the_way(_MASK),
        wrong("a rule about TCP", "filter.rule", "FORWARD drop", _MASK, forward("drop", proto("tcp"), came_in(BR))),
        wrong(
            "a policy for TCP",
            "filter.policy",
            "FORWARD drop",
            _MASK,
            IptPolicy("FORWARD", "drop"),
            forward("accept", proto("icmp")),
        ),
    ),
}
