"""Questions to a live network that a state can't answer, as data. Who sends them is none of this module's business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """One exchange of packets, from a namespace to an address."""

    protocol: str
    """`ping`, `tcp`, `http` or `dns`."""
    src: str
    """Namespace that sends, by the name lessons use (`root`, `ns1`)."""
    dst: str
    """Address (or name, for `dns`) that is asked."""
    port: int = 0
    """For `tcp` and `http`."""
    machine: str = ""
    """Machine that `src` is on; empty for the learner's."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How a probe ended."""

    answered: bool
    """Whether an answer came."""
    reason: str = ""
    """When none came: what the sender was told (`Network is unreachable`, `timed out` ...)."""


Replies = Mapping[Probe, Reply]
"""What came back, by probe."""
