"""A terminal pane in a small application, with a bash in it: what is measured beside tmux.

Run: python -m benchmarks.terminal.app HOME direct|public        (in a terminal; `exit` ends it)
`public` draws by Textual's public interface only, as the pane does where the direct path can't be had.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from functools import partial
from pathlib import Path

if __name__ == "__main__":  # before Textual is imported, as `tutor start` does it
    os.environ["TEXTUAL_DISABLE_KITTY_KEY"] = "1"

from textual.app import App, ComposeResult

from benchmarks.terminal.peers import bashrc_with_a_mark
from tests.shell.bash import open_bash
from tutor.lab.opened_shell import Shell
from tutor.lab.ring import Ring
from tutor.tui.driver import RawDriver
from tutor.tui.widgets.terminal import TerminalPane


class PaneApp(App[None]):
    """Nothing but a terminal."""

    CSS = "#shell { width: 1fr; height: 1fr; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, shell: Shell, *, direct: bool) -> None:
        super().__init__(driver_class=RawDriver)
        self._shell, self._direct = shell, direct

    def compose(self) -> ComposeResult:
        """Make the pane."""
        yield TerminalPane(id="shell", direct=self._direct)

    def on_mount(self) -> None:
        """Show bash as soon as there is a picture."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, partial(self.exit, return_code=128 + number))
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        pane = self.query_one(TerminalPane)
        pane.attach(self._shell)
        self.screen.set_focus(pane)
        gc.collect()
        gc.freeze()  # as the tutor does it once all is loaded

    def on_terminal_pane_shell_closed(self) -> None:
        """End with the shell."""
        self.exit()


def main(home: Path, path: str) -> None:
    """Run it on this terminal until its bash ends."""
    with open_bash(home, text=bashrc_with_a_mark()) as bash:
        PaneApp(Shell(0, "", bash.fd, Ring.create()), direct=path == "direct").run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
