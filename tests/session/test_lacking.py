"""Lessons that need what this machine has not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.session.conftest import SMALL
from tests.session.lacking import mixed_pack
from tutor.errors import MissingTool
from tutor.lab import programs
from tutor.lab.programs import NEEDED, OF_CLUSTERS
from tutor.lesson import Lesson
from tutor.lesson.parse import parse_lesson
from tutor.session import lacking
from tutor.session.lacking import Lack, lacks_in, lacks_of, require_lab, without_lacking
from tutor.session.results import LessonResult, RunResult, StepResult, junit, run_json, with_skipped
from tutor.store.course import Course
from tutor.store.packs import choose_pack

PLUGINS = ("cni:bridge", "cni:host-local", "cni:loopback")

Without = Callable[..., None]


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Without:
    """Make this machine lack some programs, and have all others."""

    def make(*names: str) -> None:
        monkeypatch.setattr(programs, "find_program", lambda name: None if name in names else f"/usr/bin/{name}")

    return make


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A lesson in a lab without a cluster, then one in a lab with one, which uses what that brings along."""
    return Course(choose_pack(str(mixed_pack(tmp_path, tools="kubectl, az, tcpdump"))))


def test_a_lesson_on_a_machine_with_everything_lacks_nothing(without: Without, course: Course) -> None:
    without()
    assert lacks_in(course, course.lessons()) == {}


def test_without_the_plugins_only_lessons_with_a_cluster_have_no_lab(without: Without, course: Course) -> None:
    without(*PLUGINS)
    assert lacks_in(course, course.lessons()) == {"nodes": Lack(PLUGINS, has_lab=False)}


def test_without_iptables_kubenets_rule_can_not_be_set(without: Without, course: Course) -> None:
    without("iptables")
    assert lacks_in(course, course.lessons()) == {"nodes": Lack(("iptables",), has_lab=False)}


def test_without_nft_no_lesson_has_a_lab(without: Without, course: Course) -> None:
    without("nft")
    assert {id_: lack.has_lab for id_, lack in lacks_in(course, course.lessons()).items()} == {
        "small": False,
        "nodes": False,
    }


def test_a_program_that_only_the_lesson_uses_leaves_it_its_lab(without: Without, course: Course) -> None:
    without("tcpdump")
    assert lacks_in(course, course.lessons()) == {"nodes": Lack(("tcpdump",), has_lab=True)}


def test_what_the_lab_brings_or_stands_in_for_is_not_lacking(without: Without, course: Course) -> None:
    without("az", "kubectl")
    assert lacks_in(course, course.lessons()) == {}


def test_a_lab_that_can_not_be_read_is_somebody_elses_trouble(without: Without, course: Course) -> None:
    without(*PLUGINS)
    (course.pack.labs / "aks.toml").write_text("home = [\n")
    assert lacks_in(course, course.lessons()) == {}


@given(missing=st.sets(st.sampled_from([*NEEDED, *OF_CLUSTERS, "tcpdump", "kubectl", "az"])), cluster=st.booleans())
def test_a_lesson_lacks_only_what_is_missing_and_has_a_lab_unless_that_needs_it(
    missing: set[str], cluster: bool
) -> None:
    lesson = _lesson(["tcpdump", "kubectl", "az"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(programs, "find_program", lambda name: None if name in missing else name)
        lack = lacks_of([lesson], lambda name: cluster).get(lesson.id)
    of_lab = {*NEEDED, *(OF_CLUSTERS if cluster else ())} & missing
    assert set(lack.programs if lack else ()) == of_lab | ({"tcpdump"} & missing)
    assert (lack is None or lack.has_lab) == (not of_lab)


def test_a_lesson_that_is_asked_for_by_name_is_refused_with_the_remedy(
    without: Without, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    without("tcpdump")
    monkeypatch.setattr(lacking, "remedy", lambda names: f"get {' '.join(names)}")
    with pytest.raises(MissingTool) as refused:
        without_lacking(course, course.lessons(), named=True)
    assert refused.value.message == "nodes can't be done here: it needs tcpdump, not installed here"
    assert refused.value.hint == "get tcpdump"
    require_lab(course, course.lesson("nodes"))
    without("cni:bridge")
    with pytest.raises(MissingTool, match="needs cni:bridge"):
        require_lab(course, course.lesson("nodes"))
    require_lab(course, course.lesson("small"))


def test_of_a_whole_course_what_lacks_something_is_left_out(without: Without, course: Course) -> None:
    without(*PLUGINS)
    able, lacks = without_lacking(course, course.lessons(), named=False)
    assert [lesson.id for lesson in able] == ["small"]
    assert list(lacks) == ["nodes"]


def test_where_nothing_can_be_done_the_whole_course_is_refused(without: Without, course: Course) -> None:
    without("ip")
    with pytest.raises(MissingTool, match="small can't be done here: it needs ip"):
        without_lacking(course, course.lessons(), named=False)


def test_what_was_left_out_is_told_in_its_place_and_fails_nothing(without: Without, course: Course) -> None:
    without(*PLUGINS)
    lessons = course.lessons()[::-1]
    _, lacks = without_lacking(course, lessons, named=False)
    run = with_skipped(RunResult((_passed("small"),), 1.0), lessons, lacks)
    document = run_json(run)
    assert [(lesson["id"], lesson["passed"]) for lesson in document["lessons"]] == [("nodes", None), ("small", True)]
    assert document["passed"] is True
    assert document["lessons"][0]["message"] == "needs cni:bridge, cni:host-local, cni:loopback, not installed here"
    assert [step["passed"] for step in document["lessons"][0]["steps"]] == [None]
    assert "message" not in document["lessons"][1]
    assert json.loads(json.dumps(document)) == document
    suite = Xml.fromstring(junit(run, "x")).find("testsuite[@name='nodes']")
    assert suite is not None
    assert suite.get("failures") == "0"
    (skipped,) = suite.iter("skipped")
    assert "cni:bridge" in skipped.get("message", "")


def test_a_run_that_failed_still_fails_with_lessons_left_out(without: Without, course: Course) -> None:
    without(*PLUGINS)
    failed = LessonResult("small", (StepResult("up", "do", False),))
    run = with_skipped(RunResult((failed,), 1.0), course.lessons(), lacks_in(course, course.lessons()))
    assert run.passed is False


def _passed(id_: str) -> LessonResult:
    return LessonResult(id_, (StepResult("up", "do", True),))


def _lesson(tools: Iterable[str]) -> Lesson:
    return parse_lesson(SMALL.replace("lab: vm", f"lab: any\ntools: [{', '.join(tools)}]"))
