"""Sets nodes up: sandboxes of their pods, then kubelet's work, by a script in each machine. Does not know clients."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tutor.errors import LabError, MissingTool
from tutor.lab import memory, netns
from tutor.lab.environment import ENVIRONMENT
from tutor.lab.kubenet import node as texts
from tutor.lab.kubenet import sandbox
from tutor.lab.kubenet.plugins import PLUGINS, find_plugin
from tutor.lab.kubenet.sandbox import PAUSE, Sandbox
from tutor.lab.machine import Machine
from tutor.lab.machinecode import pause_program
from tutor.lab.topology import ClusterSpec, NodeSpec

_SBIN = ("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin")
_USED_UP_GROUP = 99


@dataclass(slots=True)
class Node:
    """A machine that is a node, as the agent holds it."""

    spec: NodeSpec
    """What it was built from."""
    machine: Machine
    """The machine."""
    sandboxes: list[Sandbox] = field(default_factory=list)
    """Of its pods, in order."""
    kubelet: int = -1
    """A descriptor of the process called kubelet: it can be read once that has ended."""


def require_programs() -> None:
    """See to it that what sets nodes up is installed: the CNI plugins, and iptables for kubenet's rule.

    Raises:
        MissingTool: one of them is not.
    """
    for name in PLUGINS:
        if find_plugin(name) is None:
            raise MissingTool(f"{name} (a CNI plugin) is not installed", hint="run `tutor doctor`")
    if not any(os.access(f"{folder}/iptables", os.X_OK) for folder in _SBIN):
        raise MissingTool("iptables is not installed", hint="run `tutor doctor`")


def set_up(cluster: ClusterSpec, machines: Mapping[str, Machine]) -> dict[str, Node]:
    """Set all nodes of a cluster up; returns them by the names of their machines.

    Raises:
        LabError: a step failed.
    """
    nodes = {spec.machine: Node(spec, machines[spec.machine]) for spec in cluster.nodes}
    for node in nodes.values():
        node.machine.write_file(PAUSE, pause_program(), 0o755)
        node.sandboxes = [sandbox.start(node.machine, pod) for pod in node.spec.pods]
    _use_up_an_index([each for node in nodes.values() for each in node.sandboxes])
    scripts = [(node, *_start_script(cluster, node)) for node in nodes.values()]
    for node, pid, output in scripts:
        _, status = os.waitpid(pid, 0)
        text = memory.gathered(output, 4096)
        os.close(output)
        if status:
            raise LabError(f"the node {node.machine.name} could not be set up: {' '.join(text.split())[:300]}")
    return nodes


def _use_up_an_index(sandboxes: Iterable[Sandbox]) -> None:
    """Make a link in each pod and delete it again: the plugin gives eth0 the next free index, and kubenet's have 3.

    The kernel takes long over deleting a link, but no longer over many at once: so these are the far ends of cables
    whose near ends are deleted as one group.
    """
    lines = [
        f"link add used-up{number} group {_USED_UP_GROUP} type veth "
        f"peer name used-up netns /proc/1/fd/{each.namespaces['net']}"
        for number, each in enumerate(sandboxes)
    ]
    if lines:
        lines.append(f"link del group {_USED_UP_GROUP}")
        own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        netns.spawn(own, ["ip", "-batch", "-"], "".join(f"{line}\n" for line in lines)).finish()
        os.close(own)


def _start_script(cluster: ClusterSpec, node: Node) -> tuple[int, int]:
    """Start what sets a node up; returns its pid, and a descriptor of what it prints."""
    script = texts.before_kubenet()
    if node.spec.has_kubenet:
        for each in node.sandboxes:
            if each.pod.nsid is not None:
                netns.set_nsid(node.machine.netns, each.namespaces["net"], each.pod.nsid)
        script += texts.kubenet(cluster, node.spec, {each.pod.netns: each.pid for each in node.sandboxes})
    # It runs where its network plugin has not, too, and tells the control plane what it waits for.
    node.kubelet = _start_kubelet(node.machine, texts.kubelet_arguments(cluster, node.spec))
    given, output = memory.to_read(script), memory.to_gather()
    pid = node.machine.spawn(["bash", "-s"], ENVIRONMENT, (given, output, output))
    os.close(given)
    return pid, output


def _start_kubelet(machine: Machine, arguments: list[str]) -> int:
    machine.write_file(texts.KUBELET, pause_program(), 0o755)
    quiet = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    pid = machine.spawn(arguments, ENVIRONMENT, (quiet, quiet, quiet))
    os.close(quiet)
    return os.pidfd_open(pid)
