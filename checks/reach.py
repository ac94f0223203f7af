"""Who can be reached from where. Source: ping(8)."""

from __future__ import annotations

from ipaddress import IPv4Address

from tutor.check import (
    PASSED,
    Cause,
    Diagnosis,
    Fault,
    Netns,
    NetworkState,
    Probe,
    Replies,
    Shown,
    Verdict,
    check,
    fact,
    failed,
    failed_with,
    probes,
)

from . import nat
from ._known import Known
from ._path import Walk
from ._routing import find_source, find_way
from .link import in_words
from .netns import find

UNANSWERED = Diagnosis("reach.unanswered", Cause.REACH, "a ping is not answered, and nothing that can be read says why")
DISGUISED = Diagnosis(
    "reach.disguised", Cause.REACH, "a packet arrives under another address, and nothing that can be read says why"
)


@check
def pings(state: NetworkState, replies: Replies, *, src: str, dst: IPv4Address) -> Verdict:
    """A ping from `src` to `dst` is answered."""
    start = find(state, src)
    if isinstance(start, Verdict):
        return start
    walk = Walk(state)
    walk.there_and_back(start, dst)
    reply = replies.get(_ping(src, dst))
    # An answer is stronger than any theory about why there can't be one.
    if reply is not None and reply.answered:
        return PASSED
    if walk.faults or reply is None:
        return failed_with(*walk.faults)
    doubt = f" One thing can't be read here: {walk.unsure[0]}." if walk.unsure else ""
    return failed(
        UNANSWERED,
        f"A ping from {src} to {dst} is not answered ({reply.reason}), and all that the tutor can read looks right."
        f"{doubt} `tcpdump` on the links along the way shows how far it comes.",
        found=f"{src} to {dst}: {reply.reason}",
        expected=f"{src} to {dst}: an answer",
    )


@probes(pings)
def pings_probes(*, src: str, dst: IPv4Address) -> tuple[Probe, ...]:
    """One ping."""
    return (_ping(src, dst),)


@check
def connects(state: NetworkState, replies: Replies, *, src: str, dst: IPv4Address, port: int) -> Verdict:
    """`src` can open a TCP connection to port `port` of `dst`."""
    start = find(state, src)
    if isinstance(start, Verdict):
        return start
    walk = Walk(state, protocol="tcp", port=port)
    walk.there_and_back(start, dst)
    reply = replies.get(_tcp(src, dst, port))
    if reply is not None and reply.answered:
        return PASSED
    if walk.faults or reply is None:
        return failed_with(*walk.faults)
    return failed(
        UNANSWERED,
        f"A TCP connection from {src} to port {port} of {dst} does not come about ({reply.reason}).",
        found=f"{src} to {dst}, port {port}: {reply.reason}",
        expected=f"{src} to {dst}, port {port}: a connection",
    )


@probes(connects)
def connects_probes(*, src: str, dst: IPv4Address, port: int) -> tuple[Probe, ...]:
    """One connection."""
    return (_tcp(src, dst, port),)


@check
def carried(state: NetworkState, *, src: str, dst: IPv4Address) -> Verdict:
    """A packet from `src` to `dst` finds its way through the machine, and its answer too."""
    start = find(state, src)
    if isinstance(start, Verdict):
        return start
    walk = Walk(state, translate=False)
    walk.there_and_back(start, dst)
    return failed_with(*walk.faults)


@check
def untranslated(state: NetworkState, replies: Replies, *, src: str, dst: IPv4Address) -> Verdict:
    """A packet from `src` arrives at `dst` under the address of `src`, and its answer comes back."""
    start = find(state, src)
    if isinstance(start, Verdict):
        return start
    return failed_with(*faults_between(state, replies, src, start, dst))


@probes(untranslated)
def untranslated_probes(*, src: str, dst: IPv4Address) -> tuple[Probe, ...]:
    """One datagram."""
    return (datagram(src, dst),)


@fact
def answered(state: NetworkState, *, dst: IPv4Address) -> Shown:
    """The output shows that `dst` has answered a ping."""
    del state  # whoever is asked answers or does not: no state shows it
    return Shown(((f"from {dst}", "icmp_seq=1"),), f"an answer from {dst}")


@fact
def all_answered(state: NetworkState, *, dst: IPv4Address, count: int) -> Shown:
    """The output shows that `dst` has answered all of `count` pings."""
    del state
    return Shown(
        ((f"from {dst}", f"{count} packets transmitted", f"{count} received"),),
        f"{count} pings to {dst}, and {count} answers",
    )


@fact
def silent(state: NetworkState, *, dst: IPv4Address) -> Shown:
    """The output shows that `dst` has answered nothing, and that no error was told."""
    del state
    return Shown(((f"PING {dst}", "0 received", "100% packet loss"),), f"a ping to {dst} without an answer")


@fact
def unreachable(state: NetworkState) -> Shown:
    """The output shows that there was no route."""
    del state
    return Shown((("Network is unreachable",),), "the words `Network is unreachable`")


@fact
def seen(state: NetworkState, *, src: str, dst: IPv4Address) -> Shown:
    """The output shows packets from `src` to `dst`, under an address of its own."""
    start = state.find_netns(src)
    way = find_way(start, dst) if start is not None else None
    source = find_source(start, dst, way) if start is not None and way is not None else None
    if source is None:
        return Shown((), f"{src} can't send to {dst}")
    return Shown(((f"{source} > {dst}",),), f"a packet {source} > {dst}")


def datagram(src: str, dst: IPv4Address) -> Probe:
    """A datagram from a place to an address."""
    return Probe.from_place("datagram", src, str(dst))


def faults_between(
    state: NetworkState, replies: Replies, src: str, start: Netns, dst: IPv4Address, known: Known | None = None
) -> list[Fault]:
    """What keeps a packet from arriving under its sender's own address, or its answer from coming back.

    Args:
        state: the network.
        replies: what came back.
        src: what the lesson calls the sender.
        start: the sender.
        dst: where it sends.
        known: what has been found out about this state already.
    """
    walk = Walk(state, translate=False, protocol="udp", known=known or Known(state))
    walk.there_and_back(start, dst)
    way = find_way(start, dst)
    own = find_source(start, dst, way) if way is not None else None
    reply = replies.get(datagram(src, dst))
    if reply is not None and reply.answered and reply.seen_as in ("", str(own)):
        return []
    found = [*walk.faults, *(nat.too_wide(state, each) for each in walk.translations)]
    if found or reply is None:
        return found
    who = in_words(state, src)
    if not reply.answered:
        return [
            Fault(
                UNANSWERED,
                f"A datagram from {who} to {dst} is not answered ({reply.reason}), and all that the tutor can read "
                "looks right. `tcpdump` on the links along the way shows how far it comes.",
                found=f"{who} to {dst}: {reply.reason}",
                expected=f"{who} to {dst}: an answer",
            )
        ]
    return [
        Fault(
            DISGUISED,
            f"A datagram from {who} arrives at {dst} as if it came from {reply.seen_as}, not from {own}, and nothing "
            "that the tutor can read says why.",
            found=f"source at {dst}: {reply.seen_as}",
            expected=f"source at {dst}: {own}",
        )
    ]


def _tcp(src: str, dst: IPv4Address, port: int) -> Probe:
    return Probe.from_place("tcp", src, str(dst), port)


def _ping(src: str, dst: IPv4Address) -> Probe:
    return Probe.from_place("ping", src, str(dst))
