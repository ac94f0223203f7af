"""`tutor` with a fault in its screen. Run: python -m tests.tui.faulty FAULT ARGUMENTS ..."""

from __future__ import annotations

import os
import signal
import sys
from unittest.mock import patch

from tutor.cli import guard
from tutor.cli.main import main
from tutor.session.comeback import Comeback

POISON = b"poi-son"
"""Output that no faulty screen can show."""


def raises(output: bytes) -> None:
    """A bug."""
    if POISON in output:
        raise RuntimeError("a fault that the test put there")


def dies(output: bytes) -> None:
    """A fault in native code."""
    if POISON in output:
        os.write(2, b"a native library's last words")
        os.kill(os.getpid(), signal.SIGSEGV)


def never_shows(output: bytes) -> None:
    """A bug that is always there."""
    raise RuntimeError(f"nothing of {len(output)} bytes can be shown")


FAULTS = {"raises": raises, "dies": dies, "never-shows": never_shows}


def break_the_screen(fault: str) -> None:
    """Make `fault` happen whenever a shell's output is to be shown."""
    sound = guard.Guard._be_the_screen

    def be_a_faulty_screen(watching: guard.Guard, comeback: Comeback | None) -> int:
        from tutor.shell.screen import Screen

        feed = Screen.feed

        def fail(screen: Screen, output: bytes) -> None:
            FAULTS[fault](output)
            feed(screen, output)

        patch.object(Screen, "feed", fail).start()
        return sound(watching, comeback)

    patch.object(guard.Guard, "_be_the_screen", be_a_faulty_screen).start()


if __name__ == "__main__":
    break_the_screen(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
