"""A lesson that can be read, held against its pack."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.lesson.examples import HEAD, example_pack, example_texts
from tutor.lesson.lint import lint, lint_text
from tutor.lesson.parse import parse_lesson
from tutor.lesson.problems import suggestion
from tutor.store.checks import load_checks

CHECKS = load_checks(example_pack())
VETH_PAIR = example_texts()["01-veth-pair.md"]
MASQUERADE = example_texts()["02-masquerade.md"]


def _told(text: str) -> list[tuple[int, str, str]]:
    found = lint(parse_lesson(text), CHECKS.definitions, CHECKS.diagnoses)
    assert [*map(str, found)] == [*map(str, lint_text(text, None, CHECKS.definitions, CHECKS.diagnoses))]
    return [(error.line, error.reason, error.hint) for error in found]


def _line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "reason", "hint"),
    [
        ("- veth.are_peers:", "- veth.are_pears:", "no check 'veth.are_pears'", "did you mean 'veth.are_peers'?"),
        ("- link.is_up:", "- link.unknown:", "'link.unknown' is a fact, not a check", "here stands a @check"),
        ("  - veth.seen: {link: veth-a", "  - veth.sen: {link: veth-a", "there is no fact 'veth.sen'", "'veth.seen'"),
        ("  - link.unknown:", "  - link.is_up:", "'link.is_up' is a check, not a fact", "here stands a @fact"),
        ("  link.written_with_peer:", "  link.written:", "there is no fact 'link.written'", "did you mean"),
        ("check: link.index", "check: link.idnex", "there is no question 'link.idnex'", "did you mean 'link.index'?"),
        ("check: link.index", "check: link.is_up", "'link.is_up' is a check, not a question", "a @question"),
        (
            "- link.is_up: {link: veth",
            "- link.is_up: {lnik: veth",
            "no parameter 'lnik'",
            "did you mean 'link'? it takes",
        ),
        ("- link.is_up: {link: veth-a-ns1}", "- link.is_up: {link: 5}", "'link' of link.is_up is 5", "it must be text"),
        ("- link.is_up: {link: veth-a-ns1}", "- link.is_up", "needs the parameter 'link'", "(default 'root')"),
        ('diagnosis="link.down"', 'diagnosis="link.dwon"', "no diagnosis 'link.dwon'", "did you mean 'link.down'?"),
        ('.mistake diagnosis="link.down" names="veth-a-ns1"', ".mistake", "mistake without a diagnosis", "diagnosis="),
    ],
)
def test_what_a_lesson_names_must_be_there(old: str, new: str, reason: str, hint: str) -> None:
    text = VETH_PAIR.replace(old, new, 1)
    lines = {_line_of(text, new), _line_of(text, new) - 1}
    told = [entry for entry in _told(text) if reason in entry[1]]
    assert len(told) == 1, _told(text)
    assert told[0][0] in lines
    assert hint in told[0][2]


def test_what_is_required_on_entry_must_be_there_too() -> None:
    text = MASQUERADE.replace("links: [eth0, br-rootns]", "links: eth0").replace(
        "nat.source-untranslated}", "nat.none}"
    )
    assert [(line, reason) for line, reason, _ in _told(text)] == [
        (17, "'links' of forwarding.is_on is 'eth0'"),
        (19, "there is no diagnosis 'nat.none'"),
    ]


def _without(text: str, fence: str) -> str:
    return re.sub(rf"```bash {{\.{fence}.*?```\n", "", text, count=1, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        (_without(VETH_PAIR, "alternative"), "the step 'pair' has no alternative", "{.alternative}"),
        (_without(_without(VETH_PAIR, "repair"), "mistake"), "the step 'pair' has 1 mistake", "give it 2"),
        (_without(_without(VETH_PAIR, "type"), "type"), "the step 'pair' has no solution", "{.solution}"),
        (VETH_PAIR.replace("```bash {.type}\nip a\n```", "ip a"), "the step 'look' has no solution", "{.solution}"),
        (VETH_PAIR.replace("```bash {.mistake}\nip a show lo", '```bash {.mistake diagnosis="link.down"}\nls'),
         "a diagnosis in a step that only looks", "leave `diagnosis`"),
        (VETH_PAIR.replace("ip a show lo\n```\n", "ls\n```\n```bash {.repair}\nls\n```\n"),
         "a diagnosis in a step that only looks", "the repair"),
        (VETH_PAIR + "\n```bash {.mistake}\nls\n```\n", "a mistake in a step that asks", "`wrong`"),
        (VETH_PAIR + "\n```bash {.alternative}\nls\n```\n", "an alternative in a step that asks", "`reveal`"),
        (VETH_PAIR + "\n```bash {.solution}\nls\n```\n", "a solution in a step that asks", "`reveal`"),
        (VETH_PAIR.replace("shows:\n", "typed: {veth.seen: {link: veth-a-ns1}}\nplaceholder: NAME\nshows:\n", 1),
         "no command of the step has the placeholder 'NAME'", "write the commands with it"),
        (VETH_PAIR + "\n```text {.figure}\n" + "x" * 43 + "\n```\n", "a drawing of 43 columns", "room for 42"),
        (HEAD, "a lesson without a step", "{#id}"),
    ],
)  # fmt: skip
def test_every_step_has_what_its_kind_needs(text: str, reason: str, hint: str) -> None:
    ((_, told_reason, told_hint),) = _told(text)
    assert reason in told_reason
    assert hint in told_hint


def test_a_step_without_any_mistake_is_told_so() -> None:
    text = VETH_PAIR
    for _ in range(2):
        text = _without(_without(text, "repair"), "mistake")
    assert [reason for _, reason, _ in _told(text)] == ["the step 'pair' has no mistake"]


def test_the_form_and_the_names_are_told_together_in_order() -> None:
    text = (
        VETH_PAIR.replace("> [!note]", "> [!nota]")
        .replace("veth.are_peers", "veth.none")
        .replace("wrong: [", "wong: [")
    )
    found = lint_text(text, Path("a.md"), CHECKS.definitions, CHECKS.diagnoses)
    assert [error.reason for error in found] == [
        "there is no alert [!nota]",
        "there is no check 'veth.none'",
        "the question has no 'wrong'",
        "a question has no key 'wong'",
    ]
    assert {error.path for error in found} == {Path("a.md")}


def test_a_step_whose_question_or_see_block_is_broken_is_not_told_more_than_that() -> None:
    text = VETH_PAIR.replace("shows:\n  - veth.seen", "shows: [\n  - veth.seen", 1)
    assert len(lint_text(text, None, CHECKS.definitions, CHECKS.diagnoses)) == 1


def test_a_lesson_that_can_not_be_read_is_told_that_only() -> None:
    assert [error.reason for error in lint_text("", None, {}, {})] == ["the file is empty"]
    text = f"{HEAD}\n## B {{#b}}\n"
    assert [error.reason for error in lint_text(text, None, {}, {})] == ["the step 'b' has nothing to pass"]


def test_a_guess_is_the_nearest_name_or_all_of_a_few() -> None:
    assert suggestion("brigde", ["bridge", "veth"]) == "did you mean 'bridge'?"
    assert suggestion("x", ["veth", "bridge"]) == "there is: bridge, veth"
    assert suggestion("x", [f"name{number:02}" for number in range(13)]).endswith("name11, …")
    assert suggestion("x", [], "lab in this pack") == "there is no lab in this pack"
    assert suggestion("x", []) == ""
