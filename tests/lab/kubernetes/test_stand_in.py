from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lab.kubernetes.conftest import Done, Kubectl, Loop
from tutor.lab.kubernetes.stand_in import stand_in

LISTS = [
    "get namespaces",
    "get ns default",
    "get nodes",
    "get no -o wide",
    "get pods",
    "get pods -A",
    "get po -n kube-system -o wide",
    "get pod --namespace=kube-system kube-dns-1",
    "get pods -nkube-system -owide",
    "get pod nosuch",
    "get svc --all-namespaces",
    "get service kubernetes",
    "get services -n kube-system",
    "get all",
    "get all -A",
    "get all -A --output wide",
    "get pods -n a&b=c",
]


class StandIn:
    def __init__(self, path: Path, environment: dict[str, str]) -> None:
        self.path, self.environment = path, environment

    def __call__(self, *words: str) -> Done:
        done = subprocess.run(
            ["bash", str(self.path), *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        notice, _, errors = done.stderr.partition("\n")
        assert notice.startswith("kubectl: this is a stand-in that only knows: kubectl get")
        return Done(done.returncode, done.stdout, errors)


@pytest.fixture
def substitute(loop: Loop, tmp_path: Path, environment: dict[str, str]) -> StandIn:
    path = tmp_path / "stand-in"
    path.write_text(stand_in(loop.port))
    return StandIn(path, environment)


@pytest.mark.parametrize("line", LISTS)
def test_it_prints_what_kubectl_prints(line: str, substitute: StandIn, kubectl: Kubectl) -> None:
    assert substitute(*line.split()) == kubectl(*line.split())


def test_it_lists_without_any_kubectl(substitute: StandIn) -> None:
    done = substitute("get", "nodes")
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        "NAME    STATUS     ROLES   AGE   VERSION",
        "node0   Ready      agent   5d    v1.9.6",
        "node1   NotReady   agent   5d    v1.9.6",
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "needs to be told what to do"),
        ("apply -f x.yaml", "can't do apply"),
        ("describe pod x", "can't describe pod"),
        ("describe", "needs one kind of thing"),
        ("describe node -w", "can't do -w"),
        ("get", "needs one kind of thing"),
        ("get pods a b", "needs one kind of thing"),
        ("get secrets", "can't get secrets"),
        ("get pods,svc", "can't get pods,svc"),
        ("get pods -w", "can't do -w"),
        ("get pods -o yaml", "can't print yaml"),
        ("get pods -n", "-n needs a value"),
        ("get all x", "all is no kind of thing"),
    ],
)
def test_it_says_what_it_can_not_do(line: str, says: str, substitute: StandIn) -> None:
    done = substitute(*line.split())
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"kubectl: {says}")
    assert done.err.count("\n") == 1


def _lines(text: str) -> list[list[str]]:
    """The words of each line, less a pod's age (kubectl counts it from its own clock), and in any case (1.20: AGE)."""
    lines = [line.lower().split() for line in text.splitlines()]
    return [words[:-1] if words[:1] == ["kube-system"] else words for words in lines]


@pytest.mark.parametrize("name", ["node0", "node1"])
def test_it_describes_a_node_in_lines_that_kubectl_prints_in_the_same_order(
    name: str, substitute: StandIn, kubectl: Kubectl, loop: Loop
) -> None:
    capacity = (("cpu", "2"), ("memory", "2097152Ki"), ("pods", "110"))
    loop.view = replace(loop.view, nodes=tuple(replace(node, capacity=capacity) for node in loop.view.nodes))
    done, real = substitute("describe", "node", name), kubectl("describe", "node", name)
    assert (done.status, done.err) == (0, "")
    printed = iter(_lines(real.out))
    unheard = [line for line in _lines(done.out) if line not in printed]  # goes on where the last one was found
    assert unheard == []
    assert {"Ready", "PodCIDR:", "Addresses:"} <= {line.split()[0] for line in done.out.splitlines()}


def test_it_describes_all_nodes_and_none_that_is_not_there(substitute: StandIn) -> None:
    done = substitute("describe", "nodes")
    assert [line for line in done.out.splitlines() if line.startswith("PodCIDR:")] == [
        "PodCIDR:                      10.244.0.0/24",
        "PodCIDR:                      10.244.1.0/24",
    ]
    missing = substitute("describe", "no", "node7")
    assert (missing.status, missing.out) == (1, "")
    assert missing.err == 'Error from server (NotFound): nodes "node7" not found\n'


def test_it_says_when_nobody_answers(tmp_path: Path, environment: dict[str, str]) -> None:
    path = tmp_path / "stand-in"
    path.write_text(stand_in(1))
    done = StandIn(path, environment)("get", "pods")
    assert done.status == 1
    assert "The connection to the server 127.0.0.1:1 was refused" in done.err
    assert done.err.count("\n") == 1
