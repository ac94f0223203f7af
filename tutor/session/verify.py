"""Proves lessons: every solution and alternative is accepted, every mistake rejected with its own diagnosis.

Every way is tried in a lab of its own, at the start of its step. Does not type into a terminal: that is what `solve`
does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from tutor.errors import TutorError
from tutor.lesson import CheckUse, Holds, Lesson, Mistake, Script, Step, StepKind
from tutor.session.grade import settled
from tutor.session.judge import Judge, StepVerdict
from tutor.session.live import Live
from tutor.session.requires import problem_with
from tutor.session.results import CaseResult, LessonResult, RunResult, StepResult
from tutor.session.workshop import Ran, Workshop, run_script
from tutor.shell import Command

Missing = Callable[[Iterable[str]], tuple[str, ...]]
"""Which of some programs this machine lacks."""
Watch = Callable[[str, StepResult], None]
"""Is told the lesson's id and a step's result as soon as there is one."""

_PASS_SECONDS = 5.0
_DIAGNOSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Case:
    """One thing to prove about a step."""

    kind: str
    line: int
    prove: Callable[[], str]
    """Says what is wrong; empty if it is as it must be."""
    needs: tuple[str, ...] = ()


class Verifier:
    """Proves lessons of a course."""

    def __init__(self, workshop: Workshop, judge: Judge, missing: Missing) -> None:
        self._workshop, self._judge, self._missing = workshop, judge, missing

    def run(self, lessons: Iterable[Lesson], jobs: int, watch: Watch) -> RunResult:
        """Prove `lessons`, with so many labs at a time.

        When it is broken off it waits for nothing: what still runs ends with its lab, and that with the nursery.
        """
        began = time.monotonic()
        results = []
        pool = ThreadPoolExecutor(max_workers=jobs)
        try:
            plans = [(lesson, [(step, self._plan(pool, lesson, step)) for step in lesson.steps]) for lesson in lessons]
            for lesson, steps in plans:
                done = []
                for step, cases in steps:
                    result = _gather(step, cases)
                    done.append(result)
                    watch(lesson.id, result)
                results.append(LessonResult(lesson.id, tuple(done)))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return RunResult(tuple(results), time.monotonic() - began)

    def _plan(
        self, pool: ThreadPoolExecutor, lesson: Lesson, step: Step
    ) -> list[tuple[_Case, Future[tuple[str, float]] | None]]:
        """Every case of a step, with what will become of it; None for one that lacks a program."""
        return [
            (case, None if self._missing(case.needs) else pool.submit(_timed, case.prove))
            for case in self._cases(lesson, step)
        ]

    def _cases(self, lesson: Lesson, step: Step) -> Iterable[_Case]:
        if step.kind is StepKind.DO:
            yield from self._do_cases(lesson, step)
        elif step.kind is StepKind.SEE:
            yield _Case("solution", step.line, partial(self._prove_seen, lesson, step, step.solution, shows=True))
            for mistake in step.mistakes:
                script = mistake.script
                yield _Case(
                    "mistake",
                    script.line,
                    partial(self._prove_seen, lesson, step, script.commands, shows=False),
                    script.needs,
                )
        else:
            yield _Case("solution", step.line, partial(self._prove_answer, lesson, step))

    def _do_cases(self, lesson: Lesson, step: Step) -> Iterable[_Case]:
        solution = Script("\n".join(step.solution), step.line)
        yield _Case("solution", step.line, partial(self._prove_way, lesson, step, solution, entry=True))
        for use in step.checks:
            yield _Case("holds", use.line, partial(self._prove_holds, lesson, step, use))
        for way in step.alternatives:
            yield _Case("alternative", way.line, partial(self._prove_way, lesson, step, way), way.needs)
        for mistake in step.mistakes:
            yield _Case(
                "mistake",
                mistake.script.line,
                partial(self._prove_mistake, lesson, step, mistake),
                mistake.script.needs,
            )

    def _prove_way(self, lesson: Lesson, step: Step, way: Script, *, entry: bool = False) -> str:
        """A way that must be accepted; with `entry`, what must be so before it as well."""
        with self._workshop.at(lesson, step) as lab:
            live = Live(lab)
            try:
                if entry:
                    for requirement in step.requires:
                        problem = problem_with(self._judge, live, requirement)
                        if problem:
                            return f"on entry: {problem}"
                    if self._judge.step(step, live.state(rescan=True), live.ask).passed:
                        return "the step passes before anything has been done"
                ran = run_script(lab, way.text)
                verdict = settled(self._judge, live, step, lesson, seconds=_PASS_SECONDS)
                return "" if verdict.passed else f"it is not accepted: {_said(verdict)}{_printed(ran)}"
            finally:
                live.close()

    def _prove_mistake(self, lesson: Lesson, step: Step, mistake: Mistake) -> str:
        """A way that must be rejected with its diagnosis; and repairing what that names must make progress."""
        with self._workshop.at(lesson, step) as lab:
            live = Live(lab)
            try:
                ran = run_script(lab, mistake.script.text)
                verdict = self._diagnosed(live, lesson, step, mistake.diagnosis)
                problem = _rejection(verdict, mistake)
                if problem:
                    return problem + _printed(ran)
                run_script(lab, _repair(step, mistake))
                after = settled(self._judge, live, step, lesson, seconds=_DIAGNOSE_SECONDS)
                if after.passed or (after.fault is not None and _key(after) != _key(verdict)):
                    return ""
                return f"repairing what {mistake.diagnosis} names makes no progress: {_said(after)}; give it a .repair"
            finally:
                live.close()

    def _diagnosed(self, live: Live, lesson: Lesson, step: Step, diagnosis: str) -> StepVerdict:
        """The verdict once it names `diagnosis`, or the last one."""
        last: list[StepVerdict] = []

        def look(state: object) -> bool | None:
            del state
            last[:] = [self._judge.step(step, live.state(), live.ask, lesson=lesson)]
            fault = last[0].fault
            return True if fault is not None and fault.diagnosis.id == diagnosis else None

        live.until(look, _DIAGNOSE_SECONDS)
        return last[0]

    def _prove_holds(self, lesson: Lesson, step: Step, use: CheckUse) -> str:
        """A check holds until the end of the lesson, or a later step undoes it, as the lesson says of it."""
        later = [each for each in lesson.steps[lesson.steps.index(step) + 1 :] if each.kind is StepKind.DO]
        with self._workshop.at(lesson, step) as lab:
            live = Live(lab)
            try:
                run_script(lab, "\n".join(step.solution))
                alone = replace(step, checks=(use,))
                if not settled(self._judge, live, alone, None, seconds=_PASS_SECONDS).passed:
                    return f"{use.id} does not hold after its own step"
                for each in later:
                    run_script(lab, "\n".join(each.solution))
                    if (
                        use.holds is Holds.STEP
                        and not self._judge.step(alone, live.state(rescan=True), live.ask).passed
                    ):
                        return ""
                if use.holds is Holds.END:
                    verdict = settled(self._judge, live, alone, None, seconds=_DIAGNOSE_SECONDS)
                    return (
                        ""
                        if verdict.passed
                        else f"{use.id} does not hold until the end of the lesson: {_said(verdict)}"
                    )
                return f"{use.id} holds only at its step, but no later step undoes it" if later else ""
            finally:
                live.close()

    def _prove_seen(self, lesson: Lesson, step: Step, commands: Iterable[str], *, shows: bool) -> str:
        """Commands that must show what a *see* step asks for, or must not."""
        see = step.see
        if see is None:
            return "the step has nothing to see"
        with self._workshop.at(lesson, step) as lab:
            live = Live(lab)
            try:
                missing: tuple[str, ...] = ()
                if shows:
                    commands = self._judge.to_type(see, commands, live.state(rescan=True))
                for text in commands:
                    ran = run_script(lab, text)
                    command = Command(text, ran.output, ran.status if ran.status is not None else -1)
                    verdict = self._judge.see(see, command, live.state(rescan=True))
                    if verdict.error:
                        return verdict.error
                    if verdict.passed:
                        return "" if shows else f"`{text}` shows it all, so it is no mistake"
                    missing = verdict.missing
                return f"its command does not show: {'; '.join(missing)}" if shows else ""
            finally:
                live.close()

    def _prove_answer(self, lesson: Lesson, step: Step) -> str:
        """The answer that `reveal` shows must be accepted, every wrong one rejected."""
        question = step.question
        if question is None:
            return "the step has no question"
        with self._workshop.at(lesson, step) as lab:
            live = Live(lab)
            try:
                right = self._judge.answer(question, live.state(rescan=True))
                ran = run_script(lab, question.reveal)
                taken = question.find_answer(ran.output)
                if taken is None:
                    return f"the answer is not in what `{question.reveal}` prints{_printed(ran)}"
                if not right.accepts(taken):
                    return f"`{question.reveal}` says {taken!r}, the kernel {right.accepted!r}"
                accepted = [wrong for wrong in question.wrong if right.accepts(wrong)]
                return f"the wrong answer {accepted[0]!r} is accepted" if accepted else ""
            finally:
                live.close()


def _timed(prove: Callable[[], str]) -> tuple[str, float]:
    began = time.monotonic()
    try:
        said = prove()
    except TutorError as error:
        said = f"could not be tried: {error.message}"
    return said, time.monotonic() - began


def _gather(step: Step, cases: Iterable[tuple[_Case, Future[tuple[str, float]] | None]]) -> StepResult:
    results, seconds = [], 0.0
    for case, future in cases:
        if future is None:
            results.append(CaseResult(case.kind, case.line, True, skipped=f"needs {', '.join(case.needs)}"))
            continue
        said, took = future.result()
        seconds += took
        results.append(CaseResult(case.kind, case.line, not said, said))
    failed = next((result for result in results if not result.passed), None)
    message = f"line {failed.line}: {failed.kind}: {failed.message}" if failed is not None else ""
    return StepResult(step.id, step.kind, failed is None, message=message, cases=tuple(results), seconds=seconds)


def _rejection(verdict: StepVerdict, mistake: Mistake) -> str:
    """What is wrong with the verdict on a mistake; empty if it is the right one."""
    if verdict.error:
        return verdict.error
    fault = verdict.fault
    if fault is None:
        return "the mistake is accepted"
    if fault.diagnosis.id != mistake.diagnosis:
        return f"it gets {fault.diagnosis.id}, not {mistake.diagnosis}: {fault.message}"
    unsaid = [name for name in mistake.names if name not in fault.message]
    return f"the message does not name {', '.join(unsaid)}: {fault.message}" if unsaid else ""


def _repair(step: Step, mistake: Mistake) -> str:
    """What to do about a mistake: its own repair, or what the solution has that the mistake has not done."""
    if mistake.repair is not None:
        return mistake.repair.text
    return "\n".join(command for command in step.solution if command not in mistake.script.commands)


def _key(verdict: StepVerdict) -> tuple[str, str]:
    fault = verdict.fault
    return (fault.diagnosis.id, fault.message) if fault is not None else ("", "")


def _said(verdict: StepVerdict) -> str:
    fault = verdict.fault
    return verdict.error or (f"{fault.diagnosis.id}: {fault.message}" if fault is not None else "it passes")


def _printed(ran: Ran) -> str:
    text = " ".join(ran.output.split())
    return f" (it printed: {text[:200]})" if text else ""
