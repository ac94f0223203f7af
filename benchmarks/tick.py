"""Measures the tick: how soon after the end of the learner's command the step is seen as done.

From the moment at which the mark of the command's end has been read from the shell's terminal, to the verdict; once
with the judge alone, and once through the whole application, up to the tick on its screen. Less than nothing means that
the kernel's event was judged before bash had said that the command was over.

Run: python benchmarks/tick.py
"""

from __future__ import annotations

import asyncio
import math
import os
import select
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tutor.lab.nursery import Nursery
from tutor.lesson import Step, StepKind
from tutor.session.live import Live
from tutor.session.material import load_material
from tutor.session.view import StepView
from tutor.session.workshop import Workshop
from tutor.shell.marks import Ended, Event
from tutor.shell.typist import Typist
from tutor.tui.app import TutorApp
from tutor.tui.desk import Desk
from tutor.tui.screens.lesson import LessonScreen
from tutor.tui.widgets.lesson import Outcome
from tutor.tui.widgets.terminal import TerminalPane

TIMES = 50
ROUNDS = 10
LESSON, STEP = "veth-pair", "one-end-up"
UP, DOWN = "ip link set veth-a-ns1 up", "ip link set veth-a-ns1 down"
GOAL = "<= 50"
SECONDS = 10.0


def main() -> None:
    """Measure, and print a table."""
    nursery = Nursery()  # before there are threads
    with tempfile.TemporaryDirectory(prefix="t-") as home:
        for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME", "RUNTIME_DIR"):
            folder = Path(home) / name.lower()
            folder.mkdir(mode=0o700)
            os.environ[f"XDG_{name}"] = str(folder)
        print(f"{'from the end of the command to ..., ms':<48} {'median':>8} {'p99':>8} {'least':>8}  goal for p99")
        alone = _by_the_judge(nursery)
        _print("the verdict of the judge alone, passed", alone[0])
        _print("the verdict of the judge alone, failed", alone[1])
        whole = asyncio.run(_on_the_screen(nursery))
        _print("the tick in the application", whole[0], GOAL)
        _print("the diagnosis in the application", whole[1], GOAL)
        _print("the tick, from Enter on", whole[2])
        course = asyncio.run(_on_every_step(nursery))
        _print(f"the tick of every do step ({len(course)})", [took for _, took in course], GOAL)
        slowest = max(course, key=lambda each: each[1])
        print(f"the slowest of them: {slowest[0]}, {slowest[1]:.1f} ms")
    nursery.close()


def _by_the_judge(nursery: Nursery) -> tuple[list[float], list[float]]:
    """A shell, the state of the network and the judge, with nothing around them."""
    material = load_material("")
    lesson, step = material.place(f"{LESSON}/{STEP}")
    if step is None:
        raise LookupError(STEP)
    workshop = Workshop(nursery, material.course)
    took: tuple[list[float], list[float]] = ([], [])
    with workshop.private() as lab:
        workshop.build(lab, lesson.lab)
        workshop.replay(lab, workshop.commands_before(lesson, step))
        live = Live(lab)
        live.state()
        shell = lab.open_shell(columns=80, rows=24)
        typist = Typist(shell.fd)
        typist.wait_for_prompt(SECONDS)
        for _ in range(TIMES):
            for passed, command in ((True, UP), (False, DOWN)):
                typist.run(command, SECONDS)
                ended = time.perf_counter()
                while material.judge.step(step, live.state(), live.ask).passed is not passed:
                    select.select(live.filenos(), [], [], 1)
                    if time.perf_counter() - ended > SECONDS:
                        raise TimeoutError("the judge does not see it")
                took[0 if passed else 1].append((time.perf_counter() - ended) * 1000)
        live.close()
        shell.close()
    return took


class _Clock:
    """When the last command was entered and ended, and when the lesson said what came of it."""

    def __init__(self, pane: TerminalPane, outcome: Outcome) -> None:
        self.entered = self.ended = self.shown = 0.0
        self._wanted = False
        show = outcome.show

        def shown(view: StepView) -> None:
            show(view)
            if not self.shown and view.passed is self._wanted:
                self.shown = time.perf_counter()

        outcome.show = shown
        feed = pane._marks.feed

        def heard(data: bytes) -> list[Event]:
            events = feed(data)
            if any(isinstance(event, Ended) for event in events):
                self.ended = time.perf_counter()
            return events

        pane._marks.feed = heard

    def start(self, passed: bool) -> None:
        """Wait for a verdict."""
        self.ended = self.shown = 0.0
        self._wanted = passed
        self.entered = time.perf_counter()


async def _on_the_screen(nursery: Nursery) -> tuple[list[float], list[float], list[float]]:
    """The application as it is; the picture is not sent to a terminal."""
    ticks: list[float] = []
    faults: list[float] = []
    entered: list[float] = []
    app = TutorApp(Desk(nursery, "", f"{LESSON}/{STEP}"))
    async with app.run_test(size=(120, 34)):
        await _until(lambda: isinstance(app.screen, LessonScreen) and bool(app.screen.query(Outcome)))
        pane = app.screen.query_one(TerminalPane)
        await _until(lambda: "~#" in pane.render_line(0).text)
        clock = _Clock(pane, app.screen.query_one(Outcome))
        for _ in range(TIMES):
            for passed, command in ((True, UP), (False, DOWN)):
                await asyncio.sleep(0.05)  # a learner types no faster, and the screen is at rest
                clock.start(passed)
                pane.type_text(command + "\n")
                await _until(lambda: clock.ended > 0 and clock.shown > 0)
                (ticks if passed else faults).append((clock.shown - clock.ended) * 1000)
                if passed:
                    entered.append((clock.shown - clock.entered) * 1000)
        await app.screen._leave(end=True)
    return ticks, faults, entered


async def _on_every_step(nursery: Nursery) -> list[tuple[str, float]]:
    """Every *do* step of the course, solved in the application: its place, and its tick in ms."""
    took: list[tuple[str, float]] = []
    lessons = load_material("").course.lessons()  # before the application loads them too, in its own thread
    app = TutorApp(Desk(nursery, "", f"{LESSON}/{STEP}"))
    async with app.run_test(size=(120, 34)):
        await _until(lambda: isinstance(app.screen, LessonScreen) and bool(app.screen.query(Outcome)))
        screen = app.screen
        pane = screen.query_one(TerminalPane)
        await _until(lambda: "~#" in pane.render_line(0).text)
        for _ in range(ROUNDS):
            for lesson in lessons:
                for step in lesson.steps:
                    if step.kind is not StepKind.DO:
                        continue
                    await screen._place(lesson, step, living=False)
                    await _until(lambda: "~#" in pane.render_line(0).text)
                    clock = _Clock(pane, screen.query_one(Outcome))
                    await _solve(pane, clock, step)
                    took.append((f"{lesson.id}/{step.id}", (clock.shown - clock.ended) * 1000))
        await screen._leave(end=True)
    return took


async def _solve(pane: TerminalPane, clock: _Clock, step: Step) -> None:
    """Type a step's commands, each when the one before it has ended."""
    for command in step.solution:
        await asyncio.sleep(0.05)
        clock.start(True)
        pane.type_text(command + "\n")
        await _until(lambda: clock.ended > 0)
    await _until(lambda: clock.shown > 0)


async def _until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError("the application does not answer")
        await asyncio.sleep(0.001)


def _print(what: str, times: list[float], goal: str = "") -> None:
    ordered = sorted(times)
    p99 = ordered[min(len(ordered) - 1, math.ceil(len(ordered) * 0.99) - 1)]
    print(f"{what:<48} {statistics.median(times):>8.1f} {p99:>8.1f} {ordered[0]:>8.1f}  {goal}")


if __name__ == "__main__":
    main()
