"""The example lessons: the format carries what the course needs."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import pytest

from tests.lesson.examples import example_pack, example_texts
from tutor.lesson import (
    CheckUse,
    Commands,
    Continues,
    Drawing,
    FactUse,
    Holds,
    Lesson,
    Note,
    NoteKind,
    Prose,
    Question,
    Requirement,
    Step,
    StepKind,
    Variant,
)
from tutor.lesson.lint import lint, lint_text
from tutor.lesson.parse import parse_lesson
from tutor.store.checks import load_checks

TEXTS = example_texts()
VETH_PAIR = parse_lesson(TEXTS["01-veth-pair.md"])
MASQUERADE = parse_lesson(TEXTS["02-masquerade.md"])
ROUTE_TABLE = parse_lesson(TEXTS["03-route-table.md"])
LESSONS = (VETH_PAIR, MASQUERADE, ROUTE_TABLE)


def _step(lesson: Lesson, id_: str) -> Step:
    step = lesson.find_step(id_)
    assert step is not None
    return step


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_is_wrong_with_an_example(name: str) -> None:
    checks = load_checks(example_pack())
    assert lint(parse_lesson(TEXTS[name]), checks.definitions, checks.diagnoses) == ()
    assert lint_text(TEXTS[name], None, checks.definitions, checks.diagnoses) == ()


def test_the_front_matter_is_read() -> None:
    assert (VETH_PAIR.id, VETH_PAIR.title, VETH_PAIR.lab) == ("veth-pair", "A veth pair", "vm")
    assert (VETH_PAIR.figures, VETH_PAIR.tools, VETH_PAIR.starts) == ((2, 3), ("ip",), None)
    assert MASQUERADE.starts == Continues("veth-pair", 5)
    assert ROUTE_TABLE.starts == Variant("empty-routes", 5)
    assert (ROUTE_TABLE.title, ROUTE_TABLE.tools) == ("Pods to pods: the route table", ("az", "ip", "ping"))


def test_the_kind_of_a_step_follows_from_what_it_is_passed_by() -> None:
    assert [step.kind for step in VETH_PAIR.steps] == [StepKind.DO, StepKind.SEE, StepKind.SEE, StepKind.ANSWER]


def test_the_introduction_is_shown_without_comments() -> None:
    assert VETH_PAIR.intro == (
        Prose("A **veth pair** is a virtual cable: two links, and what goes in at one end comes out at the other.", 11),
        Drawing("veth-a-ns1 o=====o veth-b-ns1", 2, 16),
        Note(NoteKind.NOTE, "Both ends stay in this namespace for now.", 20),
    )


def test_the_body_of_a_step_is_what_the_learner_is_shown_in_order() -> None:
    assert _step(VETH_PAIR, "pair").body == (
        Prose("Both ends are made in one go:", 24),
        Commands("ip link add veth-a-ns1 type veth \\\n    peer name veth-b-ns1", 27),
        Prose("and one of them is set up:", 31),
        Commands("ip link set veth-a-ns1 up   # the other one stays down", 34),
    )


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_what_the_engine_needs_is_never_shown(lesson: Lesson) -> None:
    blocks = [block for step in lesson.steps for block in step.body]
    shown = "\n".join(str(block) for block in (*lesson.intro, *blocks) if not isinstance(block, Commands))
    for step in lesson.steps:
        hidden = [script.text for script in step.alternatives]
        hidden += [mistake.script.text for mistake in step.mistakes]
        hidden += [mistake.repair.text for mistake in step.mistakes if mistake.repair]
        hidden += [mistake.diagnosis for mistake in step.mistakes if mistake.diagnosis]
        hidden += [use.id for use in step.checks] + [requirement.use.id for requirement in step.requires]
        hidden += [hint.markdown for hint in step.hints]
        hidden += [step.hidden.text] if step.hidden else []
        hidden += [step.question.ask, step.question.take] if step.question else []
        hidden += [use.id for use in step.see.shows] if step.see else []
        assert [text for text in hidden if text in shown] == []


def test_only_what_is_marked_as_such_is_to_be_typed() -> None:
    for text in TEXTS.values():
        fences = text.count("```bash {.type}\n")
        assert fences == sum(len(step.visible) for step in parse_lesson(text).steps) > 0


def test_the_visible_commands_in_order_are_the_solution() -> None:
    assert _step(VETH_PAIR, "pair").solution == (
        "ip link add veth-a-ns1 type veth peer name veth-b-ns1",
        "ip link set veth-a-ns1 up",
    )


def test_a_hidden_solution_stands_in_for_the_visible_commands() -> None:
    step = _step(MASQUERADE, "without-route")
    assert [block.text for block in step.visible] == ["ip netns exec ns1 ip route del default"]
    assert step.solution == ("ip netns exec ns1 ip route flush 0/0",)


def test_checks_hold_until_the_end_unless_they_say_otherwise() -> None:
    assert _step(VETH_PAIR, "pair").checks == (
        CheckUse("veth.are_peers", {"one": "veth-a-ns1", "other": "veth-b-ns1"}, Holds.END, 38),
        CheckUse("link.is_up", {"link": "veth-a-ns1"}, Holds.END, 39),
        CheckUse("link.is_down", {"link": "veth-b-ns1"}, Holds.STEP, 40),
    )


def test_several_blocks_of_checks_are_one_list() -> None:
    assert [use.id for use in _step(MASQUERADE, "back").checks] == ["route.default", "reach.ping"]


def test_what_must_hold_or_fail_on_entry_is_required() -> None:
    requires = _step(MASQUERADE, "masquerade").requires
    assert [requirement.use.id for requirement in requires] == ["forwarding.is_on", "route.default", "reach.ping"]
    ping = CheckUse("reach.ping", {"src": "ns1", "dst": "8.8.8.8"}, Holds.STEP, 19)
    assert requires[2] == Requirement(ping, "nat.source-untranslated")
    assert _step(MASQUERADE, "back").requires[1].fails == "route.unreachable"
    assert _step(ROUTE_TABLE, "route").requires[0].use == CheckUse("cloud.has_no_routes", {}, Holds.STEP, 20)


def test_a_mistake_has_its_diagnosis_its_words_and_its_repair() -> None:
    first, second = _step(VETH_PAIR, "pair").mistakes
    assert (first.diagnosis, first.names, first.line) == ("link.down", ("veth-a-ns1",), 54)
    assert first.script.commands == ("ip link add veth-a-ns1 type veth peer name veth-b-ns1",)
    assert first.repair is not None
    assert (first.repair.commands, first.repair.line) == (("ip link set veth-a-ns1 up",), 59)
    assert (second.diagnosis, second.script.line) == ("link.missing", 63)
    assert _step(MASQUERADE, "masquerade").mistakes[1].repair is None


def test_what_a_way_needs_is_kept() -> None:
    step = _step(MASQUERADE, "masquerade")
    assert [script.needs for script in step.alternatives] == [(), ("nft",), ("iptables-legacy",)]
    assert [mistake.script.needs for mistake in step.mistakes] == [(), (), ("nft", "iptables-legacy")]
    assert [hint.needs for hint in step.hints] == [(), ("nft",)]


def test_a_here_document_is_one_command() -> None:
    (command,) = _step(MASQUERADE, "masquerade").alternatives[1].commands
    assert command.startswith("nft -f - <<'EOF'\n")
    assert "# not a comment of bash" in command
    assert command.endswith("\nEOF")


def test_notes_and_drawings_stand_in_the_body() -> None:
    assert any(
        isinstance(block, Note) and block.kind is NoteKind.TODAY for block in _step(MASQUERADE, "masquerade").body
    )
    assert any(isinstance(block, Note) and block.kind is NoteKind.WARNING for block in _step(ROUTE_TABLE, "route").body)
    drawing = _step(MASQUERADE, "back").body[-1]
    assert isinstance(drawing, Drawing)
    assert drawing.figure == 20


def test_a_see_step_says_what_must_have_been_shown_and_typed() -> None:
    see = _step(VETH_PAIR, "look").see
    assert see is not None
    assert [use.id for use in see.shows] == ["veth.seen", "veth.seen"]
    assert (see.typed, see.fails) == (None, False)
    see = _step(VETH_PAIR, "no-name").see
    assert see is not None
    assert see.typed == FactUse("link.written_with_peer", {"link": "veth-a-ns1"}, 98)
    assert see.fails is True


def test_a_question_takes_its_answer_from_the_output_of_reveal() -> None:
    question = _step(VETH_PAIR, "index").question
    assert question == Question(
        ask="Which ifindex does veth-b-ns1 have?",
        check="link.index",
        reveal="ip link show veth-b-ns1",
        take=r"^(\d+): veth-b-ns1@",
        wrong=("0", "veth-b-ns1"),
        arguments={"link": "veth-b-ns1"},
        line=112,
    )
    assert question.find_answer("1: lo: <LOOPBACK>\n7: veth-b-ns1@veth-a-ns1: <BROADCAST>\n") == "7"
    assert question.find_answer("1: lo: <LOOPBACK>\n") is None


def test_a_question_may_have_several_lines() -> None:
    question = _step(ROUTE_TABLE, "source").question
    assert question is not None
    assert question.ask == "A pod of node 0 pings 10.244.1.2.\nUnder which address is it seen there?"
    assert question.wrong == ("10.240.0.4", "10.244.1.2")


def test_a_step_that_is_not_there_is_not_found() -> None:
    assert VETH_PAIR.find_step("pears") is None


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_a_lesson_is_a_value(lesson: Lesson) -> None:
    copy = pickle.loads(pickle.dumps(lesson))
    assert copy == lesson
    assert {lesson: 1}[copy] == 1
    with pytest.raises(FrozenInstanceError):
        lesson.path = None  # type: ignore[misc]  # that is what must fail


@pytest.mark.parametrize("name", TEXTS)
def test_line_ends_and_a_byte_order_mark_change_nothing(name: str) -> None:
    assert parse_lesson("\ufeff" + TEXTS[name].replace("\n", "\r\n")) == parse_lesson(TEXTS[name])


@pytest.mark.parametrize("name", TEXTS)
def test_every_line_number_points_at_its_source(name: str) -> None:
    source = TEXTS[name].split("\n")
    lesson = parse_lesson(TEXTS[name])
    for step in lesson.steps:
        assert source[step.line - 1].startswith(f"## {step.title}")
        for block in step.body:
            text = block.text if isinstance(block, Commands | Drawing) else block.markdown
            assert source[block.line - 1].removeprefix("> ") == text.split("\n")[0]
        for hint in step.hints:
            assert source[hint.line - 1].removeprefix("> ") == hint.markdown.split("\n")[0]
        for use in (*step.checks, *(requirement.use for requirement in step.requires)):
            assert use.id in source[use.line - 1]
        for mistake in step.mistakes:
            assert ".mistake" in source[mistake.line - 1]
            assert source[mistake.script.line - 1] == mistake.script.text.split("\n")[0]
        for script in step.alternatives:
            assert source[script.line - 1] == script.text.split("\n")[0]
        if step.question:
            assert source[step.question.line - 1].startswith("ask:")
