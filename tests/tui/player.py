"""Prints files to the terminal, byte for byte, each when it is asked to, and tells when the terminal has read them.

Run: python player.py FIFO        (FIFO is written a file's name, or `size`, and read for the answer)
"""

from __future__ import annotations

import os
import sys
import tty
from pathlib import Path


def main(fifo: Path) -> None:
    """Answer until nobody asks any more."""
    tty.setraw(0)
    while asked := fifo.read_text(encoding="utf-8").strip():
        if asked == "size":
            size = os.get_terminal_size()
            fifo.write_text(f"{size.columns} {size.lines}", encoding="utf-8")
            continue
        data = Path(asked).read_bytes() + b"\x1b[5n"  # it answers when it has read all that stands before (DSR)
        while data:
            data = data[os.write(1, data) :]
        read = b""
        while not read.endswith(b"\x1b[0n"):
            read = (read + os.read(0, 4096))[-64:]
        fifo.write_text("played", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
