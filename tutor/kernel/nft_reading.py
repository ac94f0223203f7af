"""An nftables rule halfway through being read: what its registers hold, and what it has said so far.

Does not know the expressions.

Source: linux/netfilter/nf_tables.h.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tutor.check import FirewallRule, Match
from tutor.kernel.nft_loads import Load
from tutor.kernel.nft_matches import LinkNames
from tutor.kernel.nft_sets import Contents
from tutor.kernel.packet_words import Kind

IPV4, IPV6 = 2, 10
"""NFPROTO_IPV4 and _IPV6."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule refers to beyond itself."""

    family: int
    """NFPROTO_* of its table: 2 ip, 10 ip6, 1 inet ..."""
    links: LinkNames = field(default_factory=dict)
    """Names of links by ifindex."""
    sets: Mapping[str, Contents] = field(default_factory=dict)
    """Sets of its table by name."""


@dataclass(slots=True)
class Reading:
    """The state of a rule halfway through."""

    context: Context
    """What it refers to."""
    transport: int | None
    """Protocol above IP, as far as the rule has said."""
    network: int | None = None
    """2 for IPv4, 10 for IPv6, as far as table and rule have said."""
    registers: dict[int, Load | bytes] = field(default_factory=dict)
    """What was loaded, by number of the 32-bit register that it starts in."""
    matches: list[Match] = field(default_factory=list)
    """Comparisons so far."""
    not_understood: list[str] = field(default_factory=list)
    """What there were no words for."""
    strange: bool = False
    """Whether something was not understood that may do more than match."""
    rule: FirewallRule = field(default_factory=lambda: FirewallRule(""))
    """Action, target and counter so far."""
    half_range: tuple[Load, int, int] | None = None
    """The last match, where it was one bound of a range: the next expression may be the other."""

    def __post_init__(self) -> None:
        if self.context.family in (IPV4, IPV6):
            self.network = self.context.family

    def give_up(self, what: str, *, strange: bool = False) -> None:
        """Note what there are no words for; where it may have written registers, they hold nothing known any more."""
        self.not_understood.append(what)
        if strange:
            self.registers.clear()
        self.strange = self.strange or strange

    def add(self, match: Match | None, otherwise: str) -> None:
        """Note a match, or that it was not understood."""
        self.half_range = None
        if match is None:
            self.give_up(otherwise)
            return
        self.matches.append(match)

    def learn(self, load: Load, data: bytes) -> None:
        """Remember which protocol the rest of the rule speaks of: a packet without it does not come further."""
        if load.field is None or load.mask is not None:
            return
        number = int.from_bytes(data, "big")
        if load.field.kind is Kind.PROTOCOL:
            self.transport = number
        elif load.field.kind is Kind.NF_FAMILY:
            self.network = number
        elif load.field.kind is Kind.ETHER_TYPE:
            self.network = {0x0800: IPV4, 0x86DD: IPV6}.get(number)

    def set_action(self, action: str, target: str = "") -> None:
        """Note what the rule does."""
        self.rule = replace(self.rule, action=action, target=target)

    def loaded(self, attribute: bytes) -> Load | None:
        """What the register named by an attribute holds, where that is a part of the packet."""
        held = self.registers.get(register_of(attribute))
        return held if isinstance(held, Load) else None

    def constant(self, attribute: bytes | None) -> bytes | None:
        """What the register named by an attribute holds, where that is a constant."""
        held = self.registers.get(register_of(attribute)) if attribute is not None else None
        return held if isinstance(held, bytes) else None


def register_of(attribute: bytes) -> int:
    """Number of the 32-bit register: 1 to 4 are the older names of groups of four (NFT_REG_1 is NFT_REG32_00, 8)."""
    number = u32(attribute)
    return 4 + 4 * number if 1 <= number <= 4 else number


def u32(attribute: bytes) -> int:
    """A number of nf_tables: big-endian."""
    return int(struct.unpack(">I", attribute)[0])
