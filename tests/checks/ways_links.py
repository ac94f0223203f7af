"""Equal ways through the steps of the lessons on cables, namespaces and bridges: the first of each is the lesson's."""

from __future__ import annotations

from collections.abc import Mapping

from tests.checks.ways import BR, NS1, NS2, A, B, C, D, Way, along
from tests.checks.ways_firewall import IptPolicy
from tests.checks.ways_ops import (
    AddrAdd,
    AddrDel,
    Ifconfig,
    LinkAdd,
    LinkDel,
    Master,
    Move,
    NetnsAdd,
    NetnsDel,
    Rename,
    Up,
    VethAdd,
    down,
)
from tests.checks.ways_routes import RouteAdd, RouteDel
from tutor.check import ROOT

IN_NS1, IN_NS2, ON_BRIDGE = "10.0.0.2/24", "10.0.0.3/24", "10.0.0.1/24"

WAYS: Mapping[str, tuple[Way, ...]] = {
    "veth-pair/pair": (
        along(VethAdd(A, B)),
        along(VethAdd(B, A)),
        along(VethAdd(A), Rename("veth0", B)),
        along(VethAdd(A, "x0"), Rename("x0", B)),
        along(VethAdd("", ""), Rename("veth0", A), Rename("veth1", B)),
        along(VethAdd(A, B, up=True)),
        along(VethAdd(A, B), LinkDel(B), VethAdd(A, B)),
        along(LinkAdd(A), LinkDel(A), VethAdd(B, A), Up(B)),
        along(NetnsAdd("work"), VethAdd(A, B, "work"), Move(A, ROOT, "work"), Move(B, ROOT, "work")),
    ),
    "veth-pair/one-end-up": (
        along(Up(A)),
        along(Up(A), down(A), Up(A)),
        ((Up(B), down(B)), (Up(A),)),
        along(LinkDel(B), VethAdd(A, B, up=True)),
        along(Rename(A, "x0"), Rename("x0", A), Up(A)),
        along(NetnsAdd("work"), Move(A, "work"), Move(A, ROOT, "work"), Up(A)),
    ),
    "veth-pair/carrier": (
        along(Up(B)),
        ((down(A), Up(A)), (Up(B),)),
        along(Rename(B, "x0"), Rename("x0", B), Up(B)),
        along(LinkDel(A), VethAdd(B, A, up=True), Up(A)),
    ),
    "veth-pair/unplug": (
        along(down(B)),
        along(down(B), Up(B), down(B)),
        ((down(A), Up(A)), (down(B),)),
        along(LinkDel(A), VethAdd(A, B, up=True)),
    ),
    "network-namespace/make": (
        along(NetnsAdd(NS1)),
        along(NetnsAdd(NS1), NetnsDel(NS1), NetnsAdd(NS1)),
        ((NetnsAdd("other"),), (NetnsAdd(NS1),)),
        along(NetnsAdd(NS1), Up("lo", NS1)),
        along(NetnsAdd(NS1), Move(B, NS1), Move(B, ROOT, NS1)),
        along(NetnsAdd(NS1), VethAdd("x0", "x1", NS1), LinkDel("x1", NS1)),
        along(NetnsAdd(NS1), AddrAdd("10.0.0.2/32", "lo", NS1)),
    ),
    "network-namespace/move": (
        along(Move(B, NS1)),
        along(Move(B, NS1), Move(B, ROOT, NS1), Move(B, NS1)),
        along(NetnsAdd(NS2), Move(B, NS2), Move(B, NS1, NS2)),
        along(LinkDel(A), VethAdd(A, B, peer_netns=NS1, up=True)),
        along(LinkDel(A), VethAdd(B, A, NS1, ROOT), Up(A)),
        along(Rename(B, "x0"), Move("x0", NS1), Rename("x0", B, NS1)),
        along(Move(A, NS1), Move(A, ROOT, NS1), Up(A), Move(B, NS1)),
        ((down(A), Up(A)), (Move(B, NS1), Up(B, NS1))),
        along(NetnsDel(NS1), NetnsAdd(NS1), Move(B, NS1)),
    ),
    "network-namespace/address": (
        along(AddrAdd(IN_NS1, B, NS1)),
        along(Ifconfig(IN_NS1, B, NS1)),
        ((Up(B, NS1),), (AddrAdd(IN_NS1, B, NS1),)),
        ((AddrAdd(IN_NS1, B, NS1),), (AddrAdd("192.168.7.2/24", B, NS1),)),
        along(AddrAdd("10.0.0.2/32", B, NS1), AddrDel("10.0.0.2/32", B, NS1), AddrAdd(IN_NS1, B, NS1)),
        along(AddrAdd("10.0.0.20/24", B, NS1), AddrDel("10.0.0.20/24", B, NS1), AddrAdd(IN_NS1, B, NS1)),
        along(AddrAdd(IN_NS1, B, NS1), AddrAdd("10.0.0.20/24", B, NS1)),
        along(AddrAdd(IN_NS1, A), AddrDel(IN_NS1, A), AddrAdd(IN_NS1, B, NS1)),
        along(Move(B, ROOT, NS1), Move(B, NS1), AddrAdd(IN_NS1, B, NS1)),
    ),
    "network-namespace/up": (
        along(Up(B, NS1)),
        along(Up(B, NS1), down(B, NS1), Up(B, NS1)),
        ((Up(B, NS1),), (down(A), Up(A))),
        ((Up(B, NS1),), (AddrDel(IN_NS1, B, NS1), AddrAdd(IN_NS1, B, NS1))),
        ((Move(B, ROOT, NS1), Move(B, NS1), AddrAdd(IN_NS1, B, NS1), Up(B, NS1)),),
        along(LinkDel(A), VethAdd(A, B, peer_netns=NS1, up=True), Up(B, NS1), AddrAdd(IN_NS1, B, NS1)),
        along(AddrDel(IN_NS1, B, NS1), Ifconfig(IN_NS1, B, NS1)),
    ),
    "network-namespace/lo": (
        along(Up("lo", NS1)),
        along(AddrAdd("127.0.0.1/8", "lo", NS1), Up("lo", NS1)),
        along(Up("lo", NS1), down("lo", NS1), Up("lo", NS1)),
        ((Up("lo", NS1),), (down(B, NS1), Up(B, NS1))),
        ((Up("lo", NS1),), (AddrDel(IN_NS1, B, NS1), AddrAdd(IN_NS1, B, NS1))),
    ),
    "bridge/make": (
        along(LinkAdd(BR), Up(BR)),
        along(LinkAdd(BR, up=True)),
        along(LinkAdd("br9"), Rename("br9", BR), Up(BR)),
        along(LinkAdd(BR), LinkDel(BR), LinkAdd(BR, up=True)),
        ((LinkAdd("br0"), Up("br0")), (LinkAdd(BR), Up(BR))),
        along(LinkAdd(BR, up=True), Master(A, BR)),
    ),
    "bridge/plug": (
        along(Master(A, BR)),
        along(LinkAdd("br1"), Master(A, "br1"), Master(A, BR)),
        along(Master(A, BR), Master(A, ""), Master(A, BR)),
        along(down(A), Master(A, BR), Up(A)),
        along(LinkDel(BR), LinkAdd(BR, up=True), Master(A, BR)),
        along(down(BR), Rename(BR, "br9"), Master(A, "br9"), Rename("br9", BR), Up(BR)),
        ((Master(A, BR),), (down(BR), Up(BR))),
    ),
    "bridge/address": (
        along(AddrAdd(ON_BRIDGE, BR)),
        along(Ifconfig(ON_BRIDGE, BR)),
        ((AddrAdd(ON_BRIDGE, BR),), (AddrAdd("192.168.3.1/24", BR),)),
        along(AddrAdd(ON_BRIDGE, A), AddrDel(ON_BRIDGE, A), AddrAdd(ON_BRIDGE, BR)),
        along(AddrAdd("10.0.0.7/24", BR), AddrDel("10.0.0.7/24", BR), AddrAdd(ON_BRIDGE, BR)),
        along(down(BR), AddrAdd(ON_BRIDGE, BR), Up(BR)),
        along(RouteAdd("10.0.0.2/32", "10.1.0.1"), RouteDel("10.0.0.2/32"), AddrAdd(ON_BRIDGE, BR)),
        along(AddrAdd(ON_BRIDGE, BR), RouteAdd("10.0.0.2/32", dev=BR)),
        ((AddrAdd(ON_BRIDGE, BR),), (IptPolicy("FORWARD", "drop"),)),
        ((AddrAdd(ON_BRIDGE, BR),), (Master(A, ""), Master(A, BR))),
    ),
    "second-namespace/make": (
        along(NetnsAdd(NS2)),
        along(NetnsAdd(NS2), NetnsDel(NS2), NetnsAdd(NS2)),
        ((NetnsAdd("ns3"),), (NetnsAdd(NS2),)),
        along(NetnsAdd(NS2), VethAdd("x0", "x1", peer_netns=NS2)),
    ),
    "second-namespace/cable": (
        along(VethAdd(C, D), Move(D, NS2)),
        along(VethAdd(C, D, peer_netns=NS2)),
        along(VethAdd(D, C, NS2, ROOT)),
        along(VethAdd(D, C), Move(D, NS2)),
        along(VethAdd(C), Move("veth0", NS2), Rename("veth0", D, NS2)),
        along(VethAdd(C, D), Move(C, NS2), Move(D, NS1), Move(C, ROOT, NS2), Move(D, NS2, NS1)),
        along(VethAdd(C, D), Master(C, BR), Up(C), Move(D, NS2)),
    ),
    "second-namespace/inside": (
        ((AddrAdd(IN_NS2, D, NS2),), (Up(D, NS2),), (Up("lo", NS2),)),
        ((Ifconfig(IN_NS2, D, NS2),), (Up("lo", NS2),)),
        (
            (AddrAdd("10.0.0.9/24", D, NS2), AddrDel("10.0.0.9/24", D, NS2), AddrAdd(IN_NS2, D, NS2)),
            (Up(D, NS2), down(D, NS2), Up(D, NS2)),
            (AddrAdd("127.0.0.1/8", "lo", NS2), Up("lo", NS2)),
        ),
        ((Move(D, ROOT, NS2), Move(D, NS2), Up(D, NS2), AddrAdd(IN_NS2, D, NS2)), (Up("lo", NS2),)),
    ),
    "second-namespace/plug": (
        ((Up(C),), (Master(C, BR),)),
        ((Up(C),), (LinkAdd("br1", up=True), Master(C, "br1"), Master(C, BR))),
        ((Up(C), down(C), Up(C)), (Master(C, BR),)),
        ((Up(C),), (Master(C, BR),), (IptPolicy("FORWARD", "drop"),)),
        ((Up(C),), (Master(C, BR),), (RouteAdd("10.0.0.3/32", dev=BR),)),
        ((Up(C),), (Master(C, BR),), (RouteAdd("10.0.0.0/28", dev=B, netns=NS1),)),
        (
            (LinkDel(C), VethAdd(C, D, peer_netns=NS2, up=True), Ifconfig(IN_NS2, D, NS2), Master(C, BR)),
            (down(A), Up(A)),
        ),
        along(Master(A, ""), Up(C), Master(C, BR), Master(A, BR)),
    ),
}
