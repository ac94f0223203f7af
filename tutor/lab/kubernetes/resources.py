"""The kinds of things that the cluster has words for, and the documents in which it tells a client so (discovery).

Most kinds never have any members here: they are known so that `kubectl get` says that there are none. Does not know
what there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
"""A JSON object."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of thing, under the name that paths have for it."""

    group: str
    """API group and version: `v1`, `apps/v1`."""
    name: str
    """In the plural: `pods`."""
    kind: str
    """`Pod`."""
    namespaced: bool = True
    """Whether each of them is in a namespace."""
    short: tuple[str, ...] = ()
    """What a hurried person calls it."""
    in_all: bool = False
    """Whether `kubectl get all` means it too."""
    singular: str = ""
    """`pod`."""

    @property
    def api_group(self) -> str:
        """The group without the version; empty for the core group."""
        return self.group.rpartition("/")[0]

    @property
    def qualified(self) -> str:
        """Plural name with the group, as messages have it: `deployments.apps`."""
        return f"{self.name}.{self.api_group}" if self.api_group else self.name


def _kinds(group: str, text: str) -> list[Resource]:
    """Each line: plural name, kind, where it lives, `all` or `-`, short names."""
    kinds = []
    for line in text.strip().splitlines():
        name, kind, scope, categories, *short = line.split()
        kinds.append(
            Resource(group, name, kind, scope == "namespaced", tuple(short), categories == "all", kind.lower())
        )
    return kinds


RESOURCES = (
    *_kinds(
        "v1",
        """
        configmaps              ConfigMap             namespaced - cm
        endpoints               Endpoints             namespaced - ep
        events                  Event                 namespaced - ev
        limitranges             LimitRange            namespaced - limits
        namespaces              Namespace             cluster    - ns
        nodes                   Node                  cluster    - no
        persistentvolumeclaims  PersistentVolumeClaim namespaced - pvc
        persistentvolumes       PersistentVolume      cluster    - pv
        pods                    Pod                   namespaced all po
        replicationcontrollers  ReplicationController namespaced all rc
        resourcequotas          ResourceQuota         namespaced - quota
        secrets                 Secret                namespaced -
        serviceaccounts         ServiceAccount        namespaced - sa
        services                Service               namespaced all svc
        """,
    ),
    *_kinds(
        "apps/v1",
        """
        controllerrevisions ControllerRevision namespaced -
        daemonsets          DaemonSet          namespaced all ds
        deployments         Deployment         namespaced all deploy
        replicasets         ReplicaSet         namespaced all rs
        statefulsets        StatefulSet        namespaced all sts
        """,
    ),
    *_kinds("autoscaling/v1", "horizontalpodautoscalers HorizontalPodAutoscaler namespaced all hpa"),
    *_kinds("batch/v1", "jobs Job namespaced all"),
    *_kinds("batch/v1beta1", "cronjobs CronJob namespaced all cj"),
    *_kinds("extensions/v1beta1", "ingresses Ingress namespaced - ing"),
    *_kinds("networking.k8s.io/v1", "networkpolicies NetworkPolicy namespaced - netpol"),
    *_kinds("storage.k8s.io/v1", "storageclasses StorageClass cluster - sc"),
)
"""All of them, in the order in which discovery names them."""

SUBRESOURCES = {
    "pods": ("attach", "exec", "log", "portforward", "status"),
    "nodes": ("status",),
    "namespaces": ("status",),
}
"""What stands behind an object's name in a path."""


def find_resource(group: str, name: str) -> Resource | None:
    """The resource with this plural name in this group, or None."""
    return next((known for known in RESOURCES if (known.group, known.name) == (group, name)), None)


def require_resource(name: str) -> Resource:
    """The resource with this plural name, which is one of those that the cluster has members of."""
    return next(known for known in RESOURCES if known.name == name)


def find_by_word(word: str) -> Resource | None:
    """What a person means who types `po`, `pod`, `pods` or `pods.v1`; None for a word that nothing has."""
    wanted = word.lower()
    for known in RESOURCES:
        if wanted in (known.name, known.singular, known.qualified, *known.short):
            return known
    return None


def api_versions() -> Document:
    """The document at /api."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:8080"}],
    }


def api_groups() -> Document:
    """The document at /apis."""
    names = list(dict.fromkeys(known.api_group for known in RESOURCES if known.api_group))
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in names]}


def find_group(name: str) -> Document | None:
    """The document at /apis/NAME; None for a group that is not there."""
    if all(known.api_group != name for known in RESOURCES if known.api_group):
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name)}


def find_resource_list(group: str) -> Document | None:
    """The document at /api/v1 or /apis/GROUP/VERSION; None for a group that is not there."""
    members = [known for known in RESOURCES if known.group == group]
    if not members:
        return None
    entries = []
    for known in members:
        entry: Document = {
            "name": known.name,
            "singularName": known.singular,
            "namespaced": known.namespaced,
            "kind": known.kind,
            "verbs": ["get", "list", "watch"],
        }
        if known.short:
            entry["shortNames"] = list(known.short)
        if known.in_all:
            entry["categories"] = ["all"]
        entries.append(entry)
        entries += [
            {
                "name": f"{known.name}/{part}",
                "singularName": "",
                "namespaced": known.namespaced,
                "kind": known.kind,
                "verbs": ["create", "get"] if part == "exec" else ["get"],
            }
            for part in SUBRESOURCES.get(known.name, ())
        ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group, "resources": entries}


def _group(name: str) -> Document:
    versions = list(dict.fromkeys(known.group for known in RESOURCES if known.api_group == name))
    entries = [{"groupVersion": version, "version": version.rpartition("/")[2]} for version in versions]
    return {"name": name, "versions": entries, "preferredVersion": entries[0]}
