"""The pane in a real terminal: painted directly and by Textual, the cursor, and what lies over it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.geometry import Region
from textual.widgets import Static

from tests.shell.bash import Bash, environment, open_bash
from tests.tui.terminal_app import LEFT, BashHandle
from tests.tui.test_terminal_in_tmux import ROOT, Lab
from tests.tui.test_terminal_pane import at_prompt
from tests.tui.tmux import open_terminal
from tutor.errors import ShellError
from tutor.shell.screen import Screen

pytestmark = [pytest.mark.pty, pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux, a real terminal")]

PICTURES = (
    "printf '\\e[H\\e[2J\\e[1;31mred\\e[0m \\e[38;5;200;48;2;1;2;3mmany\\e[0m \\e[7minverse\\e[0m \\e[4mline\\e[0m "
    "漢字 e\\u0301 "
    "\\e[44m\\e[K\\e[0m\\n\\e[2mfaint\\e[0m \\e[9mstruck\\e[0m \\e]8;;http://x/\\alink\\e]8;;\\a\\n'; seq 5"
)

BEFORE_THEM = {"👍🏽": 4, "🇩🇪": 4, "👩‍👩‍👧": 6, "❤\ufe0f": 1, "\U0001faea": 2, "हिन्दी": 5}
"""How many cells the screen gives to what outer terminals see otherwise."""


@contextmanager
def played(home: Path, path: str) -> Iterator[Lab]:
    home.mkdir(exist_ok=True)
    program = [sys.executable, str(ROOT / "tests/tui/terminal_app.py"), str(home), str(home / "told"), path]
    variables = environment(home) | {"PYTHONPATH": str(ROOT), "TERM": "tmux-256color", "COLORTERM": "truecolor"}
    with open_terminal(program, variables, columns=100, rows=30) as terminal:
        lab = Lab(terminal, home)
        terminal.until(lambda: "prompt" in lab.told)
        yield lab


def coloured(lab: Lab) -> list[str]:
    """What the outer terminal shows, with its colours."""
    return lab.terminal.tmux("capture-pane", "-p", "-e").split("\n")


def cursor(lab: Lab) -> tuple[int, int, bool]:
    """Where the outer terminal's cursor is, in the pane's cells, and whether it is to be seen."""
    x, y, flag = lab.terminal.tmux("display-message", "-p", "#{cursor_x} #{cursor_y} #{cursor_flag}").split()
    return int(x) - LEFT, int(y), flag == "1"


def test_both_ways_to_paint_paint_the_same(tmp_path: Path) -> None:
    with ExitStack() as both:
        direct, public = (both.enter_context(played(tmp_path / path, path)) for path in ("direct", "public"))
        for lab in (direct, public):
            lab.run(PICTURES)
            lab.until_shown("5\n")
            lab.terminal.press("C-]")  # the cursor is drawn alike then
            lab.terminal.until(lambda lab=lab: not cursor(lab)[2])  # type: ignore[misc]
            lab.terminal.until(lambda lab=lab: "4m" in coloured(lab)[7])  # type: ignore[misc]
        direct.terminal.until(lambda: coloured(direct) == coloured(public))


@pytest.mark.parametrize("path", ["direct", "public"])
def test_what_stands_behind_an_emoji_of_several_code_points_is_in_its_place(tmp_path: Path, path: str) -> None:
    with played(tmp_path, path) as lab:
        for number, (text, column) in enumerate(BEFORE_THEM.items()):
            lab.run(f"clear; printf '%s' '{text}'; printf '@%d\\n' {number}")
            lab.until_shown(f"@{number}\n")
            lab.terminal.tmux("copy-mode", ";", "send", "-X", "search-backward", f"@{number}")
            found = int(lab.terminal.tmux("display-message", "-p", "#{copy_cursor_x}"))
            assert found - LEFT == column, text
            lab.terminal.tmux("send", "-X", "cancel")


def test_the_terminals_own_cursor_is_where_the_programs_is(tmp_path: Path) -> None:
    with played(tmp_path, "direct") as lab:
        lab.terminal.type("echo 漢x")
        lab.terminal.until(lambda: lab.rows()[0].endswith("echo 漢x"))
        lab.terminal.until(lambda: cursor(lab) == (cell_len(lab.rows()[0]), 0, True))
        before = cursor(lab)
        lab.terminal.press("Left", "Left")
        lab.terminal.until(lambda: cursor(lab) == (before[0] - 3, 0, True))
        lab.terminal.press("C-]")
        lab.terminal.until(lambda: not cursor(lab)[2])
        lab.terminal.press("C-]")
        lab.terminal.until(lambda: cursor(lab) == (before[0] - 3, 0, True))
        lab.terminal.press("C-e", "C-u")
        lab.terminal.type("printf '\\e[?25l'; read; printf '\\e[?25h'")
        lab.terminal.press("Enter")
        lab.terminal.until(lambda: not cursor(lab)[2])
        lab.terminal.press("Enter")
        lab.terminal.until(lambda: cursor(lab)[2])


def test_one_looks_back_in_a_real_terminal(tmp_path: Path) -> None:
    with played(tmp_path, "direct") as lab:
        lab.run("seq 500")
        lab.terminal.until(lambda: "500" in lab.rows())
        lab.terminal.send(b"\x1b[<64;50;5M" * 3)
        lab.until_shown("9 lines back")
        lab.terminal.press("x")
        lab.terminal.until(lambda: "lines back" not in lab.shown)
        lab.terminal.press("BSpace", "C-]", "F8")
        lab.until_shown("of 502")
        lab.terminal.press("?", *"321", "Enter")
        lab.terminal.until(lambda: "321" in lab.rows())
        lab.terminal.until(lambda: cursor(lab) == (0, lab.rows().index("321"), True))
        lab.terminal.press("v", "$", "y")
        lab.terminal.until(lambda: "copied '321'" in lab.told)
        lab.run("echo alive")


def test_what_programs_print_for_the_outer_terminal_does_not_reach_it(tmp_path: Path) -> None:
    with played(tmp_path, "direct") as lab:
        lab.run(
            "printf '\\e]2;outer title\\a\\e]52;c;aGVsbG8=\\a\\eP+q544e\\e\\\\\\e_x\\e\\\\\\e[?1049h\\e[?1049l\\e]8;;http://x\\ay'"
        )
        lab.terminal.until(lambda: "copied 'hello'" in lab.told)
        assert lab.terminal.tmux("display-message", "-p", "#{pane_title}").strip() != "outer title"
        assert lab.terminal.tmux("display-message", "-p", "#{alternate_on}").strip() == "1"


async def test_rows_drawn_directly_are_those_that_textual_draws(tmp_path: Path) -> None:
    with open_bash(tmp_path) as bash:
        async with at_prompt(BashHandle(bash)) as stage:
            await stage.run(PICTURES)
            pane = stage.pane
            painter = pane._canvas._direct
            assert painter is not None
            part = Region(0, 0, pane.size.width, pane.size.height)
            for change in ({}, {"border": ("round", "red")}, {"padding": 1}, {"tint": "red 30%"}, {"opacity": 0.5}):
                for name, value in change.items():
                    setattr(pane.styles, name, value)
                await stage.pilot.pause()
                part = Region(0, 0, pane.size.width, pane.size.height)
                crop = part.translate((pane.styles.gutter.left, pane.styles.gutter.top))
                direct = [strip.render(stage.app.console) for strip in painter._strips(part)]
                textual = [strip.render(stage.app.console) for strip in pane.render_lines(crop)]
                assert direct == textual


async def test_nothing_is_painted_over_what_lies_over_the_pane(tmp_path: Path) -> None:
    """Whether rows may be painted is asked of the screen as it is; without a real terminal they never are."""
    with open_bash(tmp_path) as bash:
        async with at_prompt(BashHandle(bash)) as stage:
            painter = stage.pane._canvas._direct
            assert painter is not None
            assert painter._find_place() == stage.pane.content_region
            assert painter._above == []
            assert not painter.paint([Region(0, 0, 5, 1)])
            over = Static("over it")
            over.styles.overlay, over.styles.offset, over.styles.width, over.styles.height = "screen", (50, -10), 9, 2
            await stage.app.mount(over)
            await stage.until(lambda: painter._find_place() is not None and painter._above != [])
            await over.remove()
            await stage.until(lambda: painter._find_place() is not None and painter._above == [])
            stage.pane.styles.display = "none"
            await stage.until(lambda: painter._find_place() is None)


async def test_a_textual_that_is_not_as_expected_is_drawn_with_as_any_widget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_bash(tmp_path) as bash:
        async with at_prompt(BashHandle(bash)) as stage:
            painter = stage.pane._canvas._direct
            assert painter is not None
            monkeypatch.setattr(painter, "_driver", lambda: object())
            assert not painter.paint([Region(0, 0, 5, 1)])
            await stage.run("echo drawn")
            await stage.until(lambda: "drawn" in stage.rows())
            assert not painter.has_cursor


async def test_a_screen_that_fails_once_is_made_anew_with_what_was_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_bash(tmp_path) as bash:
        async with at_prompt(BashHandle(bash)) as stage:
            await stage.run("echo before")
            feed = Screen.feed
            failed: list[bytes] = []

            def fail_once(screen: Screen, output: bytes) -> None:
                if not failed and b"poison" in output:
                    failed.append(output)
                    raise ShellError("out of space")
                feed(screen, output)

            monkeypatch.setattr(Screen, "feed", fail_once)
            await stage.run("echo poison")
            await stage.until(lambda: "before" in stage.rows() and "poison" in stage.rows())
            assert failed
            assert not any(told.startswith("broken") for told in stage.app.told)
            assert await stage.run("echo after") == "done 'echo after' 'after\\n' 0"


@pytest.fixture
def bash(tmp_path: Path) -> Iterator[Bash]:
    with open_bash(tmp_path) as running:
        yield running
