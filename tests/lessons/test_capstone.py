"""The broken cluster: whatever is drawn can be found by what is said, and repaired."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.conftest import TRIED
from tests.lessons.conftest import Figures
from tutor.lab.nursery import Nursery
from tutor.lab.programs import missing_programs
from tutor.lesson import Lesson, Step, StepKind
from tutor.lesson.draw import draw
from tutor.session.grade import grade
from tutor.session.material import Material
from tutor.session.prove import Prover
from tutor.session.results import StepResult
from tutor.session.solve import Solver
from tutor.session.workshop import Workshop, run_script

FIFTY = range(50)
KINDS = (
    "cloud.dead-next-hop", "cloud.wrong-next-hop", "cloud.no-route", "cloud.forwarding-off", "forwarding.off",
    "nat.too-wide", "link.down", "bridge.no-master", "address.duplicate", "address.wrong-prefix",
    "route.wrong-gateway", "route.missing", "route.refused", "filter.policy",
)  # fmt: skip


@pytest.fixture(scope="module")
def lesson(material: Material) -> Lesson:
    return material.place("capstone")[0]


@pytest.fixture(scope="module")
def repair(lesson: Lesson) -> Step:
    (step,) = (step for step in lesson.steps if step.kind is StepKind.DO)
    return step


@pytest.fixture(scope="module")
def workshop(nursery: Nursery, material: Material) -> Workshop:
    return Workshop(nursery, material.course)


def test_two_or_three_of_at_least_eight_faults_of_every_kind_are_drawn(repair: Step) -> None:
    assert 8 <= len(repair.faults) <= 20
    assert {fault.diagnosis for fault in repair.faults} == set(KINDS)
    assert {len(draw(repair, seed)) for seed in FIFTY} == {2, 3}


def test_every_fault_is_drawn_by_one_of_the_first_fifty_seeds(repair: Step) -> None:
    assert {fault for seed in FIFTY for fault in draw(repair, seed)} == set(repair.faults)


def test_what_is_broken_on_the_other_node_is_repaired_over_there(repair: Step) -> None:
    for fault in repair.faults:
        assert fault.repair is not None
        there = any(command.startswith("ssh node1 ") for command in fault.repair.commands)
        assert there == (fault.machine == "node1"), fault.id


@pytest.mark.netns
@pytest.mark.slow
def test_fifty_seeds_are_repaired_by_what_is_said(
    workshop: Workshop, material: Material, lesson: Lesson, repair: Step
) -> None:
    prover = Prover(workshop, material.judge, missing_programs)
    with ThreadPoolExecutor(max_workers=4) as pool:
        said = list(pool.map(partial(prover.seed, lesson, repair), FIFTY[:10] if TRIED else FIFTY))
    assert [text for text in said if text] == []


@pytest.mark.netns
@pytest.mark.pty
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_lesson_is_solved_in_a_shell_without_knowing_what_was_drawn(
    workshop: Workshop, material: Material, lesson: Lesson, seed: int
) -> None:
    told: list[StepResult] = []
    solver = Solver(workshop, material.judge, material.course, seed=seed)
    run = solver.run([lesson], lambda _, step: told.append(step))
    assert run.passed, [step.message for step in told]


@pytest.mark.netns
def test_the_rule_that_leads_to_the_internet_must_survive_the_repair(
    workshop: Workshop, material: Material, lesson: Lesson, repair: Step
) -> None:
    seed = next(seed for seed in FIFTY if "masquerade-on-node0" in [fault.id for fault in draw(repair, seed)])
    repairs = [fault.repair.text for fault in draw(repair, seed) if fault.repair is not None]
    judge = partial(grade, workshop, material.judge, lesson, repair, seed=seed)
    assert judge("\n".join(repairs)).passed
    flushed = judge("\n".join([*repairs, "iptables -t nat -F"]))
    assert flushed.steps[0].diagnosis == "nat.missing"


@pytest.mark.netns
@pytest.mark.slow
@pytest.mark.anybody
def test_every_fault_shows_in_the_matrix_until_it_is_repaired(figures: Figures, repair: Step) -> None:
    with figures.at("capstone/repair") as live:

        def is_sound(state: object) -> bool | None:
            del state
            return run_script(live.lab, "matrix").status == 0 or None

        for fault in repair.faults:
            assert fault.repair is not None
            assert live.until(is_sound, 60), fault.id
            run_script(live.lab, fault.script.text, machine=fault.machine)
            assert run_script(live.lab, "matrix").status == 1, fault.id
            run_script(live.lab, fault.repair.text)
        assert live.until(is_sound, 60)
