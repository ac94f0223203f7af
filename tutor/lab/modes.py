"""What output has switched on in a terminal and not off again, as output of a few bytes with the same effect.

Of a long stream only the end is kept, and what was printed before may still be in force: the alternate screen, the
mouse, a hidden cursor, a title. Does not know who printed it, nor where it is shown.

Sources: xterm control sequences; console_codes(4); the marks of the lab's own bashrc (OSC 133), by whose identifier a
command that still runs is known.
"""

from __future__ import annotations

import re

LONGEST = 5120
"""How many bytes `in_force` returns at most."""

_LOOK_AHEAD = 4096
_COLOURS_BYTES = 512  # how far back colours are looked for at first: most programs end them with the line
_LONGEST_TITLE, _LONGEST_MARK = 256, 512
_LONGEST_NUMBER = 5
_MOST_MODES, _MOST_COLOURS, _MOST_MARKS = 32, 16, 4

_MODES = re.compile(rb"\x1b\[\?[\d;]*[hl]")
_SCREENS = (b"1049", b"1047", b"47")  # of these only the last one counts
# Columns (they clear the screen), a saved cursor, and output held back for a moment: none of them lasts.
_PASSING = frozenset({b"", b"3", b"40", b"1048", b"2026"})
_STRINGS = re.compile(rb"\x1b\](0|2|11?[012]|133)(?:;([^\x07\x1b]*))?(?:\x07|\x1b\\)")
_COLOUR = re.compile(rb"\x1b\[[\d;:]{0,64}m")
_COLOURS_OFF = re.compile(rb"\x1b\[0*(?:;[\d;:]{0,63})?m")
_SHAPE = re.compile(rb"\x1b\[\d* q")
_RESET = b"\x1bc"
_STRING_BEGINS = re.compile(rb"\x1b[\]P_^X]")
_STRING_ENDS = re.compile(rb"\x07|\x1b\\")


def in_force(output: bytes) -> bytes:
    """What of `output` is in force at its end.

    `in_force(in_force(a) + b)` is `in_force(a + b)` wherever `a` ends at a `safe_cut`.
    """
    if b"\x1b" not in output:  # single bytes are looked for a hundred times faster than pairs: so it is below
        return b""
    reset = output.rfind(_RESET)
    if reset >= 0:
        output = output[reset:]
    return _modes(output) + _strings(output) + _shape(output) + _colours(output)


def safe_cut(output: bytes, least: int) -> int:
    """The first place from `least` on where a stream can be cut: in no character, sequence or string, if possible.

    At most a few thousand bytes are looked at.
    """
    window = output[: least + _LOOK_AHEAD]
    cut = window.find(b"\n", least) + 1 or window.find(b"\x1b", least)
    if cut < least:
        cut = least
        while cut < len(window) and window[cut] & 0xC0 == 0x80:  # the inside of a character (utf-8(7))
            cut += 1
    begun = max(
        (found.start() for found in _STRING_BEGINS.finditer(window, max(0, cut - _LOOK_AHEAD), cut)), default=-1
    )
    if begun >= 0 and _STRING_ENDS.search(window, begun + 2, cut) is None:
        end = _STRING_ENDS.search(window, cut)
        return end.end() if end is not None else cut
    return cut


def _modes(output: bytes) -> bytes:
    """DEC private modes: the screen first, as a program's first step onto it clears it."""
    if b"?" not in output:
        return b""
    last: dict[bytes, bytes] = {}
    for sequence in dict.fromkeys(reversed(_MODES.findall(output))):
        letter = sequence[-1:]
        for number in reversed(sequence[3:-1].split(b";")):
            name = _SCREENS[0] if number in _SCREENS else number
            if name not in _PASSING and name not in last and len(number) <= _LONGEST_NUMBER:
                last[name] = b"\x1b[?" + number + letter
    screen = last.pop(_SCREENS[0], b"")
    return screen + b"".join(reversed(list(last.values())[:_MOST_MODES]))


def _strings(output: bytes) -> bytes:
    """The title, the default colours, and the marks of commands that still run."""
    if b"]" not in output:
        return b""
    last: dict[bytes, bytes] = {}
    running: list[tuple[bytes, bytes]] = []
    for number, text in _STRINGS.findall(output):
        if number == b"133":
            _follow(running, text)
        elif number.startswith(b"11") and len(number) == 3:  # back to the terminal's own colour
            last.pop(number[1:], None)
        else:
            last[b"2" if number == b"0" else number] = text[:_LONGEST_TITLE]
    strings = [(number, last[number]) for number in sorted(last)]
    marks = [(b"133", mark) for _, mark in running[-_MOST_MARKS:]]
    return b"".join(b"\x1b]" + number + b";" + text + b"\x07" for number, text in (*strings, *marks))


def _follow(running: list[tuple[bytes, bytes]], mark: bytes) -> None:
    """Take in a mark: `C` begins a command of a shell; `B`, `C` and `D` end its last one and what ran inside of it."""
    letter, _, rest = mark.partition(b";")
    shell = rest.partition(b";")[0]
    if letter not in (b"B", b"C", b"D"):
        return
    at = next((at for at, (known, _) in enumerate(running) if known == shell), len(running))
    del running[at:]
    if letter == b"C":
        running.append((shell, mark[:_LONGEST_MARK].decode(errors="ignore").encode()))


def _shape(output: bytes) -> bytes:
    """The cursor's shape."""
    end = len(output) if b"q" in output else 0
    while (end := output.rfind(b" q", 0, end)) >= 0:
        found = _SHAPE.fullmatch(output, max(0, output.rfind(b"\x1b", max(0, end - 8), end)), end + 2)
        if found is not None:
            return found[0]
    return b""


def _colours(output: bytes) -> bytes:
    """Colours and weights of text."""
    size = _COLOURS_BYTES
    while True:
        near = output[-size:]
        begin = max((found.start() for found in _COLOURS_OFF.finditer(near)), default=-1)
        colours = _COLOUR.findall(near, max(0, begin))
        if begin >= 0 or len(colours) >= _MOST_COLOURS or size >= len(output):
            break
        size *= 8
    if colours and _COLOURS_OFF.fullmatch(colours[0]) and colours[0].strip(b"\x1b[0m;") == b"":
        del colours[0]
    return b"".join(colours[-_MOST_COLOURS:])
