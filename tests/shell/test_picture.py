"""Rows are read fast, whole ones at once: what comes of it is what the core says of each cell."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tutor.shell import cell_layout
from tutor.shell.cells import CellStyle, Run
from tutor.shell.native import ffi
from tutor.shell.screen import Screen

COLUMNS, ROWS = 70, 30
PIECES = [
    "abc",
    " ",
    "x" * 20,
    "\r\n",
    "漢",
    "e\u0301",
    "\x1b[K",
    "\x1b]8;;http://x/\x07link\x1b]8;;\x07",
    "\x1b[0m",
    "é│",
]


def colours(dice: random.Random, count: int) -> bytes:
    """Text in many styles, each set for a few characters, so that their numbers are used again and again."""
    made = []
    for _ in range(count):
        ground = dice.choice((38, 38, 48))
        made.append(
            f"\x1b[0;{ground};2;{dice.randrange(9)};{dice.randrange(99)};7m" + "".join(dice.choices(PIECES, k=3))
        )
    return "".join(made).encode()


def as_the_core_tells(screen: Screen, x: int, y: int) -> tuple[object, object]:
    """The colours of a cell, asked for on its own."""
    style = screen._terminal.style(x, y, "viewport")
    foreground, background = (style[ground] and style[ground][1] for ground in ("fg", "bg"))
    return foreground, background


def beginnings(runs: tuple[Run, ...]) -> Iterator[tuple[int, CellStyle]]:
    """Where runs begin, and how they look."""
    x = 0
    for run in runs:
        yield x, run.style
        x += run.cells


def pages(screen: Screen) -> int:
    """In how many pages of the core's the rows are that are seen."""
    return len({screen._terminal.ref(0, y, "viewport").node for y in range(ROWS)})


@pytest.mark.parametrize("layout", ["known", "unknown"])
def test_the_style_of_each_cell_is_its_own_wherever_one_looks(monkeypatch: pytest.MonkeyPatch, layout: str) -> None:
    """Also where the rows that are seen lie in two pages of the core's, which number their styles each on its own."""
    if layout == "unknown":
        monkeypatch.setattr(cell_layout, "_field", lambda *asked: None)
    dice = random.Random(3)
    screen = Screen(COLUMNS, ROWS, lambda _: None)
    screen.feed(colours(dice, 4000))
    screen.scrollback.scroll(-100_000)
    seen = set()
    while True:
        rows, _ = screen.changed_rows(range(ROWS))
        seen.add(pages(screen))
        for y, runs in rows.items():
            for x, style in beginnings(runs):
                if style.background is None:  # of an erased cell the core does not tell it so
                    assert (style.foreground, style.background) == as_the_core_tells(screen, x, y), (x, y)
        view = screen.scrollback.view
        if not view.back:
            break
        screen.scrollback.scroll(ROWS // 2)
    assert seen == {1, 2}


def test_rows_are_read_the_same_at_once_and_cell_by_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(screen: Screen) -> list[object]:
        dice = random.Random(5)
        found: list[object] = []
        for _ in range(200):
            screen.feed(colours(dice, 30) + b"plain\r\n")
            found.append(screen.changed_rows())
        return found

    fast = read(Screen(COLUMNS, ROWS, lambda _: None))
    monkeypatch.setattr(cell_layout, "_field", lambda *asked: None)
    assert fast == read(Screen(COLUMNS, ROWS, lambda _: None))


def test_a_row_is_read_at_once_and_one_with_oddities_is_not() -> None:
    screen = Screen(8, 5, lambda _: None)
    screen.feed(
        "a\x1b[31mé│\x1b[0m\r\n漢\r\ne\u0301\r\n\x1b[44m\x1b[K\x1b[0m\r\n\x1b]8;;http://x/\x07l\x1b]8;;\x07".encode()
    )
    picture = screen._picture
    read: list[tuple[str, list[int]] | None] = []

    class Reader(cell_layout.RowReader):
        def read(self, cells: ffi.CData) -> tuple[str, list[int]] | None:
            read.append(super().read(cells))
            return read[-1]

    picture._reader = Reader(8)
    screen.changed_rows()
    assert read[0] is not None
    text, keys = read[0]
    assert text == "aé│     "
    assert keys[0] == 0
    assert keys[1] == keys[2] != 0
    assert keys[3:] == [0] * 5
    assert read[1:] == [None] * 4
