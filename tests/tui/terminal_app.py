"""A small application around a terminal pane, with a real bash in it; run as a program, on a real terminal.

Run: python tests/tui/terminal_app.py HOME RECORD [direct|public]
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import termios
from pathlib import Path

if __name__ == "__main__":  # before Textual is imported, as `tutor start` does it
    os.environ["TEXTUAL_DISABLE_KITTY_KEY"] = "1"

from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Static

from tests.shell.bash import Bash, open_bash
from tutor.lab.ring import Piece, Replay
from tutor.tui.driver import RawDriver
from tutor.tui.widgets.terminal import TerminalPane

LEFT = 20
"""How wide the pane beside the terminal is."""


class BashHandle:
    """A bash's terminal, for a pane."""

    def __init__(self, bash: Bash, before: bytes = b"") -> None:
        self.fd = bash.fd
        self.kept = bytearray(before)
        self.sizes: list[tuple[int, int]] = []

    def keep(self, data: bytes) -> None:
        self.kept += data

    def replay(self) -> Replay:
        columns, rows = self.sizes[-1] if self.sizes else (80, 24)
        return Replay((Piece(columns, rows, bytes(self.kept)),), whole=True)

    def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def narrow(self, columns: int, rows: int) -> None:
        raise AssertionError("this record is whole")


class TerminalApp(App[None]):
    """A field to type into, and a terminal; Ctrl-] goes from one to the other."""

    CSS = f"""
    #left {{ width: {LEFT}; }}
    #shell {{ width: 1fr; height: 1fr; }}
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [  # noqa: RUF012  # as Textual's own examples do
        ("ctrl+right_square_bracket", "switch", "switch"),
        ("f8", "look_back", "look back"),
    ]

    def __init__(self, handle: BashHandle | None = None, record: Path | None = None, *, direct: bool = True) -> None:
        super().__init__(driver_class=RawDriver)
        self.direct = direct
        self.handle, self.record = handle, record
        self.told: list[str] = []

    def compose(self) -> ComposeResult:
        with Horizontal():
            with Horizontal(id="left"):
                yield Input(id="field")
            yield TerminalPane(id="shell", direct=self.direct)
        yield Static("ready", id="bar")

    @property
    def pane(self) -> TerminalPane:
        return self.query_one(TerminalPane)

    def on_mount(self) -> None:
        self.call_after_refresh(self.begin)

    def begin(self) -> None:
        if self.handle is not None:
            self.pane.attach(self.handle)
        self.screen.set_focus(self.pane)

    def action_switch(self) -> None:
        field = self.query_one(Input)
        self.screen.set_focus(field if self.pane.has_focus else self.pane)

    def action_look_back(self) -> None:
        self.screen.set_focus(self.pane)
        self.pane.look_back()

    def tell(self, what: str) -> None:
        self.told.append(what)
        if self.record is not None:
            with self.record.open("a", encoding="utf-8") as file:
                file.write(what + "\n")

    def on_terminal_pane_command_done(self, message: TerminalPane.CommandDone) -> None:
        self.tell(f"done {message.command.text!r} {message.command.output!r} {message.command.status}")

    def on_terminal_pane_prompt_shown(self) -> None:
        self.tell("prompt")

    def on_terminal_pane_title_changed(self, message: TerminalPane.TitleChanged) -> None:
        self.tell(f"title {message.title}")

    def on_terminal_pane_copied(self, message: TerminalPane.Copied) -> None:
        self.tell(f"copied {message.text!r}")

    def on_terminal_pane_link_chosen(self, message: TerminalPane.LinkChosen) -> None:
        self.tell(f"link {message.uri}")

    def on_terminal_pane_mode_changed(self, message: TerminalPane.ModeChanged) -> None:
        self.tell(f"looking back {message.looking_back}")

    def on_terminal_pane_broken(self, message: TerminalPane.Broken) -> None:
        self.tell(f"broken {message.error}")

    def on_terminal_pane_shell_closed(self) -> None:
        self.tell("closed")
        if self.record is not None:
            self.exit()


def main(home: Path, record: Path, path: str = "direct") -> None:
    """Run it on this terminal until its bash ends."""
    with open_bash(home) as bash:
        TerminalApp(BashHandle(bash), record, direct=path == "direct").run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
