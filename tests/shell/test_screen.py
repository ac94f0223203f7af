from __future__ import annotations

import base64
import gc
import random
import re

import pytest
from pyghostty import GhosttyError

from tutor.errors import ShellError
from tutor.shell.cells import PLAIN, CellStyle, Cursor, CursorShape, Mouse, MouseForm, Run, Underline
from tutor.shell.screen import Screen


class Answers(list[bytes]):
    """What a screen has answered."""

    @property
    def joined(self) -> bytes:
        return b"".join(self)


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def screen(answers: Answers) -> Screen:
    return Screen(20, 5, answers.append)


def texts(screen: Screen) -> dict[int, str]:
    """The rows that have changed."""
    return {y: "".join(run.text for run in runs).rstrip() for y, runs in screen.changed_rows()[0].items()}


def first_row(screen: Screen) -> tuple[Run, ...]:
    return screen.changed_rows([0])[0][0]


def test_a_row_is_runs_of_one_style_that_fill_the_width(screen: Screen) -> None:
    screen.feed(b"ab\x1b[1;31mcd\x1b[0me")
    assert first_row(screen) == (
        Run("ab", PLAIN, 2),
        Run("cd", CellStyle(foreground=1, bold=True), 2),
        Run("e" + " " * 15, PLAIN, 16),
    )


@pytest.mark.parametrize(
    ("code", "style"),
    [
        ("2", CellStyle(faint=True)),
        ("3", CellStyle(italic=True)),
        ("4", CellStyle(underline=True)),
        ("21", CellStyle(underline=Underline.DOUBLE)),
        ("4:3", CellStyle(underline=Underline.CURLY)),
        ("4:4", CellStyle(underline=Underline.DOTTED)),
        ("4:5", CellStyle(underline=Underline.DASHED)),
        ("5", CellStyle(blink=True)),
        ("7", CellStyle(inverse=True)),
        ("8", CellStyle(invisible=True)),
        ("9", CellStyle(strike=True)),
        ("53", CellStyle(overline=True)),
        ("92", CellStyle(foreground=10)),
        ("38;5;200", CellStyle(foreground=200)),
        ("48;2;1;2;3", CellStyle(background=(1, 2, 3))),
    ],
)
def test_a_style_is_read_in_full(screen: Screen, code: str, style: CellStyle) -> None:
    screen.feed(f"\x1b[{code}mx".encode())
    assert first_row(screen)[0] == Run("x", style, 1)


@pytest.mark.parametrize(("code", "background"), [("44", 4), ("48;5;99", 99), ("48;2;9;8;7", (9, 8, 7))])
def test_erased_cells_keep_the_background(screen: Screen, code: str, background: int | tuple[int, int, int]) -> None:
    screen.feed(f"x\x1b[{code}m\x1b[K".encode())
    assert first_row(screen)[1] == Run(" " * 19, CellStyle(background=background), 19)


def test_styles_stay_right_when_the_library_uses_their_numbers_again(screen: Screen) -> None:
    for number in range(3000):
        colour = (number % 251, number % 241, number % 239)
        screen.feed(b"\x1b[H\x1b[2J\x1b[38;2;%d;%d;%dmx" % colour)
        assert first_row(screen)[0].style.foreground == colour


def test_wide_characters_fill_two_cells(screen: Screen) -> None:
    screen.feed("漢字x".encode())
    (run,) = first_row(screen)
    assert run.text.rstrip() == "漢字x"
    assert (len(run.text), run.cells) == (18, 20)


def test_a_wide_character_that_does_not_fit_goes_to_the_next_row(screen: Screen) -> None:
    screen.feed(b"x" * 19 + "漢".encode())
    assert texts(screen) == {0: "x" * 19, 1: "漢", 2: "", 3: "", 4: ""}


def test_combining_characters_stand_in_the_cell_of_their_base(screen: Screen) -> None:
    screen.feed("e\u0301x \x1b[31mo\u0308\x1b[0m".encode())
    row = first_row(screen)
    assert row[0].text == "e\u0301x "
    assert row[0].cells == 3
    assert row[1] == Run("o\u0308", CellStyle(foreground=1), 1)


def test_only_what_has_changed_is_told(screen: Screen) -> None:
    assert len(texts(screen)) == 5
    assert texts(screen) == {}
    screen.feed(b"\x1b[3;1Hthird")
    assert texts(screen) == {0: "", 2: "third"}  # the row that the cursor has left, too
    screen.feed(b"\x1b[5;1Hfifth\x1b[1;1Hfirst")
    assert texts(screen) == {0: "first", 2: "third", 4: "fifth"}
    assert texts(screen) == {}
    assert set(screen.changed_rows([1, 3])[0]) == {1, 3}


def test_the_cursor_is_where_the_next_character_goes(screen: Screen) -> None:
    screen.feed(b"ab\r\nc")
    assert screen.changed_rows()[1] == Cursor(1, 1, CursorShape.BLOCK)


def test_a_hidden_cursor_is_nowhere(screen: Screen) -> None:
    screen.feed(b"\x1b[?25l")
    assert screen.changed_rows()[1] is None
    screen.feed(b"\x1b[?25h")
    assert screen.changed_rows()[1] is not None


@pytest.mark.parametrize(
    ("code", "shape"), [(2, CursorShape.BLOCK), (4, CursorShape.UNDERLINE), (5, CursorShape.BAR), (6, CursorShape.BAR)]
)
def test_the_cursor_has_the_shape_that_the_program_asks_for(screen: Screen, code: int, shape: CursorShape) -> None:
    screen.feed(f"\x1b[{code} q".encode())
    cursor = screen.changed_rows()[1]
    assert cursor is not None
    assert cursor.shape is shape


def test_the_cursor_on_a_wide_character_is_on_its_first_cell(screen: Screen) -> None:
    screen.feed("a漢\x1b[1;3H".encode())
    cursor = screen.changed_rows()[1]
    assert cursor is not None
    assert cursor.x == 1


def test_modes_are_those_that_the_program_has_set(screen: Screen) -> None:
    def modes() -> set[bool]:
        return {screen.application_cursor, screen.bracketed_paste, screen.wants_focus, screen.is_alternate}

    assert modes() == {False}
    screen.feed(b"\x1b[?1h\x1b[?2004h\x1b[?1004h\x1b[?1049h")
    assert modes() == {True}
    screen.feed(b"\x1b[?1l\x1b[?2004l\x1b[?1004l\x1b[?1049l")
    assert modes() == {False}


@pytest.mark.parametrize("kind", [Mouse.PRESS, Mouse.CLICK, Mouse.DRAG, Mouse.MOVE])
def test_mouse_events_are_those_that_the_program_asks_for(screen: Screen, kind: Mouse) -> None:
    screen.feed(f"\x1b[?{kind.value}h".encode())
    assert screen.mouse is kind
    screen.feed(f"\x1b[?{kind.value}l".encode())
    assert screen.mouse is Mouse.NONE


@pytest.mark.parametrize("form", MouseForm)
def test_mouse_events_have_the_form_that_the_program_asks_for(screen: Screen, form: MouseForm) -> None:
    screen.feed(f"\x1b[?1000h\x1b[?{form.value}h".encode() if form.value else b"\x1b[?1000h")
    assert screen.mouse_form is form


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (b"\x1b[c", rb"\x1b\[\?6[0-9;]*c"),
        (b"\x1b[5n", rb"\x1b\[0n"),
        (b"ab\x1b[6n", rb"\x1b\[1;3R"),
        (b"\x1b[?2004h\x1b[?2004$p", rb"\x1b\[\?2004;1\$y"),
        (b"\x1b[?2004$p", rb"\x1b\[\?2004;2\$y"),
        (b"\x1b[?9999$p", rb"\x1b\[\?9999;0\$y"),
        (b"\x1b[>c", rb"\x1b\[>[0-9;]*c"),
        (b"\x1b[=c", rb"\x1bP!\|[0-9A-F]{8}\x1b\\"),
        (b"\x1b[18t", rb"\x1b\[8;5;20t"),
        (b"\x1b[16t", rb"\x1b\[6;16;8t"),
        (b"\x1b[14t", rb"\x1b\[4;80;160t"),
        (b"\x1b[>q", rb"\x1bP>\|[ -~]+\x1b\\"),
        (b"\x1bP$qm\x1b\\", rb"\x1bP1\$r0m\x1b\\"),
        (b"\x1b]52;c;?\x07", rb""),
        (b"\x1b[21t", rb""),
    ],
)
def test_questions_are_answered(screen: Screen, answers: Answers, question: bytes, answer: bytes) -> None:
    screen.feed(question)
    assert re.fullmatch(answer, answers.joined)


def test_answers_go_to_whom_they_are_for_now(screen: Screen, answers: Answers) -> None:
    screen.feed(b"\x1b[5n")
    later = Answers()
    screen.on_reply(later.append)
    screen.feed(b"\x1b[5n")
    assert (len(answers), len(later)) == (1, 1)


def test_colours_are_those_that_it_was_told(screen: Screen, answers: Answers) -> None:
    screen.set_colours((1, 2, 3), (250, 251, 252), [(number, 0, 0) for number in range(16)])
    screen.feed(b"\x1b]10;?\x07\x1b]11;?\x07\x1b]4;9;?\x07")
    assert answers == [
        b"\x1b]10;rgb:0101/0202/0303\x07", b"\x1b]11;rgb:fafa/fbfb/fcfc\x07", b"\x1b]4;9;rgb:0909/0000/0000\x07"
    ]  # fmt: skip
    answers.clear()
    screen.feed(b"\x1b]4;200;?\x07")
    assert answers == [b"\x1b]4;200;rgb:ffff/0000/d7d7\x07"]


RED_AND_BLUE = b"\x1b[H\x1b[31mred\x1b[34;41mblue\x1b[0;44m\x1b[K\x1b[0m"


def shown_colours(screen: Screen) -> list[tuple[object, object]]:
    """Of what was printed in red and blue."""
    return [(run.style.foreground, run.style.background) for run in first_row(screen)]


def test_a_colour_of_the_palette_that_a_program_has_changed_is_what_it_was_changed_to(screen: Screen) -> None:
    screen.feed(RED_AND_BLUE)
    assert shown_colours(screen) == [(1, None), (4, 1), (None, 4)]
    screen.feed(b"\x1b]4;4;#5454ff\x07")
    rows = screen.changed_rows()[0]
    assert len(rows) == screen.rows
    blue = (0x54, 0x54, 0xFF)
    assert [(run.style.foreground, run.style.background) for run in rows[0]] == [(1, None), (blue, 1), (None, blue)]
    screen.feed(b"\x1b]4;4;rgb:00/01/02;1;rgb:10/20/30\x07")
    assert shown_colours(screen) == [((16, 32, 48), None), ((0, 1, 2), (16, 32, 48)), (None, (0, 1, 2))]
    screen.feed(b"\x1b]104;4\x07")
    assert shown_colours(screen) == [((16, 32, 48), None), (4, (16, 32, 48)), (None, 4)]
    screen.feed(b"\x1b]104\x07")
    assert shown_colours(screen) == [(1, None), (4, 1), (None, 4)]


def test_a_colour_that_is_set_to_what_it_is_told_to_be_is_the_themes(screen: Screen) -> None:
    screen.set_colours((1, 2, 3), (4, 5, 6), [(number, 9, 9) for number in range(16)])
    screen.feed(RED_AND_BLUE + b"\x1b]4;4;rgb:04/09/09;1;rgb:01/09/0a\x07")
    assert shown_colours(screen) == [((1, 9, 10), None), (4, (1, 9, 10)), (None, 4)]
    screen.set_colours((1, 2, 3), (4, 5, 6), [(number, 7, 7) for number in range(16)])
    assert shown_colours(screen) == [((1, 9, 10), None), ((4, 9, 9), (1, 9, 10)), (None, (4, 9, 9))]
    screen.make_sane()
    assert shown_colours(screen) == [(1, None), (4, 1), (None, 4)]


def test_the_bell_is_rung_and_text_for_the_clipboard_is_handed_on_but_never_too_much(screen: Screen) -> None:
    rung: list[bool] = []
    copied: list[str] = []
    screen.on_bell(lambda: rung.append(True))
    screen.on_copy(copied.append)
    screen.feed(b"\x07\x1b]0;title\x07\x1b]52;c;" + base64.b64encode("zwö".encode()) + b"\x07")
    screen.feed(b"\x1b]52;c;" + base64.b64encode(b"x" * 200_000) + b"\x07")
    assert (len(rung), copied) == (1, ["zwö"])


def test_what_a_program_left_turned_on_can_be_turned_off_and_what_is_written_stays(screen: Screen) -> None:
    screen.feed(
        b"before\r\n\x1b[?1049hfull screen\x1b[?1003h\x1b[?1006h\x1b[?25l\x1b[?1h\x1b[4h\x1b(0\x1b[2;3r\x1b[31m"
    )
    screen.make_sane()
    assert screen.mouse is Mouse.NONE
    assert not screen.application_cursor
    assert screen.changed_rows()[1] == Cursor(0, 1)
    screen.feed(b"qx")
    assert screen.text() == "before\nqx"
    assert screen.changed_rows([1])[0][1][0].style == PLAIN


def test_an_update_is_held_until_its_end(screen: Screen) -> None:
    screen.feed(b"\x1b[?2026h")
    assert screen.is_held
    screen.feed(b"\x1b[?2026l")
    assert not screen.is_held


def test_the_title_is_the_last_one_given(screen: Screen) -> None:
    assert screen.title == ""
    screen.feed("\x1b]0;one\x07\x1b]2;zwö\x1b\\".encode())
    assert screen.title == "zwö"


def test_the_alternate_screen_leaves_what_was_there_before(screen: Screen) -> None:
    screen.feed(b"before\x1b[?1049h\x1b[2J\x1b[Hfull screen")
    assert screen.text() == "full screen"
    screen.feed(b"\x1b[?1049l")
    assert screen.text() == "before"


def test_a_narrower_screen_wraps_and_a_wider_one_unwraps(screen: Screen) -> None:
    screen.feed(b"0123456789abcdef")
    screen.resize(10, 5)
    assert texts(screen) == {0: "0123456789", 1: "abcdef", 2: "", 3: "", 4: ""}
    screen.resize(40, 6)
    assert texts(screen)[0] == "0123456789abcdef"
    assert (screen.columns, screen.rows) == (40, 6)


def test_what_has_scrolled_away_can_be_looked_at_again(screen: Screen) -> None:
    screen.feed("\r\n".join(str(number) for number in range(100)).encode())
    assert texts(screen)[0] == "95"
    screen.scrollback.scroll(-50)
    rows, cursor = screen.changed_rows()
    assert "".join(run.text for run in rows[0]).strip() == "45"
    assert cursor is None
    screen.scrollback.scroll(-1000)
    assert texts(screen)[0] == "0"
    screen.scrollback.scroll(1)
    assert texts(screen)[0] == "1"
    screen.scrollback.scroll_to_end()
    assert texts(screen)[0] == "95"


def test_a_failure_of_the_core_is_ours_to_tell(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> None:
        raise GhosttyError("out of space")

    monkeypatch.setattr(screen._terminal, "feed", fail)
    monkeypatch.setattr(screen._terminal, "resize", fail)
    with pytest.raises(ShellError, match="out of space"):
        screen.feed(b"x")
    with pytest.raises(ShellError, match="out of space"):
        screen.resize(10, 10)


def test_any_output_at_any_size_can_be_drawn() -> None:
    """Rows are as wide as the screen, whatever was printed on it."""
    dice = random.Random(7)
    parts = [b"\x1b[%dm" % code for code in (0, 1, 7, 31, 44, 48)] + [
        "漢".encode(), "e\u0301".encode(), b"x" * 30, b"\r", b"\n", b"\t", b"\b", b"\x1b[2J", b"\x1b[H", b"\x1b[5;3H",
        b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[3L", b"\x1b[2P", b"\x1b[4@", b"\x1b[2;4r", b"\x1bM", b"\xff", b"\x1b[K",
        b"\x1b[48;5;9m", "👩‍👩‍👧".encode(), "☁️".encode(), b"\x1b[?2027h", b"\x1b#8", b"\x1b[3b",
    ]  # fmt: skip
    screen = Screen(20, 5, lambda _: None)
    for _ in range(300):
        screen.feed(b"".join(dice.choices(parts, k=20)))
        if dice.random() < 0.1:
            screen.resize(dice.randint(2, 60), dice.randint(2, 20))
        rows, cursor = screen.changed_rows()
        assert all(sum(run.cells for run in runs) == screen.columns for runs in rows.values())
        assert set(rows) <= set(range(screen.rows))
        assert cursor is None or (cursor.x < screen.columns and cursor.y < screen.rows)


def test_screens_come_and_go() -> None:
    for number in range(50):
        screen = Screen(80, 24, lambda _: None)
        screen.feed(b"number %d" % number)
        assert screen.text() == f"number {number}"
        screen.changed_rows()
        del screen
    gc.collect()
