"""Which processes live below one, and which of them still do. Looks at nothing else of the machine."""

from __future__ import annotations

from pathlib import Path

from tests.waiting import until


def children(pid: int) -> list[int]:
    """The processes that one has forked."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def below(pid: int) -> dict[int, str]:
    """All processes below one, by pid, with the time at which each was started: a pid alone may be given again."""
    found: dict[int, str] = {}
    for child in children(pid):
        started = started_at(child)
        if started:
            found[child] = started
        found |= below(child)
    return found


def started_at(pid: int) -> str:
    """When a process was started, in clock ticks since boot; empty if it is gone, or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def name_of(pid: int) -> str:
    """What a process calls itself; empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def agent_below(nursery: int) -> int:
    """The agent of the only lab that a nursery has: one that was left before may still be ending."""
    found: list[int] = []

    def only_one() -> bool:
        found[:] = [pid for pid in below(nursery) if name_of(pid) == "lab"]
        return len(found) == 1

    until(only_one)
    return found[0]


def alive(processes: dict[int, str]) -> set[int]:
    """Those of some processes that still live."""
    return {pid for pid, started in processes.items() if started_at(pid) == started}
