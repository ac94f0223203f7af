"""A learner's own shell, in a real terminal, in which `tutor start` is typed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.lab.processes import alive, children, name_of, started_at
from tests.shell.bash import environment
from tests.tui.tmux import Terminal, open_terminal
from tests.waiting import SECONDS, until

ROOT = Path(__file__).parents[2]
TUTOR = f"{sys.executable} -m tutor.cli"
PROMPT = "root@vm:~#"


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"needs {program}")


def learners_environment(home: Path) -> dict[str, str]:
    folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
    runtime = home / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    own = {"XDG_RUNTIME_DIR": str(runtime), "PYTHONPATH": str(ROOT), "TERM": "tmux-256color", "COLORTERM": "truecolor"}
    return environment(home) | folders | own


class Outside:
    """A learner's own shell, in a terminal."""

    def __init__(self, terminal: Terminal, home: Path) -> None:
        self.terminal, self.home = terminal, home
        self.pid = int(terminal.tmux("display-message", "-p", "#{pane_pid}"))

    @property
    def shown(self) -> str:
        return "\n".join(self.terminal.rows())

    def until_shown(self, text: str) -> None:
        self.terminal.until(lambda: text in self.shown)

    def enter(self, line: str) -> None:
        self.terminal.type(line)
        self.terminal.press("Enter")

    def start(self, place: str = "", tutor: str = TUTOR) -> None:
        """`tutor start`, until the lab's shell is there."""
        self.start_without_prompt(place, tutor)
        self.terminal.until(lambda: PROMPT in self.shown or "start?" in self.shown)

    def start_without_prompt(self, place: str = "", tutor: str = TUTOR) -> None:
        """`tutor start`, and nothing is waited for."""
        self.enter(f"{tutor} start {place}; echo back, $?")

    @property
    def right_side(self) -> str:
        """The rows of the lab's shell, without line ends: its programs know nothing of how wide it is."""
        rows = self.terminal.rows()
        width = max(map(len, rows))  # the title fills its row; blanks at the end of the others are not captured
        return "".join(row.ljust(width).rpartition("┃")[2] for row in rows if "┃" in row)

    @property
    def tutor(self) -> int:
        """The process of `tutor start`."""
        return next(pid for pid in children(self.pid) if started_at(pid))

    @property
    def screen(self) -> int:
        """The process that draws: `tutor start` itself only watches over it."""
        return next(pid for pid in children(self.tutor) if started_at(pid) and name_of(pid) != "tutor-nursery")

    def quit(self) -> None:
        self.terminal.press("C-]", "q")
        self.until_shown("Your progress is kept")
        self.terminal.press("q")
        self.until_shown("back, 0")


@contextmanager
def outside(columns: int = 120, rows: int = 34, home: Path | None = None) -> Iterator[Outside]:
    """A terminal, with a home of its own if none is given; labs end with it."""
    made = Path(tempfile.mkdtemp(prefix="t-")) if home is None else None  # a socket lies there, so the path is short
    home = home or made
    assert home is not None
    try:
        argv = ["bash", "--norc", "--noprofile"]
        variables = learners_environment(home) | {"PS1": "outer> ", "HISTFILE": "/dev/null"}
        with open_terminal(argv, variables, columns=columns, rows=rows) as terminal:
            terminal.until(lambda: "outer>" in terminal.rows()[0])
            shell = Outside(terminal, home)
            try:
                yield shell
            finally:
                running = {pid: started_at(pid) for pid in children(shell.pid) if started_at(pid)}
                for pid in running:
                    with suppress(ProcessLookupError):  # it may have ended just now
                        os.kill(pid, signal.SIGTERM)
                until(lambda: not alive(running))  # it makes folders as long as it lives
                end_kept_labs(home)
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


def end_kept_labs(home: Path) -> None:
    argv = [sys.executable, "-m", "tutor.cli", "reset", "--all"]
    subprocess.run(argv, env=learners_environment(home), capture_output=True, check=False, timeout=SECONDS)


def stty(shell: Outside) -> str:
    shell.enter("clear; stty -g > ~/stty; echo written")
    shell.terminal.until(lambda: "written" in shell.terminal.rows()[:2])
    return (shell.home / "stty").read_text(encoding="ascii")
