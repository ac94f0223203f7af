"""Addresses of links. Source: ip-address(8)."""

from __future__ import annotations

from tutor.check import ROOT, Answer, NetworkState, Shown, Verdict, fact, question

from .link import locate


@fact
def shown(state: NetworkState, *, link: str, netns: str = ROOT) -> Shown:
    """The output shows the IPv4 address of `link`."""
    for interface in _interfaces(state, link, netns):
        address, _, length = interface.partition("/")
        return Shown(((interface,), (address, _dotted(int(length)))), f"{link} has the address {interface}")
    return Shown((), f"{link} has no address")


@fact
def of_two(state: NetworkState, *, first: str, second: str, netns: str = ROOT) -> Shown:
    """The output shows the IPv4 addresses of `first` and of `second`."""
    one, two = _interfaces(state, first, netns), _interfaces(state, second, netns)
    if not one or not two:
        return Shown((), f"{first} or {second} has no address")
    plain = tuple(interface.partition("/")[0] for interface in (one[0], two[0]))
    return Shown(((one[0], two[0]), plain), f"{first} has {one[0]}, {second} has {two[0]}")


@question
def scope_of(state: NetworkState, *, link: str, netns: str = ROOT) -> Answer:
    """Which scope has the IPv4 address of `link`?"""
    found = locate(state, link, netns)
    if isinstance(found, Verdict):
        return Answer(())
    where, it = found
    scopes = [address.scope for address in where.addresses_of(it) if address.interface.version == 4]
    return Answer(tuple(scopes[:1]))


def _interfaces(state: NetworkState, link: str, netns: str) -> list[str]:
    found = locate(state, link, netns)
    if isinstance(found, Verdict):
        return []
    where, it = found
    return [str(address.interface) for address in where.addresses_of(it) if address.interface.version == 4]


def _dotted(length: int) -> str:
    """The netmask of a prefix length, as `ifconfig` prints it."""
    bits = (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF
    return ".".join(str(bits >> shift & 0xFF) for shift in (24, 16, 8, 0))
