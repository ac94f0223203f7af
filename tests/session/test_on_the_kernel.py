"""Solve and verify, on live labs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import TRIED
from tests.session.conftest import SMALL, Pack
from tutor.errors import LessonError
from tutor.lab.nursery import Nursery
from tutor.lab.programs import missing_programs
from tutor.session.material import Material, load_material
from tutor.session.results import RunResult, StepResult
from tutor.session.solve import Solver
from tutor.session.verify import Verifier
from tutor.session.workshop import Workshop, run_script

pytestmark = [pytest.mark.netns, pytest.mark.pty]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is never going to pass is not waited for: these labs have nothing that comes to rest late."""
    for name in ("solve._PASS_SECONDS", "prove._PASS_SECONDS", "prove._DIAGNOSE_SECONDS"):
        monkeypatch.setattr(f"tutor.session.{name}", 0.3)


def _ignore(lesson: str, step: StepResult) -> None:
    del lesson, step


def _line(text: str, words: str, after: int = 0) -> int:
    """The line on which `words` stand."""
    return text.count("\n", 0, text.index(words, after)) + 1


def _verify(nursery: Nursery, root: Path) -> RunResult:
    material = load_material(str(root))
    verifier = Verifier(Workshop(nursery, material.course), material.judge, missing_programs)
    return verifier.run(material.lessons(()), 4, _ignore)


def test_the_course_is_solved_and_recorded(workshop: Workshop, material: Material, tmp_path: Path) -> None:
    told: list[str] = []
    solver = Solver(workshop, material.judge, material.course, record=tmp_path)
    run = solver.run(material.lessons(()), lambda lesson, step: told.append(f"{lesson}/{step.id}"))
    assert run.passed
    assert [step.passed for lesson in run.lessons for step in lesson.steps] == [True] * len(told)
    lines = (tmp_path / "initial-state.cast").read_text().splitlines()
    assert json.loads(lines[0])["version"] == 2
    assert any("veth-a-ns1" in line for line in lines[1:])


SOME_OF_EACH_LAB = ("veth-pair", "masquerade", "kubenet-node", "build-kubenet")


def test_the_course_is_proved(workshop: Workshop, material: Material) -> None:
    lessons = material.lessons(SOME_OF_EACH_LAB if TRIED else ())
    run = Verifier(workshop, material.judge, missing_programs).run(lessons, 4, _ignore)
    assert run.passed, [step.message for lesson in run.lessons for step in lesson.steps]
    for lesson in run.lessons:
        for step in lesson.steps:
            assert step.cases


def test_a_sound_lesson_passes(nursery: Nursery, pack: Pack) -> None:
    assert _verify(nursery, pack(SMALL)).passed


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (('names="veth-a"}\ntrue', 'names="veth-z"}\ntrue'), 26, "does not name veth-z"),
        (
            ('diagnosis="link.missing" names="veth-a"', 'diagnosis="link.up" names="veth-a"'),
            26,
            "gets link.missing, not link.up",
        ),
        (("}\ntrue\n", "}\nip link add veth-a type veth\nip link set veth-a up\n"), 26, "the mistake is accepted"),
        (("ip link add veth-b type veth peer name veth-a\n", "true\n"), 21, "it is not accepted: link.missing"),
        (("link.is_up: {link: veth-a}", "link.is_up: {link: lo}"), 9, "passes before anything has been done"),
        (("```bash {.repair}\nip link set veth-a up", "```bash {.repair}\ntrue"), 30, "makes no progress"),
    ],
)
def test_what_is_wrong_with_a_lesson_is_told_with_its_line(
    hurried: None, nursery: Nursery, pack: Pack, change: tuple[str, str], line: int, message: str
) -> None:
    assert change[0] in SMALL
    step = _verify(nursery, pack(SMALL.replace(*change, 1))).lessons[0].steps[0]
    failed = [case for case in step.cases if not case.passed]
    assert any(message in case.message and abs(case.line - line) <= 1 for case in failed), failed


def test_a_check_that_holds_only_at_its_step_must_be_undone_later(hurried: None, nursery: Nursery, pack: Pack) -> None:
    further = SMALL.partition("## Up {#up}")[2].replace("veth-", "more-")
    kept = SMALL.replace("{link: veth-a}", "{link: veth-a, holds: step}") + "\n## More {#more}" + further
    first = _verify(nursery, pack(kept)).lessons[0].steps[0]
    assert "no later step undoes it" in first.message
    assert first.message.startswith(f"line {_line(kept, 'holds: step')}: holds: link.is_up")


def test_a_check_that_holds_until_the_end_must_not_be_undone(hurried: None, nursery: Nursery, pack: Pack) -> None:
    undone = SMALL + DOWN_AGAIN
    first = _verify(nursery, pack(undone)).lessons[0].steps[0]
    assert "link.is_up does not hold until the end of the lesson: link.down" in first.message
    assert _verify(nursery, pack(undone.replace("{link: veth-a}", "{link: veth-a, holds: step}", 1))).passed


DOWN_AGAIN = """
## Down {#down}

```bash {.type}
ip link set veth-a down
```

```yaml {.checks}
- link.is_down: {link: veth-a}
```

```bash {.alternative}
ip link set dev veth-a down
```

```bash {.mistake diagnosis="link.up" names="veth-a"}
ip link set veth-b down
```

```bash {.mistake diagnosis="link.missing" names="veth-a"}
ip link del veth-a
```

```bash {.repair}
ip link add veth-a type veth peer name veth-b
```
"""
"""A step that undoes what SMALL did."""

LOOKING = """
## Look {#look}

```bash {.type}
ip link show lo
```

```yaml {.see}
shows:
  - link.name: {link: lo}
```

```bash {.mistake}
hostname
```

## Say {#say}

```question
ask: What is the MTU of eth0?
check: link.mtu
with: {link: eth0}
reveal: ip link show eth0
take: 'mtu (\\d+)'
wrong: ["1", "65536"]
```
"""
"""Steps to look and to answer, with nothing wrong in them."""


@pytest.mark.parametrize(
    ("change", "step", "line", "message"),
    [
        (('wrong: ["1"', 'wrong: ["1500"'), "say", "## Say", "the wrong answer '1500' is accepted"),
        (("take: 'mtu", "take: 'MTU"), "say", "## Say", "the answer is not in what `ip link show eth0` prints"),
        (
            ("reveal: ip link show eth0", "reveal: ip link show lo"),
            "say",
            "## Say",
            "says '65536', the kernel ('1500',)",
        ),
        (("hostname\n", "ip link\n"), "look", "ip link\n```\n\n## Say", "`ip link` shows it all, so it is no mistake"),
        (("ip link show lo\n", "hostname\n"), "look", "## Look", "its command does not show: lo is in the list"),
    ],
)
def test_what_is_wrong_with_looking_and_answering_is_told_with_its_line(
    hurried: None, nursery: Nursery, pack: Pack, change: tuple[str, str], step: str, line: str, message: str
) -> None:
    assert change[0] in LOOKING
    text = SMALL + LOOKING.replace(*change, 1)
    found = {each.id: each for each in _verify(nursery, pack(text)).lessons[0].steps}
    said = found.pop(step).message
    assert said.startswith(f"line {_line(text, line, after=len(SMALL))}: ")
    assert message in said
    assert all(each.passed for each in found.values())


CHOOSING = LOOKING.replace('wrong: ["1", "65536"]', "choices: [1400, 1500, 65536]")
"""The question's answer is chosen."""

TWO_FORMS = '''
"""A question with two forms of the right answer."""

from tutor.check import Answer, NetworkState, question


@question
def mtu(state: NetworkState, *, link: str) -> Answer:
    """How long may a packet be?"""
    root = state.find_netns()
    found = root.find_link(link) if root is not None else None
    return Answer((str(found.mtu), "full")) if found is not None else Answer(())
'''


def test_a_question_with_choices_of_which_one_is_right_passes(nursery: Nursery, pack: Pack) -> None:
    run = _verify(nursery, pack(SMALL + CHOOSING))
    assert run.passed, [step.message for step in run.lessons[0].steps]


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ("[1400, 65536]", "none of the choices is right, where one must be: the kernel says ('1500', 'full')"),
        (
            "[1400, 1500, full]",
            "the choices '1500' and 'full' are right, where one must be: the kernel says ('1500', 'full')",
        ),
        ("[1400, 1500]\nwrong: [1, full]", "the wrong answer 'full' is accepted"),
    ],
)
def test_choices_of_which_not_exactly_one_is_right_are_told_with_the_line_of_the_question(
    nursery: Nursery, pack: Pack, choices: str, message: str
) -> None:
    text = SMALL + CHOOSING.replace("[1400, 1500, 65536]", choices).replace("check: link.mtu", "check: forms.mtu")
    root = pack(text)
    (root / "checks/forms.py").write_text(TWO_FORMS)
    said = {each.id: each for each in _verify(nursery, root).lessons[0].steps}["say"].message
    assert said.startswith(f"line {_line(text, '## Say')}: ")
    assert message in said


def test_a_diagnosis_that_nobody_gives_is_refused_before_anything_is_tried(pack: Pack) -> None:
    text = SMALL.replace('diagnosis="link.down"', 'diagnosis="link.dwon"')
    with pytest.raises(LessonError, match=r"link\.dwon") as refused:
        load_material(str(pack(text))).lessons(())
    assert refused.value.line == _line(text, "link.dwon")
    assert "link.down" in refused.value.hint


def test_a_lesson_whose_id_is_another_ones_is_refused(pack: Pack) -> None:
    root = pack(SMALL)
    (root / "lessons/02-other.md").write_text(SMALL)
    course = root / "lessons/course.toml"
    course.write_text(course.read_text().replace('"01-small.md"', '"01-small.md", "02-other.md"'))
    with pytest.raises(LessonError, match="a second lesson 'small'") as refused:
        load_material(str(root)).place("small")
    assert refused.value.path == root / "lessons/02-other.md"


def test_what_leads_to_a_step_is_what_its_thread_types(pack: Pack, nursery: Nursery) -> None:
    root = pack(SMALL + LOOKING + DOWN_AGAIN)
    second = SMALL.replace("id: small", "id: second").replace("veth-", "more-")
    (root / "lessons/02-second.md").write_text(second)
    course = root / "lessons/course.toml"
    course.write_text(course.read_text().replace('"01-small.md"', '"01-small.md", "02-second.md"'))
    material = load_material(str(root))
    workshop = Workshop(nursery, material.course)
    first = ["ip link add veth-a type veth peer name veth-b", "ip link set veth-a up"]
    assert workshop.commands_before(*material.place("small")) == []
    assert workshop.commands_before(*material.place("small/say")) == first
    assert workshop.commands_before(*material.place("second/up")) == [*first, "ip link set veth-a down"]
    lesson, step = material.place("second/up")
    with workshop.at(lesson, step) as lab:
        assert "veth-b@veth-a" in run_script(lab, "ip link").output


def test_a_way_that_needs_a_missing_program_is_left_out_visibly(nursery: Nursery, pack: Pack) -> None:
    run = _verify(nursery, pack(SMALL.replace("{.alternative}", '{.alternative needs="no-such-program"}')))
    assert run.passed
    assert [case.skipped for case in run.lessons[0].steps[0].cases if case.skipped] == ["needs no-such-program"]


def test_a_lesson_whose_solution_does_not_do_it_is_not_solved(hurried: None, nursery: Nursery, pack: Pack) -> None:
    broken = SMALL.replace("ip link set veth-a up\n```\n\n```yaml", "true\n```\n\n```yaml", 1)
    material = load_material(str(pack(broken)))
    workshop = Workshop(nursery, material.course)
    run = Solver(workshop, material.judge, material.course).run(material.lessons(()), _ignore)
    assert not run.passed
    assert run.lessons[0].steps[0].diagnosis == "link.down"
