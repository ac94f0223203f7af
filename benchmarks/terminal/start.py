"""The rows of the whole tutor: how soon its prompt can be used, and what it takes of the memory.

Run: python -m benchmarks.terminal start memory
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.terminal.figures import Figure, median
from benchmarks.terminal.learner import PROMPT, Learner
from benchmarks.terminal.outer import ROWS, opened
from benchmarks.terminal.peers import outer_environment, short_folder
from tests.lab.processes import below

_ROUNDS = 9
_FACTOR, _MORE_MS = 1.5, 150
_EMPTY = "from textual.app import App; App().run()"
_PAINTED = f"\x1b[{ROWS};1H".encode()
"""What Textual's first picture has in its last row."""
_KEY = "Ξ".encode()
_OCTAL_KEY = "\\316\\236"
_OUTPUT_BYTES = 10_000_000
_MOST_MB = 120


def start() -> Iterator[Figure]:
    """From the start of a new process to the lab's prompt, and a key echoed there; beside it an empty Textual app."""
    ours: list[float] = []
    prompts: list[float] = []
    empty: list[float] = []
    with short_folder() as home:
        learner = Learner(home)
        learner.do_the_first_step()
        for number in range(_ROUNDS + 1):
            theirs = _empty(home)
            prompt, usable = _started(learner)
            if number:  # the first one compiles and fills caches
                empty.append(theirs)
                prompts.append(prompt)
                ours.append(usable)
    mine, theirs = median(ours), median(empty)
    goal = _FACTOR * theirs + _MORE_MS
    yield Figure(
        "tutor start to a usable prompt, ms",
        f"{mine:.0f}", f"{theirs:.0f}", mine / theirs, f"<= {goal:.0f} = {_FACTOR} x + {_MORE_MS}", mine <= goal,
        f"peer: an empty Textual app's first picture; the prompt was drawn after {median(prompts):.0f}",
    )  # fmt: skip


def _empty(home: Path) -> float:
    began = time.perf_counter()
    with opened([sys.executable, "-c", _EMPTY], outer_environment(home)) as outer:
        outer.until_drawn(_PAINTED)
        return (time.perf_counter() - began) * 1000


def _started(learner: Learner) -> tuple[float, float]:
    began = time.perf_counter()
    with learner.sitting() as (outer, _):
        outer.until_drawn(PROMPT)
        prompt = (time.perf_counter() - began) * 1000
        outer.press(_KEY)
        outer.until_drawn(_KEY)
        usable = (time.perf_counter() - began) * 1000
        outer.settle()
        return prompt, usable


def memory() -> Iterator[Figure]:
    """The proportional set size of `tutor start` and all that is below it, the lab too, after 10 MB of output."""
    with short_folder() as home:
        learner = Learner(home)
        learner.do_the_first_step()
        with learner.sitting() as (outer, _):
            outer.until_drawn(PROMPT)
            outer.settle(0.5)
            outer.press(
                f"clear; yes 'as it stands in a log' | head -c {_OUTPUT_BYTES}; printf '{_OCTAL_KEY}\\n'\r".encode()
            )
            outer.until_drawn(_KEY)
            outer.settle(0.5)
            outer.read_for(3.0)
            parts = sizes(outer.process.pid)
    whole = sum(parts.values())
    largest = sorted(parts.items(), key=lambda each: -each[1])
    yield Figure(
        "memory of the whole after 10 MB of output, MB",
        f"{whole:.0f}", goal=f"<= {_MOST_MB} MB", met=whole <= _MOST_MB,
        note=", ".join(f"{name} {size:.0f}" for name, size in largest if size >= 1),
    )  # fmt: skip


def sizes(pid: int) -> dict[str, float]:
    """MB of proportional set size of a process and those below it, by what they are (proc_pid_smaps(5))."""
    found: dict[str, float] = {}
    for each in (pid, *below(pid)):
        name = _name(each)
        found[name] = found.get(name, 0.0) + pss(each)
    return found


def pss(pid: int) -> float:
    """MB of proportional set size of one process; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("Pss:")), 0.0)


def _name(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return "gone"
    return (" ".join(word.decode(errors="replace").rpartition("/")[2] for word in words[:4]).strip() or "?")[:40]
