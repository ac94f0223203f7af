"""What a lesson file may look like, and what is said of one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.lesson.examples import HEAD, example_texts
from tests.lesson.told import QUESTION, in_step, only_step, problems_of, told_once
from tutor.errors import LessonError
from tutor.lesson import Commands, Drawing, Note, NoteKind, Prose
from tutor.lesson.parse import parse_lesson, parse_lesson_all


def test_a_fence_that_says_nothing_is_just_shown() -> None:
    text = "One.\n\n```json\n{}\n```\n\n    code\n\n- two\n\n  ```\n  three\n  ```\n"
    assert only_step(in_step(text)).body == (Prose(text.rstrip(), 16),)


def test_prose_is_kept_as_it_was_written() -> None:
    text = (
        "| a | b |\n|---|---|\n| `1` | *2* |\n\n> a quote\n> [link](https://example.com)\n\n### Deeper\n\n---\n\nEnd  "
    )
    (prose,) = only_step(in_step(text)).body
    assert prose == Prose(text.rstrip(), 16)


def test_a_comment_of_html_is_left_out() -> None:
    text = "One.\n\n<!-- a\nb -->\n<!-- c -->\n\nTwo."
    assert only_step(in_step(text)).body == (Prose("One.", 16), Prose("Two.", 22))


def test_other_html_is_wrong() -> None:
    told_once(in_step("<details>\nx\n</details>\n"), 16, "HTML", "write Markdown")


def test_a_drawing_need_not_be_a_figure_of_the_paper() -> None:
    assert only_step(in_step("```text {.figure}\n o--o\n```\n")).body == (Drawing(" o--o", 0, 17),)


def test_an_alert_may_be_written_in_capitals_and_hold_blocks() -> None:
    text = "> [!NOTE]\n> One:\n>\n> - two\n> - three\nlazy\n"
    assert only_step(in_step(text)).body == (Note(NoteKind.NOTE, "One:\n\n- two\n- three\nlazy", 17),)


def test_a_solution_may_be_hidden_altogether() -> None:
    step = only_step(in_step("```bash {.solution}\nip a\nip r\n```\n"))
    assert (step.body, step.solution) == ((), ("ip a", "ip r"))


def test_a_fence_may_hold_a_fence() -> None:
    step = only_step(in_step("````bash {.type}\ncat <<E\n```\nE\n````\n~~~bash {.type}\nls\n~~~\n"))
    assert step.body == (Commands("cat <<E\n```\nE", 17), Commands("ls", 22))


def test_a_check_may_go_without_arguments() -> None:
    step = only_step(in_step("```yaml {.checks}\n- a.b:\n- a.c: {}\n- a.d\n```\n", checks=False))
    assert [(use.id, use.arguments, use.line) for use in step.checks] == [
        ("a.b", {}, 14),
        ("a.c", {}, 15),
        ("a.d", {}, 16),
    ]


def test_arguments_are_text_numbers_booleans_and_lists() -> None:
    arguments = 'a: on, b: 12, c: true, d: "12", e: [1, x], f: ~, g: 1.5, h: 012, i: 1:30, j: -1'
    text = f"```yaml {{.checks}}\n- a.b: {{{arguments}}}\n```\n"
    (use,) = only_step(in_step(text, checks=False)).checks
    numbers = {"b": 12, "e": [1, "x"], "j": -1}
    texts = {"a": "on", "d": "12", "g": "1.5", "h": "012", "i": "1:30"}
    assert use.arguments == {**numbers, **texts, "c": True, "f": None}


def test_the_errors_of_a_file_are_told_all_at_once_and_in_order() -> None:
    text = in_step("```bash {.tpye}\nls\n```\n> [!hnit]\n> a\n\n## C\n\n## B {#b}\n\n```question\nask: 1\n```\n")
    told = problems_of(text)
    assert [line for line, _, _ in told] == [16, 19, 22, 22, 24, 27, 27, 27, 27, 27]
    assert [reason for _, reason, _ in told][:5] == [
        "there is no class .tpye",
        "there is no alert [!hnit]",
        "a step without an id",
        "the step 'C' has nothing to pass",
        "a second step 'b'",
    ]
    with pytest.raises(LessonError) as caught:
        parse_lesson(text, Path("a.md"))
    assert (str(caught.value), caught.value.hint) == ("a.md:16: there is no class .tpye", "did you mean 'type'?")


def test_what_can_be_read_of_a_broken_lesson_is_there() -> None:
    parsed = parse_lesson_all(
        in_step("```bash {.tpye}\nls\n```\n\n## C {#c}\n\n## D {#d}\n\n```yaml {.checks}\n- a.b\n```\n")
    )
    assert parsed.lesson is not None
    assert [step.id for step in parsed.lesson.steps] == ["b", "d"]
    assert len(parsed.errors) == 2
    assert parse_lesson_all(HEAD.replace("lab: vm", "lap: vm")).lesson is None


@pytest.mark.parametrize(
    ("text", "line", "reason", "hint"),
    [
        ("", 1, "the file is empty", "a lesson begins with"),
        (" \n\n", 1, "the file is empty", "a lesson begins with"),
        ("# A\n", 1, "the front matter is missing", "a line `---`"),
        ("---\nid: a\n", 1, "the front matter is never closed", "`---`"),
        (HEAD.replace("# A\n", ""), 6, "there is no title", "`# A`"),
        (HEAD.replace("# A\n", "# B\n"), 7, "not the front matter's title, 'A'", "the same"),
        (HEAD.replace("# A\n", "Early.\n\n# A\n"), 9, "the title comes late", "right below"),
        (HEAD + "\n# A\n", 11, "a second title", "## Title {#id}"),
        (HEAD + "```bash {.type}\nls\n```\n", 10, "before the first step", "## Title {#id}"),
        (HEAD + "```question\n" + QUESTION + "```\n", 10, "before the first step", "## Title {#id}"),
        (HEAD + "```bash {.tpye}\nls\n```\n", 10, "no class .tpye", "did you mean 'type'?"),
        (HEAD + "\n> [!hint]\n> a\n", 11, "a hint before the first step", "## Title {#id}"),
        (HEAD + "\n[a]: https://example.com\n", 11, "a link definition: [A]", "[text](address)"),
        (
            HEAD + "\n## One two, three four\n\n```question\n" + QUESTION + "```\n",
            11,
            "without an id",
            "{#one-two-three}",
        ),
        (HEAD + "\n## 10.0.0.1 {#B}\n\n```question\n" + QUESTION + "```\n", 11, "the step's id is 'B'", "{#b}"),
        (HEAD + "\n## …\n\n```question\n" + QUESTION + "```\n", 11, "without an id", "{#step}"),
        (
            HEAD + "\n## B {#b .c}\n\n```question\n" + QUESTION + "```\n",
            11,
            "a heading takes no 'class'",
            "## Title {#id}",
        ),
        (
            HEAD + "\nB {#b}\n---\n\n```question\n" + QUESTION + "```\n",
            11,
            "a heading by underlining",
            "an empty line",
        ),
        (HEAD + "\n## B {#b}\n\nNothing.\n", 11, "the step 'b' has nothing to pass", "a checks block"),
    ],
)
def test_what_is_wrong_with_the_frame_is_said(text: str, line: int, reason: str, hint: str) -> None:
    told_once(text, line, reason, hint)


@pytest.mark.parametrize(
    ("text", "line", "reason", "hint"),
    [
        ("```bash {.type}\nls\n", 16, "never closed", "```"),
        ("```bash {.type}", 16, "never closed", "```"),
        ("~~~~ {.type}\nls\n~~~\n\n", 16, "never closed", "~~~~"),
        ("- a\n\n  ```bash {.type}\n  ls\n  ```\n", 18, "inside of a list or quote", "left margin"),
        ("> ```yaml {.checks}\n> - a.b\n> ```\n", 16, "inside of a list or quote", "left margin"),
        ("- ```question\n  ask: a\n  ```\n", 16, "inside of a list or quote", "left margin"),
        ("- > [!hint]\n  > a\n", 16, "an alert inside of a list or quote", "left margin"),
        ("```bash .type\nls\n```\n", 16, "'.type' behind the fence", "{.type}"),
        ("```bash type\nls\n```\n", 16, "'type' behind the fence", "{.type}"),
        ("```bash {.type\nls\n```\n", 16, "can't be read", "straight quotes"),
        ("```bash {.mistake diagnosis=“a.b”}\nls\n```\n", 16, "can't be read", "straight quotes"),
        ("```bash {.type} x\nls\n```\n", 16, "'x' behind the braces", "leave it out"),
        ("```bash {}\nls\n```\n", 16, "without a class", ".mistake"),
        ("```bash {.type .solution}\nls\n```\n", 16, "two classes", ".mistake"),
        ("```bash {.mitsake}\nls\n```\n", 16, "no class .mitsake", "did you mean 'mistake'?"),
        ("```yaml {.type}\nls\n```\n", 16, ".type on a fence of yaml", "```bash {.type}"),
        ("``` {.checks}\n- a.b\n```\n", 16, ".checks on a fence of no language", "```yaml {.checks}"),
        ("```bash {.alternative need=brctl}\nls\n```\n", 16, "no attribute 'need'", "did you mean 'needs'?"),
        ("```bash {.type needs=ls}\nls\n```\n", 16, ".type has no attribute 'needs'", "takes no attributes"),
        ("```bash {.type #id}\nls\n```\n", 16, ".type has no attribute 'id'", "takes no attributes"),
        ("```text {.figure n=x}\nls\n```\n", 16, "the figure's number is 'x'", "n=13"),
        ("```text {.figure n=1234}\nls\n```\n", 16, "the figure's number is '1234'", "n=13"),
        ("```text {.figure n=²}\nls\n```\n", 16, "can't be read", "straight quotes"),
        ('```text {.figure n="²"}\nls\n```\n', 16, "the figure's number is '²'", "n=13"),
        ("```question {.x}\n" + QUESTION + "```\n", 16, "a question takes no braces", "```question"),
        ("```bash {.repair}\nls\n```\n", 16, "a repair without a mistake", "below its mistake"),
        ("```bash {.mistake}\nls\n```\ntext\n```bash {.repair}\nls\n```\n", 20, "a repair without a mistake", "below"),
        ("```bash {.solution}\nls\n```\n```bash {.solution}\nls\n```\n", 19, "a second solution", ".alternative"),
        ("```bash {.type}\n# nothing\n```\n", 16, "without a command", "at least one"),
        ("```bash {.type}\n```\n", 16, "without a command", "at least one"),
        ("```bash {.alternative}\necho 'a\n```\n", 16, "waits for a closing `'`", "complete it"),
        ("> [!hnit]\n> a\n", 16, "no alert [!hnit]", "did you mean 'hint'?"),
        ("> [!hint] a\n", 16, "text behind [!hint]", "on the next line"),
        ("> [!hint]\n", 16, "[!hint] says nothing", "on the next line"),
        ("> [!hint]\n>\n>\n", 16, "[!hint] says nothing", "on the next line"),
        ("> [!hint need=a]\n> a\n", 16, "[!hint] has no attribute 'need'", "did you mean 'needs'?"),
        ("> [!note needs=a]\n> a\n", 16, "[!note] has no attribute 'needs'", "takes no attributes"),
        ('> [!hint needs="a]\n> a\n', 16, "can't be read", "straight quotes"),
        ("> [!hint]\n> a\n> [!hint]\n> b\n", 18, "an alert inside of an alert", "an empty line"),
        ("```yaml {.see}\nshows: [a.b]\n```\n", 11, "a checks block and a see block", "two steps"),
        ("```question\n" + QUESTION + "```\n", 11, "a checks block and a question", "two steps"),
        ("```qeustion\nask: a\n```\n", 16, "```qeustion", "did you mean 'question'?"),
    ],
)
def test_what_is_wrong_with_a_piece_is_said(text: str, line: int, reason: str, hint: str) -> None:
    found = [told for told in problems_of(in_step(text)) if told[0] == line]
    assert any(reason in told_reason and hint in told_hint for _, told_reason, told_hint in found), problems_of(
        in_step(text)
    )


def test_a_step_without_a_name_is_known_by_its_title() -> None:
    assert (11, "the step 'Soon' has nothing to pass") in [
        (line, reason) for line, reason, _ in problems_of(f"{HEAD}\n## Soon\n")
    ]


def test_a_heading_by_underlining_may_have_several_lines() -> None:
    told = problems_of(f"{HEAD}\nSo it\nis\n--\n")
    assert [(line, hint) for line, _, hint in told][1] == (11, "write `## So it is {#so-it-is}`")


def test_two_see_blocks_or_questions_are_two_steps() -> None:
    see = "```yaml {.see}\nshows: [a.b]\n```\n"
    told_once(in_step(see + see, checks=False), 16, "a second of a see block", "two steps")
    question = f"```question\n{QUESTION}```\n"
    told_once(in_step(question + question, checks=False), 20, "a second of a question", "two steps")


@pytest.mark.parametrize(
    ("text", "line", "reason", "hint"),
    [
        ("a.b: {}", 14, "must stand in a list", "a dash"),
        ("", 14, "must stand in a list", "a dash"),
        ("[]", 14, "must stand in a list", "a dash"),
        ("- {a.b: {}, a.c: {}}", 14, "not one id with its arguments", "one to a line"),
        ("- 12", 14, "not one id with its arguments", "one to a line"),
        ("- a.b\n- a.c: d", 15, "the arguments of a.c are not a mapping", "a.c: {name: value}"),
        ("- a.b: {holds: stpe}", 14, "`holds` is 'stpe'", "did you mean 'step'?"),
        ("- a.b: {holds: 5}", 14, "`holds` is 5", "there is: end, step"),
        ("- a.b\n-\ta.c", 15, "not YAML", "quotes"),
        ("- a.b:\n\tc: d", 15, "a tab in YAML", "with spaces"),
        ("- a.b: {c: [}", 14, "not YAML", "quotes"),
        ("- a.b\n- a.c: {d: e: f}", 15, "not YAML", "quotes"),
        ("- a.b: {c: 1, c: 2}", 14, "the key 'c' is given twice", "keep one"),
        ("- &a a.b\n- *a", 14, "an anchor or alias", "quotes"),
        ("- a.b\n- *a", 15, "an anchor or alias", "quotes"),
        ("- a.b: {c: !!int 3}", 14, "a tag in YAML: tag:yaml.org,2002:int", "quotes"),
        ("- a.b: {c: !x 3}", 14, "a tag in YAML", "quotes"),
        ("- a.b: {? [c] : d}", 14, "a key in YAML that is a list", "a word"),
        ("- a.b\n---\n- a.c", 15, "a second YAML document", "`---`"),
        ("- a.b: \x07", 14, "not YAML", "does not print"),
        ("- " + "[" * 40 + "]" * 40, 14, "nested too deeply", "three levels"),
    ],
)
def test_what_is_wrong_with_a_list_of_checks_is_said(text: str, line: int, reason: str, hint: str) -> None:
    told_once(in_step(f"```yaml {{.checks}}\n{text}\n```\n", checks=False), line, reason, hint)


def test_a_requirement_that_fails_names_its_diagnosis() -> None:
    text = "```yaml {.requires}\n- a.b: {fails: true}\n```\n"
    told_once(in_step(text), 17, "`fails` is not a text", "some words")


@pytest.mark.parametrize(
    ("text", "line", "reason", "hint"),
    [
        ("- a.b", 14, "a see block is not a mapping", "shows, typed, placeholder, fails"),
        ("fails: true", 14, "without `shows`", "facts"),
        ("{}", 14, "without `shows`", "facts"),
        ("shows: a.b", 14, "`shows` is not a list", "a dash"),
        ("shows: []", 14, "`shows` is not a list", "a dash"),
        ("shows:\n- a.b: c", 15, "arguments of a.b are not a mapping", "a.b: {name: value}"),
        ("shows: [a.b]\ntyped: 5", 15, "`typed` is not one id", "id: {name: value}"),
        ("shows: [a.b]\nfails: maybe", 15, "`fails` is 'maybe'", "true or false"),
        ("shwos: [a.b]\nshows: [a.b]", 14, "no key 'shwos'", "did you mean 'shows'?"),
        ("shows: [", 14, "not YAML", "quotes"),
    ],
)
def test_what_is_wrong_with_a_see_block_is_said(text: str, line: int, reason: str, hint: str) -> None:
    told = problems_of(in_step(f"```yaml {{.see}}\n{text}\n```\n", checks=False))
    assert len(told) == 1, told
    assert told[0][0] in (line, line + 1)
    assert reason in told[0][1]
    assert hint in told[0][2]


def test_what_was_typed_may_be_all_that_counts() -> None:
    see = only_step(in_step("```yaml {.see}\ntyped: a.b\n```\n", checks=False)).see
    assert see is not None
    assert (see.shows, see.typed and see.typed.id) == ((), "a.b")


_ODD = (
    "```",
    "````",
    "---",
    "## A {#a}",
    "> [!hint]",
    "\t",
    "{",
    "- [",
    "```yaml {.checks}",
    "\0",
    "\x85",
    "\u2028",
    "<!--",
)
_FRAGMENTS = st.sampled_from([*_ODD, *(line for text in example_texts().values() for line in text.split("\n"))])


@given(st.text() | st.lists(_FRAGMENTS | st.text(max_size=8)).map("\n".join))
def test_any_text_is_a_lesson_or_has_lesson_errors(text: str) -> None:
    for source in (text, HEAD + text, in_step(text), f"---\n{text}\n---\n{text}"):
        parsed = parse_lesson_all(source)
        assert parsed.lesson or parsed.errors
        for error in parsed.errors:
            assert isinstance(error, LessonError)
            assert error.reason
            assert "\n" not in error.reason + error.hint
            assert 0 < error.line <= source.count("\n") + source.count("\r") + 2


@given(st.text(alphabet="[]{}()-:,&*!|>'\"%@`#?\n\t ab1~", max_size=60))
@example("- [" * 3000)
@example("- " * 3000)
@example("{a: " * 3000)
@example("- \ud800")
def test_any_text_in_a_yaml_block_is_read_or_refused(text: str) -> None:
    for kind in ("yaml {.checks}", "yaml {.requires}", "yaml {.see}", "question"):
        for error in parse_lesson_all(in_step(f"~~~{kind}\n{text}\n~~~\n", checks=False)).errors:
            assert error.reason


def test_a_placeholder_needs_the_fact_that_it_stands_for() -> None:
    see = "```yaml {.see}\n%splaceholder: x@ifN\n```\n"
    step = only_step(in_step(see % "typed: {a.b: {}}\n", checks=False))
    assert step.see is not None
    assert step.see.placeholder == "x@ifN"
    told_once(in_step(see % "shows: [a.b]\n", checks=False), 15, "a placeholder without `typed`", "stands for")
