"""How a run ended, as values; and as the JSON and JUnit that other tools read (the words are docs/cli.md's).

Does not know what was run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree as Xml

from tutor.lesson import Lesson
from tutor.session.judge import StepVerdict


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check said."""

    id: str
    """Id of the check."""
    passed: bool | None
    """None when it was not asked, or erred."""
    diagnosis: str | None = None
    """Id of its diagnosis, when it failed."""
    message: str = ""
    """What it says to the learner."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One way of doing a step that `verify` has tried."""

    kind: str
    """`solution`, `alternative`, `mistake`, `repair`, `requires`, `holds`, `wrong answer`, `fault` or `seed`."""
    line: int
    """Where in the lesson it stands."""
    passed: bool
    """Whether it ended as it must."""
    message: str = ""
    """What went otherwise."""
    skipped: str = ""
    """Why it was left out (a program that this machine lacks)."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step ended."""

    id: str
    """Id of the step."""
    kind: str
    """`do`, `see` or `answer`."""
    passed: bool | None
    """None when it was not judged."""
    diagnosis: str | None = None
    """Id of the one diagnosis to name."""
    message: str = ""
    """What it says; of a run that failed for another reason, that reason."""
    checks: tuple[CheckResult, ...] = ()
    """Of its checks."""
    cases: tuple[CaseResult, ...] = ()
    """Of `verify`."""
    error: str = ""
    """What went wrong on our side."""
    seconds: float = 0.0
    """How long it took."""


@dataclass(frozen=True, slots=True)
class LessonResult:
    """How a lesson ended."""

    id: str
    """Id of the lesson."""
    steps: tuple[StepResult, ...]
    """In order."""
    skipped: str = ""
    """Why it was left out as a whole (a program that this machine lacks)."""

    @property
    def passed(self) -> bool:
        """Whether no step failed."""
        return all(step.passed is not False for step in self.steps)


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run over lessons ended."""

    lessons: tuple[LessonResult, ...]
    """In order."""
    seconds: float
    """How long it took."""

    @property
    def passed(self) -> bool:
        """Whether all lessons passed that were not left out."""
        return all(lesson.passed for lesson in self.lessons)


def of_verdict(id_: str, kind: str, verdict: StepVerdict, *, seconds: float = 0.0) -> StepResult:
    """The result of a step that was judged; not passed and with no diagnosis when a check of ours erred."""
    fault = verdict.fault
    checks = []
    for check in verdict.checks:
        said = check.verdict.root_cause
        checks.append(
            CheckResult(
                check.use.id,
                None if check.verdict.error else check.verdict.passed,
                said.diagnosis.id if said is not None else None,
                said.message if said is not None else check.verdict.error,
            )
        )
    return StepResult(
        id_,
        kind,
        None if verdict.error else verdict.passed,
        None if verdict.error or fault is None else fault.diagnosis.id,
        verdict.error or (fault.message if fault is not None else ""),
        tuple(checks),
        error=verdict.error,
        seconds=seconds,
    )


def with_skipped(run: RunResult, lessons: Iterable[Lesson], reasons: Mapping[str, object]) -> RunResult:
    """A run together with the lessons that were left out of it.

    Args:
        run: the run.
        lessons: all lessons that were wanted, in order.
        reasons: why some were left out, by their ids.
    """
    done = {lesson.id: lesson for lesson in run.lessons}
    every = (
        done[lesson.id] if lesson.id in done else _skipped(lesson, str(reasons[lesson.id]))
        for lesson in lessons
        if lesson.id in done or lesson.id in reasons
    )
    return replace(run, lessons=tuple(every))


def _skipped(lesson: Lesson, reason: str) -> LessonResult:
    steps = tuple(StepResult(step.id, step.kind, None, message=reason) for step in lesson.steps)
    return LessonResult(lesson.id, steps, reason)


def step_json(step: StepResult) -> dict[str, Any]:
    """A step, as tools read it."""
    document: dict[str, Any] = {
        "id": step.id,
        "kind": step.kind,
        "passed": step.passed,
        "diagnosis": step.diagnosis,
        "checks": [
            {"id": check.id, "passed": check.passed, "diagnosis": check.diagnosis, "message": check.message}
            for check in step.checks
        ],
    }
    if step.message:
        document["message"] = step.message
    if step.error:
        document["error"] = step.error
    if step.cases:
        document["cases"] = [
            {
                "kind": case.kind,
                "line": case.line,
                "passed": None if case.skipped else case.passed,
                "message": case.skipped or case.message,
            }
            for case in step.cases
        ]
    return document


def lesson_json(lesson: LessonResult) -> dict[str, Any]:
    """A lesson, as tools read it."""
    passed = None if lesson.skipped else lesson.passed
    document = {"id": lesson.id, "passed": passed, "steps": [step_json(step) for step in lesson.steps]}
    return {**document, "message": lesson.skipped} if lesson.skipped else document


def run_json(run: RunResult) -> dict[str, Any]:
    """A run, as tools read it."""
    return {
        "passed": run.passed,
        "seconds": round(run.seconds, 3),
        "lessons": [lesson_json(lesson) for lesson in run.lessons],
    }


def junit(run: RunResult, name: str) -> str:
    """A run as JUnit XML: a suite a lesson, a case a step; what was left out counts as skipped."""
    root = Xml.Element("testsuites", name=name, time=f"{run.seconds:.3f}")
    for lesson in run.lessons:
        failures = sum(step.passed is False for step in lesson.steps)
        suite = Xml.SubElement(root, "testsuite", name=lesson.id, tests=str(len(lesson.steps)), failures=str(failures))
        for step in lesson.steps:
            case = Xml.SubElement(
                suite, "testcase", classname=f"{name}.{lesson.id}", name=step.id, time=f"{step.seconds:.3f}"
            )
            if step.passed is False:
                Xml.SubElement(case, "failure", message=step.message or step.diagnosis or "failed").text = "\n".join(
                    _failures(step)
                )
            elif step.passed is None:
                Xml.SubElement(case, "skipped", {"message": step.message} if step.message else {})
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _failures(step: StepResult) -> Iterable[str]:
    yield step.message
    for case in step.cases:
        if not case.passed and not case.skipped:
            yield f"line {case.line}: {case.kind}: {case.message}"
