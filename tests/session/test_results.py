from __future__ import annotations

from xml.etree import ElementTree as Xml

from tutor.check import Cause, Diagnosis, errored, failed
from tutor.check.verdict import PASSED
from tutor.lesson import CheckUse
from tutor.session.judge import CheckVerdict, StepVerdict
from tutor.session.results import (
    CaseResult,
    LessonResult,
    RunResult,
    StepResult,
    junit,
    lesson_json,
    of_verdict,
    run_json,
)

DOWN = Diagnosis("link.down", Cause.UP, "down")
NO_MASTER = Diagnosis("bridge.no-master", Cause.MASTER, "no master")


def test_a_step_names_the_earliest_cause_and_json_has_each_checks_own() -> None:
    verdict = StepVerdict(
        (
            CheckVerdict(CheckUse("bridge.has_port"), failed(NO_MASTER, "no master")),
            CheckVerdict(CheckUse("link.is_up"), failed(DOWN, "it is down")),
            CheckVerdict(CheckUse("veth.pair"), PASSED),
        )
    )
    result = of_verdict("plug", "do", verdict)
    assert lesson_json(LessonResult("bridge", (result,))) == {
        "id": "bridge",
        "passed": False,
        "steps": [
            {
                "id": "plug",
                "kind": "do",
                "passed": False,
                "diagnosis": "link.down",
                "checks": [
                    {"id": "bridge.has_port", "passed": False, "diagnosis": "bridge.no-master", "message": "no master"},
                    {"id": "link.is_up", "passed": False, "diagnosis": "link.down", "message": "it is down"},
                    {"id": "veth.pair", "passed": True, "diagnosis": None, "message": ""},
                ],
                "message": "it is down",
            }
        ],
    }


def test_an_error_of_ours_is_no_verdict() -> None:
    verdict = StepVerdict(
        (CheckVerdict(CheckUse("a.b"), errored("a.b broke")), CheckVerdict(CheckUse("c.d"), failed(DOWN, "down")))
    )
    result = of_verdict("x", "do", verdict)
    assert result.passed is None
    assert result.diagnosis is None
    assert result.error == "a.b broke"


def test_a_run_is_junit_too() -> None:
    steps = (
        StepResult("one", "do", True, seconds=0.5),
        StepResult("two", "see", False, message="not <shown>", cases=(CaseResult("mistake", 7, False, "accepted"),)),
        StepResult("three", "answer", None),
    )
    run = RunResult((LessonResult("x", steps),), 1.25)
    suite = Xml.fromstring(junit(run, "tutor verify"))[0]
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    failure = suite[1].find("failure")
    assert failure is not None
    assert "line 7: mistake: accepted" in (failure.text or "")
    assert suite[2].find("skipped") is not None
    assert run_json(run)["passed"] is False
    assert run_json(run)["seconds"] == 1.25
