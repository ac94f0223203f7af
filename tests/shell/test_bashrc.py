from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.shell.bash import Bash, environment, open_bash
from tutor.shell.bashrc import bashrc
from tutor.shell.marks import Command, Ended
from tutor.shell.plain import plain_text
from tutor.shell.typist import Typist

pytestmark = pytest.mark.pty


def test_a_shell_that_runs_a_script_takes_no_notice(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text(bashrc(), encoding="utf-8")
    script = '. ~/.bashrc; echo "[$PS1|$PS0|$PROMPT_COMMAND|$HISTFILE]"; alias; declare -F'
    done = subprocess.run(["bash", "-c", script], env=environment(tmp_path), capture_output=True, text=True, check=True)
    assert done.stdout == "[|||]\n"
    assert done.stderr == ""


def test_no_alias_or_function_or_variable_changes_what_is_typed(typist: Typist, tmp_path: Path) -> None:
    aliases = typist.run("alias", 10).output
    assert set(re.findall(r"alias (\S+)=", aliases)) <= {"ls", "grep"}
    functions = typist.run("declare -F", 10).output
    assert {line.split()[-1] for line in functions.splitlines()} <= {
        "__lab_typed",
        "__lab_prompt",
        "command_not_found_handle",  # Debian's, from /etc/bash.bashrc
    }
    assert typist.run("trap -p", 10).output == ""
    added = {line.partition("=")[0] for line in typist.run("env", 10).output.splitlines()}
    assert added <= {*environment(tmp_path), "LESS", "LS_COLORS", "PWD", "OLDPWD", "SHLVL", "_"}


@pytest.mark.parametrize("status", [0, 1, 42, 130])
def test_the_exit_status_is_still_there_for_the_learner(typist: Typist, status: int) -> None:
    assert typist.run(f"(exit {status})", 10).status == status
    assert typist.run("echo status $?", 10).output == f"status {status}\n"


@pytest.mark.parametrize(
    "text",
    [
        "echo plain",
        "echo 'a;b' \"c d\" \\$HOME `echo e`",
        "echo 'one\ntwo'",
        "for i in 1 2; do\n  echo $i\ndone",
        "cat <<'X'\n$HOME; \\n\n\tindented\nX",
        "echo ünïcode 漢字",
        "echo $'\\e[31mred\\e[0m'",
        "echo 12 echo 12",
        "[ 1 = 2 ] || echo $(echo nested)",
        "echo '" + "long " * 2000 + "'",
    ],
)
def test_a_record_has_the_command_as_it_was_typed(typist: Typist, text: str) -> None:
    assert typist.run(text, 10).text == text


def test_a_command_with_a_leading_blank_is_known_too(typist: Typist) -> None:
    assert typist.run("  echo blank", 10) == Command("echo blank", "blank\n", 0)


def test_output_has_no_trace_of_the_marks_under_xtrace(typist: Typist) -> None:
    typist.run("set -x", 10)
    assert typist.run("echo traced", 10).output == "+ echo traced\ntraced\n"


SETTINGS = [
    "set -u", "set -e", "set -o posix", "set -f", "set -C", "IFS=0123456789", "PATH=/nowhere", "LC_ALL=C",
    "printf() { echo fooled; }", "shopt -s nocasematch extglob",
]  # fmt: skip


@pytest.mark.parametrize("before", SETTINGS)
def test_marks_are_right_whatever_a_learner_sets(typist: Typist, before: str) -> None:
    typist.run(before, 10)
    assert typist.run("echo 0123 $((1+1))", 10).status == 0
    assert typist.run("echo again", 10) == Command("echo again", "again\n", 0)


def test_a_shell_in_a_shell_has_the_same_prompt_and_marks(typist: Typist) -> None:
    outer = typist.run("echo $BASHPID", 10).output
    typist.run("bash", 10)
    inner = typist.run("echo $BASHPID", 10)
    assert inner.text == "echo $BASHPID"
    assert inner.output != outer
    assert typist.run("exit 5", 10).status == 5
    assert typist.run("echo $? $BASHPID", 10).output == f"5 {outer}"


def test_what_a_learner_pastes_as_one_block_is_told_command_by_command(bash: Bash, typist: Typist) -> None:
    os.write(bash.fd, b"\x1b[200~echo one\nfalse\necho two\x1b[201~\r")
    ended: list[Command] = []
    until = time.monotonic() + 10
    while len(ended) < 3 and time.monotonic() < until:
        ended += [event.command for event in typist.drain() if isinstance(event, Ended)]
        time.sleep(0.01)
    assert ended == [Command("echo one", "one\n", 0), Command("false", "", 1), Command("echo two", "two\n", 0)]


def screen_of(bash: Bash, typist: Typist, typed: str) -> str:
    """What the terminal has printed since `typed` was, without escape sequences."""
    heard: list[bytes] = []
    listener = Typist(bash.fd, heard.append)
    listener.run(typed, 10)
    return plain_text(b"".join(heard))


def test_the_prompt_says_who_and_where(bash: Bash, typist: Typist) -> None:
    shown = screen_of(bash, typist, "cd /usr")
    assert re.search(r"^\S+@\S+:/usr[#$] $", shown.splitlines()[-1])


def test_readline_counts_only_what_is_seen_of_the_prompt(tmp_path: Path) -> None:
    """A line as long as the terminal is wide, less the prompt, fits; one character more is wrapped."""
    with open_bash(tmp_path, columns=40, text=bashrc(machine="vm")) as bash:
        heard: list[bytes] = []
        typist = Typist(bash.fd, heard.append)
        typist.wait_for_prompt(10)
        room = 40 - len(plain_text(b"".join(heard)).splitlines()[-1])
        heard.clear()
        os.write(bash.fd, b"x" * (room - 1))
        until = time.monotonic() + 10
        while b"".join(heard).count(b"x") < room - 1 and time.monotonic() < until:
            typist.drain()
        assert b"\r" not in b"".join(heard)
        os.write(bash.fd, b"y")
        while b"y" not in b"".join(heard) and time.monotonic() < until:
            typist.drain()
        # The cursor has gone to the next row.
        assert re.search(rb"y( \r|\r\n)", b"".join(heard))


def test_without_colour_there_is_none(tmp_path: Path) -> None:
    with open_bash(tmp_path, text=bashrc(machine="node0", colour=False)) as bash:
        heard: list[bytes] = []
        typist = Typist(bash.fd, heard.append)
        typist.wait_for_prompt(10)
        assert b"@node0:" in b"".join(heard)
        assert not re.search(rb"\x1b\[[\d;]*m", b"".join(heard))
        assert typist.run("alias", 10).output == ""


@pytest.mark.netns
def test_the_prompt_tells_the_network_namespace(tmp_path: Path) -> None:
    made = "mount -t tmpfs none /run && ip netns add ns1 && exec bash"
    inside = ["unshare", "--user", "--map-root-user", "--net", "--mount", "bash", "-c", made]
    with open_bash(tmp_path, inside) as bash:
        heard: list[bytes] = []
        typist = Typist(bash.fd, heard.append)
        typist.wait_for_prompt(10)
        assert "ns1" not in plain_text(b"".join(heard)).splitlines()[-1]
        typist.run("ip netns exec ns1 bash", 10)
        assert "(ns1):" in plain_text(b"".join(heard)).splitlines()[-1]
        assert "lo" in typist.run("ip -br link", 10).output
        typist.run("exit", 10)
        assert "ns1" not in plain_text(b"".join(heard)).splitlines()[-1]


def test_the_history_is_kept_at_home(typist: Typist, bash: Bash, tmp_path: Path) -> None:
    assert typist.run("echo $HISTFILE", 10).output == f"{tmp_path}/.bash_history\n"
