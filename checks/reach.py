"""Who can be reached from where. Source: ping(8)."""

from __future__ import annotations

from ipaddress import IPv4Address

from tutor.check import NetworkState, Shown, fact


@fact
def answered(state: NetworkState, *, dst: IPv4Address) -> Shown:
    """The output shows that `dst` has answered a ping."""
    del state  # whoever is asked answers or does not: no state shows it
    return Shown(((f"from {dst}", "icmp_seq=1"),), f"an answer from {dst}")
