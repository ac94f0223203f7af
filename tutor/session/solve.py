"""Solves lessons as a learner would: types every step's commands into a real interactive bash, and sees the step pass.

Before a step's commands the step must not pass, after them it must. Where a step begins with faults, the commands are
the repairs that its diagnoses lead to. Does not know how the screen looks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tutor.errors import TutorError
from tutor.lab.client import Lab
from tutor.lab.opened_shell import Shell
from tutor.lesson import Lesson, Question, See, Step, StepFault
from tutor.patience import patiently
from tutor.session.grade import settled
from tutor.session.judge import Judge, StepVerdict
from tutor.session.live import Live
from tutor.session.mend import mend
from tutor.session.record import Recording
from tutor.session.requires import problem_with
from tutor.session.results import LessonResult, RunResult, StepResult, of_verdict
from tutor.session.workshop import Workshop
from tutor.shell import Command
from tutor.shell.typist import Typist
from tutor.store.course import Course

_COLUMNS, _ROWS = 120, 40
_PROMPT_SECONDS = 10.0
_COMMAND_SECONDS = 60.0
_PASS_SECONDS = 5.0

Watch = Callable[[str, StepResult], None]
"""Is told the lesson's id and a step's result as soon as there is one."""


@dataclass(slots=True)
class _Bench:
    """A lab with a shell in it, at some place of a thread."""

    lab: Lab
    shell: Shell
    typist: Typist
    live: Live
    recording: Recording | None

    def close(self) -> None:
        self.live.close()
        self.typist.close()
        self.shell.close()
        self.lab.close()
        if self.recording is not None:
            self.recording.close()


class Solver:
    """Solves lessons of a course."""

    def __init__(
        self, workshop: Workshop, judge: Judge, course: Course, *, record: Path | None = None, seed: int = 0
    ) -> None:
        """Solve nothing yet.

        Args:
            workshop: makes labs.
            judge: judges the steps.
            course: the lessons.
            record: a folder for recordings of the terminal; None for none.
            seed: draws the faults of steps that begin with some.
        """
        self._workshop, self._judge, self._course, self._record, self._seed = workshop, judge, course, record, seed

    def run(self, lessons: Iterable[Lesson], watch: Watch) -> RunResult:
        """Solve `lessons` in order; one that continues the one before it goes on in the same lab and shell."""
        began = time.monotonic()
        results: list[LessonResult] = []
        bench: _Bench | None = None
        at = ""
        try:
            for lesson in lessons:
                thread = self._course.thread(lesson.id).lessons
                if bench is not None and not (results[-1].passed and thread and thread[-1] == at):
                    bench.close()
                    bench = None
                if bench is None:
                    bench = self._open(lesson)
                results.append(self._lesson(bench, lesson, watch))
                at = lesson.id
        finally:
            if bench is not None:
                bench.close()
        return RunResult(tuple(results), time.monotonic() - began)

    def _open(self, lesson: Lesson) -> _Bench:
        lab = self._workshop.at(lesson)
        try:
            shell = lab.open_shell(columns=_COLUMNS, rows=_ROWS)
        except TutorError:
            lab.close()
            raise
        recording = Recording(self._record / f"{lesson.id}.cast", _COLUMNS, _ROWS) if self._record is not None else None
        typist = Typist(shell.fd, on_output=recording.write if recording is not None else None)
        bench = _Bench(lab, shell, typist, Live(lab), recording)
        try:
            typist.wait_for_prompt(patiently(_PROMPT_SECONDS))
        except TutorError:
            bench.close()
            raise
        return bench

    def _lesson(self, bench: _Bench, lesson: Lesson, watch: Watch) -> LessonResult:
        done: list[StepResult] = []
        for step in lesson.steps:
            began = time.monotonic()
            if done and done[-1].passed is False:
                result = StepResult(step.id, step.kind, None, message="not tried: a step before it failed")
            else:
                result = self._step(bench, lesson, step)
            result = replace(result, seconds=time.monotonic() - began)
            done.append(result)
            watch(lesson.id, result)
        return LessonResult(lesson.id, tuple(done))

    def _step(self, bench: _Bench, lesson: Lesson, step: Step) -> StepResult:
        try:
            for requirement in step.requires:
                problem = problem_with(self._judge, bench.live, requirement)
                if problem:
                    return StepResult(step.id, step.kind, False, message=f"on entry: {problem}")
            if step.see is not None:
                return self._see(bench, step, step.see)
            if step.question is not None:
                return self._answer(bench, step, step.question)
            return self._do(bench, lesson, step)
        except TutorError as error:
            return StepResult(step.id, step.kind, False, message=error.message, error=error.message)

    def _do(self, bench: _Bench, lesson: Lesson, step: Step) -> StepResult:
        self._workshop.bring_about(bench.lab, step, self._seed)
        before = self._judge.step(step, bench.live.state(rescan=True), bench.live.ask)
        if before.passed:
            return StepResult(step.id, step.kind, False, message="it passes before anything has been typed")
        for command in step.solution:
            bench.typist.run(command, patiently(_COMMAND_SECONDS))
        verdict = (
            self._mended(bench, lesson, step)
            if step.faults
            else settled(self._judge, bench.live, step, lesson, seconds=_PASS_SECONDS)
        )
        result = of_verdict(step.id, step.kind, verdict)
        return replace(result, passed=False) if result.error else result

    def _mended(self, bench: _Bench, lesson: Lesson, step: Step) -> StepVerdict:
        """The verdict on a step with faults when all has been repaired that was said to be broken."""

        def look(enough: Callable[[StepVerdict], bool]) -> StepVerdict:
            return settled(self._judge, bench.live, step, lesson, seconds=_PASS_SECONDS, enough=enough)

        def type_(fault: StepFault) -> None:
            for command in fault.repair.commands if fault.repair is not None else ():
                bench.typist.run(command, patiently(_COMMAND_SECONDS))

        return mend(step, look, type_)

    def _see(self, bench: _Bench, step: Step, see: See) -> StepResult:
        missing: Sequence[str] = ("the step has no command",)
        for command in self._typed(bench, step):
            verdict = self._judge.see(see, command, bench.live.state(rescan=True))
            if verdict.error:
                return StepResult(step.id, step.kind, False, message=verdict.error, error=verdict.error)
            if verdict.passed:
                return StepResult(step.id, step.kind, True)
            missing = verdict.missing
        return StepResult(step.id, step.kind, False, message=f"its command does not show: {'; '.join(missing)}")

    def _answer(self, bench: _Bench, step: Step, question: Question) -> StepResult:
        command = bench.typist.run(question.reveal, patiently(_COMMAND_SECONDS))
        taken = question.find_answer(command.output)
        if taken is None:
            return StepResult(
                step.id, step.kind, False, message=f"the answer is not in what `{question.reveal}` prints"
            )
        right = self._judge.answer(question, bench.live.state(rescan=True))
        if right.accepts(taken):
            return StepResult(step.id, step.kind, True)
        wanted = right.accepted[0] if right.accepted else "nothing: the question has no answer now"
        return StepResult(
            step.id, step.kind, False, message=f"`{question.reveal}` says {taken!r}, the kernel {wanted!r}"
        )

    def _typed(self, bench: _Bench, step: Step) -> Iterable[Command]:
        for command in self._judge.to_type(step.see, step.solution, bench.live.state(rescan=True)):
            yield bench.typist.run(command, patiently(_COMMAND_SECONDS))
