"""A step that begins with something broken, as a learner meets it on the screen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.session.faulty import FAULTY
from tests.tui.lesson_app import Sitting, sitting
from tutor.lab.nursery import Nursery

pytestmark = [pytest.mark.pty, pytest.mark.netns, pytest.mark.usefixtures("home")]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def pack(tmp_path: Path) -> str:
    root = tmp_path / "pack"
    shutil.copytree(ROOT / "checks", root / "checks")
    shutil.copytree(ROOT / "lessons" / "labs", root / "lessons" / "labs")
    (root / "lessons" / "course.toml").write_text('id = "small"\ntitle = "Small"\nlessons = ["01-faulty.md"]\n')
    (root / "lessons" / "01-faulty.md").write_text(FAULTY)
    return str(root)


async def _ready(playing: Sitting) -> None:
    await playing.until(lambda: playing.screen.has_begun and playing.app.prompts > 0 and playing.has_keys)
    await playing.until(lambda: playing.shown != "")


async def test_the_step_is_broken_when_the_learner_walks_into_it_and_s_repairs_it(nursery: Nursery, pack: str) -> None:
    async with sitting(nursery, "faulty/look", pack=pack) as playing:
        await _ready(playing)
        await playing.run("ip link show br0")
        await playing.until(lambda: "Done" in playing.outcome)
        await playing.press_in_lesson("n")
        await playing.until(
            lambda: playing.step == "Repair" and playing.outcome != "" and "Done" not in playing.outcome
        )
        await playing.press_in_lesson("s")
        await playing.until(lambda: "Done" in playing.outcome)
        await playing.until(lambda: len(playing.app.commands) >= 3 and not playing.screen.dictation.is_busy)
        typed = [done.text for done in playing.app.commands]
        assert len(typed) in (3, 4)
        assert len(set(typed)) == len(typed)


async def test_t_types_what_is_shown_and_nothing_that_repairs(nursery: Nursery, pack: str) -> None:
    async with sitting(nursery, "faulty/repair", pack=pack) as playing:
        await _ready(playing)
        await playing.press_in_lesson("t")
        await playing.until(lambda: playing.shown.endswith("ip -br a"))


async def test_a_reset_draws_other_faults_and_says_what_brings_these_back(nursery: Nursery, pack: str) -> None:
    async with sitting(nursery, "faulty/repair", pack=pack) as playing:
        await _ready(playing)
        before = playing.screen.desk.drawn_seed
        await playing.press_in_lesson("r")
        await playing.until(lambda: playing.question != "")
        asked = str(playing.app.screen.query_one("#ask").query("Static").first().render())
        assert f"`tutor start faulty/repair --seed {before}`" in asked
        await playing.pilot.press("r")
        await playing.until(lambda: playing.screen.labs == 2 and playing.screen.desk.drawn_seed != before)
