from __future__ import annotations

import gc

import pytest

from tutor.shell.screen import Screen
from tutor.shell.scrollback import Scrollback


@pytest.fixture
def screen() -> Screen:
    made = Screen(20, 5, lambda _: None)
    made.feed("\r\n".join(f"line {number}" for number in range(100)).encode())
    return made


@pytest.fixture
def back(screen: Screen) -> Scrollback:
    return screen.scrollback


def first_row(screen: Screen) -> str:
    return "".join(run.text for run in screen.changed_rows([0])[0][0]).rstrip()


def test_one_looks_at_the_present_unless_one_has_scrolled(screen: Screen, back: Scrollback) -> None:
    assert (back.view.total, back.view.first, back.view.rows, back.view.back) == (100, 95, 5, 0)
    back.scroll(-10)
    assert back.view.back == screen.back == 10
    back.scroll_to(3)
    assert first_row(screen) == "line 3"
    back.scroll_to_end()
    assert screen.back == 0


def test_new_output_does_not_move_what_is_looked_at(screen: Screen, back: Scrollback) -> None:
    back.scroll_to(50)
    screen.feed(b"\r\nmore" * 30)
    assert first_row(screen) == "line 50"


def test_the_present_can_be_held_too(screen: Screen, back: Scrollback) -> None:
    back.hold()
    screen.feed(b"\r\nmore" * 30)
    back.keep_hold()
    assert first_row(screen) == "line 95"
    back.let_go()
    back.scroll_to_end()
    back.keep_hold()
    assert first_row(screen) == "more"


def test_all_rows_are_told_in_order(back: Scrollback) -> None:
    assert back.texts() == [f"line {number}" for number in range(100)]


def test_a_selection_is_of_cells_and_goes_along_with_them(screen: Screen, back: Scrollback) -> None:
    back.scroll_to(10)
    back.anchor(5, 1)
    back.select_to(3, 3)
    assert back.selected_text == "11\nline 12\nline"
    screen.changed_rows()
    assert [screen.selected(y) for y in range(5)] == [None, (5, 19), (0, 19), (0, 3), None]
    screen.feed(b"\r\nmore" * 30)
    back.scroll(-1)
    assert back.selected_text == "11\nline 12\nline"
    screen.changed_rows()
    assert screen.selected(2) == (5, 19)
    back.forget()
    screen.changed_rows()
    assert back.selected_text == ""
    assert screen.selected(2) is None


def test_backwards_and_by_rows(back: Scrollback) -> None:
    back.scroll_to(10)
    back.anchor(5, 3)
    back.select_to(5, 1)
    assert back.selected_text == "11\nline 12\nline 1"
    back.select_to(2, 1, lines=True)
    assert back.selected_text == "line 11\nline 12\nline 13"


def test_wrapped_lines_are_joined_and_trailing_blanks_left_out(screen: Screen, back: Scrollback) -> None:
    screen.feed("\x1b[H\x1b[2Ja line of thirty characters: 漢字\x1b[4;1Hb   \x1b[K".encode())
    assert back.select_line(1, 1)
    assert back.selected_text == "a line of thirty characters: 漢字"
    back.anchor(0, 0)
    back.select_to(19, 3)
    assert back.selected_text == "a line of thirty characters: 漢字\n\nb"


def test_a_word_is_what_stands_between_blanks(screen: Screen, back: Scrollback) -> None:
    screen.feed(b"\x1b[H\x1b[2Jip 10.0.1.0/24 dev veth-a-ns1")
    assert back.select_word(5, 0)
    assert back.selected_text == "10.0.1.0/24"
    assert not back.select_word(10, 4)


def test_prompts_are_found(screen: Screen, back: Scrollback) -> None:
    for number in range(3):
        mark = b"\x1b]133;A;1.1\x07$ \x1b]133;B;1.1;0\x07command\r\n\x1b]133;C;1.1;0;1;x\x07out\r\nput %d\r\n" % number
        screen.feed(b"\r\n" * (number == 0) + mark)
    assert back.prompt_before(back.view.total) == 106
    assert back.prompt_before(106) == 103
    assert back.prompt_before(100) is None
    assert back.prompt_after(0) == 100
    assert back.prompt_after(106) is None


def test_a_link_is_told_by_its_cells(screen: Screen, back: Scrollback) -> None:
    screen.feed(b"\x1b[H\x1b[2Ja \x1b]8;;https://example.org/x\x07link\x1b]8;;\x07 b")
    assert back.link_at(3, 0) == "https://example.org/x"
    assert back.link_at(0, 0) == back.link_at(500, 400) == ""
    assert [run.style.linked for run in screen.changed_rows([0])[0][0]] == [False, True, False]


@pytest.mark.parametrize("columns", [20, 80, 200])
def test_what_is_kept_has_an_end(columns: int) -> None:
    screen = Screen(columns, 5, lambda _: None)
    totals = []
    for _ in range(40):
        screen.feed(b"".join(b"\r\nline %d" % number for number in range(1000)))
        totals.append(screen.scrollback.view.total)
    assert totals[2] > 3000
    assert 4000 < totals[-1] <= max(totals[20:]) < 20_000
    assert screen.scrollback.texts()[-1] == "line 999"


def test_selections_outlive_resizes_and_screens_outlive_selections() -> None:
    for columns in range(2, 60, 7):
        screen = Screen(20, 5, lambda _: None)
        screen.feed("漢字 words and more words\r\n".encode() * 50)
        screen.scrollback.scroll(-20)
        screen.scrollback.anchor(3, 1)
        screen.scrollback.hold()
        screen.resize(columns, 4)
        screen.scrollback.select_to(1, 3)
        screen.feed(b"\x1bc")
        screen.scrollback.keep_hold()
        screen.scrollback.select_to(1, 2)
        screen.changed_rows()
        del screen
    gc.collect()
