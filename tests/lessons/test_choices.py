"""Where an answer is chosen, its place among the choices does not give it away."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.lessons.conftest import Figures
from tutor.session.material import Material

pytestmark = [pytest.mark.netns, pytest.mark.anybody]


def test_the_right_choice_stands_at_another_place_from_question_to_question(
    figures: Figures, material: Material
) -> None:
    places: list[int] = []
    for lesson in material.course.lessons():
        for step in lesson.steps:
            if step.question is not None and step.question.choices:
                with figures.at(f"{lesson.id}/{step.id}", done=False) as live:
                    right = material.judge.answer(step.question, live.state(rescan=True))
                places += [place for place, choice in enumerate(step.question.choices) if right.accepts(choice)]
    assert len(places) >= 3
    assert all(one != other for one, other in pairwise(places))
