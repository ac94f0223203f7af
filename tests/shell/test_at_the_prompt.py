"""What a learner does at the prompt, and what the marks say of it."""

from __future__ import annotations

import os
import time

import pytest

from tests.shell.bash import Bash, listen
from tests.waiting import SECONDS
from tutor.shell.marks import Command, Ended, Event, Prompt, Started
from tutor.shell.typist import Typist

pytestmark = pytest.mark.pty


def told(bash: Bash, typist: Typist, keys: bytes, *, prompts: int = 1) -> list[Event]:
    """What the marks tell from these keys on until so many prompts have been shown, and a moment longer."""
    os.write(bash.fd, keys)
    events: list[Event] = []
    until = time.monotonic() + SECONDS
    while sum(isinstance(event, Prompt) for event in events) < prompts:
        assert time.monotonic() < until, events
        events += typist.drain()
        time.sleep(0.01)
    time.sleep(0.05)
    return events + typist.drain()


def commands(events: list[Event]) -> list[Command]:
    return [event.command for event in events if isinstance(event, Ended)]


def has_started(events: list[Event]) -> bool:
    return any(isinstance(event, Started | Ended) for event in events)


def test_enter_alone_is_a_new_prompt_and_no_command(bash: Bash, typist: Typist) -> None:
    typist.run("false", 10)
    events = told(bash, typist, b"\r")
    assert not has_started(events)
    assert len(events) == 1


def test_ctrl_c_at_the_prompt_is_a_new_prompt_and_no_command(bash: Bash, typist: Typist) -> None:
    os.write(bash.fd, b"echo half typed")
    time.sleep(0.1)
    events = told(bash, typist, b"\x03")
    assert not has_started(events)
    assert [event.status for event in events if isinstance(event, Prompt)] == [130]
    assert typist.run("echo $?", 10).output == "130\n"


def test_ctrl_c_in_a_half_typed_loop_is_a_new_prompt_and_no_command(bash: Bash, typist: Typist) -> None:
    os.write(bash.fd, b"for i in 1 2; do\r")
    time.sleep(0.1)
    assert not has_started(told(bash, typist, b"\x03"))
    assert typist.run("echo on", 10) == Command("echo on", "on\n", 0)


def test_a_command_that_is_interrupted_has_its_text_and_what_it_printed(
    bash: Bash, typist: Typist, heard: list[bytes]
) -> None:
    os.write(bash.fd, b"echo first; sleep 60\r")
    listen(typist, lambda: b"first\r\n" in b"".join(heard) and bash.foreground == "sleep")
    (command,) = commands(told(bash, typist, b"\x03"))
    assert command == Command("echo first; sleep 60", "first\n^C\n", 130)


def test_the_same_command_again_from_the_history_has_its_text(bash: Bash, typist: Typist) -> None:
    typist.run("echo hi", 10)
    (command,) = commands(told(bash, typist, b"\x10\r"))
    assert command == Command("echo hi", "hi\n", 0)


def test_history_expansion_is_told_as_it_ran(bash: Bash, typist: Typist) -> None:
    typist.run("echo hi", 10)
    (command,) = commands(told(bash, typist, b"!!\r"))
    assert command.text == "echo hi"


@pytest.mark.parametrize("before", ["HISTCONTROL=ignorespace", "HISTIGNORE='* secret'"])
def test_a_command_that_the_history_does_not_take_has_no_text(bash: Bash, typist: Typist, before: str) -> None:
    typist.run(before, 10)
    typist.run("echo before", 10)
    (command,) = commands(told(bash, typist, b" echo secret\r"))
    assert command == Command("", "secret\n", 0)
    assert typist.run("echo after", 10).text == "echo after"


def test_a_shell_without_history_still_tells_of_its_commands(bash: Bash, typist: Typist) -> None:
    typist.run("set +o history", 10)
    (command,) = commands(told(bash, typist, b"echo nameless; false\r"))
    assert (command.output, command.status) == ("nameless\n", 1)
    assert command.text in ("", "set +o history")


def test_a_job_that_is_stopped_and_brought_back_is_two_commands(bash: Bash, typist: Typist) -> None:
    os.write(bash.fd, b"sleep 60\r")
    listen(typist, lambda: bash.foreground == "sleep")
    (stopped,) = commands(told(bash, typist, b"\x1a"))
    assert (stopped.text, stopped.status) == ("sleep 60", 148)
    os.write(bash.fd, b"fg\r")
    listen(typist, lambda: bash.foreground == "sleep")
    (brought_back,) = commands(told(bash, typist, b"\x03"))
    assert (brought_back.text, brought_back.status) == ("fg", 130)


def test_a_prompt_that_is_drawn_anew_is_no_command(bash: Bash, typist: Typist) -> None:
    os.write(bash.fd, b"\x0c\x0c")
    time.sleep(0.1)
    assert typist.drain() == []
    assert typist.run("echo hi", 10) == Command("echo hi", "hi\n", 0)
