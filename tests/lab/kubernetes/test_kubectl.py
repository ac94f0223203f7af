from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import pytest

from tests.lab.kubernetes.conftest import VIEW, Kubectl, Loop
from tutor.lab.kubernetes.view import ClusterView

SYSTEM = ("-n", "kube-system")


@pytest.fixture
def roomy(loop: Loop) -> ClusterView:
    """The view, with nodes of which it is known what they have."""
    nodes = tuple(
        replace(node, capacity=(("cpu", "2"), ("memory", "4030180Ki"), ("pods", "110"))) for node in VIEW.nodes
    )
    view = replace(VIEW, nodes=nodes)
    loop.change(view)
    return view


def test_namespaces_are_those_of_a_fresh_cluster(kubectl: Kubectl) -> None:
    assert kubectl("get", "namespaces", "-o", "name").out.split() == [
        "namespace/default",
        "namespace/kube-public",
        "namespace/kube-system",
    ]


def test_nothing_is_deployed_but_the_service_of_the_cluster_itself(kubectl: Kubectl) -> None:
    done = kubectl("get", "all")
    assert done.out.splitlines() == [
        "NAME                 TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE",
        "service/kubernetes   ClusterIP   10.0.0.1     <none>        443/TCP   5d",
    ]
    assert (done.status, done.err) == (0, "")


@pytest.mark.parametrize(
    "kind", ["pods", "po", "deployments", "rs", "ds", "sts", "rc", "jobs", "cj", "cm", "secrets", "events", "ing"]
)
def test_what_there_is_none_of_is_said_to_be_none(kind: str, kubectl: Kubectl) -> None:
    done = kubectl("get", kind)
    assert (done.status, done.out, done.err) == (0, "", "No resources found in default namespace.\n")


def test_nodes_tell_their_pod_ranges(kubectl: Kubectl) -> None:
    done = kubectl("get", "nodes", "-o", "custom-columns=NAME:.metadata.name,CIDR:.spec.podCIDR")
    assert [line.split() for line in done.out.splitlines()[1:]] == [
        ["node0", "10.244.0.0/24"],
        ["node1", "10.244.1.0/24"],
    ]
    assert "podCIDR: 10.244.0.0/24" in kubectl("get", "node", "node0", "-o", "yaml").out
    assert kubectl("get", "no", "-o", "jsonpath={.items[*].status.addresses[0].address}").out == "10.240.0.4 10.240.0.5"


def test_wide_nodes_tell_the_machine_s_kernel(kubectl: Kubectl) -> None:
    row = kubectl("get", "nodes", "-o", "wide").out.splitlines()[1]
    assert row.split()[:6] == ["node0", "Ready", "agent", "5d", "v1.9.6", "10.240.0.4"]
    assert "Debian GNU/Linux 12 (bookworm)   6.1.0-tutor      docker://1.13.1" in row


def test_pods_are_selected_sorted_and_shown_in_all_forms(kubectl: Kubectl) -> None:
    of_node = kubectl("get", "pods", "-A", "--field-selector", "spec.nodeName=node0,status.phase=Running", "-o", "name")
    assert of_node.out == "pod/kube-dns-1\n"
    assert "No resources found" in kubectl("get", "pods", "-A", "-l", "app=web").err
    by_node = kubectl("get", "pods", *SYSTEM, "--sort-by=.spec.nodeName", "--no-headers").out.splitlines()
    assert [line.split()[0] for line in by_node] == ["kube-dns-1", "tunnel-3", "metrics-2"]
    items = json.loads(kubectl("get", "pods", "-A", "-o", "json").out)["items"]
    assert [item["status"].get("podIP") for item in items] == ["10.244.0.6", None, None]
    assert "k8s.gcr.io/pause-amd64:3.1" in kubectl("get", "pod", *SYSTEM, "kube-dns-1", "-o", "yaml").out


def test_a_word_that_means_nothing_is_an_error(kubectl: Kubectl) -> None:
    assert kubectl("get", "foo").err == 'error: the server doesn\'t have a resource type "foo"\n'
    assert kubectl("get", "pod", "x").err == 'Error from server (NotFound): pods "x" not found\n'


def test_a_node_that_is_not_ready_is_described_with_the_reason(kubectl: Kubectl, roomy: ClusterView) -> None:
    told = kubectl("describe", "node", "node1").out
    assert "KubeletNotReady   docker: network plugin is not ready: cbr0 is missing" in told
    assert "PodCIDR:                      10.244.1.0/24" in told
    assert "(1 in total)" in told
    assert "cpu                0 (0%)    0 (0%)" in told


def test_pods_services_and_namespaces_can_be_described(kubectl: Kubectl) -> None:
    pod = kubectl("describe", "pod", *SYSTEM, "tunnel-3").out
    assert "Exit Code:    137" in pod
    assert "tutor/netns: /var/run/docker/netns/09d0" in pod
    assert "IP:                10.0.0.1" in kubectl("describe", "svc", "kubernetes").out
    assert "Status:       Active" in kubectl("describe", "ns", "kube-public").out


def test_the_cluster_says_what_it_is(kubectl: Kubectl) -> None:
    assert '"gitVersion": "v1.9.6"' in kubectl("version", "-o", "json").out
    assert "http://127.0.0.1:" in kubectl("cluster-info").out
    assert "apps/v1" in kubectl("api-versions").out.split()
    assert kubectl("get", "--raw", "/healthz").out == "ok"
    assert kubectl("config", "current-context").out == "aks\n"
    words = [
        line.split()[0] for line in kubectl("api-resources", "--no-headers", "--namespaced=false").out.splitlines()
    ]
    assert words == ["namespaces", "nodes", "persistentvolumes", "storageclasses"]


def test_the_whole_cluster_can_be_dumped(kubectl: Kubectl) -> None:
    done = kubectl("cluster-info", "dump")
    assert done.status == 0
    assert "==== START logs for container pause of pod kube-system/kube-dns-1 ====" in done.out


@pytest.mark.parametrize(
    "line",
    [
        "run x --image=nginx",
        "create namespace x",
        "delete pod -n kube-system kube-dns-1",
        "label node node0 a=b",
        "cordon node0",
        "explain pods",
        "apply -f {given}",
        "apply --validate=false -f {given}",
        "create -f {given}",
    ],
)
def test_what_would_change_the_cluster_is_refused_with_the_reason(line: str, kubectl: Kubectl) -> None:
    given = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}'
    done = kubectl(*line.format(given="-").split(), given=given)
    assert "this cluster only shows what the lab is" in done.err
    assert done.out == ""


def test_a_pause_process_has_printed_nothing(kubectl: Kubectl) -> None:
    done = kubectl("logs", *SYSTEM, "kube-dns-1")
    assert (done.status, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize("line", ["attach -n kube-system kube-dns-1", "port-forward -n kube-system kube-dns-1 :80"])
def test_what_makes_no_sense_here_is_refused(line: str, kubectl: Kubectl) -> None:
    done = kubectl(*line.split())
    assert done.status == 1
    assert "nothing to attach to" in done.err or "forwards no ports" in done.err


def test_a_watch_prints_what_happens_to_the_pods(loop: Loop, kubectl: Kubectl) -> None:
    watch = kubectl.popen("get", "pods", *SYSTEM, "-w", stdout=subprocess.PIPE, text=True)
    try:
        assert watch.stdout is not None
        first = [watch.stdout.readline().split()[:3] for _ in range(4)]
        assert first[1:] == [
            ["kube-dns-1", "1/1", "Running"],
            ["metrics-2", "1/1", "Running"],
            ["tunnel-3", "0/1", "Error"],
        ]
        loop.change(replace(VIEW, pods=(replace(VIEW.pods[0], running=False), *VIEW.pods[1:])))
        assert watch.stdout.readline().split()[:3] == ["kube-dns-1", "0/1", "Error"]
    finally:
        watch.kill()
        watch.communicate()


def test_one_can_wait_for_a_node_to_be_ready(loop: Loop, kubectl: Kubectl) -> None:
    waiting = kubectl.popen("wait", "--for=condition=Ready", "node/node1", "--timeout=30s", stdout=subprocess.PIPE)
    loop.change(replace(VIEW, nodes=(VIEW.nodes[0], replace(VIEW.nodes[1], ready=True, reason=""))))
    out, _ = waiting.communicate(timeout=40)
    assert (waiting.returncode, out) == (0, b"node/node1 condition met\n")
