"""Whatever ends the screen costs the learner nothing: the terminal is theirs again, and the lab is as it was."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.processes import alive, below, children, name_of
from tests.tui.outside import Outside, learners_environment, outside, stty
from tests.waiting import SECONDS, until

pytestmark = [
    pytest.mark.pty,
    pytest.mark.netns,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux, a real terminal"),
]

CRASHED = "The screen had crashed"
WAITS = "your lab waits for 10 minutes: `tutor start` brings you back"
MODES = (
    "alternate_on", "mouse_any_flag", "mouse_sgr_flag", "mouse_button_flag", "cursor_flag",
    "wrap_flag", "keypad_cursor_flag", "keypad_flag", "insert_flag", "origin_flag", "scroll_region_upper",
)  # fmt: skip


@pytest.fixture
def shell() -> Iterator[Outside]:
    with outside() as running:
        yield running


@pytest.fixture
def before(shell: Outside) -> list[str]:
    """What the terminal is like before `tutor start`."""
    return state_of(shell)


@pytest.fixture
def lab(shell: Outside, before: list[str]) -> Outside:
    """The first step, with a shell that remembers something."""
    shell.start()
    shell.until_shown("course 0/")  # all is loaded: a report of a crash before that may have no stack
    leave_a_trace(shell)
    return shell


def leave_a_trace(shell: Outside) -> None:
    shell.enter("sleep 1234 & mark=kept; echo remember' 'me")
    shell.until_shown("remember me")


def state_of(shell: Outside) -> list[str]:
    mode = stty(shell)
    shell.enter("clear")
    modes = shell.terminal.tmux("display-message", "-p", " ".join(f"#{{{name}}}" for name in MODES))
    return [mode, *modes.split()]


def joined(shell: Outside) -> str:
    """All that is shown, whatever lines it was wrapped into."""
    return " ".join(shell.shown.split())


def assert_usable(shell: Outside, before: list[str]) -> None:
    assert state_of(shell) == before
    shell.enter("echo us''able")
    shell.until_shown("\nusable\nouter>")
    for key in (b"\x1b[<0;5;5M", b"\x1b[I"):  # nothing of the kind is left to come
        assert key.decode() not in shell.shown


def assert_back(shell: Outside) -> None:
    """The same shell in the same lab."""
    shell.enter("echo $mark again; jobs")
    shell.until_shown("kept again")
    shell.until_shown("sleep 1234 &")


def list_labs(home: Path) -> str:
    argv, environment = [sys.executable, "-m", "tutor.cli", "list"], learners_environment(home)
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True, timeout=SECONDS)
    return done.stdout


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_screen_that_is_killed_leaves_the_terminal_as_it_was(
    lab: Outside, before: list[str], number: signal.Signals
) -> None:
    os.kill(lab.screen, number)
    lab.until_shown(f"back, {128 + number}")
    assert WAITS in joined(lab)
    assert "waits" in list_labs(lab.home)
    assert_usable(lab, before)
    lab.start()
    lab.until_shown("remember me")
    lab.until_shown("you are back in it")
    assert_back(lab)


CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)


@pytest.mark.parametrize("number", CRASHES)
def test_a_screen_that_crashes_is_back_at_once(lab: Outside, number: signal.Signals) -> None:
    crashed = lab.screen
    os.kill(crashed, number)
    lab.until_shown(CRASHED)
    assert lab.screen != crashed
    lab.until_shown("remember me")
    assert "back," not in lab.shown
    assert_back(lab)
    report = (lab.home / "state" / "tutor" / "crash.txt").read_text()
    assert f"signal {number.name}" in report
    assert "most recent call first" in report  # the stacks, by Python's faulthandler


@pytest.mark.parametrize(
    ("fault", "known"),
    [
        ("raises", ("an exception", "RuntimeError: a fault that the test put there")),
        ("dies", ("signal SIGSEGV", "a native library's last words", "File ", "faulty.py")),
    ],
)
def test_output_that_no_screen_can_show_is_left_out(shell: Outside, fault: str, known: tuple[str, ...]) -> None:
    shell.start(tutor=f"{sys.executable} -m tests.tui.faulty {fault}")
    leave_a_trace(shell)
    shell.enter("echo poi-''son")
    shell.until_shown(CRASHED)
    shell.until_shown("is not shown")  # once more with it, and then without it
    assert "remember me" not in shell.shown
    assert "Traceback" not in shell.shown
    assert_back(shell)
    report = (shell.home / "state" / "tutor" / "crash.txt").read_text()
    assert report.count(known[0]) == 2
    for words in known:
        assert words in report


def test_a_screen_that_always_crashes_is_given_up(shell: Outside, before: list[str]) -> None:
    shell.start()
    leave_a_trace(shell)
    os.kill(shell.screen, signal.SIGKILL)
    shell.until_shown("back, 137")
    shell.enter(f"clear; {sys.executable} -m tests.tui.faulty never-shows start; echo back, $?")
    shell.until_shown("back, 2")
    assert f"tutor: the screen crashed 3 times in a row; {WAITS}" in joined(shell)
    assert "crash.txt" in joined(shell)
    assert "Traceback" not in shell.shown
    assert_usable(shell, before)
    shell.start()
    assert_back(shell)


def test_a_guard_that_is_killed_takes_the_screen_with_it(lab: Outside, before: list[str]) -> None:
    family = {pid: started for pid, started in below(lab.tutor).items() if not in_lab(pid)}
    os.kill(lab.tutor, signal.SIGKILL)
    until(lambda: not alive(family))
    lab.terminal.press("Enter")  # for the prompt that came before the screen was gone
    lab.terminal.until(lambda: lab.shown.rstrip().endswith("outer>"))
    assert_usable(lab, before)
    lab.start()
    lab.until_shown("remember me")
    assert_back(lab)


def in_lab(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/ns/user").readlink() != Path("/proc/self/ns/user").readlink()
    except PermissionError:  # another's, as one of the lab's is for an ordinary user
        return True
    except FileNotFoundError:  # it ended just now, so it can't be one that stays behind
        return True


def test_guard_and_screen_killed_at_once_leave_only_the_lab(lab: Outside) -> None:
    guard, screen = lab.tutor, lab.screen
    family = {pid: started for pid, started in below(guard).items() if not in_lab(pid)}
    for pid in (guard, screen):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(family))
    assert "waits" in list_labs(lab.home)
    lab.terminal.tmux("send-keys", "-R")  # what is left of the screen, which nobody could clean up
    lab.enter("stty sane; clear")
    lab.start()
    lab.until_shown("remember me")
    assert_back(lab)


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGTSTP])
def test_a_screen_that_is_stopped_gives_the_terminal_back_until_it_goes_on(
    lab: Outside, before: list[str], number: signal.Signals
) -> None:
    os.kill(lab.screen, number)
    lab.until_shown("Stopped")
    assert_usable(lab, before)
    lab.enter("fg")
    lab.until_shown("remember me")
    assert_back(lab)
    assert lab.terminal.tmux("display-message", "-p", "#{alternate_on} #{mouse_sgr_flag}").split() == ["1", "1"]


def test_the_guard_is_small(lab: Outside) -> None:
    """What it has of its own, beside what it shares: it is there for hours."""
    rollup = Path(f"/proc/{lab.tutor}/smaps_rollup").read_text()
    proportional = re.search(r"^Pss: +(\d+) kB", rollup, re.MULTILINE)
    assert proportional is not None
    assert int(proportional[1]) < 12 * 1024
    assert {name_of(pid) for pid in children(lab.tutor)} == {"tutor-nursery", name_of(lab.screen)}


def test_the_report_goes_where_state_is_kept_and_no_error_if_it_can_not(lab: Outside) -> None:
    folder = lab.home / "state" / "tutor"
    (folder / "crash.txt").mkdir(parents=True)
    os.kill(lab.screen, signal.SIGSEGV)
    lab.until_shown(CRASHED)
    assert "report" not in lab.shown
    assert_back(lab)
