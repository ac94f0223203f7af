from __future__ import annotations

import pytest

from tutor.shell.keys import as_typed, encode, for_application, pasted
from tutor.shell.mouse import encode_mouse


@pytest.mark.parametrize(
    ("key", "character", "sequence"),
    [
        ("a", "a", b"a"),
        ("ü", "ü", "ü".encode()),
        ("plus", "+", b"+"),
        ("+", "+", b"+"),
        ("enter", "\r", b"\r"),
        ("tab", "\t", b"\t"),
        ("shift+tab", None, b"\x1b[Z"),
        ("escape", "\x1b", b"\x1b"),
        ("backspace", "\x7f", b"\x7f"),
        ("alt+backspace", None, b"\x1b\x7f"),
        ("ctrl+c", "\x03", b"\x03"),
        ("ctrl+q", "\x11", b"\x11"),
        ("ctrl+at", "\x00", b"\x00"),
        ("ctrl+backslash", "\x1c", b"\x1c"),
        ("ctrl+underscore", "\x1f", b"\x1f"),
        ("alt+b", None, b"\x1bb"),
        ("up", None, b"\x1b[A"),
        ("ctrl+right", None, b"\x1b[1;5C"),
        ("shift+alt+left", None, b"\x1b[1;4D"),
        ("home", None, b"\x1b[H"),
        ("end", None, b"\x1b[F"),
        ("delete", None, b"\x1b[3~"),
        ("pageup", None, b"\x1b[5~"),
        ("ctrl+pagedown", None, b"\x1b[6;5~"),
        ("f1", None, b"\x1bOP"),
        ("shift+f4", None, b"\x1b[1;2S"),
        ("f5", None, b"\x1b[15~"),
        ("f12", None, b"\x1b[24~"),
        ("unknown", None, b""),
    ],
)
def test_a_key_sends_what_it_sends_in_xterm(key: str, character: str | None, sequence: bytes) -> None:
    assert encode(key, character) == sequence


def test_cursor_keys_follow_the_mode_of_the_program_unless_modified() -> None:
    assert encode("up", None, application_cursor=True) == b"\x1bOA"
    assert encode("ctrl+up", None, application_cursor=True) == b"\x1b[1;5A"
    assert for_application(b"x\x1b[A\x1b[F\x1b[1;5A\x1b[3~\x1bOP") == b"x\x1bOA\x1bOF\x1b[1;5A\x1b[3~\x1bOP"


def test_text_is_typed_without_completion() -> None:
    assert as_typed("a\tb\nc") == b"a\x16\tb\rc"


def test_a_paste_can_not_end_its_own_brackets() -> None:
    assert pasted(b"a\r\nb\nc\x1b[201~\x03rm", bracketed=True) == b"\x1b[200~a\rb\rc[201~rm\x1b[201~"
    assert pasted("\ttäb\x7f".encode(), bracketed=False) == "\ttäb".encode()


def test_mouse_events_are_counted_from_one() -> None:
    assert encode_mouse(1, 0, 0, pressed=True) == b"\x1b[<0;1;1M"
    assert encode_mouse(3, 9, 4, pressed=False) == b"\x1b[<2;10;5m"
    assert encode_mouse(65, 0, 0, pressed=True, control=True) == b"\x1b[<80;1;1M"
    assert encode_mouse(0, 1, 1, pressed=True, moved=True) == b"\x1b[<35;2;2M"
