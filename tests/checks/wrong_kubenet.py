"""A state of a node for each way in which a pod can lack what a CNI plugin should have left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.checks.cluster_world import cluster, with_link_at
from tutor.check import NetworkState

POD = "1c29ea39686a"
ADDED = {"netns": POD, "bridge": "cbr0"}

WRONG: Mapping[str, tuple[str, NetworkState, dict[str, Any], tuple[str, ...]]] = {
    "cni.no-link": (
        "cni.added",
        with_link_at(cluster(), POD, "eth0", lambda link: replace(link, name="eth1")),
        ADDED,
        (POD, "eth0", "lo, eth1", "CNI_IFNAME"),
    ),
    "cni.no-cable": (
        "cni.added",
        with_link_at(
            cluster(), POD, "eth0", lambda link: replace(link, kind="dummy", peer_index=None, peer_netns=None)
        ),
        ADDED,
        (POD, "eth0", "dummy", "cbr0"),
    ),
}
