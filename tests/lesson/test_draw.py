"""What a seed draws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.lesson import Draw, Script, Step, StepFault, StepKind
from tutor.lesson.draw import draw, most_together


def _step(groups: list[str], least: int, most: int) -> Step:
    faults = tuple(StepFault(f"fault-{number}", Script("true"), group=group) for number, group in enumerate(groups))
    return Step("a", "A", StepKind.DO, faults=faults, draw=Draw(least, most))


TWENTY = _step([["", "a", "b", "c", "d"][number % 5] for number in range(20)], 2, 3)

STEPS = st.builds(
    lambda groups, bounds: _step(groups, min(bounds), max(bounds)),
    st.lists(st.sampled_from(["", "a", "b", "c"]), max_size=20),
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
)


@given(STEPS, st.integers())
def test_faults_of_one_group_are_never_drawn_together(step: Step, seed: int) -> None:
    groups = [fault.group for fault in draw(step, seed) if fault.group]
    assert len(groups) == len(set(groups))


@given(STEPS, st.integers())
def test_as_many_are_drawn_as_the_step_says_as_far_as_they_go_together(step: Step, seed: int) -> None:
    assert step.draw is not None
    together = most_together(step)
    assert min(step.draw.least, together) <= len(draw(step, seed)) <= min(step.draw.most, together)


@given(STEPS, st.integers())
def test_the_order_in_which_the_lesson_has_them_does_not_matter(step: Step, seed: int) -> None:
    turned = Step("a", "A", StepKind.DO, faults=step.faults[::-1], draw=step.draw)
    assert draw(turned, seed) == draw(step, seed)


def test_every_fault_is_drawn_by_one_of_the_first_fifty_seeds() -> None:
    assert {fault for seed in range(50) for fault in draw(TWENTY, seed)} == set(TWENTY.faults)


def test_both_numbers_of_faults_are_drawn() -> None:
    assert {len(draw(TWENTY, seed)) for seed in range(10)} == {2, 3}


@pytest.mark.parametrize(
    ("seed", "ids"),
    [
        (0, ("fault-16", "fault-18", "fault-7")),
        (7, ("fault-2", "fault-8", "fault-14")),
        (-1, ("fault-10", "fault-14", "fault-11")),
    ],
)
def test_a_seed_draws_the_same_on_every_machine(seed: int, ids: tuple[str, ...]) -> None:
    assert tuple(fault.id for fault in draw(TWENTY, seed)) == ids


def test_a_step_without_faults_draws_none() -> None:
    assert draw(Step("a", "A", StepKind.DO), 3) == ()
