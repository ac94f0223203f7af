"""How the cloud between the machines takes a packet on: by a user's route, to a card, into the world, or not at all.

Does not know what is said of it, nor what becomes of the packet within a machine.
Source: what Azure documents of virtual network traffic routing and of IP forwarding of a network interface.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from tutor.check import ROOT, Cloud, CloudCard, CloudRoute, Netns, NetworkState

from ._routing import owns
from ._wire import End
from .address import interfaces_of

APPLIANCE, LOCAL, INTERNET = "VirtualAppliance", "VnetLocal", "Internet"


@dataclass(frozen=True, slots=True)
class Crossing:
    """What the cloud does with a packet that has left a card."""

    route: CloudRoute | None = None
    """The route that decides: a user's, or one of the system's own, which have no names; None where none is for it."""
    card: CloudCard | None = None
    """The card that gets the packet; None where no card does."""
    outside: bool = False
    """Whether it goes to the internet."""


def joins_machines(state: NetworkState) -> bool:
    """Whether the cloud joins several machines; one that has a single one leads to the world alone."""
    return len({card.machine for card in state.cloud.cards}) > 1


def card_at(state: NetworkState, end: End) -> CloudCard | None:
    """The card that a link is, where it leads to other machines; None where there are none, or it is no card."""
    return state.cloud.card_of(end.netns.machine, end.link.name) if joins_machines(state) else None


def cross(cloud: Cloud, card: CloudCard, dst: IPv4Address) -> Crossing:
    """Where a packet to `dst` goes that has left `card`."""
    route = route_for(cloud, card, dst)
    inside = any(dst in network for network in cloud.networks)
    match route.next_hop_type if route is not None else "":
        case "VirtualAppliance" if route is not None and route.next_hop is not None:
            return Crossing(route, cloud.card_with(route.next_hop))
        case "VnetLocal" | "Internet" if not inside:
            return Crossing(route, outside=True)
        case "VnetLocal":
            return Crossing(route, cloud.card_with(dst))
        case _:
            return Crossing(route)


def route_for(cloud: Cloud, card: CloudCard, dst: IPv4Address) -> CloudRoute | None:
    """The route that a packet to `dst` takes: a user's, or else the system's; None where neither has one for it."""
    system = (route for route in cloud.system if dst in route.prefix)
    return cloud.route_for(card, dst) or max(system, key=lambda route: route.prefix.prefixlen, default=None)


def end_of(state: NetworkState, card: CloudCard) -> End | None:
    """The link that a card is in its machine, wherever that has put it; None where it is gone."""
    found = state.find_link(card.link, card.machine)
    return End(*found) if found is not None else None


def owners_of(state: NetworkState, address: IPv4Address) -> list[Netns]:
    """The namespaces of all machines that have an address."""
    return [] if address.is_loopback else [netns for netns in state.namespaces if owns(netns, address)]


def home_of(state: NetworkState, address: IPv4Address) -> Netns | None:
    """The namespace that has an address, or else the root namespace of the machine with a network for it; or None."""
    for netns in owners_of(state, address):
        return netns
    roots = (netns for netns in state.namespaces if netns.label == ROOT)
    return next((netns for netns in roots if _has_network_for(state, netns, address)), None)


def _has_network_for(state: NetworkState, netns: Netns, address: IPv4Address) -> bool:
    return any(
        address in interface.network
        for link in netns.links
        if link.kind != "loopback" and state.cloud.card_of(netns.machine, link.name) is None
        for interface in interfaces_of(netns, link)
    )
