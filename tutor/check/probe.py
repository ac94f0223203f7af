"""Questions to a live network that a state can't answer, as data. Who sends them is none of this module's business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Probe:
    """One exchange of packets, from a namespace to an address."""

    protocol: str
    """`ping`, `tcp`, `http`, `dns`, or `datagram`: a UDP datagram from a socket in `src` to one in the namespace that
    has `dst`."""
    src: str
    """Namespace that sends, by the name lessons use (`root`, `ns1`)."""
    dst: str
    """Address (or name, for `dns`) that is asked."""
    port: int = 0
    """For `tcp` and `http`."""
    machine: str = ""
    """Machine that `src` is on; empty for the learner's."""

    @classmethod
    def from_place(cls, protocol: str, place: str, dst: str, port: int = 0) -> Self:
        """A probe from a place as lessons name it: `ns1`, or `node1:root` on another machine."""
        machine, _, name = place.rpartition(":")
        return cls(protocol, name, dst, port, machine)


@dataclass(frozen=True, slots=True)
class Reply:
    """How a probe ended."""

    answered: bool
    """Whether an answer came."""
    reason: str = ""
    """When none came: what the sender was told (`Network is unreachable`, `timed out` ...)."""
    seen_as: str = ""
    """For a `datagram`: the source address that the receiver saw; empty where that is not known."""


Replies = Mapping[Probe, Reply]
"""What came back, by probe."""
