"""Pods: that all of them reach one another under their own addresses, wherever they are.

A pod is a namespace of a node with an address from the pods' range; lessons name it by its place
(`1c29ea39686a`, `node1:5e0f3c6b1a27`). Does not know what runs in it, nor what the cluster calls it.
Source: Kubernetes' documentation of its network model.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from tutor.check import (
    Fault,
    Netns,
    NetworkState,
    Probe,
    Replies,
    Verdict,
    check,
    failed_with,
    probes,
)

from . import address
from ._known import Known
from ._routing import owns
from .netns import find
from .reach import datagram, faults_between


@check
def communicate(
    state: NetworkState, replies: Replies, *, pods: tuple[str, ...], addresses: tuple[IPv4Address, ...] = ()
) -> Verdict:
    """Each of `pods` reaches each of the others, and is seen there under its own address (one of `addresses`)."""
    found = [find(state, pod) for pod in pods]
    missing = [fault for each in found if isinstance(each, Verdict) for fault in each.faults]
    if missing:
        return failed_with(*missing)
    there = [each for each in found if isinstance(each, Netns)]
    known = Known(state)
    faults: list[Fault] = []
    ends: list[IPv4Address | None] = []
    for number, netns in enumerate(there):
        wanted = addresses[number] if number < len(addresses) else None
        ends.append(wanted or _address_of(netns))
        faults += _misplaced(known, netns, ends[-1])
    for start, pod in zip(there, pods, strict=True):
        for target, dst in zip(there, ends, strict=True):
            if dst is not None and target is not start:
                faults += faults_between(state, replies, pod, start, dst, known)
    return failed_with(*dict.fromkeys(faults))


@probes(communicate)
def communicate_probes(*, pods: tuple[str, ...], addresses: tuple[IPv4Address, ...] = ()) -> tuple[Probe, ...]:
    """A datagram from each to each; none where the lesson does not say which addresses they have."""
    if len(addresses) != len(pods):
        return ()
    return tuple(datagram(pod, dst) for pod in pods for other, dst in zip(pods, addresses, strict=True) if other != pod)


def _misplaced(known: Known, netns: Netns, wanted: IPv4Address | None) -> list[Fault]:
    """What is wrong with the address of a pod."""
    if wanted is None:
        return [address.none_at_all(netns)]
    other = known.owner(wanted, "*", but=netns)
    if other is None:
        return [] if owns(netns, wanted) else [address.not_given(netns, wanted)]
    return [
        address.duplicate(wanted, netns, other) if owns(netns, wanted) else address.has_another(netns, wanted, other)
    ]


def _address_of(netns: Netns) -> IPv4Address | None:
    """The first address of a namespace but those of its loopback."""
    every = (interface for link in netns.links for interface in address.interfaces_of(netns, link))
    return next((interface.ip for interface in every if not interface.ip.is_loopback), None)
