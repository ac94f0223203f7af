"""The guard of a screen, in a terminal of its own; the screens are a few lines each."""

from __future__ import annotations

import os
import re
import signal
import sys
import textwrap
from pathlib import Path

import pexpect
import pytest

from tests.waiting import SECONDS, until

pytestmark = pytest.mark.pty

ROOT = Path(__file__).parents[2]

PROGRAM = """\
import faulthandler, os, signal, sys, termios, time
from pathlib import Path
from tutor.cli import guard
from tutor.errors import UsageError

guard._QUICK_SECONDS, guard._PATIENCE_SECONDS = {quick}, {patience}
times = Path({folder!r}, "times")

def screen(comeback):
    times.open("a").write("x")
    nth = len(times.read_text())
    mode = termios.tcgetattr(0)
    mode[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(0, termios.TCSANOW, mode)
    print("screen", nth, "blank" if comeback and comeback.blank else "", "pid", os.getpid(), "|", flush=True)
{screen}

print("status", guard.Guard(screen, lambda: "the lab waits", Path({folder!r}, "folder", "crash.txt")).run())
"""


def guarded(tmp_path: Path, screen: str, *, quick: float = SECONDS, patience: float = SECONDS) -> pexpect.spawn:
    code = PROGRAM.format(
        folder=str(tmp_path), screen=textwrap.indent(textwrap.dedent(screen), "    "), quick=quick, patience=patience
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return pexpect.spawn(sys.executable, ["-c", code], env=environment, timeout=SECONDS, encoding="utf-8")


def finish(running: pexpect.spawn) -> str:
    """What it prints until its end, without escape sequences."""
    running.expect(pexpect.EOF)
    running.close()
    return re.sub(r"\x1b(?:\[[\d;?<>]* ?[a-zA-Z]|\][^\x1b]*\x1b\\|\(B|[\\>])|\x0f", "", running.before)


def report(tmp_path: Path) -> str:
    return (tmp_path / "folder" / "crash.txt").read_text()


@pytest.mark.parametrize("status", [0, 2, 130, 141])
def test_the_status_of_a_screen_that_ends_is_passed_on(tmp_path: Path, status: int) -> None:
    shown = finish(guarded(tmp_path, f"return {status}"))
    assert shown.count("screen") - shown.count("the screen") == 1
    assert f"status {status}" in shown
    assert not (tmp_path / "folder").exists()


def test_an_error_of_ours_is_raised_in_the_process_of_the_screen(tmp_path: Path) -> None:
    running = guarded(tmp_path, 'raise UsageError("no such lesson", hint="list")')
    running.expect("UsageError: no such lesson")  # this test catches it no better than Python does
    shown = finish(running)
    assert "screen 2" in shown  # so to the guard it is an exception like any other


def test_what_a_screen_writes_on_its_standard_error_is_not_shown_and_its_end_is_reported(tmp_path: Path) -> None:
    shown = finish(
        guarded(
            tmp_path,
            """
            os.write(2, b"x" * 200_000 + b"last words\\n")
            if nth == 3:
                return 0
            os.kill(os.getpid(), signal.SIGABRT)
            """,
        )
    )
    assert "xxx" not in shown
    assert "screen 2  pid" in shown
    assert "screen 3 blank pid" in shown
    assert "status 0" in shown
    written = report(tmp_path)
    assert written.count("signal SIGABRT") == 2
    assert written.count("last words") == 2
    assert written.count("Fatal Python error: Aborted") == 2
    assert len(written) < 140_000


def test_crashes_far_from_each_other_are_never_too_many(tmp_path: Path) -> None:
    shown = finish(
        guarded(
            tmp_path,
            """
            if nth == 5:
                return 0
            time.sleep(0.3)
            os.kill(os.getpid(), signal.SIGSEGV)
            """,
            quick=0.2,
        )
    )
    assert "screen 5  pid" in shown
    assert "blank" not in shown
    assert "status 0" in shown
    assert report(tmp_path).count("signal SIGSEGV") == 1  # the last one only: it does not grow for ever


def test_three_crashes_in_a_row_are_enough(tmp_path: Path) -> None:
    shown = finish(guarded(tmp_path, 'raise RuntimeError("a fault")'))
    assert "screen 3 blank" in shown
    assert "screen 4" not in shown
    assert f"tutor: the screen crashed 3 times in a row; the lab waits (what is known of it: {tmp_path}" in shown
    assert "status 2" in shown
    assert report(tmp_path).count("RuntimeError: a fault") == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_screen_that_does_not_heed_a_signal_is_killed_soon(tmp_path: Path, number: signal.Signals) -> None:
    running = guarded(
        tmp_path,
        f"""
        signal.signal({number}, signal.SIG_IGN)
        print("ready", flush=True)
        time.sleep(1000)
        """,
        patience=0.3,
    )
    running.expect("ready")
    os.kill(running.pid, number)
    shown = finish(running)
    assert f"status {128 + number}" in shown
    assert ("the screen was killed; the lab waits" in shown) == (number != signal.SIGHUP)


def test_a_screen_loses_its_guard_and_is_told(tmp_path: Path) -> None:
    running = guarded(
        tmp_path,
        f"""
        def told(*_):
            Path({str(tmp_path)!r}, "told").touch()
            os._exit(0)

        signal.signal(signal.SIGTERM, told)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the guard leads the session here
        print("ready", flush=True)
        time.sleep(1000)
        """,
    )
    running.expect("ready")
    os.kill(running.pid, signal.SIGKILL)
    until((tmp_path / "told").exists)
    running.close()
