"""What is typed before the shell is there."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.outside import PROMPT, outside
from tutor.shell.input_split import Kind, Piece
from tutor.tui.terminal.early import Early

KEYS = Piece(Kind.PROGRAM, b"ls")
PASTE = Piece(Kind.PASTE, b"\x1b[200~ip a\x1b[201~")
MOUSE = Piece(Kind.SCREEN, b"\x1b[<0;1;1M")
ENTER = Piece(Kind.PROGRAM, b"\r")


class Start:
    """A screen that comes up."""

    def __init__(self) -> None:
        self.is_to_come, self.takes_keys, self.now = True, True, 100.0
        self.early = Early(lambda: self.is_to_come, lambda: self.takes_keys, lambda: self.now)


def test_keys_wait_for_the_shell_and_come_before_what_follows() -> None:
    start = Start()
    assert start.early.poll_seconds is None
    assert start.early.sift([KEYS, MOUSE, PASTE]) == [MOUSE]
    assert start.early.poll_seconds == 0.01
    start.is_to_come = False
    assert start.early.sift([ENTER]) == [KEYS, PASTE, ENTER]
    assert start.early.poll_seconds is None


def test_keys_that_waited_are_not_for_anybody_else() -> None:
    start = Start()
    start.early.sift([KEYS])
    start.is_to_come = start.takes_keys = False
    assert start.early.sift([ENTER]) == [ENTER]


def test_nothing_waits_for_long() -> None:
    start = Start()
    start.early.sift([KEYS])
    start.now, start.takes_keys = 105.0, False
    assert start.early.sift([ENTER]) == [ENTER]


def test_once_it_was_there_nothing_waits_again() -> None:
    start = Start()
    start.is_to_come = False
    start.early.sift([])
    start.is_to_come = True
    assert start.early.sift([KEYS]) == [KEYS]


@given(st.lists(st.tuples(st.lists(st.sampled_from([KEYS, PASTE, MOUSE, ENTER])), st.booleans())))
def test_whenever_it_comes_it_gets_every_key_in_order(reads: list[tuple[list[Piece], bool]]) -> None:
    start = Start()
    handed: list[Piece] = []
    for pieces, comes in [*reads, ([], True)]:
        start.is_to_come = start.is_to_come and not comes
        handed += start.early.sift(pieces)
    for kinds in ((Kind.PROGRAM, Kind.PASTE), (Kind.SCREEN,)):
        expected = [piece for pieces, _ in reads for piece in pieces if piece.kind in kinds]
        assert [piece for piece in handed if piece.kind in kinds] == expected


@pytest.mark.pty
@pytest.mark.netns
@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux, a real terminal")
@pytest.mark.parametrize("columns", [120, 80])
def test_a_line_that_is_typed_at_once_is_run_by_the_shell_or_by_nobody(columns: int) -> None:
    with outside(columns, 34) as shell:
        shell.start_without_prompt()
        shell.terminal.press(*"echo", "Space", *"typed", "Enter")
        if columns < 100:  # the lesson comes first, and its keys are others
            shell.until_shown("What links are there?")
            shell.terminal.press("C-]")
            shell.until_shown(PROMPT)
            assert "typed" not in shell.shown
        else:
            shell.until_shown("┃typed")
