"""The head of a lesson file, with and without the YAML parser."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.lesson.examples import example_texts
from tutor.errors import LessonError
from tutor.lesson import Continues, Variant
from tutor.lesson.front import parse_front, read_front, read_plain, split_front
from tutor.lesson.problems import Problems
from tutor.lesson.yaml_block import read_yaml


def _front(*lines: str) -> str:
    return "\n".join(("---", "id: a", "title: A", "lab: vm", *lines, "---", ""))


def test_only_the_head_is_read() -> None:
    front = parse_front(_front("figures: [8, 9]", "tools: [ip, brctl]") + "\n```bash {.type\n\x00")
    assert (front.id, front.title, front.lab) == ("a", "A", "vm")
    assert (front.figures, front.tools, front.starts) == ((8, 9), ("ip", "brctl"), None)
    assert front.lines == {"id": 2, "title": 3, "lab": 4, "figures": 5, "tools": 6}


@pytest.mark.parametrize("name", example_texts())
def test_the_head_of_an_example_is_read_alone_as_with_its_body(name: str) -> None:
    text = example_texts()[name]
    split = split_front(text)
    assert split is not None
    assert parse_front(text) == parse_front(f"---\n{split[0]}\n---")


def test_a_head_of_plain_words_is_read_without_the_yaml_parser() -> None:
    program = (
        "import sys; from tutor.lesson.front import parse_front; from pathlib import Path; "
        "parse_front(Path(sys.argv[1]).read_text()); "
        "print(sorted({'yaml', 'markdown_it', 'mdit_py_plugins'} & sys.modules.keys()))"
    )
    lesson = Path(__file__).parent / "fixtures" / "lessons" / "02-masquerade.md"
    ran = subprocess.run(
        [sys.executable, "-c", program, lesson], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout == "[]\n"


@pytest.mark.parametrize(
    ("line", "starts"),
    [
        ("starts: {continues: veth-pair}", Continues("veth-pair", 5)),
        ("starts:\n  continues: veth-pair", Continues("veth-pair", 5)),
        ("starts: {variant: bare}", Variant("bare", 5)),
        ('starts: {"variant": "bare"}', Variant("bare", 5)),
    ],
)
def test_a_lesson_continues_another_or_starts_from_a_variant(line: str, starts: Continues | Variant) -> None:
    assert parse_front(_front(line)).starts == starts


@pytest.mark.parametrize(
    ("line", "at", "reason", "hint"),
    [
        ("labs: x", 5, "the front matter has no key 'labs'", "did you mean 'lab'?"),
        ("starts: veth-pair", 5, "`starts` is not a mapping", "continues, variant"),
        ("starts: {}", 5, "`starts` is empty", "leave it out"),
        ("starts: {continue: b}", 5, "`starts` has no key 'continue'", "did you mean 'continues'?"),
        ("starts: {continues: b, variant: c}", 5, "`starts` has two keys", "either"),
        ("starts: {continues: B}", 5, "`continues` is 'B'", "small letters"),
        ("starts: {variant: }", 5, "`variant` is not a text", "some words"),
        ("figures: 8", 5, "`figures` is not a list of numbers", "[8, 9]"),
        ("figures: [8, x]", 5, "`figures` is not a list of numbers", "[8, 9]"),
        ("figures: [0]", 5, "`figures` is not a list of numbers", "[8, 9]"),
        ("tools: ip", 5, "`tools` is not a list of programs", "[ip, brctl]"),
        ("tools: [1]", 5, "`tools` is not a list of programs", "[ip, brctl]"),
        ("id: b", 5, "the key 'id' is given twice", "keep one"),
        ("\ttools: [ip]", 5, "a tab in YAML", "spaces"),
        ("tools: [ip", 6, "this is not YAML", "in quotes"),
    ],
)
def test_what_is_wrong_with_a_head_is_said(line: str, at: int, reason: str, hint: str) -> None:
    with pytest.raises(LessonError) as caught:
        parse_front(_front(line), Path("a.md"))
    assert caught.value.line == at
    assert reason in caught.value.reason
    assert hint in caught.value.hint


@pytest.mark.parametrize("key", ["id", "title", "lab"])
def test_a_key_that_is_missing_is_named(key: str) -> None:
    text = "\n".join(line for line in _front().split("\n") if not line.startswith(key))
    with pytest.raises(LessonError, match=f"the front matter has no '{key}'"):
        parse_front(text)


@pytest.mark.parametrize("id_", ["A", "a--b", "-a", "1a", "a b", "a_b", "a/b", '""', "[a]", "~", "12"])
def test_an_id_that_can_not_be_typed_is_refused(id_: str) -> None:
    with pytest.raises(LessonError, match="the id is") as caught:
        parse_front(_front().replace("id: a", f"id: {id_}"))
    assert caught.value.line == 2


def test_an_empty_head_lacks_everything() -> None:
    problems = Problems(None)
    assert read_front("---\n---\n", problems) is None
    assert problems.errors[0].reason == "the front matter is not a mapping"


def test_a_head_is_delimited_by_lines_of_three_dashes() -> None:
    assert split_front("---  \nid: a\n--- \n# A") == ("id: a", 3)
    assert split_front("---\n---") == ("", 2)
    assert split_front("----\nid: a\n----") is None
    assert split_front("---\nid: a") is None
    assert split_front("") is None


_WORDS = st.text(alphabet="aZ09 _./'()-:#,[]{}\"&*!|>%@~\t", max_size=12) | st.sampled_from(
    (
        "true",
        "null",
        "~",
        "12",
        "012",
        "-1",
        "1e3",
        "1_000",
        "0x1f",
        "2019-01-01",
        "12:30:45",
        "yes",
        "a: b",
        "a #b",
        "v1.2.",
    )
)
_LINES = st.one_of(
    st.tuples(st.sampled_from(("id", "title", "lab", "x", "y-z")), _WORDS).map(": ".join),
    st.lists(_WORDS, max_size=3).map(lambda words: f"tools: [{', '.join(words)}]"),
    st.tuples(st.sampled_from(("continues", "variant")), _WORDS).map(lambda pair: f"starts: {{{': '.join(pair)}}}"),
    _WORDS,
)


@given(st.lists(_LINES, max_size=4).map("\n".join))
@example("title: a - b")
@example("title: it's (nearly) A/B")
@example("tools: [ a b , c ]  ")
def test_a_plain_head_is_read_as_the_yaml_parser_reads_it(head: str) -> None:
    plain = read_plain(head)
    if plain is not None:
        problems = Problems(None)
        assert plain == read_yaml(head, 2, problems)
        assert problems.errors == []


def test_the_heads_of_the_examples_are_plain_save_for_one() -> None:
    heads = [split_front(text) for text in example_texts().values()]
    assert [head is not None and read_plain(head[0]) is not None for head in heads] == [True, True, False]
