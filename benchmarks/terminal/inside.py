"""What runs inside the terminal that is measured. Needs nothing but Python, and does not know who draws it.

Run: python benchmarks/terminal/inside.py flood           (a flood that says which key was the last; Q ends it)
     python benchmarks/terminal/inside.py parse FIFO      (for each FILE read from FIFO: pours it out, and says how long
                                                          it took until the terminal had read all of it)
"""

from __future__ import annotations

import os
import sys
import termios
import time
import tty
from pathlib import Path

FLOOD = "0123456789" * 4
ANSWERS = "αβγδεζηθικλμνξοπρστυφχψω"
"""What the lines of the flood begin with, twice, after the keys a to x."""
_BLOCK, _CHUNK = 4096, 131072  # as yes and cat do it, nearly


def flood() -> None:
    """Print lines at full speed; they begin with the last key's answer."""
    before = termios.tcgetattr(0)
    tty.setraw(0)
    # Keys are not to be waited for, but the output is: a terminal's two directions are one open file.
    out = os.open(os.ttyname(0), os.O_WRONLY)
    os.set_blocking(0, False)
    lines = [f"{answer * 2} {FLOOD}\r\n".encode() for answer in ANSWERS]
    blocks = [line * (_BLOCK // len(line)) for line in lines]
    block = blocks[0]
    try:
        while (key := _key()) != b"Q":
            if key:
                block = blocks[key[0] - ord("a")]
            _write(out, block)
    finally:
        os.set_blocking(0, True)
        os.write(out, b"\x1b[2J\x1b[H")
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def _key() -> bytes:
    try:
        return os.read(0, 1)
    except BlockingIOError:
        return b""


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def parse(fifo: Path) -> None:
    """Pour files out, each followed by a question, and tell when the answer has come."""
    tty.setraw(0)
    while True:
        with fifo.open() as asked:
            name = asked.read().strip()
        if not name:
            return
        data = Path(name).read_bytes()
        began = time.perf_counter()
        for at in range(0, len(data), _CHUNK):
            _write(1, data[at : at + _CHUNK])
        os.write(1, b"\x1b[c")
        while not os.read(0, 4096).endswith(b"c"):
            pass
        took = time.perf_counter() - began
        with fifo.open("w") as told:
            told.write(str(took))


if __name__ == "__main__":
    if sys.argv[1] == "flood":
        flood()
    else:
        parse(Path(sys.argv[2]))
