"""Forwarding: whether a namespace passes on packets that are not for itself.

Source: ip-sysctl.rst (ip_forward, conf/*/forwarding, rp_filter), RFC 3704.
"""

from __future__ import annotations

from tutor.check import (
    PASSED,
    ROOT,
    Answer,
    Cause,
    Diagnosis,
    Fault,
    Link,
    LinkConf,
    Netns,
    NetworkState,
    Verdict,
    check,
    failed_with,
    question,
)

from .link import beginning, called, locate
from .netns import find

OFF = Diagnosis("forwarding.off", Cause.FORWARDING, "the namespace forwards nothing")
WRONG_NETNS = Diagnosis("forwarding.wrong-netns", Cause.FORWARDING, "another namespace forwards, but not this one")
ONE_WAY = Diagnosis("forwarding.one-way", Cause.FORWARDING, "packets of one direction are forwarded, their answers not")
REVERSE_PATH = Diagnosis(
    "forwarding.reverse-path", Cause.FORWARDING, "rp_filter drops a packet, as its source is not reached by that link"
)


@check
def is_on(state: NetworkState, *, between: tuple[str, ...], netns: str = ROOT) -> Verdict:
    """`netns` passes packets on between the links `between`."""
    where = find(state, netns)
    if isinstance(where, Verdict):
        return where
    closed = []
    for name in between:
        found = locate(state, name, netns)
        if isinstance(found, Verdict):
            return found
        if not forwards(where, found[1]):
            closed.append(found[1])
    return PASSED if not closed else failed_with(off(state, where, closed[0]))


@question
def value(state: NetworkState, *, netns: str = ROOT) -> Answer:
    """What is the value of net.ipv4.ip_forward in `netns`?"""
    where = state.find_netns(netns)
    if where is None:
        return Answer(())
    number = str(int(where.forwarding))
    return Answer(
        (number,), f"{number} means that packets for others are {'passed on' if where.forwarding else 'dropped'}."
    )


def forwards(netns: Netns, link: Link) -> bool:
    """Whether what comes in by `link` and is for others is passed on."""
    return netns.conf.get(link.name, LinkConf(forwarding=netns.forwarding)).forwarding


def off(state: NetworkState, netns: Netns, link: Link) -> Fault:
    """The fault of a namespace that does not pass on what comes in by `link`."""
    open_links = [each.name for each in netns.links if each.kind != "loopback" and forwards(netns, each)]
    setting = f"net.ipv4.conf.{link.name}.forwarding"
    if open_links:
        return Fault(
            ONE_WAY,
            f"{beginning(netns)} passes on what comes in by {', '.join(open_links)}, but not what comes in by "
            f"{link.name}: {setting} is 0. A question and its answer come in by different links.",
            found=f"{setting} = 0",
            expected=f"{setting} = 1",
        )
    others = [each for each in state.of(netns.machine) if each.inode != netns.inode]
    passing = [each for each in others if each.forwarding]
    # A new namespace copies the setting of the host's: where all of several have it, nobody may have set it.
    if passing and (len(passing) < len(others) or len(others) == 1):
        other = passing[0]
        return Fault(
            WRONG_NETNS,
            f"ip_forward is 1 in {called(other)}, but 0 in {called(netns)}. Each namespace has a setting of its own, "
            f"and it is {called(netns)} that must pass packets on.",
            found=f"{other.label}: 1, {netns.label}: 0",
            expected=f"{netns.label}: net.ipv4.ip_forward = 1",
        )
    return Fault(
        OFF,
        f"{beginning(netns)} passes nothing on: net.ipv4.ip_forward is 0. A packet that is not for itself is dropped.",
        found=f"{netns.label}: net.ipv4.ip_forward = 0",
        expected=f"{netns.label}: net.ipv4.ip_forward = 1",
    )


def reverse_path(netns: Netns, link: Link, src: str) -> Fault:
    """The fault of a packet that comes in by a link by which its source would not be answered."""
    return Fault(
        REVERSE_PATH,
        f"A packet from {src} comes in by {link.name}, but {called(netns)} would answer it by another link. With "
        f"rp_filter on, the kernel takes such a source for forged and drops the packet.",
        found=f"{link.name}: rp_filter on, {src} is not reached by it",
        expected=f"a route to {src} by {link.name}",
    )
