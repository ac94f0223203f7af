"""Routes. Source: ip-route(8)."""

from __future__ import annotations

from ipaddress import IPv4Network

from tutor.check import ROOT, NetworkState, Shown, fact

_DEFAULT = IPv4Network("0.0.0.0/0")


@fact
def default(state: NetworkState, *, netns: str = ROOT) -> Shown:
    """The output shows the default route with its gateway and its link."""
    where = state.find_netns(netns)
    for route in where.routes if where is not None else ():
        link = where.find_link_by_index(route.oif) if where is not None else None
        if route.dst == _DEFAULT and route.table == 254 and route.gateway is not None and link is not None:
            gateway = str(route.gateway)
            return Shown(
                (("default", gateway, link.name), ("0.0.0.0", gateway, link.name)),
                f"the default route goes to {gateway} by {link.name}",
            )
    return Shown((), "there is no default route")
