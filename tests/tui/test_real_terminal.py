"""`tutor start` as a learner has it: a real terminal, the real command, real programs."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator

import pytest

from tests.lab.processes import alive, started_at
from tests.tui.outside import PROMPT, TUTOR, Outside, needs, outside, stty
from tests.waiting import until

pytestmark = [
    pytest.mark.pty,
    pytest.mark.netns,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux, a real terminal"),
]


@pytest.fixture
def shell() -> Iterator[Outside]:
    with outside() as running:
        yield running


@pytest.fixture
def lab(shell: Outside) -> Outside:
    """The first step, with the lab's shell."""
    shell.start()
    shell.until_shown("course 0/")
    return shell


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 34)])
def test_a_learner_starts_and_does_the_first_step_and_quits(columns: int, rows: int) -> None:
    with outside(columns, rows) as shell:
        before = stty(shell)
        shell.enter("echo outside")
        shell.start_without_prompt()
        shell.until_shown("A machine with one network card")
        if columns < 100:  # one pane at a time, the lesson first
            shell.until_shown("What links are there?")
            assert PROMPT not in shell.shown
            shell.terminal.press("C-]")
        shell.until_shown(PROMPT)
        shell.enter("ip a")
        shell.until_shown("Done")
        shell.until_shown("course 1/")
        shell.quit()
        assert "outside" in shell.shown
        assert "course 1/" not in shell.shown
        assert PROMPT not in shell.shown
        assert stty(shell) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_tutor_and_restores_the_terminal(lab: Outside, number: signal.Signals) -> None:
    os.kill(lab.tutor, number)
    lab.terminal.until(lambda: re.search(r"back, \d", lab.shown) is not None)  # not only typed: it has ended
    assert "course 0/" not in lab.shown
    lab.enter("clear; stty -a")
    lab.until_shown(" icanon")
    assert re.search(r"(?<!-)echo\b", lab.shown)
    modes = lab.terminal.tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}")
    assert modes.split() == ["0", "0", "1"]


def test_the_end_of_the_terminal_ends_the_tutor_and_keeps_the_lab(lab: Outside) -> None:
    tutor = {lab.tutor: started_at(lab.tutor)}
    lab.enter("echo remember me")
    lab.terminal.until(lambda: lab.shown.count("remember me") >= 2)
    lab.terminal.tmux("kill-server")
    until(lambda: not alive(tutor))
    with outside(home=lab.home) as again:
        again.start()
        again.until_shown("you are back in it")
        again.terminal.until(lambda: again.shown.count("remember me") >= 2)


def test_keys_that_a_screen_would_take_reach_readline(lab: Outside) -> None:
    """Ctrl-S would stop a terminal, Ctrl-Q and Ctrl-P are Textual's, and so is Tab."""
    lab.enter("stty -ixon; clear; echo s''et")
    lab.until_shown("┃set")
    lab.terminal.type("echo one two")
    lab.terminal.press("M-b", "M-b", "X", "C-e", "M-BSpace", *"three", "C-a", "C-d", "e", "C-e", "Enter")
    lab.until_shown("┃Xone three")
    lab.terminal.press("C-p", "Enter")
    lab.terminal.until(lambda: lab.shown.count("┃Xone three") == 2)
    lab.terminal.press("C-r", *"ixon", "C-a", "C-k")
    lab.terminal.type("ls -d /etc/hostn")
    lab.terminal.press("Tab", "Enter")
    lab.until_shown("┃/etc/hostname")
    lab.terminal.press("C-v", "C-q", "C-v", "C-s", "C-v", "C-p")
    lab.until_shown("^Q^S^P")
    lab.terminal.press("C-u")
    lab.terminal.until(lambda: "^Q" not in lab.shown)


def test_what_a_program_reads_is_what_was_typed(lab: Outside) -> None:
    keys = ("C-q", "C-s", "C-p", "Tab", "C-z", "C-\\", "M-b", "M-BSpace", "Escape", "Up", "F5", "C-Right")
    lab.enter("clear; stty raw -echo; echo rea''dy; head -c 25 | od -An -v -tx1 -w25; stty sane")
    lab.until_shown("┃ready")
    for key in keys:
        lab.terminal.press(key)
    sent = b"\x11\x13\x10\t\x1a\x1c\x1bb\x1b\x7f\x1b\x1b[A\x1b[15~\x1b[1;5C"
    wanted = sent.hex(" ")
    lab.terminal.until(lambda: wanted in lab.right_side)


@needs("ping")
def test_ctrl_c_ends_ping(lab: Outside) -> None:
    lab.enter("ping 8.8.8.8; echo status $?")
    lab.until_shown("icmp_seq=2")
    lab.terminal.press("C-c")
    lab.until_shown("0% packet loss")
    lab.enter("echo ali''ve")
    lab.until_shown("alive")


@needs("vim")
def test_vim_is_at_home(lab: Outside) -> None:
    lab.enter("vim -u NONE -N -n file")
    lab.until_shown("┃~")
    lab.terminal.press("i", *"two", "Up", "Home", *"a", "Enter", "Up", *"one", "Down", "End", *"!", "Escape")
    lab.terminal.press(*":wq", "Enter")
    lab.until_shown(PROMPT)
    lab.enter("clear; cat file; echo shown")
    lab.until_shown("┃shown")
    rows = [row.rpartition("┃")[2].strip() for row in lab.terminal.rows() if "┃" in row]
    assert rows[1:3] == ["onea", "two!"]


@needs("man")
@needs("less")
def test_man_pages_page_and_close(lab: Outside) -> None:
    lab.enter("clear; seq 300 | less")
    lab.until_shown("┃:")
    lab.terminal.press("Space")
    lab.terminal.until(lambda: not re.search(r"┃1 ", lab.shown))
    lab.terminal.press("G", "Up", "q")
    lab.until_shown(PROMPT)


def test_the_chord_goes_to_the_lesson_and_back(lab: Outside) -> None:
    lab.terminal.press("C-]")
    lab.until_shown("? keys")
    lab.terminal.press("C-]", *"echo back in the shell", "Enter")
    lab.until_shown("┃back in the shell")


def test_the_shell_follows_the_size_of_the_terminal(lab: Outside) -> None:
    lab.terminal.resize(80, 24)
    lab.terminal.until(lambda: "┃" not in lab.shown)  # the shell alone
    lab.enter("clear; until stty size | grep -x '20 80'; do sleep 0.05; done; tput cols")
    lab.terminal.until(lambda: {"20 80", "80"} <= set(lab.terminal.rows()))
    lab.terminal.resize(130, 40)
    lab.until_shown("┃")
    lab.enter("clear; until stty size | grep '^37 '; do sleep 0.05; done")
    lab.terminal.until(lambda: re.search(r"┃37 \d\d", lab.shown) is not None)


REFUSALS = [
    ("TERM=dumb", "", "this terminal can't move its cursor"),
    ("", "</dev/null", "needs a terminal"),
    ("", "| cat", "needs a terminal"),
    ("", "no-such-lesson", "no-such-lesson"),
]


@pytest.mark.parametrize(("variables", "rest", "said"), REFUSALS)
def test_where_it_can_not_run_one_line_says_why(shell: Outside, variables: str, rest: str, said: str) -> None:
    shell.enter(f"set -o pipefail; clear; {variables} {TUTOR} start {rest}; echo back, $?")
    shell.until_shown("back, 2")
    assert said in shell.shown
    assert "Traceback" not in shell.shown
    assert len([row for row in shell.terminal.rows() if row.startswith("tutor:")]) == 1


def test_a_terminal_that_is_too_small_is_named_with_its_size() -> None:
    with outside(58, 18) as shell:
        shell.enter(f"clear; {TUTOR} start; echo back, $?")
        shell.until_shown("back, 2")
        assert "58x18" in shell.shown
