"""The rows of exactness: keys that reach the program byte for byte, and final screens that are as tmux shows them.

Run: python -m benchmarks.terminal keys screens
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.terminal.figures import Figure
from benchmarks.terminal.peers import short_folder
from tests.shell.bash import environment
from tests.tui.final_cases import DISPUTED, PRINTED, PRINTED_OTHERWISE, PROGRAMS, SIZE, furnish
from tests.tui.final_screens import (
    IMPATIENCE,
    PATIENCE,
    Recording,
    Stage,
    on_our_screen,
    pane_stage,
    record,
    recorded,
    tmux_stage,
)
from tests.tui.painted import Paint
from tests.tui.test_terminal_in_tmux import KEYS, READER, played
from tests.tui.tmux import Terminal, open_terminal


def keys() -> Iterator[Figure]:
    """What a program reads for each key, in tmux alone and in the pane in tmux."""
    with short_folder() as folder:
        bare, inside = folder / "bare", folder / "inside"
        variables = environment(folder) | {"TERM": "tmux-256color"}
        with open_terminal([sys.executable, str(READER), str(bare)], variables) as terminal:
            terminal.until(lambda: "reading" in terminal.rows()[0])
            wanted = _pressed(terminal, bare)
        with played(folder / "home") as lab:
            lab.terminal.type(f"{sys.executable} {READER} {inside}")
            lab.terminal.press("Enter")
            lab.until_shown("reading")
            got = _pressed(lab.terminal, inside)
    wrong = [
        f"{key}: {its!r} instead of {own!r}" for key, own, its in zip(KEYS, wanted, got, strict=True) if own != its
    ]
    right = len(KEYS) - len(wrong)
    yield Figure(
        f"keys that arrive byte for byte, of {len(KEYS)}",
        f"{right}", f"{len(KEYS)}", right / len(KEYS), f"{len(KEYS)}", not wrong, "; ".join(wrong),
    )  # fmt: skip


def _pressed(terminal: Terminal, record: Path) -> list[bytes]:
    """What is read for each key."""
    read: list[bytes] = []
    for key in KEYS:
        before = record.stat().st_size if record.exists() else 0
        terminal.press(key)
        terminal.until(lambda before=before: record.exists() and record.stat().st_size > before)  # type: ignore[misc]
        terminal.until(lambda: _is_quiet(record))
        read.append(record.read_bytes()[before:])
    terminal.press("q", "u", "i", "t")
    return read


def _is_quiet(record: Path) -> bool:
    size = record.stat().st_size
    time.sleep(0.02)
    return record.stat().st_size == size


class _Count:
    """How many screens were equal."""

    def __init__(self, tmux: Stage, pane: Stage) -> None:
        self._tmux, self._pane = tmux, pane
        self._paint = Paint.of(pane.play((), SIZE, on_our_screen((), SIZE), IMPATIENCE))
        self.all = self.equal = 0
        """Screens, and those that are equal or whose difference is explained, on our screen and in the pane."""
        self.explained: list[str] = []
        """Those that are not equal to tmux's, for a reason."""
        self.wrong: list[str] = []
        """The others, with their first difference."""

    def compare(self, name: str, recording: Recording, reason: str = "") -> None:
        """Compare one."""
        ours = on_our_screen(recording, SIZE)
        found = ours.differences(self._tmux.play(recording, SIZE, ours, IMPATIENCE if reason else PATIENCE))
        wanted = self._paint.painted(ours)
        painted: list[str] = []
        if name not in DISPUTED:
            painted = wanted.differences(self._pane.play(recording, SIZE, wanted))
        self._note(name, found, painted, reason)

    def _note(self, name: str, found: list[str], painted: list[str], reason: str) -> None:
        self.all += 1
        if found and reason:
            self.explained.append(f"{name}: {reason}")
            found = []
        elif reason:
            found = [f"no longer: {reason}"]
        if found or painted:
            self.wrong.append(f"{name}: {(found or ['the pane: ' + painted[0]])[0]}")
        else:
            self.equal += 1


def screens() -> Iterator[Figure]:
    """Final screens, cell by cell, on our screen and as the whole pane paints them."""
    with tmux_stage() as tmux, pane_stage() as pane, tempfile.TemporaryDirectory() as folder:
        count = _Count(tmux, pane)
        furnish(Path(folder))
        for name, printed in PRINTED.items():
            count.compare(name, recorded(printed))
        for name, (printed, reason) in PRINTED_OTHERWISE.items():
            count.compare(name, recorded(printed), reason)
        missing = [name for name, program in PROGRAMS.items() if not program.is_there]
        for name, program in PROGRAMS.items():
            if program.is_there:
                reason = program.otherwise[0] if program.otherwise is not None else ""
                count.compare(name, record(program.argv, program.steps, Path(folder), SIZE), reason)
    notes = [*(f"explained: {each}" for each in count.explained), *(f"WRONG: {each}" for each in count.wrong)]
    notes += [f"not compared, as the program is missing: {name}" for name in missing]
    yield Figure(
        f"final screens as tmux's, of {count.all}", f"{count.equal}", f"{count.all}", count.equal / count.all,
        f"{count.all}, or explained ({len(count.explained)})", not count.wrong and not missing, "\n    ".join(notes),
    )  # fmt: skip
