"""Steps that begin with something broken, on live labs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.session.conftest import Pack
from tests.session.faulty import FAULTY
from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery
from tutor.lab.programs import missing_programs
from tutor.lesson import Lesson, Step
from tutor.lesson.draw import draw
from tutor.session.grade import grade
from tutor.session.live import Live
from tutor.session.material import Material, load_material
from tutor.session.note import LabNote, parse_note
from tutor.session.play import Play
from tutor.session.results import StepResult
from tutor.session.sitting import Place, Sitting
from tutor.session.solve import Solver
from tutor.session.verify import SEEDS, Verifier
from tutor.session.workshop import Workshop, run_script
from tutor.store.progress import ProgressStore

pytestmark = [pytest.mark.netns, pytest.mark.pty]

FIFTY = range(50)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is never going to pass is not waited for."""
    for name in ("solve._PASS_SECONDS", "prove._PASS_SECONDS", "prove._DIAGNOSE_SECONDS"):
        monkeypatch.setattr(f"tutor.session.{name}", 0.3)


@pytest.fixture
def faulty(pack: Pack) -> Material:
    return load_material(str(pack(FAULTY)))


@pytest.fixture
def shop(nursery: Nursery, faulty: Material) -> Workshop:
    return Workshop(nursery, faulty.course)


def _ignore(lesson: str, step: StepResult) -> None:
    del lesson, step


def _place(material: Material, place: str) -> tuple[Lesson, Step]:
    lesson, step = material.place(place)
    assert step is not None
    return lesson, step


def _passes(material: Material, lab: Lab, step: Step) -> bool:
    live = Live(lab)
    try:
        return material.judge.step(step, live.state(rescan=True), live.ask).passed
    finally:
        live.close()


def _verify(nursery: Nursery, root: Path, seeds: range = SEEDS) -> list[StepResult]:
    material = load_material(str(root))
    verifier = Verifier(Workshop(nursery, material.course), material.judge, missing_programs)
    return list(verifier.run(material.lessons(()), 4, _ignore, seeds=seeds).lessons[0].steps)


def test_a_sound_step_with_faults_is_proven(nursery: Nursery, pack: Pack) -> None:
    steps = _verify(nursery, pack(FAULTY))
    assert [(step.passed, step.message) for step in steps] == [(True, "")] * 4
    kinds = [case.kind for case in steps[2].cases]
    assert [kinds.count(kind) for kind in ("fault", "seed", "solution", "holds")] == [5, 6, 1, 2]


@pytest.mark.anybody
def test_fifty_seeds_are_solved_without_knowing_what_they_draw(
    nursery: Nursery, faulty: Material, shop: Workshop
) -> None:
    prove = Verifier(shop, faulty.judge, missing_programs)
    run = prove.run(faulty.lessons(()), 4, _ignore, seeds=FIFTY)
    repair = run.lessons[0].steps[2]
    assert repair.passed, repair.message
    assert sum(case.kind == "seed" for case in repair.cases) == len(FIFTY)
    _, step = _place(faulty, "faulty/repair")
    assert {fault.id for seed in FIFTY for fault in draw(step, seed)} == {fault.id for fault in step.faults}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_lesson_with_faults_is_solved_in_a_shell(faulty: Material, shop: Workshop, seed: int) -> None:
    run = Solver(shop, faulty.judge, faulty.course, seed=seed).run(faulty.lessons(()), _ignore)
    assert [step.passed for step in run.lessons[0].steps] == [True] * 4


@pytest.mark.parametrize(
    ("old", "new", "kind", "message"),
    [
        ('names="veth-a br0"', 'names="veth-z"', "fault", "the message does not name veth-z"),
        ('diagnosis="bridge.no-master"', 'diagnosis="link.missing"', "fault", "it gets bridge.no-master, not"),
        ("ip link set veth-a nomaster", "ip link set veth-a up", "fault", "the step passes all the same"),
        ("ip link set veth-a nomaster", "ip link set veth-z down", "fault", "it does not come about (it printed: "),
        ("```bash {.repair}\nip link set veth-a master br0", "```bash {.repair}\nip link set veth-a up", "fault",
         "its repair does not mend it: bridge.no-master: "),
        ("```bash {.repair}\nip link set veth-a master br0", "```bash {.repair}\nip link set veth-a up", "seed",
         "no repair fits after the repair of "),
        ('diagnosis="bridge.no-master"', 'diagnosis="link.missing"', "seed", "no repair fits"),
        ("ip link set veth-a nomaster", "ip link set veth-z down", "seed", "not-a-port does not come about"),
        ("ip -n ns1 link set veth-b up\n```\n\n```yaml", "true\n```\n\n```yaml", "solution",
         "it does not pass before anything is broken: link.down"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_faults_is_told_with_its_line(
    hurried: None, nursery: Nursery, pack: Pack, old: str, new: str, kind: str, message: str
) -> None:
    assert old in FAULTY
    text = FAULTY.replace(old, new, 1)
    failed = [case for case in _verify(nursery, pack(text), range(1))[2].cases if case.kind == kind and not case.passed]
    assert any(message in case.message for case in failed), failed
    assert {text.splitlines()[case.line - 1] for case in failed} <= _lines(text, kind)


def _lines(text: str, kind: str) -> set[str]:
    """What may stand in the line that a case of this kind is told with."""
    if kind == "fault":
        return {
            line for before, line in zip(text.splitlines(), text.splitlines()[1:], strict=False) if "{.fault" in before
        }
    return {"faults: [2, 3]"} if kind == "seed" else {"## Repair {#repair}"}


def test_the_start_of_the_step_is_broken_as_the_seed_says(faulty: Material, shop: Workshop) -> None:
    lesson, step = _place(faulty, "faulty/repair")
    with shop.at(lesson, step, seed=0) as lab:
        assert not _passes(faulty, lab, step)
    with shop.at(lesson, step) as lab:
        assert _passes(faulty, lab, step)


def test_a_later_step_starts_from_the_sound_state(faulty: Material, shop: Workshop) -> None:
    lesson, repair = _place(faulty, "faulty/repair")
    with shop.at(lesson, lesson.steps[-1], seed=0) as lab:
        assert _passes(faulty, lab, repair)


def test_a_lesson_as_a_whole_begins_with_the_faults_of_its_first_do_step(nursery: Nursery, pack: Pack) -> None:
    build = FAULTY[FAULTY.index("## Build") : FAULTY.index("## Look")]
    sound = build.replace("ip netns", "ip netns", 1)
    before = FAULTY.replace(FAULTY[FAULTY.index("## Look") :], "").replace("id: faulty", "id: before")
    after = FAULTY.replace(sound, "")
    root = pack(before)
    (root / "lessons/02-faulty.md").write_text(after)
    course = root / "lessons/course.toml"
    course.write_text(course.read_text().replace('"01-small.md"', '"01-small.md", "02-faulty.md"'))
    material = load_material(str(root))
    shop = Workshop(nursery, material.course)
    lesson, step = _place(material, "faulty/repair")
    with shop.at(lesson, seed=0) as lab:
        assert not _passes(material, lab, step)
    judged = grade(shop, material.judge, lesson, None, "true", seed=0)
    assert {each.id: each.passed for each in judged.steps} == {"look": None, "repair": False, "afterwards": False}
    mended = "\n".join(fault.repair.text for fault in draw(step, 3) if fault.repair is not None)
    judged = grade(shop, material.judge, lesson, step, mended, seed=3)
    assert [each.passed for each in judged.steps] == [True]


# A sitting


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "run"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
def sitting(nursery: Nursery, shop: Workshop, faulty: Material, folder: Path) -> Iterator[Sitting]:
    made = Sitting(nursery, shop, faulty.course, folder, seed=1)
    assert made.take("vm")
    yield made
    made.leave()
    made.release()


def _note(sitting: Sitting) -> LabNote:
    assert sitting.lab is not None
    note = parse_note(sitting.lab.status().note)
    assert note is not None
    return note


def test_who_walks_into_the_step_finds_it_broken_once(sitting: Sitting, faulty: Material) -> None:
    lesson, step = _place(faulty, "faulty/repair")
    sitting.build(lesson, lesson.steps[1])
    assert sitting.lab is not None
    assert _passes(faulty, sitting.lab, step)
    sitting.enter(lesson, step)
    assert not _passes(faulty, sitting.lab, step)
    for fault in draw(step, 1):
        assert fault.repair is not None
        run_script(sitting.lab, fault.repair.text)
    sitting.enter(lesson, lesson.steps[1])
    sitting.enter(lesson, step)
    assert _passes(faulty, sitting.lab, step)
    assert _note(sitting) == LabNote("faulty", "repair", 1, ("faulty/repair",))


def test_a_screen_that_comes_back_breaks_nothing_again(
    sitting: Sitting, faulty: Material, nursery: Nursery, shop: Workshop, folder: Path
) -> None:
    lesson, step = _place(faulty, "faulty/repair")
    sitting.build(lesson, step)
    assert sitting.lab is not None
    assert not _passes(faulty, sitting.lab, step)
    for fault in draw(step, 1):
        assert fault.repair is not None
        run_script(sitting.lab, fault.repair.text)
    sitting.release()
    again = Sitting(nursery, shop, faulty.course, folder)
    assert again.take("vm")
    assert again.resume() == Place("faulty", "repair")
    again.enter(lesson, step)
    assert again.lab is not None
    assert _passes(faulty, again.lab, step)
    again.leave()
    again.release()


def test_going_back_into_the_step_from_a_later_one_that_was_jumped_to_breaks_nothing(
    sitting: Sitting, faulty: Material
) -> None:
    lesson, step = _place(faulty, "faulty/repair")
    sitting.build(lesson, lesson.steps[-1])
    sitting.enter(lesson, step)
    assert sitting.lab is not None
    assert _passes(faulty, sitting.lab, step)


def test_without_a_seed_each_lab_has_another_one_that_can_be_asked_for(
    nursery: Nursery, shop: Workshop, faulty: Material, folder: Path
) -> None:
    sitting = Sitting(nursery, shop, faulty.course, folder)
    assert sitting.take("vm")
    lesson, step = _place(faulty, "faulty/repair")
    seeds = set()
    for _ in range(3):
        sitting.build(lesson, step)
        seeds.add(_note(sitting).seed)
        assert sitting.drawn_seed == _note(sitting).seed
    sitting.leave()
    sitting.release()
    assert len(seeds) > 1


def test_the_repairs_for_a_learner_come_one_by_one(sitting: Sitting, faulty: Material, tmp_path: Path) -> None:
    play = Play(faulty.course, faulty.judge, ProgressStore("test", tmp_path / "progress.json"))
    lesson, step = _place(faulty, "faulty/repair")
    sitting.build(lesson, step)
    play.live_in(sitting.live)
    play.enter(lesson, step)
    assert sitting.lab is not None
    assert play.commands() == ("ip -br a",)
    rounds = 0
    while not play.view.passed:
        commands = play.repair(anew=rounds == 0)
        assert commands
        run_script(sitting.lab, "\n".join(commands))
        play.look()
        rounds += 1
    assert rounds == len(draw(step, 1))
    assert play.repair(anew=False) == ()


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ('{"lesson": "a", "step": "b"}', LabNote("a", "b")),
        ('{"lesson": "a", "step": "b", "seed": 7, "broken": ["a/b"]}', LabNote("a", "b", 7, ("a/b",))),
        ('{"lesson": "a", "step": "b", "seed": "7"}', None),
        ('{"lesson": "a", "step": "b", "broken": 1}', None),
        ('{"lesson": "a"}', None),
        ('{"lesson": 1, "step": "b"}', None),
        ("[]", None),
        ("", None),
    ],
)
def test_a_note_is_read_as_far_as_it_is_one(text: str, note: LabNote | None) -> None:
    assert parse_note(text) == note
