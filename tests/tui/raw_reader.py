"""Records every byte that a terminal sends, until the word `quit` comes.

Run: python raw_reader.py RECORD [TEXT printed first]
"""

from __future__ import annotations

import codecs
import os
import sys
import termios
import tty
from pathlib import Path


def main(record: str, first: str) -> None:
    """Read standard input."""
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        os.write(1, codecs.decode(first, "unicode_escape").encode() + b"reading\r\n")
        with Path(record).open("ab", buffering=0) as file:
            read = b""
            while not read.endswith(b"quit"):
                data = os.read(0, 1024)
                file.write(data)
                read = read[-4:] + data
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
