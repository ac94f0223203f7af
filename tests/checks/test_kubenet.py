"""What facts say of a node that is being set up by hand, of its pods, and of a cloud that loses packets."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from tests.checks.cluster_world import EXCEPT_PODS, NODE1, PODS, at, cluster, hop, with_link_at, with_routes
from tests.checks.conftest import Say
from tests.checks.finished import address, chain
from tutor.check import FirewallRule, Match, NetworkState

BRIDGE = {"node": "node0", "bridge": "cbr0", "address": "10.244.0.1"}
POD = "1c29ea39686a"
READY = "NAME    STATUS   ROLES\nnode0   Ready    agent\nnode1   Ready    agent\n"
NOT_READY = "NAME    STATUS     ROLES\nnode0   NotReady   agent\nnode1   Ready      agent\n"
WHY = "  Ready   False   Thu   KubeletNotReady   runtime network not ready: cbr0 with 10.244.0.1 is not there"
PLAIN = FirewallRule("masquerade", matches=(Match("oifname", ("eth0",)),))
KUBENETS = FirewallRule("masquerade", matches=(EXCEPT_PODS,))
EXCEPT_OWN = Match("ip daddr", ("10.244.0.0/24",), negated=True)
TO1 = hop("to-node1", "10.244.1.0/24", NODE1)


def bare() -> NetworkState:
    return at(cluster(), "root", addresses=(address(2, "10.240.0.4/16"),))


def test_a_node_is_ready_once_its_bridge_has_the_first_address_of_its_range(say: Say) -> None:
    ready, not_ready = say("node.readiness_shown", cluster(), **BRIDGE), say("node.readiness_shown", bare(), **BRIDGE)
    assert ready.is_in(READY)
    assert not ready.is_in(NOT_READY)
    assert not_ready.is_in(NOT_READY)
    assert not not_ready.is_in(READY)


def test_why_a_node_is_not_ready_is_shown_only_while_it_is_not(say: Say) -> None:
    assert say("node.reason_shown", bare(), **BRIDGE).is_in(WHY)
    assert not say("node.reason_shown", bare(), **BRIDGE).is_in(NOT_READY)
    assert not say("node.reason_shown", cluster(), **BRIDGE).is_in(WHY)


def test_a_pod_that_a_plugin_has_plugged_in_is_accepted(say: Say) -> None:
    assert say("cni.added", cluster(), netns=POD, bridge="cbr0").passed
    assert say("cni.added", cluster(), netns="node1:5e0f3c6b1a27", bridge="cbr0").passed


@pytest.mark.parametrize(
    ("place", "link", "changes", "diagnosis"),
    [
        ("root", "veth56780672", {"master": 4}, "bridge.port-of-another"),
        ("root", "veth56780672", {"master": None}, "bridge.no-master"),
        ("root", "veth56780672", {"flags": 0}, "link.down"),
        (POD, "eth0", {"flags": 0}, "link.down"),
    ],
)
def test_a_pod_that_is_not_plugged_in_is_said_to_be_so(
    say: Say, place: str, link: str, changes: dict[str, int | None], diagnosis: str
) -> None:
    broken = with_link_at(cluster(), place, link, lambda it: replace(it, **changes))  # type: ignore[arg-type]
    verdict = say("cni.added", broken, netns=POD, bridge="cbr0")
    assert verdict.faults[0].diagnosis.id == diagnosis


def test_an_address_that_is_reserved_is_the_name_of_a_file(say: Say) -> None:
    shown = say("cni.reservation_shown", cluster(), netns=POD)
    assert shown.is_in("10.244.0.3  last_reserved_ip.0  lock\n")
    assert not shown.is_in("10.244.0.5  last_reserved_ip.0  lock\n")


def test_a_pod_has_its_address_only_if_nobody_else_has_it(say: Say) -> None:
    assert say("pods.has_address", cluster(), pod=POD, address="10.244.0.3").passed
    twice = at(cluster(), POD, addresses=(address(3, "10.244.0.5/24"),))
    verdict = say("pods.has_address", twice, pod=POD, address="10.244.0.3")
    assert verdict.root_cause.diagnosis.id == "address.duplicate"
    other = at(cluster(), POD, addresses=(address(3, "10.244.0.9/24"),))
    verdict = say("pods.has_address", other, pod=POD, address="10.244.0.3")
    assert verdict.root_cause.diagnosis.id == "address.missing"


def test_what_the_cloud_has_thrown_away_is_shown_by_its_reason(say: Say) -> None:
    state = cluster()
    lost = replace(state, cloud=replace(state.cloud, drops=MappingProxyType({"no-owner": 2, "untranslated": 0})))
    assert say("drops.counted", lost, reason="no-owner").is_in("      2      2  no-owner: no card owns this address")
    assert not say("drops.counted", lost, reason="untranslated").is_in("untranslated: the source has no public address")


def test_the_matrix_counts_the_pairs_that_are_well(say: Say) -> None:
    ends = {"pods": list(PODS), "addresses": list(PODS.values())}
    assert say("matrix.counted", cluster(), **ends).is_in(f"{' '.join(PODS.values())}\n42 of 42 as it should be.")
    one_way = say("matrix.counted", with_routes(cluster(), TO1), **ends, cell="half")
    assert one_way.is_in(f"{' '.join(PODS.values())} ok half\n22 of 42 as it should be.")
    assert not one_way.is_in(f"{' '.join(PODS.values())} ok --\n22 of 42 as it should be.")


def test_a_route_that_is_taken_away_must_be_gone_altogether(say: Say) -> None:
    asked = {"table": "aks-routetable", "prefix": "10.244.1.0/24"}
    assert say("cloud.lacks_route", with_routes(cluster()), **asked).passed
    half = with_routes(cluster(), hop("half", "10.244.1.128/25", NODE1))
    verdict = say("cloud.lacks_route", half, **asked)
    assert verdict.root_cause.diagnosis.id == "cloud.has-routes"
    assert "half" in verdict.root_cause.message


def test_the_range_of_the_route_that_takes_a_packet(say: Say) -> None:
    far = {"nic": "node0-nic", "dst": "10.244.1.2"}
    assert say("cloud.prefix_for", cluster(), **far).accepted == ("10.244.1.0/24",)
    assert say("cloud.prefix_for", with_routes(cluster()), **far).accepted == ("10.0.0.0/8",)
    assert say("cloud.prefix_for", cluster(), **{**far, "nic": "gone"}).accepted == ()


RULES = {"cidr": "10.244.0.0/16", "out": "eth0", "src": "10.244.0.0/24"}


@pytest.mark.parametrize(
    ("rules", "diagnosis", "words"),
    [
        ((PLAIN, KUBENETS), "nat.too-wide", "oifname eth0"),
        ((KUBENETS, PLAIN), "nat.too-wide", "oifname eth0"),
        ((FirewallRule("masquerade", matches=(EXCEPT_OWN,)),), "nat.wrong-destination", "the rest of 10.244.0.0/16"),
    ],
)
def test_a_rule_beside_kubenets_is_to_blame_and_not_its_exception(
    say: Say, rules: tuple[FirewallRule, ...], diagnosis: str, words: str
) -> None:
    state = at(cluster(), "root", chains=(chain("POSTROUTING", "postrouting", *rules),))
    cause = say("nat.exempts", state, **RULES).root_cause
    assert cause.diagnosis.id == diagnosis
    assert words in cause.message


def test_a_name_that_the_card_has_is_said_to_be_taken(say: Say) -> None:
    no_pods = replace(cluster(), namespaces=tuple(each for each in cluster().namespaces if each.label == "root"))
    verdict = say("veth.pair", no_pods, a="veth-pod-a", b="eth0")
    assert verdict.root_cause.diagnosis.id == "veth.missing"
    assert "eth0 that is there is the machine's card" in verdict.root_cause.message
    assert "card" not in say("veth.pair", no_pods, a="veth-pod-a", b="inner").root_cause.message
