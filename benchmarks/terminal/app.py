"""A terminal pane in a small application, with a bash in it: what is measured beside tmux.

Run: python -m benchmarks.terminal.app HOME direct|public        (in a terminal; `exit` ends it)
`public` draws by Textual's public interface only, as the pane does where the direct path can't be had.
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import inspect
import os
import signal
import struct
import sys
import termios
from functools import partial
from pathlib import Path

if __name__ == "__main__":  # before Textual is imported, as `tutor start` does it
    os.environ["TEXTUAL_DISABLE_KITTY_KEY"] = "1"

from textual.app import App, ComposeResult

from benchmarks.terminal.peers import bashrc_with_a_mark
from tests.shell.bash import Bash, open_bash
from tutor.lab.ring import Replay, Ring
from tutor.tui.driver import RawDriver
from tutor.tui.widgets.terminal import TerminalPane


class Handle:
    """A bash's terminal, whose last output is kept as a lab keeps it."""

    def __init__(self, bash: Bash) -> None:
        self.fd = bash.fd
        self._ring = Ring.create()

    def keep(self, data: bytes) -> None:
        """Record output."""
        self._ring.write(data)

    def replay(self) -> Replay:
        """The last output."""
        return self._ring.replay()

    def resize(self, columns: int, rows: int) -> None:
        """Tell the programs in it how large it is."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def narrow(self, columns: int, rows: int) -> None:
        """Say for a moment that it is less wide."""
        self.resize(columns - 1, rows)


class PaneApp(App[None]):
    """Nothing but a terminal."""

    CSS = "#shell { width: 1fr; height: 1fr; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, handle: Handle, *, direct: bool) -> None:
        super().__init__(driver_class=RawDriver)
        self._handle, self._direct = handle, direct

    def compose(self) -> ComposeResult:
        """Make the pane."""
        knows = "direct" in inspect.signature(TerminalPane.__init__).parameters
        yield TerminalPane(id="shell", **({"direct": self._direct} if knows else {}))

    def on_mount(self) -> None:
        """Show bash as soon as there is a picture."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, partial(self.exit, return_code=128 + number))
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        pane = self.query_one(TerminalPane)
        pane.attach(self._handle)
        self.screen.set_focus(pane)
        gc.collect()
        gc.freeze()  # as the tutor does it once all is loaded

    def on_terminal_pane_shell_closed(self) -> None:
        """End with the shell."""
        self.exit()


def main(home: Path, path: str) -> None:
    """Run it on this terminal until its bash ends."""
    with open_bash(home, text=bashrc_with_a_mark()) as bash:
        PaneApp(Handle(bash), direct=path == "direct").run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
