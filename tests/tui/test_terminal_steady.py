"""Whatever an outer terminal thinks of the width of a character, all others are in their places."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tutor.shell.screen import Screen
from tutor.shell.widths import DISPUTED, is_disputed
from tutor.tui.rows import RowStyles
from tutor.tui.terminal.steady import steady

WIDTH = 40
PRINTED = {
    "a family": "👩‍👩‍👧",
    "flags": "🇩🇪🇫🇷",
    "a skin tone": "👍🏽",
    "text as emoji": "❤\ufe0f",
    "a keycap": "1\ufe0f\u20e3",
    "a soft hyphen": "a\u00adb",
    "newer than some": "\U0001faea",
    "letters that join": "क्षि",
    "invisible": "a\u200b\u2060b",
}
OUTPUT = re.compile(r"\x1b\[\d+;(\d+)H|\x1b\[(\d+)G|\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\|(.)", re.DOTALL)


def outer(drawn: str, opinion: int) -> str:
    """A row of a terminal to which each disputed code point is so many cells wide, and is no more than a dot."""
    cells = [" "] * WIDTH
    at = 0
    for found in OUTPUT.finditer(drawn):
        place = found[1] or found[2]
        if place:
            at = int(place) - 1
        elif found[3]:
            odd = is_disputed(found[3])
            width = opinion if odd else cell_len(found[3])
            for x in range(at, at + width):
                assert x < WIDTH, "it would go on in the next row"
                cells[x] = "." if odd else found[3]
            at += width
    return "".join(cells)


def drawn(text: str, begin: int = 1) -> str:
    """A row as the pane draws what a program prints."""
    screen = Screen(WIDTH - begin + 1, 2, lambda _: None)
    screen.feed(text.encode())
    strip = RowStyles().strip(screen.changed_rows()[0][0]).apply_style(Style(color="red"))
    return f"\x1b[1;{begin}H{strip.render(Console(color_system='truecolor'))}"


@pytest.mark.parametrize("opinion", [0, 1, 2])
@pytest.mark.parametrize("name", PRINTED)
def test_what_stands_behind_is_in_its_place(name: str, opinion: int) -> None:
    text = PRINTED[name] * 2
    screen = Screen(WIDTH - 4, 2, lambda _: None)
    screen.feed(f"{text}\x1b[6n".encode())
    cursor = screen.changed_rows()[1]
    assert cursor is not None
    row = outer(steady(drawn(f"{text}|漢|\x1b[1;30H|", 5), WIDTH), opinion)
    assert [x for x, character in enumerate(row) if character == "|"] == [cursor.x + 4, cursor.x + 7, 33]


@pytest.mark.parametrize(
    ("text", "opinion"),
    [("👍🏽", 2), ("\U0001faea", 2), ("👩‍👩‍👧", 2), ("🇩🇪", 2), ("\u00ad", 1), ("ि", 1), ("\U0001f321", 2)],
)
def test_nothing_goes_on_into_the_next_row(text: str, opinion: int) -> None:
    for before in range(WIDTH - 6, WIDTH):
        outer(steady(drawn("x" * before + text), WIDTH), opinion)


def test_a_row_without_steadying_is_out_of_place() -> None:
    """Else the tests above would be none."""
    assert outer(drawn("\U0001faea|"), 1).index("|") == 1
    assert outer(steady(drawn("\U0001faea|"), WIDTH), 1).index("|") == 2


def test_what_is_drawn_otherwise_is_steadied_too_where_its_column_is_known() -> None:
    assert steady("\x1b[3;7Hab\x1b[1m👩‍👧\x1b[0m|", WIDTH) == "\x1b[3;7Hab\x1b[1m  \x1b[9G👩‍👧\x1b[11G\x1b[0m|"
    assert steady("\x1b[3;7H🇩🇪  x|", WIDTH) == "\x1b[3;7H    \x1b[7G🇩🇪\x1b[11Gx|"
    assert steady("\x1b[3;7H🇩🇪|", WIDTH) == "\x1b[3;7H  \x1b[7G🇩🇪\x1b[9G|"
    for unknown in ("👩‍👧|", "\x1b[3;7H\x1b[5C👩‍👧|", "\x1b[3;7Hx\r\n👩‍👧|"):
        assert steady(unknown, WIDTH) == unknown


@pytest.mark.parametrize("text", ["plain", "┃ ✓ é 漢字 →│", "\x1b[1;1H\x1b[1mü\x1b[0m"])
def test_what_nobody_disputes_is_left_alone(text: str) -> None:
    assert steady(f"\x1b[1;1H{text}", WIDTH) is not None
    assert steady(f"\x1b[1;1H{text}", WIDTH) == f"\x1b[1;1H{text}"


def test_a_disputed_character_goes_with_what_joins_it() -> None:
    text = "x" + "|".join(PRINTED.values()) + "y漢é"
    assert DISPUTED.findall(text) == [
        "👩‍👩‍👧", "🇩🇪", "🇫🇷", "👍🏽", "❤\ufe0f", "1\ufe0f\u20e3", "\u00ad", "\U0001faea", *"क्षि", "\u200b", "\u2060"
    ]  # fmt: skip


def test_a_strip_is_as_wide_as_the_screen_whatever_is_on_it() -> None:
    for text in PRINTED.values():
        screen = Screen(20, 2, lambda _: None)
        screen.feed(f"{text}|{text}|".encode())
        strip = RowStyles().strip(screen.changed_rows()[0][0])
        assert strip.cell_length == sum(cell_len(segment.text) for segment in strip) == 20
        assert isinstance(strip, Strip)
        assert all(isinstance(segment, Segment) for segment in strip)
