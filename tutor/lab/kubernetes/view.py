"""What the cluster looks like at one moment. Values, with no idea where they come from or how they are shown."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT, PUBLIC, SYSTEM = "default", "kube-public", "kube-system"

NAMESPACES = (DEFAULT, PUBLIC, SYSTEM)
"""The namespaces that a cluster has before anything is deployed on it."""

KILLED = 137
"""Exit status of a process that SIGKILL ended, as a container runtime counts: 128 and the signal's number."""


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node."""

    name: str
    """Its name, which is its machine's host name."""
    internal_ip: str
    """Its own address; empty when it has none."""
    pod_cidr: str
    """The range that its pods get their addresses from; empty when it was given none."""
    ready: bool = True
    """Whether its kubelet can run pods."""
    reason: str = ""
    """Why not, in kubelet's words."""
    kernel: str = ""
    """`uname -r` of the machine."""
    os_image: str = ""
    """PRETTY_NAME of the machine's os-release."""
    architecture: str = "amd64"
    """The machine's, in Go's words."""
    since: float = 0.0
    """When it became ready, or stopped being so, in seconds of the epoch; 0 when the cluster started."""
    capacity: tuple[tuple[str, str], ...] = ()
    """What it has, as pairs such as `("cpu", "2")`, in Kubernetes' words and units. What is not known is left out.

    `kubectl describe node` divides by cpu and memory, and prints nonsense for shares of what is left out.
    """


@dataclass(frozen=True, slots=True)
class PodView:
    """A pod: its sandbox, which is all that kubenet makes of it."""

    name: str
    """Its name."""
    namespace: str
    """Its namespace in the cluster."""
    node: str
    """Name of the node that it is on."""
    ips: tuple[str, ...]
    """Its addresses, without prefix lengths; empty when it has none (any more)."""
    running: bool
    """Whether its pause process lives."""
    started: float
    """When that process was started, in seconds of the epoch."""
    netns: str
    """Its network namespace: a path on its node, or a name that `ip netns` there knows."""
    uid: str
    """Unique among all pods that there ever were."""
    ended: float = 0.0
    """When the pause process ended, if it did; 0 when nobody knows."""
    exit_code: int = KILLED
    """How it ended, if it did."""
    labels: tuple[tuple[str, str], ...] = ()
    """What `-l` selects by."""


@dataclass(frozen=True, slots=True)
class ClusterView:
    """The whole cluster."""

    version: str
    """What the API server and the nodes say they run: `v1.9.6`."""
    nodes: tuple[NodeView, ...]
    """In any order."""
    pods: tuple[PodView, ...]
    """In any order, those whose pause process is gone included."""
    service_address: str
    """Cluster IP of the service `kubernetes`."""
    started: float
    """When the cluster came up, in seconds of the epoch."""

    def find_node(self, name: str) -> NodeView | None:
        """The node of this name, or None."""
        return next((node for node in self.nodes if node.name == name), None)

    def find_pod(self, namespace: str, name: str) -> PodView | None:
        """The pod of this name in this namespace, or None."""
        return next((pod for pod in self.pods if (pod.namespace, pod.name) == (namespace, name)), None)
