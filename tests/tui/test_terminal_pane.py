from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from tests.shell.bash import Bash, open_bash
from tests.tui.terminal_app import LEFT, BashHandle, TerminalApp
from tests.waiting import SECONDS
from tutor.errors import ShellError
from tutor.shell.screen import Screen

pytestmark = pytest.mark.pty

SIZE = (80, 24)


@pytest.fixture
def bash(tmp_path: Path) -> Iterator[Bash]:
    with open_bash(tmp_path) as running:
        yield running


class Stage:
    """An application that runs, as a test sees it."""

    def __init__(self, app: TerminalApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot, self.pane = app, pilot, app.pane

    def rows(self) -> list[str]:
        """What the pane shows."""
        return [self.pane.render_line(y).text.rstrip() for y in range(self.pane.size.height)]

    @property
    def shown(self) -> str:
        return "\n".join(self.rows()).rstrip()

    async def until(self, is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + SECONDS
        while not is_so():
            assert time.monotonic() < end, f"it shows:\n{self.shown}\nand told {self.app.told[-5:]}"
            await asyncio.sleep(0.005)

    async def run(self, command: str) -> str:
        """Type a command; returns what the application was told of it, once its output and the prompt are drawn."""
        before = len(self.app.told)
        self.pane.type_text(command + "\n")

        def place() -> int:
            told = self.app.told[before:]
            return next((place for place, what in enumerate(told) if what.startswith("done")), -1)

        await self.until(lambda: place() >= 0 and "prompt" in self.app.told[before + place() :])
        await self.until(lambda: not self.pane._canvas.scheduled)
        return self.app.told[before + place()]


@asynccontextmanager
async def played(handle: BashHandle, size: tuple[int, int] = SIZE) -> AsyncIterator[Stage]:
    app = TerminalApp(handle)
    async with app.run_test(size=size) as pilot:
        stage = Stage(app, pilot)
        await stage.until(lambda: stage.pane.wants_keys)
        yield stage


@asynccontextmanager
async def at_prompt(handle: BashHandle, size: tuple[int, int] = SIZE) -> AsyncIterator[Stage]:
    async with played(handle, size) as stage:
        await stage.until(lambda: "prompt" in stage.app.told)
        yield stage


async def test_what_is_typed_runs_and_is_told(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.pilot.press(*"echo hi", "enter")
        await stage.until(lambda: "done 'echo hi' 'hi\\n' 0" in stage.app.told)
        await stage.until(lambda: stage.app.told[-1] == "prompt" and "hi" in stage.rows())


async def test_text_at_the_prompt_is_not_executed_until_its_line_ends(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        stage.pane.type_text("echo 'a\tb'")
        await stage.until(lambda: "echo 'a" in stage.shown)
        await asyncio.sleep(0.1)
        assert not any(told.startswith("done") for told in stage.app.told)
        await stage.pilot.press("enter")
        await stage.until(lambda: "done \"echo 'a\\tb'\" 'a\\tb\\n' 0" in stage.app.told)


async def test_all_keys_but_the_chord_are_the_shells(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.pilot.press("x", "ctrl+q", "ctrl+p", "tab", "ctrl+c")
        await stage.until(lambda: stage.app.told.count("prompt") == 2)
        assert stage.pane.has_focus
        await stage.pilot.press("ctrl+right_square_bracket")
        await stage.until(lambda: not stage.pane.has_focus)


async def test_the_programs_size_is_the_panes(bash: Bash) -> None:
    handle = BashHandle(bash)
    async with at_prompt(handle) as stage:
        columns = SIZE[0] - LEFT
        assert handle.sizes[-1] == (columns, SIZE[1] - 1)
        assert await stage.run("stty size") == f"done 'stty size' '{SIZE[1] - 1} {columns}\\n' 0"
        await stage.pilot.resize_terminal(100, 30)
        await stage.until(lambda: handle.sizes[-1] == (80, 29))
        assert await stage.run("stty size") == "done 'stty size' '29 80\\n' 0"


async def test_everything_that_was_read_is_recorded_and_replayed(bash: Bash) -> None:
    handle = BashHandle(bash)
    async with at_prompt(handle) as stage:
        await stage.run("echo before")
        before = stage.shown
    assert b"before\r\n" in handle.kept
    async with played(handle) as stage:
        await stage.until(lambda: stage.shown == before)
        assert stage.app.told == []
        await stage.run("echo after")
        assert "after" in stage.rows()


async def test_questions_in_a_replay_are_not_answered_again(bash: Bash) -> None:
    handle = BashHandle(bash, before=b"\x1b[6n\x1b[c")
    async with at_prompt(handle) as stage:
        await stage.run("echo clean")
        assert "R" not in stage.shown
        assert "62" not in stage.shown


async def test_a_command_that_runs_when_the_screen_comes_back_is_told_in_full(bash: Bash) -> None:
    handle = BashHandle(bash)
    async with at_prompt(handle) as stage:
        stage.pane.type_text("echo one; sleep 0.5; echo two\n")
        await stage.until(lambda: "one" in stage.rows())
    async with played(handle) as stage:
        await stage.until(lambda: "done 'echo one; sleep 0.5; echo two' 'one\\ntwo\\n' 0" in stage.app.told)


async def test_a_question_of_a_program_is_answered(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        told = await stage.run("IFS= read -rsd R -p $'\\e[6n' place; echo ${place#?}")
        assert "[" in told
        assert told.endswith(" 0")


async def test_colours_and_attributes_are_drawn(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.run("printf '\\e[1;38;2;1;2;3mbold\\e[0m \\e[7;44minverse\\e[0m\\n'")
        y = next(y for y, row in enumerate(stage.rows()) if row.startswith("bold"))
        looks = {segment.text: segment.style for segment in stage.pane.render_line(y)}
        bold, inverse = looks["bold"], looks["inverse"]
        assert bold is not None
        assert bold.bold
        assert bold.color is not None
        assert bold.color.triplet == (1, 2, 3)
        assert inverse is not None
        assert inverse.reverse
        assert inverse.bgcolor is not None
        assert inverse.bgcolor.number == 4


async def test_every_row_fills_the_pane_whatever_stands_in_it(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.run("printf '漢字 e\\u0301 👩\\u200d👩 ☁\\ufe0f x\\n'; printf '漢%.0s' {1..40}; echo")
        rows = stage.rows()
        assert any("漢字 e\u0301" in row for row in rows)
        for y in range(stage.pane.size.height):
            strip = stage.pane.render_line(y)
            assert strip.cell_length == stage.pane.size.width
            assert sum(segment.cell_length for segment in strip) == stage.pane.size.width


def cursor_cells(stage: Stage) -> list[tuple[int, str]]:
    """Rows and texts of what is drawn in reverse."""
    return [
        (y, segment.text)
        for y in range(stage.pane.size.height)
        for segment in stage.pane.render_line(y)
        if segment.style is not None and segment.style.reverse
    ]


async def test_the_cursor_is_drawn_while_the_keys_are_the_shells(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        stage.pane.type_text("ab")
        await stage.until(lambda: stage.rows()[0].endswith("ab"))
        await stage.until(lambda: cursor_cells(stage) == [(0, " ")])
        await stage.pilot.press("left")
        await stage.until(lambda: cursor_cells(stage) == [(0, "b")])
        await stage.pilot.press("ctrl+right_square_bracket")
        await stage.until(lambda: cursor_cells(stage) == [])


async def test_the_cursor_covers_a_wide_character_whole(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        stage.pane.type_text("漢")
        await stage.until(lambda: "漢" in stage.shown)
        await stage.pilot.press("left")
        await stage.until(lambda: cursor_cells(stage) == [(0, "漢")])


async def test_what_has_scrolled_away_can_be_looked_at_until_a_key_is_pressed(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.run("seq 200")
        await stage.until(lambda: "200" in stage.rows())
        await stage.pilot.press("shift+pageup")
        await stage.until(lambda: "200" not in stage.rows())
        assert any(row in {"160", "170"} for row in stage.rows())
        await stage.pilot.press("shift+pagedown")
        await stage.until(lambda: "200" in stage.rows())
        stage.pane.post_message(wheel(events.MouseScrollUp, stage))
        await stage.until(lambda: stage.rows()[-1] == "198" and "lines back" in stage.rows()[0])
        await stage.pilot.press("x")
        await stage.until(lambda: stage.rows()[-1].endswith("x"))


def wheel(kind: type[events.MouseEvent], stage: Stage) -> events.MouseEvent:
    x, y = stage.pane.region.offset
    return kind(stage.pane, 3, 4, 0, 0, 0, False, False, False, x + 3, y + 4)


async def test_the_wheel_moves_the_cursor_in_a_full_screen_program(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        stage.pane.type_text("printf '\\e[?1049h'; IFS= read -rsn9 keys; printf '\\e[?1049l'; echo ${keys@Q}\n")
        await stage.until(lambda: stage.pane._screen is not None and stage.pane._screen.is_alternate)
        stage.pane.post_message(wheel(events.MouseScrollUp, stage))
        await stage.until(lambda: "$'\\E[A\\E[A\\E[A'" in stage.shown)


async def test_a_program_that_wants_the_mouse_gets_it(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        stage.pane.type_text(
            "printf '\\e[?1000;1006h'; IFS= read -rsn18 keys; printf '\\e[?1000;1006l'; echo ${keys@Q}\n"
        )
        await stage.until(lambda: stage.pane._screen is not None and stage.pane._screen.mouse > 0)
        await stage.pilot.click("#shell", offset=(4, 2))
        await stage.until(lambda: "$'\\E[<0;5;3M\\E[<0;5;3m'" in stage.shown)


async def test_a_paste_is_bracketed_where_the_program_asks_for_it(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        stage.pane.post_message(events.Paste("echo pasted\necho twice"))
        await stage.until(lambda: "echo twice" in stage.shown)
        assert not any(told.startswith("done") for told in stage.app.told)
        await stage.pilot.press("enter")
        await stage.until(lambda: "done 'echo twice' 'twice\\n' 0" in stage.app.told)
        assert "done 'echo pasted' 'pasted\\n' 0" in stage.app.told


async def test_a_paste_that_nobody_asked_to_bracket_is_typed(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        stage.pane.type_text("read -r line\n")
        await stage.until(lambda: "read -r line" in stage.shown and not stage.pane._screen.bracketed_paste)  # type: ignore[union-attr]  # attached
        stage.pane.post_message(events.Paste("te\x1b[201~xt\n"))
        await stage.until(lambda: "done 'read -r line' 'te[201~xt\\n' 0" in stage.app.told)


async def test_a_large_paste_arrives_whole(bash: Bash) -> None:
    lines = "".join(f"{number:06d}\n" for number in range(20_000))
    digest = hashlib.sha256(lines.encode()).hexdigest()
    async with at_prompt(BashHandle(bash)) as stage:
        stage.pane.type_text("stty -echo; echo ready; head -n 20000 | sha256sum; stty echo\n")
        await stage.until(lambda: "ready" in stage.rows())
        stage.pane.post_message(events.Paste(lines))
        await stage.until(lambda: any(digest in told for told in stage.app.told))


async def test_the_title_is_told(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.run("printf '\\e]2;my title\\a'")
        await stage.until(lambda: "title my title" in stage.app.told)


async def test_the_end_of_the_shell_is_told_once(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        stage.pane.type_text("exit\n")
        await stage.until(lambda: "closed" in stage.app.told)
        assert not stage.pane.wants_keys
        await stage.pilot.press("x")
        stage.pane.type_text("nobody hears")
        await asyncio.sleep(0.1)
        assert stage.app.told.count("closed") == 1


async def test_a_shell_that_has_ended_makes_room_for_the_next(bash: Bash, tmp_path: Path) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        stage.pane.type_text("echo old; exit\n")
        await stage.until(lambda: "closed" in stage.app.told)
        (tmp_path / "next").mkdir()
        with open_bash(tmp_path / "next") as following:
            stage.app.told.clear()
            stage.pane.attach(BashHandle(following))
            await stage.until(lambda: "prompt" in stage.app.told)
            await stage.run("echo new")
            assert "new" in stage.rows()
            assert "old" not in stage.rows()
            stage.pane.detach()


@pytest.mark.parametrize("part", ["feed", "changed_rows"])
async def test_when_the_screen_core_fails_the_shell_goes_on(
    bash: Bash, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        with monkeypatch.context() as broken:

            def fail(*given: object) -> None:
                raise ShellError("out of space")

            broken.setattr(Screen, part, fail)
            stage.pane.type_text("echo survived\n")
            await stage.until(lambda: "done 'echo survived' 'survived\\n' 0" in stage.app.told)
            await stage.until(lambda: stage.app.told.count("broken out of space") == 1)
            await stage.until(lambda: "could not be drawn" in stage.rows()[0])
        await stage.run("echo still here")
        await stage.pilot.press("ctrl+l")
        await stage.until(lambda: stage.rows()[0].endswith("# ") or stage.rows()[0].endswith(("#", "$")))
        await stage.run("echo drawn")
        await stage.until(lambda: "drawn" in stage.rows())
        assert stage.app.told.count("broken out of space") == 1


async def test_a_program_that_asks_is_told_of_the_focus(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        stage.pane.type_text("printf '\\e[?1004h'; IFS= read -rsn6 keys; printf '\\e[?1004l'; echo ${keys@Q}\n")
        await stage.until(lambda: stage.pane._screen is not None and stage.pane._screen.wants_focus)
        await stage.pilot.press("ctrl+right_square_bracket")
        await stage.pilot.press("ctrl+right_square_bracket")
        await stage.until(lambda: "$'\\E[O\\E[I'" in stage.shown)


async def test_a_flood_leaves_room_for_the_application(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        stage.pane.type_text("yes 0123456789012345678901234567890123456789\n")
        await stage.until(lambda: stage.rows()[5].startswith("01234"))
        busy: list[float] = []
        for _ in range(50):
            before = time.thread_time()  # its own work: what else the machine does, it can't help
            await asyncio.sleep(0.002)
            busy.append(time.thread_time() - before)
        assert sorted(busy)[len(busy) // 2] < 0.05
        await stage.pilot.press("ctrl+c")
        await stage.until(lambda: any(told.endswith(" 130") for told in stage.app.told))
        await stage.until(lambda: stage.app.told[-1] == "prompt")


async def test_a_record_can_be_shown_on_a_screen_of_its_own_size(bash: Bash) -> None:
    async with played(BashHandle(bash)) as stage:
        stage.pane.present(30, 5)
        stage.pane.show(b"watched \x1b[6n\r\n")
        await stage.until(lambda: stage.rows()[0] == "watched")
        assert not stage.pane.wants_keys
        await stage.pilot.resize_terminal(60, 20)
        stage.pane.show(b"\x1b[1;25H123456789")
        await stage.until(lambda: stage.rows()[0].endswith("123456"))
