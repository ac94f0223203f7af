"""A state of the cluster for each way in which `ip netns` can fail to list what is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.checks.cluster_world import PODS, at, cluster
from tutor.check import NetnsFolder, NetworkState

HERE = [place for place in PODS if ":" not in place]
DOCKER, LISTED = "/run/docker/netns", "/run/netns"
ALL = {"netns": HERE}


def folders(*given: NetnsFolder, place: str = "root") -> NetworkState:
    """The cluster with these folders on a node; nothing in them has a name for `ip`."""
    return at(cluster(), place, folders=given)


def named(names: Mapping[str, str]) -> NetworkState:
    """The cluster with some of the pods' namespaces listed."""
    state = folders(NetnsFolder(LISTED), NetnsFolder(DOCKER))
    for place, name in names.items():
        state = at(state, place, names=(name,))
    return state


WRONG: Mapping[str, tuple[str, NetworkState, dict[str, Any], tuple[str, ...]]] = {
    "names.no-folder": ("names.given", folders(NetnsFolder(DOCKER)), ALL, (LISTED, DOCKER)),
    "names.wrong-way": (
        "names.given",
        folders(NetnsFolder(DOCKER, strangers=(("netns", "/var/run/netns"),))),
        ALL,
        (f"rm {DOCKER}/netns", LISTED),
    ),
    "names.wrong-folder": (
        "names.given",
        folders(NetnsFolder(LISTED, "/var/run/docker", (("netns", ""),)), NetnsFolder(DOCKER)),
        ALL,
        ("/var/run/docker", f"rm {LISTED}", DOCKER, HERE[0]),
    ),
    "names.inside": (
        "names.given",
        folders(NetnsFolder(LISTED, strangers=(("netns", "/var/run/docker/netns/"),)), NetnsFolder(DOCKER)),
        ALL,
        (f"rm {LISTED}/netns", f"rmdir {LISTED}", f"umount {LISTED}"),
    ),
    "names.copies": (
        "names.given",
        folders(NetnsFolder(LISTED, strangers=tuple((place, "") for place in HERE)), NetnsFolder(DOCKER)),
        ALL,
        (f"{LISTED}/{HERE[0]}", DOCKER, f"rm -r {LISTED}"),
    ),
    "names.own-folder": (
        "names.given",
        folders(NetnsFolder(LISTED, strangers=(("left-over", ""),)), NetnsFolder(DOCKER)),
        ALL,
        (LISTED, HERE[0], f"rmdir {LISTED}"),
    ),
    "names.other-name": ("names.given", named({HERE[0]: "heapster"}), ALL, (HERE[0], "heapster")),
    "names.only-some": ("names.given", named({HERE[0]: HERE[0]}), ALL, (HERE[1], f"{DOCKER}/{HERE[1]}")),
}
