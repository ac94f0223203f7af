"""Which bytes a mouse sends to a program in a terminal, as xterm does. Does not know whether the program asked.

Source: xterm control sequences, "Mouse Tracking".
"""

from __future__ import annotations

from tutor.shell.cells import MouseForm

_LAST_OF_X10, _LAST_OF_UTF8 = 223, 2015
_LETTING_GO = 3


def encode_mouse(
    button: int, x: int, y: int, *, pressed: bool, moved: bool = False, shift: bool = False, alt: bool = False,
    control: bool = False, form: MouseForm = MouseForm.SGR
) -> bytes:  # fmt: skip
    """The bytes of a mouse event; none where the form has no way to say it.

    Args:
        button: 1 left, 2 middle, 3 right, 0 none; 65 to 68 are the wheel: up, down, left, right.
        x: column, from 0.
        y: row, from 0.
        pressed: whether it went down, or is down; else it was let go.
        moved: whether the pointer moved.
        shift: whether this key was held.
        alt: likewise.
        control: likewise.
        form: how the program asks to be told.
    """
    held = 4 * shift + 8 * alt + 16 * control + 32 * moved
    code = (button - 1 if button else 3) + held
    if form is MouseForm.PIXELS:
        x, y = x * 8 + 4, y * 16 + 8
    if form in {MouseForm.SGR, MouseForm.PIXELS}:
        return f"\x1b[<{code};{x + 1};{y + 1}{'M' if pressed else 'm'}".encode()
    if not pressed:
        code = _LETTING_GO + held
    if form is MouseForm.URXVT:
        return f"\x1b[{code + 32};{x + 1};{y + 1}M".encode()
    if form is MouseForm.UTF8:
        if max(x, y) >= _LAST_OF_UTF8:
            return b""
        return b"\x1b[M" + "".join(chr(32 + number) for number in (code, x + 1, y + 1)).encode()
    if max(x, y) >= _LAST_OF_X10:
        return b""
    return b"\x1b[M" + bytes(32 + number for number in (code, x + 1, y + 1))
