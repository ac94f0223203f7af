"""Holds the outer terminal while the application runs, and gives it back.

Also when it was stopped in between, and when the shell outside has its terminal already. Does not know what is drawn,
nor who reads the keys.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import termios
from typing import Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver


class HoldingDriver(LinuxDriver):
    """Draws on standard output: standard error is for what breaks."""

    _mode: list[Any] | None = None

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file = sys.__stdout__

    def start_application_mode(self) -> None:
        """Take the terminal."""
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual has left its types out
        self._mode = self._read_mode()

    def stop_application_mode(self) -> None:
        """Give it back. What the shell outside has set meanwhile (we were killed, as it thinks) stays as it is."""
        # Where that shell has the terminal, the kernel would stop us for this.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            if self._mode is not None and self._read_mode() != self._mode:
                self.attrs_before = None
            super().stop_application_mode()
        finally:
            self._mode = None
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def resume_application_mode(self) -> None:
        """Take it again after a stop (SIGCONT), even if nobody has said before that we would be stopped (SIGSTOP)."""
        if self._mode is not None:
            self.suspend_application_mode()
        super().resume_application_mode()

    def _read_mode(self) -> list[Any] | None:
        with contextlib.suppress(termios.error):
            return termios.tcgetattr(self.fileno)
        return None
