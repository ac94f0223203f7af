"""A real terminal for tests: a tmux of our own, with one pane."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import SECONDS


class Terminal:
    """The pane of a tmux server that nobody else knows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # COLUMNS and LINES, which pytest-xdist sets, would count for more than the terminal's true size.
        own = ("TMUX", "COLUMNS", "LINES")
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        self._environment |= {"TMUX_TMPDIR": str(folder), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}

    def tmux(self, *arguments: str, text: str = "") -> str:
        """Give tmux a command."""
        done = self._ask(*arguments, text=text)
        assert done.returncode == 0, f"tmux {arguments}: {done.stderr}"
        return done.stdout

    def _ask(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["tmux", "-L", "t", "-f", "/dev/null", *arguments],
            env=self._environment, input=text, capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip

    def start(self, argv: Sequence[str], environment: Mapping[str, str], columns: int, rows: int) -> None:
        """Run a program in it."""
        words = ["env", *(f"{name}={value}" for name, value in environment.items()), *argv]
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), shlex.join(words))

    def press(self, *keys: str) -> None:
        """Press keys, as tmux calls them."""
        self.tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type text."""
        self.tmux("send-keys", "-l", text)

    def send(self, data: bytes) -> None:
        """Send bytes, as a terminal with other keys would."""
        self.tmux("send-keys", "-H", *(f"{byte:02x}" for byte in data))

    def paste(self, text: str) -> None:
        """Paste, in brackets if the program wants them."""
        self.tmux("load-buffer", "-", text=text)
        self.tmux("paste-buffer", "-p", "-r")

    def resize(self, columns: int, rows: int) -> None:
        """Change its size."""
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def rows(self) -> list[str]:
        """What it shows."""
        return self.tmux("capture-pane", "-p").split("\n")

    def until(self, is_so: Callable[[], bool], seconds: float = SECONDS) -> None:
        """Wait until it is so."""
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end, "it shows:\n" + "\n".join(self.rows())
            time.sleep(0.01)

    def end(self) -> None:
        """End the server and what runs in it."""
        end = time.monotonic() + SECONDS
        # It ends by itself when its program has ended: that it does not answer is what is waited for.
        while self._ask("kill-server").returncode == 0:
            assert time.monotonic() < end
            time.sleep(0.01)


@contextmanager
def open_terminal(
    argv: Sequence[str], environment: Mapping[str, str], *, columns: int = 100, rows: int = 30
) -> Iterator[Terminal]:
    """Run `argv` in a terminal of its own."""
    folder = Path(tempfile.mkdtemp(prefix="tmux-"))  # a socket's path must be short
    terminal = Terminal(folder)
    try:
        terminal.start(argv, environment, columns, rows)
        try:
            yield terminal
        finally:
            terminal.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
