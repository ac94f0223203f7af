"""A few whole screens, as they were looked at and found good.

When a screen is meant to look otherwise, look at what was drawn: the failing test names the file. Then
`PICTURES=new python -m pytest tests/tui/test_pictures.py` draws all of them anew.
"""

from __future__ import annotations

import difflib
import os
import time
from pathlib import Path

import pytest
from textual.widgets import Static

from tests.tui.lesson_app import Sitting, at_step
from tests.tui.picture import picture_of
from tests.waiting import SECONDS
from tutor.lab.nursery import Nursery
from tutor.tui.screens.course import CourseScreen
from tutor.tui.screens.help import HelpScreen
from tutor.tui.widgets import lesson

pytestmark = [pytest.mark.pty, pytest.mark.netns, pytest.mark.usefixtures("home")]

FOLDER = Path(__file__).with_name("pictures")
ELSEWHERE = "ip link add br1 type bridge; ip link set veth-a-ns1 master br1"


@pytest.fixture(autouse=True)
def never_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step is brought up whenever something has changed, also where that comes so late that a learner may read."""
    monkeypatch.setattr(lesson, "_SETTLE_SECONDS", 1000.0)


async def compare(playing: Sitting, name: str, tmp_path: Path) -> None:
    """Wait until the screen is as in the picture of that name."""
    kept = FOLDER / f"{name}.txt"
    if os.environ.get("PICTURES") == "new":
        await playing.pilot.pause(1.5)
        kept.write_text(picture_of(playing.app), encoding="utf-8")
    wanted = kept.read_text(encoding="utf-8")
    end = time.monotonic() + SECONDS
    while (drawn := picture_of(playing.app)) != wanted and time.monotonic() < end:
        await playing.pilot.pause(0.1)
    found = tmp_path / f"{name}.txt"
    found.write_text(drawn, encoding="utf-8")
    difference = difflib.unified_diff(wanted.split("\n"), drawn.split("\n"), "kept", "drawn")
    assert drawn == wanted, f"{found}\n" + "\n".join(difference)


@pytest.mark.parametrize("size", [(80, 24), (120, 30), (200, 60)], ids=["80x24", "120x30", "200x60"])
async def test_a_mistake_in_each_size(nursery: Nursery, tmp_path: Path, size: tuple[int, int]) -> None:
    async with at_step(nursery, "bridge/plug", size=size) as playing:
        await playing.pilot.press("ctrl+right_square_bracket")
        if size[0] < 100:
            await playing.until(lambda: playing.pane.has_focus)
        playing.pane.type_text(ELSEWHERE + "\n")
        await playing.until(lambda: "br1, not" in str(playing.screen.query_one("#status", Static).render()))
        if size[0] < 100:
            await compare(playing, "80x24-shell", tmp_path)
            await playing.to_lesson()
        await compare(playing, f"{size[0]}x{size[1]}", tmp_path)


@pytest.mark.parametrize("theme", ["light", "contrast"])
async def test_a_question_in_other_colours(nursery: Nursery, tmp_path: Path, theme: str) -> None:
    async with at_step(nursery, "initial-state/scope", size=(120, 30)) as playing:
        playing.app.wear(theme)
        await playing.pilot.press("1")
        await playing.until(lambda: "link is not it" in playing.outcome)
        await compare(playing, f"question-{theme}", tmp_path)


async def test_what_lies_over_the_screen(nursery: Nursery, tmp_path: Path) -> None:
    async with at_step(nursery, size=(120, 30)) as playing:
        await compare(playing, "first-start", tmp_path)
        await playing.press_in_lesson("question_mark")
        await playing.until(lambda: isinstance(playing.app.screen, HelpScreen))
        await compare(playing, "help", tmp_path)
        await playing.pilot.press("escape")
        await playing.until(lambda: playing.app.screen is playing.screen)
        await playing.press_in_lesson("c")
        await playing.until(lambda: isinstance(playing.app.screen, CourseScreen))
        await compare(playing, "course", tmp_path)
        await playing.pilot.press("escape")
        await playing.until(lambda: playing.app.screen is playing.screen)
        await playing.press_in_lesson("q")
        await playing.until(lambda: playing.question == "Quit?")
        await compare(playing, "quit", tmp_path)
