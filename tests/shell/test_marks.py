from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutor.shell.marks import (
    KEPT_BYTES,
    LONGEST_TEXT,
    NEWLINE,
    Command,
    Continued,
    Ended,
    Event,
    Marks,
    Prompt,
    Started,
)

OUTER, INNER = "10.1", "20.2"


def mark(letter: str, shell: str = OUTER, *fields: object, end: str = "\a") -> bytes:
    return f"\x1b]133;{';'.join([letter, shell, *map(str, fields)])}{end}".encode()


def begin(text: str, *, shell: str = OUTER, number: int = 1, status: int = 0) -> bytes:
    return mark("C", shell, status, number, text.replace("\n", NEWLINE))


def prompt(status: int = 0, *, shell: str = OUTER) -> bytes:
    return mark("D", shell, status) + mark("A", shell) + b"$ " + mark("B", shell, status)


def commands(events: list[Event]) -> list[Command]:
    return [event.command for event in events if isinstance(event, Ended)]


def test_a_command_is_its_text_its_output_and_its_status() -> None:
    events = Marks().feed(prompt() + b"ls\r\n" + begin("ls") + b"a\r\nb\r\n" + prompt(3))
    assert events == [
        Prompt(OUTER, 0),
        Started(OUTER, "ls"),
        Ended(OUTER, Command("ls", "a\nb\n", 3)),
        Prompt(OUTER, 3),
    ]


def test_the_first_prompt_ends_no_command() -> None:
    assert Marks().feed(prompt(0)) == [Prompt(OUTER, 0)]


def test_a_prompt_that_is_drawn_anew_is_no_other_prompt() -> None:
    marks = Marks()
    drawn = b"$ " + mark("B", OUTER, 1)
    assert marks.feed(prompt(1) + drawn + drawn) == [Prompt(OUTER, 1)]
    assert marks.feed(prompt(1)) == [Prompt(OUTER, 1)]


def test_a_command_of_several_lines_keeps_its_lines() -> None:
    (command,) = commands(Marks().feed(begin("cat <<X\none; two\nX") + prompt()))
    assert command.text == "cat <<X\none; two\nX"


def test_a_line_that_continues_a_command_is_told() -> None:
    assert Marks().feed(b"> " + mark("P")) == [Continued(OUTER)]


def test_the_marks_of_other_programs_are_passed_over() -> None:
    foreign = b"\x1b]133;A\a\x1b]133;C\a\x1b]133;D;0\a\x1b]133;D;zsh;1\a\x1b]133;B\x1b\\"
    assert Marks().feed(foreign) == []
    (command,) = commands(Marks().feed(begin("fish") + b"x" + foreign + b"y" + prompt()))
    assert command.output == "xy"


def test_a_string_terminator_ends_a_mark_as_well_as_a_bell() -> None:
    assert Marks().feed(mark("B", OUTER, 0, end="\x1b\\")) == [Prompt(OUTER, 0)]


def test_an_inner_shell_has_records_of_its_own_and_the_outer_one_closes_the_outer_command() -> None:
    stream = (
        begin("bash")
        + prompt(shell=INNER)
        + begin("echo hi", shell=INNER)
        + b"hi\r\n"
        + prompt(shell=INNER)
        + begin("exit 4", shell=INNER, number=2)
        + b"exit\r\n"
        + prompt(4)
    )
    found = Marks().feed(stream)
    assert commands(found) == [
        Command("echo hi", "hi\n", 0),
        Command("exit 4", "exit\n", 4),
        Command("bash", "$ hi\n$ exit\n", 4),
    ]
    assert found[-1] == Prompt(OUTER, 4)


def test_nothing_runs_once_the_outer_prompt_is_back() -> None:
    marks = Marks()
    marks.feed(begin("bash") + prompt(shell=INNER) + begin("exit", shell=INNER))
    assert marks.is_running
    marks.feed(prompt())
    assert not marks.is_running


def test_lines_that_were_pasted_at_once_are_commands_of_their_own() -> None:
    """Bash prints no D between them: the beginning of one is the end of the other."""
    stream = begin("echo a") + b"a\r\n" + begin("echo b", number=2, status=5) + b"b\r\n" + prompt()
    assert commands(Marks().feed(stream)) == [Command("echo a", "a\n", 5), Command("echo b", "b\n", 0)]


def test_a_shell_that_says_no_end_is_at_its_prompt_all_the_same() -> None:
    """PROMPT_COMMAND is the learner's to change."""
    (command,) = commands(Marks().feed(begin("true") + b"$ " + mark("B", OUTER, 7)))
    assert (command.text, command.status) == ("true", 7)


def test_a_command_that_is_not_in_the_history_has_no_text_instead_of_the_one_before_it() -> None:
    stream = begin("echo a", number=4) + prompt() + begin("echo a", number=4) + b"secret\r\n" + prompt()
    assert commands(Marks().feed(stream))[1] == Command("", "secret\n", 0)


def test_the_same_command_twice_has_its_text_twice() -> None:
    stream = begin("ls", number=4) + prompt() + begin("ls", number=5) + prompt()
    assert [command.text for command in commands(Marks().feed(stream))] == ["ls", "ls"]


def test_of_very_long_output_beginning_and_end_are_kept_in_whole_lines() -> None:
    lines = [f"{number:07d}" for number in range(100_000)]
    (command,) = commands(Marks().feed(begin("seq") + "".join(f"{line}\r\n" for line in lines).encode() + prompt()))
    kept = command.output.splitlines()
    gap = next(place for place, line in enumerate(kept) if "left out" in line)
    assert len(command.output) < KEPT_BYTES
    assert kept[:gap] == lines[:gap]
    assert kept[gap + 1 :] == lines[gap + 1 - len(kept) :]
    left_out = len(lines) - (len(kept) - 1)
    assert kept[gap] == f"[{left_out * 9} bytes left out]"


def test_of_very_long_output_without_lines_beginning_and_end_are_kept_too() -> None:
    (command,) = commands(Marks().feed(begin("cat") + b"a" * KEPT_BYTES + b"b" * KEPT_BYTES + prompt()))
    head, gap, tail = command.output.split("\n")
    assert head == "a" * (KEPT_BYTES // 2)
    assert gap == f"[{KEPT_BYTES} bytes left out]"
    assert tail == "b" * (KEPT_BYTES // 2)


def test_output_that_begins_like_a_mark_but_is_none_stays_output() -> None:
    for text in (b"\x1b]133;C;" + b"xxxxxxx\r\n" * LONGEST_TEXT, b"\x1b]133;C;10.1\x1b[31mred"):
        (command,) = commands(Marks().feed(begin("cat") + text + b"\r\n" + prompt()))
        assert command.output.rstrip().endswith(("xxxxxxx", "red"))


def test_shells_that_replace_themselves_leave_nothing_behind() -> None:
    marks = Marks()
    for number in range(1000):
        marks.feed(begin("exec bash", shell=f"10.{number}"))
    assert len(marks._running) < 100


PIECES = st.sampled_from(
    [
        prompt(),
        prompt(130),
        prompt(shell=INNER),
        begin("ls -l"),
        begin("echo 'a\nb'", number=2),
        begin("exit", shell=INNER),
        mark("D", OUTER, 0, end="\x1b\\"),
        mark("P"),
        b"\x1b]133;",
        b"\x1b]133;C;10.1;0;7;never ended",
        b"\x1b",
        b"\x1b[31mred\x1b[0m\r\n",
        b"plain\r\n",
        b"50%\r100%\r\n",
        b"\x07",
        b"\x1b\\",
        "häß\r\n".encode(),
        b"x" * 70_000,
        b"\n" * 200_000,
    ]
)


@given(st.lists(PIECES, max_size=12), st.data())
def test_where_the_stream_is_cut_makes_no_difference(pieces: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    marks, events = Marks(), []
    for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        events += marks.feed(stream[start:stop])
    assert events == Marks().feed(stream)


def test_a_stream_that_comes_byte_by_byte_tells_the_same() -> None:
    stream = (
        prompt() + begin("echo 'a\nb'") + b"\x1b[1ma\x1b[0m\r\nb\r\n" + mark("D", OUTER, 0, end="\x1b\\") + prompt()
    )
    marks = Marks()
    assert [event for byte in stream for event in marks.feed(bytes([byte]))] == Marks().feed(stream)


@given(st.lists(st.binary(max_size=40) | PIECES, max_size=12))
def test_no_output_breaks_the_reader(pieces: list[bytes]) -> None:
    marks = Marks()
    for piece in pieces:
        marks.feed(piece)
