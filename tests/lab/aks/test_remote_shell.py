"""`ssh` leads to the other machine over the lab's own network, and all comes through as it should."""

from __future__ import annotations

import os
import re
import select
import time

import pytest

from tests.lab.aks.conftest import Ask, needs_plugins
from tests.lab.conftest import run
from tests.waiting import SECONDS, until
from tutor.lab.client import Lab
from tutor.lab.opened_shell import Shell

pytestmark = [pytest.mark.netns, needs_plugins]


def test_a_command_runs_there_and_ends_as_it_ended_there(ask: Ask) -> None:
    assert ask("ssh node1 hostname") == (0, "node1\n")
    assert ask("ssh root@10.240.0.5 'exit 7'")[0] == 7
    assert ask("ssh node1 'kill -9 $$'")[0] == 137
    assert ask("ssh node0 hostname", machine="node1") == (0, "node0\n")


def test_output_and_errors_stay_apart(ask: Ask) -> None:
    assert ask("ssh node1 'echo out; echo err >&2' 2>/dev/null") == (0, "out\n")
    assert ask("ssh node1 'echo out; echo err >&2' >/dev/null") == (0, "err\n")


def test_much_goes_both_ways_whole(ask: Ask) -> None:
    assert ask("head -c 3000000 /dev/zero | ssh node1 wc -c") == (0, "3000000\n")
    assert ask("ssh node1 'head -c 3000000 /dev/zero' | wc -c") == (0, "3000000\n")
    assert ask("ssh node1 'head -c 300000 /dev/zero >&2' 2>&1 >/dev/null | wc -c") == (0, "300000\n")


def test_a_script_on_its_input_is_run_there(ask: Ask) -> None:
    assert ask("printf 'hostname\\nexit 3\\n' | ssh node1") == (3, "node1\n")


def test_wrong_use_says_what_is_right(ask: Ask) -> None:
    status, printed = ask("ssh")
    assert status == 255
    assert "usage" in printed
    status, printed = ask("ssh nowhere")
    assert status == 255
    assert "Could not resolve hostname nowhere" in printed
    assert ask("ssh 'a;b' true")[0] == 255


def test_where_the_network_is_cut_there_is_no_way(ask: Ask) -> None:
    assert ask("ip link set eth0 down; ssh node1 hostname")[0] == 255


def test_it_works_in_a_pod_too(aks: Lab) -> None:
    (inside,) = (each.inode for each in aks.scan() if any("1c29ea39686a" in path for path in each.paths))
    assert run(aks, "ssh node1 hostname", netns=inside) == (0, "node1\n")


def test_anything_at_all_on_the_port_leaves_the_lab_alive(ask: Ask) -> None:
    for text in ("", "x", "run", "run a b c d", "run xterm 80 24 99999999", "join 1", "lines 1", "input 1", "lines"):
        ask(f"exec 3<>/dev/tcp/10.240.0.5/22; printf '{text}\\n' >&3; timeout 0.2 cat <&3; true")
    ask("for i in $(seq 40); do head -c 2000 /dev/urandom >/dev/tcp/10.240.0.5/22 2>/dev/null; done")
    ask("for i in $(seq 20); do (exec 3<>/dev/tcp/10.240.0.5/22; echo 'run - 1 1 0' >&3; read -t 1 -u 3) & done; wait")
    ask("head -c 3000 /dev/urandom >/dev/.lab/ask; printf 'tutor\\0009\\000x\\000' >/dev/.lab/ask")
    assert ask("ssh node1 hostname") == (0, "node1\n")


def test_a_shell_on_a_terminal_follows_its_size_and_leaves_the_terminal_as_it_was(aks: Lab) -> None:
    shell = aks.open_shell(columns=90, rows=20, argv=("bash", "--norc"), PS1="at-home> ", PS2="")
    try:
        _until(shell, "at-home> ")
        _type(shell, "stty -g > /tmp/before; ssh node1\n")
        _until(shell, "# ")
        _type(shell, "stty size; tty; hostname\n")
        assert re.search(r"20 90\s+/dev/pts/\d+\s+node1", _until(shell, "node1\r\n"))
        shell.resize(100, 30)
        _type(shell, "while [ \"$(stty size)\" != '30 100' ]; do sleep 0.05; done; echo re''sized\n")
        _until(shell, "resized")
        _type(shell, "sh -c 'echo be\"\"gun; exec sleep 100'\n")
        _until(shell, "begun")
        _type(shell, "\x03")
        _until(shell, "# ")
        _type(shell, "exit 4\n")
        _until(shell, "closed.")
        _type(shell, "echo status $?; stty -g | cmp - /tmp/before && echo as-be''fore\n")
        seen = _until(shell, "as-before")
        assert "status 4" in seen
    finally:
        shell.close()


def test_who_hangs_up_ends_what_runs_there(aks: Lab) -> None:
    shell = aks.open_shell(argv=("bash", "--norc"), PS1="at-home> ")
    _until(shell, "at-home> ")
    _type(shell, "ssh node1\n")
    _until(shell, "# ")
    _type(shell, "exec sleep 4321\n")
    until(lambda: run(aks, "pgrep -f 'sleep 4321'", machine="node1")[0] == 0)
    shell.close()
    assert run(aks, "pkill -KILL -f '^/bin/bash /usr/local/bin/ssh'; true")[0] == 0
    until(lambda: run(aks, "pgrep -f 'sleep 4321'", machine="node1")[0] == 1)


def _type(shell: Shell, text: str) -> None:
    os.write(shell.fd, text.encode())


def _until(shell: Shell, text: str) -> str:
    """What is printed up to `text`."""
    seen, end = "", time.monotonic() + SECONDS
    while text not in seen:
        assert select.select([shell.fd], [], [], max(0.0, end - time.monotonic()))[0], seen
        seen += os.read(shell.fd, 65536).decode(errors="replace")
    return seen
