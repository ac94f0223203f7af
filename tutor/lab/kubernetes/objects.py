"""The cluster's view as Kubernetes' own objects: namespaces, nodes, pods, services, endpoints.

What nobody knows is left out, not made up. Does not know the requests that these answer.

Source: the API reference of Kubernetes 1.9; for a container that ended, what kubelet reports of one with
`restartPolicy: Never`.
"""

from __future__ import annotations

from time import gmtime, strftime

from tutor.lab.kubernetes.resources import Document
from tutor.lab.kubernetes.view import DEFAULT, NAMESPACES, ClusterView, NodeView, PodView

PAUSE_IMAGE = "k8s.gcr.io/pause-amd64:3.1"
RUNTIME = "docker://1.13.1"
NETNS, NOTE = "tutor/netns", "tutor/note"
"""Annotations of a pod: its network namespace on its node, and why there is nothing but `pause` in it."""

_NOTE = "kubenet's part of a pod: a network namespace that a pause process holds; no other container runs in it"
_IS_READY = "kubelet is posting ready status"
_FIELDS = ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))
_DAYS_TO_EPOCH = 719468  # from 0000-03-01 to 1970-01-01
_READY, _NOT_READY = "KubeletReady", "KubeletNotReady"


def objects_of(view: ClusterView) -> dict[str, list[Document]]:
    """The objects by plural name of their kind, each kind sorted as etcd would: by namespace and name."""
    found = {
        "namespaces": [_namespace(name, view) for name in NAMESPACES],
        "nodes": [_node(node, view) for node in view.nodes],
        "pods": [_pod(pod, view) for pod in view.pods],
        "services": [_service(view)] if view.service_address else [],
        "endpoints": [_endpoints(view)] if view.service_address else [],
    }
    return {name: sorted(members, key=key_of) for name, members in found.items()}


def key_of(thing: Document) -> tuple[str, str]:
    """Namespace (empty for an object without) and name."""
    metadata = thing["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def with_heartbeat(node: Document, now: float) -> Document:
    """A node whose kubelet was heard of just now: a heartbeat alone is no change of an object."""
    status = node["status"]
    conditions = [{**condition, "lastHeartbeatTime": timestamp(now)} for condition in status["conditions"]]
    return {**node, "status": {**status, "conditions": conditions}}


def timestamp(seconds: float) -> str:
    """A moment as JSON has it: RFC 3339 in whole seconds of UTC.

    >>> timestamp(1525132800.7)
    '2018-05-01T00:00:00Z'
    """
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(int(seconds)))


def seconds_of(stamp: str) -> int:
    """The opposite. By arithmetic: the standard library's ways load its modules of locales and calendars.

    >>> seconds_of("2018-05-01T00:00:00Z")
    1525132800
    """
    year, month, day, hour, minute, second = (int(stamp[at:end]) for at, end in _FIELDS)
    year -= month < 3  # as if years began in March: a leap day is the last of its year
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return (days - _DAYS_TO_EPOCH) * 86400 + hour * 3600 + minute * 60 + second


def _metadata(
    name: str, created: float, uid: str, labels: tuple[tuple[str, str], ...] = (), namespace: str = ""
) -> Document:
    metadata: Document = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    metadata |= {"uid": uid, "creationTimestamp": timestamp(created)}
    if labels:
        metadata["labels"] = dict(labels)
    return metadata


def _uid(kind: str, name: str) -> str:
    """A uid for what has none of its own: the same for the same thing in all labs."""
    digits = f"{kind}/{name}".encode().hex().ljust(32, "0")[-32:]
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _namespace(name: str, view: ClusterView) -> Document:
    return {
        "kind": "Namespace",
        "apiVersion": "v1",
        "metadata": _metadata(name, view.started, _uid("ns", name)),
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def _node(node: NodeView, view: ClusterView) -> Document:
    labels = (
        ("beta.kubernetes.io/arch", node.architecture),
        ("beta.kubernetes.io/os", "linux"),
        ("kubernetes.io/hostname", node.name),
        ("kubernetes.io/role", "agent"),
    )
    addresses = [{"type": "InternalIP", "address": node.internal_ip}] if node.internal_ip else []
    ready = {
        "type": "Ready",
        "status": "True" if node.ready else "False",
        "lastHeartbeatTime": timestamp(view.started),
        "lastTransitionTime": timestamp(node.since or view.started),
        "reason": _READY if node.ready else _NOT_READY,
        "message": _IS_READY if node.ready else node.reason,
    }
    status: Document = {
        "conditions": [ready],
        "addresses": [*addresses, {"type": "Hostname", "address": node.name}],
        "nodeInfo": {
            "machineID": "",
            "systemUUID": "",
            "bootID": "",
            "kernelVersion": node.kernel,
            "osImage": node.os_image,
            "containerRuntimeVersion": RUNTIME,
            "kubeletVersion": view.version,
            "kubeProxyVersion": view.version,
            "operatingSystem": "linux",
            "architecture": node.architecture,
        },
    }
    if node.capacity:
        status = {"capacity": dict(node.capacity), "allocatable": dict(node.capacity), **status}
    return {
        "kind": "Node",
        "apiVersion": "v1",
        "metadata": _metadata(node.name, view.started, _uid("node", node.name), labels),
        "spec": {"podCIDR": node.pod_cidr, "podCIDRs": [node.pod_cidr]} if node.pod_cidr else {},
        "status": status,
    }


def _pod(pod: PodView, view: ClusterView) -> Document:
    node = view.find_node(pod.node)
    metadata = _metadata(pod.name, pod.started, pod.uid, pod.labels, pod.namespace)
    metadata["annotations"] = {NETNS: pod.netns, NOTE: _NOTE}
    status: Document = {
        "phase": "Running" if pod.running else "Failed",
        "conditions": _conditions(pod),
        "startTime": timestamp(pod.started),
        "containerStatuses": [_container_status(pod)],
        "qosClass": "BestEffort",
    }
    if node is not None and node.internal_ip:
        status["hostIP"] = node.internal_ip
    if pod.ips:
        status |= {"podIP": pod.ips[0], "podIPs": [{"ip": address} for address in pod.ips]}
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": metadata,
        "spec": {
            "containers": [{"name": "pause", "image": PAUSE_IMAGE, "resources": {}, "imagePullPolicy": "IfNotPresent"}],
            "restartPolicy": "Never",  # nobody here starts it again
            "nodeName": pod.node,
        },
        "status": status,
    }


def _conditions(pod: PodView) -> list[Document]:
    started, ended = timestamp(pod.started), timestamp(pod.ended or pod.started)
    ready: Document = {"type": "Ready", "status": "True" if pod.running else "False"}
    if pod.running:
        ready["lastTransitionTime"] = started
    else:
        ready |= {
            "lastTransitionTime": ended,
            "reason": "ContainersNotReady",
            "message": "containers with unready status: [pause]",
        }
    return [
        {"type": "Initialized", "status": "True", "lastTransitionTime": started},
        ready,
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": started},
    ]


def _container_status(pod: PodView) -> Document:
    state: Document
    if pod.running:
        state = {"running": {"startedAt": timestamp(pod.started)}}
    else:
        ended: Document = {"exitCode": pod.exit_code, "reason": "Error" if pod.exit_code else "Completed"}
        ended["startedAt"] = timestamp(pod.started)
        if pod.ended:
            ended["finishedAt"] = timestamp(pod.ended)
        state = {"terminated": ended}
    return {
        "name": "pause",
        "state": state,
        "lastState": {},
        "ready": pod.running,
        "restartCount": 0,
        "image": PAUSE_IMAGE,
        "imageID": "",
    }


def _service(view: ClusterView) -> Document:
    labels = (("component", "apiserver"), ("provider", "kubernetes"))
    return {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": _metadata("kubernetes", view.started, _uid("svc", "kubernetes"), labels, DEFAULT),
        "spec": {
            "ports": [{"name": "https", "protocol": "TCP", "port": 443, "targetPort": 443}],
            "clusterIP": view.service_address,
            "type": "ClusterIP",
            "sessionAffinity": "None",
        },
        "status": {"loadBalancer": {}},
    }


def _endpoints(view: ClusterView) -> Document:
    """Of the service; nothing stands behind it: this API server listens on loopback only."""
    return {
        "kind": "Endpoints",
        "apiVersion": "v1",
        "metadata": _metadata("kubernetes", view.started, _uid("ep", "kubernetes"), namespace=DEFAULT),
        "subsets": [],
    }
