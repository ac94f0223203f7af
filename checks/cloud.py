"""The cloud between the machines: its cards, subnets, route tables and routes.

Facts are written so that any of the cloud's output formats shows them. Source: what Azure documents of virtual network
traffic routing and of `az network`. Does not know how a packet is followed.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from tutor.check import (
    PASSED,
    Answer,
    Cause,
    CloudCard,
    CloudRoute,
    CloudSubnet,
    Diagnosis,
    NetworkState,
    Shown,
    Verdict,
    check,
    fact,
    failed,
    failed_with,
    question,
)

from ._cloud import route_for as route_for_packet
from ._cloud_faults import (
    DEAD_NEXT_HOP,
    FOREIGN_ADDRESS,
    FORWARDING_OFF,
    NEXT_HOP_NONE,
    NO_ROUTE,
    NOT_ASSOCIATED,
    WRONG_HOP_TYPE,
    WRONG_NEXT_HOP,
    WRONG_PREFIX,
    not_associated,
)
from ._cloud_routes import sends, why_not

__all__ = [
    "DEAD_NEXT_HOP",
    "FOREIGN_ADDRESS",
    "NEXT_HOP_NONE",
    "NOT_ASSOCIATED",
    "NO_ROUTE",
    "WRONG_HOP_TYPE",
    "WRONG_NEXT_HOP",
    "WRONG_PREFIX",
]
"""Diagnoses of a packet's walk, which lessons may name; the other names that begin with no underscore are ours."""

NO_CARD = Diagnosis("cloud.no-card", Cause.EXISTS, "no card (NIC) of the cloud has this name")
NO_TABLE = Diagnosis("cloud.no-table", Cause.EXISTS, "the cloud has no route table of this name")
NO_SUBNET = Diagnosis("cloud.no-subnet", Cause.EXISTS, "the cloud has no subnet of this name")
HAS_ROUTES = Diagnosis("cloud.has-routes", Cause.ROUTE, "the route table has routes, but should not have any yet")
ASSOCIATED = Diagnosis("cloud.associated", Cause.ROUTE, "the subnet has a route table, but should not have one yet")
FORWARDING_ON = Diagnosis("cloud.forwarding-on", Cause.FORWARDING, "IP forwarding is on, but should not be yet")


@check
def routes(state: NetworkState, *, table: str, prefix: IPv4Network, next_hop: IPv4Address) -> Verdict:
    """The route table `table` sends `prefix`, and no more, to the appliance `next_hop`."""
    there = _table(state, table)
    if isinstance(there, Verdict):
        return there
    if sends(there, prefix, next_hop):
        return PASSED
    return failed_with(why_not(state, table, there, prefix, next_hop))


@check
def has_no_routes(state: NetworkState, *, table: str) -> Verdict:
    """The route table `table` is there and has no routes."""
    there = _table(state, table)
    if isinstance(there, Verdict):
        return there
    if not there:
        return PASSED
    names = ", ".join(each.name for each in there)
    return failed(
        HAS_ROUTES,
        f"The route table {table} has routes already: {names}. This step wants it empty for now.",
        found=f"{table}: {names}",
        expected=f"{table}: no routes",
    )


@check
def lacks_route(state: NetworkState, *, table: str, prefix: IPv4Network) -> Verdict:
    """No route of the route table `table` is for any part of `prefix`."""
    there = _table(state, table)
    if isinstance(there, Verdict):
        return there
    for each in there:
        if each.prefix.overlaps(prefix):
            return failed(
                HAS_ROUTES,
                f"The route {each.name} of {table} is still there, for {each.prefix}. This step takes it away for now.",
                found=f"{table}: {each.name}, {each.prefix}",
                expected=f"{table}: no route for {prefix}",
            )
    return PASSED


@check
def table_exists(state: NetworkState, *, table: str) -> Verdict:
    """The cloud has a route table called `table`."""
    there = _table(state, table)
    return there if isinstance(there, Verdict) else PASSED


@check
def associated(state: NetworkState, *, subnet: str, table: str) -> Verdict:
    """The route table `table` is associated with `subnet`."""
    there, found = _table(state, table), _subnet(state, subnet)
    if isinstance(there, Verdict):
        return there
    if isinstance(found, Verdict):
        return found
    return PASSED if found.route_table == table else failed_with(not_associated(subnet, table, found.route_table))


@check
def not_associated_yet(state: NetworkState, *, subnet: str) -> Verdict:
    """No route table is associated with `subnet`."""
    found = _subnet(state, subnet)
    if isinstance(found, Verdict):
        return found
    if not found.route_table:
        return PASSED
    return failed(
        ASSOCIATED,
        f"The subnet {subnet} has the route table {found.route_table}. This step wants it without one for now.",
        found=f"{subnet}: {found.route_table}",
        expected=f"{subnet}: no route table",
    )


@check
def ip_forwarding(state: NetworkState, *, nic: str) -> Verdict:
    """IP forwarding is on for the card `nic`."""
    card = _card(state, nic)
    if isinstance(card, Verdict):
        return card
    if card.ip_forwarding:
        return PASSED
    return failed(
        FORWARDING_OFF,
        f"IP forwarding is off for {nic}, the card of {card.machine}: only what is from or for its own address "
        f"{card.address} passes, and nothing of the pods behind it.",
        found=f"{nic}: IP forwarding off",
        expected=f"{nic}: IP forwarding on",
    )


@check
def no_ip_forwarding(state: NetworkState, *, nic: str) -> Verdict:
    """IP forwarding is off for the card `nic`."""
    card = _card(state, nic)
    if isinstance(card, Verdict):
        return card
    if not card.ip_forwarding:
        return PASSED
    return failed(
        FORWARDING_ON,
        f"IP forwarding is on for {nic}. This step wants it off for now.",
        found=f"{nic}: IP forwarding on",
        expected=f"{nic}: IP forwarding off",
    )


@fact
def resources_shown(state: NetworkState, *, others: tuple[str, ...] = ()) -> Shown:
    """The output names all machines, cards and route tables of the cloud, and `others` (such as the network)."""
    cloud = state.cloud
    names = [name for card in cloud.cards for name in (card.machine, card.name)]
    return _all_of([*names, *cloud.tables, *others], "the cloud's resources: " + ", ".join([*names, *cloud.tables]))


@fact
def network_shown(state: NetworkState, *, network: str = "") -> Shown:
    """The output shows the ranges of the virtual network (and its name, if one is given)."""
    ranges = [str(each) for each in state.cloud.networks]
    return _all_of([*ranges, *filter(None, [network])], f"the virtual network with {', '.join(ranges)}", needs=ranges)


@fact
def subnet_shown(state: NetworkState, *, subnet: str) -> Shown:
    """The output shows `subnet` with its range."""
    found = _subnet(state, subnet)
    if isinstance(found, Verdict):
        return Shown((), f"there is no subnet {subnet}")
    return _all_of([subnet, str(found.prefix)], f"{subnet} has the range {found.prefix}")


@fact
def cards_shown(state: NetworkState, *, nics: tuple[str, ...] = ()) -> Shown:
    """The output shows the addresses of `nics`; of all cards where none are given."""
    cards = [card for card in state.cloud.cards if not nics or card.name in nics]
    words = ", ".join(f"{card.name} has {card.address}" for card in cards)
    return _all_of([str(card.address) for card in cards], words or "there is no such card")


@fact
def routes_shown(state: NetworkState, *, table: str) -> Shown:
    """The output shows every route of `table`: what it is for, and its next hop."""
    there = state.cloud.tables.get(table, ())
    tokens = [word for each in there for word in (str(each.prefix), _hop(each))]
    words = ", ".join(f"{each.prefix} to {_hop(each)}" for each in there)
    return _all_of(tokens, f"the routes of {table}: {words}" if there else f"{table} has no routes")


@fact
def no_routes_shown(state: NetworkState, *, table: str) -> Shown:
    """The output is the empty list that a table without routes has (JSON only: a table of nothing prints nothing)."""
    if state.cloud.tables.get(table) != ():
        return Shown((), f"{table} has routes, or is not there")
    return Shown((("[]",),), f"an empty list ([]): {table} has no routes")


@fact
def association_shown(state: NetworkState, *, subnet: str, table: str) -> Shown:
    """The output shows that `table` belongs to `subnet`, from either side."""
    if not associated(state, subnet=subnet, table=table).passed:
        return Shown((), f"{table} is not associated with {subnet}")
    return _all_of([subnet, table], f"{table} is associated with {subnet}")


@fact
def forwarding_shown(state: NetworkState, *, nic: str) -> Shown:
    """The output shows whether IP forwarding is on for `nic`."""
    card = _card(state, nic)
    if isinstance(card, Verdict):
        return Shown((), f"there is no card {nic}")
    value, word = ("true", "on") if card.ip_forwarding else ("false", "off")
    keys = ("enableIPForwarding", "enableIpForwarding")
    written = [(f'"{key}": {value}',) for key in keys] + [(f"{key}: {value}",) for key in keys]
    columns = [(key[0].upper() + key[1:], value.capitalize()) for key in keys]
    return Shown((*written, *columns), f"IP forwarding is {word} for {nic}")


@fact
def next_hop_shown(state: NetworkState, *, nic: str, dst: IPv4Address) -> Shown:
    """The output shows where the cloud sends a packet to `dst` that leaves `nic` (a card, or its machine)."""
    card = _card(state, nic)
    if isinstance(card, Verdict):
        return Shown((), f"there is no card {nic}")
    kind, hop, _ = _next_hop(state, card, dst)
    tokens = [kind, str(hop)] if hop is not None else [kind]
    return _all_of(tokens, f"the next hop for {dst}: {' '.join(tokens)}")


@fact
def effective_routes_shown(state: NetworkState, *, nic: str) -> Shown:
    """The output shows the system's routes and the user's that count for `nic`."""
    card = _card(state, nic)
    if isinstance(card, Verdict):
        return Shown((), f"there is no card {nic}")
    users = [word for each in state.cloud.routes_for(card) for word in (str(each.prefix), _hop(each), "User")]
    system = [word for each in state.cloud.system for word in (str(each.prefix), each.next_hop_type)]
    return _all_of([*system, "Default", *users], f"the routes that count for {nic}: the system's own and the user's")


@question
def address_of(state: NetworkState, *, nic: str) -> Answer:
    """Which address has the cloud given to `nic` (a card, or its machine)?"""
    card = _card(state, nic)
    if isinstance(card, Verdict):
        return Answer(())
    return Answer((str(card.address),), f"{card.name} is the card of {card.machine}, and has {card.address}.")


@question
def public_address_of(state: NetworkState, *, nic: str) -> Answer:
    """Which address stands for `nic` in the internet?"""
    card = _card(state, nic)
    if isinstance(card, Verdict) or card.public is None:
        return Answer(())
    return Answer((str(card.public),), f"The cloud puts {card.public} in place of {card.address} towards the internet.")


@question
def machine_with(state: NetworkState, *, address: IPv4Address) -> Answer:
    """Which machine has the card with `address`?"""
    card = state.cloud.card_with(address)
    return Answer((card.machine, card.name), f"It is the address of {card.name}.") if card is not None else Answer(())


@question
def next_hop(state: NetworkState, *, nic: str, dst: IPv4Address) -> Answer:
    """Which next hop has a packet to `dst` that leaves `nic`: an address, or a type where there is none?"""
    card = _card(state, nic)
    if isinstance(card, Verdict):
        return Answer(())
    kind, hop, name = _next_hop(state, card, dst)
    why = f"The route {name} says so." if name else "No route of the user's is for it: the system's own says so."
    return Answer((str(hop), kind) if hop is not None else (kind,), why)


@question
def hop_type(state: NetworkState, *, nic: str, dst: IPv4Address) -> Answer:
    """Of which type is the next hop of a packet to `dst` that leaves `nic`?"""
    card = _card(state, nic)
    return Answer(()) if isinstance(card, Verdict) else Answer((_next_hop(state, card, dst)[0],))


@question
def route_for(state: NetworkState, *, nic: str, dst: IPv4Address) -> Answer:
    """Which route (its name) takes a packet to `dst` that leaves `nic`?"""
    card = _card(state, nic)
    name = "" if isinstance(card, Verdict) else _next_hop(state, card, dst)[2]
    return Answer((name,)) if name else Answer(())


@question
def prefix_for(state: NetworkState, *, nic: str, dst: IPv4Address) -> Answer:
    """For which range is the route (a user's, or one of the system's) that takes a packet to `dst` from `nic`?"""
    card = _card(state, nic)
    route = route_for_packet(state.cloud, card, dst) if not isinstance(card, Verdict) else None
    return Answer((str(route.prefix),)) if route is not None else Answer(())


@question
def range_towards(state: NetworkState, *, table: str, next_hop: IPv4Address) -> Answer:
    """Which range does `table` send to `next_hop`?"""
    ranges = [str(each.prefix) for each in state.cloud.tables.get(table, ()) if each.next_hop == next_hop]
    return Answer((", ".join(ranges), *(ranges if len(ranges) == 1 else ()))) if ranges else Answer(())


@question
def range_of(state: NetworkState, *, subnet: str) -> Answer:
    """Which range has `subnet`?"""
    found = _subnet(state, subnet)
    return Answer(()) if isinstance(found, Verdict) else Answer((str(found.prefix),))


@question
def table_of(state: NetworkState, *, subnet: str) -> Answer:
    """Which route table is associated with `subnet`?"""
    found = _subnet(state, subnet)
    if isinstance(found, Verdict):
        return Answer(())
    return Answer((found.route_table,) if found.route_table else ("none", "no", "null"))


@question
def routes_in(state: NetworkState, *, table: str) -> Answer:
    """How many routes has `table`?"""
    there = state.cloud.tables.get(table)
    return Answer((str(len(there)), *(() if there else ("none", "no")))) if there is not None else Answer(())


@question
def cards_in(state: NetworkState, *, network: IPv4Network) -> Answer:
    """How many cards have an address in `network`?"""
    number = sum(card.address in network for card in state.cloud.cards)
    have = ", ".join(f"{card.name} has {card.address}" for card in state.cloud.cards)
    return Answer((str(number), *(() if number else ("none", "no"))), f"{have}.")


def _next_hop(state: NetworkState, card: CloudCard, dst: IPv4Address) -> tuple[str, IPv4Address | None, str]:
    """Type, address and name of the route that a packet takes; the system's own have no name."""
    route = route_for_packet(state.cloud, card, dst)
    return (route.next_hop_type, route.next_hop, route.name) if route is not None else ("None", None, "")


def _hop(route: CloudRoute) -> str:
    return str(route.next_hop) if route.next_hop is not None else route.next_hop_type


def _all_of(tokens: list[str], what: str, *, needs: list[str] | None = None) -> Shown:
    """All of these words in one output; nothing can show what is not there."""
    return Shown((tuple(tokens),) if tokens and (needs is None or needs) else (), what)


def _card(state: NetworkState, nic: str) -> CloudCard | Verdict:
    """A card by its name or that of its machine, or the verdict that there is none."""
    found = next((card for card in state.cloud.cards if nic in (card.name, card.machine)), None)
    names = ", ".join(card.name for card in state.cloud.cards) or "none"
    return found or failed(NO_CARD, f"The cloud has no card {nic}: it has {names}.", found=names, expected=nic)


def _subnet(state: NetworkState, name: str) -> CloudSubnet | Verdict:
    found = next((each for each in state.cloud.subnets if each.name == name), None)
    names = ", ".join(each.name for each in state.cloud.subnets) or "none"
    return found or failed(NO_SUBNET, f"The cloud has no subnet {name}: it has {names}.", found=names, expected=name)


def _table(state: NetworkState, name: str) -> tuple[CloudRoute, ...] | Verdict:
    found = state.cloud.tables.get(name)
    names = ", ".join(state.cloud.tables) or "none"
    if found is not None:
        return found
    return failed(NO_TABLE, f"The cloud has no route table {name}: it has {names}.", found=names, expected=name)
