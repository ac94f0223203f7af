"""Objects as the rows that `kubectl get` prints: columns and cells, laid out by the server.

Does not know how a client asks for a table.

Source: printers of Kubernetes 1.9 (`pkg/printers/internalversion`), with INTERNAL-IP among a node's wide columns as
from 1.11 on; ages as apimachinery's `duration.HumanDuration` words them.
"""

from __future__ import annotations

from dataclasses import dataclass

from tutor.lab.kubernetes.objects import seconds_of
from tutor.lab.kubernetes.resources import Document

_NONE = "<none>"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    """As the API says it; printed in upper case."""
    wide: bool = False
    """Whether only `-o wide` shows it."""


def _columns(narrow: str, wide: str = "") -> tuple[Column, ...]:
    return (*map(Column, narrow.split()), *(Column(name, wide=True) for name in wide.split()))


_COLUMNS = {
    "namespaces": _columns("Name Status Age"),
    "nodes": _columns(
        "Name Status Roles Age Version", "Internal-IP External-IP OS-Image Kernel-Version Container-Runtime"
    ),
    "pods": _columns("Name Ready Status Restarts Age", "IP Node"),
    "services": _columns("Name Type Cluster-IP External-IP Port(s) Age", "Selector"),
    "endpoints": _columns("Name Endpoints Age"),
}


def columns_of(resource: str) -> tuple[Column, ...]:
    """The columns of a kind's table, by its plural name."""
    return _COLUMNS.get(resource, _columns("Name Age"))


def cells_of(resource: str, thing: Document, now: float) -> list[str]:
    """The cells of an object's row, one for each of its kind's columns."""
    name, age = thing["metadata"]["name"], _age_of(thing, now)
    if resource == "namespaces":
        return [name, thing["status"]["phase"], age]
    if resource == "nodes":
        return _node_cells(name, age, thing)
    if resource == "pods":
        return _pod_cells(name, age, thing)
    if resource == "services":
        spec = thing["spec"]
        ports = ",".join(f"{port['port']}/{port['protocol']}" for port in spec["ports"])
        return [name, spec["type"], spec["clusterIP"], _NONE, ports, age, _NONE]
    if resource == "endpoints":
        return [name, _NONE, age]
    return [name, age]


def table(
    resource: str, things: list[Document], now: float, *, version: str, whole: str, headed: bool = True
) -> Document:
    """A `Table` of the API.

    Args:
        resource: plural name of the kind.
        things: the objects.
        now: what ages are counted from.
        version: the list's resource version.
        whole: how much of each object stands beside its row: `Metadata`, `Object` or `None`.
        headed: whether the columns are told; events of a watch after the first leave them out.
    """
    columns = [
        {
            "name": column.name,
            "type": "string",
            "format": "name" if column.name == "Name" else "",
            "description": "",
            "priority": int(column.wide),
        }
        for column in columns_of(resource)
    ]
    rows = []
    for thing in things:
        row: Document = {"cells": cells_of(resource, thing, now)}
        if whole == "Object":
            row["object"] = thing
        elif whole != "None":
            row["object"] = {
                "kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": thing["metadata"],
            }
        rows.append(row)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": version},
        "columnDefinitions": columns if headed else None,
        "rows": rows,
    }


def age(seconds: float) -> str:
    """How long something has been there.

    >>> [age(119), age(120), age(601), age(8 * 3600 + 60), age(50 * 3600), age(400 * 86400)]
    ['119s', '2m', '10m', '8h', '2d2h', '400d']
    """
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    minutes, hours = whole // 60, whole // 3600
    if whole < 120:
        return f"{max(0, whole)}s"
    if minutes < 10:
        return _two(minutes, "m", whole % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return _two(hours // 24, "d", hours % 24, "h")
    days = hours // 24
    if days < 730:
        return f"{days}d"
    return _two(days // 365, "y", days % 365, "d") if days < 2920 else f"{days // 365}y"


def _two(large: int, unit: str, small: int, part: str) -> str:
    return f"{large}{unit}{small}{part}" if small else f"{large}{unit}"


def _age_of(thing: Document, now: float) -> str:
    return age(now - seconds_of(thing["metadata"]["creationTimestamp"]))


def _node_cells(name: str, age: str, node: Document) -> list[str]:
    info, labels = node["status"]["nodeInfo"], node["metadata"]["labels"]
    ready = node["status"]["conditions"][0]["status"] == "True"
    internal = (entry["address"] for entry in node["status"]["addresses"] if entry["type"] == "InternalIP")
    return [
        name,
        "Ready" if ready else "NotReady",
        labels["kubernetes.io/role"],
        age,
        info["kubeletVersion"],
        next(internal, _NONE),
        _NONE,
        info["osImage"] or "<unknown>",
        info["kernelVersion"] or "<unknown>",
        info["containerRuntimeVersion"],
    ]


def _pod_cells(name: str, age: str, pod: Document) -> list[str]:
    status = pod["status"]
    containers = status["containerStatuses"]
    ready = sum(container["ready"] for container in containers)
    reasons = (container["state"].get("terminated", {}).get("reason") for container in containers)
    return [
        name,
        f"{ready}/{len(containers)}",
        next(filter(None, reasons), status["phase"]),
        str(sum(container["restartCount"] for container in containers)),
        age,
        status.get("podIP", _NONE),
        pod["spec"]["nodeName"],
    ]
