"""The row of fuzzing: random escapes and resizes through the whole tutor; lab and shell have to survive them.

Run: python -m benchmarks.terminal fuzz                                     (8 streams of 50 MB: some minutes)
     python -m benchmarks.terminal fuzz --streams 2 --megabytes 5
     python -m benchmarks.terminal.fuzz SEED BYTES                          (prints one such stream)

The seeds are fixed. A stream is made outside, goes into the lab through a FIFO, and is printed there by `cat`, in the
learner's own shell. When the screen's process ends of it, `tutor start` is run again, as a learner would do it.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.terminal.figures import Figure
from benchmarks.terminal.learner import PROMPT, START, Learner
from benchmarks.terminal.outer import COLUMNS, ROWS, Outer, opened
from benchmarks.terminal.peers import short_folder
from benchmarks.terminal.start import sizes
from tests.shell.screen_fuzz import sequence

_KEEPSAKE = "ΞΘΞ"
"""A value of a variable of the learner's shell: where it is printed, it is still the same shell."""
_OCTAL = "".join(f"\\{byte:03o}" for byte in _KEEPSAKE.encode())
_FIFO = "/tmp/fuzz"
_SECONDS = 180.0
_RESIZE_SECONDS = 0.2
_FLAT = 1.25
# The terminal's answers are swallowed: as input to bash they would be typed. Then everything is as it was.
_PRINT = f"stty raw -echo; cat {_FIFO}; while read -r -t 0.3 -N 1 _; do :; done; stty sane; printf '\\ec\\e[?1049l\\ec'"


def fuzz(streams: int = 8, megabytes: float = 50) -> Iterator[Figure]:
    """Print streams, and see what has survived."""
    survived = deaths = again = 0
    memory: list[float] = []
    began = time.monotonic()
    with short_folder() as home, Learner(home).sitting() as (first, variables), ExitStack() as stack:
        outer = first
        outer.until_drawn(PROMPT)
        outer.settle(0.5)
        outer.press(f"keep=$'{_OCTAL}'; mkfifo {_FIFO}\r".encode())
        outer.settle(0.5)
        for seed in range(streams):
            below_it = _children(outer)
            outer.press(f" {_PRINT}\r".encode())
            _pour(outer, seed, int(megabytes * 1e6), variables)
            deaths += len(below_it - _children(outer))
            if outer.process.poll() is not None:
                again += 1
                outer = stack.enter_context(opened(START, variables))
                outer.until_drawn(PROMPT, _SECONDS)
            survived += _is_there(outer)
            memory.append(sum(sizes(outer.process.pid).values()))
    yield Figure(
        f"fuzz: {streams} x {megabytes:g} MB, lab and shell alive after", f"{survived}", goal=f"{streams}",
        met=survived == streams,
        note=f"{time.monotonic() - began:.0f} s; processes of the tutor that ended: {deaths}; started again: {again}",
    )  # fmt: skip
    yield Figure(
        "fuzz: memory of the whole, first / last stream, MB", f"{memory[-1]:.0f}", f"{memory[0]:.0f}",
        memory[-1] / memory[0], f"<= {_FLAT} x the first", memory[-1] <= _FLAT * memory[0],
    )  # fmt: skip


def _pour(outer: Outer, seed: int, size: int, variables: dict[str, str]) -> None:
    """Let a stream be printed in the lab, and change the outer terminal's size meanwhile."""
    dice = random.Random(seed)
    with _stream(seed, size, variables) as writer:
        end = time.monotonic() + _SECONDS
        while writer.poll() is None:
            if time.monotonic() > end:
                raise TimeoutError(f"stream {seed} was not printed within {_SECONDS:.0f} s")
            if outer.process.poll() is None:
                outer.resize(dice.randint(40, 200), dice.randint(10, 60))
            outer.read_for(_RESIZE_SECONDS)
            time.sleep(0.001)
    if writer.returncode:
        raise RuntimeError(f"stream {seed} could not be brought into the lab: status {writer.returncode}")
    if outer.process.poll() is None:
        outer.resize(COLUMNS, ROWS)
        outer.read_for(1.0)


def _children(outer: Outer) -> set[int]:
    """The processes right below `tutor start`: the one of the screen is among them."""
    pid = outer.process.pid
    try:
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except OSError:
        return set()


@contextmanager
def _stream(seed: int, size: int, variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that writes a stream into the lab's FIFO, and ends when it has been read."""
    make = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.terminal.fuzz", str(seed), str(size)], stdout=subprocess.PIPE, env=variables
    )
    attach = [sys.executable, "-m", "tutor.cli", "shell", "--attach", "--", "sh", "-c", f"cat > {_FIFO}"]
    write = subprocess.Popen(
        attach, stdin=make.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=variables
    )
    if make.stdout is not None:
        make.stdout.close()
    try:
        yield write
    finally:
        for process in (write, make):
            process.terminate()
            process.wait(10)


def _is_there(outer: Outer) -> bool:
    """Whether the learner's shell answers, with what it had kept."""
    for _ in range(8):
        outer.press(b"\x15 printf '\\ec'; echo $keep\r")
        try:
            outer.until_drawn(_KEEPSAKE.encode(), 5)
        except TimeoutError:
            continue
        return True
    return False


def _print_stream(seed: int, size: int) -> None:
    dice = random.Random(seed)
    printed = 0
    while printed < size:
        data = b"".join(sequence(dice) for _ in range(200))
        printed += sys.stdout.buffer.write(data)


if __name__ == "__main__":
    _print_stream(int(sys.argv[1]), int(sys.argv[2]))
