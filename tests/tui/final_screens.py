"""Final screens, cell by cell: as tmux shows them, as our screen does, and as the whole pane paints them.

All three are given the same bytes: what a program printed once, in a terminal that answers what it asks. What tmux
shows is read from what it draws into a second tmux, since `capture-pane` leaves out cells that were only erased in a
colour. Does not know which programs there are, nor what differs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.shell.bash import environment
from tests.tui.terminal_app import LEFT
from tests.tui.tmux import Terminal, open_terminal
from tests.waiting import SECONDS
from tutor.shell.cells import Colour, Run, Underline
from tutor.shell.screen import Screen

COLUMNS, ROWS = 80, 24
ROOT = Path(__file__).parents[2]
BELOW = 1
"""The bar below the pane."""
PLAYER = Path(__file__).with_name("player.py")
PATIENCE, IMPATIENCE = SECONDS, 0.3
"""How long a picture may take to become the one that is expected; and where it is expected not to become that."""

_MARKS = {1: "bold", 2: "faint", 3: "italic", 5: "blink", 7: "inverse", 8: "invisible", 9: "strike", 53: "overline"}
_OFF = {22: ("bold", "faint"), 23: ("italic",), 25: ("blink",), 27: ("inverse",), 28: ("invisible",)} | {
    29: ("strike",), 55: ("overline",),
}  # fmt: skip
_SGR = re.compile(r"\x1b\[([0-9;:]*)m|\x1b\]8;[^\x07\x1b]*(?:\x07|\x1b\\)|([\x0e\x0f])")


@dataclass(frozen=True, slots=True)
class Size:
    """The terminal becomes this large."""

    columns: int
    """Its width."""
    rows: int
    """Its height."""


Recording = tuple[bytes | Size, ...]
"""What a program printed, and when the terminal changed its size."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell."""

    text: str = " "
    """What stands in it; nothing in the second half of a wide character."""
    foreground: Colour = None
    """The colour of the text."""
    background: Colour = None
    """The colour behind it."""
    marks: frozenset[str] = frozenset()
    """Bold, inverse ..."""
    underline: int = 0
    """Which kind of line is below it."""
    linked: bool = field(default=False, compare=False)
    """Whether it is part of a hyperlink, of which tmux knows nothing."""


Known = Callable[[int, int, Cell, Cell], bool]
"""Whether a difference is known: by its column, its row, and the two cells."""


@dataclass(frozen=True, slots=True)
class Final:
    """A screen."""

    cells: tuple[tuple[Cell, ...], ...]
    """Its rows."""
    cursor: tuple[int, int] | None
    """Column and row of the cursor; None while it is hidden."""

    @property
    def text(self) -> str:
        """What stands on it."""
        return "\n".join("".join(cell.text for cell in row).rstrip() for row in self.cells)

    def differences(self, other: Final, known: Known | None = None) -> list[str]:
        """Where another screen differs, for people; not where it is `known`."""
        found: list[str] = []
        for y, (mine, its) in enumerate(zip(self.cells, other.cells, strict=True)):
            where = [x for x, (one, two) in enumerate(zip(mine, its, strict=True)) if one != two]
            if known is not None:
                where = [x for x in where if not known(x, y, mine[x], its[x])]
            if where:
                x = where[0]
                found.append(f"row {y}, {len(where)} cells from column {x} on: {_told(mine[x])} / {_told(its[x])}")
        if self.cursor != other.cursor:
            found.append(f"cursor {self.cursor} / {other.cursor}")
        return found


def _told(cell: Cell) -> str:
    plain = Cell()
    names = ("foreground", "background", "underline")
    styled = [f"{name} {getattr(cell, name)}" for name in names if getattr(cell, name) != getattr(plain, name)]
    return " ".join([repr(cell.text), *sorted(cell.marks), *styled])


def width(text: str) -> int:
    """How many cells a character with its marks takes."""
    return 2 if unicodedata.east_asian_width(text[0]) in "WF" else 1


def clusters(text: str) -> list[str]:
    """Characters, each with what combines with it."""
    found: list[str] = []
    for character in text:
        joins = unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf")
        joins = (joins and character != "\u00ad") or "\u1160" <= character <= "\u11ff"
        if found and (joins or found[-1].endswith("\u200d") or "\U0001f3fb" <= character <= "\U0001f3ff"):
            found[-1] += character
        else:
            found.append(character)
    return found


# Our screen


def on_our_screen(recording: Recording, size: Size) -> Final:
    """What our screen shows of it."""
    screen = Screen(size.columns, size.rows, lambda _: None)
    for part in recording:
        if isinstance(part, Size):
            screen.resize(part.columns, part.rows)
        else:
            screen.feed(part)
    return read(screen)


def read(screen: Screen) -> Final:
    """What a screen shows."""
    runs, cursor = screen.changed_rows(range(screen.rows))
    rows = [[cell for run in runs[y] for cell in _cells(run)] for y in range(screen.rows)]
    return Final(tuple(map(tuple, rows)), None if cursor is None else (cursor.x, cursor.y))


def _cells(run: Run) -> Iterator[Cell]:
    style = run.style
    names = ("bold", "faint", "italic", "blink", "inverse", "invisible", "strike", "overline")
    marks = frozenset(name for name in names if getattr(style, name))
    like = Cell("", style.foreground, style.background, marks, int(Underline(style.underline)), style.linked)
    yield from _spread(run.text, like, run.cells)


def _spread(text: str, like: Cell, cells: int | None = None) -> Iterator[Cell]:
    """The cells of some text; where its characters are not as wide as thought, the end of it makes up for that."""
    found: list[Cell] = []
    for part in clusters(text):
        found += [replace(like, text=part)] + [like] * (width(part) - 1)
    if cells is not None:
        found = found[:cells] + [like] * (cells - len(found))
    yield from found


def recorded(printed: Recording | str) -> Recording:
    """What is printed, written as one text or in parts."""
    return (printed.encode(),) if isinstance(printed, str) else printed


# A program, recorded


Step = str | bytes | Size | float
"""Wait until this text is there; send these keys; change the size; wait so many seconds."""


def record(argv: Sequence[str], steps: Sequence[Step], folder: Path, size: Size) -> Recording:
    """What a program prints in a terminal that answers it, up to the last step."""
    from tests.tui.recorder import Recorder

    with Recorder(argv, folder, size) as recorder:
        for step in steps:
            recorder.do(step)
        return recorder.recording


# tmux, and the whole pane, in a tmux outside


class Stage:
    """A terminal that is shown by somebody, in an outer tmux."""

    def __init__(self, outer: Terminal, fifo: Path, *, left: int = 0, below: int = 0) -> None:
        self.outer = outer
        """The tmux that shows it."""
        self._fifo, self._left, self._below = fifo, left, below
        self._size = Size(0, 0)

    def play(
        self, recording: Recording, size: Size, expected: Final, seconds: float = PATIENCE, known: Known | None = None
    ) -> Final:
        """What is shown of it, as soon as it is as expected but for what is `known`, and otherwise after a while."""
        self._resize(size)
        self._pour(b"\x1b[?1049l\x1bc\x1b[3J")
        for part in recording:
            if isinstance(part, Size):
                self._resize(part)
            else:
                self._pour(part)
        return self._await(lambda shown: not expected.differences(shown, known), seconds)

    def _await(self, is_so: Callable[[Final], bool], seconds: float) -> Final:
        end = time.monotonic() + seconds
        while True:
            shown = self.shown()
            if is_so(shown) or time.monotonic() > end:
                return shown
            time.sleep(0.01)

    def shown(self) -> Final:
        """What is shown now."""
        told = self.outer.tmux(
            "display-message", "-p", "#{cursor_flag} #{cursor_x} #{cursor_y}", ";", "capture-pane", "-e", "-p", "-N"
        )
        first, _, picture = told.partition("\n")
        visible, x, y = map(int, first.split())
        columns, rows = self._size.columns, self._size.rows
        cells = parse_capture(picture, self._left + columns, rows + self._below)
        inner = tuple(row[self._left :] for row in cells[:rows])
        return Final(inner, (min(x - self._left, columns - 1), y) if visible else None)

    def _resize(self, size: Size) -> None:
        if size == self._size:
            return
        self._size = size
        self.outer.resize(self._left + size.columns, size.rows + self._below)
        end = time.monotonic() + SECONDS
        while self._ask("size") != f"{size.columns} {size.rows}":
            assert time.monotonic() < end, "the terminal inside did not become as large"
            time.sleep(0.005)

    def _pour(self, data: bytes) -> None:
        with tempfile.NamedTemporaryFile(dir=self._fifo.parent) as file:
            file.write(data)
            file.flush()
            self._ask(file.name)

    def _ask(self, what: str) -> str:
        self._fifo.write_text(what + "\n", encoding="utf-8")
        return self._fifo.read_text(encoding="utf-8").strip()


@contextmanager
def _short_folder() -> Iterator[Path]:
    """A folder for sockets, whose paths must be short."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        yield Path(folder)


@contextmanager
def tmux_stage() -> Iterator[Stage]:
    """A tmux in a tmux: the inner one has a terminal that erases in no colour, so it draws every cell.

    The outer one has to take all colours and kinds of lines, and the inner one has to know that it does.
    """
    with _short_folder() as folder:
        yield from _tmux_stage(folder)


def _tmux_stage(folder: Path) -> Iterator[Stage]:
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    inner = ["tmux", "-L", "inner", "-f", "/dev/null"]
    features = ",screen-256color:256:RGB:usstyle:overline:strikethrough"
    player = f"env TERM=xterm-256color {sys.executable} {PLAYER} {fifo}"
    script = [
        *inner, "set", "-s", "terminal-features", features, ";",
        "set", "-s", "terminal-overrides", ",screen-256color:invis=\\E[8m", ";",
        "new-session", player, ";", "set", "status", "off",
    ]  # fmt: skip
    variables = {"TERM": "screen-256color", "TMUX_TMPDIR": str(folder), "LC_ALL": "C.UTF-8", "TMUX": ""}
    with open_terminal(script, variables, columns=COLUMNS, rows=ROWS) as outer:
        try:
            yield Stage(outer, fifo)
        finally:
            subprocess.run([*inner, "kill-server"], env=os.environ | variables, capture_output=True, check=False)


@contextmanager
def pane_stage() -> Iterator[Stage]:
    """The whole pane, in the application of these tests, in a tmux."""
    with _short_folder() as folder:
        yield from _pane_stage(folder)


def _pane_stage(folder: Path) -> Iterator[Stage]:
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    home, record = folder / "home", folder / "told"
    home.mkdir()
    app = [sys.executable, str(Path(__file__).with_name("terminal_app.py")), str(home), str(record)]
    variables = environment(home) | {"PYTHONPATH": str(ROOT), "TERM": "tmux-256color", "COLORTERM": "truecolor"}
    with open_terminal(app, variables, columns=LEFT + COLUMNS, rows=ROWS + BELOW) as outer:
        outer.until(lambda: record.exists() and "prompt" in record.read_text(encoding="utf-8"))
        outer.type(f"exec {sys.executable} {PLAYER} {fifo}")
        outer.press("Enter")
        yield Stage(outer, fifo, left=LEFT, below=BELOW)


def parse_capture(picture: str, columns: int, rows: int) -> list[tuple[Cell, ...]]:
    """The cells of what `tmux capture-pane -e` prints."""
    lines = picture.split("\n")[:rows]
    found: list[tuple[Cell, ...]] = []
    like = Cell("")
    for line in [*lines, *[""] * (rows - len(lines))]:
        cells: list[Cell] = []
        at = 0
        for match in _SGR.finditer(line):
            cells += _spread(line[at : match.start()], like)
            at = match.end()
            if match[1] is not None:
                like = _styled(like, match[1])
        cells += _spread(line[at:], like)
        found.append(tuple(cells[:columns] + [Cell()] * (columns - len(cells))))
    return found


def _styled(like: Cell, parameters: str) -> Cell:
    """A style after a Select Graphic Rendition."""
    numbers = iter(parameters.split(";"))
    for number in numbers:
        head, _, kind = number.partition(":")
        code = int(head or 0)
        if code == 0:
            like = Cell("")
        elif code == 4:
            like = replace(like, underline=int(kind or 1))
        elif number == "5:3":  # what tmux calls the line above
            like = replace(like, marks=like.marks | {"overline"})
        elif code == 24:
            like = replace(like, underline=0)
        elif code in _MARKS:
            like = replace(like, marks=like.marks | {_MARKS[code]})
        elif code in _OFF:
            like = replace(like, marks=like.marks - set(_OFF[code]))
        elif code in (38, 48, 58):
            by_index = next(numbers) == "5"
            colour: Colour
            colour = int(next(numbers)) if by_index else (int(next(numbers)), int(next(numbers)), int(next(numbers)))
            if code == 38:
                like = replace(like, foreground=colour)
            elif code == 48:
                like = replace(like, background=colour)
        elif code in (39, 49):
            like = replace(like, foreground=None) if code == 39 else replace(like, background=None)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            like = replace(like, foreground=code - 30 if code < 90 else code - 82)
        elif 40 <= code <= 47 or 100 <= code <= 107:
            like = replace(like, background=code - 40 if code < 100 else code - 92)
    return like
