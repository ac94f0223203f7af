"""Proves lessons: every solution and alternative is accepted, every mistake rejected with its own diagnosis.

Where a step begins with faults, each has its diagnosis and its repair, and what the first seeds draw can be repaired by
what is said. Each lesson is walked through once; every other way is tried in a lab of its own, at the start of its
step. Does not type into a terminal: that is what `solve` does.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from tutor.errors import TutorError
from tutor.lesson import Lesson, Step, StepKind
from tutor.session.judge import Judge
from tutor.session.prove import Missing, Prover, Said
from tutor.session.results import CaseResult, LessonResult, RunResult, StepResult
from tutor.session.workshop import Workshop

SEEDS = range(6)
"""What these seeds draw is tried, where a step begins with faults."""

Watch = Callable[[str, StepResult], None]
"""Is told the lesson's id and a step's result as soon as there is one."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One thing to prove about a step."""

    kind: str
    line: int
    prove: Callable[[], Said]
    """Finds out about it; cases that share this are proven together, once."""
    needs: tuple[str, ...] = ()


_Planned = tuple[_Case, Future[tuple[Said, float]] | None]


class Verifier:
    """Proves lessons of a course."""

    def __init__(self, workshop: Workshop, judge: Judge, missing: Missing) -> None:
        self._prover, self._missing = Prover(workshop, judge, missing), missing

    def run(self, lessons: Iterable[Lesson], jobs: int, watch: Watch, *, seeds: Iterable[int] = SEEDS) -> RunResult:
        """Prove `lessons`, with so many labs at a time.

        When it is broken off it waits for nothing: what still runs ends with its lab, and that with the nursery.
        """
        began = time.monotonic()
        results = []
        pool = ThreadPoolExecutor(max_workers=jobs)
        try:
            wanted = tuple(seeds)
            plans = [(lesson, self._plan(pool, lesson, wanted)) for lesson in lessons]
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
        self, pool: ThreadPoolExecutor, lesson: Lesson, seeds: Iterable[int]
    ) -> list[tuple[Step, list[_Planned]]]:
        """Every case of every step, with what will become of it; None for one that lacks a program."""
        futures: dict[Callable[[], Said], Future[tuple[Said, float]]] = {}

        def begin(case: _Case) -> Future[tuple[Said, float]] | None:
            if self._missing(case.needs):
                return None
            if case.prove not in futures:
                futures[case.prove] = pool.submit(_timed, case)
            return futures[case.prove]

        walk = partial(self._prover.walk, lesson)
        return [
            (step, [(case, begin(case)) for case in self._cases(lesson, step, walk, seeds)]) for step in lesson.steps
        ]

    def _cases(self, lesson: Lesson, step: Step, walk: Callable[[], Said], seeds: Iterable[int]) -> Iterable[_Case]:
        yield _Case("solution", step.line, walk)
        for use in step.checks:
            yield _Case("holds", use.line, walk)
        looks = step.kind is StepKind.SEE
        for way in step.alternatives:
            prove = partial(self._prover.way, lesson, step, way)
            yield _Case("alternative", way.line, walk if looks else _alone(way.line, prove), way.needs)
        for mistake in step.mistakes:
            line = mistake.script.line
            prove = partial(self._prover.mistake, lesson, step, mistake)
            yield _Case("mistake", line, walk if looks else _alone(line, prove), mistake.script.needs)
        for fault in step.faults:
            line = fault.script.line
            yield _Case("fault", line, _alone(line, partial(self._prover.fault, lesson, step, fault)))
        if step.draw is not None:
            line = step.draw.line
            for seed in seeds:
                yield _Case("seed", line, _alone(line, partial(self._prover.seed, lesson, step, seed)))


def _alone(line: int, prove: Callable[[], str]) -> Callable[[], Said]:
    """The proof of a case that is proven by itself."""
    return lambda: {line: prove()}


def _timed(case: _Case) -> tuple[Said, float]:
    """What is said of a case and of those that are proven with it, and how many seconds each took."""
    began = time.monotonic()
    try:
        said = case.prove()
    except TutorError as error:
        reason = f"could not be tried: {error.message}"
        said = defaultdict(lambda: reason)
    return said, (time.monotonic() - began) / max(len(said), 1)


def _gather(step: Step, cases: Iterable[_Planned]) -> StepResult:
    results, seconds = [], 0.0
    for case, future in cases:
        if future is None:
            results.append(CaseResult(case.kind, case.line, True, skipped=f"needs {', '.join(case.needs)}"))
            continue
        every, took = future.result()
        said = every[case.line]
        seconds += took
        results.append(CaseResult(case.kind, case.line, not said, said))
    failed = next((result for result in results if not result.passed), None)
    message = f"line {failed.line}: {failed.kind}: {failed.message}" if failed is not None else ""
    return StepResult(step.id, step.kind, failed is None, message=message, cases=tuple(results), seconds=seconds)
