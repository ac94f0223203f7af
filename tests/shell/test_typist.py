from __future__ import annotations

import os
import time

import pytest

from tests.shell.bash import Bash, listen
from tutor.errors import ShellError
from tutor.shell.marks import Command
from tutor.shell.typist import Typist

pytestmark = pytest.mark.pty


def test_a_command_comes_back_with_its_output_and_status(typist: Typist) -> None:
    assert typist.run("echo hi; false", 10) == Command("echo hi; false", "hi\n", 1)


def test_here_documents_and_loops_are_typed_line_by_line(typist: Typist) -> None:
    text = 'while read -r line; do\n  echo "<$line>"\ndone <<X\none\n\ttwo\nX'
    assert typist.run(text, 10) == Command(text, "<one>\n<two>\n", 0)


def test_a_tab_is_a_tab_and_asks_for_no_completion(typist: Typist) -> None:
    assert typist.run("printf '%s' 'a\tb' | od -An -c", 10).output.split() == ["a", "\\t", "b"]


def test_of_several_commands_the_output_of_all_counts_and_the_status_of_the_last(typist: Typist) -> None:
    """The second line must not be echoed into the output of the first, nor be read by it."""
    text = "sleep 0.2; echo one\ncat /dev/null\necho two; (exit 3)"
    assert typist.run(text, 10) == Command(text, "one\ntwo\n", 3)


def test_a_syntax_error_is_a_command_that_has_failed(typist: Typist) -> None:
    assert typist.run("echo (", 10) == Command("echo (", "", 2)
    assert typist.run("echo on", 10) == Command("echo on", "on\n", 0)


def test_nothing_but_a_comment_is_no_failure(typist: Typist) -> None:
    assert typist.run("# nothing", 10).status == 0


def test_a_command_that_never_ends_is_named_and_interrupted(typist: Typist) -> None:
    with pytest.raises(ShellError, match=r"`sleep 1000` had not ended after 0\.3 s"):
        typist.run("sleep 1000", 0.3)
    assert typist.run("echo alive", 10) == Command("echo alive", "alive\n", 0)


def test_a_command_that_can_not_be_interrupted_is_an_error_too(typist: Typist) -> None:
    with pytest.raises(ShellError, match="had not ended"):
        typist.run("trap '' INT; sleep 60", 0.2)


def test_a_command_that_is_not_complete_is_named(typist: Typist) -> None:
    with pytest.raises(ShellError, match=r"`if true` is not complete"):
        typist.run("if true", 10)
    assert typist.run("echo alive", 10).output == "alive\n"


def test_a_command_longer_than_the_terminal_holds_arrives_whole(typist: Typist) -> None:
    text = "echo '" + "0123456789" * 1500 + "'"
    assert typist.run(text, 20).output == "0123456789" * 1500 + "\n"


def test_a_flood_of_output_is_read_to_its_end(typist: Typist) -> None:
    output = typist.run("seq 200000", 20).output
    assert output.startswith("1\n2\n")
    assert output.endswith("\n199999\n200000\n")


def test_an_inner_shell_is_typed_into_and_left_again(typist: Typist) -> None:
    assert typist.run("bash", 10) == Command("bash", "", 0)
    assert typist.run("echo $((SHLVL > 1))", 10).output == "1\n"
    assert typist.run("exit 3", 10) == Command("exit 3", "exit\n", 3)
    assert typist.run("echo $?", 10).output == "3\n"


def test_the_end_of_the_shell_is_an_error(typist: Typist) -> None:
    with pytest.raises(ShellError, match="the shell has ended"):
        typist.run("exit", 10)


def test_a_shell_without_a_prompt_is_an_error(bash: Bash, typist: Typist) -> None:
    os.write(bash.fd, b"PS1= PROMPT_COMMAND= PS0=\r")
    time.sleep(0.2)
    typist.drain()
    with pytest.raises(ShellError, match=r"no prompt within 0\.2 s"):
        typist.wait_for_prompt(0.2)


def test_what_a_background_job_prints_between_commands_is_nobodys_output(typist: Typist, heard: list[bytes]) -> None:
    typist.run("(sleep 0.2; echo late) &", 10)
    listen(typist, lambda: b"late\r\n" in b"".join(heard))
    assert typist.run("echo now", 10).output == "now\n"


def test_everything_that_is_printed_can_be_listened_to(bash: Bash) -> None:
    heard: list[bytes] = []
    typist = Typist(bash.fd, heard.append)
    assert typist.fileno() == bash.fd
    typist.wait_for_prompt(10)
    typist.run("echo heard", 10)
    assert b"echo heard\r\n" in b"".join(heard)
    assert b"heard\r\n" in b"".join(heard)
