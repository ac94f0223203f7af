"""Whether a node of a cluster is ready, and what the kubelet says while it is not: its bridge is missing.

Does not know what else a kubelet looks at. Source: `kubectl describe node`; kubenet's `Status`.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from tutor.check import ROOT, NetworkState, Shown, fact

from .address import interfaces_of


@fact
def readiness_shown(state: NetworkState, *, node: str, bridge: str, address: IPv4Address) -> Shown:
    """The output shows whether `node` is ready; it is once `bridge` has `address`."""
    if _has_bridge(state, node, bridge, address):
        return Shown(((f"{node}   Ready",), (node, "KubeletReady")), f"{node} is Ready")
    return Shown(((f"{node}   NotReady",), (node, "KubeletNotReady")), f"{node} is NotReady")


@fact
def reason_shown(state: NetworkState, *, node: str, bridge: str, address: IPv4Address) -> Shown:
    """The output shows why `node` is not ready: `bridge` with `address` is missing."""
    if _has_bridge(state, node, bridge, address):
        return Shown((), f"{node} is ready, and there is nothing to explain")
    reason = f"{bridge} with {address} is not there"
    return Shown((("KubeletNotReady", reason),), f"what the kubelet says: {reason}")


def _has_bridge(state: NetworkState, node: str, bridge: str, address: IPv4Address) -> bool:
    root = state.find_netns(ROOT, node)
    it = root.find_link(bridge) if root is not None else None
    own = interfaces_of(root, it) if root is not None and it is not None else []
    return bool(own) and own[0].ip == address
