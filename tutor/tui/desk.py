"""Everything of a sitting that may wait, on one thread of its own: the screen never does.

The screen asks with `await`; only this thread touches the lab, its kernel sockets and the judge. Does not know widgets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from tutor.errors import TutorError, UsageError
from tutor.lab.client import Lab, Shell
from tutor.lab.nursery import Nursery
from tutor.lab.ring import Ring
from tutor.lab.wire import Message
from tutor.lesson import Lesson, Step
from tutor.netmap import NetnsPart, inventory
from tutor.session.comeback import Comeback
from tutor.session.material import Material, load_material
from tutor.session.play import Play, StepView, first_open_step
from tutor.session.sitting import Sitting
from tutor.session.workshop import Workshop
from tutor.shell import Command
from tutor.store.paths import runtime_dir
from tutor.store.progress import ProgressStore

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Opening:
    """How a sitting begins."""

    lesson: Lesson
    """Where the learner is to be."""
    step: Step
    """The step."""
    busy: bool = False
    """Whether another tutor has the kept lab."""
    resumed: bool = False
    """Whether the kept lab was found alive, at this very place."""
    built: bool = False
    """Whether the lab has been built already, with a shell in it."""
    found_at: str = ""
    """Where the kept lab was found alive, when the learner asked for another place."""
    first: bool = False
    """Whether the learner has never been here before."""
    comeback: bool = False
    """Whether the sitting goes on after a crash of the screen, which the learner is told of."""


class Desk:
    """One learner's sitting, for a screen."""

    def __init__(self, nursery: Nursery, pack: str, place: str, comeback: Comeback | None = None) -> None:
        """Do nothing yet.

        Args:
            nursery: makes labs.
            pack: as `--pack` names it.
            place: `LESSON[/STEP]`; empty for where the learner left off.
            comeback: the screen before has crashed: why this one begins.
        """
        self._nursery, self._pack, self._place, self._comeback = nursery, pack, place, comeback
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk")
        self._material: Material | None = None
        self._sitting: Sitting | None = None
        self._play: Play | None = None
        self._watched: Lab | None = None
        self._opening: Future[Opening] | None = None
        self._building = False

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def begin(self, columns: int, rows: int) -> None:
        """Open, and build the lab where nothing is to be asked before: while the screen itself is still being loaded.

        Args:
            columns: how wide the shell's pane will be, as far as one can tell.
            rows: how high.
        """
        self._opening = self._thread.submit(self._open_and_build, columns, rows)

    async def open(self) -> Opening:
        """Load the course, find the place, and take the kept lab if it is free.

        Raises:
            TutorError: the course is wrong, or there is no such place.
        """
        if self._opening is not None:
            return await asyncio.wrap_future(self._opening)
        return await self._do(self._open)

    async def watch(self, lesson: Lesson) -> tuple[Ring, int, int]:
        """The record of the output of another tutor's shell, and the size of its terminal.

        Raises:
            LabGone: that lab has ended.
        """
        self._watched, ring, columns, rows = await self._do(lambda: self._here.watch(lesson.lab))
        return ring, columns, rows

    async def build(self, lesson: Lesson, step: Step) -> None:
        """A new lab at a step. What was in the lab before is lost."""
        self._building = True
        try:
            await self._do(lambda: self._here.build(lesson, step))
        finally:
            self._building = False

    async def enter(self, lesson: Lesson, step: Step) -> StepView:
        """Make a step active in the lab as it is."""
        return await self._do(lambda: self._enter(lesson, step))

    async def shell(self, columns: int, rows: int) -> Shell:
        """The learner's shell: the one that runs, or a new one."""
        return await self._do(lambda: self._here.open_shell(columns, rows))

    async def shell_ended(self) -> None:
        """The learner's shell has ended."""
        await self._do(self._here.shell_ended)

    async def pump(self) -> tuple[StepView | None, list[Message]]:
        """Take in what has happened in the lab: the view if the network changed, and the lab's notices.

        Raises:
            LabGone: the lab ended.
        """
        return await self._do(self._pump)

    async def ran(self, command: Command) -> StepView:
        """A command has ended in the learner's shell."""
        return await self._do(lambda: self._way.ran(command))

    async def answer(self, given: str) -> StepView:
        """The learner answers."""
        return await self._do(lambda: self._way.answer(given))

    async def hint(self) -> StepView:
        """One more hint."""
        return await self._do(self._way.hint)

    async def say_seen(self) -> StepView:
        """The learner says to have seen it."""
        return await self._do(self._way.say_seen)

    async def following(self) -> tuple[Lesson, Step, bool] | None:
        """The next step, and whether it can be entered in the lab as it is; None at the end."""
        return await self._do(lambda: self._neighbour(self._way.following()))

    async def preceding(self) -> tuple[Lesson, Step, bool] | None:
        """The step before, likewise."""
        return await self._do(lambda: self._neighbour(self._way.preceding()))

    async def close(self, *, end: bool) -> None:
        """Leave; with `end` the lab ends too."""
        sitting = self._sitting
        if sitting is not None:
            await self._do(sitting.leave if end else sitting.release)
            await self._do(sitting.release)
        self._thread.shutdown(wait=False)

    @property
    def here(self) -> tuple[Lesson, Step]:
        """Where the learner is."""
        return self._way.view.lesson, self._way.view.step

    def filenos(self) -> tuple[int, ...]:
        """Descriptors that can be read when `pump` is wanted; none while a lab goes and another comes."""
        live = self._sitting.live if self._sitting is not None and not self._building else None
        return live.filenos() if live is not None else ()

    async def commands(self) -> tuple[str, ...]:
        """What to type to get the active step done."""
        return await self._do(self._way.commands)

    async def to_type(self, commands: tuple[str, ...]) -> tuple[str, ...]:
        """Commands of the active step as they are to be typed now."""
        return await self._do(lambda: self._way.to_type(commands))

    def messages(self) -> list[str]:
        """What the learner should know, once."""
        told = list(self._way.messages)
        self._way.messages.clear()
        return told

    def progress(self) -> tuple[int, int]:
        """How many steps of the course are done, and how many there are."""
        done = [each for _, steps in self.outline() for each in steps]
        return sum(done), len(done)

    def outline(self) -> list[tuple[Lesson, tuple[bool, ...]]]:
        """The lessons of the course, each with whether its steps are done."""
        lessons = self._material.course.lessons() if self._material is not None else ()
        return [(lesson, self.done(lesson)) for lesson in lessons]

    def done(self, lesson: Lesson) -> tuple[bool, ...]:
        """Which steps of a lesson are done."""
        return tuple(self._way.progress.is_done(lesson.id, step.id) for step in lesson.steps)

    def built(self) -> tuple[str, ...]:
        """What the active lesson leaves behind, a sentence each."""
        return self._way.built()

    def network(self) -> tuple[NetnsPart, ...]:
        """The learner's network as it was judged last."""
        state = self._play.network if self._play is not None else None
        return inventory(state) if state is not None else ()

    @property
    def taps(self) -> bool:
        """Whether cards show as in a virtual machine."""
        lab = self._sitting.lab if self._sitting is not None else None
        return lab is not None and lab.taps

    @property
    def _here(self) -> Sitting:
        if self._sitting is None:
            raise UsageError("the sitting has not begun")
        return self._sitting

    @property
    def _way(self) -> Play:
        if self._play is None:
            raise UsageError("the sitting has not begun")
        return self._play

    def _open_and_build(self, columns: int, rows: int) -> Opening:
        opening = self._open()
        if opening.busy or opening.resumed or opening.found_at:
            return opening
        try:
            self._here.build(opening.lesson, opening.step)
            self._here.open_shell(columns, rows)
        except TutorError:
            return opening  # the screen tries again, and tells
        return replace(opening, built=True)

    def _open(self) -> Opening:
        material = self._material = load_material(self._pack)
        self._play = Play(material.course, material.judge, ProgressStore(material.course.pack.id))
        workshop = Workshop(self._nursery, material.course)
        self._sitting = Sitting(self._nursery, workshop, material.course, runtime_dir())
        if self._comeback is None:
            return self._find(material, self._place)
        # The place that was asked for may be long ago: the lab that lives tells where the learner was.
        self._way.messages.append(self._comeback.message)
        opening = self._find(material, "", back=True)
        if not opening.resumed:
            self._sitting.release()
            opening = self._find(material, self._place)
        if self._comeback.blank and self._sitting.shell is not None:
            self._sitting.shell.forget()
        return replace(opening, comeback=True)

    def _find(self, material: Material, asked: str, *, back: bool = False) -> Opening:
        """Take the kept lab, if it is free and alive, at the place that is asked for; `back`: whichever was ours."""
        first = self._way.progress.at is None
        lesson, step = self._wanted(material, asked)
        if not (self._here.take_back(lesson.lab) if back else self._here.take(lesson.lab)):
            return Opening(lesson, step, busy=True)
        place = self._here.resume()
        if place is None:
            return Opening(lesson, step, first=first)
        try:
            found_lesson, found_step = material.place(f"{place.lesson}/{place.step}")
        except TutorError:
            return Opening(lesson, step)
        if asked and (found_lesson.id, getattr(found_step, "id", "")) != (lesson.id, step.id):
            return Opening(lesson, step, found_at=f"{place.lesson}/{place.step}")
        return Opening(found_lesson, found_step or found_lesson.steps[0], resumed=True)

    def _wanted(self, material: Material, asked: str) -> tuple[Lesson, Step]:
        """The place that was asked for, else where the learner left off, else the beginning."""
        progress = self._way.progress
        if asked:
            lesson, step = material.place(asked)
        elif progress.at is not None and progress.at.lesson in material.course.ids:
            lesson = material.lessons([progress.at.lesson])[0]
            step = lesson.find_step(progress.at.step)
        else:
            lesson, step = material.lessons([material.course.ids[0]])[0], None
        return lesson, step or first_open_step(lesson, progress)

    def _enter(self, lesson: Lesson, step: Step) -> StepView:
        self._way.live_in(self._here.live)
        self._here.note(lesson, step)
        self.outline()  # reads the lessons, so that the screen need not wait for it
        return self._way.enter(lesson, step)

    def _pump(self) -> tuple[StepView | None, list[Message]]:
        live = self._here.live
        if live is None:
            return None, []
        changed, notices = live.pump()
        return (self._way.look() if changed else None), notices

    def _neighbour(self, found: tuple[Lesson, Step] | None) -> tuple[Lesson, Step, bool] | None:
        if found is None or self._material is None:
            return None
        lesson, step = found
        here = self._way.view
        # A lesson further on in the same thread begins in the state in which this one ends.
        follows = self._material.course.thread(lesson.id).lessons[-1:] == (here.lesson.id,)
        living = lesson.id == here.lesson.id or (follows and here.is_last)
        return lesson, step, living
