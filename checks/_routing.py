"""How the kernel looks up a route: policy rules, tables, the longest prefix; and which source address it takes.

Source: ip-rule(8), ip-route(8), net/ipv4/fib_semantics.c. Does not know who sends, nor what becomes of the packet.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from tutor.check import Link, Netns, PolicyRule, Route

_LOCAL, _MAIN, _DEFAULT = 255, 254, 253
USUAL_RULES = (PolicyRule(0, _LOCAL), PolicyRule(32766, _MAIN), PolicyRule(32767, _DEFAULT))
"""The policy rules of a namespace in which nobody has made any."""
_REFUSALS = ("blackhole", "unreachable", "prohibit")
_HOST_OR_LINK = ("host", "link", "nowhere")


@dataclass(frozen=True, slots=True)
class Way:
    """Where a packet goes next."""

    local: bool = False
    """It has arrived: the address is one of the namespace's own."""
    link: Link | None = None
    """The link that it leaves by."""
    gateway: IPv4Address | None = None
    """The neighbour that takes it on; None where the destination itself is the neighbour."""
    route: Route | None = None
    """The route that says so; None for a local address, or where a policy rule refuses."""
    refusal: str = ""
    """`blackhole`, `unreachable` or `prohibit`, where it is thrown away on purpose."""


def find_way(netns: Netns, dst: IPv4Address, *, src: IPv4Address | None = None, iif: str = "lo") -> Way | None:
    """Where `netns` sends a packet to `dst`; None where no route fits.

    Args:
        netns: the namespace that decides.
        dst: destination address.
        src: source address; None where it is not chosen yet.
        iif: name of the link that the packet came in by; `lo` for the namespace's own.
    """
    if owns(netns, dst):
        return Way(local=True)
    for rule in netns.rules or USUAL_RULES:
        if not _selects(rule, dst, src, iif):
            continue
        if rule.action in _REFUSALS:
            return Way(refusal=rule.action)
        route = _best(netns, rule.table, dst) if rule.action == "to_tbl" else None
        if route is not None and route.kind != "throw":
            return _way(netns, route)
    return None


def find_source(netns: Netns, dst: IPv4Address, way: Way) -> IPv4Address | None:
    """The address that `netns` puts on a packet of its own to `dst`; None where it has none to put."""
    if way.local:
        return dst
    if way.route is not None and isinstance(way.route.prefsrc, IPv4Address):
        return way.route.prefsrc
    target = way.gateway or dst
    on_link = [interface for link, interface in _usable(netns) if way.link and link == way.link.index]
    near = [interface for interface in on_link if target in interface.network]
    anywhere = [interface for _, interface in _usable(netns)]
    return next((interface.ip for interface in (*near, *on_link, *anywhere)), None)


def owns(netns: Netns, address: IPv4Address) -> bool:
    """Whether `address` is one of the namespace's own: on any link, or anywhere in a network that lo has."""
    return (
        address.is_loopback
        or any(each.interface.ip == address for each in netns.addresses)
        or on_loopback(netns, address) is not None
    )


def on_loopback(netns: Netns, address: IPv4Address) -> IPv4Interface | None:
    """The address of lo whose network `address` lies in: all of that network counts as the namespace's own; or None."""
    loopbacks = {link.index for link in netns.links if link.kind == "loopback"}
    own = (each.interface for each in netns.addresses if each.link in loopbacks)
    wide = (each for each in own if isinstance(each, IPv4Interface) and each.network.prefixlen < 32)
    return next((each for each in wide if not each.is_loopback and address in each.network), None)


def unfiltered(netns: Netns, link: Link, src: IPv4Address) -> bool:
    """Whether a packet from `src` that comes in by `link` passes the reverse path filter (RFC 3704)."""
    conf = netns.conf
    mode = max((conf[name].rp_filter for name in ("all", link.name) if name in conf), default=0)
    if not mode:
        return True
    back = find_way(netns, src)
    if back is None or back.local or back.link is None:
        return False
    return mode == 2 or back.link.index == link.index


def networks_by(netns: Netns, gateway: IPv4Address | None) -> list[IPv4Network]:
    """The networks that the main table sends to `gateway`; with None, to a link but to no gateway."""
    return [
        route.dst
        for route in main_routes(netns)
        if route.gateway == gateway and route.kind == "unicast" and isinstance(route.dst, IPv4Network)
    ]


def main_routes(netns: Netns) -> list[Route]:
    """The IPv4 routes of the main table."""
    return [route for route in netns.routes if route.table == _MAIN and route.dst.version == 4]


def _selects(rule: PolicyRule, dst: IPv4Address, src: IPv4Address | None, iif: str) -> bool:
    by_source = rule.src is None or (src is not None and src in rule.src)
    by_destination = rule.dst is None or dst in rule.dst
    # Our packets carry no mark, and a program that is bound to a link sends none of them.
    return by_source and by_destination and rule.iif in ("", iif) and not rule.oif and not rule.mark


def _best(netns: Netns, table: int, dst: IPv4Address) -> Route | None:
    fitting = [route for route in netns.routes if route.table == table and route.dst.version == 4 and dst in route.dst]
    return min(fitting, key=lambda route: (-route.dst.prefixlen, route.metric), default=None)


def _way(netns: Netns, route: Route) -> Way:
    if route.kind in _REFUSALS:
        return Way(route=route, refusal=route.kind)
    gateway = route.gateway if isinstance(route.gateway, IPv4Address) else None
    return Way(route.kind == "local", netns.find_link_by_index(route.oif), gateway, route)


def _usable(netns: Netns) -> list[tuple[int, IPv4Interface]]:
    """Addresses that may be put on a packet that leaves, with the ifindex of their link."""
    return [
        (address.link, address.interface)
        for address in netns.addresses
        if isinstance(address.interface, IPv4Interface) and address.scope not in _HOST_OR_LINK
    ]
