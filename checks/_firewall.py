"""What a firewall does to a packet: its chains walked as the kernel walks them.

Each condition holds, does not hold, or can't be told from what was read; what hangs on the last is said to be unsure.
Source: nft(8), iptables(8), net/netfilter/nf_tables_core.c, nf_nat_core.c. Does not know whether the fate is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

from tutor.check import Chain, FirewallRule, Match, Netns

from ._routing import owns

_HOPS = 16
_TRANSLATIONS = ("masquerade", "snat", "dnat", "redirect")


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet, as a firewall compares it."""

    src: IPv4Address
    """Source address."""
    dst: IPv4Address
    """Destination address."""
    protocol: str = "icmp"
    """`icmp`, `tcp` or `udp`."""
    iif: str = ""
    """Name of the link that it came in by; empty for the namespace's own."""
    oif: str = ""
    """Name of the link that it leaves by; empty where it has arrived."""
    reply: bool = False
    """Whether it belongs to a connection that is tracked already."""
    port: int = 0
    """The port that was asked; the destination's, or in a reply the source's. 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a packet at one hook."""

    action: str = "accept"
    """`accept`, `drop`, `reject`, or a translation: `masquerade`, `snat`, `dnat`, `redirect`."""
    chain: Chain | None = None
    """The chain that decided; None where nobody did."""
    rule: FirewallRule | None = None
    """The rule that decided; None for a chain's policy."""
    unsure: tuple[str, ...] = ()
    """What could not be read of rules that were asked before."""


def filtered(netns: Netns, hook: str, packet: Packet) -> Fate:
    """Whether a packet passes `hook`: all base chains but those of kind `nat`, in the order of their priorities."""
    unsure: tuple[str, ...] = ()
    for chain in _at(netns, hook):
        if chain.kind != "nat":
            fate = _walk(netns, chain, packet)
            unsure += fate.unsure
            if fate.action != "accept":
                return replace(fate, unsure=unsure)
    return Fate(unsure=unsure)


def translated(netns: Netns, hook: str, packet: Packet) -> Fate:
    """How the first packet of a connection is translated at `hook`: by the first `nat` chain that does."""
    unsure: tuple[str, ...] = ()
    for chain in _at(netns, hook):
        if chain.kind == "nat":
            fate = _walk(netns, chain, packet)
            unsure += fate.unsure
            if fate.action != "accept":
                return replace(fate, unsure=unsure)
    return Fate(unsure=unsure)


def rules_at(netns: Netns, hook: str, kind: str) -> Iterator[tuple[Chain, FirewallRule, tuple[Match, ...]]]:
    """Every rule that can be reached from the base chains of this kind at `hook`.

    Each with its chain and with all that must match: its own conditions after those of the jumps that lead to it.
    """
    for chain in _at(netns, hook):
        if chain.kind == kind:
            yield from _below(netns, chain, (), _HOPS)


def holds(netns: Netns, match: Match, packet: Packet) -> bool | None:
    """Whether a condition holds for a packet; None where that can't be told."""
    found = _holds(netns, match, packet)
    return found if found is None or not match.negated else not found


def in_words(match: Match) -> str:
    """A condition as one would write it."""
    return f"{match.field} {'!= ' if match.negated else ''}{', '.join(match.values)}"


def _at(netns: Netns, hook: str) -> list[Chain]:
    chains = [chain for chain in netns.chains if chain.hook == hook and chain.family in ("ip", "inet")]
    return sorted(chains, key=lambda chain: chain.priority)


def _walk(netns: Netns, chain: Chain, packet: Packet) -> Fate:
    unsure: list[str] = []
    fate = _rules(netns, chain, packet, unsure, _HOPS)
    if fate is None:
        fate = Fate(chain.policy or "accept", chain)
    return replace(fate, unsure=tuple(unsure))


def _rules(netns: Netns, chain: Chain, packet: Packet, unsure: list[str], hops: int) -> Fate | None:
    """What the rules of a chain say; None where they leave it to whoever jumped here."""
    for rule in chain.rules:
        if rule.action == "continue":
            continue
        answers = [holds(netns, match, packet) for match in rule.matches]
        if False in answers:
            continue
        if None in answers or rule.not_understood or rule.action == "unknown":
            unknown = [in_words(match) for match, answer in zip(rule.matches, answers, strict=True) if answer is None]
            unsure.append(f"chain {chain.name}: {', '.join((*unknown, *rule.not_understood)) or rule.action}")
            continue
        if rule.action == "return":
            return None
        if rule.action in ("jump", "goto"):
            target = _target(netns, chain, rule)
            fate = _rules(netns, target, packet, unsure, hops - 1) if target is not None and hops else None
            if fate is not None or rule.action == "goto":
                return fate
            continue
        return Fate(rule.action, chain, rule)
    return None


def _below(
    netns: Netns, chain: Chain, so_far: tuple[Match, ...], hops: int
) -> Iterator[tuple[Chain, FirewallRule, tuple[Match, ...]]]:
    for rule in chain.rules:
        matches = (*so_far, *rule.matches)
        target = _target(netns, chain, rule) if rule.action in ("jump", "goto") and hops else None
        if target is not None:
            yield from _below(netns, target, matches, hops - 1)
        else:
            yield chain, rule, matches


def _target(netns: Netns, chain: Chain, rule: FirewallRule) -> Chain | None:
    same = (chain.family, chain.table, chain.origin)
    return next(
        (each for each in netns.chains if (each.family, each.table, each.origin) == same and each.name == rule.target),
        None,
    )


def _holds(netns: Netns, match: Match, packet: Packet) -> bool | None:  # one field, one line
    values = match.values
    match match.field:
        case "iifname" | "iif":
            return _is_named(packet.iif, values)
        case "oifname" | "oif":
            return _is_named(packet.oif, values)
        case "ip saddr":
            return _is_within(packet.src, values)
        case "ip daddr":
            return _is_within(packet.dst, values)
        case "ip protocol" | "meta l4proto":
            return packet.protocol in values
        case "ct state":
            return ("established" if packet.reply else "new") in values
        case "ct direction":
            return ("reply" if packet.reply else "original") in values
        case "icmp type":
            return packet.protocol == "icmp" and ("echo-reply" if packet.reply else "echo-request") in values
        case "meta nfproto":
            return "ipv4" in values
        case "meta protocol":
            return "ip" in values
        case "fib daddr type":
            return ("local" if owns(netns, packet.dst) else "unicast") in values
        case "fib saddr type":
            return ("local" if owns(netns, packet.src) else "unicast") in values
        case "limit rate":
            return True  # a single packet is within any limit
        case "meta mark" | "ct mark":
            return True if set(values) <= {"0x0"} else None
        case field:
            protocol, _, part = field.partition(" ")
            if protocol in ("ip6", "icmpv6", "tcp", "udp") and protocol != packet.protocol:
                return False
            # The other port is chosen by chance, and what else there is depends on the program.
            if part == ("sport" if packet.reply else "dport") and packet.port:
                return any(_is_between(packet.port, value) for value in values)
            return None


def _is_named(name: str, values: tuple[str, ...]) -> bool:
    return any(name.startswith(value[:-1]) if value.endswith("*") else name == value for value in values)


def _is_within(address: IPv4Address, values: tuple[str, ...]) -> bool | None:
    for value in values:
        first, dash, last = value.partition("-")
        try:
            inside = (
                IPv4Address(first) <= address <= IPv4Address(last)
                if dash
                else address in IPv4Network(value, strict=False)
            )
        except ValueError:
            return None
        if inside:
            return True
    return False


def _is_between(port: int, value: str) -> bool:
    first, _, last = value.partition("-")
    return int(first) <= port <= int(last or first)
