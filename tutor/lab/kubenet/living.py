"""The cluster as it is now: what its API server tells of, read from the living nodes. Runs in the agent.

Does not know HTTP, nor how anything is printed.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import struct
import time
from collections.abc import Mapping

from tutor.lab import netns
from tutor.lab.kubenet.node import BRIDGE
from tutor.lab.kubenet.sandbox import NETNS_FOLDER, Sandbox
from tutor.lab.kubenet.setup import Node
from tutor.lab.kubernetes.view import ClusterView, NodeView, PodView
from tutor.lab.topology import ClusterSpec

_SIOCGIFADDR = 0x8915
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_MOST_PODS = 110


class Cluster:
    """The cluster of a lab, looked at as often as somebody asks."""

    def __init__(self, spec: ClusterSpec, nodes: Mapping[str, Node]) -> None:
        """Look at `nodes`."""
        self._spec, self._nodes = spec, nodes
        self._started = time.time()
        self._kernel = os.uname().release
        self._architecture = _ARCHITECTURES.get(os.uname().machine, os.uname().machine)
        self._system = _pretty_name()
        self._capacity = _capacity()
        self._ended: dict[str, float] = {}

    def look(self) -> ClusterView:
        """What it looks like now."""
        nodes = tuple(self._node(node) for node in self._nodes.values())
        pods = tuple(self._pod(each) for node in self._nodes.values() for each in node.sandboxes)
        return ClusterView(self._spec.version, nodes, pods, str(self._spec.service), self._started)

    def find(self, pod: PodView) -> Sandbox | None:
        """The sandbox of a pod."""
        sandboxes = (each for node in self._nodes.values() for each in node.sandboxes)
        return next(
            (each for each in sandboxes if (each.pod.name, each.pod.namespace) == (pod.name, pod.namespace)), None
        )

    def _node(self, node: Node) -> NodeView:
        problem = _what_is_missing(node)
        address = _address(node.machine.netns, "eth0")
        return NodeView(
            node.machine.name,
            address,
            str(node.spec.pod_cidr),
            not problem,
            problem,
            self._kernel,
            self._system,
            self._architecture,
            capacity=self._capacity,
        )

    def _pod(self, sandbox: Sandbox) -> PodView:
        pod = sandbox.pod
        uid = sandbox.uid
        running = sandbox.running
        if not running:
            self._ended.setdefault(uid, time.time())
        address = _address(sandbox.namespaces["net"], "eth0")
        application = pod.name.rsplit("-", 2)[0]
        return PodView(
            pod.name,
            pod.namespace,
            sandbox.machine.name,
            (address,) if address else (),
            running,
            sandbox.started,
            f"/var{NETNS_FOLDER}/{pod.netns}",
            uid,
            ended=self._ended.get(uid, 0.0),
            labels=(("k8s-app", application), ("pod-template-hash", pod.name.split("-")[-2])),
        )


def _what_is_missing(node: Node) -> str:
    """Why a node is not ready, in kubelet's words; empty where it is."""
    if select.select([node.kubelet], [], [], 0)[0]:
        return "Kubelet stopped posting node status."
    gateway = str(node.spec.pod_cidr[1])
    if _address(node.machine.netns, BRIDGE) != gateway:
        return (
            "runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
            f"message:docker: network plugin is not ready: {BRIDGE} with {gateway} is not there"
        )
    return ""


def _address(namespace: int, link: str) -> str:
    """The first IPv4 address of a link in a network namespace; empty where there is none (netdevice(7))."""
    try:
        with netns.inside(namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            answer = fcntl.ioctl(asking, _SIOCGIFADDR, struct.pack("16s24x", link.encode()))
    except OSError:
        return ""
    return socket.inet_ntoa(answer[20:24])


def _pretty_name() -> str:
    try:
        with open("/etc/os-release", errors="replace") as file:
            said = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
    except OSError:
        return "Linux"
    return said.get("PRETTY_NAME", "Linux").strip("\"'")


def _capacity() -> tuple[tuple[str, str], ...]:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return (("cpu", str(os.cpu_count() or 1)), ("memory", f"{pages * size // 1024}Ki"), ("pods", str(_MOST_PODS)))
