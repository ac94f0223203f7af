"""Finds the prompt marks that the lab's bash prints (OSC 133) and tells which commands ran, and how they ended.

`ESC ] 133 ; A ; ID BEL` before a prompt, `B ; ID ; STATUS` behind it, `P ; ID` behind the prompt of a line that
continues a command, `C ; ID ; STATUS ; NUMBER ; TEXT` just before a command runs and `D ; ID ; STATUS` after it. STATUS
is `$?`, so that the end of a command is known even where D is missing: of several lines that were pasted at once, only
the last one has it. ID is the shell's own: a shell inside of a shell closes nothing but its own commands, and the end
of the outer command closes what it left open.
Does not know who printed the marks, nor what a command does.

Source: the semantic prompts of OSC 133 as FinalTerm introduced them; the fields behind the letter are ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tutor.shell.plain import plain_text

KEPT_BYTES = 256 * 1024
"""How much of a command's output is kept: half from its beginning, half from its end."""

NEWLINE = "\x1e"
"""Stands for a line end within TEXT."""

LONGEST_TEXT = 16 * 1024
"""How many characters of a command line a mark carries at most."""

_START = b"\x1b]133;"
_LONGEST_MARK = 4 * LONGEST_TEXT + 256  # a character takes up to four bytes
_TERMINATOR = re.compile(rb"[\x07\x1b]")
_MARK = re.compile(rb"([ABCDP]);([0-9]+\.[0-9]+)(?:;(.*))?", re.DOTALL)
_STATUS = re.compile(r"[0-9]{1,3}")
_DEEPEST = 32


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
    status: int = 0
    """What `$?` is now: also of what never ran, such as a line with a syntax error."""


@dataclass(frozen=True, slots=True)
class Continued:
    """A shell waits for the next line of a command."""

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


Event = Prompt | Continued | Started | Ended
"""What marks tell."""


@dataclass(slots=True)
class _Running:
    """A command on its way."""

    shell: str
    text: str
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    left_out: int = 0

    def keep(self, output: bytes) -> None:
        half = KEPT_BYTES // 2
        room = half - len(self.head)
        if room > 0:
            self.head += output[:room]
            output = output[room:]
        self.tail += output
        excess = len(self.tail) - half
        if excess > 0:
            self.left_out += excess
            del self.tail[:excess]

    def ended(self, status: int) -> Ended:
        if not self.left_out:
            output = plain_text(bytes(self.head + self.tail))
        else:
            # Whole lines only, where there are lines: the halves of two words must not become one.
            head = bytes(self.head[: self.head.rfind(b"\n") + 1] or self.head)
            tail = bytes(self.tail[self.tail.find(b"\n") + 1 :] or self.tail)
            gap = self.left_out + len(self.head) - len(head) + len(self.tail) - len(tail)
            output = f"{plain_text(head).rstrip()}\n[{gap} bytes left out]\n{plain_text(tail)}"
        return Ended(self.shell, Command(self.text, output, status))


class Marks:
    """Reads a stream of output, in pieces of any size."""

    def __init__(self) -> None:
        self._held = b""
        self._running: list[_Running] = []
        self._typed: dict[str, tuple[str, str]] = {}
        self._waits = ""

    @property
    def is_running(self) -> bool:
        """Whether a command is on its way."""
        return bool(self._running)

    def feed(self, data: bytes) -> list[Event]:
        """Take a piece of output in; returns what it tells, in order."""
        data = self._held + data
        self._held = b""
        events: list[Event] = []
        at = 0
        while (begin := data.find(_START, at)) >= 0:
            self._keep(data[at:begin])
            body = begin + len(_START)
            found = _TERMINATOR.search(data, body, body + _LONGEST_MARK)
            end = found.start() if found is not None else len(data)
            if found is None and end - body >= _LONGEST_MARK:
                self._keep(_START)  # much too long for a mark: output like any other
                at = body
            elif found is None or (data[end] == 0x1B and end + 1 == len(data)):
                self._held = data[begin:]
                return events
            elif data[end] == 0x1B and data[end + 1 : end + 2] != b"\\":
                self._keep(data[begin:end])  # another sequence cuts it off
                at = end
            else:
                events += self._mark(data[body:end])
                at = end + (1 if data[end] == 0x07 else 2)
        cut = len(data) - _begun(data, at)
        self._keep(data[at:cut])
        self._held = data[cut:]
        return events

    def _keep(self, output: bytes) -> None:
        if output:
            for running in self._running:
                running.keep(output)

    def _mark(self, body: bytes) -> list[Event]:
        fields = _MARK.fullmatch(body)
        if fields is None:
            return []  # another program's mark
        letter, shell = fields[1], fields[2].decode()
        rest = (fields[3] or b"").decode(errors="replace")
        if letter == b"P":
            return [Continued(shell)]
        # Readline prints B again with a prompt that it draws anew (Ctrl-L, another width): that is no other prompt.
        waited, self._waits = self._waits, shell if letter == b"B" else ""
        status, _, rest = rest.partition(";")
        if letter == b"A" or not _STATUS.fullmatch(status):
            return []
        before = self._end(shell, int(status))
        if letter == b"B":
            return before if waited == shell else [*before, Prompt(shell, int(status))]
        return [*before, self._start(shell, rest)] if letter == b"C" else before

    def _start(self, shell: str, rest: str) -> Started:
        number, _, text = rest.partition(";")
        text = text.replace(NEWLINE, "\n").strip()
        # Nothing new in the history: this command did not make it there, and the text is another's.
        known = "" if self._typed.get(shell) == (number, text) else text
        self._typed[shell] = (number, text)
        self._running.append(_Running(shell, known))
        # A shell that has replaced itself (`exec bash`) never says that its last command has ended.
        del self._running[:-_DEEPEST]
        return Started(shell, known)

    def _end(self, shell: str, status: int) -> list[Event]:
        """The shell's command has ended, and with it every command that runs inside of it (`exit`, say)."""
        depth = next((depth for depth, running in enumerate(self._running) if running.shell == shell), None)
        if depth is None:
            return []
        ended = self._running[depth:]
        del self._running[depth:]
        for inner in ended[1:]:
            self._typed.pop(inner.shell, None)
        return [running.ended(status) for running in reversed(ended)]


def _begun(data: bytes, at: int) -> int:
    """How many bytes at the end of `data`, from `at` on, may be the beginning of a mark."""
    longest = min(len(_START) - 1, len(data) - at)
    return next((size for size in range(longest, 0, -1) if data.endswith(_START[:size])), 0)
