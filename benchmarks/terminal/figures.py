"""A line of the table: what was measured, the peer's figure beside it, the goal, and whether it is met.

Imported by the rows of the table; does not know how anything is measured.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure."""

    name: str
    """What was measured, with its unit."""
    ours: str
    """What it is here."""
    peer: str = ""
    """What it is with the peer; empty if there is none."""
    ratio: float | None = None
    """Ours over the peer's."""
    goal: str = ""
    """What it should be; empty for a figure that is only told."""
    met: bool | None = None
    """Whether it is; None without a goal."""
    note: str = ""
    """What a reader should know besides."""


def at_most(name: str, ours: float, peer: float, factor: float, *, told: str = "tmux") -> Figure:
    """Ours should be at most `factor` times the peer's."""
    ratio = ours / peer
    return Figure(name, f"{ours:.2f}", f"{peer:.2f}", ratio, f"<= {factor:g} x {told}", ratio <= factor)


def at_least(name: str, ours: float, peer: float, factor: float, *, told: str = "tmux") -> Figure:
    """Ours should be at least `factor` times the peer's."""
    ratio = ours / peer
    return Figure(name, f"{ours:.1f}", f"{peer:.1f}", ratio, f">= {factor:g} x {told}", ratio >= factor)


def told(name: str, ours: float, peer: float) -> Figure:
    """A figure without a goal."""
    return Figure(name, f"{ours:.2f}", f"{peer:.2f}", ours / peer)


def median(taken: Sequence[float]) -> float:
    """The median."""
    return statistics.median(taken)


def p99(taken: Sequence[float]) -> float:
    """The 99th percentile, by the nearest rank."""
    ordered = sorted(taken)
    return ordered[max(0, math.ceil(len(ordered) * 0.99) - 1)]
