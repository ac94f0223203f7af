"""Finds the prompt marks that the lab's bash prints (OSC 133) and tells which commands ran, and how they ended.

`ESC ] 133 ; A ; ID BEL` before a prompt, `B ; ID` behind it, `C ; ID ; NUMBER ; TEXT` just before a command runs and
`D ; ID ; STATUS` after it. ID is the shell's own, so that a shell inside of a shell closes nothing but its own
commands.
Does not know who printed the marks, nor what a command does.

Source: the semantic prompts of OSC 133 as FinalTerm introduced them; the fields behind the letter are ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

KEPT_BYTES = 256 * 1024
"""How much of a command's output is kept: half from its beginning, half from its end."""

NEWLINE = "\x1e"
"""Stands for a line end within TEXT."""

_MARK = re.compile(rb"\x1b\]133;([ABCD])((?:;[^\x07\x1b]*)?)(?:\x07|\x1b\\)")
_START = b"\x1b]133;"
_LONGEST_MARK = 64 * 1024
_ESCAPES = re.compile(
    rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\|$)"  # OSC
    rb"|\x1b[PX^_].*?(?:\x1b\\|$)"  # DCS, SOS, PM, APC
    rb"|\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    rb"|\x1b[ -/]*[0-~]"  # others
    rb"|[\x00-\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command that has ended."""

    text: str
    """As it was typed; empty where the shell keeps no history."""
    output: str
    """What it printed, without escape sequences; the middle is missing where it was very long."""
    status: int
    """Its exit status."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A shell waits for a command."""

    shell: str
    """The shell's id."""


@dataclass(frozen=True, slots=True)
class Started:
    """A command begins to run."""

    shell: str
    """The shell's id."""
    text: str
    """As it was typed."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A command has ended."""

    shell: str
    """The shell's id."""
    command: Command
    """The command."""


Event = Prompt | Started | Ended
"""What marks tell."""


@dataclass(slots=True)
class _Running:
    """A command on its way."""

    text: str
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)

    def keep(self, output: bytes) -> None:
        half = KEPT_BYTES // 2
        room = half - len(self.head)
        if room > 0:
            self.head += output[:room]
            output = output[room:]
        self.tail += output
        if len(self.tail) > half:
            del self.tail[: len(self.tail) - half]


class Marks:
    """Reads a stream of output, in pieces of any size."""

    def __init__(self) -> None:
        self._held = b""
        self._running: dict[str, _Running] = {}
        self._numbers: dict[str, str] = {}

    @property
    def is_running(self) -> bool:
        """Whether a command is on its way."""
        return bool(self._running)

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take a piece of output in; yields what it tells, in order."""
        data = self._held + data
        self._held = b""
        at = 0
        for mark in _MARK.finditer(data):
            self._keep(data[at : mark.start()])
            at = mark.end()
            event = self._event(mark[1], mark[2].decode(errors="replace")[1:])
            if event is not None:
                yield event
        rest = data[at:]
        cut = _unfinished(rest)
        self._keep(rest[:cut])
        self._held = rest[cut:]

    def _keep(self, output: bytes) -> None:
        if output:
            for running in self._running.values():
                running.keep(output)

    def _event(self, letter: bytes, rest: str) -> Event | None:
        shell, _, rest = rest.partition(";")
        if letter == b"B":
            return Prompt(shell)
        if letter == b"C":
            number, _, text = rest.partition(";")
            # The same number twice: this command did not make it into the history, so the text is another's.
            known = "" if number == self._numbers.get(shell) else text.replace(NEWLINE, "\n").strip()
            self._numbers[shell] = number
            self._running[shell] = _Running(known)
            return Started(shell, known)
        if letter == b"D" and shell in self._running:
            running = self._running.pop(shell)
            status = int(rest) if rest.isdigit() else 0
            return Ended(shell, Command(running.text, plain_text(bytes(running.head + running.tail)), status))
        return None


def plain_text(output: bytes) -> str:
    """Output as one would copy it from the screen: no escape sequences, overwritten parts of lines gone."""
    text = _ESCAPES.sub(b"", output).decode("utf-8", "replace").replace("\r\n", "\n")
    return "\n".join(_overwritten(line) for line in text.split("\n"))


def _overwritten(line: str) -> str:
    """A line after its backspaces and carriage returns."""
    if "\r" not in line and "\b" not in line:
        return line
    cells: list[str] = []
    at = 0
    for character in line:
        if character == "\r":
            at = 0
        elif character == "\b":
            at = max(0, at - 1)
        else:
            cells[at : at + 1] = [character]
            at += 1
    return "".join(cells)


def _unfinished(data: bytes) -> int:
    """Where a mark begins that is not complete yet; the length of `data` if none does."""
    at = data.rfind(b"\x1b")
    # An ESC may also be the first half of the terminator ESC \ of a mark that began before it.
    if at > 0 and len(data) - at <= 1:
        before = data.rfind(_START, 0, at)
        if before >= 0 and not _MARK.match(data, before) and b"\x07" not in data[before:at]:
            at = before
    if at < 0 or len(data) - at > _LONGEST_MARK:
        return len(data)
    piece = data[at:]
    if piece.startswith(_START):
        return len(data) if b"\x07" in piece else at
    return at if _START.startswith(piece) else len(data)
