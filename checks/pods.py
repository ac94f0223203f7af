"""Pods: that all of them reach one another under their own addresses, wherever they are.

A pod is a namespace of a node with an address from the pods' range; lessons name it by its place
(`1c29ea39686a`, `node1:5e0f3c6b1a27`). Does not know what runs in it, nor what the cluster calls it.
Source: Kubernetes' documentation of its network model.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from tutor.check import (
    ROOT,
    Answer,
    Fault,
    Netns,
    NetworkState,
    Probe,
    Replies,
    Shown,
    Verdict,
    check,
    fact,
    failed_with,
    probes,
    question,
)

from ._known import Known
from ._routing import owns
from .address import duplicate, has_another, interfaces_of, none_at_all, not_given
from .link import called, in_words
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


@check
def has_address(state: NetworkState, *, pod: str, address: IPv4Address) -> Verdict:
    """`pod` has the address `address`, and nobody else has it."""
    found = find(state, pod)
    if isinstance(found, Verdict):
        return found
    known = Known(state)
    own = _address_of(found)
    shared = known.owner(own, "*", but=found) if own is not None else None
    if own is not None and shared is not None:
        return failed_with(duplicate(own, found, shared))
    return failed_with(*_misplaced(known, found, address))


@probes(communicate)
def communicate_probes(*, pods: tuple[str, ...], addresses: tuple[IPv4Address, ...] = ()) -> tuple[Probe, ...]:
    """A datagram from each to each; none where the lesson does not say which addresses they have."""
    if len(addresses) != len(pods):
        return ()
    return tuple(datagram(pod, dst) for pod in pods for other, dst in zip(pods, addresses, strict=True) if other != pod)


@fact
def addresses_shown(state: NetworkState, *, network: IPv4Network, machine: str = "") -> Shown:
    """The output shows the addresses of all pods (of `machine`); `network` is the pods' range."""
    own = [str(ip) for _, ip in _all(state, network, machine)]
    return Shown((tuple(own),) if own else (), f"the addresses of the pods: {', '.join(own) or 'there are none'}")


@fact
def nodes_shown(state: NetworkState, *, network: IPv4Network) -> Shown:
    """The output shows the addresses of all pods, and the names of the nodes that they are on."""
    there = _all(state, network, "")
    tokens = dict.fromkeys(word for netns, ip in there for word in (str(ip), netns.machine))
    return Shown((tuple(tokens),) if there else (), "all pods with their addresses and nodes")


@fact
def listed_with_address(state: NetworkState, *, pod: str, link: str = "eth0") -> Shown:
    """The output shows `link` of a pod: its name with the ifindex of its peer, its own ifindex, and its address."""
    where = state.find_netns(pod)
    it = where.find_link(link) if where is not None else None
    own = interfaces_of(where, it) if where is not None and it is not None else []
    if it is None or it.peer_index is None or not own:
        return Shown((), f"{in_words(state, pod)} has no {link} with an address")
    name = f"{it.name}@if{it.peer_index}"
    return Shown(((f"{it.index}: {name}", str(own[0])),), f"{it.index}: {name}, with {own[0]}")


@question
def address_of(state: NetworkState, *, pod: str) -> Answer:
    """Which address has the pod in the namespace `pod`?"""
    where = state.find_netns(pod)
    own = _interface_of(where) if where is not None else None
    return Answer((str(own.ip), str(own))) if own is not None else Answer(())


@question
def node_of(state: NetworkState, *, address: IPv4Address) -> Answer:
    """On which node is the pod with `address`?"""
    owner = Known(state).owner(address, "*")
    return Answer((owner.machine,), f"It is in {called(owner)}.") if owner is not None else Answer(())


@question
def netns_of(state: NetworkState, *, address: IPv4Address) -> Answer:
    """In which namespace is the pod with `address`?"""
    owner = Known(state).owner(address, "*")
    if owner is None:
        return Answer(())
    return Answer(tuple(dict.fromkeys((owner.label, called(owner), state.place_of(owner)))))


@question
def count(state: NetworkState, *, network: IPv4Network, machine: str = "") -> Answer:
    """How many pods are there (on `machine`)? `network` is the pods' range."""
    return Answer((str(len(_all(state, network, machine))),))


@question
def range_of(state: NetworkState, *, machine: str, bridge: str = "cbr0") -> Answer:
    """From which range do the pods of `machine` have their addresses? It is that of its bridge."""
    root = state.find_netns(ROOT, machine)
    it = root.find_link(bridge) if root is not None else None
    own = interfaces_of(root, it) if root is not None and it is not None else []
    return Answer((str(own[0].network),), f"{bridge} of {machine} has {own[0]}.") if own else Answer(())


def _all(state: NetworkState, network: IPv4Network, machine: str) -> list[tuple[Netns, IPv4Address]]:
    """The pods with their addresses: namespaces other than a root with an address of the pods' range."""
    every = ((netns, _interface_of(netns)) for netns in state.namespaces if netns.label != ROOT)
    ours = [(netns, own.ip) for netns, own in every if own is not None and own.ip in network]
    return [(netns, ip) for netns, ip in ours if machine in ("", netns.machine)]


def _misplaced(known: Known, netns: Netns, wanted: IPv4Address | None) -> list[Fault]:
    """What is wrong with the address of a pod."""
    if wanted is None:
        return [none_at_all(netns)]
    other = known.owner(wanted, "*", but=netns)
    if other is None:
        return [] if owns(netns, wanted) else [not_given(netns, wanted)]
    return [duplicate(wanted, netns, other) if owns(netns, wanted) else has_another(netns, wanted, other)]


def _interface_of(netns: Netns) -> IPv4Interface | None:
    """The first address of a namespace but those of its loopback."""
    every = (interface for link in netns.links for interface in interfaces_of(netns, link))
    return next((interface for interface in every if not interface.ip.is_loopback), None)


def _address_of(netns: Netns) -> IPv4Address | None:
    own = _interface_of(netns)
    return own.ip if own is not None else None
