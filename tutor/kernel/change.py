"""What a namespace is read in (its parts), and how a change of one is told.

Does not know which message stands for which change.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Part(Enum):
    """What is read again on its own."""

    LINKS = auto()
    ADDRESSES = auto()
    ROUTES = auto()
    NEIGHBOURS = auto()
    RULES = auto()
    CONF = auto()
    CHAINS = auto()


@dataclass(frozen=True, slots=True)
class Change:
    """What was seen to change since the last look."""

    network: bool = False
    """Something that a check may care about."""
    traffic: bool = False
    """What packets cause by themselves, a probe's too: neighbours, tracked connections, counters of drops."""

    @property
    def only_traffic(self) -> bool:
        """Whether nothing but packets' own traces changed."""
        return self.traffic and not self.network

    def __bool__(self) -> bool:
        return self.network or self.traffic

    def __or__(self, other: Change) -> Change:
        return Change(self.network or other.network, self.traffic or other.traffic)
