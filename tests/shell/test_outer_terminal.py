"""The learner's own terminal is made what it was, whatever a dead screen has left of it."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from tutor.shell.outer_terminal import OuterTerminal

pytestmark = pytest.mark.pty

ROOT = Path(__file__).parents[2]


class Outer:
    """Both ends of a terminal, and a process in it that restores it."""

    def __init__(self, code: str) -> None:
        self.running = pexpect.spawn(
            sys.executable, ["-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60, echo=True
        )

    def until(self, text: bytes) -> None:
        self.running.expect_exact(text)


RESTORE = """\
import os, sys, termios, time, tty
from tutor.shell import outer_terminal
from tutor.shell.outer_terminal import OuterTerminal
outer_terminal._ANSWER_SECONDS = {patience}
terminal = OuterTerminal()
before = termios.tcgetattr(0)
print("taken", terminal.is_taken, flush=True)
{between}
print("begin", terminal.is_taken, flush=True)
os.read(0, 1)
terminal.restore()
print("end", terminal.is_taken, termios.tcgetattr(0) == before, flush=True)
print("read", repr(sys.stdin.readline()), flush=True)
"""


@pytest.fixture
def outer() -> Iterator[Callable[..., Outer]]:
    made: list[Outer] = []

    def make(between: str, patience: float = 1000) -> Outer:
        """With so much patience only an answer ends the waiting for it."""
        made.append(Outer(RESTORE.format(between=between, patience=patience)))
        return made[-1]

    yield make
    for each in made:
        each.running.close(force=True)


def test_modes_are_switched_off_and_what_was_on_its_way_does_not_reach_the_prompt(
    outer: Callable[..., Outer],
) -> None:
    terminal = outer("tty.setraw(0)")
    terminal.until(b"taken False")
    terminal.until(b"begin True")
    terminal.running.send(b"\n\x1b[<35;10;10M\x1b[I")
    terminal.until(b"\x1b[?1003l")
    terminal.until(b"\x1b[?1049l")
    terminal.until(b"\x1b[?25h")
    terminal.until(b"\x1b[c")
    terminal.running.send(b"\x1b[<35;11;10M\x1b[?62;22c\x1b[O")  # its last reports, its answer, and one more
    terminal.until(b"end False True")
    terminal.running.send(b"typed\n")
    terminal.until(b"read 'typed\\n'")


def test_a_terminal_that_answers_nothing_is_not_waited_for_long(outer: Callable[..., Outer]) -> None:
    terminal = outer("tty.setraw(0)", patience=0.5)
    terminal.until(b"begin True")
    terminal.running.send(b"\n")
    terminal.until(b"end False True")


def test_a_terminal_that_was_not_taken_keeps_its_screen_and_its_cursor(outer: Callable[..., Outer]) -> None:
    terminal = outer("")
    terminal.until(b"begin False")
    terminal.running.send(b"\n")
    terminal.until(b"\x1b[c")
    assert b"\x1b[?1049l" not in terminal.running.before
    assert b"\x1b[r" not in terminal.running.before
    terminal.running.send(b"\x1b[?1;2c")
    terminal.until(b"end False True")


def test_a_terminal_that_another_job_has_is_left_alone() -> None:
    """A background process that changes the terminal's mode would be stopped by the kernel."""
    master, slave = os.openpty()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.setsid()
            os.close(os.open(os.ttyname(slave), os.O_RDWR))  # becomes its controlling terminal
            signal.alarm(60)
            terminal = OuterTerminal(slave, slave)
            child = os.fork()
            if child == 0:
                os.setpgid(0, 0)
                terminal.restore()
                os._exit(0)
            _, ended = os.waitpid(child, os.WUNTRACED)
            status = 0 if ended == 0 else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert not select.select([master], [], [], 0.1)[0]
    os.close(master)
    os.close(slave)


def test_a_terminal_that_is_gone_is_no_error() -> None:
    master, slave = os.openpty()
    terminal = OuterTerminal(slave, slave)
    os.close(master)
    assert not terminal.is_taken
    terminal.restore()
    os.close(slave)
    with pytest.raises(termios.error):
        OuterTerminal(slave, slave)
