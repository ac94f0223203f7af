"""Commands that are typed for the learner."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutor.tui.dictation import Dictation

NOTHING: frozenset[str] = frozenset()


class Typed:
    """A shell that shows what was typed since the last line was killed."""

    def __init__(self) -> None:
        self.line, self.run = "", list[str]()

    def type_text(self, text: str) -> None:
        *done, self.line = (self.line + text).split("\n")
        self.run += done

    def write(self, data: bytes) -> None:
        assert data == b"\x05\x15"
        self.line = ""


def test_the_first_command_that_has_not_run_is_offered() -> None:
    shell = Typed()
    Dictation(shell).offer(["a", "b", "c"], frozenset({"a"}))
    assert (shell.line, shell.run) == ("b", [])


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True), st.integers(1, 9))
def test_offering_again_goes_round_and_executes_nothing(commands: list[str], times: int) -> None:
    shell = Typed()
    dictation = Dictation(shell)
    for _ in range(times):
        dictation.offer(commands, NOTHING)
    assert shell.line == commands[(times - 1) % len(commands)]
    assert not shell.run


def test_what_stands_half_typed_at_the_prompt_makes_room_and_what_a_program_reads_does_not() -> None:
    shell = Typed()
    dictation = Dictation(shell)
    shell.line = "half typed "
    dictation.offer(["a", "b"], NOTHING)
    assert shell.line == "a"
    dictation.started()
    shell.line = "typed into cat "
    dictation.offer(["a", "b"], frozenset({"a"}))
    assert shell.line == "typed into cat b"


def test_commands_are_played_each_at_a_prompt_of_its_own() -> None:
    shell = Typed()
    dictation = Dictation(shell)
    dictation.offer(["x"], NOTHING)
    dictation.play(["a", "b"])
    assert shell.run == ["a"]
    dictation.started()
    assert dictation.is_busy
    dictation.prompted()
    dictation.prompted()
    assert shell.run == ["a", "b"]
    assert not dictation.is_busy


def test_another_shell_gets_nothing_that_was_meant_for_the_one_before() -> None:
    shell = Typed()
    dictation = Dictation(shell)
    dictation.play(["a", "b"])
    dictation.started()
    dictation.forget()
    dictation.prompted()
    assert shell.run == ["a"]
