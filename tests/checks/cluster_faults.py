"""What can be wrong with the cluster, one thing at a time: what is changed, and how it must be named.

Each fault is what somebody could bring about by a command or two, and what the kernel makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

from tests.checks.cluster_world import (
    NODE0,
    NODE1,
    PODS,
    change,
    hop,
    masquerading,
    veth_of,
    with_card,
    with_link_at,
    with_routes,
    with_table,
)
from tests.checks.finished import address, chain, down, route, rule
from tutor.check import Chain, LinkConf, Match, Netns, NetworkState, Route

ROOT1 = "node1:root"
TO0, TO1 = hop("to-node0", "10.244.0.0/24", NODE0), hop("to-node1", "10.244.1.0/24", NODE1)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong."""

    kind: str
    """What was done, in words."""
    group: str
    """What it is done to: of one group only one can be wrong."""
    breaks: Callable[[NetworkState], NetworkState]
    """Breaks it."""
    diagnosis: str
    """What it must be called."""
    names: tuple[str, ...]
    """What the message must say."""


FAULTS: list[Fault] = []


def _fault(kind: str, group: str, diagnosis: str, names: str, breaks: Callable[[NetworkState], NetworkState]) -> None:
    FAULTS.append(Fault(kind, group, breaks, diagnosis, tuple(names.split())))


def _set_down(place: str, name: str, other: str = "", peer: str = "") -> Callable[[NetworkState], NetworkState]:
    """A link goes down: its routes go, and the other end of its cable has no carrier."""

    def breaks(state: NetworkState) -> NetworkState:
        state = with_link_at(state, place, name, down)
        if other:
            state = with_link_at(state, other, peer, lambda it: replace(it, flags=it.flags & ~0x10000))

        def without_routes(netns: Netns) -> Netns:
            gone = netns.find_link(name)
            assert gone is not None
            return replace(netns, routes=tuple(each for each in netns.routes if each.oif != gone.index))

        return change(state, place, without_routes)

    return breaks


def _with_address(place: str, index: int, *texts: str) -> Callable[[NetworkState], NetworkState]:
    """A link has these addresses instead of its own, and the routes that come with them."""

    def breaks(state: NetworkState) -> NetworkState:
        def how(netns: Netns) -> Netns:
            kept = tuple(each for each in netns.addresses if each.link != index)
            new = tuple(address(index, text) for text in texts)
            routes = tuple(each for each in netns.routes if each.oif != index or (each.gateway and texts))
            more = tuple(route(str(each.interface.network), index) for each in new)
            return replace(netns, addresses=(*kept, *new), routes=(*routes, *more))

        return change(state, place, how)

    return breaks


def _no_forwarding(place: str) -> Callable[[NetworkState], NetworkState]:
    return lambda state: change(
        state, place, lambda netns: replace(netns, conf=MappingProxyType(dict.fromkeys(netns.conf, LinkConf())))
    )


def _card_off(name: str) -> Callable[[NetworkState], NetworkState]:
    return lambda state: with_card(state, name, ip_forwarding=False)


def _no_port(place: str, name: str) -> Callable[[NetworkState], NetworkState]:
    return lambda state: with_link_at(state, place, name, lambda it: replace(it, master=None, port=None))


def _with_chains(place: str, *chains: Chain) -> Callable[[NetworkState], NetworkState]:
    def how(netns: Netns) -> Netns:
        added = {each.name for each in chains}
        return replace(netns, chains=(*(each for each in netns.chains if each.name not in added), *chains))

    return lambda state: change(state, place, how)


def _with_route(place: str, *routes: Route) -> Callable[[NetworkState], NetworkState]:
    return lambda state: change(state, place, lambda netns: replace(netns, routes=(*netns.routes, *routes)))


def _default(place: str, via: str) -> Callable[[NetworkState], NetworkState]:
    def how(netns: Netns) -> Netns:
        kept = tuple(each for each in netns.routes if each.gateway is None)
        return replace(netns, routes=(*kept, *((route("0.0.0.0/0", 3, via),) if via else ())))

    return lambda state: change(state, place, how)


_fault(
    "a dead next hop",
    "table",
    "cloud.dead-next-hop",
    "to-node1 10.244.1.0/24 10.240.0.99",
    lambda s: with_routes(s, TO0, hop("to-node1", "10.244.1.0/24", "10.240.0.99")),
)
_fault(
    "a next hop to the wrong node",
    "table",
    "cloud.wrong-next-hop",
    "to-node1 10.240.0.4 node1",
    lambda s: with_routes(s, TO0, hop("to-node1", "10.244.1.0/24", NODE0)),
)
_fault(
    "next hops that are swapped",
    "table",
    "cloud.wrong-next-hop",
    "to-node1 10.240.0.4 node1",
    lambda s: with_routes(s, hop("to-node0", "10.244.0.0/24", NODE1), hop("to-node1", "10.244.1.0/24", NODE0)),
)
_fault("no route to node1", "table", "cloud.no-route", "10.244.1.2 aks-routetable node1", lambda s: with_routes(s, TO0))
_fault("no route to node0", "table", "cloud.no-route", "10.244.0.3 aks-routetable node0", lambda s: with_routes(s, TO1))
_fault("no routes at all", "table", "cloud.no-route", "aks-routetable", with_routes)
_fault(
    "a route for another range",
    "table",
    "cloud.wrong-prefix",
    "to-node1 10.244.2.0/24 10.244.1.2",
    lambda s: with_routes(s, TO0, hop("to-node1", "10.244.2.0/24", NODE1)),
)
_fault(
    "a route for too little",
    "table",
    "cloud.wrong-prefix",
    "to-node0 10.244.0.0/30 10.244.0.5",
    lambda s: with_routes(s, hop("to-node0", "10.244.0.0/30", NODE0), TO1),
)
_fault(
    "a route for too much",
    "table",
    "cloud.wrong-prefix",
    "to-node0 10.244.0.0/16 node1",
    lambda s: with_routes(s, hop("to-node0", "10.244.0.0/16", NODE0)),
)
_fault(
    "a route to nowhere",
    "table",
    "cloud.next-hop-none",
    "to-node1 None",
    lambda s: with_routes(s, TO0, hop("to-node1", "10.244.1.0/24", kind="None")),
)
_fault(
    "a route into the internet",
    "table",
    "cloud.wrong-hop-type",
    "to-node1 Internet",
    lambda s: with_routes(s, TO0, hop("to-node1", "10.244.1.0/24", kind="Internet")),
)
_fault(
    "a route that is the system's own",
    "table",
    "cloud.wrong-hop-type",
    "to-node1 VnetLocal",
    lambda s: with_routes(s, TO0, hop("to-node1", "10.244.1.0/24", kind="VnetLocal")),
)
_fault(
    "a table that nobody asks",
    "subnet",
    "cloud.not-associated",
    "aks-routetable aks-subnet",
    lambda s: with_table(s, ""),
)
for number in (0, 1):
    _fault(
        f"IP forwarding off for node{number}",
        f"card {number}",
        "cloud.forwarding-off",
        f"node{number}-nic node{number}",
        _card_off(f"node{number}-nic"),
    )
for place, said in (("root", "The root namespace"), (ROOT1, "node1's root namespace")):
    ours = "10.244.1" if place == ROOT1 else "10.244.0"
    pod = "node1:5e0f3c6b1a27" if place == ROOT1 else "1c29ea39686a"
    called = "5e0f3c6b1a27 on node1" if place == ROOT1 else "1c29ea39686a"
    where = "on node1" if place == ROOT1 else ""
    _fault(
        f"ip_forward 0 in {place}", f"forward {place}", "forwarding.off", f"{said} ip_forward", _no_forwarding(place)
    )
    _fault(
        f"masquerade of everything in {place}",
        f"nat {place}",
        "nat.too-wide",
        f"masquerade POSTROUTING {said.removeprefix('The ')}",
        _with_chains(place, masquerading()),
    )
    _fault(
        f"masquerade of all but its own pods in {place}",
        f"nat {place}",
        "nat.too-wide",
        f"masquerade {ours}.0/24 {said.removeprefix('The ')}",
        _with_chains(
            place, masquerading(Match("ip daddr", (f"{ours}.0/24",), negated=True), Match("oifname", ("eth0",)))
        ),
    )
    _fault(
        f"FORWARD drops in {place}",
        f"filter {place}",
        "filter.policy",
        f"FORWARD drop {said.removeprefix('The ')}",
        _with_chains(place, chain("FORWARD", "forward", policy="drop")),
    )
    _fault(
        f"a rule drops in {place}",
        f"filter {place}",
        "filter.rule",
        f"FORWARD drop {said.removeprefix('The ')}",
        _with_chains(place, chain("FORWARD", "forward", rule("drop", ("ip daddr", f"{ours}.0/24")))),
    )
    _fault(f"cbr0 down in {place}", f"cbr0 {place}", "link.down", f"cbr0 down {where}", _set_down(place, "cbr0"))
    _fault(
        f"another network on cbr0 in {place}",
        f"cbr0 {place}",
        "address.missing",
        f"cbr0 10.244.7.1/24 {where}",
        _with_address(place, 5, "10.244.7.1/24"),
    )
    _fault(
        f"no address on cbr0 in {place}",
        f"cbr0 {place}",
        "address.missing",
        f"cbr0 {where}",
        _with_address(place, 5),
    )
    _fault(
        f"too narrow a network on cbr0 in {place}",
        f"cbr0 {place}",
        "address.wrong-prefix",
        f"cbr0 {ours}.1/31 {where}",
        _with_address(place, 5, f"{ours}.1/31"),
    )
    _fault(
        f"blackhole in {place}",
        f"route {place}",
        "route.refused",
        f"{said} blackhole {PODS[pod]}",
        _with_route(place, route(f"{PODS[pod]}/32", kind="blackhole")),
    )
    _fault(
        f"a route to the pod by the wrong link in {place}",
        f"route {place}",
        "route.wrong-link",
        f"{said} {PODS[pod]} docker0",
        _with_route(place, route(f"{PODS[pod]}/32", 3)),
    )
    _fault(
        f"the node's end down in {place}",
        f"pod {place}",
        "link.down",
        f"{veth_of(pod)} down {where}",
        _set_down(place, veth_of(pod), pod, "eth0"),
    )
    _fault(
        f"the pod's end down in {place}",
        f"pod {place}",
        "link.down",
        f"eth0 down {called}",
        _set_down(pod, "eth0", place, veth_of(pod)),
    )
    _fault(
        f"no port in {place}",
        f"pod {place}",
        "bridge.no-master",
        f"{veth_of(pod)} cbr0 {where}",
        _no_port(place, veth_of(pod)),
    )
    _fault(f"no address of the pod in {place}", f"pod {place}", "address.missing", called, _with_address(pod, 3))
    _fault(f"a pod without a default route in {place}", f"pod {place}", "route.missing", called, _default(pod, ""))
    _fault(
        f"a pod with a gateway that is nobody in {place}",
        f"pod {place}",
        "route.wrong-gateway",
        f"{called} {ours}.99 {ours}.1",
        _default(pod, f"{ours}.99"),
    )
    other = "node1:d41b97e20c58" if place == ROOT1 else "c67bf3c52362"
    _fault(
        f"a pod with another pod as its gateway in {place}",
        f"pod {place}",
        "route.wrong-gateway",
        f"{called} {PODS[other]}",
        _default(pod, PODS[other]),
    )
    _fault(
        f"an address twice in {place}",
        f"pod {place}",
        "address.duplicate",
        f"{called} {PODS[other]}",
        _with_address(pod, 3, f"{PODS[pod]}/24", f"{PODS[other]}/24"),
    )
_fault(
    "an address of the other node's pod",
    "pod root",
    "address.duplicate",
    "1c29ea39686a 10.244.1.3 node1",
    _with_address("1c29ea39686a", 3, "10.244.0.3/24", "10.244.1.3/24"),
)
