"""The ways through the course's *do* steps: what they consist of, and how equal ones are made of them.

A way is made of threads: within a thread the order matters, between threads it does not. Does not know any step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.checks.ways_firewall import Ipt, Nft, NftChain, came_in, dst
from tests.checks.ways_ops import AddrAdd, AddrDel, LinkAdd, LinkDel, Master, NetnsAdd, NetnsDel, Up, VethAdd
from tests.checks.ways_routes import RouteAdd, RouteDel
from tests.checks.world import Op, Refused, World

Thread = tuple[Op, ...]
Way = tuple[Thread, ...]

A, B, C, D, BR = "veth-a-ns1", "veth-b-ns1", "veth-c-ns2", "veth-d-ns2", "br-rootns"
NS1, NS2 = "ns1", "ns2"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A way with one fault in it."""

    kind: str
    """What was done wrong, in words; unique in its step."""
    way: Way
    """What was done."""
    diagnosis: str
    """Id of the diagnosis that it must get."""
    names: tuple[str, ...] = ()
    """Words that the message must hold."""


def along(*ops: Op) -> Way:
    """A way in which the order matters."""
    return (ops,)


def flat(way: Way) -> Thread:
    """One thread after the other."""
    return tuple(op for thread in way for op in thread)


def wrong(kind: str, diagnosis: str, names: str, *ops: Op) -> Wrong:
    """A fault, with the order in which it was made."""
    return Wrong(kind, (ops,) if ops else (), diagnosis, tuple(names.split()))


def attempt(world: World, ops: Sequence[Op]) -> World:
    """What becomes of a network by commands of which some may be refused, as in a shell."""
    for op in ops:
        try:
            world = op.on(world)
        except Refused:
            continue
    return world


NOISE: tuple[Thread, ...] = (
    (NetnsAdd("spare"), Up("lo", "spare")),
    (LinkAdd("br-spare"), Up("br-spare"), AddrAdd("192.0.2.1/24", "br-spare")),
    (VethAdd("spare-a", "spare-b"), Up("spare-a")),
    (
        NetnsAdd("spare2"),
        VethAdd("spare-c", "spare-d", peer_netns="spare2"),
        Up("spare-c"),
        AddrAdd("198.18.0.2/30", "spare-d", "spare2"),
        Up("spare-d", "spare2"),
    ),
    (
        LinkAdd("br-more", up=True),
        VethAdd("spare-e", "spare-f", up=True),
        Master("spare-e", "br-more"),
        Up("spare-f"),
        AddrAdd("198.18.1.1/24", "br-more"),
    ),
    (RouteAdd("198.51.100.0/24", "10.1.0.1"),),
    (RouteAdd("203.0.113.128/25", kind="blackhole"),),
    (NftChain("heard", "input", table="spare"), Nft("heard", "drop", (came_in("spare-x"),), table="spare")),
    (Ipt("filter", "OUTPUT", "accept", (dst("192.0.2.0/24"),)),),
)
"""What has nothing to do with any step, and is left behind."""

_EVER: tuple[Thread, ...] = (
    (NetnsAdd("try"), NetnsDel("try")),
    (LinkAdd("try0"), LinkDel("try0")),
    (VethAdd("try1", "try2"), LinkDel("try2")),
    (RouteAdd("198.51.101.0/24", "10.1.0.1"), RouteDel("198.51.101.0/24")),
    (AddrAdd("192.0.2.9/28", "eth0"), AddrDel("192.0.2.9/28", "eth0")),
)
_LATER: dict[str, tuple[Thread, ...]] = {
    "bridge": ((AddrAdd("192.0.2.10/28", B, NS1), AddrDel("192.0.2.10/28", B, NS1)), (Up(A), Up(A))),
    "second-namespace": (
        (Up(A, up=False), Up(A)),
        (Master(A, ""), Master(A, BR)),
        (AddrAdd("192.0.2.11/28", BR), AddrDel("192.0.2.11/28", BR)),
    ),
}
_LESSONS = ("veth-pair", "network-namespace", "bridge", "second-namespace", "forwarding", "masquerade")


def detours(place: str) -> tuple[Thread, ...]:
    """What is undone at once, and so leaves the network of a step (`lesson/step`) as it was, before it and after."""
    reached = _LESSONS[: _LESSONS.index(place.partition("/")[0]) + 1]
    return (*_EVER, *(thread for lesson in reached for thread in _LATER.get(lesson, ())))


@st.composite
def interleaved(draw: st.DrawFn, threads: Sequence[Thread]) -> Thread:
    """The threads in an order of their own, each in its order."""
    turns = [number for number, thread in enumerate(threads) for _ in thread]
    left = [list(thread) for thread in threads]
    if len(threads) > 1:
        turns = draw(st.permutations(turns))
    return tuple(left[turn].pop(0) for turn in turns)


def noise() -> st.SearchStrategy[list[Thread]]:
    """Some of what does not matter."""
    return st.lists(st.sampled_from(NOISE), max_size=3, unique=True)


@st.composite
def among_others(draw: st.DrawFn, place: str, way: Way) -> Thread:
    """A way with what does not matter before it, in between and behind."""
    some = st.lists(st.sampled_from(detours(place)), max_size=2)
    before, after = draw(some), draw(some)
    middle = draw(interleaved((*way, *draw(noise()))))
    return (*flat(tuple(before)), *middle, *flat(tuple(after)))
