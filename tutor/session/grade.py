"""Judges what a script has built: for automatic marking. Does not know who wrote the script."""

from __future__ import annotations

from collections.abc import Callable

from tutor.errors import TutorError
from tutor.lesson import Holds, Lesson, Step, StepKind
from tutor.session.judge import Judge, StepVerdict
from tutor.session.live import Live
from tutor.session.results import LessonResult, StepResult, of_verdict
from tutor.session.workshop import Workshop, run_script

_SETTLE_SECONDS = 1.0


def grade(
    workshop: Workshop, judge: Judge, lesson: Lesson, step: Step | None, script: str, *, seed: int = 0
) -> LessonResult:
    """Run `script` in a lab at the start of `lesson` (or of `step`), with the faults that `seed` draws, then judge it.

    What the script left running is judged with it. With a step, all of its checks are asked; without one, of every
    step those that hold until the end of the lesson. *See* and *answer* steps are not judged: the network does not show
    them.

    Raises:
        TutorError: a check of ours erred: no verdict is better than a wrong one.
    """
    lab = workshop.at(lesson, step, seed=seed)
    with lab:
        run_script(lab, script)
        live = Live(lab)
        try:
            steps = [step] if step is not None else list(lesson.steps)
            holds = None if step is not None else Holds.END
            return LessonResult(lesson.id, tuple(_judge(judge, live, lesson, each, holds) for each in steps))
        finally:
            live.close()


def _judge(judge: Judge, live: Live, lesson: Lesson, step: Step, holds: Holds | None) -> StepResult:
    if step.kind is not StepKind.DO or not any(holds is None or use.holds is holds for use in step.checks):
        return StepResult(step.id, step.kind, None)
    verdict = settled(judge, live, step, lesson, holds=holds)
    if verdict.error:
        raise TutorError(verdict.error, hint="please report it; `tutor verify` shows more")
    return of_verdict(step.id, step.kind, verdict)


def _passed(verdict: StepVerdict) -> bool:
    return verdict.passed


def settled(
    judge: Judge,
    live: Live,
    step: Step,
    lesson: Lesson | None,
    *,
    holds: Holds | None = None,
    seconds: float = _SETTLE_SECONDS,
    enough: Callable[[StepVerdict], bool] = _passed,
) -> StepVerdict:
    """The verdict on a step of a lesson once the network has come to rest.

    That is when it passes, or is otherwise what `enough` waits for; else what it is when `seconds` are over.
    """
    last: list[StepVerdict] = []

    def look(state: object) -> StepVerdict | None:
        del state
        last[:] = [judge.step(step, live.state(), live.ask, holds=holds, lesson=lesson)]
        return last[0] if enough(last[0]) else None

    live.until(look, seconds)
    return last[0]
