"""Everything of a sitting that may wait, on one thread of its own: the screen never does.

The screen asks with `await`; only this thread touches the lab, its kernel sockets and the judge. Does not know widgets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from tutor.errors import UsageError
from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery
from tutor.lab.opened_shell import Shell
from tutor.lab.ring import Ring
from tutor.lab.wire import Message
from tutor.lesson import Lesson, Step
from tutor.session.comeback import Comeback
from tutor.session.headstart import Headstart, Started
from tutor.session.view import Opening, StepView
from tutor.shell import Command

if TYPE_CHECKING:
    from tutor.netmap import NetnsPart
    from tutor.session.lacking import Lack
    from tutor.session.material import Material
    from tutor.session.play import Play
    from tutor.session.sitting import Sitting

T = TypeVar("T")


class Desk:
    """One learner's sitting, for a screen."""

    def __init__(
        self,
        nursery: Nursery,
        pack: str,
        place: str,
        comeback: Comeback | None = None,
        headstart: Headstart | None = None,
        seed: int | None = None,
    ) -> None:
        """Do nothing yet.

        Args:
            nursery: makes labs.
            pack: as `--pack` names it.
            place: `LESSON[/STEP]`; empty for where the learner left off.
            comeback: the screen before has crashed: why this one begins.
            headstart: builds the lab meanwhile.
            seed: draws what steps begin with; None for another one with each lab.
        """
        self._nursery, self._pack, self._place, self._comeback = nursery, pack, place, comeback
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk")
        self._material: Material | None = None
        self._sitting: Sitting | None = None
        self._play: Play | None = None
        self._watched: Lab | None = None
        self._headstart, self._seed = headstart, seed
        self._started: Started | None = None
        self._building = False

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def take_over(self) -> Started | None:
        """The lab and the shell that have been made while the screen was loaded, before anything else is known.

        None where nothing has been made: `open` does it all then.
        """
        return await self._do(self._take_over)

    async def open(self) -> Opening:
        """Load the course, find the place, and take the kept lab if it is free.

        Raises:
            TutorError: the course is wrong, or there is no such place.
        """
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
            await self._do(lambda: self._build(lesson, step))
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

    async def repair(self, *, anew: bool) -> tuple[StepView, tuple[str, ...]]:
        """The active step as it stands now, and what to type against the fault that is named: nothing if none fits.

        Args:
            anew: try also what has been tried before.
        """
        return await self._do(lambda: self._repair(anew=anew))

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

    async def lacks(self) -> dict[str, Lack]:
        """What lessons of the course need and this machine lacks, by their ids."""
        return await self._do(self._lacks)

    def done(self, lesson: Lesson) -> tuple[bool, ...]:
        """Which steps of a lesson are done."""
        return tuple(self._way.progress.is_done(lesson.id, step.id) for step in lesson.steps)

    def built(self) -> tuple[str, ...]:
        """What the active lesson leaves behind, a sentence each."""
        return self._way.built()

    def network(self) -> tuple[NetnsPart, ...]:
        """The learner's network as it was judged last."""
        from tutor.netmap import inventory  # not wanted before there is a network

        state = self._play.network if self._play is not None else None
        return inventory(state) if state is not None else ()

    @property
    def drawn_seed(self) -> int | None:
        """What drew the faults of this lab; None where the learner has given it."""
        return self._sitting.drawn_seed if self._sitting is not None else None

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

    def _open(self) -> Opening:
        from tutor.session.opening import Beginning  # what reads a course takes long to load

        begun = Beginning(self._nursery, self._pack, self._seed)
        self._material, self._play, self._sitting = begun.material, begun.play, begun.sitting
        if self._comeback is not None:
            return begun.open_again(self._place, self._comeback)
        return begun.open_started(self._started) if self._started is not None else begun.open(self._place)

    def _lacks(self) -> dict[str, Lack]:
        from tutor.session.lacking import lacks_in  # not wanted at the start

        if self._material is None:
            return {}
        return lacks_in(self._material.course, self._material.course.lessons())

    def _take_over(self) -> Started | None:
        self._started = self._headstart.started() if self._headstart is not None else None
        return self._started

    def _build(self, lesson: Lesson, step: Step) -> None:
        self._way.live_in(None)  # until the step is entered there is nothing to judge by
        self._here.build(lesson, step)

    def _enter(self, lesson: Lesson, step: Step) -> StepView:
        self._way.live_in(self._here.live)
        self._here.enter(lesson, step)
        self.outline()  # reads the lessons, so that the screen need not wait for it
        return self._way.enter(lesson, step)

    def _repair(self, *, anew: bool) -> tuple[StepView, tuple[str, ...]]:
        commands = self._way.repair(anew=anew)
        return self._way.view, commands

    def _pump(self) -> tuple[StepView | None, list[Message]]:
        live = self._here.live
        if live is None:
            return None, []
        changed, notices = live.pump()
        return (self._way.look() if changed and self._way.is_live else None), notices

    def _neighbour(self, found: tuple[Lesson, Step] | None) -> tuple[Lesson, Step, bool] | None:
        if found is None or self._material is None:
            return None
        lesson, step = found
        here = self._way.view
        # A lesson further on in the same thread begins in the state in which this one ends.
        follows = self._material.course.thread(lesson.id).lessons[-1:] == (here.lesson.id,)
        living = lesson.id == here.lesson.id or (follows and here.is_last)
        return lesson, step, living
