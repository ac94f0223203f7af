from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType

import pytest

from tutor.check import (
    PASSED,
    Answer,
    Cause,
    Diagnosis,
    NetworkState,
    Outcome,
    Probe,
    Replies,
    Reply,
    Shown,
    Verdict,
    check,
    fact,
    failed,
    probes,
    question,
)
from tutor.check.definition import definitions_of
from tutor.errors import CheckError
from tutor.lesson import CheckUse, FactUse, Front, Holds, Lesson, Question, See, Step, StepKind
from tutor.session.judge import Judge
from tutor.shell import Command

EMPTY = NetworkState(())
BROKEN = Diagnosis("x.broken", Cause.ADDRESS, "broken")
LATE = Diagnosis("x.late", Cause.NAT, "late")
SILENT = Diagnosis("x.silent", Cause.REACH, "silent")


@check
def good(state: NetworkState) -> Verdict:
    """It is good."""
    return PASSED


@check
def bad(state: NetworkState) -> Verdict:
    """It is bad."""
    return failed(BROKEN, "it is bad")


@check
def crashes(state: NetworkState) -> Verdict:
    """It crashes."""
    raise KeyError("oh")


@check
def answers(state: NetworkState, replies: Replies, *, dst: str) -> Verdict:
    """`dst` answers."""
    reply = replies[Probe("ping", "root", dst)]
    return PASSED if reply.answered else failed(SILENT, reply.reason)


@probes(answers)
def _(*, dst: str) -> tuple[Probe, ...]:
    return (Probe("ping", "root", dst),)


@check
def foresees(state: NetworkState, replies: Replies, *, fine: bool) -> Verdict:
    """It knows without asking when it is bad."""
    if not fine:
        return failed(BROKEN, "it is bad")
    reply = replies.get(Probe("ping", "root", "1.1.1.1"))
    return PASSED if reply is None or reply.answered else failed(SILENT, reply.reason)


@probes(foresees)
def _(*, fine: bool) -> tuple[Probe, ...]:
    return (Probe("ping", "root", "1.1.1.1"),)


@check
def spoilt(state: NetworkState, replies: Replies) -> Verdict:
    """Its probes can't be told."""
    return PASSED


@probes(spoilt)
def _() -> tuple[Probe, ...]:
    raise ValueError("oh")


@check
def says_yes(state: NetworkState) -> Verdict:
    """It returns something else."""
    return True  # type: ignore[return-value]  # the mistake of an author who has no type checker


@check
def late(state: NetworkState) -> Verdict:
    """It fails late in the chain of causes."""
    return failed(LATE, "it is late")


@fact
def word(state: NetworkState, *, text: str) -> Shown:
    """The output has a word."""
    return Shown(((text,),), f"the word {text}")


@fact
def broken_fact(state: NetworkState) -> Shown:
    """It breaks."""
    raise ValueError("oh")


@question
def broken_question(state: NetworkState) -> Answer:
    """Why?"""
    raise ZeroDivisionError("oh")


@question
def number(state: NetworkState) -> Answer:
    """How many?"""
    return Answer(("42",))


class Asked:
    """Answers probes, and counts how often it was asked."""

    def __init__(self, *, answered: bool = True) -> None:
        self.times, self.probes, self.answered = 0, 0, answered

    def __call__(self, wanted: Iterable[Probe]) -> Replies:
        self.times += 1
        replies = {probe: Reply(self.answered, "" if self.answered else "timed out") for probe in wanted}
        self.probes += len(replies)
        return replies


@pytest.fixture
def judge() -> Judge:
    module = ModuleType(__name__)
    functions = (
        good,
        bad,
        late,
        crashes,
        spoilt,
        says_yes,
        answers,
        foresees,
        word,
        broken_fact,
        number,
        broken_question,
    )
    vars(module).update({function.__name__: function for function in functions})
    return Judge(definitions_of(module, "x"))


def _use(id_: str, **arguments: object) -> CheckUse:
    return CheckUse(id_, arguments)


def test_a_check_that_crashes_is_our_error_and_never_the_learners(judge: Judge) -> None:
    verdict = judge.checks([_use("x.crashes")], EMPTY, Asked())
    assert not verdict.passed
    assert verdict.fault is None
    assert "not yours" in verdict.error


@pytest.mark.parametrize("id_", ["x.crashes", "x.spoilt", "x.says_yes"])
def test_whatever_breaks_in_a_check_hides_no_other_verdict(judge: Judge, id_: str) -> None:
    asked = Asked()
    verdict = judge.checks([_use("x.good"), _use(id_)], EMPTY, asked)
    assert [check.verdict.outcome for check in verdict.checks] == [Outcome.PASSED, Outcome.ERRORED]
    assert not verdict.passed
    assert id_ in verdict.error
    assert asked.times == 0


@pytest.mark.parametrize("ids", [("x.late", "x.bad"), ("x.bad", "x.late")])
def test_the_earliest_cause_is_named_whatever_the_order_of_the_checks(judge: Judge, ids: tuple[str, ...]) -> None:
    verdict = judge.checks([_use(id_) for id_ in ids], EMPTY, Asked())
    assert verdict.fault is not None
    assert verdict.fault.diagnosis is BROKEN
    assert len(verdict.checks) == 2


def test_probes_are_sent_once_and_only_when_the_state_is_right(judge: Judge) -> None:
    asked = Asked()
    uses = [_use("x.answers", dst="1.1.1.1"), _use("x.good"), _use("x.answers", dst="1.1.1.1")]
    assert judge.checks(uses, EMPTY, asked).passed
    assert (asked.times, asked.probes) == (1, 1)
    verdict = judge.checks([_use("x.answers", dst="1.1.1.1"), _use("x.bad")], EMPTY, asked)
    assert asked.times == 1
    assert verdict.fault is not None
    assert verdict.fault.diagnosis is BROKEN
    assert len(verdict.checks) == 1


def test_a_step_whose_probe_was_not_sent_has_not_passed(judge: Judge) -> None:
    verdict = judge.checks([_use("x.answers", dst="1.1.1.1"), _use("x.good")], EMPTY, Asked(answered=False))
    assert verdict.fault is not None
    assert verdict.fault.message == "timed out"


def test_a_see_step_needs_the_facts_in_the_output_of_one_command(judge: Judge) -> None:
    see = See((FactUse("x.word", {"text": "eth0"}), FactUse("x.word", {"text": "lo"})))
    assert judge.see(see, Command("ip a", "1: lo: ... 2: eth0: ...", 0), EMPTY).passed
    missing = judge.see(see, Command("ip a show lo", "1: lo:", 0), EMPTY)
    assert missing.missing == ("the word eth0",)


def test_the_name_typed_and_a_failure_can_be_the_point(judge: Judge) -> None:
    see = See((FactUse("x.word", {"text": "exist"}),), typed=FactUse("x.word", {"text": "a@if4"}), fails=True)
    assert judge.see(see, Command("ip a show a@if4", "does not exist", 1), EMPTY).passed
    assert not judge.see(see, Command("ip a show b", "does not exist", 1), EMPTY).passed
    assert not judge.see(see, Command("ip a show a@if4", "does not exist", 0), EMPTY).passed


def test_a_fact_that_breaks_is_our_error(judge: Judge) -> None:
    assert "not yours" in judge.see(See((FactUse("x.broken_fact"),)), Command("x", "", 0), EMPTY).error


def test_an_answer_is_computed(judge: Judge) -> None:
    asked = Question("How many?", "x.number", "seq 42", "(.*)", ("41",))
    assert judge.answer(asked, EMPTY).accepts(" 42 ")


def test_a_question_that_breaks_is_our_error_and_no_wrong_answer(judge: Judge) -> None:
    with pytest.raises(CheckError, match="not yours"):
        judge.answer(Question("Why?", "x.broken_question", "true", "(.*)", ("41",)), EMPTY)


def test_a_placeholder_stands_for_what_must_be_typed(judge: Judge) -> None:
    see = See((), typed=FactUse("x.word", {"text": "a@if4"}), placeholder="a@ifN")
    assert judge.to_type(see, ("ip a show a@ifN", "ip a"), EMPTY) == ("ip a show a@if4", "ip a")
    broken = See((), typed=FactUse("x.broken_fact"), placeholder="a@ifN")
    assert judge.to_type(broken, ("ip a show a@ifN",), EMPTY) == ("ip a show a@ifN",)
    assert judge.to_type(See((), typed=see.typed), ("ip a show a@ifN",), EMPTY) == ("ip a show a@ifN",)
    assert judge.to_type(None, ("ip a",), EMPTY) == ("ip a",)


def test_a_check_with_probes_is_asked_by_the_state_alone_first(judge: Judge) -> None:
    asked = Asked()
    verdict = judge.checks([_use("x.foresees", fine=False), _use("x.good")], EMPTY, asked)
    assert asked.times == 0
    assert verdict.fault is not None
    assert verdict.fault.diagnosis is BROKEN
    assert judge.checks([_use("x.foresees", fine=True)], EMPTY, asked).passed
    assert asked.times == 1
    silent = judge.checks([_use("x.foresees", fine=True)], EMPTY, Asked(answered=False))
    assert silent.fault is not None
    assert silent.fault.diagnosis is SILENT


def _lesson(*steps: tuple[str, list[CheckUse]]) -> Lesson:
    return Lesson(
        Front("small", "Small", "vm"),
        steps=tuple(Step(id_, id_, StepKind.DO, checks=tuple(uses)) for id_, uses in steps),
    )


def test_what_earlier_steps_have_built_is_looked_at_only_when_a_step_fails(judge: Judge) -> None:
    built, building = _use("x.bad"), _use("x.late")
    lesson = _lesson(("first", [built]), ("second", [building]), ("third", [_use("x.good")]))
    alone = judge.step(lesson.steps[1], EMPTY, Asked())
    within = judge.step(lesson.steps[1], EMPTY, Asked(), lesson=lesson)
    assert alone.fault is not None
    assert alone.fault.diagnosis is LATE
    assert within.fault is not None
    assert within.fault.diagnosis is BROKEN
    assert len(within.checks) == 1
    last = judge.step(lesson.steps[2], EMPTY, Asked(), lesson=lesson)
    assert last.passed
    assert last.fault is None


def test_what_holds_only_at_an_earlier_step_explains_nothing_later(judge: Judge) -> None:
    lesson = _lesson(("first", [CheckUse("x.bad", holds=Holds.STEP)]), ("second", [_use("x.late")]))
    verdict = judge.step(lesson.steps[1], EMPTY, Asked(), lesson=lesson)
    assert verdict.fault is not None
    assert verdict.fault.diagnosis is LATE


def test_an_earlier_check_that_breaks_does_not_spoil_a_step(judge: Judge) -> None:
    lesson = _lesson(("first", [_use("x.crashes")]), ("second", [_use("x.late")]))
    verdict = judge.step(lesson.steps[1], EMPTY, Asked(), lesson=lesson)
    assert not verdict.error
    assert verdict.fault is not None
    assert verdict.fault.diagnosis is LATE
