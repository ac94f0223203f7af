"""Which bytes a key sends to a program in a terminal, as xterm does. Does not know who pressed it.

Source: xterm's "PC-Style Function Keys"; terminfo xterm-256color.
"""

from __future__ import annotations

import re

from tutor.shell.input_split import PASTE_BEGIN, PASTE_END

_LETTERS = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
_TILDES = {
    "insert": 2, "delete": 3, "pageup": 5, "pagedown": 6, "f5": 15, "f6": 17, "f7": 18, "f8": 19, "f9": 20, "f10": 21,
    "f11": 23, "f12": 24,
}  # fmt: skip
_FUNCTIONS = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
_CONTROLS = {
    "at": 0, "space": 0, "left_square_bracket": 27, "backslash": 28, "right_square_bracket": 29,
    "circumflex_accent": 30, "underscore": 31, "slash": 31, "question_mark": 127,
}  # fmt: skip
_UNWANTED = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CURSOR_KEY = re.compile(rb"\x1b\[([ABCDHF])")


def encode(key: str, character: str | None, *, application_cursor: bool = False) -> bytes:
    """The bytes of a key.

    Args:
        key: its name as Textual has it (`ctrl+c`, `shift+f5`, `up`).
        character: what it prints, if it prints anything.
        application_cursor: whether the program has asked for cursor keys as ESC O (DECCKM).
    """
    *modifiers, base = key.split("+") if key != "+" else ["+"]
    code = 1 + ("shift" in modifiers) + 2 * ("alt" in modifiers) + 4 * ("ctrl" in modifiers)
    special = _special(base, code, application_cursor=application_cursor)
    if special is not None:
        return special
    escape = b"\x1b" if "alt" in modifiers else b""
    control = "ctrl" in modifiers
    match base:
        case "enter":
            return escape + b"\r"
        case "tab":
            return b"\x1b[Z" if "shift" in modifiers else escape + b"\t"
        case "escape":
            return escape + b"\x1b"
        case "backspace":
            return escape + (b"\x08" if control else b"\x7f")
    if control and len(base) == 1 and base.isalpha():
        return escape + bytes([ord(base.lower()) & 31])
    if control and base in _CONTROLS:
        return escape + bytes([_CONTROLS[base]])
    if character:
        return escape + character.encode()
    return escape + base.encode() if escape and len(base) == 1 else b""


def as_typed(text: str) -> bytes:
    """Text as it is typed at a prompt, save that the keys which would do something are taken literally.

    A tab would ask for completion: readline takes the key after Ctrl-V as it is.
    """
    return text.replace("\t", "\x16\t").replace("\n", "\r").encode()


def pasted(text: bytes, *, bracketed: bool) -> bytes:
    """Pasted text as a program is sent it: without control characters, which could end the brackets or do worse."""
    text = _UNWANTED.sub(b"", text.replace(b"\r\n", b"\r").replace(b"\n", b"\r"))
    return PASTE_BEGIN + text + PASTE_END if bracketed else text


def for_application(sequence: bytes) -> bytes:
    """Unmodified cursor keys as a program under DECCKM expects them; everything else as it is."""
    return _CURSOR_KEY.sub(b"\x1bO\\1", sequence)


def _special(base: str, code: int, *, application_cursor: bool) -> bytes | None:
    if base in _LETTERS:
        letter = _LETTERS[base]
        plain = f"\x1bO{letter}" if application_cursor else f"\x1b[{letter}"
        return (plain if code == 1 else f"\x1b[1;{code}{letter}").encode()
    if base in _FUNCTIONS:
        letter = _FUNCTIONS[base]
        return (f"\x1bO{letter}" if code == 1 else f"\x1b[1;{code}{letter}").encode()
    if base in _TILDES:
        number = _TILDES[base]
        return (f"\x1b[{number}~" if code == 1 else f"\x1b[{number};{code}~").encode()
    return None
