"""Lessons of one step, and what is said of what is wrong with them."""

from __future__ import annotations

from tests.lesson.examples import HEAD
from tutor.lesson import Step
from tutor.lesson.parse import parse_lesson, parse_lesson_all

QUESTION = "ask: a?\ncheck: a.b\nreveal: ip a\ntake: (a)\nwrong: [b]\n"


def in_step(text: str, *, checks: bool = True) -> str:
    """A lesson with one step; `text` begins in line 13, or in line 16 below a checks block of three lines."""
    return f"{HEAD}\n## B {{#b}}\n\n" + ("```yaml {.checks}\n- a.b\n```\n" if checks else "") + text


def only_step(text: str) -> Step:
    (step,) = parse_lesson(text).steps
    return step


def problems_of(text: str) -> list[tuple[int, str, str]]:
    return [(error.line, error.reason, error.hint) for error in parse_lesson_all(text).errors]


def told_once(text: str, line: int, reason: str, hint: str) -> None:
    told = problems_of(text)
    assert [(told_line, reason in told_reason, hint in told_hint) for told_line, told_reason, told_hint in told] == [
        (line, True, True)
    ], told
