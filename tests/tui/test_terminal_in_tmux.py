"""The pane and the driver in a real terminal, with real programs in them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.shell.bash import environment
from tests.tui.terminal_app import LEFT
from tests.tui.tmux import Terminal, open_terminal

pytestmark = [pytest.mark.pty, pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux, a real terminal")]

ROOT = Path(__file__).parents[2]
READER = Path(__file__).with_name("raw_reader.py")

KEYS = [
    "a", "Z", "ü", "漢", "Space", "Enter", "Tab", "BTab", "BSpace", "Escape",
    "C-a", "C-c", "C-d", "C-h", "C-p", "C-q", "C-s", "C-z", "C-Space", "C-\\", "C-_",
    "M-b", "M-.", "M-BSpace", "Up", "Left", "Home", "End", "PPage", "DC", "IC",
    "F1", "F5", "F12", "C-Right", "S-Up", "M-Down",
]  # fmt: skip


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"needs {program}")


class Lab:
    """The application in a terminal."""

    def __init__(self, terminal: Terminal, home: Path) -> None:
        self.terminal, self.home, self.record = terminal, home, home / "told"

    @property
    def told(self) -> list[str]:
        return self.record.read_text(encoding="utf-8").splitlines() if self.record.exists() else []

    def rows(self) -> list[str]:
        """What the pane shows."""
        return [row[LEFT:].rstrip() for row in self.terminal.rows()]

    @property
    def shown(self) -> str:
        return "\n".join(self.rows())

    def run(self, command: str) -> None:
        """Type a command and wait until it has ended."""
        before = len(self.told)
        self.terminal.type(command)
        self.terminal.press("Enter")
        self.terminal.until(lambda: any(told.startswith("done") for told in self.told[before:]))

    def until_shown(self, text: str) -> None:
        self.terminal.until(lambda: text in self.shown)


@contextmanager
def played(home: Path, columns: int = 100, rows: int = 30) -> Iterator[Lab]:
    home.mkdir(exist_ok=True)
    program = [sys.executable, str(ROOT / "tests/tui/terminal_app.py"), str(home), str(home / "told")]
    variables = environment(home) | {"PYTHONPATH": str(ROOT), "TERM": "tmux-256color", "COLORTERM": "truecolor"}
    shell = ["sh", "-c", 'echo outside; "$@"; echo "back, $?"; stty -a | head -1; exec sleep 600', "sh", *program]
    with open_terminal(shell, variables, columns=columns, rows=rows) as terminal:
        lab = Lab(terminal, home)
        terminal.until(lambda: "prompt" in lab.told)
        yield lab


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with played(tmp_path) as playing:
        yield playing


def test_all_keys_arrive_byte_for_byte_as_without_the_application(tmp_path: Path) -> None:
    """One after the other, and all at once."""
    assert len(KEYS) == 37
    bare, inside = tmp_path / "bare", tmp_path / "inside"

    def press_all(terminal: Terminal, record: Path) -> None:
        for key in KEYS:
            before = record.stat().st_size if record.exists() else 0
            terminal.press(key)
            terminal.until(lambda before=before: record.exists() and record.stat().st_size > before)  # type: ignore[misc]
        terminal.press(*KEYS, "q", "u", "i", "t")
        terminal.until(lambda: record.read_bytes().endswith(b"quit"))

    reader = [sys.executable, str(READER), str(bare)]
    with open_terminal(reader, environment(tmp_path) | {"TERM": "tmux-256color"}) as terminal:
        terminal.until(lambda: "reading" in terminal.rows()[0])
        press_all(terminal, bare)
    with played(tmp_path / "home") as lab:
        lab.terminal.type(f"{sys.executable} {READER} {inside}")
        lab.terminal.press("Enter")
        lab.until_shown("reading")
        press_all(lab.terminal, inside)
    assert inside.read_bytes() == bare.read_bytes()
    assert len(bare.read_bytes()) > 2 * len(KEYS)


def test_bytes_arrive_as_they_are_sent_and_cursor_keys_as_the_program_wants_them(lab: Lab) -> None:
    record = lab.home / "record"
    lab.terminal.type(f"{sys.executable} {READER} {record} '\\x1b[?1h'")
    lab.terminal.press("Enter")
    lab.until_shown("reading")
    sent = b"\x1b[A\x1b[1;5A\x1bb\x1b\x7f\x08\x1b[H\x1b[24;8~\xc3\xbc\x1b\x1b[B\x00\x10\x11\x13"
    lab.terminal.send(sent + b"quit")
    lab.terminal.until(lambda: record.exists() and record.read_bytes().endswith(b"quit"))
    wanted = sent.replace(b"\x1b[A", b"\x1bOA").replace(b"\x1b[H", b"\x1bOH").replace(b"\x1b[B", b"\x1bOB")
    assert record.read_bytes() == wanted + b"quit"


def test_mouse_and_focus_reports_are_no_keys(lab: Lab) -> None:
    lab.terminal.send(b"\x1b[I\x1b[<0;50;5M\x1b[<0;50;5m\x1b[<65;50;5M\x1b[?62;4c\x1b]11;rgb:0000/0000/0000\x1b\\")
    lab.run("echo clean")
    assert "done 'echo clean' 'clean\\n' 0" in lab.told


def test_keys_behind_the_chord_are_for_the_other_side_however_fast_they_come(lab: Lab) -> None:
    lab.terminal.press(*"echo ", "a", "C-]", *"field", "C-]", "b", "Enter")
    lab.terminal.until(lambda: "done 'echo ab' 'ab\\n' 0" in lab.told)
    lab.terminal.until(lambda: any("field" in row[:LEFT] for row in lab.terminal.rows()))


def test_a_click_takes_the_focus_out_of_the_shell(lab: Lab) -> None:
    lab.terminal.send(b"\x1b[<0;5;2M\x1b[<0;5;2m")

    def has_the_field(key: str) -> bool:
        return any(key in row[:LEFT] for row in lab.terminal.rows())

    def is_typed_into_the_field() -> bool:
        lab.terminal.press("x")
        return has_the_field("x")

    lab.terminal.until(is_typed_into_the_field)
    lab.terminal.press("y")
    lab.terminal.until(lambda: has_the_field("y"))
    assert "y" not in lab.rows()[0]


def test_a_paste_arrives_whole_in_its_brackets(lab: Lab) -> None:
    text = "".join(f"line {number:05d} äöü\n" for number in range(3000))
    lab.terminal.paste("cat > pasted <<'END'\n" + text + "END\n")
    lab.terminal.press("Enter")
    lab.terminal.until(lambda: any("cat > pasted" in told for told in lab.told))
    assert (lab.home / "pasted").read_text(encoding="utf-8") == text


@needs("vim")
def test_vim_edits_a_file_and_gives_the_screen_back(lab: Lab) -> None:
    lab.run("echo before vim")
    lab.terminal.type("vim -u NONE -N -n file")
    lab.terminal.press("Enter")
    lab.terminal.until(lambda: "~\n~\n~" in (shown := lab.shown) and "before vim" not in shown)
    lab.terminal.press("i", *"häb", "Left", "x", "Escape", *"o2", "Escape", *":wq", "Enter")
    lab.terminal.until(lambda: any("vim -u NONE" in told for told in lab.told))
    lab.terminal.until(lambda: "before vim" in (shown := lab.shown) and "~\n~" not in shown)
    assert (lab.home / "file").read_text(encoding="utf-8") == "häxb\n2\n"


@needs("less")
def test_less_pages_and_gives_the_screen_back(lab: Lab) -> None:
    lab.run("echo before less")
    lab.terminal.type("seq 1000 | less")
    lab.terminal.press("Enter")
    lab.terminal.until(lambda: lab.rows()[:2] == ["1", "2"])
    lab.terminal.press("G")
    lab.until_shown("1000")
    lab.terminal.press("Up")
    lab.terminal.until(lambda: lab.rows()[0] == "972")
    lab.terminal.press("q")
    lab.terminal.until(lambda: "before less" in (shown := lab.shown) and "1000\n" not in shown)


def test_ctrl_c_ends_a_flood(lab: Lab) -> None:
    lab.terminal.type("yes 'a line that is neither short nor long, again and again'")
    lab.terminal.press("Enter")
    lab.terminal.until(lambda: lab.shown.count("again and again") > 20)
    lab.terminal.press("C-c")
    lab.terminal.until(lambda: any(told.endswith(" 130") for told in lab.told))
    lab.run("echo alive")
    lab.terminal.until(lambda: "alive" in lab.rows())


def test_programs_follow_the_size_of_the_outer_terminal(lab: Lab) -> None:
    lab.terminal.resize(120, 20)
    lab.run(f"until stty size | grep -x '19 {120 - LEFT}'; do sleep 0.05; done")
    assert lab.told[-1] == "prompt" or lab.told[-1].endswith(f" '19 {120 - LEFT}\\n' 0")
    lab.terminal.until(lambda: f"19 {120 - LEFT}" in lab.rows())


def test_wide_and_combining_characters_stand_in_their_place(lab: Lab) -> None:
    lab.run("printf '|漢字|e\\u0301|x\\n|1234|5|x\\n'")
    lab.terminal.until(lambda: "|1234|5|x" in lab.rows())
    assert "|漢字|e\u0301|x" in lab.rows()


def test_the_outer_terminal_is_as_it_was_when_the_shell_ends(lab: Lab) -> None:
    lab.terminal.type("exit")
    lab.terminal.press("Enter")
    lab.terminal.until(lambda: any(row.startswith("back, 0") for row in lab.terminal.rows()))
    rows = lab.terminal.rows()
    assert rows[0] == "outside"
    assert "ready" not in "\n".join(rows)
