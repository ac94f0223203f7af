"""kubectl shows the living nodes and pods, and commands run in pods."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest

from tests.lab.aks.conftest import Ask, needs_plugins, words
from tests.lab.conftest import run
from tutor.lab.client import Lab

pytestmark = [
    pytest.mark.netns,
    needs_plugins,
    pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed"),
]

HEAPSTER = "heapster-864b6d7fb7-pq4mz"


def test_namespaces_and_all_of_default_are_as_on_a_fresh_cluster(ask: Ask) -> None:
    status, printed = ask("kubectl get namespaces --no-headers")
    assert status == 0
    assert [line[:2] for line in words(printed)] == [
        ["default", "Active"],
        ["kube-public", "Active"],
        ["kube-system", "Active"],
    ]
    (line,) = words(ask("kubectl get all --no-headers")[1])
    assert line[:5] == ["service/kubernetes", "ClusterIP", "10.0.0.1", "<none>", "443/TCP"]


def test_nodes_have_their_ranges_and_pods_their_nodes_and_addresses(ask: Ask) -> None:
    ranges = "custom-columns=N:.metadata.name,C:.spec.podCIDR"
    assert words(ask(f"kubectl get nodes --no-headers -o {ranges}")[1]) == [
        ["node0", "10.244.0.0/24"],
        ["node1", "10.244.1.0/24"],
    ]
    pods = words(ask("kubectl get pods -A -o wide --no-headers")[1])
    assert {(line[1].split("-")[0], line[6], line[7]) for line in pods} >= {
        ("heapster", "10.244.0.3", "node0"),
        ("tunnelfront", "10.244.0.10", "node0"),
        ("metrics", "10.244.1.3", "node1"),
    }
    assert len(pods) == 7


def test_it_works_from_both_nodes(aks: Lab) -> None:
    for machine in aks.machines:
        assert run(aks, "kubectl get nodes -o name", machine=machine) == (0, "node/node0\nnode/node1\n")


def test_what_is_taken_away_is_no_longer_shown(ask: Ask) -> None:
    ask("nsenter --net=/var/run/docker/netns/1c29ea39686a ip addr flush dev eth0")
    (line,) = words(ask(f"kubectl get pod -n kube-system {HEAPSTER} -o wide --no-headers")[1])
    assert line[5] == "<none>"
    assert "Ready" in ask("kubectl get node node0")[1].split()
    ask("ip addr flush dev cbr0")
    assert "NotReady" in ask("kubectl get node node0")[1].split()
    assert "cbr0 with 10.244.0.1 is not there" in ask("kubectl describe node node0")[1]
    ask("ip addr add 10.244.0.1/24 dev cbr0; pkill -9 -x kubelet")
    assert "NotReady" in ask("kubectl get node node0")[1].split()


def test_a_bare_node_is_not_ready_until_it_has_its_bridge(variant: Callable[[str], Lab]) -> None:
    lab = variant("bare")
    assert "NotReady" in run(lab, "kubectl get node node0")[1].split()
    assert len(words(run(lab, "kubectl get pods -A --no-headers")[1])) == 2
    run(lab, "ip link add cbr0 type bridge; ip addr add 10.244.0.1/24 dev cbr0; ip link set cbr0 up")
    assert "Ready" in run(lab, "kubectl get node node0")[1].split()


def test_a_command_runs_in_all_of_a_pods_namespaces(ask: Ask) -> None:
    status, printed = ask(
        f"kubectl exec -n kube-system {HEAPSTER} -- sh -c 'hostname; ip -j -4 addr show eth0; exit 5'"
    )
    if "speaks WebSocket, not SPDY" in printed:
        pytest.skip("this machine's kubectl is too old to run commands in pods here")
    lines = printed.splitlines()
    assert lines[0] == HEAPSTER
    assert json.loads(lines[1])[0]["addr_info"][0]["local"] == "10.244.0.3"
    assert status == 5
    assert ask(f"kubectl exec -n kube-system {HEAPSTER} -- cat /proc/1/comm") == (0, "pause\n")
    assert ask(f"echo in | kubectl exec -i -n kube-system {HEAPSTER} -- cat") == (0, "in\n")
    status, printed = ask("kubectl exec -n kube-system metrics-server-6cbfbf7bd8-t5jvw -- ping -c 1 -W 1 10.244.0.3")
    assert status == 0, printed


def test_nothing_can_be_made_or_deleted(ask: Ask) -> None:
    status, printed = ask(f"kubectl delete pod -n kube-system {HEAPSTER}")
    assert status == 1
    assert "creates, changes and deletes nothing" in printed
