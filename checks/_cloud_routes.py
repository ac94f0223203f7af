"""Whether a route table sends a range to a card, and which of its routes is to blame where it does not.

Does not know whether any card asks the table.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from tutor.check import CloudRoute, Fault, NetworkState

from ._cloud import APPLIANCE, INTERNET, LOCAL
from ._cloud_faults import (
    NO_ROUTE,
    WRONG_HOP_TYPE,
    dead_next_hop,
    next_hop_none,
    others_in,
    wrong_next_hop,
    wrong_prefix,
)

Table = tuple[CloudRoute, ...]


def sends(table: Table, prefix: IPv4Network, next_hop: IPv4Address) -> bool:
    """Whether a table sends all of `prefix` to the appliance `next_hop`, by routes that are for nothing else."""
    best = [_best(table, dst) for dst in _borders(table, prefix)]
    return all(each is not None and _leads(each, next_hop) and each.prefix.subnet_of(prefix) for each in best)


def _leads(route: CloudRoute, next_hop: IPv4Address) -> bool:
    return (route.next_hop_type, route.next_hop) == (APPLIANCE, next_hop)


def why_not(state: NetworkState, name: str, table: Table, prefix: IPv4Network, next_hop: IPv4Address) -> Fault:
    """Why a table does not send `prefix` to `next_hop`: the fault of the route that comes nearest, or that of none."""
    exact = next((each for each in table if each.prefix == prefix), None)
    if exact is not None and exact.next_hop_type != APPLIANCE:
        if exact.next_hop_type not in (LOCAL, INTERNET):
            return next_hop_none(exact)
        return Fault(
            WRONG_HOP_TYPE,
            f"The route {exact.name} is for {prefix}, but its next hop is of the type {exact.next_hop_type}. A node "
            f"that forwards for its pods is a {APPLIANCE}, named by its address.",
            found=f"{prefix}: {exact.next_hop_type}",
            expected=f"{prefix}: {APPLIANCE} {next_hop}",
        )
    if exact is not None and exact.next_hop != next_hop:
        card = state.cloud.card_with(exact.next_hop) if exact.next_hop is not None else None
        if card is None:
            return dead_next_hop(state, exact)
        return wrong_next_hop(state, exact, f"its node is the one with {next_hop}", str(next_hop))
    near = [card for card in state.cloud.cards if card.address == next_hop]
    for each in sorted(table, key=lambda route: not route.prefix.overlaps(prefix)):
        # A route to this card for another node's pods is that one's fault: here there is simply none.
        is_meant = prefix.subnet_of(each.prefix) or not others_in(state, each, near)
        if _leads(each, next_hop) and each.prefix != prefix and is_meant:
            return wrong_prefix(each, f"the pods of that node are {prefix}", str(prefix))
    for each in table:
        if each.prefix != prefix and each.prefix.subnet_of(prefix):
            return wrong_next_hop(state, each, f"all of {prefix} belongs to {next_hop}", str(next_hop))
    return Fault(
        NO_ROUTE,
        f"The route table {name} has no route for {prefix}. It is to lead to {next_hop}.",
        found=f"{prefix}: no route",
        expected=f"{prefix}: {next_hop}",
    )


def _best(table: Table, dst: IPv4Address) -> CloudRoute | None:
    fitting = [each for each in table if dst in each.prefix]
    return max(fitting, key=lambda each: each.prefix.prefixlen, default=None)


def _borders(table: Table, prefix: IPv4Network) -> list[IPv4Address]:
    """An address of each part of `prefix` that the routes of a table may treat in a way of its own."""
    starts = {int(prefix[0])} | {
        int(edge) + more for each in table for edge, more in ((each.prefix[0], 0), (each.prefix[-1], 1))
    }
    return [IPv4Address(start) for start in sorted(starts) if int(prefix[0]) <= start <= int(prefix[-1])]
