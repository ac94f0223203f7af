"""Addresses of links. Source: ip-address(8)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface

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
    Shown,
    Verdict,
    check,
    fact,
    failed,
    failed_with,
    question,
)

from ._routing import on_loopback
from .link import beginning, by_ip, called, inside, locate

MISSING = Diagnosis("address.missing", Cause.ADDRESS, "no link has the address")
WRONG_PREFIX = Diagnosis("address.wrong-prefix", Cause.ADDRESS, "the link has the address, but with another length")
ELSEWHERE = Diagnosis("address.elsewhere", Cause.ADDRESS, "another link has the address")
ON_PORT = Diagnosis("address.on-port", Cause.ADDRESS, "a port of the bridge has the address, not the bridge itself")
DUPLICATE = Diagnosis("address.duplicate", Cause.ADDRESS, "two namespaces on one wire have the same address")


@check
def has(state: NetworkState, *, address: IPv4Interface, link: str, netns: str = ROOT) -> Verdict:
    """`link` has the address `address`."""
    found = locate(state, link, netns)
    if isinstance(found, Verdict):
        return found
    where, it = found
    own = interfaces_of(where, it)
    if address in own:
        on_lo = on_loopback(where, address.ip) if it.kind != "loopback" else None
        return PASSED if on_lo is None else failed_with(swallowed(where, on_lo))
    expected = f"{link}: {address}"
    for other in own:
        if other.ip == address.ip:
            return failed(
                WRONG_PREFIX,
                f"{link} has {other}{inside(where)}, not {address}: {_reach_of(other)} "
                f"{by_ip(where, f'addr del {other} dev {link}')} takes it away.",
                found=f"{link}: {other}",
                expected=expected,
            )
    for place in state.of(where.machine):
        for holder in place.links:
            if any(other.ip == address.ip for other in interfaces_of(place, holder)):
                return failed_with(_held_by(place, holder, it if place is where else None, address, expected, link))
    has_now = ", ".join(map(str, own))
    # Nothing tells that a link has been moved, but to a namespace that was made it must have been, once.
    moved = not own and where.label != ROOT
    lost = " A link loses its addresses when it moves to another namespace: give them after the move." if moved else ""
    return failed(
        MISSING,
        f"{link} does not have {address}{inside(where)}: it has {has_now or 'no address'}.{lost}",
        found=f"{link}: {has_now or 'no address'}",
        expected=expected,
    )


@fact
def shown(state: NetworkState, *, link: str, netns: str = ROOT) -> Shown:
    """The output shows the IPv4 address of `link`."""
    for interface in _interfaces(state, link, netns):
        return Shown(
            ((str(interface),), (str(interface.ip), str(interface.netmask))), f"{link} has the address {interface}"
        )
    return Shown((), f"{link} has no address")


@fact
def of_two(state: NetworkState, *, first: str, second: str, netns: str = ROOT) -> Shown:
    """The output shows the IPv4 addresses of `first` and of `second`."""
    one, two = _interfaces(state, first, netns), _interfaces(state, second, netns)
    if not one or not two:
        return Shown((), f"{first} or {second} has no address")
    plain = (str(one[0].ip), str(two[0].ip))
    return Shown(((str(one[0]), str(two[0])), plain), f"{first} has {one[0]}, {second} has {two[0]}")


@fact
def all_shown(state: NetworkState, *, links: tuple[str, ...], netns: str = ROOT) -> Shown:
    """The output shows `links` with an IPv4 address of each."""
    found = {name: own[0] for name in links if (own := _interfaces(state, name, netns))}
    if len(found) < len(links):
        return Shown((), f"not all of {', '.join(links)} have an address")
    with_length = tuple(word for name, own in found.items() for word in (name, str(own)))
    with_mask = tuple(word for name, own in found.items() for word in (name, str(own.ip), str(own.netmask)))
    words = ", ".join(f"{name} has {own}" for name, own in found.items())
    return Shown((with_length, with_mask), words)


@question
def of(state: NetworkState, *, link: str, netns: str = ROOT) -> Answer:
    """Which IPv4 address has `link`?"""
    own = _interfaces(state, link, netns)
    return Answer((str(own[0]), str(own[0].ip)), f"{link} has {own[0]}.") if own else Answer(())


@question
def netns_with(state: NetworkState, *, address: IPv4Address) -> Answer:
    """Which namespace, on whatever machine, has `address`?"""
    for netns in state.namespaces:
        for link in netns.links:
            if any(own.ip == address for own in interfaces_of(netns, link)):
                forms = dict.fromkeys((netns.label, *netns.names, called(netns), state.place_of(netns)))
                return Answer(tuple(forms), f"{address} is on {link.name} of {called(netns)}.")
    return Answer(())


@question
def link_with(state: NetworkState, *, address: IPv4Address, netns: str = ROOT) -> Answer:
    """Which link of `netns` has `address`?"""
    where = state.find_netns(netns)
    links = where.links if where is not None else ()
    found = [it.name for it in links if where and any(own.ip == address for own in interfaces_of(where, it))]
    return Answer(tuple(found[:1]))


@question
def scope_of(state: NetworkState, *, link: str, netns: str = ROOT) -> Answer:
    """Which scope has the IPv4 address of `link`?"""
    found = locate(state, link, netns)
    if isinstance(found, Verdict):
        return Answer(())
    where, it = found
    scopes = [address.scope for address in where.addresses_of(it) if address.interface.version == 4]
    return Answer(tuple(scopes[:1]))


def interfaces_of(netns: Netns, link: Link) -> list[IPv4Interface]:
    """The IPv4 addresses of a link with their lengths, in the kernel's order."""
    every = (address.interface for address in netns.addresses_of(link))
    return [interface for interface in every if isinstance(interface, IPv4Interface)]


def on_port(netns: Netns, port: Link, bridge: str) -> Fault:
    """The fault of an address that hangs on a port, where it is of no use."""
    own = interfaces_of(netns, port)
    address = str(own[0]) if own else "an address"
    return Fault(
        ON_PORT,
        f"{address} is on {port.name}{inside(netns)}, a port of {bridge}. A port hands all that it gets to its bridge, "
        f"so the address belongs on {bridge}.",
        found=f"{port.name}: {address}",
        expected=f"{bridge}: {address}",
    )


def missing(netns: Netns, address: IPv4Address) -> Fault:
    """The fault of an address that somebody sends to and that nobody has."""
    return Fault(
        MISSING,
        f"Packets from {called(netns)} go to {address}, but no link has that address.",
        found=f"{address}: nobody",
        expected=f"{address} on a link",
    )


def none_at_all(netns: Netns) -> Fault:
    """The fault of a namespace that has no address to send from."""
    return Fault(
        MISSING,
        f"{beginning(netns)} has no address on any link but lo, so it can't send anything.",
        found=f"{netns.label}: no address",
        expected=f"{netns.label}: an address",
    )


def none_towards(netns: Netns, link: Link, dst: IPv4Address) -> Fault:
    """The fault of a link that leads to `dst` and has no address in its network, so that there is no route either."""
    own = ", ".join(map(str, interfaces_of(netns, link))) or "no address"
    return Fault(
        MISSING,
        f"{link.name} leads to {dst}, but it has {own}{inside(netns)}. Without an address in that network there is no "
        "route to it by this link.",
        found=f"{link.name}: {own}",
        expected=f"{link.name}: an address in the network of {dst}",
    )


def swallowed(netns: Netns, interface: IPv4Interface) -> Fault:
    """The fault of an address on lo: its whole network counts as the namespace's own."""
    return Fault(
        ELSEWHERE,
        f"lo has {interface}{inside(netns)}. A network on lo counts as the namespace's own as a whole, so nothing that "
        f"goes to a neighbour in {interface.network} leaves it.",
        found=f"lo: {interface}",
        expected="lo: 127.0.0.1/8",
    )


def too_narrow(netns: Netns, link: Link, interface: IPv4Interface, dst: IPv4Address) -> Fault:
    """The fault of an address whose length leaves out a destination that should be a neighbour."""
    return Fault(
        WRONG_PREFIX,
        f"{link.name} has {interface}{inside(netns)}: {_reach_of(interface)} So {dst} is no neighbour.",
        found=f"{link.name}: {interface}",
        expected=f"{link.name}: a network with {dst} in it",
    )


def duplicate(address: IPv4Address, one: Netns, other: Netns) -> Fault:
    """The fault of an address that two namespaces answer for."""
    both = f"{called(one)} and {called(other)}"
    near = "They are on the same wire" if one.machine == other.machine else "They can reach one another"
    return Fault(
        DUPLICATE,
        f"{both} both have the address {address}. {near}, so nobody can tell who is meant.",
        found=f"{address}: {both}",
        expected=f"{address}: one of them",
    )


def not_given(netns: Netns, address: IPv4Address) -> Fault:
    """The fault of a namespace that is to have an address, on whatever link, and does not."""
    own = [one for link in netns.links for one in interfaces_of(netns, link) if not one.ip.is_loopback]
    has_now = ", ".join(map(str, own)) or "no address"
    return Fault(
        MISSING,
        f"{beginning(netns)} is to have the address {address}, and it has {has_now}.",
        found=f"{netns.label}: {has_now}",
        expected=f"{netns.label}: {address}",
    )


def has_another(netns: Netns, address: IPv4Address, holder: Netns) -> Fault:
    """The fault of an address that is to be in one namespace and is in another."""
    return Fault(
        ELSEWHERE,
        f"{address} is the address of {called(holder)}, and {called(netns)} does not have it.",
        found=f"{address}: {called(holder)}",
        expected=f"{address}: {called(netns)}",
    )


def _held_by(
    place: Netns, holder: Link, wanted: Link | None, address: IPv4Interface, expected: str, link: str
) -> Fault:
    """The fault of an address that is there, but on `holder`."""
    if wanted is not None and holder.master == wanted.index:
        return on_port(place, holder, wanted.name)
    return Fault(
        ELSEWHERE,
        f"{address} is on {holder.name} in {called(place)}, not on {link}.",
        found=f"{holder.name}: {address}",
        expected=expected,
    )


def _reach_of(interface: IPv4Interface) -> str:
    """What a length means, in words."""
    length = interface.network.prefixlen
    if length == 32:
        return "/32 is a network of one, without any neighbours."
    return f"/{length} makes neighbours of {interface.network[0]} to {interface.network[-1]}."


def _interfaces(state: NetworkState, link: str, netns: str) -> list[IPv4Interface]:
    found = locate(state, link, netns)
    return [] if isinstance(found, Verdict) else interfaces_of(*found)
