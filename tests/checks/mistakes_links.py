"""Single faults in the steps of the lessons on cables, namespaces and bridges, each with the diagnosis that it gets."""

from __future__ import annotations

from collections.abc import Mapping

from tests.checks.ways import BR, NS1, NS2, A, B, C, D, Wrong, wrong
from tests.checks.ways_firewall import Ipt, IptPolicy, Nft, NftChain, dst, proto, src
from tests.checks.ways_links import IN_NS1, IN_NS2, ON_BRIDGE
from tests.checks.ways_ops import (
    AddrAdd,
    AddrDel,
    LinkAdd,
    LinkDel,
    Master,
    Move,
    NetnsAdd,
    NetnsDel,
    NetnsOfProcess,
    PortOff,
    Rename,
    SpanningTree,
    Up,
    VethAdd,
    down,
)
from tests.checks.ways_routes import BridgeNetfilter, RouteAdd
from tutor.check import ROOT

PLUGGED = (Up(C), Master(C, BR))
FURNISHED = (AddrAdd(IN_NS2, D, NS2), Up(D, NS2), Up("lo", NS2))
HAS_ADDRESS = AddrAdd(ON_BRIDGE, BR)

WRONG: Mapping[str, tuple[Wrong, ...]] = {
    "veth-pair/pair": (
        wrong("nothing", "veth.missing", f"{A} {B}"),
        wrong("one end got no name", "veth.end-missing", f"{A} veth0 {B}", VethAdd(A)),
        wrong("the other end got no name", "veth.end-missing", f"{B} veth0 {A}", VethAdd(B)),
        wrong("a name is misspelled", "veth.end-missing", f"{A} {B} veth-b-ns", VethAdd(A, "veth-b-ns")),
        wrong("one end is a bridge", "veth.wrong-kind", f"{A} bridge", LinkAdd(A)),
        wrong("two bridges", "veth.wrong-kind", "bridge", LinkAdd(A), LinkAdd(B)),
        wrong("two cables", "veth.no-pair", f"{A} {B}", VethAdd(A), VethAdd(B)),
        wrong("deleted again", "veth.missing", f"{A} {B}", VethAdd(A, B), LinkDel(B)),
    ),
    "veth-pair/one-end-up": (
        wrong("nothing", "link.down", A),
        wrong("the other end", "link.down", A, Up(B)),
        wrong("both ends", "link.up", B, Up(A), Up(B)),
        wrong("down again", "link.down", A, Up(A), down(A)),
        wrong("the cable is gone", "veth.missing", f"{A} {B}", Up(A), LinkDel(B)),
        wrong("renamed", "veth.end-missing", f"{A} {B} x0", Rename(A, "x0"), Up("x0")),
        wrong("moved away", "link.elsewhere", f"{A} work", NetnsAdd("work"), Move(A, "work"), Up(A, "work")),
    ),
    "veth-pair/carrier": (
        wrong("nothing", "link.down", B),
        wrong("the first end again", "link.down", B, Up(A)),
        wrong("the first end went down", "link.down", A, Up(B), down(A)),
        wrong("moved away", "link.elsewhere", f"{B} work", NetnsAdd("work"), Move(B, "work"), Up(B, "work")),
        wrong(
            "two cables", "veth.no-pair", f"{A} {B}", LinkDel(B), VethAdd(A, "x0", up=True), VethAdd(B, "x1", up=True)
        ),
        wrong("the cable is gone", "veth.missing", f"{A} {B}", LinkDel(A)),
    ),
    "veth-pair/unplug": (
        wrong("nothing", "link.up", B),
        wrong("the wrong end", "link.down", A, down(A)),
        wrong("both ends", "link.down", A, down(A), down(B)),
        wrong("up again", "link.up", B, down(B), Up(B)),
        wrong("the cable is gone", "veth.missing", f"{A} {B}", LinkDel(B)),
    ),
    "network-namespace/make": (
        wrong("nothing", "netns.missing", NS1),
        wrong("another name", "netns.missing", f"{NS1} ns2", NetnsAdd(NS2)),
        wrong("deleted again", "netns.missing", NS1, NetnsAdd(NS1), NetnsDel(NS1)),
        wrong("no name", "netns.unnamed", NS1, NetnsOfProcess()),
        wrong("the cable is in it", "netns.not-empty", f"{NS1} {B}", NetnsAdd(NS1), Move(B, NS1)),
        wrong("a bridge is in it", "netns.not-empty", f"{NS1} br0", NetnsAdd(NS1), LinkAdd("br0", netns=NS1)),
    ),
    "network-namespace/move": (
        wrong("nothing", "veth.not-moved", f"{B} {NS1} root"),
        wrong("moved back", "veth.not-moved", f"{B} {NS1} root", Move(B, NS1), Move(B, ROOT, NS1)),
        wrong("the wrong end", "veth.wrong-end", f"{A} {B} {NS1}", Move(A, NS1)),
        wrong("both ends", "link.elsewhere", f"{A} {NS1}", Move(A, NS1), Move(B, NS1)),
        wrong("another namespace", "link.elsewhere", f"{B} {NS2} {NS1}", NetnsAdd(NS2), Move(B, NS2)),
        wrong("the ends in two others", "link.elsewhere", f"{A} {NS2}", NetnsAdd(NS2), Move(A, NS2), Move(B, NS1)),
        wrong("the namespace is gone", "netns.missing", NS1, Move(B, NS1), NetnsDel(NS1)),
        wrong("the cable is gone", "veth.missing", f"{A} {B}", Move(B, NS1), LinkDel(A)),
        wrong("renamed", "veth.end-missing", f"{A} {B} x0", Move(B, NS1), Rename(B, "x0", NS1)),
        wrong(
            "two cables",
            "veth.no-pair",
            f"{A} {B}",
            LinkDel(A),
            VethAdd(A, "x0"),
            VethAdd(B, "x1", NS1),
        ),
    ),
    "network-namespace/address": (
        wrong("nothing", "address.missing", f"{IN_NS1} {B}"),
        *(
            wrong(
                f"/{length}",
                "address.wrong-prefix",
                f"10.0.0.2/{length} {IN_NS1} {B}",
                AddrAdd(f"10.0.0.2/{length}", B, NS1),
            )
            for length in (8, 16, 25, 30, 32)
        ),
        wrong("on the other end", "address.elsewhere", f"{IN_NS1} {A} {B}", AddrAdd(IN_NS1, A)),
        wrong("on the card", "address.elsewhere", f"{IN_NS1} eth0 {B}", AddrAdd(IN_NS1, "eth0")),
        wrong("on lo", "address.elsewhere", f"{IN_NS1} lo {B}", AddrAdd(IN_NS1, "lo", NS1)),
        wrong(
            "in another namespace",
            "address.elsewhere",
            f"{IN_NS1} ns2 {B}",
            NetnsAdd(NS2),
            AddrAdd(IN_NS1, "lo", NS2),
        ),
        *(
            wrong(
                f"10.0.0.{last}",
                "address.missing",
                f"{IN_NS1} 10.0.0.{last}/24 {B}",
                AddrAdd(f"10.0.0.{last}/24", B, NS1),
            )
            for last in (1, 3, 20)
        ),
        wrong(
            "before the move",
            "address.missing",
            f"{IN_NS1} {B} move",
            Move(B, ROOT, NS1),
            AddrAdd(IN_NS1, B),
            Move(B, NS1),
        ),
        wrong("deleted again", "address.missing", f"{IN_NS1} {B}", AddrAdd(IN_NS1, B, NS1), AddrDel(IN_NS1, B, NS1)),
        wrong("moved back", "veth.not-moved", f"{B} {NS1}", Move(B, ROOT, NS1), AddrAdd(IN_NS1, B)),
        wrong("the cable is gone", "veth.missing", f"{A} {B}", LinkDel(A)),
    ),
    "network-namespace/up": (
        wrong("nothing", "link.down", f"{B} {NS1}"),
        wrong("only lo", "link.down", f"{B} {NS1}", Up("lo", NS1)),
        wrong("down again", "link.down", f"{B} {NS1}", Up(B, NS1), down(B, NS1)),
        wrong("the outer end went down", "link.down", A, Up(B, NS1), down(A)),
        wrong("moved back", "veth.not-moved", f"{B} {NS1} root", Move(B, ROOT, NS1), Up(B)),
        wrong("moved on", "link.elsewhere", f"{B} ns2", NetnsAdd(NS2), Move(B, NS2, NS1), Up(B, NS2)),
        wrong(
            "a move took the address",
            "address.missing",
            f"{B} {IN_NS1}",
            Move(B, ROOT, NS1),
            Move(B, NS1),
            Up(B, NS1),
        ),
        wrong(
            "the length changed",
            "address.wrong-prefix",
            f"{B} 10.0.0.2/32 {IN_NS1}",
            AddrDel(IN_NS1, B, NS1),
            AddrAdd("10.0.0.2/32", B, NS1),
            Up(B, NS1),
        ),
        wrong(
            "the address went to the other end",
            "address.elsewhere",
            f"{A} {B} {IN_NS1}",
            AddrDel(IN_NS1, B, NS1),
            AddrAdd(IN_NS1, A),
            Up(B, NS1),
        ),
        wrong("the namespace is gone", "netns.missing", NS1, NetnsDel(NS1)),
    ),
    "network-namespace/lo": (
        wrong("nothing", "link.down", f"lo {NS1}"),
        wrong("in the wrong namespace", "link.down", f"lo {NS1}", Up("lo")),
        wrong("the cable again", "link.down", f"lo {NS1}", Up(B, NS1)),
        wrong("an address", "link.down", f"lo {NS1}", AddrAdd("127.0.0.1/8", "lo", NS1)),
        wrong("the address is gone", "address.missing", f"{IN_NS1} {B}", Up("lo", NS1), AddrDel(IN_NS1, B, NS1)),
        wrong(
            "another address",
            "address.missing",
            f"{IN_NS1} {B} 10.0.0.20/24",
            Up("lo", NS1),
            AddrDel(IN_NS1, B, NS1),
            AddrAdd("10.0.0.20/24", B, NS1),
        ),
        wrong(
            "what comes in is dropped",
            "filter.policy",
            "INPUT drop",
            Up("lo", NS1),
            IptPolicy("INPUT", "drop", NS1),
        ),
        wrong("the namespace is gone", "netns.missing", NS1, NetnsDel(NS1)),
    ),
    "bridge/make": (
        wrong("nothing", "link.missing", BR),
        wrong("left down", "link.down", BR, LinkAdd(BR)),
        wrong("another name", "link.missing", BR, LinkAdd("br0", up=True)),
        wrong("a cable", "link.wrong-kind", f"{BR} veth bridge", VethAdd(BR, "x0"), Up(BR)),
        wrong("in ns1", "link.elsewhere", f"{BR} {NS1}", LinkAdd(BR, netns=NS1, up=True)),
        wrong("deleted again", "link.missing", BR, LinkAdd(BR, up=True), LinkDel(BR)),
    ),
    "bridge/plug": (
        wrong("nothing", "bridge.no-master", f"{A} {BR}"),
        wrong("the other way round", "bridge.no-master", f"{A} {BR}", Master(BR, A)),
        wrong("another link", "bridge.no-master", f"{A} {BR}", LinkAdd("x0"), Master("x0", BR)),
        wrong("pulled out", "bridge.no-master", f"{A} {BR}", Master(A, BR), Master(A, "")),
        wrong("another bridge", "bridge.port-of-another", f"{A} br1 {BR}", LinkAdd("br1"), Master(A, "br1")),
        wrong("the port is down", "link.down", A, Master(A, BR), down(A)),
        wrong("moved away", "link.elsewhere", f"{A} {NS1}", Move(A, NS1)),
        wrong("a move pulled it out", "link.down", A, Master(A, BR), NetnsAdd("x"), Move(A, "x"), Move(A, ROOT, "x")),
        wrong("the bridge is gone", "link.missing", BR, LinkDel(BR)),
        wrong("the cable is gone", "link.missing", A, Master(A, BR), LinkDel(A)),
    ),
    "bridge/address": (
        wrong("nothing", "address.missing", f"{ON_BRIDGE} {BR}"),
        wrong("on the port", "address.on-port", f"{ON_BRIDGE} {A} {BR}", AddrAdd(ON_BRIDGE, A)),
        wrong("on the card", "address.elsewhere", f"{ON_BRIDGE} eth0 {BR}", AddrAdd(ON_BRIDGE, "eth0")),
        wrong("in ns1", "address.elsewhere", f"{ON_BRIDGE} {B} {BR}", AddrAdd(ON_BRIDGE, B, NS1)),
        *(
            wrong(
                f"/{length}",
                "address.wrong-prefix",
                f"10.0.0.1/{length} {ON_BRIDGE} {BR}",
                AddrAdd(f"10.0.0.1/{length}", BR),
            )
            for length in (16, 25, 32)
        ),
        wrong("that of ns1", "address.missing", f"{ON_BRIDGE} {BR} {IN_NS1}", AddrAdd(IN_NS1, BR)),
        wrong("another", "address.missing", f"{ON_BRIDGE} {BR} 10.0.0.9/24", AddrAdd("10.0.0.9/24", BR)),
        wrong("pulled out", "bridge.no-master", f"{A} {BR}", HAS_ADDRESS, Master(A, "")),
        wrong(
            "another bridge",
            "bridge.port-of-another",
            f"{A} br1 {BR}",
            HAS_ADDRESS,
            LinkAdd("br1", up=True),
            Master(A, "br1"),
        ),
        wrong("the port is down", "link.down", A, HAS_ADDRESS, down(A)),
        wrong("the bridge is down", "link.down", BR, HAS_ADDRESS, down(BR)),
        wrong("the far end is down", "link.down", f"{B} {NS1}", HAS_ADDRESS, down(B, NS1)),
        wrong("the port is off", "bridge.port-blocked", f"{A} disabled", HAS_ADDRESS, PortOff(A)),
        wrong("ns1 has no address", "address.missing", "10.0.0.2", HAS_ADDRESS, AddrDel(IN_NS1, B, NS1)),
        wrong(
            "a host route astray", "route.wrong-link", "10.0.0.2 eth0", HAS_ADDRESS, RouteAdd("10.0.0.2/32", dev="eth0")
        ),
        wrong("by the cloud", "route.wrong-link", "10.0.0.2 eth0", HAS_ADDRESS, RouteAdd("10.0.0.2/32", "10.1.0.1")),
        wrong(
            "refused", "route.refused", "10.0.0.2 unreachable", HAS_ADDRESS, RouteAdd("10.0.0.2/32", kind="unreachable")
        ),
        wrong(
            "ns1 knows no way back",
            "route.refused",
            f"{NS1} 10.0.0.1 blackhole",
            HAS_ADDRESS,
            RouteAdd("10.0.0.1/32", kind="blackhole", netns=NS1),
        ),
        wrong(
            "nothing goes out",
            "filter.rule",
            "OUTPUT drop 10.0.0.2",
            HAS_ADDRESS,
            Ipt("filter", "OUTPUT", "drop", (dst("10.0.0.2"),)),
        ),
        wrong(
            "ns1 lets nothing in",
            "filter.rule",
            f"{NS1} in drop",
            HAS_ADDRESS,
            NftChain("in", "input", netns=NS1),
            Nft("in", "drop", (proto("icmp"),), netns=NS1),
        ),
        wrong("the namespace is gone", "link.missing", A, HAS_ADDRESS, NetnsDel(NS1)),
    ),
    "second-namespace/make": (
        wrong("nothing", "netns.missing", NS2),
        wrong("ns1 again", "netns.missing", NS2, NetnsAdd(NS1)),
        wrong("another name", "netns.missing", f"{NS2} ns-2", NetnsAdd("ns-2")),
        wrong("no name", "netns.unnamed", NS2, NetnsOfProcess()),
        wrong("deleted again", "netns.missing", NS2, NetnsAdd(NS2), NetnsDel(NS2)),
    ),
    "second-namespace/cable": (
        wrong("nothing", "veth.missing", f"{C} {D}"),
        wrong("not moved", "veth.not-moved", f"{D} {NS2}", VethAdd(C, D)),
        wrong("the wrong end", "veth.wrong-end", f"{C} {D} {NS2}", VethAdd(C, D), Move(C, NS2)),
        wrong("both ends", "link.elsewhere", f"{C} {NS2}", VethAdd(C, D, NS2)),
        wrong("into ns1", "link.elsewhere", f"{D} {NS1} {NS2}", VethAdd(C, D), Move(D, NS1)),
        wrong("no name", "veth.end-missing", f"{C} {D} veth0", VethAdd(C), Move("veth0", NS2)),
        wrong("two cables", "veth.no-pair", f"{C} {D}", VethAdd(C), VethAdd(D, "x0"), Move(D, NS2)),
        wrong("a bridge", "veth.wrong-kind", f"{C} bridge", LinkAdd(C)),
        wrong("ns2 is gone", "netns.missing", NS2, VethAdd(C, D), Move(D, NS2), NetnsDel(NS2)),
    ),
    "second-namespace/inside": (
        wrong("nothing", "link.down", f"{D} {NS2}"),
        wrong("lo is left down", "link.down", f"lo {NS2}", *FURNISHED[:2]),
        wrong("the cable is left down", "link.down", f"{D} {NS2}", FURNISHED[0], FURNISHED[2]),
        wrong("no address", "address.missing", f"{D} {IN_NS2}", *FURNISHED[1:]),
        wrong("that of ns1", "address.missing", f"{D} {IN_NS2} {IN_NS1}", *FURNISHED[1:], AddrAdd(IN_NS1, D, NS2)),
        *(
            wrong(
                f"/{length}",
                "address.wrong-prefix",
                f"{D} {IN_NS2} 10.0.0.3/{length}",
                *FURNISHED[1:],
                AddrAdd(f"10.0.0.3/{length}", D, NS2),
            )
            for length in (8, 16, 32)
        ),
        wrong("in ns1", "address.elsewhere", f"{D} {IN_NS2} {B}", *FURNISHED[1:], AddrAdd(IN_NS2, B, NS1)),
        wrong("on lo", "address.elsewhere", f"{D} {IN_NS2} lo", *FURNISHED[1:], AddrAdd(IN_NS2, "lo", NS2)),
        wrong("moved back", "veth.not-moved", f"{D} {NS2}", *FURNISHED, Move(D, ROOT, NS2)),
        wrong("moved to ns1", "link.elsewhere", f"{D} {NS1}", *FURNISHED, Move(D, NS1, NS2)),
        wrong("ns2 is gone", "netns.missing", NS2, NetnsDel(NS2)),
    ),
    "second-namespace/plug": (
        wrong("nothing", "link.down", C),
        wrong("left down", "link.down", C, Master(C, BR)),
        wrong("not plugged in", "bridge.no-master", f"{C} {BR}", Up(C)),
        wrong(
            "another bridge",
            "bridge.port-of-another",
            f"{C} br1 {BR}",
            LinkAdd("br1", up=True),
            Up(C),
            Master(C, "br1"),
        ),
        wrong("the other one pulled out", "bridge.no-master", f"{A} {BR}", *PLUGGED, Master(A, "")),
        wrong(
            "the other one elsewhere",
            "bridge.port-of-another",
            f"{A} br1 {BR}",
            *PLUGGED,
            LinkAdd("br1", up=True),
            Master(A, "br1"),
        ),
        wrong("the bridge is down", "link.down", BR, *PLUGGED, down(BR)),
        wrong("the other port is down", "link.down", A, *PLUGGED, down(A)),
        wrong("the far end is down", "link.down", f"{D} {NS2}", *PLUGGED, down(D, NS2)),
        wrong("the near end is down", "link.down", f"{B} {NS1}", *PLUGGED, down(B, NS1)),
        wrong("the port is off", "bridge.port-blocked", f"{C} disabled", *PLUGGED, PortOff(C)),
        wrong("a spanning tree", "bridge.port-blocked", f"{C} listening", SpanningTree(BR), *PLUGGED),
        wrong("the other port is off", "bridge.port-blocked", f"{A} disabled", *PLUGGED, PortOff(A)),
        wrong("ns1 has its address too", "address.duplicate", "10.0.0.3 ns1 ns2", *PLUGGED, AddrAdd(IN_NS2, B, NS1)),
        wrong("so has the bridge", "address.duplicate", "10.0.0.3 root ns2", *PLUGGED, AddrAdd(IN_NS2, BR)),
        wrong("its address is gone", "address.missing", f"{IN_NS2} {D}", *PLUGGED, AddrDel(IN_NS2, D, NS2)),
        wrong(
            "its address is one of one",
            "address.wrong-prefix",
            f"10.0.0.3/32 {IN_NS2} {D}",
            *PLUGGED,
            AddrDel(IN_NS2, D, NS2),
            AddrAdd("10.0.0.3/32", D, NS2),
        ),
        wrong(
            "refused",
            "route.refused",
            f"10.0.0.3 {NS1} blackhole",
            *PLUGGED,
            RouteAdd("10.0.0.3/32", kind="blackhole", netns=NS1),
        ),
        wrong(
            "refused on the way back",
            "route.refused",
            f"10.0.0.2 {NS2} prohibit",
            *PLUGGED,
            RouteAdd("10.0.0.2/32", kind="prohibit", netns=NS2),
        ),
        wrong("astray", "route.wrong-link", "10.0.0.3 eth0", *PLUGGED, RouteAdd("10.0.0.3/32", "10.1.0.1")),
        wrong(
            "the bridge asks iptables",
            "filter.policy",
            "FORWARD drop",
            *PLUGGED,
            BridgeNetfilter(),
            IptPolicy("FORWARD", "drop"),
        ),
        wrong(
            "ns2 lets ns1 not in",
            "filter.rule",
            f"{NS2} INPUT drop 10.0.0.2",
            *PLUGGED,
            Ipt("filter", "INPUT", "drop", (src("10.0.0.2"),), netns=NS2),
        ),
        wrong("moved away", "link.elsewhere", f"{C} {NS1}", Move(C, NS1)),
        wrong("ns2 is gone", "netns.missing", NS2, NetnsDel(NS2)),
    ),
}
