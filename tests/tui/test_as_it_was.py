"""A new screen looks like the one that was killed: real programs, cell by cell, with colours and modes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.tui.outside import PROMPT, Outside, needs, outside
from tutor.lab.kept import all_kept

pytestmark = [
    pytest.mark.pty,
    pytest.mark.netns,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux, a real terminal"),
]

MUCH = "yes 'a line of more output than is kept' | head -n 20000"
BACK = re.compile(r"Your lab went on")


@pytest.fixture
def lab() -> Iterator[Outside]:
    with outside() as shell:
        shell.start()
        yield shell


def picture(lab: Outside) -> list[str]:
    """The shell's side of the screen, with its colours."""
    return [row.rpartition("┃")[2] for row in lab.terminal.tmux("capture-pane", "-p", "-e").split("\n")[2:]]


def cursor(lab: Outside) -> str:
    x, y, is_shown = lab.terminal.tmux("display-message", "-p", "#{cursor_x} #{cursor_y} #{cursor_flag}").split()
    return f"{x} {y}" if is_shown == "1" else "hidden"


def is_kept_whole(shell: Outside) -> bool:
    """Whether all that the lab's shell has ever printed would be shown again."""
    ((_, lab),) = all_kept(shell.home / "run" / "tutor")
    with lab:
        ring, _, _ = lab.watch_shell(lab.status().terminals[0])
        try:
            return ring.replay().whole
        finally:
            ring.close()


def until_in_shell(lab: Outside, text: str) -> None:
    lab.terminal.until(lambda: any(text in row for row in lines(lab)))


def lines(lab: Outside) -> list[str]:
    """The shell's side of the screen, as plain text."""
    return [row.rpartition("┃")[2].rstrip() for row in lab.terminal.rows()[2:]]


def test_a_line_that_is_half_typed_is_still_there_and_goes_on(lab: Outside) -> None:
    lab.enter("echo -e '\\e[1;31mred\\e[0m \\e[44mblue\\e[m 日本 é'")
    until_in_shell(lab, "red blue 日本 é")
    before = at_rest(lab)
    lab.terminal.type("echo one thr")
    until_in_shell(lab, "echo one thr")
    before = at_rest(lab, other_than=before)
    lab.terminal.press("Left", "Left", "Left")
    before = at_rest(lab, other_than=before)
    kill_and_start_until(lab, "echo one thr")
    lab.terminal.until(lambda: look(lab) == before)
    lab.terminal.type("two ")
    lab.terminal.press("End", *"ee", "Enter")
    until_in_shell(lab, "one two three")


PROGRAMS = {
    "vim": ("vim -u NONE -N -n /etc/services", "/etc/services", "j"),
    "vim in colours": ("vim -u NONE -N -n -c 'syntax on' -c 'set number' /etc/protocols", "1 ", "j"),
    "less": ("less /etc/services", "netstat", "j"),
    "man": ("man -P less ip", "SYNOPSIS", "j"),
    "htop": ("htop -d 100", "Load average", ""),
    "top": ("top -d 100", "load average", ""),
    "tmux": (
        "tmux -f /dev/null new -n side 'PS1=in\\ side\\> exec bash --norc' ';' set -g status-right ''",
        "in side>",
        "",
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_that_has_the_screen_still_has_it(lab: Outside, name: str) -> None:
    command, shown, key = PROGRAMS[name]
    if shutil.which(command.split()[0]) is None:
        pytest.skip(f"needs {command.split()[0]}")
    lab.enter(command)
    until_in_shell(lab, shown)
    before = at_rest(lab)
    if key:
        lab.terminal.press(key)
        before = at_rest(lab, other_than=before)
    kill_and_start_until(lab, shown)
    lab.terminal.until(lambda: look(lab) == before)


def look(lab: Outside) -> tuple[list[str], str]:
    """What the shell shows, and where the cursor is."""
    return picture(lab), cursor(lab)


def at_rest(lab: Outside, other_than: object = None) -> tuple[list[str], str]:
    """The same once it stays, and has become another: for a moment a paint may have left the cursor elsewhere."""
    seen = [look(lab)]

    def stays() -> bool:
        time.sleep(0.1)
        seen.append(look(lab))
        return len(seen) > 10 and seen[-1] != other_than and all(each == seen[-1] for each in seen[-10:])

    lab.terminal.until(stays)
    return seen[-1]


def kill_and_start_until(lab: Outside, shown: str) -> None:
    """The prompt that `Outside.start` waits for is not on the screen of a program that has it for itself."""
    os.kill(lab.screen, signal.SIGKILL)
    lab.until_shown("back, 137")
    lab.enter("clear")
    lab.start_without_prompt()
    lab.terminal.until(lambda: BACK.search(lab.shown) is not None)
    until_in_shell(lab, shown)


@needs("vim")
def test_a_program_whose_first_output_is_kept_no_more_draws_itself_anew(lab: Outside) -> None:
    lab.enter("vim -u NONE -N -n -c 'set ruler mouse=a' /etc/services")
    until_in_shell(lab, "netstat")
    # One line down, one line up, very often: what is kept holds nothing of the lines in the middle.
    scroll = r'exe "normal! " .. ["\<C-E>", "\<C-Y>"][i % 2]'
    lab.enter(f':for i in range(1, 9000) | {scroll} | redraw | endfor | echo "do" .. "ne"')
    until_in_shell(lab, "done")
    before = at_rest(lab)
    assert not is_kept_whole(lab)
    kill_and_start_until(lab, "netstat")
    # vim does not keep its message
    lab.terminal.until(lambda: (picture(lab)[:-3], cursor(lab)) == (before[0][:-3], before[1]))
    modes = "#{alternate_on} #{mouse_any_flag}"
    assert lab.terminal.tmux("display-message", "-p", modes).split() == ["1", "1"]
    lab.terminal.press("Down")  # cursor keys of applications are on, or this would be typed
    until_in_shell(lab, "3,1")
    lab.enter(":q!")
    lab.terminal.until(lambda: PROMPT in (shown := " ".join(lines(lab))) and "netstat" not in shown)


def test_what_a_program_prints_while_there_is_no_screen_is_there(lab: Outside) -> None:
    lab.enter("for i in 1 2 3 4 5 6 7 8; do echo number $i; sleep 0.25; done; echo la''st")
    until_in_shell(lab, "number 2")
    os.kill(lab.screen, signal.SIGKILL)
    lab.until_shown("back, 137")
    time.sleep(2)
    lab.enter("clear")
    lab.start()
    until_in_shell(lab, "last")
    at_rest(lab)
    numbers = [int(row[-1]) for row in lines(lab) if re.fullmatch(r"number \d", row)]
    assert numbers == [1, 2, 3, 4, 5, 6, 7, 8], lab.shown


def test_after_more_output_than_is_kept_the_last_of_it_is_there(lab: Outside) -> None:
    lab.enter(f"{MUCH}; seq 20")
    lab.terminal.until(lambda: ("20", PROMPT) in pairwise(lines(lab)))
    before = at_rest(lab)
    assert not is_kept_whole(lab)
    kill_and_start_until(lab, PROMPT)
    lab.terminal.until(lambda: look(lab) == before)


@needs("ping")
def test_ping_goes_on_and_its_end_is_told(lab: Outside) -> None:
    lab.enter("clear; ping -i 0.3 8.8.8.8; echo status $?")
    until_in_shell(lab, "icmp_seq=3")
    before = answers(lab)[-1]
    kill_and_start_until(lab, "icmp_seq=")
    lab.terminal.until(lambda: answers(lab)[-1:] > [before + 3])
    lab.terminal.press("C-c")
    until_in_shell(lab, "status 0")
    at_rest(lab)
    shown = answers(lab)
    assert shown == list(range(shown[0], shown[-1] + 1))
    assert shown[0] <= before or len(shown) > 20  # what was there before is there again, or has scrolled away


def answers(lab: Outside) -> list[int]:
    """The numbers of the packets whose answers are shown."""
    return [int(number) for number in re.findall(r"icmp_seq=(\d+)", " ".join(lines(lab)))]


def test_a_screen_of_another_size_shows_the_same_lines(lab: Outside) -> None:
    lab.enter("clear; seq -s ' ' 100")
    until_in_shell(lab, "98 99 100")
    os.kill(lab.screen, signal.SIGKILL)
    lab.until_shown("back, 137")
    lab.enter("clear")
    lab.terminal.resize(150, 40)
    lab.start()
    lab.terminal.until(lambda: BACK.search(lab.shown) is not None)
    wanted = "".join(str(number) for number in range(1, 101))
    lab.terminal.until(lambda: "".join(lines(lab)).replace(" ", "").count(wanted) == 1)
    lab.enter("clear; until stty size | grep '^37 '; do sleep 0.05; done")
    lab.terminal.until(lambda: any(row.startswith("37 ") for row in lines(lab)))
