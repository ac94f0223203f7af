"""A node as plain text, for the stand-in that asks where the host has no kubectl: laid out as `kubectl describe` does.

Does not know how the stand-in reads its command line.

No pod here asks for resources. Of leases, which a cluster of that time had not, nothing is said.

Source: `describeNode` of kubectl's describers.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import gmtime, strftime

from tutor.lab.kubernetes import tables
from tutor.lab.kubernetes.history import Snapshot
from tutor.lab.kubernetes.objects import seconds_of, with_heartbeat
from tutor.lab.kubernetes.resources import Document

_GAP = 2
_NONE = "<none>"
_UNITS = ("Ki", "Mi", "Gi", "Ti")
_NOTHING = "0 (0%)"
_OVER = "  (Total limits may be over 100 percent, i.e., overcommitted.)"


def describe_node(name: str, snapshot: Snapshot, now: float) -> str | None:
    """What is known of a node, and which pods run on it; None where there is no such node."""
    found = next((node for node in snapshot.members("nodes") if node["metadata"]["name"] == name), None)
    if found is None:
        return None
    node = with_heartbeat(found, now)
    metadata, status = node["metadata"], node["status"]
    labels = [f"{key}={value}" for key, value in sorted(metadata["labels"].items())] or [_NONE]
    parts = [
        [
            ["Name:", metadata["name"]],
            ["Roles:", metadata["labels"]["kubernetes.io/role"]],
            ["Labels:", labels[0]],
            *(["", label] for label in labels[1:]),
            ["Annotations:", _NONE],
            ["CreationTimestamp:", _moment(metadata["creationTimestamp"])],
            ["Taints:", _NONE],
            ["Unschedulable:", "false"],
        ],
        [["Conditions:"]],
        _conditions(status["conditions"]),
        [["Addresses:"]],
        [[f"  {entry['type']}:", entry["address"]] for entry in status["addresses"]],
    ]
    for title, amounts in (("Capacity:", "capacity"), ("Allocatable:", "allocatable")):
        if amounts in status:
            parts += [[[title]], [[f"  {key}:", quantity(value)] for key, value in sorted(status[amounts].items())]]
    parts += [[["System Info:"]], [*_system(status["nodeInfo"]), *_network(node), *_pods(name, snapshot, now)]]
    parts += [[["Allocated resources:"], [_OVER]], [*_allocated(), ["Events:", _NONE]]]
    return "".join(_lay_out(part) for part in parts)


def _conditions(conditions: Sequence[Document]) -> list[list[str]]:
    heads = ["Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message"]
    rows = [heads, ["-" * len(head) for head in heads]]
    for each in conditions:
        moments = [_moment(each["lastHeartbeatTime"]), _moment(each["lastTransitionTime"])]
        cells = [each["type"], each["status"], *moments, each["reason"]]
        rows.append([*(f"{cell} " for cell in cells), each["message"]])
    return [[f"  {row[0]}", *row[1:]] for row in rows]


def _system(info: Document) -> list[list[str]]:
    named = [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
        ("Kube-Proxy Version", "kubeProxyVersion"),
    ]
    return [[f"  {words}:", info[key]] for words, key in named]


def _network(node: Document) -> list[list[str]]:
    spec = node["spec"]
    return [["PodCIDR:", spec["podCIDR"]], ["PodCIDRs:", ",".join(spec["podCIDRs"])]] if "podCIDR" in spec else []


def _pods(node: str, snapshot: Snapshot, now: float) -> list[list[str]]:
    pods = [
        pod
        for pod in snapshot.members("pods")
        if pod["spec"]["nodeName"] == node and pod["status"]["phase"] not in ("Succeeded", "Failed")
    ]
    heads = ["Namespace", "Name", "", "CPU Requests", "CPU Limits", "Memory Requests", "Memory Limits", "Age"]
    rows = [["Non-terminated Pods:", f"({len(pods)} in total)"]]
    rows += [[f"  {row[0]}", *row[1:]] for row in (heads, ["-" * len(head) for head in heads])]
    for pod in pods:
        metadata = pod["metadata"]
        age = tables.age(now - seconds_of(metadata["creationTimestamp"]))
        rows.append([f"  {metadata['namespace']}", metadata["name"], "", *[_NOTHING] * 4, age])
    return rows


def quantity(text: str) -> str:
    """An amount as kubectl prints it: in the largest unit that leaves a whole number.

    >>> [quantity("2097152Ki"), quantity("24684084Ki"), quantity("110")]
    ['2Gi', '24684084Ki', '110']
    """
    number, unit = text.removesuffix("Ki"), text[-2:]
    if unit != "Ki" or not number.isdigit() or not int(number):
        return text
    amount, units = int(number), iter(_UNITS)
    unit = next(units)
    while amount % 1024 == 0 and unit != _UNITS[-1]:
        amount, unit = amount // 1024, next(units)
    return f"{amount}{unit}"


def _allocated() -> list[list[str]]:
    rows = [["Resource", "Requests", "Limits"], ["--------", "--------", "------"]]
    rows += [[name, _NOTHING, _NOTHING] for name in ("cpu", "memory", "ephemeral-storage")]
    return [[f"  {row[0]}", *row[1:]] for row in rows]


def _moment(stamp: str) -> str:
    return strftime("%a, %d %b %Y %H:%M:%S +0000", gmtime(seconds_of(stamp)))


def _lay_out(rows: Sequence[Sequence[str]]) -> str:
    """Rows as lines: every cell but the last of its row is as wide as the widest in its column that is not a last."""
    width: dict[int, int] = {}
    for row in rows:
        for number, cell in enumerate(row[:-1]):
            width[number] = max(width.get(number, 0), len(cell) + _GAP)
    return "".join("".join([*(c.ljust(width[n]) for n, c in enumerate(row[:-1])), row[-1]]) + "\n" for row in rows)
