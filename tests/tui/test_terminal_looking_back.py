from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events

from tests.shell.bash import Bash, open_bash
from tests.tui.terminal_app import BashHandle
from tests.tui.test_terminal_pane import SIZE, Stage, at_prompt, cursor_cells

pytestmark = pytest.mark.pty

ROWS = SIZE[1] - 1


@pytest.fixture
def bash(tmp_path: Path) -> Iterator[Bash]:
    with open_bash(tmp_path) as running:
        yield running


def mouse(kind: type[events.MouseEvent], stage: Stage, x: int, y: int, button: int = 1, **held: bool) -> None:
    """A mouse event on a cell of the pane, as the application gets it from the driver."""
    left, top = stage.pane.region.offset
    shift, meta, ctrl = (held.get(name, False) for name in ("shift", "meta", "ctrl"))
    event = kind(None, left + x, top + y, 0, 0, button, shift, meta, ctrl, left + x, top + y)
    stage.app.post_message(event)


async def drag(stage: Stage, begin: tuple[int, int], end: tuple[int, int], **held: bool) -> None:
    mouse(events.MouseDown, stage, *begin, **held)
    mouse(events.MouseMove, stage, *end, **held)
    mouse(events.MouseUp, stage, *end, **held)
    await stage.pilot.pause()


def marked(stage: Stage, y: int) -> str:
    """What is drawn on another ground in a row."""
    return "".join(cell.text for cell in stage.pane.render_line(y) if cell.style and cell.style.bgcolor is not None)


def footer(stage: Stage) -> str:
    """The line that says where one is: at the top, or below while one is at the top."""
    rows = stage.rows()
    return f"{rows[0]}\n{rows[-1]}"


async def test_keys_move_through_what_was_printed_and_the_program_gets_none(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.run("seq 200")
        stage.pane.look_back()
        await stage.until(lambda: "of 202" in stage.shown)
        assert not stage.pane.wants_keys
        await stage.pilot.press("g")
        await stage.until(lambda: "seq 200" in stage.rows()[0] and "1 of 202" in footer(stage))
        await stage.pilot.press("pagedown", "j", "down")
        await stage.until(lambda: f"{ROWS + 3} of 202" in footer(stage))
        await stage.pilot.press("G", "k")
        await stage.until(lambda: "201 of 202" in footer(stage) or "201 of 202" in stage.rows()[0])
        await stage.pilot.press("q")
        await stage.until(lambda: stage.pane.wants_keys and "of 202" not in stage.shown)
        assert await stage.run("echo alive") == "done 'echo alive' 'alive\\n' 0"


async def test_what_is_looked_at_stays_when_more_is_printed(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.run("seq 50")
        stage.pane.look_back()
        await stage.until(lambda: "of 52" in stage.shown)
        before = stage.rows()[1:-1]
        stage.pane.write(b"seq 1000 1100\n")
        await stage.until(lambda: any(told.startswith("done 'seq 1000") for told in stage.app.told))
        await stage.until(lambda: "of 154" in stage.shown)
        assert stage.rows()[1:-1] == before
        await stage.pilot.press("escape")
        await stage.until(lambda: "1100" in stage.rows())


async def test_a_search_goes_from_match_to_match_and_shows_them(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.run("seq 1000 | sed 's/^/Row /'")
        stage.pane.search()
        await stage.pilot.press(*"row 5")
        await stage.until(lambda: "?row 5" in footer(stage) and "match 111 of 111" in footer(stage))
        await stage.pilot.press("0", "0", "enter")
        await stage.until(lambda: "Row 500" in stage.shown and "match 1 of 1" in footer(stage))
        y = stage.rows().index("Row 500")
        await stage.until(lambda: "ow 500" in marked(stage, y))
        await stage.pilot.press("/", *"Row 99", "enter", "n")
        await stage.until(lambda: "match 3 of 11" in footer(stage))
        await stage.pilot.press("N", "N", "N")
        await stage.until(lambda: "match 11 of 11, from the end again" in stage.shown)
        await stage.pilot.press("/", *"nowhere")
        await stage.until(lambda: "Nothing found" in stage.shown)
        await stage.pilot.press("escape", "escape")
        await stage.until(lambda: stage.pane.wants_keys)


async def test_capitals_count_where_there_are_any(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.run("printf 'aBc\\nabc\\n'")
        stage.pane.search()
        await stage.pilot.press(*"aBc")
        await stage.until(lambda: "match 2 of 2" in footer(stage))
        await stage.pilot.press("ctrl+u", *"abc")
        await stage.until(lambda: "of 4" in footer(stage))


async def test_text_is_selected_with_keys_and_copied(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.run("printf 'one two\\nthree\\n'")
        stage.pane.look_back()
        await stage.pilot.press("k", "k", "0", "w", "v", "j", "$", "y")
        await stage.until(lambda: stage.app.clipboard == "two\nthree")
        await stage.until(lambda: stage.pane.wants_keys)
        stage.pane.look_back()
        await stage.pilot.press("k", "V", "k", "enter")
        await stage.until(lambda: stage.app.clipboard == "one two\nthree")
        await stage.until(lambda: stage.app.told[-1] == "copied 'one two\\nthree'")


async def test_brackets_go_from_prompt_to_prompt(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.run("seq 50")
        await stage.run("seq 60")
        stage.pane.look_back()
        await stage.pilot.press("[")
        await stage.until(lambda: any("seq 60" in row for row in stage.rows()) and "52 of" in footer(stage))
        await stage.pilot.press("[")
        await stage.until(lambda: "1 of 113" in footer(stage))
        await stage.pilot.press("[")
        await stage.until(lambda: "No prompt above" in footer(stage))
        await stage.pilot.press("]", "]")
        await stage.until(lambda: "113 of 113" in stage.shown)


async def test_dragging_selects_and_copies_and_a_key_ends_it(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.run("printf 'one two\\nthree\\n'")
        await drag(stage, (4, 1), (2, 2))
        await stage.until(lambda: stage.app.clipboard == "two\nthr")
        await stage.until(lambda: marked(stage, 1) != "")
        selected = stage.pane.render_line(1)
        await stage.pilot.press("x")
        await stage.until(lambda: stage.pane.render_line(1) != selected)
        await stage.until(lambda: stage.rows()[3].endswith("x"))


async def test_two_clicks_are_a_word_and_three_a_line(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.run("echo ip route add 10.0.0.0/8 via 192.168.1.1")
        for clicks, text in ((2, "10.0.0.0/8"), (3, "ip route add 10.0.0.0/8 via 192.168.1.1")):
            while stage.app.clipboard != text:
                for _ in range(clicks - (clicks == 3 and stage.app.clipboard == "10.0.0.0/8") * 2):
                    mouse(events.MouseDown, stage, 14, 1)
                    mouse(events.MouseUp, stage, 14, 1)
                await stage.pilot.pause()


async def test_dragging_past_the_edge_scrolls(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.run("seq 100")
        mouse(events.MouseDown, stage, 1, 2)
        for _ in range(3):
            mouse(events.MouseMove, stage, 0, 0)
        mouse(events.MouseUp, stage, 0, 0)
        await stage.until(lambda: "3 lines back" in stage.rows()[0])
        await stage.until(lambda: stage.app.clipboard.startswith("76\n77\n"))
        mouse(events.MouseDown, stage, SIZE[0] - 20 - 3, 0)
        mouse(events.MouseUp, stage, SIZE[0] - 20 - 3, 0)
        await stage.until(lambda: "lines back" not in stage.rows()[0])


async def test_with_shift_the_mouse_selects_though_the_program_wants_it(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        stage.pane.type_text(
            "printf '\\e[?1000;1006hsome text\\n'; IFS= read -rsn9 keys; printf '\\e[?1000l'; echo ${keys@Q}\n"
        )
        await stage.until(lambda: "some text" in stage.rows())
        y = stage.rows().index("some text")
        await drag(stage, (5, y), (8, y), shift=True)
        await stage.until(lambda: stage.app.clipboard == "text")
        mouse(events.MouseDown, stage, 4, 2)
        await stage.until(lambda: "$'\\E[<0;5;3M'" in stage.shown)


async def test_a_click_with_control_on_a_link_takes_its_address(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.run("printf '\\e]8;;https://example.org/\\alink\\e]8;;\\a\\n'")
        mouse(events.MouseDown, stage, 1, 2, ctrl=True)
        await stage.until(lambda: "link https://example.org/" in stage.app.told)
        await stage.until(lambda: stage.app.clipboard == "https://example.org/")
        assert any(cell.style and cell.style.underline for cell in stage.pane.render_line(2))


async def test_what_a_killed_program_left_is_drawn_anew(bash: Bash) -> None:
    async with at_prompt(BashHandle(bash)) as stage:
        await stage.run("echo before")
        await stage.run("printf '\\e[?1049h\\e[?1003;1006h\\e[?25l\\e[?1h'")
        await stage.until(lambda: not cursor_cells(stage))
        stage.pane.reset_screen()
        await stage.until(lambda: len(cursor_cells(stage)) == 1 and not stage.pane._screen.mouse)  # type: ignore[union-attr]  # attached
        assert await stage.run("echo after") == "done 'echo after' 'after\\n' 0"
