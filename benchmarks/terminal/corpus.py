"""What is poured through a terminal: four kinds of output, the same bytes every time. Does not know who reads them.

Imported by the rows of output.
"""

from __future__ import annotations

import random

from benchmarks.terminal.outer import COLUMNS, ROWS

_WORDS = ["kernel", "eth0", "link", "becomes", "ready", "veth", "bridge", "port", "entered", "10.1.0.4", "dropped"]


def plain(size: int) -> bytes:
    """A log file: words, numbers, lines of many lengths."""
    dice = random.Random(1)
    made: list[str] = []
    length = 0
    while length < size:
        line = f"[{dice.random() * 1e5:12.6f}] " + " ".join(dice.choices(_WORDS, k=dice.randint(3, 20))) + "\r\n"
        made.append(line)
        length += len(line)
    return "".join(made).encode()[:size]


def colour(size: int) -> bytes:
    """A colour change every few characters: 16, 256 and all colours, each reset before the next."""
    dice = random.Random(2)
    made: list[str] = []
    length = 0
    while length < size:
        kind = dice.random()
        if kind < 0.4:
            style = f"{dice.choice((1, 2, 3, 4, 7))};{dice.randint(30, 37)}"
        elif kind < 0.7:
            style = f"38;5;{dice.randint(0, 255)}"
        elif kind < 0.85:
            style = f"48;5;{dice.randint(0, 255)}"
        else:
            style = f"38;2;{dice.randint(0, 3) * 80};{dice.randint(0, 3) * 80};{dice.randint(0, 3) * 80}"
        piece = f"\x1b[0;{style}m" + "".join(dice.choices("abcdefgh ", k=dice.randint(2, 9)))
        if dice.random() < 0.04:
            piece += "\x1b[0m\r\n"
        made.append(piece)
        length += len(piece)
    return "".join(made).encode()[:size]


def full_screen(size: int) -> bytes:
    """What a program like htop prints: cells here and there, bars, erased line ends, a scroll region now and then."""
    dice = random.Random(3)
    made: list[str] = []
    length = 0
    while length < size:
        piece = f"\x1b[{dice.randint(1, ROWS)};{dice.randint(1, COLUMNS - 40)}H"
        kind = dice.random()
        if kind < 0.5:
            piece += f"\x1b[{dice.randint(30, 37)}m" + "|" * dice.randint(1, 30) + "\x1b[39m"
        elif kind < 0.8:
            piece += f"{dice.randint(0, 99999):5} root  20   0 {dice.randint(0, 999999):7}\x1b[K"
        elif kind < 0.9:
            piece += "\x1b[7m" + "F1Help".ljust(12) + "\x1b[27m"
        elif kind < 0.95:
            piece += "\x1b[5;30r\x1b[30;1H\n\x1b[r"
        else:
            piece += "\x1b[2L" if dice.random() < 0.5 else "\x1b[4P"
        made.append(piece)
        length += len(piece)
    return "".join(made).encode()[:size]


def wide(size: int) -> bytes:
    """Chinese, accents as marks of their own, box drawing, emoji."""
    dice = random.Random(4)
    pieces = ["容器网络", "桥接", "e\u0301a\u0308", "─│┌┐└┘", "Ωμέγα", "привет", "🙂🚀", " plain "]
    made: list[str] = []
    length = 0
    while length < size:
        line = "".join(dice.choices(pieces, k=dice.randint(3, 16))) + "\r\n"
        made.append(line)
        length += len(line.encode())
    return "".join(made).encode()[:size]
