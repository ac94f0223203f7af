"""Turns what a program printed on a terminal into the text that one would copy from the screen.

Knows the control functions that work within a line; does not know a screen: what a full-screen program draws loses its
place.

Source: ECMA-48 (EL, CUF, CUB, CHA), and xterm's control sequences for the strings that are dropped.
"""

from __future__ import annotations

import re

_WIDEST = 4096
_DROPPED = re.compile(
    rb"(?!\x1b\[[0-9]*[CDGK])(?:"  # works within a line, kept for now
    rb"\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\|(?=[\x1b\n])|\Z)"  # OSC; one without an end must not eat all that follows
    rb"|\x1b[PX^_][^\x1b\n]*(?:\x1b\\|(?=[\x1b\n])|\Z)"  # DCS, SOS, PM, APC
    rb"|\x1b\[[0-?]*[ -/]*(?:[@-~]|\Z)"  # CSI
    rb"|\x1b[ -/]*[0-~]"  # others
    rb"|[\x00-\x07\x0b\x0c\x0e-\x1f\x7f])",
    re.DOTALL,
)
_CELL = re.compile("\x1b\\[([0-9]*)([CDGK])|(.)", re.DOTALL)
_MOVES = re.compile("[\r\b\x1b]")
_CONTROL = re.compile(rb"[\x00-\x07\x0b\x0c\x0e-\x1f\x7f]")
_LINE_END = re.compile("\r+(?=\n|\\Z)")
_C1 = dict.fromkeys((27, *range(128, 160)))


def plain_text(output: bytes) -> str:
    """Output without escape sequences, and without the parts of lines that were overwritten or erased.

    Only line ends and tabs are left of all control characters.
    """
    # A quarter of a megabyte of a flood is on its way between Ctrl-C and the prompt: look closely only where there is
    # anything to see.
    if _CONTROL.search(output):
        output = _DROPPED.sub(b"", output)
    text = output.decode("utf-8", "replace").replace("\r\n", "\n")
    if "\r" in text:
        text = _LINE_END.sub("", text)
    if not _MOVES.search(text):
        return text if text.isascii() else text.translate(_C1)
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    """A line after its backspaces, carriage returns and erasures."""
    if not _MOVES.search(line):
        return line.translate(_C1)
    cells: list[str] = []
    at = 0
    for found in _CELL.finditer(line):
        count = min(int(found[1][:5]), _WIDEST) if found[1] else 0
        match found[2] or found[3]:
            case "\r":
                at = 0
            case "\b":
                at = max(0, at - 1)
            case "D" if found[2]:
                at = max(0, at - max(1, count))
            case "C" if found[2]:
                at = min(at + max(1, count), max(_WIDEST, len(cells)))
            case "G" if found[2]:
                at = max(1, count) - 1
            case "K" if found[2]:
                _erase(cells, at, count)
            case character:
                cells += " " * (at - len(cells))
                cells[at : at + 1] = [character]
                at += 1
    return "".join(cells).translate(_C1)


def _erase(cells: list[str], at: int, part: int) -> None:
    """EL: from the cursor to the end (0), from the beginning to the cursor (1), or all (2)."""
    if part == 0:
        del cells[at:]
    elif part == 1:
        cells[: at + 1] = " " * min(at + 1, len(cells))
    elif part == 2:
        cells.clear()
