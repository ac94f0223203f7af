"""Source translation: which address stands on what leaves.

Source: nft(8), iptables-extensions(8) on MASQUERADE and SNAT.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from tutor.check import (
    ROOT,
    Answer,
    Cause,
    Chain,
    Diagnosis,
    Fault,
    FirewallRule,
    Link,
    Match,
    Netns,
    NetworkState,
    Shown,
    Verdict,
    check,
    fact,
    failed_with,
    question,
)

from ._firewall import Fate, Packet, holds, in_words, rules_at, translated
from ._natting import Translation
from ._routing import owns
from ._wire import End, wire_from
from .address import interfaces_of
from .link import called, locate
from .netns import find

MISSING = Diagnosis("nat.missing", Cause.NAT, "no rule translates the source of what leaves")
WRONG_LINK = Diagnosis("nat.wrong-link", Cause.NAT, "the rule is for packets that leave by another link")
WRONG_SOURCE = Diagnosis("nat.wrong-source", Cause.NAT, "the rule is for other sources")
WRONG_DESTINATION = Diagnosis("nat.wrong-destination", Cause.NAT, "the rule is for other destinations")
ONE_PROTOCOL = Diagnosis("nat.one-protocol", Cause.NAT, "the rule is not for all protocols")
WRONG_NETNS = Diagnosis("nat.wrong-netns", Cause.NAT, "the rule is in a namespace that the packets do not leave from")
FOREIGN_ADDRESS = Diagnosis(
    "nat.foreign-address", Cause.NAT, "the source becomes an address that the link does not have"
)
TOO_WIDE = Diagnosis("nat.too-wide", Cause.NAT, "the rule translates what should keep its source, too")
SKIPPED = Diagnosis("nat.skipped", Cause.NAT, "an earlier rule of the chain ends it before the translation")

_OUTSIDE = (IPv4Address("8.8.8.8"), IPv4Address("1.1.1.1"))
_SENT = (("icmp", 0), ("tcp", 80), ("tcp", 443), ("udp", 53), ("udp", 123))
"""What may be sent, with the port that is asked: whatever it is, it is to be translated."""
_ON_SOURCE = ("masquerade", "snat")
_BY_FIELD = {
    "oifname": WRONG_LINK,
    "oif": WRONG_LINK,
    "iifname": WRONG_LINK,
    "iif": WRONG_LINK,
    "ip saddr": WRONG_SOURCE,
    "fib saddr type": WRONG_SOURCE,
    "ip daddr": WRONG_DESTINATION,
    "fib daddr type": WRONG_DESTINATION,
}
"""What is wrong with a rule one of whose conditions does not hold; with all other fields it is the protocol."""
_ORDER = (WRONG_LINK, WRONG_SOURCE, WRONG_DESTINATION, ONE_PROTOCOL)


@check
def translates(state: NetworkState, *, src: tuple[str, ...], out: str, netns: str = ROOT) -> Verdict:
    """What comes from `src` leaves by `out` with an address of `out`."""
    found = locate(state, out, netns)
    if isinstance(found, Verdict):
        return found
    where, link = found
    faults: list[Fault] = []
    for name in src:
        sender = find(state, name)
        if isinstance(sender, Verdict):
            return sender
        for packet in _packets(state, sender, where, link):
            fate = translated(where, "postrouting", packet)
            fault = untranslated(state, where, link, packet, fate)
            # What hangs on a rule that can't be read is left to a ping: it shows what no theory tells.
            if fault is not None and not fate.unsure:
                faults.append(fault)
    return failed_with(*faults[:1])


@check
def exempts(state: NetworkState, *, cidr: IPv4Network, out: str, src: IPv4Network, netns: str = ROOT) -> Verdict:
    """What `src` sends by `out` gets an address of `out`, but what goes to `cidr` keeps its own."""
    found = locate(state, out, netns)
    if isinstance(found, Verdict):
        return found
    where, link = found
    iif = next((each.name for each in where.links if any(i.ip in src for i in interfaces_of(where, each))), "")
    faults: list[Fault] = []
    sender = _spread(src)[0]
    for dst in (*(each for each in _OUTSIDE if each not in cidr), *_around(cidr)):
        for packet in _sent(sender, dst, iif, out):
            fate = translated(where, "postrouting", packet)
            fault = untranslated(state, where, link, packet, fate)
            if fault is not None and not fate.unsure:
                faults.append(fault)
    for dst in (each for each in _spread(cidr) if each not in src):
        for packet in _sent(sender, dst, iif, out):
            fate = translated(where, "postrouting", packet)
            if fate.action in _ON_SOURCE and not fate.unsure:
                exception, translation = _exception(where), Translation.of(End(where, link), packet)
                if exception is not None and holds(where, exception, packet) is exception.negated:
                    faults.append(_narrow(exception, packet, cidr))
                elif translation is not None:
                    faults.append(too_wide(state, translation))
    return failed_with(*faults[:1])


@fact
def seen(state: NetworkState, *, out: str, dst: IPv4Address, netns: str = ROOT) -> Shown:
    """The output shows packets to `dst` that carry the address of `out`."""
    found = locate(state, out, netns)
    own = interfaces_of(*found) if not isinstance(found, Verdict) else []
    if not own:
        return Shown((), f"{out} has no address")
    return Shown(((f"{own[0].ip} > {dst}",),), f"a packet {own[0].ip} > {dst}")


@fact
def listed(state: NetworkState, *, out: str, netns: str = ROOT) -> Shown:
    """The output lists the rule that translates what leaves by `out`."""
    where = state.find_netns(netns)
    for _, rule, _ in rules_at(where, "postrouting", "nat") if where is not None else ():
        if rule.action in _ON_SOURCE:
            word = rule.action.upper()
            address = rule.target.partition(":")[0]
            shown = ((word, address), (rule.action, address)) if address else ((word,), (rule.action,))
            return Shown(shown, f"the rule with {word}, for {out}")
    return Shown((), "there is no rule that translates a source")


@fact
def exemption_listed(state: NetworkState, *, cidr: IPv4Network, netns: str = ROOT) -> Shown:
    """The output lists the rule that translates a source, and that it leaves out what goes to `cidr`."""
    where = state.find_netns(netns)
    exception = _exception(where) if where is not None else None
    if exception is None or exception.values != (str(cidr),):
        return Shown((), f"no rule leaves out {cidr}")
    if not exception.negated:
        return Shown((("MASQUERADE", str(cidr)), ("masquerade", str(cidr))), f"the rules for {cidr} and for the rest")
    forms = (("MASQUERADE", f"!{cidr}"), ("MASQUERADE", f"! -d {cidr}"), ("masquerade", f"ip daddr != {cidr}"))
    return Shown(forms, f"the rule with MASQUERADE, for all destinations but {cidr}")


@question
def exempted(state: NetworkState, *, netns: str = ROOT) -> Answer:
    """To which destinations do packets keep their source?"""
    where = state.find_netns(netns)
    exception = _exception(where) if where is not None else None
    return Answer((", ".join(exception.values),)) if exception is not None else Answer(())


@question
def source_outside(state: NetworkState, *, src: str, dst: IPv4Address, out: str, netns: str = ROOT) -> Answer:
    """Which source address do packets of `src` to `dst` carry once they have left by `out`?"""
    sender, found = state.find_netns(src), locate(state, out, netns)
    if sender is None or isinstance(found, Verdict):
        return Answer(())
    where, link = found
    for packet in _packets(state, sender, where, link):
        fate = translated(where, "postrouting", replace(packet, dst=dst))
        own = interfaces_of(where, link)
        if fate.action == "masquerade" and own:
            return Answer(
                (str(own[0].ip),), f"It is the address of {out}, which the rule puts in place of {packet.src}."
            )
        if fate.action == "snat" and fate.rule is not None:
            address = fate.rule.target.partition(":")[0]
            return Answer((address,), f"It is the address that the rule puts in place of {packet.src}.")
    return Answer(())


def untranslated(state: NetworkState, netns: Netns, out: Link, packet: Packet, fate: Fate) -> Fault | None:
    """The fault of a packet that leaves by `out` with a source that `out` does not have; None if it has it.

    Args:
        state: the network.
        netns: the namespace that it leaves.
        out: the link that it leaves by.
        packet: the packet as it comes to the `postrouting` hook.
        fate: how it is translated there.
    """
    own = {interface.ip for interface in interfaces_of(netns, out)}
    if fate.action == "masquerade" or (fate.action not in _ON_SOURCE and packet.src in own):
        return None
    if fate.action == "snat" and fate.rule is not None:
        addresses = _addresses(fate.rule.target)
        if addresses and addresses <= own:
            return None
        return Fault(
            FOREIGN_ADDRESS,
            f"The source becomes {fate.rule.target}, and {out.name} does not have that address: it has "
            f"{_listed(own)}. Whoever answers would answer somebody else.",
            found=f"source: {fate.rule.target}",
            expected=f"source: {_listed(own)}",
        )
    return _near_miss(state, netns, out, packet) or _elsewhere(state, netns, out) or _nothing(state, netns, out, packet)


def too_wide(state: NetworkState, translation: Translation) -> Fault:
    """The fault of a rule that changes a source which should stay what it is."""
    netns, packet, fate = translation.out.netns, translation.packet, translation.fate
    matches = fate.rule.matches if fate.rule is not None else ()
    scope = f"is for {' and '.join(map(in_words, matches))}" if matches else "is for everything that leaves"
    return Fault(
        TOO_WIDE,
        f"The rule with {fate.action} in the chain {fate.chain.name if fate.chain is not None else '?'} of "
        f"{called(netns)} {scope}, and so for what goes from {_sender(state, packet.src)} to {packet.dst}: it arrives "
        f"as {translation.src}. Pods are to see one another's own addresses.",
        found=f"{called(netns)}: {packet.src} becomes {translation.src}",
        expected=f"{called(netns)}: {packet.src} stays {packet.src}",
    )


def _exception(netns: Netns) -> Match | None:
    """The condition by which some destinations are left out of what is translated, or None."""
    for _, rule, matches in rules_at(netns, "postrouting", "nat"):
        for match in matches:
            excepts = rule.action in _ON_SOURCE if match.negated else rule.action in ("return", "accept")
            if match.field == "ip daddr" and excepts:
                return match
    return None


def _narrow(exception: Match, packet: Packet, cidr: IPv4Network) -> Fault:
    """The fault of an exception that leaves out too little."""
    values = ", ".join(exception.values)
    return Fault(
        WRONG_DESTINATION,
        f"Packets to {values} keep their source, but those to the rest of {cidr} do not: {packet.dst} would see "
        f"another address than {packet.src}.",
        found=f"not translated: {values}",
        expected=f"not translated: {cidr}",
    )


def _sent(src: IPv4Address, dst: IPv4Address, iif: str, oif: str) -> list[Packet]:
    return [Packet(src, dst, protocol, iif, oif, port=port) for protocol, port in _SENT]


def _spread(network: IPv4Network) -> list[IPv4Address]:
    """Addresses from all over a network."""
    size = network.num_addresses
    return [network[min(number * max(size // 16, 1) + 2, size - 1)] for number in range(16)] + [
        network[max(size - 2, 0)]
    ]


def _around(network: IPv4Network) -> list[IPv4Address]:
    """The addresses just before a network and just behind it."""
    numbers = int(network[0]) - 1, int(network[-1]) + 1
    return [IPv4Address(number) for number in numbers if 0 <= number < 1 << 32]


def _packets(state: NetworkState, sender: Netns, router: Netns, out: Link) -> list[Packet]:
    """Packets of each kind from each address of `sender` to the outside, as they are about to leave `router`."""
    packets = []
    for link in sender.links:
        if link.kind == "loopback":
            continue
        at = wire_from(state, End(sender, link), broken_too=True).find(router)
        iif = at.link.name if at is not None else ""
        for interface in interfaces_of(sender, link):
            packets += [packet for dst in _OUTSIDE for packet in _sent(interface.ip, dst, iif, out.name)]
    return packets


def _near_miss(state: NetworkState, netns: Netns, out: Link, packet: Packet) -> Fault | None:
    """What is wrong with the rule that comes nearest to translating a packet; None where there is no such rule."""
    nearest: tuple[tuple[int, int], Diagnosis, Match | None, Chain, FirewallRule] | None = None
    for chain, rule, matches in rules_at(netns, "postrouting", "nat"):
        if rule.action not in _ON_SOURCE:
            continue
        failing = [match for match in matches if holds(netns, match, packet) is False]
        kinds = [(_BY_FIELD.get(match.field, ONE_PROTOCOL), match) for match in failing]
        diagnosis, match = min(kinds, key=lambda kind: _ORDER.index(kind[0]), default=(SKIPPED, None))
        # Of two rules that miss by as much, the one for the right link is nearer than one for another.
        distance = len(failing), -_ORDER.index(diagnosis) if diagnosis in _ORDER else 0
        if nearest is None or distance < nearest[0]:
            nearest = distance, diagnosis, match, chain, rule
    if nearest is None:
        return None
    _, diagnosis, match, chain, rule = nearest
    sender = _sender(state, packet.src)
    expected = f"{rule.action}: {packet.protocol} from {packet.src} by {out.name}"
    if match is None:
        return Fault(
            SKIPPED,
            f"There is a rule with {rule.action} in the chain {chain.name}, but an earlier one has the verdict accept "
            f"or return for packets from {sender}, and a chain ends at the first verdict.",
            found=f"{chain.name}: {rule.action}, never reached",
            expected=expected,
        )
    values = f"{'all but ' if match.negated else ''}{', '.join(match.values)}"
    return Fault(
        diagnosis,
        _why_not(diagnosis, match, values, packet, sender),
        found=f"{rule.action}: {match.field} {values}",
        expected=expected,
    )


def _why_not(diagnosis: Diagnosis, match: Match, values: str, packet: Packet, sender: str) -> str:
    """Why a rule with this condition leaves a packet alone."""
    if match.field in ("iifname", "iif"):
        return f"The rule is for packets that come in by {values}. Those from {sender} come in by {packet.iif}."
    if diagnosis is WRONG_LINK:
        return f"The rule is for packets that leave by {values}. What {sender} sends outside leaves by {packet.oif}."
    if diagnosis is WRONG_SOURCE:
        return f"The rule is for packets from {values}, and {sender} is none of them."
    if diagnosis is WRONG_DESTINATION:
        return f"The rule is for packets to {values}. The world outside, such as {packet.dst}, is none of them."
    of_port = f" to port {packet.port}" if packet.port and match.field.endswith("port") else ""
    only = f"{match.field} {values}" if of_port else values
    return (
        f"The rule is for {only} only, so {packet.protocol}{of_port} still leaves as {sender}. All protocols are to be "
        "translated: icmp, tcp and udp."
    )


def _elsewhere(state: NetworkState, netns: Netns, out: Link) -> Fault | None:
    """The fault of a rule that is there, but in another namespace."""
    for other in state.of(netns.machine):
        if other.inode == netns.inode:
            continue
        for _, rule, _ in rules_at(other, "postrouting", "nat"):
            if rule.action in _ON_SOURCE:
                return Fault(
                    WRONG_NETNS,
                    f"The rule with {rule.action} is in {called(other)}. Each namespace has a firewall of its own, and "
                    f"it is {called(netns)} that the packets leave by {out.name}.",
                    found=f"{other.label}: {rule.action}",
                    expected=f"{netns.label}: {rule.action}",
                )
    return None


def _nothing(state: NetworkState, netns: Netns, out: Link, packet: Packet) -> Fault:
    """The fault of a namespace in which nothing is translated."""
    loose = next((chain for chain in netns.chains if any(rule.action in _ON_SOURCE for rule in chain.rules)), None)
    unused = (
        f" The chain {loose.name} has such a rule, but nothing ever asks it: it hangs at no hook, or at another one."
        if loose is not None
        else ""
    )
    return Fault(
        MISSING,
        f"What {_sender(state, packet.src)} sends outside leaves by {out.name} with the source {packet.src}, and "
        f"nobody out there can answer that address.{unused}",
        found=f"source: {packet.src}",
        expected=f"source: {_listed({interface.ip for interface in interfaces_of(netns, out)})}",
    )


def _addresses(target: str) -> set[IPv4Address]:
    """The first and last address of a translation's target (`10.1.0.4`, `10.1.0.4-10.1.0.5`, `10.1.0.4:1024-2048`)."""
    try:
        return {IPv4Address(address) for address in target.partition(":")[0].split("-")}
    except ValueError:
        return set()


def _sender(state: NetworkState, address: IPv4Address) -> str:
    owner = next((each for each in state.namespaces if owns(each, address)), None)
    return f"{address} ({called(owner)})" if owner is not None else str(address)


def _listed(addresses: set[IPv4Address]) -> str:
    return ", ".join(map(str, sorted(addresses))) or "no address"
