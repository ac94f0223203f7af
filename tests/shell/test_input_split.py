from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.shell.input_split import CHORD, PASTE_BEGIN, PASTE_END, InputSplit, Kind, Piece

KEYS = [
    b"a", "ä".encode(), b"\r", b"\t", b"\x1b[Z", b"\x7f", b"\x08", b"\x1b\x7f", b"\x1bb", b"\x1b.", b"\x11", b"\x10",
    b"\x03", b"\x00", b"\x1c", b"\x1b[A", b"\x1bOA", b"\x1b[1;5C", b"\x1bOP", b"\x1b[15~", b"\x1b[3~", b"\x1b[5;2~",
    b"\x1b[24;8~",
]  # fmt: skip
REPORTS = [
    b"\x1b[<0;10;5M", b"\x1b[<64;1;1M", b"\x1b[<0;-1;3m", b"\x1b[I", b"\x1b[O", b"\x1b[?2026;2$y",
    b"\x1b[48;24;80;480;640t", b"\x1b[M !!", b"\x1b[32;10;20M",
]  # fmt: skip
ANSWERS = [
    b"\x1b[?62;22c", b"\x1b[>41;354;0c", b"\x1b]11;rgb:0000/0000/0000\x1b\\", b"\x1b]11;rgb:0/0/0\x07",
    b"\x1bP>|xterm(379)\x1b\\", b"\x1b[?1u", b"\x1b[6;16;8t",
]  # fmt: skip


def of(kind: Kind, pieces: list[Piece]) -> bytes:
    return b"".join(piece.data for piece in pieces if piece.kind is kind)


@pytest.mark.parametrize("key", KEYS)
def test_a_key_goes_to_the_program_as_it_is(key: bytes) -> None:
    assert InputSplit().feed(key) == [Piece(Kind.PROGRAM, key)]


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_goes_to_the_screen(report: bytes) -> None:
    assert InputSplit().feed(b"a" + report + b"b") == [
        Piece(Kind.PROGRAM, b"a"),
        Piece(Kind.SCREEN, report),
        Piece(Kind.PROGRAM, b"b"),
    ]


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_that_nobody_waits_for_is_told_apart(answer: bytes) -> None:
    assert InputSplit().feed(answer + b"b") == [Piece(Kind.ANSWER, answer), Piece(Kind.PROGRAM, b"b")]


def test_a_lone_escape_is_held_back_for_a_moment_and_is_a_key_then() -> None:
    split = InputSplit()
    assert split.hold_seconds is None
    assert split.feed(b"\x1b") == []
    assert split.hold_seconds is not None
    assert split.hold_seconds < 0.05
    assert split.flush() == [Piece(Kind.PROGRAM, b"\x1b")]
    assert split.hold_seconds is None


def test_of_two_escapes_the_first_is_a_key_at_once() -> None:
    split = InputSplit()
    assert split.feed(b"\x1b\x1b") == [Piece(Kind.PROGRAM, b"\x1b")]
    assert split.feed(b"[A") == [Piece(Kind.PROGRAM, b"\x1b[A")]


def test_a_report_that_comes_slowly_is_no_key() -> None:
    split = InputSplit()
    split.feed(b"\x1b[<0;1")
    assert split.hold_seconds is not None
    assert split.hold_seconds > 0.1
    assert split.feed(b"0;5M") == [Piece(Kind.SCREEN, b"\x1b[<0;10;5M")]


def test_the_chord_is_told_apart_from_what_is_typed_around_it() -> None:
    assert [piece.kind for piece in InputSplit().feed(b"ls" + CHORD + b"n")] == [
        Kind.PROGRAM,
        Kind.CHORD,
        Kind.PROGRAM,
    ]


def test_what_is_pasted_is_one_piece_whatever_it_holds() -> None:
    inside = b"a\x1b[<0;1;1M" + CHORD + b"\r\n\x1b[200~\x1b"
    pieces = InputSplit().feed(b"x" + PASTE_BEGIN + inside + PASTE_END + b"y")
    assert pieces == [
        Piece(Kind.PROGRAM, b"x"),
        Piece(Kind.PASTE, PASTE_BEGIN + inside + PASTE_END),
        Piece(Kind.PROGRAM, b"y"),
    ]


def test_a_paste_whose_end_never_comes_does_not_take_the_keyboard_away() -> None:
    split = InputSplit()
    assert split.feed(PASTE_BEGIN + b"lost") == []
    assert split.hold_seconds is not None
    assert split.flush() == [Piece(Kind.PASTE, PASTE_BEGIN + b"lost" + PASTE_END)]
    assert split.feed(b"q") == [Piece(Kind.PROGRAM, b"q")]


def test_a_long_paste_takes_no_more_time_for_each_of_its_bytes() -> None:
    split = InputSplit()
    split.feed(PASTE_BEGIN)
    for _ in range(1000):
        assert split.feed(b"x" * 4096) == []
    (piece,) = split.feed(PASTE_END)
    assert len(piece.data) == 1000 * 4096 + len(PASTE_BEGIN + PASTE_END)


TYPED = st.sampled_from(
    [*KEYS, *REPORTS, *ANSWERS, CHORD, PASTE_BEGIN + b"one\x1b[A\rtwo" + PASTE_END, b"\x1b", b"\x1b[", b"\x1bP"]
)


@given(st.lists(TYPED, max_size=12), st.data())
def test_where_the_input_is_cut_makes_no_difference(typed: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(typed)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))

    def split(parts: list[bytes]) -> list[tuple[Kind, bytes]]:
        splitter = InputSplit()
        pieces = [piece for part in parts for piece in splitter.feed(part)] + splitter.flush()
        joined: list[tuple[Kind, bytes]] = []
        for piece in pieces:
            if piece.kind is Kind.PROGRAM and joined and joined[-1][0] is Kind.PROGRAM:
                joined[-1] = (Kind.PROGRAM, joined[-1][1] + piece.data)
            else:
                joined.append((piece.kind, piece.data))
        return joined

    parts = [stream[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert split(parts) == split([stream])


@given(st.lists(st.binary(max_size=20) | TYPED, max_size=12))
def test_not_a_byte_is_lost_or_made_up(parts: list[bytes]) -> None:
    split = InputSplit()
    pieces = [piece for part in parts for piece in split.feed(part)]
    pasting = split.hold_seconds is not None
    pieces += split.flush()
    read, written = b"".join(parts), b"".join(piece.data for piece in pieces)
    assert written == read or (pasting and written == read + PASTE_END)
