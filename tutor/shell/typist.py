"""Types commands into an interactive bash, as a learner would, and waits for each to end.

Does not know where the shell runs: it is given an open terminal.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pexpect
from pexpect.fdpexpect import fdspawn

from tutor.errors import ShellError
from tutor.shell.marks import Command, Ended, Event, Marks, Prompt, Started

_CHUNK = 65536
_AFTER_INTERRUPT_SECONDS = 2.0
_INTERRUPT = "\x03"


class Typist:
    """Types into the bash behind one terminal."""

    def __init__(self, fd: int, on_output: Callable[[bytes], None] | None = None) -> None:
        """Take the terminal over.

        Args:
            fd: the master of a pseudo terminal in which a bash with the lab's bashrc runs; stays the caller's.
            on_output: is given everything that is printed.
        """
        self._terminal = fdspawn(fd)
        # pexpect waits 50 ms before each send, for programs that switch the echo off late; bash does not.
        self._terminal.delaybeforesend = None
        self._on_output = on_output
        self._marks = Marks()

    def close(self) -> None:
        """Type no more; the terminal stays open."""

    def wait_for_prompt(self, seconds: float) -> None:
        """Wait until the shell waits for a command.

        Raises:
            ShellError: it does not within `seconds`, or has ended.
        """
        if not self._await(lambda event: isinstance(event, Prompt), seconds):
            raise ShellError(f"the shell showed no prompt within {seconds:g} s", hint="is its bashrc broken?")

    def run(self, text: str, seconds: float) -> Command:
        """Type one command, which may have several lines, and wait for its end.

        A command that opens another shell has ended, for this purpose, when that shell shows its prompt.

        Raises:
            ShellError: it has not ended within `seconds` (it is interrupted then), or the shell has ended.
        """
        ended: list[Command] = []
        began = [""]

        def look(event: Event) -> bool:
            if isinstance(event, Started) and not began[0]:
                began[0] = event.shell
            elif isinstance(event, Ended) and event.shell == began[0]:
                ended.append(event.command)
            elif isinstance(event, Prompt) and began[0]:
                if not ended:
                    ended.append(Command(text, "", 0))
                return True
            return False

        # A tab would ask for completion: readline takes the key after Ctrl-V as it is.
        self._terminal.send(text.replace("\t", "\x16\t") + "\n")
        if not self._await(look, seconds):
            self._terminal.send(_INTERRUPT)
            self._await(lambda event: isinstance(event, Prompt), _AFTER_INTERRUPT_SECONDS)
            raise ShellError(
                f"`{text}` had not ended after {seconds:g} s", hint="give ping a -c, and end what runs for ever"
            )
        return ended[0]

    def _await(self, is_it: Callable[[Event], bool], seconds: float) -> bool:
        """Read until an event is the one; False when `seconds` have passed."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                data: bytes = self._terminal.read_nonblocking(_CHUNK, timeout=left)
            except pexpect.TIMEOUT:
                return False
            except (pexpect.EOF, OSError) as error:
                raise ShellError("the shell has ended", hint="`exit` is no command for a lesson's solution") from error
            if self._on_output is not None:
                self._on_output(data)
            found = [is_it(event) for event in self._marks.feed(data)]
            if any(found):
                return True
        return False
