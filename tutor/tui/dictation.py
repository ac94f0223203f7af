"""Types commands for the learner, at the prompt where they see them. Does not know which step they belong to.

A command that is offered waits for the learner's Enter; commands that are played are executed, each at a prompt of its
own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Protocol

_KILL_LINE = b"\x05\x15"
"""To the end of the line, and away with what stands before."""


class Typewriter(Protocol):
    """A terminal that can be typed into."""

    def type_text(self, text: str) -> None:
        """Type; line ends execute what stands before them."""

    def write(self, data: bytes) -> None:
        """Send keys."""


class Dictation:
    """Commands on their way to the prompt."""

    def __init__(self, shell: Typewriter) -> None:
        self._shell = shell
        self._queue: deque[str] = deque()
        self._offered = ""
        self._is_busy = self._plays = False

    @property
    def is_playing(self) -> bool:
        """Whether commands are being played, the last of them included until the prompt is back."""
        return self._plays

    @property
    def is_busy(self) -> bool:
        """Whether a command runs, as far as the shell's marks tell: a shell without marks never says."""
        return self._is_busy

    def offer(self, commands: Sequence[str], ran: frozenset[str]) -> None:
        """Put the first command that has not run at the prompt; the one behind it where that one is there already."""
        left = [command for command in commands if command not in ran] or list(commands)
        if not left:
            return
        self._clear_line()
        if self._offered in left:
            left = left[(left.index(self._offered) + 1) % len(left) :]
        self._offered = left[0]
        self._shell.type_text(left[0])

    def play(self, commands: Sequence[str]) -> None:
        """Type and execute commands, each when the one before it has ended."""
        self._clear_line()
        self._offered = ""
        self._queue = deque(commands)
        self._plays = True
        self._next()

    def stop(self) -> None:
        """Type nothing more."""
        self._queue.clear()
        self._offered = ""
        self._plays = False

    def prompted(self) -> bool:
        """The shell waits for a command; returns whether the last one that was to be played has ended."""
        self._is_busy = False
        self._offered = ""  # whatever stood at the prompt before is gone
        has_ended = self._plays and not self._queue
        self._plays = bool(self._queue)
        self._next()
        return has_ended

    def started(self) -> None:
        """A command runs."""
        self._is_busy = True
        self._offered = ""

    def forget(self) -> None:
        """Another shell is there, of which nothing is known yet."""
        self.stop()
        self._is_busy = False

    def _clear_line(self) -> None:
        """Take away what stands at the prompt (Ctrl-Y in bash brings it back): a mix of two commands is neither."""
        if self._offered or not self._is_busy:
            self._shell.write(_KILL_LINE)

    def _next(self) -> None:
        if self._queue:
            self._shell.type_text(self._queue.popleft() + "\n")
