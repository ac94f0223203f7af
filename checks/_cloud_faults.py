"""What can be wrong with the cloud's routes and cards, in words. Does not know who found it."""

from __future__ import annotations

from ipaddress import IPv4Address

from tutor.check import Cause, CloudCard, CloudRoute, Diagnosis, Fault, NetworkState

from ._cloud import APPLIANCE, INTERNET, LOCAL, Crossing, home_of
from ._firewall import Packet
from ._wire import End
from .address import interfaces_of

FORWARDING_OFF = Diagnosis(
    "cloud.forwarding-off", Cause.FORWARDING, "IP forwarding is off for a card that others' packets must pass"
)
DEAD_NEXT_HOP = Diagnosis("cloud.dead-next-hop", Cause.ROUTE, "the route's next hop is the address of no card")
NEXT_HOP_NONE = Diagnosis("cloud.next-hop-none", Cause.ROUTE, "the route says that there is no next hop")
NO_ROUTE = Diagnosis("cloud.no-route", Cause.ROUTE, "no card has the address, and no route of the table is for it")
WRONG_NEXT_HOP = Diagnosis("cloud.wrong-next-hop", Cause.ROUTE, "the route leads to a node that does not have the pod")
WRONG_PREFIX = Diagnosis("cloud.wrong-prefix", Cause.ROUTE, "the route to the node is for too little, or for too much")
WRONG_HOP_TYPE = Diagnosis("cloud.wrong-hop-type", Cause.ROUTE, "the route's next hop is of another type")
NOT_ASSOCIATED = Diagnosis("cloud.not-associated", Cause.ROUTE, "the table with the route is not that of the subnet")
FOREIGN_ADDRESS = Diagnosis(
    "cloud.foreign-address", Cause.ADDRESS, "a card's link does not have the address that the cloud has given the card"
)


def forwarding_off(card: CloudCard, packet: Packet, *, leaves: bool) -> Fault:
    """The fault of a card that a packet may not pass, on its way out of the machine (`leaves`) or into it."""
    if leaves:
        why = f"it may send from its own address {card.address} only, and a packet from {packet.src} is dropped"
    else:
        why = f"it gets what is for its own address {card.address} only, and a packet for {packet.dst} is dropped"
    return Fault(
        FORWARDING_OFF,
        f"IP forwarding is off for {card.name}, the card of {card.machine}: {why}.",
        found=f"{card.name}: IP forwarding off",
        expected=f"{card.name}: IP forwarding on",
    )


def dead_next_hop(state: NetworkState, route: CloudRoute) -> Fault:
    """The fault of a route to an appliance that is not there."""
    cards = ", ".join(f"{card.name} has {card.address}" for card in state.cloud.cards)
    return Fault(
        DEAD_NEXT_HOP,
        f"The route {route.name} sends {route.prefix} to {route.next_hop}, and no card has that address: {cards}.",
        found=f"{route.prefix}: {route.next_hop}",
        expected=f"{route.prefix}: the address of a card",
    )


def next_hop_none(route: CloudRoute) -> Fault:
    """The fault of a route that throws away what it is for."""
    whose = f"The route {route.name} is" if route.name else "A route of the cloud's own is"
    return Fault(
        NEXT_HOP_NONE,
        f"{whose} for {route.prefix}, and its next hop is of the type {route.next_hop_type}: the cloud drops what goes "
        "there.",
        found=f"{route.prefix}: {route.next_hop_type}",
        expected=f"{route.prefix}: {APPLIANCE}",
    )


def not_delivered(state: NetworkState, card: CloudCard, crossing: Crossing, dst: IPv4Address) -> Fault:
    """The fault of a packet to `dst` that has left `card`, and that the cloud delivers to no card."""
    route = crossing.route
    if route is None or (not route.name and route.next_hop_type == LOCAL):
        return no_route(state, card, dst)
    if route.next_hop_type == APPLIANCE:
        return dead_next_hop(state, route)
    if route.next_hop_type in (LOCAL, INTERNET):
        return Fault(
            WRONG_HOP_TYPE,
            f"The route {route.name} is for {route.prefix}, and its next hop is of the type {route.next_hop_type}. No "
            f"card has {dst}: {_where(state, dst)}.",
            found=f"{route.prefix}: {route.next_hop_type}",
            expected=f"{route.prefix}: {APPLIANCE}",
        )
    return next_hop_none(route)


def no_route(state: NetworkState, card: CloudCard, dst: IPv4Address) -> Fault:
    """The fault of an address that no card has and no route of the card's subnet is for."""
    home = home_of(state, dst)
    foreign = _foreign_address(state, dst)
    if foreign is not None:
        return foreign
    table = next((subnet.route_table for subnet in state.cloud.subnets if subnet.name == card.subnet), "")
    right = [each for each in state.cloud.cards if home is not None and each.machine == home.machine]
    for name, routes in state.cloud.tables.items():
        if name != table and (not table or any(dst in route.prefix for route in routes)):
            return not_associated(card.subnet, name, table)
    for route in state.cloud.tables.get(table, ()):
        if _leads_to(route, right) and not others_in(state, route, right):
            return wrong_prefix(route, f"{dst} is none of them: {_where(state, dst)}", str(_range_of(state, dst)))
    which = f"no route of {table} is for it" if table else f"the subnet {card.subnet} has no route table"
    return Fault(
        NO_ROUTE,
        f"The cloud has no way to {dst}: no card has that address, and {which}. {_sentence(_where(state, dst))}.",
        found=f"{dst}: no route",
        expected=f"{_range_of(state, dst)}: {', '.join(str(each.address) for each in right) or 'a node'}",
    )


def not_associated(subnet: str, table: str, other: str) -> Fault:
    """The fault of a subnet whose packets do not ask the table that has the routes."""
    there_is = f"it is {other}" if other else "it has none"
    return Fault(
        NOT_ASSOCIATED,
        f"The route table {table} is not associated with the subnet {subnet}: {there_is}. A table counts only for what "
        "leaves the cards of a subnet that it is associated with.",
        found=f"{subnet}: {other or 'no route table'}",
        expected=f"{subnet}: {table}",
    )


def wrong_prefix(route: CloudRoute, why: str, expected: str) -> Fault:
    """The fault of a route to the right card for the wrong range."""
    return Fault(
        WRONG_PREFIX,
        f"The route {route.name} leads to {route.next_hop}, but it is for {route.prefix}, and {why}.",
        found=f"{route.next_hop}: {route.prefix}",
        expected=f"{route.next_hop}: {expected}",
    )


def led_astray(state: NetworkState, route: CloudRoute, hop: CloudCard, dst: IPv4Address) -> Fault:
    """The fault of a route to a node that sends the packets back to the cloud."""
    home = home_of(state, dst)
    if home is None:
        return wrong_next_hop(state, route, f"{hop.machine} sends them back, and no node has {dst}", "the pod's node")
    near = [each for each in state.cloud.cards if each.machine == home.machine]
    if near and others_in(state, route, near) & {hop.machine}:
        why = f"that is more than the pods of {hop.machine}: {_where(state, dst)}"
        return wrong_prefix(route, why, f"the pods of {hop.machine}")
    right = ", ".join(str(each.address) for each in near)
    return wrong_next_hop(state, route, _where(state, dst), right)


def wrong_next_hop(state: NetworkState, route: CloudRoute, why: str, right: str) -> Fault:
    """The fault of a route whose next hop is not the node that it should be."""
    card = state.cloud.card_with(route.next_hop) if route.next_hop is not None else None
    whose = f" ({card.machine})" if card is not None else ""
    return Fault(
        WRONG_NEXT_HOP,
        f"The route {route.name} sends {route.prefix} to {route.next_hop}{whose}, but {why}.",
        found=f"{route.prefix}: {route.next_hop}",
        expected=f"{route.prefix}: {right}",
    )


def not_its_address(card: CloudCard, end: End | None) -> Fault:
    """The fault of a machine that does not have its card's address; `end` is None where it does not have its link."""
    own = ", ".join(map(str, interfaces_of(end.netns, end.link))) if end is not None else ""
    own = own or "no address"
    return Fault(
        FOREIGN_ADDRESS,
        f"The cloud has given {card.name} the address {card.address}, but {card.link} of {card.machine} has {own}. The "
        f"cloud takes what is for {card.address} to it, and it does not know that address.",
        found=f"{card.link}: {own}",
        expected=f"{card.link}: {card.address}",
    )


def others_in(state: NetworkState, route: CloudRoute, near: list[CloudCard]) -> set[str]:
    """The other machines with addresses in a route's prefix, those of their cards aside."""
    cards = {card.address for card in state.cloud.cards}
    machines = {card.machine for card in near}
    return {
        netns.machine
        for netns in state.namespaces
        for address in netns.addresses
        if netns.machine not in machines and (ip := address.interface.ip) in route.prefix
        if ip not in cards and not ip.is_loopback
    }


def _foreign_address(state: NetworkState, dst: IPv4Address) -> Fault | None:
    """The fault of a machine that goes by an address that the cloud has given to no card; None where it does not."""
    for card in state.cloud.cards:
        found = state.find_link(card.link, card.machine)
        if found is not None and any(interface.ip == dst for interface in interfaces_of(*found)):
            return not_its_address(card, End(*found))
    return None


def _leads_to(route: CloudRoute, cards: list[CloudCard]) -> bool:
    return route.next_hop_type == APPLIANCE and any(route.next_hop == card.address for card in cards)


def _range_of(state: NetworkState, dst: IPv4Address) -> object:
    """The range of the pods around an address, as the node's bridge has it; the address alone where there is none."""
    home = home_of(state, dst)
    for netns in state.of(home.machine) if home is not None else ():
        for link in netns.links:
            for interface in interfaces_of(netns, link):
                if link.kind == "bridge" and dst in interface.network:
                    return interface.network
    return dst


def _where(state: NetworkState, dst: IPv4Address) -> str:
    """On which node an address is, or would be."""
    home = home_of(state, dst)
    if home is None:
        return f"no node has {dst}"
    is_there = any(address.interface.ip == dst for address in home.addresses)
    return f"{dst} {'is' if is_there else 'would be'} on {home.machine}"


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]
