"""Which repair a diagnosis leads to; without a kernel."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.check import PASSED, Cause, Diagnosis, Fault, failed_with
from tutor.lesson import CheckUse, Draw, Script, Step, StepFault, StepKind
from tutor.session.judge import CheckVerdict, StepVerdict
from tutor.session.mend import Mender, fitting_faults, mend, unsaid

DOWN = Diagnosis("link.down", Cause.UP, "not set up")
MISSING = Diagnosis("address.missing", Cause.ADDRESS, "no such address")


def _fault(id_: str, diagnosis: Diagnosis, *names: str) -> StepFault:
    return StepFault(id_, Script(f"break {id_}"), diagnosis.id, names, Script(f"mend {id_}"))


STEP = Step(
    "repair",
    "Repair",
    StepKind.DO,
    faults=(
        _fault("any-down", DOWN),
        _fault("cable-down", DOWN, "veth-a"),
        _fault("bridge-down", DOWN, "cbr0", "node1"),
        _fault("address", MISSING, "10.244.0.1"),
    ),
    draw=Draw(2, 3),
)


def _ids(said: Fault) -> list[str]:
    return [fault.id for fault in fitting_faults(STEP, said)]


def test_the_repair_is_the_one_whose_names_are_all_said() -> None:
    assert _ids(Fault(DOWN, "veth-a is down.")) == ["cable-down", "any-down"]
    assert _ids(Fault(DOWN, "cbr0 on node1 is down.")) == ["bridge-down", "any-down"]
    assert _ids(Fault(DOWN, "cbr0 is down.")) == ["any-down"]


def test_the_diagnosis_must_be_the_faults_own() -> None:
    assert _ids(Fault(MISSING, "veth-a has no address.")) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("10.244.0.1", "10.244.0.1/24 is missing"),
        ("10.244.0.1", "there is no 10.244.0.1."),
        ("10.244.0.0/24", "the route to 10.244.0.0/24, say"),
        ("node1", "node1's eth0"),
        ("to-node1", "`to-node1`"),
        ("ip_forward", "net.ipv4.ip_forward is 0"),
    ],
)
def test_a_name_is_said_where_it_stands_as_a_word(name: str, message: str) -> None:
    assert unsaid((name,), message) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("10.244.0.1", "10.244.0.10 is missing"),
        ("10.244.0.1", "110.244.0.1 is missing"),
        ("244.0.1", "10.244.0.1 is missing"),
        ("10.244.0", "10.244.0.1 is missing"),
        ("eth1", "veth1 is down"),
        ("node1", "node12 is down"),
    ],
)
def test_a_name_is_not_said_by_a_longer_one(name: str, message: str) -> None:
    assert unsaid((name,), message) == [name]


def test_what_has_been_tried_fits_no_more_while_the_same_is_said() -> None:
    mender = Mender(STEP)
    said, other = Fault(DOWN, "veth-a is down."), Fault(DOWN, "veth-a, veth-b and cbr0 are down.")
    for id_ in ("cable-down", "any-down"):
        repair = mender.find_repair(said)
        assert repair is not None
        assert repair.id == id_
        mender.try_repair(repair, said)
    assert mender.find_repair(said) is None
    again = mender.find_repair(other)
    assert again is not None
    assert again.id == "cable-down"


class _Network:
    """Something that is wrong in several ways at once, of which the first is named."""

    def __init__(self, *wrong: str, mends: bool = True) -> None:
        self.wrong, self._mends = list(wrong), mends
        self.typed: list[str] = []

    def look(self, enough: Callable[[StepVerdict], bool]) -> StepVerdict:
        del enough
        use = CheckUse("reach.pings")
        if not self.wrong:
            return StepVerdict((CheckVerdict(use, PASSED),))
        fault = next(fault for fault in STEP.faults if fault.id == self.wrong[0])
        diagnosis = DOWN if fault.diagnosis == DOWN.id else MISSING
        said = f"{' '.join(fault.names)} is wrong, after {len(self.typed)} repairs"
        return StepVerdict((CheckVerdict(use, failed_with(Fault(diagnosis, said))),))

    def type_(self, fault: StepFault) -> None:
        self.typed.append(fault.id)
        if self._mends and fault.id in self.wrong:
            self.wrong.remove(fault.id)


@given(st.lists(st.sampled_from([fault.id for fault in STEP.faults]), unique=True, min_size=1))
def test_whatever_is_broken_is_repaired_by_what_is_said(wrong: list[str]) -> None:
    network = _Network(*wrong)
    assert mend(STEP, network.look, network.type_).passed
    assert network.typed == wrong


def test_repairs_that_do_not_help_come_to_an_end_though_each_time_something_else_is_said() -> None:
    network = _Network("cable-down", mends=False)
    assert not mend(STEP, network.look, network.type_).passed
    assert len(network.typed) == len(STEP.faults)


def test_where_no_repair_fits_nothing_is_typed() -> None:
    alone = Step("repair", "Repair", StepKind.DO, faults=STEP.faults[3:], draw=Draw(1, 1))
    network = _Network("cable-down")
    assert not mend(alone, network.look, network.type_).passed
    assert network.typed == []
