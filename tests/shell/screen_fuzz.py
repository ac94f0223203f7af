"""Draws random escape sequences, with resizes in between. The native screen may crash: run it as a program of its own.

Run: python tests/shell/screen_fuzz.py SEED BYTES
Ends with 0 when all was drawn, with 3 when the core told of a failure.
"""

from __future__ import annotations

import random
import sys

from tutor.errors import ShellError
from tutor.shell.screen import Screen

_FINALS = b"@ABCDEFGHIJKLMPSTXZ`abcdefghlmnqrstux"
_TEXTS = [
    b"plain",
    "漢字".encode(),
    "e\u0301\u0302".encode(),
    "👩‍👩‍👧".encode(),
    b"\xff\xfe",
    b"\t",
    b"\r\n",
    b"\b",
    b"\n" * 9,
]


def sequence(dice: random.Random) -> bytes:
    """Something that a program may print."""
    kind = dice.random()
    if kind < 0.45:
        numbers = b";".join(
            str(dice.choice((0, 1, 2, 5, 24, 48, 80, 999, 65536))).encode() for _ in range(dice.randint(0, 4))
        )
        return b"\x1b[" + dice.choice((b"", b"", b"?", b">")) + numbers + bytes([dice.choice(_FINALS)])
    if kind < 0.5:
        return b"\x1b[?%d%c" % (
            dice.choice((1, 6, 7, 25, 47, 69, 1000, 1047, 1049, 2004, 2026, 2027)),
            dice.choice(b"hl"),
        )
    if kind < 0.58:
        return b"\x1b" + bytes([dice.choice(b"78DEHMNOZc=>#(")])
    if kind < 0.63:
        if kind < 0.59:
            return b"\x1b]8;;http://example.org/%d\x07" % dice.randint(0, 9) * dice.randint(0, 1) or b"\x1b]8;;\x07"
        return b"\x1b]%d;%s\x07" % (dice.choice((0, 2, 4, 8, 10, 52, 133)), b"x" * dice.randint(0, 40))
    if kind < 0.68:
        return b"\x1bP" + dice.randbytes(dice.randint(0, 20)) + b"\x1b\\"
    if kind < 0.75:
        return dice.randbytes(dice.randint(1, 40))
    return dice.choice(_TEXTS) * dice.randint(1, 12)


def look_back(screen: Screen, dice: random.Random) -> None:
    """What a learner may do meanwhile."""
    back = screen.scrollback
    x, y = dice.randint(0, screen.columns - 1), dice.randint(0, screen.rows - 1)
    match dice.randint(0, 9):
        case 0 | 1 | 2:
            back.scroll(dice.randint(-100, 100))
        case 3:
            back.anchor(x, y)
        case 4:
            back.select_to(x, y, lines=dice.random() < 0.5)
        case 5:
            assert len(back.selected_text) >= 0
        case 6:
            (back.select_word if dice.random() < 0.5 else back.select_line)(x, y)
        case 7:
            back.hold()
        case 8:
            back.keep_hold()
        case 9:
            assert len(back.texts()) <= back.view.total
            back.link_at(x, y)
            back.prompt_before(back.view.total)


def main(seed: int, size: int) -> int:
    """Draw."""
    dice = random.Random(seed)
    screen = Screen(80, 24, lambda _: None)
    drawn = 0
    try:
        while drawn < size:
            data = b"".join(sequence(dice) for _ in range(50))
            drawn += len(data)
            screen.feed(data)
            if dice.random() < 0.2:
                screen.resize(dice.randint(2, 200), dice.randint(2, 60))
            if dice.random() < 0.1:
                look_back(screen, dice)
            rows, cursor = screen.changed_rows()
            assert set(rows) <= set(range(screen.rows))
            assert all(sum(run.cells for run in runs) == screen.columns for runs in rows.values())
            assert cursor is None or (cursor.x < screen.columns and cursor.y < screen.rows)
    except ShellError as error:
        sys.stdout.write(f"after {drawn} bytes: {error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
