"""What a lab's agent holds while the lab lives. Does not know what is done with it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tutor.lab.build import World
from tutor.lab.services import Services
from tutor.lab.terminals import Terminal
from tutor.lab.wiring import TapOpener


@dataclass(frozen=True, slots=True)
class Job:
    """A program that a client has started."""

    id: int
    """Number within the lab."""
    client: int
    """Who started it and is told of its end."""


@dataclass(slots=True)
class Held:
    """The lab, as its agent has it."""

    open_tap: TapOpener
    """Opens TAP links."""
    grace: float = 0.0
    """Seconds that the lab lives on without an owner."""
    world: World | None = None
    """Set once built."""
    services: Services | None = None
    """What answers in it."""
    terminals: dict[int, Terminal] = field(default_factory=dict)
    """By id."""
    note: str = ""
    """What the owner wrote down about the lab (which place of which lesson it is at)."""
    started: float = field(default_factory=time.time)
    """Seconds since the epoch."""
    deadline: float | None = None
    """When the grace time ends (time.monotonic); None while an owner is there."""
