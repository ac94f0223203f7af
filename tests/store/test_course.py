"""The lessons of a pack: in order, by id, and what leads to each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lesson.examples import example_pack
from tests.store.conftest import Maker
from tutor.errors import LessonError, UsageError
from tutor.lesson import Continues
from tutor.store.course import Course, Thread, read_text
from tutor.store.packs import read_pack


def _course(make_pack: Maker, *heads: str) -> Course:
    """A course of lessons a, b, c ..., of which each head is `LAB` or `LAB; further lines`."""
    lessons = {}
    for letter, head in zip("abcdefgh", heads, strict=False):
        lab, *more = head.split("; ")
        lessons[f"{letter}.md"] = "\n".join((f"id: {letter}", f"title: {letter.upper()}", f"lab: {lab}", *more))
    return Course(read_pack(make_pack(lessons)))


@pytest.fixture
def examples() -> Course:
    return Course(example_pack())


def test_lessons_are_known_in_order(examples: Course) -> None:
    assert examples.ids == ("veth-pair", "masquerade", "route-table")
    assert [lesson.id for lesson in examples.lessons()] == ["veth-pair", "masquerade", "route-table"]
    assert [entry.path.name for entry in examples.entries] == list(examples.pack.files)


def test_a_lesson_is_read_once(examples: Course) -> None:
    assert examples.lesson("veth-pair") is examples.lesson("veth-pair")
    assert examples.lesson("veth-pair").path == examples.pack.lessons / "01-veth-pair.md"


def test_one_lesson_follows_another(examples: Course) -> None:
    assert examples.following("veth-pair") == "masquerade"
    assert examples.following("route-table") is None


def test_a_place_is_a_lesson_or_a_step(examples: Course) -> None:
    place = examples.place("veth-pair")
    assert (place.lesson.id, place.step, str(place)) == ("veth-pair", None, "veth-pair")
    place = examples.place("veth-pair/look")
    assert place.step is not None
    assert (place.step.id, str(place)) == ("look", "veth-pair/look")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("veth-pear", "there is no lesson 'veth-pear'", "did you mean 'veth-pair'?"),
        ("", "there is no lesson ''", "there is: masquerade, route-table, veth-pair"),
        ("veth-pear/look", "there is no lesson 'veth-pear'", "did you mean 'veth-pair'?"),
        ("veth-pair/lok", "there is no step 'lok' in the lesson 'veth-pair'", "did you mean 'look'?"),
        ("veth-pair/", "there is no step '' in the lesson 'veth-pair'", "there is: index, look, no-name, pair"),
        ("veth-pair/look/x", "there is no step 'look/x'", "did you mean 'look'?"),
    ],
)
def test_a_place_that_is_not_there_is_said(examples: Course, text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        examples.place(text)
    assert message in caught.value.message
    assert caught.value.hint == hint


def test_looking_up_a_lesson_reads_no_body(make_pack: Maker) -> None:
    course = _course(make_pack, "vm", "vm")
    path = course.pack.lessons / "b.md"
    path.write_text(path.read_text() + "\n## No id\n")
    assert course.entry("b").front.lab == "vm"
    assert course.thread("b") == Thread("vm", "default", ("a",))
    assert course.problems() == ()
    assert course.place("a").lesson.id == "a"
    with pytest.raises(LessonError, match=r"b\.md:11: a step without an id"):
        course.lesson("b")


def test_a_broken_head_does_not_hide_the_other_lessons(make_pack: Maker) -> None:
    course = _course(make_pack, "vm", "VM", "vm")
    assert course.ids == ("a", "c")
    assert course.lesson("c").id == "c"
    assert course.following("a") == "c"
    with pytest.raises(LessonError, match=r"b\.md:4: the lab is 'VM'"):
        course.lesson("b")
    with pytest.raises(LessonError, match=r"b\.md:4"):
        course.lessons()
    with pytest.raises(LessonError, match=r"b\.md:4"):
        course.thread("c")
    assert [str(error.path and error.path.name) for error in course.problems()] == ["b.md"]


def test_a_lesson_continues_the_one_before_it_with_the_same_lab(make_pack: Maker) -> None:
    course = _course(make_pack, "vm", "vm", "aks", "vm", "aks")
    assert course.thread("a") == Thread("vm", "default", ())
    assert course.thread("b") == Thread("vm", "default", ("a",))
    assert course.thread("c") == Thread("aks", "default", ())
    assert course.thread("d") == Thread("vm", "default", ("a", "b"))
    assert course.thread("e") == Thread("aks", "default", ("c",))


def test_a_lesson_may_start_from_a_variant_or_continue_an_earlier_one(make_pack: Maker) -> None:
    course = _course(
        make_pack, "vm", "vm; starts: {variant: bare}", "vm", "vm; starts: {continues: a}", "vm; starts: {continues: c}"
    )
    assert course.thread("b") == Thread("vm", "bare", ())
    assert course.thread("c") == Thread("vm", "bare", ("b",))
    assert course.thread("d") == Thread("vm", "default", ("a",))
    assert course.thread("e") == Thread("vm", "bare", ("b", "c"))
    assert course.problems() == ()


@pytest.mark.parametrize(
    ("heads", "of", "reason", "hint"),
    [
        (("vm", "vm; starts: {continues: x}"), "b", "there is no lesson 'x'", "there is: a, b"),
        (("vm; starts: {continues: b}", "vm"), "a", "'b' comes no earlier in the course", "an earlier lesson"),
        (("vm; starts: {continues: a}",), "a", "'a' comes no earlier in the course", "an earlier lesson"),
        (("vm", "aks; starts: {continues: a}"), "b", "'a' is played in the lab 'vm'", "the same lab"),
    ],
)
def test_a_lesson_that_continues_what_it_can_not_is_wrong(
    make_pack: Maker, heads: tuple[str, ...], of: str, reason: str, hint: str
) -> None:
    course = _course(make_pack, *heads)
    with pytest.raises(LessonError) as caught:
        course.thread(of)
    assert (caught.value.path, caught.value.line) == (course.pack.lessons / f"{of}.md", 5)
    assert caught.value.reason == reason
    assert hint in caught.value.hint
    assert [str(error) for error in course.problems()] == [str(caught.value)]


def test_a_lesson_that_continues_a_broken_one_is_not_blamed(make_pack: Maker) -> None:
    course = _course(make_pack, "VM", "vm; starts: {continues: a}")
    with pytest.raises(LessonError, match=r"a\.md:4: the lab is 'VM'"):
        course.thread("b")
    assert len(course.problems()) == 1


def test_an_id_is_given_once(make_pack: Maker) -> None:
    course = Course(read_pack(make_pack({"a.md": "id: a\ntitle: A\nlab: vm", "b.md": "title: B\nid: a\nlab: vm"})))
    assert course.lesson("a").title == "A"
    assert course.thread("a") == Thread("vm", "default", ())
    (error,) = course.problems()
    assert (error.path, error.line, error.reason) == (course.pack.lessons / "b.md", 3, "a second lesson 'a'")
    assert error.hint == "a.md has the same id"


def test_a_lab_must_be_there(make_pack: Maker) -> None:
    course = _course(make_pack, "vmm")
    (error,) = course.problems()
    assert (error.line, error.reason, error.hint) == (4, "there is no lab 'vmm'", "did you mean 'vm'?")


def test_a_lesson_that_the_course_does_not_name_is_told(make_pack: Maker) -> None:
    course = _course(make_pack, "vm")
    (course.pack.lessons / "b.md").write_text("")
    (error,) = course.problems()
    assert (error.path, error.reason) == (course.pack.lessons / "b.md", "the course does not name this file")
    assert "course.toml" in error.hint


def test_a_lesson_that_is_not_there_is_told(make_pack: Maker) -> None:
    course = _course(make_pack, "vm", "vm")
    (course.pack.lessons / "b.md").unlink()
    (error,) = course.problems()
    assert error.reason == "the lesson can't be read: No such file or directory"
    assert "course.toml" in error.hint


def test_a_lesson_that_is_not_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes("---\nid: ä\n".encode() + b"title: \xe4\n")
    with pytest.raises(LessonError, match="this is not UTF-8") as caught:
        read_text(path)
    assert (caught.value.path, caught.value.line) == (path, 3)


def test_the_start_of_a_lesson_is_kept_with_its_line(examples: Course) -> None:
    assert examples.entry("masquerade").front.starts == Continues("veth-pair", 5)
    assert examples.thread("masquerade").lessons == ("veth-pair",)
    assert examples.thread("route-table") == Thread("aks", "empty-routes", ())
