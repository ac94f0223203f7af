"""Routes. Source: ip-route(8)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, collapse_addresses

from tutor.check import (
    PASSED,
    ROOT,
    Answer,
    Cause,
    Diagnosis,
    Fault,
    Link,
    Netns,
    NetworkState,
    Route,
    Shown,
    Verdict,
    check,
    fact,
    failed,
    failed_with,
    question,
)

from ._routing import USUAL_RULES, find_source, find_way, main_routes, networks_by, owns
from .link import beginning, called, in_words
from .netns import find

MISSING = Diagnosis("route.missing", Cause.ROUTE, "no route fits the destination")
NO_GATEWAY = Diagnosis("route.no-gateway", Cause.ROUTE, "the route names a link, but no gateway")
WRONG_GATEWAY = Diagnosis("route.wrong-gateway", Cause.ROUTE, "the route goes to a neighbour that does not lead there")
ONLY_SOME = Diagnosis("route.only-some", Cause.ROUTE, "the gateway is used for some destinations, but not for the rest")
REFUSED = Diagnosis("route.refused", Cause.ROUTE, "a route or rule throws the packets away on purpose")
WRONG_LINK = Diagnosis("route.wrong-link", Cause.ROUTE, "the route leads to a link that the destination is not behind")

_EVERYTHING = IPv4Network("0.0.0.0/0")
_OUTSIDE = (IPv4Address("8.8.8.8"), IPv4Address("1.1.1.1"), IPv4Address("203.0.113.80"))


@check
def default(state: NetworkState, *, gateway: IPv4Address, netns: str = ROOT) -> Verdict:
    """`netns` sends what is not for a neighbour to `gateway`."""
    where = find(state, netns)
    if isinstance(where, Verdict):
        return where
    expected = f"default via {gateway}"
    for dst in _OUTSIDE:
        way = find_way(where, dst)
        if way is None:
            return _no_default(where, dst, gateway, expected)
        if way.refusal:
            return failed_with(refused(where, dst, way.refusal, expected))
        if way.gateway is not None and way.gateway != gateway:
            return failed_with(wrong_gateway(state, where, way.gateway, gateway))
        if way.gateway is None and way.link is not None:
            return failed_with(without_gateway(where, way.link, gateway))
    # With policy rules of the learner's own another table may hold the rest: then the samples have to do.
    has_own_rules = len(where.rules) > len(USUAL_RULES)
    if _EVERYTHING not in collapse_addresses(networks_by(where, gateway)) and not has_own_rules:
        return _no_default(where, _OUTSIDE[0], gateway, expected)
    return PASSED


@fact
def default_shown(state: NetworkState, *, netns: str = ROOT) -> Shown:
    """The output shows the default route with its gateway and its link."""
    where = state.find_netns(netns)
    way = find_way(where, _OUTSIDE[0]) if where is not None else None
    if way is None or way.gateway is None or way.link is None or way.route is None:
        return Shown((), "there is no default route")
    # Two halves are as good as a default; `route` splits every network into an address and a mask.
    dst = way.route.dst
    written = "default" if dst == _EVERYTHING else str(dst)
    by = (str(way.gateway), way.link.name)
    return Shown(
        ((written, *by), (str(dst.network_address), str(dst.netmask), *by)),
        f"the default route goes to {way.gateway} by {way.link.name}",
    )


@fact
def connected(state: NetworkState, *, network: IPv4Network, link: str, netns: str = ROOT) -> Shown:
    """The output shows that `network` is reached by `link`, without a gateway."""
    where = state.find_netns(netns)
    for route in main_routes(where) if where is not None else ():
        out = where.find_link_by_index(route.oif) if where is not None else None
        if route.dst == network and route.gateway is None and out is not None and out.name == link:
            return Shown(
                ((str(network), link), (str(network.network_address), str(network.netmask), link)),
                f"{network} is reached by {link}",
            )
    return Shown((), f"there is no route to {network} by {link}")


@fact
def table_shown(state: NetworkState, *, netns: str = ROOT) -> Shown:
    """The output shows every route of `netns`, line by line, so that no other namespace's table would do."""
    where = state.find_netns(netns)
    routes = [(each, where.find_link_by_index(each.oif)) for each in main_routes(where)] if where is not None else []
    known = [(each, out.name) for each, out in routes if out is not None]
    if not known or len(known) < len(routes):
        return Shown((), f"{in_words(state, netns)} has no routes")
    said = tuple(_as_ip_says(each, name) for each, name in known)
    numbers, names = (tuple(_as_route_says(each, default) for each, _ in known) for default in ("0.0.0.0", "default"))
    return Shown((said, numbers, names), f"all routes of {in_words(state, netns)}: {', '.join(said)}")


@fact
def leaves_by(state: NetworkState, *, dst: IPv4Address, link: str, netns: str = ROOT) -> Shown:
    """The output shows that packets to `dst` leave by `link`."""
    where = state.find_netns(netns)
    way = find_way(where, dst) if where is not None else None
    if way is None or way.link is None or way.link.name != link:
        return Shown((), f"packets to {dst} do not leave by {link}")
    return Shown(((str(dst), f"dev {link}"),), f"what the kernel does with a packet to {dst}")


@question
def gateway(state: NetworkState, *, netns: str = ROOT) -> Answer:
    """Which gateway has the default route of `netns`?"""
    where = state.find_netns(netns)
    way = find_way(where, _OUTSIDE[0]) if where is not None else None
    if way is None or way.gateway is None or way.link is None:
        return Answer(())
    return Answer((str(way.gateway),), f"All that is not for a neighbour leaves by {way.link.name} for {way.gateway}.")


@question
def link_towards(state: NetworkState, *, dst: IPv4Address, netns: str = ROOT) -> Answer:
    """By which link do packets to `dst` leave `netns`?"""
    where = state.find_netns(netns)
    way = find_way(where, dst) if where is not None else None
    return Answer((way.link.name,)) if way is not None and way.link is not None else Answer(())


@question
def source_towards(state: NetworkState, *, dst: IPv4Address, netns: str = ROOT) -> Answer:
    """Which source address does a packet to `dst` get?"""
    where = state.find_netns(netns)
    way = find_way(where, dst) if where is not None else None
    source = find_source(where, dst, way) if where is not None and way is not None else None
    if source is None or way is None or way.link is None:
        return Answer(())
    return Answer((str(source),), f"It leaves by {way.link.name}, and takes that link's address.")


@question
def gateways(state: NetworkState, *, netns: str = ROOT) -> Answer:
    """How many gateways do the routes of `netns` name?"""
    where = state.find_netns(netns)
    if where is None:
        return Answer(())
    number = len({route.gateway for route in main_routes(where) if route.gateway is not None})
    return Answer((str(number), *(("none", "no", "zero") if not number else ())))


def _as_ip_says(route: Route, link: str) -> str:
    dst = "default" if route.dst == _EVERYTHING else str(route.dst).removesuffix("/32")
    return f"{dst}{f' via {route.gateway}' if route.gateway is not None else ''} dev {link}"


def _as_route_says(route: Route, default: str) -> str:
    dst = default if route.dst == _EVERYTHING else str(route.dst.network_address)
    return f"{dst:<15} {route.gateway or '0.0.0.0'!s:<15} {route.dst.netmask}"


def missing(netns: Netns, dst: IPv4Address) -> Fault:
    """The fault of a namespace that has no route to a destination."""
    return Fault(
        MISSING,
        f"{beginning(netns)} has no route to {dst}: a program that tries is told `Network is unreachable`.",
        found=f"{netns.label}: no route to {dst}",
        expected=f"{netns.label}: a route to {dst}",
    )


def refused(netns: Netns, dst: IPv4Address, refusal: str, expected: str = "") -> Fault:
    """The fault of a destination that a route or a policy rule refuses."""
    wanted = expected or f"a route to {dst}"
    return Fault(
        REFUSED,
        f"{beginning(netns)} throws packets for {dst} away: its route for them is `{refusal}`. Expected: {wanted}.",
        found=f"{netns.label}: {refusal} for {dst}",
        expected=f"{netns.label}: {wanted}",
    )


def wrong_link(netns: Netns, dst: IPv4Address, link: Link, owner: Netns | None) -> Fault:
    """The fault of a route by a link that the destination is not behind."""
    where = f" {dst} is an address of {called(owner)}." if owner is not None else ""
    return Fault(
        WRONG_LINK,
        f"{beginning(netns)} sends packets for {dst} out by {link.name}, and nobody there has that address.{where}",
        found=f"{dst}: by {link.name}",
        expected=f"{dst}: by the link that it is behind",
    )


def without_gateway(netns: Netns, link: Link, right: IPv4Address | None = None) -> Fault:
    """The fault of a route for the world that names no gateway; `right` is the one that it should name."""
    return Fault(
        NO_GATEWAY,
        f"{beginning(netns)} has a route for everything by {link.name}, but without a gateway: it takes the whole "
        f"world for a neighbour on that wire.{_leads_on(right)}",
        found=f"{netns.label}: default dev {link.name}",
        expected=_via(netns, right),
    )


def wrong_gateway(state: NetworkState, netns: Netns, gateway: IPv4Address, right: IPv4Address | None = None) -> Fault:
    """The fault of a gateway that does not lead on; `right` is one that does."""
    owner = next((each for each in state.of(netns.machine) if owns(each, gateway)), None)
    if owner is None:
        who = "nobody in this machine"
    elif owner.inode == netns.inode:
        who = "itself"
    else:
        who = called(owner) + ("" if owner.label == ROOT else ", which is no router: it knows no other way on")
    return Fault(
        WRONG_GATEWAY,
        f"{beginning(netns)} hands its packets to {gateway}, and that is {who}.{_leads_on(right)}",
        found=f"{netns.label}: default via {gateway}",
        expected=_via(netns, right),
    )


def _leads_on(right: IPv4Address | None) -> str:
    return f" The neighbour who leads on is {right}." if right is not None else ""


def _via(netns: Netns, right: IPv4Address | None) -> str:
    return f"{netns.label}: default via {right or 'a gateway that leads on'}"


def _no_default(netns: Netns, dst: IPv4Address, gateway: IPv4Address, expected: str) -> Verdict:
    some = [str(network) for network in networks_by(netns, gateway)]
    if some:
        return failed(
            ONLY_SOME,
            f"{beginning(netns)} sends {', '.join(some)} to {gateway}, but not the rest of the world.",
            found=f"{netns.label}: {', '.join(some)} via {gateway}",
            expected=expected,
        )
    return failed(
        MISSING,
        f"{beginning(netns)} has no route to {dst}, nor to anything else that is not its neighbour: it needs a default "
        f"route via {gateway}.",
        found=f"{netns.label}: no default route",
        expected=expected,
    )
