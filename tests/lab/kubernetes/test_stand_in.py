from __future__ import annotations

import subprocess
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
        ("describe pod x", "can't do describe"),
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


def test_it_says_when_nobody_answers(tmp_path: Path, environment: dict[str, str]) -> None:
    path = tmp_path / "stand-in"
    path.write_text(stand_in(1))
    done = StandIn(path, environment)("get", "pods")
    assert done.status == 1
    assert "The connection to the server 127.0.0.1:1 was refused" in done.err
    assert done.err.count("\n") == 1
