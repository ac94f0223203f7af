"""The paper's figures 34 and 35, the tenet, and what a node is made of, asserted after the lessons' own commands."""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

import pytest

from tests.lessons.conftest import Figures, answered, inside, ipv4, link_in, root_of
from tutor.check import NetworkState, Probe
from tutor.check.state import IFF_PROMISC
from tutor.lab.client import Lab
from tutor.session.live import Live
from tutor.session.material import Material
from tutor.session.workshop import run_script

pytestmark = pytest.mark.netns

POD0, POD1 = "1c29ea39686a", "5e0f3c6b1a27"
IN0 = f"nsenter --net=/var/run/docker/netns/{POD0}"
IN1 = f"nsenter --net=/var/run/docker/netns/{POD1}"
TABLE = "-g MC_lab --route-table-name aks-routetable"
LIST = f"az network route-table route list {TABLE}"
BOTH = {"10.244.0.0/24": "10.240.0.4", "10.244.1.0/24": "10.240.0.5"}


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_a_bare_node_is_not_ready_until_its_bridge_has_the_first_address_of_its_range(figures: Figures) -> None:
    with figures.at("build-kubenet/bridge", done=False) as live:
        assert _status(live.lab, "node0") == "NotReady"
        assert "cbr0 with 10.244.0.1 is not there" in _printed(live.lab, "kubectl describe node node0")
    with figures.at("build-kubenet/bridge") as live:
        assert _status(live.lab, "node0") == "Ready"


def test_figure_21_a_node_is_a_bridge_with_one_cable_for_each_pod(figures: Figures) -> None:
    state = figures.after("build-kubenet/except")
    root = root_of(state)
    bridge = link_in(root, "cbr0")
    assert ipv4(root, "cbr0") == ["10.244.0.1/24"]
    assert bridge.flags & IFF_PROMISC
    peers = [state.find_peer(port) for port in root.ports_of(bridge)]
    assert {(peer[0].label, peer[1].name) for peer in peers if peer is not None} == {
        ("pod-a", "eth0"),
        ("pod-b", "eth0"),
    }
    assert {name: ipv4(inside(state, name), "eth0") for name in ("pod-a", "pod-b")} == {
        "pod-a": ["10.244.0.2/24"],
        "pod-b": ["10.244.0.3/24"],
    }


def test_the_plugin_makes_what_was_made_by_hand_but_for_the_loopback(figures: Figures) -> None:
    state = figures.after("build-kubenet/add")
    by_hand, by_plugin = inside(state, "pod-a"), inside(state, "pod-b")
    assert _routes(state, "pod-a") == _routes(state, "pod-b")
    assert (link_in(by_hand, "lo").up, link_in(by_plugin, "lo").up) == (True, False)
    assert not root_of(state).chains
    assert link_in(inside(figures.after("build-kubenet/lo"), "pod-b"), "lo").up


def test_the_plugin_notes_down_which_address_it_has_given_away(figures: Figures) -> None:
    with figures.at("build-kubenet/add") as live:
        assert _printed(live.lab, "ls /var/lib/cni/networks/kubenet").split() == [
            "10.244.0.3",
            "last_reserved_ip.0",
            "lock",
        ]
        assert _printed(live.lab, "head -n 1 /var/lib/cni/networks/kubenet/10.244.0.3").strip() == "pod-b"


def test_without_a_beginning_of_its_range_the_plugin_gives_away_the_address_of_the_other_pod(
    figures: Figures, material: Material
) -> None:
    step = material.place("build-kubenet/add")[1]
    assert step is not None
    with figures.at("build-kubenet/add", done=False) as live:
        run_script(live.lab, "\n".join(step.solution).replace('"rangeStart": "10.244.0.3",', ""))
        state = live.state(rescan=True)
        assert ipv4(inside(state, "pod-b"), "eth0") == ipv4(inside(state, "pod-a"), "eth0") == ["10.244.0.2/24"]


def test_without_a_rule_the_cloud_throws_away_what_pods_send_to_the_world(figures: Figures) -> None:
    with figures.at("build-kubenet/mask", done=False) as live:
        assert not answered(live, "pod-b", "8.8.8.8")
        assert _dropped(live, "untranslated")
    with figures.at("build-kubenet/mask") as live:
        assert answered(live, "pod-b", "8.8.8.8")


def test_figure_32_a_rule_without_an_exception_hides_the_pod_and_kubenets_does_not(figures: Figures) -> None:
    with figures.at("build-kubenet/mask") as live:
        assert _seen_as(live, "pod-a", "10.244.1.2") == "10.240.0.4"
    with figures.at("build-kubenet/except") as live:
        assert _seen_as(live, "pod-a", "10.244.1.2") == "10.244.0.2"
        assert answered(live, "pod-a", "8.8.8.8")
        printed = _printed(live.lab, "iptables -t nat -S POSTROUTING")
        assert "! -d 10.244.0.0/16 -m addrtype ! --dst-type LOCAL -j MASQUERADE" in printed


def test_figure_32_an_exception_for_one_nodes_pods_is_too_small(figures: Figures) -> None:
    with figures.at("build-kubenet/except") as live:
        run_script(live.lab, "iptables -t nat -F POSTROUTING")
        run_script(live.lab, "iptables -t nat -A POSTROUTING ! -d 10.244.0.0/24 -j MASQUERADE")
        assert _seen_as(live, "pod-a", "10.244.1.2") == "10.240.0.4"


def test_without_routes_the_cloud_takes_a_pod_for_an_address_that_nobody_has(figures: Figures) -> None:
    with figures.at("route-table/there", done=False) as live:
        assert not answered(live, POD0, "10.244.1.2")
        assert _dropped(live, "no-owner")
        hop = _json(live.lab, "az network watcher show-next-hop -g MC_lab --vm node0 "
                    "--source-ip 10.244.0.3 --dest-ip 10.244.1.2")  # fmt: skip
        assert hop["nextHopType"] == "VnetLocal"
        assert _well(live.lab) == 22


def test_with_one_route_the_question_arrives_and_the_answer_does_not(figures: Figures) -> None:
    with figures.at("route-table/there") as live:
        assert not answered(live, POD0, "10.244.1.2")
        assert _printed(live.lab, "matrix").count("half") == 10
        script = (
            f"{IN0} ping -i 0.2 -W 1 10.244.1.2 > /dev/null & "
            "ssh node1 timeout 20 tcpdump -l -n -c 2 -i eth0 icmp; kill $!"
        )
        said = _printed(live.lab, script)
        assert "10.244.0.3 > 10.244.1.2: ICMP echo request" in said
        assert "10.244.1.2 > 10.244.0.3: ICMP echo reply" in said


def test_figure_34_each_range_of_pods_has_its_node_as_its_next_hop(figures: Figures) -> None:
    with figures.at("route-table/back") as live:
        told = {
            route["addressPrefix"]: (route["nextHopIpAddress"], route["nextHopType"]) for route in _json(live.lab, LIST)
        }
        assert told == {prefix: (hop, "VirtualAppliance") for prefix, hop in BOTH.items()}
        state = live.state(rescan=True)
        for node, prefix in (("node0", "10.244.0.0/24"), ("node1", "10.244.1.0/24")):
            root = inside(state, f"{node}:root")
            assert {str(each.interface.network) for each in root.addresses_of(link_in(root, "cbr0"))} >= {prefix}
            assert f"{BOTH[prefix]}/16" in ipv4(root, "eth0")


def test_figure_35_the_cards_have_the_next_hops_addresses_and_ip_forwarding(figures: Figures) -> None:
    with figures.at("route-table/back") as live:
        cards = _json(live.lab, "az network nic list -g MC_lab")
        assert {card["ipConfigurations"][0]["privateIPAddress"] for card in cards} == set(BOTH.values())
        assert [card["enableIPForwarding"] for card in cards] == [True, True]


def test_the_tenet_all_pods_reach_all_pods_under_their_own_addresses(figures: Figures) -> None:
    with figures.at("route-table/restore") as live:
        assert _well(live.lab) == 42
        assert _seen_as(live, POD0, "10.244.1.2") == "10.244.0.3"
        assert _seen_as(live, POD1, "10.244.0.3", machine="node1") == "10.244.1.2"


def test_a_strict_card_lets_out_and_in_only_what_is_its_own(figures: Figures) -> None:
    with figures.at("route-table/strict") as live:
        assert not _dropped(live, "spoofed-source")
        assert not answered(live, POD0, "10.244.1.2")
        assert _dropped(live, "spoofed-source")
        assert not _dropped(live, "not-this-nic")
        run_script(live.lab, f"{IN1} ping -c 1 -W 1 10.244.0.3", machine="node1")
        assert _dropped(live, "not-this-nic")
        assert answered(live, POD0, "8.8.8.8"), "what is masqueraded has the card's own address"


def test_without_the_route_to_node1_its_pods_get_no_answers(figures: Figures) -> None:
    with figures.at("route-table/forget") as live:
        rows = [line for line in _printed(live.lab, "matrix").splitlines() if line.startswith("node")]
        assert [row.count("--") for row in rows] == [2, 2, 2, 2, 2, 0, 0]
        assert [row.count("half") for row in rows] == [0, 0, 0, 0, 0, 5, 5]


def _printed(lab: Lab, command: str) -> str:
    return re.sub(r"\x1b\[\d*m", "", run_script(lab, command).output)


def _json(lab: Lab, command: str) -> Any:
    return json.loads(_printed(lab, command))


def _status(lab: Lab, node: str) -> str:
    return _printed(lab, f"kubectl get node {node} --no-headers").split()[1]


def _well(lab: Lab) -> int:
    """Of how many pairs the matrix says that they are as they should be."""
    found = re.search(r"(\d+) of 42 as it should be", _printed(lab, "matrix"))
    assert found is not None
    return int(found[1])


def _dropped(live: Live, reason: str) -> int:
    return live.state(rescan=True).cloud.drops.get(reason, 0)


def _seen_as(live: Live, src: str, dst: str, *, machine: str = "") -> str:
    """Under which address a datagram arrives."""
    probe = Probe("datagram", src, dst, machine=machine)
    reply = live.ask([probe])[probe]
    assert reply.answered, reply.reason
    return reply.seen_as


def _routes(state: NetworkState, name: str) -> set[tuple[str, str | None]]:
    """The main table of a namespace: for what, by which gateway."""
    netns = inside(state, name)
    return {
        (str(route.dst), str(route.gateway) if route.gateway else None)
        for route in netns.routes
        if route.table == 254 and route.dst.version == 4
    }
