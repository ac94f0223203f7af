"""The nodes are as kubenet leaves them: names, addresses, indexes and ids as they should be, by the real plugins."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.lab.aks.conftest import AKS, Ask, namespace_of, needs_plugins, told, words
from tests.lab.conftest import run
from tutor.lab.client import Lab
from tutor.lab.kubenet import sandbox
from tutor.lab.nursery import Nursery
from tutor.lab.process import close_descriptors
from tutor.lab.topology_file import parse_topology

pytestmark = [pytest.mark.netns, needs_plugins]

CLUSTER = parse_topology(AKS.read_text(), name="aks").cluster
assert CLUSTER is not None
NODE0, NODE1 = CLUSTER.nodes
PODS = [(node.machine, pod) for node in CLUSTER.nodes for pod in node.pods]


def test_the_links_of_node0_have_their_indexes_and_addresses(aks: Lab) -> None:
    links = told(aks, "ip -j -4 addr")
    found = {link["ifname"]: (link["ifindex"], *(each["local"] for each in link["addr_info"])) for link in links}
    assert found["eth0"] == (2, "10.240.0.4")
    assert found["docker0"] == (3, "172.17.0.1")
    assert found["lxcbr0"] == (4, "10.0.3.1")
    assert found["cbr0"] == (5, "10.244.0.1")
    indexes = {link["ifname"]: link["ifindex"] for link in told(aks, "ip -j link show type veth")}
    assert [(pod.veth, index) for pod, index in zip(NODE0.pods, range(6, 11), strict=True)] == [
        (name, index) for name, index in indexes.items() if name != "eth0"
    ]


def test_each_pod_hangs_on_its_veth_with_its_id_and_its_address(aks: Lab) -> None:
    for machine, pod in PODS:
        inside = namespace_of(aks, pod.netns)
        (link,) = told(aks, "ip -j -4 addr show eth0", machine=machine, netns=inside)
        assert (link["ifindex"], link["link_netnsid"]) == (3, 0)
        (address,) = link["addr_info"]
        assert (address["local"], address["prefixlen"]) == (str(pod.address), 24)
        (near,) = told(aks, f"ip -j link show {pod.veth}", machine=machine)
        assert near["link_index"] == 3
        assert near["ifindex"] == link["link_index"]
        assert near["master"] == "cbr0"
        if pod.nsid is not None:
            assert near["link_netnsid"] == pod.nsid


def test_a_pod_that_takes_its_time_to_begin_keeps_no_node_from_being_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it has executed its program nobody else may look at its namespaces."""

    def close_late() -> None:
        time.sleep(0.2)
        close_descriptors()

    monkeypatch.setattr(sandbox, "close_descriptors", close_late)
    nursery = Nursery()  # a fork of this process, as it is now
    with Lab(nursery.launch()) as lab:
        lab.build("aks", AKS.read_text(), {})
        assert namespace_of(lab, NODE0.pods[0].netns)
    nursery.close()


def test_a_pod_has_a_default_route_by_the_bridge_and_a_loopback_that_is_up(aks: Lab) -> None:
    inside = namespace_of(aks, "af61ee373e23")
    routes = told(aks, "ip -j route", netns=inside)
    assert {(route["dst"], route.get("gateway")) for route in routes} == {
        ("default", "10.244.0.1"),
        ("10.244.0.0/24", None),
    }
    assert run(aks, "ping -c 1 -W 1 127.0.0.1", netns=inside)[0] == 0


def test_only_cbr0_has_ports_and_it_is_promiscuous(aks: Lab) -> None:
    masters = {link.get("master") for link in told(aks, "ip -j link")} - {None}
    assert masters == {"cbr0"}
    assert "PROMISC" in told(aks, "ip -j link show cbr0")[0]["flags"]


def test_namespaces_have_no_names_until_the_link_is_made(ask: Ask) -> None:
    assert ask("ip netns") == (0, "")
    assert ask("test -e /run/netns")[0] == 1
    assert set(ask("ls /var/run/docker/netns")[1].split()) == {*(pod.netns for pod in NODE0.pods), "default"}
    listed = words(ask("ln -s /var/run/docker/netns /var/run/netns && ip netns")[1])
    ids = {line[0]: " ".join(line[1:]) for line in listed}
    assert ids == {**{pod.netns: f"(id: {pod.nsid})" for pod in NODE0.pods}, "default": ""}


def test_a_pod_has_a_waiting_process_of_its_own_pids_name_and_ipc(ask: Ask) -> None:
    own = "; ".join(f"readlink /proc/self/ns/{kind}" for kind in ("pid", "uts", "ipc", "net", "mnt"))
    at_node = ask(own)[1].split()
    pids = ask("pgrep -x pause")[1].split()
    assert len(pids) == len(NODE0.pods)
    for pid in pids:
        of_pod = ask(own.replace("self", pid))[1].split()
        assert not set(of_pod) & set(at_node)
        assert ask(f"nsenter -t {pid} -u hostname")[1].strip() in {pod.name for pod in NODE0.pods}
        for which in ("-m -u -i -n -p", "-a"):
            assert words(ask(f"nsenter -t {pid} {which} ps -o pid=,args= -p 1")[1]) == [["1", "/pause"]]


def test_kubelet_is_seen_with_its_flags(ask: Ask) -> None:
    line = ask("ps -aux | grep '[k]ubelet'")[1]
    assert "--network-plugin=kubenet" in line
    assert "--non-masquerade-cidr=10.244.0.0/16" in line


def test_kubenets_rule_masquerades_all_but_the_pod_network(ask: Ask) -> None:
    (rule,) = (line for line in ask("iptables -t nat -S POSTROUTING")[1].splitlines() if "MASQUERADE" in line)
    assert "! -d 10.244.0.0/16" in rule
    assert "--dst-type LOCAL" in rule
    assert " -s " not in rule


def test_the_addresses_come_from_host_local(ask: Ask) -> None:
    leases = set(ask("ls /var/lib/cni/networks/kubenet")[1].split())
    assert {str(pod.address) for pod in NODE0.pods} <= leases


def test_a_bare_node_has_neither_bridge_nor_pods_and_the_other_is_ready(variant: Callable[[str], Lab]) -> None:
    lab = variant("bare")
    names = {link["ifname"] for link in told(lab, "ip -j link")}
    assert names >= {"eth0", "docker0", "lxcbr0"}
    assert "cbr0" not in names
    assert run(lab, "pgrep -x pause")[0] == 1
    assert run(lab, "pgrep -x kubelet")[0] == 0  # it waits for its network plugin, and says so
    assert run(lab, "test -x /opt/cni/bin/bridge && test -x /opt/cni/bin/host-local")[0] == 0
    assert "cbr0" in {link["ifname"] for link in told(lab, "ip -j link", machine="node1")}


def test_a_killed_pod_keeps_its_namespace_and_kubectl_says_what_happened(ask: Ask) -> None:
    ask("pkill -9 -x pause")
    assert len(ask("ls /var/run/docker/netns")[1].split()) == len(NODE0.pods) + 1
    status, printed = ask("kubectl get pods -n kube-system -o wide --no-headers")
    assert status == 0, printed
    states = {line[0]: (line[1], line[2]) for line in words(printed)}
    assert {states[pod.name] for pod in NODE0.pods} == {("0/1", "Error")}
    assert {states[pod.name] for pod in NODE1.pods} == {("1/1", "Running")}
