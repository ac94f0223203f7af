"""What is shown in the comparison of final screens: output made by hand for what terminals differ in, and programs.

Does not know how they are compared.
"""

from __future__ import annotations

import shutil
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.tui.final_screens import COLUMNS, ROWS, Cell, Recording, Size, Step

SIZE = Size(COLUMNS, ROWS)
_MARGIN = "".join(str(number % 10) for number in range(78))


def _lines(count: int) -> str:
    return "".join(f"line {number:02d} abcdefghijklmnopqrstuvwxyz\r\n" for number in range(count))


_SCREENFUL = _lines(23)
_BLUE, _OFF = "\x1b[44m", "\x1b[0m"

PRINTED: dict[str, Recording | str] = {
    "lines of the drawing set": "\x1b(0lqqwqqk\r\nx  x  x\r\ntqqnqqu\r\nmqqvqqj `afghijklmno\x1b(B ascii\r\n"
    "\x1b)0shifted \x0elqk\x0f back",
    "wide and combining characters": "漢字かな한글 e\u0301a\u0308o\u0302 \uff46\uff55\uff4c\uff4c é\r\n|漢|\r\n"
    + "x" * 79
    + "漢字\r\nend",
    "other scripts": "क्षि ि พู่ \u1100\u1161\u11a8 привет ﷺ 𠀀 ①② © ® ™|\r\na\u200bb|",
    "emoji that are text, and text that is emoji": "☺|❤\ufe0f|☀|☀\ufe0f|⚡|⌚|",
    "a soft hyphen": "a\u00adb|",
    "eight-bit controls are no controls in UTF-8": "\x85y|\x9b31mz|",
    "a mark on a wide character": "漢\u0301|字\u20dd|\r\nx\u0301\u0302\u0303|",
    "emoji": "🙂🚀🐧 wide 🙂|\r\n" + "x" * 79 + "🙂\r\n→←↑↓ ✓ ✗ ● ○ ■ □ ▶ ◀ … “quoted” €",
    "box and block drawing": "┌─┬─┐╔═╦═╗▁▂▃▄▅▆▇█░▒▓▖▗▘▙\r\n│ │ │║ ║ ║⣿⡇⠿\r\n└─┴─┘╚═╩═╝",
    "tabs": "a\tb\tc\td\r\n12345678\tx\r\n" + "y" * 76 + "\tz\tw",
    "wide characters cut at their edges": "漢字漢字\x1b[1;7Hy\r\n漢字漢字\x1b[2;5H\x1b[K|\r\n漢字漢字\x1b[3;4H\x1b[1K",
    "tab stops set and cleared": "\x1b[3g\x1b[1;5H\x1bH\x1b[1;11H\x1bH\x1b[1;21H\x1bH\r\ta\tb\tc\td"
    "\x1b[1;11H\x1b[0g\r\n\ta\tb\tc",
    "tabs backwards": "\t\t\ta\x1b[2Zb\x1b[9Zd",
    "a tab over text leaves it": "abcdefghijkl\r\tX",
    "scroll regions": _SCREENFUL + "\x1b[5;15r\x1b[15;1H\n\n\nnew\x1b[5;1H\x1bM\x1bMtop\x1b[r\x1b[24;1Hbottom",
    "a cursor outside the scroll region": _SCREENFUL
    + "\x1b[5;10r\x1b[20;1H\n\n\n\n\n\n\nlast\x1b[2;1H\x1bM\x1bM\x1bM\x1bMfirst",
    "scrolled up and down": _SCREENFUL + "\x1b[3S\x1b[5;10r\x1b[2T\x1b[r",
    "lines inserted and deleted": _SCREENFUL + "\x1b[5;10H\x1b[3Lnew\x1b[12;1H\x1b[2M\x1b[3;8r\x1b[4;1H\x1b[9M\x1b[r",
    "characters inserted and deleted": "abcdefghij\r\n" * 4
    + "\x1b[1;3H\x1b[2@\x1b[2;3H\x1b[3P\x1b[3;3H\x1b[4X\x1b[4;3H\x1b[99P",
    "insert mode": "abcdef\x1b[1;3H\x1b[4hXY\x1b[4lZ\r\n" + _MARGIN + "\x1b[2;2H\x1b[4hab漢\x1b[4l",
    "a character repeated": "ab\x1b[5b|\r\n\x1b[31m=\x1b[9b\x1b[0m",
    "origin mode": _SCREENFUL + "\x1b[6;12r\x1b[?6h\x1b[1;1Hhome\x1b[99;99Hend\x1b[3;4Hin\x1b[?6l\x1b[1;1Hout\x1b[r",
    "the alternate screen": _lines(5) + "\x1b[?1049h\x1b[2J\x1b[3;3Halternate",
    "back from the alternate screen": _lines(5) + "here\x1b[?1049h\x1b[2J\x1b[31malternate\x1b[?1049l back",
    "the alternate screen of old": _lines(3) + "\x1b[?47h\x1b[2J\x1b[Hold\x1b[?47l new",
    "the palette": "".join(
        f"\x1b[38;5;{n}m#\x1b[48;5;{255 - n}m*\x1b[0m" + "\r\n" * (n % 32 == 31) for n in range(256)
    ),
    "the palette changed": "\x1b[34mone\x1b[m \x1b]4;4;#5454ff\x07\x1b]4;200;rgb:10/20/30\x07\x1b[34;48;5;200mtwo\x1b[K"
    "\x1b[0m\r\n\x1b]4;1;#123456\x07\x1b[31mthree\x1b[0m \x1b]104;1\x07",
    "the palette changed and as it was": "\x1b]4;4;#5454ff;1;#123456\x07\x1b[34mone\x1b[31mtwo\x1b]104\x07",
    "sixteen colours": "".join(f"\x1b[{n}mf\x1b[{n + 10}mb\x1b[0m" for n in [*range(30, 38), *range(90, 98)]),
    "all colours": "".join(f"\x1b[38;2;{n * 3};{255 - n * 3};{n}m#\x1b[48;2;9;{n};{n * 3}m*\x1b[0m" for n in range(80)),
    "all colours with colons": "\x1b[38:2::10:20:30ma\x1b[48:2::200:100:50mb\x1b[38:5:99mc\x1b[0md",
    "kinds of text": "".join(f"\x1b[{n}mkind {n}\x1b[0m " for n in (1, 2, 3, 4, 5, 7, 8, 9, 53))
    + "\r\n\x1b[1;3;4;7mall\x1b[22mnot bold\x1b[23mnot italic\x1b[24mnot underlined\x1b[27mnot inverse",
    "kinds of lines below": "".join(f"\x1b[4:{n}mline {n}\x1b[4:0m " for n in range(1, 6))
    + "\x1b[21mdouble\x1b[24m off",
    "coloured lines below": "\x1b[4m\x1b[58:5:9mred line\x1b[59m plain line\x1b[0m none",
    "inverse with colours": "\x1b[7;31;44m both \x1b[39m one \x1b[49m none \x1b[27m off",
    "the alignment pattern": "red\x1b#8",
    "the margin": _MARGIN + "89ABCDEF\r\n" + "x" * 80 + "\r\n" + "y" * 80,
    "no wrap": "\x1b[?7l" + "x" * 90 + "Y\r\n\x1b[?7hback" + "z" * 90,
    "erased in a colour": _SCREENFUL + f"{_BLUE}\x1b[3;5H\x1b[K\x1b[5;5H\x1b[1K\x1b[7;1H\x1b[2K\x1b[9;3H\x1b[4X{_OFF}",
    "the screen erased in a colour": _SCREENFUL + f"{_BLUE}\x1b[10;10H\x1b[J{_OFF}ab",
    "the screen above erased in a colour": _SCREENFUL + f"\x1b[48;2;9;8;7m\x1b[10;10H\x1b[1J{_OFF}ab",
    "scrolled in a colour": _SCREENFUL + f"{_BLUE}\x1b[24;1H\n\n{_OFF}",
    "inserted in a colour": _SCREENFUL
    + f"{_BLUE}\x1b[5;5H\x1b[2L\x1b[9;5H\x1b[3@\x1b[11;5H\x1b[3P\x1b[15;1H\x1b[2M{_OFF}",
    "the cursor saved with its looks": "\x1b[31m\x1b[5;5H\x1b7\x1b[0m\x1b[10;10Hthere\x1b8here"
    "\x1b[s\x1b[1;1H\x1b[uagain",
    "the cursor moved": "\x1b[5;5Ha\x1b[2Bb\x1b[3Cc\x1b[2Ad\x1b[9De\x1b[2Ef"
    "\x1b[Fg\x1b[40Gh\x1b[3dk\x1b[50`l\x1b[99;99f",
    "the cursor hidden": "text\x1b[?25l",
    "line feeds, and their like": "a\nb\vc\fd\x1bDe\x1bEf\x1bMg\r\rh\x00\x07i",
    "reset softly": "\x1b[31;1m\x1b[5;10r\x1b[?6h\x1b[4hx\x1b[!py\x1b[1;1Hz",
    "reset": _SCREENFUL + "\x1b[31m\x1b[5;10r\x1b(0\x1bcx after q",
    "titles and links": "\x1b]0;a title\x07\x1b]2;another\x1b\\\x1b]8;;http://example\x1b\\link"
    "\x1b]8;;\x1b\\ text\x1b]52;c;eA==\x07.",
    "what nobody knows": "\x1b]777;what\x07a\x1bPq#0~\x1b\\b\x1b_apc\x1b\\c"
    "\x1b^pm\x1b\\d\x1b[?9999he\x1b[>4;1mf\x1b[99zg",
    "control characters amid a sequence": "a\x1b[3\n1mb\x1b[\rAc\x1b[0\x18md\x1b\x1b[32me",
    "the history erased": _lines(40) + "\x1b[3Jend",
    "less wide and wide again": (b"a" * 100 + b"\r\n" + b"b" * 30 + b"\r\n", Size(50, 24), Size(80, 24)),
    "wider": (b"a" * 200 + b"\r\n" + b"b" * 81 + b"\r\n", Size(100, 24)),
    "less high": (_lines(23).encode() + b"end", Size(80, 12)),
    "higher": (_lines(5).encode() + b"end", Size(80, 30)),
    "lines that wrap, less wide": (_lines(40).encode() + b"a" * 100 + b"\r\nend", Size(60, 24)),
}
"""What is printed, by what it shows."""

_TMUX_HALVES = "tmux leaves the first half of a wide character whose second half is overwritten, moved or erased"
_TMUX_MARGIN = "behind the last column tmux's cursor stands one column further right than a terminal's, and erases less"

PRINTED_OTHERWISE: dict[str, tuple[Recording | str, str]] = {
    "a wide character overwritten from its middle": ("漢字漢字\x1b[1;2Hx", _TMUX_HALVES),
    "a wide character erased from its middle": ("漢字漢字\x1b[1;4H\x1b[K", _TMUX_HALVES),
    "half a wide character deleted": ("漢字漢字\x1b[1;3H\x1b[P", _TMUX_HALVES),
    "a backspace behind the margin": ("y" * 80 + "\b\bz", _TMUX_MARGIN),
    "a line end erased behind the margin": ("x" * 80 + "\x1b[K", _TMUX_MARGIN),
    "emoji made of several": ("👩‍👩‍👧| 🇩🇪|", "tmux joins them, libghostty-vt gives each its cells"),
    "a character newer than tmux": ("\U0001f6dc|", "tmux leaves out what its tables do not know"),
    "tabs forwards": ("\x1b[3Ia", "tmux does not know CHT"),
    "the cursor moved relatively, HPR and VPR": ("a\x1b[5ab\x1b[2ec", "tmux knows neither HPR nor VPR"),
    "scrolled down in a colour": (_SCREENFUL + f"{_BLUE}\x1b[H\x1bM{_OFF}", "tmux scrolls down in no colour"),
    "less wide and less high at once": (
        (b"a" * 100 + b"\r\nshort\r\n" + b"b" * 200, Size(60, 20)),
        "tmux moves rows that come to be by wrapping into its history, though there is room below",
    ),
    "a tab stop cleared without a number": ("\x1b[1;9H\x1b[g\r\ta", "libghostty-vt takes CSI g only with its number"),
    "the alignment pattern in a colour": ("\x1b[31mred\x1b#8", "libghostty-vt fills in the colour that is on"),
}
"""What is shown otherwise, each with the reason. That it still is, is tested: else it belongs above."""


DISPUTED = frozenset({"emoji made of several", "a character newer than tmux"})
"""What the outer terminal of these tests, a tmux too, makes something else of than our screen; the rest of the row is
painted as it is."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program, and what is done in it."""

    argv: Sequence[str]
    """Its command; the first word has to be there."""
    steps: Sequence[Step]
    """What is waited for, and which keys are pressed."""

    otherwise: tuple[str, Callable[[int, int, Cell, Cell], bool]] | None = None
    """Why tmux shows cells otherwise, and which: by column, row, ours and tmux's."""

    @property
    def is_there(self) -> bool:
        """Whether this machine has it."""
        return shutil.which(self.argv[0]) is not None


_PYTHON = (
    '"""A module."""\n\nimport os\n\n\nclass Thing:\n    """A thing."""\n\n    size = 4\n\n    def name(self) -> str:\n'
    + ('        return f"{os.getpid()} of {self.size!r}"  # comment\n' * 60)
)
# The server ends with its only client.
_TMUX_CONF = """\
set -g destroy-unattached on
set -g status-right ''
set -g default-command 'PS1="$ " exec bash --norc'
"""
_VIM = ["vim", "-N", "-u", "NONE", "-i", "NONE", "-n", "--cmd", "set hlsearch ruler bg=dark", "--cmd", "syntax on"]


def furnish(folder: Path) -> None:
    """Files for the programs."""
    (folder / "module.py").write_text(_PYTHON, encoding="utf-8")
    (folder / "words").write_text(
        "".join(f"{n} word wörd 漢字 {'=' * (n % 90)}\n" for n in range(300)), encoding="utf-8"
    )
    (folder / "packets").write_bytes(_packets())
    (folder / "tmux.conf").write_text(_TMUX_CONF, encoding="utf-8")


def _packets() -> bytes:
    """Echo requests as tcpdump -w writes them (pcap-savefile(5)): raw IP, no checksums."""
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    made = [header]
    for number in range(12):
        icmp = struct.pack(">BBHHH", 8, 0, 0, 7, number) + bytes(range(32, 64))
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(icmp), number, 0, 64, 1, 0, b"\x0a\x01\0\4", b"\x08" * 4)
        made.append(struct.pack("<IIII", 1000 + number, 0, len(ip + icmp), len(ip + icmp)) + ip + icmp)
    return b"".join(made)


PROGRAMS: dict[str, Program] = {
    "vim, colours": Program([*_VIM, "module.py"], ["class Thing", b"12G", 0.05, b"/size\r", "of"]),
    "vim, split and scrolled": Program(
        [*_VIM, "module.py"],
        ["class Thing", b":split words\r", "300L", b"20\x05", b":vsplit\r", b"\x17j", b"G", b"ihello\x1b"],
    ),
    "vim, true colours": Program(
        [*_VIM, "--cmd", "set termguicolors", "-c", "colorscheme desert", "module.py"], ["class Thing", b"V5j", 0.1]
    ),
    "vim, less wide": Program([*_VIM, "words"], ["word", b"50G", Size(60, 20), 0.15]),
    "less": Program(["less", "-N", "words"], ["words", b"/w.rd\r", b"  ", b"jjk", b"\x1b(", 0.05]),
    "less, to the end and back": Program(["less", "words"], ["words", b"G", b"b", b"10g"]),
    "nano": Program(
        ["nano", "-l", "--ignorercfiles", "module.py"], ["Thing", b"hello\r", b"\x0b", b"\x1b[6~", b"\x07", "Main nano"]
    ),
    "htop": Program(["htop", "-d", "100"], ["F10", b"\x1b[B\x1b[B", b"\x1b[15~", 0.2]),
    "top": Program(
        ["top", "-d", "100"],
        ["PID", b"z", b"x", b"1", 0.1],
        (_TMUX_MARGIN, lambda x, y, ours, its: x == COLUMNS - 1 and ours.text == its.text == " "),
    ),
    "man": Program(["man", "--no-hyphenation", "tmux"], ["TMUX(1)", b"   ", b"/session\r", 0.1]),
    "watch": Program(["watch", "-n", "60", "ls", "-la", "/etc"], ["Every", 0.2]),
    "watch in colours": Program(
        ["watch", "-c", "-n", "60", "ls", "--color=always", "-la", "/etc"],
        ["Every", 0.2],
        (
            "it changes the bright colours (OSC 4), and to tmux, but only then, a bold colour is the bright one",
            lambda x, y, ours, its: (
                ours.foreground in range(8) and "bold" in ours.marks and its == replace(ours, foreground=its.foreground)
            ),
        ),
    ),
    "ls in columns and colours": Program(["ls", "--color=always", "-C", "-w", "80", "/usr/bin", "/dev"], [0.3]),
    "bash, at a prompt": Program(
        ["bash", "--norc", "--noprofile"],
        [
            "bash-",
            b"PS1='\\[\\e[1;32m\\]me\\[\\e[0m\\]:\\w\\$ '\r",
            b"echo " + b"long " * 30,
            b"\x01\x1bf\x1bfXY",
            b"\x12PS1",
            0.1,
        ],
    ),
    "ip in colours": Program(["ip", "-c", "-d", "address"], [0.2]),
    "tcpdump": Program(["tcpdump", "-nn", "-X", "-r", "packets"], ["0x00", 0.2]),
    "tmux": Program(
        ["tmux", "-S", "socket", "-f", "tmux.conf", "new-session"],
        ["$", b"ls -la /\r", b"\x02%", "$", b'\x02"', "$", b"echo 'x'; seq 30\r", "30", b"\x02[", b"\x1b[5~", 0.2],
    ),
    "python": Program(
        [sys.executable, "-q", "-i", "-c", "import sys"], [">>>", b"print('\\u6f22' * 50)\r", b"1/0\r", "Zero"]
    ),
}
"""Programs, by what is looked at."""
