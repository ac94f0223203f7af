"""Verdicts, and which fault explains the others."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tutor.check import (
    PASSED,
    Cause,
    Diagnosis,
    Fault,
    Outcome,
    Probe,
    Reply,
    Verdict,
    earliest,
    errored,
    failed,
    failed_with,
)

_MISSING = Diagnosis("link.missing", Cause.EXISTS, "no such link")
_DOWN = Diagnosis("link.down", Cause.UP, "not set up")
_FAULTS = st.lists(
    st.builds(
        Fault,
        st.builds(Diagnosis, st.text(max_size=3), st.sampled_from(Cause), st.just("")),
        st.text(max_size=3),
    )
)


def test_a_passed_verdict_has_no_cause() -> None:
    assert PASSED.passed
    assert PASSED.outcome is Outcome.PASSED
    assert PASSED.root_cause is None


def test_a_failed_verdict_says_what_was_found_and_what_was_expected() -> None:
    verdict = failed(_DOWN, "eth0 is down", found="down", expected="up")
    assert not verdict.passed
    assert verdict.root_cause == Fault(_DOWN, "eth0 is down", "down", "up")


def test_the_root_cause_is_the_earliest_of_all_faults_seen() -> None:
    missing = Fault(_MISSING, "eth1 is not there")
    assert failed(_DOWN, "eth0 is down", also=[missing]).root_cause == missing


def test_a_verdict_with_faults_has_failed_with_all_of_them_and_one_without_has_passed() -> None:
    down, missing = Fault(_DOWN, "eth0 is down"), Fault(_MISSING, "eth1 is not there")
    assert failed_with(down, missing) == Verdict(Outcome.FAILED, (down, missing))
    assert failed_with() is PASSED


def test_an_errored_verdict_is_neither_passed_nor_failed() -> None:
    verdict = errored("the ruleset could not be read")
    assert verdict == Verdict(Outcome.ERRORED, error="the ruleset could not be read")
    assert not verdict.passed
    assert verdict.root_cause is None


def test_causes_are_ordered_from_nothing_to_an_answered_packet() -> None:
    names = ["EXISTS", "WHERE", "UP", "MASTER", "ADDRESS", "ROUTE", "FORWARDING", "FILTER", "NAT", "REACH"]
    assert [cause.name for cause in sorted(Cause)] == names
    assert all(one < other for one, other in itertools.pairwise(Cause))


@given(_FAULTS)
def test_no_fault_lies_before_the_earliest(faults: list[Fault]) -> None:
    first = earliest(faults)
    if first is None:
        assert faults == []
    else:
        assert first in faults
        assert all(first.diagnosis.cause <= fault.diagnosis.cause for fault in faults)
        assert next(fault for fault in faults if fault.diagnosis.cause == first.diagnosis.cause) == first


def test_replies_are_found_by_their_probe() -> None:
    replies = {Probe("ping", "ns1", "8.8.8.8"): Reply(False, "Network is unreachable")}
    assert replies[Probe("ping", "ns1", "8.8.8.8", port=0, machine="")].reason == "Network is unreachable"
    assert Probe("tcp", "root", "10.0.0.2", 80) not in replies
