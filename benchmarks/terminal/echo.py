"""The rows of keys: from a key to its echo, idle and under a flood; and from Ctrl-C in a flood to the prompt.

Run: python -m benchmarks.terminal echo whole flood interrupt
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.terminal.figures import Figure, at_most, median, p99, told
from benchmarks.terminal.inside import ANSWERS, FLOOD
from benchmarks.terminal.learner import PROMPT as LAB_PROMPT
from benchmarks.terminal.learner import Learner
from benchmarks.terminal.outer import Outer
from benchmarks.terminal.peers import PROMPT, ROOT, Peer, Who, running, short_folder

_KEYS = "uvwxyz"
_IDLE_BLOCKS, _IDLE_KEYS = 8, 40
_FLOOD_BLOCKS, _FLOOD_KEYS = 5, 50
_PAUSE_SECONDS = 0.1
_INTERRUPTS = 20
_KILL_LINE = b"\x15"


def echo() -> Iterator[Figure]:
    """From a key to its echo by bash at the prompt."""
    taken: dict[Who, list[float]] = {who: [] for who in Who}
    with ExitStack() as stack:
        peers = [stack.enter_context(running(who)) for who in Who]
        for block in range(_IDLE_BLOCKS + 1):
            for peer in peers:
                times = _echoed(peer.outer, _IDLE_KEYS)
                if block:  # the first one warms everything up
                    taken[peer.who] += times
    tmux = taken[Who.TMUX]
    yield at_most("key to echo, idle, p50, ms", median(taken[Who.DIRECT]), median(tmux), 5)
    yield told("key to echo, idle, p99, ms", p99(taken[Who.DIRECT]), p99(tmux))
    yield at_most("  by Textual's public interface, p50, ms", median(taken[Who.PUBLIC]), median(tmux), 5)


def whole() -> Iterator[Figure]:
    """The same in the real `tutor start`, with the lesson beside the shell: told, without a goal of its own."""
    ours: list[float] = []
    tmux: list[float] = []
    with short_folder() as home, running(Who.TMUX) as peer, Learner(home).sitting() as (outer, _):
        outer.until_drawn(LAB_PROMPT)
        outer.settle(1.0)
        for block in range(4):
            mine, theirs = _echoed(outer, _IDLE_KEYS, ANSWERS), _echoed(peer.outer, _IDLE_KEYS, ANSWERS)
            if block:
                ours += mine
                tmux += theirs
    yield told("key to echo in the real tutor start, p50, ms", median(ours), median(tmux))


def _echoed(outer: Outer, count: int, keys: str = _KEYS) -> list[float]:
    """Milliseconds from a key to its echo."""
    taken: list[float] = []
    for number in range(count):
        key = keys[number % len(keys)].encode()
        outer.read_for(0.02 + number % 7 * 0.005)  # a typist's pauses, and never in step with a timer
        outer.press(key)
        taken.append(outer.until_drawn(key) * 1000)
    outer.press(_KILL_LINE)
    outer.settle()
    return taken


def flood() -> Iterator[Figure]:
    """From a key to its answer, which a program prints that prints at full speed all the time.

    Before it is measured the outer terminal does not read for a moment, as any terminal does that draws what it reads.
    tmux can't get rid of all then, and draws ten times a second from then on, for as long as the flood lasts (tty.c,
    TTY_BLOCK_INTERVAL). In front of a terminal that is infinitely fast and never pauses it hands all through: that is
    told too.
    """
    taken: dict[tuple[Who, bool], list[float]] = {(who, pause): [] for who in Who for pause in (True, False)}
    with ExitStack() as stack:
        peers = [stack.enter_context(running(who)) for who in Who]
        for block in range(_FLOOD_BLOCKS):
            for peer in peers:
                taken[peer.who, True] += _answered(peer.outer, _FLOOD_KEYS, block, pause=True)
        for block in range(2):
            for peer in peers:
                taken[peer.who, False] += _answered(peer.outer, _FLOOD_KEYS // 2, block, pause=False)
    ours, tmux = taken[Who.DIRECT, True], taken[Who.TMUX, True]
    yield at_most("key to echo in a flood, p50, ms", median(ours), median(tmux), 0.15)
    yield at_most("key to echo in a flood, p99, ms", p99(ours), p99(tmux), 0.6)
    public = taken[Who.PUBLIC, True]
    yield told("  by Textual's public interface, p50, ms", median(public), median(tmux))
    yield told("  by Textual's public interface, p99, ms", p99(public), p99(tmux))
    ours, tmux = taken[Who.DIRECT, False], taken[Who.TMUX, False]
    yield told("  before a terminal that never pauses, p50, ms", median(ours), median(tmux))


def _answered(outer: Outer, count: int, block: int, *, pause: bool) -> list[float]:
    outer.press(f"{sys.executable} {ROOT}/benchmarks/terminal/inside.py flood\r".encode())
    outer.until_drawn(ANSWERS[0].encode())
    outer.read_for(0.2)
    if pause:
        time.sleep(_PAUSE_SECONDS)
    outer.read_for(0.3)
    taken: list[float] = []
    for number in range(count):
        which = (block * count + number + 1) % len(ANSWERS)
        outer.read_for(0.03 + number % 7 * 0.007)
        outer.press(bytes([ord("a") + which]))
        taken.append(outer.until_drawn(ANSWERS[which].encode()) * 1000)
    outer.press(b"Q")
    outer.until_drawn(PROMPT)
    outer.settle()
    return taken


def interrupt() -> Iterator[Figure]:
    """From Ctrl-C in `yes` until bash's prompt is drawn."""
    taken: dict[Who, list[float]] = {Who.DIRECT: [], Who.TMUX: []}
    with ExitStack() as stack:
        peers = [stack.enter_context(running(who)) for who in taken]
        for _ in range(_INTERRUPTS):
            for peer in peers:
                taken[peer.who].append(_interrupted(peer))
    ours, tmux = taken[Who.DIRECT], taken[Who.TMUX]
    for name, goal, mine, theirs in (
        ("median", 15, median(ours), median(tmux)),
        ("most", 50, max(ours), max(tmux)),
    ):
        yield Figure(
            f"Ctrl-C in `yes` to the prompt, {name}, ms",
            f"{mine:.1f}", f"{theirs:.1f}", mine / theirs, f"<= {goal} ms", mine <= goal,
        )  # fmt: skip


def _interrupted(peer: Peer) -> float:
    outer = peer.outer
    outer.press(f"yes {FLOOD}\r".encode())
    outer.until_drawn(FLOOD.encode())
    outer.read_for(0.3)
    outer.press(b"\x03")
    taken = outer.until_drawn(PROMPT) * 1000
    outer.settle()
    time.sleep(0.02)
    return taken
