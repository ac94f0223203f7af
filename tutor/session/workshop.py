"""Makes labs, and brings them to a place of a lesson. Does not know what is done with them there."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from tutor.errors import LabError, TopologyError
from tutor.lab import memory
from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery
from tutor.lab.topology_file import parse_topology
from tutor.lesson import Lesson, Step, StepKind
from tutor.lesson.draw import draw
from tutor.patience import patiently
from tutor.shell.bashrc import bashrc
from tutor.store.course import DEFAULT_VARIANT, Course

SCRIPT_SECONDS = 60.0
"""How long a script may run, on an ordinary machine."""

_OUTPUT_BYTES = 256 * 1024


def read_topology(course: Course, name: str) -> str:
    """The TOML of a lab of the course's pack.

    Raises:
        TopologyError: there is no such lab, or it is wrong.
    """
    path = course.pack.labs / f"{name}.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TopologyError(
            f"the lab {name!r} can't be read", path=path, hint="lessons name a lab of their pack"
        ) from error
    parse_topology(text, name=name, path=path)
    return text


def has_cluster(course: Course, name: str) -> bool:
    """Whether the lab called `name` of the course's pack has a cluster in it; raises as `read_topology` does."""
    return parse_topology(read_topology(course, name), name=name).cluster is not None


@dataclass(frozen=True, slots=True)
class Ran:
    """A script that has run."""

    status: int | None
    """Its exit status, None when it was still running after its time."""
    output: str
    """What it printed, both streams."""


class Workshop:
    """Makes labs for the lessons of a course."""

    def __init__(self, nursery: Nursery, course: Course, *, single: bool = False) -> None:
        self._nursery = nursery
        self._course = course
        self._single = single
        self._one_at_a_time = threading.Lock()

    def private(self) -> Lab:
        """A lab of our own, with nothing in it yet: it ends when it is closed."""
        with self._one_at_a_time:
            return Lab(self._nursery.launch(single=self._single))

    def has_cluster(self, name: str) -> bool:
        """Whether the lab called `name` has a cluster in it; raises as `read_topology` does."""
        return has_cluster(self._course, name)

    def build(self, lab: Lab, name: str, variant: str = DEFAULT_VARIANT) -> None:
        """Build the lab called `name` of the course's pack in an empty one, in the state that `variant` names."""
        lab.build(name, read_topology(self._course, name), {"/root/.bashrc": bashrc()}, variant=variant)

    def build_for(self, lab: Lab, lesson: Lesson, step: Step | None = None, *, seed: int | None = None) -> None:
        """Build the lab of `lesson` in an empty one, and bring it to the lesson's start, or to that of `step`.

        Args:
            lab: an empty lab.
            lesson: the lesson.
            step: a step of it; None for the lesson as a whole, which begins with what its first *do* step begins with.
            seed: draws the faults that the step begins with; None to bring none about.
        """
        self.build(lab, lesson.lab, self._course.thread(lesson.id).variant)
        self.replay(lab, self.commands_before(lesson, step))
        entered = step or next((each for each in lesson.steps if each.kind is StepKind.DO), None)
        if entered is not None and seed is not None:
            self.bring_about(lab, entered, seed)

    def at(self, lesson: Lesson, step: Step | None = None, *, seed: int | None = None) -> Lab:
        """A private lab at the start of `lesson`, or of `step` in it, as `build_for` makes it."""
        lab = self.private()
        try:
            self.build_for(lab, lesson, step, seed=seed)
        except BaseException:
            lab.close()
            raise
        return lab

    def commands_before(self, lesson: Lesson, step: Step | None = None) -> list[str]:
        """What the *do* steps of a thread type on the way to the start of `lesson`, or of `step` in it."""
        typed: list[str] = []
        for id_ in self._course.thread(lesson.id).lessons:
            typed += _commands(self._course.lesson(id_).steps)
        if step is not None:
            typed += _commands(lesson.steps[: lesson.steps.index(step)])
        return typed

    def replay(self, lab: Lab, commands: Iterable[str]) -> None:
        """Run commands of lessons in the learner's machine, without a terminal.

        Raises:
            LabError: they did not end in time.
        """
        script = "\n".join(commands)
        if script and run_script(lab, script).status is None:
            raise LabError(
                "the earlier steps could not be rebuilt in time", hint="`tutor verify` shows which step hangs"
            )

    def bring_about(self, lab: Lab, step: Step, seed: int) -> None:
        """Break what the seed draws for a step, in the lab at the step's start.

        Whether it comes about is not looked at: a learner may have got in its way before.

        Raises:
            LabError: it did not end in time.
        """
        for fault in draw(step, seed):
            if run_script(lab, fault.script.text, machine=fault.machine).status is None:
                raise LabError(
                    f"the fault {fault.id!r} could not be brought about in time",
                    hint="`tutor verify` tries every fault by itself",
                )


def run_script(lab: Lab, script: str, *, machine: str = "", seconds: float = SCRIPT_SECONDS) -> Ran:
    """Run a bash script in a machine (default: the learner's), without a terminal.

    What it leaves in the background lives on; only bash itself is waited for. So its output goes to memory, not to a
    pipe.
    """
    given, output = memory.to_read(script), memory.to_gather()
    try:
        # bash reads the script from a descriptor of its own: a command that reads its standard input must not eat it.
        job = lab.start(
            ["bash", "-c", "exec bash /proc/self/fd/9 9<&0 </dev/null"], (given, output, output), machine=machine
        )
        status = lab.wait(job, patiently(seconds))
        return Ran(status, memory.gathered(output, _OUTPUT_BYTES))
    finally:
        os.close(given)
        os.close(output)


def _commands(steps: Iterable[Step]) -> list[str]:
    return [command for step in steps if step.kind is StepKind.DO for command in step.solution]
