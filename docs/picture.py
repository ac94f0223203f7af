"""Draws `docs/start.svg`, the picture in the README: the real screen, with a real lab behind it.

Run: python docs/picture.py
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from tutor.lab.nursery import Nursery
from tutor.store.course import Course
from tutor.store.packs import choose_pack
from tutor.store.progress import ProgressStore

_SIZE = (120, 34)
_PLACE = "masquerade/masquerade"
_TYPED = (
    "ip netns exec ns1 ping -c 1 -W 1 8.8.8.8",
    "iptables -t nat -A POSTROUTING -s 10.0.0.2 -j MASQUERADE",
    "ip netns exec ns1 ping -c 1 8.8.8.8",
)


def be_far_on() -> None:
    """Note everything before the place as done, as it is when a learner gets there."""
    course = Course(choose_pack(""))
    progress = ProgressStore(course.pack.id)
    here = course.place(_PLACE)
    for lesson in course.lessons():
        for step in lesson.steps:
            if (lesson, step) == (here.lesson, here.step):
                return
            progress.mark_done(lesson.id, step.id)
            progress.leave_at(lesson.id, step.id)


async def draw(nursery: Nursery, target: Path) -> None:
    """Play a few commands and save the screen."""
    from tutor.tui.app import TutorApp
    from tutor.tui.desk import Desk
    from tutor.tui.widgets.terminal import TerminalPane

    desk = Desk(nursery, "", _PLACE)
    app = TutorApp(desk)
    async with app.run_test(size=_SIZE) as pilot:
        while not (panes := list(app.screen.query(TerminalPane))) or not panes[0].wants_keys:
            await pilot.pause(0.1)
        await pilot.pause(0.5)
        for command in _TYPED:
            panes[0].type_text(command + "\n")
            await pilot.pause(1.5)
        await desk.close(end=True)
        target.write_text(app.export_screenshot(title="tutor start"), encoding="utf-8")


def main() -> None:
    """Draw it in a sitting that nobody else sees."""
    nursery = Nursery()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"XDG_STATE_HOME": folder, "XDG_RUNTIME_DIR": folder, "XDG_CONFIG_HOME": folder}
        try:
            be_far_on()
            asyncio.run(draw(nursery, Path(__file__).with_name("start.svg")))
        finally:
            nursery.close()


if __name__ == "__main__":
    main()
