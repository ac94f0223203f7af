"""What the paper's figures 21 to 33 and its table 1 show, asserted from the kernel, the cloud and the lab's cluster."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network

import pytest

from tests.lessons.conftest import TUNNELS, Figures, answered, inside, ipv4, link_in, root_of
from tutor.check import FirewallRule, Netns, NetworkState
from tutor.session.live import Live
from tutor.session.workshop import run_script

pytestmark = pytest.mark.netns

PODS = {
    "1c29ea39686a": ("veth56780672", 1, "10.244.0.3"),
    "c67bf3c52362": ("veth2f0d51c3", 3, "10.244.0.5"),
    "af61ee373e23": ("veth8a17be42", 4, "10.244.0.6"),
    "b8880ce70066": ("vethd3c96f0e", 5, "10.244.0.7"),
    "09d07a99816a": ("veth41b7e5a9", 6, "10.244.0.10"),
}
"""Of each pod of node0: its link on the node, the id of its namespace, its address."""
needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
Az = Callable[[str], list[dict[str, object]]]


@pytest.fixture(scope="module")
def outside(figures: Figures) -> Iterator[Live]:
    """The cluster as the lesson that looks at it from outside finds it."""
    with figures.at("cluster/resources", done=False) as live:
        yield live


@pytest.fixture(scope="module")
def node(figures: Figures) -> Iterator[Live]:
    """The node at the end of its lesson: the namespaces have names."""
    with figures.at("kubenet-node/doors") as live:
        yield live


@pytest.fixture(scope="module")
def state(node: Live) -> NetworkState:
    return node.state(rescan=True)


@pytest.fixture(scope="module")
def az(outside: Live) -> Az:
    """What a command of `az` prints, as values."""

    def ask(command: str) -> list[dict[str, object]]:
        return list(json.loads(run_script(outside.lab, f"az {command}").output))

    return ask


def test_figure_21_a_node_is_what_the_learner_has_built_with_other_names(figures: Figures, state: NetworkState) -> None:
    built = figures.after("masquerade/masquerade")
    theirs, ours = root_of(state), root_of(built)
    for root, name, inner in ((theirs, "cbr0", "eth0"), (ours, "br-rootns", "veth-b-ns1")):
        bridge = link_in(root, name)
        home = state if root is theirs else built
        ends = [home.find_peer(port) for port in root.ports_of(bridge)]
        assert bridge.kind == "bridge"
        assert ipv4(root, name)
        assert len({end[0].inode for end in ends if end is not None}) == len(ends) >= 2
        assert inner in {end[1].name for end in ends if end is not None}
        assert root.forwarding
        assert _masquerades(root)


def test_figure_22_two_machines_with_a_card_each_a_route_table_and_a_network(outside: Live, az: Az) -> None:
    kinds = sorted(str(each["type"]).partition("/")[2] for each in az("resource list"))
    assert kinds == [*["networkInterfaces"] * 2, "routeTables", *["virtualMachines"] * 2, "virtualNetworks"]
    cloud = outside.state(rescan=True).cloud
    assert cloud.networks == (IPv4Network("10.0.0.0/8"),)
    assert [(each.name, str(each.prefix)) for each in cloud.subnets] == [("aks-subnet", "10.240.0.0/16")]
    assert [card.machine for card in cloud.cards] == ["node0", "node1"]


def test_figure_23_the_cards_have_their_addresses_in_the_subnet_and_the_machines_have_them_too(outside: Live) -> None:
    found = outside.state(rescan=True)
    cards = {card.name: (str(card.address), card.subnet) for card in found.cloud.cards}
    assert cards == {"node0-nic": ("10.240.0.4", "aks-subnet"), "node1-nic": ("10.240.0.5", "aks-subnet")}
    for card in found.cloud.cards:
        assert ipv4(inside(found, f"{card.machine}:root"), "eth0") == [f"{card.address}/16"]


def test_figure_24_the_route_table_is_associated_with_the_subnet(outside: Live) -> None:
    cloud = outside.state(rescan=True).cloud
    assert [subnet.route_table for subnet in cloud.subnets] == ["aks-routetable"]
    shown = json.loads(run_script(outside.lab, "az network route-table show -g MC_lab -n aks-routetable").output)
    assert [each["id"].rpartition("/")[2] for each in shown["subnets"]] == ["aks-subnet"]


@needs_kubectl
def test_figure_25_three_namespaces_and_nothing_deployed_but_the_service_kubernetes(outside: Live) -> None:
    names = run_script(outside.lab, "kubectl get namespaces -o name").output.split()
    assert names == ["namespace/default", "namespace/kube-public", "namespace/kube-system"]
    assert run_script(outside.lab, "kubectl get all -o name").output.split() == ["service/kubernetes"]


@needs_kubectl
def test_the_pods_that_the_cluster_lists_are_the_namespaces_that_the_kernel_has(outside: Live) -> None:
    columns = "IP:.status.podIP,NODE:.spec.nodeName"
    listed = run_script(outside.lab, f"kubectl get pods -A --no-headers -o custom-columns={columns}").output
    found = outside.state(rescan=True)
    ours = {
        (ipv4(netns, "eth0")[0].partition("/")[0], netns.machine) for netns in found.namespaces if netns.label != "root"
    }
    assert {tuple(line.split()) for line in listed.splitlines()} == ours
    assert len(ours) == 7


@needs_kubectl
def test_each_nodes_range_is_that_of_its_bridge(outside: Live) -> None:
    found = outside.state(rescan=True)
    for node, cidr in (("node0", "10.244.0.0/24"), ("node1", "10.244.1.0/24")):
        described = run_script(outside.lab, f"kubectl describe node {node}").output
        assert re.findall(r"^PodCIDR:\s+(\S+)", described, re.MULTILINE) == [cidr]
        assert ipv4(inside(found, f"{node}:root"), "cbr0") == [cidr.replace(".0/24", ".1/24")]


def test_the_clouds_cards_and_subnets_know_nothing_of_the_pods(outside: Live) -> None:
    cloud = outside.state(rescan=True).cloud
    pods = IPv4Network("10.244.0.0/16")
    assert not any(card.address in pods for card in cloud.cards)
    assert not any(subnet.prefix.overlaps(pods) for subnet in cloud.subnets)
    assert pods.subnet_of(cloud.networks[0])


def test_figure_26_the_links_of_the_node_with_their_numbers_and_addresses(state: NetworkState) -> None:
    root = root_of(state)
    numbers = {link.index: link.name for link in root.links if link.name not in TUNNELS}
    assert [numbers[index] for index in range(1, 7)] == ["lo", "eth0", "docker0", "lxcbr0", "cbr0", "veth56780672"]
    assert sorted(numbers) == list(range(1, 11))
    assert ipv4(root, "eth0") == ["10.240.0.4/16"]
    assert ipv4(root, "cbr0") == ["10.244.0.1/24"]
    assert all(link_in(root, name).kind == "bridge" for name in ("docker0", "lxcbr0", "cbr0"))


def test_figure_27_only_cbr0_has_ports(node: Live, state: NetworkState) -> None:
    root = root_of(state)
    ports = {name: {port.name for port in root.ports_of(link_in(root, name))} for name in ("docker0", "lxcbr0", "cbr0")}
    assert ports == {"docker0": set(), "lxcbr0": set(), "cbr0": {veth for veth, _, _ in PODS.values()}}
    for name in ("docker0", "lxcbr0"):
        assert not link_in(root, name).carrier
        printed = run_script(node.lab, f"ip link show {name}").output
        assert "NO-CARRIER" in printed
        assert "state DOWN" in printed


def test_figure_28_each_port_leads_to_ifindex_3_of_a_namespace_with_its_number(state: NetworkState) -> None:
    root = root_of(state)
    for name, (veth, number, _) in PODS.items():
        port = link_in(root, veth)
        assert (port.peer_index, port.peer_nsid, port.peer_netns) == (3, number, inside(state, name).inode)


def test_figure_29_ip_lists_nothing_before_the_link_and_all_of_them_after(figures: Figures) -> None:
    with figures.at("kubenet-node/link", done=False) as live:
        assert run_script(live.lab, "ip netns").output == ""
        assert not any(netns.names for netns in live.state(rescan=True).of() if netns.label in PODS)
        before = run_script(live.lab, "ip link show master cbr0").output
        run_script(live.lab, "ln -s /var/run/docker/netns /var/run/netns")
        lines = {line.strip() for line in run_script(live.lab, "ip netns").output.splitlines()}
        assert lines == {*(f"{name} (id: {number})" for name, (_, number, _) in PODS.items()), "default"}
        named = live.state(rescan=True)
        assert [inside(named, name).names for name in PODS] == [(name,) for name in PODS]
        after = run_script(live.lab, "ip link show master cbr0").output
        assert "link-netns " not in before
        assert "link-netnsid" not in after


def test_figure_29_default_is_the_root_namespace(node: Live) -> None:
    paths = "/var/run/docker/netns/default /proc/self/ns/net"
    assert len(set(run_script(node.lab, f"stat -L -c %i {paths}").output.split())) == 1


def test_figure_30_the_first_pods_eth0_points_back_to_its_link_on_the_node(node: Live, state: NetworkState) -> None:
    pod = inside(state, "1c29ea39686a")
    end = link_in(pod, "eth0")
    assert (end.index, end.peer_index, end.peer_nsid) == (3, 6, 0)
    assert state.find_peer(end) == (root_of(state), link_in(root_of(state), "veth56780672"))
    assert ipv4(pod, "eth0") == ["10.244.0.3/24"]
    assert "eth0@if6" in run_script(node.lab, "ip netns exec 1c29ea39686a ip a").output


def test_table_1_every_namespace_has_its_address(state: NetworkState) -> None:
    assert {name: ipv4(inside(state, name), "eth0") for name in PODS} == {
        name: [f"{address}/24"] for name, (_, _, address) in PODS.items()
    }
    assert {netns.label for netns in state.of()} == {"root", *PODS}


def test_figure_31_a_pod_sends_to_its_neighbours_itself_and_all_else_to_the_bridge(state: NetworkState) -> None:
    for name in PODS:
        pod = inside(state, name)
        routes = {
            (str(route.dst), str(route.gateway or "")): route.oif
            for route in pod.routes
            if route.table == 254 and isinstance(route.dst, IPv4Network)
        }
        assert routes == dict.fromkeys([("0.0.0.0/0", "10.244.0.1"), ("10.244.0.0/24", "")], link_in(pod, "eth0").index)


def test_the_pods_of_a_node_and_the_bridge_answer_each_other_and_nobody_routes(node: Live) -> None:
    addresses = ["10.244.0.1", *(address for _, _, address in PODS.values())]
    for src in PODS:
        for dst in addresses:
            assert answered(node, src, dst), (src, dst)
    assert "ttl=64 " in run_script(node.lab, "ip netns exec af61ee373e23 ping -c 1 10.244.0.3").output


def test_figure_32_all_is_masqueraded_but_what_is_for_pods_or_for_the_node_itself(state: NetworkState) -> None:
    (rule,) = _masquerades(root_of(state))
    conditions = {(match.field, match.values, match.negated) for match in rule.matches}
    assert conditions == {("ip daddr", ("10.244.0.0/16",), True), ("fib daddr type", ("local",), True)}


@pytest.mark.parametrize(("dst", "source"), [("8.8.8.8", "10.240.0.4"), ("10.244.1.2", "10.244.0.3")])
def test_figure_32_what_a_pod_sends_leaves_the_node_under(node: Live, dst: str, source: str) -> None:
    script = (
        f"ip netns exec 1c29ea39686a ping -i 0.1 -W 1 {dst} > /dev/null & "
        f"timeout 20 tcpdump -l -n -c 1 -i eth0 'icmp[icmptype] == icmp-echo and host {dst}' 2> /dev/null; kill $!"
    )
    assert f"IP {source} > {dst}:" in run_script(node.lab, script).output
    assert answered(node, "1c29ea39686a", dst)


def test_figure_33_the_kubelets_options_agree_with_the_rule(node: Live, state: NetworkState) -> None:
    printed = run_script(node.lab, "ps -aux | grep kubelet").output
    assert "--network-plugin=kubenet" in printed
    (rule,) = _masquerades(root_of(state))
    (cidr,) = next(match.values for match in rule.matches if match.field == "ip daddr")
    assert f"--non-masquerade-cidr={cidr}" in printed
    assert all(IPv4Address(address) in IPv4Network(cidr) for _, _, address in PODS.values())


def test_a_pause_lives_in_each_pod_and_may_end_without_the_namespace(figures: Figures) -> None:
    with figures.at("kubenet-node/pid") as live:
        for name in PODS:
            (pid,) = inside(live.state(rescan=True), name).pids
            assert run_script(live.lab, f"cat /proc/{pid}/comm").output.strip() == "pause"
        script = "pid=$(ip netns pids af61ee373e23); kill -9 $pid; while [ -e /proc/$pid ]; do sleep 0.02; done"
        run_script(live.lab, script)
        assert not inside(live.state(rescan=True), "af61ee373e23").pids
        assert answered(live, "root", "10.244.0.6")
        assert "af61ee373e23" in run_script(live.lab, "ip netns").output


def _masquerades(root: Netns) -> list[FirewallRule]:
    """The rules that masquerade what leaves."""
    after = [chain for chain in root.chains if chain.hook == "postrouting"]
    return [rule for chain in after for rule in chain.rules if rule.action == "masquerade"]
