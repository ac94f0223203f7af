"""Blocks of YAML -> the checks, facts and questions that a step uses. Does not know whether they exist."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tutor.check import Answer
from tutor.lesson.model import CheckUse, FactUse, Holds, Question, Requirement, See
from tutor.lesson.node import Node, keys_of, text_of
from tutor.lesson.problems import Problems, suggestion
from tutor.lesson.script import split
from tutor.lesson.ways import Draw
from tutor.lesson.yaml_block import read_yaml

_QUESTION_KEYS = ("ask", "check", "with", "reveal", "take", "choices", "wrong")
_QUESTION_NEEDS = ("ask", "check", "reveal", "take", "wrong")
_FEWEST_CHOICES, _MOST_CHOICES = 2, 6
_LONGEST_CHOICE = 40
_DRAW_HINT = "how many faults are drawn: a number such as 2, or from so many to so many, such as [2, 3]"


def read_checks(text: str, line: int, problems: Problems) -> tuple[CheckUse, ...]:
    """The checks of a `.checks` block whose first line is `line`."""
    uses = []
    for id_, arguments, reserved, at in _uses(text, line, "a check", ("holds",), problems):
        holds = Holds.END
        if "holds" in reserved:
            given = reserved["holds"].value
            if given in (Holds.STEP.value, Holds.END.value):
                holds = Holds(given)
            else:
                problems.add(
                    reserved["holds"].line,
                    f"`holds` is {given!r}",
                    suggestion(str(given), [choice.value for choice in Holds]),
                )
        uses.append(CheckUse(id_, arguments, holds, at))
    return tuple(uses)


def read_requires(text: str, line: int, problems: Problems) -> tuple[Requirement, ...]:
    """The requirements of a `.requires` block whose first line is `line`."""
    found = []
    for id_, arguments, reserved, at in _uses(text, line, "a requirement", ("fails",), problems):
        fails = text_of(reserved["fails"], "`fails`", problems) if "fails" in reserved else ""
        found.append(Requirement(CheckUse(id_, arguments, Holds.STEP, at), fails))
    return tuple(found)


def read_see(text: str, line: int, problems: Problems) -> See | None:
    """The `.see` block whose first line is `line`; None where it is broken, which is noted."""
    node = read_yaml(text, line, problems)
    if node is None:
        return None
    entries = keys_of(node, ("shows", "typed", "placeholder", "fails"), "a see block", problems)
    shows = tuple(FactUse(*use) for use in _facts(entries["shows"], "shows", problems)) if "shows" in entries else ()
    typed = None
    if "typed" in entries:
        use = _use(entries["typed"], "`typed`", problems)
        typed = FactUse(use[0], _plain(use[1]), use[2]) if use else None
    fails = entries["fails"].value if "fails" in entries else False
    if not isinstance(fails, bool):
        problems.add(entries["fails"].line, f"`fails` is {fails!r}", "it is true or false")
    if isinstance(node.value, Mapping) and "shows" not in entries and "typed" not in entries:
        problems.add(node.line, "a see block without `shows`", "list the facts that the output must hold")
    placeholder = text_of(entries["placeholder"], "`placeholder`", problems) if "placeholder" in entries else ""
    if placeholder and "typed" not in entries:
        problems.add(entries["placeholder"].line, "a placeholder without `typed`", "`typed` says what it stands for")
    return See(shows, typed, fails is True, placeholder, line)


def read_draw(text: str, line: int, problems: Problems) -> Draw | None:
    """The `.draw` block whose first line is `line`; None where it is broken, which is noted."""
    node = read_yaml(text, line, problems)
    if node is None:
        return None
    entries = keys_of(node, ("faults",), "a draw block", problems)
    if "faults" not in entries:
        if isinstance(node.value, Mapping):
            problems.add(line, "a draw block without `faults`", _DRAW_HINT)
        return None
    given = entries["faults"].plain()
    bounds = given if isinstance(given, list) else [given, given]
    if len(bounds) != 2 or any(type(bound) is not int for bound in bounds) or not 1 <= bounds[0] <= bounds[1]:
        problems.add(entries["faults"].line, f"`faults` is {given!r}", _DRAW_HINT)
        return None
    return Draw(bounds[0], bounds[1], entries["faults"].line)


def read_question(text: str, line: int, problems: Problems) -> Question | None:
    """The question whose first line is `line`; None where it is broken, which is noted."""
    node = read_yaml(text, line, problems)
    if node is None:
        return None
    before = len(problems.errors)
    entries = keys_of(node, _QUESTION_KEYS, "a question", problems)
    for key in _QUESTION_NEEDS:
        # The choices that are not right are wrong answers enough.
        given_otherwise = key == "wrong" and "choices" in entries
        if key not in entries and not given_otherwise and isinstance(node.value, Mapping):
            problems.add(line, f"the question has no {key!r}", _NEEDED_BECAUSE[key])
    texts = {
        key: text_of(entries[key], f"`{key}`", problems) for key in ("ask", "check", "reveal", "take") if key in entries
    }
    given = entries.get("with", Node({}, line))
    if not isinstance(given.value, Mapping):
        problems.add(given.line, "`with` is not a mapping", "write {name: value}")
    wrong = _wrong(entries["wrong"], problems) if "wrong" in entries else ()
    choices = _choices(entries["choices"], problems) if "choices" in entries else ()
    for key, judge in (("reveal", _judge_reveal), ("take", _judge_take)):
        if texts.get(key) and (complaint := judge(texts[key])):
            problems.add(entries[key].line, *complaint)
    if len(problems.errors) > before:
        return None
    return Question(texts["ask"], texts["check"], texts["reveal"], texts["take"], wrong, given.plain(), choices, line)


_NEEDED_BECAUSE: Mapping[str, str] = {
    "ask": "the question, in one or two sentences",
    "check": "the id of the @question that computes the answer",
    "reveal": "the command whose output holds the answer",
    "take": "a regular expression with one group: the answer within the output of `reveal`",
    "wrong": "a list of answers that must be rejected, or `choices` to pick from",
}


def _judge_reveal(command: str) -> tuple[str, str] | None:
    cut = split(command)
    if cut.unfinished:
        return f"`reveal` lacks {cut.unfinished}", "write one complete command"
    return None if len(cut.commands) == 1 else ("`reveal` is not one command", "join them by `;` or `|`")


def _judge_take(expression: str) -> tuple[str, str] | None:
    try:
        with warnings.catch_warnings():
            # Python will read such an expression differently one day.
            warnings.simplefilter("error", FutureWarning)
            groups = re.compile(expression, re.MULTILINE).groups
    except (re.error, OverflowError, RecursionError, FutureWarning) as error:
        return f"`take` is no regular expression: {error}", "write it in single quotes, so that YAML leaves `\\` alone"
    if groups != 1:
        return f"`take` has {groups or 'no'} groups", "put the answer, and only it, in parentheses; others are (?:…)"
    return None


def _wrong(node: Node, problems: Problems) -> tuple[str, ...]:
    answers = node.plain()
    if isinstance(answers, list) and answers and all(type(answer) in (str, int) for answer in answers):
        return tuple(str(answer) for answer in answers)
    problems.add(
        node.line, "`wrong` is not a list of answers", "at least one answer that must be rejected, such as [10.0.0.2]"
    )
    return ()


def _choices(node: Node, problems: Problems) -> tuple[str, ...]:
    items = node.value if isinstance(node.value, tuple) else ()
    if not _FEWEST_CHOICES <= len(items) <= _MOST_CHOICES:
        what = f"{len(items)} in `choices`" if items else "`choices` is not a list of answers"
        problems.add(
            node.line, what, f"{_FEWEST_CHOICES} to {_MOST_CHOICES} answers, one of them right, such as [UP, DOWN]"
        )
        return ()
    choices: list[str] = []
    for item in items:
        text = " ".join(str(item.value).split()) if type(item.value) in (str, int) else ""
        if not text:
            problems.add(
                item.line, "a choice that is not a text", "write some words, in quotes where YAML misreads them"
            )
        elif len(text) > _LONGEST_CHOICE:
            hint = f"at most {_LONGEST_CHOICE}, so that it stays on one line beside a shell"
            problems.add(item.line, f"a choice of {len(text)} characters", hint)
        elif any(Answer((other,)).accepts(text) for other in choices):
            problems.add(
                item.line, f"the choice {text!r} is given twice", "keep one; case and blanks make no difference"
            )
        choices.append(text)
    return tuple(choices)


def _facts(node: Node, key: str, problems: Problems) -> Iterator[tuple[str, dict[str, Any], int]]:
    if not isinstance(node.value, tuple) or not node.value:
        problems.add(node.line, f"`{key}` is not a list", "begin each entry with a dash: `- fact.id: {name: value}`")
        return
    for item in node.value:
        use = _use(item, "a fact", problems)
        if use is not None:
            yield use[0], _plain(use[1]), use[2]


def _uses(
    text: str, line: int, what: str, reserved: Collection[str], problems: Problems
) -> Iterator[tuple[str, dict[str, Any], dict[str, Node], int]]:
    node = read_yaml(text, line, problems)
    if node is None:
        return
    if not isinstance(node.value, tuple) or not node.value:
        problems.add(
            node.line, f"{what} must stand in a list", "begin each entry with a dash: `- check.id: {name: value}`"
        )
        return
    for item in node.value:
        use = _use(item, what, problems)
        if use is not None:
            id_, arguments, at = use
            kept = {key: value for key, value in arguments.items() if key in reserved}
            yield id_, _plain({key: value for key, value in arguments.items() if key not in reserved}), kept, at


def _use(node: Node, what: str, problems: Problems) -> tuple[str, Mapping[str, Node], int] | None:
    if isinstance(node.value, str):
        return node.value, {}, node.line
    if not isinstance(node.value, Mapping) or len(node.value) != 1:
        problems.add(node.line, f"{what} is not one id with its arguments", "write `id: {name: value}`, one to a line")
        return None
    ((id_, arguments),) = node.value.items()
    if arguments.value is None:
        return id_, {}, node.line
    if not isinstance(arguments.value, Mapping):
        problems.add(node.line, f"the arguments of {id_} are not a mapping", f"write `{id_}: {{name: value}}`")
        return None
    return id_, arguments.value, node.line


def _plain(arguments: Mapping[str, Node]) -> dict[str, Any]:
    return {key: item.plain() for key, item in arguments.items()}
