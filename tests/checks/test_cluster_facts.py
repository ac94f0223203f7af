"""What facts and questions say of the cluster, and which rules leave the pods' own range alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from tests.checks.cluster_world import (
    EXCEPT_PODS,
    NODE0,
    NODE1,
    NOT_LOCAL,
    PODS,
    at,
    cluster,
    hop,
    masquerading,
    with_card,
    with_routes,
    with_table,
)
from tests.checks.conftest import Say
from tests.checks.finished import chain, rule
from tutor.check import Chain, Fault, FirewallRule, Match, NetworkState

POD0, POD1 = "1c29ea39686a", "node1:5e0f3c6b1a27"
TABLE = {"table": "aks-routetable"}
TO0, TO1 = hop("to-node0", "10.244.0.0/24", NODE0), hop("to-node1", "10.244.1.0/24", NODE1)

ANSWERS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("veth.peer_netns", {"link": "veth56780672"}, (POD0,)),
    (
        "veth.peer_netns",
        {"link": "veth5e0f3c6b", "netns": "node1:root"},
        ("5e0f3c6b1a27", "5e0f3c6b1a27 on node1", POD1),
    ),
    ("veth.peer_netns", {"link": "eth0", "netns": POD0}, ("root", "the root namespace")),
    ("veth.peer_index", {"link": "eth0", "netns": POD0}, ("6", "if6")),
    ("veth.nsid", {"link": "veth56780672"}, ("1",)),
    ("veth.link_to", {"netns": POD0}, ("veth56780672",)),
    ("veth.link_to", {"netns": POD1}, ("veth5e0f3c6b",)),
    ("netns.id_of", {"netns": "09d07a99816a"}, ("6",)),
    ("netns.count", {}, ("5",)),
    ("netns.count", {"machine": "node1"}, ("2",)),
    ("bridge.ports", {"bridge": "cbr0"}, ("5",)),
    ("bridge.ports", {"bridge": "docker0"}, ("0", "none")),
    ("bridge.of_port", {"port": "veth56780672"}, ("cbr0",)),
    ("address.of", {"link": "cbr0"}, ("10.244.0.1/24", "10.244.0.1")),
    ("address.of", {"link": "eth0", "netns": POD1}, ("10.244.1.2", "10.244.1.2/24")),
    ("address.netns_with", {"address": "10.244.0.6"}, ("af61ee373e23",)),
    ("address.netns_with", {"address": "10.244.1.2"}, ("5e0f3c6b1a27", POD1)),
    ("address.link_with", {"address": "10.244.0.1"}, ("cbr0",)),
    ("link.name_of", {"index": 5}, ("cbr0",)),
    ("route.gateway", {"netns": POD0}, ("10.244.0.1",)),
    ("route.link_towards", {"dst": "10.244.1.2"}, ("eth0",)),
    ("nat.exempted", {}, ("10.244.0.0/16",)),
    ("nat.source_outside", {"src": POD0, "dst": "8.8.8.8", "out": "eth0"}, (NODE0,)),
    ("pods.address_of", {"pod": POD1}, ("10.244.1.2",)),
    ("pods.node_of", {"address": "10.244.1.3"}, ("node1",)),
    ("pods.netns_of", {"address": "10.244.0.10"}, ("09d07a99816a",)),
    ("pods.count", {"network": "10.244.0.0/16"}, ("7",)),
    ("pods.count", {"network": "10.244.0.0/16", "machine": "node1"}, ("2",)),
    ("pods.range_of", {"machine": "node1"}, ("10.244.1.0/24",)),
    ("cloud.address_of", {"nic": "node1-nic"}, (NODE1,)),
    ("cloud.address_of", {"nic": "node0"}, (NODE0,)),
    ("cloud.public_address_of", {"nic": "node0"}, ("203.0.113.20",)),
    ("cloud.machine_with", {"address": NODE1}, ("node1", "node1-nic")),
    ("cloud.next_hop", {"nic": "node0", "dst": "10.244.1.2"}, (NODE1, "VirtualAppliance")),
    ("cloud.next_hop", {"nic": "node0", "dst": NODE1}, ("VnetLocal",)),
    ("cloud.hop_type", {"nic": "node0", "dst": "8.8.8.8"}, ("Internet",)),
    ("cloud.route_for", {"nic": "node0", "dst": "10.244.0.7"}, ("to-node0",)),
    ("cloud.range_towards", {**TABLE, "next_hop": NODE1}, ("10.244.1.0/24",)),
    ("cloud.range_of", {"subnet": "aks-subnet"}, ("10.240.0.0/16",)),
    ("cloud.table_of", {"subnet": "aks-subnet"}, ("aks-routetable",)),
    ("cloud.routes_in", TABLE, ("2",)),
]


@pytest.mark.parametrize(("id_", "arguments", "accepted"), ANSWERS)
def test_a_question_about_the_cluster_is_answered(
    say: Say, id_: str, arguments: dict[str, Any], accepted: tuple[str, ...]
) -> None:
    answer = say(id_, cluster(), **arguments)
    assert all(answer.accepts(each) for each in accepted), answer
    assert not answer.accepts("10.9.9.9")


def test_what_is_not_there_has_no_answer(say: Say) -> None:
    bare = NetworkState(())
    for id_, arguments, _ in ANSWERS:
        if not id_.endswith((".count", ".netns_with")):
            assert say(id_, bare, **arguments).accepted == (), id_


def test_ports_are_shown_with_the_name_of_a_namespace_once_ip_knows_it(say: Say) -> None:
    named = at(cluster(), POD0, names=(POD0,))
    ids = {"veth56780672": 1, "vethc67bf3c5": 3, "vethaf61ee37": 4, "vethb8880ce7": 5, "veth09d07a99": 6}
    lines = [f"{name}@if3: <UP> link-netnsid {number}" for name, number in ids.items()]
    for state in (cluster(), named):
        assert say("veth.nsids_shown", state, bridge="cbr0").is_in("\n".join(lines))
    lines[0] = f"veth56780672@if3: <UP> link-netns {POD0}"
    assert say("veth.nsids_shown", named, bridge="cbr0").is_in("\n".join(lines))
    assert not say("veth.nsids_shown", cluster(), bridge="cbr0").is_in("\n".join(lines))
    assert not say("veth.nsids_shown", cluster(), bridge="cbr0").is_in("\n".join(lines[1:]))
    assert not say("veth.nsids_shown", cluster(), bridge="docker0").forms


def test_ip_netns_lists_namespaces_with_their_ids(say: Say) -> None:
    output = "09d07a99816a (id: 6)\n1c29ea39686a (id: 1)\ndefault\n"
    both = [POD0, "09d07a99816a"]
    assert say("netns.ids_listed", cluster(), netns=both).is_in(output)
    assert say("netns.all_listed", cluster(), netns=both, others=["default"]).is_in(output)
    assert not say("netns.all_listed", cluster(), netns=[*both, "af61ee373e23"]).is_in(output)
    assert not say("netns.ids_listed", cluster(), netns=["gone"]).forms
    assert not say("netns.all_listed", cluster(), netns=["gone"]).forms


def test_a_bridge_without_ports_is_shown_as_such_only_while_it_has_none(say: Say) -> None:
    assert say("bridge.ports_shown", cluster(), bridge="cbr0", without=["docker0", "lxcbr0"]).forms
    assert not say("bridge.ports_shown", cluster(), bridge="docker0").forms
    assert not say("bridge.ports_shown", cluster(), bridge="cbr0", without=["eth0"]).forms


def test_an_empty_table_and_a_card_that_forwards_nothing_are_shown(say: Say) -> None:
    assert say("cloud.no_routes_shown", with_routes(cluster()), **TABLE).is_in('{"routes": []}')
    assert not say("cloud.no_routes_shown", cluster(), **TABLE).forms
    off = say("cloud.forwarding_shown", with_card(cluster(), "node0-nic", ip_forwarding=False), nic="node0-nic")
    assert off.is_in('"enableIPForwarding": false,')
    assert not off.is_in('"enableIPForwarding": true,')
    assert not say("cloud.association_shown", with_table(cluster(), ""), subnet="aks-subnet", **TABLE).forms
    assert say("cloud.table_of", with_table(cluster(), ""), subnet="aks-subnet").accepts("none")


def _routes(say: Say, *routes: Any) -> Any:
    return say("cloud.routes", with_routes(cluster(), *routes), **TABLE, prefix="10.244.1.0/24", next_hop=NODE1)


@pytest.mark.parametrize(
    "routes",
    [
        (TO0, TO1),
        (TO1,),
        (hop("mine", "10.244.1.0/24", NODE1),),
        (hop("one", "10.244.1.0/25", NODE1), hop("two", "10.244.1.128/25", NODE1)),
        (TO1, hop("all", "10.0.0.0/8", NODE0)),
    ],
)
def test_equal_routes_are_accepted(say: Say, routes: tuple[Any, ...]) -> None:
    assert _routes(say, *routes).passed


@pytest.mark.parametrize(
    ("routes", "diagnosis"),
    [
        ((), "cloud.no-route"),
        ((hop("to-node0", "10.244.0.0/24", NODE1),), "cloud.no-route"),
        ((hop("one", "10.244.1.0/25", NODE1),), "cloud.wrong-prefix"),
        ((hop("mine", "10.244.0.0/23", NODE1),), "cloud.wrong-prefix"),
        ((hop("mine", "10.244.2.0/24", NODE1),), "cloud.wrong-prefix"),
        ((TO1, hop("part", "10.244.1.0/28", NODE0)), "cloud.wrong-next-hop"),
        ((hop("mine", "10.244.1.0/24", kind="VirtualNetworkGateway"),), "cloud.next-hop-none"),
        ((hop("mine", "10.244.1.0/24", kind="VnetLocal"),), "cloud.wrong-hop-type"),
    ],
)
def test_a_route_that_is_not_right_is_named(say: Say, routes: tuple[Any, ...], diagnosis: str) -> None:
    assert _routes(say, *routes).root_cause.diagnosis.id == diagnosis


LOCAL_PODS = Match("ip saddr", ("10.244.0.0/24",))
AGENT = (
    chain("POSTROUTING", "postrouting", FirewallRule("jump", "IP-MASQ-AGENT", (NOT_LOCAL,))),
    Chain("ip", "nat", "IP-MASQ-AGENT", (rule("return", ("ip daddr", "10.244.0.0/16")), rule("masquerade"))),
)
SPARED: dict[str, tuple[Chain, ...]] = {
    "kubenet's own rule": (masquerading(EXCEPT_PODS, NOT_LOCAL),),
    "for what leaves by eth0": (masquerading(Match("oifname", ("eth0",)), EXCEPT_PODS),),
    "for the node's own pods": (masquerading(LOCAL_PODS, EXCEPT_PODS),),
    "what goes to pods returns first": (
        chain("POSTROUTING", "postrouting", rule("return", ("ip daddr", "10.244.0.0/16")), rule("masquerade")),
    ),
    "ip-masq-agent's chain": AGENT,
    "nft, for both families": (
        replace(masquerading(Match("meta nfproto", ("ipv4",)), EXCEPT_PODS), family="inet", table="mine"),
    ),
    "the address by name": (chain("POSTROUTING", "postrouting", FirewallRule("snat", NODE0, (EXCEPT_PODS,))),),
}
NOT_SPARED: dict[str, tuple[tuple[Chain, ...], str, tuple[str, ...]]] = {
    "nothing": ((), "nat.missing", ("10.244.0.2", "eth0")),
    "everything": ((masquerading(),), "nat.too-wide", ("POSTROUTING", "everything", NODE0)),
    "all that leaves by eth0": ((masquerading(Match("oifname", ("eth0",))),), "nat.too-wide", ("oifname eth0",)),
    "only the node's own range is left out": (
        (masquerading(Match("ip daddr", ("10.244.0.0/24",), negated=True)),),
        "nat.wrong-destination",
        ("10.244.0.0/24", "10.244.0.0/16"),
    ),
    "only the node's own range returns": (
        (chain("POSTROUTING", "postrouting", rule("return", ("ip daddr", "10.244.0.0/24")), rule("masquerade")),),
        "nat.wrong-destination",
        ("10.244.0.0/24", "10.244.0.0/16"),
    ),
    "the whole virtual network is left out": (
        (masquerading(Match("ip daddr", ("10.0.0.0/8",), negated=True)),),
        "nat.wrong-destination",
        ("10.0.0.0/8",),
    ),
    "only what goes to pods": (
        (masquerading(Match("ip daddr", ("10.244.0.0/16",))),),
        "nat.wrong-destination",
        ("10.244.0.0/16", "8.8.8.8"),
    ),
    "the other node's pods": (
        (masquerading(Match("ip saddr", ("10.244.1.0/24",)), EXCEPT_PODS),),
        "nat.wrong-source",
        ("10.244.1.0/24", "10.244.0.2"),
    ),
    "what leaves by cbr0": (
        (masquerading(Match("oifname", ("cbr0",)), EXCEPT_PODS),),
        "nat.wrong-link",
        ("cbr0", "eth0"),
    ),
    "tcp alone": ((masquerading(Match("meta l4proto", ("tcp",)), EXCEPT_PODS),), "nat.one-protocol", ("tcp", "icmp")),
}
EXEMPTS = {"cidr": "10.244.0.0/16", "out": "eth0", "src": "10.244.0.0/24"}


@pytest.mark.parametrize("kind", SPARED)
def test_what_goes_to_pods_keeps_its_source(say: Say, kind: str) -> None:
    assert say("nat.exempts", at(cluster(), "root", chains=SPARED[kind]), **EXEMPTS).passed


@pytest.mark.parametrize("kind", SPARED)
def test_all_pods_communicate_by_each_of_these_rules(say: Say, kind: str) -> None:
    assert say("pods.communicate", at(cluster(), "root", chains=SPARED[kind]), pods=list(PODS)).passed


@pytest.mark.parametrize("kind", NOT_SPARED)
def test_a_rule_for_too_much_or_too_little_is_named(fault: Callable[..., Fault], kind: str) -> None:
    chains, diagnosis, names = NOT_SPARED[kind]
    found = fault("nat.exempts", at(cluster(), "root", chains=chains), **EXEMPTS)
    assert found.diagnosis.id == diagnosis, found.message
    assert all(name in found.message for name in names), found.message


def test_the_rule_that_leaves_pods_out_is_shown_as_iptables_and_nft_write_it(say: Say) -> None:
    shown = say("nat.exemption_listed", cluster(), cidr="10.244.0.0/16")
    assert shown.is_in("MASQUERADE  all  --  *  *  0.0.0.0/0  !10.244.0.0/16")
    assert shown.is_in("-A POSTROUTING ! -d 10.244.0.0/16 -j MASQUERADE")
    assert shown.is_in("ip daddr != 10.244.0.0/16 counter masquerade")
    assert not shown.is_in("MASQUERADE  all  --  *  *  0.0.0.0/0  10.244.0.0/16")
    assert not say("nat.exemption_listed", cluster(), cidr="10.244.0.0/24").forms
    assert say("nat.exemption_listed", at(cluster(), "root", chains=AGENT), cidr="10.244.0.0/16").forms


def test_messages_about_another_machine_say_so(fault: Callable[..., Fault]) -> None:
    wrong = at(cluster(), POD1, addresses=())
    said = fault("address.has", wrong, address="10.244.1.2/24", link="eth0", netns=POD1).message
    assert "5e0f3c6b1a27 on node1" in said
    narrow = fault("address.has", cluster(), address="10.244.1.2/28", link="eth0", netns=POD1).message
    assert "`ip -n 5e0f3c6b1a27 addr del 10.244.1.2/24 dev eth0` on node1" in narrow
    gone = fault("link.exists", cluster(), link="veth9", netns="node1:root").message
    assert gone.startswith("There is no link called veth9 on node1.")
    missing = fault("link.exists", cluster(), link="eth0", netns="node1:gone").message
    assert missing == "There is no network namespace gone on node1, so eth0 can't be in it."


def test_a_reply_comes_back_through_what_translated_the_question(say: Say) -> None:
    wide = at(cluster(), "root", chains=(masquerading(),))
    assert say("reach.carried", wide, src=POD0, dst="10.244.1.2").passed
    foreign = at(cluster(), "root", chains=(chain("POSTROUTING", "postrouting", rule("snat", target="10.9.9.9")),))
    assert not say("reach.carried", foreign, src=POD0, dst=str(IPv4Address("10.244.1.2"))).passed


def test_a_private_range_that_is_nobodys_is_dropped_by_the_cloud_itself(say: Say, fault: Callable[..., Fault]) -> None:
    assert say("cloud.next_hop", cluster(), nic="node0", dst="192.168.7.7").accepts("None")
    found = fault("reach.carried", cluster(), src=POD0, dst="192.168.7.7")
    assert found.diagnosis.id == "cloud.next-hop-none"
    assert "192.168.0.0/16" in found.message
