"""What a question may look like, and what is said of one that does not."""

from __future__ import annotations

import pytest

from tests.lesson.told import QUESTION, in_step, only_step, told_once
from tutor.lesson import Question


@pytest.mark.parametrize(
    ("change", "line", "reason", "hint"),
    [
        (("ask: a?\n", ""), 14, "no 'ask'", "one or two sentences"),
        (("check: a.b\n", ""), 14, "no 'check'", "@question"),
        (("take: (a)\n", ""), 14, "no 'take'", "one group"),
        (("wrong: [b]\n", ""), 14, "no 'wrong'", "or `choices`"),
        (("ask: a?", "ask: [a]"), 14, "`ask` is not a text", "some words"),
        (("ask: a?", 'ask: " "'), 14, "`ask` is not a text", "some words"),
        (("reveal: ip a", "reveal: ip 'a"), 16, "`reveal` lacks a closing", "one complete command"),
        (("reveal: ip a", "reveal: '# ip a'"), 16, "`reveal` is not one command", "`;`"),
        (("reveal: ip a", "reveal: |\n  ip a\n  ip r"), 16, "`reveal` is not one command", "`;`"),
        (("take: (a)", "take: a"), 17, "`take` has no groups", "(?:…)"),
        (("take: (a)", "take: (a)(b)"), 17, "`take` has 2 groups", "(?:…)"),
        (("take: (a)", "take: (a"), 17, "`take` is no regular expression", "single quotes"),
        (("take: (a)", "take: a{99999999999999999999}(a)"), 17, "`take` is no regular expression", "single quotes"),
        (("take: (a)", "take: '([[]a])'"), 17, "`take` is no regular expression: Possible nested set", "single quotes"),
        (("take: (a)", f"take: {'(' * 5000 + ')' * 5000}"), 17, "`take` is no regular expression", "single quotes"),
        (("wrong: [b]", "wrong: []"), 18, "`wrong` is not a list of answers", "at least one"),
        (("wrong: [b]", "wrong: b"), 18, "`wrong` is not a list of answers", "at least one"),
        (("wrong: [b]", "wrong: [[b]]"), 18, "`wrong` is not a list of answers", "at least one"),
        (("wrong: [b]", "wrong: [b]\nwith: [c]"), 19, "`with` is not a mapping", "{name: value}"),
        (("wrong: [b]", "wrong: [b]\nwrnog: 1"), 19, "no key 'wrnog'", "did you mean 'wrong'?"),
    ],
)
def test_what_is_wrong_with_a_question_is_said(change: tuple[str, str], line: int, reason: str, hint: str) -> None:
    text = f"```question\n{QUESTION.replace(*change)}\n```\n"
    told_once(in_step(text, checks=False), line, reason, hint)


_CHOOSE = QUESTION.replace("wrong: [b]", "choices: CHOICES")


def _question(choices: str) -> Question:
    text = f"```question\n{_CHOOSE.replace('CHOICES', choices)}```\n"
    question = only_step(in_step(text, checks=False)).question
    assert question is not None
    return question


def test_choices_stand_in_the_order_of_the_file_and_need_no_wrong_answers() -> None:
    question = _question("[UP, DOWN, '  on  hold ']")
    assert (question.choices, question.wrong) == (("UP", "DOWN", "on hold"), ())
    assert _question("[UP, DOWN]\nwrong: [LOST]").wrong == ("LOST",)


def test_numbers_and_yes_and_no_are_choices_as_they_are_written() -> None:
    assert _question("[0, 1, 010, 1.10, yes, no]").choices == ("0", "1", "010", "1.10", "yes", "no")


def test_a_question_without_choices_is_typed() -> None:
    question = only_step(in_step(f"```question\n{QUESTION}```\n", checks=False)).question
    assert question is not None
    assert question.choices == ()


_LIST = "`choices` is not a list of answers"


@pytest.mark.parametrize(
    ("choices", "line", "reason", "hint"),
    [
        ("", 18, _LIST, "2 to 6 answers"),
        ("a", 18, _LIST, "2 to 6 answers"),
        ("{a: b, c: d}", 18, _LIST, "2 to 6 answers"),
        ("[]", 18, _LIST, "2 to 6 answers"),
        ("[a]", 18, "1 in `choices`", "2 to 6 answers"),
        ("[a, b, c, d, e, f, g]", 18, "7 in `choices`", "2 to 6 answers"),
        ("\n- a\n- [b]", 20, "a choice that is not a text", "in quotes"),
        ("\n- a\n- true", 20, "a choice that is not a text", "in quotes"),
        ("\n- ' '\n- a", 19, "a choice that is not a text", "in quotes"),
        ("\n- a\n-\n- b", 20, "a choice that is not a text", "in quotes"),
        (f"\n- a\n- {'b' * 41}", 20, "a choice of 41 characters", "at most 40"),
        ("\n- a b\n- c\n- ' A  B'", 21, "the choice 'A B' is given twice", "case and blanks"),
        ("\n- 1\n- '1'", 20, "the choice '1' is given twice", "keep one"),
    ],
)
def test_what_is_wrong_with_choices_is_said(choices: str, line: int, reason: str, hint: str) -> None:
    text = f"```question\n{_CHOOSE.replace('CHOICES', choices)}```\n"
    told_once(in_step(text, checks=False), line, reason, hint)


@pytest.mark.parametrize("number", [2, 6])
def test_choices_of_any_allowed_number_and_length_are_read(number: int) -> None:
    assert _question("".join(f"\n- {letter * 40}" for letter in "abcdef"[:number])).choices == tuple(
        letter * 40 for letter in "abcdef"[:number]
    )


def test_wrong_answers_are_judged_beside_choices_too() -> None:
    text = f"```question\n{_CHOOSE.replace('CHOICES', '[a, b]')}wrong: []\n```\n"
    told_once(in_step(text, checks=False), 19, "`wrong` is not a list of answers", "at least one")


def test_a_question_that_is_no_mapping_is_said_once() -> None:
    told_once(in_step("```question\n- ask\n```\n", checks=False), 14, "a question is not a mapping", "ask, check")
    told_once(in_step("```question\nask: [\n```\n", checks=False), 15, "not YAML", "quotes")
