"""Waiting times stretch with the machine, and only as told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.check import Probe
from tutor.errors import TutorError
from tutor.patience import VARIABLE, patiently
from tutor.session.probing import command_of


@given(st.floats(0, 1e6), st.integers(1, 1000))
def test_a_waiting_time_is_multiplied_by_the_factor(seconds: float, factor: int) -> None:
    assert patiently(seconds, {VARIABLE: str(factor)}) == seconds * factor


@pytest.mark.parametrize("environment", [{}, {VARIABLE: ""}, {VARIABLE: "1"}])
def test_an_ordinary_machine_waits_as_long_as_is_written(environment: dict[str, str]) -> None:
    assert patiently(2.5, environment) == 2.5


@pytest.mark.parametrize("said", ["much", "0", "-3", "0.5", "1e9", "nan", "inf"])
def test_a_factor_that_is_none_is_refused_with_what_is_wrong(said: str) -> None:
    with pytest.raises(TutorError, match=f"{VARIABLE} is '{said}'.*from 1 to 1000"):
        patiently(1.0, {VARIABLE: said})


@pytest.mark.parametrize(
    ("protocol", "option"), [("ping", "-W"), ("tcp", "timeout"), ("http", "-m"), ("dns", "timeout")]
)
def test_a_probe_waits_longer_on_a_slow_machine(protocol: str, option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def waits() -> float:
        command = command_of(Probe(protocol, "root", "10.0.0.1", 80))
        return float(command[command.index(option) + 1])

    monkeypatch.delenv(VARIABLE, raising=False)
    ordinary = waits()
    monkeypatch.setenv(VARIABLE, "20")
    assert waits() == 20 * ordinary
