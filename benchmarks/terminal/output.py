"""The rows of output: `cat` through the whole user interface, and the screen's parser alone.

Run: python -m benchmarks.terminal cat parse
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.terminal.corpus import colour, full_screen, plain, wide
from benchmarks.terminal.figures import Figure, at_least, median
from benchmarks.terminal.outer import COLUMNS, ROWS
from benchmarks.terminal.peers import ROOT, Peer, Who, outer_environment, running, short_folder
from tutor.shell.screen import Screen

_CAT_BYTES, _CAT_ROUNDS = 8_000_000, 7
_PARSE_BYTES, _PARSE_ROUNDS = 8_000_000, 5
_CHUNK = 65536
_FRAME_SECONDS = 1 / 60
_MARKS = ("ΔΛΔΛ", "ΦΞΦΞ")


def cat() -> Iterator[Figure]:
    """From Enter behind `cat FILE` until what is printed after it is drawn in the outer terminal."""
    taken: dict[Who, list[float]] = {Who.DIRECT: [], Who.PUBLIC: [], Who.TMUX: []}
    with ExitStack() as stack:
        folder = stack.enter_context(short_folder())
        file = folder / "log"
        file.write_bytes(plain(_CAT_BYTES))
        peers = [stack.enter_context(running(who)) for who in taken]
        for number in range(_CAT_ROUNDS + 1):
            for peer in peers:
                seconds = _poured(peer, file, _MARKS[number % 2])
                if number:
                    taken[peer.who].append(_CAT_BYTES / 1e6 / seconds)
    tmux = median(taken[Who.TMUX])
    yield at_least("cat of 8 MB through the whole, MB/s", median(taken[Who.DIRECT]), tmux, 1, told="attached tmux")
    public = median(taken[Who.PUBLIC])
    yield Figure("  by Textual's public interface, MB/s", f"{public:.1f}", f"{tmux:.1f}", public / tmux)


def _poured(peer: Peer, file: Path, mark: str) -> float:
    outer = peer.outer
    octal = "".join(f"\\{byte:03o}" for byte in mark.encode())
    outer.press(f"cat {file}; printf '{octal}\\n'".encode())
    outer.settle()
    outer.press(b"\r")
    seconds = outer.until_drawn(mark.encode())
    outer.settle()
    return seconds


def parse() -> Iterator[Figure]:
    """The screen fed with chunks, its rows fetched as the pane does it; a detached tmux fed by a program in it."""
    with ExitStack() as stack:
        folder = stack.enter_context(short_folder())
        ask = stack.enter_context(_detached_tmux(folder))
        screen = Screen(COLUMNS, ROWS, lambda _: None)
        for name, make in (("plain", plain), ("dense colour", colour), ("full screen", full_screen), ("unicode", wide)):
            data = make(_PARSE_BYTES)
            file = folder / "corpus"
            file.write_bytes(data)
            ours: list[float] = []
            tmux: list[float] = []
            for number in range(_PARSE_ROUNDS + 1):
                mine, theirs = _fed(screen, data), ask(file)
                if number:
                    ours.append(len(data) / 1e6 / mine)
                    tmux.append(len(data) / 1e6 / theirs)
            yield at_least(f"parsed, {name}, MB/s", median(ours), median(tmux), 2.5)


def _fed(screen: Screen, data: bytes) -> float:
    began = painted = time.perf_counter()
    for at in range(0, len(data), _CHUNK):
        screen.feed(data[at : at + _CHUNK])
        if (now := time.perf_counter()) - painted >= _FRAME_SECONDS:
            screen.changed_rows()
            painted = now
    screen.changed_rows()
    return time.perf_counter() - began


@contextmanager
def _detached_tmux(folder: Path) -> Iterator[Callable[[Path], float]]:
    """A detached tmux of the same size; what is yielded tells how many seconds it takes to read a file."""
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    variables = outer_environment(folder) | {"TMUX_TMPDIR": str(folder)}
    tmux = ["tmux", "-L", "b", "-f", "/dev/null"]
    program = f"env TERM=xterm-256color {sys.executable} {ROOT}/benchmarks/terminal/inside.py parse {fifo}"
    start = [*tmux, "new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), program]
    subprocess.run(start, env=variables, check=True)

    def ask(file: Path) -> float:
        fifo.write_text(str(file))
        return float(fifo.read_text())

    try:
        yield ask
    finally:
        subprocess.run([*tmux, "kill-server"], env=variables, capture_output=True, check=False)
