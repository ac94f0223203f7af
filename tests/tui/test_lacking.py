"""A lesson whose lab can't be built on this machine, as a learner meets it on the screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import OptionList

from tests.session.lacking import mixed_pack
from tests.tui.lesson_app import Sitting, sitting
from tutor.lab.kubenet import plugins
from tutor.lab.nursery import Nursery
from tutor.tui.screens.course import CourseScreen

pytestmark = [pytest.mark.pty, pytest.mark.netns, pytest.mark.usefixtures("home", "no_plugins")]


@pytest.fixture
def no_plugins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without the CNI plugins."""
    monkeypatch.setattr(plugins, "FOLDERS", (str(tmp_path / "nowhere"),))


async def _ready(playing: Sitting) -> None:
    await playing.until(lambda: playing.screen.has_begun and playing.app.prompts > 0 and playing.has_keys)


async def test_the_course_says_what_a_lesson_lacks_and_does_not_lead_there(nursery: Nursery, tmp_path: Path) -> None:
    async with sitting(nursery, "small/up", pack=str(mixed_pack(tmp_path))) as playing:
        await _ready(playing)
        await playing.press_in_lesson("c")
        await playing.until(lambda: isinstance(playing.app.screen, CourseScreen))
        await playing.until(lambda: any(places.option_count for places in playing.app.screen.query(OptionList)))
        places = playing.app.screen.query_one(OptionList)
        shown = [places.get_option_at_index(index) for index in range(places.option_count)]
        told = [str(option.prompt) for option in shown if "It can't be done here" in str(option.prompt)]
        assert len(told) == 1
        assert "cni:bridge" in told[0]
        assert places.get_option("nodes/up").disabled
        assert not places.get_option("small/up").disabled


async def test_the_way_on_keeps_the_lab_that_one_has(nursery: Nursery, tmp_path: Path) -> None:
    async with sitting(nursery, "small/up", pack=str(mixed_pack(tmp_path))) as playing:
        await _ready(playing)
        await playing.run("touch /root/mine")
        await playing.press_in_lesson("n")
        await playing.until(lambda: playing.question == "Go on all the same?")
        await playing.pilot.press("g")
        await playing.until(lambda: "can't be done here" in playing.notices)
        assert "cni:bridge, cni:host-local, cni:loopback" in playing.notices
        assert not playing.question
        assert (await playing.run("ls /root/mine")).status == 0
