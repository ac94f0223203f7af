"""What every lesson of the course owes its learners, whatever it teaches."""

from __future__ import annotations

import pytest

from tutor.lesson import Lesson, StepKind
from tutor.session.material import load_material

LESSONS = load_material("").course.lessons()


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_every_step_has_a_hint_and_a_do_step_another_way_and_three_mistakes(lesson: Lesson) -> None:
    for step in lesson.steps:
        place = f"{lesson.id}/{step.id}"
        assert step.hints, place
        if step.kind is StepKind.DO and not step.faults:
            assert step.alternatives, place
            assert len(step.mistakes) >= 3, place
        if step.kind is StepKind.SEE:
            assert step.mistakes, place
        if step.question is not None:
            assert len(step.question.choices or step.question.wrong) >= 3, place


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_the_last_hint_of_a_do_step_holds_a_command(lesson: Lesson) -> None:
    for step in lesson.steps:
        if step.kind is StepKind.DO:
            assert "`" in step.hints[-1].markdown, f"{lesson.id}/{step.id}"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_the_figures_that_a_lesson_draws_are_among_those_that_it_covers(lesson: Lesson) -> None:
    drawn = {getattr(block, "figure", 0) for step in lesson.steps for block in step.body} - {0}
    assert drawn <= set(lesson.figures)


def test_the_first_section_of_the_paper_is_covered() -> None:
    assert {figure for lesson in LESSONS for figure in lesson.figures} >= set(range(1, 21))
